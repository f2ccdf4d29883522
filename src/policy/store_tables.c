/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/store_table.h"

#include "base/str.h"
#include "policy/plan.h"

/* clang-format off */
#define SIZE_OF(T, m) sizeof(((T *)0)->m)
#define F(T, m, k)	   { #m, offsetof(T, m), SIZE_OF(T, m), k, 0, NULL }
#define FBOOL(T, m)	   F(T, m, STORE_BOOL)
#define FUNSIGNED(T, m)	   F(T, m, STORE_UNSIGNED)
#define FSIGNED(T, m)	   F(T, m, STORE_SIGNED)
#define FMASK(T, m)	   F(T, m, STORE_MASK)
#define FCHAR(T, m)	   F(T, m, STORE_CHAR)
#define FTEXT(T, m)	   F(T, m, STORE_TEXT)
#define FENUM(T, m, end)   { #m, offsetof(T, m), SIZE_OF(T, m), STORE_ENUM, end, NULL }
#define FSTRUCT(T, m, t)   { #m, offsetof(T, m), SIZE_OF(T, m), STORE_STRUCT, 0, t }
#define FLIST(T, m, t)	   { #m, offsetof(T, m), SIZE_OF(T, m), STORE_LIST, 0, t }
#define FARRAY(T, m, n, t) { #m, offsetof(T, m), SIZE_OF(T, m), STORE_ARRAY, n, t }

#define TYPE(var, T, ...)									\
	static const struct store_field var##_fields[] = { __VA_ARGS__ };			\
	static const struct store_type var##_type = { #T, sizeof(T), N_ELEMENTS(var##_fields), var##_fields }
#define BARE(var, T, k)										\
	static const struct store_field var##_fields[] = { { NULL, 0, sizeof(T), k, 0, NULL } };\
	static const struct store_type var##_type = { #T, sizeof(T), 1, var##_fields }

BARE(text, const char *, STORE_TEXT);
BARE(number, uint32_t, STORE_UNSIGNED);

TYPE(opt_i64, struct opt_i64, FBOOL(struct opt_i64, set), FSIGNED(struct opt_i64, v));
TYPE(opt_u64, struct opt_u64, FBOOL(struct opt_u64, set), FUNSIGNED(struct opt_u64, v));
TYPE(opt_bool, struct opt_bool, FBOOL(struct opt_bool, set), FBOOL(struct opt_bool, v));
TYPE(key_value, struct key_value, FTEXT(struct key_value, key), FTEXT(struct key_value, value));
TYPE(namespace, struct namespace, FENUM(struct namespace, mode, NS_JOIN + 1), FTEXT(struct namespace, path));
TYPE(id_map, struct id_map, FUNSIGNED(struct id_map, container), FUNSIGNED(struct id_map, host),
     FUNSIGNED(struct id_map, size));
TYPE(time_offset, struct time_offset, FBOOL(struct time_offset, set), FSIGNED(struct time_offset, secs),
     FUNSIGNED(struct time_offset, nanosecs));

TYPE(mount, struct mount,
     FUNSIGNED(struct mount, index), FTEXT(struct mount, destination), FTEXT(struct mount, source),
     FTEXT(struct mount, type), FTEXT(struct mount, data), FBOOL(struct mount, bind), FBOOL(struct mount, recursive),
     FBOOL(struct mount, remount), FBOOL(struct mount, copy_up), FBOOL(struct mount, idmap),
     FBOOL(struct mount, idmap_recursive), FLIST(struct mount, uid_map, &id_map_type),
     FLIST(struct mount, gid_map, &id_map_type), FMASK(struct mount, attr_set), FMASK(struct mount, attr_clear),
     FMASK(struct mount, rattr_set), FMASK(struct mount, rattr_clear), FUNSIGNED(struct mount, sb_flags),
     FUNSIGNED(struct mount, propagation));

TYPE(device, struct device,
     FCHAR(struct device, type), FTEXT(struct device, path), FSIGNED(struct device, major),
     FSIGNED(struct device, minor), FBOOL(struct device, has_mode), FUNSIGNED(struct device, mode),
     FBOOL(struct device, has_uid), FBOOL(struct device, has_gid), FUNSIGNED(struct device, uid),
     FUNSIGNED(struct device, gid));

TYPE(net_device, struct net_device, FTEXT(struct net_device, host), FTEXT(struct net_device, name));

TYPE(memory_policy, struct memory_policy,
     FBOOL(struct memory_policy, set), FUNSIGNED(struct memory_policy, mode), FUNSIGNED(struct memory_policy, flags),
     FTEXT(struct memory_policy, nodes));

