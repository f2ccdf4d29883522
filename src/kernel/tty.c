/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel/tty.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/wait.h"

#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41)
#endif

void tty_close(struct tty *t)
{
	fd_close(&t->master);
	fd_close(&t->slave);
}

/* /dev/pts/ptmx: character device 5:2 on a devpts. */
static int check_ptmx(int fd, struct err *e)
{
	struct stat st;
	struct statfs fs;

	if (fstat(fd, &st) < 0 || fstatfs(fd, &fs) < 0)
		return err_sys(e, "terminal: look at /dev/pts/ptmx");
	if (fs.f_type != DEVPTS_SUPER_MAGIC || !S_ISCHR(st.st_mode) || st.st_rdev != makedev(5, 2))
		return err_set(e, EINVAL, "terminal: /dev/pts/ptmx in the container is not the multiplexer of a devpts: "
					  "mount a devpts on /dev/pts");
	return 0;
}

int tty_open(int root, uint16_t rows, uint16_t columns, uint32_t uid, struct tty *out, struct err *e)
{
	struct winsize size = { .ws_row = rows, .ws_col = columns };
	auto_tty t = { -1, -1 };
	int unlock = 0;

	t.master = path_open_in(root, "/dev/pts/ptmx", O_RDWR | O_NOCTTY, 0, e);
	if (t.master < 0)
		return err_wrap(e, "terminal");
	int r = check_ptmx(t.master, e);
	if (r < 0)
		return r;
	if (ioctl(t.master, TIOCSPTLCK, &unlock) < 0)
		return err_sys(e, "terminal: unlock the slave");
	t.slave = ioctl(t.master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (t.slave < 0)
		return err_sys(e, "terminal: open the slave");
	if (rows && columns && ioctl(t.master, TIOCSWINSZ, &size) < 0)
		return err_sys(e, "terminal: set the size");
	if (fchown(t.slave, uid, (gid_t)-1) < 0)
		return err_sys(e, "terminal: give the slave to uid %u", uid);
	*out = t;
	t = (struct tty){ -1, -1 };
	return 0;
}

int tty_bind_console(struct stage *s, int root, int slave, struct err *e)
{
	auto_fd int target = path_target_in(root, "/dev/console", true, e);

	if (target < 0)
		return err_wrap(e, "terminal");
	auto_fd int tree = stage_clone(s, slave, "", false);
	if (tree < 0)
		return err_code(e, -tree, "terminal: clone the slave for /dev/console");
	int r = stage_move(s, tree, target);
	return r < 0 ? err_code(e, -r, "terminal: bind the slave on /dev/console") : 0;
}

int tty_connect(const char *path, struct err *e)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(to.sun_path))
		return err_code(e, ENAMETOOLONG, "socket %s", path);
	memcpy(to.sun_path, path, strlen(path));
	auto_fd int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (s < 0)
		return err_sys(e, "socket");
	(void)wait_bound(s, WAIT_PEER_MS); /* a unix socket has that option */
	if (connect(s, (struct sockaddr *)&to, sizeof(to)) == 0)
		return fd_take(&s);
	if (errno == EAGAIN)
		return err_set(e, ETIMEDOUT, "connect to socket %s: whoever listens there has accepted nobody for %d s", path,
			       WAIT_PEER_MS / 1000);
	return err_sys(e, "connect to socket %s", path);
}

int tty_send(int sock, const char *name, int fd, struct err *e)
{
	int r = fd_send(sock, name, strlen(name), &fd, 1);

	return r < 0 ? err_code(e, -r, "send %s over its socket", name) : 0;
}

void tty_give_stdio(uint32_t uid, uint32_t gid)
{
	for (int fd = 0; fd < 3; fd++) {
		struct stat st;
		if (fstat(fd, &st) < 0 || st.st_uid == uid)
			continue;
		/* Only what belongs to this launch: not a file of the host, not /dev/null, which all share. */
		bool terminal = S_ISCHR(st.st_mode) && isatty(fd);
		if (!terminal && !S_ISFIFO(st.st_mode) && !S_ISSOCK(st.st_mode))
			continue;
		if (fchown(fd, uid, terminal ? (gid_t)-1 : gid) < 0)
			continue; /* an id of another user namespace: stays as it is */
	}
}
