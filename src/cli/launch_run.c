/* SPDX-License-Identifier: Apache-2.0 */
/* cli/launch_run.c - a launch that happens: in the foreground, detached, or detached under a
 * supervisor (--rm -d). */
#include "cli/launch.h"
#include "cli/report.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "cli/cli.h"
#include "container/lifecycle.h"
#include "container/relay.h"

/* A process that a read-only root stops dies soon. */
enum { EARLY_DEATH_SECONDS = 5 };

void launch_done(struct launch *l)
{
	/* A launch that was never read has no descriptor: root_fd 0 is not one of ours. */
	if (l->root_fd > 0)
		fd_close(&l->root_fd);
	json_decref(l->seccomp);
	l->seccomp = NULL;
}

/* ---- from flags to a sealed plan ---- */

struct decided {
	const struct spec *spec;
	const struct plan *plan;
};

/* The two ways to get there: with a state directory everything is made, without one nothing is. */
static int settle(struct launch *l, const char *state_dir, char **document, size_t *len,
		  struct err *e)
{
	int r = state_dir ? launch_unpack(l, state_dir, e) : 0;

	if (r == 0)
		r = launch_find_user(l, !state_dir, e);
	if (r == 0)
		r = launch_find_range(l, state_dir, e);
	/* explain needs no root, and without root there is nothing to find out. */
	if (r == 0 && geteuid() == 0)
		r = launch_find_idmaps(l, e);
	return r < 0 ? r : launch_document(l, document, len, e);
}

int launch_preview(struct launch *l, char **document, size_t *len, struct err *e)
{
	return settle(l, NULL, document, len, e);
}

int launch_plan(const struct cli_globals *g, int argc, char *const *argv, struct arena *a,
		const struct spec **spec, const struct plan **plan, struct err *e)
{
	struct launch_options *o = arena_alloc(a, sizeof(*o));
	char **words = arena_array(a, (size_t)argc + 1, sizeof(*words));
	auto_launch l = { .root_fd = -1 };
	auto_free char *document = NULL;
	struct strings operands;
	size_t len;
	int r;

	if (!o || !words)
		return err_set(e, ENOMEM, "out of memory");
	for (int i = 0; i < argc; i++)
		words[i] = argv[i]; /* cli_parse() moves them about */
	r = cli_parse(launch_option_table, true, argc, words, o, &operands, e);
	if (r > 0)
		return err_set(e, EINVAL, "`caisson launch --help` shows the flags of launch");
	if (r == 0)
		r = launch_read(g, o, (int)operands.n, words, a, &l, e);
	if (r == 0)
		r = launch_preview(&l, &document, &len, e);
	if (r == 0)
		r = launch_decide(&l, document, len, spec, plan, e);
	cli_options_done(launch_option_table, o);
	return r;
}

/* ---- the container ---- */

static char *release_record(const struct launch *l)
{
	if (l->range_claimed && l->root_claimed)
		return arena_printf(l->a, "ids=%u;root=%s", l->range.uid, l->id);
	if (l->range_claimed)
		return arena_printf(l->a, "ids=%u", l->range.uid);
	return l->root_claimed ? arena_printf(l->a, "root=%s", l->id) : NULL;
}

/* launch_find_range() has said already, with the reason, that the ids are the host's. */
static void say_warnings(const struct launch *l, const struct plan *p)
{
	for (size_t i = 0; i < p->warnings.n; i++)
		if (l->o->userns || l->own_users ||
		    !str_starts(p->warnings.v[i], "the container's ids are the host's"))
			log_warn("%s", p->warnings.v[i]);
}

/* Nothing that the caller holds open, not even its terminal, is left with a container that stays.
 */
static int null_streams(int first, int last, struct err *e)
{
	auto_fd int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		return err_sys(e, "open /dev/null");
	for (int fd = first; fd <= last; fd++)
		if (dup2(null, fd) < 0)
			return err_sys(e, "replace a standard stream");
	return 0;
}

