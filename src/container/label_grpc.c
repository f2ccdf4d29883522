/* SPDX-License-Identifier: Apache-2.0 */
#include "container/label_grpc.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"

/* RFC 9113 */
enum frame_type { FRAME_DATA, FRAME_HEADERS, FRAME_PRIORITY, FRAME_RST_STREAM, FRAME_SETTINGS, FRAME_PUSH_PROMISE, FRAME_PING, FRAME_GOAWAY,
		  FRAME_WINDOW_UPDATE };
enum { FLAG_ACK = 1, FLAG_END_STREAM = 1, FLAG_END_HEADERS = 4, FLAG_PADDED = 8 };
enum { FRAME_HEAD = 9, FRAME_MAX = 16384, PING_LEN = 8, OUR_STREAM = 1, GRPC_PREFIX = 5 };
/* Empty frames are bytes too: this bounds their number. */
enum { RECEIVED_MAX = GRPC_REPLY_MAX + 1024 * 1024 };

struct peer { int sock; uint64_t deadline; size_t received; };
struct frame { uint8_t type, flags; uint32_t stream, len; uint8_t body[FRAME_MAX]; };

static uint64_t now_ms(void)
{
	struct timespec t = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &t); /* cannot fail */
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static int wait_for(const struct peer *p, short events, struct err *e)
{
	for (;;) {
		struct pollfd fd = { .fd = p->sock, .events = events };
		uint64_t now = now_ms();
		int n = now >= p->deadline ? 0 : poll(&fd, 1, (int)(p->deadline - now));

		if (n == 0)
			return err_set(e, ETIMEDOUT, "no answer in time");
		if (n > 0)
			return 0;
		if (errno != EINTR)
			return err_sys(e, "poll");
	}
}

