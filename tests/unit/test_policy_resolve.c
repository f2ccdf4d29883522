/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From files to what a container gets: inheriting, choosing, meeting, and only warning.
 */
#include <criterion/criterion.h>
#include <linux/capability.h>

#include "merge_case.h"
#include "policy/profile_fields.h"
#include "policy/syscall_groups.h"
#include "policy_files.h"

#define S1 "{\"schema\":1"
#define FILES(...) ((const struct test_file[]){ __VA_ARGS__, { NULL, NULL } })

static const struct profile *load(struct test_files *t, const struct test_file *v, const char *name)
{
	const struct profile *p = NULL;

	test_files_of(t, v);
	(void)policy_profile_load(&t->a, &t->files, name, &p, &t->e); /* the tests look at p and e */
	return p;
}

/* ---- inheriting ---- */

Test(policy_resolve, a_file_is_laid_over_what_it_extends)
{
	auto_files t;
	const struct profile *p = load(&t, FILES({ "profiles/x.json", S1 ",\"extends\":\"strict\",\"resources\":{\"pids\":9}}" }), "x");

	cr_assert(p, "%s", t.e.text);
	cr_expect_str_eq(p->name, "x");
	cr_expect_eq(p->level, LEVEL_STRICT);
	cr_expect_eq(p->pids, 9);
	cr_expect(p->root.readonly && p->no_new_privs);
	cr_expect_str_eq(profile_rule(&t.a, p, PF_PIDS), "x.json $.resources.pids");
	cr_expect_str_eq(profile_rule(&t.a, p, PF_ROOT_READONLY), "level strict");
}

Test(policy_resolve, parents_go_from_left_to_right)
{
	auto_files t;
	const struct profile *p = load(&t, FILES({ "profiles/a.json", S1 ",\"resources\":{\"pids\":1},\"umask\":\"0077\"}" },
						 { "profiles/b.json", S1 ",\"resources\":{\"pids\":2}}" },
						 { "profiles/x.json", S1 ",\"extends\":[\"a\",\"b\"]}" }), "x");

	cr_assert(p, "%s", t.e.text);
	cr_expect_eq(p->pids, 2);
	cr_expect_eq(p->umask.v, 077);
}

Test(policy_resolve, a_file_of_the_operators_shadows_a_shipped_one_and_may_extend_it)
{
	auto_files t;
	const struct profile *p = load(&t, FILES({ "share/svc-x.json", S1 ",\"resources\":{\"pids\":5,\"memory\":\"1G\"}}" },
						 { "profiles/svc-x.json", S1 ",\"extends\":\"svc-x\",\"resources\":{\"pids\":6}}" },
						 { "profiles/svc-x.d/10.json", S1 ",\"umask\":\"0027\"}" }), "svc-x");

	cr_assert(p, "%s", t.e.text);
	cr_expect_eq(p->pids, 6);
	cr_expect_eq(p->memory, 1 << 30);
	cr_expect_eq(p->umask.v, 027);
}

Test(policy_resolve, drop_ins_come_last_and_in_their_order)
{
	auto_files t;
	const struct profile *p = load(&t, FILES({ "share/x.json", S1 ",\"resources\":{\"pids\":5}}" },
						 { "profiles/x.d/10-a.json", S1 ",\"resources\":{\"pids\":6}}" },
						 { "profiles/x.d/20-b.json", S1 ",\"resources\":{\"pids\":7}}" }), "x");

	cr_assert(p, "%s", t.e.text);
	cr_expect_eq(p->pids, 7);
	cr_expect_str_eq(profile_rule(&t.a, p, PF_PIDS), "20-b.json $.resources.pids");
}

Test(policy_resolve, a_child_may_loosen_what_it_extends)
{
	auto_files t;
	const struct profile *p = load(&t, FILES({ "profiles/x.json", S1 ",\"extends\":\"strict\",\"user\":{\"non_root\":\"off\"}}" }), "x");

	cr_assert(p, "%s", t.e.text);
	cr_expect_eq(p->user, PROFILE_USER_AS_ASKED);
}

Test(policy_resolve, the_built_in_ones_cannot_be_shadowed)
{
	auto_files t;
	const struct profile *p = load(&t, FILES({ "profiles/strict.json", S1 "}" }), "strict");

	cr_assert(p);
	cr_expect_eq(p, profile_builtin(LEVEL_STRICT));
}

/* clang-format off */
static const struct { const char *name, *says; const struct test_file *files; } bad_profiles[] = {
	{ "nope", "there is no profile \"nope\"", FILES({ "profiles/x.json", S1 "}" }) },
	{ "../x", "there is no profile \"../x\"", FILES({ "profiles/x.json", S1 "}" }) },
	{ "x", "profiles/x.json: $.extends: there is no profile \"y\"", FILES({ "profiles/x.json", S1 ",\"extends\":\"y\"}" }) },
	{ "x", "extends itself: x <- y <- x", FILES({ "profiles/x.json", S1 ",\"extends\":\"y\"}" }, { "profiles/y.json", S1 ",\"extends\":\"x\"}" }) },
	{ "x", "there is no profile \"x\"", FILES({ "profiles/x.json", S1 ",\"extends\":\"x\"}" }) },
	{ "a", "extends more than 8 deep", FILES(
		{ "profiles/a.json", S1 ",\"extends\":\"b\"}" }, { "profiles/b.json", S1 ",\"extends\":\"c\"}" },
		{ "profiles/c.json", S1 ",\"extends\":\"d\"}" }, { "profiles/d.json", S1 ",\"extends\":\"e\"}" },
		{ "profiles/e.json", S1 ",\"extends\":\"f\"}" }, { "profiles/f.json", S1 ",\"extends\":\"g\"}" },
		{ "profiles/g.json", S1 ",\"extends\":\"h\"}" }, { "profiles/h.json", S1 ",\"extends\":\"i\"}" },
		{ "profiles/i.json", S1 ",\"extends\":\"j\"}" }, { "profiles/j.json", S1 "}" }) },
	{ "x", "policy: profiles/x.d/1.json: $.extends: a drop-in extends nothing", FILES({ "profiles/x.json", S1 "}" },
		{ "profiles/x.d/1.json", S1 ",\"extends\":\"strict\"}" }) },
	{ "x", "$.name: a drop-in has no name", FILES({ "profiles/x.json", S1 "}" }, { "profiles/x.d/1.json", S1 ",\"name\":\"x\"}" }) },
	{ "x", "policy: profiles/x.json: $: unknown key \"usr\"; did you mean user?", FILES({ "profiles/x.json", S1 ",\"usr\":{}}" }) },
	{ "x", "policy: profiles/x.json: is not valid JSON", FILES({ "profiles/x.json", S1 ",}" }) },
	{ "x", "deeper than 16", FILES({ "profiles/x.json", S1 ",\"x-a\":[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]}" }) },
};
/* clang-format on */

