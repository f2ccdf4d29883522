/* SPDX-License-Identifier: Apache-2.0 */
/*
 * container/posture.h - what the kernel says about a live container, compared with the plan, control by control.
 * Reads /proc/PID (status, mountinfo, ns, attr, limits, maps, clocks, scheduling), what a child of ours sees inside, and the cgroup with its
 * rules for devices; changes nothing.
 */
#ifndef CAISSON_CONTAINER_POSTURE_H
#define CAISSON_CONTAINER_POSTURE_H

#include <jansson.h>
#include <sys/types.h>

#include "base/err.h"
#include "kernel/cgroup.h"
#include "policy/plan.h"

enum verdict { VERDICT_OK, VERDICT_DIFFERS, VERDICT_NOT_ASKED };
struct posture_line { const char *control; char planned[256], actual[256]; enum verdict verdict; };
enum { POSTURE_LINES = 96 };
struct posture { struct posture_line v[POSTURE_LINES]; size_t n; size_t differs; };

/* `pid` must be a live process of the container (its identity was checked by the caller). */
int posture_read(const struct plan *p, const struct cgroup *cg, pid_t pid, struct posture *out, struct err *e);
/* The short form used by the launch itself before the gate opens (design.md section 3, step 9): ids, capability sets,
 * NoNewPrivs, Seccomp mode and filter count, namespaces. Refuses on any difference with an error that names it. */
int posture_check_ready(const struct plan *p, const struct process *proc, pid_t pid, size_t n_filters, struct err *e);

struct finish_ready;
/* And what caisson-init has asked the kernel for us, because it tells nobody but the process itself (init/finish.h). */
int posture_check_told(const struct plan *p, const struct finish_ready *told, struct err *e);

#endif
