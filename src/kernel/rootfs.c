/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel/rootfs.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/blame.h"
#include "base/fault.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/sys.h"

static int no_root(const struct plan_root *r, const char *call, int code, struct err *e)
{
	err_call(e, code, call, "root file system %s", r->path);
	(void)blame_path(-1, r->path, e);
	return err_hint(e, "root.path must be a directory");
}

int rootfs_open_source(struct stage *s, const struct plan_root *r, struct err *e)
{
	bool nosuid = r->nosuid && !fault_skip("root nosuid"), nodev = r->nodev && !fault_skip("root nodev");
	struct mount_attr attr = { .attr_set = (nosuid ? MOUNT_ATTR_NOSUID : 0u) | (nodev ? MOUNT_ATTR_NODEV : 0u) };
	auto_fd int tree = stage_clone(s, AT_FDCWD, r->path, true);
	struct stat st;

	if (tree < 0)
		return no_root(r, "open_tree", -tree, e);
	if (fstat(tree, &st) < 0 || !S_ISDIR(st.st_mode))
		return no_root(r, "open_tree", ENOTDIR, e);
	int set = attr.attr_set ? stage_set_attr(s, tree, false, &attr) : 0;
	return set < 0 ? err_code(e, -set, "root file system %s: set nosuid, nodev", r->path) : fd_take(&tree);
}

/* The id of the mount that holds `path` (proc_pid_fdinfo(5), mnt_id). */
static int mount_id_of(const char *path, unsigned long *id, struct err *e)
{
	char info[64], text[256];
	auto_fd int fd = open(path, O_PATH | O_CLOEXEC);

	if (fd < 0)
		return err_sys(e, "root file system %s", path);
	snprintf(info, sizeof(info), "/proc/self/fdinfo/%d", fd);
	ssize_t n = fd_read_small(AT_FDCWD, info, text, sizeof(text));
	const char *at = n > 0 ? strstr(text, "mnt_id:") : NULL;
	if (!at)
		return err_set(e, EIO, "root file system %s: %s has no mnt_id", path, info);
	*id = strtoul(at + 7, NULL, 10);
	return 0;
}

/* The mount point that holds `path`, from mountinfo: needed only where the host's mounts stay shared. */
static int mount_point_of(const char *path, char out[PATH_MAX], struct err *e)
{
	unsigned long want = 0, id;
	auto_free char *text = NULL;
	size_t len;
	int r = mount_id_of(path, &want, e);

	if (r == 0)
		r = fd_read_file(AT_FDCWD, "/proc/self/mountinfo", 64u << 20, &text, &len, e);
	if (r < 0)
		return r;
	char *rest = text;
	for (char *line; (line = strsep(&rest, "\n"));)
		if (sscanf(line, "%lu %*s %*s %*s %4095s", &id, out) == 2 && id == want)
			return 0;
	return err_set(e, ENOENT, "root file system %s: its mount is not listed", path);
}

/* Mounts inside must not appear on the host. With rootfsPropagation shared the binds are to stay peers of the host's, so
 * only the mount that the root hangs on is cut off. */
static int cut_propagation(const struct plan_root *r, struct err *e)
{
	char parent[PATH_MAX];
	const char *at = "/";
	unsigned long flags = MS_SLAVE | MS_REC;

	if (r->propagation & MS_PRIVATE) {
		flags = MS_PRIVATE | MS_REC;
	} else if (r->propagation & MS_SHARED) {
		int found = mount_point_of(r->path, parent, e);
		if (found < 0)
			return found;
		at = parent;
		flags = MS_PRIVATE;
	}
	if (!fault_skip("keep mounts away") && mount(NULL, at, NULL, flags, NULL) < 0)
		return err_sys(e, "keep mounts of the container away from the host");
	return 0;
}

