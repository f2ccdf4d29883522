/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making and removing the directories. A container that has its own cgroups mounted writable may
 * make more below them, as deep as it likes, so removing walks by descriptor and keeps no stack.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "kernel/cgroup_internal.h"

/* ---- make ---- */

/* What was made, so that a failure takes it away again: for each hierarchy the length of the path
 * of the topmost new directory. */
struct made { size_t top[CGROUP_MAX_DIRS]; };

/* Makes `path` with its parents. *top: the length of the topmost directory that is new, 0 if all
 * were there; right on failure too. */
static int make_path(const char *path, size_t *top)
{
	char buf[PATH_MAX];
	size_t len = strlen(path), cut = len;
	int made;

	*top = 0;
	if (len >= sizeof(buf))
		return -ENAMETOOLONG;
	if (mkdir(path, 0755) == 0) {
		*top = len;
		return 0;
	}
	if (errno != ENOENT)
		return errno == EEXIST ? 0 : -errno;
	memcpy(buf, path, len + 1);
	do { /* up, to the first parent that can be made or is there */
		while (cut > 0 && buf[cut] != '/')
			cut--;
		if (cut == 0)
			return -ENOENT;
		buf[cut] = '\0';
		made = mkdir(buf, 0755);
	} while (made < 0 && errno == ENOENT);
	if (made == 0)
		*top = cut;
	else if (errno != EEXIST)
		return -errno;
	while (cut < len) { /* and down again */
		buf[cut] = '/';
		cut += strlen(buf + cut);
		if (mkdir(buf, 0755) < 0 && errno != EEXIST)
			return -errno;
		if (*top == 0)
			*top = cut;
	}
	return 0;
}

static void unmake(const struct cgroup *cg, const struct made *m)
{
	for (size_t i = 0; i < cg->n; i++) {
		char buf[PATH_MAX];

		if (m->top[i] == 0 || strlen(cg->v[i].path) >= sizeof(buf))
			continue;
		memcpy(buf, cg->v[i].path, strlen(cg->v[i].path) + 1);
		/* Not ours any more as soon as somebody else uses it: rmdir refuses then. */
		for (size_t len = strlen(buf); len >= m->top[i] && rmdir(buf) == 0;) {
			while (len > 0 && buf[len] != '/')
				len--;
			buf[len] = '\0';
		}
	}
}

/* An existing directory is used when nobody is in it. */
static int check_unused(const struct cgroup *cg, const char *dir, struct err *e)
{
	char path[PATH_MAX], text[32];

	snprintf(path, sizeof(path), "%s/cgroup.procs", dir);
	if (fd_read_small(AT_FDCWD, path, text, sizeof(text)) > 0)
		return err_set(e, EBUSY, "container's cgroup is not empty: processes are in %s",
			       dir);
	if (cgroup_is_frozen(cg))
		return err_set(e, EBUSY, "container's cgroup unexpectedly frozen: %s", dir);
	return 0;
}

/* The mount that `path` lies below: what is left when the name in the tree is taken from its end.
 */
static int mount_of(const char *path, char out[PATH_MAX])
{
	static const char base[] = "/sys/fs/cgroup";
	size_t n = str_starts(path, base) ? sizeof(base) - 1 : 1;

	if (n >= PATH_MAX)
		return -ENAMETOOLONG;
	memcpy(out, path, n);
	out[n] = '\0';
	return 0;
}

static int prepare_dir(const struct cgroup *cg, size_t i, bool is_new, const struct resources *r,
		       struct err *e)
{
	const struct cgroup_dir *d = &cg->v[i];
	char mount[PATH_MAX];
	int rc = 0;

	if (!is_new && !cg->unit)
		rc = check_unused(cg, d->path, e);
	if (rc == 0 && cg->mode != CGROUP_V2 &&
	    cgroup_has_controller(d->controllers, "cpuset", ','))
		rc = cgroup_v1_fill_cpuset(d->path, is_new, r, e);
	if (rc == 0 && cg->mode == CGROUP_V2) {
		rc = mount_of(d->path, mount);
		rc = rc < 0 ? err_code(e, -rc, "cgroup: %s", d->path)
			    : cgroup_v2_enable(mount, d->path, r, e);
	}
	return rc;
}

static bool is_permission(int rc)
{
	return rc == -EACCES || rc == -EPERM || rc == -EROFS;
}

static int make_failed(struct cgroup *cg, const struct made *m, const struct resources *r,
		       bool rootless, int rc, struct err *e)
{
	const char *what = NULL;

	unmake(cg, m);
	if (!rootless || !is_permission(rc))
		return rc;
	if (cgroup_asks_limits(r, &what))
		return err_wrap(e, "%s cannot be applied: no cgroup is delegated to this user",
				what);
	*e = (struct err){ 0 };
	cg->mode = CGROUP_NONE;
	cg->n = 0;
	cg->unit = NULL;
	return 0;
}

