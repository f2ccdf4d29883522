/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The long form. The container runs while we look, so each line asks: has it more than planned? What a process gave up by
 * itself (a server that steps down from root, a lowered limit) is in order.
 */
#include "container/posture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/capname.h"
#include "base/fd.h"
#include "container/posture_parts.h"
#include "container/proc_status.h"
#include "policy/landlock.h"

void posture_planned(struct look *l, const char *control, const char *fmt, ...)
{
	struct posture_line *line = &l->out->v[l->out->n < POSTURE_LINES ? l->out->n : POSTURE_LINES - 1];
	va_list ap;

	*line = (struct posture_line){ .control = control };
	va_start(ap, fmt);
	(void)vsnprintf(line->planned, sizeof(line->planned), fmt, ap); /* shown: a cut text does no harm */
	va_end(ap);
}

void posture_actual(struct look *l, enum verdict v, const char *fmt, ...)
{
	struct posture_line *line = &l->out->v[l->out->n < POSTURE_LINES ? l->out->n : POSTURE_LINES - 1];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(line->actual, sizeof(line->actual), fmt, ap);
	va_end(ap);
	line->verdict = v;
	if (l->out->n < POSTURE_LINES)
		l->out->n++;
	if (v == VERDICT_DIFFERS)
		l->out->differs++;
}

bool posture_has_line(const struct look *l, const char *control)
{
	for (size_t i = 0; i < l->out->n; i++)
		if (str_eq(l->out->v[i].control, control))
			return true;
	return false;
}

static bool all_are(const uint32_t ids[4], uint32_t id)
{
	return ids[0] == id && ids[1] == id && ids[2] == id && ids[3] == id;
}

static bool none_is(const uint32_t ids[4], uint32_t id)
{
	return ids[0] != id && ids[1] != id && ids[2] != id && ids[3] != id;
}

static void look_user(struct look *l, const struct proc_status *s)
{
	const struct process *p = &l->p->process;
	uint32_t uid = posture_id(&l->uids, p->uid), gid = posture_id(&l->gids, p->gid);
	bool same = all_are(s->uid, uid) && all_are(s->gid, gid);
	/* Root that has become somebody else for good: what its program is for. */
	bool stepped_down = p->uid == 0 && none_is(s->uid, uid);

	posture_planned(l, "user", "%u:%u (host %u:%u)", p->uid, p->gid, uid, gid);
	posture_actual(l, same || stepped_down ? VERDICT_OK : VERDICT_DIFFERS, "host %u:%u%s", s->uid[1], s->gid[1],
		       same ? "" : stepped_down ? ", stepped down" : "");
	posture_planned(l, "groups", "%zu", p->groups.n);
	same = posture_same_groups(s, &l->gids, &p->groups) || (geteuid() != 0 && p->groups.n == 0);
	posture_actual(l, same || stepped_down ? VERDICT_OK : VERDICT_DIFFERS, "%zu", s->n_groups);
}

static void look_set(struct look *l, const char *control, uint64_t planned, uint64_t most, uint64_t got)
{
	char text[256];

	capname_list(planned, text, sizeof(text));
	posture_planned(l, control, "%s", text);
	capname_list(got & ~most ? got & ~most : got, text, sizeof(text));
	posture_actual(l, got & ~most ? VERDICT_DIFFERS : VERDICT_OK, "%s%.240s", got & ~most ? "also " : "", text);
}

/* An exec recomputes the sets: without no_new_privs it may take all of the bounding set, never more. */
static void look_caps(struct look *l, const struct proc_status *s)
{
	const struct capsets *c = &l->p->process.caps;
	uint64_t most = l->p->process.no_new_privs ? c->permitted | c->ambient : c->bounding | c->permitted;

	look_set(l, "caps bounding", c->bounding, c->bounding, s->caps.bounding);
	look_set(l, "caps permitted", c->permitted, most, s->caps.permitted);
	look_set(l, "caps effective", c->effective, most, s->caps.effective);
	look_set(l, "caps inheritable", c->inheritable, most | c->inheritable, s->caps.inheritable);
	look_set(l, "caps ambient", c->ambient, most & (c->inheritable | c->ambient), s->caps.ambient);
}

bool posture_waits(const struct look *l)
{
	char exe[64];
	ssize_t n = readlinkat(l->payloadfd, "exe", exe, sizeof(exe) - 1);

	if (n < 0)
		return false;
	exe[n] = 0;
	return str_starts(exe, "/memfd:");
}

