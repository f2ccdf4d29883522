/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/bundle.h"
#include "cli/cli.h"
#include "container/lifecycle.h"

static const struct cli_option start_options[] = { { 0 } };

static int start_run(const struct cli_globals *g, const void *options, int argc, char *const *argv)
{
	const char *notify;
	struct err e = { 0 };

	(void)options, (void)argc;
	if (bundle_notify(&notify, &e) < 0)
		return cli_fail(&e, 1);
	return container_start(g->root, argv[0], notify, &e) < 0 ? cli_fail(&e, 1) : 0;
}

const struct cli_command cmd_start = {
	.name = "start",
	.operands = "ID",
	.summary = "run the program of a created container",
	.options = start_options,
	.min = 1,
	.max = 1,
	.run = start_run,
};
