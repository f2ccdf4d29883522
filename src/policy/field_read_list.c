/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Readers of fields that hold more than one: lists of texts and of ids, maps, objects and lists of them.
 */
#include <errno.h>
#include <string.h>

#include "policy/field_parts.h"
#include "policy/field_type.h"
#include "policy/profile.h"

/* The program is looked up as exec looks for one: a path from the working directory would be another with each of them. */
static int check_command_word(const struct jread_at *at, const char *text, bool program, struct err *e)
{
	if (strlen(text) > FIELD_WORD_MAX)
		return field_refuse(at, e, "has more than %d bytes", FIELD_WORD_MAX);
	if (!program)
		return 0;
	if (!text[0])
		return field_refuse(at, e, "must not be empty: it is the program");
	if (text[0] == '/')
		return field_check_path(at, text, e);
	if (strchr(text, '/'))
		return field_refuse(at, e, "\"%s\" is neither an absolute path nor a name without \"/\"", jread_quote(text).s);
	return 0;
}

static int check_item(const struct jread_at *at, const struct field *f, const char *text, struct err *e)
{
	if (f->type == FIELD_COMMAND)
		return check_command_word(at, text, at->index == 0, e);
	if (f->item && f->type != FIELD_MAP)
		return f->item(at, text, e);
	if (f->type == FIELD_NAMES)
		return field_check_name(at, text, e);
	if (f->type == FIELD_PATHS)
		return field_check_path(at, text, e);
	if (f->type == FIELD_VARIABLES && strpbrk(text, "=/"))
		return field_refuse(at, e, "\"%s\" matches no variable: a pattern of names has neither \"=\" nor \"/\"", jread_quote(text).s);
	if (!text[0] || strlen(text) > 1024)
		return field_refuse(at, e, "must have 1 to 1024 bytes");
	return 0;
}

int field_texts(const struct field_reader *r, const struct jread_at *at, const struct jnode *v, const struct field *f,
		struct strings *out, struct err *e)
{
	const char **list;
	size_t n = 0;
	int err = field_want_array(at, v, e);

	if (err < 0)
		return err;
	list = arena_array(r->arena, v->len + 1, sizeof(*list));
	if (!list)
		return jread_no_memory(at, e);
	jnode_each(m, v) {
		struct jread_at item = jread_item(at, n);
		const char *text;

		err = field_want_text(&item, m, &text, e);
		if (err == 0)
			err = check_item(&item, f, text, e);
		if (err == 0)
			err = field_keep_text(r, &item, text, &list[n++], e);
		if (err < 0)
			return err;
	}
	*out = (struct strings){ n, list };
	return 0;
}

int field_read_command(const struct field_reader *r, const struct jread_at *at, const struct jnode *v, const struct field *f, void *out,
		       struct err *e)
{
	int err = field_want_array(at, v, e);

	if (err < 0)
		return err;
	if (v->len < f->min || v->len > f->max)
		return field_refuse(at, e, "must have %llu to %llu members: a program and its arguments", (unsigned long long)f->min,
				    (unsigned long long)f->max);
	return field_texts(r, at, v, f, out, e);
}

int field_read_texts(const struct field_reader *r, const struct jread_at *at, const struct jnode *v, const struct field *f,
		       void *out, struct err *e)
{
	const char **list, *text;
	int err;

	if (v->type != JSTRING)
		return field_texts(r, at, v, f, out, e);
	list = arena_array(r->arena, 2, sizeof(*list));
	if (!list)
		return jread_no_memory(at, e);
	err = field_want_text(at, v, &text, e);
	if (err == 0)
		err = check_item(at, f, text, e);
	if (err == 0)
		err = field_keep_text(r, at, text, list, e);
	if (err == 0)
		*(struct strings *)out = (struct strings){ 1, list };
	return err;
}

int field_edit_texts(const struct field_reader *r, const struct jread_at *at, const struct strings *add, const struct strings *remove,
		     struct strings *io, struct err *e)
{
	const char **list = arena_array(r->arena, io->n + add->n + 1, sizeof(*list));
	size_t n = 0;

	if (!list)
		return jread_no_memory(at, e);
	for (size_t i = 0; i < io->n; i++)
		if (!str_in(remove, io->v[i]))
			list[n++] = io->v[i];
	for (size_t i = 0; i < add->n; i++)
		if (!str_in(io, add->v[i]) && !str_in(remove, add->v[i]))
			list[n++] = add->v[i];
	*io = (struct strings){ n, list };
	return 0;
}

int field_read_paths(const struct field_reader *r, const struct jread_at *at, const struct jnode *v, const struct field *f,
		      void *out, struct err *e)
{
	struct jread_at add_at = jread_key(at, "add"), remove_at = jread_key(at, "remove");
	struct strings more = { 0 }, less = { 0 };
	const struct jnode *add, *remove;
	int err;

	if (v->type != JOBJECT)
		return field_texts(r, at, v, f, out, e);
	err = field_edit_parts(at, v, &add, &remove, e);
	if (err == 0 && add)
		err = field_texts(r, &add_at, add, f, &more, e);
	if (err == 0 && remove)
		err = field_texts(r, &remove_at, remove, f, &less, e);
	return err < 0 ? err : field_edit_texts(r, at, &more, &less, out, e);
}

/* An id, or a number within the field's own bounds. */
static int number_of(const struct jread_at *at, const struct jnode *v, const struct field *f, uint32_t *out, struct err *e)
{
	int err = field_id_of(at, v, out, e);

	if (f->max && (err < 0 || *out < f->min || *out > f->max))
		err = field_refuse_type(at, e, "must be an integer from %llu to %llu", (unsigned long long)f->min, (unsigned long long)f->max);
	return err;
}

