/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a container has used, in the form that engines know from runc: v1's names and units, values
 * of 0 left out where runc leaves them out. A file that a kernel does not have leaves its values
 * out.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "kernel/cgroup_internal.h"
#include "kernel/cgroup_stats.h"

enum { STAT_FILE_MAX = 4 * 1024 * 1024 };

/* ---- reading and writing values ---- */

char *cgroup_stat_text(const char *dir, const char *file)
{
	struct err ignored = { 0 }; /* a missing file is a missing value */
	char path[PATH_MAX], *text = NULL;
	size_t len;

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	return fd_read_file(AT_FDCWD, path, STAT_FILE_MAX, &text, &len, &ignored) < 0 ? NULL : text;
}

uint64_t cgroup_stat_value(const char *dir, const char *file)
{
	uint64_t v = 0;

	(void)cgroup_get_u64(dir, file, &v); /* 0 when there is no such file */
	return v;
}

/* JSON integers are signed here: "max" is the largest of them, as v1 would show it. */
json_t *cgroup_stat_json(uint64_t v)
{
	return v > INT64_MAX ? json_integer(INT64_MAX) : json_integer((json_int_t)v);
}

void cgroup_stat_put(json_t *o, const char *key, uint64_t v)
{
	(void)json_object_set_new(
		o, key, cgroup_stat_json(v)); /* memory ran out: checked once, at the end */
}

void cgroup_stat_put_if(json_t *o, const char *key, uint64_t v)
{
	if (v)
		cgroup_stat_put(o, key, v);
}

/* "key value" lines. */
uint64_t cgroup_stat_line(const char *text, const char *key)
{
	size_t len = strlen(key);

	for (const char *p = text; p && *p; p += strcspn(p, "\n"), p += *p == '\n') {
		if (strncmp(p, key, len) == 0 && p[len] == ' ')
			return strtoull(p + len + 1, NULL, 10);
	}
	return 0;
}

json_t *cgroup_stat_lines(const char *text)
{
	json_t *o = json_object();

	for (const char *p = text; o && p && *p; p += strcspn(p, "\n"), p += *p == '\n') {
		char key[64];
		size_t n = strcspn(p, " \n");

		if (p[n] != ' ' || n >= sizeof(key))
			continue;
		snprintf(key, sizeof(key), "%.*s", (int)n, p);
		cgroup_stat_put(o, key, strtoull(p + n + 1, NULL, 10));
	}
	return o;
}

json_t *cgroup_stat_memory_entry(uint64_t limit, uint64_t usage, uint64_t max, uint64_t failcnt)
{
	json_t *o = json_object();

	cgroup_stat_put(o, "limit", limit);
	cgroup_stat_put_if(o, "usage", usage);
	cgroup_stat_put_if(o, "max", max);
	cgroup_stat_put(o, "failcnt", failcnt);
	return o;
}

/* "0-3,7" -> [0,1,2,3,7] */
json_t *cgroup_stat_list(const char *text)
{
	json_t *a = json_array();

	for (const char *p = text; a && p && *p >= '0' && *p <= '9';) {
		char *end;
		unsigned long from = strtoul(p, &end, 10), to = from;

		if (*end == '-')
			to = strtoul(end + 1, &end, 10);
		for (unsigned long i = from; i <= to && i - from < 65536; i++)
			(void)json_array_append_new(a, json_integer((json_int_t)i));
		p = *end == ',' ? end + 1 : end;
	}
	return a;
}

/* ---- v1 ---- */

static json_t *numbers(const char *text)
{
	json_t *a = json_array();

	for (const char *p = text; a && p && *p;) {
		char *end;
		uint64_t v = strtoull(p, &end, 10);

		if (end == p)
			break;
		(void)json_array_append_new(a, cgroup_stat_json(v));
		p = end + strspn(end, " ");
	}
	return a;
}

