/* SPDX-License-Identifier: Apache-2.0 */
#include "spec_cases.h"

#define RES(rest) WITH_LINUX("'resources':{" rest "}")
#define WEIGHT(rest) RES("'blockIO':{'weightDevice':[{'major':8,'minor':0" rest "}]}")
#define PAGES(size) RES("'hugepageLimits':[{'pageSize':'" size "','limit':1}]")
#define CPUS(list) RES("'cpu':{'cpus':'" list "'}")

static const struct spec_case cases[] = {
	{ RES(""), NULL },
	{ WITH_LINUX("'resources':[]"), "linux.resources: must be an object" },
	/* devices */
	{ RES("'devices':[{'allow':false,'access':'rwm'},{'allow':true,'type':'c','major':1,'minor':-1,'access':'r'}]"), NULL },
	{ RES("'devices':[{'type':'c'}]"), "linux.resources.devices[0].allow: is required" },
	{ RES("'devices':[{'allow':true,'type':'p'}]"), "linux.resources.devices[0].type: \"p\" is not known" },
	{ RES("'devices':[{'allow':true,'access':'rx'}]"), "linux.resources.devices[0].access: must be made of r, w and m" },
	{ RES("'devices':[{'allow':true,'access':''}]"), "linux.resources.devices[0].access: must be made of r, w and m" },
	{ RES("'devices':[{'allow':true,'access':7}]"), "linux.resources.devices[0].access: must be made of r, w and m" },
	{ RES("'devices':[{'allow':true,'major':-2}]"), "linux.resources.devices[0].major: must be between -1" },
	{ RES("'devices':[{'allow':true,'minor':4294967296}]"), "linux.resources.devices[0].minor: must be between -1" },
	{ RES("'devices':[{'allow':1}]"), "linux.resources.devices[0].allow: must be true or false" },
	/* memory */
	{ RES("'memory':{'limit':-1,'reservation':-1,'swap':-1,'kernel':-1,'kernelTCP':-1}"), NULL },
	{ RES("'memory':{'limit':-2}"), "linux.resources.memory.limit: must be between -1" },
	{ RES("'memory':{'reservation':-2}"), "linux.resources.memory.reservation: must be between -1" },
	{ RES("'memory':{'swap':-2}"), "linux.resources.memory.swap: must be between -1" },
	{ RES("'memory':{'kernel':-2}"), "linux.resources.memory.kernel: must be between -1" },
	{ RES("'memory':{'kernelTCP':-2}"), "linux.resources.memory.kernelTCP: must be between -1" },
	{ RES("'memory':{'limit':9223372036854775808}"), "linux.resources.memory.limit: must be between -1" },
	{ RES("'memory':{'limit':'1G'}"), "linux.resources.memory.limit: must be an integer" },
	{ RES("'memory':{'swappiness':101}"), "linux.resources.memory.swappiness: must be between 0 and 100" },
	{ RES("'memory':{'limit':100,'swap':99}"), "linux.resources.memory.swap: must not be below limit" },
	{ RES("'memory':{'limit':-1,'swap':99}"), "linux.resources.memory.swap: must not be below limit" },
	{ RES("'memory':{'limit':100,'swap':100}"), NULL },
	{ RES("'memory':{'swap':100}"), "linux.resources.memory.swap: needs memory.limit" },
	{ RES("'memory':{'swap':100,'limit':0}"), "linux.resources.memory.swap: needs memory.limit" },
	{ RES("'memory':{'disableOOMKiller':1}"), "linux.resources.memory.disableOOMKiller: must be true or false" },
	{ RES("'memory':{'useHierarchy':1}"), "linux.resources.memory.useHierarchy: must be true or false" },
	{ RES("'memory':{'checkBeforeUpdate':1}"), "linux.resources.memory.checkBeforeUpdate: must be true or false" },
	/* cpu */
	{ RES("'cpu':{'shares':18446744073709551615,'period':1,'burst':0,'realtimePeriod':1,'quota':-1}"), NULL },
	{ RES("'cpu':{'shares':-1}"), "linux.resources.cpu.shares: must be between 0" },
	{ RES("'cpu':{'quota':-2}"), "linux.resources.cpu.quota: must be between -1" },
	{ RES("'cpu':{'realtimeRuntime':-2}"), "linux.resources.cpu.realtimeRuntime: must be between -1" },
	{ RES("'cpu':{'quota':10,'burst':11}"), "linux.resources.cpu.burst: must not be above quota" },
	{ RES("'cpu':{'quota':-1,'burst':11}"), NULL },
	{ RES("'cpu':{'idle':2}"), "linux.resources.cpu.idle: must be between 0 and 1" },
	{ CPUS("0"), NULL },
	{ CPUS("0-3,7, 9 - 11"), NULL },
	{ CPUS(""), NULL },
	{ CPUS("3-1"), "linux.resources.cpu.cpus: must be a list of numbers and ranges" },
	{ CPUS("1,"), "linux.resources.cpu.cpus: must be a list" },
	{ CPUS(",1"), "linux.resources.cpu.cpus: must be a list" },
	{ CPUS("1-"), "linux.resources.cpu.cpus: must be a list" },
	{ CPUS("1-2-3"), "linux.resources.cpu.cpus: must be a list" },
	{ CPUS("-1"), "linux.resources.cpu.cpus: must be a list" },
	{ CPUS("1 2"), "linux.resources.cpu.cpus: must be a list" },
	{ CPUS("all"), "linux.resources.cpu.cpus: must be a list" },
	{ CPUS("70000"), "linux.resources.cpu.cpus: must be a list" },
	{ CPUS("1\\n2"), "linux.resources.cpu.cpus: must be a list" },
	{ RES("'cpu':{'mems':'x'}"), "linux.resources.cpu.mems: must be a list" },
	/* pids */
	{ RES("'pids':{'limit':0}"), NULL },
	{ RES("'pids':{}"), "linux.resources.pids.limit: is required" },
	{ RES("'pids':{'limit':-2}"), "linux.resources.pids.limit: must be between -1" },
	/* blockIO */
	{ RES("'blockIO':{'weight':0}"), NULL },
	{ RES("'blockIO':{'weight':1000,'leafWeight':10}"), NULL },
	{ RES("'blockIO':{'weight':9}"), "linux.resources.blockIO.weight: must be between 10 and 1000" },
	{ RES("'blockIO':{'weight':70000}"), "linux.resources.blockIO.weight: must be between 0 and 65535" },
	{ RES("'blockIO':{'leafWeight':1001}"), "linux.resources.blockIO.leafWeight: must be between 10 and 1000" },
	{ WEIGHT(",'weight':500"), NULL },
	{ WEIGHT(",'leafWeight':500"), NULL },
	{ WEIGHT(""), "linux.resources.blockIO.weightDevice[0].weight: or leafWeight is required" },
	{ WEIGHT(",'weight':5"), "linux.resources.blockIO.weightDevice[0].weight: must be between 10 and 1000" },
	{ WEIGHT(",'leafWeight':5"), "linux.resources.blockIO.weightDevice[0].leafWeight: must be between 10 and 1000" },
	{ RES("'blockIO':{'weightDevice':[{'minor':0,'weight':500}]}"), "linux.resources.blockIO.weightDevice[0].major: is required" },
	{ RES("'blockIO':{'throttleReadBpsDevice':[{'major':8,'minor':0,'rate':18446744073709551615}]}"), NULL },
	{ RES("'blockIO':{'leafWeight':65536}"), "linux.resources.blockIO.leafWeight: must be between 0 and 65535" },
	{ RES("'blockIO':{'weightDevice':[{'major':8,'weight':500}]}"), "weightDevice[0].minor: is required" },
	{ RES("'blockIO':{'weightDevice':[{'major':-1,'minor':0,'weight':500}]}"), "weightDevice[0].major: must be between 0" },
	{ RES("'blockIO':{'weightDevice':[{'major':1,'minor':-1,'weight':500}]}"), "weightDevice[0].minor: must be between 0" },
	{ RES("'blockIO':{'throttleReadBpsDevice':[{'minor':8,'rate':1}]}"), "throttleReadBpsDevice[0].major: is required" },
	{ RES("'blockIO':{'throttleReadBpsDevice':[{'major':8,'minor':-1,'rate':1}]}"), "throttleReadBpsDevice[0].minor: must be between 0" },
	{ RES("'blockIO':{'throttleReadBpsDevice':[{'major':8,'minor':0}]}"), "throttleReadBpsDevice[0].rate: is required" },
	{ RES("'blockIO':{'throttleWriteBpsDevice':[{'major':8,'rate':1}]}"), "throttleWriteBpsDevice[0].minor: is required" },
	{ RES("'blockIO':{'throttleReadIOPSDevice':[{'major':-1,'minor':0,'rate':1}]}"), "throttleReadIOPSDevice[0].major: must be between 0" },
	{ RES("'blockIO':{'throttleWriteIOPSDevice':[{'major':1,'minor':0,'rate':-1}]}"), "throttleWriteIOPSDevice[0].rate: must be between 0" },
	/* hugepageLimits */
	{ PAGES("2MB"), NULL },
	{ PAGES("1GB"), NULL },
	{ PAGES("64KB"), NULL },
	{ PAGES("64kB"), "linux.resources.hugepageLimits[0].pageSize: must be a size such as" },
	{ PAGES("02MB"), "linux.resources.hugepageLimits[0].pageSize: must be a size such as" },
	{ PAGES("2M"), "linux.resources.hugepageLimits[0].pageSize: must be a size such as" },
	{ PAGES("MB"), "linux.resources.hugepageLimits[0].pageSize: must be a size such as" },
	{ PAGES("2MB/../x"), "linux.resources.hugepageLimits[0].pageSize: must be a size such as" },
	{ PAGES("2TB"), "linux.resources.hugepageLimits[0].pageSize: must be a size such as" },
	{ RES("'hugepageLimits':[{'pageSize':'2MB'}]"), "linux.resources.hugepageLimits[0].limit: is required" },
	{ RES("'hugepageLimits':[{'limit':1}]"), "linux.resources.hugepageLimits[0].pageSize: is required" },
	/* network */
	{ RES("'network':{'classID':4294967295,'priorities':[{'name':'eth0','priority':5}]}"), NULL },
	{ RES("'network':{'classID':4294967296}"), "linux.resources.network.classID: must be between 0 and 4294967295" },
	{ RES("'network':{'priorities':[{'name':'','priority':5}]}"), "linux.resources.network.priorities[0].name: must not be empty" },
	{ RES("'network':{'priorities':[{'priority':5}]}"), "linux.resources.network.priorities[0].name: is required" },
	{ RES("'network':{'priorities':[{'name':'a'}]}"), "linux.resources.network.priorities[0].priority: is required" },
	/* rdma, unified */
	{ RES("'rdma':{'mlx5_1':{'hcaHandles':3},'mlx4_0':{'hcaObjects':1}}"), NULL },
	{ RES("'rdma':{'mlx5_1':{}}"), "linux.resources.rdma.mlx5_1.hcaHandles: or hcaObjects is required" },
	{ RES("'rdma':{'':{'hcaHandles':3}}"), "linux.resources.rdma: has an empty key" },
	{ RES("'rdma':{'a':{'hcaHandles':-3}}"), "linux.resources.rdma.a.hcaHandles: must be between 0" },
	{ RES("'rdma':[]"), "linux.resources.rdma: must be an object" },
	{ RES("'unified':{'memory.high':'1','hugetlb.1GB.max':''}"), NULL },
	{ RES("'unified':{'a/b':'1'}"), "linux.resources.unified.a/b: must be the name of a file in the cgroup" },
	{ RES("'unified':{'..':'1'}"), "must be the name of a file in the cgroup" },
	{ RES("'unified':{'':'1'}"), "linux.resources.unified: has an empty key" },
	{ RES("'unified':{'memory.high':1}"), "linux.resources.unified.memory.high: must be a string" },
};

