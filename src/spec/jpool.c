/* SPDX-License-Identifier: Apache-2.0 */
#include "spec/jpool.h"

#include <errno.h>

/* Writable and at file scope, since jansson's allocators are given no context. NULL whenever they
 * are not ours. */
static struct jpool *in_use;

static void *pool_malloc(size_t size)
{
	void *p = arena_alloc(in_use->region, size);

	if (!p)
		in_use->failed = true;
	return p;
}

static void pool_free(void *p)
{
	(void)p; /* goes with the region */
}

int jpool_enter(struct jpool *p, struct arena *region, struct err *e)
{
	if (in_use)
		return err_set(e, EBUSY, "a JSON document is being read already");
	*p = (struct jpool){ .region = region };
	json_get_alloc_funcs(&p->malloc_before, &p->free_before);
	in_use = p;
	json_set_alloc_funcs(pool_malloc, pool_free);
	return 0;
}

void jpool_leave(struct jpool *p)
{
	json_set_alloc_funcs(p->malloc_before, p->free_before);
	in_use = NULL;
}
