/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/sources.h - what a bind mount may bring in from the host, judged on what was opened.
 *
 * A source's name says little: it may be a link, or the place may be changed between two looks (a directory below a volume belongs
 * to whoever writes there). So the judge sees an O_PATH descriptor, asks /proc for its real path, and compares device and inode with
 * those of the denied things. The mount is then cloned from the same descriptor.
 */
#ifndef CAISSON_KERNEL_SOURCES_H
#define CAISSON_KERNEL_SOURCES_H

#include <stdbool.h>

#include "base/err.h"
#include "policy/plan.h"

/* False where nothing is judged, and nothing need be opened for it. */
bool sources_are_judged(const struct plan_sources *s);
/* The verdict, with its reason in why->text unless it is SOURCE_FINE; or a negative errno when the source cannot be looked at. `asked`:
 * as the document has it. The runtime's own mount namespace and procfs must still be there. */
int sources_judge(const struct plan_sources *s, int fd, const char *asked, struct err *why);
/* 0 when the judge finds it fine, else a negative errno: -EPERM with who refuses it, and why. */
int sources_check(const struct plan_sources *s, int fd, const char *asked, struct err *e);

#endif
