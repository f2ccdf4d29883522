/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Limits of the process: the smaller of what is asked, what the profile allows, and what this host can give.
 */
#include <errno.h>
#include <linux/capability.h>
#include <sys/resource.h>

#include "base/capname.h"
#include "policy/merge_step.h"

/* The rows of a profile, by resource. */
static const struct { const char *control; enum profile_field field; } rlimits[PROFILE_RLIMITS] = {
	[RLIMIT_CPU] = { "cpu time", PF_RLIMIT_CPU },
	[RLIMIT_FSIZE] = { "file size", PF_RLIMIT_FSIZE },
	[RLIMIT_DATA] = { "data size", PF_RLIMIT_DATA },
	[RLIMIT_STACK] = { "stack size", PF_RLIMIT_STACK },
	[RLIMIT_CORE] = { "core size", PF_CORE },
	[RLIMIT_RSS] = { "resident set", PF_RLIMIT_RSS },
	[RLIMIT_NPROC] = { "processes of the user", PF_RLIMIT_NPROC },
	[RLIMIT_NOFILE] = { "open files", PF_NOFILE },
	[RLIMIT_MEMLOCK] = { "locked memory", PF_MEMLOCK },
	[RLIMIT_AS] = { "address space", PF_RLIMIT_AS },
	[RLIMIT_LOCKS] = { "file locks", PF_RLIMIT_LOCKS },
	[RLIMIT_SIGPENDING] = { "pending signals", PF_RLIMIT_SIGPENDING },
	[RLIMIT_MSGQUEUE] = { "message queues", PF_RLIMIT_MSGQUEUE },
	[RLIMIT_NICE] = { "nice priority", PF_RLIMIT_NICE },
	[RLIMIT_RTPRIO] = { "realtime priority", PF_RLIMIT_RTPRIO },
	[RLIMIT_RTTIME] = { "realtime timeout", PF_RLIMIT_RTTIME },
};

static bool may_raise(const struct facts *f)
{
	return !f || ((f->caps & CAP_BIT(CAP_SYS_RESOURCE)) && !f->in_user_namespace);
}

