/* SPDX-License-Identifier: Apache-2.0 */
/* container/posture_ids.h - between the files of posture and their tests only. */
#ifndef CAISSON_CONTAINER_POSTURE_IDS_H
#define CAISSON_CONTAINER_POSTURE_IDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "container/proc_status.h"
#include "policy/plan.h"

enum { POSTURE_MAPS = 340 }; /* the kernel's own limit on lines of a map */
struct posture_map { bool identity; size_t n; struct id_map v[POSTURE_MAPS]; };
/* How an id inside shows outside. What no line of the map holds shows as POSTURE_UNMAPPED. */
#define POSTURE_UNMAPPED UINT32_MAX
uint32_t posture_id(const struct posture_map *m, uint32_t inside);
/* By the plan where it makes the user namespace; from /proc/PID/{uid_map,gid_map} where the container joined one. */
int posture_maps(const struct plan *p, int procfd, struct posture_map *uids, struct posture_map *gids, struct err *e);
int posture_map_parse(const char *text, struct posture_map *out);
/* The file's lines are those of `want`, in any order. */
bool posture_map_same(const struct posture_map *live, const struct id_maps *want);

bool posture_same_groups(const struct proc_status *s, const struct posture_map *gids, const struct ids *want);

/* 1 own, 0 the caller's, -errno unreadable. JOIN: 1 when it is the one at the path. */
int posture_namespace(const struct plan *p, enum ns_kind kind, int nsfd, int self_nsfd);
extern const char *const posture_ns_names[NS_KINDS];	/* as files in /proc/PID/ns */

#endif