static void look_switches(struct look *l, const struct proc_status *s)
{
	const struct plan_filter *f = &l->p->filter;
	int filters = (f->has_engine ? 1 : 0) + (f->own.set != FILTER_SET_NONE ? 1 : 0) + (f->own.log ? 1 : 0) +
		      (f->would.set != FILTER_SET_NONE ? 1 : 0);
	bool nnp = l->p->process.no_new_privs, enough = s->seccomp == 2 && (s->filters < 0 || s->filters >= filters);

	posture_planned(l, "no_new_privileges", "%s", nnp ? "on" : "as asked: off");
	posture_actual(l, !nnp ? VERDICT_NOT_ASKED : s->no_new_privs ? VERDICT_OK : VERDICT_DIFFERS, "%s",
		       s->no_new_privs ? "on" : "off");
	posture_planned(l, "system call filters", "%d", filters);
	if (filters && !enough && nnp && posture_waits(l))
		posture_actual(l, VERDICT_NOT_ASKED, "installed at start");
	else
		posture_actual(l, !filters ? VERDICT_NOT_ASKED : enough ? VERDICT_OK : VERDICT_DIFFERS, "%d%s",
			       s->filters > 0 ? s->filters : 0, s->seccomp == 2 ? "" : ", off");
}

/* A program may choose its own umask, so it counts until the program runs. */
static void look_umask(struct look *l, const struct proc_status *s)
{
	const struct process *p = &l->p->process;
	bool same = s->umask == (int)(p->umask & 0777);

	if (!p->has_umask)
		return;
	posture_planned(l, "umask", "%04o", p->umask & 0777);
	if (s->umask < 0)
		posture_actual(l, VERDICT_NOT_ASKED, "not shown");
	else
		posture_actual(l, same ? VERDICT_OK : posture_waits(l) ? VERDICT_DIFFERS : VERDICT_NOT_ASKED, "%04o", s->umask);
}

/* The kernel tells them to nobody but the process itself, and caisson-init has asked before the program came. */
static void look_securebits(struct look *l)
{
	if (!l->p->securebits)
		return;
	posture_planned(l, "secure bits", "0x%x", l->p->securebits);
	posture_actual(l, VERDICT_NOT_ASKED, "not shown; checked before the start");
}

/* Another thing that the kernel tells to nobody else. */
static void look_memory(struct look *l)
{
	size_t layers = landlock_layers(&l->p->landlock);

	if (layers) {
		posture_planned(l, "landlock", "%zu layers, %zu rules", layers, l->p->landlock.n - layers);
		posture_actual(l, VERDICT_NOT_ASKED, "not shown; applied before the start");
	}
	if (!l->p->deny_write_exec)
		return;
	posture_planned(l, "write and execute", "denied");
	posture_actual(l, VERDICT_NOT_ASKED, "not shown; read back before the start");
}

/* PID 1 leads a session of its own: the caller's terminal is not its to write to (TIOCSTI). stat: "PID (COMM) S PPID PGRP SESSION" */
static void look_session(struct look *l, pid_t pid)
{
	char text[1024];
	const char *at = fd_read_small(l->procfd, "stat", text, sizeof(text)) > 0 ? strrchr(text, ')') : NULL;
	int session;

	posture_planned(l, "session", "own");
	if (!at || sscanf(at, ") %*c %*d %*d %d", &session) != 1)
		posture_actual(l, VERDICT_NOT_ASKED, "cannot be read");
	else
		posture_actual(l, session == pid ? VERDICT_OK : VERDICT_DIFFERS, session == pid ? "own" : "another's");
}

