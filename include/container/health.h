/* SPDX-License-Identifier: Apache-2.0 */
/*
 * container/health.h - what a health check answers: how it ends, and the last of what it prints, within a time. The check is any process
 * that container_exec() starts with these streams; all that it writes is hostile.
 */
#ifndef CAISSON_CONTAINER_HEALTH_H
#define CAISSON_CONTAINER_HEALTH_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "container/lifecycle.h"

struct health_check {
	int streams[3];			/* for struct exec_request: /dev/null, and a pipe twice */
	int null, to, from, signals;
	int64_t start;			/* wait_now_ms() */
	sigset_t old;
	bool blocked;
};
#define HEALTH_CHECK_INIT { .null = -1, .to = -1, .from = -1, .signals = -1 }

struct health_answer {
	bool late;			/* none within the time */
	int status;			/* of the exit, 128+n for a signal; not when late */
	int64_t ms;			/* how long it took, its start included */
	struct str output;		/* at most OUTPUT_KEPT bytes; the caller frees it */
};

/* Just before the start of the check. Until health_close() a signal that would end us ends the check too. */
int health_open(struct health_check *h, struct err *e);
/* Waits for `ms` milliseconds, then kills the process and its group; *p stays the caller's. -EINTR when we were told to end. */
int health_wait(struct health_check *h, const struct started *p, int64_t ms, struct health_answer *out, struct err *e);
void health_close(struct health_check *h);
#define auto_health_check __attribute__((cleanup(health_close))) struct health_check

#endif
