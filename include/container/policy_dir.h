/* SPDX-License-Identifier: Apache-2.0 */
/*
 * container/policy_dir.h - where policy files lie, and whether they may be believed.
 *
 * container/trusted.h says which may; of those, a file of at most 1 MiB. What cannot be trusted is refused with its reason: it is
 * not "no policy".
 *
 * An ordinary user has a place of his own, $XDG_CONFIG_HOME/caisson or ~/.config/caisson: what lies there may be his too. Root has
 * none, not even the root of a user namespace: whose directories HOME and XDG_CONFIG_HOME name there, it cannot know.
 */
#ifndef CAISSON_CONTAINER_POLICY_DIR_H
#define CAISSON_CONTAINER_POLICY_DIR_H

#include <limits.h>
#include <stdbool.h>

#include "policy/resolve.h"

struct policy_dir {
	const char *etc;	/* caisson.json, profiles/ */
	const char *share;	/* profiles/: the shipped ones */
	char caller[PATH_MAX];	/* caisson.json, profiles/ of an ordinary user; "": there is no such place */
	bool any_owner;		/* files that are only looked at, not obeyed: policy check --dir */
};

/* The installed places, and the caller's. */
void policy_dir_init(struct policy_dir *d);
/* `d` must live as long as `out` is used. */
void policy_dir_files(const struct policy_dir *d, struct policy_files *out);
/* Any file, without a look at its owner; its text goes into the arena. */
int policy_dir_read_any(const char *path, struct arena *a, struct policy_file *out, struct err *e);
/* The profiles' names in one of the places, in byte order; a place that is not there has none. */
int policy_dir_list(const struct policy_dir *d, enum policy_place place, struct arena *a, struct strings *out, struct err *e);

#endif
