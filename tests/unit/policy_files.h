/* SPDX-License-Identifier: Apache-2.0 */
/* Policy files that live in a table, for tests of what is made of them. */
#ifndef CAISSON_TEST_POLICY_FILES_H
#define CAISSON_TEST_POLICY_FILES_H

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "policy/resolve.h"

/* "caisson.json", "profiles/NAME.json", "profiles/NAME.d/FILE.json", "share/NAME.json" (a shipped one); the first three below "/own" are
 * the caller's. */
struct test_file { const char *path, *text; };
struct test_files {
	const struct test_file *v;	/* ends with a NULL path */
	struct policy_files files;
	struct arena a;
	struct err e;
};

static inline int test_find(const struct test_files *t, const char *path, struct policy_file *out)
{
	for (const struct test_file *f = t->v; f->path; f++)
		if (str_eq(f->path, path)) {
			*out = (struct policy_file){ f->path, f->text, strlen(f->text) };
			return 0;
		}
	return -ENOENT;
}

static inline int test_config(void *ctx, enum policy_place place, struct arena *a, struct policy_file *out, struct err *e)
{
	(void)a;
	(void)e;
	return test_find(ctx, place == POLICY_CALLER ? "/own/caisson.json" : "caisson.json", out);
}

static const char *const test_places[] = { [POLICY_CALLER] = "/own/profiles", [POLICY_OPERATOR] = "profiles", [POLICY_SHIPPED] = "share" };

static inline int test_profile(void *ctx, enum policy_place place, const char *name, struct arena *a, struct policy_file *out,
			       struct err *e)
{
	char path[200];

	(void)a;
	(void)e;
	snprintf(path, sizeof(path), "%s/%s.json", test_places[place], name);
	return test_find(ctx, path, out);
}

static inline int test_drop_ins(void *ctx, enum policy_place place, const char *name, struct arena *a, struct policy_file_list *out, struct err *e)
{
	const struct test_files *t = ctx;
	struct policy_file *v = arena_array(a, 16, sizeof(*v));
	char prefix[200];

	(void)e;
	snprintf(prefix, sizeof(prefix), "%s/%s.d/", test_places[place], name);
	for (const struct test_file *f = t->v; f->path; f++)
		if (str_starts(f->path, prefix) && out->n < 16)
			v[out->n++] = (struct policy_file){ f->path, f->text, strlen(f->text) };
	out->v = v;
	return 0;
}

static inline struct test_files *test_files_of(struct test_files *t, const struct test_file *v)
{
	*t = (struct test_files){ .v = v };
	t->files = (struct policy_files){ t, test_config, test_profile, test_drop_ins };
	return t;
}

static inline void test_files_done(struct test_files *t)
{
	arena_done(&t->a);
}
#define auto_files __attribute__((cleanup(test_files_done))) struct test_files

#endif
