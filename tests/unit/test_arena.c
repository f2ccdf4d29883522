/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

Test(arena, memory_is_zeroed_aligned_and_apart)
{
	auto_arena a = { 0 };
	unsigned char *before = NULL;

	for (size_t size = 0; size < 3000; size += 7) {
		unsigned char *p = arena_alloc(&a, size);

		cr_assert(p != NULL);
		cr_assert((uintptr_t)p % _Alignof(max_align_t) == 0);
		for (size_t i = 0; i < size; i++)
			cr_assert(p[i] == 0);
		memset(p, 0xff, size);
		cr_assert(p != before);
		before = p;
	}
}

Test(arena, large_pieces_fit_too)
{
	auto_arena a = { 0 };
	char *big = arena_alloc(&a, 20 * 1024 * 1024);
	char *small = arena_alloc(&a, 1);

	cr_assert(big != NULL && small != NULL);
	memset(big, 1, 20 * 1024 * 1024);
	cr_assert(*small == 0);
}

Test(arena, the_limit_is_kept)
{
	auto_arena a = { .limit = 1000 };

	cr_assert(arena_alloc(&a, 1001) == NULL);
	cr_assert(arena_alloc(&a, 500) != NULL);
	cr_assert(arena_alloc(&a, 600) == NULL);
	cr_assert(arena_alloc(&a, SIZE_MAX) == NULL);
	cr_assert(arena_alloc(&a, 100) != NULL);
}

Test(arena, the_default_limit_is_kept)
{
	auto_arena a = { 0 };

	cr_assert(arena_alloc(&a, (size_t)ARENA_DEFAULT_LIMIT + 1) == NULL);
}

Test(arena, an_array_that_overflows_is_refused)
{
	auto_arena a = { 0 };

	cr_assert(arena_array(&a, SIZE_MAX / 2, 4) == NULL);
	cr_assert(arena_array(&a, 3, 4) != NULL);
	cr_assert(arena_array(&a, 0, 4) != NULL);
}

Test(arena, texts_are_copied)
{
	auto_arena a = { 0 };
	char text[] = "hello";
	char *copy = arena_strdup(&a, text), *part = arena_memdup(&a, text, 2), *none = arena_memdup(&a, "", 0);

	text[0] = 'j';
	cr_assert(strcmp(copy, "hello") == 0);
	cr_assert(strcmp(part, "he") == 0);
	cr_assert(none[0] == '\0');
	cr_assert(strcmp(arena_printf(&a, "%s-%d", "x", 5), "x-5") == 0);
	cr_assert(arena_memdup(&a, text, SIZE_MAX) == NULL);
}

Test(arena, a_full_arena_copies_nothing)
{
	auto_arena a = { .limit = 4 };

	cr_assert(arena_strdup(&a, "hello") == NULL);
	cr_assert(arena_printf(&a, "%s", "hello") == NULL);
}

Test(arena, can_be_used_again_after_done)
{
	struct arena a = { 0 };

	cr_assert(arena_alloc(&a, 100) != NULL);
	arena_done(&a);
	cr_assert(a.used == 0 && a.last == NULL);
	cr_assert(arena_alloc(&a, 100) != NULL);
	arena_done(&a);
	arena_done(&a);
}

Test(arena, a_sealed_one_is_still_read)
{
	auto_arena a = { 0 };
	char *p = arena_strdup(&a, "plan");

	cr_assert(arena_alloc(&a, 1024 * 1024) != NULL);
	cr_assert(arena_seal(&a) == 0);
	cr_assert(strcmp(p, "plan") == 0);
	cr_assert(arena_alloc(&a, 1) == NULL);
	cr_assert(arena_strdup(&a, "more") == NULL);
}

Test(arena, a_sealed_one_cannot_be_written, .signal = SIGSEGV)
{
	struct arena a = { 0 };
	volatile char *p = arena_strdup(&a, "plan");

	cr_assert(arena_seal(&a) == 0);
	p[0] = 'f';
}

Test(arena, sealing_reaches_the_first_block_too, .signal = SIGSEGV)
{
	struct arena a = { 0 };
	volatile char *p = arena_strdup(&a, "plan");

	for (int i = 0; i < 100; i++)
		cr_assert(arena_alloc(&a, 64 * 1024) != NULL);
	cr_assert(arena_seal(&a) == 0);
	p[0] = 'f';
}

Test(arena, a_cleared_one_gives_zeros_again)
{
	auto_arena a = { 0 };
	char *first = arena_alloc(&a, 1000), *again;

	memset(first, 'x', 1000);
	for (int i = 0; i < 10; i++)
		cr_assert(arena_alloc(&a, 64 * 1024) != NULL);
	arena_clear(&a);
	cr_assert_eq(a.used, 0);
	again = arena_alloc(&a, 1000);
	cr_assert_eq(again, first);
	for (int i = 0; i < 1000; i++)
		cr_assert_eq(again[i], 0);
	cr_assert_not_null(arena_alloc(&a, 200 * 1024));
	arena_clear(&(struct arena){ 0 });
}
