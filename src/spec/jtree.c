/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jscan.c looks at the bytes, jansson parses them with its memory in the caller's region (jpool.c),
 * and what jansson made is turned into nodes that point at its strings. The nodes come in the
 * document's order, which jansson keeps: so the numbers that jscan.c noted are found by counting.
 */
#include "spec/jtree.h"

#include <errno.h>
#include <jansson.h>

#include "spec/jpool.h"
#include "spec/jread.h"
#include "spec/jscan.h"

struct growing {
	struct arena *pool;
	const struct jscan *scan;
	size_t numbers, wide;	/* met so far: all, and those that jscan.c noted */
};

static bool grow(struct growing *g, json_t *v, struct jnode *n);

static struct jnode *grow_members(struct growing *g, struct jnode *parent, size_t len)
{
	struct jnode *all = arena_array(g->pool, len, sizeof(*all));

	if (!all)
		return NULL;
	parent->len = (uint32_t)len;
	parent->first = len ? all : NULL;
	for (size_t i = 1; i < len; i++)
		all[i - 1].next = &all[i];
	return all;
}

static bool grow_array(struct growing *g, json_t *v, struct jnode *n)
{
	size_t len = json_array_size(v);
	struct jnode *all = grow_members(g, n, len);

	if (!all)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!grow(g, json_array_get(v, i), &all[i]))
			return false;
	return true;
}

static bool grow_object(struct growing *g, json_t *v, struct jnode *n)
{
	struct jnode *member = grow_members(g, n, json_object_size(v));

	if (!member)
		return false;
	for (void *i = json_object_iter(v); i; i = json_object_iter_next(v, i), member++) {
		member->key = json_object_iter_key(i);
		if (!grow(g, json_object_iter_value(i), member))
			return false;
	}
	return true;
}

static void grow_integer(struct growing *g, json_t *v, struct jnode *n)
{
	const struct jscan_wide *w = g->wide < g->scan->n ? &g->scan->wide[g->wide] : NULL;
	json_int_t i = json_integer_value(v);

	if (w && w->nth == g->numbers) {
		n->magnitude = w->magnitude;
		n->negative = w->negative;
		n->huge = w->huge;
		g->wide++;
	} else {
		n->negative = i < 0;
		n->magnitude = i < 0 ? -(uint64_t)i : (uint64_t)i;
	}
	g->numbers++;
}

/* False when there is no memory. */
static bool grow(struct growing *g, json_t *v, struct jnode *n)
{
	static const unsigned char types[] = {
		[JSON_OBJECT] = JOBJECT,   [JSON_ARRAY] = JARRAY, [JSON_STRING] = JSTRING,
		[JSON_INTEGER] = JINTEGER, [JSON_REAL] = JREAL,	  [JSON_TRUE] = JTRUE,
		[JSON_FALSE] = JFALSE,	   [JSON_NULL] = JNULL,
	};

	n->type = types[json_typeof(v)];
	switch (json_typeof(v)) {
	case JSON_OBJECT: return grow_object(g, v, n);
	case JSON_ARRAY: return grow_array(g, v, n);
	case JSON_STRING:
		n->text = json_string_value(v);
		n->len = (uint32_t)json_string_length(v);
		break;
	case JSON_INTEGER: grow_integer(g, v, n); break;
	case JSON_REAL: g->numbers++; break;
	default: break;
	}
	return true;
}

/* Parses with jansson's memory in `pool`: there the result stays, never to be given back singly. */
static int load(struct arena *pool, const char *what, const struct jscan *scan, json_t **out,
		struct err *e)
{
	json_error_t why = { .line = 0 };
	struct jpool p;
	json_t *root;
	int r = jpool_enter(&p, pool, e);

	if (r < 0)
		return err_wrap(e, "%s", what);
	/* Without JSON_ALLOW_NUL \u0000 is refused everywhere, in what nobody reads too. */
	root = json_loadb(scan->text, scan->len, JSON_REJECT_DUPLICATES, &why);
	jpool_leave(&p);
	if (p.failed)
		return err_set(e, ENOMEM, "%s: out of memory", what);
	if (!root)
		return err_set(e, EINVAL, "%s: is not valid JSON: line %d, column %d: %s", what,
			       why.line, why.column, jread_quote(why.text).s);
	*out = root;
	return 0;
}

int jtree_parse(struct arena *pool, const char *what, const char *bytes, size_t len,
		const struct jnode **out, struct err *e)
{
	struct jscan scan;
	struct growing g = { .pool = pool, .scan = &scan };
	struct jnode *node = arena_alloc(pool, sizeof(*node));
	json_t *root = NULL;
	int r;

	if (len > UINT32_MAX)
		return err_set(e, EINVAL, "%s: is larger than 4 GiB", what);
	r = jscan(pool, what, bytes, len, &scan, e);
	if (r == 0)
		r = load(pool, what, &scan, &root, e);
	if (r < 0)
		return r;
	if (!node || !grow(&g, root, node))
		return err_set(e, ENOMEM, "%s: out of memory", what);
	*out = node;
	return 0;
}
