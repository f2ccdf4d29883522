/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spec/types.h - the vocabulary that the document and the plan share: plain values, no functions.
 *
 * Everything lives in an arena; strings are NUL-terminated and never contain a NUL. "OCI" sections are those of the
 * runtime specification 1.3.
 */
#ifndef CAISSON_SPEC_TYPES_H
#define CAISSON_SPEC_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct opt_i64 { bool set; int64_t v; };
struct opt_u64 { bool set; uint64_t v; };
struct opt_bool { bool set; bool v; };

struct key_value { const char *key, *value; };
struct key_values { size_t n; const struct key_value *v; };

/* Namespaces, in the order they are joined: user first, because it grants the right to join the rest. */
enum ns_kind { NS_USER, NS_CGROUP, NS_IPC, NS_UTS, NS_NET, NS_PID, NS_MOUNT, NS_TIME, NS_KINDS };
enum ns_mode { NS_INHERIT, NS_NEW, NS_JOIN };
struct namespace { enum ns_mode mode; const char *path; /* NS_JOIN: absolute, in the runtime's mount namespace */ };

struct id_map { uint32_t container, host, size; };
struct id_maps { size_t n; const struct id_map *v; };
struct time_offset { bool set; int64_t secs; uint32_t nanosecs; };

/* OCI mounts[]. Attributes are MOUNT_ATTR_* of mount_setattr(2). */
struct mount {
	size_t index;			/* position in mounts[], for error texts; SIZE_MAX when the policy added it */
	const char *destination;	/* absolute, cleaned */
	const char *source;		/* as written; relative bind sources are relative to the bundle; NULL when absent */
	const char *type;		/* file system type; NULL for binds */
	const char *data;		/* comma-joined options for the file system; "" when none */
	bool bind, recursive;		/* bind, or rbind (both true) */
	bool remount;
	bool copy_up;			/* tmpcopyup */
	bool idmap, idmap_recursive;
	struct id_maps uid_map, gid_map;
	uint64_t attr_set, attr_clear;	/* of this mount; atime modes: clear holds MOUNT_ATTR__ATIME when one is set */
	uint64_t rattr_set, rattr_clear;/* of the whole tree: rro, rnosuid, ... */
	unsigned long sb_flags;		/* MS_SYNCHRONOUS DIRSYNC MANDLOCK LAZYTIME I_VERSION SILENT RDONLY(for new file systems) */
	unsigned long propagation;	/* MS_SHARED SLAVE PRIVATE UNBINDABLE, with MS_REC; 0 = nothing asked */
};
struct mounts { size_t n; const struct mount *v; };

struct device {
	char type;			/* c (u is read as c), b, p */
	const char *path;
	int64_t major, minor;
	bool has_mode;
	uint32_t mode;			/* permission bits */
	bool has_uid, has_gid;
	uint32_t uid, gid;
};
struct devices { size_t n; const struct device *v; };

/* A network device of the host, to be moved into the container. */
struct net_device {
	const char *host;		/* its name on the host */
	const char *name;		/* and inside; may hold one %d, which becomes the first free number */
};
struct net_devices { size_t n; const struct net_device *v; };

/* OCI linux.memoryPolicy: the arguments of set_mempolicy(2). */
struct memory_policy {
	bool set;
	uint32_t mode, flags;		/* MPOL_*, MPOL_F_* */
	const char *nodes;		/* "0-3,7"; NULL: none */
};
enum { MEMORY_NODES_MAX = 1024 };	/* the kernel's, at most (NODES_SHIFT 10) */

/* OCI linux.intelRdt. The lines are those of resctrl's schemata file. */
struct intel_rdt {
	bool set;
	const char *clos_id;		/* "/": the default class; NULL: one named after the container */
	const char *l3_schema, *mb_schema;
	struct strings schemata;
	bool monitoring;
};

/* Not "struct rlimit": sys/resource.h owns that name. */
struct process_rlimit { int resource; /* RLIMIT_* */ const char *name; uint64_t soft, hard; /* UINT64_MAX = unlimited */ };
struct rlimits { size_t n; const struct process_rlimit *v; };

struct capsets { uint64_t bounding, effective, permitted, inheritable, ambient; /* masks, base/capname.h */ };

struct ids { size_t n; const uint32_t *v; };

struct scheduler {
	bool set;
	int policy;			/* SCHED_* */
	int32_t nice, priority;
	uint64_t flags;			/* SCHED_FLAG_* */
	uint64_t runtime, deadline, period; /* ns */
};
struct io_priority { bool set; int class; /* 1 RT, 2 BE, 3 IDLE */ int priority; /* 0..7 */ };

