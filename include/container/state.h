/* SPDX-License-Identifier: Apache-2.0 */
/*
 * container/state.h - the state directory of one container: <root>/<id>/ (0700) with
 *
 *   lock        flock(2)ed exclusively by every command that changes the container
 *   state.json  written by atomic replace; its presence means "created at least"
 *   plan.json   policy/store.h
 *   filters     the compiled seccomp programs, for exec (container/keep.h)
 *   start.sock  the start gate, while the container is created and not started
 *
 * Beside the containers the root holds .@filters (container/filter_cache.h).
 *
 * A process is known by pid and start time (field 22 of /proc/PID/stat), never by pid alone. Every command survives the death of
 * any other at any point: a directory without state.json is a half-made container, which delete removes.
 */
#ifndef CAISSON_CONTAINER_STATE_H
#define CAISSON_CONTAINER_STATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "kernel/cgroup.h"
#include "kernel/resctrl.h"
#include "policy/plan.h"

enum status { STATUS_CREATING, STATUS_CREATED, STATUS_RUNNING, STATUS_PAUSED, STATUS_STOPPED };

struct state {
	const char *id, *bundle, *rootfs, *oci_version;
	pid_t pid;			/* the container's PID 1 on the host */
	uint64_t start_time;		/* clock ticks since boot, /proc/PID/stat field 22 */
	const char *created;		/* RFC 3339, nanoseconds, UTC */
	const char *owner;		/* "" */
	struct key_values annotations;
	struct cgroup cgroup;
	struct resctrl rdt;		/* linux.intelRdt; .group NULL without it */
	const char *keyring;		/* the session keyring that exec joins too; NULL */
	const char *id_range;		/* launch: the record that holds the container's user id range; NULL */
};

/* letters, digits, "_+-." ; not "." or ".." ; at most 1024 bytes; the error says "invalid container ID format". */
int state_check_id(const char *id, struct err *e);
/* The default: /run/caisson as root; $XDG_RUNTIME_DIR/caisson otherwise, and as a user namespace's root when that is set.
 * Writes at most size bytes. */
int state_default_root(char *out, size_t size, struct err *e);

/* An open state directory. */
struct state_dir { int fd, lock_fd; bool made; char id[1025]; char root[4096]; };
#define STATE_DIR_INIT { .fd = -1, .lock_fd = -1 }
void state_dir_close(struct state_dir *d);
#define auto_state_dir __attribute__((cleanup(state_dir_close))) struct state_dir

/* Makes <root>/<id> and takes the lock. EEXIST: "container with given ID already exists". root is made (0711) as needed. */
int state_dir_make(const char *root, const char *id, struct state_dir *out, struct err *e);
/* Opens an existing one. ENOENT: `container "ID" does not exist`... the text must contain "container does not exist".
 * lock: take the exclusive lock, waiting at most 10 s (then EBUSY with a clear text). */
int state_dir_open(const char *root, const char *id, bool lock, struct state_dir *out, struct err *e);
/* Removes the directory and everything in it that is ours. */
int state_dir_remove(struct state_dir *d, struct err *e);

int state_write(const struct state_dir *d, const struct state *s, struct err *e);
/* ENODATA: the directory exists but state.json does not (half made). */
int state_read(const struct state_dir *d, struct arena *a, const struct state **out, struct err *e);
/* From the kernel: the process by pid and start time, start.sock, the freezer. A zombie counts as stopped. */
enum status state_status(const struct state_dir *d, const struct state *s);
const char *state_status_name(enum status s);
/* A pidfd of the container's PID 1, verified against start_time after it was opened; -ESRCH when gone. */
int state_pidfd(const struct state *s, struct err *e);
/* Start time of a pid, or 0 with -errno. */
int state_start_time(pid_t pid, uint64_t *out);
/* "2026-01-02T03:04:05.123456789Z" for now, in `a`. */
const char *state_now(struct arena *a);
/* The same for a time after 1970. NULL: no memory. */
const char *state_time(struct arena *a, int64_t seconds, long nanoseconds);

/* The state JSON as the OCI says (for `state` and for hooks): 2-space indent when pretty, no final newline. `pid` as
 * given (0 for stopped). malloc'd. */
int state_format(const struct state *s, enum status st, pid_t pid, bool pretty, char **out, size_t *len, struct err *e);
/* The same without a stored state, for hooks during create. */
int state_format_for_hook(const struct plan *p, const char *status, pid_t pid, char **out, size_t *len, struct err *e);

#endif
