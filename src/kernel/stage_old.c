/* SPDX-License-Identifier: Apache-2.0 */
/* The same with mount(2) alone, for kernels before 5.12. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "kernel/stage.h"

#ifndef ST_RELATIME
#define ST_RELATIME 4096
#endif

struct fd_path { char s[48]; };

static struct fd_path path_of(int fd)
{
	struct fd_path p;

	snprintf(p.s, sizeof(p.s), "/proc/self/fd/%d", fd);
	return p;
}

/* A fresh mount point on the stage: a directory, or an empty file. */
static int new_point(struct stage *s, bool directory, char name[16])
{
	snprintf(name, 16, "%u", s->n++);
	if (directory)
		return mkdirat(s->dir, name, 0700) < 0 ? -errno : 0;
	auto_fd int made = openat(s->dir, name, O_CREAT | O_EXCL | O_RDONLY | O_CLOEXEC, 0600);
	return made < 0 ? -errno : 0;
}

static int mount_at(struct stage *s, const char *name, const char *source, const char *type, unsigned long flags, const char *data)
{
	char at[80];

	snprintf(at, sizeof(at), "/proc/self/fd/%d/%s", s->dir, name);
	if (mount(source, at, type, flags, data) < 0)
		return -errno;
	int fd = openat(s->dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int stage_old_clone(struct stage *s, int dir, const char *path, bool recursive)
{
	struct stat st;
	char name[16];
	auto_fd int from = *path ? openat(dir, path, O_PATH | O_CLOEXEC) : fcntl(dir, F_DUPFD_CLOEXEC, 3);

	if (from < 0 || fstat(from, &st) < 0)
		return -errno;
	int r = new_point(s, S_ISDIR(st.st_mode), name);
	if (r < 0)
		return r;
	return mount_at(s, name, path_of(from).s, NULL, MS_BIND | (recursive ? MS_REC : 0), NULL);
}

int stage_old_new_fs(struct stage *s, const char *type, const char *source, const char *data, unsigned long sb_flags,
		     const char *label)
{
	char name[16];
	auto_str all = { 0 };
	int r = new_point(s, true, name);

	if (r < 0)
		return r;
	str_add(&all, data ? data : "");
	if (label)
		str_addf(&all, "%scontext=\"%s\"", all.len ? "," : "", label);
	if (all.failed)
		return -ENOMEM;
	return mount_at(s, name, source && *source ? source : "none", type, sb_flags, all.s);
}

/* mount(2) replaces all flags at once: what is set already must be said again. */
static unsigned long flags_after(int tree, const struct mount_attr *attr)
{
	static const struct { unsigned long st, ms; uint64_t attr; } flags[] = {
		{ ST_RDONLY, MS_RDONLY, MOUNT_ATTR_RDONLY },	   { ST_NOSUID, MS_NOSUID, MOUNT_ATTR_NOSUID },
		{ ST_NODEV, MS_NODEV, MOUNT_ATTR_NODEV },	   { ST_NOEXEC, MS_NOEXEC, MOUNT_ATTR_NOEXEC },
		{ ST_NODIRATIME, MS_NODIRATIME, MOUNT_ATTR_NODIRATIME },
	};
	struct statvfs st = { 0 };
	unsigned long out = 0;

	(void)fstatvfs(tree, &st); /* a mount that cannot be asked keeps what is asked for now */
	for (size_t i = 0; i < N_ELEMENTS(flags); i++)
		if ((attr->attr_set & flags[i].attr) || ((st.f_flag & flags[i].st) && !(attr->attr_clr & flags[i].attr)))
			out |= flags[i].ms;
	uint64_t atime = attr->attr_clr & MOUNT_ATTR__ATIME ? attr->attr_set & MOUNT_ATTR__ATIME : MOUNT_ATTR__ATIME;
	if (atime == MOUNT_ATTR__ATIME)
		return out | (st.f_flag & ST_NOATIME ? MS_NOATIME : st.f_flag & ST_RELATIME ? MS_RELATIME : MS_STRICTATIME);
	return out | (atime == MOUNT_ATTR_NOATIME ? MS_NOATIME : atime == MOUNT_ATTR_STRICTATIME ? MS_STRICTATIME : MS_RELATIME);
}

int stage_old_set_attr(int tree, bool recursive, const struct mount_attr *attr)
{
	struct fd_path at = path_of(tree);

	if (attr->attr_set & (MOUNT_ATTR_IDMAP | MOUNT_ATTR_NOSYMFOLLOW))
		return -ENOSYS;
	if (attr->attr_set || attr->attr_clr) {
		if (recursive)
			return -ENOSYS;
		if (mount(NULL, at.s, NULL, MS_REMOUNT | MS_BIND | flags_after(tree, attr), NULL) < 0)
			return -errno;
	}
	if (attr->propagation && mount(NULL, at.s, NULL, (unsigned long)attr->propagation | (recursive ? MS_REC : 0), NULL) < 0)
		return -errno;
	return 0;
}

int stage_old_move(int tree, int target)
{
	struct fd_path from = path_of(tree), to = path_of(target);

	return mount(from.s, to.s, NULL, MS_MOVE, NULL) < 0 ? -errno : 0;
}
