/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy/store.h - the plan as JSON: what is kept in the state directory, and what explain --json prints.
 *
 * Round trip: plan_read(plan_write(p)) equals p in every field. exec, update, posture and delete work from the stored plan
 * and never read the bundle again (OCI: later edits of config.json have no effect).
 */
#ifndef CAISSON_POLICY_STORE_H
#define CAISSON_POLICY_STORE_H

#include "base/arena.h"
#include "base/err.h"
#include "policy/plan.h"

/* malloc'd compact JSON, NUL-terminated; the caller frees it. */
int plan_write(const struct plan *p, char **out, size_t *len, struct err *e);
/* The bytes come from a root-owned state directory but are checked all the same. */
int plan_read(struct arena *a, const char *bytes, size_t len, const struct plan **out, struct err *e);
/* The process alone, in config.json's own form (for exec without --process, spec). malloc'd. */
int plan_write_process(const struct process *p, char **out, size_t *len, struct err *e);

#endif
