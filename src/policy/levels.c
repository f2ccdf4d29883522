/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The four built-in levels (policy-design section 2). They live in the binary, so that a wrecked /etc cannot weaken them.
 */
#include "policy/profile.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "base/capname.h"
#include "base/sys.h"
#include "policy/merge.h"
#include "policy/scan.h"
#include "policy/syscall_groups.h"

#define FAMILY(af) (UINT64_C(1) << (af))
#define MASK(kind) (1u << (kind))
#define KIB UINT64_C(1024)
#define MIB (KIB * KIB)
#define GIB (KIB * MIB)

/* What stock server images need to start as their authors meant and to step down from root by themselves. */
#define CAPS_SERVER                                                                                \
	(CAP_BIT(CAP_CHOWN) | CAP_BIT(CAP_DAC_OVERRIDE) | CAP_BIT(CAP_FOWNER) | CAP_BIT(CAP_FSETID) | \
	 CAP_BIT(CAP_SETUID) | CAP_BIT(CAP_SETGID) | CAP_BIT(CAP_SETPCAP) | CAP_BIT(CAP_KILL) |      \
	 CAP_BIT(CAP_NET_BIND_SERVICE) | CAP_BIT(CAP_SYS_CHROOT))

#define ATTRS_DATA   (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)
#define ATTRS_KERNEL (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)

/* Places where a container could read what is the host's, or reach its hardware and firmware. */
static const char *const masked[] = {
	"/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
	"/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/firmware",
	"/sys/devices/virtual/powercap", NULL,
};
static const char *const readonly[] = {
	"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger", NULL,
};
/* Whoever holds one of these sockets holds the host, and so does who gets one of these directories whole. What lies below them is
 * the engines' daily bread: volumes, secrets, resolv.conf. */
static const char *const sources[] = {
	"/run/docker.sock", "/run/containerd/containerd.sock", "/run/podman/podman.sock", "/run/crio/crio.sock",
	"/run/buildkit/buildkitd.sock", "/run/cri-dockerd.sock", "/run/k3s/containerd/containerd.sock", "/run/user/*/docker.sock",
	"/run/user/*/podman/podman.sock", "/", "/boot", "/dev", "/etc", "/proc", "/root", "/run", "/sys", "/usr", "/var", "/var/lib", NULL,
};
#define LIST(array) { .n = N_ELEMENTS(array) - 1, .v = (array) }

static const struct profile_tmpfs strict_tmpfs[] = {
	{ .path = "/tmp", .size = 64 * MIB, .mode = 01777 },
	{ .path = "/run", .size = 16 * MIB, .mode = 0755, .owned = true },
	{ .path = "/var/tmp", .size = 64 * MIB, .mode = 01777 },
	{ .path = "/dev/shm", .size = 64 * MIB, .mode = 01777 },
};

#define NO_LIMIT { PROFILE_AS_ASKED, PROFILE_AS_ASKED }
#define RLIMITS(nofile_soft, nofile, core, memlock)                                                             \
	.rlimit = { [RLIMIT_CPU] = NO_LIMIT, [RLIMIT_FSIZE] = NO_LIMIT, [RLIMIT_DATA] = NO_LIMIT,               \
		    [RLIMIT_STACK] = NO_LIMIT, [RLIMIT_CORE] = { core, core }, [RLIMIT_RSS] = NO_LIMIT,         \
		    [RLIMIT_NPROC] = NO_LIMIT, [RLIMIT_NOFILE] = { nofile_soft, nofile }, [RLIMIT_MEMLOCK] = { memlock, memlock }, \
		    [RLIMIT_AS] = NO_LIMIT, [RLIMIT_LOCKS] = NO_LIMIT, [RLIMIT_SIGPENDING] = NO_LIMIT,          \
		    [RLIMIT_MSGQUEUE] = NO_LIMIT, [RLIMIT_NICE] = NO_LIMIT, [RLIMIT_RTPRIO] = NO_LIMIT,         \
		    [RLIMIT_RTTIME] = NO_LIMIT }

/* What no level says. */
#define UNSAID                                                                                               \
	.swap = PROFILE_AS_ASKED, .cpu = PROFILE_AS_ASKED, .io_weight = PROFILE_AS_ASKED,                     \
	.init = PROFILE_INIT_AUTO, .service = { .stop_timeout = PROFILE_AS_ASKED }

#define NO_LIMITS                                                                                            \
	RLIMITS(PROFILE_AS_ASKED, PROFILE_AS_ASKED, PROFILE_AS_ASKED, PROFILE_AS_ASKED),                      \
	.pids = PROFILE_AS_ASKED, .memory = PROFILE_AS_ASKED, UNSAID

#define ANY_IMAGE .image = { .formats = SCAN_FORMATS, .max_age_days = PROFILE_AS_ASKED }

#define NO_FILTER \
	.syscalls = { .groups = SYSCALLS_ALL }, .syscalls_log = true, .families = FILTER_EVERY, .netlink = FILTER_EVERY, \
	.archs = PROFILE_ARCH_NATIVE | PROFILE_ARCH_COMPAT32, .ambient = PROFILE_AMBIENT_AS_ASKED

