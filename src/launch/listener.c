/* SPDX-License-Identifier: Apache-2.0 */
#include "launch/listener.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/str.h"
#include "kernel/tty.h"

static char *process_state(const struct seccomp *s, const char *oci_version, pid_t pid, const char *state)
{
	json_auto_t *inner = json_loads(state, 0, NULL);
	json_auto_t *v = json_pack("{s:s, s:[s], s:i, s:s, s:O}", "ociVersion", oci_version, "fds", "seccompFd", "pid", (int)pid,
				   "metadata", s->listener_metadata ? s->listener_metadata : "", "state", inner);

	return v ? json_dumps(v, JSON_COMPACT) : NULL;
}

int listener_send(const struct seccomp *s, const char *oci_version, pid_t pid, const char *state, int fd, struct err *e)
{
	auto_free char *text = process_state(s, oci_version, pid, state);

	if (!text)
		return err_code(e, ENOMEM, "linux.seccomp.listenerPath");
	auto_fd int sock = tty_connect(s->listener_path, e);
	if (sock < 0)
		return err_wrap(e, "linux.seccomp.listenerPath");
	int r = fd_send(sock, text, strlen(text), &fd, 1);
	return r < 0 ? err_code(e, -r, "linux.seccomp.listenerPath: send to %s", s->listener_path) : 0;
}
