/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our own sets as tables of verdicts, in the simulator and under the kernel.
 */
#include "test_filter_sim.h"

#include <linux/audit.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/capname.h"
#include "policy/profile.h"

#define ERRNO(n) (SECCOMP_RET_ERRNO | (n))
enum { ALLOW = SECCOMP_RET_ALLOW };

/* ---- the sets ---- */

/* What the levels say beside the set. */
static struct plan_syscalls level_rules(enum filter_set set)
{
	const struct profile *p = profile_builtin(set == FILTER_SET_BASELINE ? LEVEL_BASELINE : LEVEL_STRICT);
	struct plan_syscalls own = { .set = set, .families = p->families, .netlink = p->netlink, .ioctls = p->ioctls };

	if (set == FILTER_SET_BASELINE)
		own.families &= ~PROFILE_BASELINE_FAMILIES;
	own.allow_compat32 = set == FILTER_SET_BASELINE;
	return own;
}

static void build_set(struct arena *a, enum filter_set set, uint64_t caps, bool compat, uint32_t native,
		      struct filter_program *out)
{
	struct plan_filter plan = { .caps = caps, .own = level_rules(set) };
	struct filter_input in = { 0 };
	struct err e = { 0 };

	plan.own.allow_compat32 = compat;
	cr_assert_eq(filter_policy_input(a, &plan, &plan.own, native, &in, &e), 0, "%s", e.text);
	cr_assert_eq(filter_compile(a, &in, out, &e), 0, "%s", e.text);
	filter_input_done(&in);
}

static uint32_t ask(const struct filter_program *p, uint32_t arch, const char *name, uint64_t a0, uint64_t a1, uint64_t a2)
{
	const uint64_t args[6] = { a0, a1, a2 };
	struct filter_numbers nr;
	struct seccomp_data d;

	cr_assert(filter_call_resolve(filter_call_find(name, strlen(name)), arch, &nr), "%s", name);
	d = sim_call(arch == SCMP_ARCH_X32 ? SCMP_ARCH_X86_64 : arch, (uint32_t)nr.direct, args);
	return sim_run(p->insns, p->n, &d);
}

