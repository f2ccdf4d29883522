/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#include "init/pid1.h"
#include "init/raw.h"

enum { KILL_GRACE_MS = 1000, OUTSIDERS_MS = 100 };

struct watch {
	const struct pid1 *p;
	pid_t child;
	int status;		/* of the child, once ended */
	bool ended, alone;	/* alone: no child is left at all */
	enum { WATCH_RUN, WATCH_DRAIN, WATCH_KILL, WATCH_OVER } phase;
	int64_t kill_at, phase_until; /* -1: never */
};

void pid1_init(struct pid1 *p, const char *name)
{
	memset(p, 0, sizeof(*p));
	p->name = name;
	for (int sig = 1; sig <= SIGNAL_MAX; sig++)
		p->rewrite[sig] = (uint8_t)sig;
}

/* ---- the child's place ---- */

/*
 * A session leader that lets go of its terminal is sent SIGHUP and SIGCONT by the kernel, before ioctl(2) returns. They
 * are ours alone and must not reach the child; the same signals from somebody else, sent before, must.
 */
static void leave_terminal(void)
{
	const uint64_t ours = raw_sigbit(SIGHUP) | raw_sigbit(SIGCONT);
	uint64_t before = 0;
	const struct timespec now = { 0 };

	(void)raw_sigpending(&before);
	if (ioctl(STDIN_FILENO, TIOCNOTTY) < 0)
		return;	/* no terminal */
	for (int sig = SIGHUP; sig; sig = sig == SIGHUP ? SIGCONT : 0)
		if (ours & ~before & raw_sigbit(sig))
			(void)raw_sigtimedwait(raw_sigbit(sig), NULL, &now);
}

static void child_take_place(const struct pid1 *p)
{
	if (p->new_session) {
		(void)setsid();	/* cannot fail: we have just been forked */
		(void)ioctl(STDIN_FILENO, TIOCSCTTY, 0);	/* no terminal: then there is none to take */
	} else if (p->new_group) {
		(void)setpgid(0, 0);
		/* SIGTTOU is blocked, so this works from the background. */
		(void)tcsetpgrp(STDIN_FILENO, getpid());
	}
}

pid_t pid1_fork(const struct pid1 *p, struct fault *f)
{
	if (p->new_session)
		leave_terminal();

	pid_t child = raw_fork();
	if (child < 0)
		return fault_sys(f, "fork");
	if (child == 0)
		child_take_place(p);
	else if (p->new_group && !p->new_session)
		(void)setpgid(child, child);	/* whoever of the two is first */
	return child;
}

/* ---- sending ---- */

static void send_one(const struct watch *w, int sig)
{
	char name[SIGNAL_NAME];

	if (w->p->verbosity >= 2)
		fault_say("[%s] sending %s to %s%d", w->p->name, signals_name(sig, name),
			  w->p->to_group ? "process group " : "process ", (int)w->child);
	if (w->p->to_group && kill(-w->child, sig) == 0)
		return;
	/* Not yet a group, or the group's members have other users: the child itself at least. */
	if (kill(w->child, sig) < 0 && w->p->verbosity >= 1 && errno != ESRCH)
		fault_say("[%s] %s to %d: %s", w->p->name, signals_name(sig, name), (int)w->child, strerror(errno));
}

/* Our children, as the kernel lists them: only where we are a subreaper and not PID 1. */
static void send_children(int sig)
{
	char list[4096];
	pid_t pid = 0;

	int fd = open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, list, sizeof(list));
	if (fd >= 0)
		(void)close(fd);
	for (ssize_t i = 0; i < n; i++) {
		if (list[i] >= '0' && list[i] <= '9') {
			pid = pid * 10 + (list[i] - '0');
			continue;
		}
		if (pid > 1)
			(void)kill(pid, sig);
		pid = 0;
	}
}

static void send_rest(const struct watch *w, int sig)
{
	if (getpid() == 1) {
		(void)kill(-1, sig);
		return;
	}
	(void)kill(-w->child, sig);
	send_children(sig);
}

static void forward(struct watch *w, int sig)
{
	char name[SIGNAL_NAME];
	int to = w->p->rewrite[sig];

	if (w->p->verbosity >= 2)
		fault_say("[%s] received %s%s", w->p->name, signals_name(sig, name), to ? "" : ", swallowed");
	if (to && w->phase == WATCH_RUN)
		send_one(w, to);
	else if (to)
		send_rest(w, to);
	if (to && (sig == SIGTERM || to == SIGTERM) && w->p->timeout_ms && w->kill_at < 0)
		w->kill_at = signals_now() + w->p->timeout_ms;
	/* As PID 1 of a namespace the kernel ignores this one, rightly. */
	if (w->p->suspend && (sig == SIGTSTP || sig == SIGTTIN || sig == SIGTTOU))
		(void)kill(getpid(), SIGSTOP);
}

