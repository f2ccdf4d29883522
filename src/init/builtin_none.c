/* SPDX-License-Identifier: Apache-2.0 */
#include "init/builtin.h"

const struct init_builtin_filter init_builtin_filters[] = { { NULL, NULL, 0 } };