#define HIGH (UINT64_C(1) << 32)
/* clang-format off */
static const struct { const char *call; uint64_t a0, a1, a2; uint32_t service, container; } verdicts[] = {
	{ "read", 0, 0, 0,				ALLOW, ALLOW },
	{ "execve", 0, 0, 0,				ALLOW, ALLOW },
	{ "exit_group", 0, 0, 0,			ALLOW, ALLOW },
	{ "write", 1, 0, 0,				ALLOW, ALLOW },
	{ "sendto", 1, 0, 0,				ALLOW, ALLOW },
	{ "capset", 0, 0, 0,				ALLOW, ALLOW },
	{ "prctl", 0, 0, 0,				ALLOW, ALLOW },
	{ "openat2", 0, 0, 0,				ALLOW, ALLOW },
	{ "mseal", 0, 0, 0,				ALLOW, ALLOW },
	{ "fchmodat2", 0, 0, 0,				ALLOW, ALLOW },
	{ "getxattrat", 0, 0, 0,			ALLOW, ALLOW },
	{ "futex_wait", 0, 0, 0,			ALLOW, ALLOW },
	{ "rseq_slice_yield", 0, 0, 0,			ALLOW, ALLOW },
	{ "seccomp", 0, 0, 0,				ALLOW, ALLOW },
	{ "landlock_restrict_self", 0, 0, 0,		ALLOW, ALLOW },
	/* namespaces */
	{ "clone", 0x11, 0, 0,				ALLOW, ALLOW },
	{ "clone", 0x3d0f00, 0, 0,			ALLOW, ALLOW },
	{ "clone", 0x20000 | 0x11, 0, 0,		ERRNO(EPERM), ERRNO(EPERM) },
	{ "clone", 0x02000000, 0, 0,			ERRNO(EPERM), ERRNO(EPERM) },
	{ "clone", 0x04000000, 0, 0,			ERRNO(EPERM), ERRNO(EPERM) },
	{ "clone", 0x08000000, 0, 0,			ERRNO(EPERM), ERRNO(EPERM) },
	{ "clone", 0x10000000, 0, 0,			ERRNO(EPERM), ERRNO(EPERM) },
	{ "clone", 0x20000000, 0, 0,			ERRNO(EPERM), ERRNO(EPERM) },
	{ "clone", 0x40000000, 0, 0,			ERRNO(EPERM), ERRNO(EPERM) },
	{ "clone", 0x80, 0, 0,				ALLOW, ALLOW },
	{ "clone3", 0, 0, 0,				ERRNO(ENOSYS), ERRNO(ENOSYS) },
	{ "unshare", 0x10000000, 0, 0,			ERRNO(EPERM), ERRNO(EPERM) },
	{ "setns", 0, 0, 0,				ERRNO(EPERM), ERRNO(EPERM) },
	/* sockets */
	{ "socket", AF_UNIX, 0, 0,			ALLOW, ALLOW },
	{ "socket", AF_INET, 0, 0,			ALLOW, ALLOW },
	{ "socket", AF_INET6, 0, 6,			ALLOW, ALLOW },
	{ "socket", AF_INET | HIGH, 0, 6,		ALLOW, ALLOW },
	{ "socket", AF_NETLINK, 0, 0,			ALLOW, ALLOW },
	{ "socket", AF_NETLINK, 0, 9,			ERRNO(EPROTONOSUPPORT), ERRNO(EPROTONOSUPPORT) },
	{ "socket", AF_NETLINK | HIGH, 0, 9,		ERRNO(EPROTONOSUPPORT), ERRNO(EPROTONOSUPPORT) },
	{ "socket", AF_ALG, 0, 0,			ERRNO(EAFNOSUPPORT), ERRNO(EAFNOSUPPORT) },
	{ "socket", AF_ALG | HIGH, 0, 0,		ERRNO(EAFNOSUPPORT), ERRNO(EAFNOSUPPORT) },
	{ "socket", AF_VSOCK, 0, 0,			ERRNO(EAFNOSUPPORT), ERRNO(EAFNOSUPPORT) },
	{ "socket", AF_PACKET, 0, 0,			ERRNO(EAFNOSUPPORT), ERRNO(EAFNOSUPPORT) },
	{ "socketpair", AF_UNIX, 0, 0,			ALLOW, ALLOW },
	/* ioctl */
	{ "ioctl", 0, 0x5401, 0,			ALLOW, ALLOW },
	{ "ioctl", 0, 0x5412, 0,			ERRNO(EPERM), ERRNO(EPERM) },
	{ "ioctl", 0, 0x5412 | HIGH, 0,			ERRNO(EPERM), ERRNO(EPERM) },
	{ "ioctl", 0, 0x541c, 0,			ERRNO(EPERM), ERRNO(EPERM) },
	{ "ioctl", 0, 0x5423, 0,			ERRNO(EPERM), ERRNO(EPERM) },
	{ "ioctl", 0x5412, 0x5413, 0,			ALLOW, ALLOW },
	/* what only @container has */
	{ "shmget", 0, 0, 0,				ERRNO(ENOSYS), ALLOW },
	{ "semop", 0, 0, 0,				ERRNO(ENOSYS), ALLOW },
	{ "mq_open", 0, 0, 0,				ERRNO(ENOSYS), ALLOW },
	{ "io_setup", 0, 0, 0,				ERRNO(ENOSYS), ALLOW },
	{ "mlock", 0, 0, 0,				ERRNO(EPERM), ALLOW },
	{ "setpriority", 0, 0, 0,			ERRNO(EPERM), ALLOW },
	{ "pkey_alloc", 0, 0, 0,			ERRNO(ENOSYS), ALLOW },
	{ "setxattr", 0, 0, 0,				ERRNO(EPERM), ALLOW },
	{ "setxattrat", 0, 0, 0,			ERRNO(ENOSYS), ERRNO(ENOSYS) },
	{ "vmsplice", 0, 0, 0,				ERRNO(EPERM), ALLOW },
	{ "personality", 0, 0, 0,			ERRNO(EPERM), ALLOW },
	{ "personality", 8, 0, 0,			ERRNO(EPERM), ALLOW },
	{ "personality", 0x20000, 0, 0,			ERRNO(EPERM), ALLOW },
	{ "personality", 0x20008, 0, 0,			ERRNO(EPERM), ALLOW },
	{ "personality", 0xffffffff, 0, 0,		ERRNO(EPERM), ALLOW },
	{ "personality", UINT64_MAX, 0, 0,		ERRNO(EPERM), ALLOW },
	{ "personality", 0x40000, 0, 0,			ERRNO(EPERM), ERRNO(EPERM) },
	{ "mknodat", 0, 0, S_IFIFO | 0600,		ERRNO(EPERM), ALLOW },
	{ "mknodat", 0, 0, S_IFSOCK | 0600,		ERRNO(EPERM), ALLOW },
	{ "mknodat", 0, 0, S_IFREG | 0600,		ERRNO(EPERM), ALLOW },
	{ "mknodat", 0, 0, 0600,			ERRNO(EPERM), ALLOW },
	{ "mknodat", 0, 0, S_IFCHR | 0600,		ERRNO(EPERM), ERRNO(EPERM) },
	{ "mknodat", 0, 0, S_IFBLK | 0600,		ERRNO(EPERM), ERRNO(EPERM) },
	{ "mknodat", 0, S_IFIFO, S_IFBLK,		ERRNO(EPERM), ERRNO(EPERM) },
	{ "chroot", 0, 0, 0,				ERRNO(EPERM), ERRNO(EPERM) },
	/* never */
	{ "io_uring_setup", 0, 0, 0,			ERRNO(ENOSYS), ERRNO(ENOSYS) },
	{ "ptrace", 0, 0, 0,				ERRNO(EPERM), ERRNO(EPERM) },
	{ "process_vm_readv", 0, 0, 0,			ERRNO(EPERM), ERRNO(EPERM) },
	{ "mount", 0, 0, 0,				ERRNO(EPERM), ERRNO(EPERM) },
	{ "umount2", 0, 0, 0,				ERRNO(EPERM), ERRNO(EPERM) },
	{ "pivot_root", 0, 0, 0,			ERRNO(EPERM), ERRNO(EPERM) },
	{ "move_mount", 0, 0, 0,			ERRNO(ENOSYS), ERRNO(ENOSYS) },
	{ "open_tree_attr", 0, 0, 0,			ERRNO(ENOSYS), ERRNO(ENOSYS) },
	{ "statmount", 0, 0, 0,				ERRNO(ENOSYS), ERRNO(ENOSYS) },
	{ "listns", 0, 0, 0,				ERRNO(ENOSYS), ERRNO(ENOSYS) },
	{ "file_setattr", 0, 0, 0,			ERRNO(ENOSYS), ERRNO(ENOSYS) },
	{ "memfd_secret", 0, 0, 0,			ERRNO(ENOSYS), ERRNO(ENOSYS) },
	{ "lsm_set_self_attr", 0, 0, 0,			ERRNO(ENOSYS), ERRNO(ENOSYS) },
	{ "keyctl", 0, 0, 0,				ERRNO(EPERM), ERRNO(EPERM) },
	{ "bpf", 0, 0, 0,				ERRNO(EPERM), ERRNO(EPERM) },
	{ "perf_event_open", 0, 0, 0,			ERRNO(EPERM), ERRNO(EPERM) },
	{ "userfaultfd", 0, 0, 0,			ERRNO(EPERM), ERRNO(EPERM) },
	{ "open_by_handle_at", 0, 0, 0,			ERRNO(EPERM), ERRNO(EPERM) },
	{ "name_to_handle_at", 0, 0, 0,			ERRNO(EPERM), ERRNO(EPERM) },
	{ "clock_settime", 0, 0, 0,			ERRNO(EPERM), ERRNO(EPERM) },
	{ "finit_module", 0, 0, 0,			ERRNO(EPERM), ERRNO(EPERM) },
	{ "kexec_load", 0, 0, 0,			ERRNO(EPERM), ERRNO(EPERM) },
	{ "reboot", 0, 0, 0,				ERRNO(EPERM), ERRNO(EPERM) },
	{ "sethostname", 0, 0, 0,			ERRNO(EPERM), ERRNO(EPERM) },
	{ "set_mempolicy", 0, 0, 0,			ERRNO(EPERM), ERRNO(EPERM) },
};
/* clang-format on */
static const uint32_t natives[] = { SCMP_ARCH_X86_64, SCMP_ARCH_AARCH64 };

