/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/log.h - one sink, text or JSON; the only module with writable state of its own.
 *
 * JSON records are what the engines parse: one object a line, keys level, msg, time (cli-table section 4: at most one
 * "error" record per failed command). Nothing below cli/ calls log_error(); warnings and debug lines may come from
 * anywhere but the child of a clone.
 */
#ifndef CAISSON_BASE_LOG_H
#define CAISSON_BASE_LOG_H

#include <stdbool.h>

#include "base/err.h"

struct log_options {
	const char *path;	/* NULL: standard error */
	bool json, debug;
};

int log_open(const struct log_options *o, struct err *e); /* append, 0644, close-on-exec */
bool log_is_stderr(void);
void log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_failure(const struct err *e); /* an error with its class, when it has one: "code" in JSON */
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
