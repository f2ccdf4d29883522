/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which line of posture reads back what a control of explain decided, or why none does. A control that is in neither would look as if it
 * had been checked: it gets a line that says that it was not, and the tests look for such lines.
 */
#include <string.h>

#include "container/posture_covers.h"
#include "container/posture_parts.h"

#define DECISION "a decision, not a state of the process"

static const struct posture_cover covers[] = {
	/* how the profile was chosen */
	{ "level", NULL, DECISION },
	{ "profile", NULL, DECISION },
	{ "floor", NULL, DECISION },
	{ "mode", NULL, DECISION },
	{ "privileged", NULL, DECISION },
	{ "secrets in variables", NULL, DECISION },
	{ "ports", NULL, DECISION },
	{ "stop", NULL, DECISION },
	{ "health", NULL, DECISION }, /* a command for later */
	{ "exec", NULL, DECISION },
	{ "image", NULL, DECISION },
	/* the process */
	{ "environment", "environment", NULL },
	{ "user", "user", NULL },
	{ "umask", "umask", NULL },
	{ "no_new_privileges", "no_new_privileges", NULL },
	{ "capabilities", "caps bounding", NULL },
	{ "ambient capabilities", "caps ambient", NULL },
	{ "secure bits", "secure bits", NULL },
	{ "system calls", "system call filters", NULL },
	{ "sockets", "system call filters", NULL },
	{ "netlink", "system call filters", NULL },
	{ "ioctl", "system call filters", NULL },
	{ "write and execute", "write and execute", NULL },
	{ "landlock", "landlock", NULL },
	{ "apparmor", "security label", NULL },
	{ "selinux", "security label", NULL },
	/* the room */
	{ "root", "root", NULL },
	{ "mounts", "mounts", NULL },
	{ "mount sources", NULL, "judged when they were opened" },
	{ "writable places", "mounts", NULL },
	{ "programs", "mounts", NULL },
	{ "mount propagation", "mounts", NULL },
	{ "proc", "mounts", NULL },
	{ "devices", "device rules", NULL },
	{ "hooks", NULL, "those before the start have ended" },
	{ "masked paths", "masked paths", NULL },
	{ "read-only paths", "read-only paths", NULL },
	{ "sysctls", "sysctls", NULL },
	{ "pid namespace", "pid namespace", NULL },
	{ "ipc namespace", "ipc namespace", NULL },
	{ "uts namespace", "uts namespace", NULL },
	{ "mount namespace", "mount namespace", NULL },
	{ "network namespace", "net namespace", NULL },
	{ "cgroup namespace", "cgroup namespace", NULL },
	{ "user namespace", "user namespace", NULL },
	{ "user ids", "user namespace", NULL },
	/* limits */
	{ "pids", "pids", NULL },
	{ "memory", "memory", NULL },
	{ "open files", "open files", NULL },
	{ "core size", "core size", NULL },
	{ "locked memory", "locked memory", NULL },
	{ "cpu time", "cpu time", NULL },
	{ "file size", "file size", NULL },
	{ "data size", "data size", NULL },
	{ "stack size", "stack size", NULL },
	{ "resident set", "resident set", NULL },
	{ "processes of the user", "processes of the user", NULL },
	{ "address space", "address space", NULL },
	{ "file locks", "file locks", NULL },
	{ "pending signals", "pending signals", NULL },
	{ "message queues", "message queues", NULL },
	{ "nice priority", "nice priority", NULL },
	{ "realtime priority", "realtime priority", NULL },
	{ "realtime timeout", "realtime timeout", NULL },
	{ "swap", "memory and swap", NULL },
	{ "cpu", "cpu quota", NULL },
	{ "io weight", "further limits", NULL },
	{ "oom group", "further limits", NULL },
};

const struct posture_cover *posture_cover_of(const char *control)
{
	static const struct posture_cover check = { "launch check", NULL, DECISION };

	for (size_t i = 0; i < N_ELEMENTS(covers); i++)
		if (str_eq(covers[i].control, control))
			return &covers[i];
	return str_starts(control, "launch check ") ? &check : NULL; /* policy/checks.h: L01 and on */
}

static bool is_first_of(const struct reasons *r, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (str_eq(r->v[k].control, r->v[i].control))
			return false;
	return true;
}

/* What to say of a control that no line is about; NULL: nothing. What was kept, or only warned about, may be nothing at all, and then
 * has no line. */
static const char *missing(const struct look *l, const struct reason *r)
{
	const struct posture_cover *c = posture_cover_of(r->control);

	if (!c)
		return "not read back";
	if (!c->line)
		return str_eq(c->why, DECISION) ? NULL : c->why;
	if (r->kind == REASON_KEPT || r->kind == REASON_WARNED || posture_has_line(l, c->line))
		return NULL;
	return "not read back";
}

void posture_look_covers(struct look *l)
{
	const struct reasons *reasons = &l->p->reasons;

	for (size_t i = 0; i < reasons->n; i++) {
		const struct reason *r = &reasons->v[i];
		const char *why = is_first_of(reasons, i) ? missing(l, r) : NULL;
		if (!why)
			continue;
		posture_planned(l, r->control, "%.200s", r->result);
		posture_actual(l, VERDICT_NOT_ASKED, "%s", why);
	}
}
