/* SPDX-License-Identifier: Apache-2.0 */
#include <sys/mount.h>
#include <sys/personality.h>

#include "spec_cases.h"

#define NS(rest) WITH_LINUX("'namespaces':[" rest "]")
#define MAP "[{'containerID':0,'hostID':1000,'size':10}]"
#define UIDS(rest) WITH_LINUX("'namespaces':[{'type':'user'}],'gidMappings':" MAP ",'uidMappings':[" rest "]")
#define DEVICE(rest) WITH_LINUX("'devices':[{" rest "}]")
#define SYSCTL(key) WITH_LINUX("'sysctl':{'" key "':'1'}")
#define MPOL(policy) WITH_LINUX("'memoryPolicy':{" policy "}")
#define RDT(members) WITH_LINUX("'intelRdt':{" members "}")
#define NET(devices) WITH_LINUX("'namespaces':[{'type':'network'}],'netDevices':{" devices "}")

static const struct spec_case cases[] = {
	/* namespaces */
	{ NS("{'type':'pid'},{'type':'network','path':'/run/netns/a'},{'type':'time'},{'type':'cgroup'}"), NULL },
	{ NS("{'type':'mount','path':''}"), NULL },
	{ NS("{'type':'net'}"), "linux.namespaces[0].type: \"net\" is not known" },
	{ NS("{}"), "linux.namespaces[0].type: is required" },
	{ NS("{'type':'ipc'},{'type':'ipc','path':'/a'}"), "linux.namespaces[1].type: \"ipc\" is given twice" },
	{ NS("{'type':'ipc','path':'proc/1/ns/ipc'}"), "linux.namespaces[0].path: must be an absolute path" },
	{ NS("'pid'"), "linux.namespaces[0]: must be an object" },
	{ WITH_LINUX("'namespaces':{}"), "linux.namespaces: must be an array" },
	/* id maps */
	{ UIDS("{'containerID':0,'hostID':1000,'size':10}"), NULL },
	{ UIDS("{'containerID':0,'hostID':1000}"), "linux.uidMappings[0].size: is required" },
	{ UIDS("{'containerID':0,'size':1}"), "linux.uidMappings[0].hostID: is required" },
	{ UIDS("{'hostID':0,'size':1}"), "linux.uidMappings[0].containerID: is required" },
	{ UIDS("{'containerID':0,'hostID':0,'size':0}"), "linux.uidMappings[0].size: must be at least 1" },
	{ UIDS("{'containerID':-1,'hostID':0,'size':1}"), "linux.uidMappings[0].containerID: must be between 0" },
	{ UIDS("{'containerID':0,'hostID':0,'size':4294967295}"), NULL },
	{ UIDS("{'containerID':1,'hostID':0,'size':4294967295}"), "linux.uidMappings[0].containerID: plus size goes beyond" },
	{ UIDS("{'containerID':0,'hostID':4294967290,'size':6}"), "linux.uidMappings[0].hostID: plus size goes beyond" },
	{ UIDS("{'containerID':0,'hostID':4294967296,'size':1}"), "linux.uidMappings[0].hostID: must be between 0" },
	{ UIDS("{'containerID':0,'hostID':0,'size':5},{'containerID':4,'hostID':100,'size':5}"),
	  "linux.uidMappings[1].containerID: overlaps with entry 0" },
	{ UIDS("{'containerID':0,'hostID':100,'size':5},{'containerID':5,'hostID':96,'size':5}"),
	  "linux.uidMappings[1].hostID: overlaps with entry 0" },
	{ UIDS("{'containerID':5,'hostID':105,'size':5},{'containerID':0,'hostID':100,'size':5}"), NULL },
	{ WITH_LINUX("'namespaces':[{'type':'user'}],'uidMappings':" MAP), "linux.gidMappings: is required beside uidMappings" },
	{ WITH_LINUX("'namespaces':[{'type':'user'}],'gidMappings':" MAP), "linux.uidMappings: is required beside gidMappings" },
	{ WITH_LINUX("'uidMappings':" MAP ",'gidMappings':" MAP), "linux.uidMappings: needs a user namespace" },
	{ NS("{'type':'user'}"), "linux.uidMappings: is required by a new user namespace" },
	{ NS("{'type':'user','path':'/a'}"), NULL },
	{ WITH_LINUX("'namespaces':[{'type':'user','path':'/a'}],'uidMappings':" MAP ",'gidMappings':" MAP), NULL },
	{ WITH_LINUX("'uidMappings':{}"), "linux.uidMappings: must be an array" },
	/* time */
	{ WITH_LINUX("'namespaces':[{'type':'time'}],'timeOffsets':{'boottime':{'secs':-5,'nanosecs':999999999}}"), NULL },
	{ WITH_LINUX("'timeOffsets':{'boottime':{'secs':1}}"), "linux.timeOffsets: needs a new time namespace" },
	{ WITH_LINUX("'timeOffsets':{}"), NULL },
	{ WITH_LINUX("'namespaces':[{'type':'time','path':'/a'}],'timeOffsets':{'monotonic':{'secs':1}}"),
	  "linux.timeOffsets: needs a new time namespace" },
	{ WITH_LINUX("'namespaces':[{'type':'time'}],'timeOffsets':{'monotonic':{'nanosecs':1000000000}}"),
	  "linux.timeOffsets.monotonic.nanosecs: must be between 0 and 999999999" },
	/* devices */
	{ DEVICE("'type':'c','path':'/dev/a','major':1,'minor':2,'fileMode':438,'uid':1,'gid':2"), NULL },
	{ DEVICE("'type':'u','path':'/a','major':4095,'minor':1048575"), NULL },
	{ DEVICE("'type':'p','path':'/dev/fifo'"), NULL },
	{ DEVICE("'type':'a','path':'/a','major':1,'minor':2"), "linux.devices[0].type: \"a\" is not known" },
	{ DEVICE("'type':'','path':'/a','major':1,'minor':2"), "linux.devices[0].type: \"\" is not known" },
	{ DEVICE("'path':'/a','major':1,'minor':2"), "linux.devices[0].type: is required" },
	{ DEVICE("'type':'c','major':1,'minor':2"), "linux.devices[0].path: is required" },
	{ DEVICE("'type':'c','path':'dev/a','major':1,'minor':2"), "linux.devices[0].path: must be an absolute path" },
	{ DEVICE("'type':'c','path':'/a','minor':2"), "linux.devices[0].major: is required" },
	{ DEVICE("'type':'b','path':'/a','major':2"), "linux.devices[0].minor: is required" },
	{ DEVICE("'type':'b','path':'/a','major':4096,'minor':0"), "linux.devices[0].major: must be between 0 and 4095" },
	{ DEVICE("'type':'b','path':'/a','major':0,'minor':1048576"), "linux.devices[0].minor: must be between 0 and 1048575" },
	{ DEVICE("'type':'b','path':'/a','major':-1,'minor':0"), "linux.devices[0].major: must be between 0" },
	{ DEVICE("'type':'c','path':'/a','major':1,'minor':2,'fileMode':512"), "linux.devices[0].fileMode: must be between 0 and 511" },
	{ DEVICE("'type':'c','path':'/a','major':1,'minor':2,'fileMode':8630"), NULL },
	{ DEVICE("'type':'b','path':'/a','major':1,'minor':2,'fileMode':8630"), "linux.devices[0].fileMode: must be between 0 and 511" },
	{ DEVICE("'type':'c','path':'/a','major':1,'minor':2,'fileMode':10678"), "linux.devices[0].fileMode: must be between 0 and 511" },
	{ DEVICE("'type':'c','path':'/a','major':1,'minor':2,'uid':4294967295"), "linux.devices[0].uid: must be between 0" },
	{ DEVICE("'type':'c','path':'/a','major':1,'minor':2,'gid':4294967295"), "linux.devices[0].gid: must be between 0" },
	{ WITH_LINUX("'devices':{}"), "linux.devices: must be an array" },
	/* netDevices */
	{ WITH_LINUX("'netDevices':{}"), NULL },
	{ WITH_LINUX("'netDevices':[]"), "linux.netDevices: must be an object" },
	{ NET("'eth0':{}"), NULL },
	{ NET("'eth0':null,'eth1':{'name':''}"), NULL },
	{ NET("'eth0':{'name':'ctr0'},'eth1':{'name':'net%d'},'eth2':{'name':'net%d'}"), NULL },
	{ NET("'123456789012345':{}"), NULL },
	{ NET("'1234567890123456':{}"), "linux.netDevices.1234567890123456: must be a device name of 1 to 15 bytes" },
	{ NET("'':{}"), "must be a device name of 1 to 15 bytes" },
	{ NET("'..':{}"), "must not be" },
	{ NET("'a/b':{}"), "must not hold a blank, '/' or ':'" },
	{ NET("'a:1':{}"), "must not hold a blank" },
	{ NET("'a b':{}"), "must not hold a blank" },
	{ NET("'a%d':{}"), "linux.netDevices.a%d: must not hold a '%'" },
	{ NET("'a':[]"), "linux.netDevices.a: must be an object" },
	{ NET("'a':{'name':1}"), "linux.netDevices.a.name: must be a string" },
	{ NET("'a':{'name':'.'}"), "linux.netDevices.a.name: must not be" },
	{ NET("'a':{'name':'1234567890123456'}"), "linux.netDevices.a.name: must be a device name" },
	{ NET("'a':{'name':'b%s'}"), "linux.netDevices.a.name: may hold" },
	{ NET("'a':{'name':'b%'}"), "linux.netDevices.a.name: may hold" },
	{ NET("'a':{'name':'b%d%d'}"), "linux.netDevices.a.name: may hold" },
	{ NET("'a':{'name':'x'},'b':{'name':'x'}"), "linux.netDevices.b.name: \"x\" is given twice" },
	{ NET("'a':{'name':'b'},'b':{}"), "linux.netDevices.b.name: \"b\" is given twice" },
	{ WITH_LINUX("'netDevices':{'eth0':{}}"), "linux.netDevices: needs a network namespace" },
	/* intelRdt */
	{ RDT(""), NULL },
	{ RDT("'closID':'','l3CacheSchema':'','memBwSchema':'','schemata':[]"), NULL },
	{ RDT("'closID':'/'"), NULL },
	{ RDT("'closID':'guaranteed','l3CacheSchema':'L3:0=7f0;1=1f','memBwSchema':'MB:0=20;1=70','enableMonitoring':true"), NULL },
	{ RDT("'schemata':['L3:0=f','MB:0=10']"), NULL },
	{ WITH_LINUX("'intelRdt':[]"), "linux.intelRdt: must be an object" },
	{ RDT("'closID':'.'"), "linux.intelRdt.closID: must be" },
	{ RDT("'closID':'..'"), "linux.intelRdt.closID: must be" },
	{ RDT("'closID':'a/b'"), "linux.intelRdt.closID: must be" },
	{ RDT("'closID':'a\\nb'"), "linux.intelRdt.closID: must be" },
	{ RDT("'closID':1"), "linux.intelRdt.closID: must be a string" },
	{ RDT("'l3CacheSchema':'L3:0=f\\nMB:0=1'"), "linux.intelRdt.l3CacheSchema: must not hold a newline" },
	{ RDT("'memBwSchema':'L3:0=f'"), "linux.intelRdt.memBwSchema: must begin with \"MB:\"" },
	{ RDT("'memBwSchema':'MB:0=1\\n'"), "linux.intelRdt.memBwSchema: must not hold a newline" },
	{ RDT("'schemata':['']"), "linux.intelRdt.schemata[0]: must not be empty" },
	{ RDT("'schemata':['a','b\\nc']"), "linux.intelRdt.schemata[1]: must not hold a newline" },
	{ RDT("'enableMonitoring':1"), "linux.intelRdt.enableMonitoring: must be" },
	/* memoryPolicy */
	{ MPOL("'mode':'MPOL_LOCAL'"), NULL },
	{ MPOL("'mode':'MPOL_DEFAULT','nodes':'','flags':[]"), NULL },
	{ MPOL("'mode':'MPOL_BIND','nodes':'0-3, 7'"), NULL },
	{ MPOL("'mode':'MPOL_BIND','nodes':'0','flags':['MPOL_F_STATIC_NODES','MPOL_F_NUMA_BALANCING']"), NULL },
	{ MPOL("'mode':'MPOL_INTERLEAVE','nodes':'1023','flags':['MPOL_F_RELATIVE_NODES']"), NULL },
	{ MPOL("'mode':'MPOL_WEIGHTED_INTERLEAVE','nodes':'0'"), NULL },
	{ MPOL("'mode':'MPOL_PREFERRED'"), NULL },
	{ MPOL("'mode':'MPOL_PREFERRED','nodes':'1'"), NULL },
	{ MPOL("'mode':'MPOL_PREFERRED_MANY','nodes':'0,1','flags':['MPOL_F_NUMA_BALANCING']"), NULL },
	{ WITH_LINUX("'memoryPolicy':[]"), "linux.memoryPolicy: must be an object" },
	{ MPOL("'nodes':'0'"), "linux.memoryPolicy.mode: is required" },
	{ MPOL("'mode':'MPOL_FIRST'"), "linux.memoryPolicy.mode: \"MPOL_FIRST\" is not known" },
	{ MPOL("'mode':'MPOL_BIND'"), "linux.memoryPolicy.nodes: is required by this mode" },
	{ MPOL("'mode':'MPOL_INTERLEAVE','nodes':''"), "linux.memoryPolicy.nodes: is required by this mode" },
	{ MPOL("'mode':'MPOL_LOCAL','nodes':'0'"), "linux.memoryPolicy.nodes: must be empty with this mode" },
	{ MPOL("'mode':'MPOL_DEFAULT','nodes':'0'"), "linux.memoryPolicy.nodes: must be empty with this mode" },
	{ MPOL("'mode':'MPOL_BIND','nodes':'x'"), "linux.memoryPolicy.nodes: must be a list" },
	{ MPOL("'mode':'MPOL_BIND','nodes':'3-1'"), "linux.memoryPolicy.nodes: must be a list" },
	{ MPOL("'mode':'MPOL_BIND','nodes':'1024'"), "linux.memoryPolicy.nodes: must be a list of numbers below 1024" },
	{ MPOL("'mode':'MPOL_BIND','nodes':'0','flags':['MPOL_F_X']"), "linux.memoryPolicy.flags[0]: \"MPOL_F_X\" is not known" },
	{ MPOL("'mode':'MPOL_BIND','nodes':'0','flags':['MPOL_F_STATIC_NODES','MPOL_F_RELATIVE_NODES']"), "linux.memoryPolicy.flags: " },
	{ MPOL("'mode':'MPOL_PREFERRED','flags':['MPOL_F_STATIC_NODES']"), "linux.memoryPolicy.flags: are about nodes" },
	{ MPOL("'mode':'MPOL_INTERLEAVE','nodes':'0','flags':['MPOL_F_NUMA_BALANCING']"), "linux.memoryPolicy.flags: MPOL_F_NUMA" },
	/* cgroupsPath */
	{ WITH_LINUX("'cgroupsPath':'/a/b..c/...'"), NULL },
	{ WITH_LINUX("'cgroupsPath':'system.slice:prefix:name'"), NULL },
	{ WITH_LINUX("'cgroupsPath':'..'"), "linux.cgroupsPath: must not have a component \"..\"" },
	{ WITH_LINUX("'cgroupsPath':'/a/..'"), "linux.cgroupsPath: must not have a component \"..\"" },
	{ WITH_LINUX("'cgroupsPath':'a//../b'"), "linux.cgroupsPath: must not have a component \"..\"" },
	{ WITH_LINUX("'cgroupsPath':'a\\u0000'"), "\\u0000 is not allowed" },
	{ WITH_LINUX("'cgroupsPath':1"), "linux.cgroupsPath: must be a string" },
	/* propagation, masks, labels */
	{ WITH_LINUX("'rootfsPropagation':'rslave'"), NULL },
	{ WITH_LINUX("'rootfsPropagation':''"), NULL },
	{ WITH_LINUX("'rootfsPropagation':'open'"), "linux.rootfsPropagation: \"open\" is not known" },
	{ WITH_LINUX("'maskedPaths':['/a','b']"), "linux.maskedPaths[1]: must be an absolute path" },
	{ WITH_LINUX("'readonlyPaths':['b']"), "linux.readonlyPaths[0]: must be an absolute path" },
	{ WITH_LINUX("'mountLabel':1"), "linux.mountLabel: must be a string" },
	/* personality */
	{ WITH_LINUX("'personality':{'domain':'LINUX32'}"), NULL },
	{ WITH_LINUX("'personality':{'domain':'LINUX','flags':[]}"), NULL },
	{ WITH_LINUX("'personality':{'domain':'BSD'}"), "linux.personality.domain: \"BSD\" is not known" },
	{ WITH_LINUX("'personality':{}"), "linux.personality.domain: is required" },
	{ WITH_LINUX("'personality':{'domain':'LINUX','flags':['X']}"), "linux.personality.flags: no flag is supported" },
	{ WITH_LINUX("'personality':{'domain':'LINUX','flags':'X'}"), "linux.personality.flags: must be an array" },
	/* sysctl: the shape */
	{ SYSCTL("net.ipv4.ip_forward"), NULL },
	{ SYSCTL("net/ipv4/conf/eth0.100/forwarding"), NULL },
	{ SYSCTL("net.ipv4.conf.eth0/100.forwarding"), NULL },
	{ SYSCTL("kernel.hostname"), "linux.sysctl.kernel.hostname: must be set by the property hostname" },
	{ SYSCTL("kernel/hostname"), "must be set by the property hostname" },
	{ SYSCTL("net"), "linux.sysctl.net: is not the name of a sysctl" },
	{ SYSCTL("net..ip"), "is not the name of a sysctl" },
	{ SYSCTL("/net/ipv4/x"), "is not the name of a sysctl" },
	{ SYSCTL("net/../kernel/core_pattern"), "is not the name of a sysctl" },
	{ SYSCTL("net.//.kernel.core_pattern"), "is not the name of a sysctl" },
	{ SYSCTL("net/./x"), "is not the name of a sysctl" },
	{ SYSCTL("net.x."), "is not the name of a sysctl" },
	{ SYSCTL("net.ip v4"), "is not the name of a sysctl" },
	{ SYSCTL(""), "linux.sysctl: has an empty key" },
	{ WITH_LINUX("'sysctl':{'net.a':1}"), "linux.sysctl.net.a: must be a string" },
};

