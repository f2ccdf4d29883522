/* SPDX-License-Identifier: Apache-2.0 */
/*
 * caisson-unpack FD < ARCHIVE - unpacks a tar (plain, gzip, xz, zstd) of a root file system into
 * the directory on descriptor FD.
 *
 * Notes go to standard output as lines "note: ...", an error is the last line, the exit status is 0
 * or 1. The archive is a stranger's and libarchive is a large parser: it runs with the few
 * capabilities that unpacking needs, bounded memory, and no way to gain more.
 */
#include "helpers/unpack.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <linux/capability.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "helpers/power.h"

enum { BLOCK = 64 * 1024 };
#define MEMORY_MAX (UINT64_C(1) << 30)
#define CAP(name) (UINT64_C(1) << CAP_##name)
#define CAPS_KEPT (CAP(CHOWN) | CAP(DAC_OVERRIDE) | CAP(FOWNER) | CAP(FSETID) | CAP(SETFCAP) | CAP(MKNOD))

static int archive_failed(struct archive *ar, struct err *e)
{
	const char *text = archive_error_string(ar);

	return err_set(e, EINVAL, "%s", text ? text : "cannot be read");
}

/* ---- entries ---- */

static int read_ids(struct archive_entry *entry, struct unpack_attr *a, struct err *e)
{
	int64_t uid = archive_entry_uid(entry), gid = archive_entry_gid(entry);

	if (uid < 0 || uid >= UINT32_MAX || gid < 0 || gid >= UINT32_MAX)
		return err_set(e, ERANGE, "owner %lld:%lld is no pair of ids", (long long)uid,
			       (long long)gid);
	a->uid = (uint32_t)uid;
	a->gid = (uint32_t)gid;
	return 0;
}

/* Of the extended attributes only file capabilities matter to a root file system; the rest could
 * mislead the host's tools. */
static void read_capability(struct archive_entry *entry, struct unpack_attr *a)
{
	const char *name;
	const void *value;
	size_t size;

	if (archive_entry_xattr_reset(entry) <= 0)
		return;
	while (archive_entry_xattr_next(entry, &name, &value, &size) == ARCHIVE_OK) {
		/* struct vfs_cap_data: 12, 20 or, with a root id, 24 bytes (linux/capability.h) */
		if (!name || !value || strcmp(name, "security.capability") != 0 ||
		    (size != 12 && size != 20 && size != 24))
			continue;
		a->capability = value;
		a->capability_size = size;
	}
}

