/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/stage.h - mounts that are made first and attached later, with the mount API of the kernel at hand.
 *
 * With the new API (open_tree, fsopen, move_mount: Linux 5.2; mount_setattr: 5.12) such a mount is detached until it is moved to
 * its place. Where that API is missing, or a filter around us answers ENOSYS, the mount is made on a private tmpfs that lies over
 * the container's root meanwhile (stage_open), restricted there by mount(2), and moved with MS_MOVE: the same order, restrict
 * first and attach second, and the same code above this header. Paths are /proc/self/fd/N of our own descriptors, so
 * the host's procfs must still be at /proc.
 */
#ifndef CAISSON_KERNEL_STAGE_H
#define CAISSON_KERNEL_STAGE_H

#include <stdbool.h>

#include "base/err.h"
#include "base/sys.h"

struct stage {
	bool old;	/* the new API is not there */
	int dir;	/* old: the tmpfs where mounts are made; -1 */
	unsigned n;	/* old: how many were made */
};
#define STAGE_NEW_API { .dir = -1 }

/* True when this process can use the new API. */
bool stage_has_new_api(void);
/* Without the new API: mounts the tmpfs on `at`. */
int stage_open(struct stage *s, const char *at, struct err *e);

/* Takes the tmpfs away, when everything on it has been moved to its place. */
int stage_close(struct stage *s, struct err *e);

/* A copy of what is mounted at dir/path (path "" with the descriptor alone), with all below it when recursive. A descriptor, or
 * -errno. */
int stage_clone(struct stage *s, int dir, const char *path, bool recursive);
/* A new file system; data: comma-joined options; attr: MOUNT_ATTR_*. */
int stage_new_fs(struct stage *s, const char *type, const char *source, const char *data, unsigned long sb_flags,
		 unsigned int attr, const char *label, struct err *e);
/* Attributes and propagation of one mount or, recursive, of all below it. 0 or -errno; without the new API attributes of a whole
 * tree, and id maps, are -ENOSYS. */
int stage_set_attr(const struct stage *s, int tree, bool recursive, const struct mount_attr *attr);
/* Puts it in its place: target is an O_PATH descriptor. 0 or -errno. */
int stage_move(const struct stage *s, int tree, int target);

/* The old half, in stage_old.c. */
int stage_old_clone(struct stage *s, int dir, const char *path, bool recursive);
int stage_old_new_fs(struct stage *s, const char *type, const char *source, const char *data, unsigned long sb_flags,
		     const char *label);
int stage_old_set_attr(int tree, bool recursive, const struct mount_attr *attr);
int stage_old_move(int tree, int target);

#endif
