/* SPDX-License-Identifier: Apache-2.0 */
/* pause and resume. */
#include "cli/cli.h"
#include "container/lifecycle.h"

static const struct cli_option no_options[] = { { 0 } };

static int pause_run(const struct cli_globals *g, const void *options, int argc, char *const *argv)
{
	struct err e = { 0 };

	(void)options, (void)argc;
	return container_pause(g->root, argv[0], &e) < 0 ? cli_fail(&e, 1) : 0;
}

static int resume_run(const struct cli_globals *g, const void *options, int argc, char *const *argv)
{
	struct err e = { 0 };

	(void)options, (void)argc;
	return container_resume(g->root, argv[0], &e) < 0 ? cli_fail(&e, 1) : 0;
}

const struct cli_command cmd_pause = {
	.name = "pause",
	.operands = "ID",
	.summary = "freeze every process of a container",
	.options = no_options,
	.min = 1,
	.max = 1,
	.run = pause_run,
};
const struct cli_command cmd_resume = {
	.name = "resume",
	.operands = "ID",
	.summary = "let a paused container run on",
	.options = no_options,
	.min = 1,
	.max = 1,
	.run = resume_run,
};
