/* SPDX-License-Identifier: Apache-2.0 */
/* Where a container's cgroups are, and what is written into them: a directory of plain files stands
 * for the kernel's. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/cgroup_internal.h"

#define EXPECT_TEXT(e, part) cr_expect(strstr((e).text, part), "said: %s", (e).text)

/* ---- a tree of plain files ---- */

struct tree { char dir[64]; struct cgroup cg; struct cgroup_dir v[8]; char path[8][128]; };

static void tree_add(struct tree *t, const char *controllers, const char *name)
{
	size_t i = t->cg.n++;
	char dir[sizeof(t->dir)]; /* gcc cannot tell the two arrays of *t apart */

	memcpy(dir, t->dir, sizeof(dir));
	snprintf(t->path[i], sizeof(t->path[i]), "%s/%s", dir, name);
	cr_assert(mkdir(t->path[i], 0755) == 0 || errno == EEXIST);
	t->v[i] = (struct cgroup_dir){ controllers, t->path[i] };
	t->cg.v = t->v;
	t->cg.name = "/x";
}

static void tree_file(struct tree *t, const char *file, const char *text)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", t->dir, file);
	FILE *f = fopen(path, "w");
	cr_assert(f, "%s", path);
	fputs(text, f);
	fclose(f);
}

static const char *tree_read(struct tree *t, const char *file, char out[256])
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", t->dir, file);
	FILE *f = fopen(path, "r");
	if (!f)
		return NULL;
	size_t n = fread(out, 1, 255, f);
	out[n] = '\0';
	fclose(f);
	return out;
}

#define EXPECT_FILE(t, file, want)                                                     \
	do {                                                                           \
		char got_[256];                                                        \
		const char *g_ = tree_read(t, file, got_);                             \
		cr_expect(g_ &&strcmp(g_, want) == 0, "%s holds '%s', not '%s'", file, \
			  g_ ? g_ : "(no file)", want);                                \
	} while (0)

static void tree_make(struct tree *t, enum cgroup_mode mode)
{
	*t = (struct tree){ .dir = "/tmp/caisson-cgroup-XXXXXX" };
	cr_assert(mkdtemp(t->dir));
	t->cg.mode = mode;
}

static void tree_remove(struct tree *t)
{
	char command[128];
	pid_t pid = fork();

	snprintf(command, sizeof(command), "%s", t->dir);
	if (pid == 0) {
		execlp("rm", "rm", "-rf", command, (char *)NULL);
		_exit(127);
	}
}

/* Every v2 file that limits may touch, except devices: those need a kernel. */
static void v2_files(struct tree *t)
{
	static const char *const files[] = {
		"cpu.weight",      "cpu.max",
		"cpu.max.burst",   "cpu.idle",
		"cpuset.cpus",     "cpuset.mems",
		"memory.max",      "memory.low",
		"memory.swap.max", "pids.max",
		"io.weight",       "io.max",
		"hugetlb.2MB.max", "hugetlb.2MB.rsvd.max",
		"rdma.max",        "memory.high",
	};

	tree_add(t, "", "c");
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		char name[64];

		snprintf(name, sizeof(name), "c/%s", files[i]);
		tree_file(t, name, "");
	}
}

/* `update`: devices are left alone, so plain files will do. */
static int limit(struct tree *t, const struct resources *r, struct err *e)
{
	*e = (struct err){ 0 };
	return cgroup_limit(&t->cg, r, true, e);
}

/* ---- conversions ---- */

