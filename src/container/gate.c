/* SPDX-License-Identifier: Apache-2.0 */
#include "container/gate.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/wait.h"

/* A state root may be longer than a socket address: /proc/self/fd/N always fits. */
static void address(const struct state_dir *d, struct sockaddr_un *out)
{
	*out = (struct sockaddr_un){ .sun_family = AF_UNIX };
	snprintf(out->sun_path, sizeof(out->sun_path), "/proc/self/fd/%d/" GATE_NAME, d->fd);
}

int gate_listen(const struct state_dir *d, struct err *e)
{
	struct sockaddr_un at;
	auto_fd int s = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (s < 0)
		return err_sys(e, "start gate: socket");
	address(d, &at);
	if (bind(s, (struct sockaddr *)&at, sizeof(at)) < 0)
		return err_sys(e, "start gate: bind " GATE_NAME " in the state directory");
	if (listen(s, 1) < 0)
		return err_sys(e, "start gate: listen");
	return fd_take(&s);
}

int gate_connect(const struct state_dir *d, pid_t pid, struct err *e)
{
	char who[WAIT_WHO];
	struct sockaddr_un at;
	auto_fd int s = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (s < 0)
		return err_sys(e, "start gate: socket");
	address(d, &at);
	(void)wait_bound(s, WAIT_PEER_MS); /* a unix socket has that option */
	if (connect(s, (struct sockaddr *)&at, sizeof(at)) == 0)
		return fd_take(&s);
	if (errno == EAGAIN)
		return err_set(e, ETIMEDOUT, "start gate: not open within %d s: %s", WAIT_PEER_MS / 1000, wait_who(pid, who));
	return err_sys(e, "start gate: connect");
}

void gate_remove(const struct state_dir *d)
{
	(void)unlinkat(d->fd, GATE_NAME, 0); /* gone already is as good */
}
