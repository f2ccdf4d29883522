/* SPDX-License-Identifier: Apache-2.0 */
#include <linux/capability.h>
#include <sched.h>
#include <sys/resource.h>

#include "base/capname.h"
#include "spec_cases.h"

#define USER(user) DOC("'process':{'user':" user ",'args':['sh'],'cwd':'/'}")
#define RLIMIT(rest) WITH_PROC("'rlimits':[" rest "]")
#define SCHED(rest) WITH_PROC("'scheduler':{" rest "}")

static const struct spec_case cases[] = {
	{ WITH_PROC("'terminal':true"), NULL },
	{ WITH_PROC("'terminal':'yes'"), "process.terminal: must be true or false" },
	/* args, env, cwd */
	{ DOC("'process':{'user':{'uid':0,'gid':0},'cwd':'/'}"), "process.args: must have at least one entry" },
	{ DOC("'process':{'user':{'uid':0,'gid':0},'cwd':'/','args':[]}"), "process.args: must have at least one entry" },
	{ DOC("'process':{'user':{'uid':0,'gid':0},'cwd':'/','args':['']}"), "process.args: the first entry must not be empty" },
	{ DOC("'process':{'user':{'uid':0,'gid':0},'cwd':'/','args':['a','']}"), NULL },
	{ DOC("'process':{'user':{'uid':0,'gid':0},'cwd':'/','args':['a',1]}"), "process.args[1]: must be a string" },
	{ DOC("'process':{'user':{'uid':0,'gid':0},'cwd':'/','args':'sh'}"), "process.args: must be an array" },
	{ DOC("'process':{'user':{'uid':0,'gid':0},'cwd':'/','args':['a\\u0000']}"), "\\u0000 is not allowed" },
	{ DOC("'process':{'user':{'uid':0,'gid':0},'args':['a']}"), "process.cwd: is required" },
	{ DOC("'process':{'user':{'uid':0,'gid':0},'args':['a'],'cwd':''}"), "process.cwd: must be an absolute path" },
	{ DOC("'process':{'user':{'uid':0,'gid':0},'args':['a'],'cwd':'srv'}"), "process.cwd: must be an absolute path" },
	{ WITH_PROC("'env':['A=','B=c=d']"), NULL },
	{ WITH_PROC("'env':['A=b','C']"), "process.env[1]: must have the form NAME=VALUE" },
	{ WITH_PROC("'env':['=C:']"), "process.env[0]: must have the form NAME=VALUE" },
	{ WITH_PROC("'env':['']"), "process.env[0]: must have the form NAME=VALUE" },
	{ WITH_PROC("'env':{'A':'b'}"), "process.env: must be an array" },
	/* user */
	{ DOC("'process':{'args':['sh'],'cwd':'/'}"), "process.user: is required" },
	{ USER("{'gid':0}"), "process.user.uid: is required" },
	{ USER("{'uid':0}"), "process.user.gid: is required" },
	{ USER("{'uid':-1,'gid':0}"), "process.user.uid: must be between 0 and 4294967294" },
	{ USER("{'uid':0,'gid':4294967295}"), "process.user.gid: must be between 0 and 4294967294" },
	{ USER("{'uid':'0','gid':0}"), "process.user.uid: must be an integer" },
	{ USER("{'uid':0,'gid':0,'umask':511}"), NULL },
	{ USER("{'uid':0,'gid':0,'umask':512}"), "process.user.umask: must be between 0 and 511" },
	{ USER("{'uid':0,'gid':0,'umask':-1}"), "process.user.umask: must be between 0 and 511" },
	{ USER("{'uid':0,'gid':0,'additionalGids':[1,-1]}"), "process.user.additionalGids[1]: must be between 0" },
	{ USER("{'uid':0,'gid':0,'additionalGids':5}"), "process.user.additionalGids: must be an array" },
	{ USER("[]"), "process.user: must be an object" },
	/* consoleSize */
	{ WITH_PROC("'consoleSize':{'height':24,'width':80}"), NULL },
	{ WITH_PROC("'consoleSize':{'height':24}"), "process.consoleSize.width: is required" },
	{ WITH_PROC("'consoleSize':{'width':24}"), "process.consoleSize.height: is required" },
	{ WITH_PROC("'consoleSize':{'height':70000,'width':80}"), NULL },
	{ WITH_PROC("'terminal':true,'consoleSize':{'height':70000,'width':80}"), "process.consoleSize: must be below 65535" },
	{ WITH_PROC("'consoleSize':{'height':-1,'width':80}"), "process.consoleSize.height: must be between 0" },
	/* rlimits */
	{ RLIMIT("{'type':'RLIMIT_NOFILE','soft':18446744073709551615,'hard':18446744073709551615}"), NULL },
	{ RLIMIT("{'type':'RLIMIT_NOFILES','soft':1,'hard':1}"), "process.rlimits[0].type: \"RLIMIT_NOFILES\" is not known" },
	{ RLIMIT("{'type':'NOFILE','soft':1,'hard':1}"), "process.rlimits[0].type: \"NOFILE\" is not known" },
	{ RLIMIT("{'type':'RLIMIT_NOFILE','hard':1}"), "process.rlimits[0].soft: is required" },
	{ RLIMIT("{'type':'RLIMIT_NOFILE','soft':1}"), "process.rlimits[0].hard: is required" },
	{ RLIMIT("{'soft':1,'hard':1}"), "process.rlimits[0].type: is required" },
	{ RLIMIT("{'type':'RLIMIT_CPU','soft':2,'hard':1}"), "process.rlimits[0].soft: must not be above hard" },
	{ RLIMIT("{'type':'RLIMIT_CPU','soft':-1,'hard':1}"), "process.rlimits[0].soft: must be between 0" },
	{ RLIMIT("{'type':'RLIMIT_CPU','soft':18446744073709551616,'hard':1}"), "process.rlimits[0].soft: must be between 0 and 18446744073709551615" },
	{ RLIMIT("{'type':'RLIMIT_CPU','soft':1,'hard':2},{'type':'RLIMIT_AS','soft':1,'hard':2},{'type':'RLIMIT_CPU','soft':1,'hard':2}"),
	  "process.rlimits[2].type: RLIMIT_CPU is given twice" },
	{ WITH_PROC("'rlimits':{}"), "process.rlimits: must be an array" },
	/* capabilities */
	{ WITH_PROC("'capabilities':{}"), NULL },
	{ WITH_PROC("'capabilities':{'bounding':['CAP_TIME_TRAVEL','chown']}"), NULL },
	{ WITH_PROC("'capabilities':{'bounding':'CAP_CHOWN'}"), "process.capabilities.bounding: must be an array" },
	{ WITH_PROC("'capabilities':{'ambient':[1]}"), "process.capabilities.ambient[0]: must be a string" },
	{ WITH_PROC("'capabilities':[]"), "process.capabilities: must be an object" },
	/* the rest */
	{ WITH_PROC("'noNewPrivileges':'true'"), "process.noNewPrivileges: must be true or false" },
	{ WITH_PROC("'oomScoreAdj':1001"), "process.oomScoreAdj: must be between -1000 and 1000" },
	{ WITH_PROC("'oomScoreAdj':-1001"), "process.oomScoreAdj: must be between -1000 and 1000" },
	{ WITH_PROC("'apparmorProfile':1"), "process.apparmorProfile: must be a string" },
	{ WITH_PROC("'selinuxLabel':1"), "process.selinuxLabel: must be a string" },
	/* scheduler */
	{ SCHED("'policy':'SCHED_OTHER','nice':-20"), NULL },
	{ SCHED("'policy':'SCHED_BATCH','nice':19"), NULL },
	{ SCHED("'policy':'SCHED_IDLE'"), NULL },
	{ SCHED("'policy':'SCHED_RR','priority':99,'flags':['SCHED_FLAG_RESET_ON_FORK']"), NULL },
	{ SCHED("'policy':'SCHED_DEADLINE','runtime':10,'deadline':20,'period':30"), NULL },
	{ SCHED("'nice':0"), "process.scheduler.policy: is required" },
	{ SCHED("'policy':'SCHED_FAST'"), "process.scheduler.policy: \"SCHED_FAST\" is not known" },
	{ SCHED("'policy':'SCHED_ISO'"), "process.scheduler.policy: SCHED_ISO is not supported" },
	{ SCHED("'policy':'SCHED_OTHER','nice':20"), "process.scheduler.nice: must be between -20 and 19" },
	{ SCHED("'policy':'SCHED_OTHER','nice':-21"), "process.scheduler.nice: must be between -20 and 19" },
	{ SCHED("'policy':'SCHED_FIFO','nice':1,'priority':1"), "process.scheduler.nice: is only for SCHED_OTHER and SCHED_BATCH" },
	{ SCHED("'policy':'SCHED_OTHER','priority':1"), "process.scheduler.priority: is only for SCHED_FIFO and SCHED_RR" },
	{ SCHED("'policy':'SCHED_FIFO'"), "process.scheduler.priority: must be between 1 and 99" },
	{ SCHED("'policy':'SCHED_RR','priority':100"), "process.scheduler.priority: must be between 1 and 99" },
	{ SCHED("'policy':'SCHED_OTHER','runtime':1"), "process.scheduler.runtime: is only for SCHED_DEADLINE" },
	{ SCHED("'policy':'SCHED_OTHER','deadline':1"), "process.scheduler.deadline: is only for SCHED_DEADLINE" },
	{ SCHED("'policy':'SCHED_FIFO','priority':1,'period':1"), "process.scheduler.period: is only for SCHED_DEADLINE" },
	{ SCHED("'policy':'SCHED_DEADLINE','deadline':1"), "process.scheduler.runtime: is required by SCHED_DEADLINE" },
	{ SCHED("'policy':'SCHED_DEADLINE','runtime':1"), "process.scheduler.deadline: is required by SCHED_DEADLINE" },
	{ SCHED("'policy':'SCHED_DEADLINE','runtime':3,'deadline':2"), "process.scheduler.runtime: must not be above deadline" },
	{ SCHED("'policy':'SCHED_DEADLINE','runtime':1,'deadline':3,'period':2"), "process.scheduler.deadline: must not be above period" },
	{ SCHED("'policy':'SCHED_OTHER','flags':['SCHED_FLAG_NONE']"), "process.scheduler.flags[0]: \"SCHED_FLAG_NONE\" is not known" },
	{ SCHED("'policy':'SCHED_OTHER','flags':'x'"), "process.scheduler.flags: must be an array" },
	/* ioPriority, execCPUAffinity */
	{ WITH_PROC("'ioPriority':{'class':'IOPRIO_CLASS_IDLE'}"), NULL },
	{ WITH_PROC("'ioPriority':{'class':'IOPRIO_CLASS_BE','priority':7}"), NULL },
	{ WITH_PROC("'ioPriority':{'class':'IOPRIO_CLASS_BE','priority':8}"), "process.ioPriority.priority: must be between 0 and 7" },
	{ WITH_PROC("'ioPriority':{'class':'BE'}"), "process.ioPriority.class: \"BE\" is not known" },
	{ WITH_PROC("'ioPriority':{'priority':1}"), "process.ioPriority.class: is required" },
	{ WITH_PROC("'execCPUAffinity':{'initial':'0-3, 7','final':''}"), NULL },
	{ WITH_PROC("'execCPUAffinity':{'initial':'3-1'}"), "process.execCPUAffinity.initial: must be a list of numbers" },
	{ WITH_PROC("'execCPUAffinity':{'final':'a'}"), "process.execCPUAffinity.final: must be a list of numbers" },
};