Test(policy_resolve, what_is_wrong_with_files_is_said_with_their_place)
{
	for (size_t i = 0; i < N_ELEMENTS(bad_profiles); i++) {
		auto_files t;
		cr_expect_null(load(&t, bad_profiles[i].files, bad_profiles[i].name), "case %zu", i);
		cr_expect(strstr(t.e.text, bad_profiles[i].says), "case %zu said: %s", i, t.e.text);
	}
}

/* ---- choosing ---- */

struct chosen { struct test_files t; struct policy_subject s; const struct policy_choice *c; };

static int choose(struct chosen *x, const struct test_file *files, const char *named)
{
	const struct policy_ask ask = { .named = named, .named_from = "--policy" };

	test_files_of(&x->t, files);
	x->c = NULL;
	return policy_choose(&x->t.a, &x->t.files, &ask, &x->s, &x->c, &x->t.e);
}

static void chosen_done(struct chosen *x)
{
	arena_done(&x->t.a);
}
#define auto_chosen __attribute__((cleanup(chosen_done))) struct chosen

Test(policy_resolve, without_files_the_built_in_level_decides)
{
	auto_chosen x = { 0 };

	cr_assert_eq(choose(&x, FILES({ "nothing", "" }), NULL), 0);
	cr_expect_null(x.c);
	cr_assert_eq(choose(&x, FILES({ "nothing", "" }), "none"), 0);
	cr_expect_null(x.c);
}

Test(policy_resolve, a_profile_asked_for_by_name_meets_the_floor_also_without_caisson_json)
{
	auto_chosen x = { 0 };

	cr_assert_eq(choose(&x, FILES({ "profiles/x.json", S1 ",\"resources\":{\"pids\":9}}" }), "x"), 0, "%s", x.t.e.text);
	cr_assert(x.c);
	cr_expect_str_eq(x.c->floor, "baseline");
	cr_expect(x.c->enforced->filter_baseline && x.c->enforced->pids == 9);
}

#define RULES "\"rules\":[{\"match\":{\"namespace\":\"kube-system\"},\"profile\":\"baseline\"},{\"match\":{\"engine\":[\"docker\",\"podman\"]},\"profile\":\"strict\"}]"

Test(policy_resolve, the_first_rule_that_matches_chooses)
{
	auto_chosen x = { .s = { .engine = "docker", .namespace = "kube-system" } };
	const struct test_file *files = FILES({ "caisson.json", S1 ",\"default\":\"hardened\"," RULES "}" });

	cr_assert_eq(choose(&x, files, NULL), 0, "%s", x.t.e.text);
	cr_expect_str_eq(x.c->name, "baseline");
	cr_expect_str_eq(x.c->from, "caisson.json $.rules[0]");
	x.s.namespace = "default";
	cr_assert_eq(choose(&x, files, NULL), 0);
	cr_expect_str_eq(x.c->name, "strict");
	x.s.engine = "ctr";
	cr_assert_eq(choose(&x, files, NULL), 0);
	cr_expect_str_eq(x.c->name, "hardened");
	cr_expect_str_eq(x.c->from, "caisson.json $.default");
}

/* clang-format off */
static const struct { const char *config, *mode; int want; bool enforced, full; } annotation_modes[] = {
	{ "{\"mode\":true}", NULL, 0, true, true },
	{ "{\"mode\":true}", "enforce", 0, true, true },
	{ "{\"mode\":true}", "warn", 0, false, true },
	{ "{\"mode\":true}", "off", -EINVAL, false, false },
	{ "{\"mode\":false}", "warn", 0, true, true },
	{ "{}", "off", 0, true, true },
};
/* clang-format on */

/* What holds without the annotation holds with any. */
Test(policy_resolve, an_annotation_s_mode_is_for_its_own_profile_alone)
{
	for (size_t i = 0; i < N_ELEMENTS(annotation_modes); i++) {
		const struct key_value kv[] = { { "io.caisson.profile", "hardened" }, { "io.caisson.profile.mode", annotation_modes[i].mode } };
		const struct key_values annotations = { annotation_modes[i].mode ? 2 : 1, kv };
		auto_chosen x = { .s = { .annotations = &annotations } };
		char config[200];

		snprintf(config, sizeof(config), S1 ",\"floor\":\"x\",\"annotations\":%s}", annotation_modes[i].config);
		cr_expect_eq(choose(&x, FILES({ "caisson.json", config }, { "profiles/x.json", S1 ",\"extends\":\"baseline\",\"resources\":{\"pids\":9}}" }), NULL),
			     annotation_modes[i].want, "case %zu: %s", i, x.t.e.text);
		if (annotation_modes[i].want < 0)
			continue;
		cr_expect_eq(x.c->enforced->no_new_privs, annotation_modes[i].enforced, "case %zu", i);
		cr_expect_eq(x.c->full->no_new_privs, annotation_modes[i].full, "case %zu", i);
		cr_expect(x.c->enforced->pids == 9 && x.c->full->pids == 9, "case %zu: the floor", i);
	}
}

/* ---- labels are asked for when a rule depends on them ---- */

static const struct key_value team = { "team", "a" };
struct asking { int times; bool fails; struct key_values labels; };

static int ask_labels(void *ctx, const struct policy_config *c, const struct key_values **out, struct err *e)
{
	struct asking *x = ctx;

	cr_expect_eq(c->label_timeout_ms, 7);
	x->times++;
	*out = &x->labels;
	return x->fails ? err_set(e, ENOMEM, "out of memory") : 0;
}

#define LABEL_RULES S1 ",\"labels\":{\"timeout_ms\":7},\"rules\":[{\"match\":{\"kind\":\"build\"},\"profile\":\"baseline\"}," \
	"{\"match\":{\"engine\":\"docker\",\"label\":{\"team\":\"a\"}},\"profile\":\"strict\"}," \
	"{\"match\":{\"engine\":\"docker\",\"label\":{\"team\":\"*\"}},\"profile\":\"hardened\"}]}"

/* clang-format off */
static const struct { const char *engine, *kind; size_t labels; int times; const char *name; } askings[] = {
	{ "ctr", "container", 1, 0, "baseline" },
	{ "docker", "build", 1, 0, "baseline" },
	{ "docker", "container", 1, 1, "strict" },
	{ "docker", "container", 0, 1, "baseline" },
};
/* clang-format on */

