/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/output.h - the end of another's program, and the last of what it printed, within bounds of time and memory.
 *
 * The process is our child and leads its process group. Errors are negative errnos, without a text.
 */
#ifndef CAISSON_BASE_OUTPUT_H
#define CAISSON_BASE_OUTPUT_H

#include <stdint.h>
#include <sys/types.h>

#include "base/str.h"

enum { OUTPUT_KEPT = 4096 };	/* bytes of the output, the last ones */

/* Waits for the end of the process, not of its output: it may leave a daemon behind that keeps the pipe. `fd` is the pipe's end for
 * reading; `wake`, -1 for none, ends the wait when it can be read. ms < 0: no deadline. 0 when the process has ended, -ETIMEDOUT, or
 * -EINTR for `wake`. */
int output_watch(int pidfd, int fd, int wake, int64_t ms, struct str *kept);
/* SIGKILL for the process and its group. Only before it is reaped: until then the number of its group is still its own. */
void output_kill(pid_t pid, int pidfd);

#endif
