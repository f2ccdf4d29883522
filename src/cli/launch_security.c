/* SPDX-License-Identifier: Apache-2.0 */
/* cli/launch_security.c - --security-opt, and seccomp profiles in Docker's form. */
#include "cli/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/capname.h"
#include "base/fd.h"

enum { PROFILE_MAX = 4 * 1024 * 1024 };

#if defined(__x86_64__)
static const char native_arch[] = "SCMP_ARCH_X86_64";
static const char *const native_names[] = { "amd64", "x86_64" };
#elif defined(__aarch64__)
static const char native_arch[] = "SCMP_ARCH_AARCH64";
static const char *const native_names[] = { "arm64", "aarch64" };
#else
static const char native_arch[] = "";
static const char *const native_names[] = { "" };
#endif

static int no_memory(struct err *e)
{
	return err_set(e, ENOMEM, "out of memory");
}

/* ---- Docker's profile: conditions are settled here, because the document has none ---- */

static bool names_native(const json_t *list)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		for (size_t k = 0; k < N_ELEMENTS(native_names); k++)
			if (str_eq(json_string_value(json_array_get(list, i)), native_names[k]))
				return true;
	return false;
}

/* How many of the listed capabilities are in the set; a name that nobody knows is in no set. */
static size_t caps_held(const json_t *list, uint64_t caps)
{
	size_t n = 0;

	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *name = json_string_value(json_array_get(list, i));
		int cap = name ? capname_find(name, strlen(name)) : -EINVAL;

		n += cap >= 0 && (caps & CAP_BIT(cap)) != 0;
	}
	return n;
}

/* False too when the text is not "major.minor": then the rule, which allows something, is left out.
 */
static bool kernel_is_at_least(const char *text)
{
	unsigned want_major, want_minor, major, minor;
	struct utsname u;

	if (!text || sscanf(text, "%u.%u", &want_major, &want_minor) != 2 || uname(&u) < 0 ||
	    sscanf(u.release, "%u.%u", &major, &minor) != 2)
		return false;
	return major > want_major || (major == want_major && minor >= want_minor);
}

static bool rule_applies(const json_t *rule, uint64_t caps)
{
	const json_t *in = json_object_get(rule, "includes"),
		     *ex = json_object_get(rule, "excludes");
	const json_t *v;

	v = json_object_get(in, "caps");
	if (json_array_size(v) && caps_held(v, caps) != json_array_size(v))
		return false;
	v = json_object_get(in, "arches");
	if (json_array_size(v) && !names_native(v))
		return false;
	v = json_object_get(in, "minKernel");
	if (v && !json_is_null(v) && !kernel_is_at_least(json_string_value(v)))
		return false;
	v = json_object_get(ex, "caps");
	if (json_array_size(v) && caps_held(v, caps))
		return false;
	v = json_object_get(ex, "arches");
	if (json_array_size(v) && names_native(v))
		return false;
	v = json_object_get(ex, "minKernel");
	return !v || json_is_null(v) || !kernel_is_at_least(json_string_value(v));
}

static json_t *rule_reduce(const json_t *rule)
{
	static const char *const kept[] = { "names", "action", "errnoRet" };
	json_t *out = json_object();
	json_t *name = json_object_get(rule, "name"), *args = json_object_get(rule, "args");

	for (size_t i = 0; i < N_ELEMENTS(kept); i++) {
		json_t *v = json_object_get(rule, kept[i]);

		if (v && !json_is_null(v))
			json_object_set(out, kept[i], v);
	}
	if (json_is_string(name))
		json_object_set_new(out, "names", json_pack("[O]", name));
	if (args && !json_is_null(args))
		json_object_set(out, "args", args);
	return out;
}

static json_t *arches_reduce(const json_t *map)
{
	json_t *out = json_array();

	for (size_t i = 0; i < json_array_size(map); i++) {
		const json_t *row = json_array_get(map, i);

		if (!str_eq(json_string_value(json_object_get(row, "architecture")), native_arch))
			continue;
		json_array_append(out, json_object_get(row, "architecture"));
		json_array_extend(out, json_object_get(row, "subArchitectures"));
	}
	return out;
}

json_t *launch_seccomp_reduce(const json_t *profile, uint64_t caps, struct err *e)
{
	static const char *const kept[] = {
		"defaultAction", "defaultErrnoRet", "architectures",
		"flags",         "listenerPath",    "listenerMetadata"
	};
	const json_t *rules = json_object_get(profile, "syscalls"),
		     *map = json_object_get(profile, "archMap");
	json_auto_t *out = json_object();
	json_t *list = json_array();

	if (!json_is_object(profile)) {
		json_decref(list);
		(void)err_set(e, EINVAL, "is not a seccomp profile: expected an object");
		return NULL;
	}
	for (size_t i = 0; i < N_ELEMENTS(kept); i++) {
		json_t *v = json_object_get(profile, kept[i]);

		if (v && !json_is_null(v))
			json_object_set(out, kept[i], v);
	}
	if (json_array_size(map) && !json_object_get(out, "architectures"))
		json_object_set_new(out, "architectures", arches_reduce(map));
	for (size_t i = 0; i < json_array_size(rules); i++) {
		const json_t *rule = json_array_get(rules, i);

		if (rule_applies(rule, caps))
			json_array_append_new(list, rule_reduce(rule));
	}
	if (json_object_set_new(out, "syscalls", list) < 0) {
		(void)no_memory(e);
		return NULL;
	}
	return json_incref(out);
}

