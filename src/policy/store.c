/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing is by hand (a plan with an engine's filter holds hundreds of names, and create waits for it), reading through
 * jansson. Both walk the same table. What is zero is not written.
 *
 * Texts that are not UTF-8 (argv and env are bytes) are written as {"hex": "..."}.
 */
#include "policy/store.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/store_table.h"

enum { STORE_MAX_BYTES = 64 * 1024 * 1024, STORE_MAX_ITEMS = 1 << 20 };

/* Every list in the plan has this shape. */
struct any_list { size_t n; const void *v; };

static const char hex_digits[] = "0123456789abcdef";

/* The length of a UTF-8 sequence at s (jansson's own rules: shortest form, no surrogates), 0 when it is none. */
static size_t utf8_length(const unsigned char *s)
{
	uint32_t c;
	size_t n;

	if (s[0] < 0x80)
		return 1;
	n = s[0] >= 0xc2 && s[0] <= 0xdf ? 2 : (s[0] & 0xf0) == 0xe0 ? 3 : s[0] >= 0xf0 && s[0] <= 0xf4 ? 4 : 0;
	if (n == 0)
		return 0;
	c = s[0] & (0xffu >> (n + 1));
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if ((n == 3 && (c < 0x800 || (c >= 0xd800 && c <= 0xdfff))) || (n == 4 && (c < 0x10000 || c > 0x10ffff)))
		return 0;
	return n;
}

static bool is_utf8(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;

	while (*s) {
		size_t n = utf8_length(s);
		if (n == 0)
			return false;
		s += n;
	}
	return true;
}

static void write_hex(struct str *out, const char *text)
{
	str_add(out, "{\"hex\":\"");
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		char two[2] = { hex_digits[c >> 4], hex_digits[c & 15] };
		str_add_bytes(out, two, 2);
	}
	str_add(out, "\"}");
}

static void write_text(struct str *out, const char *text)
{
	const char *from = text;

	if (!text) {
		str_add(out, "null");
		return;
	}
	if (!is_utf8(text)) {
		write_hex(out, text);
		return;
	}
	str_add_bytes(out, "\"", 1);
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		str_add_bytes(out, from, (size_t)(text - from));
		if (c < 0x20)
			str_addf(out, "\\u%04x", c);
		else
			str_addf(out, "\\%c", c);
		from = text + 1;
	}
	str_add_bytes(out, from, (size_t)(text - from));
	str_add_bytes(out, "\"", 1);
}

static uint64_t get_unsigned(const void *at, size_t size)
{
	uint64_t v8;
	uint32_t v4;
	uint16_t v2;

	switch (size) {
	case 8:
		memcpy(&v8, at, 8);
		return v8;
	case 4:
		memcpy(&v4, at, 4);
		return v4;
	default:
		memcpy(&v2, at, 2);
		return v2;
	}
}

static int64_t get_signed(const void *at, size_t size)
{
	uint64_t raw = get_unsigned(at, size);

	return size == 8 ? (int64_t)raw : (int32_t)(uint32_t)raw;
}

static bool write_struct(struct str *out, const struct store_type *t, const void *at);

/* The elements as an array. Returns whether any of them says anything. */
static bool write_elements(struct str *out, const struct store_type *t, const void *v, size_t n)
{
	bool any = false;

	str_add_bytes(out, "[", 1);
	for (size_t i = 0; i < n; i++) {
		if (i)
			str_add_bytes(out, ",", 1);
		any |= write_struct(out, t, (const char *)v + i * t->size);
	}
	str_add_bytes(out, "]", 1);
	return any;
}

/* Returns false for a value that reading gives by itself. It is written nevertheless; the caller takes it back. */
static bool write_value(struct str *out, const struct store_field *f, const void *at)
{
	struct any_list list;
	const char *text;
	uint64_t u;

	switch (f->kind) {
	case STORE_BOOL:
		str_add(out, *(const bool *)at ? "true" : "false");
		return *(const bool *)at;
	case STORE_UNSIGNED:
	case STORE_ENUM:
		u = get_unsigned(at, f->size);
		str_addf(out, u > INT64_MAX ? "\"%llu\"" : "%llu", (unsigned long long)u);
		return u != 0;
	case STORE_SIGNED:
		str_addf(out, "%lld", (long long)get_signed(at, f->size));
		return get_signed(at, f->size) != 0;
	case STORE_MASK:
		u = get_unsigned(at, f->size);
		str_addf(out, "\"0x%llx\"", (unsigned long long)u);
		return u != 0;
	case STORE_CHAR:
		str_addf(out, "%u", *(const unsigned char *)at);
		return *(const char *)at != 0;
	case STORE_TEXT:
		memcpy(&text, at, sizeof(text));
		write_text(out, text);
		return text != NULL;
	case STORE_STRUCT:
		return write_struct(out, f->type, at);
	case STORE_LIST:
		memcpy(&list, at, sizeof(list));
		(void)write_elements(out, f->type, list.v, list.n);
		return list.n != 0;
	case STORE_ARRAY:
		return write_elements(out, f->type, at, f->limit);
	}
	return false;
}

