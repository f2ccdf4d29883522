/* SPDX-License-Identifier: Apache-2.0 */
#include "base/path.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"

static const struct { const char *written, *clean; } cleaned[] = {
	{ "/", "/" }, { "", "/" }, { ".", "/" }, { "..", "/" }, { "a", "/a" }, { "/a", "/a" }, { "/a/", "/a" },
	{ "//a///b//", "/a/b" }, { "/a/./b/.", "/a/b" }, { "/a/../b", "/b" }, { "/a/b/../../..", "/" },
	{ "/../../a", "/a" }, { "/a/..b/c..", "/a/..b/c.." }, { "/a/...", "/a/..." }, { "a/../../b/./c/..", "/b" },
};

Test(path, clean_is_lexical_and_never_above_the_root)
{
	for (size_t i = 0; i < N_ELEMENTS(cleaned); i++) {
		char out[64];

		cr_expect_eq(path_clean(cleaned[i].written, out, sizeof(out)), 0);
		cr_expect_str_eq(out, cleaned[i].clean, "\"%s\" became \"%s\"", cleaned[i].written, out);
	}
}

Test(path, clean_keeps_to_its_room)
{
	char out[8];

	cr_expect_eq(path_clean("/123456", out, sizeof(out)), 0);
	cr_expect_str_eq(out, "/123456");
	cr_expect_eq(path_clean("/1234567", out, sizeof(out)), -ENAMETOOLONG);
	cr_expect_eq(path_clean("/12/34567", out, sizeof(out)), -ENAMETOOLONG);
	cr_expect_eq(path_clean("/", out, 1), -ENAMETOOLONG);
	cr_expect_eq(path_clean("/", out, 2), 0);
}

Test(path, below_ends_at_a_component)
{
	cr_expect(path_is_below("/a/b", "/a"));
	cr_expect(path_is_below("/a", "/a"));
	cr_expect(path_is_below("/a", "/"));
	cr_expect(path_is_below("/", "/"));
	cr_expect_not(path_is_below("/ab", "/a"));
	cr_expect_not(path_is_below("/", "/a"));
	cr_expect_not(path_is_below("/b/a", "/a"));
}

static char where[40];

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

