/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The startContainer hooks: inside the container, with its identity, after `start` and before the payload. Each gets
 * the state on standard input, its own environment and nothing of the payload's.
 */
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "init/raw.h"
#include "init/record.h"
#include "init/signals.h"
#include "init/stage.h"

enum { HOOK_SAID = 4096 };	/* what is kept of its output, and reported when it fails */
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

/* A hook that runs: its wait status, what it has said last, and the time. */
struct run {
	pid_t pid;
	int output, ended;	/* ended: a signalfd for SIGCHLD */
	int status;
	int64_t began;
	char *said;		/* HOOK_SAID bytes */
	size_t len;
};

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

static void child_run_hook(const struct finish_hook *h, int state, int output, const char **pointers)
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
	if (lseek(state, 0, SEEK_SET) < 0 || dup2(state, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0 ||
	    dup2(output, STDERR_FILENO) < 0 || chdir("/") < 0)
		_exit(HOOK_NO_EXEC);
	signals_reset(0);
	execve(path, argv.exec, env.exec);
	fault_say("cannot be run: %s", strerror(errno));
	_exit(HOOK_NO_EXEC);
}

/* Keeps the last HOOK_SAID bytes. False at the end of the output. */
static bool hear(struct run *r)
{
	char buf[1024];
	ssize_t n = read(r->output, buf, sizeof(buf));

	if (n <= 0)
		return n < 0 && (errno == EINTR || errno == EAGAIN);
	size_t over = r->len + (size_t)n > HOOK_SAID ? r->len + (size_t)n - HOOK_SAID : 0;
	memmove(r->said, r->said + over, r->len - over);
	memcpy(r->said + r->len - over, buf, (size_t)n);
	r->len += (size_t)n - over;
	return true;
}

/* What the pipe holds when the hook has ended: no more than a pipe can, a daemon it left behind may write for ever. */
static void hear_rest(struct run *r)
{
	enum { PIPE_READS = 64 };
	struct pollfd p = { .fd = r->output, .events = POLLIN };

	for (int i = 0; i < PIPE_READS && poll(&p, 1, 0) > 0 && hear(r); i++)
		;
	while (r->len && strchr(" \t\r\n", r->said[r->len - 1]))
		r->len--;
	for (size_t i = 0; i < r->len; i++)
		if (!r->said[i])
			r->said[i] = '?';
}

static int kill_hook(struct run *r, uint32_t timeout, struct fault *f)
{
	(void)kill(-r->pid, SIGKILL);
	(void)kill(r->pid, SIGKILL);	/* it may not have its group yet */
	while (syscall(SYS_wait4, r->pid, &r->status, 0, NULL) < 0 && errno == EINTR)
		;
	return fault_set(f, ETIME, "no end after %u seconds, killed", timeout);
}

/* 0 with the wait status, or -ETIME after the hook's deadline. */
static int await(struct run *r, uint32_t timeout, struct fault *f)
{
	int64_t until = r->began + (int64_t)timeout * 1000;
	bool open = true;

	for (;;) {
		/* Only this one: payload's children do not exist yet, and a hook's orphans stay for whoever is PID 1. */
		pid_t got = (pid_t)syscall(SYS_wait4, r->pid, &r->status, WNOHANG, NULL);
		if (got == r->pid)
			return 0;
		if (got < 0 && errno != EINTR)
			return fault_sys(f, "wait");
		int64_t left = until - signals_now();
		if (timeout && left <= 0)
			return kill_hook(r, timeout, f);
		struct pollfd p[2] = { { .fd = r->ended, .events = POLLIN }, { .fd = open ? r->output : -1, .events = POLLIN } };
		(void)poll(p, 2, !timeout ? -1 : left > INT32_MAX ? INT32_MAX : (int)left);
		if (p[0].revents)
			(void)signals_next(raw_sigbit(SIGCHLD), 0);
		if (p[1].revents)
			open = hear(r);
	}
}

static int judge(const struct run *r, struct fault *f)
{
	if (WIFSIGNALED(r->status))
		return fault_set(f, ECANCELED, "killed by signal %d", WTERMSIG(r->status));
	if (WEXITSTATUS(r->status))
		return fault_set(f, ECANCELED, "exit status %d", WEXITSTATUS(r->status));
	return 0;
}

static int watch_hook(const struct finish_hook *h, int state, const char **pointers, struct run *r, struct fault *f)
{
	int p[2];

	if (pipe2(p, O_CLOEXEC | O_NONBLOCK) < 0)
		return fault_sys(f, "pipe");
	(void)fcntl(p[1], F_SETFL, 0);	/* the hook's end blocks, as it expects */
	r->output = p[0];
	r->began = signals_now();
	r->pid = raw_fork();
	if (r->pid == 0)
		child_run_hook(h, state, p[1], pointers);
	(void)close(p[1]);
	int rc = r->pid < 0 ? fault_sys(f, "fork") : await(r, h->timeout, f);
	if (r->pid > 0)
		hear_rest(r);
	(void)close(p[0]);
	return rc ? rc : judge(r, f);
}

static int run_hook(const struct finish_hook *h, int state, struct run *r, struct fault *f)
{
	size_t size = ((size_t)h->argc + h->envc + 3) * sizeof(char *);

	const char **pointers = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (pointers == MAP_FAILED)
		return fault_sys(f, "memory");
	int rc = watch_hook(h, state, pointers, r, f);
	(void)munmap(pointers, size);
	return rc;
}

/* Its words stay mapped when it has failed: gate_report() puts them behind the fault. */
static int run_named(struct stage *s, const struct finish_hook *h, unsigned int index, int state, struct run *r,
		     struct fault *f)
{
	r->len = 0;
	if (!run_hook(h, state, r, f))
		return 0;
	s->said = r->said;
	s->said_len = r->len;
	return fault_wrap(f, "hooks.startContainer[%u] %s (after %ld ms)", index, (const char *)(h + 1),
			  (long)(signals_now() - r->began));
}

static int run_all(struct stage *s, int state, struct run *r, struct fault *f)
{
	const unsigned char *at = record_at(s->record, s->record->hooks);
	size_t left = s->record->hooks.len;
	int rc = 0;

	for (unsigned int i = 0; left && !rc; i++) {
		const struct finish_hook *h = (const void *)at;

		rc = run_named(s, h, i, state, r, f);
		at += record_hook_size(h);
		left -= record_hook_size(h);
	}
	return rc;
}

int starthooks_run(struct stage *s, struct fault *f)
{
	struct run r = { .began = signals_now() };

	if (!s->record->hooks.len)
		return 0;
	r.said = mmap(NULL, HOOK_SAID, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (r.said == MAP_FAILED)
		return fault_sys(f, "memory for the hooks' output");
	int state = open_state(s, f);
	r.ended = state < 0 ? -1 : raw_signalfd(raw_sigbit(SIGCHLD), O_CLOEXEC);
	int rc = state < 0 ? state : r.ended < 0 ? fault_sys(f, "signalfd") : run_all(s, state, &r, f);
	if (state >= 0)
		(void)close(state);
	if (r.ended >= 0)
		(void)close(r.ended);
	if (!rc)
		(void)munmap(r.said, HOOK_SAID);
	return rc;
}
