/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <sys/resource.h>

#include "merge_case.h"
#include "policy/profile_fields.h"
#include "policy/resolve.h"

/* A profile over a level's, with one thing changed by the test. */
static void begin(struct merge_case *c, struct profile *p, enum level level)
{
	case_new(c, level);
	*p = *profile_builtin(level);
	p->name = "x";
	p->from_file = true;
}

static int merge_with(struct merge_case *c, const struct profile *p)
{
	const struct policy_choice choice = { .name = "x", .from = "test", .floor = "x", .floor_from = "test", .enforced = p, .full = p };
	int err;

	c->request.choice = &choice;
	err = case_merge(c);
	c->request.choice = NULL;
	return err;
}

static const struct process_rlimit *row_of(const struct plan *p, int resource)
{
	for (size_t i = 0; i < p->process.rlimits.n; i++)
		if (p->process.rlimits.v[i].resource == resource)
			return &p->process.rlimits.v[i];
	return NULL;
}

#define INF UINT64_MAX
/* What the profile says, what is inherited, and the row that results for a document that names none; hard 1: no row. */
static const struct { uint64_t soft, hard, inherited_soft, inherited_hard, want_soft, want_hard; } unnamed_cases[] = {
	{ 100, 200, INF, INF, 100, 200 },
	{ 100, 200, 50, 300, 50, 200 },
	{ 100, 200, 150, 150, 100, 150 },
	{ 100, 200, 50, 150, 0, 1 },
	{ 100, INF, 500, INF, 100, INF },
	{ INF, INF, 5, 6, 0, 1 },
};

Test(quantities, a_limit_is_never_above_the_inherited_one)
{
	for (size_t i = 0; i < N_ELEMENTS(unnamed_cases); i++) {
		const struct process_rlimit *row;
		struct profile p;
		auto_case c;

		begin(&c, &p, LEVEL_BASELINE);
		p.rlimit[RLIMIT_STACK] = (struct profile_limit){ unnamed_cases[i].soft, unnamed_cases[i].hard };
		c.facts.has_rlimits = true;
		for (int r = 0; r < PROFILE_RLIMITS; r++)
			c.facts.rlimits[r].soft = c.facts.rlimits[r].hard = UINT64_MAX;
		c.facts.rlimits[RLIMIT_STACK].soft = unnamed_cases[i].inherited_soft;
		c.facts.rlimits[RLIMIT_STACK].hard = unnamed_cases[i].inherited_hard;
		cr_assert_eq(merge_with(&c, &p), 0, "%s", c.e.text);
		row = row_of(c.plan, RLIMIT_STACK);
		cr_assert_eq(row == NULL, unnamed_cases[i].want_hard == 1, "case %zu", i);
		if (row)
			cr_expect(row->soft == unnamed_cases[i].want_soft && row->hard == unnamed_cases[i].want_hard, "case %zu: %llu %llu", i,
				  (unsigned long long)row->soft, (unsigned long long)row->hard);
	}
}

static const char *unified_of(const struct plan *p, const char *key)
{
	const char *value = NULL;

	for (size_t i = 0; i < p->resources.unified.n; i++)
		if (str_eq(p->resources.unified.v[i].key, key))
			value = p->resources.unified.v[i].value;
	return value;
}

