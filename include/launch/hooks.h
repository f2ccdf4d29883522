/* SPDX-License-Identifier: Apache-2.0 */
/*
 * launch/hooks.h - runs OCI hooks: the state on standard input, a deadline, the environment that the hook lists and no other.
 */
#ifndef CAISSON_LAUNCH_HOOKS_H
#define CAISSON_LAUNCH_HOOKS_H

#include <stdbool.h>

#include "base/err.h"
#include "spec/types.h"

const char *hooks_kind_name(enum hook_kind k);
/*
 * Runs the hooks in order in the caller's namespaces, in directory dir (the bundle). state: JSON. The first failure ends it with an error that has the index,
 * path, duration, status or signal, and the last 4 KiB of what the hook printed; with keep_going (poststop) the rest runs all the same, and the error has every failure.
 */
int hooks_run(const struct hooks *h, enum hook_kind k, const char *dir, const char *state, bool keep_going, struct err *e);

#endif
