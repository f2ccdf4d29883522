/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The edges of the engine's filter, the table of names, size and time.
 */
#include "test_filter_sim.h"

#include <sys/prctl.h>

#define ERRNO(n) (SECCOMP_RET_ERRNO | (n))
#define HIGH (UINT64_C(1) << 32)
enum { ALLOW = SECCOMP_RET_ALLOW };

/* ---- the engine's list ---- */

struct one_rule { struct seccomp list; struct syscall_rule rule; const char *name; struct syscall_arg arg; };

static struct seccomp *one_rule(struct one_rule *r, const char *name, uint32_t action)
{
	r->name = name;
	r->rule = (struct syscall_rule){ .names = { 1, &r->name }, .action = action };
	r->list = (struct seccomp){ .default_action = SECCOMP_RET_ERRNO };
	r->list.rules.n = 1;
	r->list.rules.v = &r->rule;
	return &r->list;
}

static int build(struct arena *a, const struct seccomp *s, struct filters *f, struct err *e)
{
	struct plan_filter plan = { .has_engine = true, .engine = *s };

	*e = (struct err){ 0 };
	return filter_build(a, &plan, f, e);
}

static uint32_t verdict(const struct filters *f, uint32_t arch, uint32_t nr)
{
	struct seccomp_data d = sim_call(arch, nr, NULL);

	return sim_run(f->v[0].insns, f->v[0].n, &d);
}

Test(filter, new_calls_of_dockers_list_are_allowed_and_newer_ones_enosys)
{
	auto_arena a = { 0 };
	struct filters f;
	struct err e;

	cr_assert_eq(build(&a, sim_profile(&a, "docker"), &f, &e), 0, "%s", e.text);
	cr_expect_eq(verdict(&f, SCMP_ARCH_X86_64, 462), SECCOMP_RET_ALLOW, "mseal");
	cr_expect_eq(verdict(&f, SCMP_ARCH_X86, 463), SECCOMP_RET_ALLOW, "setxattrat");
	cr_expect_eq(verdict(&f, SCMP_ARCH_X86_64, 425), ERRNO(EPERM), "io_uring_setup");
	cr_expect_eq(verdict(&f, SCMP_ARCH_X86_64, 435), ERRNO(ENOSYS), "clone3");
	cr_expect_eq(verdict(&f, SCMP_ARCH_X86_64, 480), ERRNO(ENOSYS));
	cr_expect_eq(verdict(&f, SCMP_ARCH_X86_64, FILTER_X32_BIT + 0x300), ERRNO(ENOSYS));
	cr_expect_eq(verdict(&f, SCMP_ARCH_AARCH64, 63), SECCOMP_RET_KILL_THREAD);
	cr_expect_eq(f.v[0].flags, SECCOMP_FILTER_FLAG_SPEC_ALLOW);
	cr_expect(!f.v[0].notify);
}

Test(filter, unlisted_architectures_and_x32_are_killed)
{
	auto_arena a = { 0 };
	struct one_rule r = { 0 };
	struct filters f;
	struct err e;

	cr_assert_eq(build(&a, one_rule(&r, "read", SECCOMP_RET_ALLOW), &f, &e), 0, "%s", e.text);
	cr_expect_eq(verdict(&f, SCMP_ARCH_X86_64, 0), SECCOMP_RET_ALLOW);
	cr_expect_eq(verdict(&f, SCMP_ARCH_X86_64, FILTER_X32_BIT), SECCOMP_RET_KILL_THREAD);
	cr_expect_eq(verdict(&f, SCMP_ARCH_X86_64, UINT32_MAX), ERRNO(EPERM), "a skipped call");
	cr_expect_eq(verdict(&f, SCMP_ARCH_X86, 3), SECCOMP_RET_KILL_THREAD);
}

