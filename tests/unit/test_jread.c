/* SPDX-License-Identifier: Apache-2.0 */
#include "spec/jread.h"

#include <inttypes.h>
#include <jansson.h>

#include "spec/jpool.h"
#include "spec/types.h"
#include "spec_cases.h"

struct thing {
	uint8_t u8;
	uint16_t u16;
	uint32_t u32;
	uint64_t u64;
	int32_t i32;
	int64_t i64;
	struct opt_u64 opt_u64;
	struct opt_i64 opt_i64;
	struct opt_bool opt_bool;
	bool flag, has_u32;
	const char *text, *maybe;
	struct strings list;
	struct key_values map;
	int word;
	uint32_t mask;
	struct { size_t n; const struct id_map *v; } things;
};

static const char *no_x(const char *text)
{
	return strchr(text, 'x') ? "must not have an x" : NULL;
}

static const struct jread_word word_table[] = { { "one", 1 }, { "two", 2 }, { "four", 4 } };
static const struct jread_words words = { word_table, N_ELEMENTS(word_table) };
static const struct jread_range small = { -3, 3 };
static const struct jread_field inner_fields[] = {
	{ "size", jread_uint, JREAD_TO(struct id_map, size), .required = true },
};
static const struct jread_schema inner = { inner_fields, N_ELEMENTS(inner_fields), NULL };
static const struct jread_list things = { { .read = jread_object, .schema = &inner }, sizeof(struct id_map), NULL };
static const struct jread_field fields[] = {
	{ "u8", jread_uint, JREAD_TO(struct thing, u8) },
	{ "u16", jread_uint, JREAD_TO(struct thing, u16) },
	{ "u32", jread_uint, JREAD_TO(struct thing, u32), JREAD_FLAG(struct thing, has_u32) },
	{ "u64", jread_uint, JREAD_TO(struct thing, u64) },
	{ "i32", jread_int, JREAD_TO(struct thing, i32) },
	{ "i64", jread_int, JREAD_TO(struct thing, i64) },
	{ "small", jread_int, JREAD_TO(struct thing, i64), .range = &small },
	{ "opt_u64", jread_opt_u64, JREAD_TO(struct thing, opt_u64) },
	{ "opt_i64", jread_opt_i64, JREAD_TO(struct thing, opt_i64) },
	{ "opt_bool", jread_opt_bool, JREAD_TO(struct thing, opt_bool) },
	{ "flag", jread_bool, JREAD_TO(struct thing, flag) },
	{ "text", jread_string, JREAD_TO(struct thing, text), .text = no_x },
	{ "maybe", jread_string_opt, JREAD_TO(struct thing, maybe) },
	{ "list", jread_strings, JREAD_TO(struct thing, list), .text = no_x },
	{ "map", jread_map, JREAD_TO(struct thing, map), .text = no_x },
	{ "word", jread_word, JREAD_TO(struct thing, word), .words = &words },
	{ "mask", jread_mask, JREAD_TO(struct thing, mask), .words = &words },
	{ "things", jread_array, JREAD_TO(struct thing, things), .list = &things },
};
static const struct jread_schema schema = { fields, N_ELEMENTS(fields), NULL };

static int read_bytes(struct arena *a, const char *bytes, size_t len, struct thing *t, struct err *e)
{
	struct jread_doc doc = { .arena = a };
	struct jread_at top = { .doc = &doc };
	int r = jread_load(&doc, "thing", bytes, len, e);

	if (r == 0)
		r = jread_members(&top, doc.root, &schema, t, e);
	jread_done(&doc);
	return r;
}

static struct thing thing_of(const char *text)
{
	static struct arena a;
	struct thing t = { 0 };
	struct err e = { 0 };
	char *json = spec_quotes(text);

	cr_assert_eq(read_bytes(&a, json, strlen(json), &t, &e), 0, "%s: %s", text, e.text);
	free(json);
	return t;
}

