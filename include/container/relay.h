/* SPDX-License-Identifier: Apache-2.0 */
/*
 * container/relay.h - the foreground of a container: its terminal, the signals that the caller
 * gets, and its end.
 *
 * With a pty the caller's terminal goes into raw mode (and back, whatever happens), the window size
 * follows SIGWINCH, and bytes go both ways; what the container wrote before it ended is shown
 * before the wait returns. Without a pty the container has the caller's own streams and only
 * signals are forwarded. container_wait() in lifecycle.h is relay_wait() without options.
 */
#ifndef CAISSON_CONTAINER_RELAY_H
#define CAISSON_CONTAINER_RELAY_H

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

#include "base/err.h"
#include "container/lifecycle.h"

struct relay_options {
	int stop_signal;       /* what SIGTERM becomes; 0 = stays SIGTERM */
	unsigned stop_timeout; /* seconds from a SIGTERM to SIGKILL; 0 = wait for ever */
	bool no_stdin;         /* do not read the caller's standard input */
};

/* Blocks what relay_wait() will forward, so that nothing is lost between the launch and the wait.
 * *old: the mask before. */
int relay_block_signals(sigset_t *old, struct err *e);
int relay_wait(const struct started *p, const struct relay_options *o, struct err *e);

/* The terminal part, for relay_wait() and its tests. */
enum { RELAY_BUFFER = 16384 };
struct relay_flow {
	size_t from, to;
	char bytes[RELAY_BUFFER];
};
struct relay {
	int console; /* the pty's master; -1 when there is none */
	int in, out;
	bool raw, in_open, out_open, console_open;
	struct termios saved;
	struct relay_flow up, down; /* in -> console, console -> out */
};
/* Takes over the terminal on `in` when it is one. */
int relay_open(struct relay *r, int console, int in, int out, bool no_stdin, struct err *e);
void relay_resize(const struct relay *r);
/* Fills up to 3 entries; returns how many. relay_step() is given the same entries after poll(2). */
size_t relay_poll(const struct relay *r, struct pollfd v[3]);
void relay_step(struct relay *r, const struct pollfd *v, size_t n);
/* After the process ended: shows what it left in the pty, for at most a second of silence. */
void relay_drain(struct relay *r);
/* Puts the terminal back. */
void relay_close(struct relay *r);

#endif