Test(filter, a_default_that_lets_through_answers_no_enosys)
{
	static const uint32_t through[] = { SECCOMP_RET_ALLOW, SECCOMP_RET_LOG, SECCOMP_RET_TRACE };

	for (size_t i = 0; i < N_ELEMENTS(through); i++) {
		auto_arena a = { 0 };
		struct one_rule r = { 0 };
		struct filters f;
		struct err e;

		one_rule(&r, "mount", SECCOMP_RET_ERRNO);
		r.list.default_action = through[i];
		cr_assert_eq(build(&a, &r.list, &f, &e), 0, "%s", e.text);
		cr_expect_eq(verdict(&f, SCMP_ARCH_X86_64, 480) & SECCOMP_RET_ACTION_FULL, through[i]);
		cr_expect_eq(verdict(&f, SCMP_ARCH_X86_64, 165), ERRNO(EPERM));
	}
}

Test(filter, unknown_names_are_skipped)
{
	auto_arena a = { 0 };
	struct one_rule r = { 0 };
	struct filters f;
	struct err e;

	cr_expect_eq(build(&a, one_rule(&r, "no_such_call", SECCOMP_RET_ALLOW), &f, &e), 0, "%s", e.text);
	cr_expect_eq(build(&a, one_rule(&r, "", SECCOMP_RET_ALLOW), &f, &e), 0, "%s", e.text);
	cr_expect_eq(build(&a, one_rule(&r, "a_name_that_is_longer_than_any_system_call_ever_was", SECCOMP_RET_ALLOW), &f, &e), 0);
	cr_expect_eq(verdict(&f, SCMP_ARCH_X86_64, 0), ERRNO(EPERM));
}

Test(filter, what_cannot_be_compiled_is_refused_with_its_place)
{
	auto_arena a = { 0 };
	struct one_rule r = { 0 };
	struct filters f = { .n = 77 };
	struct err e;

	one_rule(&r, "read", 0x12340000);
	cr_expect_eq(build(&a, &r.list, &f, &e), -EINVAL);
	cr_expect(strstr(e.text, "linux.seccomp: syscalls[0]: unknown action"), "%s", e.text);

	one_rule(&r, "read", SECCOMP_RET_ALLOW)->rules.n = 1;
	r.rule.has_errno = true;
	cr_expect_eq(build(&a, &r.list, &f, &e), -EINVAL);
	cr_expect(strstr(e.text, "takes no errno"), "%s", e.text);

	one_rule(&r, "read", SECCOMP_RET_ERRNO);
	r.rule.has_errno = true;
	r.rule.errno_ret = 4096;
	cr_expect_eq(build(&a, &r.list, &f, &e), -EINVAL);
	cr_expect(strstr(e.text, "4096 is too large"), "%s", e.text);

	one_rule(&r, "read", SECCOMP_RET_ALLOW);
	r.arg = (struct syscall_arg){ .index = 6, .op = SCMP_CMP_EQ };
	r.rule.args.n = 1;
	r.rule.args.v = &r.arg;
	cr_expect_eq(build(&a, &r.list, &f, &e), -EINVAL);
	cr_expect(strstr(e.text, "not 6"), "%s", e.text);
	r.arg = (struct syscall_arg){ .index = 0, .op = 99 };
	cr_expect_eq(build(&a, &r.list, &f, &e), -EINVAL);
	cr_expect(strstr(e.text, "unknown operator"), "%s", e.text);

	one_rule(&r, "read", SECCOMP_RET_ALLOW)->default_action = SECCOMP_RET_USER_NOTIF;
	cr_expect_eq(build(&a, &r.list, &f, &e), -EINVAL);
	cr_expect(strstr(e.text, "defaultAction"), "%s", e.text);
	cr_expect_eq(build(&a, one_rule(&r, "write", SECCOMP_RET_USER_NOTIF), &f, &e), -EINVAL);
	cr_expect(strstr(e.text, "for write"), "%s", e.text);

	one_rule(&r, "read", SECCOMP_RET_ALLOW);
	r.list.has_flags = true;
	r.list.flags = 1 << 20;
	cr_expect_eq(build(&a, &r.list, &f, &e), -EINVAL);
	cr_expect(strstr(e.text, "flags"), "%s", e.text);
	cr_expect_eq(f.n, 77, "a failure leaves the output alone");
}

