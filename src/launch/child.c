/* SPDX-License-Identifier: Apache-2.0 */
/* What a new container's process does, in this order, before it becomes caisson-init. */
#include "launch/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/fd.h"
#include "base/str.h"
#include "base/sys.h"
#include "kernel/idmap.h"
#include "kernel/limits.h"
#include "kernel/net.h"
#include "kernel/rootfs.h"
#include "kernel/tty.h"
#include "launch/home.h"
#include "launch/hooks.h"
#include "launch/record.h"

static const struct plan *plan_of(const struct child *c)
{
	return c->r->plan;
}

/* A signal that comes before caisson-init listens stays pending instead of being lost, or ending us half-way. */
static void hold_signals(void)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
}

_Noreturn void child_run(struct child *c, const struct child_step *steps, size_t n)
{
	struct err e = { 0 };

	fd_close(&c->runtime_end);
	hold_signals();
	for (size_t i = 0; i < n; i++) {
		if (fault_here(steps[i].doing, &e) == 0 && steps[i].run(c, &e) == 0)
			continue;
		sync_send_error(c->sync, &e, 1);
		_exit(1);
	}
	_exit(1); /* the last step never returns with success */
}

/* Writing "0" moves the writer alone and waits for no RCU grace period (reference: cgroup v1, tasks file). */
int child_join_cgroup(struct child *c, struct err *e)
{
	for (int i = 0; i < c->n_tasks; i++) {
		if (write(c->tasks[i], "0", 1) < 0)
			return err_sys(e, "join the cgroup");
		fd_close(&c->tasks[i]);
	}
	/* After the move: the cgroup we are in becomes the root of the namespace. */
	if (plan_of(c)->ns[NS_CGROUP].mode == NS_NEW && !fault_skip("namespace cgroup") && c->r->target_pidfd < 0 && unshare(CLONE_NEWCGROUP) < 0)
		return err_sys(e, "new cgroup namespace");
	return 0;
}

int child_join(struct child *c, struct err *e)
{
	for (int k = 0; k < NS_KINDS; k++) {
		int r = c->join.v[k] >= 0 ? ns_join(c->join.v[k], (enum ns_kind)k, e) : 0;
		if (r < 0)
			return r;
		fd_close(&c->join.v[k]);
	}
	return 0;
}

/* Inside a user namespace we are nobody until we take an id that is mapped; files we make must belong to somebody. The maps of a
 * joined one are not ours to know. */
static int become_mapped_root(const struct plan *p, struct err *e)
{
	bool unknown = p->ns[NS_USER].mode == NS_JOIN && !p->gid_map.n;
	uint32_t host;

	if (unknown || idmap_to_host(&p->gid_map, 0, &host) == 0) {
		if (syscall(SYS_setgroups, 0, NULL) < 0 && errno != EPERM) /* EPERM: denied for good in this namespace */
			return err_sys(e, "drop groups in the user namespace");
		if (syscall(SYS_setresgid, 0, 0, 0) < 0)
			return err_sys(e, "become group 0 of the user namespace");
	}
	if ((unknown || idmap_to_host(&p->uid_map, 0, &host) == 0) && syscall(SYS_setresuid, 0, 0, 0) < 0)
		return err_sys(e, "become user 0 of the user namespace");
	return 0;
}

/* The trees come in packets of up to SYNC_FDS: the root first, then the binds in order of the mounts. */
static int place_trees(struct child *c, const int *fds, size_t n, size_t *next)
{
	const struct mounts *m = &plan_of(c)->mounts;

	for (size_t i = 0; i < n; i++) {
		if (c->root_tree < 0) {
			c->root_tree = fds[i];
			continue;
		}
		while (*next < m->n && !(m->v[*next].bind && !m->v[*next].remount))
			(*next)++;
		if (*next >= m->n)
			return -EPROTO;
		c->sources[(*next)++] = fds[i];
	}
	return 0;
}

static int child_await_maps(struct child *c, struct err *e)
{
	size_t next = 0;
	int more = 1;

	while (c->await_maps && more) {
		int fds[SYNC_FDS];
		size_t n = SYNC_FDS;
		more = sync_expect(c->sync, SYNC_MAPS, fds, &n, e);
		if (more < 0)
			return more;
		if (place_trees(c, fds, n, &next) < 0)
			return err_set(e, EPROTO, "more mount trees than mounts");
	}
	if (plan_of(c)->ns[NS_USER].mode == NS_INHERIT)
		return 0;
	int r = become_mapped_root(plan_of(c), e);
	if (r == 0 && plan_of(c)->ns[NS_IPC].mode == NS_NEW && unshare(CLONE_NEWIPC) < 0)
		return err_sys(e, "new ipc namespace");
	return r;
}

/* From here on the process will meet the container: nobody in there may ptrace it or look through its descriptors
 * (CVE-2016-9962). Not earlier: the maps of a user namespace are written through files that this would hand to root. */
int child_hide(struct child *c, struct err *e)
{
	(void)c;
	return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ? err_sys(e, "become non-dumpable") : 0;
}

