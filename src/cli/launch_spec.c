/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/launch_spec.c - what was understood, as a config.json: the same document that a bundle has,
 * so that launch has no road of its own past the reader and the policy.
 */
#include "cli/image_facts.h"
#include "cli/launch.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base/capname.h"
#include "base/fd.h"
#include "base/log.h"
#include "container/host_view.h"
#include "container/root_view.h"
#include "kernel/host.h"
#include "policy/merge.h"

#define OCI_VERSION "1.2.0"
/* RLIM_INFINITY is written 18446744073709551615, which jansson cannot: a random word of the same
 * length, quotes included, stands for it until the text is made. */
enum { UNLIMITED = 18 };
static const char unlimited_digits[] = "18446744073709551615";

/* Remembers the first text that could not be taken, so that the builders need no check on every
 * line. */
struct builder {
	struct launch *l;
	const char *bad;
	bool failed;
	char unlimited[UNLIMITED + 1];
};

static json_t *text(struct builder *b, const char *s)
{
	json_t *v = json_string(s);

	if (!v && !b->failed) {
		b->failed = true;
		b->bad = s;
	}
	return v;
}

static void put(struct builder *b, json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(object, key, value) < 0)
		b->failed = true;
}

static void put_text(struct builder *b, json_t *object, const char *key, const char *s)
{
	if (s)
		put(b, object, key, text(b, s));
}

static void add(struct builder *b, json_t *array, json_t *value)
{
	if (json_array_append_new(array, value) < 0)
		b->failed = true;
}

static json_t *texts(struct builder *b, const char *const *v, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		add(b, list, text(b, v[i]));
	return list;
}

/* ---- process ---- */

json_t *launch_caps_json(uint64_t set)
{
	json_t *list = json_array();

	for (int cap = 0; cap < CAP_COUNT; cap++)
		if (set & CAP_BIT(cap))
			json_array_append_new(list, json_sprintf("CAP_%s", capname_of(cap)));
	return list;
}

static json_t *capabilities(struct builder *b)
{
	const struct launch *l = b->l;
	json_t *caps = json_object();
	uint64_t all = l->cap_base | l->cap_asked;
	/* Without root's special standing only ambient capabilities survive an exec: what was asked
	 * for by name is given that way, and nothing else. */
	bool root = l->user.uid == 0;
	uint64_t held = root ? all : l->cap_asked;

	put(b, caps, "bounding", launch_caps_json(all));
	put(b, caps, "effective", launch_caps_json(held));
	put(b, caps, "permitted", launch_caps_json(held));
	put(b, caps, "inheritable", launch_caps_json(root ? 0 : held));
	put(b, caps, "ambient", launch_caps_json(root ? 0 : held));
	return caps;
}

static json_t *user(struct builder *b)
{
	const struct launch *l = b->l;
	json_t *groups = json_array(), *v = json_object();

	put(b, v, "uid", json_integer(l->user.uid));
	put(b, v, "gid", json_integer(l->user.gid));
	for (size_t i = 0; i < l->user.groups.n; i++)
		add(b, groups, json_integer(l->user.groups.v[i]));
	/* One mapped id has no room for more groups. */
	if (json_array_size(groups) && !(l->own_users && l->range_size == 1))
		put(b, v, "additionalGids", groups);
	else
		json_decref(groups);
	return v;
}

static json_t *limit(const struct builder *b, uint64_t v)
{
	return v > INT64_MAX ? json_string(b->unlimited) : json_integer((json_int_t)v);
}

static int make_unlimited(struct builder *b, struct err *e)
{
	uint64_t random;

	if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return err_sys(e, "getrandom");
	(void)snprintf(b->unlimited, sizeof(b->unlimited), "limit%013llx",
		       (unsigned long long)(random >> 12));
	return 0;
}

static void write_unlimited(const struct builder *b, char *doc)
{
	for (char *at = doc; (at = strstr(at, b->unlimited)); at += UNLIMITED)
		memcpy(at - 1, unlimited_digits, sizeof(unlimited_digits) - 1);
}

