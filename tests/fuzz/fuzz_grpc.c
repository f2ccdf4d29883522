/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as what containerd says on its socket, and as the record in its answer. Built and run by tests/run.sh fuzz.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/str.h"
#include "container/label_grpc.h"
#include "container/label_proto.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool truth)
{
	if (!truth)
		abort();
}

static void read_record(const char *bytes, size_t len)
{
	struct label_record r = { 0 };
	const char *digest = NULL;
	auto_arena a = { 0 };
	struct err e = { 0 };
	int err = label_proto_container(bytes, len, &a, &r, &e);

	demand(err == 0 || (err == -e.code && !r.labels.n));
	for (size_t i = 0; i < r.labels.n; i++)
		demand(strlen(r.labels.v[i].key) + strlen(r.labels.v[i].value) <= len);
	demand(!r.metadata || (r.metadata >= bytes && r.metadata + r.metadata_len <= bytes + len));
	err = label_proto_target(bytes, len, &a, &digest, &e);
	demand(err == 0 ? strlen(digest) <= len : err == -e.code && !digest);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct grpc_call call = { .path = "/a/b", .namespace = "n", .request = "q", .len = 1, .timeout_ms = 1000 };
	auto_free char *reply = NULL;
	struct err e = { 0 };
	size_t len = 0;
	int pair[2], err;

	if (size > 64 * 1024) /* what a socket takes without a reader */
		return 0;
	read_record((const char *)data, size);
	demand(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
	demand(send(pair[1], data, size, MSG_DONTWAIT) == (ssize_t)size);
	shutdown(pair[1], SHUT_WR);
	err = grpc_ask_on(pair[0], &call, &reply, &len, &e);
	demand(err == 0 ? len <= size : err == -e.code && !reply);
	if (err == 0)
		read_record(reply, len);
	close(pair[0]);
	close(pair[1]);
	return 0;
}
