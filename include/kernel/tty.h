/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/tty.h - pseudo terminals, from the container's own devpts only (pts(4)).
 */
#ifndef CAISSON_KERNEL_TTY_H
#define CAISSON_KERNEL_TTY_H

#include <stdint.h>

#include "base/err.h"
#include "kernel/stage.h"

struct tty { int master, slave; };
void tty_close(struct tty *t);
#define auto_tty __attribute__((cleanup(tty_close))) struct tty

/* Opens a pair through /dev/pts/ptmx inside `root`, checks that it is a devpts ptmx and not something an image put there,
 * sets the size when rows and columns are not 0, and gives the slave to uid. */
int tty_open(int root, uint16_t rows, uint16_t columns, uint32_t uid, struct tty *out, struct err *e);
/* Binds the slave on /dev/console inside `root`. */
int tty_bind_console(struct stage *s, int root, int slave, struct err *e);
/* Connects to the console (or pidfd) socket of an engine. */
int tty_connect(const char *path, struct err *e);
/* One message, one descriptor (cli-table 5.1). */
int tty_send(int sock, const char *name, int fd, struct err *e);
/* Lets the container's user use pipes and terminals it gets as 0, 1, 2 (policy-design L14). Never fails: what cannot be
 * given away stays as it is. */
void tty_give_stdio(uint32_t uid, uint32_t gid);

#endif
