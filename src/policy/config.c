/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/config.h"

#include <errno.h>
#include <string.h>

#include "policy/glob.h"

/* clang-format off */
#define MATCH(member) .offset = offsetof(struct policy_match, member)
static const struct field match_fields[] = {
	{ "engine", FIELD_GLOBS, MATCH(engine),
	  .text = "docker, podman, cri-containerd, cri-o, nerdctl, ctr, buildkit, buildah, standalone or other: from the bundle's place, which the engine chooses" },
	{ "kind", FIELD_GLOBS, MATCH(kind), .text = "container, sandbox (a pod's own) or build" },
	{ "bundle", FIELD_GLOBS, MATCH(bundle), .text = "The bundle's absolute path" },
	{ "image", FIELD_GLOBS, MATCH(image),
	  .text = "The image's name in full (registry/repository:tag or ...@sha256:...), where the engine tells it (Kubernetes). Chooses a weaker profile only by "
		  "digest, or below a prefix of trusted_registries" },
	{ "namespace", FIELD_GLOBS, MATCH(namespace), .text = "The Kubernetes namespace" },
	{ "pod", FIELD_GLOBS, MATCH(pod), .text = "The Kubernetes pod's name" },
	{ "container", FIELD_GLOBS, MATCH(container), .text = "The container's name in its pod" },
	{ "caller_uid", FIELD_NUMBERS, MATCH(caller_uid), .text = "The user id that started caisson" },
	{ "argv0", FIELD_GLOBS, MATCH(argv0),
	  .text = "The program as the document names it, past docker-init, tini, dumb-init, catatonit and caisson-init. The user's: chooses no weaker profile" },
	{ "hostname", FIELD_GLOBS, MATCH(hostname), .text = "The container's host name. The user's" },
	{ "annotation", FIELD_MAP, MATCH(annotation), .text = "Annotations by key: all must fit. The user's" },
	{ "label", FIELD_MAP, MATCH(label), .text = "Labels of the image, as far as they are known, by key: all must fit. The user's" },
	{ "env", FIELD_MAP, MATCH(env), .text = "Environment variables by name: all must fit. The user's" },
	{ "privileged", FIELD_MAYBE, MATCH(privileged), .text = "Whether the container is of the privileged kind. The user's" },
};
static const struct field_table match_table = {
	.name = "match", .v = match_fields, .n = N_ELEMENTS(match_fields), .size = sizeof(struct policy_match),
};

static const struct field_word mode_words[] = {
	{ "enforce", PROFILE_ENFORCE }, { "warn", PROFILE_WARN }, { "off", PROFILE_OFF }, { NULL, 0 },
};
static const struct field_word label_words[] = {
	{ "ignore", PROFILE_LABEL_IGNORE }, { "use", PROFILE_LABEL_USE }, { "require", PROFILE_LABEL_REQUIRE }, { NULL, 0 },
};

static const struct field_word source_words[] = {
	{ "annotation", CONFIG_LABELS_ANNOTATION }, { "containerd", CONFIG_LABELS_CONTAINERD }, { "docker", CONFIG_LABELS_DOCKER },
	{ "storage", CONFIG_LABELS_STORAGE }, { "file", CONFIG_LABELS_FILE }, { NULL, 0 },
};

#define RULE(member) .offset = offsetof(struct policy_rule, member)
static const struct field rule_fields[] = {
	{ "match", FIELD_OBJECT, RULE(match), .table = &match_table, .required = true, .text = "All that is said here must hold; a value is a pattern, or an array of patterns of which one must fit" },
	{ "profile", FIELD_NAME, RULE(profile), .required = true, .text = "The profile that the container gets" },
	{ "mode", FIELD_WORD, RULE(mode), .words = mode_words, .fallback = "enforce", .text = "As the mode of the whole file, for this rule's containers" },
	{ "why", FIELD_TEXT, RULE(why), .max = 512, .text = "The reason, for people" },
};
static const struct field_table rule_table = {
	.name = "rule", .v = rule_fields, .n = N_ELEMENTS(rule_fields), .size = sizeof(struct policy_rule),
};