Test(policy_resolve, labels_are_asked_for_once_and_only_where_a_rule_depends_on_them)
{
	for (size_t i = 0; i < N_ELEMENTS(askings); i++) {
		struct asking asking = { .labels = { askings[i].labels, &team } };
		auto_chosen x = { .s = { .engine = askings[i].engine, .kind = askings[i].kind, .ask_labels = ask_labels, .labels_ctx = &asking } };

		cr_assert_eq(choose(&x, FILES({ "caisson.json", LABEL_RULES }), NULL), 0, "%s", x.t.e.text);
		cr_expect_str_eq(x.c->name, askings[i].name, "case %zu: %s", i, x.c->name);
		cr_expect_eq(asking.times, askings[i].times, "case %zu: %d", i, asking.times);
	}
}

Test(policy_resolve, a_question_for_labels_that_fails_is_no_missing_label)
{
	struct asking asking = { .fails = true };
	auto_chosen x = { .s = { .engine = "docker", .kind = "container", .ask_labels = ask_labels, .labels_ctx = &asking } };

	cr_expect_eq(choose(&x, FILES({ "caisson.json", LABEL_RULES }), NULL), -ENOMEM);
	cr_expect_null(x.c);
}

Test(policy_resolve, the_command_line_takes_the_place_of_the_default_and_never_of_the_floor)
{
	auto_chosen x = { .s = { .engine = "ctr" } };

	cr_assert_eq(choose(&x, FILES({ "caisson.json", S1 ",\"floor\":\"hardened\"," RULES "}" }), "none"), 0, "%s", x.t.e.text);
	cr_expect_str_eq(x.c->name, "none");
	cr_expect_str_eq(x.c->from, "--policy");
	cr_expect(x.c->enforced->no_new_privs && x.c->enforced->syscalls.groups == SYSCALLS_CONTAINER);
	cr_expect_str_eq(profile_rule(&x.t.a, x.c->enforced, PF_NO_NEW_PRIVS), "floor hardened");
}

/* clang-format off */
static const struct { const char *says; const struct test_file *files; } bad_configs[] = {
	{ "policy: caisson.json: $: unknown key \"floors\"; did you mean floor?", FILES({ "caisson.json", S1 ",\"floors\":\"strict\"}" }) },
	{ "policy: caisson.json $.floor: there is no profile \"x\"", FILES({ "caisson.json", S1 ",\"floor\":\"x\"}" }) },
	{ "policy: caisson.json $.default: there is no profile \"x\"", FILES({ "caisson.json", S1 ",\"default\":\"x\"}" }) },
	{ "a floor may not", FILES({ "caisson.json", S1 ",\"floor\":\"x\"}" },
		{ "profiles/x.json", S1 ",\"capabilities\":{\"grant\":[{\"cap\":\"KILL\",\"why\":\"w\"}]}}" }) },
	{ "says who the user is, and a floor may not", FILES({ "caisson.json", S1 ",\"floor\":\"x\"}" }, { "profiles/x.json", S1 ",\"user\":{\"uid\":5}}" }) },
	{ "$.rules[0]: profile is required", FILES({ "caisson.json", S1 ",\"rules\":[{\"match\":{}}]}" }) },
	{ "$.rules[0]: match is required", FILES({ "caisson.json", S1 ",\"rules\":[{\"profile\":\"strict\"}]}" }) },
	{ "$.rules[0].match: unknown key \"engin\"; did you mean engine?", FILES({ "caisson.json", S1 ",\"rules\":[{\"match\":{\"engin\":\"x\"},\"profile\":\"strict\"}]}" }) },
	{ "$.rules[0].profile: \"none\" is weaker than \"baseline\"", FILES({ "caisson.json", S1 ",\"rules\":[{\"match\":{\"argv0\":\"*\"},\"profile\":\"none\"}]}" }) },
	{ "is weaker than", FILES({ "caisson.json", S1 ",\"default\":\"hardened\",\"rules\":[{\"match\":{\"image\":\"docker.io/**\"},\"profile\":\"baseline\"}]}" }) },
	{ "is weaker than \"strict\" (user.uid)", FILES({ "caisson.json", S1 ",\"default\":\"strict\",\"rules\":[{\"match\":{\"env\":{\"A\":\"b\"}},\"profile\":\"x\"}]}" },
		{ "profiles/x.json", S1 ",\"extends\":\"strict\",\"user\":{\"uid\":0}}" }) },
	{ "\"strict\" is weaker than \"x\" (user.uid)", FILES({ "caisson.json", S1 ",\"default\":\"x\",\"rules\":[{\"match\":{\"argv0\":\"*\"},\"profile\":\"strict\"}]}" },
		{ "profiles/x.json", S1 ",\"user\":{\"uid\":5}}" }) },
	{ "(capabilities.grant)", FILES({ "caisson.json", S1 ",\"default\":\"strict\",\"rules\":[{\"match\":{\"label\":{\"a\":\"b\"}},\"profile\":\"x\"}]}" },
		{ "profiles/x.json", S1 ",\"extends\":\"strict\",\"capabilities\":{\"grant\":[{\"cap\":\"KILL\",\"why\":\"w\"}]}}" }) },
	{ "$.rules[0].mode: only what the container's author controls", FILES({ "caisson.json", S1 ",\"rules\":[{\"match\":{\"hostname\":\"*\"},\"profile\":\"strict\",\"mode\":\"warn\"}]}" }) },
	{ "$.annotations.key: \"org.opencontainers.x\" is a name of", FILES({ "caisson.json", S1 ",\"annotations\":{\"key\":\"org.opencontainers.x\"}}" }) },
	{ "$.trusted_registries[0]: \"docker.io\" is not host/path", FILES({ "caisson.json", S1 ",\"trusted_registries\":[\"docker.io\"]}" }) },
	{ "$.mode: unknown word \"loud\"; there are: enforce, warn, off", FILES({ "caisson.json", S1 ",\"mode\":\"loud\"}" }) },
};
/* clang-format on */

Test(policy_resolve, a_wrong_caisson_json_is_refused_with_its_place)
{
	for (size_t i = 0; i < N_ELEMENTS(bad_configs); i++) {
		auto_chosen x = { .s = { .engine = "ctr" } };
		cr_expect_lt(choose(&x, bad_configs[i].files, NULL), 0, "case %zu was taken", i);
		cr_expect(strstr(x.t.e.text, bad_configs[i].says), "case %zu said: %s", i, x.t.e.text);
	}
}

