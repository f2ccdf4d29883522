/* SPDX-License-Identifier: Apache-2.0 */
/*
 * launch/adjust.h - what the runtime does to the new process from outside, as soon as it has a pid: things that the process has no
 * right to do itself, or that must not wait for it.
 */
#ifndef CAISSON_LAUNCH_ADJUST_H
#define CAISSON_LAUNCH_ADJUST_H

#include "launch/launch.h"

/* What must be taken back when the launch fails afterwards. */
struct adjusted {
	int netns;			/* of the container, where devices may have to come back from */
	struct net_moved *moved;
};
#define ADJUSTED_INIT { .netns = -1 }
void adjusted_done(struct adjusted *a);

/* joined_net: the network namespace that is joined, or -1. scored: the OOM score is set already. */
int adjust_process(const struct launch_request *r, pid_t pid, int joined_net, bool scored, struct adjusted *out, struct err *e);
void adjust_undo(const struct launch_request *r, struct adjusted *a);

#endif
