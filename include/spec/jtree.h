/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spec/jtree.h - a JSON document as a tree of plain nodes, in one region.
 *
 * jansson parses (strict JSON, UTF-8 checked, no key twice in one object, no \u0000, the outermost
 * value an object or an array). What it lacks for hostile input and for the OCI's integers is
 * jscan.h's: bounds on depth and count, no NUL bytes, integers exact over the whole of uint64. A
 * number with a fraction or an exponent must fit into a double.
 */
#ifndef CAISSON_SPEC_JTREE_H
#define CAISSON_SPEC_JTREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

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
/* NOLINTNEXTLINE(bugprone-macro-parentheses): m is declared here */
#define jnode_each(m, v) for (const struct jnode *m = (v)->first; m; m = m->next)

/* Parses `len` bytes. The tree, and all that jansson made on the way, live in `pool`. `what` names the
 * document in errors: "WHAT: is not valid JSON: line 3, column 7: ...". -EINVAL or -ENOMEM. Not to
 * be called while another jpool_enter() is in force: -EBUSY. */
int jtree_parse(struct arena *pool, const char *what, const char *bytes, size_t len,
		const struct jnode **out, struct err *e);

#endif
