/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a process sees of the container that it is in, as one flat JSON object of strings. Static; started as the payload of
 * the same config.json by several runtimes, whose answers are then compared. Arguments: paths to look at and to try to write.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <unistd.h>

enum { LINE = 8192 };

static void quoted(const char *s)
{
	putchar('"');
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			printf("\\%c", c);
		else if (c < ' ' || c > '~')
			printf("\\u%04x", c);
		else
			putchar(c);
	}
	putchar('"');
}

/* One key with its value; "topic" and "name" become "topic.name". */
__attribute__((format(printf, 3, 4))) static void say(const char *topic, const char *name, const char *fmt, ...)
{
	static int any;
	char key[LINE], value[LINE];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(value, sizeof(value), fmt, ap);
	va_end(ap);
	(void)snprintf(key, sizeof(key), "%s.%s", topic, name);
	fputs(any++ ? ",\n" : "", stdout);
	quoted(key);
	putchar(':');
	quoted(value);
}

/* ---- the process ---- */

static void ids(void)
{
	uid_t r, e, s;
	gid_t list[128];
	char text[LINE] = "";
	size_t at = 0;

	(void)getresuid(&r, &e, &s);
	say("ids", "uid", "%u %u %u", r, e, s);
	(void)getresgid(&r, &e, &s);
	say("ids", "gid", "%u %u %u", r, e, s);
	int n = getgroups(128, list);
	for (int i = 0; i < n && at < sizeof(text) - 16; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%u ", list[i]);
	say("ids", "groups", "%s", text);
	mode_t mask = umask(022);
	say("process", "umask", "%04o", (unsigned int)mask);
}

static void caps(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct set[2] = { 0 };
	unsigned long long bounding = 0, ambient = 0;

	(void)syscall(SYS_capget, &head, set);
	for (int c = 0; c < 64; c++) {
		if (prctl(PR_CAPBSET_READ, c) == 1)
			bounding |= 1ULL << c;
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, c, 0, 0) == 1)
			ambient |= 1ULL << c;
	}
	say("caps", "effective", "%08x%08x", set[1].effective, set[0].effective);
	say("caps", "permitted", "%08x%08x", set[1].permitted, set[0].permitted);
	say("caps", "inheritable", "%08x%08x", set[1].inheritable, set[0].inheritable);
	say("caps", "bounding", "%016llx", bounding);
	say("caps", "ambient", "%016llx", ambient);
	say("caps", "securebits", "%x", prctl(PR_GET_SECUREBITS));
}

static void limits(void)
{
	static const char *const names[] = { "cpu", "fsize", "data", "stack", "core", "rss", "nproc", "nofile",
		"memlock", "as", "locks", "sigpending", "msgqueue", "nice", "rtprio", "rttime" };
	struct rlimit l;

	for (int i = 0; i < 16; i++)
		if (!getrlimit(i, &l))
			say("rlimits", names[i], "%lld %lld", (long long)l.rlim_cur, (long long)l.rlim_max);
}

static void process(void)
{
	char cwd[LINE] = "", name[32];
	int death = 0;
	struct sigaction act;
	sigset_t mask;

	say("process", "cwd", "%s", getcwd(cwd, sizeof(cwd)) ? cwd : strerror(errno));
	say("process", "no_new_privs", "%d", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	say("process", "dumpable", "%d", prctl(PR_GET_DUMPABLE));
	(void)prctl(PR_GET_PDEATHSIG, &death);
	say("process", "death_signal", "%d", death);
	say("process", "subreaper_thp", "%d", prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0));
	say("process", "timer_slack", "%d", prctl(PR_GET_TIMERSLACK));
	say("process", "personality", "%x", (unsigned int)personality(0xffffffff));
	say("process", "scheduler", "%d %d", sched_getscheduler(0), getpriority(PRIO_PROCESS, 0));
	say("process", "io_priority", "%ld", syscall(SYS_ioprio_get, 1, 0));
	say("process", "leads_session", "%d %d", getsid(0) == getpid(), getpgid(0) == getpid());
	say("process", "is_first", "%d", getpid() == 1);
	(void)sigprocmask(SIG_BLOCK, NULL, &mask);
	for (int s = 1; s < 65; s++) {
		(void)snprintf(name, sizeof(name), "%d", s);
		if (sigismember(&mask, s) == 1)
			say("signals.blocked", name, "yes");
		if (!sigaction(s, NULL, &act) && act.sa_handler != SIG_DFL)
			say("signals.ignored", name, "yes");
	}
	say("seccomp", "mode", "%d", prctl(PR_GET_SECCOMP));
}

