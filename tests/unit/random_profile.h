/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random profiles: each field by its row of the table, so that a new row takes part from its first day. A row of a type that nothing is
 * known of here ends the test.
 */
#ifndef CAISSON_TEST_RANDOM_PROFILE_H
#define CAISSON_TEST_RANDOM_PROFILE_H

#include <criterion/criterion.h>
#include <string.h>

#include "policy/profile_fields.h"
#include "random_case.h"

/* Each at most once in a list: by position. */
static const char *const random_places[] = { "/tmp", "/run", "/var/cache/x", "/x", NULL };

static const char *const few[] = { "/x", NULL }, *const pair[] = { "/x", "/proc/kcore", NULL }, *const wild[] = { "/y*", NULL };
static const struct strings some_lists[] = { { 1, few }, { 2, pair }, { 1, wild }, { 0, NULL } };
static const char *const tun[] = { "c 10:200 rw", NULL }, *const block[] = { "b *:* rw", "c 10:* rwm", NULL };
static const struct strings some_devices[] = { { 1, tun }, { 2, block }, { 0, NULL } };
static const char *const some_patterns[] = { "A", "*PASSWORD*", "H??E", NULL };

static const struct key_value some_answers[] = { { "@mount", "ENOSYS" }, { "ptrace", "EACCES" } };

/* Groups; seldom single calls too, since the walk over all names takes its time. */
static inline struct syscall_set random_calls(uint64_t *r)
{
	struct syscall_set raw = { .groups = below(r, 4) ? next_random(r) & SYSCALLS_EVERY : SYSCALLS_ALL }, out = { 0 };
	struct syscall_walk w = { 0 };

	if (raw.groups == SYSCALLS_ALL || below(r, 40))
		return raw;
	while (syscall_next(&w))
		if (below(r, 8) == 0)
			syscall_set_put(&raw, &w);
	syscall_set_add(&out, &raw);
	return out;
}

static inline uint64_t random_bits(const struct field *f, uint64_t *r)
{
	uint64_t bits = 0;

	for (const struct field_word *w = f->words; w->word; w++)
		bits |= below(r, 2) ? w->value : 0;
	return bits;
}

static inline uint64_t random_word(const struct field *f, uint64_t *r)
{
	size_t n = 0;

	while (f->words[n].word)
		n++;
	return f->words[below(r, n)].value;
}

static inline void random_landlock(uint64_t *r, struct profile_landlock *out)
{
	static const char *const sorted[] = { "/a", "/a/b", "/c", NULL };
	static const uint32_t ports[] = { 1, 80, 443 };

	*out = (struct profile_landlock){ .derive = below(r, 2) };
	for (size_t i = 0; i < LANDLOCK_PLACES; i++) {
		size_t from = below(r, 3);
		out->places[i] = (struct landlock_places){ below(r, 3) == 0, { below(r, 3 - from) + 1, sorted + from } };
		if (!out->places[i].set)
			out->places[i] = (struct landlock_places){ 0 };
	}
	for (size_t i = 0; i < LANDLOCK_PORTS; i++)
		if (below(r, 3) == 0)
			out->ports[i] = (struct profile_ids){ true, { below(r, 4), ports } };
}

static inline void random_value(const struct field *f, uint64_t *r, struct arena *a, size_t position, void *at);

static inline void random_list(const struct field *f, uint64_t *r, struct arena *a, void *at)
{
	struct any_list list = { .n = below(r, 3) };
	char *v = arena_array(a, list.n + 1, f->table->size);

	for (size_t i = 0; i < list.n; i++)
		for (size_t k = 0; k < f->table->n; k++)
			random_value(&f->table->v[k], r, a, i, v + i * f->table->size + f->table->v[k].offset);
	list.v = v;
	memcpy(at, &list, sizeof(list));
}

