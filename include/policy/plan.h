/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy/plan.h - what will be applied: the sealed value that everything after the decision takes as const.
 *
 * Built by policy/merge.h in an arena, sealed before the first clone. Each decision that differs from what was asked has
 * a struct reason beside it. Kernel modules take their own slice.
 */
#ifndef CAISSON_POLICY_PLAN_H
#define CAISSON_POLICY_PLAN_H

#include "policy/glob.h"
#include "spec/types.h"

enum level { LEVEL_NONE, LEVEL_BASELINE, LEVEL_HARDENED, LEVEL_STRICT, LEVELS };

/* What the second filter is, which is installed after the engine's (policy-design section 7). BASELINE and RULES let every call
 * through but for what `families`, `netlink` and `ioctls` say; BASELINE knows no call newer than the engine's list. The others are
 * lists of what is allowed. */
enum filter_set { FILTER_SET_NONE, FILTER_SET_BASELINE, FILTER_SET_RULES, FILTER_SET_CONTAINER, FILTER_SET_SERVICE, FILTER_SET_GROUPS };
#define FILTER_EVERY   UINT64_MAX	/* of families and netlink protocols */
#define FILTER_BEYOND  (UINT64_C(1) << 63) /* in such a mask: numbers without a bit of their own */
enum { FILTER_TIOCSTI = 1, FILTER_TIOCLINUX = 2, FILTER_TIOCSETD = 4 };
struct plan_syscalls {
	enum filter_set set;
	uint64_t groups;		/* FILTER_SET_GROUPS: policy/syscall_groups.h; 0 else */
	struct strings calls;		/* FILTER_SET_GROUPS: single calls of other groups */
	struct strings kill;		/* calls that end the process */
	struct key_values answers;	/* of refused calls: "@group" or a call, the name of an errno */
	uint64_t families, netlink;	/* sockets that are allowed: 1 << AF_*, 1 << NETLINK_*; FILTER_EVERY: any */
	uint64_t ioctls;		/* refused: FILTER_TIOC* */
	bool allow_compat32;		/* false: native calls only (hardened and strict) */
	bool log;			/* what is refused is logged by the kernel, but for ENOSYS */
};
struct plan_filter {
	bool has_engine;
	struct seccomp engine;		/* the document's own filter, unchanged */
	uint64_t caps;			/* the bounding set that results: opt-in groups follow it */
	struct plan_syscalls own;
	/* Of a profile whose system calls are only warned about: what it would refuse is logged by the kernel. */
	struct plan_syscalls would;
};

enum reason_kind { REASON_KEPT, REASON_NARROWED, REASON_ADDED, REASON_WARNED };
struct reason {
	const char *control;		/* "capabilities", "root", "user", ... */
	const char *asked, *result;	/* short texts for people */
	const char *rule;		/* "level strict", "label security.capabilities", "config.json", ... */
	enum reason_kind kind;
};
struct reasons { size_t n; const struct reason *v; };

struct plan_root {
	const char *path;		/* absolute, cleaned, on the host */
	bool readonly, nosuid, nodev;
	bool idmap;			/* attach the root id-mapped with uid_map/gid_map (launch strict) */
	unsigned long propagation;	/* MS_*; 0 = the default: slave, recursive */
};

/* A line of what caisson-init makes Landlock layers of (policy/landlock.h, init/finish.h). A layer's line comes before its rules. */
enum landlock_kind { LANDLOCK_LAYER, LANDLOCK_NAMED, LANDLOCK_MOUNT, LANDLOCK_DEVICE, LANDLOCK_PORT };
struct landlock_rule {
	uint32_t kind;			/* enum landlock_kind */
	const char *path;		/* NAMED, MOUNT, DEVICE: inside of the container's root */
	uint64_t access;		/* LANDLOCK_ACCESS_FS_*: of a layer what it handles; PORT: the port */
	uint64_t net;			/* LANDLOCK_ACCESS_NET_* */
};
struct landlock_rules { size_t n; const struct landlock_rule *v; };

