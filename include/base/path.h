/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/path.h - every lookup inside a root goes through here.
 *
 * openat2(2) with RESOLVE_IN_ROOT: symbolic links are followed, but "/" and ".." never leave the root descriptor, and
 * magic links are refused. A kernel without openat2 (before 5.6) is refused with a clear error: a walk by hand
 * cannot be made free of races.
 */
#ifndef CAISSON_BASE_PATH_H
#define CAISSON_BASE_PATH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/* Opens `path` inside the tree at `root` with `flags` (O_CLOEXEC is added) and `mode` for O_CREAT. -errno on failure;
 * err names the path. */
int path_open_in(int root, const char *path, int flags, mode_t mode, struct err *e);
/* The same without an error text: for probing. */
int path_probe_in(int root, const char *path, int flags);
/* As path_probe_in but no symbolic link is followed anywhere (RESOLVE_NO_SYMLINKS as well). */
int path_probe_nolink(int root, const char *path, int flags);

/* Makes the directory `path` and its parents inside `root` (each component by descriptor; links inside the root are
 * followed, dangling ones refused). Returns an O_PATH descriptor of the last directory. */
int path_mkdir_in(int root, const char *path, mode_t mode, struct err *e);
/* Makes sure `path` exists inside `root` as a mount target: a directory, or (file = true) an empty regular file; the
 * parents are made as needed. Something that is already there is taken as it is. Returns an O_PATH descriptor. */
int path_target_in(int root, const char *path, bool file, struct err *e);

/* The cleaned absolute form of `path`: one leading '/', no "//", no ".", ".." taken lexically but never above "/", no
 * trailing slash. Writes at most size bytes; 0 or -ENAMETOOLONG. */
int path_clean(const char *path, char *out, size_t size);
/* True if clean absolute `path` is `dir` or lies below it. */
bool path_is_below(const char *path, const char *dir);

#endif
