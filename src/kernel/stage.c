/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel/stage.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "base/str.h"

bool stage_has_new_api(void)
{
	/* The youngest call of those that are needed; with no attribute buffer it fails before it looks at anything else. */
	return !(sys_mount_setattr(-1, "", 0, NULL) < 0 && errno == ENOSYS) &&
	       !(sys_move_mount(-1, "", -1, "", 0) < 0 && errno == ENOSYS);
}

int stage_open(struct stage *s, const char *at, struct err *e)
{
	*s = (struct stage){ .old = true, .dir = -1 };
	if (mount("tmpfs", at, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=700") < 0)
		return err_sys(e, "mount a stage for the mounts on %s", at);
	if (mount(NULL, at, NULL, MS_PRIVATE, NULL) < 0)
		return err_sys(e, "make the stage on %s private", at);
	s->dir = open(at, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return s->dir < 0 ? err_sys(e, "open the stage on %s", at) : 0;
}

int stage_close(struct stage *s, struct err *e)
{
	char at[48];

	if (!s->old)
		return 0;
	snprintf(at, sizeof(at), "/proc/self/fd/%d", s->dir);
	if (umount2(at, MNT_DETACH) < 0)
		return err_sys(e, "take the stage for the mounts away");
	fd_close(&s->dir);
	return 0;
}

int stage_clone(struct stage *s, int dir, const char *path, bool recursive)
{
	unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (recursive ? AT_RECURSIVE : 0) | (*path ? 0 : AT_EMPTY_PATH);

	if (s->old)
		return stage_old_clone(s, dir, path, recursive);
	int tree = sys_open_tree(dir, path, flags);
	return tree < 0 ? -errno : tree;
}

int stage_set_attr(const struct stage *s, int tree, bool recursive, const struct mount_attr *attr)
{
	struct mount_attr copy = *attr;

	if (s->old)
		return stage_old_set_attr(tree, recursive, attr);
	return sys_mount_setattr(tree, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), &copy) < 0 ? -errno : 0;
}

int stage_move(const struct stage *s, int tree, int target)
{
	if (s->old)
		return stage_old_move(tree, target);
	return sys_move_mount(tree, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0 ? -errno : 0;
}

/* What to do about an answer of the kernel that does not speak for itself. */
static const struct { int code; const char *hint; } hints[] = {
	{ EBUSY,   "the device, or a directory that the file system needs for itself, is in use by another mount" },
	{ EINVAL,  "the manual page of the file system lists its options; those of mounts such as ro and nosuid are spelled so" },
	{ ENOENT,  "a path that an option or the source names is missing on the host" },
	{ ENOTBLK, "the source must be a block device" },
	{ EPERM,   "not every file system may be mounted without root's rights on the host" },
};

/* The kernel explains a refused option in the context's own log: "e tmpfs: Bad value for 'size'" (fsopen(2)). */
static int fs_error(int fs, int code, struct err *e, const char *what, const char *word)
{
	char why[256];
	ssize_t n = read(fs, why, sizeof(why) - 1);

	why[n > 0 ? n : 0] = '\0';
	while (n > 0 && why[n - 1] == '\n')
		why[--n] = '\0';
	err_call(e, code, "fsconfig", "%s %s%s%s", what, word, n > 2 ? ": " : "", n > 2 ? why + 2 : "");
	for (size_t i = 0; i < N_ELEMENTS(hints); i++)
		if (hints[i].code == code)
			return err_hint(e, "%s", hints[i].hint);
	return -code;
}

static int fs_word(int fs, char *word, struct err *e)
{
	char *value = strchr(word, '=');
	int r;

	if (value)
		*value++ = '\0';
	r = value ? sys_fsconfig(fs, FSCONFIG_SET_STRING, word, value, 0)
		  : sys_fsconfig(fs, FSCONFIG_SET_FLAG, word, NULL, 0);
	return r < 0 ? fs_error(fs, errno, e, "option", word) : 0;
}

static int fs_data(int fs, const char *data, struct err *e)
{
	if (!data || !*data)
		return 0;
	auto_free char *copy = strdup(data);
	if (!copy)
		return err_code(e, ENOMEM, "mount options");
	char *rest = copy;
	for (char *word; (word = strsep(&rest, ","));) {
		int r = *word ? fs_word(fs, word, e) : 0;
		if (r < 0)
			return r;
	}
	return 0;
}

static int fs_flags(int fs, unsigned long flags, struct err *e)
{
	static const struct { unsigned long flag; const char *word; } words[] = {
		{ MS_SYNCHRONOUS, "sync" }, { MS_DIRSYNC, "dirsync" }, { MS_MANDLOCK, "mand" },
		{ MS_LAZYTIME, "lazytime" }, { MS_I_VERSION, "iversion" },
	};

	for (size_t i = 0; i < N_ELEMENTS(words); i++) {
		if (!(flags & words[i].flag) || sys_fsconfig(fs, FSCONFIG_SET_FLAG, words[i].word, NULL, 0) == 0)
			continue;
		/* mount(2) takes this flag for every file system, also where it does nothing; fsconfig(2) only where it does. */
		if (words[i].flag == MS_I_VERSION && errno == EINVAL)
			continue;
		return fs_error(fs, errno, e, "option", words[i].word);
	}
	return 0;
}

static int no_type(const char *type, int code, struct err *e)
{
	err_call(e, code, "fsopen", code == ENODEV ? "file system type \"%s\" is not known to this kernel"
						  : "file system type \"%s\"", type);
	return code == ENODEV ? err_hint(e, "/proc/filesystems lists what it knows; a module may have to be loaded") : -code;
}

static int new_fs(const char *type, const char *source, const char *data, unsigned long sb_flags, unsigned int attr,
		  const char *label, struct err *e)
{
	auto_fd int fs = sys_fsopen(type, FSOPEN_CLOEXEC);

	if (fs < 0)
		return no_type(type, errno, e);
	if (source && *source && sys_fsconfig(fs, FSCONFIG_SET_STRING, "source", source, 0) < 0)
		return fs_error(fs, errno, e, "source", source);
	if (label && sys_fsconfig(fs, FSCONFIG_SET_STRING, "context", label, 0) < 0)
		return fs_error(fs, errno, e, "mount label", label);
	int r = fs_flags(fs, sb_flags, e);
	if (r == 0)
		r = fs_data(fs, data, e);
	if (r < 0)
		return r;
	if (sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return fs_error(fs, errno, e, "make the file system", type);
	int tree = sys_fsmount(fs, FSMOUNT_CLOEXEC, attr);
	return tree < 0 ? err_call(e, errno, "fsmount", "make a mount of \"%s\"", type) : tree;
}

int stage_new_fs(struct stage *s, const char *type, const char *source, const char *data, unsigned long sb_flags,
		 unsigned int attr, const char *label, struct err *e)
{
	const struct mount_attr set = { .attr_set = attr };

	if (!s->old)
		return new_fs(type, source, data, sb_flags, attr, label, e);
	auto_fd int tree = stage_old_new_fs(s, type, source, data, sb_flags, label);
	if (tree < 0)
		return err_call(e, -tree, "mount", "make a mount of \"%s\" with the options \"%s\"", type, data ? data : "");
	int r = attr ? stage_old_set_attr(tree, false, &set) : 0;
	return r < 0 ? err_code(e, -r, "restrict the mount of \"%s\"", type) : fd_take(&tree);
}