static void remove_tree(void)
{
	nftw(where, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/*
 * root/ is the root of the tests, beside it lies what must never be reached:
 *	outside		root/dir/file	root/up -> ../outside	root/abs -> /dir	root/dangling -> /nowhere
 */
static int make_root(void)
{
	int fd, top;

	snprintf(where, sizeof(where), "/tmp/caisson-test-path-XXXXXX");
	cr_assert_not_null(mkdtemp(where));
	top = open(where, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cr_assert_eq(mkdirat(top, "root", 0755), 0);
	cr_assert_eq(mkdirat(top, "outside", 0755), 0);
	fd = openat(top, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cr_assert_eq(mkdirat(fd, "dir", 0755), 0);
	close(openat(fd, "dir/file", O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
	cr_assert_eq(symlinkat("../outside", fd, "up"), 0);
	cr_assert_eq(symlinkat("/dir", fd, "abs"), 0);
	cr_assert_eq(symlinkat("/nowhere", fd, "dangling"), 0);
	cr_assert_eq(symlinkat("/proc/self/root", fd, "magic"), 0);
	close(top);
	return fd;
}

static bool same_file(int fd, int dir, const char *path)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 && fstatat(dir, path, &b, AT_SYMLINK_NOFOLLOW) == 0 && a.st_ino == b.st_ino &&
	       a.st_dev == b.st_dev;
}

Test(path, links_stay_inside_the_root, .fini = remove_tree)
{
	auto_fd int root = make_root();
	struct err e = { 0 };
	auto_fd int by_link = path_open_in(root, "/abs/file", O_RDONLY, 0, &e);
	auto_fd int by_dots = path_open_in(root, "../../dir/file", O_RDONLY, 0, &e);
	auto_fd int up = path_probe_in(root, "up", O_PATH);

	cr_expect(same_file(by_link, root, "dir/file"), "%s", e.text);
	cr_expect(same_file(by_dots, root, "dir/file"), "%s", e.text);
	cr_expect_eq(up, -ENOENT, "../outside is /outside in the root, which is not there");
	cr_expect_eq(fcntl(by_link, F_GETFD), FD_CLOEXEC);
}

Test(path, a_failure_names_the_path, .fini = remove_tree)
{
	auto_fd int root = make_root();
	struct err e = { 0 };

	cr_expect_eq(path_open_in(root, "dir/missing", O_RDONLY, 0, &e), -ENOENT);
	cr_expect(strstr(e.text, "dir/missing"), "%s", e.text);
}

Test(path, nolink_follows_nothing, .fini = remove_tree)
{
	auto_fd int root = make_root();
	auto_fd int plain = path_probe_nolink(root, "dir/file", O_PATH);

	cr_expect_geq(plain, 0);
	cr_expect_eq(path_probe_nolink(root, "abs/file", O_PATH), -ELOOP);
	cr_expect_eq(path_probe_nolink(root, "abs", O_PATH), -ELOOP);
}

Test(path, magic_links_are_refused)
{
	auto_fd int slash = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	cr_expect_eq(path_probe_in(slash, "/proc/self/exe", O_PATH), -ELOOP);
	cr_expect_eq(path_probe_in(slash, "/proc/self/root/etc", O_PATH), -ELOOP);
}

Test(path, mkdir_makes_parents_inside, .fini = remove_tree)
{
	auto_fd int root = make_root();
	struct err e = { 0 };
	struct stat st;

	umask(022);
	auto_fd int deep = path_mkdir_in(root, "/a/b/c", 0755, &e);
	cr_expect_geq(deep, 0, "%s", e.text);
	cr_expect(same_file(deep, root, "a/b/c"));
	auto_fd int again = path_mkdir_in(root, "a/b/c/", 0755, &e);
	cr_expect(same_file(again, root, "a/b/c"));
	auto_fd int linked = path_mkdir_in(root, "/abs/new", 0755, &e);
	cr_expect(same_file(linked, root, "dir/new"), "%s", e.text);
	auto_fd int above = path_mkdir_in(root, "/../../x", 0755, &e);
	cr_expect(same_file(above, root, "x"), "%s", e.text);
	auto_fd int itself = path_mkdir_in(root, "/", 0755, &e);
	cr_expect(same_file(itself, root, "."), "%s", e.text);
	cr_expect_eq(fstatat(root, "a", &st, 0), 0);
	cr_expect_eq(st.st_mode & 0777, 0755);
}

Test(path, mkdir_refuses_files_and_dangling_links, .fini = remove_tree)
{
	auto_fd int root = make_root();
	struct err e = { 0 };

	cr_expect_eq(path_mkdir_in(root, "dir/file", 0755, &e), -ENOTDIR, "%s", e.text);
	cr_expect_eq(path_mkdir_in(root, "dir/file/x", 0755, &e), -ENOTDIR, "%s", e.text);
	cr_expect_lt(path_mkdir_in(root, "dangling", 0755, &e), 0);
	cr_expect_lt(path_mkdir_in(root, "dangling/x", 0755, &e), 0);
	cr_expect_lt(path_mkdir_in(root, "up/x", 0755, &e), 0);
	cr_expect_eq(faccessat(root, "../outside/x", F_OK, 0), -1, "it was made outside of the root");
	cr_expect_eq(faccessat(root, "nowhere", F_OK, 0), -1, "it was made through a dangling link");
}

Test(path, a_target_is_taken_or_made, .fini = remove_tree)
{
	auto_fd int root = make_root();
	struct err e = { 0 };
	struct stat st;
	auto_fd int file = path_target_in(root, "/new/sub/file", true, &e);
	auto_fd int top = path_target_in(root, "/file", true, &e);
	auto_fd int dir = path_target_in(root, "/new/dir", false, &e);
	auto_fd int there = path_target_in(root, "/abs/file", true, &e);
	auto_fd int other_kind = path_target_in(root, "/dir", true, &e);

	cr_expect(fstat(file, &st) == 0 && S_ISREG(st.st_mode) && st.st_size == 0, "%s", e.text);
	cr_expect(same_file(top, root, "file"), "%s", e.text);
	cr_expect(fstat(dir, &st) == 0 && S_ISDIR(st.st_mode), "%s", e.text);
	cr_expect(same_file(there, root, "dir/file"), "%s", e.text);
	cr_expect(same_file(other_kind, root, "dir"), "what is there is taken as it is");
	cr_expect_eq(path_target_in(root, "/dangling", true, &e), -ENOENT, "%s", e.text);
	cr_expect(strstr(e.text, "dangling\" is a symbolic link to \"/nowhere\", and that leads nowhere"), "%s", e.text);
	cr_expect_eq(faccessat(root, "nowhere", F_OK, 0), -1);
}

Test(path, too_long_is_an_error, .fini = remove_tree)
{
	auto_fd int root = make_root();
	struct err e = { 0 };
	auto_str s = { 0 };

	for (int i = 0; i < 1000; i++)
		str_add(&s, "/abcdefgh");
	cr_expect_eq(path_mkdir_in(root, s.s, 0755, &e), -ENAMETOOLONG, "%s", e.text);
	cr_expect_eq(path_target_in(root, s.s, true, &e), -ENAMETOOLONG, "%s", e.text);
}
