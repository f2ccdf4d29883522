/* SPDX-License-Identifier: Apache-2.0 */
/* create and run: the steps of the runtime around a launch, and how each is undone. */
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/str.h"
#include "base/sys.h"
#include "container/filter_cache.h"
#include "container/gate.h"
#include "container/id_ranges.h"
#include "container/keep.h"
#include "container/lifecycle.h"
#include "container/notify.h"
#include "container/posture.h"
#include "kernel/filter.h"
#include "kernel/idmap.h"
#include "kernel/tty.h"
#include "launch/hooks.h"
#include "launch/launch.h"
#include "policy/ids.h"

struct creating {
	const struct create_request *r;
	const struct plan *plan;
	struct arena arena;
	struct state_dir dir;
	struct state state;
	struct cgroup cgroup;
	struct unit_keeper keeper;
	struct resctrl rdt;
	bool cgroup_made, rdt_made, launched;
	struct filters filters;
	int gate, console, pidfd_sock, notify;
	char keyring[1100];
	struct launch launch;
};

/* With no_new_privs the filter goes in last, and its listener then travels by sendmsg(2): a list that has that call wait for the
 * listener would wait for ever. */
static int check_notify(const struct plan *p, struct err *e)
{
	const struct seccomp *s = &p->filter.engine;

	for (size_t i = 0; p->filter.has_engine && p->process.no_new_privs && i < s->rules.n; i++)
		if (s->rules.v[i].action == SECCOMP_RET_USER_NOTIF && str_in(&s->rules.v[i].names, "sendmsg"))
			return err_set(e, EINVAL, "linux.seccomp.syscalls[%zu]: SCMP_ACT_NOTIFY cannot be used for sendmsg: the "
						  "listener itself is handed over with it", i);
	return 0;
}

/* OCI wants a process by the time of start, not of create: until then this waits, without a right and without a program. */
static const struct process *process_of(const struct creating *c)
{
	static const char *const args[] = { "(no process)", NULL };
	static const struct process nothing = { .args = { .n = 1, .v = args }, .cwd = "/", .no_new_privs = true };

	return c->plan->has_process ? &c->plan->process : &nothing;
}

static int check_request(struct creating *c, struct err *e)
{
	const struct plan *p = c->plan;

	if (!p->has_process && !c->r->gate)
		return err_set(e, EINVAL, "process: is required (there would be nothing to start)");
	if (p->ns[NS_MOUNT].mode == NS_INHERIT)
		return err_set(e, EINVAL, "linux.namespaces: a mount namespace is required: without one the container's mounts "
					  "would be made on the host");
	for (unsigned i = 0; i < c->r->preserve_fds; i++)
		if (fcntl(3 + (int)i, F_GETFD) < 0)
			return err_set(e, EBADF, "unable to stat preserved-fd %u (of %u): it is not open", i, c->r->preserve_fds);
	int r = unit_check(&c->arena, p, c->r->systemd, e);
	if (r == 0)
		r = ids_check(p, &p->process, e);
	return r < 0 ? r : check_notify(p, e);
}

static int make_state(struct creating *c, struct err *e)
{
	int r = state_dir_make(c->r->state_root, c->plan->id, &c->dir, e);

	return r == 0 && c->r->notify ? notify_make(&c->dir, e) : r;
}

static int build_filters(struct creating *c, struct err *e)
{
	return filter_cache_build(c->r->state_root, &c->arena, &c->plan->filter, &c->filters, e);
}

static int locate_cgroup(struct creating *c, struct err *e)
{
	const struct plan *p = c->plan;

	if (p->no_cgroup)
		return 0;
	return c->r->systemd ? unit_start(&c->arena, p, c->r->systemd, &c->keeper, &c->cgroup, e)
			     : cgroup_locate(&c->arena, p->cgroups_path, p->id, &c->cgroup, e);
}

/* On v2 the first process is born inside, and nothing can be born where pids.max is 0; in a scope the keeper takes a place too. The
 * limit follows when the one has come and the other has gone. */
