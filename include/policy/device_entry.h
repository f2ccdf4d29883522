/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy/device_entry.h - what a member of devices.allow means: "/dev/NAME", or "c MAJOR:MINOR rwm" as the cgroup has it, with b for
 * block devices, '*' for any number, and some of the three letters.
 */
#ifndef CAISSON_POLICY_DEVICE_ENTRY_H
#define CAISSON_POLICY_DEVICE_ENTRY_H

#include <stdbool.h>

#include "spec/types.h"

bool device_entry_is_path(const char *text);
/* The second form: false for anything else. */
bool device_entry_parse(const char *text, struct device_rule *out);

#endif
