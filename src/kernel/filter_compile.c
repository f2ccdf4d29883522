/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers into a search tree. The numbers of one architecture fall into runs with the same verdict; single numbers that
 * stick out of a run (A x A) are tested inside it, and a balanced tree of "is it at least N" finds the run.
 */
#include "kernel/filter_compile.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "kernel/filter_syscalls.h"

enum {
	DENSE = 1024,	/* numbers below are sorted by counting */
	UNIT_SINGLES = 3,
};

/* What happens at a number: a verdict, or a row of rules made when it is first needed. */
struct leaf {
	const struct filter_entry *v;
	size_t n;		/* 0: just `other` */
	uint32_t other;
	bool made;
	struct filter_target target;
};
struct run { uint32_t start; uint32_t leaf; };
/* The run at `first`, and the single numbers that interrupt it: runs first + 1, first + 3, ... */
struct unit { uint32_t first, singles; };

struct tree {
	struct leaf *leaves;
	struct run *runs;
	struct unit *units;
	size_t n_leaves, n_runs, n_units;
	bool wide;
};

int filter_arch_add(struct filter_arch *arch, uint32_t nr, const struct filter_rule *rule, struct err *e)
{
	if (arch->n == arch->room) {
		size_t room = arch->room ? arch->room * 2 : 512;
		struct filter_entry *v;

		if (arch->n >= FILTER_MAX_ENTRIES)
			return err_set(e, E2BIG, "too many rules: no filter of the kernel can hold them");
		v = realloc(arch->v, room * sizeof(*v));
		if (!v)
			return err_set(e, ENOMEM, "out of memory");
		arch->v = v;
		arch->room = room;
	}
	arch->v[arch->n++] = (struct filter_entry){ .nr = nr, .rule = rule };
	return 0;
}

void filter_input_done(struct filter_input *in)
{
	for (size_t i = 0; i < in->n; i++)
		free(in->archs[i].v);
	in->n = 0;
}

/* Stable, because the order within a number is the meaning: counting for the dense part, insertion for the few numbers
 * that lie far out (ARM's private calls, the shifted tables of MIPS). */
static void sort_entries(const struct filter_arch *arch, uint32_t base, struct filter_entry *out)
{
	uint32_t at[DENSE + 1] = { 0 };
	size_t dense = 0, n;

	for (size_t i = 0; i < arch->n; i++)
		if (arch->v[i].nr - base < DENSE)
			at[arch->v[i].nr - base + 1]++;
	for (size_t i = 0; i < DENSE; i++)
		at[i + 1] += at[i];
	dense = n = at[DENSE];
	for (size_t i = 0; i < arch->n; i++) {
		uint32_t nr = arch->v[i].nr;
		size_t to;

		if (nr - base < DENSE) {
			out[at[nr - base]++] = arch->v[i];
			continue;
		}
		for (to = n++; to > dense && out[to - 1].nr > nr; to--)
			out[to] = out[to - 1];
		out[to] = arch->v[i];
	}
}

static bool same_leaf(const struct leaf *a, const struct leaf *b)
{
	if (a->n != b->n || a->other != b->other)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (a->v[i].rule != b->v[i].rule)
			return false;
	return true;
}

static uint32_t find_leaf(struct tree *t, const struct leaf *want)
{
	uint32_t i = 0;

	while (i < t->n_leaves && !same_leaf(&t->leaves[i], want))
		i++;
	if (i == t->n_leaves)
		t->leaves[t->n_leaves++] = *want;
	return i;
}

static void add_run(struct tree *t, uint32_t start, const struct leaf *leaf)
{
	uint32_t i = find_leaf(t, leaf);

	if (t->n_runs && t->runs[t->n_runs - 1].start == start) /* an empty gap */
		t->n_runs--;
	if (t->n_runs && t->runs[t->n_runs - 1].leaf == i)
		return;
	t->runs[t->n_runs++] = (struct run){ .start = start, .leaf = i };
}