Test(cgroup, shares_become_the_weight_that_other_runtimes_give)
{
	static const struct { uint64_t shares, weight;
	} cases[] = {
		{ 0, 0 },         { 1, 1 },          { 2, 1 },          { 3, 2 },
		{ 10, 4 },        { 128, 21 },       { 256, 35 },       { 512, 59 },
		{ 1000, 99 },     { 1024, 100 },     { 2048, 174 },     { 4096, 303 },
		{ 100000, 4340 }, { 262143, 10000 }, { 262144, 10000 }, { UINT64_MAX, 10000 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_expect_eq(cgroup_weight_from_shares(cases[i].shares), cases[i].weight,
			     "%lu shares gave %lu", (unsigned long)cases[i].shares,
			     (unsigned long)cgroup_weight_from_shares(cases[i].shares));
}

Test(cgroup, blkio_weight_becomes_io_weight)
{
	cr_expect_eq(cgroup_io_weight_from_blkio(0), 0);
	cr_expect_eq(cgroup_io_weight_from_blkio(10), 1);
	cr_expect_eq(cgroup_io_weight_from_blkio(500), 4950);
	cr_expect_eq(cgroup_io_weight_from_blkio(1000), 10000);
}

Test(cgroup, the_sum_of_memory_and_swap_becomes_swap_alone)
{
	static const struct { int64_t limit, swap; const char *want, *says;
	} cases[] = {
		{ 100, 300, "200", NULL },
		{ 100, 100, "0", NULL },
		{ 100, -1, "max", NULL },
		{ -1, -1, "max", NULL },
		{ 100, 99, NULL, "below the memory limit" },
		{ 0, 5, NULL, "needs a memory limit" },
		{ -1, 5, NULL, "needs a memory limit" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char out[24] = "";
		struct err e = { 0 };
		int r = cgroup_swap_from_memsw(cases[i].limit, cases[i].swap, out, &e);

		cr_expect_eq(r, cases[i].want ? 0 : -EINVAL, "case %zu", i);
		if (cases[i].want)
			cr_expect_str_eq(out, cases[i].want);
		else
			EXPECT_TEXT(e, cases[i].says);
	}
}

/* ---- locating ---- */

static bool always(const char *path, bool v2)
{
	(void)path;
	(void)v2;
	return true;
}

static bool only_v1_short_names(const char *path, bool v2)
{
	return !v2 && !strchr(path, ',') && !strstr(path, "hidden");
}

static bool never(const char *path, bool v2)
{
	(void)path;
	(void)v2;
	return false;
}

static const char self_hybrid[] = "3:cpu,cpuacct:/\n2:memory:/\n1:name=systemd:/\n0::/\n";

Test(cgroup, an_absolute_path_lies_below_every_mount)
{
	auto_arena a = { 0 };
	struct cgroup_view view = { "/sys/fs/cgroup", self_hybrid, "", CGROUP_HYBRID, always };
	struct cgroup cg;
	struct err e = { 0 };

	cr_assert_eq(cgroup_locate_in(&a, &view, "/a/b/", "id", &cg, &e), 0, "%s", e.text);
	cr_assert_eq(cg.n, 4);
	cr_expect_str_eq(cg.v[0].path, "/sys/fs/cgroup/cpu,cpuacct/a/b");
	cr_expect_str_eq(cg.v[2].path, "/sys/fs/cgroup/systemd/a/b");
	cr_expect_str_eq(cg.v[3].path, "/sys/fs/cgroup/unified/a/b");
	cr_expect_str_eq(cg.name, "/a/b");
	cr_expect_str_eq(cgroup_dir_of(&cg, "cpuacct"), "/sys/fs/cgroup/cpu,cpuacct/a/b");
	cr_expect_str_eq(cgroup_unified_dir(&cg), "/sys/fs/cgroup/unified/a/b");
	cr_expect_null(cgroup_dir_of(&cg, "devices"));
}

Test(cgroup, co_mounted_controllers_are_found_by_their_first_name)
{
	auto_arena a = { 0 };
	struct cgroup_view view = { "/sys/fs/cgroup", "3:cpu,cpuacct:/\n", "", CGROUP_V1,
				    only_v1_short_names };
	struct cgroup cg;
	struct err e = { 0 };

	cr_assert_eq(cgroup_locate_in(&a, &view, "/a", "id", &cg, &e), 0);
	cr_assert_eq(cg.n, 1);
	cr_expect_str_eq(cg.v[0].path, "/sys/fs/cgroup/cpu/a");
}

Test(cgroup, an_unconventional_mount_is_found_in_mountinfo)
{
	static const char info[] =
		"31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n"
		"32 31 0:29 /docker/1 /mnt/my\\040cg rw - cgroup cgroup rw,memory\n";
	auto_arena a = { 0 };
	struct cgroup_view view = { "/sys/fs/cgroup", "3:memory:/docker/1/sub\n2:cpu:/\n", info,
				    CGROUP_V1, never };
	struct cgroup cg;
	struct err e = { 0 };

	cr_assert_eq(cgroup_locate_in(&a, &view, "/a", "id", &cg, &e), 0);
	cr_assert_eq(cg.n, 1, "what is not mounted is left out");
	cr_expect_str_eq(cg.v[0].path, "/mnt/my cg/a");
	cr_assert_eq(cgroup_locate_in(&a, &view, "rel", "id", &cg, &e), 0);
	cr_expect_str_eq(cg.v[0].path, "/mnt/my cg/sub/rel");
}

Test(cgroup, a_relative_path_lies_below_the_own_cgroup_on_v1_and_beside_it_on_v2)
{
	auto_arena a = { 0 };
	struct cgroup_view v1 = { "/sys/fs/cgroup", "3:memory:/\n", "", CGROUP_V1, always };
	struct cgroup_view v2 = { "/sys/fs/cgroup", "0::/../outside\n", "", CGROUP_V2, always };
	struct cgroup cg;
	struct err e = { 0 };

	cr_assert_eq(cgroup_locate_in(&a, &v1, "x/y", "id", &cg, &e), 0);
	cr_expect_str_eq(cg.v[0].path, "/sys/fs/cgroup/memory/x/y");
	cr_assert_eq(cgroup_locate_in(&a, &v1, NULL, "id", &cg, &e), 0);
	cr_expect_str_eq(cg.v[0].path, "/sys/fs/cgroup/memory/caisson-id");
	cr_assert_eq(cgroup_locate_in(&a, &v2, "x", "id", &cg, &e), 0);
	cr_assert_eq(cg.n, 0, "a path that is not below the mount is looked for in mountinfo");
	v2.mountinfo = "25 1 0:22 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
	cr_assert_eq(cgroup_locate_in(&a, &v2, "x", "id", &cg, &e), 0);
	cr_expect_str_eq(cg.v[0].path, "/sys/fs/cgroup/x");
	v2.self = "0::/user.slice/session-1.scope\n";
	cr_assert_eq(cgroup_locate_in(&a, &v2, "x", "id", &cg, &e), 0);
	cr_expect_str_eq(cg.v[0].path, "/sys/fs/cgroup/user.slice/x");
	cr_expect_str_eq(cg.name, "/user.slice/x");
}

Test(cgroup, a_path_that_leaves_its_place_is_refused)
{
	static const char *const bad[] = { "/",   "..",   "/a/../b", "a//b",
					   "./a", "/a/.", "/a\nb",   "../x" };
	auto_arena a = { 0 };
	struct cgroup_view view = { "/sys/fs/cgroup", self_hybrid, "", CGROUP_HYBRID, always };
	char longest[5000];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct cgroup cg = { 0 };
		struct err e = { 0 };

		cr_expect_lt(cgroup_locate_in(&a, &view, bad[i], "id", &cg, &e), 0,
			     "'%s' was taken", bad[i]);
		EXPECT_TEXT(e, "linux.cgroupsPath");
	}
	memset(longest, 'a', sizeof(longest) - 1);
	longest[0] = '/';
	longest[sizeof(longest) - 1] = '\0';
	struct cgroup cg = { 0 };
	struct err e = { 0 };
	cr_expect_eq(cgroup_locate_in(&a, &view, longest, "id", &cg, &e), -ENAMETOOLONG);
}

Test(cgroup, a_sub_cgroup_never_leaves_the_container)
{
	static const char *const bad[] = { "../x", "/x", "a/../../x", "a//b" };
	auto_arena a = { 0 };
	struct tree t;
	struct cgroup out;
	struct err e = { 0 };

	tree_make(&t, CGROUP_V1);
	tree_add(&t, "memory", "m");
	tree_add(&t, "cpu,cpuacct", "p");
	tree_add(&t, "memory", "m/kid"); /* makes the directory */
	t.cg.n = 2;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_expect_eq(cgroup_sub(&a, &t.cg, NULL, bad[i], &out, &e), -EINVAL,
			     "'%s' was taken", bad[i]);
	cr_expect_eq(cgroup_sub(&a, &t.cg, NULL, "kid", &out, &e), -ENOENT,
		     "cpu has no such child");
	cr_assert_eq(cgroup_sub(&a, &t.cg, "memory", "kid", &out, &e), 0, "%s", e.text);
	cr_expect(strstr(out.v[0].path, "/m/kid"));
	cr_expect_str_eq(out.v[1].path, t.path[1]);
	cr_expect_eq(cgroup_sub(&a, &t.cg, "pids", "kid", &out, &e), -EINVAL);
	cr_assert_eq(cgroup_sub(&a, &t.cg, NULL, "/", &out, &e), 0);
	cr_expect_str_eq(out.v[0].path, t.path[0]);
	tree_remove(&t);
}

Test(cgroup, what_is_stored_is_read_again)
{
	auto_arena a = { 0 };
	struct cgroup_dir v[] = { { "cpu,cpuacct", "/sys/fs/cgroup/cpu/x" },
				  { "", "/sys/fs/cgroup/unified/x" } };
	struct cgroup cg = { .mode = CGROUP_HYBRID, .n = 2, .v = v, .name = "/x", .rootless = true }, got;
	struct err e = { 0 };
	json_t *j = cgroup_to_json(&cg);

	cr_assert(j);
	cr_assert_eq(cgroup_from_json(&a, j, &got, &e), 0, "%s", e.text);
	cr_expect_eq(got.mode, CGROUP_HYBRID);
	cr_expect_eq(got.n, 2);
	cr_expect(got.rootless);
	cr_expect_str_eq(got.name, "/x");
	cr_expect_str_eq(got.v[0].controllers, "cpu,cpuacct");
	cr_expect_str_eq(got.v[1].path, "/sys/fs/cgroup/unified/x");
	cr_expect_null(got.unit);
	json_object_set_new(json_array_get(json_object_get(j, "dirs"), 0), "path",
			    json_string("/sys/fs/cgroup/../../etc"));
	cr_expect_eq(cgroup_from_json(&a, j, &got, &e), -EINVAL);
	json_object_set_new(j, "mode", json_string("v7"));
	cr_expect_eq(cgroup_from_json(&a, j, &got, &e), -EINVAL);
	json_decref(j);
}

Test(cgroup, the_scope_that_systemd_made_is_stored_too)
{
	auto_arena a = { 0 };
	struct cgroup_dir v[] = { { "", "/sys/fs/cgroup/x" } };
	struct cgroup got;
	struct err e = { 0 };

	for (int user = 0; user < 2; user++) {
		struct cgroup cg = { .mode = CGROUP_V2, .n = 1, .v = v, .name = "/x", .unit = "x.scope", .user_unit = user };
		json_t *j = cgroup_to_json(&cg);

		cr_assert_eq(cgroup_from_json(&a, j, &got, &e), 0, "%s", e.text);
		cr_expect_str_eq(got.unit, "x.scope");
		cr_expect_eq(got.user_unit, (bool)user);
		json_object_set_new(j, "manager", json_string("somebody"));
		cr_expect_eq(cgroup_from_json(&a, j, &got, &e), -EINVAL);
		json_decref(j);
	}
}

Test(cgroup, the_files_that_the_kernel_lists_are_given_over_and_no_others)
{
	static const struct { const char *file; bool given; } cases[] = {
		{ "d", true }, { "d/cgroup.procs", true }, { "d/memory.reclaim", true }, { "d/memory.max", false },
	};
	struct tree t;
	struct err e = { 0 };
	char path[256];

	if (geteuid() != 0)
		cr_skip_test("needs root");
	tree_make(&t, CGROUP_V2);
	tree_add(&t, "", "d");
	for (size_t i = 1; i < sizeof(cases) / sizeof(cases[0]); i++)
		tree_file(&t, cases[i].file, "");
	tree_file(&t, "outside", "");
	cr_assert_eq(cgroup_delegate_in(t.path[0], "cgroup.procs\ncgroup.threads\n\n../outside\nmemory.reclaim", 4711, &e), 0,
		     "%s", e.text);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct stat st;
		snprintf(path, sizeof(path), "%s/%s", t.dir, cases[i].file);
		cr_assert_eq(stat(path, &st), 0);
		cr_expect_eq(st.st_uid, cases[i].given ? 4711 : 0, "%s is of %u", cases[i].file, st.st_uid);
		cr_expect_eq(st.st_gid, 0, "the group stays");
	}
	struct stat st;
	snprintf(path, sizeof(path), "%s/outside", t.dir);
	cr_assert_eq(stat(path, &st), 0);
	cr_expect_eq(st.st_uid, 0, "no name leads out of the directory");
	cr_expect_lt(cgroup_delegate_in("/no/such/cgroup", "a", 1, &e), 0);
	cr_assert_eq(chmod(t.dir, 0755), 0);
	cr_assert_eq(seteuid(4711), 0);
	cr_expect_eq(cgroup_delegate_in(t.path[0], "cgroup.procs", 4712, &e), 0, "not to be able to is no error");
	cr_assert_eq(seteuid(0), 0);
	tree_remove(&t);
}

/* ---- v2 limits ---- */

Test(cgroup, v2_writes_each_limit_in_its_own_words)
{
	static const struct blkio_rate rate = { 8, 0, 1000 }, none = { 8, 16, 0 };
	static const struct hugepage_limit huge = { "2MB", 4096 };
	static const struct rdma_limit rdma = { "mlx5_0", true, true, 3, 10000 };
	static const struct key_value unified = { "memory.high", "12345" };
	struct resources r = { 0 };
	struct tree t;
	struct err e;

	tree_make(&t, CGROUP_V2);
	v2_files(&t);
	r.cpu.shares = (struct opt_u64){ true, 1024 };
	r.cpu.quota = (struct opt_i64){ true, 50000 };
	r.cpu.period = (struct opt_u64){ true, 100000 };
	r.cpu.burst = (struct opt_u64){ true, 1000 };
	r.cpu.cpus = "0-1";
	r.cpu.mems = "0";
	r.memory.limit = (struct opt_i64){ true, 1000000 };
	r.memory.swap = (struct opt_i64){ true, 3000000 };
	r.memory.reservation = (struct opt_i64){ true, 500000 };
	r.pids_limit = (struct opt_i64){ true, 0 };
	r.blkio.weight = (struct opt_u64){ true, 500 };
	r.blkio.throttle[THROTTLE_WRITE_IOPS].n = 1;
	r.blkio.throttle[THROTTLE_WRITE_IOPS].v = &rate;
	r.hugepages.n = 1;
	r.hugepages.v = &huge;
	r.rdma.n = 1;
	r.rdma.v = &rdma;
	r.unified.n = 1;
	r.unified.v = &unified;
	cr_assert_eq(limit(&t, &r, &e), 0, "%s", e.text);
	EXPECT_FILE(&t, "c/cpu.weight", "100");
	EXPECT_FILE(&t, "c/cpu.max", "50000 100000");
	EXPECT_FILE(&t, "c/cpu.max.burst", "1000");
	EXPECT_FILE(&t, "c/cpuset.cpus", "0-1");
	EXPECT_FILE(&t, "c/cpuset.mems", "0");
	EXPECT_FILE(&t, "c/memory.max", "1000000");
	EXPECT_FILE(&t, "c/memory.swap.max", "2000000");
	EXPECT_FILE(&t, "c/memory.low", "500000");
	EXPECT_FILE(&t, "c/pids.max", "0");
	EXPECT_FILE(&t, "c/io.weight", "4950");
	EXPECT_FILE(&t, "c/io.max", "8:0 wiops=1000");
	EXPECT_FILE(&t, "c/hugetlb.2MB.max", "4096");
	EXPECT_FILE(&t, "c/hugetlb.2MB.rsvd.max", "4096");
	EXPECT_FILE(&t, "c/rdma.max", "mlx5_0 hca_handle=3 hca_object=10000");
	EXPECT_FILE(&t, "c/memory.high", "12345");
	r.blkio.throttle[THROTTLE_WRITE_IOPS].v = &none;
	tree_file(&t, "c/io.max", "");
	tree_file(&t, "c/io.bfq.weight", "");
	cr_assert_eq(limit(&t, &r, &e), 0, "%s", e.text);
	EXPECT_FILE(&t, "c/io.max", "8:16 wiops=max");
	EXPECT_FILE(&t, "c/io.bfq.weight", "500");
	tree_remove(&t);
}

Test(cgroup, v2_unlimited_is_max_and_nothing_is_nothing)
{
	struct resources r = { 0 };
	struct tree t;
	struct err e;

	tree_make(&t, CGROUP_V2);
	v2_files(&t);
	r.memory.limit = (struct opt_i64){ true, -1 };
	r.pids_limit = (struct opt_i64){ true, -1 };
	r.cpu.quota = (struct opt_i64){ true, -1 };
	r.memory.kernel = (struct opt_i64){ true, -1 };
	r.memory.disable_oom_killer = (struct opt_bool){ true, false };
	r.memory.use_hierarchy = (struct opt_bool){ true, true };
	cr_assert_eq(limit(&t, &r, &e), 0, "%s", e.text);
	EXPECT_FILE(&t, "c/memory.max", "max");
	EXPECT_FILE(&t, "c/memory.swap.max", "max");
	EXPECT_FILE(&t, "c/pids.max", "max");
	EXPECT_FILE(&t, "c/cpu.max", "max");
	r = (struct resources){ 0 };
	r.memory.limit.set = r.memory.swap.set = r.cpu.quota.set = r.cpu.shares.set =
		r.cpu.period.set = r.blkio.weight.set = true;
	tree_file(&t, "c/memory.max", "");
	cr_assert_eq(limit(&t, &r, &e), 0, "%s", e.text);
	EXPECT_FILE(&t, "c/memory.max", "");
	EXPECT_FILE(&t, "c/cpu.weight", "");
	tree_remove(&t);
}

Test(cgroup, v2_keeps_the_quota_when_only_the_period_changes)
{
	struct resources r = { 0 };
	struct tree t;
	struct err e;

	tree_make(&t, CGROUP_V2);
	v2_files(&t);
	tree_file(&t, "c/cpu.max", "7000 100000\n");
	r.cpu.period = (struct opt_u64){ true, 200000 };
	cr_assert_eq(limit(&t, &r, &e), 0, "%s", e.text);
	EXPECT_FILE(&t, "c/cpu.max", "7000 200000\n");
	tree_remove(&t);
}

Test(cgroup, v2_refuses_by_name_what_only_v1_has)
{
	static const struct net_priority prio = { "eth0", 1 };
	static const struct blkio_weight leaf = { 8, 0, false, true, 0, 10 };
	struct resources r[11] = { 0 };
	static const char *const names[] = {
		"memory.kernel",           "memory.kernelTCP",    "memory.swappiness",
		"memory.disableOOMKiller", "memory.useHierarchy", "cpu.realtimeRuntime",
		"cpu.realtimePeriod",      "blockIO.leafWeight",  "blockIO.weightDevice",
		"network.classID",         "network.priorities",
	};
	struct tree t;
	struct err e;

	tree_make(&t, CGROUP_V2);
	v2_files(&t);
	r[0].memory.kernel = (struct opt_i64){ true, 5 };
	r[1].memory.kernel_tcp = (struct opt_i64){ true, 5 };
	r[2].memory.swappiness = (struct opt_u64){ true, 0 };
	r[3].memory.disable_oom_killer = (struct opt_bool){ true, true };
	r[4].memory.use_hierarchy = (struct opt_bool){ true, false };
	r[5].cpu.realtime_runtime = (struct opt_i64){ true, 5 };
	r[6].cpu.realtime_period = (struct opt_u64){ true, 5 };
	r[7].blkio.leaf_weight = (struct opt_u64){ true, 5 };
	r[8].blkio.weight_devices.n = 1;
	r[8].blkio.weight_devices.v = &leaf;
	r[9].network.class_id = (struct opt_u64){ true, 5 };
	r[10].network.priorities.n = 1;
	r[10].network.priorities.v = &prio;
	for (size_t i = 0; i < 11; i++) {
		cr_expect_eq(limit(&t, &r[i], &e), -ENOTSUP, "%s was taken", names[i]);
		EXPECT_TEXT(e, names[i]);
		EXPECT_TEXT(e, "cgroup v2");
	}
	tree_remove(&t);
}

Test(cgroup, unified_keys_are_file_names_and_nothing_else)
{
	static const struct { const char *key; int want;
	} cases[] = {
		{ "../x", -EINVAL },
		{ "/etc/x", -EINVAL },
		{ "a/b", -EINVAL },
		{ "", -EINVAL },
		{ ".", -EINVAL },
		{ "..", -EINVAL },
		{ "cgroup.procs", -EINVAL },
		{ "cgroup.kill", -EINVAL },
		{ "misc.max", -ENOENT },
	};
	struct tree t;

	tree_make(&t, CGROUP_V2);
	v2_files(&t);
	tree_file(&t, "x", "");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct key_value kv = { cases[i].key, "1" };
		struct resources r = { .unified = { 1, &kv } };
		struct err e;

		cr_expect_eq(limit(&t, &r, &e), cases[i].want, "'%s': %s", cases[i].key, e.text);
		EXPECT_TEXT(e, "resources.unified");
	}
	EXPECT_FILE(&t, "x", "");
	t.cg.mode = CGROUP_V1;
	struct key_value kv = { "memory.high", "1" };
	struct resources r = { .unified = { 1, &kv } };
	struct err e;
	cr_expect_eq(limit(&t, &r, &e), -ENOTSUP);
	EXPECT_TEXT(e, "resources.unified.memory.high");
	tree_remove(&t);
}

