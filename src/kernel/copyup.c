/* SPDX-License-Identifier: Apache-2.0 */
/* tmpcopyup: the tmpfs starts with what the image has there. The image is hostile: depth and count are bounded, links are
 * copied as links, nothing is followed. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "kernel/mounts.h"

enum { COPY_MAX_DEPTH = 64, COPY_MAX_ENTRIES = 200000 };

struct copying { size_t entries; struct err *e; };

static int copy_dir(struct copying *c, int from, int to, unsigned depth);

/* An owner that the container's user namespace does not know (EINVAL) becomes its root; then nothing may be setuid. */
static int copy_owner(int to, const char *name, const struct stat *st, struct err *e)
{
	mode_t mode = st->st_mode & 07777;

	if (fchownat(to, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0) {
		if (errno != EINVAL)
			return err_sys(e, "copy up %s: owner", name);
		mode &= ~(mode_t)(S_ISUID | S_ISGID);
	}
	if (!S_ISLNK(st->st_mode) && fchmodat(to, name, mode, 0) < 0)
		return err_sys(e, "copy up %s: mode", name);
	return 0;
}

static int copy_file(int from, int to, const char *name, const struct stat *st, struct err *e)
{
	auto_fd int in = openat(from, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	auto_fd int out = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	ssize_t n;

	if (in < 0 || out < 0)
		return err_sys(e, "copy up %s", name);
	while ((n = sendfile(out, in, NULL, 1 << 20)) > 0)
		;
	if (n < 0)
		return err_sys(e, "copy up %s", name);
	return copy_owner(to, name, st, e);
}

static int copy_link(int from, int to, const char *name, const struct stat *st, struct err *e)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(from, name, target, sizeof(target) - 1);

	if (n < 0)
		return err_sys(e, "copy up %s", name);
	target[n] = '\0';
	if (symlinkat(target, to, name) < 0)
		return err_sys(e, "copy up %s", name);
	return copy_owner(to, name, st, e);
}

static int copy_subdir(struct copying *c, int from, int to, const char *name, const struct stat *st, unsigned depth)
{
	if (mkdirat(to, name, 0700) < 0)
		return err_sys(c->e, "copy up %s", name);
	auto_fd int in = openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	auto_fd int out = openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (in < 0 || out < 0)
		return err_sys(c->e, "copy up %s", name);
	int r = copy_dir(c, in, out, depth + 1);
	return r < 0 ? r : copy_owner(to, name, st, c->e);
}

static int copy_entry(struct copying *c, int from, int to, const char *name, unsigned depth)
{
	struct stat st;

	if (++c->entries > COPY_MAX_ENTRIES)
		return err_set(c->e, E2BIG, "copy up: more than %d entries", COPY_MAX_ENTRIES);
	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(c->e, "copy up %s", name);
	if (S_ISDIR(st.st_mode))
		return copy_subdir(c, from, to, name, &st, depth);
	if (S_ISREG(st.st_mode))
		return copy_file(from, to, name, &st, c->e);
	if (S_ISLNK(st.st_mode))
		return copy_link(from, to, name, &st, c->e);
	return 0; /* devices, sockets and pipes have no content to start from */
}

static int copy_dir(struct copying *c, int from, int to, unsigned depth)
{
	if (depth > COPY_MAX_DEPTH)
		return err_set(c->e, E2BIG, "copy up: deeper than %d directories", COPY_MAX_DEPTH);
	int own = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (own < 0)
		return err_sys(c->e, "copy up");
	DIR *d = fdopendir(own);
	if (!d) {
		fd_close(&own);
		return err_code(c->e, ENOMEM, "copy up");
	}
	int r = 0;
	for (struct dirent *entry; r == 0 && (entry = readdir(d));)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			r = copy_entry(c, from, to, entry->d_name, depth);
	closedir(d);
	return r;
}

int mounts_copy_up(int from, int to, struct err *e)
{
	struct copying c = { .e = e };
	struct stat st;
	int r = copy_dir(&c, from, to, 0);

	if (r == 0 && fstat(from, &st) == 0 && fchownat(to, "", st.st_uid, st.st_gid, AT_EMPTY_PATH) < 0 && errno != EINVAL)
		return err_sys(e, "copy up: owner of the directory");
	return r;
}
