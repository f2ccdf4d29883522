/* SPDX-License-Identifier: Apache-2.0 */
/* The mounts that come from the host, opened by the runtime for a child that may not reach them. */
#include "launch/trees.h"

#include "base/fd.h"
#include "kernel/idmap.h"
#include "kernel/mounts.h"
#include "kernel/rootfs.h"
#include "kernel/stage.h"
#include "launch/sync.h"

/* The source of one bind, id-mapped when the document asks for it. */
static int open_tree_for(const struct plan *p, const struct mount *mt, int userns, struct err *e)
{
	struct stage new_api = STAGE_NEW_API;
	auto_fd int tree = mounts_open_source(&new_api, mt, &p->sources, p->bundle, e);

	if (tree < 0)
		return tree;
	int cut = mounts_cut(tree, p->root.propagation, e);
	if (cut < 0)
		return cut;
	if (!mt->idmap)
		return fd_take(&tree);
	auto_fd int own = mt->uid_map.n ? idmap_namespace(&mt->uid_map, &mt->gid_map, e) : -1;
	if (mt->uid_map.n && own < 0)
		return own;
	int r = mounts_idmap(tree, own >= 0 ? own : userns, mt->idmap_recursive, e);
	return r < 0 ? r : fd_take(&tree);
}

struct packet { int fds[SYNC_FDS]; size_t n; };

static int flush(int sock, struct packet *p, enum sync_msg msg, struct err *e)
{
	int r = sync_send(sock, msg, p->fds, p->n, e);

	for (size_t i = 0; i < p->n; i++)
		fd_close(&p->fds[i]);
	p->n = 0;
	return r;
}

static int add_tree(int sock, struct packet *p, int tree, struct err *e)
{
	if (tree < 0)
		return tree;
	p->fds[p->n++] = tree;
	return p->n == SYNC_FDS ? flush(sock, p, SYNC_MAPS_MORE, e) : 0;
}

static int open_root_tree(const struct plan *p, int userns, struct err *e)
{
	struct stage new_api = STAGE_NEW_API;
	auto_fd int tree = rootfs_open_source(&new_api, &p->root, e);

	if (tree < 0)
		return tree;
	int r = p->root.idmap ? mounts_idmap(tree, userns, false, e) : 0;
	return r < 0 ? err_wrap(e, "root file system %s", p->root.path) : fd_take(&tree);
}

int trees_send(int sock, const struct plan *plan, int userns, struct err *e)
{
	const struct mounts *mounts = &plan->mounts;
	struct packet p = { .n = 0 };
	int r = add_tree(sock, &p, open_root_tree(plan, userns, e), e);

	for (size_t i = 0; r == 0 && i < mounts->n; i++) {
		if (!mounts->v[i].bind || mounts->v[i].remount)
			continue;
		int tree = open_tree_for(plan, &mounts->v[i], userns, e);
		r = tree < 0 ? err_wrap(e, "mounts[%zu] on %s", mounts->v[i].index, mounts->v[i].destination)
			     : add_tree(sock, &p, tree, e);
	}
	if (r == 0)
		return flush(sock, &p, SYNC_MAPS, e);
	for (size_t i = 0; i < p.n; i++)
		fd_close(&p.fds[i]);
	return r;
}
