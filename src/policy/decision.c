/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/decision.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/capname.h"
#include "policy/merge.h"

static const char *const outcomes[] = {
	[DECISION_ALLOWED] = "allowed", [DECISION_REFUSED] = "refused", [DECISION_FAILED] = "failed",
};
static const char *const kinds[] = {
	[REASON_KEPT] = "kept", [REASON_NARROWED] = "narrowed", [REASON_ADDED] = "added", [REASON_WARNED] = "warned",
};
static const char *const modes[] = { [PROFILE_ENFORCE] = "enforce", [PROFILE_WARN] = "warn", [PROFILE_OFF] = "off" };

/* A document's text may hold bytes that JSON cannot. Without one nothing is put there. Memory that is missing shows as a NULL value,
 * which json_object_set_new refuses, and *bad. */
static void put(json_t *o, const char *key, json_t *value, bool *bad)
{
	if (json_object_set_new(o, key, value) < 0)
		*bad = true;
}

static json_t *text_json(const char *s)
{
	json_t *v = json_string(s);

	return v ? v : json_string("(not UTF-8)");
}

static void put_text(json_t *o, const char *key, const char *text, bool *bad)
{
	if (text)
		put(o, key, text_json(text), bad);
}

static json_t *time_json(const struct timespec *t)
{
	char day[32], all[64];
	struct tm tm;

	gmtime_r(&t->tv_sec, &tm);
	(void)strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm); /* 19 characters */
	(void)snprintf(all, sizeof(all), "%s.%06ldZ", day, t->tv_nsec / 1000);
	return json_string(all);
}

static json_t *caps_json(uint64_t set)
{
	char text[1024];

	if (set == CAP_MASK_ALL)
		return json_string("all");
	capname_list(set, text, sizeof(text));
	return json_string(text);
}

static void put_subject(json_t *o, const struct policy_subject *s, bool *bad)
{
	const struct { const char *key, *text; } texts[] = {
		{ "engine", s->engine }, { "kind", s->kind },	{ "bundle", s->bundle },       { "image", s->image },
		{ "namespace", s->namespace }, { "pod", s->pod }, { "container", s->container }, { "program", s->argv0 },
	};

	for (size_t i = 0; i < N_ELEMENTS(texts); i++)
		put_text(o, texts[i].key, texts[i].text, bad);
	if (s->privileged)
		put(o, "privileged", json_true(), bad);
}

static void put_profile(json_t *o, const struct decision *d, bool *bad)
{
	const struct policy_choice *c = d->choice;

	if (d->plan) {
		put_text(o, "profile", d->plan->profile, bad);
		put_text(o, "from", d->plan->level_from, bad);
		put_text(o, "level", policy_level_name(d->plan->level), bad);
	} else if (c) {
		put_text(o, "profile", c->name, bad);
		put_text(o, "from", c->from, bad);
	}
	put_text(o, "floor", c ? c->floor : NULL, bad);
	put_text(o, "annotation", c ? c->annotation : NULL, bad);
	put_text(o, "caller_profile", c ? c->caller.name : NULL, bad);
	put_text(o, "caller_profile_from", c ? c->caller.from : NULL, bad);
	if (c || d->plan)
		put_text(o, "mode", modes[c ? c->mode : PROFILE_ENFORCE], bad);
}

static void put_plan(json_t *o, const struct plan *p, bool *bad)
{
	json_t *controls = json_array(), *warnings = json_array();

	for (size_t i = 0; i < p->reasons.n; i++) {
		const struct reason *r = &p->reasons.v[i];
		json_t *one = json_pack("{s:o, s:o, s:o, s:o, s:s}", "control", text_json(r->control), "asked", text_json(r->asked),
					"result", text_json(r->result), "rule", text_json(r->rule), "kind", kinds[r->kind]);
		*bad |= json_array_append_new(controls, one) < 0;
	}
	for (size_t i = 0; i < p->warnings.n; i++)
		*bad |= json_array_append_new(warnings, text_json(p->warnings.v[i])) < 0;
	put(o, "controls", controls, bad);
	put(o, "warnings", warnings, bad);
}

static void put_labels(json_t *o, const struct decision *d, bool *bad)
{
	json_t *labels = json_object();

	if (d->labels && d->labels->found) {
		put(labels, "capabilities", caps_json(d->labels->caps), bad);
		put_text(labels, "from", d->labels->from, bad);
	}
	if (d->label_source) {
		put_text(labels, "source", d->label_source, bad);
		put(labels, "answered", json_boolean(d->label_answered), bad);
		put(labels, "milliseconds", json_real((double)d->label_us / 1000), bad);
	}
	if (json_object_size(labels) > 0)
		put(o, "labels", labels, bad);
	else
		json_decref(labels);
}

static void put_exec(json_t *o, const struct decision *d, bool *bad)
{
	const struct process *sides[] = { d->asked, d->result };
	static const char *const keys[] = { "asked", "result" };

	if (d->asked && d->asked->args.n)
		put_text(o, "program", d->asked->args.v[0], bad);
	for (size_t i = 0; i < N_ELEMENTS(sides); i++) {
		const struct process *p = sides[i];
		if (!p)
			continue;
		put(o, keys[i], json_pack("{s:I, s:I, s:o, s:b}", "uid", (json_int_t)p->uid, "gid", (json_int_t)p->gid, "capabilities",
					  p->has_caps ? caps_json(p->caps.bounding) : json_null(), "no_new_privileges", p->no_new_privs), bad);
	}
}

const char *decision_code(const struct decision *d)
{
	if (!d->why || d->outcome == DECISION_ALLOWED)
		return NULL;
	return d->why->class[0] ? d->why->class : err_name(d->why->code);
}

json_t *decision_json(const struct decision *d)
{
	json_t *o = json_object();
	bool bad = o == NULL;

	put(o, "time", time_json(&d->when), &bad);
	put_text(o, "decision", d->what, &bad);
	put_text(o, "id", d->id, &bad);
	put(o, "caller_uid", json_integer((json_int_t)d->caller_uid), &bad);
	put_text(o, "outcome", outcomes[d->outcome], &bad);
	put_text(o, "code", decision_code(d), &bad);
	if (d->outcome == DECISION_REFUSED && d->why->class[0])
		put_text(o, "message", d->why->text, &bad);
	if (d->subject)
		put_subject(o, d->subject, &bad);
	put_profile(o, d, &bad);
	put_exec(o, d, &bad);
	put_labels(o, d, &bad);
	if (d->plan && !d->asked)
		put_plan(o, d->plan, &bad);
	if (bad) {
		json_decref(o);
		o = NULL;
	}
	return o;
}

static size_t differing(const struct plan *p)
{
	size_t n = 0;

	for (size_t i = 0; p && i < p->reasons.n; i++)
		n += p->reasons.v[i].kind != REASON_KEPT;
	return n;
}

bool decision_differs(const struct decision *d)
{
	return differing(d->plan) > 0;
}

void decision_text(const struct decision *d, struct str *out)
{
	const char *profile = d->plan ? d->plan->profile : d->choice ? d->choice->name : NULL;

	str_addf(out, "%s %s: %s", d->what, d->id, outcomes[d->outcome]);
	if (profile)
		str_addf(out, " under %s", profile);
	if (d->outcome == DECISION_ALLOWED)
		str_addf(out, ", %zu controls differ from what was asked", differing(d->plan));
	else
		str_addf(out, " (%s)", decision_code(d));
}
