/* SPDX-License-Identifier: Apache-2.0 */
/* What a record of a decision says, and what it never says. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "base/capname.h"
#include "merge_case.h"
#include "policy/decision.h"

#define SECRET "hunter2"

/* A container whose author has put a secret wherever one can be, under a hardened profile. */
static const char *const secret_args[] = { "/bin/x", "--token=" SECRET, NULL };
static const char *const secret_env[] = { "PASSWORD=" SECRET, NULL };
static const struct key_value secret_annotation = { "com.example.secret", SECRET };

struct written { struct merge_case c; struct policy_subject subject; struct policy_choice choice; struct decision d; struct err why; char *text; };

static void begin(struct written *w)
{
	memset(w, 0, sizeof(*w));
	case_new(&w->c, LEVEL_HARDENED);
	w->c.spec.process.args = (struct strings){ 2, secret_args };
	w->c.spec.process.env = (struct strings){ 1, secret_env };
	w->c.spec.annotations = (struct key_values){ 1, &secret_annotation };
	cr_assert_eq(subject_of(&w->c.arena, &w->c.spec, "/b", false, &w->subject, &w->c.e), 0);
	w->choice = (struct policy_choice){ .name = "svc-x", .from = "caisson.json $.rules[3]", .floor = "baseline", .floor_from = "caisson.json $.floor",
					    .annotation = "strict", .mode = PROFILE_WARN, .enforced = profile_builtin(LEVEL_HARDENED), .full = profile_builtin(LEVEL_HARDENED) };
	w->c.request.choice = &w->choice;
	cr_assert_eq(case_merge(&w->c), 0, "%s", w->c.e.text);
	w->d = (struct decision){ .what = "create", .id = "c1", .when = { 86400, 1500 }, .caller_uid = 1000, .subject = &w->subject, .choice = &w->choice,
				  .plan = w->c.plan, .why = &w->why };
}

static void end(struct written *w)
{
	free(w->text);
	case_done(&w->c);
}
#define auto_written __attribute__((cleanup(end))) struct written

/* As it is written to the file, and read back. */
static json_t *written(struct written *w)
{
	json_t *record = decision_json(&w->d), *back;

	cr_assert_not_null(record);
	free(w->text);
	w->text = json_dumps(record, JSON_COMPACT);
	json_decref(record);
	cr_assert_not_null(w->text);
	cr_expect_null(strchr(w->text, '\n'), "more than a line: %s", w->text);
	back = json_loads(w->text, JSON_REJECT_DUPLICATES, NULL);
	cr_assert_not_null(back, "%s", w->text);
	return back;
}

static const char *of(const json_t *record, const char *key)
{
	const char *text = json_string_value(json_object_get(record, key));

	return text ? text : "-";
}

/* clang-format off */
static const struct { const char *key, *want; } fields[] = {
	{ "time", "1970-01-02T00:00:00.000001Z" }, { "decision", "create" }, { "id", "c1" }, { "outcome", "allowed" }, { "code", "-" }, { "message", "-" },
	{ "engine", "other" }, { "kind", "container" }, { "bundle", "/b" }, { "program", "/bin/x" }, { "profile", "svc-x" }, { "from", "caisson.json $.rules[3]" },
	{ "level", "hardened" }, { "floor", "baseline" }, { "annotation", "strict" }, { "mode", "warn" }, { "caller_profile", "-" },
};
/* clang-format on */

Test(decision, a_record_says_who_what_and_by_which_profile)
{
	auto_written w;
	json_t *r;

	begin(&w);
	r = written(&w);
	for (size_t i = 0; i < N_ELEMENTS(fields); i++)
		cr_expect_str_eq(of(r, fields[i].key), fields[i].want, "%s: %s", fields[i].key, of(r, fields[i].key));
	cr_expect_eq(json_integer_value(json_object_get(r, "caller_uid")), 1000);
	cr_expect_null(json_object_get(r, "privileged"));
	cr_expect_null(json_object_get(r, "labels"));
	json_decref(r);
}

