/* SPDX-License-Identifier: Apache-2.0 */
/* The counters of cgroup v2 in v1's names and units, with pressure (PSI) beside them. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "kernel/cgroup_stats.h"

/* "some avg10=0.12 avg60=0.00 avg300=0.00 total=123" and the same for "full". */
static void put_pressure(json_t *o, const char *dir, const char *file)
{
	auto_free char *text = cgroup_stat_text(dir, file);
	json_t *psi = json_object();

	for (const char *p = text; p && *p; p += strcspn(p, "\n"), p += *p == '\n') {
		char kind[8];
		unsigned v[3][2];
		uint64_t total;

		/* By hand: the locale must not decide what a decimal point is. */
		if (sscanf(p, "%7s avg10=%u.%u avg60=%u.%u avg300=%u.%u total=%" SCNu64, kind,
			   &v[0][0], &v[0][1], &v[1][0], &v[1][1], &v[2][0], &v[2][1], &total) != 8)
			continue;
		(void)json_object_set_new(
			psi, kind,
			json_pack("{s:f, s:f, s:f, s:o}", "avg10", v[0][0] + v[0][1] / 100.0,
				  "avg60", v[1][0] + v[1][1] / 100.0, "avg300",
				  v[2][0] + v[2][1] / 100.0, "total", cgroup_stat_json(total)));
	}
	if (json_object_size(psi) > 0)
		(void)json_object_set(o, "psi", psi);
	json_decref(psi);
}

json_t *cgroup_stats_cpu_v2(const char *dir)
{
	auto_free char *stat = cgroup_stat_text(dir, "cpu.stat");
	json_t *o = json_object(), *usage = json_object(), *throttling = json_object();

	cgroup_stat_put_if(usage, "total", cgroup_stat_line(stat, "usage_usec") * 1000);
	cgroup_stat_put(usage, "kernel", cgroup_stat_line(stat, "system_usec") * 1000);
	cgroup_stat_put(usage, "user", cgroup_stat_line(stat, "user_usec") * 1000);
	cgroup_stat_put_if(throttling, "periods", cgroup_stat_line(stat, "nr_periods"));
	cgroup_stat_put_if(throttling, "throttledPeriods", cgroup_stat_line(stat, "nr_throttled"));
	cgroup_stat_put_if(throttling, "throttledTime",
			   cgroup_stat_line(stat, "throttled_usec") * 1000);
	(void)json_object_set_new(o, "usage", usage);
	(void)json_object_set_new(o, "throttling", throttling);
	put_pressure(o, dir, "cpu.pressure");
	return o;
}

json_t *cgroup_stats_cpuset_v2(const char *dir)
{
	static const char *const none[] = {
		"cpu_exclusive",   "mem_hardwall",       "mem_exclusive",
		"memory_migrate",  "memory_spread_page", "memory_spread_slab",
		"memory_pressure", "sched_load_balance", "sched_relax_domain_level",
	};
	auto_free char *cpus = cgroup_stat_text(dir, "cpuset.cpus.effective");
	auto_free char *mems = cgroup_stat_text(dir, "cpuset.mems.effective");
	json_t *o = json_object();

	if (cpus && *cpus > ' ')
		(void)json_object_set_new(o, "cpus", cgroup_stat_list(cpus));
	if (mems && *mems > ' ')
		(void)json_object_set_new(o, "mems", cgroup_stat_list(mems));
	for (size_t i = 0; i < N_ELEMENTS(none); i++)
		cgroup_stat_put(o, none[i], 0);
	return o;
}

json_t *cgroup_stats_memory_v2(const char *dir)
{
	auto_free char *stat = cgroup_stat_text(dir, "memory.stat");
	auto_free char *events = cgroup_stat_text(dir, "memory.events");
	auto_free char *swap_events = cgroup_stat_text(dir, "memory.swap.events");
	uint64_t limit = cgroup_stat_value(dir, "memory.max"),
		 usage = cgroup_stat_value(dir, "memory.current");
	uint64_t swap_limit = cgroup_stat_value(dir, "memory.swap.max"),
		 swap = cgroup_stat_value(dir, "memory.swap.current");
	json_t *o = json_object();

	/* v1 counts memory and swap together. */
	swap_limit =
		swap_limit == UINT64_MAX || limit == UINT64_MAX ? UINT64_MAX : swap_limit + limit;
	cgroup_stat_put_if(o, "cache", cgroup_stat_line(stat, "file"));
	(void)json_object_set_new(o, "usage",
				  cgroup_stat_memory_entry(limit, usage,
							   cgroup_stat_value(dir, "memory.peak"),
							   cgroup_stat_line(events, "max")));
	(void)json_object_set_new(o, "swap",
				  cgroup_stat_memory_entry(swap_limit, swap + usage, 0,
							   cgroup_stat_line(swap_events, "fail")));
	(void)json_object_set_new(
		o, "kernel", cgroup_stat_memory_entry(0, cgroup_stat_line(stat, "kernel"), 0, 0));
	(void)json_object_set_new(o, "kernelTCP", cgroup_stat_memory_entry(0, 0, 0, 0));
	(void)json_object_set_new(o, "raw", cgroup_stat_lines(stat));
	put_pressure(o, dir, "memory.pressure");
	return o;
}

static void append_io(json_t *a, uint64_t major, uint64_t minor, const char *op, uint64_t value)
{
	json_t *o = json_object();

	cgroup_stat_put_if(o, "major", major);
	cgroup_stat_put_if(o, "minor", minor);
	(void)json_object_set_new(o, "op", json_string(op));
	cgroup_stat_put_if(o, "value", value);
	(void)json_array_append_new(a, o);
}

/* io.stat: "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6" */
json_t *cgroup_stats_io_v2(const char *dir)
{
	static const struct { const char *key, *op; bool bytes;
	} words[] = {
		{ "rbytes=", "Read", true },    { "wbytes=", "Write", true },
		{ "dbytes=", "Discard", true }, { "rios=", "Read", false },
		{ "wios=", "Write", false },    { "dios=", "Discard", false },
	};
	auto_free char *text = cgroup_stat_text(dir, "io.stat");
	json_t *o = json_object(), *bytes = json_array(), *serviced = json_array();

	for (char *p = text; p && *p;) {
		char *next = p + strcspn(p, "\n");
		uint64_t major, minor;

		if (*next)
			*next++ = '\0';
		if (sscanf(p, "%" SCNu64 ":%" SCNu64, &major, &minor) == 2) {
			for (size_t i = 0; i < N_ELEMENTS(words); i++) {
				const char *w = strstr(p, words[i].key);

				if (w)
					append_io(words[i].bytes ? bytes : serviced, major, minor,
						  words[i].op,
						  strtoull(w + strlen(words[i].key), NULL, 10));
			}
		}
		p = next;
	}
	if (json_array_size(bytes) > 0)
		(void)json_object_set(o, "ioServiceBytesRecursive", bytes);
	if (json_array_size(serviced) > 0)
		(void)json_object_set(o, "ioServicedRecursive", serviced);
	json_decref(bytes);
	json_decref(serviced);
	put_pressure(o, dir, "io.pressure");
	return o;
}
