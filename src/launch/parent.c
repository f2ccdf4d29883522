/* SPDX-License-Identifier: Apache-2.0 */
/* The runtime's side of a launch: prepares, clones, maps ids, runs hooks, and listens until the new process is ready. */
#include "launch/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/fd.h"
#include "base/str.h"
#include "base/log.h"
#include "base/sys.h"
#include "base/wait.h"
#include "kernel/host.h"
#include "kernel/idmap.h"
#include "kernel/rootfs.h"
#include "kernel/tty.h"
#include "launch/adjust.h"
#include "launch/child.h"
#include "launch/hooks.h"
#include "launch/listener.h"
#include "launch/record.h"
#include "launch/trees.h"

/* One launch in the making: what must be closed again, whatever happens. */
struct making {
	const struct launch_request *r;
	struct launch *l;
	struct child child;
	int cgroup_dir;			/* v2: for CLONE_INTO_CGROUP */
	int own_pid_ns, own_time_ns;	/* to go back to after the clone; -1 when we never left */
	bool between;			/* a process in between is needed */
	pid_t between_pid;		/* 0: none, or reaped */
	int between_pidfd;
};

static void making_done(struct making *m)
{
	fd_close(&m->child.sync);
	fd_close(&m->child.init_fd);
	for (int i = 0; i < m->child.n_tasks; i++)
		fd_close(&m->child.tasks[i]);
	ns_fds_close(&m->child.join);
	free(m->child.sources);
	fd_close(&m->cgroup_dir);
	fd_close(&m->own_pid_ns);
	fd_close(&m->own_time_ns);
	fd_close(&m->between_pidfd);
}

static bool is_exec(const struct launch_request *r)
{
	return r->target_pidfd >= 0;
}

/* The root of a user namespace has mounts to give only when the mount namespace is its own as well. */
static bool may_clone_mounts(void)
{
	auto_fd int tree = sys_open_tree(AT_FDCWD, "/", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	return tree >= 0;
}

static bool is_admin(void)
{
	return geteuid() == 0 && prctl(PR_CAPBSET_READ, CAP_SYS_ADMIN) == 1;
}

static bool can_hand_over_trees(void)
{
	return is_admin() && stage_has_new_api() && (!host_in_user_namespace() || may_clone_mounts());
}

static int prepare_cgroup(struct making *m, struct err *e)
{
	const struct cgroup *cg = m->r->cgroup;

	if (cg->mode == CGROUP_NONE || fault_skip("join the cgroup"))
		return 0;
	struct err why = { 0 }; /* -1 without an error means that this version has no such directory */
	m->cgroup_dir = cgroup_open_dir(cg, &why);
	if (m->cgroup_dir < 0 && why.code) {
		*e = why;
		return -e->code;
	}
	int n = cgroup_open_tasks(cg, m->child.tasks, e);
	if (n < 0)
		return n;
	m->child.n_tasks = n;
	return 0;
}

/* Trees are opened by the runtime where the child lacks the right (user namespaces), or where they are id-mapped. */
static bool needs_trees(const struct plan *p)
{
	if (p->ns[NS_USER].mode != NS_INHERIT || p->root.idmap)
		return true;
	for (size_t i = 0; i < p->mounts.n; i++)
		if (p->mounts.v[i].idmap)
			return true;
	return false;
}

static int prepare_child(struct making *m, struct err *e)
{
	const struct launch_request *r = m->r;
	size_t n = r->plan->mounts.n;

	m->child.await_maps = !is_exec(r) && needs_trees(r->plan);
	m->child.sources = calloc(n + 1, sizeof(int));
	if (!m->child.sources)
		return err_code(e, ENOMEM, "launch");
	for (size_t i = 0; i < n; i++)
		m->child.sources[i] = -1;
	m->child.init_fd = record_init_memfd(e);
	return m->child.init_fd < 0 ? m->child.init_fd : 0;
}

static int prepare_sync(struct making *m, struct err *e)
{
	int r = sync_pair(&m->l->sync, &m->child.sync, e);

	m->child.runtime_end = m->l->sync;
	return r;
}

static int open_own(const char *ns, struct err *e)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/ns/%s", ns);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? err_sys(e, "open %s", path) : fd;
}

/*
 * pid: setns(2) changes only what our children get, so the clone below lands there without a further fork. Who may not come back
 * afterwards (the root of a user namespace that has no pid namespace of its own, as rootless podman's) sends one in between.
 */