Test(decision, each_control_is_there_with_what_was_asked_and_by_what_rule)
{
	size_t index, rows = 0;
	auto_written w;
	json_t *r, *one;

	begin(&w);
	r = written(&w);
	cr_expect_eq(json_array_size(json_object_get(r, "controls")), w.c.plan->reasons.n);
	cr_expect_eq(json_array_size(json_object_get(r, "warnings")), w.c.plan->warnings.n);
	json_array_foreach(json_object_get(r, "controls"), index, one) {
		if (!str_eq(of(one, "control"), "no_new_privileges"))
			continue;
		rows++;
		cr_expect_str_eq(of(one, "asked"), "off");
		cr_expect_str_eq(of(one, "result"), "on");
		cr_expect_str_eq(of(one, "rule"), "level hardened");
		cr_expect_str_eq(of(one, "kind"), "narrowed");
	}
	cr_expect_eq(rows, 1);
	cr_expect(decision_differs(&w.d));
	json_decref(r);
}

Test(decision, the_caller_s_own_profile_is_named)
{
	auto_written w;
	json_t *r;

	begin(&w);
	w.choice.caller.name = "mine";
	w.choice.caller.from = "/h/.config/caisson/caisson.json $.default";
	r = written(&w);
	cr_expect_str_eq(of(r, "caller_profile"), "mine");
	cr_expect_str_eq(of(r, "caller_profile_from"), "/h/.config/caisson/caisson.json $.default");
	json_decref(r);
}

/* ---- outcomes ---- */

/* clang-format off */
static const struct { enum decision_outcome outcome; int code; const char *class, *word, *says, *message; } outcomes[] = {
	{ DECISION_ALLOWED, 0, "", "allowed", NULL, "-" },
	{ DECISION_REFUSED, EPERM, "policy.refused", "refused", "policy.refused", "because" },
	{ DECISION_REFUSED, EINVAL, "policy.unknown-key", "refused", "policy.unknown-key", "because" },
	{ DECISION_REFUSED, EINVAL, "", "refused", "EINVAL", "-" },		/* no words of the policy's: they may quote the document */
	{ DECISION_FAILED, ENOSPC, "", "failed", "ENOSPC", "-" },
	{ DECISION_FAILED, EPERM, "policy.refused", "failed", "policy.refused", "-" },
};
/* clang-format on */

Test(decision, an_outcome_has_its_code_and_only_the_policy_s_words)
{
	for (size_t i = 0; i < N_ELEMENTS(outcomes); i++) {
		auto_written w;
		auto_str line = { 0 };
		json_t *r;

		begin(&w);
		w.d.outcome = outcomes[i].outcome;
		if (outcomes[i].code)
			err_set(&w.why, outcomes[i].code, "because");
		err_class(&w.why, outcomes[i].class);
		r = written(&w);
		cr_expect_str_eq(of(r, "outcome"), outcomes[i].word, "case %zu", i);
		cr_expect_str_eq(of(r, "code"), outcomes[i].says ? outcomes[i].says : "-", "case %zu: %s", i, of(r, "code"));
		cr_expect(str_eq(decision_code(&w.d), outcomes[i].says), "case %zu", i);
		cr_expect_str_eq(of(r, "message"), outcomes[i].message, "case %zu", i);
		decision_text(&w.d, &line);
		cr_expect(strstr(line.s, outcomes[i].says ? outcomes[i].says : "controls differ from what was asked"), "case %zu: %s", i, line.s);
		cr_expect_null(strstr(line.s, "because"), "case %zu: %s", i, line.s);
		json_decref(r);
	}
}

Test(decision, what_was_refused_before_anything_was_known_is_recorded_too)
{
	auto_written w;
	json_t *r;

	begin(&w);
	err_class(&w.why, "policy.range");
	w.d = (struct decision){ .what = "launch", .id = "-", .outcome = DECISION_REFUSED, .why = &w.why };
	r = written(&w);
	cr_expect_str_eq(of(r, "code"), "policy.range");
	cr_expect_null(json_object_get(r, "controls"));
	cr_expect_null(json_object_get(r, "profile"));
	cr_expect_null(json_object_get(r, "mode"));
	json_decref(r);
}

