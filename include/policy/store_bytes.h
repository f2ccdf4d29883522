/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy/store_bytes.h - part of a plan as bytes that name it: two values give the same bytes if and only if they are equal in
 * every member of the tables that plan.json is written from. Not meant to be read back.
 */
#ifndef CAISSON_POLICY_STORE_BYTES_H
#define CAISSON_POLICY_STORE_BYTES_H

#include "base/str.h"
#include "policy/plan.h"

/* Appends; out->failed when there is no memory. */
void plan_filter_bytes(const struct plan_filter *p, struct str *out);

#endif
