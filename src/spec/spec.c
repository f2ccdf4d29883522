/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The document: version, root, host names, hooks, annotations; and the rules between its parts.
 */
#include "spec/spec.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "spec/parts.h"

static const struct jread_range timeout_range = { 1, INT_MAX };
static const struct jread_field hook_fields[] = {
	{ "path", jread_string, JREAD_TO(struct hook, path), .text = spec_text_absolute, .required = true },
	{ "args", jread_strings, JREAD_TO(struct hook, args) },
	{ "env", jread_strings, JREAD_TO(struct hook, env), .text = spec_text_env },
	{ "timeout", jread_int, JREAD_TO(struct hook, timeout), .range = &timeout_range },
};
static const struct jread_schema hook_schema = { hook_fields, N_ELEMENTS(hook_fields), NULL };
static const struct jread_list hook_list = { { .read = jread_object, .schema = &hook_schema },
					     sizeof(struct hook),
					     NULL };

#define HOOK(kind) JREAD_TO(struct spec, hooks[kind]), .list = &hook_list
static const struct jread_field hooks_fields[] = {
	{ "prestart", jread_array, HOOK(HOOK_PRESTART) },
	{ "createRuntime", jread_array, HOOK(HOOK_CREATE_RUNTIME) },
	{ "createContainer", jread_array, HOOK(HOOK_CREATE_CONTAINER) },
	{ "startContainer", jread_array, HOOK(HOOK_START_CONTAINER) },
	{ "poststart", jread_array, HOOK(HOOK_POSTSTART) },
	{ "poststop", jread_array, HOOK(HOOK_POSTSTOP) },
};
#undef HOOK
const struct jread_schema spec_hooks_schema = { hooks_fields, N_ELEMENTS(hooks_fields), NULL };

static const struct jread_field root_fields[] = {
	{ "path", jread_string, JREAD_TO(struct spec, root_path), .text = spec_text_filled, .required = true },
	{ "readonly", jread_bool, JREAD_TO(struct spec, root_readonly) },
};
static const struct jread_schema root_schema = { root_fields, N_ELEMENTS(root_fields), NULL };

/* A number as semver.org has it: no leading zero. NULL when there is none. */
static const char *semver_number(const char *p, unsigned long *out)
{
	size_t len = strspn(p, "0123456789");

	if (len == 0 || len > 6 || (len > 1 && p[0] == '0'))
		return NULL;
	*out = strtoul(p, NULL, 10);
	return p + len;
}

/* "-rc.1" and "+dev.7": identifiers of letters, digits and hyphens between dots. */
static const char *semver_tail(const char *p)
{
	static const char letters[] =
		"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-";

	do {
		size_t len = strspn(++p, letters);

		if (len == 0)
			return NULL;
		p += len;
	} while (*p == '.');
	return p;
}

static bool semver_read(const char *text, unsigned long v[3])
{
	const char *p = text;

	for (int i = 0; i < 3; i++) {
		p = semver_number(p, &v[i]);
		if (!p || (i < 2 && *p++ != '.'))
			return false;
	}
	if (*p == '-')
		p = semver_tail(p);
	if (p && *p == '+')
		p = semver_tail(p);
	return p && !*p;
}

static int read_version(const struct jread_at *at, const struct jnode *v,
			const struct jread_field *f, void *out, struct err *e)
{
	unsigned long have[3], known[3] = { 0 };
	const char *text = jread_text_of(v);
	int r = jread_string(at, v, f, out, e);

	if (r < 0)
		return r;
	if (!semver_read(text, have))
		return jread_refuse(at, NULL, e, "\"%s\" is no version (such as %s)",
				    jread_quote(text).s, SPEC_OCI_VERSION_MAX);
	if (have[0] != 1)
		return jread_refuse(
			at, NULL, e, "\"%s\" is not supported (%s up to %s and later 1.x are)",
			jread_quote(text).s, SPEC_OCI_VERSION_MIN, SPEC_OCI_VERSION_MAX);
	if (semver_read(SPEC_OCI_VERSION_MAX, known) && have[1] > known[1])
		log_debug("ociVersion %s is newer than %s: what is new in it is ignored",
			  jread_quote(text).s, SPEC_OCI_VERSION_MAX);
	return 0;
}

