/* SPDX-License-Identifier: Apache-2.0 */
#include "init/builtin.h"

/* Weak: a build that links a generated table besides gets that one. */
extern const struct init_builtin_filter init_builtin_filters[] __attribute__((weak));
const struct init_builtin_filter init_builtin_filters[] = { { NULL, NULL, 0 } };
