/* SPDX-License-Identifier: Apache-2.0 */
#include "container/state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "base/sys.h"
#include "base/wait.h"
#include "kernel/host.h"

enum {
	ID_MAX = 1024,
	LOCK_DEADLINE_MS = 10 * 1000,
	REMOVE_DEPTH_MAX = 32,
};

static const char id_letters[] =
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-.";

int state_check_id(const char *id, struct err *e)
{
	size_t len = id ? strlen(id) : 0;

	if (len == 0 || len > ID_MAX || strspn(id, id_letters) != len || strcmp(id, ".") == 0 ||
	    strcmp(id, "..") == 0)
		return err_set(
			e, EINVAL,
			"invalid container ID format: \"%.64s\": letters, digits, \"_+-.\", at most %d bytes",
			id ? id : "", ID_MAX);
	return 0;
}

int state_default_root(char *out, size_t size, struct err *e)
{
	const char *runtime_dir = getenv("XDG_RUNTIME_DIR");
	int n;

	bool dir_given = runtime_dir && runtime_dir[0] == '/', root = geteuid() == 0;

	/* Rootless podman calls us as the root of its user namespace: /run is not its own there. */
	if (dir_given && (!root || host_in_user_namespace()))
		n = snprintf(out, size, "%s/caisson", runtime_dir);
	else if (root)
		n = snprintf(out, size, "/run/caisson");
	else
		return err_set(
			e, EINVAL,
			"XDG_RUNTIME_DIR is not set: say where the state is kept with --root DIR");
	if (n < 0 || (size_t)n >= size)
		return err_set(e, ENAMETOOLONG, "XDG_RUNTIME_DIR is too long");
	return 0;
}

void state_dir_close(struct state_dir *d)
{
	fd_close(&d->lock_fd);
	fd_close(&d->fd);
}

static int dir_path(const char *root, const char *id, char *out, size_t size, struct err *e)
{
	int n = snprintf(out, size, "%s/%s", root, id);

	if (root[0] != '/')
		return err_set(
			e, EINVAL,
			"there is no place for containers' state: XDG_RUNTIME_DIR is not set; give --root DIR");
	if (n < 0 || (size_t)n >= size)
		return err_set(e, ENAMETOOLONG, "state directory of %.64s: the path is too long",
			       id);
	return 0;
}

static int no_such_container(const char *id, struct err *e)
{
	return err_set(e, ENOENT, "container \"%.256s\": container does not exist", id);
}

/* Takes the lock of the open directory. The holder before us may have removed the directory:
 * -ENOENT. */
