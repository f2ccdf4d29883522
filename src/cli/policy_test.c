/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cases of policy: a document, a profile, labels, and what must come out, run through the decision that create makes.
 *
 *   { "schema": 1, "cases": [ { "name": "nginx keeps four capabilities", "profile": "svc-nginx-root",
 *       "config": { ...as config.json... }, "bundle": "/run/x", "labels": { "security.capabilities": "none" },
 *       "expect": { "capabilities": "CHOWN SETGID", "refused": "host's pid namespace" } } ] }
 *
 * "expect" names controls as `caisson explain` prints them, and the result of the last line about each; "refused" is a part of
 * the error. Without "profile" the files choose.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/capname.h"
#include "cli/cli.h"
#include "cli/policy.h"
#include "container/policy_dir.h"
#include "policy/labels.h"
#include "policy/merge.h"

enum { CASES_MAX_BYTES = 16 << 20 };

struct run {
	const struct policy_files *files;
	struct str out;
	json_t *results;	/* NULL: a table */
	size_t failed, n;
};

/* A host that can do everything: cases are about policy, not about the machine they run on. */
static const struct facts facts = { .kernel_major = 6, .caps = CAP_MASK_ALL, .cgroup = CGROUP_V2, .apparmor = true,
				    .selinux = true, .landlock_abi = 7, .mdwe = true, .nofile_hard = UINT64_MAX };

static const char *text_of(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

static int read_labels(struct arena *a, json_t *labels, struct key_values *out, struct err *e)
{
	struct key_value *v = arena_array(a, json_object_size(labels) + 1, sizeof(*v));
	const char *key;
	json_t *value;
	size_t n = 0;

	if (!v)
		return err_set(e, ENOMEM, "policy test: out of memory");
	json_object_foreach(labels, key, value) {
		if (!json_is_string(value))
			return err_set(e, EINVAL, "labels.%s: must be a string", key);
		v[n++] = (struct key_value){ key, json_string_value(value) };
	}
	*out = (struct key_values){ n, v };
	return 0;
}

static int read_spec(struct arena *a, const json_t *one, const struct spec **out, struct err *e)
{
	const json_t *config = json_object_get(one, "config");
	auto_free char *text = NULL;

	if (!json_is_object(config))
		return err_set(e, EINVAL, "config: is required, and must be an object");
	text = json_dumps(config, JSON_COMPACT);
	return text ? spec_parse(a, text, strlen(text), out, e) : err_set(e, ENOMEM, "policy test: out of memory");
}

static int decide(const struct run *run, struct arena *a, const json_t *one, const struct plan **out, struct err *e)
{
	struct policy_request request = { .id = "test", .root_path = "/rootfs", .facts = &facts };
	struct policy_ask ask = { .named = text_of(one, "profile"), .named_from = "the case" };
	struct policy_subject subject = { 0 };
	struct label_caps caps = { 0 };
	struct key_values labels = { 0 };
	const struct spec *spec;
	int err = read_spec(a, one, &spec, e);

	request.bundle = text_of(one, "bundle");
	if (!request.bundle)
		request.bundle = "/bundle";
	if (err == 0)
		err = read_labels(a, json_object_get(one, "labels"), &labels, e);
	if (err == 0)
		err = labels_meet(a, &spec->annotations, "annotation", &caps, e);
	if (err == 0)
		err = labels_meet(a, &labels, "image label", &caps, e);
	if (err == 0)
		err = subject_of(a, spec, request.bundle, false, &subject, e);
	if (err < 0)
		return err;
	subject.labels = &labels;
	subject.privileged = policy_is_privileged(spec, &facts);
	request.labels = &caps;
	request.level = ask.named && profile_builtin_named(ask.named) ? profile_builtin_named(ask.named)->level : LEVEL_BASELINE;
	request.level_from = ask.named ? ask.named_from : "built-in default";
	err = policy_choose(a, run->files, &ask, &subject, &request.choice, e);
	return err < 0 ? err : policy_merge(a, spec, &request, out, e);
}

static const char *result_of(const struct plan *p, const char *control)
{
	const char *result = NULL;

	for (size_t i = 0; i < p->reasons.n; i++)
		if (str_eq(p->reasons.v[i].control, control))
			result = p->reasons.v[i].result;
	return result;
}

static void wrong(struct str *why, const char *control, const char *got, const char *want)
{
	str_addf(why, "%s%s: got \"%s\", wanted \"%s\"", why->len ? "; " : "", control, got, want);
}

static void compare(const struct plan *p, const struct err *e, json_t *expect, struct str *why)
{
	const char *refused = text_of(expect, "refused"), *control;
	json_t *value;

	if (refused ? !p && strstr(e->text, refused) : p != NULL)
		; /* as it should be */
	else
		wrong(why, "refused", p ? "it is not" : e->text, refused ? refused : "it is not");
	json_object_foreach(expect, control, value) {
		const char *got = p ? result_of(p, control) : NULL;
		if (str_eq(control, "refused") || !p)
			continue;
		if (!json_is_string(value) || !got || !str_eq(got, json_string_value(value)))
			wrong(why, control, got ? got : "no such control", json_is_string(value) ? json_string_value(value) : "a text");
	}
}

static int run_case(struct run *run, const json_t *one, struct err *e)
{
	static const char *const keys[] = { "name", "profile", "config", "bundle", "labels", "expect", "$comment" };
	json_t *expect = json_object_get(one, "expect");
	const char *name = text_of(one, "name"), *key;
	const struct plan *plan = NULL;
	auto_arena a = { 0 };
	auto_str why = { 0 };
	struct err refusal = { 0 };
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)one, key, value) {
		size_t i = 0;
		while (i < N_ELEMENTS(keys) && !str_eq(keys[i], key))
			i++;
		if (i == N_ELEMENTS(keys))
			return err_set(e, EINVAL, "cases[%zu]: unknown key \"%.64s\"", run->n, key);
	}
	if (!name || !json_is_object(expect) || !json_object_size(expect))
		return err_set(e, EINVAL, "cases[%zu]: name and expect are required", run->n);
	(void)decide(run, &a, one, &plan, &refusal); /* a refusal may be what is expected */
	compare(plan, &refusal, expect, &why);
	run->n++;
	run->failed += why.len ? 1 : 0;
	if (run->results)
		(void)json_array_append_new(run->results, json_pack("{s:s, s:b, s:s}", "name", name, "passed", !why.len, "why",
								    why.s ? why.s : ""));
	else
		str_addf(&run->out, "%s  %s%s%s\n", why.len ? "FAILED" : "passed", name, why.len ? ": " : "", why.s ? why.s : "");
	return why.failed ? err_set(e, ENOMEM, "policy test: out of memory") : 0;
}

