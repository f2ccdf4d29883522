/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel/sources.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/blame.h"
#include "base/fault.h"
#include "base/fd.h"

bool sources_are_judged(const struct plan_sources *s)
{
	return s->allow.n || s->deny.n || s->no_devices;
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && (a->st_mode & S_IFMT) == (b->st_mode & S_IFMT);
}

static bool has_wildcard(const char *pattern)
{
	return pattern[strcspn(pattern, "*?[")] != '\0';
}

static int real_path(int fd, char out[PATH_MAX])
{
	char link[48];

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd); /* always fits */
	ssize_t n = readlink(link, out, PATH_MAX - 1);
	if (n < 0)
		return -errno;
	out[n] = '\0';
	return out[0] == '/' ? 0 : -ENOENT;
}

/* null, zero, full, random, urandom, tty, ptmx: no secret, and in every container. */
static bool is_everybodys(const struct stat *st)
{
	unsigned at = minor(st->st_rdev);

	if (!S_ISCHR(st->st_mode))
		return false;
	return major(st->st_rdev) == 1 ? at == 3 || at == 5 || (at >= 7 && at <= 9) : major(st->st_rdev) == 5 && (at == 0 || at == 2);
}

/* Is `st` one of the directories on the way to the socket at `path`? */
static bool holds(const struct stat *st, const char *path)
{
	char at[PATH_MAX];
	struct stat dir;
	auto_fd int fd = open(path, O_PATH | O_CLOEXEC);

	if (fd < 0 || real_path(fd, at) < 0)
		return false;
	for (char *slash = strrchr(at, '/'); slash && slash != at; slash = strrchr(at, '/')) {
		*slash = '\0';
		if (stat(at, &dir) == 0 && same_file(st, &dir))
			return true;
	}
	return false;
}

/* Is `st` what is at the path `denied` now, or a directory on the way to a socket there? */
static bool is_thing(const struct stat *st, const char *denied, bool *held)
{
	struct stat thing;

	if (has_wildcard(denied) || !(S_ISDIR(st->st_mode) || S_ISSOCK(st->st_mode)) || stat(denied, &thing) < 0)
		return false;
	*held = S_ISDIR(st->st_mode) && S_ISSOCK(thing.st_mode) && holds(st, denied);
	return *held || same_file(st, &thing);
}

static enum source_verdict judge_denied(const struct plan_sources *s, const struct stat *st, const char *path, const char *named,
					struct err *why)
{
	static const char engine[] = "who can talk to an engine commands the host";

	for (size_t i = 0; i < s->deny.n; i++) {
		const char *denied = s->deny.v[i];
		bool held = false;

		if (!glob_match(denied, path) && !is_thing(st, denied, &held))
			continue;
		if (held)
			err_set(why, EPERM, "%s holds the socket %s: %s", named, denied, engine);
		else if (S_ISSOCK(st->st_mode))
			err_set(why, EPERM, "%s is a socket that is denied (\"%s\"): %s", named, denied, engine);
		else
			err_set(why, EPERM, "%s is denied (\"%s\")", named, denied);
		return held || S_ISSOCK(st->st_mode) ? SOURCE_ENGINE : SOURCE_DENIED;
	}
	return SOURCE_FINE;
}

int sources_judge(const struct plan_sources *s, int fd, const char *asked, struct err *why)
{
	char path[PATH_MAX], named[1200];
	enum source_verdict v;
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_sys(why, "bind source %s: look at it", asked);
	int r = real_path(fd, path);
	if (r < 0)
		return err_code(why, -r, "bind source %s: ask for its real path", asked);
	(void)snprintf(named, sizeof(named), strcmp(path, asked) == 0 ? "the bind source %.512s" : "the bind source %.512s, which is %.512s,",
		       asked, path); /* cut where it is too long to be read */
	v = judge_denied(s, &st, path, named, why);
	if (v != SOURCE_FINE)
		return v;
	if (s->no_devices && (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode)) && !is_everybodys(&st)) {
		err_set(why, EPERM, "%s is %s", named, blame_kind(st.st_mode));
		return SOURCE_DEVICE;
	}
	if (!glob_within(&s->allow, path)) {
		err_set(why, EPERM, "%s is not among those that are allowed", named);
		return SOURCE_OUTSIDE;
	}
	return SOURCE_FINE;
}

int sources_check(const struct plan_sources *s, int fd, const char *asked, struct err *e)
{
	struct err why = { 0 };
	int verdict = sources_judge(s, fd, asked, &why);

	if (verdict == SOURCE_FINE || (verdict > SOURCE_FINE && fault_skip("judge the source")))
		return 0;
	*e = why;
	return verdict < 0 ? verdict : err_wrap(e, "%s", s->by ? s->by : "refused by the policy");
}
