/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/options.h - options are tables; parsing, --help, shell completion and the manual's option section come from them.
 *
 * Accepted everywhere: --name value, --name=value, -name value (single dash before a long name, as runc's parser), -n value,
 * -nvalue, bundled boolean letters, "--". Boolean options also take =true and =false. Texts that callers grep:
 * "flag needs an argument: --name", "flag provided but not defined: -name".
 */
#ifndef CAISSON_CLI_OPTIONS_H
#define CAISSON_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"

enum cli_type {
	CLI_BOOL,	/* bool */
	CLI_STRING,	/* const char * */
	CLI_LIST,	/* struct cli_list: may be repeated */
	CLI_IGNORED,	/* taken with a value for the sake of old callers; no effect. offset unused */
	CLI_IGNORED_BOOL,
};

struct cli_list { const char **v; size_t n; }; /* malloc'd by cli_parse; lives until the command has run */

struct cli_option {
	const char *name;	/* long name, without dashes; NULL ends the table */
	char letter;		/* 0 = none */
	enum cli_type type;
	size_t offset;		/* in the command's own struct */
	const char *value;	/* placeholder in help: "PATH"; NULL for booleans */
	const char *help;	/* one sentence, no full stop; NULL = hidden */
};

struct cli_globals {
	const char *root;	/* state root, absolute */
	const char *log, *log_format, *log_level;
	bool debug, systemd_cgroup, help, version;
	const char *rootless;	/* "true" "false" "auto"; NULL = auto */
	const char *cgroup_manager; /* NULL, "cgroupfs", "systemd", "disabled" */
	const char *policy;	/* --policy LEVEL; NULL: by the name the binary was called by, else the default */
	const char *program;	/* basename of argv[0] */
};

struct cli_command {
	const char *name, *operands, *summary;	/* operands: "ID [SIGNAL]" */
	const char *details;			/* further help text, or NULL */
	const struct cli_option *options;
	size_t options_size;			/* of the command's own struct, zeroed before parsing */
	int min, max;				/* operands; max -1 = any */
	bool stop_at_operand;			/* options end at the first operand (exec, launch, ps, kill) */
	bool hidden;
	int usage_status;			/* of a command line that cannot be read; 0: 1 */
	/* Returns the exit status. Prints its own answer; a failure goes through cli_fail(). */
	int (*run)(const struct cli_globals *g, const void *options, int argc, char *const *argv);
};

/* One per cmd_NAME.c; the table in main.c lists them. */
extern const struct cli_command cmd_create, cmd_delete, cmd_events, cmd_exec, cmd_explain, cmd_features, cmd_health, cmd_kill, cmd_launch,
	cmd_list, cmd_pause, cmd_policy, cmd_posture, cmd_ps, cmd_resume, cmd_run, cmd_spec, cmd_start, cmd_state, cmd_update,
	cmd_checkpoint, cmd_restore;

/* Names the command that was probably meant. */
int cli_unknown_command(const char *name, struct err *e);
/* Logs e->text once as the error record, prints it on standard error when the log is elsewhere, returns status (1 when 0). */
int cli_fail(const struct err *e, int status);
/*
 * Reads options into `out` (zeroed by the caller). argv holds the words after the command's name. Operands are moved, in their order,
 * to the front of argv, and *operands points at them there; a NULL follows them if anything was taken out (or argv had one).
 * "--" ends the options and is dropped; with stop_at_operand a "--" after the first operand is an operand like any other.
 * Returns 0, CLI_HELP_ASKED when --help (or -h, unless the table has an h of its own) was among them, or -errno.
 */
enum { CLI_HELP_ASKED = 1 };
int cli_parse(const struct cli_option *options, bool stop_at_operand, int argc, char **argv, void *out, struct strings *operands,
	      struct err *e);
/* Frees the lists that cli_parse made, also those of a parse that failed. */
void cli_options_done(const struct cli_option *options, void *out);
void cli_print_help(const struct cli_command *c);

#endif
