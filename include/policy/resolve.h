/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy/resolve.h - from files to what a container gets.
 *
 * A profile is built by plain overriding: what it extends from left to right, itself, its drop-ins in byte order
 * (policy-design 4.1). At launch the chosen profile meets the floor and what an annotation asks for: then nothing can be
 * widened any more (4.2). Controls that only warn are left out of what is enforced and kept in what is computed (4.3).
 *
 * Reaching the files is the caller's: struct policy_files is container/policy_dir.h in the program and a table in tests.
 */
#ifndef CAISSON_POLICY_RESOLVE_H
#define CAISSON_POLICY_RESOLVE_H

#include "base/arena.h"
#include "base/err.h"
#include "policy/config.h"
#include "policy/profile.h"

/* In the order in which a name is looked for. The caller's: an ordinary user's own, which can only narrow what the others give. */
enum policy_place { POLICY_CALLER, POLICY_OPERATOR, POLICY_SHIPPED };
enum { POLICY_FILE_MAX = 1 << 20, POLICY_DEPTH_MAX = 16, POLICY_EXTENDS_MAX = 8, POLICY_DROP_INS_MAX = 256 };

/* One file: its path for messages and its bytes; both in the arena. */
struct policy_file { const char *path, *text; size_t len; };
struct policy_file_list { size_t n; const struct policy_file *v; };

/* Each gives 0, -ENOENT when there is no such file, or another error with its text. */
struct policy_files {
	void *ctx;
	int (*config)(void *ctx, enum policy_place place, struct arena *a, struct policy_file *out, struct err *e);
	int (*profile)(void *ctx, enum policy_place place, const char *name, struct arena *a, struct policy_file *out,
		       struct err *e);
	/* In byte order of their names; none is an empty list. */
	int (*drop_ins)(void *ctx, enum policy_place place, const char *name, struct arena *a, struct policy_file_list *out,
			struct err *e);
};

enum { POLICY_PARTS = 4 };

struct policy_choice {
	const struct policy_config *config;
	const char *name, *from;	/* the chosen profile, and what chose it */
	const char *floor, *floor_from;
	const char *annotation;		/* the profile it asked for, or NULL */
	bool annotation_warns;		/* that one is not enforced, only computed */
	enum profile_mode mode;
	/* What the caller's own place chose, and what chose it: met with all of that, for the caller's containers alone. NULL: nothing. */
	struct { const char *name, *from; enum profile_mode mode; } caller;
	const struct profile *enforced;	/* chosen, floor, annotation and the caller's met, without what only warns */
	const struct profile *full;	/* the same with it; equal to `enforced` when nothing only warns */
	/* Those that were met, for telling who took a capability. */
	struct { const struct profile *profile; const char *role; } parts[POLICY_PARTS];
	size_t n_parts;
};

/* The operator's. *there: false when there is no caisson.json; the defaults then. */
int policy_config_load(struct arena *a, const struct policy_files *files, struct policy_config *out, bool *there, struct err *e);
/* A built-in one, or files of this name, the operator's or shipped. Unknown: -ENOENT with a text. */
int policy_profile_load(struct arena *a, const struct policy_files *files, const char *name, const struct profile **out,
			struct err *e);
/* The same, and where there is none, one of the caller's: *callers then. */
int policy_profile_load_any(struct arena *a, const struct policy_files *files, const char *name, const struct profile **out,
			    bool *callers, struct err *e);
/* One file's bytes as the profile `name`, with what it extends; for "policy check FILE". */
int policy_profile_check(struct arena *a, const struct policy_files *files, const char *name, const struct policy_file *file,
			 const struct profile **out, struct err *e);
/* What all of caisson.json says holds together: its profiles exist, its rules choose nothing weaker at a stranger's word. */
int policy_config_check(struct arena *a, const struct policy_files *files, const struct policy_config *c, struct err *e);
int policy_config_check_callers(struct arena *a, const struct policy_files *files, const struct policy_config *c, struct err *e);

struct policy_ask {
	const char *named, *named_from;	/* --policy, or the program's name: in the place of "default" or "standalone" */
	bool outright;	/* named for this one container (launch --policy): rules are not asked; the floor holds all the same */
	bool standalone;
	const char *callers;	/* --policy, of a profile of the caller's own: in the place of the caller's default */
	const struct policy_config **config; /* NULL, or where caisson.json is left as soon as it was read, whatever is chosen then */
};
/* The caller's: what it does not say does not narrow, and how labels are asked for is the operator's matter. */
int policy_config_load_callers(struct arena *a, const struct policy_files *files, const struct policy_config *operators,
			       struct policy_config *out, bool *there, struct err *e);
/* *out is NULL when there are no files to look at: the built-in level alone decides then, as policy_merge does it. */
int policy_choose(struct arena *a, const struct policy_files *files, const struct policy_ask *ask,
		  const struct policy_subject *subject, const struct policy_choice **out, struct err *e);

#endif
