/* SPDX-License-Identifier: Apache-2.0 */
/* Whether what caisson.json says holds together: its profiles exist, its floor is one, its rules weaken nothing at a stranger's word. */
#include "policy/config_check.h"

#include <errno.h>

#include "policy/profile_fields.h"

static int no_memory(struct err *e)
{
	return err_set(e, ENOMEM, "policy: out of memory");
}

int policy_load_named(const struct policy_source *r, const char *where, const char *name, const struct profile **out, struct err *e)
{
	int err = where ? policy_profile_load_from(r->a, r->files, r->first, name, out, e) : no_memory(e);

	return err == -ENOENT ? err_wrap(e, "policy: %s", where) : err;
}

int policy_load_floor(const struct policy_source *r, const struct policy_config *c, const struct profile **out, struct err *e)
{
	int err = policy_load_named(r, arena_printf(r->a, "%s $.floor", c->file), c->floor, out, e);

	if (err < 0)
		return err;
	if ((*out)->grant.n) {
		(void)err_set(e, EINVAL, "policy: %s $.floor: \"%s\" grants capabilities, and a floor may not", c->file, c->floor);
		return err_class(e, "policy.weaker");
	}
	if ((*out)->uid.set || (*out)->gid.set || (*out)->groups.set || (*out)->umask.set) {
		(void)err_set(e, EINVAL, "policy: %s $.floor: \"%s\" says who the user is, and a floor may not", c->file, c->floor);
		return err_class(e, "policy.weaker");
	}
	if ((*out)->apparmor || (*out)->selinux) {
		(void)err_set(e, EINVAL, "policy: %s $.floor: \"%s\" names a label of a security module, and a floor may not", c->file, c->floor);
		return err_class(e, "policy.weaker");
	}
	return 0;
}

uint64_t policy_only_warned(const struct profile *p, uint32_t mode)
{
	return mode == PROFILE_WARN ? profile_controls_all() : mode == PROFILE_ENFORCE ? p->warn : 0;
}

/* What of a profile is enforced, chosen under `mode`: controls that only warn are as if nobody had said them. */
static int enforced_of(struct arena *a, const struct profile *p, uint32_t mode, const struct profile **out, struct err *e)
{
	struct profile *own;

	if (p->mode > mode)
		mode = p->mode;
	*out = mode == PROFILE_OFF ? profile_builtin(LEVEL_NONE) : p;
	if (!policy_only_warned(p, mode))
		return 0;
	own = arena_alloc(a, sizeof(*own));
	if (!own)
		return no_memory(e);
	*own = *p;
	profile_forget(own, policy_only_warned(p, mode));
	*out = own;
	return 0;
}

struct rule_profile { const struct profile *p; }; /* NULL: not loaded yet */

/* The rules while they are compared. base: what holds where none matches. */
struct comparing {
	const struct policy_source *r;
	const struct policy_config *c;
	const struct profile *base;
	struct rule_profile *loaded;	/* by rule */
};

static const char *const match_more = "match engine, kind, bundle, namespace, pod, container, caller_uid or an image's digest too";

static int load_rule(const struct comparing *x, size_t i, const struct profile **out, struct err *e)
{
	int err = 0;

	if (!x->loaded[i].p)
		err = policy_load_named(x->r, arena_printf(x->r->a, "%s $.rules[%zu].profile", x->c->file, i), x->c->rules.v[i].profile,
					&x->loaded[i].p, e);
	*out = x->loaded[i].p;
	return err;
}

/* Of the rule at `i`: not weaker than what a container would get without it, `than` under `mode`. `of` says where that is from. */
static int check_not_weaker(const struct comparing *x, size_t i, const struct profile *than, uint32_t mode, const char *of, struct err *e)
{
	const struct policy_rule *rule = &x->c->rules.v[i];
	const struct profile *p = NULL, *own = NULL, *other = NULL;
	struct profile_field_set weaker;
	enum profile_field first;
	int err = load_rule(x, i, &p, e);

	if (err == 0)
		err = enforced_of(x->r->a, p, rule->mode, &own, e);
	if (err == 0)
		err = enforced_of(x->r->a, than, mode, &other, e);
	if (err == 0)
		err = profile_weaker(x->r->a, own, other, &weaker, e);
	if (err < 0 || !profile_fields_take(&weaker, &first))
		return err;
	(void)err_set(e, EPERM, "policy: %s $.rules[%zu].profile: \"%s\" is weaker than \"%s\"%s (%s%s), and only what the "
		       "container's author controls chooses it; %s%s", x->c->file, i, rule->profile, than->name, of, profile_field_name(first),
		       own == p ? "" : ", which it only warns about", of[0] ? "put it behind that rule, or " : "", match_more);
	return err_class(e, "policy.weaker");
}

/* The rule at `i` may choose its profile at the word of whoever controls what it looks at: it is no way round the default, nor round
 * a later rule that would have chosen. */
static int check_rule(const struct comparing *x, size_t i, struct err *e)
{
	const struct policy_rule *rule = &x->c->rules.v[i];
	int err = 0;

	if (config_rule_is_trusted(x->c, rule))
		return 0;
	if (rule->mode != PROFILE_ENFORCE) {
		(void)err_set(e, EPERM, "policy: %s $.rules[%zu].mode: only what the container's author controls chooses this "
			       "rule, so it must enforce; %s", x->c->file, i, match_more);
		return err_class(e, "policy.weaker");
	}
	err = check_not_weaker(x, i, x->base, PROFILE_ENFORCE, "", e);
	for (size_t k = i + 1; err == 0 && k < x->c->rules.n; k++) {
		const struct policy_rule *later = &x->c->rules.v[k];
		const char *of = arena_printf(x->r->a, " of $.rules[%zu], which may match the same container", k);
		const struct profile *p = NULL;

		if (!config_rules_overlap(rule, later))
			continue;
		err = of ? load_rule(x, k, &p, e) : no_memory(e);
		if (err == 0)
			err = check_not_weaker(x, i, p, later->mode, of, e);
	}
	return err;
}

int policy_check_rules(const struct policy_source *r, const struct policy_config *c, const struct profile *base, struct err *e)
{
	const struct comparing x = { r, c, base, arena_array(r->a, c->rules.n + 1, sizeof(*x.loaded)) };
	int err = x.loaded ? 0 : no_memory(e);

	for (size_t i = 0; err == 0 && i < c->rules.n; i++)
		err = check_rule(&x, i, e);
	return err;
}

static int check_config(const struct policy_source *r, const struct policy_config *c, struct err *e)
{
	const struct profile *p = NULL, *base = NULL;
	int err = policy_load_floor(r, c, &p, e);

	if (err == 0)
		err = policy_load_named(r, arena_printf(r->a, "%s $.standalone", c->file), c->standalone, &p, e);
	if (err == 0)
		err = policy_load_named(r, arena_printf(r->a, "%s $.default", c->file), c->fallback, &base, e);
	for (size_t i = 0; err == 0 && i < c->rules.n; i++)
		err = policy_load_named(r, arena_printf(r->a, "%s $.rules[%zu].profile", c->file, i), c->rules.v[i].profile, &p, e);
	return err == 0 ? policy_check_rules(r, c, base, e) : err;
}

int policy_config_check(struct arena *a, const struct policy_files *files, const struct policy_config *c, struct err *e)
{
	return check_config(&(const struct policy_source){ a, files, POLICY_OPERATOR }, c, e);
}

int policy_config_check_callers(struct arena *a, const struct policy_files *files, const struct policy_config *c, struct err *e)
{
	return check_config(&(const struct policy_source){ a, files, POLICY_CALLER }, c, e);
}