static int send_bytes(const struct peer *p, const void *bytes, size_t len, struct err *e)
{
	const char *at = bytes;

	while (len) {
		ssize_t n = send(p->sock, at, len, MSG_NOSIGNAL | MSG_DONTWAIT);
		int err = 0;

		if (n < 0 && errno == EAGAIN)
			err = wait_for(p, POLLOUT, e);
		else if (n < 0 && errno != EINTR)
			err = err_sys(e, "send");
		if (err < 0)
			return err;
		if (n > 0) {
			at += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

static int receive_bytes(struct peer *p, void *bytes, size_t len, struct err *e)
{
	char *at = bytes;

	p->received += len;
	if (p->received > RECEIVED_MAX)
		return err_set(e, EFBIG, "the answer is larger than %d bytes", GRPC_REPLY_MAX);
	while (len) {
		ssize_t n = recv(p->sock, at, len, MSG_DONTWAIT);
		int err = 0;

		if (n == 0)
			return err_set(e, EPROTO, "the answer ends too early");
		if (n < 0 && errno == EAGAIN)
			err = wait_for(p, POLLIN, e);
		else if (n < 0 && errno != EINTR)
			err = err_sys(e, "receive");
		if (err < 0)
			return err;
		if (n > 0) {
			at += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

/* ---- what we say ---- */

static void add_frame(struct str *s, enum frame_type type, uint8_t flags, uint32_t stream, const void *body, size_t len)
{
	const uint8_t head[FRAME_HEAD] = { (uint8_t)(len >> 16), (uint8_t)(len >> 8), (uint8_t)len, (uint8_t)type, flags, 0, 0, 0,
					   (uint8_t)stream };

	str_add_bytes(s, head, sizeof(head));
	str_add_bytes(s, body, len);
}

/* A string of HPACK without Huffman: its length in 7 bits and then groups of 7. */
static void add_text(struct str *s, const char *text)
{
	size_t len = strlen(text);
	uint8_t byte = len < 127 ? (uint8_t)len : 127;

	str_add_bytes(s, &byte, 1);
	if (len < 127)
		return str_add(s, text);
	len -= 127;
	for (; len >= 128; len >>= 7) {
		byte = (uint8_t)(len | 128);
		str_add_bytes(s, &byte, 1);
	}
	byte = (uint8_t)len;
	str_add_bytes(s, &byte, 1);
	str_add(s, text);
}

static void add_headers(struct str *s, const struct grpc_call *c)
{
	const char *const headers[][2] = {
		{ ":method", "POST" },	     { ":scheme", "http" },
		{ ":path", c->path },	     { ":authority", "localhost" },
		{ "te", "trailers" },	     { "content-type", "application/grpc" },
		{ "containerd-namespace", c->namespace },
	};
	auto_str block = { 0 };

	for (size_t i = 0; i < N_ELEMENTS(headers); i++) {
		str_add_bytes(&block, "", 1); /* a literal that enters no table */
		add_text(&block, headers[i][0]);
		add_text(&block, headers[i][1]);
	}
	s->failed = s->failed || block.failed;
	add_frame(s, FRAME_HEADERS, FLAG_END_HEADERS, OUR_STREAM, block.s, block.len);
}

static int send_request(const struct peer *p, const struct grpc_call *c, struct err *e)
{
	/* No table for the peer's headers, no pushes, and windows that we never have to open again. */
	static const uint8_t settings[] = { 0, 1, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 4, 0x7f, 0xff, 0xff, 0xff };
	static const uint8_t window[] = { 0x7f, 0xff, 0, 0 };
	uint8_t body[GRPC_PREFIX + GRPC_TEXT_MAX] = { 0, 0, 0, (uint8_t)(c->len >> 8), (uint8_t)c->len };
	auto_str s = { 0 };

	if (c->len > GRPC_TEXT_MAX || strlen(c->path) > GRPC_TEXT_MAX || strlen(c->namespace) > GRPC_TEXT_MAX)
		return err_set(e, ENAMETOOLONG, "the question is too long");
	memcpy(body + GRPC_PREFIX, c->request, c->len);
	str_add(&s, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
	add_frame(&s, FRAME_SETTINGS, 0, 0, settings, sizeof(settings));
	add_frame(&s, FRAME_WINDOW_UPDATE, 0, 0, window, sizeof(window));
	add_headers(&s, c);
	add_frame(&s, FRAME_DATA, FLAG_END_STREAM, OUR_STREAM, body, GRPC_PREFIX + c->len);
	return s.failed ? err_set(e, ENOMEM, "out of memory") : send_bytes(p, s.s, s.len, e);
}

static int acknowledge(const struct peer *p, const struct frame *f, struct err *e)
{
	auto_str s = { 0 };

	add_frame(&s, (enum frame_type)f->type, FLAG_ACK, 0, f->body, f->type == FRAME_PING ? PING_LEN : 0);
	return s.failed ? err_set(e, ENOMEM, "out of memory") : send_bytes(p, s.s, s.len, e);
}

/* ---- what we hear ---- */

static int receive_frame(struct peer *p, struct frame *f, struct err *e)
{
	uint8_t head[FRAME_HEAD];
	int err = receive_bytes(p, head, sizeof(head), e);

	if (err < 0)
		return err;
	f->len = (uint32_t)head[0] << 16 | (uint32_t)head[1] << 8 | head[2];
	f->type = head[3];
	f->flags = head[4];
	f->stream = (uint32_t)(head[5] & 0x7f) << 24 | (uint32_t)head[6] << 16 | (uint32_t)head[7] << 8 | head[8];
	if (f->len > FRAME_MAX)
		return err_set(e, EPROTO, "a frame of %u bytes, which is more than HTTP/2 allows", f->len);
	return receive_bytes(p, f->body, f->len, e);
}

static int take_data(const struct frame *f, struct str *message, struct err *e)
{
	size_t pad = f->flags & FLAG_PADDED ? 1 : 0;

	if (pad && (f->len < 1 || (size_t)f->body[0] + 1 > f->len))
		return err_set(e, EPROTO, "a frame with more padding than bytes");
	str_add_bytes(message, f->body + pad, f->len - pad - (pad ? f->body[0] : 0));
	return message->failed ? err_set(e, ENOMEM, "out of memory") : 0;
}

/* 1 when the stream has ended. */
static int meet_frame(const struct peer *p, const struct frame *f, struct str *message, struct err *e)
{
	int err = 0;

	if (f->type == FRAME_GOAWAY || f->type == FRAME_PUSH_PROMISE || (f->type == FRAME_RST_STREAM && f->stream == OUR_STREAM))
		return err_set(e, EPROTO, "the peer breaks off");
	if (f->type == FRAME_PING && f->len != PING_LEN)
		return err_set(e, EPROTO, "a ping of %u bytes", f->len);
	if ((f->type == FRAME_SETTINGS || f->type == FRAME_PING) && !(f->flags & FLAG_ACK))
		return acknowledge(p, f, e);
	if (f->stream != OUR_STREAM || (f->type != FRAME_DATA && f->type != FRAME_HEADERS))
		return 0;
	if (f->type == FRAME_DATA)
		err = take_data(f, message, e);
	return err < 0 ? err : f->flags & FLAG_END_STREAM ? 1 : 0;
}

static int unwrap(struct str *message, char **reply, size_t *len, struct err *e)
{
	const uint8_t *m = (const uint8_t *)message->s;
	size_t said;

	if (message->len < GRPC_PREFIX)
		return err_set(e, ENOENT, "an error for an answer");
	said = (size_t)m[1] << 24 | (size_t)m[2] << 16 | (size_t)m[3] << 8 | m[4];
	if (m[0] != 0 || said != message->len - GRPC_PREFIX)
		return err_set(e, EPROTO, "not one whole uncompressed message");
	*len = said;
	memmove(message->s, message->s + GRPC_PREFIX, said + 1);
	*reply = message->s;
	message->s = NULL;
	return 0;
}

int grpc_ask_on(int sock, const struct grpc_call *c, char **reply, size_t *len, struct err *e)
{
	struct peer p = { .sock = sock, .deadline = now_ms() + (uint64_t)c->timeout_ms };
	auto_free struct frame *f = malloc(sizeof(*f));
	auto_str message = { 0 };
	int r = f ? send_request(&p, c, e) : err_set(e, ENOMEM, "out of memory");

	while (r == 0) {
		r = receive_frame(&p, f, e);
		if (r == 0)
			r = meet_frame(&p, f, &message, e);
	}
	return r < 0 ? r : unwrap(&message, reply, len, e);
}

static int check_peer(int sock, struct err *e)
{
	struct ucred peer = { 0 };
	socklen_t size = sizeof(peer);

	if (getsockopt(sock, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
		return err_sys(e, "ask who listens");
	if (peer.uid != 0 && peer.uid != geteuid())
		return err_set(e, EPERM, "who listens is uid %u, neither root nor the caller", peer.uid);
	return 0;
}

int grpc_ask(const struct grpc_call *c, char **reply, size_t *len, struct err *e)
{
	auto_fd int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int err;

	if (sock < 0)
		return err_sys(e, "socket");
	if (c->address[0] != '/' || strlen(c->address) >= sizeof(a.sun_path))
		return err_set(e, EINVAL, "%.128s: is not a socket's absolute path", c->address);
	memcpy(a.sun_path, c->address, strlen(c->address) + 1);
	/* A queue that is full is EAGAIN: no wait without an end. */
	if (connect(sock, (const struct sockaddr *)&a, sizeof(a)) < 0)
		return err_sys(e, "%s", c->address);
	err = check_peer(sock, e);
	if (err == 0)
		err = grpc_ask_on(sock, c, reply, len, e);
	return err < 0 ? err_wrap(e, "%s", c->address) : 0;
}
