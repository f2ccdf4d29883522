/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/idmap.h - who is root inside (user_namespaces(7)).
 *
 * Writes uid_map, gid_map and setgroups for a process that has just entered a new user namespace; the caller is still
 * outside it. The kernel takes a map once per namespace, so a failure here always ends the launch. Maps that an ordinary
 * user may not write go through newuidmap(1) and newgidmap(1).
 */
#ifndef CAISSON_KERNEL_IDMAP_H
#define CAISSON_KERNEL_IDMAP_H

#include <sys/types.h>

#include "base/err.h"
#include "spec/types.h"

int idmap_write(pid_t pid, const struct id_maps *uids, const struct id_maps *gids, struct err *e);
/* The host's id for a container's, or -EINVAL when it is not mapped. */
int idmap_to_host(const struct id_maps *maps, uint32_t id, uint32_t *out);
/* A descriptor of a new user namespace that has these maps and no process in it, for id-mapped mounts. */
int idmap_namespace(const struct id_maps *uids, const struct id_maps *gids, struct err *e);

#endif
