/* SPDX-License-Identifier: Apache-2.0 */
/* What a profile says about the room, over a host that is a table. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <sys/mount.h>

#include "merge_case.h"
#include "policy/device_entry.h"
#include "policy/host_view.h"
#include "policy/profile_fields.h"
#include "policy/resolve.h"

static int host_source(void *ctx, const struct plan_sources *s, const char *path, struct err *why)
{
	(void)ctx;
	if (!str_in(&s->deny, path))
		return SOURCE_FINE;
	err_set(why, EPERM, "the bind source %s is denied", path);
	return SOURCE_DENIED;
}

static int host_device(void *ctx, const char *path, struct device_rule *out)
{
	(void)ctx;
	if (!str_eq(path, "/dev/fuse"))
		return -ENOENT;
	*out = (struct device_rule){ .allow = true, .type = 'c', .major = 10, .minor = 229, .r = true, .w = true, .m = true };
	return 0;
}

static bool host_own_namespace(void *ctx, enum ns_kind kind, const char *path)
{
	(void)ctx;
	(void)kind;
	return str_eq(path, "/proc/1/ns/net");
}

static int host_real_path(void *ctx, struct arena *a, const char *path, const char **out)
{
	(void)ctx;
	(void)a;
	if (str_eq(path, "/sbin/hook") || str_eq(path, "/opt/link"))
		*out = "/usr/sbin/hook";
	return 0;
}

static const struct host_view host = { NULL, host_source, host_device, host_own_namespace, host_real_path };

static struct profile *profile_new(struct profile *p)
{
	*p = *profile_builtin(LEVEL_BASELINE);
	p->name = "x";
	p->from_file = true;
	return p;
}

static int merge_with(struct merge_case *c, const struct profile *p)
{
	const struct policy_choice choice = { .name = "x", .from = "test", .floor = "x", .floor_from = "test", .enforced = p, .full = p };
	int err;

	c->request.choice = &choice;
	c->request.host = &host;
	err = case_merge(c);
	c->request.choice = NULL;
	return err;
}

static const struct { const char *text; bool good; char type; int64_t major, minor; } entries[] = {
	{ "c 1:3 rwm", true, 'c', 1, 3 },    { "b *:* r", true, 'b', -1, -1 },	 { "c 10:* wm", true, 'c', 10, -1 },
	{ "a 1:3 rwm", false, 0, 0, 0 },     { "c 1:3", false, 0, 0, 0 },	 { "c 1:3 ", false, 0, 0, 0 },
	{ "c 1:3 rr", false, 0, 0, 0 },	     { "c 1:3 x", false, 0, 0, 0 },	 { "c 1 3 r", false, 0, 0, 0 },
	{ "c -1:3 r", false, 0, 0, 0 },	     { "c 4294967296:3 r", false, 0, 0, 0 }, { "", false, 0, 0, 0 },
	{ "c", false, 0, 0, 0 },	     { "c ", false, 0, 0, 0 },
};

Test(merge_room, a_device_is_read_or_refused)
{
	for (size_t i = 0; i < N_ELEMENTS(entries); i++) {
		struct device_rule d = { 0 };
		cr_assert_eq(device_entry_parse(entries[i].text, &d), entries[i].good, "\"%s\"", entries[i].text);
		cr_expect(!entries[i].good || (d.type == entries[i].type && d.major == entries[i].major && d.minor == entries[i].minor),
			  "\"%s\"", entries[i].text);
	}
	cr_expect(device_entry_is_path("/dev/net/tun"));
	cr_expect(!device_entry_is_path("/dev/../etc"));
	cr_expect(!device_entry_is_path("/dev/"));
}

static bool may(const struct resources *r, char type, int64_t major, int64_t minor)
{
	bool may_open = false;

	for (size_t i = 0; i < r->devices.n; i++) {
		const struct device_rule *d = &r->devices.v[i];
		if ((d->type == 'a' || d->type == type) && (d->major < 0 || d->major == major) && (d->minor < 0 || d->minor == minor) && d->w)
			may_open = d->allow;
	}
	return may_open;
}

Test(merge_room, devices_are_what_both_sides_allow)
{
	static const struct device nodes[] = {
		{ .type = 'c', .path = "/dev/fuse", .major = 10, .minor = 229 }, { .type = 'b', .path = "/dev/fuse", .major = 8 },
		{ .type = 'c', .path = "/dev/x", .major = 10, .minor = 1 },	 { .type = 'p', .path = "/dev/pipe" },
	};
	static const struct device_rule rules[] = {
		{ true, 'a', -1, -1, true, true, true },  { false, 'c', 10, -1, true, true, true }, { true, 'c', 10, 229, true, true, false },
		{ false, 'b', 8, 16, true, true, true },
	};
	static const char *const one[] = { "/dev/fuse", "b 8:* rw", "/dev/none", NULL }, *const two[] = { "c *:* rwm", "b 8:0 rw", "b 8:16 rw", NULL };
	static const struct strings lists[] = { { 3, one }, { 3, two } };
	struct profile p;
	auto_case c;

	case_new(&c, LEVEL_BASELINE);
	c.spec.devices = (struct devices){ N_ELEMENTS(nodes), nodes };
	c.spec.resources.devices.n = N_ELEMENTS(rules);
	c.spec.resources.devices.v = rules;
	profile_new(&p)->devices = (struct glob_lists){ 2, lists };
	cr_assert_eq(merge_with(&c, &p), 0, "%s", c.e.text);
	cr_expect_eq(c.plan->devices.n, 3, "%zu", c.plan->devices.n);
	cr_expect(may(&c.plan->resources, 'c', 10, 229), "both allow it");
	cr_expect(!may(&c.plan->resources, 'c', 10, 1), "the document denies it");
	cr_expect(!may(&c.plan->resources, 'c', 1, 1), "the first list does not name it");
	cr_expect(may(&c.plan->resources, 'b', 8, 0));
	cr_expect(!may(&c.plan->resources, 'b', 8, 16), "the document denies it");
	cr_expect(!may(&c.plan->resources, 'b', 8, 32), "the second list does not name it");
}

static const struct { const char *path; uint32_t join; uint64_t priv; const char *says; } joins[] = {
	{ "/proc/77/ns/net", PROFILE_JOIN_ANY, 0, NULL },
	{ "/x", PROFILE_JOIN_ANY, 0, NULL },
	{ "/proc/77/ns/net", PROFILE_JOIN_ENGINE, 0, NULL },
	{ "/var/run/netns/cni-1", PROFILE_JOIN_ENGINE, 0, NULL },
	{ "/run/docker/netns/abc", PROFILE_JOIN_ENGINE, 0, NULL },
	{ "/run/user/1000/netns/netns-1", PROFILE_JOIN_ENGINE, 0, NULL },
	{ "/run/netns/../../x", PROFILE_JOIN_ENGINE, 0, "no place where engines" },
	{ "/proc/self/ns/net", PROFILE_JOIN_ENGINE, 0, "no place where engines" },
	{ "/x", PROFILE_JOIN_ENGINE, 0, "no place where engines" },
	{ "/proc/1/ns/net", PROFILE_JOIN_ENGINE, 0, "the host's own" },
	{ "/proc/77/ns/net", PROFILE_JOIN_NONE, 0, "joins the network namespace at /proc/77/ns/net" },
	{ "/proc/1/ns/net", PROFILE_JOIN_ANY, 0, NULL },
	{ "/proc/1/ns/net", PROFILE_JOIN_ANY, UINT64_C(1) << NS_NET, "is the host's network namespace" },
	{ "/proc/77/ns/net", PROFILE_JOIN_ANY, UINT64_C(1) << NS_NET, NULL },
};

Test(merge_room, a_namespace_is_joined_or_refused)
{
	for (size_t i = 0; i < N_ELEMENTS(joins); i++) {
		struct profile p;
		int err;
		auto_case c;

		case_new(&c, LEVEL_BASELINE);
		c.spec.ns[NS_NET] = (struct namespace){ NS_JOIN, joins[i].path };
		profile_new(&p)->ns_join = joins[i].join;
		p.ns_private = joins[i].priv;
		err = merge_with(&c, &p);
		cr_expect_eq(err, joins[i].says ? -EPERM : 0, "%s: %s", joins[i].path, c.e.text);
		cr_expect(!joins[i].says || strstr(c.e.text, joins[i].says), "%s said: %s", joins[i].path, c.e.text);
	}
}

static const struct { enum hook_kind kind; const char *path, *allowed, *runs; } hooks[] = {
	{ HOOK_PRESTART, "/opt/link", "/usr/sbin/hook", "/usr/sbin/hook" },
	{ HOOK_PRESTART, "/opt/link", "/sbin/hook", "/usr/sbin/hook" },
	{ HOOK_POSTSTOP, "/opt/link", "/usr/sbin/*", "/usr/sbin/hook" },
	{ HOOK_CREATE_CONTAINER, "/opt/link", "/opt/link", "/usr/sbin/hook" },
	{ HOOK_CREATE_RUNTIME, "/opt/link", "/opt/other", NULL },
	{ HOOK_POSTSTART, "/opt/link", "/opt/*", NULL },
	{ HOOK_START_CONTAINER, "/opt/link", "/opt/link", "/opt/link" },
	{ HOOK_START_CONTAINER, "/opt/link", "/usr/sbin/hook", NULL },
};

Test(merge_room, a_hook_is_the_file_that_its_path_leads_to)
{
	for (size_t i = 0; i < N_ELEMENTS(hooks); i++) {
		const struct hook h = { .path = hooks[i].path };
		const char *const names[] = { hooks[i].allowed, NULL };
		const struct strings list = { 1, names };
		struct profile p;
		int err;
		auto_case c;

		case_new(&c, LEVEL_BASELINE);
		c.spec.hooks[hooks[i].kind] = (struct hooks){ 1, &h };
		profile_new(&p)->hooks = (struct glob_lists){ 1, &list };
		err = merge_with(&c, &p);
		cr_assert_eq(err, hooks[i].runs ? 0 : -EPERM, "case %zu: %s", i, c.e.text);
		if (err < 0)
			continue;
		cr_expect_str_eq(c.plan->hooks[hooks[i].kind].v[0].path, hooks[i].runs, "case %zu", i);
		if (!str_eq(hooks[i].runs, hooks[i].path))
			cr_expect_str_eq(c.plan->hooks[hooks[i].kind].v[0].args.v[0], hooks[i].path, "case %zu", i);
	}
}

static const struct { const char *allowed, *asked; bool good; } sysctls[] = {
	{ "net.ipv4.*", "net.ipv4.ip_default_ttl", true },  { "net/ipv4/*", "net.ipv4.ip_default_ttl", true },
	{ "net.ipv4.*", "net/ipv4/ip_default_ttl", true },  { "net.ipv4.*", "net.ipv4.conf.all.forwarding", false },
	{ "net.**", "net.ipv4.conf.all.forwarding", true }, { "net.**", "kernel.shmmax", false },
	{ "kernel.shm*", "kernel.shmmax", true },
};

Test(merge_room, a_sysctl_is_allowed_or_refused)
{
	for (size_t i = 0; i < N_ELEMENTS(sysctls); i++) {
		const struct key_value asked = { sysctls[i].asked, "1" };
		const char *const names[] = { sysctls[i].allowed, NULL };
		const struct strings list = { 1, names };
		struct profile p;
		auto_case c;

		case_new(&c, LEVEL_BASELINE);
		c.spec.sysctl = (struct key_values){ 1, &asked };
		profile_new(&p)->sysctls = (struct glob_lists){ 1, &list };
		cr_expect_eq(merge_with(&c, &p), sysctls[i].good ? 0 : -EPERM, "%s for %s: %s", sysctls[i].allowed, sysctls[i].asked, c.e.text);
	}
}

static const struct { uint32_t most; unsigned long asked, result; bool bind; } propagations[] = {
	{ PROFILE_PROPAGATION_ANY, MS_SHARED | MS_REC, MS_SHARED | MS_REC, true },
	{ PROFILE_PROPAGATION_SLAVE, MS_SHARED | MS_REC, MS_SLAVE | MS_REC, true },
	{ PROFILE_PROPAGATION_SLAVE, MS_PRIVATE, MS_PRIVATE, true },
	{ PROFILE_PROPAGATION_SLAVE, 0, 0, true },
	{ PROFILE_PROPAGATION_PRIVATE, MS_SHARED, MS_PRIVATE | MS_REC, true },
	{ PROFILE_PROPAGATION_PRIVATE, MS_SLAVE | MS_REC, MS_PRIVATE | MS_REC, true },
	{ PROFILE_PROPAGATION_PRIVATE, MS_UNBINDABLE, MS_UNBINDABLE | MS_REC, true },
	{ PROFILE_PROPAGATION_PRIVATE, 0, MS_PRIVATE | MS_REC, true },
	{ PROFILE_PROPAGATION_PRIVATE, 0, 0, false },
};

Test(merge_room, propagation_is_cut)
{
	for (size_t i = 0; i < N_ELEMENTS(propagations); i++) {
		const struct mount m = { .destination = "/m", .source = "/srv/m", .type = propagations[i].bind ? NULL : "tmpfs", .data = "",
					 .bind = propagations[i].bind, .recursive = propagations[i].bind,
					 .propagation = propagations[i].asked };
		struct profile p;
		auto_case c;

		case_new(&c, LEVEL_BASELINE);
		c.spec.mounts = (struct mounts){ 1, &m };
		c.spec.rootfs_propagation = MS_SHARED;
		profile_new(&p)->propagation = propagations[i].most;
		cr_assert_eq(merge_with(&c, &p), 0, "%s", c.e.text);
		cr_expect_eq(c.plan->mounts.v[0].propagation, propagations[i].result, "case %zu: %lx", i, c.plan->mounts.v[0].propagation);
		cr_expect_eq(c.plan->root.propagation, propagations[i].most == PROFILE_PROPAGATION_ANY ? MS_SHARED
			     : propagations[i].most == PROFILE_PROPAGATION_SLAVE ? MS_SLAVE : MS_PRIVATE | MS_REC, "case %zu", i);
	}
}

Test(merge_room, a_kernel_without_procfs_of_its_own_options_is_refused)
{
	struct profile p;
	auto_case c;

	case_new(&c, LEVEL_BASELINE);
	profile_new(&p)->proc_subset = PROFILE_PROC_PIDS;
	c.facts.kernel_major = 5;
	c.facts.kernel_minor = 7;
	cr_assert_eq(merge_with(&c, &p), -EPERM);
	cr_expect(strstr(c.e.text, "(proc): Linux 5.7 has no procfs with options of its own"), "%s", c.e.text);
	c.facts.kernel_minor = 8;
	cr_assert_eq(merge_with(&c, &p), 0, "%s", c.e.text);
	cr_expect_str_eq(c.plan->mounts.v[0].data, "subset=pid");
}

Test(merge_room, a_writable_mount_holds_no_programs)
{
	static const struct mount mounts[] = {
		{ .destination = "/rw", .source = "/srv/a", .data = "", .bind = true },
		{ .destination = "/ro", .source = "/srv/b", .data = "", .bind = true, .attr_set = MOUNT_ATTR_RDONLY },
		{ .destination = "/tree", .source = "/srv/c", .data = "", .bind = true, .recursive = true, .attr_set = MOUNT_ATTR_RDONLY },
		{ .destination = "/rro", .source = "/srv/d", .data = "", .bind = true, .recursive = true, .rattr_set = MOUNT_ATTR_RDONLY },
		{ .destination = "/exec/x", .type = "tmpfs", .data = "", .attr_clear = MOUNT_ATTR_NOEXEC },
		{ .destination = "/execute", .type = "tmpfs", .data = "", .attr_clear = MOUNT_ATTR_NOEXEC },
	};
	static const bool noexec[] = { true, false, true, false, false, true };
	static const char *const one[] = { "/exec", NULL };
	static const struct strings lists[] = { { 1, one } };
	struct profile p;
	auto_case c;

	case_new(&c, LEVEL_BASELINE);
	c.spec.mounts = (struct mounts){ N_ELEMENTS(mounts), mounts };
	profile_new(&p)->noexec_writable = true;
	p.exec_mounts = (struct glob_lists){ 1, lists };
	cr_assert_eq(merge_with(&c, &p), 0, "%s", c.e.text);
	for (size_t i = 0; i < N_ELEMENTS(mounts); i++) {
		const struct mount *m = &c.plan->mounts.v[i];
		cr_expect_eq((m->attr_set & MOUNT_ATTR_NOEXEC) != 0, noexec[i], "%s", m->destination);
		cr_expect(!noexec[i] || !(m->attr_clear & MOUNT_ATTR_NOEXEC), "%s", m->destination);
		cr_expect_eq((m->rattr_set & MOUNT_ATTR_NOEXEC) != 0, noexec[i] && m->recursive, "%s", m->destination);
	}
}

Test(merge_room, a_denied_source_is_refused_before_anything_exists)
{
	static const char *const denied[] = { "/srv/data", NULL };
	struct profile p;
	auto_case c;

	case_new(&c, LEVEL_BASELINE);
	profile_new(&p)->sources.deny = (struct strings){ 1, denied };
	cr_assert_eq(merge_with(&c, &p), -EPERM);
	cr_expect(strstr(c.e.text, "the bind source /srv/data is denied; bind what is needed from below it"), "%s", c.e.text);
	p.sources.deny.n = 0;
	cr_assert_eq(merge_with(&c, &p), 0, "%s", c.e.text);
}
