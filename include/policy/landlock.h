/* SPDX-License-Identifier: Apache-2.0 */
/* policy/landlock.h - which words of Landlock a kernel knows, by the version (ABI) that it states; landlock(7). */
#ifndef CAISSON_POLICY_LANDLOCK_H
#define CAISSON_POLICY_LANDLOCK_H

#include "policy/plan.h"

/* LANDLOCK_ACCESS_FS_* of this version and those before; 0: none. A version of the future knows at least what the last one here does. */
uint64_t landlock_known(int abi);
size_t landlock_layers(const struct landlock_rules *r);

#endif
