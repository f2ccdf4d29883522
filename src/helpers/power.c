/* SPDX-License-Identifier: Apache-2.0 */
#include "helpers/power.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/str.h"

#ifdef __SANITIZE_ADDRESS__
#define BOUNDED(memory) RLIM_INFINITY
#else
#define BOUNDED(memory) (memory)
#endif

int helper_drop_power(uint64_t memory, uint64_t caps, struct err *e)
{
	const struct { int resource; rlim_t limit; } limits[] = {
		{ RLIMIT_AS, BOUNDED(memory) },
		{ RLIMIT_CORE, 0 },
		{ RLIMIT_NOFILE, 64 },
	};
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { { 0 } };

	(void)memory; /* under the sanitizer */
	for (size_t i = 0; i < N_ELEMENTS(limits); i++)
		if (setrlimit(limits[i].resource, &(struct rlimit){ limits[i].limit, limits[i].limit }) < 0)
			return err_sys(e, "set a limit");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_sys(e, "set no_new_privs");
	if (syscall(SYS_capget, &head, data) < 0)
		return err_sys(e, "capget");
	for (size_t i = 0; i < N_ELEMENTS(data); i++) {
		data[i].permitted &= (uint32_t)(caps >> (32 * i));
		data[i].effective = data[i].permitted;
		data[i].inheritable = 0;
	}
	return syscall(SYS_capset, &head, data) < 0 ? err_sys(e, "drop capabilities") : 0;
}
