/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two passes at most: the first counts, the second, which only a document with wide integers needs,
 * notes them and cuts them in a copy.
 */
#include "spec/jscan.h"

#include <errno.h>
#include <string.h>

enum { SAFE_DIGITS = 18 };	/* of them, any fit into int64 */

struct scan {
	const char *bytes, *p, *end;
	size_t depth, values, numbers, n;
	struct jscan_wide *wide;	/* second pass: the notes, and the copy; NULL in the first */
	char *copy;
};

/* What a byte outside of strings begins; everything else is a blank, a colon, a comma or an error
 * that jansson finds. */
enum begins { NOTHING, STRING, NUMBER, WORD, OPEN, CLOSE };

static const unsigned char begins[256] = {
	['"'] = STRING, ['-'] = NUMBER, ['0'] = NUMBER, ['1'] = NUMBER, ['2'] = NUMBER,
	['3'] = NUMBER, ['4'] = NUMBER, ['5'] = NUMBER, ['6'] = NUMBER, ['7'] = NUMBER,
	['8'] = NUMBER, ['9'] = NUMBER, ['t'] = WORD,	['f'] = WORD,	['n'] = WORD,
	['{'] = OPEN,	['['] = OPEN,	['}'] = CLOSE,	[']'] = CLOSE,
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* At the opening quote. A key is no value: behind it comes a colon. */
static void scan_string(struct scan *s)
{
	const char *p = s->p + 1;

	for (; p < s->end && *p != '"'; p++)
		if (*p == '\\' && p + 1 < s->end)
			p++;
	if (p < s->end)
		p++;
	while (p < s->end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
		p++;
	s->values += p == s->end || *p != ':';
	s->p = p;
}

/* Is this token an integer as JSON writes them, and beyond int64? `len` of digits only. */
static bool is_wide(const char *digits, size_t len, bool negative)
{
	static const char max[] = "9223372036854775807", min[] = "9223372036854775808";
	const size_t limit = sizeof(max) - 1;

	if (len < limit || digits[0] == '0')
		return false;
	for (size_t i = 0; i < len; i++)
		if (!is_digit(digits[i]))
			return false;
	return len > limit || memcmp(digits, negative ? min : max, limit) > 0;
}

static void note_wide(struct scan *s, const char *digits, size_t len, bool negative)
{
	struct jscan_wide *w = &s->wide[s->n];

	*w = (struct jscan_wide){ .nth = s->numbers, .negative = negative };
	for (size_t i = 0; i < len && !w->huge; i++)
		w->huge = __builtin_mul_overflow(w->magnitude, 10u, &w->magnitude) ||
			  __builtin_add_overflow(w->magnitude, (unsigned)(digits[i] - '0'),
						 &w->magnitude);
	memset(s->copy + (digits - s->bytes) + SAFE_DIGITS, ' ', len - SAFE_DIGITS);
}

static void scan_number(struct scan *s)
{
	bool negative = *s->p == '-';
	const char *digits = s->p + negative, *p = digits;
	size_t len;

	while (p < s->end && (is_digit(*p) || *p == '-' || *p == '+' || *p == '.' ||
			      (*p | 0x20) == 'e'))
		p++;
	len = (size_t)(p - digits);
	if (is_wide(digits, len, negative)) {
		if (s->wide)
			note_wide(s, digits, len, negative);
		s->n++;
	}
	s->numbers++;
	s->values++;
	s->p = p;
}

static void scan_word(struct scan *s)
{
	while (s->p < s->end && *s->p >= 'a' && *s->p <= 'z')
		s->p++;
	s->values++;
}

/* False when the document goes beyond a bound. */
static bool scan_all(struct scan *s)
{
	s->p = s->bytes;
	while (s->p < s->end) {
		switch (begins[(unsigned char)*s->p]) {
		case STRING: scan_string(s); break;
		case NUMBER: scan_number(s); break;
		case WORD: scan_word(s); break;
		case OPEN:
			s->p++;
			s->values++;
			if (++s->depth > JSCAN_MAX_DEPTH)
				return false;
			break;
		case CLOSE:
			s->p++;
			s->depth -= s->depth > 0;
			break;
		default:
			do
				s->p++;
			while (s->p < s->end && begins[(unsigned char)*s->p] == NOTHING);
			break;
		}
		if (s->values > JSCAN_MAX_VALUES)
			return false;
	}
	return true;
}

static int refuse_nul(const char *what, const char *bytes, const char *nul, struct err *e)
{
	size_t line = 1, column = 1;

	for (const char *p = bytes; p < nul; p++) {
		column = *p == '\n' ? 1 : column + 1;
		line += *p == '\n';
	}
	return err_set(e, EINVAL, "%s: is not valid JSON: line %zu, column %zu: holds a NUL byte",
		       what, line, column);
}

int jscan(struct arena *pool, const char *what, const char *bytes, size_t len, struct jscan *out,
	  struct err *e)
{
	const char *nul = len ? memchr(bytes, '\0', len) : NULL;
	struct scan first = { .bytes = bytes, .end = bytes + len }, second = first;

	if (nul)
		return refuse_nul(what, bytes, nul, e);
	if (!scan_all(&first) && first.depth > JSCAN_MAX_DEPTH)
		return err_set(e, EINVAL, "%s: is nested deeper than %d levels", what,
			       JSCAN_MAX_DEPTH);
	if (first.values > JSCAN_MAX_VALUES)
		return err_set(e, EINVAL, "%s: holds more than %d values", what, JSCAN_MAX_VALUES);
	*out = (struct jscan){ .text = bytes, .len = len };
	if (first.n == 0)
		return 0;
	second.copy = arena_memdup(pool, bytes, len);
	second.wide = arena_array(pool, first.n, sizeof(*second.wide));
	if (!second.copy || !second.wide)
		return err_set(e, ENOMEM, "%s: out of memory", what);
	(void)scan_all(&second); /* cannot fail where the first pass did not */
	*out = (struct jscan){ second.copy, len, second.n, second.wide };
	return 0;
}
