/* SPDX-License-Identifier: Apache-2.0 */
/*
 * init/label.h - the label that the payload's execve(2) will give it.
 *
 * Written to a procfs that is known to be one (an image may bring a directory that looks like it), and read back.
 */
#ifndef CAISSON_INIT_LABEL_H
#define CAISSON_INIT_LABEL_H

#include "init/fault.h"

/* Either may be NULL. */
int label_exec(const char *apparmor, const char *selinux, struct fault *f);

/* SELinux: the context of keys and keyrings that this process makes from now on; "\n" is the kernel's choice again. */
int label_keys(const char *selinux, struct fault *f);

#endif
