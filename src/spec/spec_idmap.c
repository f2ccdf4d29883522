/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Id maps: the rules the kernel applies when it takes one (user_namespaces(7)), told in advance and
 * with a path.
 */
#include "base/str.h"
#include "spec/parts.h"

enum { IDMAP_MAX = 340 };	/* UID_GID_MAP_MAX_EXTENTS */

static int check_extent(const struct jread_at *at, void *value, struct err *e)
{
	const struct id_map *m = value;

	if (m->size == 0)
		return jread_refuse(at, "size", e, "must be at least 1");
	/* The last id of a range may be 4294967294: -1 is nobody. */
	if (m->container > UINT32_MAX - m->size)
		return jread_refuse(at, "containerID", e, "plus size goes beyond 4294967295");
	if (m->host > UINT32_MAX - m->size)
		return jread_refuse(at, "hostID", e, "plus size goes beyond 4294967295");
	return 0;
}

static const struct jread_field extent_fields[] = {
	{ "containerID", jread_uint, JREAD_TO(struct id_map, container), .required = true },
	{ "hostID", jread_uint, JREAD_TO(struct id_map, host), .required = true },
	{ "size", jread_uint, JREAD_TO(struct id_map, size), .required = true },
};
static const struct jread_schema extent_schema = { extent_fields, N_ELEMENTS(extent_fields),
						   check_extent };

static bool overlap(uint32_t a, uint32_t b, uint32_t a_size, uint32_t b_size)
{
	return a < b ? b - a < a_size : a - b < b_size;
}

static int check_idmaps(const struct jread_at *at, void *value, struct err *e)
{
	const struct id_maps *all = value;

	if (all->n > IDMAP_MAX)
		return jread_refuse(at, NULL, e, "has more than %d entries", IDMAP_MAX);
	for (size_t i = 0; i < all->n; i++) {
		for (size_t j = 0; j < i; j++) {
			const struct id_map *a = &all->v[i], *b = &all->v[j];
			struct jread_at here = jread_item(at, i);

			if (overlap(a->container, b->container, a->size, b->size))
				return jread_refuse(&here, "containerID", e,
						    "overlaps with entry %zu", j);
			if (overlap(a->host, b->host, a->size, b->size))
				return jread_refuse(&here, "hostID", e, "overlaps with entry %zu",
						    j);
		}
	}
	return 0;
}

const struct jread_list spec_idmaps_list = {
	{ .read = jread_object, .schema = &extent_schema }, sizeof(struct id_map), check_idmaps,
};

int spec_idmaps_pair(const struct jread_at *at, const struct id_maps *uids,
		     const struct id_maps *gids, struct err *e)
{
	if (uids->n && !gids->n)
		return jread_refuse(at, "gidMappings", e, "is required beside uidMappings");
	if (gids->n && !uids->n)
		return jread_refuse(at, "uidMappings", e, "is required beside gidMappings");
	return 0;
}
