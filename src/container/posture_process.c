/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the payload is scheduled, what it runs as, where its memory comes from, and the clocks of its time namespace. A program may
 * change the first three itself, so that they count until it runs.
 */
#include <linux/mempolicy.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "container/posture_parts.h"

/* struct sched_attr, first version (sched_setattr(2), Linux 3.14); libc has none. */
struct scheduling {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};
enum { RESET_ON_FORK = 1, IDLE_CLASS = 3, CLASS_SHIFT = 13 };

/* The payload's number as this command's own procfs has it; -1 when it is gone. */
static pid_t payload_pid(const struct look *l)
{
	char text[1024];

	return fd_read_small(l->payloadfd, "stat", text, sizeof(text)) > 0 ? (pid_t)strtol(text, NULL, 10) : -1;
}

static enum verdict own_choice(const struct look *l, bool same)
{
	return same ? VERDICT_OK : posture_waits(l) ? VERDICT_DIFFERS : VERDICT_NOT_ASKED;
}

static void scheduling_text(char out[96], int policy, int nice, uint32_t priority, uint64_t runtime)
{
	static const char *const names[] = { [SCHED_OTHER] = "other", [SCHED_FIFO] = "fifo", [SCHED_RR] = "rr", [SCHED_BATCH] = "batch",
					     [4] = "iso", [SCHED_IDLE] = "idle", [SCHED_DEADLINE] = "deadline" };
	const char *name = policy >= 0 && (size_t)policy < N_ELEMENTS(names) && names[policy] ? names[policy] : "unknown";

	if (policy == SCHED_DEADLINE)
		(void)snprintf(out, 96, "%s, %llu ns", name, (unsigned long long)runtime);
	else if (policy == SCHED_FIFO || policy == SCHED_RR)
		(void)snprintf(out, 96, "%s, priority %u", name, priority);
	else
		(void)snprintf(out, 96, "%s, nice %d", name, nice);
}

static bool same_scheduling(const struct scheduler *want, const struct scheduling *got)
{
	if (got->policy != (uint32_t)want->policy)
		return false;
	if (want->policy == SCHED_DEADLINE)
		return got->runtime == want->runtime && got->deadline == want->deadline &&
		       (got->period == want->period || (!want->period && got->period == want->deadline));
	if (want->policy == SCHED_FIFO || want->policy == SCHED_RR)
		return got->priority == (uint32_t)want->priority;
	return want->policy == SCHED_IDLE || got->nice == want->nice;
}

static void look_scheduler(struct look *l, pid_t pid)
{
	const struct scheduler *want = &l->p->process.scheduler;
	struct scheduling got = { .size = sizeof(got) };
	char text[96];

	if (!want->set)
		return;
	scheduling_text(text, want->policy, want->nice, (uint32_t)want->priority, want->runtime);
	posture_planned(l, "scheduler", "%s", text);
	if (syscall(SYS_sched_getattr, pid, &got, sizeof(got), 0) < 0) {
		posture_actual(l, VERDICT_NOT_ASKED, "cannot be read");
		return;
	}
	scheduling_text(text, (int)got.policy, got.nice, got.priority, got.runtime);
	/* The child of an init gets the ordinary scheduler then: what was asked for. */
	if (l->p->init && (want->flags & RESET_ON_FORK))
		posture_actual(l, VERDICT_NOT_ASKED, "%s", text);
	else
		posture_actual(l, own_choice(l, same_scheduling(want, &got)), "%s", text);
}

static void look_io_priority(struct look *l, pid_t pid)
{
	static const char *const classes[] = { "none", "realtime", "best effort", "idle" };
	const struct io_priority *want = &l->p->process.io_priority;
	long got;

	if (!want->set)
		return;
	posture_planned(l, "io priority", "%s, %d", classes[want->class & 3], want->priority);
	got = syscall(SYS_ioprio_get, 1 /* IOPRIO_WHO_PROCESS */, pid);
	if (got < 0) {
		posture_actual(l, VERDICT_NOT_ASKED, "cannot be read");
		return;
	}
	bool same = got >> CLASS_SHIFT == want->class && (want->class == IDLE_CLASS || (got & 7) == want->priority);
	posture_actual(l, own_choice(l, same), "%s, %ld", classes[got >> CLASS_SHIFT & 3], got & 7);
}

