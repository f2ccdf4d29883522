/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random values for the policy's tests: by the store's own table, so that every field of the plan takes part, and deep
 * comparison by the same table. The numbers are the same in each run.
 */
#ifndef CAISSON_TEST_POLICY_RANDOM_H
#define CAISSON_TEST_POLICY_RANDOM_H

#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "policy/store_table.h"

/* How often: the sanitizers, which look for other things, make each time six times as long. */
#ifdef __SANITIZE_ADDRESS__
#define RANDOM_TIMES(n) ((n) / 8)
#else
#define RANDOM_TIMES(n) (n)
#endif

struct any_list { size_t n; const void *v; };

static inline uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static inline uint64_t below(uint64_t *state, uint64_t n)
{
	return (next_random(state) >> 11) % n;
}

static inline const char *random_text(uint64_t *r, struct arena *a)
{
	static const char *const words[] = { "", "a", "/proc/kcore", "\"quoted\\", "line\nfeed\ttab\x01", "\xc3\xa9t\xc3\xa9",
					     "\xff\xfe", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc0\xaf", "{\"hex\":\"00\"}",
					     "\xf0\x9f\x90\xb3", "null", "0" };
	char bytes[12];
	size_t n = below(r, sizeof(bytes));

	if (below(r, 3))
		return words[below(r, N_ELEMENTS(words))];
	for (size_t i = 0; i < n; i++)
		bytes[i] = (char)(1 + below(r, 255));
	return arena_memdup(a, bytes, n);
}

static inline uint64_t random_number(uint64_t *r)
{
	switch (below(r, 4)) {
	case 0:
		return below(r, 3);
	case 1:
		return UINT64_MAX - below(r, 3);
	case 2:
		return (uint64_t)INT64_MAX + below(r, 3) - 1;
	default:
		return next_random(r);
	}
}

static inline void fill_random(const struct store_type *t, uint64_t *r, struct arena *a, void *at);

static inline void fill_field(const struct store_field *f, uint64_t *r, struct arena *a, void *at)
{
	uint64_t n = random_number(r);
	uint32_t n4 = f->kind == STORE_ENUM ? (uint32_t)below(r, f->limit) : (uint32_t)n;
	uint16_t n2 = (uint16_t)n;
	struct any_list list = { 0 };
	const char *text;

	switch (f->kind) {
	case STORE_BOOL:
		*(bool *)at = below(r, 2);
		break;
	case STORE_CHAR:
		*(char *)at = "\0abcp"[below(r, 5)];
		break;
	case STORE_TEXT:
		text = f->name && !below(r, 4) ? NULL : random_text(r, a);
		memcpy(at, &text, sizeof(text));
		break;
	case STORE_STRUCT:
		fill_random(f->type, r, a, at);
		break;
	case STORE_LIST:
		list.n = below(r, 3);
		list.v = arena_array(a, list.n + 1, f->type->size);
		for (size_t i = 0; i < list.n; i++)
			fill_random(f->type, r, a, (char *)(uintptr_t)list.v + i * f->type->size);
		memcpy(at, &list, sizeof(list));
		break;
	case STORE_ARRAY:
		for (size_t i = 0; i < f->limit; i++)
			fill_random(f->type, r, a, (char *)at + i * f->type->size);
		break;
	default:
		memcpy(at, f->size == 8 ? (void *)&n : f->size == 4 ? (void *)&n4 : (void *)&n2, f->size);
	}
}

static inline void fill_random(const struct store_type *t, uint64_t *r, struct arena *a, void *at)
{
	for (size_t i = 0; i < t->n; i++)
		if (!t->fields[i].name || below(r, 4)) /* a quarter stays zero */
			fill_field(&t->fields[i], r, a, (char *)at + t->fields[i].offset);
}

/* NULL when both are the same, else the name of a field that is not. */
static inline const char *first_difference(const struct store_type *t, const void *a, const void *b)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct store_field *f = &t->fields[i];
		const char *pa = (const char *)a + f->offset, *pb = (const char *)b + f->offset;
		const char *name = f->name ? f->name : t->name, *inner = NULL;
		struct any_list la, lb;
		const char *ta, *tb;

		switch (f->kind) {
		case STORE_TEXT:
			memcpy(&ta, pa, sizeof(ta));
			memcpy(&tb, pb, sizeof(tb));
			if (!str_eq(ta, tb))
				return name;
			break;
		case STORE_STRUCT:
			inner = first_difference(f->type, pa, pb);
			break;
		case STORE_LIST:
			memcpy(&la, pa, sizeof(la));
			memcpy(&lb, pb, sizeof(lb));
			if (la.n != lb.n)
				return name;
			for (size_t k = 0; k < la.n && !inner; k++)
				inner = first_difference(f->type, (const char *)la.v + k * f->type->size,
							 (const char *)lb.v + k * f->type->size);
			break;
		case STORE_ARRAY:
			for (size_t k = 0; k < f->limit && !inner; k++)
				inner = first_difference(f->type, pa + k * f->type->size, pb + k * f->type->size);
			break;
		default:
			if (memcmp(pa, pb, f->size) != 0)
				return name;
		}
		if (inner)
			return inner;
	}
	return NULL;
}

#endif
