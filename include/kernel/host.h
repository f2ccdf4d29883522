/* SPDX-License-Identifier: Apache-2.0 */
/* kernel/host.h - asks this kernel what it can do and fills struct facts; changes nothing. */
#ifndef CAISSON_KERNEL_HOST_H
#define CAISSON_KERNEL_HOST_H

#include <stdbool.h>

#include "base/err.h"
#include "policy/facts.h"

int host_facts(struct facts *out, struct err *e);
/* Root in a user namespace is an ordinary user to the host. */
bool host_in_user_namespace(void);

#endif
