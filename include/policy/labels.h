/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy/labels.h - the capability label (policy-design 4.4): "security.capabilities" and "io.containers.capabilities".
 *
 * Tokens are split at ',', '+' and blanks, any case, "CAP_" optional. "", "none", "drop-all", "drop_all" = the empty set;
 * "all" narrows nothing and warns; an unknown token contributes nothing and warns by name. Over 4 KiB: the empty set and
 * a warning. Every value found in any source is intersected. A label never adds.
 */
#ifndef CAISSON_POLICY_LABELS_H
#define CAISSON_POLICY_LABELS_H

#include "base/arena.h"
#include "base/err.h"
#include "spec/types.h"

struct label_caps {
	bool found;			/* at least one value, in any source */
	uint64_t caps;			/* the intersection */
	const char *from;		/* "annotation security.capabilities", "image label ...", joined by ", " */
	struct strings warnings;
	const char *unanswered;		/* what a source said that did not answer: not the same as "no label" */
};

/* Meets what is known so far with every capability label in `kv` (annotations, or the Labels of an image config). `source`
 * is "annotation" or "image label". *io starts zeroed. */
int labels_meet(struct arena *a, const struct key_values *kv, const char *source, struct label_caps *io, struct err *e);
/* A source that could not be asked, and why: a warning, and a refusal where labels are required. text NULL: -ENOMEM. */
int labels_unanswered(struct arena *a, struct label_caps *io, const char *text, struct err *e);

#endif
