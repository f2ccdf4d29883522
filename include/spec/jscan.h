/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spec/jscan.h - one pass over a document's bytes before jansson sees them.
 *
 * It refuses NUL bytes (jansson 2.14 takes one behind a number for a blank), bounds depth and
 * number of values, and notes the integers that jansson cannot hold: it ends at int64, and
 * RLIM_INFINITY is written 18446744073709551615. In the text that jansson gets they are cut to 18
 * digits and filled up with blanks, so that every other byte stays where it was; the notes say
 * which of the document's numbers they were, in its order, and what their value was. Nothing in the
 * text stands for them: no document can pretend to hold one.
 *
 * The pass is no parser. What it misreads is no JSON, and jansson says so: a number in the place of
 * a number neither makes a wrong text right nor a right one wrong.
 */
#ifndef CAISSON_SPEC_JSCAN_H
#define CAISSON_SPEC_JSCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

enum {
	JSCAN_MAX_DEPTH = 64,		/* nesting of objects and arrays */
	JSCAN_MAX_VALUES = 512 * 1024,	/* bounds what a small text may unfold to */
};

/* An integer beyond int64. */
struct jscan_wide {
	size_t nth;		/* of all the numbers in the document, from 0 */
	uint64_t magnitude;	/* |value| */
	bool negative;
	bool huge;		/* the magnitude is beyond uint64 */
};

struct jscan {
	const char *text;	/* for jansson: `len` bytes, the given ones if there is nothing wide */
	size_t len;
	size_t n;
	const struct jscan_wide *wide;	/* n of them, ascending */
};

/* The copy and the notes live in `pool`. `what` names the document. -EINVAL or -ENOMEM. */
int jscan(struct arena *pool, const char *what, const char *bytes, size_t len, struct jscan *out,
	  struct err *e);

#endif
