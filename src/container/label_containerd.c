/* SPDX-License-Identifier: Apache-2.0 */
/*
 * containerd's record of the container (Containers.Get): the image's labels with the operator's over them. Its store loses empty values,
 * and Kubernetes drops a label of more than 4 KiB, so the image's own configuration is read too: Kubernetes' part of the record
 * says which it is, and for the others the image's record (Images.Get).
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "container/label_content.h"
#include "container/label_file.h"
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

/* One text as field 1 is the whole of both questions. The reply is malloc'd. */
static int ask(const struct label_query *q, struct grpc_call *call, const char *path, const char *text, char **reply, size_t *len,
	       struct err *e)
{
	char request[3 + GRPC_TEXT_MAX];
	size_t n = strlen(text), at = 0;

	if (n > GRPC_TEXT_MAX - 3)
		return err_set(e, ENAMETOOLONG, "a name of %zu bytes", n);
	request[at++] = 1 << 3 | 2; /* field 1, a text */
	if (n >= 128)
		request[at++] = (char)((n & 127) | 128);
	request[at++] = (char)(n >= 128 ? n >> 7 : n);
	memcpy(request + at, text, n + 1); /* the NUL is not sent */
	call->path = path;
	call->request = request;
	call->len = at + n;
	call->timeout_ms = label_time_left(q);
	return grpc_ask(call, reply, len, e);
}

/* "sha256:..." of the image's configuration. */
static int config_of(const struct label_record *r, struct arena *a, const char **digest, struct err *e)
{
	json_auto_t *doc = json_loadb(r->metadata, r->metadata_len, 0, NULL);
	const char *text = label_file_digest(label_file_text(json_object_get(doc, "Metadata"), "ImageRef", NULL));

	if (!text)
		return err_set(e, EINVAL, "Metadata.ImageRef: is not a sha256 digest");
	*digest = arena_strdup(a, text);
	return *digest ? 0 : err_set(e, ENOMEM, "out of memory");
}

static int target_of(const struct label_query *q, struct grpc_call *call, const char *image, struct arena *a, const char **digest,
		     struct err *e)
{
	auto_free char *reply = NULL;
	const char *text = NULL;
	size_t len = 0;
	int err = ask(q, call, "/containerd.services.images.v1.Images/Get", image, &reply, &len, e);

	if (err == 0)
		err = label_proto_target(reply, len, a, &text, e);
	*digest = err == 0 ? label_file_digest(text) : NULL;
	return err == 0 && !*digest ? err_set(e, EINVAL, "its target is not a sha256 digest") : err;
}

static int add_image(const struct label_query *q, struct grpc_call *call, const struct label_record *r, struct arena *a,
		     struct label_lists *out, struct err *e)
{
	const char *digest = NULL;
	int err;

	/* A pod's own program is the cluster's; without an image there is no configuration. */
	if (r->sandbox || (!r->metadata && !r->image[0]))
		return 0;
	if (r->metadata) {
		err = config_of(r, a, &digest, e);
		return err < 0 ? err : label_content_config(q->bundle, digest, a, out, e);
	}
	err = target_of(q, call, r->image, a, &digest, e);
	return err < 0 ? err_wrap(e, "image %.256s", r->image) : label_content_image(q->bundle, digest, a, out, e);
}

int label_containerd(const struct label_query *q, struct arena *a, struct label_lists *out, struct err *e)
{
	struct grpc_call call = { 0 };
	struct label_record record;
	auto_free char *reply = NULL;
	const char *id = NULL;
	size_t len = 0;
	int err = read_bundle(q->bundle, a, &call.namespace, &id, e);

	call.address = address_of(a);
	if (err == 0 && !call.address)
		err = err_set(e, ENOMEM, "out of memory");
	if (err == 0)
		err = ask(q, &call, "/containerd.services.containers.v1.Containers/Get", id, &reply, &len, e);
	if (err == 0)
		err = label_proto_container(reply, len, a, &record, e);
	if (err == 0)
		err = label_lists_add(out, "containerd label", &record.labels, e);
	return err < 0 ? err : add_image(q, &call, &record, a, out, e);
}
