/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The field "landlock": "off", "derive", or an object of places and ports. Each of its lists is a ceiling of its own; one that is not
 * there limits nothing.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "policy/field_parts.h"
#include "policy/profile.h"

enum { PORT_MAX = 65535 };

static const char *const place_names[LANDLOCK_PLACES] = { "read", "write", "execute" };
static const char *const port_names[LANDLOCK_PORTS] = { "bind", "connect" };

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static size_t unique_names(const char **v, size_t n)
{
	size_t kept = 0;

	qsort(v, n, sizeof(*v), by_name);
	for (size_t i = 0; i < n; i++)
		if (!kept || !str_eq(v[kept - 1], v[i]))
			v[kept++] = v[i];
	return kept;
}

static size_t unique_numbers(uint32_t *v, size_t n)
{
	size_t kept = 0;

	qsort(v, n, sizeof(*v), by_number);
	for (size_t i = 0; i < n; i++)
		if (!kept || v[kept - 1] != v[i])
			v[kept++] = v[i];
	return kept;
}

static int read_places(const struct field_reader *r, const struct jread_at *at, const struct jnode *v, struct landlock_places *out,
		       struct err *e)
{
	int err = field_want_array(at, v, e);
	const char **list = err == 0 ? arena_array(r->arena, v->len + 1, sizeof(*list)) : NULL;
	size_t n = 0;

	if (err == 0 && !list)
		return jread_no_memory(at, e);
	jnode_each(m, v) {
		struct jread_at item = jread_item(at, n);
		const char *text;

		err = err ? err : field_want_text(&item, m, &text, e);
		if (err == 0 && !str_eq(text, "/"))
			err = field_check_path(&item, text, e);
		if (err == 0)
			err = field_keep_text(r, &item, text, &list[n++], e);
		if (err < 0)
			return err;
	}
	if (err == 0)
		*out = (struct landlock_places){ true, { unique_names(list, n), list } };
	return err;
}

static int read_ports(const struct field_reader *r, const struct jread_at *at, const struct jnode *v, struct profile_ids *out,
		      struct err *e)
{
	int err = field_want_array(at, v, e);
	uint32_t *list = err == 0 ? arena_array(r->arena, v->len + 1, sizeof(*list)) : NULL;
	size_t n = 0;

	if (err == 0 && !list)
		return jread_no_memory(at, e);
	jnode_each(m, v) {
		struct jread_at item = jread_item(at, n);

		if (err == 0 && (m->type != JINTEGER || m->negative || m->huge || m->magnitude > PORT_MAX))
			err = field_refuse(&item, e, "must be a port, 0 to %d", PORT_MAX);
		if (err < 0)
			return err;
		list[n++] = (uint32_t)m->magnitude;
	}
	if (err == 0)
		*out = (struct profile_ids){ true, { unique_numbers(list, n), list } };
	return err;
}

static int read_member(const struct field_reader *r, const struct jread_at *up, const struct jnode *m, struct profile_landlock *out,
		       struct err *e)
{
	struct jread_at at = jread_key(up, m->key);

	for (size_t i = 0; i < LANDLOCK_PLACES; i++)
		if (str_eq(m->key, place_names[i]))
			return read_places(r, &at, m, &out->places[i], e);
	for (size_t i = 0; i < LANDLOCK_PORTS; i++)
		if (str_eq(m->key, port_names[i]))
			return read_ports(r, &at, m, &out->ports[i], e);
	if (str_eq(m->key, "$comment") || str_starts(m->key, "x-"))
		return 0;
	if (!str_eq(m->key, "derive"))
		return field_refuse(up, e, "unknown key \"%s\": there are derive, read, write, execute, bind and connect", jread_quote(m->key).s);
	if (m->type != JTRUE && m->type != JFALSE)
		return field_refuse(&at, e, "must be true or false");
	out->derive = m->type == JTRUE;
	return 0;
}

int field_read_landlock(const struct field_reader *r, const struct jread_at *at, const struct jnode *v, const struct field *f, void *out,
			struct err *e)
{
	struct profile_landlock got = { .derive = v->type == JSTRING && str_eq(v->text, "derive") };

	(void)f;
	if (v->type != JOBJECT && !got.derive && !(v->type == JSTRING && str_eq(v->text, "off")))
		return field_refuse(at, e, "must be \"off\", \"derive\", or an object of read, write, execute, bind and connect");
	if (v->type == JOBJECT) {
		jnode_each(m, v) {
			int err = read_member(r, at, m, &got, e);
			if (err < 0)
				return err;
		}
	}
	*(struct profile_landlock *)out = got;
	return 0;
}

static bool same_places(const struct landlock_places *a, const struct landlock_places *b)
{
	if (a->set != b->set || a->list.n != b->list.n)
		return false;
	for (size_t i = 0; i < a->list.n; i++)
		if (!str_eq(a->list.v[i], b->list.v[i]))
			return false;
	return true;
}

static bool same_ports(const struct profile_ids *a, const struct profile_ids *b)
{
	return a->set == b->set && a->list.n == b->list.n &&
	       (!a->list.n || memcmp(a->list.v, b->list.v, a->list.n * sizeof(*a->list.v)) == 0);
}

