/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The compiler against libseccomp: the same list through both, every number of every architecture, arguments around the
 * boundaries of each rule, and the verdicts must be the same. What libseccomp does not do is added here by hand: ENOSYS
 * above the highest number that the list names.
 */
#include "test_filter_sim.h"

struct rng { uint64_t s; };

static uint32_t rnd(struct rng *r, uint32_t below)
{
	r->s = r->s * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(r->s >> 33) % below;
}

static const uint64_t interesting[] = {
	0, 1, 2, 3, 8, 16, 38, 40, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff, 0x100000000, 0x100000001, 0x200000000,
	0x1ffffffff, 0x7e020000, 0x7fffffffffffffff, 0x8000000000000000, UINT64_MAX,
};

/* The values around which the rules of a list turn. */
struct pool { size_t n; uint64_t v[512]; };

static void pool_add(struct pool *p, uint64_t v)
{
	if (p->n < N_ELEMENTS(p->v))
		p->v[p->n++] = v;
}

static void pool_fill(struct pool *p, const struct seccomp *s)
{
	p->n = 0;
	for (size_t i = 0; i < N_ELEMENTS(interesting); i++)
		pool_add(p, interesting[i]);
	for (size_t i = 0; i < s->rules.n; i++)
		for (size_t j = 0; j < s->rules.v[i].args.n; j++) {
			uint64_t v = s->rules.v[i].args.v[j].value, w = s->rules.v[i].args.v[j].value_two;

			pool_add(p, v);
			pool_add(p, v - 1);
			pool_add(p, v + 1);
			pool_add(p, v ^ (UINT64_C(1) << 32));
			pool_add(p, w);
			pool_add(p, w | ~v);
		}
}

/* What a list says, in the plain words of kernel/filter_parts.h. */
static bool holds(const struct syscall_arg *given, bool wide, uint64_t v)
{
	struct syscall_arg narrow = *given, *a = &narrow;

	if (!wide) {
		narrow.value = (uint32_t)narrow.value;
		narrow.value_two = (uint32_t)narrow.value_two;
		v = (uint32_t)v;
	}
	switch (a->op) {
	case SCMP_CMP_NE:
		return v != a->value;
	case SCMP_CMP_LT:
		return v < a->value;
	case SCMP_CMP_LE:
		return v <= a->value;
	case SCMP_CMP_EQ:
		return v == a->value;
	case SCMP_CMP_GE:
		return v >= a->value;
	case SCMP_CMP_GT:
		return v > a->value;
	}
	return (v & a->value) == (a->value_two & a->value);
}

/* Conditions on arguments before `from` are taken as met. */
static uint32_t plain_verdict(const struct seccomp *s, const char *name, bool wide, uint32_t from,
			      const uint64_t args[6])
{
	uint32_t other = oracle_verdict(s->default_action, s->has_default_errno, s->default_errno);

	for (int with_args = 0; with_args <= 1; with_args++)
		for (size_t i = 0; i < s->rules.n; i++) {
			const struct syscall_rule *r = &s->rules.v[i];
			uint32_t verdict = oracle_verdict(r->action, r->has_errno, r->errno_ret);
			bool conditions = false, all = true;

			for (size_t j = 0; j < r->args.n; j++) {
				conditions = conditions || r->args.v[j].op != SCMP_CMP_MASKED_EQ || r->args.v[j].value;
				if (r->args.v[j].index >= from)
					all = all && holds(&r->args.v[j], wide, args[r->args.v[j].index]);
			}
			if (verdict != other && conditions == with_args && all && str_in(&r->names, name))
				return verdict;
		}
	return other;
}

struct pair {
	const struct filter_program *ours;
	const struct sim_program *theirs;
	const struct seccomp *list;
	int64_t highest;	/* above it ENOSYS; -1: no such answer */
	size_t compared, disputed;
};

/* libseccomp 2.5.4 itself gets a few of these lists wrong (it shares code between blocks that only look alike): where the
 * two differ, the plain reading of the list decides, and such cases are counted. */