TYPE(intel_rdt, struct intel_rdt,
     FBOOL(struct intel_rdt, set), FTEXT(struct intel_rdt, clos_id), FTEXT(struct intel_rdt, l3_schema),
     FTEXT(struct intel_rdt, mb_schema), FLIST(struct intel_rdt, schemata, &text_type), FBOOL(struct intel_rdt, monitoring));

TYPE(rlimit, struct process_rlimit,
     FSIGNED(struct process_rlimit, resource), FTEXT(struct process_rlimit, name), FUNSIGNED(struct process_rlimit, soft),
     FUNSIGNED(struct process_rlimit, hard));
TYPE(capsets, struct capsets,
     FMASK(struct capsets, bounding), FMASK(struct capsets, effective), FMASK(struct capsets, permitted),
     FMASK(struct capsets, inheritable), FMASK(struct capsets, ambient));
TYPE(scheduler, struct scheduler,
     FBOOL(struct scheduler, set), FSIGNED(struct scheduler, policy), FSIGNED(struct scheduler, nice),
     FSIGNED(struct scheduler, priority), FMASK(struct scheduler, flags), FUNSIGNED(struct scheduler, runtime),
     FUNSIGNED(struct scheduler, deadline), FUNSIGNED(struct scheduler, period));
TYPE(io_priority, struct io_priority,
     FBOOL(struct io_priority, set), FSIGNED(struct io_priority, class), FSIGNED(struct io_priority, priority));

static const struct store_field process_fields[] = {
	FBOOL(struct process, terminal), FUNSIGNED(struct process, rows), FUNSIGNED(struct process, columns),
	FLIST(struct process, args, &text_type), FLIST(struct process, env, &text_type), FTEXT(struct process, cwd),
	FUNSIGNED(struct process, uid), FUNSIGNED(struct process, gid), FLIST(struct process, groups, &number_type),
	FBOOL(struct process, has_umask), FUNSIGNED(struct process, umask),
	FLIST(struct process, rlimits, &rlimit_type), FBOOL(struct process, has_caps),
	FSTRUCT(struct process, caps, &capsets_type), FBOOL(struct process, no_new_privs),
	FSTRUCT(struct process, oom_score_adj, &opt_i64_type), FTEXT(struct process, apparmor),
	FTEXT(struct process, selinux), FSTRUCT(struct process, scheduler, &scheduler_type),
	FSTRUCT(struct process, io_priority, &io_priority_type), FTEXT(struct process, affinity_initial),
	FTEXT(struct process, affinity_final),
};
const struct store_type store_process_type = { "struct process", sizeof(struct process), N_ELEMENTS(process_fields),
					       process_fields };

TYPE(hook, struct hook,
     FTEXT(struct hook, path), FLIST(struct hook, args, &text_type), FLIST(struct hook, env, &text_type),
     FSIGNED(struct hook, timeout));
static const struct store_field hooks_fields[] = {
	{ NULL, 0, sizeof(struct hooks), STORE_LIST, 0, &hook_type },
};
static const struct store_type hooks_type = { "struct hooks", sizeof(struct hooks), 1, hooks_fields };

TYPE(device_rule, struct device_rule,
     FBOOL(struct device_rule, allow), FCHAR(struct device_rule, type), FSIGNED(struct device_rule, major),
     FSIGNED(struct device_rule, minor), FBOOL(struct device_rule, r), FBOOL(struct device_rule, w),
     FBOOL(struct device_rule, m));
TYPE(blkio_weight, struct blkio_weight,
     FSIGNED(struct blkio_weight, major), FSIGNED(struct blkio_weight, minor),
     FBOOL(struct blkio_weight, has_weight), FBOOL(struct blkio_weight, has_leaf),
     FUNSIGNED(struct blkio_weight, weight), FUNSIGNED(struct blkio_weight, leaf_weight));
TYPE(blkio_rate, struct blkio_rate,
     FSIGNED(struct blkio_rate, major), FSIGNED(struct blkio_rate, minor), FUNSIGNED(struct blkio_rate, rate));
static const struct store_field rates_fields[] = {
	{ NULL, 0, SIZE_OF(struct resources, blkio.throttle[0]), STORE_LIST, 0, &blkio_rate_type },
};
static const struct store_type rates_type = { "rates", SIZE_OF(struct resources, blkio.throttle[0]), 1, rates_fields };
TYPE(hugepage_limit, struct hugepage_limit,
     FTEXT(struct hugepage_limit, page_size), FUNSIGNED(struct hugepage_limit, limit));
TYPE(net_priority, struct net_priority, FTEXT(struct net_priority, name), FUNSIGNED(struct net_priority, priority));
TYPE(rdma_limit, struct rdma_limit,
     FTEXT(struct rdma_limit, device), FBOOL(struct rdma_limit, has_handles), FBOOL(struct rdma_limit, has_objects),
     FUNSIGNED(struct rdma_limit, handles), FUNSIGNED(struct rdma_limit, objects));