#define DIGEST "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
static const char *const trusted_matches[] = {
	"{}", "{\"engine\":\"ctr\"}", "{\"kind\":\"build\"}", "{\"bundle\":\"/run/**\"}", "{\"namespace\":\"kube-*\",\"argv0\":\"*\"}",
	"{\"pod\":\"a\"}", "{\"container\":\"a\"}", "{\"caller_uid\":0}", "{\"image\":\"**@sha256:" DIGEST "\"}",
	"{\"image\":\"ghcr.io/acme/*\"}",
};
static const char *const user_matches[] = {
	"{\"argv0\":\"*\"}", "{\"annotation\":{\"a\":\"*\"}}", "{\"label\":{\"a\":\"*\"}}", "{\"hostname\":\"*\"}",
	"{\"env\":{\"A\":\"*\"}}", "{\"privileged\":true}", "{\"image\":\"nginx\"}", "{\"image\":\"ghcr.io/acme-evil/*\"}",
	"{\"image\":[\"ghcr.io/acme/*\",\"docker.io/x\"]}", "{\"image\":\"*@sha256:abc\"}",
};

static int choose_with(struct chosen *x, const char *match)
{
	char text[600];

	snprintf(text, sizeof(text), S1 ",\"default\":\"strict\",\"trusted_registries\":[\"ghcr.io/acme\"],\"rules\":[{\"match\":%s,"
		 "\"profile\":\"baseline\"}]}", match);
	return choose(x, FILES({ "caisson.json", text }), NULL);
}

Test(policy_resolve, only_what_the_operator_or_the_engine_controls_may_weaken)
{
	for (size_t i = 0; i < N_ELEMENTS(trusted_matches); i++) {
		auto_chosen x = { .s = { .engine = "none of these" } };
		cr_expect_eq(choose_with(&x, trusted_matches[i]), 0, "%s: %s", trusted_matches[i], x.t.e.text);
	}
	for (size_t i = 0; i < N_ELEMENTS(user_matches); i++) {
		auto_chosen x = { .s = { .engine = "none of these" } };
		cr_expect_lt(choose_with(&x, user_matches[i]), 0, "%s may weaken", user_matches[i]);
		cr_expect(strstr(x.t.e.text, "weaker"), "%s: %s", user_matches[i], x.t.e.text);
	}
}

/* ---- rules for the container's author, before others ---- */

#define FOR_AUTHORS(match, profile) "{\"match\":{" match "},\"profile\":\"" profile "\"}"
#define WEB FOR_AUTHORS("\"label\":{\"tier\":\"web\"}", "hardened")
/* clang-format off */
static const struct { const char *rules, *says; } orders[] = {
	{ WEB "," FOR_AUTHORS("\"namespace\":\"pay\"", "strict"), "$.rules[0].profile: \"hardened\" is weaker than \"strict\" of $.rules[1], which may match the same container" },
	{ WEB "," FOR_AUTHORS("", "strict"), "of $.rules[1]" },
	{ WEB "," FOR_AUTHORS("\"hostname\":\"h\"", "strict"), "of $.rules[1]" },
	{ WEB "," FOR_AUTHORS("\"label\":{\"tier\":\"*b\"}", "strict"), "put it behind that rule, or match engine" },
	{ FOR_AUTHORS("\"namespace\":\"pay\"", "strict") "," WEB, NULL },
	{ WEB "," FOR_AUTHORS("\"label\":{\"tier\":\"db\"}", "strict"), NULL },
	{ WEB "," FOR_AUTHORS("\"namespace\":\"kube-system\"", "baseline"), NULL },
	{ FOR_AUTHORS("\"privileged\":true", "hardened") "," FOR_AUTHORS("\"privileged\":false", "strict"), NULL },
	{ FOR_AUTHORS("\"env\":{\"A\":\"1\"}", "hardened") "," FOR_AUTHORS("\"env\":{\"A\":\"2\"}", "strict"), NULL },
	{ FOR_AUTHORS("\"annotation\":{\"a\":\"1\"}", "hardened") "," FOR_AUTHORS("\"annotation\":{\"a\":\"2\"}", "strict"), NULL },
	{ FOR_AUTHORS("\"argv0\":[\"a\",\"b\"]", "hardened") "," FOR_AUTHORS("\"argv0\":[\"c\",\"b\"]", "strict"), "of $.rules[1]" },
	{ FOR_AUTHORS("\"argv0\":[\"a\",\"b\"]", "hardened") "," FOR_AUTHORS("\"argv0\":[\"c\",\"d\"]", "strict"), NULL },
	{ FOR_AUTHORS("\"argv0\":\"a\"", "warns"), "is weaker than \"baseline\" (" },
	{ FOR_AUTHORS("\"argv0\":\"a\"", "half"), ", which it only warns about)" },
};
/* clang-format on */

/* A label is no way round a later rule, wherever the operator wrote it. */
Test(policy_resolve, a_rule_for_authors_is_not_weaker_than_a_later_one_for_the_same_container)
{
	for (size_t i = 0; i < N_ELEMENTS(orders); i++) {
		auto_chosen x = { .s = { .engine = "none of these" } };
		char config[400];
		int err;

		snprintf(config, sizeof(config), S1 ",\"rules\":[%s]}", orders[i].rules);
		err = choose(&x, FILES({ "caisson.json", config }, { "profiles/warns.json", S1 ",\"extends\":\"hardened\",\"mode\":\"warn\"}" },
				       { "profiles/half.json", S1 ",\"extends\":\"hardened\",\"warn\":[\"paths\"]}" }), NULL);
		cr_expect_eq(err < 0, orders[i].says != NULL, "case %zu: %s", i, x.t.e.text);
		cr_expect(!orders[i].says || strstr(x.t.e.text, orders[i].says), "case %zu: %s", i, x.t.e.text);
		cr_expect(!orders[i].says || str_eq(x.t.e.class, "policy.weaker"), "case %zu: %s", i, x.t.e.class);
	}
}

/* Only warned about, not even the checks that come with a level stop anything. */
Test(policy_resolve, a_profile_that_only_warns_leaves_nothing_behind)
{
	auto_chosen x = { .s = { .engine = "docker" } };

	cr_assert_eq(choose(&x, FILES({ "caisson.json", S1 ",\"floor\":\"none\",\"default\":\"x\"}" }, { "profiles/x.json", S1 ",\"extends\":\"hardened\",\"mode\":\"warn\"}" }), NULL), 0,
		     "%s", x.t.e.text);
	cr_expect_eq(x.c->enforced->level, LEVEL_NONE);
	cr_expect(!x.c->enforced->fits);
	cr_expect_eq(x.c->full->level, LEVEL_HARDENED);
}

/* ---- annotations ---- */

static int annotated(struct chosen *x, const char *config, const char *value)
{
	struct key_value kv = { "io.caisson.profile", value };
	struct key_values annotations = { 1, &kv };
	int err;

	x->s.annotations = &annotations;
	err = choose(x, FILES({ "caisson.json", config }, { "profiles/svc-x.json", S1 ",\"user\":{\"uid\":5},\"resources\":{\"pids\":7},"
			"\"capabilities\":{\"grant\":[{\"cap\":\"KILL\",\"why\":\"w\"}]}}" }), NULL);
	x->s.annotations = NULL;
	return err;
}

