/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel/filter_parts.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <string.h>

#include "kernel/filter_syscalls.h"
#include "policy/syscall_groups.h"

enum { FUTURE = 128 }; /* how many numbers past the newest known one are called unknown */

static int add_rules(struct filter_arch *arch, uint32_t nr, const struct filter_rule *rules, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++)
		if (filter_arch_add(arch, nr, &rules[i], e) < 0)
			return -e->code;
	return 0;
}

static int add_call(struct filter_arch *arch, const struct filter_call *call, enum filter_answer answer, struct err *e)
{
	const struct filter_rule *rules = filter_answer_rule(answer);
	struct filter_numbers nr;
	size_t n = 1;

	/* What lies behind socketcall and ipc cannot be told apart: those two are members of groups themselves. */
	if (!filter_call_resolve(call, call->name, arch->token, &nr) || nr.direct < 0)
		return 0;
	if (answer == FILTER_ARGS)
		rules = filter_args_rules(call->name, arch->token, &n);
	return add_rules(arch, (uint32_t)nr.direct, rules, n, e);
}

static int add_set(struct filter_arch *arch, const uint8_t answers[FILTER_MAX_CALLS], struct err *e)
{
	const struct filter_call *call;

	for (size_t i = 0; i < FILTER_MAX_CALLS && (call = filter_call_at(i)) != NULL; i++)
		if (answers[i] != FILTER_ENOSYS && add_call(arch, call, answers[i], e) < 0)
			return -e->code;
	return 0;
}

/* The 32-bit architecture that this kernel may run beside its own; 0: none. */
static uint32_t compat_arch(uint32_t native)
{
	switch (native) {
	case SCMP_ARCH_X86_64:
		return SCMP_ARCH_X86;
	case SCMP_ARCH_AARCH64:
		return SCMP_ARCH_ARM;
	}
	return 0;
}

static int set_input(const struct plan_filter *p, uint32_t native, struct filter_input *in, struct err *e)
{
	uint8_t answers[FILTER_MAX_CALLS];
	uint64_t groups = p->set == FILTER_SET_SERVICE	   ? SYSCALLS_SERVICE
			  : p->set == FILTER_SET_CONTAINER ? SYSCALLS_CONTAINER
							   : p->groups;

	filter_group_answers(groups, p->caps, answers);
	in->bad_arch = SECCOMP_RET_KILL_PROCESS;
	in->archs[in->n++].token = native;
	if (p->allow_compat32 && compat_arch(native))
		in->archs[in->n++].token = compat_arch(native);
	for (size_t i = 0; i < in->n; i++) {
		in->archs[i].other = filter_answer_rule(FILTER_ENOSYS)->verdict;
		if (add_set(&in->archs[i], answers, e) < 0)
			return -e->code;
	}
	return 0;
}

/* Only the native calls, and those of x32, which share their architecture: a 32-bit program reaches its sockets through
 * socketcall, whose family no filter can see. */
static int baseline_input(const struct plan_filter *p, uint32_t native, struct filter_input *in, struct err *e)
{
	int64_t highest = p->has_engine ? filter_engine_highest(&p->engine, native) : -1;
	const struct filter_call *socket_call = filter_call_find("socket", 6);
	struct filter_numbers nr;
	size_t n;
	const struct filter_rule *rules = filter_args_baseline(&n);

	in->bad_arch = SECCOMP_RET_ALLOW;
	in->archs[in->n++].token = native;
	if (native == SCMP_ARCH_X86_64)
		in->archs[in->n++].token = SCMP_ARCH_X32;
	for (size_t i = 0; i < in->n; i++) {
		in->archs[i].other = SECCOMP_RET_ALLOW;
		if (filter_call_resolve(socket_call, "socket", in->archs[i].token, &nr) && nr.direct >= 0 &&
		    add_rules(&in->archs[i], (uint32_t)nr.direct, rules, n, e) < 0)
			return -e->code;
	}
	/* A list that lets through what it does not name, or names next to nothing, says nothing about newer calls. */
	if (in->archs[0].n && highest >= in->archs[0].v[0].nr && highest < (int64_t)filter_call_newest() + FUTURE) {
		in->archs[0].has_above = true;
		in->archs[0].above = (uint32_t)highest + 1;
		in->archs[0].above_end = filter_call_newest() + FUTURE;
		in->archs[0].above_verdict = SECCOMP_RET_ERRNO | ENOSYS;
	}
	return 0;
}

int filter_policy_input(struct arena *a, const struct plan_filter *p, uint32_t native, struct filter_input *in,
			struct err *e)
{
	in->archs = arena_array(a, 2, sizeof(*in->archs));
	if (!in->archs)
		return err_set(e, ENOMEM, "out of memory");
	if (p->set == FILTER_SET_BASELINE)
		return baseline_input(p, native, in, e);
	return set_input(p, native, in, e);
}
