/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way into both versions' limits, what they share, and on v2 the handing down of controllers
 * that limits need.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "base/str.h"
#include "kernel/cgroup_internal.h"

/* ---- what is asked ---- */

static bool given(const struct opt_i64 *v)
{
	return v->set && v->v != 0;
}

static bool given_u(const struct opt_u64 *v)
{
	return v->set && v->v != 0;
}

static bool asks_memory(const struct resources *r)
{
	return given(&r->memory.limit) || given(&r->memory.reservation) || given(&r->memory.swap) ||
	       given(&r->memory.kernel) || given(&r->memory.kernel_tcp) ||
	       r->memory.swappiness.set || r->memory.disable_oom_killer.v;
}

static bool asks_cpu(const struct resources *r)
{
	return given_u(&r->cpu.shares) || given(&r->cpu.quota) || given_u(&r->cpu.period) ||
	       r->cpu.burst.set || r->cpu.idle.set || given(&r->cpu.realtime_runtime) ||
	       given_u(&r->cpu.realtime_period);
}

static bool asks_cpuset(const struct resources *r)
{
	return (r->cpu.cpus && *r->cpu.cpus) || (r->cpu.mems && *r->cpu.mems);
}

static bool asks_pids(const struct resources *r)
{
	return r->pids_limit.set;
}

static bool asks_io(const struct resources *r)
{
	size_t n = r->blkio.weight_devices.n;

	for (size_t k = 0; k < THROTTLE_KINDS; k++)
		n += r->blkio.throttle[k].n;
	return n > 0 || given_u(&r->blkio.weight) || given_u(&r->blkio.leaf_weight);
}

static bool asks_hugetlb(const struct resources *r)
{
	return r->hugepages.n > 0;
}

static bool asks_rdma(const struct resources *r)
{
	return r->rdma.n > 0;
}

static bool asks_network(const struct resources *r)
{
	return given_u(&r->network.class_id) || r->network.priorities.n > 0;
}

static bool asks_unified(const struct resources *r)
{
	return r->unified.n > 0;
}

/* controller: as v2 names it; NULL: none there. */
static const struct {
	const char *property, *controller;
	bool (*asks)(const struct resources *);
	bool usual;
} wishes[] = {
	{ "linux.resources.cpu", "cpu", asks_cpu, true },
	{ "linux.resources.cpu.cpus", "cpuset", asks_cpuset, true },
	{ "linux.resources.hugepageLimits", "hugetlb", asks_hugetlb, true },
	{ "linux.resources.blockIO", "io", asks_io, true },
	{ "linux.resources.memory", "memory", asks_memory, true },
	{ "linux.resources.pids", "pids", asks_pids, true },
	{ "linux.resources.rdma", "rdma", asks_rdma, false },
	{ "linux.resources.network", NULL, asks_network, false },
	{ "linux.resources.unified", NULL, asks_unified, false },
};

bool cgroup_asks_limits(const struct resources *r, const char **what)
{
	for (size_t i = 0; i < N_ELEMENTS(wishes); i++) {
		if (wishes[i].asks(r)) {
			*what = wishes[i].property;
			return true;
		}
	}
	return false;
}

/* ---- v2: handing controllers down ---- */

/* The property that needs `controller`, or NULL: usual controllers are handed down unasked, for
 * stats and later updates. */
static const char *needed_by(const struct resources *r, const char *controller)
{
	size_t len = strlen(controller);

	for (size_t i = 0; i < N_ELEMENTS(wishes); i++) {
		if (str_eq(wishes[i].controller, controller) && wishes[i].asks(r))
			return wishes[i].property;
	}
	for (size_t i = 0; i < r->unified.n; i++) {
		if (strncmp(r->unified.v[i].key, controller, len) == 0 &&
		    r->unified.v[i].key[len] == '.')
			return "linux.resources.unified";
	}
	return NULL;
}

static bool is_usual(const char *controller)
{
	for (size_t i = 0; i < N_ELEMENTS(wishes); i++) {
		if (str_eq(wishes[i].controller, controller))
			return wishes[i].usual;
	}
	return false;
}

