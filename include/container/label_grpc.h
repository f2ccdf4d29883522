/* SPDX-License-Identifier: Apache-2.0 */
/*
 * container/label_grpc.h - one question to containerd: the least of HTTP/2 and gRPC that it takes.
 *
 * One request on one new connection, one stream, no compression in either direction; what the peer's headers say is not read, so
 * that there is no decompressor to attack: an answer without a message is a failure. The whole has one deadline and one limit of
 * bytes, however the peer spreads them over frames.
 */
#ifndef CAISSON_CONTAINER_LABEL_GRPC_H
#define CAISSON_CONTAINER_LABEL_GRPC_H

#include <stddef.h>

#include "base/err.h"

enum { GRPC_REPLY_MAX = 16 * 1024 * 1024, GRPC_TEXT_MAX = 512 };

/* `path` is "/service/method", `namespace` containerd's; each at most GRPC_TEXT_MAX bytes, and so is the request. */
struct grpc_call { const char *address, *path, *namespace; const void *request; size_t len; int timeout_ms; };

/* Connects; the peer must be root or the caller. *reply is malloc'd: the message's bytes. */
int grpc_ask(const struct grpc_call *c, char **reply, size_t *len, struct err *e);
/* The same on a connected non-blocking socket, whoever is there. */
int grpc_ask_on(int sock, const struct grpc_call *c, char **reply, size_t *len, struct err *e);

#endif
