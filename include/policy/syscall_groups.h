/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy/syscall_groups.h - the groups of system calls by name: what a profile may say, and which of them the two built-in sets
 * hold, the calls of each group by name, and sets of calls.
 *
 * A set of groups is a mask: bit N = group N. SYSCALLS_ALL is no set: every call, also one that no group knows.
 */
#ifndef CAISSON_POLICY_SYSCALL_GROUPS_H
#define CAISSON_POLICY_SYSCALL_GROUPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* clang-format off */
/* X(identifier, name, IN_SERVICE: in @service and in @container; IN_CONTAINER: in @container; OPT_IN: in neither) */
#define SYSCALL_GROUPS(X) \
	X(START, "@start", IN_SERVICE) \
	X(THREAD, "@thread", IN_SERVICE) \
	X(CLONE3, "@clone3", OPT_IN) \
	X(IDENT, "@ident", IN_SERVICE) \
	X(SIGNAL, "@signal", IN_SERVICE) \
	X(TIME, "@time", IN_SERVICE) \
	X(IO, "@io", IN_SERVICE) \
	X(POLL, "@poll", IN_SERVICE) \
	X(FILE, "@file", IN_SERVICE) \
	X(XATTR_READ, "@xattr-read", IN_SERVICE) \
	X(NET, "@net", IN_SERVICE) \
	X(SANDBOX, "@sandbox", IN_SERVICE) \
	X(SETID, "@setid", IN_SERVICE) \
	X(CHOWN, "@chown", IN_SERVICE) \
	X(SYSV_IPC, "@sysv-ipc", IN_CONTAINER) \
	X(MQUEUE, "@mqueue", IN_CONTAINER) \
	X(AIO, "@aio", IN_CONTAINER) \
	X(MEMLOCK, "@memlock", IN_CONTAINER) \
	X(PRIORITY, "@priority", IN_CONTAINER) \
	X(PKEY, "@pkey", IN_CONTAINER) \
	X(XATTR_WRITE, "@xattr-write", IN_CONTAINER) \
	X(MISC, "@misc", IN_CONTAINER) \
	X(CHROOT, "@chroot", IN_CONTAINER) \
	X(URING, "@uring", OPT_IN) \
	X(DEBUG, "@debug", OPT_IN) \
	X(NAMESPACE, "@namespace", OPT_IN) \
	X(MOUNT, "@mount", OPT_IN) \
	X(MOUNT_NEW, "@mount-new", OPT_IN) \
	X(MOUNT_VIEW, "@mount-view", OPT_IN) \
	X(LSM, "@lsm", OPT_IN) \
	X(NEWER, "@newer", OPT_IN) \
	X(NUMA, "@numa", OPT_IN) \
	X(KEYRING, "@keyring", OPT_IN) \
	X(HANDLE, "@handle", OPT_IN) \
	X(BPF, "@bpf", OPT_IN) \
	X(PERF, "@perf", OPT_IN) \
	X(FANOTIFY, "@fanotify", OPT_IN) \
	X(QUOTA, "@quota", OPT_IN) \
	X(CLOCK, "@clock", OPT_IN) \
	X(MODULE, "@module", OPT_IN) \
	X(RAWIO, "@rawio", OPT_IN) \
	X(ADMIN, "@admin", OPT_IN) \
	X(OLD, "@old", OPT_IN)
/* clang-format on */

#define SYSCALL_GROUP_ENUM(id, name, set) SYSCALL_GROUP_##id,
enum syscall_group { SYSCALL_GROUPS(SYSCALL_GROUP_ENUM) SYSCALL_GROUP_COUNT };
#undef SYSCALL_GROUP_ENUM

#define SYSCALLS_ALL   UINT64_MAX
#define SYSCALLS_EVERY ((UINT64_C(1) << SYSCALL_GROUP_COUNT) - 1) /* of all groups, and nothing else */

enum { SYSCALLS_OPT_IN, SYSCALLS_IN_CONTAINER, SYSCALLS_IN_SERVICE };
#define SYSCALL_SERVICE_BIT(id, name, set)   | ((uint64_t)(SYSCALLS_##set >= SYSCALLS_IN_SERVICE) << SYSCALL_GROUP_##id)
#define SYSCALL_CONTAINER_BIT(id, name, set) | ((uint64_t)(SYSCALLS_##set >= SYSCALLS_IN_CONTAINER) << SYSCALL_GROUP_##id)
#define SYSCALLS_SERVICE   (UINT64_C(0) SYSCALL_GROUPS(SYSCALL_SERVICE_BIT))
#define SYSCALLS_CONTAINER (UINT64_C(0) SYSCALL_GROUPS(SYSCALL_CONTAINER_BIT))

_Static_assert(SYSCALL_GROUP_COUNT < 64, "the mask is full");

const char *syscall_group_name(enum syscall_group g); /* "@start" */

/* The calls of all groups, one after another, each once. Begin with zeroes; the name is `len` bytes, not ended. */
struct syscall_walk { size_t at; enum syscall_group group; const char *name; size_t len; };
bool syscall_next(struct syscall_walk *io);	/* false at the end */
bool syscall_find(const char *name, size_t len, struct syscall_walk *out);
/* The group or call with the most similar name, which may be in `room`; NULL: none is near. */
enum { SYSCALL_NAME_ROOM = 40 };
const char *syscall_nearest(const char *name, char room[SYSCALL_NAME_ROOM]);

/* Whole groups, and single calls of other groups: a bit for each, by its place in the walk. That place is of this build alone; what is
 * stored has names. Equal sets are equal bytes: no single call belongs to one of `groups`, and a group with every call of
 * it in the set is one of them. */
enum { SYSCALL_SET_WORDS = 10 };
struct syscall_set { uint64_t groups; uint64_t calls[SYSCALL_SET_WORDS]; };

bool syscall_set_has(const struct syscall_set *s, const struct syscall_walk *call);
bool syscall_set_is_all(const struct syscall_set *s);
bool syscall_set_is_empty(const struct syscall_set *s);
bool syscall_set_has_single(const struct syscall_set *s);
/* One more bit, without the normal form: only into a set that is then given to one of the three below as `other`. */
void syscall_set_put(struct syscall_set *io, const struct syscall_walk *call);
void syscall_set_add(struct syscall_set *io, const struct syscall_set *other);
void syscall_set_meet(struct syscall_set *io, const struct syscall_set *other);
/* From "all" to all the calls that are known, when anything is taken. */
void syscall_set_remove(struct syscall_set *io, const struct syscall_set *other);

#endif
