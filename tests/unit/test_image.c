/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "container/image.h"

static int parse(struct arena *a, const char *json, struct image_config *out, struct err *e)
{
	return image_config_parse(a, json, strlen(json), out, e);
}

#define WISHES                                                                               \
	"\"User\":\"nginx\",\"Env\":[\"A=1\",\"B=\"],\"Entrypoint\":[\"/"                    \
	"e\"],\"Cmd\":[\"x\",\"y\"],"                                                        \
	"\"WorkingDir\":\"/"                                                                 \
	"srv\",\"StopSignal\":\"SIGQUIT\",\"Labels\":{\"security.capabilities\":\"CHOWN\"}," \
	"\"Volumes\":{\"/data\":{}},\"ExposedPorts\":{\"80/tcp\":{}}"

Test(image, the_three_forms_say_the_same)
{
	static const char *const forms[] = {
		"{\"architecture\":\"amd64\",\"config\":{" WISHES "},\"rootfs\":{}}",
		"[{\"Id\":\"sha256:1\",\"Config\":{" WISHES "},\"RootFS\":{}}]",
		"{" WISHES "}",
	};

	for (size_t i = 0; i < N_ELEMENTS(forms); i++) {
		auto_arena a = { 0 };
		struct image_config c = { 0 };
		struct err e = { 0 };

		cr_assert_eq(parse(&a, forms[i], &c, &e), 0, "form %zu: %s", i, e.text);
		cr_expect_str_eq(c.user, "nginx");
		cr_expect_str_eq(c.workdir, "/srv");
		cr_expect_str_eq(c.stop_signal, "SIGQUIT");
		cr_assert_eq(c.env.n, 2);
		cr_expect_str_eq(c.env.v[1], "B=");
		cr_assert_eq(c.cmd.n, 2);
		cr_expect_str_eq(c.cmd.v[1], "y");
		cr_expect_null(c.cmd.v[2]);
		cr_expect_str_eq(c.entrypoint.v[0], "/e");
		cr_expect_str_eq(c.volumes.v[0], "/data");
		cr_expect_str_eq(c.ports.v[0], "80/tcp");
		cr_assert_eq(c.labels.n, 1);
		cr_expect_str_eq(c.labels.v[0].value, "CHOWN");
	}
}

Test(image, silence_is_not_an_empty_wish)
{
	auto_arena a = { 0 };
	struct image_config c = { 0 };
	struct err e = { 0 };

	cr_assert_eq(parse(&a,
			   "{\"config\":{\"User\":\"\",\"Cmd\":null,\"Entrypoint\":null,\"Labels\":"
			   "null}}",
			   &c, &e),
		     0);
	cr_expect_null(c.user);
	cr_expect_eq(c.cmd.n, 0);
	cr_expect_eq(c.labels.n, 0);
	cr_expect_eq(parse(&a, "{\"config\":null,\"rootfs\":{}}", &c, &e), 0);
	cr_expect_eq(parse(&a, "{\"rootfs\":{}}", &c, &e), 0);
}

Test(image, a_command_of_one_text_goes_through_the_shell)
{
	auto_arena a = { 0 };
	struct image_config c = { 0 };
	struct err e = { 0 };

	cr_assert_eq(parse(&a, "{\"config\":{\"Cmd\":\"echo hi\"}}", &c, &e), 0);
	cr_assert_eq(c.cmd.n, 3);
	cr_expect_str_eq(c.cmd.v[0], "/bin/sh");
	cr_expect_str_eq(c.cmd.v[2], "echo hi");
}

static const struct {
	const char *json, *says;
} refused[] = {
	{ "", "line" },
	{ "7", "line" },
	{ "\"x\"", "line" },
	{ "[]", "0 images" },
	{ "[{},{}]", "2 images" },
	{ "[7]", "expected an object" },
	{ "{}", "no \"config\"" },
	{ "{\"config\":[]}", "config: must be an object" },
	{ "{\"config\":{\"User\":0}}", "config.User: must be a string" },
	{ "{\"config\":{\"Env\":{}}}", "config.Env: must be an array" },
	{ "{\"config\":{\"Env\":[1]}}", "config.Env[0]: must be a string" },
	{ "{\"config\":{\"Cmd\":7}}", "config.Cmd: must be an array" },
	{ "{\"config\":{\"Labels\":[]}}", "config.Labels: must be an object" },
	{ "{\"config\":{\"Labels\":{\"a\":1}}}", "config.Labels[\"a\"]: must be a string" },
	{ "{\"config\":{\"Volumes\":[\"/x\"]}}", "config.Volumes: must be an object" },
	{ "{\"config\":{\"User\":\"a\",\"User\":\"b\"}}", "duplicate" },
	{ "{\"config\":{\"User\":\"a\\u0000b\"}}", "NUL" },
	{ "{\"config\":{\"Healthcheck\":[]}}", "config.Healthcheck: must be an object" },
	{ "{\"config\":{\"Healthcheck\":{\"Test\":\"x\"}}}", "config.Healthcheck.Test: must be an array of strings" },
	{ "{\"config\":{\"Healthcheck\":{\"Test\":[\"CMD\",1]}}}", "config.Healthcheck.Test[1]: must be a string" },
	{ "{\"config\":{\"Healthcheck\":{\"Test\":[\"CMD\",\"\"]}}}", "config.Healthcheck.Test[1]: must not be empty" },
	{ "{\"config\":{}} x", "line" },
};