Test(quantities, unified_does_not_go_past_the_profile)
{
	static const struct key_value asked[] = {
		{ "pids.max", "max" }, { "memory.max", "max" }, { "cpu.max", "max 50000" }, { "memory.swap.max", "max" }, { "memory.high", "5" },
	};
	struct profile p;
	auto_case c;

	begin(&c, &p, LEVEL_BASELINE);
	p.pids = 7;
	p.memory = 1 << 20;
	p.cpu = PROFILE_CPU / 2;
	p.swap = 4096;
	c.spec.resources.unified = (struct key_values){ N_ELEMENTS(asked), asked };
	cr_assert_eq(merge_with(&c, &p), 0, "%s", c.e.text);
	cr_expect_eq(c.plan->resources.pids_limit.v, 7);
	cr_expect_eq(c.plan->resources.memory.limit.v, 1 << 20);
	cr_expect_eq(c.plan->resources.memory.swap.v, (1 << 20) + 4096);
	cr_expect_eq(c.plan->resources.cpu.quota.v, 25000);
	cr_expect_eq(c.plan->resources.cpu.period.v, 50000);
	cr_expect_eq(c.plan->resources.unified.n, 1);
	cr_expect_str_eq(unified_of(c.plan, "memory.high"), "5");
}

Test(quantities, what_unified_asks_within_the_profile_is_kept)
{
	static const struct key_value asked[] = {
		{ "pids.max", "5" }, { "memory.max", "65536" }, { "cpu.max", "10000" }, { "memory.swap.max", "0" },
	};
	struct profile p;
	auto_case c;

	begin(&c, &p, LEVEL_BASELINE);
	p.pids = 7;
	p.memory = 1 << 20;
	p.cpu = PROFILE_CPU / 2;
	p.swap = 4096;
	c.spec.resources.unified = (struct key_values){ N_ELEMENTS(asked), asked };
	cr_assert_eq(merge_with(&c, &p), 0, "%s", c.e.text);
	cr_expect_eq(c.plan->resources.pids_limit.v, 5);
	cr_expect_eq(c.plan->resources.memory.limit.v, 65536);
	cr_expect_eq(c.plan->resources.cpu.quota.v, 10000);
}

static const struct { const char *key, *value, *says; } bad_unified[] = {
	{ "pids.max", "many", "linux.resources.unified[\"pids.max\"]: \"many\" is neither a number nor \"max\"" },
	{ "cpu.max", "0", "linux.resources.unified[\"cpu.max\"]: \"0\" is no quota" },
	{ "cpu.max", "5000 x", "linux.resources.unified[\"cpu.max\"]: \"5000 x\" is no quota with its period" },
	{ "io.weight", "8:0 100", "linux.resources.unified asks for a weight of its own" },
};

Test(quantities, what_cannot_be_compared_is_refused)
{
	for (size_t i = 0; i < N_ELEMENTS(bad_unified); i++) {
		const struct key_value kv = { bad_unified[i].key, bad_unified[i].value };
		struct profile p;
		auto_case c;

		begin(&c, &p, LEVEL_BASELINE);
		p.pids = 7;
		p.cpu = PROFILE_CPU;
		p.io_weight = 100;
		c.spec.resources.unified = (struct key_values){ 1, &kv };
		cr_expect_lt(merge_with(&c, &p), 0, "case %zu", i);
		cr_expect(strstr(c.e.text, bad_unified[i].says), "case %zu said: %s", i, c.e.text);
	}
}

/* A period that is too short for a quota of that size gets a longer one. */
Test(quantities, a_small_share_of_a_short_period_is_one_of_a_longer)
{
	struct profile p;
	auto_case c;

	begin(&c, &p, LEVEL_BASELINE);
	p.cpu = PROFILE_CPU / 50;
	c.spec.resources.cpu.period = (struct opt_u64){ true, 1000 };
	cr_assert_eq(merge_with(&c, &p), 0, "%s", c.e.text);
	cr_expect_eq(c.plan->resources.cpu.quota.v, 2000);
	cr_expect_eq(c.plan->resources.cpu.period.v, 100000);
}

Test(quantities, weights_of_devices_are_cut_too)
{
	static const struct blkio_weight asked[] = { { .major = 8, .has_weight = true, .weight = 900 }, { .major = 9, .has_weight = true, .weight = 20 } };
	struct profile p;
	auto_case c;

	begin(&c, &p, LEVEL_BASELINE);
	p.io_weight = 100;
	c.spec.resources.blkio.weight_devices.n = 2;
	c.spec.resources.blkio.weight_devices.v = asked;
	cr_assert_eq(merge_with(&c, &p), 0, "%s", c.e.text);
	cr_expect_eq(c.plan->resources.blkio.weight_devices.v[0].weight, 100);
	cr_expect_eq(c.plan->resources.blkio.weight_devices.v[1].weight, 20);
}