static int child_name_host(struct child *c, struct err *e)
{
	const char *host = plan_of(c)->hostname, *domain = plan_of(c)->domainname;

	if (host && !fault_skip("hostname") && sethostname(host, strlen(host)) < 0)
		return err_sys(e, "hostname \"%s\"", host);
	if (domain && !fault_skip("domainname") && setdomainname(domain, strlen(domain)) < 0)
		return err_sys(e, "domainname \"%s\"", domain);
	return 0;
}

static int child_network(struct child *c, struct err *e)
{
	return plan_of(c)->ns[NS_NET].mode == NS_NEW ? net_loopback_up(e) : 0;
}

static bool owns_mounts(const struct child *c)
{
	return plan_of(c)->ns[NS_MOUNT].mode == NS_NEW;
}

static int child_attach_root(struct child *c, struct err *e)
{
	if (owns_mounts(c)) {
		c->root = rootfs_attach(&c->stage, &plan_of(c)->root, c->root_tree, e);
		return c->root < 0 ? c->root : 0;
	}
	c->root = open(plan_of(c)->root.path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return c->root < 0 ? err_sys(e, "root file system %s in the joined mount namespace", plan_of(c)->root.path) : 0;
}

static int child_mount(struct child *c, struct err *e)
{
	const struct plan *p = plan_of(c);
	const struct mounts_ctx ctx = {
		.stage = &c->stage,
		.root = c->root,
		.judge = &p->sources,
		.bundle = p->bundle,
		.mount_label = p->mount_label,
		.cgroup = c->r->cgroup,
		.cgroup_namespace = p->ns[NS_CGROUP].mode != NS_INHERIT,
		.user_namespace = p->ns[NS_USER].mode != NS_INHERIT,
		.network_namespace = p->ns[NS_NET].mode != NS_INHERIT,
		.sources = c->sources,
	};

	for (size_t i = 0; owns_mounts(c) && i < p->mounts.n; i++) {
		int r = mounts_attach(&ctx, &p->mounts.v[i], i, e);
		if (r < 0)
			return r;
	}
	return owns_mounts(c) ? rootfs_devices(p, &c->stage, c->root, e) : 0;
}

static int child_await_hooks(struct child *c, struct err *e)
{
	const struct hooks *h = plan_of(c)->hooks;

	/* The network devices have been moved when the answer comes: sysctls and createContainer hooks may mean them. */
	if (!h[HOOK_PRESTART].n && !h[HOOK_CREATE_RUNTIME].n && !plan_of(c)->net_devices.n)
		return 0;
	int r = sync_send(c->sync, SYNC_HOOKS, NULL, 0, e);
	size_t none = 0;
	return r < 0 ? r : sync_expect(c->sync, SYNC_HOOKS_DONE, NULL, &none, e);
}

/* createContainer: the path is of the runtime's mount namespace, the process is in the container's (OCI). */
static int child_run_hooks(struct child *c, struct err *e)
{
	const struct hooks *h = &plan_of(c)->hooks[HOOK_CREATE_CONTAINER];
	auto_free char *state = NULL;
	size_t len;

	if (!h->n)
		return 0;
	int r = c->r->state(plan_of(c), "creating", getpid(), &state, &len, e);
	return r < 0 ? r : hooks_run(h, HOOK_CREATE_CONTAINER, plan_of(c)->bundle, state, false, e);
}

/* While the host's procfs is still the one at /proc: the container's may be read-only, or not a procfs at all. */
static int child_set_sysctls(struct child *c, struct err *e)
{
	return limits_sysctls(&plan_of(c)->sysctl, e);
}

static int child_terminal(struct child *c, struct err *e)
{
	return child_use_terminal(c, c->root, owns_mounts(c), e);
}

static int take_streams(const int *streams, struct err *e)
{
	for (int fd = 0; fd < 3; fd++)
		if (dup2(streams[fd], fd) < 0)
			return err_sys(e, "make descriptor %d a standard stream", streams[fd]);
	return 0;
}

int child_use_terminal(struct child *c, int root, bool bind_console, struct err *e)
{
	const struct process *p = c->r->process;
	auto_tty t = { -1, -1 };

	if (!p->terminal) {
		int s = c->r->streams ? take_streams(c->r->streams, e) : 0;
		if (s == 0)
			tty_give_stdio(p->uid, p->gid);
		return s;
	}
	int r = tty_open(root, p->rows, p->columns, p->uid, &t, e);
	if (r == 0 && bind_console)
		r = tty_bind_console(&c->stage, root, t.slave, e);
	if (r == 0)
		r = sync_send(c->sync, SYNC_CONSOLE, &t.master, 1, e);
	for (int fd = 0; r == 0 && fd < 3; fd++)
		if (dup2(t.slave, fd) < 0)
			r = err_sys(e, "terminal: make it descriptor %d", fd);
	return r;
}

static int child_finish_root(struct child *c, struct err *e)
{
	return owns_mounts(c) ? rootfs_finish(plan_of(c), &c->stage, c->root, e) : 0;
}

int child_write_record(struct child *c, struct err *e)
{
	char home[1024];
	auto_free char *state = NULL;
	size_t len;
	const struct plan *p = plan_of(c);

	home_find(c->root, c->r->process->uid, home, sizeof(home));
	if (c->r->target_pidfd < 0 && p->hooks[HOOK_START_CONTAINER].n) {
		int r = c->r->state(p, "created", getpid(), &state, &len, e);
		if (r < 0)
			return r;
	}
	const struct record_input in = {
		.plan = p,
		.process = c->r->process,
		.filters = c->r->filters,
		.home = home,
		.sync_fd = c->sync,
		.gate_fd = c->r->gate_fd,
		.kept_fds = c->r->kept_fds,
		.pid1 = c->r->pid1,
		.idle = c->r->target_pidfd < 0 && !p->has_process,
		.keyring = c->r->keyring,
		.hook_state = state,
	};
	c->record = record_write(&in, e);
	return c->record < 0 ? c->record : 0;
}

static int child_enter_root(struct child *c, struct err *e)
{
	if (owns_mounts(c))
		return rootfs_enter(&c->stage, c->root, c->r->no_pivot, plan_of(c)->root.propagation, e);
	if (fchdir(c->root) < 0 || chroot(".") < 0)
		return err_sys(e, "enter the root");
	return 0;
}

int child_become_init(struct child *c, struct err *e)
{
	if (fcntl(c->sync, F_SETFD, 0) < 0 || (c->r->gate_fd >= 0 && fcntl(c->r->gate_fd, F_SETFD, 0) < 0))
		return err_sys(e, "hand over the launch socket");
	for (unsigned i = 0; i < c->r->kept_fds; i++)
		if (fcntl(3 + (int)i, F_SETFD, 0) < 0)
			return err_sys(e, "preserved descriptor %u", 3 + i);
	return record_exec(c->init_fd, c->record, e);
}

static const struct child_step steps[] = {
	{ "child: join the cgroup",	  child_join_cgroup },	/* on v1: before anything is unshared */
	{ "child: join namespaces",	  child_join },		/* before any path is resolved */
	{ "child: wait for the id maps",  child_await_maps },
	{ "child: hide",		  child_hide },		/* until the exec of caisson-init */
	{ "child: name the host",	  child_name_host },
	{ "child: bring up loopback",	  child_network },
	{ "child: attach the root",	  child_attach_root },
	{ "child: mount",		  child_mount },
	{ "child: wait for hooks",	  child_await_hooks },	/* the runtime runs prestart and createRuntime */
	{ "child: run hooks",		  child_run_hooks },	/* createContainer */
	{ "child: set sysctls",		  child_set_sysctls },
	{ "child: open the terminal",	  child_terminal },
	{ "child: finish the root",	  child_finish_root },	/* from here on the root may be read-only */
	{ "child: write the record",	  child_write_record },
	{ "child: enter the root",	  child_enter_root },
	{ "child: become init",		  child_become_init },	/* never returns: sealed memfd, record on a descriptor */
};

_Noreturn void child_main(struct child *c)
{
	child_run(c, steps, N_ELEMENTS(steps));
}

/* The runtime must know whom it hears before it hears anything: until the process in between has named its child, or is gone. */
static void await_naming(int named[2])
{
	char byte;

	(void)close(named[1]);
	while (read(named[0], &byte, sizeof(byte)) < 0 && errno == EINTR)
		;
	(void)close(named[0]);
}

/* Joining a user namespace gives up the runtime's rights, and only children enter a pid namespace: so a process in between
 * joins, and its clone becomes the runtime's own child (CLONE_PARENT). */
static int between(struct child *c, uint64_t flags, void (*then)(struct child *), struct err *e)
{
	int pidfd = -1, named[2];
	struct clone_args args = { .flags = flags | CLONE_PARENT | CLONE_PIDFD, .pidfd = (uint64_t)(uintptr_t)&pidfd };
	int r = child_join_cgroup(c, e);

	c->n_tasks = 0;
	if (r == 0)
		r = c->r->target_pidfd >= 0 ? enter_between(c, e) : child_join(c, e);
	if (r < 0)
		return r;
	if (pipe2(named, O_CLOEXEC) < 0)
		return err_sys(e, "a pipe for the new process");
	long pid = sys_clone3(&args);
	if (pid < 0)
		return err_sys(e, "clone in the joined user namespace");
	if (pid == 0) {
		await_naming(named);
		then(c);
	}
	return sync_send(c->sync, SYNC_PID, &pidfd, 1, e);
}

_Noreturn void child_go_between(struct child *c, uint64_t flags, void (*then)(struct child *))
{
	struct err e = { 0 };

	fd_close(&c->runtime_end);
	if (between(c, flags, then, &e) < 0) {
		sync_send_error(c->sync, &e, 1);
		_exit(1);
	}
	_exit(0);
}
