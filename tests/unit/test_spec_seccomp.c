/* SPDX-License-Identifier: Apache-2.0 */
#include <linux/seccomp.h>
#include <seccomp.h>

#include "spec_cases.h"

#define SEC(rest) WITH_LINUX("'seccomp':{'defaultAction':'SCMP_ACT_ERRNO'," rest "}")
#define RULE(rest) SEC("'syscalls':[{'names':['mount']," rest "}]")
#define ARG(rest) RULE("'action':'SCMP_ACT_ALLOW','args':[{" rest "}]")

static const struct spec_case cases[] = {
	{ WITH_LINUX("'seccomp':{'defaultAction':'SCMP_ACT_ALLOW'}"), NULL },
	{ WITH_LINUX("'seccomp':{}"), "linux.seccomp.defaultAction: is required" },
	{ WITH_LINUX("'seccomp':[]"), "linux.seccomp: must be an object" },
	{ WITH_LINUX("'seccomp':{'defaultAction':'SCMP_ACT_PANIC'}"), "linux.seccomp.defaultAction: \"SCMP_ACT_PANIC\" is not known" },
	{ WITH_LINUX("'seccomp':{'defaultAction':'SCMP_ACT_NOTIFY','listenerPath':'/l'}"),
	  "linux.seccomp.defaultAction: SCMP_ACT_NOTIFY cannot be the default" },
	{ SEC("'defaultErrnoRet':38"), NULL },
	{ SEC("'defaultErrnoRet':4095"), NULL },
	{ SEC("'defaultErrnoRet':4096"), "linux.seccomp.defaultErrnoRet: must be between 0 and 4095" },
	{ SEC("'defaultErrnoRet':-1"), "linux.seccomp.defaultErrnoRet: must be between 0" },
	{ WITH_LINUX("'seccomp':{'defaultAction':'SCMP_ACT_TRACE','defaultErrnoRet':65535}"), NULL },
	{ WITH_LINUX("'seccomp':{'defaultAction':'SCMP_ACT_TRACE','defaultErrnoRet':65536}"),
	  "linux.seccomp.defaultErrnoRet: must be between 0 and 65535" },
	{ WITH_LINUX("'seccomp':{'defaultAction':'SCMP_ACT_ALLOW','defaultErrnoRet':1}"),
	  "linux.seccomp.defaultErrnoRet: is only for SCMP_ACT_ERRNO and SCMP_ACT_TRACE" },
	{ WITH_LINUX("'seccomp':{'defaultAction':'SCMP_ACT_KILL','defaultErrnoRet':1}"),
	  "linux.seccomp.defaultErrnoRet: is only for SCMP_ACT_ERRNO and SCMP_ACT_TRACE" },
	{ SEC("'architectures':['SCMP_ARCH_VAX']"), "linux.seccomp.architectures[0]: \"SCMP_ARCH_VAX\" is not known" },
	{ SEC("'architectures':'SCMP_ARCH_X86'"), "linux.seccomp.architectures: must be an array" },
	{ SEC("'flags':['SECCOMP_FILTER_FLAG_NEW_LISTENER']"), "linux.seccomp.flags[0]: \"SECCOMP_FILTER_FLAG_NEW_LISTENER\" is not known" },
	{ SEC("'flags':[]"), NULL },
	{ SEC("'listenerPath':'/run/l','listenerMetadata':'m'"), NULL },
	{ SEC("'listenerPath':'run/l'"), "linux.seccomp.listenerPath: must be an absolute path" },
	{ SEC("'listenerMetadata':'m'"), "linux.seccomp.listenerMetadata: needs listenerPath" },
	{ SEC("'syscalls':{}"), "linux.seccomp.syscalls: must be an array" },
	{ SEC("'syscalls':[{'action':'SCMP_ACT_ALLOW'}]"), "linux.seccomp.syscalls[0].names: is required" },
	{ SEC("'syscalls':[{'names':[],'action':'SCMP_ACT_ALLOW'}]"), "linux.seccomp.syscalls[0].names: must have at least one entry" },
	{ SEC("'syscalls':[{'names':[''],'action':'SCMP_ACT_ALLOW'}]"), "linux.seccomp.syscalls[0].names[0]: must not be empty" },
	{ SEC("'syscalls':[{'names':['mount']}]"), "linux.seccomp.syscalls[0].action: is required" },
	{ RULE("'action':'ALLOW'"), "linux.seccomp.syscalls[0].action: \"ALLOW\" is not known" },
	{ RULE("'action':'SCMP_ACT_ERRNO','errnoRet':1"), NULL },
	{ RULE("'action':'SCMP_ACT_ERRNO','errnoRet':70000"), "linux.seccomp.syscalls[0].errnoRet: must be between 0 and 4095" },
	{ RULE("'action':'SCMP_ACT_ALLOW','errnoRet':1"), "linux.seccomp.syscalls[0].errnoRet: is only for SCMP_ACT_ERRNO" },
	{ RULE("'action':'SCMP_ACT_LOG','errnoRet':0"), "linux.seccomp.syscalls[0].errnoRet: is only for SCMP_ACT_ERRNO" },
	{ RULE("'action':'SCMP_ACT_NOTIFY'"), "linux.seccomp.listenerPath: is required by SCMP_ACT_NOTIFY in syscalls[0]" },
	{ SEC("'listenerPath':'/l','syscalls':[{'names':['mount'],'action':'SCMP_ACT_NOTIFY'}]"), NULL },
	{ SEC("'listenerPath':'/l','syscalls':[{'names':['mount','write'],'action':'SCMP_ACT_NOTIFY'}]"),
	  "linux.seccomp.syscalls[0].action: SCMP_ACT_NOTIFY cannot be used for the system call write" },
	{ ARG("'index':0,'value':1,'op':'SCMP_CMP_EQ'"), NULL },
	{ ARG("'index':5,'value':18446744073709551615,'valueTwo':18446744073709551615,'op':'SCMP_CMP_MASKED_EQ'"), NULL },
	{ ARG("'index':6,'value':1,'op':'SCMP_CMP_EQ'"), "linux.seccomp.syscalls[0].args[0].index: must be between 0 and 5" },
	{ ARG("'index':-1,'value':1,'op':'SCMP_CMP_EQ'"), "linux.seccomp.syscalls[0].args[0].index: must be between 0 and 5" },
	{ ARG("'value':1,'op':'SCMP_CMP_EQ'"), "linux.seccomp.syscalls[0].args[0].index: is required" },
	{ ARG("'index':1,'op':'SCMP_CMP_EQ'"), "linux.seccomp.syscalls[0].args[0].value: is required" },
	{ ARG("'index':1,'value':1"), "linux.seccomp.syscalls[0].args[0].op: is required" },
	{ ARG("'index':1,'value':1,'op':'EQ'"), "linux.seccomp.syscalls[0].args[0].op: \"EQ\" is not known" },
	{ ARG("'index':1,'value':-1,'op':'SCMP_CMP_EQ'"), "linux.seccomp.syscalls[0].args[0].value: must be between 0" },
	{ RULE("'action':'SCMP_ACT_ALLOW','args':{}"), "linux.seccomp.syscalls[0].args: must be an array" },
};

