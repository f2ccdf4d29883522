/* SPDX-License-Identifier: Apache-2.0 */
/* manual, completion and help: texts made from the tables of all the other commands. */
#include "cli/cli.h"

#include <errno.h>
#include <string.h>

static const struct cli_option no_options[] = { { 0 } };

static int manual_run(const struct cli_globals *g, const void *options, int argc, char *const *argv)
{
	struct err e = { 0 };

	(void)g, (void)options, (void)argc, (void)argv;
	cli_print_manual(stdout);
	return cli_flush(&e) < 0 ? cli_fail(&e, 1) : 0;
}

static int completion_run(const struct cli_globals *g, const void *options, int argc,
			  char *const *argv)
{
	struct err e = { 0 };

	(void)g, (void)options, (void)argc, (void)argv;
	cli_print_completion(stdout);
	return cli_flush(&e) < 0 ? cli_fail(&e, 1) : 0;
}

static int help_run(const struct cli_globals *g, const void *options, int argc, char *const *argv)
{
	struct err e = { 0 };

	(void)g, (void)options;
	if (argc == 0) {
		cli_print_overview(stdout);
		return cli_flush(&e) < 0 ? cli_fail(&e, 1) : 0;
	}
	for (size_t i = 0; cli_commands[i]; i++) {
		if (strcmp(cli_commands[i]->name, argv[0]) != 0)
			continue;
		cli_print_help(cli_commands[i]);
		return cli_flush(&e) < 0 ? cli_fail(&e, 1) : 0;
	}
	(void)cli_unknown_command(argv[0], &e);
	return cli_fail(&e, 1);
}

const struct cli_command cmd_manual = {
	.name = "manual",
	.summary = "print the option sections of the manual page in roff",
	.options = no_options,
	.hidden = true,
	.run = manual_run,
};
const struct cli_command cmd_completion = {
	.name = "completion",
	.summary = "print the completion script for bash",
	.options = no_options,
	.run = completion_run,
};
const struct cli_command cmd_help = {
	.name = "help",
	.operands = "[COMMAND]",
	.summary = "show the help of a command",
	.options = no_options,
	.max = 1,
	.run = help_run,
};
