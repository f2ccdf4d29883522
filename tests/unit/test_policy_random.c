/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The promises of policy-design 4.2 for random profiles, each field by its row of the table: what comes out never leaves what was
 * asked and granted, and one more profile, floor or annotation never enlarges it. Ten seconds for a million merges.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "policy/profile_fields.h"
#include "policy/resolve.h"
#include "policy_random.h"
#include "random_case.h"
#include "random_profile.h"

enum { CASES = RANDOM_TIMES(330000) };

static int merge_one(struct merge_case *c, const struct profile *p)
{
	const struct policy_choice choice = { .name = "x", .from = "test", .floor = "x", .floor_from = "test", .enforced = p, .full = p };
	int err;

	c->request.choice = &choice;
	c->request.cap_add = 0;
	err = case_merge(c);
	c->request.choice = NULL;
	return err;
}

Test(policy_random, the_result_never_leaves_what_was_asked_and_granted, .timeout = 120)
{
	uint64_t r = UINT64_C(0x2545f4914f6cdd1d);
	auto_case c = { .plan = NULL };
	size_t accepted = 0;

	for (int i = 0; i < CASES; i++) {
		struct profile p;
		struct plan asked;
		const char *what;

		random_case_again(&c, &r);
		random_profile(&p, &r, &c.arena);
		if (merge_one(&c, &p) < 0)
			continue;
		accepted++;
		asked = with_grants(as_asked(&c.spec), &p);
		what = exceeds(c.plan, &asked);
		cr_assert_null(what, "case %d: more %s than asked and granted", i, what);
	}
	cr_expect_gt(accepted, CASES / 20, "only %zu of %d accepted", accepted, CASES);
}

Test(policy_random, one_more_profile_never_enlarges_the_result, .timeout = 120)
{
	uint64_t r = UINT64_C(0x9e3779b97f4a7c15);
	auto_case c = { .plan = NULL };

	for (int i = 0; i < CASES; i++) {
		struct plan before;
		struct profile p, other;
		struct err e = { 0 };
		const char *what;

		random_case_again(&c, &r);
		c.request.standalone = false; /* what a launch asks for is made from the profile itself */
		random_profile(&p, &r, &c.arena);
		random_profile(&other, &r, &c.arena);
		if (merge_one(&c, &p) < 0)
			continue;
		/* A privileged container that was passed through got no grants; met with the other, it does. */
		before = c.plan->privileged_shape ? with_grants(*c.plan, &p) : *c.plan;
		/* What takes the place of the user is the one thing that an annotation may bring along. */
		other.uid.set = other.gid.set = other.groups.set = false;
		cr_assert_eq(profile_meet(&c.arena, &p, &other, below(&r, 2) ? "floor" : "annotation", &e), 0);
		if (merge_one(&c, &p) < 0)
			continue;
		what = exceeds(c.plan, &before);
		cr_assert_null(what, "case %d: the other profile gave more %s", i, what);
	}
}

Test(policy_random, a_further_label_never_enlarges_the_result, .timeout = 120)
{
	uint64_t r = UINT64_C(0xd1342543de82ef95);
	auto_case c = { .plan = NULL };

	for (int i = 0; i < CASES / 2; i++) {
		const struct plan *before;
		uint64_t more = random_caps(&r);
		struct profile p;
		const char *what;

		random_case_again(&c, &r);
		c.request.standalone = false;
		random_profile(&p, &r, &c.arena);
		/* Where something is held back until a label names it, the first label is a request. */
		c.labels.found = true;
		if (merge_one(&c, &p) < 0)
			continue;
		before = c.plan;
		c.labels.caps &= more;
		if (merge_one(&c, &p) < 0)
			continue;
		what = exceeds(c.plan, before);
		cr_assert_null(what, "case %d: the label gave more %s", i, what);
	}
}

