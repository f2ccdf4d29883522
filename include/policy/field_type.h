/* SPDX-License-Identifier: Apache-2.0 */
/* policy/field_type.h - between the files of policy/field only: what each type of field can do. */
#ifndef CAISSON_POLICY_FIELD_TYPE_H
#define CAISSON_POLICY_FIELD_TYPE_H

#include "policy/field.h"

typedef int field_read_fn(const struct field_reader *r, const struct jread_at *at, const struct jnode *v, const struct field *f,
			  void *out, struct err *e);
extern field_read_fn *const field_readers[FIELD_TYPES];

struct field_any_list { size_t n; const void *v; };

/* The word for one bit or value of a field of words, capabilities or groups; NULL when there is none. */
const char *field_bit_word(const struct field *f, uint64_t bit);

#endif
