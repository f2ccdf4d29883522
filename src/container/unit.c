/* SPDX-License-Identifier: Apache-2.0 */
#include "container/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/helper.h"
#include "base/log.h"
#include "base/str.h"
#include "base/sys.h"
#include "base/wait.h"
#include "helpers/systemd.h"
#include "kernel/cgroup_unit.h"

/* The helper keeps the time; a little more for one that cannot. */
enum { WAIT_MS = 30 * 1000, GRACE_MS = 2000, GONE_MS = 2000, SELF_MAX = 64 * 1024 };

static int wait_ms(void)
{
#ifdef CAISSON_FAULT_INJECTION
	const char *text = getenv("CAISSON_SYSTEMD_WAIT_MS");
	uint32_t v;

	if (text && str_u32(text, &v) == 0 && v > 0 && v < WAIT_MS)
		return (int)v;
#endif
	return WAIT_MS;
}

static int64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- the request ---- */

/* A user's own systemd is found where everything of a user's session is, and only there. */
static int add_user_managers(struct str *out, struct err *e)
{
	const char *dir = getenv("XDG_RUNTIME_DIR");
	struct stat st;

	if (!dir || dir[0] != '/' || strpbrk(dir, "\n"))
		return err_set(e, ENOENT, "XDG_RUNTIME_DIR: is not set, so the user's systemd cannot be found: log in through a session "
					  "(loginctl enable-linger), or use the cgroupfs driver");
	if (stat(dir, &st) < 0)
		return err_sys(e, "XDG_RUNTIME_DIR: %s", dir);
	if (st.st_uid != geteuid())
		return err_set(e, EPERM, "XDG_RUNTIME_DIR: %s belongs to user %u", dir, (unsigned)st.st_uid);
	str_addf(out, "private %s/systemd/private\nbus %s/bus\n", dir, dir);
	return 0;
}

static int begin(struct str *out, const char *verb, const char *unit, bool user, struct err *e)
{
	str_addf(out, "%s %s\nwait %d\n", verb, unit, wait_ms());
	if (user)
		return add_user_managers(out, e);
	str_add(out, "private /run/systemd/private\nbus /run/dbus/system_bus_socket\n");
	return 0;
}

static int check_size(const struct str *s, struct err *e)
{
	if (s->failed)
		return err_code(e, ENOMEM, "systemd");
	return s->len <= SYSTEMD_REQUEST_MAX ? 0 : err_set(e, E2BIG, "systemd: the properties of the scope take %zu bytes, more than %d",
							   s->len, SYSTEMD_REQUEST_MAX);
}

/* Everything but who is asked. */
static int describe(struct arena *a, const struct plan *p, enum unit_manager m, struct cgroup_unit *u, struct str *out, struct err *e)
{
	const enum cgroup_mode mode = cgroup_detect();
	int r = cgroup_unit_name(a, p->cgroups_path, p->id, m == UNIT_USER, u, e);

	if (r < 0)
		return r;
	cgroup_unit_base(out, u, p->id, mode);
	r = cgroup_unit_limits(out, &p->resources, mode, true, e);
	if (r == 0)
		r = cgroup_unit_annotations(out, &p->annotations, e);
	return r < 0 ? r : check_size(out, e);
}

int unit_check(struct arena *a, const struct plan *p, enum unit_manager m, struct err *e)
{
	struct cgroup_unit u;
	auto_str text = { 0 };

	return m == UNIT_NONE || p->no_cgroup ? 0 : describe(a, p, m, &u, &text, e);
}

/* ---- the helper ---- */

static int start_helper(struct unit_keeper *k, struct err *e)
{
	char path[PATH_MAX];
	int pair[2];
	int r = helper_find("caisson-systemd",
			    "talks to systemd and is not installed: the systemd cgroup driver is not supported by this build (build with "
			    "libsystemd, or set the engine's cgroup driver to cgroupfs)", path, e);

	if (r < 0)
		return r;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(e, "socketpair");
	auto_fd int ours = pair[0];
	auto_fd int theirs = pair[1];
	auto_fd int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0)
		return err_sys(e, "open /dev/null");
	k->pid = fork();
	if (k->pid < 0)
		return err_sys(e, "fork");
	if (k->pid == 0)
		helper_exec(path, NULL, (const int[]){ theirs, null, null }, 3);
	k->sock = fd_take(&ours);
	return 0;
}

void unit_let_go(struct unit_keeper *k)
{
	if (k->pid <= 0)
		return;
	fd_close(&k->sock);
	/* Our own child, not yet reaped: the pid is its own. */
	auto_fd int pidfd = sys_pidfd_open(k->pid, 0);
	struct err why = { 0 };
	(void)kill(k->pid, SIGKILL);
	if (wait_reap(pidfd, k->pid, WAIT_END_MS, NULL, &why) < 0)
		log_warn("caisson-systemd: %s", why.text);
	k->pid = -1;
}

static int read_answer(const struct unit_keeper *k, struct err *e)
{
	char text[SYSTEMD_ANSWER_MAX + 1], who[WAIT_WHO];
	ssize_t n;

	if (wait_readable(k->sock, wait_ms() + GRACE_MS) < 0)
		return err_set(e, ETIMEDOUT, "systemd: no answer within %d s (%s)", (wait_ms() + 999) / 1000, wait_who(k->pid, who));
	n = fd_recv(k->sock, text, sizeof(text) - 1, NULL, NULL);
	if (n <= 0)
		return err_set(e, EPIPE, "systemd: caisson-systemd ended without an answer");
	text[n] = '\0';
	if (str_eq(text, "ok"))
		return 0;
	for (ssize_t i = 0; i < n; i++)
		if ((unsigned char)text[i] < ' ')
			text[i] = '?';
	return err_set(e, EIO, "systemd: %s", str_starts(text, "error ") ? text + strlen("error ") : "caisson-systemd gave no answer");
}

