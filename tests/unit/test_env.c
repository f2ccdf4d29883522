/* SPDX-License-Identifier: Apache-2.0 */
/* What is taken out of an environment, what is found in it, and that nothing of a value is ever said. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "merge_case.h"
#include "policy/env.h"
#include "policy/profile.h"
#include "policy/resolve.h"

#define TOKEN "ghp_" "0AbCdEfGhIjKlMnOpQrStUvWxYz123456789"

static const char *const env[] = { "PATH=/bin", "DB_PASSWORD=Xk29fjQw77zz", "A/SECRET=1", "HUB=" TOKEN, "lower_secret=1", NULL };
static const char *const deny[] = { "*SECRET", "DB_*", NULL };

static int merge_with(struct merge_case *c, const struct profile *p)
{
	const struct policy_choice choice = { .name = "x", .from = "test", .floor = "x", .floor_from = "test", .enforced = p, .full = p };
	int err;

	c->spec.process.env = (struct strings){ 5, env };
	c->request.choice = &choice;
	err = case_merge(c);
	c->request.choice = NULL;
	return err;
}

static struct profile some_profile(void)
{
	struct profile p = *profile_builtin(LEVEL_NONE);

	p.name = "x";
	p.from_file = true;
	p.privileged = PROFILE_PRIVILEGED_MEET;
	return p;
}

static bool has_reason(const struct plan *p, const char *control, const char *part)
{
	for (size_t i = 0; i < p->reasons.n; i++)
		if (str_eq(p->reasons.v[i].control, control) && strstr(p->reasons.v[i].result, part))
			return true;
	return false;
}

Test(env, names_are_taken_out_by_pattern)
{
	static const struct { const char *pattern, *name; bool denied; } cases[] = {
		{ "A", "A=1", true }, { "A", "A", true }, { "A", "AB=A", false }, { "A*", "AB=1", true }, { "*", "", true }, { "a", "A=1", false },
		{ "?", "AB=1", false }, { "[A-C]X", "BX=", true }, { "*SECRET*", "X/SECRET/Y=1", true }, { "*KEY", "K=MY_KEY", false },
	};
	auto_str name = { 0 };

	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		const struct strings list = { 1, &cases[i].pattern };
		cr_expect_eq(env_is_denied(&list, cases[i].name), cases[i].denied, "%s %s", cases[i].pattern, cases[i].name);
	}
	/* What is too long to be compared does not get by. */
	for (size_t i = 0; i < 5000; i++)
		str_add(&name, "A");
	cr_expect(env_is_denied(&(struct strings){ 1, deny }, name.s));
	cr_expect_not(env_is_denied(&(struct strings){ 0 }, name.s));
}

Test(env, the_plan_is_without_them_and_says_why)
{
	struct profile p = some_profile();
	auto_case c;

	case_new(&c, LEVEL_NONE);
	p.env_deny = (struct strings){ 2, deny };
	cr_assert_eq(merge_with(&c, &p), 0, "%s", c.e.text);
	cr_assert_eq(c.plan->process.env.n, 3);
	cr_expect_str_eq(c.plan->process.env.v[0], "PATH=/bin");
	cr_expect_str_eq(c.plan->process.env.v[1], "HUB=" TOKEN);
	cr_expect_str_eq(c.plan->process.env.v[2], "lower_secret=1");
	cr_expect(has_reason(c.plan, "environment", "3 variables: without DB_PASSWORD, A/SECRET"));
	cr_expect_eq(c.plan->exec.env_deny.n, 2);
	cr_expect_not(c.plan->exec.no_home);
}

Test(env, without_a_word_about_it_nothing_changes)
{
	struct profile p = some_profile();
	auto_case c;

	case_new(&c, LEVEL_NONE);
	cr_assert_eq(merge_with(&c, &p), 0, "%s", c.e.text);
	cr_expect_eq(c.plan->process.env.v, env);
	cr_expect_not(has_reason(c.plan, "environment", ""));
	cr_expect_not(has_reason(c.plan, "secrets in variables", ""));
}

Test(env, secrets_are_warned_about_or_refused_without_their_value)
{
	struct profile p = some_profile();
	bool said = false;
	auto_case c;

	case_new(&c, LEVEL_NONE);
	p.env_secrets = PROFILE_SECRETS_WARN;
	cr_assert_eq(merge_with(&c, &p), 0, "%s", c.e.text);
	cr_expect(has_reason(c.plan, "secrets in variables", "warned about"));
	for (size_t i = 0; i < c.plan->warnings.n; i++) {
		said |= strstr(c.plan->warnings.v[i], "variable HUB looks like a secret (github-token: 40 bytes from byte 0, sha256 ") != NULL;
		cr_expect_null(strstr(c.plan->warnings.v[i], "AbCd"));
	}
	cr_expect(said);
	p.env_secrets = PROFILE_SECRETS_REFUSE;
	cr_assert_eq(merge_with(&c, &p), -EPERM);
	cr_expect(strstr(c.e.text, "refused by profile \"x\" (env): variable DB_PASSWORD looks like a secret (named-password: 12 bytes"), "%s", c.e.text);
	cr_expect_null(strstr(c.e.text, "Xk29"));
	/* One that is taken out is none. */
	p.env_deny = (struct strings){ 2, (const char *const[]){ "HUB", "DB_PASSWORD" } };
	cr_expect_eq(merge_with(&c, &p), 0, "%s", c.e.text);
}

Test(env, exec_is_met_with_the_same)
{
	struct profile p = some_profile();
	struct strings warnings = { 0 };
	const struct process *out;
	struct process asked;
	auto_case c;

	case_new(&c, LEVEL_NONE);
	p.env_deny = (struct strings){ 2, (const char *const[]){ "DB_*", "HO*" } };
	p.env_secrets = PROFILE_SECRETS_WARN;
	cr_assert_eq(merge_with(&c, &p), 0, "%s", c.e.text);
	cr_expect(c.plan->exec.no_home);
	asked = c.spec.process;
	cr_assert_eq(policy_merge_exec(&c.arena, c.plan, &asked, &out, &c.e), 0, "%s", c.e.text);
	cr_expect_eq(out->env.n, 4);
	cr_assert_eq(env_exec_warnings(&c.arena, c.plan, &asked, &warnings, &c.e), 0);
	cr_assert_eq(warnings.n, 2);
	cr_expect_str_eq(warnings.v[0], "env.deny of the container's policy takes DB_PASSWORD from the environment");
	cr_expect(strstr(warnings.v[1], "variable HUB looks like a secret (github-token"));
	p.env_secrets = PROFILE_SECRETS_REFUSE;
	p.env_deny = (struct strings){ 2, (const char *const[]){ "DB_*", "HUB" } };
	cr_assert_eq(merge_with(&c, &p), 0, "%s", c.e.text);
	cr_expect_eq(policy_merge_exec(&c.arena, c.plan, &asked, &out, &c.e), 0, "%s", c.e.text);
	asked.env = (struct strings){ 1, (const char *const[]){ "X=" TOKEN, NULL } };
	cr_expect_eq(policy_merge_exec(&c.arena, c.plan, &asked, &out, &c.e), -EPERM);
	cr_expect(strstr(c.e.text, "refused by profile \"x\" (env): variable X looks like a secret"), "%s", c.e.text);
}
