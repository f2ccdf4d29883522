/* SPDX-License-Identifier: Apache-2.0 */
/* kernel/limits.h - OOM score, sysctls: single values the kernel keeps per process or per namespace. */
#ifndef CAISSON_KERNEL_LIMITS_H
#define CAISSON_KERNEL_LIMITS_H

#include <limits.h>
#include <sys/types.h>

#include "base/err.h"
#include "spec/types.h"

/* proc_pid_oom_score_adj(5). A process that may not lower its score gets EACCES. */
int limits_oom_score(pid_t pid, int64_t score, struct err *e);
/* Writes each key below /proc/sys of the caller's namespaces; before the root is entered, while the host's procfs is there. */
int limits_sysctls(const struct key_values *kv, struct err *e);
/* "net.ipv4.ip_forward" -> "net/ipv4/ip_forward", below /proc/sys; a '/' in a key stands for a '.' in a name (sysctl.d(5)). -EINVAL:
 * not a key. */
int limits_sysctl_path(const char *key, char out[PATH_MAX]);

/* The CPUs that the caller, and what it starts, may run on: "0-3,7". NULL changes nothing. `what` names the property. */
int limits_cpus(const char *list, const char *what, struct err *e);

#endif
