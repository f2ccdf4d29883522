/* SPDX-License-Identifier: Apache-2.0 */
#include "launch/hooks.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/output.h"
#include "base/str.h"
#include "base/sys.h"
#include "base/wait.h"

enum { NO_EXEC_FD = 3 };

const char *hooks_kind_name(enum hook_kind k)
{
	static const char *const names[HOOK_KINDS] = {
		[HOOK_PRESTART] = "prestart",		    [HOOK_CREATE_RUNTIME] = "createRuntime",
		[HOOK_CREATE_CONTAINER] = "createContainer", [HOOK_START_CONTAINER] = "startContainer",
		[HOOK_POSTSTART] = "poststart",		    [HOOK_POSTSTOP] = "poststop",
	};
	return names[k];
}

struct running {
	pid_t pid;
	int pidfd, output;
	int no_exec;	/* carries the errno of a hook that could not be run */
};

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

static _Noreturn void say_no_exec(int fd)
{
	int code = errno;

	(void)fd_write_all(fd, &code, sizeof(code)); /* the exit status says that much, too */
	_exit(127);
}

static _Noreturn void hook_process(const struct hook *h, const char *dir, int input, int output, int no_exec)
{
	char *none[] = { NULL }, path_word[4096];
	char *self[] = { path_word, NULL };
	sigset_t no_signals;

	snprintf(path_word, sizeof(path_word), "%s", h->path);
	sigemptyset(&no_signals);
	sigprocmask(SIG_SETMASK, &no_signals, NULL);
	(void)setpgid(0, 0); /* a hook that is late goes with all that it has started */
	if (chdir(dir) < 0 && chdir("/") < 0) /* poststop may come after the bundle has gone */
		say_no_exec(no_exec);
	if (dup2(input, 0) < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0 || dup2(no_exec, NO_EXEC_FD) < 0 ||
	    fcntl(NO_EXEC_FD, F_SETFD, FD_CLOEXEC) < 0 || sys_close_range(NO_EXEC_FD + 1, ~0U, 0) < 0)
		say_no_exec(no_exec);
	execve(h->path, h->args.n ? as_vector(&h->args, none) : self, as_vector(&h->env, none));
	say_no_exec(NO_EXEC_FD);
}

static int spawn(const struct hook *h, const char *dir, const char *state, struct running *out, struct err *e)
{
	int p[2], failed[2], pidfd = -1;
	auto_fd int input = state_input(state, e);

	if (input < 0)
		return input;
	if (pipe2(p, O_CLOEXEC) < 0)
		return err_sys(e, "pipe for the hook");
	auto_fd int read_end = p[0];
	auto_fd int write_end = p[1];
	if (pipe2(failed, O_CLOEXEC) < 0)
		return err_sys(e, "pipe for the hook");
	auto_fd int no_exec_read = failed[0];
	auto_fd int no_exec_write = failed[1];
	struct clone_args args = { .flags = CLONE_PIDFD, .exit_signal = SIGCHLD, .pidfd = (uint64_t)(uintptr_t)&pidfd };
	long pid = sys_clone3(&args);
	if (pid < 0)
		return err_sys(e, "clone for the hook");
	if (pid == 0)
		hook_process(h, dir, input, write_end, no_exec_write);
	*out = (struct running){ (pid_t)pid, pidfd, fd_take(&read_end), fd_take(&no_exec_read) };
	return 0;
}

static int watch(struct running *r, int timeout, struct str *kept, struct err *e)
{
	char who[WAIT_WHO];
	int s = output_watch(r->pidfd, r->output, -1, timeout > 0 ? (int64_t)timeout * 1000 : -1, kept);

	if (s == -ETIMEDOUT)
		return err_set(e, ETIMEDOUT, "did not end within its timeout of %d s, killed (%s)", timeout, wait_who(r->pid, who));
	return s < 0 ? err_code(e, -s, "wait") : 0;
}

static int reap(struct running *r, bool late, siginfo_t *info, struct err *e)
{
	if (late)
		output_kill(r->pid, r->pidfd);
	return wait_reap(r->pidfd, r->pid, WAIT_END_MS, info, e);
}

static int explain_no_exec(const struct hook *h, int code, struct err *e)
{
	err_code(e, code, "cannot be run");
	if (code == ENOENT && access(h->path, F_OK) == 0)
		return err_hint(e, "the file is there: the interpreter or loader that it names is not");
	if (code == ENOENT)
		return err_hint(e, "the path of this hook is one of the host, not of the container");
	if (code == EACCES)
		return err_hint(e, "it must be a file that may be executed, on a mount without noexec");
	return code == ENOEXEC ? err_hint(e, "neither a program for this machine nor a script that begins with #!") : -code;
}

/* What the hook said goes behind the verdict, as text: no NUL that would end it, no blanks at its end. */
static const char *last_words(struct str *kept)
{
	while (kept->len && strchr(" \t\r\n", kept->s[kept->len - 1]))
		kept->s[--kept->len] = '\0';
	for (size_t i = 0; i < kept->len; i++)
		if (!kept->s[i])
			kept->s[i] = '?';
	return kept->len ? kept->s : "";
}

static int judge(const struct hook *h, const struct running *r, const siginfo_t *info, struct str *kept, struct err *e)
{
	const char *said = last_words(kept), *colon = *said ? ": " : "";
	int code;

	if (info->si_code == CLD_EXITED && info->si_status == 0)
		return 0;
	if (read(r->no_exec, &code, sizeof(code)) == (ssize_t)sizeof(code))
		return explain_no_exec(h, code, e);
	if (info->si_code == CLD_EXITED)
		return err_set(e, ECANCELED, "exit status %d%s%s", info->si_status, colon, said);
	return err_set(e, ECANCELED, "killed by signal %d (%s)%s%s", info->si_status, strsignal(info->si_status), colon, said);
}

static int finish(const struct hook *h, struct running *r, int watched, struct str *kept, struct err *e)
{
	siginfo_t info = { 0 };
	struct err late = *e;
	int done = reap(r, watched < 0, &info, e);

	if (done == 0 && watched < 0) {
		const char *said = last_words(kept);
		done = err_set(e, late.code, "%s%s%s", late.text, *said ? ": " : "", said);
	} else if (done == 0) {
		done = judge(h, r, &info, kept, e);
	}
	fd_close(&r->pidfd);
	fd_close(&r->output);
	fd_close(&r->no_exec);
	return done;
}

static int run_one(const struct hook *h, const char *dir, const char *state, struct err *e)
{
	struct running r;
	auto_str kept = { 0 };
	int s = spawn(h, dir, state, &r, e);

	return s < 0 ? s : finish(h, &r, watch(&r, h->timeout, &kept, e), &kept, e);
}

int hooks_run(const struct hooks *h, enum hook_kind k, const char *dir, const char *state, bool keep_going, struct err *e)
{
	size_t failed = 0;

	for (size_t i = 0; i < h->n; i++) {
		struct err why = { 0 };
		int64_t start = wait_now_ms();
		if (run_one(&h->v[i], dir, state, &why) == 0)
			continue;
		err_wrap(&why, "hooks.%s[%zu] %s (after %lld ms)", hooks_kind_name(k), i, h->v[i].path,
			 (long long)(wait_now_ms() - start));
		if (failed++ == 0)
			*e = why;
		else
			(void)err_more(e, "and %s", why.text);
		if (!keep_going)
			break;
	}
	return failed ? -e->code : 0;
}
