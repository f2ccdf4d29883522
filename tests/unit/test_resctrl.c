/* SPDX-License-Identifier: Apache-2.0 */
/* Against a directory that looks like resctrl: what is written where, what is refused, what is left. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "kernel/resctrl.h"

static char root[64];

static const char *at(const char *rest)
{
	static char path[4][256];
	static unsigned turn;

	snprintf(path[++turn % 4], sizeof(path[0]), "%s/%s", root, rest);
	return path[turn % 4];
}

static void put(const char *file, const char *text)
{
	int fd = open(at(file), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	cr_assert_geq(fd, 0);
	cr_assert_eq(fd_write_all(fd, text, strlen(text)), 0);
	close(fd);
}

static const char *get(const char *file)
{
	static char text[512];

	memset(text, 0, sizeof(text));
	cr_assert_geq(fd_read_small(AT_FDCWD, at(file), text, sizeof(text)), 0, "%s", file);
	return text;
}

/* The kernel makes the files of a class with its directory; here they are there before. */
static void make_class(const char *name, const char *schemata)
{
	char file[128];

	cr_assert_eq(mkdir(at(name), 0700), 0);
	snprintf(file, sizeof(file), "%s/schemata", name);
	put(file, schemata);
	snprintf(file, sizeof(file), "%s/tasks", name);
	put(file, "");
}

static void setup(void)
{
	snprintf(root, sizeof(root), "/tmp/caisson-test-resctrl-XXXXXX");
	cr_assert_not_null(mkdtemp(root));
	put("schemata", "    L3:0=fffff;1=fffff\n    MB:0= 100;1= 100\n");
	put("tasks", "");
	cr_assert_eq(mkdir(at("info"), 0700), 0);
	cr_assert_eq(mkdir(at("mon_groups"), 0700), 0);
	put("info/last_cmd_status", "ok\n");
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	(void)st;
	(void)kind;
	(void)where;
	return remove(path);
}