Test(filter, a_list_too_long_for_the_kernel_is_refused)
{
	enum { N = 3000 };
	static const char *const name[] = { "read" };
	static struct syscall_rule rules[N];
	static struct syscall_arg args[N][2];
	struct seccomp list = { .default_action = SECCOMP_RET_ERRNO };
	auto_arena a = { 0 };
	struct filters f;
	struct err e;

	for (size_t i = 0; i < N; i++) {
		args[i][0] = (struct syscall_arg){ .index = 1, .op = SCMP_CMP_EQ, .value = i << 32 | i };
		args[i][1] = (struct syscall_arg){ .index = 2, .op = SCMP_CMP_GT, .value = i };
		rules[i] = (struct syscall_rule){ .names = { 1, name }, .action = SECCOMP_RET_ALLOW };
		rules[i].args.n = 2;
		rules[i].args.v = args[i];
	}
	list.rules.v = rules;
	list.rules.n = N;
	cr_expect_eq(build(&a, &list, &f, &e), -E2BIG);
	cr_expect(strstr(e.text, "too long"), "%s", e.text);

	/* Close to the limit, with jumps far beyond 255 instructions, it still works. */
	list.rules.n = 400;
	cr_assert_eq(build(&a, &list, &f, &e), 0, "%s", e.text);
	for (uint64_t i = 0; i < 400; i += 7) {
		uint64_t v[6] = { 0, i << 32 | i, i + 1 };
		struct seccomp_data d = sim_call(SCMP_ARCH_X86_64, 0, v);

		cr_expect_eq(sim_run(f.v[0].insns, f.v[0].n, &d), SECCOMP_RET_ALLOW, "%d", (int)i);
		d.args[2] = i;
		cr_expect_eq(sim_run(f.v[0].insns, f.v[0].n, &d), ERRNO(EPERM), "%d", (int)i);
	}
}

Test(filter, two_conditions_on_one_argument_must_both_hold)
{
	static const struct syscall_arg range[] = { { .index = 0, .op = SCMP_CMP_GE, .value = 10 },
						    { .index = 0, .op = SCMP_CMP_LT, .value = 20 } };
	static const struct { uint64_t v; uint32_t want; } cases[] = {
		{ 9, ERRNO(EPERM) }, { 10, ALLOW }, { 19, ALLOW }, { 20, ERRNO(EPERM) }, { HIGH | 15, ERRNO(EPERM) },
	};
	auto_arena a = { 0 };
	struct one_rule r = { 0 };
	struct filters f;
	struct err e;

	one_rule(&r, "read", SECCOMP_RET_ALLOW);
	r.rule.args.n = 2;
	r.rule.args.v = range;
	cr_assert_eq(build(&a, &r.list, &f, &e), 0, "%s", e.text);
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		const uint64_t v[6] = { cases[i].v };
		struct seccomp_data d = sim_call(SCMP_ARCH_X86_64, 0, v);

		cr_expect_eq(sim_run(f.v[0].insns, f.v[0].n, &d), cases[i].want, "%zu", i);
	}
}

