/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "container/root_view.h"

struct root {
	char path[64];
	int fd;
	struct root_view view;
};

static const char *const files[] = { "bin/sh", "bin/script", "bin/big", "bin/fifo", "bin/link", "bin/out", "bin/up", NULL };

static void put(int dir, const char *name, const char *text, size_t len)
{
	auto_fd int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);

	cr_assert_geq(fd, 0);
	cr_assert_eq(fd_write_all(fd, text, len), 0);
}

static void root_make(struct root *r)
{
	static char script[ROOT_SCRIPT_MAX + 100], big[3 * ROOT_FILE_HEAD];

	memcpy(r->path, "/tmp/test_root_view.XXXXXX", sizeof("/tmp/test_root_view.XXXXXX"));
	cr_assert(mkdtemp(r->path));
	r->fd = open(r->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	cr_assert_geq(r->fd, 0);
	cr_assert_eq(mkdirat(r->fd, "bin", 0755), 0);
	put(r->fd, "bin/sh", "\177ELF", 4);
	memset(script, 'x', sizeof(script));
	memcpy(script, "#!/bin/sh\n", 10);
	put(r->fd, "bin/script", script, sizeof(script));
	memset(big, 'a', sizeof(big));
	memset(big + sizeof(big) - ROOT_FILE_TAIL, 'z', ROOT_FILE_TAIL);
	put(r->fd, "bin/big", big, sizeof(big));
	cr_assert_eq(mkfifoat(r->fd, "bin/fifo", 0644), 0);
	cr_assert_eq(symlinkat("/bin/sh", r->fd, "bin/link"), 0);
	cr_assert_eq(symlinkat("/etc/passwd", r->fd, "bin/out"), 0);
	cr_assert_eq(symlinkat("../../../bin/sh", r->fd, "bin/up"), 0);
	root_view_init(&r->view, &r->fd);
}

static void root_done(struct root *r)
{
	for (size_t i = 0; files[i]; i++)
		(void)unlinkat(r->fd, files[i], 0);
	(void)unlinkat(r->fd, "bin", AT_REMOVEDIR);
	(void)close(r->fd);
	(void)rmdir(r->path);
}
#define auto_root __attribute__((cleanup(root_done))) struct root

/* What is not a regular file of this root is not there; a FIFO must not keep us waiting. */
static const struct { const char *path; const char *place; size_t head, tail; } cases[] = {
	{ "/bin/sh", "/bin/sh", 4, 4 },
	{ "/bin/link", "/bin/sh", 4, 4 },
	{ "/bin/up", "/bin/sh", 4, 4 },
	{ "/bin/script", "/bin/script", ROOT_SCRIPT_MAX, ROOT_FILE_TAIL },
	{ "/bin/big", "/bin/big", ROOT_FILE_HEAD, ROOT_FILE_TAIL },
	{ "/bin/fifo", NULL, 0, 0 },
	{ "/bin/out", NULL, 0, 0 },
	{ "/bin", NULL, 0, 0 },
	{ "/bin/none", NULL, 0, 0 },
};

Test(root_view, a_file_is_seen_with_both_ends_and_its_place_in_the_root)
{
	auto_root r = { 0 };
	auto_arena a = { 0 };

	root_make(&r);
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct root_file f = { 0 };
		struct err e = { 0 };
		int err = r.view.file(r.view.ctx, &a, cases[i].path, &f, &e);

		cr_expect_eq(err, cases[i].place ? 0 : -ENOENT, "%s: %d %s", cases[i].path, err, e.text);
		if (err < 0)
			continue;
		cr_expect_str_eq(f.path, cases[i].place);
		cr_expect_eq(f.head_len, cases[i].head, "%s: %zu", cases[i].path, f.head_len);
		cr_expect_eq(f.tail_len, cases[i].tail, "%s: %zu", cases[i].path, f.tail_len);
		cr_expect_eq(f.head[f.head_len], '\0');
		cr_expect_eq(f.caps, 0);
	}
}

Test(root_view, the_tail_is_that_of_the_file)
{
	auto_root r = { 0 };
	auto_arena a = { 0 };
	struct root_file f = { 0 };
	struct err e = { 0 };

	root_make(&r);
	cr_assert_eq(r.view.file(r.view.ctx, &a, "/bin/big", &f, &e), 0);
	cr_expect_eq(f.head[0], 'a');
	cr_expect_eq(f.tail[0], 'z');
}

Test(root_view, a_directory_gives_at_most_eight_names)
{
	auto_root r = { 0 };
	auto_arena a = { 0 };
	struct strings names = { 0 };
	struct err e = { 0 };
	char name[16];

	root_make(&r);
	cr_assert_eq(r.view.names(r.view.ctx, &a, "/bin", &names, &e), 0);
	cr_expect_eq(names.n, 7);
	cr_expect_str_eq(names.v[0], "big");
	for (int i = 0; i < 9; i++) {
		(void)snprintf(name, sizeof(name), "bin/more%d", i);
		put(r.fd, name, "", 0);
	}
	cr_expect_eq(r.view.names(r.view.ctx, &a, "/bin", &names, &e), 0);
	cr_expect_eq(names.n, ROOT_NAMES_MAX);
	cr_expect_eq(r.view.names(r.view.ctx, &a, "/none", &names, &e), -ENOENT);
	for (int i = 0; i < 9; i++) {
		(void)snprintf(name, sizeof(name), "bin/more%d", i);
		(void)unlinkat(r.fd, name, 0);
	}
}

Test(root_view, a_source_has_an_owner_if_it_is_a_directory)
{
	auto_root r = { 0 };
	struct root_owner o = { 0 };

	root_make(&r);
	cr_assert_eq(r.view.owner(r.view.ctx, r.path, &o), 0);
	cr_expect_eq(o.uid, geteuid());
	cr_expect_eq(o.mode & 07777, 0700);
	cr_expect_eq(r.view.owner(r.view.ctx, "/dev/null", &o), -ENOENT);
}
