/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "cli/options.h"

struct sample { bool detach, keep, off; const char *file, *user; struct cli_list env; };

static const struct cli_option sample_options[] = {
	{ "detach", 'd', CLI_BOOL, offsetof(struct sample, detach), NULL, "go on alone" },
	{ "keep", 'k', CLI_BOOL, offsetof(struct sample, keep), NULL, "keep it" },
	{ "off", 0, CLI_BOOL, offsetof(struct sample, off), NULL, "turn off" },
	{ "pid-file", 'p', CLI_STRING, offsetof(struct sample, file), "PATH", "where" },
	{ "user", 'u', CLI_STRING, offsetof(struct sample, user), "UID", "who" },
	{ "env", 'e', CLI_LIST, offsetof(struct sample, env), "NAME=VALUE", "environment" },
	{ "criu", 0, CLI_IGNORED, 0, "PATH", NULL },
	{ "no-subreaper", 0, CLI_IGNORED_BOOL, 0, NULL, NULL },
	{ 0 },
};

enum { MAX = 12 };

/* Splits at blanks: the command lines below hold none inside a word. */
static int parse(const char *line, bool stop, struct sample *out, struct strings *rest, struct err *e)
{
	static char text[512];
	static char *argv[MAX + 1];
	int argc = 0;
	char *save = NULL;

	memset(out, 0, sizeof(*out));
	snprintf(text, sizeof(text), "%s", line);
	for (char *w = strtok_r(text, " ", &save); w && argc < MAX; w = strtok_r(NULL, " ", &save))
		argv[argc++] = w;
	argv[argc] = NULL;
	return cli_parse(sample_options, stop, argc, argv, out, rest, e);
}

static const struct { const char *line, *file; bool detach, keep; size_t operands; const char *first; } accepted[] = {
	{ "--pid-file a id",       "a",  false, false, 1, "id" },
	{ "--pid-file=a id",       "a",  false, false, 1, "id" },
	{ "-pid-file a id",        "a",  false, false, 1, "id" },
	{ "-pid-file=a id",        "a",  false, false, 1, "id" },
	{ "-p a id",               "a",  false, false, 1, "id" },
	{ "-pa id",                "a",  false, false, 1, "id" },
	{ "-p=a id",               "a",  false, false, 1, "id" },
	{ "--pid-file= id",        "",   false, false, 1, "id" },
	{ "--pid-file -d id",      "-d", false, false, 1, "id" },
	{ "-dk id",                NULL, true,  true,  1, "id" },
	{ "-kdp a id",             "a",  true,  true,  1, "id" },
	{ "--detach=true id",      NULL, true,  false, 1, "id" },
	{ "--detach=false id",     NULL, false, false, 1, "id" },
	{ "-d=1 id",               NULL, true,  false, 1, "id" },
	{ "-detach id",            NULL, true,  false, 1, "id" },
	{ "id -d",                 NULL, true,  false, 1, "id" },
	{ "id --pid-file a more",  "a",  false, false, 2, "id" },
	{ "-- -d",                 NULL, false, false, 1, "-d" },
	{ "id -- -d",              NULL, false, false, 2, "id" },
	{ "- id",                  NULL, false, false, 2, "-" },
	{ "-no-subreaper id",      NULL, false, false, 1, "id" },
	{ "--criu /x id",          NULL, false, false, 1, "id" },
	{ "--criu=/x id",          NULL, false, false, 1, "id" },
	{ "--pid-file a --pid-file b id", "b", false, false, 1, "id" },
};

Test(options, every_form_that_callers_send_is_read)
{
	for (size_t i = 0; i < N_ELEMENTS(accepted); i++) {
		struct strings rest = { 0 };
		struct sample s;
		struct err e = { 0 };
		int r = parse(accepted[i].line, false, &s, &rest, &e);

		cr_expect_eq(r, 0, "%s: %s", accepted[i].line, e.text);
		cr_expect(str_eq(s.file, accepted[i].file), "%s: file %s", accepted[i].line, s.file ? s.file : "(none)");
		cr_expect_eq(s.detach, accepted[i].detach, "%s: detach", accepted[i].line);
		cr_expect_eq(s.keep, accepted[i].keep, "%s: keep", accepted[i].line);
		cr_expect_eq(rest.n, accepted[i].operands, "%s: %zu operands", accepted[i].line, rest.n);
		if (rest.n)
			cr_expect_str_eq(rest.v[0], accepted[i].first, "%s", accepted[i].line);
	}
}

