/* SPDX-License-Identifier: Apache-2.0 */
/*
 * launch/record.h - writes the finish record (init/finish.h) and the memfds that caisson-init is started from.
 */
#ifndef CAISSON_LAUNCH_RECORD_H
#define CAISSON_LAUNCH_RECORD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "kernel/filter.h"
#include "policy/plan.h"

struct record_input {
	const struct plan *plan;
	const struct process *process;	/* plan->process, or exec's */
	const struct filters *filters;
	const char *home;		/* HOME to add when the environment has none; NULL = none */
	int sync_fd, gate_fd;		/* gate_fd -1: the sync socket is the gate */
	unsigned kept_fds;		/* 3 .. 3+kept_fds-1 stay open */
	bool pid1;			/* caisson-init stays as PID 1 */
	bool idle;			/* the document has no process: it waits to be killed */
	const char *keyring;		/* NULL: keep the caller's */
	const char *hook_state;		/* for startContainer hooks; NULL without hooks */
};

/* The sealed record. Returns its descriptor (close-on-exec). */
int record_write(const struct record_input *in, struct err *e);
/* caisson-init itself, sealed against writing (memfd_create(2)); executable. */
int record_init_memfd(struct err *e);
/* Execs caisson-init: never returns on success. Descriptors that it needs must not be close-on-exec by then. */
int record_exec(int init_fd, int record_fd, struct err *e);

#endif