Test(decision, an_exec_says_what_it_asked_for_and_got_and_not_the_whole_plan)
{
	struct process asked = { .args = { 2, secret_args }, .env = { 1, secret_env }, .uid = 5, .gid = 6, .has_caps = true, .caps = { .bounding = CAP_MASK_ALL } };
	struct process result = asked;
	auto_written w;
	json_t *r, *got;

	begin(&w);
	result.caps.bounding = CAP_BIT(CAP_KILL);
	result.no_new_privs = true;
	w.d.asked = &asked;
	w.d.result = &result;
	r = written(&w);
	got = json_object_get(r, "result");
	cr_expect_str_eq(of(json_object_get(r, "asked"), "capabilities"), "all");
	cr_expect_str_eq(of(got, "capabilities"), "KILL");
	cr_expect(json_is_true(json_object_get(got, "no_new_privileges")));
	cr_expect_eq(json_integer_value(json_object_get(got, "uid")), 5);
	cr_expect_eq(json_integer_value(json_object_get(got, "gid")), 6);
	cr_expect_null(json_object_get(r, "controls"));
	cr_expect_null(strstr(w.text, SECRET), "%s", w.text);
	asked.has_caps = false;
	json_decref(r);
	r = written(&w);
	cr_expect(json_is_null(json_object_get(json_object_get(r, "asked"), "capabilities")));
	json_decref(r);
}

Test(decision, labels_are_said_with_their_source_and_its_time)
{
	static const struct label_caps labels = { .found = true, .caps = CAP_BIT(CAP_KILL), .from = "image label x" };
	auto_written w;
	json_t *r, *said;

	begin(&w);
	w.d.labels = &labels;
	w.d.label_source = "docker";
	w.d.label_us = 2500;
	r = written(&w);
	said = json_object_get(r, "labels");
	cr_expect_str_eq(of(said, "capabilities"), "KILL");
	cr_expect_str_eq(of(said, "from"), "image label x");
	cr_expect_str_eq(of(said, "source"), "docker");
	cr_expect(json_is_false(json_object_get(said, "answered")));
	cr_expect_float_eq(json_real_value(json_object_get(said, "milliseconds")), 2.5, 0.001);
	json_decref(r);
}

/* ---- what strangers write ---- */

Test(decision, no_secret_of_the_containers_is_ever_in_a_record)
{
	auto_written w;
	json_t *r;

	begin(&w);
	r = written(&w);
	cr_expect_null(strstr(w.text, SECRET), "%s", w.text);
	json_decref(r);
	w.d.outcome = DECISION_FAILED;
	err_set(&w.why, EINVAL, "process.env[0]: PASSWORD=" SECRET);
	r = written(&w);
	cr_expect_null(strstr(w.text, SECRET), "%s", w.text);
	json_decref(r);
	w.d.outcome = DECISION_REFUSED;
	r = written(&w);
	cr_expect_null(strstr(w.text, SECRET), "a refusal that is not the policy's: %s", w.text);
	json_decref(r);
}

/* clang-format off */
static const struct { const char *name, *want; } hostile[] = {
	{ "a\nb", "a\nb" }, { "\",\"outcome\":\"allowed", "\",\"outcome\":\"allowed" }, { "a\\", "a\\" }, { "\x1b[2J", "\x1b[2J" }, { "\xff\xfe", "(not UTF-8)" },
	{ "\xed\xa0\x80", "(not UTF-8)" }, { "\xc3\xa9", "\xc3\xa9" }, { "", "" },
};
/* clang-format on */

Test(decision, a_hostile_name_stays_one_text_of_one_line)
{
	for (size_t i = 0; i < N_ELEMENTS(hostile); i++) {
		auto_written w;
		json_t *r;

		begin(&w);
		w.subject.pod = w.subject.image = w.subject.argv0 = w.d.id = hostile[i].name;
		w.d.outcome = DECISION_REFUSED;
		err_set(&w.why, EPERM, "no");
		err_class(&w.why, "policy.refused");
		r = written(&w);
		cr_expect_str_eq(of(r, "pod"), hostile[i].want, "case %zu", i);
		cr_expect_str_eq(of(r, "image"), hostile[i].want, "case %zu", i);
		cr_expect_str_eq(of(r, "program"), hostile[i].want, "case %zu", i);
		cr_expect_str_eq(of(r, "id"), hostile[i].want, "case %zu", i);
		cr_expect_str_eq(of(r, "outcome"), "refused", "case %zu", i);
		cr_expect_null(strchr(w.text, '\x1b'), "case %zu: a terminal would obey %s", i, w.text);
		json_decref(r);
	}
}