static int ask(struct unit_keeper *k, const struct str *request, struct err *e)
{
	int r = start_helper(k, e);

	if (r < 0)
		return r;
	r = fd_send(k->sock, request->s, request->len, NULL, 0);
	if (r < 0)
		return err_code(e, -r, "systemd: send to caisson-systemd");
	return read_answer(k, e);
}

/* ---- where it is ---- */

/* The keeper's cgroup in the tree that systemd tracks processes by: "0::PATH", or "N:name=systemd:PATH" where there is only v1. */
static const char *tracked_path(char *text)
{
	static const char *const trees[] = { "::", ":name=systemd:" };
	char *save = NULL;
	const char *found[2] = { NULL, NULL };

	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		size_t digits = strspn(line, "0123456789");
		for (size_t i = 0; i < N_ELEMENTS(trees); i++)
			if (str_starts(line + digits, trees[i]))
				found[i] = line + digits + strlen(trees[i]);
	}
	return found[0] && !str_eq(found[0], "/") ? found[0] : found[1];
}

static int locate(struct arena *a, const struct unit_keeper *k, const struct cgroup_unit *u, const char *id, struct cgroup *out,
		  struct err *e)
{
	char file[64];
	auto_free char *text = NULL;
	size_t len, end = strlen(u->path), n;
	int r;

	snprintf(file, sizeof(file), "/proc/%d/cgroup", (int)k->pid);
	r = fd_read_file(AT_FDCWD, file, SELF_MAX, &text, &len, e);
	if (r < 0)
		return r;
	const char *path = tracked_path(text);
	n = path ? strlen(path) : 0;
	if (n < end || !str_eq(path + n - end, u->path))
		return err_set(e, EPROTO, "systemd: it says that %s was started, but its process is in %.256s, not in %s", u->name,
			       path ? path : "no cgroup that it tracks", u->path);
	return cgroup_locate(a, path, id, out, e);
}

/* ---- the requests ---- */

int unit_start(struct arena *a, const struct plan *p, enum unit_manager m, struct unit_keeper *keeper, struct cgroup *out, struct err *e)
{
	struct unit_keeper k = UNIT_KEEPER_INIT;
	struct cgroup_unit u;
	struct cgroup cg;
	auto_str properties = { 0 };
	auto_str request = { 0 };
	int r = describe(a, p, m, &u, &properties, e);

	if (r == 0)
		r = begin(&request, "start", u.name, m == UNIT_USER, e);
	if (r < 0)
		return r;
	str_add(&request, properties.s);
	r = check_size(&request, e);
	if (r == 0)
		r = ask(&k, &request, e);
	if (r == 0)
		r = locate(a, &k, &u, p->id, &cg, e);
	if (r < 0) {
		unit_let_go(&k);
		return r;
	}
	cg.unit = u.name;
	cg.user_unit = m == UNIT_USER;
	*out = cg;
	*keeper = k;
	return 0;
}

/* One that needs no keeper. */
static int ask_once(const struct str *request, struct err *e)
{
	struct unit_keeper k = UNIT_KEEPER_INIT;
	int r = check_size(request, e);

	if (r == 0)
		r = ask(&k, request, e);
	unit_let_go(&k);
	return r;
}

int unit_set_limits(const struct cgroup *cg, const struct resources *r, struct err *e)
{
	auto_str request = { 0 };
	int s;

	if (!cg->unit)
		return 0;
	s = begin(&request, "set", cg->unit, cg->user_unit, e);
	if (s == 0)
		s = cgroup_unit_limits(&request, r, cg->mode, false, e);
	return s < 0 ? s : ask_once(&request, e);
}

/* ---- the end ---- */

/* The directory that systemd looks at: v2's, or that of the unified or the name=systemd tree. */
static const char *tracked_dir(const struct cgroup *cg)
{
	const char *named = NULL;

	for (size_t i = 0; i < cg->n; i++) {
		if (cg->v[i].controllers[0] == '\0')
			return cg->v[i].path;
		if (str_eq(cg->v[i].controllers, "name=systemd"))
			named = cg->v[i].path;
	}
	return named;
}

/* True when it is gone, at once or in time. */
static bool await_gone(const char *dir)
{
	const int64_t deadline = now_ms() + GONE_MS;
	auto_fd int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char buf[4096];

	snprintf(buf, sizeof(buf), "%.*s", (int)(strrchr(dir, '/') - dir), dir);
	/* By the parent: a cgroup's own directory does not tell of its end. */
	if (fd < 0 || inotify_add_watch(fd, buf, IN_DELETE | IN_ONLYDIR) < 0)
		return access(dir, F_OK) < 0;
	for (;;) {
		int64_t left = deadline - now_ms();
		if (access(dir, F_OK) < 0)
			return true;
		if (left <= 0)
			return false;
		(void)poll(&p, 1, (int)left);
		while (read(fd, buf, sizeof(buf)) > 0)
			; /* whatever it says, we look again */
	}
}

static int stop(const struct cgroup *cg, struct err *e)
{
	auto_str request = { 0 };
	int r = begin(&request, "stop", cg->unit, cg->user_unit, e);

	return r < 0 ? r : ask_once(&request, e);
}

int unit_remove_cgroup(const struct cgroup *cg, struct err *e)
{
	const char *dir = cg->unit ? tracked_dir(cg) : NULL;
	bool gone = !dir || await_gone(dir);
	struct err why = { 0 };
	int r = cgroup_remove(cg, e);

	if (r == 0 && !gone && stop(cg, &why) < 0)
		log_warn("the empty scope %s may stay: %s", cg->unit, why.text);
	return r;
}
