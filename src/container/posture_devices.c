/* SPDX-License-Identifier: Apache-2.0 */
/* Which devices the container may open, as its cgroup has it. */
#include "container/posture_parts.h"

void posture_look_devices(struct look *l)
{
	int holds = cgroup_devices_hold(l->cg, &l->p->resources);

	posture_planned(l, "device rules", "%zu and those of every container", l->p->resources.devices.n);
	posture_actual(l, holds < 0 ? VERDICT_NOT_ASKED : holds ? VERDICT_OK : VERDICT_DIFFERS, "%s",
		       holds < 0 ? "may not be looked at" : holds ? "as planned" : "others");
}
