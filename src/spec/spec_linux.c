/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The linux block: namespaces, id maps, devices, sysctls and what else is Linux' own. Its
 * resources, its seccomp filter and its id maps have modules of their own.
 */
#include <string.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/str.h"
#include "spec/parts.h"

enum { MAJOR_MAX = (1 << 12) - 1, MINOR_MAX = (1 << 20) - 1 };	/* the kernel's dev_t */

static const struct jread_word ns_table[] = {
	{ "user", NS_USER }, { "cgroup", NS_CGROUP }, { "ipc", NS_IPC }, { "uts", NS_UTS }, { "network", NS_NET },
	{ "pid", NS_PID }, { "mount", NS_MOUNT }, { "time", NS_TIME },
};
static const struct jread_words ns_words = { ns_table, N_ELEMENTS(ns_table) };

struct ns_entry { int kind; const char *path; };
static const struct jread_field ns_fields[] = {
	{ "type", jread_word, JREAD_TO(struct ns_entry, kind), .words = &ns_words, .required = true },
	{ "path", jread_string_opt, JREAD_TO(struct ns_entry, path), .text = spec_text_absolute },
};
static const struct jread_schema ns_schema = { ns_fields, N_ELEMENTS(ns_fields), NULL };

/* A list in the document, a table by kind for us. */
static int read_namespaces(const struct jread_at *at, const struct jnode *v,
			   const struct jread_field *f, void *out, struct err *e)
{
	struct namespace *ns = out;
	size_t i = 0;

	(void)f;
	if (v->type != JARRAY)
		return jread_refuse(at, NULL, e, "must be an array");
	jnode_each(item, v) {
		struct jread_at here = jread_item(at, i++);
		struct ns_entry one = { 0 };
		int r = jread_members(&here, item, &ns_schema, &one, e);

		if (r < 0)
			return r;
		if (ns[one.kind].mode != NS_INHERIT)
			return jread_refuse(&here, "type", e, "\"%s\" is given twice",
					    ns_table[one.kind].word);
		ns[one.kind] = (struct namespace){ one.path ? NS_JOIN : NS_NEW, one.path };
	}
	return 0;
}

static const struct jread_range nanosecs_range = { 0, 999999999 };
static const struct jread_field offset_fields[] = {
	{ "secs", jread_int, JREAD_TO(struct time_offset, secs) },
	{ "nanosecs", jread_uint, JREAD_TO(struct time_offset, nanosecs), .range = &nanosecs_range },
};
static const struct jread_schema offset_schema = { offset_fields, N_ELEMENTS(offset_fields), NULL };
static const struct jread_field offsets_fields[] = {
	{ "boottime", jread_object, JREAD_TO(struct spec, boottime), JREAD_FLAG(struct spec, boottime.set),
	  .schema = &offset_schema },
	{ "monotonic", jread_object, JREAD_TO(struct spec, monotonic), JREAD_FLAG(struct spec, monotonic.set),
	  .schema = &offset_schema },
};
static const struct jread_schema offsets_schema = { offsets_fields, N_ELEMENTS(offsets_fields),
						    NULL };

static int check_mode(const struct jread_at *at, struct device *d, struct err *e)
{
	static const struct {
		char type;
		mode_t bits;
	} kinds[] = { { 'c', S_IFCHR }, { 'b', S_IFBLK }, { 'p', S_IFIFO } };

	/* Some engines hand over st_mode as it is. Its file type says nothing new, if it is the
	 * right one. */
	for (size_t i = 0; i < N_ELEMENTS(kinds); i++)
		if (kinds[i].type == d->type && (d->mode & S_IFMT) == kinds[i].bits)
			d->mode &= ~(uint32_t)S_IFMT;
	if (d->mode > 0777)
		return jread_refuse(at, "fileMode", e, "must be between 0 and 511 (0777)");
	return 0;
}

