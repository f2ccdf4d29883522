/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The promises of policy-design 1 and 4.2 for random installations: whatever the rules say, nothing that a container's author writes
 * enlarges the result, nor does what an ordinary user's own files say, and nothing but a grant leaves the floor. $CAISSON_TEST_SEED gives other numbers.
 */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "random_rules.h"

enum { CONFIGS = RANDOM_TIMES(1200), CONTAINERS = 3, DOCUMENTS = 20, POOLS = 20, CASES = CONFIGS * CONTAINERS * DOCUMENTS };

static uint64_t seed(uint64_t fixed)
{
	const char *text = getenv("CAISSON_TEST_SEED");
	uint64_t r = text ? strtoull(text, NULL, 0) : fixed;

	fprintf(stderr, "CAISSON_TEST_SEED=%#" PRIx64 "\n", r);
	return r;
}

/* One installation and one container at a time. The choices of both lie in an arena of their own: several documents are merged under
 * each. */
struct trial {
	uint64_t r;
	struct pool pool;
	struct drawn_config config;
	struct str text;
	struct arena choices;
	struct merge_case c;
	struct drawn_subject s;
	size_t configs, compared;
};

static void trial_begin(struct trial *t, uint64_t fixed)
{
	*t = (struct trial){ .r = seed(fixed) };
	/* So large that the first block, which arena_clear() keeps, is enough. */
	cr_assert(arena_alloc(&t->choices, 1 << 20) && arena_alloc(&t->c.arena, 1 << 18));
}

static void trial_done(struct trial *t)
{
	str_done(&t->text);
	pool_done(&t->pool);
	case_done(&t->c);
	arena_done(&t->choices);
}
#define auto_trial __attribute__((cleanup(trial_done))) struct trial

static void install(struct trial *t, const struct drawn_config *c)
{
	put_config(&t->pool, c, false, &t->text);
	t->pool.config = t->text.s;
}

static bool is_valid(struct trial *t, const struct drawn_config *config)
{
	struct policy_config c;
	struct err e = { 0 };
	bool there;

	install(t, config);
	arena_clear(&t->choices);
	return policy_config_load(&t->choices, &t->pool.at, &c, &there, &e) == 0 &&
	       policy_config_check(&t->choices, &t->pool.at, &c, &e) == 0;
}

/* The next installation that caisson would obey. */
static void next_config(struct trial *t)
{
	if (t->configs++ % (CONFIGS / POOLS) == 0) {
		pool_done(&t->pool);
		pool_fill(&t->pool, &t->r);
	}
	do
		draw_config(&t->pool, &t->r, &t->config);
	while (!is_valid(t, &t->config));
}

static void next_subject(struct trial *t)
{
	draw_subject(&t->r, &t->s);
	arena_clear(&t->choices);
}

static const struct policy_choice *choose(struct trial *t, const struct drawn_config *config, const struct policy_ask *ask)
{
	const struct policy_choice *choice = NULL;
	struct err e = { 0 };

	install(t, config);
	return policy_choose(&t->choices, &t->pool.at, ask, &t->s.is, &choice, &e) < 0 ? NULL : choice;
}

/* NULL when the policy refuses the container whatever its document is. */
static const struct policy_choice *choice_of(struct trial *t, const struct drawn_config *config)
{
	return choose(t, config, &(const struct policy_ask){ 0 });
}

static void next_document(struct trial *t)
{
	random_case_again(&t->c, &t->r);
	t->c.request.standalone = false; /* what a launch asks for is made from the profile itself */
	t->c.request.cap_add = 0;
	t->c.labels.found = true;	 /* where something is held back until a label names it, the first label is a request */
}

static const struct plan *plan_under(struct trial *t, const struct policy_choice *choice)
{
	t->c.request.choice = choice;
	return choice && case_merge(&t->c) == 0 ? t->c.plan : NULL;
}

/* Refused for what the container asks for. What a result lacks, a stricter one may have: a limit, a consistent start; and what is
 * added does not fit every container. */
static bool is_refused(const struct err *e)
{
	static const char *const others[] = { "(launch check", "(resources)", "sysctls.set has" };

	for (size_t i = 0; i < N_ELEMENTS(others); i++)
		if (strstr(e->text, others[i]))
			return false;
	return str_eq(e->class, "policy.refused");
}

