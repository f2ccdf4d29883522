/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A peer that answers, and peers that do not: what each gets out of the client, and how long it may take.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/str.h"
#include "container/label_grpc.h"
#include "container/label_proto.h"

#define BYTES(s) s, sizeof(s) - 1
#define SETTINGS "\0\0\0\4\0\0\0\0\0"
#define PING "\0\0\10\6\0\0\0\0\0abcdefgh"
#define HEADERS "\0\0\1\1\4\0\0\0\1\210"
#define END "\0\0\1\1\5\0\0\0\1\210"
#define MESSAGE "\0\0\10\0\0\0\0\0\1\0\0\0\0\3abc"
#define PADDED "\0\0\13\0\10\0\0\0\1\2\0\0\0\0\3abc\0\0"

/* clang-format off */
static const struct { const char *what, *bytes; size_t len; int want; const char *says; } peers[] = {
	{ "an answer",			BYTES(SETTINGS HEADERS MESSAGE END), 0, "abc" },
	{ "a ping before it",		BYTES(SETTINGS PING HEADERS MESSAGE END), 0, "abc" },
	{ "padding",			BYTES(SETTINGS HEADERS PADDED END), 0, "abc" },
	{ "frames of other streams and types", BYTES(SETTINGS "\0\0\1\0\1\0\0\0\3x" "\0\0\1\77\1\0\0\0\1x" HEADERS MESSAGE END), 0, "abc" },
	{ "an error",			BYTES(SETTINGS END), -ENOENT, "an error for an answer" },
	{ "nothing",			BYTES(""), -EPROTO, "ends too early" },
	{ "half a frame",		BYTES(SETTINGS "\0\0\20\0\0\0\0\0\1ab"), -EPROTO, "ends too early" },
	{ "garbage",			BYTES("HTTP/1.1 400 Bad Request\r\n\r\n"), -EPROTO, "more than HTTP/2 allows" },
	{ "padding without bytes",	BYTES("\0\0\2\0\10\0\0\0\1\5\0"), -EPROTO, "more padding than bytes" },
	{ "padding in an empty frame",	BYTES("\0\0\0\0\10\0\0\0\1"), -EPROTO, "more padding than bytes" },
	{ "a short ping",		BYTES("\0\0\1\6\0\0\0\0\0x"), -EPROTO, "a ping of 1 bytes" },
	{ "it breaks off the stream",	BYTES(SETTINGS "\0\0\4\3\0\0\0\0\1\0\0\0\0"), -EPROTO, "breaks off" },
	{ "it goes away",		BYTES(SETTINGS "\0\0\10\7\0\0\0\0\0\0\0\0\0\0\0\0\0"), -EPROTO, "breaks off" },
	{ "it pushes",			BYTES("\0\0\4\5\4\0\0\0\1\0\0\0\2"), -EPROTO, "breaks off" },
	{ "a compressed message",	BYTES("\0\0\10\0\1\0\0\0\1\1\0\0\0\3abc"), -EPROTO, "not one whole" },
	{ "a message that lies",	BYTES("\0\0\10\0\1\0\0\0\1\0\377\377\377\377abc"), -EPROTO, "not one whole" },
};
/* clang-format on */

static const struct grpc_call call = { .path = "/a/b", .namespace = "n", .request = "q", .len = 1, .timeout_ms = 300 };

/* The peer, in a process of its own: says `len` bytes, `times` times, and then waits for our end, or closes. */
static pid_t play(int sock, int ours, const char *bytes, size_t len, size_t times, bool stay)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	close(ours);
	for (size_t i = 0; i < times; i++)
		if (send(sock, bytes, len, MSG_NOSIGNAL) < 0)
			break;
	if (!stay)
		shutdown(sock, SHUT_WR);
	for (char sink[256]; recv(sock, sink, sizeof(sink), 0) > 0;)
		;
	_exit(0);
}

static int ask(const char *bytes, size_t len, size_t times, bool stay, char **reply, size_t *n, struct err *e)
{
	int pair[2], r;
	pid_t pid;

	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	pid = play(pair[1], pair[0], bytes, len, times, stay);
	cr_assert_gt(pid, 0);
	close(pair[1]);
	r = grpc_ask_on(pair[0], &call, reply, n, e);
	close(pair[0]);
	cr_assert_eq(waitpid(pid, NULL, 0), pid);
	return r;
}