#define AT(member) .offset = offsetof(struct policy_config, member)
static const struct field config_fields[] = {
	{ "schema", FIELD_SCHEMA, .required = true, .text = "The version of this form" },
	{ "floor", FIELD_NAME, AT(floor), .fallback = "baseline",
	  .text = "The profile that meets every container, whatever else is chosen. It may neither grant nor change the user" },
	{ "default", FIELD_NAME, AT(fallback), .fallback = "the floor", .text = "The profile of a container that no rule matches" },
	{ "standalone", FIELD_NAME, AT(standalone), .fallback = "strict", .text = "The same for caisson launch" },
	{ "mode", FIELD_WORD, AT(mode), .words = mode_words, .fallback = "enforce",
	  .text = "With \"warn\" chosen profiles are computed and what they would have done is said; with \"off\" they are left out. The floor holds in every mode" },
	{ "rules", FIELD_LIST, AT(rules), .table = &rule_table, .fallback = "[]", .text = "The first one that matches chooses the profile" },
	{ "annotations.key", FIELD_TEXT, AT(annotation_key), .max = 256, .fallback = "io.caisson.profile", .text = "The annotation by which a container may ask for a profile" },
	{ "annotations.select", FIELD_GLOBS, AT(annotation_select), .fallback = "hardened, strict, svc-*",
	  .text = "Which profiles it may ask for. They are met with the chosen one, so that they can only narrow" },
	{ "annotations.mode", FIELD_SWITCH, AT(annotation_mode), .fallback = "false",
	  .text = "Whether an annotation of the same name with \".mode\" behind it may say \"warn\": what the annotation asks for is then only computed, and what it "
		  "would have done is said. The profile that was chosen without it, and the floor, hold as before" },
	{ "labels.mode", FIELD_WORD, AT(labels), .words = label_words, .fallback = "use",
	  .text = "Whether capability labels count: never, where the profile says so, or always, with a container refused that has none" },
	{ "labels.sources", FIELD_FLAGS, AT(label_sources), .words = source_words, .fallback = "all of them",
	  .text = "Where labels are looked for: the document's annotations, containerd, Docker's files, containers/storage (podman, CRI-O), a file "
		  "given with --image-config. What is not named here is not asked" },
	{ "labels.timeout_ms", FIELD_AMOUNT, AT(label_timeout_ms), .min = 1, .max = 10000, .fallback = "2000",
	  .text = "How long all of them together may keep a container waiting, in milliseconds. An engine is asked only when a rule matches on labels, or "
		  "the chosen profile looks at them" },
	{ "report.path", FIELD_PATH, AT(report.path), .fallback = "none",
	  .text = "A file that gets one line of JSON for each decision: what was asked, allowed or refused, and by what. Nothing of it holds variables, arguments "
		  "or the values of annotations. Only root may be able to write to it and to the directories above, or nothing is started" },
	{ "report.required", FIELD_SWITCH, AT(report.required), .fallback = "false",
	  .text = "Nothing is started when its record cannot be written, as on a full disk. Otherwise that is a warning" },
	{ "report.journal", FIELD_SWITCH, AT(report.journal), .fallback = "true",
	  .text = "One record in systemd's journal for each container that gets something else than it asked for, or is refused; none where there is no journal" },
	{ "trusted_registries", FIELD_GLOBS, AT(trusted_registries), .fallback = "[]", .text = "Prefixes (host/path) below which an image's name may choose a weaker profile" },
};
/* clang-format on */

static int check_config(const struct jread_at *at, struct arena *a, void *value, struct err *e)
{
	struct jread_at registries = jread_key(at, "trusted_registries"), annotations = jread_key(at, "annotations");
	struct jread_at key = jread_key(&annotations, "key");
	const struct policy_config *c = value;

	(void)a;
	if (str_starts(c->annotation_key, "org.opencontainers."))
		return field_refuse(&key, e, "\"%s\" is a name of the Open Container Initiative's", jread_quote(c->annotation_key).s);
	for (size_t i = 0; i < c->trusted_registries.n; i++) {
		struct jread_at item = jread_item(&registries, i);
		const char *text = c->trusted_registries.v[i];
		if (!strchr(text, '/') || text[0] == '/' || strpbrk(text, "*?["))
			return field_refuse(&item, e, "\"%s\" is not host/path", jread_quote(text).s);
	}
	return 0;
}

const struct field_table config_table = {
	.name = "caisson.json", .v = config_fields, .n = N_ELEMENTS(config_fields), .size = sizeof(struct policy_config),
	.check = check_config,
};

