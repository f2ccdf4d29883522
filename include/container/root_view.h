/* SPDX-License-Identifier: Apache-2.0 */
/*
 * container/root_view.h - a container's root as policy/root_view.h looks at it: by descriptor, never outside of the root, never
 * opening what is not a regular file.
 */
#ifndef CAISSON_CONTAINER_ROOT_VIEW_H
#define CAISSON_CONTAINER_ROOT_VIEW_H

#include "policy/root_view.h"

/* *root is an O_PATH descriptor of the root; it and *root itself outlive the view. */
void root_view_init(struct root_view *v, int *root);

#endif