json_t *launch_seccomp_read(const char *file, uint64_t caps, struct err *e)
{
	auto_free char *bytes = NULL;
	json_auto_t *doc = NULL;
	json_error_t where;
	json_t *out;
	size_t len = 0;

	if (fd_read_file(AT_FDCWD, file, PROFILE_MAX, &bytes, &len, e) < 0) {
		(void)err_wrap(e, "--security-opt seccomp");
		return NULL;
	}
	doc = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, &where);
	if (!doc) {
		(void)err_set(e, EINVAL, "--security-opt seccomp=%s: line %d: %s", file, where.line,
			      where.text);
		return NULL;
	}
	out = launch_seccomp_reduce(doc, caps, e);
	if (!out)
		(void)err_wrap(e, "--security-opt seccomp=%s", file);
	return out;
}

/* ---- the options ---- */

struct selinux {
	bool disable;
	const char *user, *role, *type, *level;
};

static int read_selinux(const char *value, struct selinux *s, struct err *e)
{
	const struct {
		const char *word;
		const char **slot;
	} parts[] = {
		{ "user:", &s->user },
		{ "role:", &s->role },
		{ "type:", &s->type },
		{ "level:", &s->level },
	};

	if (str_eq(value, "disable")) {
		s->disable = true;
		return 0;
	}
	for (size_t i = 0; i < N_ELEMENTS(parts); i++) {
		if (str_starts(value, parts[i].word) && value[strlen(parts[i].word)]) {
			*parts[i].slot = value + strlen(parts[i].word);
			return 0;
		}
	}
	return err_set(e, EINVAL,
		       "want label=disable, or label=user:, role:, type: or level: with a value");
}

static int read_nnp(struct launch *l, const char *value, struct err *e)
{
	if (!value || str_eq(value, "true"))
		l->nnp_off = false;
	else if (str_eq(value, "false"))
		l->nnp_off = true;
	else
		return err_set(e, EINVAL,
			       "want no-new-privileges, or no-new-privileges:true or :false");
	return 0;
}

static int read_seccomp(struct launch *l, const char *value, struct err *e)
{
	if (!value || !*value)
		return err_set(e, EINVAL, "want seccomp=FILE or seccomp=unconfined");
	json_decref(l->seccomp);
	l->seccomp = NULL;
	if (str_eq(value, "unconfined"))
		return 0;
	l->seccomp = launch_seccomp_read(value, l->cap_base | l->cap_asked, e);
	return l->seccomp ? 0 : -e->code;
}

static int read_option(struct launch *l, const char *text, struct selinux *s, struct err *e)
{
	size_t n = strcspn(text, "=:"); /* Docker takes both */
	const char *value = text[n] ? text + n + 1 : NULL;

	if (n == strlen("no-new-privileges") && str_starts(text, "no-new-privileges"))
		return read_nnp(l, value, e);
	if (n == strlen("seccomp") && str_starts(text, "seccomp"))
		return read_seccomp(l, value, e);
	if (n == strlen("apparmor") && str_starts(text, "apparmor") && value && *value) {
		l->apparmor = str_eq(value, "unconfined") ? NULL : value;
		return 0;
	}
	if (n == strlen("label") && str_starts(text, "label") && value)
		return read_selinux(value, s, e);
	return err_set(e, EINVAL,
		       "unknown; there are no-new-privileges, seccomp=, apparmor= and label=");
}

int launch_read_security(struct launch *l, struct err *e)
{
	struct selinux s = { 0 };

	for (size_t i = 0; i < l->o->security_opt.n; i++)
		if (read_option(l, l->o->security_opt.v[i], &s, e) < 0)
			return str_starts(e->text, "--security-opt")
				       ? -e->code
				       : err_wrap(e, "--security-opt %s", l->o->security_opt.v[i]);
	if (s.disable || !(s.user || s.role || s.type || s.level))
		return 0;
	l->selinux = arena_printf(l->a, "%s:%s:%s:%s", s.user ? s.user : "system_u",
				  s.role ? s.role : "system_r", s.type ? s.type : "container_t",
				  s.level ? s.level : "s0");
	return l->selinux ? 0 : no_memory(e);
}
