/* SPDX-License-Identifier: Apache-2.0 */
#include "launch/hooks.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/str.h"
#include "base/sys.h"

enum { OUTPUT_KEPT = 512 };

const char *hooks_kind_name(enum hook_kind k)
{
	static const char *const names[HOOK_KINDS] = {
		[HOOK_PRESTART] = "prestart",		    [HOOK_CREATE_RUNTIME] = "createRuntime",
		[HOOK_CREATE_CONTAINER] = "createContainer", [HOOK_START_CONTAINER] = "startContainer",
		[HOOK_POSTSTART] = "poststart",		    [HOOK_POSTSTOP] = "poststop",
	};
	return names[k];
}

struct running { pid_t pid; int pidfd, output; };

static int state_input(const char *state, struct err *e)
{
	auto_fd int fd = memfd_create("state", MFD_CLOEXEC);

	if (fd < 0)
		return err_sys(e, "state for the hook");
	int r = fd_write_all(fd, state, strlen(state));
	if (r < 0)
		return err_code(e, -r, "state for the hook");
	return lseek(fd, 0, SEEK_SET) < 0 ? err_sys(e, "state for the hook") : fd_take(&fd);
}

/* execve(2) takes char *const[]; strings are const here. */
static char *const *as_vector(const struct strings *s, char **empty)
{
	char *const *v;

	if (!s->n)
		return empty;
	memcpy(&v, &s->v, sizeof(v));
	return v;
}

static _Noreturn void hook_process(const struct hook *h, const char *dir, int input, int output)
{
	char *none[] = { NULL }, path_word[4096];
	char *self[] = { path_word, NULL };
	sigset_t no_signals;

	snprintf(path_word, sizeof(path_word), "%s", h->path);
	sigemptyset(&no_signals);
	sigprocmask(SIG_SETMASK, &no_signals, NULL);
	(void)setpgid(0, 0); /* a hook that is late goes with all that it has started */
	if (chdir(dir) < 0 && chdir("/") < 0) /* poststop may come after the bundle has gone */
		_exit(126);
	if (dup2(input, 0) < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0 || sys_close_range(3, ~0U, 0) < 0)
		_exit(126);
	execve(h->path, h->args.n ? as_vector(&h->args, none) : self, as_vector(&h->env, none));
	dprintf(2, "%s", strerror(errno));
	_exit(127);
}

static int spawn(const struct hook *h, const char *dir, const char *state, struct running *out, struct err *e)
{
	int p[2], pidfd = -1;
	auto_fd int input = state_input(state, e);

	if (input < 0)
		return input;
	if (pipe2(p, O_CLOEXEC) < 0)
		return err_sys(e, "pipe for the hook");
	auto_fd int read_end = p[0];
	auto_fd int write_end = p[1];
	struct clone_args args = { .flags = CLONE_PIDFD, .exit_signal = SIGCHLD, .pidfd = (uint64_t)(uintptr_t)&pidfd };
	long pid = sys_clone3(&args);
	if (pid < 0)
		return err_sys(e, "clone for the hook");
	if (pid == 0)
		hook_process(h, dir, input, write_end);
	*out = (struct running){ (pid_t)pid, pidfd, fd_take(&read_end) };
	return 0;
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Keeps the last OUTPUT_KEPT bytes of what the hook prints. */
static bool drain(int fd, struct str *kept)
{
	char buf[1024];
	ssize_t n = read(fd, buf, sizeof(buf));

	if (n <= 0)
		return n < 0 && errno == EINTR;
	str_add_bytes(kept, buf, (size_t)n);
	if (!kept->failed && kept->len > OUTPUT_KEPT) {
		memmove(kept->s, kept->s + kept->len - OUTPUT_KEPT, OUTPUT_KEPT + 1);
		kept->len = OUTPUT_KEPT;
	}
	return true;
}

/* What the pipe holds when the hook has ended: no more than that, a daemon it left behind may write for ever. */
static void drain_rest(int fd, struct str *kept)
{
	int left = 0;

	if (ioctl(fd, FIONREAD, &left) < 0)
		return;
	for (int before; left > 0; left -= before) {
		before = left > 1024 ? 1024 : left;
		if (!drain(fd, kept))
			return;
	}
}

/* Waits for the end of the process, not of its output: a hook may leave a daemon behind that keeps the pipe. */
static int watch(struct running *r, int timeout, struct str *kept, struct err *e)
{
	int64_t deadline = timeout > 0 ? now_ms() + (int64_t)timeout * 1000 : -1;
	bool open = true;

	for (;;) {
		struct pollfd p[2] = { { .fd = r->pidfd, .events = POLLIN }, { .fd = open ? r->output : -1, .events = POLLIN } };
		int64_t left = deadline < 0 ? -1 : deadline - now_ms();
		if (deadline >= 0 && left <= 0)
			return err_set(e, ETIMEDOUT, "did not end within its timeout of %d s", timeout);
		int n = poll(p, 2, left > INT32_MAX ? INT32_MAX : (int)left);
		if (n < 0 && errno != EINTR)
			return err_sys(e, "wait");
		if (n > 0 && p[0].revents) {
			if (open)
				drain_rest(r->output, kept);
			return 0;
		}
		if (n > 0 && p[1].revents)
			open = drain(r->output, kept);
	}
}

static int finish(struct running *r, int watched, const struct str *kept, struct err *e)
{
	siginfo_t info = { 0 };
	const char *said = kept->s ? kept->s : "", *colon = kept->len ? ": " : "";

	if (watched < 0) {
		(void)sys_pidfd_send_signal(r->pidfd, SIGKILL, NULL, 0); /* it may have ended by itself meanwhile */
		(void)kill(-r->pid, SIGKILL); /* not reaped yet: the number of its group is still its own */
	}
	while (waitid(P_PID, (id_t)r->pid, &info, WEXITED) < 0)
		if (errno != EINTR)
			return err_sys(e, "wait");
	fd_close(&r->pidfd);
	fd_close(&r->output);
	if (watched < 0)
		return watched;
	if (info.si_code == CLD_EXITED && info.si_status == 0)
		return 0;
	if (info.si_code == CLD_EXITED)
		return err_set(e, ECANCELED, "exit status %d%s%s", info.si_status, colon, said);
	return err_set(e, ECANCELED, "killed by signal %d%s%s", info.si_status, colon, said);
}

static int run_one(const struct hook *h, const char *dir, const char *state, struct err *e)
{
	struct running r;
	auto_str kept = { 0 };
	int s = spawn(h, dir, state, &r, e);

	return s < 0 ? s : finish(&r, watch(&r, h->timeout, &kept, e), &kept, e);
}

int hooks_run(const struct hooks *h, enum hook_kind k, const char *dir, const char *state, bool keep_going, struct err *e)
{
	for (size_t i = 0; i < h->n; i++) {
		int64_t start = now_ms();
		if (run_one(&h->v[i], dir, state, e) == 0)
			continue;
		err_wrap(e, "hooks.%s[%zu] %s (after %lld ms)", hooks_kind_name(k), i, h->v[i].path,
			 (long long)(now_ms() - start));
		if (!keep_going)
			return -e->code;
		log_warn("%s", e->text);
	}
	return 0;
}
