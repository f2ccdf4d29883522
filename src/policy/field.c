/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The walk over the objects of a policy file, by the names of its table.
 */
#include "policy/field.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "policy/field_parts.h"
#include "policy/field_type.h"

enum { NAME_ROOM = 96, FIELDS_MAX = 256 };

__attribute__((format(printf, 4, 0)))
static int refuse(const struct jread_at *at, struct err *e, const char *class, const char *fmt, va_list ap)
{
	char path[400] = "", text[600];

	(void)vsnprintf(text, sizeof(text), fmt, ap); /* a longer text is cut, as err_set would */
	if (at->up || at->key)
		jread_path(at, path, sizeof(path));
	(void)err_set(e, EINVAL, "$%s%s: %s", path[0] ? "." : "", path, text);
	return err_class(e, class);
}

int field_refuse(const struct jread_at *at, struct err *e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	int r = refuse(at, e, "policy.range", fmt, ap);
	va_end(ap);
	return r;
}

int field_refuse_type(const struct jread_at *at, struct err *e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	int r = refuse(at, e, "policy.type", fmt, ap);
	va_end(ap);
	return r;
}

/* One object on the way down: `prefix` is what its members' names begin with, "" or "capabilities.". */
struct walk {
	const struct field_reader *r;
	const struct field_table *t;
	void *out;
	bool outermost;
};

bool field_may_be_anywhere(const char *key)
{
	return str_eq(key, "$comment") || str_starts(key, "x-");
}

static const struct field *find_field(const struct field_table *t, const char *name)
{
	for (size_t i = 0; i < t->n; i++)
		if (!t->v[i].hidden && str_eq(t->v[i].name, name))
			return &t->v[i];
	return NULL;
}

static bool has_below(const struct field_table *t, const char *prefix)
{
	for (size_t i = 0; i < t->n; i++)
		if (!t->v[i].hidden && str_starts(t->v[i].name, prefix))
			return true;
	return false;
}

static int refuse_unknown(const struct jread_at *at, const struct walk *w, const char *prefix, const char *key, struct err *e)
{
	struct nearest near = nearest_to(key, strlen(key));
	size_t skip = strlen(prefix);
	char parts[FIELDS_MAX][NAME_ROOM];

	for (size_t i = 0; i < w->t->n && i < N_ELEMENTS(parts); i++) {
		const char *name = w->t->v[i].name;
		if (w->t->v[i].hidden || !str_starts(name, prefix))
			continue;
		(void)snprintf(parts[i], sizeof(parts[i]), "%.*s", (int)strcspn(name + skip, "."), name + skip); /* table names fit */
		nearest_try(&near, parts[i]);
	}
	(void)field_refuse(at, e, "unknown key \"%s\"%s%s%s", jread_quote(key).s, near.best ? "; did you mean " : "",
			   near.best ? near.best : "", near.best ? "?" : "");
	return err_class(e, "policy.unknown-key");
}

static int walk_object(const struct walk *w, const struct jread_at *at, const struct jnode *v, const char *prefix, bool *seen,
		       struct err *e);

static int walk_member(const struct walk *w, const struct jread_at *up, const struct jnode *m, const char *prefix, bool *seen,
		       struct err *e)
{
	struct jread_at at = jread_key(up, m->key);
	char name[NAME_ROOM], deeper[NAME_ROOM + 1];
	const struct field *f;
	int r;

	if (field_may_be_anywhere(m->key))
		return 0;
	if ((size_t)snprintf(name, sizeof(name), "%s%s", prefix, m->key) >= sizeof(name) || strchr(m->key, '.'))
		return refuse_unknown(up, w, prefix, m->key, e);
	f = find_field(w->t, name);
	if (f) {
		r = field_readers[f->type](w->r, &at, m, f, (char *)w->out + f->offset, e);
		seen[f - w->t->v] = true;
		if (r == 0 && w->outermost && w->r->seen)
			w->r->seen(w->r->ctx, (size_t)(f - w->t->v));
		return r;
	}
	(void)snprintf(deeper, sizeof(deeper), "%s.", name); /* one more than name, as its room is */
	if (!has_below(w->t, deeper))
		return refuse_unknown(up, w, prefix, m->key, e);
	return walk_object(w, &at, m, deeper, seen, e);
}

static int walk_object(const struct walk *w, const struct jread_at *at, const struct jnode *v, const char *prefix, bool *seen,
		       struct err *e)
{
	if (v->type != JOBJECT)
		return field_refuse_type(at, e, "must be an object");
	jnode_each(m, v) {
		int r = walk_member(w, at, m, prefix, seen, e);
		if (r < 0)
			return r;
	}
	return 0;
}

int fields_read(const struct field_reader *r, const struct jread_at *at, const struct jnode *v, const struct field_table *t,
		void *out, struct err *e)
{
	const struct walk w = { r, t, out, at->up == NULL && at->key == NULL };
	bool seen[FIELDS_MAX] = { false };
	int err = t->n <= FIELDS_MAX ? walk_object(&w, at, v, "", seen, e) : err_set(e, E2BIG, "%s: too many fields", t->name);

	for (size_t i = 0; err == 0 && i < t->n; i++)
		if (t->v[i].required && !seen[i])
			err = field_refuse_type(at, e, "%s is required", t->v[i].name);
	return err == 0 && t->check ? t->check(at, r->arena, out, e) : err;
}
