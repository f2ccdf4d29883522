/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy/glob.h - patterns of policy files: '*' (any text without '/'), '**' (any text), '?' (one character but '/'), '[a-z]',
 * '[!a-z]'; anchored at both ends. Text longer than GLOB_TEXT_MAX matches nothing, so that a stranger's text costs little.
 */
#ifndef CAISSON_POLICY_GLOB_H
#define CAISSON_POLICY_GLOB_H

#include <stdbool.h>

#include "base/str.h"

enum { GLOB_TEXT_MAX = 4096 };

bool glob_match(const char *pattern, const char *text);
/* True when one of them does; false for a NULL text. */
bool glob_match_any(const struct strings *patterns, const char *text);

/* False when no text matches both. True also where that is not found out: a class counts as '?', and a pattern of more than
 * GLOB_OVERLAP_MAX parts as "**". */
enum { GLOB_OVERLAP_MAX = 256 };
bool glob_overlap(const char *a, const char *b);

/* A ceiling made of several lists: only what each of them names is within it. Without any list everything is. */
struct glob_lists { size_t n; const struct strings *v; };
bool glob_within(const struct glob_lists *lists, const char *text);

#endif
