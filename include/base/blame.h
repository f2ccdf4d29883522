/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/blame.h - which component of a path is to blame when it does not resolve, and what it is.
 *
 * For error texts alone: what is said may have changed since the call failed, so nothing is decided by it.
 */
#ifndef CAISSON_BASE_BLAME_H
#define CAISSON_BASE_BLAME_H

#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

/* root: an O_PATH descriptor that the path is resolved in (base/path.h), or -1 for a path of the host. Puts
 * `: "/a/b" is a regular file, not a directory` behind the text of *e, or nothing when every component is fine. Returns -e->code. */
int blame_path(int root, const char *path, struct err *e);

/* "a directory", "a regular file", ... */
const char *blame_kind(mode_t mode);

#endif