Test(spec_seccomp, is_read_or_refused_with_its_path)
{
	spec_run(cases, N_ELEMENTS(cases));
}

static const struct { const char *word; uint32_t action; } actions[] = {
	{ "SCMP_ACT_KILL", SECCOMP_RET_KILL_THREAD }, { "SCMP_ACT_KILL_PROCESS", SECCOMP_RET_KILL_PROCESS },
	{ "SCMP_ACT_KILL_THREAD", SECCOMP_RET_KILL_THREAD }, { "SCMP_ACT_TRAP", SECCOMP_RET_TRAP },
	{ "SCMP_ACT_ERRNO", SECCOMP_RET_ERRNO }, { "SCMP_ACT_TRACE", SECCOMP_RET_TRACE },
	{ "SCMP_ACT_ALLOW", SECCOMP_RET_ALLOW }, { "SCMP_ACT_LOG", SECCOMP_RET_LOG },
	{ "SCMP_ACT_NOTIFY", SECCOMP_RET_USER_NOTIF },
};

Test(spec_seccomp, every_action_is_known)
{
	for (size_t i = 0; i < N_ELEMENTS(actions); i++) {
		char text[300];

		snprintf(text, sizeof(text), SEC("'listenerPath':'/l','syscalls':[{'names':['mount'],'action':'%s'}]"),
			 actions[i].word);
		cr_expect_eq(spec_of(text)->seccomp.rules.v[0].action, actions[i].action, "%s", actions[i].word);
	}
}

static const struct { const char *word; int op; } operators[] = {
	{ "SCMP_CMP_NE", SCMP_CMP_NE }, { "SCMP_CMP_LT", SCMP_CMP_LT }, { "SCMP_CMP_LE", SCMP_CMP_LE },
	{ "SCMP_CMP_EQ", SCMP_CMP_EQ }, { "SCMP_CMP_GE", SCMP_CMP_GE }, { "SCMP_CMP_GT", SCMP_CMP_GT },
	{ "SCMP_CMP_MASKED_EQ", SCMP_CMP_MASKED_EQ },
};

