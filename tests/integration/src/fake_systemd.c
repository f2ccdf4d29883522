/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fake_systemd SOCKET LOG MODE [CGROUP...] - a manager that answers what the systemd driver asks, on a private socket, and writes
 * down every call: one line each, and one for each property. It makes the scope's directory in the named cgroup trees (mount points)
 * and moves the caller there, and removes the directory when it is empty, as systemd does.
 *
 * MODE  ok         as systemd
 *       refuse     StartTransientUnit fails
 *       silent     takes the connection and never reads from it
 *       mute       answers nothing but the handshake
 *       nojob      answers, but the job never ends
 *       failed     the job ends with "failed"
 *       garbage    bytes that are no D-Bus
 *       badreply   an answer that names no job
 *       elsewhere  leaves the process where it is
 *       taken      the name is that of a unit that is in use
 *       leftover   the first time the name is that of a unit without processes
 *       deadunit   the same, of one that has failed
 *       keep       does not remove the empty scope by itself
 *
 * A file "refuse-set" in its working directory makes SetUnitProperties fail. FAKE_VERSION is what it says of itself.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#define OBJECT "/org/freedesktop/systemd1"
#define MANAGER "org.freedesktop.systemd1.Manager"

enum { STEP_US = 20 * 1000 };

static FILE *out;
static const char *mode;
static char *const *trees;
static char scope[PATH_MAX]; /* below each tree; "" = none */
static int starts;

static bool is(const char *word)
{
	return strcmp(mode, word) == 0;
}

__attribute__((format(printf, 1, 2))) static void line(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(out, fmt, ap);
	va_end(ap);
	fputc('\n', out);
	fflush(out);
}

/* ---- the scope ---- */

/* a-b.slice lies in a.slice. */
static void slice_path(const char *slice, char *path, size_t size)
{
	*path = '\0';
	if (strcmp(slice, "-.slice") == 0)
		return;
	for (const char *p = slice; *p; p++) {
		size_t n = strlen(path);
		if (*p == '-' || strcmp(p, ".slice") == 0)
			snprintf(path + n, size - n, "/%.*s.slice", (int)(p - slice), slice);
	}
}

static void make_directories(const char *tree)
{
	char path[2 * PATH_MAX];

	for (const char *p = scope + 1;; p++) {
		if (*p && *p != '/')
			continue;
		snprintf(path, sizeof(path), "%s%.*s", tree, (int)(p - scope), scope);
		if (mkdir(path, 0755) < 0 && errno != EEXIST)
			line("mkdir %s: %s", path, strerror(errno));
		if (!*p)
			return;
	}
}

static void place(pid_t pid)
{
	char path[2 * PATH_MAX], text[16];

	for (char *const *t = trees; *t; t++) {
		make_directories(*t);
		snprintf(path, sizeof(path), "%s%s/cgroup.procs", *t, scope);
		int fd = open(path, O_WRONLY | O_CLOEXEC), n = snprintf(text, sizeof(text), "%d", (int)pid);
		if (fd < 0 || write(fd, text, (size_t)n) != n)
			line("move %d to %s: %s", (int)pid, path, strerror(errno));
		close(fd);
	}
}

/* What systemd does when the kernel tells it that a cgroup is empty. */
static void tidy(void)
{
	char path[2 * PATH_MAX];
	bool gone = true;

	if (!scope[0] || is("keep"))
		return;
	for (char *const *t = trees; *t; t++) {
		snprintf(path, sizeof(path), "%s%s", *t, scope);
		gone &= rmdir(path) == 0 || errno == ENOENT;
	}
	if (gone) {
		line("gone %s", scope);
		scope[0] = '\0';
	}
}

/* ---- properties ---- */

struct text { size_t n; char s[32768]; };

__attribute__((format(printf, 2, 3))) static void add(struct text *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	t->n += (size_t)vsnprintf(t->s + t->n, sizeof(t->s) - t->n, fmt, ap);
	va_end(ap);
	if (t->n >= sizeof(t->s))
		abort();
}