static json_t *environment(struct builder *b)
{
	const struct launch *l = b->l;
	const struct {
		const char *key, *value;
	} defaults[] = { { "HOME=", l->user.home }, { "HOSTNAME=", l->hostname } };
	json_t *env = texts(b, l->env.v, l->env.n);

	for (size_t i = 0; i < N_ELEMENTS(defaults); i++) {
		bool given = false;

		for (size_t k = 0; k < l->env.n; k++)
			given |= str_starts(l->env.v[k], defaults[i].key);
		if (!given)
			add(b, env, json_sprintf("%s%s", defaults[i].key, defaults[i].value));
	}
	return env;
}

static json_t *process(struct builder *b)
{
	const struct launch *l = b->l;
	json_t *p = json_object(), *limits = json_array();

	put(b, p, "terminal", json_boolean(l->terminal));
	if (l->terminal && l->rows && l->columns)
		put(b, p, "consoleSize",
		    json_pack("{s:i,s:i}", "height", l->rows, "width", l->columns));
	put(b, p, "user", user(b));
	put(b, p, "args", texts(b, l->args.v, l->args.n));
	put(b, p, "env", environment(b));
	put_text(b, p, "cwd", l->cwd);
	put(b, p, "capabilities", capabilities(b));
	for (size_t i = 0; i < l->ulimits.n; i++)
		add(b, limits,
		    json_pack("{s:s,s:o,s:o}", "type", l->ulimits.v[i].name, "soft",
			      limit(b, l->ulimits.v[i].soft), "hard",
			      limit(b, l->ulimits.v[i].hard)));
	put(b, p, "rlimits", limits);
	put(b, p, "noNewPrivileges", json_boolean(!l->nnp_off));
	put_text(b, p, "apparmorProfile", l->apparmor);
	put_text(b, p, "selinuxLabel", l->selinux);
	return p;
}

/* ---- mounts ---- */

enum { DEFAULT_OPTIONS = 8 };
/* clang-format off */
static const struct { const char *destination, *type, *source, *options[DEFAULT_OPTIONS]; } default_mounts[] = {
	{ "/proc", "proc", "proc", { "nosuid", "noexec", "nodev" } },
	{ "/dev", "tmpfs", "tmpfs", { "nosuid", "strictatime", "mode=755", "size=65536k" } },
	{ "/dev/pts", "devpts", "devpts", { "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5" } },
	{ "/dev/shm", "tmpfs", "shm", { "nosuid", "noexec", "nodev", "mode=1777", "size=65536k" } },
	{ "/dev/mqueue", "mqueue", "mqueue", { "nosuid", "noexec", "nodev" } },
	{ "/sys", "sysfs", "sysfs", { "nosuid", "noexec", "nodev", "ro" } },
	{ "/sys/fs/cgroup", "cgroup", "cgroup", { "nosuid", "noexec", "nodev", "relatime", "ro" } },
};
/* clang-format on */

static bool is_replaced(const struct launch *l, const char *destination)
{
	for (size_t i = 0; i < l->mounts.n; i++)
		if (str_eq(l->mounts.v[i].destination, destination))
			return true;
	return false;
}

static json_t *default_mount(struct builder *b, size_t i)
{
	const struct launch *l = b->l;
	json_t *options = json_array();
	const char *type = default_mounts[i].type, *source = default_mounts[i].source;
	bool one_id = l->own_users && l->range_size == 1;

	/* sysfs shows the network's devices, and only that network's owner may mount one: in a user
	 * namespace of its own, on somebody else's network, the host's is shown, read-only
	 * throughout. */
	if (str_eq(type, "sysfs") && l->own_users && l->network != LAUNCH_NET_NONE) {
		add(b, options, json_string("rbind"));
		add(b, options, json_string("rro"));
		type = "bind";
		source = "/sys";
	}
	for (size_t k = 0; k < DEFAULT_OPTIONS && default_mounts[i].options[k]; k++)
		if (!(one_id && str_eq(default_mounts[i].options[k], "gid=5")))
			add(b, options, json_string(default_mounts[i].options[k]));
	return json_pack("{s:s,s:s,s:s,s:o}", "destination", default_mounts[i].destination, "type",
			 type, "source", source, "options", options);
}

