/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spec/jread.h - table-driven reading of a JSON tree: plain structs in an arena come out.
 *
 * A struct is described by a table of fields: the property's name, the reader for its value, where
 * in the struct the value goes. jread_members() walks the object once: unknown properties are
 * ignored with a debug line, null counts as absent (Go's encoders write it for empty lists), a
 * missing required property and every wrong type is refused.
 *
 * A complaint is "PATH: what is wrong", PATH being that of the property: "mounts[2].options[0]:
 * must be a string". The path is a chain of struct jread_at on the callers' stacks, rendered only
 * when there is something to complain about. Text from the document is shortened and stripped of
 * control characters before it gets into a message.
 *
 * Integers are exact over the whole of int64 and uint64. A number with a fraction or an exponent is
 * no integer here.
 */
#ifndef CAISSON_SPEC_JREAD_H
#define CAISSON_SPEC_JREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "spec/jtree.h"

/* One document being read. */
struct jread_doc {
	struct arena *arena;	/* where what was read goes */
	struct arena pool;	/* the tree: gone with jread_done() */
	const struct jnode *root;
};

/* Where we are: the outermost has up == NULL. key NULL means the element `index` of an array, or,
 * outermost, the document itself. */
struct jread_at {
	const struct jread_doc *doc;
	const struct jread_at *up;
	const char *key;
	size_t index;
};

static inline struct jread_at jread_key(const struct jread_at *up, const char *key)
{
	return (struct jread_at){ .doc = up->doc, .up = up, .key = key };
}

static inline struct jread_at jread_item(const struct jread_at *up, size_t index)
{
	return (struct jread_at){ .doc = up->doc, .up = up, .index = index };
}

struct jread_field;
typedef int jread_fn(const struct jread_at *at, const struct jnode *v, const struct jread_field *f,
		     void *out, struct err *e);
/* NULL when the text is fine, else what is wrong with it: "must be an absolute path". */
typedef const char *jread_text_fn(const char *text);

struct jread_word { const char *word; uint64_t value; };
struct jread_words { const struct jread_word *v; size_t n; };
/* Of an integer; max is compared only with values >= 0. */
struct jread_range { int64_t min; uint64_t max; };

struct jread_field {
	const char *name;
	jread_fn *read;
	size_t offset, width;			/* JREAD_TO() */
	size_t flag; /* JREAD_FLAG(): a bool that becomes true when the property is there */
	bool required;
	jread_text_fn *text; /* for strings and lists of them; for keys of maps */
	union {
		const struct jread_schema *schema;
		const struct jread_list *list;
		const struct jread_words *words;
		const struct jread_range *range;
	};
};

#define JREAD_TO(type, member) \
	.offset = offsetof(type, member), .width = sizeof(((type *)0)->member)
#define JREAD_FLAG(type, member) .flag = (offsetof(type, member) + 1)

struct jread_schema {
	const struct jread_field *fields;
	size_t n;
	/* Rules that span properties, after all of them were read; may be NULL. */
	int (*check)(const struct jread_at *at, void *value, struct err *e);
};

/* An array of equal things, read into a struct { size_t n; const T *v; }. */
struct jread_list {
	struct jread_field item;		/* offset and name unused */
	size_t size;				/* of one element */
	int (*check)(const struct jread_at *at, void *value, struct err *e);
};

/* Parses and bounds; undone by jread_done(). `what` names the document in errors: "config.json". */
int jread_load(struct jread_doc *doc, const char *what, const char *bytes, size_t len,
	       struct err *e);
void jread_done(struct jread_doc *doc);

/* Reads the members of object v into the struct at out. */
int jread_members(const struct jread_at *at, const struct jnode *v, const struct jread_schema *s,
		  void *out, struct err *e);

/* Readers for fields. The output's type is behind each. */
jread_fn jread_object;		/* .schema: a struct in place */
jread_fn jread_array;		/* .list: struct { size_t n; const T *v; } */
jread_fn jread_string;		/* const char *; .text */
jread_fn jread_string_opt;	/* the same, but "" counts as absent */
jread_fn jread_strings;		/* struct strings; .text for each */
jread_fn jread_map;		/* struct key_values of strings; .text for the keys */
jread_fn jread_bool;		/* bool */
jread_fn jread_int;		/* intN_t; .range or the whole type */
jread_fn jread_uint;		/* uintN_t; .range or the whole type */
jread_fn jread_opt_bool;	/* struct opt_bool */
jread_fn jread_opt_i64;		/* struct opt_i64; .range */
jread_fn jread_opt_u64;		/* struct opt_u64; .range */
jread_fn jread_word;		/* an integer of any width: the value beside the word; .words */
jread_fn jread_mask;		/* the same for an array of words: their values joined with | */

/* -EINVAL with "PATH: text", or "PATH.key: text" when key is not NULL. */
int jread_refuse(const struct jread_at *at, const char *key, struct err *e, const char *fmt, ...)
	__attribute__((format(printf, 4, 5), cold));
int jread_no_memory(const struct jread_at *at, struct err *e) __attribute__((cold));
/* The string v holds, or NULL when it is something else. */
const char *jread_text_of(const struct jnode *v);
/* Renders the path of `at`; "the document" for its outermost. */
void jread_path(const struct jread_at *at, char *out, size_t size);
/* A short, printable form of text from the document, for messages. */
struct jread_quoted { char s[84]; };
struct jread_quoted jread_quote(const char *text);

#endif