static int cannot_hand_down(int rc, const char *dir, const char *controller, const char *property,
			    struct err *e)
{
	if (rc == -EBUSY)
		return err_set(e, EBUSY,
			       "%s: %s holds processes itself and so cannot hand the %s controller "
			       "to children (cgroup v2 allows no "
			       "processes in inner cgroups): move them into a child, or choose "
			       "another cgroupsPath",
			       property, dir, controller);
	if (rc == -EOPNOTSUPP)
		return err_set(
			e, EOPNOTSUPP,
			"%s: %s is a threaded cgroup and cannot hand the %s controller to children",
			property, dir, controller);
	return err_code(e, -rc, "%s: enable the %s controller in %s", property, controller, dir);
}

/* What is in `list`, wanted, and not in `enabled`: "+cpu +memory". */
static void wanted_of(const char *list, const char *enabled, const struct resources *r, char *out,
		      size_t size)
{
	char one[80];

	*out = '\0';
	for (const char *p = list; *p; p += strcspn(p, " "), p += *p == ' ') {
		size_t n = strlen(out);

		snprintf(one, sizeof(one), "%.*s", (int)strcspn(p, " "), p);
		if ((is_usual(one) || needed_by(r, one)) &&
		    !cgroup_has_controller(enabled, one, ' ') && n + strlen(one) + 3 < size)
			snprintf(out + n, size - n, "%s+%s", n ? " " : "", one);
	}
}

/*
 * One write for all of them; when that fails, one each, so that a controller nobody needs does not
 * stop the others. Not so where the rule about processes forbids it: some controllers would be
 * taken even then, and make the cgroup a threaded one.
 */
static int enable_in(const char *dir, const char *list, const struct resources *r, struct err *e)
{
	char path[PATH_MAX + 64], enabled[512], text[512], one[80];
	int rc;

	snprintf(path, sizeof(path), "%s/cgroup.subtree_control", dir);
	if (fd_read_small(AT_FDCWD, path, enabled, sizeof(enabled)) < 0)
		return 0; /* above the mount, or the caller may not: the check at the end tells */
	wanted_of(list, enabled, r, text, sizeof(text));
	rc = *text ? fd_write_to(AT_FDCWD, path, text) : 0;
	if (rc == 0)
		return 0;
	bool forbidden = rc == -EBUSY || rc == -EOPNOTSUPP;

	for (const char *p = text; *p; p += strcspn(p, " "), p += *p == ' ') {
		snprintf(one, sizeof(one), "%.*s", (int)strcspn(p, " "), p);
		const char *property = needed_by(r, one + 1);

		if (!forbidden)
			rc = fd_write_to(AT_FDCWD, path, one);
		if (rc < 0 && property)
			return cannot_hand_down(rc, dir, one + 1, property, e);
	}
	return 0;
}

/* Did everything that is needed arrive? The kernel's own list is what counts. */
static int check_arrived(const char *path, const struct resources *r, struct err *e)
{
	char file[PATH_MAX], list[512];

	snprintf(file, sizeof(file), "%s/cgroup.controllers", path);
	ssize_t n = fd_read_small(AT_FDCWD, file, list, sizeof(list));
	if (n < 0)
		return err_code(e, (int)-n, "cgroup: read %s", file);
	for (size_t i = 0; i < N_ELEMENTS(wishes); i++) {
		const char *c = wishes[i].controller, *property = c ? needed_by(r, c) : NULL;

		if (property && !cgroup_has_controller(list, c, ' '))
			return err_set(e, ENOENT,
				       "%s: the %s controller is not available in %s: it is not in "
				       "this kernel, is in use by "
				       "cgroup v1, or is not delegated to this user (Delegate=yes "
				       "of the systemd unit)",
				       property, c, path);
	}
	return 0;
}

int cgroup_v2_enable(const char *base, const char *path, const struct resources *r, struct err *e)
{
	char dir[PATH_MAX], file[PATH_MAX], list[512];
	size_t len = strlen(base), end = strlen(path);

	if (end >= sizeof(dir))
		return err_set(e, ENAMETOOLONG, "cgroup: %s", path);
	while (len < end) {
		snprintf(dir, sizeof(dir), "%.*s", (int)len, path);
		snprintf(file, sizeof(file), "%.*s/cgroup.controllers", (int)len, path);
		if (fd_read_small(AT_FDCWD, file, list, sizeof(list)) > 0) {
			int rc = enable_in(dir, list, r, e);

			if (rc < 0)
				return rc;
		}
		len += path[len] == '/';
		len += strcspn(path + len, "/");
	}
	return check_arrived(path, r, e);
}

/* ---- what both versions write alike ---- */

