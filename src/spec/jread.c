/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The walk over objects and arrays, and the paths of complaints. The readers for single values are
 * in jvalue.c.
 */
#include "spec/jread.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "spec/spec.h"

struct jread_quoted jread_quote(const char *text)
{
	struct jread_quoted q;
	size_t i, room = sizeof(q.s) - 4;

	for (i = 0; i < room && text[i]; i++)
		q.s[i] = (unsigned char)text[i] < 0x20 || text[i] == 0x7f ? '?' : text[i];
	if (text[i]) {
		/* Cut before a character, not inside of it. */
		while (i > 0 && ((unsigned char)text[i] & 0xc0) == 0x80)
			i--;
		memcpy(q.s + i, "...", 3);
		i += 3;
	}
	q.s[i] = '\0';
	return q;
}

static size_t path_add(const struct jread_at *at, char *out, size_t size)
{
	size_t used = at->up ? path_add(at->up, out, size) : 0;
	int n;

	if (at->key)
		n = snprintf(out + used, size - used, "%s%s", used ? "." : "",
			     jread_quote(at->key).s);
	else if (at->up)
		n = snprintf(out + used, size - used, "[%zu]", at->index);
	else
		n = 0;
	return n < 0 || (size_t)n >= size - used ? size - 1 : used + (size_t)n;
}

void jread_path(const struct jread_at *at, char *out, size_t size)
{
	if (path_add(at, out, size) == 0)
		snprintf(out, size, "the document");
}

int jread_refuse(const struct jread_at *at, const char *key, struct err *e, const char *fmt, ...)
{
	struct jread_at below = jread_key(at, key);
	char path[400], text[500];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	jread_path(key ? &below : at, path, sizeof(path));
	return err_set(e, EINVAL, "%s: %s", path, text);
}

int jread_no_memory(const struct jread_at *at, struct err *e)
{
	char path[400];

	jread_path(at, path, sizeof(path));
	return err_set(e, ENOMEM, "%s: out of memory", path);
}

static size_t find_field(const struct jread_schema *s, const char *key)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (s->fields[i].name[0] == key[0] && !strcmp(s->fields[i].name, key))
			break;
	return i;
}

static void ignore_unknown(const struct jread_at *at, const char *key)
{
	struct jread_at here = jread_key(at, key);
	char path[400];

	jread_path(&here, path, sizeof(path));
	log_debug("%s: unknown property, ignored", path);
}

static int read_member(const struct jread_at *at, const struct jnode *v,
		       const struct jread_field *f, char *out, struct err *e)
{
	struct jread_at here = jread_key(at, f->name);
	int r = f->read(&here, v, f, out + f->offset, e);

	if (r >= 0 && f->flag)
		*(bool *)(out + f->flag - 1) = true;
	return r;
}

int jread_members(const struct jread_at *at, const struct jnode *v, const struct jread_schema *s,
		  void *out, struct err *e)
{
	uint64_t seen = 0;

	if (v->type != JOBJECT)
		return jread_refuse(at, NULL, e, "must be an object");
	jnode_each(member, v) {
		size_t i = find_field(s, member->key);
		int r;

		if (i == s->n) {
			ignore_unknown(at, member->key);
			continue;
		}
		if (member->type == JNULL)
			continue;
		r = read_member(at, member, &s->fields[i], out, e);
		if (r < 0)
			return r;
		seen |= UINT64_C(1) << i;
	}
	for (size_t i = 0; i < s->n; i++)
		if (s->fields[i].required && !(seen & UINT64_C(1) << i))
			return jread_refuse(at, s->fields[i].name, e, "is required");
	return s->check ? s->check(at, out, e) : 0;
}

int jread_load(struct jread_doc *doc, const char *what, const char *bytes, size_t len,
	       struct err *e)
{
	int r;

	if (len > SPEC_MAX_BYTES)
		return err_set(e, EINVAL, "%s: is larger than %d bytes", what, SPEC_MAX_BYTES);
	r = jtree_parse(&doc->pool, what, bytes, len, &doc->root, e);
	if (r < 0)
		jread_done(doc);
	return r;
}

