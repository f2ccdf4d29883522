/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of the spec layer share: cases as text, in which ' stands for ".
 */
#ifndef CAISSON_TESTS_SPEC_CASES_H
#define CAISSON_TESTS_SPEC_CASES_H

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "spec/spec.h"

/* says NULL: the document is fine. Else it is refused, and the message holds this. */
struct spec_case { const char *json, *says; };

#define DOC(rest) "{'ociVersion':'1.2.0','root':{'path':'rootfs'}," rest "}"
#define PROC(rest) "{'user':{'uid':0,'gid':0},'args':['sh'],'cwd':'/'," rest "}"
#define WITH_PROC(rest) DOC("'process':" PROC(rest))
#define WITH_LINUX(rest) DOC("'linux':{" rest "}")

static inline char *spec_quotes(const char *text)
{
	char *copy = strdup(text);

	for (char *p = copy; *p; p++)
		if (*p == '\'')
			*p = '"';
	return copy;
}

/* The document as a value; its arena is the process's own, which ends soon. */
static inline const struct spec *spec_of(const char *text)
{
	static struct arena a;
	const struct spec *s = NULL;
	struct err e = { 0 };
	char *json = spec_quotes(text);

	cr_assert_eq(spec_parse(&a, json, strlen(json), &s, &e), 0, "%s: %s", text, e.text);
	free(json);
	return s;
}

static inline void spec_judge(size_t i, const struct spec_case *c, int r, const struct err *e)
{
	if (!c->says) {
		cr_expect_eq(r, 0, "case %zu, %s: said \"%s\"", i, c->json, e->text);
		return;
	}
	cr_expect_eq(r, -EINVAL, "case %zu, %s: returned %d", i, c->json, r);
	cr_expect(strstr(e->text, c->says), "case %zu, %s: said \"%s\", not \"%s\"", i, c->json, e->text, c->says);
}

static inline void spec_run(const struct spec_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct spec *s = NULL;
		char *json = spec_quotes(cases[i].json);
		struct err e = { 0 };
		auto_arena a = { 0 };

		spec_judge(i, &cases[i], spec_parse(&a, json, strlen(json), &s, &e), &e);
		cr_expect_eq(s != NULL, cases[i].says == NULL, "case %zu touched its output", i);
		free(json);
	}
}

#endif
