/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/helper.h - programs in libexec/caisson: what needs a heavy library, started only when asked for.
 *
 * They are looked for beside this program (a build directory), then where they are installed, never through PATH.
 */
#ifndef CAISSON_BASE_HELPER_H
#define CAISSON_BASE_HELPER_H

#include <limits.h>

#include "base/err.h"

/* missing: the end of the error, after the path: "unpacks archives and is not installed". */
int helper_find(const char *name, const char *missing, char out[PATH_MAX], struct err *e);
/*
 * In the child of a fork of one thread; never returns. fds[0..n-1] become descriptors 0..n-1 (at most 8), every other one is
 * closed, no signal is blocked, and the environment is a PATH of the system's own. arg: the only argument, or NULL.
 */
_Noreturn void helper_exec(const char *path, const char *arg, const int *fds, unsigned n);

#endif