Test(spec_linux, is_read_or_refused_with_its_path)
{
	spec_run(cases, N_ELEMENTS(cases));
}

Test(spec_linux, id_maps_end_at_the_kernels_number)
{
	for (int n = 340; n <= 341; n++) {
		auto_str s = { 0 };
		auto_arena a = { 0 };
		const struct spec *spec = NULL;
		struct err e = { 0 };

		str_add(&s, "{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"r\"},\"linux\":{\"namespaces\":[{\"type\":\"user\"}],"
			    "\"gidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":1}],\"uidMappings\":[");
		for (int i = 0; i < n; i++)
			str_addf(&s, "%s{\"containerID\":%d,\"hostID\":%d,\"size\":1}", i ? "," : "", i, i);
		str_add(&s, "]}}");
		cr_expect_eq(spec_parse(&a, s.s, s.len, &spec, &e), n == 340 ? 0 : -EINVAL, "%s", e.text);
		cr_expect(n == 340 || strstr(e.text, "linux.uidMappings: has more than 340 entries"), "%s", e.text);
	}
}

Test(spec_linux, everything_arrives)
{
	const struct spec *s = spec_of(WITH_LINUX("'namespaces':[{'type':'user'},{'type':'pid','path':'/p'},{'type':'time'}],"
		"'uidMappings':[{'containerID':1,'hostID':2,'size':3}],'gidMappings':[{'containerID':4,'hostID':5,'size':6}],"
		"'timeOffsets':{'boottime':{'secs':-7,'nanosecs':8},'monotonic':{}},"
		"'devices':[{'type':'u','path':'/dev/a','major':1,'minor':2,'fileMode':8630,'uid':3,'gid':4},{'type':'p','path':'/b'}],"
		"'cgroupsPath':'/c','rootfsPropagation':'rshared','maskedPaths':['/m'],'readonlyPaths':['/r','/q'],"
		"'mountLabel':'l','sysctl':{'net.a':'1'},'personality':{'domain':'LINUX32'},'resources':{}"));

	cr_expect_eq(s->ns[NS_USER].mode, NS_NEW);
	cr_expect_eq(s->ns[NS_PID].mode, NS_JOIN);
	cr_expect_str_eq(s->ns[NS_PID].path, "/p");
	cr_expect_eq(s->ns[NS_TIME].mode, NS_NEW);
	cr_expect_eq(s->ns[NS_NET].mode, NS_INHERIT);
	cr_expect_eq(s->uid_map.v[0].container, 1);
	cr_expect_eq(s->uid_map.v[0].host, 2);
	cr_expect_eq(s->uid_map.v[0].size, 3);
	cr_expect_eq(s->gid_map.v[0].host, 5);
	cr_expect(s->boottime.set && s->boottime.secs == -7 && s->boottime.nanosecs == 8);
	cr_expect(s->monotonic.set);
	cr_expect_eq(s->devices.n, 2);
	cr_expect_eq(s->devices.v[0].type, 'c');
	cr_expect_eq(s->devices.v[0].major, 1);
	cr_expect(s->devices.v[0].has_mode && s->devices.v[0].mode == 0666, "%o", s->devices.v[0].mode);
	cr_expect(s->devices.v[0].has_uid && s->devices.v[0].uid == 3);
	cr_expect(s->devices.v[0].has_gid && s->devices.v[0].gid == 4);
	cr_expect_eq(s->devices.v[1].type, 'p');
	cr_expect_eq(s->devices.v[1].major, 0);
	cr_expect_str_eq(s->cgroups_path, "/c");
	cr_expect_eq(s->rootfs_propagation, MS_SHARED | MS_REC);
	cr_expect_str_eq(s->masked_paths.v[0], "/m");
	cr_expect_eq(s->readonly_paths.n, 2);
	cr_expect_str_eq(s->mount_label, "l");
	cr_expect_str_eq(s->sysctl.v[0].key, "net.a");
	cr_expect(s->has_personality);
	cr_expect_eq(s->personality, PER_LINUX32);
	cr_expect(s->has_resources);
	cr_expect_not(s->has_seccomp);
}

