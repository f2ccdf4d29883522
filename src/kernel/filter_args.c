/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules that look at arguments. Each list is read from its top, the first match decides. Where the kernel takes an
 * int, only the low half of the register is compared: it ignores the high one, and so must we, or a stray bit there
 * would carry a denied family past the filter.
 */
#include "kernel/filter_parts.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <string.h>
#include <sys/stat.h>

#include "base/str.h"

#ifndef CLONE_NEWCGROUP
#define CLONE_NEWCGROUP 0x02000000
#endif
/* CLONE_NEWTIME is not among them: in clone(2) that bit belongs to the exit signal. */
#define NAMESPACES \
	((uint32_t)(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET))

enum { ALLOW = SECCOMP_RET_ALLOW };
#define ERRNO(n) (SECCOMP_RET_ERRNO | (n))
#define INT_IS(i, v) { .index = (i), .op = SCMP_CMP_MASKED_EQ, .value = UINT32_MAX, .value_two = (v) }
#define BITS_ARE(i, mask, v) { .index = (i), .op = SCMP_CMP_MASKED_EQ, .value = (mask), .value_two = (v) }
#define ARGS(...) (const struct syscall_arg[]){ __VA_ARGS__ }
#define IF(v, arg) { (v), 1, ARGS(arg) }
#define ELSE(v) { (v), 0, NULL }

/* clang-format off */
static const struct filter_rule clone_rules[] = {
	IF(ALLOW, BITS_ARE(0, NAMESPACES, 0)),
	ELSE(ERRNO(EPERM)),
};
static const struct filter_rule clone_s390_rules[] = { /* the stack comes first there */
	IF(ALLOW, BITS_ARE(1, NAMESPACES, 0)),
	ELSE(ERRNO(EPERM)),
};
static const struct filter_rule personality_rules[] = {
	IF(ALLOW, INT_IS(0, 0x0)),	/* PER_LINUX */
	IF(ALLOW, INT_IS(0, 0x8)),	/* PER_LINUX32 */
	IF(ALLOW, INT_IS(0, 0x20000)),	/* the same with UNAME26 */
	IF(ALLOW, INT_IS(0, 0x20008)),
	IF(ALLOW, INT_IS(0, 0xffffffff)), /* asks */
	ELSE(ERRNO(EPERM)),
};
static const struct filter_rule mknod_rules[] = {
	IF(ALLOW, BITS_ARE(1, S_IFMT, 0)),
	IF(ALLOW, BITS_ARE(1, S_IFMT, S_IFREG)),
	IF(ALLOW, BITS_ARE(1, S_IFMT, S_IFIFO)),
	IF(ALLOW, BITS_ARE(1, S_IFMT, S_IFSOCK)),
	ELSE(ERRNO(EPERM)),
};
static const struct filter_rule mknodat_rules[] = {
	IF(ALLOW, BITS_ARE(2, S_IFMT, 0)),
	IF(ALLOW, BITS_ARE(2, S_IFMT, S_IFREG)),
	IF(ALLOW, BITS_ARE(2, S_IFMT, S_IFIFO)),
	IF(ALLOW, BITS_ARE(2, S_IFMT, S_IFSOCK)),
	ELSE(ERRNO(EPERM)),
};
static const struct filter_rule answer_rules[] = {
	[FILTER_ENOSYS] = ELSE(ERRNO(ENOSYS)),
	[FILTER_EPERM] = ELSE(ERRNO(EPERM)),
	[FILTER_ALLOW] = ELSE(ALLOW),
	[FILTER_KILL] = ELSE(SECCOMP_RET_KILL_PROCESS),
};

#define LIST(r) (r), N_ELEMENTS(r)
static const struct { const char *call; const struct filter_rule *rules; size_t n; } by_call[] = {
	{ "clone", LIST(clone_rules) },
	{ "personality", LIST(personality_rules) },
	{ "mknod", LIST(mknod_rules) },
	{ "mknodat", LIST(mknodat_rules) },
};
/* clang-format on */

const struct filter_rule *filter_args_rules(const char *call, uint32_t arch, size_t *n)
{
	if ((arch == SCMP_ARCH_S390 || arch == SCMP_ARCH_S390X) && str_eq(call, "clone")) {
		*n = N_ELEMENTS(clone_s390_rules);
		return clone_s390_rules;
	}
	for (size_t i = 0; i < N_ELEMENTS(by_call); i++)
		if (str_eq(by_call[i].call, call)) {
			*n = by_call[i].n;
			return by_call[i].rules;
		}
	return NULL;
}

const struct filter_rule *filter_answer_rule(enum filter_answer answer)
{
	return &answer_rules[answer];
}
