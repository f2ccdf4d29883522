/* SPDX-License-Identifier: Apache-2.0 */
#include "base/helper.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/sys.h"

#ifndef CAISSON_LIBEXECDIR
#define CAISSON_LIBEXECDIR "/usr/local/libexec/caisson"
#endif

enum { FDS_MAX = 8 };

int helper_find(const char *name, const char *missing, char out[PATH_MAX], struct err *e)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash = n > 0 ? memrchr(self, '/', (size_t)n) : NULL;

	if (slash) {
		*slash = '\0';
		n = snprintf(out, PATH_MAX, "%s/%s", self, name);
		if (n < PATH_MAX && access(out, X_OK) == 0)
			return 0;
	}
	n = snprintf(out, PATH_MAX, "%s/%s", CAISSON_LIBEXECDIR, name);
	if (n < PATH_MAX && access(out, X_OK) == 0)
		return 0;
	return err_sys(e, "%s %s", out, missing);
}

_Noreturn void helper_exec(const char *path, const char *arg, const int *fds, unsigned n)
{
	char env_path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin", arg0[PATH_MAX], arg1[64];
	char *argv[] = { arg0, arg ? arg1 : NULL, NULL }, *env[] = { env_path, NULL };
	int high[FDS_MAX];
	sigset_t none;

	(void)snprintf(arg0, sizeof(arg0), "%s", path);
	(void)snprintf(arg1, sizeof(arg1), "%s", arg ? arg : "");
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	/* From beyond the targets: none of the dup2 calls overwrites the next one's source. */
	for (unsigned i = 0; i < n && i < FDS_MAX; i++)
		high[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, FDS_MAX);
	for (unsigned i = 0; i < n && i < FDS_MAX; i++)
		if (dup2(high[i], (int)i) < 0)
			_exit(126);
	if (sys_close_range(n, ~0U, 0) < 0)
		_exit(126);
	(void)execve(path, argv, env);
	_exit(127);
}
