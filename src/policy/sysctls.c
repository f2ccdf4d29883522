/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sysctls: only those that belong to a namespace may be set, and only when the container has that namespace for itself;
 * anything else would change the host.
 */
#include <errno.h>
#include <string.h>

#include "policy/merge_step.h"

static const struct { const char *prefix; bool whole; enum ns_kind ns; } sysctl_table[] = {
	{ "net/", false, NS_NET },	     { "kernel/msg", false, NS_IPC },  { "kernel/sem", true, NS_IPC },
	{ "kernel/shm", false, NS_IPC },     { "fs/mqueue/", false, NS_IPC },  { "kernel/hostname", true, NS_UTS },
	{ "kernel/domainname", true, NS_UTS }, { "user/", false, NS_USER },
};

static const char *const ns_words[NS_KINDS] = { "user", "cgroup", "ipc", "uts", "net", "pid", "mount", "time" };

/* The name with '/' between its parts. As sysctl(8) reads it: when the first separator is a slash, dots are part of names
 * (net/ipv4/conf/eth0.1/...). No part may be empty or climb. */
static bool sysctl_path(const char *key, char *out, size_t size)
{
	size_t first = strcspn(key, "./");
	bool dots = key[first] == '.';
	size_t len = strlen(key);

	if (len == 0 || len >= size)
		return false;
	for (size_t i = 0; i <= len; i++) {
		char c = key[i];
		if (dots && (c == '.' || c == '/'))
			c = c == '.' ? '/' : '.';
		if ((unsigned char)c < 0x20 && c)
			return false;
		out[i] = c;
	}
	for (const char *part = out;; part++) {
		size_t n = strcspn(part, "/");
		if (n == 0 || (n == 1 && part[0] == '.') || (n == 2 && strncmp(part, "..", 2) == 0))
			return false;
		part += n;
		if (!*part)
			return true;
	}
}

int sysctl_namespace(const char *key)
{
	char path[256];

	if (!sysctl_path(key, path, sizeof(path)))
		return -EINVAL;
	for (size_t i = 0; i < N_ELEMENTS(sysctl_table); i++) {
		bool same = sysctl_table[i].whole ? str_eq(path, sysctl_table[i].prefix)
						  : str_starts(path, sysctl_table[i].prefix);
		if (same)
			return (int)sysctl_table[i].ns;
	}
	return -EINVAL;
}

static bool same_sysctl(const char *a, const char *b)
{
	char pa[256], pb[256];

	return sysctl_path(a, pa, sizeof(pa)) && sysctl_path(b, pb, sizeof(pb)) && str_eq(pa, pb);
}

static int check_asked(const struct merge *m, const char *key, struct err *e)
{
	int ns = sysctl_namespace(key);

	if (ns < 0)
		return err_set(e, EINVAL, "linux.sysctl[\"%s\"]: is not a sysctl that belongs to a namespace: setting it would "
			       "change the host", key);
	if (m->plan->ns[ns].mode == NS_INHERIT)
		return err_set(e, EINVAL, "linux.sysctl[\"%s\"]: belongs to the %s namespace, and the container uses the "
			       "host's; give it one of its own", key, ns_words[ns]);
	if (m->s->hostname && same_sysctl(key, "kernel.hostname"))
		return err_set(e, EINVAL, "linux.sysctl[\"%s\"]: conflicts with hostname", key);
	if (m->s->domainname && same_sysctl(key, "kernel.domainname"))
		return err_set(e, EINVAL, "linux.sysctl[\"%s\"]: conflicts with domainname", key);
	return 0;
}

bool sysctl_is_pattern(const char *text)
{
	char path[256];

	return sysctl_path(text, path, sizeof(path));
}

static bool list_names(const struct strings *list, const char *key)
{
	char path[256], pattern[256];

	for (size_t i = 0; i < list->n; i++)
		if (sysctl_path(key, path, sizeof(path)) && sysctl_path(list->v[i], pattern, sizeof(pattern)) && glob_match(pattern, path))
			return true;
	return false;
}

static int check_allowed(struct merge *m, const char *key, struct err *e)
{
	for (size_t i = 0; i < m->p->sysctls.n; i++)
		if (!list_names(&m->p->sysctls.v[i], key))
			return merge_refuse(m, e, PF_SYSCTLS_ALLOW, "sysctls", "linux.sysctl[\"%s\"]: is not among those that may be set; leave it out, "
					    "or add it to sysctls.allow of the profile", key);
	return 0;
}

