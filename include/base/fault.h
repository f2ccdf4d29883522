/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/fault.h - points where a build for tests can be made to fail.
 *
 * With --enable-fault-injection, CAISSON_FAULT="STEP" makes the step of that name fail with EIO, and "kill:STEP" ends the
 * process there with SIGKILL. CAISSON_FAULT_LOG=FILE appends the name of every step that is passed. A normal build has none
 * of this: the function is constant 0.
 */
#ifndef CAISSON_BASE_FAULT_H
#define CAISSON_BASE_FAULT_H

#include "base/err.h"

#ifdef CAISSON_FAULT_INJECTION
int fault_here(const char *step, struct err *e);
#else
static inline int fault_here(const char *step, struct err *e)
{
	(void)step;
	(void)e;
	return 0;
}
#endif

#endif
