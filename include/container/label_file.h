/* SPDX-License-Identifier: Apache-2.0 */
/*
 * container/label_file.h - an engine's files, for the sources of labels: trusted, bounded, JSON.
 */
#ifndef CAISSON_CONTAINER_LABEL_FILE_H
#define CAISSON_CONTAINER_LABEL_FILE_H

#include <jansson.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "container/image.h"
#include "spec/types.h"

/* NULL with *e set; -ENOENT (in e->code) when there is no such file. The caller gives it back with json_decref(). */
json_t *label_file_json(const char *dir, const char *name, struct err *e);
/* A file whose name is the SHA-256 of what is in it: at most `max` bytes, malloc'd; refused when they are others. */
int label_file_blob(const char *dir, const char *digest, size_t max, char **bytes, size_t *len, struct err *e);
/* The labels of an image configuration, or of a Docker container. */
int label_file_labels(const char *dir, const char *name, struct arena *a, struct key_values *out, struct err *e);
/* The text at two keys, or at one when `below` is NULL; NULL when there is none. Borrowed. */
const char *label_file_text(const json_t *doc, const char *key, const char *below);
/* The whole of it; its digest is that of the bytes. */
int label_file_config(const char *dir, const char *name, struct arena *a, struct image_config *out, struct err *e);
bool label_file_is_hex(const char *text);		/* 64 digits: an id */
const char *label_file_digest(const char *text);	/* the 64 digits after "sha256:", or NULL */

#endif
