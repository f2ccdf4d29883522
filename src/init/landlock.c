/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Landlock (landlock(7)): one ruleset for each layer of the record, on descriptors that are opened here, inside of the container's root,
 * never by a path of the host's. While capabilities are still ours: a place may be one that the container's user cannot look into, and
 * without no_new_privs the kernel asks for CAP_SYS_ADMIN.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "init/raw.h"
#include "init/record.h"
#include "init/stage.h"

#ifndef O_PATH
#define O_PATH 010000000
#endif

enum { SYS_CREATE_RULESET = 444, SYS_ADD_RULE, SYS_RESTRICT_SELF };	/* the same on every machine */
enum { RULE_PATH = 1, RULE_PORT = 2 };
/* What has a meaning for something that is no directory: EXECUTE WRITE_FILE READ_FILE TRUNCATE IOCTL_DEV. */
enum { WRITE_FILE = 1 << 1, READ_FILE = 1 << 2, TRUNCATE = 1 << 14, IOCTL_DEV = 1 << 15, FILE_ACCESS = 1 | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV };

struct place { int fd; bool is_dir, is_device, is_mount; uint64_t mount; };

/* statx(2), which libc may not have, by the offsets of its struct. */
static int look(struct place *p)
{
	enum { MNT_ID = 0x1000, MODE = 0x2, TYPE = 0x1, EMPTY_PATH = 0x1000, MOUNT_ROOT = 0x2000, AT_ATTRIBUTES = 8, AT_MODE = 28, AT_MOUNT = 144 };
	unsigned char buf[256];
	uint64_t attributes;
	uint16_t mode;

	if (syscall(SYS_statx, p->fd, "", EMPTY_PATH, MNT_ID | MODE | TYPE, buf) < 0)
		return -1;
	memcpy(&attributes, buf + AT_ATTRIBUTES, sizeof(attributes));
	memcpy(&mode, buf + AT_MODE, sizeof(mode));
	memcpy(&p->mount, buf + AT_MOUNT, sizeof(p->mount));
	p->is_mount = (attributes & MOUNT_ROOT) != 0;
	p->is_dir = S_ISDIR(mode);
	p->is_device = S_ISCHR(mode) || S_ISBLK(mode);
	return 0;
}

static int add_place(int ruleset, const struct place *p, uint64_t access)
{
	/* struct landlock_path_beneath_attr is packed. */
	unsigned char attr[12];
	const int32_t fd = p->fd;

	access &= p->is_dir ? ~UINT64_C(0) : FILE_ACCESS;
	if (!access)
		return 0;
	memcpy(attr, &access, sizeof(access));
	memcpy(attr + sizeof(access), &fd, sizeof(fd));
	return (int)syscall(SYS_ADD_RULE, ruleset, RULE_PATH, attr, 0);
}

static uint64_t root_mount(void)
{
	struct place root = { .fd = open("/", O_PATH | O_CLOEXEC) };

	if (root.fd < 0 || look(&root) < 0)
		root.mount = 0;
	(void)close(root.fd);
	return root.mount;
}

/* A mount that another one has covered since is not there any more, and what is in its place may be the container's own doing: so it must
 * be the root of a mount, and not of the container's root. */
static bool is_meant(const struct finish_landlock *l, const struct place *p)
{
	if (l->kind == FINISH_LANDLOCK_MOUNT)
		return p->is_mount && p->mount != root_mount();
	return l->kind != FINISH_LANDLOCK_DEVICE || p->is_dir || p->is_device;
}