void jread_done(struct jread_doc *doc)
{
	arena_done(&doc->pool);
	doc->root = NULL;
}

int jread_object(const struct jread_at *at, const struct jnode *v, const struct jread_field *f,
		 void *out, struct err *e)
{
	return jread_members(at, v, f->schema, out, e);
}

/* Every list is a count and a pointer in this order; the pointer's target type differs, its
 * representation does not. */
struct any_list { size_t n; const void *v; };

static int array_check(const struct jread_at *at, const struct jnode *v, struct err *e)
{
	if (v->type != JARRAY)
		return jread_refuse(at, NULL, e, "must be an array");
	if (v->len > SPEC_MAX_ITEMS)
		return jread_refuse(at, NULL, e, "has more than %d entries", SPEC_MAX_ITEMS);
	return 0;
}

int jread_array(const struct jread_at *at, const struct jnode *v, const struct jread_field *f,
		void *out, struct err *e)
{
	const struct jread_list *list = f->list;
	size_t n = v->len, i = 0;
	struct any_list all;
	char *mem;
	int r = array_check(at, v, e);

	if (r < 0)
		return r;
	mem = arena_array(at->doc->arena, n, list->size);
	if (!mem)
		return jread_no_memory(at, e);
	for (const struct jnode *item = v->first; item; item = item->next, i++) {
		struct jread_at here = jread_item(at, i);

		r = list->item.read(&here, item, &list->item, mem + i * list->size, e);
		if (r < 0)
			return r;
	}
	all = (struct any_list){ .n = n, .v = mem };
	memcpy(out, &all, sizeof(all));
	return list->check ? list->check(at, out, e) : 0;
}

int jread_strings(const struct jread_at *at, const struct jnode *v, const struct jread_field *f,
		  void *out, struct err *e)
{
	struct strings *list = out;
	const char **mem;
	int r = array_check(at, v, e);
	size_t i = 0;

	if (r < 0)
		return r;
	/* One more for the NULL that execve(2) wants. */
	mem = arena_array(at->doc->arena, v->len + 1, sizeof(*mem));
	if (!mem)
		return jread_no_memory(at, e);
	for (const struct jnode *item = v->first; item; item = item->next, i++) {
		struct jread_at here = jread_item(at, i);

		r = jread_string(&here, item, f, &mem[i], e);
		if (r < 0)
			return r;
	}
	*list = (struct strings){ .n = v->len, .v = mem };
	return 0;
}

int jread_map(const struct jread_at *at, const struct jnode *v, const struct jread_field *f,
	      void *out, struct err *e)
{
	static const struct jread_field plain = { .read = jread_string };
	struct key_values *map = out;
	struct key_value *mem;
	size_t n = 0;

	if (v->type != JOBJECT)
		return jread_refuse(at, NULL, e, "must be an object");
	if (v->len > SPEC_MAX_ITEMS)
		return jread_refuse(at, NULL, e, "has more than %d entries", SPEC_MAX_ITEMS);
	mem = arena_array(at->doc->arena, v->len, sizeof(*mem));
	if (!mem)
		return jread_no_memory(at, e);
	jnode_each(member, v) {
		struct jread_at here = jread_key(at, member->key);
		const char *wrong = f->text ? f->text(member->key) : NULL;
		int r;

		if (!member->key[0])
			return jread_refuse(at, NULL, e, "has an empty key");
		if (wrong)
			return jread_refuse(&here, NULL, e, "%s", wrong);
		if (member->type == JNULL)
			continue;
		r = jread_string(&here, member, &plain, &mem[n].value, e);
		if (r < 0)
			return r;
		mem[n].key = arena_strdup(at->doc->arena, member->key);
		if (!mem[n++].key)
			return jread_no_memory(at, e);
	}
	*map = (struct key_values){ .n = n, .v = mem };
	return 0;
}
