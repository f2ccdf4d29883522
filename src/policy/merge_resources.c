/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Swap, processors and the disks' time; what must be limited; the end of a container as a whole.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/merge_step.h"

enum { CPU_PERIOD = 100000, QUOTA_LEAST = 1000 }; /* microseconds; the kernel takes no smaller quota */

/* ---- linux.resources.unified ---- */

static const char *unified_value(const struct merge *m, const char *key)
{
	const struct key_values *u = &m->plan->resources.unified;
	const char *value = NULL;

	for (size_t i = 0; i < u->n; i++)
		if (str_eq(u->v[i].key, key))
			value = u->v[i].value;
	return value;
}

/* The list without `key`, and with key=value at its end; value NULL: without it only. */
static void set_unified(struct merge *m, const char *key, const char *value)
{
	struct key_values *u = &m->plan->resources.unified;
	struct key_value *v = arena_array(m->a, u->n + 1, sizeof(*v));
	size_t n = 0;

	if (!v) {
		m->no_memory = true;
		return;
	}
	for (size_t i = 0; i < u->n; i++)
		if (!str_eq(u->v[i].key, key))
			v[n++] = u->v[i];
	if (value)
		v[n++] = (struct key_value){ key, value };
	*u = (struct key_values){ n, v };
}

/* The number there, taken out; *out stays unset for "max". 0: there was none. */
static int take_number(struct merge *m, const char *key, struct opt_i64 *out, struct err *e)
{
	const char *value = m->r->facts->cgroup == CGROUP_V2 ? unified_value(m, key) : NULL;
	uint64_t n = 0;

	if (!value)
		return 0;
	if (!str_eq(value, "max") && (str_u64(value, &n) < 0 || n > INT64_MAX))
		return err_set(e, EINVAL, "linux.resources.unified[\"%s\"]: \"%.32s\" is neither a number nor \"max\"", key, value);
	set_unified(m, key, NULL);
	*out = (struct opt_i64){ !str_eq(value, "max"), n > 0 ? (int64_t)n : 1 };
	return 1;
}

int merge_unified(struct merge *m, struct err *e)
{
	int err = 0;

	if (m->p->pids != PROFILE_AS_ASKED)
		err = take_number(m, "pids.max", &m->plan->resources.pids_limit, e);
	if (err >= 0 && m->p->memory != PROFILE_AS_ASKED)
		err = take_number(m, "memory.max", &m->plan->resources.memory.limit, e);
	return err < 0 ? err : 0;
}

/* ---- swap ---- */

static const char *bytes_text(struct merge *m, const struct opt_i64 *v)
{
	return v->set ? merge_text(m, "%lld", (long long)v->v) : "-";
}

/* In the document swap and memory are one number. */
static int meet_swap(struct merge *m, struct err *e)
{
	const struct opt_i64 *limit = &m->plan->resources.memory.limit;
	struct opt_i64 *both = &m->plan->resources.memory.swap;
	struct opt_i64 asked = { 0 };
	int64_t got;

	if (m->p->swap == PROFILE_AS_ASKED)
		return 0;
	if (!limit->set || limit->v <= 0)
		return merge_refuse(m, e, PF_SWAP, "resources", "resources.swap needs a limit of memory, and neither the document nor the "
				    "profile says one; add resources.memory");
	if (both->set && both->v > 0 && both->v < limit->v)
		return 0; /* which no kernel takes, and the cgroup's own complaint says it */
	if (both->set && both->v > 0)
		asked = (struct opt_i64){ true, both->v - limit->v };
	if (take_number(m, "memory.swap.max", &asked, e) < 0)
		return -e->code;
	got = asked.set && (uint64_t)asked.v <= m->p->swap ? asked.v : (int64_t)m->p->swap;
	both->set = true;
	if (__builtin_add_overflow(limit->v, got, &both->v))
		both->v = INT64_MAX;
	if (asked.set && asked.v == got)
		merge_reason(m, REASON_KEPT, "swap", bytes_text(m, &asked), bytes_text(m, &asked), m->asked_by);
	else
		merge_reason(m, REASON_NARROWED, "swap", bytes_text(m, &asked), merge_text(m, "%lld", (long long)got), merge_rule(m, PF_SWAP));
	return 0;
}

