/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/exec.h"

#include <errno.h>

#include "cli/report.h"
#include "container/keep.h"
#include "container/policy_dir.h"
#include "policy/merge.h"

int cli_exec_plan(const struct cli_globals *g, const char *id, struct arena *a, const struct plan **out, struct err *e)
{
	auto_state_dir d = STATE_DIR_INIT;
	int r = state_dir_open(g->root, id, false, &d, e);

	if (r < 0)
		return r;
	r = keep_read_plan(&d, a, out, e);
	if (r == -ENOENT)
		return err_set(e, ENOENT, "container \"%s\" is half made, so for now the container does not exist", id);
	return r < 0 ? err_wrap(e, "container %s", id) : 0;
}

int cli_exec_process(const struct plan *p, const struct strings *args, struct process *out, struct err *e)
{
	if (!p->has_process)
		return err_set(e, EINVAL, "the container's document has no process to start from");
	*out = p->process;
	out->args = *args;
	out->terminal = false;
	out->rows = out->columns = 0; /* of the first process's terminal, not of this one */
	return 0;
}

/* The record is for report.path alone, so that nothing is read for it where there is none. The container's own plan holds, whatever
 * became of caisson.json in the meantime: what is wrong with it stops no exec. */
static int report(const struct cli_globals *g, const struct exec_request *r, struct arena *a, struct policy_config *config,
		  struct decision *d, struct err *missing, struct err *e)
{
	struct policy_files files;
	struct policy_dir dir;
	struct err why = { 0 };
	bool there;

	policy_dir_init(&dir);
	policy_dir_files(&dir, &files);
	if (policy_config_load(a, &files, config, &there, missing) < 0)
		config->report.path = NULL;
	*d = (struct decision){ .what = "exec", .id = r->id, .asked = r->process };
	if (!config->report.path || cli_exec_plan(g, r->id, a, &d->plan, &why) < 0)
		return 0; /* without a plan there is nothing that could be allowed */
	if (policy_merge_exec(a, d->plan, r->process, &d->result, &why) == 0)
		return cli_report(config, d, missing, e);
	cli_report_failure(config, d, DECISION_REFUSED, &why);
	return 0;
}

int cli_exec_start(const struct cli_globals *g, const struct exec_request *r, struct arena *a, struct started *out, struct err *e)
{
	struct policy_config config;
	struct err missing = { 0 };
	struct decision d;
	int s = report(g, r, a, &config, &d, &missing, e);

	if (s < 0)
		return s;
	s = container_exec(r, out, e);
	if (s == 0)
		cli_report_warn(&missing);
	else if (config.report.path && d.outcome == DECISION_ALLOWED)
		cli_report_failure(&config, &d, DECISION_FAILED, e);
	return s;
}
