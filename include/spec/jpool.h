/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spec/jpool.h - jansson's memory in a region.
 *
 * jansson takes every value, key and buffer from malloc(3) one by one, which is most of what it
 * costs on a launch. Between jpool_enter() and jpool_leave() it takes them from an arena instead,
 * and what it frees stays there until the arena goes: a tree made in between must not be given to
 * json_decref() afterwards, it is simply forgotten.
 *
 * jansson's allocators are the process's, so the two calls enclose as little as possible, nothing
 * else may use jansson in between (this program has one thread), a second jpool_enter() is refused,
 * and jpool_leave() puts back the allocators that were there: values made before are freed by those
 * that made them.
 */
#ifndef CAISSON_SPEC_JPOOL_H
#define CAISSON_SPEC_JPOOL_H

#include <jansson.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"

struct jpool {
	struct arena *region;
	bool failed;		/* some allocation was: whatever jansson says, it was this */
	json_malloc_t malloc_before;
	json_free_t free_before;
};

/* -EBUSY when some pool is in use already. */
int jpool_enter(struct jpool *p, struct arena *region, struct err *e);
void jpool_leave(struct jpool *p);

#endif
