/* SPDX-License-Identifier: Apache-2.0 */
/*
 * caisson-systemd - asks systemd for a scope, or to change one. The request comes on descriptor 0; helpers/systemd.h.
 *
 * For a new scope the helper names itself as the first process ("0": whoever asks), because systemd makes none that is empty, and
 * stays in there until the container's process has come. One StartTransientUnit and one wait for its job; nothing else is asked,
 * unless the unit's name is taken by one that has ended.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "helpers/power.h"
#include "helpers/systemd_parts.h"

#define SERVICE "org.freedesktop.systemd1"
#define OBJECT "/org/freedesktop/systemd1"
#define MANAGER SERVICE ".Manager"

enum { JOBS_MAX = 64 };
#define MEMORY_MAX (UINT64_C(256) << 20)
#define CAPS_KEPT (UINT64_C(1) << CAP_SYS_ADMIN) /* systemd looks at our user and at this */

/* What became of the jobs of our unit; the signal of one may come before the answer that names it. */
struct jobs { const char *unit; size_t n; struct { char path[128], result[32]; } v[JOBS_MAX]; };

struct asking {
	const struct request *r;
	sd_bus *bus;
	struct jobs jobs;
	uint64_t deadline; /* CLOCK_MONOTONIC, microseconds */
	uint32_t version;
};

static uint64_t now_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* At least 1: 0 would mean the library's own default. */
static uint64_t time_left(const struct asking *a)
{
	uint64_t now = now_us();

	return now < a->deadline ? a->deadline - now : 1;
}

/* ---- the manager ---- */

static int connect_to(const char *path)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	auto_fd int fd = -1;

	if (strlen(path) >= sizeof(sa.sun_path))
		return -ENAMETOOLONG;
	memcpy(sa.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&sa, sizeof(sa)) < 0)
		return -errno;
	return fd_take(&fd);
}

static int connect_any(const struct request *r, bool *bus, struct err *e)
{
	int fd = -ENOENT;

	for (size_t i = 0; i < r->n_managers; i++) {
		fd = connect_to(r->managers[i].path);
		*bus = r->managers[i].bus;
		if (fd >= 0)
			return fd;
	}
	const char *last = r->managers[r->n_managers - 1].path;
	return err_code(e, -fd, "no systemd answers at %s nor at %s", r->managers[0].path, last);
}

static int open_bus(struct asking *a, struct err *e)
{
	bool bus = false;
	int fd = connect_any(a->r, &bus, e);

	if (fd < 0)
		return fd;
	int r = sd_bus_new(&a->bus);
	if (r >= 0)
		r = sd_bus_set_fd(a->bus, fd, fd); /* its own from here on */
	if (r >= 0)
		r = sd_bus_set_bus_client(a->bus, bus);
	if (r >= 0)
		r = sd_bus_set_method_call_timeout(a->bus, time_left(a));
	if (r >= 0)
		r = sd_bus_start(a->bus);
	return r < 0 ? err_code(e, -r, "talk to systemd") : 0;
}

/* "252.38-1~deb12u1", "v250-5.fc36", "239 (239-82.el8)". */
static void read_version(struct asking *a)
{
	auto_free char *text = NULL;
	const char *p;

	if (sd_bus_get_property_string(a->bus, SERVICE, OBJECT, MANAGER, "Version", NULL, &text) < 0)
		return;
	p = strpbrk(text, "0123456789");
	a->version = p ? (uint32_t)strtoul(p, NULL, 10) : 0;
}

static void read_version_if_it_matters(struct asking *a)
{
	for (size_t i = 0; i < a->r->n; i++) {
		if (a->r->v[i].version) {
			read_version(a);
			return;
		}
	}
}

/* ---- one call ---- */

static int new_call(struct asking *a, const char *method, sd_bus_message **m, struct err *e)
{
	int r = sd_bus_message_new_method_call(a->bus, m, SERVICE, OBJECT, MANAGER, method);

	return r < 0 ? err_code(e, -r, "%s", method) : 0;
}

/* The manager's words go into our error: a stranger's, so they are cut and cleaned (answer()). */
static int call(struct asking *a, sd_bus_message *m, const char *method, char error[64], sd_bus_message **reply, struct err *e)
{
	sd_bus_error why = SD_BUS_ERROR_NULL;
	int r = sd_bus_call(a->bus, m, time_left(a), &why, reply), code = r < 0 ? -r : 0;

	if (error && sd_bus_error_is_set(&why))
		(void)snprintf(error, 64, "%s", why.name);
	if (r >= 0)
		r = 0;
	else if (sd_bus_error_has_name(&why, SD_BUS_ERROR_NO_REPLY) || code == ETIMEDOUT)
		r = err_set(e, ETIMEDOUT, "%s of %s: no answer from systemd within %u s", method, a->r->unit,
			    (a->r->wait_ms + 999) / 1000);
	else
		r = err_set(e, code, "%s of %s: %.400s", method, a->r->unit, why.message ? why.message : strerror(code));
	sd_bus_error_free(&why);
	return r;
}

