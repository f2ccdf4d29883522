/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine's list itself, against the program: what kernel/filter_parts.h says that a list means, read once more without the code
 * that makes rules of it. Calls with a number of their own are asked for, on the architectures of our own table; what lies behind
 * socketcall and ipc is the matter of filter_check_rows().
 */
#include "kernel/filter_check.h"

#include <errno.h>
#include <linux/audit.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "kernel/filter_parts.h"
#include "kernel/filter_syscalls.h"

enum { NUMBERS = 1024, CONDITIONAL = 512, FEW = 3 };

/* What the list says on one architecture. Numbers count from its base. */
struct said {
	const struct seccomp *s;
	const struct filter_call *const *calls; /* one for each name, in the list's order; NULL: nobody knows it */
	uint32_t token, base, other;
	int64_t highest, multiplexers[2];
	uint32_t plain[NUMBERS];	/* the first rule without conditions; `other`: there is none */
	bool conditional[NUMBERS];
	size_t n;
	struct { const struct syscall_rule *rule; uint32_t at; } rules[CONDITIONAL]; /* those with conditions, in the list's order */
};

static uint32_t verdict_of(uint32_t action, bool has_errno, uint32_t number)
{
	bool takes = action == SECCOMP_RET_ERRNO || action == SECCOMP_RET_TRACE;

	return takes ? action | (has_errno ? number : EPERM) : action;
}

static uint32_t rule_verdict(const struct syscall_rule *r)
{
	return verdict_of(r->action, r->has_errno, r->errno_ret);
}

static struct filter_conditions conditions_of(const struct said *k, const struct syscall_rule *r)
{
	return (struct filter_conditions){ r->args.n, r->args.v, k->token & __AUDIT_ARCH_64BIT };
}

static bool is_plain(const struct syscall_rule *r)
{
	for (size_t i = 0; i < r->args.n; i++)
		if (r->args.v[i].op != SCMP_CMP_MASKED_EQ || r->args.v[i].value)
			return false;
	return true;
}

static void hear_call(struct said *k, const struct syscall_rule *r, const struct filter_call *call)
{
	struct filter_numbers nr;
	uint32_t at;

	if (!call || !filter_call_resolve(call, k->token, &nr))
		return;
	if (nr.direct > k->highest)
		k->highest = nr.direct;
	if (nr.shared > k->highest)
		k->highest = nr.shared;
	at = (uint32_t)nr.direct - k->base;
	if (nr.direct < 0 || at >= NUMBERS || rule_verdict(r) == k->other)
		return;
	if (is_plain(r)) {
		if (k->plain[at] == k->other)
			k->plain[at] = rule_verdict(r);
		return;
	}
	k->conditional[at] = true;
	if (k->n < CONDITIONAL) {
		k->rules[k->n].rule = r;
		k->rules[k->n++].at = at;
	}
}

static int64_t number_of(const char *name, uint32_t token)
{
	struct filter_numbers nr;

	return filter_call_resolve(filter_call_find(name, strlen(name)), token, &nr) ? nr.direct : -1;
}

static void hear(struct said *k)
{
	const struct filter_call *const *call = k->calls;

	k->highest = -1;
	k->multiplexers[0] = number_of("socketcall", k->token);
	k->multiplexers[1] = number_of("ipc", k->token);
	for (size_t i = 0; i < NUMBERS; i++)
		k->plain[i] = k->other;
	for (size_t i = 0; i < k->s->rules.n; i++)
		for (size_t j = 0; j < k->s->rules.v[i].names.n; j++)
			hear_call(k, &k->s->rules.v[i], *call++);
}

static int ask(const struct filter_program *p, const struct said *k, uint32_t at, const uint64_t args[6], uint32_t want, struct err *e)
{
	struct seccomp_data d = { .nr = (int)(k->base + at), .arch = k->token == SCMP_ARCH_X32 ? SCMP_ARCH_X86_64 : k->token };

	if (args)
		memcpy(d.args, args, sizeof(d.args));
	return filter_ask(p, &d, want, e);
}

/* Of rules with conditions on one call the first that matches counts. */
static uint32_t conditional_verdict(const struct said *k, uint32_t at, const uint64_t args[6])
{
	for (size_t i = 0; i < k->n; i++) {
		struct filter_conditions c = conditions_of(k, k->rules[i].rule);

		if (k->rules[i].at == at && filter_conditions_hold(&c, args))
			return rule_verdict(k->rules[i].rule);
	}
	return k->other;
}

static bool is_multiplexer(const struct said *k, uint32_t at)
{
	int64_t nr = (int64_t)k->base + at;

	return nr == k->multiplexers[0] || nr == k->multiplexers[1];
}

