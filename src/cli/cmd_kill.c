/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>

#include "cli/cli.h"
#include "container/lifecycle.h"

struct kill_options {
	bool all;
};

static const struct cli_option kill_options[] = {
	/* Obsolete, still sent by engines: every process of the container dies with its first one
	   anyway. */
	{ "all", 'a', CLI_BOOL, offsetof(struct kill_options, all), NULL, NULL },
	{ 0 },
};

static int kill_run(const struct cli_globals *g, const void *options, int argc, char *const *argv)
{
	const struct kill_options *o = options;
	struct err e = { 0 };
	int sig = argc > 1 ? cli_signal(argv[1], &e) : SIGTERM;

	if (sig < 0 || container_kill(g->root, argv[0], sig, o->all, &e) < 0)
		return cli_fail(&e, 1);
	return 0;
}

const struct cli_command cmd_kill = {
	.name = "kill",
	.operands = "ID [SIGNAL]",
	.summary = "send a signal to the first process of a container",
	.details =
		"SIGNAL is a name in any case, with or without SIG, or a number. The default is TERM.",
	.options = kill_options,
	.options_size = sizeof(struct kill_options),
	.min = 1,
	.max = 2,
	.stop_at_operand = true,
	.run = kill_run,
};