/* Of a container that is not root already, and of one that is confined. One that was passed through kept its own. */
static const char *other_identity(const struct plan *a, const struct plan *b)
{
	if (!b->privileged_shape && b->process.uid && (a->process.uid != b->process.uid || a->process.gid != b->process.gid))
		return "of another user";
	if (!b->privileged_shape && b->process.apparmor && !str_eq(a->process.apparmor, b->process.apparmor))
		return "under another AppArmor profile";
	if (!b->privileged_shape && b->process.selinux && !str_eq(a->process.selinux, b->process.selinux))
		return "under another SELinux label";
	return NULL;
}

/* Passed through as privileged it got no grants; met with more, it does. */
static struct plan largest(const struct plan *p, const struct policy_choice *c)
{
	return p->privileged_shape ? with_grants(*p, c->enforced) : *p;
}

/* NULL, or what the present document gets under `after` and not under `before`. */
static const char *enlarged(struct trial *t, const struct policy_choice *before, const struct policy_choice *after)
{
	const struct plan *one = plan_under(t, before), *two;
	bool refused = !before || (!one && is_refused(&t->c.e));
	struct plan least;

	two = plan_under(t, after);
	/* Who stands in for root may be let in where root is not. */
	if (two && refused && !after->enforced->identity_if_root)
		return "than a refusal";
	if (!one || !two)
		return NULL;
	t->compared++;
	least = largest(one, before);
	return exceeds(two, &least) ? exceeds(two, &least) : other_identity(two, one);
}

/* One more anywhere among the others. False where caisson refuses to obey that. */
static bool add_rule(struct trial *t, struct drawn_config *io, const struct drawn_rule *rule)
{
	size_t at = below(&t->r, io->n_rules + 1);

	memmove(&io->rules[at + 1], &io->rules[at], (io->n_rules - at) * sizeof(io->rules[0]));
	io->rules[at] = *rule;
	io->n_rules++;
	return is_valid(t, io);
}

/* False, and as before, when none of some was obeyed. */
static bool add_authors_rule(struct trial *t, struct drawn_config *io, size_t *refused)
{
	const struct drawn_config before = *io;
	struct drawn_rule rule;

	for (int tries = 0; tries < 4; tries++, ++*refused) {
		draw_authors_rule(&t->pool, &t->r, before.fallback, &rule);
		if (add_rule(t, io, &rule))
			return true;
		*io = before;
	}
	return false;
}

Test(resolve_random, a_rule_for_authors_never_enlarges_the_result, .timeout = 120)
{
	size_t refused = 0, chosen = 0;
	auto_trial t;

	trial_begin(&t, UINT64_C(0x2545f4914f6cdd1d));
	for (int i = 0; i < CONFIGS; i++) {
		struct drawn_config with;

		next_config(&t);
		with = t.config;
		if (!add_authors_rule(&t, &with, &refused))
			continue;
		for (int k = 0; k < CONTAINERS; k++) {
			const struct policy_choice *before, *after;

			next_subject(&t);
			before = choice_of(&t, &t.config);
			after = choice_of(&t, &with);
			chosen += before && after && !str_eq(before->name, after->name);
			for (int n = 0; n < DOCUMENTS; n++) {
				const char *what;
				next_document(&t);
				what = enlarged(&t, before, after);
				cr_assert_null(what, "installation %d, container %d.%d: a rule gave more %s: %s", i, k, n, what, t.text.s);
			}
		}
	}
	cr_expect(refused > CONFIGS / 4 && chosen > CONFIGS / 50 && t.compared > CASES / 10, "too few: %zu rules refused, %zu chosen, %zu compared",
		  refused, chosen, t.compared);
}

/* ---- annotations and labels ---- */

enum { ANNOTATION_MORE = 11, ANNOTATION_PROFILE, LABEL_MORE = 14 }; /* rows of matchers[] */

/* A rule for what write_more() writes. */
static void add_rule_for_more(struct trial *t)
{
	const struct drawn_config before = t->config;
	struct drawn_rule rule = { .profile = below(&t->r, t->pool.n) };

	rule.pattern[below(&t->r, 2) ? ANNOTATION_MORE : LABEL_MORE] = "**";
	if (!add_rule(t, &t->config, &rule))
		t->config = before;
}

/* What the author of a container may write: an annotation or a label that rules look at, and the annotation that selects. */
static void write_more(struct trial *t)
{
	struct drawn_subject *s = &t->s;
	uint64_t what = 1 + below(&t->r, 7);
	static const char *const modes[] = { "warn", "enforce", NULL };

	if (what & 1)
		s->value[ANNOTATION_PROFILE] = pool_name(&t->pool, below(&t->r, t->pool.n));
	if (what & 1)
		s->annotation_mode = modes[below(&t->r, 3)];
	if (what & 2)
		s->value[ANNOTATION_MORE] = matchers[ANNOTATION_MORE].values[below(&t->r, 2)];
	if (what & 4)
		s->value[LABEL_MORE] = matchers[LABEL_MORE].values[below(&t->r, 2)];
	subject_build(s, s->is.labels != NULL);
}

