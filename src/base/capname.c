/* SPDX-License-Identifier: Apache-2.0 */
#include "base/capname.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/nearest.h"

static const char *const names[CAP_COUNT] = {
	"CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP",
	"LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER",
	"SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE",
	"SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD", "LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP",
	"MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF",
	"CHECKPOINT_RESTORE",
};

static void skip_prefix(const char **s, size_t *len)
{
	if (*len > 4 && strncasecmp(*s, "CAP_", 4) == 0) {
		*s += 4;
		*len -= 4;
	}
}

int capname_find(const char *s, size_t len)
{
	skip_prefix(&s, &len);
	for (int i = 0; i < CAP_COUNT; i++)
		if (strlen(names[i]) == len && strncasecmp(names[i], s, len) == 0)
			return i;
	return -EINVAL;
}

const char *capname_of(int cap)
{
	return cap >= 0 && cap < CAP_COUNT ? names[cap] : NULL;
}

const char *capname_nearest(const char *s, size_t len)
{
	skip_prefix(&s, &len);
	struct nearest n = nearest_to(s, len);
	for (int i = 0; i < CAP_COUNT; i++)
		nearest_try(&n, names[i]);
	return n.best;
}

void capname_list(uint64_t set, char *out, size_t size)
{
	size_t at = 0;

	if (!size)
		return;
	out[0] = '\0';
	for (int i = 0; i < CAP_COUNT; i++) {
		if (!(set & CAP_BIT(i)))
			continue;
		int n = snprintf(out + at, size - at, "%s%s", at ? " " : "", names[i]);
		if (n < 0 || (size_t)n >= size - at)
			return;
		at += (size_t)n;
	}
	if (!at)
		snprintf(out, size, "none");
}
