/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Patterns, and who a container is: engines as their bundles show them, and what may not be believed.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "policy/config.h"
#include "policy/glob.h"

static const struct { const char *pattern, *text; bool want; } globs[] = {
	{ "", "", true }, { "", "a", false }, { "a", "a", true }, { "a", "ab", false }, { "?", "a", true }, { "?", "/", false },
	{ "*", "", true }, { "*", "abc", true }, { "*", "a/b", false }, { "**", "a/b/c", true }, { "a*c", "abbc", true },
	{ "a*c", "abcb", false }, { "a*b*c", "aXbYbZc", true }, { "*/b", "a/b", true }, { "*/b", "a/a/b", false },
	{ "**/b", "a/a/b", true }, { "a/**/c/*", "a/x/y/c/d", true }, { "a/**/c/*", "a/x/y/c/d/e", false },
	{ "[a-c]x", "bx", true }, { "[a-c]x", "dx", false }, { "[!a-c]x", "dx", true }, { "[!a]", "/", false }, { "[]a]", "]", true },
	{ "[", "[", true }, { "[ab", "[ab", true }, { "svc-*", "svc-nginx", true }, { "svc-*", "xsvc-nginx", false },
	{ "**a**b", "aab", true }, { "*a**/b", "xa/y/b", true }, { "**/*x", "a/b/cx", true }, { "kube-*", "kube-", true },
};

Test(policy_rules, patterns_match_as_they_say)
{
	for (size_t i = 0; i < N_ELEMENTS(globs); i++)
		cr_expect_eq(glob_match(globs[i].pattern, globs[i].text), globs[i].want, "\"%s\" on \"%s\"", globs[i].pattern,
			     globs[i].text);
}

Test(policy_rules, a_strangers_long_text_costs_little_and_matches_nothing, .timeout = 10)
{
	static char text[GLOB_TEXT_MAX + 2], pattern[1024];

	memset(text, 'a', GLOB_TEXT_MAX);
	for (size_t i = 0; i + 2 < sizeof(pattern); i += 2)
		memcpy(pattern + i, "*a", 2);
	pattern[sizeof(pattern) - 3] = 'b';
	cr_expect(!glob_match(pattern, text));
	cr_expect(glob_match("*", text));
	text[GLOB_TEXT_MAX] = 'a';
	cr_expect(!glob_match("**", text));
}

/* Every text of up to four characters, for every pair of these: no two that overlap in truth are called apart, and of those without a
 * class none that are apart are said to overlap. */
static const char *const pairs[] = {
	"", "a", "b", "ab", "/", "a/", "?", "??", "*", "**", "a*", "*b", "a*b", "*a*", "*/b", "**/b", "a/*", "a/**", "?*", "*?/", "**b**", "a?b", "[ab]", "[!a]*",
};

static bool share_a_text(const char *one, const char *two)
{
	static const char letters[] = "ab/";

	for (int code = 0; code < 256; code++) {
		char text[5] = "";
		int n = 0;
		for (int rest = code; n < 4; rest /= 4, n++) {
			if (rest % 4 == 3)
				break;
			text[n] = letters[rest % 4];
		}
		text[n] = '\0';
		if (glob_match(one, text) && glob_match(two, text))
			return true;
	}
	return false;
}

Test(policy_rules, patterns_overlap_when_a_text_matches_both)
{
	for (size_t i = 0; i < N_ELEMENTS(pairs); i++)
		for (size_t k = 0; k < N_ELEMENTS(pairs); k++) {
			bool shared = share_a_text(pairs[i], pairs[k]), said = glob_overlap(pairs[i], pairs[k]);
			bool class = strchr(pairs[i], '[') || strchr(pairs[k], '[');
			cr_expect(said || !shared, "\"%s\" and \"%s\" overlap", pairs[i], pairs[k]);
			cr_expect(!said || shared || class, "\"%s\" and \"%s\" do not overlap", pairs[i], pairs[k]);
		}
	cr_expect(!glob_overlap("docker.io/library/nginx:*", "docker.io/library/redis:*"));
}

Test(policy_rules, patterns_that_are_too_long_to_tell_overlap)
{
	char one[GLOB_OVERLAP_MAX + 2] = "";

	memset(one, 'a', GLOB_OVERLAP_MAX);
	cr_expect(!glob_overlap(one, "b"));
	one[GLOB_OVERLAP_MAX] = 'a';
	cr_expect(glob_overlap(one, "b"));
	cr_expect(glob_overlap("b", one));
}

