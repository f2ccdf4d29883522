/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making instructions, last one first. A conditional jump reaches 255 instructions ahead; a verdict that is further away
 * is made again (one instruction, no cost when run), any other place is reached through an unconditional jump.
 */
#include "kernel/filter_compile.h"

#include <linux/seccomp.h>
#include <seccomp.h>

#include "base/str.h"

/* Short of 255 by the two instructions that may still come between a target and the jump to it. */
enum { REACH = 250 };

static size_t push(struct filter_code *c, uint16_t op, uint8_t jt, uint8_t jf, uint32_t k)
{
	if (c->n == BPF_MAXINSNS) {
		c->full = true;
		return c->n;
	}
	c->n++;
	c->v[BPF_MAXINSNS - c->n] = (struct sock_filter){ .code = op, .jt = jt, .jf = jf, .k = k };
	return c->n;
}

struct filter_target filter_to_label(size_t label)
{
	return (struct filter_target){ .label = label };
}

struct filter_target filter_to_verdict(uint32_t verdict)
{
	return (struct filter_target){ .is_verdict = true, .verdict = verdict };
}

static size_t near_verdict(struct filter_code *c, uint32_t verdict)
{
	size_t i = 0;

	while (i < c->n_rets && c->rets[i].verdict != verdict)
		i++;
	if (i < c->n_rets && c->n - c->rets[i].label <= REACH)
		return c->rets[i].label;
	if (i == N_ELEMENTS(c->rets)) /* more verdicts than room to remember: the last slot is reused */
		i--;
	else if (i == c->n_rets)
		c->n_rets++;
	c->rets[i].verdict = verdict;
	c->rets[i].label = push(c, BPF_RET | BPF_K, 0, 0, verdict);
	return c->rets[i].label;
}

static size_t near(struct filter_code *c, struct filter_target t)
{
	if (t.is_verdict)
		return near_verdict(c, t.verdict);
	if (c->n - t.label <= REACH)
		return t.label;
	return push(c, BPF_JMP | BPF_JA, 0, 0, (uint32_t)(c->n - t.label));
}

struct filter_target filter_code_step(struct filter_code *c, uint16_t op, uint32_t k)
{
	return filter_to_label(push(c, op, 0, 0, k));
}

struct filter_target filter_code_test(struct filter_code *c, uint16_t op, uint32_t k, struct filter_target yes,
				      struct filter_target no)
{
	size_t t = near(c, yes), f = near(c, no);

	return filter_to_label(push(c, BPF_JMP | op | BPF_K, (uint8_t)(c->n - t), (uint8_t)(c->n - f), k));
}

void filter_code_here(struct filter_code *c, struct filter_target t)
{
	if (t.is_verdict)
		push(c, BPF_RET | BPF_K, 0, 0, t.verdict);
	else if (t.label != c->n)
		push(c, BPF_JMP | BPF_JA, 0, 0, (uint32_t)(c->n - t.label));
}

/* One half of argument i; on a narrow architecture only the low one is ever looked at. */
static struct filter_target load(struct filter_code *c, uint32_t index, bool high)
{
	size_t at = offsetof(struct seccomp_data, args) + index * sizeof(uint64_t);

	if (high == (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__))
		at += sizeof(uint32_t);
	return filter_code_step(c, BPF_LD | BPF_W | BPF_ABS, (uint32_t)at);
}

static struct filter_target masked_half(struct filter_code *c, uint32_t index, bool high, uint32_t mask, uint32_t value,
					struct filter_target yes, struct filter_target no)
{
	if (mask == 0)
		return yes;
	filter_code_test(c, BPF_JEQ, value & mask, yes, no);
	if (mask != UINT32_MAX)
		filter_code_step(c, BPF_ALU | BPF_AND | BPF_K, mask);
	return load(c, index, high);
}

static struct filter_target masked(struct filter_code *c, bool wide, uint32_t index, uint64_t mask, uint64_t value,
				   struct filter_target yes, struct filter_target no)
{
	yes = masked_half(c, index, false, (uint32_t)mask, (uint32_t)value, yes, no);
	if (!wide)
		return yes;
	return masked_half(c, index, true, (uint32_t)(mask >> 32), (uint32_t)(value >> 32), yes, no);
}

