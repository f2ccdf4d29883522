/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The questions that a program must answer before it is used: right programs pass, and wrong ones do not, each instruction changed in
 * turn. (Kinds of rules that are left out are tests/integration/33-mutants.t.)
 */
#include "test_filter_sim.h"

#include <linux/audit.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "kernel/filter_check.h"

enum { HIGHEST = 700 };

struct made { struct filter_input in; struct filter_program program; };

static struct made make_engine(struct arena *a, const struct seccomp *s)
{
	struct made m = { 0 };
	struct err e = { 0 };
	bool notify = false;

	cr_assert_eq(filter_engine_input(a, s, &m.in, &notify, &e), 0, "%s", e.text);
	cr_assert_eq(filter_compile(a, &m.in, &m.program, &e), 0, "%s", e.text);
	return m;
}

static struct made make_policy(struct arena *a, const struct plan_filter *p)
{
	struct made m = { 0 };
	struct err e = { 0 };

	cr_assert_eq(filter_policy_input(a, p, &p->own, filter_native_arch(), &m.in, &e), 0, "%s", e.text);
	cr_assert_eq(filter_compile(a, &m.in, &m.program, &e), 0, "%s", e.text);
	return m;
}

static const struct plan_filter server = {
	.own = { .set = FILTER_SET_SERVICE, .families = 1 << AF_UNIX | 1 << AF_INET | 1 << AF_NETLINK, .netlink = 1,
		 .ioctls = FILTER_TIOCSTI | FILTER_TIOCLINUX | FILTER_TIOCSETD },
};

/* ---- every instruction ---- */

static uint64_t argument(uint32_t i)
{
	static const uint64_t others[] = { TIOCSTI, TIOCLINUX, TIOCSETD, 0x20000, 0x20008, UINT32_MAX, 0x1000, 0x1180, 0x6000, 0xc000 };

	if (i < 80)
		return i;
	return i < 80 + N_ELEMENTS(others) ? others[i - 80] : UINT64_C(1) << (i - 80 - N_ELEMENTS(others));
}

/* Calls whose arguments count: ioctl, socket, socketpair, clone, mknod, personality, mknodat; ioctl, clone, personality of i386. */
static bool same_for_all_arguments(const struct filter_program *one, const struct filter_program *other)
{
	static const struct { uint32_t arch, nr; } at[] = {
		{ SCMP_ARCH_X86_64, 16 },  { SCMP_ARCH_X86_64, 41 },  { SCMP_ARCH_X86_64, 53 }, { SCMP_ARCH_X86_64, 56 },
		{ SCMP_ARCH_X86_64, 133 }, { SCMP_ARCH_X86_64, 135 }, { SCMP_ARCH_X86_64, 259 }, { SCMP_ARCH_X86, 54 },
		{ SCMP_ARCH_X86, 120 },	   { SCMP_ARCH_X86, 136 },    { SCMP_ARCH_X86, 102 },	 { SCMP_ARCH_X86, 359 },
	};

	for (size_t k = 0; k < N_ELEMENTS(at); k++)
		for (uint32_t i = 0; i < 3 * 154; i++) {
			uint64_t args[6] = { AF_NETLINK };

			args[i % 3] = argument(i / 3);
			struct seccomp_data d = sim_call(at[k].arch, at[k].nr, args);
			if (sim_run(one->insns, one->n, &d) != sim_run(other->insns, other->n, &d))
				return false;
		}
	return true;
}

/* Where two programs differ, without arguments and on the architectures that are asked for. */
static bool same_for_all_numbers(const struct filter_program *one, const struct filter_program *other)
{
	static const uint32_t archs[] = { SCMP_ARCH_X86_64, SCMP_ARCH_X86 };

	for (size_t i = 0; i < N_ELEMENTS(archs); i++)
		for (uint32_t nr = 0; nr < 2 * HIGHEST; nr++) {
			struct seccomp_data d = sim_call(archs[i], nr < HIGHEST ? nr : FILTER_X32_BIT + nr - HIGHEST, NULL);

			if (sim_run(one->insns, one->n, &d) != sim_run(other->insns, other->n, &d))
				return false;
		}
	return true;
}