Test(spec_resources, are_read_or_refused_with_their_path)
{
	spec_run(cases, N_ELEMENTS(cases));
}

Test(spec_resources, everything_arrives)
{
	const struct resources *r = &spec_of(RES("'devices':[{'allow':false},{'allow':true,'type':'b','major':1,'minor':2,'access':'rm'}],"
		"'memory':{'limit':10,'reservation':11,'swap':12,'kernel':13,'kernelTCP':14,'swappiness':0,"
		"'disableOOMKiller':true,'useHierarchy':false,'checkBeforeUpdate':true},"
		"'cpu':{'shares':2,'quota':30,'period':4,'burst':5,'realtimeRuntime':6,'realtimePeriod':7,'cpus':'0-1','mems':'0','idle':1},"
		"'pids':{'limit':7},'blockIO':{'weight':10,'leafWeight':11,'weightDevice':[{'major':8,'minor':1,'weight':500}],"
		"'throttleWriteIOPSDevice':[{'major':8,'minor':2,'rate':18446744073709551615}]},"
		"'hugepageLimits':[{'pageSize':'2MB','limit':5}],'network':{'classID':6,'priorities':[{'name':'eth0','priority':7}]},"
		"'rdma':{'x':{'hcaObjects':8}},'unified':{'memory.high':'9'}"))->resources;

	cr_expect_eq(r->devices.n, 2);
	cr_expect(!r->devices.v[0].allow && r->devices.v[0].type == 'a' && r->devices.v[0].major == -1);
	cr_expect(r->devices.v[0].r && r->devices.v[0].w && r->devices.v[0].m);
	cr_expect(r->devices.v[1].allow && r->devices.v[1].type == 'b' && r->devices.v[1].minor == 2);
	cr_expect(r->devices.v[1].r && !r->devices.v[1].w && r->devices.v[1].m);
	cr_expect_eq(r->memory.limit.v, 10);
	cr_expect_eq(r->memory.reservation.v, 11);
	cr_expect_eq(r->memory.swap.v, 12);
	cr_expect_eq(r->memory.kernel.v, 13);
	cr_expect_eq(r->memory.kernel_tcp.v, 14);
	cr_expect(r->memory.swappiness.set && r->memory.swappiness.v == 0);
	cr_expect(r->memory.disable_oom_killer.set && r->memory.disable_oom_killer.v);
	cr_expect(r->memory.use_hierarchy.set && !r->memory.use_hierarchy.v);
	cr_expect(r->memory.check_before_update);
	cr_expect_eq(r->cpu.shares.v, 2);
	cr_expect_eq(r->cpu.quota.v, 30);
	cr_expect_eq(r->cpu.period.v, 4);
	cr_expect_eq(r->cpu.burst.v, 5);
	cr_expect_eq(r->cpu.realtime_runtime.v, 6);
	cr_expect_eq(r->cpu.realtime_period.v, 7);
	cr_expect_str_eq(r->cpu.cpus, "0-1");
	cr_expect_str_eq(r->cpu.mems, "0");
	cr_expect_eq(r->cpu.idle.v, 1);
	cr_expect_eq(r->pids_limit.v, 7);
	cr_expect_eq(r->blkio.weight.v, 10);
	cr_expect_eq(r->blkio.leaf_weight.v, 11);
	cr_expect(r->blkio.weight_devices.v[0].has_weight && !r->blkio.weight_devices.v[0].has_leaf);
	cr_expect_eq(r->blkio.weight_devices.v[0].weight, 500);
	cr_expect_eq(r->blkio.throttle[THROTTLE_WRITE_IOPS].v[0].rate, UINT64_MAX);
	cr_expect_eq(r->blkio.throttle[THROTTLE_READ_BPS].n, 0);
	cr_expect_str_eq(r->hugepages.v[0].page_size, "2MB");
	cr_expect_eq(r->hugepages.v[0].limit, 5);
	cr_expect_eq(r->network.class_id.v, 6);
	cr_expect_str_eq(r->network.priorities.v[0].name, "eth0");
	cr_expect_eq(r->network.priorities.v[0].priority, 7);
	cr_expect_str_eq(r->rdma.v[0].device, "x");
	cr_expect(!r->rdma.v[0].has_handles && r->rdma.v[0].has_objects && r->rdma.v[0].objects == 8);
	cr_expect_str_eq(r->unified.v[0].key, "memory.high");
}

