/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of filters and of attacks run, inside a container or beside it:
 *
 *   call NAME...             makes each call of the table below, harmlessly; prints NAME=0 or NAME=errno, one a line
 *   nr N                     the system call of that number with no arguments; prints its errno
 *   swap A B                 exchanges two names in a loop, until it is killed
 *   agent SOCKET FILE N      takes one seccomp listener from the socket, writes the message to FILE, answers N calls: the
 *                            first with the value 4242, the others with EPERM
 *   prey                     prints "ready"; attaches (ptrace) to and looks through the descriptors of every process that
 *                            appears, until it is killed; prints what it got hold of
 *   self                     tries to open its own /proc/self/exe for writing in all the ways there are; prints how far it came
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SYS_io_uring_setup
#define SYS_io_uring_setup 425
#endif
#ifndef SYS_clone3
#define SYS_clone3 435
#endif

static const struct { const char *name; long nr, arg[4]; } calls[] = {
	{ "af_unix", SYS_socket, { AF_UNIX, SOCK_STREAM } },
	{ "af_inet", SYS_socket, { AF_INET, SOCK_STREAM } },
	{ "af_netlink", SYS_socket, { AF_NETLINK, SOCK_RAW } },
	{ "af_packet", SYS_socket, { AF_PACKET, SOCK_RAW } },
	{ "af_alg", SYS_socket, { AF_ALG, SOCK_SEQPACKET } },
	{ "af_vsock", SYS_socket, { 40, SOCK_STREAM } },
	{ "unshare", SYS_unshare, { CLONE_NEWUSER } },
	{ "setns", SYS_setns, { -1, 0 } },
	{ "clone3", SYS_clone3, { 0, 0 } },
	{ "mount", SYS_mount, { 0, 0, 0, 0 } },
	{ "pivot_root", SYS_pivot_root, { 0, 0 } },
	{ "keyctl", SYS_keyctl, { 0, -3, 0 } },
	{ "add_key", SYS_add_key, { 0, 0, 0, 0 } },
	{ "bpf", SYS_bpf, { -1, 0, 0 } },
	{ "io_uring", SYS_io_uring_setup, { 0, 0 } },
	{ "perf", SYS_perf_event_open, { 0, 0, -1, -1 } },
	{ "userfaultfd", SYS_userfaultfd, { -1 } },
	{ "init_module", SYS_init_module, { 0, 0, 0 } },
	{ "kexec", SYS_kexec_load, { 0, 0, 0, -1 } },
	{ "swapon", SYS_swapon, { 0, 0 } },
	{ "acct", SYS_acct, { -1 } },
	{ "open_by_handle", SYS_open_by_handle_at, { -1, 0, 0 } },
	{ "ptrace", SYS_ptrace, { PTRACE_DETACH, 0, 0, 0 } },
	{ "getppid", SYS_getppid, { 0 } },
	{ "sethostname", SYS_sethostname, { 0, -1 } },
	{ "personality", SYS_personality, { 0xffffffff } },
	{ "personality_odd", SYS_personality, { 0x12345 } },
	{ "tiocsti", SYS_ioctl, { 0, 0x5412, 0 } },
	{ "seek_set", SYS_lseek, { 0, 0, SEEK_SET } },
	{ "seek_end", SYS_lseek, { 0, 0, SEEK_END } },
	{ "getpriority", SYS_getpriority, { 99, 0 } },
	{ "umask", SYS_umask, { 022 } },
};

static int do_call(char **argv)
{
	for (; *argv; argv++) {
		size_t i = 0;
		while (i < sizeof(calls) / sizeof(calls[0]) && strcmp(calls[i].name, *argv) != 0)
			i++;
		if (i == sizeof(calls) / sizeof(calls[0]))
			return 2;
		const long *a = calls[i].arg;
		errno = 0;
		long r = syscall(calls[i].nr, a[0], a[1], a[2], a[3]);
		printf("%s=%d\n", *argv, r < 0 ? errno : 0);
		fflush(stdout);
	}
	return 0;
}

static int do_nr(char **argv)
{
	errno = 0;
	printf("%d\n", syscall(strtol(argv[0], NULL, 10), -1L, -1L, -1L, -1L, -1L, -1L) < 0 ? errno : 0);
	return 0;
}

static int do_swap(char **argv)
{
	for (;;)
		if (syscall(SYS_renameat2, AT_FDCWD, argv[0], AT_FDCWD, argv[1], RENAME_EXCHANGE) < 0 && errno != ENOENT &&
		    errno != EBUSY)
			return 1;
}