static void change(struct sock_filter *i, int how)
{
	switch (how) {
	case 0:
		i->k++;
		break;
	case 1:
		i->k--;
		break;
	case 2:
		i->jt = (uint8_t)(i->jt + 1);
		break;
	case 3:
		i->jf = (uint8_t)(i->jf + 1);
		break;
	case 4: /* the other way round */
		i->jt ^= i->jf;
		i->jf ^= i->jt;
		i->jt ^= i->jf;
		break;
	case 5:
		if (BPF_CLASS(i->code) == BPF_RET)
			i->k = i->k == SECCOMP_RET_ALLOW ? SECCOMP_RET_ERRNO | EPERM : SECCOMP_RET_ALLOW;
		break;
	case 6:
		if (i->code == (BPF_JMP | BPF_JGE | BPF_K))
			i->code = BPF_JMP | BPF_JGT | BPF_K;
		else if (i->code == (BPF_JMP | BPF_JEQ | BPF_K))
			i->code = BPF_JMP | BPF_JGE | BPF_K;
		break;
	}
}
enum { CHANGES = 7 };

/* What passes must say the same: a test of a number that has been looked at already, for instance. */
static void expect_changes_to_be_noticed(const char *what, const struct made *m, size_t *noticed, size_t *passed)
{
	auto_free struct sock_filter *v = malloc(m->program.n * sizeof(*v));
	struct filter_program changed = { .insns = v, .n = m->program.n };

	cr_assert_not_null(v);
	for (size_t i = 0; i < m->program.n; i++)
		for (int how = 0; how < CHANGES; how++) {
			struct err e = { 0 };

			memcpy(v, m->program.insns, m->program.n * sizeof(*v));
			change(&v[i], how);
			if (memcmp(&v[i], &m->program.insns[i], sizeof(*v)) == 0)
				continue;
			if (filter_check_rows(&changed, &m->in, &e) < 0) {
				cr_expect_eq(e.code, ENOTRECOVERABLE);
				++*noticed;
				continue;
			}
			cr_expect(same_for_all_numbers(&changed, &m->program) && same_for_all_arguments(&changed, &m->program),
				  "%s: instruction %zu, change %d", what, i, how);
			++*passed;
		}
}

Test(filter_check, a_wrong_instruction_is_noticed)
{
	auto_arena a = { 0 };
	struct made docker = make_engine(&a, sim_profile(&a, "docker")), policy = make_policy(&a, &server);
	size_t noticed = 0, passed = 0;

	expect_changes_to_be_noticed("docker", &docker, &noticed, &passed);
	expect_changes_to_be_noticed("server", &policy, &noticed, &passed);
	printf("%zu wrong programs noticed, %zu that say the same\n", noticed, passed);
	cr_expect_gt(noticed, 9 * passed);
	filter_input_done(&docker.in);
	filter_input_done(&policy.in);
}

/* ---- conditions ---- */

