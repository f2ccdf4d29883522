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
#include "container/passwd.h"

/* A root with the two files; `passwd` and `group` may be NULL. */
struct root {
	char path[64];
	int fd;
};

static void put(int dir, const char *name, const char *text, size_t len)
{
	auto_fd int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	cr_assert_geq(fd, 0);
	cr_assert_eq(fd_write_all(fd, text, len), 0);
}

static void root_make(struct root *r, const char *passwd, const char *group)
{
	memcpy(r->path, "/tmp/test_passwd.XXXXXX", sizeof("/tmp/test_passwd.XXXXXX"));
	cr_assert(mkdtemp(r->path));
	r->fd = open(r->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	cr_assert_geq(r->fd, 0);
	cr_assert_eq(mkdirat(r->fd, "etc", 0755), 0);
	if (passwd)
		put(r->fd, "etc/passwd", passwd, strlen(passwd));
	if (group)
		put(r->fd, "etc/group", group, strlen(group));
}

static void root_done(struct root *r)
{
	(void)unlinkat(r->fd, "etc/passwd", 0);
	(void)unlinkat(r->fd, "etc/group", 0);
	(void)unlinkat(r->fd, "etc", AT_REMOVEDIR);
	(void)close(r->fd);
	(void)rmdir(r->path);
}

static const char passwd_text[] =
	"root:x:0:0:root:/root:/bin/sh\n"
	"1000:x:0:0:a number for a name:/root:/bin/sh\n"
	"broken\n:x:5:5::/:\nbad:x:-1:0::/:\nbad2:x:4294967295:0::/:\nbad3:x:1x:0::/:\n"
	"web:x:101:102:web:/srv/web:/bin/sh\n"
	"rel:x:103:103:relative home:srv:/bin/sh\n"
	"last:x:104:104::/l:/bin/sh";
static const char group_text[] = "root:x:0:web\n102:x:0:\nweb:x:102:\nssl:x:110:other,web\nlog:x:"
				 "111:web\nlog2:x:111:web\nnone:x:112:webb,we\nbad:x:zz:web\n";

static const struct {
	const char *who;
	int want;
	uint32_t uid, gid;
	size_t groups;
	const char *home;
} cases[] = {
	{ "web", 0, 101, 102, 3, "/srv/web" },
	{ "101", 0, 101, 102, 3, "/srv/web" },
	{ "web:ssl", 0, 101, 110, 0, "/srv/web" },
	{ "web:7", 0, 101, 7, 0, "/srv/web" },
	{ "web:102", 0, 101, 102, 0, "/srv/web" },
	/* A number is never a name: not the user "1000" of uid 0, not the group "102" of gid 0. */
	{ "1000", 0, 1000, 1000, 0, "/" },
	{ "1:2", 0, 1, 2, 0, "/" },
	{ "1", 0, 1, 1, 0, "/" },
	{ "0", 0, 0, 0, 0, "/root" },
	{ "4294967294", 0, 4294967294U, 4294967294U, 0, "/" },
	{ "rel", 0, 103, 103, 0, "/" },
	{ "last", 0, 104, 104, 0, "/l" },
	{ "4294967295", -ERANGE, 0, 0, 0, NULL },
	{ "4294967296", -ERANGE, 0, 0, 0, NULL },
	{ "18446744073709551617", -ERANGE, 0, 0, 0, NULL },
	{ "1:4294967295", -ERANGE, 0, 0, 0, NULL },
	{ "-1", -EINVAL, 0, 0, 0, NULL },
	{ "+1", -EINVAL, 0, 0, 0, NULL },
	{ " 1", -EINVAL, 0, 0, 0, NULL },
	{ "", -EINVAL, 0, 0, 0, NULL },
	{ ":1", -EINVAL, 0, 0, 0, NULL },
	{ "1:", -EINVAL, 0, 0, 0, NULL },
	{ "1:2:3", -EINVAL, 0, 0, 0, NULL },
	{ "1x", -ENOENT, 0, 0, 0, NULL },
	{ "bad", -ENOENT, 0, 0, 0, NULL },
	{ "bad2", -ENOENT, 0, 0, 0, NULL },
	{ "bad3", -ENOENT, 0, 0, 0, NULL },
	{ "broken", -ENOENT, 0, 0, 0, NULL },
	{ "nobody", -ENOENT, 0, 0, 0, NULL },
	{ "web:nogroup", -ENOENT, 0, 0, 0, NULL },
	{ "web:bad", -ENOENT, 0, 0, 0, NULL },
};

Test(passwd, names_and_numbers_become_ids_or_errors)
{
	struct root root;

	root_make(&root, passwd_text, group_text);
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		auto_arena a = { 0 };
		struct passwd_user u = { 0 };
		struct err e = { 0 };
		int r = passwd_find(root.fd, cases[i].who, &a, &u, &e);

		cr_expect_eq(r, cases[i].want, "\"%s\": %d %s", cases[i].who, r, e.text);
		if (r < 0)
			continue;
		cr_expect_eq(u.uid, cases[i].uid, "\"%s\": uid %u", cases[i].who, u.uid);
		cr_expect_eq(u.gid, cases[i].gid, "\"%s\": gid %u", cases[i].who, u.gid);
		cr_expect_eq(u.groups.n, cases[i].groups, "\"%s\": %zu groups", cases[i].who,
			     u.groups.n);
		cr_expect_str_eq(u.home, cases[i].home, "\"%s\": %s", cases[i].who, u.home);
	}
	root_done(&root);
}

