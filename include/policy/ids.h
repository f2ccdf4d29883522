/* SPDX-License-Identifier: Apache-2.0 */
/* policy/ids.h - are the ids of a process known to the container's user namespace? */
#ifndef CAISSON_POLICY_IDS_H
#define CAISSON_POLICY_IDS_H

#include "base/err.h"
#include "policy/plan.h"

/* A line of the maps holds the id. */
bool ids_mapped(const struct id_maps *maps, uint32_t id);
/* Refuses a user or group that a new user namespace of the plan's does not map, with the map. A joined one's maps are not known here:
 * its process finds out. */
int ids_check(const struct plan *p, const struct process *proc, struct err *e);

#endif