static bool pids_wait(const struct creating *c)
{
	const struct opt_i64 *pids = &c->plan->resources.pids_limit;

	return c->cgroup_made && pids->set && (c->cgroup.unit ? pids->v >= 0 : c->cgroup.mode == CGROUP_V2 && pids->v == 0);
}

static int make_cgroup(struct creating *c, struct err *e)
{
	struct resources limits = c->plan->resources;

	if (c->plan->no_cgroup)
		return 0;
	int r = cgroup_make(&c->cgroup, &limits, c->r->rootless, e);
	if (r < 0)
		return r;
	c->cgroup_made = c->cgroup.mode != CGROUP_NONE;
	c->state.cgroup = c->cgroup;
	if (pids_wait(c)) /* systemd has set its own by now */
		limits.pids_limit = (struct opt_i64){ .set = c->cgroup.unit, .v = -1 };
	return c->cgroup_made ? cgroup_limit(&c->cgroup, &limits, false, e) : 0;
}

static bool has_writable_cgroups(const struct plan *p)
{
	for (size_t i = 0; i < p->mounts.n; i++) {
		const struct mount *m = &p->mounts.v[i];
		if (!m->bind && (str_eq(m->type, "cgroup") || str_eq(m->type, "cgroup2")) && !(m->attr_set & MOUNT_ATTR_RDONLY))
			return true;
	}
	return false;
}

/* OCI: to the host's id of process.user.uid, if the namespace is new and the mount can be written to. */
static int delegate_cgroup(struct creating *c, struct err *e)
{
	const struct plan *p = c->plan;
	uint32_t host = p->process.uid;

	if (!c->cgroup_made || p->ns[NS_CGROUP].mode != NS_NEW || !p->has_process || !has_writable_cgroups(p))
		return 0;
	if (p->ns[NS_USER].mode != NS_INHERIT && idmap_to_host(&p->uid_map, p->process.uid, &host) < 0)
		return 0; /* the maps of a joined namespace are not ours to know */
	return host == geteuid() ? 0 : cgroup_delegate(&c->cgroup, host, e);
}

static int locate_rdt(struct creating *c, struct err *e)
{
	const struct intel_rdt *want = &c->plan->intel_rdt;
	int r = want->set ? resctrl_check(e) : 0;

	return r < 0 || !want->set ? r : resctrl_locate(&c->arena, RESCTRL_ROOT, c->plan->id, want, &c->rdt, e);
}

static int make_rdt(struct creating *c, struct err *e)
{
	if (!c->rdt.group)
		return 0;
	int r = resctrl_make(&c->rdt, &c->plan->intel_rdt, e);
	c->rdt_made = r == 0;
	return r;
}

/* Before there is a cgroup or a process: a runtime that is killed half-way leaves a record that delete can clean up after. */
static int announce(struct creating *c, struct err *e)
{
	const struct plan *p = c->plan;

	snprintf(c->keyring, sizeof(c->keyring), "_ses.%s", p->id);
	c->state = (struct state){
		.id = p->id,
		.bundle = p->bundle,
		.rootfs = p->root.path,
		.oci_version = p->oci_version,
		.created = state_now(&c->arena),
		.owner = "",
		.annotations = p->annotations,
		.cgroup = c->cgroup,
		.rdt = c->rdt,
		.id_range = c->r->id_range,
		.keyring = c->r->no_new_keyring ? NULL : c->keyring,
	};
	if (!c->state.created)
		return err_code(e, ENOMEM, "state");
	return state_write(&c->dir, &c->state, e);
}

static int open_gate(struct creating *c, struct err *e)
{
	if (c->r->gate) {
		c->gate = gate_listen(&c->dir, e);
		if (c->gate < 0)
			return c->gate;
	}
	if (c->r->stdio.console_socket) {
		c->console = tty_connect(c->r->stdio.console_socket, e);
		if (c->console < 0)
			return err_wrap(e, "--console-socket");
	}
	if (c->r->notify && !c->r->gate) {
		c->notify = notify_listen(&c->dir, e);
		if (c->notify < 0)
			return c->notify;
	}
	if (c->r->pidfd_socket) {
		c->pidfd_sock = tty_connect(c->r->pidfd_socket, e);
		if (c->pidfd_sock < 0)
			return err_wrap(e, "--pidfd-socket");
	}
	return 0;
}

