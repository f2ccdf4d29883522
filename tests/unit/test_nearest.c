/* SPDX-License-Identifier: Apache-2.0 */
#include "base/nearest.h"

#include <criterion/criterion.h>
#include <string.h>

static const char *of(const char *word)
{
	static const char *const known[] = { "start", "state", "run", "ps", "checkpoint", "systemd-cgroup", "root" };
	struct nearest n = nearest_to(word, strlen(word));

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		nearest_try(&n, known[i]);
	return n.best;
}

Test(nearest, a_slip_leads_to_the_word)
{
	cr_expect_str_eq(of("strat"), "start");
	cr_expect_str_eq(of("rot"), "root");
	cr_expect_str_eq(of("CHEKPOINT"), "checkpoint");
	cr_expect_str_eq(of("systemd_cgroups"), "systemd-cgroup");
}

Test(nearest, what_is_far_from_all_gets_none)
{
	cr_expect_null(of(""));
	cr_expect_null(of("x"));
	cr_expect_null(of("inspect"));
	cr_expect_null(of("zz"));
	cr_expect_null(of("a-word-that-is-longer-than-any-name-there-is"));
}
