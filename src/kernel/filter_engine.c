/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel/filter_parts.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/log.h"
#include "kernel/filter_syscalls.h"

enum { MAX_ARCHS = 32, MAX_ERRNO = 4095, MAX_TRACE = 0xffff };

uint32_t filter_native_arch(void)
{
#if defined(__x86_64__) && defined(__ILP32__)
	return SCMP_ARCH_X32;
#elif defined(__x86_64__)
	return SCMP_ARCH_X86_64;
#elif defined(__aarch64__)
	return SCMP_ARCH_AARCH64;
#else
	return seccomp_arch_native();
#endif
}

static bool takes_errno(uint32_t action)
{
	return action == SECCOMP_RET_ERRNO || action == SECCOMP_RET_TRACE;
}

/* An action and its errno as the kernel's return value. */
static int verdict_of(uint32_t action, bool has_errno, uint32_t errno_ret, uint32_t *out, struct err *e)
{
	switch (action) {
	case SECCOMP_RET_KILL_PROCESS:
	case SECCOMP_RET_KILL_THREAD:
	case SECCOMP_RET_TRAP:
	case SECCOMP_RET_ERRNO:
	case SECCOMP_RET_USER_NOTIF:
	case SECCOMP_RET_TRACE:
	case SECCOMP_RET_LOG:
	case SECCOMP_RET_ALLOW:
		break;
	default:
		return err_set(e, EINVAL, "unknown action 0x%x", action);
	}
	if (!takes_errno(action)) {
		if (has_errno)
			return err_set(e, EINVAL, "this action takes no errno value: remove errnoRet");
		*out = action;
		return 0;
	}
	if (!has_errno)
		errno_ret = EPERM;
	if (errno_ret > (action == SECCOMP_RET_ERRNO ? MAX_ERRNO : MAX_TRACE))
		return err_set(e, EINVAL, "errno value %u is too large", errno_ret);
	*out = action | errno_ret;
	return 0;
}

static int check_args(const struct syscall_rule *r, struct err *e)
{
	for (size_t i = 0; i < r->args.n; i++) {
		if (r->args.v[i].index > 5)
			return err_set(e, EINVAL, "args[%zu]: a call has arguments 0 to 5, not %u", i, r->args.v[i].index);
		if (r->args.v[i].op < SCMP_CMP_NE || r->args.v[i].op > SCMP_CMP_MASKED_EQ)
			return err_set(e, EINVAL, "args[%zu]: unknown operator", i);
	}
	return 0;
}

/* A comparison under an empty mask holds always: such a rule has no conditions in libseccomp's eyes either. */
static bool has_conditions(const struct syscall_rule *r)
{
	for (size_t i = 0; i < r->args.n; i++)
		if (r->args.v[i].op != SCMP_CMP_MASKED_EQ || r->args.v[i].value != 0)
			return true;
	return false;
}

static bool denies(uint32_t action)
{
	return action == SECCOMP_RET_ERRNO || action == SECCOMP_RET_TRAP || action == SECCOMP_RET_KILL_THREAD ||
	       action == SECCOMP_RET_KILL_PROCESS;
}

int64_t filter_engine_highest(const struct seccomp *s, uint32_t arch)
{
	struct filter_numbers nr;
	int64_t highest = -1;

	if (!denies(s->default_action))
		return -1;
	for (size_t i = 0; i < s->rules.n; i++)
		for (size_t j = 0; j < s->rules.v[i].names.n; j++) {
			const char *name = s->rules.v[i].names.v[j];

			if (filter_call_resolve(filter_call_find(name, strlen(name)), arch, &nr) &&
			    nr.direct > highest)
				highest = nr.direct;
		}
	return highest;
}

/* What is needed while the list is read, one per architecture. */
struct reading {
	struct arena *arena;
	struct filter_input *in;
	int64_t highest[MAX_ARCHS];
	/* Calls that have a rule without conditions: nothing later can change them. Numbers below 1024 from the base. */
	uint64_t settled[MAX_ARCHS][1024 / 64];
};

static uint32_t dense_number(uint32_t token, uint32_t nr)
{
	return token == SCMP_ARCH_X32 ? nr - FILTER_X32_BIT : nr;
}

static int add_number(struct reading *r, size_t arch, uint32_t nr, const struct filter_rule *rule, struct err *e)
{
	struct filter_arch *fa = &r->in->archs[arch];
	uint32_t d = dense_number(fa->token, nr);

	if (d < 1024) {
		uint64_t bit = UINT64_C(1) << d % 64;

		if (r->settled[arch][d / 64] & bit)
			return 0;
		if (rule->n == 0)
			r->settled[arch][d / 64] |= bit;
	}
	return filter_arch_add(fa, nr, rule, e);
}

/* The rule as it can be checked behind socketcall or ipc: the first argument is the call, the others stay. */
static const struct filter_rule *shared_rule(struct arena *a, const struct filter_rule *rule, uint32_t call)
{
	struct filter_rule *out = arena_array(a, 1, sizeof(*out));
	struct syscall_arg *args = arena_array(a, rule->n + 1, sizeof(*args));
	size_t n = 0;

	if (!out || !args)
		return NULL;
	args[n++] = (struct syscall_arg){ .index = 0, .op = SCMP_CMP_EQ, .value = call };
	for (size_t i = 0; i < rule->n; i++)
		if (rule->args[i].index != 0)
			args[n++] = rule->args[i];
	*out = (struct filter_rule){ .verdict = rule->verdict, .n = n, .args = args };
	return out;
}

