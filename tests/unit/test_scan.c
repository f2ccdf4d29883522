/* SPDX-License-Identifier: Apache-2.0 */
/* Reports of four forms from tests/data/scans, and what a profile that requires something of an image makes of them. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "container/image.h"
#include "merge_case.h"
#include "policy/profile.h"
#include "policy/resolve.h"
#include "policy/scan.h"

/* 2026-01-15T00:00:00Z */
#define NOW INT64_C(1768435200)

static char *read_data(const char *name, size_t *len)
{
	const char *src = getenv("CAISSON_SRCDIR");
	struct err e = { 0 };
	char path[4096];
	char *text = NULL;

	(void)snprintf(path, sizeof(path), "%s/tests/data/scans/%s", src ? src : ".", name);
	cr_assert_eq(fd_read_file(AT_FDCWD, path, SCAN_MAX_BYTES, &text, len, &e), 0, "%s", e.text);
	return text;
}

static int scan_file(struct arena *a, const char *name, struct scan *out, struct err *e)
{
	auto_free char *text = NULL;
	size_t len;

	text = read_data(name, &len);
	return scan_read(a, text, len, out, e);
}

static void image_file(struct arena *a, struct image_config *out)
{
	auto_free char *text = NULL;
	struct err e = { 0 };
	size_t len;

	text = read_data("image.json", &len);
	cr_assert_eq(image_config_parse(a, text, len, out, &e), 0, "%s", e.text);
	cr_assert_not_null(out->digest);
}

static const struct {
	const char *file;
	enum scan_format format;
	int64_t made;
	enum scan_severity worst;
	size_t findings;
	const char *id;
} reports[] = {
	{ "trivy-good.json", SCAN_TRIVY, 1768033800, SCAN_MEDIUM, 3, "CVE-2024-0002" },
	{ "grype-good.json", SCAN_GRYPE, 1768033800, SCAN_MEDIUM, 4, "CVE-2024-0002" },
	{ "snyk-good.json", SCAN_SNYK, 0, SCAN_MEDIUM, 3, "SNYK-DEBIAN12-LIBX-1" },
	{ "sarif-good.json", SCAN_SARIF, 1768033860, SCAN_MEDIUM, 3, "CVE-2024-0002" },
	{ "trivy-severe.json", SCAN_TRIVY, 1768033800, SCAN_CRITICAL, 3, "CVE-2025-0003" },
	{ "grype-severe.json", SCAN_GRYPE, 1768033800, SCAN_CRITICAL, 4, "CVE-2025-0003" },
	{ "snyk-severe.json", SCAN_SNYK, 0, SCAN_CRITICAL, 3, "SNYK-DEBIAN12-LIBX-2" },
	{ "sarif-severe.json", SCAN_SARIF, 1768033860, SCAN_CRITICAL, 3, "CVE-2025-0003" },
	{ "trivy-old.json", SCAN_TRIVY, 1709251199, SCAN_MEDIUM, 3, "CVE-2024-0002" },
	{ "sarif-hostile.json", SCAN_SARIF, 0, SCAN_HIGH, 3, "?[31mred" },
};

Test(scan, every_form_is_read)
{
	for (size_t i = 0; i < N_ELEMENTS(reports); i++) {
		struct image_config image = { 0 };
		struct scan s = { 0 };
		auto_arena a = { 0 };
		struct err e = { 0 };

		image_file(&a, &image);
		cr_assert_eq(scan_file(&a, reports[i].file, &s, &e), 0, "%s: %s", reports[i].file, e.text);
		cr_expect_eq(s.format, reports[i].format, "%s", reports[i].file);
		cr_expect_eq(s.made, reports[i].made, "%s: %lld", reports[i].file, (long long)s.made);
		cr_expect_eq(s.worst, reports[i].worst, "%s: %d", reports[i].file, (int)s.worst);
		cr_expect_eq(s.findings, reports[i].findings, "%s: %zu", reports[i].file, s.findings);
		cr_expect_str_eq(s.worst_id, reports[i].id, "%s", reports[i].file);
		cr_expect(str_in(&s.digests, image.digest), "%s", reports[i].file);
	}
}