Test(filter_sets, each_set_answers_as_its_table_says)
{
	for (size_t n = 0; n < N_ELEMENTS(natives); n++) {
		auto_arena a = { 0 };
		struct filter_program service, container;

		build_set(&a, FILTER_SET_SERVICE, CAP_MASK_ALL & ~CAP_BIT(CAP_SYS_CHROOT), false, natives[n], &service);
		build_set(&a, FILTER_SET_CONTAINER, CAP_MASK_ALL & ~CAP_BIT(CAP_SYS_CHROOT), false, natives[n], &container);
		printf("@service %u, @container %u instructions\n", service.n, container.n);
		for (size_t i = 0; i < N_ELEMENTS(verdicts); i++) {
			uint32_t s = ask(&service, natives[n], verdicts[i].call, verdicts[i].a0, verdicts[i].a1, verdicts[i].a2);
			uint32_t c = ask(&container, natives[n], verdicts[i].call, verdicts[i].a0, verdicts[i].a1, verdicts[i].a2);

			cr_expect_eq(s, verdicts[i].service, "%zu %s: service 0x%x", i, verdicts[i].call, s);
			cr_expect_eq(c, verdicts[i].container, "%zu %s: container 0x%x", i, verdicts[i].call, c);
		}
	}
}

Test(filter_sets, chroot_comes_with_its_capability_and_in_the_container_set_only)
{
	auto_arena a = { 0 };
	struct filter_program p;

	build_set(&a, FILTER_SET_CONTAINER, CAP_BIT(CAP_SYS_CHROOT), false, SCMP_ARCH_X86_64, &p);
	cr_expect_eq(ask(&p, SCMP_ARCH_X86_64, "chroot", 0, 0, 0), (uint32_t)ALLOW);
	build_set(&a, FILTER_SET_SERVICE, CAP_BIT(CAP_SYS_CHROOT), false, SCMP_ARCH_X86_64, &p);
	cr_expect_eq(ask(&p, SCMP_ARCH_X86_64, "chroot", 0, 0, 0), (uint32_t)ERRNO(EPERM));
	build_set(&a, FILTER_SET_CONTAINER, CAP_MASK_ALL, false, SCMP_ARCH_X86_64, &p);
	cr_expect_eq(ask(&p, SCMP_ARCH_X86_64, "mount", 0, 0, 0), (uint32_t)ERRNO(EPERM), "a capability opens no group");
}

