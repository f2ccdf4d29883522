/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hearing that the kernel ended processes of a cgroup for want of memory. The watch is set up once and stays: what happens while
 * nobody waits is told by the next wait.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/wait.h"
#include "kernel/cgroup_internal.h"

enum { GONE = 1 };

static int open_v1(struct cgroup_watch *w, struct err *e)
{
	char path[PATH_MAX], text[64];

	snprintf(path, sizeof(path), "%s/memory.oom_control", w->dir);
	auto_fd int control = open(path, O_RDONLY | O_CLOEXEC);
	if (control < 0)
		return errno == ENOENT ? GONE : err_sys(e, "cgroup: open %s", path);
	auto_fd int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (event < 0)
		return err_sys(e, "cgroup: eventfd");
	snprintf(path, sizeof(path), "%s/cgroup.event_control", w->dir);
	snprintf(text, sizeof(text), "%d %d", event, control);
	int r = fd_write_to(AT_FDCWD, path, text);
	if (r < 0)
		return r == -ENOENT ? GONE : err_code(e, -r, "cgroup: write %s", path);
	w->event = fd_take(&event);
	return 0;
}

static int oom_count(const char *dir, uint64_t *out)
{
	return cgroup_get_key(dir, "memory.events", "oom_kill", out);
}

static int open_v2(struct cgroup_watch *w, struct err *e)
{
	static const char *const files[] = { "memory.events", "cgroup.events" };
	char path[PATH_MAX];
	auto_fd int in = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	if (in < 0)
		return err_sys(e, "cgroup: inotify");
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", w->dir, files[i]);
		if (inotify_add_watch(in, path, IN_MODIFY) >= 0)
			continue;
		return errno == ENOENT && access(w->dir, F_OK) < 0 ? GONE : err_sys(e, "cgroup: watch %s", path);
	}
	if (oom_count(w->dir, &w->seen) < 0)
		return GONE;
	w->event = fd_take(&in);
	return 0;
}

int cgroup_watch_open(const struct cgroup *cg, struct cgroup_watch *out, struct err *e)
{
	out->v2 = cg->mode == CGROUP_V2;
	out->dir = cg->mode == CGROUP_NONE ? NULL : cgroup_dir_of(cg, "memory");
	if (!out->dir)
		return err_set(e, ENOTSUP, "cgroup: this container has no memory controller to tell of out-of-memory events");
	return out->v2 ? open_v2(out, e) : open_v1(out, e);
}

void cgroup_watch_close(struct cgroup_watch *w)
{
	fd_close(&w->event);
}

static int wait_v1(struct cgroup_watch *w, int timeout_ms, struct err *e)
{
	char path[PATH_MAX];
	uint64_t count;
	int r = wait_readable(w->event, timeout_ms);

	if (r < 0)
		return r == -ETIMEDOUT ? r : err_code(e, -r, "cgroup: wait for memory events");
	if (read(w->event, &count, sizeof(count)) < 0 && errno != EAGAIN)
		return err_sys(e, "cgroup: read memory events");
	/* Removing the cgroup fires the event as well. */
	snprintf(path, sizeof(path), "%s/cgroup.event_control", w->dir);
	return access(path, F_OK) == 0 ? 0 : GONE;
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int wait_v2(struct cgroup_watch *w, int timeout_ms, struct err *e)
{
	int64_t deadline = now_ms() + timeout_ms;
	char buf[4096];
	uint64_t now, populated;

	for (;;) {
		int64_t left = timeout_ms < 0 ? -1 : deadline - now_ms();

		if (oom_count(w->dir, &now) < 0)
			return GONE;
		if (now > w->seen) {
			w->seen = now;
			return 0;
		}
		if (cgroup_get_key(w->dir, "cgroup.events", "populated", &populated) < 0 || populated == 0)
			return GONE;
		if (timeout_ms >= 0 && left < 0)
			return -ETIMEDOUT;
		int r = wait_readable(w->event, (int)left);
		if (r < 0)
			return r == -ETIMEDOUT ? r : err_code(e, -r, "cgroup: wait for memory events");
		while (read(w->event, buf, sizeof(buf)) > 0)
			;
	}
}

int cgroup_watch_wait(struct cgroup_watch *w, int timeout_ms, struct err *e)
{
	return w->v2 ? wait_v2(w, timeout_ms, e) : wait_v1(w, timeout_ms, e);
}
