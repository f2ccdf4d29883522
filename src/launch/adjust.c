/* SPDX-License-Identifier: Apache-2.0 */
#include "launch/adjust.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/fault.h"
#include "base/fd.h"
#include "base/log.h"
#include "kernel/limits.h"
#include "kernel/net_devices.h"

void adjusted_done(struct adjusted *a)
{
	free(a->moved);
	a->moved = NULL;
	fd_close(&a->netns);
}

/* In a user namespace nobody may raise a hard limit: the runtime does, from outside; caisson-init sets the rest. */
static int raise_limits(const struct launch_request *r, pid_t pid, struct err *e)
{
	const struct rlimits *l = &r->process->rlimits;

	if (r->plan->ns[NS_USER].mode == NS_INHERIT)
		return 0;
	for (size_t i = 0; i < l->n; i++) {
		struct rlimit64 now;
		if (prlimit64(pid, l->v[i].resource, NULL, &now) < 0)
			return err_sys(e, "process.rlimits: read %s", l->v[i].name);
		if (l->v[i].hard <= now.rlim_max)
			continue;
		now.rlim_max = l->v[i].hard;
		if (prlimit64(pid, l->v[i].resource, &now, NULL) < 0)
			return err_sys(e, "process.rlimits: raise the hard limit of %s to %llu", l->v[i].name,
				       (unsigned long long)l->v[i].hard);
	}
	return 0;
}

static int move_net_devices(const struct launch_request *r, pid_t pid, int joined_net, struct adjusted *a, struct err *e)
{
	const struct net_devices *d = &r->plan->net_devices;
	char path[64];

	if (!d->n || r->target_pidfd >= 0)
		return 0;
	if (r->plan->ns[NS_NET].mode == NS_JOIN) /* the process may not be there yet */
		snprintf(path, sizeof(path), "/proc/self/fd/%d", joined_net);
	else
		snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
	a->netns = open(path, O_RDONLY | O_CLOEXEC);
	if (a->netns < 0)
		return err_sys(e, "linux.netDevices: open the container's network namespace");
	a->moved = calloc(d->n, sizeof(*a->moved));
	return a->moved ? net_devices_move(d, a->netns, a->moved, e) : err_code(e, ENOMEM, "linux.netDevices");
}

int adjust_process(const struct launch_request *r, pid_t pid, int joined_net, bool scored, struct adjusted *out, struct err *e)
{
	const struct opt_i64 *score = &r->process->oom_score_adj;
	int s = score->set && !scored && !fault_skip("oom score") ? limits_oom_score(pid, score->v, e) : 0;

	if (s == 0)
		s = raise_limits(r, pid, e);
	if (s == 0)
		s = resctrl_join(r->rdt, pid, e);
	return s < 0 ? s : move_net_devices(r, pid, joined_net, out, e);
}

/* What has no name on the host any more would be lost with the namespace. */
void adjust_undo(const struct plan *p, struct adjusted *a)
{
	struct err e = { 0 };

	if (a->moved && net_devices_return(&p->net_devices, a->netns, a->moved, &e) < 0)
		log_warn("after the failed launch: %s", e.text);
}
