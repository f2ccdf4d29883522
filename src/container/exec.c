/* SPDX-License-Identifier: Apache-2.0 */
/* exec: a further process in a running container, under the plan that the container was created with. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/str.h"
#include "container/keep.h"
#include "container/lifecycle.h"
#include "container/posture.h"
#include "kernel/host.h"
#include "kernel/limits.h"
#include "kernel/tty.h"
#include "launch/launch.h"
#include "policy/env.h"
#include "policy/merge.h"

struct executing {
	const struct exec_request *r;
	struct arena arena;
	struct state_dir dir;
	const struct state *state;
	const struct plan *plan;
	const struct process *process;
	struct cgroup cgroup;
	struct filters filters;
	uint64_t kills_before;	/* by the memory controller */
	int target, console, pidfd_sock;
	struct launch launch;
};

static int open_container(struct executing *x, struct err *e)
{
	int r = state_dir_open(x->r->state_root, x->r->id, false, &x->dir, e);

	if (r == 0)
		r = state_read(&x->dir, &x->arena, &x->state, e);
	if (r < 0)
		return r;
	enum status st = state_status(&x->dir, x->state);
	if (st == STATUS_STOPPED || st == STATUS_CREATING)
		return err_set(e, ESRCH, "container not running: cannot exec in a container that is %s", state_status_name(st));
	if (st == STATUS_PAUSED && !x->r->ignore_paused)
		return err_set(e, EAGAIN, "cannot exec in a paused container (use --ignore-paused to override)");
	x->target = state_pidfd(x->state, e);
	return x->target < 0 ? err_wrap(e, "container not running") : 0;
}

/* Without AppArmor everything is unconfined, and there is nothing to write. */
static int meet_labels(struct process *p, struct err *e)
{
	struct facts facts;

	if (!p->apparmor && !p->selinux)
		return 0;
	int r = host_facts(&facts, e);
	if (r == 0)
		r = policy_check_labels(p, &facts, e);
	if (r == 0 && !facts.apparmor)
		p->apparmor = NULL;
	return r;
}

/* The policy takes from an environment in silence nowhere. */
static int say_warnings(struct executing *x, const struct process *asked, struct err *e)
{
	struct strings warnings = { 0 };
	int r = env_exec_warnings(&x->arena, x->plan, asked, &warnings, e);

	for (size_t i = 0; r == 0 && i < warnings.n; i++)
		log_warn("exec: %s", warnings.v[i]);
	return r;
}

static int read_plan(struct executing *x, struct err *e)
{
	struct process asked = *x->r->process;
	int r = keep_read_plan(&x->dir, &x->arena, &x->plan, e);

	if (r == 0)
		r = meet_labels(&asked, e);
	if (r == 0)
		r = policy_merge_exec(&x->arena, x->plan, &asked, &x->process, e);
	if (r == 0)
		r = say_warnings(x, &asked, e);
	return r < 0 ? r : keep_read_filters(&x->dir, &x->arena, &x->filters, e);
}

/* --cgroup [CONTROLLER[,CONTROLLER]:]PATH, below the container's own. */
static int choose_cgroup(struct executing *x, struct err *e)
{
	struct cgroup_oom oom;

	(void)cgroup_oom(&x->state->cgroup, &oom); /* without the controller nothing is known, and 0 stands for it */
	x->kills_before = oom.kills;
	x->cgroup = x->state->cgroup;
	for (size_t i = 0; i < x->r->n_cgroups; i++) {
		const char *word = x->r->cgroups[i], *colon = strchr(word, ':');
		char *controllers = colon ? arena_memdup(&x->arena, word, (size_t)(colon - word)) : NULL;
		if (colon && !controllers)
			return err_code(e, ENOMEM, "--cgroup");
		int r = cgroup_sub(&x->arena, &x->cgroup, controllers, colon ? colon + 1 : word, &x->cgroup, e);
		if (r < 0)
			return err_wrap(e, "--cgroup %s", word);
	}
	return 0;
}

