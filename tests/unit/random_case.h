/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random documents, requests and hosts, and what it means that one plan holds no right that another does not hold.
 */
#ifndef CAISSON_TEST_RANDOM_CASE_H
#define CAISSON_TEST_RANDOM_CASE_H

#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include "policy/landlock.h"
#include "merge_case.h"
#include "policy/syscall_groups.h"
#include "policy_random.h"

static inline uint64_t random_caps(uint64_t *r)
{
	switch (below(r, 5)) {
	case 0:
		return 0;
	case 1:
		return CAP_MASK_ALL;
	case 2:
		return DOCKER_CAPS;
	case 3:
		return next_random(r) & next_random(r) & CAP_MASK_ALL;
	default:
		return next_random(r) & CAP_MASK_ALL;
	}
}

static const struct mount some_mounts[] = {
	{ .destination = "/tmp", .type = "tmpfs", .data = "" },
	{ .destination = "/dev", .type = "tmpfs", .data = "" },
	{ .destination = "/proc", .type = "proc", .data = "" },
	{ .destination = "/d", .bind = true, .recursive = true, .data = "", .rattr_clear = MOUNT_ATTR_NODEV },
	{ .destination = "/o", .type = "overlay", .data = "", .attr_clear = MOUNT_ATTR_NOSUID },
};
static const struct device_rule some_rules[] = { { false, 'a', -1, -1, true, true, true }, { true, 'a', -1, -1, true, true, true } };
static const char *const some_paths[] = { "/proc/kcore", "/x", NULL };
static const char *const some_env[] = { "A=1", "DB_PASSWORD=x", "HOME=/", NULL };
static const struct process_rlimit some_rlimits[] = {
	{ RLIMIT_NOFILE, "RLIMIT_NOFILE", 2000, 3000 }, { RLIMIT_CORE, "RLIMIT_CORE", 0, UINT64_MAX },
	{ RLIMIT_MEMLOCK, "RLIMIT_MEMLOCK", 1 << 20, 1 << 20 },
};
static const struct key_value some_sysctls[] = { { "net.ipv4.tcp_syncookies", "0" } };
static const struct hook some_hooks[] = { { .path = "/usr/bin/hook" } };
static const struct key_value image_labels[] = { { "/x", "1" }, { "/proc/kcore", "1" } };
static const char *const image_digests[] = { "/x", NULL };
static const struct scan image_scan = { .format = SCAN_TRIVY, .digests = { 1, image_digests }, .made = 1, .worst = SCAN_MEDIUM, .findings = 1 };
#define IMAGE .digests = { 1, image_digests }, .has_config = true, .labels = { 2, image_labels }, .scan_from = "x", .now = 2
/* The first shows most of what may be required. */
static const struct image_facts some_images[] = {
	{ IMAGE, .user = "1", .healthcheck = true, .scan = &image_scan }, { IMAGE, .healthcheck = true, .scan = &image_scan },
	{ IMAGE, .user = "1", .scan = &image_scan }, { IMAGE, .user = "1", .healthcheck = true },
	{ .digests = { 1, image_digests }, .has_config = true, .user = "1", .healthcheck = true, .scan = &image_scan, .scan_from = "x", .now = 86400 * 3 },
};
#undef IMAGE
static const struct id_map some_map[] = { { 0, 100000, 65536 } };