static void look_personality(struct look *l)
{
	char text[32];

	if (!l->p->has_personality)
		return;
	posture_planned(l, "personality", "0x%lx", l->p->personality);
	if (fd_read_small(l->payloadfd, "personality", text, sizeof(text)) < 0)
		posture_actual(l, VERDICT_NOT_ASKED, "cannot be read");
	else
		posture_actual(l, own_choice(l, strtoul(text, NULL, 16) == l->p->personality), "0x%lx", strtoul(text, NULL, 16));
}

/* A mapping without a policy of its own shows the task's: the program's text, the first of numa_maps, is one. "ADDRESS POLICY[=FLAGS]
 * [:NODES] ..."; the kernel leaves out nodes that are not there. */
static void look_memory_policy(struct look *l)
{
	static const char *const names[] = { [MPOL_DEFAULT] = "default", [MPOL_PREFERRED] = "prefer", [MPOL_BIND] = "bind",
					     [MPOL_INTERLEAVE] = "interleave", [MPOL_LOCAL] = "local", [5] = "prefer (many)",
					     [6] = "weighted interleave" };
	const struct memory_policy *want = &l->p->memory_policy;
	const char *name = want->mode < N_ELEMENTS(names) ? names[want->mode] : "unknown", *at;
	char text[1024];

	if (!want->set)
		return;
	posture_planned(l, "memory policy", "%s%s%.200s", name, want->nodes ? ":" : "", want->nodes ? want->nodes : "");
	if (fd_read_small(l->payloadfd, "numa_maps", text, sizeof(text)) <= 0 || !(at = strchr(text, ' '))) {
		posture_actual(l, VERDICT_NOT_ASKED, "not shown");
		return;
	}
	bool same = str_starts(++at, name) && strchr("=: ", at[strlen(name)]);
	/* Preferring no node in particular is "local". */
	same |= want->mode == MPOL_PREFERRED && !want->nodes && str_starts(at, "local");
	posture_actual(l, own_choice(l, same), "%.*s", (int)strcspn(at + (same ? strlen(name) : 0), " ") + (same ? (int)strlen(name) : 0), at);
}

/* The kernel shows a session keyring to those alone who possess it. */
static void look_keyring(struct look *l)
{
	posture_planned(l, "keyring", "own");
	posture_actual(l, VERDICT_NOT_ASKED, "not shown");
}

/* "monotonic SECONDS NANOSECONDS" and the same of boottime: of the namespace that the process, or before Linux 6.1 its children, live in.
 * Nobody can change them once a process is inside (time_namespaces(7)). */
static void look_clock(struct look *l, const char *control, const char *clock, const struct time_offset *want, const char *text)
{
	const char *at = text ? strstr(text, clock) : NULL;
	long long secs;
	unsigned nanosecs;

	if (!want->set)
		return;
	posture_planned(l, control, "%lld.%09u s", (long long)want->secs, want->nanosecs);
	if (!at || sscanf(at + strlen(clock), "%lld %u", &secs, &nanosecs) != 2)
		posture_actual(l, VERDICT_NOT_ASKED, "not shown");
	else
		posture_actual(l, secs == want->secs && nanosecs == want->nanosecs ? VERDICT_OK : VERDICT_DIFFERS, "%lld.%09u s", secs,
			       nanosecs);
}

void posture_look_process(struct look *l)
{
	char text[256];
	bool shown = fd_read_small(l->procfd, "timens_offsets", text, sizeof(text)) > 0;
	pid_t pid = payload_pid(l);

	look_clock(l, "monotonic clock", "monotonic", &l->p->monotonic, shown ? text : NULL);
	look_clock(l, "boottime clock", "boottime", &l->p->boottime, shown ? text : NULL);
	if (!l->p->has_process)
		return;
	look_scheduler(l, pid);
	look_io_priority(l, pid);
	look_personality(l);
	look_memory_policy(l);
	look_keyring(l);
}