Test(policy_resolve, an_annotation_only_narrows_and_grants_nothing)
{
	auto_chosen x = { .s = { .engine = "docker" } };

	cr_assert_eq(annotated(&x, S1 ",\"default\":\"hardened\"}", "svc-x"), 0, "%s", x.t.e.text);
	cr_expect_str_eq(x.c->annotation, "svc-x");
	cr_expect_eq(x.c->enforced->pids, 7);
	cr_expect(x.c->enforced->no_new_privs, "the default still holds");
	cr_expect_eq(x.c->enforced->grant.n, 0);
	cr_expect(x.c->enforced->identity_if_root && x.c->enforced->uid.v == 5);
}

Test(policy_resolve, an_annotation_chooses_only_what_is_listed_for_it)
{
	auto_chosen x = { .s = { .engine = "docker" } };

	cr_expect_lt(annotated(&x, S1 "}", "none"), 0);
	cr_expect(strstr(x.t.e.text, "\"none\" is not among the profiles that an annotation may choose"), "%s", x.t.e.text);
	cr_expect_lt(annotated(&x, S1 "}", "svc-y"), 0);
	cr_expect(strstr(x.t.e.text, "there is no profile \"svc-y\""), "%s", x.t.e.text);
	cr_expect_lt(annotated(&x, S1 ",\"annotations\":{\"select\":[]}}", "strict"), 0);
}

/* ---- the caller's own place ---- */

static const char granting[] = S1 ",\"capabilities\":{\"grant\":[{\"cap\":\"KILL\",\"why\":\"w\"}]}}";
static const char pids_9[] = S1 ",\"extends\":\"hardened\",\"resources\":{\"pids\":9}}";

Test(policy_resolve, what_the_caller_chooses_is_met_with_what_the_operator_gives)
{
	auto_chosen x = { .s = { .engine = "podman", .kind = "container" } };
	const struct test_file *files = FILES({ "caisson.json", S1 ",\"default\":\"x\"}" }, { "profiles/x.json", S1 ",\"umask\":\"0022\",\"resources\":{\"memory\":\"1G\"}}" },
		{ "/own/caisson.json", S1 ",\"default\":\"strict\",\"rules\":[{\"match\":{\"engine\":\"podman\"},\"profile\":\"mine\"}]}" },
		{ "/own/profiles/mine.json", pids_9 });

	cr_assert_eq(choose(&x, files, NULL), 0, "%s", x.t.e.text);
	cr_expect_str_eq(x.c->name, "x");
	cr_expect_str_eq(x.c->caller.name, "mine");
	cr_expect_str_eq(x.c->caller.from, "/own/caisson.json $.rules[0]");
	cr_expect(x.c->enforced->pids == 9 && x.c->enforced->memory == 1 << 30 && x.c->enforced->no_new_privs);
	cr_expect_eq(x.c->enforced->umask.v, 022);
	cr_expect_eq(x.c->full, x.c->enforced);
	cr_expect_str_eq(profile_rule(&x.t.a, x.c->enforced, PF_PIDS), "caller's /own/profiles/mine.json $.resources.pids");
	cr_expect_str_eq(profile_rule(&x.t.a, x.c->enforced, PF_NO_NEW_PRIVS), "caller's hardened");
	cr_expect_str_eq(profile_rule(&x.t.a, x.c->enforced, PF_MEMORY), "x.json $.resources.memory");
	x.s.engine = "ctr";
	cr_assert_eq(choose(&x, files, NULL), 0, "%s", x.t.e.text);
	cr_expect_str_eq(x.c->caller.name, "strict");
	cr_expect_str_eq(x.c->caller.from, "/own/caisson.json $.default");
}

Test(policy_resolve, the_callers_place_is_enough_and_narrows_nothing_that_it_does_not_say)
{
	auto_chosen x = { .s = { .engine = "podman" } };
	const struct profile *none = profile_builtin(LEVEL_NONE);

	cr_assert_eq(choose(&x, FILES({ "/own/caisson.json", S1 "}" }), "none"), 0, "%s", x.t.e.text);
	cr_assert(x.c && str_eq(x.c->name, "none") && str_eq(x.c->floor, "none"));
	for (int f = 0; f < PROFILE_FIELDS; f++)
		cr_expect(field_same(&profile_table.v[f], (const char *)x.c->enforced + profile_table.v[f].offset, (const char *)none + profile_table.v[f].offset),
			  "%s", profile_table.v[f].name);
	cr_assert_eq(choose(&x, FILES({ "/own/caisson.json", S1 ",\"floor\":\"hardened\"}" }), NULL), 0, "%s", x.t.e.text);
	cr_expect_str_eq(x.c->name, "baseline");
	cr_expect_str_eq(x.c->from, "built-in default");
	cr_expect(x.c->enforced->no_new_privs);
}

/* clang-format off */
static const struct { const char *own, *profile, *says, *class; } bad_callers[] = {
	{ S1 ",\"report\":{\"path\":\"/x\"}}", "", "policy: /own/caisson.json: $: report.path is for the operator's caisson.json alone", "policy.refused" },
	{ S1 ",\"report\":{\"journal\":false}}", "", "report.journal is for", "policy.refused" },
	{ S1 ",\"annotations\":{\"select\":[\"*\"]}}", "", "annotations.select is for", "policy.refused" },
	{ S1 ",\"labels\":{\"sources\":[]}}", "", "labels.sources is for", "policy.refused" },
	{ S1 ",\"trusted_registries\":[\"a/b\"]}", "", "trusted_registries is for", "policy.refused" },
	{ S1 ",\"flor\":\"strict\"}", "", "unknown key \"flor\"", "policy.unknown-key" },
	{ S1 ",\"default\":\"y\"}", "", "policy: /own/caisson.json $.default: there is no profile \"y\"", "" },
	{ S1 ",\"default\":\"mine\"}", granting, "policy: /own/profiles/mine.json: $.capabilities.grant: is for the operator's profiles alone", "policy.refused" },
	{ S1 ",\"default\":\"mine\"}", S1 ",\"capabilities\":{\"ambient\":\"none\"}}", "$.capabilities.ambient: is for", "policy.refused" },
	{ S1 ",\"default\":\"mine\"}", S1 ",\"umask\":\"0077\"}", "$.umask: is for", "policy.refused" },
	{ S1 ",\"default\":\"mine\"}", S1 ",\"lsm\":{\"apparmor\":\"x\"}}", "$.lsm.apparmor: is for", "policy.refused" },
	{ S1 ",\"default\":\"hardened\",\"rules\":[{\"match\":{\"env\":{\"A\":\"b\"}},\"profile\":\"none\"}]}", "", "policy: /own/caisson.json $.rules[0].profile: \"none\" is weaker", "policy.weaker" },
};
/* clang-format on */

