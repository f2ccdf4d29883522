/* SPDX-License-Identifier: Apache-2.0 */
/* What `events` says of a container's class of service, under the names that runc gives them. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/str.h"
#include "kernel/resctrl.h"

enum { SCHEMATA_ROOM = 65536 };

static void put_new(json_t *o, const char *key, json_t *v)
{
	if (v)
		(void)json_object_set_new(o, key, v); /* no memory: one figure less, as with a file that cannot be read */
}

/* The files are called as the figures are. */
static void put_text(json_t *o, int dir, const char *name)
{
	char text[256];

	if (fd_read_small(dir, name, text, sizeof(text)) > 0)
		put_new(o, name, json_string(text));
}

static bool put_number(json_t *o, int dir, const char *name)
{
	char text[64];
	uint64_t n;

	/* "Unavailable" while the counter settles. */
	if (fd_read_small(dir, name, text, sizeof(text)) <= 0 || str_u64(text, &n) < 0)
		return false;
	put_new(o, name, json_integer((json_int_t)n));
	return true;
}

static int open_dir(int at, const char *path)
{
	return openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static json_t *cache_info(int dir)
{
	json_t *o = json_object();

	put_text(o, dir, "cbm_mask");
	(void)put_number(o, dir, "min_cbm_bits");
	(void)put_number(o, dir, "num_closids");
	return o;
}

static json_t *bandwidth_info(int dir)
{
	json_t *o = json_object();

	(void)put_number(o, dir, "bandwidth_gran");
	(void)put_number(o, dir, "delay_linear");
	(void)put_number(o, dir, "min_bandwidth");
	(void)put_number(o, dir, "num_closids");
	return o;
}

/* The line of a resource in a schemata file, without the blanks that the kernel puts in front. */
static json_t *schema_of(int dir, const char *resource)
{
	auto_free char *text = malloc(SCHEMATA_ROOM);

	if (!text || fd_read_small(dir, "schemata", text, SCHEMATA_ROOM) < 0)
		return NULL;
	char *rest = text;
	for (char *line; (line = strsep(&rest, "\n"));) {
		line += strspn(line, " \t");
		if (str_starts(line, resource))
			return json_string(line);
	}
	return NULL;
}

/* One cache domain, of which a figure may be missing. */
static void add_domain(int dir, json_t *bandwidth, json_t *cache)
{
	json_t *b = json_object(), *c = json_object();
	bool total = put_number(b, dir, "mbm_total_bytes"), local = put_number(b, dir, "mbm_local_bytes");

	if (total || local)
		(void)json_array_append(bandwidth, b);
	if (put_number(c, dir, "llc_occupancy"))
		(void)json_array_append(cache, c);
	json_decref(b);
	json_decref(c);
}

/* In the order of the domains' names. */
static void put_monitors(json_t *o, int group)
{
	struct dirent **list;
	auto_fd int data = open_dir(group, "mon_data");
	json_t *bandwidth = json_array(), *cache = json_array();
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", data); /* there is a scandirat(3) in glibc only */
	int n = data < 0 ? -1 : scandir(path, &list, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		auto_fd int dir = str_starts(list[i]->d_name, "mon_L3_") ? open_dir(data, list[i]->d_name) : -1;
		if (dir >= 0)
			add_domain(dir, bandwidth, cache);
		free(list[i]);
	}
	if (n >= 0)
		free(list);
	if (json_array_size(bandwidth))
		(void)json_object_set(o, "mbm_stats", bandwidth);
	if (json_array_size(cache))
		(void)json_object_set(o, "cmt_stats", cache);
	json_decref(bandwidth);
	json_decref(cache);
}

json_t *resctrl_stats(const struct resctrl *g, const char *root)
{
	json_t *o = json_object();

	if (!g->group || !o)
		return o;
	auto_fd int top = open_dir(AT_FDCWD, root);
	auto_fd int group = open_dir(AT_FDCWD, g->group);
	auto_fd int monitor = g->monitor ? open_dir(AT_FDCWD, g->monitor) : -1;
	auto_fd int cache = open_dir(top, "info/L3");
	auto_fd int bandwidth = open_dir(top, "info/MB");
	if (cache >= 0) {
		put_new(o, "l3_cache_info", cache_info(cache));
		put_new(o, "l3_cache_schema_root", schema_of(top, "L3:"));
		put_new(o, "l3_cache_schema", schema_of(group, "L3:"));
	}
	if (bandwidth >= 0) {
		put_new(o, "mem_bw_info", bandwidth_info(bandwidth));
		put_new(o, "mem_bw_schema_root", schema_of(top, "MB:"));
		put_new(o, "mem_bw_schema", schema_of(group, "MB:"));
	}
	put_monitors(o, g->monitor ? monitor : group);
	return o;
}
