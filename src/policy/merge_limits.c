/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Quantities: the smaller of what is asked and what the profile allows; and never more than this host can give.
 */
#include <errno.h>
#include <linux/capability.h>
#include <sys/resource.h>

#include "base/capname.h"
#include "policy/merge_step.h"

static bool may_raise(const struct facts *f)
{
	return !f || ((f->caps & CAP_BIT(CAP_SYS_RESOURCE)) && !f->in_user_namespace);
}

static const char *amount(struct arena *a, uint64_t v)
{
	return v == UINT64_MAX ? "unlimited" : arena_printf(a, "%llu", (unsigned long long)v);
}

/* The row for `resource`, made when it is not there. rows has room for one more. */
static struct process_rlimit *row_of(struct process_rlimit *rows, size_t *n, int resource, const char *name, uint64_t soft, uint64_t hard)
{
	for (size_t i = 0; i < *n; i++)
		if (rows[i].resource == resource)
			return &rows[i];
	rows[*n] = (struct process_rlimit){ .resource = resource, .name = name, .soft = soft, .hard = hard };
	return &rows[(*n)++];
}

static bool has_row(const struct rlimits *l, int resource)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].resource == resource)
			return true;
	return false;
}

static void note(struct arena *a, struct merge_rlimit *out, const char *control, const struct rlimits *before,
		 const struct process_rlimit *after, bool warned)
{
	out->name = control;
	out->asked = "-";
	for (size_t i = 0; i < before->n; i++)
		if (before->v[i].resource == after->resource)
			out->asked = amount(a, before->v[i].hard);
	out->result = amount(a, after->hard);
	out->resource = after->resource;
	out->warned = warned;
}

struct limit_rule { int resource; const char *name, *control; uint64_t hard, soft; };

/* Should a limit that the document does not name be written down? Not when the inherited one is known to be small enough, and
 * not when setting it could be a raise that the kernel refuses. */
static bool wanted(const struct limit_rule *l, const struct facts *f)
{
	if (!f)
		return false;
	if (l->resource == RLIMIT_NOFILE)
		return f->nofile_hard > l->hard;
	return l->hard == 0 || may_raise(f);
}

static bool meet_rlimit(const struct limit_rule *l, const struct facts *f, const struct rlimits *asked, struct process_rlimit *rows,
			size_t *n, struct process_rlimit **row, bool *warned)
{
	bool there = has_row(asked, l->resource);
	uint64_t hard = l->hard;

	*warned = false;
	if (!there && (l->hard == PROFILE_AS_ASKED || !wanted(l, f)))
		return false;
	*row = row_of(rows, n, l->resource, l->name, l->soft, l->hard);
	if (f && l->resource == RLIMIT_NOFILE && !may_raise(f) && f->nofile_hard < hard) {
		hard = f->nofile_hard;
		*warned = (*row)->hard > hard;
	}
	if ((*row)->hard <= hard && there)
		return false;
	if ((*row)->hard > hard)
		(*row)->hard = hard;
	if ((*row)->soft > (*row)->hard)
		(*row)->soft = (*row)->hard;
	return true;
}

int merge_rlimits(struct arena *a, const struct plan_exec *p, const struct facts *f, struct process *proc,
		  struct merge_rlimit notes[MERGE_RLIMITS], size_t *n_notes)
{
	const struct limit_rule rules[MERGE_RLIMITS] = {
		{ RLIMIT_NOFILE, "RLIMIT_NOFILE", "open files", p->nofile, p->nofile_soft },
		{ RLIMIT_CORE, "RLIMIT_CORE", "core size", p->core, p->core },
		{ RLIMIT_MEMLOCK, "RLIMIT_MEMLOCK", "locked memory", p->memlock, p->memlock },
	};
	const struct rlimits asked = proc->rlimits;
	struct process_rlimit *rows = arena_array(a, asked.n + MERGE_RLIMITS, sizeof(*rows));
	size_t n = asked.n;

	*n_notes = 0;
	if (!rows)
		return -ENOMEM;
	if (!p->fits)
		return 0;
	for (size_t i = 0; i < asked.n; i++)
		rows[i] = asked.v[i];
	for (size_t i = 0; i < MERGE_RLIMITS; i++) {
		struct process_rlimit *row;
		bool warned;
		if (meet_rlimit(&rules[i], f, &asked, rows, &n, &row, &warned))
			note(a, &notes[(*n_notes)++], rules[i].control, &asked, row, warned);
	}
	proc->rlimits.v = rows;
	proc->rlimits.n = n;
	return 0;
}

static enum profile_field rlimit_field(int resource)
{
	return resource == RLIMIT_NOFILE ? PF_NOFILE : resource == RLIMIT_CORE ? PF_CORE : PF_MEMLOCK;
}

static int meet_process(struct merge *m, struct err *e)
{
	struct merge_rlimit notes[MERGE_RLIMITS];
	size_t n;

	if (!m->plan->has_process)
		return 0;
	if (merge_rlimits(m->a, &m->plan->exec, m->r->facts, &m->plan->process, notes, &n) < 0)
		return err_set(e, ENOMEM, "policy: out of memory");
	for (size_t i = 0; i < n; i++) {
		if (notes[i].warned)
			merge_warn(m, "%s: this host gives at most %s, not %s", notes[i].name, notes[i].result,
				   notes[i].asked);
		merge_reason(m, notes[i].warned ? REASON_WARNED : REASON_NARROWED, notes[i].name, notes[i].asked,
			     notes[i].result, notes[i].warned ? "this host" : merge_rule(m, rlimit_field(notes[i].resource)));
	}
	return 0;
}

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

int merge_limits(struct merge *m, struct err *e)
{
	m->plan->resources = m->s->resources;
	m->plan->no_cgroup = m->r->no_cgroup;
	m->plan->cgroups_path = m->s->cgroups_path;
	if ((m->p->pids != PROFILE_AS_ASKED || m->p->memory != PROFILE_AS_ASKED) && !can_limit(m)) {
		merge_warn(m, "there is no cgroup to limit the container with: the level's limits on pids and memory do not "
			   "hold");
		merge_reason(m, REASON_WARNED, "pids", "-", "no cgroup", "this host");
	} else {
		meet_pids(m);
		meet_memory(m);
	}
	return meet_process(m, e);
}
