/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy/merge_step.h - between the files of merge only: the work in progress and one function per group of controls.
 * Each step reads the document, the profile and the facts, changes its own part of the plan, and leaves a reason.
 */
#ifndef CAISSON_POLICY_MERGE_STEP_H
#define CAISSON_POLICY_MERGE_STEP_H

#include "policy/merge.h"
#include "policy/profile_fields.h"
#include "policy/resolve.h"

enum { MERGE_NOTES = 96 };

struct merge {
	struct arena *a;
	const struct spec *s;
	const struct policy_request *r;
	const struct profile *p;
	struct plan *plan;
	const char *asked_by;		/* rule of what is kept: "config.json" or "launch" */
	bool trial;			/* what would be refused is said, and the next control is looked at */
	size_t n_reasons, n_warnings;
	struct reason reasons[MERGE_NOTES];
	const char *warnings[MERGE_NOTES];
	bool no_memory;			/* some allocation failed: looked at once, after each step */
};

/* Both take texts that live in the arena or for ever; a NULL text means that there was no memory. */
void merge_reason(struct merge *m, enum reason_kind kind, const char *control, const char *asked, const char *result,
		  const char *rule);
void merge_warn(struct merge *m, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* refused by level "hardened" (namespaces): ...; by the profile, floor or annotation that decided the field. */
int merge_refuse(struct merge *m, struct err *e, enum profile_field f, const char *control, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
/* Of such a text: level "hardened". */
const char *merge_refused_by(struct merge *m, enum profile_field f);
/* What decided a field, for reasons: "level strict", "svc-x.json $.user.uid". */
const char *merge_rule(struct merge *m, enum profile_field f);
/* A short text in the arena; NULL becomes no_memory. */
const char *merge_text(struct merge *m, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
const char *merge_caps_text(struct merge *m, uint64_t set);

/* Every capability of the host, or all of it that an engine knows: the lists of older ones end where Linux did when they were written, at
 * the earliest with AUDIT_READ (Linux 3.16). One that is left out among those is a choice, and not this. */
bool merge_is_every_cap(uint64_t asked, uint64_t host);

int merge_namespaces(struct merge *m, struct err *e);
int merge_identity(struct merge *m, struct err *e);
int merge_capabilities(struct merge *m, struct err *e);
int merge_user(struct merge *m, struct err *e);
int merge_root(struct merge *m, struct err *e);
int merge_mounts(struct merge *m, struct err *e);
int merge_mount_rules(struct merge *m, struct err *e);
int merge_sources(struct merge *m, struct err *e);
int merge_joins(struct merge *m, struct err *e);
int merge_devices(struct merge *m, struct err *e);
int merge_hooks(struct merge *m, struct err *e);
int merge_paths(struct merge *m, struct err *e);
int merge_sysctls(struct merge *m, struct err *e);
int merge_limits(struct merge *m, struct err *e);
int merge_service(struct merge *m, struct err *e);
int merge_env(struct merge *m, struct err *e);
int merge_landlock(struct merge *m, struct err *e);
int merge_memory(struct merge *m, struct err *e);
int merge_filter(struct merge *m, struct err *e);
bool merge_same_syscalls(const struct plan_syscalls *a, const struct plan_syscalls *b);
int merge_labels(struct merge *m, struct err *e);
int merge_exec_allowed(struct merge *m, struct err *e);
int merge_user_map(struct merge *m, struct err *e);
int merge_image(struct merge *m, struct err *e);
/* Something is required of the image. */
bool merge_wants_image(const struct profile *p);
int merge_checks(struct merge *m, struct err *e);

/* The process-level limits alone, for create and for exec. Returns what changed, for the reasons. */
struct merge_rlimit { const char *name, *asked, *result; int resource; bool warned; };
struct merge_rlimits_notes { size_t n; struct merge_rlimit v[PROFILE_RLIMITS + 1]; };
/* f: NULL for a process that joins; own: the container's limits then, NULL else. -ENOMEM. */
int merge_rlimits(struct arena *a, const struct plan_exec *x, const struct facts *f, const struct rlimits *own, struct process *proc,
		  struct merge_rlimits_notes *notes);
int merge_keep_rlimits(struct merge *m, struct rlimits *out);
/* Parts of merge_limits. */
int merge_process_limits(struct merge *m, struct err *e);
int merge_resources(struct merge *m, bool can_limit, struct err *e);
/* What `unified` says of the controls that the profile limits becomes the document's own number, so that it cannot go past them. */
int merge_unified(struct merge *m, struct err *e);

/* policy/sysctls.c: which namespace a sysctl belongs to; -EINVAL when it is not a namespaced one, or not a sysctl's name.
 * Names are taken with '.' or with '/'. */
int sysctl_namespace(const char *key);
/* A pattern of such names. */
bool sysctl_is_pattern(const char *text);

#endif
