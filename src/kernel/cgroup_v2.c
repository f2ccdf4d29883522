/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Limits on cgroup v2. Documents speak v1; what has a counterpart is converted, what has none is
 * refused by name. A value of 0 means "not given", as engines send it, but for pids.limit and the
 * throttles.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "base/str.h"
#include "kernel/cgroup_internal.h"

/* ---- conversions ---- */

/* log2 of x >= 1, by x = 2^k * m and the series of atanh. Exact enough to round to whole weights;
 * no libm. */
static double log_2(uint64_t x)
{
	int k = 63 - __builtin_clzll(x);
	double m = (double)x / (double)(UINT64_C(1) << k), t = (m - 1) / (m + 1), term = t, sum = 0;

	for (int i = 1; i < 60; i += 2) {
		sum += term / i;
		term *= t * t;
	}
	return k + 2 * sum / 0.69314718055994530942;
}

static double ten_to_the(double x)
{
	double y = x * 2.30258509299404568402 / 16, term = 1, sum = 1;

	for (int i = 1; i < 40; i++) {
		term *= y / i;
		sum += term;
	}
	for (int i = 0; i < 4; i++)
		sum *= sum;
	return sum;
}

/* 2..262144 to 1..10000 through (1024, 100), so that the default of the one is the default of the
 * other. */
uint64_t cgroup_weight_from_shares(uint64_t shares)
{
	double l, w;
	uint64_t whole;

	if (shares == 0)
		return 0;
	if (shares <= 2)
		return 1;
	if (shares >= 262144)
		return 10000;
	l = log_2(shares);
	w = ten_to_the((l * l + 125 * l) / 612 - 7.0 / 34) - 1e-7; /* whole results stay whole */
	whole = (uint64_t)w;
	return (double)whole < w ? whole + 1 : whole;
}

uint64_t cgroup_io_weight_from_blkio(uint64_t weight)
{
	if (weight == 0)
		return 0;
	return weight <= 10 ? 1 : 1 + (weight - 10) * 9999 / 990;
}

int cgroup_swap_from_memsw(int64_t limit, int64_t swap, char out[24], struct err *e)
{
	if (swap < 0) {
		snprintf(out, 24, "max");
		return 0;
	}
	if (limit <= 0)
		return err_set(e, EINVAL,
			       "linux.resources.memory.swap: needs a memory limit (it is the sum of "
			       "memory and swap)");
	if (swap < limit)
		return err_set(e, EINVAL,
			       "linux.resources.memory.swap: %" PRId64
			       " is below the memory limit %" PRId64
			       " (it is the sum of memory and swap)",
			       swap, limit);
	snprintf(out, 24, "%" PRId64, swap - limit);
	return 0;
}

/* ---- what v2 has not ---- */

static bool positive(const struct opt_i64 *v)
{
	return v->set && v->v > 0;
}

static int refuse_v1_only(struct cgroup_job *j, struct err *e)
{
	const struct resources *r = j->r;
	bool leaf_device = false;

	for (size_t i = 0; i < r->blkio.weight_devices.n; i++)
		leaf_device |= r->blkio.weight_devices.v[i].has_leaf;
	/* What only repeats v2's own behaviour (unlimited, hierarchical, killer on) is taken. */
	const struct { const char *property; bool asked;
	} v1_only[] = {
		{ "memory.kernel", positive(&r->memory.kernel) },
		{ "memory.kernelTCP", positive(&r->memory.kernel_tcp) },
		{ "memory.swappiness", r->memory.swappiness.set },
		{ "memory.disableOOMKiller",
		  r->memory.disable_oom_killer.set && r->memory.disable_oom_killer.v },
		{ "memory.useHierarchy",
		  r->memory.use_hierarchy.set && !r->memory.use_hierarchy.v },
		{ "cpu.realtimeRuntime", positive(&r->cpu.realtime_runtime) },
		{ "cpu.realtimePeriod", r->cpu.realtime_period.set && r->cpu.realtime_period.v },
		{ "blockIO.leafWeight", r->blkio.leaf_weight.set && r->blkio.leaf_weight.v },
		{ "blockIO.weightDevice.leafWeight", leaf_device },
		{ "network.classID", r->network.class_id.set && r->network.class_id.v },
		{ "network.priorities", r->network.priorities.n > 0 },
	};
	for (size_t i = 0; i < N_ELEMENTS(v1_only); i++) {
		if (v1_only[i].asked)
			return err_set(e, ENOTSUP,
				       "linux.resources.%s: cgroup v2, which this host has, cannot do it",
				       v1_only[i].property);
	}
	return 0;
}

