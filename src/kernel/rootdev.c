/* SPDX-License-Identifier: Apache-2.0 */
/* /dev: the six default devices, what linux.devices lists, and the usual links (OCI config-linux.md, runtime-linux.md). */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/sys.h"
#include "kernel/rootfs.h"

static const struct { const char *name; unsigned major, minor; } defaults[] = {
	{ "null", 1, 3 }, { "zero", 1, 5 }, { "full", 1, 7 }, { "random", 1, 8 }, { "urandom", 1, 9 }, { "tty", 5, 0 },
};

static const struct { const char *name, *target; } links[] = {
	{ "fd", "/proc/self/fd" },	 { "stdin", "/proc/self/fd/0" }, { "stdout", "/proc/self/fd/1" },
	{ "stderr", "/proc/self/fd/2" }, { "ptmx", "pts/ptmx" },	 { "core", "/proc/kcore" },
};

static mode_t type_bits(char type)
{
	return type == 'b' ? S_IFBLK : type == 'p' ? S_IFIFO : S_IFCHR;
}

/* Something is there already: fine if it is this very device, an error otherwise (OCI: MUST). */
static int check_existing(int dir, const char *name, mode_t type, dev_t dev, struct err *e)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "look at what is there");
	if ((st.st_mode & S_IFMT) != type || (type != S_IFIFO && st.st_rdev != dev))
		return err_set(e, EEXIST, "a file that is not this device exists there");
	return 1;
}

/* In a user namespace nobody may make device nodes: the host's own is bound. */
static int bind_from_host(struct stage *s, int dir, const char *name, const char *host, mode_t type, dev_t dev, struct err *e)
{
	struct stat st;
	auto_fd int tree = stage_clone(s, AT_FDCWD, host, false);

	if (tree < 0)
		return err_code(e, -tree, "bind the host's %s", host);
	if (fstat(tree, &st) < 0 || (st.st_mode & S_IFMT) != type || st.st_rdev != dev)
		return err_set(e, ENODEV, "the host's %s is another device", host);
	auto_fd int made = openat(dir, name, O_CREAT | O_EXCL | O_RDONLY | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (made < 0)
		return err_sys(e, "create the file to mount over");
	auto_fd int target = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (target < 0)
		return err_sys(e, "open the file to mount over");
	return mounts_move(s, tree, target, e);
}

/* The mode came with mknod(2), under a umask of 0: a chmod(2) by name would follow a link that somebody puts there meanwhile. */
static int set_owner(int dir, const char *name, const struct device *d, struct err *e)
{
	uid_t uid = d->has_uid ? d->uid : 0;
	gid_t gid = d->has_gid ? d->gid : 0;

	if ((uid || gid) && fchownat(dir, name, uid, gid, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "set the owner");
	return 0;
}

static int make_node(struct stage *s, int dir, const char *name, const char *host, const struct device *d, bool bind,
		     struct err *e)
{
	mode_t type = type_bits(d->type), mode = d->has_mode ? (mode_t)d->mode : 0666;
	dev_t dev = d->type == 'p' ? 0 : makedev((unsigned)d->major, (unsigned)d->minor);

	if (bind && d->type != 'p') {
		int r = bind_from_host(s, dir, name, host, type, dev, e);
		if (r != -EEXIST)
			return r;
		r = check_existing(dir, name, type, dev, e);
		return r < 0 ? r : 0;
	}
	if (mknodat(dir, name, type | mode, dev) < 0) {
		if (errno == EPERM && !bind)
			return make_node(s, dir, name, host, d, true, e);
		if (errno != EEXIST)
			return err_sys(e, "make the device node");
		int r = check_existing(dir, name, type, dev, e);
		return r < 0 ? r : 0;
	}
	return set_owner(dir, name, d, e);
}

static int make_listed(struct stage *s, const struct device *d, int root, bool bind, struct err *e)
{
	char path[PATH_MAX];

	if (path_clean(d->path, path, sizeof(path)) < 0)
		return err_code(e, ENAMETOOLONG, "linux.devices: %s", d->path);
	char *slash = strrchr(path, '/');
	auto_fd int dir = -1;
	*slash = '\0';
	dir = path_mkdir_in(root, *path ? path : "/", 0755, e);
	if (dir < 0)
		return err_wrap(e, "linux.devices: %s", d->path);
	int r = make_node(s, dir, slash + 1, d->path, d, bind, e);
	return r < 0 ? err_wrap(e, "linux.devices: %s", d->path) : 0;
}

static bool is_listed(const struct devices *list, const char *name)
{
	for (size_t i = 0; i < list->n; i++)
		if (strncmp(list->v[i].path, "/dev/", 5) == 0 && strcmp(list->v[i].path + 5, name) == 0)
			return true;
	return false;
}

static int make_default(struct stage *s, size_t i, const struct devices *list, int dev, bool bind, struct err *e)
{
	const struct device d = { .type = 'c', .major = defaults[i].major, .minor = defaults[i].minor };
	char host[32] = "/dev/";

	if (is_listed(list, defaults[i].name))
		return 0;
	memcpy(host + 5, defaults[i].name, strlen(defaults[i].name) + 1);
	int r = make_node(s, dev, defaults[i].name, host, &d, bind, e);
	return r < 0 ? err_wrap(e, "device %s", host) : 0;
}

/* ptmx may be a node of the image's own making: it must be the container's devpts. */
static int make_links(int dev, struct err *e)
{
	for (size_t i = 0; i < N_ELEMENTS(links); i++) {
		/* As runc: no link to what a kernel without CONFIG_PROC_KCORE does not have. */
		if (strcmp(links[i].name, "core") == 0 && access(links[i].target, F_OK) < 0)
			continue;
		if (symlinkat(links[i].target, dev, links[i].name) == 0 || errno == EEXIST)
			continue;
		if (errno == EROFS)
			return 0;
		return err_sys(e, "link /dev/%s", links[i].name);
	}
	return 0;
}

/* A bind on /dev is the host's business: nothing is made in it (as runc and crun do). */
static bool dev_is_bound(const struct mounts *m)
{
	bool bound = false;

	for (size_t i = 0; i < m->n; i++)
		if (strcmp(m->v[i].destination, "/dev") == 0 && !m->v[i].remount)
			bound = m->v[i].bind;
	return bound;
}

static int make_all(const struct plan *p, struct stage *s, int root, int dev, bool bind, struct err *e)
{
	for (size_t i = 0; i < N_ELEMENTS(defaults); i++) {
		int r = make_default(s, i, &p->devices, dev, bind, e);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < p->devices.n; i++) {
		int r = make_listed(s, &p->devices.v[i], root, bind, e);
		if (r < 0)
			return r;
	}
	return 0;
}

int rootfs_devices(const struct plan *p, struct stage *s, int root, struct err *e)
{
	if (dev_is_bound(&p->mounts))
		return 0;
	auto_fd int dev = path_mkdir_in(root, "/dev", 0755, e);
	if (dev < 0)
		return dev;
	mode_t mask = umask(0);
	int r = make_all(p, s, root, dev, p->ns[NS_USER].mode != NS_INHERIT, e);
	umask(mask);
	return r < 0 ? r : make_links(dev, e);
}