/* The rows of one number as a leaf; the first rule without conditions ends it. */
static struct leaf row_leaf(const struct filter_arch *arch, const struct filter_entry *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (v[i].rule->n == 0)
			return (struct leaf){ .v = v, .n = i, .other = v[i].rule->verdict };
	return (struct leaf){ .v = v, .n = n, .other = arch->other };
}

static void make_runs(struct tree *t, const struct filter_arch *arch, const struct filter_entry *v, uint32_t base)
{
	const struct leaf other = { .other = arch->other };
	size_t n;

	add_run(t, base, &other);
	for (size_t i = 0; i < arch->n; i += n) {
		struct leaf leaf;

		for (n = 1; i + n < arch->n && v[i + n].nr == v[i].nr; n++)
			;
		leaf = row_leaf(arch, v + i, n);
		add_run(t, v[i].nr, &leaf);
		add_run(t, v[i].nr + 1, &other);
	}
	if (!arch->has_above)
		return;
	add_run(t, arch->above, &(struct leaf){ .other = arch->above_verdict });
	if (arch->above_end < UINT32_MAX)
		add_run(t, arch->above_end + 1, &other);
}

static void make_units(struct tree *t)
{
	for (uint32_t i = 0; i < t->n_runs;) {
		struct unit u = { .first = i };

		while (u.singles < UNIT_SINGLES && i + 2 < t->n_runs && t->runs[i + 2].leaf == t->runs[u.first].leaf &&
		       t->runs[i + 1].start + 1 == t->runs[i + 2].start) {
			u.singles++;
			i += 2;
		}
		i++;
		t->units[t->n_units++] = u;
	}
}

static struct filter_target emit_leaf(struct filter_code *c, struct tree *t, uint32_t index)
{
	struct leaf *l = &t->leaves[index];

	if (!l->made)
		l->target = filter_code_row(c, t->wide, l->v, l->n, l->other);
	l->made = true;
	return l->target;
}

static struct filter_target emit_unit(struct filter_code *c, struct tree *t, const struct unit *u)
{
	struct filter_target next = emit_leaf(c, t, t->runs[u->first].leaf);

	for (uint32_t i = u->singles; i > 0; i--) {
		const struct run *single = &t->runs[u->first + 2 * i - 1];
		struct filter_target yes = emit_leaf(c, t, single->leaf);

		next = filter_code_test(c, BPF_JEQ, single->start, yes, next);
	}
	return next;
}

static struct filter_target emit_units(struct filter_code *c, struct tree *t, size_t from, size_t to)
{
	size_t mid = from + (to - from) / 2;
	struct filter_target right, left;

	if (to - from == 1)
		return emit_unit(c, t, &t->units[from]);
	right = emit_units(c, t, mid, to);
	left = emit_units(c, t, from, mid);
	return filter_code_test(c, BPF_JGE, t->runs[t->units[mid].first].start, right, left);
}

static bool is_wide(uint32_t token)
{
#ifdef __AUDIT_ARCH_CONVENTION_MIPS64_N32
	if (token & __AUDIT_ARCH_CONVENTION_MIPS64_N32)
		return false;
#endif
	return token & __AUDIT_ARCH_64BIT;
}

/* The numbers of one architecture; the accumulator holds the number already. */
static int emit_arch(struct filter_code *c, const struct filter_arch *arch, struct filter_target *out, struct err *e)
{
	uint32_t base = arch->token == SCMP_ARCH_X32 ? FILTER_X32_BIT : 0;
	size_t max_runs = 2 * arch->n + 4;
	auto_free struct filter_entry *sorted = calloc(arch->n + 1, sizeof(*sorted));
	auto_free struct run *runs = calloc(max_runs, sizeof(*runs));
	auto_free struct unit *units = calloc(max_runs, sizeof(*units));
	auto_free struct leaf *leaves = calloc(arch->n + 3, sizeof(*leaves));
	struct tree t = { .runs = runs, .units = units, .leaves = leaves, .wide = is_wide(arch->token) };

	if (!sorted || !runs || !units || !leaves)
		return err_set(e, ENOMEM, "out of memory");
	sort_entries(arch, base, sorted);
	make_runs(&t, arch, sorted, base);
	make_units(&t);
	*out = emit_units(c, &t, 0, t.n_units);
	return 0;
}