Test(policy_random, meeting_is_the_same_from_both_sides_and_once_is_enough, .timeout = 120)
{
	uint64_t r = UINT64_C(0xbf58476d1ce4e5b9);

	for (int i = 0; i < CASES / 10; i++) {
		struct profile one, two, left, right;
		auto_arena a = { 0 };
		struct err e = { 0 };

		random_profile(&one, &r, &a);
		random_profile(&two, &r, &a);
		left = one;
		right = two;
		cr_assert_eq(profile_meet(&a, &left, &two, NULL, &e), 0);
		cr_assert_eq(profile_meet(&a, &right, &one, NULL, &e), 0);
		for (int f = 0; f < PROFILE_FIELDS; f++) {
			const struct field *field = &profile_table.v[f];
			if ((field->kind == FIELD_CEILING || field->kind == FIELD_ON) && field->type != FIELD_PATHS && field->type != FIELD_VARIABLES)
				cr_assert(field_same(field, (char *)&left + field->offset, (char *)&right + field->offset),
					  "pair %d: %s", i, field->name);
		}
		right = left;
		cr_assert_eq(profile_meet(&a, &right, &two, NULL, &e), 0);
		for (int f = 0; f < PROFILE_FIELDS; f++)
			cr_assert(field_same(&profile_table.v[f], (char *)&left + profile_table.v[f].offset,
					     (char *)&right + profile_table.v[f].offset), "pair %d: %s", i, profile_table.v[f].name);
	}
}

/* What a field does to one random container: it changes the plan, or whether there is one; and whether exceeds() sees a right less. */
struct effect { bool applied, seen; };

static struct effect effect_of(int f, uint64_t *r, struct merge_case *c)
{
	struct profile p, other;
	struct plan one, two;
	int first, second;

	random_case_again(c, r);
	random_profile(&p, r, &c->arena);
	other = p;
	random_value(&profile_table.v[f], r, &c->arena, 0, random_at(&other, f));
	random_as_read(&other);
	first = merge_one(c, &p);
	one = first < 0 ? (struct plan){ 0 } : *c->plan;
	second = merge_one(c, &other);
	two = second < 0 ? (struct plan){ 0 } : *c->plan;
	if (first < 0 || second < 0)
		return (struct effect){ (first < 0) != (second < 0), (first < 0) != (second < 0) };
	one.reasons = two.reasons;
	one.warnings = two.warnings;
	return (struct effect){ first_difference(&store_plan_type, &one, &two), exceeds(&one, &two) || exceeds(&two, &one) };
}

/* Fields that take away nothing which exceeds() could compare, and why. */
static const enum profile_field not_compared[] = {
	PF_NS_WARN,	/* a warning */
};

static bool is_compared(int f)
{
	enum field_kind kind = profile_table.v[f].kind;

	for (size_t i = 0; i < N_ELEMENTS(not_compared); i++)
		if ((int)not_compared[i] == f)
			return false;
	return kind == FIELD_CEILING || kind == FIELD_ON;
}

Test(policy_random, every_field_is_applied_and_what_it_takes_away_is_compared, .timeout = 120)
{
	uint64_t r = UINT64_C(0x94d049bb133111eb);
	auto_case c = { .plan = NULL };

	for (int f = 0; f < PROFILE_FIELDS; f++) {
		struct effect e = { profile_table.v[f].kind == FIELD_INFO || profile_table.v[f].hidden, !is_compared(f) };
		e.applied |= f == PF_NS_WARN;
		e.seen |= profile_table.v[f].hidden;
		for (int i = 0; i < 5000 && !(e.applied && e.seen); i++) {
			struct effect more = effect_of(f, &r, &c);
			e.applied |= more.applied;
			e.seen |= more.seen;
		}
		cr_expect(e.applied, "%s: no random container is any different for it: is it applied?", profile_table.v[f].name);
		cr_expect(e.seen, "%s: exceeds() in tests/unit/random_case.h does not compare what it takes away", profile_table.v[f].name);
	}
}