static int attach_new(struct stage *s, const struct plan_root *r, int tree, struct err *e)
{
	auto_fd int root = tree >= 0 ? tree : rootfs_open_source(s, r, e);

	if (root < 0)
		return root;
	auto_fd int target = open(r->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	/* Root of a user namespace may be shut out of a directory above, which the runtime was not: then over "/", which serves
	 * pivot_root(2) as well. Not always, because hooks look for the root at its path. */
	if (target < 0 && errno == EACCES)
		target = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (target < 0)
		return no_root(r, "open", errno, e);
	int moved = mounts_move(s, root, target, e);
	return moved < 0 ? err_wrap(e, "root file system %s", r->path) : fd_take(&root);
}

/* Without the new API the root is bound onto itself, and the stage lies on top of it until rootfs_enter: nothing of the host needs
 * to be covered, and our descriptor of the root reaches below the stage. */
static int attach_old(struct stage *s, const struct plan_root *r, struct err *e)
{
	const struct mount_attr attr = { .attr_set = (r->nosuid ? MOUNT_ATTR_NOSUID : 0u) | (r->nodev ? MOUNT_ATTR_NODEV : 0u) };

	if (r->idmap)
		return err_set(e, ENOSYS, "root file system %s: id-mapped mounts need Linux 5.12", r->path);
	if (mount(r->path, r->path, NULL, MS_BIND | MS_REC, NULL) < 0)
		return no_root(r, "mount", errno, e);
	auto_fd int root = open(r->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return err_sys(e, "root file system %s", r->path);
	int staged = stage_open(s, r->path, e);
	if (staged < 0)
		return staged;
	int set = attr.attr_set ? stage_set_attr(s, root, false, &attr) : 0;
	return set < 0 ? err_code(e, -set, "root file system %s: set nosuid, nodev", r->path) : fd_take(&root);
}

int rootfs_attach(struct stage *s, const struct plan_root *r, int tree, struct err *e)
{
	/* pivot_root(2) refuses a root that propagates. */
	const struct mount_attr attr = { .propagation = r->propagation & MS_PRIVATE ? MS_PRIVATE : MS_SLAVE };
	int cut = cut_propagation(r, e);

	if (cut < 0)
		return cut;
	*s = (struct stage)STAGE_NEW_API;
	auto_fd int root = tree >= 0 || stage_has_new_api() ? attach_new(s, r, tree, e) : attach_old(s, r, e);
	if (root < 0)
		return root;
	int set = stage_set_attr(s, root, true, &attr);
	return set < 0 ? err_code(e, -set, "root file system %s: set propagation", r->path) : fd_take(&root);
}

/* process.cwd is made when the image lacks it, as runc does; a read-only image leaves the complaint to chdir(2). */
static void make_cwd(const struct plan *p, int root)
{
	struct err ignored;

	if (!p->has_process || !p->process.cwd)
		return;
	auto_fd int fd = path_probe_in(root, p->process.cwd, O_PATH | O_DIRECTORY);
	if (fd == -ENOENT)
		fd = path_mkdir_in(root, p->process.cwd, 0755, &ignored);
}

static int make_readonly(const struct stage *s, int root, struct err *e)
{
	const struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };
	int r = stage_set_attr(s, root, false, &attr);

	return r < 0 ? err_code(e, -r, "make the root file system read-only") : 0;
}

int rootfs_finish(const struct plan *p, struct stage *s, int root, struct err *e)
{
	make_cwd(p, root);
	int r = rootfs_hide_paths(p, s, root, e);
	if (r == 0 && p->root.readonly && !fault_skip("root ro"))
		r = make_readonly(s, root, e);
	return r;
}

static int enter_by_move(int root, struct err *e)
{
	if (fchdir(root) < 0)
		return err_sys(e, "enter the root");
	if (mount(".", "/", NULL, MS_MOVE, NULL) < 0)
		return err_sys(e, "move the root over /");
	return chroot(".") < 0 ? err_sys(e, "chroot") : 0;
}

static int enter_by_pivot(int root, struct err *e)
{
	if (fchdir(root) < 0)
		return err_sys(e, "enter the root");
	/* The old root lands on top of the new one and is taken off at once: pivot_root(2), "pivot_root(".", ".")". */
	if (sys_pivot_root(".", ".") < 0)
		return err_sys(e, "pivot_root");
	if (umount2(".", MNT_DETACH) < 0)
		return err_sys(e, "let go of the host's root");
	return 0;
}

int rootfs_enter(struct stage *s, int root, bool no_pivot, unsigned long propagation, struct err *e)
{
	int r = stage_close(s, e);

	if (r < 0)
		return r;
	r = no_pivot ? enter_by_move(root, e) : enter_by_pivot(root, e);

	if (r < 0)
		return r;
	if (chdir("/") < 0)
		return err_sys(e, "chdir to /");
	if ((propagation & ~(unsigned long)MS_REC) && !fault_skip("root propagation") && mount(NULL, "/", NULL, propagation, NULL) < 0)
		return err_sys(e, "linux.rootfsPropagation");
	return 0;
}
