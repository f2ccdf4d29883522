/* SPDX-License-Identifier: Apache-2.0 */
/* launch/listener.h - hands a seccomp listener to the agent at listenerPath (OCI: the container process state). */
#ifndef CAISSON_LAUNCH_LISTENER_H
#define CAISSON_LAUNCH_LISTENER_H

#include <sys/types.h>

#include "base/err.h"
#include "spec/types.h"

/* state: the OCI state JSON of the container. One connection, one message, one descriptor, then closed. */
int listener_send(const struct seccomp *s, const char *oci_version, pid_t pid, const char *state, int fd, struct err *e);

#endif
