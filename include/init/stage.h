/* SPDX-License-Identifier: Apache-2.0 */
/*
 * init/stage.h - the last stage of a launch, shared by the files that make it up.
 */
#ifndef CAISSON_INIT_STAGE_H
#define CAISSON_INIT_STAGE_H

#include <stdbool.h>
#include <sys/types.h>

#include "init/fault.h"
#include "init/finish.h"
#include "init/program.h"

struct stage {
	const struct finish_record *record;	/* checked */
	int channel;		/* the sync socket, later the connection of `start`; -1 when closed */
	int gate;		/* the listening socket, or -1 */
	char path[PROGRAM_PATH];
	bool have_cwd;		/* a filter may forbid getcwd(2) later: seen before it, and known again by these */
	uint8_t landlock_layers;	/* that hold for us */
	const char *said;	/* what a failed hook printed last, said_len bytes to put behind the fault's text; NULL */
	size_t said_len;
	bool no_keyring;	/* the kernel gave none, and none had to be */
	dev_t cwd_dev;
	ino_t cwd_ino;
};

/* finish.c: the whole of it. argv is main's, with the descriptor in argv[2]. Returns what to exit with; does not return when the payload runs. */
int finish_main(char *argv[]);

/* filters.c: early ones are those of a launch without no_new_privs. */
int filters_install(const struct stage *s, struct fault *f);

/* gate.c */
int gate_ready(struct stage *s, struct fault *f);
int gate_wait(struct stage *s, struct fault *f);	/* -EINTR: ended by a signal, f->status says what to exit with */
int gate_send_listener(const struct stage *s, int listener, struct fault *f);
int gate_say_exec(const struct stage *s, struct fault *f);
void gate_report(const struct stage *s, struct fault *f);	/* to the channel; to standard error when that is gone */

/* landlock.c */
int landlock_restrict(struct stage *s, struct fault *f);

/* memory.c */
int memory_guard(struct stage *s, struct fault *f);	/* where the record asks for it */
bool memory_is_guarded(void);

/* starthooks.c */
int starthooks_run(struct stage *s, struct fault *f);

#endif
