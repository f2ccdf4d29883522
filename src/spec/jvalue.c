/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The readers for single values: strings, booleans, exact integers, words of a closed vocabulary.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "spec/jread.h"
#include "spec/types.h"

const char *jread_text_of(const struct jnode *v)
{
	return v->type == JSTRING ? v->text : NULL;
}

int jread_string(const struct jread_at *at, const struct jnode *v, const struct jread_field *f,
		 void *out, struct err *e)
{
	const char *text = jread_text_of(v), *wrong;
	char *copy;

	if (!text)
		return jread_refuse(at, NULL, e, "must be a string");
	wrong = f->text ? f->text(text) : NULL;
	if (wrong)
		return jread_refuse(at, NULL, e, "%s", wrong);
	copy = arena_memdup(at->doc->arena, text, v->len);
	if (!copy)
		return jread_no_memory(at, e);
	memcpy(out, &copy, sizeof(copy));
	return 0;
}

int jread_string_opt(const struct jread_at *at, const struct jnode *v, const struct jread_field *f,
		     void *out, struct err *e)
{
	const char *text = jread_text_of(v);

	return text && !text[0] ? 0 : jread_string(at, v, f, out, e);
}

int jread_bool(const struct jread_at *at, const struct jnode *v, const struct jread_field *f,
	       void *out, struct err *e)
{
	(void)f;
	if (v->type != JTRUE && v->type != JFALSE)
		return jread_refuse(at, NULL, e, "must be true or false");
	*(bool *)out = v->type == JTRUE;
	return 0;
}

static bool is_in_range(const struct jnode *v, const struct jread_range *r)
{
	if (v->huge)
		return false;
	if (!v->negative || v->magnitude == 0)
		return v->magnitude <= r->max && (r->min < 0 || v->magnitude >= (uint64_t)r->min);
	return r->min < 0 && v->magnitude <= -(uint64_t)r->min;
}

static int refuse_range(const struct jread_at *at, const struct jread_range *r, struct err *e)
{
	return jread_refuse(at, NULL, e, "must be between %" PRId64 " and %" PRIu64, r->min,
			    r->max);
}

/* Reads an integer within `whole`, or within the field's own range if it has one. */
static int read_integer(const struct jread_at *at, const struct jnode *v,
			const struct jread_field *f, const struct jread_range *whole,
			uint64_t *bits, struct err *e)
{
	const struct jread_range *range = f->range ? f->range : whole;

	if (v->type != JINTEGER)
		return jread_refuse(at, NULL, e, "must be an integer");
	if (!is_in_range(v, range))
		return refuse_range(at, range, e);
	*bits = v->negative ? -v->magnitude : v->magnitude;
	return 0;
}

/* Two's complement makes one store right for signed and unsigned members alike. */
static void put_integer(void *out, size_t width, uint64_t bits)
{
	uint8_t b8 = (uint8_t)bits;
	uint16_t b16 = (uint16_t)bits;
	uint32_t b32 = (uint32_t)bits;

	switch (width) {
	case 1: memcpy(out, &b8, 1); break;
	case 2: memcpy(out, &b16, 2); break;
	case 4: memcpy(out, &b32, 4); break;
	default: memcpy(out, &bits, 8); break;
	}
}

int jread_uint(const struct jread_at *at, const struct jnode *v, const struct jread_field *f,
	       void *out, struct err *e)
{
	const struct jread_range whole = { .max = UINT64_MAX >> (64 - 8 * f->width) };
	uint64_t bits;
	int r = read_integer(at, v, f, &whole, &bits, e);

	if (r == 0)
		put_integer(out, f->width, bits);
	return r;
}

int jread_int(const struct jread_at *at, const struct jnode *v, const struct jread_field *f,
	      void *out, struct err *e)
{
	const uint64_t max = UINT64_MAX >> (65 - 8 * f->width);
	const struct jread_range whole = { .min = -(int64_t)max - 1, .max = max };
	uint64_t bits;
	int r = read_integer(at, v, f, &whole, &bits, e);

	if (r == 0)
		put_integer(out, f->width, bits);
	return r;
}

int jread_opt_bool(const struct jread_at *at, const struct jnode *v, const struct jread_field *f,
		   void *out, struct err *e)
{
	struct opt_bool *o = out;
	int r = jread_bool(at, v, f, &o->v, e);

	if (r == 0)
		o->set = true;
	return r;
}

int jread_opt_i64(const struct jread_at *at, const struct jnode *v, const struct jread_field *f,
		  void *out, struct err *e)
{
	static const struct jread_range whole = { .min = INT64_MIN, .max = INT64_MAX };
	struct opt_i64 *o = out;
	uint64_t bits;
	int r = read_integer(at, v, f, &whole, &bits, e);

	if (r < 0)
		return r;
	o->set = true;
	put_integer(&o->v, sizeof(o->v), bits);
	return 0;
}

int jread_opt_u64(const struct jread_at *at, const struct jnode *v, const struct jread_field *f,
		  void *out, struct err *e)
{
	static const struct jread_range whole = { .max = UINT64_MAX };
	struct opt_u64 *o = out;
	uint64_t bits;
	int r = read_integer(at, v, f, &whole, &bits, e);

	if (r < 0)
		return r;
	*o = (struct opt_u64){ .set = true, .v = bits };
	return 0;
}

static int find_word(const struct jread_at *at, const struct jnode *v,
		     const struct jread_words *words, uint64_t *value, struct err *e)
{
	const char *text = jread_text_of(v);
	char known[360] = "";
	size_t used = 0;

	if (!text)
		return jread_refuse(at, NULL, e, "must be a string");
	for (size_t i = 0; i < words->n; i++) {
		if (str_eq(words->v[i].word, text)) {
			*value = words->v[i].value;
			return 0;
		}
	}
	for (size_t i = 0; i < words->n && used < sizeof(known); i++)
		used += (size_t)snprintf(known + used, sizeof(known) - used, "%s%s", i ? ", " : "",
					 words->v[i].word);
	return jread_refuse(at, NULL, e, "\"%s\" is not known (known: %s%s)", jread_quote(text).s,
			    known, used < sizeof(known) ? "" : "...");
}

int jread_word(const struct jread_at *at, const struct jnode *v, const struct jread_field *f,
	       void *out, struct err *e)
{
	uint64_t value;
	int r = find_word(at, v, f->words, &value, e);

	if (r == 0)
		put_integer(out, f->width, value);
	return r;
}

int jread_mask(const struct jread_at *at, const struct jnode *v, const struct jread_field *f,
	       void *out, struct err *e)
{
	uint64_t all = 0, one;
	size_t i = 0;

	if (v->type != JARRAY)
		return jread_refuse(at, NULL, e, "must be an array");
	jnode_each(item, v) {
		struct jread_at here = jread_item(at, i++);
		int r = find_word(&here, item, f->words, &one, e);

		if (r < 0)
			return r;
		all |= one;
	}
	put_integer(out, f->width, all);
	return 0;
}