Test(label_grpc, every_peer_gets_its_due)
{
	for (size_t i = 0; i < N_ELEMENTS(peers); i++) {
		auto_free char *reply = NULL;
		struct err e = { 0 };
		size_t n = 0;

		cr_expect_eq(ask(peers[i].bytes, peers[i].len, 1, false, &reply, &n, &e), peers[i].want, "%s: %s", peers[i].what, e.text);
		if (peers[i].want == 0)
			cr_expect(n == 3 && str_eq(reply, peers[i].says), "%s", peers[i].what);
		else
			cr_expect(strstr(e.text, peers[i].says), "%s: %s", peers[i].what, e.text);
	}
}

Test(label_grpc, a_peer_that_says_nothing_costs_the_deadline)
{
	struct timespec begin, end;
	struct err e = { 0 };
	char *reply = NULL;
	size_t n = 0;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	cr_expect_eq(ask(BYTES(SETTINGS), 1, true, &reply, &n, &e), -ETIMEDOUT);
	clock_gettime(CLOCK_MONOTONIC, &end);
	cr_expect_lt(end.tv_sec - begin.tv_sec, 30); /* and not for ever */
	cr_expect_str_eq(e.text, "no answer in time");
}

Test(label_grpc, a_peer_without_an_end_is_left)
{
	static const char empty[1024 * sizeof(HEADERS)];
	struct err e = { 0 };
	char *reply = NULL;
	size_t n = 0;

	/* Frames of no bytes of no stream: their heads count. */
	int r = ask(empty, sizeof(empty) / 9 * 9, SIZE_MAX, true, &reply, &n, &e);
	cr_expect(r == -EFBIG || r == -ETIMEDOUT, "%s", e.text);
}

Test(label_grpc, a_socket_that_is_not_there_is_said)
{
	struct grpc_call c = call;
	struct err e = { 0 };
	char *reply = NULL;
	size_t n = 0;

	c.address = "/nonexistent/containerd.sock";
	cr_expect_eq(grpc_ask(&c, &reply, &n, &e), -ENOENT);
	cr_expect(strstr(e.text, "/nonexistent/containerd.sock: No such file"), "%s", e.text);
	c.address = "relative";
	cr_expect_eq(grpc_ask(&c, &reply, &n, &e), -EINVAL);
}