static int open_sockets(struct executing *x, struct err *e)
{
	if (x->r->stdio.console_socket) {
		x->console = tty_connect(x->r->stdio.console_socket, e);
		if (x->console < 0)
			return err_wrap(e, "--console-socket");
	}
	if (x->r->pidfd_socket) {
		x->pidfd_sock = tty_connect(x->r->pidfd_socket, e);
		if (x->pidfd_sock < 0)
			return err_wrap(e, "--pidfd-socket");
	}
	for (unsigned i = 0; i < x->r->preserve_fds; i++)
		if (fcntl(3 + (int)i, F_GETFD) < 0)
			return err_set(e, EBADF, "unable to stat preserved-fd %u (of %u): it is not open", i, x->r->preserve_fds);
	return 0;
}

static int launch(struct executing *x, struct err *e)
{
	const struct launch_request r = {
		.plan = x->plan,
		.process = x->process,
		.filters = &x->filters,
		.cgroup = &x->cgroup,
		.rdt = &x->state->rdt,
		.state = state_format_for_hook,
		.target_pidfd = x->target,
		.gate_fd = -1,
		.console_sock = x->console,
		.kept_fds = x->r->preserve_fds,
		.streams = x->r->streams,
		.keyring = x->state->keyring, /* not the caller's, which may hold keys of the host */
	};
	/* Before there is a process that could join the cgroup: it starts where we are. Nobody minds that we stay there. */
	int status, s = limits_cpus(x->process->affinity_initial, "process.execCPUAffinity.initial", e);

	if (s == 0)
		s = launch_begin(&r, &x->launch, e);
	if (s < 0)
		return s;
	size_t filters = x->process->no_new_privs ? 0 : x->filters.n;
	s = posture_check_told(x->plan, &x->launch.told, e);
	if (s == 0)
		s = posture_check_ready(x->plan, x->process, x->launch.pid, filters, e);
	if (s == 0 && x->pidfd_sock >= 0)
		s = tty_send(x->pidfd_sock, "pidfd", x->launch.pidfd, e);
	return s < 0 ? s : launch_go(&r, &x->launch, &status, e);
}

/* Only now: engines take the pid file for the sign that the process did exec (cli-table 5.3). */
static int write_pid_file(struct executing *x, struct err *e)
{
	char text[16];

	if (!x->r->pid_file)
		return 0;
	int n = snprintf(text, sizeof(text), "%d", (int)x->launch.pid);
	int r = fd_replace_file(AT_FDCWD, x->r->pid_file, 0644, text, (size_t)n, e);
	return r < 0 ? err_wrap(e, "--pid-file") : 0;
}

static const struct { const char *doing; int (*run)(struct executing *, struct err *); } steps[] = {
	{ "exec: open the container",	open_container },
	{ "exec: read the plan",	read_plan },
	{ "exec: choose the cgroup",	choose_cgroup },
	{ "exec: open the sockets",	open_sockets },
	{ "exec: launch",		launch },
	{ "exec: write the pid file",	write_pid_file },
};

static void executing_done(struct executing *x)
{
	fd_close(&x->target);
	fd_close(&x->console);
	fd_close(&x->pidfd_sock);
	launch_release(&x->launch);
	state_dir_close(&x->dir);
	arena_done(&x->arena);
}

/* The new process alone; others in the container may run out of memory at any time. */
static bool died(const struct err *e)
{
	return e->code == ECONNRESET || e->code == EPIPE || e->code == ENOMEM;
}

int container_exec(const struct exec_request *r, struct started *out, struct err *e)
{
	struct executing x __attribute__((cleanup(executing_done))) = {
		.r = r, .dir = STATE_DIR_INIT, .target = -1, .console = -1, .pidfd_sock = -1, .launch = LAUNCH_INIT,
	};

	for (size_t i = 0; i < N_ELEMENTS(steps); i++) {
		int s = fault_here(steps[i].doing, e);
		if (s == 0)
			s = steps[i].run(&x, e);
		if (s == 0)
			continue;
		(void)err_told(e, steps[i].doing);
		launch_abort(x.plan, &x.launch);
		return died(e) && x.state ? cgroup_oom_explain(&x.state->cgroup, x.kills_before, e) : -e->code;
	}
	*out = (struct started){ .pid = x.launch.pid, .pidfd = fd_take(&x.launch.pidfd), .console = fd_take(&x.launch.console) };
	return 0;
}
