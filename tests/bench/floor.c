/* SPDX-License-Identifier: Apache-2.0 */
/*
 * floor - the kernel's work for one container of the usual shape, and nothing else.
 *
 * No JSON, no state, no checks, no errors worth reading: a lower bound to hold runtimes against, not a runtime. It makes
 * the namespaces, the cgroups with limits (v1: the child writes 0 to each tasks file; v2: clone into the cgroup), the
 * mounts, the masks, pivots, drops capabilities, loads a filter, execs, waits and removes the cgroups.
 *
 *	floor ROOTFS CGROUP full|min FILTER CMD ARGS...		FILTER: a file of struct sock_filter, or -
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#include "base/sys.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define MUST(x) ((long)(x) < 0 ? die(#x) : (void)0)

enum { DIRS = 8, NOSUID_NODEV_NOEXEC = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC };

struct job {
	const char *root, *cgroup;
	char **argv;
	struct sock_fprog filter;
	int full, v2, n_dirs;
	int dirs[DIRS];
};

static void die(const char *what)
{
	fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
	_exit(99);
}

static void put(int dir, const char *file, const char *text)
{
	int fd = openat(dir, file, O_WRONLY | O_CLOEXEC);

	MUST(fd);
	MUST(write(fd, text, strlen(text)));
	close(fd);
}

static const char *const controllers[] = { "cpu", "cpuset", "memory", "devices", "freezer", "blkio", "pids" };
static const char *const devices[] = { "c *:* m",   "b *:* m",	 "c 1:3 rwm",	"c 1:5 rwm", "c 1:7 rwm", "c 1:8 rwm",
				       "c 1:9 rwm", "c 5:0 rwm", "c 136:* rwm", "c 5:2 rwm" };

static void limit_v1(int i, int dir)
{
	switch (i) {
	case 0:
		put(dir, "cpu.shares", "1024");
		break;
	case 1:
		put(dir, "cpuset.cpus", "0");
		put(dir, "cpuset.mems", "0");
		break;
	case 2:
		put(dir, "memory.limit_in_bytes", "268435456");
		break;
	case 3:
		put(dir, "devices.deny", "a");
		for (size_t k = 0; k < N(devices); k++)
			put(dir, "devices.allow", devices[k]);
		break;
	case 6:
		put(dir, "pids.max", "1024");
		break;
	default:
		break;
	}
}

static void cgroup_path(const struct job *j, size_t i, char *out, size_t size)
{
	if (j->v2)
		snprintf(out, size, "/sys/fs/cgroup/%s", j->cgroup);
	else
		snprintf(out, size, "/sys/fs/cgroup/%s/%s", controllers[i], j->cgroup);
}

static void cgroups_make(struct job *j)
{
	char path[256];

	j->n_dirs = j->v2 ? 1 : (int)N(controllers);
	for (int i = 0; i < j->n_dirs; i++) {
		cgroup_path(j, (size_t)i, path, sizeof(path));
		MUST(mkdir(path, 0755));
		j->dirs[i] = open(path, O_DIRECTORY | O_CLOEXEC);
		MUST(j->dirs[i]);
		/* A cpuset takes nobody in before it has values. */
		if (!j->v2 && (j->full || i == 1))
			limit_v1(i, j->dirs[i]);
	}
}

static void cgroups_remove(const struct job *j)
{
	char path[256];

	for (int i = 0; i < j->n_dirs; i++) {
		cgroup_path(j, (size_t)i, path, sizeof(path));
		while (rmdir(path) < 0 && errno == EBUSY)
			;
	}
}

