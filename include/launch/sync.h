/* SPDX-License-Identifier: Apache-2.0 */
/*
 * launch/sync.h - what the runtime and the new process say to each other, and the one table of what is legal when.
 *
 * One SOCK_SEQPACKET pair for the whole launch. First the child of the clone speaks (launch/child.h), then, over the same
 * descriptor, caisson-init (init/finish.h): READY, LISTENER, EXEC and ERROR have the same first byte from both.
 */
#ifndef CAISSON_LAUNCH_SYNC_H
#define CAISSON_LAUNCH_SYNC_H

#include <sys/types.h>

#include "base/err.h"
#include "init/finish.h"

enum sync_msg {
	SYNC_MAPS = 'm',	/* runtime: the id maps are written; up to SYNC_FDS trees come along; more packets follow while MORE */
	SYNC_MAPS_MORE = 'n',
	SYNC_HOOKS = 'H',	/* child: namespaces and mounts are there: run prestart and createRuntime hooks */
	SYNC_HOOKS_DONE = 'h',	/* runtime */
	SYNC_CONSOLE = 'C',	/* child: the pty master comes along */
	SYNC_PID = 'P',		/* the process in between (joined user namespace): pid of the container's process, with its pidfd */
	SYNC_READY = FINISH_MSG_READY,
	SYNC_LISTENER = FINISH_MSG_LISTENER,
	SYNC_ERROR = FINISH_MSG_ERROR,
	SYNC_EXEC = FINISH_MSG_EXEC,
	SYNC_GO = FINISH_MSG_GO,
	SYNC_KEEP = FINISH_MSG_KEEP,
};
enum { SYNC_FDS = 8 };

/* Where the talk stands, as the runtime sees it. */
enum sync_step { SYNC_BUILDING, SYNC_FINISHING, SYNC_WAITING, SYNC_STARTING, SYNC_EXECING, SYNC_JOINING, SYNC_OVER, SYNC_STEPS };

struct sync_in {
	enum sync_msg msg;
	int fds[SYNC_FDS];
	size_t nfds;
	struct finish_error error;	/* SYNC_ERROR */
	struct finish_ready ready;	/* SYNC_READY */
	pid_t pid;			/* SYNC_PID */
};

int sync_pair(int *ours, int *theirs, struct err *e);
/* Sends one byte, with descriptors. */
int sync_send(int fd, enum sync_msg m, const int *fds, size_t nfds, struct err *e);
/* The child's last words. */
void sync_send_error(int fd, const struct err *why, int status);
/*
 * Receives the next message from the new process and moves *step on. A message that is not legal at *step is -EPROTO and its
 * descriptors are closed. End of file: -ECONNRESET, or 0 with *step = SYNC_OVER where the table says it is the good end.
 * 1 = a message is in *in. deadline_ms < 0: none. pid: whom a missed deadline (-ETIMEDOUT) names.
 */
int sync_receive(int fd, enum sync_step *step, pid_t pid, struct sync_in *in, int deadline_ms, struct err *e);
/* Receives one exact message (the child's side). */
int sync_expect(int fd, enum sync_msg want, int *fds, size_t *nfds, struct err *e);

#endif
