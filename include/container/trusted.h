/* SPDX-License-Identifier: Apache-2.0 */
/*
 * container/trusted.h - files that decide something: only those that nobody but root could have put there.
 *
 * Each directory on the way is opened by descriptor, without symbolic links (but see `links`), and must be root's and writable by
 * root alone; so must the file, which is a regular one. Root as seen from a user namespace that does not map it is taken for root.
 * Anything else is refused with its reason.
 */
#ifndef CAISSON_CONTAINER_TRUSTED_H
#define CAISSON_CONTAINER_TRUSTED_H

#include <stdbool.h>

#include "base/err.h"

struct trust {
	const char *what;	/* for texts: "policy is read from" */
	bool any_owner;		/* owners are not looked at */
	bool links;		/* a symbolic link on the way to a directory is followed, if it and all it leads through can be trusted as well */
	bool own;		/* the caller's own will do too, also below a directory like /tmp, whose entries only their owner moves */
};

/* Both give an open descriptor; -ENOENT without a text when something is missing, other errors with one. */
int trusted_open_dir(const struct trust *t, const char *path, int *out, struct err *e);
/* `path` is the whole name, for texts. */
int trusted_open_file(const struct trust *t, int dir, const char *name, const char *path, int *out, struct err *e);
/* The same question of an open descriptor. */
int trusted_check(const struct trust *t, int fd, const char *path, struct err *e);

#endif
