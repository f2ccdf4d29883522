/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "merge_case.h"
#include "policy/explain.h"
#include "policy/store.h"

static void privileged(struct merge_case *c)
{
	static const struct device_rule all[] = { { true, 'a', -1, -1, true, true, true } };

	c->spec.has_seccomp = false;
	c->spec.masked_paths.n = 0;
	c->spec.process.uid = 0;
	c->spec.process.caps = (struct capsets){ CAP_MASK_ALL, CAP_MASK_ALL, CAP_MASK_ALL, 0, 0 };
	c->spec.resources.devices.n = 1;
	c->spec.resources.devices.v = all;
}

Test(explain, each_reason_is_a_line_of_the_table)
{
	auto_str out = { 0 };
	auto_case c;

	case_new(&c, LEVEL_STRICT);
	cr_assert_eq(case_merge(&c), 0, "%s", c.e.text);
	explain_table(c.plan, &c.spec, &out);
	cr_assert(!out.failed);
	cr_expect(str_starts(out.s, "control "));
	for (size_t i = 0; i < c.plan->reasons.n; i++) {
		char *at = strstr(out.s, c.plan->reasons.v[i].control);
		cr_expect_not_null(at, "%s", c.plan->reasons.v[i].control);
	}
	cr_expect(strstr(out.s, "tmpfs /run 16M"));
	cr_expect(strstr(out.s, "ro nosuid nodev"));
	cr_expect(strstr(out.s, "warning: the container's ids are the host's"));
	cr_expect(strstr(out.s, "exposure "));
	for (const char *line = out.s; *line; line += strcspn(line, "\n") + 1)
		cr_expect(strcspn(line, "\n") == 0 || line[strcspn(line, "\n") - 1] != ' ', "blanks at the end of: %.60s", line);
}

Test(explain, a_long_text_goes_on_under_itself_and_nothing_is_lost)
{
	struct reason r = { "capabilities", "A BB CCC DDDD EEEEE FFFFFF GGGGGGG HHHHHHHH IIIIIIIII JJJJJJJJJJ", "removed", "level x",
			    REASON_NARROWED };
	struct plan p = { .reasons = { 1, &r } };
	struct spec s = { 0 };
	auto_str out = { 0 };

	explain_table(&p, &s, &out);
	cr_expect(strstr(out.s, "A BB CCC DDDD EEEEE FFFFFF"), "%s", out.s);
	cr_expect(strstr(out.s, "\n                     "), "%s", out.s);
	cr_expect(strstr(out.s, "JJJJJJJJJJ"));
}

Test(explain, a_documents_text_cannot_steer_the_terminal)
{
	struct reason r = { "root", "\x1b[2Jx\n", "y\x7f", "z", REASON_KEPT };
	struct plan p = { .reasons = { 1, &r } };
	struct spec s = { 0 };
	auto_str out = { 0 };

	explain_table(&p, &s, &out);
	cr_expect_null(strchr(out.s, '\x1b'));
	cr_expect_null(strchr(out.s, '\x7f'));
	cr_expect(strstr(out.s, "?[2Jx?"));
}

Test(explain, exposure_falls_with_each_level)
{
	double last = 11;

	for (int level = 0; level < LEVELS; level++) {
		double now;
		auto_case c;
		case_new(&c, level);
		cr_assert_eq(case_merge(&c), 0, "%s", c.e.text);
		now = explain_exposure(c.plan);
		cr_expect_leq(now, last, "level %d: %.2f after %.2f", level, now, last);
		cr_expect_geq(now, 0);
		last = now;
	}
	cr_expect_lt(last, 1.5, "%.2f", last);
}

Test(explain, a_privileged_container_is_exposed_and_an_empty_plan_is_bounded)
{
	struct plan empty = { 0 };
	auto_case c;

	privileged(case_new(&c, LEVEL_BASELINE));
	cr_assert_eq(case_merge(&c), 0, "%s", c.e.text);
	cr_expect_gt(explain_exposure(c.plan), 5);
	cr_expect_leq(explain_exposure(c.plan), 10);
	cr_expect_float_eq(explain_exposure(c.plan), explain_exposure_asked(&c.spec), 1e-9, "passed through means unchanged");
	cr_expect_leq(explain_exposure(&empty), 10);
}

