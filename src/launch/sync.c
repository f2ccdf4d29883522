/* SPDX-License-Identifier: Apache-2.0 */
#include "launch/sync.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "base/wait.h"

/* step, message -> next step. What is not here is a protocol error; max_fds is exact. */
static const struct rule { enum sync_step at; enum sync_msg msg; size_t fds; enum sync_step next; } rules[] = {
	{ SYNC_JOINING,	  SYNC_PID,	 1, SYNC_BUILDING },
	{ SYNC_JOINING,	  SYNC_ERROR,	 0, SYNC_OVER },
	{ SYNC_BUILDING,  SYNC_HOOKS,	 0, SYNC_BUILDING },
	{ SYNC_BUILDING,  SYNC_CONSOLE,	 1, SYNC_FINISHING },
	{ SYNC_BUILDING,  SYNC_LISTENER, 1, SYNC_FINISHING },
	{ SYNC_BUILDING,  SYNC_READY,	 0, SYNC_WAITING },
	{ SYNC_BUILDING,  SYNC_ERROR,	 0, SYNC_OVER },
	{ SYNC_FINISHING, SYNC_LISTENER, 1, SYNC_FINISHING },
	{ SYNC_FINISHING, SYNC_READY,	 0, SYNC_WAITING },
	{ SYNC_FINISHING, SYNC_ERROR,	 0, SYNC_OVER },
	{ SYNC_STARTING,  SYNC_LISTENER, 1, SYNC_STARTING },
	{ SYNC_STARTING,  SYNC_EXEC,	 0, SYNC_EXECING },
	{ SYNC_STARTING,  SYNC_ERROR,	 0, SYNC_OVER },
	{ SYNC_EXECING,	  SYNC_LISTENER, 1, SYNC_EXECING },
	{ SYNC_EXECING,	  SYNC_ERROR,	 0, SYNC_OVER },
};

int sync_pair(int *ours, int *theirs, struct err *e)
{
	int s[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, s) < 0)
		return err_sys(e, "make the launch socket");
	*ours = s[0];
	*theirs = s[1];
	return 0;
}

int sync_send(int fd, enum sync_msg m, const int *fds, size_t nfds, struct err *e)
{
	char byte = (char)m;
	int r = fd_send(fd, &byte, 1, fds, nfds);

	return r < 0 ? err_code(e, -r, "send message '%c' of the launch", byte) : 0;
}

void sync_send_error(int fd, const struct err *why, int status)
{
	struct finish_error m = { .msg = FINISH_MSG_ERROR, .status = (uint8_t)status, .code = why->code };

	snprintf(m.text, sizeof(m.text), "%.*s", (int)sizeof(m.text) - 1, why->text);
	(void)fd_send(fd, &m, offsetof(struct finish_error, text) + strlen(m.text), NULL, 0); /* nobody else to tell */
}

static const struct rule *rule_for(enum sync_step at, unsigned char msg)
{
	for (size_t i = 0; i < N_ELEMENTS(rules); i++)
		if (rules[i].at == at && (unsigned char)rules[i].msg == msg)
			return &rules[i];
	return NULL;
}

static const char *const doing[SYNC_STEPS] = {
	[SYNC_JOINING] = "join the namespaces",	 [SYNC_BUILDING] = "build the container", [SYNC_FINISHING] = "apply the limits and drop the privileges",
	[SYNC_WAITING] = "wait for start",	 [SYNC_STARTING] = "run the program",
};

static int wait_for_message(int fd, enum sync_step step, pid_t pid, int deadline_ms, struct err *e)
{
	char who[WAIT_WHO];
	int r = wait_readable(fd, deadline_ms);

	if (r == -ETIMEDOUT)
		return err_set(e, ETIMEDOUT, "the new process was to %s and gave no answer within %d s: %s", doing[step],
			       deadline_ms / 1000, wait_who(pid, who));
	return r < 0 ? err_code(e, -r, "wait for the new process") : 0;
}

static int take_body(const struct rule *r, const void *buf, size_t n, struct sync_in *in)
{
	if (r->msg == SYNC_ERROR) {
		if (n < offsetof(struct finish_error, text) || n > sizeof(in->error))
			return -EPROTO;
		memset(&in->error, 0, sizeof(in->error));
		memcpy(&in->error, buf, n);
		in->error.text[sizeof(in->error.text) - 1] = '\0';
		return 0;
	}
	if (r->msg == SYNC_READY) {
		if (n != sizeof(in->ready))
			return -EPROTO;
		memcpy(&in->ready, buf, n);
		return 0;
	}
	return n == 1 ? 0 : -EPROTO;
}

static void drop_fds(struct sync_in *in)
{
	for (size_t i = 0; i < in->nfds; i++)
		fd_close(&in->fds[i]);
	in->nfds = 0;
}

int sync_receive(int fd, enum sync_step *step, pid_t pid, struct sync_in *in, int deadline_ms, struct err *e)
{
	union { struct finish_error error; struct finish_ready ready; unsigned char byte; } buf;
	int w = wait_for_message(fd, *step, pid, deadline_ms, e);

	if (w < 0)
		return w;
	in->nfds = SYNC_FDS;
	ssize_t n = fd_recv(fd, &buf, sizeof(buf), in->fds, &in->nfds);
	if (n == 0 || n == -ECONNRESET) {
		if (*step != SYNC_EXECING)
			return err_set(e, ECONNRESET, "the new process ended without a word");
		*step = SYNC_OVER;
		return 0;
	}
	if (n < 0)
		return err_code(e, (int)-n, "receive from the new process");
	const struct rule *r = rule_for(*step, buf.byte);
	if (!r || in->nfds != r->fds || take_body(r, &buf, (size_t)n, in) < 0) {
		drop_fds(in);
		return err_set(e, EPROTO, "the new process said something that is not due (message %#x)", buf.byte);
	}
	in->msg = r->msg;
	*step = r->next;
	return 1;
}

int sync_expect(int fd, enum sync_msg want, int *fds, size_t *nfds, struct err *e)
{
	unsigned char byte = 0;
	ssize_t n = fd_recv(fd, &byte, 1, fds, nfds);

	if (n == 0)
		return err_set(e, ECONNRESET, "the runtime went away");
	if (n < 0)
		return err_code(e, (int)-n, "receive from the runtime");
	if (byte != (unsigned char)want && !(want == SYNC_MAPS && byte == SYNC_MAPS_MORE))
		return err_set(e, EPROTO, "the runtime said something that is not due (message %#x)", byte);
	return byte == SYNC_MAPS_MORE;
}