int field_read_ids(const struct field_reader *r, const struct jread_at *at, const struct jnode *v, const struct field *f,
		    void *out, struct err *e)
{
	struct profile_ids *ids = out;
	uint32_t *list;
	size_t n = 0;
	bool single = v->type == JINTEGER && f->type == FIELD_NUMBERS;
	int err = single ? 0 : field_want_array(at, v, e);

	if (err < 0)
		return err;
	list = arena_array(r->arena, single ? 1 : v->len + 1, sizeof(*list));
	if (!list)
		return jread_no_memory(at, e);
	if (single)
		err = number_of(at, v, f, &list[n++], e);
	else
		jnode_each(m, v) {
			struct jread_at item = jread_item(at, n);
			err = number_of(&item, m, f, &list[n], e);
			for (size_t i = 0; err == 0 && i < n; i++)
				if (list[i] == list[n])
					err = field_refuse(&item, e, "%u is there twice", list[n]);
			if (err < 0)
				return err;
			n++;
		}
	ids->set = true;
	ids->list = (struct ids){ n, list };
	return err;
}

int field_read_map(const struct field_reader *r, const struct jread_at *at, const struct jnode *v, const struct field *f,
		    void *out, struct err *e)
{
	struct key_value *list;
	size_t n = 0;

	if (v->type != JOBJECT)
		return field_refuse_type(at, e, "must be an object of texts");
	if (v->len > FIELD_LIST_MAX)
		return field_refuse(at, e, "has more than %d members", FIELD_LIST_MAX);
	list = arena_array(r->arena, v->len + 1, sizeof(*list));
	if (!list)
		return jread_no_memory(at, e);
	jnode_each(m, v) {
		struct jread_at member = jread_key(at, m->key);
		const char *text;
		int err = field_want_text(&member, m, &text, e);

		if (err == 0)
			err = check_item(&member, f, text, e);
		if (err == 0 && f->item)
			err = f->item(&member, m->key, e);
		if (err == 0)
			err = field_keep_text(r, &member, m->key, &list[n].key, e);
		if (err == 0)
			err = field_keep_text(r, &member, text, &list[n++].value, e);
		if (err < 0)
			return err;
	}
	*(struct key_values *)out = (struct key_values){ n, list };
	return 0;
}

/* ---- objects and lists of them ---- */

int field_read_object(const struct field_reader *r, const struct jread_at *at, const struct jnode *v, const struct field *f,
		       void *out, struct err *e)
{
	return fields_read(r, at, v, f->table, out, e);
}

static const char *key_of(const struct field_table *t, const void *list, size_t i)
{
	const char *key;

	memcpy(&key, (const char *)list + i * t->size + t->key, sizeof(key));
	return key;
}

static bool has_key(const struct field_table *t, const struct field_any_list *list, const char *key)
{
	for (size_t i = 0; i < list->n; i++)
		if (str_eq(key_of(t, list->v, i), key))
			return true;
	return false;
}

static int elements_of(const struct field_reader *r, const struct jread_at *at, const struct jnode *v, const struct field *f,
		       struct field_any_list *out, struct err *e)
{
	const struct field_table *t = f->table;
	struct field_any_list got = { 0 };
	char *list;
	int err = field_want_array(at, v, e);

	if (err < 0)
		return err;
	got.v = list = arena_array(r->arena, v->len + 1, t->size);
	if (!list)
		return jread_no_memory(at, e);
	jnode_each(m, v) {
		struct jread_at item = jread_item(at, got.n);

		err = fields_read(r, &item, m, t, list + got.n * t->size, e);
		if (err == 0 && t->has_key && has_key(t, &got, key_of(t, list, got.n)))
			err = field_refuse(&item, e, "\"%s\" is there twice", jread_quote(key_of(t, list, got.n)).s);
		if (err < 0)
			return err;
		got.n++;
	}
	*out = got;
	return 0;
}

/* What is added takes the place of an inherited element with its key. */
static int edit_elements(const struct field_reader *r, const struct jread_at *at, const struct field_table *t,
			 const struct field_any_list *add, const struct strings *remove, struct field_any_list *io,
			 struct err *e)
{
	char *list = arena_array(r->arena, io->n + add->n + 1, t->size);
	size_t n = 0;

	if (!list)
		return jread_no_memory(at, e);
	for (size_t i = 0; i < io->n; i++) {
		const char *key = key_of(t, io->v, i);
		if (!str_in(remove, key) && !has_key(t, add, key))
			memcpy(list + n++ * t->size, (const char *)io->v + i * t->size, t->size);
	}
	if (add->n)
		memcpy(list + n * t->size, add->v, add->n * t->size);
	*io = (struct field_any_list){ n + add->n, list };
	return 0;
}

int field_read_list(const struct field_reader *r, const struct jread_at *at, const struct jnode *v, const struct field *f,
		     void *out, struct err *e)
{
	struct jread_at add_at = jread_key(at, "add"), remove_at = jread_key(at, "remove");
	const struct field keys = { .type = FIELD_GLOBS };
	struct field_any_list more = { 0 }, io;
	struct strings less = { 0 };
	const struct jnode *add, *remove;
	int err;

	if (v->type != JOBJECT || !f->table->has_key)
		return elements_of(r, at, v, f, out, e);
	err = field_edit_parts(at, v, &add, &remove, e);
	if (err == 0 && add)
		err = elements_of(r, &add_at, add, f, &more, e);
	if (err == 0 && remove)
		err = field_texts(r, &remove_at, remove, &keys, &less, e);
	if (err < 0)
		return err;
	memcpy(&io, out, sizeof(io));
	err = edit_elements(r, at, f->table, &more, &less, &io, e);
	memcpy(out, &io, sizeof(io));
	return err;
}