void config_defaults(struct policy_config *c)
{
	static const char *const select[] = { "hardened", "strict", "svc-*", NULL };

	*c = (struct policy_config){
		.file = "caisson.json",
		.floor = "baseline",
		.standalone = "strict",
		.labels = PROFILE_LABEL_USE,
		.label_sources = CONFIG_LABELS_ALL,
		.label_timeout_ms = 2000,
		.report = { .journal = true },
		.annotation_key = "io.caisson.profile",
		.annotation_select = { N_ELEMENTS(select) - 1, select },
	};
}

int config_read(struct arena *a, const struct jread_doc *doc, struct policy_config *c, struct err *e)
{
	const struct jread_at at = { .doc = doc };
	const struct field_reader r = { .arena = a };
	int err;

	config_defaults(c);
	err = fields_read(&r, &at, doc->root, &config_table, c, e);
	if (err == 0 && !c->fallback)
		c->fallback = c->floor;
	return err;
}

/* ---- a caller's own ---- */

void config_callers_defaults(struct policy_config *c, const struct policy_config *operators)
{
	*c = (struct policy_config){
		.file = "caisson.json", .floor = "none", .labels = PROFILE_LABEL_USE, .label_sources = operators->label_sources,
		.label_timeout_ms = operators->label_timeout_ms, .annotation_key = operators->annotation_key,
		.trusted_registries = operators->trusted_registries,
	};
}

static void note_seen(void *ctx, size_t field)
{
	*(uint64_t *)ctx |= UINT64_C(1) << field;
}

static int check_callers(const struct jread_at *at, uint64_t seen, struct err *e)
{
	static const char *const narrows[] = { "schema", "floor", "default", "standalone", "mode", "rules", "labels.mode" };

	for (size_t i = 0; i < N_ELEMENTS(config_fields); i++) {
		bool may = !(seen >> i & 1);
		for (size_t k = 0; k < N_ELEMENTS(narrows); k++)
			may |= str_eq(config_fields[i].name, narrows[k]);
		if (may)
			continue;
		(void)field_refuse(at, e, "%s is for the operator's caisson.json alone; this one only narrows", config_fields[i].name);
		return err_class(e, "policy.refused");
	}
	return 0;
}

int config_read_callers(struct arena *a, const struct jread_doc *doc, const struct policy_config *operators, struct policy_config *c,
			struct err *e)
{
	const struct jread_at at = { .doc = doc };
	uint64_t seen = 0;
	const struct field_reader r = { .arena = a, .seen = note_seen, .ctx = &seen };
	int err;

	_Static_assert(N_ELEMENTS(config_fields) <= 64, "a bit for each field");
	config_callers_defaults(c, operators);
	err = fields_read(&r, &at, doc->root, &config_table, c, e);
	if (err == 0 && !c->fallback)
		c->fallback = c->floor;
	if (err == 0 && !c->standalone)
		c->standalone = c->fallback;
	return err < 0 ? err : check_callers(&at, seen, e);
}

/* ---- rules ---- */

static const char *value_of(const struct key_values *kv, const char *key)
{
	for (size_t i = 0; kv && i < kv->n; i++)
		if (str_eq(kv->v[i].key, key))
			return kv->v[i].value;
	return NULL;
}

static bool fits_map(const struct key_values *want, const struct key_values *have)
{
	for (size_t i = 0; i < want->n; i++) {
		const char *value = value_of(have, want->v[i].key);
		if (!value || !glob_match(want->v[i].value, value))
			return false;
	}
	return true;
}

/* execve(2) takes the first of two variables with one name in most programs. */
static const char *variable(const struct strings *env, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; env && i < env->n; i++)
		if (strncmp(env->v[i], name, n) == 0 && env->v[i][n] == '=')
			return env->v[i] + n + 1;
	return NULL;
}

static bool fits_env(const struct key_values *want, const struct strings *env)
{
	for (size_t i = 0; i < want->n; i++) {
		const char *value = variable(env, want->v[i].key);
		if (!value || !glob_match(want->v[i].value, value))
			return false;
	}
	return true;
}

static bool fits_uid(const struct profile_ids *want, uint32_t uid)
{
	for (size_t i = 0; i < want->list.n; i++)
		if (want->list.v[i] == uid)
			return true;
	return !want->set;
}

