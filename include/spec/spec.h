/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spec/spec.h - bytes of a config.json into plain structs. No system calls.
 *
 * Bounds: SPEC_MAX_BYTES of input, depth 64, SPEC_MAX_ITEMS per array. Unknown properties are ignored (OCI: extensibility),
 * invalid values are refused with their JSON path: "linux.uidMappings[0].size: is required". Duplicate keys are refused.
 * A value that is valid but that nobody can act on is refused by name too ("process.scheduler.policy: SCHED_ISO is not
 * supported").
 * null counts as absent, and so does an empty string where a path, a label or a name is optional. In resources an engine's 0
 * for "none asked" counts as absent as well: memory limits, cpu shares, quota and period, block IO weights; not
 * pids.limit, swappiness, idle.
 */
#ifndef CAISSON_SPEC_SPEC_H
#define CAISSON_SPEC_SPEC_H

#include "base/arena.h"
#include "base/err.h"
#include "spec/types.h"

#define SPEC_OCI_VERSION_MIN "1.0.0"
#define SPEC_OCI_VERSION_MAX "1.3.0"
enum { SPEC_MAX_BYTES = 16 * 1024 * 1024, SPEC_MAX_ITEMS = 65536 };

struct spec {
	const char *oci_version;
	const char *hostname, *domainname;	/* NULL when absent */
	const char *root_path;			/* as written */
	bool root_readonly;
	bool has_process;
	struct process process;
	struct mounts mounts;
	struct hooks hooks[HOOK_KINDS];
	struct key_values annotations;

	struct namespace ns[NS_KINDS];
	struct id_maps uid_map, gid_map;
	struct time_offset boottime, monotonic;
	struct devices devices;
	struct net_devices net_devices;
	const char *cgroups_path;		/* NULL when absent */
	bool has_resources;
	struct resources resources;
	unsigned long rootfs_propagation;	/* MS_*, with MS_REC for the r forms; 0 = absent */
	struct strings masked_paths, readonly_paths;
	const char *mount_label;		/* SELinux */
	struct key_values sysctl;
	bool has_seccomp;
	struct seccomp seccomp;
	struct memory_policy memory_policy;
	struct intel_rdt intel_rdt;
	bool has_personality;
	unsigned long personality;		/* PER_LINUX or PER_LINUX32 */
};

/* *out lives in `a`. On failure the arena may have grown but *out is untouched. */
int spec_parse(struct arena *a, const char *bytes, size_t len, const struct spec **out, struct err *e);
/* A process.json as exec --process takes it: error paths start with "process". */
int spec_parse_process(struct arena *a, const char *bytes, size_t len, const struct process **out, struct err *e);
/* A LinuxResources document as update --resources takes it: error paths start with "resources". */
int spec_parse_resources(struct arena *a, const char *bytes, size_t len, const struct resources **out, struct err *e);

/* The words that features(1) lists, in this order, NULL at the end: every mount option word that has a meaning here. */
extern const char *const spec_mount_option_words[];
/* And every mode and flag of linux.memoryPolicy. */
extern const char *const spec_memory_mode_words[], *const spec_memory_flag_words[];
/* Reads one options list (as in mounts[].options) into m; used by launch for -v and --mount too. `where` is put in front
 * of an error. */
int spec_mount_options(struct arena *a, const struct strings *options, struct mount *m, const char *where, struct err *e);
/* NULL, or what is wrong with a value of l3CacheSchema or memBwSchema (update). */
const char *spec_rdt_cache(const char *text);
const char *spec_rdt_bandwidth(const char *text);
/* RLIMIT_NOFILE or "nofile" -> the number, or -EINVAL; and back ("RLIMIT_NOFILE"), NULL when unknown. */
int spec_rlimit_find(const char *name);
const char *spec_rlimit_name(int resource);

/* Which namespace a sysctl belongs to (enum ns_kind), or -1: it would change the host. `key` in either form,
 * "net.ipv4.ip_forward" or "net/ipv4/ip_forward". Pure. */
int spec_sysctl_namespace(const char *key);
/* The key as a path below /proc/sys: "net/ipv4/ip_forward". The first separator decides the form, as in sysctl(8). Never
 * has "", "." or ".." as a component. 0 or -EINVAL. */
int spec_sysctl_path(const char *key, char *out, size_t size);

#endif
