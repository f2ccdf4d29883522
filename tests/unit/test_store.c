/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/capname.h"
#include "policy/store.h"
#include "policy/store_table.h"
#include "policy_random.h"
#include "spec/spec.h"

enum { PLANS = 2000 };

Test(store, a_random_plan_comes_back_the_same_in_every_field)
{
	uint64_t r = UINT64_C(0x9e3779b97f4a7c15);

	for (int i = 0; i < PLANS; i++) {
		struct plan in = { 0 };
		const struct plan *out = NULL;
		auto_arena a = { 0 };
		auto_free char *text = NULL, *again = NULL;
		struct err e = { 0 };
		size_t len = 0, len_again = 0;
		const char *differs;

		fill_random(&store_plan_type, &r, &a, &in);
		cr_assert_eq(plan_write(&in, &text, &len, &e), 0, "plan %d: %s", i, e.text);
		cr_assert_eq(strlen(text), len);
		cr_assert_eq(plan_read(&a, text, len, &out, &e), 0, "plan %d: %s", i, e.text);
		differs = first_difference(&store_plan_type, &in, out);
		cr_assert_null(differs, "plan %d differs in %s", i, differs);
		cr_assert_eq(plan_write(out, &again, &len_again, &e), 0);
		cr_assert_str_eq(again, text, "plan %d: the same plan gives the same bytes", i);
	}
}

Test(store, an_empty_plan_is_an_empty_object)
{
	struct plan in = { 0 };
	const struct plan *out = NULL;
	auto_free char *text = NULL;
	auto_arena a = { 0 };
	struct err e = { 0 };
	size_t len;

	cr_assert_eq(plan_write(&in, &text, &len, &e), 0);
	cr_expect_str_eq(text, "{}");
	cr_assert_eq(plan_read(&a, text, len, &out, &e), 0);
	cr_expect_null(first_difference(&store_plan_type, &in, out));
}

static size_t kind_size(const struct store_field *f)
{
	switch (f->kind) {
	case STORE_BOOL:
	case STORE_CHAR:
		return 1;
	case STORE_MASK:
	case STORE_TEXT:
		return 8;
	case STORE_ENUM:
		return 4;
	case STORE_LIST:
		return 16;
	case STORE_STRUCT:
		return f->type->size;
	case STORE_ARRAY:
		return f->limit * f->type->size;
	default:
		return f->size;
	}
}

static void check_type(const struct store_type *t, int depth)
{
	size_t at = 0;

	cr_assert_lt(depth, 8);
	for (size_t i = 0; i < t->n; i++) {
		const struct store_field *f = &t->fields[i];
		cr_expect_eq(kind_size(f), f->size, "%s.%s has another size than its kind", t->name, f->name);
		/* In the order of the struct and without a hole that a field could hide in: a new member fails here. */
		cr_expect_geq(f->offset, at, "%s.%s is out of order", t->name, f->name);
		cr_expect_lt(f->offset - at, f->size < 8 ? f->size : 8, "%s: a member before %s is not stored", t->name, f->name);
		at = f->offset + f->size;
		if (f->type)
			check_type(f->type, depth + 1);
	}
	cr_expect_lt(t->size - at, 8, "%s: a member at the end is not stored", t->name);
}

Test(store, every_member_of_every_struct_is_in_the_table)
{
	check_type(&store_plan_type, 0);
}

Test(store, lists_of_texts_end_in_null_after_reading)
{
	static const char text[] = "{\"process\":{\"args\":[\"/bin/true\",\"x\"]}}";
	const struct plan *out = NULL;
	auto_arena a = { 0 };
	struct err e = { 0 };

	cr_assert_eq(plan_read(&a, text, strlen(text), &out, &e), 0, "%s", e.text);
	cr_expect_eq(out->process.args.n, 2);
	cr_expect_null(out->process.args.v[2]);
}

