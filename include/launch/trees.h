/* SPDX-License-Identifier: Apache-2.0 */
/* launch/trees.h - the root file system and the sources of binds, handed to the child as descriptors of detached mounts. */
#ifndef CAISSON_LAUNCH_TREES_H
#define CAISSON_LAUNCH_TREES_H

#include "base/err.h"
#include "policy/plan.h"

/* Opens the root and each bind of `plan` with the runtime's rights (inside its user namespace the child has none on the host) and
 * sends them over `sock` in the order of the document: SYNC_MAPS_MORE while there are more, SYNC_MAPS with the last. `userns` is a
 * descriptor of the container's user namespace, for mounts that are id-mapped without maps of their own; -1 without one. Keeps
 * nothing open. Returns 0 or a negative errno. open_tree(2), mount_setattr(2), Linux 5.12. */
int trees_send(int sock, const struct plan *plan, int userns, struct err *e);

#endif
