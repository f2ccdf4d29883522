/* SPDX-License-Identifier: Apache-2.0 */
/*
 * launch/adjust.h - what the runtime does to the new process from outside, as soon as it has a pid: things that the process has no
 * right to do itself, or that must not wait for it.
 */
#ifndef CAISSON_LAUNCH_ADJUST_H
#define CAISSON_LAUNCH_ADJUST_H

#include "launch/launch.h"

void adjusted_done(struct adjusted *a);
/* joined_net: the network namespace that is joined, or -1. scored: the OOM score is set already. */
int adjust_process(const struct launch_request *r, pid_t pid, int joined_net, bool scored, struct adjusted *out, struct err *e);
void adjust_undo(const struct plan *p, struct adjusted *a);

#endif