static int enter_pid_namespace(struct making *m, struct err *e)
{
	int fd = is_exec(m->r) ? m->r->target_pidfd : m->child.join.v[NS_PID];
	bool wanted = is_exec(m->r) ? m->r->plan->ns[NS_PID].mode != NS_INHERIT : fd >= 0;

	if (!wanted || m->between)
		return 0;
	m->own_pid_ns = open_own("pid", e);
	if (m->own_pid_ns < 0)
		return m->own_pid_ns;
	if (setns(m->own_pid_ns, CLONE_NEWPID) < 0) {
		fd_close(&m->own_pid_ns);
		m->between = true;
		return 0;
	}
	if (setns(fd, CLONE_NEWPID) < 0)
		return err_sys(e, "join the pid namespace");
	fd_close(&m->child.join.v[NS_PID]);
	return 0;
}

static int make_time_namespace(struct making *m, struct err *e)
{
	if (is_exec(m->r) || m->r->plan->ns[NS_TIME].mode != NS_NEW || fault_skip("namespace time"))
		return 0;
	m->own_time_ns = open_own("time", e);
	if (m->own_time_ns < 0)
		return m->own_time_ns;
	if (unshare(CLONE_NEWTIME) < 0)
		return err_sys(e, "new time namespace");
	return fault_skip("time offsets") ? 0 : ns_write_time_offsets(&m->r->plan->monotonic, &m->r->plan->boottime, e);
}

static int prepare_namespaces(struct making *m, struct err *e)
{
	if (!is_exec(m->r)) {
		int r = ns_open_all(m->r->plan->ns, &m->child.join, e);
		if (r < 0)
			return r;
		m->between = m->child.join.v[NS_USER] >= 0;
	} else {
		m->between = m->r->plan->ns[NS_USER].mode != NS_INHERIT && !is_admin();
	}
	int r = enter_pid_namespace(m, e);
	return r < 0 ? r : make_time_namespace(m, e);
}

/* Hooks must not land in namespaces that were meant for the container alone. */
static int leave_namespaces(struct making *m, struct err *e)
{
	if (m->own_pid_ns >= 0 && setns(m->own_pid_ns, CLONE_NEWPID) < 0)
		return err_sys(e, "go back to the runtime's pid namespace");
	if (m->own_time_ns >= 0 && setns(m->own_time_ns, CLONE_NEWTIME) < 0)
		return err_sys(e, "go back to the runtime's time namespace");
	return 0;
}

/* cgroup: unshared by the child after it has joined. time: made above. ipc: whoever makes it owns the root of its mqueue, so with a
 * user namespace the child does, once it is root there. */
static uint64_t new_namespaces(const struct plan *p)
{
	uint64_t later = ns_clone_flag(NS_CGROUP) | ns_clone_flag(NS_TIME);

	if (p->ns[NS_USER].mode != NS_INHERIT)
		later |= ns_clone_flag(NS_IPC);
	return ns_flags(p->ns, NS_NEW) & ~later;
}

static long clone_child(struct making *m, int *pidfd)
{
	struct clone_args args = { .flags = CLONE_PIDFD, .exit_signal = SIGCHLD, .pidfd = (uint64_t)(uintptr_t)pidfd };

	if (!is_exec(m->r) && !m->between)
		args.flags |= new_namespaces(m->r->plan);
	if (m->cgroup_dir >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)(unsigned)m->cgroup_dir;
	}
	return sys_clone3(&args);
}

static int clone_failed(const struct making *m, struct err *e)
{
	const struct cgroup *cg = m->r->cgroup;

	if (errno == EACCES && m->cgroup_dir >= 0 && cg->unit)
		return err_code(e, EACCES,
				"clone the new process into %s: this command runs outside of what the user's systemd manages, and from there the "
				"kernel lets a user start nothing in it (systemd-run --user --scope starts a command inside)", cg->name);
	if (errno == EAGAIN) /* on v2 the clone itself meets the cgroup's limit */
		return err_sys(e, "clone the new process into its namespaces and cgroup (resources.pids.limit of the cgroup, or "
				  "RLIMIT_NPROC, allows no further process)");
	return err_sys(e, "clone the new process into its namespaces and cgroup");
}

