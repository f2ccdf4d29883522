/* SPDX-License-Identifier: Apache-2.0 */
/*
 * init/skip.h - steps of enforcement that a build for tests can be made to leave out.
 *
 * With --enable-fault-injection, the names in CAISSON_SKIP (with commas between) are left out, as base/fault.h has it for the
 * runtime, which passes the variable on. A normal build has none of this.
 */
#ifndef CAISSON_INIT_SKIP_H
#define CAISSON_INIT_SKIP_H

#include <stdbool.h>

#ifdef CAISSON_FAULT_INJECTION
bool skip_here(const char *step);
#else
static inline bool skip_here(const char *step)
{
	(void)step;
	return false;
}
#endif

#endif
