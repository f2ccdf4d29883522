/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/fd.h"
#include "container/posture_parts.h"

/* As /proc/PID/limits calls them. */
static const struct { int resource; const char *word, *line; } rlimits[] = {
	{ RLIMIT_CPU, "cpu time", "Max cpu time" },
	{ RLIMIT_FSIZE, "file size", "Max file size" },
	{ RLIMIT_DATA, "data size", "Max data size" },
	{ RLIMIT_STACK, "stack size", "Max stack size" },
	{ RLIMIT_CORE, "core size", "Max core file size" },
	{ RLIMIT_RSS, "resident set", "Max resident set" },
	{ RLIMIT_NPROC, "processes of the user", "Max processes" },
	{ RLIMIT_NOFILE, "open files", "Max open files" },
	{ RLIMIT_MEMLOCK, "locked memory", "Max locked memory" },
	{ RLIMIT_AS, "address space", "Max address space" },
	{ RLIMIT_LOCKS, "file locks", "Max file locks" },
	{ RLIMIT_SIGPENDING, "pending signals", "Max pending signals" },
	{ RLIMIT_MSGQUEUE, "message queues", "Max msgqueue size" },
	{ RLIMIT_NICE, "nice priority", "Max nice priority" },
	{ RLIMIT_RTPRIO, "realtime priority", "Max realtime priority" },
	{ RLIMIT_RTTIME, "realtime timeout", "Max realtime timeout" },
};

static const char *amount(uint64_t v, char buf[24])
{
	if (v == UINT64_MAX)
		return "unlimited";
	(void)snprintf(buf, 24, "%llu", (unsigned long long)v);
	return buf;
}

static bool read_amount(const char **s, uint64_t *out)
{
	char *end;

	while (**s == ' ')
		(*s)++;
	if (str_starts(*s, "unlimited")) {
		*s += strlen("unlimited");
		*out = UINT64_MAX;
		return true;
	}
	*out = strtoull(*s, &end, 10);
	if (end == *s)
		return false;
	*s = end;
	return true;
}

static bool find_limit(const char *text, const char *line, uint64_t *soft, uint64_t *hard)
{
	const char *at = strstr(text, line);

	if (!at)
		return false;
	at += strlen(line);
	return read_amount(&at, soft) && read_amount(&at, hard);
}

static void look_rlimit(struct look *l, const char *text, const struct process_rlimit *want)
{
	char a[24], b[24];
	uint64_t soft, hard;

	for (size_t i = 0; i < N_ELEMENTS(rlimits); i++) {
		if (rlimits[i].resource != want->resource)
			continue;
		posture_planned(l, rlimits[i].word, "%s / %s", amount(want->soft, a), amount(want->hard, b));
		if (!find_limit(text, rlimits[i].line, &soft, &hard))
			posture_actual(l, VERDICT_NOT_ASKED, "not shown");
		else /* a process may move its soft limit, and lower the hard one */
			posture_actual(l, hard <= want->hard ? VERDICT_OK : VERDICT_DIFFERS, "%s / %s", amount(soft, a),
				       amount(hard, b));
	}
}

static bool lists(const char *controllers, const char *name)
{
	return controllers[0] == 0 || posture_has_option(controllers, name);
}

/* Reads one file of the cgroup, whichever version it is. */
static bool cgroup_value(const struct cgroup *cg, const char *controller, const char *file, char *out, size_t size)
{
	for (size_t i = 0; i < cg->n; i++) {
		char path[4096];
		bool v2 = cg->v[i].controllers[0] == 0;
		if (!lists(cg->v[i].controllers, controller) || (v2 && cg->mode != CGROUP_V2))
			continue;
		if (snprintf(path, sizeof(path), "%s/%s", cg->v[i].path, file) < (int)sizeof(path) &&
		    fd_read_small(AT_FDCWD, path, out, size) >= 0)
			return true;
	}
	return false;
}