/* What of the profile meets every process that joins later. */
struct plan_exec {
	bool no_new_privs;
	uint64_t privileged_caps;	/* who asks for all of these wants to be privileged, and is refused; 0: is not */
	bool within_result;		/* never more than the container itself got */
	bool fits;
	bool own_label;			/* what the profile names for the security modules holds for all */
	struct rlimits limits;		/* of the profile alone; UINT64_MAX in one: as asked */
	uint32_t allow;			/* enum profile_exec */
	const char *allow_rule;		/* what says so, when it is not "inherit" */
	struct strings env_deny;	/* patterns of names: such variables are taken out */
	bool no_home;			/* nor is HOME added where there is none */
	uint32_t env_secrets;		/* 1: secrets are warned about, 2: refused (enum profile_secrets) */
};

/* What a judge says of a source: OUTSIDE of what is allowed; ENGINE: a denied socket. */
enum source_verdict { SOURCE_FINE, SOURCE_OUTSIDE, SOURCE_DENIED, SOURCE_ENGINE, SOURCE_DEVICE };

/* What the source of a bind may be, judged when it is opened (kernel/sources.h). All zero: anything. */
struct plan_sources {
	struct glob_lists allow;	/* real paths */
	struct strings deny;		/* the same; one without wildcards names the thing that is there, by whatever path it comes */
	bool no_devices;		/* but those that every container has */
	const char *by;			/* "refused by level \"strict\"", for the complaint */
};

struct plan {
	/* who */
	const char *id, *bundle;	/* bundle: absolute */
	const char *oci_version;	/* the document's own */
	enum level level;		/* of the profile, or of the built-in one that it extends */
	const char *profile;		/* its name: a level's, or that of a file */
	const char *level_from;		/* "built-in default", "--policy", "caisson.json $.default", ... */
	bool privileged_shape;		/* recognised by shape and passed through (policy-design 2.1) */
	struct key_values annotations;

	/* the process */
	bool has_process;
	struct process process;		/* caps already cut; no_new_privs already raised */
	uint64_t cap_ceiling;		/* meets every exec */
	bool label_caps_set;		/* a capability label narrowed, or confirmed, the set */
	uint64_t label_caps;
	struct plan_exec exec;
	struct { bool required, seen; } image; /* something was required of the image, and it was looked at */
	bool require_non_root;		/* uid and gid must not be 0: checked after setuid in caisson-init */
	uint32_t securebits;		/* 0 = leave alone */
	bool deny_write_exec;		/* PR_SET_MDWE, for exec too */
	struct landlock_rules landlock;	/* for exec too */
	bool init;			/* caisson-init stays PID 1 (launch --init, or by itself) */
	struct strings init_options;	/* for it: init/pid1.h, pid1_option() */

	struct strings health;		/* what asks the service how it is, run as exec runs a program; n 0: nothing does */

	/* the room */
	struct plan_root root;
	struct mounts mounts;		/* the policy's own first, so that they hide none of the document's (but /dev/shm
					 * comes after /dev) */
	struct plan_sources sources;
	struct devices devices;		/* what the document lists; the six default devices are made besides */
	struct net_devices net_devices;
	struct strings masked_paths, readonly_paths;
	const char *mount_label;
	struct namespace ns[NS_KINDS];
	struct id_maps uid_map, gid_map;
	struct time_offset boottime, monotonic;
	const char *hostname, *domainname;
	struct key_values sysctl;
	struct memory_policy memory_policy;
	struct intel_rdt intel_rdt;
	bool has_personality;
	unsigned long personality;
	struct hooks hooks[HOOK_KINDS];

	/* limits */
	const char *cgroups_path;	/* NULL: made from the id */
	bool no_cgroup;			/* --cgroup-manager disabled */
	struct resources resources;
	struct plan_filter filter;

	struct reasons reasons;
	struct strings warnings;	/* to be logged once, before the launch */
};

#endif
