/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process: user, argv, environment, capabilities, limits, scheduling.
 */
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/resource.h>

#include "base/capname.h"
#include "base/log.h"
#include "base/str.h"
#include "spec/parts.h"

#ifndef SCHED_ISO
#define SCHED_ISO 4	/* reserved by Linux, never implemented */
#endif
#ifndef SCHED_DEADLINE
#define SCHED_DEADLINE 6
#endif

#define RL(name) { "RLIMIT_" #name, RLIMIT_##name }
static const struct jread_word rlimit_table[] = {
	RL(CPU), RL(FSIZE), RL(DATA), RL(STACK), RL(CORE), RL(RSS), RL(NPROC), RL(NOFILE),
	RL(MEMLOCK), RL(AS), RL(LOCKS), RL(SIGPENDING), RL(MSGQUEUE), RL(NICE), RL(RTPRIO),
	RL(RTTIME),
};
#undef RL
static const struct jread_words rlimit_words = { rlimit_table, N_ELEMENTS(rlimit_table) };

static bool same_letters(const char *upper, const char *any)
{
	for (; *upper && *any; upper++, any++)
		if (*upper != (*any >= 'a' && *any <= 'z' ? *any - 'a' + 'A' : *any))
			return false;
	return *upper == *any;
}

int spec_rlimit_find(const char *name)
{
	for (size_t i = 0; i < N_ELEMENTS(rlimit_table); i++)
		if (same_letters(rlimit_table[i].word, name) ||
		    same_letters(rlimit_table[i].word + strlen("RLIMIT_"), name))
			return (int)rlimit_table[i].value;
	return -EINVAL;
}

const char *spec_rlimit_name(int resource)
{
	for (size_t i = 0; i < N_ELEMENTS(rlimit_table); i++)
		if ((int)rlimit_table[i].value == resource)
			return rlimit_table[i].word;
	return NULL;
}

static int check_rlimit(const struct jread_at *at, void *value, struct err *e)
{
	struct process_rlimit *l = value;

	l->name = spec_rlimit_name(l->resource);
	if (l->soft > l->hard)
		return jread_refuse(at, "soft", e, "must not be above hard");
	return 0;
}

static const struct jread_field rlimit_fields[] = {
	{ "type", jread_word, JREAD_TO(struct process_rlimit, resource), .words = &rlimit_words, .required = true },
	{ "soft", jread_uint, JREAD_TO(struct process_rlimit, soft), .required = true },
	{ "hard", jread_uint, JREAD_TO(struct process_rlimit, hard), .required = true },
};
static const struct jread_schema rlimit_schema = { rlimit_fields, N_ELEMENTS(rlimit_fields),
						   check_rlimit };

static int check_rlimits(const struct jread_at *at, void *value, struct err *e)
{
	const struct rlimits *all = value;
	uint64_t seen = 0;

	for (size_t i = 0; i < all->n; i++) {
		struct jread_at here = jread_item(at, i);

		if (seen & UINT64_C(1) << all->v[i].resource)
			return jread_refuse(&here, "type", e, "%s is given twice", all->v[i].name);
		seen |= UINT64_C(1) << all->v[i].resource;
	}
	return 0;
}
static const struct jread_list rlimits_list = {
	{ .read = jread_object, .schema = &rlimit_schema },
	sizeof(struct process_rlimit),
	check_rlimits,
};

/* One set. A name we do not know is worth a warning, no error: OCI wants documents for newer
 * kernels to run. */
static int read_capset(const struct jread_at *at, const struct jnode *v,
		       const struct jread_field *f, void *out, struct err *e)
{
	uint64_t set = 0;
	size_t i = 0;

	(void)f;
	if (v->type != JARRAY)
		return jread_refuse(at, NULL, e, "must be an array");
	jnode_each(item, v) {
		struct jread_at here = jread_item(at, i++);
		const char *name = jread_text_of(item);
		int cap;

		if (!name)
			return jread_refuse(&here, NULL, e, "must be a string");
		cap = str_starts(name, "CAP_") ? capname_find(name, strlen(name)) : -EINVAL;
		if (cap < 0)
			log_warn("process.capabilities.%s: ignoring unknown capability \"%s\"",
				 at->key, jread_quote(name).s);
		else
			set |= CAP_BIT(cap);
	}
	memcpy(out, &set, sizeof(set));
	return 0;
}

static const struct jread_field caps_fields[] = {
	{ "bounding", read_capset, JREAD_TO(struct capsets, bounding) },
	{ "effective", read_capset, JREAD_TO(struct capsets, effective) },
	{ "permitted", read_capset, JREAD_TO(struct capsets, permitted) },
	{ "inheritable", read_capset, JREAD_TO(struct capsets, inheritable) },
	{ "ambient", read_capset, JREAD_TO(struct capsets, ambient) },
};
static const struct jread_schema caps_schema = { caps_fields, N_ELEMENTS(caps_fields), NULL };

