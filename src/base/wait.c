/* SPDX-License-Identifier: Apache-2.0 */
#include "base/wait.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>

#include "base/fault.h"
#include "base/fd.h"
#include "base/str.h"

enum { LOCKS_MAX = 4 * 1024 * 1024 };

static const char *state_word(char letter)
{
	static const struct { char letter; const char *word; } words[] = {
		{ 'R', "running" },	   { 'S', "waiting" }, { 'D', "waiting, cannot be interrupted" }, { 'T', "stopped" },
		{ 't', "stopped by a debugger" }, { 'Z', "has ended" }, { 'X', "has ended" },
	};

	for (size_t i = 0; i < N_ELEMENTS(words); i++)
		if (words[i].letter == letter)
			return words[i].word;
	return "in an unknown state";
}

const char *wait_who(pid_t pid, char out[WAIT_WHO])
{
	char path[32], text[1024], wchan[64];

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	ssize_t n = pid > 0 ? fd_read_small(AT_FDCWD, path, text, sizeof(text)) : -ESRCH;
	/* The name may hold anything, parentheses too: the last one ends it. */
	char *name = n > 0 ? strchr(text, '(') : NULL, *end = name ? strrchr(name, ')') : NULL;
	if (!end || end[1] != ' ') {
		snprintf(out, WAIT_WHO, "process %d: has ended", (int)pid);
		return out;
	}
	*end = '\0';
	snprintf(path, sizeof(path), "/proc/%d/wchan", (int)pid);
	bool known = fd_read_small(AT_FDCWD, path, wchan, sizeof(wchan)) > 0 && !str_eq(wchan, "0");
	snprintf(out, WAIT_WHO, "process %d (%s): %s%s%s", (int)pid, name + 1, state_word(end[2]), known ? ", in " : "",
		 known ? wchan : "");
	return out;
}

int64_t wait_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int wait_readable(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int limit = fault_deadline(ms);
	int64_t until = wait_now_ms() + limit;
	int n;

	do {
		int64_t left = limit < 0 ? -1 : until - wait_now_ms();
		n = poll(&p, 1, limit < 0 ? -1 : left > 0 ? (int)left : 0);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return n ? 0 : -ETIMEDOUT;
}

int wait_end(int pidfd, pid_t pid, int ms, struct err *e)
{
	char who[WAIT_WHO];
	int r = wait_readable(pidfd, ms);

	if (r == -ETIMEDOUT)
		return err_set(e, ETIMEDOUT, "has not ended within %d s: %s", ms / 1000, wait_who(pid, who));
	return r < 0 ? err_code(e, -r, "wait for process %d", (int)pid) : 0;
}

int wait_reap(int pidfd, pid_t pid, int ms, siginfo_t *info, struct err *e)
{
	siginfo_t unwanted;
	int r = wait_end(pidfd, pid, ms, e);

	if (r < 0)
		return r;
	while (waitid(P_PID, (id_t)pid, info ? info : &unwanted, WEXITED) < 0)
		if (errno != EINTR)
			return err_sys(e, "wait for process %d", (int)pid);
	return 0;
}

/* ---- locks ---- */

/* "7: FLOCK  ADVISORY  WRITE 1234 fe:00:5678 0 EOF"; 0 when it is not to be found. */
static pid_t lock_holder(int fd)
{
	struct stat st;
	char want[64];
	auto_free char *text = NULL;
	size_t len;
	struct err ignored = { 0 };

	if (fstat(fd, &st) < 0 || fd_read_file(AT_FDCWD, "/proc/locks", LOCKS_MAX, &text, &len, &ignored) < 0)
		return 0;
	snprintf(want, sizeof(want), " %02x:%02x:%llu ", major(st.st_dev), minor(st.st_dev), (unsigned long long)st.st_ino);
	char *rest = text;
	for (char *line; (line = strsep(&rest, "\n"));) {
		char *file = strstr(line, want), *pid = file;
		/* "->" marks those who wait. */
		if (!file || !strstr(line, "FLOCK") || strstr(line, "->"))
			continue;
		while (pid > line && pid[-1] != ' ')
			pid--;
		return (pid_t)strtol(pid, NULL, 10);
	}
	return 0;
}

static int lock_is_held(int fd, int ms, struct err *e)
{
	char who[WAIT_WHO];
	pid_t pid = lock_holder(fd);

	return err_set(e, EBUSY, "another command has held the lock for %d s: try again%s%s", ms / 1000, pid > 0 ? "; it is " : "",
		       pid > 0 ? wait_who(pid, who) : "");
}

/* flock(2) has no deadline of its own, and a signal to bound it would be the caller's; hence short steps. */
int wait_lock(int fd, int ms, struct err *e)
{
	const int64_t until = wait_now_ms() + fault_deadline(ms);
	struct timespec pause = { .tv_nsec = 500 * 1000 };

	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno == EINTR)
			continue;
		if (errno != EWOULDBLOCK)
			return err_sys(e, "lock");
		if (wait_now_ms() >= until)
			return lock_is_held(fd, ms, e);
		(void)nanosleep(&pause, NULL);
		if (pause.tv_nsec < 10 * 1000 * 1000)
			pause.tv_nsec *= 2;
	}
	return 0;
}

/* ---- sockets ---- */

int wait_bound(int sock, int ms)
{
	int limit = fault_deadline(ms);
	struct timeval t = { .tv_sec = limit / 1000, .tv_usec = limit % 1000 * 1000 };

	return setsockopt(sock, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof(t)) < 0 ? -errno : 0;
}