/* The kernel rounds memory to pages; both versions call "no limit" by their own names. */
static uint64_t cgroup_amount(const char *text)
{
	uint64_t v;

	if (str_u64(text, &v) < 0 || v >= INT64_MAX - 65536)
		return UINT64_MAX;
	return v;
}

static void look_cgroup_amount(struct look *l, const char *control, int64_t want, const char *controller, const char *v1,
			       const char *v2)
{
	char text[64], a[24];
	uint64_t limit = want < 0 ? UINT64_MAX : (uint64_t)want;

	posture_planned(l, control, "%s", amount(limit, a));
	if (!cgroup_value(l->cg, controller, l->cg->mode == CGROUP_V2 ? v2 : v1, text, sizeof(text))) {
		posture_actual(l, VERDICT_DIFFERS, "no such limit");
		return;
	}
	posture_actual(l, cgroup_amount(text) <= limit ? VERDICT_OK : VERDICT_DIFFERS, "%s", amount(cgroup_amount(text), a));
}

static void look_cgroup_exact(struct look *l, const char *control, const char *want, const char *controller, const char *file)
{
	char text[1024];

	posture_planned(l, control, "%.200s", want);
	if (!cgroup_value(l->cg, controller, file, text, sizeof(text)))
		posture_actual(l, VERDICT_DIFFERS, "no such limit");
	else
		posture_actual(l, posture_same_value(want, text) ? VERDICT_OK : VERDICT_DIFFERS, "%.200s", text);
}

/* CPU lists have many spellings ("0-1", "0,1"): the bits are compared. */
static void look_cpus(struct look *l, const char *control, const char *want, const char *file)
{
	enum { MOST = 65536 };
	uint64_t a[MOST / 64] = { 0 }, b[MOST / 64] = { 0 };
	char text[4096];

	if (!want || !*want)
		return;
	posture_planned(l, control, "%.200s", want);
	if (!cgroup_value(l->cg, "cpuset", file, text, sizeof(text)) || str_bits(want, a, MOST) < 0 || str_bits(text, b, MOST) < 0)
		posture_actual(l, VERDICT_DIFFERS, "no such limit");
	else
		posture_actual(l, memcmp(a, b, sizeof(a)) == 0 ? VERDICT_OK : VERDICT_DIFFERS, "%.200s", text);
}

static void look_shares(struct look *l)
{
	const struct opt_u64 *shares = &l->p->resources.cpu.shares;
	bool v2 = l->cg->mode == CGROUP_V2;
	char want[24];

	if (!shares->set || !shares->v || l->p->resources.cpu.idle.v) /* idle has no share */
		return;
	(void)snprintf(want, sizeof(want), "%llu",
		       (unsigned long long)(v2 ? cgroup_weight_from_shares(shares->v) : shares->v));
	look_cgroup_exact(l, "cpu share", want, "cpu", v2 ? "cpu.weight" : "cpu.shares");
}

/* On v2 swap is counted for itself, and the document's number holds both. */
static void look_swap(struct look *l)
{
	const struct opt_i64 *swap = &l->p->resources.memory.swap, *limit = &l->p->resources.memory.limit;
	bool v2 = l->cg->mode == CGROUP_V2;
	const char *v1_file = "memory.memsw.limit_in_bytes", *v2_file = "memory.swap.max";
	char text[64];

	if (!swap->set || swap->v <= 0 || (v2 && (!limit->set || limit->v <= 0)))
		return;
	if (swap->v == limit->v && !cgroup_value(l->cg, "memory", v2 ? v2_file : v1_file, text, sizeof(text))) {
		posture_planned(l, "memory and swap", "%lld", (long long)swap->v);
		posture_actual(l, VERDICT_NOT_ASKED, "this kernel does not account swap");
		return;
	}
	look_cgroup_amount(l, "memory and swap", v2 ? swap->v - limit->v : swap->v, "memory", v1_file, v2_file);
}