/* ---- jobs ---- */

static int on_job_removed(sd_bus_message *m, void *data, sd_bus_error *ignored)
{
	struct jobs *j = data;
	const char *path, *unit, *result;
	uint32_t id;

	(void)ignored;
	if (sd_bus_message_read(m, "uoss", &id, &path, &unit, &result) < 0)
		return 0; /* not what systemd sends: nobody's job */
	if (!str_eq(unit, j->unit) || j->n == JOBS_MAX)
		return 0;
	(void)snprintf(j->v[j->n].path, sizeof(j->v[0].path), "%s", path);
	(void)snprintf(j->v[j->n].result, sizeof(j->v[0].result), "%s", result);
	j->n++;
	return 0;
}

static const char *job_result(const struct jobs *j, const char *path)
{
	for (size_t i = 0; i < j->n; i++)
		if (str_eq(j->v[i].path, path))
			return j->v[i].result;
	return NULL;
}

static int watch_jobs(struct asking *a, struct err *e)
{
	int r = sd_bus_match_signal(a->bus, NULL, SERVICE, OBJECT, MANAGER, "JobRemoved", on_job_removed, &a->jobs);

	return r < 0 ? err_code(e, -r, "watch systemd's jobs") : 0;
}

static int await_job(struct asking *a, const char *method, sd_bus_message *reply, struct err *e)
{
	const char *path, *result;
	int r = sd_bus_message_read(reply, "o", &path);

	if (r < 0)
		return err_code(e, EPROTO, "%s of %s: systemd's answer names no job", method, a->r->unit);
	while (!(result = job_result(&a->jobs, path))) {
		r = sd_bus_process(a->bus, NULL);
		if (r == 0)
			r = now_us() < a->deadline ? sd_bus_wait(a->bus, time_left(a)) : -ETIMEDOUT;
		if (r == -ETIMEDOUT)
			return err_set(e, ETIMEDOUT, "%s of %s: the job did not end within %u s", method, a->r->unit,
				       (a->r->wait_ms + 999) / 1000);
		if (r < 0 && r != -EINTR)
			return err_code(e, -r, "%s of %s: wait for its job", method, a->r->unit);
	}
	return str_eq(result, "done") ? 0 : err_set(e, EIO, "%s of %s: the job ended with \"%s\"", method, a->r->unit, result);
}

/* ---- a name that is taken ---- */

static int simple_call(struct asking *a, const char *method, bool job, struct err *e)
{
	__attribute__((cleanup(sd_bus_message_unrefp))) sd_bus_message *m = NULL;
	__attribute__((cleanup(sd_bus_message_unrefp))) sd_bus_message *reply = NULL;
	int r = new_call(a, method, &m, e);

	if (r == 0 && sd_bus_message_append(m, job ? "ss" : "s", a->r->unit, "replace") < 0)
		r = err_code(e, ENOMEM, "%s", method);
	if (r == 0)
		r = call(a, m, method, NULL, &reply, e);
	return r < 0 || !job ? r : await_job(a, method, reply, e);
}