static const struct store_field resources_fields[] = {
	FLIST(struct resources, devices, &device_rule_type),
	FSTRUCT(struct resources, memory.limit, &opt_i64_type),
	FSTRUCT(struct resources, memory.reservation, &opt_i64_type),
	FSTRUCT(struct resources, memory.swap, &opt_i64_type),
	FSTRUCT(struct resources, memory.kernel, &opt_i64_type),
	FSTRUCT(struct resources, memory.kernel_tcp, &opt_i64_type),
	FSTRUCT(struct resources, memory.swappiness, &opt_u64_type),
	FSTRUCT(struct resources, memory.disable_oom_killer, &opt_bool_type),
	FSTRUCT(struct resources, memory.use_hierarchy, &opt_bool_type),
	FBOOL(struct resources, memory.check_before_update),
	FSTRUCT(struct resources, cpu.shares, &opt_u64_type), FSTRUCT(struct resources, cpu.period, &opt_u64_type),
	FSTRUCT(struct resources, cpu.realtime_period, &opt_u64_type),
	FSTRUCT(struct resources, cpu.burst, &opt_u64_type), FSTRUCT(struct resources, cpu.quota, &opt_i64_type),
	FSTRUCT(struct resources, cpu.realtime_runtime, &opt_i64_type),
	FSTRUCT(struct resources, cpu.idle, &opt_i64_type), FTEXT(struct resources, cpu.cpus),
	FTEXT(struct resources, cpu.mems), FSTRUCT(struct resources, pids_limit, &opt_i64_type),
	FSTRUCT(struct resources, blkio.weight, &opt_u64_type),
	FSTRUCT(struct resources, blkio.leaf_weight, &opt_u64_type),
	FLIST(struct resources, blkio.weight_devices, &blkio_weight_type),
	FARRAY(struct resources, blkio.throttle, THROTTLE_KINDS, &rates_type),
	FLIST(struct resources, hugepages, &hugepage_limit_type),
	FSTRUCT(struct resources, network.class_id, &opt_u64_type),
	FLIST(struct resources, network.priorities, &net_priority_type),
	FLIST(struct resources, rdma, &rdma_limit_type), FLIST(struct resources, unified, &key_value_type),
};
const struct store_type store_resources_type = { "struct resources", sizeof(struct resources), N_ELEMENTS(resources_fields),
						 resources_fields };

TYPE(syscall_arg, struct syscall_arg,
     FUNSIGNED(struct syscall_arg, index), FSIGNED(struct syscall_arg, op), FUNSIGNED(struct syscall_arg, value),
     FUNSIGNED(struct syscall_arg, value_two));
TYPE(syscall_rule, struct syscall_rule,
     FLIST(struct syscall_rule, names, &text_type), FUNSIGNED(struct syscall_rule, action),
     FBOOL(struct syscall_rule, has_errno), FUNSIGNED(struct syscall_rule, errno_ret),
     FLIST(struct syscall_rule, args, &syscall_arg_type));
TYPE(seccomp, struct seccomp,
     FUNSIGNED(struct seccomp, default_action), FBOOL(struct seccomp, has_default_errno),
     FUNSIGNED(struct seccomp, default_errno), FLIST(struct seccomp, archs, &number_type),
     FBOOL(struct seccomp, has_flags), FUNSIGNED(struct seccomp, flags), FTEXT(struct seccomp, listener_path),
     FTEXT(struct seccomp, listener_metadata), FLIST(struct seccomp, rules, &syscall_rule_type));
TYPE(syscalls, struct plan_syscalls,
     FENUM(struct plan_syscalls, set, FILTER_SET_GROUPS + 1), FMASK(struct plan_syscalls, groups),
     FLIST(struct plan_syscalls, calls, &text_type), FLIST(struct plan_syscalls, kill, &text_type),
     FLIST(struct plan_syscalls, answers, &key_value_type), FMASK(struct plan_syscalls, families),
     FMASK(struct plan_syscalls, netlink), FMASK(struct plan_syscalls, ioctls),
     FBOOL(struct plan_syscalls, allow_compat32), FBOOL(struct plan_syscalls, log));
static const struct store_field filter_fields[] = {
	FBOOL(struct plan_filter, has_engine), FSTRUCT(struct plan_filter, engine, &seccomp_type),
	FMASK(struct plan_filter, caps), FSTRUCT(struct plan_filter, own, &syscalls_type),
	FSTRUCT(struct plan_filter, would, &syscalls_type),
};
const struct store_type store_filter_type = { "struct plan_filter", sizeof(struct plan_filter), N_ELEMENTS(filter_fields),
					      filter_fields };

