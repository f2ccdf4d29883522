/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>

#include "base/blame.h"
#include "base/fault.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/sys.h"
#include "kernel/sources.h"

/* What to do about an answer of the kernel that does not speak for itself. */
static const struct { const char *call; int code; const char *hint; } hints[] = {
	{ "open_tree",	   ENOENT,  "make the source on the host, or correct it" },
	{ "open_tree",	   ENOTDIR, "correct the source" },
	{ "open_tree",	   ELOOP,   "correct the source, or the link" },
	{ "open_tree",	   EACCES,  "the source must be reachable for the user who starts the container" },
	{ "open_tree",	   EINVAL,  "its mount is unbindable, or has others below it that a user namespace may not uncover: use rbind" },
	{ "open_tree",	   EPERM,   "cloning a mount takes CAP_SYS_ADMIN in its mount namespace" },
	{ "openat2",	   ENOENT,  "links are followed inside the root file system: name another destination, or mend the image" },
	{ "openat2",	   ENOTDIR, "name another destination, or mend the image" },
	{ "openat2",	   ELOOP,   "name another destination, or mend the image" },
	{ "openat2",	   EACCES,  "the container's root may not go there: name another destination, or mend the image" },
	{ "move_mount",	   ENOSPC,  "a mount namespace holds no more mounts than sysctl fs.mount-max says: are binds doubled, or "
				    "propagated to each other?" },
	{ "move_mount",	   EINVAL,  "a mount that is shared, or unbindable, cannot be put there" },
	{ "move_mount",	   EBUSY,   "the same file system is mounted there already" },
	{ "move_mount",	   ELOOP,   "the source contains the place that it is to be mounted on" },
	{ "mount_setattr", ENOSYS,  "this kernel cannot do that: Linux 5.12 or later can" },
	{ "mount_setattr", EINVAL,  "what is there is not a mount point: only a mount can be remounted, or its file system does not "
				    "know such an attribute" },
};

static int hint_at(const char *call, struct err *e)
{
	for (size_t i = 0; i < N_ELEMENTS(hints); i++)
		if (hints[i].code == e->code && strcmp(hints[i].call, call) == 0)
			return err_hint(e, "%s", hints[i].hint);
	return -e->code;
}

/* `call` is one of the new mount API; without that it was mount(2). */
static int refused(const struct stage *s, const char *call, int code, const char *what, struct err *e)
{
	err_call(e, code, s->old ? "mount" : call, "%s", what);
	return hint_at(call, e);
}

static int no_source(const struct stage *s, const char *path, int code, struct err *e)
{
	err_call(e, code, s->old ? "mount" : "open_tree", "bind source %s", path);
	(void)blame_path(-1, path, e);
	return hint_at("open_tree", e);
}

/* The kernel says EINVAL to a directory on a file, and to more. Binds are looked at before; here it is what was not. */
static int no_move(const struct stage *s, int tree, int target, int error, struct err *e)
{
	struct stat from, to;

	if (fstat(tree, &from) < 0 || fstat(target, &to) < 0 || S_ISDIR(from.st_mode) == S_ISDIR(to.st_mode))
		return refused(s, "move_mount", error, "attach the mount", e);
	err_set(e, ENOTDIR, "ENOTDIR: Not a directory: a file system goes onto a directory, and what is at the destination in the root "
			    "file system is %s", blame_kind(to.st_mode));
	return err_hint(e, "name another destination, or mend the image");
}

int mounts_move(const struct stage *s, int tree, int target, struct err *e)
{
	int r = stage_move(s, tree, target);

	return r < 0 ? no_move(s, tree, target, -r, e) : 0;
}

/* What the judge has seen is what is cloned. */
static int clone_judged(struct stage *s, const struct mount *m, const struct plan_sources *judge, const char *path, struct err *e)
{
	auto_fd int fd = open(path, O_PATH | O_CLOEXEC);
	int r = fd < 0 ? no_source(s, path, errno, e) : sources_check(judge, fd, path, e);

	if (r < 0)
		return r;
	int tree = stage_clone(s, fd, "", m->recursive);
	return tree < 0 ? no_source(s, path, -tree, e) : tree;
}

