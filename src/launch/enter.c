/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the process of an exec does: one setns(2) on the pidfd of the container's PID 1 for all its namespaces, then it becomes
 * caisson-init like the container's own. It runs nothing of the container and reads nothing of it but /etc/passwd.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "kernel/idmap.h"
#include "kernel/limits.h"
#include "launch/child.h"

/*
 * The OOM score is set while our file in /proc is still ours to write. Then out of sight, because root of the user namespace could
 * ptrace what joins it.
 */
int enter_between(struct child *c, struct err *e)
{
	const struct opt_i64 *score = &c->r->process->oom_score_adj;
	int r = score->set ? limits_oom_score(getpid(), score->v, e) : 0;

	if (r == 0)
		r = child_hide(c, e);
	if (r < 0)
		return r;
	if (c->r->plan->ns[NS_USER].mode != NS_INHERIT && setns(c->r->target_pidfd, CLONE_NEWUSER) < 0)
		return err_sys(e, "join the container's user namespace");
	if (c->r->plan->ns[NS_PID].mode != NS_INHERIT && setns(c->r->target_pidfd, CLONE_NEWPID) < 0)
		return err_sys(e, "join the container's pid namespace");
	c->in_user = true;
	return 0;
}

/* In the container's cgroup; joining that has put an end to the initial ones. */
static int enter_cpus(struct child *c, struct err *e)
{
	return limits_cpus(c->r->process->affinity_final, "process.execCPUAffinity.final", e);
}

/* CLONE_NEWTIME asks for a kernel of 5.6; the pid namespace is entered by the clone, so the runtime has set it already. */
static int enter_namespaces(struct child *c, struct err *e)
{
	const struct namespace *ns = c->r->plan->ns;
	uint64_t flags = (ns_flags(ns, NS_NEW) | ns_flags(ns, NS_JOIN)) & ~ns_clone_flag(NS_PID);

	if (c->in_user)
		flags &= ~ns_clone_flag(NS_USER);
	if (flags && setns(c->r->target_pidfd, (int)flags) < 0)
		return err_sys(e, "join the container's namespaces");
	return 0;
}

/* Full rights in the user namespace came with setns(2); ids must be ones that are mapped there. */
static int enter_user(struct child *c, struct err *e)
{
	uint32_t host;
	const struct plan *p = c->r->plan;

	if (p->ns[NS_USER].mode == NS_INHERIT)
		return 0;
	if (syscall(SYS_setgroups, 0, NULL) < 0 && errno != EPERM)
		return err_sys(e, "drop groups in the user namespace");
	bool unknown = p->ns[NS_USER].mode == NS_JOIN && !p->gid_map.n;
	if ((unknown || idmap_to_host(&p->gid_map, 0, &host) == 0) && syscall(SYS_setresgid, 0, 0, 0) < 0)
		return err_sys(e, "become group 0 of the user namespace");
	if ((unknown || idmap_to_host(&p->uid_map, 0, &host) == 0) && syscall(SYS_setresuid, 0, 0, 0) < 0)
		return err_sys(e, "become user 0 of the user namespace");
	return 0;
}

static int enter_root(struct child *c, struct err *e)
{
	c->root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return c->root < 0 ? err_sys(e, "open the container's root") : 0;
}

static int enter_terminal(struct child *c, struct err *e)
{
	return child_use_terminal(c, c->root, false, e);
}

static const struct child_step steps[] = {
	{ "exec: hide",			child_hide },		/* before anything of the container can see us */
	{ "exec: join the cgroup",	child_join_cgroup },
	{ "exec: choose the CPUs",	enter_cpus },
	{ "exec: join namespaces",	enter_namespaces },
	{ "exec: become a mapped user", enter_user },
	{ "exec: open the root",	enter_root },
	{ "exec: open the terminal",	enter_terminal },
	{ "exec: write the record",	child_write_record },
	{ "exec: become init",		child_become_init },
};

_Noreturn void enter_main(struct child *c)
{
	child_run(c, steps, N_ELEMENTS(steps));
}
