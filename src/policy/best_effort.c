/* SPDX-License-Identifier: Apache-2.0 */
/* Which controls may be missing: a profile that does not ask for one has no say in whether another's may. */
#include "policy/profile_fields.h"

static uint64_t asked_for(const struct profile *p)
{
	return (p->deny_write_exec ? PROFILE_BEST_MDWE : 0) | (profile_landlock_is_on(&p->landlock) ? PROFILE_BEST_LANDLOCK : 0);
}

uint64_t best_effort_meet(const struct profile *io, const struct profile *other)
{
	uint64_t one = asked_for(io), two = asked_for(other);

	return ((io->best_effort | ~one) & (other->best_effort | ~two) & (one | two)) | (io->best_effort & other->best_effort & ~(one | two));
}

bool best_effort_weaker(const struct profile *p, const struct profile *than)
{
	return (p->best_effort & asked_for(than) & ~than->best_effort) != 0;
}
