/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ceilings over names. A file writes one list, or the word for everything; where profiles meet, a name must be in the list of each of
 * them. A list that another one is a part of says nothing more, and is left out.
 */
#include <errno.h>
#include <string.h>

#include "policy/field_parts.h"
#include "policy/field_type.h"

static int set_list(const struct field_reader *r, const struct jread_at *at, const struct strings *list, struct glob_lists *out,
		    struct err *e)
{
	struct strings *v = arena_array(r->arena, 1, sizeof(*v));

	if (!v)
		return jread_no_memory(at, e);
	*v = *list;
	*out = (struct glob_lists){ 1, v };
	return 0;
}

static int edit_allow(const struct field_reader *r, const struct jread_at *at, const struct jnode *v, const struct field *f,
		      struct glob_lists *io, struct err *e)
{
	struct jread_at add_at = jread_key(at, "add"), remove_at = jread_key(at, "remove");
	struct strings more = { 0 }, less = { 0 }, list;
	const struct jnode *add, *remove;
	int err = field_edit_parts(at, v, &add, &remove, e);

	if (err == 0 && io->n != 1)
		err = field_refuse(at, e, "an edit needs an inherited list, and what is inherited is \"%s\"", f->words[0].word);
	if (err == 0 && add)
		err = field_texts(r, &add_at, add, f, &more, e);
	if (err == 0 && remove)
		err = field_texts(r, &remove_at, remove, f, &less, e);
	if (err < 0)
		return err;
	list = io->v[0];
	err = field_edit_texts(r, at, &more, &less, &list, e);
	return err < 0 ? err : set_list(r, at, &list, io, e);
}

int field_read_allow(const struct field_reader *r, const struct jread_at *at, const struct jnode *v, const struct field *f, void *out,
		     struct err *e)
{
	struct strings list = { 0 };
	int err;

	if (v->type == JOBJECT)
		return edit_allow(r, at, v, f, out, e);
	if (v->type == JSTRING) {
		if (!str_eq(v->text, f->words[0].word))
			return field_refuse(at, e, "must be an array, or \"%s\"", f->words[0].word);
		*(struct glob_lists *)out = (struct glob_lists){ 0 };
		return 0;
	}
	err = field_texts(r, at, v, f, &list, e);
	return err < 0 ? err : set_list(r, at, &list, out, e);
}

bool field_same_set(const struct strings *a, const struct strings *b)
{
	bool same = true;

	for (size_t i = 0; i < a->n; i++)
		same &= str_in(b, a->v[i]);
	for (size_t i = 0; i < b->n; i++)
		same &= str_in(a, b->v[i]);
	return same;
}

/* Does b name all that a names? A pattern is known by its text alone. */
static bool is_part(const struct strings *a, const struct strings *b)
{
	for (size_t i = 0; i < a->n; i++)
		if (!str_in(b, a->v[i]) && (a->v[i][strcspn(a->v[i], "*?[")] || !glob_match_any(b, a->v[i])))
			return false;
	return true;
}

/* Does one of the lists say all that `list` says? */
static bool says(const struct glob_lists *lists, const struct strings *list)
{
	for (size_t i = 0; i < lists->n; i++)
		if (is_part(&lists->v[i], list))
			return true;
	return false;
}

bool field_same_allow(const struct glob_lists *a, const struct glob_lists *b)
{
	for (size_t i = 0; i < a->n; i++)
		if (!says(b, &a->v[i]))
			return false;
	for (size_t i = 0; i < b->n; i++)
		if (!says(a, &b->v[i]))
			return false;
	return true;
}

static const struct strings *nth(const struct glob_lists *a, const struct glob_lists *b, size_t i)
{
	return i < a->n ? &a->v[i] : &b->v[i - a->n];
}

int field_meet_allow(struct arena *a, struct glob_lists *io, const struct glob_lists *other, bool *changed, struct err *e)
{
	struct strings *v = arena_array(a, io->n + other->n + 1, sizeof(*v));
	size_t n = io->n + other->n, kept = 0;
	struct glob_lists both;

	if (!v)
		return err_set(e, ENOMEM, "policy: out of memory");
	for (size_t i = 0; i < n; i++) {
		const struct strings *list = nth(io, other, i);
		bool needed = true;
		for (size_t k = 0; k < n && needed; k++) {
			const struct strings *less = nth(io, other, k);
			needed = k == i || !is_part(less, list) || (is_part(list, less) && k > i);
		}
		if (needed)
			v[kept++] = *list;
	}
	both = (struct glob_lists){ kept, v };
	*changed = !field_same_allow(io, &both);
	*io = both;
	return 0;
}

int field_meet_map(struct arena *a, struct key_values *io, const struct key_values *other, bool *changed, struct err *e)
{
	struct key_value *v = arena_array(a, io->n + other->n + 1, sizeof(*v));
	size_t n = 0;

	if (!v)
		return err_set(e, ENOMEM, "policy: out of memory");
	for (; n < io->n; n++)
		v[n] = io->v[n];
	for (size_t i = 0; i < other->n; i++) {
		bool there = false;
		for (size_t k = 0; k < io->n; k++)
			there |= str_eq(io->v[k].key, other->v[i].key);
		if (there)
			continue;
		*changed = true;
		v[n++] = other->v[i];
	}
	*io = (struct key_values){ n, v };
	return 0;
}

static json_t *list_json(const struct strings *list)
{
	json_t *array = json_array();

	for (size_t i = 0; i < list->n; i++)
		(void)json_array_append_new(array, json_string(list->v[i])); /* refuses NULL: shows as missing */
	return array;
}

json_t *field_allow_json(const struct field *f, const struct glob_lists *lists)
{
	json_t *all;

	if (!lists->n)
		return json_string(f->words[0].word);
	if (lists->n == 1)
		return list_json(&lists->v[0]);
	all = json_array();
	for (size_t i = 0; i < lists->n; i++)
		(void)json_array_append_new(all, list_json(&lists->v[i]));
	return json_pack("{s:o}", "all_of", all);
}
