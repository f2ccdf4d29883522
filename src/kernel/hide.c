/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Masked and read-only paths (OCI linux.maskedPaths, readonlyPaths).
 *
 * A masked directory is covered by one empty read-only tmpfs that all of them share; a masked file by the container's own
 * /dev/null, which is verified to be character device 1:3 first (CVE-2025-31133). What does not exist needs no mask. Below the
 * procfs and sysfs that we mounted it is looked for in these, not by name: who exchanges /proc with a link meanwhile (a root
 * that two containers share) would make "does not exist" of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>

#include "base/fault.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "base/sys.h"
#include "kernel/rootfs.h"

struct covers { struct stage *stage; int empty, null, proc, sys; };

static void covers_close(struct covers *c)
{
	fd_close(&c->empty);
	fd_close(&c->null);
	fd_close(&c->proc);
	fd_close(&c->sys);
}

/* The mount of that type that the document has there; -1 in out when it has none. */
static int open_place(const struct plan *p, int root, const char *at, const char *type, long magic, int *out, struct err *e)
{
	struct statfs fs;
	bool ours = false;

	for (size_t i = 0; i < p->mounts.n; i++) {
		const struct mount *m = &p->mounts.v[i];
		if (!m->remount && strcmp(m->destination, at) == 0)
			ours = !m->bind && m->type && strcmp(m->type, type) == 0;
	}
	if (!ours)
		return 0;
	auto_fd int fd = path_probe_nolink(root, at, O_PATH | O_DIRECTORY);
	if (fd < 0)
		return err_code(e, -fd, "%s", at);
	if (fstatfs(fd, &fs) < 0 || (long)fs.f_type != magic)
		return err_set(e, EPERM, "%s: is no longer the %s that was mounted there", at, type);
	*out = fd_take(&fd);
	return 0;
}

static int open_places(const struct plan *p, int root, struct covers *c, struct err *e)
{
	int r = 0;

	if (p->readonly_paths.n || p->masked_paths.n)
		r = open_place(p, root, "/proc", "proc", PROC_SUPER_MAGIC, &c->proc, e);
	if (r == 0 && (p->readonly_paths.n || p->masked_paths.n))
		r = open_place(p, root, "/sys", "sysfs", SYSFS_MAGIC, &c->sys, e);
	return r;
}

static int probe(const struct covers *c, int root, const char *path)
{
	bool climbs = strstr(path, "..") != NULL;

	if (c->proc >= 0 && !climbs && str_starts(path, "/proc/"))
		return path_probe_in(c->proc, path + sizeof("/proc/") - 1, O_PATH);
	if (c->sys >= 0 && !climbs && str_starts(path, "/sys/"))
		return path_probe_in(c->sys, path + sizeof("/sys/") - 1, O_PATH);
	return path_probe_in(root, path, O_PATH);
}

static int open_empty(struct stage *s, struct err *e)
{
	const unsigned attr = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;

	return stage_new_fs(s, "tmpfs", "tmpfs", "size=0,nr_inodes=2,mode=555", 0, attr, NULL, e);
}

static int open_null(int root, struct err *e)
{
	struct stat st;
	auto_fd int fd = path_probe_in(root, "/dev/null", O_PATH);

	if (fd < 0)
		return err_code(e, -fd, "/dev/null in the container (masked files are covered with it)");
	if (fstat(fd, &st) < 0 || !S_ISCHR(st.st_mode) || st.st_rdev != makedev(1, 3))
		return err_set(e, ENODEV, "/dev/null in the container is not the null device: refusing to mask files with it");
	return fd_take(&fd);
}

/* The clone is made read-only, noexec and nosuid before it is attached: a mask that could be written to is none. */
static int clone_cover(struct stage *s, int from, bool directory, struct err *e)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NOSUID };
	auto_fd int tree = stage_clone(s, from, "", false);

	if (tree < 0)
		return err_code(e, -tree, "clone the cover");
	/* The copy of the directory's cover has its attributes already, but for what a bind of mount(2) forgets. */
	int r = !directory || s->old ? stage_set_attr(s, tree, false, &attr) : 0;
	return r < 0 ? err_code(e, -r, "restrict the cover") : fd_take(&tree);
}

static int mask_one(const char *path, int root, struct covers *c, struct err *e)
{
	struct stat st;
	auto_fd int target = probe(c, root, path);

	if (target == -ENOENT || target == -ENOTDIR)
		return 0;
	if (target < 0)
		return err_code(e, -target, "open");
	if (fault_skip("mask %s", path))
		return 0;
	if (fstat(target, &st) < 0)
		return err_sys(e, "look at it");
	bool directory = S_ISDIR(st.st_mode);
	int *cover = directory ? &c->empty : &c->null;
	bool first = *cover < 0;
	if (first)
		*cover = directory ? open_empty(c->stage, e) : open_null(root, e);
	if (*cover < 0)
		return *cover;
	/* The first directory gets the cover itself: before Linux 6.15 only an attached mount can be cloned. */
	if (first && directory)
		return mounts_move(c->stage, *cover, target, e);
	auto_fd int tree = clone_cover(c->stage, *cover, directory, e);
	return tree < 0 ? tree : mounts_move(c->stage, tree, target, e);
}

static int make_path_readonly(const char *path, int root, struct covers *c, struct err *e)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };
	auto_fd int target = probe(c, root, path);

	if (target == -ENOENT || target == -ENOTDIR)
		return 0;
	if (target < 0)
		return err_code(e, -target, "open");
	if (fault_skip("read-only %s", path))
		return 0;
	auto_fd int tree = stage_clone(c->stage, target, "", true);
	if (tree < 0)
		return err_code(e, -tree, "clone it");
	/* mount(2) has no word for a whole tree: there the mount itself must do, as it does in runc. */
	int r = stage_set_attr(c->stage, tree, !c->stage->old, &attr);
	if (r < 0)
		return err_code(e, -r, "set read-only");
	return mounts_move(c->stage, tree, target, e);
}

int rootfs_hide_paths(const struct plan *p, struct stage *s, int root, struct err *e)
{
	struct covers c __attribute__((cleanup(covers_close))) = { s, -1, -1, -1, -1 };
	int opened = open_places(p, root, &c, e);

	if (opened < 0)
		return opened;
	for (size_t i = 0; i < p->readonly_paths.n; i++) {
		int r = make_path_readonly(p->readonly_paths.v[i], root, &c, e);
		if (r < 0)
			return err_wrap(e, "read-only path %s", p->readonly_paths.v[i]);
	}
	for (size_t i = 0; i < p->masked_paths.n; i++) {
		int r = mask_one(p->masked_paths.v[i], root, &c, e);
		if (r < 0)
			return err_wrap(e, "masked path %s", p->masked_paths.v[i]);
	}
	return 0;
}
