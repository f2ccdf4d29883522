/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two values of one field: whether they are the same, and the stricter of the two.
 */
#include <errno.h>
#include <string.h>

#include "policy/field_type.h"
#include "policy/profile.h"

static const size_t sizes[FIELD_TYPES] = {
	[FIELD_SWITCH] = sizeof(bool),		  [FIELD_MAYBE] = sizeof(struct opt_bool), [FIELD_WORD] = sizeof(uint32_t),
	[FIELD_FLAGS] = sizeof(uint64_t),	  [FIELD_CAPS] = sizeof(uint64_t),	   [FIELD_CAP] = sizeof(uint64_t),
	[FIELD_SECONDS] = sizeof(uint64_t),	  [FIELD_SUBSET] = sizeof(uint64_t),	   [FIELD_ANSWERS] = sizeof(struct key_values),
	[FIELD_LIMIT] = sizeof(struct profile_limit), [FIELD_CPUS] = sizeof(uint64_t),
	[FIELD_GROUPS] = sizeof(struct syscall_set), [FIELD_PATHS] = sizeof(struct strings),  [FIELD_PATH] = sizeof(char *),
	[FIELD_AMOUNT] = sizeof(uint64_t),	  [FIELD_ID] = sizeof(struct opt_id),	   [FIELD_IDS] = sizeof(struct profile_ids),
	[FIELD_OCTAL] = sizeof(struct opt_id),	  [FIELD_MODE] = sizeof(uint32_t),	   [FIELD_NAME] = sizeof(char *),
	[FIELD_NAMES] = sizeof(struct strings),	  [FIELD_TEXT] = sizeof(char *),	   [FIELD_GLOBS] = sizeof(struct strings),
	[FIELD_VARIABLES] = sizeof(struct strings), [FIELD_COMMAND] = sizeof(struct strings),
	[FIELD_NUMBERS] = sizeof(struct profile_ids), [FIELD_MAP] = sizeof(struct key_values),
	[FIELD_ALLOW] = sizeof(struct glob_lists),  [FIELD_DENY] = sizeof(struct strings),
	[FIELD_LANDLOCK] = sizeof(struct profile_landlock),
	[FIELD_LIST] = sizeof(struct field_any_list),
};

size_t field_size(const struct field *f)
{
	return f->type == FIELD_OBJECT ? f->table->size : sizes[f->type];
}

static bool same_texts(const struct strings *a, const struct strings *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!str_eq(a->v[i], b->v[i]))
			return false;
	return true;
}

static bool same_ids(const struct profile_ids *a, const struct profile_ids *b)
{
	return a->set == b->set && a->list.n == b->list.n &&
	       (!a->list.n || memcmp(a->list.v, b->list.v, a->list.n * sizeof(*a->list.v)) == 0);
}

static bool same_members(const struct field_table *t, const char *a, const char *b)
{
	for (size_t i = 0; i < t->n; i++)
		if (!field_same(&t->v[i], a + t->v[i].offset, b + t->v[i].offset))
			return false;
	return true;
}

static bool same_lists(const struct field_table *t, const struct field_any_list *a, const struct field_any_list *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!same_members(t, (const char *)a->v + i * t->size, (const char *)b->v + i * t->size))
			return false;
	return true;
}

static bool same_maps(const struct key_values *a, const struct key_values *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!str_eq(a->v[i].key, b->v[i].key) || !str_eq(a->v[i].value, b->v[i].value))
			return false;
	return true;
}

static bool same_opt(const struct opt_id *a, const struct opt_id *b)
{
	return a->set == b->set && (!a->set || a->v == b->v);
}