static json_t *id_map(uint32_t container, uint32_t host, uint32_t size)
{
	return json_pack("[{s:I,s:I,s:I}]", "containerID", (json_int_t)container, "hostID",
			 (json_int_t)host, "size", (json_int_t)size);
}

static json_t *asked_mount(struct builder *b, const struct launch_mount *m)
{
	const struct launch *l = b->l;
	json_t *v = json_object(), *options = texts(b, m->options.v, m->options.n);

	put_text(b, v, "destination", m->destination);
	put_text(b, v, "type", m->type);
	put_text(b, v, "source", m->source);
	if (m->idmap) {
		add(b, options, json_string("idmap"));
		put(b, v, "uidMappings", id_map(0, l->range.uid, l->range_size));
		put(b, v, "gidMappings", id_map(0, l->range.gid, l->range_size));
	}
	put(b, v, "options", options);
	return v;
}

static json_t *mounts(struct builder *b)
{
	const struct launch *l = b->l;
	json_t *list = json_array();

	for (size_t i = 0; i < N_ELEMENTS(default_mounts); i++)
		if (!is_replaced(l, default_mounts[i].destination))
			add(b, list, default_mount(b, i));
	for (size_t i = 0; i < l->mounts.n; i++)
		add(b, list, asked_mount(b, &l->mounts.v[i]));
	return list;
}

/* ---- linux ---- */

static json_t *resources(struct builder *b)
{
	const struct launch *l = b->l;
	json_t *r = json_object();

	put(b, r, "devices", json_pack("[{s:b,s:s}]", "allow", 0, "access", "rwm"));
	if (l->memory.set)
		put(b, r, "memory", json_pack("{s:I}", "limit", (json_int_t)l->memory.v));
	if (l->cpu_quota.set)
		put(b, r, "cpu",
		    json_pack("{s:I,s:i}", "quota", (json_int_t)l->cpu_quota.v, "period",
			      LAUNCH_CPU_PERIOD));
	if (l->pids.set)
		put(b, r, "pids", json_pack("{s:I}", "limit", (json_int_t)l->pids.v));
	return r;
}

static json_t *namespaces(struct builder *b)
{
	static const char *const private[] = { "pid", "ipc", "uts", "mount", "cgroup" };
	const struct launch *l = b->l;
	json_t *list = json_array();

	for (size_t i = 0; i < N_ELEMENTS(private); i++)
		add(b, list, json_pack("{s:s}", "type", private[i]));
	if (l->network == LAUNCH_NET_NONE)
		add(b, list, json_pack("{s:s}", "type", "network"));
	if (l->network == LAUNCH_NET_PATH)
		add(b, list,
		    json_pack("{s:s,s:o}", "type", "network", "path", text(b, l->net_path)));
	if (l->own_users)
		add(b, list, json_pack("{s:s}", "type", "user"));
	return list;
}

static json_t *linux_part(struct builder *b)
{
	static const char *const masked[] = {
		"/proc/acpi",       "/proc/asound",      "/proc/interrupts",
		"/proc/kcore",      "/proc/keys",        "/proc/latency_stats",
		"/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug",
		"/proc/scsi",       "/sys/firmware",     "/sys/devices/virtual/powercap"
	};
	static const char *const readonly[] = { "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys",
						"/proc/sysrq-trigger" };
	const struct launch *l = b->l;
	json_t *v = json_object();

	put(b, v, "namespaces", namespaces(b));
	if (l->own_users) {
		bool one = l->range_size == 1;

		put(b, v, "uidMappings",
		    id_map(one ? l->user.uid : 0, l->range.uid, l->range_size));
		put(b, v, "gidMappings",
		    id_map(one ? l->user.gid : 0, l->range.gid, l->range_size));
	}
	put(b, v, "resources", resources(b));
	if (l->seccomp)
		put(b, v, "seccomp", json_incref(l->seccomp));
	put(b, v, "maskedPaths", texts(b, masked, N_ELEMENTS(masked)));
	put(b, v, "readonlyPaths", texts(b, readonly, N_ELEMENTS(readonly)));
	return v;
}