static inline void random_case(struct merge_case *c, uint64_t *r)
{
	struct process *p;

	case_new(c, (enum level)below(r, LEVELS));
	p = &c->spec.process;
	p->has_caps = below(r, 8);
	p->caps = (struct capsets){ 0 };
	if (p->has_caps)
		p->caps = (struct capsets){ random_caps(r), random_caps(r), random_caps(r), random_caps(r), random_caps(r) };
	p->uid = (uint32_t)below(r, 3);
	p->gid = (uint32_t)below(r, 3);
	p->no_new_privs = below(r, 2);
	p->env = (struct strings){ below(r, N_ELEMENTS(some_env)), some_env };
	for (int i = 0; i < NS_KINDS; i++)
		c->spec.ns[i].mode = below(r, 6) ? NS_NEW : NS_INHERIT;
	if (!below(r, 8))
		c->spec.ns[NS_NET] = (struct namespace){ NS_JOIN, below(r, 2) ? "/run/netns/x" : "/x" };
	c->spec.sysctl = (struct key_values){ !below(r, 8), some_sysctls };
	if (c->spec.ns[NS_NET].mode == NS_INHERIT)
		c->spec.sysctl.n = 0;
	c->spec.hooks[HOOK_PRESTART] = (struct hooks){ !below(r, 8), some_hooks };
	c->spec.uid_map = c->spec.gid_map = (struct id_maps){ 1, some_map };
	p->rlimits = (struct rlimits){ below(r, N_ELEMENTS(some_rlimits) + 1), some_rlimits };
	c->spec.root_readonly = below(r, 2);
	c->spec.has_seccomp = below(r, 2);
	c->spec.mounts = (struct mounts){ below(r, N_ELEMENTS(some_mounts) + 1), some_mounts };
	c->spec.masked_paths = (struct strings){ below(r, 3), some_paths };
	c->spec.readonly_paths = (struct strings){ below(r, 3), some_paths };
	c->spec.resources.devices.n = below(r, 3);
	c->spec.resources.devices.v = some_rules;
	c->spec.resources.pids_limit = (struct opt_i64){ below(r, 2), (int64_t)below(r, 9000) - 1 };
	c->spec.resources.memory.limit = (struct opt_i64){ below(r, 2), (int64_t)below(r, UINT64_C(1) << 34) - 1 };
	c->spec.resources.memory.swap = (struct opt_i64){ below(r, 2), (int64_t)below(r, UINT64_C(1) << 35) };
	c->spec.resources.cpu.quota = (struct opt_i64){ below(r, 2), (int64_t)below(r, 900000) };
	c->spec.resources.blkio.weight = (struct opt_u64){ below(r, 2), 10 + below(r, 990) };
	c->facts.apparmor = below(r, 8);
	c->facts.selinux = below(r, 8);
	c->request.image = &some_images[below(r, 2) ? 0 : below(r, N_ELEMENTS(some_images))];
	c->facts.caps = below(r, 3) ? CAP_MASK_ALL : random_caps(r);
	c->facts.uid = below(r, 4) ? 0 : 1000;
	c->facts.nofile_hard = below(r, 2) ? 1024 : UINT64_MAX;
	c->facts.mdwe = below(r, 4);
	c->facts.landlock_abi = (unsigned)below(r, 8);
	c->facts.has_rlimits = below(r, 2);
	for (size_t i = 0; i < N_ELEMENTS(c->facts.rlimits); i++) {
		c->facts.rlimits[i].soft = below(r, 6000);
		c->facts.rlimits[i].hard = below(r, 2) ? UINT64_MAX : c->facts.rlimits[i].soft + below(r, 6000);
	}
	c->facts.rlimits[RLIMIT_NOFILE].soft = 1024;
	c->facts.rlimits[RLIMIT_NOFILE].hard = c->facts.nofile_hard;
	c->request.standalone = below(r, 3) == 0;
	c->request.cap_add = c->request.standalone && below(r, 2) ? p->caps.bounding & random_caps(r) : 0;
	c->labels = (struct label_caps){ .found = below(r, 2), .caps = random_caps(r), .from = "label" };
}

/* The next one of a loop: without new pages, which would cost more than the merge. *c begins as zeros. */
static inline void random_case_again(struct merge_case *c, uint64_t *r)
{
	struct arena arena = c->arena;

	arena_clear(&arena);
	random_case(c, r);
	c->arena = arena;
}

static inline bool within(uint64_t a, uint64_t b)
{
	return (a & ~b) == 0;
}

static inline bool sets_within(const struct capsets *a, const struct capsets *b)
{
	return within(a->bounding, b->bounding) && within(a->permitted, b->permitted) && within(a->effective, b->effective) &&
	       within(a->inheritable, b->inheritable) && within(a->ambient, b->ambient);
}

static inline bool all_in(const struct strings *a, const struct strings *b)
{
	for (size_t i = 0; i < a->n; i++)
		if (!str_in(b, a->v[i]))
			return false;
	return true;
}

static inline bool limit_within(struct opt_i64 a, struct opt_i64 b)
{
	return !b.set || b.v <= 0 || (a.set && a.v > 0 && a.v <= b.v);
}

