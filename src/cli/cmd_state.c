/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "cli/cli.h"

static const struct cli_option state_options[] = { { 0 } };

static int show_state(const struct cli_globals *g, const char *id, struct err *e)
{
	auto_state_dir d = STATE_DIR_INIT;
	auto_arena a = { 0 };
	const struct state *s;
	auto_free char *text = NULL;
	enum status status;
	size_t len = 0;
	int r = cli_state(g, id, &a, &d, &s, e);

	if (r < 0)
		return r;
	status = state_status(&d, s);
	r = state_format(s, status, status == STATUS_STOPPED ? 0 : s->pid, true, &text, &len, e);
	return r < 0 ? r : cli_write(text, len, e);
}

static int state_run(const struct cli_globals *g, const void *options, int argc, char *const *argv)
{
	struct err e = { 0 };

	(void)options, (void)argc;
	return show_state(g, argv[0], &e) < 0 ? cli_fail(&e, 1) : 0;
}

const struct cli_command cmd_state = {
	.name = "state",
	.operands = "ID",
	.summary = "print the state of a container as JSON",
	.options = state_options,
	.min = 1,
	.max = 1,
	.run = state_run,
};
