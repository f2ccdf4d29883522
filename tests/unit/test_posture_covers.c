/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever explain names, posture reads back or says why not: for the reasons of random containers under random profiles. */
#include <criterion/criterion.h>
#include <string.h>

#include "container/posture_covers.h"
#include "policy/resolve.h"
#include "random_case.h"
#include "random_profile.h"

Test(posture_covers, every_control_of_explain_has_a_line_or_a_reason_why_not)
{
	uint64_t r = UINT64_C(0x2545f4914f6cdd1d);
	auto_case c = { .plan = NULL };
	size_t looked = 0;

	for (int i = 0; i < 20000; i++) {
		struct profile p;
		const struct policy_choice choice = { .name = "x", .from = "test", .floor = "x", .floor_from = "test", .enforced = &p, .full = &p };

		random_case_again(&c, &r);
		random_profile(&p, &r, &c.arena);
		c.request.choice = below(&r, 4) ? &choice : NULL;
		c.request.cap_add = 0;
		if (case_merge(&c) == 0) {
			for (size_t k = 0; k < c.plan->reasons.n; k++, looked++)
				cr_assert_not_null(posture_cover_of(c.plan->reasons.v[k].control),
						   "\"%s\": say in container/posture_covers.c how it is read back", c.plan->reasons.v[k].control);
		}
		c.request.choice = NULL;
	}
	cr_expect_gt(looked, 10000);
}

Test(posture_covers, what_nobody_spoke_of_has_none)
{
	cr_expect_null(posture_cover_of("teleporters"));
	cr_expect_null(posture_cover_of(""));
	cr_assert_not_null(posture_cover_of("user"));
	cr_expect_not_null(posture_cover_of("user")->line);
	cr_assert_not_null(posture_cover_of("launch check L13"));
	cr_expect_not_null(posture_cover_of("launch check L13")->why);
}