static void look_namespaces(struct look *l)
{
	static const char *const controls[NS_KINDS] = { "user namespace", "cgroup namespace", "ipc namespace", "uts namespace",
							"net namespace", "pid namespace", "mount namespace",
							"time namespace" };
	static const char *const modes[] = { [NS_INHERIT] = "host", [NS_NEW] = "own", [NS_JOIN] = "joined" };
	auto_fd int ns = openat(l->procfd, "ns", O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_fd int own = open("/proc/self/ns", O_PATH | O_DIRECTORY | O_CLOEXEC);

	for (int i = 0; i < NS_KINDS; i++) {
		enum ns_mode mode = l->p->ns[i].mode;
		int differs = posture_namespace(l->p, (enum ns_kind)i, ns, own);

		posture_planned(l, controls[i], "%s", modes[mode]);
		if (differs < 0)
			posture_actual(l, VERDICT_NOT_ASKED, "may not be looked at");
		else if (mode == NS_INHERIT)
			posture_actual(l, VERDICT_NOT_ASKED, differs ? "not this command's" : "host");
		else
			posture_actual(l, differs ? VERDICT_OK : VERDICT_DIFFERS, "%s",
				       differs ? modes[mode] : mode == NS_NEW ? "host" : "another");
	}
}

static void look_map(struct look *l, const char *control, const char *file, const struct id_maps *want)
{
	struct posture_map live;
	char text[4096];
	bool same;

	if (l->p->ns[NS_USER].mode != NS_NEW || !want->n)
		return;
	posture_planned(l, control, "%u at %u, %u ids", want->v[0].container, want->v[0].host, want->v[0].size);
	if (fd_read_small(l->procfd, file, text, sizeof(text)) < 0 || posture_map_parse(text, &live) < 0 || !live.n) {
		posture_actual(l, VERDICT_DIFFERS, "cannot be read");
		return;
	}
	same = posture_map_same(&live, want);
	posture_actual(l, same ? VERDICT_OK : VERDICT_DIFFERS, "%u at %u, %u ids", live.v[0].container, live.v[0].host,
		       live.v[0].size);
}

/* "name (mode)" under AppArmor, a whole context under SELinux. */
static void look_label(struct look *l)
{
	const char *want = l->p->process.apparmor ? l->p->process.apparmor : l->p->process.selinux;
	char text[512];
	bool same;

	if (!l->p->has_process || !want)
		return;
	posture_planned(l, "security label", "%.200s", want);
	if (fd_read_small(l->payloadfd, "attr/apparmor/current", text, sizeof(text)) < 0 &&
	    fd_read_small(l->payloadfd, "attr/current", text, sizeof(text)) < 0) {
		posture_actual(l, VERDICT_DIFFERS, "cannot be read");
		return;
	}
	same = str_starts(text, want) && (text[strlen(want)] == 0 || text[strlen(want)] == ' ');
	posture_actual(l, same ? VERDICT_OK : posture_waits(l) ? VERDICT_NOT_ASKED : VERDICT_DIFFERS, "%.200s", text);
}

/* Under an init of ours the payload is its eldest child; before the start, and without one, PID 1 itself. */
static int open_payload(int procfd, const struct plan *p, pid_t pid)
{
	char path[64], text[256];
	char *end;
	long child;

	(void)snprintf(path, sizeof(path), "task/%d/children", (int)pid);
	if (p->init && fd_read_small(procfd, path, text, sizeof(text)) > 0) {
		child = strtol(text, &end, 10);
		(void)snprintf(path, sizeof(path), "/proc/%ld", child);
		if (end != text && child > 0) {
			int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
			if (fd >= 0)
				return fd;
		}
	}
	return openat(procfd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
}

int posture_read(const struct plan *p, const struct cgroup *cg, pid_t pid, struct posture *out, struct err *e)
{
	struct look l = { .p = p, .cg = cg, .out = out };
	auto_proc_status s = { 0 };
	auto_fd int fd = -1, payload = -1;
	char path[32];
	int err;

	*out = (struct posture){ .n = 0 };
	(void)snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "open %s", path);
	payload = open_payload(fd, p, pid);
	if (payload < 0)
		return err_sys(e, "open %s", path);
	l.procfd = fd;
	l.payloadfd = payload;
	err = proc_status_read(payload, &s, e);
	if (err == 0)
		err = posture_maps(p, fd, &l.uids, &l.gids, e);
	if (err < 0)
		return err_wrap(e, "process %d", (int)pid);
	if (p->has_process) {
		look_user(&l, &s);
		look_caps(&l, &s);
		look_switches(&l, &s);
		look_label(&l);
		look_umask(&l, &s);
		look_securebits(&l);
		look_memory(&l);
		look_session(&l, pid);
		posture_look_env(&l, !posture_waits(&l));
	}
	posture_look_mounts(&l);
	look_namespaces(&l);
	look_map(&l, "uid map", "uid_map", &p->uid_map);
	look_map(&l, "gid map", "gid_map", &p->gid_map);
	posture_look_inside(&l, pid);
	posture_look_process(&l);
	posture_look_limits(&l);
	posture_look_cgroup(&l);
	posture_look_covers(&l);
	return 0;
}
