/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/resctrl.h - shares of cache and memory bandwidth (OCI linux.intelRdt): one directory of the resctrl file system is a class
 * of service, and the processes in its tasks file belong to it. Every function takes paths, so that a test can have a root of its
 * own.
 */
#ifndef CAISSON_KERNEL_RESCTRL_H
#define CAISSON_KERNEL_RESCTRL_H

#include <jansson.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "spec/types.h"

#define RESCTRL_ROOT "/sys/fs/resctrl"

struct resctrl {
	const char *group;		/* the class's directory; NULL: the container has none */
	const char *monitor;		/* below it, for this container alone; NULL */
	bool own;			/* the class was not there before, and is named after the container: it ends with it */
};

/* ENOTSUP: no resctrl at RESCTRL_ROOT (the CPU, the kernel, or nobody has mounted it). */
int resctrl_check(struct err *e);
/* Where the container belongs; makes nothing. */
int resctrl_locate(struct arena *a, const char *root, const char *id, const struct intel_rdt *want, struct resctrl *out,
		   struct err *e);
/* Makes and fills the class, or compares one that is there; what it made is gone again after a failure. */
int resctrl_make(const struct resctrl *g, const struct intel_rdt *want, struct err *e);
int resctrl_join(const struct resctrl *g, pid_t pid, struct err *e);
/* Other shares for a class that is there. */
int resctrl_update(const struct resctrl *g, const struct intel_rdt *want, struct err *e);
/* The "intel_rdt" object of `events` in runc's form; empty without a class. New reference; NULL: no memory. */
json_t *resctrl_stats(const struct resctrl *g, const char *root);
int resctrl_remove(const struct resctrl *g, struct err *e);

#endif