/* What the generated filters name; each is harmless with these arguments. */
static void verdicts(void)
{
	static const struct { const char *name; long nr, arg; } calls[] = {
		{ "sysinfo", SYS_sysinfo, 0 }, { "times", SYS_times, 0 }, { "getpgrp", SYS_getpgrp, 0 },
		{ "acct", SYS_acct, 1 }, { "swapoff", SYS_swapoff, 1 }, { "getpriority", SYS_getpriority, 0 },
		{ "getpriority1", SYS_getpriority, 1 }, { "sched_yield", SYS_sched_yield, 0 },
		{ "unshare", SYS_unshare, 0 }, { "keyctl", SYS_keyctl, 0 }, { "vhangup", SYS_kexec_load, 0 },
		{ "later", 1000, 0 },
	};

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		errno = 0;
		long rc = syscall(calls[i].nr, calls[i].arg, 0, 0, 0);
		say("seccomp", calls[i].name, "%s", rc < 0 ? strerror(errno) : "passes");
	}
}

/* ---- its surroundings ---- */

static void file(const char *topic, const char *path)
{
	char text[LINE];
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		say(topic, path, "%s", strerror(errno));
		return;
	}
	ssize_t n = read(fd, text, sizeof(text) - 1);
	(void)close(fd);
	text[n > 0 ? n : 0] = '\0';
	say(topic, path, "%s", n < 0 ? strerror(errno) : text);
}

static void mounts(void)
{
	char line[LINE], *word[64], key[LINE], *rest;
	FILE *f = fopen("/proc/self/mountinfo", "re");

	while (f && fgets(line, sizeof(line), f)) {
		int n = 0, dash = 0;

		for (char *w = strtok_r(line, " \n", &rest); w && n < 63; w = strtok_r(NULL, " \n", &rest))
			word[n++] = w;
		for (int i = 6; i < n; i++)
			if (!strcmp(word[i], "-"))
				dash = i;
		if (!dash || dash + 3 > n)
			continue;
		(void)snprintf(key, sizeof(key), "%s|flags", word[4]);
		say("mounts", key, "%s", word[5]);
		(void)snprintf(key, sizeof(key), "%s|type", word[4]);
		say("mounts", key, "%s", word[dash + 1]);
		(void)snprintf(key, sizeof(key), "%s|super", word[4]);
		say("mounts", key, "%s", dash + 3 < n ? word[dash + 3] : "");
		(void)snprintf(key, sizeof(key), "%s|propagation", word[4]);
		say("mounts", key, "%.6s %.6s", dash > 6 ? word[6] : "", dash > 7 ? word[7] : "");
	}
	if (f)
		(void)fclose(f);
}

static void devices(const char *dir)
{
	char path[LINE], target[LINE];
	struct dirent *e;
	struct stat st;
	DIR *d = opendir(dir);

	while (d && (e = readdir(d))) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		if (!strcmp(e->d_name, "..") || lstat(path, &st) < 0)
			continue;
		ssize_t n = S_ISLNK(st.st_mode) ? readlink(path, target, sizeof(target) - 1) : 0;
		target[n > 0 ? n : 0] = '\0';
		say("dev", e->d_name, "%o %u:%u %u:%u %s", st.st_mode, st.st_uid, st.st_gid,
		    major(st.st_rdev), minor(st.st_rdev), target);
	}
	if (d)
		(void)closedir(d);
}

static void descriptors(void)
{
	struct dirent *e;
	DIR *d = opendir("/proc/self/fd");

	while (d && (e = readdir(d)))
		if (e->d_name[0] != '.' && strtol(e->d_name, NULL, 10) != dirfd(d))
			say("fds", e->d_name, "open");
	if (d)
		(void)closedir(d);
}

