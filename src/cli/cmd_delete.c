/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "cli/cli.h"
#include "container/lifecycle.h"

struct delete_options {
	bool force;
};

static const struct cli_option delete_options[] = {
	{ "force", 'f', CLI_BOOL, offsetof(struct delete_options, force), NULL,
	  "kill what still runs; a container that is gone already is no error" },
	{ 0 },
};

static int delete_run(const struct cli_globals *g, const void *options, int argc, char *const *argv)
{
	const struct delete_options *o = options;
	struct err e = { 0 };
	int r = container_delete(g->root, argv[0], o->force, &e);

	(void)argc;
	if (r == -ENOENT && o->force)
		return 0;
	return r < 0 ? cli_fail(&e, 1) : 0;
}

const struct cli_command cmd_delete = {
	.name = "delete",
	.operands = "ID",
	.summary = "remove a stopped or created container and all that it left",
	.options = delete_options,
	.options_size = sizeof(struct delete_options),
	.min = 1,
	.max = 1,
	.run = delete_run,
};
