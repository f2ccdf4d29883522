/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/policy.h - which profile a command line and the installed policy files choose.
 */
#ifndef CAISSON_CLI_POLICY_H
#define CAISSON_CLI_POLICY_H

#include "cli/options.h"
#include "policy/resolve.h"

/* What --policy, or the program's own name ("caisson-hardened"), says in the place of the default; NULL when neither does. An
 * unknown name is refused here, before anything is read: a misspelt one must not fall back to a weaker profile. */
int cli_policy_named(const struct cli_globals *g, struct arena *a, struct policy_ask *out, struct err *e);

struct cli_policy {
	enum level level;		/* without a choice: the built-in level */
	const char *level_from;
	const struct policy_choice *choice; /* NULL: no policy files */
	const struct policy_config *config; /* its defaults without a file */
	const struct profile *profile;	/* what is enforced, either way */
};
int cli_policy_choose(struct arena *a, const struct policy_ask *ask, const struct policy_subject *subject, struct cli_policy *out,
		      struct err *e);

/* ---- the verbs of `caisson policy`, for each other and for tests ---- */

struct policy_options { bool json; const char *dir; };

/* The place that --dir names, or the installed one. */
struct policy_dir;
void policy_place_init(const struct policy_options *o, struct policy_dir *d);
int policy_check(const struct policy_options *o, int argc, char *const *argv, struct err *e);
int policy_show(const struct policy_options *o, const char *name, struct err *e);
int policy_diff(const struct policy_options *o, const char *one, const char *two, struct err *e);
/* 0, or 1 when a case failed. */
int policy_test(const struct policy_options *o, const char *file, struct err *e);

#endif