/* cpuacct.usage_all: "cpu user system", then a line for each CPU. */
static void per_cpu(json_t *usage, const char *text)
{
	json_t *kernel = json_array(), *user = json_array();

	for (const char *p = text ? strchr(text, '\n') : NULL; p && p[1]; p = strchr(p + 1, '\n')) {
		uint64_t cpu, u, s;

		if (sscanf(p + 1, "%" SCNu64 " %" SCNu64 " %" SCNu64, &cpu, &u, &s) != 3)
			break;
		(void)json_array_append_new(user, cgroup_stat_json(u));
		(void)json_array_append_new(kernel, cgroup_stat_json(s));
	}
	if (json_array_size(user)) {
		(void)json_object_set(usage, "percpu_kernel", kernel);
		(void)json_object_set(usage, "percpu_user", user);
	}
	json_decref(kernel);
	json_decref(user);
}

static json_t *cpu_v1(const struct cgroup *cg)
{
	const char *acct = cgroup_dir_of(cg, "cpuacct"), *cpu = cgroup_dir_of(cg, "cpu");
	json_t *o = json_object(), *usage = json_object(), *throttling = json_object();
	uint64_t tick = 1000000000u / (uint64_t)sysconf(_SC_CLK_TCK);

	if (acct) {
		auto_free char *percpu = cgroup_stat_text(acct, "cpuacct.usage_percpu");
		auto_free char *all = cgroup_stat_text(acct, "cpuacct.usage_all");
		auto_free char *stat = cgroup_stat_text(acct, "cpuacct.stat");

		cgroup_stat_put_if(usage, "total", cgroup_stat_value(acct, "cpuacct.usage"));
		if (percpu)
			(void)json_object_set_new(usage, "percpu", numbers(percpu));
		per_cpu(usage, all);
		cgroup_stat_put(usage, "kernel", cgroup_stat_line(stat, "system") * tick);
		cgroup_stat_put(usage, "user", cgroup_stat_line(stat, "user") * tick);
	}
	if (cpu) {
		auto_free char *stat = cgroup_stat_text(cpu, "cpu.stat");

		cgroup_stat_put_if(throttling, "periods", cgroup_stat_line(stat, "nr_periods"));
		cgroup_stat_put_if(throttling, "throttledPeriods",
				   cgroup_stat_line(stat, "nr_throttled"));
		cgroup_stat_put_if(throttling, "throttledTime",
				   cgroup_stat_line(stat, "throttled_time"));
	}
	(void)json_object_set_new(o, "usage", usage);
	(void)json_object_set_new(o, "throttling", throttling);
	return o;
}

static json_t *cpuset_v1(const struct cgroup *cg)
{
	static const struct { const char *file, *key;
	} flags[] = {
		{ "cpuset.cpu_exclusive", "cpu_exclusive" },
		{ "cpuset.mem_hardwall", "mem_hardwall" },
		{ "cpuset.mem_exclusive", "mem_exclusive" },
		{ "cpuset.memory_migrate", "memory_migrate" },
		{ "cpuset.memory_spread_page", "memory_spread_page" },
		{ "cpuset.memory_spread_slab", "memory_spread_slab" },
		{ "cpuset.memory_pressure", "memory_pressure" },
		{ "cpuset.sched_load_balance", "sched_load_balance" },
	};
	const char *dir = cgroup_dir_of(cg, "cpuset");
	auto_free char *cpus = dir ? cgroup_stat_text(dir, "cpuset.cpus") : NULL;
	auto_free char *mems = dir ? cgroup_stat_text(dir, "cpuset.mems") : NULL;
	auto_free char *level =
		dir ? cgroup_stat_text(dir, "cpuset.sched_relax_domain_level") : NULL;
	json_t *o = json_object();

	if (cpus && *cpus > ' ')
		(void)json_object_set_new(o, "cpus", cgroup_stat_list(cpus));
	if (mems && *mems > ' ')
		(void)json_object_set_new(o, "mems", cgroup_stat_list(mems));
	for (size_t i = 0; i < N_ELEMENTS(flags); i++)
		cgroup_stat_put(o, flags[i].key, dir ? cgroup_stat_value(dir, flags[i].file) : 0);
	(void)json_object_set_new(o, "sched_relax_domain_level",
				  json_integer(level ? strtol(level, NULL, 10) : 0));
	return o;
}