static bool asked(const struct merge *m, const char *key)
{
	for (size_t i = 0; i < m->s->sysctl.n; i++)
		if (same_sysctl(m->s->sysctl.v[i].key, key))
			return true;
	return false;
}

/* The container's groups 0..N-1 as far as its map has them: the kernel refuses a range with unmapped ends. */
static const char *ping_range(struct merge *m)
{
	const struct id_maps *map = &m->plan->gid_map;

	if (m->plan->ns[NS_USER].mode == NS_INHERIT)
		return m->r->facts->in_user_namespace ? NULL : "0 65535";
	for (size_t i = 0; m->plan->ns[NS_USER].mode == NS_NEW && i < map->n; i++) {
		uint32_t size = map->v[i].size;
		if (map->v[i].container == 0 && size > 0)
			return merge_text(m, "0 %u", size > 65536 ? 65535u : size - 1);
	}
	return NULL;
}

/* What the profile sets: an addition, so the document's own word stays. */
static int add_set(struct merge *m, struct key_value *v, size_t *n, struct err *e)
{
	const struct key_values *set = &m->p->sysctl_set;

	for (size_t i = 0; i < set->n; i++) {
		int ns = sysctl_namespace(set->v[i].key);
		if (ns < 0 || m->plan->ns[ns].mode != NS_NEW)
			return merge_refuse(m, e, PF_SYSCTLS_SET, "sysctls", "sysctls.set has %s, and the container makes no %s namespace of its own; "
					    "give it one, or leave that out of the profile", set->v[i].key, ns < 0 ? "such" : ns_words[ns]);
		if (asked(m, set->v[i].key))
			continue;
		v[(*n)++] = set->v[i];
		merge_reason(m, REASON_ADDED, "sysctls", "-", merge_text(m, "%s=%s", set->v[i].key, set->v[i].value),
			     merge_rule(m, PF_SYSCTLS_SET));
	}
	return 0;
}

static bool is_set(const struct key_value *v, size_t n, const char *key)
{
	for (size_t i = 0; i < n; i++)
		if (same_sysctl(v[i].key, key))
			return true;
	return false;
}

static int add_own(struct merge *m, struct key_value *v, size_t *n)
{
	static const char low_ports[] = "net.ipv4.ip_unprivileged_port_start", ping[] = "net.ipv4.ping_group_range";
	const char *range = m->p->ping_group && !is_set(v, *n, ping) ? ping_range(m) : NULL;

	if (m->plan->ns[NS_NET].mode != NS_NEW)
		return 0;
	if (m->p->low_ports && !is_set(v, *n, low_ports)) {
		v[(*n)++] = (struct key_value){ low_ports, "0" };
		merge_reason(m, REASON_ADDED, "sysctls", "-", "net.ipv4.ip_unprivileged_port_start=0", merge_rule(m, PF_LOW_PORTS));
	}
	if (range) {
		v[(*n)++] = (struct key_value){ ping, range };
		merge_reason(m, REASON_ADDED, "sysctls", "-", merge_text(m, "net.ipv4.ping_group_range=%s", range),
			     merge_rule(m, PF_PING_GROUP));
	}
	return 0;
}

int merge_sysctls(struct merge *m, struct err *e)
{
	const struct key_values *want = &m->s->sysctl;
	struct key_value *v = arena_array(m->a, want->n + m->p->sysctl_set.n + 2, sizeof(*v));
	size_t n = 0;
	int err = 0;

	if (!v)
		return err_set(e, ENOMEM, "policy: out of memory");
	for (; err == 0 && n < want->n; n++) {
		v[n] = want->v[n];
		err = check_asked(m, v[n].key, e);
		if (err == 0 && strchr(v[n].value, '\n'))
			err = err_set(e, EINVAL, "linux.sysctl[\"%s\"]: one line is one value", v[n].key);
		err = err < 0 ? err : check_allowed(m, v[n].key, e);
	}
	m->plan->sysctl = *want;
	err = err < 0 ? err : add_set(m, v, &n, e);
	err = err < 0 ? err : add_own(m, v, &n);
	if (err == 0)
		m->plan->sysctl = (struct key_values){ n, v };
	return err;
}
