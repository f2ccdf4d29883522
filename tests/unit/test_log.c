/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"

static char path[40];

static void remove_file(void)
{
	unlink(path);
}

static void open_log(bool json, bool debug)
{
	struct log_options o = { .path = path, .json = json, .debug = debug };
	struct err e = { 0 };
	int fd;

	snprintf(path, sizeof(path), "/tmp/caisson-test-log-XXXXXX");
	fd = mkstemp(path);
	cr_assert_geq(fd, 0);
	close(fd);
	cr_assert_eq(log_open(&o, &e), 0, "%s", e.text);
}

static char *content(void)
{
	struct err e = { 0 };
	char *text = NULL;
	size_t len;

	cr_assert_eq(fd_read_file(AT_FDCWD, path, 1 << 20, &text, &len, &e), 0, "%s", e.text);
	return text;
}

Test(log, a_json_record_is_one_object_on_one_line, .fini = remove_file)
{
	open_log(true, false);
	log_error("a \"quoted\" \\ name\nwith %s", "a second line\ttab \001\177");
	auto_free char *text = content();
	json_error_t why;
	json_t *record = json_loads(text, 0, &why);

	cr_assert_not_null(record, "%s: %s", why.text, text);
	cr_expect_str_eq(json_string_value(json_object_get(record, "level")), "error");
	cr_expect_str_eq(json_string_value(json_object_get(record, "msg")),
			 "a \"quoted\" \\ name\nwith a second line\ttab \001\177");
	cr_expect_eq(strlen(json_string_value(json_object_get(record, "time"))), strlen("2026-01-01T00:00:00Z"));
	cr_expect_eq(strchr(text, '\n'), text + strlen(text) - 1, "one line");
	json_decref(record);
}

Test(log, a_text_record_is_one_line_too, .fini = remove_file)
{
	open_log(false, false);
	log_warn("first\nlevel=error msg=\"forged\"");
	auto_free char *text = content();

	cr_expect(strstr(text, "level=warning msg=\"first"), "%s", text);
	cr_expect_eq(strchr(text, '\n'), text + strlen(text) - 1, "%s", text);
	cr_expect_null(strstr(text, "msg=\"forged\""), "%s", text);
}

Test(log, debug_lines_need_debug, .fini = remove_file)
{
	open_log(false, false);
	log_debug("hidden");
	auto_free char *text = content();
	cr_expect_str_eq(text, "");
	remove_file();

	open_log(false, true);
	log_debug("shown");
	auto_free char *more = content();
	cr_expect(strstr(more, "level=debug msg=\"shown\""), "%s", more);
}

Test(log, records_are_appended, .fini = remove_file)
{
	struct log_options o = { .path = path, .json = true };
	struct err e = { 0 };

	open_log(true, false);
	log_warn("one");
	cr_assert_eq(log_open(&o, &e), 0);
	log_warn("two");
	auto_free char *text = content();
	cr_expect(strstr(text, "one") && strstr(text, "two"), "%s", text);
}

Test(log, a_long_message_is_cut_and_stays_json, .fini = remove_file)
{
	char name[5000];

	memset(name, '"', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	open_log(true, false);
	log_error("%s", name);
	auto_free char *text = content();
	json_t *record = json_loads(text, 0, NULL);

	cr_expect_not_null(record);
	json_decref(record);
}

Test(log, a_file_that_cannot_be_opened_is_an_error_and_changes_nothing)
{
	struct log_options o = { .path = "/nonexistent/directory/log" };
	struct err e = { 0 };

	cr_expect_eq(log_open(&o, &e), -ENOENT);
	cr_expect(strstr(e.text, "/nonexistent/directory/log"), "%s", e.text);
	cr_expect(log_is_stderr());
}

Test(log, knows_whether_it_writes_to_standard_error, .fini = remove_file)
{
	cr_expect(log_is_stderr());
	open_log(false, false);
	cr_expect_not(log_is_stderr());
}

Test(log, an_error_of_a_class_says_it_in_json_alone, .fini = remove_file)
{
	struct err e = { 0 };
	json_t *record;

	(void)err_set(&e, EPERM, "no");
	(void)err_class(&e, "policy.refused");
	(void)err_wrap(&e, "x");
	open_log(true, false);
	log_failure(&e);
	auto_free char *text = content();
	record = json_loads(text, 0, NULL);
	cr_assert_not_null(record, "%s", text);
	cr_expect_str_eq(json_string_value(json_object_get(record, "code")), "policy.refused");
	cr_expect_str_eq(json_string_value(json_object_get(record, "msg")), "x: no");
	json_decref(record);
	(void)err_set(&e, EPERM, "another");
	cr_expect_str_eq(e.class, "", "a new error has no class of an old one");
}
