/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "container/id_ranges.h"
#include "container/roots.h"

struct home {
	char top[64], subuid[96], subgid[96], systemd[96], records[96], state[96];
	struct id_range_paths p;
};

static void put(const char *path, const char *text)
{
	auto_fd int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	cr_assert_geq(fd, 0);
	cr_assert_eq(fd_write_all(fd, text, strlen(text)), 0);
}

static void home_make(struct home *h, const char *subuid, const char *subgid)
{
	memcpy(h->top, "/tmp/test_ids.XXXXXX", sizeof("/tmp/test_ids.XXXXXX"));
	cr_assert(mkdtemp(h->top));
	snprintf(h->subuid, sizeof(h->subuid), "%s/subuid", h->top);
	snprintf(h->subgid, sizeof(h->subgid), "%s/subgid", h->top);
	snprintf(h->systemd, sizeof(h->systemd), "%s/systemd", h->top);
	snprintf(h->records, sizeof(h->records), "%s/ids", h->top);
	snprintf(h->state, sizeof(h->state), "%s/state", h->top);
	h->p = (struct id_range_paths){ h->subuid, h->subgid, h->systemd, h->records };
	if (subuid)
		put(h->subuid, subuid);
	if (subgid)
		put(h->subgid, subgid);
}

static void home_done(struct home *h)
{
	DIR *d = opendir(h->records);
	struct dirent *entry;

	while (d && (entry = readdir(d)))
		(void)unlinkat(dirfd(d), entry->d_name, 0);
	if (d)
		(void)closedir(d);
	(void)rmdir(h->records);
	(void)unlink(h->subuid);
	(void)unlink(h->subgid);
	(void)rmdir(h->systemd);
	(void)rmdir(h->state);
	(void)rmdir(h->top);
}

Test(id_ranges, two_containers_never_share_a_range)
{
	struct home h;
	struct id_range one, two, peek;
	struct err e = { 0 };

	home_make(&h, "x:1:2\ncaisson:1000000:131072\n", "caisson:2000000:131072\n");
	cr_expect_eq(id_range_peek(&h.p, &peek, &e), 0);
	cr_assert_eq(id_range_claim(&h.p, h.state, &one, &e), 0, "%s", e.text);
	cr_expect_eq(peek.uid, one.uid);
	cr_expect_eq(one.uid, 1000000);
	cr_expect_eq(one.gid, 2000000);
	cr_assert_eq(id_range_claim(&h.p, h.state, &two, &e), 0, "%s", e.text);
	cr_expect_eq(two.uid, 1065536);
	cr_expect_eq(two.gid, 2065536);
	cr_expect_eq(id_range_claim(&h.p, h.state, &two, &e), -EUSERS);
	cr_expect(strstr(e.text, "all 2"), "%s", e.text);
	id_range_drop(&h.p, one.uid);
	cr_assert_eq(id_range_claim(&h.p, h.state, &two, &e), 0, "%s", e.text);
	cr_expect_eq(two.uid, one.uid);
	home_done(&h);
}

Test(id_ranges, a_range_outlives_its_launcher_while_the_container_exists_and_no_longer)
{
	struct home h;
	struct id_range got;
	struct err e = { 0 };
	int status;
	pid_t pid;

	home_make(&h, "caisson:1000000:65536\n", "caisson:1000000:65536\n");
	cr_assert_eq(mkdir(h.state, 0700), 0);
	pid = fork();
	if (pid == 0)
		_exit(id_range_claim(&h.p, h.state, &got, &e) == 0 ? 0 : 1);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert_eq(status, 0);
	cr_expect_eq(id_range_claim(&h.p, h.state, &got, &e), -EUSERS);
	cr_assert_eq(rmdir(h.state), 0);
	cr_expect_eq(id_range_claim(&h.p, h.state, &got, &e), 0, "%s", e.text);
	home_done(&h);
}

Test(id_ranges, a_pid_that_came_again_is_not_the_owner)
{
	char text[128];

	snprintf(text, sizeof(text), "%d:1:/nonexistent", (int)getpid());
	cr_expect_not(owner_is_alive(text));
	cr_expect_not(owner_is_alive(""));
	cr_expect_not(owner_is_alive("nonsense"));
	cr_expect_not(owner_is_alive("1:2"));
	cr_expect_not(owner_is_alive("99999999999:1:/nonexistent"));
	cr_expect_not(owner_is_alive("1:1:relative"));
	cr_expect(owner_is_alive("0:0:/tmp"));
}

