/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/filter.h - the seccomp compiler: rules in, ready BPF out. Names are those of our own table (kernel/filter_syscalls.h),
 * libseccomp is the oracle of the tests, and the programs are our own (runs of equal verdicts, binary search).
 *
 * Four programs at most: the engine's filter, unchanged in meaning, then the policy's, the same again where its refusals are to be
 * logged, then one that only logs what a profile in warn mode would refuse. The first also answers ENOSYS to numbers above the
 * highest one it names when its default denies (as runc does). What exactly a list means is written in kernel/filter_parts.h, how
 * programs are made in kernel/filter_compile.h. Each has answered for its plan before it leaves this module (kernel/filter_check.h).
 */
#ifndef CAISSON_KERNEL_FILTER_H
#define CAISSON_KERNEL_FILTER_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "policy/plan.h"

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV /* Linux 5.19 */
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

struct filter_program {
	const struct sock_filter *insns;
	uint16_t n;			/* 0 = no program */
	uint32_t flags;			/* SECCOMP_FILTER_FLAG_*, without NEW_LISTENER */
	bool notify;			/* has USER_NOTIF: install with a listener */
};
enum { FILTER_PROGRAMS = 4 };
struct filters { struct filter_program v[FILTER_PROGRAMS]; size_t n; };

/* Programs live in `a`. An engine rule with an unknown call name is skipped (a debug matter); everything else that cannot be
 * compiled is an error, and so is a program that does not answer as the plan says (kernel/filter_check.h). Below a
 * millisecond; container/filter_cache.h keeps what comes of it. */
int filter_build(struct arena *a, const struct plan_filter *p, struct filters *out, struct err *e);

/* All that decides beside the plan what programs come of it: the compiler with its tables, as it was built; this machine; and what
 * the kernel takes of flags, where the plan asks for one of those. */
struct filter_identity { char text[192]; };
struct filter_identity filter_identity(const struct plan_filter *p);

/* What features(1) lists; NULL-terminated. */
extern const char *const filter_action_words[], *const filter_operator_words[], *const filter_arch_words[],
	*const filter_flag_words[];
/* The subset of filter_flag_words this kernel takes, as a mask of SECCOMP_FILTER_FLAG_*; asks the kernel. */
uint32_t filter_kernel_flags(void);

#endif