static const struct { const char *key; int kind; const char *path; } sysctls[] = {
	{ "net.ipv4.ip_forward", NS_NET, "net/ipv4/ip_forward" },
	{ "net/ipv4/conf/eth0.1/x", NS_NET, "net/ipv4/conf/eth0.1/x" },
	{ "net.ipv4.conf.eth0/1.x", NS_NET, "net/ipv4/conf/eth0.1/x" },
	{ "kernel.shmmax", NS_IPC, "kernel/shmmax" },
	{ "kernel.shm_rmid_forced", NS_IPC, "kernel/shm_rmid_forced" },
	{ "kernel.msgmax", NS_IPC, "kernel/msgmax" },
	{ "kernel.sem", NS_IPC, "kernel/sem" },
	{ "fs.mqueue.msg_max", NS_IPC, "fs/mqueue/msg_max" },
	{ "user.max_user_namespaces", NS_USER, "user/max_user_namespaces" },
	{ "kernel.domainname", NS_UTS, "kernel/domainname" },
	{ "kernel.core_pattern", -1, "kernel/core_pattern" },
	{ "kernel.shmmaxx", -1, "kernel/shmmaxx" },
	{ "kernel.msg", -1, "kernel/msg" },
	{ "network.x", -1, "network/x" },
	{ "vm.swappiness", -1, "vm/swappiness" },
	{ "net/../kernel/core_pattern", -1, NULL },
	{ "", -1, NULL },
	{ ".net.x", -1, NULL },
};

Test(spec_linux, a_sysctl_belongs_to_one_namespace_or_to_the_host)
{
	for (size_t i = 0; i < N_ELEMENTS(sysctls); i++) {
		char path[300] = "";

		cr_expect_eq(spec_sysctl_namespace(sysctls[i].key), sysctls[i].kind, "%s", sysctls[i].key);
		cr_expect_eq(spec_sysctl_path(sysctls[i].key, path, sizeof(path)), sysctls[i].path ? 0 : -EINVAL);
		cr_expect(!sysctls[i].path || str_eq(path, sysctls[i].path), "%s became %s", sysctls[i].key, path);
	}

	char key[400] = "net.", path[400];
	memset(key + 4, 'a', sizeof(key) - 5);
	key[sizeof(key) - 1] = '\0';
	cr_expect_eq(spec_sysctl_namespace(key), -1, "longer than any sysctl");
	cr_expect_eq(spec_sysctl_path(key, path, sizeof(path)), -EINVAL);
	cr_expect_eq(spec_sysctl_path("net.abc", path, 7), -EINVAL, "no room");
}