/* ---- processors ---- */

/* cpu.max: "QUOTA", "QUOTA PERIOD", "max PERIOD" */
static int take_cpu(struct merge *m, struct err *e)
{
	const char *value = m->r->facts->cgroup == CGROUP_V2 ? unified_value(m, "cpu.max") : NULL;
	struct opt_i64 quota = { 0 };
	struct opt_u64 period = { 0 };
	char *end;

	if (!value)
		return 0;
	if (str_starts(value, "max")) {
		end = (char *)(uintptr_t)value + strlen("max");
	} else {
		quota = (struct opt_i64){ true, strtoll(value, &end, 10) };
		if (end == value || quota.v <= 0)
			return err_set(e, EINVAL, "linux.resources.unified[\"cpu.max\"]: \"%.32s\" is no quota", value);
	}
	if (*end == ' ')
		period = (struct opt_u64){ true, strtoull(end, &end, 10) };
	if (*end || (period.set && (period.v < QUOTA_LEAST || period.v > 1000000)))
		return err_set(e, EINVAL, "linux.resources.unified[\"cpu.max\"]: \"%.32s\" is no quota with its period", value);
	m->plan->resources.cpu.quota = quota;
	if (period.set)
		m->plan->resources.cpu.period = period;
	set_unified(m, "cpu.max", NULL);
	return 0;
}

static const char *cpus_text(struct merge *m, int64_t quota, uint64_t period)
{
	uint64_t parts = (uint64_t)quota * 1000 / period;

	return merge_text(m, "%llu.%03llu cpus", (unsigned long long)(parts / 1000), (unsigned long long)(parts % 1000));
}

static int meet_cpu(struct merge *m, struct err *e)
{
	struct opt_i64 *quota = &m->plan->resources.cpu.quota;
	struct opt_u64 *period = &m->plan->resources.cpu.period;
	uint64_t p, most;
	const char *before;

	if (m->p->cpu == PROFILE_AS_ASKED)
		return 0;
	if (take_cpu(m, e) < 0)
		return -e->code;
	p = period->set && period->v ? period->v : CPU_PERIOD;
	if (__builtin_mul_overflow(m->p->cpu, p, &most))
		return err_set(e, ERANGE, "linux.resources.cpu.period: %llu us is too long", (unsigned long long)p);
	most /= PROFILE_CPU;
	before = quota->set && quota->v > 0 && (uint64_t)quota->v <= INT64_MAX / 1000 ? cpus_text(m, quota->v, p) : "-";
	if (quota->set && quota->v > 0 && (uint64_t)quota->v <= most) {
		merge_reason(m, REASON_KEPT, "cpu", before, before, m->asked_by);
		return 0;
	}
	if (most < QUOTA_LEAST) {
		p = CPU_PERIOD;
		most = m->p->cpu;
	}
	*quota = (struct opt_i64){ true, (int64_t)most };
	*period = (struct opt_u64){ true, p };
	m->plan->resources.cpu.burst = (struct opt_u64){ 0 }; /* what was to be saved up for is not given */
	merge_reason(m, REASON_NARROWED, "cpu", before, cpus_text(m, quota->v, p), merge_rule(m, PF_CPU));
	return 0;
}

/* ---- the disks' time ---- */

static void meet_weight_devices(struct merge *m)
{
	const struct blkio_weight *asked = m->plan->resources.blkio.weight_devices.v;
	size_t n = m->plan->resources.blkio.weight_devices.n;
	struct blkio_weight *v = arena_array(m->a, n + 1, sizeof(*v));

	if (!v) {
		m->no_memory = true;
		return;
	}
	for (size_t i = 0; i < n; i++) {
		v[i] = asked[i];
		if (v[i].has_weight && v[i].weight > m->p->io_weight)
			v[i].weight = (uint16_t)m->p->io_weight;
	}
	m->plan->resources.blkio.weight_devices.v = v;
}

