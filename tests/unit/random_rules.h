/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random installations: profiles as files that extend each other, a caisson.json with rules, and containers for them to match. What a
 * rule matches, and who controls what it looks at, is said here a second time, by the table and not by the policy's own code.
 */
#ifndef CAISSON_TEST_RANDOM_RULES_H
#define CAISSON_TEST_RANDOM_RULES_H

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/resolve.h"
#include "profile_document.h"
#include "random_profile.h"

/* ---- what a rule can look at ---- */

enum matcher_type { MATCH_TEXT, MATCH_KEY, MATCH_UID, MATCH_PRIVILEGED };
/* The author's: controlled by whoever writes the container. Changed: tests add it to a container, so a rule of the operator's that
 * asks for more than it does not look at it. */
struct matcher {
	const char *name, *key;
	enum matcher_type type;
	bool authors, changed;
	const char *values[3], *patterns[3];
	size_t offset;
};
#define SUBJECT(member) .offset = offsetof(struct policy_subject, member)
#define DIGEST "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
enum { TRUSTED_PATTERN = 1 }; /* of the image: from there on, by digest or where the registry is trusted */
/* clang-format off */
static const struct matcher matchers[] = {
	{ "engine", .values = { "docker", "podman", "ctr" }, .patterns = { "docker", "pod**", "**" }, SUBJECT(engine) },
	{ "kind", .values = { "container", "sandbox", "build" }, .patterns = { "container", "sand**", "build" }, SUBJECT(kind) },
	{ "bundle", .values = { "/b/one", "/b/two", "/c" }, .patterns = { "/b/**", "/c", "/b/two" }, SUBJECT(bundle) },
	{ "image", .values = { "docker.io/library/x:1", "reg.example/team/x:1", "reg.example/team/x@" DIGEST },
	  .patterns = { "docker.io/library/**", "reg.example/team/**", "reg.example/team/x@" DIGEST }, SUBJECT(image) },
	{ "namespace", .values = { "kube-system", "web", NULL }, .patterns = { "kube-**", "web", "**" }, SUBJECT(namespace) },
	{ "pod", .values = { "p1", "p2", NULL }, .patterns = { "p1", "p**", "p2" }, SUBJECT(pod) },
	{ "container", .values = { "c1", "c2", NULL }, .patterns = { "c1", "c**", "c2" }, SUBJECT(container) },
	{ "caller_uid", NULL, MATCH_UID, .values = { "0", "1000", "7" }, .patterns = { "0", "1000", "7" } },
	{ "argv0", .authors = true, .values = { "/bin/a", "/bin/b", NULL }, .patterns = { "/bin/a", "/bin/**", "/bin/b" }, SUBJECT(argv0) },
	{ "hostname", .authors = true, .values = { "h1", "h2", NULL }, .patterns = { "h1", "h**", "h2" }, SUBJECT(hostname) },
	{ "annotation", "team", MATCH_KEY, true, .values = { "a", "b", NULL }, .patterns = { "a", "**", "b" }, SUBJECT(annotations) },
	{ "annotation", "more", MATCH_KEY, true, true, .values = { "a", "b", NULL }, .patterns = { "a", "**", "b" }, SUBJECT(annotations) },
	{ "annotation", "io.caisson.profile", MATCH_KEY, true, true, .patterns = { "hardened", "svc-**", "**" }, SUBJECT(annotations) },
	{ "label", "team", MATCH_KEY, true, .values = { "a", "b", NULL }, .patterns = { "a", "**", "b" }, SUBJECT(labels) },
	{ "label", "more", MATCH_KEY, true, true, .values = { "a", "b", NULL }, .patterns = { "a", "**", "b" }, SUBJECT(labels) },
	{ "env", "ROLE", MATCH_KEY, true, .values = { "a", "b", NULL }, .patterns = { "a", "**", "b" }, SUBJECT(env) },
	{ "privileged", NULL, MATCH_PRIVILEGED, true, .values = { "true", "false", "false" }, .patterns = { "true", "false", "true" } },
};
/* clang-format on */
enum { MATCHERS = N_ELEMENTS(matchers), IMAGE_ROW = 3 };

/* ---- profiles ---- */

enum { POOL = 28, POOL_PARENTS = 8, POOL_NAME = 8, RULES_MAX = 6 };

struct pool {
	struct arena a;
	char names[POOL][POOL_NAME];	/* the first LEVELS: the built-in ones' */
	char paths[POOL][32];
	struct policy_file files[POOL];
	const struct profile *p[POOL];
	size_t n;
	const char *config;		/* caisson.json at this moment */
	const char *callers;		/* the caller's own; NULL: none */
	struct policy_files at;
};

