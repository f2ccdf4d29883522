/* SPDX-License-Identifier: Apache-2.0 */
/*
 * init/pid1.h - one child, watched: signals go to it, orphans are reaped, and we end as it did.
 *
 * Used in an image (image.c) and in a launched container (finish.c). All signals are blocked the whole time; there are
 * no handlers, no memory is asked for, and between two signals nothing runs.
 */
#ifndef CAISSON_INIT_PID1_H
#define CAISSON_INIT_PID1_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "init/fault.h"
#include "init/signals.h"

struct pid1 {
	const char *name;	/* in front of what we say */
	int verbosity;		/* 0 errors, 1 warnings, 2 every signal and child */
	bool new_session;	/* the child leads a session, and takes the terminal along (dumb-init) */
	bool new_group;		/* the child leads a process group, in the foreground (tini) */
	bool to_group;		/* signals go to the child's process group, not to the child alone */
	bool hang_up;		/* TERM to what is left of that group when the child has ended (dumb-init) */
	bool suspend;		/* stop ourselves too after TSTP, TTIN and TTOU (dumb-init) */
	bool warn_reaped;	/* say so when an orphan is reaped (tini) */
	uint64_t mask;		/* the signal mask that the child starts with */
	uint8_t rewrite[SIGNAL_MAX + 1]; /* what to send instead; 0 swallows */
	uint64_t fine[4];	/* exit statuses that count as 0 (tini) */
	int64_t drain_ms;	/* when the child has ended: TERM to all the rest, wait so long, KILL. 0 = off */
	int64_t timeout_ms;	/* after a TERM: KILL the child when it still runs. 0 = off */
};

void pid1_init(struct pid1 *p, const char *name);

/* In the child: 0, in its session or group, all signals still blocked. In the parent: the child. */
pid_t pid1_fork(const struct pid1 *p, struct fault *f);
/* Until the child has ended; returns what to exit with. */
int pid1_watch(const struct pid1 *p, pid_t child);

/* "5", "0.25": milliseconds. */
int pid1_seconds(const char *text, int64_t *ms);
/* "drain=5", "timeout=10", "single-child": an entry of the finish record's init_options. */
int pid1_option(struct pid1 *p, const char *option, struct fault *f);

#endif
