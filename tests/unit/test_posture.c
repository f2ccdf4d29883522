/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/capname.h"
#include "base/fd.h"
#include "container/posture.h"
#include "container/posture_parts.h"
#include "container/proc_status.h"

static const char status_text[] =
	"Name:\tx\nUmask:\t0022\nUid:\t1\t2\t3\t4\nGid:\t5\t6\t7\t4294967294\nFDSize:\t64\nGroups:\t10 20 30 \n"
	"CapInh:\t0000000000000001\nCapPrm:\t000001ffffffffff\nCapEff:\t0000000000000003\nCapBnd:\t00000000a80425fb\n"
	"CapAmb:\t0000000000000000\nNoNewPrivs:\t1\nSeccomp:\t2\nSeccomp_filters:\t2\nSpeculation_Store_Bypass:\tvulnerable\n";

Test(posture, status_is_read_line_by_line)
{
	auto_proc_status s = { 0 };
	struct err e = { 0 };

	cr_assert_eq(proc_status_parse(status_text, &s, &e), 0, "%s", e.text);
	cr_expect_eq(s.uid[0], 1);
	cr_expect_eq(s.uid[3], 4);
	cr_expect_eq(s.gid[3], 4294967294u);
	cr_expect_eq(s.n_groups, 3);
	cr_expect_eq(s.groups[2], 30);
	cr_expect_eq(s.caps.inheritable, 1);
	cr_expect_eq(s.caps.permitted, CAP_MASK_ALL);
	cr_expect_eq(s.caps.effective, 3);
	cr_expect_eq(s.caps.bounding, 0xa80425fb);
	cr_expect(s.no_new_privs);
	cr_expect_eq(s.seccomp, 2);
	cr_expect_eq(s.filters, 2);
	cr_expect_eq(s.umask, 022);
}

Test(posture, a_status_with_a_line_missing_or_broken_is_refused)
{
	static const char *const lines[] = { "Uid:", "Gid:", "Groups:", "CapInh:", "CapPrm:", "CapEff:", "CapBnd:", "CapAmb:",
					     "NoNewPrivs:" };

	for (size_t i = 0; i < N_ELEMENTS(lines); i++) {
		auto_proc_status s = { 0 };
		struct err e = { 0 };
		char *text = strdup(status_text);
		*strstr(text, lines[i]) = '#';
		cr_expect_eq(proc_status_parse(text, &s, &e), -EPROTO, "%s", lines[i]);
		cr_expect(strstr(e.text, lines[i]), "%s", e.text);
		free(text);
	}
	for (size_t i = 0; i < 2; i++) {
		static const char *const bad[] = { "Uid:\t1\t2\t3\n", "Uid:\t1\t2\t3\t4294967296\n" };
		auto_proc_status s = { 0 };
		struct err e = { 0 };
		cr_expect_eq(proc_status_parse(bad[i], &s, &e), -EPROTO);
	}
}

Test(posture, ids_are_carried_through_the_map)
{
	static const struct { const char *map; uint32_t inside, outside; } cases[] = {
		{ "         0     100000      65536\n", 0, 100000 },
		{ "         0     100000      65536\n", 65535, 165535 },
		{ "         0     100000      65536\n", 65536, POSTURE_UNMAPPED },
		{ "0 1000 1\n1 200000 10\n", 0, 1000 },
		{ "0 1000 1\n1 200000 10\n", 10, 200009 },
		{ "0 1000 1\n1 200000 10\n", 11, POSTURE_UNMAPPED },
		{ "0 0 4294967295\n", 4294967294u, 4294967294u },
		{ "", 0, POSTURE_UNMAPPED },
	};

	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		static struct posture_map m;
		cr_assert_eq(posture_map_parse(cases[i].map, &m), 0);
		cr_expect_eq(posture_id(&m, cases[i].inside), cases[i].outside, "case %zu", i);
	}
}

Test(posture, a_map_is_the_planned_one_or_it_is_not)
{
	static const struct id_map two[] = { { 1, 200000, 10 }, { 0, 1000, 1 } };
	static const struct { const char *text; bool same; } cases[] = {
		{ "0 1000 1\n1 200000 10\n", true },  { "0 1000 1\n", false },
		{ "0 1000 1\n1 200000 11\n", false }, { "0 1000 1\n1 200000 10\n20 5 1\n", false },
	};
	struct id_maps want = { 2, two };

	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		static struct posture_map m;
		cr_assert_eq(posture_map_parse(cases[i].text, &m), 0);
		cr_expect_eq(posture_map_same(&m, &want), cases[i].same, "case %zu", i);
	}
}

