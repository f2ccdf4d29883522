/* SPDX-License-Identifier: Apache-2.0 */
/* What systemd is told: names, limits in its words, and which annotations may say anything. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "kernel/cgroup_unit.h"

#define OPT_I64(n) { .set = true, .v = (n) }
#define OPT_U64(n) { .set = true, .v = (n) }

/* ---- names ---- */

static const struct { const char *asked; bool user; const char *name, *slice, *path; } names[] = {
	{ NULL, false, "caisson-id.scope", "system.slice", "/system.slice/caisson-id.scope" },
	{ "", true, "caisson-id.scope", "user.slice", "/user.slice/caisson-id.scope" },
	{ "machine.slice:libpod:abc", false, "libpod-abc.scope", "machine.slice", "/machine.slice/libpod-abc.scope" },
	{ ":docker:abc", false, "docker-abc.scope", "system.slice", "/system.slice/docker-abc.scope" },
	{ "-.slice:a:b", false, "a-b.scope", "-.slice", "/a-b.scope" },
	{ "user.slice::b", true, "b.scope", "user.slice", "/user.slice/b.scope" },
	{ "kubepods-besteffort-podab_cd.slice:cri-containerd:1", false, "cri-containerd-1.scope",
	  "kubepods-besteffort-podab_cd.slice",
	  "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-podab_cd.slice/cri-containerd-1.scope" },
};

Test(cgroup_unit, a_path_names_a_scope_in_a_slice)
{
	for (size_t i = 0; i < N_ELEMENTS(names); i++) {
		struct arena a = { 0 };
		struct cgroup_unit u = { 0 };
		struct err e = { 0 };

		cr_assert_eq(cgroup_unit_name(&a, names[i].asked, "id", names[i].user, &u, &e), 0, "%zu: %s", i, e.text);
		cr_expect_str_eq(u.name, names[i].name);
		cr_expect_str_eq(u.slice, names[i].slice);
		cr_expect_str_eq(u.path, names[i].path);
		arena_done(&a);
	}
}

static const struct { const char *asked, *says; } bad_names[] = {
	{ "/a", "slice:prefix:name" }, { "a:b", "slice:prefix:name" }, { "a.slice:b:c:d", "slice:prefix:name" },
	{ "a.slice:b:", "slice:prefix:name" }, { "a:b:c", "invalid slice name" }, { ".slice:b:c", "invalid slice name" },
	{ "a--b.slice:b:c", "invalid slice name" }, { "-a.slice:b:c", "invalid slice name" }, { "a-.slice:b:c", "invalid slice name" },
	{ "--.slice:b:c", "invalid slice name" }, { "a/b.slice:b:c", "invalid slice name" }, { "../a.slice:b:c", "invalid slice name" },
	{ "a.slice:b:c/d", "name of a systemd unit" }, { "a.slice:b:c d", "name of a systemd unit" },
	{ "a.slice:b:c\nwait 1", "name of a systemd unit" }, { "a.slice:b@:c", "name of a systemd unit" },
	{ "a.slice::.", "name of a systemd unit" },
};

Test(cgroup_unit, a_path_that_names_none_is_refused)
{
	char longest[300] = "a.slice:b:";
	struct arena a = { 0 };
	struct cgroup_unit u = { 0 };

	for (size_t i = 0; i < N_ELEMENTS(bad_names); i++) {
		struct err e = { 0 };

		cr_expect_eq(cgroup_unit_name(&a, bad_names[i].asked, "id", false, &u, &e), -EINVAL, "%s", bad_names[i].asked);
		cr_expect(strstr(e.text, bad_names[i].says), "%s said: %s", bad_names[i].asked, e.text);
	}
	struct err e = { 0 };
	memset(longest + 10, 'x', 260);
	cr_expect_eq(cgroup_unit_name(&a, longest, "id", false, &u, &e), -EINVAL);
	cr_expect_null(u.name);
	arena_done(&a);
}

/* ---- limits ---- */

static void expect_limits(const struct resources *r, enum cgroup_mode mode, bool devices, const char *want)
{
	struct err e = { 0 };
	auto_str s = { 0 };

	cr_assert_eq(cgroup_unit_limits(&s, r, mode, devices, &e), 0, "%s", e.text);
	cr_expect_str_eq(s.s ? s.s : "", want);
}

Test(cgroup_unit, nothing_asked_is_nothing_said)
{
	const struct resources none = { 0 }, zero = { .memory = { .limit = OPT_I64(0), .swap = OPT_I64(0) }, .pids_limit = OPT_I64(0),
						      .cpu = { .quota = OPT_I64(0), .shares = OPT_U64(0), .cpus = "" } };

	expect_limits(&none, CGROUP_V2, true, "");
	expect_limits(&zero, CGROUP_V2, true, "");
	expect_limits(&none, CGROUP_HYBRID, false, "");
}