/* Places that a profile names are meant as they are written: a link of the image's would let the image choose. */
static int add_path(int ruleset, const struct finish_landlock *l, struct fault *f)
{
	const char *path = (const char *)(l + 1);
	const struct raw_open_how how = { .flags = O_PATH | O_CLOEXEC,
					  .resolve = l->kind == FINISH_LANDLOCK_MOUNT ? RAW_RESOLVE_NO_MAGICLINKS : RAW_RESOLVE_NO_SYMLINKS };
	struct place p = { .fd = raw_openat2(AT_FDCWD, path, &how) };
	int rc = 0;

	if (p.fd < 0 && (errno == ENOENT || errno == ENOTDIR || l->kind != FINISH_LANDLOCK_NAMED))
		return 0;
	if (p.fd < 0 && errno == ELOOP)
		return fault_set(f, ELOOP, "%s is reached through a symbolic link: name the place that it leads to", path);
	if (p.fd < 0 || look(&p) < 0)
		rc = fault_sys(f, "%s", path);
	else if (is_meant(l, &p) && add_place(ruleset, &p, l->access) < 0)
		rc = fault_sys(f, "allow %s", path);
	(void)close(p.fd);
	return rc;
}

/* What was opened before stays open; but a program may open it again through /dev/stdout, and it is not below the container's root. */
static void add_descriptor(int ruleset, int fd, uint64_t handled, bool kept)
{
	struct place p = { .fd = fd };
	int mode = fcntl(fd, F_GETFL);
	uint64_t access = IOCTL_DEV;

	if (mode < 0 || look(&p) < 0 || (p.is_dir && !kept))
		return;
	access |= (mode & O_ACCMODE) != O_WRONLY ? READ_FILE : 0;
	access |= (mode & O_ACCMODE) != O_RDONLY ? WRITE_FILE | TRUNCATE : 0;
	(void)add_place(ruleset, &p, handled & (p.is_dir ? ~UINT64_C(0) : access)); /* a pipe is no place, and free */
}

static int add_port(int ruleset, const struct finish_landlock *l, struct fault *f)
{
	const uint64_t attr[2] = { l->net, l->access };

	if (syscall(SYS_ADD_RULE, ruleset, RULE_PORT, attr, 0) < 0)
		return fault_sys(f, "allow port %lu", (unsigned long)l->access);
	return 0;
}

static int begin_layer(const struct stage *s, const struct finish_landlock *l, struct fault *f)
{
	const uint64_t attr[2] = { l->access, l->net };
	const struct finish_record *r = s->record;
	int ruleset = (int)syscall(SYS_CREATE_RULESET, attr, l->net ? sizeof(attr) : sizeof(attr[0]), 0);

	if (ruleset < 0)
		return fault_sys(f, "make a ruleset for 0x%lx, 0x%lx", (unsigned long)l->access, (unsigned long)l->net);
	for (int fd = 0; l->access && fd < 3; fd++)
		add_descriptor(ruleset, fd, l->access, false);
	for (uint32_t i = 0; l->access && i < r->n_kept_fds; i++)
		add_descriptor(ruleset, (int)(r->first_kept_fd + i), l->access, true);
	return ruleset;
}

/* What the record says after the layer's own line, up to the next layer's. */
static int fill_layer(int ruleset, const unsigned char **at, const unsigned char *end, struct fault *f)
{
	while (*at < end) {
		const struct finish_landlock *l = (const void *)*at;
		if (l->kind == FINISH_LANDLOCK_LAYER)
			return 0;
		int rc = l->kind == FINISH_LANDLOCK_PORT ? add_port(ruleset, l, f) : add_path(ruleset, l, f);
		if (rc)
			return rc;
		*at += record_landlock_size(l);
	}
	return 0;
}

int landlock_restrict(struct stage *s, struct fault *f)
{
	const unsigned char *at = record_at(s->record, s->record->landlock), *end = at + s->record->landlock.len;

	while (at < end) {
		int ruleset = begin_layer(s, (const void *)at, f);
		if (ruleset < 0)
			return ruleset;
		at += record_landlock_size((const void *)at);
		int rc = fill_layer(ruleset, &at, end, f);
		if (!rc && syscall(SYS_RESTRICT_SELF, ruleset, 0) < 0)
			rc = fault_sys(f, "landlock_restrict_self");
		(void)close(ruleset);
		if (rc)
			return rc;
		s->landlock_layers++;
	}
	return 0;
}