Test(cgroup, a_failed_update_puts_the_old_values_back)
{
	static const struct hugepage_limit huge = { "1GB", 4096 };
	static const struct blkio_rate rate = { 8, 0, 1000 };
	struct resources r = { 0 };
	struct tree t;
	struct err e;

	tree_make(&t, CGROUP_V2);
	v2_files(&t);
	tree_file(&t, "c/pids.max", "111");
	tree_file(&t, "c/memory.max", "222");
	r.pids_limit = (struct opt_i64){ true, 333 };
	r.memory.limit = (struct opt_i64){ true, 444 };
	r.blkio.throttle[THROTTLE_READ_BPS].n = 1;
	r.blkio.throttle[THROTTLE_READ_BPS].v = &rate;
	r.hugepages.n = 1;
	r.hugepages.v = &huge;
	cr_expect_eq(limit(&t, &r, &e), -ENOENT);
	EXPECT_TEXT(e, "no huge pages of 1GB");
	EXPECT_FILE(&t, "c/pids.max", "111");
	EXPECT_FILE(&t, "c/memory.max", "222");
	EXPECT_FILE(&t, "c/io.max", "8:0 rbps=max wbps=max riops=max wiops=max");
	tree_remove(&t);
}

Test(cgroup, without_a_cgroup_limits_are_refused_and_nothing_is_fine)
{
	struct cgroup cg = { .mode = CGROUP_NONE };
	struct resources r = { 0 };
	struct err e = { 0 };

	cr_expect_eq(cgroup_limit(&cg, &r, false, &e), 0);
	r.pids_limit.set = true;
	cr_expect_eq(cgroup_limit(&cg, &r, false, &e), -ENOTSUP);
	EXPECT_TEXT(e, "resources.pids");
}