static int check_host_names(const struct jread_at *at, const struct spec *s, struct err *e)
{
	if (s->ns[NS_UTS].mode != NS_INHERIT)
		return 0;
	if (s->hostname)
		return jread_refuse(at, "hostname", e, "needs a uts namespace in linux.namespaces");
	if (s->domainname)
		return jread_refuse(at, "domainname", e,
				    "needs a uts namespace in linux.namespaces");
	return 0;
}

/* Until 1.3 the specification could be read as if a pids.limit of 0 were none, runc and crun left the cgroup alone, and podman up to 5.4
 * writes 0 where it was told -1. Since 1.3 it is the number (opencontainers/runtime-spec#1279). */
static void drop_old_zero(struct spec *s)
{
	unsigned long v[3] = { 0 };

	if (semver_read(s->oci_version, v) && v[0] == 1 && v[1] < 3 && s->resources.pids_limit.v == 0)
		s->resources.pids_limit.set = false;
}

static int check_spec(const struct jread_at *at, void *value, struct err *e)
{
	struct jread_at linux_at = jread_key(at, "linux"), mounts_at = jread_key(at, "mounts");
	struct spec *s = value;
	int r = check_host_names(at, s, e);

	drop_old_zero(s);

	if (r == 0)
		r = spec_linux_rules(&linux_at, s, e);
	if (r == 0)
		r = spec_mounts_rules(&mounts_at, &s->mounts, s->ns[NS_USER].mode != NS_INHERIT, e);
	return r;
}

static const struct jread_field spec_fields[] = {
	{ "ociVersion", read_version, JREAD_TO(struct spec, oci_version), .required = true },
	{ "root", jread_object, .offset = 0, .schema = &root_schema, .required = true },
	{ "hostname", jread_string_opt, JREAD_TO(struct spec, hostname), .text = spec_text_hostname },
	{ "domainname", jread_string_opt, JREAD_TO(struct spec, domainname), .text = spec_text_hostname },
	{ "process", jread_object, JREAD_TO(struct spec, process), JREAD_FLAG(struct spec, has_process),
	  .schema = &spec_process_schema },
	{ "mounts", jread_array, JREAD_TO(struct spec, mounts), .list = &spec_mounts_list },
	{ "hooks", jread_object, .offset = 0, .schema = &spec_hooks_schema },
	{ "annotations", jread_map, JREAD_TO(struct spec, annotations) },
	{ "linux", jread_object, .offset = 0, .schema = &spec_linux_schema },
};
static const struct jread_schema spec_schema = { spec_fields, N_ELEMENTS(spec_fields), check_spec };

/* Reads one document whose paths begin with `key` (NULL: with the names of its own members). */
static int read_document(struct jread_doc *doc, const char *key, const struct jread_schema *schema,
			 void *out, struct err *e)
{
	struct jread_at top = { .doc = doc, .key = key };
	int r = out ? jread_members(&top, doc->root, schema, out, e) : jread_no_memory(&top, e);

	jread_done(doc);
	return r;
}

int spec_parse(struct arena *a, const char *bytes, size_t len, const struct spec **out,
	       struct err *e)
{
	struct jread_doc doc = { .arena = a };
	int r = jread_load(&doc, "config.json", bytes, len, e);
	struct spec *s;

	if (r < 0)
		return r;
	s = arena_alloc(a, sizeof(*s));
	r = read_document(&doc, NULL, &spec_schema, s, e);
	if (r == 0)
		*out = s;
	return r;
}

int spec_parse_process(struct arena *a, const char *bytes, size_t len, const struct process **out,
		       struct err *e)
{
	struct jread_doc doc = { .arena = a };
	int r = jread_load(&doc, "process", bytes, len, e);
	struct process *p;

	if (r < 0)
		return r;
	p = arena_alloc(a, sizeof(*p));
	r = read_document(&doc, "process", &spec_process_schema, p, e);
	if (r == 0)
		*out = p;
	return r;
}

int spec_parse_resources(struct arena *a, const char *bytes, size_t len,
			 const struct resources **out, struct err *e)
{
	struct jread_doc doc = { .arena = a };
	int r = jread_load(&doc, "resources", bytes, len, e);
	struct resources *res;

	if (r < 0)
		return r;
	res = arena_alloc(a, sizeof(*res));
	r = read_document(&doc, "resources", &spec_resources_schema, res, e);
	if (r == 0)
		*out = res;
	return r;
}