static int check_device(const struct jread_at *at, void *value, struct err *e)
{
	struct device *d = value;

	if (d->type != 'p' && d->major < 0)
		return jread_refuse(at, "major", e, "is required");
	if (d->type != 'p' && d->minor < 0)
		return jread_refuse(at, "minor", e, "is required");
	return check_mode(at, d, e);
}

static const struct jread_word device_type_table[] = {
	{ "c", 'c' }, { "u", 'c' }, { "b", 'b' }, { "p", 'p' }
};
static const struct jread_words device_type_words = { device_type_table,
						      N_ELEMENTS(device_type_table) };
/* The kernel would cut a number that is too large, and make another device. */
static const struct jread_range major_range = { 0, MAJOR_MAX }, minor_range = { 0, MINOR_MAX };
static const struct jread_range id_range = { 0, UINT32_MAX - 1 };
static const struct jread_field device_fields[] = {
	{ "type", jread_word, JREAD_TO(struct device, type), .words = &device_type_words, .required = true },
	{ "path", jread_string, JREAD_TO(struct device, path), .text = spec_text_below_root, .required = true },
	{ "major", jread_int, JREAD_TO(struct device, major), .range = &major_range },
	{ "minor", jread_int, JREAD_TO(struct device, minor), .range = &minor_range },
	{ "fileMode", jread_uint, JREAD_TO(struct device, mode), JREAD_FLAG(struct device, has_mode) },
	{ "uid", jread_uint, JREAD_TO(struct device, uid), JREAD_FLAG(struct device, has_uid), .range = &id_range },
	{ "gid", jread_uint, JREAD_TO(struct device, gid), JREAD_FLAG(struct device, has_gid), .range = &id_range },
};
static const struct jread_schema device_schema = { device_fields, N_ELEMENTS(device_fields),
						   check_device };

static int read_device(const struct jread_at *at, const struct jnode *v,
		       const struct jread_field *f, void *out, struct err *e)
{
	struct device *d = out;
	int r;

	(void)f;
	d->major = d->minor = -1;
	r = jread_members(at, v, &device_schema, d, e);
	if (r == 0 && d->type == 'p')
		d->major = d->minor = 0;
	return r;
}
static const struct jread_list devices_list = { { .read = read_device },
						sizeof(struct device),
						NULL };

static const struct jread_word propagation_table[] = {
	{ "shared", MS_SHARED }, { "rshared", MS_SHARED | MS_REC }, { "slave", MS_SLAVE },
	{ "rslave", MS_SLAVE | MS_REC }, { "private", MS_PRIVATE }, { "rprivate", MS_PRIVATE | MS_REC },
	{ "unbindable", MS_UNBINDABLE }, { "runbindable", MS_UNBINDABLE | MS_REC },
};
static const struct jread_words propagation_words = { propagation_table,
						      N_ELEMENTS(propagation_table) };

static int read_propagation(const struct jread_at *at, const struct jnode *v,
			    const struct jread_field *f, void *out, struct err *e)
{
	const char *text = jread_text_of(v);

	return text && !text[0] ? 0 : jread_word(at, v, f, out, e);
}

static const struct jread_word domain_table[] = { { "LINUX", PER_LINUX },
						  { "LINUX32", PER_LINUX32 } };
static const struct jread_words domain_words = { domain_table, N_ELEMENTS(domain_table) };

/* OCI defines no flag, so every one is a value we do not know. */
static int read_no_flags(const struct jread_at *at, const struct jnode *v,
			 const struct jread_field *f, void *out, struct err *e)
{
	(void)f;
	(void)out;
	if (v->type != JARRAY)
		return jread_refuse(at, NULL, e, "must be an array");
	return v->len ? jread_refuse(at, NULL, e, "no flag is supported") : 0;
}
static const struct jread_field personality_fields[] = {
	{ "domain", jread_word, JREAD_TO(struct spec, personality), .words = &domain_words, .required = true },
	{ "flags", read_no_flags, .offset = 0 },
};
static const struct jread_schema personality_schema = { personality_fields,
							N_ELEMENTS(personality_fields), NULL };