static const char *amount(struct arena *a, uint64_t v)
{
	return v == UINT64_MAX ? "unlimited" : arena_printf(a, "%llu", (unsigned long long)v);
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static struct process_rlimit *find_row(struct process_rlimit *rows, size_t n, int resource)
{
	for (size_t i = 0; i < n; i++)
		if (rows[i].resource == resource)
			return &rows[i];
	return NULL;
}

static const struct process_rlimit *row_in(const struct rlimits *l, int resource)
{
	for (size_t i = 0; l && i < l->n; i++)
		if (l->v[i].resource == resource)
			return &l->v[i];
	return NULL;
}

struct inherited { bool known; uint64_t soft, hard; };

static struct inherited inherited(const struct facts *f, int resource)
{
	if (!f || !f->has_rlimits)
		return (struct inherited){ 0 };
	return (struct inherited){ true, f->rlimits[resource].soft, f->rlimits[resource].hard };
}

/* What to write down for a limit that the document does not name: nothing when what is inherited is small enough, or when setting it
 * could be a raise that the kernel refuses. A process that joins takes over what the container itself got. */
static bool unnamed(const struct process_rlimit *l, const struct facts *f, const struct rlimits *own, struct process_rlimit *out)
{
	const struct process_rlimit *stored = row_in(own, l->resource);
	struct inherited i = inherited(f, l->resource);

	*out = *l;
	if (stored) {
		out->soft = stored->soft;
		out->hard = stored->hard;
		return true;
	}
	if (!f)
		return false;
	if (l->hard == 0 || (l->resource == RLIMIT_NOFILE && f->nofile_hard > l->hard) ||
	    (l->resource == RLIMIT_MEMLOCK && l->hard != UINT64_MAX && may_raise(f)))
		return true;
	if (!i.known || (i.hard <= l->hard && i.soft <= l->soft))
		return false;
	out->hard = least(i.hard, l->hard);
	out->soft = least(least(i.soft, l->soft), out->hard);
	return true;
}

struct meeting {
	struct arena *a;
	const struct facts *f;
	const struct rlimits *asked, *own;
	struct process_rlimit *rows;
	size_t n;
	struct merge_rlimits_notes *notes;
};

static void note(struct meeting *m, const struct process_rlimit *after, bool warned)
{
	const struct process_rlimit *before = row_in(m->asked, after->resource);
	struct merge_rlimit *out = &m->notes->v[m->notes->n++];

	*out = (struct merge_rlimit){ rlimits[after->resource].control, before ? amount(m->a, before->hard) : "-",
				      amount(m->a, after->hard), after->resource, warned };
}

static void meet(struct meeting *m, const struct process_rlimit *l)
{
	struct process_rlimit *row = find_row(m->rows, m->n, l->resource), made;
	uint64_t hard = l->hard;
	bool there = row != NULL, warned = false;

	if (!there) {
		if (!unnamed(l, m->f, m->own, &made))
			return;
		row = &m->rows[m->n++];
		*row = made;
	}
	if (m->f && l->resource == RLIMIT_NOFILE && !may_raise(m->f) && m->f->nofile_hard < hard) {
		hard = m->f->nofile_hard;
		warned = row->hard > hard;
	}
	if (row->hard <= hard && there)
		return;
	row->hard = least(row->hard, hard);
	row->soft = least(row->soft, row->hard);
	note(m, row, warned);
}

int merge_rlimits(struct arena *a, const struct plan_exec *x, const struct facts *f, const struct rlimits *own, struct process *proc,
		  struct merge_rlimits_notes *notes)
{
	static const struct process_rlimit nofile = { RLIMIT_NOFILE, "RLIMIT_NOFILE", UINT64_MAX, UINT64_MAX };
	const struct rlimits asked = proc->rlimits;
	struct meeting m = { .a = a, .f = f, .asked = &asked, .own = own, .n = asked.n, .notes = notes };

	notes->n = 0;
	m.rows = arena_array(a, asked.n + PROFILE_RLIMITS, sizeof(*m.rows));
	if (!m.rows)
		return -ENOMEM;
	if (!x->fits)
		return 0;
	for (size_t i = 0; i < asked.n; i++)
		m.rows[i] = asked.v[i];
	for (size_t i = 0; i < x->limits.n; i++)
		meet(&m, &x->limits.v[i]);
	/* This host may not give what is asked even where no profile says anything. */
	if (!row_in(&x->limits, RLIMIT_NOFILE) && row_in(&asked, RLIMIT_NOFILE))
		meet(&m, &nofile);
	proc->rlimits.v = m.rows;
	proc->rlimits.n = m.n;
	return 0;
}

/* Only what the profile says, so that a plan holds no list of what it does not. */
int merge_keep_rlimits(struct merge *m, struct rlimits *out)
{
	struct process_rlimit *rows = arena_array(m->a, PROFILE_RLIMITS, sizeof(*rows));

	*out = (struct rlimits){ 0 };
	if (!rows)
		return -ENOMEM;
	for (int r = 0; r < PROFILE_RLIMITS; r++) {
		const struct profile_limit *l = &m->p->rlimit[r];
		if (l->hard != PROFILE_AS_ASKED || l->soft != PROFILE_AS_ASKED)
			rows[out->n++] = (struct process_rlimit){ r, spec_rlimit_name(r), least(l->soft, l->hard), l->hard };
	}
	out->v = rows;
	return 0;
}

int merge_process_limits(struct merge *m, struct err *e)
{
	struct merge_rlimits_notes notes;

	if (!m->plan->has_process)
		return 0;
	if (merge_rlimits(m->a, &m->plan->exec, m->r->facts, NULL, &m->plan->process, &notes) < 0)
		return err_set(e, ENOMEM, "policy: out of memory");
	for (size_t i = 0; i < notes.n; i++) {
		const struct merge_rlimit *n = &notes.v[i];
		if (n->warned)
			merge_warn(m, "%s: this host gives at most %s, not %s", n->name, n->result, n->asked);
		merge_reason(m, n->warned ? REASON_WARNED : REASON_NARROWED, n->name, n->asked, n->result,
			     n->warned ? "this host" : merge_rule(m, rlimits[n->resource].field));
	}
	return 0;
}
