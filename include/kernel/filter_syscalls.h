/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/filter_syscalls.h - names of system calls into numbers.
 *
 * A table of our own (src/kernel/filter_syscalls_table.h, made by contrib/gen-syscalls.sh) for the x86 and ARM
 * families, because distributions' libseccomp lags years behind the kernel and its look-up is slow; libseccomp answers
 * for every other architecture.
 */
#ifndef CAISSON_KERNEL_FILTER_SYSCALLS_H
#define CAISSON_KERNEL_FILTER_SYSCALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum filter_column { FILTER_X86_64, FILTER_X32, FILTER_I386, FILTER_AARCH64, FILTER_ARM, FILTER_COLUMNS };

struct filter_call {
	char name[30];		/* an array, not a pointer: the table needs no relocation at start */
	int16_t mux;		/* 100 + n: call n of socketcall(2); 200 + n: of ipc(2); 0: neither */
	int32_t nr[FILTER_COLUMNS];
};

enum { FILTER_X32_BIT = 0x40000000 };

/* `len` bytes of `name`; NULL when the table does not know it. */
const struct filter_call *filter_call_find(const char *name, size_t len);
/* Every call of the table, in name order. */
const struct filter_call *filter_call_at(size_t i); /* NULL past the end */
size_t filter_call_index(const struct filter_call *call);
/* The highest number that the kernel's one space for all architectures (424 and up) had when the table was made. */
uint32_t filter_call_newest(void);

/* What a name means on one architecture (a SCMP_ARCH_* token). */
struct filter_numbers {
	int32_t direct;		/* -1: no number of its own */
	int32_t shared;		/* the number of socketcall or ipc when the call can also be reached through it; -1: not so */
	uint32_t shared_call;	/* its first argument then */
};
/* The column of the table, or -1 when the architecture is left to libseccomp. */
int filter_column_of(uint32_t arch);
/* `call` may be NULL (a name that the table does not know). False when the architecture has no such call. */
bool filter_call_resolve(const struct filter_call *call, const char *name, uint32_t arch, struct filter_numbers *out);

#endif
