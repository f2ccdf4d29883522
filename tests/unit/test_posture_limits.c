/* SPDX-License-Identifier: Apache-2.0 */
/* What cgroup files and the peers of mounts must say. */
#include <criterion/criterion.h>
#include <string.h>
#include <sys/mount.h>

#include "container/posture_parts.h"

Test(posture_limits, a_file_holds_what_was_written_to_it_or_it_does_not)
{
	static const struct { const char *file, *want, *live; bool holds; } cases[] = {
		{ "memory.low", "1048576", "1048576", true },
		{ "memory.low", "1048577", "1048576", true }, /* whole pages */
		{ "memory.low", "1048576", "2097152", false },
		{ "memory.low", "1048576", "0", false },
		{ "memory.low", "max", "9223372036854771712", true },
		{ "memory.soft_limit_in_bytes", "-1", "9223372036854771712", true },
		{ "memory.swappiness", "60", "60", true },
		{ "memory.swappiness", "60", "10", false }, /* no amount of bytes, but so near that it would pass for one */
		{ "memory.oom_control", "1", "oom_kill_disable 1\nunder_oom 0\noom_kill 0", true },
		{ "memory.oom_control", "1", "oom_kill_disable 0\nunder_oom 1\noom_kill 0", false },
		{ "memory.oom.group", "1", "1", true },
		{ "memory.oom.group", "1", "0", false },
		{ "hugetlb.2MB.limit_in_bytes", "3145728", "2097152", true },
		{ "hugetlb.2MB.limit_in_bytes", "3145728", "4194304", false },
		{ "hugetlb.2MB.max", "3145728", "max", false },
		{ "cpu.max.burst", "1000", "1000", true },
		{ "cpu.max.burst", "1000", "0", false },
		{ "cpu.idle", "1", "0", false },
		{ "cpu.max", "50000", "50000 100000", true },
		{ "cpu.max", "50000 90000", "50000 100000", false },
		{ "io.weight", "100", "default 100\n8:0 300", true },
		{ "io.weight", "300", "default 100\n8:0 300", false },
		{ "io.weight", "8:0 300", "default 100\n8:0 300", true },
		{ "io.weight", "8:0 300", "default 300\n8:16 300", false },
		{ "io.max", "8:0 rbps=1024", "8:0 rbps=1024 wbps=max riops=max wiops=max", true },
		{ "io.max", "8:0 rbps=1024", "8:0 rbps=max wbps=1024 riops=max wiops=max", false },
		{ "io.max", "8:0 rbps=1024", "", false },
		{ "io.max", "8:0 rbps=max", "", true },
		{ "blkio.throttle.read_bps_device", "8:0 0", "", true },
		{ "blkio.throttle.read_bps_device", "8:0 1024", "8:0 1024", true },
		{ "blkio.throttle.read_bps_device", "8:0 1024", "8:16 1024", false },
		{ "net_prio.ifpriomap", "eth0 5", "lo 0\neth0 5", true },
		{ "net_prio.ifpriomap", "eth0 5", "lo 5\neth0 0", false },
		{ "net_cls.classid", "1048577", "1048577", true },
		{ "rdma.max", "mlx5_0 hca_handle=2", "mlx5_0 hca_handle=2 hca_object=max", true },
		{ "rdma.max", "mlx5_0 hca_handle=2", "mlx5_0 hca_handle=max hca_object=2", false },
		{ "cpuset.cpus", "0,1", "0-1", true },
		{ "cpuset.cpus", "0", "0-1", false },
		{ "pids.max", "max", "max", true },
		{ "pids.max", "5", "max", false },
	};

	for (size_t i = 0; i < N_ELEMENTS(cases); i++)
		cr_expect_eq(posture_limit_holds(cases[i].file, cases[i].want, cases[i].live), cases[i].holds, "%s: '%s' and '%s'",
			     cases[i].file, cases[i].want, cases[i].live);
}

Test(posture_limits, mounts_are_carried_over_only_as_planned)
{
	static const char host[] = "22 1 0:21 / / rw shared:1 - ext4 /dev/vda rw\n30 22 0:30 / /srv rw shared:12 master:3 - tmpfs x rw\n";
	static const struct { unsigned long asked; const char *tags, *host, *says; } cases[] = {
		{ 0, "", NULL, NULL },
		{ 0, "master:1", NULL, NULL },
		{ 0, "shared:12", NULL, "shared" },
		{ 0, "shared:12", host, "shared" },
		{ 0, "shared:2", host, NULL }, /* of the program's own making */
		{ 0, "shared:121 master:12", host, NULL },
		{ MS_SLAVE | MS_REC, "master:1", NULL, NULL },
		{ MS_SLAVE, "shared:1 master:1", host, "shared" },
		{ MS_PRIVATE, "", NULL, NULL },
		{ MS_PRIVATE | MS_REC, "master:1", NULL, "gets mounts of the host" },
		{ MS_UNBINDABLE, "unbindable", NULL, NULL },
		{ MS_UNBINDABLE, "", NULL, "may be bound" },
		{ MS_SHARED, "shared:5", NULL, NULL },
		{ MS_SHARED, "", NULL, "not shared" },
	};

	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		const char *says = posture_spread_fault(cases[i].asked, cases[i].tags, cases[i].host);
		cr_expect(says == cases[i].says || (says && cases[i].says && strcmp(says, cases[i].says) == 0), "case %zu: %s", i,
			  says ? says : "fine");
	}
}