static const struct { const char *bytes, *says; } refused[] = {
	{ "", "is not valid JSON" }, { "{}", "is no report of trivy, grype or snyk, and no SARIF" }, { "[]", "is an empty list" }, { "[1]", "looks like a report of snyk" },
	{ "{\"runs\": []}", "\"runs\" is no list of runs" }, { "{\"runs\": [1]}", "no list of \"results\"" },
	{ "{\"runs\": [{\"results\": []}]}", "name no image by its digest" }, { "{\"SchemaVersion\": 2}", "\"Results\" is no list" },
	{ "{\"SchemaVersion\": 2, \"ArtifactType\": \"filesystem\", \"Results\": []}", "is not \"container_image\"" },
	{ "{\"matches\": [], \"source\": {\"type\": \"directory\"}}", "\"source\" is not an image" },
	{ "{\"matches\": [{}], \"source\": {\"type\": \"image\"}}", "has no \"vulnerability\"" },
	{ "{\"ok\": false, \"error\": \"no such image\"}", "it is an error message" },
	{ "{\"SchemaVersion\": 2, \"SchemaVersion\": 2, \"Results\": []}", "duplicate" },
};

Test(scan, what_is_no_report_is_refused)
{
	static const char *const files[] = { "trivy-truncated.json", "grype-truncated.json", "snyk-truncated.json", "sarif-truncated.json",
					     "trivy-hostile.json", "grype-hostile.json", "snyk-hostile.json", "image.json" };
	struct scan s;

	for (size_t i = 0; i < N_ELEMENTS(refused); i++) {
		auto_arena a = { 0 };
		struct err e = { 0 };

		cr_expect_eq(scan_read(&a, refused[i].bytes, strlen(refused[i].bytes), &s, &e), -EINVAL, "%s", refused[i].bytes);
		cr_expect(strstr(e.text, refused[i].says), "%s: %s", refused[i].bytes, e.text);
	}
	for (size_t i = 0; i < N_ELEMENTS(files); i++) {
		auto_arena a = { 0 };
		struct err e = { 0 };

		cr_expect_eq(scan_file(&a, files[i], &s, &e), -EINVAL, "%s", files[i]);
	}
}

Test(scan, times_are_read_with_their_zone)
{
	static const struct { const char *text; int64_t want; } times[] = {
		{ "1970-01-01T00:00:01Z", 1 }, { "2024-02-29T23:59:59Z", 1709251199 }, { "2026-01-10T09:30:00+01:00", 1768033800 },
		{ "2026-01-10T03:30:00.5-05:00", 1768033800 }, { "2000-03-01T00:00:00Z", 951868800 }, { "2026-01-10", 0 }, { "2026-01-10T09:30:00", 0 },
		{ "2026-13-10T09:30:00Z", 0 }, { "2026-01-10T09:30:00Zx", 0 }, { "", 0 }, { NULL, 0 }, { "9999999999-01-01T00:00:00Z", 0 },
		{ "1969-12-31T23:59:59Z", 0 }, { "2026-01-10T09:30:00+1:00", 0 },
	};

	for (size_t i = 0; i < N_ELEMENTS(times); i++)
		cr_expect_eq(scan_time(times[i].text), times[i].want, "%s: %lld", times[i].text ? times[i].text : "-", (long long)scan_time(times[i].text));
}

/* ---- what a profile requires ---- */

struct setup { struct arena a; struct image_config config; struct scan scan; struct image_facts facts; struct profile p; };

static void setup_done(struct setup *s)
{
	arena_done(&s->a);
}
#define auto_setup __attribute__((cleanup(setup_done))) struct setup

