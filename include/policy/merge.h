/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy/merge.h - spec + level + labels + facts -> plan. Pure: the same inputs give the same bytes.
 *
 * Tightening is free; nothing here can add a right that the document did not ask for, except private and empty things
 * (tmpfs, a private namespace). policy-design sections 2 and 4.
 */
#ifndef CAISSON_POLICY_MERGE_H
#define CAISSON_POLICY_MERGE_H

#include "base/arena.h"
#include "base/err.h"
#include "policy/facts.h"
#include "policy/image_facts.h"
#include "policy/labels.h"
#include "policy/plan.h"
#include "policy/root_view.h"
#include "spec/spec.h"

struct host_view;
struct policy_choice;
struct policy_request {
	const char *id, *bundle;	/* bundle: absolute */
	const char *root_path;		/* the document's root.path made absolute (lexically, against the bundle) */
	enum level level;		/* without a choice: a built-in level by itself */
	const char *level_from;
	const struct policy_choice *choice; /* policy/resolve.h: from files; NULL: none were looked at */
	bool standalone;		/* launch: the level's private namespaces and tmpfs are made, not only demanded */
	bool init;			/* keep caisson-init as PID 1 */
	struct strings init_options;	/* for it; only with init */
	bool root_idmap;		/* launch: attach the root id-mapped */
	bool no_cgroup;
	bool systemd;			/* the cgroup is asked of systemd */
	uint64_t cap_add;		/* launch --cap-add: named by the operator, so that a label does not cut it; the level's
					 * ceiling does */
	unsigned host_ns;		/* launch: 1 << NS_*: the operator asked for the host's (--network host) */
	const struct label_caps *labels;/* NULL: no source was asked */
	const char *stop, *stop_from;	/* launch: how it is ended, for explain, and what said so; NULL: the defaults */
	const struct strings *ports;	/* of the image: "80/tcp"; NULL: unknown */
	const struct strings *health;	/* of the image: a program and its arguments; NULL: unknown */
	const struct image_facts *image;/* NULL: nothing is known of it */
	const struct root_view *view;	/* the container's files for the launch checks; NULL: not looked at */
	const struct host_view *host;	/* policy/host_view.h; NULL: not looked at */
	const struct facts *facts;
};

/* A refusal names its rule: `refused by level "hardened" (namespaces): the container asks for the host's pid namespace;
 * ...how to allow it`. */
int policy_merge(struct arena *a, const struct spec *s, const struct policy_request *r, const struct plan **out,
		 struct err *e);

/* A process for exec: what is asked, met with the stored plan (capability ceiling, no_new_privs, non-root, securebits).
 * More capabilities than the ceiling are cut; a request for all of them, which the container itself did not make, is refused from hardened
 * up (docker exec --privileged). */
int policy_merge_exec(struct arena *a, const struct plan *stored, const struct process *asked, const struct process **out,
		      struct err *e);

/* Refuses, by the property's name, a label for a security module that this host does not run. */
int policy_check_labels(const struct process *p, const struct facts *f, struct err *e);

/* True if this host's engines would call the document privileged: no filter, no masks, every capability the host has (but
 * those that its engine is too old to know), every device (policy-design 2.1). */
bool policy_is_privileged(const struct spec *s, const struct facts *f);

/* Whether the decision looks at the container's labels: where it does not, nobody has to be asked for them. r->labels is not
 * looked at. A document that will be refused is false. */
bool policy_wants_labels(const struct spec *s, const struct policy_request *r);

/* The annotation by which a container may ask for a stricter level than it would get. */
#define POLICY_ANNOTATION "io.caisson.profile"

/* "none" "baseline" "hardened" "strict" -> the level, or -EINVAL. */
int policy_level_find(const char *name);
const char *policy_level_name(enum level l);

#endif
