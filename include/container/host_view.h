/* SPDX-License-Identifier: Apache-2.0 */
/* container/host_view.h - the host as policy/host_view.h looks at it: by O_PATH descriptors, opening nothing for reading. */
#ifndef CAISSON_CONTAINER_HOST_VIEW_H
#define CAISSON_CONTAINER_HOST_VIEW_H

#include "policy/host_view.h"

extern const struct host_view host_view_real;

#endif
