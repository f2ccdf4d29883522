/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cgroup ownership (OCI config-linux.md): a container that has its own cgroup v2 mounted writable may manage what is below.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "kernel/cgroup.h"
#include "kernel/cgroup_internal.h"

enum { NAME_ROOM = 256 };

/* What kernels before 4.15 hand over; later ones list their own in /sys/kernel/cgroup/delegate. */
static const char default_files[] = "cgroup.procs\ncgroup.subtree_control\ncgroup.threads\n";

static int give_file(int dir, const char *name, uid_t uid, struct err *e)
{
	/* A file of the list that this cgroup lacks belongs to a controller that is not on: no error, says OCI. */
	if (strchr(name, '/') || fchownat(dir, name, uid, (gid_t)-1, AT_SYMLINK_NOFOLLOW) == 0 || errno == ENOENT)
		return 0;
	return err_sys(e, "cgroup: give %s to user %u", name, (unsigned)uid);
}

int cgroup_delegate_in(const char *path, const char *files, uid_t uid, struct err *e)
{
	auto_fd int dir = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (dir < 0)
		return err_sys(e, "cgroup: open %s", path);
	/* Who may not give things away has a cgroup of its own user: the container's user then has none to manage, as OCI allows. */
	if (fchown(dir, uid, (gid_t)-1) < 0)
		return errno == EPERM ? 0 : err_sys(e, "cgroup: give %s to user %u", path, (unsigned)uid);
	for (size_t n; *files; files += n + (files[n] == '\n')) {
		char name[NAME_ROOM];

		n = strcspn(files, "\n");
		if (n == 0 || n >= sizeof(name))
			continue;
		memcpy(name, files, n);
		name[n] = '\0';
		int r = give_file(dir, name, uid, e);
		if (r < 0)
			return r;
	}
	return 0;
}

int cgroup_delegate(const struct cgroup *cg, uid_t uid, struct err *e)
{
	char files[4096];

	if (cg->mode != CGROUP_V2 || cg->n == 0)
		return 0;
	ssize_t n = fd_read_small(AT_FDCWD, "/sys/kernel/cgroup/delegate", files, sizeof(files));
	return cgroup_delegate_in(cg->v[0].path, n > 0 ? files : default_files, uid, e);
}
