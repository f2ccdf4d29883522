/* SPDX-License-Identifier: Apache-2.0 */
/* Compiles the filter of the config.json on standard input and writes it to standard output, for floor.c. */
#include <stdio.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fd.h"
#include "kernel/filter.h"
#include "spec/spec.h"

static int compile(struct err *e)
{
	auto_arena a = { 0 };
	auto_free char *text = NULL;
	size_t len;
	const struct spec *spec;
	struct filters filters = { 0 };

	int r = fd_read_all(STDIN_FILENO, SPEC_MAX_BYTES, &text, &len, e);
	if (r < 0)
		return r;
	r = spec_parse(&a, text, len, &spec, e);
	if (r < 0 || !spec->has_seccomp)
		return r;
	const struct plan_filter plan = { .has_engine = true, .engine = spec->seccomp };
	r = filter_build(&a, &plan, &filters, e);
	if (r < 0 || !filters.n)
		return r;
	r = fd_write_all(STDOUT_FILENO, filters.v[0].insns, filters.v[0].n * sizeof(*filters.v[0].insns));
	return r < 0 ? err_code(e, -r, "write the filter") : 0;
}

int main(void)
{
	struct err e = { 0 };

	if (compile(&e) < 0) {
		fprintf(stderr, "filter: %s\n", e.text);
		return 1;
	}
	return 0;
}
