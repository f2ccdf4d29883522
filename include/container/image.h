/* SPDX-License-Identifier: Apache-2.0 */
/*
 * container/image.h - what an image says about itself: the wishes of its author, never a right.
 *
 * Reads three forms of the same thing: an OCI image configuration or Docker's image JSON (an object
 * with "config"), the output of `docker inspect` (an array of one object with "Config"), or the
 * bare configuration object. At most IMAGE_MAX_BYTES and IMAGE_MAX_ITEMS per list; a NUL inside a
 * text, a duplicate key and a value of the wrong type are refused by name.
 */
#ifndef CAISSON_CONTAINER_IMAGE_H
#define CAISSON_CONTAINER_IMAGE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "spec/types.h"

enum { IMAGE_MAX_BYTES = 8 * 1024 * 1024, IMAGE_MAX_ITEMS = 4096, IMAGE_MAX_HEALTH = 64 };

struct image_config {
	const char *user;        /* "name", "uid", "name:group", ...; NULL when absent or empty */
	const char *workdir;     /* NULL when absent or empty */
	const char *stop_signal; /* "SIGQUIT", "3"; NULL when absent or empty */
	struct strings env;      /* "KEY=VALUE" */
	struct strings entrypoint, cmd;
	struct strings volumes, ports; /* the keys: "/data", "80/tcp" */
	struct key_values labels;
	struct strings health;	/* of HEALTHCHECK: a program and its arguments; n 0: none, or "NONE" */
	const char *digest;	/* "sha256:...": of these bytes, or what `docker inspect` says in "Id"; NULL for a bare
				 * configuration object, which is no image's */
};

/* On failure *out is untouched. Everything lives in `a`. */
int image_config_parse(struct arena *a, const char *bytes, size_t len, struct image_config *out,
		       struct err *e);
/* The same from a file. Errors begin with its name. */
int image_config_read(const char *file, struct arena *a, struct image_config *out, struct err *e);

#endif
