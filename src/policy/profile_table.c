/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one table of what a profile can say: a row for each field, the words it takes, and the controls that the rows belong to.
 */
#include "policy/profile_fields.h"

#include <linux/capability.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include "base/sys.h"
#include "policy/device_entry.h"
#include "policy/field_parts.h"
#include "policy/merge_step.h"
#include "policy/scan.h"
#include "policy/syscall_groups.h"

#define AT(member) .offset = offsetof(struct profile, member)
#define NS(kind)   (UINT64_C(1) << (kind))

/* linux/securebits.h; each with its lock. */
enum { NO_ROOT = 0x3, NO_SETUID_FIXUP = 0xc };

/* clang-format off */
static const struct field_word mode_words[] = { { "enforce", PROFILE_ENFORCE }, { "warn", PROFILE_WARN }, { NULL, 0 } };
static const struct field_word privileged_words[] = {
	{ "pass", PROFILE_PRIVILEGED_PASS }, { "meet", PROFILE_PRIVILEGED_MEET }, { "refuse", PROFILE_PRIVILEGED_REFUSE }, { NULL, 0 },
};
static const struct field_word user_words[] = {
	{ "off", PROFILE_USER_AS_ASKED }, { "warn", PROFILE_USER_WARN_ROOT }, { "require", PROFILE_USER_NON_ROOT }, { NULL, 0 },
};
static const struct field_word label_words[] = {
	{ "ignore", PROFILE_LABEL_IGNORE }, { "use", PROFILE_LABEL_USE }, { "require", PROFILE_LABEL_REQUIRE }, { NULL, 0 },
};
static const struct field_word ambient_words[] = {
	{ "granted", PROFILE_AMBIENT_GRANTED }, { "as-asked", PROFILE_AMBIENT_AS_ASKED }, { "none", PROFILE_AMBIENT_NONE }, { NULL, 0 },
};
static const struct field_word securebits_words[] = { { "no_root", NO_ROOT }, { "no_setuid_fixup", NO_SETUID_FIXUP }, { NULL, 0 } };
static const struct field_word mount_words[] = {
	{ "nosuid", MOUNT_ATTR_NOSUID }, { "nodev", MOUNT_ATTR_NODEV }, { "noexec", MOUNT_ATTR_NOEXEC }, { NULL, 0 },
};
static const struct field_word arch_words[] = { { "native", PROFILE_ARCH_NATIVE }, { "compat32", PROFILE_ARCH_COMPAT32 }, { NULL, 0 } };
static const struct field_word ns_words[] = {
	{ "pid", NS(NS_PID) }, { "net", NS(NS_NET) }, { "ipc", NS(NS_IPC) }, { "uts", NS(NS_UTS) }, { "mount", NS(NS_MOUNT) },
	{ "cgroup", NS(NS_CGROUP) }, { "user", NS(NS_USER) }, { NULL, 0 },
};
static const struct field_word scan_words[] = {
	{ "off", PROFILE_SCAN_OFF }, { "critical", PROFILE_SCAN_CRITICAL }, { "high", PROFILE_SCAN_HIGH }, { "medium", PROFILE_SCAN_MEDIUM },
	{ "low", PROFILE_SCAN_LOW }, { "none", PROFILE_SCAN_NONE }, { NULL, 0 },
};
static const struct field_word format_words[] = {
	{ "trivy", SCAN_TRIVY }, { "grype", SCAN_GRYPE }, { "snyk", SCAN_SNYK }, { "sarif", SCAN_SARIF }, { NULL, 0 },
};
static const struct field_word any_words[] = { { "any", 0 }, { NULL, 0 } };
static const struct field_word secrets_words[] = {
	{ "off", PROFILE_SECRETS_OFF }, { "warn", PROFILE_SECRETS_WARN }, { "refuse", PROFILE_SECRETS_REFUSE }, { NULL, 0 },
};
static const struct field_word copy_up_words[] = { { "none", PROFILE_COPY_UP_NONE }, { "files", PROFILE_COPY_UP_FILES }, { NULL, 0 } };

static const struct field_word require_words[] = {
	{ "pids", PROFILE_REQUIRE_PIDS }, { "memory", PROFILE_REQUIRE_MEMORY }, { "cpu", PROFILE_REQUIRE_CPU }, { NULL, 0 },
};
static const struct field_word exec_words[] = {
	{ "inherit", PROFILE_EXEC_INHERIT }, { "same-user", PROFILE_EXEC_SAME_USER }, { "deny", PROFILE_EXEC_DENY }, { NULL, 0 },
};
static const struct field_word init_words[] = { { "off", PROFILE_INIT_OFF }, { "auto", PROFILE_INIT_AUTO }, { "on", PROFILE_INIT_ON }, { NULL, 0 } };
static const struct field_word map_words[] = {
	{ "host", PROFILE_MAP_HOST }, { "auto", PROFILE_MAP_AUTO }, { "require", PROFILE_MAP_REQUIRE }, { NULL, 0 },
};

