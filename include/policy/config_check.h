/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy/config_check.h - what policy/choose.c and "policy check" ask of a caisson.json that was read.
 */
#ifndef CAISSON_POLICY_CONFIG_CHECK_H
#define CAISSON_POLICY_CONFIG_CHECK_H

#include "policy/resolve.h"

/* Where profiles come from, the place whose word counts first, and the arena that takes them. */
struct policy_source { struct arena *a; const struct policy_files *files; enum policy_place first; };

/* As policy_profile_load(), from `first` on. */
int policy_profile_load_from(struct arena *a, const struct policy_files *files, enum policy_place first, const char *name,
			     const struct profile **out, struct err *e);

/* A profile that `where` names: an unknown one is said with it. NULL is no memory. */
int policy_load_named(const struct policy_source *r, const char *where, const char *name, const struct profile **out, struct err *e);
/* The floor, which may neither grant nor say who the user is. */
int policy_load_floor(const struct policy_source *r, const struct policy_config *c, const struct profile **out, struct err *e);
/* The rules for a container's author, beside `base`: what holds where none matches. */
int policy_check_rules(const struct policy_source *r, const struct policy_config *c, const struct profile *base, struct err *e);
/* The controls of a profile that only warn under a mode, which is the laxer of its own and of what chose it. */
uint64_t policy_only_warned(const struct profile *p, uint32_t mode);

#endif