/* `options` is "key=value key key=value". */
static void mount_new(const char *type, const char *target, unsigned int attr, const char *options)
{
	char text[128];
	int fs = sys_fsopen(type, FSOPEN_CLOEXEC);

	MUST(fs);
	snprintf(text, sizeof(text), "%s", options);
	for (char *o = text; *o;) {
		char *end = o + strcspn(o, " "), *next = *end ? end + 1 : end, *eq;

		*end = '\0';
		eq = strchr(o, '=');
		if (eq)
			*eq = '\0';
		MUST(sys_fsconfig(fs, eq ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG, o, eq ? eq + 1 : NULL, 0));
		o = next;
	}
	MUST(sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0));
	int m = sys_fsmount(fs, FSMOUNT_CLOEXEC, attr);
	MUST(m);
	MUST(sys_move_mount(m, "", AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH));
	close(m);
	close(fs);
}

static void bind_over(int from, const char *source, const char *target, unsigned int attr)
{
	int tree = sys_open_tree(from, source, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);

	if (tree < 0 && errno == ENOENT)
		return;
	MUST(tree);
	if (attr)
		MUST(sys_mount_setattr(tree, "", AT_EMPTY_PATH, &(struct mount_attr){ .attr_set = attr }));
	MUST(sys_move_mount(tree, "", AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH));
	close(tree);
}

static void make_devices(void)
{
	static const struct { const char *path; unsigned int major, minor; } nodes[] = {
		{ "dev/null", 1, 3 }, { "dev/zero", 1, 5 },   { "dev/full", 1, 7 },
		{ "dev/tty", 5, 0 },  { "dev/random", 1, 8 }, { "dev/urandom", 1, 9 },
	};
	static const char *const links[][2] = {
		{ "/proc/self/fd", "dev/fd" },	   { "/proc/self/fd/0", "dev/stdin" }, { "/proc/self/fd/1", "dev/stdout" },
		{ "/proc/self/fd/2", "dev/stderr" }, { "pts/ptmx", "dev/ptmx" },
	};

	for (size_t i = 0; i < N(nodes); i++)
		MUST(mknod(nodes[i].path, S_IFCHR | 0666, makedev(nodes[i].major, nodes[i].minor)));
	for (size_t i = 0; i < N(links); i++)
		MUST(symlink(links[i][0], links[i][1]));
}

static void hide_paths(void)
{
	static const char *const masked[] = { "proc/acpi",	  "proc/asound",	 "proc/kcore",	    "proc/keys",
					      "proc/latency_stats", "proc/timer_list", "proc/timer_stats", "proc/sched_debug",
					      "proc/scsi",	  "sys/firmware" };
	static const char *const read_only[] = { "proc/bus", "proc/fs", "proc/irq", "proc/sys", "proc/sysrq-trigger" };
	int fs = sys_fsopen("tmpfs", FSOPEN_CLOEXEC);

	MUST(sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0));
	int empty = sys_fsmount(fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_RDONLY);
	MUST(sys_move_mount(empty, "", AT_FDCWD, "run", MOVE_MOUNT_F_EMPTY_PATH));
	for (size_t i = 0; i < N(masked); i++) {
		struct stat st;

		if (stat(masked[i], &st) < 0)
			continue;
		if (S_ISDIR(st.st_mode))
			bind_over(empty, "", masked[i], 0);
		else
			bind_over(AT_FDCWD, "dev/null", masked[i], 0);
	}
	for (size_t i = 0; i < N(read_only); i++)
		bind_over(AT_FDCWD, read_only[i], read_only[i], MOUNT_ATTR_RDONLY);
	MUST(umount2("run", MNT_DETACH));
	close(empty);
	close(fs);
}

static void mount_cgroups(const struct job *j)
{
	const unsigned int attr = NOSUID_NODEV_NOEXEC | MOUNT_ATTR_RDONLY;

	if (j->v2) {
		mount_new("cgroup2", "sys/fs/cgroup", attr, "");
		return;
	}
	mount_new("tmpfs", "sys/fs/cgroup", NOSUID_NODEV_NOEXEC, "mode=755");
	for (int i = 0; i < j->n_dirs; i++) {
		char target[64], source[256];

		cgroup_path(j, (size_t)i, source, sizeof(source));
		snprintf(target, sizeof(target), "sys/fs/cgroup/%s", controllers[i]);
		MUST(mkdir(target, 0755));
		bind_over(AT_FDCWD, source, target, attr);
	}
}

