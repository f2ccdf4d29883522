/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fields about system calls: sets of calls, subsets of numbered things (families, protocols), and what a refused call is told.
 */
#include <errno.h>
#include <string.h>

#include "base/nearest.h"
#include "policy/field_parts.h"
#include "policy/field_type.h"
#include "policy/profile.h"

#define GROUP_WORD(id, name, set) { (name), UINT64_C(1) << SYSCALL_GROUP_##id },
static const struct field_word group_words[] = {
	SYSCALL_GROUPS(GROUP_WORD) { "@service", SYSCALLS_SERVICE }, { "@container", SYSCALLS_CONTAINER }, { NULL, 0 },
};
#undef GROUP_WORD

/* ---- sets of calls ---- */

static int refuse_call(const struct jread_at *at, const char *text, struct err *e)
{
	char room[SYSCALL_NAME_ROOM];
	const char *near = syscall_nearest(text, room);

	return field_refuse(at, e, "unknown system call \"%s\"%s%s%s", jread_quote(text).s, near ? "; did you mean " : "", near ? near : "",
			    near ? "?" : "");
}

static int call_of(const struct jread_at *at, const char *text, struct syscall_set *io, struct err *e)
{
	struct syscall_walk call;
	uint64_t groups = 0;
	int err;

	if (text[0] == '@') {
		err = field_find_word(at, group_words, text, &groups, e);
		io->groups |= groups;
		return err;
	}
	if (!syscall_find(text, strlen(text), &call))
		return refuse_call(at, text, e);
	syscall_set_put(io, &call);
	return 0;
}

static int calls_of(const struct jread_at *at, const struct jnode *v, struct syscall_set *out, struct err *e)
{
	struct syscall_set raw = { 0 };
	size_t i = 0;
	int err;

	if (v->type == JSTRING && str_eq(v->text, "all")) {
		*out = (struct syscall_set){ .groups = SYSCALLS_ALL };
		return 0;
	}
	if (v->type == JSTRING)
		return field_refuse_type(at, e, "must be an array, or \"all\"");
	err = field_want_array(at, v, e);
	if (err < 0)
		return err;
	jnode_each(m, v) {
		struct jread_at item = jread_item(at, i++);
		const char *text;

		err = field_want_text(&item, m, &text, e);
		if (err == 0)
			err = call_of(&item, text, &raw, e);
		if (err < 0)
			return err;
	}
	*out = (struct syscall_set){ 0 };
	syscall_set_add(out, &raw);
	return 0;
}

int field_read_groups(const struct field_reader *r, const struct jread_at *at, const struct jnode *v, const struct field *f, void *out,
		      struct err *e)
{
	struct jread_at add_at = jread_key(at, "add"), remove_at = jread_key(at, "remove");
	struct syscall_set more = { 0 }, less = { 0 };
	const struct jnode *add, *remove;
	int err;

	(void)r;
	(void)f;
	if (v->type != JOBJECT)
		return calls_of(at, v, out, e);
	err = field_edit_parts(at, v, &add, &remove, e);
	if (err == 0 && add)
		err = calls_of(&add_at, add, &more, e);
	if (err == 0 && remove)
		err = calls_of(&remove_at, remove, &less, e);
	if (err < 0)
		return err;
	syscall_set_add(out, &more);
	syscall_set_remove(out, &less);
	return 0;
}

json_t *field_groups_json(const struct syscall_set *s)
{
	struct syscall_walk w = { 0 };
	json_t *array;

	if (syscall_set_is_all(s))
		return json_string("all");
	array = json_array();
	for (int g = 0; g < SYSCALL_GROUP_COUNT; g++)
		if (s->groups >> g & 1)
			(void)json_array_append_new(array, json_string(syscall_group_name(g))); /* refuses NULL: shows as missing */
	while (syscall_next(&w))
		if (syscall_set_has(s, &w) && !(s->groups >> w.group & 1))
			(void)json_array_append_new(array, json_stringn(w.name, w.len));
	return array;
}

static json_t *group_enum(void)
{
	json_t *array = json_array();

	for (const struct field_word *w = group_words; w->word; w++)
		(void)json_array_append_new(array, json_string(w->word));
	return json_pack("{s:o}", "enum", array);
}

json_t *field_groups_schema(void)
{
	return json_pack("{s:[o, {s:s, s:s}]}", "anyOf", group_enum(), "type", "string", "pattern", "^[a-z0-9_]+$");
}

/* ---- subsets ---- */

static int bit_of(const struct jread_at *at, const struct field *f, const struct jnode *v, uint64_t *io, struct err *e)
{
	const char *text;
	uint64_t bit = 0;
	int err;

	if (v->type == JINTEGER && f->max) {
		if (v->negative || v->huge || v->magnitude > f->max)
			return field_refuse_type(at, e, "must be a word, or an integer from 0 to %llu", (unsigned long long)f->max);
		*io |= UINT64_C(1) << v->magnitude;
		return 0;
	}
	err = field_want_text(at, v, &text, e);
	if (err == 0)
		err = field_find_word(at, f->words, text, &bit, e);
	*io |= bit;
	return err;
}

