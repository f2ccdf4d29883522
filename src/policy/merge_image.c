/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an image must show before it may run. What is not known is not shown: the refusal says what to give.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "policy/glob.h"
#include "policy/image_facts.h"
#include "policy/merge_step.h"

enum { DAY = 86400, CLOCK_SKEW = DAY };

static const struct image_facts unknown;
static const char give_config[] = "give the image's configuration with --image-config FILE";

static const struct image_facts *facts_of(const struct merge *m)
{
	return m->r->image ? m->r->image : &unknown;
}

static int check_digest(struct merge *m, struct err *e)
{
	const struct image_facts *i = facts_of(m);

	if (i->digests.n == 0)
		return merge_refuse(m, e, PF_IMAGE_DIGEST, "image", "which image this is is not known; %s", give_config);
	for (size_t k = 0; k < i->digests.n; k++)
		if (glob_within(&m->p->image.digest, i->digests.v[k]))
			return 0;
	return merge_refuse(m, e, PF_IMAGE_DIGEST, "image", "%s is not among the images that image.require.digest names", i->digests.v[0]);
}

static bool is_root(const char *user)
{
	size_t n = strcspn(user, ":");
	char *end;

	if (n == 0 || (n == 4 && strncmp(user, "root", 4) == 0))
		return true;
	return strtoul(user, &end, 10) == 0 && end == user + n;
}

static int check_user(struct merge *m, struct err *e)
{
	const struct image_facts *i = facts_of(m);

	if (!i->has_config)
		return merge_refuse(m, e, PF_IMAGE_USER, "image", "whether the image names a user is not known; %s", give_config);
	if (!i->user || is_root(i->user))
		return merge_refuse(m, e, PF_IMAGE_USER, "image", "the image %s; build it with USER and an ordinary user",
				    i->user ? "names root as its user" : "names no user");
	return 0;
}

static int check_healthcheck(struct merge *m, struct err *e)
{
	const struct image_facts *i = facts_of(m);

	if (!i->has_config)
		return merge_refuse(m, e, PF_IMAGE_HEALTHCHECK, "image", "whether the image has a health check is not known; %s", give_config);
	return i->healthcheck ? 0 : merge_refuse(m, e, PF_IMAGE_HEALTHCHECK, "image", "the image has no health check; build it with HEALTHCHECK");
}

static const char *label(const struct key_values *labels, const char *key)
{
	for (size_t i = 0; i < labels->n; i++)
		if (str_eq(labels->v[i].key, key))
			return labels->v[i].value;
	return NULL;
}

static int check_labels(struct merge *m, struct err *e)
{
	const struct image_facts *i = facts_of(m);

	if (!i->has_config)
		return merge_refuse(m, e, PF_IMAGE_LABEL, "image", "the labels of the image are not known; %s", give_config);
	for (size_t k = 0; k < m->p->image.label.n; k++) {
		const char *value = label(&i->labels, m->p->image.label.v[k]);
		if (!value || !*value)
			return merge_refuse(m, e, PF_IMAGE_LABEL, "image", "the image has no label %s; build it with LABEL %s=...",
					    m->p->image.label.v[k], m->p->image.label.v[k]);
	}
	return 0;
}

static bool is_for(const struct scan *s, const struct strings *image)
{
	for (size_t i = 0; i < image->n; i++)
		if (str_in(&s->digests, image->v[i]))
			return true;
	return false;
}

static int check_age(struct merge *m, const struct image_facts *i, struct err *e)
{
	int64_t made = i->scan->made ? i->scan->made : i->scan_changed;
	uint64_t most = m->p->image.max_age_days;

	if (most == PROFILE_AS_ASKED)
		return 0;
	if (!made)
		return merge_refuse(m, e, PF_SCAN_AGE, "image", "%s: the report has no date; scan the image again", i->scan_from);
	if (made > i->now + CLOCK_SKEW)
		return merge_refuse(m, e, PF_SCAN_AGE, "image", "%s: the report is from the future; look at this host's clock", i->scan_from);
	if (i->now > made && (uint64_t)((i->now - made) / DAY) > most)
		return merge_refuse(m, e, PF_SCAN_AGE, "image", "%s: the report is %lld days old, and %llu are allowed; scan the image again",
				    i->scan_from, (long long)((i->now - made) / DAY), (unsigned long long)most);
	return 0;
}