static int ask_conditional(const struct filter_program *p, const struct said *k, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < k->n; i++) {
		struct filter_conditions c = conditions_of(k, k->rules[i].rule);
		uint32_t at = k->rules[i].at;
		uint64_t args[6] = { 0 };

		if (k->plain[at] != k->other || is_multiplexer(k, at))
			continue;
		filter_conditions_meet(&c, args);
		if (filter_conditions_hold(&c, args)) /* else one behind the last that was kept could match */
			rc = ask(p, k, at, args, conditional_verdict(k, at, args), e);
	}
	return rc;
}

static bool denies(uint32_t verdict)
{
	uint32_t action = verdict & SECCOMP_RET_ACTION_FULL;

	return action != SECCOMP_RET_ALLOW && action != SECCOMP_RET_LOG && action != SECCOMP_RET_TRACE;
}

/* Numbers without a rule, and those with one that has no conditions, to a few above the highest. */
static int ask_plain(const struct filter_program *p, const struct said *k, struct err *e)
{
	bool above = k->highest >= 0 && denies(k->other);
	int64_t end = (k->highest < 0 ? 0 : k->highest - k->base) + FEW;
	int rc = 0;

	for (uint32_t at = 0; rc == 0 && at < NUMBERS && at < end; at++) {
		uint32_t want = above && (int64_t)k->base + at > k->highest ? (uint32_t)(SECCOMP_RET_ERRNO | ENOSYS) : k->plain[at];

		if (k->plain[at] != k->other || (!k->conditional[at] && !is_multiplexer(k, at)))
			rc = ask(p, k, at, NULL, want, e);
	}
	return rc;
}

static bool is_listed(const struct seccomp *s, uint32_t token)
{
	for (size_t i = 0; i < s->archs.n; i++)
		if (s->archs.v[i] == token)
			return true;
	return token == filter_native_arch();
}

/* A call of an architecture that is not listed ends the thread. */
static int ask_other(const struct filter_program *p, const struct seccomp *s, struct err *e)
{
	static const uint32_t tokens[] = { SCMP_ARCH_X86_64, SCMP_ARCH_X86, SCMP_ARCH_AARCH64, SCMP_ARCH_ARM };
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < N_ELEMENTS(tokens); i++) {
		struct seccomp_data d = { .nr = 1, .arch = tokens[i] };

		/* An x32 call has x86_64's architecture, which is then looked at. */
		if (!is_listed(s, tokens[i]) && !(tokens[i] == SCMP_ARCH_X86_64 && is_listed(s, SCMP_ARCH_X32)))
			rc = filter_ask(p, &d, SECCOMP_RET_KILL_THREAD, e);
	}
	return rc;
}

/* Names are looked up once for all architectures. */
static const struct filter_call **find_calls(const struct seccomp *s)
{
	const struct filter_call **calls;
	size_t n = 0;

	for (size_t i = 0; i < s->rules.n; i++)
		n += s->rules.v[i].names.n;
	calls = malloc((n + 1) * sizeof(const struct filter_call *));
	n = 0;
	for (size_t i = 0; calls && i < s->rules.n; i++)
		for (size_t j = 0; j < s->rules.v[i].names.n; j++)
			calls[n++] = filter_call_find(s->rules.v[i].names.v[j], strlen(s->rules.v[i].names.v[j]));
	return calls;
}

int filter_check_engine(const struct filter_program *p, const struct seccomp *s, struct err *e)
{
	static const uint32_t tokens[] = { SCMP_ARCH_X86_64, SCMP_ARCH_X86, SCMP_ARCH_X32, SCMP_ARCH_AARCH64, SCMP_ARCH_ARM };
	auto_free const struct filter_call **calls = find_calls(s);
	auto_free struct said *k = malloc(sizeof(*k));
	int rc = 0;

	if (!calls || !k)
		return err_set(e, ENOMEM, "out of memory");
	for (size_t i = 0; rc == 0 && i < N_ELEMENTS(tokens); i++) {
		if (!is_listed(s, tokens[i]))
			continue;
		*k = (struct said){ .s = s, .calls = calls, .token = tokens[i], .base = tokens[i] == SCMP_ARCH_X32 ? FILTER_X32_BIT : 0,
				    .other = verdict_of(s->default_action, s->has_default_errno, s->default_errno) };
		hear(k);
		rc = ask_plain(p, k, e);
		rc = rc < 0 ? rc : ask_conditional(p, k, e);
	}
	return rc < 0 ? rc : ask_other(p, s, e);
}
