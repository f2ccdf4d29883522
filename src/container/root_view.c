/* SPDX-License-Identifier: Apache-2.0 */
#include "container/root_view.h"

#include <dirent.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"

/* What /proc says about a descriptor of ours. */
enum { FD_LINK_MAX = 64 };
static void fd_link(int fd, char out[FD_LINK_MAX])
{
	(void)snprintf(out, FD_LINK_MAX, "/proc/self/fd/%d", fd); /* always fits */
}

/* Where `fd` is in the tree at `root`. */
static int place_in(int root, int fd, char out[PATH_MAX])
{
	char link[FD_LINK_MAX], top[PATH_MAX], full[PATH_MAX];
	ssize_t n, m;

	fd_link(root, link);
	n = readlink(link, top, sizeof(top) - 1);
	fd_link(fd, link);
	m = readlink(link, full, sizeof(full) - 1);
	if (n < 0 || m < 0)
		return -ENOENT;
	top[n] = full[m] = '\0';
	if (!path_is_below(full, top))
		return -ENOENT;
	return path_clean(str_eq(top, "/") ? full : full + n, out, PATH_MAX) < 0 ? -ENOENT : 0;
}

static int read_at(int fd, struct arena *a, off_t at, size_t max, const char **out, size_t *len, struct err *e)
{
	char *text = arena_alloc(a, max + 1);
	ssize_t n;

	if (!text)
		return err_set(e, ENOMEM, "policy: out of memory");
	n = pread(fd, text, max, at);
	if (n < 0)
		return -ENOENT;
	text[n] = '\0';
	*out = text;
	*len = (size_t)n;
	return 0;
}

/* The three forms of the attribute begin alike: flags and version, then permitted and inheritable. */
static void read_caps(int fd, struct root_file *out)
{
	char link[FD_LINK_MAX];
	uint32_t raw[6] = { 0 };
	ssize_t n;

	fd_link(fd, link);
	n = getxattr(link, "security.capability", raw, sizeof(raw));
	if (n < (ssize_t)(3 * sizeof(raw[0])))
		return;
	out->caps = le32toh(raw[1]);
	if (n >= (ssize_t)(5 * sizeof(raw[0])))
		out->caps |= (uint64_t)le32toh(raw[3]) << 32;
	out->caps_effective = le32toh(raw[0]) & VFS_CAP_FLAGS_EFFECTIVE;
}

static int read_bytes(int fd, struct arena *a, off_t size, struct root_file *out, struct err *e)
{
	off_t from = size > ROOT_FILE_TAIL ? size - ROOT_FILE_TAIL : 0;
	int err = read_at(fd, a, 0, ROOT_FILE_HEAD, &out->head, &out->head_len, e);

	if (err == 0 && str_starts(out->head, "#!") && size > ROOT_FILE_HEAD)
		err = read_at(fd, a, 0, ROOT_SCRIPT_MAX, &out->head, &out->head_len, e);
	return err < 0 ? err : read_at(fd, a, from, ROOT_FILE_TAIL, &out->tail, &out->tail_len, e);
}

static int view_file(void *ctx, struct arena *a, const char *path, struct root_file *out, struct err *e)
{
	const int *root = ctx;
	auto_fd int at = path_probe_in(*root, path, O_PATH);
	struct root_file file = { 0 };
	char link[FD_LINK_MAX], place[PATH_MAX];
	struct stat st;
	int err;

	if (at < 0 || fstat(at, &st) < 0 || !S_ISREG(st.st_mode) || place_in(*root, at, place) < 0)
		return -ENOENT;
	fd_link(at, link);
	auto_fd int fd = open(link, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return -ENOENT;
	read_caps(fd, &file);
	err = read_bytes(fd, a, st.st_size, &file, e);
	if (err < 0)
		return err;
	file.path = arena_strdup(a, place);
	if (!file.path)
		return err_set(e, ENOMEM, "policy: out of memory");
	*out = file;
	return 0;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int view_names(void *ctx, struct arena *a, const char *path, struct strings *out, struct err *e)
{
	const int *root = ctx;
	auto_fd int fd = path_probe_in(*root, path, O_RDONLY | O_DIRECTORY);
	const char **v = arena_array(a, ROOT_NAMES_MAX + 1, sizeof(*v));
	const struct dirent *entry;
	size_t n = 0;
	DIR *dir;

	if (!v)
		return err_set(e, ENOMEM, "policy: out of memory");
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir)
		return -ENOENT;
	(void)fd_take(&fd); /* closedir closes it */
	while (n < ROOT_NAMES_MAX && (entry = readdir(dir)) != NULL) {
		if (str_eq(entry->d_name, ".") || str_eq(entry->d_name, ".."))
			continue;
		v[n] = arena_strdup(a, entry->d_name);
		if (!v[n]) {
			(void)closedir(dir);
			return err_set(e, ENOMEM, "policy: out of memory");
		}
		n++;
	}
	(void)closedir(dir);
	qsort(v, n, sizeof(*v), by_text);
	*out = (struct strings){ n, v };
	return 0;
}

static int view_owner(void *ctx, const char *host_path, struct root_owner *out)
{
	struct stat st;

	(void)ctx;
	if (stat(host_path, &st) < 0 || !S_ISDIR(st.st_mode))
		return -ENOENT;
	*out = (struct root_owner){ st.st_uid, st.st_gid, st.st_mode };
	return 0;
}

void root_view_init(struct root_view *v, int *root)
{
	*v = (struct root_view){ root, view_file, view_names, view_owner };
}
