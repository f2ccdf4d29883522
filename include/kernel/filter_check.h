/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/filter_check.h - a compiled program answers for what it was made from, before it is kept or installed.
 *
 * It is run (kernel/filter_machine.h) with calls whose verdict is known from elsewhere: from the rules, one after another, without
 * the compiler's trees and runs; and from the plan itself, without the code that makes rules of it, so that a kind of rule that
 * is left out is noticed too. What differs is a fault of caisson: the launch ends. Nothing here is asked of the kernel.
 */
#ifndef CAISSON_KERNEL_FILTER_CHECK_H
#define CAISSON_KERNEL_FILTER_CHECK_H

#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "kernel/filter_compile.h"
#include "policy/plan.h"

/* A policy's program is installed as it is, and in copies that say less (kernel/filter.c). */
enum filter_copy {
	FILTER_AS_IS,
	FILTER_LOGGED,	/* ENOSYS becomes ALLOW */
	FILTER_WARNED,	/* what is not ALLOW becomes LOG */
	FILTER_COPIES
};

/* Every row of the input, its arguments met and missed, the numbers between and above, and other architectures. Of a list with more
 * than some thousand conditions, which only one that was made to be slow has, the rest is asked for without arguments and with all bits. */
int filter_check_rows(const struct filter_program *p, const struct filter_input *in, struct err *e);
/* Each rule of the engine's list, on the architectures of x86 and ARM that it covers; where more than 500 rules have conditions, those
 * without: filter_check_rows() asks for the others. */
int filter_check_engine(const struct filter_program *p, const struct seccomp *s, struct err *e);
/* Each call of the table, sockets, requests to terminals, newer numbers and other architectures, for this machine's own calls. */
int filter_check_policy(const struct filter_program *p, const struct plan_filter *plan, const struct plan_syscalls *own, struct err *e);
/* A copy against the program that has answered: the same instructions, other verdicts. */
int filter_check_copy(const struct filter_program *p, enum filter_copy copy, const struct filter_program *of, struct err *e);

/* For its parts. One question: -ENOTRECOVERABLE with a text when the program does not say `want`. */
int filter_ask(const struct filter_program *p, const struct seccomp_data *d, uint32_t want, struct err *e);
struct filter_conditions { size_t n; const struct syscall_arg *v; bool wide; /* false: only the low half of an argument counts */ };
bool filter_conditions_hold(const struct filter_conditions *c, const uint64_t args[6]);
/* Changes arguments so that all of them hold, as far as they do not contradict each other. */
void filter_conditions_meet(const struct filter_conditions *c, uint64_t args[6]);

#endif
