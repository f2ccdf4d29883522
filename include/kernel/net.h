/* SPDX-License-Identifier: Apache-2.0 */
/* kernel/net.h - the network inside a new namespace, over rtnetlink(7) with libmnl. */
#ifndef CAISSON_KERNEL_NET_H
#define CAISSON_KERNEL_NET_H

#include "base/err.h"

/* Brings the loopback device of the caller's network namespace up. */
int net_loopback_up(struct err *e);

#endif