Test(quantities, the_container_ends_as_a_whole_on_v2)
{
	static const struct key_value off = { "memory.oom.group", "0" };
	struct profile p;
	auto_case c;

	begin(&c, &p, LEVEL_BASELINE);
	p.oom_group = true;
	c.spec.resources.unified = (struct key_values){ 1, &off };
	cr_assert_eq(merge_with(&c, &p), 0, "%s", c.e.text);
	cr_expect_str_eq(unified_of(c.plan, "memory.oom.group"), "1");
	c.request.no_cgroup = true;
	cr_expect_eq(merge_with(&c, &p), -EPERM);
	cr_expect(strstr(c.e.text, "there is no cgroup to set memory.oom.group in"), "%s", c.e.text);
	c.request.no_cgroup = false;
	c.facts.cgroup = CGROUP_V1;
	cr_expect_eq(merge_with(&c, &p), -EPERM);
	cr_expect(strstr(c.e.text, "(oom): this host has cgroup v1"), "%s", c.e.text);
}

Test(quantities, a_required_limit_may_come_from_unified)
{
	static const struct key_value given = { "memory.max", "65536" }, none = { "memory.max", "max" };
	struct profile p;
	auto_case c;

	begin(&c, &p, LEVEL_BASELINE);
	p.require = PROFILE_REQUIRE_MEMORY;
	c.spec.resources.unified = (struct key_values){ 1, &given };
	cr_expect_eq(merge_with(&c, &p), 0, "%s", c.e.text);
	c.spec.resources.unified.v = &none;
	cr_expect_eq(merge_with(&c, &p), -EPERM);
	cr_expect(strstr(c.e.text, "neither the document nor the profile limits memory"), "%s", c.e.text);
}

Test(quantities, a_profiles_label_takes_the_place_of_the_documents)
{
	const struct process *joined;
	struct process asked;
	struct profile p;
	auto_case c;

	begin(&c, &p, LEVEL_BASELINE);
	p.apparmor = "mine";
	c.spec.process.apparmor = "docker-default";
	c.facts.apparmor = true;
	cr_assert_eq(merge_with(&c, &p), 0, "%s", c.e.text);
	cr_expect_str_eq(c.plan->process.apparmor, "mine");
	asked = c.spec.process;
	asked.apparmor = "unconfined";
	cr_assert_eq(policy_merge_exec(&c.arena, c.plan, &asked, &joined, &c.e), 0, "%s", c.e.text);
	cr_expect_str_eq(joined->apparmor, "mine");
	c.facts.apparmor = false;
	c.spec.process.apparmor = NULL;
	cr_expect_eq(merge_with(&c, &p), -EPERM);
	cr_expect(strstr(c.e.text, "AppArmor is not enabled on this host"), "%s", c.e.text);
	p.apparmor = "as-asked";
	cr_expect_eq(merge_with(&c, &p), 0, "%s", c.e.text);
	p.selinux = "system_u:system_r:x_t:s0";
	cr_expect_eq(merge_with(&c, &p), -EPERM);
	c.facts.selinux = true;
	cr_assert_eq(merge_with(&c, &p), 0, "%s", c.e.text);
	cr_expect_str_eq(c.plan->process.selinux, "system_u:system_r:x_t:s0");
}

static const uint32_t one_group[] = { 50 }, other_group[] = { 51 };
static const struct { uint32_t uid, gid; const uint32_t *group; bool same; } joiners[] = {
	{ 1000, 1000, NULL, true }, { 1000, 1000, one_group, true }, { 1000, 1000, other_group, false }, { 0, 1000, NULL, false }, { 1000, 0, NULL, false },
};