Test(cgroup_unit, limits_of_v2_in_systemds_words)
{
	const struct resources r = {
		.memory = { .limit = OPT_I64(1000), .reservation = OPT_I64(500), .swap = OPT_I64(1500) },
		.cpu = { .shares = OPT_U64(1024), .quota = OPT_I64(-1), .period = OPT_U64(20000), .cpus = "0-3,8", .mems = "0" },
		.pids_limit = OPT_I64(-1), .blkio.weight = OPT_U64(10),
	};

	expect_limits(&r, CGROUP_V2, true,
		      "t MemoryMax 1000\nt MemoryLow 500\nt MemorySwapMax 500\nay@244 AllowedCPUs 0f01\nay@244 AllowedMemoryNodes 01\n"
		      "t CPUWeight 100\nt IOWeight 1\nt@242 CPUQuotaPeriodUSec 20000\nt CPUQuotaPerSecUSec 18446744073709551615\n"
		      "t TasksMax 18446744073709551615\n");
}

Test(cgroup_unit, a_quota_is_never_less_than_asked)
{
	static const struct { int64_t quota; uint64_t period; const char *want; } cases[] = {
		{ 50000, 100000, "t CPUQuotaPerSecUSec 500000\n" }, { 25500, 50000, "t CPUQuotaPerSecUSec 510000\n" },
		{ 1001, 100000, "t CPUQuotaPerSecUSec 20000\n" },   { 1, 1000000, "t CPUQuotaPerSecUSec 10000\n" },
		{ 150000, 0, "t CPUQuotaPerSecUSec 1500000\n" },    { INT64_MAX, 1000, "t CPUQuotaPerSecUSec 18446744073709551615\n" },
	};

	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		const struct resources r = { .cpu = { .quota = OPT_I64(cases[i].quota), .period = OPT_U64(cases[i].period) } };
		struct err e = { 0 };
		auto_str s = { 0 };

		cr_assert_eq(cgroup_unit_limits(&s, &r, CGROUP_V1, false, &e), 0);
		cr_expect(strstr(s.s, cases[i].want), "%zu: %s", i, s.s);
	}
}

Test(cgroup_unit, unified_keys_are_translated_where_systemd_knows_them)
{
	static const struct key_value kv[] = {
		{ "memory.high", "4096" }, { "memory.max", "max" }, { "memory.oom.group", "1" }, { "cpu.max", "50000 100000" },
		{ "cpu.weight", "7" }, { "io.weight", "default 20" }, { "cpuset.cpus", "1" }, { "pids.max", "0" }, { "cpu.idle", "1" },
		{ "hugetlb.2MB.max", "1" }, { "memory.low", "what" },
	};
	const struct resources r = { .unified = { N_ELEMENTS(kv), kv } };

	expect_limits(&r, CGROUP_V2, true,
		      "t MemoryHigh 4096\nt MemoryMax 18446744073709551615\nt@242 CPUQuotaPeriodUSec 100000\nt CPUQuotaPerSecUSec 500000\n"
		      "t CPUWeight 7\nt IOWeight 20\nay@244 AllowedCPUs 02\nt@252 CPUWeight 0\n");
}

Test(cgroup_unit, limits_of_v1_and_its_devices)
{
	static const struct device_rule rules[] = {
		{ .allow = false, .type = 'a', .major = -1, .minor = -1, .r = true, .w = true, .m = true },
		{ .allow = true, .type = 'b', .major = 8, .minor = 1, .r = true },
		{ .allow = true, .type = 'c', .major = 226, .minor = -1, .r = true, .w = true },
		{ .allow = true, .type = 'c', .major = 77, .minor = -1, .r = true },
	};
	const struct resources r = { .devices = { N_ELEMENTS(rules), rules }, .memory.limit = OPT_I64(-1), .cpu.shares = OPT_U64(2) };
	struct err e = { 0 };
	auto_str s = { 0 };

	expect_limits(&r, CGROUP_V1, false, "t MemoryLimit 18446744073709551615\nt CPUShares 2\n");
	cr_assert_eq(cgroup_unit_limits(&s, &r, CGROUP_HYBRID, true, &e), 0);
	cr_expect(strstr(s.s, "s DevicePolicy strict\na(ss) DeviceAllow "), "%s", s.s);
	cr_expect(strstr(s.s, " /dev/block/8:1 r"), "%s", s.s);
	cr_expect(strstr(s.s, " char-drm rw"), "%s", s.s);
	cr_expect(strstr(s.s, " char-pts rwm\n"), "%s", s.s);
	cr_expect_null(strstr(s.s, "77"), "%s", s.s);
}

