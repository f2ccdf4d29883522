/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ids of the container's own. A launch makes them (cli/launch_read.c); to an engine's container none can be added, because whoever
 * owns its files has to know them.
 */
#include "policy/merge_step.h"

int merge_user_map(struct merge *m, struct err *e)
{
	bool own = m->plan->ns[NS_USER].mode != NS_INHERIT || m->r->facts->in_user_namespace;

	if (m->p->user_map != PROFILE_MAP_REQUIRE)
		return 0;
	if (own) {
		merge_reason(m, REASON_KEPT, "user ids", "its own", "its own", m->asked_by);
		return 0;
	}
	return merge_refuse(m, e, PF_USER_MAP, "user", "the container's ids are the host's; %s",
			    m->r->standalone ? "give it ids of its own (--userns auto)"
					     : "let the engine give it a user namespace (userns-remap, --userns auto, hostUsers: false)");
}
