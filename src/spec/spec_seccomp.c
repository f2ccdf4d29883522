/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine's seccomp filter as values. Names of system calls stay text: which of them exist is
 * the compiler's matter.
 */
#include <linux/seccomp.h>
#include <seccomp.h>

#include "base/str.h"
#include "base/sys.h"
#include "spec/parts.h"

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

enum { ERRNO_MAX = 4095, DATA_MAX = 65535 };	/* the kernel's MAX_ERRNO; SECCOMP_RET_DATA */

static const struct jread_word action_table[] = {
	{ "SCMP_ACT_KILL", SECCOMP_RET_KILL_THREAD },
	{ "SCMP_ACT_KILL_PROCESS", SECCOMP_RET_KILL_PROCESS },
	{ "SCMP_ACT_KILL_THREAD", SECCOMP_RET_KILL_THREAD },
	{ "SCMP_ACT_TRAP", SECCOMP_RET_TRAP },
	{ "SCMP_ACT_ERRNO", SECCOMP_RET_ERRNO },
	{ "SCMP_ACT_TRACE", SECCOMP_RET_TRACE },
	{ "SCMP_ACT_ALLOW", SECCOMP_RET_ALLOW },
	{ "SCMP_ACT_LOG", SECCOMP_RET_LOG },
	{ "SCMP_ACT_NOTIFY", SECCOMP_RET_USER_NOTIF },
};
static const struct jread_words action_words = { action_table, N_ELEMENTS(action_table) };

/* The numbers are the kernel's AUDIT_ARCH_*, which libseccomp's tokens are too; its older headers
 * lack the newest. */
static const struct jread_word arch_table[] = {
	{ "SCMP_ARCH_X86", AUDIT_ARCH_I386 },
	{ "SCMP_ARCH_X86_64", AUDIT_ARCH_X86_64 },
	{ "SCMP_ARCH_X32", SCMP_ARCH_X32 },
	{ "SCMP_ARCH_ARM", AUDIT_ARCH_ARM },
	{ "SCMP_ARCH_AARCH64", AUDIT_ARCH_AARCH64 },
	{ "SCMP_ARCH_LOONGARCH64", AUDIT_ARCH_LOONGARCH64 },
	{ "SCMP_ARCH_M68K", AUDIT_ARCH_M68K },
	{ "SCMP_ARCH_MIPS", AUDIT_ARCH_MIPS },
	{ "SCMP_ARCH_MIPS64", AUDIT_ARCH_MIPS64 },
	{ "SCMP_ARCH_MIPS64N32", AUDIT_ARCH_MIPS64N32 },
	{ "SCMP_ARCH_MIPSEL", AUDIT_ARCH_MIPSEL },
	{ "SCMP_ARCH_MIPSEL64", AUDIT_ARCH_MIPSEL64 },
	{ "SCMP_ARCH_MIPSEL64N32", AUDIT_ARCH_MIPSEL64N32 },
	{ "SCMP_ARCH_PPC", AUDIT_ARCH_PPC },
	{ "SCMP_ARCH_PPC64", AUDIT_ARCH_PPC64 },
	{ "SCMP_ARCH_PPC64LE", AUDIT_ARCH_PPC64LE },
	{ "SCMP_ARCH_S390", AUDIT_ARCH_S390 },
	{ "SCMP_ARCH_S390X", AUDIT_ARCH_S390X },
	{ "SCMP_ARCH_SH", AUDIT_ARCH_SHEL },
	{ "SCMP_ARCH_SHEB", AUDIT_ARCH_SH },
	{ "SCMP_ARCH_PARISC", AUDIT_ARCH_PARISC },
	{ "SCMP_ARCH_PARISC64", AUDIT_ARCH_PARISC64 },
	{ "SCMP_ARCH_RISCV64", AUDIT_ARCH_RISCV64 },
};
static const struct jread_words arch_words = { arch_table, N_ELEMENTS(arch_table) };

