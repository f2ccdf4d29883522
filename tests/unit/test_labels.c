/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <string.h>

#include "base/capname.h"
#include "policy/labels.h"

#define SC "security.capabilities"
#define IO "io.containers.capabilities"

/* Values of one label; "=" in front of `caps` would be noise: "" is the empty set, "ALL" everything. */
static const struct { const char *value, *caps, *warns; } cases[] = {
	{ "NET_BIND_SERVICE,CHOWN", "CHOWN NET_BIND_SERVICE", NULL },
	{ "cap_chown+Cap_Setuid setgid\tkill\nSETPCAP", "CHOWN KILL SETGID SETUID SETPCAP", NULL },
	{ "CHOWN,CHOWN,,CHOWN", "CHOWN", NULL },
	{ "", "none", NULL },
	{ "   ", "none", NULL },
	{ "none", "none", NULL },
	{ "NONE", "none", NULL },
	{ "drop-all", "none", NULL },
	{ "drop_all", "none", NULL },
	{ "ALL", "ALL", "\"all\" narrows nothing" },
	{ "NET_BIND_SERVCE", "none", "unknown capability \"NET_BIND_SERVCE\" counts for nothing; did you mean NET_BIND_SERVICE?" },
	{ "CHOWN,WHATEVER_THIS_IS", "CHOWN", "unknown capability \"WHATEVER_THIS_IS\"" },
	{ "CHOWN\x1b[2J", "none", "CHOWN?[2J" },
	{ "CHOWN;SETUID", "none", "unknown capability" },
	{ "-CHOWN", "none", "unknown capability" },
	{ "~CHOWN", "none", "unknown capability" },
	{ "41", "none", "unknown capability" },
};

static uint64_t set_of(const char *list)
{
	uint64_t set = 0;

	if (strcmp(list, "ALL") == 0)
		return CAP_MASK_ALL;
	if (strcmp(list, "none") == 0)
		return 0;
	for (; *list; list += strspn(list, " ")) {
		size_t n = strcspn(list, " ");
		set |= CAP_BIT(capname_find(list, n));
		list += n;
	}
	return set;
}

static bool warns(const struct label_caps *l, const char *text)
{
	for (size_t i = 0; i < l->warnings.n; i++)
		if (strstr(l->warnings.v[i], text))
			return true;
	return false;
}

Test(labels, each_value_gives_its_set)
{
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct key_value kv[] = { { "other", "ALL" }, { SC, cases[i].value } };
		struct key_values list = { 2, kv };
		struct label_caps l = { 0 };
		auto_arena a = { 0 };
		struct err e = { 0 };

		cr_assert_eq(labels_meet(&a, &list, "annotation", &l, &e), 0, "case %zu: %s", i, e.text);
		cr_expect(l.found, "case %zu", i);
		cr_expect_eq(l.caps, set_of(cases[i].caps), "case %zu: %llx", i, (unsigned long long)l.caps);
		cr_expect_str_eq(l.from, "annotation " SC);
		if (cases[i].warns)
			cr_expect(warns(&l, cases[i].warns), "case %zu: %s", i, l.warnings.n ? l.warnings.v[0] : "-");
		else
			cr_expect_eq(l.warnings.n, 0, "case %zu: %s", i, l.warnings.n ? l.warnings.v[0] : "");
	}
}

Test(labels, no_label_is_not_the_empty_set)
{
	struct key_value kv[] = { { "security.capabilitie", "CHOWN" }, { "Security.Capabilities", "CHOWN" } };
	struct key_values list = { 2, kv };
	struct label_caps l = { 0 };
	auto_arena a = { 0 };
	struct err e = { 0 };

	cr_assert_eq(labels_meet(&a, &list, "annotation", &l, &e), 0);
	cr_expect(!l.found);
	cr_expect_null(l.from);
}

Test(labels, all_sources_and_both_names_are_intersected)
{
	struct key_value first[] = { { SC, "CHOWN,SETUID,KILL" }, { IO, "CHOWN,SETUID" } };
	struct key_value second[] = { { SC, "SETUID,SYS_ADMIN" } };
	struct key_values one = { 2, first }, two = { 1, second };
	struct label_caps l = { 0 };
	auto_arena a = { 0 };
	struct err e = { 0 };

	cr_assert_eq(labels_meet(&a, &one, "annotation", &l, &e), 0);
	cr_expect_eq(l.caps, set_of("CHOWN SETUID"));
	cr_assert_eq(labels_meet(&a, &two, "image label", &l, &e), 0);
	cr_expect_eq(l.caps, set_of("SETUID"));
	cr_expect_str_eq(l.from, "annotation " SC ", annotation " IO ", image label " SC);
}

Test(labels, a_second_source_cannot_replace_the_first_by_all)
{
	struct key_value kv[] = { { SC, "none" }, { IO, "ALL" } };
	struct key_values list = { 2, kv };
	struct label_caps l = { 0 };
	auto_arena a = { 0 };
	struct err e = { 0 };

	cr_assert_eq(labels_meet(&a, &list, "annotation", &l, &e), 0);
	cr_expect_eq(l.caps, 0);
}

Test(labels, a_value_over_four_kilobytes_is_the_empty_set)
{
	static char big[5000];
	struct key_value kv[] = { { SC, big } };
	struct key_values list = { 1, kv };
	auto_arena a = { 0 };
	struct err e = { 0 };

	for (size_t len = 4094; len <= 4100; len++) {
		struct label_caps l = { 0 };
		memset(big, ' ', len);
		memcpy(big, "CHOWN", 5);
		big[len] = 0;
		cr_assert_eq(labels_meet(&a, &list, "annotation", &l, &e), 0);
		cr_expect_eq(l.caps, len > 4096 ? 0 : set_of("CHOWN"), "length %zu", len);
		cr_expect_eq(warns(&l, "longer than 4096 bytes"), len > 4096, "length %zu", len);
	}
}

Test(labels, a_label_full_of_rubbish_does_not_flood_the_log)
{
	static char big[4097];
	struct key_value kv[] = { { SC, big } };
	struct key_values list = { 1, kv };
	struct label_caps l = { 0 };
	auto_arena a = { 0 };
	struct err e = { 0 };

	for (size_t i = 0; i < 4080; i += 2)
		memcpy(big + i, "x,", 2);
	memcpy(big + 4080, "CHOWN", 6);
	cr_assert_eq(labels_meet(&a, &list, "annotation", &l, &e), 0);
	cr_expect_eq(l.caps, set_of("CHOWN"));
	cr_expect_leq(l.warnings.n, 20);
}