static int clone_step(struct making *m, struct err *e)
{
	int pidfd = -1;
	long pid = clone_child(m, &pidfd);

	if (pid < 0)
		return clone_failed(m, e);
	if (pid == 0) {
		if (m->between)
			child_go_between(&m->child, is_exec(m->r) ? 0 : new_namespaces(m->r->plan),
					 is_exec(m->r) ? enter_main : child_main);
		if (is_exec(m->r))
			enter_main(&m->child);
		child_main(&m->child);
	}
	fd_close(&m->child.sync); /* only the child may hold its end: its death must be seen as end of file */
	if (m->between) {
		m->l->step = SYNC_JOINING;
		m->between_pid = (pid_t)pid;
		m->between_pidfd = pidfd;
	} else {
		m->l->pid = (pid_t)pid;
		m->l->pidfd = pidfd;
	}
	return leave_namespaces(m, e);
}

static int adjust_step(struct making *m, struct err *e)
{
	if (m->between)
		return 0; /* its own child comes with SYNC_PID */
	return adjust_process(m->r, m->l->pid, m->child.join.v[NS_NET], m->child.in_user, &m->l->adjusted, e);
}

/* The user namespace whose maps an id-mapped mount takes when it has none of its own; -1 without one. */
static int container_userns(struct making *m, struct err *e)
{
	char path[64];

	switch (m->r->plan->ns[NS_USER].mode) {
	case NS_NEW:
		snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)m->l->pid);
		break;
	case NS_JOIN:
		snprintf(path, sizeof(path), "/proc/self/fd/%d", m->child.join.v[NS_USER]);
		break;
	default:
		return -1;
	}
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? err_sys(e, "open the container's user namespace") : fd;
}

static int map_step(struct making *m, struct err *e)
{
	const struct plan *p = m->r->plan;

	if (!m->child.await_maps)
		return 0;
	int r = p->ns[NS_USER].mode == NS_NEW ? idmap_write(m->l->pid, &p->uid_map, &p->gid_map, e) : 0;
	if (r < 0)
		return r;
	/* An ordinary user may not clone mounts of the host, and without the new mount API nothing can be handed over: then the
	 * child does it once it is root of its own namespace. */
	if (!can_hand_over_trees() || p->ns[NS_MOUNT].mode != NS_NEW)
		return sync_send(m->l->sync, SYNC_MAPS, NULL, 0, e);
	auto_fd int userns = container_userns(m, e);
	return userns < -1 ? userns : trees_send(m->l->sync, m->r->plan, userns, e);
}

static void kill_and_reap(int pidfd, pid_t pid)
{
	struct err e = { 0 };

	(void)sys_pidfd_send_signal(pidfd, SIGKILL, NULL, 0); /* ESRCH: it has ended by itself */
	if (wait_reap(pidfd, pid, WAIT_END_MS, NULL, &e) < 0)
		log_warn("after SIGKILL: %s", e.text);
}

/* It has nothing to do any more but to end. */
static void reap_between(struct making *m)
{
	if (m->between_pid > 0)
		kill_and_reap(m->between_pidfd, m->between_pid);
	m->between_pid = 0;
}

/* The pid that a pidfd means, as /proc/self/fdinfo shows it. */
static pid_t pid_of(int pidfd)
{
	char path[64], text[512];

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
	if (fd_read_small(AT_FDCWD, path, text, sizeof(text)) < 0)
		return -1;
	const char *at = strstr(text, "Pid:");
	return at ? (pid_t)strtol(at + 4, NULL, 10) : -1;
}

static int take_pid(struct making *m, struct sync_in *in, struct err *e)
{
	m->l->pidfd = in->fds[0];
	m->l->pid = pid_of(m->l->pidfd);
	if (m->l->pid <= 0)
		return err_set(e, ESRCH, "the new process has gone already");
	reap_between(m);
	m->between = false;
	m->child.in_user = is_exec(m->r); /* as enter_between() has done it */
	return adjust_step(m, e);
}

static int run_runtime_hooks(struct making *m, struct err *e)
{
	static const enum hook_kind kinds[] = { HOOK_PRESTART, HOOK_CREATE_RUNTIME };
	auto_free char *state = NULL;
	size_t len;
	int r = m->r->state(m->r->plan, "creating", m->l->pid, &state, &len, e);

	for (size_t i = 0; r == 0 && i < N_ELEMENTS(kinds); i++)
		r = hooks_run(&m->r->plan->hooks[kinds[i]], kinds[i], m->r->plan->bundle, state, false, e);
	return r < 0 ? r : sync_send(m->l->sync, SYNC_HOOKS_DONE, NULL, 0, e);
}