static int dir_lock(int dir, int *out, struct err *e)
{
	struct stat st;
	auto_fd int fd = openat(dir, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	int r;

	if (fd < 0)
		return err_sys(e, "open lock");
	r = wait_lock(fd, LOCK_DEADLINE_MS, e);
	if (r < 0)
		return r;
	if (fstat(fd, &st) < 0)
		return err_sys(e, "stat lock");
	if (st.st_nlink == 0)
		return err_set(e, ENOENT, "removed in the meantime");
	*out = fd_take(&fd);
	return 0;
}

static int make_root(const char *root, struct err *e)
{
	char path[PATH_MAX];
	size_t len = strlen(root);

	if (len == 0 || len >= sizeof(path) || root[0] != '/')
		return err_set(e, EINVAL, "state root \"%.256s\": must be an absolute path", root);
	memcpy(path, root, len + 1);
	for (char *p = path + 1;; p++) {
		if (*p != '/' && *p != '\0')
			continue;
		char kept = *p;

		*p = '\0';
		if (mkdir(path, 0711) < 0 && errno != EEXIST)
			return err_sys(e, "make state root %s", path);
		*p = kept;
		if (!kept)
			return 0;
	}
}

static void dir_fill(struct state_dir *out, const char *root, const char *id)
{
	(void)snprintf(out->id, sizeof(out->id), "%s", id); /* both were measured before */
	(void)snprintf(out->root, sizeof(out->root), "%s", root);
}

static int make_dir(const char *root, const char *path, struct err *e)
{
	int r;

	if (mkdir(path, 0700) == 0)
		return 0;
	if (errno == ENOENT) {
		r = make_root(root, e);
		if (r < 0)
			return r;
		if (mkdir(path, 0700) == 0)
			return 0;
	}
	if (errno == EEXIST)
		return err_set(e, EEXIST, "container with given ID already exists");
	return err_sys(e, "make state directory %s", path);
}

/* Between mkdir and open a delete may have removed the directory, and another create have made it again: then it is theirs, and the
 * lock came to us only when they were ready. */
static int check_fresh(int dir, struct err *e)
{
	if (faccessat(dir, "state.json", F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return err_set(e, EEXIST, "container with given ID already exists");
	return errno == ENOENT ? 0 : err_sys(e, "look for state.json");
}

int state_dir_make(const char *root, const char *id, struct state_dir *out, struct err *e)
{
	auto_state_dir d = STATE_DIR_INIT;
	char path[PATH_MAX];
	int r = state_check_id(id, e);

	if (r == 0)
		r = dir_path(root, id, path, sizeof(path), e);
	if (r == 0)
		r = make_dir(root, path, e);
	if (r < 0)
		return r;
	d.fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (d.fd < 0) {
		r = err_sys(e, "open state directory %s", path);
		(void)rmdir(path); /* the first error is the one to tell */
		return r;
	}
	r = dir_lock(d.fd, &d.lock_fd, e);
	if (r == 0)
		r = check_fresh(d.fd, e);
	/* -ENOENT: a delete came between mkdir and lock, saw a half-made container and was right. */
	if (r < 0 && r != -EEXIST && r != -ENOENT)
		(void)rmdir(path);
	if (r < 0)
		return r == -EEXIST ? r : err_wrap(e, "state directory %s", path);
	dir_fill(&d, root, id);
	d.made = true;
	*out = d;
	d.fd = d.lock_fd = -1;
	return 0;
}

int state_dir_open(const char *root, const char *id, bool lock, struct state_dir *out,
		   struct err *e)
{
	auto_state_dir d = STATE_DIR_INIT;
	struct stat st;
	char path[PATH_MAX];
	int r = state_check_id(id, e);

	if (r == 0)
		r = dir_path(root, id, path, sizeof(path), e);
	if (r < 0)
		return r;
	d.fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (d.fd < 0)
		return errno == ENOENT ? no_such_container(id, e)
				       : err_sys(e, "open state directory %s", path);
	/* What is in there is acted on with our rights, so nobody else may have put it there. */
	if (fstat(d.fd, &st) < 0)
		return err_sys(e, "stat state directory %s", path);
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return err_set(e, EPERM, "state directory %s belongs to user %u, not to the caller",
			       path, st.st_uid);
	if (lock) {
		r = dir_lock(d.fd, &d.lock_fd, e);
		if (r == -ENOENT)
			return no_such_container(id, e);
		if (r < 0)
			return err_wrap(e, "container %s", id);
	}
	dir_fill(&d, root, id);
	*out = d;
	d.fd = d.lock_fd = -1;
	return 0;
}

static int remove_entries(int dir, int depth, struct err *e);

static int remove_entry(int dir, const char *name, int depth, struct err *e)
{
	/* Never into something that is mounted here: its content is not ours. */
	const struct open_how how = {
		.flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV,
	};
	int r;

	if (unlinkat(dir, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return err_sys(e, "remove %s", name);
	auto_fd int sub = sys_openat2(dir, name, &how);

	if (sub < 0)
		return err_sys(e, "remove %s: open", name);
	r = remove_entries(sub, depth + 1, e);
	if (r < 0)
		return err_wrap(e, "remove %s", name);
	if (unlinkat(dir, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return err_sys(e, "remove %s", name);
	return 0;
}

static int remove_entries(int dir, int depth, struct err *e)
{
	/* A description of its own: fdopendir takes the descriptor, and dir's offset is left alone.
	 */
	int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream;
	struct dirent *entry;
	int r = 0;

	if (copy < 0)
		return err_sys(e, "open directory");
	if (depth > REMOVE_DEPTH_MAX) {
		(void)close(copy);
		return err_set(e, ELOOP, "directories are nested too deeply");
	}
	stream = fdopendir(copy);
	if (!stream) {
		(void)close(copy);
		return err_set(e, ENOMEM, "out of memory");
	}
	while (r == 0 && (entry = readdir(stream))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		/* The lock goes last: until then nobody else makes a container of the same name
		 * half-way. */
		if (depth == 0 && strcmp(entry->d_name, "lock") == 0)
			continue;
		r = remove_entry(dir, entry->d_name, depth, e);
	}
	(void)closedir(stream);
	return r;
}

int state_dir_remove(struct state_dir *d, struct err *e)
{
	char path[PATH_MAX];
	int r = dir_path(d->root, d->id, path, sizeof(path), e);

	if (r < 0)
		return r;
	/* First, so that a removal which is cut short leaves a half-made container, which delete
	 * takes. */
	if (unlinkat(d->fd, "state.json", 0) < 0 && errno != ENOENT)
		return err_sys(e, "remove %s/state.json", path);
	r = remove_entries(d->fd, 0, e);
	if (r < 0)
		return err_wrap(e, "remove %s", path);
	if (unlinkat(d->fd, "lock", 0) < 0 && errno != ENOENT)
		return err_sys(e, "remove %s/lock", path);
	/* Not empty: since the lock went, a create that waited for it has taken the directory over. */
	if (rmdir(path) < 0 && errno != ENOENT && errno != ENOTEMPTY)
		return err_sys(e, "remove %s", path);
	state_dir_close(d);
	return 0;
}

/* Reads what /proc/PID/stat says: the state letter (field 3) and the start time (field 22). The
 * command's name, field 2, may hold anything, blanks and parentheses too; the last ')' ends it. */
static int read_stat(pid_t pid, char *letter, uint64_t *start)
{
	enum { STATE_FIELD = 3, START_FIELD = 22 };
	char path[32], text[1024], *p, *end;
	ssize_t n;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	n = fd_read_small(AT_FDCWD, path, text, sizeof(text));
	if (n < 0)
		return (int)n;
	p = strrchr(text, ')');
	if (!p || p[1] != ' ')
		return -EPROTO;
	p += 2;
	*letter = *p;
	for (int field = STATE_FIELD; field < START_FIELD; field++) {
		p = strchr(p, ' ');
		if (!p)
			return -EPROTO;
		p++;
	}
	end = strchr(p, ' ');
	if (end)
		*end = '\0';
	return str_u64(p, start) < 0 ? -EPROTO : 0;
}

int state_start_time(pid_t pid, uint64_t *out)
{
	char letter;

	return pid > 0 ? read_stat(pid, &letter, out) : -EINVAL;
}

static bool is_alive(const struct state *s)
{
	char letter = 0;
	uint64_t start = 0;

	return s->pid > 0 && read_stat(s->pid, &letter, &start) == 0 && start == s->start_time &&
	       letter != 'Z' && letter != 'X';
}

/* The record is written before there is a process. Whoever makes the container holds its lock;
 * without that it died. */
static bool is_being_made(const struct state_dir *d, const struct state *s)
{
	auto_fd int fd = -1;

	if (s->pid != 0 || d->lock_fd >= 0)
		return false;
	fd = openat(d->fd, "lock", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	return fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
}

enum status state_status(const struct state_dir *d, const struct state *s)
{
	if (is_being_made(d, s))
		return STATUS_CREATING;
	if (!is_alive(s))
		return STATUS_STOPPED;
	if (cgroup_is_frozen(&s->cgroup))
		return STATUS_PAUSED;
	if (faccessat(d->fd, "start.sock", F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return STATUS_CREATED;
	return STATUS_RUNNING;
}

const char *state_status_name(enum status s)
{
	static const char *const names[] = {
		[STATUS_CREATING] = "creating", [STATUS_CREATED] = "created",
		[STATUS_RUNNING] = "running",   [STATUS_PAUSED] = "paused",
		[STATUS_STOPPED] = "stopped",
	};

	return (size_t)s < N_ELEMENTS(names) ? names[s] : "unknown";
}

int state_pidfd(const struct state *s, struct err *e)
{
	auto_fd int fd = -1;

	if (s->pid <= 0)
		return err_set(e, ESRCH, "container not running");
	fd = sys_pidfd_open(s->pid, 0);
	if (fd < 0)
		return errno == ESRCH ? err_set(e, ESRCH, "container not running")
				      : err_sys(e, "pidfd_open %d", s->pid);
	/* Checked after the open: from here on the pidfd and what we just read are the same
	 * process. */
	if (!is_alive(s))
		return err_set(e, ESRCH, "container not running");
	return fd_take(&fd);
}

/* The day as year, month, day; gmtime(3) would read the time zone's file first. Days count from
 * 1970-01-01. */
static void civil_day(int64_t days, int *year, int *month, int *day)
{
	/* Years that begin in March, in eras of 400, so that the leap day comes last. */
	const int64_t z = days + 719468, era = z / 146097, of_era = z % 146097;
	const int64_t year_of_era =
		(of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	const int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	const int64_t m = (5 * of_year + 2) / 153;

	*day = (int)(of_year - (153 * m + 2) / 5 + 1);
	*month = (int)(m < 10 ? m + 3 : m - 9);
	*year = (int)(year_of_era + era * 400 + (*month <= 2));
}

const char *state_time(struct arena *a, int64_t seconds, long nanoseconds)
{
	const int64_t of_day = seconds % 86400;
	int year, month, day;

	if (seconds < 0)
		return NULL;
	civil_day(seconds / 86400, &year, &month, &day);
	return arena_printf(a, "%04d-%02d-%02dT%02d:%02d:%02d.%09ldZ", year, month, day,
			    (int)(of_day / 3600), (int)(of_day / 60 % 60), (int)(of_day % 60),
			    nanoseconds);
}

const char *state_now(struct arena *a)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return state_time(a, t.tv_sec, t.tv_nsec);
}
