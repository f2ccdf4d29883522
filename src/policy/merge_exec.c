/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A further process in a running container: engines send their own full set, so the stored plan meets it again.
 */
#include <errno.h>

#include "policy/env.h"
#include "policy/ids.h"
#include "policy/merge.h"
#include "policy/merge_step.h"

static void cut(struct capsets *c, uint64_t ceiling)
{
	c->bounding &= ceiling;
	c->permitted &= ceiling;
	c->effective &= ceiling & c->permitted;
	c->inheritable &= ceiling;
	c->ambient &= ceiling & c->permitted & c->inheritable;
}

static bool is_root(const struct process *p)
{
	if (p->uid == 0 || p->gid == 0)
		return true;
	for (size_t i = 0; i < p->groups.n; i++)
		if (p->groups.v[i] == 0)
			return true;
	return false;
}

/* As engines expect: a process that names no label gets the container's, never none. */
static void keep_label(const char **label, const char *stored, bool always)
{
	if (stored && (always || !*label))
		*label = stored;
}

/* Taken out are variables of exec as those of the container were. */
static int meet_env(struct arena *a, const struct plan *stored, struct process *p, struct err *e)
{
	struct strings ignored, found = { 0 };
	size_t more;
	int err = env_remove(a, &stored->exec.env_deny, &p->env, &ignored, e);

	if (err == 0 && stored->exec.env_secrets == PROFILE_SECRETS_REFUSE)
		err = env_secrets(a, &p->env, &found, &more, e);
	if (err < 0 || !found.n)
		return err;
	(void)err_set(e, EPERM, "refused by profile \"%s\" (env): %s; give it as a file, or leave the variable out", stored->profile, found.v[0]);
	return err_class(e, "policy.refused");
}

/* The further groups count: what the container's own user is not in, a process that joins is not in either. */
static bool is_same_user(const struct process *own, const struct process *p)
{
	for (size_t i = 0; i < p->groups.n; i++) {
		bool found = p->groups.v[i] == own->gid;
		for (size_t k = 0; !found && k < own->groups.n; k++)
			found = own->groups.v[k] == p->groups.v[i];
		if (!found)
			return false;
	}
	return p->uid == own->uid && p->gid == own->gid;
}

/* "level" or "profile", before the name of what the container was made with. */
static const char *kind_of(const struct plan *stored)
{
	return policy_level_find(stored->profile) < 0 ? "profile" : "level";
}

static int check_allowed(const struct plan *stored, const struct process *asked, struct err *e)
{
	const struct process *own = &stored->process;
	const char *rule = stored->exec.allow_rule ? stored->exec.allow_rule : "the policy";

	if (stored->exec.allow == PROFILE_EXEC_DENY)
		return err_set(e, EPERM, "refused by %s (exec): nothing may join this container; a profile with another exec.allow takes "
			       "effect when it is created anew", rule);
	if (stored->exec.allow == PROFILE_EXEC_SAME_USER && !is_same_user(own, asked))
		return err_set(e, EPERM, "refused by %s (exec): only the container's own user, %u:%u, may join it; leave --user out", rule,
			       own->uid, own->gid);
	if (asked->has_caps && stored->exec.privileged_caps && merge_is_every_cap(asked->caps.bounding, stored->exec.privileged_caps))
		return err_set(e, EPERM, "refused by %s \"%s\" (privileged): exec asks for every capability; leave --privileged out",
			       kind_of(stored), stored->profile);
	return 0;
}

int policy_merge_exec(struct arena *a, const struct plan *stored, const struct process *asked, const struct process **out,
		      struct err *e)
{
	const struct plan_exec *x = &stored->exec;
	struct process *p = arena_alloc(a, sizeof(*p));
	struct merge_rlimits_notes notes;

	if (!p)
		return err_set(e, ENOMEM, "exec: out of memory");
	if (check_allowed(stored, asked, e) < 0)
		return err_class(e, "policy.refused");
	*p = *asked;
	if (!p->has_caps) {
		/* As engines expect: no capabilities object means the container's own. */
		p->has_caps = stored->process.has_caps;
		p->caps = stored->process.caps;
	}
	cut(&p->caps, stored->cap_ceiling);
	if (x->no_new_privs)
		p->no_new_privs = true;
	if (stored->require_non_root && is_root(p)) {
		(void)err_set(e, EPERM, "refused by %s \"%s\" (user): exec asks for %s; name an ordinary user "
			       "(--user 65532:65532)", kind_of(stored), stored->profile,
			       p->uid == 0 ? "uid 0" : p->gid == 0 ? "gid 0" : "group 0 among its groups");
		return err_class(e, "policy.refused");
	}
	if (ids_check(stored, p, e) < 0)
		return -e->code;
	if (meet_env(a, stored, p, e) < 0)
		return -e->code;
	keep_label(&p->apparmor, stored->process.apparmor, x->within_result || x->own_label);
	keep_label(&p->selinux, stored->process.selinux, x->within_result || x->own_label);
	if (merge_rlimits(a, x, NULL, &stored->process.rlimits, p, &notes) < 0)
		return err_set(e, ENOMEM, "exec: out of memory");
	*out = p;
	return 0;
}

int merge_exec_allowed(struct merge *m, struct err *e)
{
	static const char *const words[] = { [PROFILE_EXEC_SAME_USER] = "the container's own user", [PROFILE_EXEC_DENY] = "nobody" };

	(void)e;
	if (m->p->exec_allow != PROFILE_EXEC_INHERIT)
		merge_reason(m, REASON_NARROWED, "exec", "anybody", words[m->p->exec_allow], merge_rule(m, PF_EXEC_ALLOW));
	return 0;
}
