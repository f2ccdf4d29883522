/* SPDX-License-Identifier: Apache-2.0 */
/* Which device accesses a container's rules allow: the program of v2 is run here, the list of v1 is
 * compared with it. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/cgroup_internal.h"

#define EXPECT_TEXT(e, part) cr_expect(strstr((e).text, part), "said: %s", (e).text)

/* Runs a program of the few instructions that we emit. -1: something else, or it left its bounds.
 */
static int run(const struct bpf_insn *v, size_t n, char type, uint32_t major, uint32_t minor,
	       unsigned access)
{
	uint32_t ctx[3] = { access << 16 | (type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR),
			    major, minor };
	uint64_t r[11] = { 0 };

	for (size_t pc = 0; pc < n; pc++) {
		const struct bpf_insn *i = &v[pc];
		uint64_t imm = (uint64_t)(int64_t)i->imm;

		switch (i->code) {
		case BPF_LDX | BPF_W | BPF_MEM:
			if (i->src_reg != 1 || i->off < 0 || i->off > 8 || i->off % 4)
				return -1;
			r[i->dst_reg] = ctx[i->off / 4];
			break;
		case BPF_ALU64 | BPF_MOV | BPF_X: r[i->dst_reg] = r[i->src_reg]; break;
		case BPF_ALU64 | BPF_MOV | BPF_K: r[i->dst_reg] = imm; break;
		case BPF_ALU64 | BPF_AND | BPF_K: r[i->dst_reg] &= imm; break;
		case BPF_ALU64 | BPF_RSH | BPF_K: r[i->dst_reg] >>= imm; break;
		case BPF_JMP | BPF_JA: pc += (size_t)i->off; break;
		case BPF_JMP | BPF_JNE | BPF_K:
			pc += r[i->dst_reg] != imm ? (size_t)i->off : 0;
			break;
		case BPF_JMP | BPF_JSET | BPF_K:
			pc += r[i->dst_reg] & imm ? (size_t)i->off : 0;
			break;
		case BPF_JMP | BPF_EXIT: return r[0] == 1;
		default: return -1;
		}
	}
	return -1;
}

/* What the rules say, bit by bit, the last one first. */
static bool oracle(const struct cgroup_device *v, size_t n, char type, int64_t major, int64_t minor,
		   unsigned access)
{
	for (unsigned bit = 1; bit <= 4; bit <<= 1) {
		bool allowed = false;

		if (!(access & bit))
			continue;
		for (size_t i = n; i-- > 0;) {
			if ((v[i].access & bit) && (v[i].type == 'a' || v[i].type == type) &&
			    (v[i].major < 0 || v[i].major == major) &&
			    (v[i].minor < 0 || v[i].minor == minor)) {
				allowed = v[i].allow;
				break;
			}
		}
		if (!allowed)
			return false;
	}
	return true;
}

/* What the kernel makes of v1's default and exceptions. */
static bool v1_allows(bool default_allow, const struct cgroup_device *v, size_t n, char type,
		      int64_t major, int64_t minor, unsigned access)
{
	for (size_t i = 0; i < n; i++) {
		bool hit = v[i].type == type && (v[i].major < 0 || v[i].major == major) &&
			   (v[i].minor < 0 || v[i].minor == minor);

		if (hit && !default_allow && (access & ~v[i].access) == 0)
			return true;
		if (hit && default_allow && (access & v[i].access))
			return false;
	}
	return default_allow;
}

static const struct { char type; uint32_t major, minor;
} probes[] = {
	{ 'c', 1, 3 },    { 'c', 1, 1 },    { 'c', 5, 0 }, { 'c', 5, 1 },
	{ 'c', 10, 200 }, { 'c', 136, 9 },  { 'b', 8, 0 }, { 'b', 8, 1 },
	{ 'b', 1, 3 },    { 'c', 10, 229 }, { 'b', 7, 0 },
};

/* The program against the oracle; v1's list against it for single bits, as those cannot differ by
 * how bits are combined. */
static void check_rules(const struct device_rule *rules, size_t n, const char *what)
{
	struct resources r = { .devices = { n, rules } };
	struct cgroup_device *v = NULL, *folded = NULL;
	struct bpf_insn *program = NULL;
	size_t total, length, n_folded;
	bool allow;
	struct err e = { 0 };

	cr_assert_eq(cgroup_device_rules(&r, &v, &total, &e), 0);
	cr_assert_eq(cgroup_device_program(v, total, &program, &length, &e), 0);
	int v1 = cgroup_device_fold(v, total, &allow, &folded, &n_folded, &e);
	cr_expect_eq(v1, 0, "%s: %s", what, e.text);
	for (size_t i = 0; i < sizeof(probes) / sizeof(probes[0]); i++) {
		for (unsigned access = 1; access < 8; access++) {
			bool want = oracle(v, total, probes[i].type, probes[i].major,
					   probes[i].minor, access);

			cr_expect_eq(run(program, length, probes[i].type, probes[i].major,
					 probes[i].minor, access),
				     want, "%s: v2, %c %u:%u access %u", what, probes[i].type,
				     probes[i].major, probes[i].minor, access);
			if (v1 == 0 && (access & (access - 1)) == 0)
				cr_expect_eq(v1_allows(allow, folded, n_folded, probes[i].type,
						       probes[i].major, probes[i].minor, access),
					     want, "%s: v1, %c %u:%u access %u", what,
					     probes[i].type, probes[i].major, probes[i].minor,
					     access);
		}
	}
	free(v);
	free(folded);
	free(program);
}