/* The container's own wish is the operator's to allow: the caller's file has no word about it, and no refusal. */
Test(policy_resolve, an_annotation_is_asked_about_once)
{
	const struct key_value kv = { "io.caisson.profile", "strict" };
	const struct key_values annotations = { 1, &kv };
	auto_chosen x = { .s = { .engine = "podman", .annotations = &annotations } };

	cr_assert_eq(choose(&x, FILES({ "/own/caisson.json", S1 "}" }), NULL), 0, "%s", x.t.e.text);
	cr_expect(str_eq(x.c->annotation, "strict") && x.c->enforced->root.readonly);
}

Test(policy_resolve, the_callers_place_can_only_narrow_and_says_where_it_is_wrong)
{
	for (size_t i = 0; i < N_ELEMENTS(bad_callers); i++) {
		auto_chosen x = { .s = { .engine = "podman" } };
		int err = choose(&x, FILES({ "/own/caisson.json", bad_callers[i].own }, { "/own/profiles/mine.json", bad_callers[i].profile }), NULL);

		cr_expect_lt(err, 0, "case %zu", i);
		cr_expect(strstr(x.t.e.text, bad_callers[i].says), "case %zu said: %s", i, x.t.e.text);
		cr_expect_str_eq(x.t.e.class, bad_callers[i].class, "case %zu: %s", i, x.t.e.class);
	}
}

/* It warns about itself, and an identity counts in the place of root alone. */
Test(policy_resolve, a_mode_of_the_callers_is_for_its_own_part)
{
	auto_chosen x = { .s = { .engine = "podman" } };

	cr_assert_eq(choose(&x, FILES({ "caisson.json", S1 ",\"default\":\"hardened\"}" }, { "/own/caisson.json", S1 ",\"default\":\"mine\",\"mode\":\"warn\"}" },
				      { "/own/profiles/mine.json", S1 ",\"resources\":{\"pids\":9},\"user\":{\"uid\":5}}" }), NULL), 0, "%s", x.t.e.text);
	cr_expect_eq(x.c->mode, PROFILE_ENFORCE);
	cr_expect_eq(x.c->caller.mode, PROFILE_WARN);
	cr_expect(x.c->enforced->no_new_privs && x.c->enforced->pids == 4096);
	cr_expect(x.c->full->no_new_privs && x.c->full->pids == 9);
	cr_expect(!x.c->enforced->uid.set && x.c->full->uid.v == 5 && x.c->full->identity_if_root);
	cr_assert_eq(choose(&x, FILES({ "caisson.json", S1 ",\"default\":\"hardened\",\"mode\":\"warn\"}" }, { "/own/caisson.json", S1 ",\"default\":\"mine\"}" },
				      { "/own/profiles/mine.json", pids_9 }), NULL), 0, "%s", x.t.e.text);
	cr_expect(x.c->enforced->no_new_privs && x.c->enforced->pids == 9 && x.c->mode == PROFILE_WARN);
	cr_assert_eq(choose(&x, FILES({ "caisson.json", S1 ",\"default\":\"hardened\"}" }, { "/own/caisson.json", S1 ",\"default\":\"strict\",\"mode\":\"off\"}" }), NULL), 0);
	cr_expect(x.c->enforced->no_new_privs && !x.c->enforced->root.readonly);
}

Test(policy_resolve, the_operators_names_mean_the_operators_files)
{
	const struct test_file *files = FILES({ "profiles/x.json", S1 ",\"extends\":\"y\",\"resources\":{\"pids\":1}}" }, { "share/y.json", S1 "}" },
		{ "profiles/y.d/1.json", S1 ",\"resources\":{\"io_weight\":50}}" }, { "/own/profiles/y.json", S1 ",\"extends\":\"y\",\"resources\":{\"memory\":\"1G\"}}" },
		{ "/own/profiles/y.d/1.json", S1 ",\"resources\":{\"cpu\":\"2\"}}" }, { "/own/profiles/x.d/1.json", S1 ",\"no_new_privileges\":true}" },
		{ "/own/profiles/z.json", S1 ",\"extends\":[\"x\",\"y\"]}" });
	const struct profile *p = NULL;
	auto_files t;
	bool callers;

	test_files_of(&t, files);
	cr_assert_eq(policy_profile_load_any(&t.a, &t.files, "x", &p, &callers, &t.e), 0, "%s", t.e.text);
	cr_expect(!callers && p->pids == 1 && p->io_weight == 50 && p->memory == PROFILE_AS_ASKED && p->cpu == PROFILE_AS_ASKED && !p->no_new_privs);
	cr_assert_eq(policy_profile_load_any(&t.a, &t.files, "y", &p, &callers, &t.e), 0, "%s", t.e.text);
	cr_expect(!callers && p->memory == PROFILE_AS_ASKED);
	cr_assert_eq(policy_profile_load_any(&t.a, &t.files, "z", &p, &callers, &t.e), 0, "%s", t.e.text);
	cr_expect(callers && p->pids == 1 && p->io_weight == 50 && p->memory == 1 << 30 && p->cpu == 2 * PROFILE_CPU && p->no_new_privs);
	cr_expect_eq(policy_profile_load(&t.a, &t.files, "z", &p, &t.e), -ENOENT);
}

Test(policy_resolve, one_of_the_callers_by_name_takes_nothings_place)
{
	const struct policy_ask ask = { .callers = "mine", .named_from = "--policy" };
	auto_chosen x = { .s = { .engine = "podman" } };

	test_files_of(&x.t, FILES({ "caisson.json", S1 ",\"default\":\"hardened\"}" }, { "/own/profiles/mine.json", S1 ",\"resources\":{\"pids\":9}}" }));
	cr_assert_eq(policy_choose(&x.t.a, &x.t.files, &ask, &x.s, &x.c, &x.t.e), 0, "%s", x.t.e.text);
	cr_expect_str_eq(x.c->name, "hardened");
	cr_expect_str_eq(x.c->caller.name, "mine");
	cr_expect_str_eq(x.c->caller.from, "--policy");
	cr_expect(x.c->enforced->no_new_privs && x.c->enforced->pids == 9);
}

/* ---- what comes of it ---- */

static int merge_with(struct merge_case *c, struct chosen *x)
{
	c->request.choice = x->c;
	return case_merge(c);
}

static const struct reason *reason_of(const struct plan *p, const char *control, enum reason_kind kind)
{
	for (size_t i = 0; i < p->reasons.n; i++)
		if (str_eq(p->reasons.v[i].control, control) && p->reasons.v[i].kind == kind)
			return &p->reasons.v[i];
	return NULL;
}

