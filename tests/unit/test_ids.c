/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "policy/ids.h"

Test(ids, what_no_line_of_the_map_holds_is_refused_with_the_map)
{
	static const struct id_map uids[] = { { 0, 100000, 1000 }, { 4294967000, 300000, 295 } };
	static const struct id_map gids[] = { { 5, 100000, 1 }, { 7, 200000, 1 }, { 10, 1, 2 }, { 20, 3, 4 }, { 30, 9, 1 } };
	static const struct { uint32_t uid, gid, group; enum ns_mode mode; const char *says; } cases[] = {
		{ 0, 5, 7, NS_NEW, NULL },
		{ 999, 11, 23, NS_NEW, NULL },
		{ 4294967294, 30, 5, NS_NEW, NULL },
		{ 1000, 5, 5, NS_NEW, "process.user.uid: 1000 has no mapping in the container's user namespace: linux.uidMappings "
				      "holds 0 to 999, 4294967000 to 4294967294" },
		{ 0, 6, 5, NS_NEW, "process.user.gid: 6 has no mapping" },
		{ 0, 5, 12, NS_NEW, "process.user.additionalGids[1]: 12 has no mapping" },
		{ 0, 5, 12, NS_NEW, "20 to 23 and 1 more ranges" },
		{ 1000, 6, 12, NS_INHERIT, NULL },
		{ 1000, 6, 12, NS_JOIN, NULL },
	};

	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		const uint32_t groups[] = { 5, cases[i].group };
		struct plan p = { .uid_map = { N_ELEMENTS(uids), uids }, .gid_map = { N_ELEMENTS(gids), gids } };
		struct err e = { 0 };

		p.ns[NS_USER].mode = cases[i].mode;
		p.process = (struct process){ .uid = cases[i].uid, .gid = cases[i].gid, .groups = { 2, groups } };
		cr_expect_eq(ids_check(&p, &p.process, &e), cases[i].says ? -EINVAL : 0, "case %zu: %s", i, e.text);
		if (cases[i].says)
			cr_expect(strstr(e.text, cases[i].says), "case %zu said: %s", i, e.text);
	}
}