static inline void random_value(const struct field *f, uint64_t *r, struct arena *a, size_t position, void *at)
{
	static const uint32_t groups[] = { 0, 1, 50 };

	switch (f->type) {
	case FIELD_SWITCH:
		*(bool *)at = below(r, 2);
		break;
	case FIELD_WORD:
		*(uint32_t *)at = (uint32_t)random_word(f, r);
		break;
	case FIELD_FLAGS:
		*(uint64_t *)at = random_bits(f, r);
		break;
	case FIELD_CAPS:
		*(uint64_t *)at = random_caps(r);
		break;
	case FIELD_CAP:
		*(uint64_t *)at = CAP_BIT(below(r, 38));
		break;
	case FIELD_GROUPS:
		*(struct syscall_set *)at = random_calls(r);
		break;
	case FIELD_SUBSET:
		*(uint64_t *)at = below(r, 3) ? next_random(r) & next_random(r) : UINT64_MAX;
		break;
	case FIELD_ANSWERS:
		*(struct key_values *)at = (struct key_values){ below(r, N_ELEMENTS(some_answers) + 1), some_answers };
		break;
	case FIELD_ALLOW:
		if (str_eq(f->name, "devices.allow")) {
			*(struct glob_lists *)at = (struct glob_lists){ below(r, 2), &some_devices[below(r, N_ELEMENTS(some_devices))] };
			break;
		}
		*(struct glob_lists *)at = (struct glob_lists){ below(r, 2), &some_lists[below(r, N_ELEMENTS(some_lists))] };
		break;
	case FIELD_VARIABLES:
		*(struct strings *)at = (struct strings){ below(r, 4), some_patterns };
		break;
	case FIELD_DENY:
	case FIELD_PATHS:
		*(struct strings *)at = (struct strings){ below(r, 3), some_paths };
		break;
	case FIELD_PATH:
		*(const char **)at = random_places[position];
		break;
	case FIELD_LIMIT:
		*(struct profile_limit *)at = (struct profile_limit){ below(r, 3000), 3000 + below(r, 3000) };
		break;
	case FIELD_CPUS:
	case FIELD_AMOUNT:
		*(uint64_t *)at = f->min + below(r, 5000);
		break;
	case FIELD_ID:
	case FIELD_OCTAL:
		*(struct opt_id *)at = (struct opt_id){ below(r, 4), (uint32_t)below(r, 3) };
		break;
	case FIELD_IDS:
		*(struct profile_ids *)at = (struct profile_ids){ below(r, 4), { below(r, 4), groups } };
		break;
	case FIELD_MODE:
		*(uint32_t *)at = (uint32_t)below(r, 07777) + 1;
		break;
	case FIELD_TEXT:
		*(const char **)at = "a reason";
		break;
	case FIELD_MAP:
		*(struct key_values *)at = (struct key_values){ below(r, 2), some_sysctls };
		break;
	case FIELD_LANDLOCK:
		random_landlock(r, at);
		break;
	case FIELD_LIST:
		random_list(f, r, a, at);
		break;
	default:
		cr_assert_fail("%s: say in tests/unit/random_profile.h what random values of its type are", f->name);
	}
}

static inline void *random_at(struct profile *p, int f)
{
	return (char *)p + profile_table.v[f].offset;
}

/* What the reader makes true of every file. */
static inline void random_as_read(struct profile *p)
{
	p->archs |= PROFILE_ARCH_NATIVE;
	p->cap_ceiling = p->label == PROFILE_LABEL_IGNORE ? p->cap_allow : p->cap_ceiling | p->cap_allow;
	p->fits = p->from_file = true;
	p->name = "x";
}

/* As a file would have made it: over one of the levels, half of the fields are said, or few of them: those that say much are mostly
 * refused by something. */
static inline void random_profile(struct profile *p, uint64_t *r, struct arena *a)
{
	uint64_t one_in = below(r, 2) ? 2 : 8;

	*p = *profile_builtin((enum level)below(r, LEVELS));
	for (int f = 0; f < PROFILE_FIELDS; f++)
		if (profile_table.v[f].kind != FIELD_INFO && !profile_table.v[f].hidden && below(r, one_in) == 0)
			random_value(&profile_table.v[f], r, a, 0, random_at(p, f));
	random_as_read(p);
}

static inline uint64_t granted(const struct profile *p)
{
	uint64_t caps = 0;

	for (size_t i = 0; i < p->grant.n; i++)
		caps |= p->grant.v[i].cap;
	return caps;
}

/* `plan` and what the profile grants besides. */
static inline struct plan with_grants(struct plan plan, const struct profile *p)
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

#endif