Test(spec_resources, an_engines_zero_means_no_limit_asked)
{
	const struct resources *r = &spec_of(RES("'memory':{'limit':0,'reservation':0,'swap':0,'kernel':0,'kernelTCP':0},"
		"'cpu':{'shares':0,'quota':0,'period':0,'realtimeRuntime':0,'realtimePeriod':0},'blockIO':{'weight':0,'leafWeight':0}"))->resources;

	cr_expect_not(r->memory.limit.set);
	cr_expect_not(r->memory.reservation.set);
	cr_expect_not(r->memory.swap.set);
	cr_expect_not(r->memory.kernel.set);
	cr_expect_not(r->memory.kernel_tcp.set);
	cr_expect_not(r->cpu.shares.set);
	cr_expect_not(r->cpu.quota.set);
	cr_expect_not(r->cpu.period.set);
	cr_expect_not(r->cpu.realtime_runtime.set);
	cr_expect_not(r->cpu.realtime_period.set);
	cr_expect_not(r->blkio.weight.set);
	cr_expect_not(r->blkio.leaf_weight.set);
}

static const struct opt_i64 *pids_of(const char *version, const char *limit)
{
	static char text[256];

	snprintf(text, sizeof(text), "{'ociVersion':'%s','root':{'path':'rootfs'},'linux':{'resources':{'pids':{'limit':%s}}}}", version, limit);
	return &spec_of(text)->resources.pids_limit;
}

Test(spec_resources, a_pids_limit_of_0_is_one_since_1_3)
{
	static const char *const old[] = { "1.0.0", "1.0.2-dev", "1.2.1", "1.2.1+dev" }, *const now[] = { "1.3.0", "1.3.0-rc.1", "1.10.0" };

	for (size_t i = 0; i < N_ELEMENTS(old); i++) {
		cr_expect(!pids_of(old[i], "0")->set, "%s: 0 is none", old[i]);
		cr_expect(pids_of(old[i], "1")->set && pids_of(old[i], "-1")->set, "%s: another number is one", old[i]);
	}
	for (size_t i = 0; i < N_ELEMENTS(now); i++)
		cr_expect(pids_of(now[i], "0")->set && pids_of(now[i], "0")->v == 0, "%s: 0 tasks is a limit", now[i]);
}
