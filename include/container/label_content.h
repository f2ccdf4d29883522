/* SPDX-License-Identifier: Apache-2.0 */
/*
 * container/label_content.h - labels from containerd's content store, which keeps bytes under their digest.
 *
 * Where it lies says the bundle's link "work": <root>/io.containerd.runtime.v2.task/<namespace>/<id>. What is read is what the digest
 * names, or refused; indexes and manifests of at most 4 MiB, configurations as container/image.h has them.
 */
#ifndef CAISSON_CONTAINER_LABEL_CONTENT_H
#define CAISSON_CONTAINER_LABEL_CONTENT_H

#include "container/label_source.h"

/* `digest`: 64 digits. An image is a manifest or an index of them; of an index all that is there counts, whatever its platform. */
int label_content_image(const char *bundle, const char *digest, struct arena *a, struct label_lists *io, struct err *e);
int label_content_config(const char *bundle, const char *digest, struct arena *a, struct label_lists *io, struct err *e);

#endif
