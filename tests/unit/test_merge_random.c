/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The promises of policy-design 4.2, for random inputs: the result never leaves what was asked; a further label, a raised
 * level, an annotation never enlarge it; "none" changes nothing; the same inputs give the same bytes.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "merge_case.h"
#include "policy/profile.h"
#include "policy/store.h"
#include "policy_random.h"
#include "random_case.h"

enum { CASES = RANDOM_TIMES(100000) };

static bool is_subsequence(const struct mounts *asked, const struct mounts *result)
{
	size_t k = 0;

	for (size_t i = 0; i < result->n; i++) {
		const struct mount *m = &result->v[i];
		if (m->index == SIZE_MAX)
			continue;
		if (k == asked->n || !str_eq(m->destination, asked->v[k].destination) ||
		    (asked->v[k].attr_set & ~m->attr_set) || (m->attr_clear & ~asked->v[k].attr_clear))
			return false;
		k++;
	}
	return k == asked->n;
}

Test(merge_random, the_result_never_leaves_what_was_asked, .timeout = 120)
{
	uint64_t r = UINT64_C(0x2545f4914f6cdd1d);
	auto_case c = { .plan = NULL };
	size_t accepted = 0;

	for (int i = 0; i < CASES; i++) {
		struct plan asked;
		const char *what;

		random_case_again(&c, &r);
		if (case_merge(&c) < 0) {
			cr_assert(c.e.text[0], "case %d: a refusal without words", i);
			continue;
		}
		accepted++;
		asked = as_asked(&c.spec);
		what = exceeds(c.plan, &asked);
		cr_assert_null(what, "case %d: more %s than asked", i, what);
		cr_assert(within(c.plan->process.caps.bounding, profile_builtin(c.plan->privileged_shape ? LEVEL_NONE : c.plan->level)->cap_ceiling | CAP_BIT(CAP_AUDIT_WRITE)),
			  "case %d", i);
		cr_assert(is_subsequence(&c.spec.mounts, &c.plan->mounts), "case %d: a mount was lost, moved or loosened", i);
	}
	cr_expect_gt(accepted, CASES / 10, "only %zu of %d accepted", accepted, CASES);
}

Test(merge_random, a_further_label_never_enlarges_the_result, .timeout = 120)
{
	uint64_t r = UINT64_C(0x9e3779b97f4a7c15);
	auto_case c = { .plan = NULL };

	for (int i = 0; i < CASES; i++) {
		const struct plan *before;
		uint64_t more = random_caps(&r);
		const char *what;

		random_case_again(&c, &r);
		/* A bundle at strict holds nothing until a first label names it: that one is the request. */
		if (!c.labels.found && profile_builtin(c.request.level)->cap_allow == 0 && !c.request.standalone)
			c.labels.found = true;
		if (case_merge(&c) < 0)
			continue;
		before = c.plan;
		c.labels.caps = c.labels.found ? c.labels.caps & more : more;
		c.labels.found = true;
		if (case_merge(&c) < 0)
			continue;
		what = exceeds(c.plan, before);
		cr_assert_null(what, "case %d: the label gave more %s", i, what);
	}
}

Test(merge_random, a_raised_level_never_enlarges_the_result, .timeout = 120)
{
	uint64_t r = UINT64_C(0xd1342543de82ef95);
	auto_case c = { .plan = NULL };

	for (int i = 0; i < CASES; i++) {
		const struct plan *before;
		const char *what;
		bool refused;

		random_case_again(&c, &r);
		if (c.request.level == LEVEL_STRICT)
			continue;
		refused = case_merge(&c) < 0;
		before = c.plan;
		c.request.level++;
		if (case_merge(&c) < 0)
			continue;
		cr_assert(!refused || c.request.standalone, "case %d: refused at a level and allowed at the next", i);
		if (refused)
			continue;
		/* The one capability that a launch may name at strict and hardened never has. */
		if (c.request.standalone && (c.plan->process.caps.bounding & ~before->process.caps.bounding) == CAP_BIT(CAP_AUDIT_WRITE))
			continue;
		what = exceeds(c.plan, before);
		cr_assert_null(what, "case %d: level %d gave more %s", i, (int)c.request.level, what);
	}
}

Test(merge_random, an_annotation_never_enlarges_the_result, .timeout = 120)
{
	static const char *const values[] = { "hardened", "strict", "none", "x" };
	uint64_t r = UINT64_C(0xbf58476d1ce4e5b9);
	auto_case c = { .plan = NULL };

	for (int i = 0; i < CASES / 4; i++) {
		struct key_value kv = { POLICY_ANNOTATION, values[below(&r, 4)] };
		const struct plan *before;
		const char *what;

		random_case_again(&c, &r);
		c.request.standalone = false; /* a launch has no annotations of a stranger's */
		c.request.cap_add = 0;
		if (case_merge(&c) < 0)
			continue;
		before = c.plan;
		c.spec.annotations = (struct key_values){ 1, &kv };
		if (case_merge(&c) < 0)
			continue;
		what = exceeds(c.plan, before);
		cr_assert_null(what, "case %d: the annotation gave more %s", i, what);
	}
}

