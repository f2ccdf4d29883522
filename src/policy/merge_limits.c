/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Quantities of the cgroup: the smaller of what is asked and what the profile allows. Those of the process: merge_rlimits.c.
 */
#include "policy/merge_step.h"

/* Limits that need a cgroup where there is none to be had: said, because the launch would have to fail otherwise. A cgroup
 * of version 1 is never an ordinary user's to make. */
static bool can_limit(const struct merge *m)
{
	const struct facts *f = m->r->facts;
	bool ordinary = f->uid != 0 || f->in_user_namespace;
	/* A place that the document names may be open to the caller, and systemd makes its own. */
	bool closed = f->cgroup_closed && !m->s->cgroups_path && !m->r->systemd;

	return !m->r->no_cgroup && f->cgroup != CGROUP_NONE && !(ordinary && f->cgroup != CGROUP_V2) && !closed;
}

static void meet_pids(struct merge *m)
{
	struct opt_i64 *pids = &m->plan->resources.pids_limit;
	const char *before = !pids->set ? "-" : pids->v <= 0 ? "unlimited" : merge_text(m, "%lld", (long long)pids->v);

	if (m->p->pids == PROFILE_AS_ASKED || (pids->set && pids->v > 0 && (uint64_t)pids->v <= m->p->pids)) {
		merge_reason(m, REASON_KEPT, "pids", before, before, m->asked_by);
		return;
	}
	*pids = (struct opt_i64){ true, (int64_t)m->p->pids };
	merge_reason(m, REASON_NARROWED, "pids", before, merge_text(m, "%lld", (long long)pids->v), merge_rule(m, PF_PIDS));
}

/* Bytes as people write them, where they come out even. */
static const char *size_text(struct merge *m, struct opt_i64 size)
{
	long long v = size.v;

	if (!size.set)
		return "-";
	if (v <= 0)
		return "unlimited";
	if (v % (1 << 30) == 0)
		return merge_text(m, "%lldG", v >> 30);
	return v % (1 << 20) == 0 ? merge_text(m, "%lldM", v >> 20) : merge_text(m, "%lld", v);
}

static void meet_memory(struct merge *m)
{
	struct opt_i64 *limit = &m->plan->resources.memory.limit;
	const char *before = size_text(m, *limit);

	/* Here the profile's value stands in for none; a number that the operator chose holds. */
	if (m->p->memory == PROFILE_AS_ASKED || (limit->set && limit->v > 0)) {
		merge_reason(m, REASON_KEPT, "memory", before, before, m->asked_by);
		return;
	}
	*limit = (struct opt_i64){ true, (int64_t)m->p->memory };
	merge_reason(m, REASON_NARROWED, "memory", before, size_text(m, *limit), merge_rule(m, PF_MEMORY));
}

static bool wants_cgroup(const struct profile *p)
{
	return p->pids != PROFILE_AS_ASKED || p->memory != PROFILE_AS_ASKED || p->swap != PROFILE_AS_ASKED || p->cpu != PROFILE_AS_ASKED ||
	       p->io_weight != PROFILE_AS_ASKED;
}

int merge_limits(struct merge *m, struct err *e)
{
	bool can = can_limit(m);
	int err;

	m->plan->resources = m->s->resources;
	m->plan->no_cgroup = m->r->no_cgroup;
	m->plan->cgroups_path = m->s->cgroups_path;
	if (wants_cgroup(m->p) && !can) {
		merge_warn(m, "there is no cgroup to limit the container with: the level's limits on pids and memory do not "
			   "hold");
		merge_reason(m, REASON_WARNED, "pids", "-", "no cgroup", "this host");
	} else {
		err = merge_unified(m, e);
		if (err < 0)
			return err;
		meet_pids(m);
		meet_memory(m);
	}
	err = merge_resources(m, can, e);
	return err < 0 ? err : merge_process_limits(m, e);
}