Test(policy_resolve, each_removed_capability_has_one_who_took_it)
{
	auto_chosen x = { 0 };
	auto_case c;
	bool floor = false, chosen = false;

	cr_assert_eq(choose(&x, FILES({ "caisson.json", S1 ",\"floor\":\"hardened\",\"default\":\"x\"}" },
				      { "profiles/x.json", S1 ",\"capabilities\":{\"allow\":[\"CHOWN\",\"SYS_ADMIN\",\"MKNOD\"]}}" }), NULL), 0, "%s", x.t.e.text);
	case_new(&c, LEVEL_NONE);
	cr_assert_eq(merge_with(&c, &x), 0, "%s", c.e.text);
	cr_expect_eq(c.plan->process.caps.bounding, CAP_BIT(CAP_CHOWN));
	for (size_t i = 0; i < c.plan->reasons.n; i++) {
		const struct reason *r = &c.plan->reasons.v[i];
		if (!str_eq(r->control, "capabilities") || !str_eq(r->result, "removed"))
			continue;
		floor |= str_eq(r->asked, "MKNOD") && str_eq(r->rule, "floor level hardened");
		chosen |= strstr(r->asked, "KILL") && str_eq(r->rule, "x.json $.capabilities.allow");
	}
	cr_expect(floor && chosen);
	cr_expect_str_eq(c.plan->profile, "x");
	cr_expect(c.plan->exec.no_new_privs && c.plan->exec.within_result);
}

Test(policy_resolve, a_grant_gives_what_was_not_asked_and_says_why)
{
	auto_chosen x = { 0 };
	const struct reason *r;
	auto_case c;

	cr_assert_eq(choose(&x, FILES({ "profiles/x.json", S1 ",\"capabilities\":{\"allow\":[],\"ambient\":\"granted\","
				      "\"grant\":[{\"cap\":\"NET_ADMIN\",\"why\":\"a router\"}]}}" }), "x"), 0, "%s", x.t.e.text);
	case_new(&c, LEVEL_NONE);
	cr_assert_eq(merge_with(&c, &x), 0, "%s", c.e.text);
	cr_expect_eq(c.plan->process.caps.bounding, CAP_BIT(CAP_NET_ADMIN));
	cr_expect_eq(c.plan->process.caps.ambient, CAP_BIT(CAP_NET_ADMIN));
	cr_expect_eq(c.plan->cap_ceiling & CAP_BIT(CAP_NET_ADMIN), CAP_BIT(CAP_NET_ADMIN));
	r = reason_of(c.plan, "capabilities", REASON_ADDED);
	cr_assert(r);
	cr_expect_str_eq(r->result, "NET_ADMIN: a router");
	cr_assert_eq(choose(&x, FILES({ "profiles/x.json", S1 ",\"user\":{\"uid\":7},\"capabilities\":{\"ambient\":\"granted\","
				      "\"grant\":[{\"cap\":\"NET_ADMIN\",\"why\":\"a router\"}]}}" }), "x"), 0);
	c.spec.process.uid = 0;
	cr_assert_eq(merge_with(&c, &x), 0, "%s", c.e.text);
	cr_expect(c.plan->process.caps.ambient & CAP_BIT(CAP_NET_ADMIN), "the user that the profile names is not root");
	cr_assert_eq(choose(&x, FILES({ "profiles/x.json", S1 ",\"capabilities\":{\"allow\":[],"
				      "\"grant\":[{\"cap\":\"NET_ADMIN\",\"why\":\"a router\"}]}}" }), "x"), 0);
	c.facts.caps &= ~CAP_BIT(CAP_NET_ADMIN);
	cr_assert_eq(merge_with(&c, &x), 0);
	cr_expect_eq(c.plan->process.caps.bounding, 0, "the host has none to give");
}

/* clang-format off */
static const struct { const char *word; uint32_t uid; uint64_t want; } ambients[] = {
	{ "granted", 0, CAP_BIT(CAP_KILL) }, { "granted", 1000, CAP_BIT(CAP_KILL) | CAP_BIT(CAP_CHOWN) },
	{ "as-asked", 0, CAP_BIT(CAP_KILL) }, { "as-asked", 1000, CAP_BIT(CAP_KILL) }, { "none", 1000, 0 },
};
/* clang-format on */

/* A looser word never takes away what a stricter one leaves. */
Test(policy_resolve, what_was_asked_for_as_ambient_stays_where_more_is_granted)
{
	for (size_t i = 0; i < N_ELEMENTS(ambients); i++) {
		auto_chosen x = { 0 };
		auto_case c;
		char profile[200];

		snprintf(profile, sizeof(profile), S1 ",\"capabilities\":{\"ambient\":\"%s\"}}", ambients[i].word);
		cr_assert_eq(choose(&x, FILES({ "caisson.json", S1 ",\"floor\":\"none\",\"default\":\"x\"}" }, { "profiles/x.json", profile }), NULL), 0, "%s", x.t.e.text);
		case_new(&c, LEVEL_NONE);
		c.spec.process.uid = ambients[i].uid;
		c.spec.process.caps.ambient = c.spec.process.caps.inheritable = CAP_BIT(CAP_KILL);
		c.spec.process.caps.effective = CAP_BIT(CAP_CHOWN);
		cr_assert_eq(merge_with(&c, &x), 0, "%s", c.e.text);
		cr_expect_eq(c.plan->process.caps.ambient, ambients[i].want, "case %zu", i);
	}
}

Test(policy_resolve, the_identity_of_a_profile_is_checked_like_one_that_was_asked_for)
{
	auto_chosen x = { 0 };
	auto_case c;

	cr_assert_eq(choose(&x, FILES({ "profiles/x.json", S1 ",\"extends\":\"strict\",\"umask\":\"0027\",\"user\":{\"uid\":7,\"gid\":8,\"groups\":[9]}}" }), "x"), 0, "%s", x.t.e.text);
	case_new(&c, LEVEL_NONE);
	c.spec.process.uid = c.spec.process.gid = 0;
	cr_assert_eq(merge_with(&c, &x), 0, "%s", c.e.text);
	cr_expect(c.plan->process.uid == 7 && c.plan->process.gid == 8 && c.plan->process.groups.n == 1);
	cr_expect(c.plan->process.has_umask && c.plan->process.umask == 027);
	cr_assert_eq(choose(&x, FILES({ "profiles/x.json", S1 ",\"extends\":\"strict\",\"user\":{\"uid\":7,\"gid\":0}}" }), "x"), 0);
	cr_expect_lt(merge_with(&c, &x), 0);
	cr_expect(strstr(c.e.text, "refused by level \"strict\" (user): the process would run with gid 0"), "%s", c.e.text);
}

