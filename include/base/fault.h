/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/fault.h - points where a build for tests can be made to fail.
 *
 * With --enable-fault-injection, CAISSON_FAULT="STEP" makes the step of that name fail with EIO, "mute:STEP" makes it fail without a
 * word in its struct err, and "kill:STEP" ends the process there with SIGKILL. CAISSON_SKIP="A,B" leaves steps of enforcement out, as if their line of the source were not there (a
 * mutant): whatever reads back must notice. CAISSON_SKIP_LOG=FILE appends the name of each such step that is passed. CAISSON_FAULT_LOG=FILE appends the name of every step that is passed. CAISSON_DEADLINE=MS cuts every
 * deadline of base/wait.h down to that. CAISSON_FACTS="NAME=N,..." is a host that can do other things than this one. A normal build has
 * none of this.
 */
#ifndef CAISSON_BASE_FAULT_H
#define CAISSON_BASE_FAULT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#ifdef CAISSON_FAULT_INJECTION
int fault_here(const char *step, struct err *e);
int fault_deadline(int ms);
bool fault_skip(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* "CAISSON_SKIP=..." for the environment of caisson-init; NULL: none. */
char *fault_skip_variable(void);
/* What the host is said to have in the place of `real`. */
int fault_fact(const char *name, int real);
#else
/* A macro: a name that needs formatting costs nothing. */
#define fault_skip(...) false
static inline char *fault_skip_variable(void)
{
	return NULL;
}
static inline int fault_here(const char *step, struct err *e)
{
	(void)step;
	(void)e;
	return 0;
}
static inline int fault_deadline(int ms)
{
	return ms;
}
static inline int fault_fact(const char *name, int real)
{
	(void)name;
	return real;
}
#endif

#endif