Test(posture, values_of_the_kernel_are_compared_by_their_words)
{
	static const struct { const char *want, *live; bool same; } cases[] = {
		{ "1", "1", true },	       { "1", "0", false },	       { "0 65535", "0\t65535", true },
		{ "0 65535", "0", false },     { "0x10", "16", true },	       { "bbr", "bbr\n", true },
		{ "bbr", "cubic", false },     { "", "", true },	       { "1", "", false },
		{ " 1 ", "1", true },	       { "1x", "1", false },
	};

	for (size_t i = 0; i < N_ELEMENTS(cases); i++)
		cr_expect_eq(posture_same_value(cases[i].want, cases[i].live), cases[i].same, "case %zu", i);
}

Test(posture, mount_lines_are_taken_apart)
{
	char plain[] = "36 35 98:0 /mnt1 /mnt/a\\040b rw,noatime,nosuid master:1 shared:2 - ext3 /dev/root ro,errors=continue";
	char bare[] = "41 36 0:5 / /proc rw,nodev - proc proc rw";
	char bad[] = "41 36 0:5 / /proc rw,nodev proc proc rw";
	struct mount_line m;

	cr_assert(posture_mount_line(plain, &m));
	cr_expect_eq(m.id, 36);
	cr_expect_str_eq(m.at, "/mnt/a b");
	cr_expect_str_eq(m.type, "ext3");
	cr_expect(posture_has_option(m.options, "nosuid"));
	cr_expect(!posture_has_option(m.options, "nosui"));
	cr_expect(!posture_has_option(m.options, "ro"));
	cr_expect(posture_has_option(m.super, "ro"));
	cr_assert(posture_mount_line(bare, &m));
	cr_expect_str_eq(m.type, "proc");
	cr_expect_str_eq(m.super, "rw");
	cr_expect(!posture_mount_line(bad, &m));
}

/* This very process, as a plan that shares everything with the host. */
static void plan_of_self(struct plan *p, uint32_t groups[64])
{
	auto_proc_status s = { 0 };
	struct err e = { 0 };
	int fd = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);

	cr_assert_eq(proc_status_read(fd, &s, &e), 0, "%s", e.text);
	cr_assert_leq(s.n_groups, 64);
	memcpy(groups, s.groups, s.n_groups * sizeof(*groups));
	*p = (struct plan){ .has_process = true };
	p->process.uid = s.uid[0];
	p->process.gid = s.gid[0];
	p->process.groups = (struct ids){ s.n_groups, groups };
	p->process.has_caps = true;
	p->process.caps = s.caps;
	p->process.no_new_privs = s.no_new_privs;
	close(fd);
}

static void other_uid(struct plan *p) { p->process.uid += 1; }
static void other_gid(struct plan *p) { p->process.gid += 1; }
static void other_groups(struct plan *p)
{
	static const uint32_t more[] = { 4000000000u };

	p->process.groups = (struct ids){ 1, more };
}
static void other_bounding(struct plan *p) { p->process.caps.bounding ^= 1; }
static void other_permitted(struct plan *p) { p->process.caps.permitted ^= 2; }
static void other_effective(struct plan *p) { p->process.caps.effective ^= 4; }
static void other_inheritable(struct plan *p) { p->process.caps.inheritable ^= 8; }
static void other_ambient(struct plan *p) { p->process.caps.ambient ^= 16; }
static void with_nnp(struct plan *p) { p->process.no_new_privs = true; }
static void own_net(struct plan *p) { p->ns[NS_NET].mode = NS_NEW; }
static void own_pid(struct plan *p) { p->ns[NS_PID].mode = NS_NEW; }
static void own_users(struct plan *p)
{
	static const struct id_map map[] = { { 0, 5, 1 } };

	p->ns[NS_USER].mode = NS_NEW;
	p->uid_map = p->gid_map = (struct id_maps){ 1, map };
}

static const struct { void (*change)(struct plan *p); size_t filters; const char *says; } differences[] = {
	{ other_uid, 0, "posture: the process has uid" },
	{ other_gid, 0, "posture: the process has gid" },
	{ other_groups, 0, "posture: the supplementary groups are not those planned" },
	{ other_bounding, 0, "posture: the bounding capabilities differ from the plan" },
	{ other_permitted, 0, "posture: the permitted capabilities differ" },
	{ other_effective, 0, "posture: the effective capabilities differ" },
	{ other_inheritable, 0, "posture: the inheritable capabilities differ" },
	{ other_ambient, 0, "posture: the ambient capabilities differ" },
	{ with_nnp, 0, "posture: no_new_privileges is off and should be on" },
	{ NULL, 2, "posture: " },
	{ own_net, 0, "posture: the process has no net namespace of its own" },
	{ own_pid, 0, "posture: the process has no pid namespace of its own" },
	{ own_users, 0, "posture: the process has" },
};

