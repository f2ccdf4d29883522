/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/ids.h"

#include <errno.h>
#include <stdio.h>

#include "base/str.h"

enum { LINES_SHOWN = 4 };

bool ids_mapped(const struct id_maps *maps, uint32_t id)
{
	for (size_t i = 0; i < maps->n; i++)
		if (id >= maps->v[i].container && id - maps->v[i].container < maps->v[i].size)
			return true;
	return false;
}

static int refuse(const char *path, size_t index, const char *list, const struct id_maps *maps, uint32_t id, struct err *e)
{
	auto_str lines = { 0 };
	char place[24] = "";

	for (size_t i = 0; i < maps->n && i < LINES_SHOWN; i++)
		str_addf(&lines, "%s%u to %llu", i ? ", " : "", maps->v[i].container,
			 (unsigned long long)maps->v[i].container + maps->v[i].size - 1);
	if (maps->n > LINES_SHOWN)
		str_addf(&lines, " and %zu more ranges", maps->n - LINES_SHOWN);
	if (index != SIZE_MAX)
		snprintf(place, sizeof(place), "[%zu]", index);
	if (lines.failed)
		return err_code(e, ENOMEM, "%s", path);
	return err_set(e, EINVAL, "%s%s: %u has no mapping in the container's user namespace: linux.%s holds %s", path, place, id, list,
		       lines.s);
}

int ids_check(const struct plan *p, const struct process *proc, struct err *e)
{
	if (p->ns[NS_USER].mode != NS_NEW)
		return 0;
	if (!ids_mapped(&p->uid_map, proc->uid))
		return refuse("process.user.uid", SIZE_MAX, "uidMappings", &p->uid_map, proc->uid, e);
	if (!ids_mapped(&p->gid_map, proc->gid))
		return refuse("process.user.gid", SIZE_MAX, "gidMappings", &p->gid_map, proc->gid, e);
	for (size_t i = 0; i < proc->groups.n; i++)
		if (!ids_mapped(&p->gid_map, proc->groups.v[i]))
			return refuse("process.user.additionalGids", i, "gidMappings", &p->gid_map, proc->groups.v[i], e);
	return 0;
}