static int take_listener(int sock, const char *file)
{
	union { struct cmsghdr align; char room[CMSG_SPACE(sizeof(int))]; } control;
	static char text[65536];
	struct iovec iov = { text, sizeof(text) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.room, .msg_controllen = sizeof(control) };
	int fd = -1, out = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	ssize_t n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	if (n < 0 || !c || c->cmsg_type != SCM_RIGHTS || write(out, text, (size_t)n) < 0)
		return -1;
	memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	close(out);
	return fd;
}

static int do_agent(char **argv)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), n = (int)strtol(argv[2], NULL, 10);

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", argv[0]);
	if (bind(s, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(s, 4) < 0)
		return 1;
	puts("ready");
	fflush(stdout);
	int conn = accept(s, NULL, NULL), fd = take_listener(conn, argv[1]);
	if (fd < 0)
		return 1;
	for (int i = 0; i < n; i++) {
		struct seccomp_notif call = { 0 };
		if (ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, &call) < 0)
			return 1;
		struct seccomp_notif_resp answer = { .id = call.id };
		if (i == 0)
			answer.val = 4242;
		else
			answer.error = -EPERM;
		if (ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &answer) < 0)
			return 1;
	}
	return 0;
}

/* Our own programs are known by the name of the executable; whatever else appears is prey. */
static void hunt(int pid)
{
	char path[64], link[4096];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	n = readlink(path, link, sizeof(link) - 1);
	link[n < 0 ? 0 : n] = '\0';
	if (strstr(link, "/bin/"))
		return;
	if (ptrace(PTRACE_SEIZE, pid, 0, 0) == 0) {
		n = readlink(path, link, sizeof(link) - 1);
		link[n < 0 ? 0 : n] = '\0';
		if (n >= 0 && !strstr(link, "/bin/"))
			printf("attached to %d %s\n", pid, link);
		kill(pid, SIGSTOP);
		waitpid(pid, NULL, __WALL);
		ptrace(PTRACE_DETACH, pid, 0, 0);
		kill(pid, SIGCONT);
	}
	snprintf(path, sizeof(path), "/proc/%d/root", pid);
	int root = open(path, O_PATH | O_DIRECTORY);
	struct stat here, there;
	if (root >= 0 && fstat(root, &there) == 0 && stat("/", &here) == 0 &&
	    (here.st_dev != there.st_dev || here.st_ino != there.st_ino))
		printf("another root of %d\n", pid);
	close(root);
	for (int fd = 3; fd < 24; fd++) {
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, fd);
		int got = open(path, O_PATH);
		if (got >= 0) {
			n = readlink(path, link, sizeof(link) - 1);
			link[n < 0 ? 0 : n] = '\0';
			/* The directory behind a number may have changed hands: the program of the exec opens files too. */
			if (link[0] == '/' && strncmp(link, "/proc", 5) != 0 && strncmp(link, "/memfd:", 7) != 0)
				printf("descriptor %d of %d: %s\n", fd, pid, link);
			close(got);
		}
	}
	fflush(stdout);
}

static _Noreturn void do_prey(void)
{
	int self = getpid();

	puts("ready");
	fflush(stdout);
	for (int next = self + 1;;) {
		DIR *d = opendir("/proc");
		for (struct dirent *e; d && (e = readdir(d));) {
			int pid = (int)strtol(e->d_name, NULL, 10);
			if (pid >= next)
				hunt(pid);
		}
		if (d)
			closedir(d);
	}
}

static int do_self(void)
{
	int fd = open("/proc/self/exe", O_RDONLY), n;
	char path[64];

	if (open("/proc/self/exe", O_RDWR) >= 0 || open("/proc/self/exe", O_WRONLY | O_TRUNC) >= 0)
		puts("opened for writing");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if ((n = open(path, O_RDWR)) >= 0 && write(n, "x", 1) == 1)
		puts("written through a descriptor");
	printf("seals %#x\n", fcntl(fd, F_GET_SEALS));
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 2 && strcmp(argv[1], "call") == 0)
		return do_call(argv + 2);
	if (argc == 3 && strcmp(argv[1], "nr") == 0)
		return do_nr(argv + 2);
	if (argc == 4 && strcmp(argv[1], "swap") == 0)
		return do_swap(argv + 2);
	if (argc == 5 && strcmp(argv[1], "agent") == 0)
		return do_agent(argv + 2);
	if (argc == 2 && strcmp(argv[1], "prey") == 0)
		do_prey();
	if (argc == 2 && strcmp(argv[1], "self") == 0)
		return do_self();
	return 2;
}