Test(spec_seccomp, every_operator_is_known)
{
	for (size_t i = 0; i < N_ELEMENTS(operators); i++) {
		char text[300];

		snprintf(text, sizeof(text), ARG("'index':0,'value':1,'op':'%s'"), operators[i].word);
		cr_expect_eq(spec_of(text)->seccomp.rules.v[0].args.v[0].op, operators[i].op, "%s", operators[i].word);
	}
}

/* Numbers of the kernel's audit interface, which never change. */
static const struct { const char *word; uint32_t token; } archs[] = {
	{ "X86", 0x40000003 }, { "X86_64", 0xc000003e }, { "X32", 0x4000003e }, { "ARM", 0x40000028 },
	{ "AARCH64", 0xc00000b7 }, { "LOONGARCH64", 0xc0000102 }, { "M68K", 4 }, { "MIPS", 8 }, { "MIPS64", 0x80000008 },
	{ "MIPS64N32", 0xa0000008 }, { "MIPSEL", 0x40000008 }, { "MIPSEL64", 0xc0000008 },
	{ "MIPSEL64N32", 0xe0000008 }, { "PPC", 0x14 }, { "PPC64", 0x80000015 }, { "PPC64LE", 0xc0000015 },
	{ "S390", 0x16 }, { "S390X", 0x80000016 }, { "SH", 0x4000002a }, { "SHEB", 0x2a }, { "PARISC", 0xf },
	{ "PARISC64", 0x8000000f }, { "RISCV64", 0xc00000f3 },
};

Test(spec_seccomp, every_architecture_is_known)
{
	cr_expect_eq(N_ELEMENTS(archs), 23);
	for (size_t i = 0; i < N_ELEMENTS(archs); i++) {
		char text[200];

		snprintf(text, sizeof(text), SEC("'architectures':['SCMP_ARCH_%s']"), archs[i].word);
		cr_expect_eq(spec_of(text)->seccomp.archs.v[0], archs[i].token, "%s", archs[i].word);
	}
}

Test(spec_seccomp, flags_are_joined_and_their_absence_is_seen)
{
	const struct seccomp *s = &spec_of(SEC("'flags':['SECCOMP_FILTER_FLAG_TSYNC','SECCOMP_FILTER_FLAG_LOG',"
		"'SECCOMP_FILTER_FLAG_SPEC_ALLOW','SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV']"))->seccomp;

	cr_expect(s->has_flags);
	cr_expect_eq(s->flags, 1 | 2 | 4 | 32);
	s = &spec_of(SEC("'flags':[]"))->seccomp;
	cr_expect(s->has_flags && s->flags == 0);
	s = &spec_of(SEC("'flags':null"))->seccomp;
	cr_expect_not(s->has_flags);
}

Test(spec_seccomp, rules_arrive)
{
	const struct seccomp *s = &spec_of(SEC("'defaultErrnoRet':38,'listenerPath':'/l','listenerMetadata':'m',"
		"'syscalls':[{'names':['clone','clone3'],'action':'SCMP_ACT_ERRNO','errnoRet':7,'args':"
		"[{'index':2,'value':18446744071562067968,'valueTwo':3,'op':'SCMP_CMP_MASKED_EQ'},{'index':0,'value':4294967295,"
		"'op':'SCMP_CMP_NE'}]},{'names':['read'],'action':'SCMP_ACT_ALLOW','args':[]}]"))->seccomp;

	cr_expect_eq(s->default_action, SECCOMP_RET_ERRNO);
	cr_expect(s->has_default_errno && s->default_errno == 38);
	cr_expect_str_eq(s->listener_path, "/l");
	cr_expect_str_eq(s->listener_metadata, "m");
	cr_expect_eq(s->archs.n, 0);
	cr_expect_eq(s->rules.n, 2);
	cr_expect_eq(s->rules.v[0].names.n, 2);
	cr_expect_str_eq(s->rules.v[0].names.v[1], "clone3");
	cr_expect(s->rules.v[0].has_errno && s->rules.v[0].errno_ret == 7);
	cr_expect_eq(s->rules.v[0].args.n, 2);
	cr_expect_eq(s->rules.v[0].args.v[0].index, 2);
	cr_expect_eq(s->rules.v[0].args.v[0].value, UINT64_C(0xffffffff80000000));
	cr_expect_eq(s->rules.v[0].args.v[0].value_two, 3);
	cr_expect_eq(s->rules.v[0].args.v[1].value, UINT32_MAX);
	cr_expect_not(s->rules.v[1].has_errno);
	cr_expect_eq(s->rules.v[1].args.n, 0);
}
