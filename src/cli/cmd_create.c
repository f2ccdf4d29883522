/* SPDX-License-Identifier: Apache-2.0 */
/* create and run: the same launch, with and without the start gate. */
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "cli/bundle.h"
#include "cli/cli.h"
#include "container/notify.h"

static const struct cli_option create_options[] = { CREATE_OPTION_ROWS, { 0 } };

static const struct cli_option run_options[] = {
	CREATE_OPTION_ROWS,
	{ "detach", 'd', CLI_BOOL, offsetof(struct create_options, detach), NULL,
	  "leave the container running in the background" },
	{ "keep", 0, CLI_BOOL, offsetof(struct create_options, keep), NULL,
	  "do not delete the container after its end" },
	{ 0 },
};

static int create_run(const struct cli_globals *g, const void *options, int argc, char *const *argv)
{
	const struct bundle_launch how = { .gate = true, .detach = true };
	struct started s = { .pidfd = -1, .console = -1 };
	struct err e = { 0 };

	(void)argc;
	if (bundle_create(g, options, argv[0], &how, &s, &e) < 0)
		return cli_fail(&e, 1);
	fd_close(&s.pidfd);
	fd_close(&s.console);
	return 0;
}

enum { KILLED = 128 + SIGKILL };

static int run_run(const struct cli_globals *g, const void *options, int argc, char *const *argv)
{
	const struct create_options *o = options;
	const struct bundle_launch how = { .gate = false, .detach = o->detach };
	struct started s = { .pidfd = -1, .console = -1 };
	struct err e = { 0 }, delete_err = { 0 }, oom = { 0 };
	int status = 0;

	(void)argc;
	if (bundle_create(g, o, argv[0], &how, &s, &e) < 0)
		return cli_fail(&e, 1);
	/* The program runs by now: what goes wrong here does not stop it. */
	if (o->detach && s.notify && notify_wait(s.notify, s.notify_manager, s.pid, s.pidfd, &e) < 0)
		log_warn("%s", e.text);
	if (!o->detach) {
		status = container_wait(&s, &e);
		if (status < 0)
			status = cli_fail(&e, 1);
		if (status == KILLED && container_check_memory(g->root, argv[0], &oom) < 0)
			log_warn("%s", oom.text);
		if (!o->keep && container_delete(g->root, argv[0], true, &delete_err) < 0)
			/* The program's own status is what the caller waits for. */
			log_warn("%s", delete_err.text);
	}
	fd_close(&s.pidfd);
	fd_close(&s.console);
	if (s.notify)
		fd_close(&s.notify);
	return status;
}

const struct cli_command cmd_create = {
	.name = "create",
	.operands = "ID",
	.summary = "make a container from a bundle; `start` runs its program",
	.details =
		"The bundle is a directory with a config.json, as the OCI runtime specification describes it.",
	.options = create_options,
	.options_size = sizeof(struct create_options),
	.min = 1,
	.max = 1,
	.run = create_run,
};
const struct cli_command cmd_run = {
	.name = "run",
	.operands = "ID",
	.summary = "make a container from a bundle and run its program",
	.details =
		"In the foreground the exit status is that of the program, or 128+n when signal n ended it.",
	.options = run_options,
	.options_size = sizeof(struct create_options),
	.min = 1,
	.max = 1,
	.run = run_run,
};