int cgroup_make(struct cgroup *cg, const struct resources *r, bool rootless, struct err *e)
{
	struct made m = { 0 };
	int rc = 0;

	if (cg->mode == CGROUP_NONE && !rootless && cg->n == 0)
		return 0;
	cg->rootless = rootless;
	if (cg->n == 0)
		return make_failed(cg, &m, r, rootless,
				   err_set(e, EACCES,
					   "cgroup: no cgroup file system is mounted below "
					   "/sys/fs/cgroup"),
				   e);
	for (size_t i = 0; i < cg->n && rc == 0; i++) {
		rc = make_path(cg->v[i].path, &m.top[i]);
		rc = rc < 0 ? err_code(e, -rc, "cgroup: make %s", cg->v[i].path)
			    : prepare_dir(cg, i, m.top[i] > 0, r, e);
	}
	return rc < 0 ? make_failed(cg, &m, r, rootless, rc, e) : 0;
}

/* ---- remove ---- */

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/*
 * Removes the children of `dir` that can be removed. Returns 0 when none is left, 1 with the name
 * of one that has children itself, -EBUSY when one holds processes.
 */
static int remove_children(int dir, char name[NAME_MAX + 1])
{
	int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	DIR *d = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *ent;
	struct stat st;

	if (!d) {
		r = -errno;
		fd_close(&copy);
		return r;
	}
	while (r != 1 && (ent = readdir(d))) {
		if (ent->d_type != DT_DIR || str_eq(ent->d_name, ".") || str_eq(ent->d_name, ".."))
			continue;
		if (unlinkat(dir, ent->d_name, AT_REMOVEDIR) == 0 || errno == ENOENT ||
		    errno == ENODEV)
			continue;
		r = -errno;
		/* A directory of a cgroup file system counts its children in its links. */
		if (r == -EBUSY && fstatat(dir, ent->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    st.st_nlink > 2) {
			snprintf(name, NAME_MAX + 1, "%s", ent->d_name);
			r = 1;
		}
	}
	closedir(d);
	return r;
}

/* Everything below `path`, then `path`. -EBUSY: processes are still there. */
static int remove_tree(const char *path)
{
	char name[NAME_MAX + 1];
	size_t depth = 0;

	if (rmdir(path) == 0 || errno == ENOENT || errno == ENODEV)
		return 0;
	if (errno != EBUSY)
		return -errno;
	auto_fd int cur = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (cur < 0)
		return errno == ENOENT ? 0 : -errno;
	for (;;) {
		int r = remove_children(cur, name);

		if (r < 0)
			return r;
		if (r == 0 && depth == 0)
			break;
		int next = openat(cur, r == 1 ? name : "..",
				  O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
		if (next < 0 && r == 1 && errno == ENOENT)
			continue;
		if (next < 0)
			return -errno;
		fd_close(&cur);
		cur = next;
		depth = r == 1 ? depth + 1 : depth - 1;
	}
	return rmdir(path) == 0 || errno == ENOENT || errno == ENODEV ? 0 : -errno;
}

/* Until the last process is gone: told by the kernel on v2, by short naps that grow on v1. */
static void wait_a_little(const char *dir, bool v2, unsigned round, int64_t left_ms)
{
	char text[256];

	if (v2) {
		char path[PATH_MAX];

		snprintf(path, sizeof(path), "%s/cgroup.events", dir);
		auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
		ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

		if (n > 0) {
			text[n] = '\0';
			if (strstr(text, "populated 1")) {
				struct pollfd p = { .fd = fd, .events = POLLPRI };

				(void)poll(
					&p, 1,
					(int)(left_ms < 100
						      ? left_ms
						      : 100)); /* the caller looks again anyway */
				return;
			}
		}
	}
	long us = 50L << (round < 7 ? round : 7);
	nanosleep(&(struct timespec){ .tv_nsec = us * 1000 }, NULL);
}

static int remove_and_wait(const struct cgroup_dir *d, int64_t deadline, struct err *e)
{
	for (unsigned round = 0;; round++) {
		int r = remove_tree(d->path);
		int64_t left = deadline - now_ms();

		if (r == 0)
			return 0;
		if (r != -EBUSY)
			return err_code(e, -r, "cgroup: remove %s", d->path);
		if (left <= 0)
			return err_set(e, EBUSY, "cgroup: %s still holds processes after %d s",
				       d->path, CGROUP_DEADLINE_MS / 1000);
		wait_a_little(d->path, d->controllers[0] == '\0', round, left);
	}
}

int cgroup_remove(const struct cgroup *cg, struct err *e)
{
	int64_t deadline = now_ms() + CGROUP_DEADLINE_MS;
	int rc = 0;

	for (size_t i = 0; cg->mode != CGROUP_NONE && i < cg->n; i++) {
		struct err one = { 0 };
		int r = remove_and_wait(&cg->v[i], deadline, &one);

		if (r < 0 && rc == 0) { /* the others are still removed */
			rc = r;
			*e = one;
		}
	}
	return rc;
}