Test(filter_sets, numbers_nobody_knows_are_answered_enosys)
{
	static const uint32_t unknown[] = { 472, 500, 599, 600, 1000, 0x3fffffff, UINT32_MAX };
	auto_arena a = { 0 };
	struct filter_program p;

	build_set(&a, FILTER_SET_SERVICE, 0, false, SCMP_ARCH_X86_64, &p);
	for (size_t i = 0; i < N_ELEMENTS(unknown); i++) {
		struct seccomp_data d = sim_call(SCMP_ARCH_X86_64, unknown[i], NULL);

		cr_expect_eq(sim_run(p.insns, p.n, &d), (uint32_t)ERRNO(ENOSYS), "%u", unknown[i]);
	}
}

static void build_groups(struct arena *a, uint64_t groups, uint64_t caps, struct filter_program *out)
{
	struct plan_filter plan = { .caps = caps, .own = level_rules(FILTER_SET_GROUPS) };
	struct filter_input in = { 0 };
	struct err e = { 0 };

	plan.own.groups = groups;
	cr_assert_eq(filter_policy_input(a, &plan, &plan.own, SCMP_ARCH_X86_64, &in, &e), 0, "%s", e.text);
	cr_assert_eq(filter_compile(a, &in, out, &e), 0, "%s", e.text);
	filter_input_done(&in);
}

#define GROUP(id) (UINT64_C(1) << SYSCALL_GROUP_##id)

