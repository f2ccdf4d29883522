/* SPDX-License-Identifier: Apache-2.0 */
/*
 * container/label_source.h - the labels of a container, from where its engine keeps them.
 *
 * No engine hands them to its runtime; each keeps them in files of its own, which this reads. Which engine it is, and where its
 * files lie, comes from the bundle's place and from the mounts that the engine itself adds. Files are read only where
 * container/trusted.h believes them. All that is found is intersected (policy/labels.h): a label can only take away.
 *
 *   docker          containers/ID/config.v2.json, found through the container's own /etc/hosts, and the image's configuration
 *   ctr, nerdctl, cri-containerd   containerd's record, asked for on its socket
 *   podman, cri-o   containers/storage: the image of the container, its manifest, its configuration
 *
 * A build has none. A source that does not answer, or not in time, is a warning, or, where labels are required, the end; what it
 * said before that counts.
 */
#ifndef CAISSON_CONTAINER_LABEL_SOURCE_H
#define CAISSON_CONTAINER_LABEL_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "container/image.h"
#include "policy/labels.h"
#include "spec/types.h"

/* What is known of the container; all borrowed. */
struct label_query {
	const char *engine;		/* as in policy/config.h */
	const char *bundle, *root_path;	/* absolute */
	const struct mounts *mounts;
	uint64_t sources;		/* enum config_labels: the others are not asked */
	uint64_t timeout_ms;		/* for the whole of it */
	uint64_t deadline_ms;		/* CLOCK_MONOTONIC; label_source_ask() sets it for those that it asks */
};

enum { LABEL_LISTS = 16 };
struct label_list { const char *from; struct key_values labels; };
/* Beside them the image's configuration, where that is what the source reads; of several (an index) none is known to be this one's. */
struct label_lists { size_t n, n_images; struct image_config image; struct label_list v[LABEL_LISTS]; };
void label_lists_image(struct label_lists *io, const struct image_config *image);
/* -E2BIG when there are too many. */
int label_lists_add(struct label_lists *io, const char *from, const struct key_values *labels, struct err *e);

/* One source: 0, with or without labels in *out (in `a`), or a negative errno with its text. */
typedef int label_source_fn(const struct label_query *q, struct arena *a, struct label_lists *out, struct err *e);
label_source_fn label_containerd, label_docker, label_storage;

/* What is left of the time, in milliseconds; 0 when it is over. */
int label_time_left(const struct label_query *q);

/* source: NULL when this engine has none, or it is not to be asked. */
struct label_report { const char *source; bool answered; uint64_t microseconds; bool has_image; struct image_config image; };

/* Asks the engine's source and meets *io with what it says. *image: the labels, for rules that look at them. -ENOMEM. */
int label_source_ask(const struct label_query *q, struct arena *a, struct label_caps *io, struct key_values *image,
		     struct label_report *report, struct err *e);

#endif
