/* SPDX-License-Identifier: Apache-2.0 */
/*
 * init/fault.h - what went wrong, and the little formatting that caisson-init needs.
 *
 * The shape of struct err, with the exit status beside it. Functions that can fail take a struct fault last and return 0
 * (or a useful value) or the negative errno that is also in `code`. Formats know %s %d %u %lu %x %c and %%, no widths: libc's printf
 * would be a third of this program.
 */
#ifndef CAISSON_INIT_FAULT_H
#define CAISSON_INIT_FAULT_H

#include <stdarg.h>
#include <stddef.h>

enum { FAULT_TEXT = 504, FAULT_OTHER = 255, FAULT_NOT_FOUND = 127, FAULT_NOT_EXECUTABLE = 126 };

struct fault {
	int code;		/* an errno number, > 0 once set */
	int status;		/* what to exit with; 0 stands for FAULT_OTHER */
	char text[FAULT_TEXT];	/* one line, outermost context first */
};

#define FAULT_FORMAT(fmt, args) __attribute__((format(printf, fmt, args)))

/* Writes at most size bytes, always terminated. Returns the length written. */
size_t fault_vformat(char *out, size_t size, const char *fmt, va_list ap) FAULT_FORMAT(3, 0);
size_t fault_format(char *out, size_t size, const char *fmt, ...) FAULT_FORMAT(3, 4);

int fault_sys(struct fault *f, const char *fmt, ...) FAULT_FORMAT(2, 3);	   /* adds errno's text */
int fault_set(struct fault *f, int code, const char *fmt, ...) FAULT_FORMAT(3, 4); /* ours: the text is whole */
int fault_wrap(struct fault *f, const char *fmt, ...) FAULT_FORMAT(2, 3);	   /* puts context in front */

/* Control bytes become '?': names come from an image, and the text has to stay one line of a log. */
void fault_clean(char *text);

/* Text to standard error, in one write(2). */
void fault_say(const char *fmt, ...) FAULT_FORMAT(1, 2);

#endif
