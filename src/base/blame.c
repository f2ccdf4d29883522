/* SPDX-License-Identifier: Apache-2.0 */
#include "base/blame.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"

const char *blame_kind(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFDIR: return "a directory";
	case S_IFREG: return "a regular file";
	case S_IFLNK: return "a symbolic link";
	case S_IFCHR: return "a character device";
	case S_IFBLK: return "a block device";
	case S_IFIFO: return "a pipe";
	case S_IFSOCK: return "a socket";
	default: return "a file of an unknown kind";
	}
}

/* A descriptor, or -errno. */
static int look(int root, const char *path, int flags)
{
	if (root >= 0)
		return path_probe_in(root, path, O_PATH | flags);
	int fd = open(path, O_PATH | O_CLOEXEC | flags);
	return fd < 0 ? -errno : fd;
}

/* The component is there itself, as a link that leads nowhere. */
static bool blame_link(int root, const char *part, int code, struct err *e)
{
	char to[256];
	struct stat st;
	auto_fd int fd = look(root, part, O_NOFOLLOW);

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISLNK(st.st_mode))
		return false;
	ssize_t n = readlinkat(fd, "", to, sizeof(to) - 1);
	to[n > 0 ? n : 0] = '\0';
	err_more(e, code == ELOOP ? "\"%s\" is a symbolic link that goes in a circle (to \"%s\")"
				  : "\"%s\" is a symbolic link to \"%s\", and that leads nowhere", part, to);
	return true;
}

/* True when this component is the one; `last`: the path ends with it. */
static bool blame_part(int root, const char *part, bool last, struct err *e)
{
	struct stat st;
	auto_fd int fd = look(root, part, 0);

	if (fd < 0 && (fd == -ENOENT || fd == -ELOOP || fd == -ENOTDIR) && blame_link(root, part, -fd, e))
		return true;
	if (fd == -ENOENT)
		err_more(e, "\"%s\" is missing", part);
	else if (fd == -EACCES)
		err_more(e, "\"%s\" may not be reached by user %u", part, (unsigned)geteuid());
	else if (fd < 0)
		err_more(e, "\"%s\": %s", part, strerror(-fd));
	else if (!last && fstat(fd, &st) == 0 && !S_ISDIR(st.st_mode))
		err_more(e, "\"%s\" is %s, not a directory", part, blame_kind(st.st_mode));
	else
		return false;
	return true;
}

int blame_path(int root, const char *path, struct err *e)
{
	char part[PATH_MAX];
	size_t len = strlen(path);

	if (len >= sizeof(part))
		return -e->code;
	for (size_t i = 1; i <= len; i++) {
		if ((path[i] != '/' && path[i]) || path[i - 1] == '/')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		if (blame_part(root, part, path[i + strspn(path + i, "/")] == '\0', e))
			break;
	}
	return -e->code;
}
