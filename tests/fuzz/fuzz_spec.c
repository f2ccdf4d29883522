/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The three entries of the spec layer with any bytes. Build and run:
 *	clang -g -O1 -fsanitize=fuzzer,address,undefined -D_GNU_SOURCE -Iinclude
 *tests/fuzz/fuzz_spec.c src/spec/[a-z]*.c \ src/base/[a-z]*.c -ljansson -o fuzz_spec && ./fuzz_spec
 *-max_len=4096 tests/fuzz/corpus/spec What crashes becomes a case of tests/data or of a unit test.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "spec/spec.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const struct log_options quiet = { .path = "/dev/null" };
	struct err e = { 0 };

	(void)argc;
	(void)argv;
	return log_open(&quiet, &e);
}

/* What every caller may rely on. */
static void check(int r, const void *out, const struct err *e)
{
	if ((r == 0) != (out != NULL) || r > 0 || (r < 0 && (e->code != -r || !e->text[0])) ||
	    strchr(e->text, '\n'))
		abort();
}

static void check_process(const struct process *p)
{
	if (p->args.n == 0 || p->args.v[p->args.n] || p->cwd[0] != '/')
		abort();
	for (size_t i = 0; i < p->env.n; i++)
		if (!strchr(p->env.v[i], '='))
			abort();
}

static void check_spec(const struct spec *s)
{
	if (!s->root_path || !s->oci_version || s->oci_version[0] != '1')
		abort();
	for (size_t i = 0; i < s->mounts.n; i++)
		if (s->mounts.v[i].destination[0] != '/' ||
		    strstr(s->mounts.v[i].destination, "/../") || !s->mounts.v[i].data ||
		    s->mounts.v[i].index != i)
			abort();
	if (s->has_process)
		check_process(&s->process);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *bytes = (const char *)data;
	struct arena a = { .limit = 64 * 1024 * 1024 };
	const struct resources *r = NULL;
	const struct process *p = NULL;
	const struct spec *s = NULL;
	struct err e[3] = { { 0 }, { 0 }, { 0 } };

	check(spec_parse(&a, bytes, size, &s, &e[0]), s, &e[0]);
	check(spec_parse_process(&a, bytes, size, &p, &e[1]), p, &e[1]);
	check(spec_parse_resources(&a, bytes, size, &r, &e[2]), r, &e[2]);
	if (s)
		check_spec(s);
	if (p)
		check_process(p);
	arena_done(&a);
	return 0;
}