Test(filter, equalities_share_code_only_where_their_high_halves_agree)
{
	static const struct syscall_arg args[] = {
		{ .index = 1, .op = SCMP_CMP_EQ, .value = 5 },
		{ .index = 1, .op = SCMP_CMP_EQ, .value = HIGH | 5 },
		{ .index = 1, .op = SCMP_CMP_EQ, .value = HIGH | 6 },
		{ .index = 1, .op = SCMP_CMP_MASKED_EQ, .value = 0xf0, .value_two = 0x10 },
		{ .index = 1, .op = SCMP_CMP_MASKED_EQ, .value = 0xf0, .value_two = 0x2f },
		{ .index = 2, .op = SCMP_CMP_EQ, .value = HIGH | 6 },
	};
	static const struct { uint64_t a1, a2; uint32_t want; } cases[] = {
		{ 5, 0, ERRNO(1) }, { HIGH | 5, 0, ERRNO(2) }, { HIGH | 6, 0, ERRNO(3) }, { 6, 0, ERRNO(99) },
		{ 2 * HIGH | 5, 0, ERRNO(99) }, { 0x15, 0, ERRNO(4) }, { HIGH | 0x2a, 0, ERRNO(5) }, { 0x30, 0, ERRNO(99) },
		{ 7, HIGH | 6, ERRNO(6) }, { 7, 6, ERRNO(99) },
	};
	static const char *const name[] = { "read" };
	struct syscall_rule rules[N_ELEMENTS(args)] = { 0 };
	struct seccomp list = { .default_action = SECCOMP_RET_ERRNO, .has_default_errno = true, .default_errno = 99 };
	auto_arena a = { 0 };
	struct filters f;
	struct err e;

	for (size_t i = 0; i < N_ELEMENTS(args); i++) {
		rules[i] = (struct syscall_rule){ .names = { 1, name }, .action = SECCOMP_RET_ERRNO, .has_errno = true,
						  .errno_ret = (uint32_t)i + 1 };
		rules[i].args.n = 1;
		rules[i].args.v = &args[i];
	}
	list.rules.n = N_ELEMENTS(args);
	list.rules.v = rules;
	cr_assert_eq(build(&a, &list, &f, &e), 0, "%s", e.text);
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		const uint64_t v[6] = { 0, cases[i].a1, cases[i].a2 };
		struct seccomp_data d = sim_call(SCMP_ARCH_X86_64, 0, v);

		cr_expect_eq(sim_run(f.v[0].insns, f.v[0].n, &d), cases[i].want, "%zu", i);
	}
}

Test(filter, notify_asks_for_a_listener_and_its_flags_fit)
{
	auto_arena a = { 0 };
	struct one_rule r = { 0 };
	struct filters f;
	struct err e;

	one_rule(&r, "mkdir", SECCOMP_RET_USER_NOTIF);
	r.list.has_flags = true;
	r.list.flags = SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_LOG;
	cr_assert_eq(build(&a, &r.list, &f, &e), 0, "%s", e.text);
	cr_expect(f.v[0].notify);
	cr_expect_eq(f.v[0].flags, SECCOMP_FILTER_FLAG_LOG, "the kernel refuses TSYNC beside a listener");
	one_rule(&r, "mkdir", SECCOMP_RET_ALLOW);
	r.list.has_flags = true;
	r.list.flags = 1UL << 5 | SECCOMP_FILTER_FLAG_TSYNC;
	cr_assert_eq(build(&a, &r.list, &f, &e), 0, "%s", e.text);
	cr_expect_eq(f.v[0].flags, SECCOMP_FILTER_FLAG_TSYNC, "the kernel refuses WAIT_KILLABLE_RECV without a listener");
	r.list.flags = 0;
	cr_assert_eq(build(&a, &r.list, &f, &e), 0, "%s", e.text);
	cr_expect_eq(f.v[0].flags, 0, "flags that are given are taken as they are");
}

/* ---- names ---- */

struct named_arch { const char *word; uint32_t token; size_t least; };

/* At least so many names are known to libseccomp 2.5.4, which does not know the last four. */
static const struct named_arch named_archs[] = {
	{ "x86_64", SCMP_ARCH_X86_64, 360 },	     { "x32", SCMP_ARCH_X32, 340 },
	{ "x86", SCMP_ARCH_X86, 400 },		     { "aarch64", SCMP_ARCH_AARCH64, 280 },
	{ "arm", SCMP_ARCH_ARM, 390 },		     { "riscv64", SCMP_ARCH_RISCV64, 280 },
	{ "s390x", SCMP_ARCH_S390X, 330 },	     { "s390", SCMP_ARCH_S390, 380 },
	{ "ppc64le", SCMP_ARCH_PPC64LE, 370 },	     { "ppc64", SCMP_ARCH_PPC64, 370 },
	{ "ppc", SCMP_ARCH_PPC, 400 },		     { "mips", SCMP_ARCH_MIPS, 390 },
	{ "mipsel", SCMP_ARCH_MIPSEL, 390 },	     { "mips64", SCMP_ARCH_MIPS64, 340 },
	{ "mipsel64", SCMP_ARCH_MIPSEL64, 340 },     { "mips64n32", SCMP_ARCH_MIPS64N32, 340 },
	{ "mipsel64n32", SCMP_ARCH_MIPSEL64N32, 340 }, { "parisc", SCMP_ARCH_PARISC, 370 },
	{ "parisc64", SCMP_ARCH_PARISC64, 330 },     { "loongarch64", AUDIT_ARCH_LOONGARCH64, 0 },
	{ "m68k", AUDIT_ARCH_M68K, 0 },		     { "sh", AUDIT_ARCH_SHEL, 0 },
	{ "sheb", AUDIT_ARCH_SH, 0 },
};

