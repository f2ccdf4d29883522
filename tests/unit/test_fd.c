/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fd.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"

/* A directory of this test's own; the caller removes what it put there. */
static int temp_dir(char path[40])
{
	snprintf(path, 40, "/tmp/caisson-test-fd-XXXXXX");
	cr_assert_not_null(mkdtemp(path));
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

Test(fd, close_forgets_the_number_and_keeps_errno)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC), number = fd;

	errno = EXDEV;
	fd_close(&fd);
	cr_expect_eq(errno, EXDEV);
	cr_expect_eq(fd, -EBADF);
	cr_expect_not(is_open(number));
	fd_close(&fd);
	cr_expect_eq(fd, -EBADF);
}

Test(fd, a_scope_closes_and_take_hands_over)
{
	int inner, kept;

	{
		auto_fd int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
		auto_fd int other = open("/dev/null", O_RDONLY | O_CLOEXEC);

		inner = fd;
		kept = fd_take(&other);
		cr_expect_lt(other, 0);
	}
	cr_expect_not(is_open(inner));
	cr_expect(is_open(kept));
	close(kept);
}

Test(fd, reads_within_bounds)
{
	auto_free char *text = NULL;
	char path[40];
	auto_fd int dir = temp_dir(path);
	size_t len = 0;
	struct err e = { 0 };

	cr_assert_eq(fd_replace_file(dir, "f", 0600, "0123456789", 10, &e), 0, "%s", e.text);
	cr_expect_eq(fd_read_file(dir, "f", 10, &text, &len, &e), 0, "%s", e.text);
	cr_expect_eq(len, 10);
	cr_expect_str_eq(text, "0123456789");
	char *untouched = NULL;
	cr_expect_eq(fd_read_file(dir, "f", 9, &untouched, &len, &e), -EFBIG);
	cr_expect_null(untouched);
	cr_expect(strstr(e.text, "f: larger than the limit of 9 bytes"), "%s", e.text);
	cr_expect_eq(fd_read_file(dir, "missing", 9, &untouched, &len, &e), -ENOENT);
	cr_expect(strstr(e.text, "missing"), "%s", e.text);
	unlinkat(dir, "f", 0);
	rmdir(path);
}

Test(fd, reads_procfs_pipes_and_empty_files)
{
	auto_free char *status = NULL, *piped = NULL, *empty = NULL;
	struct err e = { 0 };
	size_t len = 1;
	int p[2];

	cr_expect_eq(fd_read_file(AT_FDCWD, "/proc/self/status", 1 << 20, &status, &len, &e), 0, "%s", e.text);
	cr_expect(strstr(status, "Pid:"));
	cr_assert_eq(pipe2(p, O_CLOEXEC), 0);
	for (int i = 0; i < 1000; i++)
		cr_assert_eq(fd_write_all(p[1], "abcdefghij", 10), 0);
	close(p[1]);
	cr_expect_eq(fd_read_all(p[0], 10000, &piped, &len, &e), 0, "%s", e.text);
	cr_expect_eq(len, 10000);
	close(p[0]);
	cr_expect_eq(fd_read_file(AT_FDCWD, "/dev/null", 0, &empty, &len, &e), 0, "%s", e.text);
	cr_expect_eq(len, 0);
	cr_expect_str_eq(empty, "");
}

Test(fd, small_files_lose_their_newline)
{
	char path[40], buf[16], little[4];
	auto_fd int dir = temp_dir(path);
	struct err e = { 0 };

	cr_assert_eq(fd_replace_file(dir, "f", 0600, "value\n", 6, &e), 0);
	cr_expect_eq(fd_read_small(dir, "f", buf, sizeof(buf)), 5);
	cr_expect_str_eq(buf, "value");
	cr_expect_eq(fd_read_small(dir, "f", little, sizeof(little)), 3);
	cr_expect_str_eq(little, "val");
	cr_expect_eq(fd_read_small(dir, "missing", buf, sizeof(buf)), -ENOENT);
	unlinkat(dir, "f", 0);
	rmdir(path);
}

Test(fd, write_to_never_creates)
{
	char path[40];
	auto_fd int dir = temp_dir(path);

	cr_expect_eq(fd_write_to(dir, "missing", "x"), -ENOENT);
	cr_expect_eq(faccessat(dir, "missing", F_OK, 0), -1);
	cr_expect_eq(fd_write_all(-1, "x", 1), -EBADF);
	rmdir(path);
}

