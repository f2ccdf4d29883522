/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/resolve.h"

#include <errno.h>
#include <string.h>

#include "base/nearest.h"
#include "policy/glob.h"
#include "policy/profile_fields.h"

static int no_memory(struct err *e)
{
	return err_set(e, ENOMEM, "policy: out of memory");
}

/* ---- one document ---- */

static bool is_deeper(const struct jnode *v, int left)
{
	if (v->type != JARRAY && v->type != JOBJECT)
		return false;
	if (left == 0)
		return true;
	jnode_each(m, v)
		if (is_deeper(m, left - 1))
			return true;
	return false;
}

static int load_document(struct jread_doc *doc, const struct policy_file *f, struct err *e)
{
	int err;

	if (f->len > POLICY_FILE_MAX)
		return err_set(e, EFBIG, "%s: is larger than 1 MiB", f->path);
	err = jread_load(doc, f->path, f->text, f->len, e);
	if (err < 0)
		return err;
	if (doc->root->type != JOBJECT)
		err = err_set(e, EINVAL, "%s: $: must be an object", f->path);
	else if (is_deeper(doc->root, POLICY_DEPTH_MAX))
		err = err_set(e, EINVAL, "%s: $: is deeper than %d", f->path, POLICY_DEPTH_MAX);
	if (err < 0)
		jread_done(doc);
	return err;
}

/* ---- profiles ---- */

/* The files on the way to one profile: a loop is printed as it goes. */
struct chain {
	const struct chain *up;
	const char *name;
	enum policy_place place;
	int depth;
};

struct resolver { struct arena *a; const struct policy_files *files; };

static int lay_profile(const struct resolver *r, const struct chain *up, const char *name, struct profile *io, struct err *e);

static int refuse_loop(const struct chain *at, struct err *e)
{
	auto_str text = { 0 };

	for (const struct chain *c = at; c; c = c->up)
		str_addf(&text, "%s%s", text.len ? " <- " : "", c->name);
	return err_set(e, ELOOP, "policy: profile \"%s\": extends itself: %s", at->name, text.failed ? "" : text.s);
}

static int check_chain(const struct chain *at, struct err *e)
{
	for (const struct chain *c = at->up; c; c = c->up)
		if (str_eq(c->name, at->name) && c->place == at->place)
			return refuse_loop(at, e);
	if (at->depth > POLICY_EXTENDS_MAX)
		return err_set(e, ELOOP, "policy: profile \"%s\": extends more than %d deep", at->name, POLICY_EXTENDS_MAX);
	return 0;
}

/* What a document extends, before anything else of it is read: one name or an array of them. Whatever is wrong with the value is
 * said when the fields are read. */
