/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The processes of a cgroup: listing, freezing, signalling, killing.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "base/sys.h"
#include "kernel/cgroup_internal.h"

enum { PROCS_MAX = 64 * 1024 * 1024, DEPTH_MAX = 256 };

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void nap(unsigned round)
{
	long us = 50L << (round < 7 ? round : 7);

	nanosleep(&(struct timespec){ .tv_nsec = us * 1000 }, NULL);
}

/* ---- listing ---- */

struct pid_list { size_t n, size; pid_t *v; };

static int add_pid(struct pid_list *l, long pid)
{
	if (pid <= 0) /* 0: in a pid namespace that we do not see */
		return 0;
	if (l->n == l->size) {
		size_t size = l->size ? l->size * 2 : 64;
		pid_t *v = reallocarray(l->v, size, sizeof(*v));

		if (!v)
			return -ENOMEM;
		l->v = v;
		l->size = size;
	}
	l->v[l->n++] = (pid_t)pid;
	return 0;
}

static int add_pids_of(int dir, struct pid_list *l)
{
	auto_free char *text = NULL;
	size_t len;
	struct err ignored = { 0 }; /* the code is what counts: the caller names the directory */
	int r = fd_read_file(dir, "cgroup.procs", PROCS_MAX, &text, &len, &ignored);

	/* Removed meanwhile, or a threaded cgroup, whose processes its parent shows. */
	if (r == -ENOENT || r == -ENODEV || r == -EOPNOTSUPP)
		return 0;
	for (char *p = text; r >= 0 && p && *p;) {
		char *end;
		long pid = strtol(p, &end, 10);

		r = end == p ? -EINVAL : add_pid(l, pid);
		p = end + (*end == '\n');
	}
	return r;
}

static int add_pids_below(int dir, unsigned depth, struct pid_list *l)
{
	int copy, r = add_pids_of(dir, l);
	struct dirent *ent;
	DIR *d;

	if (r < 0)
		return r;
	if (depth == DEPTH_MAX)
		return -ELOOP;
	copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	d = copy < 0 ? NULL : fdopendir(copy);
	if (!d) {
		r = errno == ENOENT || errno == ENODEV ? 0 : -errno;
		fd_close(&copy);
		return r;
	}
	while (r >= 0 && (ent = readdir(d))) {
		if (ent->d_type != DT_DIR || str_eq(ent->d_name, ".") || str_eq(ent->d_name, ".."))
			continue;
		auto_fd int child =
			openat(dir, ent->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

		if (child >= 0)
			r = add_pids_below(child, depth + 1, l);
		else if (errno != ENOENT)
			r = -errno;
	}
	closedir(d);
	return r;
}

static ssize_t pids_in(const char *path, pid_t **out, struct err *e)
{
	struct pid_list l = { 0 };
	auto_fd int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = dir < 0 ? -errno : add_pids_below(dir, 0, &l);

	if (r < 0 && r != -ENOENT) {
		free(l.v);
		return err_code(e, -r, "cgroup: list the processes of %s", path);
	}
	*out = l.v;
	return (ssize_t)l.n;
}

ssize_t cgroup_pids(const struct cgroup *cg, pid_t **out, struct err *e)
{
	const char *dir = cg->mode == CGROUP_NONE ? NULL : cgroup_main_dir(cg);

	*out = NULL;
	return dir ? pids_in(dir, out, e) : 0;
}

/* ---- freezing ---- */

struct freezer { const char *dir, *file, *on, *off, *state, *reached; };

/* The freezer to use: v1's own controller, else the one that every cgroup2 directory has. */
static bool find_freezer(const struct cgroup *cg, struct freezer *f)
{
	const char *dir = cg->mode == CGROUP_NONE || cg->mode == CGROUP_V2
				  ? NULL
				  : cgroup_dir_of(cg, "freezer");

	if (dir) {
		*f = (struct freezer){ dir,      "freezer.state", "FROZEN",
				       "THAWED", "freezer.state", "FROZEN" };
		return true;
	}
	dir = cg->mode == CGROUP_NONE ? NULL : cgroup_unified_dir(cg);
	*f = (struct freezer){ dir, "cgroup.freeze", "1", "0", "cgroup.events", "frozen 1" };
	return dir != NULL;
}

static int write_freezer(const struct freezer *f, const char *value)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", f->dir, f->file);
	return fd_write_to(AT_FDCWD, path, value);
}

