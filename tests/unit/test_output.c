/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/output.h"
#include "base/wait.h"

struct child { pid_t pid; int pidfd, from; };

/* /bin/sh with this script, its output in a pipe, at the head of a group of its own. */
static struct child start(const char *script)
{
	struct child c;
	int p[2];

	cr_assert_eq(pipe2(p, O_CLOEXEC), 0);
	c.pid = fork();
	if (c.pid == 0) {
		(void)setpgid(0, 0);
		(void)dup2(p[1], 1);
		execl("/bin/sh", "sh", "-c", script, (char *)NULL);
		_exit(127);
	}
	(void)setpgid(c.pid, c.pid);
	close(p[1]);
	c.from = p[0];
	c.pidfd = (int)syscall(SYS_pidfd_open, c.pid, 0);
	cr_assert_geq(c.pidfd, 0);
	return c;
}

static void end(struct child *c)
{
	struct err e = { 0 };

	output_kill(c->pid, c->pidfd);
	cr_expect_eq(wait_reap(c->pidfd, c->pid, WAIT_END_MS, NULL, &e), 0, "%s", e.text);
	close(c->pidfd);
	close(c->from);
}

static const struct { const char *script; int64_t ms; int want; size_t len; const char *tail; } cases[] = {
	{ "echo a word", -1, 0, 7, "a word\n" },
	{ "true", 30000, 0, 0, "" },
	{ "exec >&-; sleep 0.1", 30000, 0, 0, "" },
	{ "i=0; while [ $i -lt 2000 ]; do echo 0123456789; i=$((i + 1)); done; echo last", 30000, 0, OUTPUT_KEPT, "0123456789\nlast\n" },
	{ "sleep 60 & echo gone", 30000, 0, 5, "gone\n" },
	{ "echo here; sleep 60", 200, -ETIMEDOUT, 5, "here\n" },
	{ "while :; do echo 0123456789; done", 200, -ETIMEDOUT, OUTPUT_KEPT, NULL },
};

Test(output, the_last_of_it_until_the_end_or_the_deadline)
{
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct child c = start(cases[i].script);
		auto_str kept = { 0 };
		int64_t began = wait_now_ms();

		cr_expect_eq(output_watch(c.pidfd, c.from, -1, cases[i].ms, &kept), cases[i].want, "case %zu", i);
		cr_expect_lt(wait_now_ms() - began, 20000, "case %zu", i);
		cr_expect_eq(kept.len, cases[i].len, "case %zu: %zu bytes", i, kept.len);
		if (cases[i].tail && kept.len >= strlen(cases[i].tail) && kept.len)
			cr_expect_str_eq(kept.s + kept.len - strlen(cases[i].tail), cases[i].tail, "case %zu", i);
		end(&c);
	}
}

Test(output, it_can_be_told_to_stop)
{
	struct child c = start("sleep 60");
	auto_str kept = { 0 };
	int p[2];

	cr_assert_eq(pipe2(p, O_CLOEXEC), 0);
	cr_assert_eq(write(p[1], "x", 1), 1);
	cr_expect_eq(output_watch(c.pidfd, c.from, p[0], 30000, &kept), -EINTR);
	end(&c);
	close(p[0]);
	close(p[1]);
}

/* The pipe is at its end once nobody holds it any longer: neither the process nor what it started. */
Test(output, the_group_goes_too)
{
	struct child c = start("sleep 60 & echo ready; wait");
	struct err e = { 0 };
	char text[16];

	cr_assert_eq(read(c.from, text, sizeof(text)), 6);
	output_kill(c.pid, c.pidfd);
	cr_expect_eq(wait_reap(c.pidfd, c.pid, WAIT_END_MS, NULL, &e), 0, "%s", e.text);
	cr_assert_eq(wait_readable(c.from, 10000), 0);
	cr_expect_eq(read(c.from, text, sizeof(text)), 0);
	close(c.pidfd);
	close(c.from);
}