/* The same document with a capability label that names less. */
static const char *enlarged_by_label(struct trial *t, const struct policy_choice *choice)
{
	const struct plan *one = plan_under(t, choice), *two;
	bool refused = !one && is_refused(&t->c.e);
	struct plan least;

	t->c.labels.caps &= random_caps(&t->r);
	two = plan_under(t, choice);
	if (two && refused)
		return "than a refusal";
	if (!one || !two)
		return NULL;
	least = largest(one, choice);
	return exceeds(two, &least);
}

Test(resolve_random, an_annotation_or_a_label_never_enlarges_the_result, .timeout = 120)
{
	size_t chosen = 0, annotated = 0;
	auto_trial t;

	trial_begin(&t, UINT64_C(0x9e3779b97f4a7c15));
	for (int i = 0; i < CONFIGS; i++) {
		next_config(&t);
		add_rule_for_more(&t);
		for (int k = 0; k < CONTAINERS; k++) {
			const struct policy_choice *before, *after;

			next_subject(&t);
			before = choice_of(&t, &t.config);
			write_more(&t);
			after = choice_of(&t, &t.config);
			chosen += before && after && !str_eq(before->name, after->name);
			annotated += after && after->annotation;
			for (int n = 0; n < DOCUMENTS; n++) {
				const char *what;
				next_document(&t);
				what = enlarged(&t, before, after);
				cr_assert_null(what, "installation %d, container %d.%d: an annotation or a label gave more %s: %s", i, k, n, what, t.text.s);
				what = after && n % 4 == 0 ? enlarged_by_label(&t, after) : NULL;
				cr_assert_null(what, "installation %d, container %d.%d: a capability label gave more %s", i, k, n, what);
			}
		}
	}
	cr_expect(chosen > CONFIGS / 50 && annotated > CONFIGS / 4 && t.compared > CASES / 10, "too few: %zu chosen, %zu annotated, %zu compared", chosen, annotated,
		  t.compared);
}

/* ---- the caller's own place ---- */

Test(resolve_random, the_callers_own_place_never_enlarges_the_result, .timeout = 120)
{
	auto_str own = { 0 };
	size_t narrowed = 0;
	auto_trial t;

	trial_begin(&t, UINT64_C(0xbf58476d1ce4e5b9));
	for (int i = 0; i < CONFIGS; i++) {
		struct drawn_config callers;

		next_config(&t);
		draw_config(&t.pool, &t.r, &callers);
		put_config(&t.pool, &callers, true, &own);
		for (int k = 0; k < CONTAINERS; k++) {
			const struct policy_choice *before, *after;

			next_subject(&t);
			if (below(&t.r, 2))
				write_more(&t);
			before = choice_of(&t, &t.config);
			t.pool.callers = own.s;
			after = choice_of(&t, &t.config);
			t.pool.callers = NULL;
			narrowed += before && after && before->enforced->pids > after->enforced->pids;
			for (int n = 0; n < DOCUMENTS; n++) {
				const char *what;
				next_document(&t);
				what = enlarged(&t, before, after);
				cr_assert_null(what, "installation %d, container %d.%d: the caller's place gave more %s: %s\n%s", i, k, n, what, t.text.s, own.s);
			}
		}
	}
	cr_expect(narrowed > CONFIGS / 10 && t.compared > CASES / 20, "too few: %zu narrowed, %zu compared", narrowed, t.compared);
}

/* ---- floor and modes ---- */

/* What must come out, by the drawn values alone. */
struct expected {
	size_t profile;
	enum profile_mode mode;
	bool authors;			/* an author's rule chooses */
	bool by_rule;
};

static struct expected expect(const struct trial *t, const struct policy_ask *ask, size_t named)
{
	const struct drawn_config *c = &t->config;
	size_t i = ask->outright ? c->n_rules : rule_for(c, &t->s);
	struct expected x = { ask->named ? named : c->fallback, c->mode, false, i < c->n_rules };

	if (x.by_rule) {
		x.profile = c->rules[i].profile;
		x.mode = c->rules[i].mode > x.mode ? c->rules[i].mode : x.mode;
		x.authors = rule_is_authors(c, &c->rules[i]);
	}
	if (t->pool.p[x.profile]->mode > x.mode)
		x.mode = (enum profile_mode)t->pool.p[x.profile]->mode;
	return x;
}