static bool write_struct(struct str *out, const struct store_type *t, const void *at)
{
	bool any = false;

	if (!t->fields[0].name)
		return write_value(out, &t->fields[0], at);
	str_add_bytes(out, "{", 1);
	for (size_t i = 0; i < t->n; i++) {
		const struct store_field *f = &t->fields[i];
		size_t before = out->len;
		str_addf(out, "%s\"%s\":", any ? "," : "", f->name);
		if (write_value(out, f, (const char *)at + f->offset))
			any = true;
		else if (!out->failed)
			out->s[out->len = before] = 0;
	}
	str_add_bytes(out, "}", 1);
	return any;
}

static int hand_over(struct str *s, char **out, size_t *len, struct err *e)
{
	if (s->failed)
		return err_set(e, ENOMEM, "plan: out of memory");
	*out = s->s;
	*len = s->len;
	*s = (struct str){ 0 };
	return 0;
}

int plan_write(const struct plan *p, char **out, size_t *len, struct err *e)
{
	auto_str s = { 0 };

	(void)write_struct(&s, &store_plan_type, p);
	return hand_over(&s, out, len, e);
}

static int read_struct(struct arena *a, const struct store_type *t, const json_t *v, void *at, struct err *e);

static int put_unsigned(const struct store_field *f, uint64_t v, void *at)
{
	uint32_t v4 = (uint32_t)v;
	uint16_t v2 = (uint16_t)v;

	if ((f->size == 4 && v > UINT32_MAX) || (f->size == 2 && v > UINT16_MAX))
		return -ERANGE;
	memcpy(at, f->size == 8 ? (const void *)&v : f->size == 4 ? (const void *)&v4 : (const void *)&v2, f->size);
	return 0;
}

static int read_unsigned(const struct store_field *f, const json_t *v, void *at)
{
	uint64_t n = 0;

	if (json_is_string(v)) {
		int err = str_u64(json_string_value(v), &n);
		if (err < 0)
			return err;
	} else if (json_is_integer(v) && json_integer_value(v) >= 0) {
		n = (uint64_t)json_integer_value(v);
	} else {
		return -EINVAL;
	}
	if (f->kind == STORE_ENUM && n >= f->limit)
		return -ERANGE;
	return put_unsigned(f, n, at);
}

static int read_signed(const struct store_field *f, const json_t *v, void *at)
{
	int64_t n = json_integer_value(v);
	int32_t n4 = (int32_t)n;

	if (!json_is_integer(v))
		return -EINVAL;
	if (f->size == 4 && n4 != n)
		return -ERANGE;
	memcpy(at, f->size == 8 ? (const void *)&n : (const void *)&n4, f->size);
	return 0;
}

static int hex_value(char c)
{
	const char *p = c ? strchr(hex_digits, c) : NULL;

	return p ? (int)(p - hex_digits) : -EINVAL;
}

static int read_mask(const json_t *v, void *at)
{
	const char *s = json_string_value(v);
	uint64_t n = 0;

	if (!s || !str_starts(s, "0x") || strlen(s) < 3 || strlen(s) > 18)
		return -EINVAL;
	for (s += 2; *s; s++) {
		int digit = hex_value(*s);
		if (digit < 0)
			return digit;
		n = n << 4 | (uint64_t)digit;
	}
	memcpy(at, &n, sizeof(n));
	return 0;
}

static const char *read_hex(struct arena *a, const char *s)
{
	size_t n = strlen(s) / 2;
	char *out = n * 2 == strlen(s) ? arena_alloc(a, n + 1) : NULL;

	for (size_t i = 0; out && i < n; i++) {
		int high = hex_value(s[2 * i]), low = hex_value(s[2 * i + 1]);
		if (high < 0 || low < 0 || (high == 0 && low == 0))
			return NULL;
		out[i] = (char)(high << 4 | low);
	}
	return out;
}

