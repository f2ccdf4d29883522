/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/cgroup.h - place, limit, measure and freeze processes. Picks version 1 (also hybrid) or 2
 * by itself.
 *
 * A struct cgroup names where a container's cgroups are: one directory on v2, one per mounted
 * controller on v1 (plus the unified tree of a hybrid host when it is there). It is plain text, so
 * that it can be stored and read again.
 */
#ifndef CAISSON_KERNEL_CGROUP_H
#define CAISSON_KERNEL_CGROUP_H

#include <jansson.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "policy/facts.h"
#include "spec/types.h"

struct cgroup_dir {
	const char *controllers; /* "cpu,cpuacct", "name=systemd", "" for v2 */
	const char *path;        /* absolute, on the host */
};
struct cgroup {
	/* CGROUP_NONE: no cgroup at all (disabled, or rootless without delegation) */
	enum cgroup_mode mode;
	size_t n;
	const struct cgroup_dir *v;
	const char *name; /* the path below the controllers' mounts, as /proc/PID/cgroup shows it */
	bool rootless; /* set by cgroup_make: a missing right to restrict devices is not an error */
	/* The systemd driver: the scope that systemd made for it, so that the directories are there and hold who keeps it; NULL with
	 * the cgroupfs driver. */
	const char *unit;
	bool user_unit; /* of the user's own systemd */
};

/* Which mode this host is in: statfs(2) of /sys/fs/cgroup. */
enum cgroup_mode cgroup_detect(void);

/*
 * Works out the directories; makes nothing. `asked` is cgroupsPath: absolute = below the
 * controllers' mounts; relative or NULL = where runc puts it: below the caller's own cgroup on v1
 * (/proc/self/cgroup), beside it on v2, because a cgroup that holds processes cannot hand
 * controllers to children. NULL = "caisson-ID". ".." and empty components are refused. Mounts are
 * looked for at their conventional places; /proc/self/mountinfo is read only when one is missing.
 */
int cgroup_locate(struct arena *a, const char *asked, const char *id, struct cgroup *out,
		  struct err *e);

/*
 * Makes the directories (those it made are removed again on failure), enables the controllers along
 * the path on v2, and refuses a cgroup that exists and is frozen or holds processes ("container's
 * cgroup is not empty"). rootless: without the right to make them, leaves mode = CGROUP_NONE in *cg
 * and succeeds when r asks for no limit.
 */
int cgroup_make(struct cgroup *cg, const struct resources *r, bool rootless, struct err *e);
/* Writes every limit; what this version cannot express is an error that names the property and the
 * version. devices: v1 devices.{deny,allow}, v2 a BPF program. `update` = an existing container:
 * previous values are read first and written back when a write fails; devices are never touched. */
int cgroup_limit(const struct cgroup *cg, const struct resources *r, bool update, struct err *e);
/* What the call above would write into which file of which directory, one by one; nothing is written, and devices are left out. `note`
 * returns 0, or a negative errno as if the write had failed (-ENOENT: there is no such file). */
typedef int cgroup_note_fn(void *ctx, const char *dir, const char *file, const char *value);
int cgroup_limit_tell(const struct cgroup *cg, const struct resources *r, cgroup_note_fn *note, void *ctx, struct err *e);
/* v2: gives the container's directory, and in it the files of /sys/kernel/cgroup/delegate, to `uid` of the host (OCI
 * config-linux.md, "Cgroup ownership"). On v1 nothing. */
/* 1 when no more devices may be opened than `r` and the defaults say, 0 when there are, -ENOENT when that cannot be known. */
int cgroup_devices_hold(const struct cgroup *cg, const struct resources *r);
int cgroup_delegate(const struct cgroup *cg, uid_t uid, struct err *e);

/*
 * v2, and the unified tree of a hybrid host: a descriptor of the directory for CLONE_INTO_CGROUP
 * (the caller closes it). -1, and e untouched, when there is none (v1, CGROUP_NONE): then the next
 * call does everything.
 */
