/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy/config.h - caisson.json: which profile a container gets, and who may have a say (policy-design 3.1).
 */
#ifndef CAISSON_POLICY_CONFIG_H
#define CAISSON_POLICY_CONFIG_H

#include "policy/field.h"
#include "policy/profile.h"
#include "spec/spec.h"

struct policy_config;

/* What a rule looks at. Absent texts are NULL. Who controls a value decides whether it may choose a weaker profile. */
struct policy_subject {
	const char *engine, *kind, *bundle;	/* the engine's */
	const char *image;			/* normalised; its name is the user's, a digest is not */
	const char *namespace, *pod, *container;/* the cluster's */
	uint32_t caller_uid;			/* the kernel's */
	const char *argv0, *hostname;		/* the user's, and so are the rest */
	const struct key_values *annotations, *labels;
	const struct strings *env;
	bool privileged;
	/* Labels cost a question to the engine: asked for when a rule looks at them and `labels` is NULL. May be NULL itself. */
	int (*ask_labels)(void *ctx, const struct policy_config *c, const struct key_values **out, struct err *e);
	void *labels_ctx;
};

struct policy_match {
	struct strings engine, kind, bundle, image, namespace, pod, container;
	struct profile_ids caller_uid;
	struct strings argv0, hostname;
	struct key_values annotation, label, env;
	struct opt_bool privileged;
};

struct policy_rule {
	struct policy_match match;
	const char *profile;
	uint32_t mode;			/* enum profile_mode */
	const char *why;
};

/* Where labels are looked for: labels.sources. */
enum config_labels {
	CONFIG_LABELS_ANNOTATION = 1, CONFIG_LABELS_CONTAINERD = 2, CONFIG_LABELS_DOCKER = 4, CONFIG_LABELS_STORAGE = 8,
	CONFIG_LABELS_FILE = 16, CONFIG_LABELS_ALL = 31,
};

struct policy_config {
	const char *file;		/* for texts: "caisson.json", or the whole path of the caller's */
	const char *floor, *fallback, *standalone; /* fallback: "default"; NULL = the floor */
	uint32_t mode, labels;		/* enum profile_mode, enum profile_label */
	uint64_t label_sources, label_timeout_ms;
	struct { size_t n; const struct policy_rule *v; } rules;
	const char *annotation_key;
	bool annotation_mode;		/* KEY.mode is looked at */
	struct strings annotation_select, trusted_registries;
	struct { const char *path; bool required, journal; } report; /* path: NULL = none */
};

extern const struct field_table config_table;

/* What holds without a file, and for fields that it does not say. */
void config_defaults(struct policy_config *c);
int config_read(struct arena *a, const struct jread_doc *doc, struct policy_config *c, struct err *e);
/* The same of a caller's own file, which may only narrow: what is not said there narrows nothing, and what could do anything else is
 * refused. `operators` says how labels are asked for. */
void config_callers_defaults(struct policy_config *c, const struct policy_config *operators);
int config_read_callers(struct arena *a, const struct jread_doc *doc, const struct policy_config *operators, struct policy_config *c,
			struct err *e);

/* The first rule that the subject matches; or that there is none; or that it depends on labels that were not asked for yet. */
enum { CONFIG_NO_RULE = -1, CONFIG_ASKS_LABELS = -2 };
int config_find_rule(const struct policy_config *c, const struct policy_subject *s);
/* False when only values that a container's author controls choose it. */
bool config_rule_is_trusted(const struct policy_config *c, const struct policy_rule *r);
/* False when no container matches both. */
bool config_rules_overlap(const struct policy_rule *a, const struct policy_rule *b);

/* The subject of a bundle: what its engine left in path and annotations. Lives as long as `s` and `bundle`; the rest is in `a`.
 * -ENOMEM. */
int subject_of(struct arena *a, const struct spec *s, const char *bundle, bool standalone, struct policy_subject *out,
	       struct err *e);
/* Past an init that an engine or an image put in front: the index of the program in args; 0 without one. */
size_t subject_program_index(const struct strings *args);

#endif
