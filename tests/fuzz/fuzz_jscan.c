/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pass before jansson, and the tree that comes of it, beside two independent readings of the
 * same bytes: jansson alone, with integers as doubles, says what is valid and what stands where;
 * strtoull(3) says what the integers are, digit by digit. Build and run:
 *	clang -g -O1 -fsanitize=fuzzer,address,undefined -D_GNU_SOURCE -Iinclude
 *		tests/fuzz/fuzz_jscan.c src/spec/[a-z]*.c src/base/[a-z]*.c -ljansson
 *		-o fuzz_jscan && ./fuzz_jscan -max_len=4096 tests/fuzz/corpus/spec
 */
#include <errno.h>
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "spec/jscan.h"
#include "spec/jtree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool fact)
{
	if (!fact)
		abort();
}

/* A valid document's numbers, one after the other. */
struct numbers { const char *p; };

static const char *next_number(struct numbers *n, size_t *len)
{
	const char *start;

	for (; *n->p != '-' && (*n->p < '0' || *n->p > '9'); n->p++) {
		expect(*n->p);
		if (*n->p != '"')
			continue;
		while (*++n->p != '"')
			n->p += *n->p == '\\';
	}
	start = n->p;
	*len = strspn(start, "0123456789+-.eE");
	n->p += *len;
	return start;
}

static void same_integer(const struct jnode *v, struct numbers *n)
{
	size_t len;
	const char *text = next_number(n, &len);
	unsigned long long want;

	errno = 0;
	want = strtoull(text + (*text == '-'), NULL, 10);
	expect(!memchr(text, '.', len) && !memchr(text, 'e', len) && !memchr(text, 'E', len));
	expect(v->huge == (errno == ERANGE));
	if (v->huge)
		return;
	expect(v->magnitude == want);
	expect(want == 0 || v->negative == (*text == '-'));
}

static void same_real(struct numbers *n)
{
	size_t len;
	const char *text = next_number(n, &len);

	expect(memchr(text, '.', len) || memchr(text, 'e', len) || memchr(text, 'E', len));
}

/* In the document's order: n is behind all that came before v. */
static void same_numbers(const struct jnode *v, struct numbers *n)
{
	if (v->type == JINTEGER)
		same_integer(v, n);
	else if (v->type == JREAL)
		same_real(n);
	else if (v->type == JARRAY || v->type == JOBJECT)
		jnode_each(member, v)
			same_numbers(member, n);
}

static void same(const struct jnode *v, json_t *w);

static void same_array(const struct jnode *v, json_t *w)
{
	size_t i = 0;

	expect(json_is_array(w) && json_array_size(w) == v->len);
	jnode_each(item, v)
		same(item, json_array_get(w, i++));
	expect(i == v->len);
}

static void same_object(const struct jnode *v, json_t *w)
{
	size_t n = 0;

	expect(json_is_object(w) && json_object_size(w) == v->len);
	jnode_each(member, v) {
		same(member, json_object_get(w, member->key));
		n++;
	}
	expect(n == v->len);
}

static void same_string(const struct jnode *v, json_t *w)
{
	expect(json_is_string(w) && json_string_length(w) == v->len);
	expect(!memcmp(json_string_value(w), v->text, v->len + 1) && strlen(v->text) == v->len);
}

/* The low digits are same_integer()'s; here it matters that it is the number of this place. */
static void same_double(const struct jnode *v, json_t *w)
{
	double d = json_real_value(w);

	expect(json_is_real(w));
	if (v->type == JINTEGER && v->huge)
		expect((v->negative ? -d : d) >= 18446744073709551616.0);
	else if (v->type == JINTEGER)
		expect(d == (v->negative ? -(double)v->magnitude : (double)v->magnitude));
}

static void same(const struct jnode *v, json_t *w)
{
	switch (v->type) {
	case JNULL: expect(json_is_null(w)); break;
	case JTRUE: expect(json_is_true(w)); break;
	case JFALSE: expect(json_is_false(w)); break;
	case JINTEGER:
	case JREAL: same_double(v, w); break;
	case JSTRING: same_string(v, w); break;
	case JARRAY: same_array(v, w); break;
	case JOBJECT: same_object(v, w); break;
	}
}

/* Nothing but digits may differ from the text that was given, and those only for blanks. */
static void check_scan(struct arena *pool, const char *bytes, size_t size)
{
	struct jscan scan;
	struct err e = { 0 };

	if (jscan(pool, "text", bytes, size, &scan, &e) < 0) {
		expect(e.code == EINVAL && e.text[0]);
		return;
	}
	expect(scan.len == size && (scan.n > 0 || scan.text == bytes));
	for (size_t i = 0; i < size; i++)
		expect(scan.text[i] == bytes[i] ||
		       (scan.text[i] == ' ' && bytes[i] >= '0' && bytes[i] <= '9'));
	for (size_t i = 1; i < scan.n; i++)
		expect(scan.wide[i - 1].nth < scan.wide[i].nth);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const size_t flags = JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL;
	const char *bytes = (const char *)data;
	struct arena pool = { 0 };
	const struct jnode *root = NULL;
	struct err e = { 0 };
	json_error_t why;
	int r = jtree_parse(&pool, "text", bytes, size, &root, &e);
	json_t *oracle = json_loadb(bytes, size, flags, &why);
	struct numbers n;

	check_scan(&pool, bytes, size);
	expect((r == 0) == (root != NULL));
	if (memchr(data, 0, size))
		expect(r == -EINVAL && strstr(e.text, "NUL byte"));
	else if (root && oracle)
		same(root, oracle);
	else if (root) /* an integer beyond double */
		expect(json_error_code(&why) == json_error_numeric_overflow);
	else /* our bounds are no fault of the text */
		expect(!oracle || strstr(e.text, "is nested deeper") || strstr(e.text, "values"));
	if (root) {
		n.p = arena_memdup(&pool, bytes, size);
		same_numbers(root, &n);
	}
	json_decref(oracle);
	arena_done(&pool);
	return 0;
}
