/* SPDX-License-Identifier: Apache-2.0 */
/*
 * init/builtin.h - seccomp programs that caisson-init carries, for `--seccomp @NAME` in an image.
 *
 * src/init/builtin_none.c has an empty table, as a weak symbol: a generated file with this symbol, linked besides or instead,
 * takes its place. The programs must be for this machine's architecture and allow execve(2) and exit_group(2).
 */
#ifndef CAISSON_INIT_BUILTIN_H
#define CAISSON_INIT_BUILTIN_H

#include <stddef.h>

#include "init/raw.h"

struct init_builtin_filter {
	const char *name;		/* "service"; NULL ends the table */
	const struct raw_insn *insns;	/* struct sock_filter */
	unsigned int count;
};
extern const struct init_builtin_filter init_builtin_filters[];

#endif
