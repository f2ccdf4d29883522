/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/cgroup_stats.h - what the files that read counters share. Everything returns a new
 * reference; running out of memory leaves values out.
 */
#ifndef CAISSON_KERNEL_CGROUP_STATS_H
#define CAISSON_KERNEL_CGROUP_STATS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

char *cgroup_stat_text(const char *dir, const char *file); /* malloc'd; NULL: no such file */
uint64_t cgroup_stat_value(const char *dir,
			   const char *file); /* 0: no such file; "max" = UINT64_MAX */
uint64_t cgroup_stat_line(const char *text,
			  const char *key); /* of "key value" lines; 0: no such line */
json_t *cgroup_stat_lines(const char *text);			/* all of them */
json_t *cgroup_stat_json(uint64_t v);
void cgroup_stat_put(json_t *o, const char *key, uint64_t v);
void cgroup_stat_put_if(json_t *o, const char *key, uint64_t v);	/* unless 0 */
json_t *cgroup_stat_list(const char *text);			/* "0-3,7" */
json_t *cgroup_stat_memory_entry(uint64_t limit, uint64_t usage, uint64_t max, uint64_t failcnt);

json_t *cgroup_stats_cpu_v2(const char *dir);
json_t *cgroup_stats_cpuset_v2(const char *dir);
json_t *cgroup_stats_memory_v2(const char *dir);
json_t *cgroup_stats_io_v2(const char *dir);

#endif
