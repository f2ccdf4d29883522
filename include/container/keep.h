/* SPDX-License-Identifier: Apache-2.0 */
/*
 * container/keep.h - what a create leaves in the state directory for the commands that come later: the plan and the compiled
 * seccomp programs. They are read back, never computed anew: a newer policy or a changed bundle has no effect on a container that
 * exists.
 */
#ifndef CAISSON_CONTAINER_KEEP_H
#define CAISSON_CONTAINER_KEEP_H

#include "base/arena.h"
#include "base/err.h"
#include "container/state.h"
#include "kernel/filter.h"
#include "policy/plan.h"

int keep_write(const struct state_dir *d, const struct plan *p, const struct filters *f, struct err *e);
int keep_write_plan(const struct state_dir *d, const struct plan *p, struct err *e);
int keep_read_plan(const struct state_dir *d, struct arena *a, const struct plan **out, struct err *e);
int keep_read_filters(const struct state_dir *d, struct arena *a, struct filters *out, struct err *e);

#endif