Test(image, what_is_malformed_is_refused_by_its_place_and_leaves_the_output_alone)
{
	for (size_t i = 0; i < N_ELEMENTS(refused); i++) {
		auto_arena a = { 0 };
		struct image_config c = { .user = "untouched" };
		struct err e = { 0 };

		cr_expect_lt(parse(&a, refused[i].json, &c, &e), 0, "case %zu", i);
		cr_expect(strstr(e.text, refused[i].says) || strcmp(refused[i].says, "line") == 0,
			  "case %zu said: %s", i, e.text);
		cr_expect_str_eq(c.user, "untouched");
	}
}

static const struct { const char *test, *word[4]; } health_cases[] = {
	{ "[\"CMD\",\"pg_isready\",\"-q\",\"\"]", { "pg_isready", "-q", "" } },
	{ "[\"CMD-SHELL\",\"a || b\"]", { "/bin/sh", "-c", "a || b" } },
	{ "[\"CMD-SHELL\",\"echo $0\",\"x\"]", { "/bin/sh", "-c", "echo $0", "x" } },
	{ "[\"NONE\"]", { NULL } }, { "[\"NONE\",\"x\"]", { NULL } }, { "[]", { NULL } }, { "null", { NULL } }, { "[\"CMD\"]", { NULL } },
	{ "[\"CMD-POWERSHELL\",\"x\"]", { NULL } },
};

Test(image, a_health_check_is_a_program_and_its_arguments)
{
	for (size_t i = 0; i < N_ELEMENTS(health_cases); i++) {
		auto_arena a = { 0 };
		struct image_config c = { 0 };
		struct err e = { 0 };
		char json[200];
		size_t n = 0;

		snprintf(json, sizeof(json), "{\"config\":{\"Healthcheck\":{\"Test\":%s,\"Interval\":1}}}", health_cases[i].test);
		cr_assert_eq(parse(&a, json, &c, &e), 0, "case %zu: %s", i, e.text);
		while (n < 4 && health_cases[i].word[n])
			n++;
		cr_assert_eq(c.health.n, n, "case %zu: %zu words", i, c.health.n);
		for (size_t k = 0; k < n; k++)
			cr_expect_str_eq(c.health.v[k], health_cases[i].word[k], "case %zu", i);
		if (n)
			cr_expect_null(c.health.v[n], "case %zu", i);
	}
}

Test(image, a_health_check_without_end_is_refused)
{
	auto_arena a = { 0 };
	auto_str s = { 0 };
	struct image_config c = { 0 };
	struct err e = { 0 };

	str_add(&s, "{\"config\":{\"Healthcheck\":{\"Test\":[\"CMD\"");
	for (int i = 0; i < IMAGE_MAX_HEALTH; i++)
		str_add(&s, ",\"x\"");
	str_add(&s, "]}}}");
	cr_assert_not(s.failed);
	cr_expect_eq(parse(&a, s.s, &c, &e), -E2BIG);
	cr_expect(strstr(e.text, "config.Healthcheck.Test: more than 64 items"), "%s", e.text);
}

Test(image, a_list_without_end_is_refused)
{
	auto_arena a = { 0 };
	auto_str s = { 0 };
	struct image_config c = { 0 };
	struct err e = { 0 };

	str_add(&s, "{\"config\":{\"Env\":[\"A=1\"");
	for (int i = 0; i < IMAGE_MAX_ITEMS; i++)
		str_add(&s, ",\"A=1\"");
	str_add(&s, "]}}");
	cr_assert_not(s.failed);
	cr_expect_eq(parse(&a, s.s, &c, &e), -E2BIG);
	cr_expect(strstr(e.text, "config.Env"));
}

Test(image, a_missing_file_is_named)
{
	auto_arena a = { 0 };
	struct image_config image = { 0 };
	struct err e = { 0 };

	cr_expect_eq(image_config_read("/nonexistent/config.json", &a, &image, &e), -ENOENT);
	cr_expect(strstr(e.text, "/nonexistent/config.json"), "%s", e.text);
}