Test(filter_sets, a_profiles_groups_open_what_they_hold_and_need)
{
	auto_arena a = { 0 };
	struct filter_program p;

	build_groups(&a, SYSCALLS_SERVICE | GROUP(AIO) | GROUP(MOUNT), 0, &p);
	cr_expect_eq(ask(&p, SCMP_ARCH_X86_64, "io_setup", 0, 0, 0), (uint32_t)ALLOW);
	cr_expect_eq(ask(&p, SCMP_ARCH_X86_64, "mount", 0, 0, 0), (uint32_t)ERRNO(EPERM), "not without SYS_ADMIN");
	cr_expect_eq(ask(&p, SCMP_ARCH_X86_64, "shmget", 0, 0, 0), (uint32_t)ERRNO(ENOSYS));
	cr_expect_eq(ask(&p, SCMP_ARCH_X86_64, "clone", CLONE_NEWUSER, 0, 0), (uint32_t)ERRNO(EPERM));
	build_groups(&a, (SYSCALLS_SERVICE | GROUP(MOUNT) | GROUP(NAMESPACE)) & ~GROUP(NET), CAP_BIT(CAP_SYS_ADMIN), &p);
	cr_expect_eq(ask(&p, SCMP_ARCH_X86_64, "mount", 0, 0, 0), (uint32_t)ALLOW);
	cr_expect_eq(ask(&p, SCMP_ARCH_X86_64, "unshare", 0, 0, 0), (uint32_t)ALLOW);
	cr_expect_eq(ask(&p, SCMP_ARCH_X86_64, "clone", CLONE_NEWUSER, 0, 0), (uint32_t)ALLOW);
	cr_expect_eq(ask(&p, SCMP_ARCH_X86_64, "socket", AF_UNIX, 0, 0), (uint32_t)ERRNO(EPERM));
}

Test(filter_sets, a_filter_that_only_logs_refuses_nothing)
{
	const struct plan_filter plan = { .would = level_rules(FILTER_SET_SERVICE) };
	auto_arena a = { 0 };
	struct filters out;
	struct err e = { 0 };

	cr_assert_eq(filter_build(&a, &plan, &out, &e), 0, "%s", e.text);
	cr_assert_eq(out.n, 1);
	for (size_t i = 0; i < out.v[0].n; i++)
		if (BPF_CLASS(out.v[0].insns[i].code) == BPF_RET)
			cr_expect(out.v[0].insns[i].k == SECCOMP_RET_LOG || out.v[0].insns[i].k == SECCOMP_RET_ALLOW);
	if (filter_native_arch() == SCMP_ARCH_X86_64)
		cr_expect_eq(ask(&out.v[0], SCMP_ARCH_X86_64, "mount", 0, 0, 0), (uint32_t)SECCOMP_RET_LOG);
}

Test(filter_sets, other_architectures_are_killed_unless_32_bit_is_allowed)
{
	const struct seccomp_data i386_read = sim_call(SCMP_ARCH_X86, 3, NULL), arm_read = sim_call(SCMP_ARCH_ARM, 3, NULL);
	const struct seccomp_data x32_read = sim_call(SCMP_ARCH_X86_64, FILTER_X32_BIT, NULL);
	auto_arena a = { 0 };
	struct filter_program p;

	build_set(&a, FILTER_SET_SERVICE, 0, false, SCMP_ARCH_X86_64, &p);
	cr_expect_eq(sim_run(p.insns, p.n, &i386_read), SECCOMP_RET_KILL_PROCESS);
	cr_expect_eq(sim_run(p.insns, p.n, &x32_read), SECCOMP_RET_KILL_PROCESS);
	build_set(&a, FILTER_SET_SERVICE, 0, true, SCMP_ARCH_X86_64, &p);
	cr_expect_eq(sim_run(p.insns, p.n, &i386_read), SECCOMP_RET_ALLOW);
	cr_expect_eq(sim_run(p.insns, p.n, &x32_read), SECCOMP_RET_KILL_PROCESS);
	cr_expect_eq(sim_run(p.insns, p.n, &arm_read), SECCOMP_RET_KILL_PROCESS);
	cr_expect_eq(ask(&p, SCMP_ARCH_X86, "socketcall", 1, 0, 0), (uint32_t)ALLOW);
	cr_expect_eq(ask(&p, SCMP_ARCH_X86, "socket", AF_ALG, 0, 0), (uint32_t)ERRNO(EAFNOSUPPORT));
	cr_expect_eq(ask(&p, SCMP_ARCH_X86, "mount", 0, 0, 0), (uint32_t)ERRNO(EPERM));
	build_set(&a, FILTER_SET_CONTAINER, 0, true, SCMP_ARCH_AARCH64, &p);
	cr_expect_eq(sim_run(p.insns, p.n, &arm_read), SECCOMP_RET_ALLOW);
	cr_expect_eq(ask(&p, SCMP_ARCH_ARM, "set_tls", 0, 0, 0), (uint32_t)ALLOW);
	cr_expect_eq(ask(&p, SCMP_ARCH_ARM, "mount", 0, 0, 0), (uint32_t)ERRNO(EPERM));
}

