/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "base/fault.h"
#include "base/fd.h"
#include "base/str.h"

int limits_oom_score(pid_t pid, int64_t score, struct err *e)
{
	char path[64], text[32];

	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", (int)pid);
	snprintf(text, sizeof(text), "%" PRId64, score);
	int r = fd_write_to(AT_FDCWD, path, text);
	return r < 0 ? err_code(e, -r, "process.oomScoreAdj: write %s to %s", text, path) : 0;
}

int limits_sysctl_path(const char *key, char out[PATH_MAX])
{
	size_t n = strlen(key);

	if (n == 0 || n >= PATH_MAX || key[0] == '.' || key[0] == '/' || strstr(key, ".."))
		return -EINVAL;
	bool slashes = strchr(key, '/') && (!strchr(key, '.') || strchr(key, '/') < strchr(key, '.'));
	for (size_t i = 0; i <= n; i++) {
		char c = key[i];
		if (!slashes && (c == '.' || c == '/'))
			c = c == '.' ? '/' : '.';
		out[i] = c;
	}
	return 0;
}

int limits_sysctls(const struct key_values *kv, struct err *e)
{
	if (!kv->n)
		return 0;
	auto_fd int sys = open("/proc/sys", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (sys < 0)
		return err_sys(e, "open /proc/sys");
	for (size_t i = 0; i < kv->n; i++) {
		char path[PATH_MAX];
		if (fault_skip("sysctl %s", kv->v[i].key))
			continue;
		if (limits_sysctl_path(kv->v[i].key, path) < 0)
			return err_set(e, EINVAL, "linux.sysctl: \"%s\" is not a sysctl name", kv->v[i].key);
		int r = fd_write_to(sys, path, kv->v[i].value);
		if (r < 0)
			return err_code(e, -r, "linux.sysctl: set %s to \"%s\"", kv->v[i].key, kv->v[i].value);
	}
	return 0;
}

int limits_cpus(const char *list, const char *what, struct err *e)
{
	enum { CPUS_MAX = 65536 }; /* far above any NR_CPUS */
	uint64_t bits[CPUS_MAX / 64];

	if (!list)
		return 0;
	int r = str_bits(list, bits, CPUS_MAX);
	if (r < 0)
		return err_code(e, -r, "%s: \"%.64s\" is no list of CPUs", what, list);
	if (sched_setaffinity(0, sizeof(bits), (const cpu_set_t *)bits) < 0)
		return err_sys(e, "%s: run on CPUs %.64s (none of them is there, or allowed by the cpuset)", what, list);
	return 0;
}
