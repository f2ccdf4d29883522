/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "kernel/filter.h"
#include "kernel/filter_parts.h"

/* Of the files that decide what a program says; made while caisson is built (Makefile.am). */
extern const char filter_sources_digest[];

struct filter_identity filter_identity(const struct plan_filter *p)
{
	bool asks = p->has_engine && p->engine.has_flags && (p->engine.flags & SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV);
	struct filter_identity out = { 0 };

	(void)snprintf(out.text, sizeof(out.text), "arch 0x%x flags 0x%x caisson %s", filter_native_arch(),
		       asks ? filter_kernel_flags() : 0, filter_sources_digest);
	return out;
}
