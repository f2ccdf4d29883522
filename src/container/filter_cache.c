/* SPDX-License-Identifier: Apache-2.0 */
#include "container/filter_cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/str.h"
#include "container/filter_pack.h"
#include "policy/store_bytes.h"

enum { SEEN_MAX = 4 * FILTER_CACHE_MAX };

/* A file: this, the programs, and a checksum of both. All of it is whole words. */
struct kept_head { char magic[8]; uint8_t digest[SHA256_SIZE]; };
static const char kept_magic[8] = "CAIFILT1";
enum { KEPT_MAX = (int)(sizeof(struct kept_head) + FILTERS_PACKED_MAX + sizeof(uint64_t)) };

/* ---- the key ---- */

int filter_cache_key(const struct plan_filter *p, struct filter_key *out)
{
	const struct filter_identity identity = filter_identity(p);
	const char *mutant = fault_skip_variable(); /* what a build for tests leaves out is another compiler */
	struct sha256 s;
	auto_str bytes = { 0 };

	plan_filter_bytes(p, &bytes);
	if (bytes.failed)
		return -ENOMEM;
	sha256_init(&s);
	sha256_add(&s, identity.text, sizeof(identity.text));
	sha256_add(&s, bytes.s, bytes.len);
	if (mutant)
		sha256_add(&s, mutant, strlen(mutant));
	sha256_end(&s, out->digest);
	sha256_text(out->digest, out->name);
	return 0;
}

/* ---- what is there ---- */