static void fill_request(struct creating *c, struct launch_request *out)
{
	*out = (struct launch_request){
		.plan = c->plan,
		.process = process_of(c),
		.filters = &c->filters,
		.cgroup = &c->cgroup,
		.rdt = &c->rdt,
		.state = state_format_for_hook,
		.target_pidfd = -1,
		.gate_fd = c->gate,
		.console_sock = c->console,
		.kept_fds = c->r->preserve_fds,
		.no_pivot = c->r->no_pivot,
		.keyring = c->state.keyring,
		.pid1 = c->plan->init,
	};
}

static int launch(struct creating *c, struct err *e)
{
	struct launch_request r;

	fill_request(c, &r);
	c->launched = true;
	return launch_begin(&r, &c->launch, e);
}

static int leave_scope(struct creating *c, struct err *e)
{
	(void)e;
	unit_let_go(&c->keeper);
	return 0;
}

static int limit_pids(struct creating *c, struct err *e)
{
	const struct resources pids = { .pids_limit = c->plan->resources.pids_limit };

	return pids_wait(c) ? cgroup_limit(&c->cgroup, &pids, true, e) : 0;
}

/* With a late filter the kernel shows it only after the gate: what is there already must be there now. */
static size_t filters_before_gate(const struct creating *c)
{
	return process_of(c)->no_new_privs ? 0 : c->filters.n;
}

static int read_back(struct creating *c, struct err *e)
{
	if (fault_skip("look before the gate"))
		return 0;
	int r = posture_check_told(c->plan, &c->launch.told, e);
	return r < 0 ? r : posture_check_ready(c->plan, process_of(c), c->launch.pid, filters_before_gate(c), e);
}

static int write_state(struct creating *c, struct err *e)
{
	int r = keep_write(&c->dir, c->plan, &c->filters, e);

	if (r < 0)
		return r;
	c->state.pid = c->launch.pid;
	r = state_start_time(c->state.pid, &c->state.start_time);
	if (r < 0)
		return err_code(e, -r, "read the start time of the container's process");
	return state_write(&c->dir, &c->state, e);
}

static int pass_pidfd(struct creating *c, struct err *e)
{
	return c->pidfd_sock < 0 ? 0 : tty_send(c->pidfd_sock, "pidfd", c->launch.pidfd, e);
}

static int run_poststart(struct creating *c, struct err *e)
{
	const struct hooks *h = &c->plan->hooks[HOOK_POSTSTART];
	auto_free char *text = NULL;
	size_t len;

	if (!h->n)
		return 0;
	int r = state_format(&c->state, STATUS_RUNNING, c->state.pid, false, &text, &len, e);
	return r < 0 ? r : hooks_run(h, HOOK_POSTSTART, c->plan->bundle, text, false, e);
}

static int go(struct creating *c, struct err *e)
{
	struct launch_request r;
	int status;

	if (c->r->gate)
		return 0;
	fill_request(c, &r);
	int s = launch_go(&r, &c->launch, &status, e);
	return s < 0 ? s : run_poststart(c, e);
}

/* The waiting process ends with us until now: whatever stops us earlier, also SIGKILL, leaves none that no record knows of. */
static int keep_process(struct creating *c, struct err *e)
{
	return c->r->gate ? launch_keep(&c->launch, e) : 0;
}

static int write_pid_file(struct creating *c, struct err *e)
{
	char text[16];

	if (!c->r->pid_file)
		return 0;
	int n = snprintf(text, sizeof(text), "%d", (int)c->launch.pid); /* no newline: engines parse strictly */
	int r = fd_replace_file(AT_FDCWD, c->r->pid_file, 0644, text, (size_t)n, e);
	return r < 0 ? err_wrap(e, "--pid-file") : 0;
}

