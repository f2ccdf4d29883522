/* SPDX-License-Identifier: Apache-2.0 */
/*
 * init/signals.h - all 64 of them.
 *
 * Nothing here installs a handler. Every signal is blocked from the first instruction of main and fetched when there is
 * time for it, so none is lost while the child is being made. A blocked SIGSEGV that the kernel itself raises still
 * ends us, as it should; one that somebody sent is forwarded.
 */
#ifndef CAISSON_INIT_SIGNALS_H
#define CAISSON_INIT_SIGNALS_H

#include <stddef.h>
#include <stdint.h>

enum { SIGNAL_NAME = 16, SIGNAL_FIRST_RT = 34 /* what programs call SIGRTMIN */, SIGNAL_MAX = 64 };

/* Blocks all; *old, unless NULL, takes the mask from before. */
void signals_block(uint64_t *old);
/* What a program starts with: ignored signals back to their default (execve(2) keeps them ignored), then the mask. */
void signals_reset(uint64_t mask);
/* The next pending signal of `set`, or 0 after `ms` milliseconds (-1: no limit). */
int signals_next(uint64_t set, int64_t ms);

/* "TERM", "SIGTERM", "15", "RTMIN+3", any case; 0 only for "0". -EINVAL for anything else. */
int signals_number(const char *name, size_t len);
/* "SIGTERM"; out has SIGNAL_NAME bytes. Returns out. */
const char *signals_name(int sig, char *out);

/* Milliseconds of the monotonic clock. */
int64_t signals_now(void);

#endif
