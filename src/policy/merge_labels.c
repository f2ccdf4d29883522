/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Labels of the security modules that a profile names in the place of the document's. Whether AppArmor has the profile loaded, the
 * kernel says at the start.
 */
#include "policy/merge_step.h"

struct module { const char *name, *control; enum profile_field field; };

static int meet(struct merge *m, const struct module *module, const char *named, bool enabled, const char **label, struct err *e)
{
	const char *before = *label ? *label : "-";

	if (!named || str_eq(named, "as-asked"))
		return 0;
	if (!enabled)
		return merge_refuse(m, e, module->field, "lsm", "%s \"%.256s\" cannot be applied: %s is not enabled on this host; leave it "
				    "out, or let \"lsm\" only warn", module->control, named, module->name);
	*label = named;
	merge_reason(m, str_eq(before, named) ? REASON_KEPT : REASON_NARROWED, module->control, before, named,
		     str_eq(before, named) ? m->asked_by : merge_rule(m, module->field));
	return 0;
}

int merge_labels(struct merge *m, struct err *e)
{
	static const struct module apparmor = { "AppArmor", "apparmor", PF_APPARMOR }, selinux = { "SELinux", "selinux", PF_SELINUX };
	struct process *p = &m->plan->process;
	int err;

	if (!m->plan->has_process)
		return 0;
	err = meet(m, &apparmor, m->p->apparmor, m->r->facts->apparmor, &p->apparmor, e);
	return err == 0 ? meet(m, &selinux, m->p->selinux, m->r->facts->selinux, &p->selinux, e) : err;
}
