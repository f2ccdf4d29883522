/* SPDX-License-Identifier: Apache-2.0 */
/*
 * init/record.h - is this finish record well formed?
 *
 * Everything that reads a record afterwards (finish.c, hooks.c, filters.c) does so without checks of its own, so whatever they rely on
 * is checked here: this is the function to fuzz. It touches nothing but the bytes given.
 */
#ifndef CAISSON_INIT_RECORD_H
#define CAISSON_INIT_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "init/finish.h"

enum {
	RECORD_MAX_FILTERS  = 32,
	RECORD_MAX_INSNS    = 4096,	/* BPF_MAXINSNS */
	RECORD_MAX_LAYERS   = 8,	/* the kernel stacks 16 */
	RECORD_MAX_HOOKS    = 256,
	RECORD_MAX_NODES    = 1024,
	RECORD_MAX_KEPT_FDS = 1 << 20,
	RECORD_MAX_RLIMIT   = 15,	/* RLIMIT_RTTIME: the kernel has 16 */
};

/* 0, or -EINVAL with *why naming the field and the rule that it breaks. `data` must be aligned to 8 bytes. */
int record_check(const void *data, size_t size, const char **why);

/* The bytes of a span of a record that has been checked. */
static inline const void *record_at(const struct finish_record *r, struct finish_span s)
{
	return (const unsigned char *)r + s.off;
}

static inline const char *record_text(const struct finish_record *r, struct finish_span s)
{
	return (const char *)record_at(r, s);
}

/* How many NUL-terminated strings `len` bytes hold. */
size_t record_count_strings(const char *text, size_t len);

/* The program or hook after this one. */
static inline size_t record_filter_size(const struct finish_filter *f)
{
	return sizeof(*f) + (size_t)f->count * 8;
}
static inline size_t record_landlock_size(const struct finish_landlock *l)
{
	return sizeof(*l) + (((size_t)l->text_len + 7) & ~(size_t)7);
}
static inline size_t record_hook_size(const struct finish_hook *h)
{
	return sizeof(*h) + (((size_t)h->text_len + 7) & ~(size_t)7);
}

#endif