static int subset_of(const struct jread_at *at, const struct jnode *v, const struct field *f, uint64_t *out, struct err *e)
{
	uint64_t mask = 0;
	size_t i = 0;
	int err;

	if (v->type == JSTRING && str_eq(v->text, "all")) {
		*out = UINT64_MAX;
		return 0;
	}
	if (v->type == JSTRING)
		return field_refuse_type(at, e, "must be an array, or \"all\"");
	err = field_want_array(at, v, e);
	if (err < 0)
		return err;
	jnode_each(m, v) {
		struct jread_at item = jread_item(at, i++);

		err = bit_of(&item, f, m, &mask, e);
		if (err < 0)
			return err;
	}
	*out = mask;
	return 0;
}

int field_read_subset(const struct field_reader *r, const struct jread_at *at, const struct jnode *v, const struct field *f, void *out,
		      struct err *e)
{
	(void)r;
	return field_read_edited(at, v, f, subset_of, out, e);
}

json_t *field_subset_json(const struct field *f, uint64_t mask)
{
	json_t *array;

	if (mask == UINT64_MAX)
		return json_string("all");
	array = json_array();
	for (int i = 0; i < 64; i++) {
		const char *word = field_bit_word(f, UINT64_C(1) << i);
		if (mask >> i & 1)
			(void)json_array_append_new(array, word ? json_string(word) : json_integer(i));
	}
	return array;
}

json_t *field_subset_schema(const struct field *f)
{
	json_t *words = json_array();

	for (const struct field_word *w = f->words; w->word; w++)
		(void)json_array_append_new(words, json_string(w->word));
	if (!f->max)
		return json_pack("{s:o}", "enum", words);
	return json_pack("{s:[{s:o}, {s:s, s:i, s:i}]}", "anyOf", "enum", words, "type", "integer", "minimum", 0, "maximum", (int)f->max);
}

/* ---- what refused calls are told ---- */

static int check_answer(const struct jread_at *at, const char *key, const struct jnode *v, struct err *e)
{
	struct syscall_set unused = { 0 };
	struct nearest near;
	int err;

	err = call_of(at, key, &unused, e);
	if (err < 0)
		return err;
	if (v->type != JSTRING)
		return field_refuse_type(at, e, "must be the name of an errno, such as \"ENOSYS\"");
	if (err_number(v->text))
		return 0;
	if (str_starts(v->text, "KILL"))
		return field_refuse(at, e, "\"%s\" is not an errno name; calls that end the process are listed in $.syscalls.kill",
				    jread_quote(v->text).s);
	near = nearest_to(v->text, strlen(v->text));
	for (size_t i = 0; err_name_at(i); i++)
		nearest_try(&near, err_name_at(i));
	return field_refuse(at, e, "\"%s\" is not an errno name%s%s%s", jread_quote(v->text).s, near.best ? "; did you mean " : "",
			    near.best ? near.best : "", near.best ? "?" : "");
}

static bool has_key(const struct key_values *map, const char *key)
{
	for (size_t i = 0; i < map->n; i++)
		if (str_eq(map->v[i].key, key))
			return true;
	return false;
}

/* As in any object, what the file does not say stays as it was inherited. */
int field_read_answers(const struct field_reader *r, const struct jread_at *at, const struct jnode *v, const struct field *f, void *out,
		       struct err *e)
{
	struct key_values *io = out, got = { 0 };
	struct key_value *list;
	int err;

	(void)f;
	if (v->type != JOBJECT)
		return field_refuse_type(at, e, "must be an object of errno names");
	if (v->len > FIELD_LIST_MAX)
		return field_refuse(at, e, "has more than %d members", FIELD_LIST_MAX);
	list = arena_array(r->arena, v->len + io->n + 1, sizeof(*list));
	if (!list)
		return jread_no_memory(at, e);
	got.v = list;
	jnode_each(m, v) {
		struct jread_at member = jread_key(at, m->key);

		err = check_answer(&member, m->key, m, e);
		if (err == 0)
			err = field_keep_text(r, &member, m->key, &list[got.n].key, e);
		if (err == 0)
			err = field_keep_text(r, &member, m->text, &list[got.n].value, e);
		if (err < 0)
			return err;
		got.n++;
	}
	for (size_t i = 0; i < io->n; i++)
		if (!has_key(&got, io->v[i].key))
			list[got.n++] = io->v[i];
	*io = got;
	return 0;
}

json_t *field_answers_schema(void)
{
	return json_pack("{s:s, s:b, s:{s:{s:s, s:s}}}", "type", "object", "additionalProperties", 0, "patternProperties", "^@?[a-z0-9_-]+$",
			 "type", "string", "pattern", "^E[A-Z0-9]+$");
}