Test(fd, replace_is_whole_has_its_mode_and_leaves_nothing)
{
	char path[40], buf[16];
	auto_fd int dir = temp_dir(path);
	struct err e = { 0 };
	struct stat st;

	umask(0);
	cr_expect_eq(fd_replace_file(dir, "f", 0640, "old", 3, &e), 0, "%s", e.text);
	cr_expect_eq(fd_replace_file(dir, "f", 0640, "new!", 4, &e), 0, "%s", e.text);
	cr_expect_eq(fd_read_small(dir, "f", buf, sizeof(buf)), 4);
	cr_expect_str_eq(buf, "new!");
	cr_assert_eq(fstatat(dir, "f", &st, 0), 0);
	cr_expect_eq(st.st_mode & 07777, 0640);
	/* A leftover, even a link, is removed and never written through. */
	cr_assert_eq(symlinkat("f", dir, ".f.tmp"), 0);
	cr_expect_eq(fd_replace_file(dir, "f", 0600, "3rd", 3, &e), 0, "%s", e.text);
	cr_expect_eq(faccessat(dir, ".f.tmp", F_OK, AT_SYMLINK_NOFOLLOW), -1);
	/* The target is a directory: an error, and no temporary file. */
	cr_assert_eq(mkdirat(dir, "d", 0700), 0);
	cr_expect_lt(fd_replace_file(dir, "d", 0600, "x", 1, &e), 0);
	cr_expect_eq(faccessat(dir, ".d.tmp", F_OK, AT_SYMLINK_NOFOLLOW), -1);
	unlinkat(dir, "d", AT_REMOVEDIR);
	unlinkat(dir, "f", 0);
	cr_expect_eq(rmdir(path), 0, "something was left behind");
}

static void open_pair(int s[2])
{
	cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, s), 0);
}

Test(fd, descriptors_travel_and_arrive_close_on_exec)
{
	int s[2], sent[2] = { open("/dev/null", O_RDONLY), open("/dev/zero", O_RDONLY) }, got[2] = { -1, -1 };
	size_t n = 2;
	char buf[16];

	open_pair(s);
	cr_expect_eq(fd_send(s[0], "hello", 5, sent, 2), 0);
	cr_expect_eq(fd_recv(s[1], buf, sizeof(buf), got, &n), 5);
	cr_expect_eq(n, 2);
	cr_expect_eq(memcmp(buf, "hello", 5), 0);
	cr_expect_eq(fcntl(got[0], F_GETFD), FD_CLOEXEC);
	cr_expect_eq(fcntl(got[1], F_GETFD), FD_CLOEXEC);
	char zero = 1;
	cr_expect_eq(read(got[1], &zero, 1), 1);
	cr_expect_eq(zero, 0);
	close(s[0]);
	n = 2;
	cr_expect_eq(fd_recv(s[1], buf, sizeof(buf), got, &n), 0, "end of file");
}

static int lowest_free(void)
{
	int fd = dup(STDERR_FILENO);

	close(fd);
	return fd;
}

Test(fd, more_descriptors_than_room_are_closed_and_refused)
{
	int s[2], null = open("/dev/null", O_RDONLY | O_CLOEXEC), sent[3] = { null, null, null }, got[1] = { -1 }, before;
	size_t n = 1;
	char buf[16];

	open_pair(s);
	before = lowest_free();
	cr_expect_eq(fd_send(s[0], "x", 1, sent, 3), 0);
	cr_expect_eq(fd_recv(s[1], buf, sizeof(buf), got, &n), -EPROTO);
	cr_expect_eq(lowest_free(), before, "a descriptor stayed open");
	cr_expect_eq(fd_send(s[0], "x", 1, sent, 1), 0);
	cr_expect_eq(fd_recv(s[1], buf, sizeof(buf), NULL, NULL), -EPROTO);
	cr_expect_eq(lowest_free(), before, "a descriptor stayed open");
}

Test(fd, a_message_that_does_not_fit_is_refused)
{
	int s[2];
	char buf[4];

	open_pair(s);
	cr_expect_eq(fd_send(s[0], "hello", 5, NULL, 0), 0);
	cr_expect_eq(fd_recv(s[1], buf, sizeof(buf), NULL, NULL), -EPROTO);
	close(s[1]);
	cr_expect_eq(fd_send(s[0], "x", 1, NULL, 0), -EPIPE, "and no SIGPIPE");
}

Test(fd, no_more_than_eight_descriptors_are_sent)
{
	int s[2], many[9];

	open_pair(s);
	for (int i = 0; i < 9; i++)
		many[i] = s[0];
	cr_expect_eq(fd_send(s[0], "x", 1, many, 9), -EINVAL);
	cr_expect_eq(fd_send(s[0], "x", 1, many, 8), 0);
}