int cgroup_open_dir(const struct cgroup *cg, struct err *e);
/*
 * v1 and hybrid: descriptors of each v1 `tasks` file, opened for writing, into fds[]; the new
 * process writes "0" to each before it unshares anything (another process doing it waits for an RCU
 * grace period). Returns how many; 0 on v2. The unified tree of a hybrid host is not among them:
 * its cgroup.procs waits for the grace period even for a lone thread, so the process is born there
 * (cgroup_open_dir).
 */
enum { CGROUP_MAX_DIRS = 24 };
int cgroup_open_tasks(const struct cgroup *cg, int fds[CGROUP_MAX_DIRS], struct err *e);
/* Moves another process in (exec on old kernels, tests). */
int cgroup_add(const struct cgroup *cg, pid_t pid, struct err *e);
/* The same cgroup with `sub` appended, for exec --cgroup; ctrl NULL = all. Must exist. */
int cgroup_sub(struct arena *a, const struct cgroup *cg, const char *ctrl, const char *sub,
	       struct cgroup *out, struct err *e);

/* Returns when all are frozen; after 10 s it thaws and fails. */
int cgroup_freeze(const struct cgroup *cg, struct err *e);
int cgroup_thaw(const struct cgroup *cg, struct err *e);
bool cgroup_is_frozen(const struct cgroup *cg);
/* Every process in the cgroup and below, by recursion; malloc'd. Returns the count. */
ssize_t cgroup_pids(const struct cgroup *cg, pid_t **out, struct err *e);
/* Sends sig to every process in the cgroup and below, each by a pidfd that was opened before the pid
 * was seen in the cgroup (again): a number that is taken over in between by another process is never
 * hit. */
int cgroup_signal(const struct cgroup *cg, int sig, struct err *e);
/* cgroup.kill where there is one; on v1 rounds of freeze, SIGKILL by pidfd, thaw until no process is
 * left (deadline 10 s). */
int cgroup_kill(const struct cgroup *cg, struct err *e);
/* Removes the directories, deepest first, children made inside by the container as well. Waits by
 * polling cgroup.events (v2) or short polls (v1) while exiting processes are still counted, at most
 * 10 s. Gone already = success. */
int cgroup_remove(const struct cgroup *cg, struct err *e);

/* The "data" object of `events --stats` in runc's form: cpu, cpuset, memory, pids, blkio, hugetlb.
 * New reference. */
json_t *cgroup_stats(const struct cgroup *cg, struct err *e);

/* Out-of-memory events. dir is borrowed from the cgroup. */
struct cgroup_watch {
	int event;     /* eventfd (v1) or inotify (v2) */
	bool v2;
	uint64_t seen; /* v2: kills that have been told */
	const char *dir;
};
#define CGROUP_WATCH_INIT { .event = -1 }
/* From here on events count. 1: the cgroup has gone. */
int cgroup_watch_open(const struct cgroup *cg, struct cgroup_watch *out, struct err *e);
void cgroup_watch_close(struct cgroup_watch *w);
/* Blocks until an event that was not told yet (0), until the cgroup is empty or gone (1), or for
 * timeout_ms (-1 = for ever), when it returns -ETIMEDOUT without an error text. */
int cgroup_watch_wait(struct cgroup_watch *w, int timeout_ms, struct err *e);

/* What the memory controller has killed since the cgroup was made; bytes. False: there is no such controller. */
struct cgroup_oom { uint64_t kills, limit, peak; };
bool cgroup_oom(const struct cgroup *cg, struct cgroup_oom *out);
/* Puts the limit, the peak and what to do in front of *e when more than `kills_before` processes were killed; else leaves it as it
 * is. Returns -e->code. */
int cgroup_oom_explain(const struct cgroup *cg, uint64_t kills_before, struct err *e);

json_t *cgroup_to_json(const struct cgroup *cg); /* new reference; NULL: no memory */
int cgroup_from_json(struct arena *a, const json_t *v, struct cgroup *out, struct err *e);

/* cpu.shares as cpu.weight of v2; 0 stays 0. */
uint64_t cgroup_weight_from_shares(uint64_t shares);

#endif
