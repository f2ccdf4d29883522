/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/policy.h"

#include <errno.h>
#include <string.h>

#include "container/policy_dir.h"
#include "policy/merge.h"

/* *callers: it is one of the caller's own. NULL: it may be none. */
static int check_named(struct arena *a, const char *name, bool *callers, struct err *e)
{
	const struct profile *p = NULL;
	struct policy_files files;
	struct policy_dir d;

	if (profile_builtin_named(name))
		return 0;
	policy_dir_init(&d);
	policy_dir_files(&d, &files);
	return callers ? policy_profile_load_any(a, &files, name, &p, callers, e) : policy_profile_load(a, &files, name, &p, e);
}

int cli_policy_named(const struct cli_globals *g, struct arena *a, struct policy_ask *out, struct err *e)
{
	bool callers = false;
	int err;

	if (g->policy) {
		err = check_named(a, g->policy, &callers, e);
		/* One's own takes nothing's place: it is met with what holds without it. */
		out->named = callers ? NULL : g->policy;
		out->callers = callers ? g->policy : NULL;
		out->named_from = "--policy";
		return err < 0 ? err_wrap(e, "--policy") : 0;
	}
	if (!g->program || !str_starts(g->program, "caisson-"))
		return 0;
	out->named = g->program + strlen("caisson-");
	out->named_from = "the program's name";
	err = check_named(a, out->named, NULL, e);
	return err < 0 ? err_wrap(e, "called as \"%s\"", g->program) : 0;
}

int cli_policy_choose(struct arena *a, const struct policy_ask *ask, const struct policy_subject *subject, struct cli_policy *out,
		      struct err *e)
{
	struct policy_config *config = arena_alloc(a, sizeof(*config));
	struct policy_ask asked = *ask;
	struct policy_files files;
	struct policy_dir d;
	int err;

	if (!config)
		return err_set(e, ENOMEM, "policy: out of memory");
	config_defaults(config);
	*out = (struct cli_policy){ .config = config, .level = ask->standalone ? LEVEL_STRICT : LEVEL_BASELINE,
				    .level_from = ask->standalone ? "launch's default" : "built-in default" };
	asked.config = &out->config;
	policy_dir_init(&d);
	policy_dir_files(&d, &files);
	err = policy_choose(a, &files, &asked, subject, &out->choice, e);
	if (err < 0)
		return err;
	if (out->choice) {
		out->profile = out->choice->enforced;
		out->level = out->profile->level;
		out->level_from = out->choice->from;
		return 0;
	}
	if (ask->named) {
		out->level = (enum level)policy_level_find(ask->named); /* known: policy_choose says so */
		out->level_from = ask->named_from;
	}
	out->profile = profile_builtin(out->level);
	return 0;
}
