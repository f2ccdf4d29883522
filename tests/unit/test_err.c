/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

Test(err, sys_takes_errno_and_says_why)
{
	struct err e = { 0 };

	errno = ENOENT;
	cr_expect_eq(err_sys(&e, "open %s", "/x"), -ENOENT);
	cr_expect_eq(e.code, ENOENT);
	cr_expect_str_eq(e.text, "open /x: No such file or directory");
}

Test(err, code_takes_the_code_given)
{
	struct err e = { 0 };

	errno = ENOENT;
	cr_expect_eq(err_code(&e, EACCES, "open %s", "/x"), -EACCES);
	cr_expect_str_eq(e.text, "open /x: Permission denied");
}

Test(err, set_is_our_text_alone)
{
	struct err e = { 0 };

	errno = ENOENT;
	cr_expect_eq(err_set(&e, EINVAL, "%d is odd", 3), -EINVAL);
	cr_expect_str_eq(e.text, "3 is odd");
}

Test(err, a_failure_that_said_nothing_is_no_success)
{
	struct err e = { 0 };

	cr_expect_eq(err_told(&e, "map the ids"), -EIO);
	cr_expect_str_eq(e.text, "map the ids: failed without saying why");
	cr_expect_eq(err_told(&e, "another"), -EIO);
	cr_expect_str_eq(e.text, "map the ids: failed without saying why");
}

Test(err, wrap_puts_context_in_front_and_keeps_the_code)
{
	struct err e = { 0 };

	err_set(&e, EPERM, "inner");
	cr_expect_eq(err_wrap(&e, "middle %d", 1), -EPERM);
	cr_expect_eq(err_wrap(&e, "outer"), -EPERM);
	cr_expect_str_eq(e.text, "outer: middle 1: inner");
}

Test(err, is_never_a_success)
{
	struct err e = { 0 };

	cr_expect_lt(err_set(&e, 0, "no code"), 0);
	cr_expect_gt(e.code, 0);
	e = (struct err){ 0 };
	errno = 0;
	cr_expect_lt(err_sys(&e, "no errno"), 0);
	e = (struct err){ 0 };
	cr_expect_lt(err_wrap(&e, "nothing to wrap"), 0);
	cr_expect_gt(e.code, 0);
}

Test(err, is_one_line_whatever_a_name_holds)
{
	struct err e = { 0 };

	err_set(&e, EINVAL, "a\nb\rc\td\033[31me\177");
	for (const char *p = e.text; *p; p++)
		cr_expect((unsigned char)*p >= 0x20 && *p != 0x7f, "character %d", *p);
	err_wrap(&e, "x\ny");
	cr_expect_null(strchr(e.text, '\n'));
}

Test(err, long_texts_are_cut_and_end)
{
	struct err e = { 0 };
	char name[2 * ERR_TEXT];

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	cr_expect_eq(err_set(&e, EINVAL, "%s", name), -EINVAL);
	cr_expect_lt(strnlen(e.text, sizeof(e.text)), sizeof(e.text));
	errno = EPERM;
	cr_expect_eq(err_sys(&e, "%s", name), -EPERM);
	cr_expect_lt(strnlen(e.text, sizeof(e.text)), sizeof(e.text));
	cr_expect_eq(err_wrap(&e, "%s", name), -EPERM);
	cr_expect_lt(strnlen(e.text, sizeof(e.text)), sizeof(e.text));
}

Test(err, a_hint_goes_behind_in_brackets)
{
	struct err e = { 0 };

	err_set(&e, EPERM, "mount /x: refused");
	cr_expect_eq(err_hint(&e, "ask %s", "root"), -EPERM);
	cr_expect_str_eq(e.text, "mount /x: refused (ask root)");
	memset(e.text, 'n', sizeof(e.text) - 2);
	e.text[sizeof(e.text) - 2] = '\0';
	cr_expect_eq(err_hint(&e, "too much"), -EPERM);
	cr_expect_eq(strlen(e.text), sizeof(e.text) - 2, "a full text stays as it is");
	e.text[sizeof(e.text) - 10] = '\0';
	err_hint(&e, "too much");
	cr_expect_str_eq(e.text + sizeof(e.text) - 10, " (too mu)");
}

Test(err, is_text_whatever_bytes_a_hook_prints)
{
	struct err e = { 0 };

	err_set(&e, EINVAL, "%s", "h\303\266 \377 \302\233 \342\202\254 \355\240\200 \001");
	cr_expect_str_eq(e.text, "h\303\266 ? ?? \342\202\254 ??? ?");
}

Test(err, is_cut_before_a_character)
{
	struct err e = { 0 };
	char text[ERR_TEXT + 10];

	memset(text, 'n', sizeof(text));
	memcpy(text + ERR_TEXT - 3, "\342\202\254", 4);
	err_set(&e, EINVAL, "%s", text);
	cr_expect_eq(strlen(e.text), (size_t)ERR_TEXT - 3);
	memcpy(text + ERR_TEXT - 4, "\342\202\254", 4);
	err_set(&e, EINVAL, "%s", text);
	cr_expect_eq(strlen(e.text), (size_t)ERR_TEXT - 1);
}