Test(quantities, who_may_join)
{
	struct profile p;
	auto_case c;

	begin(&c, &p, LEVEL_BASELINE);
	c.spec.process.groups = (struct ids){ 1, one_group };
	for (uint32_t allow = PROFILE_EXEC_INHERIT; allow <= PROFILE_EXEC_DENY; allow++) {
		p.exec_allow = allow;
		cr_assert_eq(merge_with(&c, &p), 0, "%s", c.e.text);
		for (size_t i = 0; i < N_ELEMENTS(joiners); i++) {
			struct process asked = c.spec.process;
			const struct process *out;
			int want = allow == PROFILE_EXEC_INHERIT || (allow == PROFILE_EXEC_SAME_USER && joiners[i].same) ? 0 : -EPERM;

			asked.uid = joiners[i].uid;
			asked.gid = joiners[i].gid;
			asked.groups = (struct ids){ joiners[i].group ? 1 : 0, joiners[i].group };
			cr_expect_eq(policy_merge_exec(&c.arena, c.plan, &asked, &out, &c.e), want, "%u, case %zu: %s", allow, i, c.e.text);
		}
	}
}

Test(quantities, ids_of_its_own)
{
	struct profile p;
	auto_case c;

	begin(&c, &p, LEVEL_BASELINE);
	p.user_map = PROFILE_MAP_REQUIRE;
	cr_expect_eq(merge_with(&c, &p), -EPERM);
	cr_expect(strstr(c.e.text, "the container's ids are the host's"), "%s", c.e.text);
	c.facts.in_user_namespace = true;
	cr_expect_eq(merge_with(&c, &p), 0, "%s", c.e.text);
	c.facts.in_user_namespace = false;
	c.spec.ns[NS_USER].mode = NS_NEW;
	cr_expect_eq(merge_with(&c, &p), 0, "%s", c.e.text);
}

static const char *health_reason(const struct plan *p, const char **asked, const char **rule)
{
	for (size_t i = 0; i < p->reasons.n; i++)
		if (str_eq(p->reasons.v[i].control, "health")) {
			*asked = p->reasons.v[i].asked;
			*rule = p->reasons.v[i].rule;
			return p->reasons.v[i].result;
		}
	return NULL;
}

Test(quantities, a_profiles_health_command_comes_before_that_of_the_image)
{
	static const char *const own_words[] = { "own", "-q", NULL }, *const image_words[] = { "/image", "two\033words", NULL };
	static const struct strings image = { 2, image_words };
	const char *asked, *rule;
	struct profile p;
	auto_case c;

	begin(&c, &p, LEVEL_BASELINE);
	cr_assert_eq(merge_with(&c, &p), 0, "%s", c.e.text);
	cr_expect_eq(c.plan->health.n, 0);
	cr_expect_null(health_reason(c.plan, &asked, &rule));
	c.request.health = &image;
	cr_assert_eq(merge_with(&c, &p), 0, "%s", c.e.text);
	cr_assert_eq(c.plan->health.n, 2);
	cr_expect_str_eq(c.plan->health.v[0], "/image");
	cr_expect_str_eq(health_reason(c.plan, &asked, &rule), "/image two?words");
	cr_expect_str_eq(rule, "image");
	p.service.health = (struct strings){ 2, own_words };
	p.rule[PF_SERVICE_HEALTH] = "svc-x.json $.service.health";
	cr_assert_eq(merge_with(&c, &p), 0, "%s", c.e.text);
	cr_assert_eq(c.plan->health.n, 2);
	cr_expect_str_eq(c.plan->health.v[0], "own");
	cr_expect_str_eq(health_reason(c.plan, &asked, &rule), "own -q");
	cr_expect_str_eq(asked, "/image two?words");
	cr_expect_str_eq(rule, "svc-x.json $.service.health");
}
