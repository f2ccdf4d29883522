/* SPDX-License-Identifier: Apache-2.0 */
/*
 * container/unit.h - the systemd driver: a container's scope, through caisson-systemd (helpers/systemd.h).
 *
 * The helper is the scope's first process. It stays in there until unit_let_go(), which is called when the container's own process
 * has come, born straight inside; when the runtime dies earlier the helper ends as well, and systemd removes the empty scope. The
 * scope of a container that has ended goes the same way: delete waits for that and asks for nothing.
 */
#ifndef CAISSON_CONTAINER_UNIT_H
#define CAISSON_CONTAINER_UNIT_H

#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "kernel/cgroup.h"
#include "policy/plan.h"

enum unit_manager { UNIT_NONE, UNIT_SYSTEM, UNIT_USER };

/* Who keeps a new scope alive. */
struct unit_keeper { pid_t pid; int sock; };
#define UNIT_KEEPER_INIT { .pid = -1, .sock = -1 }

/* What of a request can be wrong without systemd: refused before anything exists. */
int unit_check(struct arena *a, const struct plan *p, enum unit_manager m, struct err *e);
/* Makes the scope; *out: where its cgroup is, with .unit set. On failure there is neither scope nor helper. */
int unit_start(struct arena *a, const struct plan *p, enum unit_manager m, struct unit_keeper *keeper, struct cgroup *out,
	       struct err *e);
/* Ends the keeper and reaps it. Safe at any stage, more than once. */
void unit_let_go(struct unit_keeper *keeper);
/*
 * cgroup_remove() for both drivers. systemd learns from the kernel that a cgroup is empty, and would never learn it of one that is
 * removed under its hands: so it is given the time to remove the scope itself, and told to stop it when it does not.
 */
int unit_remove_cgroup(const struct cgroup *cg, struct err *e);
/* Tells systemd the limits of a container's scope. Nothing to do without one. */
int unit_set_limits(const struct cgroup *cg, const struct resources *r, struct err *e);

#endif
