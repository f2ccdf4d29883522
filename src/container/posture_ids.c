/* SPDX-License-Identifier: Apache-2.0 */
#include "container/posture_ids.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"

enum { MAP_FILE_MAX = 64 * 1024 };

const char *const posture_ns_names[NS_KINDS] = { "user", "cgroup", "ipc", "uts", "net", "pid", "mnt", "time" };

uint32_t posture_id(const struct posture_map *m, uint32_t inside)
{
	if (m->identity)
		return inside;
	for (size_t i = 0; i < m->n; i++)
		if (inside >= m->v[i].container && inside - m->v[i].container < m->v[i].size)
			return m->v[i].host + (inside - m->v[i].container);
	return POSTURE_UNMAPPED;
}

int posture_map_parse(const char *text, struct posture_map *out)
{
	*out = (struct posture_map){ 0 };
	while (*text) {
		unsigned long v[3];
		for (size_t i = 0; i < 3; i++) {
			char *end;
			v[i] = strtoul(text, &end, 10);
			if (end == text || v[i] > UINT32_MAX)
				return -EPROTO;
			text = end;
		}
		if (out->n == POSTURE_MAPS)
			return -E2BIG;
		out->v[out->n++] = (struct id_map){ (uint32_t)v[0], (uint32_t)v[1], (uint32_t)v[2] };
		while (*text == '\n' || *text == ' ')
			text++;
	}
	return 0;
}

static void map_copy(const struct id_maps *from, struct posture_map *out)
{
	out->identity = false;
	out->n = from->n < POSTURE_MAPS ? from->n : POSTURE_MAPS;
	if (out->n)
		memcpy(out->v, from->v, out->n * sizeof(out->v[0]));
}

static int map_read(int procfd, const char *file, struct posture_map *out, struct err *e)
{
	auto_free char *text = NULL;
	size_t len;
	int err = fd_read_file(procfd, file, MAP_FILE_MAX, &text, &len, e);

	if (err < 0)
		return err;
	return posture_map_parse(text, out) < 0 ? err_set(e, EPROTO, "/proc/PID/%s: cannot be read", file) : 0;
}

int posture_maps(const struct plan *p, int procfd, struct posture_map *uids, struct posture_map *gids, struct err *e)
{
	int err;

	switch (p->ns[NS_USER].mode) {
	case NS_NEW:
		map_copy(&p->uid_map, uids);
		map_copy(&p->gid_map, gids);
		return 0;
	case NS_JOIN:
		err = map_read(procfd, "uid_map", uids, e);
		return err < 0 ? err : map_read(procfd, "gid_map", gids, e);
	default:
		uids->identity = gids->identity = true;
		uids->n = gids->n = 0;
		return 0;
	}
}

bool posture_map_same(const struct posture_map *live, const struct id_maps *want)
{
	if (live->n != want->n)
		return false;
	for (size_t i = 0; i < want->n; i++) {
		bool found = false;
		for (size_t k = 0; k < live->n && !found; k++)
			found = live->v[k].container == want->v[i].container && live->v[k].host == want->v[i].host &&
				live->v[k].size == want->v[i].size;
		if (!found)
			return false;
	}
	return true;
}

static bool holds(const uint32_t *v, size_t n, uint32_t id)
{
	for (size_t i = 0; i < n; i++)
		if (v[i] == id)
			return true;
	return false;
}

bool posture_same_groups(const struct proc_status *s, const struct posture_map *gids, const struct ids *want)
{
	for (size_t i = 0; i < want->n; i++)
		if (!holds(s->groups, s->n_groups, posture_id(gids, want->v[i])))
			return false;
	for (size_t i = 0; i < s->n_groups; i++) {
		bool planned = false;
		for (size_t k = 0; k < want->n && !planned; k++)
			planned = posture_id(gids, want->v[k]) == s->groups[i];
		if (!planned)
			return false;
	}
	return true;
}

static bool same_inode(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

int posture_namespace(const struct plan *p, enum ns_kind kind, int nsfd, int self_nsfd)
{
	struct stat live, other;

	if (fstatat(nsfd, posture_ns_names[kind], &live, 0) < 0)
		return -errno;
	if (p->ns[kind].mode == NS_JOIN && p->ns[kind].path) {
		/* The path may be gone by now (a pinned namespace that was unmounted): then there is nothing to compare with. */
		if (stat(p->ns[kind].path, &other) < 0)
			return -errno;
		return same_inode(&live, &other);
	}
	if (fstatat(self_nsfd, posture_ns_names[kind], &other, 0) < 0)
		return -errno;
	/* Before Linux 6.1 only the children of the process that unshared it live in a new time namespace. */
	if (kind == NS_TIME && same_inode(&live, &other) && fstatat(nsfd, "time_for_children", &live, 0) < 0)
		return -errno;
	return !same_inode(&live, &other);
}
