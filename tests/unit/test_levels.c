/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <errno.h>
#include <sys/resource.h>

#include "base/capname.h"
#include "base/sys.h"
#include "policy/merge.h"
#include "policy/profile.h"
#include "policy/syscall_groups.h"

/* The table of policy-design section 2, row by row: columns none, baseline, hardened, strict. */
#define TEN "CHOWN DAC_OVERRIDE FOWNER FSETID KILL SETGID SETUID SETPCAP NET_BIND_SERVICE SYS_CHROOT"
static const char *const ceilings[LEVELS] = { NULL, NULL, TEN, TEN };

Test(levels, capability_ceilings_are_those_of_the_design)
{
	for (int i = 0; i < LEVELS; i++) {
		char text[700];
		capname_list(profile_builtin(i)->cap_ceiling, text, sizeof(text));
		if (ceilings[i])
			cr_expect_str_eq(text, ceilings[i], "level %d", i);
		else
			cr_expect_eq(profile_builtin(i)->cap_ceiling, CAP_MASK_ALL, "level %d", i);
	}
}

#define ROW(sentence, expr, ...)                                                                           \
	Test(levels, sentence)                                                                                 \
	{                                                                                                  \
		static const unsigned long long want[LEVELS] = { __VA_ARGS__ };                            \
		for (int i = 0; i < LEVELS; i++) {                                                         \
			const struct profile *p = profile_builtin(i);                                      \
			cr_expect_eq((unsigned long long)(expr), want[i], "level %s: %llu", p->name,       \
				     (unsigned long long)(expr));                                          \
		}                                                                                          \
	}

#define AS PROFILE_AS_ASKED
#define NS2 (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)
#define NS3 (NS2 | MOUNT_ATTR_NOEXEC)
#define BIT(k) (1u << (k))
#define PRIVATE_HARDENED (BIT(NS_PID) | BIT(NS_IPC) | BIT(NS_UTS) | BIT(NS_MOUNT))

ROW(each_level_is_at_its_own_place, p->level, 0, 1, 2, 3)
ROW(a_launch_may_name_audit_write_in_strict, p->cap_launch, 0, 0, 0, CAP_BIT(29))
ROW(labels_count_from_baseline_up, p->label, 0, 1, 1, 1)
ROW(only_strict_wants_capabilities_by_name, p->cap_allow == 0, 0, 0, 0, 1)
ROW(exec_stays_within_the_result_from_hardened_up, p->exec_within_result, 0, 0, 1, 1)
ROW(privileged_is_refused_from_hardened_up, p->privileged == PROFILE_PRIVILEGED_REFUSE, 0, 0, 1, 1)
ROW(privileged_passes_below_hardened, p->privileged == PROFILE_PRIVILEGED_PASS, 1, 1, 0, 0)
ROW(no_new_privs_from_hardened_up, p->no_new_privs, 0, 0, 1, 1)
ROW(root_is_read_only_in_strict, p->root.readonly, 0, 0, 0, 1)
ROW(root_is_nosuid_from_hardened_up, p->root.nosuid, 0, 0, 1, 1)
ROW(root_is_nodev_from_hardened_up, p->root.nodev, 0, 0, 1, 1)
ROW(strict_has_four_tmpfs, p->tmpfs.n, 0, 0, 0, 4)
ROW(tmpfs_attrs, p->attrs.tmpfs, 0, 0, NS2, NS2)
ROW(bind_attrs, p->attrs.bind, 0, 0, 0, NS2)
ROW(kernel_file_system_attrs, p->attrs.kernel, 0, 0, NS3, NS3)
ROW(other_attrs, p->attrs.other, 0, 0, 0, NS2)
ROW(user, p->user, PROFILE_USER_AS_ASKED, PROFILE_USER_AS_ASKED, PROFILE_USER_WARN_ROOT, PROFILE_USER_NON_ROOT)
ROW(second_filter, p->syscalls.groups, SYSCALLS_ALL, SYSCALLS_ALL, SYSCALLS_CONTAINER, SYSCALLS_SERVICE)
ROW(second_filter_waits_for_the_engines_in_baseline, p->filter_baseline, 0, 1, 0, 0)
ROW(no_single_calls_in_a_level, syscall_set_has_single(&p->syscalls) || !syscall_set_is_empty(&p->syscalls_denied) ||
    !syscall_set_is_empty(&p->syscalls_kill) || p->syscalls_errno.n, 0, 0, 0, 0)