static int no_freezer(struct err *e)
{
	return err_set(e, ENOTSUP,
		       "cgroup: this container has no freezer: the host mounts neither the v1 "
		       "freezer nor cgroup v2");
}

/* cgroup.events wakes poll(2) when it changes; freezer.state does not. */
static int await_frozen(const struct freezer *f, struct err *e)
{
	int64_t deadline = now_ms() + CGROUP_DEADLINE_MS;
	char path[PATH_MAX], text[256];
	bool v2 = str_eq(f->state, "cgroup.events");

	snprintf(path, sizeof(path), "%s/%s", f->dir, f->state);
	auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "cgroup: open %s", path);
	for (unsigned round = 0;; round++) {
		ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
		int64_t left = deadline - now_ms();

		if (n < 0)
			return err_sys(e, "cgroup: read %s", path);
		text[n] = '\0';
		if (strstr(text, f->reached))
			return 0;
		if (left <= 0)
			return err_set(e, ETIMEDOUT, "cgroup: %s is not frozen after %d s", f->dir,
				       CGROUP_DEADLINE_MS / 1000);
		if (v2) {
			struct pollfd p = { .fd = fd, .events = POLLPRI };

			(void)poll(&p, 1, (int)left); /* looked at again in any case */
		} else {
			nap(round);
			/* A process that was forked while freezing is caught by asking again. */
			if (round % 16 == 15)
				(void)write_freezer(f, f->on);
		}
	}
}

int cgroup_freeze(const struct cgroup *cg, struct err *e)
{
	struct freezer f;
	int r;

	if (!find_freezer(cg, &f))
		return no_freezer(e);
	r = write_freezer(&f, f.on);
	if (r < 0)
		return err_code(e, -r, "cgroup: freeze %s", f.dir);
	r = await_frozen(&f, e);
	if (r < 0)
		(void)write_freezer(&f, f.off); /* the first error is the one to tell */
	return r;
}

int cgroup_thaw(const struct cgroup *cg, struct err *e)
{
	struct freezer f;
	int r;

	if (!find_freezer(cg, &f))
		return no_freezer(e);
	r = write_freezer(&f, f.off);
	return r < 0 ? err_code(e, -r, "cgroup: thaw %s", f.dir) : 0;
}

/* Half frozen counts: it is what a pause that died half-way leaves, and resume mends it. */
bool cgroup_is_frozen(const struct cgroup *cg)
{
	struct freezer f;
	char path[PATH_MAX], text[64];

	if (!find_freezer(cg, &f))
		return false;
	snprintf(path, sizeof(path), "%s/%s", f.dir, f.file);
	if (fd_read_small(AT_FDCWD, path, text, sizeof(text)) < 0)
		return false;
	return str_eq(text, f.on) || str_eq(text, "FREEZING");
}

/* ---- signalling ---- */

/* How many descriptors are open at a time. */
enum { SIGNAL_BATCH = 256 };