static void set_up(struct setup *s, const char *report)
{
	struct err e = { 0 };
	const char **digest;

	*s = (struct setup){ .p = *profile_builtin(LEVEL_NONE) };
	s->p.name = "x";
	s->p.from_file = true;
	s->p.privileged = PROFILE_PRIVILEGED_MEET;
	image_file(&s->a, &s->config);
	digest = arena_array(&s->a, 2, sizeof(*digest));
	digest[0] = s->config.digest;
	s->facts = (struct image_facts){ .digests = { 1, digest }, .has_config = true, .user = s->config.user, .healthcheck = s->config.health.n != 0,
					 .labels = s->config.labels, .now = NOW };
	if (!report)
		return;
	cr_assert_eq(scan_file(&s->a, report, &s->scan, &e), 0, "%s", e.text);
	s->facts.scan = &s->scan;
	s->facts.scan_from = report;
}

static int merge_with(struct merge_case *c, const struct setup *s, const struct image_facts *facts)
{
	const struct policy_choice choice = { .name = "x", .from = "test", .floor = "x", .floor_from = "test", .enforced = &s->p, .full = &s->p };
	int err;

	c->request.choice = &choice;
	c->request.image = facts;
	err = case_merge(c);
	c->request.choice = NULL;
	return err;
}

static void expect_refused(const struct setup *s, const struct image_facts *facts, const char *says)
{
	auto_case c;

	case_new(&c, LEVEL_NONE);
	cr_expect_eq(merge_with(&c, s, facts), -EPERM, "%s", says);
	cr_expect(strstr(c.e.text, says), "wanted \"%s\": %s", says, c.e.text);
	cr_expect(strstr(c.e.text, "refused by profile \"x\" (image): "), "%s", c.e.text);
}

static void expect_fine(const struct setup *s)
{
	auto_case c;

	case_new(&c, LEVEL_NONE);
	cr_expect_eq(merge_with(&c, s, &s->facts), 0, "%s", c.e.text);
	cr_expect(c.plan && c.plan->image.required && c.plan->image.seen);
}

Test(scan, an_image_that_shows_what_is_required_runs)
{
	static const char *const labels[] = { "org.opencontainers.image.source", "security.capabilities", NULL };
	static const char *const files[] = { "trivy-good.json", "grype-good.json", "sarif-good.json", "snyk-good.json" };

	for (size_t i = 0; i < N_ELEMENTS(files); i++) {
		auto_setup s;

		set_up(&s, files[i]);
		s.p.image.digest = (struct glob_lists){ 1, &s.facts.digests };
		s.p.image.user = s.p.image.healthcheck = true;
		s.p.image.label = (struct strings){ 2, labels };
		s.p.image.max_severity = PROFILE_SCAN_MEDIUM;
		s.p.image.max_age_days = 5;
		s.facts.scan_changed = NOW - 86400;
		expect_fine(&s);
	}
}

Test(scan, what_is_not_known_is_refused_with_what_to_give)
{
	static const char *const labels[] = { "a", NULL };
	static const struct image_facts nothing = { .now = NOW };
	auto_setup s;

	set_up(&s, NULL);
	s.p.image.digest = (struct glob_lists){ 1, &s.facts.digests };
	expect_refused(&s, NULL, "which image this is is not known; give the image's configuration with --image-config FILE");
	expect_refused(&s, &nothing, "which image this is is not known");
	s.p.image.digest.n = 0;
	s.p.image.user = true;
	expect_refused(&s, &nothing, "whether the image names a user is not known; give");
	s.p.image.user = false;
	s.p.image.healthcheck = true;
	expect_refused(&s, &nothing, "whether the image has a health check is not known; give");
	s.p.image.healthcheck = false;
	s.p.image.label = (struct strings){ 1, labels };
	expect_refused(&s, &nothing, "the labels of the image are not known; give");
	expect_refused(&s, &s.facts, "the image has no label a; build it with LABEL a=...");
	s.p.image.label.n = 0;
	s.p.image.max_severity = PROFILE_SCAN_CRITICAL;
	expect_refused(&s, &nothing, "there is no scan report for this image; give one with --scan-report FILE");
	s.p.image.max_severity = PROFILE_SCAN_OFF;
	s.p.image.max_age_days = 1;
	expect_refused(&s, &nothing, "there is no scan report for this image");
}