Test(spec_process, is_read_or_refused_with_its_path)
{
	spec_run(cases, N_ELEMENTS(cases));
}

Test(spec_process, everything_arrives)
{
	const struct process *p = &spec_of(DOC("'process':{'terminal':true,'consoleSize':{'height':24,'width':80},"
		"'user':{'uid':1,'gid':2,'umask':18,'additionalGids':[3,4]},'args':['a','b'],'env':['A=b'],'cwd':'/c',"
		"'capabilities':{'bounding':['CAP_CHOWN','CAP_NEWER','CAP_SYS_ADMIN'],'effective':['CAP_KILL'],"
		"'permitted':['CAP_KILL'],'inheritable':['CAP_SETUID'],'ambient':['CAP_SETGID']},"
		"'rlimits':[{'type':'RLIMIT_NOFILE','soft':5,'hard':18446744073709551615}],'noNewPrivileges':true,"
		"'oomScoreAdj':0,'apparmorProfile':'p','selinuxLabel':'l',"
		"'scheduler':{'policy':'SCHED_FIFO','priority':9,'flags':['SCHED_FLAG_RECLAIM','SCHED_FLAG_UTIL_CLAMP_MAX']},"
		"'ioPriority':{'class':'IOPRIO_CLASS_RT','priority':3},'execCPUAffinity':{'initial':'0','final':'1-2'}}"))->process;

	cr_expect(p->terminal);
	cr_expect_eq(p->rows, 24);
	cr_expect_eq(p->columns, 80);
	cr_expect_eq(p->uid, 1);
	cr_expect_eq(p->gid, 2);
	cr_expect(p->has_umask);
	cr_expect_eq(p->umask, 022);
	cr_expect_eq(p->groups.n, 2);
	cr_expect_eq(p->groups.v[1], 4);
	cr_expect_eq(p->args.n, 2);
	cr_expect_null(p->args.v[2]);
	cr_expect_str_eq(p->env.v[0], "A=b");
	cr_expect_str_eq(p->cwd, "/c");
	cr_expect(p->has_caps);
	cr_expect_eq(p->caps.bounding, CAP_BIT(CAP_CHOWN) | CAP_BIT(CAP_SYS_ADMIN));
	cr_expect_eq(p->caps.effective, CAP_BIT(CAP_KILL));
	cr_expect_eq(p->caps.permitted, CAP_BIT(CAP_KILL));
	cr_expect_eq(p->caps.inheritable, CAP_BIT(CAP_SETUID));
	cr_expect_eq(p->caps.ambient, CAP_BIT(CAP_SETGID));
	cr_expect_eq(p->rlimits.n, 1);
	cr_expect_eq(p->rlimits.v[0].resource, RLIMIT_NOFILE);
	cr_expect_str_eq(p->rlimits.v[0].name, "RLIMIT_NOFILE");
	cr_expect_eq(p->rlimits.v[0].soft, 5);
	cr_expect_eq(p->rlimits.v[0].hard, UINT64_MAX);
	cr_expect(p->no_new_privs);
	cr_expect(p->oom_score_adj.set && p->oom_score_adj.v == 0);
	cr_expect_str_eq(p->apparmor, "p");
	cr_expect_str_eq(p->selinux, "l");
	cr_expect(p->scheduler.set);
	cr_expect_eq(p->scheduler.policy, SCHED_FIFO);
	cr_expect_eq(p->scheduler.priority, 9);
	cr_expect_eq(p->scheduler.flags, 0x42);
	cr_expect(p->io_priority.set);
	cr_expect_eq(p->io_priority.class, 1);
	cr_expect_eq(p->io_priority.priority, 3);
	cr_expect_str_eq(p->affinity_initial, "0");
	cr_expect_str_eq(p->affinity_final, "1-2");
}

