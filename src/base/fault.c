/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fault.h"

#ifdef CAISSON_FAULT_INJECTION
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"

static void log_step(const char *variable, const char *step)
{
	const char *path = getenv(variable);
	char line[128];

	if (!path)
		return;
	auto_fd int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	int n = snprintf(line, sizeof(line), "%s\n", step);
	if (fd >= 0)
		(void)fd_write_all(fd, line, (size_t)n); /* a test's aid only */
}

int fault_here(const char *step, struct err *e)
{
	const char *want = getenv("CAISSON_FAULT");

	log_step("CAISSON_FAULT_LOG", step);
	if (!want)
		return 0;
	if (strncmp(want, "kill:", 5) == 0 && strcmp(want + 5, step) == 0) {
		raise(SIGKILL);
		_exit(128 + SIGKILL); /* the first process of a pid namespace is deaf to its own */
	}
	if (strncmp(want, "mute:", 5) == 0 && strcmp(want + 5, step) == 0)
		return -EIO;
	if (strcmp(want, step) != 0)
		return 0;
	return err_set(e, EIO, "%s: made to fail by CAISSON_FAULT", step);
}

static bool is_listed(const char *list, const char *name)
{
	size_t n = strlen(name);

	for (const char *at = list; at; at = strchr(at, ',')) {
		at += *at == ',';
		if (strncmp(at, name, n) == 0 && (at[n] == ',' || at[n] == 0))
			return true;
	}
	return false;
}

bool fault_skip(const char *fmt, ...)
{
	char name[128];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(name, sizeof(name), fmt, ap);
	va_end(ap);
	log_step("CAISSON_SKIP_LOG", name);
	return is_listed(getenv("CAISSON_SKIP"), name);
}

char *fault_skip_variable(void)
{
	for (char **at = environ; *at; at++)
		if (strncmp(*at, "CAISSON_SKIP=", strlen("CAISSON_SKIP=")) == 0)
			return *at;
	return NULL;
}

int fault_deadline(int ms)
{
	const char *want = getenv("CAISSON_DEADLINE");
	uint32_t most;

	return want && str_u32(want, &most) == 0 && most < (uint32_t)ms ? (int)most : ms; /* also the negative ones, which are no less */
}

int fault_fact(const char *name, int real)
{
	size_t n = strlen(name);

	for (const char *at = getenv("CAISSON_FACTS"); at; at = strchr(at, ',')) {
		at += *at == ',';
		if (strncmp(at, name, n) == 0 && at[n] == '=')
			return (int)strtol(at + n + 1, NULL, 10);
	}
	return real;
}
#else
/* ISO C wants something in every file. */
extern int fault_injection_is_off;
#endif
