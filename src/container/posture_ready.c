/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The short form, on the way of every launch: one read of status, two descriptors, and two calls per namespace.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/capname.h"
#include "base/fd.h"
#include "container/posture.h"
#include "container/posture_ids.h"
#include "container/proc_status.h"
#include "policy/env.h"
#include "init/finish.h"
#include "policy/landlock.h"

static int refuse_id(struct err *e, const char *what, uint32_t wanted, uint32_t got)
{
	return err_set(e, EPERM, "posture: the process has %s %u and should have %u (as this host shows them)", what, got,
		       wanted);
}

static int check_ids(const struct process *proc, const struct proc_status *s, const struct posture_map *uids,
		     const struct posture_map *gids, struct err *e)
{
	uint32_t uid = posture_id(uids, proc->uid), gid = posture_id(gids, proc->gid);

	for (size_t i = 0; i < 4; i++) {
		if (s->uid[i] != uid)
			return refuse_id(e, "uid", uid, s->uid[i]);
		if (s->gid[i] != gid)
			return refuse_id(e, "gid", gid, s->gid[i]);
	}
	/* An ordinary user's namespace may deny setgroups(2): then the caller's own groups stay, and none could be asked for. */
	if (!posture_same_groups(s, gids, &proc->groups) && !(geteuid() != 0 && proc->groups.n == 0))
		return err_set(e, EPERM, "posture: the supplementary groups are not those planned (%zu, and should be %zu)",
			       s->n_groups, proc->groups.n);
	return 0;
}

static int check_set(const char *name, uint64_t want, uint64_t got, struct err *e)
{
	char more[400], less[400];

	if (want == got)
		return 0;
	capname_list(got & ~want, more, sizeof(more));
	capname_list(want & ~got, less, sizeof(less));
	return err_set(e, EPERM, "posture: the %s capabilities differ from the plan: too many: %s; missing: %s", name, more,
		       less);
}

static int check_caps(const struct capsets *want, const struct capsets *got, struct err *e)
{
	int err = check_set("bounding", want->bounding, got->bounding, e);

	err = err ? err : check_set("permitted", want->permitted, got->permitted, e);
	err = err ? err : check_set("effective", want->effective, got->effective, e);
	err = err ? err : check_set("inheritable", want->inheritable, got->inheritable, e);
	return err ? err : check_set("ambient", want->ambient, got->ambient, e);
}

/* A runtime that is itself confined passes its own filters and flag on: looked up only when the numbers do not match. */
static int own_filters(int *mode)
{
	auto_fd int self = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_proc_status own = { 0 };
	struct err ignored = { 0 };

	*mode = 0;
	if (self < 0 || proc_status_read(self, &own, &ignored) < 0)
		return 0;
	*mode = own.seccomp;
	return own.filters > 0 ? own.filters : 0;
}

static int check_switches(const struct process *proc, const struct proc_status *s, size_t n_filters, struct err *e)
{
	int wanted_mode = n_filters ? 2 : 0, wanted = (int)n_filters;

	if (s->no_new_privs != proc->no_new_privs && !(s->no_new_privs && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1))
		return err_set(e, EPERM, "posture: no_new_privileges is %s and should be %s", s->no_new_privs ? "on" : "off",
			       proc->no_new_privs ? "on" : "off");
	if ((s->seccomp >= 0 && s->seccomp != wanted_mode) || (s->filters >= 0 && s->filters != wanted)) {
		int own_mode, own = own_filters(&own_mode);
		if (own_mode == 2)
			wanted_mode = 2;
		wanted += own;
	}
	if (s->seccomp >= 0 && s->seccomp != wanted_mode)
		return err_set(e, EPERM, "posture: the system call filter is %s and should be %s",
			       s->seccomp == 2 ? "on" : "off", wanted_mode == 2 ? "on" : "off");
	if (s->filters >= 0 && s->filters != wanted)
		return err_set(e, EPERM, "posture: %d system call filters, and should be %d", s->filters, wanted);
	return 0;
}

static int check_namespaces(const struct plan *p, int procfd, struct err *e)
{
	auto_fd int ns = openat(procfd, "ns", O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_fd int own = open("/proc/self/ns", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (ns < 0 || own < 0)
		return err_sys(e, "posture: open the namespaces of the process");
	for (int i = 0; i < NS_KINDS; i++) {
		int same;
		if (p->ns[i].mode == NS_INHERIT)
			continue;
		same = posture_namespace(p, (enum ns_kind)i, ns, own);
		/* A caller without SYS_PTRACE may not look at a process with other ids; a path to join may be gone. Both are no
		 * sign of a difference: the child's own call succeeded. */
		if (same == -EACCES || same == -EPERM || same == -ENOENT)
			continue;
		if (same < 0)
			return err_code(e, -same, "posture: look at the %s namespace", posture_ns_names[i]);
		if (!same)
			return err_set(e, EPERM, p->ns[i].mode == NS_NEW
				       ? "posture: the process has no %s namespace of its own"
				       : "posture: the process is not in the %s namespace it was to join",
				       posture_ns_names[i]);
	}
	return 0;
}

/* Checked here as well, because nobody could take it back from the program. */
static int check_env(const struct plan *p, const struct process *proc, struct err *e)
{
	for (size_t i = 0; i < proc->env.n; i++)
		if (env_is_denied(&p->exec.env_deny, proc->env.v[i]))
			return err_set(e, EPERM, "posture: the environment still holds %.*s, which env.deny takes out",
				       (int)strcspn(proc->env.v[i], "="), proc->env.v[i]);
	return 0;
}

int posture_check_told(const struct plan *p, const struct finish_ready *told, struct err *e)
{
	if (p->deny_write_exec && !told->deny_write_exec)
		return err_set(e, EPERM, "posture: memory may be written and executed, and should not");
	if (told->landlock_layers != landlock_layers(&p->landlock))
		return err_set(e, EPERM, "posture: %u Landlock layers, and should be %zu", told->landlock_layers, landlock_layers(&p->landlock));
	return 0;
}

int posture_check_ready(const struct plan *p, const struct process *proc, pid_t pid, size_t n_filters, struct err *e)
{
	struct posture_map uids, gids;
	auto_proc_status s = { 0 };
	auto_fd int fd = -1;
	char path[32];
	int err;

	(void)snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "posture: open %s", path);
	err = proc_status_read(fd, &s, e);
	if (err < 0)
		return err_wrap(e, "posture");
	err = posture_maps(p, fd, &uids, &gids, e);
	if (err < 0)
		return err_wrap(e, "posture");
	err = check_ids(proc, &s, &uids, &gids, e);
	err = err ? err : check_caps(&proc->caps, &s.caps, e);
	err = err ? err : check_switches(proc, &s, n_filters, e);
	err = err ? err : check_env(p, proc, e);
	if (err == 0 && p->image.required && !p->image.seen)
		err = err_set(e, EPERM, "posture: image.require asks for something, and the image was not looked at");
	return err ? err : check_namespaces(p, fd, e);
}
