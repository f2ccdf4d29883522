/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Resource limits. Engines write 0 for "no limit asked" in many of them, because that is what the
 * zero of their type means to runc; such a 0 counts as absent. Where 0 is a limit by the
 * specification (pids.limit, memory.swappiness) it stays.
 */
#include <string.h>

#include "base/str.h"
#include "spec/parts.h"

static const struct jread_range or_unlimited = { -1, INT64_MAX }, percent = { 0, 100 },
				zero_or_one = { 0, 1 };
static const struct jread_range u32_range = { 0, UINT32_MAX }, any_number = { -1, UINT32_MAX };

static void drop_zero_i64(struct opt_i64 *o)
{
	if (o->v == 0)
		o->set = false;
}

static void drop_zero_u64(struct opt_u64 *o)
{
	if (o->v == 0)
		o->set = false;
}

#define M(name) JREAD_TO(struct resources, memory.name)
static const struct jread_field memory_fields[] = {
	{ "limit", jread_opt_i64, M(limit), .range = &or_unlimited },
	{ "reservation", jread_opt_i64, M(reservation), .range = &or_unlimited },
	{ "swap", jread_opt_i64, M(swap), .range = &or_unlimited },
	{ "kernel", jread_opt_i64, M(kernel), .range = &or_unlimited },
	{ "kernelTCP", jread_opt_i64, M(kernel_tcp), .range = &or_unlimited },
	{ "swappiness", jread_opt_u64, M(swappiness), .range = &percent },
	{ "disableOOMKiller", jread_opt_bool, M(disable_oom_killer) },
	{ "useHierarchy", jread_opt_bool, M(use_hierarchy) },
	{ "checkBeforeUpdate", jread_bool, M(check_before_update) },
};
#undef M

static int check_memory(const struct jread_at *at, void *value, struct err *e)
{
	struct resources *r = value;

	drop_zero_i64(&r->memory.limit);
	drop_zero_i64(&r->memory.reservation);
	drop_zero_i64(&r->memory.swap);
	drop_zero_i64(&r->memory.kernel);
	drop_zero_i64(&r->memory.kernel_tcp);
	if (r->memory.swap.set && r->memory.swap.v > 0 && r->memory.limit.set &&
	    (r->memory.limit.v < 0 || r->memory.swap.v < r->memory.limit.v))
		return jread_refuse(at, "swap", e,
				    "must not be below limit (it counts memory and swap together)");
	return 0;
}
static const struct jread_schema memory_schema = { memory_fields, N_ELEMENTS(memory_fields),
						   check_memory };

#define C(name) JREAD_TO(struct resources, cpu.name)
static const struct jread_field cpu_fields[] = {
	{ "shares", jread_opt_u64, C(shares) },
	{ "quota", jread_opt_i64, C(quota), .range = &or_unlimited },
	{ "burst", jread_opt_u64, C(burst) },
	{ "period", jread_opt_u64, C(period) },
	{ "realtimeRuntime", jread_opt_i64, C(realtime_runtime), .range = &or_unlimited },
	{ "realtimePeriod", jread_opt_u64, C(realtime_period) },
	{ "cpus", jread_string_opt, C(cpus), .text = spec_text_cpus },
	{ "mems", jread_string_opt, C(mems), .text = spec_text_cpus },
	{ "idle", jread_opt_i64, C(idle), .range = &zero_or_one },
};
#undef C

static int check_cpu(const struct jread_at *at, void *value, struct err *e)
{
	struct resources *r = value;

	drop_zero_u64(&r->cpu.shares);
	drop_zero_i64(&r->cpu.quota);
	drop_zero_u64(&r->cpu.period);
	drop_zero_i64(&r->cpu.realtime_runtime);
	drop_zero_u64(&r->cpu.realtime_period);
	if (r->cpu.burst.set && r->cpu.quota.set && r->cpu.quota.v > 0 &&
	    r->cpu.burst.v > (uint64_t)r->cpu.quota.v)
		return jread_refuse(at, "burst", e, "must not be above quota");
	return 0;
}
static const struct jread_schema cpu_schema = { cpu_fields, N_ELEMENTS(cpu_fields), check_cpu };

static const struct jread_field pids_fields[] = {
	{ "limit", jread_opt_i64, JREAD_TO(struct resources, pids_limit), .range = &or_unlimited, .required = true },
};
static const struct jread_schema pids_schema = { pids_fields, N_ELEMENTS(pids_fields), NULL };

static int read_access(const struct jread_at *at, const struct jnode *v,
		       const struct jread_field *f, void *out, struct err *e)
{
	const char *text = jread_text_of(v);
	struct device_rule *rule = out;

	(void)f;
	if (!text || !text[0] || text[strspn(text, "rwm")])
		return jread_refuse(at, NULL, e, "must be made of r, w and m");
	rule->r = strchr(text, 'r');
	rule->w = strchr(text, 'w');
	rule->m = strchr(text, 'm');
	return 0;
}

