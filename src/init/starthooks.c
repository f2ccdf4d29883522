/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The startContainer hooks: inside the container, with its identity, after `start` and before the payload. Each gets
 * the state on standard input, its own environment and nothing of the payload's.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "init/raw.h"
#include "init/record.h"
#include "init/signals.h"
#include "init/stage.h"

enum { HOOK_CLOSE_CLOEXEC = 4 /* CLOSE_RANGE_CLOEXEC */, HOOK_NO_EXEC = 127 };

static int write_all(int fd, const char *bytes, size_t len)
{
	while (len) {
		ssize_t n = write(fd, bytes, len);
		if (n < 0 && errno != EINTR)
			return -1;
		if (n > 0) {
			bytes += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

/* A memfd: no pipe to fill up while the hook does not read. Sealed, because the next hook reads it too. */
static int open_state(const struct stage *s, struct fault *f)
{
	const struct finish_record *r = s->record;

	int fd = (int)syscall(SYS_memfd_create, "state", 3 /* MFD_CLOEXEC | MFD_ALLOW_SEALING */);
	if (fd < 0)
		return fault_sys(f, "memfd for the state");
	if (write_all(fd, record_at(r, r->hook_state), r->hook_state.len) < 0 ||
	    fcntl(fd, 1033 /* F_ADD_SEALS */, 0xf /* SEAL, SHRINK, GROW, WRITE */) < 0) {
		int rc = fault_sys(f, "write the state");
		(void)close(fd);
		return rc;
	}
	return fd;
}

/* The strings at `text`, as execve(2) takes them; returns what follows them. */
static const char *point(const char **out, const char *text, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		out[i] = text;
		text += strlen(text) + 1;
	}
	out[n] = NULL;
	return text;
}

union vector { const char **strings; char *const *exec; };

static void child_run_hook(const struct finish_hook *h, int state, const char **pointers)
{
	const char *path = (const char *)(h + 1), *text = path + strlen(path) + 1;
	union vector argv = { pointers }, env = { pointers + h->argc + 2 };

	text = point(argv.strings, text, h->argc);
	(void)point(env.strings, text, h->envc);
	if (!h->argc) {
		argv.strings[0] = path;
		argv.strings[1] = NULL;
	}
	(void)setpgid(0, 0);
	(void)raw_close_range(3, ~0U, HOOK_CLOSE_CLOEXEC);
	/* What a hook says is no output of the payload. */
	if (lseek(state, 0, SEEK_SET) < 0 || dup2(state, STDIN_FILENO) < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0 ||
	    chdir("/") < 0)
		_exit(HOOK_NO_EXEC);
	signals_reset(0);
	execve(path, argv.exec, env.exec);
	fault_say("caisson-init: hook %s: %s", path, strerror(errno));
	_exit(HOOK_NO_EXEC);
}

/* The hook's wait status, or -ETIME after its deadline. */
static int await(pid_t pid, uint32_t timeout, int *status, struct fault *f)
{
	int64_t until = signals_now() + (int64_t)timeout * 1000;

	for (;;) {
		/* Only this one: payload's children do not exist yet, and a hook's orphans stay for whoever is PID 1. */
		pid_t got = (pid_t)syscall(SYS_wait4, pid, status, WNOHANG, NULL);
		if (got == pid)
			return 0;
		if (got < 0 && errno != EINTR)
			return fault_sys(f, "wait");
		int64_t left = until - signals_now();
		if (timeout && left <= 0)
			break;
		(void)signals_next(raw_sigbit(SIGCHLD), timeout ? left : -1);
	}
	(void)kill(-pid, SIGKILL);
	(void)kill(pid, SIGKILL);	/* it may not have its group yet */
	while (syscall(SYS_wait4, pid, status, 0, NULL) < 0 && errno == EINTR)
		;
	return fault_set(f, ETIME, "no end after %u seconds, killed", timeout);
}

static int run_hook(const struct finish_hook *h, int state, struct fault *f)
{
	size_t size = ((size_t)h->argc + h->envc + 3) * sizeof(char *);
	int status = 0;

	const char **pointers = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (pointers == MAP_FAILED)
		return fault_sys(f, "memory");
	pid_t pid = raw_fork();
	if (pid == 0)
		child_run_hook(h, state, pointers);
	int rc = pid < 0 ? fault_sys(f, "fork") : await(pid, h->timeout, &status, f);
	(void)munmap(pointers, size);
	if (rc)
		return rc;
	if (WIFSIGNALED(status))
		return fault_set(f, ECANCELED, "killed by signal %d", WTERMSIG(status));
	if (WEXITSTATUS(status))
		return fault_set(f, ECANCELED, "exit status %d", WEXITSTATUS(status));
	return 0;
}

int starthooks_run(struct stage *s, struct fault *f)
{
	const unsigned char *at = record_at(s->record, s->record->hooks);
	size_t left = s->record->hooks.len;
	int rc = 0;

	if (!left)
		return 0;
	int state = open_state(s, f);
	if (state < 0)
		return state;
	for (unsigned int i = 0; left && !rc; i++) {
		const struct finish_hook *h = (const void *)at;

		rc = run_hook(h, state, f);
		if (rc)
			rc = fault_wrap(f, "startContainer hook %u (%s)", i, (const char *)(h + 1));
		at += record_hook_size(h);
		left -= record_hook_size(h);
	}
	(void)close(state);
	return rc;
}