/* ---- reaping and ending ---- */

static int status_of(const struct pid1 *p, int wait_status)
{
	int code = WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);

	code &= 0xff;
	return p->fine[code / 64] >> (code % 64) & 1 ? 0 : code;
}

static void reap(struct watch *w)
{
	int status;

	for (;;) {
		pid_t pid = (pid_t)syscall(SYS_wait4, -1, &status, WNOHANG, NULL);
		if (pid <= 0) {
			w->alone = pid < 0 && errno == ECHILD;
			return;
		}
		if (pid == w->child) {
			w->ended = true;
			w->status = status_of(w->p, status);
			if (w->p->verbosity >= 2)
				fault_say("[%s] process %d ended with status %d", w->p->name, (int)pid, w->status);
		} else if (w->p->warn_reaped || w->p->verbosity >= 2) {
			fault_say("[%s] reaped orphan %d", w->p->name, (int)pid);
		}
	}
}

/* Also those that came in through setns(2): their parents are elsewhere, so wait4(2) does not know them. */
static bool rest_is_gone(const struct watch *w)
{
	return w->alone && (getpid() != 1 || (kill(-1, 0) < 0 && errno == ESRCH));
}

static void enter(struct watch *w, int phase, int sig, int64_t ms)
{
	w->phase = phase == WATCH_DRAIN ? WATCH_DRAIN : WATCH_KILL;
	w->phase_until = signals_now() + ms;
	send_rest(w, sig);
	if (sig == SIGTERM)
		send_rest(w, SIGCONT);	/* a stopped process must wake to end */
}

/* Whatever follows from the child's end, or from time. */
static void advance(struct watch *w)
{
	int64_t now = signals_now();

	if (w->kill_at >= 0 && now >= w->kill_at && !w->ended) {
		if (w->p->verbosity >= 1)
			fault_say("[%s] process %d is still there: killing it", w->p->name, (int)w->child);
		send_one(w, SIGKILL);
		w->kill_at = -1;
	}
	if (!w->ended)
		return;
	if (w->phase == WATCH_RUN && w->p->drain_ms && !rest_is_gone(w)) {
		enter(w, WATCH_DRAIN, SIGTERM, w->p->drain_ms);
		return;
	}
	if (w->phase == WATCH_RUN || rest_is_gone(w)) {
		w->phase = WATCH_OVER;
		return;
	}
	if (now < w->phase_until) {
		if (w->phase == WATCH_KILL)
			send_rest(w, SIGKILL);	/* orphans of those just killed */
		return;
	}
	if (w->phase == WATCH_DRAIN)
		enter(w, WATCH_KILL, SIGKILL, KILL_GRACE_MS);
	else
		w->phase = WATCH_OVER;
}

/* How long until advance() has something to do; -1: until a signal comes. */
static int64_t patience(const struct watch *w)
{
	int64_t until = w->phase == WATCH_RUN ? w->kill_at : w->phase_until;

	if (until < 0)
		return -1;
	int64_t left = until - signals_now();
	if (left < 0)
		left = 0;
	return w->alone && left > OUTSIDERS_MS ? OUTSIDERS_MS : left;
}

int pid1_watch(const struct pid1 *p, pid_t child)
{
	struct watch w = { .p = p, .child = child, .kill_at = -1, .phase_until = -1 };

	for (;;) {
		reap(&w);
		advance(&w);
		if (w.phase == WATCH_OVER)
			break;
		int sig = signals_next(UINT64_MAX, patience(&w));
		if (sig > 0 && sig != SIGCHLD)
			forward(&w, sig);
	}
	if (p->hang_up && !p->drain_ms)
		(void)kill(-child, SIGTERM);
	return w.status;
}

/* ---- options ---- */

int pid1_seconds(const char *text, int64_t *ms)
{
	enum { MOST = 1000000 };
	int64_t n = 0, unit = 1000;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	for (; *text >= '0' && *text <= '9'; text++) {
		n = n * 10 + (*text - '0');
		if (n > MOST)
			return -EINVAL;
	}
	n *= 1000;
	if (*text == '.') {
		text++;
		for (; *text >= '0' && *text <= '9' && unit > 1; text++)
			n += (*text - '0') * (unit /= 10);
	}
	if (*text)
		return -EINVAL;
	*ms = n;
	return 0;
}

int pid1_option(struct pid1 *p, const char *option, struct fault *f)
{
	int rc = -EINVAL;

	if (!strncmp(option, "drain=", 6))
		rc = pid1_seconds(option + 6, &p->drain_ms);
	else if (!strncmp(option, "timeout=", 8))
		rc = pid1_seconds(option + 8, &p->timeout_ms);
	else if (!strcmp(option, "single-child"))
		rc = p->to_group = false;
	return rc ? fault_set(f, EINVAL, "init option `%s`: unknown, or not a number of seconds", option) : 0;
}
