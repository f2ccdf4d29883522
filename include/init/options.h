/* SPDX-License-Identifier: Apache-2.0 */
/*
 * init/options.h - the command line in an image: dumb-init's, tini's, and our own, which has both.
 */
#ifndef CAISSON_INIT_OPTIONS_H
#define CAISSON_INIT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "init/fault.h"
#include "init/pid1.h"

enum options_dialect { DIALECT_OWN = 1, DIALECT_DUMB_INIT = 2, DIALECT_TINI = 4, DIALECT_ALL = 7 };
enum options_wish { WISH_RUN, WISH_HELP, WISH_VERSION, WISH_LICENCE };
enum { OPTIONS_GROUPS = 64 };

struct options {
	enum options_dialect dialect;
	enum options_wish wish;
	const char *name;	/* what we are called */
	struct pid1 pid1;
	bool subreaper;
	int parent_death;	/* a signal, or 0 */

	/* Hardening from inside. */
	bool read_only, no_new_privs, has_user, has_caps;
	uint32_t uid, gid, groups[OPTIONS_GROUPS];
	size_t n_groups;
	uint64_t caps;
	const char *seccomp;

	char *const *command;	/* NULL-terminated; NULL when there is none */
};

/* By argv[0], then the arguments. The strings of argv stay borrowed. */
int options_parse(struct options *o, char *const argv[], struct fault *f);
/* What the dialects read from the environment. */
int options_from_environment(struct options *o, struct fault *f);
/* --help, --version, -l: to standard output. */
void options_answer(const struct options *o);

#endif
