/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Limits on cgroup v1. A value of 0 means "not given", as engines send it, but for pids.limit and
 * the throttles.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "base/str.h"
#include "kernel/cgroup_internal.h"

/* ---- cpuset ---- */

static const char *const cpuset_files[] = { "cpuset.cpus", "cpuset.mems" };

/* A new directory has no CPUs and no nodes, and nothing can join it then: it gets its parent's, and
 * so does the parent. */
static int fill_file(const char *path, const char *file, unsigned depth, struct err *e)
{
	char buf[PATH_MAX], value[CGROUP_VALUE_MAX];
	const char *slash = strrchr(path, '/');
	int r;

	if (!slash || slash == path || depth > 64)
		return err_set(e, ENOSPC, "cgroup: no directory above %s has a %s", path, file);
	snprintf(buf, sizeof(buf), "%.*s/%s", (int)(slash - path), path, file);
	ssize_t n = fd_read_small(AT_FDCWD, buf, value, sizeof(value));
	if (n < 0)
		return err_code(e, (int)-n, "cgroup: read %s", buf);
	if (n == 0) {
		snprintf(buf, sizeof(buf), "%.*s", (int)(slash - path), path);
		r = fill_file(buf, file, depth + 1, e);
		if (r < 0)
			return r;
		snprintf(buf, sizeof(buf), "%.*s/%s", (int)(slash - path), path, file);
		n = fd_read_small(AT_FDCWD, buf, value, sizeof(value));
		if (n <= 0)
			return err_set(e, ENOSPC, "cgroup: %s stays empty", buf);
	}
	snprintf(buf, sizeof(buf), "%s/%s", path, file);
	r = fd_write_to(AT_FDCWD, buf, value);
	return r < 0 ? err_code(e, -r, "cgroup: write '%s' to %s", value, buf) : 0;
}

/* Has every directory above the container's own one its CPUs? What the document sets itself is
 * written later. */