#define ALWAYS { .verdict = SECCOMP_RET_ALLOW }
#define WHEN(o, v, w) { .verdict = SECCOMP_RET_ALLOW, .n = 1, .args = (const struct syscall_arg[]){ { 1, SCMP_CMP_##o, v, w } } }
/* A rule, and another one that is nearly the same. */
static const struct { struct filter_rule rule, near; } pairs[] = {
	{ WHEN(EQ, 5, 0), WHEN(EQ, 7, 0) },
	{ WHEN(EQ, 5, 0), WHEN(EQ, 5 | UINT64_C(1) << 40, 0) },
	{ WHEN(EQ, 5, 0), WHEN(MASKED_EQ, UINT32_MAX, 5) },
	{ WHEN(EQ, 5, 0), ALWAYS },
	{ WHEN(NE, 5, 0), WHEN(NE, 6, 0) },
	{ WHEN(NE, 5, 0), ALWAYS },
	{ WHEN(GT, 5, 0), WHEN(GE, 5, 0) },
	{ WHEN(GT, 5, 0), WHEN(NE, 5, 0) },
	{ WHEN(GE, 5, 0), WHEN(GT, 5, 0) },
	{ WHEN(GE, 5, 0), WHEN(GE, 5 | UINT64_C(1) << 32, 0) },
	{ WHEN(LT, 5, 0), WHEN(LE, 5, 0) },
	{ WHEN(LE, 5, 0), WHEN(LT, 5, 0) },
	{ WHEN(LE, 5, 0), WHEN(LE, UINT64_C(1) << 32 | 5, 0) },
	{ WHEN(MASKED_EQ, UINT32_MAX, 5), WHEN(EQ, 5, 0) },
	{ WHEN(MASKED_EQ, 0xff, 5), WHEN(MASKED_EQ, 0xf, 5) },
	{ WHEN(MASKED_EQ, 0xff, 5), WHEN(MASKED_EQ, 0x1ff, 5) },
	{ WHEN(MASKED_EQ, UINT64_C(1) << 40, 0), ALWAYS },
};

static struct made make_one(struct arena *a, const struct filter_rule *rule)
{
	struct made m = { .in.bad_arch = SECCOMP_RET_KILL_PROCESS };
	struct err e = { 0 };

	m.in.archs = arena_array(a, 1, sizeof(*m.in.archs));
	cr_assert_not_null(m.in.archs);
	m.in.archs[m.in.n++] = (struct filter_arch){ .token = SCMP_ARCH_X86_64, .other = SECCOMP_RET_ERRNO | EPERM };
	cr_assert_eq(filter_arch_add(&m.in.archs[0], 9, rule, &e), 0);
	cr_assert_eq(filter_compile(a, &m.in, &m.program, &e), 0, "%s", e.text);
	return m;
}

Test(filter_check, a_condition_that_is_nearly_right_is_noticed)
{
	for (size_t i = 0; i < N_ELEMENTS(pairs); i++) {
		auto_arena a = { 0 };
		struct made right = make_one(&a, &pairs[i].rule), wrong = make_one(&a, &pairs[i].near);
		struct err e = { 0 };

		cr_expect_eq(filter_check_rows(&right.program, &right.in, &e), 0, "%zu: %s", i, e.text);
		cr_expect_eq(filter_check_rows(&wrong.program, &right.in, &e), -ENOTRECOVERABLE, "%zu", i);
		filter_input_done(&right.in);
		filter_input_done(&wrong.in);
	}
}

Test(filter_check, the_complaint_names_the_call_and_both_answers)
{
	auto_arena a = { 0 };
	struct filter_rule allow = ALWAYS, refuse = { .verdict = SECCOMP_RET_ERRNO | ENOSYS };
	struct made right = make_one(&a, &allow), wrong = make_one(&a, &refuse);
	struct err e = { 0 };

	cr_assert_eq(filter_check_rows(&wrong.program, &right.in, &e), -ENOTRECOVERABLE);
	cr_expect(strstr(e.text, "says \"ENOSYS\" to mmap (number 9, architecture 0xc000003e,"), "%s", e.text);
	cr_expect(strstr(e.text, "should say \"allow\": a fault of caisson, so nothing was started; please report"), "%s", e.text);
	filter_input_done(&right.in);
	filter_input_done(&wrong.in);
}

/* ---- the plan itself ---- */

/* A program made of one plan, asked about another. */
static int asked_about(const struct plan_filter *made_of, const struct plan_filter *asked, struct err *e)
{
	auto_arena a = { 0 };
	struct made m = make_policy(&a, made_of);
	int rc;

	*e = (struct err){ 0 };
	rc = filter_check_policy(&m.program, asked, &asked->own, e);
	filter_input_done(&m.in);
	return rc;
}