static bool plainly_right(const struct pair *p, uint32_t scmp, const struct seccomp_data *d, uint32_t got)
{
	char *name = seccomp_syscall_resolve_num_arch(scmp, d->nr);
	bool wide = scmp == SCMP_ARCH_X86_64 || scmp == SCMP_ARCH_AARCH64 || scmp == SCMP_ARCH_RISCV64, right = false;
	uint64_t args[6];

	memcpy(args, d->args, sizeof(args));
	if (name && (str_eq(name, "socketcall") || str_eq(name, "ipc"))) {
		/* The call behind it, whose own arguments lie in memory: only the first one of the number is its name. */
		int mux = (str_eq(name, "ipc") ? 200 : 100) + (int)(uint32_t)args[0];
		const struct filter_call *call;

		for (size_t i = 0; !right && (call = filter_call_at(i)) != NULL; i++)
			right = call->mux == mux && plain_verdict(p->list, call->name, wide, 1, args) == got;
	} else if (name) {
		right = plain_verdict(p->list, name, wide, 0, args) == got;
	}
	free(name);
	return right;
}

static void compare(struct pair *p, uint32_t scmp, bool stubbed, const struct seccomp_data *d, const char *what)
{
	uint32_t want = stubbed ? SECCOMP_RET_ERRNO | ENOSYS : sim_run(p->theirs->v, p->theirs->n, d);
	uint32_t got = sim_run(p->ours->insns, p->ours->n, d);

	p->compared++;
	if (got == want)
		return;
	p->disputed++;
	cr_assert(!stubbed && plainly_right(p, scmp, d, got),
		  "%s: arch %x call %d (0x%llx 0x%llx 0x%llx 0x%llx 0x%llx 0x%llx): 0x%x, libseccomp says 0x%x", what, d->arch,
		  d->nr, (unsigned long long)d->args[0], (unsigned long long)d->args[1], (unsigned long long)d->args[2],
		  (unsigned long long)d->args[3], (unsigned long long)d->args[4], (unsigned long long)d->args[5], got, want);
}

/* Does any rule with arguments speak of this number? Then it is worth many vectors. */
static bool looks_at_args(const struct seccomp *s, uint32_t scmp, uint32_t nr)
{
	for (size_t i = 0; i < s->rules.n; i++)
		for (size_t j = 0; s->rules.v[i].args.n && j < s->rules.v[i].names.n; j++)
			if ((uint32_t)seccomp_syscall_resolve_name_rewrite(scmp, s->rules.v[i].names.v[j]) == nr)
				return true;
	return scmp == SCMP_ARCH_X86 && (nr == 102 || nr == 117);
}

static void compare_number(struct pair *p, uint32_t scmp, uint32_t audit, uint32_t nr, const struct pool *pool,
			   size_t vectors, struct rng *r, const char *what)
{
	struct seccomp_data d = sim_call(audit, nr, NULL);
	bool stubbed = p->highest >= 0 && nr > p->highest;

	if (!looks_at_args(p->list, scmp, nr))
		vectors = 1;
	for (size_t i = 0; i < vectors; i++) {
		for (size_t j = 0; j < 6; j++)
			d.args[j] = pool->v[rnd(r, (uint32_t)pool->n)];
		if (i < 2 * 24 && (nr == 102 || nr == 117)) /* the calls behind socketcall and ipc */
			d.args[0] = i / 2;
		compare(p, scmp, stubbed, &d, what);
	}
}

static const uint32_t odd_numbers[] = { 0x3fffffff, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff, 0xf0001, 0xf0002, 0xf0005 };

static size_t compare_all(const struct seccomp *s, const struct filter_program *ours, const struct sim_program *theirs,
			  size_t vectors, struct rng *r, size_t *disputed, const char *what)
{
	static const struct { uint32_t scmp, audit; } archs[] = {
		{ SCMP_ARCH_X86_64, SCMP_ARCH_X86_64 }, { SCMP_ARCH_X32, SCMP_ARCH_X86_64 },
		{ SCMP_ARCH_X86, SCMP_ARCH_X86 },	{ SCMP_ARCH_AARCH64, SCMP_ARCH_AARCH64 },
		{ SCMP_ARCH_ARM, SCMP_ARCH_ARM },	{ SCMP_ARCH_RISCV64, SCMP_ARCH_RISCV64 },
	};
	struct pair p = { .ours = ours, .theirs = theirs, .list = s };
	uint32_t a = s->default_action;
	struct pool pool;

	pool_fill(&pool, s);
	for (size_t i = 0; i < N_ELEMENTS(archs); i++) {
		uint32_t base = archs[i].scmp == SCMP_ARCH_X32 ? FILTER_X32_BIT : 0;
		bool listed = archs[i].scmp == filter_native_arch();

		for (size_t j = 0; j < s->archs.n; j++)
			listed = listed || s->archs.v[j] == archs[i].scmp;
		listed = listed && a != SECCOMP_RET_ALLOW && a != SECCOMP_RET_LOG && a != SECCOMP_RET_TRACE;
		p.highest = listed ? oracle_highest(s, archs[i].scmp) : -1;
		for (uint32_t nr = 0; nr <= 600; nr++)
			compare_number(&p, archs[i].scmp, archs[i].audit, base + nr, &pool, vectors, r, what);
		for (size_t j = 0; j < N_ELEMENTS(odd_numbers); j++) {
			bool x32 = archs[i].audit == SCMP_ARCH_X86_64 && odd_numbers[j] >= FILTER_X32_BIT;

			if (x32 == (base != 0) || archs[i].audit != SCMP_ARCH_X86_64)
				compare_number(&p, archs[i].scmp, archs[i].audit, odd_numbers[j], &pool, 1, r, what);
		}
	}
	*disputed += p.disputed;
	return p.compared;
}