/* No set is every call; the rules of baseline are looked at apart. */
static inline struct syscall_set calls_of(const struct plan_syscalls *f)
{
	struct syscall_set s = { 0 };
	struct syscall_walk w;

	switch (f->set) {
	case FILTER_SET_SERVICE:
		s.groups = SYSCALLS_SERVICE;
		break;
	case FILTER_SET_CONTAINER:
		s.groups = SYSCALLS_CONTAINER;
		break;
	case FILTER_SET_GROUPS:
		s.groups = f->groups;
		for (size_t i = 0; i < f->calls.n; i++)
			if (syscall_find(f->calls.v[i], strlen(f->calls.v[i]), &w))
				syscall_set_put(&s, &w);
		break;
	default:
		s.groups = SYSCALLS_ALL;
	}
	return s;
}

static inline const char *filter_exceeds(const struct plan_syscalls *a, const struct plan_syscalls *b)
{
	struct syscall_set met = calls_of(a), own = met, other = calls_of(b);

	syscall_set_meet(&met, &other);
	if (memcmp(&met, &own, sizeof(met)) != 0)
		return "filter";
	if (!within(a->families, b->families))
		return "sockets";
	if (!within(a->netlink, b->netlink))
		return "netlink";
	if (!within(b->ioctls, a->ioctls))
		return "ioctl";
	if (!all_in(&b->kill, &a->kill))
		return "kill";
	if (a->allow_compat32 && !b->allow_compat32)
		return "native calls";
	/* Whether one has a list or not: what baseline refuses, it refuses too. */
	return b->set == FILTER_SET_BASELINE && (a->set == FILTER_SET_NONE || a->set == FILTER_SET_RULES) ? "baseline" : NULL;
}

/* The last rule that names a device decides. */
static inline bool may_open(const struct resources *r, char type, int64_t major, int64_t minor)
{
	bool may = false;

	for (size_t i = 0; i < r->devices.n; i++) {
		const struct device_rule *d = &r->devices.v[i];
		if ((d->type == 'a' || d->type == type) && (d->major < 0 || d->major == major) && (d->minor < 0 || d->minor == minor) && d->w)
			may = d->allow;
	}
	return may;
}

/* How far: without a word a copy of the host's mount is its slave. */
static inline int reach(unsigned long propagation)
{
	return propagation & MS_SHARED ? 2 : propagation & (MS_PRIVATE | MS_UNBINDABLE) ? 0 : 1;
}

static inline bool shows_less(const char *a, const char *b)
{
	return (a && strstr(a, "hidepid") && !strstr(b, "hidepid")) || (a && strstr(a, "subset") && !strstr(b, "subset"));
}

/* Of the document's own mounts: no flag is taken off, none reaches further or shows more. */
static inline bool mounts_within(const struct mounts *a, const struct mounts *b)
{
	for (size_t i = 0; i < b->n; i++)
		for (size_t k = 0; k < a->n; k++) {
			const struct mount *m = &a->v[k], *than = &b->v[i];
			if (m->index != SIZE_MAX && than->index != SIZE_MAX && str_eq(m->destination, than->destination) &&
			    (!within(than->attr_set, m->attr_set) || !within(m->attr_clear, than->attr_clear) ||
			     reach(m->propagation) > reach(than->propagation) || shows_less(than->data, m->data)))
				return false;
		}
	return true;
}

static inline bool rlimits_within(const struct rlimits *a, const struct rlimits *b)
{
	for (size_t i = 0; i < b->n; i++) {
		bool found = b->v[i].hard == UINT64_MAX;
		for (size_t k = 0; k < a->n; k++)
			if (a->v[k].resource == b->v[i].resource)
				found = a->v[k].hard <= b->v[i].hard && a->v[k].soft <= b->v[i].soft;
		if (!found)
			return false;
	}
	return true;
}

/* Each list is one more condition; a part of one makes it needless. */
static inline bool lists_within(const struct glob_lists *a, const struct glob_lists *b)
{
	for (size_t i = 0; i < b->n; i++) {
		bool found = false;
		for (size_t k = 0; k < a->n; k++)
			found |= all_in(&a->v[k], &b->v[i]);
		if (!found)
			return false;
	}
	return true;
}

static inline uint64_t cpus_of(const struct resources *r)
{
	uint64_t period = r->cpu.period.set && r->cpu.period.v ? r->cpu.period.v : 100000;

	return r->cpu.quota.set && r->cpu.quota.v > 0 ? (uint64_t)r->cpu.quota.v * 1000 / period : UINT64_MAX;
}