static inline const char *pool_name(const struct pool *pool, size_t i)
{
	return i < LEVELS ? profile_builtin((enum level)i)->name : pool->names[i];
}

static inline int pool_config(void *ctx, enum policy_place place, struct arena *a, struct policy_file *out, struct err *e)
{
	const struct pool *pool = ctx;

	(void)a;
	(void)e;
	if (place == POLICY_CALLER && !pool->callers)
		return -ENOENT;
	*out = place == POLICY_CALLER ? (struct policy_file){ "/own/caisson.json", pool->callers, strlen(pool->callers) }
				      : (struct policy_file){ "caisson.json", pool->config, strlen(pool->config) };
	return 0;
}

static inline int pool_profile(void *ctx, enum policy_place place, const char *name, struct arena *a, struct policy_file *out,
			       struct err *e)
{
	const struct pool *pool = ctx;

	(void)a;
	(void)e;
	for (size_t i = LEVELS; place == POLICY_OPERATOR && i < POOL && pool->files[i].text; i++)
		if (str_eq(pool->names[i], name)) {
			*out = pool->files[i];
			return 0;
		}
	return -ENOENT;
}

static inline int pool_drop_ins(void *ctx, enum policy_place place, const char *name, struct arena *a, struct policy_file_list *out, struct err *e)
{
	(void)ctx;
	(void)place;
	(void)name;
	(void)a;
	(void)e;
	*out = (struct policy_file_list){ 0 };
	return 0;
}

/* What it says otherwise than its parent, which it extends. */
static inline char *pool_text(const struct profile *p, const struct profile *parent, const char *parent_name, uint64_t *r)
{
	json_t *doc = json_pack("{s:i, s:s}", "schema", 1, "extends", parent_name);
	char *text;

	for (size_t i = 0; i < PROFILE_FIELDS; i++)
		if (profile_table.v[i].kind != FIELD_INFO &&
		    !field_same(&profile_table.v[i], (const char *)p + profile_table.v[i].offset, (const char *)parent + profile_table.v[i].offset))
			profile_document_add(doc, p, i);
	if (below(r, 8) == 0)
		json_object_set_new(doc, "mode", json_string("warn"));
	if (below(r, 8) == 0)
		json_object_set_new(doc, "warn", json_pack("[s]", profile_control(below(r, 20))));
	text = json_dumps(doc, JSON_COMPACT);
	json_decref(doc);
	return text;
}

/* Few fields each: files are read over and over. */
static inline void pool_change(struct profile *io, uint64_t *r, struct arena *a)
{
	for (int f = 0; f < PROFILE_FIELDS; f++)
		if (profile_table.v[f].kind != FIELD_INFO && !profile_table.v[f].hidden && below(r, 24) == 0)
			random_value(&profile_table.v[f], r, a, 0, random_at(io, f));
}

/* Half of them are stricter than what they extend, the rest are anything. False when the reader refuses it. */
static inline bool pool_draw(struct pool *pool, size_t i, uint64_t *r)
{
	size_t parent = below(r, i < POOL_PARENTS ? i : POOL_PARENTS);
	struct profile p = *pool->p[parent], other = *profile_builtin(LEVEL_NONE);
	bool stricter = below(r, 2);
	auto_free char *text = NULL;
	struct err e = { 0 };

	pool_change(stricter ? &other : &p, r, &pool->a);
	if (stricter)
		cr_assert_eq(profile_meet(&pool->a, &p, &other, NULL, &e), 0);
	text = pool_text(&p, pool->p[parent], pool_name(pool, parent), r);
	snprintf(pool->names[i], sizeof(pool->names[i]), "svc-%02zu", i);
	snprintf(pool->paths[i], sizeof(pool->paths[i]), "profiles/svc-%02zu.json", i);
	pool->files[i] = (struct policy_file){ pool->paths[i], arena_strdup(&pool->a, text), strlen(text) };
	if (policy_profile_load(&pool->a, &pool->at, pool->names[i], &pool->p[i], &e) == 0)
		return true;
	pool->files[i].text = NULL;
	return false;
}

static inline void pool_fill(struct pool *pool, uint64_t *r)
{
	*pool = (struct pool){ .n = LEVELS };
	pool->at = (struct policy_files){ pool, pool_config, pool_profile, pool_drop_ins };
	for (size_t i = 0; i < LEVELS; i++)
		pool->p[i] = profile_builtin((enum level)i);
	for (int tries = 0; pool->n < POOL && tries < 100 * POOL; tries++)
		pool->n += pool_draw(pool, pool->n, r);
	cr_assert_eq(pool->n, POOL, "only %zu of the profiles can be read", pool->n);
}

static inline void pool_done(struct pool *pool)
{
	arena_done(&pool->a);
}
#define auto_pool __attribute__((cleanup(pool_done))) struct pool