int cgroup_v1_fill_cpuset(const char *path, bool is_new, const struct resources *r, struct err *e)
{
	const char *asked[] = { r->cpu.cpus, r->cpu.mems };
	int parent = (int)(strrchr(path, '/') - path);
	char dir[PATH_MAX], file[PATH_MAX], value[16];

	for (size_t i = 0; i < N_ELEMENTS(cpuset_files); i++) {
		bool is_asked = asked[i] && *asked[i];
		int length = is_asked ? parent : (int)strlen(path), rc;

		if (is_asked || !is_new) {
			snprintf(file, sizeof(file), "%.*s/%s", length, path, cpuset_files[i]);
			if (fd_read_small(AT_FDCWD, file, value, sizeof(value)) != 0)
				continue; /* filled, or above the mount */
		}
		snprintf(dir, sizeof(dir), "%.*s", length, path);
		rc = fill_file(dir, cpuset_files[i], 0, e);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int limit_cpuset(struct cgroup_job *j, struct err *e)
{
	const char *dir = cgroup_dir_of(j->cg, "cpuset");
	const char *const values[] = { j->r->cpu.cpus, j->r->cpu.mems };
	static const char *const names[] = { "linux.resources.cpu.cpus", "linux.resources.cpu.mems" };

	for (size_t i = 0; i < N_ELEMENTS(values); i++) {
		if (!values[i] || !*values[i])
			continue;
		if (!dir)
			return cgroup_no_controller(j->cg, names[i], "cpuset", e);
		int r = cgroup_set(j, names[i], dir, cpuset_files[i], values[i], e);
		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- cpu ---- */

/*
 * Two values that the kernel checks against each other: the first is tried before the second, and
 * again after it when the old second one forbade it.
 */
struct pair_value { const char *property, *file; bool set; int64_t v; };

static int put_i64(struct cgroup_job *j, const char *dir, const struct pair_value *p, char text[24])
{
	snprintf(text, 24, "%" PRId64, p->v);
	return cgroup_put(j, dir, p->file, text);
}

static int set_pair(struct cgroup_job *j, const char *dir, const struct pair_value *first,
		    const struct pair_value *second, struct err *e)
{
	char text[24];
	bool again = false;
	int r;

	if (first->set) {
		r = put_i64(j, dir, first, text);
		again = r == -EINVAL && second->set;
		if (r < 0 && !again)
			return cgroup_refused(r, first->property, dir, first->file, text, e);
	}
	if (second->set) {
		r = put_i64(j, dir, second, text);
		if (r < 0)
			return cgroup_refused(r, second->property, dir, second->file, text, e);
	}
	return again ? cgroup_set_i64(j, first->property, dir, first->file, first->v, e) : 0;
}

static int limit_shares(struct cgroup_job *j, const char *dir, struct err *e)
{
	uint64_t shares = j->r->cpu.shares.v;

	if (!j->r->cpu.shares.set || shares == 0)
		return 0;
	/* The kernel would clamp without a word. */
	if (shares < 2 || shares > 262144)
		return err_set(e, ERANGE,
			       "linux.resources.cpu.shares: %" PRIu64 " is outside of 2 to 262144",
			       shares);
	return cgroup_set_u64(j, "linux.resources.cpu.shares", dir, "cpu.shares", shares, e);
}

/* An idle group takes no shares, so that "idle" is left before and entered after. */
static int limit_shares_and_idle(struct cgroup_job *j, const char *dir, struct err *e)
{
	const struct opt_i64 *idle = &j->r->cpu.idle;
	int r = 0;

	if (idle->set && idle->v == 0 && (j->update || cgroup_file_exists(dir, "cpu.idle")))
		r = cgroup_set_i64(j, "linux.resources.cpu.idle", dir, "cpu.idle", 0, e);
	if (r == 0)
		r = limit_shares(j, dir, e);
	if (r == 0 && idle->set && idle->v != 0)
		r = cgroup_set_i64(j, "linux.resources.cpu.idle", dir, "cpu.idle", idle->v, e);
	return r;
}

static int limit_cpu(struct cgroup_job *j, struct err *e)
{
	const struct resources *r = j->r;
	const char *dir = cgroup_dir_of(j->cg, "cpu");
	struct pair_value period = { "linux.resources.cpu.period", "cpu.cfs_period_us",
				     r->cpu.period.set && r->cpu.period.v,
				     (int64_t)r->cpu.period.v };
	struct pair_value quota = { "linux.resources.cpu.quota", "cpu.cfs_quota_us",
				    r->cpu.quota.set && r->cpu.quota.v, r->cpu.quota.v };
	struct pair_value burst = { "linux.resources.cpu.burst", "cpu.cfs_burst_us", r->cpu.burst.set,
				    (int64_t)r->cpu.burst.v };
	struct pair_value rt_period = { "linux.resources.cpu.realtimePeriod", "cpu.rt_period_us",
					r->cpu.realtime_period.set && r->cpu.realtime_period.v,
					(int64_t)r->cpu.realtime_period.v };
	struct pair_value rt_runtime = { "linux.resources.cpu.realtimeRuntime", "cpu.rt_runtime_us",
					 r->cpu.realtime_runtime.set && r->cpu.realtime_runtime.v,
					 r->cpu.realtime_runtime.v };
	struct pair_value none = { 0 };
	int rc;

	if (!dir) {
		bool asked = period.set || quota.set || burst.set || rt_period.set ||
			     rt_runtime.set || r->cpu.idle.set ||
			     (r->cpu.shares.set && r->cpu.shares.v);

		return asked ? cgroup_no_controller(j->cg, "linux.resources.cpu", "cpu", e) : 0;
	}
	rc = limit_shares_and_idle(j, dir, e);
	/* burst <= quota: what shrinks goes first. The period stands between them. */
	if (rc == 0 && burst.set && quota.set) {
		char text[24];

		if (j->update && put_i64(j, dir, &burst, text) == 0)
			burst.set = false;
		rc = set_pair(j, dir, &period, &quota, e);
		if (rc == 0)
			rc = set_pair(j, dir, &burst, &none, e);
	} else if (rc == 0) {
		rc = set_pair(j, dir, &period, &quota, e);
		if (rc == 0)
			rc = set_pair(j, dir, &burst, &none, e);
	}
	if (rc == 0)
		rc = set_pair(j, dir, &rt_period, &rt_runtime, e);
	return rc;
}

/* ---- memory ---- */

static const char f_limit[] = "memory.limit_in_bytes", f_memsw[] = "memory.memsw.limit_in_bytes";

/* No swap accounting in this kernel: only "unlimited" and "none beyond the limit" need no file. */
static int set_memsw(struct cgroup_job *j, const char *dir, int64_t limit, int64_t swap,
		     struct err *e)
{
	char text[24];
	int r;

	snprintf(text, sizeof(text), "%" PRId64, swap);
	r = cgroup_put(j, dir, f_memsw, text);
	if (r == -ENOENT && (swap < 0 || swap == limit))
		return 0;
	if (r == -ENOENT)
		return err_set(e, ENOTSUP,
			       "linux.resources.memory.swap: this kernel does not account swap (boot "
			       "with swapaccount=1)");
	if (r == -EINVAL)
		return err_set(
			e, EINVAL,
			"linux.resources.memory.swap: %s is below the memory limit that is set in %s",
			text, dir);
	return r < 0 ? cgroup_refused(r, "linux.resources.memory.swap", dir, f_memsw, text, e) : 0;
}

static int set_limit(struct cgroup_job *j, const char *dir, int64_t limit, struct err *e)
{
	char text[24];
	int r;

	snprintf(text, sizeof(text), "%" PRId64, limit);
	r = cgroup_put(j, dir, f_limit, text);
	if (r == -EINVAL)
		return err_set(e, EINVAL,
			       "linux.resources.memory.limit: %s is above the memory+swap limit that is "
			       "set in %s: raise "
			       "memory.swap with it",
			       text, dir);
	if (r == -EBUSY) {
		uint64_t usage = 0;

		(void)cgroup_get_u64(dir, "memory.usage_in_bytes", &usage); /* 0 is said then */
		return err_set(e, EBUSY,
			       "linux.resources.memory.limit: %s is below the %" PRIu64
			       " bytes in use in %s",
			       text, usage, dir);
	}
	return r < 0 ? cgroup_refused(r, "linux.resources.memory.limit", dir, f_limit, text, e) : 0;
}

/* memory.limit <= memory+swap must hold after each write: the one that moves away from the other
 * goes first. */
static int set_limit_and_swap(struct cgroup_job *j, const char *dir, int64_t limit, int64_t swap,
			      struct err *e)
{
	uint64_t now = UINT64_MAX;
	bool swap_first = false;
	int r;

	if (limit == 0)
		return swap ? set_memsw(j, dir, limit, swap, e) : 0;
	if (limit < 0 && swap == 0 && j->update && cgroup_file_exists(dir, f_memsw))
		swap = -1; /* an unlimited memory below a limited sum cannot be */
	if (swap && j->update && cgroup_get_u64(dir, f_memsw, &now) == 0)
		swap_first = swap < 0 || (uint64_t)swap > now;
	r = swap_first ? set_memsw(j, dir, limit, swap, e) : 0;
	if (r == 0)
		r = set_limit(j, dir, limit, e);
	if (r == 0 && swap && !swap_first)
		r = set_memsw(j, dir, limit, swap, e);
	return r;
}

static int check_memory(const struct cgroup_job *j, const char *dir, struct err *e)
{
	const struct resources *r = j->r;
	int64_t limit = r->memory.limit.set ? r->memory.limit.v : 0,
		swap = r->memory.swap.set ? r->memory.swap.v : 0;
	uint64_t usage;

	if (swap > 0 && limit <= 0 && !(j->update && limit == 0))
		return err_set(e, EINVAL,
			       "linux.resources.memory.swap: needs a memory limit (it is the sum of "
			       "memory and swap)");
	if (swap > 0 && limit > swap)
		return err_set(e, EINVAL,
			       "linux.resources.memory.swap: %" PRId64
			       " is below the memory limit %" PRId64
			       " (it is the sum of memory and swap)",
			       swap, limit);
	if (r->memory.swappiness.set && r->memory.swappiness.v > 100)
		return err_set(e, ERANGE,
			       "linux.resources.memory.swappiness: %" PRIu64 " is outside of 0 to 100",
			       r->memory.swappiness.v);
	if (r->memory.check_before_update && limit > 0 &&
	    cgroup_get_u64(dir, "memory.usage_in_bytes", &usage) == 0 && usage >= (uint64_t)limit)
		return err_set(e, EBUSY,
			       "linux.resources.memory.limit: %" PRId64 " is below the %" PRIu64
			       " bytes in use",
			       limit, usage);
	return 0;
}

static int set_kernel_memory(struct cgroup_job *j, const char *dir, const struct opt_i64 *v,
			     const char *property, const char *file, struct err *e)
{
	char text[24];
	int r;

	if (!v->set || v->v == 0)
		return 0;
	snprintf(text, sizeof(text), "%" PRId64, v->v);
	r = cgroup_put(j, dir, file, text);
	if (r == -ENOENT || r == -EOPNOTSUPP || r == -524 || r == -EINVAL)
		return err_set(e, ENOTSUP, "%s: no longer supported by this kernel (%s/%s)",
			       property, dir, file);
	return r < 0 ? cgroup_refused(r, property, dir, file, text, e) : 0;
}

static int limit_memory_rest(struct cgroup_job *j, const char *dir, struct err *e)
{
	const struct resources *r = j->r;
	int rc = set_kernel_memory(j, dir, &r->memory.kernel, "linux.resources.memory.kernel",
				   "memory.kmem.limit_in_bytes", e);

	if (rc == 0)
		rc = set_kernel_memory(j, dir, &r->memory.kernel_tcp, "linux.resources.memory.kernelTCP",
				       "memory.kmem.tcp.limit_in_bytes", e);
	if (rc == 0 && r->memory.reservation.set && r->memory.reservation.v)
		rc = cgroup_set_i64(j, "linux.resources.memory.reservation", dir,
				    "memory.soft_limit_in_bytes", r->memory.reservation.v, e);
	if (rc == 0 && r->memory.swappiness.set)
		rc = cgroup_set_u64(j, "linux.resources.memory.swappiness", dir, "memory.swappiness",
				    r->memory.swappiness.v, e);
	if (rc == 0 && r->memory.disable_oom_killer.set &&
	    (r->memory.disable_oom_killer.v || j->update))
		rc = cgroup_set_u64(j, "linux.resources.memory.disableOOMKiller", dir,
				    "memory.oom_control", r->memory.disable_oom_killer.v, e);
	return rc;
}

static int limit_memory(struct cgroup_job *j, struct err *e)
{
	const struct resources *r = j->r;
	const char *dir = cgroup_dir_of(j->cg, "memory");
	int64_t limit = r->memory.limit.set ? r->memory.limit.v : 0,
		swap = r->memory.swap.set ? r->memory.swap.v : 0;
	int rc;

	if (!dir) {
		bool asked = limit || swap ||
			     (r->memory.reservation.set && r->memory.reservation.v) ||
			     (r->memory.kernel.set && r->memory.kernel.v) ||
			     (r->memory.kernel_tcp.set && r->memory.kernel_tcp.v) ||
			     r->memory.swappiness.set || r->memory.disable_oom_killer.v ||
			     r->memory.use_hierarchy.v;

		return asked ? cgroup_no_controller(j->cg, "linux.resources.memory", "memory", e) : 0;
	}
	rc = check_memory(j, dir, e);
	/* Only before the first child or limit, and since Linux 5.11 always 1. */
	if (rc == 0 && r->memory.use_hierarchy.set)
		rc = cgroup_set_u64(j, "linux.resources.memory.useHierarchy", dir, "memory.use_hierarchy",
				    r->memory.use_hierarchy.v, e);
	if (rc == 0)
		rc = set_limit_and_swap(j, dir, limit, swap, e);
	return rc == 0 ? limit_memory_rest(j, dir, e) : rc;
}

/* ---- pids ---- */

static int limit_pids(struct cgroup_job *j, struct err *e)
{
	const char *dir = cgroup_dir_of(j->cg, "pids");
	const struct opt_i64 *limit = &j->r->pids_limit;

	if (!limit->set)
		return 0;
	if (!dir)
		return cgroup_no_controller(j->cg, "linux.resources.pids.limit", "pids", e);
	if (limit->v < 0)
		return cgroup_set(j, "linux.resources.pids.limit", dir, "pids.max", "max", e);
	return cgroup_set_i64(j, "linux.resources.pids.limit", dir, "pids.max", limit->v, e);
}

/* ---- block devices ---- */

static int set_blkio_weight(struct cgroup_job *j, const char *dir, const char *property,
			    const char *const files[2], const char *value, struct err *e)
{
	int r = cgroup_put(j, dir, files[0], value);

	if (r != -ENOENT)
		return r < 0 ? cgroup_refused(r, property, dir, files[0], value, e) : 0;
	if (!files[1])
		return err_set(e, ENOTSUP, "%s: this kernel has no %s", property, files[0]);
	r = cgroup_put(j, dir, files[1], value);
	if (r == -ENOENT)
		return err_set(e, ENOTSUP,
			       "%s: this kernel has neither %s nor %s (no CFQ or BFQ scheduler)",
			       property, files[0], files[1]);
	return r < 0 ? cgroup_refused(r, property, dir, files[1], value, e) : 0;
}

static const char *const weight_files[2] = { "blkio.weight", "blkio.bfq.weight" };
static const char *const weight_device_files[2] = { "blkio.weight_device",
						    "blkio.bfq.weight_device" };
static const char *const leaf_files[2] = { "blkio.leaf_weight", NULL };
static const char *const leaf_device_files[2] = { "blkio.leaf_weight_device", NULL };
static const struct { const char *property, *file;
} throttles[THROTTLE_KINDS] = {
	[THROTTLE_READ_BPS] = { "linux.resources.blockIO.throttleReadBpsDevice",
				"blkio.throttle.read_bps_device" },
	[THROTTLE_WRITE_BPS] = { "linux.resources.blockIO.throttleWriteBpsDevice",
				 "blkio.throttle.write_bps_device" },
	[THROTTLE_READ_IOPS] = { "linux.resources.blockIO.throttleReadIOPSDevice",
				 "blkio.throttle.read_iops_device" },
	[THROTTLE_WRITE_IOPS] = { "linux.resources.blockIO.throttleWriteIOPSDevice",
				  "blkio.throttle.write_iops_device" },
};

static int limit_blkio_weights(struct cgroup_job *j, const char *dir, struct err *e)
{
	const struct resources *r = j->r;
	char text[80];
	int rc = 0;

	if (r->blkio.weight.set && r->blkio.weight.v) {
		snprintf(text, sizeof(text), "%" PRIu64, r->blkio.weight.v);
		rc = set_blkio_weight(j, dir, "linux.resources.blockIO.weight", weight_files, text, e);
	}
	if (rc == 0 && r->blkio.leaf_weight.set && r->blkio.leaf_weight.v) {
		snprintf(text, sizeof(text), "%" PRIu64, r->blkio.leaf_weight.v);
		rc = set_blkio_weight(j, dir, "linux.resources.blockIO.leafWeight", leaf_files, text, e);
	}
	for (size_t i = 0; rc == 0 && i < r->blkio.weight_devices.n; i++) {
		const struct blkio_weight *w = &r->blkio.weight_devices.v[i];

		if (w->has_weight) {
			snprintf(text, sizeof(text), "%" PRId64 ":%" PRId64 " %u", w->major,
				 w->minor, w->weight);
			rc = set_blkio_weight(j, dir, "linux.resources.blockIO.weightDevice",
					      weight_device_files, text, e);
		}
		if (rc == 0 && w->has_leaf) {
			snprintf(text, sizeof(text), "%" PRId64 ":%" PRId64 " %u", w->major,
				 w->minor, w->leaf_weight);
			rc = set_blkio_weight(j, dir, "linux.resources.blockIO.weightDevice",
					      leaf_device_files, text, e);
		}
	}
	return rc;
}

static int limit_blkio(struct cgroup_job *j, struct err *e)
{
	const struct resources *r = j->r;
	const char *dir = cgroup_dir_of(j->cg, "blkio");
	size_t asked = r->blkio.weight_devices.n + (r->blkio.weight.set && r->blkio.weight.v) +
		       (r->blkio.leaf_weight.set && r->blkio.leaf_weight.v);
	char text[80];
	int rc;

	for (size_t k = 0; k < THROTTLE_KINDS; k++)
		asked += r->blkio.throttle[k].n;
	if (!dir)
		return asked ? cgroup_no_controller(j->cg, "linux.resources.blockIO", "blkio", e) : 0;
	rc = limit_blkio_weights(j, dir, e);
	for (size_t k = 0; k < THROTTLE_KINDS; k++) {
		for (size_t i = 0; rc == 0 && i < r->blkio.throttle[k].n; i++) {
			const struct blkio_rate *t = &r->blkio.throttle[k].v[i];

			snprintf(text, sizeof(text), "%" PRId64 ":%" PRId64 " %" PRIu64, t->major,
				 t->minor, t->rate);
			rc = cgroup_set(j, throttles[k].property, dir, throttles[k].file, text, e);
		}
	}
	return rc;
}

/* ---- network ---- */

static int limit_network(struct cgroup_job *j, struct err *e)
{
	const struct resources *r = j->r;
	const char *cls = cgroup_dir_of(j->cg, "net_cls"), *prio = cgroup_dir_of(j->cg, "net_prio");
	int rc = 0;

	if (r->network.class_id.set && r->network.class_id.v) {
		if (!cls)
			return cgroup_no_controller(j->cg, "linux.resources.network.classID", "net_cls",
						    e);
		rc = cgroup_set_u64(j, "linux.resources.network.classID", cls, "net_cls.classid",
				    r->network.class_id.v, e);
	}
	for (size_t i = 0; rc == 0 && i < r->network.priorities.n; i++) {
		const struct net_priority *p = &r->network.priorities.v[i];
		char text[96];

		if (!prio)
			return cgroup_no_controller(j->cg, "linux.resources.network.priorities",
						    "net_prio", e);
		if (strlen(p->name) > 15 || strpbrk(p->name, " \t\n/"))
			return err_set(e, EINVAL,
				       "linux.resources.network.priorities[%zu].name: not the name of an "
				       "interface",
				       i);
		snprintf(text, sizeof(text), "%s %" PRIu32, p->name, p->priority);
		rc = cgroup_set(j, "linux.resources.network.priorities", prio, "net_prio.ifpriomap", text,
				e);
	}
	return rc;
}

static int limit_hugepages(struct cgroup_job *j, struct err *e)
{
	return cgroup_limit_hugepages(j, false, e);
}

static int refuse_unified(struct cgroup_job *j, struct err *e)
{
	if (j->r->unified.n == 0)
		return 0;
	return err_set(e, ENOTSUP,
		       "linux.resources.unified.%s: this host has cgroup v1; unified is for cgroup v2",
		       j->r->unified.v[0].key);
}

static int devices_once(struct cgroup_job *j, struct err *e)
{
	return j->update || j->note ? 0 : cgroup_v1_devices(j, e);
}

int cgroup_v1_limit(struct cgroup_job *j, struct err *e)
{
	static int (*const steps[])(struct cgroup_job *, struct err *) = {
		refuse_unified, limit_cpuset,    limit_cpu,     limit_memory,      limit_pids,
		limit_blkio,    limit_hugepages, limit_network, cgroup_limit_rdma, devices_once,
	};

	for (size_t i = 0; i < N_ELEMENTS(steps); i++) {
		int r = steps[i](j, e);

		if (r < 0)
			return r;
	}
	return 0;
}
