/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy/field_parts.h - between the files of policy/field_read*.c only.
 *
 * All return 0, or a negative errno with the place (`at`) and the reason in `e`. Texts are the document's, or the reader's arena's
 * where they are kept.
 */
#ifndef CAISSON_POLICY_FIELD_PARTS_H
#define CAISSON_POLICY_FIELD_PARTS_H

#include "policy/field_type.h"

/* At most FIELD_LIST_MAX members. */
int field_want_array(const struct jread_at *at, const struct jnode *v, struct err *e);
/* No control characters. */
int field_want_text(const struct jread_at *at, const struct jnode *v, const char **out, struct err *e);
int field_keep_text(const struct field_reader *r, const struct jread_at *at, const char *text, const char **out, struct err *e);
int field_id_of(const struct jread_at *at, const struct jnode *v, uint32_t *out, struct err *e);
int field_check_name(const struct jread_at *at, const char *text, struct err *e);
/* Absolute, without ".." and doubled slashes. */
int field_check_path(const struct jread_at *at, const char *text, struct err *e);
int field_texts(const struct field_reader *r, const struct jread_at *at, const struct jnode *v, const struct field *f,
		struct strings *out, struct err *e);
int field_edit_texts(const struct field_reader *r, const struct jread_at *at, const struct strings *add, const struct strings *remove,
		     struct strings *io, struct err *e);
/* "$comment", "x-...". */
bool field_may_be_anywhere(const char *key);
/* The value of a word; the complaint names the nearest one, or all when they are few. */
int field_find_word(const struct jread_at *at, const struct field_word *words, const char *text, uint64_t *out, struct err *e);
/* The two members of an edit; either may be missing (NULL). */
int field_edit_parts(const struct jread_at *at, const struct jnode *v, const struct jnode **add, const struct jnode **remove,
		     struct err *e);

/* A mask as a file says it: whole, by `read`, or as an edit of what is inherited. */
typedef int field_mask_fn(const struct jread_at *at, const struct jnode *v, const struct field *f, uint64_t *out, struct err *e);
int field_read_edited(const struct jread_at *at, const struct jnode *v, const struct field *f, field_mask_fn *read, uint64_t *io,
		      struct err *e);
field_read_fn field_read_allow, field_read_paths, field_read_texts, field_read_ids, field_read_map, field_read_object, field_read_list,
	field_read_command;
field_read_fn field_read_amount, field_read_seconds, field_read_cpus, field_read_limit;

#endif
