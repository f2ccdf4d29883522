/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of caisson-init run as its child, or use to talk to it:
 *
 *   log [SECONDS]          prints "ready", then the number of every signal that arrives; ends after so long without one
 *   deaf                   prints "ready", ignores TERM, and stays
 *   send PID FIRST LAST    each signal from FIRST to LAST, but KILL, STOP and CHLD
 *   burst PID SIGNAL N     the same signal N times, as fast as it goes
 *   orphans N              N processes whose parent is gone at once; then "made N", and waits for TERM
 *   daemon FILE            a double-forked daemon that writes "term" to FILE on TERM, "up" before; the starter exits with 3
 *   early SIGNAL PROGRAM [ARG...]  runs PROGRAM with this signal pending, blocked over the exec
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const uint64_t all = UINT64_MAX;

static void block_all(void)
{
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, NULL, sizeof(all));	/* libc's would leave 32 and 33 out */
}

static void say(const char *text)
{
	if (write(STDOUT_FILENO, text, strlen(text)) < 0)
		_exit(98);
}

static int do_log(char **argv)
{
	const struct timespec wait = { .tv_sec = argv[0] ? strtol(argv[0], NULL, 10) : 2 };
	char line[16];

	block_all();
	say("ready\n");
	for (;;) {
		int sig = (int)syscall(SYS_rt_sigtimedwait, &all, NULL, &wait, sizeof(all));
		if (sig < 0 && errno == EAGAIN)
			return 0;
		if (sig < 0)
			continue;
		snprintf(line, sizeof(line), "%d\n", sig);
		say(line);
	}
}

static int do_deaf(char **argv)
{
	(void)argv;
	signal(SIGTERM, SIG_IGN);
	say("ready\n");
	for (;;)
		pause();
}

static int do_send(char **argv)
{
	pid_t pid = (pid_t)strtol(argv[0], NULL, 10);
	int first = (int)strtol(argv[1], NULL, 10), last = (int)strtol(argv[2], NULL, 10);

	for (int sig = first; sig <= last; sig++)
		if (sig != SIGKILL && sig != SIGSTOP && sig != SIGCHLD && syscall(SYS_kill, pid, sig) < 0)
			return 1;
	return 0;
}

static int do_burst(char **argv)
{
	pid_t pid = (pid_t)strtol(argv[0], NULL, 10);
	int sig = (int)strtol(argv[1], NULL, 10);

	for (long n = strtol(argv[2], NULL, 10); n; n--)
		if (syscall(SYS_kill, pid, sig) < 0)
			return 1;
	return 0;
}

static int do_orphans(char **argv)
{
	long n = strtol(argv[0], NULL, 10);
	char line[32];
	sigset_t term;
	int sig;

	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, NULL);
	for (long left = n; left > 0; left -= 100) {
		/* A middle one that makes 100 and ends without waiting: all become orphans. */
		pid_t middle = fork();
		if (middle < 0)
			return 1;
		if (middle == 0) {
			for (int i = 0; i < 100; i++) {
				pid_t pid = fork();
				if (pid <= 0)
					_exit(pid < 0);
			}
			_exit(0);
		}
		int status;
		if (waitpid(middle, &status, 0) != middle || status)
			return 1;
	}
	snprintf(line, sizeof(line), "made %ld\n", n);
	say(line);
	sigwait(&term, &sig);
	return 0;
}

static int do_daemon(char **argv)
{
	sigset_t term;
	int sig, fd;

	fd = open(argv[0], O_WRONLY | O_CREAT | O_APPEND, 0644);
	if (fork())
		return 3;
	setsid();
	if (fork())
		_exit(0);
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, NULL);
	if (write(fd, "up\n", 3) != 3)
		_exit(1);
	sigwait(&term, &sig);
	if (write(fd, "term\n", 5) != 5)
		_exit(1);
	_exit(0);
}

static int do_early(char **argv)
{
	block_all();
	if (syscall(SYS_kill, getpid(), (int)strtol(argv[0], NULL, 10)) == 0)
		execv(argv[1], argv + 1);
	return 97;
}

static const struct { const char *name; int args; int (*run)(char **); } modes[] = {
	{ "log", 0, do_log },	      { "deaf", 0, do_deaf },	  { "send", 3, do_send },	{ "burst", 3, do_burst },
	{ "orphans", 1, do_orphans }, { "daemon", 1, do_daemon }, { "early", 2, do_early },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(modes) / sizeof(modes[0]); i++)
		if (!strcmp(argv[1], modes[i].name) && argc - 2 >= modes[i].args)
			return modes[i].run(argv + 2);
	fprintf(stderr, "init_payload: see its source\n");
	return 99;
}
