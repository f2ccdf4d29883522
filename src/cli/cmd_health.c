/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asks a container's service how it is: once, when somebody asks. The check is a process like any of exec's.
 */
#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "base/fd.h"
#include "cli/cli.h"
#include "cli/exec.h"
#include "container/health.h"

enum { STATUS_UNHEALTHY = 1, STATUS_NOT_ASKED = 255, TIMEOUT = 30, TIMEOUT_MAX = 86400 };

struct health_options {
	const char *timeout;
	bool json;
};

static const struct cli_option health_options[] = {
	{ "timeout", 0, CLI_STRING, offsetof(struct health_options, timeout), "TIME",
	  "how long to wait for the answer, as in 30s or 2m (default: 30s); then the check is killed" },
	{ "json", 0, CLI_BOOL, offsetof(struct health_options, json), NULL, "print JSON" },
	{ 0 },
};

static int read_timeout(const char *text, uint64_t *out, struct err *e)
{
	*out = TIMEOUT;
	if (text && ((str_seconds(text, out) < 0 && str_u64(text, out) < 0) || *out < 1 || *out > TIMEOUT_MAX))
		return err_set(e, EINVAL, "--timeout %s: want seconds, or a time such as 30s or 2m, from 1 s to a day", text);
	return 0;
}

static int check_running(const struct cli_globals *g, const char *id, struct arena *a, struct err *e)
{
	auto_state_dir d = STATE_DIR_INIT;
	const struct state *s;
	enum status status;
	int r = cli_state(g, id, a, &d, &s, e);

	if (r < 0)
		return r;
	status = state_status(&d, s);
	return status == STATUS_RUNNING ? 0 : err_set(e, ESRCH, "container \"%s\" is not running: it is %s", id, state_status_name(status));
}

static int find_check(const struct cli_globals *g, const char *id, struct arena *a, struct process *out, struct err *e)
{
	const struct plan *plan;
	int r = check_running(g, id, a, e);

	if (r == 0)
		r = cli_exec_plan(g, id, a, &plan, e);
	if (r < 0)
		return r;
	if (!plan->health.n)
		return err_set(e, ENODATA, "container \"%s\" has no health command: give service.health in its profile, or HEALTHCHECK in the image "
			       "(launch --image-config)", id);
	return cli_exec_process(plan, &plan->health, out, e);
}

static int ask(const struct cli_globals *g, const char *id, uint64_t seconds, struct health_answer *out, struct err *e)
{
	auto_arena a = { 0 };
	struct process process;
	auto_health_check check = HEALTH_CHECK_INIT;
	struct exec_request request = { .state_root = g->root, .id = id, .process = &process, .streams = check.streams };
	struct started s = { .pidfd = -1, .console = -1 };
	int r = find_check(g, id, &a, &process, e);

	if (r == 0)
		r = health_open(&check, e);
	if (r == 0)
		r = cli_exec_start(g, &request, &a, &s, e);
	if (r == 0)
		r = health_wait(&check, &s, (int64_t)seconds * 1000, out, e);
	fd_close(&s.pidfd);
	return r;
}

/* ---- the answer ---- */

static bool is_healthy(const struct health_answer *h)
{
	return !h->late && h->status == 0;
}

/* Its own lines are marked, so that none of them looks like one of ours. */
static void print_output(const struct str *output)
{
	const char *line = output->len ? output->s : "";

	while (*line) {
		size_t n = strcspn(line, "\n");

		fprintf(stderr, "| %.*s\n", (int)n, line);
		line += line[n] ? n + 1 : n;
	}
}

static int print_text(const struct health_answer *h, uint64_t seconds, struct err *e)
{
	int r;

	if (is_healthy(h))
		puts("healthy");
	else if (h->late)
		printf("unhealthy: no answer within %llu s\n", (unsigned long long)seconds);
	else
		printf("unhealthy: exit status %d\n", h->status);
	r = cli_flush(e);
	if (!is_healthy(h))
		print_output(&h->output);
	return r;
}

static int print_json(const struct health_answer *h, const char *id, struct err *e)
{
	json_t *doc = json_pack("{s:s, s:s, s:o, s:I, s:s}", "id", id, "status", is_healthy(h) ? "healthy" : "unhealthy", "exitCode",
				h->late ? json_null() : json_integer(h->status), "durationMs", (json_int_t)h->ms, "output",
				h->output.len ? h->output.s : "");

	return cli_print_json(doc, 0, e);
}

static int health_run(const struct cli_globals *g, const void *options, int argc, char *const *argv)
{
	const struct health_options *o = options;
	struct health_answer h = { 0 };
	struct err e = { 0 };
	uint64_t seconds;
	int r = read_timeout(o->timeout, &seconds, &e);

	(void)argc;
	if (r == 0)
		r = ask(g, argv[0], seconds, &h, &e);
	if (r == 0) {
		str_printable(h.output.s, h.output.len, "\n\t");
		r = o->json ? print_json(&h, argv[0], &e) : print_text(&h, seconds, &e);
	}
	str_done(&h.output);
	if (r == 0)
		return is_healthy(&h) ? 0 : STATUS_UNHEALTHY;
	(void)err_wrap(&e, "health");
	return cli_fail(&e, STATUS_NOT_ASKED);
}

const struct cli_command cmd_health = {
	.name = "health",
	.operands = "ID",
	.summary = "ask the service in a running container how it is",
	.details = "Runs service.health of the container's profile or, where that has none, HEALTHCHECK of a launched image, as exec would run it. "
		   "Exits with 0 when it is healthy and 1 when it is not, after what the check printed last (on standard error); 255 when it could not be asked. "
		   "Nothing asks by itself: let a timer or a supervisor do it.",
	.options = health_options,
	.options_size = sizeof(struct health_options),
	.min = 1,
	.max = 1,
	.usage_status = STATUS_NOT_ASKED,
	.run = health_run,
};
