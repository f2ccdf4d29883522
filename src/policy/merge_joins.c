/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Namespaces that are joined by a path. An engine keeps those of its own containers under a few names that only root can make; any
 * other path is somebody's choice. And the host's own is not private, by whatever path it comes.
 */
#include "policy/glob.h"
#include "policy/host_view.h"
#include "policy/merge_step.h"

/* proc(5); ip-netns(8) and CNI; Docker; CRI-O's pinns; rootless Podman. */
static const char *const engines[] = {
	"/proc/[1-9]*/ns/*", "/run/netns/*", "/var/run/netns/*", "/run/docker/netns/*", "/var/run/docker/netns/*", "/run/ipcns/*",
	"/var/run/ipcns/*", "/run/utsns/*", "/var/run/utsns/*", "/run/pidns/*", "/var/run/pidns/*", "/run/userns/*", "/var/run/userns/*",
	"/run/cgroupns/*", "/var/run/cgroupns/*", "/run/user/*/netns/*", NULL,
};
static const char *const names[NS_KINDS] = { "user", "cgroup", "ipc", "uts", "network", "pid", "mount", "time" };

static bool is_the_hosts(const struct merge *m, enum ns_kind k, const char *path)
{
	return m->r->host && m->r->host->own_namespace(m->r->host->ctx, k, path);
}

static int meet_join(struct merge *m, enum ns_kind k, const char *path, struct err *e)
{
	const struct strings known = { N_ELEMENTS(engines) - 1, engines };
	bool hosts = is_the_hosts(m, k, path);

	if (hosts && m->p->ns_private & UINT64_C(1) << k)
		return merge_refuse(m, e, PF_NS_PRIVATE, "namespaces", "%s is the host's %s namespace; give the container one of its own, or run "
				    "it with --policy baseline", path, names[k]);
	if (m->p->ns_join == PROFILE_JOIN_ANY)
		return 0;
	if (m->p->ns_join == PROFILE_JOIN_NONE)
		return merge_refuse(m, e, PF_NS_JOIN, "namespaces", "the container joins the %s namespace at %s; give it one of its own, or run it "
				    "with a profile that has \"namespaces\": {\"join\": \"engine\"}", names[k], path);
	if (hosts || !glob_match_any(&known, path))
		return merge_refuse(m, e, PF_NS_JOIN, "namespaces", "the container joins the %s namespace at %s, which is %s; join that of another "
				    "container, or run it with a profile that has \"namespaces\": {\"join\": \"any\"}", names[k], path,
				    hosts ? "the host's own" : "no place where engines keep those of their containers");
	return 0;
}

int merge_joins(struct merge *m, struct err *e)
{
	int err = 0;

	for (int k = 0; err == 0 && k < NS_KINDS; k++)
		if (m->plan->ns[k].mode == NS_JOIN && m->plan->ns[k].path)
			err = meet_join(m, (enum ns_kind)k, m->plan->ns[k].path, e);
	return err;
}
