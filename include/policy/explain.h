/* SPDX-License-Identifier: Apache-2.0 */
/* policy/explain.h - the decision for people and for machines, and the exposure figure (policy-design section 6). */
#ifndef CAISSON_POLICY_EXPLAIN_H
#define CAISSON_POLICY_EXPLAIN_H

#include <jansson.h>

#include "base/str.h"
#include "policy/plan.h"
#include "spec/spec.h"

/* 0 (nothing exposed) .. 10. For reading only, never a gate. */
double explain_exposure(const struct plan *p);
double explain_exposure_asked(const struct spec *s);
/* The table: control, asked, result, which rule decided. */
void explain_table(const struct plan *p, const struct spec *s, struct str *out);
json_t *explain_json(const struct plan *p, const struct spec *s); /* new reference */

#endif
