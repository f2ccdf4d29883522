/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/rootfs.h - assemble the container's root and enter it. Runs in the new process, inside its mount namespace.
 *
 * Order: rootfs_attach (propagation, the root mount), the mounts (kernel/mounts.h), rootfs_devices, then, after the hooks that
 * may still add to it, rootfs_finish (cwd, masked and read-only paths, read-only root), rootfs_enter. Nothing inside the root is ever named by a path of the host.
 */
#ifndef CAISSON_KERNEL_ROOTFS_H
#define CAISSON_KERNEL_ROOTFS_H

#include <stdbool.h>

#include "base/err.h"
#include "kernel/mounts.h"
#include "policy/plan.h"

/* A detached tree of the root file system with its attributes. */
int rootfs_open_source(struct stage *s, const struct plan_root *r, struct err *e);
/* Fills *s, stops propagation to the host and attaches the root. tree: from rootfs_open_source, or -1 to open it here. Returns an O_PATH
 * descriptor of the root mount. */
int rootfs_attach(struct stage *s, const struct plan_root *r, int tree, struct err *e);
/* /dev: default and listed devices, links. */
int rootfs_devices(const struct plan *p, struct stage *s, int root, struct err *e);
int rootfs_finish(const struct plan *p, struct stage *s, int root, struct err *e);
/* pivot_root(2), or with no_pivot MS_MOVE and chroot(2) as an initramfs needs. */
int rootfs_enter(struct stage *s, int root, bool no_pivot, unsigned long propagation, struct err *e);

/* Masked and read-only paths: a piece of rootfs_finish with a file of its own. */
int rootfs_hide_paths(const struct plan *p, struct stage *s, int root, struct err *e);

#endif