#define V2 "/run/containerd/io.containerd.runtime.v2.task/"
#define PODMAN "/var/lib/containers/storage/overlay-containers/0123/userdata"
/* clang-format off */
static const struct { const char *bundle; struct key_value annotations[3]; const char *engine, *kind, *namespace, *image; } who[] = {
	{ V2 "moby/1", { { 0 } }, "docker", "container", NULL, NULL },
	{ V2 "moby/1", { { "io.container.manager", "libpod" }, { "io.kubernetes.cri.sandbox-namespace", "kube-system" } }, "docker", "container", NULL, NULL },
	{ V2 "k8s.io/1", { { "io.kubernetes.cri.container-type", "sandbox" }, { "io.kubernetes.cri.sandbox-namespace", "kube-system" } },
	  "cri-containerd", "sandbox", "kube-system", NULL },
	{ V2 "k8s.io/1", { { "io.kubernetes.cri.container-type", "container" }, { "io.kubernetes.cri.image-name", "nginx" } },
	  "cri-containerd", "container", NULL, "docker.io/library/nginx:latest" },
	{ V2 "k8s.iox/1", { { "io.kubernetes.cri.sandbox-namespace", "kube-system" } }, "ctr", "container", NULL, NULL },
	{ V2 "default/1", { { "nerdctl/name", "x" } }, "nerdctl", "container", NULL, NULL },
	{ V2 "default/1", { { 0 } }, "ctr", "container", NULL, NULL },
	{ PODMAN, { { "io.kubernetes.pod.namespace", "kube-system" } }, "podman", "container", NULL, NULL },
	{ PODMAN, { { "io.kubernetes.cri-o.ContainerType", "container" }, { "io.kubernetes.pod.namespace", "a" },
		    { "io.kubernetes.cri-o.ImageName", "quay.io/x/y:1" } }, "cri-o", "container", "a", "quay.io/x/y:1" },
	{ "/var/lib/docker/buildkit/executor/abc", { { 0 } }, "buildkit", "build", NULL, NULL },
	{ "/var/tmp/buildah123", { { 0 } }, "buildah", "build", NULL, NULL },
	{ "/home/x/bundle", { { "io.kubernetes.cri.container-type", "sandbox" } }, "other", "container", NULL, NULL },
};
/* clang-format on */

Test(policy_rules, engines_are_known_by_their_places_and_not_by_annotations_of_others)
{
	for (size_t i = 0; i < N_ELEMENTS(who); i++) {
		struct spec s = { 0 };
		struct policy_subject got;
		auto_arena a = { 0 };
		struct err e = { 0 };

		s.annotations.v = who[i].annotations;
		while (s.annotations.n < 3 && who[i].annotations[s.annotations.n].key)
			s.annotations.n++;
		cr_assert_eq(subject_of(&a, &s, who[i].bundle, false, &got, &e), 0);
		cr_expect_str_eq(got.engine, who[i].engine, "case %zu", i);
		cr_expect_str_eq(got.kind, who[i].kind, "case %zu", i);
		cr_expect(str_eq(got.namespace, who[i].namespace), "case %zu: %s", i, got.namespace ? got.namespace : "-");
		cr_expect(str_eq(got.image, who[i].image), "case %zu: %s", i, got.image ? got.image : "-");
	}
}

static const struct { const char *args[5]; const char *want; } programs[] = {
	{ { "/usr/bin/nginx", "-g" }, "/usr/bin/nginx" },
	{ { "/sbin/docker-init", "--", "redis-server" }, "redis-server" },
	{ { "tini", "-g", "-v", "x" }, "x" },
	{ { "/x/caisson-init", "--" }, NULL },
	{ { NULL }, NULL },
};

Test(policy_rules, the_program_is_looked_for_past_an_init)
{
	for (size_t i = 0; i < N_ELEMENTS(programs); i++) {
		struct spec s = { .has_process = true };
		struct policy_subject got;
		auto_arena a = { 0 };
		struct err e = { 0 };

		s.process.args.v = programs[i].args;
		while (programs[i].args[s.process.args.n])
			s.process.args.n++;
		cr_assert_eq(subject_of(&a, &s, "/b", false, &got, &e), 0);
		cr_expect(str_eq(got.argv0, programs[i].want), "case %zu: %s", i, got.argv0 ? got.argv0 : "-");
	}
}

/* ---- rules ---- */

static const char *const text_nginx[] = { "nginx*", NULL };
static const char *const env_web[] = { "ROLEX=db", "ROLE=web", "ROLE=db", NULL };
static const struct key_value role = { "ROLE", "w*" }, team = { "team", "a" };
static const uint32_t uids[] = { 5, 7 };

Test(policy_rules, all_matchers_of_a_rule_must_hold)
{
	const struct strings env = { 3, env_web };
	const struct key_values labels = { 1, &team };
	struct policy_rule rule = { .profile = "x" };
	struct policy_config c = { .rules = { 1, &rule } };
	struct policy_subject s = { .argv0 = "nginx-debug", .env = &env, .labels = &labels, .caller_uid = 7, .privileged = true };

	cr_expect_eq(config_find_rule(&c, &s), 0, "a rule without matchers is for all");
	rule.match.argv0 = (struct strings){ 1, text_nginx };
	cr_expect_eq(config_find_rule(&c, &s), 0);
	rule.match.env = (struct key_values){ 1, &role };
	cr_expect_eq(config_find_rule(&c, &s), 0);
	rule.match.label = (struct key_values){ 1, &team };
	cr_expect_eq(config_find_rule(&c, &s), 0);
	rule.match.caller_uid = (struct profile_ids){ true, { 2, uids } };
	cr_expect_eq(config_find_rule(&c, &s), 0);
	rule.match.privileged = (struct opt_bool){ true, true };
	cr_expect_eq(config_find_rule(&c, &s), 0);
	s.privileged = false;
	cr_expect_eq(config_find_rule(&c, &s), -1);
	s.privileged = true;
	s.caller_uid = 6;
	cr_expect_eq(config_find_rule(&c, &s), -1);
	s.caller_uid = 5;
	s.argv0 = NULL;
	cr_expect_eq(config_find_rule(&c, &s), -1, "what is not there matches nothing");
}
