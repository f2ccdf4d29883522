/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/cgroup_unit.h - the systemd driver's half that needs no systemd: from cgroupsPath, limits and annotations to the name of
 * a scope and its properties. Pure. Who talks to systemd is container/unit.h; what the lines mean, helpers/systemd.h.
 *
 * Every limit is written by caisson itself (kernel/cgroup.h), also under systemd. The properties say the same to systemd, so that a
 * daemon-reload or another change of the unit does not undo it: what systemd has no property for it does not touch either.
 */
#ifndef CAISSON_KERNEL_CGROUP_UNIT_H
#define CAISSON_KERNEL_CGROUP_UNIT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "policy/facts.h"
#include "spec/types.h"

struct cgroup_unit {
	const char *name;	/* "libpod-1234.scope" */
	const char *slice;	/* "machine.slice"; "-.slice" */
	const char *path;	/* what the cgroup's path ends with: "/a.slice/a-b.slice/libpod-1234.scope" */
};

/* cgroupsPath is "slice:prefix:name"; NULL or "" is ":caisson:ID". An empty slice is system.slice, or user.slice of a user's own
 * systemd; an empty prefix leaves the name alone. Everything lives in `a`. */
int cgroup_unit_name(struct arena *a, const char *asked, const char *id, bool user, struct cgroup_unit *out, struct err *e);

/* Each appends lines to *out, which the caller checks for `failed`. */

/* What every scope gets: slice, description, delegation, accounting. */
void cgroup_unit_base(struct str *out, const struct cgroup_unit *u, const char *id, enum cgroup_mode mode);
/* devices: on cgroup v1 systemd rewrites the list of devices, so it must know it; on v2 it leaves our program alone. Once, at
 * the start. */
int cgroup_unit_limits(struct str *out, const struct resources *r, enum cgroup_mode mode, bool devices, struct err *e);
/* org.systemd.property.NAME: a few harmless ones, strictly read; any other is refused by name. */
int cgroup_unit_annotations(struct str *out, const struct key_values *annotations, struct err *e);

#define CGROUP_UNIT_ANNOTATION "org.systemd.property."

#endif
