/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/filter_machine.h - a machine for the classic BPF that the compiler makes, over struct seccomp_data, as strict as the kernel's
 * own checker (kernel/seccomp.c, seccomp_check_filter): a program is asked what it answers before any kernel gets it.
 */
#ifndef CAISSON_KERNEL_FILTER_MACHINE_H
#define CAISSON_KERNEL_FILTER_MACHINE_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* False when the program leaves its bounds, or has an instruction that the compiler never makes. */
bool filter_machine_run(const struct sock_filter *v, size_t n, const struct seccomp_data *d, uint32_t *verdict);

#endif
