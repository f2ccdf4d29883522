/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Masked and read-only paths (OCI linux.maskedPaths, readonlyPaths).
 *
 * A masked directory is covered by one empty read-only tmpfs that all of them share; a masked file by the container's own
 * /dev/null, which is verified to be character device 1:3 first (CVE-2025-31133). What does not exist needs no mask.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/sys.h"
#include "kernel/rootfs.h"

struct covers { int empty, null; };

static void covers_close(struct covers *c)
{
	fd_close(&c->empty);
	fd_close(&c->null);
}

static int open_empty(struct err *e)
{
	const unsigned attr = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;

	return mounts_new_fs("tmpfs", "tmpfs", "size=0,nr_inodes=2,mode=555", 0, attr, NULL, e);
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
static int clone_cover(int from, bool directory, struct err *e)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NOSUID };
	auto_fd int tree = sys_open_tree(from, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	if (tree < 0)
		return err_sys(e, "clone the cover");
	if (!directory && sys_mount_setattr(tree, "", AT_EMPTY_PATH, &attr) < 0)
		return err_sys(e, "restrict the cover");
	return fd_take(&tree);
}

static int mask_one(const char *path, int root, struct covers *c, struct err *e)
{
	struct stat st;
	auto_fd int target = path_probe_in(root, path, O_PATH);

	if (target == -ENOENT || target == -ENOTDIR)
		return 0;
	if (target < 0)
		return err_code(e, -target, "open");
	if (fstat(target, &st) < 0)
		return err_sys(e, "look at it");
	bool directory = S_ISDIR(st.st_mode);
	int *cover = directory ? &c->empty : &c->null;
	bool first = *cover < 0;
	if (first)
		*cover = directory ? open_empty(e) : open_null(root, e);
	if (*cover < 0)
		return *cover;
	/* The first directory gets the cover itself: before Linux 6.15 only an attached mount can be cloned. */
	if (first && directory)
		return mounts_move(*cover, target, e);
	auto_fd int tree = clone_cover(*cover, directory, e);
	return tree < 0 ? tree : mounts_move(tree, target, e);
}

static int make_path_readonly(const char *path, int root, struct err *e)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };
	auto_fd int target = path_probe_in(root, path, O_PATH);

	if (target == -ENOENT || target == -ENOTDIR)
		return 0;
	if (target < 0)
		return err_code(e, -target, "open");
	auto_fd int tree = sys_open_tree(target, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
	if (tree < 0)
		return err_sys(e, "clone it");
	if (sys_mount_setattr(tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr) < 0)
		return err_sys(e, "set read-only");
	return mounts_move(tree, target, e);
}

int rootfs_hide_paths(const struct plan *p, int root, struct err *e)
{
	struct covers c __attribute__((cleanup(covers_close))) = { -1, -1 };

	for (size_t i = 0; i < p->readonly_paths.n; i++) {
		int r = make_path_readonly(p->readonly_paths.v[i], root, e);
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
