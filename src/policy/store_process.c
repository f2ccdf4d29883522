/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process as config.json has it (OCI runtime specification, "process").
 */
#include <errno.h>
#include <jansson.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/capname.h"
#include "policy/store.h"

static json_t *strings_json(const struct strings *list)
{
	json_t *array = json_array();

	for (size_t i = 0; i < list->n; i++)
		if (json_array_append_new(array, json_string(list->v[i])) < 0) {
			json_decref(array);
			return NULL;
		}
	return array;
}

static json_t *caps_json(uint64_t set)
{
	json_t *array = json_array();

	for (int i = 0; i < CAP_COUNT; i++) {
		char name[40];
		if (!(set & CAP_BIT(i)))
			continue;
		(void)snprintf(name, sizeof(name), "CAP_%s", capname_of(i));
		(void)json_array_append_new(array, json_string(name)); /* plain ASCII: fails for want of memory only */
	}
	return array;
}

static json_t *user_json(const struct process *p)
{
	json_t *user = json_pack("{s:I, s:I}", "uid", (json_int_t)p->uid, "gid", (json_int_t)p->gid);

	if (p->has_umask)
		(void)json_object_set_new(user, "umask", json_integer(p->umask));
	if (p->groups.n) {
		json_t *groups = json_array();
		for (size_t i = 0; i < p->groups.n; i++)
			(void)json_array_append_new(groups, json_integer(p->groups.v[i]));
		(void)json_object_set_new(user, "additionalGids", groups);
	}
	return user;
}

static json_t *rlimits_json(const struct rlimits *l)
{
	json_t *array = json_array();

	/* "unlimited" is 2^64-1 in the document, which jansson's integers cannot hold: such numbers are put in afterwards. */
	for (size_t i = 0; i < l->n; i++) {
		char hard[32], soft[32];
		(void)snprintf(hard, sizeof(hard), "@%llu", (unsigned long long)l->v[i].hard);
		(void)snprintf(soft, sizeof(soft), "@%llu", (unsigned long long)l->v[i].soft);
		(void)json_array_append_new(array, json_pack("{s:s, s:s, s:s}", "type", l->v[i].name, "hard", hard, "soft",
							     soft));
	}
	return array;
}

static const struct { int policy; const char *name; } sched_names[] = {
	{ 0, "SCHED_OTHER" }, { 1, "SCHED_FIFO" }, { 2, "SCHED_RR" }, { 3, "SCHED_BATCH" },
	{ 4, "SCHED_ISO" },   { 5, "SCHED_IDLE" }, { 6, "SCHED_DEADLINE" },
};
static const struct { uint64_t flag; const char *name; } sched_flags[] = {
	{ 0x01, "SCHED_FLAG_RESET_ON_FORK" }, { 0x02, "SCHED_FLAG_RECLAIM" },	 { 0x04, "SCHED_FLAG_DL_OVERRUN" },
	{ 0x08, "SCHED_FLAG_KEEP_POLICY" },   { 0x10, "SCHED_FLAG_KEEP_PARAMS" }, { 0x20, "SCHED_FLAG_UTIL_CLAMP_MIN" },
	{ 0x40, "SCHED_FLAG_UTIL_CLAMP_MAX" },
};

static json_t *scheduler_json(const struct scheduler *s)
{
	json_t *o = json_object(), *flags = json_array();

	for (size_t i = 0; i < N_ELEMENTS(sched_names); i++)
		if (sched_names[i].policy == s->policy)
			(void)json_object_set_new(o, "policy", json_string(sched_names[i].name));
	for (size_t i = 0; i < N_ELEMENTS(sched_flags); i++)
		if (s->flags & sched_flags[i].flag)
			(void)json_array_append_new(flags, json_string(sched_flags[i].name));
	if (s->nice)
		(void)json_object_set_new(o, "nice", json_integer(s->nice));
	if (s->priority)
		(void)json_object_set_new(o, "priority", json_integer(s->priority));
	if (json_array_size(flags))
		(void)json_object_set(o, "flags", flags);
	json_decref(flags);
	if (s->runtime)
		(void)json_object_set_new(o, "runtime", json_integer((json_int_t)s->runtime));
	if (s->deadline)
		(void)json_object_set_new(o, "deadline", json_integer((json_int_t)s->deadline));
	if (s->period)
		(void)json_object_set_new(o, "period", json_integer((json_int_t)s->period));
	return o;
}

