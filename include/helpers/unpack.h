/* SPDX-License-Identifier: Apache-2.0 */
/*
 * helpers/unpack.h - one entry of an archive at a time, beneath a directory descriptor.
 *
 * Nothing here resolves a path through a symbolic link, and nothing that the archive names can lie
 * outside the directory: ".." and absolute names are refused, not repaired.
 */
#ifndef CAISSON_HELPERS_UNPACK_H
#define CAISSON_HELPERS_UNPACK_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/err.h"

enum { UNPACK_MAX_ENTRIES = 2 * 1000 * 1000, UNPACK_MAX_NOTES = 20, UNPACK_MAX_XATTR = 64 };
#define UNPACK_MAX_BYTES (UINT64_C(64) << 30)

struct unpack {
	int root;        /* the directory */
	bool privileged; /* owners and devices can be set */
	uint64_t entries, bytes, notes;
};

struct unpack_attr {
	uint32_t uid, gid, mode;
	struct timespec mtime;
	const void *capability; /* the value of security.capability; NULL = none */
	size_t capability_size;
};

/* "note: ..." on standard output; the first UNPACK_MAX_NOTES of them. */
void unpack_note(struct unpack *u, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* One line on standard output: names in it are a stranger's, so no control characters. */
void unpack_say(const char *before, const char *text);

/* The name without "./", "//" and a trailing '/'; "" is the root itself. Refuses absolute names and
 * "..". */
int unpack_name(const char *text, char out[PATH_MAX], struct err *e);

int unpack_directory(struct unpack *u, const char *name, const struct unpack_attr *a,
		     struct err *e);
/* An empty new file, open for writing; unpack_file_done() sets everything else. */
int unpack_file(struct unpack *u, const char *name, struct err *e);
int unpack_file_done(struct unpack *u, int fd, const char *name, const struct unpack_attr *a,
		     struct err *e);
int unpack_symlink(struct unpack *u, const char *name, const char *target,
		   const struct unpack_attr *a, struct err *e);
int unpack_hardlink(struct unpack *u, const char *name, const char *target, struct err *e);
/* A FIFO, or one of the few devices that every container has anyway; others are left out with a
 * note. */
int unpack_node(struct unpack *u, const char *name, mode_t type, dev_t dev,
		const struct unpack_attr *a, struct err *e);

#endif
