/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every member in the table's order, whatever it holds; a list says how many there are and a text how long it is, so that none of it
 * can be taken for something else. Numbers are LEB128: most are small.
 */
#include "policy/store_bytes.h"

#include <string.h>

#include "policy/store_table.h"

struct any_list { size_t n; const char *v; };

static void put_number(struct str *out, uint64_t v)
{
	unsigned char bytes[10];
	size_t n = 0;

	for (; v >= 0x80; v >>= 7)
		bytes[n++] = (unsigned char)(v | 0x80);
	bytes[n++] = (unsigned char)v;
	str_add_bytes(out, bytes, n);
}

/* No text is 0, the empty one 1. */
static void put_text(struct str *out, const char *text)
{
	size_t len = text ? strlen(text) : 0;

	put_number(out, text ? len + 1 : 0);
	str_add_bytes(out, text, len);
}

static void put_struct(struct str *out, const struct store_type *t, const char *at);

static void put_elements(struct str *out, const struct store_type *t, const char *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		put_struct(out, t, v + i * t->size);
}

static void put_value(struct str *out, const struct store_field *f, const char *at)
{
	struct any_list list;
	const char *text;

	switch (f->kind) {
	case STORE_TEXT:
		memcpy(&text, at, sizeof(text));
		put_text(out, text);
		return;
	case STORE_STRUCT:
		put_struct(out, f->type, at);
		return;
	case STORE_LIST:
		memcpy(&list, at, sizeof(list));
		put_number(out, list.n);
		put_elements(out, f->type, list.v, list.n);
		return;
	case STORE_ARRAY:
		put_elements(out, f->type, at, f->limit);
		return;
	case STORE_BOOL:
	case STORE_UNSIGNED:
	case STORE_SIGNED:
	case STORE_MASK:
	case STORE_ENUM:
	case STORE_CHAR:
		break;
	}
	put_number(out, store_unsigned(at, f->size));
}

static void put_struct(struct str *out, const struct store_type *t, const char *at)
{
	for (size_t i = 0; i < t->n; i++)
		put_value(out, &t->fields[i], at + t->fields[i].offset);
}

void plan_filter_bytes(const struct plan_filter *p, struct str *out)
{
	put_struct(out, &store_filter_type, (const char *)p);
}