TYPE(exec, struct plan_exec,
     FBOOL(struct plan_exec, no_new_privs), FMASK(struct plan_exec, privileged_caps), FBOOL(struct plan_exec, within_result), FBOOL(struct plan_exec, fits),
     FBOOL(struct plan_exec, own_label), FLIST(struct plan_exec, limits, &rlimit_type), FENUM(struct plan_exec, allow, 3),
     FTEXT(struct plan_exec, allow_rule), FLIST(struct plan_exec, env_deny, &text_type), FBOOL(struct plan_exec, no_home),
     FENUM(struct plan_exec, env_secrets, 3));

TYPE(reason, struct reason,
     FTEXT(struct reason, control), FTEXT(struct reason, asked), FTEXT(struct reason, result),
     FTEXT(struct reason, rule), FENUM(struct reason, kind, REASON_WARNED + 1));
static const struct store_field texts_fields[] = {
	{ NULL, 0, sizeof(struct strings), STORE_LIST, 0, &text_type },
};
static const struct store_type texts_type = { "struct strings", sizeof(struct strings), 1, texts_fields };
TYPE(sources, struct plan_sources,
     FLIST(struct plan_sources, allow, &texts_type), FLIST(struct plan_sources, deny, &text_type), FBOOL(struct plan_sources, no_devices),
     FTEXT(struct plan_sources, by));
TYPE(root, struct plan_root,
     FTEXT(struct plan_root, path), FBOOL(struct plan_root, readonly), FBOOL(struct plan_root, nosuid),
     FBOOL(struct plan_root, nodev), FBOOL(struct plan_root, idmap), FUNSIGNED(struct plan_root, propagation));

TYPE(landlock_rule, struct landlock_rule,
     FUNSIGNED(struct landlock_rule, kind), FTEXT(struct landlock_rule, path), FMASK(struct landlock_rule, access),
     FMASK(struct landlock_rule, net));

static const struct store_field plan_fields[] = {
	FTEXT(struct plan, id), FTEXT(struct plan, bundle), FTEXT(struct plan, oci_version),
	FENUM(struct plan, level, LEVELS), FTEXT(struct plan, profile), FTEXT(struct plan, level_from), FBOOL(struct plan, privileged_shape),
	FLIST(struct plan, annotations, &key_value_type),
	FBOOL(struct plan, has_process), FSTRUCT(struct plan, process, &store_process_type),
	FMASK(struct plan, cap_ceiling), FBOOL(struct plan, label_caps_set), FMASK(struct plan, label_caps),
	FSTRUCT(struct plan, exec, &exec_type), FBOOL(struct plan, image.required), FBOOL(struct plan, image.seen),
	FBOOL(struct plan, require_non_root), FUNSIGNED(struct plan, securebits),
	FBOOL(struct plan, deny_write_exec), FLIST(struct plan, landlock, &landlock_rule_type), FBOOL(struct plan, init),
	FLIST(struct plan, init_options, &text_type), FLIST(struct plan, health, &text_type),
	FSTRUCT(struct plan, root, &root_type), FLIST(struct plan, mounts, &mount_type),
	FSTRUCT(struct plan, sources, &sources_type),
	FLIST(struct plan, devices, &device_type), FLIST(struct plan, net_devices, &net_device_type),
	FLIST(struct plan, masked_paths, &text_type),
	FLIST(struct plan, readonly_paths, &text_type), FTEXT(struct plan, mount_label),
	FARRAY(struct plan, ns, NS_KINDS, &namespace_type), FLIST(struct plan, uid_map, &id_map_type),
	FLIST(struct plan, gid_map, &id_map_type), FSTRUCT(struct plan, boottime, &time_offset_type),
	FSTRUCT(struct plan, monotonic, &time_offset_type), FTEXT(struct plan, hostname),
	FTEXT(struct plan, domainname), FLIST(struct plan, sysctl, &key_value_type),
	FSTRUCT(struct plan, memory_policy, &memory_policy_type), FSTRUCT(struct plan, intel_rdt, &intel_rdt_type),
	FBOOL(struct plan, has_personality),
	FUNSIGNED(struct plan, personality),
	FARRAY(struct plan, hooks, HOOK_KINDS, &hooks_type), FTEXT(struct plan, cgroups_path),
	FBOOL(struct plan, no_cgroup), FSTRUCT(struct plan, resources, &store_resources_type),
	FSTRUCT(struct plan, filter, &store_filter_type), FLIST(struct plan, reasons, &reason_type),
	FLIST(struct plan, warnings, &text_type),
};
const struct store_type store_plan_type = { "struct plan", sizeof(struct plan), N_ELEMENTS(plan_fields), plan_fields };
/* clang-format on */