static void build_engine(struct arena *a, const struct seccomp *s, struct filters *out)
{
	struct plan_filter plan = { .has_engine = true, .engine = *s };
	struct err e = { 0 };

	cr_assert_eq(filter_build(a, &plan, out, &e), 0, "%s", e.text);
	cr_assert_eq(out->n, 1);
}

static void profile_is_the_same(const char *name)
{
	static struct sim_program theirs;
	auto_arena a = { 0 };
	const struct seccomp *s = sim_profile(&a, name);
	struct seccomp known = oracle_known(&a, s);
	struct rng r = { 7 };
	struct filters f = { 0 };
	size_t n, disputed = 0;

	oracle_build(&known, &theirs);
	build_engine(&a, &known, &f);
	n = compare_all(&known, &f.v[0], &theirs, 4000, &r, &disputed, name);
	cr_assert_eq(disputed, 0);
	printf("%s: %zu verdicts equal; %u instructions, libseccomp %zu\n", name, n, f.v[0].n, theirs.n);
}

Test(filter_oracle, dockers_profile_means_the_same) { profile_is_the_same("docker"); }
Test(filter_oracle, podmans_profile_means_the_same) { profile_is_the_same("podman"); }
Test(filter_oracle, containerds_profile_means_the_same) { profile_is_the_same("containerd"); }

/* Random lists. For libseccomp each call has at most one rule that looks at arguments: where several overlap it decides by
 * the shape of its tree, and merges some orderings wrongly (2.5.4: a0 <= 40 && a2 < 2^33 beside a0 > 1 && a2 >= 40 lets
 * a0 = 1, a2 = 3 * 2^32 through). */
static const char *const names[] = {
	"read", "write", "socket", "connect", "clone", "ioctl", "personality", "semop", "shmat", "accept4", "send", "openat",
	"mmap", "mmap2", "futex", "kill", "getpid", "ptrace", "execve", "io_setup", "recvmmsg", "keyctl", "no_such_call",
	"fchmodat", "chown32", "open", "process_vm_readv", "preadv2", "sendmsg", "cacheflush", "fcntl",
};
static const uint32_t actions[] = {
	SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_THREAD, SECCOMP_RET_TRAP, SECCOMP_RET_ERRNO, SECCOMP_RET_TRACE,
	SECCOMP_RET_LOG, SECCOMP_RET_ALLOW,
};

static void random_args(struct arena *a, struct rng *r, bool free_for_all, struct syscall_rule *rule)
{
	size_t n = 1 + rnd(r, 3);
	struct syscall_arg *v = arena_array(a, n, sizeof(*v));

	cr_assert(v);
	for (size_t i = 0; i < n; i++) {
		v[i].index = free_for_all ? rnd(r, 3) : (uint32_t)(i * 2 + rnd(r, 2));
		v[i].op = SCMP_CMP_NE + (int)rnd(r, SCMP_CMP_MASKED_EQ - SCMP_CMP_NE + 1);
		v[i].value = interesting[rnd(r, N_ELEMENTS(interesting))];
		v[i].value_two = interesting[rnd(r, N_ELEMENTS(interesting))];
		if (free_for_all)
			continue;
		/* For 32-bit architectures libseccomp 2.5 forgets to turn round an LE that is not the first comparison. */
		if (v[i].op == SCMP_CMP_LE && i > 0)
			v[i].op = SCMP_CMP_LT;
		/* A mask of the high half alone is no condition there: two rules without one, then. */
		if (v[i].op == SCMP_CMP_MASKED_EQ && v[i].value != 0 && (uint32_t)v[i].value == 0)
			v[i].value |= 4;
	}
	rule->args.n = n;
	rule->args.v = v;
}