static const struct {
	const char *uid, *gid;
	int want;
	const char *says;
} bad[] = {
	{ NULL, NULL, -ENOENT, "caisson:524288" },
	{ "other:1000000:65536\n", "other:1000000:65536\n", -ENOENT, "no user id range" },
	{ "caisson:1000000:65536\n", NULL, -EINVAL, "has none" },
	{ "caisson:0:65536\n", "caisson:0:65536\n", -EINVAL, "among the host's own ids" },
	{ "caisson:1000:65536\n", "caisson:1000:65536\n", -EINVAL, "among the host's own ids" },
	{ "caisson:1000000:1000\n", "caisson:1000000:1000\n", -EINVAL, "one container needs" },
	{ "caisson:4294901760:131072\n", "caisson:4294901760:131072\n", -ERANGE,
	  "beyond the largest id" },
	{ "caisson:-5:65536\n", "caisson:1000000:65536\n", -EINVAL, "START:COUNT" },
	{ "caisson:x\n", "caisson:x\n", -EINVAL, "START:COUNT" },
};

Test(id_ranges, a_bad_entry_is_refused_with_the_way_to_mend_it)
{
	for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
		struct home h;
		struct id_range got;
		struct err e = { 0 };

		home_make(&h, bad[i].uid, bad[i].gid);
		cr_expect_eq(id_range_claim(&h.p, h.state, &got, &e), bad[i].want, "case %zu: %s",
			     i, e.text);
		cr_expect(strstr(e.text, bad[i].says), "case %zu said: %s", i, e.text);
		home_done(&h);
	}
}

Test(id_ranges, a_host_that_runs_systemd_has_its_range_for_containers)
{
	struct home h;
	struct id_range got;
	struct err e = { 0 };

	home_make(&h, NULL, NULL);
	cr_assert_eq(mkdir(h.systemd, 0755), 0);
	cr_assert_eq(id_range_claim(&h.p, h.state, &got, &e), 0, "%s", e.text);
	cr_expect_eq(got.uid, 524288);
	cr_expect_eq(got.gid, 524288);
	home_done(&h);
}

Test(id_ranges, records_that_others_can_write_are_refused)
{
	struct home h;
	struct id_range got;
	struct err e = { 0 };

	home_make(&h, "caisson:1000000:65536\n", "caisson:1000000:65536\n");
	cr_assert_eq(mkdir(h.records, 0777), 0);
	cr_assert_eq(chmod(h.records, 0777), 0);
	cr_expect_eq(id_range_claim(&h.p, h.state, &got, &e), -EPERM);
	home_done(&h);
}

/* ---- container/roots.h: the same owners ---- */

static bool exists(const char *top, const char *name)
{
	char path[256];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", top, name);
	return lstat(path, &st) == 0;
}

Test(roots, a_root_lives_as_long_as_its_owner_and_goes_with_all_its_depth, .timeout = 60)
{
	char top[] = "/tmp/test_roots.XXXXXX", dir[64];
	struct err e = { 0 };
	auto_fd int at = -1;
	int status, fd;
	pid_t pid;

	cr_assert(mkdtemp(top));
	snprintf(dir, sizeof(dir), "%s/roots", top);
	fd = roots_make(dir, "one", "/nonexistent", &e);
	cr_assert_geq(fd, 0, "%s", e.text);
	cr_expect_eq(roots_make(dir, "one", "/nonexistent", &e), -EEXIST);
	cr_expect_lt(roots_make(dir, "../x", "/nonexistent", &e), 0);

	/* Deeper than any path, with a link that leads out. */
	at = fd;
	cr_assert_eq(symlinkat("/tmp", at, "out"), 0);
	for (int i = 0; i < 3000; i++) {
		int next;

		cr_assert_eq(mkdirat(at, "deep", 0755), 0);
		cr_assert_eq(mknodat(at, "file", S_IFREG | 0600, 0), 0);
		next = openat(at, "deep", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		cr_assert_geq(next, 0);
		fd_close(&at);
		at = next;
	}
	roots_remove(dir, "one");
	cr_expect_not(exists(dir, "one"));

	pid = fork();
	if (pid == 0)
		_exit(roots_make(dir, "dead", "/nonexistent", &e) >= 0 ? 0 : 1);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_expect(exists(dir, "dead"));
	fd = roots_make(dir, "two", "/nonexistent", &e);
	cr_assert_geq(fd, 0, "%s", e.text);
	(void)close(fd);
	cr_expect_not(exists(dir, "dead"));
	cr_expect(exists(dir, "two"));
	roots_remove(dir, "two");
	(void)rmdir(dir);
	cr_expect_eq(rmdir(top), 0);
}
