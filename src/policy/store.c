/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plan with an engine's filter holds hundreds of names, and create and exec wait for it: written by hand, and read
 * through spec/jtree.h, whose texts stay where they are. Both walk the same table. What is zero is not
 * written.
 *
 * Texts that are not UTF-8 (argv and env are bytes) are written as {"hex": "..."}.
 */
#include "policy/store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/store_table.h"
#include "spec/jtree.h"

enum { STORE_MAX_BYTES = 64 * 1024 * 1024 };

/* Every list in the plan has this shape. */
struct any_list { size_t n; const void *v; };

static const char hex_digits[] = "0123456789abcdef";

/* The length of a UTF-8 sequence at s (shortest form, no surrogates), 0 when it is none. */
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

/* str_add_bytes() where there is room, without the call: a plan is thousands of small pieces. */
static inline void put(struct str *out, const char *p, size_t n)
{
	if (!out->failed && out->s && out->size - out->len > n) {
		memcpy(out->s + out->len, p, n);
		out->len += n;
		out->s[out->len] = 0;
	} else {
		str_add_bytes(out, p, n);
	}
}

static void put_decimal(struct str *out, uint64_t v)
{
	char digits[20];
	size_t at = sizeof(digits);

	do
		digits[--at] = (char)('0' + v % 10);
	while (v /= 10);
	put(out, digits + at, sizeof(digits) - at);
}

static void put_mask(struct str *out, uint64_t v)
{
	char digits[16];
	size_t at = sizeof(digits);

	do
		digits[--at] = hex_digits[v & 15];
	while (v >>= 4);
	put(out, "\"0x", 3);
	put(out, digits + at, sizeof(digits) - at);
	put(out, "\"", 1);
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

static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

static void write_text(struct str *out, const char *text)
{
	const char *from = text;

	if (!text) {
		put(out, "null", 4);
		return;
	}
	while (is_plain((unsigned char)*text))
		text++;
	if (*text && !is_utf8(text)) {
		write_hex(out, from);
		return;
	}
	put(out, "\"", 1);
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		put(out, from, (size_t)(text - from));
		if (c < 0x20)
			str_addf(out, "\\u%04x", c);
		else
			str_addf(out, "\\%c", c);
		from = text + 1;
	}
	put(out, from, (size_t)(text - from));
	put(out, "\"", 1);
}

uint64_t store_unsigned(const void *at, size_t size)
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
	case 2:
		memcpy(&v2, at, 2);
		return v2;
	default:
		return *(const unsigned char *)at;
	}
}

static int64_t get_signed(const void *at, size_t size)
{
	uint64_t raw = store_unsigned(at, size);

	return size == 8 ? (int64_t)raw : (int32_t)(uint32_t)raw;
}

static bool write_struct(struct str *out, const struct store_type *t, const void *at);

/* The elements as an array. Returns whether any of them says anything. */
static bool write_elements(struct str *out, const struct store_type *t, const void *v, size_t n)
{
	bool any = false;

	put(out, "[", 1);
	for (size_t i = 0; i < n; i++) {
		if (i)
			put(out, ",", 1);
		any |= write_struct(out, t, (const char *)v + i * t->size);
	}
	put(out, "]", 1);
	return any;
}

