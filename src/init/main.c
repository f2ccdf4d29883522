/* SPDX-License-Identifier: Apache-2.0 */
/*
 * caisson-init: PID 1 in containers and in images, and the last stage of every launch. It is one small static program of
 * one thread; what it does is told by argv[1] or by its name.
 */
#include <string.h>

#include "init/finish.h"
#include "init/image.h"
#include "init/raw.h"
#include "init/signals.h"
#include "init/stage.h"

int main(int argc, char *argv[])
{
	uint64_t mask = 0;

	/* First of all: from here on no signal is lost. */
	signals_block(&mask);
	/* Ignored, as some parents leave it, the kernel would reap our children and keep their status to itself. */
	(void)raw_sigdisposition(SIGCHLD, 0);

	if (argc == 3 && !strcmp(argv[1], FINISH_ARGV1))
		return finish_main(argv);
	return image_main(argv, mask);
}