static const struct filter_arch *find_arch(const struct filter_input *in, uint32_t token)
{
	for (size_t i = 0; i < in->n; i++)
		if (in->archs[i].token == token)
			return &in->archs[i];
	return NULL;
}

/* x86_64 and x32 share an audit architecture and differ in bit 30 of the number. A number of -1 is no x32 call: a tracer
 * sets it to skip a call, and it is answered as any number without a rule. */
static int emit_x86(struct filter_code *c, const struct filter_input *in, struct filter_target *out, struct err *e)
{
	const struct filter_arch *x86_64 = find_arch(in, SCMP_ARCH_X86_64), *x32 = find_arch(in, SCMP_ARCH_X32);
	struct filter_target bad = filter_to_verdict(in->bad_arch), high = bad, low = bad;
	int rc = 0;

	if (x32)
		rc = emit_arch(c, x32, &high, e);
	else if (x86_64 && x86_64->other != in->bad_arch)
		high = filter_code_test(c, BPF_JEQ, UINT32_MAX, filter_to_verdict(x86_64->other), bad);
	if (rc == 0 && x86_64)
		rc = emit_arch(c, x86_64, &low, e);
	if (rc < 0)
		return rc;
	*out = filter_code_test(c, BPF_JGE, FILTER_X32_BIT, high, low);
	return 0;
}

static int emit_block(struct filter_code *c, const struct filter_input *in, const struct filter_arch *arch,
		      struct filter_target *out, struct err *e)
{
	bool x86 = arch->token == SCMP_ARCH_X86_64 || arch->token == SCMP_ARCH_X32;
	int rc = x86 ? emit_x86(c, in, out, e) : emit_arch(c, arch, out, e);

	if (rc < 0)
		return rc;
	if (out->is_verdict) /* the same for every number: no need to look at it */
		return 0;
	filter_code_here(c, *out);
	*out = filter_code_step(c, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	return 0;
}

static int emit_all(struct filter_code *c, const struct filter_input *in, struct err *e)
{
	auto_free struct filter_target *blocks = calloc(in->n + 1, sizeof(*blocks));
	struct filter_target next;

	if (!blocks)
		return err_set(e, ENOMEM, "out of memory");
	for (size_t i = in->n; i > 0; i--) {
		const struct filter_arch *arch = &in->archs[i - 1];

		if (arch->token == SCMP_ARCH_X32 && find_arch(in, SCMP_ARCH_X86_64))
			continue;
		if (emit_block(c, in, arch, &blocks[i - 1], e) < 0)
			return -e->code;
	}
	next = filter_to_verdict(in->bad_arch);
	for (size_t i = in->n; i > 0; i--) {
		uint32_t token = in->archs[i - 1].token;

		if (token == SCMP_ARCH_X32) {
			if (find_arch(in, SCMP_ARCH_X86_64))
				continue;
			token = SCMP_ARCH_X86_64;
		}
		next = filter_code_test(c, BPF_JEQ, token, blocks[i - 1], next);
	}
	filter_code_here(c, next);
	if (!next.is_verdict)
		filter_code_step(c, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch));
	return 0;
}

int filter_compile(struct arena *a, const struct filter_input *in, struct filter_program *out, struct err *e)
{
	auto_free struct filter_code *c = malloc(sizeof(*c));
	struct sock_filter *insns;

	if (!c)
		return err_set(e, ENOMEM, "out of memory");
	c->n = c->n_rets = 0;
	c->full = false;
	if (emit_all(c, in, e) < 0)
		return -e->code;
	if (c->full)
		return err_set(e, E2BIG, "the filter is too long: the kernel takes %d instructions; use fewer rules",
			       BPF_MAXINSNS);
	insns = arena_array(a, c->n, sizeof(*insns));
	if (!insns)
		return err_set(e, ENOMEM, "out of memory");
	memcpy(insns, c->v + BPF_MAXINSNS - c->n, c->n * sizeof(*insns));
	*out = (struct filter_program){ .insns = insns, .n = (uint16_t)c->n };
	return 0;
}
