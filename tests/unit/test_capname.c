/* SPDX-License-Identifier: Apache-2.0 */
#include "base/capname.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <linux/capability.h>
#include <string.h>

static const struct { const char *name; int cap; } names[] = {
	{ "CAP_CHOWN", CAP_CHOWN }, { "chown", CAP_CHOWN }, { "cap_chown", CAP_CHOWN }, { "Cap_Net_Raw", CAP_NET_RAW },
	{ "SYS_ADMIN", CAP_SYS_ADMIN }, { "CAP_SETPCAP", CAP_SETPCAP }, { "CAP_MAC_ADMIN", CAP_MAC_ADMIN },
	{ "CAP_PERFMON", 38 }, { "CAP_BPF", 39 }, { "CAP_CHECKPOINT_RESTORE", 40 }, { "CAP_", -EINVAL }, { "", -EINVAL },
	{ "CAP_CHOW", -EINVAL }, { "CHOWNX", -EINVAL }, { "CAP_CAP_CHOWN", -EINVAL }, { " CHOWN", -EINVAL },
	{ "ALL", -EINVAL },
};

Test(capname, is_found_in_any_case_with_or_without_prefix)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		cr_expect_eq(capname_find(names[i].name, strlen(names[i].name)), names[i].cap, "%s", names[i].name);
}

Test(capname, looks_at_no_more_than_len_bytes)
{
	cr_expect_eq(capname_find("CHOWN,KILL", 5), CAP_CHOWN);
	cr_expect_eq(capname_find("CHOWN", 4), -EINVAL);
}

Test(capname, every_number_has_a_name_that_leads_back)
{
	for (int i = 0; i < CAP_COUNT; i++)
		cr_expect_eq(capname_find(capname_of(i), strlen(capname_of(i))), i);
	cr_expect_null(capname_of(-1));
	cr_expect_null(capname_of(CAP_COUNT));
}

Test(capname, a_slip_gets_a_suggestion)
{
	cr_expect_str_eq(capname_nearest("CAP_NET_BIND_SERVICES", 21), "NET_BIND_SERVICE");
	cr_expect_str_eq(capname_nearest("chwon", 5), "CHOWN");
	cr_expect_str_eq(capname_nearest("SYSADMIN", 8), "SYS_ADMIN");
	cr_expect_null(capname_nearest("completely_different", 20));
	cr_expect_null(capname_nearest("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 57));
}

Test(capname, lists_in_number_order)
{
	char out[64], all[1024], little[8];

	capname_list(CAP_BIT(CAP_SETUID) | CAP_BIT(CAP_CHOWN), out, sizeof(out));
	cr_expect_str_eq(out, "CHOWN SETUID");
	capname_list(0, out, sizeof(out));
	cr_expect_str_eq(out, "none");
	capname_list(CAP_MASK_ALL, all, sizeof(all));
	cr_expect(strstr(all, "CHECKPOINT_RESTORE"));
	capname_list(CAP_MASK_ALL, little, sizeof(little));
	cr_expect_lt(strnlen(little, sizeof(little)), sizeof(little));
}