/* ---- v2: handing controllers down ---- */

Test(cgroup, a_controller_that_does_not_arrive_is_named)
{
	struct resources r = { 0 };
	struct tree t;
	struct err e = { 0 };

	tree_make(&t, CGROUP_V2);
	tree_add(&t, "", "a");
	tree_file(&t, "cgroup.controllers", "cpu io rdma");
	tree_file(&t, "cgroup.subtree_control", "");
	tree_file(&t, "a/cgroup.controllers", "cpu io");
	cr_assert_eq(cgroup_v2_enable(t.dir, t.path[0], &r, &e), 0, "%s", e.text);
	EXPECT_FILE(&t, "cgroup.subtree_control", "+cpu +io");
	r.memory.limit = (struct opt_i64){ true, 1 };
	cr_expect_eq(cgroup_v2_enable(t.dir, t.path[0], &r, &e), -ENOENT);
	EXPECT_TEXT(e, "the memory controller is not available");
	tree_remove(&t);
}

/* ---- v1 limits ---- */

static void v1_tree(struct tree *t)
{
	static const char *const files[] = {
		"m/memory.limit_in_bytes",
		"m/memory.memsw.limit_in_bytes",
		"m/memory.soft_limit_in_bytes",
		"m/memory.swappiness",
		"m/memory.oom_control",
		"p/cpu.shares",
		"p/cpu.cfs_period_us",
		"p/cpu.cfs_quota_us",
		"p/cpu.cfs_burst_us",
		"p/cpu.rt_period_us",
		"p/cpu.rt_runtime_us",
		"p/cpuset.cpus",
		"p/cpuset.mems",
		"b/blkio.bfq.weight",
		"b/blkio.throttle.read_bps_device",
		"n/net_cls.classid",
		"n/net_prio.ifpriomap",
		"i/pids.max",
		"m/memory.usage_in_bytes",
	};

	tree_make(t, CGROUP_V1);
	tree_add(t, "memory", "m");
	tree_add(t, "cpu,cpuacct,cpuset", "p");
	tree_add(t, "blkio", "b");
	tree_add(t, "net_cls,net_prio", "n");
	tree_add(t, "pids", "i");
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		tree_file(t, files[i], "");
}

