/* SPDX-License-Identifier: Apache-2.0 */
#include "container/trusted.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

enum { OVERFLOW_UID = 65534, MAX_LINKS = 4 };

/* In a user namespace that does not map the host's root, its files show as nobody's. */
static bool is_unmapped_root(uid_t uid)
{
	char map[64];
	unsigned long inside = 1, outside = 1, count = 0;

	if (uid != OVERFLOW_UID || fd_read_small(AT_FDCWD, "/proc/self/uid_map", map, sizeof(map)) < 0)
		return false;
	inside = strtoul(map, NULL, 10);
	(void)sscanf(map, "%lu %lu %lu", &inside, &outside, &count); /* what is missing stays no identity */
	return !(inside == 0 && outside == 0 && count == 4294967295UL);
}

/* Whoever may write to such a directory may add to it, but not take another's entry away. */
static bool is_shared_dir(const struct stat *st)
{
	return S_ISDIR(st->st_mode) && (st->st_mode & S_ISVTX);
}

static int check_owner(const struct trust *t, const char *path, const struct stat *st, struct err *e)
{
	const char *own = t->own ? " or the caller's own" : "";

	if (t->any_owner)
		return 0;
	if (st->st_uid != 0 && !(t->own && st->st_uid == geteuid()) && !is_unmapped_root(st->st_uid))
		return err_set(e, EPERM, "%s: belongs to uid %u; what %s must be root's%s", path, st->st_uid, t->what, own);
	if ((st->st_mode & (S_IWGRP | S_IWOTH)) && !(t->own && is_shared_dir(st)))
		return err_set(e, EPERM, "%s: can be written by %s; what %s must be writable by %s alone (chmod %s)", path,
			       st->st_mode & S_IWOTH ? "others" : "its group", t->what, t->own ? "its owner" : "root",
			       st->st_mode & S_IWOTH ? "go-w" : "g-w");
	return 0;
}

static int walk(const struct trust *t, int *dir, const char *path, int links, struct err *e);

/* Who may put a link there may as well put the directory there: the same is asked of it, and then of all on its way. */
static int follow(const struct trust *t, int *dir, const char *name, const char *so_far, int links, struct err *e)
{
	char target[PATH_MAX];
	struct stat st;
	ssize_t n;

	if (links >= MAX_LINKS)
		return err_set(e, ELOOP, "%s: too many symbolic links", so_far);
	if (fstatat(*dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "%s", so_far);
	st.st_mode &= ~(mode_t)(S_IWGRP | S_IWOTH); /* nobody writes to a link */
	if (check_owner(t, so_far, &st, e) < 0)
		return -e->code;
	n = readlinkat(*dir, name, target, sizeof(target));
	if (n < 0 || (size_t)n == sizeof(target))
		return n < 0 ? err_sys(e, "%s", so_far) : err_set(e, ENAMETOOLONG, "%s: leads to a name that is too long", so_far);
	target[n] = '\0';
	return walk(t, dir, target, links + 1, e);
}

static int step_into(const struct trust *t, int *dir, const char *name, const char *so_far, int links, struct err *e)
{
	auto_fd int next = openat(*dir, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	int err;

	if (next < 0 && errno == ENOENT)
		return -ENOENT;
	if (next < 0 && errno == ENOTDIR && t->links && fstatat(*dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode))
		return follow(t, dir, name, so_far, links, e);
	if (next < 0)
		return errno == ENOTDIR || errno == ELOOP
		       ? err_set(e, ENOTDIR, "%s: is not a directory (symbolic links are not followed)", so_far)
		       : err_sys(e, "%s", so_far);
	if (fstat(next, &st) < 0)
		return err_sys(e, "%s", so_far);
	err = check_owner(t, so_far, &st, e);
	if (err < 0)
		return err;
	fd_close(dir);
	*dir = fd_take(&next);
	return 0;
}

/* `path` from *dir on, or from / when it is absolute; where *dir is -1, a relative one begins where the caller is. */
static int walk(const struct trust *t, int *dir, const char *path, int links, struct err *e)
{
	char so_far[PATH_MAX], name[NAME_MAX + 1];
	const char *p = path;
	size_t n;
	int err;

	if (path[0] == '/' || *dir < 0) {
		fd_close(dir);
		*dir = open(path[0] == '/' ? "/" : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (*dir < 0)
			return err_sys(e, "%s", path);
	}
	for (p += strspn(p, "/"); *p; p += n, p += strspn(p, "/")) {
		n = strcspn(p, "/");
		if (n > NAME_MAX || (size_t)(p - path) + n >= sizeof(so_far))
			return err_set(e, ENAMETOOLONG, "%s", path);
		memcpy(name, p, n);
		name[n] = '\0';
		memcpy(so_far, path, (size_t)(p - path) + n);
		so_far[(size_t)(p - path) + n] = '\0';
		err = step_into(t, dir, name, so_far, links, e);
		if (err < 0)
			return err;
	}
	return 0;
}

int trusted_open_dir(const struct trust *t, const char *path, int *out, struct err *e)
{
	auto_fd int dir = -1;
	int err = walk(t, &dir, path, 0, e);

	if (err == 0)
		*out = fd_take(&dir);
	return err;
}

int trusted_open_file(const struct trust *t, int dir, const char *name, const char *path, int *out, struct err *e)
{
	/* A FIFO or a terminal must not hold us up. */
	auto_fd int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	int err;

	if (fd < 0 && errno == ENOENT)
		return -ENOENT;
	if (fd < 0)
		return errno == ELOOP ? err_set(e, ELOOP, "%s: is a symbolic link; put the file itself there", path)
				      : err_sys(e, "%s", path);
	err = trusted_check(t, fd, path, e);
	if (err == 0)
		*out = fd_take(&fd);
	return err;
}

int trusted_check(const struct trust *t, int fd, const char *path, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_sys(e, "%s", path);
	if (!S_ISREG(st.st_mode))
		return err_set(e, EINVAL, "%s: is not a regular file", path);
	return check_owner(t, path, &st, e);
}