static bool is_page_size(const char *s)
{
	size_t n = strspn(s, "0123456789");

	return n > 0 && n < 16 && strchr("KMG", s[n]) && s[n] && str_eq(s + n + 1, "B");
}

int cgroup_limit_hugepages(struct cgroup_job *j, bool v2, struct err *e)
{
	static const char property[] = "linux.resources.hugepageLimits";
	const char *dir = cgroup_dir_of(j->cg, "hugetlb"), *suffix = v2 ? "max" : "limit_in_bytes";
	char file[64], text[24];

	for (size_t i = 0; i < j->r->hugepages.n; i++) {
		const struct hugepage_limit *h = &j->r->hugepages.v[i];
		int r;

		if (!is_page_size(h->page_size))
			return err_set(e, EINVAL,
				       "%s[%zu].pageSize: '%.32s' is not a size like 2MB", property,
				       i, h->page_size);
		if (!dir)
			return cgroup_no_controller(j->cg, property, "hugetlb", e);
		snprintf(text, sizeof(text), "%" PRIu64, h->limit);
		/* By reservation where the kernel counts those (Linux 5.7), by use in any case. */
		snprintf(file, sizeof(file), "hugetlb.%.24s.rsvd.%s", h->page_size, suffix);
		r = cgroup_put(j, dir, file, text);
		if (r < 0 && r != -ENOENT)
			return cgroup_refused(r, property, dir, file, text, e);
		snprintf(file, sizeof(file), "hugetlb.%.24s.%s", h->page_size, suffix);
		r = cgroup_put(j, dir, file, text);
		if (r == -ENOENT)
			return err_set(
				e, ENOENT,
				"%s[%zu].pageSize: this host has no huge pages of %s (%s/%s)",
				property, i, h->page_size, dir, file);
		if (r < 0)
			return cgroup_refused(r, property, dir, file, text, e);
	}
	return 0;
}

int cgroup_limit_rdma(struct cgroup_job *j, struct err *e)
{
	const char *dir = cgroup_dir_of(j->cg, "rdma");

	for (size_t i = 0; i < j->r->rdma.n; i++) {
		const struct rdma_limit *d = &j->r->rdma.v[i];
		char text[256];
		int n;

		if (!dir)
			return cgroup_no_controller(j->cg, "linux.resources.rdma", "rdma", e);
		if (!*d->device || strlen(d->device) > 63 || strpbrk(d->device, " \t\n/"))
			return err_set(e, EINVAL,
				       "linux.resources.rdma: '%.64s' is not the name of a device",
				       d->device);
		n = snprintf(text, sizeof(text), "%s", d->device);
		if (d->has_handles)
			n += snprintf(text + n, sizeof(text) - (size_t)n, " hca_handle=%" PRIu32,
				      d->handles);
		if (d->has_objects)
			snprintf(text + n, sizeof(text) - (size_t)n, " hca_object=%" PRIu32,
				 d->objects);
		int r = cgroup_set(j, "linux.resources.rdma", dir, "rdma.max", text, e);
		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- all of it ---- */

int cgroup_limit(const struct cgroup *cg, const struct resources *r, bool update, struct err *e)
{
	struct cgroup_job j = { .cg = cg, .r = r, .update = update };
	const char *what = NULL;
	int rc;

	if (cg->mode == CGROUP_NONE || cg->n == 0) {
		if (!cgroup_asks_limits(r, &what))
			return 0;
		return err_set(e, ENOTSUP, "%s: cannot be applied: this container has no cgroup",
			       what);
	}
	rc = cg->mode == CGROUP_V2 ? cgroup_v2_limit(&j, e) : cgroup_v1_limit(&j, e);
	if (rc < 0 && update) {
		size_t left = cgroup_job_rollback(&j);

		if (left)
			err_wrap(e, "%zu earlier values could not be restored", left);
	}
	cgroup_job_done(&j);
	return rc;
}

int cgroup_limit_tell(const struct cgroup *cg, const struct resources *r, cgroup_note_fn *note, void *ctx, struct err *e)
{
	struct cgroup_job j = { .cg = cg, .r = r, .note = note, .ctx = ctx };

	if (cg->mode == CGROUP_NONE || cg->n == 0)
		return 0;
	return cg->mode == CGROUP_V2 ? cgroup_v2_limit(&j, e) : cgroup_v1_limit(&j, e);
}
