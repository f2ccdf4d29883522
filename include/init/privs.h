/* SPDX-License-Identifier: Apache-2.0 */
/*
 * init/privs.h - who we are from here on: groups, ids, capabilities, no_new_privs; and is it true?
 *
 * privs_apply() does them in the one order that works; privs_check() asks the kernel afterwards and compares.
 */
#ifndef CAISSON_INIT_PRIVS_H
#define CAISSON_INIT_PRIVS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "init/fault.h"

struct privs {
	bool has_ids;		/* uid and gid hold */
	bool has_groups;
	bool has_caps;		/* the five sets hold */
	bool has_umask;
	bool no_new_privs;
	bool non_root;		/* for privs_check: no id may be 0 */
	uint32_t uid, gid, umask, securebits;	/* securebits 0: leave alone */
	const uint32_t *groups;
	size_t n_groups;
	uint64_t bounding, effective, permitted, inheritable, ambient;
};

int privs_apply(const struct privs *p, struct fault *f);
int privs_check(const struct privs *p, struct fault *f);

/* "CHOWN", "cap_chown": the number, or -EINVAL. */
int privs_capability(const char *name, size_t len);

#endif
