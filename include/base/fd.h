/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/fd.h - descriptors: born close-on-exec, closed by scope, read within bounds, written whole.
 */
#ifndef CAISSON_BASE_FD_H
#define CAISSON_BASE_FD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

/* An auto_fd is closed when its scope ends. Any negative value means "none". */
void fd_close(int *fd); /* closes if >= 0, sets -EBADF, keeps errno */
#define auto_fd __attribute__((cleanup(fd_close)))
int fd_take(int *fd); /* hands the descriptor over: returns it and leaves -EBADF */

/* Reads all of `fd` from its current offset. At most `max` bytes: more is -EFBIG. *out is malloc'd, NUL-terminated (the
 * NUL is not counted in *len); the caller frees it. */
int fd_read_all(int fd, size_t max, char **out, size_t *len, struct err *e);
/* The same for a path (O_RDONLY, regular files, pipes and procfs alike). dirfd as in openat(2). */
int fd_read_file(int dirfd, const char *path, size_t max, char **out, size_t *len, struct err *e);
/* Reads at most size-1 bytes of a small kernel file into buf, NUL-terminated, trailing newline removed. Returns the
 * length or -errno (no err: for probing). */
ssize_t fd_read_small(int dirfd, const char *path, char *buf, size_t size);

/* Writes everything; -errno on failure (EINTR is retried). */
int fd_write_all(int fd, const void *p, size_t len);
/* Opens an existing kernel file (O_WRONLY|O_CLOEXEC) and writes `text` in one write(2). -errno on failure. */
int fd_write_to(int dirfd, const char *path, const char *text);
/* Creates `.NAME.tmp` beside `name`, writes, renames over `name` (mode as given). The old content or the new one is
 * there, never a half. */
int fd_replace_file(int dirfd, const char *name, mode_t mode, const void *p, size_t len, struct err *e);

/* One message with up to 8 descriptors over a unix socket. */
int fd_send(int sock, const void *p, size_t len, const int *fds, size_t nfds);
/* Receives one message; *nfds is in: room, out: received. Received descriptors are close-on-exec. Returns the length of
 * the message, 0 at end of file, or -errno. A truncated message or more descriptors than room is -EPROTO (all are
 * closed). */
ssize_t fd_recv(int sock, void *p, size_t size, int *fds, size_t *nfds);

#endif