int mounts_open_source(struct stage *s, const struct mount *m, const struct plan_sources *judge, const char *bundle, struct err *e)
{
	char path[PATH_MAX];

	if (!m->source || !*m->source)
		return err_set(e, EINVAL, "a bind mount needs a source");
	int n = m->source[0] == '/' ? snprintf(path, sizeof(path), "%s", m->source)
				    : snprintf(path, sizeof(path), "%s/%s", bundle, m->source);
	if (n < 0 || n >= (int)sizeof(path))
		return err_code(e, ENAMETOOLONG, "source %s", m->source);
	if (sources_are_judged(judge) && !(strcmp(path, "/sys") == 0 && strcmp(m->destination, "/sys") == 0))
		return clone_judged(s, m, judge, path, e);
	int tree = stage_clone(s, AT_FDCWD, path, m->recursive);
	return tree < 0 ? no_source(s, path, -tree, e) : tree;
}

int mounts_cut(int tree, unsigned long root_propagation, struct err *e)
{
	struct mount_attr attr = { .propagation = root_propagation & MS_PRIVATE ? MS_PRIVATE : MS_SLAVE };

	if (root_propagation & MS_SHARED)
		return 0;
	if (sys_mount_setattr(tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr) < 0)
		return err_sys(e, "keep mounts of the container away from the host");
	return 0;
}

int mounts_idmap(int tree, int userns, bool recursive, struct err *e)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t)(unsigned)userns };

	if (sys_mount_setattr(tree, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), &attr) < 0)
		return err_sys(e, "id-map the mount (its file system may not support that)");
	return 0;
}

/* The attributes that a user namespace may not take off a mount of the host: what statvfs(2), the kernel and config.json call
 * each, and the option that asks to take it off. */
static const struct { unsigned long st; uint64_t attr; const char *word, *opposite; } lockable[] = {
	{ ST_RDONLY, MOUNT_ATTR_RDONLY, "ro", "rw" },	     { ST_NOSUID, MOUNT_ATTR_NOSUID, "nosuid", "suid" },
	{ ST_NODEV, MOUNT_ATTR_NODEV, "nodev", "dev" },	     { ST_NOEXEC, MOUNT_ATTR_NOEXEC, "noexec", "exec" },
};

/* To see which of those to be cleared are set at all. */
static uint64_t attrs_now(int tree)
{
	struct statvfs st;
	uint64_t now = 0;

	if (fstatvfs(tree, &st) < 0)
		return ~UINT64_C(0);
	for (size_t i = 0; i < N_ELEMENTS(lockable); i++)
		if (st.f_flag & lockable[i].st)
			now |= lockable[i].attr;
	return now;
}

static int locked(const struct stage *s, int tree, const struct mount_attr *attr, struct err *e)
{
	uint64_t both = attrs_now(tree) & attr->attr_clr;

	err_call(e, EPERM, s->old ? "mount" : "mount_setattr", "set mount attributes");
	for (size_t i = 0; i < N_ELEMENTS(lockable); i++)
		if (both & lockable[i].attr)
			return err_hint(e, "the source is mounted %s, and a user namespace may not take that off: leave \"%s\" out of "
					   "the options", lockable[i].word, lockable[i].opposite);
	return err_hint(e, "a flag of the source is locked by the host: it cannot be made weaker in a user namespace");
}

static int set_attr(const struct stage *s, int tree, struct mount_attr attr, bool recursive, struct err *e)
{
	const uint64_t simple = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;

	/* In a user namespace the host's flags are locked: asking to clear one that is not set must not fail. */
	if (!recursive)
		attr.attr_clr &= attrs_now(tree) | ~simple;
	if (!attr.attr_set && !attr.attr_clr && !attr.propagation)
		return 0;
	int r = stage_set_attr(s, tree, recursive, &attr);
	if (r == -EPERM)
		return locked(s, tree, &attr, e);
	return r < 0 ? refused(s, "mount_setattr", -r, "set mount attributes", e) : 0;
}

