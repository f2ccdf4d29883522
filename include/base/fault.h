/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/fault.h - points where a build for tests can be made to fail.
 *
 * With --enable-fault-injection, CAISSON_FAULT="STEP" makes the step of that name fail with EIO, and "kill:STEP" ends the
 * process there with SIGKILL. CAISSON_FAULT_LOG=FILE appends the name of every step that is passed. CAISSON_DEADLINE=MS cuts every
 * deadline of base/wait.h down to that. A normal build has none of this.
 */
#ifndef CAISSON_BASE_FAULT_H
#define CAISSON_BASE_FAULT_H

#include "base/err.h"

#ifdef CAISSON_FAULT_INJECTION
int fault_here(const char *step, struct err *e);
int fault_deadline(int ms);
#else
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
#endif

#endif