Test(jread, values_arrive_in_their_members)
{
	struct thing t = thing_of("{'u8':255,'u16':65535,'u32':4294967295,'i32':-2147483648,'flag':true,'opt_bool':false,"
				  "'text':'hello','maybe':'','list':['a',''],'map':{'k':'v','n':null},'word':'two',"
				  "'mask':['one','four'],'things':[{'size':7},{'size':9}]}");

	cr_expect_eq(t.u8, 255);
	cr_expect_eq(t.u16, 65535);
	cr_expect_eq(t.u32, UINT32_MAX);
	cr_expect(t.has_u32);
	cr_expect_eq(t.i32, INT32_MIN);
	cr_expect(t.flag);
	cr_expect(t.opt_bool.set && !t.opt_bool.v);
	cr_expect_str_eq(t.text, "hello");
	cr_expect_null(t.maybe);
	cr_expect_eq(t.list.n, 2);
	cr_expect_str_eq(t.list.v[1], "");
	cr_expect_null(t.list.v[2]);
	cr_expect_eq(t.map.n, 1);
	cr_expect_str_eq(t.map.v[0].value, "v");
	cr_expect_eq(t.word, 2);
	cr_expect_eq(t.mask, 5);
	cr_expect_eq(t.things.n, 2);
	cr_expect_eq(t.things.v[1].size, 9);
}

Test(jread, null_and_unknown_properties_count_as_absent)
{
	struct thing t = thing_of("{'u32':null,'list':null,'unknown':{'u8':1},'things':null}");

	cr_expect_not(t.has_u32);
	cr_expect_eq(t.list.n, 0);
	cr_expect_eq(t.u8, 0);
}

static const struct { const char *json; uint64_t want; } wide_cases[] = {
	{ "{'u64':0}", 0 },
	{ "{'u64':9223372036854775807}", INT64_MAX },
	{ "{'u64':9223372036854775808}", UINT64_C(1) << 63 },
	{ "{'u64':18446744071562067968}", UINT64_C(0xffffffff80000000) },
	{ "{ 'u64' : 18446744073709551615 }", UINT64_MAX },
	{ "{'text':'\\\\','u64':18446744073709551615,'list':['18446744073709551615','\\'']}", UINT64_MAX },
	{ "{'unknown':[1,-2.5,18446744073709551614,{'18446744073709551613':1e3}],'u64':18446744073709551615}", UINT64_MAX },
	{ "{'u64':18446744073709551615,'unknown':[18446744073709551614,0]}", UINT64_MAX },
	{ "{'text':'18446744073709551614','unknown':[9223372036854775808,true,'\\\\'],'u64':9223372036854775809}",
	  (UINT64_C(1) << 63) + 1 },
	{ "{'u64':18446744073709551615 }", UINT64_MAX },
	{ "{'unknown':[99999999999999999999,-99999999999999999999],'u64':5}", 5 },
};

Test(jread, integers_are_exact_up_to_uint64)
{
	for (size_t i = 0; i < N_ELEMENTS(wide_cases); i++)
		cr_expect_eq(thing_of(wide_cases[i].json).u64, wide_cases[i].want, "case %zu", i);
	cr_expect_eq(thing_of("{'i64':-9223372036854775808}").i64, INT64_MIN);
	cr_expect_eq(thing_of("{'opt_i64':-9223372036854775808}").opt_i64.v, INT64_MIN);
	cr_expect_eq(thing_of("{'opt_u64':18446744073709551615}").opt_u64.v, UINT64_MAX);
}

