/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/report.h - decisions leave a record: report.path and report.journal of caisson.json.
 */
#ifndef CAISSON_CLI_REPORT_H
#define CAISSON_CLI_REPORT_H

#include "policy/decision.h"

/* Writes d, with the time and the caller filled in. Of what is allowed this comes before anything exists: an error means that it must
 * not be started. A record that could be done without is in *missing then, to be said once the container is there. */
int cli_report(const struct policy_config *c, struct decision *d, struct err *missing, struct err *e);
/* The same of what is not allowed, or could not be made. */
void cli_report_failure(const struct policy_config *c, struct decision *d, enum decision_outcome outcome, const struct err *why);
/* *missing, when there is something in it. */
void cli_report_warn(const struct err *missing);

#endif
