/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/launch_root.c - what a launch makes on the host before the container: an unpacked archive and
 * an id range, and what of them can be id-mapped.
 */
#include "cli/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/helper.h"
#include "base/log.h"
#include "base/sys.h"
#include "container/roots.h"
#include "kernel/idmap.h"

#define HELPER_DIR_ARG "3"
enum { HELPER_SAYS_MAX = 64 * 1024 };

/* ---- archives ---- */

/* The helper's lines: notes become warnings, the last line that is none is the error. */
static const char *read_says(char *says)
{
	const char *last = "";
	char *save = NULL;

	for (char *line = strtok_r(says, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (str_starts(line, "note: "))
			log_warn("archive: %s", line + strlen("note: "));
		else
			last = line;
	}
	return last;
}

static int run_helper(const char *helper, int archive, int dir, struct err *e)
{
	auto_free char *says = NULL;
	auto_fd int from = -1;
	auto_fd int to = -1;
	const char *last;
	int pipes[2], status = 0;
	size_t len = 0;
	pid_t pid;

	if (pipe2(pipes, O_CLOEXEC) < 0)
		return err_sys(e, "pipe");
	from = pipes[0];
	to = pipes[1];
	pid = fork();
	if (pid < 0)
		return err_sys(e, "fork");
	if (pid == 0)
		helper_exec(helper, HELPER_DIR_ARG, (const int[]){ archive, to, to, dir }, 4);
	fd_close(&to);
	/* More words than this would be a flood: the pipe is closed and the helper ends. */
	if (fd_read_all(from, HELPER_SAYS_MAX, &says, &len, e) < 0)
		says = NULL;
	fd_close(&from);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return err_sys(e, "wait for caisson-unpack");
	last = says ? read_says(says) : "said too much";
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (WIFSIGNALED(status))
		return err_set(e, EIO, "caisson-unpack was killed by signal %d", WTERMSIG(status));
	return err_set(e, EINVAL, "%s", *last ? last : "caisson-unpack failed without a word");
}

int launch_unpack(struct launch *l, const char *state_dir, struct err *e)
{
	char helper[PATH_MAX];
	auto_fd int archive = -1;
	int r;

	if (!l->archive)
		return 0;
	r = helper_find("caisson-unpack", "unpacks archives and is not installed (build with libarchive, or give a directory)",
			helper, e);
	if (r < 0)
		return r;
	archive = open(l->root, O_RDONLY | O_CLOEXEC);
	if (archive < 0)
		return err_sys(e, "open %s", l->root);
	l->root_fd = roots_make(l->roots, l->id, state_dir, e);
	if (l->root_fd < 0)
		return l->root_fd;
	l->root_claimed = true;
	r = run_helper(helper, archive, l->root_fd, e);
	return r < 0 ? err_wrap(e, "unpack %s", l->root) : 0;
}

/* ---- id maps ---- */

static bool can_idmap(int dir, const char *path, int userns)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t)userns };
	auto_fd int tree = sys_open_tree(
		dir, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (*path ? 0 : AT_EMPTY_PATH));

	return tree >= 0 && sys_mount_setattr(tree, "", AT_EMPTY_PATH, &attr) == 0;
}

static void use_host_ids(struct launch *l)
{
	if (l->range_claimed)
		id_range_drop(&id_range_host, l->range.uid);
	l->range_claimed = false;
	l->own_users = false;
	l->root_idmap = false;
}

/* At the word of the command line, or at the profile's. */
static int refuse_idmap(const struct launch *l, struct err *e)
{
	(void)err_set(e, EOPNOTSUPP,
		      "ids of the container's own: the file system of %s cannot be id-mapped; move the root to another, or use "
		      "--userns host", l->root_path);
	return l->o->userns ? -e->code : err_class(e, "policy.unsupported");
}

int launch_find_idmaps(struct launch *l, struct err *e)
{
	const struct id_map uid = { .host = l->range.uid, .size = l->range_size };
	const struct id_map gid = { .host = l->range.gid, .size = l->range_size };
	const struct id_maps uids = { .n = 1, .v = &uid }, gids = { .n = 1, .v = &gid };
	auto_fd int userns = -1;

	if (!l->own_users || l->range_size == 1)
		return 0;
	userns = idmap_namespace(&uids, &gids, e);
	if (userns < 0)
		return userns;
	/* Before it is unpacked an archive's root is not there to be asked. */
	l->root_idmap = l->root_fd < 0 || can_idmap(l->root_fd, "", userns);
	if (!l->root_idmap) {
		if (l->o->userns || l->policy.profile->user_map == PROFILE_MAP_REQUIRE)
			return refuse_idmap(l, e);
		log_warn("the container's ids are the host's own: the file system of %s cannot be "
			 "id-mapped",
			 l->root_path);
		use_host_ids(l);
		return 0;
	}
	for (size_t i = 0; i < l->mounts.n; i++) {
		struct launch_mount *m = &l->mounts.v[i];

		if (!m->bind)
			continue;
		m->idmap = can_idmap(AT_FDCWD, m->source, userns);
		if (!m->idmap)
			log_warn("%s: its file system cannot be id-mapped; its owners show as "
				 "nobody in the container",
				 m->source);
	}
	return l->root_claimed ? roots_admit(l->roots, l->id, l->range.gid, e) : 0;
}

void launch_give_back(struct launch *l)
{
	fd_close(&l->root_fd);
	if (l->root_claimed)
		roots_remove(l->roots, l->id);
	if (l->range_claimed)
		id_range_drop(&id_range_host, l->range.uid);
	l->root_claimed = l->range_claimed = false;
}