static void add_optional(json_t *o, const struct process *p)
{
	static const char *const io_classes[] = { "", "IOPRIO_CLASS_RT", "IOPRIO_CLASS_BE", "IOPRIO_CLASS_IDLE" };

	if (p->rows || p->columns)
		(void)json_object_set_new(o, "consoleSize", json_pack("{s:i, s:i}", "height", p->rows, "width", p->columns));
	if (p->has_caps)
		(void)json_object_set_new(o, "capabilities", json_pack("{s:o, s:o, s:o, s:o, s:o}",
			"bounding", caps_json(p->caps.bounding), "effective", caps_json(p->caps.effective),
			"inheritable", caps_json(p->caps.inheritable), "permitted", caps_json(p->caps.permitted),
			"ambient", caps_json(p->caps.ambient)));
	if (p->rlimits.n)
		(void)json_object_set_new(o, "rlimits", rlimits_json(&p->rlimits));
	if (p->oom_score_adj.set)
		(void)json_object_set_new(o, "oomScoreAdj", json_integer(p->oom_score_adj.v));
	if (p->apparmor)
		(void)json_object_set_new(o, "apparmorProfile", json_string(p->apparmor));
	if (p->selinux)
		(void)json_object_set_new(o, "selinuxLabel", json_string(p->selinux));
	if (p->scheduler.set)
		(void)json_object_set_new(o, "scheduler", scheduler_json(&p->scheduler));
	if (p->io_priority.set && p->io_priority.class >= 1 && p->io_priority.class <= 3)
		(void)json_object_set_new(o, "ioPriority", json_pack("{s:s, s:i}", "class",
			io_classes[p->io_priority.class], "priority", p->io_priority.priority));
	if (p->affinity_initial || p->affinity_final) {
		json_t *affinity = json_object();
		if (p->affinity_initial)
			(void)json_object_set_new(affinity, "initial", json_string(p->affinity_initial));
		if (p->affinity_final)
			(void)json_object_set_new(affinity, "final", json_string(p->affinity_final));
		(void)json_object_set_new(o, "execCPUAffinity", affinity);
	}
}

/* "@123" -> 123 where rlimits_json put it. Only values of "hard" and "soft" can look like this: every other quote inside a
 * text is escaped, so the key cannot occur elsewhere unescaped. */
static void numbers_in(char *text)
{
	static const char *const keys[] = { "\"hard\":\"@", "\"soft\":\"@" };
	char *to = text;

	for (const char *from = text; *from;) {
		bool hit = false;
		for (size_t i = 0; i < N_ELEMENTS(keys) && !hit; i++) {
			size_t n = strlen(keys[i]);
			if (strncmp(from, keys[i], n) != 0)
				continue;
			memmove(to, from, n - 2);
			to += n - 2;
			for (from += n; *from && *from != '"'; from++)
				*to++ = *from;
			from += *from ? 1 : 0;
			hit = true;
		}
		if (!hit)
			*to++ = *from++;
	}
	*to = 0;
}

int plan_write_process(const struct process *p, char **out, size_t *len, struct err *e)
{
	json_t *args = strings_json(&p->args), *env = strings_json(&p->env);
	json_t *o = json_pack("{s:b, s:o, s:o?, s:o?, s:s, s:b}", "terminal", p->terminal, "user", user_json(p), "args", args,
			      "env", env, "cwd", p->cwd ? p->cwd : "/", "noNewPrivileges", p->no_new_privs);
	char *text = NULL;

	if (o && args && env) {
		add_optional(o, p);
		text = json_dumps(o, JSON_COMPACT | JSON_PRESERVE_ORDER);
	}
	json_decref(o);
	if (!text)
		return err_set(e, EINVAL, "process: its texts are not all UTF-8, which JSON needs");
	numbers_in(text);
	*out = text;
	*len = strlen(text);
	return 0;
}
