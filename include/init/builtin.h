/* SPDX-License-Identifier: Apache-2.0 */
/*
 * init/builtin.h - seccomp programs that caisson-init carries, for `--seccomp @NAME` in an image.
 *
 * The table comes from another file of the build: src/init/builtin_none.c has none; a generated file with the same one
 * symbol takes its place. The programs must be for this machine's architecture and allow execve(2) and exit_group(2).
 */
#ifndef CAISSON_INIT_BUILTIN_H
#define CAISSON_INIT_BUILTIN_H

#include "init/raw.h"

struct init_builtin_filter {
	const char *name;		/* "service"; NULL ends the table */
	const struct raw_insn *insns;	/* struct sock_filter */
	unsigned int count;
};
extern const struct init_builtin_filter init_builtin_filters[];

#endif