/* -errno, -EPERM when others could have put something into it. */
static int open_dir(const char *state_root, bool make)
{
	auto_fd int fd = -1;
	char path[PATH_MAX];
	struct stat st;

	if (snprintf(path, sizeof(path), "%s/%s", state_root, FILTER_CACHE_DIR) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	if (make && mkdir(path, 0700) < 0 && errno != EEXIST)
		return -errno;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	return st.st_uid == geteuid() && (st.st_mode & 0777) == 0700 ? fd_take(&fd) : -EPERM;
}

/* It tells a damaged file, not a forged one: a change of one word always shows. */
static uint64_t checksum(const char *bytes, size_t len)
{
	uint64_t sum = len, word;

	for (size_t i = 0; i < len; i += sizeof(word)) {
		memcpy(&word, bytes + i, sizeof(word));
		sum = ((sum ^ word) << 29 | (sum ^ word) >> 35) * UINT64_C(0x9e3779b97f4a7c15);
	}
	return sum;
}

static bool is_whole(const struct filter_key *key, const char *bytes, size_t len)
{
	struct kept_head head;
	uint64_t sum;

	memcpy(&head, bytes, sizeof(head));
	memcpy(&sum, bytes + len - sizeof(sum), sizeof(sum));
	return memcmp(head.magic, kept_magic, sizeof(head.magic)) == 0 && memcmp(head.digest, key->digest, sizeof(head.digest)) == 0 &&
	       sum == checksum(bytes, len - sizeof(sum));
}

static bool is_own(const struct stat *st)
{
	return S_ISREG(st->st_mode) && st->st_uid == geteuid() && (st->st_mode & 07777) == 0600;
}

static bool take(int dir, const struct filter_key *key, struct arena *a, struct filters *out)
{
	const size_t least = sizeof(struct kept_head) + sizeof(uint64_t);
	/* A FIFO in its place must not hold us up. */
	auto_fd int fd = openat(dir, key->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;
	size_t len;
	char *bytes;

	if (fd < 0 || fstat(fd, &st) < 0 || !is_own(&st))
		return false;
	len = (size_t)st.st_size;
	if (st.st_size < (off_t)least || st.st_size > KEPT_MAX || len % sizeof(uint64_t))
		return false;
	bytes = arena_alloc(a, len);
	return bytes && read(fd, bytes, len) == (ssize_t)len && is_whole(key, bytes, len) &&
	       filters_unpack(bytes + sizeof(struct kept_head), len - least, out) == 0;
}

/* ---- what is put there ---- */

struct seen { struct timespec time; char name[NAME_MAX + 1]; };

static int by_time(const void *a, const void *b)
{
	const struct timespec *x = &((const struct seen *)a)->time, *y = &((const struct seen *)b)->time;

	if (x->tv_sec != y->tv_sec)
		return x->tv_sec < y->tv_sec ? -1 : 1;
	return x->tv_nsec < y->tv_nsec ? -1 : x->tv_nsec > y->tv_nsec;
}

/* Whatever is there counts, also what a command that was ended left half-written. */
static size_t look(DIR *stream, struct seen seen[SEEN_MAX])
{
	struct dirent *entry;
	struct stat st;
	size_t n = 0;

	while (n < SEEN_MAX && (entry = readdir(stream)) != NULL) {
		if (str_eq(entry->d_name, ".") || str_eq(entry->d_name, "..") ||
		    fstatat(dirfd(stream), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		seen[n].time = st.st_mtim;
		(void)snprintf(seen[n++].name, sizeof(seen[0].name), "%s", entry->d_name);
	}
	return n;
}

static void remove_oldest(int dir)
{
	int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = copy < 0 ? NULL : fdopendir(copy);
	auto_free struct seen *seen = malloc(SEEN_MAX * sizeof(*seen));

	if (!stream && copy >= 0)
		(void)close(copy);
	if (stream && seen) {
		size_t n = look(stream, seen);

		if (n > FILTER_CACHE_MAX)
			qsort(seen, n, sizeof(*seen), by_time);
		for (size_t i = 0; i + FILTER_CACHE_MAX < n; i++)
			(void)unlinkat(dir, seen[i].name, 0); /* somebody else may have been faster */
	}
	if (stream)
		(void)closedir(stream);
}

static int write_file(int dir, const char *name, const struct str *content)
{
	char tmp[SHA256_HEX + 32];
	int r;

	/* Of this process alone: another one may write the same file now. */
	(void)snprintf(tmp, sizeof(tmp), "%s.%d", name, (int)getpid());
	(void)unlinkat(dir, tmp, 0); /* of a process of the same number that was ended */
	auto_fd int fd = openat(dir, tmp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	r = fd_write_all(fd, content->s, content->len);
	if (r == 0 && renameat(dir, tmp, dir, name) < 0)
		r = -errno;
	if (r < 0)
		(void)unlinkat(dir, tmp, 0); /* the first error is the one to tell */
	return r;
}

static int put(int dir, const struct filter_key *key, const struct filters *f)
{
	struct kept_head head;
	auto_str content = { 0 };
	uint64_t sum;
	int r;

	memcpy(head.magic, kept_magic, sizeof(head.magic));
	memcpy(head.digest, key->digest, sizeof(head.digest));
	str_add_bytes(&content, &head, sizeof(head));
	filters_pack(f, &content);
	if (content.failed)
		return -ENOMEM;
	sum = checksum(content.s, content.len);
	str_add_bytes(&content, &sum, sizeof(sum));
	r = content.failed ? -ENOMEM : write_file(dir, key->name, &content);
	remove_oldest(dir);
	return r;
}

/* ---- both ---- */

static int build_and_keep(const char *state_root, const struct filter_key *key, struct arena *a, const struct plan_filter *p,
			  struct filters *out, struct err *e)
{
	int r = filter_build(a, p, out, e);
	auto_fd int dir = r < 0 ? -1 : open_dir(state_root, true);

	if (r < 0)
		return r;
	r = dir < 0 ? dir : put(dir, key, out);
	if (r < 0)
		log_debug("system call filters: compiled, and not kept in %s/%s: %s", state_root, FILTER_CACHE_DIR, strerror(-r));
	else
		log_debug("system call filters: compiled, and kept as %s/%s/%s", state_root, FILTER_CACHE_DIR, key->name);
	return 0;
}

static bool is_empty(const struct plan_filter *p)
{
	return !p->has_engine && p->own.set == FILTER_SET_NONE && p->would.set == FILTER_SET_NONE;
}

int filter_cache_build(const char *state_root, struct arena *a, const struct plan_filter *p, struct filters *out, struct err *e)
{
	auto_fd int dir = -1;
	struct filter_key key;

	if (is_empty(p))
		return filter_build(a, p, out, e);
	if (filter_cache_key(p, &key) < 0)
		return err_set(e, ENOMEM, "out of memory");
	dir = open_dir(state_root, false);
	if (dir >= 0 && take(dir, &key, a, out)) {
		log_debug("system call filters: taken from %s/%s/%s", state_root, FILTER_CACHE_DIR, key.name);
		return 0;
	}
	return build_and_keep(state_root, &key, a, p, out, e);
}