#define RWM true, true, true
static const struct device_rule deny_all = { false, 'a', -1, -1, RWM };
static const struct device_rule allow_all = { true, 'a', -1, -1, RWM };

Test(cgroup_devices, v1_and_v2_decide_as_the_last_matching_rule_says)
{
	const struct device_rule engine[] = { deny_all,
					      { true, 'c', -1, -1, false, false, true },
					      { true, 'c', 10, 229, RWM } };
	const struct device_rule split[] = { deny_all,
					     { true, 'b', 8, 0, true, false, false },
					     { true, 'b', 8, 0, false, true, false } };
	const struct device_rule taken[] = { deny_all,
					     { true, 'b', 8, 0, RWM },
					     { false, 'b', 8, -1, false, true, true } };
	const struct device_rule open[] = { allow_all, { false, 'b', 8, 0, RWM } };
	const struct device_rule typed[] = { deny_all, { true, 'a', 8, -1, true, false, false } };
	const struct device_rule reset[] = { { true, 'b', 8, 0, RWM }, deny_all };

	check_rules(NULL, 0, "no rules");
	check_rules(&deny_all, 1, "deny all");
	check_rules(&allow_all, 1, "allow all");
	check_rules(engine, 3, "an engine's");
	check_rules(split, 3, "two halves");
	check_rules(taken, 3, "partly taken back");
	check_rules(open, 2, "open but for one");
	check_rules(typed, 2, "both types");
	check_rules(reset, 2, "reset at the end");
}

Test(cgroup_devices, the_defaults_are_what_every_container_needs_and_no_more)
{
	static const struct {
		char type;
		uint32_t major, minor;
		unsigned access;
		int want;
	} cases[] = {
		{ 'c', 1, 3, 7, 1 },
		{ 'c', 1, 5, 7, 1 },
		{ 'c', 1, 7, 7, 1 },
		{ 'c', 1, 8, 7, 1 },
		{ 'c', 1, 9, 7, 1 },
		{ 'c', 5, 0, 7, 1 },
		{ 'c', 5, 2, 7, 1 },
		{ 'c', 136, 77, 7, 1 },
		{ 'b', 8, 0, CGROUP_DEV_MKNOD, 1 },
		{ 'c', 10, 200, CGROUP_DEV_MKNOD, 1 }, /* a node alone opens nothing */
		{ 'c', 10, 200, CGROUP_DEV_READ, 0 },
		{ 'c', 10, 200, 6, 0 },
		{ 'c', 5, 1, CGROUP_DEV_WRITE, 0 },
		{ 'c', 1, 1, CGROUP_DEV_READ, 0 },
		{ 'b', 8, 0, CGROUP_DEV_READ, 0 },
		{ 'b', 8, 0, 3, 0 },
		{ 'c', 4, 1, 2, 0 },
	};
	struct resources r = { 0 };
	struct cgroup_device *v;
	struct bpf_insn *program;
	size_t n, length;
	struct err e = { 0 };

	cr_assert_eq(cgroup_device_rules(&r, &v, &n, &e), 0);
	cr_assert_eq(cgroup_device_program(v, n, &program, &length, &e), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_expect_eq(run(program, length, cases[i].type, cases[i].major, cases[i].minor,
				 cases[i].access),
			     cases[i].want, "case %zu", i);
	free(v);
	free(program);
}

Test(cgroup_devices, v1_refuses_a_hole_in_a_wider_rule)
{
	const struct device_rule rules[] = { deny_all,
					     { true, 'b', 8, -1, RWM },
					     { false, 'b', 8, 1, RWM } };
	struct resources r = { .devices = { 3, rules } };
	struct cgroup_device *v, *folded;
	size_t n, n_folded;
	bool allow;
	struct err e = { 0 };

	cr_assert_eq(cgroup_device_rules(&r, &v, &n, &e), 0);
	cr_expect_eq(cgroup_device_fold(v, n, &allow, &folded, &n_folded, &e), -EINVAL);
	EXPECT_TEXT(e, "cannot deny 'b 8:1 rwm' inside the wider rule 'b 8:* rwm'");
	free(v);
}

Test(cgroup_devices, numbers_no_device_has_match_nothing)
{
	const struct device_rule rules[] = { deny_all,
					     { true, 'b', INT64_C(0x100000008), 0, RWM } };
	struct resources r = { .devices = { 2, rules } };
	struct cgroup_device *v;
	struct bpf_insn *program;
	size_t n, length;
	struct err e = { 0 };

	cr_assert_eq(cgroup_device_rules(&r, &v, &n, &e), 0);
	cr_assert_eq(cgroup_device_program(v, n, &program, &length, &e), 0);
	cr_expect_eq(run(program, length, 'b', 8, 0, CGROUP_DEV_READ), 0);
	free(v);
	free(program);
}

Test(cgroup_devices, too_many_rules_are_refused)
{
	static struct device_rule rules[CGROUP_DEVICE_RULES_MAX + 1];
	struct resources r = { .devices = { CGROUP_DEVICE_RULES_MAX + 1, rules } };
	struct cgroup_device *v;
	size_t n;
	struct err e = { 0 };

	cr_expect_eq(cgroup_device_rules(&r, &v, &n, &e), -E2BIG);
	EXPECT_TEXT(e, "resources.devices");
}