/* The words of max_severity go from the loosest to the strictest. */
static enum scan_severity most_severe(uint32_t word)
{
	return word == PROFILE_SCAN_OFF ? SCAN_CRITICAL : (enum scan_severity)(SCAN_CRITICAL + PROFILE_SCAN_CRITICAL - word);
}

static int check_scan(struct merge *m, struct err *e)
{
	const struct image_facts *i = facts_of(m);
	enum profile_field f = m->p->image.max_severity != PROFILE_SCAN_OFF ? PF_SCAN_SEVERITY : PF_SCAN_AGE;
	int err;

	if (i->scan_wrong)
		return merge_refuse(m, e, f, "image", "%s: %s", i->scan_from, i->scan_wrong);
	if (!i->scan)
		return merge_refuse(m, e, f, "image", "there is no scan report for this image%s%s; give one with --scan-report FILE",
				    i->scan_from ? " in " : "", i->scan_from ? i->scan_from : "");
	if (i->digests.n == 0)
		return merge_refuse(m, e, f, "image", "whether the report is for this image is not known; %s", give_config);
	if (!is_for(i->scan, &i->digests))
		return merge_refuse(m, e, f, "image", "%s: the report is for %s, and the image is %s; scan this one", i->scan_from,
				    i->scan->digests.n ? i->scan->digests.v[0] : "no image that it names by digest", i->digests.v[0]);
	if (!(i->scan->format & m->p->image.formats))
		return merge_refuse(m, e, PF_SCAN_FORMAT, "image", "%s: a report of %s is not among those that image.require.scan.format allows",
				    i->scan_from, scan_format_name(i->scan->format));
	err = check_age(m, i, e);
	if (err == 0 && i->scan->worst > most_severe(m->p->image.max_severity))
		return merge_refuse(m, e, PF_SCAN_SEVERITY, "image", "%s: %s is %s, and at most %s is allowed; update the image and scan it again",
				    i->scan_from, i->scan->worst_id ? i->scan->worst_id : "a finding", scan_severity_name(i->scan->worst),
				    scan_severity_name(most_severe(m->p->image.max_severity)));
	return err;
}

bool merge_wants_image(const struct profile *p)
{
	return p->image.digest.n || p->image.user || p->image.healthcheck || p->image.label.n || p->image.max_severity != PROFILE_SCAN_OFF ||
	       p->image.max_age_days != PROFILE_AS_ASKED;
}

static const char *result_text(struct merge *m)
{
	const struct image_facts *i = facts_of(m);

	if (!i->scan)
		return "as it must be";
	return merge_text(m, "as it must be; %s report, %zu findings, worst: %s", scan_format_name(i->scan->format), i->scan->findings,
			  scan_severity_name(i->scan->worst));
}

int merge_image(struct merge *m, struct err *e)
{
	const struct { bool asked; enum profile_field f; int (*check)(struct merge *m, struct err *e); } checks[] = {
		{ m->p->image.digest.n != 0, PF_IMAGE_DIGEST, check_digest }, { m->p->image.user, PF_IMAGE_USER, check_user },
		{ m->p->image.healthcheck, PF_IMAGE_HEALTHCHECK, check_healthcheck }, { m->p->image.label.n != 0, PF_IMAGE_LABEL, check_labels },
		{ m->p->image.max_severity != PROFILE_SCAN_OFF, PF_SCAN_SEVERITY, check_scan },
		{ m->p->image.max_age_days != PROFILE_AS_ASKED, PF_SCAN_AGE, check_scan },
	};
	const struct image_facts *i = facts_of(m);
	enum profile_field first = PROFILE_FIELDS;

	m->plan->image.required = merge_wants_image(m->p);
	if (!m->plan->image.required || fault_skip("look at the image"))
		return 0;
	for (size_t k = 0; k < N_ELEMENTS(checks); k++) {
		int err = checks[k].asked ? checks[k].check(m, e) : 0;
		if (err < 0)
			return err;
		if (checks[k].asked && first == PROFILE_FIELDS)
			first = checks[k].f;
	}
	m->plan->image.seen = true;
	merge_reason(m, REASON_KEPT, "image", i->digests.n ? i->digests.v[0] : "not known by digest", result_text(m), merge_rule(m, first));
	return 0;
}