static json_t *memory_entry_v1(const char *dir, const char *prefix)
{
	static const char *const files[] = { "limit_in_bytes", "usage_in_bytes",
					     "max_usage_in_bytes", "failcnt" };
	uint64_t v[N_ELEMENTS(files)];
	char file[64];

	for (size_t i = 0; i < N_ELEMENTS(files); i++) {
		snprintf(file, sizeof(file), "%s.%s", prefix, files[i]);
		v[i] = cgroup_stat_value(dir, file);
	}
	return cgroup_stat_memory_entry(v[0], v[1], v[2], v[3]);
}

static json_t *memory_v1(const struct cgroup *cg)
{
	static const struct { const char *key, *prefix; } entries[] = {
		{ "usage",  "memory"      }, { "swap",      "memory.memsw"    },
		{ "kernel", "memory.kmem" }, { "kernelTCP", "memory.kmem.tcp" },
	};
	const char *dir = cgroup_dir_of(cg, "memory");
	json_t *o = json_object();

	if (!dir)
		return o;
	auto_free char *stat = cgroup_stat_text(dir, "memory.stat");
	cgroup_stat_put_if(o, "cache", cgroup_stat_line(stat, "cache"));
	for (size_t i = 0; i < N_ELEMENTS(entries); i++)
		(void)json_object_set_new(o, entries[i].key,
					  memory_entry_v1(dir, entries[i].prefix));
	(void)json_object_set_new(o, "raw", cgroup_stat_lines(stat));
	return o;
}

/* "8:0 Read 123", or "8:0 123" for times and sectors; the last line, "Total", has no device. */
static json_t *blkio_entries(const char *text)
{
	json_t *a = json_array();

	for (const char *p = text; a && p && *p; p += strcspn(p, "\n"), p += *p == '\n') {
		uint64_t major, minor, value;
		char op[16] = "";
		json_t *o;

		if (sscanf(p, "%" SCNu64 ":%" SCNu64 " %15[A-Za-z] %" SCNu64, &major, &minor, op,
			   &value) != 4 &&
		    sscanf(p, "%" SCNu64 ":%" SCNu64 " %" SCNu64, &major, &minor, &value) != 3)
			continue;
		o = json_object();
		cgroup_stat_put_if(o, "major", major);
		cgroup_stat_put_if(o, "minor", minor);
		if (*op)
			(void)json_object_set_new(o, "op", json_string(op));
		cgroup_stat_put_if(o, "value", value);
		(void)json_array_append_new(a, o);
	}
	return a;
}

static json_t *blkio_v1(const struct cgroup *cg)
{
	/* The first file of a row that has entries is the one: BFQ, CFQ, and the throttle's own
	 * counters. */
	static const struct { const char *key, *files[3];
	} rows[] = {
		{ "ioServiceBytesRecursive",
		  { "blkio.bfq.io_service_bytes_recursive", "blkio.io_service_bytes_recursive",
		    "blkio.throttle.io_service_bytes_recursive" } },
		{ "ioServicedRecursive",
		  { "blkio.bfq.io_serviced_recursive", "blkio.io_serviced_recursive",
		    "blkio.throttle.io_serviced_recursive" } },
		{ "ioQueueRecursive",
		  { "blkio.bfq.io_queued_recursive", "blkio.io_queued_recursive", NULL } },
		{ "ioServiceTimeRecursive",
		  { "blkio.bfq.io_service_time_recursive", "blkio.io_service_time_recursive",
		    NULL } },
		{ "ioWaitTimeRecursive",
		  { "blkio.bfq.io_wait_time_recursive", "blkio.io_wait_time_recursive", NULL } },
		{ "ioMergedRecursive",
		  { "blkio.bfq.io_merged_recursive", "blkio.io_merged_recursive", NULL } },
		{ "ioTimeRecursive", { "blkio.bfq.time_recursive", "blkio.time_recursive", NULL } },
		{ "sectorsRecursive",
		  { "blkio.bfq.sectors_recursive", "blkio.sectors_recursive", NULL } },
	};
	const char *dir = cgroup_dir_of(cg, "blkio");
	json_t *o = json_object();

	for (size_t i = 0; dir && i < N_ELEMENTS(rows); i++) {
		for (size_t f = 0; f < 3 && rows[i].files[f]; f++) {
			auto_free char *text = cgroup_stat_text(dir, rows[i].files[f]);
			json_t *a = blkio_entries(text);

			if (json_array_size(a) > 0) {
				(void)json_object_set_new(o, rows[i].key, a);
				break;
			}
			json_decref(a);
		}
	}
	return o;
}

