/* SPDX-License-Identifier: Apache-2.0 */
/* What memory may be: not both written and executed. */
#include "policy/merge_step.h"

int merge_memory(struct merge *m, struct err *e)
{
	static const char control[] = "write and execute";

	if (!m->p->deny_write_exec || !m->plan->has_process)
		return 0;
	if (!m->r->facts->mdwe && !(m->p->best_effort & PROFILE_BEST_MDWE))
		return merge_refuse(m, e, PF_DENY_WRITE_EXEC, "memory", "this kernel (%u.%u) cannot deny memory that is written and executed, Linux "
				    "6.3 can; add \"mdwe\" to best_effort, or leave memory.deny_write_exec out",
				    m->r->facts->kernel_major, m->r->facts->kernel_minor);
	if (!m->r->facts->mdwe) {
		merge_warn(m, "memory that is written and executed is not denied: this kernel (%u.%u) cannot, Linux 6.3 can",
			   m->r->facts->kernel_major, m->r->facts->kernel_minor);
		merge_reason(m, REASON_WARNED, control, "as asked", "not denied: the kernel cannot", merge_rule(m, PF_BEST_EFFORT));
		return 0;
	}
	m->plan->deny_write_exec = true;
	merge_reason(m, REASON_NARROWED, control, "as asked", "denied", merge_rule(m, PF_DENY_WRITE_EXEC));
	return 0;
}
