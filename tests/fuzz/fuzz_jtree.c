/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The JSON parser beside jansson: the same bytes must be refused by both, or give the same tree.
 *Build and run:
 *	clang -g -O1 -fsanitize=fuzzer,address,undefined -D_GNU_SOURCE -Iinclude
 *tests/fuzz/fuzz_jtree.c src/spec/[a-z]*.c \ src/base/[a-z]*.c -ljansson -o fuzz_jtree &&
 *./fuzz_jtree -max_len=4096 tests/fuzz/corpus/spec
 */
#include <errno.h>
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "spec/jtree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool fact)
{
	if (!fact)
		abort();
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
	void *iter;

	expect(json_is_object(w) && json_object_size(w) == v->len);
	iter = json_object_iter(w);
	jnode_each(member, v) {
		expect(!strcmp(json_object_iter_key(iter), member->key));
		same(member, json_object_iter_value(iter));
		iter = json_object_iter_next(w, iter);
	}
}

static void same_string(const struct jnode *v, json_t *w)
{
	expect(json_is_string(w) && json_string_length(w) == v->len);
	expect(!memcmp(json_string_value(w), v->text, v->len + 1) && strlen(v->text) == v->len);
}

static void same_integer(const struct jnode *v, json_t *w)
{
	json_int_t i = json_integer_value(w);

	expect(json_is_integer(w) && !v->huge);
	expect(v->magnitude == (i < 0 ? -(uint64_t)i : (uint64_t)i) &&
	       (i == 0 || v->negative == (i < 0)));
}

static void same(const struct jnode *v, json_t *w)
{
	switch (v->type) {
	case JNULL: expect(json_is_null(w)); break;
	case JTRUE: expect(json_is_true(w)); break;
	case JFALSE: expect(json_is_false(w)); break;
	case JINTEGER: same_integer(v, w); break;
	case JREAL: expect(json_is_real(w)); break;
	case JSTRING: same_string(v, w); break;
	case JARRAY: same_array(v, w); break;
	case JOBJECT: same_object(v, w); break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena pool = { 0 };
	const struct jnode *root = NULL;
	struct err e = { 0 };
	json_error_t why;
	int r = jtree_parse(&pool, "text", (const char *)data, size, &root, &e);
	json_t *oracle = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, &why);

	expect((r == 0) == (root != NULL));
	if (memchr(data, 0, size)) /* jansson 2.14 takes a NUL behind a number for a blank */
		expect(r == -EINVAL);
	else if (root && oracle)
		same(root, oracle);
	else if (root)	/* jansson's numbers end at int64 and double: no fault of the text */
		expect(json_error_code(&why) == json_error_numeric_overflow);
	else		/* our bounds are no fault of the text either */
		expect(!oracle || strstr(e.text, "is nested deeper") || strstr(e.text, "values"));
	json_decref(oracle);
	arena_done(&pool);
	return 0;
}