/* ---- cpu ---- */

static int limit_weight(struct cgroup_job *j, const char *dir, struct err *e)
{
	uint64_t weight = j->r->cpu.shares.set ? cgroup_weight_from_shares(j->r->cpu.shares.v) : 0;

	return weight ? cgroup_set_u64(j, "linux.resources.cpu.shares", dir, "cpu.weight", weight, e) : 0;
}

/* An idle group takes no weight, so that "idle" is left before and entered after. */
static int limit_weight_and_idle(struct cgroup_job *j, const char *dir, struct err *e)
{
	const struct opt_i64 *idle = &j->r->cpu.idle;
	int r = 0;

	if (idle->set && idle->v == 0)
		r = cgroup_set_i64(j, "linux.resources.cpu.idle", dir, "cpu.idle", 0, e);
	if (r == 0)
		r = limit_weight(j, dir, e);
	if (r == 0 && idle->set && idle->v != 0)
		r = cgroup_set_i64(j, "linux.resources.cpu.idle", dir, "cpu.idle", idle->v, e);
	return r;
}

static int limit_bandwidth(struct cgroup_job *j, const char *dir, struct err *e)
{
	const struct resources *r = j->r;
	int64_t quota = r->cpu.quota.set ? r->cpu.quota.v : 0;
	uint64_t period = r->cpu.period.set ? r->cpu.period.v : 0;
	char text[80], now[64] = "max";

	if (quota == 0 && period == 0)
		return 0;
	if (quota > 0)
		snprintf(text, sizeof(text), "%" PRId64, quota);
	else if (quota < 0)
		snprintf(text, sizeof(text), "max");
	if (quota == 0) { /* the period alone: the quota stays as it is */
		char path[PATH_MAX];

		snprintf(path, sizeof(path), "%s/cpu.max", dir);
		(void)fd_read_small(AT_FDCWD, path, now,
				    sizeof(now)); /* a missing file is told by the write */
		now[strcspn(now, " \n")] = '\0';
		snprintf(text, sizeof(text), "%s", now[0] ? now : "max");
	}
	if (period)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), " %" PRIu64, period);
	return cgroup_set(j, quota ? "linux.resources.cpu.quota" : "linux.resources.cpu.period", dir, "cpu.max",
			  text, e);
}

static int limit_cpu(struct cgroup_job *j, struct err *e)
{
	const char *dir = cgroup_dir_of(j->cg, "");
	const struct opt_u64 *burst = &j->r->cpu.burst;
	char text[24];
	bool done = !burst->set;
	int r = limit_weight_and_idle(j, dir, e);

	snprintf(text, sizeof(text), "%" PRIu64, burst->v);
	/* burst <= quota: a burst that shrinks goes before, one that grows after the quota. */
	if (r == 0 && !done && j->update)
		done = cgroup_put(j, dir, "cpu.max.burst", text) == 0;
	if (r == 0)
		r = limit_bandwidth(j, dir, e);
	return r == 0 && !done ? cgroup_set(j, "linux.resources.cpu.burst", dir, "cpu.max.burst", text, e)
			       : r;
}

static int limit_cpuset(struct cgroup_job *j, struct err *e)
{
	const char *dir = cgroup_dir_of(j->cg, "");
	int r = 0;

	if (j->r->cpu.cpus && *j->r->cpu.cpus)
		r = cgroup_set(j, "linux.resources.cpu.cpus", dir, "cpuset.cpus", j->r->cpu.cpus, e);
	if (r == 0 && j->r->cpu.mems && *j->r->cpu.mems)
		r = cgroup_set(j, "linux.resources.cpu.mems", dir, "cpuset.mems", j->r->cpu.mems, e);
	return r;
}

/* ---- memory ---- */

static void bytes_or_max(int64_t v, char out[24])
{
	if (v < 0)
		snprintf(out, 24, "max");
	else
		snprintf(out, 24, "%" PRId64, v);
}

