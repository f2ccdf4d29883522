/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel/host.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/capname.h"
#include "base/fault.h"
#include "base/fd.h"
#include "base/str.h"
#include "kernel/cgroup.h"

#ifndef PR_GET_MDWE
#define PR_GET_MDWE 66		/* Linux 6.3 */
#endif

/* "6.1.0-13-amd64" */
static int kernel_version(struct facts *f, struct err *e)
{
	struct utsname u;

	if (uname(&u) < 0)
		return err_sys(e, "host: uname");
	if (sscanf(u.release, "%u.%u", &f->kernel_major, &f->kernel_minor) != 2)
		return err_set(e, EINVAL, "host: the kernel's release '%s' is not a version",
			       u.release);
	return 0;
}

/* Permitted and bounding: what this process could hand to a child. */
static int capabilities(struct facts *f, struct err *e)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { { 0 } };
	uint64_t permitted;

	if (syscall(SYS_capget, &header, data) < 0)
		return err_sys(e, "host: capget");
	permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
	for (int cap = 0; cap < CAP_COUNT; cap++) {
		if ((permitted & CAP_BIT(cap)) && prctl(PR_CAPBSET_READ, cap, 0, 0, 0) == 1)
			f->caps |= CAP_BIT(cap);
	}
	return 0;
}

/* The initial user namespace maps all ids to themselves in one line. No /proc: taken for a
 * namespace, the careful answer. */
bool host_in_user_namespace(void)
{
	char text[256];
	uint32_t inside, outside, count;

	if (fd_read_small(AT_FDCWD, "/proc/self/uid_map", text, sizeof(text)) < 0)
		return true;
	if (sscanf(text, "%" SCNu32 " %" SCNu32 " %" SCNu32, &inside, &outside, &count) != 3)
		return true;
	return inside != 0 || outside != 0 || count != UINT32_MAX;
}

static bool in_list(const char *list, const char *name)
{
	size_t len = strlen(name);

	for (const char *p = list; *p; p += strcspn(p, ","), p += *p == ',') {
		if (strcspn(p, ",") == len && strncmp(p, name, len) == 0)
			return true;
	}
	return false;
}

/* securityfs names what is active. Where it is not mounted, each one's own trace tells. */
static void security_modules(struct facts *f)
{
	char list[512], enabled[8];

	if (fd_read_small(AT_FDCWD, "/sys/kernel/security/lsm", list, sizeof(list)) > 0) {
		f->apparmor = in_list(list, "apparmor");
		f->selinux = in_list(list, "selinux");
	} else {
		f->apparmor = fd_read_small(AT_FDCWD, "/sys/module/apparmor/parameters/enabled",
					    enabled, sizeof(enabled)) > 0 &&
			      enabled[0] == 'Y';
		f->selinux = access("/sys/fs/selinux/enforce", F_OK) == 0;
	}
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	f->landlock_abi = (unsigned)fault_fact("landlock", abi > 0 ? (int)abi : 0);
}

/* A cgroup of v2 is made beside the caller's own when nobody says where. */
static bool cgroup_is_closed(const struct facts *f)
{
	auto_arena a = { 0 };
	struct cgroup cg;
	struct err ignored = { 0 };

	if (f->cgroup != CGROUP_V2 || (f->uid == 0 && !f->in_user_namespace))
		return false;
	if (cgroup_locate(&a, NULL, "x", &cg, &ignored) < 0 || cg.n == 0)
		return true;
	const char *slash = strrchr(cg.v[0].path, '/');
	const char *parent = arena_printf(&a, "%.*s", (int)(slash - cg.v[0].path), cg.v[0].path);
	return !parent || access(parent, W_OK) < 0;
}

/* Where the file is missing the kernel's own rule holds. */
static unsigned low_port_end(void)
{
	enum { LOW_PORT_END = 1024 };
	char text[16];
	uint32_t port;

	if (fd_read_small(AT_FDCWD, "/proc/sys/net/ipv4/ip_unprivileged_port_start", text, sizeof(text)) < 0 ||
	    sscanf(text, "%" SCNu32, &port) != 1)
		return LOW_PORT_END;
	return port;
}

static int limits(struct facts *f)
{
	for (int i = 0; i < (int)N_ELEMENTS(f->rlimits); i++) {
		struct rlimit l;
		if (getrlimit(i, &l) < 0)
			return -1;
		f->rlimits[i].soft = l.rlim_cur;
		f->rlimits[i].hard = l.rlim_max;
	}
	f->nofile_hard = f->rlimits[RLIMIT_NOFILE].hard;
	f->has_rlimits = true;
	return 0;
}

int host_facts(struct facts *out, struct err *e)
{
	struct facts f = { .uid = geteuid(), .cgroup = cgroup_detect() };
	int r = kernel_version(&f, e);

	if (r == 0)
		r = capabilities(&f, e);
	if (r < 0)
		return r;
	if (limits(&f) < 0)
		return err_sys(e, "host: getrlimit");
	f.in_user_namespace = host_in_user_namespace();
	f.cgroup_closed = cgroup_is_closed(&f);
	f.mdwe = fault_fact("mdwe", prctl(PR_GET_MDWE, 0, 0, 0, 0) >= 0) != 0;
	f.low_port_end = low_port_end();
	security_modules(&f);
	*out = f;
	return 0;
}
