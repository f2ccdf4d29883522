/* SPDX-License-Identifier: Apache-2.0 */
/* container/relay.c - bytes between the caller's terminal and a container's pty. */
#include "container/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { DRAIN_QUIET_MS = 200, DRAIN_MAX_ROUNDS = 4096, END_OF_INPUT = 0x04 };

void relay_resize(const struct relay *r)
{
	struct winsize size;

	/* A caller without a terminal has no size to give; the pty keeps its own. */
	if (r->console >= 0 && ioctl(r->in, TIOCGWINSZ, &size) == 0)
		(void)ioctl(r->console, TIOCSWINSZ, &size);
}

int relay_open(struct relay *r, int console, int in, int out, bool no_stdin, struct err *e)
{
	struct termios raw;
	int flags;

	*r = (struct relay){ .console = console, .in = in, .out = out };
	if (console < 0)
		return 0;
	flags = fcntl(console, F_GETFL);
	if (flags < 0 || fcntl(console, F_SETFL, flags | O_NONBLOCK) < 0)
		return err_sys(e, "prepare the container's terminal");
	r->console_open = true;
	r->out_open = true;
	r->in_open = !no_stdin;
	relay_resize(r);
	if (no_stdin || tcgetattr(in, &r->saved) < 0)
		return 0;
	raw = r->saved;
	cfmakeraw(&raw);
	if (tcsetattr(in, TCSANOW, &raw) < 0)
		return err_sys(e, "put the terminal into raw mode");
	r->raw = true;
	return 0;
}

void relay_close(struct relay *r)
{
	if (r->raw)
		(void)tcsetattr(r->in, TCSADRAIN,
				&r->saved); /* nothing more can be done about it */
	r->raw = false;
}

static bool flow_is_empty(const struct relay_flow *f)
{
	return f->from == f->to;
}

/* Reads when there is nothing waiting to be written. False at the end of the input. */
static bool flow_fill(struct relay_flow *f, int fd)
{
	ssize_t n;

	if (!flow_is_empty(f))
		return true;
	n = read(fd, f->bytes, sizeof(f->bytes));
	if (n < 0)
		return errno == EINTR || errno == EAGAIN;
	f->from = 0;
	f->to = (size_t)n;
	return n > 0;
}

static bool flow_empty(struct relay_flow *f, int fd)
{
	/* poll(2) promises room for PIPE_BUF bytes in a pipe, no more: a larger write could block
	 * the whole relay. */
	size_t n = f->to - f->from < 4096 ? f->to - f->from : 4096;
	ssize_t done = write(fd, f->bytes + f->from, n);

	if (done < 0)
		return errno == EINTR || errno == EAGAIN;
	f->from += (size_t)done;
	return true;
}

size_t relay_poll(const struct relay *r, struct pollfd v[3])
{
	short console = 0;
	size_t n = 0;

	if (!r->console_open)
		return 0;
	if (flow_is_empty(&r->down))
		console |= POLLIN;
	if (!flow_is_empty(&r->up))
		console |= POLLOUT;
	if (console)
		v[n++] = (struct pollfd){ .fd = r->console, .events = console };
	if (r->in_open && flow_is_empty(&r->up))
		v[n++] = (struct pollfd){ .fd = r->in, .events = POLLIN };
	if (!flow_is_empty(&r->down))
		v[n++] = (struct pollfd){ .fd = r->out, .events = POLLOUT };
	return n;
}

static void step_console(struct relay *r, short events)
{
	/* EIO: every slave is closed. One may be opened again while the container lives, but then a
	 * hang-up is reported at once and for ever by poll(2): stop looking. The drain at the end
	 * looks once more. */
	if ((events & (POLLIN | POLLHUP | POLLERR)) && flow_is_empty(&r->down) &&
	    !flow_fill(&r->down, r->console))
		r->console_open = false;
	if ((events & POLLOUT) && !flow_is_empty(&r->up) && !flow_empty(&r->up, r->console))
		r->console_open = false;
}

static void step_in(struct relay *r)
{
	if (flow_fill(&r->up, r->in))
		return;
	/* The caller's input has ended: tell the reader inside the way a terminal does. */
	r->in_open = false;
	if (!r->raw) {
		r->up.bytes[0] = END_OF_INPUT;
		r->up.from = 0;
		r->up.to = 1;
	}
}

static void step_out(struct relay *r)
{
	if (!r->out_open || !flow_empty(&r->down, r->out)) {
		/* Nobody reads any more: go on reading the pty, or the container would block on it.
		 */
		r->out_open = false;
		r->down.from = r->down.to = 0;
	}
}

void relay_step(struct relay *r, const struct pollfd *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!v[i].revents)
			continue;
		/* in, out and the console may be one descriptor only in a test; the events tell
		 * them apart. */
		if (v[i].fd == r->console)
			step_console(r, v[i].revents);
		else if (v[i].fd == r->in && v[i].events == POLLIN)
			step_in(r);
		else
			step_out(r);
	}
}

void relay_drain(struct relay *r)
{
	if (r->console < 0)
		return;
	for (int i = 0; i < DRAIN_MAX_ROUNDS; i++) {
		struct pollfd v = { .fd = r->console, .events = POLLIN };
		int ready;

		while (!flow_is_empty(&r->down))
			step_out(r);
		ready = poll(&v, 1, DRAIN_QUIET_MS);
		if (ready < 0 && errno == EINTR)
			continue;
		if (ready <= 0 || !flow_fill(&r->down, r->console))
			break;
	}
	while (!flow_is_empty(&r->down))
		step_out(r);
}
