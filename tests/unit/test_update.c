/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "policy/store_table.h"
#include "policy/update.h"
#include "policy_random.h"

#define LIST(T, ...) { N_ELEMENTS(((const T[]){ __VA_ARGS__ })), (const T[]){ __VA_ARGS__ } }

static const struct plan *updated(struct arena *a, const struct resources *had, const struct resources *given)
{
	struct plan *stored = arena_alloc(a, sizeof(*stored));
	const struct plan *out = NULL;
	struct err e = { 0 };

	stored->id = "one";
	stored->resources = *had;
	cr_assert_eq(policy_update(a, stored, given, &out, &e), 0, "%s", e.text);
	cr_assert_str_eq(out->id, "one");
	cr_assert_null(first_difference(&store_resources_type, had, &stored->resources), "the stored plan is left alone");
	return out;
}

Test(update, what_is_given_replaces_and_the_rest_stays)
{
	auto_arena a = { 0 };
	struct resources had = { .pids_limit = { true, 10 }, .cpu = { .cpus = "0", .mems = "0" } };
	struct resources given = { .pids_limit = { true, -1 }, .cpu = { .cpus = "0-1", .period = { true, 5000 } } };

	had.memory.limit = (struct opt_i64){ true, 4096 };
	given.memory.check_before_update = true;
	const struct plan *p = updated(&a, &had, &given);
	cr_expect_eq(p->resources.pids_limit.v, -1);
	cr_expect_eq(p->resources.memory.limit.v, 4096);
	cr_expect_eq(p->resources.cpu.period.v, 5000);
	cr_expect_str_eq(p->resources.cpu.cpus, "0-1");
	cr_expect_str_eq(p->resources.cpu.mems, "0");
	cr_expect_not(p->resources.memory.check_before_update);
}

Test(update, lists_are_joined_by_their_keys)
{
	auto_arena a = { 0 };
	struct resources had = { .hugepages = LIST(struct hugepage_limit, { "2MB", 1 }, { "1GB", 2 }),
				 .unified = LIST(struct key_value, { "pids.max", "1" }) };
	struct resources given = { .hugepages = LIST(struct hugepage_limit, { "1GB", 3 }, { "64KB", 4 }),
				   .unified = LIST(struct key_value, { "cpu.idle", "1" }, { "cpu.idle", "0" }) };
	static const struct blkio_rate r1[] = { { 8, 0, 100 }, { 8, 16, 200 } }, r2[] = { { 8, 16, 300 } };

	had.blkio.throttle[THROTTLE_WRITE_BPS].n = 2;
	had.blkio.throttle[THROTTLE_WRITE_BPS].v = r1;
	given.blkio.throttle[THROTTLE_WRITE_BPS].n = 1;
	given.blkio.throttle[THROTTLE_WRITE_BPS].v = r2;
	const struct plan *p = updated(&a, &had, &given);
	cr_assert_eq(p->resources.hugepages.n, 3);
	cr_expect_eq(p->resources.hugepages.v[0].limit, 1);
	cr_expect_eq(p->resources.hugepages.v[1].limit, 3);
	cr_expect_eq(p->resources.hugepages.v[2].limit, 4);
	cr_assert_eq(p->resources.unified.n, 2);
	cr_expect_str_eq(p->resources.unified.v[1].value, "0");
	cr_assert_eq(p->resources.blkio.throttle[THROTTLE_WRITE_BPS].n, 2);
	cr_expect_eq(p->resources.blkio.throttle[THROTTLE_WRITE_BPS].v[0].rate, 100);
	cr_expect_eq(p->resources.blkio.throttle[THROTTLE_WRITE_BPS].v[1].rate, 300);
	cr_expect_eq(p->resources.blkio.throttle[THROTTLE_READ_BPS].n, 0);
}

Test(update, device_rules_stay)
{
	auto_arena a = { 0 };
	struct resources had = { .devices = LIST(struct device_rule, { .allow = false, .type = 'a', .r = true }) };
	struct resources given = { .devices = LIST(struct device_rule, { .allow = true, .type = 'a' }, { .type = 'c' }) };
	const struct plan *p = updated(&a, &had, &given);

	cr_assert_eq(p->resources.devices.n, 1);
	cr_expect_not(p->resources.devices.v[0].allow);
}

/* Whatever the limits are: given nothing nothing changes, and to the same limits again nothing is added. */
Test(update, of_nothing_and_of_the_same_change_nothing)
{
	uint64_t r = UINT64_C(0x9e3779b97f4a7c15);

	for (int i = 0; i < 1000; i++) {
		auto_arena a = { 0 };
		struct resources had = { 0 }, none = { 0 };
		const char *differs;

		fill_random(&store_resources_type, &r, &a, &had);
		differs = first_difference(&store_resources_type, &had, &updated(&a, &had, &none)->resources);
		cr_expect_null(differs, "plan %d differs in %s", i, differs);
		const struct plan *first = updated(&a, &none, &had), *again = updated(&a, &first->resources, &had);
		differs = first_difference(&store_resources_type, &first->resources, &again->resources);
		cr_expect_null(differs, "plan %d differs in %s the second time", i, differs);
	}
}