/* ---- the document ---- */

static json_t *annotations(struct builder *b)
{
	const struct launch *l = b->l;
	json_t *v = json_object();

	/* Names that steer runtimes are not an image author's to set. */
	for (size_t i = 0; i < l->labels.n; i++)
		if (*l->labels.v[i].key && !str_starts(l->labels.v[i].key, "io.caisson.") &&
		    !str_starts(l->labels.v[i].key, "run.oci."))
			put_text(b, v, l->labels.v[i].key, l->labels.v[i].value);
	return v;
}

static int check_user(const struct launch *l, struct err *e)
{
	const struct passwd_user *u = &l->user;
	uint32_t most = u->uid > u->gid ? u->uid : u->gid;

	if (!l->own_users || l->range_size == 1)
		return 0;
	for (size_t i = 0; i < u->groups.n; i++)
		most = u->groups.v[i] > most ? u->groups.v[i] : most;
	if (most >= l->range_size)
		return err_set(e, EINVAL,
			       "id %u is beyond the container's range of %u ids; choose a smaller "
			       "one, or --userns host",
			       most, l->range_size);
	return 0;
}

int launch_document(struct launch *l, char **out, size_t *len, struct err *e)
{
	struct builder b = { .l = l };
	json_auto_t *doc = json_object();
	int r = check_user(l, e);

	if (r == 0)
		r = launch_add_image_volumes(l, e);
	if (r == 0)
		r = make_unlimited(&b, e);
	if (r < 0)
		return r;
	put(&b, doc, "ociVersion", json_string(OCI_VERSION));
	put(&b, doc, "process", process(&b));
	put(&b, doc, "root",
	    json_pack("{s:o,s:b}", "path", text(&b, l->root_path), "readonly", (int)l->read_only));
	put_text(&b, doc, "hostname", l->hostname);
	put(&b, doc, "mounts", mounts(&b));
	put(&b, doc, "annotations", annotations(&b));
	put(&b, doc, "linux", linux_part(&b));
	if (b.bad)
		return err_set(e, EILSEQ, "\"%.200s\" is not valid UTF-8, as a config.json must be",
			       b.bad);
	*out = b.failed ? NULL : json_dumps(doc, JSON_INDENT(4) | JSON_ENSURE_ASCII);
	if (!*out)
		return err_set(e, ENOMEM, "the document could not be made");
	write_unlimited(&b, *out);
	*len = strlen(*out);
	return 0;
}

int launch_decide(const struct launch *l, const char *bytes, size_t len, const struct spec **spec,
		  const struct plan **plan, struct err *e)
{
	struct facts *facts = arena_alloc(l->a, sizeof(*facts));
	struct image_facts image;
	struct root_view view;
	int root = l->root_fd;
	struct policy_request request = {
		.id = l->id,
		.bundle = l->root_path,
		.root_path = l->root_path,
		.level = l->policy.level,
		.level_from = l->policy.level_from,
		.choice = l->policy.choice,
		.standalone = true,
		.init = l->init,
		.systemd = l->systemd,
		.init_options = l->init_options,
		.root_idmap = l->root_idmap,
		.cap_add = l->cap_add,
		.host_ns = l->network == LAUNCH_NET_HOST ? 1U << NS_NET : 0,
		.labels = &l->label_caps,
		.ports = &l->image.ports,
		.health = &l->image.health,
		.stop = l->stop,
		.stop_from = l->stop_from,
		.host = &host_view_real,
		.facts = facts,
	};
	int r = facts ? host_facts(facts, e) : err_set(e, ENOMEM, "out of memory");

	if (r == 0)
		r = spec_parse(l->a, bytes, len, spec, e);
	if (r == 0)
		r = image_facts_read(&(struct image_ask){ l->o->image_config ? &l->image : NULL, NULL, l->o->scan_report, l->policy.choice }, l->a,
				     &image, e);
	request.image = &image;
	if (root >= 0) { /* an archive that is only explained is not unpacked */
		root_view_init(&view, &root);
		request.view = &view;
	}
	return r < 0 ? r : policy_merge(l->a, *spec, &request, plan, e);
}
