/* SPDX-License-Identifier: Apache-2.0 */
#include "base/output.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/sys.h"
#include "base/wait.h"

/* False at the end of the output. */
static bool drain(int fd, struct str *kept)
{
	char buf[1024];
	ssize_t n = read(fd, buf, sizeof(buf));

	if (n <= 0)
		return n < 0 && errno == EINTR;
	str_add_bytes(kept, buf, (size_t)n);
	if (!kept->failed && kept->len > OUTPUT_KEPT) {
		memmove(kept->s, kept->s + kept->len - OUTPUT_KEPT, OUTPUT_KEPT + 1);
		kept->len = OUTPUT_KEPT;
	}
	return true;
}

/* What the pipe holds when the process has ended: no more than that, a daemon it left behind may write for ever. */
static void drain_rest(int fd, struct str *kept)
{
	int left = 0;

	if (ioctl(fd, FIONREAD, &left) < 0)
		return;
	for (int before; left > 0; left -= before) {
		before = left > 1024 ? 1024 : left;
		if (!drain(fd, kept))
			return;
	}
}

int output_watch(int pidfd, int fd, int wake, int64_t ms, struct str *kept)
{
	int64_t deadline = ms >= 0 ? wait_now_ms() + ms : -1;
	bool open = true;

	for (;;) {
		struct pollfd p[3] = { { .fd = pidfd, .events = POLLIN }, { .fd = open ? fd : -1, .events = POLLIN },
				       { .fd = wake, .events = POLLIN } };
		int64_t left = deadline < 0 ? -1 : deadline - wait_now_ms();
		if (deadline >= 0 && left <= 0)
			return -ETIMEDOUT;
		int n = poll(p, 3, left > INT32_MAX ? INT32_MAX : (int)left);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0 && p[0].revents) {
			if (open)
				drain_rest(fd, kept);
			return 0;
		}
		if (n > 0 && p[2].revents)
			return -EINTR;
		if (n > 0 && p[1].revents)
			open = drain(fd, kept);
	}
}

void output_kill(pid_t pid, int pidfd)
{
	(void)sys_pidfd_send_signal(pidfd, SIGKILL, NULL, 0); /* it may have ended by itself meanwhile */
	(void)kill(-pid, SIGKILL);
}