static void namespaces(void)
{
	static const char *const names[] = { "cgroup", "ipc", "mnt", "net", "pid", "user", "uts", "time" };
	char path[64], target[64];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)snprintf(path, sizeof(path), "/proc/self/ns/%s", names[i]);
		ssize_t n = readlink(path, target, sizeof(target) - 1);
		target[n > 0 ? n : 0] = '\0';
		say("ns", names[i], "%s", target);
	}
}

static void network(void)
{
	struct if_nameindex *list = if_nameindex();
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	for (struct if_nameindex *i = list; i && i->if_index; i++) {
		struct ifreq r = { 0 };

		(void)snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", i->if_name);
		if (!ioctl(fd, SIOCGIFFLAGS, &r))
			say("net", i->if_name, "%s", r.ifr_flags & IFF_UP ? "up" : "down");
	}
	(void)close(fd);
}

/* Type, first byte, and whether it can be written: masked, read-only or neither. */
static void look(const char *path)
{
	char byte = 0, first[64];
	struct stat st;

	if (stat(path, &st) < 0) {
		say("paths", path, "%s", strerror(errno));
		return;
	}
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, &byte, 1);
	(void)snprintf(first, sizeof(first), "%s", n < 0 ? strerror(errno) : n ? "something" : "nothing");
	if (fd >= 0)
		(void)close(fd);
	if (S_ISDIR(st.st_mode)) {
		struct dirent *e;
		int count = 0;
		DIR *d = opendir(path);

		while (d && (e = readdir(d)))
			count++;
		if (d)
			(void)closedir(d);
		say("paths", path, "directory %o, %s, %s", st.st_mode & 07777, count > 2 ? "entries" : "empty",
		    access(path, W_OK) < 0 ? strerror(errno) : "writable");
		return;
	}
	fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	say("paths", path, "%o, %s, %s", st.st_mode, first, fd < 0 ? strerror(errno) : "writable");
	if (fd >= 0)
		(void)close(fd);
}

int main(int argc, char **argv)
{
	static const char *const sysctls[] = { "/proc/sys/kernel/msgmax", "/proc/sys/kernel/shm_rmid_forced",
		"/proc/sys/net/ipv4/ip_forward", "/proc/sys/net/core/somaxconn", "/proc/sys/fs/mqueue/msg_max",
		"/proc/sys/net/ipv4/ping_group_range", "/proc/sys/net/ipv4/ip_unprivileged_port_start" };
	static const char *const cgroups[] = { "memory/memory.limit_in_bytes", "memory/memory.soft_limit_in_bytes",
		"memory/memory.swappiness", "memory/memory.oom_control", "pids/pids.max", "cpu/cpu.shares",
		"cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us", "cpuset/cpuset.cpus", "cpuset/cpuset.mems",
		"devices/devices.list", "cpu/cpu.idle" };
	extern char **environ;
	char path[LINE];
	struct utsname u;

	fputs("{\n", stdout);
	ids(); /* before anything opens a descriptor or changes the umask */
	descriptors();
	caps();
	limits();
	process();
	verdicts();
	for (int i = 0; environ[i]; i++) {
		(void)snprintf(path, sizeof(path), "%.*s", (int)strcspn(environ[i], "="), environ[i]);
		say("env", path, "%s", environ[i] + strcspn(environ[i], "="));
	}
	(void)uname(&u);
	say("uts", "hostname", "%s", u.nodename);
	say("uts", "domainname", "%s", u.domainname);
	file("process", "/proc/self/oom_score_adj");
	file("userns", "/proc/self/uid_map");
	file("userns", "/proc/self/gid_map");
	file("userns", "/proc/self/setgroups");
	for (size_t i = 0; i < sizeof(sysctls) / sizeof(sysctls[0]); i++)
		file("sysctl", sysctls[i]);
	for (size_t i = 0; i < sizeof(cgroups) / sizeof(cgroups[0]); i++) {
		(void)snprintf(path, sizeof(path), "/sys/fs/cgroup/%s", cgroups[i]);
		file("cgroup", path);
	}
	namespaces();
	mounts();
	devices("/dev");
	network();
	for (int i = 1; i < argc; i++)
		look(argv[i]);
	fputs("\n}\n", stdout);
	return 0;
}
