/* SPDX-License-Identifier: Apache-2.0 */
/*
 * container/id_ranges.h - a range of user and group ids for one container, so that its root is
 * nobody on the host.
 *
 * Ranges of ID_RANGE_SIZE come from the entries of the user "caisson" in /etc/subuid and
 * /etc/subgid, else, on a host that runs systemd, from the ids it sets aside for containers (524288
 * to 1879048191). A range in use is a symbolic link <records>/<first uid> whose text is "pid:start
 * time:state directory"; it is stale, and taken over, when that process has gone and that directory
 * does not exist.
 */
#ifndef CAISSON_CONTAINER_ID_RANGES_H
#define CAISSON_CONTAINER_ID_RANGES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define ID_RANGE_SIZE UINT32_C(65536)

struct id_range {
	uint32_t uid, gid; /* the first of each */
};

/* Where to look; the tests have their own. */
struct id_range_paths {
	const char *subuid, *subgid, *systemd, *records;
};
extern const struct id_range_paths id_range_host;

/* Claims a free range for the container whose state directory will be `state_dir`. -ENOENT: this
 * host has none to give (the text says how to get some). */
int id_range_claim(const struct id_range_paths *p, const char *state_dir, struct id_range *out,
		   struct err *e);
/* The range that id_range_claim() would most likely give. Changes nothing. */
int id_range_peek(const struct id_range_paths *p, struct id_range *out, struct err *e);
/* Removes the link of one range. */
void id_range_drop(const struct id_range_paths *p, uint32_t uid);

/*
 * What launch leaves in struct state's id_range: all that `delete` gives back for a launched
 * container, as one line of "key=value" parts joined by ';': ids=FIRST-UID, root=NAME
 * (container/roots.h). Unknown parts are ignored; NULL is fine.
 */
void id_range_release(const char *record);

/* "pid:start time:state directory" of this process; -errno. Shared with container/roots.c. */
int owner_text(const char *state_dir, char *out, unsigned long size, struct err *e);
/* False when neither the process nor the directory is there any more, or when the text is not of
 * that form. */
bool owner_is_alive(const char *text);

#endif