static const struct jread_word rule_type_table[] = { { "a", 'a' }, { "c", 'c' }, { "b", 'b' } };
static const struct jread_words rule_type_words = { rule_type_table, N_ELEMENTS(rule_type_table) };
static const struct jread_field rule_fields[] = {
	{ "allow", jread_bool, JREAD_TO(struct device_rule, allow), .required = true },
	{ "type", jread_word, JREAD_TO(struct device_rule, type), .words = &rule_type_words },
	{ "major", jread_int, JREAD_TO(struct device_rule, major), .range = &any_number },
	{ "minor", jread_int, JREAD_TO(struct device_rule, minor), .range = &any_number },
	{ "access", read_access, .offset = 0 },
};
static const struct jread_schema rule_schema = { rule_fields, N_ELEMENTS(rule_fields), NULL };

static int read_rule(const struct jread_at *at, const struct jnode *v, const struct jread_field *f,
		     void *out, struct err *e)
{
	(void)f;
	*(struct device_rule *)out = (struct device_rule){
		.type = 'a', .major = -1, .minor = -1, .r = true, .w = true, .m = true,
	};
	return jread_members(at, v, &rule_schema, out, e);
}
static const struct jread_list rules_list = { { .read = read_rule },
					      sizeof(struct device_rule),
					      NULL };

/* 0 means none asked; else what blkio.weight and io.bfq.weight take. */
static const char *wrong_weight(uint64_t weight)
{
	return weight == 0 || (weight >= 10 && weight <= 1000) ? NULL
							       : "must be between 10 and 1000";
}

static int check_weight_device(const struct jread_at *at, void *value, struct err *e)
{
	struct blkio_weight *w = value;

	if (!w->has_weight && !w->has_leaf)
		return jread_refuse(at, "weight", e, "or leafWeight is required");
	if (wrong_weight(w->weight))
		return jread_refuse(at, "weight", e, "%s", wrong_weight(w->weight));
	if (wrong_weight(w->leaf_weight))
		return jread_refuse(at, "leafWeight", e, "%s", wrong_weight(w->leaf_weight));
	return 0;
}

static const struct jread_field weight_fields[] = {
	{ "major", jread_int, JREAD_TO(struct blkio_weight, major), .range = &u32_range, .required = true },
	{ "minor", jread_int, JREAD_TO(struct blkio_weight, minor), .range = &u32_range, .required = true },
	{ "weight", jread_uint, JREAD_TO(struct blkio_weight, weight), JREAD_FLAG(struct blkio_weight, has_weight) },
	{ "leafWeight", jread_uint, JREAD_TO(struct blkio_weight, leaf_weight),
	  JREAD_FLAG(struct blkio_weight, has_leaf) },
};
static const struct jread_schema weight_schema = { weight_fields, N_ELEMENTS(weight_fields),
						   check_weight_device };
static const struct jread_list weights_list = {
	{ .read = jread_object, .schema = &weight_schema }, sizeof(struct blkio_weight), NULL,
};

static const struct jread_field rate_fields[] = {
	{ "major", jread_int, JREAD_TO(struct blkio_rate, major), .range = &u32_range, .required = true },
	{ "minor", jread_int, JREAD_TO(struct blkio_rate, minor), .range = &u32_range, .required = true },
	{ "rate", jread_uint, JREAD_TO(struct blkio_rate, rate), .required = true },
};
static const struct jread_schema rate_schema = { rate_fields, N_ELEMENTS(rate_fields), NULL };
static const struct jread_list rates_list = {
	{ .read = jread_object, .schema = &rate_schema }, sizeof(struct blkio_rate), NULL,
};

#define B(name) JREAD_TO(struct resources, blkio.name)
static const struct jread_range u16_range = { 0, UINT16_MAX };
static const struct jread_field blkio_fields[] = {
	{ "weight", jread_opt_u64, B(weight), .range = &u16_range },
	{ "leafWeight", jread_opt_u64, B(leaf_weight), .range = &u16_range },
	{ "weightDevice", jread_array, B(weight_devices), .list = &weights_list },
	{ "throttleReadBpsDevice", jread_array, B(throttle[THROTTLE_READ_BPS]), .list = &rates_list },
	{ "throttleWriteBpsDevice", jread_array, B(throttle[THROTTLE_WRITE_BPS]), .list = &rates_list },
	{ "throttleReadIOPSDevice", jread_array, B(throttle[THROTTLE_READ_IOPS]), .list = &rates_list },
	{ "throttleWriteIOPSDevice", jread_array, B(throttle[THROTTLE_WRITE_IOPS]), .list = &rates_list },
};
#undef B