static int pass_console(struct making *m, struct sync_in *in, struct err *e)
{
	auto_fd int master = in->fds[0];

	if (m->r->console_sock >= 0)
		return tty_send(m->r->console_sock, "/dev/ptmx", master, e);
	m->l->console = fd_take(&master);
	return 0;
}

static int pass_listener(const struct plan *p, launch_state_fn *state, pid_t pid, int fd, struct err *e)
{
	auto_fd int listener = fd;
	auto_free char *text = NULL;
	size_t len;

	if (!p->filter.engine.listener_path)
		return err_set(e, EPROTO, "a seccomp listener came that nobody asked for");
	int r = state(p, "creating", pid, &text, &len, e);
	return r < 0 ? r : listener_send(&p->filter.engine, p->oci_version, pid, text, listener, e);
}

static int take_error(const struct sync_in *in, int *status, struct err *e)
{
	if (status)
		*status = in->error.status;
	if (in->error.code > 0)
		return err_set(e, in->error.code, "%s", in->error.text);
	*e = (struct err){ 0 };
	return err_told(e, "the new process");
}

static int serve(struct making *m, struct sync_in *in, struct err *e)
{
	switch (in->msg) {
	case SYNC_PID:
		return take_pid(m, in, e);
	case SYNC_HOOKS:
		return run_runtime_hooks(m, e);
	case SYNC_CONSOLE:
		return pass_console(m, in, e);
	case SYNC_LISTENER:
		return pass_listener(m->r->plan, m->r->state, m->l->pid, in->fds[0], e);
	case SYNC_ERROR:
		return take_error(in, NULL, e);
	case SYNC_READY:
		m->l->told = in->ready;
		return 0;
	default:
		return 0;
	}
}

/* Hooks that the new process runs: without a timeout they may take as long as they like; everything else may not. */
static int deadline_of(const struct hooks *h)
{
	int64_t ms = WAIT_ANSWER_MS;

	for (size_t i = 0; i < h->n; i++) {
		if (h->v[i].timeout <= 0)
			return -1;
		ms += (int64_t)h->v[i].timeout * 1000;
	}
	return ms > INT32_MAX ? INT32_MAX : (int)ms;
}

static int serve_step(struct making *m, struct err *e)
{
	while (m->l->step != SYNC_WAITING) {
		struct sync_in in;
		pid_t pid = m->between_pid > 0 ? m->between_pid : m->l->pid;
		int r = sync_receive(m->l->sync, &m->l->step, pid, &in, deadline_of(&m->r->plan->hooks[HOOK_CREATE_CONTAINER]), e);
		if (r > 0)
			r = serve(m, &in, e);
		if (r < 0)
			return r;
	}
	return 0;
}

static const struct { const char *doing; int (*run)(struct making *, struct err *); } steps[] = {
	{ "launch: prepare the cgroup",	    prepare_cgroup },
	{ "launch: prepare the process",    prepare_child },
	{ "launch: open the sync socket",   prepare_sync },
	{ "launch: prepare the namespaces", prepare_namespaces },
	{ "launch: clone",		    clone_step },
	{ "launch: adjust the process",	    adjust_step },
	{ "launch: map the ids",	    map_step },
	{ "launch: serve the process",	    serve_step },
};

/* A child that died before it could speak may have left its last words unread. True when *e has them now. */
static bool read_last_words(struct making *m, struct err *e)
{
	struct sync_in in;
	struct err late = { 0 };

	if (m->l->sync < 0 || m->l->step == SYNC_OVER || e->code == ETIMEDOUT)
		return false;
	while (sync_receive(m->l->sync, &m->l->step, m->l->pid, &in, 0, &late) > 0) {
		if (in.msg == SYNC_ERROR) {
			take_error(&in, NULL, e);
			return true;
		}
		for (size_t i = 0; i < in.nfds; i++)
			fd_close(&in.fds[i]);
	}
	return false;
}

/* A process that ended without a word: how, if that can be learned. It stays for launch_abort() to reap. */
static void say_how_it_ended(int pidfd, struct err *e)
{
	enum { END_DEADLINE_MS = 1000 };
	siginfo_t info = { 0 };

	if (pidfd < 0 || wait_readable(pidfd, END_DEADLINE_MS) < 0 || waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED | WNOWAIT | WNOHANG) < 0)
		return;
	if (info.si_code == CLD_EXITED)
		(void)err_more(e, "it exited with status %d", info.si_status);
	else if (info.si_code == CLD_KILLED || info.si_code == CLD_DUMPED)
		(void)err_more(e, "it was killed by signal %d (%s)", info.si_status, strsignal(info.si_status));
}