bool field_same(const struct field *f, const void *a, const void *b)
{
	switch (f->type) {
	case FIELD_ALLOW:
		return field_same_allow(a, b);
	case FIELD_DENY:
		return field_same_set(a, b);
	case FIELD_PATHS:
	case FIELD_NAMES:
	case FIELD_GLOBS:
	case FIELD_VARIABLES:
	case FIELD_COMMAND:
		return same_texts(a, b);
	case FIELD_PATH:
	case FIELD_NAME:
	case FIELD_TEXT:
		return str_eq(*(const char *const *)a, *(const char *const *)b);
	case FIELD_ID:
	case FIELD_OCTAL:
		return same_opt(a, b);
	case FIELD_IDS:
	case FIELD_NUMBERS:
		return same_ids(a, b);
	case FIELD_MAP:
	case FIELD_ANSWERS:
		return same_maps(a, b);
	case FIELD_LANDLOCK:
		return field_same_landlock(a, b);
	case FIELD_OBJECT:
		return same_members(f->table, a, b);
	case FIELD_LIST:
		return same_lists(f->table, a, b);
	default:
		return memcmp(a, b, field_size(f)) == 0;
	}
}

static int unite(struct arena *a, struct strings *io, const struct strings *other, struct err *e)
{
	const char **list = arena_array(a, io->n + other->n + 1, sizeof(*list));
	size_t n = io->n;

	if (!list)
		return err_set(e, ENOMEM, "policy: out of memory");
	for (size_t i = 0; i < io->n; i++)
		list[i] = io->v[i];
	for (size_t i = 0; i < other->n; i++)
		if (!str_in(io, other->v[i]))
			list[n++] = other->v[i];
	*io = (struct strings){ n, list };
	return 0;
}

static void meet_mask(const struct field *f, uint64_t *io, uint64_t other)
{
	*io = f->kind == FIELD_CEILING ? *io & other : *io | other;
}

static bool meet_calls(const struct field *f, struct syscall_set *io, const struct syscall_set *other)
{
	struct syscall_set before = *io;

	if (f->kind == FIELD_CEILING)
		syscall_set_meet(io, other);
	else
		syscall_set_add(io, other);
	return memcmp(&before, io, sizeof(before)) != 0;
}

static bool lower(uint64_t *io, uint64_t other)
{
	if (other >= *io)
		return false;
	*io = other;
	return true;
}

static bool meet_limit(struct profile_limit *io, const struct profile_limit *other)
{
	bool soft = lower(&io->soft, other->soft), hard = lower(&io->hard, other->hard);

	return soft || hard;
}

int field_meet(const struct field *f, struct arena *a, void *io, const void *other, bool *changed, struct err *e)
{
	uint64_t before = 0;
	size_t n = 0;
	int err;

	*changed = false;
	switch (f->type) {
	case FIELD_SWITCH:
		*changed = *(const bool *)other && !*(bool *)io;
		*(bool *)io |= *(const bool *)other;
		return 0;
	case FIELD_WORD:
		*changed = *(const uint32_t *)other > *(uint32_t *)io;
		if (*changed)
			*(uint32_t *)io = *(const uint32_t *)other;
		return 0;
	case FIELD_GROUPS:
		*changed = meet_calls(f, io, other);
		return 0;
	case FIELD_FLAGS:
	case FIELD_CAPS:
	case FIELD_SUBSET:
		before = *(uint64_t *)io;
		meet_mask(f, io, *(const uint64_t *)other);
		*changed = *(uint64_t *)io != before;
		return 0;
	case FIELD_AMOUNT:
	case FIELD_CPUS:
		*changed = lower(io, *(const uint64_t *)other);
		return 0;
	case FIELD_LIMIT:
		*changed = meet_limit(io, other);
		return 0;
	case FIELD_PATHS:
	case FIELD_DENY:
	case FIELD_VARIABLES:
		n = ((struct strings *)io)->n;
		err = unite(a, io, other, e);
		*changed = err == 0 && ((struct strings *)io)->n != n;
		return err;
	case FIELD_ALLOW:
		return field_meet_allow(a, io, other, changed, e);
	case FIELD_MAP:
		return f->kind == FIELD_ADDITION ? field_meet_map(a, io, other, changed, e) : 0;
	case FIELD_LANDLOCK:
		return field_meet_landlock(a, io, other, changed, e);
	default: /* names, identities and lists: their owner meets them */
		return 0;
	}
}