static const struct { const char *doing; int (*run)(struct creating *, struct err *); } steps[] = {
	{ "create: check the request",	 check_request },
	{ "create: make the state",	 make_state },
	{ "create: build the filters",	 build_filters },
	{ "create: locate the cgroup",	 locate_cgroup },
	{ "create: locate the RDT class", locate_rdt },
	{ "create: announce",		 announce },
	{ "create: make the cgroup",	 make_cgroup },
	{ "create: give the cgroup over", delegate_cgroup },
	{ "create: make the RDT class",	 make_rdt },
	{ "create: open the gate",	 open_gate },
	{ "create: launch",		 launch },
	{ "create: leave the scope to it", leave_scope },
	{ "create: limit the processes", limit_pids },
	{ "create: read back",		 read_back },	/* the kernel's view against the plan, before the gate opens */
	{ "create: write the state",	 write_state },
	{ "create: pass the pidfd",	 pass_pidfd },
	{ "create: go",			 go },
	{ "create: write the pid file",	 write_pid_file },
	{ "create: keep the process",	 keep_process },	/* the last: nothing may fail behind it */
};

/* OCI: a failure in or after the hooks goes on with destroying the container and its poststop hooks. */
static void run_poststop(struct creating *c, struct err *first)
{
	const struct hooks *h = &c->plan->hooks[HOOK_POSTSTOP];
	auto_free char *text = NULL;
	size_t len;
	struct err e = { 0 };

	if (!c->launched || !h->n)
		return;
	if (state_format(&c->state, STATUS_STOPPED, 0, false, &text, &len, &e) < 0 ||
	    hooks_run(h, HOOK_POSTSTOP, c->plan->bundle, text, true, &e) < 0)
		(void)err_hint(first, "and then: %s", e.text);
}

/* Every failure ends here: nothing is left behind. What cannot be removed is said behind the first error, because engines show
 * one record alone. */
static void undo(struct creating *c, struct err *first)
{
	struct err e = { 0 };

	launch_abort(c->plan, &c->launch);
	unit_let_go(&c->keeper);
	if (c->cgroup_made) {
		if (cgroup_kill(&c->cgroup, &e) < 0)
			(void)err_hint(first, "and its processes could not be ended: %s", e.text);
		if (unit_remove_cgroup(&c->cgroup, &e) < 0)
			(void)err_hint(first, "and its cgroup could not be removed: %s", e.text);
	}
	if (c->rdt_made && resctrl_remove(&c->rdt, &e) < 0)
		(void)err_hint(first, "and its RDT class could not be removed: %s", e.text);
	if (c->dir.fd >= 0 && state_dir_remove(&c->dir, &e) < 0)
		(void)err_hint(first, "and its state could not be removed: %s", e.text);
	run_poststop(c, first);
}

static void creating_done(struct creating *c)
{
	fd_close(&c->gate);
	fd_close(&c->console);
	fd_close(&c->pidfd_sock);
	fd_close(&c->notify);
	launch_release(&c->launch);
	state_dir_close(&c->dir);
	arena_done(&c->arena);
}

int container_create(const struct create_request *r, struct started *out, struct err *e)
{
	struct creating c __attribute__((cleanup(creating_done))) = {
		.r = r, .plan = r->plan, .dir = STATE_DIR_INIT, .gate = -1, .console = -1, .pidfd_sock = -1, .notify = -1,
		.keeper = UNIT_KEEPER_INIT, .launch = LAUNCH_INIT,
	};

	for (size_t i = 0; i < N_ELEMENTS(steps); i++) {
		int s = fault_here(steps[i].doing, e);
		if (s == 0)
			s = steps[i].run(&c, e);
		if (s == 0)
			continue;
		(void)err_told(e, steps[i].doing);
		if (c.launched && c.cgroup_made)
			(void)cgroup_oom_explain(&c.cgroup, 0, e);
		undo(&c, e);
		return -e->code;
	}
	*out = (struct started){ .pid = c.launch.pid, .pidfd = fd_take(&c.launch.pidfd), .console = fd_take(&c.launch.console) };
	if (c.notify >= 0) {
		out->notify = fd_take(&c.notify);
		out->notify_manager = r->notify;
	}
	return 0;
}
