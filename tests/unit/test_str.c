/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

Test(str, grows_and_stays_terminated)
{
	auto_str s = { 0 };

	for (int i = 0; i < 1000; i++)
		str_add(&s, "ab");
	str_addf(&s, "%d-%s", 7, "x");
	str_add_bytes(&s, "cd\0e", 4);
	cr_expect_not(s.failed);
	cr_expect_eq(s.len, 2007);
	cr_expect_eq(s.s[s.len], '\0');
	cr_expect_eq(memcmp(s.s + 2000, "7-xcd\0e", 7), 0);
}

Test(str, an_empty_append_makes_a_string)
{
	auto_str s = { 0 };

	cr_expect_null(s.s);
	str_add(&s, "");
	cr_assert_not_null(s.s);
	cr_expect_str_eq(s.s, "");
	str_done(&s);
	cr_expect_null(s.s);
	cr_expect_eq(s.len, 0);
}

Test(str, a_failure_stays)
{
	auto_str s = { 0 };

	str_add(&s, "a");
	str_add_bytes(&s, "b", SIZE_MAX / 2);
	cr_expect(s.failed);
	str_add(&s, "c");
	cr_expect(s.failed);
	cr_expect_str_eq(s.s, "a");
}

Test(str, compares)
{
	static const char *const v[] = { "a", "b", NULL };
	const struct strings list = { 2, v }, none = { 0, NULL };

	cr_expect(str_eq("a", "a"));
	cr_expect_not(str_eq("a", "b"));
	cr_expect(str_eq(NULL, NULL));
	cr_expect_not(str_eq("", NULL));
	cr_expect_not(str_eq(NULL, ""));
	cr_expect(str_starts("abc", "ab"));
	cr_expect(str_starts("abc", ""));
	cr_expect_not(str_starts("ab", "abc"));
	cr_expect(str_in(&list, "b"));
	cr_expect_not(str_in(&list, "c"));
	cr_expect_not(str_in(&none, "a"));
}

static const struct { const char *s; int u64, i64, u32; uint64_t value; } numbers[] = {
	{ "0", 0, 0, 0, 0 },
	{ "7", 0, 0, 0, 7 },
	{ "007", 0, 0, 0, 7 },
	{ "4294967295", 0, 0, 0, UINT32_MAX },
	{ "4294967296", 0, 0, -ERANGE, UINT64_C(4294967296) },
	{ "9223372036854775807", 0, 0, -ERANGE, INT64_MAX },
	{ "9223372036854775808", 0, -ERANGE, -ERANGE, UINT64_C(1) << 63 },
	{ "18446744073709551615", 0, -ERANGE, -ERANGE, UINT64_MAX },
	{ "18446744073709551616", -ERANGE, -ERANGE, -ERANGE, 0 },
	{ "99999999999999999999999", -ERANGE, -ERANGE, -ERANGE, 0 },
	{ "", -EINVAL, -EINVAL, -EINVAL, 0 },
	{ " 1", -EINVAL, -EINVAL, -EINVAL, 0 },
	{ "1 ", -EINVAL, -EINVAL, -EINVAL, 0 },
	{ "+1", -EINVAL, -EINVAL, -EINVAL, 0 },
	{ "1x", -EINVAL, -EINVAL, -EINVAL, 0 },
	{ "0x10", -EINVAL, -EINVAL, -EINVAL, 0 },
	{ "1.0", -EINVAL, -EINVAL, -EINVAL, 0 },
	{ "-", -EINVAL, -EINVAL, -EINVAL, 0 },
	{ "--1", -EINVAL, -EINVAL, -EINVAL, 0 },
};

Test(str, numbers_are_strict)
{
	for (size_t i = 0; i < N_ELEMENTS(numbers); i++) {
		uint64_t u64 = 99;
		int64_t i64 = 99;
		uint32_t u32 = 99;

		cr_expect_eq(str_u64(numbers[i].s, &u64), numbers[i].u64, "u64 \"%s\"", numbers[i].s);
		cr_expect_eq(u64, numbers[i].u64 ? 99 : numbers[i].value, "u64 \"%s\"", numbers[i].s);
		cr_expect_eq(str_i64(numbers[i].s, &i64), numbers[i].i64, "i64 \"%s\"", numbers[i].s);
		cr_expect_eq((uint64_t)i64, numbers[i].i64 ? 99 : numbers[i].value, "i64 \"%s\"", numbers[i].s);
		cr_expect_eq(str_u32(numbers[i].s, &u32), numbers[i].u32, "u32 \"%s\"", numbers[i].s);
		cr_expect_eq(u32, numbers[i].u32 ? 99 : numbers[i].value, "u32 \"%s\"", numbers[i].s);
	}
}

Test(str, only_i64_takes_a_minus)
{
	uint64_t u64;
	uint32_t u32;
	int64_t i64;

	cr_expect_eq(str_i64("-1", &i64), 0);
	cr_expect_eq(i64, -1);
	cr_expect_eq(str_i64("-9223372036854775808", &i64), 0);
	cr_expect_eq(i64, INT64_MIN);
	cr_expect_eq(str_i64("-9223372036854775809", &i64), -ERANGE);
	cr_expect_eq(str_u64("-1", &u64), -EINVAL);
	cr_expect_eq(str_u32("-0", &u32), -EINVAL);
}

