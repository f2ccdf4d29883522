/* SPDX-License-Identifier: Apache-2.0 */
/* Which profile a container gets, and what it is met with. */
#include <errno.h>

#include "policy/config_check.h"
#include "policy/glob.h"
#include "policy/profile_fields.h"

static int no_memory(struct err *e)
{
	return err_set(e, ENOMEM, "policy: out of memory");
}

struct making {
	const struct policy_source *r;
	const struct policy_config *c;
	struct policy_choice *choice;
	const struct profile *chosen, *floor, *annotated;
	bool there;			/* false: what is built in, without a file */
	bool callers;			/* of the caller's own place */
};

static const char *said_by(const struct making *m, const char *field, const char *built_in)
{
	return m->there ? arena_printf(m->r->a, "%s $.%s", m->c->file, field) : built_in;
}

static const char *annotation_of(const struct policy_subject *s, const char *key)
{
	for (size_t i = 0; s->annotations && i < s->annotations->n; i++)
		if (str_eq(s->annotations->v[i].key, key))
			return s->annotations->v[i].value;
	return NULL;
}

/* May only say how the annotation's own profile counts: what is chosen without it is not its to weaken. Without the operator's word
 * it is not looked at, which enforces. */
static int find_annotation_mode(struct making *m, const struct policy_subject *s, struct err *e)
{
	const char *key = arena_printf(m->r->a, "%s.mode", m->c->annotation_key), *mode;

	if (!key)
		return no_memory(e);
	mode = m->c->annotation_mode ? annotation_of(s, key) : NULL;
	m->choice->annotation_warns = str_eq(mode, "warn");
	if (!mode || m->choice->annotation_warns || str_eq(mode, "enforce"))
		return 0;
	(void)err_set(e, EINVAL, "annotations[\"%s\"]: \"%s\" is neither warn nor enforce", key, jread_quote(mode).s);
	return err_class(e, "policy.refused");
}

/* A container may ask for less than it would get: everybody may write an annotation. */
static int find_annotation(struct making *m, const struct policy_subject *s, struct err *e)
{
	const char *name = m->callers ? NULL : annotation_of(s, m->c->annotation_key);
	int err;

	if (!name)
		return 0;
	if (!glob_match_any(&m->c->annotation_select, name)) {
		(void)err_set(e, EINVAL, "annotations[\"%s\"]: \"%s\" is not among the profiles that an annotation may choose "
			       "(caisson.json $.annotations.select)", m->c->annotation_key, jread_quote(name).s);
		return err_class(e, "policy.refused");
	}
	m->choice->annotation = arena_strdup(m->r->a, name);
	if (!m->choice->annotation)
		return no_memory(e);
	err = policy_load_named(m->r, "annotation", name, &m->annotated, e);
	return err < 0 ? err : find_annotation_mode(m, s, e);
}

static int choose_by_rule(struct making *m, const struct policy_subject *s, const char **name, uint32_t *mode, struct err *e)
{
	struct policy_subject known = *s;
	int i = config_find_rule(m->c, s);

	if (i == CONFIG_ASKS_LABELS) {
		int err = s->ask_labels(s->labels_ctx, m->c, &known.labels, e);
		if (err < 0)
			return err;
		i = config_find_rule(m->c, &known);
	}
	if (i < 0)
		return 0;
	*name = m->c->rules.v[i].profile;
	if (m->c->rules.v[i].mode > *mode)
		*mode = m->c->rules.v[i].mode;
	m->choice->from = arena_printf(m->r->a, "%s $.rules[%d]", m->c->file, i);
	return m->choice->from ? 0 : no_memory(e);
}

/* Chosen, floor and annotation as one; the grants are the chosen one's alone. */
static int meet_all(struct making *m, uint64_t forgotten, bool all, const struct profile **out, struct err *e)
{
	struct profile *p = arena_alloc(m->r->a, sizeof(*p));
	int err;

	if (!p)
		return no_memory(e);
	*p = *m->chosen;
	profile_forget(p, forgotten);
	err = profile_meet(m->r->a, p, m->floor, "floor", e);
	if (err == 0 && m->annotated && (all || !m->choice->annotation_warns))
		err = profile_meet(m->r->a, p, m->annotated, "annotation", e);
	if (m->c->labels == PROFILE_LABEL_IGNORE)
		p->label = PROFILE_LABEL_IGNORE;
	else if (m->c->labels == PROFILE_LABEL_REQUIRE) {
		p->label = PROFILE_LABEL_REQUIRE;
		p->rule[PF_CAP_LABEL] = said_by(m, "labels.mode", NULL);
	}
	if (err == 0)
		*out = p;
	return err;
}

static void add_part(struct policy_choice *c, const struct profile *p, const char *role)
{
	c->parts[c->n_parts].profile = p;
	c->parts[c->n_parts++].role = role;
}

static int finish_choice(struct making *m, uint32_t mode, struct err *e)
{
	struct policy_choice *c = m->choice;
	uint64_t warned;
	int err;

	if (m->chosen->mode > mode)
		mode = m->chosen->mode;
	c->mode = (enum profile_mode)mode;
	if (mode == PROFILE_OFF)
		m->chosen = profile_builtin(LEVEL_NONE);
	warned = policy_only_warned(m->chosen, mode);
	err = meet_all(m, warned, false, &c->enforced, e);
	c->full = c->enforced;
	if (err == 0 && (warned || c->annotation_warns))
		err = meet_all(m, 0, true, &c->full, e);
	add_part(c, m->chosen, NULL);
	add_part(c, m->floor, "floor");
	if (m->annotated)
		add_part(c, m->annotated, "annotation");
	return err;
}

