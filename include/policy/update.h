/* SPDX-License-Identifier: Apache-2.0 */
/* policy/update.h - a stored plan after `update`: what was given takes the place of what was, the rest stays. Pure. */
#ifndef CAISSON_POLICY_UPDATE_H
#define CAISSON_POLICY_UPDATE_H

#include "base/arena.h"
#include "base/err.h"
#include "policy/plan.h"

/* Lists are joined by their keys (page size, device, name); device rules stay as they are, because update never changes them. The
 * result shares strings with both inputs. */
int policy_update(struct arena *a, const struct plan *stored, const struct resources *given, const struct plan **out, struct err *e);

#endif