/* The flags of a mount but those that a test has us leave out. */
static uint64_t flags_of(const struct mount *m)
{
	uint64_t set = m->attr_set;

	for (size_t i = 0; i < N_ELEMENTS(lockable); i++)
		if (set & lockable[i].attr && fault_skip("%s %s", lockable[i].word, m->destination))
			set &= ~lockable[i].attr;
	return set;
}

static int restrict_tree(const struct stage *s, int tree, const struct mount *m, struct err *e)
{
	const unsigned long kinds = MS_SHARED | MS_SLAVE | MS_PRIVATE | MS_UNBINDABLE;
	int r = set_attr(s, tree, (struct mount_attr){ .attr_set = flags_of(m), .attr_clr = m->attr_clear }, false, e);

	if (r == 0)
		r = set_attr(s, tree, (struct mount_attr){ .attr_set = m->rattr_set, .attr_clr = m->rattr_clear }, true, e);
	if (r == 0 && m->propagation & kinds && !fault_skip("propagation %s", m->destination))
		r = set_attr(s, tree, (struct mount_attr){ .propagation = m->propagation & kinds },
			     (m->propagation & MS_REC) != 0, e);
	return r;
}

/* Below a procfs only what engines really bind there (lxcfs) may be covered: the rest is how a container learns who it is
 * and how we check it (CVE-2019-16884, CVE-2019-19921). */
static bool proc_target_is_fine(int root, int target)
{
	static const char *const fine[] = { "/proc/cpuinfo", "/proc/diskstats", "/proc/meminfo", "/proc/stat", "/proc/swaps",
					    "/proc/uptime", "/proc/loadavg", "/proc/slabinfo",
					    "/proc/sys/kernel/ns_last_pid", "/proc/sys/crypto/fips_enabled" };
	struct stat here, there;

	if (fstat(target, &here) < 0)
		return false;
	for (size_t i = 0; i < N_ELEMENTS(fine); i++) {
		auto_fd int fd = path_probe_in(root, fine[i], O_PATH);
		if (fd >= 0 && fstat(fd, &there) == 0 && here.st_dev == there.st_dev && here.st_ino == there.st_ino)
			return true;
	}
	return false;
}

static bool is_proc_or_sysfs(const struct mount *m)
{
	return !m->bind && m->type && (strcmp(m->type, "proc") == 0 || strcmp(m->type, "sysfs") == 0);
}

