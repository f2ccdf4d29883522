/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy/profile_fields.h - the one table of what a profile can say, and what is done with whole profiles.
 *
 * A new field is a row here, a member of struct profile, and the code of merge that applies it; reading, inheriting, meeting,
 * showing, schema and manual follow. A row whose value nothing applies is not allowed in.
 */
#ifndef CAISSON_POLICY_PROFILE_FIELDS_H
#define CAISSON_POLICY_PROFILE_FIELDS_H

#include "policy/field.h"
#include "policy/profile.h"

enum profile_field {
	PF_SCHEMA, PF_NAME, PF_DESCRIPTION, PF_EXTENDS, PF_MODE, PF_WARN, PF_PRIVILEGED, PF_FITS,
	PF_UID, PF_GID, PF_GROUPS, PF_NON_ROOT, PF_UMASK, PF_NO_NEW_PRIVS,
	PF_CAP_ALLOW, PF_CAP_LABEL_ALLOW, PF_CAP_LAUNCH, PF_CAP_LABEL, PF_CAP_GRANT, PF_CAP_AMBIENT, PF_SECUREBITS,
	PF_ROOT_READONLY, PF_ROOT_NOSUID, PF_ROOT_NODEV,
	PF_DENY_WRITE_EXEC, PF_LANDLOCK, PF_BEST_EFFORT,
	PF_TMPFS, PF_MOUNTS_TMPFS, PF_MOUNTS_BIND, PF_MOUNTS_KERNEL, PF_MOUNTS_OTHER,
	PF_SOURCES_ALLOW, PF_SOURCES_DENY, PF_SOURCES_NO_DEVICES,
	PF_NOEXEC_WRITABLE, PF_MOUNTS_EXEC, PF_PROPAGATION, PF_PROC_HIDEPID, PF_PROC_SUBSET, PF_DEVICES_ALLOW, PF_NS_JOIN,
	PF_SYSCTLS_ALLOW, PF_SYSCTLS_SET, PF_HOOKS_ALLOW,
	PF_MASK, PF_READONLY, PF_MASK_ALWAYS,
	PF_SYSCALLS_ALLOW, PF_SYSCALLS_DENY, PF_SYSCALLS_KILL, PF_SYSCALLS_ERRNO, PF_SYSCALLS_LOG, PF_SYSCALLS_BASELINE, PF_SYSCALLS_ARCHS,
	PF_SOCKETS_FAMILIES, PF_SOCKETS_NETLINK, PF_IOCTL_DENY,
	PF_NS_PRIVATE, PF_NS_WARN, PF_LOW_PORTS, PF_PING_GROUP,
	PF_NOFILE, PF_NOFILE_SOFT, PF_CORE, PF_MEMLOCK, PF_PIDS, PF_MEMORY,
	PF_EXEC_WITHIN,
	PF_RLIMIT_CPU, PF_RLIMIT_FSIZE, PF_RLIMIT_DATA, PF_RLIMIT_STACK, PF_RLIMIT_RSS, PF_RLIMIT_NPROC, PF_RLIMIT_AS, PF_RLIMIT_LOCKS,
	PF_RLIMIT_SIGPENDING, PF_RLIMIT_MSGQUEUE, PF_RLIMIT_NICE, PF_RLIMIT_RTPRIO, PF_RLIMIT_RTTIME,
	PF_SWAP, PF_CPU, PF_IO_WEIGHT, PF_REQUIRE, PF_OOM_GROUP, PF_EXEC_ALLOW, PF_APPARMOR, PF_SELINUX, PF_INIT, PF_USER_MAP,
	PF_SERVICE_PORTS, PF_SERVICE_STOP_SIGNAL, PF_SERVICE_STOP_TIMEOUT, PF_SERVICE_VOLUMES, PF_SERVICE_WRITABLE,
	PF_SERVICE_HEALTH,
	PF_ENV_DENY, PF_ENV_SECRETS,
	PF_IMAGE_DIGEST, PF_IMAGE_USER, PF_IMAGE_HEALTHCHECK, PF_IMAGE_LABEL,
	PF_SCAN_FORMAT, PF_SCAN_SEVERITY, PF_SCAN_AGE, PF_SCAN_REPORTS,
	PROFILE_FIELDS,
};

extern const struct field_table profile_table;

/* Several of them. */
struct profile_field_set { uint64_t word[PROFILE_FIELDS_MAX / 64]; };
void profile_fields_add(struct profile_field_set *io, enum profile_field f);
bool profile_fields_has(const struct profile_field_set *s, enum profile_field f);
/* Takes the lowest out: false when there was none. */
bool profile_fields_take(struct profile_field_set *io, enum profile_field *out);

/* The controls that can be warned about: the first parts of the fields' names. NULL past the end. */
const char *profile_control(size_t i);
uint64_t profile_controls_all(void);
/* The bit of the control that a field belongs to; 0 for those that are no control. */
uint64_t profile_control_of(enum profile_field f);
uint64_t profile_control_bit(const char *name);

/* What `other` says differently from "none" takes the place of what *io has: `other` is laid over it. */
void profile_lay(struct profile *io, const struct profile *other);
/* One file over *io, as its author wrote it; `label` names it in the rules: "svc-x.json". `v` is the outermost object. A
 * drop-in may say neither name nor extends. */
struct profile_text { const char *label, *name; bool drop_in; };
int profile_read(struct arena *a, const struct profile_text *t, const struct jread_doc *doc, struct profile *io, struct err *e);
/* Every control of *io becomes the stricter of the two. `role` goes before the other's rules: "floor", "annotation", or NULL. */
int profile_meet(struct arena *a, struct profile *io, const struct profile *other, const char *role, struct err *e);
/* Of the controls that may be missing (PROFILE_BEST_*): those that both leave open, or that only one of them asks for. *io is not yet met. */
uint64_t best_effort_meet(const struct profile *io, const struct profile *other);
/* True where `p` leaves open what `than` insists on. */
bool best_effort_weaker(const struct profile *p, const struct profile *than);
/* The fields of these controls are as if nobody had said anything. */
void profile_forget(struct profile *io, uint64_t controls);
/* *out: those in which `p` allows more than `than`. Another identity, or none where `than` has
 * one, counts. */
int profile_weaker(struct arena *a, const struct profile *p, const struct profile *than, struct profile_field_set *out,
		   struct err *e);
const char *profile_field_name(enum profile_field f);
/* What decided a field: "level strict", "svc-x.json $.user.uid", "floor hardened". Never NULL but without memory. */
const char *profile_rule(struct arena *a, const struct profile *p, enum profile_field f);
/* The calls that result; syscall_set_is_all(): no list of them. */
struct syscall_set profile_syscalls(const struct profile *p);
/* A filter besides that list, or it: whether anything is limited for 32-bit calls too. */
bool profile_limits_calls(const struct profile *p);

#endif
