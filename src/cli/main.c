/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>

#include "cli/cli.h"

int main(int argc, char **argv)
{
	sigset_t pipe;

	/* A reader of our words that goes away must not end us half-way: a container would stay behind. Blocked, not ignored: the
	 * mask is cleared for whatever we start, and what is ignored would stay so over an exec. */
	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	sigprocmask(SIG_BLOCK, &pipe, NULL);
	return cli_main(argc, argv);
}
