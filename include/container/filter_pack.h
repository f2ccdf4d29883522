/* SPDX-License-Identifier: Apache-2.0 */
/*
 * container/filter_pack.h - compiled seccomp programs as bytes of a file: for the container's own (container/keep.h), and for those
 * that containers of the same plan share (container/filter_cache.h). Of this machine's byte order.
 */
#ifndef CAISSON_CONTAINER_FILTER_PACK_H
#define CAISSON_CONTAINER_FILTER_PACK_H

#include "base/str.h"
#include "kernel/filter.h"

enum { FILTERS_PACKED_MAX = FILTER_PROGRAMS * 4096 * 8 + 1024 };

/* Appends; out->failed when there is no memory. */
void filters_pack(const struct filters *f, struct str *out);
/* All of `bytes`, which the programs then point into: aligned for struct sock_filter. -EPROTO: they do not add up. */
int filters_unpack(const char *bytes, size_t len, struct filters *out);

#endif
