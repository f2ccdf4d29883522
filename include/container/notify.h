/* SPDX-License-Identifier: Apache-2.0 */
/*
 * container/notify.h - NOTIFY_SOCKET (sd_notify(3)) for the container's program.
 *
 * The service manager's own socket never gets into the container. The program has one of the container's own, in a directory of the
 * state that is mounted on NOTIFY_DIR; of what it says only READY= goes on to the manager, in the runtime's words.
 */
#ifndef CAISSON_CONTAINER_NOTIFY_H
#define CAISSON_CONTAINER_NOTIFY_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "container/state.h"

#define NOTIFY_STATE "notify"			/* the directory's name in the state directory */
#define NOTIFY_DIR "/run/notify"		/* where it is mounted */
#define NOTIFY_INSIDE NOTIFY_DIR "/notify.sock"

/* NULL, or what is wrong with a value of NOTIFY_SOCKET. */
const char *notify_wrong(const char *manager);
/* create: the directory. */
int notify_make(const struct state_dir *d, struct err *e);
/* run and start: the socket in it. -ENOENT without an error: the container was made without. */
int notify_listen(const struct state_dir *d, struct err *e);
/*
 * Takes what has come on the socket, without waiting. 1: the program is ready, and the manager has been told; 0: not yet.
 * main_pid > 0: the manager is told that too, and has taken it when this returns.
 */
int notify_take(int sock, const char *manager, pid_t main_pid, struct err *e);
/* Waits until the program is ready or pidfd's process has ended. */
int notify_wait(int sock, const char *manager, pid_t main_pid, int pidfd, struct err *e);

#endif