static bool lets_through(uint16_t answer)
{
	return answer == FILTER_ALLOW || answer == FILTER_ARGS;
}

Test(filter_sets, every_call_of_the_table_is_in_one_group)
{
	uint8_t seen[FILTER_MAX_CALLS] = { 0 };
	size_t service = 0, container = 0;
	uint16_t answers[2][FILTER_MAX_CALLS];
	const struct plan_syscalls sets[2] = { level_rules(FILTER_SET_SERVICE), level_rules(FILTER_SET_CONTAINER) };
	struct syscall_walk m = { 0 };
	const struct filter_call *call;

	cr_assert(filter_call_at(FILTER_MAX_CALLS) == NULL, "FILTER_MAX_CALLS is too small");
	while (syscall_next(&m)) {
		cr_assert_lt(m.at, SYSCALL_SET_WORDS * 64, "SYSCALL_SET_WORDS is too small");
		cr_assert_lt(m.len, SYSCALL_NAME_ROOM);
		call = filter_call_find(m.name, m.len);
		if (!call) {
			cr_expect(m.len > 6 && memcmp(m.name, "riscv_", 6) == 0, "%s: unknown %.*s", syscall_group_name(m.group), (int)m.len, m.name);
			continue;
		}
		cr_expect_eq(seen[filter_call_index(call)]++, 0, "%s is in two groups", call->name);
	}
	filter_group_answers(&sets[0], 0, answers[0]);
	filter_group_answers(&sets[1], 0, answers[1]);
	for (size_t i = 0; (call = filter_call_at(i)) != NULL; i++) {
		cr_expect_eq(seen[i], 1, "%s is in no group", call->name);
		service += call->nr[FILTER_X86_64] >= 0 && lets_through(answers[0][i]);
		container += call->nr[FILTER_X86_64] >= 0 && lets_through(answers[1][i]);
		cr_expect(!lets_through(answers[0][i]) || lets_through(answers[1][i]), "@container holds @service: %s", call->name);
	}
	printf("x86_64 calls: @service %zu, @container %zu\n", service, container);
	cr_expect_lt(service, 260);
}

/* ---- baseline ---- */

Test(filter_sets, baseline_denies_two_families_and_calls_newer_than_the_engines_list)
{
	auto_arena a = { 0 };
	const struct seccomp *docker = sim_profile(&a, "docker");
	struct plan_filter plan = { .own = level_rules(FILTER_SET_BASELINE), .has_engine = true, .engine = *docker };
	static const struct { uint32_t nr, want; } cases[] = {
		{ 0, ALLOW }, { 165, ALLOW }, { 334, ALLOW }, { 471, ERRNO(ENOSYS) }, { 599, ERRNO(ENOSYS) }, { 600, ALLOW },
	};
	struct filters f = { 0 };
	struct err e = { 0 };

	cr_assert_eq(filter_build(&a, &plan, &f, &e), 0, "%s", e.text);
	cr_assert_eq(f.n, 2);
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct seccomp_data d = sim_call(SCMP_ARCH_X86_64, cases[i].nr, NULL);

		cr_expect_eq(sim_run(f.v[1].insns, f.v[1].n, &d), cases[i].want, "%u", cases[i].nr);
	}
	for (int x32 = 0; x32 <= 1; x32++) {
		uint32_t arch = x32 ? SCMP_ARCH_X32 : SCMP_ARCH_X86_64;

		cr_expect_eq(ask(&f.v[1], arch, "socket", AF_ALG, 0, 0), (uint32_t)ERRNO(EAFNOSUPPORT));
		cr_expect_eq(ask(&f.v[1], arch, "socket", AF_VSOCK | HIGH, 0, 0), (uint32_t)ERRNO(EAFNOSUPPORT));
		cr_expect_eq(ask(&f.v[1], arch, "socket", AF_PACKET, 0, 0), (uint32_t)ALLOW);
	}
	cr_expect_eq(ask(&f.v[1], SCMP_ARCH_X86, "socket", AF_ALG, 0, 0), (uint32_t)ALLOW);
	cr_expect_eq(ask(&f.v[1], SCMP_ARCH_AARCH64, "mount", 0, 0, 0), (uint32_t)ALLOW);
}

