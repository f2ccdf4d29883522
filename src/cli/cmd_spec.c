/* SPDX-License-Identifier: Apache-2.0 */
/* spec: a config.json to start from. Everything in it is meant to be edited. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "cli/cli.h"
#include "spec/spec.h"

struct spec_options {
	const char *bundle;
	bool rootless;
};

static const struct cli_option spec_options[] = {
	{ "bundle", 'b', CLI_STRING, offsetof(struct spec_options, bundle), "DIR",
	  "where to write config.json" },
	{ "rootless", 0, CLI_BOOL, offsetof(struct spec_options, rootless), NULL,
	  "for an ordinary user: own user namespace, no limits" },
	{ 0 },
};

static const char *const words_masked[] = {
	"/proc/acpi",
	"/proc/asound",
	"/proc/interrupts",
	"/proc/kcore",
	"/proc/keys",
	"/proc/latency_stats",
	"/proc/sched_debug",
	"/proc/scsi",
	"/proc/timer_list",
	"/proc/timer_stats",
	"/sys/devices/virtual/powercap",
	"/sys/firmware",
	NULL,
};
static const char *const words_readonly[] = { "/proc/bus",           "/proc/fs",
					      "/proc/irq",           "/proc/sys",
					      "/proc/sysrq-trigger", NULL };
static const char *const words_caps[] = { "CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE",
					  NULL };
static const char *const words_cap_sets[] = { "bounding", "effective", "permitted", NULL };

struct template_mount {
	const char *destination, *type, *source, *options, *rootless_options;
};

/* rootless_options NULL: as for root. A user namespace without gid 5 cannot use gid=5; it may mount
 * sysfs only with a network namespace of its own, so the host's is bound. */
static const struct template_mount mounts[] = {
	{ "/proc", "proc", "proc", NULL, NULL },
	{ "/dev", "tmpfs", "tmpfs", "nosuid strictatime mode=755 size=65536k", NULL },
	{ "/dev/pts", "devpts", "devpts", "nosuid noexec newinstance ptmxmode=0666 mode=0620 gid=5",
	  "nosuid noexec newinstance ptmxmode=0666 mode=0620" },
	{ "/dev/shm", "tmpfs", "shm", "nosuid noexec nodev mode=1777 size=65536k", NULL },
	{ "/dev/mqueue", "mqueue", "mqueue", "nosuid noexec nodev", NULL },
	{ "/sys", "sysfs", "sysfs", "nosuid noexec nodev ro", "rbind nosuid noexec nodev ro" },
	{ "/sys/fs/cgroup", "cgroup", "cgroup", "nosuid noexec nodev relatime ro", "" },
};

static void add_words(struct str *s, const char *indent, const char *name, const char *const *words)
{
	str_addf(s, "%s\"%s\": [\n", indent, name);
	for (; *words; words++)
		str_addf(s, "%s\t\"%s\"%s\n", indent, *words, words[1] ? "," : "");
	str_addf(s, "%s]", indent);
}

static void add_process(struct str *s)
{
	str_add(s, "\t\"process\": {\n"
		   "\t\t\"terminal\": true,\n"
		   "\t\t\"user\": {\n\t\t\t\"uid\": 0,\n\t\t\t\"gid\": 0\n\t\t},\n"
		   "\t\t\"args\": [\n\t\t\t\"sh\"\n\t\t],\n"
		   "\t\t\"env\": [\n"
		   "\t\t\t\"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\",\n"
		   "\t\t\t\"TERM=xterm\"\n\t\t],\n"
		   "\t\t\"cwd\": \"/\",\n"
		   "\t\t\"capabilities\": {\n");
	for (size_t i = 0; words_cap_sets[i]; i++) {
		add_words(s, "\t\t\t", words_cap_sets[i], words_caps);
		str_add(s, words_cap_sets[i + 1] ? ",\n" : "\n");
	}
	str_add(s,
		"\t\t},\n"
		"\t\t\"rlimits\": [\n\t\t\t{\n\t\t\t\t\"type\": \"RLIMIT_NOFILE\",\n\t\t\t\t\"hard\": 1024,\n"
		"\t\t\t\t\"soft\": 1024\n\t\t\t}\n\t\t],\n"
		"\t\t\"noNewPrivileges\": true\n\t},\n");
}

static void add_mount_options(struct str *s, const char *words)
{
	str_add(s, ",\n\t\t\t\"options\": [\n");
	while (*words) {
		size_t len = strcspn(words, " ");

		str_add(s, "\t\t\t\t\"");
		str_add_bytes(s, words, len);
		words += len + strspn(words + len, " ");
		str_add(s, *words ? "\",\n" : "\"\n");
	}
	str_add(s, "\t\t\t]");
}

