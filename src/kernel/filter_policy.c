/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel/filter_parts.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <string.h>
#include <sys/socket.h>

#include "base/fault.h"
#include "base/str.h"
#include "kernel/filter_syscalls.h"

enum { FUTURE = 128, MAX_ARCHS = 3, ERRNOS = 256 }; /* FUTURE: how many numbers past the newest known one are called unknown */

/* The rules that are made for one architecture, once for all calls that share them. */
struct making {
	struct arena *arena;
	const struct plan_syscalls *p;
	struct filter_arch *arch;
	struct filter_rules limits[FILTER_LIMITS];
	const struct filter_rule *errnos[ERRNOS];
};

static int begin_arch(struct making *k, struct filter_arch *arch, struct err *e)
{
	k->arch = arch;
	for (int i = 0; i < FILTER_LIMITS; i++)
		if (filter_limit_rules(k->arena, k->p, arch->token, (enum filter_limit)i, &k->limits[i], e) < 0)
			return -e->code;
	return 0;
}

static int add_rules(struct filter_arch *arch, uint32_t nr, const struct filter_rule *rules, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++)
		if (filter_arch_add(arch, nr, &rules[i], e) < 0)
			return -e->code;
	return 0;
}

static const struct filter_rules *limits_of(struct making *k, const char *name)
{
	for (size_t i = 0; i < N_ELEMENTS(filter_limited_calls); i++)
		if (str_eq(filter_limited_calls[i].name, name))
			return &k->limits[filter_limited_calls[i].limit];
	return NULL;
}

static const struct filter_rule *errno_rule(struct making *k, uint16_t number)
{
	struct filter_rule *rule;

	if (number >= ERRNOS)
		return NULL;
	if (!k->errnos[number]) {
		rule = arena_array(k->arena, 1, sizeof(*rule));
		if (!rule)
			return NULL;
		rule->verdict = SECCOMP_RET_ERRNO | number;
		k->errnos[number] = rule;
	}
	return k->errnos[number];
}

static int add_call(struct making *k, const struct filter_call *call, uint16_t answer, struct err *e)
{
	const struct filter_rules *limits = limits_of(k, call->name);
	const struct filter_rule *rules;
	struct filter_numbers nr;
	size_t n = 1;

	/* What lies behind socketcall and ipc cannot be told apart: those two are members of groups themselves. */
	if (!filter_call_resolve(call, k->arch->token, &nr) || nr.direct < 0)
		return 0;
	if (answer == FILTER_ARGS && limits) {
		rules = limits->v;
		n = limits->n;
	} else if (answer == FILTER_ARGS) {
		rules = filter_args_rules(call->name, k->arch->token, &n);
	} else {
		rules = answer >= FILTER_ERRNO ? errno_rule(k, answer - FILTER_ERRNO) : filter_answer_rule((enum filter_answer)answer);
	}
	if (!rules)
		return err_set(e, ENOMEM, "out of memory");
	return add_rules(k->arch, (uint32_t)nr.direct, rules, n, e);
}

static int add_set(struct making *k, const uint16_t answers[FILTER_MAX_CALLS], struct err *e)
{
	const struct filter_call *call;

	for (size_t i = 0; i < FILTER_MAX_CALLS && (call = filter_call_at(i)) != NULL; i++)
		if (answers[i] != FILTER_ENOSYS && add_call(k, call, answers[i], e) < 0)
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

/* What a call of an architecture without rows gets when only native ones are allowed. */
static uint32_t foreign_verdict(void)
{
	return fault_skip("filter: other architectures of the policy") ? SECCOMP_RET_ALLOW : SECCOMP_RET_KILL_PROCESS;
}

static int set_input(struct making *k, uint64_t caps, uint32_t native, struct filter_input *in, struct err *e)
{
	uint16_t answers[FILTER_MAX_CALLS];

	filter_group_answers(k->p, caps, answers);
	in->bad_arch = foreign_verdict();
	in->archs[in->n++].token = native;
	if (k->p->allow_compat32 && compat_arch(native))
		in->archs[in->n++].token = compat_arch(native);
	for (size_t i = 0; i < in->n; i++) {
		in->archs[i].other = filter_answer_rule(FILTER_ENOSYS)->verdict;
		if (begin_arch(k, &in->archs[i], e) < 0 || add_set(k, answers, e) < 0)
			return -e->code;
	}
	return 0;
}

static int add_limits(struct making *k, struct err *e)
{
	for (size_t i = 0; i < N_ELEMENTS(filter_limited_calls); i++) {
		const struct filter_call *call = filter_call_find(filter_limited_calls[i].name, strlen(filter_limited_calls[i].name));

		if (call && limits_of(k, call->name)->n && add_call(k, call, FILTER_ARGS, e) < 0)
			return -e->code;
	}
	return 0;
}

/* The two families alone are refused to native calls and those of x32, which share their architecture. */
static bool is_baseline_alone(const struct plan_syscalls *p)
{
	const uint64_t without = FILTER_EVERY & ~(UINT64_C(1) << AF_ALG | UINT64_C(1) << AF_VSOCK);

	return p->set == FILTER_SET_BASELINE && p->families == without && p->netlink == FILTER_EVERY && !p->ioctls && p->allow_compat32;
}

/* A list that lets through what it does not name, or names next to nothing, says nothing about newer calls. */
static void answer_newer(const struct plan_filter *p, struct filter_arch *arch)
{
	int64_t highest = p->has_engine ? filter_engine_highest(&p->engine, arch->token) : -1;

	if (!arch->n || highest < arch->v[0].nr || highest >= (int64_t)filter_call_newest() + FUTURE ||
	    fault_skip("filter: newer calls of the policy"))
		return;
	arch->has_above = true;
	arch->above = (uint32_t)highest + 1;
	arch->above_end = filter_call_newest() + FUTURE;
	arch->above_verdict = SECCOMP_RET_ERRNO | ENOSYS;
}

/* Every call but for what is limited. A 32-bit x86 program reaches its sockets through socketcall, whose family no filter can see: its
 * own calls are looked at all the same, for the requests to terminals. */
static int open_input(struct making *k, const struct plan_filter *p, uint32_t native, struct filter_input *in, struct err *e)
{
	in->bad_arch = k->p->allow_compat32 ? SECCOMP_RET_ALLOW : foreign_verdict();
	in->archs[in->n++].token = native;
	if (native == SCMP_ARCH_X86_64 && k->p->allow_compat32)
		in->archs[in->n++].token = SCMP_ARCH_X32;
	if (k->p->allow_compat32 && compat_arch(native) && !is_baseline_alone(k->p))
		in->archs[in->n++].token = compat_arch(native);
	for (size_t i = 0; i < in->n; i++) {
		in->archs[i].other = SECCOMP_RET_ALLOW;
		if (begin_arch(k, &in->archs[i], e) < 0 || add_limits(k, e) < 0)
			return -e->code;
	}
	if (k->p->set == FILTER_SET_BASELINE)
		answer_newer(p, &in->archs[0]);
	return 0;
}

int filter_policy_input(struct arena *a, const struct plan_filter *p, const struct plan_syscalls *own, uint32_t native,
			struct filter_input *in, struct err *e)
{
	struct making k = { .arena = a, .p = own };

	in->archs = arena_array(a, MAX_ARCHS, sizeof(*in->archs));
	if (!in->archs)
		return err_set(e, ENOMEM, "out of memory");
	if (own->set <= FILTER_SET_RULES)
		return open_input(&k, p, native, in, e);
	return set_input(&k, p->caps, native, in, e);
}