static void look_cpu(struct look *l)
{
	char quota[64], want[64];

	(void)snprintf(want, sizeof(want), "%lld", (long long)l->p->resources.cpu.quota.v);
	posture_planned(l, "cpu quota", "%s us", want);
	if (!cgroup_value(l->cg, "cpu", l->cg->mode == CGROUP_V2 ? "cpu.max" : "cpu.cfs_quota_us", quota, sizeof(quota))) {
		posture_actual(l, VERDICT_DIFFERS, "no such limit");
		return;
	}
	quota[strcspn(quota, " ")] = 0; /* v2: "QUOTA PERIOD" */
	posture_actual(l, str_eq(quota, want) ? VERDICT_OK : VERDICT_DIFFERS, "%s us", quota);
}

static void look_period(struct look *l)
{
	char text[64], want[24];
	bool v2 = l->cg->mode == CGROUP_V2;
	const char *at = text;

	(void)snprintf(want, sizeof(want), "%llu", (unsigned long long)l->p->resources.cpu.period.v);
	posture_planned(l, "cpu period", "%s us", want);
	if (!cgroup_value(l->cg, "cpu", v2 ? "cpu.max" : "cpu.cfs_period_us", text, sizeof(text))) {
		posture_actual(l, VERDICT_DIFFERS, "no such limit");
		return;
	}
	if (v2) /* "QUOTA PERIOD" */
		at += strcspn(at, " ");
	posture_actual(l, posture_same_value(want, at) ? VERDICT_OK : VERDICT_DIFFERS, "%s us", at + strspn(at, " "));
}

/* Is the process where the plan put it? The name is the end of one line of /proc/PID/cgroup at least. */
static void look_place(struct look *l)
{
	char text[8192];

	if (l->cg->mode == CGROUP_NONE || !l->cg->name)
		return;
	posture_planned(l, "cgroup", "%.200s", l->cg->name);
	if (fd_read_small(l->procfd, "cgroup", text, sizeof(text)) < 0)
		posture_actual(l, VERDICT_NOT_ASKED, "cannot be read");
	else
		posture_actual(l, strstr(text, l->cg->name) ? VERDICT_OK : VERDICT_DIFFERS, "%s",
			       strstr(text, l->cg->name) ? "in it" : "elsewhere");
}

static void look_oom(struct look *l)
{
	const struct opt_i64 *want = &l->p->process.oom_score_adj;
	char text[32];
	int64_t got;

	if (!l->p->has_process || !want->set)
		return;
	posture_planned(l, "oom score", "%lld", (long long)want->v);
	if (fd_read_small(l->payloadfd, "oom_score_adj", text, sizeof(text)) < 0 || str_i64(text, &got) < 0)
		posture_actual(l, VERDICT_NOT_ASKED, "cannot be read");
	else /* a process may raise its own */
		posture_actual(l, got >= want->v ? VERDICT_OK : VERDICT_DIFFERS, "%lld", (long long)got);
}

void posture_look_limits(struct look *l)
{
	const struct resources *r = &l->p->resources;
	char text[4096];

	if (l->p->has_process && l->p->process.rlimits.n && fd_read_small(l->payloadfd, "limits", text, sizeof(text)) >= 0)
		for (size_t i = 0; i < l->p->process.rlimits.n; i++)
			look_rlimit(l, text, &l->p->process.rlimits.v[i]);
	look_oom(l);
	if (!l->cg || l->cg->mode == CGROUP_NONE)
		return;
	look_place(l);
	posture_look_devices(l);
	if (r->pids_limit.set && r->pids_limit.v > 0)
		look_cgroup_amount(l, "pids", r->pids_limit.v, "pids", "pids.max", "pids.max");
	if (r->memory.limit.set && r->memory.limit.v > 0)
		look_cgroup_amount(l, "memory", r->memory.limit.v, "memory", "memory.limit_in_bytes", "memory.max");
	if (r->cpu.quota.set && r->cpu.quota.v > 0)
		look_cpu(l);
	if (r->cpu.period.set && r->cpu.period.v > 0)
		look_period(l);
	look_shares(l);
	look_swap(l);
	look_cpus(l, "cpus", r->cpu.cpus, "cpuset.cpus");
	look_cpus(l, "memory nodes", r->cpu.mems, "cpuset.mems");
}
