/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/filter_compile.h - the compiler proper: numbers and verdicts in, classic BPF out. It knows no names, no policy
 * and no system call; kernel/filter_engine and kernel/filter_policy bring the rules.
 *
 * Meaning of the input: per architecture, the rules of one number are tried in the order in which they were added; the
 * first whose conditions all hold decides, and if none does, `other` does. A rule without conditions therefore ends the
 * row. Numbers without a rule get `other`, but those in [above, above_end] get `above_verdict`.
 */
#ifndef CAISSON_KERNEL_FILTER_COMPILE_H
#define CAISSON_KERNEL_FILTER_COMPILE_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "kernel/filter.h"
#include "policy/plan.h"

/* Shared by every number it applies to: two numbers whose rows hold the same rule objects share their code. */
struct filter_rule {
	uint32_t verdict;		/* SECCOMP_RET_* with its data */
	size_t n;			/* conditions; all must hold */
	const struct syscall_arg *args;
};
struct filter_entry { uint32_t nr; const struct filter_rule *rule; };

struct filter_arch {
	uint32_t token;			/* SCMP_ARCH_* */
	uint32_t other;
	bool has_above;
	uint32_t above, above_end, above_verdict; /* inclusive; every entry is below `above` */
	size_t n, room;
	struct filter_entry *v;		/* filter_arch_add */
};
struct filter_input {
	size_t n;
	struct filter_arch *archs;	/* the first is tested first: put the native one there */
	uint32_t bad_arch;		/* the verdict for every other architecture */
};

/* More rows than this cannot fit into a program anyway. */
enum { FILTER_MAX_ENTRIES = 8192 };

/* Adds a row; `v` grows as needed and is freed with filter_input_done. -E2BIG or -ENOMEM. */
int filter_arch_add(struct filter_arch *arch, uint32_t nr, const struct filter_rule *rule, struct err *e);
void filter_input_done(struct filter_input *in);

/* The program goes into `a`. flags and notify are left to the caller. -E2BIG when it would be longer than the kernel takes
 * (BPF_MAXINSNS). */
int filter_compile(struct arena *a, const struct filter_input *in, struct filter_program *out, struct err *e);

/* For its parts: the code under construction. Instructions are made from the last to the first, so that the target of a
 * jump always exists already. A label counts from the end of the program: label 1 is the last instruction. */
struct filter_code {
	size_t n;			/* instructions so far = label of the first one */
	bool full;
	struct { uint32_t verdict; size_t label; } rets[32];
	size_t n_rets;
	struct sock_filter v[BPF_MAXINSNS]; /* filled from its end */
};
/* Where a test goes on: a label, or a verdict, which is made within reach when it is needed. */
struct filter_target { bool is_verdict; uint32_t verdict; size_t label; };

struct filter_target filter_to_label(size_t label);
struct filter_target filter_to_verdict(uint32_t verdict);
/* The instruction before the ones made so far; it runs into them. */
struct filter_target filter_code_step(struct filter_code *c, uint16_t op, uint32_t k);
struct filter_target filter_code_test(struct filter_code *c, uint16_t op, uint32_t k, struct filter_target yes,
				      struct filter_target no);
/* A label that is the next instruction to run, for a step to be put in front of. */
void filter_code_here(struct filter_code *c, struct filter_target t);
/* The row of one number: `n` entries, then `other`. */
struct filter_target filter_code_row(struct filter_code *c, bool wide, const struct filter_entry *v, size_t n,
				     uint32_t other);

#endif