Test(policy_resolve, an_annotations_identity_only_replaces_root)
{
	auto_chosen x = { .s = { .engine = "docker" } };
	auto_case c;

	cr_assert_eq(annotated(&x, S1 "}", "svc-x"), 0, "%s", x.t.e.text);
	case_new(&c, LEVEL_NONE);
	cr_assert_eq(merge_with(&c, &x), 0, "%s", c.e.text);
	cr_expect_eq(c.plan->process.uid, 1000);
	c.spec.process.uid = 0;
	cr_assert_eq(merge_with(&c, &x), 0);
	cr_expect_eq(c.plan->process.uid, 5);
}

Test(policy_resolve, a_label_can_be_required)
{
	auto_chosen x = { 0 };
	auto_case c;

	cr_assert_eq(choose(&x, FILES({ "caisson.json", S1 ",\"labels\":{\"mode\":\"require\"}}" }), NULL), 0);
	case_new(&c, LEVEL_NONE);
	cr_expect_lt(merge_with(&c, &x), 0);
	cr_expect(strstr(c.e.text, "refused by caisson.json $.labels.mode (capabilities): the container has no capability label"), "%s", c.e.text);
	c.labels = (struct label_caps){ .found = true, .caps = CAP_BIT(CAP_KILL), .from = "label" };
	cr_assert_eq(merge_with(&c, &x), 0, "%s", c.e.text);
	cr_expect_eq(c.plan->process.caps.bounding, CAP_BIT(CAP_KILL));
	/* An annotation alone does not stand for the source that is down. */
	c.labels.unanswered = "nobody is there";
	cr_expect_lt(merge_with(&c, &x), 0);
	cr_expect(strstr(c.e.text, "a capability label is required, and nobody is there"), "%s", c.e.text);
}

Test(policy_resolve, a_refusal_names_the_floor_or_the_file)
{
	auto_chosen x = { 0 };
	auto_case c;

	cr_assert_eq(choose(&x, FILES({ "caisson.json", S1 ",\"floor\":\"hardened\",\"default\":\"none\"}" }), NULL), 0);
	case_new(&c, LEVEL_NONE);
	c.spec.ns[NS_PID].mode = NS_INHERIT;
	cr_expect_lt(merge_with(&c, &x), 0);
	cr_expect(strstr(c.e.text, "refused by floor hardened (namespaces): the container asks for the host's pid"), "%s", c.e.text);
	cr_assert_eq(choose(&x, FILES({ "profiles/x.json", S1 ",\"namespaces\":{\"private\":[\"pid\"]}}" }), "x"), 0);
	cr_expect_lt(merge_with(&c, &x), 0);
	cr_expect(strstr(c.e.text, "refused by x.json $.namespaces.private (namespaces)"), "%s", c.e.text);
}

/* ---- only warning ---- */

static bool warns(const struct plan *p, const char *text)
{
	for (size_t i = 0; i < p->warnings.n; i++)
		if (strstr(p->warnings.v[i], text))
			return true;
	return false;
}

Test(policy_resolve, what_only_warns_is_said_and_not_done)
{
	auto_chosen x = { 0 };
	const struct reason *r;
	auto_case c;

	cr_assert_eq(choose(&x, FILES({ "caisson.json", S1 ",\"default\":\"strict\",\"mode\":\"warn\"}" }), NULL), 0, "%s", x.t.e.text);
	case_new(&c, LEVEL_NONE);
	c.spec.process.uid = 0;
	c.spec.ns[NS_PID].mode = NS_INHERIT;
	cr_assert_eq(merge_with(&c, &x), 0, "%s", c.e.text);
	cr_expect_eq(c.plan->process.caps.bounding, DOCKER_CAPS);
	cr_expect(!c.plan->process.no_new_privs && !c.plan->root.readonly && !c.plan->require_non_root);
	cr_expect_eq(c.plan->filter.own.set, FILTER_SET_BASELINE, "the floor holds");
	cr_expect_eq(c.plan->filter.would.set, FILTER_SET_SERVICE);
	cr_expect(warns(c.plan, "would be refused by level \"strict\" (namespaces)"));
	cr_expect(warns(c.plan, "would be refused by level \"strict\" (user)"));
	r = reason_of(c.plan, "capabilities", REASON_WARNED);
	cr_assert(r);
	cr_expect(str_starts(r->result, "would be: "), "%s", r->result);
}

Test(policy_resolve, single_controls_can_warn_while_the_rest_is_enforced)
{
	auto_chosen x = { 0 };
	auto_case c;

	cr_assert_eq(choose(&x, FILES({ "profiles/x.json", S1 ",\"extends\":\"hardened\",\"warn\":[\"syscalls\",\"no_new_privileges\"]}" }), "x"), 0, "%s", x.t.e.text);
	case_new(&c, LEVEL_NONE);
	cr_assert_eq(merge_with(&c, &x), 0, "%s", c.e.text);
	cr_expect(!c.plan->process.no_new_privs);
	cr_expect_eq(c.plan->filter.own.set, FILTER_SET_BASELINE);
	cr_expect_eq(c.plan->filter.would.set, FILTER_SET_CONTAINER);
	cr_expect(c.plan->root.nosuid && c.plan->process.caps.bounding != DOCKER_CAPS, "the rest is enforced");
	cr_expect(warns(c.plan, "no_new_privileges: off would be on (level hardened)"));
}

Test(policy_resolve, off_leaves_the_profile_out_and_the_floor_in)
{
	auto_chosen x = { 0 };
	auto_case c;

	cr_assert_eq(choose(&x, FILES({ "caisson.json", S1 ",\"default\":\"strict\",\"floor\":\"hardened\",\"mode\":\"off\"}" }), NULL), 0);
	case_new(&c, LEVEL_NONE);
	cr_assert_eq(merge_with(&c, &x), 0, "%s", c.e.text);
	cr_expect(c.plan->process.no_new_privs && !c.plan->root.readonly);
	cr_expect_eq(c.plan->warnings.n, 0);
}

Test(policy_resolve, none_over_a_floor_of_none_is_the_document)
{
	auto_chosen x = { 0 };
	auto_case c;

	cr_assert_eq(choose(&x, FILES({ "caisson.json", S1 ",\"floor\":\"none\",\"default\":\"none\"}" }), NULL), 0);
	case_new(&c, LEVEL_NONE);
	cr_assert_eq(merge_with(&c, &x), 0, "%s", c.e.text);
	cr_expect_eq(c.plan->process.caps.bounding, DOCKER_CAPS);
	cr_expect_eq(c.plan->mounts.n, c.spec.mounts.n);
	cr_expect_eq(c.plan->masked_paths.n, c.spec.masked_paths.n);
	cr_expect_eq(c.plan->filter.own.set, FILTER_SET_NONE);
}
