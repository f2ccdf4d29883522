/* SPDX-License-Identifier: Apache-2.0 */
/* container/id_ranges.c - which ids of the host belong to which container. */
#include "container/id_ranges.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "base/wait.h"
#include "container/roots.h"
#include "container/state.h"

enum { CLAIM_DEADLINE_MS = 30 * 1000 };

enum { SUBID_MAX_BYTES = 1024 * 1024, OWNER_MAX = 4224 };
/* systemd, "Users, Groups, UIDs and GIDs on systemd Systems": container UID ranges. */
enum { SYSTEMD_FIRST = 524288, SYSTEMD_LAST = 1879048191 };
/* Ids below belong to the host's own users: a range there would hand them over. */
enum { LOWEST_START = 65536 };

const struct id_range_paths id_range_host = {
	.subuid = "/etc/subuid",
	.subgid = "/etc/subgid",
	.systemd = "/run/systemd/system",
	.records = "/run/caisson-ids",
};

struct block {
	uint32_t start;
	uint64_t slots;
};
/* Both blocks are cut to the same number of ranges. */
struct pool {
	struct block uid, gid;
};

/* ---- owners ---- */

int owner_text(const char *state_dir, char *out, unsigned long size, struct err *e)
{
	uint64_t start = 0;
	int n, r = state_start_time(getpid(), &start);

	if (r < 0)
		return err_code(e, -r, "read this process's start time");
	n = snprintf(out, size, "%d:%llu:%s", (int)getpid(), (unsigned long long)start, state_dir);
	if (n < 0 || (unsigned long)n >= size)
		return err_set(e, ENAMETOOLONG, "the state directory's name is too long: %s",
			       state_dir);
	return 0;
}

bool owner_is_alive(const char *text)
{
	char copy[OWNER_MAX], *start_text, *dir;
	uint64_t start, now = 0;
	uint32_t pid;
	struct stat st;

	if (strlen(text) >= sizeof(copy))
		return false;
	memcpy(copy, text, strlen(text) + 1);
	start_text = strchr(copy, ':');
	dir = start_text ? strchr(start_text + 1, ':') : NULL;
	if (!dir)
		return false;
	*start_text++ = '\0';
	*dir++ = '\0';
	if (str_u32(copy, &pid) < 0 || str_u64(start_text, &start) < 0)
		return false;
	if (pid > 0 && pid <= INT32_MAX && state_start_time((pid_t)pid, &now) == 0 && now == start)
		return true;
	return *dir == '/' && lstat(dir, &st) == 0;
}

/* ---- what the host offers ---- */

static int block_check(const char *file, const char *start_text, const char *count_text,
		       struct block *out, struct err *e)
{
	uint64_t count;
	uint32_t start;

	if (str_u32(start_text, &start) < 0 || str_u64(count_text, &count) < 0)
		return err_set(e, EINVAL, "%s: the entry of caisson is not caisson:START:COUNT",
			       file);
	if (start < LOWEST_START)
		return err_set(e, EINVAL,
			       "%s: the range of caisson starts at %u, among the host's own ids; "
			       "start at %d or above",
			       file, start, LOWEST_START);
	if (count < ID_RANGE_SIZE)
		return err_set(e, EINVAL,
			       "%s: the range of caisson has %llu ids, one container needs %u",
			       file, (unsigned long long)count, ID_RANGE_SIZE);
	if (count > UINT32_MAX - start)
		return err_set(e, ERANGE, "%s: the range of caisson goes beyond the largest id",
			       file);
	*out = (struct block){ .start = start, .slots = count / ID_RANGE_SIZE };
	return 0;
}

/* The first entry of "caisson" in a subuid(5) file. -ENOENT without an error text: there is none.
 */
