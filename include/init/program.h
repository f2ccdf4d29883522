/* SPDX-License-Identifier: Apache-2.0 */
/*
 * init/program.h - the program to run: found before READY, explained when it will not start.
 *
 * The texts of program_find() are those of runc (engines look for them). Why an execve(2) fails is looked at before the
 * last seccomp filter goes on, because afterwards no file may be opened: program_look() gathers, program_explain() tells.
 */
#ifndef CAISSON_INIT_PROGRAM_H
#define CAISSON_INIT_PROGRAM_H

#include <stddef.h>

#include "init/fault.h"

enum { PROGRAM_PATH = 4096, PROGRAM_INTERPRETER = 256 };
#define PROGRAM_DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* What argv[0] names: as it is when it holds a '/', else searched in search_path (NULL: the default). Fills path, of
 * PROGRAM_PATH bytes. */
int program_find(const char *name, const char *search_path, char *path, struct fault *f);

enum program_trouble {
	PROGRAM_NO_TROUBLE,
	PROGRAM_NO_INTERPRETER,	/* of a script */
	PROGRAM_NO_LOADER,	/* of an ELF program: the dynamic linker is missing */
	PROGRAM_OTHER_MACHINE,
	PROGRAM_NO_FORMAT,	/* neither ELF nor #! */
	PROGRAM_EMPTY,
	PROGRAM_CUT,		/* an ELF file that ends within its headers */
};
struct program_clue {
	enum program_trouble trouble;
	int code;				/* errno for the interpreter or loader */
	const char *why;			/* behind EACCES for the interpreter */
	unsigned int machine;			/* e_machine */
	char interpreter[PROGRAM_INTERPRETER];
};
void program_look(const char *path, struct program_clue *clue);

/* `code` is what execve(2) said. Sets f->status to 126 or 127. */
int program_explain(const char *name, int code, const struct program_clue *clue, struct fault *f);

#endif
