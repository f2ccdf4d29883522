/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/wait.h - waiting with a deadline, and what to say about one who does not answer.
 *
 * Deadlines are in milliseconds, negative: none. Those that can be missed only by a process that is stuck or stopped are below;
 * tests shorten them (base/fault.h). A missed one is -ETIMEDOUT with a text that says for whom and how that process is: the reader
 * then knows whether it was stopped, sits in the kernel, or waits for somebody else.
 */
#ifndef CAISSON_BASE_WAIT_H
#define CAISSON_BASE_WAIT_H

#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

enum {
	WAIT_ANSWER_MS = 120 * 1000,	/* for what another process has to do first */
	WAIT_END_MS = 10 * 1000,	/* from SIGKILL to the end */
	WAIT_PEER_MS = 10 * 1000,	/* until a socket takes what we send */
	WAIT_WHO = 160,
};

/* "process 12 (cat): stopped, in do_signal_stop", from /proc/PID/{stat,wchan}. Returns out. */
const char *wait_who(pid_t pid, char out[WAIT_WHO]);

/* CLOCK_MONOTONIC, in milliseconds. */
int64_t wait_now_ms(void);
/* Until fd can be read, or is at its end. 0 or -ETIMEDOUT, without a text. */
int wait_readable(int fd, int ms);
/* Until the process has ended; e says "has not ended within N s". It need not be our child. */
int wait_end(int pidfd, pid_t pid, int ms, struct err *e);
/* The same for our child, which is reaped. info may be NULL. */
int wait_reap(int pidfd, pid_t pid, int ms, siginfo_t *info, struct err *e);
/* flock(2), exclusive. Late: -EBUSY, and the text names who holds it. */
int wait_lock(int fd, int ms, struct err *e);
/* connect(2) and sendmsg(2) on this socket fail with EAGAIN after so long, instead of blocking for ever. */
int wait_bound(int sock, int ms);

#endif