Test(posture, a_process_as_planned_is_ready)
{
	uint32_t groups[64];
	struct err e = { 0 };
	struct plan p;

	plan_of_self(&p, groups);
	cr_expect_eq(posture_check_ready(&p, &p.process, getpid(), 0, &e), 0, "%s", e.text);
}

Test(posture, each_difference_is_refused_by_name)
{
	for (size_t i = 0; i < N_ELEMENTS(differences); i++) {
		uint32_t groups[64];
		struct err e = { 0 };
		struct plan p;

		plan_of_self(&p, groups);
		if (differences[i].change == with_nnp && p.process.no_new_privs)
			continue; /* run under no_new_privs: nothing to tell apart */
		if (differences[i].change)
			differences[i].change(&p);
		cr_expect_eq(posture_check_ready(&p, &p.process, getpid(), differences[i].filters, &e), -EPERM, "difference %zu", i);
		cr_expect(strstr(e.text, differences[i].says), "difference %zu said: %s", i, e.text);
	}
}

Test(posture, a_process_that_is_gone_is_an_error)
{
	struct plan p = { 0 };
	struct err e = { 0 };

	cr_expect_eq(posture_check_ready(&p, &p.process, 999999999, 0, &e), -ENOENT);
	cr_expect(strstr(e.text, "/proc/999999999"), "%s", e.text);
}

static const struct posture_line *line_of(const struct posture *p, const char *control)
{
	for (size_t i = 0; i < p->n; i++)
		if (!strcmp(p->v[i].control, control))
			return &p->v[i];
	return NULL;
}

static void look(struct posture *out, void (*change)(struct plan *p))
{
	uint32_t groups[64];
	struct err e = { 0 };
	struct plan p;

	plan_of_self(&p, groups);
	if (change)
		change(&p);
	cr_assert_eq(posture_read(&p, NULL, getpid(), out, &e), 0, "%s", e.text);
}

Test(posture, the_long_form_finds_no_difference_in_what_is_as_planned)
{
	static struct posture out;

	look(&out, NULL);
	for (size_t i = 0; i < out.n; i++)
		cr_expect_neq(out.v[i].verdict, VERDICT_DIFFERS, "%s: planned %s, is %s", out.v[i].control, out.v[i].planned,
			      out.v[i].actual);
	cr_expect_eq(out.differs, 0);
	cr_expect_not_null(line_of(&out, "user"));
	cr_expect_not_null(line_of(&out, "root"));
	cr_expect_not_null(line_of(&out, "pid namespace"));
}

static void few_caps(struct plan *p) { p->process.caps.bounding = p->process.caps.permitted = p->process.caps.effective = 0; }
static void many_caps(struct plan *p)
{
	p->process.caps.bounding = p->process.caps.permitted = p->process.caps.effective = UINT64_MAX;
}
static void masked_home(struct plan *p)
{
	static const char *const paths[] = { "/etc/passwd", "/no/such/path", NULL };

	p->masked_paths = p->readonly_paths = (struct strings){ 2, paths };
}
static void planned_mount(struct plan *p)
{
	static const struct mount m = { .destination = "/proc", .type = "proc", .attr_set = 0x1 /* read-only */ };

	p->mounts.n = 1;
	p->mounts.v = &m;
}
static void no_files(struct plan *p)
{
	static const struct process_rlimit l = { 7, "RLIMIT_NOFILE", 1, 1 };

	p->process.rlimits = (struct rlimits){ 1, &l };
}
static void filtered(struct plan *p) { p->filter.own.set = FILTER_SET_SERVICE; }

static const struct { void (*change)(struct plan *p); const char *control; enum verdict want; } looks[] = {
	{ other_uid, "user", VERDICT_DIFFERS },	    { few_caps, "caps bounding", VERDICT_DIFFERS },
	{ many_caps, "caps bounding", VERDICT_OK },  { with_nnp, "no_new_privileges", VERDICT_DIFFERS },
	{ own_net, "net namespace", VERDICT_DIFFERS }, { masked_home, "masked paths", VERDICT_DIFFERS },
	{ planned_mount, "mounts", VERDICT_DIFFERS }, { no_files, "open files", VERDICT_DIFFERS },
	{ filtered, "system call filters", VERDICT_DIFFERS },
};

Test(posture, the_long_form_has_a_verdict_for_each_control)
{
	for (size_t i = 0; i < N_ELEMENTS(looks); i++) {
		const struct posture_line *line;
		static struct posture out;

		look(&out, looks[i].change);
		line = line_of(&out, looks[i].control);
		cr_assert_not_null(line, "%s", looks[i].control);
		if (looks[i].change == filtered && line->actual[0] != '0')
			continue; /* run under a filter of somebody's */
		cr_expect_eq(line->verdict, looks[i].want, "%s: planned %s, is %s", line->control, line->planned, line->actual);
	}
}
