/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/cli.h"
#include "kernel/cgroup.h"

enum { INTERVAL_DEFAULT_MS = 5000, CHECK_MS = 1000 };

struct events_options {
	const char *interval;
	bool stats;
};

static const struct cli_option events_options[] = {
	{ "stats", 0, CLI_BOOL, offsetof(struct events_options, stats), NULL,
	  "print one record of figures and end" },
	{ "interval", 0, CLI_STRING, offsetof(struct events_options, interval), "DURATION",
	  "time between two records, such as 500ms, 5s, 1m (default: 5s)" },
	{ 0 },
};

/* "1m30s", "500ms", "2.5s" is not taken: whole numbers with a unit each, at least one. */
static int read_duration(const char *text, int *ms, struct err *e)
{
	static const struct {
		const char *unit;
		long long ms;
	} units[] = { { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 } };
	const char *p = text;
	long long total = 0;

	while (*p >= '0' && *p <= '9' && total < INT_MAX) {
		char *end;
		long long n = strtoll(p, &end, 10);
		size_t len = strcspn(end, "0123456789"), i = 0;

		while (i < N_ELEMENTS(units) &&
		       (strlen(units[i].unit) != len || memcmp(units[i].unit, end, len) != 0))
			i++;
		if (i == N_ELEMENTS(units) || n > INT_MAX)
			break;
		total += n * units[i].ms;
		p = end + len;
	}
	if (*p || p == text || total <= 0 || total > INT_MAX)
		return err_set(e, EINVAL,
			       "--interval: \"%s\" is not a duration such as 500ms, 5s or 1m",
			       text);
	*ms = (int)total;
	return 0;
}

static int print_event(const char *type, const char *id, json_t *data, struct err *e)
{
	json_t *v = json_pack("{s:s, s:s}", "type", type, "id", id);
	char *text = NULL;
	int r;

	if (v && data && json_object_set(v, "data", data) < 0) {
		json_decref(v);
		v = NULL;
	}
	if (v)
		text = json_dumps(v, JSON_COMPACT);
	json_decref(v);
	if (!text)
		return err_set(e, ENOMEM, "out of memory");
	puts(text);
	free(text);
	r = cli_flush(e);
	return r;
}

static int print_stats(const struct state *s, struct err *e)
{
	json_t *data = cgroup_stats(&s->cgroup, e);
	int r;

	if (!data)
		return e->code ? -e->code : err_set(e, EIO, "the cgroup's figures cannot be read");
	json_t *rdt = s->rdt.group ? resctrl_stats(&s->rdt, RESCTRL_ROOT) : NULL;
	if (rdt)
		(void)json_object_set_new(data, "intel_rdt", rdt); /* no memory: it stays the empty one */
	r = print_event("stats", s->id, data, e);
	json_decref(data);
	return r;
}

static long long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Until the container ends: figures every interval, and each time the kernel ran out of its memory.
 */
static int follow(const struct state_dir *d, const struct state *s, int interval, struct err *e)
{
	long long next = now_ms();
	struct cgroup_watch oom __attribute__((cleanup(cgroup_watch_close))) = CGROUP_WATCH_INIT;
	int gone = cgroup_watch_open(&s->cgroup, &oom, e);

	if (gone)
		return gone < 0 ? gone : 0;
	while (state_status(d, s) != STATUS_STOPPED) {
		struct err wait_err = { 0 };
		long long left = next - now_ms();
		int r;

		if (left <= 0) {
			r = print_stats(s, e);
			if (r < 0)
				return state_status(d, s) == STATUS_STOPPED ? 0 : r;
			next += interval;
			continue;
		}
		/* Short enough that the end of the container is seen where the kernel does not
		 * tell. */
		r = cgroup_watch_wait(&oom, (int)(left < CHECK_MS ? left : CHECK_MS), &wait_err);
		if (r == 0) {
			r = print_event("oom", s->id, NULL, e);
			if (r < 0)
				return r;
		} else if (r == 1) {
			return 0;
		} else if (r != -ETIMEDOUT && r != -EAGAIN && r != -EINTR) {
			*e = wait_err;
			return r;
		}
	}
	return 0;
}

static int events(const struct cli_globals *g, const struct events_options *o, const char *id,
		  struct err *e)
{
	auto_state_dir d = STATE_DIR_INIT;
	auto_arena a = { 0 };
	const struct state *s;
	int interval = INTERVAL_DEFAULT_MS,
	    r = o->interval ? read_duration(o->interval, &interval, e) : 0;

	if (r == 0)
		r = cli_state(g, id, &a, &d, &s, e);
	if (r < 0)
		return r;
	if (state_status(&d, s) == STATUS_STOPPED)
		return err_set(e, ESRCH, "container %s: container not running", id);
	if (s->cgroup.mode == CGROUP_NONE)
		return err_set(e, ENOTSUP, "container %s has no cgroup to take figures from", id);
	return o->stats ? print_stats(s, e) : follow(&d, s, interval, e);
}

static int events_run(const struct cli_globals *g, const void *options, int argc, char *const *argv)
{
	struct err e = { 0 };

	(void)argc;
	return events(g, options, argv[0], &e) < 0 ? cli_fail(&e, 1) : 0;
}

const struct cli_command cmd_events = {
	.name = "events",
	.operands = "ID",
	.summary = "print figures and out-of-memory events of a container as JSON lines",
	.options = events_options,
	.options_size = sizeof(struct events_options),
	.min = 1,
	.max = 1,
	.run = events_run,
};