/* libseccomp gives parisc64 the list of parisc; the kernel has this call for the 32-bit one alone. */
static bool is_only_in_libseccomp(const struct named_arch *arch, const char *name)
{
	return arch->token == SCMP_ARCH_PARISC64 && str_eq(name, "_llseek");
}

/* The number, or for what lies behind a multiplexer the pseudo number that stands for it. */
static void compare_call(const struct named_arch *arch, const struct filter_call *call, int want)
{
	struct filter_numbers nr;

	(void)filter_call_resolve(call, arch->token, &nr);
	if (want >= 0)
		cr_expect_eq(nr.direct, want, "%s on %s: %d, libseccomp says %d", call->name, arch->word, nr.direct, want);
	else
		cr_expect(nr.shared >= 0 && call->mux == -want, "%s on %s: behind %d, call %u; libseccomp says %d", call->name, arch->word,
			  nr.shared, call->mux, want);
}

/* Pseudo numbers are also given where there is no multiplexer. */
static bool is_behind_another(const struct named_arch *arch, int number)
{
	const char *through = number <= -201 && number >= -224 ? "ipc" : number <= -101 && number >= -120 ? "socketcall" : NULL;

	return through && seccomp_syscall_resolve_name_arch(arch->token, through) >= 0;
}

static size_t compare_names(const struct named_arch *arch)
{
	const struct filter_call *call;
	size_t compared = 0;

	for (size_t i = 0; (call = filter_call_at(i)) != NULL; i++) {
		int want = seccomp_syscall_resolve_name_arch(arch->token, call->name);

		if ((want < 0 && !is_behind_another(arch, want)) || is_only_in_libseccomp(arch, call->name))
			continue;
		compare_call(arch, call, want);
		compared++;
	}
	return compared;
}

/* The other way round, which also finds the direct numbers of calls that have a pseudo one. */
static void compare_numbers(const struct named_arch *arch)
{
	struct filter_numbers nr;
	uint32_t base;

	cr_assert(filter_call_resolve(filter_call_find("read", 4), arch->token, &nr));
	base = (uint32_t)nr.direct & ~UINT32_C(511);
	for (uint32_t i = base; i < base + 2048; i++) {
		auto_free char *name = seccomp_syscall_resolve_num_arch(arch->token, (int)i);

		if (!name || is_only_in_libseccomp(arch, name))
			continue;
		(void)filter_call_resolve(filter_call_find(name, strlen(name)), arch->token, &nr);
		cr_expect_eq(nr.direct, (int32_t)i, "%s on %s: %d, libseccomp says %u", name, arch->word, nr.direct, i);
	}
}

Test(filter, names_resolve_as_in_libseccomp)
{
	const struct filter_call *call;

	for (size_t i = 0; (call = filter_call_at(i)) != NULL; i++)
		cr_expect_eq(filter_call_find(call->name, strlen(call->name)), call, "%s", call->name);
	for (size_t i = 0; i < N_ELEMENTS(named_archs); i++) {
		size_t compared = compare_names(&named_archs[i]);

		printf("%s: %zu names compared\n", named_archs[i].word, compared);
		cr_expect_geq(compared, named_archs[i].least, "%s: only %zu", named_archs[i].word, compared);
		compare_numbers(&named_archs[i]);
	}
	cr_expect_null(filter_call_find("rea", 3));
	cr_expect_null(filter_call_find("readx", 5));
	cr_expect_not_null(filter_call_find("readx", 4));
}

