/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One pass over the bytes before jansson sees them. It bounds depth and the number of values, and finds integers that
 * jansson cannot hold: it reads integers as int64 and fails on 18446744073709551615, which is how RLIM_INFINITY is written.
 * Such a token is replaced by a string that begins with a mark, but only when there is one: the usual document is not
 * copied. In a document that has such a token no other string may begin with the mark's first byte, so that nothing but
 * this pass can make a marked string.
 *
 * The pass is no parser: what it misreads is no JSON, and jansson, which sees everything else unchanged, says so.
 */
#include "spec/jmark.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "spec/jread.h"
#include "spec/spec.h"

struct scan {
	const char *p, *end;
	size_t depth, values;
	size_t wide;		/* how many tokens have to be replaced */
	bool marked;		/* some string begins with the mark's first byte */
	char *out;		/* second pass: where the copy goes; NULL in the first */
};

static void scan_emit(struct scan *s, const char *p, size_t len)
{
	if (!s->out)
		return;
	memcpy(s->out, p, len);
	s->out += len;
}

/* At the opening quote. Leaves p behind the closing one, or at the end. */
static void scan_string(struct scan *s)
{
	const char *start = s->p++;
	size_t left = (size_t)(s->end - s->p);

	if (left >= 1 && s->p[0] == JMARK[0])
		s->marked = true;
	if (left >= 6 && !memcmp(s->p, "\\u007", 5) && (s->p[5] | 0x20) == 'f')
		s->marked = true;
	while (s->p < s->end && *s->p != '"')
		s->p += *s->p == '\\' && s->p + 1 < s->end ? 2 : 1;
	if (s->p < s->end)
		s->p++;
	scan_emit(s, start, (size_t)(s->p - start));
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_number_char(char c)
{
	return is_digit(c) || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
}

/* Is this token an integer as JSON writes them, and beyond int64? */
static bool is_wide(const char *p, size_t len)
{
	static const char max[] = "9223372036854775807", min[] = "9223372036854775808";
	bool negative = len && p[0] == '-';

	if (negative) {
		p++;
		len--;
	}
	if (len < sizeof(max) - 1 || p[0] == '0')
		return false;
	for (size_t i = 0; i < len; i++)
		if (!is_digit(p[i]))
			return false;
	return len > sizeof(max) - 1 || memcmp(p, negative ? min : max, len) > 0;
}

/* A number where only a key can stand must reach jansson as it is: a string would be a key. */
static bool is_before_colon(const struct scan *s)
{
	const char *p = s->p;

	while (p < s->end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
		p++;
	return p < s->end && *p == ':';
}

static void scan_number(struct scan *s)
{
	const char *start = s->p;
	size_t len;

	while (s->p < s->end && is_number_char(*s->p))
		s->p++;
	len = (size_t)(s->p - start);
	if (!is_wide(start, len) || is_before_colon(s)) {
		scan_emit(s, start, len);
		return;
	}
	s->wide++;
	scan_emit(s, "\"" JMARK, sizeof("\"" JMARK) - 1);
	scan_emit(s, start, len);
	scan_emit(s, "\"", 1);
}

static int scan_bracket(struct scan *s, char c)
{
	if (c == '{' || c == '[') {
		if (++s->depth > JREAD_MAX_DEPTH)
			return -E2BIG;
		s->values++;
	} else if (c == '}' || c == ']') {
		s->depth -= s->depth > 0;
	} else if (c == ',') {
		s->values++;
	}
	return s->values > JREAD_MAX_VALUES ? -EFBIG : 0;
}

static int scan_all(struct scan *s)
{
	while (s->p < s->end) {
		char c = *s->p;

		if (c == '"') {
			scan_string(s);
		} else if (c == '-' || is_digit(c)) {
			scan_number(s);
		} else {
			int r = scan_bracket(s, c);

			if (r < 0)
				return r;
			scan_emit(s, s->p++, 1);
		}
	}
	return 0;
}

static json_t *parse(const char *bytes, size_t len, json_error_t *why)
{
	/* Without JSON_ALLOW_NUL jansson refuses \u0000 everywhere, in keys and in properties nobody reads too. */
	return json_loadb(bytes, len, JSON_REJECT_DUPLICATES, why);
}

/* The same text with every wide integer as a marked string. */
static json_t *parse_wide(const char *bytes, size_t len, size_t wide, json_error_t *why)
{
	size_t room = len + wide * (sizeof(JMARK) + 1);
	struct scan s = { .p = bytes, .end = bytes + len };
	char *copy = malloc(room);
	json_t *root = NULL;

	if (!copy)
		return NULL;
	s.out = copy;
	if (scan_all(&s) == 0)
		root = parse(copy, (size_t)(s.out - copy), why);
	free(copy);
	return root;
}

static int refuse_bounds(int code, const char *what, struct err *e)
{
	if (code == -E2BIG)
		return err_set(e, EINVAL, "%s: is nested deeper than %d levels", what, JREAD_MAX_DEPTH);
	return err_set(e, EINVAL, "%s: holds more than %d values", what, JREAD_MAX_VALUES);
}

int jread_load(struct jread_doc *doc, const char *what, const char *bytes, size_t len, struct err *e)
{
	struct scan s = { .p = bytes, .end = bytes + len };
	json_error_t why = { .line = -1 };
	int r;

	if (len > SPEC_MAX_BYTES)
		return err_set(e, EINVAL, "%s: is larger than %d bytes", what, SPEC_MAX_BYTES);
	r = scan_all(&s);
	if (r < 0)
		return refuse_bounds(r, what, e);
	if (s.wide && s.marked)
		return err_set(e, EINVAL, "%s: a string that begins with the control character DEL is not accepted beside "
			       "a number over 9223372036854775807", what);
	doc->wide = s.wide > 0;
	doc->root = s.wide ? parse_wide(bytes, len, s.wide, &why) : parse(bytes, len, &why);
	if (doc->root)
		return 0;
	if (why.line < 0 || json_error_code(&why) == json_error_out_of_memory)
		return err_set(e, ENOMEM, "%s: out of memory", what);
	return err_set(e, EINVAL, "%s: is not valid JSON: line %d, column %d: %s", what, why.line, why.column,
		       jread_quote(why.text).s);
}

void jread_done(struct jread_doc *doc)
{
	json_decref(doc->root);
	doc->root = NULL;
}
