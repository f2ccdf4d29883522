/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "init/label.h"
#include "init/raw.h"

enum { LABEL_SIZE = 4096 };
#define PROCFS_MAGIC 0x9fa0

static bool is_procfs(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && fs.f_type == PROCFS_MAGIC;
}

/* A procfs of our own that nothing can be mounted over; the one at /proc where the kernel will not give us one. */
static int open_procfs(struct fault *f)
{
	int fs = (int)syscall(SYS_fsopen, "proc", 1 /* FSOPEN_CLOEXEC */);
	if (fs >= 0) {
		int fd = -1;
		if (syscall(SYS_fsconfig, fs, 6 /* FSCONFIG_CMD_CREATE */, NULL, NULL, 0) == 0)
			fd = (int)syscall(SYS_fsmount, fs, 1 /* FSMOUNT_CLOEXEC */, 0);
		(void)close(fs);
		if (fd >= 0)
			return fd;
	}
	int fd = open("/proc", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return fault_sys(f, "open /proc");
	if (!is_procfs(fd)) {
		(void)close(fd);
		return fault_set(f, EPERM, "/proc is no procfs: a label written there would be lost");
	}
	return fd;
}

/* "<pid>/task/<tid>/attr/<name>": ids as this procfs numbers them, and no link to follow on the way. */
static int open_attribute(int proc, const char *name, int flags)
{
	char self[64], path[128];

	ssize_t len = readlinkat(proc, "thread-self", self, sizeof(self) - 1);
	if (len <= 0)
		return -1;
	self[len] = '\0';
	fault_format(path, sizeof(path), "%s/attr/%s", self, name);

	const struct raw_open_how how = {
		.flags = (uint64_t)(flags | O_CLOEXEC | O_NOFOLLOW),
		.resolve = RAW_RESOLVE_BENEATH | RAW_RESOLVE_NO_XDEV | RAW_RESOLVE_NO_SYMLINKS | RAW_RESOLVE_NO_MAGICLINKS,
	};
	int fd = raw_openat2(proc, path, &how);
	if (fd < 0 && errno == ENOSYS)	/* Linux 5.5 and older */
		fd = openat(proc, path, flags | O_CLOEXEC | O_NOFOLLOW);
	if (fd >= 0 && !is_procfs(fd)) {
		(void)close(fd);
		errno = EPERM;
		return -1;
	}
	return fd;
}

/* AppArmor: "name (mode)". SELinux: the context, with or without NUL; the kernel may sort its categories. */
static bool label_holds(const char *is, const char *want, bool apparmor)
{
	size_t len = strlen(want);

	if (!apparmor) {
		int colons = 0;
		for (len = 0; want[len] && colons < 3; len++)
			colons += want[len] == ':';
		return !strncmp(is, want, len) && (colons == 3 || !is[len] || is[len] == '\n');
	}
	return !strncmp(is, want, len) && (!is[len] || is[len] == ' ' || is[len] == '\n');
}

static int put_label(int fd, const char *name, const char *text, struct fault *f)
{
	size_t len = strlen(text);
	ssize_t n = write(fd, text, len);
	int rc = n == (ssize_t)len ? 0 : fault_sys(f, "write `%s` to attr/%s", text, name);

	(void)close(fd);
	return rc;
}

static int read_back(int proc, const char *name, const char *want, bool apparmor, struct fault *f)
{
	char is[LABEL_SIZE];

	int fd = open_attribute(proc, name, O_RDONLY);
	if (fd < 0)
		return fault_sys(f, "open attr/%s", name);
	ssize_t n = read(fd, is, sizeof(is) - 1);
	(void)close(fd);
	if (n < 0)
		return fault_sys(f, "read attr/%s back", name);
	is[n] = '\0';
	if (!label_holds(is, want, apparmor))
		return fault_set(f, EPERM, "attr/%s holds `%s` and should hold `%s`", name, is, want);
	return 0;
}

static int set_apparmor(int proc, const char *profile, struct fault *f)
{
	static const char *const names[] = { "apparmor/exec", "exec" };	/* the second: before Linux 5.1 */
	char text[LABEL_SIZE];
	int rc, fd = -1;

	if (strlen(profile) + sizeof("exec ") > sizeof(text))
		return fault_set(f, ENAMETOOLONG, "the AppArmor profile's name is too long");
	fault_format(text, sizeof(text), "exec %s", profile);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		fd = open_attribute(proc, names[i], O_WRONLY);
		if (fd < 0 && errno == ENOENT)
			continue;
		if (fd < 0)
			return fault_sys(f, "open attr/%s", names[i]);
		rc = put_label(fd, names[i], text, f);
		if (rc == -ENOENT)
			return fault_set(f, ENOENT, "the AppArmor profile `%s` is not loaded in this kernel (`/proc/thread-self/attr/%s`)",
					 profile, names[i]);
		return rc ? rc : read_back(proc, names[i], profile, true, f);
	}
	return fault_set(f, ENOENT, "attr/exec: this kernel has no AppArmor to apply `%s` with", profile);
}

static int set_selinux(int proc, const char *context, struct fault *f)
{
	int fd = open_attribute(proc, "exec", O_WRONLY);
	if (fd < 0)
		return fault_sys(f, "open attr/exec");
	int rc = put_label(fd, "exec", context, f);
	return rc ? rc : read_back(proc, "exec", context, false, f);
}

int label_exec(const char *apparmor, const char *selinux, struct fault *f)
{
	int proc = open_procfs(f);
	int rc = proc < 0 ? proc : 0;

	if (!rc && apparmor)
		rc = set_apparmor(proc, apparmor, f);
	if (!rc && selinux)
		rc = set_selinux(proc, selinux, f);
	if (proc >= 0)
		(void)close(proc);
	return rc;
}

int label_keys(const char *selinux, struct fault *f)
{
	int proc = open_procfs(f);
	if (proc < 0)
		return proc;
	int fd = open_attribute(proc, "keycreate", O_WRONLY);
	int rc = fd < 0 ? fault_sys(f, "open attr/keycreate") : put_label(fd, "keycreate", selinux, f);
	(void)close(proc);
	return rc;
}