static const char *const calls[] = { "ptrace", NULL }, *const killed[] = { "keyctl", NULL };
static const struct key_value answers[] = { { "bpf", "ENOTTY" }, { "@keyring", "EACCES" } };

#define GROUPS(...) { .own = { .set = FILTER_SET_GROUPS, .groups = SYSCALLS_SERVICE, .families = FILTER_EVERY, .netlink = FILTER_EVERY, __VA_ARGS__ } }
#define OPEN(kind, ...) { .own = { .set = FILTER_SET_##kind, .families = FILTER_EVERY, .netlink = FILTER_EVERY, __VA_ARGS__ } }
/* clang-format off */
static const struct plan_filter plans[] = {
	GROUPS(.log = false),
	GROUPS(.calls = { 1, calls }),
	GROUPS(.kill = { 1, killed }),
	GROUPS(.answers = { 1, answers }),
	GROUPS(.answers = { 2, answers }),
	GROUPS(.ioctls = FILTER_TIOCSTI),
	GROUPS(.ioctls = FILTER_TIOCSTI | FILTER_TIOCSETD),
	{ .own = { .set = FILTER_SET_GROUPS, .groups = SYSCALLS_SERVICE, .families = 6, .netlink = FILTER_EVERY } },
	{ .own = { .set = FILTER_SET_GROUPS, .groups = SYSCALLS_SERVICE, .families = FILTER_EVERY, .netlink = 1 } },
	{ .own = { .set = FILTER_SET_CONTAINER, .families = FILTER_EVERY, .netlink = FILTER_EVERY } },
	{ .caps = UINT64_MAX, .own = { .set = FILTER_SET_GROUPS, .groups = SYSCALLS_EVERY, .families = FILTER_EVERY, .netlink = FILTER_EVERY } },
	{ .caps = UINT64_MAX & ~(UINT64_C(1) << 16), .own = { .set = FILTER_SET_GROUPS, .groups = SYSCALLS_EVERY,
	  .families = FILTER_EVERY, .netlink = FILTER_EVERY } }, /* without SYS_MODULE */
	OPEN(RULES, .ioctls = FILTER_TIOCSTI),
	OPEN(RULES, .ioctls = FILTER_TIOCSTI, .allow_compat32 = true),
	OPEN(RULES, .ioctls = FILTER_TIOCLINUX),
	{ .own = { .set = FILTER_SET_RULES, .families = ~(UINT64_C(1) << AF_ALG), .netlink = FILTER_EVERY } },
	{ .own = { .set = FILTER_SET_RULES, .families = FILTER_EVERY, .netlink = ~(UINT64_C(1) << 9) } },
};
/* clang-format on */

Test(filter_check, a_program_passes_for_its_own_plan_alone)
{
	for (size_t i = 0; i < N_ELEMENTS(plans); i++)
		for (size_t k = 0; k < N_ELEMENTS(plans); k++) {
			struct err e;
			int rc = asked_about(&plans[i], &plans[k], &e);

			cr_expect_eq(rc, i == k ? 0 : -ENOTRECOVERABLE, "made of %zu, asked about %zu: %s", i, k, e.text);
		}
}

/* The same of the engine's list, with one of its rules gone or another. */
Test(filter_check, an_engines_list_that_lost_a_rule_is_noticed)
{
	auto_arena a = { 0 };
	const struct seccomp *docker = sim_profile(&a, "docker");
	struct syscall_rule *rules = arena_array(&a, docker->rules.n, sizeof(*rules));
	struct seccomp less = *docker;

	cr_assert_not_null(rules);
	less.rules.v = rules;
	for (size_t i = 0; i < docker->rules.n; i++) {
		struct made m;
		struct err e = { 0 };

		memcpy(rules, docker->rules.v, docker->rules.n * sizeof(*rules));
		rules[i].names.n = 0;
		m = make_engine(&a, &less);
		cr_expect_eq(filter_check_engine(&m.program, docker, &e), -ENOTRECOVERABLE, "rule %zu", i);
		cr_expect_eq(filter_check_engine(&m.program, &less, &e), 0, "rule %zu: %s", i, e.text);
		filter_input_done(&m.in);
	}
}