/* ---- caisson.json ---- */

struct drawn_rule {
	const char *pattern[MATCHERS];	/* NULL: it does not look at that */
	size_t profile;
	enum profile_mode mode;
};

struct drawn_config {
	size_t floor, fallback;
	enum profile_mode mode;
	bool annotation_mode, registries;
	struct drawn_rule rules[RULES_MAX + 1];
	size_t n_rules;
};

static inline bool may_be_floor(const struct profile *p)
{
	return !p->grant.n && !p->uid.set && !p->gid.set && !p->groups.set && !p->umask.set && !p->apparmor && !p->selinux;
}

/* Whether only what the container's author controls chooses it. */
static inline bool rule_is_authors(const struct drawn_config *c, const struct drawn_rule *rule)
{
	bool any = false;

	for (size_t i = 0; i < MATCHERS; i++) {
		bool chosen_name = i == IMAGE_ROW && rule->pattern[i] &&
				   !strstr(rule->pattern[i], DIGEST) && !(c->registries && str_starts(rule->pattern[i], "reg.example/team/"));
		if (rule->pattern[i] && !matchers[i].authors && !chosen_name)
			return false;
		any |= rule->pattern[i] != NULL;
	}
	return any;
}

/* One for the author of a container: at least one matcher, of those alone. Most profiles would be refused beside the default. */
static inline void draw_authors_rule(const struct pool *pool, uint64_t *r, size_t fallback, struct drawn_rule *out)
{
	*out = (struct drawn_rule){ .profile = below(r, 2) ? fallback : below(r, pool->n) };
	while (below(r, 3)) {
		size_t i = below(r, MATCHERS);
		if (matchers[i].authors && (matchers[i].changed || below(r, 2)))
			out->pattern[i] = matchers[i].patterns[below(r, 3)];
	}
	for (size_t i = IMAGE_ROW + 1; i < MATCHERS; i++)
		if (out->pattern[i])
			return;
	out->pattern[IMAGE_ROW] = matchers[IMAGE_ROW].patterns[0];
}

static inline void draw_operators_rule(const struct pool *pool, uint64_t *r, struct drawn_rule *out)
{
	*out = (struct drawn_rule){ .profile = below(r, pool->n), .mode = below(r, 4) ? PROFILE_ENFORCE : (enum profile_mode)below(r, 3) };
	for (size_t i = 0; i < MATCHERS; i++)
		if (!matchers[i].changed && i != IMAGE_ROW && below(r, matchers[i].authors ? 12 : 5) == 0)
			out->pattern[i] = matchers[i].patterns[below(r, 3)];
	if (below(r, 6) == 0)
		out->pattern[IMAGE_ROW] = matchers[IMAGE_ROW].patterns[TRUSTED_PATTERN + below(r, 2)];
}

static inline void draw_config(const struct pool *pool, uint64_t *r, struct drawn_config *out)
{
	*out = (struct drawn_config){ .fallback = below(r, pool->n), .annotation_mode = below(r, 2), .registries = below(r, 2) };
	out->mode = below(r, 8) ? PROFILE_ENFORCE : (enum profile_mode)below(r, 3);
	do
		out->floor = below(r, 2) ? below(r, LEVEL_STRICT) : below(r, pool->n);
	while (!may_be_floor(pool->p[out->floor]));
	out->n_rules = below(r, RULES_MAX);
	for (size_t i = 0; i < out->n_rules; i++)
		draw_operators_rule(pool, r, &out->rules[i]);
	if (out->n_rules && below(r, 2))
		draw_authors_rule(pool, r, out->fallback, &out->rules[below(r, out->n_rules)]);
}

static const char *const mode_names[] = { [PROFILE_ENFORCE] = "enforce", [PROFILE_WARN] = "warn", [PROFILE_OFF] = "off" };

static inline void put_rule(const struct pool *pool, const struct drawn_rule *rule, struct str *out)
{
	const char *open = NULL, *comma = "";

	str_add(out, "{\"match\":{");
	for (size_t i = 0; i < MATCHERS; i++) {
		const struct matcher *m = &matchers[i];
		const char *quote = m->type == MATCH_UID || m->type == MATCH_PRIVILEGED ? "" : "\"";
		if (!rule->pattern[i])
			continue;
		if (open && !(m->key && str_eq(m->name, open))) {
			str_add(out, "}");
			open = NULL;
		}
		if (m->key && !open)
			str_addf(out, "%s\"%s\":{\"%s\":\"%s\"", comma, m->name, m->key, rule->pattern[i]);
		else
			str_addf(out, "%s\"%s\":%s%s%s", comma, m->key ? m->key : m->name, quote, rule->pattern[i], quote);
		open = m->key ? m->name : NULL;
		comma = ",";
	}
	str_addf(out, "%s},\"profile\":\"%s\",\"mode\":\"%s\"}", open ? "}" : "", pool_name(pool, rule->profile), mode_names[rule->mode]);
}

