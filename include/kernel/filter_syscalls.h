/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/filter_syscalls.h - names of system calls into numbers.
 *
 * A table of our own for every architecture that the specification names (src/kernel/filter_syscalls_table.h, made by
 * contrib/gen-syscalls.sh from kernel headers), because distributions' libseccomp lags years behind the kernel and its look-up
 * is slow.
 */
#ifndef CAISSON_KERNEL_FILTER_SYSCALLS_H
#define CAISSON_KERNEL_FILTER_SYSCALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Distinct numberings; contrib/gen-syscalls.sh has them in the same order. */
enum filter_column {
	FILTER_X86_64, FILTER_X32, FILTER_I386, FILTER_AARCH64, FILTER_ARM, FILTER_RISCV64, FILTER_LOONGARCH64, FILTER_S390X,
	FILTER_S390, FILTER_PPC64, FILTER_PPC, FILTER_MIPS, FILTER_MIPS64, FILTER_MIPS64N32, FILTER_PARISC, FILTER_PARISC64,
	FILTER_M68K, FILTER_SH, FILTER_COLUMNS
};

enum { FILTER_X32_BIT = 0x40000000, FILTER_ARM_PRIVATE = 0x7000, FILTER_MUX_SOCKET = 100, FILTER_MUX_IPC = 200 };

struct filter_call {
	char name[30];		/* an array, not a pointer: the table needs no relocation at start */
	uint8_t mux;		/* FILTER_MUX_SOCKET + n: call n of socketcall(2); FILTER_MUX_IPC + n: of ipc(2); 0: neither */
	/* -1: no such call. Without the base that x32 and MIPS have; FILTER_ARM_PRIVATE + n: private call n of arm. */
	int16_t nr[FILTER_COLUMNS];
};

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
/* `arch`: a SCMP_ARCH_* token. False when it has no such call, or the call is NULL: a name that the table does not know. */
bool filter_call_resolve(const struct filter_call *call, uint32_t arch, struct filter_numbers *out);

#endif
