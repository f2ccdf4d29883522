/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A reader for each type of field that is a single value or a mask, and the table of all. An array replaces what was inherited;
 * {"add": [...], "remove": [...]} edits it.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/capname.h"
#include "base/nearest.h"
#include "base/path.h"
#include "policy/field_parts.h"
#include "policy/field_type.h"
#include "policy/profile.h"

enum { ID_MAX = 0xfffffffe };

int field_want_array(const struct jread_at *at, const struct jnode *v, struct err *e)
{
	if (v->type != JARRAY)
		return field_refuse_type(at, e, "must be an array");
	if (v->len > FIELD_LIST_MAX)
		return field_refuse(at, e, "has more than %d members", FIELD_LIST_MAX);
	return 0;
}

int field_want_text(const struct jread_at *at, const struct jnode *v, const char **out, struct err *e)
{
	if (v->type != JSTRING)
		return field_refuse_type(at, e, "must be a string");
	for (const char *s = v->text; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return field_refuse(at, e, "has a control character");
	*out = v->text;
	return 0;
}

int field_keep_text(const struct field_reader *r, const struct jread_at *at, const char *text, const char **out, struct err *e)
{
	const char *copy = arena_strdup(r->arena, text);

	if (!copy)
		return jread_no_memory(at, e);
	*out = copy;
	return 0;
}

/* ---- single values ---- */

static int read_schema(const struct field_reader *r, const struct jread_at *at, const struct jnode *v, const struct field *f,
		       void *out, struct err *e)
{
	(void)r;
	(void)f;
	(void)out;
	if (v->type != JINTEGER)
		return field_refuse_type(at, e, "must be the integer 1");
	if (v->negative || v->huge || v->magnitude != 1) {
		(void)field_refuse(at, e, "unsupported schema %s%llu, this caisson reads 1", v->negative ? "-" : "",
				    (unsigned long long)v->magnitude);
		return err_class(e, "policy.unsupported");
	}
	return 0;
}

static int read_switch(const struct field_reader *r, const struct jread_at *at, const struct jnode *v, const struct field *f,
		       void *out, struct err *e)
{
	(void)r;
	(void)f;
	if (v->type != JTRUE && v->type != JFALSE)
		return field_refuse_type(at, e, "must be true or false");
	*(bool *)out = v->type == JTRUE;
	return 0;
}

static int read_maybe(const struct field_reader *r, const struct jread_at *at, const struct jnode *v, const struct field *f,
		      void *out, struct err *e)
{
	struct opt_bool *o = out;

	o->set = true;
	return read_switch(r, at, v, f, &o->v, e);
}

static int refuse_word(const struct jread_at *at, const struct field_word *words, const char *text, struct err *e)
{
	struct nearest near = nearest_to(text, strlen(text));
	char all[200] = "";
	size_t used = 0;

	for (const struct field_word *w = words; w->word; w++) {
		nearest_try(&near, w->word);
		if (used < sizeof(all))
			used += (size_t)snprintf(all + used, sizeof(all) - used, "%s%s", w == words ? "" : ", ", w->word);
	}
	if (near.best)
		return field_refuse(at, e, "unknown word \"%s\"; did you mean %s?", jread_quote(text).s, near.best);
	return field_refuse(at, e, "unknown word \"%s\"; there are: %s%s", jread_quote(text).s, all, used < sizeof(all) ? "" : "...");
}

int field_find_word(const struct jread_at *at, const struct field_word *words, const char *text, uint64_t *out, struct err *e)
{
	for (const struct field_word *w = words; w->word; w++)
		if (str_eq(w->word, text)) {
			*out = w->value;
			return 0;
		}
	return refuse_word(at, words, text, e);
}

static int read_word(const struct field_reader *r, const struct jread_at *at, const struct jnode *v, const struct field *f,
		     void *out, struct err *e)
{
	const char *text;
	uint64_t value = 0;
	int err = field_want_text(at, v, &text, e);

	(void)r;
	if (err == 0)
		err = field_find_word(at, f->words, text, &value, e);
	if (err == 0)
		*(uint32_t *)out = (uint32_t)value;
	return err;
}

int field_read_amount(const struct field_reader *r, const struct jread_at *at, const struct jnode *v, const struct field *f,
		       void *out, struct err *e)
{
	uint64_t n = 0;

	(void)r;
	if (v->type == JSTRING && str_eq(v->text, "unlimited") && f->max == UINT64_MAX)
		n = UINT64_MAX;
	else if (v->type == JSTRING ? str_size(v->text, &n) < 0 : v->type != JINTEGER || v->negative || v->huge)
		return field_refuse_type(at, e, "must be an integer, or text such as \"64M\"%s",
				    f->max == UINT64_MAX ? " or \"unlimited\"" : "");
	else if (v->type == JINTEGER)
		n = v->magnitude;
	if (n < f->min || n > f->max)
		return field_refuse(at, e, "must be %llu to %llu", (unsigned long long)f->min, (unsigned long long)f->max);
	*(uint64_t *)out = n;
	return 0;
}

int field_id_of(const struct jread_at *at, const struct jnode *v, uint32_t *out, struct err *e)
{
	if (v->type != JINTEGER || v->negative || v->huge || v->magnitude > ID_MAX)
		return field_refuse_type(at, e, "must be an integer from 0 to 4294967294");
	*out = (uint32_t)v->magnitude;
	return 0;
}

static int read_id(const struct field_reader *r, const struct jread_at *at, const struct jnode *v, const struct field *f,
		   void *out, struct err *e)
{
	struct opt_id *id = out;

	(void)r;
	(void)f;
	id->set = true;
	return field_id_of(at, v, &id->v, e);
}

static int octal_of(const struct jread_at *at, const struct jnode *v, const struct field *f, uint32_t *out, struct err *e)
{
	uint32_t n = 0;

	/* A number would leave its base open. */
	if (v->type != JSTRING || !v->len || v->len > 5 || strspn(v->text, "01234567") != v->len)
		return field_refuse_type(at, e, "must be text of octal digits, such as \"%s\"", f->max > 0777 ? "1777" : "0027");
	for (const char *s = v->text; *s; s++)
		n = n * 8 + (uint32_t)(*s - '0');
	if (n < f->min || n > f->max)
		return field_refuse(at, e, "must be \"%llo\" to \"%llo\"", (unsigned long long)f->min, (unsigned long long)f->max);
	*out = n;
	return 0;
}

static int read_octal(const struct field_reader *r, const struct jread_at *at, const struct jnode *v, const struct field *f,
		      void *out, struct err *e)
{
	struct opt_id *o = out;

	(void)r;
	o->set = true;
	return octal_of(at, v, f, &o->v, e);
}

static int read_mode(const struct field_reader *r, const struct jread_at *at, const struct jnode *v, const struct field *f,
		     void *out, struct err *e)
{
	(void)r;
	return octal_of(at, v, f, out, e);
}

static int read_text(const struct field_reader *r, const struct jread_at *at, const struct jnode *v, const struct field *f,
		     void *out, struct err *e)
{
	const char *text;
	int err = field_want_text(at, v, &text, e);

	if (err == 0 && (!text[0] || strlen(text) > f->max))
		err = field_refuse(at, e, "must have 1 to %llu bytes", (unsigned long long)f->max);
	return err < 0 ? err : field_keep_text(r, at, text, out, e);
}

/* The names of profiles are file names: nothing in them may lead elsewhere. */
int field_check_name(const struct jread_at *at, const char *text, struct err *e)
{
	static const char first[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	static const char more[] = "abcdefghijklmnopqrstuvwxyz0123456789._-";
	size_t n = strlen(text);

	if (n < 1 || n > 64 || !strchr(first, text[0]) || strspn(text, more) != n)
		return field_refuse(at, e, "\"%s\" is not a profile's name: 1 to 64 of a-z 0-9 . _ -, the first a letter or digit",
				    jread_quote(text).s);
	return 0;
}

static int read_name(const struct field_reader *r, const struct jread_at *at, const struct jnode *v, const struct field *f,
		     void *out, struct err *e)
{
	const char *text;
	int err = field_want_text(at, v, &text, e);

	(void)f;
	if (err == 0)
		err = field_check_name(at, text, e);
	return err < 0 ? err : field_keep_text(r, at, text, out, e);
}

int field_check_path(const struct jread_at *at, const char *text, struct err *e)
{
	char clean[PATH_MAX];

	if (text[0] != '/')
		return field_refuse(at, e, "\"%s\" is not an absolute path", jread_quote(text).s);
	if (path_clean(text, clean, sizeof(clean)) < 0 || !str_eq(clean, text) || str_eq(text, "/"))
		return field_refuse(at, e, "\"%s\" is not a clean path below \"/\"", jread_quote(text).s);
	return 0;
}

static int read_path(const struct field_reader *r, const struct jread_at *at, const struct jnode *v, const struct field *f,
		     void *out, struct err *e)
{
	const char *text;
	int err = field_want_text(at, v, &text, e);

	(void)f;
	if (err == 0)
		err = field_check_path(at, text, e);
	return err < 0 ? err : field_keep_text(r, at, text, out, e);
}

/* ---- masks ---- */

static int cap_bit(const struct jread_at *at, const char *text, uint64_t *out, struct err *e)
{
	int cap = capname_find(text, strlen(text));
	const char *near;

	if (cap < 0) {
		near = capname_nearest(text, strlen(text));
		return field_refuse(at, e, "unknown capability \"%s\"%s%s%s", jread_quote(text).s, near ? "; did you mean " : "",
				    near ? near : "", near ? "?" : "");
	}
	*out = CAP_BIT(cap);
	return 0;
}

static int bits_of(const struct jread_at *at, const struct field *f, const char *text, uint64_t *out, struct err *e)
{
	return f->type == FIELD_CAPS ? cap_bit(at, text, out, e) : field_find_word(at, f->words, text, out, e);
}

static int read_bits(const struct jread_at *at, const struct jnode *v, const struct field *f, uint64_t *out, struct err *e)
{
	uint64_t mask = 0;
	size_t i = 0;
	int err;

	if (v->type == JSTRING && f->type != FIELD_FLAGS) {
		if (!str_eq(v->text, "all"))
			return field_refuse_type(at, e, "must be an array, or \"all\"");
		*out = CAP_MASK_ALL;
		return 0;
	}
	err = field_want_array(at, v, e);
	if (err < 0)
		return err;
	jnode_each(m, v) {
		struct jread_at item = jread_item(at, i++);
		const char *text;
		uint64_t bits = 0;

		err = field_want_text(&item, m, &text, e);
		if (err == 0)
			err = bits_of(&item, f, text, &bits, e);
		if (err < 0)
			return err;
		mask |= bits;
	}
	*out = mask;
	return 0;
}

/* The two members of an edit; either may be missing. */
int field_edit_parts(const struct jread_at *at, const struct jnode *v, const struct jnode **add, const struct jnode **remove,
		      struct err *e)
{
	*add = *remove = NULL;
	jnode_each(m, v) {
		if (field_may_be_anywhere(m->key))
			continue;
		if (str_eq(m->key, "add"))
			*add = m;
		else if (str_eq(m->key, "remove"))
			*remove = m;
		else
			return field_refuse(at, e, "unknown key \"%s\": an edit has \"add\" and \"remove\"",
					    jread_quote(m->key).s);
	}
	return 0;
}

int field_read_edited(const struct jread_at *at, const struct jnode *v, const struct field *f, field_mask_fn *read, uint64_t *io,
		      struct err *e)
{
	struct jread_at add_at = jread_key(at, "add"), remove_at = jread_key(at, "remove");
	const struct jnode *add, *remove;
	uint64_t more = 0, less = 0;
	int err;

	if (v->type != JOBJECT)
		return read(at, v, f, io, e);
	err = field_edit_parts(at, v, &add, &remove, e);
	if (err == 0 && add)
		err = read(&add_at, add, f, &more, e);
	if (err == 0 && remove)
		err = read(&remove_at, remove, f, &less, e);
	if (err == 0)
		*io = (*io | more) & ~less;
	return err;
}

static int read_mask(const struct field_reader *r, const struct jread_at *at, const struct jnode *v, const struct field *f,
		     void *out, struct err *e)
{
	(void)r;
	return field_read_edited(at, v, f, read_bits, out, e);
}

static int read_cap(const struct field_reader *r, const struct jread_at *at, const struct jnode *v, const struct field *f,
		    void *out, struct err *e)
{
	const char *text;
	int err = field_want_text(at, v, &text, e);

	(void)r;
	(void)f;
	return err < 0 ? err : cap_bit(at, text, out, e);
}

field_read_fn *const field_readers[FIELD_TYPES] = {
	[FIELD_SCHEMA] = read_schema, [FIELD_SWITCH] = read_switch, [FIELD_MAYBE] = read_maybe,	 [FIELD_WORD] = read_word,
	[FIELD_FLAGS] = read_mask,    [FIELD_CAPS] = read_mask,	    [FIELD_CAP] = read_cap,	 [FIELD_GROUPS] = field_read_groups, [FIELD_SUBSET] = field_read_subset,
	[FIELD_ANSWERS] = field_read_answers,
	[FIELD_PATHS] = field_read_paths,   [FIELD_PATH] = read_path,	    [FIELD_AMOUNT] = field_read_amount, [FIELD_ID] = read_id,
	[FIELD_IDS] = field_read_ids,	      [FIELD_OCTAL] = read_octal,   [FIELD_MODE] = read_mode,	 [FIELD_NAME] = read_name,
	[FIELD_NAMES] = field_read_texts,  [FIELD_TEXT] = read_text,	    [FIELD_GLOBS] = field_read_texts, [FIELD_NUMBERS] = field_read_ids,
	[FIELD_LANDLOCK] = field_read_landlock,
	[FIELD_ALLOW] = field_read_allow, [FIELD_DENY] = field_read_paths,
	[FIELD_VARIABLES] = field_read_paths, [FIELD_COMMAND] = field_read_command,
	[FIELD_SECONDS] = field_read_seconds, [FIELD_LIMIT] = field_read_limit, [FIELD_CPUS] = field_read_cpus,
	[FIELD_MAP] = field_read_map,	      [FIELD_OBJECT] = field_read_object, [FIELD_LIST] = field_read_list,
};

const char *field_bit_word(const struct field *f, uint64_t bit)
{
	for (const struct field_word *w = f->words; w && w->word; w++)
		if (w->value == bit)
			return w->word;
	return NULL;
}