static const struct { const char *s; int want; uint64_t value; } sizes[] = {
	{ "0", 0, 0 }, { "10", 0, 10 }, { "10b", 0, 10 }, { "1k", 0, 1024 }, { "1K", 0, 1024 }, { "1kb", 0, 1024 },
	{ "1KiB", 0, 1024 }, { "2m", 0, 2 << 20 }, { "3g", 0, UINT64_C(3) << 30 }, { "1T", 0, UINT64_C(1) << 40 },
	{ "16777215t", 0, UINT64_C(16777215) << 40 }, { "16777216t", -ERANGE, 0 }, { "-1", -EINVAL, 0 },
	{ "", -EINVAL, 0 }, { "k", -EINVAL, 0 }, { "1x", -EINVAL, 0 }, { "1kk", -EINVAL, 0 }, { "1bb", -EINVAL, 0 },
	{ "1 k", -EINVAL, 0 }, { "1k ", -EINVAL, 0 }, { "1.5g", -EINVAL, 0 }, { "18446744073709551616", -ERANGE, 0 },
};

Test(str, sizes_have_units_of_1024)
{
	for (size_t i = 0; i < N_ELEMENTS(sizes); i++) {
		uint64_t v = 99;

		cr_expect_eq(str_size(sizes[i].s, &v), sizes[i].want, "\"%s\"", sizes[i].s);
		cr_expect_eq(v, sizes[i].want ? 99 : sizes[i].value, "\"%s\" is %lu", sizes[i].s, (unsigned long)v);
	}
}

static const struct { const char *s; int want; uint64_t value; } times[] = {
	{ "90s", 0, 90 }, { "2m", 0, 120 }, { "1h", 0, 3600 }, { "0s", 0, 0 }, { "9999999h", 0, UINT64_C(35999996400) },
	{ "90", -EINVAL, 0 }, { "s", -EINVAL, 0 }, { "", -EINVAL, 0 }, { "1d", -EINVAL, 0 }, { "1s ", -EINVAL, 0 }, { "-1s", -EINVAL, 0 },
	{ "1ms", -EINVAL, 0 }, { "10000000s", -EINVAL, 0 }, { "1S", -EINVAL, 0 },
};

Test(str, a_time_has_a_number_and_a_unit)
{
	for (size_t i = 0; i < N_ELEMENTS(times); i++) {
		uint64_t v = 99;

		cr_expect_eq(str_seconds(times[i].s, &v), times[i].want, "\"%s\"", times[i].s);
		cr_expect_eq(v, times[i].want ? 99 : times[i].value, "\"%s\" is %lu", times[i].s, (unsigned long)v);
	}
}

Test(str, what_steers_a_terminal_becomes_a_question_mark)
{
	static const char before[] = "a\x1b[31m\0\x7f\xc2\x9b\xff\xc3\xa4\t\r\n\xe2\x82\xac\xc3", after[] = "a?[31m?????\xc3\xa4\t?\n\xe2\x82\xac?",
			  no_lines[] = "a?[31m?????\xc3\xa4???\xe2\x82\xac?";
	char text[sizeof(before)];

	memcpy(text, before, sizeof(text));
	str_printable(text, sizeof(text) - 1, "\t\n");
	cr_expect_arr_eq(text, after, sizeof(after));
	memcpy(text, before, sizeof(text));
	str_printable(text, sizeof(text) - 1, "");
	cr_expect_arr_eq(text, no_lines, sizeof(no_lines));
	str_printable(NULL, 0, "");
}

static const struct { const char *s; int r; uint64_t low, high; } lists[] = {
	{ "0", 0, 1, 0 }, { "0-3,7", 0, 0x8f, 0 }, { " 1 , 2 - 4 ", 0, 0x1e, 0 }, { "127", 0, 0, UINT64_C(1) << 63 },
	{ "63-64", 0, UINT64_C(1) << 63, 1 }, { "3,3,2-3", 0, 12, 0 }, { "0-127", 0, UINT64_MAX, UINT64_MAX },
	{ "0007", 0, 0x80, 0 }, { "", -EINVAL, 0, 0 }, { " ", -EINVAL, 0, 0 }, { ",", -EINVAL, 0, 0 },
	{ "1,", -EINVAL, 0, 0 }, { "1,,2", -EINVAL, 0, 0 }, { "2-1", -EINVAL, 0, 0 }, { "1-", -EINVAL, 0, 0 },
	{ "-1", -EINVAL, 0, 0 }, { "1 2", -EINVAL, 0, 0 }, { "1x", -EINVAL, 0, 0 }, { "1-2-3", -EINVAL, 0, 0 },
	{ "128", -ERANGE, 0, 0 }, { "0-128", -ERANGE, 0, 0 }, { "99999999999999999999999", -ERANGE, 0, 0 },
};

Test(str, a_list_of_numbers_and_ranges_becomes_bits)
{
	for (size_t i = 0; i < N_ELEMENTS(lists); i++) {
		uint64_t bits[2];

		cr_expect_eq(str_bits(lists[i].s, bits, 128), lists[i].r, "case %zu", i);
		if (lists[i].r == 0)
			cr_expect(bits[0] == lists[i].low && bits[1] == lists[i].high, "case %zu", i);
	}
}

Test(str, auto_free_takes_any_pointer)
{
	auto_free char *text = strdup("x");
	auto_free int *none = NULL;

	cr_expect_not_null(text);
	cr_expect_null(none);
}