/* callers: without what is the operator's alone to say. */
static inline void put_config(const struct pool *pool, const struct drawn_config *c, bool callers, struct str *out)
{
	out->len = 0;
	str_addf(out, "{\"schema\":1,\"floor\":\"%s\",\"default\":\"%s\",\"mode\":\"%s\",", pool_name(pool, c->floor), pool_name(pool, c->fallback),
		 mode_names[c->mode]);
	if (!callers)
		str_addf(out, "\"annotations\":{\"mode\":%s},\"trusted_registries\":[%s],", c->annotation_mode ? "true" : "false",
			 c->registries ? "\"reg.example/team\"" : "");
	str_add(out, "\"rules\":[");
	for (size_t i = 0; i < c->n_rules; i++) {
		str_add(out, i ? "," : "");
		put_rule(pool, &c->rules[i], out);
	}
	str_add(out, "]}");
}

/* ---- containers ---- */

enum { KEYS_MAX = 4 };
/* value[i]: of matchers[i]; NULL: not there. What the members of `is` point to lies here too. */
struct drawn_subject {
	const char *value[MATCHERS];
	const char *annotation_mode;
	struct policy_subject is;
	struct key_values annotations, labels;
	struct key_value annotation_list[KEYS_MAX], label_list[KEYS_MAX];
	struct strings env;
	const char *env_list[2];
};

static inline int answer_labels(void *ctx, const struct policy_config *c, const struct key_values **out, struct err *e)
{
	struct drawn_subject *s = ctx;

	(void)c;
	(void)e;
	*out = &s->labels;
	return 0;
}

static inline void put_key(struct key_values *to, struct key_value *list, const char *key, const char *value)
{
	list[to->n++] = (struct key_value){ key, value };
	to->v = list;
}

/* The policy's own struct from the values. */
static inline void subject_build(struct drawn_subject *s, bool labels_known)
{
	s->is = (struct policy_subject){ .annotations = &s->annotations, .env = &s->env, .ask_labels = answer_labels, .labels_ctx = s };
	s->annotations.n = s->labels.n = 0;
	s->env = (struct strings){ 1, s->env_list };
	s->env_list[0] = !s->value[MATCHERS - 2] ? "ROLEX=a" : s->value[MATCHERS - 2][0] == 'a' ? "ROLE=a" : "ROLE=b";
	for (size_t i = 0; i < MATCHERS; i++) {
		const struct matcher *m = &matchers[i];
		if (m->type == MATCH_TEXT)
			memcpy((char *)&s->is + m->offset, &s->value[i], sizeof(s->value[i]));
		else if (m->type == MATCH_UID)
			s->is.caller_uid = (uint32_t)strtoul(s->value[i], NULL, 10);
		else if (m->type == MATCH_PRIVILEGED)
			s->is.privileged = str_eq(s->value[i], "true");
		else if (s->value[i] && str_eq(m->name, "annotation"))
			put_key(&s->annotations, s->annotation_list, m->key, s->value[i]);
		else if (s->value[i] && str_eq(m->name, "label"))
			put_key(&s->labels, s->label_list, m->key, s->value[i]);
	}
	if (s->annotation_mode)
		put_key(&s->annotations, s->annotation_list, "io.caisson.profile.mode", s->annotation_mode);
	if (labels_known)
		s->is.labels = &s->labels;
}

/* Without what tests add. */
static inline void draw_subject(uint64_t *r, struct drawn_subject *s)
{
	*s = (struct drawn_subject){ 0 };
	for (size_t i = 0; i < MATCHERS; i++)
		s->value[i] = matchers[i].changed ? NULL : matchers[i].values[below(r, 3)];
	subject_build(s, below(r, 2));
}

static inline bool fits_pattern(const char *pattern, const char *value)
{
	size_t n = strlen(pattern);

	if (!value)
		return false;
	return n >= 2 && pattern[n - 1] == '*' ? strncmp(pattern, value, n - 2) == 0 : strcmp(pattern, value) == 0;
}

/* The first rule that fits, or n_rules. */
static inline size_t rule_for(const struct drawn_config *c, const struct drawn_subject *s)
{
	size_t i = 0;

	for (; i < c->n_rules; i++) {
		bool all = true;
		for (size_t k = 0; k < MATCHERS; k++)
			all &= !c->rules[i].pattern[k] || fits_pattern(c->rules[i].pattern[k], s->value[k]);
		if (all)
			break;
	}
	return i;
}

#endif