/* Each makes one thing worse; the figure must see it. */
static const struct mount host_etc = { .destination = "/e", .source = "/etc", .bind = true, .data = "" };
static const struct mount socket = { .destination = "/s", .source = "/var/run/docker.sock", .bind = true, .data = "",
				     .attr_set = MOUNT_ATTR_RDONLY };
static const struct device_rule disk = { true, 'b', 8, 0, true, true, false };
static const char *const uring[] = { "io_uring_setup", NULL };
static const char *const unshares[] = { "unshare", NULL };
static const struct syscall_rule allow_uring = { .names = { 1, uring }, .action = SECCOMP_RET_ALLOW };
static const struct syscall_rule allow_unshare = { .names = { 1, unshares }, .action = SECCOMP_RET_ALLOW };

static void root(struct spec *s) { s->process.uid = 0; }
static void pid(struct spec *s) { s->ns[NS_PID].mode = NS_INHERIT; }
static void net(struct spec *s) { s->ns[NS_NET].mode = NS_INHERIT; }
static void admin(struct spec *s) { s->process.caps.bounding |= CAP_BIT(CAP_SYS_ADMIN); }
static void one_cap(struct spec *s) { s->process.caps.bounding |= CAP_BIT(CAP_SYSLOG); }
static void unfiltered(struct spec *s) { s->has_seccomp = false; }
static void unmasked(struct spec *s) { s->masked_paths.n = 0; }
static void bind_etc(struct spec *s) { s->mounts.n = 1, s->mounts.v = &host_etc; }
static void bind_socket(struct spec *s) { s->mounts.n = 1, s->mounts.v = &socket; }
static void block_device(struct spec *s) { s->resources.devices.n = 1, s->resources.devices.v = &disk; }
static void with_uring(struct spec *s) { s->seccomp.rules.n = 1, s->seccomp.rules.v = &allow_uring; }
static void with_unshare(struct spec *s) { s->seccomp.rules.n = 1, s->seccomp.rules.v = &allow_unshare; }

static void (*const worse[])(struct spec *s) = { root, pid, net, admin, one_cap, unfiltered, unmasked, bind_etc, bind_socket,
						  block_device, with_uring, with_unshare };

Test(explain, the_figure_sees_each_exposure)
{
	for (size_t i = 0; i < N_ELEMENTS(worse); i++) {
		double before;
		auto_case c;
		case_new(&c, LEVEL_NONE);
		before = explain_exposure_asked(&c.spec);
		worse[i](&c.spec);
		cr_expect_gt(explain_exposure_asked(&c.spec), before, "exposure %zu", i);
	}
}

Test(explain, the_json_holds_controls_figure_and_the_plan_itself)
{
	const struct plan *back = NULL;
	json_t *doc;
	char *text;
	auto_case c;

	case_new(&c, LEVEL_HARDENED);
	cr_assert_eq(case_merge(&c), 0, "%s", c.e.text);
	doc = explain_json(c.plan, &c.spec);
	cr_assert_not_null(doc);
	cr_expect_str_eq(json_string_value(json_object_get(doc, "level")), "hardened");
	cr_expect_str_eq(json_string_value(json_object_get(doc, "levelFrom")), "--policy");
	cr_expect_eq(json_array_size(json_object_get(doc, "controls")), c.plan->reasons.n);
	cr_expect_eq(json_array_size(json_object_get(doc, "warnings")), c.plan->warnings.n);
	cr_expect_lt(json_real_value(json_object_get(doc, "exposure")), json_real_value(json_object_get(doc, "exposureAsked")));
	text = json_dumps(json_object_get(doc, "plan"), JSON_COMPACT);
	cr_expect_eq(plan_read(&c.arena, text, strlen(text), &back, &c.e), 0, "%s", c.e.text);
	cr_expect_eq(back->process.caps.bounding, c.plan->process.caps.bounding);
	free(text);
	json_decref(doc);
}