/* Returns false for a value that reading gives by itself. It is written nevertheless; the caller takes it back. */
static bool write_value(struct str *out, const struct store_field *f, const void *at)
{
	struct any_list list;
	const char *text;
	uint64_t u;
	int64_t i;

	switch (f->kind) {
	case STORE_BOOL:
		put(out, *(const bool *)at ? "true" : "false", *(const bool *)at ? 4 : 5);
		return *(const bool *)at;
	case STORE_UNSIGNED:
	case STORE_ENUM:
		u = store_unsigned(at, f->size);
		put(out, "\"", u > INT64_MAX);
		put_decimal(out, u);
		put(out, "\"", u > INT64_MAX);
		return u != 0;
	case STORE_SIGNED:
		i = get_signed(at, f->size);
		put(out, "-", i < 0);
		put_decimal(out, i < 0 ? UINT64_C(0) - (uint64_t)i : (uint64_t)i);
		return i != 0;
	case STORE_MASK:
		u = store_unsigned(at, f->size);
		put_mask(out, u);
		return u != 0;
	case STORE_CHAR:
		put_decimal(out, *(const unsigned char *)at);
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

/* What reading gives by itself, for every kind. Most of a plan is. */
static bool is_zero(const char *at, size_t size)
{
	static const char zeros[64];

	for (; size > sizeof(zeros); size -= sizeof(zeros), at += sizeof(zeros))
		if (memcmp(at, zeros, sizeof(zeros)) != 0)
			return false;
	return memcmp(at, zeros, size) == 0;
}

static bool write_struct(struct str *out, const struct store_type *t, const void *at)
{
	bool any = false;

	if (!t->fields[0].name)
		return write_value(out, &t->fields[0], at);
	put(out, "{", 1);
	for (size_t i = 0; i < t->n; i++) {
		const struct store_field *f = &t->fields[i];
		const char *member = (const char *)at + f->offset;
		size_t before = out->len;
		if (is_zero(member, f->size))
			continue;
		put(out, ",", any);
		put(out, "\"", 1);
		put(out, f->name, strlen(f->name));
		put(out, "\":", 2);
		if (write_value(out, f, member))
			any = true;
		else if (!out->failed)
			out->s[out->len = before] = 0;
	}
	put(out, "}", 1);
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

static int read_struct(struct arena *a, const struct store_type *t, const struct jnode *v, void *at, struct err *e);

static int put_unsigned(const struct store_field *f, uint64_t v, void *at)
{
	uint32_t v4 = (uint32_t)v;
	uint16_t v2 = (uint16_t)v;

	if ((f->size == 4 && v > UINT32_MAX) || (f->size == 2 && v > UINT16_MAX))
		return -ERANGE;
	memcpy(at, f->size == 8 ? (const void *)&v : f->size == 4 ? (const void *)&v4 : (const void *)&v2, f->size);
	return 0;
}

static int read_unsigned(const struct store_field *f, const struct jnode *v, void *at)
{
	uint64_t n = v->magnitude;

	if (v->type == JSTRING) {
		int err = str_u64(v->text, &n);
		if (err < 0)
			return err;
	} else if (v->type != JINTEGER || v->negative || v->huge) {
		return -EINVAL;
	}
	if (f->kind == STORE_ENUM && n >= f->limit)
		return -ERANGE;
	return put_unsigned(f, n, at);
}

static int read_signed(const struct store_field *f, const struct jnode *v, void *at)
{
	uint64_t most = (uint64_t)INT64_MAX + (v->negative ? 1 : 0);
	int64_t n;
	int32_t n4;

	if (v->type != JINTEGER || v->huge || v->magnitude > most)
		return -EINVAL;
	n = v->negative ? (int64_t)(UINT64_C(0) - v->magnitude) : (int64_t)v->magnitude;
	n4 = (int32_t)n;
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

static int read_mask(const struct jnode *v, void *at)
{
	const char *s = v->text;
	uint64_t n = 0;

	if (v->type != JSTRING || !str_starts(s, "0x") || v->len < 3 || v->len > 18)
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

static int read_text(struct arena *a, const struct jnode *v, void *at)
{
	const char *text = NULL;

	if (v->type == JSTRING) {
		text = v->text;
	} else if (v->type == JOBJECT && v->len == 1 && v->first->type == JSTRING && str_eq(v->first->key, "hex")) {
		text = read_hex(a, v->first->text);
		if (!text)
			return -EINVAL;
	} else if (v->type != JNULL) {
		return -EINVAL;
	}
	memcpy(at, &text, sizeof(text));
	return 0;
}

static int read_elements(struct arena *a, const struct store_type *t, const struct jnode *v, void *at, struct err *e)
{
	size_t i = 0;

	jnode_each(item, v) {
		int err = read_struct(a, t, item, (char *)at + i * t->size, e);
		if (err < 0)
			return err_wrap(e, "[%zu]", i);
		i++;
	}
	return 0;
}

static int read_list(struct arena *a, const struct store_field *f, const struct jnode *v, void *at, struct err *e)
{
	struct any_list list = { .n = v->len };
	void *elements;
	int err;

	if (v->type != JARRAY)
		return err_set(e, EINVAL, "is not a list");
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

static int read_bool(const struct jnode *v, void *at)
{
	if (v->type != JTRUE && v->type != JFALSE)
		return -EINVAL;
	*(bool *)at = v->type == JTRUE;
	return 0;
}

static int read_char(const struct jnode *v, void *at)
{
	if (v->type != JINTEGER || v->negative || v->huge || v->magnitude > 127)
		return -EINVAL;
	*(char *)at = (char)v->magnitude;
	return 0;
}

static int read_value(struct arena *a, const struct store_field *f, const struct jnode *v, void *at, struct err *e)
{
	int err = -EINVAL;

	switch (f->kind) {
	case STORE_BOOL:
		err = read_bool(v, at);
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
		if (v->type == JARRAY && v->len == f->limit)
			return read_elements(a, f->type, v, at, e);
		break;
	}
	return err < 0 ? err_set(e, -err, "does not hold a valid value") : 0;
}

/* Members come in the order in which they were written, that of the table; any other order costs a second look. */
static const struct store_field *find_field(const struct store_type *t, const char *name, size_t *hint)
{
	for (size_t i = 0; i < t->n; i++) {
		size_t k = (*hint + i) % t->n;
		if (strcmp(t->fields[k].name, name) == 0) {
			*hint = k + 1;
			return &t->fields[k];
		}
	}
	return NULL;
}

static int read_struct(struct arena *a, const struct store_type *t, const struct jnode *v, void *at, struct err *e)
{
	size_t hint = 0;

	if (!t->fields[0].name)
		return read_value(a, &t->fields[0], v, at, e);
	if (v->type != JOBJECT)
		return err_set(e, EINVAL, "is not an object");
	jnode_each(member, v) {
		const struct store_field *f = find_field(t, member->key, &hint);
		int err;
		/* A member that we do not know could be a restriction of a newer version. */
		if (!f)
			return err_set(e, EINVAL, "%s holds an unknown member", t->name);
		err = read_value(a, f, member, (char *)at + f->offset, e);
		if (err < 0)
			return err_wrap(e, "%s", f->name);
	}
	return 0;
}

int plan_read(struct arena *a, const char *bytes, size_t len, const struct plan **out, struct err *e)
{
	const struct jnode *doc;
	struct plan *p;
	int err;

	if (len > STORE_MAX_BYTES)
		return err_set(e, EFBIG, "stored plan: larger than %d bytes", STORE_MAX_BYTES);
	err = jtree_parse(a, "stored plan", bytes, len, &doc, e);
	if (err < 0)
		return err;
	p = arena_alloc(a, sizeof(*p));
	err = p ? read_struct(a, &store_plan_type, doc, p, e) : err_set(e, ENOMEM, "out of memory");
	if (err < 0)
		return err_wrap(e, "stored plan");
	*out = p;
	return 0;
}