static int meet_io_weight(struct merge *m, struct err *e)
{
	struct opt_u64 *weight = &m->plan->resources.blkio.weight;
	const char *before = weight->set && weight->v ? merge_text(m, "%llu", (unsigned long long)weight->v) : "-";

	if (m->p->io_weight == PROFILE_AS_ASKED)
		return 0;
	if (unified_value(m, "io.weight") || unified_value(m, "io.bfq.weight"))
		return merge_refuse(m, e, PF_IO_WEIGHT, "resources", "linux.resources.unified asks for a weight of its own, which cannot be "
				    "met with resources.io_weight; use linux.resources.blockIO.weight");
	if (m->plan->resources.blkio.weight_devices.n)
		meet_weight_devices(m);
	if (weight->set && weight->v && weight->v <= m->p->io_weight) {
		merge_reason(m, REASON_KEPT, "io weight", before, before, m->asked_by);
		return 0;
	}
	*weight = (struct opt_u64){ true, m->p->io_weight };
	merge_reason(m, REASON_NARROWED, "io weight", before, merge_text(m, "%llu", (unsigned long long)weight->v),
		     merge_rule(m, PF_IO_WEIGHT));
	return 0;
}

/* ---- what must be there ---- */

static bool limited(const struct merge *m, uint64_t what)
{
	const struct resources *r = &m->plan->resources;
	const char *unified = unified_value(m, what == PROFILE_REQUIRE_PIDS	? "pids.max"
					       : what == PROFILE_REQUIRE_MEMORY ? "memory.max"
										: "cpu.max");
	const struct opt_i64 *own = what == PROFILE_REQUIRE_PIDS     ? &r->pids_limit
				    : what == PROFILE_REQUIRE_MEMORY ? &r->memory.limit
								     : &r->cpu.quota;

	return (own->set && own->v > 0) || (unified && !str_starts(unified, "max"));
}

static int check_required(struct merge *m, bool can_limit, struct err *e)
{
	static const struct { uint64_t what; const char *name, *flag; } all[] = {
		{ PROFILE_REQUIRE_PIDS, "pids", "--pids-limit" },
		{ PROFILE_REQUIRE_MEMORY, "memory", "--memory" },
		{ PROFILE_REQUIRE_CPU, "cpu", "--cpus" },
	};

	for (size_t i = 0; i < N_ELEMENTS(all); i++) {
		if (!(m->p->require & all[i].what))
			continue;
		if (!can_limit)
			return merge_refuse(m, e, PF_REQUIRE, "resources", "there is no cgroup to limit %s with", all[i].name);
		if (!limited(m, all[i].what))
			return merge_refuse(m, e, PF_REQUIRE, "resources", "neither the document nor the profile limits %s; give a limit "
					    "(%s, or resources.%s in the profile)", all[i].name, all[i].flag, all[i].name);
	}
	return 0;
}

/* ---- out of memory ---- */

static int meet_oom(struct merge *m, bool can_limit, struct err *e)
{
	static const char key[] = "memory.oom.group";
	bool asked = str_eq(unified_value(m, key), "1");

	if (!m->p->oom_group)
		return 0;
	if (m->r->facts->cgroup != CGROUP_V2 || !can_limit)
		return merge_refuse(m, e, PF_OOM_GROUP, "oom", "%s; leave oom.group out, or let it only warn",
				    m->r->facts->cgroup == CGROUP_V2 ? "there is no cgroup to set memory.oom.group in"
								     : "this host has cgroup v1, which has no memory.oom.group");
	set_unified(m, key, "1");
	merge_reason(m, asked ? REASON_KEPT : REASON_NARROWED, "oom group", asked ? "on" : "-", "on",
		     asked ? m->asked_by : merge_rule(m, PF_OOM_GROUP));
	return 0;
}

int merge_resources(struct merge *m, bool can_limit, struct err *e)
{
	int err = can_limit ? meet_swap(m, e) : 0;

	if (err == 0 && can_limit)
		err = meet_cpu(m, e);
	if (err == 0 && can_limit)
		err = meet_io_weight(m, e);
	if (err == 0)
		err = check_required(m, can_limit, e);
	return err == 0 ? meet_oom(m, can_limit, e) : err;
}