static const struct { const char *line, *says; } refused[] = {
	{ "--pid-file",         "flag needs an argument: --pid-file" },
	{ "id -p",              "flag needs an argument: --pid-file" },
	{ "-dp",                "flag needs an argument: --pid-file" },
	{ "--nonsense id",      "flag provided but not defined: -nonsense" },
	{ "-nonsense=3 id",     "flag provided but not defined: -nonsense" },
	{ "-x id",              "flag provided but not defined: -x" },
	{ "-dx id",             "flag provided but not defined: -dx" },
	{ "--detach=maybe id",  "invalid boolean value \"maybe\" for flag --detach" },
	{ "--pid-fil a id",     "flag provided but not defined: -pid-fil" },
	{ "--=a id",            "flag provided but not defined: -" },
	{ "--criu",             "flag needs an argument: --criu" },
};

Test(options, what_is_wrong_is_refused_in_the_words_that_callers_look_for)
{
	for (size_t i = 0; i < N_ELEMENTS(refused); i++) {
		struct strings rest = { 0 };
		struct sample s;
		struct err e = { 0 };
		int r = parse(refused[i].line, false, &s, &rest, &e);

		cr_expect_eq(r, -EINVAL, "%s was taken", refused[i].line);
		cr_expect(strstr(e.text, refused[i].says), "%s said: %s", refused[i].line, e.text);
	}
}

Test(options, the_inner_commands_options_pass_through)
{
	struct strings rest = { 0 };
	struct sample s;
	struct err e = { 0 };

	cr_assert_eq(parse("-d id ls -k -- --pid-file x", true, &s, &rest, &e), 0, "%s", e.text);
	cr_expect(s.detach && !s.keep && !s.file);
	cr_assert_eq(rest.n, 6);
	cr_expect_str_eq(rest.v[2], "-k");
	cr_expect_str_eq(rest.v[3], "--");
	cr_expect_null(rest.v[6]);

	cr_assert_eq(parse("-- id --", true, &s, &rest, &e), 0);
	cr_assert_eq(rest.n, 2);
	cr_expect_str_eq(rest.v[0], "id");
	cr_expect_str_eq(rest.v[1], "--");
}

Test(options, a_list_keeps_every_value_in_order)
{
	struct strings rest = { 0 };
	struct sample s;
	struct err e = { 0 };

	cr_assert_eq(parse("-e A=1 --env B=2 -env=C=3 -eD=4 id", false, &s, &rest, &e), 0, "%s", e.text);
	cr_assert_eq(s.env.n, 4);
	cr_expect_str_eq(s.env.v[0], "A=1");
	cr_expect_str_eq(s.env.v[1], "B=2");
	cr_expect_str_eq(s.env.v[2], "C=3");
	cr_expect_str_eq(s.env.v[3], "D=4");
	cli_options_done(sample_options, &s);
	cr_expect(!s.env.v && s.env.n == 0);
}

Test(options, help_is_understood_everywhere_but_in_the_inner_command)
{
	static const struct { const char *line; int want; } cases[] = {
		{ "--help", CLI_HELP_ASKED }, { "-h", CLI_HELP_ASKED }, { "-help", CLI_HELP_ASKED }, { "-dh", CLI_HELP_ASKED },
		{ "id ls --help", 0 }, { "id -h", 0 },
	};

	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct strings rest = { 0 };
		struct sample s;
		struct err e = { 0 };

		cr_expect_eq(parse(cases[i].line, true, &s, &rest, &e), cases[i].want, "%s", cases[i].line);
	}
}