/* OCI process. */
struct process {
	bool terminal;
	uint16_t rows, columns;		/* 0 = not given */
	struct strings args, env;
	const char *cwd;
	uint32_t uid, gid;
	struct ids groups;
	bool has_umask;
	uint32_t umask;
	struct rlimits rlimits;
	bool has_caps;			/* false: the document has no capabilities object (all sets are empty) */
	struct capsets caps;
	bool no_new_privs;
	struct opt_i64 oom_score_adj;	/* -1000..1000 */
	const char *apparmor, *selinux;	/* NULL when absent or empty */
	struct scheduler scheduler;
	struct io_priority io_priority;
	const char *affinity_initial, *affinity_final; /* CPU lists for exec; NULL when absent */
};

struct hook { const char *path; struct strings args, env; int timeout; /* seconds; 0 = none given */ };
struct hooks { size_t n; const struct hook *v; };
enum hook_kind { HOOK_PRESTART, HOOK_CREATE_RUNTIME, HOOK_CREATE_CONTAINER, HOOK_START_CONTAINER, HOOK_POSTSTART,
		 HOOK_POSTSTOP, HOOK_KINDS };

/* OCI linux.resources. */
struct device_rule { bool allow; char type; /* a b c */ int64_t major, minor; /* -1 = any */ bool r, w, m; };
struct blkio_weight { int64_t major, minor; bool has_weight, has_leaf; uint16_t weight, leaf_weight; };
struct blkio_rate { int64_t major, minor; uint64_t rate; };
enum blkio_throttle { THROTTLE_READ_BPS, THROTTLE_WRITE_BPS, THROTTLE_READ_IOPS, THROTTLE_WRITE_IOPS, THROTTLE_KINDS };
struct hugepage_limit { const char *page_size; /* "2MB" */ uint64_t limit; };
struct net_priority { const char *name; uint32_t priority; };
struct rdma_limit { const char *device; bool has_handles, has_objects; uint32_t handles, objects; };

struct resources {
	struct { size_t n; const struct device_rule *v; } devices;
	struct {
		struct opt_i64 limit, reservation, swap, kernel, kernel_tcp; /* bytes, -1 = unlimited */
		struct opt_u64 swappiness;
		struct opt_bool disable_oom_killer, use_hierarchy;
		bool check_before_update;
	} memory;
	struct {
		struct opt_u64 shares, period, realtime_period, burst;
		struct opt_i64 quota, realtime_runtime, idle;
		const char *cpus, *mems;	/* NULL when absent */
	} cpu;
	struct opt_i64 pids_limit;		/* -1 = max */
	struct {
		struct opt_u64 weight, leaf_weight;
		struct { size_t n; const struct blkio_weight *v; } weight_devices;
		struct { size_t n; const struct blkio_rate *v; } throttle[THROTTLE_KINDS];
	} blkio;
	struct { size_t n; const struct hugepage_limit *v; } hugepages;
	struct { struct opt_u64 class_id; struct { size_t n; const struct net_priority *v; } priorities; } network;
	struct { size_t n; const struct rdma_limit *v; } rdma;
	struct key_values unified;		/* keys hold no '/' */
};

/* OCI linux.seccomp. Actions are SECCOMP_RET_* without data (linux/seccomp.h); the errno travels beside them. */
struct syscall_arg {
	uint32_t index;			/* 0..5 */
	int op;				/* enum scmp_compare of libseccomp: SCMP_CMP_NE .. SCMP_CMP_MASKED_EQ */
	uint64_t value, value_two;	/* MASKED_EQ: value is the mask, value_two what must remain */
};
struct syscall_rule {
	struct strings names;
	uint32_t action;
	bool has_errno;
	uint32_t errno_ret;
	struct { size_t n; const struct syscall_arg *v; } args;
};
struct seccomp {
	uint32_t default_action;
	bool has_default_errno;
	uint32_t default_errno;
	struct { size_t n; const uint32_t *v; } archs; /* SCMP_ARCH_* tokens (AUDIT_ARCH_*); n = 0: native only */
	bool has_flags;
	uint32_t flags;			/* SECCOMP_FILTER_FLAG_* */
	const char *listener_path, *listener_metadata; /* NULL when absent */
	struct { size_t n; const struct syscall_rule *v; } rules;
};

#endif
