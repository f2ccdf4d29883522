/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/glob.h"

#include <stddef.h>
#include <string.h>

/* One character against '?', a class or itself; *p is moved past what was used. */
static bool match_class(const char **p, unsigned char c)
{
	const char *s = *p + 1;
	bool negated = *s == '!', in = false;

	if (negated)
		s++;
	do {
		unsigned char from = (unsigned char)*s, to = from;
		if (s[1] == '-' && s[2] && s[2] != ']') {
			to = (unsigned char)s[2];
			s += 2;
		}
		in |= c >= from && c <= to;
		s++;
	} while (*s && *s != ']');
	*p = *s ? s + 1 : s;
	return in != negated && c != '/';
}

static bool has_end(const char *class)
{
	return class[1] && class[2] && strchr(class + 2 + (class[1] == '!' && class[2]), ']') != NULL;
}

static bool match_one(const char **p, char c)
{
	if (**p == '[' && has_end(*p))
		return match_class(p, (unsigned char)c);
	if (**p == '?' ? c == '/' : **p != c)
		return false;
	(*p)++;
	return true;
}

/* Where to go on when what follows a star did not fit: the star takes one character more. */
struct retry { const char *pattern, *text; };

static bool retry_from(struct retry *r, const char **p, const char **t, bool deep)
{
	if (!r->pattern || !*r->text || (!deep && *r->text == '/'))
		return false;
	r->text++;
	*p = r->pattern;
	*t = r->text;
	return true;
}

/* A later '*' need not give way before an earlier '*' does, nor a later '**' before any: two places are enough. */
bool glob_match(const char *pattern, const char *text)
{
	struct retry star = { NULL, NULL }, stars = { NULL, NULL };
	const char *p = pattern, *t = text;

	if (strnlen(text, GLOB_TEXT_MAX + 1) > GLOB_TEXT_MAX)
		return false;
	for (;;) {
		if (p[0] == '*' && p[1] == '*') {
			while (*p == '*')
				p++;
			stars = (struct retry){ p, t };
			star.pattern = NULL;
			continue;
		}
		if (*p == '*') {
			star = (struct retry){ ++p, t };
			continue;
		}
		if (!*t && !*p)
			return true;
		if (*t && *p && match_one(&p, *t)) {
			t++;
			continue;
		}
		if (retry_from(&star, &p, &t, false))
			continue;
		star.pattern = NULL;
		if (!retry_from(&stars, &p, &t, true))
			return false;
	}
}

bool glob_match_any(const struct strings *patterns, const char *text)
{
	for (size_t i = 0; text && i < patterns->n; i++)
		if (glob_match(patterns->v[i], text))
			return true;
	return false;
}

bool glob_within(const struct glob_lists *lists, const char *text)
{
	for (size_t i = 0; i < lists->n; i++)
		if (!glob_match_any(&lists->v[i], text))
			return false;
	return true;
}

/* ---- two patterns ---- */

/* What one part of a pattern takes: one character, or any number of them where it repeats. */
struct part { char literal; bool repeats, deep; }; /* literal 0: any, with '/' only when deep */
struct parts { size_t n; struct part v[GLOB_OVERLAP_MAX]; };

static struct part next_part(const char **p)
{
	struct part part = { 0 };

	if (**p == '*') {
		part = (struct part){ .repeats = true, .deep = (*p)[1] == '*' };
		while (**p == '*')
			(*p)++;
		return part;
	}
	if (**p == '[' && has_end(*p)) {
		(void)match_class(p, '/'); /* only to get past it */
		return part;
	}
	part.literal = **p == '?' ? '\0' : **p;
	(*p)++;
	return part;
}

static bool split(const char *pattern, struct parts *out)
{
	for (out->n = 0; *pattern; out->n++) {
		if (out->n == GLOB_OVERLAP_MAX)
			return false;
		out->v[out->n] = next_part(&pattern);
	}
	return true;
}

static bool share_character(struct part a, struct part b)
{
	if (a.literal && b.literal)
		return a.literal == b.literal;
	if (a.literal || b.literal)
		return (a.literal | b.literal) != '/' || (a.literal ? b.deep : a.deep);
	return true;
}

/* One row of "do the rest of a from here and the rest of b from each place share a text", from the row after it; NULL: a has ended. */
static void overlap_row(const struct part *here, const bool *below, const struct parts *b, bool *row)
{
	row[b->n] = here ? here->repeats && below[b->n] : true;
	for (size_t k = b->n; k-- > 0;) {
		const struct part *other = &b->v[k];
		bool both = here && share_character(*here, *other);

		row[k] = other->repeats && row[k + 1];
		if (here && here->repeats)
			row[k] |= below[k] || (both && !other->repeats && row[k + 1]);
		else if (both)
			row[k] |= below[other->repeats ? k : k + 1];
	}
}

bool glob_overlap(const char *a, const char *b)
{
	bool rows[2][GLOB_OVERLAP_MAX + 1];
	struct parts one, two;
	unsigned at = 0;

	if (!split(a, &one) || !split(b, &two))
		return true;
	overlap_row(NULL, NULL, &two, rows[at]);
	for (size_t i = one.n; i-- > 0; at = !at)
		overlap_row(&one.v[i], rows[at], &two, rows[!at]);
	return rows[at][0];
}
