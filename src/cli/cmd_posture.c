/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernel says about a live container beside what was planned for it.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "base/fd.h"
#include "cli/cli.h"
#include "container/posture.h"
#include "policy/explain.h"
#include "policy/merge.h"
#include "policy/store.h"

enum { PLAN_MAX = 64 * 1024 * 1024, COL_CONTROL = 20, COL_PLANNED = 40, COL_KERNEL = 40 };

struct posture_options { bool json; };

static const struct cli_option posture_options[] = {
	{ "json", 0, CLI_BOOL, offsetof(struct posture_options, json), NULL, "print JSON" },
	{ 0 },
};

static const char *const verdict_words[] = { [VERDICT_OK] = "ok", [VERDICT_DIFFERS] = "DIFFERS", [VERDICT_NOT_ASKED] = "-" };
static const char *const verdict_json[] = { [VERDICT_OK] = "ok", [VERDICT_DIFFERS] = "differs",
					    [VERDICT_NOT_ASKED] = "not asked" };

static int read_plan(const struct state_dir *d, struct arena *a, const struct plan **out, struct err *e)
{
	auto_free char *text = NULL;
	size_t len = 0;
	int err = fd_read_file(d->fd, "plan.json", PLAN_MAX, &text, &len, e);

	return err < 0 ? err : plan_read(a, text, len, out, e);
}

/* Holds a pidfd over the whole look: a pid that was given to another process meanwhile would show there. */
static int look(const struct state *s, const struct plan *plan, struct posture *out, struct err *e)
{
	auto_fd int pidfd = state_pidfd(s, e);
	struct pollfd gone = { .events = POLLIN };
	int err;

	if (pidfd < 0)
		return pidfd;
	err = posture_read(plan, &s->cgroup, s->pid, out, e);
	gone.fd = pidfd;
	if (poll(&gone, 1, 0) > 0)
		return err_set(e, ESRCH, "container \"%s\" ended while it was looked at", s->id);
	return err;
}

static void put_cell(struct str *out, const char *text, size_t width)
{
	size_t n = strlen(text);

	for (size_t i = 0; i < n; i++) {
		char c = (unsigned char)text[i] < 0x20 || text[i] == 0x7f ? '?' : text[i];
		str_add_bytes(out, &c, 1);
	}
	for (; n < width; n++)
		str_add(out, " ");
	str_add(out, "  ");
}

static void put_row(struct str *out, const char *control, const char *planned, const char *kernel, const char *verdict)
{
	put_cell(out, control, COL_CONTROL);
	put_cell(out, planned, COL_PLANNED);
	put_cell(out, kernel, COL_KERNEL);
	str_addf(out, "%s\n", verdict);
}

static int print_table(const struct posture *p, const struct plan *plan, struct err *e)
{
	auto_str out = { 0 };

	put_row(&out, "control", "planned", "kernel", "verdict");
	for (size_t i = 0; i < p->n; i++)
		put_row(&out, p->v[i].control, p->v[i].planned, p->v[i].actual, verdict_words[p->v[i].verdict]);
	str_addf(&out, "%s %s; %zu of %zu controls differ from the plan\n", policy_level_find(plan->profile) < 0 ? "profile" : "level",
		 plan->profile, p->differs, p->n);
	str_addf(&out, "exposure %.1f of 10\n", explain_exposure(plan));
	return out.failed ? err_set(e, ENOMEM, "posture: out of memory") : cli_write(out.s, out.len, e);
}

static json_t *text_json(const char *s)
{
	json_t *v = json_string(s);

	return v ? v : json_string("(not UTF-8)");
}

static int print_json(const struct posture *p, const struct plan *plan, const char *id, struct err *e)
{
	json_t *controls = json_array(), *doc;

	for (size_t i = 0; i < p->n; i++)
		(void)json_array_append_new(controls, json_pack("{s:s, s:o, s:o, s:s}", "control", p->v[i].control, "planned",
			text_json(p->v[i].planned), "kernel", text_json(p->v[i].actual), "verdict",
			verdict_json[p->v[i].verdict])); /* refuses NULL; the count below would tell */
	doc = json_pack("{s:s, s:s, s:o, s:o, s:I, s:f}", "id", id, "level", policy_level_name(plan->level), "profile",
			text_json(plan->profile), "controls", controls,
			"differs", (json_int_t)p->differs, "exposure", explain_exposure(plan));
	return cli_print_json(doc, JSON_REAL_PRECISION(3), e);
}

static int posture_run(const struct cli_globals *g, const void *options, int argc, char *const *argv)
{
	const struct posture_options *o = options;
	auto_state_dir d = STATE_DIR_INIT;
	const struct plan *plan = NULL;
	const struct state *s = NULL;
	struct posture result;
	auto_arena a = { 0 };
	struct err e = { 0 };
	int err = cli_state(g, argv[0], &a, &d, &s, &e);

	(void)argc;
	if (err == 0) {
		enum status status = state_status(&d, s);
		if (status == STATUS_CREATING || status == STATUS_STOPPED)
			err = err_set(&e, ESRCH, "container \"%s\" is %s: there is no process to look at", s->id,
				      state_status_name(status));
	}
	if (err == 0)
		err = read_plan(&d, &a, &plan, &e);
	if (err == 0)
		err = look(s, plan, &result, &e);
	if (err == 0)
		err = o->json ? print_json(&result, plan, s->id, &e) : print_table(&result, plan, &e);
	if (err < 0)
		return cli_fail(&e, 1);
	return result.differs ? 1 : 0;
}

const struct cli_command cmd_posture = {
	.name = "posture",
	.operands = "ID",
	.summary = "compare what the kernel says about a running container with its plan",
	.details = "One line for each control: what was planned, what the kernel says, and the verdict. Exits with 1 when something "
		   "differs. What a process gave up by itself does not count as a difference.",
	.options = posture_options,
	.options_size = sizeof(struct posture_options),
	.min = 1,
	.max = 1,
	.run = posture_run,
};