struct decision launch_decision(const struct launch *l, const struct plan *plan)
{
	return (struct decision){ .what = "launch", .id = l->id ? l->id : "-", .subject = &l->subject, .choice = l->policy.choice,
				  .plan = plan, .labels = &l->label_caps };
}

static int create(const struct cli_globals *g, struct launch *l, struct started *out, struct err *e)
{
	auto_free char *document = NULL;
	struct decided d = { 0 };
	struct err missing = { 0 };
	struct decision record;
	const char *state_dir = arena_printf(l->a, "%s/%s", g->root, l->id);
	struct create_request request = {
		.state_root = g->root,
		.stdio = { .detach = l->o->detach, .foreground_terminal = l->terminal },
		.rootless = cli_rootless(g),
		.systemd = cli_unit_manager(g),
	};
	size_t len;
	int r = state_dir ? settle(l, state_dir, &document, &len, e)
			  : err_set(e, ENOMEM, "out of memory");

	if (r < 0) {
		record = launch_decision(l, NULL);
		cli_report_failure(l->policy.config, &record, e->class[0] ? DECISION_REFUSED : DECISION_FAILED, e);
		return r;
	}
	r = launch_decide(l, document, len, &d.spec, &d.plan, e);
	record = launch_decision(l, d.plan);
	if (r < 0)
		cli_report_failure(l->policy.config, &record, DECISION_REFUSED, e);
	if (r == 0)
		r = cli_absolute(l->a, l->o->pid_file, &request.pid_file, e);
	if (r == 0)
		r = cli_report(l->policy.config, &record, &missing, e);
	if (r < 0)
		return r;
	cli_report_warn(&missing);
	request.plan = d.plan;
	request.id_range = release_record(l);
	say_warnings(l, d.plan);
	(void)fflush(NULL); /* nothing buffered may be written twice */
	r = arena_seal(l->a);
	if (r < 0)
		return err_code(e, -r, "seal the plan");
	/* The warnings are said: from here on nobody listens to a detached container. */
	if (l->o->detach && null_streams(STDIN_FILENO, STDERR_FILENO, e) < 0)
		return -e->code;
	r = container_create(&request, out, e);
	if (r < 0)
		cli_report_failure(l->policy.config, &record, DECISION_FAILED, e);
	return r;
}

static int64_t seconds_now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

static void explain_early_death(const struct launch *l, int status, int64_t lived)
{
	if (status == 0 || status >= 128 || lived > EARLY_DEATH_SECONDS || !l->read_only ||
	    l->terminal)
		return;
	fprintf(stderr,
		"caisson: hint: it ended with status %d at once; the root is read-only, so if it "
		"said \"Read-only file "
		"system\", give it a place to write: --tmpfs PATH or -v SRC:DST\n",
		status);
}

enum { KILLED = 128 + SIGKILL };

static int wait_and_delete(const struct cli_globals *g, const struct launch *l,
			   const struct started *p, struct err *e)
{
	const struct relay_options o = {
		.stop_signal = l->stop_signal,
		.stop_timeout = l->stop_timeout,
		.no_stdin = l->terminal && !l->o->interactive,
	};
	struct err later = { 0 };
	int status = relay_wait(p, &o, e);

	if (status == KILLED && container_check_memory(g->root, l->id, &later) < 0)
		log_warn("%s", later.text);
	int r = container_delete(g->root, l->id, true, &later);

	if (status >= 0 && r < 0) {
		*e = later;
		return r;
	}
	return status;
}

