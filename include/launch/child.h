/* SPDX-License-Identifier: Apache-2.0 */
/*
 * launch/child.h - what the new process does before it becomes caisson-init. Runs after clone3(2) in a copy of the runtime: it
 * never returns to its caller, uses no stdio, and reports failure over the sync socket.
 */
#ifndef CAISSON_LAUNCH_CHILD_H
#define CAISSON_LAUNCH_CHILD_H

#include "kernel/cgroup.h"
#include "kernel/ns.h"
#include "kernel/stage.h"
#include "launch/launch.h"

struct child {
	const struct launch_request *r;
	int sync;			/* the child's end */
	int runtime_end;		/* the runtime's end, which the clone copied: closed first, or its death would go unseen */
	int init_fd;			/* sealed caisson-init */
	int tasks[CGROUP_MAX_DIRS], n_tasks;
	struct ns_fds join;		/* namespaces to join; -1 where none */
	bool in_user;			/* exec: the process in between has joined the user and pid namespaces already */
	bool await_maps;		/* a new user namespace: its maps and the mount trees come from the runtime */
	int *sources, root_tree;	/* by mount index; -1 */
	struct stage stage;
	int root;			/* O_PATH of the root mount */
	int record;
};

struct child_step { const char *doing; int (*run)(struct child *, struct err *); };

_Noreturn void child_run(struct child *c, const struct child_step *steps, size_t n);
_Noreturn void child_main(struct child *c);	/* a new container */
_Noreturn void enter_main(struct child *c);	/* exec */
/* The process in between when a user namespace is joined: joins, clones the real child with `flags`, tells its pid. For exec by
 * an ordinary user it joins the user namespace first, because only that gives the right to join the pid namespace. */
_Noreturn void child_go_between(struct child *c, uint64_t flags, void (*then)(struct child *));

/* Steps that both kinds share. */
int child_join_cgroup(struct child *c, struct err *e);
int child_join(struct child *c, struct err *e);
/* exec: the user namespace of the target, then its pid namespace, for what is cloned from here. */
int enter_between(struct child *c, struct err *e);
int child_hide(struct child *c, struct err *e);
int child_write_record(struct child *c, struct err *e);
int child_become_init(struct child *c, struct err *e);
/* Opens a terminal in `root`, makes it 0, 1 and 2, and sends the master to the runtime. */
int child_use_terminal(struct child *c, int root, bool bind_console, struct err *e);

#endif
