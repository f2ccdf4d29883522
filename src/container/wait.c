/* SPDX-License-Identifier: Apache-2.0 */
/*
 * container/wait.c - the end of a container's process, and what happens to the caller until then.
 *
 * One poll(2) over a signalfd, the process's pidfd and the relay: no handlers, no polling by the
 * clock.
 */
#include <errno.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/str.h"
#include "base/sys.h"
#include "container/notify.h"
#include "container/relay.h"

struct watch {
	const struct started *p;
	const struct relay_options *o;
	struct relay relay;
	int signals;
	int notify;      /* -1: nobody asks, or the program has said that it is ready */
	bool reap_all;
	bool ended;
	int status;      /* of waitpid(2), once ended */
	int64_t kill_at; /* ms, CLOCK_MONOTONIC; 0 = never */
};

/* Not blocked: the kernel's own faults, which must kill us, and job control, which stops the caller
 * as its shell expects. */
static const int left_alone[] = { SIGSEGV, SIGBUS,  SIGFPE,  SIGILL,  SIGTRAP,
				  SIGSYS,  SIGABRT, SIGTSTP, SIGTTIN, SIGTTOU };
/* Blocked but not forwarded. SIGPIPE concerns our own writes, SIGURG nobody. */
static const int not_forwarded[] = { SIGCHLD, SIGPIPE, SIGURG };

static void watched_signals(sigset_t *set)
{
	(void)sigfillset(set);
	for (size_t i = 0; i < N_ELEMENTS(left_alone); i++)
		(void)sigdelset(set, left_alone[i]);
}

int relay_block_signals(sigset_t *old, struct err *e)
{
	sigset_t set;

	watched_signals(&set);
	return sigprocmask(SIG_BLOCK, &set, old) < 0 ? err_sys(e, "block signals") : 0;
}

static int64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void send_signal(const struct started *p, int sig)
{
	/* A process that ended in the meantime needs no signal. */
	if (p->pidfd >= 0)
		(void)sys_pidfd_send_signal(p->pidfd, sig, NULL, 0);
	else
		(void)kill(p->pid, sig);
}

static void forward(struct watch *w, const struct signalfd_siginfo *info)
{
	int sig = (int)info->ssi_signo;

	for (size_t i = 0; i < N_ELEMENTS(not_forwarded); i++)
		if (sig == not_forwarded[i])
			return;
	if (sig == SIGWINCH && w->relay.console >= 0) {
		relay_resize(&w->relay);
		return;
	}
	/* The caller's terminal changed its size: to a server without a terminal SIGWINCH can mean
	 * "stop". */
	if (sig == SIGWINCH && info->ssi_code == SI_KERNEL)
		return;
	if (sig == SIGTERM && w->o->stop_timeout && !w->kill_at)
		w->kill_at = now_ms() + (int64_t)w->o->stop_timeout * 1000;
	if (sig == SIGTERM && w->o->stop_signal)
		sig = w->o->stop_signal;
	send_signal(w->p, sig);
}

static void read_signals(struct watch *w)
{
	struct signalfd_siginfo info;

	while (read(w->signals, &info, sizeof(info)) == (ssize_t)sizeof(info))
		forward(w, &info);
}

/* Returns -errno only when the process is not ours to wait for. */
static int reap(struct watch *w, struct err *e)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(w->reap_all ? -1 : w->p->pid, &status, WNOHANG)) != 0) {
		if (pid < 0 && errno == EINTR)
			continue;
		if (pid < 0 && !w->ended)
			return err_sys(e, "wait for process %d", (int)w->p->pid);
		if (pid < 0)
			return 0;
		if (pid == w->p->pid) {
			w->ended = true;
			w->status = status;
			if (!w->reap_all)
				return 0;
		}
	}
	return 0;
}

static int poll_timeout(const struct watch *w)
{
	int64_t left;

	if (!w->kill_at)
		return -1;
	left = w->kill_at - now_ms();
	return left < 0 ? 0 : left > INT32_MAX ? INT32_MAX : (int)left;
}

/* The caller is the service's main process: only that the program is ready is passed on. */
static void pass_ready(struct watch *w)
{
	struct err e = { 0 };
	int r = notify_take(w->notify, w->p->notify_manager, 0, &e);

	if (r < 0)
		log_warn("%s", e.text);
	if (r)
		w->notify = -1;
}

static int watch_run(struct watch *w, struct err *e)
{
	while (!w->ended) {
		struct pollfd v[6] = {
			{ .fd = w->signals, .events = POLLIN },
			{ .fd = w->p->pidfd,
			  .events = POLLIN }, /* a negative one is ignored by poll(2) */
		};
		size_t n = relay_poll(&w->relay, v + 2);
		v[2 + n] = (struct pollfd){ .fd = w->notify, .events = POLLIN };
		int r = poll(v, (nfds_t)(3 + n), poll_timeout(w));

		if (r < 0 && errno != EINTR)
			return err_sys(e, "wait for the container");
		if (r > 0)
			relay_step(&w->relay, v + 2, n);
		if (r > 0 && v[2 + n].revents)
			pass_ready(w);
		read_signals(w);
		if (w->kill_at && now_ms() >= w->kill_at) {
			send_signal(w->p, SIGKILL);
			w->kill_at = 0;
		}
		r = reap(w, e);
		if (r < 0)
			return r;
	}
	return 0;
}

int relay_wait(const struct started *p, const struct relay_options *o, struct err *e)
{
	struct watch w = { .p = p, .o = o, .notify = p->notify ? p->notify : -1 };
	sigset_t set, old;
	auto_fd int signals = -1;
	int subreaper = 0, r;

	watched_signals(&set);
	(void)prctl(PR_GET_CHILD_SUBREAPER, &subreaper);
	w.reap_all = subreaper != 0;
	if (sigprocmask(SIG_BLOCK, &set, &old) < 0)
		return err_sys(e, "block signals");
	signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	w.signals = signals;
	r = signals < 0 ? err_sys(e, "signalfd") : 0;
	if (r == 0)
		r = relay_open(&w.relay, p->console, STDIN_FILENO, STDOUT_FILENO, o->no_stdin, e);
	if (r == 0)
		r = watch_run(&w, e);
	if (r == 0)
		relay_drain(&w.relay);
	relay_close(&w.relay);
	(void)sigprocmask(SIG_SETMASK, &old, NULL);
	if (r < 0)
		return r;
	return WIFSIGNALED(w.status) ? 128 + WTERMSIG(w.status) : WEXITSTATUS(w.status);
}

int container_wait(const struct started *p, struct err *e)
{
	static const struct relay_options plain = { 0 };

	return relay_wait(p, &plain, e);
}