static const struct jread_word policy_table[] = {
	{ "SCHED_OTHER", SCHED_OTHER }, { "SCHED_FIFO", SCHED_FIFO }, { "SCHED_RR", SCHED_RR },
	{ "SCHED_BATCH", SCHED_BATCH }, { "SCHED_ISO", SCHED_ISO }, { "SCHED_IDLE", SCHED_IDLE },
	{ "SCHED_DEADLINE", SCHED_DEADLINE },
};
static const struct jread_words policy_words = { policy_table, N_ELEMENTS(policy_table) };

static const struct jread_word sched_flag_table[] = {
	{ "SCHED_FLAG_RESET_ON_FORK", 0x01 }, { "SCHED_FLAG_RECLAIM", 0x02 }, { "SCHED_FLAG_DL_OVERRUN", 0x04 },
	{ "SCHED_FLAG_KEEP_POLICY", 0x08 }, { "SCHED_FLAG_KEEP_PARAMS", 0x10 },
	{ "SCHED_FLAG_UTIL_CLAMP_MIN", 0x20 }, { "SCHED_FLAG_UTIL_CLAMP_MAX", 0x40 },
};
static const struct jread_words sched_flag_words = { sched_flag_table,
						     N_ELEMENTS(sched_flag_table) };

static const char *deadline_property(const struct scheduler *s)
{
	return s->runtime ? "runtime" : s->deadline ? "deadline" : "period";
}

static int check_deadline(const struct jread_at *at, const struct scheduler *s, struct err *e)
{
	if (s->policy != SCHED_DEADLINE) {
		if (s->runtime || s->deadline || s->period)
			return jread_refuse(at, deadline_property(s), e, "is only for SCHED_DEADLINE");
		return 0;
	}
	if (!s->runtime || !s->deadline)
		return jread_refuse(at, s->runtime ? "deadline" : "runtime", e,
				    "is required by SCHED_DEADLINE");
	if (s->runtime > s->deadline)
		return jread_refuse(at, "runtime", e, "must not be above deadline");
	if (s->period && s->deadline > s->period)
		return jread_refuse(at, "deadline", e, "must not be above period");
	return 0;
}

static int check_scheduler(const struct jread_at *at, void *value, struct err *e)
{
	struct scheduler *s = value;
	bool fair = s->policy == SCHED_OTHER || s->policy == SCHED_BATCH;
	bool real_time = s->policy == SCHED_FIFO || s->policy == SCHED_RR;

	if (s->policy == SCHED_ISO)
		return jread_refuse(at, "policy", e,
				    "SCHED_ISO is not supported (Linux does not implement it)");
	if (s->nice && !fair)
		return jread_refuse(at, "nice", e, "is only for SCHED_OTHER and SCHED_BATCH");
	if (s->priority && !real_time)
		return jread_refuse(at, "priority", e, "is only for SCHED_FIFO and SCHED_RR");
	if (real_time && (s->priority < 1 || s->priority > 99))
		return jread_refuse(at, "priority", e, "must be between 1 and 99");
	s->set = true;
	return check_deadline(at, s, e);
}

static const struct jread_range nice_range = { -20, 19 };
static const struct jread_field scheduler_fields[] = {
	{ "policy", jread_word, JREAD_TO(struct scheduler, policy), .words = &policy_words, .required = true },
	{ "nice", jread_int, JREAD_TO(struct scheduler, nice), .range = &nice_range },
	{ "priority", jread_int, JREAD_TO(struct scheduler, priority) },
	{ "flags", jread_mask, JREAD_TO(struct scheduler, flags), .words = &sched_flag_words },
	{ "runtime", jread_uint, JREAD_TO(struct scheduler, runtime) },
	{ "deadline", jread_uint, JREAD_TO(struct scheduler, deadline) },
	{ "period", jread_uint, JREAD_TO(struct scheduler, period) },
};
static const struct jread_schema scheduler_schema = { scheduler_fields,
						      N_ELEMENTS(scheduler_fields),
						      check_scheduler };

static const struct jread_word io_class_table[] = {
	{ "IOPRIO_CLASS_RT", 1 }, { "IOPRIO_CLASS_BE", 2 }, { "IOPRIO_CLASS_IDLE", 3 },
};
static const struct jread_words io_class_words = { io_class_table, N_ELEMENTS(io_class_table) };
static const struct jread_range io_priority_range = { 0, 7 };
static const struct jread_field io_priority_fields[] = {
	{ "class", jread_word, JREAD_TO(struct io_priority, class), .words = &io_class_words, .required = true },
	{ "priority", jread_int, JREAD_TO(struct io_priority, priority), .range = &io_priority_range },
};
static const struct jread_schema io_priority_schema = { io_priority_fields,
							N_ELEMENTS(io_priority_fields), NULL };

