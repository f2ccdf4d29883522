/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parser works on a copy of the text that ends with a NUL. No valid document holds a NUL, so
 * that the end needs no test of its own: whatever was expected there, NUL is not it. Strings are
 * decoded where they stand, since no escape is shorter than what it means; the closing quote
 * becomes their NUL.
 */
#include "spec/jtree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "spec/jread.h"

struct jparse {
	struct arena *pool;
	char *text, *p, *end;
	size_t values;
	const char *why;	/* the first complaint, about what stands at p */
	const char *key;	/* what it is about, if that helps */
	bool no_memory, bounded;
};

static bool fail(struct jparse *j, const char *why)
{
	j->why = why;
	return false;
}

static char *fail_string(struct jparse *j, const char *why)
{
	j->why = why;
	return NULL;
}

static bool fail_memory(struct jparse *j)
{
	j->no_memory = true;
	return false;
}

static bool fail_bound(struct jparse *j, const char *why)
{
	j->bounded = true;
	return fail(j, why);
}

static void skip_blanks(struct jparse *j)
{
	while (*j->p == ' ' || *j->p == '\n' || *j->p == '\t' || *j->p == '\r')
		j->p++;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int hex_of(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Four hexadecimal digits at p; -1 when they are not there. */
static int32_t read_hex4(const char *p)
{
	int32_t v = 0;

	for (int i = 0; i < 4; i++) {
		int d = hex_of(p[i]);

		if (d < 0)
			return -1;
		v = v << 4 | d;
	}
	return v;
}

static char *put_utf8(char *out, uint32_t c)
{
	if (c < 0x80) {
		*out++ = (char)c;
	} else if (c < 0x800) {
		*out++ = (char)(0xc0 | c >> 6);
		*out++ = (char)(0x80 | (c & 0x3f));
	} else if (c < 0x10000) {
		*out++ = (char)(0xe0 | c >> 12);
		*out++ = (char)(0x80 | (c >> 6 & 0x3f));
		*out++ = (char)(0x80 | (c & 0x3f));
	} else {
		*out++ = (char)(0xf0 | c >> 18);
		*out++ = (char)(0x80 | (c >> 12 & 0x3f));
		*out++ = (char)(0x80 | (c >> 6 & 0x3f));
		*out++ = (char)(0x80 | (c & 0x3f));
	}
	return out;
}

/* p is at the 'u'. Leaves it behind the escape, or behind the pair that makes one character. */
static char *read_unicode(struct jparse *j, char *out)
{
	int32_t c = read_hex4(j->p + 1), low;

	if (c < 0)
		return fail_string(j, "\\u needs four hexadecimal digits");
	if (c == 0)
		return fail_string(j, "\\u0000 is not allowed");
	j->p += 5;
	if (c < 0xd800 || c > 0xdfff)
		return put_utf8(out, (uint32_t)c);
	low = c <= 0xdbff && j->p[0] == '\\' && j->p[1] == 'u' ? read_hex4(j->p + 2) : -1;
	if (low < 0xdc00 || low > 0xdfff)
		return fail_string(j, "half of a surrogate pair");
	j->p += 6;
	return put_utf8(out, 0x10000u + ((uint32_t)(c - 0xd800) << 10) + (uint32_t)(low - 0xdc00));
}

/* p is behind the backslash. */
static char *read_escape(struct jparse *j, char *out)
{
	static const char letters[] = "\"\\/bfnrt", means[] = "\"\\/\b\f\n\r\t";
	const char *found;

	if (*j->p == 'u')
		return read_unicode(j, out);
	found = *j->p ? strchr(letters, *j->p) : NULL;
	if (!found)
		return fail_string(j, "no such escape");
	*out++ = means[found - letters];
	j->p++;
	return out;
}

/* Length of the UTF-8 sequence at p, 0 when it is none: no overlong forms, no surrogates, nothing
 * above U+10FFFF. */
static size_t utf8_length(const unsigned char *p)
{
	unsigned char low = 0x80, high = 0xbf;
	size_t n = p[0] >= 0xc2 && p[0] <= 0xdf   ? 2
		   : p[0] >= 0xe0 && p[0] <= 0xef ? 3
		   : p[0] >= 0xf0 && p[0] <= 0xf4 ? 4
						  : 0;

	if (p[0] == 0xe0)
		low = 0xa0;
	else if (p[0] == 0xed)
		high = 0x9f;
	else if (p[0] == 0xf0)
		low = 0x90;
	else if (p[0] == 0xf4)
		high = 0x8f;
	if (n == 0 || p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i < n; i++)
		if (p[i] < 0x80 || p[i] > 0xbf)
			return 0;
	return n;
}

static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

/* At the opening quote. *text is the decoded string, terminated; p is left behind the closing
 * quote. */
static bool read_string(struct jparse *j, const char **text, size_t *len)
{
	char *start = ++j->p, *out;

	while (is_plain((unsigned char)*j->p))
		j->p++;
	out = j->p;
	while (*j->p != '"') {
		size_t n;

		if (*j->p == '\\') {
			j->p++;
			out = read_escape(j, out);
			if (!out)
				return false;
			continue;
		}
		n = is_plain((unsigned char)*j->p) ? 1 : utf8_length((const unsigned char *)j->p);
		if (n == 0)
			return fail(
				j, (unsigned char)*j->p < 0x20
					   ? "the string does not end, or holds a control character"
					   : "no UTF-8");
		memmove(out, j->p, n);
		out += n;
		j->p += n;
	}
	*out = '\0';
	j->p++;
	*text = start;
	*len = (size_t)(out - start);
	return true;
}

static bool read_digits(struct jparse *j)
{
	if (!is_digit(*j->p))
		return fail(j, "a digit is missing");
	while (is_digit(*j->p))
		j->p++;
	return true;
}

static void add_digits(struct jnode *n, const char *p, const char *end)
{
	for (; p < end; p++) {
		uint64_t digit = (uint64_t)(*p - '0');

		if (n->magnitude > (UINT64_MAX - digit) / 10)
			n->huge = true;
		else
			n->magnitude = n->magnitude * 10 + digit;
	}
}

static bool read_number(struct jparse *j, struct jnode *n)
{
	const char *digits;

	n->type = JINTEGER;
	n->negative = *j->p == '-';
	j->p += n->negative;
	digits = j->p;
	if (*j->p == '0')
		j->p++;
	else if (!read_digits(j))
		return false;
	add_digits(n, digits, j->p);
	if (*j->p == '.') {
		n->type = JREAL;
		j->p++;
		if (!read_digits(j))
			return false;
	}
	if (*j->p == 'e' || *j->p == 'E') {
		n->type = JREAL;
		j->p++;
		j->p += *j->p == '+' || *j->p == '-';
		if (!read_digits(j))
			return false;
	}
	return true;
}

static bool read_word(struct jparse *j, struct jnode *n)
{
	static const struct { const char *word; size_t len; uint8_t type; } words[] = {
		{ "true", 4, JTRUE }, { "false", 5, JFALSE }, { "null", 4, JNULL },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!strncmp(j->p, words[i].word, words[i].len)) {
			n->type = words[i].type;
			j->p += words[i].len;
			return true;
		}
	}
	return fail(j, "a value is missing");
}

static int compare_keys(const void *a, const void *b)
{
	return strcmp((*(const struct jnode *const *)a)->key,
		      (*(const struct jnode *const *)b)->key);
}

/* Sorted, so that a large object costs n log n and not n squared. */
static bool check_many_keys(struct jparse *j, const struct jnode *object)
{
	const struct jnode **all = arena_array(j->pool, object->len, sizeof(*all));
	size_t n = 0;

	if (!all)
		return fail_memory(j);
	for (const struct jnode *m = object->first; m; m = m->next)
		all[n++] = m;
	qsort(all, n, sizeof(*all), compare_keys);
	for (size_t i = 1; i < n; i++) {
		if (!strcmp(all[i - 1]->key, all[i]->key)) {
			j->key = all[i]->key;
			return fail(j, "duplicate object key");
		}
	}
	return true;
}

static bool check_keys(struct jparse *j, const struct jnode *object)
{
	enum { FEW = 24 };

	if (object->len > FEW)
		return check_many_keys(j, object);
	for (const struct jnode *m = object->first; m; m = m->next) {
		for (const struct jnode *o = object->first; o != m; o = o->next) {
			if (o->key[0] == m->key[0] && !strcmp(o->key, m->key)) {
				j->key = m->key;
				return fail(j, "duplicate object key");
			}
		}
	}
	return true;
}

static bool read_value(struct jparse *j, struct jnode *n, int depth);

static bool read_key(struct jparse *j, struct jnode *n)
{
	size_t len;

	if (*j->p != '"')
		return fail(j, "a key is missing");
	if (!read_string(j, &n->key, &len))
		return false;
	skip_blanks(j);
	if (*j->p != ':')
		return fail(j, "':' is missing");
	j->p++;
	skip_blanks(j);
	return true;
}

/* At the bracket that opens an array or an object. */
static bool read_members(struct jparse *j, struct jnode *parent, char close, int depth)
{
	struct jnode **last = &parent->first;

	if (depth > JTREE_MAX_DEPTH)
		return fail_bound(j, "is nested deeper than 64 levels");
	j->p++;
	skip_blanks(j);
	if (*j->p == close) {
		j->p++;
		return true;
	}
	for (;;) {
		struct jnode *n = arena_alloc(j->pool, sizeof(*n));

		if (!n)
			return fail_memory(j);
		if (++j->values > JTREE_MAX_VALUES)
			return fail_bound(j, "holds more than 524288 values");
		if ((parent->type == JOBJECT && !read_key(j, n)) || !read_value(j, n, depth))
			return false;
		*last = n;
		last = &n->next;
		parent->len++;
		skip_blanks(j);
		if (*j->p == close)
			break;
		if (*j->p != ',')
			return fail(j, parent->type == JOBJECT ? "',' or '}' is missing"
							       : "',' or ']' is missing");
		j->p++;
		skip_blanks(j);
	}
	j->p++;
	return parent->type != JOBJECT || check_keys(j, parent);
}

static bool read_value(struct jparse *j, struct jnode *n, int depth)
{
	size_t len = 0;

	switch (*j->p) {
	case '{':
		n->type = JOBJECT;
		return read_members(j, n, '}', depth + 1);
	case '[':
		n->type = JARRAY;
		return read_members(j, n, ']', depth + 1);
	case '"':
		n->type = JSTRING;
		if (!read_string(j, &n->text, &len))
			return false;
		n->len = (uint32_t)len;
		return true;
	case '-':
	case '0':
	case '1':
	case '2':
	case '3':
	case '4':
	case '5':
	case '6':
	case '7':
	case '8':
	case '9':
		return read_number(j, n);
	default:
		return read_word(j, n);
	}
}

static bool read_document(struct jparse *j, struct jnode *root)
{
	skip_blanks(j);
	if (*j->p != '{' && *j->p != '[')
		return fail(j, "'{' is missing");
	if (!read_value(j, root, 0))
		return false;
	skip_blanks(j);
	return j->p == j->end || fail(j, "something follows the end");
}

static int refuse(const struct jparse *j, const char *what, const char *bytes, struct err *e)
{
	size_t line = 1, column = 1;

	if (j->no_memory)
		return err_set(e, ENOMEM, "%s: out of memory", what);
	if (j->bounded)
		return err_set(e, EINVAL, "%s: %s", what, j->why);
	/* Counted in the original: the copy has decoded strings in it. */
	for (const char *p = bytes, *stop = bytes + (j->p - j->text); p < stop; p++) {
		column = *p == '\n' ? 1 : column + 1;
		line += *p == '\n';
	}
	if (j->key)
		return err_set(e, EINVAL, "%s: is not valid JSON: line %zu, column %zu: %s \"%s\"",
			       what, line, column, j->why, jread_quote(j->key).s);
	return err_set(e, EINVAL, "%s: is not valid JSON: line %zu, column %zu: %s", what, line,
		       column, j->why);
}

int jtree_parse(struct arena *pool, const char *what, const char *bytes, size_t len,
		const struct jnode **out, struct err *e)
{
	struct jparse j = { .pool = pool };
	struct jnode *root = arena_alloc(pool, sizeof(*root));

	if (len > UINT32_MAX)
		return err_set(e, EINVAL, "%s: is larger than 4 GiB", what);
	j.text = root ? arena_memdup(pool, bytes, len) : NULL;
	if (!j.text)
		return err_set(e, ENOMEM, "%s: out of memory", what);
	j.p = j.text;
	j.end = j.text + len;
	if (!read_document(&j, root))
		return refuse(&j, what, bytes, e);
	*out = root;
	return 0;
}
