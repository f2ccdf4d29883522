/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which calls belong together, which sets hold them, and what a call gets that its set does not hold.
 *
 * ENOSYS goes to what a program must be able to live without: calls newer than its C library needs, and subsystems that
 * a kernel may be built without. EPERM goes to what is privileged or foreign: it is the kernel's own answer there. No
 * group is ever opened by a capability alone, and one whose calls the kernel answers only to a capability is not opened without it.
 * Which groups a set holds is policy/syscall_groups.h.
 */
#include "kernel/filter_parts.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <string.h>

#include "base/capname.h"
#include "base/fault.h"
#include "base/str.h"
#include "kernel/filter_syscalls.h"
#include "policy/syscall_groups.h"

#define BIT(id) (UINT64_C(1) << SYSCALL_GROUP_##id)

/* Groups whose calls do not exist for a set without them; those of the others are refused. */
static const uint64_t missing = BIT(CLONE3) | BIT(SYSV_IPC) | BIT(MQUEUE) | BIT(AIO) | BIT(PKEY) | BIT(URING) | BIT(MOUNT_NEW) |
				BIT(MOUNT_VIEW) | BIT(LSM) | BIT(NEWER);

/* Any of these capabilities: without one of them the group is not opened; 0: none is needed. */
static const uint64_t needs[SYSCALL_GROUP_COUNT] = {
	[SYSCALL_GROUP_CHROOT] = CAP_BIT(CAP_SYS_CHROOT),
	[SYSCALL_GROUP_MOUNT] = CAP_BIT(CAP_SYS_ADMIN),
	[SYSCALL_GROUP_MOUNT_NEW] = CAP_BIT(CAP_SYS_ADMIN),
	[SYSCALL_GROUP_BPF] = CAP_BIT(CAP_BPF) | CAP_BIT(CAP_SYS_ADMIN),
	[SYSCALL_GROUP_PERF] = CAP_BIT(CAP_PERFMON) | CAP_BIT(CAP_SYS_ADMIN),
	[SYSCALL_GROUP_QUOTA] = CAP_BIT(CAP_SYS_ADMIN),
	[SYSCALL_GROUP_CLOCK] = CAP_BIT(CAP_SYS_TIME),
	[SYSCALL_GROUP_MODULE] = CAP_BIT(CAP_SYS_MODULE),
};

/* Calls that are allowed by their arguments. */
static const char *const by_arguments[] = { "clone", "personality", "mknod", "mknodat" };

static size_t index_of(const char *name, size_t len)
{
	const struct filter_call *call = filter_call_find(name, len);

	return call ? filter_call_index(call) : FILTER_MAX_CALLS;
}

static bool is_let_through(uint16_t answer)
{
	return answer == FILTER_ALLOW || answer == FILTER_ARGS;
}

bool filter_group_opens(enum syscall_group group, uint64_t caps)
{
	return !needs[group] || (needs[group] & caps);
}

bool filter_group_is_missing(enum syscall_group group)
{
	return missing >> group & 1;
}

static uint64_t groups_of(const struct plan_syscalls *p)
{
	if (p->set == FILTER_SET_SERVICE)
		return SYSCALLS_SERVICE;
	return p->set == FILTER_SET_CONTAINER ? SYSCALLS_CONTAINER : p->groups;
}

static void open_calls(const struct plan_syscalls *p, uint64_t caps, uint16_t answers[FILTER_MAX_CALLS])
{
	uint64_t groups = fault_skip("filter: groups") ? 0 : groups_of(p);
	struct syscall_walk w = { 0 };

	while (syscall_next(&w)) {
		size_t at = index_of(w.name, w.len);
		if (at == FILTER_MAX_CALLS)
			continue;
		if ((groups >> w.group & 1) && filter_group_opens(w.group, caps))
			answers[at] = FILTER_ALLOW;
		else
			answers[at] = filter_group_is_missing(w.group) ? FILTER_ENOSYS : FILTER_EPERM;
	}
	for (size_t i = 0; i < p->calls.n; i++)
		if (syscall_find(p->calls.v[i], strlen(p->calls.v[i]), &w) && filter_group_opens(w.group, caps) &&
		    index_of(w.name, w.len) < FILTER_MAX_CALLS && !fault_skip("filter: single calls"))
			answers[index_of(w.name, w.len)] = FILTER_ALLOW;
}

static void look_at_arguments(const struct plan_syscalls *p, uint16_t answers[FILTER_MAX_CALLS])
{
	/* Who may unshare may clone into new namespaces too. */
	bool unshares = answers[index_of("unshare", 7)] == FILTER_ALLOW;
	size_t at;

	for (size_t i = 0; i < N_ELEMENTS(by_arguments); i++) {
		at = index_of(by_arguments[i], strlen(by_arguments[i]));
		if (answers[at] == FILTER_ALLOW && !(unshares && str_eq(by_arguments[i], "clone")) &&
		    !fault_skip("filter: arguments of %s", by_arguments[i]))
			answers[at] = FILTER_ARGS;
	}
	for (size_t i = 0; i < N_ELEMENTS(filter_limited_calls); i++) {
		at = index_of(filter_limited_calls[i].name, strlen(filter_limited_calls[i].name));
		if (answers[at] == FILTER_ALLOW && filter_limits(p, filter_limited_calls[i].limit))
			answers[at] = FILTER_ARGS;
	}
}

static void tell(uint16_t *answer, int number)
{
	if (!is_let_through(*answer) && !fault_skip("filter: chosen errors"))
		*answer = number == EPERM ? FILTER_EPERM : number == ENOSYS ? FILTER_ENOSYS : (uint16_t)(FILTER_ERRNO + number);
}

/* Of a refused call only; what a name says counts more than what its group says. */
static void choose_errors(const struct plan_syscalls *p, uint16_t answers[FILTER_MAX_CALLS])
{
	for (size_t i = 0; i < p->answers.n; i++) {
		int number = err_number(p->answers.v[i].value);
		struct syscall_walk w = { 0 };

		if (p->answers.v[i].key[0] == '@')
			while (number > 0 && syscall_next(&w))
				if (str_eq(p->answers.v[i].key, syscall_group_name(w.group)) && index_of(w.name, w.len) < FILTER_MAX_CALLS)
					tell(&answers[index_of(w.name, w.len)], number);
	}
	for (size_t i = 0; i < p->answers.n; i++) {
		int number = err_number(p->answers.v[i].value);
		size_t at = index_of(p->answers.v[i].key, strlen(p->answers.v[i].key));

		if (number > 0 && at < FILTER_MAX_CALLS)
			tell(&answers[at], number);
	}
}

void filter_group_answers(const struct plan_syscalls *p, uint64_t caps, uint16_t answers[FILTER_MAX_CALLS])
{
	for (size_t i = 0; i < FILTER_MAX_CALLS; i++)
		answers[i] = FILTER_EPERM;
	open_calls(p, caps, answers);
	look_at_arguments(p, answers);
	choose_errors(p, answers);
	for (size_t i = 0; i < p->kill.n; i++) {
		size_t at = index_of(p->kill.v[i], strlen(p->kill.v[i]));
		if (at < FILTER_MAX_CALLS && !fault_skip("filter: killing calls"))
			answers[at] = FILTER_KILL;
	}
}
