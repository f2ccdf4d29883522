/* SPDX-License-Identifier: Apache-2.0 */
#include "container/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "base/wait.h"

enum { MESSAGE_MAX = 4096, AT_ONCE = 64, BARRIER_MS = 30 * 1000 };

const char *notify_wrong(const char *manager)
{
	if (manager[0] != '/' && manager[0] != '@')
		return "is neither an absolute path nor an abstract socket";
	return strlen(manager) < sizeof(((struct sockaddr_un *)0)->sun_path) ? NULL : "is too long for a socket's address";
}

int notify_make(const struct state_dir *d, struct err *e)
{
	if (mkdirat(d->fd, NOTIFY_STATE, 0755) < 0)
		return err_sys(e, "NOTIFY_SOCKET: make a directory in the state directory");
	/* Whoever the program runs as must get through, whatever our umask is. */
	return fchmodat(d->fd, NOTIFY_STATE, 0755, 0) < 0 ? err_sys(e, "NOTIFY_SOCKET: open the directory to all") : 0;
}

int notify_listen(const struct state_dir *d, struct err *e)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	if (faccessat(d->fd, NOTIFY_STATE, F_OK, 0) < 0)
		return -ENOENT;
	auto_fd int s = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (s < 0)
		return err_sys(e, "NOTIFY_SOCKET: socket");
	snprintf(at.sun_path, sizeof(at.sun_path), "/proc/self/fd/%d/" NOTIFY_STATE "/notify.sock", d->fd);
	if (bind(s, (struct sockaddr *)&at, sizeof(at)) < 0 || chmod(at.sun_path, 0777) < 0)
		return err_sys(e, "NOTIFY_SOCKET: bind the container's own");
	return fd_take(&s);
}

static int manager_open(const char *manager, struct err *e)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	size_t n = strlen(manager);
	auto_fd int s = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (s < 0)
		return err_sys(e, "NOTIFY_SOCKET: socket");
	if (n >= sizeof(at.sun_path))
		return err_code(e, ENAMETOOLONG, "NOTIFY_SOCKET: %s", manager);
	(void)wait_bound(s, WAIT_PEER_MS); /* a unix socket has that option */
	memcpy(at.sun_path, manager, n);
	if (at.sun_path[0] == '@')
		at.sun_path[0] = '\0'; /* abstract; its name ends where the address ends */
	if (connect(s, (struct sockaddr *)&at, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n)) < 0)
		return err_sys(e, "NOTIFY_SOCKET: connect to %s", manager);
	return fd_take(&s);
}

static int say(int s, const char *text, const int *fds, size_t nfds, struct err *e)
{
	int r = fd_send(s, text, strlen(text), fds, nfds);

	return r < 0 ? err_code(e, -r, "NOTIFY_SOCKET: send %s", text) : 0;
}

/* The manager closes the descriptor when it has handled all that was said before (sd_notify_barrier(3)). */
static int barrier(int s, struct err *e)
{
	int ends[2], n;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(e, "NOTIFY_SOCKET: pipe");
	auto_fd int ours = ends[0];
	auto_fd int theirs = ends[1];
	int r = say(s, "BARRIER=1", &theirs, 1, e);
	if (r < 0)
		return r;
	fd_close(&theirs);
	struct pollfd p = { .fd = ours };
	do
		n = poll(&p, 1, BARRIER_MS);
	while (n < 0 && errno == EINTR);
	return n > 0 ? 0 : err_set(e, ETIMEDOUT, "NOTIFY_SOCKET: the service manager gave no sign for %d s", BARRIER_MS / 1000);
}

static int tell(const char *manager, pid_t main_pid, struct err *e)
{
	char text[32];
	auto_fd int s = manager_open(manager, e);

	if (s < 0)
		return s;
	int r = say(s, "READY=1\n", NULL, 0, e);
	if (r < 0 || main_pid <= 0)
		return r;
	snprintf(text, sizeof(text), "MAINPID=%d", (int)main_pid);
	r = say(s, text, NULL, 0, e);
	return r < 0 ? r : barrier(s, e);
}

/* One datagram holds NAME=VALUE lines. */
static bool says_ready(char *text)
{
	char *rest = text, *line;

	while ((line = strsep(&rest, "\n")))
		if (str_starts(line, "READY="))
			return true;
	return false;
}

int notify_take(int sock, const char *manager, pid_t main_pid, struct err *e)
{
	char text[MESSAGE_MAX + 1];

	/* recv(2), not recvmsg(2): descriptors that the container sends are not taken. */
	for (int i = 0; i < AT_ONCE; i++) {
		ssize_t n = recv(sock, text, MESSAGE_MAX, MSG_DONTWAIT);
		if (n < 0)
			return errno == EAGAIN || errno == EINTR ? 0 : err_sys(e, "NOTIFY_SOCKET: receive");
		text[n] = '\0';
		if (!says_ready(text))
			continue;
		int r = tell(manager, main_pid, e);
		return r < 0 ? r : 1;
	}
	return 0;
}

int notify_wait(int sock, const char *manager, pid_t main_pid, int pidfd, struct err *e)
{
	for (;;) {
		struct pollfd p[] = { { .fd = sock, .events = POLLIN }, { .fd = pidfd, .events = POLLIN } };
		int n = poll(p, N_ELEMENTS(p), -1); /* a service may take as long as it likes: the manager has a deadline */

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, "NOTIFY_SOCKET: wait");
		int r = p[0].revents ? notify_take(sock, manager, main_pid, e) : 0;
		if (r || p[1].revents)
			return r < 0 ? r : 0;
	}
}
