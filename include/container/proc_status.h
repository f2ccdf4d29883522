/* SPDX-License-Identifier: Apache-2.0 */
/*
 * container/proc_status.h - /proc/PID/status as numbers. Ids are as the reader's user namespace shows them.
 */
#ifndef CAISSON_CONTAINER_PROC_STATUS_H
#define CAISSON_CONTAINER_PROC_STATUS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "spec/types.h"

struct proc_status {
	uint32_t uid[4], gid[4];	/* real, effective, saved, file system */
	uint32_t *groups;		/* owned */
	size_t n_groups;
	struct capsets caps;
	bool no_new_privs;
	int seccomp;			/* 0 none, 1 strict, 2 filter; -1 this kernel does not say */
	int umask;			/* -1 this kernel does not say (before 4.7) */
	int filters;			/* -1 this kernel does not say (before 5.9) */
};
void proc_status_done(struct proc_status *s);
#define auto_proc_status __attribute__((cleanup(proc_status_done))) struct proc_status

/* procfd: an open /proc/PID. A line that must be there and is not, or cannot be read, is an error. */
int proc_status_read(int procfd, struct proc_status *out, struct err *e);
/* The text alone, for tests. */
int proc_status_parse(const char *text, struct proc_status *out, struct err *e);

#endif
