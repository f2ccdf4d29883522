/* SPDX-License-Identifier: Apache-2.0 */
/*
 * launch/launch.h - the dance of processes: a new container, or a further process in one.
 *
 * launch_begin() returns when caisson-init has done everything and has told so (READY); the caller then reads the kernel's view
 * back, writes what must be written, and either leaves (the gate is a socket) or calls launch_go(). Whatever fails, launch_abort()
 * leaves no process behind. Both kinds of launch go through the same steps of the parent (src/launch/parent.c); what the new
 * process does is src/launch/child.c for a container and src/launch/enter.c for exec.
 */
#ifndef CAISSON_LAUNCH_LAUNCH_H
#define CAISSON_LAUNCH_LAUNCH_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "kernel/cgroup.h"
#include "kernel/filter.h"
#include "kernel/resctrl.h"
#include "launch/sync.h"
#include "policy/plan.h"

/* The OCI state for hooks and the seccomp agent: malloc'd JSON. */
typedef int launch_state_fn(const struct plan *p, const char *status, pid_t pid, char **out, size_t *len, struct err *e);

struct launch_request {
	const struct plan *plan;
	const struct process *process;	/* plan->process, or exec's */
	const struct filters *filters;
	const struct cgroup *cgroup;
	const struct resctrl *rdt;	/* .group NULL: none */
	launch_state_fn *state;
	int target_pidfd;		/* exec: PID 1 of the container; -1 for a new container */
	int gate_fd;			/* the listening start gate, or -1: launch_go() is the gate */
	int console_sock;		/* where the pty master goes; -1: it is left in struct launch */
	unsigned kept_fds;
	const int *streams;		/* three descriptors from 3 on, without a terminal; NULL: the caller's own */
	bool no_pivot;
	const char *keyring;		/* NULL: no new session keyring */
	bool pid1;
};

/* What must be taken back when the launch fails afterwards. */
struct adjusted {
	int netns;			/* of the container, where devices may have to come back from */
	struct net_moved *moved;
};

struct launch {
	pid_t pid;
	int pidfd, sync, console;
	enum sync_step step;
	struct adjusted adjusted;
	struct finish_ready told;	/* what the process says of itself, which nobody else can see */
};
#define LAUNCH_INIT { .pid = -1, .pidfd = -1, .sync = -1, .console = -1, .adjusted = { .netns = -1 } }

int launch_begin(const struct launch_request *r, struct launch *out, struct err *e);
/* With a gate socket, last of all: the process may outlive us. Until then it ends when we do. */
int launch_keep(struct launch *l, struct err *e);
/* Opens the gate and returns when the payload has been exec'd (0) or could not be (the error; *status: what to exit with). */
int launch_go(const struct launch_request *r, struct launch *l, int *status, struct err *e);
/* Kills and reaps, and gives back what was lent to the container. Safe on a struct launch at any stage. */
void launch_abort(const struct plan *p, struct launch *l);
/* Lets go of what launch_abort() would need; the pidfd and the console are the caller's. */
void launch_release(struct launch *l);
/* Serves one message of a started gate socket: as launch_go() does for `start`. */
int launch_serve_gate(int sock, const struct plan *p, launch_state_fn *state, pid_t pid, int *status, struct err *e);

#endif