static int check_before_update(struct cgroup_job *j, const char *dir, int64_t limit, struct err *e)
{
	uint64_t usage;

	if (!j->r->memory.check_before_update || limit <= 0 ||
	    cgroup_get_u64(dir, "memory.current", &usage) < 0)
		return 0;
	if (usage < (uint64_t)limit)
		return 0;
	return err_set(e, EBUSY,
		       "linux.resources.memory.limit: %" PRId64 " is below the %" PRIu64 " bytes in use",
		       limit, usage);
}

/* memory.swap.max counts swap alone, the document's swap is the sum. */
static int limit_swap(struct cgroup_job *j, const char *dir, int64_t limit, int64_t swap,
		      struct err *e)
{
	uint64_t now;
	char text[24];
	int r;

	if (limit < 0 && swap == 0)
		swap = -1; /* unlimited memory, nothing said of the sum */
	if (swap == 0)
		return 0;
	if (limit == 0 && j->update && cgroup_get_u64(dir, "memory.max", &now) == 0 &&
	    now <= INT64_MAX)
		limit = (int64_t)now;
	r = cgroup_swap_from_memsw(limit, swap, text, e);
	if (r < 0)
		return r;
	r = cgroup_put(j, dir, "memory.swap.max", text);
	/* Without swap accounting there is no file: only "none" and "unlimited" need none. */
	if (r == -ENOENT && cgroup_file_exists(dir, "memory.max") &&
	    (str_eq(text, "max") || str_eq(text, "0")))
		return 0;
	return r < 0 ? cgroup_refused(r, "linux.resources.memory.swap", dir, "memory.swap.max", text, e)
		     : 0;
}

static int limit_memory(struct cgroup_job *j, struct err *e)
{
	const struct resources *r = j->r;
	const char *dir = cgroup_dir_of(j->cg, "");
	int64_t limit = r->memory.limit.set ? r->memory.limit.v : 0,
		swap = r->memory.swap.set ? r->memory.swap.v : 0;
	char text[24];
	int rc = check_before_update(j, dir, limit, e);

	if (rc == 0)
		rc = limit_swap(j, dir, limit, swap, e);
	if (rc == 0 && limit) {
		bytes_or_max(limit, text);
		rc = cgroup_set(j, "linux.resources.memory.limit", dir, "memory.max", text, e);
	}
	if (rc == 0 && r->memory.reservation.set && r->memory.reservation.v) {
		bytes_or_max(r->memory.reservation.v, text);
		rc = cgroup_set(j, "linux.resources.memory.reservation", dir, "memory.low", text, e);
	}
	return rc;
}

static int limit_pids(struct cgroup_job *j, struct err *e)
{
	char text[24];

	if (!j->r->pids_limit.set)
		return 0;
	bytes_or_max(j->r->pids_limit.v, text);
	return cgroup_set(j, "linux.resources.pids.limit", cgroup_dir_of(j->cg, ""), "pids.max", text, e);
}

/* ---- io ---- */

/* BFQ's own file takes the document's scale; the other, of the io cost model, v2's. `device` "" or
 * "8:0 ". */
static int set_io_weight(struct cgroup_job *j, const char *property, const char *device,
			 uint64_t weight, struct err *e)
{
	const char *dir = cgroup_dir_of(j->cg, "");
	char text[80];
	int r;

	snprintf(text, sizeof(text), "%s%" PRIu64, device, weight);
	r = cgroup_put(j, dir, "io.bfq.weight", text);
	if (r != -ENOENT)
		return r < 0 ? cgroup_refused(r, property, dir, "io.bfq.weight", text, e) : 0;
	snprintf(text, sizeof(text), "%s%" PRIu64, device, cgroup_io_weight_from_blkio(weight));
	return cgroup_set(j, property, dir, "io.weight", text, e);
}

static const struct { const char *property, *key; } throttles[THROTTLE_KINDS] = {
	[THROTTLE_READ_BPS]   = { "linux.resources.blockIO.throttleReadBpsDevice",   "rbps"  },
	[THROTTLE_WRITE_BPS]  = { "linux.resources.blockIO.throttleWriteBpsDevice",  "wbps"  },
	[THROTTLE_READ_IOPS]  = { "linux.resources.blockIO.throttleReadIOPSDevice",  "riops" },
	[THROTTLE_WRITE_IOPS] = { "linux.resources.blockIO.throttleWriteIOPSDevice", "wiops" },
};