static int read_list(sd_bus_message *m, const char *contents, struct text *t)
{
	const char *s, *s2;
	uint32_t u;
	int r = sd_bus_message_enter_container(m, 'a', contents);

	while (r > 0) {
		if (*contents == 'u' && (r = sd_bus_message_read(m, "u", &u)) > 0)
			add(t, " %u", u);
		else if (*contents == 's' && (r = sd_bus_message_read(m, "s", &s)) > 0)
			add(t, " %s", s);
		else if (*contents == '(' && (r = sd_bus_message_read(m, "(ss)", &s, &s2)) > 0)
			add(t, " %s=%s", s, s2);
	}
	return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int read_value(sd_bus_message *m, const char *type, struct text *t)
{
	const void *bytes;
	const char *s;
	uint64_t u;
	size_t n;
	int i, r = 0;

	if (strcmp(type, "ay") == 0) {
		r = sd_bus_message_read_array(m, 'y', &bytes, &n);
		for (size_t k = 0; r >= 0 && k < n; k++)
			add(t, "%s%02x", k ? "" : " ", ((const unsigned char *)bytes)[k]);
		return r;
	}
	if (*type == 'a')
		return read_list(m, type + 1, t);
	if (*type == 's' && (r = sd_bus_message_read(m, "s", &s)) >= 0)
		add(t, " %s", s);
	else if (*type == 't' && (r = sd_bus_message_read(m, "t", &u)) >= 0)
		add(t, " %" PRIu64, u);
	else if (*type == 'i' && (r = sd_bus_message_read(m, "i", &i)) >= 0)
		add(t, " %d", i);
	else if (*type == 'b' && (r = sd_bus_message_read(m, "b", &i)) >= 0)
		add(t, " %s", i ? "true" : "false");
	return r;
}

static int read_one(sd_bus_message *m, char slice[256])
{
	static struct text t;
	const char *name, *type;

	t.n = 0;
	t.s[0] = '\0';
	if (sd_bus_message_read(m, "s", &name) < 0 || sd_bus_message_peek_type(m, NULL, &type) < 0 ||
	    sd_bus_message_enter_container(m, 'v', type) < 0 || read_value(m, type, &t) < 0)
		return -EINVAL;
	line("  %s %s%s", name, type, t.s);
	if (strcmp(name, "Slice") == 0)
		snprintf(slice, 256, "%.255s", t.s + 1);
	return sd_bus_message_exit_container(m) < 0 || sd_bus_message_exit_container(m) < 0 ? -EINVAL : 0;
}

static int read_properties(sd_bus_message *m, char slice[256])
{
	int r = sd_bus_message_enter_container(m, 'a', "(sv)");

	while (r >= 0 && (r = sd_bus_message_enter_container(m, 'r', "sv")) > 0)
		r = read_one(m, slice);
	return r < 0 ? r : sd_bus_message_exit_container(m);
}

/* ---- methods ---- */

static void job_ends(sd_bus *bus, const char *unit, const char *result)
{
	/* One of somebody else first. */
	sd_bus_emit_signal(bus, OBJECT, MANAGER, "JobRemoved", "uoss", 6, OBJECT "/job/6", "other.service", "failed");
	sd_bus_emit_signal(bus, OBJECT, MANAGER, "JobRemoved", "uoss", 7, OBJECT "/job/7", unit, result);
}

static int reply_job(sd_bus_message *m)
{
	return sd_bus_reply_method_return(m, "o", OBJECT "/job/7");
}

static pid_t sender(sd_bus_message *m)
{
	sd_bus_creds *creds = NULL;
	pid_t pid = -1;

	if (sd_bus_get_owner_creds(sd_bus_message_get_bus(m), SD_BUS_CREDS_PID, &creds) >= 0)
		sd_bus_creds_get_pid(creds, &pid);
	sd_bus_creds_unref(creds);
	return pid;
}

static int on_start(sd_bus_message *m, void *data, sd_bus_error *e)
{
	const char *unit, *how;
	char slice[256] = "", path[PATH_MAX / 2];
	int r = sd_bus_message_read(m, "ss", &unit, &how);

	(void)data;
	if (r < 0)
		return r;
	line("StartTransientUnit %s %s", unit, how);
	if ((r = read_properties(m, slice)) < 0)
		return r;
	starts++;
	if (is("refuse"))
		return sd_bus_error_set(e, SD_BUS_ERROR_ACCESS_DENIED, "Not today,\nsays the manager");
	if (is("taken") || ((is("leftover") || is("deadunit")) && starts == 1))
		return sd_bus_error_setf(e, "org.freedesktop.systemd1.UnitExists", "Unit %s was already loaded.", unit);
	if (!is("elsewhere")) {
		slice_path(slice, path, sizeof(path));
		snprintf(scope, sizeof(scope), "%s/%s", path, unit);
		place(sender(m));
	}
	/* The end of a job may be told before its beginning. */
	if (!is("nojob"))
		job_ends(sd_bus_message_get_bus(m), unit, is("failed") ? "failed" : "done");
	return reply_job(m);
}

static int on_set(sd_bus_message *m, void *data, sd_bus_error *e)
{
	const char *unit;
	char slice[256];
	int runtime, r = sd_bus_message_read(m, "sb", &unit, &runtime);

	(void)data;
	if (r < 0)
		return r;
	line("SetUnitProperties %s %s", unit, runtime ? "runtime" : "for ever");
	r = read_properties(m, slice);
	if (access("refuse-set", F_OK) == 0)
		return sd_bus_error_set(e, SD_BUS_ERROR_ACCESS_DENIED, "No change today");
	return r < 0 ? r : sd_bus_reply_method_return(m, NULL);
}

static int on_stop(sd_bus_message *m, void *data, sd_bus_error *e)
{
	const char *unit, *how;

	(void)data, (void)e;
	if (sd_bus_message_read(m, "ss", &unit, &how) < 0)
		return -EINVAL;
	line("StopUnit %s %s", unit, how);
	job_ends(sd_bus_message_get_bus(m), unit, "done");
	return reply_job(m);
}

static int on_reset(sd_bus_message *m, void *data, sd_bus_error *e)
{
	const char *unit;

	(void)data, (void)e;
	if (sd_bus_message_read(m, "s", &unit) < 0)
		return -EINVAL;
	line("ResetFailedUnit %s", unit);
	return sd_bus_reply_method_return(m, NULL);
}

static int get_version(sd_bus *bus, const char *path, const char *interface, const char *property, sd_bus_message *reply, void *data,
		       sd_bus_error *e)
{
	const char *version = getenv("FAKE_VERSION");

	(void)bus, (void)path, (void)interface, (void)property, (void)data, (void)e;
	line("Get Version");
	return sd_bus_message_append(reply, "s", version ? version : "252.38-1~deb12u1");
}

static const sd_bus_vtable manager[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_PROPERTY("Version", "s", get_version, 0, 0),
	SD_BUS_METHOD("StartTransientUnit", "ssa(sv)a(sa(sv))", "o", on_start, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD("SetUnitProperties", "sba(sv)", "", on_set, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD("StopUnit", "ss", "o", on_stop, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD("ResetFailedUnit", "s", "", on_reset, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_SIGNAL("JobRemoved", "uoss", 0),
	SD_BUS_VTABLE_END,
};

/* What is asked of a unit whose name is taken. */
static int on_any(sd_bus_message *m, void *data, sd_bus_error *e)
{
	const char *interface, *property;

	(void)data, (void)e;
	if (is("badreply") && sd_bus_message_is_method_call(m, MANAGER, "StartTransientUnit"))
		return sd_bus_reply_method_return(m, "s", "well done");
	if (!sd_bus_message_is_method_call(m, "org.freedesktop.DBus.Properties", "Get") ||
	    !strstr(sd_bus_message_get_path(m), "/unit/"))
		return 0;
	if (sd_bus_message_read(m, "ss", &interface, &property) < 0)
		return -EINVAL;
	line("Get %s", property);
	if (strcmp(property, "ActiveState") == 0)
		return sd_bus_reply_method_return(m, "v", "s", is("deadunit") ? "failed" : "active");
	return sd_bus_reply_method_return(m, "v", "s", is("taken") ? "/" : "/fake.slice/nobody.scope");
}

/* ---- connections ---- */

/* Until the other side has gone. */
static void wait_for_end(int fd)
{
	struct pollfd p = { .fd = fd };

	poll(&p, 1, 20000);
}

static void serve_bus(sd_bus *bus)
{
	if (!is("mute")) {
		sd_bus_add_object_vtable(bus, NULL, OBJECT, MANAGER, manager, NULL);
		sd_bus_add_filter(bus, NULL, on_any, NULL);
	}
	for (;;) {
		if (is("mute") && sd_bus_is_ready(bus) > 0) {
			wait_for_end(sd_bus_get_fd(bus));
			return;
		}
		int r = sd_bus_process(bus, NULL);
		if (r < 0 && r != -EINTR)
			return;
		if (r == 0)
			sd_bus_wait(bus, STEP_US);
		tidy();
	}
}

static void serve(int fd)
{
	static const char teapot[] = "HTTP/1.1 418 teapot\r\n\r\n\xff\xff\xff\xff";
	const sd_id128_t id = SD_ID128_MAKE(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16);
	sd_bus *bus = NULL;

	line("connected");
	if (is("silent") || is("garbage")) {
		if (is("garbage") && write(fd, teapot, sizeof(teapot)) < 0)
			line("write: %s", strerror(errno));
		wait_for_end(fd);
		close(fd);
	} else if (sd_bus_new(&bus) < 0 || sd_bus_set_fd(bus, fd, fd) < 0 || sd_bus_set_server(bus, 1, id) < 0 ||
		   sd_bus_set_sender(bus, "org.freedesktop.systemd1") < 0 || sd_bus_start(bus) < 0) {
		line("cannot serve");
	} else {
		serve_bus(bus);
	}
	sd_bus_close_unref(bus);
	line("disconnected");
}

int main(int argc, char **argv)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (argc < 4)
		return 2;
	out = fopen(argv[2], "a");
	mode = argv[3];
	trees = argv + 4;
	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", argv[1]);
	unlink(sa.sun_path);
	if (!out || fd < 0 || bind(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0 || listen(fd, 8) < 0) {
		perror(argv[1]);
		return 1;
	}
	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };

		if (poll(&p, 1, STEP_US / 1000) > 0)
			serve(accept4(fd, NULL, NULL, SOCK_CLOEXEC));
		tidy();
	}
}