/* The floor by itself, or with another profile under a mode, made without the policy's own choosing. */
static struct policy_choice alone(struct trial *t, const struct profile *p, enum profile_mode mode, struct profile *room)
{
	struct err e = { 0 };

	*room = mode == PROFILE_ENFORCE && p ? *p : *profile_builtin(LEVEL_NONE);
	if (mode == PROFILE_ENFORCE && p && p->warn)
		profile_forget(room, p->warn);
	cr_assert_eq(profile_meet(&t->choices, room, t->pool.p[t->config.floor], "floor", &e), 0);
	return (struct policy_choice){ .name = "alone", .from = "test", .floor = "floor", .floor_from = "test", .enforced = room, .full = room };
}

static void check_choice(const struct trial *t, const struct policy_choice *c, const struct expected *x, int i)
{
	cr_assert_str_eq(c->name, pool_name(&t->pool, x->profile), "installation %d: %s", i, t->text.s);
	cr_assert_eq(c->mode, x->mode, "installation %d: %s in mode %d, not %d: %s", i, c->name, (int)c->mode, (int)x->mode, t->text.s);
	cr_assert(!x->authors || x->mode == PROFILE_ENFORCE || t->config.mode != PROFILE_ENFORCE || t->pool.p[x->profile]->mode != PROFILE_ENFORCE,
		  "installation %d: an author's rule only warns: %s", i, t->text.s);
	cr_assert(!c->annotation_warns || (t->config.annotation_mode && str_eq(t->s.annotation_mode, "warn")), "installation %d", i);
}

/* Who the user is comes from the chosen profile, and is what the floor then looks at. */
static bool says_who(const struct profile *p)
{
	return p->uid.set || p->gid.set || p->groups.set;
}

Test(resolve_random, whatever_the_rules_say_the_floor_holds, .timeout = 120)
{
	size_t weaker = 0, authors = 0, held = 0;
	auto_trial t;

	trial_begin(&t, UINT64_C(0xd1342543de82ef95));
	for (int i = 0; i < CONFIGS; i++) {
		next_config(&t);
		for (int k = 0; k < CONTAINERS; k++) {
			size_t named = below(&t.r, t.pool.n);
			const struct policy_ask ask = { .named = below(&t.r, 4) ? NULL : pool_name(&t.pool, named), .named_from = "--policy",
							.outright = below(&t.r, 2) };
			struct profile rooms[2];
			struct policy_choice floor, base;
			const struct policy_choice *c;
			const struct profile *chosen;
			struct expected x;

			next_subject(&t);
			if (below(&t.r, 2))
				write_more(&t);
			c = choose(&t, &t.config, &ask);
			x = expect(&t, &ask, named);
			if (!c)
				continue;
			check_choice(&t, c, &x, i);
			chosen = t.pool.p[x.profile];
			floor = alone(&t, NULL, PROFILE_OFF, &rooms[0]);
			base = alone(&t, t.pool.p[t.config.fallback], t.config.mode > t.pool.p[t.config.fallback]->mode ?
				     t.config.mode : (enum profile_mode)t.pool.p[t.config.fallback]->mode, &rooms[1]);
			authors += x.authors;
			for (int n = 0; n < DOCUMENTS; n++) {
				const struct plan *least, *got;
				struct plan most;
				bool refused;

				next_document(&t);
				least = plan_under(&t, &floor);
				refused = !least && is_refused(&t.c.e);
				got = plan_under(&t, c);
				cr_assert(!got || !refused || says_who(c->enforced), "installation %d.%d.%d: the floor refuses, and %s does not: %s", i, k, n,
					  c->name, t.text.s);
				if (!got || !least)
					continue;
				held++;
				most = x.mode == PROFILE_ENFORCE && !(chosen->warn & profile_control_bit("capabilities")) ? with_grants(*least, chosen) : *least;
				cr_assert_null(exceeds(got, &most), "installation %d.%d.%d: more %s than the floor: %s", i, k, n, exceeds(got, &most), t.text.s);
				least = plan_under(&t, &base);
				if (!least || ask.named)
					continue;
				most = largest(least, &base);
				weaker += x.by_rule && !x.authors && exceeds(got, &most);
				cr_assert(!x.authors || !exceeds(got, &most), "installation %d.%d.%d: an author's rule gave more %s than the default: %s", i, k, n,
					  exceeds(got, &most), t.text.s);
			}
		}
	}
	cr_expect(weaker > CASES / 500 && authors > CONFIGS / 20 && held > CASES / 10, "too few: %zu weaker than the default, %zu by authors, %zu held",
		  weaker, authors, held);
}
