/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules of an input, tried one after another as kernel/filter_compile.h says what they mean, against the program that was made
 * of them. A chain for each number keeps this linear: a list names hundreds.
 */
#include "kernel/filter_check.h"

#include <errno.h>
#include <linux/audit.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "kernel/filter_syscalls.h"

enum {
	CHAINS = 1024,
	/* Docker's list has some hundred, the longest of a policy some thousand. One list can have millions, of numbers that share their
	 * rules: those past this many are asked about without arguments, and with all bits set. */
	CONDITION_QUESTIONS = 8192,
};

struct rows {
	const struct filter_arch *arch;
	bool wide;
	uint16_t first[CHAINS], next[FILTER_MAX_ENTRIES]; /* places in arch->v, plus one; in its order */
};
struct checking {
	const struct filter_program *program;
	const struct filter_input *in;
	struct rows *rows;		/* of each architecture of the input */
	size_t left;			/* of CONDITION_QUESTIONS */
	struct err *e;
};

/* The System V and MIPS conventions: of all architectures only n32 says that it has 64 bits and passes 32. */
static bool is_wide(uint32_t token)
{
	return (token & __AUDIT_ARCH_64BIT) && token != SCMP_ARCH_MIPS64N32 && token != SCMP_ARCH_MIPSEL64N32;
}

static void chain(struct rows *r, const struct filter_arch *arch)
{
	r->arch = arch;
	r->wide = is_wide(arch->token);
	for (size_t i = arch->n; i > 0; i--) {
		uint16_t *first = &r->first[arch->v[i - 1].nr % CHAINS];

		r->next[i - 1] = *first;
		*first = (uint16_t)i;
	}
}

/* The place of the next entry of this number from `at` on, plus one; 0: there is none. */
static size_t entry_from(const struct rows *r, size_t at, uint32_t nr)
{
	while (at && r->arch->v[at - 1].nr != nr)
		at = r->next[at - 1];
	return at;
}

static size_t first_entry(const struct rows *r, uint32_t nr)
{
	return entry_from(r, r->first[nr % CHAINS], nr);
}

static struct filter_conditions conditions_at(const struct rows *r, size_t at)
{
	const struct filter_rule *rule = r->arch->v[at - 1].rule;

	return (struct filter_conditions){ rule->n, rule->args, r->wide };
}

static uint32_t row_verdict(const struct rows *r, const struct seccomp_data *d)
{
	const struct filter_arch *arch = r->arch;
	uint32_t nr = (uint32_t)d->nr;
	uint64_t args[6];

	memcpy(args, d->args, sizeof(args));
	for (size_t at = first_entry(r, nr); at; at = entry_from(r, r->next[at - 1], nr)) {
		struct filter_conditions c = conditions_at(r, at);

		if (filter_conditions_hold(&c, args))
			return arch->v[at - 1].rule->verdict;
	}
	return arch->has_above && nr >= arch->above && nr <= arch->above_end ? arch->above_verdict : arch->other;
}

static const struct rows *rows_of(const struct checking *k, uint32_t token)
{
	for (size_t i = 0; i < k->in->n; i++)
		if (k->in->archs[i].token == token)
			return &k->rows[i];
	return NULL;
}

/* x32 has the architecture of x86_64 and numbers of its own; a tracer skips a call of either with the number -1. */
static uint32_t expected(const struct checking *k, const struct seccomp_data *d)
{
	bool x32 = d->arch == SCMP_ARCH_X86_64 && (uint32_t)d->nr >= FILTER_X32_BIT;
	const struct rows *r = rows_of(k, x32 ? SCMP_ARCH_X32 : d->arch), *x86_64;

	if (r)
		return row_verdict(r, d);
	x86_64 = x32 && d->nr == -1 ? rows_of(k, SCMP_ARCH_X86_64) : NULL;
	return x86_64 ? x86_64->arch->other : k->in->bad_arch;
}

static int ask(const struct checking *k, uint32_t token, uint32_t nr, const uint64_t args[6])
{
	struct seccomp_data d = { .nr = (int)nr, .arch = token == SCMP_ARCH_X32 ? SCMP_ARCH_X86_64 : token };

	if (args)
		memcpy(d.args, args, sizeof(d.args));
	return filter_ask(k->program, &d, expected(k, &d), k->e);
}

