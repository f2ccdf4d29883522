/* SPDX-License-Identifier: Apache-2.0 */
/*
 * caisson-init: PID 1 in containers and in images, and the last stage of every launch. It is one small static program of
 * one thread; what it does is told by argv[1] or by its name.
 */
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "init/finish.h"
#include "init/image.h"
#include "init/raw.h"
#include "init/signals.h"
#include "init/stage.h"

/* The last stage of a launch is a memfd. A program can run it again through /proc/self/exe, as the interpreter of a script even;
 * then there is no record, and as a PID 1 it would start that script, and so itself, for ever. */
static bool is_a_launchs_own(void)
{
	static const char memfd[] = "/memfd:";
	char link[sizeof(memfd)];

	return readlink("/proc/self/exe", link, sizeof(link)) >= (ssize_t)sizeof(memfd) - 1 && !memcmp(link, memfd, sizeof(memfd) - 1);
}

static int refuse(void)
{
	static const char text[] = "caisson-init: run through /proc/self/exe: this copy belongs to the launch of the container\n";

	(void)!write(2, text, sizeof(text) - 1);
	return 126;
}

int main(int argc, char *argv[])
{
	uint64_t mask = 0;

	/* First of all: from here on no signal is lost. */
	signals_block(&mask);
	/* Ignored, as some parents leave it, the kernel would reap our children and keep their status to itself. */
	(void)raw_sigdisposition(SIGCHLD, 0);

	if (argc == 3 && !strcmp(argv[1], FINISH_ARGV1))
		return finish_main(argv);
	if (is_a_launchs_own())
		return refuse();
	return image_main(argv, mask);
}
