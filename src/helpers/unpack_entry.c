/* SPDX-License-Identifier: Apache-2.0 */
#include "helpers/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"

void unpack_note(struct unpack *u, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	if (++u->notes > UNPACK_MAX_NOTES)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap); /* cut when it is too long */
	va_end(ap);
	unpack_say("note: ", text);
}

void unpack_say(const char *before, const char *text)
{
	fputs(before, stdout);
	for (; *text; text++)
		putchar((unsigned char)*text < 0x20 || *text == 0x7f ? '?' : *text);
	putchar('\n');
}

int unpack_name(const char *text, char out[PATH_MAX], struct err *e)
{
	const char *whole = text;
	size_t len = 0;

	if (text[0] == '/')
		return err_set(e, EINVAL,
			       "%.200s: an absolute name has no place in an archive of a root",
			       text);
	while (*text) {
		size_t n = strcspn(text, "/");

		if (n == 2 && memcmp(text, "..", 2) == 0)
			return err_set(e, EINVAL, "%.200s: \"..\" would lead out of the root",
				       whole);
		if (n > NAME_MAX || len + n + 2 > PATH_MAX)
			return err_set(e, ENAMETOOLONG, "%.200s...: the name is too long", whole);
		if (n > 0 && !(n == 1 && *text == '.')) {
			if (len)
				out[len++] = '/';
			memcpy(out + len, text, n);
			len += n;
		}
		text += n + (text[n] == '/');
	}
	out[len] = '\0';
	return 0;
}

/* ---- places ---- */

static int refused_parent(const char *name, int r, struct err *e)
{
	if (r == -ELOOP)
		return err_set(e, ELOOP, "%s: its way leads through a symbolic link", name);
	if (r == -ENOTDIR)
		return err_set(e, ENOTDIR,
			       "%s: its way leads through something that is no directory", name);
	return err_code(e, -r, "%s", name);
}

/* Makes the directories that the archive took for granted. */
static int make_parents(int root, const char *name, struct err *e)
{
	auto_fd int dir = openat(root, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0)
		return err_sys(e, "open the root");
	for (const char *at = name, *slash; (slash = strchr(at, '/')); at = slash + 1) {
		char part[NAME_MAX + 1];
		int next;

		memcpy(part, at, (size_t)(slash - at));
		part[slash - at] = '\0';
		if (mkdirat(dir, part, 0755) < 0 && errno != EEXIST)
			return err_sys(e, "%s", name);
		next = path_probe_nolink(dir, part, O_PATH | O_DIRECTORY);
		if (next < 0)
			return refused_parent(name, next, e);
		fd_close(&dir);
		dir = next;
	}
	return fd_take(&dir);
}