static inline bool ends_as_a_whole(const struct resources *r)
{
	for (size_t i = 0; i < r->unified.n; i++)
		if (str_eq(r->unified.v[i].key, "memory.oom.group"))
			return str_eq(r->unified.v[i].value, "1");
	return false;
}

static inline bool resources_within(const struct resources *a, const struct resources *b)
{
	return limit_within(a->memory.swap, b->memory.swap) && cpus_of(a) <= cpus_of(b) &&
	       (!b->blkio.weight.set || a->blkio.weight.v <= b->blkio.weight.v) && (!ends_as_a_whole(b) || ends_as_a_whole(a));
}

/* What may be compared between any two results for one document: `a` holds no right that `b` does not hold. */
static inline const char *exceeds(const struct plan *a, const struct plan *b)
{
	for (int i = 0; i < NS_KINDS; i++)
		if (a->ns[i].mode == NS_INHERIT && b->ns[i].mode != NS_INHERIT)
			return "namespaces";
	if (!sets_within(&a->process.caps, &b->process.caps))
		return "capabilities";
	if (!within(a->cap_ceiling, b->cap_ceiling))
		return "exec ceiling";
	if (b->process.no_new_privs && !a->process.no_new_privs)
		return "no_new_privs";
	if ((b->root.readonly && !a->root.readonly) || (b->root.nosuid && !a->root.nosuid) || (b->root.nodev && !a->root.nodev))
		return "root";
	if (!all_in(&b->masked_paths, &a->masked_paths) || !all_in(&b->readonly_paths, &a->readonly_paths))
		return "paths";
	if (!limit_within(a->resources.pids_limit, b->resources.pids_limit))
		return "pids";
	if (!limit_within(a->resources.memory.limit, b->resources.memory.limit))
		return "memory";
	if (filter_exceeds(&a->filter.own, &b->filter.own))
		return filter_exceeds(&a->filter.own, &b->filter.own);
	if (!resources_within(&a->resources, &b->resources))
		return "resources";
	if ((may_open(&a->resources, 'c', 10, 200) && !may_open(&b->resources, 'c', 10, 200)) ||
	    (may_open(&a->resources, 'b', 8, 0) && !may_open(&b->resources, 'b', 8, 0)))
		return "devices";
	if (reach(a->root.propagation) > reach(b->root.propagation))
		return "propagation";
	if (b->require_non_root && !a->require_non_root)
		return "user";
	if (b->image.required && !a->image.required)
		return "image";
	if (!all_in(&a->process.env, &b->process.env))
		return "environment";
	if (!all_in(&b->exec.env_deny, &a->exec.env_deny) || (b->exec.no_home && !a->exec.no_home) || a->exec.env_secrets < b->exec.env_secrets)
		return "environment of exec";
	if (!within(b->securebits, a->securebits))
		return "secure bits";
	if (!mounts_within(&a->mounts, &b->mounts))
		return "mounts";
	if (!rlimits_within(&a->process.rlimits, &b->process.rlimits))
		return "rlimits";
	if (!lists_within(&a->sources.allow, &b->sources.allow) || !all_in(&b->sources.deny, &a->sources.deny) ||
	    (b->sources.no_devices && !a->sources.no_devices))
		return "sources of mounts";
	if ((b->exec.within_result && !a->exec.within_result) || a->exec.allow < b->exec.allow)
		return "exec";
	if (landlock_layers(&b->landlock) > landlock_layers(&a->landlock))
		return "landlock";
	if (b->deny_write_exec && !a->deny_write_exec)
		return "write and execute";
	return NULL;
}

/* The document itself as a plan, to compare with. */
static inline struct plan as_asked(const struct spec *s)
{
	struct plan p = { .process = s->process, .cap_ceiling = CAP_MASK_ALL, .root = { .readonly = s->root_readonly },
			  .masked_paths = s->masked_paths, .readonly_paths = s->readonly_paths, .resources = s->resources, .mounts = s->mounts,
			  .filter = { .own = { .families = FILTER_EVERY, .netlink = FILTER_EVERY, .allow_compat32 = true } } };

	memcpy(p.ns, s->ns, sizeof(p.ns));
	return p;
}

#endif
