/* SPDX-License-Identifier: Apache-2.0 */
/*
 * container/passwd.h - a user as Docker spells it ("name", "uid", "name:group", "uid:gid") into
 * numbers.
 *
 * Names are looked up in /etc/passwd and /etc/group inside the root, by descriptor, never through
 * the host's NSS. Both files are hostile: at most PASSWD_MAX_BYTES, regular files only, malformed
 * lines are skipped. A text of digits is a number and never a name (CVE-2016-3697); 4294967295 and
 * everything above is refused (CVE-2024-40635).
 */
#ifndef CAISSON_CONTAINER_PASSWD_H
#define CAISSON_CONTAINER_PASSWD_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "spec/types.h"

enum { PASSWD_MAX_BYTES = 4 * 1024 * 1024, PASSWD_MAX_GROUPS = 1024 };

struct passwd_user {
	uint32_t uid, gid;
	struct ids groups; /* memberships in /etc/group; none when the group was named */
	const char *name;  /* the entry's name; NULL without an entry */
	const char *home;  /* absolute; "/" without an entry */
};

/*
 * `root` is a descriptor of the root directory; a negative one means that there is none yet, and
 * only numbers can be taken
 * (-ENOENT for a name). Without a group and without an entry the gid is the uid: no one becomes a
 * member of group 0 by saying nothing.
 */
int passwd_find(int root, const char *who, struct arena *a, struct passwd_user *out, struct err *e);

#endif