/* What servers open; netlink tells them the addresses of this machine. */
#define SERVER_FILTER                                                                                                                \
	.syscalls_log = true, .archs = PROFILE_ARCH_NATIVE,                                                                          \
	.families = FAMILY(AF_UNIX) | FAMILY(AF_INET) | FAMILY(AF_INET6) | FAMILY(AF_NETLINK), .netlink = FAMILY(NETLINK_ROUTE),      \
	.ioctls = FILTER_TIOCSTI | FILTER_TIOCLINUX | FILTER_TIOCSETD

static const struct profile levels[LEVELS] = {
	[LEVEL_NONE] = {
		.name = "none", .level = LEVEL_NONE, ANY_IMAGE,
		.cap_allow = CAP_MASK_ALL, .cap_ceiling = CAP_MASK_ALL,
		NO_FILTER,
		NO_LIMITS,
	},
	[LEVEL_BASELINE] = {
		.name = "baseline", .level = LEVEL_BASELINE, ANY_IMAGE,
		.fits = true, .label = PROFILE_LABEL_USE, .cap_allow = CAP_MASK_ALL, .cap_ceiling = CAP_MASK_ALL,
		NO_FILTER, .filter_baseline = true,
		.mask = LIST(masked), .readonly = LIST(readonly),
		NO_LIMITS,
	},
	[LEVEL_HARDENED] = {
		.name = "hardened", .level = LEVEL_HARDENED, ANY_IMAGE, .privileged = PROFILE_PRIVILEGED_REFUSE,
		.fits = true, .label = PROFILE_LABEL_USE, .cap_allow = CAPS_SERVER, .cap_ceiling = CAPS_SERVER,
		.ambient = PROFILE_AMBIENT_AS_ASKED, .exec_within_result = true,
		.no_new_privs = true,
		.root = { .nosuid = true, .nodev = true },
		.attrs = { .tmpfs = ATTRS_DATA, .kernel = ATTRS_KERNEL },
		.sources = { .deny = LIST(sources), .no_devices = true },
		.user = PROFILE_USER_WARN_ROOT,
		.syscalls = { .groups = SYSCALLS_CONTAINER }, SERVER_FILTER,
		.mask = LIST(masked), .readonly = LIST(readonly), .mask_always = true,
		.ns_private = MASK(NS_PID) | MASK(NS_IPC) | MASK(NS_UTS) | MASK(NS_MOUNT),
		.ns_warn = MASK(NS_NET),
		.low_ports = true,
		RLIMITS(65536, 1048576, PROFILE_AS_ASKED, PROFILE_AS_ASKED),
		.pids = 4096, .memory = PROFILE_AS_ASKED, UNSAID,
	},
	[LEVEL_STRICT] = {
		.name = "strict", .level = LEVEL_STRICT, ANY_IMAGE, .privileged = PROFILE_PRIVILEGED_REFUSE,
		.fits = true, .label = PROFILE_LABEL_USE, .cap_allow = 0, .cap_ceiling = CAPS_SERVER,
		.cap_launch = CAP_BIT(CAP_AUDIT_WRITE), .ambient = PROFILE_AMBIENT_AS_ASKED, .exec_within_result = true,
		.no_new_privs = true,
		.root = { .readonly = true, .nosuid = true, .nodev = true },
		.tmpfs = { .n = N_ELEMENTS(strict_tmpfs), .v = strict_tmpfs },
		.attrs = { .tmpfs = ATTRS_DATA, .bind = ATTRS_DATA, .kernel = ATTRS_KERNEL, .other = ATTRS_DATA },
		.sources = { .deny = LIST(sources), .no_devices = true },
		.user = PROFILE_USER_NON_ROOT,
		.syscalls = { .groups = SYSCALLS_SERVICE }, SERVER_FILTER,
		.mask = LIST(masked), .readonly = LIST(readonly), .mask_always = true,
		.ns_private = MASK(NS_PID) | MASK(NS_IPC) | MASK(NS_UTS) | MASK(NS_MOUNT) | MASK(NS_NET) |
			      MASK(NS_CGROUP),
		.ns_warn = MASK(NS_USER),
		.low_ports = true, .ping_group = true,
		.user_map = PROFILE_MAP_AUTO,
		.landlock = { .derive = true }, .best_effort = PROFILE_BEST_LANDLOCK,
		RLIMITS(65536, 65536, 0, 8 * MIB),
		.pids = 512, .memory = GIB, UNSAID,
	},
};

const struct profile *profile_builtin(enum level l)
{
	return (unsigned)l < LEVELS ? &levels[l] : NULL;
}

const struct profile *profile_builtin_named(const char *name)
{
	int level = policy_level_find(name);

	return level < 0 ? NULL : &levels[level];
}

int policy_level_find(const char *name)
{
	for (int i = 0; i < LEVELS; i++)
		if (str_eq(levels[i].name, name))
			return i;
	return -EINVAL;
}

const char *policy_level_name(enum level l)
{
	return (unsigned)l < LEVELS ? levels[l].name : "unknown";
}
