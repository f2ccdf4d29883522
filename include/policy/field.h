/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy/field.h - the fields of policy files as rows of tables.
 *
 * A table describes one object of a file: the fields' names (with dots where they lie in an object of their own), their types,
 * where in a plain struct the values go, what they mean. Everything that must not disagree is made from it: the reader, the
 * inheriting and meeting of values, "policy show", the JSON schema and the manual's field section.
 *
 * Unlike a container's document, an unknown key is an error, with the nearest known one named: a misspelt restriction must not
 * vanish. "$comment", and keys that begin with "x-", are allowed everywhere. Complaints are "$.path: what is wrong".
 */
#ifndef CAISSON_POLICY_FIELD_H
#define CAISSON_POLICY_FIELD_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "spec/jread.h"

enum field_type {
	FIELD_SCHEMA,	/* the integer 1; nothing is kept */
	FIELD_SWITCH,	/* bool */
	FIELD_MAYBE,	/* struct opt_bool */
	FIELD_WORD,	/* uint32_t; words from the loosest to the strictest */
	FIELD_FLAGS,	/* uint64_t: an array of words, joined */
	FIELD_CAPS,	/* uint64_t: an array of capability names, or "all" */
	FIELD_CAP,	/* uint64_t: one capability's bit */
	FIELD_GROUPS,	/* struct syscall_set: an array of "@group" and of single calls, or "all" (policy/syscall_groups.h) */
	FIELD_SUBSET,	/* uint64_t: an array of words and, where `max` is not 0, of bit numbers up to it; or "all" = UINT64_MAX */
	FIELD_ANSWERS,	/* struct key_values: names of errors by "@group" or call */
	FIELD_PATHS,	/* struct strings: absolute, clean paths */
	FIELD_PATH,	/* const char *: one */
	FIELD_AMOUNT,	/* uint64_t: an integer, "64M", or "unlimited" = UINT64_MAX; within min and max */
	FIELD_LIMIT,	/* struct profile_limit: an amount for both, or {"soft": .., "hard": ..} */
	FIELD_CPUS,	/* uint64_t, in parts of PROFILE_CPU: an integer, or "1.5"; UINT64_MAX when nobody says it */
	FIELD_SECONDS,	/* uint64_t: an integer, "90s", "2m" or "1h", within min and max; UINT64_MAX when nobody says it */
	FIELD_ID,	/* struct opt_id: 0..4294967294 */
	FIELD_IDS,	/* struct profile_ids */
	FIELD_OCTAL,	/* struct opt_id: "0027" */
	FIELD_MODE,	/* uint32_t: "1777" */
	FIELD_NAME,	/* const char *: the name of a profile */
	FIELD_NAMES,	/* struct strings: one name or an array of them */
	FIELD_TEXT,	/* const char *: at most `max` bytes, not empty */
	FIELD_GLOBS,	/* struct strings: one pattern or an array of them */
	FIELD_VARIABLES,/* struct strings: patterns of variables' names */
	FIELD_COMMAND,	/* struct strings: a program, by its absolute path or by a name without slashes, and its arguments; min to max words */
	FIELD_NUMBERS,	/* struct profile_ids: one number or an array of them */
	FIELD_MAP,	/* struct key_values: texts by key; of two, that of the first remains */
	FIELD_ALLOW,	/* struct glob_lists: an array of what is allowed, or the word for everything (words[0]) */
	FIELD_DENY,	/* struct strings: an array of what is denied */
	FIELD_LANDLOCK,	/* struct profile_landlock: "off", "derive", or an object */
	FIELD_OBJECT,	/* the table's struct in place */
	FIELD_LIST,	/* struct { size_t n; const T *v; } of the table's struct */
	FIELD_TYPES,
};

/* How a value meets others at launch (policy-design 3.2). */
enum field_kind {
	FIELD_INFO,	/* - */
	FIELD_CEILING,	/* C: the intersection, the minimum */
	FIELD_ON,	/* F: can only be turned on */
	FIELD_ADDITION,	/* A: adds something private and empty */
	FIELD_IDENTITY,	/* S: takes the place of what was asked */
	FIELD_GRANT,	/* G: adds a right: only from a profile that the operator chose */
};

struct field_word { const char *word; uint64_t value; };

struct field_table;
struct field {
	const char *name;
	enum field_type type;
	enum field_kind kind;
	size_t offset;
	const struct field_word *words;	/* ends with a NULL word */
	const struct field_table *table;
	uint64_t min, max;
	/* Of FIELD_ALLOW, FIELD_DENY and the keys of FIELD_MAP: refuses a member that is none. */
	int (*item)(const struct jread_at *at, const char *text, struct err *e);
	bool required;
	bool apart;			/* FIELD_LIMIT: the soft one has a field of its own, which a single amount leaves alone */
	bool hidden;			/* of the built-in profiles alone: no file can say it */
	const char *fallback;		/* what holds when the field is absent, for the manual */
	const char *text;		/* what it means: one or two sentences, no full stop at the end */
};

struct field_table {
	const char *name;		/* "profile" */
	const struct field *v;
	size_t n, size;			/* size of the struct */
	size_t key;			/* of an element of a list: offset of the text that names it, for edits */
	bool has_key;
	/* After the fields of one object were read; `at` is the object. */
	int (*check)(const struct jread_at *at, struct arena *a, void *value, struct err *e);
};

struct field_reader {
	struct arena *arena;
	/* Called for each field of the outermost table that is there; may be NULL. */
	void (*seen)(void *ctx, size_t field);
	void *ctx;
};

enum { FIELD_LIST_MAX = 1024 };	/* members of one array */
enum { FIELD_WORD_MAX = 4096 };	/* bytes of one word of a command */

/* The members of object v into the struct at out; absent fields leave what is there. */
int fields_read(const struct field_reader *r, const struct jread_at *at, const struct jnode *v, const struct field_table *t,
		void *out, struct err *e);
/* -EINVAL with "$.path: text", of class policy.range; the second for a value that is of the wrong type altogether. */
int field_refuse(const struct jread_at *at, struct err *e, const char *fmt, ...)
	__attribute__((format(printf, 3, 4), cold));
int field_refuse_type(const struct jread_at *at, struct err *e, const char *fmt, ...)
	__attribute__((format(printf, 3, 4), cold));
/* One value meets another: *io becomes the stricter of the two. *changed: it was not that already. */
int field_meet(const struct field *f, struct arena *a, void *io, const void *other, bool *changed, struct err *e);
bool field_same(const struct field *f, const void *a, const void *b);
size_t field_size(const struct field *f);

/* A new reference; NULL when there is no memory. */
json_t *field_json(const struct field *f, const void *value);
/* {"schema": ...} of a whole file, draft 2020-12. */
json_t *fields_schema(const struct field_table *t, const char *title);
/* .TP entries in roff. */
void fields_manual(const struct field_table *t, struct str *out);

#endif