Test(cgroup, v1_writes_each_limit_in_its_own_words)
{
	static const struct blkio_rate rate = { 8, 0, 1000 };
	static const struct net_priority prio = { "eth0", 3 };
	struct resources r = { 0 };
	struct tree t;
	struct err e;

	v1_tree(&t);
	r.cpu.shares = (struct opt_u64){ true, 512 };
	r.cpu.quota = (struct opt_i64){ true, 50000 };
	r.cpu.period = (struct opt_u64){ true, 100000 };
	r.cpu.realtime_runtime = (struct opt_i64){ true, 1000 };
	r.cpu.realtime_period = (struct opt_u64){ true, 2000 };
	r.cpu.cpus = "0";
	r.memory.limit = (struct opt_i64){ true, 1000000 };
	r.memory.swap = (struct opt_i64){ true, 3000000 };
	r.memory.reservation = (struct opt_i64){ true, 500000 };
	r.memory.swappiness = (struct opt_u64){ true, 0 };
	r.memory.disable_oom_killer = (struct opt_bool){ true, true };
	r.pids_limit = (struct opt_i64){ true, 0 };
	r.blkio.weight = (struct opt_u64){ true, 500 };
	r.blkio.throttle[THROTTLE_READ_BPS].n = 1;
	r.blkio.throttle[THROTTLE_READ_BPS].v = &rate;
	r.network.class_id = (struct opt_u64){ true, 0x100001 };
	r.network.priorities.n = 1;
	r.network.priorities.v = &prio;
	cr_assert_eq(limit(&t, &r, &e), 0, "%s", e.text);
	EXPECT_FILE(&t, "p/cpu.shares", "512");
	EXPECT_FILE(&t, "p/cpu.cfs_quota_us", "50000");
	EXPECT_FILE(&t, "p/cpu.cfs_period_us", "100000");
	EXPECT_FILE(&t, "p/cpu.rt_runtime_us", "1000");
	EXPECT_FILE(&t, "p/cpuset.cpus", "0");
	EXPECT_FILE(&t, "m/memory.limit_in_bytes", "1000000");
	EXPECT_FILE(&t, "m/memory.memsw.limit_in_bytes", "3000000");
	EXPECT_FILE(&t, "m/memory.soft_limit_in_bytes", "500000");
	EXPECT_FILE(&t, "m/memory.swappiness", "0");
	EXPECT_FILE(&t, "m/memory.oom_control", "1");
	EXPECT_FILE(&t, "i/pids.max", "0");
	EXPECT_FILE(&t, "b/blkio.bfq.weight", "500");
	EXPECT_FILE(&t, "b/blkio.throttle.read_bps_device", "8:0 1000");
	EXPECT_FILE(&t, "n/net_cls.classid", "1048577");
	EXPECT_FILE(&t, "n/net_prio.ifpriomap", "eth0 3");
	tree_remove(&t);
}