/* Calls that Debian 12's libseccomp does not know, of each kind of numbering, and the three ways of a socket call. */
static const struct { const char *name; uint32_t arch; int32_t direct, shared; } numbers[] = {
	{ "mseal", AUDIT_ARCH_RISCV64, 462, -1 },
	{ "riscv_hwprobe", AUDIT_ARCH_RISCV64, 258, -1 },
	{ "statmount", AUDIT_ARCH_LOONGARCH64, 457, -1 },
	{ "fstat", AUDIT_ARCH_LOONGARCH64, 80, -1 },
	{ "renameat", AUDIT_ARCH_LOONGARCH64, -1, -1 },
	{ "listns", AUDIT_ARCH_S390X, 470, -1 },
	{ "listns", AUDIT_ARCH_S390, 470, -1 },
	{ "open_tree_attr", AUDIT_ARCH_PPC64LE, 467, -1 },
	{ "mseal", AUDIT_ARCH_MIPSEL, 4462, -1 },
	{ "mseal", AUDIT_ARCH_MIPS64, 5462, -1 },
	{ "mseal", AUDIT_ARCH_MIPSEL64N32, 6462, -1 },
	{ "setxattrat", SCMP_ARCH_X32, FILTER_X32_BIT + 463, -1 },
	{ "set_tls", AUDIT_ARCH_ARM, 0xf0005, -1 },
	{ "socket", AUDIT_ARCH_S390X, 359, 102 },
	{ "accept", AUDIT_ARCH_S390X, -1, 102 },
	{ "socket", AUDIT_ARCH_RISCV64, 198, -1 },
	{ "shmget", AUDIT_ARCH_MIPS, 4395, 4117 },
};

Test(filter, every_architecture_knows_the_new_calls_and_the_multiplexed_ones)
{
	struct filter_numbers nr;

	for (size_t i = 0; i < N_ELEMENTS(numbers); i++) {
		bool found = filter_call_resolve(filter_call_find(numbers[i].name, strlen(numbers[i].name)), numbers[i].arch, &nr);

		cr_expect(nr.direct == numbers[i].direct && nr.shared == numbers[i].shared, "case %zu: %s: %d, %d", i, numbers[i].name,
			  nr.direct, nr.shared);
		cr_expect_eq(found, numbers[i].direct >= 0 || numbers[i].shared >= 0, "case %zu", i);
	}
	cr_expect(!filter_call_resolve(NULL, AUDIT_ARCH_RISCV64, &nr));
	cr_expect(!filter_call_resolve(filter_call_find("read", 4), 0xdead, &nr));
}

/* ---- the kernel, words ---- */

Test(filter, kernel_flags_are_asked_for)
{
	uint32_t flags = filter_kernel_flags();

	cr_expect(flags & SECCOMP_FILTER_FLAG_TSYNC);
	cr_expect_eq(flags & ~(SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_SPEC_ALLOW | 1UL << 5), 0);
	cr_expect_eq(prctl(PR_GET_SECCOMP), 0, "asking installs nothing");
}

Test(filter, the_word_lists_end)
{
	size_t n[4] = { 0 };

	while (filter_action_words[n[0]])
		n[0]++;
	while (filter_operator_words[n[1]])
		n[1]++;
	while (filter_arch_words[n[2]])
		n[2]++;
	while (filter_flag_words[n[3]])
		n[3]++;
	cr_expect(n[0] == 9 && n[1] == 7 && n[2] == 23 && n[3] == 4);
}

/* ---- size and time ---- */

Test(filter, dockers_profile_stays_small)
{
	auto_arena a = { 0 };
	const struct seccomp *docker = sim_profile(&a, "docker");
	double best = 1e9;
	struct filters f;
	struct err e;

	for (int i = 0; i < 50; i++) {
		double start = sim_now();

		cr_assert_eq(build(&a, docker, &f, &e), 0, "%s", e.text);
		if (sim_now() - start < best)
			best = sim_now() - start;
	}
	printf("docker's profile, three architectures: %u instructions, %.0f us with all names\n", f.v[0].n, best);
	cr_expect_lt(f.v[0].n, 500);
}