static int set_throttle(struct cgroup_job *j, enum blkio_throttle kind, const struct blkio_rate *t,
			struct err *e)
{
	char text[96], rate[24] = "max"; /* v1 takes 0 for "no limit" */

	if (t->rate)
		snprintf(rate, sizeof(rate), "%" PRIu64, t->rate);
	snprintf(text, sizeof(text), "%" PRId64 ":%" PRId64 " %s=%s", t->major, t->minor,
		 throttles[kind].key, rate);
	return cgroup_set(j, throttles[kind].property, cgroup_dir_of(j->cg, ""), "io.max", text, e);
}

static int limit_io(struct cgroup_job *j, struct err *e)
{
	const struct resources *r = j->r;
	char device[64];
	int rc = 0;

	if (r->blkio.weight.set && r->blkio.weight.v)
		rc = set_io_weight(j, "linux.resources.blockIO.weight", "", r->blkio.weight.v, e);
	for (size_t i = 0; rc == 0 && i < r->blkio.weight_devices.n; i++) {
		const struct blkio_weight *w = &r->blkio.weight_devices.v[i];

		snprintf(device, sizeof(device), "%" PRId64 ":%" PRId64 " ", w->major, w->minor);
		if (w->has_weight)
			rc = set_io_weight(j, "linux.resources.blockIO.weightDevice", device, w->weight,
					   e);
	}
	for (int k = 0; k < THROTTLE_KINDS; k++) {
		for (size_t i = 0; rc == 0 && i < r->blkio.throttle[k].n; i++)
			rc = set_throttle(j, (enum blkio_throttle)k, &r->blkio.throttle[k].v[i], e);
	}
	return rc;
}

static int limit_hugepages(struct cgroup_job *j, struct err *e)
{
	return cgroup_limit_hugepages(j, true, e);
}

/* ---- unified ---- */

/* These move or end processes; they are no limits. */
static const char *const not_limits[] = { "cgroup.procs", "cgroup.threads", "cgroup.kill" };

static int limit_unified(struct cgroup_job *j, struct err *e)
{
	const char *dir = cgroup_dir_of(j->cg, "");

	for (size_t i = 0; i < j->r->unified.n; i++) {
		const struct key_value *kv = &j->r->unified.v[i];
		char property[300];
		int r;

		snprintf(property, sizeof(property), "linux.resources.unified.%.255s", kv->key);
		if (!kv->key[0] || kv->key[0] == '.' || strchr(kv->key, '/') ||
		    strlen(kv->key) > 255)
			return err_set(e, EINVAL, "%s: is not the name of a file in a cgroup",
				       property);
		for (size_t n = 0; n < N_ELEMENTS(not_limits); n++) {
			if (str_eq(kv->key, not_limits[n]))
				return err_set(e, EINVAL,
					       "%s: moves or ends processes and is no limit",
					       property);
		}
		r = cgroup_put(j, dir, kv->key, kv->value);
		if (r == -ENOENT)
			return err_set(e, ENOENT,
				       "%s: %s has no such file: the controller '%.*s' is not "
				       "enabled there, or this kernel "
				       "does not know it",
				       property, dir, (int)strcspn(kv->key, "."), kv->key);
		if (r < 0)
			return cgroup_refused(r, property, dir, kv->key, kv->value, e);
	}
	return 0;
}

static int devices_once(struct cgroup_job *j, struct err *e)
{
	return j->update || j->note ? 0 : cgroup_v2_devices(j, e);
}

int cgroup_v2_limit(struct cgroup_job *j, struct err *e)
{
	static int (*const steps[])(struct cgroup_job *, struct err *) = {
		refuse_v1_only, limit_cpuset,    limit_cpu,         limit_memory, limit_pids,
		limit_io,       limit_hugepages, cgroup_limit_rdma, devices_once, limit_unified,
	};

	for (size_t i = 0; i < N_ELEMENTS(steps); i++) {
		int r = steps[i](j, e);

		if (r < 0)
			return r;
	}
	return 0;
}
