/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy/profile.h - a set of limits as a value: what the four built-in levels are, and what profiles are read into. merge
 * meets the document with one of these; it never asks which level it is.
 *
 * Every field is a ceiling, a switch that can only be turned on, an addition of something private and empty, a substitution
 * of the identity, or a grant (policy-design 3.2: kinds C, F, A, S, G). policy/profile_fields.h describes each as a row of one
 * table, from which reading, inheriting, meeting, showing, the JSON schema and the manual are made. The built-in "none" changes
 * nothing.
 */
#ifndef CAISSON_POLICY_PROFILE_H
#define CAISSON_POLICY_PROFILE_H

#include "policy/plan.h"
#include "policy/syscall_groups.h"

#define PROFILE_AS_ASKED UINT64_MAX	/* a quantity without a limit of ours */

struct profile_tmpfs {
	const char *path;
	uint64_t size;			/* bytes */
	uint32_t mode;
	struct opt_id { bool set; uint32_t v; } uid, gid;
	bool owned;			/* without uid and gid: belongs to the container's own user, when that is not root */
	bool exec;
	uint32_t copy_up;		/* enum profile_copy_up */
};
enum profile_copy_up { PROFILE_COPY_UP_NONE, PROFILE_COPY_UP_FILES };

struct profile_grant {
	uint64_t cap;			/* one bit */
	const char *why;
};

struct profile_ids { bool set; struct ids list; };

/* Words, from the loosest to the strictest. */
enum profile_user { PROFILE_USER_AS_ASKED, PROFILE_USER_WARN_ROOT, PROFILE_USER_NON_ROOT };
enum profile_label { PROFILE_LABEL_IGNORE, PROFILE_LABEL_USE, PROFILE_LABEL_REQUIRE };
enum profile_privileged { PROFILE_PRIVILEGED_PASS, PROFILE_PRIVILEGED_MEET, PROFILE_PRIVILEGED_REFUSE };
enum profile_ambient { PROFILE_AMBIENT_GRANTED, PROFILE_AMBIENT_AS_ASKED, PROFILE_AMBIENT_NONE };
enum profile_propagation { PROFILE_PROPAGATION_ANY, PROFILE_PROPAGATION_SLAVE, PROFILE_PROPAGATION_PRIVATE };
enum profile_proc_hidepid { PROFILE_PROC_HIDEPID_AS_ASKED, PROFILE_PROC_INVISIBLE };
enum profile_proc_subset { PROFILE_PROC_SUBSET_AS_ASKED, PROFILE_PROC_PIDS };
enum profile_join { PROFILE_JOIN_ANY, PROFILE_JOIN_ENGINE, PROFILE_JOIN_NONE };
enum profile_mode { PROFILE_ENFORCE, PROFILE_WARN, PROFILE_OFF };

enum { PROFILE_ARCH_NATIVE = 1, PROFILE_ARCH_COMPAT32 = 2 };

enum profile_scan { PROFILE_SCAN_OFF, PROFILE_SCAN_CRITICAL, PROFILE_SCAN_HIGH, PROFILE_SCAN_MEDIUM, PROFILE_SCAN_LOW, PROFILE_SCAN_NONE };
enum profile_secrets { PROFILE_SECRETS_OFF, PROFILE_SECRETS_WARN, PROFILE_SECRETS_REFUSE };
enum { LANDLOCK_PLACES = 3, LANDLOCK_PORTS = 2 };
struct landlock_places { bool set; struct strings list; };
struct profile_landlock {
	bool derive;			/* from the mounts */
	struct landlock_places places[LANDLOCK_PLACES]; /* that may be read, written to, run; each a ceiling where it is set */
	struct profile_ids ports[LANDLOCK_PORTS]; /* that TCP sockets may bind, connect to */
};
bool profile_landlock_is_on(const struct profile_landlock *l);

enum { PROFILE_BEST_LANDLOCK = 1, PROFILE_BEST_MDWE = 2 };

/* Attributes forced on mounts, by what they are (MOUNT_ATTR_*). */
struct profile_mount_attrs {
	uint64_t tmpfs;
	uint64_t bind;
	uint64_t kernel;		/* proc, sysfs, cgroup, mqueue, devpts: where harmless */
	uint64_t other;
};

/* One of RLIMIT_*; PROFILE_AS_ASKED is none. The soft one holds where the document names no limit. */
struct profile_limit { uint64_t soft, hard; };
enum { PROFILE_RLIMITS = 16 };		/* of Linux, RLIMIT_RTTIME the last */

enum profile_exec { PROFILE_EXEC_INHERIT, PROFILE_EXEC_SAME_USER, PROFILE_EXEC_DENY };
enum profile_init { PROFILE_INIT_OFF, PROFILE_INIT_AUTO, PROFILE_INIT_ON };
enum profile_map { PROFILE_MAP_HOST, PROFILE_MAP_AUTO, PROFILE_MAP_REQUIRE };
enum { PROFILE_REQUIRE_PIDS = 1, PROFILE_REQUIRE_MEMORY = 2, PROFILE_REQUIRE_CPU = 4 };
#define PROFILE_CPU UINT64_C(100000)	/* one processor */