/* From arguments that meet it to some near its edge, most of which do not: by the least, or, when `far`, by the other half. */
static void nudge(const struct syscall_arg *c, bool far, uint64_t args[6])
{
	uint64_t mask = c->op == SCMP_CMP_MASKED_EQ ? c->value : UINT64_MAX, step = far ? UINT64_C(1) << 32 : 1;
	uint64_t *arg = &args[c->index];

	switch (c->op) {
	case SCMP_CMP_EQ:
	case SCMP_CMP_MASKED_EQ:
		*arg ^= far && mask ? UINT64_C(1) << (63 - __builtin_clzll(mask)) : mask & (~mask + 1);
		break;
	case SCMP_CMP_NE:
		*arg = far ? c->value ^ step : c->value;
		break;
	case SCMP_CMP_GT:
		*arg = c->value - (step - 1);
		break;
	case SCMP_CMP_GE:
		*arg = c->value - step;
		break;
	case SCMP_CMP_LE:
		*arg = c->value + step;
		break;
	case SCMP_CMP_LT:
		*arg = c->value + (step - 1);
		break;
	}
}

static int ask_conditions(struct checking *k, const struct rows *r, size_t at, uint64_t filler)
{
	struct filter_conditions c = conditions_at(r, at);
	uint32_t nr = r->arch->v[at - 1].nr;
	uint64_t met[6], near[6];
	int rc;

	for (size_t i = 0; i < N_ELEMENTS(met); i++)
		met[i] = filler;
	filter_conditions_meet(&c, met);
	rc = ask(k, r->arch->token, nr, met);
	for (size_t i = 0; rc == 0 && k->left && i < 2 * c.n; i++, k->left--) {
		memcpy(near, met, sizeof(near));
		nudge(&c.v[i / 2], i % 2, near);
		rc = ask(k, r->arch->token, nr, near);
	}
	return rc;
}

static int ask_number(struct checking *k, const struct rows *r, uint32_t nr)
{
	static const uint64_t ones[6] = { UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX };
	size_t first = first_entry(r, nr);
	int rc = ask(k, r->arch->token, nr, NULL);

	if (rc == 0 && first && r->arch->v[first - 1].rule->n)
		rc = ask(k, r->arch->token, nr, ones);
	for (size_t at = first; rc == 0 && at && k->left; at = entry_from(r, r->next[at - 1], nr)) {
		if (!r->arch->v[at - 1].rule->n)
			break; /* nothing counts behind it */
		rc = ask_conditions(k, r, at, 0);
		rc = rc < 0 ? rc : ask_conditions(k, r, at, UINT64_MAX);
	}
	return rc;
}

static int ask_arch(struct checking *k, const struct rows *r)
{
	const struct filter_arch *arch = r->arch;
	uint32_t base = arch->token == SCMP_ARCH_X32 ? FILTER_X32_BIT : 0;
	const uint32_t edges[] = { arch->above, arch->above_end, arch->above_end + 1, FILTER_X32_BIT - 1, FILTER_X32_BIT, UINT32_MAX };
	uint32_t dense = 1; /* numbers from the base on that are all asked for, in rows or between them */
	int rc = 0;

	for (size_t i = 0; i < arch->n; i++)
		if (arch->v[i].nr - base < CHAINS && arch->v[i].nr - base > dense)
			dense = arch->v[i].nr - base;
	for (uint32_t i = 0; rc == 0 && i < dense + 2; i++)
		rc = ask_number(k, r, base + i);
	for (size_t i = 0; rc == 0 && i < N_ELEMENTS(edges); i++)
		rc = ask_number(k, r, edges[i]);
	for (size_t i = 0; rc == 0 && i < 3 * arch->n; i++) { /* those that lie far out, and their neighbours */
		uint32_t nr = arch->v[i / 3].nr;

		if (nr - base >= CHAINS)
			rc = ask_number(k, r, nr - 1 + (uint32_t)(i % 3));
	}
	return rc;
}

static int ask_others(const struct checking *k)
{
	static const uint32_t archs[] = { SCMP_ARCH_X86_64, SCMP_ARCH_X86, SCMP_ARCH_AARCH64, SCMP_ARCH_ARM, AUDIT_ARCH_S390X, 0 };
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < N_ELEMENTS(archs); i++)
		rc = ask(k, archs[i], 1, NULL);
	return rc < 0 ? rc : ask(k, SCMP_ARCH_X32, FILTER_X32_BIT + 1, NULL);
}

int filter_check_rows(const struct filter_program *p, const struct filter_input *in, struct err *e)
{
	auto_free struct rows *rows = calloc(in->n + 1, sizeof(*rows));
	struct checking k = { .program = p, .in = in, .rows = rows, .left = CONDITION_QUESTIONS, .e = e };
	int rc;

	if (!rows)
		return err_set(e, ENOMEM, "out of memory");
	for (size_t i = 0; i < in->n; i++)
		chain(&rows[i], &in->archs[i]);
	rc = ask_others(&k);
	for (size_t i = 0; rc == 0 && i < in->n; i++)
		rc = ask_arch(&k, &rows[i]);
	return rc;
}
