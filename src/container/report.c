/* SPDX-License-Identifier: Apache-2.0 */
#include "container/report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/fd.h"
#include "base/str.h"
#include "container/trusted.h"

static const char journal[] = "/run/systemd/journal/socket"; /* sd_journal_send(3): a datagram in its native protocol */

static int open_file(const char *path, int more, int *out, struct err *e)
{
	static const struct trust t = { .what = "records go to" };
	const char *slash = strrchr(path, '/');
	auto_free char *above = slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : NULL;
	auto_fd int dir = -1, fd = -1;
	int err;

	if (!above)
		return err_set(e, ENOMEM, "%s: out of memory", path);
	err = trusted_open_dir(&t, above, &dir, e);
	if (err < 0)
		return err == -ENOENT ? err_set(e, ENOENT, "%s: its directory is not there; make it", path) : err;
	/* Not kept waiting by a pipe without a reader. */
	fd = openat(dir, slash + 1, O_RDWR | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | more, 0640);
	if (fd < 0 && errno == ENOENT && !(more & O_CREAT))
		return 0;
	if (fd < 0 && errno == ELOOP)
		return err_set(e, ELOOP, "%s: is a symbolic link; name the file itself", path);
	if (fd < 0)
		return err_sys(e, "%s", path);
	err = trusted_check(&t, fd, path, e);
	if (err == 0)
		*out = fd_take(&fd);
	return err;
}

static bool is_distrust(int err)
{
	return err == -EPERM || err == -ELOOP || err == -ENOTDIR || err == -EINVAL || err == -EISDIR || err == -ENAMETOOLONG;
}

/* A disk that was full may have left half a record: the next one begins a line of its own. */
static bool ends_in_half(int fd)
{
	struct stat st;
	char last;

	return fstat(fd, &st) == 0 && st.st_size > 0 && pread(fd, &last, 1, st.st_size - 1) == 1 && last != '\n';
}

/* What write(2) says is believed of no record that must be there: on a file opened with O_APPEND the offset is then behind what this
 * process has written, whoever else writes. */
static bool arrived(int fd, const struct str *line)
{
	auto_free char *back = malloc(line->len);
	off_t end = lseek(fd, 0, SEEK_CUR), from = end - (off_t)line->len;

	return back && from >= 0 && pread(fd, back, line->len, from) == (ssize_t)line->len && memcmp(back, line->s, line->len) == 0;
}

int report_append(const char *path, const char *text, size_t len, bool *distrusted, struct err *e)
{
	auto_fd int fd = -1;
	int err = open_file(path, O_CREAT, &fd, e);
	auto_str line = { 0 };
	ssize_t n;

	*distrusted = is_distrust(err);
	if (err < 0)
		return err;
	if (ends_in_half(fd))
		str_add(&line, "\n");
	str_add_bytes(&line, text, len);
	str_add(&line, "\n");
	if (line.failed)
		return err_set(e, ENOMEM, "%s: out of memory", path);
	do
		n = fault_skip("append the record") ? (ssize_t)line.len : write(fd, line.s, line.len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_sys(e, "%s", path);
	if ((size_t)n != line.len)
		return err_code(e, ENOSPC, "%s", path);
	return arrived(fd, &line) ? 0 : err_set(e, EIO, "%s: the record that was written is not there", path);
}

int report_check(const char *path, bool *distrusted, struct err *e)
{
	auto_fd int fd = -1;
	int err = open_file(path, 0, &fd, e);

	*distrusted = is_distrust(err);
	return err;
}

bool report_journal_open(int *fd)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	auto_fd int sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	memcpy(a.sun_path, journal, sizeof(journal));
	if (sock < 0 || connect(sock, (const struct sockaddr *)&a, sizeof(a)) < 0)
		return false;
	*fd = fd_take(&sock);
	return true;
}

void report_journal(int fd, const struct report_field *v, size_t n)
{
	for (size_t left = n; left > 0 && left + 1 >= n; left--) {
		auto_str message = { 0 };

		for (size_t i = 0; i < left; i++)
			if (v[i].text && !strchr(v[i].text, '\n'))
				str_addf(&message, "%s=%s\n", v[i].name, v[i].text);
		if (message.failed || send(fd, message.s, message.len, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0 || errno != EMSGSIZE)
			return;
	}
}