static const struct jread_field linux_fields[] = {
	{ "namespaces", read_namespaces, JREAD_TO(struct spec, ns) },
	{ "uidMappings", jread_array, JREAD_TO(struct spec, uid_map), .list = &spec_idmaps_list },
	{ "gidMappings", jread_array, JREAD_TO(struct spec, gid_map), .list = &spec_idmaps_list },
	{ "timeOffsets", jread_object, .offset = 0, .schema = &offsets_schema },
	{ "devices", jread_array, JREAD_TO(struct spec, devices), .list = &devices_list },
	{ "netDevices", spec_net_devices, JREAD_TO(struct spec, net_devices) },
	{ "cgroupsPath", jread_string_opt, JREAD_TO(struct spec, cgroups_path), .text = spec_text_cgroup },
	{ "resources", jread_object, JREAD_TO(struct spec, resources), JREAD_FLAG(struct spec, has_resources),
	  .schema = &spec_resources_schema },
	{ "rootfsPropagation", read_propagation, JREAD_TO(struct spec, rootfs_propagation),
	  .words = &propagation_words },
	{ "seccomp", jread_object, JREAD_TO(struct spec, seccomp), JREAD_FLAG(struct spec, has_seccomp),
	  .schema = &spec_seccomp_schema },
	{ "sysctl", jread_map, JREAD_TO(struct spec, sysctl), .text = spec_text_sysctl },
	{ "maskedPaths", jread_strings, JREAD_TO(struct spec, masked_paths), .text = spec_text_below_root },
	{ "readonlyPaths", jread_strings, JREAD_TO(struct spec, readonly_paths), .text = spec_text_below_root },
	{ "mountLabel", jread_string_opt, JREAD_TO(struct spec, mount_label) },
	{ "intelRdt", jread_object, JREAD_TO(struct spec, intel_rdt), JREAD_FLAG(struct spec, intel_rdt.set),
	  .schema = &spec_rdt_schema },
	{ "memoryPolicy", jread_object, JREAD_TO(struct spec, memory_policy), JREAD_FLAG(struct spec, memory_policy.set),
	  .schema = &spec_memory_policy_schema },
	{ "personality", jread_object, .offset = 0, JREAD_FLAG(struct spec, has_personality),
	  .schema = &personality_schema },
};
const struct jread_schema spec_linux_schema = { linux_fields, N_ELEMENTS(linux_fields), NULL };

static int check_user_namespace(const struct jread_at *at, const struct spec *s, struct err *e)
{
	int r = spec_idmaps_pair(at, &s->uid_map, &s->gid_map, e);

	if (r < 0)
		return r;
	if (s->uid_map.n && s->ns[NS_USER].mode == NS_INHERIT)
		return jread_refuse(at, "uidMappings", e,
				    "needs a user namespace in linux.namespaces");
	if (!s->uid_map.n && s->ns[NS_USER].mode == NS_NEW)
		return jread_refuse(at, "uidMappings", e, "is required by a new user namespace");
	return 0;
}

int spec_linux_rules(const struct jread_at *at, const struct spec *s, struct err *e)
{
	struct jread_at resources = jread_key(at, "resources");
	int r = check_user_namespace(at, s, e);

	if (r < 0)
		return r;
	if ((s->boottime.set || s->monotonic.set) && s->ns[NS_TIME].mode != NS_NEW)
		return jread_refuse(at, "timeOffsets", e,
				    "needs a new time namespace in linux.namespaces");
	if (s->net_devices.n && s->ns[NS_NET].mode == NS_INHERIT)
		return jread_refuse(at, "netDevices", e,
				    "needs a network namespace in linux.namespaces");
	return s->has_resources ? spec_resources_rules(&resources, &s->resources, e) : 0;
}