Test(filter_sets, baseline_without_an_engines_list_denies_the_families_alone)
{
	auto_arena a = { 0 };
	struct filter_program p;
	struct seccomp_data d = sim_call(SCMP_ARCH_AARCH64, 480, NULL);

	build_set(&a, FILTER_SET_BASELINE, 0, true, SCMP_ARCH_AARCH64, &p);
	cr_expect_eq(sim_run(p.insns, p.n, &d), SECCOMP_RET_ALLOW);
	cr_expect_eq(ask(&p, SCMP_ARCH_AARCH64, "socket", AF_ALG, 0, 0), (uint32_t)ERRNO(EAFNOSUPPORT));
}

/* ---- live ---- */

static bool install(const struct filter_program *p)
{
	struct sock_fprog prog = { .len = p->n };

	memcpy(&prog.filter, &p->insns, sizeof(prog.filter));
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, p->flags, &prog) == 0;
}

#if defined(__x86_64__) || defined(__aarch64__)
static int live_service(const struct filter_program *p)
{
	static const struct { long nr; long a0, a1, a2; int want; } cases[] = {
		{ SYS_socket, AF_ALG, 5, 0, EAFNOSUPPORT },
		{ SYS_socket, AF_NETLINK, SOCK_RAW, 9, EPROTONOSUPPORT },
		{ SYS_mount, 0, 0, 0, EPERM },
		{ SYS_unshare, 0x10000000, 0, 0, EPERM },
		{ SYS_clone, 0x10000011, 0, 0, EPERM },
		{ 435 /* clone3 */, 0, 0, 0, ENOSYS },
		{ SYS_ioctl, 0, 0x5412, 0, EPERM },
		{ 1000, 0, 0, 0, ENOSYS },
		{ SYS_close, -1, 0, 0, EBADF },
	};

	if (!install(p))
		return 100;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++)
		if (syscall(cases[i].nr, cases[i].a0, cases[i].a1, cases[i].a2, 0, 0, 0) != -1 || errno != cases[i].want)
			return 1 + (int)i;
	return 0;
}

Test(filter_sets, the_kernel_takes_the_service_set_and_answers_as_the_table_says)
{
	auto_arena a = { 0 };
	struct filter_program p;
	int status = -1;
	pid_t pid;

	build_set(&a, FILTER_SET_SERVICE, 0, false, filter_native_arch(), &p);
	p.flags = SECCOMP_FILTER_FLAG_SPEC_ALLOW;
	pid = fork();
	cr_assert(pid >= 0);
	if (pid == 0)
		_exit(live_service(&p));
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_expect_eq(status, 0, "case %d failed, counting from 1", WEXITSTATUS(status));
}
#endif

Test(filter_sets, the_kernel_takes_dockers_profile_and_both_filters_together)
{
	auto_arena a = { 0 };
	struct plan_filter plan = { .has_engine = true, .engine = *sim_profile(&a, "docker"), .own = level_rules(FILTER_SET_CONTAINER) };
	struct filters f;
	struct err e = { 0 };
	int status = -1;
	pid_t pid;

	cr_assert_eq(filter_build(&a, &plan, &f, &e), 0, "%s", e.text);
	pid = fork();
	cr_assert(pid >= 0);
	if (pid == 0) {
		if (!install(&f.v[0]) || !install(&f.v[1]))
			_exit(1);
		/* Docker's list says EPERM, ours after it ENOSYS: the later one is heard. */
		_exit(syscall(425, 1, NULL) == -1 && errno == ENOSYS ? 0 : 2);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_expect_eq(status, 0, "step %d failed", WEXITSTATUS(status));
}