static int make_choice(struct making *m, const struct policy_ask *ask, const struct policy_subject *s, struct err *e)
{
	const char *name = ask->named ? ask->named : ask->standalone ? m->c->standalone : m->c->fallback;
	const char *where = ask->named ? ask->named_from : ask->standalone ? said_by(m, "standalone", "launch's default")
									  : said_by(m, "default", "built-in default");
	uint32_t mode = m->c->mode;
	const struct profile *base = NULL;
	int err = policy_load_floor(m->r, m->c, &m->floor, e);

	m->choice->from = where;
	if (err == 0)
		err = policy_load_named(m->r, where, name, &base, e);
	if (err == 0)
		err = policy_check_rules(m->r, m->c, base, e);
	if (err == 0 && !ask->outright)
		err = choose_by_rule(m, s, &name, &mode, e);
	if (err == 0)
		err = policy_load_named(m->r, m->choice->from, name, &m->chosen, e);
	if (err == 0)
		err = find_annotation(m, s, e);
	m->choice->name = name;
	m->choice->floor = m->c->floor;
	m->choice->floor_from = said_by(m, "floor", "built-in default");
	if (err == 0 && !m->choice->floor_from)
		err = no_memory(e);
	return err < 0 ? err : finish_choice(m, mode, e);
}

/* ---- the caller's own ---- */

/* The same with the caller's; what only the chosen profile may say, this one does not. */
static int meet_callers(struct arena *a, const struct profile **io, const struct profile *own, struct err *e)
{
	struct profile *p = arena_alloc(a, sizeof(*p));

	if (!p)
		return no_memory(e);
	*p = **io;
	*io = p;
	return profile_meet(a, p, own, "caller's", e);
}

/* What an ordinary user's own place chooses narrows the choice that was made without it; it warns about its own part alone. */
static int narrow(struct making *m, const struct policy_ask *ask, const struct policy_subject *s, struct err *e)
{
	const struct policy_ask own = { .named = ask->callers, .named_from = "--policy", .standalone = ask->standalone,
					.outright = ask->standalone && ask->callers };
	struct policy_choice *c = arena_alloc(m->r->a, sizeof(*c)), *io;
	bool whole;
	int err;

	if (!c)
		return no_memory(e);
	io = m->choice;
	m->choice = c;
	err = make_choice(m, &own, s, e);
	if (err < 0)
		return err;
	io->caller.name = c->name;
	io->caller.from = c->from;
	io->caller.mode = c->mode;
	whole = io->full == io->enforced && c->full == c->enforced;
	err = meet_callers(m->r->a, &io->enforced, c->enforced, e);
	if (err == 0 && !whole)
		err = meet_callers(m->r->a, &io->full, c->full, e);
	if (whole)
		io->full = io->enforced;
	add_part(io, c->enforced, "caller's");
	return err;
}

/* Neither file is there, and none is needed: the built-in level alone decides. */
static bool is_level_alone(const struct policy_ask *ask, bool there, bool callers)
{
	return !there && !callers && (!ask->named || profile_builtin_named(ask->named));
}

static int choose(struct arena *a, const struct policy_files *files, const struct policy_ask *ask, const struct policy_subject *subject,
		  struct policy_config *c, bool there, const struct policy_choice **out, struct err *e)
{
	const struct policy_source r = { a, files, POLICY_OPERATOR }, own = { a, files, POLICY_CALLER };
	struct policy_config *callers = arena_alloc(a, sizeof(*callers));
	struct policy_choice *choice = arena_alloc(a, sizeof(*choice));
	struct making m = { .r = &r, .c = c, .choice = choice, .there = there };
	struct making narrower = { .r = &own, .c = callers, .choice = choice, .callers = true };
	int err;

	if (!callers || !choice)
		return no_memory(e);
	err = policy_config_load_callers(a, files, c, callers, &narrower.there, e);
	if (err < 0)
		return err;
	*out = NULL;
	if (is_level_alone(ask, there, narrower.there || ask->callers))
		return 0;
	/* A level that is named without a file has no floor below it. */
	if (!there && ask->named && profile_builtin_named(ask->named))
		c->floor = "none";
	choice->config = c;
	err = make_choice(&m, ask, subject, e);
	if (err == 0 && (narrower.there || ask->callers))
		err = narrow(&narrower, ask, subject, e);
	if (err == 0)
		*out = choice;
	return err;
}

int policy_choose(struct arena *a, const struct policy_files *files, const struct policy_ask *ask,
		  const struct policy_subject *subject, const struct policy_choice **out, struct err *e)
{
	struct policy_config *c = arena_alloc(a, sizeof(*c));
	bool there;
	int err;

	if (!c)
		return no_memory(e);
	err = policy_config_load(a, files, c, &there, e);
	if (err < 0)
		return err;
	if (ask->config)
		*ask->config = c;
	return choose(a, files, ask, subject, c, there, out, e);
}