static void random_list(struct arena *a, struct rng *r, bool free_for_all, struct seccomp *s)
{
	static const uint32_t archs[] = { SCMP_ARCH_X86_64, SCMP_ARCH_X86, SCMP_ARCH_X32, SCMP_ARCH_AARCH64,
					  SCMP_ARCH_ARM, SCMP_ARCH_RISCV64 };
	size_t n = 1 + rnd(r, 24);
	struct syscall_rule *rules = arena_array(a, n, sizeof(*rules));
	uint32_t *listed = arena_array(a, N_ELEMENTS(archs), sizeof(*listed));
	bool used[N_ELEMENTS(names)] = { false };

	cr_assert(rules && listed);
	*s = (struct seccomp){ .default_action = actions[rnd(r, N_ELEMENTS(actions))] };
	for (size_t i = 0; i < N_ELEMENTS(archs); i++)
		if (rnd(r, 2))
			listed[s->archs.n++] = archs[i];
	s->archs.v = listed;
	for (size_t i = 0; i < n; i++) {
		uint32_t at = rnd(r, N_ELEMENTS(names));
		const struct filter_call *call = filter_call_find(names[at], strlen(names[at]));

		/* Behind ipc and socketcall each rule has the condition which call it is: one rule each there. */
		if (!free_for_all && used[at] && call && call->mux)
			at = 0;
		rules[i].names = (struct strings){ 1, &names[at] };
		rules[i].action = actions[rnd(r, N_ELEMENTS(actions))];
		if (rnd(r, 3) && (free_for_all || !used[at]))
			random_args(a, r, free_for_all, &rules[i]);
		used[at] = used[at] || rules[i].args.n || (call && call->mux);
		if (rules[i].action == SECCOMP_RET_ERRNO || rules[i].action == SECCOMP_RET_TRACE) {
			rules[i].has_errno = true;
			rules[i].errno_ret = 1 + rnd(r, 40);
		}
	}
	s->rules.n = n;
	s->rules.v = rules;
}

Test(filter_oracle, random_lists_mean_the_same)
{
	static struct sim_program theirs;
	size_t compared = 0, disputed = 0;

	for (uint64_t seed = 1; seed <= 300; seed++) {
		auto_arena a = { 0 };
		struct rng r = { seed };
		struct filters f = { 0 };
		struct seccomp s;
		char what[32];

		random_list(&a, &r, false, &s);
		snprintf(what, sizeof(what), "list %d", (int)seed);
		oracle_build(&s, &theirs);
		build_engine(&a, &s, &f);
		compared += compare_all(&s, &f.v[0], &theirs, 150, &r, &disputed, what);
	}
	printf("random lists: %zu verdicts equal, %zu decided against libseccomp\n", compared - disputed, disputed);
	cr_assert_lt(disputed, compared / 100);
}

Test(filter_oracle, of_overlapping_rules_the_first_decides_and_one_without_conditions_beats_all)
{
	size_t compared = 0;

	for (uint64_t seed = 1; seed <= 600; seed++) {
		auto_arena a = { 0 };
		struct rng r = { seed };
		struct filters f = { 0 };
		struct seccomp s;
		struct pool pool;

		random_list(&a, &r, true, &s);
		build_engine(&a, &s, &f);
		pool_fill(&pool, &s);
		for (size_t i = 0; i < s.rules.n; i++)
			for (size_t j = 0; j < 200; j++) {
				const char *name = s.rules.v[i].names.v[0];
				int nr = seccomp_syscall_resolve_name_arch(SCMP_ARCH_X86_64, name);
				struct seccomp_data d;
				uint64_t args[6];

				for (size_t k = 0; k < 6; k++)
					args[k] = pool.v[rnd(&r, (uint32_t)pool.n)];
				if (nr < 0)
					continue;
				d = sim_call(SCMP_ARCH_X86_64, (uint32_t)nr, args);
				cr_assert_eq(sim_run(f.v[0].insns, f.v[0].n, &d), plain_verdict(&s, name, true, 0, args),
					     "list %d: %s", (int)seed, name);
				compared++;
			}
	}
	printf("overlapping rules: %zu verdicts equal\n", compared);
}