static int by_pid(const void *a, const void *b)
{
	const pid_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* A pid of `v` whose process is in the cgroup still: what has the number now had it when the pidfd
 * was opened, or has ended, which the pidfd knows. */
static int signal_batch(const char *dir, const pid_t *v, size_t n, int sig, struct err *e)
{
	int fds[SIGNAL_BATCH], r = 0;
	auto_free pid_t *now = NULL;

	for (size_t i = 0; i < n; i++)
		fds[i] = sys_pidfd_open(v[i], 0);
	ssize_t here = pids_in(dir, &now, e);
	if (here > 0)
		qsort(now, (size_t)here, sizeof(*now), by_pid);
	for (size_t i = 0; i < n; i++) {
		if (here > 0 && fds[i] >= 0 && r == 0 &&
		    bsearch(&v[i], now, (size_t)here, sizeof(*now), by_pid) &&
		    sys_pidfd_send_signal(fds[i], sig, NULL, 0) < 0 && errno != ESRCH)
			r = err_sys(e, "send signal %d to process %d", sig, (int)v[i]);
		fd_close(&fds[i]);
	}
	return here < 0 ? (int)here : r;
}

/* Returns how many processes were there. */
static ssize_t signal_in(const char *dir, int sig, struct err *e)
{
	auto_free pid_t *v = NULL;
	ssize_t n = pids_in(dir, &v, e);

	for (ssize_t i = 0; i < n; i += SIGNAL_BATCH) {
		size_t some = (size_t)(n - i < SIGNAL_BATCH ? n - i : SIGNAL_BATCH);
		int r = signal_batch(dir, v + i, some, sig, e);

		if (r < 0)
			return r;
	}
	return n;
}

int cgroup_signal(const struct cgroup *cg, int sig, struct err *e)
{
	const char *dir = cg->mode == CGROUP_NONE ? NULL : cgroup_main_dir(cg);
	ssize_t n = dir ? signal_in(dir, sig, e) : 0;

	return n < 0 ? (int)n : 0;
}

/* ---- killing ---- */

/* One round. Returns how many processes were there. */
static ssize_t kill_round(const struct cgroup *cg, const char *dir, struct err *e)
{
	struct freezer f;
	bool freezer = find_freezer(cg, &f);
	auto_free pid_t *v = NULL;
	ssize_t n = pids_in(dir, &v, e);

	if (n <= 0)
		return n;
	if (freezer)
		(void)write_freezer(&f, f.on); /* a help only: without it there are more rounds */
	n = signal_in(dir, SIGKILL, e);
	if (freezer)
		(void)write_freezer(&f, f.off);
	return n;
}

static int kill_by_rounds(const struct cgroup *cg, const char *dir, struct err *e)
{
	int64_t deadline = now_ms() + CGROUP_DEADLINE_MS;

	for (unsigned round = 0;; round++) {
		ssize_t n = kill_round(cg, dir, e);

		if (n <= 0)
			return (int)n;
		if (now_ms() > deadline)
			return err_set(e, ETIMEDOUT,
				       "cgroup: %zd processes are left in %s after %d s of SIGKILL",
				       n, dir, CGROUP_DEADLINE_MS / 1000);
		nap(round);
	}
}

int cgroup_kill(const struct cgroup *cg, struct err *e)
{
	const char *unified, *dir;
	struct freezer f;
	char path[PATH_MAX];
	int r = -ENOENT;

	if (cg->mode == CGROUP_NONE || cg->n == 0)
		return 0;
	unified = cgroup_unified_dir(cg);
	if (unified) {
		snprintf(path, sizeof(path), "%s/cgroup.kill", unified);
		r = fd_write_to(AT_FDCWD, path, "1");
		if (r < 0 && r != -ENOENT)
			return err_code(e, -r, "cgroup: kill %s", unified);
	}
	/* Killed first, thawed second: nothing runs in between. On v2 the kernel kills what is
	 * frozen too. */
	if (r == 0 && cg->mode == CGROUP_V2)
		return 0;
	if (r == 0 && find_freezer(cg, &f))
		(void)write_freezer(&f, f.off);
	/* cgroup.kill is of Linux 5.14; and on a hybrid host a process may sit in v1 trees only. */
	dir = cg->mode == CGROUP_V2 ? unified : NULL;
	for (size_t i = 0; !dir && i < cg->n; i++) {
		if (cgroup_has_controller(cg->v[i].controllers, "devices", ',') ||
		    cgroup_has_controller(cg->v[i].controllers, "pids", ','))
			dir = cg->v[i].path;
	}
	return kill_by_rounds(cg, dir ? dir : cgroup_main_dir(cg), e);
}