static int block_read(const char *file, struct block *out, struct err *e)
{
	auto_free char *bytes = NULL;
	char *save = NULL;
	size_t len = 0;
	int r = fd_read_file(AT_FDCWD, file, SUBID_MAX_BYTES, &bytes, &len, e);

	if (r == -ENOENT)
		return -ENOENT;
	if (r < 0)
		return r;
	for (char *line = strtok_r(bytes, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *start = line + strlen("caisson:"), *count;

		if (!str_starts(line, "caisson:"))
			continue;
		count = strchr(start, ':');
		if (!count)
			return err_set(e, EINVAL,
				       "%s: the entry of caisson is not caisson:START:COUNT", file);
		*count++ = '\0';
		return block_check(file, start, count, out, e);
	}
	return -ENOENT;
}

static int pool_find(const struct id_range_paths *p, struct pool *out, struct err *e)
{
	struct block uid = { 0 }, gid = { 0 };
	int r = block_read(p->subuid, &uid, e);
	int q = r == 0 ? block_read(p->subgid, &gid, e) : r;

	if (r == 0 && q == -ENOENT)
		return err_set(e, EINVAL,
			       "%s has an entry for caisson and %s has none: add the same line",
			       p->subuid, p->subgid);
	if (q == 0) {
		uint64_t slots = uid.slots < gid.slots ? uid.slots : gid.slots;

		uid.slots = gid.slots = slots;
		*out = (struct pool){ uid, gid };
		return 0;
	}
	if (q != -ENOENT)
		return q;
	if (access(p->systemd, F_OK) == 0) {
		struct block all = { SYSTEMD_FIRST,
				     (SYSTEMD_LAST + 1U - SYSTEMD_FIRST) / ID_RANGE_SIZE };

		*out = (struct pool){ all, all };
		return 0;
	}
	return err_set(e, ENOENT,
		       "no user id range for containers on this host; add "
		       "\"caisson:524288:16777216\" to %s and %s",
		       p->subuid, p->subgid);
}

/* ---- records ---- */

static int records_open(const struct id_range_paths *p, struct err *e)
{
	auto_fd int dir = -1;
	struct stat st;

	if (mkdir(p->records, 0700) < 0 && errno != EEXIST)
		return err_sys(e, "make %s", p->records);
	dir = open(p->records, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return err_sys(e, "open %s", p->records);
	if (fstat(dir, &st) < 0)
		return err_sys(e, "stat %s", p->records);
	if (st.st_uid != geteuid() || (st.st_mode & 022))
		return err_set(e, EPERM,
			       "%s must belong to this user and be writable by nobody else",
			       p->records);
	/* One claim at a time: a stale link is removed and made again, and two of us must not do so
	 * at once. */
	if (wait_lock(dir, CLAIM_DEADLINE_MS, e) < 0)
		return err_wrap(e, "%s", p->records);
	return fd_take(&dir);
}

static bool record_is_free(int dir, const char *name)
{
	char text[OWNER_MAX];
	ssize_t n = readlinkat(dir, name, text, sizeof(text) - 1);

	if (n < 0)
		return errno == ENOENT;
	text[n] = '\0';
	return !owner_is_alive(text);
}

static void slot_range(const struct pool *pool, uint64_t slot, struct id_range *out)
{
	out->uid = pool->uid.start + (uint32_t)slot * ID_RANGE_SIZE;
	out->gid = pool->gid.start + (uint32_t)slot * ID_RANGE_SIZE;
}

static int all_taken(const struct pool *pool, struct err *e)
{
	return err_set(e, EUSERS,
		       "all %llu user id ranges are in use; make the entry of caisson in "
		       "/etc/subuid larger",
		       (unsigned long long)pool->uid.slots);
}

int id_range_claim(const struct id_range_paths *p, const char *state_dir, struct id_range *out,
		   struct err *e)
{
	struct pool pool;
	char owner[OWNER_MAX];
	auto_fd int dir = -1;
	int r = pool_find(p, &pool, e);

	if (r == 0)
		r = owner_text(state_dir, owner, sizeof(owner), e);
	if (r < 0)
		return r;
	dir = records_open(p, e);
	if (dir < 0)
		return dir;
	for (uint64_t slot = 0; slot < pool.uid.slots; slot++) {
		struct id_range range;
		char name[16];

		slot_range(&pool, slot, &range);
		(void)snprintf(name, sizeof(name), "%u", range.uid);
		if (!record_is_free(dir, name))
			continue;
		if (unlinkat(dir, name, 0) < 0 && errno != ENOENT)
			return err_sys(e, "remove the stale %s/%s", p->records, name);
		if (symlinkat(owner, dir, name) < 0)
			return err_sys(e, "make %s/%s", p->records, name);
		*out = range;
		return 0;
	}
	return all_taken(&pool, e);
}

int id_range_peek(const struct id_range_paths *p, struct id_range *out, struct err *e)
{
	struct pool pool;
	auto_fd int dir = -1;
	int r = pool_find(p, &pool, e);

	if (r < 0)
		return r;
	dir = open(p->records, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	for (uint64_t slot = 0; slot < pool.uid.slots; slot++) {
		struct id_range range;
		char name[16];

		slot_range(&pool, slot, &range);
		(void)snprintf(name, sizeof(name), "%u", range.uid);
		if (dir >= 0 && !record_is_free(dir, name))
			continue;
		*out = range;
		return 0;
	}
	return all_taken(&pool, e);
}

void id_range_drop(const struct id_range_paths *p, uint32_t uid)
{
	auto_fd int dir = open(p->records, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	char name[16];

	(void)snprintf(name, sizeof(name), "%u", uid);
	if (dir >= 0)
		(void)unlinkat(dir, name, 0); /* gone already is as good */
}

static void drop_root(const char *name)
{
	char dir[ROOTS_DIR_MAX];
	struct err e = { 0 };

	if (roots_dir(dir, &e) == 0)
		roots_remove(dir, name);
}

void id_range_release(const char *record)
{
	char copy[OWNER_MAX], *save = NULL;

	if (!record || strlen(record) >= sizeof(copy))
		return;
	memcpy(copy, record, strlen(record) + 1);
	for (char *part = strtok_r(copy, ";", &save); part; part = strtok_r(NULL, ";", &save)) {
		uint32_t uid;

		if (str_starts(part, "ids=") && str_u32(part + strlen("ids="), &uid) == 0)
			id_range_drop(&id_range_host, uid);
		else if (str_starts(part, "root="))
			drop_root(part + strlen("root="));
	}
}
