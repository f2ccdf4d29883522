/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy/store_table.h - the plan described as data: one table, used for writing and for reading, so that the two cannot
 * disagree. Between the files of store, update and their tests only.
 */
#ifndef CAISSON_POLICY_STORE_TABLE_H
#define CAISSON_POLICY_STORE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum store_kind {
	STORE_BOOL,	/* bool */
	STORE_UNSIGNED,	/* 2, 4 or 8 bytes; numbers above INT64_MAX as decimal text */
	STORE_SIGNED,	/* 4 or 8 bytes */
	STORE_MASK,	/* 8 bytes, as "0x.." */
	STORE_ENUM,	/* 4 bytes, below `limit` */
	STORE_CHAR,	/* 1 byte */
	STORE_TEXT,	/* const char *, may be NULL */
	STORE_STRUCT,	/* `type` in place */
	STORE_LIST,	/* struct { size_t n; const T *v; } of `type` */
	STORE_ARRAY,	/* T[limit] of `type` in place */
};

struct store_type;
struct store_field {
	const char *name;	/* NULL: the only field of a bare value, as in a list of numbers */
	size_t offset, size;
	enum store_kind kind;
	uint32_t limit;
	const struct store_type *type;
};
struct store_type {
	const char *name;	/* for errors and tests */
	size_t size, n;
	const struct store_field *fields;
};

extern const struct store_type store_plan_type, store_process_type, store_resources_type, store_filter_type;

/* The number, mask, enum, bool or char of `size` bytes at `at`, as it lies there: not sign-extended. */
uint64_t store_unsigned(const void *at, size_t size);

#endif