/* op is BPF_JGT or BPF_JGE, for the whole 64 bits. */
static struct filter_target ordered(struct filter_code *c, bool wide, uint32_t index, uint16_t op, uint64_t value,
				    struct filter_target yes, struct filter_target no)
{
	struct filter_target low;

	filter_code_test(c, op, (uint32_t)value, yes, no);
	low = load(c, index, false);
	if (!wide)
		return low;
	low = filter_code_test(c, BPF_JEQ, (uint32_t)(value >> 32), low, no);
	filter_code_test(c, BPF_JGT, (uint32_t)(value >> 32), yes, low);
	return load(c, index, true);
}

static struct filter_target condition(struct filter_code *c, bool wide, const struct syscall_arg *arg,
				      struct filter_target yes, struct filter_target no)
{
	switch (arg->op) {
	case SCMP_CMP_EQ:
		return masked(c, wide, arg->index, UINT64_MAX, arg->value, yes, no);
	case SCMP_CMP_NE:
		return masked(c, wide, arg->index, UINT64_MAX, arg->value, no, yes);
	case SCMP_CMP_MASKED_EQ:
		return masked(c, wide, arg->index, arg->value, arg->value_two, yes, no);
	case SCMP_CMP_GT:
		return ordered(c, wide, arg->index, BPF_JGT, arg->value, yes, no);
	case SCMP_CMP_GE:
		return ordered(c, wide, arg->index, BPF_JGE, arg->value, yes, no);
	case SCMP_CMP_LE:
		return ordered(c, wide, arg->index, BPF_JGT, arg->value, no, yes);
	case SCMP_CMP_LT:
		return ordered(c, wide, arg->index, BPF_JGE, arg->value, no, yes);
	}
	return no; /* refused before it comes here */
}

/* The mask of a rule that is nothing but one equality, 0 for any other. */
static uint64_t equality_mask(const struct filter_rule *r)
{
	if (r->n != 1)
		return 0;
	if (r->args[0].op == SCMP_CMP_EQ)
		return UINT64_MAX;
	return r->args[0].op == SCMP_CMP_MASKED_EQ ? r->args[0].value : 0;
}

static uint64_t equality_value(const struct filter_rule *r)
{
	uint64_t value = r->args[0].op == SCMP_CMP_EQ ? r->args[0].value : r->args[0].value_two;

	return value & equality_mask(r);
}

/* Equalities on one argument that differ in their low half only can share the loads. */
static bool same_but_low(const struct filter_rule *a, const struct filter_rule *b)
{
	return equality_mask(a) && equality_mask(a) == equality_mask(b) && (uint32_t)equality_mask(a) &&
	       a->args[0].index == b->args[0].index && equality_value(a) >> 32 == equality_value(b) >> 32;
}

/* v[0..n) are same_but_low to each other. */
static struct filter_target equalities(struct filter_code *c, bool wide, const struct filter_entry *v, size_t n,
				       struct filter_target no)
{
	const struct filter_rule *first = v[0].rule;
	uint64_t mask = equality_mask(first), value = equality_value(first);
	uint32_t index = first->args[0].index;
	struct filter_target next = no;

	while (n-- > 0)
		next = filter_code_test(c, BPF_JEQ, (uint32_t)equality_value(v[n].rule),
					filter_to_verdict(v[n].rule->verdict), next);
	if ((uint32_t)mask != UINT32_MAX)
		filter_code_step(c, BPF_ALU | BPF_AND | BPF_K, (uint32_t)mask);
	next = load(c, index, false);
	if (!wide)
		return next;
	return masked_half(c, index, true, (uint32_t)(mask >> 32), (uint32_t)(value >> 32), next, no);
}

struct filter_target filter_code_row(struct filter_code *c, bool wide, const struct filter_entry *v, size_t n,
				     uint32_t other)
{
	struct filter_target next = filter_to_verdict(other);

	while (n > 0) {
		const struct filter_rule *last = v[n - 1].rule;
		size_t from = n - 1;

		while (from > 0 && same_but_low(v[from - 1].rule, last))
			from--;
		if (from < n - 1) {
			next = equalities(c, wide, v + from, n - from, next);
			n = from;
			continue;
		}
		struct filter_target yes = filter_to_verdict(last->verdict);

		for (size_t i = last->n; i > 0; i--)
			yes = condition(c, wide, &last->args[i - 1], yes, next);
		next = yes;
		n--;
	}
	return next;
}
