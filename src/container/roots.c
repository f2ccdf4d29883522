/* SPDX-License-Identifier: Apache-2.0 */
/* container/roots.c - unpacked roots: made, swept, removed. What lies in them was written by
 * strangers. */
#include "container/roots.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "base/wait.h"
#include "container/id_ranges.h"
#include "container/state.h"

/* Removing a large root takes its time, and is done with the lock. */
enum { OWNER_SIZE = 4224, ROOTS_DEADLINE_MS = 120 * 1000 };

int roots_dir(char out[ROOTS_DIR_MAX], struct err *e)
{
	const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
	int n;

	if (geteuid() == 0)
		n = snprintf(out, ROOTS_DIR_MAX, "/var/lib/caisson/roots");
	else if (data && data[0] == '/')
		n = snprintf(out, ROOTS_DIR_MAX, "%s/caisson/roots", data);
	else if (home && home[0] == '/')
		n = snprintf(out, ROOTS_DIR_MAX, "%s/.local/share/caisson/roots", home);
	else
		return err_set(e, ENOENT, "no place for unpacked roots: set XDG_DATA_HOME or HOME");
	return n < 0 || n >= ROOTS_DIR_MAX
		       ? err_set(e, ENAMETOOLONG,
				 "the place for unpacked roots has too long a name")
		       : 0;
}

static int roots_open(const char *dir, bool make, struct err *e)
{
	auto_fd int fd = -1;
	auto_fd int top = -1;
	struct stat st;

	if (make) {
		top = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
		fd = top < 0 ? -1 : path_mkdir_in(top, dir, 0711, e);
		if (top >= 0 && fd < 0)
			return fd;
		fd_close(&fd);
	}
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "open %s", dir);
	if (fstat(fd, &st) < 0)
		return err_sys(e, "stat %s", dir);
	if (st.st_uid != geteuid() || (st.st_mode & 022))
		return err_set(e, EPERM,
			       "%s must belong to this user and be writable by nobody else", dir);
	if (wait_lock(fd, ROOTS_DEADLINE_MS, e) < 0)
		return err_wrap(e, "%s", dir);
	return fd_take(&fd);
}

/*
 * Removes what it can from the directory `fd`. Returns 1 with *sub set to a directory that is not
 * empty, 0 when nothing is left, -errno.
 */
static int remove_entries(int fd, int *sub)
{
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *entry;
	int r = 0;

	if (!d) {
		r = -errno;
		if (copy >= 0)
			(void)close(copy);
		return r;
	}
	while (r == 0 && (entry = readdir(d))) {
		if (str_eq(entry->d_name, ".") || str_eq(entry->d_name, ".."))
			continue;
		if (unlinkat(fd, entry->d_name, 0) == 0 || errno == ENOENT)
			continue;
		if (errno != EISDIR && errno != EPERM) {
			r = -errno;
			break;
		}
		if (unlinkat(fd, entry->d_name, AT_REMOVEDIR) == 0 || errno == ENOENT)
			continue;
		if (errno != ENOTEMPTY && errno != EEXIST) {
			r = -errno;
			break;
		}
		*sub = openat(fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		r = *sub < 0 ? -errno : 1;
	}
	(void)closedir(d);
	return r;
}

/*
 * Empties a directory with two descriptors however deep it is: goes down to the first directory
 * that is not empty and comes up again through "..", where the emptied one now goes away like any
 * other entry. Nobody moves directories about in here: the container is gone.
 */
static int tree_empty(int top)
{
	auto_fd int fd = openat(top, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;
	dev_t dev;
	long depth = 0;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	dev = st.st_dev;
	for (;;) {
		int next = -1;
		int r = remove_entries(fd, &next);

		if (r < 0)
			return r;
		if (r == 0 && depth == 0)
			return 0;
		if (r == 0)
			next = openat(fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (next < 0)
			return -errno;
		depth += r == 1 ? 1 : -1;
		fd_close(&fd);
		fd = next;
		if (fstat(fd, &st) < 0)
			return -errno;
		if (st.st_dev != dev)
			return -EXDEV;
	}
}

static void remove_in(int dir, const char *name)
{
	auto_fd int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	/* What cannot be removed now is tried again by the next sweep: its owner is gone. */
	if (fd >= 0 && tree_empty(fd) == 0)
		(void)unlinkat(dir, name, AT_REMOVEDIR);
}

static bool is_owned(int dir, const char *name)
{
	auto_fd int fd = openat(dir, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	char text[OWNER_SIZE];
	ssize_t n = fd < 0 ? -1 : readlinkat(fd, "owner", text, sizeof(text) - 1);

	if (n < 0)
		return false;
	text[n] = '\0';
	return owner_is_alive(text);
}

static void sweep(int dir)
{
	int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *entry;

	if (!d) {
		if (copy >= 0)
			(void)close(copy);
		return;
	}
	while ((entry = readdir(d))) {
		if (str_eq(entry->d_name, ".") || str_eq(entry->d_name, ".."))
			continue;
		if (!is_owned(dir, entry->d_name))
			remove_in(dir, entry->d_name);
	}
	(void)closedir(d);
}

int roots_make(const char *dir, const char *name, const char *state_dir, struct err *e)
{
	auto_fd int top = -1;
	auto_fd int own = -1;
	char owner[OWNER_SIZE];
	int fd, r = state_check_id(name, e);

	if (r == 0)
		r = owner_text(state_dir, owner, sizeof(owner), e);
	if (r < 0)
		return r;
	top = roots_open(dir, true, e);
	if (top < 0)
		return top;
	sweep(top);
	if (mkdirat(top, name, 0700) < 0) {
		if (errno == EEXIST)
			return err_set(
				e, EEXIST,
				"%s/%s is in use; choose another --name, or delete that container",
				dir, name);
		return err_sys(e, "make %s/%s", dir, name);
	}
	own = openat(top, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (own < 0 || symlinkat(owner, own, "owner") < 0 || mkdirat(own, "rootfs", 0755) < 0) {
		r = err_sys(e, "make %s/%s/rootfs", dir, name);
		remove_in(top, name);
		return r;
	}
	fd = openat(own, "rootfs", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? err_sys(e, "open %s/%s/rootfs", dir, name) : fd;
}

int roots_admit(const char *dir, const char *name, uint32_t gid, struct err *e)
{
	auto_fd int top = open(dir, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	auto_fd int own =
		top < 0 ? -1 : openat(top, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (own < 0)
		return err_sys(e, "open %s/%s", dir, name);
	if (fchown(own, (uid_t)-1, gid) < 0 || fchmod(own, 0710) < 0)
		return err_sys(e, "open %s/%s to the container", dir, name);
	return 0;
}

void roots_remove(const char *dir, const char *name)
{
	struct err e = { 0 };
	auto_fd int top = -1;

	if (state_check_id(name, &e) < 0)
		return;
	top = roots_open(dir, false, &e);
	if (top >= 0)
		remove_in(top, name);
}