static int read_text(struct arena *a, const json_t *v, void *at)
{
	const char *text = NULL;
	const char *hex = json_is_object(v) && json_object_size(v) == 1 ? json_string_value(json_object_get(v, "hex")) : NULL;

	if (hex)
		text = read_hex(a, hex);
	else if (json_is_string(v))
		text = arena_strdup(a, json_string_value(v));
	else if (!json_is_null(v))
		return -EINVAL;
	if (!text && !json_is_null(v))
		return hex ? -EINVAL : -ENOMEM;
	memcpy(at, &text, sizeof(text));
	return 0;
}

static int read_elements(struct arena *a, const struct store_type *t, const json_t *v, void *at, struct err *e)
{
	for (size_t i = 0; i < json_array_size(v); i++) {
		int err = read_struct(a, t, json_array_get(v, i), (char *)at + i * t->size, e);
		if (err < 0)
			return err_wrap(e, "[%zu]", i);
	}
	return 0;
}

static int read_list(struct arena *a, const struct store_field *f, const json_t *v, void *at, struct err *e)
{
	struct any_list list = { .n = json_array_size(v) };
	void *elements;
	int err;

	if (!json_is_array(v) || list.n > STORE_MAX_ITEMS)
		return err_set(e, EINVAL, "is not a list, or too long");
	/* One zeroed element more: lists of texts end in NULL. */
	elements = arena_array(a, list.n + 1, f->type->size);
	if (!elements)
		return err_set(e, ENOMEM, "out of memory");
	err = read_elements(a, f->type, v, elements, e);
	list.v = elements;
	if (err == 0)
		memcpy(at, &list, sizeof(list));
	return err;
}

static int read_char(const json_t *v, void *at)
{
	json_int_t c = json_integer_value(v);

	if (!json_is_integer(v) || c < 0 || c > 127)
		return -EINVAL;
	*(char *)at = (char)c;
	return 0;
}

static int read_value(struct arena *a, const struct store_field *f, const json_t *v, void *at, struct err *e)
{
	int err = -EINVAL;

	switch (f->kind) {
	case STORE_BOOL:
		if (json_is_boolean(v)) {
			*(bool *)at = json_is_true(v);
			err = 0;
		}
		break;
	case STORE_UNSIGNED:
	case STORE_ENUM:
		err = read_unsigned(f, v, at);
		break;
	case STORE_SIGNED:
		err = read_signed(f, v, at);
		break;
	case STORE_MASK:
		err = read_mask(v, at);
		break;
	case STORE_CHAR:
		err = read_char(v, at);
		break;
	case STORE_TEXT:
		err = read_text(a, v, at);
		break;
	case STORE_STRUCT:
		return read_struct(a, f->type, v, at, e);
	case STORE_LIST:
		return read_list(a, f, v, at, e);
	case STORE_ARRAY:
		if (json_array_size(v) == f->limit)
			return read_elements(a, f->type, v, at, e);
		break;
	}
	return err < 0 ? err_set(e, -err, "does not hold a valid value") : 0;
}

static int read_struct(struct arena *a, const struct store_type *t, const json_t *v, void *at, struct err *e)
{
	size_t seen = 0;

	if (!t->fields[0].name)
		return read_value(a, &t->fields[0], v, at, e);
	if (!json_is_object(v))
		return err_set(e, EINVAL, "is not an object");
	for (size_t i = 0; i < t->n; i++) {
		const struct store_field *f = &t->fields[i];
		const json_t *member = json_object_get(v, f->name);
		int err;
		if (!member)
			continue;
		seen++;
		err = read_value(a, f, member, (char *)at + f->offset, e);
		if (err < 0)
			return err_wrap(e, "%s", f->name);
	}
	/* A member that we do not know could be a restriction of a newer version. */
	if (seen != json_object_size(v))
		return err_set(e, EINVAL, "%s holds an unknown member", t->name);
	return 0;
}

int plan_read(struct arena *a, const char *bytes, size_t len, const struct plan **out, struct err *e)
{
	json_error_t where;
	struct plan *p;
	json_t *doc;
	int err;

	if (len > STORE_MAX_BYTES)
		return err_set(e, EFBIG, "stored plan: larger than %d bytes", STORE_MAX_BYTES);
	doc = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, &where);
	if (!doc)
		return err_set(e, EINVAL, "stored plan: %.200s at byte %d", where.text, where.position);
	p = arena_alloc(a, sizeof(*p));
	err = p ? read_struct(a, &store_plan_type, doc, p, e) : err_set(e, ENOMEM, "out of memory");
	json_decref(doc);
	if (err < 0)
		return err_wrap(e, "stored plan");
	*out = p;
	return 0;
}
