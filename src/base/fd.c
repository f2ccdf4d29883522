/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FDS_MAX = 8 };

void fd_close(int *fd)
{
	if (*fd >= 0) {
		int saved = errno;
		(void)close(*fd); /* nothing can be done about it, and Linux has closed it in any case */
		errno = saved;
	}
	*fd = -EBADF;
}

int fd_take(int *fd)
{
	int taken = *fd;

	*fd = -EBADF;
	return taken;
}

/* A first guess at the size, so that a file is read in one go. */
static size_t first_size(int fd, size_t max)
{
	struct stat st;
	size_t size = 4096;

	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0)
		size = (size_t)st.st_size + 2;
	return size > max ? max + 1 : size;
}

int fd_read_all(int fd, size_t max, char **out, size_t *len, struct err *e)
{
	size_t size = first_size(fd, max), used = 0;
	char *buf = malloc(size + 1);

	while (buf) {
		ssize_t n = read(fd, buf + used, size - used);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			int r = err_sys(e, "read");
			free(buf);
			return r;
		}
		if (n == 0)
			break;
		used += (size_t)n;
		if (used > max) {
			free(buf);
			return err_set(e, EFBIG, "larger than the limit of %zu bytes", max);
		}
		if (used == size) {
			size = size * 2 > max ? max + 1 : size * 2;
			char *more = realloc(buf, size + 1);
			if (!more)
				free(buf);
			buf = more;
		}
	}
	if (!buf)
		return err_code(e, ENOMEM, "read");
	buf[used] = '\0';
	*out = buf;
	*len = used;
	return 0;
}

int fd_read_file(int dirfd, const char *path, size_t max, char **out, size_t *len, struct err *e)
{
	auto_fd int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return err_sys(e, "open %s", path);
	int r = fd_read_all(fd, max, out, len, e);
	return r < 0 ? err_wrap(e, "%s", path) : 0;
}

ssize_t fd_read_small(int dirfd, const char *path, char *buf, size_t size)
{
	auto_fd int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t n;

	if (fd < 0)
		return -errno;
	do
		n = read(fd, buf, size - 1);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	while (n > 0 && buf[n - 1] == '\n')
		n--;
	buf[n] = '\0';
	return n;
}

int fd_write_all(int fd, const void *p, size_t len)
{
	const char *s = p;

	while (len) {
		ssize_t n = write(fd, s, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		s += n;
		len -= (size_t)n;
	}
	return 0;
}

int fd_write_to(int dirfd, const char *path, const char *text)
{
	auto_fd int fd = openat(dirfd, path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t n;

	if (fd < 0)
		return -errno;
	do
		n = write(fd, text, strlen(text));
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

int fd_replace_file(int dirfd, const char *name, mode_t mode, const void *p, size_t len, struct err *e)
{
	const char *slash = strrchr(name, '/');
	int dir_len = slash ? (int)(slash - name + 1) : 0;
	char tmp[4096];

	if (snprintf(tmp, sizeof(tmp), "%.*s.%s.tmp", dir_len, name, name + dir_len) >= (int)sizeof(tmp))
		return err_code(e, ENAMETOOLONG, "write %s", name);
	if (unlinkat(dirfd, tmp, 0) < 0 && errno != ENOENT)
		return err_sys(e, "remove %s", tmp);
	auto_fd int fd = openat(dirfd, tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
	if (fd < 0)
		return err_sys(e, "create %s", tmp);
	int r = fd_write_all(fd, p, len);
	if (r < 0)
		r = err_code(e, -r, "write %s", tmp);
	else if (renameat(dirfd, tmp, dirfd, name) < 0)
		r = err_sys(e, "rename %s to %s", tmp, name);
	if (r < 0)
		(void)unlinkat(dirfd, tmp, 0); /* the first error is the one to report */
	return r;
}

int fd_send(int sock, const void *p, size_t len, const int *fds, size_t nfds)
{
	union { struct cmsghdr align; char room[CMSG_SPACE(FDS_MAX * sizeof(int))]; } control;
	struct iovec iov = { .iov_len = len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n;

	memcpy(&iov.iov_base, &p, sizeof(p)); /* sendmsg(2) does not write, iovec cannot say so */
	if (nfds > FDS_MAX)
		return -EINVAL;
	if (nfds) {
		memset(&control, 0, sizeof(control));
		msg.msg_control = control.room;
		msg.msg_controllen = CMSG_SPACE(nfds * sizeof(int));
		struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(nfds * sizeof(int));
		memcpy(CMSG_DATA(c), fds, nfds * sizeof(int));
	}
	do
		n = sendmsg(sock, &msg, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

/* Takes the descriptors out of every control message; more than `room` are closed. Returns how many there were. */
static size_t take_fds(struct msghdr *msg, int *fds, size_t room)
{
	size_t got = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < n; i++) {
			int fd;
			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
			if (got < room)
				fds[got] = fd;
			else
				fd_close(&fd);
			got++;
		}
	}
	return got;
}

ssize_t fd_recv(int sock, void *p, size_t size, int *fds, size_t *nfds)
{
	union { struct cmsghdr align; char room[CMSG_SPACE(FDS_MAX * sizeof(int))]; } control;
	struct iovec iov = { .iov_base = p, .iov_len = size };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.room,
			      .msg_controllen = sizeof(control.room) };
	size_t room = nfds ? *nfds : 0;
	ssize_t n;

	do
		n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	size_t got = take_fds(&msg, fds, room);
	if (got > room || (msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC))) {
		for (size_t i = 0; i < got && i < room; i++)
			fd_close(&fds[i]);
		return -EPROTO;
	}
	if (nfds)
		*nfds = got;
	return n;
}
