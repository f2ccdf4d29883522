/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/net_devices.h - moves devices of the host into the container's network namespace (OCI linux.netDevices).
 *
 * A device takes its new name, its permanent global addresses and its other attributes with it, and is up afterwards. Routes stay
 * behind, but for those that come with the addresses: OCI leaves routing to whoever owns the namespace. The caller needs
 * CAP_NET_ADMIN over both namespaces. Nobody moves devices back when the container ends: that is the kernel's (real ones go to the
 * host, virtual ones end with the namespace).
 */
#ifndef CAISSON_KERNEL_NET_DEVICES_H
#define CAISSON_KERNEL_NET_DEVICES_H

#include <stdbool.h>

#include "base/err.h"
#include "spec/types.h"

/* Where a device went. */
struct net_moved { int index; /* inside; 0: not moved */ bool was_up; };

/* All or none: what was moved before a failure is moved back. moved: one for each device. */
int net_devices_move(const struct net_devices *d, int netns, struct net_moved *moved, struct err *e);
/* For a launch that fails later. netns keeps the namespace alive, even when its processes are gone. */
int net_devices_return(const struct net_devices *d, int netns, struct net_moved *moved, struct err *e);

#endif