/* ---- both ---- */

static json_t *pids(const struct cgroup *cg)
{
	const char *dir = cgroup_dir_of(cg, "pids");
	uint64_t limit = dir ? cgroup_stat_value(dir, "pids.max") : 0;
	json_t *o = json_object();

	cgroup_stat_put_if(o, "current", dir ? cgroup_stat_value(dir, "pids.current") : 0);
	cgroup_stat_put_if(o, "limit", limit == UINT64_MAX ? 0 : limit);
	return o;
}

static json_t *hugetlb_entry(const char *dir, const char *size, bool v2)
{
	char file[64];
	json_t *o = json_object();
	uint64_t usage, max = 0, failcnt = 0;

	snprintf(file, sizeof(file), "hugetlb.%.24s.%s", size, v2 ? "current" : "usage_in_bytes");
	usage = cgroup_stat_value(dir, file);
	if (v2) {
		snprintf(file, sizeof(file), "hugetlb.%.24s.events", size);
		(void)cgroup_get_key(dir, file, "max", &failcnt); /* 0 when there is none */
	} else {
		snprintf(file, sizeof(file), "hugetlb.%.24s.max_usage_in_bytes", size);
		max = cgroup_stat_value(dir, file);
		snprintf(file, sizeof(file), "hugetlb.%.24s.failcnt", size);
		failcnt = cgroup_stat_value(dir, file);
	}
	cgroup_stat_put_if(o, "usage", usage);
	cgroup_stat_put_if(o, "max", max);
	cgroup_stat_put(o, "failcnt", failcnt);
	return o;
}

/* The page sizes are those that the directory has files for. */
static json_t *hugetlb(const struct cgroup *cg)
{
	const char *path = cgroup_dir_of(cg, "hugetlb"),
		   *suffix = cg->mode == CGROUP_V2 ? ".current" : ".usage_in_bytes";
	json_t *o = json_object();
	DIR *d = path ? opendir(path) : NULL;
	struct dirent *ent;

	while (d && (ent = readdir(d))) {
		const char *dot =
			str_starts(ent->d_name, "hugetlb.") ? strchr(ent->d_name + 8, '.') : NULL;
		char size[32];

		if (!dot || !str_eq(dot, suffix) || dot - ent->d_name - 8 >= (long)sizeof(size))
			continue;
		snprintf(size, sizeof(size), "%.*s", (int)(dot - ent->d_name - 8), ent->d_name + 8);
		(void)json_object_set_new(o, size,
					  hugetlb_entry(path, size, cg->mode == CGROUP_V2));
	}
	if (d)
		closedir(d);
	return o;
}

json_t *cgroup_stats(const struct cgroup *cg, struct err *e)
{
	bool v2 = cg->mode == CGROUP_V2;
	const char *dir = cg->mode == CGROUP_NONE ? NULL : cgroup_main_dir(cg);
	json_t *o;

	if (!dir) {
		err_set(e, ENOTSUP,
			"cgroup: this container has no cgroup, so that nothing is counted");
		return NULL;
	}
	if (access(dir, F_OK) < 0) {
		err_sys(e, "cgroup: %s", dir);
		return NULL;
	}
	o = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:{}, s:n}", "cpu",
		      v2 ? cgroup_stats_cpu_v2(dir) : cpu_v1(cg), "cpuset",
		      v2 ? cgroup_stats_cpuset_v2(dir) : cpuset_v1(cg), "memory",
		      v2 ? cgroup_stats_memory_v2(dir) : memory_v1(cg), "pids", pids(cg), "blkio",
		      v2 ? cgroup_stats_io_v2(dir) : blkio_v1(cg), "hugetlb", hugetlb(cg),
		      "intel_rdt", "network_interfaces");
	if (!o)
		err_set(e, ENOMEM, "cgroup: out of memory");
	return o;
}