/* A descriptor of the directory that `name` lies in; *base is its last component. */
static int open_parent(const struct unpack *u, const char *name, const char **base, struct err *e)
{
	const char *slash = strrchr(name, '/');
	char parent[PATH_MAX];
	int fd;

	*base = slash ? slash + 1 : name;
	if (!slash) {
		fd = openat(u->root, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
		return fd < 0 ? err_sys(e, "open the root") : fd;
	}
	memcpy(parent, name, (size_t)(slash - name));
	parent[slash - name] = '\0';
	fd = path_probe_nolink(u->root, parent, O_PATH | O_DIRECTORY);
	if (fd == -ENOENT)
		return make_parents(u->root, name, e);
	return fd < 0 ? refused_parent(name, fd, e) : fd;
}

/* A later entry replaces an earlier one of its name, as tar does. */
static int make_room(int dir, const char *base, const char *name, struct err *e)
{
	if (unlinkat(dir, base, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return err_sys(e, "%s: replace what is there", name);
	return unlinkat(dir, base, AT_REMOVEDIR) == 0 ? 0
						      : err_sys(e, "%s: replace a directory", name);
}

static int open_place(struct unpack *u, const char *name, const char **base, struct err *e)
{
	auto_fd int dir = -1;
	int r;

	if (!*name)
		return err_set(e, EINVAL, "the root itself can only be a directory");
	dir = open_parent(u, name, base, e);
	if (dir < 0)
		return dir;
	r = make_room(dir, *base, name, e);
	return r < 0 ? r : fd_take(&dir);
}

/* ---- attributes ---- */

static int set_owner_at(const struct unpack *u, int dir, const char *base, const char *name,
			const struct unpack_attr *a, struct err *e)
{
	if (u->privileged && fchownat(dir, base, a->uid, a->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "%s: set its owner", name);
	return 0;
}

/* Owner first: changing it takes set-id bits and file capabilities away. */
static int set_attr(struct unpack *u, int fd, const char *name, const struct unpack_attr *a,
		    struct err *e)
{
	const struct timespec times[2] = { a->mtime, a->mtime };
	struct stat st;

	if (u->privileged && fchown(fd, a->uid, a->gid) < 0)
		return err_sys(e, "%s: set its owner", name);
	if (fchmod(fd, a->mode & 07777) < 0)
		return err_sys(e, "%s: set its mode", name);
	if (a->capability && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    fsetxattr(fd, "security.capability", a->capability, a->capability_size, 0) < 0) {
		if (u->privileged && errno != EOPNOTSUPP)
			return err_sys(e, "%s: set its capabilities", name);
		unpack_note(u, "%s: its file capabilities are left out", name);
	}
	(void)futimens(fd, times); /* a wrong date harms nobody */
	return 0;
}

/* ---- entries ---- */

int unpack_directory(struct unpack *u, const char *name, const struct unpack_attr *a, struct err *e)
{
	const char *base = ".";
	auto_fd int dir = -1;
	auto_fd int fd = -1;
	struct stat st;
	int r;

	dir = *name ? open_parent(u, name, &base, e)
		    : openat(u->root, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return *name ? dir : err_sys(e, "open the root");
	if (*name && mkdirat(dir, base, 0700) < 0) {
		if (errno != EEXIST || fstatat(dir, base, &st, AT_SYMLINK_NOFOLLOW) < 0)
			return err_sys(e, "%s: make the directory", name);
		if (!S_ISDIR(st.st_mode)) {
			r = make_room(dir, base, name, e);
			if (r < 0)
				return r;
			if (mkdirat(dir, base, 0700) < 0)
				return err_sys(e, "%s: make the directory", name);
		}
	}
	fd = openat(dir, base, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "%s: open the directory", name);
	return set_attr(u, fd, *name ? name : ".", a, e);
}

int unpack_file(struct unpack *u, const char *name, struct err *e)
{
	const char *base;
	auto_fd int dir = open_place(u, name, &base, e);
	int fd;

	if (dir < 0)
		return dir;
	fd = openat(dir, base, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	return fd < 0 ? err_sys(e, "%s: make the file", name) : fd;
}

int unpack_file_done(struct unpack *u, int fd, const char *name, const struct unpack_attr *a,
		     struct err *e)
{
	return set_attr(u, fd, name, a, e);
}

int unpack_symlink(struct unpack *u, const char *name, const char *target,
		   const struct unpack_attr *a, struct err *e)
{
	const char *base;
	auto_fd int dir = -1;

	/* Where it points is the container's affair: nobody follows it out here. */
	if (!*target || strlen(target) >= PATH_MAX)
		return err_set(e, EINVAL, "%s: a symbolic link with an impossible target", name);
	dir = open_place(u, name, &base, e);
	if (dir < 0)
		return dir;
	if (symlinkat(target, dir, base) < 0)
		return err_sys(e, "%s: make the symbolic link", name);
	return set_owner_at(u, dir, base, name, a, e);
}

int unpack_hardlink(struct unpack *u, const char *name, const char *target, struct err *e)
{
	char clean[PATH_MAX];
	const char *from_base, *base;
	auto_fd int from = -1;
	auto_fd int dir = -1;
	struct stat st;
	int r = unpack_name(target, clean, e);

	if (r == 0 && !*clean)
		r = err_set(e, EINVAL, "a hard link to the root itself");
	if (r < 0)
		return err_wrap(e, "%s: hard link", name);
	from = open_parent(u, clean, &from_base, e);
	if (from < 0)
		return err_wrap(e, "%s: hard link", name);
	if (fstatat(from, from_base, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "%s: hard link to %s", name, clean);
	if (S_ISDIR(st.st_mode))
		return err_set(e, EISDIR, "%s: hard link to the directory %s", name, clean);
	if (str_eq(clean, name))
		return 0;
	dir = open_place(u, name, &base, e);
	if (dir < 0)
		return dir;
	return linkat(from, from_base, dir, base, 0) < 0
		       ? err_sys(e, "%s: hard link to %s", name, clean)
		       : 0;
}

static bool is_harmless_device(mode_t type, dev_t dev)
{
	static const struct {
		unsigned major, minor;
	} allowed[] = {
		{ 1, 3 }, { 1, 5 }, { 1, 7 }, { 1, 8 },
		{ 1, 9 }, { 5, 0 }, { 5, 2 }, /* null zero full random urandom tty ptmx */
	};

	for (size_t i = 0; S_ISCHR(type) && i < N_ELEMENTS(allowed); i++)
		if (major(dev) == allowed[i].major && minor(dev) == allowed[i].minor)
			return true;
	return false;
}

int unpack_node(struct unpack *u, const char *name, mode_t type, dev_t dev,
		const struct unpack_attr *a, struct err *e)
{
	const char *base;
	auto_fd int dir = -1;

	if (!S_ISFIFO(type) && (!is_harmless_device(type, dev) || !u->privileged)) {
		unpack_note(u, "%s: device %u:%u is left out", name, major(dev), minor(dev));
		return 0;
	}
	dir = open_place(u, name, &base, e);
	if (dir < 0)
		return dir;
	if (mknodat(dir, base, type | 0600, S_ISFIFO(type) ? 0 : dev) < 0)
		return err_sys(e, "%s: make the node", name);
	/* No open: a FIFO would wait, a device would act. The name is ours alone, so no one has
	 * exchanged it. */
	if (set_owner_at(u, dir, base, name, a, e) < 0)
		return -e->code;
	return fchmodat(dir, base, a->mode & 07777, 0) < 0 ? err_sys(e, "%s: set its mode", name)
							   : 0;
}
