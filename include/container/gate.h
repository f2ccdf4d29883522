/* SPDX-License-Identifier: Apache-2.0 */
/*
 * container/gate.h - the start gate: a listening unix socket in the state directory (design.md section 3, step 10). The 0700
 * directory is what guards it; caisson-init checks the peer as well. It exists exactly while the container is created and not
 * started.
 */
#ifndef CAISSON_CONTAINER_GATE_H
#define CAISSON_CONTAINER_GATE_H

#include "base/err.h"
#include "container/state.h"

#define GATE_NAME "start.sock"

int gate_listen(const struct state_dir *d, struct err *e);
/* pid: who is to take the connection, for the text of a missed deadline. */
int gate_connect(const struct state_dir *d, pid_t pid, struct err *e);
void gate_remove(const struct state_dir *d);

#endif