int launch_begin(const struct launch_request *r, struct launch *out, struct err *e)
{
	struct making m __attribute__((cleanup(making_done))) = {
		.r = r,
		.l = out,
		.child = { .r = r, .sync = -1, .runtime_end = -1, .init_fd = -1, .join = { .v = { -1, -1, -1, -1, -1, -1, -1, -1 } },
			   .stage = STAGE_NEW_API, .root_tree = -1, .root = -1, .record = -1 },
		.cgroup_dir = -1,
		.between_pidfd = -1,
		.own_pid_ns = -1,
		.own_time_ns = -1,
	};

	for (size_t i = 0; i < N_ELEMENTS(steps); i++) {
		int f = fault_here(steps[i].doing, e);
		if (f == 0)
			f = steps[i].run(&m, e);
		if (f == 0)
			continue;
		(void)err_told(e, steps[i].doing);
		if ((e->code == EPIPE || e->code == ECONNRESET) && !read_last_words(&m, e)) {
			(void)err_set(e, ECONNRESET, "the new process ended without a word");
			say_how_it_ended(out->pidfd, e);
		}
		reap_between(&m);
		struct err ignored = { 0 };
		(void)leave_namespaces(&m, &ignored); /* the first error is the one to report */
		launch_abort(r->plan, out);
		return -e->code;
	}
	return 0;
}

/* True when caisson-init has ended as itself: execve(2) had not yet put the program into its place. */
static bool died_in_exec(pid_t pid)
{
	char path[64], text[512];

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	return fd_read_small(AT_FDCWD, path, text, sizeof(text)) > 0 && strstr(text, "(caisson-init) Z ");
}

static int serve_message(struct sync_in *in, const struct plan *p, launch_state_fn *state, pid_t pid, int *status, struct err *e)
{
	switch (in->msg) {
	case SYNC_ERROR:
		return take_error(in, status, e);
	case SYNC_LISTENER:
		return pass_listener(p, state, pid, in->fds[0], e);
	default:
		return 0;
	}
}

static int serve_start(int sock, enum sync_step *step, const struct plan *p, launch_state_fn *state, pid_t pid, int *status,
		       struct err *e)
{
	*status = 1;
	int s = sync_send(sock, SYNC_GO, NULL, 0, e);
	if (s == -EPIPE || s == -ECONNRESET)
		return err_set(e, -s, "the container's process ended before it was told to run its program");
	*step = SYNC_STARTING;
	while (*step != SYNC_OVER) {
		struct sync_in in;
		int r = sync_receive(sock, step, pid, &in, deadline_of(&p->hooks[HOOK_START_CONTAINER]), e);
		if (r > 0)
			r = serve_message(&in, p, state, pid, status, e);
		if (r < 0)
			return r;
	}
	/* As PID 1 caisson-init lives on, and ends like this when all is over. */
	return !p->init && died_in_exec(pid) ? err_set(e, ECONNRESET, "the new process was killed before its program ran") : 0;
}

int launch_keep(struct launch *l, struct err *e)
{
	int r = sync_send(l->sync, SYNC_KEEP, NULL, 0, e);

	return r < 0 ? err_wrap(e, "the container's process has ended already") : 0;
}

int launch_go(const struct launch_request *r, struct launch *l, int *status, struct err *e)
{
	int s = serve_start(l->sync, &l->step, r->plan, r->state, l->pid, status, e);

	if (s == -ECONNRESET)
		say_how_it_ended(l->pidfd, e);
	return s;
}

int launch_serve_gate(int sock, const struct plan *p, launch_state_fn *state, pid_t pid, int *status, struct err *e)
{
	enum sync_step step;

	return serve_start(sock, &step, p, state, pid, status, e);
}

void launch_release(struct launch *l)
{
	adjusted_done(&l->adjusted);
	fd_close(&l->sync);
}

void launch_abort(const struct plan *p, struct launch *l)
{
	adjust_undo(p, &l->adjusted);
	if (l->pidfd >= 0)
		kill_and_reap(l->pidfd, l->pid);
	launch_release(l);
	fd_close(&l->pidfd);
	fd_close(&l->console);
	l->pid = -1;
}
