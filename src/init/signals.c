/* SPDX-License-Identifier: Apache-2.0 */
#include <stdbool.h>
#include <string.h>

#include "init/fault.h"
#include "init/raw.h"
#include "init/signals.h"

static const char signal_names[][8] = {
	[SIGHUP] = "HUP",     [SIGINT] = "INT",	      [SIGQUIT] = "QUIT",   [SIGILL] = "ILL",	[SIGTRAP] = "TRAP",
	[SIGABRT] = "ABRT",   [SIGBUS] = "BUS",	      [SIGFPE] = "FPE",	    [SIGKILL] = "KILL", [SIGUSR1] = "USR1",
	[SIGSEGV] = "SEGV",   [SIGUSR2] = "USR2",     [SIGPIPE] = "PIPE",   [SIGALRM] = "ALRM", [SIGTERM] = "TERM",
	[SIGSTKFLT] = "STKFLT", [SIGCHLD] = "CHLD",   [SIGCONT] = "CONT",   [SIGSTOP] = "STOP", [SIGTSTP] = "TSTP",
	[SIGTTIN] = "TTIN",   [SIGTTOU] = "TTOU",     [SIGURG] = "URG",	    [SIGXCPU] = "XCPU", [SIGXFSZ] = "XFSZ",
	[SIGVTALRM] = "VTALRM", [SIGPROF] = "PROF",   [SIGWINCH] = "WINCH", [SIGIO] = "IO",	[SIGPWR] = "PWR",
	[SIGSYS] = "SYS",
};
enum { N_NAMES = sizeof(signal_names) / sizeof(signal_names[0]) };

void signals_block(uint64_t *old)
{
	(void)raw_sigmask(SIG_BLOCK, UINT64_MAX, old);	/* cannot fail: the arguments are right */
}

void signals_reset(uint64_t mask)
{
	for (int sig = 1; sig <= RAW_SIG_MAX; sig++)
		if (sig != SIGKILL && sig != SIGSTOP)
			(void)raw_sigdisposition(sig, 0);	/* likewise */
	(void)raw_sigmask(SIG_SETMASK, mask, NULL);
}

int64_t signals_now(void)
{
	struct timespec now = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int signals_next(uint64_t set, int64_t ms)
{
	int64_t until = ms < 0 ? 0 : signals_now() + ms;

	for (;;) {
		struct timespec left = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
		int sig = raw_sigtimedwait(set, NULL, ms < 0 ? NULL : &left);

		if (sig > 0)
			return sig;
		if (errno != EINTR)	/* EINTR: stopped and continued */
			return 0;
		if (ms >= 0 && (ms = until - signals_now()) < 0)
			ms = 0;
	}
}

static char upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static bool same(const char *text, size_t len, const char *name)
{
	for (; len && *name; len--)
		if (upper(*text++) != *name++)
			return false;
	return !len && !*name;
}

static int number(const char *text, size_t len)
{
	int n = 0;

	if (!len || len > 2)
		return -EINVAL;
	for (; len; len--, text++) {
		if (*text < '0' || *text > '9')
			return -EINVAL;
		n = n * 10 + (*text - '0');
	}
	return n <= RAW_SIG_MAX ? n : -EINVAL;
}

static int realtime(const char *text, size_t len)
{
	int n = 0, base = same(text, 5, "RTMIN") ? SIGNAL_FIRST_RT : SIGNAL_MAX;
	char sign = base == SIGNAL_MAX ? '-' : '+';

	if (base == SIGNAL_MAX && !same(text, 5, "RTMAX"))
		return -EINVAL;
	if (len > 5) {
		n = text[5] == sign ? number(text + 6, len - 6) : -EINVAL;
		if (n < 0 || n > SIGNAL_MAX - SIGNAL_FIRST_RT)
			return -EINVAL;
	}
	return sign == '+' ? base + n : base - n;
}

int signals_number(const char *name, size_t len)
{
	if (len > 3 && same(name, 3, "SIG")) {
		name += 3;
		len -= 3;
	} else {
		int n = number(name, len);
		if (n >= 0)
			return n;
	}
	for (int sig = 1; sig < N_NAMES; sig++)
		if (same(name, len, signal_names[sig]))
			return sig;
	return len >= 5 ? realtime(name, len) : -EINVAL;
}

const char *signals_name(int sig, char *out)
{
	if (sig > 0 && sig < N_NAMES)
		fault_format(out, SIGNAL_NAME, "SIG%s", signal_names[sig]);
	else if (sig >= SIGNAL_FIRST_RT)
		fault_format(out, SIGNAL_NAME, "SIGRTMIN+%d", sig - SIGNAL_FIRST_RT);
	else
		fault_format(out, SIGNAL_NAME, "signal %d", sig);
	return out;
}
