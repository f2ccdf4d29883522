/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

enum { ALIGN = 16, BLOCK_MIN = 64 * 1024, BLOCK_MAX = 4 * 1024 * 1024, PAGE = 4096 };

struct arena_block {
	struct arena_block *before;
	size_t size, used; /* bytes, this header included */
};

static size_t round_up(size_t n, size_t to)
{
	return (n + to - 1) / to * to;
}

/* Blocks come from mmap(2): pages are zero, and can be made read-only without touching the heap's neighbours. */
static struct arena_block *block_new(const struct arena *a, size_t payload)
{
	size_t want = a->last ? a->last->size * 2 : BLOCK_MIN;

	if (want > BLOCK_MAX)
		want = BLOCK_MAX;
	size_t least = round_up(payload + round_up(sizeof(struct arena_block), ALIGN), PAGE);
	if (want < least)
		want = least;
	void *p = mmap(NULL, want, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return NULL;
	struct arena_block *b = p;
	b->size = want;
	b->used = round_up(sizeof(*b), ALIGN);
	return b;
}

void *arena_alloc(struct arena *a, size_t size)
{
	size_t limit = a->limit ? a->limit : ARENA_DEFAULT_LIMIT;

	if (size > limit || a->used > limit - size)
		return NULL;
	size_t need = round_up(size ? size : 1, ALIGN);
	if (!a->last || a->last->size - a->last->used < need) {
		struct arena_block *b = block_new(a, need);
		if (!b)
			return NULL;
		b->before = a->last;
		a->last = b;
	}
	void *p = (char *)a->last + a->last->used;
	a->last->used += need;
	a->used += need;
	return p;
}

void *arena_array(struct arena *a, size_t n, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes))
		return NULL;
	return arena_alloc(a, bytes);
}

char *arena_memdup(struct arena *a, const void *p, size_t len)
{
	if (len == SIZE_MAX)
		return NULL;
	char *s = arena_alloc(a, len + 1);
	if (s && len)
		memcpy(s, p, len);
	return s;
}

char *arena_strdup(struct arena *a, const char *s)
{
	return arena_memdup(a, s, strlen(s));
}

char *arena_vprintf(struct arena *a, const char *fmt, va_list ap)
{
	va_list again;

	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0)
		return NULL;
	char *s = arena_alloc(a, (size_t)n + 1);
	if (s)
		vsnprintf(s, (size_t)n + 1, fmt, ap);
	return s;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	char *s = arena_vprintf(a, fmt, ap);
	va_end(ap);
	return s;
}

int arena_seal(struct arena *a)
{
	a->limit = 1; /* a later arena_alloc() gets NULL, not a fault */
	for (struct arena_block *b = a->last, *before; b; b = before) {
		before = b->before;
		if (mprotect(b, b->size, PROT_READ) < 0)
			return -errno;
	}
	return 0;
}

void arena_done(struct arena *a)
{
	for (struct arena_block *b = a->last, *before; b; b = before) {
		before = b->before;
		munmap(b, b->size);
	}
	*a = (struct arena){ 0 };
}

void arena_clear(struct arena *a)
{
	while (a->last && a->last->before) {
		struct arena_block *b = a->last;
		a->last = b->before;
		munmap(b, b->size);
	}
	a->used = 0;
	if (!a->last)
		return;
	struct arena_block *first = a->last;
	size_t head = round_up(sizeof(*first), ALIGN);
	memset((char *)first + head, 0, first->used - head);
	first->used = head;
}