static const struct jread_word flag_table[] = {
	{ "SECCOMP_FILTER_FLAG_TSYNC", SECCOMP_FILTER_FLAG_TSYNC },
	{ "SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG },
	{ "SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW },
	{ "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV },
};
static const struct jread_words flag_words = { flag_table, N_ELEMENTS(flag_table) };

static const struct jread_word operator_table[] = {
	{ "SCMP_CMP_NE", SCMP_CMP_NE }, { "SCMP_CMP_LT", SCMP_CMP_LT }, { "SCMP_CMP_LE", SCMP_CMP_LE },
	{ "SCMP_CMP_EQ", SCMP_CMP_EQ }, { "SCMP_CMP_GE", SCMP_CMP_GE }, { "SCMP_CMP_GT", SCMP_CMP_GT },
	{ "SCMP_CMP_MASKED_EQ", SCMP_CMP_MASKED_EQ },
};
static const struct jread_words operator_words = { operator_table, N_ELEMENTS(operator_table) };

static const struct jread_range index_range = { 0, 5 };
static const struct jread_field arg_fields[] = {
	{ "index", jread_uint, JREAD_TO(struct syscall_arg, index), .range = &index_range, .required = true },
	{ "value", jread_uint, JREAD_TO(struct syscall_arg, value), .required = true },
	{ "valueTwo", jread_uint, JREAD_TO(struct syscall_arg, value_two) },
	{ "op", jread_word, JREAD_TO(struct syscall_arg, op), .words = &operator_words, .required = true },
};
static const struct jread_schema arg_schema = { arg_fields, N_ELEMENTS(arg_fields), NULL };
static const struct jread_list args_list = {
	{ .read = jread_object, .schema = &arg_schema }, sizeof(struct syscall_arg), NULL,
};

/* Only two actions carry a number; on another one it would be lost without a word. */
static int check_errno(const struct jread_at *at, const char *key, uint32_t action, uint32_t value,
		       struct err *e)
{
	if (action != SECCOMP_RET_ERRNO && action != SECCOMP_RET_TRACE)
		return jread_refuse(at, key, e, "is only for SCMP_ACT_ERRNO and SCMP_ACT_TRACE");
	if (value > (action == SECCOMP_RET_ERRNO ? ERRNO_MAX : DATA_MAX))
		return jread_refuse(at, key, e, "must be between 0 and %d",
				    action == SECCOMP_RET_ERRNO ? ERRNO_MAX : DATA_MAX);
	return 0;
}

static int check_rule(const struct jread_at *at, void *value, struct err *e)
{
	struct syscall_rule *rule = value;

	if (rule->names.n == 0)
		return jread_refuse(at, "names", e, "must have at least one entry");
	/* A listener that has to read a message would wait for this very filter's answer to its
	 * write. */
	if (rule->action == SECCOMP_RET_USER_NOTIF && str_in(&rule->names, "write"))
		return jread_refuse(at, "action", e,
				    "SCMP_ACT_NOTIFY cannot be used for the system call write");
	return rule->has_errno ? check_errno(at, "errnoRet", rule->action, rule->errno_ret, e) : 0;
}

static const struct jread_field rule_fields[] = {
	{ "names", jread_strings, JREAD_TO(struct syscall_rule, names), .text = spec_text_filled, .required = true },
	{ "action", jread_word, JREAD_TO(struct syscall_rule, action), .words = &action_words, .required = true },
	{ "errnoRet", jread_uint, JREAD_TO(struct syscall_rule, errno_ret),
	  JREAD_FLAG(struct syscall_rule, has_errno) },
	{ "args", jread_array, JREAD_TO(struct syscall_rule, args), .list = &args_list },
};
static const struct jread_schema rule_schema = { rule_fields, N_ELEMENTS(rule_fields), check_rule };
static const struct jread_list rules_list = {
	{ .read = jread_object, .schema = &rule_schema }, sizeof(struct syscall_rule), NULL,
};
static const struct jread_list archs_list = {
	{ .read = jread_word, .width = sizeof(uint32_t), .words = &arch_words },
	sizeof(uint32_t),
	NULL,
};

static int check_seccomp(const struct jread_at *at, void *value, struct err *e)
{
	struct seccomp *s = value;

	if (s->default_action == SECCOMP_RET_USER_NOTIF)
		return jread_refuse(at, "defaultAction", e,
				    "SCMP_ACT_NOTIFY cannot be the default");
	if (s->has_default_errno) {
		int r = check_errno(at, "defaultErrnoRet", s->default_action, s->default_errno, e);

		if (r < 0)
			return r;
	}
	if (s->listener_metadata && !s->listener_path)
		return jread_refuse(at, "listenerMetadata", e, "needs listenerPath");
	for (size_t i = 0; i < s->rules.n && !s->listener_path; i++)
		if (s->rules.v[i].action == SECCOMP_RET_USER_NOTIF)
			return jread_refuse(at, "listenerPath", e,
					    "is required by SCMP_ACT_NOTIFY in syscalls[%zu]", i);
	return 0;
}

static const struct jread_field seccomp_fields[] = {
	{ "defaultAction", jread_word, JREAD_TO(struct seccomp, default_action), .words = &action_words,
	  .required = true },
	{ "defaultErrnoRet", jread_uint, JREAD_TO(struct seccomp, default_errno),
	  JREAD_FLAG(struct seccomp, has_default_errno) },
	{ "architectures", jread_array, JREAD_TO(struct seccomp, archs), .list = &archs_list },
	{ "flags", jread_mask, JREAD_TO(struct seccomp, flags), JREAD_FLAG(struct seccomp, has_flags),
	  .words = &flag_words },
	{ "listenerPath", jread_string_opt, JREAD_TO(struct seccomp, listener_path), .text = spec_text_absolute },
	{ "listenerMetadata", jread_string_opt, JREAD_TO(struct seccomp, listener_metadata) },
	{ "syscalls", jread_array, JREAD_TO(struct seccomp, rules), .list = &rules_list },
};
const struct jread_schema spec_seccomp_schema = { seccomp_fields, N_ELEMENTS(seccomp_fields),
						  check_seccomp };