/* What a service says of itself: wishes for a launch, never a right. */
struct profile_service {
	struct profile_ids ports;
	uint32_t stop_signal;		/* 0: none of its own */
	uint64_t stop_timeout;		/* seconds; PROFILE_AS_ASKED: none of its own */
	struct strings volumes, writable;
	struct strings health;		/* a program and its arguments; n 0: none of its own */
};

#define PROFILE_FIELDS_MAX 128
#define PROFILE_BASELINE_FAMILIES (UINT64_C(1) << 38 | UINT64_C(1) << 40) /* AF_ALG, AF_VSOCK: refused by filter_baseline */

struct profile {
	const char *name;
	enum level level;		/* of a file: that of the built-in profile at its root */
	const char *description;
	struct strings extends;
	/* What decided a field, for people: "svc-x.json $.user.uid". NULL: the built-in level itself. By enum profile_field. */
	const char *rule[PROFILE_FIELDS_MAX];
	bool from_file;

	uint32_t mode;			/* enum profile_mode */
	uint64_t warn;			/* controls that only warn: bits of policy/profile_fields.h's control words */

	uint32_t privileged;		/* enum profile_privileged */
	bool fits;			/* sets are cut to the bounding set, rlimits to what this host can give */

	uint64_t cap_allow;		/* the ceiling without a name */
	uint64_t cap_ceiling;		/* what a label or the operator's command line may name; holds cap_allow */
	uint64_t cap_launch;		/* what a launch may name beyond it (policy-design 2.2) */
	uint32_t label;			/* enum profile_label */
	struct { size_t n; const struct profile_grant *v; } grant;
	uint32_t ambient;		/* enum profile_ambient */
	uint64_t securebits;
	bool exec_within_result;	/* exec never gets more than the container itself got */
	bool no_new_privs;

	struct { bool readonly, nosuid, nodev; } root;
	struct { size_t n; const struct profile_tmpfs *v; } tmpfs;
	struct profile_mount_attrs attrs;
	bool noexec_writable;
	struct glob_lists exec_mounts;	/* places of mounts, and what is below them */
	uint32_t propagation;		/* enum profile_propagation */
	uint32_t proc_hidepid, proc_subset; /* enum profile_proc_hidepid, profile_proc_subset */
	struct { struct glob_lists allow; struct strings deny; bool no_devices; } sources; /* of binds: paths of the host */
	uint32_t user;			/* enum profile_user */
	struct opt_id uid, gid, umask;
	struct profile_ids groups;
	bool identity_if_root;		/* chosen by an annotation: only in the place of root */

	struct syscall_set syscalls, syscalls_denied, syscalls_kill;
	struct key_values syscalls_errno; /* "@group" or a call, the name of an errno */
	bool syscalls_log;
	uint64_t families, netlink, ioctls; /* as in struct plan_syscalls */
	bool filter_baseline;		/* the few rules of baseline, beside a filter of the engine's */
	uint64_t archs;
	struct strings mask, readonly;
	bool mask_always;		/* false: only when the engine masks something */

	uint64_t ns_private;		/* 1 << NS_*: the host's is refused */
	uint32_t ns_join;		/* enum profile_join */
	uint64_t ns_warn;		/* the host's is worth a warning */
	struct glob_lists devices;	/* policy/device_entry.h */
	struct glob_lists sysctls;	/* names with dots, or with slashes */
	struct key_values sysctl_set;
	struct glob_lists hooks;	/* real paths */
	bool low_ports, ping_group;	/* sysctls of a network namespace of its own */

	struct strings env_deny;	/* patterns of names */
	uint32_t env_secrets;		/* enum profile_secrets */
	bool deny_write_exec;
	struct profile_landlock landlock;
	uint64_t best_effort;		/* PROFILE_BEST_*: what may be missing where the kernel has it not */
	struct {			/* what the image must show */
		struct glob_lists digest;	/* "sha256:..." */
		bool user, healthcheck;
		struct strings label;		/* names of labels that must be there */
		uint64_t formats;		/* enum scan_format of policy/scan.h */
		uint32_t max_severity;		/* enum profile_scan */
		uint64_t max_age_days;
		const char *reports;		/* a directory of the host */
	} image;

	struct profile_limit rlimit[PROFILE_RLIMITS];
	uint64_t pids, memory, swap, cpu, io_weight; /* cpu: PROFILE_CPU is one */
	uint64_t require;		/* PROFILE_REQUIRE_* */
	bool oom_group;
	uint32_t exec_allow;		/* enum profile_exec */
	uint32_t user_map;		/* enum profile_map */
	uint32_t init;			/* enum profile_init */
	const char *apparmor, *selinux;	/* labels in the place of the document's; NULL and "as-asked": none */
	struct profile_service service;
};

const struct profile *profile_builtin(enum level l);
/* The name of one of the four, or NULL. */
const struct profile *profile_builtin_named(const char *name);

#endif
