/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What only a process inside shows: the names of the host and the sysctls of its namespaces. A child of ours joins the three of them,
 * reads through the procfs of the host as the launch wrote through it, and runs nothing of the container.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "base/sys.h"
#include "container/posture_parts.h"
#include "kernel/limits.h"

enum { INSIDE_MAX = 4 * 1024 * 1024, VALUE_MAX = 4096 };

/* Root of the host may go there as it is; an ordinary user only as root of the container's user namespace. */
static bool join(int pidfd)
{
	const int flags = CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET;

	return setns(pidfd, flags) == 0 || setns(pidfd, flags | CLONE_NEWUSER) == 0;
}

static bool tell(int out, const char *text)
{
	return fd_write_all(out, text, strlen(text) + 1) == 0;
}

/* Runs in the child: both names, then each sysctl of the plan, with a NUL behind each. */
static bool child_tell(const struct plan *p, int pidfd, int out)
{
	struct utsname names;
	char path[PATH_MAX], value[VALUE_MAX];
	auto_fd int sys = open("/proc/sys", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (sys < 0 || !join(pidfd) || uname(&names) < 0 || !tell(out, names.nodename) || !tell(out, names.domainname))
		return false;
	for (size_t i = 0; i < p->sysctl.n; i++) {
		bool there = limits_sysctl_path(p->sysctl.v[i].key, path) == 0 && fd_read_small(sys, path, value, sizeof(value)) >= 0;
		if (!tell(out, there ? value : ""))
			return false;
	}
	return true;
}

/* *text is malloc'd. False where we may not look. */
static bool ask(const struct plan *p, pid_t pid, char **text, size_t *len)
{
	auto_fd int pidfd = sys_pidfd_open(pid, 0);
	struct err ignored = { 0 };
	int ends[2], status = 1;

	if (pidfd < 0 || pipe2(ends, O_CLOEXEC) < 0)
		return false;
	auto_fd int in = ends[0], out = ends[1];
	pid_t child = fork();
	if (child == 0)
		_exit(child_tell(p, pidfd, out) ? 0 : 1);
	fd_close(&out);
	bool got = child > 0 && fd_read_all(in, INSIDE_MAX, text, len, &ignored) == 0;
	fd_close(&in); /* a child with more to say must not wait for us */
	while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return got && status == 0;
}

/* The kernel writes tabs where people write blanks, and numbers in its own base. */
static bool same_word(const char *a, size_t na, const char *b, size_t nb)
{
	char *end_a, *end_b;

	if (na == nb && memcmp(a, b, na) == 0)
		return true;
	unsigned long long va = strtoull(a, &end_a, 0), vb = strtoull(b, &end_b, 0);
	return end_a == a + na && end_b == b + nb && va == vb;
}

bool posture_same_value(const char *a, const char *b)
{
	static const char blanks[] = " \t\n";

	for (;;) {
		a += strspn(a, blanks);
		b += strspn(b, blanks);
		size_t na = strcspn(a, blanks), nb = strcspn(b, blanks);
		if (!na || !nb)
			return na == nb;
		if (!same_word(a, na, b, nb))
			return false;
		a += na;
		b += nb;
	}
}

static void look_name(struct look *l, const char *control, const char *want, const char *got)
{
	if (!want)
		return;
	posture_planned(l, control, "%.200s", want);
	posture_actual(l, !got ? VERDICT_NOT_ASKED : str_eq(want, got) ? VERDICT_OK : VERDICT_DIFFERS, "%.200s",
		       got ? got : "may not be looked at");
}

static void look_sysctls(struct look *l, const char *at, const char *end)
{
	const struct key_values *want = &l->p->sysctl;
	char bad[200] = "";
	size_t good = 0;

	if (!want->n)
		return;
	posture_planned(l, "sysctls", "%zu", want->n);
	if (!at) {
		posture_actual(l, VERDICT_NOT_ASKED, "may not be looked at");
		return;
	}
	for (size_t i = 0; i < want->n; i++) {
		const char *got = at < end ? at : "";
		if (posture_same_value(want->v[i].value, got))
			good++;
		else if (!bad[0])
			(void)snprintf(bad, sizeof(bad), "; %.100s: %.60s", want->v[i].key, got);
		at += at < end ? strlen(at) + 1 : 0;
	}
	posture_actual(l, good == want->n ? VERDICT_OK : VERDICT_DIFFERS, "%zu%s", good, bad);
}

void posture_look_inside(struct look *l, pid_t pid)
{
	const struct plan *p = l->p;
	const char *host = NULL, *domain = NULL, *sysctls = NULL;
	auto_free char *text = NULL;
	size_t len = 0;

	if (!p->hostname && !p->domainname && !p->sysctl.n)
		return;
	if (ask(p, pid, &text, &len)) {
		host = text;
		domain = host + strlen(host) + 1;
		sysctls = domain + strlen(domain) + 1;
	}
	look_name(l, "hostname", p->hostname, host);
	look_name(l, "domainname", p->domainname, domain);
	look_sysctls(l, sysctls, text ? text + len : NULL);
}
