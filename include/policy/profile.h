/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy/profile.h - a set of limits as a value: what the four built-in levels are, and what a profile read from a file
 * will be. merge meets the document with one of these; it never asks which level it is.
 *
 * Every field is a ceiling, a switch that can only be turned on, or an addition of something private and empty
 * (policy-design 3.2: kinds C, F, A). A zeroed profile with cap_ceiling = CAP_MASK_ALL and limits at "as asked" changes
 * nothing.
 */
#ifndef CAISSON_POLICY_PROFILE_H
#define CAISSON_POLICY_PROFILE_H

#include "policy/plan.h"

#define PROFILE_AS_ASKED UINT64_MAX	/* a quantity without a limit of ours */

struct profile_tmpfs {
	const char *path;
	uint64_t size;			/* bytes */
	uint32_t mode;
	bool owned;			/* belongs to the container's own user, when that is not root */
};

enum profile_user { PROFILE_USER_AS_ASKED, PROFILE_USER_WARN_ROOT, PROFILE_USER_NON_ROOT };

/* Attributes forced on mounts, by what they are (MOUNT_ATTR_*). */
struct profile_mount_attrs {
	uint64_t tmpfs;
	uint64_t bind;
	uint64_t kernel;		/* proc, sysfs, cgroup, mqueue, devpts: where harmless */
	uint64_t other;
};

struct profile {
	const char *name;
	enum level level;

	bool passes_privileged;		/* a privileged container goes through untouched; false: see refuses_privileged */
	bool refuses_privileged;

	bool fits;			/* sets are cut to the bounding set, rlimits to what this host can give */
	bool uses_labels;		/* a capability label narrows */
	uint64_t cap_ceiling;
	uint64_t cap_launch;		/* what a launch may name beyond the ceiling (policy-design 2.2) */
	bool caps_by_name;		/* nothing but what a label or the operator's command line names */
	bool exec_within_result;	/* exec never gets more than the container itself got */
	bool no_new_privs;

	struct { bool readonly, nosuid, nodev; } root;
	struct { size_t n; const struct profile_tmpfs *v; } tmpfs;
	struct profile_mount_attrs attrs;
	enum profile_user user;

	enum filter_set filter;
	bool filter_with_engine;	/* only beside a filter of the engine's */
	bool native_only;
	struct strings mask, readonly;
	bool mask_with_engine;		/* only when the engine masks something */

	unsigned ns_private;		/* 1 << NS_*: the host's is refused */
	unsigned ns_warn;		/* the host's is worth a warning */
	bool low_ports, ping_group;	/* sysctls of a network namespace of its own */

	uint64_t nofile, nofile_soft, core, memlock, pids, memory;
};

const struct profile *profile_builtin(enum level l);

#endif