bool field_same_landlock(const struct profile_landlock *a, const struct profile_landlock *b)
{
	bool same = a->derive == b->derive;

	for (size_t i = 0; i < LANDLOCK_PLACES; i++)
		same = same && same_places(&a->places[i], &b->places[i]);
	for (size_t i = 0; i < LANDLOCK_PORTS; i++)
		same = same && same_ports(&a->ports[i], &b->ports[i]);
	return same;
}

static bool is_within(const char *path, const struct strings *list)
{
	for (size_t i = 0; i < list->n; i++)
		if (path_is_below(path, list->v[i]))
			return true;
	return false;
}

/* What both hold: of a place and one below it, the one below. */
static int meet_places(struct arena *a, struct landlock_places *io, const struct landlock_places *other)
{
	const char **v;
	size_t n = 0;

	if (!other->set)
		return 0;
	if (!io->set) {
		*io = *other;
		return 0;
	}
	v = arena_array(a, io->list.n + other->list.n + 1, sizeof(*v));
	if (!v)
		return -ENOMEM;
	for (size_t i = 0; i < io->list.n; i++)
		if (is_within(io->list.v[i], &other->list))
			v[n++] = io->list.v[i];
	for (size_t i = 0; i < other->list.n; i++)
		if (is_within(other->list.v[i], &io->list))
			v[n++] = other->list.v[i];
	io->list = (struct strings){ unique_names(v, n), v };
	return 0;
}

static int meet_ports(struct arena *a, struct profile_ids *io, const struct profile_ids *other)
{
	uint32_t *v;
	size_t n = 0;

	if (!other->set)
		return 0;
	if (!io->set) {
		*io = *other;
		return 0;
	}
	v = arena_array(a, io->list.n + 1, sizeof(*v));
	if (!v)
		return -ENOMEM;
	for (size_t i = 0; i < io->list.n; i++)
		for (size_t k = 0; k < other->list.n; k++)
			if (io->list.v[i] == other->list.v[k])
				v[n++] = io->list.v[i];
	io->list = (struct ids){ unique_numbers(v, n), v };
	return 0;
}

int field_meet_landlock(struct arena *a, struct profile_landlock *io, const struct profile_landlock *other, bool *changed, struct err *e)
{
	struct profile_landlock before = *io;
	int err = 0;

	io->derive |= other->derive;
	for (size_t i = 0; err == 0 && i < LANDLOCK_PLACES; i++)
		err = meet_places(a, &io->places[i], &other->places[i]);
	for (size_t i = 0; err == 0 && i < LANDLOCK_PORTS; i++)
		err = meet_ports(a, &io->ports[i], &other->ports[i]);
	*changed = !field_same_landlock(&before, io);
	return err < 0 ? err_set(e, -err, "policy: out of memory") : 0;
}

bool profile_landlock_is_on(const struct profile_landlock *l)
{
	return !field_same_landlock(l, &(struct profile_landlock){ 0 });
}

json_t *field_json_landlock(const struct profile_landlock *l)
{
	json_t *o;

	if (!profile_landlock_is_on(l))
		return json_string("off");
	if (field_same_landlock(l, &(struct profile_landlock){ .derive = true }))
		return json_string("derive");
	o = json_object();
	if (l->derive)
		(void)json_object_set_new(o, "derive", json_true());
	for (size_t i = 0; i < LANDLOCK_PLACES; i++) {
		json_t *list = l->places[i].set ? json_array() : NULL;
		for (size_t k = 0; list && k < l->places[i].list.n; k++)
			(void)json_array_append_new(list, json_string(l->places[i].list.v[k]));
		if (list)
			(void)json_object_set_new(o, place_names[i], list);
	}
	for (size_t i = 0; i < LANDLOCK_PORTS; i++) {
		json_t *list = l->ports[i].set ? json_array() : NULL;
		for (size_t k = 0; list && k < l->ports[i].list.n; k++)
			(void)json_array_append_new(list, json_integer(l->ports[i].list.v[k]));
		if (list)
			(void)json_object_set_new(o, port_names[i], list);
	}
	return o;
}

json_t *field_schema_landlock(void)
{
	json_t *properties = json_pack("{s:{s:s}, s:b}", "derive", "type", "boolean", "$comment", 1);

	for (size_t i = 0; i < LANDLOCK_PLACES; i++)
		(void)json_object_set_new(properties, place_names[i],
					  json_pack("{s:s, s:i, s:{s:s, s:s}}", "type", "array", "maxItems", FIELD_LIST_MAX, "items", "type",
						    "string", "pattern", "^/[^\\u0000-\\u001f]*$"));
	for (size_t i = 0; i < LANDLOCK_PORTS; i++)
		(void)json_object_set_new(properties, port_names[i],
					  json_pack("{s:s, s:i, s:{s:s, s:i, s:i}}", "type", "array", "maxItems", FIELD_LIST_MAX, "items", "type",
						    "integer", "minimum", 0, "maximum", PORT_MAX));
	return json_pack("{s:[{s:[s, s]}, {s:s, s:b, s:o}]}", "anyOf", "enum", "off", "derive", "type", "object", "additionalProperties", 0,
			 "properties", properties);
}
