/* SPDX-License-Identifier: Apache-2.0 */
/*
 * container/roots.h - directories for root file systems that launch unpacks from archives:
 * <dir>/<name>/rootfs, <name> 0700, removed with the container. <dir>/<name>/owner is a symbolic
 * link whose text names who it belongs to (container/id_ranges.h); what nobody owns any more is
 * swept away by the next launch.
 */
#ifndef CAISSON_CONTAINER_ROOTS_H
#define CAISSON_CONTAINER_ROOTS_H

#include <stdint.h>

#include "base/err.h"

/* /var/lib/caisson/roots as root, $XDG_DATA_HOME or ~/.local/share below "caisson/roots" otherwise.
 */
enum { ROOTS_DIR_MAX = 4096 };
int roots_dir(char out[ROOTS_DIR_MAX], struct err *e);

/* Makes <dir>/<name>/rootfs and gives a descriptor of it. -EEXIST: the name is in use. Sweeps
 * first. */
int roots_make(const char *dir, const char *name, const char *state_dir, struct err *e);
/* Lets one group pass through <dir>/<name>: the root group of a container with user ids of its own.
 * Nobody else on the host may come near the set-id programs inside. */
int roots_admit(const char *dir, const char *name, uint32_t gid, struct err *e);
/* Removes <dir>/<name> and all below it; never follows a link or crosses into another file system.
 */
void roots_remove(const char *dir, const char *name);

#endif