Test(filter_check, an_engines_program_with_other_architectures_is_noticed)
{
	static const uint32_t one[] = { SCMP_ARCH_X86 };
	auto_arena a = { 0 };
	struct seccomp more = *sim_profile(&a, "docker"), less = more;
	struct made m;
	struct err e = { 0 };

	more.archs.n = 1;
	more.archs.v = one;
	less.archs.n = 0;
	m = make_engine(&a, &less);
	cr_expect_eq(filter_check_engine(&m.program, &less, &e), 0, "%s", e.text);
	cr_expect_eq(filter_check_engine(&m.program, &more, &e), -ENOTRECOVERABLE);
	filter_input_done(&m.in);
	m = make_engine(&a, &more);
	cr_expect_eq(filter_check_engine(&m.program, &less, &e), -ENOTRECOVERABLE);
	filter_input_done(&m.in);
}

/* ---- copies ---- */

Test(filter_check, a_copy_differs_in_its_verdicts_alone)
{
	auto_arena a = { 0 };
	struct plan_filter plan = server;
	struct filters f;
	struct err e = { 0 };

	plan.own.log = true;
	plan.would = server.own;
	cr_assert_eq(filter_build(&a, &plan, &f, &e), 0, "%s", e.text);
	cr_assert_eq(f.n, 3);
	for (size_t copy = 0; copy < FILTER_COPIES; copy++)
		for (size_t i = 0; i < f.n; i++)
			cr_expect_eq(filter_check_copy(&f.v[i], (enum filter_copy)copy, &f.v[0], &e), copy == i ? 0 : -ENOTRECOVERABLE,
				     "%zu as %zu", i, copy);
	f.v[0].n--;
	cr_expect_lt(filter_check_copy(&f.v[1], FILTER_LOGGED, &f.v[0], &e), 0);
	cr_expect(strstr(e.text, "logs what is refused"), "%s", e.text);
}

/* ---- lists that were made to be slow ---- */

enum { SLOW_RULES = 8, SLOW_CONDITIONS = 60, SLOW_NAMES = 400, SLOW_MS = 1000 };

/* Hundreds of numbers share rules with many conditions: a million questions, were all asked. */
Test(filter_check, a_list_with_hundreds_of_names_under_conditions_takes_no_longer)
{
	struct syscall_arg args[SLOW_RULES][SLOW_CONDITIONS];
	struct syscall_rule rules[SLOW_RULES];
	const char *names[SLOW_NAMES + 1] = { NULL };
	auto_arena a = { 0 };
	struct plan_filter plan = { .has_engine = true, .engine.default_action = SECCOMP_RET_ERRNO };
	struct filters f;
	struct err e = { 0 };
	double began;

	for (size_t i = 0; i < SLOW_NAMES; i++)
		names[i] = filter_call_at(i)->name;
	for (size_t i = 0; i < SLOW_RULES; i++) {
		for (size_t k = 0; k < SLOW_CONDITIONS; k++)
			args[i][k] = (struct syscall_arg){ (uint32_t)(k % 6), SCMP_CMP_GT, i, 0 };
		rules[i] = (struct syscall_rule){ .names = { SLOW_NAMES, names }, .action = SECCOMP_RET_ALLOW };
		rules[i].args.n = SLOW_CONDITIONS;
		rules[i].args.v = args[i];
	}
	plan.engine.rules.n = SLOW_RULES;
	plan.engine.rules.v = rules;
	began = sim_now();
	cr_assert_eq(filter_build(&a, &plan, &f, &e), 0, "%s", e.text);
	printf("a list of %d times %d names under conditions: %.0f ms\n", SLOW_RULES, SLOW_NAMES, (sim_now() - began) / 1e3);
	cr_expect_lt(sim_now() - began, SLOW_MS * 1e3);
}
