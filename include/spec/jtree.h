/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spec/jtree.h - strict JSON (RFC 8259) into a tree, in one region.
 *
 * Reading config.json lies on the way of every launch, and its integers need all of uint64
 * (RLIM_INFINITY); so the spec layer has a parser of its own: one pass, strings decoded in one copy
 * of the text, exact integers, no allocation but from the region. It takes what jansson takes and
 * refuses what jansson refuses (tests/fuzz/fuzz_jtree.c compares the two), that is: the outermost
 * value is an object or an array; UTF-8 is checked; no NUL anywhere, \u0000 neither; no lone
 * surrogates; no key twice in one object. Beyond that, depth and number of values are bounded.
 */
#ifndef CAISSON_SPEC_JTREE_H
#define CAISSON_SPEC_JTREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

enum {
	JTREE_MAX_DEPTH = 64,          /* nesting of objects and arrays */
	JTREE_MAX_VALUES = 512 * 1024, /* in one document: bounds what a small text may unfold to */
};

enum jtype { JNULL, JFALSE, JTRUE, JINTEGER, JREAL, JSTRING, JARRAY, JOBJECT };

struct jnode {
	struct jnode *next;		/* in the same array or object */
	const char *key;		/* of an object's member; NULL else */
	union {
		const char *text;	/* JSTRING: NUL-terminated, len bytes */
		struct jnode *first;	/* JARRAY, JOBJECT: len members, in the document's order */
		uint64_t magnitude;	/* JINTEGER: |value|; the value of a JREAL is not kept */
	};
	uint32_t len;
	uint8_t type;			/* enum jtype; in a byte, so that a node is 32 */
	bool negative;			/* JINTEGER */
	bool huge;			/* JINTEGER: the magnitude is beyond uint64 */
};

_Static_assert(sizeof(void *) > 8 || sizeof(struct jnode) <= 32,
	       "a node has grown: some thousand of them make a document");

/* Walks an array or an object. */
#define jnode_each(m, v) for (const struct jnode *m = (v)->first; m; m = m->next)

/* Parses `len` bytes. The tree and a copy of the text live in `pool`. `what` names the document in
 * errors: "WHAT: is not valid JSON: line 3, column 7: ...". -EINVAL or -ENOMEM. */
int jtree_parse(struct arena *pool, const char *what, const char *bytes, size_t len,
		const struct jnode **out, struct err *e);

#endif
