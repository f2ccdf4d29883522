/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/exec.h - a further process in a running container, for the commands that start one: exec, and health.
 */
#ifndef CAISSON_CLI_EXEC_H
#define CAISSON_CLI_EXEC_H

#include "cli/options.h"
#include "container/lifecycle.h"

/* The plan that the container was made with. */
int cli_exec_plan(const struct cli_globals *g, const char *id, struct arena *a, const struct plan **out, struct err *e);
/* The container's own process as it was decided, without its terminal, running `args`. -EINVAL when its document has none. */
int cli_exec_process(const struct plan *p, const struct strings *args, struct process *out, struct err *e);
/* Leaves the record that caisson.json asks for and starts the process; *out is the caller's to wait for and to close. */
int cli_exec_start(const struct cli_globals *g, const struct exec_request *r, struct arena *a, struct started *out, struct err *e);

#endif
