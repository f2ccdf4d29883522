/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mounts of type "cgroup": on v2 the unified tree; on v1 a tmpfs with one directory per hierarchy and a link per further
 * controller name. With a cgroup namespace a fresh mount shows the container's own cgroup as its root; without one the
 * container's directory is bound.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "base/sys.h"
#include "kernel/cgroup_internal.h"
#include "kernel/mounts.h"

static int restrict_and_move(const struct mounts_ctx *c, int tree, const struct mount *m, int target, struct err *e)
{
	struct mount_attr attr = { .attr_set = m->attr_set, .attr_clr = m->attr_clear, .propagation = MS_PRIVATE };

	int r = stage_set_attr(c->stage, tree, false, &attr);
	return r < 0 ? err_code(e, -r, "set mount attributes") : mounts_move(c->stage, tree, target, e);
}

static int bind_dir(struct stage *s, const char *path, struct err *e)
{
	int tree = stage_clone(s, AT_FDCWD, path, false);

	return tree < 0 ? err_code(e, -tree, "bind %s", path) : tree;
}

/* Without a namespace a fresh mount would show the whole tree, and a user namespace may not make one: the container's own
 * directory is bound then, or where it has none, what the host shows. */
static int attach_v2(const struct mounts_ctx *c, const struct mount *m, enum cgroup_mode mode, int target, struct err *e)
{
	const char *own = cgroup_unified_dir(c->cgroup);
	const char *host = mode == CGROUP_V2 ? "/sys/fs/cgroup" : "/sys/fs/cgroup/unified";
	auto_fd int tree = c->cgroup_namespace ? stage_new_fs(c->stage, "cgroup2", "cgroup", NULL, 0, 0, NULL, e)
					       : bind_dir(c->stage, own ? own : host, e);

	return tree < 0 ? tree : restrict_and_move(c, tree, m, target, e);
}

/* The options of one v1 hierarchy are its controllers' names: "cpu,cpuacct", "name=systemd". */
static int open_hierarchy(const struct mounts_ctx *c, const struct cgroup_dir *d, struct err *e)
{
	if (!c->cgroup_namespace)
		return bind_dir(c->stage, d->path, e);
	if (!*d->controllers)
		return stage_new_fs(c->stage, "cgroup2", "cgroup", NULL, 0, 0, NULL, e);
	/* A named hierarchy that some init made has no other option than its name; "none" keeps controllers out of it. */
	if (str_starts(d->controllers, "name=")) {
		char data[128];
		snprintf(data, sizeof(data), "none,%s", d->controllers);
		return stage_new_fs(c->stage, "cgroup", "cgroup", data, 0, 0, NULL, e);
	}
	return stage_new_fs(c->stage, "cgroup", "cgroup", d->controllers, 0, 0, NULL, e);
}

static const char *dir_name(const struct cgroup_dir *d)
{
	if (!*d->controllers)
		return "unified";
	return str_starts(d->controllers, "name=") ? d->controllers + 5 : d->controllers;
}

/* cpu -> cpu,cpuacct and the like. */
static int link_names(int dir, const char *joined, struct err *e)
{
	char copy[128];

	if (!strchr(joined, ','))
		return 0;
	if (snprintf(copy, sizeof(copy), "%s", joined) >= (int)sizeof(copy))
		return err_code(e, ENAMETOOLONG, "controllers %s", joined);
	char *rest = copy;
	for (char *name; (name = strsep(&rest, ","));)
		if (symlinkat(joined, dir, name) < 0)
			return err_sys(e, "link %s", name);
	return 0;
}

static int attach_hierarchy(const struct mounts_ctx *c, const struct mount *m, const struct cgroup_dir *d, int dir,
			    struct err *e)
{
	const char *name = dir_name(d);
	auto_fd int tree = open_hierarchy(c, d, e);

	if (tree < 0)
		return err_wrap(e, "cgroup hierarchy %s", name);
	if (mkdirat(dir, name, 0755) < 0)
		return err_sys(e, "make directory %s", name);
	auto_fd int target = openat(dir, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (target < 0)
		return err_sys(e, "open directory %s", name);
	int r = restrict_and_move(c, tree, m, target, e);
	return r < 0 ? err_wrap(e, "cgroup hierarchy %s", name) : link_names(dir, name, e);
}

static int attach_v1(const struct mounts_ctx *c, const struct mount *m, int target, struct err *e)
{
	auto_fd int tmpfs = stage_new_fs(c->stage, "tmpfs", "tmpfs", "mode=755", 0,
					  MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, c->mount_label, e);

	if (tmpfs < 0)
		return tmpfs;
	/* Attached first: before Linux 6.15 nothing can be mounted inside a detached tree. */
	int r = mounts_move(c->stage, tmpfs, target, e);
	for (size_t i = 0; r == 0 && i < c->cgroup->n; i++)
		r = attach_hierarchy(c, m, &c->cgroup->v[i], tmpfs, e);
	if (r < 0)
		return r;
	struct mount_attr attr = { .attr_set = m->attr_set & MOUNT_ATTR_RDONLY };
	r = attr.attr_set ? stage_set_attr(c->stage, tmpfs, false, &attr) : 0;
	return r < 0 ? err_code(e, -r, "make the cgroup directory read-only") : 0;
}

int mounts_attach_cgroup(const struct mounts_ctx *c, const struct mount *m, int target, struct err *e)
{
	enum cgroup_mode mode = c->cgroup->mode == CGROUP_NONE ? cgroup_detect() : c->cgroup->mode;

	if (mode == CGROUP_V2 || strcmp(m->type, "cgroup2") == 0)
		return attach_v2(c, m, mode, target, e);
	return attach_v1(c, m, target, e);
}