ROW(refusals_are_logged, p->syscalls_log, 1, 1, 1, 1)
#define FAMILIES ((1ull << 1) | (1ull << 2) | (1ull << 10) | (1ull << 16))
ROW(families_of_servers_from_hardened_up, p->families, UINT64_MAX, UINT64_MAX, FAMILIES, FAMILIES)
ROW(netlink_for_addresses_from_hardened_up, p->netlink, UINT64_MAX, UINT64_MAX, 1, 1)
ROW(terminals_are_safe_from_hardened_up, p->ioctls, 0, 0, 7, 7)
ROW(native_calls_only_from_hardened_up, p->archs == PROFILE_ARCH_NATIVE, 0, 0, 1, 1)
ROW(masks, p->mask.n, 0, 12, 12, 12)
ROW(readonly_paths, p->readonly.n, 0, 5, 5, 5)
ROW(masks_are_always_there_from_hardened_up, p->mask_always, 0, 0, 1, 1)
ROW(private_namespaces, p->ns_private, 0, 0, PRIVATE_HARDENED, PRIVATE_HARDENED | BIT(NS_NET) | BIT(NS_CGROUP))
ROW(host_network_is_warned_about_in_hardened, p->ns_warn & BIT(NS_NET), 0, 0, BIT(NS_NET), 0)
ROW(low_ports_from_hardened_up, p->low_ports, 0, 0, 1, 1)
ROW(ping_group_in_strict, p->ping_group, 0, 0, 0, 1)
ROW(nofile, p->rlimit[RLIMIT_NOFILE].hard, AS, AS, 1048576, 65536)
ROW(pids, p->pids, AS, AS, 4096, 512)
ROW(memory, p->memory, AS, AS, AS, 1ull << 30)
ROW(core, p->rlimit[RLIMIT_CORE].hard, AS, AS, AS, 0)
ROW(ids_of_its_own_in_strict, p->user_map, 0, 0, 0, PROFILE_MAP_AUTO)
ROW(memlock, p->rlimit[RLIMIT_MEMLOCK].hard, AS, AS, AS, 8ull << 20)

Test(levels, strict_tmpfs_are_sized_and_modest)
{
	static const struct { const char *path; unsigned long long mib; unsigned mode; } want[] = {
		{ "/tmp", 64, 01777 }, { "/run", 16, 0755 }, { "/var/tmp", 64, 01777 }, { "/dev/shm", 64, 01777 },
	};
	const struct profile *p = profile_builtin(LEVEL_STRICT);

	for (size_t i = 0; i < N_ELEMENTS(want); i++) {
		cr_expect_str_eq(p->tmpfs.v[i].path, want[i].path);
		cr_expect_eq(p->tmpfs.v[i].size, want[i].mib << 20);
		cr_expect_eq(p->tmpfs.v[i].mode, want[i].mode);
	}
}

Test(levels, every_known_leak_is_in_the_mask_list)
{
	static const char *const masked[] = { "/proc/kcore", "/proc/keys", "/proc/scsi", "/proc/acpi", "/sys/firmware",
					      "/sys/devices/virtual/powercap", "/proc/timer_list", "/proc/interrupts" };
	static const char *const readonly[] = { "/proc/sys", "/proc/sysrq-trigger", "/proc/irq", "/proc/bus", "/proc/fs" };
	const struct profile *p = profile_builtin(LEVEL_BASELINE);

	for (size_t i = 0; i < N_ELEMENTS(masked); i++)
		cr_expect(str_in(&p->mask, masked[i]), "%s", masked[i]);
	for (size_t i = 0; i < N_ELEMENTS(readonly); i++)
		cr_expect(str_in(&p->readonly, readonly[i]), "%s", readonly[i]);
}

Test(levels, names_are_found_exactly)
{
	static const struct { const char *name; int want; } cases[] = {
		{ "none", LEVEL_NONE }, { "baseline", LEVEL_BASELINE }, { "hardened", LEVEL_HARDENED },
		{ "strict", LEVEL_STRICT }, { "Strict", -EINVAL }, { "", -EINVAL }, { "strict ", -EINVAL }, { NULL, -EINVAL },
	};

	for (size_t i = 0; i < N_ELEMENTS(cases); i++)
		cr_expect_eq(policy_level_find(cases[i].name), cases[i].want, "%s", cases[i].name ? cases[i].name : "NULL");
	for (int i = 0; i < LEVELS; i++)
		cr_expect_eq(policy_level_find(policy_level_name(i)), i);
	cr_expect_null(profile_builtin(LEVELS));
}
