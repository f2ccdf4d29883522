/* SPDX-License-Identifier: Apache-2.0 */
/*
 * containerd's record of the container (Containers.Get): the image's labels with the operator's over them. Its store loses empty values,
 * and Kubernetes drops a label of more than 4 KiB: such a label is not seen here.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "container/label_grpc.h"
#include "container/label_proto.h"
#include "container/label_source.h"

static const char usual_address[] = "/run/containerd/containerd.sock";

/* What the shim says; before containerd 1.7 only the other socket's name, which is this one's and ".ttrpc". */
static const char *address_of(struct arena *a)
{
	const char *grpc = getenv("GRPC_ADDRESS"), *ttrpc = getenv("TTRPC_ADDRESS");
	size_t n = ttrpc ? strlen(ttrpc) : 0;

	if (grpc && grpc[0])
		return grpc;
	if (n > strlen(".ttrpc") && str_eq(ttrpc + n - strlen(".ttrpc"), ".ttrpc"))
		return arena_memdup(a, ttrpc, n - strlen(".ttrpc"));
	return usual_address;
}

/* <state>/io.containerd.runtime.v2.task/<namespace>/<id> */
static int read_bundle(const char *bundle, struct arena *a, const char **namespace, const char **id, struct err *e)
{
	static const char mark[] = "/io.containerd.runtime.v2.task/";
	const char *at = strstr(bundle, mark), *slash;

	at = at ? at + strlen(mark) : NULL;
	slash = at ? strchr(at, '/') : NULL;
	if (!slash || slash == at || !slash[1] || strchr(slash + 1, '/') || strlen(slash + 1) > 127)
		return err_set(e, EINVAL, "the bundle is not in a namespace's directory");
	*namespace = arena_memdup(a, at, (size_t)(slash - at));
	*id = slash + 1;
	return *namespace ? 0 : err_set(e, ENOMEM, "out of memory");
}

int label_containerd(const struct label_query *q, struct arena *a, struct label_lists *out, struct err *e)
{
	struct grpc_call call = { .path = "/containerd.services.containers.v1.Containers/Get", .timeout_ms = GRPC_TIMEOUT_MS };
	struct key_values labels = { 0 };
	auto_free char *reply = NULL;
	const char *id = NULL;
	char request[2 + 128];
	size_t len = 0;
	int err = read_bundle(q->bundle, a, &call.namespace, &id, e);

	call.address = address_of(a);
	if (err == 0 && !call.address)
		err = err_set(e, ENOMEM, "out of memory");
	if (err < 0)
		return err;
	call.len = 2 + strlen(id);
	request[0] = 1 << 3 | 2; /* field 1, a text */
	request[1] = (char)strlen(id);
	memcpy(request + 2, id, call.len - 2); /* protobuf has no NUL */
	call.request = request;
	err = grpc_ask(&call, &reply, &len, e);
	if (err == 0)
		err = label_proto_labels(reply, len, a, &labels, e);
	if (err == 0)
		*out = (struct label_lists){ .n = 1, .v = { { "containerd label", labels } } };
	return err;
}
