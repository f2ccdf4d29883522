/* SPDX-License-Identifier: Apache-2.0 */
/* container/posture_parts.h - between the files of posture only. */
#ifndef CAISSON_CONTAINER_POSTURE_PARTS_H
#define CAISSON_CONTAINER_POSTURE_PARTS_H

#include "container/posture.h"
#include "container/posture_ids.h"

struct look {
	const struct plan *p;
	const struct cgroup *cg;
	int procfd;		/* PID 1 of the container */
	int payloadfd;		/* the payload: the same, or init's first child */
	struct posture_map uids, gids;
	struct posture *out;
};

__attribute__((format(printf, 3, 4))) void posture_planned(struct look *l, const char *control, const char *fmt, ...);
/* Completes the line that posture_planned began. */
__attribute__((format(printf, 3, 4))) void posture_actual(struct look *l, enum verdict v, const char *fmt, ...);

/* Each adds its lines; a thing that cannot be looked at is a line without verdict that says why. */
void posture_look_mounts(struct look *l);
void posture_look_limits(struct look *l);
/* The environment that the payload was started with: of interest once it runs. */
void posture_look_env(struct look *l, bool started);
void posture_look_devices(struct look *l);	/* needs l->cg */
/* Names of the host and sysctls: a child of ours joins the namespaces of `pid` to read them. */
void posture_look_inside(struct look *l, pid_t pid);
/* Scheduling, personality, memory policy and clocks. */
void posture_look_process(struct look *l);
/* The limits that have no line of their own. After posture_look_limits. */
void posture_look_cgroup(struct look *l);
/* What explain names and no line shows: after all the others. */
void posture_look_covers(struct look *l);
/* A created container still waits inside caisson-init, whose last act will be the filter. */
bool posture_waits(const struct look *l);
/* Does the text of a cgroup's file hold what was written there? As much and no more, but for what the kernel rounds. */
bool posture_limit_holds(const char *file, const char *want, const char *live);
bool posture_has_line(const struct look *l, const char *control);

/* Whether mounts are carried over to the host or from it, added up over the mounts. */
struct spread { size_t asked, good; char bad[200]; char *host; bool looked; };
/* `propagation`: MS_*, 0 for what the root has; `tags` of the live mount. */
void posture_spread_add(struct look *l, struct spread *s, unsigned long propagation, const char *destination, const char *tags);
void posture_spread_say(struct look *l, const struct spread *s);
void posture_spread_done(struct spread *s);
/* `host`: text of the mount table that must share nothing with it, or NULL: then nothing may be shared with anybody. NULL: as it should be. */
const char *posture_spread_fault(unsigned long propagation, const char *tags, const char *host);

/* The same words, whatever the blanks between them and the base of a number. */
bool posture_same_value(const char *a, const char *b);

/* Entries of /proc/PID/mountinfo. */
struct mount_line { int id; char *at, *options, *peers, *type, *super; }; /* peers: "shared:5 master:2 ", "" */
/* Splits one line in place (octal escapes undone in `at`). */
bool posture_mount_line(char *line, struct mount_line *out);
/* True if the comma list `options` holds the word. */
bool posture_has_option(const char *options, const char *word);

#endif
