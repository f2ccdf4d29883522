/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/filter_parts.h - the two sources of rules: the engine's list and our own groups.
 *
 * Both fill a struct filter_input, to be given to filter_compile() and then to filter_input_done(), after a failure too.
 */
#ifndef CAISSON_KERNEL_FILTER_PARTS_H
#define CAISSON_KERNEL_FILTER_PARTS_H

#include "base/arena.h"
#include "base/err.h"
#include "kernel/filter_compile.h"
#include "policy/plan.h"
#include "policy/syscall_groups.h"

/* The SCMP_ARCH_* token of this machine. */
uint32_t filter_native_arch(void);

/* The engine's list with libseccomp's meaning, as runc uses it:
 *  - the native architecture is always covered, the listed ones too, every other one kills the thread;
 *  - a rule that says what the default says is left out, as is a name nobody knows;
 *  - a rule without conditions beats all rules with conditions for the same call, wherever it stands in the list, and of
 *    several such rules the first counts;
 *  - of several matching rules with conditions the first in the list counts. (libseccomp's order is a matter of its tree
 *    when their actions differ and their conditions overlap; ours is the list's.)
 *  - all conditions of one rule must hold, those on one and the same argument too;
 *  - socket and System V calls are filtered behind socketcall(2) and ipc(2) as well, there by the call alone, because
 *    their arguments lie in memory.
 * When the default denies (errno, trap, kill), numbers above the highest one that the list names get ENOSYS. */
int filter_engine_input(struct arena *a, const struct seccomp *s, struct filter_input *in, bool *notify, struct err *e);

/* The highest number that the list names on `arch`; -1 when it names none or its default lets calls through. */
int64_t filter_engine_highest(const struct seccomp *s, uint32_t arch);

/* `own`, which is the one or the other of the plan's two, for `native` (filter_native_arch(), or another one for tests). */
int filter_policy_input(struct arena *a, const struct plan_filter *p, const struct plan_syscalls *own, uint32_t native,
			struct filter_input *in, struct err *e);

/* What a call of the table gets from a set. ARGS: it depends on the arguments. */
enum filter_answer { FILTER_ENOSYS, FILTER_EPERM, FILTER_ALLOW, FILTER_KILL, FILTER_ARGS, FILTER_ERRNO /* + its number */ };
enum { FILTER_MAX_CALLS = 640 };
/* Whether a group's calls can be had with these capabilities; whether those of a closed one do not exist (ENOSYS) or are refused. */
bool filter_group_opens(enum syscall_group group, uint64_t caps);
bool filter_group_is_missing(enum syscall_group group);
/* Fills answers[filter_call_index()] for a list of calls. */
void filter_group_answers(const struct plan_syscalls *p, uint64_t caps, uint16_t answers[FILTER_MAX_CALLS]);

/* Rules that are made of the plan: which sockets can be made, which requests a terminal takes (kernel/filter_limits.c). */
enum filter_limit { FILTER_LIMIT_SOCKETS, FILTER_LIMIT_IOCTLS, FILTER_LIMITS };
struct filter_limited_call { const char *name; enum filter_limit limit; };
enum { FILTER_LIMITED_CALLS = 3 };
extern const struct filter_limited_call filter_limited_calls[FILTER_LIMITED_CALLS];
bool filter_limits(const struct plan_syscalls *p, enum filter_limit limit);
struct filter_rules { size_t n; const struct filter_rule *v; };
/* The last of them is without conditions. Nothing is limited: n = 0. */
int filter_limit_rules(struct arena *a, const struct plan_syscalls *p, uint32_t arch, enum filter_limit limit, struct filter_rules *out,
		       struct err *e);

/* Rules that look at arguments: the array of a call, its last one without conditions, or NULL when the call has none. */
const struct filter_rule *filter_args_rules(const char *call, uint32_t arch, size_t *n);
/* The verdicts of FILTER_ENOSYS, EPERM, ALLOW and KILL. */
const struct filter_rule *filter_answer_rule(enum filter_answer answer);

#endif