static int check_blkio(const struct jread_at *at, void *value, struct err *e)
{
	struct resources *r = value;

	if (wrong_weight(r->blkio.weight.v))
		return jread_refuse(at, "weight", e, "%s", wrong_weight(r->blkio.weight.v));
	if (wrong_weight(r->blkio.leaf_weight.v))
		return jread_refuse(at, "leafWeight", e, "%s",
				    wrong_weight(r->blkio.leaf_weight.v));
	drop_zero_u64(&r->blkio.weight);
	drop_zero_u64(&r->blkio.leaf_weight);
	return 0;
}
static const struct jread_schema blkio_schema = { blkio_fields, N_ELEMENTS(blkio_fields),
						  check_blkio };

static const struct jread_field hugepage_fields[] = {
	{ "pageSize", jread_string, JREAD_TO(struct hugepage_limit, page_size), .text = spec_text_pagesize,
	  .required = true },
	{ "limit", jread_uint, JREAD_TO(struct hugepage_limit, limit), .required = true },
};
static const struct jread_schema hugepage_schema = { hugepage_fields, N_ELEMENTS(hugepage_fields),
						     NULL };
static const struct jread_list hugepages_list = {
	{ .read = jread_object, .schema = &hugepage_schema }, sizeof(struct hugepage_limit), NULL,
};

static const struct jread_field priority_fields[] = {
	{ "name", jread_string, JREAD_TO(struct net_priority, name), .text = spec_text_filled, .required = true },
	{ "priority", jread_uint, JREAD_TO(struct net_priority, priority), .required = true },
};
static const struct jread_schema priority_schema = { priority_fields, N_ELEMENTS(priority_fields),
						     NULL };
static const struct jread_list priorities_list = {
	{ .read = jread_object, .schema = &priority_schema }, sizeof(struct net_priority), NULL,
};
static const struct jread_field network_fields[] = {
	{ "classID", jread_opt_u64, JREAD_TO(struct resources, network.class_id), .range = &u32_range },
	{ "priorities", jread_array, JREAD_TO(struct resources, network.priorities), .list = &priorities_list },
};
static const struct jread_schema network_schema = { network_fields, N_ELEMENTS(network_fields),
						    NULL };

static int check_rdma(const struct jread_at *at, void *value, struct err *e)
{
	const struct rdma_limit *l = value;

	if (!l->has_handles && !l->has_objects)
		return jread_refuse(at, "hcaHandles", e, "or hcaObjects is required");
	return 0;
}
static const struct jread_field rdma_fields[] = {
	{ "hcaHandles", jread_uint, JREAD_TO(struct rdma_limit, handles), JREAD_FLAG(struct rdma_limit, has_handles) },
	{ "hcaObjects", jread_uint, JREAD_TO(struct rdma_limit, objects), JREAD_FLAG(struct rdma_limit, has_objects) },
};
static const struct jread_schema rdma_schema = { rdma_fields, N_ELEMENTS(rdma_fields), check_rdma };

/* An object by device name; a list for us. */
static int read_rdma(const struct jread_at *at, const struct jnode *v, const struct jread_field *f,
		     void *out, struct err *e)
{
	struct resources *res = out;
	struct rdma_limit *mem;
	size_t n = 0;

	(void)f;
	if (v->type != JOBJECT)
		return jread_refuse(at, NULL, e, "must be an object");
	mem = arena_array(at->doc->arena, v->len, sizeof(*mem));
	if (!mem)
		return jread_no_memory(at, e);
	jnode_each(member, v) {
		struct jread_at here = jread_key(at, member->key);
		int r;

		if (!member->key[0])
			return jread_refuse(at, NULL, e, "has an empty key");
		r = jread_members(&here, member, &rdma_schema, &mem[n], e);
		if (r < 0)
			return r;
		mem[n].device = arena_strdup(at->doc->arena, member->key);
		if (!mem[n++].device)
			return jread_no_memory(at, e);
	}
	res->rdma.n = n;
	res->rdma.v = mem;
	return 0;
}

static const struct jread_field resources_fields[] = {
	{ "devices", jread_array, JREAD_TO(struct resources, devices), .list = &rules_list },
	{ "memory", jread_object, .offset = 0, .schema = &memory_schema },
	{ "cpu", jread_object, .offset = 0, .schema = &cpu_schema },
	{ "pids", jread_object, .offset = 0, .schema = &pids_schema },
	{ "blockIO", jread_object, .offset = 0, .schema = &blkio_schema },
	{ "hugepageLimits", jread_array, JREAD_TO(struct resources, hugepages), .list = &hugepages_list },
	{ "network", jread_object, .offset = 0, .schema = &network_schema },
	{ "rdma", read_rdma, .offset = 0 },
	{ "unified", jread_map, JREAD_TO(struct resources, unified), .text = spec_text_unified },
};
const struct jread_schema spec_resources_schema = { resources_fields, N_ELEMENTS(resources_fields),
						    NULL };

int spec_resources_rules(const struct jread_at *at, const struct resources *r, struct err *e)
{
	struct jread_at memory = jread_key(at, "memory");

	if (r->memory.swap.set && r->memory.swap.v > 0 && !r->memory.limit.set)
		return jread_refuse(&memory, "swap", e, "needs memory.limit");
	return 0;
}
