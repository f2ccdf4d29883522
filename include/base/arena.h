/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/arena.h - one region that owns a tree of values.
 *
 * Spec and plan are each one arena: strings point inside it, one call frees it, and after arena_seal() the pages are
 * read-only, so that a decision cannot change after it was made (mprotect(2)). Memory is zeroed. When memory runs out,
 * or the region reaches its limit, the allocators return NULL; callers turn that into ENOMEM.
 */
#ifndef CAISSON_BASE_ARENA_H
#define CAISSON_BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct arena_block;

struct arena {
	struct arena_block *last;
	size_t used;	/* bytes handed out so far */
	size_t limit;	/* bytes; 0 means ARENA_DEFAULT_LIMIT */
};

enum { ARENA_DEFAULT_LIMIT = 256 * 1024 * 1024 };

/* `size` bytes, zeroed, aligned for any type; NULL when there is no memory. size 0 gives a valid pointer. */
void *arena_alloc(struct arena *a, size_t size);
/* An array of `n` elements of `size` bytes; NULL on overflow or no memory. */
void *arena_array(struct arena *a, size_t n, size_t size);
char *arena_strdup(struct arena *a, const char *s);
/* Copies `len` bytes and adds a NUL. */
char *arena_memdup(struct arena *a, const void *p, size_t len);
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *a, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));
/* Makes every page of the region read-only. Nothing can be allocated from it afterwards. Returns 0 or -errno. */
int arena_seal(struct arena *a);
/* Gives everything back; the arena may be used again. */
void arena_done(struct arena *a);

/* The same in effect, but its first block is kept: for loops that fill it again and again. */
void arena_clear(struct arena *a);

#define auto_arena __attribute__((cleanup(arena_done))) struct arena

#endif
