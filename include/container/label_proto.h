/* SPDX-License-Identifier: Apache-2.0 */
/*
 * container/label_proto.h - the labels in containerd's reply to Containers.Get, which is protobuf: field 1 the container, in it field 2
 * once for each label, in that 1 the key and 2 the value. The bytes are a peer's: every length is checked, NULs are refused.
 */
#ifndef CAISSON_CONTAINER_LABEL_PROTO_H
#define CAISSON_CONTAINER_LABEL_PROTO_H

#include "base/arena.h"
#include "base/err.h"
#include "spec/types.h"

enum { LABEL_PROTO_MAX = 4096 }; /* labels */

int label_proto_labels(const char *bytes, size_t len, struct arena *a, struct key_values *out, struct err *e);

#endif
