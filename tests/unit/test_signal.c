/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>

#include "cli/cli.h"

static const struct { const char *word; int want; } cases[] = {
	{ "TERM", SIGTERM }, { "term", SIGTERM }, { "SIGTERM", SIGTERM }, { "sigTerm", SIGTERM }, { "9", 9 }, { "0", 0 },
	{ "64", 64 }, { "KILL", SIGKILL }, { "SIGWINCH", SIGWINCH }, { "IOT", SIGABRT }, { "RTMIN", 34 }, { "SIGRTMIN+3", 37 },
	{ "rtmax-14", 50 }, { "RTMAX", 64 }, { "65", -EINVAL }, { "-1", -EINVAL }, { "", -EINVAL }, { "SIG", -EINVAL },
	{ "TERMX", -EINVAL }, { "9x", -EINVAL }, { "RTMIN+31", -EINVAL }, { "RTMIN-1", -EINVAL }, { "RTMIN+", -EINVAL },
	{ "SIGSIGTERM", -EINVAL }, { "SIG9", -EINVAL },
};

Test(signal, names_and_numbers_are_read_or_refused)
{
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct err e = { 0 };

		cr_expect_eq(cli_signal(cases[i].word, &e), cases[i].want, "case \"%s\": %s", cases[i].word, e.text);
	}
}
