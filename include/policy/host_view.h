/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy/host_view.h - what the decision asks about the host's files. As with policy/root_view.h the decision stays a function of
 * values: container/host_view.h looks in the program, a table in tests.
 */
#ifndef CAISSON_POLICY_HOST_VIEW_H
#define CAISSON_POLICY_HOST_VIEW_H

#include "base/arena.h"
#include "base/err.h"
#include "policy/plan.h"

struct host_view {
	void *ctx;
	/* The verdict (enum source_verdict) on the absolute path `path`; the reason is in why->text unless it is fine. What is not
	 * there is fine: opening it will say so. Negative errno when it cannot be looked at. */
	int (*source)(void *ctx, const struct plan_sources *s, const char *path, struct err *why);
	/* The device node at `path`, as a rule that allows everything with it; -ENOENT when there is none. */
	int (*device)(void *ctx, const char *path, struct device_rule *out);
	/* Is the namespace at `path` the one that this process is in? False when there is none. */
	bool (*own_namespace)(void *ctx, enum ns_kind kind, const char *path);
	/* *out: where `path` leads, past every link, in the arena; left alone when it leads nowhere. -ENOMEM. */
	int (*real_path)(void *ctx, struct arena *a, const char *path, const char **out);
};

#endif