/* RTMIN as the kernel counts, not libc, which keeps the first two for itself. */
static const struct field_word signal_words[] = {
	{ "SIGHUP", SIGHUP }, { "SIGINT", SIGINT }, { "SIGQUIT", SIGQUIT }, { "SIGABRT", SIGABRT }, { "SIGKILL", SIGKILL },
	{ "SIGUSR1", SIGUSR1 }, { "SIGUSR2", SIGUSR2 }, { "SIGALRM", SIGALRM }, { "SIGTERM", SIGTERM }, { "SIGWINCH", SIGWINCH },
	{ "SIGPWR", SIGPWR }, { "SIGRTMIN+3", 37 }, { NULL, 0 },
};
static const struct field_word propagation_words[] = {
	{ "any", PROFILE_PROPAGATION_ANY }, { "private-or-slave", PROFILE_PROPAGATION_SLAVE }, { "private", PROFILE_PROPAGATION_PRIVATE }, { NULL, 0 },
};
static const struct field_word hidepid_words[] = { { "as-asked", PROFILE_PROC_HIDEPID_AS_ASKED }, { "invisible", PROFILE_PROC_INVISIBLE }, { NULL, 0 } };
static const struct field_word subset_words[] = { { "as-asked", PROFILE_PROC_SUBSET_AS_ASKED }, { "pid", PROFILE_PROC_PIDS }, { NULL, 0 } };
static const struct field_word join_words[] = {
	{ "any", PROFILE_JOIN_ANY }, { "engine", PROFILE_JOIN_ENGINE }, { "none", PROFILE_JOIN_NONE }, { NULL, 0 },
};
static const struct field_word all_words[] = { { "all", 0 }, { NULL, 0 } };
#define FAMILY(word, af) { (word), UINT64_C(1) << (af) }
static const struct field_word family_words[] = {
	FAMILY("unix", 1), FAMILY("inet", 2), FAMILY("ax25", 3), FAMILY("ipx", 4), FAMILY("appletalk", 5), FAMILY("netrom", 6),
	FAMILY("bridge", 7), FAMILY("atmpvc", 8), FAMILY("x25", 9), FAMILY("inet6", 10), FAMILY("rose", 11), FAMILY("decnet", 12),
	FAMILY("netbeui", 13), FAMILY("security", 14), FAMILY("key", 15), FAMILY("netlink", 16), FAMILY("packet", 17), FAMILY("ash", 18),
	FAMILY("econet", 19), FAMILY("atmsvc", 20), FAMILY("rds", 21), FAMILY("sna", 22), FAMILY("irda", 23), FAMILY("pppox", 24),
	FAMILY("wanpipe", 25), FAMILY("llc", 26), FAMILY("ib", 27), FAMILY("mpls", 28), FAMILY("can", 29), FAMILY("tipc", 30),
	FAMILY("bluetooth", 31), FAMILY("iucv", 32), FAMILY("rxrpc", 33), FAMILY("isdn", 34), FAMILY("phonet", 35), FAMILY("ieee802154", 36),
	FAMILY("caif", 37), FAMILY("alg", 38), FAMILY("nfc", 39), FAMILY("vsock", 40), FAMILY("kcm", 41), FAMILY("qipcrtr", 42),
	FAMILY("smc", 43), FAMILY("xdp", 44), FAMILY("mctp", 45), { NULL, 0 },
};
static const struct field_word netlink_words[] = {
	FAMILY("route", 0), FAMILY("usersock", 2), FAMILY("firewall", 3), FAMILY("sock-diag", 4), FAMILY("nflog", 5), FAMILY("xfrm", 6),
	FAMILY("selinux", 7), FAMILY("iscsi", 8), FAMILY("audit", 9), FAMILY("fib-lookup", 10), FAMILY("connector", 11),
	FAMILY("netfilter", 12), FAMILY("ip6-fw", 13), FAMILY("dnrtmsg", 14), FAMILY("kobject-uevent", 15), FAMILY("generic", 16),
	FAMILY("scsitransport", 18), FAMILY("ecryptfs", 19), FAMILY("rdma", 20), FAMILY("crypto", 21), FAMILY("smc", 22), { NULL, 0 },
};
static const struct field_word ioctl_words[] = {
	{ "TIOCSTI", FILTER_TIOCSTI }, { "TIOCLINUX", FILTER_TIOCLINUX }, { "TIOCSETD", FILTER_TIOCSETD }, { NULL, 0 },
};
static const struct field_word best_effort_words[] = { { "landlock", PROFILE_BEST_LANDLOCK }, { "mdwe", PROFILE_BEST_MDWE }, { NULL, 0 } };

/* The order is that of their bits. */
#define CONTROL(n) UINT64_C(1) << (n)
static const struct field_word control_words[] = {
	{ "user", CONTROL(0) }, { "no_new_privileges", CONTROL(1) }, { "capabilities", CONTROL(2) }, { "rootfs", CONTROL(3) },
	{ "tmpfs", CONTROL(4) }, { "mounts", CONTROL(5) }, { "paths", CONTROL(6) }, { "syscalls", CONTROL(7) },
	{ "namespaces", CONTROL(8) }, { "sysctls", CONTROL(9) }, { "rlimits", CONTROL(10) }, { "resources", CONTROL(11) },
	{ "exec", CONTROL(12) }, { "privileged", CONTROL(13) }, { "umask", CONTROL(14) },
	{ "env", CONTROL(15) }, { "memory", CONTROL(16) },
	{ "proc", CONTROL(17) }, { "devices", CONTROL(18) }, { "hooks", CONTROL(19) },
	{ "sockets", CONTROL(20) }, { "ioctl", CONTROL(21) }, { "landlock", CONTROL(22) }, { "oom", CONTROL(23) },
	{ "lsm", CONTROL(24) }, { "image", CONTROL(25) }, { NULL, 0 },
};

/* A pattern of absolute, clean paths. */
static int image_digest(const struct jread_at *at, const char *text, struct err *e)
{
	char digest[72];

	if (scan_digest_in(text, digest) && str_eq(digest, text))
		return 0;
	return field_refuse(at, e, "\"%s\" is no digest: want \"sha256:\" and 64 digits of 0-9 a-f", jread_quote(text).s);
}

static int image_label(const struct jread_at *at, const char *text, struct err *e)
{
	return text[0] && strlen(text) <= 256 ? 0 : field_refuse(at, e, "must have 1 to 256 bytes");
}