Test(scan, an_image_without_user_or_health_check_is_refused)
{
	static const char *const roots[] = { "root", "0", "0:0", "00", "root:staff", "" };
	static const char *const users[] = { "1", "app", "rooty", "10:0", "0x" };
	auto_setup s;

	set_up(&s, NULL);
	s.p.image.user = true;
	for (size_t i = 0; i < N_ELEMENTS(roots); i++) {
		s.facts.user = roots[i];
		expect_refused(&s, &s.facts, "the image names root as its user; build it with USER");
	}
	for (size_t i = 0; i < N_ELEMENTS(users); i++) {
		s.facts.user = users[i];
		expect_fine(&s);
	}
	s.facts.user = NULL;
	expect_refused(&s, &s.facts, "the image names no user");
	s.p.image.user = false;
	s.p.image.healthcheck = true;
	s.facts.healthcheck = false;
	expect_refused(&s, &s.facts, "the image has no health check");
}

Test(scan, another_image_is_refused)
{
	static const char *const wanted[] = { "sha256:0123456789012345678901234567890123456789012345678901234567890123", NULL };
	static const struct strings list = { 1, wanted };
	static const char *const files[] = { "trivy-other.json", "grype-other.json", "sarif-other.json", "snyk-other.json" };

	for (size_t i = 0; i < N_ELEMENTS(files); i++) {
		auto_setup s;

		set_up(&s, files[i]);
		s.p.image.max_severity = PROFILE_SCAN_CRITICAL;
		expect_refused(&s, &s.facts, "the report is for sha256:");
		s.p.image.max_severity = PROFILE_SCAN_OFF;
		s.p.image.digest = (struct glob_lists){ 1, &list };
		expect_refused(&s, &s.facts, "is not among the images that image.require.digest names");
	}
}

Test(scan, too_severe_and_too_old_are_refused)
{
	static const char *const files[] = { "trivy", "grype", "sarif", "snyk" };

	for (size_t i = 0; i < N_ELEMENTS(files); i++) {
		char name[64];
		auto_setup s;

		(void)snprintf(name, sizeof(name), "%s-severe.json", files[i]);
		set_up(&s, name);
		s.p.image.max_severity = PROFILE_SCAN_HIGH;
		expect_refused(&s, &s.facts, "is critical, and at most high is allowed");
		s.p.image.max_severity = PROFILE_SCAN_NONE;
		expect_refused(&s, &s.facts, "is critical, and at most none is allowed");
		s.p.image.max_severity = PROFILE_SCAN_CRITICAL;
		expect_fine(&s);
		s.p.image.max_age_days = 3;
		s.facts.scan_changed = NOW - 4 * 86400; /* of the one without a date */
		expect_refused(&s, &s.facts, "the report is 4 days old, and 3 are allowed");
		s.p.image.max_age_days = 4;
		expect_fine(&s);
		s.facts.now = NOW - 30 * 86400;
		expect_refused(&s, &s.facts, "the report is from the future");
		s.facts.now = NOW;
		s.p.image.formats = s.scan.format == SCAN_SARIF ? SCAN_TRIVY : SCAN_SARIF;
		expect_refused(&s, &s.facts, "is not among those that image.require.scan.format allows");
	}
}

Test(scan, a_report_that_cannot_be_used_is_refused_with_its_reason)
{
	auto_setup s;

	set_up(&s, NULL);
	s.p.image.max_severity = PROFILE_SCAN_HIGH;
	s.facts.scan_from = "--scan-report x";
	s.facts.scan_wrong = "is not valid JSON";
	expect_refused(&s, &s.facts, "--scan-report x: is not valid JSON");
	/* Nobody asked for one: then it does no harm. */
	s.p.image.max_severity = PROFILE_SCAN_OFF;
	s.p.image.user = true;
	expect_fine(&s);
}
