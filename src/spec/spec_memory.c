/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux.memoryPolicy: which memory nodes the kernel takes pages from, as set_mempolicy(2) has it.
 */
#include <errno.h>
#include <linux/mempolicy.h>

#include "base/str.h"
#include "spec/parts.h"

#ifndef MPOL_F_NUMA_BALANCING
#define MPOL_F_NUMA_BALANCING (1 << 13)	/* Linux 5.12 */
#endif
enum { PREFERRED_MANY = 5, WEIGHTED_INTERLEAVE = 6 };	/* Linux 5.15, 6.9 */

static const struct jread_word mode_table[] = {
	{ "MPOL_DEFAULT", MPOL_DEFAULT }, { "MPOL_BIND", MPOL_BIND }, { "MPOL_INTERLEAVE", MPOL_INTERLEAVE },
	{ "MPOL_WEIGHTED_INTERLEAVE", WEIGHTED_INTERLEAVE }, { "MPOL_PREFERRED", MPOL_PREFERRED },
	{ "MPOL_PREFERRED_MANY", PREFERRED_MANY }, { "MPOL_LOCAL", MPOL_LOCAL },
};
static const struct jread_words mode_words = { mode_table, N_ELEMENTS(mode_table) };
static const struct jread_word flag_table[] = {
	{ "MPOL_F_NUMA_BALANCING", MPOL_F_NUMA_BALANCING }, { "MPOL_F_RELATIVE_NODES", MPOL_F_RELATIVE_NODES },
	{ "MPOL_F_STATIC_NODES", MPOL_F_STATIC_NODES },
};
static const struct jread_words flag_words = { flag_table, N_ELEMENTS(flag_table) };

const char *const spec_memory_mode_words[] = { "MPOL_DEFAULT", "MPOL_BIND", "MPOL_INTERLEAVE", "MPOL_WEIGHTED_INTERLEAVE",
					  "MPOL_PREFERRED", "MPOL_PREFERRED_MANY", "MPOL_LOCAL", NULL };
const char *const spec_memory_flag_words[] = { "MPOL_F_NUMA_BALANCING", "MPOL_F_RELATIVE_NODES", "MPOL_F_STATIC_NODES",
					  NULL };
/* What each mode does with a list of nodes. */
static const struct {
	uint32_t mode;
	bool needs, takes;
} lists[] = {
	{ MPOL_DEFAULT, false, false }, { MPOL_LOCAL, false, false }, { MPOL_PREFERRED, false, true },
	{ MPOL_BIND, true, true }, { MPOL_INTERLEAVE, true, true }, { PREFERRED_MANY, true, true },
	{ WEIGHTED_INTERLEAVE, true, true },
};

static int check_nodes(const struct jread_at *at, const struct memory_policy *p, struct err *e)
{
	uint64_t bits[MEMORY_NODES_MAX / 64];

	for (size_t i = 0; i < N_ELEMENTS(lists); i++) {
		if (lists[i].mode != p->mode)
			continue;
		if (lists[i].needs && !p->nodes)
			return jread_refuse(at, "nodes", e, "is required by this mode");
		if (!lists[i].takes && p->nodes)
			return jread_refuse(at, "nodes", e, "must be empty with this mode");
	}
	if (p->nodes && str_bits(p->nodes, bits, MEMORY_NODES_MAX) < 0)
		return jread_refuse(at, "nodes", e, "must be a list of numbers below %d",
				    MEMORY_NODES_MAX);
	return 0;
}

static int check_policy(const struct jread_at *at, void *value, struct err *e)
{
	const struct memory_policy *p = value;
	const uint32_t both = MPOL_F_RELATIVE_NODES | MPOL_F_STATIC_NODES;
	int r = check_nodes(at, p, e);

	if (r < 0)
		return r;
	if ((p->flags & both) == both)
		return jread_refuse(at, "flags", e,
				    "MPOL_F_RELATIVE_NODES and MPOL_F_STATIC_NODES exclude each other");
	if ((p->flags & both) && !p->nodes)
		return jread_refuse(at, "flags", e, "are about nodes, and none are given");
	if ((p->flags & MPOL_F_NUMA_BALANCING) && p->mode != MPOL_BIND && p->mode != PREFERRED_MANY)
		return jread_refuse(at, "flags", e,
				    "MPOL_F_NUMA_BALANCING needs MPOL_BIND or MPOL_PREFERRED_MANY");
	return 0;
}

static const struct jread_field policy_fields[] = {
	{ "mode", jread_word, JREAD_TO(struct memory_policy, mode), .words = &mode_words, .required = true },
	{ "nodes", jread_string_opt, JREAD_TO(struct memory_policy, nodes), .text = spec_text_cpus },
	{ "flags", jread_mask, JREAD_TO(struct memory_policy, flags), .words = &flag_words },
};
const struct jread_schema spec_memory_policy_schema = { policy_fields, N_ELEMENTS(policy_fields),
							check_policy };