static int profile_pattern(const struct jread_at *at, const char *text, struct err *e)
{
	size_t n = strlen(text);

	if (text[0] != '/' || n > 1024)
		return field_refuse(at, e, "\"%s\" is not a pattern of absolute paths", jread_quote(text).s);
	if (strstr(text, "//") || strstr(text, "/../") || strstr(text, "/./") || (n > 1 && text[n - 1] == '/') ||
	    (n > 2 && str_eq(text + n - 3, "/..")) || (n > 1 && str_eq(text + n - 2, "/.")))
		return field_refuse(at, e, "\"%s\" matches no clean path", jread_quote(text).s);
	return 0;
}

static int profile_device(const struct jread_at *at, const char *text, struct err *e)
{
	struct device_rule d;

	if (device_entry_is_path(text) || device_entry_parse(text, &d))
		return 0;
	return field_refuse(at, e, "\"%s\" is not a device: write \"/dev/NAME\", or \"c MAJOR:MINOR rwm\" (b for block devices, * for any number)",
			    jread_quote(text).s);
}

static int profile_sysctl(const struct jread_at *at, const char *text, struct err *e)
{
	if (sysctl_namespace(text) < 0)
		return field_refuse(at, e, "\"%s\" is not a sysctl that belongs to a namespace", jread_quote(text).s);
	return 0;
}

static int profile_sysctls(const struct jread_at *at, const char *text, struct err *e)
{
	return sysctl_is_pattern(text) ? 0 : field_refuse(at, e, "\"%s\" is not a pattern of sysctls' names", jread_quote(text).s);
}

#define TMPFS(member) .offset = offsetof(struct profile_tmpfs, member)
static const struct field tmpfs_fields[] = {
	{ "path", FIELD_PATH, TMPFS(path), .required = true, .text = "Where; not /, /proc, /sys or /dev, nor below the first two" },
	{ "size", FIELD_AMOUNT, TMPFS(size), .min = 4096, .max = UINT64_C(1) << 50, .required = true, .text = "How many bytes it may hold" },
	{ "mode", FIELD_MODE, TMPFS(mode), .min = 1, .max = 07777, .fallback = "1777 for /tmp, /var/tmp and /dev/shm, else 0755", .text = "Its permissions" },
	{ "uid", FIELD_ID, TMPFS(uid), .fallback = "the container's user", .text = "Who owns it" },
	{ "gid", FIELD_ID, TMPFS(gid), .fallback = "the container's group", .text = "Whose group it has" },
	{ "exec", FIELD_SWITCH, TMPFS(exec), .fallback = "false", .text = "Whether programs may be run from it" },
	{ "copy_up", FIELD_WORD, TMPFS(copy_up), .words = copy_up_words, .fallback = "none",
	  .text = "Whether it begins with what the image has at that place" },
};

static int check_tmpfs(const struct jread_at *at, struct arena *a, void *value, struct err *e)
{
	static const char *const taken[] = { "/proc", "/sys" };
	static const char *const public[] = { "/tmp", "/var/tmp", "/dev/shm", NULL };
	const struct strings everybody = { N_ELEMENTS(public) - 1, public };
	struct profile_tmpfs *t = value;

	(void)a;
	for (size_t i = 0; i < N_ELEMENTS(taken); i++)
		if (str_eq(t->path, taken[i]) || (str_starts(t->path, taken[i]) && t->path[strlen(taken[i])] == '/'))
			return field_refuse(at, e, "path: \"%s\" is the kernel's", jread_quote(t->path).s);
	if (str_eq(t->path, "/dev"))
		return field_refuse(at, e, "path: \"/dev\" holds the devices");
	if (!t->mode)
		t->mode = str_in(&everybody, t->path) ? 01777 : 0755;
	t->owned = !t->uid.set && !t->gid.set;
	return 0;
}
static const struct field_table tmpfs_table = {
	.name = "tmpfs", .v = tmpfs_fields, .n = N_ELEMENTS(tmpfs_fields), .size = sizeof(struct profile_tmpfs),
	.key = offsetof(struct profile_tmpfs, path), .has_key = true, .check = check_tmpfs,
};

static const struct field grant_fields[] = {
	{ "cap", FIELD_CAP, .offset = offsetof(struct profile_grant, cap), .required = true, .text = "The capability" },
	{ "why", FIELD_TEXT, .offset = offsetof(struct profile_grant, why), .max = 512, .required = true, .text = "The reason, for explain" },
};
static const struct field_table grant_table = {
	.name = "grant", .v = grant_fields, .n = N_ELEMENTS(grant_fields), .size = sizeof(struct profile_grant),
};

