/* SPDX-License-Identifier: Apache-2.0 */
/* What is said between us and the runtime: READY, KEEP, GO, LISTENER, ERROR. */
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "init/raw.h"
#include "init/stage.h"

enum { OVERFLOW_UID = 65534 };

/* A created container can be ended by these; the others wait for the payload. */
#define GATE_SIGNALS (raw_sigbit(SIGHUP) | raw_sigbit(SIGINT) | raw_sigbit(SIGQUIT) | raw_sigbit(SIGTERM))

int gate_ready(struct stage *s, struct fault *f)
{
	/* Asked of the kernel once more, so that a step which was left out shows. */
	const struct finish_ready ready = {
		.msg = FINISH_MSG_READY,
		.deny_write_exec = (s->record->flags & FINISH_DENY_WRITE_EXEC) && memory_is_guarded(),
		.landlock_layers = s->landlock_layers,
	};

	if (send(s->channel, &ready, sizeof(ready), MSG_NOSIGNAL) != (ssize_t)sizeof(ready))
		return fault_sys(f, "tell the runtime that all is ready");
	return 0;
}

int gate_say_exec(const struct stage *s, struct fault *f)
{
	const char exec = FINISH_MSG_EXEC;

	if (send(s->channel, &exec, 1, MSG_NOSIGNAL) != 1)
		return fault_sys(f, "tell the runtime that the program comes");
	return 0;
}

int gate_send_listener(const struct stage *s, int listener, struct fault *f)
{
	char byte = FINISH_MSG_LISTENER;
	struct iovec data = { &byte, 1 };
	union { struct cmsghdr head; char space[CMSG_SPACE(sizeof(int))]; } control;
	struct msghdr msg = {
		.msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control.space),
	};

	memset(&control, 0, sizeof(control));
	control.head.cmsg_level = SOL_SOCKET;
	control.head.cmsg_type = SCM_RIGHTS;
	control.head.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.head), &listener, sizeof(int));
	/* Straight to the kernel: libc's sendmsg may copy, and the filter that is already on may know one call only. */
	if (syscall(SYS_sendmsg, s->channel, &msg, MSG_NOSIGNAL) != 1)
		return fault_sys(f, "hand over the seccomp listener");
	return 0;
}

/* Until fd can be read. -EINTR when a signal says to end. */
static int wait_readable(int fd, int signals, struct fault *f)
{
	struct pollfd on[2] = { { .fd = fd, .events = POLLIN }, { .fd = signals, .events = POLLIN } };

	while (poll(on, 2, -1) < 0)
		if (errno != EINTR)
			return fault_sys(f, "wait for start");
	if (!on[1].revents)
		return 0;

	const struct timespec now = { 0 };
	int sig = raw_sigtimedwait(GATE_SIGNALS, NULL, &now);
	f->status = 128 + (sig > 0 ? sig : SIGTERM);
	return fault_set(f, EINTR, "%s", "");	/* nothing to report: it was asked for */
}

static bool peer_is_allowed(int fd, uint32_t runtime)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
		return false;
	return peer.uid == 0 || peer.uid == OVERFLOW_UID || peer.uid == runtime;
}

static uint32_t peer_uid(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0 ? OVERFLOW_UID : peer.uid;
}

static bool heard(int fd, enum finish_msg msg)
{
	char byte[2];

	return recv(fd, byte, sizeof(byte), MSG_DONTWAIT) == 1 && byte[0] == (char)msg;
}

/* The runtime's one word. It dies without: then nothing is written down about us, and nobody would ever end us. */
static int wait_for_word(const struct stage *s, enum finish_msg msg, int signals, struct fault *f)
{
	int rc = wait_readable(s->channel, signals, f);

	if (rc || heard(s->channel, msg))
		return rc;
	return fault_set(f, EPIPE, "the runtime went away before it said %s", msg == FINISH_MSG_KEEP ? "that we may stay" : "go");
}

/* One peer after the other, until one says GO: a `start` that died half way must not take the container with it. */
static int wait_at_socket(struct stage *s, int signals, uint32_t runtime, struct fault *f)
{
	for (;;) {
		int rc = wait_readable(s->gate, signals, f);
		if (rc)
			return rc;
		int fd = accept4(s->gate, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0 && (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED))
			continue;
		if (fd < 0)
			return fault_sys(f, "accept at the gate");
		if (peer_is_allowed(fd, runtime)) {
			rc = wait_readable(fd, signals, f);
			if (rc || heard(fd, FINISH_MSG_GO)) {
				s->channel = fd;
				return rc;
			}
		}
		(void)close(fd);
	}
}

/* The pages of the record and of what we have run so far come back by themselves when they are touched again. */
static void lose_weight(const struct stage *s)
{
	union { const struct finish_record *in; void *out; } record = { s->record };

	(void)madvise(record.out, s->record->size, MADV_DONTNEED);
}

int gate_wait(struct stage *s, struct fault *f)
{
	int signals = raw_signalfd(GATE_SIGNALS, O_CLOEXEC);
	if (signals < 0)
		return fault_sys(f, "signalfd");

	int rc = wait_for_word(s, s->gate >= 0 ? FINISH_MSG_KEEP : FINISH_MSG_GO, signals, f);
	if (!rc && s->gate >= 0) {
		uint32_t runtime = peer_uid(s->channel);
		(void)close(s->channel);
		s->channel = -1;
		lose_weight(s);
		rc = wait_at_socket(s, signals, runtime, f);
		(void)close(s->gate);
		s->gate = -1;
	}
	(void)close(signals);
	return rc;
}

/* Of the fault and what a hook said; returns the size of the packet. */
static size_t fill_error(const struct stage *s, const struct fault *f, struct finish_error *e)
{
	static const char colon[2] = { ':', ' ' };
	size_t len = strlen(f->text), room = sizeof(e->text) - 1 - sizeof(colon) - len;
	size_t said = s->said_len < room ? s->said_len : room;

	e->msg = FINISH_MSG_ERROR;
	e->status = (uint8_t)(f->status ? f->status : FAULT_OTHER);
	e->zero = 0;
	e->code = f->code;
	memcpy(e->text, f->text, len);
	if (said) {
		memcpy(e->text + len, colon, sizeof(colon));
		len += sizeof(colon);
		memcpy(e->text + len, s->said, said);
	}
	return offsetof(struct finish_error, text) + len + said;
}

static bool sent(const struct stage *s, const struct fault *f)
{
	struct finish_error e;
	size_t size = fill_error(s, f, &e);

	if (send(s->channel, &e, size, MSG_NOSIGNAL) == (ssize_t)size)
		return true;
	/* The payload's filter may know write(2) and not sendto(2). */
	return errno != EPIPE && errno != ECONNRESET && write(s->channel, &e, size) == (ssize_t)size;
}

void gate_report(const struct stage *s, struct fault *f)
{
	if (!f->text[0])
		return;
	fault_clean(f->text);
	if (s->channel >= 0 && sent(s, f))
		return;
	fault_say("caisson-init: %s", f->text);
}
