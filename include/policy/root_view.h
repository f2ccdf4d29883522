/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy/root_view.h - what the launch checks ask about files. The decision stays a function of values: reaching the files is the
 * caller's, container/root_view.h in the program and a table in tests.
 */
#ifndef CAISSON_POLICY_ROOT_VIEW_H
#define CAISSON_POLICY_ROOT_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum { ROOT_FILE_HEAD = 4096, ROOT_FILE_TAIL = 4096, ROOT_SCRIPT_MAX = 64 * 1024, ROOT_NAMES_MAX = 8 };

/* A regular file of the container's root. */
struct root_file {
	const char *path;		/* in the root, every link followed */
	const char *head;		/* its first bytes, with a NUL after them; of a #! script up to ROOT_SCRIPT_MAX */
	size_t head_len;
	const char *tail;		/* its last bytes, at most ROOT_FILE_TAIL */
	size_t tail_len;
	uint64_t caps;			/* permitted by security.capability */
	bool caps_effective;
};

/* A directory of the host's that is mounted into the container. */
struct root_owner { uint32_t uid, gid, mode; };

/* All give 0, or -ENOENT without a text when there is nothing of the kind or it may not be looked at; texts live in the arena. */
struct root_view {
	void *ctx;
	int (*file)(void *ctx, struct arena *a, const char *path, struct root_file *out, struct err *e);
	/* The names in a directory of the root, at most ROOT_NAMES_MAX, sorted. */
	int (*names)(void *ctx, struct arena *a, const char *path, struct strings *out, struct err *e);
	int (*owner)(void *ctx, const char *host_path, struct root_owner *out);
};

#endif