#define ANY .max = UINT64_MAX
static const struct field fields[PROFILE_FIELDS] = {
	[PF_SCHEMA] = { "schema", FIELD_SCHEMA, .required = true, .text = "The version of this form" },
	[PF_NAME] = { "name", FIELD_NAME, AT(name), .fallback = "the file's name", .text = "Must be the file's name without .json" },
	[PF_DESCRIPTION] = { "description", FIELD_TEXT, AT(description), .max = 512, .text = "For people" },
	[PF_EXTENDS] = { "extends", FIELD_NAMES, AT(extends), .fallback = "none",
		.text = "What this profile is laid over, from left to right. An array here replaces the inherited one, unless it is written as an "
			"edit, {\"add\": [...], \"remove\": [...]}. A profile of /etc that extends its own name means the shipped one" },
	[PF_MODE] = { "mode", FIELD_WORD, AT(mode), .words = mode_words, .fallback = "enforce",
		.text = "With \"warn\" the container runs as if this profile were not there (the floor still holds), and what it would have done is said" },
	[PF_WARN] = { "warn", FIELD_FLAGS, AT(warn), .words = control_words, .fallback = "[]",
		.text = "Controls that only warn while the rest is enforced" },
	[PF_PRIVILEGED] = { "privileged", FIELD_WORD, FIELD_ON, AT(privileged), .words = privileged_words, .fallback = "meet",
		.text = "What happens to a container of the privileged kind (every capability and device, no filter, no masks): passed through "
			"untouched, met as any other, or refused" },
	[PF_FITS] = { "(fits)", FIELD_SWITCH, FIELD_ON, AT(fits), .hidden = true },
	[PF_UID] = { "user.uid", FIELD_ID, FIELD_IDENTITY, AT(uid), .fallback = "as asked", .text = "The user id in the place of the document's" },
	[PF_GID] = { "user.gid", FIELD_ID, FIELD_IDENTITY, AT(gid), .fallback = "as asked", .text = "The group id in the place of the document's" },
	[PF_GROUPS] = { "user.groups", FIELD_IDS, FIELD_IDENTITY, AT(groups), .fallback = "as asked", .text = "The further groups in the place of the document's" },
	[PF_NON_ROOT] = { "user.non_root", FIELD_WORD, FIELD_ON, AT(user), .words = user_words, .fallback = "off",
		.text = "Whether uid 0, gid 0 and group 0 are refused, checked again just before the program runs" },
	[PF_UMASK] = { "umask", FIELD_OCTAL, FIELD_IDENTITY, AT(umask), .max = 0777, .fallback = "as asked", .text = "The mask of new files' permissions" },
	[PF_NO_NEW_PRIVS] = { "no_new_privileges", FIELD_SWITCH, FIELD_ON, AT(no_new_privs), .fallback = "false",
		.text = "No set-uid program and no file capability gives anything" },
	[PF_CAP_ALLOW] = { "capabilities.allow", FIELD_CAPS, FIELD_CEILING, AT(cap_allow), .fallback = "\"all\"",
		.text = "The most that the container may have. Said in a file, it also ends what label_allow was" },
	[PF_CAP_LABEL_ALLOW] = { "capabilities.label_allow", FIELD_CAPS, FIELD_CEILING, AT(cap_ceiling), .fallback = "[]",
		.text = "What a capability label, or --cap-add of a launch, may name beyond allow" },
	[PF_CAP_LAUNCH] = { "(launch)", FIELD_CAPS, FIELD_CEILING, AT(cap_launch), .hidden = true },
	[PF_CAP_LABEL] = { "capabilities.label", FIELD_WORD, FIELD_ON, AT(label), .words = label_words, .fallback = "use",
		.text = "Whether a capability label narrows the container; with \"require\" a container without one is refused" },
	[PF_CAP_GRANT] = { "capabilities.grant", FIELD_LIST, FIELD_GRANT, AT(grant), .table = &grant_table, .fallback = "[]",
		.text = "Capabilities that the container gets whatever it asks for, as far as the host can give them" },
	[PF_CAP_AMBIENT] = { "capabilities.ambient", FIELD_WORD, FIELD_GRANT, AT(ambient), .words = ambient_words, .fallback = "as-asked",
		.text = "With \"granted\" the effective set is raised to ambient for a user other than root, so that it survives exec" },
	[PF_SECUREBITS] = { "capabilities.securebits", FIELD_FLAGS, FIELD_ON, AT(securebits), .words = securebits_words, .fallback = "[]",
		.text = "Secure bits, set and locked" },
	[PF_ROOT_READONLY] = { "rootfs.read_only", FIELD_SWITCH, FIELD_ON, AT(root.readonly), .fallback = "false", .text = "The root cannot be written to" },
	[PF_ROOT_NOSUID] = { "rootfs.nosuid", FIELD_SWITCH, FIELD_ON, AT(root.nosuid), .fallback = "false", .text = "Set-uid bits in the root count for nothing" },
	[PF_ROOT_NODEV] = { "rootfs.nodev", FIELD_SWITCH, FIELD_ON, AT(root.nodev), .fallback = "false", .text = "Device nodes in the root cannot be opened" },
	[PF_DENY_WRITE_EXEC] = { "memory.deny_write_exec", FIELD_SWITCH, FIELD_ON, AT(deny_write_exec), .fallback = "false",
		.text = "No memory is written to and executed (PR_SET_MDWE, Linux 6.3). Ends node, Java and whatever else compiles as it runs: some at the "
			"start, PostgreSQL and haproxy only at the first query or pattern that is worth compiling" },
	[PF_LANDLOCK] = { "landlock", FIELD_LANDLOCK, FIELD_ON, AT(landlock), .fallback = "off",
		.text = "What the kernel's Landlock allows besides all else. \"derive\": the root may be read and run, and only mounts that are "
			"writable, and devices, may be written to. An object lists instead what may be read, written to and run (\"read\", \"write\", "
			"\"execute\": absolute paths without symbolic links, with all below them) and the TCP ports that may be bound and connected to "
			"(\"bind\", \"connect\"); a list that is missing limits nothing, and \"derive\": true adds what is derived. Processes that join later "
			"are held by the same rules, in a domain of their own: they cannot trace the container's. Files need Linux 6.2, ports 6.7" },
	[PF_BEST_EFFORT] = { "best_effort", FIELD_FLAGS, AT(best_effort), .words = best_effort_words, .fallback = "[]",
		.text = "Controls that are left out, as far as the kernel does not have them, which explain shows; any other one stops the launch" },
	[PF_TMPFS] = { "tmpfs", FIELD_LIST, FIELD_ADDITION, AT(tmpfs), .table = &tmpfs_table, .fallback = "[]",
		.text = "Empty places to write to, where the document mounts nothing there or above" },
	[PF_MOUNTS_TMPFS] = { "mounts.flags.tmpfs", FIELD_FLAGS, FIELD_ON, AT(attrs.tmpfs), .words = mount_words, .fallback = "[]", .text = "Forced on every tmpfs of the document" },
	[PF_MOUNTS_BIND] = { "mounts.flags.bind", FIELD_FLAGS, FIELD_ON, AT(attrs.bind), .words = mount_words, .fallback = "[]", .text = "Forced on every bind mount" },
	[PF_MOUNTS_KERNEL] = { "mounts.flags.kernel", FIELD_FLAGS, FIELD_ON, AT(attrs.kernel), .words = mount_words, .fallback = "[]",
		.text = "Forced on proc, sysfs, cgroup, mqueue and devpts, as far as they bear it" },
	[PF_MOUNTS_OTHER] = { "mounts.flags.other", FIELD_FLAGS, FIELD_ON, AT(attrs.other), .words = mount_words, .fallback = "[]", .text = "Forced on every other mount but the root" },
	[PF_SOURCES_ALLOW] = { "mounts.sources.allow", FIELD_ALLOW, FIELD_CEILING, AT(sources.allow), .words = all_words, .item = profile_pattern, .fallback = "\"all\"",
		.text = "Patterns of the host's paths that may be bind mounts' sources. What counts is the real path of what is opened, past every link" },
	[PF_SOURCES_DENY] = { "mounts.sources.deny", FIELD_DENY, FIELD_ON, AT(sources.deny), .item = profile_pattern, .fallback = "[]",
		.text = "Patterns of those that may not, though allow names them. A path without wildcards stands for what is there now, under whatever "
			"name it comes, and a socket for the directories that hold it as well; what lies below a directory stays free" },
	[PF_SOURCES_NO_DEVICES] = { "mounts.sources.no_devices", FIELD_SWITCH, FIELD_ON, AT(sources.no_devices), .fallback = "false",
		.text = "Device nodes, but those that every container has, are no sources: they belong into the document's devices" },
	[PF_NOEXEC_WRITABLE] = { "mounts.noexec_writable", FIELD_SWITCH, FIELD_ON, AT(noexec_writable), .fallback = "false",
		.text = "No program is run from a mount that can be written to. Of a recursive bind what lies below it counts as well; the root does not" },
	[PF_MOUNTS_EXEC] = { "mounts.exec", FIELD_ALLOW, FIELD_CEILING, AT(exec_mounts), .words = all_words, .item = field_check_path,
		.fallback = "[] with noexec_writable, else \"all\"", .text = "Places of mounts, with all below them, where noexec_writable does not count" },
	[PF_PROPAGATION] = { "mounts.propagation", FIELD_WORD, FIELD_CEILING, AT(propagation), .words = propagation_words, .fallback = "any",
		.text = "How far mounts made inside, or on the host, may be seen on the other side: what is asked beyond that is cut. With \"private\" "
			"neither side sees the other's" },
	[PF_PROC_HIDEPID] = { "proc.hidepid", FIELD_WORD, FIELD_ON, AT(proc_hidepid), .words = hidepid_words, .fallback = "as-asked",
		.text = "With \"invisible\" a user sees no other user's processes in /proc (Linux 5.8)" },
	[PF_PROC_SUBSET] = { "proc.subset", FIELD_WORD, FIELD_ON, AT(proc_subset), .words = subset_words, .fallback = "as-asked",
		.text = "With \"pid\" /proc has processes and nothing else: not for programs that ask how much memory or how many processors there are (Linux 5.8)" },
	[PF_DEVICES_ALLOW] = { "devices.allow", FIELD_ALLOW, FIELD_CEILING, AT(devices), .words = all_words, .item = profile_device, .fallback = "\"all\"",
		.text = "What remains of the document's devices and of its cgroup's device rules: \"/dev/NAME\" for what the host has there, or "
			"\"c MAJOR:MINOR rwm\". The devices that every container has always remain" },
	[PF_MASK] = { "paths.mask", FIELD_PATHS, FIELD_ON, AT(mask), .fallback = "[]", .text = "Paths that the container sees as empty" },
	[PF_READONLY] = { "paths.read_only", FIELD_PATHS, FIELD_ON, AT(readonly), .fallback = "[]", .text = "Paths that it cannot write to" },
	[PF_MASK_ALWAYS] = { "paths.always", FIELD_SWITCH, FIELD_ON, AT(mask_always), .fallback = "true",
		.text = "With false the paths are masked only where the engine masks some itself" },
	[PF_SYSCALLS_ALLOW] = { "syscalls.allow", FIELD_GROUPS, FIELD_CEILING, AT(syscalls), .fallback = "\"all\"",
		.text = "The system calls that a second filter lets through, by name and by group; @service and @container stand for the built-in sets. What "
			"needs a capability is let through only with it. A call that this kernel or machine lacks may be named" },
	[PF_SYSCALLS_DENY] = { "syscalls.deny", FIELD_GROUPS, FIELD_ON, AT(syscalls_denied), .fallback = "[]",
		.text = "Calls and groups taken from allow; from \"all\", every call that caisson knows remains" },
	[PF_SYSCALLS_KILL] = { "syscalls.kill", FIELD_GROUPS, FIELD_ON, AT(syscalls_kill), .fallback = "[]",
		.text = "Calls and groups taken from allow, each of which ends the process with SIGSYS" },
	[PF_SYSCALLS_ERRNO] = { "syscalls.errno", FIELD_ANSWERS, AT(syscalls_errno), .fallback = "ENOSYS for calls that a kernel may lack, EPERM for others",
		.text = "What a refused call is told, by its name or group; a name counts more. It refuses nothing by itself" },
	[PF_SYSCALLS_LOG] = { "syscalls.log", FIELD_SWITCH, AT(syscalls_log), .fallback = "true",
		.text = "Whether what the filter refuses goes to the kernel's audit log (type=1326, with program, number and pid; in the kernel's own log where no "
			"audit daemon runs, there a few each second at most). Answers of ENOSYS are no refusals and are never logged, nor is what only baseline "
			"or the engine's filter refuses" },
	[PF_SYSCALLS_BASELINE] = { "syscalls.baseline", FIELD_SWITCH, FIELD_ON, AT(filter_baseline), .fallback = "false",
		.text = "Where the engine brings a filter and allow is \"all\": sockets of AF_ALG and AF_VSOCK are refused, and calls newer than the engine's list do not exist" },
	[PF_SYSCALLS_ARCHS] = { "syscalls.architectures", FIELD_FLAGS, FIELD_CEILING, AT(archs), .words = arch_words, .fallback = "both",
		.text = "Whose calls the filter lets through; any other is the end of the process. 32-bit x86 programs reach every socket family through "
			"socketcall, which no filter can look into" },
	[PF_SOCKETS_FAMILIES] = { "sockets.families", FIELD_SUBSET, FIELD_CEILING, AT(families), .words = family_words, .fallback = "\"all\"",
		.text = "The address families of which sockets can be made; others answer EAFNOSUPPORT. Holds too where syscalls.allow is \"all\"" },
	[PF_SOCKETS_NETLINK] = { "sockets.netlink", FIELD_SUBSET, FIELD_CEILING, AT(netlink), .words = netlink_words, .max = 62, .fallback = "\"all\"",
		.text = "The netlink protocols, by word or number, where the family is allowed; others answer EPROTONOSUPPORT" },
	[PF_IOCTL_DENY] = { "ioctl.deny", FIELD_FLAGS, FIELD_ON, AT(ioctls), .words = ioctl_words, .fallback = "[]",
		.text = "ioctl requests that answer EPERM: typing into a terminal (TIOCSTI, TIOCLINUX), changing its line discipline (TIOCSETD)" },
	[PF_NS_PRIVATE] = { "namespaces.private", FIELD_FLAGS, FIELD_ON, AT(ns_private), .words = ns_words, .fallback = "[]",
		.text = "Namespaces that the container must have for itself: a document that asks for the host's is refused, a launch gets its own" },
	[PF_NS_JOIN] = { "namespaces.join", FIELD_WORD, FIELD_CEILING, AT(ns_join), .words = join_words, .fallback = "any",
		.text = "Which namespaces may be joined by a path. \"engine\": only by the names under which engines keep those of their containers "
			"(/proc/PID/ns, /run/netns, /run/docker/netns, and CRI-O's and Podman's like them), and never the host's own" },
	[PF_NS_WARN] = { "namespaces.warn", FIELD_FLAGS, FIELD_ON, AT(ns_warn), .words = ns_words, .fallback = "[]", .text = "Namespaces that are worth a warning when they are the host's" },
	[PF_SYSCTLS_ALLOW] = { "sysctls.allow", FIELD_ALLOW, FIELD_CEILING, AT(sysctls), .words = all_words, .item = profile_sysctls, .fallback = "\"all\"",
		.text = "Patterns of the sysctls that a document may set, as \"net.ipv4.*\"; any other is refused" },
	[PF_SYSCTLS_SET] = { "sysctls.set", FIELD_MAP, FIELD_ADDITION, AT(sysctl_set), .item = profile_sysctl, .fallback = "{}",
		.text = "Sysctls by name that are set where the document does not; each needs its namespace to be the container's own, made with it" },
	[PF_HOOKS_ALLOW] = { "hooks.allow", FIELD_ALLOW, FIELD_CEILING, AT(hooks), .words = any_words, .item = profile_pattern, .fallback = "\"any\"",
		.text = "Absolute paths, or patterns of them, of the programs that a document may have as hooks: the file that a hook's path leads to is "
			"judged, and is what runs. startContainer hooks are the container's own and go by their name" },
	[PF_LOW_PORTS] = { "sysctls.low_ports", FIELD_SWITCH, FIELD_ADDITION, AT(low_ports), .fallback = "false",
		.text = "In a network namespace that the container creates, every user may bind ports below 1024" },
	[PF_PING_GROUP] = { "sysctls.ping_group", FIELD_SWITCH, FIELD_ADDITION, AT(ping_group), .fallback = "false", .text = "And every group may ping" },
#define RLIMIT(resource, what) FIELD_LIMIT, FIELD_CEILING, AT(rlimit[resource]), ANY, .fallback = "as asked", .text = what
	[PF_NOFILE] = { "rlimits.nofile", RLIMIT(RLIMIT_NOFILE, "The most open files. In every limit a single amount is the hard and the soft one "
		"(here the hard one alone); the soft one holds where the document names none"), .apart = true },
	[PF_NOFILE_SOFT] = { "rlimits.nofile_soft", FIELD_AMOUNT, FIELD_CEILING, AT(rlimit[RLIMIT_NOFILE].soft), ANY, .fallback = "as asked", .text = "The soft limit of open files where the document names none" },
	[PF_CORE] = { "rlimits.core", RLIMIT(RLIMIT_CORE, "The most bytes of a core file") },
	[PF_MEMLOCK] = { "rlimits.memlock", RLIMIT(RLIMIT_MEMLOCK, "The most bytes of locked memory") },
	[PF_RLIMIT_CPU] = { "rlimits.cpu", RLIMIT(RLIMIT_CPU, "The most seconds of processor time") },
	[PF_RLIMIT_FSIZE] = { "rlimits.fsize", RLIMIT(RLIMIT_FSIZE, "The most bytes of a file that it writes") },
	[PF_RLIMIT_DATA] = { "rlimits.data", RLIMIT(RLIMIT_DATA, "The most bytes of data segments and private memory") },
	[PF_RLIMIT_STACK] = { "rlimits.stack", RLIMIT(RLIMIT_STACK, "The most bytes of the stack") },
	[PF_RLIMIT_RSS] = { "rlimits.rss", RLIMIT(RLIMIT_RSS, "The most bytes of resident memory, which Linux does not enforce") },
	[PF_RLIMIT_NPROC] = { "rlimits.nproc", RLIMIT(RLIMIT_NPROC, "The most processes and threads of its user on the whole host") },
	[PF_RLIMIT_AS] = { "rlimits.as", RLIMIT(RLIMIT_AS, "The most bytes of address space") },
	[PF_RLIMIT_LOCKS] = { "rlimits.locks", RLIMIT(RLIMIT_LOCKS, "The most file locks, which Linux no longer enforces") },
	[PF_RLIMIT_SIGPENDING] = { "rlimits.sigpending", RLIMIT(RLIMIT_SIGPENDING, "The most queued signals") },
	[PF_RLIMIT_MSGQUEUE] = { "rlimits.msgqueue", RLIMIT(RLIMIT_MSGQUEUE, "The most bytes of POSIX message queues") },
	[PF_RLIMIT_NICE] = { "rlimits.nice", RLIMIT(RLIMIT_NICE, "20 less the lowest nice value") },
	[PF_RLIMIT_RTPRIO] = { "rlimits.rtprio", RLIMIT(RLIMIT_RTPRIO, "The highest real-time priority") },
	[PF_RLIMIT_RTTIME] = { "rlimits.rttime", RLIMIT(RLIMIT_RTTIME, "The most microseconds of real-time scheduling without a pause") },
#undef RLIMIT
	[PF_PIDS] = { "resources.pids", FIELD_AMOUNT, FIELD_CEILING, AT(pids), .min = 1, .max = INT64_MAX, .fallback = "as asked", .text = "The most processes and threads" },
	[PF_MEMORY] = { "resources.memory", FIELD_AMOUNT, FIELD_CEILING, AT(memory), .min = 512 << 10, .max = INT64_MAX, .fallback = "as asked",
		.text = "Bytes of memory where the document names no limit; a limit that it names holds" },
	[PF_EXEC_WITHIN] = { "exec.within_result", FIELD_SWITCH, FIELD_ON, AT(exec_within_result), .fallback = "false",
		.text = "A process that joins later gets at most what the container itself got" },
	[PF_SWAP] = { "resources.swap", FIELD_AMOUNT, FIELD_CEILING, AT(swap), .max = INT64_MAX, .fallback = "as asked",
		.text = "The most bytes of swap beside the memory; 0 is none. Needs a limit of memory, of the document or of this profile" },
	[PF_CPU] = { "resources.cpu", FIELD_CPUS, FIELD_CEILING, AT(cpu), .min = PROFILE_CPU / 100, .max = PROFILE_CPU * 100000, .fallback = "as asked",
		.text = "The most processor time, in processors" },
	[PF_IO_WEIGHT] = { "resources.io_weight", FIELD_AMOUNT, FIELD_CEILING, AT(io_weight), .min = 10, .max = 1000, .fallback = "as asked",
		.text = "The largest share of the disks' time, as linux.resources.blockIO.weight counts it; also the share where the document names none" },
	[PF_REQUIRE] = { "resources.require", FIELD_FLAGS, FIELD_ON, AT(require), .words = require_words, .fallback = "[]",
		.text = "Limits that must be there: a container for which neither its document nor this profile says one is refused" },
	[PF_OOM_GROUP] = { "oom.group", FIELD_SWITCH, FIELD_ON, AT(oom_group), .fallback = "false",
		.text = "When the memory runs out, the container ends as a whole, not with one process missing. Needs cgroup v2" },
	[PF_EXEC_ALLOW] = { "exec.allow", FIELD_WORD, FIELD_CEILING, AT(exec_allow), .words = exec_words, .fallback = "inherit",
		.text = "Who may join later: anybody whom the rest lets in, only the container's own user and groups, or nobody" },
	[PF_APPARMOR] = { "lsm.apparmor", FIELD_TEXT, FIELD_IDENTITY, AT(apparmor), .max = 1024, .fallback = "as-asked",
		.text = "The AppArmor profile in the place of the document's; it must be loaded. \"as-asked\" leaves the document's" },
	[PF_SELINUX] = { "lsm.selinux", FIELD_TEXT, FIELD_IDENTITY, AT(selinux), .max = 1024, .fallback = "as-asked",
		.text = "The SELinux label in the place of the document's. \"as-asked\" leaves the document's" },
	[PF_INIT] = { "init", FIELD_WORD, AT(init), .words = init_words, .fallback = "auto",
		.text = "Whether caisson-init is PID 1 of a launch where neither --init nor --no-init is given; with \"auto\" unless the program is an init itself" },
	[PF_USER_MAP] = { "user.map", FIELD_WORD, FIELD_ON, AT(user_map), .words = map_words, .fallback = "host",
		.text = "Whether the container's ids are its own. With \"auto\" a launch takes a range where this host has one to give; with \"require\" it "
			"fails without one, and so does a container of an engine that has no user namespace of its own, as nothing can add one to it" },
	[PF_SERVICE_PORTS] = { "service.ports", FIELD_NUMBERS, AT(service.ports), .min = 1, .max = 65535, .fallback = "[]",
		.text = "Ports that the service listens on, beside those of the image: explain shows them, and a launch check says which of "
			"them its user may not take" },
	[PF_SERVICE_STOP_SIGNAL] = { "service.stop_signal", FIELD_WORD, AT(service.stop_signal), .words = signal_words, .fallback = "SIGTERM",
		.text = "What ends the service in an orderly way: used by launch where neither --stop-signal nor the image names one" },
	[PF_SERVICE_STOP_TIMEOUT] = { "service.stop_timeout", FIELD_SECONDS, AT(service.stop_timeout), .max = 86400, .fallback = "10s",
		.text = "From that signal to SIGKILL, where --stop-timeout does not say: used by launch, and with -d by caisson-init. 0 waits for ever" },
	[PF_SERVICE_VOLUMES] = { "service.volumes", FIELD_PATHS, AT(service.volumes), .fallback = "[]",
		.text = "Where the service keeps its data. A launch without -v there, above or below gives it a tmpfs that ends with the "
			"container, and says so" },
	[PF_SERVICE_WRITABLE] = { "service.writable", FIELD_PATHS, AT(service.writable), .fallback = "[]",
		.text = "Further places that the service writes to: a launch check says which of these, and of the volumes, it cannot" },
	[PF_SERVICE_HEALTH] = { "service.health", FIELD_COMMAND, AT(service.health), .min = 1, .max = 64, .fallback = "that of the image, in a launch",
		.text = "What \"caisson health\" runs in the container to ask the service how it is, as exec would run it: by an absolute path, or by a "
			"name that is looked up in PATH. Status 0 is healthy. Nothing runs it by itself" },
	[PF_ENV_DENY] = { "env.deny", FIELD_VARIABLES, FIELD_ON, AT(env_deny), .fallback = "[]",
		.text = "Variables that are taken out of the environment of the container's process and of each that joins later: \"*\" stands for any "
			"characters, \"?\" for one, \"[A-Z]\" for one of these" },
	[PF_ENV_SECRETS] = { "env.secrets", FIELD_WORD, FIELD_ON, AT(env_secrets), .words = secrets_words, .fallback = "off",
		.text = "What happens when a variable looks like a secret: nothing, a warning, or the container (and each process that joins later) is refused. "
			"Looked for are known forms of tokens, private keys, passwords in URLs, JSON web tokens, and random values under names such as "
			"API_KEY; said are the variable's name, what it looks like and where, never the value" },
	[PF_IMAGE_DIGEST] = { "image.require.digest", FIELD_ALLOW, FIELD_CEILING, AT(image.digest), .words = any_words, .item = image_digest,
		.fallback = "\"any\"",
		.text = "Which images may run: SHA-256 digests of their configuration (the image's id) or manifest. What is required of an image must be "
			"known: give its configuration with --image-config where the engine does not" },
	[PF_IMAGE_USER] = { "image.require.user", FIELD_SWITCH, FIELD_ON, AT(image.user), .fallback = "false", .text = "The image names a user, and not root" },
	[PF_IMAGE_HEALTHCHECK] = { "image.require.healthcheck", FIELD_SWITCH, FIELD_ON, AT(image.healthcheck), .fallback = "false", .text = "The image has a health check" },
	[PF_IMAGE_LABEL] = { "image.require.label", FIELD_DENY, FIELD_ON, AT(image.label), .item = image_label, .fallback = "[]",
		.text = "Labels that the image must have, and not empty" },
	[PF_SCAN_FORMAT] = { "image.require.scan.format", FIELD_FLAGS, FIELD_CEILING, AT(image.formats), .words = format_words, .fallback = "all of them",
		.text = "Whose reports count: JSON of trivy, grype or \"snyk container test\", or SARIF that names the image by digest" },
	[PF_SCAN_SEVERITY] = { "image.require.scan.max_severity", FIELD_WORD, FIELD_ON, AT(image.max_severity), .words = scan_words, .fallback = "off",
		.text = "The most severe finding that the report may hold; with \"none\" it may hold none. With any word but \"off\" there must be a report for "
			"exactly this image: --scan-report, or a file in image.require.scan.reports. Nothing is scanned or fetched. What the scanner could "
			"not rate counts as high" },
	[PF_SCAN_AGE] = { "image.require.scan.max_age_days", FIELD_AMOUNT, FIELD_CEILING, AT(image.max_age_days), .min = 0, .max = 36500, .fallback = "any age",
		.text = "How old the report may be; there must be one then. A report without a date is as old as its file" },
	[PF_SCAN_REPORTS] = { "image.require.scan.reports", FIELD_PATH, AT(image.reports), .fallback = "none",
		.text = "A directory of the host with reports named by the image's digest, 64 digits and .json; it, those above it and the reports must be "
			"root's and writable by root alone" },
};
/* clang-format on */

_Static_assert((int)PROFILE_FIELDS <= PROFILE_FIELDS_MAX, "struct profile has too few rules");

const struct field_table profile_table = { .name = "profile", .v = fields, .n = PROFILE_FIELDS, .size = sizeof(struct profile) };

/* ---- controls ---- */

const char *profile_control(size_t i)
{
	return i < N_ELEMENTS(control_words) ? control_words[i].word : NULL;
}

uint64_t profile_controls_all(void)
{
	return (UINT64_C(1) << (N_ELEMENTS(control_words) - 1)) - 1;
}

uint64_t profile_control_bit(const char *name)
{
	size_t n = strcspn(name, ".");

	for (const struct field_word *w = control_words; w->word; w++)
		if (strlen(w->word) == n && strncmp(w->word, name, n) == 0)
			return w->value;
	return 0;
}

uint64_t profile_control_of(enum profile_field f)
{
	return fields[f].kind == FIELD_INFO ? 0 : profile_control_bit(fields[f].name);
}
