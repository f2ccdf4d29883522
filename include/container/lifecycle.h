/* SPDX-License-Identifier: Apache-2.0 */
/*
 * container/lifecycle.h - create, start, run, exec, kill, delete, pause, resume, update: what the commands call. Nothing here
 * prints or exits.
 */
#ifndef CAISSON_CONTAINER_LIFECYCLE_H
#define CAISSON_CONTAINER_LIFECYCLE_H

#include "base/err.h"
#include "container/state.h"
#include "container/unit.h"
#include "policy/plan.h"

/* Where the container's standard streams come from. */
struct stdio_request {
	const char *console_socket;	/* create, detached run and exec with a terminal; NULL */
	bool detach;			/* the command returns while the process runs */
	bool foreground_terminal;	/* run and exec -t in the foreground: the caller relays a pty (container/relay.h) */
};

struct create_request {
	const char *state_root;		/* absolute */
	const struct plan *plan;
	struct stdio_request stdio;
	const char *pid_file;		/* absolute, or NULL */
	const char *pidfd_socket;	/* NULL */
	unsigned preserve_fds;
	bool no_pivot, no_new_keyring;
	const char *notify;		/* NOTIFY_SOCKET of the caller, whose mount is among the plan's; NULL */
	bool rootless;			/* ignore cgroup permission errors */
	const char *id_range;		/* launch; NULL */
	enum unit_manager systemd;	/* the systemd cgroup driver: whose systemd makes the cgroup */
	bool gate;			/* true: wait for `start` (create); false: run at once (run) */
};

/* What a started process leaves with the caller. */
struct started {
	pid_t pid;
	int pidfd;			/* the caller closes it */
	int console;			/* pty master in the foreground; -1 */
	int notify;			/* run with NOTIFY_SOCKET: where the program says that it is ready. 0: none */
	const char *notify_manager;	/* and who wants to know */
};

/* On any failure nothing is left: no process, mount, cgroup, directory, socket. */
int container_create(const struct create_request *r, struct started *out, struct err *e);
/* notify: NOTIFY_SOCKET, or NULL. With it start returns when the program is ready, or has ended. */
int container_start(const char *state_root, const char *id, const char *notify, struct err *e);
int container_kill(const char *state_root, const char *id, int sig, bool all, struct err *e);
int container_delete(const char *state_root, const char *id, bool force, struct err *e);
int container_pause(const char *state_root, const char *id, struct err *e);
int container_resume(const char *state_root, const char *id, struct err *e);
/* rdt: NULL, or lines to write. */
int container_update(const char *state_root, const char *id, const struct resources *r, const struct intel_rdt *rdt,
		     struct err *e);

/* 0, or -ENOMEM with the limit, the peak and what to do when the kernel has killed processes of it for want of memory. */
int container_check_memory(const char *state_root, const char *id, struct err *e);

struct exec_request {
	const char *state_root, *id;
	const struct process *process;	/* as asked; met with the stored plan inside */
	struct stdio_request stdio;
	const int *streams;		/* in the place of our 0, 1 and 2; from 3 on, without a terminal. NULL: ours */
	const char *pid_file, *pidfd_socket;
	unsigned preserve_fds;
	bool ignore_paused;
	const char *const *cgroups;	/* --cgroup values, n_cgroups of them */
	size_t n_cgroups;
};
/* e->code is ENOENT or EACCES when the program cannot be run; the text then holds runc's words (cli-table 5.2). */
int container_exec(const struct exec_request *r, struct started *out, struct err *e);

/* Waits for the end of `pid` and gives its exit status as a shell shows it (128+n for a signal); reaps as a subreaper
 * when asked. Forwards the signals that the caller gets in the meantime, relays the terminal when p->console >= 0. */
int container_wait(const struct started *p, struct err *e);

#endif