Test(spec_process, absent_parts_are_seen_as_absent)
{
	const struct process *p = &spec_of(WITH_PROC("'consoleSize':{'height':1,'width':2},'apparmorProfile':'','selinuxLabel':''"))->process;

	cr_expect_not(p->has_caps);
	cr_expect_not(p->has_umask);
	cr_expect_not(p->oom_score_adj.set);
	cr_expect_not(p->scheduler.set);
	cr_expect_not(p->io_priority.set);
	cr_expect_null(p->apparmor);
	cr_expect_null(p->selinux);
	cr_expect_eq(p->rows, 0, "the size is for a terminal only");
	cr_expect_eq(p->columns, 0);
}

Test(spec_process, rlimit_names_are_found_both_ways)
{
	cr_expect_eq(spec_rlimit_find("RLIMIT_NOFILE"), RLIMIT_NOFILE);
	cr_expect_eq(spec_rlimit_find("nofile"), RLIMIT_NOFILE);
	cr_expect_eq(spec_rlimit_find("RTTIME"), RLIMIT_RTTIME);
	cr_expect_eq(spec_rlimit_find("nofil"), -EINVAL);
	cr_expect_eq(spec_rlimit_find(""), -EINVAL);
	cr_expect_str_eq(spec_rlimit_name(RLIMIT_CORE), "RLIMIT_CORE");
	cr_expect_null(spec_rlimit_name(99));
	for (int i = 0; i < 16; i++)
		cr_expect_eq(spec_rlimit_find(spec_rlimit_name(i)), i);
}
