/* SPDX-License-Identifier: Apache-2.0 */
/*
 * container/label_proto.h - what containerd answers, which is protobuf. To Containers.Get: field 1 the container, in it 2 once for each
 * label (in that 1 the key and 2 the value), 3 the image's name, 10 once for each extension (1 the name, 2 an Any, in that 2 the
 * bytes). To Images.Get: field 1 the image, in it 3 its target, in that 2 the digest. The bytes are a peer's: every length is
 * checked, NULs are refused.
 */
#ifndef CAISSON_CONTAINER_LABEL_PROTO_H
#define CAISSON_CONTAINER_LABEL_PROTO_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "spec/types.h"

enum { LABEL_PROTO_MAX = 4096 }; /* labels */

struct label_record {
	struct key_values labels;
	const char *image;		/* "" when it has none */
	/* Kubernetes' own, as JSON; NULL when the container is not its. Points into the reply. */
	const char *metadata;
	size_t metadata_len;
	bool sandbox;			/* a pod's own container */
};
int label_proto_container(const char *bytes, size_t len, struct arena *a, struct label_record *out, struct err *e);
/* "sha256:..." */
int label_proto_target(const char *bytes, size_t len, struct arena *a, const char **digest, struct err *e);

#endif
