/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/mounts.h - make one mount and attach it, by descriptors only.
 *
 * Restrict first, attach second: a mount is on the stage (kernel/stage.h) until its attributes are set, so it is never visible
 * with weaker ones.
 */
#ifndef CAISSON_KERNEL_MOUNTS_H
#define CAISSON_KERNEL_MOUNTS_H

#include <stdbool.h>

#include "base/err.h"
#include "kernel/cgroup.h"
#include "kernel/stage.h"
#include "policy/plan.h"

/* What all mounts of one container share. Descriptors are borrowed. */
struct mounts_ctx {
	struct stage *stage;
	int root;			/* O_PATH of the new root mount, attached */
	const struct plan_sources *judge; /* of bind sources that are opened here */
	const char *bundle;		/* relative bind sources are below it */
	const char *mount_label;	/* SELinux context for new file systems; NULL */
	const struct cgroup *cgroup;	/* for mounts of type cgroup */
	bool cgroup_namespace;		/* the container has its own */
	bool user_namespace;		/* host mounts carry locked flags */
	bool network_namespace;		/* the container has its own */
	const int *sources;		/* detached trees opened by the runtime, by mount index, closed by mounts_attach; -1 = open it here */
};

/* A detached copy of a bind source (a tree for rbind), if the judge lets it pass. */
int mounts_open_source(struct stage *s, const struct mount *m, const struct plan_sources *judge, const char *bundle, struct err *e);
/* A tree cloned in the runtime's mount namespace is a peer of the host's mounts: makes it a slave (or private), as the child's
 * own copy of the namespace would be, unless rootfsPropagation asks for shared. */
int mounts_cut(int tree, unsigned long root_propagation, struct err *e);
/* Id-maps a detached tree. `userns`: a descriptor of the namespace that has the maps. */
int mounts_idmap(int tree, int userns, bool recursive, struct err *e);
/* mounts[m->index] into the container: target made when absent, source or file system, attributes, propagation, attached. */
int mounts_attach(const struct mounts_ctx *c, const struct mount *m, size_t at, struct err *e);

/* A detached mount onto an O_PATH descriptor. */
int mounts_move(const struct stage *s, int tree, int target, struct err *e);
/* Type "cgroup" or "cgroup2": what that is depends on the host. */
int mounts_attach_cgroup(const struct mounts_ctx *c, const struct mount *m, int target, struct err *e);
/* Copies what is at `from` (O_PATH directory) into `to`: directories, files, links, with owners and modes. */
int mounts_copy_up(int from, int to, struct err *e);

#endif