Test(cgroup, v1_refusals_name_the_property)
{
	static const struct blkio_weight weights[] = { { 8, 0, true, false, 10, 0 } };
	static const struct hugepage_limit huge = { "2MB", 1 }, bad_size = { "../2MB", 1 };
	struct resources r[9] = { 0 };
	static const char *const says[] = {
		"memory.swap: needs a memory limit",
		"memory.swap: 5 is below the memory limit 6",
		"memory.swappiness",
		"memory.kernel: no longer supported by this kernel",
		"cpu.shares: 1 is outside",
		"blockIO.weightDevice",
		"the hugetlb controller is not mounted",
		"is not a size like 2MB",
		"is below the 900 bytes in use",
	};
	struct tree t;
	struct err e;

	v1_tree(&t);
	tree_file(&t, "m/memory.usage_in_bytes", "900");
	r[0].memory.swap = (struct opt_i64){ true, 5 };
	r[0].memory.limit = (struct opt_i64){ true, -1 };
	r[1].memory.swap = (struct opt_i64){ true, 5 };
	r[1].memory.limit = (struct opt_i64){ true, 6 };
	r[2].memory.swappiness = (struct opt_u64){ true, 101 };
	r[3].memory.kernel = (struct opt_i64){ true, 100 };
	r[4].cpu.shares = (struct opt_u64){ true, 1 };
	r[5].blkio.weight_devices.n = 1;
	r[5].blkio.weight_devices.v = weights;
	r[6].hugepages.n = 1;
	r[6].hugepages.v = &huge;
	r[7].hugepages.n = 1;
	r[7].hugepages.v = &bad_size;
	r[8].memory.limit = (struct opt_i64){ true, 800 };
	r[8].memory.check_before_update = true;
	for (size_t i = 0; i < 9; i++) {
		cr_expect_lt(limit(&t, &r[i], &e), 0, "case %zu was taken", i);
		EXPECT_TEXT(e, says[i]);
	}
	tree_remove(&t);
}
