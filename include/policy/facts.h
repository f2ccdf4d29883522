/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy/facts.h - what this host and this caller can do, as values. kernel/host.h fills them; policy/ only reads them,
 * so that every decision can be tested without a host.
 */
#ifndef CAISSON_POLICY_FACTS_H
#define CAISSON_POLICY_FACTS_H

#include <stdbool.h>
#include <stdint.h>

enum cgroup_mode { CGROUP_NONE, CGROUP_V1, CGROUP_HYBRID, CGROUP_V2 };

struct facts {
	unsigned kernel_major, kernel_minor;
	uint32_t uid;			/* effective, of the caller */
	bool in_user_namespace;		/* uid_map is not the initial identity */
	uint64_t caps;			/* the caller's bounding set meets its permitted set: what it can give */
	enum cgroup_mode cgroup;
	bool cgroup_closed;		/* v2: this caller may make no cgroup beside its own */
	bool apparmor, selinux;
	unsigned landlock_abi;		/* the version of Landlock; 0: none */
	bool mdwe;			/* PR_SET_MDWE: Linux 6.3 */
	unsigned low_port_end;		/* the first port that anybody may take (ip_unprivileged_port_start) */
	bool has_rlimits;		/* the caller's own, by RLIMIT_*: what a container inherits */
	struct { uint64_t soft, hard; } rlimits[16];
	uint64_t nofile_hard;		/* the caller's hard RLIMIT_NOFILE: the kernel lets nobody without SYS_RESOURCE go over */
};

#endif