static void teardown(void)
{
	nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

TestSuite(resctrl, .init = setup, .fini = teardown);

static struct resctrl locate(struct arena *a, const char *id, const struct intel_rdt *want)
{
	struct resctrl g = { 0 };
	struct err e = { 0 };

	cr_assert_eq(resctrl_locate(a, root, id, want, &g, &e), 0, "%s", e.text);
	return g;
}

Test(resctrl, the_class_is_named_after_the_container_the_closid_or_nobody)
{
	auto_arena a = { 0 };
	const struct intel_rdt none = { .set = true }, named = { .set = true, .clos_id = "gold" },
			       root_class = { .set = true, .clos_id = "/", .monitoring = true };
	struct resctrl g = locate(&a, "c1", &none);

	cr_expect_str_eq(g.group, at("c1"));
	cr_expect(g.own);
	cr_expect_null(g.monitor);
	g = locate(&a, "c1", &named);
	cr_expect_str_eq(g.group, at("gold"));
	cr_expect_not(g.own);
	g = locate(&a, "c1", &root_class);
	cr_expect_str_eq(g.group, root);
	cr_expect_str_eq(g.monitor, at("mon_groups/c1"));
	cr_expect_not(g.own);
}

Test(resctrl, names_of_the_kernels_own_are_refused)
{
	auto_arena a = { 0 };
	const struct intel_rdt none = { .set = true }, named = { .set = true, .clos_id = "mon_data" };
	struct resctrl g;
	struct err e = { 0 };

	cr_expect_eq(resctrl_locate(&a, root, "info", &none, &g, &e), -EINVAL);
	cr_expect_eq(resctrl_locate(&a, root, "c1", &named, &g, &e), -EINVAL);
	cr_expect(strstr(e.text, "mon_data"), "%s", e.text);
}

Test(resctrl, shares_are_written_and_the_process_joins)
{
	auto_arena a = { 0 };
	const struct intel_rdt want = { .set = true, .l3_schema = "L3:0=f;1=f0", .monitoring = true };
	struct err e = { 0 };

	make_class("c1", "");
	cr_assert_eq(mkdir(at("c1/mon_groups"), 0700), 0);
	make_class("c1/mon_groups/c1", "");
	struct resctrl g = locate(&a, "c1", &want);
	cr_expect_not(g.own, "it was there before");
	cr_assert_eq(resctrl_make(&g, &want, &e), 0, "%s", e.text);
	cr_expect_str_eq(get("c1/schemata"), "L3:0=f;1=f0");
	cr_assert_eq(resctrl_join(&g, 4711, &e), 0, "%s", e.text);
	cr_expect_str_eq(get("c1/tasks"), "4711");
	cr_expect_str_eq(get("c1/mon_groups/c1/tasks"), "4711");
	cr_expect_str_eq(get("tasks"), "");
}

Test(resctrl, an_update_writes_what_is_given)
{
	auto_arena a = { 0 };
	const struct intel_rdt want = { .set = true }, more = { .set = true, .mb_schema = "MB:0=50" };
	struct resctrl none = { 0 };
	struct err e = { 0 };

	make_class("c1", "");
	struct resctrl g = locate(&a, "c1", &want);
	cr_assert_eq(resctrl_update(&g, &more, &e), 0, "%s", e.text);
	cr_expect_str_eq(get("c1/schemata"), "MB:0=50");
	cr_expect_eq(resctrl_update(&none, &more, &e), -ENOTSUP);
}

Test(resctrl, what_was_made_is_gone_after_a_failure)
{
	auto_arena a = { 0 };
	const struct intel_rdt want = { .set = true, .l3_schema = "L3:0=f" };
	struct resctrl g = locate(&a, "c1", &want);
	struct err e = { 0 };

	put("info/last_cmd_status", "non-hex character in the mask f\n");
	cr_expect_eq(resctrl_make(&g, &want, &e), -ENOENT, "this class has no schemata file");
	cr_expect(strstr(e.text, "linux.intelRdt: write \"L3:0=f\""), "%s", e.text);
	cr_expect(strstr(e.text, "non-hex character"), "%s", e.text);
	cr_expect_eq(access(g.group, F_OK), -1);
}

Test(resctrl, a_named_class_must_be_there_or_come_with_a_schema)
{
	auto_arena a = { 0 };
	const struct intel_rdt want = { .set = true, .clos_id = "gold" };
	struct resctrl g = locate(&a, "c1", &want);
	struct err e = { 0 };

	cr_expect_eq(resctrl_make(&g, &want, &e), -ENOENT);
	cr_expect(strstr(e.text, "linux.intelRdt.closID"), "%s", e.text);
	cr_expect_eq(access(g.group, F_OK), -1);
	make_class("gold", "L3:0=f\n");
	cr_expect_eq(resctrl_make(&g, &want, &e), 0);
	cr_expect_str_eq(get("gold/schemata"), "L3:0=f");
}

static const struct { const char *l3, *mb, *line; int r; } compared[] = {
	{ "L3:0=fffff;1=fffff", NULL, NULL, 0 },
	{ "L3:1=fffff;0=fffff", NULL, NULL, 0 },
	{ "L3:0=0fffff", "MB:0=100;1=100", NULL, 0 },
	{ NULL, "MB:1=100", "L3:0=fffff", 0 },
	{ "L3:0=ffff0", NULL, NULL, -EEXIST },
	{ "L3:0=fffff;1=f", NULL, NULL, -EEXIST },
	{ "L3:2=fffff", NULL, NULL, -EEXIST },
	{ NULL, "MB:0=10", NULL, -EEXIST },
	{ NULL, NULL, "L2:0=f", -EEXIST },
	{ NULL, NULL, "L3", -EEXIST },
	{ NULL, NULL, "L3:x", -EEXIST },
	{ NULL, NULL, "L3:0=fffff x", -EEXIST },
};

Test(resctrl, a_named_class_that_is_there_must_have_the_same_shares)
{
	for (size_t i = 0; i < N_ELEMENTS(compared); i++) {
		auto_arena a = { 0 };
		const char *lines[] = { compared[i].line, NULL };
		const struct intel_rdt want = { .set = true, .clos_id = "/", .l3_schema = compared[i].l3,
						.mb_schema = compared[i].mb, .schemata = { compared[i].line != NULL, lines } };
		struct resctrl g = locate(&a, "c1", &want);
		struct err e = { 0 };

		cr_expect_eq(resctrl_make(&g, &want, &e), compared[i].r, "case %zu: %s", i, e.text);
	}
	cr_expect_str_eq(get("schemata"), "    L3:0=fffff;1=fffff\n    MB:0= 100;1= 100");
}

Test(resctrl, only_its_own_class_ends_with_the_container)
{
	const struct resctrl own = { .group = at("c1"), .monitor = at("mon_groups/c1"), .own = true };
	const struct resctrl named = { .group = at("gold"), .own = false };
	struct err e = { 0 };

	mkdir(own.group, 0700);
	mkdir(own.monitor, 0700);
	mkdir(named.group, 0700);
	cr_expect_eq(resctrl_remove(&own, &e), 0, "%s", e.text);
	cr_expect_eq(resctrl_remove(&named, &e), 0, "%s", e.text);
	cr_expect_eq(access(own.group, F_OK), -1);
	cr_expect_eq(access(own.monitor, F_OK), -1);
	cr_expect_eq(access(named.group, F_OK), 0);
	cr_expect_eq(resctrl_remove(&own, &e), 0, "twice is once");
}

Test(resctrl, without_the_file_system_it_is_an_error)
{
	struct err e = { 0 };

	if (access(RESCTRL_ROOT "/schemata", F_OK) == 0)
		cr_skip_test("this host has resctrl");
	cr_expect_eq(resctrl_check(&e), -ENOTSUP);
	cr_expect(strstr(e.text, "linux.intelRdt: there is no resctrl"), "%s", e.text);
}

static const char *text_of(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "-";
}

Test(resctrl, the_figures_of_a_class_have_runcs_names)
{
	static const char *const dirs[] = { "info", "info/L3", "info/MB", "c1/mon_data", "c1/mon_data/mon_L3_00", "c1/mon_data/mon_L3_01" };
	char group[256];
	const struct resctrl c = { .group = group }, none = { 0 };

	snprintf(group, sizeof(group), "%s/c1", root);
	make_class("c1", "    MB:0=50;1=20\n    L3:0=f;1=f0\n");
	put("schemata", "    MB:0=100;1=100\n    L3:0=ff;1=ff\n");
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		cr_assert(mkdir(at(dirs[i]), 0700) == 0 || errno == EEXIST);
	put("info/L3/cbm_mask", "ff\n");
	put("info/L3/min_cbm_bits", "1\n");
	put("info/L3/num_closids", "16\n");
	put("info/MB/bandwidth_gran", "10\n");
	put("info/MB/min_bandwidth", "10\n");
	put("c1/mon_data/mon_L3_00/llc_occupancy", "4096\n");
	put("c1/mon_data/mon_L3_00/mbm_total_bytes", "7\n");
	put("c1/mon_data/mon_L3_00/mbm_local_bytes", "3\n");
	put("c1/mon_data/mon_L3_01/llc_occupancy", "Unavailable\n");

	json_t *o = resctrl_stats(&c, root), *empty = resctrl_stats(&none, root);
	cr_expect_eq(json_object_size(empty), 0);
	cr_expect_str_eq(text_of(json_object_get(o, "l3_cache_info"), "cbm_mask"), "ff");
	cr_expect_eq(json_integer_value(json_object_get(json_object_get(o, "l3_cache_info"), "num_closids")), 16);
	cr_expect_eq(json_integer_value(json_object_get(json_object_get(o, "mem_bw_info"), "bandwidth_gran")), 10);
	cr_expect_str_eq(text_of(o, "l3_cache_schema_root"), "L3:0=ff;1=ff");
	cr_expect_str_eq(text_of(o, "l3_cache_schema"), "L3:0=f;1=f0");
	cr_expect_str_eq(text_of(o, "mem_bw_schema_root"), "MB:0=100;1=100");
	cr_expect_str_eq(text_of(o, "mem_bw_schema"), "MB:0=50;1=20");
	cr_expect_eq(json_array_size(json_object_get(o, "mbm_stats")), 1, "the second domain says nothing");
	cr_expect_eq(json_integer_value(json_object_get(json_array_get(json_object_get(o, "mbm_stats"), 0), "mbm_local_bytes")), 3);
	cr_expect_eq(json_array_size(json_object_get(o, "cmt_stats")), 1);
	json_decref(o);
	json_decref(empty);
}
