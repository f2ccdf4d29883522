/* SPDX-License-Identifier: Apache-2.0 */
/* helpers/power.h - what a helper gives up before it reads the first byte of somebody else's. */
#ifndef CAISSON_HELPERS_POWER_H
#define CAISSON_HELPERS_POWER_H

#include <stdint.h>

#include "base/err.h"

/* Bounds memory (bytes of address space; unbounded under the address sanitizer, whose own map is larger) and descriptors, forbids core
 * files and new privileges, and keeps of the permitted capabilities only those in `caps` (bit N: capability N); none is inheritable.
 * Returns 0 or a negative errno. setrlimit(2), prctl(2), capset(2). */
int helper_drop_power(uint64_t memory, uint64_t caps, struct err *e);

#endif