static int run_foreground(const struct cli_globals *g, struct launch *l, struct err *e)
{
	struct started p = { .pidfd = -1, .console = -1 };
	int64_t began = seconds_now();
	sigset_t old;
	int r = 0;

	if (!l->o->interactive && !l->terminal)
		r = null_streams(STDIN_FILENO, STDIN_FILENO, e);
	if (r == 0)
		r = relay_block_signals(&old, e);
	if (r == 0 && prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		r = err_sys(e, "become a subreaper");
	if (r == 0)
		r = create(g, l, &p, e);
	if (r < 0)
		return r;
	r = wait_and_delete(g, l, &p, e);
	fd_close(&p.pidfd);
	fd_close(&p.console);
	if (r >= 0)
		explain_early_death(l, r, seconds_now() - began);
	return r;
}

/* Keeps a copy of the caller's streams beyond reach of the container's, for the answer. */
static int run_detached(const struct cli_globals *g, struct launch *l, struct err *e)
{
	struct started p = { .pidfd = -1, .console = -1 };
	auto_fd int out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	auto_fd int err = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	int r = out < 0 || err < 0 ? err_sys(e, "keep the standard streams") : create(g, l, &p, e);

	fd_close(&p.pidfd);
	fd_close(&p.console);
	if (dup2(out, STDOUT_FILENO) < 0 || dup2(err, STDERR_FILENO) < 0)
		return r < 0 ? r : err_sys(e, "take the standard streams back");
	if (r < 0)
		return r;
	printf("%s\n", l->id);
	return cli_flush(e);
}

/* ---- --rm -d: a supervisor of its own session waits for the end and cleans up ---- */

static _Noreturn void supervise(const struct cli_globals *g, struct launch *l, int answer)
{
	struct started p = { .pidfd = -1, .console = -1 };
	struct err e = { 0 };
	sigset_t old;
	int r;

	r = setsid() < 0 ? err_sys(&e, "setsid") : 0;
	if (r == 0)
		r = relay_block_signals(&old, &e);
	if (r == 0)
		(void)prctl(PR_SET_CHILD_SUBREAPER,
			    1); /* without it orphans go to the host's init, which reaps them too */
	if (r == 0)
		r = create(g, l, &p, &e);
	if (r < 0)
		launch_give_back(l);
	(void)fd_write_all(answer, &e, sizeof(e));
	(void)close(answer);
	if (r < 0)
		_exit(1);
	/* The caller's directory is not kept busy; failing at it harms nobody. */
	if (chdir("/") < 0)
		e.code = 0;
	r = wait_and_delete(g, l, &p, &e);
	_exit(r < 0 ? 1 : 0);
}

/* Larger than PIPE_BUF: it may come in pieces. */
static int read_answer(int fd, struct err *out)
{
	char *at = (char *)out, *end = at + sizeof(*out);

	while (at < end) {
		ssize_t n = read(fd, at, (size_t)(end - at));
		if (n == 0 || (n < 0 && errno != EINTR))
			return -EIO;
		at += n > 0 ? n : 0;
	}
	return 0;
}

static int run_supervised(const struct cli_globals *g, struct launch *l, struct err *e)
{
	struct err answer = { 0 };
	auto_fd int from = -1;
	auto_fd int to = -1;
	int pipes[2];
	pid_t pid;

	if (pipe2(pipes, O_CLOEXEC) < 0)
		return err_sys(e, "pipe");
	from = pipes[0];
	to = pipes[1];
	(void)fflush(NULL);
	pid = fork();
	if (pid < 0)
		return err_sys(e, "fork");
	if (pid == 0) {
		fd_close(&from);
		supervise(g, l, fd_take(&to));
	}
	fd_close(&to);
	if (read_answer(from, &answer) < 0)
		return err_set(e, EIO, "the supervisor ended without an answer");
	if (answer.code) {
		*e = answer;
		return -e->code;
	}
	printf("%s\n", l->id);
	return cli_flush(e);
}

int launch_run(const struct cli_globals *g, struct launch *l, struct err *e)
{
	int r;

	if (l->o->detach && l->o->rm)
		return run_supervised(g, l, e);
	r = l->o->detach ? run_detached(g, l, e) : run_foreground(g, l, e);
	/* The container took over what was claimed, unless there is none. */
	if (r < 0)
		launch_give_back(l);
	return r;
}