static int lay_parents(const struct resolver *r, const struct chain *at, const struct jnode *root, struct profile *io, struct err *e)
{
	jnode_each(m, root) {
		if (!str_eq(m->key, "extends"))
			continue;
		if (m->type == JSTRING)
			return lay_profile(r, at, m->text, io, e);
		if (m->type != JARRAY || m->len > POLICY_EXTENDS_MAX)
			return 0;
		jnode_each(name, m) {
			int err = name->type == JSTRING ? lay_profile(r, at, name->text, io, e) : 0;
			if (err < 0)
				return err;
		}
	}
	return 0;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static int lay_file(const struct resolver *r, const struct chain *at, const struct policy_file *f, bool drop_in,
		    struct profile *io, struct err *e)
{
	const struct profile_text text = { .label = base_name(f->path), .name = at->name, .drop_in = drop_in };
	struct jread_doc doc = { .arena = r->a };
	int err = load_document(&doc, f, e);

	if (err < 0)
		return err_wrap(e, "policy");
	io->extends = (struct strings){ 0 };
	err = drop_in ? 0 : lay_parents(r, at, doc.root, io, e);
	if (err < 0) {
		jread_done(&doc);
		return strncmp(e->text, "policy: ", 8) == 0 && err != -ENOENT ? err : err_wrap(e, "policy: %s: $.extends", f->path);
	}
	err = profile_read(r->a, &text, &doc, io, e);
	jread_done(&doc);
	return err < 0 ? err_wrap(e, "policy: %s", f->path) : 0;
}

static int lay_drop_ins(const struct resolver *r, const struct chain *at, struct profile *io, struct err *e)
{
	struct policy_file_list list = { 0 };
	struct strings extends = io->extends;
	int err = r->files->drop_ins(r->files->ctx, at->name, r->a, &list, e);

	for (size_t i = 0; err == 0 && i < list.n; i++)
		err = lay_file(r, at, &list.v[i], true, io, e);
	io->extends = extends;
	return err;
}

static bool is_name(const char *s)
{
	static const char first[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	size_t n = strlen(s);

	return n > 0 && n <= 64 && strchr(first, s[0]) && strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789._-") == n;
}

static int unknown(const char *name, struct err *e)
{
	struct nearest near = nearest_to(name, strlen(name));

	for (int level = 0; level < LEVELS; level++)
		nearest_try(&near, profile_builtin(level)->name);
	return err_set(e, ENOENT, "there is no profile \"%s\": %s%s%snone, baseline, hardened, strict, or a file of that name",
		       jread_quote(name).s, near.best ? "did you mean " : "", near.best ? near.best : "", near.best ? "? There are " : "");
}

/* An operator's file that extends its own name means the shipped one. */
static int find_file(const struct resolver *r, struct chain *at, struct policy_file *f, struct err *e)
{
	bool own = at->up && str_eq(at->up->name, at->name) && at->up->place == POLICY_OPERATOR;
	int err = -ENOENT;

	if (!is_name(at->name))
		return unknown(at->name, e);
	at->place = POLICY_OPERATOR;
	if (!own)
		err = r->files->profile(r->files->ctx, at->place, at->name, r->a, f, e);
	if (err == -ENOENT) {
		at->place = POLICY_SHIPPED;
		err = r->files->profile(r->files->ctx, at->place, at->name, r->a, f, e);
	}
	if (err == -ENOENT)
		return unknown(at->name, e);
	return err < 0 ? err_wrap(e, "policy") : 0;
}

static int lay_profile(const struct resolver *r, const struct chain *up, const char *name, struct profile *io, struct err *e)
{
	struct chain at = { .up = up, .name = arena_strdup(r->a, name), .depth = up ? up->depth + 1 : 0 };
	const struct profile *builtin = profile_builtin_named(name);
	struct policy_file f = { 0 };
	int err;

	if (!at.name)
		return no_memory(e);
	if (builtin) {
		profile_lay(io, builtin);
		return 0;
	}
	err = find_file(r, &at, &f, e);
	if (err == 0)
		err = check_chain(&at, e);
	if (err == 0)
		err = lay_file(r, &at, &f, false, io, e);
	/* A shipped profile that the operator's own extends has no drop-ins: they belong to the name, and come last. */
	if (err == 0 && !(up && str_eq(up->name, at.name)))
		err = lay_drop_ins(r, &at, io, e);
	return err;
}

int policy_profile_load(struct arena *a, const struct policy_files *files, const char *name, const struct profile **out,
			struct err *e)
{
	const struct resolver r = { a, files };
	struct profile *p;
	int err;

	*out = profile_builtin_named(name);
	if (*out)
		return 0;
	p = arena_alloc(a, sizeof(*p));
	if (!p)
		return no_memory(e);
	*p = *profile_builtin(LEVEL_NONE);
	err = lay_profile(&r, NULL, name, p, e);
	if (err == 0)
		*out = p;
	return err;
}

int policy_profile_check(struct arena *a, const struct policy_files *files, const char *name, const struct policy_file *file,
			 const struct profile **out, struct err *e)
{
	const struct resolver r = { a, files };
	const struct chain at = { .name = name, .place = POLICY_OPERATOR };
	struct profile *p = arena_alloc(a, sizeof(*p));
	int err;

	if (!p)
		return no_memory(e);
	if (!is_name(name) || profile_builtin_named(name))
		return err_set(e, EINVAL, "policy: %s: \"%s\" cannot be the name of a profile's file", file->path, jread_quote(name).s);
	*p = *profile_builtin(LEVEL_NONE);
	err = lay_file(&r, &at, file, false, p, e);
	if (err == 0)
		*out = p;
	return err;
}

/* ---- caisson.json ---- */

int policy_config_load(struct arena *a, const struct policy_files *files, struct policy_config *out, bool *there, struct err *e)
{
	struct jread_doc doc = { .arena = a };
	struct policy_file f = { 0 };
	int err = files->config(files->ctx, a, &f, e);

	config_defaults(out);
	out->fallback = out->floor;
	*there = err != -ENOENT;
	if (err < 0)
		return err == -ENOENT ? 0 : err_wrap(e, "policy");
	err = load_document(&doc, &f, e);
	if (err < 0)
		return err_wrap(e, "policy");
	err = config_read(a, &doc, out, e);
	jread_done(&doc);
	return err < 0 ? err_wrap(e, "policy: %s", f.path) : 0;
}

static int load_named(const struct resolver *r, const char *where, const char *name, const struct profile **out, struct err *e)
{
	int err = policy_profile_load(r->a, r->files, name, out, e);

	return err == -ENOENT ? err_wrap(e, "policy: %s", where) : err;
}

static int load_floor(const struct resolver *r, const struct policy_config *c, const struct profile **out, struct err *e)
{
	int err = load_named(r, "caisson.json $.floor", c->floor, out, e);

	if (err < 0)
		return err;
	if ((*out)->grant.n) {
		(void)err_set(e, EINVAL, "policy: caisson.json $.floor: \"%s\" grants capabilities, and a floor may not", c->floor);
		return err_class(e, "policy.weaker");
	}
	if ((*out)->uid.set || (*out)->gid.set || (*out)->groups.set || (*out)->umask.set) {
		(void)err_set(e, EINVAL, "policy: caisson.json $.floor: \"%s\" says who the user is, and a floor may not", c->floor);
		return err_class(e, "policy.weaker");
	}
	if ((*out)->apparmor || (*out)->selinux) {
		(void)err_set(e, EINVAL, "policy: caisson.json $.floor: \"%s\" names a label of a security module, and a floor may not", c->floor);
		return err_class(e, "policy.weaker");
	}
	return 0;
}

/* The controls of a profile that only warn under a mode, which is the laxer of its own and of what chose it. */
static uint64_t only_warned(const struct profile *p, uint32_t mode)
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
	if (!only_warned(p, mode))
		return 0;
	own = arena_alloc(a, sizeof(*own));
	if (!own)
		return no_memory(e);
	*own = *p;
	profile_forget(own, only_warned(p, mode));
	*out = own;
	return 0;
}

/* The rules while they are compared. base: what holds where none matches. */
struct comparing {
	const struct resolver *r;
	const struct policy_config *c;
	const struct profile *base;
	const struct profile **loaded;	/* by rule; NULL: not yet */
};

static const char *const match_more = "match engine, kind, bundle, namespace, pod, container, caller_uid or an image's digest too";

static int load_rule(const struct comparing *x, size_t i, const struct profile **out, struct err *e)
{
	const char *where = x->loaded[i] ? "" : arena_printf(x->r->a, "caisson.json $.rules[%zu].profile", i);
	int err;

	if (!where)
		return no_memory(e);
	err = x->loaded[i] ? 0 : load_named(x->r, where, x->c->rules.v[i].profile, &x->loaded[i], e);
	*out = x->loaded[i];
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
	(void)err_set(e, EPERM, "policy: caisson.json $.rules[%zu].profile: \"%s\" is weaker than \"%s\"%s (%s%s), and only what the "
		       "container's author controls chooses it; %s%s", i, rule->profile, than->name, of, profile_field_name(first),
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
		(void)err_set(e, EPERM, "policy: caisson.json $.rules[%zu].mode: only what the container's author controls chooses this "
			       "rule, so it must enforce; %s", i, match_more);
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

static int check_rules(const struct resolver *r, const struct policy_config *c, const struct profile *base, struct err *e)
{
	const struct comparing x = { r, c, base, arena_array(r->a, c->rules.n + 1, sizeof(*x.loaded)) };
	int err = x.loaded ? 0 : no_memory(e);

	for (size_t i = 0; err == 0 && i < c->rules.n; i++)
		err = check_rule(&x, i, e);
	return err;
}

int policy_config_check(struct arena *a, const struct policy_files *files, const struct policy_config *c, struct err *e)
{
	const struct resolver r = { a, files };
	const struct profile *p = NULL, *base = NULL;
	int err = load_floor(&r, c, &p, e);

	if (err == 0)
		err = load_named(&r, "caisson.json $.standalone", c->standalone, &p, e);
	if (err == 0)
		err = load_named(&r, "caisson.json $.default", c->fallback, &base, e);
	for (size_t i = 0; err == 0 && i < c->rules.n; i++) {
		const char *where = arena_printf(a, "caisson.json $.rules[%zu].profile", i);
		err = where ? load_named(&r, where, c->rules.v[i].profile, &p, e) : no_memory(e);
	}
	return err == 0 ? check_rules(&r, c, base, e) : err;
}

/* ---- the choice ---- */

struct making {
	const struct resolver *r;
	const struct policy_config *c;
	struct policy_choice *choice;
	const struct profile *chosen, *floor, *annotated;
};

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
	const char *name = annotation_of(s, m->c->annotation_key);
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
	err = load_named(m->r, "annotation", name, &m->annotated, e);
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
	m->choice->from = arena_printf(m->r->a, "caisson.json $.rules[%d]", i);
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
		p->rule[PF_CAP_LABEL] = "caisson.json $.labels.mode";
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
	warned = only_warned(m->chosen, mode);
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
	const char *where = ask->named ? ask->named_from : ask->standalone ? "caisson.json $.standalone" : "caisson.json $.default";
	uint32_t mode = m->c->mode;
	const struct profile *base = NULL;
	int err = load_floor(m->r, m->c, &m->floor, e);

	m->choice->from = where;
	if (err == 0)
		err = load_named(m->r, where, name, &base, e);
	if (err == 0)
		err = check_rules(m->r, m->c, base, e);
	if (err == 0 && !ask->outright)
		err = choose_by_rule(m, s, &name, &mode, e);
	if (err == 0)
		err = load_named(m->r, m->choice->from, name, &m->chosen, e);
	if (err == 0)
		err = find_annotation(m, s, e);
	m->choice->name = name;
	m->choice->floor = m->c->floor;
	return err < 0 ? err : finish_choice(m, mode, e);
}

int policy_choose(struct arena *a, const struct policy_files *files, const struct policy_ask *ask,
		  const struct policy_subject *subject, const struct policy_choice **out, struct err *e)
{
	const struct resolver r = { a, files };
	struct policy_config *c = arena_alloc(a, sizeof(*c));
	struct policy_choice *choice = arena_alloc(a, sizeof(*choice));
	struct making m = { .r = &r, .c = c, .choice = choice };
	bool there;
	int err;

	if (!c || !choice)
		return no_memory(e);
	err = policy_config_load(a, files, c, &there, e);
	if (err < 0)
		return err;
	if (ask->config)
		*ask->config = c;
	choice->config = c;
	if (!there && (!ask->named || profile_builtin_named(ask->named))) {
		*out = NULL;
		return 0;
	}
	err = make_choice(&m, ask, subject, e);
	if (err == 0)
		*out = choice;
	return err;
}