/* Somebody else's process listens where containerd should. */
static pid_t listen_as(uid_t uid, const char *path, int ready)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	pid_t pid = fork();
	int sock;

	if (pid != 0)
		return pid;
	memcpy(a.sun_path, path, strlen(path) + 1);
	sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (sock < 0 || bind(sock, (const struct sockaddr *)&a, sizeof(a)) < 0 || setresuid(uid, uid, uid) < 0 || listen(sock, 1) < 0 ||
	    write(ready, "", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

Test(label_grpc, a_stranger_who_listens_is_not_asked)
{
	char dir[] = "/tmp/caisson-test.XXXXXX", path[64], byte;
	struct grpc_call c = call;
	struct err e = { 0 };
	char *reply = NULL;
	int ready[2];
	size_t n = 0;
	pid_t pid;

	if (geteuid() != 0)
		cr_skip_test("needs root");
	cr_assert_not_null(mkdtemp(dir));
	cr_assert_eq(pipe(ready), 0);
	snprintf(path, sizeof(path), "%s/s", dir);
	pid = listen_as(1000, path, ready[1]);
	cr_assert_gt(pid, 0);
	close(ready[1]);
	cr_assert_eq(read(ready[0], &byte, 1), 1);
	c.address = path;
	cr_expect_eq(grpc_ask(&c, &reply, &n, &e), -EPERM);
	cr_expect(strstr(e.text, "who listens is uid 1000"), "%s", e.text);
	kill(pid, SIGKILL);
	cr_assert_eq(waitpid(pid, NULL, 0), pid);
	unlink(path);
	rmdir(dir);
}

/* clang-format off */
static const struct { const char *bytes; size_t len; int want; const char *key, *value; } records[] = {
	{ BYTES("\12\12\22\6\12\1k\22\1v\32\0"), 0, "k", "v" },
	{ BYTES("\12\7\22\5\12\3key"), 0, "key", "" },
	{ BYTES("\20\5\31xxxxxxxx\45xxxx\12\4\22\2\12\0"), 0, "", "" },
	{ BYTES("\12\0"), 0, NULL, NULL },
	{ BYTES(""), -EPROTO, NULL, NULL },
	{ BYTES("\12"), -EPROTO, NULL, NULL },
	{ BYTES("\12\5\22\1"), -EPROTO, NULL, NULL },
	{ BYTES("\12\2\22\5"), -EPROTO, NULL, NULL },
	{ BYTES("\12\4\22\2\12\5"), -EPROTO, NULL, NULL },
	{ BYTES("\12\5\22\3\12\1\0"), -EPROTO, NULL, NULL },
	{ BYTES("\12\377\377\377\377\377\377\377\377\377\377"), -EPROTO, NULL, NULL },
	{ BYTES("\13"), -EPROTO, NULL, NULL },
};
/* clang-format on */

Test(label_grpc, the_record_is_read_or_refused)
{
	for (size_t i = 0; i < N_ELEMENTS(records); i++) {
		struct label_record r = { 0 };
		auto_arena a = { 0 };
		struct err e = { 0 };

		cr_expect_eq(label_proto_container(records[i].bytes, records[i].len, &a, &r, &e), records[i].want, "case %zu: %s", i, e.text);
		cr_expect_eq(r.labels.n, records[i].key ? 1 : 0, "case %zu", i);
		if (records[i].key && r.labels.n)
			cr_expect(str_eq(r.labels.v[0].key, records[i].key) && str_eq(r.labels.v[0].value, records[i].value), "case %zu", i);
	}
}

#define CRI(kind) "io.cri-containerd." kind ".metadata"

/* clang-format off */
static const struct { const char *bytes; size_t len; int want; const char *image, *metadata; bool sandbox; } more[] = {
	{ BYTES("\12\3\32\1i"), 0, "i", NULL, false },
	{ BYTES("\12\6\32\1i\32\1j"), 0, "j", NULL, false },
	{ BYTES("\12\61\122\57\12\44" CRI("container") "\22\7\12\1t\22\2{}"), 0, "", "{}", false },
	{ BYTES("\12\53\122\51\12\44" CRI("container") "\22\1\12"), -EPROTO, NULL, NULL, false },
	{ BYTES("\12\50\122\46\12\44" CRI("container")), 0, "", NULL, false },
	{ BYTES("\12\46\122\44\12\42" CRI("sandbox")), 0, "", NULL, true },
	{ BYTES("\12\4\32\2i\0"), -EPROTO, NULL, NULL, false },
	{ BYTES("\12\4\122\2\12\5"), -EPROTO, NULL, NULL, false },
};
/* clang-format on */

Test(label_grpc, the_record_names_the_image)
{
	for (size_t i = 0; i < N_ELEMENTS(more); i++) {
		struct label_record r = { 0 };
		auto_arena a = { 0 };
		struct err e = { 0 };

		cr_expect_eq(label_proto_container(more[i].bytes, more[i].len, &a, &r, &e), more[i].want, "case %zu: %s", i, e.text);
		cr_expect(str_eq(r.image, more[i].image), "case %zu: %s", i, r.image ? r.image : "-");
		cr_expect_eq(r.sandbox, more[i].sandbox, "case %zu", i);
		cr_expect_eq(r.metadata_len, more[i].metadata ? strlen(more[i].metadata) : 0, "case %zu", i);
		if (more[i].metadata && r.metadata)
			cr_expect(memcmp(r.metadata, more[i].metadata, r.metadata_len) == 0, "case %zu", i);
	}
}

/* clang-format off */
static const struct { const char *bytes; size_t len; int want; const char *digest; } targets[] = {
	{ BYTES("\12\12\12\1n\32\5\12\0\22\1d"), 0, "d" },
	{ BYTES("\12\7\32\1\0\32\2\22\0"), 0, "" },
	{ BYTES("\12\3\12\1n"), -EPROTO, NULL },
	{ BYTES("\12\4\32\2\12\0"), -EPROTO, NULL },
	{ BYTES("\12\4\32\2\22\5"), -EPROTO, NULL },
	{ BYTES(""), -EPROTO, NULL },
};
/* clang-format on */

Test(label_grpc, an_image_has_a_target_or_is_refused)
{
	for (size_t i = 0; i < N_ELEMENTS(targets); i++) {
		const char *digest = NULL;
		auto_arena a = { 0 };
		struct err e = { 0 };

		cr_expect_eq(label_proto_target(targets[i].bytes, targets[i].len, &a, &digest, &e), targets[i].want, "case %zu: %s", i, e.text);
		cr_expect(str_eq(digest, targets[i].digest), "case %zu: %s", i, digest ? digest : "-");
	}
}
