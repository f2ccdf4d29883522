/* SPDX-License-Identifier: Apache-2.0 */
/* What the memory controller knows about processes that it has killed. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "kernel/cgroup_internal.h"

/* A launch itself needs less than this in its cgroup: page tables, the namespaces' own structures, caisson-init. Measured,
 * and kept by tests/integration/39-errors.t. */
enum { ENOUGH_FOR_A_LAUNCH = 512 * 1024 };

/* Files differ by version; one that is missing (memory.peak before 5.19) leaves 0. */
static const struct { const char *events, *kills, *limit, *peak; } files[] = {
	[false] = { "memory.oom_control", "oom_kill", "memory.limit_in_bytes", "memory.max_usage_in_bytes" },
	[true]	= { "memory.events",	  "oom_kill", "memory.max",	       "memory.peak" },
};

bool cgroup_oom(const struct cgroup *cg, struct cgroup_oom *out)
{
	const char *dir = cg->mode == CGROUP_NONE || !cg->n ? NULL : cgroup_dir_of(cg, "memory");
	bool v2 = cg->mode == CGROUP_V2;

	*out = (struct cgroup_oom){ 0 };
	if (!dir || cgroup_get_key(dir, files[v2].events, files[v2].kills, &out->kills) < 0)
		return false;
	(void)cgroup_get_u64(dir, files[v2].limit, &out->limit);
	(void)cgroup_get_u64(dir, files[v2].peak, &out->peak);
	return true;
}

int cgroup_oom_explain(const struct cgroup *cg, uint64_t kills_before, struct err *e)
{
	struct cgroup_oom now;

	if (!cgroup_oom(cg, &now) || now.kills <= kills_before)
		return -e->code;
	if (now.limit >= UINT64_MAX / 4) /* the kernel's "none" is a little less than that on v1 */
		return err_wrap(e, "out of memory: the kernel killed processes of this container (it has no limit of its own: one above "
				   "it, or the host, has run out; its peak was %" PRIu64 " bytes)", now.peak);
	err_wrap(e, "out of memory: the kernel killed processes of this container at its limit of %" PRIu64 " bytes (peak %" PRIu64
		    " bytes)", now.limit, now.peak);
	if (now.limit < ENOUGH_FOR_A_LAUNCH)
		return err_hint(e, "raise linux.resources.memory.limit: a launch takes up to %d bytes, and what the program needs comes "
				   "on top", ENOUGH_FOR_A_LAUNCH);
	return err_hint(e, "raise linux.resources.memory.limit");
}