static const struct spec_case refused[] = {
	{ "[]", "the document: must be an object" },
	{ "{'u8':256}", "u8: must be between 0 and 255" },
	{ "{'u8':-1}", "u8: must be between 0 and 255" },
	{ "{'u16':65536}", "u16: must be between 0 and 65535" },
	{ "{'u32':4294967296}", "u32: must be between 0 and 4294967295" },
	{ "{'u64':-1}", "u64: must be between 0 and 18446744073709551615" },
	{ "{'u64':18446744073709551616}", "u64: must be between 0 and 18446744073709551615" },
	{ "{'i64':9223372036854775808}", "i64: must be between -9223372036854775808 and 9223372036854775807" },
	{ "{'i64':-9223372036854775809}", "i64: must be between -9223372036854775808" },
	{ "{'opt_i64':9223372036854775808}", "opt_i64: must be between" },
	{ "{'opt_u64':-1}", "opt_u64: must be between 0" },
	{ "{'i32':2147483648}", "i32: must be between -2147483648 and 2147483647" },
	{ "{'small':4}", "small: must be between -3 and 3" },
	{ "{'small':-4}", "small: must be between -3 and 3" },
	{ "{'u64':1.0}", "u64: must be an integer" },
	{ "{'u64':1e3}", "u64: must be an integer" },
	{ "{'u64':'1'}", "u64: must be an integer" },
	{ "{'u64':true}", "u64: must be an integer" },
	{ "{'flag':1}", "flag: must be true or false" },
	{ "{'opt_bool':'true'}", "opt_bool: must be true or false" },
	{ "{'text':1}", "text: must be a string" },
	{ "{'text':18446744073709551615}", "text: must be a string" },
	{ "{'text':'axe'}", "text: must not have an x" },
	{ "{'list':'a'}", "list: must be an array" },
	{ "{'list':['a',null]}", "list[1]: must be a string" },
	{ "{'list':['a','x']}", "list[1]: must not have an x" },
	{ "{'map':[]}", "map: must be an object" },
	{ "{'map':{'a':1}}", "map.a: must be a string" },
	{ "{'map':{'a':18446744073709551615}}", "map.a: must be a string" },
	{ "{'map':{'x':'1'}}", "map.x: must not have an x" },
	{ "{'map':{'':'1'}}", "map: has an empty key" },
	{ "{'word':'three'}", "word: \"three\" is not known (known: one, two, four)" },
	{ "{'word':3}", "word: must be a string" },
	{ "{'mask':'one'}", "mask: must be an array" },
	{ "{'mask':['one','three']}", "mask[1]: \"three\" is not known" },
	{ "{'things':{}}", "things: must be an array" },
	{ "{'things':[{'size':1},{}]}", "things[1].size: is required" },
	{ "{'things':[{'size':null}]}", "things[0].size: is required" },
	{ "{'things':[3]}", "things[0]: must be an object" },
	{ "", "thing: is not valid JSON: line 1" },
	{ "{'u8':1", "thing: is not valid JSON" },
	{ "{'u8':1} 2", "thing: is not valid JSON" },
	{ "{'u8':1,'u8':2}", "duplicate object key" },
	{ "{'unknown':{'a':1,'a':2}}", "duplicate object key" },
	{ "{'text':'a\\u0000b'}", "\\u0000 is not allowed" },
	{ "{'unknown':'a\\u0000b'}", "\\u0000 is not allowed" },
	{ "{'a\\u0000b':1}", "thing: is not valid JSON" },
	{ "{'text':'\xff'}", "thing: is not valid JSON" },
	{ "{'u64':018446744073709551615}", "thing: is not valid JSON" },
	{ "{'u64':18446744073709551615x}", "thing: is not valid JSON" },
	{ "{'u64':--18446744073709551615}", "thing: is not valid JSON" },
	{ "{18446744073709551615:1}", "thing: is not valid JSON" },
	{ "{18446744073709551615 \n :1}", "thing: is not valid JSON" },
	{ "{'u64':1844674407370955161518446744073709551615.5}", "u64: must be an integer" },
	/* Grammar. */
	{ "'u8'", "thing: is not valid JSON: line 1, column 4: '[' or '{' expected near '\"u8\"'" },
	{ "{'u8'1}", "line 1, column 6: ':' expected near '1'" },
	{ "{'u8':}", "line 1, column 7: unexpected token near '}'" },
	{ "{'u8':1,}", "line 1, column 9: string or '}' expected" },
	{ "{\n'u8':1 'u16':2}", "line 2, column 12: '}' expected near '\"u16\"'" },
	{ "{'list':['a',]}", "unexpected token near ']'" },
	{ "{'list':['a' 'b']}", "']' expected near" },
	{ "{'list':['a'}", "']' expected near" },
	{ "{u8:1}", "string or '}' expected" },
	{ "{'u8':01}", "thing: is not valid JSON" },
	{ "{'u8':+1}", "invalid token near" },
	{ "{'u8':-}", "invalid token near" },
	{ "{'u8':1.}", "invalid token near" },
	{ "{'u8':.5}", "invalid token near" },
	{ "{'u8':1e}", "invalid token near" },
	{ "{'u8':1e+}", "invalid token near" },
	{ "{'u8':0x10}", "thing: is not valid JSON" },
	{ "{'flag':True}", "invalid token near" },
	{ "{'flag':truex}", "thing: is not valid JSON" },
	{ "{'flag':nul", "invalid token near" },
	{ "{'text':'a", "premature end of input" },
	{ "{'text':'a\nb'}", "unexpected newline" },
	{ "{'text':'a\tb'}", "control character 0x9" },
	{ "{'text':'\\x'}", "invalid escape" },
	{ "{'text':'\\", "invalid escape" },
	{ "{'text':'\\u12g4'}", "invalid escape" },
	{ "{'text':'\\u12", "invalid escape" },
	{ "{'text':'\\ud800'}", "invalid Unicode" },
	{ "{'text':'\\ud800\\u0041'}", "invalid Unicode" },
	{ "{'text':'\\udc00'}", "invalid Unicode" },
	{ "{'text':'\\udc00\\ud800'}", "invalid Unicode" },
	{ "{'text':'\xc0\x80'}", "unable to decode byte" },
	{ "{'text':'\xc3'}", "unable to decode byte" },
	{ "{'text':'\xe0\x80\x80'}", "unable to decode byte" },
	{ "{'text':'\xed\xa0\x80'}", "unable to decode byte" },
	{ "{'text':'\xf0\x80\x80\x80'}", "unable to decode byte" },
	{ "{'text':'\xf4\x90\x80\x80'}", "unable to decode byte" },
	{ "{'text':'\xf5\x80\x80\x80'}", "unable to decode byte" },
	{ "{'text':'\xe2\x82'}", "unable to decode byte" },
	{ "{'text':'\x80'}", "unable to decode byte" },
	{ "\xef\xbb\xbf{}", "'[' or '{' expected" },
	{ "{} {}", "end of file expected" },
	{ "{'unknown':{'\\u0061':1,'a':2}}", "duplicate object key near '\"a\"'" },
	{ "{'u64':1e999}", "real number overflow" },
	/* What stands beside an integer that jscan.c cuts stays what it was. */
	{ "{'u8' 18446744073709551615}", "line 1, column 24: ':' expected near '184467440737095516'" },
	{ "{'list':[1 18446744073709551615]}", "']' expected near '184467440737095516'" },
	{ "{'u64':18446744073709551615 0}", "'}' expected near '0'" },
	{ "{'u64':18446744073709551615\n,\n}", "line 3, column 1: string or '}' expected" },
	{ "{'u64':18446744073709551615-1}", "thing: is not valid JSON" },
	{ "{'u64':18446744073709551615.}", "thing: is not valid JSON" },
	{ "{'u64':true18446744073709551615}", "thing: is not valid JSON" },
	{ "{'u64':-018446744073709551615}", "thing: is not valid JSON" },
	{ "18446744073709551615", "'[' or '{' expected" },
};

