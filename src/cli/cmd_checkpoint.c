/* SPDX-License-Identifier: Apache-2.0 */
/*
 * checkpoint and restore: not there yet. Engines probe for them with --help and with an option that
 * lacks its value, so the options are known and only the act is refused.
 */
#include <errno.h>

#include "cli/cli.h"

static const struct cli_option checkpoint_options[] = {
	{ "image-path", 0, CLI_IGNORED, 0, "DIR", "where the checkpoint would be stored" },
	{ "work-path", 0, CLI_IGNORED, 0, "DIR", "where work files and logs would go" },
	{ "parent-path", 0, CLI_IGNORED, 0, "DIR",
	  "an earlier pre-dump, relative to the image path" },
	{ "leave-running", 0, CLI_IGNORED_BOOL, 0, NULL, "let the container run on" },
	{ "tcp-established", 0, CLI_IGNORED_BOOL, 0, NULL, "take open TCP connections along" },
	{ "tcp-skip-in-flight", 0, CLI_IGNORED_BOOL, 0, NULL,
	  "leave half-open TCP connections out" },
	{ "link-remap", 0, CLI_IGNORED_BOOL, 0, NULL, "take unlinked files along" },
	{ "ext-unix-sk", 0, CLI_IGNORED_BOOL, 0, NULL, "take external unix sockets along" },
	{ "shell-job", 0, CLI_IGNORED_BOOL, 0, NULL, "take shell jobs along" },
	{ "lazy-pages", 0, CLI_IGNORED_BOOL, 0, NULL, "move memory on demand" },
	{ "status-fd", 0, CLI_IGNORED, 0, "FD", "descriptor to report on" },
	{ "page-server", 0, CLI_IGNORED, 0, "ADDRESS:PORT", "where memory pages go" },
	{ "file-locks", 0, CLI_IGNORED_BOOL, 0, NULL, "take file locks along" },
	{ "pre-dump", 0, CLI_IGNORED_BOOL, 0, NULL, "memory only, and go on" },
	{ "manage-cgroups-mode", 0, CLI_IGNORED, 0, "soft|full|strict|ignore",
	  "treatment of cgroups" },
	{ "empty-ns", 0, CLI_IGNORED, 0, "NAMESPACE", "namespace whose content is left out" },
	{ "auto-dedup", 0, CLI_IGNORED_BOOL, 0, NULL, "store each page once" },
	{ "network-lock", 0, CLI_IGNORED, 0, "METHOD", NULL },
	{ 0 },
};

static const struct cli_option restore_options[] = {
	{ "bundle", 'b', CLI_IGNORED, 0, "DIR", "directory that holds config.json" },
	{ "console-socket", 0, CLI_IGNORED, 0, "PATH",
	  "unix socket that receives the terminal's master" },
	{ "image-path", 0, CLI_IGNORED, 0, "DIR", "where the checkpoint is" },
	{ "work-path", 0, CLI_IGNORED, 0, "DIR", "where work files and logs would go" },
	{ "tcp-established", 0, CLI_IGNORED_BOOL, 0, NULL, "bring open TCP connections back" },
	{ "tcp-close", 0, CLI_IGNORED_BOOL, 0, NULL, NULL },
	{ "ext-unix-sk", 0, CLI_IGNORED_BOOL, 0, NULL, "bring external unix sockets back" },
	{ "shell-job", 0, CLI_IGNORED_BOOL, 0, NULL, "bring shell jobs back" },
	{ "file-locks", 0, CLI_IGNORED_BOOL, 0, NULL, "bring file locks back" },
	{ "manage-cgroups-mode", 0, CLI_IGNORED, 0, "soft|full|strict|ignore",
	  "treatment of cgroups" },
	{ "detach", 'd', CLI_IGNORED_BOOL, 0, NULL,
	  "leave the container running in the background" },
	{ "pid-file", 0, CLI_IGNORED, 0, "PATH", "file to write the pid to" },
	{ "no-subreaper", 0, CLI_IGNORED_BOOL, 0, NULL, NULL },
	{ "no-pivot", 0, CLI_IGNORED_BOOL, 0, NULL, "enter the root without pivot_root(2)" },
	{ "empty-ns", 0, CLI_IGNORED, 0, "NAMESPACE", "namespace whose content is left out" },
	{ "auto-dedup", 0, CLI_IGNORED_BOOL, 0, NULL, "store each page once" },
	{ "lazy-pages", 0, CLI_IGNORED_BOOL, 0, NULL, "move memory on demand" },
	{ "lsm-profile", 0, CLI_IGNORED, 0, "TYPE:NAME", "security label of the processes" },
	{ "lsm-mount-context", 0, CLI_IGNORED, 0, "CONTEXT", "security label of the mounts" },
	{ "network-lock", 0, CLI_IGNORED, 0, "METHOD", NULL },
	{ 0 },
};

static int refuse(const char *what)
{
	struct err e = { 0 };

	(void)err_set(&e, ENOTSUP, "%s is not supported by this build of caisson", what);
	return cli_fail(&e, 1);
}

static int checkpoint_run(const struct cli_globals *g, const void *options, int argc,
			  char *const *argv)
{
	(void)g, (void)options, (void)argc, (void)argv;
	return refuse("checkpoint");
}

static int restore_run(const struct cli_globals *g, const void *options, int argc,
		       char *const *argv)
{
	(void)g, (void)options, (void)argc, (void)argv;
	return refuse("restore");
}

const struct cli_command cmd_checkpoint = {
	.name = "checkpoint",
	.operands = "ID",
	.summary = "freeze a container to disk (not supported by this build)",
	.options = checkpoint_options,
	.min = 1,
	.max = 1,
	.run = checkpoint_run,
};
const struct cli_command cmd_restore = {
	.name = "restore",
	.operands = "ID",
	.summary = "bring a container back from disk (not supported by this build)",
	.options = restore_options,
	.min = 1,
	.max = 1,
	.run = restore_run,
};
