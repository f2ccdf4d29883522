/* SPDX-License-Identifier: Apache-2.0 */
#include "container/health.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/output.h"
#include "base/wait.h"

/* The check is in the container's cgroup and in a session of its own: nobody who ends us would end it. */
static int catch_signals(struct health_check *h, struct err *e)
{
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	sigset_t set;

	(void)sigemptyset(&set);
	for (size_t i = 0; i < N_ELEMENTS(ends); i++)
		(void)sigaddset(&set, ends[i]);
	if (sigprocmask(SIG_BLOCK, &set, &h->old) < 0)
		return err_sys(e, "block signals");
	h->blocked = true;
	h->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return h->signals < 0 ? err_sys(e, "signalfd") : 0;
}

int health_open(struct health_check *h, struct err *e)
{
	int p[2];

	h->start = wait_now_ms();
	h->null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (h->null < 0)
		return err_sys(e, "open /dev/null");
	if (pipe2(p, O_CLOEXEC) < 0)
		return err_sys(e, "pipe for the check's output");
	h->from = p[0];
	h->to = p[1];
	h->streams[0] = h->null;
	h->streams[1] = h->streams[2] = h->to;
	return catch_signals(h, e);
}

/* What has been obeyed must not end us once more when it is let through: an error is still to be said. */
static void take_signals(int signals)
{
	struct signalfd_siginfo info;

	while (read(signals, &info, sizeof(info)) == (ssize_t)sizeof(info))
		;
}

int health_wait(struct health_check *h, const struct started *p, int64_t ms, struct health_answer *out, struct err *e)
{
	siginfo_t info = { 0 };
	int r, reaped;

	fd_close(&h->to);
	r = output_watch(p->pidfd, h->from, h->signals, ms, &out->output);
	if (r < 0)
		output_kill(p->pid, p->pidfd);
	reaped = wait_reap(p->pidfd, p->pid, WAIT_END_MS, &info, e);
	out->ms = wait_now_ms() - h->start;
	out->late = r == -ETIMEDOUT;
	if (out->late)
		return 0; /* a process that the kernel keeps, or a frozen one, is no better an answer */
	if (r == -EINTR) {
		take_signals(h->signals);
		return err_set(e, EINTR, "told to end before the check did: the check is killed");
	}
	if (r < 0)
		return err_code(e, -r, "wait for the check");
	if (reaped < 0)
		return reaped;
	if (out->output.failed)
		return err_set(e, ENOMEM, "out of memory");
	out->status = info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
	return 0;
}

void health_close(struct health_check *h)
{
	fd_close(&h->null);
	fd_close(&h->to);
	fd_close(&h->from);
	fd_close(&h->signals);
	if (h->blocked)
		(void)sigprocmask(SIG_SETMASK, &h->old, NULL);
	h->blocked = false;
}