Test(jread, what_does_not_fit_is_refused_with_its_path)
{
	for (size_t i = 0; i < N_ELEMENTS(refused); i++) {
		struct thing t = { 0 };
		struct err e = { 0 };
		auto_arena a = { 0 };
		char *json = spec_quotes(refused[i].json);

		spec_judge(i, &refused[i], read_bytes(&a, json, strlen(json), &t, &e), &e);
		free(json);
	}
}

Test(jread, strings_are_decoded)
{
	cr_expect_str_eq(thing_of("{'text':'a\\n\\t\\r\\b\\f\\/\\\\b\\u0041'}").text, "a\n\t\r\b\f/\\bA");
	cr_expect_str_eq(thing_of("{'text':'\\u00e9\\u20ac\\ud83d\\ude00'}").text, "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
	cr_expect_str_eq(thing_of("{'text':'\xc3\xa9\\n\xe2\x82\xac\xf0\x9f\x98\x80'}").text, "\xc3\xa9\n\xe2\x82\xac\xf0\x9f\x98\x80");
	cr_expect_str_eq(thing_of("{'text':'\\uDBFF\\uDFFF'}").text, "\xf4\x8f\xbf\xbf");
	cr_expect_str_eq(thing_of("{'text':''}").text, "");
	cr_expect_str_eq(thing_of("{'te\\u0078t':'k'}").text, "k");
}

Test(jread, a_key_given_twice_is_found_in_large_objects_too)
{
	auto_str s = { 0 };
	auto_arena a = { 0 };
	struct thing t = { 0 };
	struct err e = { 0 };

	str_add(&s, "{\"map\":{");
	for (int i = 0; i < 20000; i++)
		str_addf(&s, "\"key%d\":\"\",", i);
	str_add(&s, "\"last\":\"\"}}");
	cr_expect_eq(read_bytes(&a, s.s, s.len, &t, &e), 0, "%s", e.text);
	cr_expect_eq(t.map.n, 20001);
	memcpy(strstr(s.s, "\"last\""), "\"key7\"", 6);
	cr_expect_eq(read_bytes(&a, s.s, s.len, &t, &e), -EINVAL);
	cr_expect(strstr(e.text, "duplicate object key near '\"key7\"'"), "%s", e.text);
}

Test(jread, a_raw_nul_is_refused)
{
	static const char bytes[] = "{\"text\":\"a\0b\"}";
	struct thing t = { 0 };
	struct err e = { 0 };
	auto_arena a = { 0 };

	cr_expect_eq(read_bytes(&a, bytes, sizeof(bytes) - 1, &t, &e), -EINVAL);
	cr_expect_eq(read_bytes(&a, "{}\0", 3, &t, &e), -EINVAL);
	cr_expect_eq(read_bytes(&a, "{\n\"u8\":0\0}", 9, &t, &e), -EINVAL);
	cr_expect(strstr(e.text, "thing: is not valid JSON: line 2, column 7: holds a NUL byte"), "%s", e.text);
}

static int read_repeated(const char *before, const char *piece, size_t n, const char *after, struct err *e)
{
	auto_str s = { 0 };
	auto_arena a = { 0 };
	struct thing t = { 0 };

	str_add(&s, before);
	for (size_t i = 0; i < n; i++)
		str_add(&s, piece);
	str_add(&s, after);
	cr_assert_not(s.failed);
	return read_bytes(&a, s.s, s.len, &t, e);
}

Test(jread, depth_and_count_are_bounded)
{
	struct err e = { 0 };

	cr_expect_eq(read_repeated("{\"x\":", "[", 64, "", &e), -EINVAL);
	cr_expect(strstr(e.text, "thing: is nested deeper than 64 levels"), "%s", e.text);
	cr_expect_eq(read_repeated("{\"list\":[", "\"\",", 65535, "\"\"]}", &e), 0);
	cr_expect_eq(read_repeated("{\"list\":[", "\"\",", 65536, "\"\"]}", &e), -EINVAL);
	cr_expect(strstr(e.text, "list: has more than 65536 entries"), "%s", e.text);
	cr_expect_eq(read_repeated("{\"unknown\":[", "[],", 524288, "[]]}", &e), -EINVAL);
	cr_expect(strstr(e.text, "thing: holds more than 524288 values"), "%s", e.text);
	/* The object, the array and what is in it. */
	cr_expect_eq(read_repeated("{\"unknown\":[", "[],", 524285, "1]}", &e), 0, "%s", e.text);
	cr_expect_eq(read_repeated("{\"unknown\":[", "{},", 524285, "true]}", &e), 0, "%s", e.text);
	cr_expect_eq(read_repeated("{\"unknown\":[", "0,", 524286, "\"\"]}", &e), -EINVAL);
	cr_expect_eq(read_repeated("{\"unknown\":[", "null,", 524286, "-1]}", &e), -EINVAL);
	cr_expect_eq(read_repeated("{\"text\":\"", "0123456789abcdef", 1024 * 1024, "\"}", &e), -EINVAL);
	cr_expect(strstr(e.text, "thing: is larger than 16777216 bytes"), "%s", e.text);
}

Test(jread, brackets_in_strings_do_not_count)
{
	struct err e = { 0 };

	cr_expect_eq(read_repeated("{\"text\":\"", "[", 100, "\"}", &e), 0, "%s", e.text);
	cr_expect_eq(read_repeated("{\"text\":\"\\\"", "{", 100, "\"}", &e), 0, "%s", e.text);
}

Test(jread, a_full_arena_is_out_of_memory_and_no_crash)
{
	static const char json[] = "{\"text\":\"0123456789\",\"list\":[\"a\",\"b\"],\"map\":{\"a\":\"b\"},\"things\":[{\"size\":1}]}";

	for (size_t limit = 1; limit < 160; limit += 8) {
		struct thing t = { 0 };
		struct err e = { 0 };
		auto_arena a = { .limit = limit };
		int r = read_bytes(&a, json, sizeof(json) - 1, &t, &e);

		cr_expect(r == 0 || r == -ENOMEM, "limit %zu: %d %s", limit, r, e.text);
		cr_expect(limit > 1 || r == -ENOMEM);
	}
}

Test(jread, a_full_pool_is_out_of_memory_too)
{
	static const char json[] = "{\"a\":[1,2,{\"b\":null}],\"c\":\"d\",\"e\":true}";
	const struct jnode *root = NULL;

	for (size_t limit = 1; !root; limit += 8) {
		struct err e = { 0 };
		auto_arena pool = { .limit = limit };
		int r = jtree_parse(&pool, "text", json, sizeof(json) - 1, &root, &e);

		cr_expect((r == 0 && root) || (r == -ENOMEM && !root && strstr(e.text, "text: out of memory")),
			  "limit %zu: %d %s", limit, r, e.text);
		cr_assert_lt(limit, 4096);
	}
}

static void *no_malloc(size_t size)
{
	(void)size;
	cr_assert_fail("an allocator of somebody else was called");
	return NULL;
}

static void no_free(void *p)
{
	(void)p;
}

Test(jread, jansson_has_the_allocators_back_that_it_had)
{
	static const char *const texts[] = { "{\"u8\":1}", "{\"u8\":", "[\"\\u0000\"]" };
	json_malloc_t m;
	json_free_t f;

	json_set_alloc_funcs(no_malloc, no_free);
	for (size_t i = 0; i < N_ELEMENTS(texts); i++) {
		struct thing t = { 0 };
		struct err e = { 0 };
		auto_arena a = { 0 };

		cr_expect_eq(read_bytes(&a, texts[i], strlen(texts[i]), &t, &e), i ? -EINVAL : 0, "%s", e.text);
		json_get_alloc_funcs(&m, &f);
		cr_expect(m == no_malloc && f == no_free, "text %zu", i);
	}
}

Test(jread, values_of_others_survive_a_document)
{
	json_t *before = json_pack("{s:[i,s]}", "a", 1, "two"), *copy;
	char *text;

	cr_expect_eq(thing_of("{'u64':18446744073709551615}").u64, UINT64_MAX);
	copy = json_deep_copy(before);
	cr_expect(json_equal(before, copy));
	text = json_dumps(before, JSON_COMPACT);
	cr_expect_str_eq(text, "{\"a\":[1,\"two\"]}");
	free(text);
	json_decref(copy);
	json_decref(before);
}

Test(jread, a_pool_within_a_pool_is_refused)
{
	auto_arena pool = { 0 }, a = { 0 };
	struct thing t = { 0 };
	struct err e = { 0 };
	struct jpool p;

	cr_assert_eq(jpool_enter(&p, &pool, &e), 0);
	cr_expect_eq(read_bytes(&a, "{}", 2, &t, &e), -EBUSY);
	cr_expect(strstr(e.text, "thing: a JSON document is being read already"), "%s", e.text);
	jpool_leave(&p);
	cr_expect_eq(read_bytes(&a, "{}", 2, &t, &e), 0, "%s", e.text);
}

Test(jread, a_map_is_bounded)
{
	auto_str s = { 0 };
	auto_arena a = { 0 };
	struct thing t = { 0 };
	struct err e = { 0 };

	str_add(&s, "{\"map\":{");
	for (int i = 0; i < 65537; i++)
		str_addf(&s, "%s\"%d\":\"\"", i ? "," : "", i);
	str_add(&s, "}}");
	cr_expect_eq(read_bytes(&a, s.s, s.len, &t, &e), -EINVAL);
	cr_expect(strstr(e.text, "map: has more than 65536 entries"), "%s", e.text);
}

Test(jread, messages_hold_no_control_characters_and_end)
{
	struct jread_quoted q = jread_quote("a\nb\033[31m\177");
	char text[200];

	cr_expect_str_eq(q.s, "a?b?[31m?");
	memset(text, 'y', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	q = jread_quote(text);
	cr_expect(strlen(q.s) < sizeof(q.s));
	cr_expect(strstr(q.s, "yyy..."));
	/* Cut before a character of two bytes, not inside. */
	for (size_t i = 0; i + 2 < sizeof(text); i += 2)
		memcpy(text + i, "\xc3\xa9", 2);
	q = jread_quote(text + 1);
	cr_expect_neq((unsigned char)q.s[strlen(q.s) - 4], 0xc3);
}