/* ID -1 means "leave alone" to the kernel's calls and is nobody. */
static const struct jread_range id_range = { 0, UINT32_MAX - 1 };
static int read_id(const struct jread_at *at, const struct jnode *v, const struct jread_field *f,
		   void *out, struct err *e)
{
	struct jread_field id = { .width = sizeof(uint32_t), .range = &id_range };

	(void)f;
	return jread_uint(at, v, &id, out, e);
}
static const struct jread_list groups_list = { { .read = read_id }, sizeof(uint32_t), NULL };

static const struct jread_range umask_range = { 0, 0777 };
static const struct jread_field user_fields[] = {
	{ "uid", read_id, JREAD_TO(struct process, uid), .required = true },
	{ "gid", read_id, JREAD_TO(struct process, gid), .required = true },
	{ "umask", jread_uint, JREAD_TO(struct process, umask), JREAD_FLAG(struct process, has_umask),
	  .range = &umask_range },
	{ "additionalGids", jread_array, JREAD_TO(struct process, groups), .list = &groups_list },
};
static const struct jread_schema user_schema = { user_fields, N_ELEMENTS(user_fields), NULL };

/* An integer beyond what a terminal can have is no error without a terminal: the whole object is
 * ignored then. */
static const struct jread_field console_fields[] = {
	{ "height", jread_uint, 0, sizeof(uint64_t), .required = true },
	{ "width", jread_uint, sizeof(uint64_t), sizeof(uint64_t), .required = true },
};
static const struct jread_schema console_schema = { console_fields, N_ELEMENTS(console_fields),
						    NULL };

static int read_console(const struct jread_at *at, const struct jnode *v,
			const struct jread_field *f, void *out, struct err *e)
{
	struct process *p = out;
	uint64_t size[2] = { 0, 0 };
	int r = jread_members(at, v, &console_schema, size, e);

	(void)f;
	if (r < 0)
		return r;
	p->rows = size[0] > UINT16_MAX ? UINT16_MAX : (uint16_t)size[0];
	p->columns = size[1] > UINT16_MAX ? UINT16_MAX : (uint16_t)size[1];
	return 0;
}

static const struct jread_field affinity_fields[] = {
	{ "initial", jread_string_opt, JREAD_TO(struct process, affinity_initial), .text = spec_text_cpus },
	{ "final", jread_string_opt, JREAD_TO(struct process, affinity_final), .text = spec_text_cpus },
};
static const struct jread_schema affinity_schema = { affinity_fields, N_ELEMENTS(affinity_fields),
						     NULL };

static int check_process(const struct jread_at *at, void *value, struct err *e)
{
	struct process *p = value;

	if (p->args.n == 0)
		return jread_refuse(at, "args", e, "must have at least one entry");
	if (!p->args.v[0][0])
		return jread_refuse(at, "args", e, "the first entry must not be empty");
	if (p->terminal && (p->rows == UINT16_MAX || p->columns == UINT16_MAX))
		return jread_refuse(at, "consoleSize", e, "must be below %d", UINT16_MAX);
	if (!p->terminal)
		p->rows = p->columns = 0;
	return 0;
}

static const struct jread_range oom_range = { -1000, 1000 };
static const struct jread_field process_fields[] = {
	{ "terminal", jread_bool, JREAD_TO(struct process, terminal) },
	{ "consoleSize", read_console, .offset = 0 },
	{ "user", jread_object, .offset = 0, .schema = &user_schema, .required = true },
	{ "args", jread_strings, JREAD_TO(struct process, args) },
	{ "env", jread_strings, JREAD_TO(struct process, env), .text = spec_text_env },
	{ "cwd", jread_string, JREAD_TO(struct process, cwd), .text = spec_text_absolute, .required = true },
	{ "capabilities", jread_object, JREAD_TO(struct process, caps), JREAD_FLAG(struct process, has_caps),
	  .schema = &caps_schema },
	{ "rlimits", jread_array, JREAD_TO(struct process, rlimits), .list = &rlimits_list },
	{ "noNewPrivileges", jread_bool, JREAD_TO(struct process, no_new_privs) },
	{ "oomScoreAdj", jread_opt_i64, JREAD_TO(struct process, oom_score_adj), .range = &oom_range },
	{ "apparmorProfile", jread_string_opt, JREAD_TO(struct process, apparmor) },
	{ "selinuxLabel", jread_string_opt, JREAD_TO(struct process, selinux) },
	{ "scheduler", jread_object, JREAD_TO(struct process, scheduler), .schema = &scheduler_schema },
	{ "ioPriority", jread_object, JREAD_TO(struct process, io_priority),
	  JREAD_FLAG(struct process, io_priority.set), .schema = &io_priority_schema },
	{ "execCPUAffinity", jread_object, .offset = 0, .schema = &affinity_schema },
};
const struct jread_schema spec_process_schema = { process_fields, N_ELEMENTS(process_fields),
						  check_process };