static const struct { const char *json, *says; } refused[] = {
	{ "", "stored plan: " },
	{ "[]", "is not an object" },
	{ "{\"process\":[]}", "process: is not an object" },
	{ "{\"id\":1}", "id: does not hold a valid value" },
	{ "{\"id\":\"a\",\"id\":\"b\"}", "stored plan: is not valid JSON" },
	{ "{\"id\":\"a\\u0000b\"}", "stored plan" },
	{ "{\"id\":{\"hex\":\"0\"}}", "id: " },
	{ "{\"id\":{\"hex\":\"4100\"}}", "id: " },
	{ "{\"id\":{\"hex\":\"zz\"}}", "id: " },
	{ "{\"newRestriction\":true}", "unknown member" },
	{ "{\"level\":4}", "level: does not hold" },
	{ "{\"level\":-1}", "level: does not hold" },
	{ "{\"cap_ceiling\":\"1f\"}", "cap_ceiling: " },
	{ "{\"cap_ceiling\":\"0x\"}", "cap_ceiling: " },
	{ "{\"cap_ceiling\":\"0x11111111111111111\"}", "cap_ceiling: " },
	{ "{\"cap_ceiling\":31}", "cap_ceiling: " },
	{ "{\"process\":{\"uid\":4294967296}}", "process: uid: " },
	{ "{\"process\":{\"uid\":-1}}", "process: uid: " },
	{ "{\"process\":{\"uid\":1.0}}", "process: uid: " },
	{ "{\"process\":{\"rows\":65536}}", "process: rows: " },
	{ "{\"process\":{\"rlimits\":[{\"hard\":\"18446744073709551616\"}]}}", "process: rlimits: [0]: hard: " },
	{ "{\"ns\":[]}", "ns: " },
	{ "{\"mounts\":{}}", "mounts: is not a list" },
	{ "{\"has_process\":1}", "has_process: " },
	{ "{\"devices\":[{\"type\":200}]}", "devices: [0]: type: " },
};

Test(store, bytes_that_are_no_plan_are_refused_by_name)
{
	for (size_t i = 0; i < N_ELEMENTS(refused); i++) {
		const struct plan *out = NULL;
		auto_arena a = { 0 };
		struct err e = { 0 };

		cr_expect_lt(plan_read(&a, refused[i].json, strlen(refused[i].json), &out, &e), 0, "case %zu", i);
		cr_expect(strstr(e.text, refused[i].says), "case %zu said: %s", i, e.text);
		cr_expect_null(out);
	}
}

static const struct process full = {
	.terminal = true, .rows = 24, .columns = 80,
	.args = { 2, (const char *const[]){ "/bin/sh", "-c", NULL } },
	.env = { 2, (const char *const[]){ "A=\"hard\":\"@12\"", "B=\xc3\xa9", NULL } },
	.cwd = "/srv", .uid = 4294967294u, .gid = 7, .groups = { 2, (const uint32_t[]){ 7, 4294967294u } },
	.has_umask = true, .umask = 027,
	.rlimits = { 2, (const struct process_rlimit[]){ { 7, "RLIMIT_NOFILE", 1024, UINT64_MAX },
							 { 4, "RLIMIT_CORE", 0, 0 } } },
	.has_caps = true, .caps = { .bounding = CAP_MASK_ALL, .effective = 1, .permitted = 3, .inheritable = 1, .ambient = 1 },
	.no_new_privs = true, .oom_score_adj = { true, -500 }, .apparmor = "profile",
	.scheduler = { .set = true, .policy = 3, .nice = 5, .flags = 1 },
	.io_priority = { true, 2, 4 }, .affinity_initial = "0-1", .affinity_final = "0",
};

Test(store, a_process_is_written_as_the_document_has_it)
{
	const struct process *out = NULL;
	auto_free char *text = NULL;
	auto_arena a = { 0 };
	struct err e = { 0 };
	const char *differs;
	size_t len;

	cr_assert_eq(plan_write_process(&full, &text, &len, &e), 0, "%s", e.text);
	cr_expect(strstr(text, "\"hard\":18446744073709551615"), "%s", text);
	cr_expect(strstr(text, "CAP_CHECKPOINT_RESTORE"));
	cr_assert_eq(spec_parse_process(&a, text, len, &out, &e), 0, "%s in %s", e.text, text);
	differs = first_difference(&store_process_type, &full, out);
	cr_expect_null(differs, "differs in %s: %s", differs, text);
}

Test(store, a_process_that_json_cannot_hold_is_an_error)
{
	struct process p = full;
	char *text = NULL;
	struct err e = { 0 };
	size_t len;

	p.env = (struct strings){ 1, (const char *const[]){ "A=\xff", NULL } };
	cr_expect_eq(plan_write_process(&p, &text, &len, &e), -EINVAL);
	cr_expect(strstr(e.text, "UTF-8"), "%s", e.text);
	cr_expect_null(text);
}
