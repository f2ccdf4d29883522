/* SPDX-License-Identifier: Apache-2.0 */
/* policy/field_type.h - between the files of policy/field only: what each type of field can do. */
#ifndef CAISSON_POLICY_FIELD_TYPE_H
#define CAISSON_POLICY_FIELD_TYPE_H

#include "policy/field.h"
#include "policy/glob.h"
#include "spec/types.h"
#include "policy/syscall_groups.h"

typedef int field_read_fn(const struct field_reader *r, const struct jread_at *at, const struct jnode *v, const struct field *f,
			  void *out, struct err *e);
extern field_read_fn *const field_readers[FIELD_TYPES];

/* policy/field_calls.c: the types that are about system calls. */
field_read_fn field_read_groups, field_read_subset, field_read_answers;
json_t *field_groups_json(const struct syscall_set *s);
json_t *field_groups_schema(void);
json_t *field_subset_json(const struct field *f, uint64_t mask);
json_t *field_subset_schema(const struct field *f);
json_t *field_answers_schema(void);

struct field_any_list { size_t n; const void *v; };

/* The same members in any order. */
bool field_same_set(const struct strings *a, const struct strings *b);
bool field_same_allow(const struct glob_lists *a, const struct glob_lists *b);
int field_meet_allow(struct arena *a, struct glob_lists *io, const struct glob_lists *other, bool *changed, struct err *e);
int field_meet_map(struct arena *a, struct key_values *io, const struct key_values *other, bool *changed, struct err *e);
json_t *field_allow_json(const struct field *f, const struct glob_lists *lists);

/* The word for one bit or value of a field of words, capabilities or groups; NULL when there is none. */
const char *field_bit_word(const struct field *f, uint64_t bit);

struct profile_landlock;
int field_meet_landlock(struct arena *a, struct profile_landlock *io, const struct profile_landlock *other, bool *changed, struct err *e);
bool field_same_landlock(const struct profile_landlock *a, const struct profile_landlock *b);
json_t *field_json_landlock(const struct profile_landlock *l);
json_t *field_schema_landlock(void);
field_read_fn field_read_landlock;

#endif
