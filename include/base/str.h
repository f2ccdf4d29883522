/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/str.h - strings: lists of them, growing ones, strict numbers.
 */
#ifndef CAISSON_BASE_STR_H
#define CAISSON_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define N_ELEMENTS(a) (sizeof(a) / sizeof((a)[0]))

/* A list of strings that somebody else owns (an arena as a rule). v has n entries and a NULL after them, so that it can
 * be given to execve(2); v may be NULL when n is 0. */
struct strings {
	size_t n;
	const char *const *v;
};

/* A growing string. Zero-initialise; str_done() frees. After a failed append `failed` is true and stays true, so that a
 * long row of appends needs one check at its end. */
struct str {
	char *s; /* NUL-terminated; NULL while empty */
	size_t len, size;
	bool failed;
};

void str_add(struct str *s, const char *text);
void str_add_bytes(struct str *s, const void *p, size_t len);
void str_addf(struct str *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void str_done(struct str *s);
#define auto_str __attribute__((cleanup(str_done))) struct str

bool str_eq(const char *a, const char *b); /* both may be NULL; NULL equals only NULL */
bool str_starts(const char *s, const char *prefix);
bool str_in(const struct strings *list, const char *s);

/* The length of the UTF-8 character at s, or 0 where there is none (RFC 3629: no overlong form, no surrogate). */
size_t str_character(const char *s);

/* Of a text that a stranger wrote: what could steer a terminal (control characters, C1 too, and bytes that are no UTF-8) becomes '?', in
 * place, but for the characters in `kept`. s[len] is NUL; NULs before it are control characters like any other. */
void str_printable(char *s, size_t len, const char *kept);

/* Strict numbers: the whole text, base 10, no sign but '-' for i64, no blanks. Return 0, or -EINVAL / -ERANGE. */
int str_u64(const char *s, uint64_t *out);
int str_i64(const char *s, int64_t *out);
int str_u32(const char *s, uint32_t *out);
/* Bytes with an optional suffix b k m g t (any case, optional second letter b or iB), powers of 1024. "-1" is refused. */
int str_size(const char *s, uint64_t *out);
/* "90s", "2m", "1h", of at most 7 digits -> seconds. */
int str_seconds(const char *s, uint64_t *out);
/* "0-3, 7": the bits of a list of numbers and ranges, all below n (a multiple of 64). -EINVAL, or -ERANGE. */
int str_bits(const char *s, uint64_t *out, size_t n);

void free_p(void *p); /* for auto_free: frees what *p points at */
#define auto_free __attribute__((cleanup(free_p)))

#endif
