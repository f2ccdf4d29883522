/* SPDX-License-Identifier: Apache-2.0 */
/*
 * container/report.h - where records of decisions go: a file, and systemd's journal.
 *
 * The file is opened anew for each record, so that it may be moved away at any time, and never cut. A record is one write(2) to the end
 * of it, so that those of launches that run beside each other do not mix. It is a regular file that, like each directory above it, root
 * alone can write to (container/trusted.h); no symbolic link is followed.
 */
#ifndef CAISSON_CONTAINER_REPORT_H
#define CAISSON_CONTAINER_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* `text` is one line without its end, and is read back. *distrusted: others could write there, or it is no file; otherwise it is just not to be had,
 * as on a full disk. */
int report_append(const char *path, const char *text, size_t len, bool *distrusted, struct err *e);
/* Whether it could be done, without making the file. */
int report_check(const char *path, bool *distrusted, struct err *e);

/* True when something listens that may be a journal. *fd is connected then. */
bool report_journal_open(int *fd);
/* Fields of systemd's journal, NAME and a text without a newline; the last one is left out when all of them are too long. Nobody waits
 * for it, and nobody hears when it fails. */
struct report_field { const char *name, *text; };
void report_journal(int fd, const struct report_field *v, size_t n);

#endif
