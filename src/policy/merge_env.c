/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The environment: what it must not hold. Variables that are denied go first, so that a secret among them is none any more.
 */
#include <errno.h>

#include "base/fault.h"
#include "policy/env.h"
#include "policy/merge_step.h"

static int remove_denied(struct merge *m, struct err *e)
{
	struct strings *env = &m->plan->process.env, removed = { 0 };
	size_t before = env->n;
	const char *names;
	int err = 0;

	if (m->p->env_deny.n == 0)
		return 0;
	if (!fault_skip("deny variables"))
		err = env_remove(m->a, &m->p->env_deny, env, &removed, e);
	if (err < 0)
		return err;
	names = env_names(m->a, &removed);
	merge_reason(m, removed.n ? REASON_NARROWED : REASON_KEPT, "environment", merge_text(m, "%zu variables", before),
		     removed.n && names ? merge_text(m, "%zu variables: without %s", env->n, names) : merge_text(m, "%zu variables", env->n),
		     merge_rule(m, PF_ENV_DENY));
	return 0;
}

static int look_for_secrets(struct merge *m, struct err *e)
{
	struct strings found = { 0 };
	size_t more;
	int err;

	if (m->p->env_secrets == PROFILE_SECRETS_OFF)
		return 0;
	err = env_secrets(m->a, &m->plan->process.env, &found, &more, e);
	if (err < 0)
		return err;
	if (found.n && m->p->env_secrets == PROFILE_SECRETS_REFUSE)
		return merge_refuse(m, e, PF_ENV_SECRETS, "env", "%s%s; give it as a file (a mount, POSTGRES_PASSWORD_FILE and its like), or take the variable "
				    "out with env.deny", found.v[0], found.n > 1 ? ", and there are more" : "");
	for (size_t i = 0; i < found.n; i++)
		merge_warn(m, "%s; everybody who may look at the container or its processes can read it: give it as a file", found.v[i]);
	merge_reason(m, found.n ? REASON_WARNED : REASON_KEPT, "secrets in variables", merge_text(m, "%zu", found.n + more),
		     found.n ? "warned about" : "none", merge_rule(m, PF_ENV_SECRETS));
	return 0;
}

int merge_env(struct merge *m, struct err *e)
{
	int err = 0;

	if (!m->plan->has_process)
		return 0;
	err = remove_denied(m, e);
	return err < 0 ? err : look_for_secrets(m, e);
}
