/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/ns.h - open, join and unshare namespaces (namespaces(7), setns(2)).
 */
#ifndef CAISSON_KERNEL_NS_H
#define CAISSON_KERNEL_NS_H

#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "spec/types.h"

/* "user", "cgroup", ...: the OCI's word is "network" for NS_NET; this is the name under /proc/PID/ns. */
const char *ns_proc_name(enum ns_kind k);
uint64_t ns_clone_flag(enum ns_kind k); /* CLONE_NEW* */

/* Descriptors of the namespaces to join, by kind; -1 where none. */
struct ns_fds { int v[NS_KINDS]; };
void ns_fds_close(struct ns_fds *f);
#define auto_ns_fds __attribute__((cleanup(ns_fds_close))) struct ns_fds

/* Opens every NS_JOIN path and checks with ioctl_ns(2) NS_GET_NSTYPE that it is a namespace of that kind. */
int ns_open_all(const struct namespace ns[NS_KINDS], struct ns_fds *out, struct err *e);
/* CLONE_NEW* bits of all kinds whose mode is `mode`. */
uint64_t ns_flags(const struct namespace ns[NS_KINDS], enum ns_mode mode);
int ns_join(int fd, enum ns_kind k, struct err *e);
/* Writes /proc/self/timens_offsets for the children of this process, after unshare(CLONE_NEWTIME). */
int ns_write_time_offsets(const struct time_offset *monotonic, const struct time_offset *boottime, struct err *e);

#endif
