/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/err.h - the error value.
 *
 * A function that can fail takes `struct err *e` last and returns 0 (or a useful value >= 0), or the negative errno
 * that is also in e->code. The value holds no pointer: nothing to free, safe between fork and exec, and it crosses a
 * socket as bytes. The text is one line in the operator's words, outermost context first. It says what was done to what, what
 * the kernel said, and behind that in brackets what to do about it.
 */
#ifndef CAISSON_BASE_ERR_H
#define CAISSON_BASE_ERR_H

#include <stddef.h>

enum { ERR_TEXT = 5092, ERR_CLASS = 24 };	/* text: what a hook said last (launch/hooks.h) and the chain that leads to it */

struct err {
	int code;	/* an errno number, > 0 once set */
	char class[ERR_CLASS]; /* for programs: "policy.refused"; "" when there is none. Kept as `code` is */
	char text[ERR_TEXT]; /* one line of printable UTF-8, NUL-terminated; longer messages are cut at a character */
};

/* All of these return -e->code, never 0. `e` must not be NULL. */

/* The kernel said no: takes errno as it is on entry and appends ": strerror". */
int err_sys(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3), cold));

/* The kernel said no with this positive errno `code`: appends ": strerror". */
int err_code(struct err *e, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4), cold));

/* The same for a system call that is worth its name: appends ": CALL(2): ENAME: strerror". */
int err_call(struct err *e, int code, const char *call, const char *fmt, ...) __attribute__((format(printf, 4, 5), cold));

/* We say no: `code` is a positive errno, the text is ours alone. */
int err_set(struct err *e, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4), cold));

/* Puts "context: " in front of what is there and keeps the code. */
int err_wrap(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3), cold));

/* Puts ": more" behind what is there and keeps the code. */
int err_more(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3), cold));

/* Puts " (hint)" behind what is there and keeps the code: what to do, or what went wrong besides. */
int err_hint(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3), cold));

/* Of a step that failed: EIO and a text with `doing` where it has said nothing, so that no failure reads as success. */
int err_told(struct err *e, const char *doing) __attribute__((cold));

/* Says what kind of a failure it is. */
int err_class(struct err *e, const char *class) __attribute__((cold));

/* "ENOENT" for its number. */
const char *err_name(int code);
/* The other way round; 0: nobody knows the name. And every name that it knows; NULL past the end. */
int err_number(const char *name);
const char *err_name_at(size_t i);

#endif