static void build_root(const struct job *j)
{
	const struct mount_attr private = { .propagation = MS_PRIVATE };

	MUST(syscall(SYS_mount_setattr, AT_FDCWD, "/", AT_RECURSIVE, &private, sizeof(private)));
	bind_over(AT_FDCWD, j->root, j->root, 0);
	MUST(chdir(j->root));
	mount_new("proc", "proc", NOSUID_NODEV_NOEXEC, "");
	mount_new("tmpfs", "dev", MOUNT_ATTR_NOSUID, "mode=755 size=65536k");
	MUST(mkdir("dev/pts", 0755));
	mount_new("devpts", "dev/pts", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, "ptmxmode=0666 mode=0620 gid=5");
	if (j->full) {
		MUST(mkdir("dev/shm", 0755));
		mount_new("tmpfs", "dev/shm", NOSUID_NODEV_NOEXEC, "mode=1777 size=65536k");
		MUST(mkdir("dev/mqueue", 0755));
		mount_new("mqueue", "dev/mqueue", NOSUID_NODEV_NOEXEC, "");
		mount_new("sysfs", "sys", NOSUID_NODEV_NOEXEC | MOUNT_ATTR_RDONLY, "");
		mount_cgroups(j);
	}
	make_devices();
	if (j->full)
		hide_paths();
	MUST(sys_pivot_root(".", "."));
	MUST(umount2(".", MNT_DETACH));
	MUST(chdir("/"));
}

static void drop(void)
{
	const uint64_t keep = 0xa80425fb; /* docker's fourteen */
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2] = { { (uint32_t)keep, (uint32_t)keep, 0 }, { 0, 0, 0 } };

	MUST(setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 1024, 1024 }));
	for (int c = 0; c <= 40; c++)
		if (!(keep >> c & 1))
			MUST(prctl(PR_CAPBSET_DROP, c, 0, 0, 0));
	MUST(syscall(SYS_capset, &head, data));
	MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
}

static _Noreturn void child(const struct job *j)
{
	if (!j->v2)
		for (int i = 0; i < j->n_dirs; i++)
			put(j->dirs[i], "tasks", "0");
	if (j->full)
		MUST(unshare(CLONE_NEWCGROUP));
	build_root(j);
	MUST(sethostname("floor", 5));
	if (j->full) {
		struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
		int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

		MUST(ioctl(s, SIOCSIFFLAGS, &lo));
		close(s);
	}
	drop();
	if (j->filter.len)
		MUST(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &j->filter));
	execve(j->argv[0], j->argv, (char *[]){ NULL });
	die("execve");
	_exit(99);
}

int main(int argc, char **argv)
{
	static struct sock_filter code[4096];
	struct job j = { 0 };
	struct clone_args args = { .exit_signal = SIGCHLD,
				   .flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS };
	int status;

	if (argc < 6) {
		fprintf(stderr, "usage: floor ROOTFS CGROUP full|min FILTER CMD ARGS...\n");
		return 2;
	}
	j.root = argv[1];
	j.cgroup = argv[2];
	j.full = argv[3][0] == 'f';
	j.argv = argv + 5;
	j.v2 = access("/sys/fs/cgroup/cgroup.controllers", F_OK) == 0;
	int fd = open(argv[4], O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		ssize_t n = read(fd, code, sizeof(code));
		if (n > 0)
			j.filter = (struct sock_fprog){ (unsigned short)((size_t)n / sizeof(code[0])), code };
		close(fd);
	}
	cgroups_make(&j);
	if (j.full)
		args.flags |= CLONE_NEWNET;
	if (j.v2) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)j.dirs[0];
	}
	long pid = sys_clone3(&args);
	MUST(pid);
	if (pid == 0)
		child(&j);
	MUST(waitpid((pid_t)pid, &status, 0));
	cgroups_remove(&j);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