/* Is nobody left in the cgroup of that name? Only what the kernel says counts; where it cannot be asked, somebody is. */
static bool is_empty(const char *cgroup)
{
	static const char *const mounts[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified", "/sys/fs/cgroup/systemd" };
	char path[PATH_MAX], text[256];

	for (size_t i = 0; *cgroup && i < N_ELEMENTS(mounts); i++) {
		if (snprintf(path, sizeof(path), "%s%s/cgroup.events", mounts[i], cgroup) >= (int)sizeof(path))
			return false;
		if (fd_read_small(AT_FDCWD, path, text, sizeof(text)) > 0)
			return strstr(text, "populated 0") != NULL;
		*strrchr(path, '/') = '\0';
		if (access(path, F_OK) == 0)
			return false;
	}
	return true; /* removed already */
}

/* A container of that name was there before: its scope may have failed, or systemd has not yet seen that it is empty. */
static int clear_way(struct asking *a, struct err *e)
{
	auto_free char *object = NULL;
	auto_free char *state = NULL;
	auto_free char *cgroup = NULL;

	if (sd_bus_path_encode(OBJECT "/unit", a->r->unit, &object) < 0)
		return err_code(e, ENOMEM, "%s", a->r->unit);
	if (sd_bus_get_property_string(a->bus, SERVICE, object, SERVICE ".Unit", "ActiveState", NULL, &state) >= 0 &&
	    str_eq(state, "failed"))
		return simple_call(a, "ResetFailedUnit", false, e);
	if (sd_bus_get_property_string(a->bus, SERVICE, object, SERVICE ".Scope", "ControlGroup", NULL, &cgroup) < 0 ||
	    !is_empty(cgroup))
		return err_set(e, EEXIST, "the unit %s exists and is in use: choose another cgroupsPath, or end it (systemctl stop %s)",
			       a->r->unit, a->r->unit);
	return simple_call(a, "StopUnit", true, e);
}

/* ---- the requests ---- */

/* The a(sv) of both calls. first: with ourselves as the first process. */
static int append_properties(struct asking *a, sd_bus_message *m, bool first, struct err *e)
{
	int r, s = sd_bus_message_open_container(m, 'a', "(sv)");

	if (s >= 0 && first)
		s = sd_bus_message_append(m, "(sv)", "PIDs", "au", 1, 0);
	if (s < 0)
		return err_code(e, -s, "the properties of %s", a->r->unit);
	r = request_append(m, a->r, a->version, e);
	if (r < 0)
		return r;
	s = sd_bus_message_close_container(m);
	return s < 0 ? err_code(e, -s, "the properties of %s", a->r->unit) : 0;
}

static int start_once(struct asking *a, char error[64], struct err *e)
{
	static const char method[] = "StartTransientUnit";
	__attribute__((cleanup(sd_bus_message_unrefp))) sd_bus_message *m = NULL;
	__attribute__((cleanup(sd_bus_message_unrefp))) sd_bus_message *reply = NULL;
	int r = new_call(a, method, &m, e);

	if (r < 0)
		return r;
	if (sd_bus_message_append(m, "ss", a->r->unit, "fail") < 0)
		return err_code(e, ENOMEM, "%s", method);
	r = append_properties(a, m, true, e);
	if (r == 0 && sd_bus_message_append(m, "a(sa(sv))", 0) < 0)
		r = err_code(e, ENOMEM, "%s", method);
	if (r < 0)
		return r;
	r = call(a, m, method, error, &reply, e);
	return r < 0 ? r : await_job(a, method, reply, e);
}

static int start(struct asking *a, struct err *e)
{
	char error[64] = "";
	int r = watch_jobs(a, e);

	if (r == 0)
		r = start_once(a, error, e);
	if (r == 0 || !str_eq(error, SERVICE ".UnitExists"))
		return r;
	*e = (struct err){ 0 };
	r = clear_way(a, e);
	return r < 0 ? r : start_once(a, error, e);
}

static int set(struct asking *a, struct err *e)
{
	static const char method[] = "SetUnitProperties";
	__attribute__((cleanup(sd_bus_message_unrefp))) sd_bus_message *m = NULL;
	__attribute__((cleanup(sd_bus_message_unrefp))) sd_bus_message *reply = NULL;
	int r = new_call(a, method, &m, e);

	if (r == 0 && sd_bus_message_append(m, "sb", a->r->unit, 1) < 0) /* until the next boot, like the unit itself */
		r = err_code(e, ENOMEM, "%s", method);
	if (r == 0)
		r = append_properties(a, m, false, e);
	return r < 0 ? r : call(a, m, method, NULL, &reply, e);
}

static int stop(struct asking *a, struct err *e)
{
	int r = watch_jobs(a, e);

	return r < 0 ? r : simple_call(a, "StopUnit", true, e);
}

static int (*const verbs[VERBS])(struct asking *, struct err *) = {
	[VERB_START] = start, [VERB_SET] = set, [VERB_STOP] = stop,
};

static int ask(const struct request *r, struct err *e)
{
	struct asking a = { .r = r, .jobs.unit = r->unit, .deadline = now_us() + r->wait_ms * UINT64_C(1000) };
	int s = open_bus(&a, e);

	if (s == 0) {
		read_version_if_it_matters(&a);
		s = verbs[r->verb](&a, e);
	}
	(void)sd_bus_close_unref(a.bus);
	return s;
}

/* ---- the other end ---- */

static int answer(const struct err *e)
{
	char text[SYSTEMD_ANSWER_MAX];
	int n = e->code ? snprintf(text, sizeof(text), "error %s", e->text) : snprintf(text, sizeof(text), "ok");

	if (n >= (int)sizeof(text))
		n = sizeof(text) - 1;
	for (int i = 0; i < n; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 127)
			text[i] = '?';
	return fd_send(STDIN_FILENO, text, (size_t)n, NULL, 0);
}

static void hold(void)
{
	struct pollfd p = { .fd = STDIN_FILENO };

	/* The end of the other side is an event that is always reported. */
	while (poll(&p, 1, -1) < 0 && errno == EINTR)
		;
}

int main(void)
{
	static char text[SYSTEMD_REQUEST_MAX + 1];
	struct request r;
	struct err e = { 0 };
	size_t no_fds = 0;
	int s = helper_drop_power(MEMORY_MAX, CAPS_KEPT, &e);
	ssize_t n = s < 0 ? 0 : fd_recv(STDIN_FILENO, text, SYSTEMD_REQUEST_MAX, NULL, &no_fds);

	if (s < 0 || n <= 0)
		return 1; /* started by hand, or the other end is gone */
	text[n] = '\0';
	if (request_parse(text, &r, &e) == 0)
		(void)ask(&r, &e); /* the answer says it */
	if (answer(&e) < 0 || e.code)
		return 1;
	if (r.verb == VERB_START)
		hold();
	return 0;
}