Test(cgroup_unit, limits_that_cannot_be_said_are_refused)
{
	const struct resources swap = { .memory = { .limit = OPT_I64(1000), .swap = OPT_I64(500) } }, cpus = { .cpu.cpus = "0-99999" };
	struct err e = { 0 };
	auto_str s = { 0 };

	cr_expect_lt(cgroup_unit_limits(&s, &swap, CGROUP_V2, true, &e), 0);
	cr_expect(strstr(e.text, "resources.memory.swap"), "%s", e.text);
	cr_expect_lt(cgroup_unit_limits(&s, &cpus, CGROUP_V2, true, &e), 0);
	cr_expect(strstr(e.text, "resources.cpu.cpus"), "%s", e.text);
}

/* ---- annotations ---- */

static const struct { const char *property, *text, *line; /* NULL: refused */ } annotations[] = {
	{ "KillSignal", "15", "i KillSignal 15\n" },
	{ "KillSignal", "int32 9", "i KillSignal 9\n" },
	{ "KillSignal", "0", NULL }, { "KillSignal", "65", NULL }, { "KillSignal", "-1", NULL }, { "KillSignal", "'SIGTERM'", NULL },
	{ "KillSignal", "", NULL }, { "KillSignal", "int32", NULL }, { "KillSignal", "15 ", NULL }, { "KillSignal", "0x9", NULL },
	{ "TimeoutStopUSec", "uint64 10000000", "t TimeoutStopUSec 10000000\n" },
	{ "TimeoutStopUSec", "18446744073709551615", "t TimeoutStopUSec 18446744073709551615\n" },
	{ "TimeoutStopUSec", "18446744073709551616", NULL }, { "TimeoutStopUSec", "uint64 uint64 1", NULL },
	{ "TimeoutStopUSec", "double 1", NULL }, { "TimeoutStopUSec", "1\nt MemoryMax 1", NULL },
	{ "TimeoutStopSec", "5", "t TimeoutStopUSec 5000000\n" }, { "TimeoutStopSec", "18446744073709551615", NULL },
	{ "CollectMode", "'inactive'", "s CollectMode inactive\n" },
	{ "CollectMode", "\"inactive-or-failed\"", "s CollectMode inactive-or-failed\n" },
	{ "CollectMode", "inactive", NULL }, { "CollectMode", "'never'", NULL }, { "CollectMode", "'inactive' ", NULL },
	{ "DefaultDependencies", "true", "b DefaultDependencies 1\n" }, { "DefaultDependencies", "false", "b DefaultDependencies 0\n" },
	{ "DefaultDependencies", "1", NULL }, { "DefaultDependencies", "yes", NULL },
	{ "Description", "'a b'", "s Description a b\n" }, { "Description", "'a\nb'", NULL }, { "Description", "'a\\nb'", NULL },
	{ "Description", "a", NULL }, { "Description", "'a", NULL }, { "Description", "'a'b", NULL }, { "Description", "'", NULL },
	{ "After", "['crio.service']", "as After crio.service\n" },
	{ "Before", "[ 'a.target', \"b@1.service\" ]", "as Before a.target b@1.service\n" },
	{ "After", "crio.service", NULL }, { "After", "['a b.service']", NULL }, { "After", "['a.service'", NULL },
	{ "After", "['a.service',]", NULL }, { "After", "['a.service'] x", NULL }, { "After", "['']", NULL }, { "After", "[]", NULL },
	{ "Wants", "['a.service']", NULL }, { "ExecStartPre", "x", NULL }, { "killsignal", "15", NULL }, { "", "15", NULL },
	{ "KillSignal ", "15", NULL },
};

Test(cgroup_unit, annotations_are_a_few_and_strictly_read)
{
	for (size_t i = 0; i < N_ELEMENTS(annotations); i++) {
		char key[128];
		struct key_value kv = { key, annotations[i].text };
		const struct key_values list = { 1, &kv };
		struct err e = { 0 };
		auto_str s = { 0 };

		snprintf(key, sizeof(key), CGROUP_UNIT_ANNOTATION "%s", annotations[i].property);
		int r = cgroup_unit_annotations(&s, &list, &e);
		if (annotations[i].line) {
			cr_expect_eq(r, 0, "%zu: %s", i, e.text);
			cr_expect_str_eq(s.s ? s.s : "", annotations[i].line, "%zu: %s", i, s.s);
		} else {
			cr_expect_lt(r, 0, "%zu: %s: %s", i, key, annotations[i].text);
			cr_expect(strstr(e.text, key), "%zu said: %s", i, e.text);
			cr_expect_eq(s.len, 0, "%zu", i);
		}
	}
}

Test(cgroup_unit, other_annotations_are_not_looked_at)
{
	static const struct key_value kv[] = { { "io.kubernetes.x", "y" }, { "org.systemd.propert", "z" } };
	const struct key_values list = { N_ELEMENTS(kv), kv };
	struct err e = { 0 };
	auto_str s = { 0 };

	cr_expect_eq(cgroup_unit_annotations(&s, &list, &e), 0);
	cr_expect_eq(s.len, 0);
}
