/* SPDX-License-Identifier: Apache-2.0 */
/* features: what this build can do, in the OCI's features structure (features.md). Facts of the
 * build, not of the host. */
#include <errno.h>
#include <jansson.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "base/capname.h"
#include "base/helper.h"
#include "cli/cli.h"
#include "kernel/cgroup_unit.h"
#include "kernel/filter.h"
#include "spec/spec.h"

#ifndef SECCOMP_FILTER_FLAG_TSYNC
#define SECCOMP_FILTER_FLAG_TSYNC (1UL << 0)
#endif
#ifndef SECCOMP_FILTER_FLAG_LOG
#define SECCOMP_FILTER_FLAG_LOG (1UL << 1)
#endif
#ifndef SECCOMP_FILTER_FLAG_SPEC_ALLOW
#define SECCOMP_FILTER_FLAG_SPEC_ALLOW (1UL << 2)
#endif
#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

static const struct cli_option no_options[] = { { 0 } };

static const char *const hook_words[] = {
	"prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop",
	NULL,
};
static const char *const namespace_words[] = { "cgroup", "ipc",  "mount", "network", "pid",
					       "time",   "user", "uts",   NULL };
/* Annotations that change what is done: the label narrows capabilities, some of a systemd unit's properties are taken. */
static const char *const annotation_words[] = { "security.capabilities",
						"io.containers.capabilities", CGROUP_UNIT_ANNOTATION,
						NULL };

static json_t *word_array(const char *const *words)
{
	json_t *v = json_array();

	for (; v && *words; words++)
		(void)json_array_append_new(
			v,
			json_string(*words)); /* a lack of memory shows when the whole is dumped */
	return v;
}

static json_t *capability_array(void)
{
	json_t *v = json_array();

	for (int cap = 0; v && cap < CAP_COUNT; cap++)
		(void)json_array_append_new(v, json_sprintf("CAP_%s", capname_of(cap)));
	return v;
}

static json_t *supported_flags(void)
{
	static const struct {
		const char *name;
		unsigned long bit;
	} bits[] = {
		{ "SECCOMP_FILTER_FLAG_TSYNC", SECCOMP_FILTER_FLAG_TSYNC },
		{ "SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG },
		{ "SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW },
		{ "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV",
		  SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV },
	};
	uint32_t have = filter_kernel_flags();
	json_t *v = json_array();

	for (const char *const *word = filter_flag_words; v && *word; word++)
		for (size_t i = 0; i < N_ELEMENTS(bits); i++)
			if (strcmp(*word, bits[i].name) == 0 && (have & bits[i].bit))
				(void)json_array_append_new(v, json_string(*word));
	return v;
}

static json_t *enabled(bool is)
{
	return json_pack("{s:b}", "enabled", is);
}

/* The driver is there when its helper is. */
static bool has_systemd(void)
{
	char path[PATH_MAX];
	struct err ignored = { 0 };

	return helper_find("caisson-systemd", "", path, &ignored) == 0;
}

static json_t *linux_object(void)
{
	const bool systemd = has_systemd();

	return json_pack(
		"{s:o, s:o, s:{s:b, s:b, s:b, s:b, s:b}, s:{s:b, s:o, s:o, s:o, s:o, s:o}, s:o, s:o, s:{s:b, s:b, s:b}, s:{s:o}, s:o, s:{s:o, s:o}}",
		"namespaces", word_array(namespace_words), "capabilities", capability_array(),
		"cgroup", "v1", 1, "v2", 1, "systemd", systemd, "systemdUser", systemd, "rdma", 1, "seccomp",
		"enabled", 1, "actions", word_array(filter_action_words), "operators",
		word_array(filter_operator_words), "archs", word_array(filter_arch_words),
		"knownFlags", word_array(filter_flag_words), "supportedFlags", supported_flags(),
		"apparmor", enabled(true), "selinux", enabled(true), "intelRdt", "enabled", 1,
		"schemata", 1, "monitoring", 1,
		"mountExtensions", "idmap", enabled(true), "netDevices", enabled(true),
		"memoryPolicy", "modes", word_array(spec_memory_mode_words), "flags",
		word_array(spec_memory_flag_words));
}

static json_t *annotations_object(void)
{
	const struct scmp_version *v = seccomp_version();

	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:o}", "io.github.caisson.version",
			 cli_version(), "io.github.caisson.commit", cli_commit(),
			 "org.opencontainers.runc.version", cli_version(),
			 "org.opencontainers.runc.commit", cli_commit(),
			 "org.opencontainers.runc.checkpoint.enabled", "false",
			 "io.github.seccomp.libseccomp.version",
			 v ? json_sprintf("%u.%u.%u", v->major, v->minor, v->micro)
			   : json_string("unknown"));
}

static int features_run(const struct cli_globals *g, const void *options, int argc,
			char *const *argv)
{
	struct err e = { 0 };
	char *text = NULL;
	json_t *v;

	(void)g, (void)options, (void)argc, (void)argv;
	v = json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o}", "ociVersionMin", SPEC_OCI_VERSION_MIN,
		      "ociVersionMax", SPEC_OCI_VERSION_MAX, "hooks", word_array(hook_words),
		      "mountOptions", word_array(spec_mount_option_words), "linux", linux_object(),
		      "annotations", annotations_object(), "potentiallyUnsafeConfigAnnotations",
		      word_array(annotation_words));
	if (v)
		text = json_dumps(v, JSON_INDENT(4));
	json_decref(v);
	if (!text) {
		(void)err_set(&e, ENOMEM, "out of memory");
		return cli_fail(&e, 1);
	}
	puts(text);
	free(text);
	return cli_flush(&e) < 0 ? cli_fail(&e, 1) : 0;
}

const struct cli_command cmd_features = {
	.name = "features",
	.operands = "",
	.summary = "print what this build can do as JSON",
	.options = no_options,
	.run = features_run,
};