static void add_mounts(struct str *s, bool rootless)
{
	const char *comma = "";

	str_add(s, "\t\"mounts\": [\n");
	for (size_t i = 0; i < N_ELEMENTS(mounts); i++) {
		const struct template_mount *m = &mounts[i];
		const char *options =
			rootless && m->rootless_options ? m->rootless_options : m->options;
		bool bind = options && str_starts(options, "rbind");

		if (options && !*options)
			continue;
		str_addf(
			s,
			"%s\t\t{\n\t\t\t\"destination\": \"%s\",\n\t\t\t\"type\": \"%s\",\n\t\t\t\"source\": \"%s\"",
			comma, m->destination, bind ? "none" : m->type,
			bind ? m->destination : m->source);
		if (options)
			add_mount_options(s, options);
		str_add(s, "\n\t\t}");
		comma = ",\n";
	}
	str_add(s, "\n\t],\n");
}

static void add_id_map(struct str *s, const char *name, unsigned host)
{
	str_addf(
		s,
		"\t\t\"%s\": [\n\t\t\t{\n\t\t\t\t\"containerID\": 0,\n\t\t\t\t\"hostID\": %u,\n\t\t\t\t\"size\": 1\n"
		"\t\t\t}\n\t\t],\n",
		name, host);
}

static void add_linux(struct str *s, bool rootless)
{
	static const char *const kinds_root[] = { "pid",   "network", "ipc", "uts",
						  "mount", "cgroup",  NULL };
	static const char *const kinds_rootless[] = { "pid",    "ipc",  "uts", "mount",
						      "cgroup", "user", NULL };
	const char *const *kind = rootless ? kinds_rootless : kinds_root;

	str_add(s, "\t\"linux\": {\n");
	if (rootless) {
		add_id_map(s, "uidMappings", geteuid());
		add_id_map(s, "gidMappings", getegid());
	} else {
		str_add(s,
			"\t\t\"resources\": {\n\t\t\t\"devices\": [\n\t\t\t\t{\n\t\t\t\t\t\"allow\": false,\n"
			"\t\t\t\t\t\"access\": \"rwm\"\n\t\t\t\t}\n\t\t\t]\n\t\t},\n");
	}
	str_add(s, "\t\t\"namespaces\": [\n");
	for (; *kind; kind++)
		str_addf(s, "\t\t\t{\n\t\t\t\t\"type\": \"%s\"\n\t\t\t}%s\n", *kind,
			 kind[1] ? "," : "");
	str_add(s, "\t\t],\n");
	add_words(s, "\t\t", "maskedPaths", words_masked);
	str_add(s, ",\n");
	add_words(s, "\t\t", "readonlyPaths", words_readonly);
	str_add(s, "\n\t}\n");
}

static int write_config(const char *dir, const struct str *s, struct err *e)
{
	auto_fd int at = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_fd int fd = -1;
	int r;

	if (at < 0)
		return err_sys(e, "open bundle %s", dir);
	fd = openat(at, "config.json", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0 && errno == EEXIST)
		return err_set(e, EEXIST, "File config.json exists. Remove it first");
	if (fd < 0)
		return err_sys(e, "create %s/config.json", dir);
	r = fd_write_all(fd, s->s, s->len);
	if (r < 0) {
		(void)unlinkat(at, "config.json", 0); /* the first error is the one to tell */
		return err_code(e, -r, "write %s/config.json", dir);
	}
	return 0;
}

static int spec_run(const struct cli_globals *g, const void *options, int argc, char *const *argv)
{
	const struct spec_options *o = options;
	auto_str s = { 0 };
	struct err e = { 0 };
	int r;

	(void)g, (void)argc, (void)argv;
	str_addf(&s, "{\n\t\"ociVersion\": \"%s\",\n", SPEC_OCI_VERSION_MAX);
	add_process(&s);
	str_add(&s,
		"\t\"root\": {\n\t\t\"path\": \"rootfs\",\n\t\t\"readonly\": true\n\t},\n\t\"hostname\": \"caisson\",\n");
	add_mounts(&s, o->rootless);
	add_linux(&s, o->rootless);
	str_add(&s, "}\n");
	r = s.failed ? err_set(&e, ENOMEM, "out of memory")
		     : write_config(o->bundle ? o->bundle : ".", &s, &e);
	return r < 0 ? cli_fail(&e, 1) : 0;
}

const struct cli_command cmd_spec = {
	.name = "spec",
	.operands = "",
	.summary = "write a config.json to start from",
	.options = spec_options,
	.options_size = sizeof(struct spec_options),
	.run = spec_run,
};