static int add_name(struct reading *r, const char *name, const struct filter_rule *rule, struct err *e)
{
	const struct filter_call *call = filter_call_find(name, strlen(name));
	bool found = false;

	for (size_t i = 0; i < r->in->n; i++) {
		const struct filter_rule *shared;
		struct filter_numbers nr;

		if (!filter_call_resolve(call, r->in->archs[i].token, &nr))
			continue;
		found = true;
		if (nr.direct > r->highest[i])
			r->highest[i] = nr.direct;
		if (nr.shared > r->highest[i])
			r->highest[i] = nr.shared;
		if (rule && nr.direct >= 0 && add_number(r, i, (uint32_t)nr.direct, rule, e) < 0)
			return -e->code;
		if (!rule || nr.shared < 0)
			continue;
		shared = shared_rule(r->arena, rule, nr.shared_call);
		if (!shared)
			return err_set(e, ENOMEM, "out of memory");
		if (add_number(r, i, (uint32_t)nr.shared, shared, e) < 0)
			return -e->code;
	}
	if (!found && !call)
		log_debug("seccomp: no system call named %s here: rule skipped", name);
	return 0;
}

static int add_rule(struct reading *r, const struct syscall_rule *from, uint32_t other, bool *notify, struct err *e)
{
	struct filter_rule *rule = arena_array(r->arena, 1, sizeof(*rule));

	if (!rule)
		return err_set(e, ENOMEM, "out of memory");
	if (verdict_of(from->action, from->has_errno, from->errno_ret, &rule->verdict, e) < 0)
		return -e->code;
	if (check_args(from, e) < 0)
		return -e->code;
	rule->n = has_conditions(from) ? from->args.n : 0;
	rule->args = from->args.v;
	for (size_t i = 0; i < from->names.n; i++) {
		const char *name = from->names.v[i];

		/* The last steps of a start need write: a listener that is not there yet would block them for ever. */
		if (from->action == SECCOMP_RET_USER_NOTIF && str_eq(name, "write"))
			return err_set(e, EINVAL, "SCMP_ACT_NOTIFY cannot be used for write");
		if (add_name(r, name, rule->verdict == other ? NULL : rule, e) < 0)
			return -e->code;
	}
	*notify = *notify || (from->action == SECCOMP_RET_USER_NOTIF && from->names.n && rule->verdict != other);
	return 0;
}

static int open_archs(struct reading *r, const struct seccomp *s, uint32_t other, struct err *e)
{
	struct filter_input *in = r->in;

	in->archs = arena_array(r->arena, MAX_ARCHS, sizeof(*in->archs));
	if (!in->archs)
		return err_set(e, ENOMEM, "out of memory");
	in->bad_arch = fault_skip("filter: other architectures of the engine") ? SECCOMP_RET_ALLOW : SECCOMP_RET_KILL_THREAD;
	in->archs[in->n++] = (struct filter_arch){ .token = filter_native_arch(), .other = other };
	for (size_t i = 0; i < s->archs.n; i++) {
		size_t j = 0;

		while (j < in->n && in->archs[j].token != s->archs.v[i])
			j++;
		if (j < in->n || s->archs.v[i] == SCMP_ARCH_NATIVE)
			continue;
		if (in->n == MAX_ARCHS)
			return err_set(e, E2BIG, "too many architectures");
		in->archs[in->n++] = (struct filter_arch){ .token = s->archs.v[i], .other = other };
	}
	for (size_t i = 0; i < in->n; i++) {
		bool s390 = in->archs[i].token == SCMP_ARCH_S390 || in->archs[i].token == SCMP_ARCH_S390X;

		r->highest[i] = -1;
		/* There a number that does not fit the short form, and that the kernel does not know, arrives as 0. */
		if (s390 && denies(s->default_action) &&
		    filter_arch_add(&in->archs[i], 0, filter_answer_rule(FILTER_ENOSYS), e) < 0)
			return -e->code;
	}
	return 0;
}

/* Numbers that the list cannot know: a C library falls back to older calls only when it is told ENOSYS. */
static void answer_newer(struct reading *r, uint32_t other)
{
	for (size_t i = 0; i < r->in->n; i++) {
		struct filter_arch *arch = &r->in->archs[i];

		if (r->highest[i] < 0 || !denies(other & SECCOMP_RET_ACTION_FULL) || fault_skip("filter: newer calls of the engine"))
			continue;
		arch->has_above = true;
		arch->above = (uint32_t)r->highest[i] + 1;
		arch->above_end = UINT32_MAX;
		arch->above_verdict = SECCOMP_RET_ERRNO | ENOSYS;
	}
}

int filter_engine_input(struct arena *a, const struct seccomp *s, struct filter_input *in, bool *notify, struct err *e)
{
	auto_free struct reading *r = calloc(1, sizeof(*r));
	uint32_t other;

	if (!r)
		return err_set(e, ENOMEM, "out of memory");
	if (s->default_action == SECCOMP_RET_USER_NOTIF)
		return err_set(e, EINVAL, "defaultAction: SCMP_ACT_NOTIFY is not possible");
	if (verdict_of(s->default_action, s->has_default_errno, s->default_errno, &other, e) < 0)
		return err_wrap(e, "defaultAction");
	r->arena = a;
	r->in = in;
	if (open_archs(r, s, other, e) < 0)
		return -e->code;
	for (int with_args = 0; with_args <= 1; with_args++)
		for (size_t i = 0; i < s->rules.n; i++) {
			const struct syscall_rule *rule = &s->rules.v[i];

			if (has_conditions(rule) == with_args && !fault_skip("filter: engine rules") && add_rule(r, rule, other, notify, e) < 0)
				return err_wrap(e, "syscalls[%zu]", i);
		}
	answer_newer(r, other);
	return 0;
}
