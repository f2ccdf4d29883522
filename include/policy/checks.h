/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy/checks.h - between the files of the launch checks only: the program that would run, as its bytes tell.
 */
#ifndef CAISSON_POLICY_CHECKS_H
#define CAISSON_POLICY_CHECKS_H

#include "policy/merge_step.h"
#include "policy/root_view.h"

struct check_program {
	bool found;			/* false: not in the root itself, and nothing is known of it */
	struct root_file file;		/* what the arguments name, past a known init */
	bool script;			/* it begins with #! */
	bool has_binary;		/* `binary` is known: the file itself, or its interpreter */
	struct root_file binary;
	bool behind_init;		/* the arguments begin with a known init */
};

/* Looks the program up as execvp(3) would. What a mount covers is not found. */
int check_program_find(struct merge *m, struct check_program *out, struct err *e);
/* True if a mount of the plan lies at `path` or above it, the root's own apart. */
bool check_covered(const struct plan *p, const char *path);

/* 32-bit calls of this machine's own family: what compat32 lets through. */
bool check_is_compat32(const struct root_file *f);
/* A Java machine, or a program that carries an archive which it unpacks into /tmp; what it is in words, or NULL. */
const char *check_unpacks(const struct check_program *p);
/* What writes code and runs it, as it is set up here, in words; or NULL. */
const char *check_compiles(struct merge *m, const struct check_program *p);
/* The first of `words` (NULL at the end) in a shell text outside of comments, also as the last part of a path; or NULL. */
const char *check_text_names(const char *text, const char *const *words);

#endif
