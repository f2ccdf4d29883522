/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Readers of amounts that people write in more than one way: times, shares of processors, pairs of limits.
 */
#include <errno.h>
#include <string.h>

#include "policy/field_parts.h"
#include "policy/field_type.h"
#include "policy/profile.h"

/* "90s" reads as it would be said; a bare number is seconds too. */
int field_read_seconds(const struct field_reader *r, const struct jread_at *at, const struct jnode *v, const struct field *f,
		       void *out, struct err *e)
{
	uint64_t n = v->magnitude;
	bool good = v->type == JINTEGER && !v->negative && !v->huge;

	(void)r;
	if (v->type == JSTRING)
		good = str_seconds(v->text, &n) == 0;
	if (!good)
		return field_refuse_type(at, e, "must be seconds, or text such as \"90s\", \"2m\" or \"1h\"");
	if (n > f->max || n < f->min)
		return field_refuse(at, e, "must be %llu to %llu seconds", (unsigned long long)f->min, (unsigned long long)f->max);
	*(uint64_t *)out = n;
	return 0;
}

enum { CPUS_TEXT = 16, CPU_DIGITS = 5 }; /* five decimals are one part of PROFILE_CPU */

/* "1.5", ".5", "2" -> parts of PROFILE_CPU. */
static bool cpus_of(const char *text, uint64_t *out)
{
	const char *dot = strchr(text, '.');
	size_t whole = dot ? (size_t)(dot - text) : strlen(text), rest = dot ? strlen(dot + 1) : 0;
	char digits[CPUS_TEXT + CPU_DIGITS + 1] = "";

	if (whole > CPUS_TEXT || rest > CPU_DIGITS || whole + rest == 0)
		return false;
	memset(digits, '0', whole + CPU_DIGITS);
	memcpy(digits, text, whole);
	if (dot)
		memcpy(digits + whole, dot + 1, rest);
	return str_u64(digits, out) == 0;
}

int field_read_cpus(const struct field_reader *r, const struct jread_at *at, const struct jnode *v, const struct field *f, void *out,
		    struct err *e)
{
	uint64_t n = v->magnitude;
	bool good = v->type == JINTEGER && !v->negative && !v->huge && n <= f->max / PROFILE_CPU;

	(void)r;
	if (v->type == JSTRING)
		good = cpus_of(v->text, &n);
	else
		n = good ? n * PROFILE_CPU : 0;
	if (!good || n < f->min || n > f->max)
		return field_refuse(at, e, "must be a number of processors from 0.01 to 100000, such as 2 or \"1.5\"");
	*(uint64_t *)out = n;
	return 0;
}

static int read_pair(const struct field_reader *r, const struct jread_at *at, const struct jnode *v, const struct field *f,
		     struct profile_limit *out, struct err *e)
{
	struct profile_limit l = { 0 };
	bool soft = false, hard = false;

	jnode_each(m, v) {
		struct jread_at member = jread_key(at, m->key);
		bool is_soft = str_eq(m->key, "soft"), is_hard = str_eq(m->key, "hard");
		int err;

		if (!is_soft && !is_hard)
			return field_refuse(at, e, "unknown key \"%s\": a limit has \"soft\" and \"hard\"", jread_quote(m->key).s);
		err = field_read_amount(r, &member, m, f, is_soft ? &l.soft : &l.hard, e);
		if (err < 0)
			return err;
		soft |= is_soft;
		hard |= is_hard;
	}
	if (!soft || !hard)
		return field_refuse(at, e, "%s is required", soft ? "hard" : "soft");
	if (l.soft > l.hard)
		return field_refuse(at, e, "the soft limit is above the hard one");
	*out = l;
	return 0;
}

int field_read_limit(const struct field_reader *r, const struct jread_at *at, const struct jnode *v, const struct field *f, void *out,
		     struct err *e)
{
	struct profile_limit *l = out;
	uint64_t n = 0;
	int err;

	if (v->type == JOBJECT)
		return read_pair(r, at, v, f, l, e);
	err = field_read_amount(r, at, v, f, &n, e);
	if (err < 0)
		return err;
	l->hard = n;
	if (!f->apart)
		l->soft = n;
	return 0;
}