static int write_block(int fd, const char *p, size_t len, int64_t at)
{
	while (len > 0) {
		ssize_t n = pwrite(fd, p, len, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		len -= (size_t)n;
		at += n;
	}
	return 0;
}

static int copy_data(struct unpack *u, struct archive *ar, int fd, int64_t size, const char *name,
		     struct err *e)
{
	const void *block;
	size_t len;
	la_int64_t at;
	int r;

	while ((r = archive_read_data_block(ar, &block, &len, &at)) == ARCHIVE_OK ||
	       r == ARCHIVE_WARN) {
		if (at < 0 || at > size || len > (uint64_t)(size - at))
			return err_set(e, EINVAL, "%s: holds more than its size", name);
		u->bytes += len;
		if (u->bytes > UNPACK_MAX_BYTES)
			return err_set(e, EFBIG, "holds more than %llu GiB",
				       (unsigned long long)(UNPACK_MAX_BYTES >> 30));
		r = write_block(fd, block, len, at);
		if (r < 0)
			return err_code(e, -r, "%s: write", name);
	}
	if (r != ARCHIVE_EOF)
		return err_wrap((archive_failed(ar, e), e), "%s", name);
	/* The holes of a sparse file, and the one at its end. */
	return ftruncate(fd, size) < 0 ? err_sys(e, "%s: set its size", name) : 0;
}

static int put_file(struct unpack *u, struct archive *ar, struct archive_entry *entry,
		    const char *name, const struct unpack_attr *a, struct err *e)
{
	int64_t size = archive_entry_size(entry);
	auto_fd int fd = -1;
	int r;

	if (size < 0)
		return err_set(e, EINVAL, "%s: has a size below zero", name);
	fd = unpack_file(u, name, e);
	if (fd < 0)
		return fd;
	r = copy_data(u, ar, fd, size, name, e);
	return r < 0 ? r : unpack_file_done(u, fd, name, a, e);
}

static int put_entry(struct unpack *u, struct archive *ar, struct archive_entry *entry,
		     struct err *e)
{
	const char *text = archive_entry_pathname(entry), *target = archive_entry_hardlink(entry);
	struct unpack_attr a = { .mode = archive_entry_perm(entry) };
	mode_t type = archive_entry_filetype(entry);
	char name[PATH_MAX];
	int r;

	if (!text)
		return err_set(e, EILSEQ, "a name in it cannot be read");
	r = unpack_name(text, name, e);
	if (r == 0)
		r = read_ids(entry, &a, e);
	if (r < 0)
		return r;
	if (archive_entry_mtime_is_set(entry))
		a.mtime = (struct timespec){ archive_entry_mtime(entry),
					     archive_entry_mtime_nsec(entry) };
	read_capability(entry, &a);
	if (target)
		return unpack_hardlink(u, name, target, e);
	switch (type) {
	case AE_IFREG:
		return put_file(u, ar, entry, name, &a, e);
	case AE_IFDIR:
		return unpack_directory(u, name, &a, e);
	case AE_IFLNK:
		return unpack_symlink(
			u, name, archive_entry_symlink(entry) ? archive_entry_symlink(entry) : "",
			&a, e);
	case AE_IFIFO:
	case AE_IFCHR:
	case AE_IFBLK:
		return unpack_node(u, name, type, archive_entry_rdev(entry), &a, e);
	default:
		unpack_note(u, "%s: of no kind that a root has; left out", name);
		return 0;
	}
}

/* ---- the archive ---- */

/* A filter that libarchive would hand to a program of the host's is none for us. */
static void add_filter(struct archive *ar, int (*add)(struct archive *))
{
	if (add(ar) != ARCHIVE_OK)
		archive_clear_error(ar);
}

static struct archive *archive_begin(struct err *e)
{
	struct archive *ar = archive_read_new();

	if (!ar) {
		(void)err_set(e, ENOMEM, "out of memory");
		return NULL;
	}
	add_filter(ar, archive_read_support_filter_gzip);
	add_filter(ar, archive_read_support_filter_xz);
	add_filter(ar, archive_read_support_filter_zstd);
	if (archive_read_support_format_tar(ar) != ARCHIVE_OK ||
	    archive_read_open_fd(ar, STDIN_FILENO, BLOCK) != ARCHIVE_OK) {
		(void)archive_failed(ar, e);
		(void)archive_read_free(ar);
		return NULL;
	}
	return ar;
}

static int unpack_all(struct unpack *u, struct archive *ar, struct err *e)
{
	struct archive_entry *entry;
	int r;

	while ((r = archive_read_next_header(ar, &entry)) == ARCHIVE_OK || r == ARCHIVE_WARN) {
		if (++u->entries > UNPACK_MAX_ENTRIES)
			return err_set(e, E2BIG, "holds more than %d entries", UNPACK_MAX_ENTRIES);
		r = put_entry(u, ar, entry, e);
		if (r < 0)
			return r;
	}
	if (r != ARCHIVE_EOF)
		return archive_failed(ar, e);
	if (u->entries == 0)
		return err_set(e, EINVAL, "holds nothing: is it a tar of a root file system?");
	if (u->notes > UNPACK_MAX_NOTES)
		printf("note: and %llu more like these\n",
		       (unsigned long long)(u->notes - UNPACK_MAX_NOTES));
	return 0;
}

static int run(int argc, char **argv, struct err *e)
{
	struct unpack u = { .privileged = geteuid() == 0 };
	struct archive *ar;
	uint32_t fd;
	int r;

	if (argc != 2 || str_u32(argv[1], &fd) < 0 || fd > INT_MAX || fd <= STDERR_FILENO)
		return err_set(e, EINVAL,
			       "usage: caisson-unpack FD < ARCHIVE, FD open on the directory to "
			       "unpack into");
	u.root = (int)fd;
	umask(0);
	/* Names are bytes, and in this locale every UTF-8 name is taken as it is. */
	(void)setlocale(LC_CTYPE, "C.UTF-8");
	r = helper_drop_power(MEMORY_MAX, CAPS_KEPT, e);
	if (r < 0)
		return r;
	ar = archive_begin(e);
	if (!ar)
		return -e->code;
	r = unpack_all(&u, ar, e);
	(void)archive_read_free(ar);
	return r;
}

int main(int argc, char **argv)
{
	struct err e = { 0 };

	if (run(argc, argv, &e) == 0)
		return fflush(stdout) == 0 ? 0 : 1;
	unpack_say("", e.text);
	(void)fflush(stdout); /* the status tells as well */
	return 1;
}
