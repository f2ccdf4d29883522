/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The detector of secrets against the two lists in tests/data/secrets: what it finds of the one, and what it takes for a secret in the
 * other. The numbers are promised in the documentation.
 */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/fd.h"
#include "base/sha256.h"
#include "base/str.h"
#include "policy/secret.h"

enum { LIST_MAX_BYTES = 1 << 20 };

/* "\n" and "\\" are what they say; "~" of the list of secrets is nothing. */
static void unescape(char *line, bool split)
{
	char *out = line;

	for (const char *in = line; *in; in++) {
		if (split && *in == '~')
			continue;
		if (in[0] == '\\' && (in[1] == 'n' || in[1] == '\\'))
			*out++ = *++in == 'n' ? '\n' : '\\';
		else
			*out++ = *in;
	}
	*out = '\0';
}

static char *read_list(const char *name)
{
	const char *src = getenv("CAISSON_SRCDIR");
	char path[4096];
	char *text = NULL;
	struct err e = { 0 };
	size_t len;

	(void)snprintf(path, sizeof(path), "%s/tests/data/secrets/%s", src ? src : ".", name);
	cr_assert_eq(fd_read_file(AT_FDCWD, path, LIST_MAX_BYTES, &text, &len, &e), 0, "%s", e.text);
	return text;
}

static char *next_line(char **rest)
{
	char *line;

	do
		line = strsep(rest, "\n");
	while (line && (line[0] == '#' || line[0] == '\0'));
	return line;
}

/* What is missed is in the list too: passwords of one kind of letters, a UUID, names that say nothing. */
enum { MISSED_MAX = 15, FALSE_MAX = 0, LINES_MIN = 150 };

Test(secret, finds_most_of_what_there_is_and_says_what_it_is)
{
	auto_free char *text = read_list("positive.txt");
	size_t n = 0, found = 0;
	char *rest = text, *line;

	while ((line = next_line(&rest))) {
		const char *id = strsep(&line, "\t");
		struct secret s = { 0 };

		cr_assert_not_null(line, "%s: no tab", id);
		unescape(line, true);
		n++;
		if (!secret_in_variable(line, &s)) {
			cr_log_info("missed: %s: %.20s...", id, line);
			continue;
		}
		found++;
		cr_expect_str_eq(s.id, id, "%.24s is found as %s", line, s.id);
		cr_expect(s.length > 0 && s.position + s.length <= strlen(strchr(line, '=') + 1), "%s: %zu+%zu", id, s.position, s.length);
	}
	cr_log_info("recall: %zu of %zu", found, n);
	cr_expect_geq(n, LINES_MIN);
	cr_expect_leq(n - found, MISSED_MAX, "%zu of %zu found", found, n);
}

Test(secret, takes_nothing_else_for_one)
{
	auto_free char *text = read_list("negative.txt");
	size_t n = 0, wrong = 0;
	char *rest = text, *line;

	while ((line = next_line(&rest))) {
		struct secret s = { 0 };

		unescape(line, false);
		n++;
		if (!secret_in_variable(line, &s))
			continue;
		wrong++;
		cr_log_info("taken for %s: %s", s.id, line);
	}
	cr_expect_geq(n, LINES_MIN);
	cr_expect_leq(wrong, FALSE_MAX, "%zu of %zu are false alarms", wrong, n);
}

Test(secret, a_finding_says_where_and_by_four_bytes_which)
{
	static const char value[] = "DSN=postgres://shop:Xk29fjQw77zz@db/shop";
	char sum[SHA256_HEX + 1], got[16];
	struct secret s = { 0 };

	sha256_hex("Xk29fjQw77zz", 12, sum);
	cr_assert(secret_in_variable(value, &s));
	cr_expect_str_eq(s.id, "url-password");
	cr_expect_eq(s.position, strlen("postgres://shop:"));
	cr_expect_eq(s.length, 12);
	(void)snprintf(got, sizeof(got), "%02x%02x%02x%02x", s.sum[0], s.sum[1], s.sum[2], s.sum[3]);
	cr_expect_eq(strncmp(sum, got, 8), 0, "%s", got);
}

Test(secret, entropy_is_in_bits)
{
	static const struct { const char *text; double bits; } cases[] = {
		{ "", 0 }, { "aaaa", 0 }, { "ab", 1 }, { "abcd", 2 }, { "abcdefgh", 3 }, { "0123456789abcdef", 4 }, { "aab", 0.918296 },
		{ "aaaaaaaaab", 0.468996 },
	};

	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		double got = secret_entropy((struct secret_span){ cases[i].text, strlen(cases[i].text) }) / 65536.0;
		cr_expect_float_eq(got, cases[i].bits, 0.001, "%s: %f", cases[i].text, got);
	}
}

/* Whoever fills an environment may try to keep us busy: four times the bytes may take four times as long, not sixteen. */
Test(secret, time_is_linear_whatever_the_bytes_are, .timeout = 60)
{
	static const char *const pieces[] = { "xoxb-", "://", "a://b:c", "eyJ", "eyJaaaaaaaaaaaa.", "-----BEGIN ", "LS0tLS1CRUdJTi", "ghp_", "@", ":", "ya29.-",
					      "dp.st.", "github_pat_", "<", "A", "a-", "sk-ant-", "pat" };
	enum { SMALL = 64 << 10, TIMES = 4 };

	for (size_t i = 0; i < N_ELEMENTS(pieces); i++) {
		clock_t took[2];

		for (size_t k = 0; k < 2; k++) {
			size_t size = k ? SMALL * TIMES : SMALL;
			auto_str s = { 0 };
			struct secret found;
			clock_t begin;

			str_add(&s, "DB_PASSWORD=");
			while (s.len < size)
				str_add(&s, pieces[i]);
			cr_assert_not(s.failed);
			begin = clock();
			(void)secret_in_variable(s.s, &found);
			took[k] = clock() - begin;
		}
		cr_expect_lt(took[1], took[0] * TIMES * 3 + CLOCKS_PER_SEC / 5, "\"%s\": %ld, then %ld", pieces[i], (long)took[0], (long)took[1]);
	}
}
