/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/cli.h - what the commands share: the table of them, the texts made from the tables, and small readers of words.
 */
#ifndef CAISSON_CLI_CLI_H
#define CAISSON_CLI_CLI_H

#include <jansson.h>
#include <stdio.h>

#include "cli/options.h"
#include "container/state.h"
#include "container/unit.h"

/* main() without its name, so that tests can link it. Returns the exit status. */
int cli_main(int argc, char **argv);

extern const struct cli_option cli_global_options[];
extern const struct cli_command *const cli_commands[];	/* NULL at the end */
extern const struct cli_command cmd_completion, cmd_help, cmd_manual;

/* All three come from the tables alone. */
void cli_print_overview(FILE *out);	/* --help without a command */
void cli_print_manual(FILE *out);	/* the option sections of caisson(8), in roff */
void cli_print_completion(FILE *out);	/* for bash */

/* "runc version X" when the program is called so, "caisson version X" otherwise; then commit:, spec:, libseccomp:. */
void cli_print_version(const char *program, FILE *out);
const char *cli_version(void);
const char *cli_commit(void);

/* A name or number of a signal, any case, with or without SIG; RTMIN+n and RTMAX-n; 0..64. -EINVAL with a text. */
int cli_signal(const char *word, struct err *e);
/* "SIGTERM", "SIGRTMIN+3"; in `buf` where it has to be made. */
enum { CLI_SIGNAL_NAME = 24 };
const char *cli_signal_name(int sig, char buf[CLI_SIGNAL_NAME]);
/* `path` against the caller's working directory, into `a`; NULL stays NULL. */
int cli_absolute(struct arena *a, const char *path, const char **out, struct err *e);
/* True when cgroup permission errors are to be taken as "no cgroup": --rootless, or an ordinary user by default. */
bool cli_rootless(const struct cli_globals *g);
/* --systemd-cgroup, --cgroup-manager systemd: the host's systemd, or for rootless callers the user's. */
enum unit_manager cli_unit_manager(const struct cli_globals *g);
/* Opens the container without a lock and reads its state; a half-made one reads as "container does not exist". */
int cli_state(const struct cli_globals *g, const char *id, struct arena *a, struct state_dir *d, const struct state **s,
	      struct err *e);
/* Writes to standard output and makes sure that it arrived. Returns 0 or -errno with a text. */
int cli_write(const char *text, size_t len, struct err *e);
int cli_flush(struct err *e);
/* The answer to --json, for people too: indented, and a line of its own; flags of json_dumps(3) are added. Takes the reference; NULL
 * is -ENOMEM. */
int cli_print_json(json_t *doc, size_t flags, struct err *e);

#endif