static int load_cases(const char *path, json_t **out, struct err *e)
{
	struct policy_file f = { 0 };
	json_error_t where;
	auto_arena a = { .limit = CASES_MAX_BYTES };
	int err = policy_dir_read_any(path, &a, &f, e);

	if (err < 0)
		return err;
	*out = json_loadb(f.text, f.len, JSON_REJECT_DUPLICATES, &where);
	if (!*out)
		return err_set(e, EINVAL, "%s: is not valid JSON: line %d: %s", path, where.line, where.text);
	if (json_integer_value(json_object_get(*out, "schema")) == 1 && json_is_array(json_object_get(*out, "cases")))
		return 0;
	json_decref(*out);
	return err_set(e, EINVAL, "%s: want {\"schema\": 1, \"cases\": [...]}", path);
}

static int finish(struct run *run, struct err *e)
{
	if (run->results)
		return cli_print_json(json_pack("{s:I, s:I, s:O}", "cases", (json_int_t)run->n, "failed", (json_int_t)run->failed,
						"results", run->results), 0, e);
	str_addf(&run->out, "%zu cases, %zu failed\n", run->n, run->failed);
	return run->out.failed ? err_set(e, ENOMEM, "policy test: out of memory") : cli_write(run->out.s, run->out.len, e);
}

int policy_test(const struct policy_options *o, const char *file, struct err *e)
{
	struct policy_files files;
	struct policy_dir dir;
	struct run run = { .files = &files };
	json_t *doc, *one;
	size_t i;
	int err = load_cases(file, &doc, e);

	if (err < 0)
		return err;
	policy_place_init(o, &dir);
	policy_dir_files(&dir, &files);
	run.results = o->json ? json_array() : NULL;
	json_array_foreach(json_object_get(doc, "cases"), i, one) {
		err = run_case(&run, one, e);
		if (err < 0)
			break;
	}
	err = err < 0 ? err_wrap(e, "%s", file) : finish(&run, e);
	json_decref(run.results);
	json_decref(doc);
	str_done(&run.out);
	return err < 0 ? err : run.failed ? 1 : 0;
}