static bool is_procfs(int tree)
{
	struct statfs fs;

	return tree >= 0 && fstatfs(tree, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC;
}

/* tree: what will be mounted, as far as it is known already; -1 for a file system that is yet to be made. */
static int check_target(const struct mounts_ctx *c, const struct mount *m, int tree, int target, struct err *e)
{
	struct statfs fs;

	/* It would lie under the root that is entered in the end, and nobody would see it. */
	if (strcmp(m->destination, "/") == 0)
		return err_set(e, EINVAL, "the root itself cannot be mounted over: it is what root.path says; mount below it");
	/* Or labels would be written to, and read back from, plain files of the image (CVE-2019-16884). */
	if (strcmp(m->destination, "/proc") == 0 && !(m->type && strcmp(m->type, "proc") == 0) && !is_procfs(tree))
		return err_set(e, EPERM, "only a procfs may be mounted there");
	if (fstatfs(target, &fs) < 0)
		return err_sys(e, "look at the target");
	if (fs.f_type == PROC_SUPER_MAGIC && !is_proc_or_sysfs(m) && !proc_target_is_fine(c->root, target))
		return err_set(e, EPERM, "the target lies inside a procfs: only files that say how much there is, such as "
					 "/proc/meminfo and /proc/cpuinfo, may be mounted over");
	return 0;
}

/* A procfs or sysfs goes onto a real directory, never where a link of the image points (CVE-2019-19921), not even one that
 * appeared while we made the directory. */
static int open_real_dir(const struct mounts_ctx *c, const struct mount *m, struct err *e)
{
	int fd = path_probe_nolink(c->root, m->destination, O_PATH | O_DIRECTORY);

	if (fd == -ENOENT) {
		auto_fd int made = path_mkdir_in(c->root, m->destination, 0755, e);
		if (made < 0)
			return made;
		fd = path_probe_nolink(c->root, m->destination, O_PATH | O_DIRECTORY);
	}
	if (fd < 0)
		return err_set(e, -fd, "the target must be a directory, not a symbolic link: refusing to mount %s on it", m->type);
	return fd;
}

static int open_target(const struct mounts_ctx *c, const struct mount *m, int tree, bool file, struct err *e)
{
	auto_fd int target = is_proc_or_sysfs(m) ? open_real_dir(c, m, e) : path_target_in(c->root, m->destination, file, e);

	if (target < 0)
		return is_proc_or_sysfs(m) ? target : hint_at("openat2", e);
	int r = check_target(c, m, tree, target, e);
	return r < 0 ? r : fd_take(&target);
}

/* The kernel says EINVAL to this, and no more. */
static int check_kinds(const struct mount *m, mode_t source, int target, struct err *e)
{
	struct stat st;

	if (fstat(target, &st) < 0)
		return err_sys(e, "look at the target");
	if (S_ISDIR(source) == S_ISDIR(st.st_mode))
		return 0;
	err_set(e, ENOTDIR, "ENOTDIR: Not a directory: the source \"%s\" is %s, and what is at the destination in the root file system "
			    "is %s", m->source, blame_kind(source), blame_kind(st.st_mode));
	return err_hint(e, S_ISDIR(source) ? "a directory goes onto a directory: name another destination"
					   : "a file goes onto a file: name the file in the destination");
}

static int attach_bind(const struct mounts_ctx *c, const struct mount *m, size_t at, struct err *e)
{
	struct stat st;
	auto_fd int tree = c->sources && c->sources[at] >= 0 ? c->sources[at] : mounts_open_source(c->stage, m, c->judge, c->bundle, e);

	if (tree < 0)
		return tree;
	if (m->idmap && !(c->sources && c->sources[at] >= 0))
		return err_set(e, EPERM, "an id-mapped mount needs the rights of root in the initial user namespace");
	if (fstat(tree, &st) < 0)
		return err_sys(e, "look at bind source %s", m->source);
	int r = restrict_tree(c->stage, tree, m, e);
	if (r < 0)
		return r;
	auto_fd int target = open_target(c, m, tree, !S_ISDIR(st.st_mode), e);
	if (target < 0)
		return target;
	r = check_kinds(m, st.st_mode, target, e);
	return r < 0 ? r : mounts_move(c->stage, tree, target, e);
}

static bool is_there(const struct mounts_ctx *c, const struct mount *m)
{
	auto_fd int fd = path_probe_in(c->root, m->destination, O_PATH);

	return fd >= 0;
}

/* A tmpfs without mode= looks like the directory it covers, if the image has one: a directory of ours says nothing. */
static char *tmpfs_data(const struct mount *m, int target, bool ours)
{
	struct stat st;
	char *out = NULL;

	if (ours || strncmp(m->data, "mode=", 5) == 0 || strstr(m->data, ",mode=") || fstat(target, &st) < 0)
		return strdup(m->data);
	return asprintf(&out, "mode=%o%s%s", st.st_mode & 07777, *m->data ? "," : "", m->data) < 0 ? NULL : out;
}

static int attach_tmpfs(const struct mounts_ctx *c, const struct mount *m, int target, bool ours, struct err *e)
{
	auto_free char *data = tmpfs_data(m, target, ours);

	if (!data)
		return err_code(e, ENOMEM, "tmpfs options");
	auto_fd int tree = stage_new_fs(c->stage, "tmpfs", m->source, data, m->sb_flags, 0, c->mount_label, e);
	if (tree < 0)
		return tree;
	int r = m->copy_up ? mounts_copy_up(target, tree, e) : 0;
	if (r == 0)
		r = restrict_tree(c->stage, tree, m, e);
	return r < 0 ? r : mounts_move(c->stage, tree, target, e);
}

static bool takes_label(const char *type)
{
	return strcmp(type, "proc") != 0 && strcmp(type, "sysfs") != 0 && strcmp(type, "mqueue") != 0;
}

/* A sysfs shows one network namespace, and only who owns that may mount it: with the host's network a user namespace gets the
 * host's /sys, with the flags that were asked for on all of it (as crun; the kernel keeps what the host has locked). */
static int attach_host_sysfs(const struct mounts_ctx *c, const struct mount *m, int target, struct err *e)
{
	struct mount all = *m;
	auto_fd int tree = stage_clone(c->stage, AT_FDCWD, "/sys", true);

	if (tree < 0)
		return err_code(e, -tree, "bind the host's /sys");
	all.rattr_set |= m->attr_set;
	all.attr_clear = all.rattr_clear = 0;
	int r = restrict_tree(c->stage, tree, &all, e);
	return r < 0 ? r : mounts_move(c->stage, tree, target, e);
}

static int attach_fs(const struct mounts_ctx *c, const struct mount *m, struct err *e)
{
	if (!m->type || !*m->type)
		return err_set(e, EINVAL, "needs a type, or the option bind");
	bool tmpfs = strcmp(m->type, "tmpfs") == 0, ours = tmpfs && !is_there(c, m);
	auto_fd int target = open_target(c, m, -1, false, e);
	if (target < 0)
		return target;
	if (strcmp(m->type, "cgroup") == 0 || strcmp(m->type, "cgroup2") == 0)
		return mounts_attach_cgroup(c, m, target, e);
	if (tmpfs)
		return attach_tmpfs(c, m, target, ours, e);
	bool plain = strcmp(m->type, "proc") == 0 && *m->data && fault_skip("options %s", m->destination);
	auto_fd int tree = stage_new_fs(c->stage, m->type, m->source, plain ? "" : m->data, m->sb_flags, 0,
					 takes_label(m->type) ? c->mount_label : NULL, e);
	if (tree == -EPERM && c->user_namespace && !c->network_namespace && strcmp(m->type, "sysfs") == 0)
		return attach_host_sysfs(c, m, target, e);
	if (tree < 0)
		return tree;
	int r = restrict_tree(c->stage, tree, m, e);
	return r < 0 ? r : mounts_move(c->stage, tree, target, e);
}

/* What remount may change is this mount alone. The file system under it may be the host's, or be mounted elsewhere too. */
static int check_remount(const struct mount *m, struct err *e)
{
	if (m->data && *m->data)
		return err_set(e, EINVAL, "remount cannot take file system options (\"%s\")", m->data);
	if (!m->bind && (m->sb_flags & (MS_SYNCHRONOUS | MS_DIRSYNC | MS_MANDLOCK | MS_LAZYTIME | MS_I_VERSION)))
		return err_set(e, EINVAL, "remount cannot take file system options (sync, dirsync, mand, lazytime, iversion)");
	return 0;
}

static int change_existing(const struct mounts_ctx *c, const struct mount *m, struct err *e)
{
	auto_fd int target = path_open_in(c->root, m->destination, O_PATH, 0, e);

	if (target < 0)
		return err_hint(e, "a remount changes what an earlier mount has put there");
	int r = check_remount(m, e);
	return r < 0 ? r : restrict_tree(c->stage, target, m, e);
}

int mounts_attach(const struct mounts_ctx *c, const struct mount *m, size_t at, struct err *e)
{
	int r = 0;

	if (fault_skip("mount %s", m->destination))
		return 0;
	if (m->remount)
		r = change_existing(c, m, e);
	else
		r = m->bind ? attach_bind(c, m, at, e) : attach_fs(c, m, e);
	if (r == 0)
		return 0;
	if (m->index == SIZE_MAX)
		return err_wrap(e, "mount on %s (added by the policy)", m->destination);
	return err_wrap(e, "mounts[%zu] on %s", m->index, m->destination);
}
