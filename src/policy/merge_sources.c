/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sources of bind mounts. What the profile says travels in the plan, and is judged again on the descriptor that the mount is made
 * from; here the same judge looks ahead, so that nothing exists yet when it refuses, and explain can say so.
 */
#include "base/fault.h"
#include "policy/host_view.h"
#include "policy/merge_step.h"

/* By verdict. */
static const struct { enum profile_field f; const char *control, *fix; } refusals[] = {
	[SOURCE_OUTSIDE] = { PF_SOURCES_ALLOW, "mounts", "leave it out, or add it to mounts.sources.allow of the profile" },
	[SOURCE_DENIED] = { PF_SOURCES_DENY, "mounts", "bind what is needed from below it, or leave it out of mounts.sources.deny in a "
				 "profile of its own" },
	[SOURCE_ENGINE] = { PF_SOURCES_DENY, "launch check L13", "leave it out, or take it from mounts.sources.deny in a profile of "
				 "its own" },
	[SOURCE_DEVICE] = { PF_SOURCES_NO_DEVICES, "launch check L13", "put it into linux.devices, where the rules for devices count, or "
				 "run it with a profile that has \"mounts\": {\"sources\": {\"no_devices\": false}}" },
};

static const char *path_of(struct merge *m, const char *source)
{
	return source[0] == '/' ? source : merge_text(m, "%s/%s", m->r->bundle, source);
}

/* The host's sysfs in its own place: what a container in a user namespace gets that shares the host's network (kernel/mounts.c). */
static bool is_sysfs(const struct mount *mount)
{
	return str_eq(mount->source, "/sys") && str_eq(mount->destination, "/sys");
}

static int judge(struct merge *m, const struct mount *mount, struct err *e)
{
	const struct host_view *host = m->r->host;
	const char *path = path_of(m, mount->source);
	struct err why = { 0 };
	int verdict = path ? host->source(host->ctx, &m->plan->sources, path, &why) : 0;

	if (verdict < 0) {
		*e = why;
		return err_wrap(e, "mounts[%zu] on %s", mount->index, mount->destination);
	}
	if (verdict == SOURCE_FINE || fault_skip("look at the source"))
		return 0;
	return merge_refuse(m, e, refusals[verdict].f, refusals[verdict].control, "mounts[%zu] on %s: %.1200s; %s", mount->index,
			    mount->destination, why.text, refusals[verdict].fix);
}

int merge_sources(struct merge *m, struct err *e)
{
	struct plan_sources *s = &m->plan->sources;
	size_t binds = 0;
	int err = 0;

	*s = (struct plan_sources){ .allow = m->p->sources.allow, .deny = m->p->sources.deny, .no_devices = m->p->sources.no_devices };
	if (!s->allow.n && !s->deny.n && !s->no_devices)
		return 0;
	s->by = merge_text(m, "refused by %s (mounts)", merge_refused_by(m, s->allow.n ? PF_SOURCES_ALLOW : PF_SOURCES_DENY));
	for (size_t i = 0; err == 0 && i < m->plan->mounts.n; i++) {
		const struct mount *mount = &m->plan->mounts.v[i];
		if (!mount->bind || mount->remount || !mount->source || !mount->source[0] || is_sysfs(mount))
			continue;
		binds++;
		err = m->r->host ? judge(m, mount, e) : 0;
	}
	if (err == 0 && binds)
		merge_reason(m, REASON_KEPT, "mount sources", merge_text(m, "%zu", binds), merge_text(m, "%zu, judged when opened", binds),
			     m->asked_by);
	return err;
}