Test(passwd, without_the_files_numbers_still_count)
{
	struct root root;
	auto_arena a = { 0 };
	struct passwd_user u = { 0 };
	struct err e = { 0 };

	root_make(&root, NULL, NULL);
	cr_expect_eq(passwd_find(root.fd, "65532:65532", &a, &u, &e), 0, "%s", e.text);
	cr_expect_eq(u.uid, 65532);
	cr_expect_eq(passwd_find(root.fd, "web", &a, &u, &e), -ENOENT);
	cr_expect(strstr(e.text, "/etc/passwd") && strstr(e.text, "give its number"), "%s", e.text);
	cr_expect_eq(passwd_find(-1, "65532", &a, &u, &e), 0);
	cr_expect_eq(passwd_find(-1, "web", &a, &u, &e), -ENOENT);
	root_done(&root);
}

Test(passwd, a_link_never_leads_to_the_hosts_file)
{
	struct root root;
	auto_arena a = { 0 };
	struct passwd_user u = { 0 };
	struct err e = { 0 };

	root_make(&root, NULL, NULL);
	cr_assert_eq(symlinkat("../../../../../../etc/passwd", root.fd, "etc/passwd"), 0);
	cr_expect_lt(passwd_find(root.fd, "daemon", &a, &u, &e), 0);
	root_done(&root);
}

Test(passwd, a_fifo_and_a_flood_are_refused_without_waiting, .timeout = 20)
{
	struct root root;
	auto_arena a = { 0 };
	struct passwd_user u = { 0 };
	struct err e = { 0 };

	root_make(&root, NULL, NULL);
	cr_assert_eq(mkfifoat(root.fd, "etc/passwd", 0644), 0);
	cr_expect_eq(passwd_find(root.fd, "web", &a, &u, &e), -EINVAL);
	cr_expect(strstr(e.text, "not a regular file"), "%s", e.text);
	cr_assert_eq(unlinkat(root.fd, "etc/passwd", 0), 0);

	int fd = openat(root.fd, "etc/passwd", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	cr_assert_geq(fd, 0);
	cr_assert_eq(ftruncate(fd, PASSWD_MAX_BYTES + 1), 0);
	(void)close(fd);
	cr_expect_eq(passwd_find(root.fd, "web", &a, &u, &e), -EFBIG);
	root_done(&root);
}

Test(passwd, a_line_with_a_nul_is_nobodys)
{
	static const char text[] = "evil\0:x:0:0::/:\nweb\0x:x:0:0::/:\nweb:x:5:6::/:\n";
	struct root root;
	auto_arena a = { 0 };
	struct passwd_user u = { 0 };
	struct err e = { 0 };

	root_make(&root, NULL, NULL);
	put(root.fd, "etc/passwd", text, sizeof(text) - 1);
	cr_expect_eq(passwd_find(root.fd, "evil", &a, &u, &e), -ENOENT);
	cr_expect_eq(passwd_find(root.fd, "web", &a, &u, &e), 0, "%s", e.text);
	cr_expect_eq(u.uid, 5);
	root_done(&root);
}
