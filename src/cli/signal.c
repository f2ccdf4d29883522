/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "cli/cli.h"

/* What libc's SIGRTMIN hides: the numbers as the kernel and everybody's STOPSIGNAL mean them. */
enum { RT_MIN = 34, RT_MAX = 64 };

static const struct {
	const char *name;
	int number;
} signal_names[] = {
	{ "ABRT", SIGABRT }, { "ALRM", SIGALRM }, { "BUS", SIGBUS },       { "CHLD", SIGCHLD },
	{ "CLD", SIGCHLD },  { "CONT", SIGCONT }, { "FPE", SIGFPE },       { "HUP", SIGHUP },
	{ "ILL", SIGILL },   { "INT", SIGINT },   { "IO", SIGIO },         { "IOT", SIGABRT },
	{ "KILL", SIGKILL }, { "PIPE", SIGPIPE }, { "POLL", SIGIO },       { "PROF", SIGPROF },
	{ "PWR", SIGPWR },   { "QUIT", SIGQUIT }, { "SEGV", SIGSEGV },     { "STKFLT", 16 },
	{ "STOP", SIGSTOP }, { "SYS", SIGSYS },   { "TERM", SIGTERM },     { "TRAP", SIGTRAP },
	{ "TSTP", SIGTSTP }, { "TTIN", SIGTTIN }, { "TTOU", SIGTTOU },     { "URG", SIGURG },
	{ "USR1", SIGUSR1 }, { "USR2", SIGUSR2 }, { "VTALRM", SIGVTALRM }, { "WINCH", SIGWINCH },
	{ "XCPU", SIGXCPU }, { "XFSZ", SIGXFSZ },
};

/* "RTMIN", "RTMIN+3", "RTMAX-2" */
static int realtime_signal(const char *name)
{
	int base = strncasecmp(name, "RTMIN", 5) == 0   ? RT_MIN
		   : strncasecmp(name, "RTMAX", 5) == 0 ? RT_MAX
							: -1;
	uint32_t n;

	if (base < 0)
		return -EINVAL;
	if (name[5] == '\0')
		return base;
	if (name[5] != (base == RT_MIN ? '+' : '-') || str_u32(name + 6, &n) < 0 ||
	    n > RT_MAX - RT_MIN)
		return -EINVAL;
	return base == RT_MIN ? base + (int)n : base - (int)n;
}

int cli_signal(const char *word, struct err *e)
{
	const char *name = strncasecmp(word, "SIG", 3) == 0 ? word + 3 : word;
	uint32_t n;
	int sig;

	if (str_u32(word, &n) == 0 && n <= RT_MAX)
		return (int)n;
	for (size_t i = 0; i < N_ELEMENTS(signal_names); i++)
		if (strcasecmp(name, signal_names[i].name) == 0)
			return signal_names[i].number;
	sig = realtime_signal(name);
	if (sig >= 0)
		return sig;
	return err_set(
		e, EINVAL,
		"unknown signal \"%s\": a number from 0 to %d, or a name such as TERM or RTMIN+3",
		word, RT_MAX);
}

const char *cli_signal_name(int sig, char buf[CLI_SIGNAL_NAME])
{
	const char *name = NULL;

	for (size_t i = 0; !name && i < N_ELEMENTS(signal_names); i++)
		if (signal_names[i].number == sig)
			name = signal_names[i].name;
	if (name)
		(void)snprintf(buf, CLI_SIGNAL_NAME, "SIG%s", name);
	else if (sig >= RT_MIN)
		(void)snprintf(buf, CLI_SIGNAL_NAME, "SIGRTMIN+%d", sig - RT_MIN);
	else
		(void)snprintf(buf, CLI_SIGNAL_NAME, "%d", sig);
	return buf;
}
