/* SPDX-License-Identifier: Apache-2.0 */
/* By the table that the store has, so that no limit can be forgotten here. */
#include "policy/update.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "policy/store_table.h"

struct any_list { size_t n; const void *v; };

/* The leading members of an element that say which one it is: a name, or a device's two numbers. */
static size_t n_keys(const struct store_type *t)
{
	return t->fields[0].kind == STORE_TEXT ? 1 : 2;
}

static bool same_field(const struct store_field *f, const char *a, const char *b)
{
	const char *ta, *tb;

	if (f->kind != STORE_TEXT)
		return memcmp(a + f->offset, b + f->offset, f->size) == 0;
	memcpy(&ta, a + f->offset, sizeof(ta));
	memcpy(&tb, b + f->offset, sizeof(tb));
	return ta && tb ? str_eq(ta, tb) : ta == tb;
}

static bool same_key(const struct store_type *t, const char *a, const char *b)
{
	for (size_t i = 0; i < n_keys(t); i++)
		if (!same_field(&t->fields[i], a, b))
			return false;
	return true;
}

static char *find_element(const struct store_type *t, char *list, size_t n, const char *like)
{
	for (size_t i = 0; i < n; i++)
		if (same_key(t, list + i * t->size, like))
			return list + i * t->size;
	return NULL;
}

static int join_lists(struct arena *a, const struct store_type *t, const void *given, void *io)
{
	struct any_list more, list;

	memcpy(&more, given, sizeof(more));
	memcpy(&list, io, sizeof(list));
	if (!more.n)
		return 0;
	char *joined = arena_array(a, list.n + more.n, t->size);
	if (!joined)
		return -ENOMEM;
	if (list.n)
		memcpy(joined, list.v, list.n * t->size);
	for (size_t i = 0; i < more.n; i++) {
		const char *one = (const char *)more.v + i * t->size;
		char *old = find_element(t, joined, list.n, one);
		memcpy(old ? old : joined + list.n++ * t->size, one, t->size);
	}
	list.v = joined;
	memcpy(io, &list, sizeof(list));
	return 0;
}

static bool is_given(const struct store_field *f, const char *value)
{
	const char *text;

	if (f->kind == STORE_STRUCT) /* opt_i64 and its like: "set" comes first */
		return *(const bool *)value;
	if (f->kind != STORE_TEXT)
		return false; /* checkBeforeUpdate: of this one update */
	memcpy(&text, value, sizeof(text));
	return text;
}

static int join(struct arena *a, const struct store_type *t, const char *given, char *io)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < t->n; i++) {
		const struct store_field *f = &t->fields[i];
		if (f->kind == STORE_LIST && !str_eq(f->name ? f->name : "", "devices"))
			r = join_lists(a, f->type, given + f->offset, io + f->offset);
		for (size_t k = 0; r == 0 && f->kind == STORE_ARRAY && k < f->limit; k++)
			r = join(a, f->type, given + f->offset + k * f->type->size, io + f->offset + k * f->type->size);
		if (is_given(f, given + f->offset))
			memcpy(io + f->offset, given + f->offset, f->size);
	}
	return r;
}

int policy_update(struct arena *a, const struct plan *stored, const struct resources *given, const struct plan **out, struct err *e)
{
	struct plan *p = arena_alloc(a, sizeof(*p));
	int r = p ? 0 : -ENOMEM;

	if (r == 0) {
		*p = *stored;
		r = join(a, &store_resources_type, (const char *)given, (char *)&p->resources);
	}
	if (r < 0)
		return err_code(e, -r, "plan");
	*out = p;
	return 0;
}
