/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy/env.h - what of an environment a plan lets through: for the container's own process, for exec, and for those who look
 * whether it was done. An entry is "NAME=VALUE".
 */
#ifndef CAISSON_POLICY_ENV_H
#define CAISSON_POLICY_ENV_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "policy/plan.h"

/* `name` (with or without "=VALUE") is one of those that are taken out. Patterns see "/" as "_", so that nobody hides behind it; a name
 * too long to be compared is taken out wherever anything is. */
bool env_is_denied(const struct strings *deny, const char *name);
/* *io without them; *removed: their names, as they may be shown. Both in `a`, and untouched when nothing is denied. -ENOMEM. */
int env_remove(struct arena *a, const struct strings *deny, struct strings *io, struct strings *removed, struct err *e);

/* What is said about each variable that looks like a secret, at most ENV_SECRETS_MAX: `variable DB_PASSWORD looks like a secret
 * (named-random: 32 bytes from byte 0, sha256 1a2b3c4d)`. Never any of the value. *more: how many there are beyond that. -ENOMEM. */
enum { ENV_SECRETS_MAX = 8 };
int env_secrets(struct arena *a, const struct strings *env, struct strings *out, size_t *more, struct err *e);

/* What exec should warn about, once, when it takes place under a plan: variables that were taken out, secrets. -ENOMEM. */
int env_exec_warnings(struct arena *a, const struct plan *stored, const struct process *asked, struct strings *out, struct err *e);

/* "A, B and 3 more", at most eight of them; NULL without memory. */
const char *env_names(struct arena *a, const struct strings *names);

#endif