Test(merge_random, exec_never_gets_more_than_the_ceiling, .timeout = 120)
{
	uint64_t r = UINT64_C(0x94d049bb133111eb);
	auto_case c = { .plan = NULL };

	for (int i = 0; i < CASES / 4; i++) {
		const struct process *out;
		struct process asked;

		random_case_again(&c, &r);
		asked = c.spec.process;
		if (case_merge(&c) < 0)
			continue;
		asked.has_caps = true;
		asked.caps = (struct capsets){ random_caps(&r), random_caps(&r), random_caps(&r), random_caps(&r), random_caps(&r) };
		if (policy_merge_exec(&c.arena, c.plan, &asked, &out, &c.e) < 0)
			continue;
		cr_assert(sets_within(&out->caps, &asked.caps), "case %d: more than asked", i);
		cr_assert(within(out->caps.bounding | out->caps.permitted | out->caps.ambient, c.plan->cap_ceiling | CAP_BIT(CAP_AUDIT_WRITE)),
			  "case %d", i);
		cr_assert(!c.plan->require_non_root || (out->uid && out->gid), "case %d", i);
	}
}

Test(merge_random, the_same_inputs_give_the_same_bytes, .timeout = 120)
{
	uint64_t r = UINT64_C(0x853c49e6748fea9b);
	auto_case c = { .plan = NULL };

	for (int i = 0; i < 2000; i++) {
		auto_free char *one = NULL, *two = NULL;
		size_t n_one, n_two;

		random_case_again(&c, &r);
		if (case_merge(&c) < 0)
			continue;
		cr_assert_eq(plan_write(c.plan, &one, &n_one, &c.e), 0);
		cr_assert_eq(case_merge(&c), 0);
		cr_assert_eq(plan_write(c.plan, &two, &n_two, &c.e), 0);
		cr_assert_str_eq(one, two, "case %d", i);
	}
}

/* A random plan's fields as a document: what "none" gives back must be that plan, but for what the policy itself writes. */
static void as_document(const struct plan *p, struct spec *s)
{
	s->oci_version = p->oci_version;
	s->annotations = p->annotations;
	s->has_process = p->has_process;
	s->process = p->process;
	s->root_readonly = p->root.readonly;
	s->rootfs_propagation = p->root.propagation;
	s->mounts = p->mounts;
	s->devices = p->devices;
	s->net_devices = p->net_devices;
	s->masked_paths = p->masked_paths;
	s->readonly_paths = p->readonly_paths;
	s->mount_label = p->mount_label;
	memcpy(s->ns, p->ns, sizeof(s->ns));
	s->uid_map = p->uid_map;
	s->gid_map = p->gid_map;
	s->boottime = p->boottime;
	s->monotonic = p->monotonic;
	s->hostname = p->hostname;
	s->domainname = p->domainname;
	s->has_personality = p->has_personality;
	s->personality = p->personality;
	memcpy(s->hooks, p->hooks, sizeof(s->hooks));
	s->cgroups_path = p->cgroups_path;
	s->resources = p->resources;
	s->memory_policy = p->memory_policy;
	s->intel_rdt = p->intel_rdt;
	s->has_seccomp = p->filter.has_engine;
	s->seccomp = p->filter.engine;
}

Test(merge_random, none_gives_the_document_back_in_every_field, .timeout = 120)
{
	uint64_t r = UINT64_C(0xda942042e4dd58b5);

	for (int i = 0; i < 2000; i++) {
		struct label_caps labels = { .found = true, .caps = below(&r, 2), .from = "label" };
		struct facts f = { .caps = CAP_MASK_ALL, .apparmor = true, .selinux = true, .cgroup = CGROUP_V2 };
		struct policy_request q = { .labels = &labels, .facts = &f, .level = LEVEL_NONE };
		struct plan want = { 0 };
		const struct plan *got = NULL;
		struct spec s = { 0 };
		auto_arena a = { 0 };
		struct err e = { 0 };
		const char *differs;
		uint64_t caps;

		fill_random(&store_plan_type, &r, &a, &want);
		/* Sets that the kernel can give at all, sysctls that a container may set: the rest is refused, not changed. */
		caps = next_random(&r) & CAP_MASK_ALL;
		want.process.caps = (struct capsets){ next_random(&r) & CAP_MASK_ALL, caps, caps, caps, caps };
		want.sysctl.n = 0;
		want.sources = (struct plan_sources){ 0 };
		want.oci_version = "1.0.0";
		as_document(&want, &s);
		q.id = want.id;
		q.bundle = want.bundle;
		q.root_path = want.root.path;
		q.level_from = want.level_from = "--policy";
		q.init = want.init;
		q.init_options = want.init_options;
		q.health = &want.health;
		q.no_cgroup = want.no_cgroup;
		q.root_idmap = want.root.idmap;
		cr_assert_eq(policy_merge(&a, &s, &q, &got, &e), 0, "plan %d: %s", i, e.text);
		want.level = LEVEL_NONE;
		want.profile = "none";
		want.exec = got->exec;
		want.filter.would = (struct plan_syscalls){ 0 };
		want.privileged_shape = got->privileged_shape;
		want.cap_ceiling = CAP_MASK_ALL;
		want.landlock = (struct landlock_rules){ 0 };
		want.image.required = want.image.seen = false;
		want.deny_write_exec = want.label_caps_set = want.require_non_root = want.root.nosuid = want.root.nodev = false;
		want.label_caps = want.securebits = 0;
		want.filter.own = (struct plan_syscalls){ .families = FILTER_EVERY, .netlink = FILTER_EVERY, .allow_compat32 = true };
		want.filter.caps = got->filter.caps;
		want.reasons = got->reasons;
		want.warnings = (struct strings){ 0 };
		differs = first_difference(&store_plan_type, &want, got);
		cr_assert_null(differs, "plan %d: %s was changed", i, differs);
	}
}
