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

enum { CASES = 330000 };

static const struct profile_tmpfs some_tmpfs[] = {
	{ .path = "/tmp", .size = 4096, .mode = 01777 }, { .path = "/run", .size = 1 << 20, .mode = 0755, .owned = true },
};
static const struct profile_grant some_grants[] = { { CAP_BIT(CAP_NET_ADMIN), "w" }, { CAP_BIT(CAP_KILL), "w" } };

static const char *const few[] = { "/x", NULL }, *const pair[] = { "/x", "/proc/kcore", NULL }, *const wild[] = { "/y*", NULL };
static const struct strings some_lists[] = { { 1, few }, { 2, pair }, { 1, wild }, { 0, NULL } };
static const char *const some_patterns[] = { "A", "*PASSWORD*", "H??E", NULL };

static void random_value(const struct field *f, uint64_t *r, char *at)
{
	uint64_t mask = 0;
	size_t n = 0;

	switch (f->type) {
	case FIELD_SWITCH:
		*(bool *)at = below(r, 2);
		break;
	case FIELD_WORD:
		while (f->words[n].word)
			n++;
		*(uint32_t *)at = (uint32_t)f->words[below(r, n)].value;
		break;
	case FIELD_FLAGS:
		for (const struct field_word *w = f->words; w->word; w++)
			mask |= below(r, 2) ? w->value : 0;
		*(uint64_t *)at = mask;
		break;
	case FIELD_CAPS:
		*(uint64_t *)at = random_caps(r);
		break;
	case FIELD_GROUPS:
		*(uint64_t *)at = next_random(r) & SYSCALLS_EVERY;
		break;
	case FIELD_ALLOW:
		*(struct glob_lists *)at = (struct glob_lists){ below(r, 2), &some_lists[below(r, N_ELEMENTS(some_lists))] };
		break;
	case FIELD_DENY:
	case FIELD_PATHS:
		*(struct strings *)at = (struct strings){ below(r, 3), some_paths };
		break;
	case FIELD_VARIABLES:
		*(struct strings *)at = (struct strings){ below(r, 4), some_patterns };
		break;
	case FIELD_AMOUNT:
		*(uint64_t *)at = f->min + below(r, 5000);
		break;
	case FIELD_ID:
		*(struct opt_id *)at = (struct opt_id){ true, (uint32_t)below(r, 3) };
		break;
	default: /* lists, by their owner; names and texts decide nothing */
		break;
	}
}

/* As a file would have made it: half of the fields are said. */
static void random_profile(struct profile *p, uint64_t *r)
{
	*p = *profile_builtin((enum level)below(r, LEVELS));
	for (int f = 0; f < PROFILE_FIELDS; f++)
		if (profile_table.v[f].kind != FIELD_INFO && !profile_table.v[f].hidden && below(r, 2))
			random_value(&profile_table.v[f], r, (char *)p + profile_table.v[f].offset);
	if (below(r, 2)) {
		p->tmpfs.n = below(r, 3);
		p->tmpfs.v = some_tmpfs;
	}
	p->grant.n = below(r, 3);
	p->grant.v = some_grants;
	p->archs |= PROFILE_ARCH_NATIVE;
	p->cap_ceiling = p->label == PROFILE_LABEL_IGNORE ? p->cap_allow : p->cap_ceiling | p->cap_allow;
	p->fits = p->from_file = true;
	p->name = "x";
}

static uint64_t granted(const struct profile *p)
{
	uint64_t caps = 0;

	for (size_t i = 0; i < p->grant.n; i++)
		caps |= p->grant.v[i].cap;
	return caps;
}

/* `plan` and what the profile grants besides. */
static struct plan with_grants(struct plan plan, const struct profile *p)
{
	struct capsets *c = &plan.process.caps;

	c->bounding |= granted(p);
	c->permitted |= granted(p);
	c->effective |= granted(p);
	if (p->ambient == PROFILE_AMBIENT_GRANTED) {
		c->ambient = c->bounding;
		c->inheritable = c->bounding;
	}
	plan.cap_ceiling |= granted(p);
	return plan;
}

static int merge_one(struct merge_case *c, const struct profile *p)
{
	const struct policy_choice choice = { .name = "x", .from = "test", .floor = "x", .enforced = p, .full = p };
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
	size_t accepted = 0;

	for (int i = 0; i < CASES; i++) {
		struct profile p;
		struct plan asked;
		const char *what;
		auto_case c;

		random_case(&c, &r);
		random_profile(&p, &r);
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

	for (int i = 0; i < CASES; i++) {
		struct plan before;
		struct profile p, other;
		struct err e = { 0 };
		const char *what;
		auto_case c;

		random_case(&c, &r);
		c.request.standalone = false; /* what a launch asks for is made from the profile itself */
		random_profile(&p, &r);
		random_profile(&other, &r);
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

	for (int i = 0; i < CASES / 2; i++) {
		const struct plan *before;
		uint64_t more = random_caps(&r);
		struct profile p;
		const char *what;
		auto_case c;

		random_case(&c, &r);
		c.request.standalone = false;
		random_profile(&p, &r);
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

		random_profile(&one, &r);
		random_profile(&two, &r);
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
