/* SPDX-License-Identifier: Apache-2.0 */
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/blame.h"
#include "base/fd.h"
#include "base/sys.h"

enum { RETRIES = 64 }; /* EAGAIN: somebody renames inside the tree while we resolve (openat2(2)) */

static int open_how(int root, const char *path, int flags, mode_t mode, uint64_t resolve)
{
	struct open_how how = {
		.flags = (uint64_t)(unsigned)(flags | O_CLOEXEC),
		.mode = flags & O_CREAT ? mode : 0,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | resolve,
	};

	for (int i = 0; i < RETRIES; i++) {
		int fd = sys_openat2(root, path, &how);
		if (fd >= 0)
			return fd;
		if (errno != EAGAIN && errno != EINTR)
			break;
	}
	return -errno;
}

int path_probe_in(int root, const char *path, int flags)
{
	return open_how(root, path, flags, 0, 0);
}

int path_probe_nolink(int root, const char *path, int flags)
{
	return open_how(root, path, flags, 0, RESOLVE_NO_SYMLINKS);
}

static int no_path(int root, const char *path, int code, struct err *e)
{
	err_call(e, code, "openat2", "open %s in the root file system", path);
	return blame_path(root, path, e);
}

int path_open_in(int root, const char *path, int flags, mode_t mode, struct err *e)
{
	int fd = open_how(root, path, flags, mode, 0);

	if (fd == -ENOSYS)
		return err_set(e, ENOSYS, "%s: this kernel has no openat2(2): Linux 5.6 or later is needed", path);
	return fd < 0 ? no_path(root, path, -fd, e) : fd;
}

/* Something could not be made on the way to `path`. */
static int no_new(struct err *e, const char *call, const char *kind, const char *path, const char *name)
{
	int code = errno;

	err_call(e, code, call, "make %s \"%s\" of %s", kind, name, path);
	return code == EROFS ? err_hint(e, "it is missing and cannot be made on a read-only file system: make it in the image, or "
					   "mount what is above it writable") : -code;
}

/* Opens the directory at prefix `len` of `path`, making it when it is not there. Parents exist by now. */
static int step_into(int root, const char *path, size_t len, mode_t mode, struct err *e)
{
	char prefix[PATH_MAX];

	if (len >= sizeof(prefix))
		return err_code(e, ENAMETOOLONG, "%s", path);
	memcpy(prefix, path, len);
	prefix[len] = '\0';
	int fd = open_how(root, prefix, O_PATH | O_DIRECTORY, 0, 0);
	if (fd >= 0 || fd != -ENOENT)
		return fd >= 0 ? fd : no_path(root, prefix, -fd, e);

	char *slash = strrchr(prefix, '/');
	const char *name = slash ? slash + 1 : prefix, *parent = ".";
	if (slash) {
		*slash = '\0';
		parent = prefix[0] ? prefix : "/";
	}
	auto_fd int dir = open_how(root, parent, O_PATH | O_DIRECTORY, 0, 0);
	if (dir < 0)
		return no_path(root, parent, -dir, e);
	if (mkdirat(dir, name, mode) < 0 && errno != EEXIST)
		return no_new(e, "mkdirat", "directory", path, name);
	/* The name is new, or appeared meanwhile: it must be a directory, not a link to one. */
	struct open_how how = { .flags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
				.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS };
	fd = sys_openat2(dir, name, &how);
	if (fd >= 0)
		return fd;
	err_call(e, errno, "openat2", "open directory \"%s\" of %s", name, path);
	return blame_path(dir, name, e);
}

int path_mkdir_in(int root, const char *path, mode_t mode, struct err *e)
{
	char clean[PATH_MAX];

	if (path_clean(path, clean, sizeof(clean)) < 0)
		return err_code(e, ENAMETOOLONG, "%s", path);
	int whole = open_how(root, clean, O_PATH | O_DIRECTORY, 0, 0);
	if (whole >= 0)
		return whole;
	if (whole != -ENOENT)
		return no_path(root, clean, -whole, e);

	auto_fd int fd = -1;
	for (size_t i = 1;; i++) {
		if (clean[i] != '/' && clean[i] != '\0')
			continue;
		int next = step_into(root, clean, i, mode, e);
		if (next < 0)
			return next;
		fd_close(&fd);
		fd = next;
		if (!clean[i])
			return fd_take(&fd);
	}
}

int path_target_in(int root, const char *path, bool file, struct err *e)
{
	int fd = open_how(root, path, O_PATH, 0, 0);

	if (fd >= 0)
		return fd;
	if (fd != -ENOENT)
		return no_path(root, path, -fd, e);
	if (!file)
		return path_mkdir_in(root, path, 0755, e);

	char clean[PATH_MAX];
	if (path_clean(path, clean, sizeof(clean)) < 0)
		return err_code(e, ENAMETOOLONG, "%s", path);
	char *slash = strrchr(clean, '/');
	auto_fd int dir = -1;
	if (slash == clean) {
		dir = open_how(root, "/", O_PATH | O_DIRECTORY, 0, 0);
		if (dir < 0)
			return no_path(root, "/", -dir, e);
	} else {
		*slash = '\0';
		dir = path_mkdir_in(root, clean, 0755, e);
		if (dir < 0)
			return dir;
	}
	/* O_EXCL: never through a dangling link that points elsewhere. */
	auto_fd int made = openat(dir, slash + 1, O_CREAT | O_EXCL | O_RDONLY | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (made < 0 && errno == EEXIST)
		return no_path(root, path, ENOENT, e);
	if (made < 0)
		return no_new(e, "openat", "the file", path, slash + 1);
	fd = openat(dir, slash + 1, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return fd >= 0 ? fd : err_sys(e, "%s", path);
}

/* Drops the last component of the `at` bytes in out. */
static size_t parent_of(const char *out, size_t at)
{
	while (at > 0 && out[at - 1] != '/')
		at--;
	return at > 0 ? at - 1 : 0;
}

int path_clean(const char *path, char *out, size_t size)
{
	size_t at = 0;

	while (*path) {
		while (*path == '/')
			path++;
		size_t len = strcspn(path, "/");
		if (len == 0)
			break;
		if (len == 2 && path[0] == '.' && path[1] == '.') {
			at = parent_of(out, at);
		} else if (!(len == 1 && path[0] == '.')) {
			if (at + len + 2 > size)
				return -ENAMETOOLONG;
			out[at++] = '/';
			memcpy(out + at, path, len);
			at += len;
		}
		path += len;
	}
	if (size < 2)
		return -ENAMETOOLONG;
	if (at == 0)
		out[at++] = '/';
	out[at] = '\0';
	return 0;
}

bool path_is_below(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	if (len == 1 && dir[0] == '/')
		return path[0] == '/';
	return strncmp(path, dir, len) == 0 && (path[len] == '\0' || path[len] == '/');
}