static bool fits(const struct policy_match *m, const struct policy_subject *s)
{
	const struct { const struct strings *want; const char *have; } texts[] = {
		{ &m->engine, s->engine },	 { &m->kind, s->kind },	  { &m->bundle, s->bundle },
		{ &m->image, s->image },	 { &m->pod, s->pod },	  { &m->namespace, s->namespace },
		{ &m->container, s->container }, { &m->argv0, s->argv0 }, { &m->hostname, s->hostname },
	};

	for (size_t i = 0; i < N_ELEMENTS(texts); i++)
		if (texts[i].want->n && !glob_match_any(texts[i].want, texts[i].have))
			return false;
	if (m->privileged.set && m->privileged.v != s->privileged)
		return false;
	return fits_uid(&m->caller_uid, s->caller_uid) && fits_map(&m->annotation, s->annotations) && fits_env(&m->env, s->env);
}

int config_find_rule(const struct policy_config *c, const struct policy_subject *s)
{
	for (size_t i = 0; i < c->rules.n; i++) {
		const struct policy_match *m = &c->rules.v[i].match;
		if (!fits(m, s))
			continue;
		if (m->label.n && !s->labels && s->ask_labels)
			return CONFIG_ASKS_LABELS;
		if (fits_map(&m->label, s->labels))
			return (int)i;
	}
	return CONFIG_NO_RULE;
}

/* True when the pattern can match nothing outside a trusted prefix, or only one digest. */
static bool image_is_trusted(const struct policy_config *c, const char *pattern)
{
	const char *digest = strstr(pattern, "@sha256:");

	if (digest && strlen(digest) == 8 + 64 && strspn(digest + 8, "0123456789abcdef") == 64)
		return true;
	for (size_t i = 0; i < c->trusted_registries.n; i++) {
		const char *prefix = c->trusted_registries.v[i];
		size_t n = strlen(prefix);
		if (strncmp(pattern, prefix, n) == 0 && (prefix[n - 1] == '/' || pattern[n] == '/'))
			return true;
	}
	return false;
}

static bool images_are_trusted(const struct policy_config *c, const struct strings *patterns)
{
	for (size_t i = 0; i < patterns->n; i++)
		if (!image_is_trusted(c, patterns->v[i]))
			return false;
	return patterns->n > 0;
}

bool config_rule_is_trusted(const struct policy_config *c, const struct policy_rule *r)
{
	const struct policy_match *m = &r->match;

	/* A rule for everything, at the operator's word, has no value of a stranger's in it. */
	if (!m->argv0.n && !m->hostname.n && !m->annotation.n && !m->label.n && !m->env.n && !m->privileged.set && !m->image.n)
		return true;
	return m->engine.n || m->kind.n || m->bundle.n || m->namespace.n || m->pod.n || m->container.n || m->caller_uid.set ||
	       images_are_trusted(c, &m->image);
}

/* ---- two rules ---- */

static bool texts_overlap(const struct strings *a, const struct strings *b)
{
	for (size_t i = 0; i < a->n; i++)
		for (size_t k = 0; k < b->n; k++)
			if (glob_overlap(a->v[i], b->v[k]))
				return true;
	return !a->n || !b->n;
}

static bool maps_overlap(const struct key_values *a, const struct key_values *b)
{
	for (size_t i = 0; i < a->n; i++) {
		const char *other = value_of(b, a->v[i].key);
		if (other && !glob_overlap(a->v[i].value, other))
			return false;
	}
	return true;
}

static bool uids_overlap(const struct profile_ids *a, const struct profile_ids *b)
{
	for (size_t i = 0; i < a->list.n; i++)
		if (fits_uid(b, a->list.v[i]))
			return true;
	return !a->set;
}

bool config_rules_overlap(const struct policy_rule *a, const struct policy_rule *b)
{
	const struct policy_match *x = &a->match, *y = &b->match;
	const struct { const struct strings *one, *two; } texts[] = {
		{ &x->engine, &y->engine },	  { &x->kind, &y->kind },   { &x->bundle, &y->bundle },
		{ &x->image, &y->image },	  { &x->pod, &y->pod },	    { &x->namespace, &y->namespace },
		{ &x->container, &y->container }, { &x->argv0, &y->argv0 }, { &x->hostname, &y->hostname },
	};

	for (size_t i = 0; i < N_ELEMENTS(texts); i++)
		if (!texts_overlap(texts[i].one, texts[i].two))
			return false;
	if (x->privileged.set && y->privileged.set && x->privileged.v != y->privileged.v)
		return false;
	return uids_overlap(&x->caller_uid, &y->caller_uid) && maps_overlap(&x->annotation, &y->annotation) &&
	       maps_overlap(&x->label, &y->label) && maps_overlap(&x->env, &y->env);
}
