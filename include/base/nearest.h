/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/nearest.h - "did you mean": the candidate that differs from a word by the fewest edits, whatever its case.
 *
 *	struct nearest n = nearest_to(word, strlen(word));
 *	for (...) nearest_try(&n, names[i]);
 *	use n.best, which is one of the candidates, or NULL when none is near
 */
#ifndef CAISSON_BASE_NEAREST_H
#define CAISSON_BASE_NEAREST_H

#include <stddef.h>

struct nearest {
	const char *word, *best;
	size_t len;	/* of the word */
	size_t at;	/* a candidate must be nearer than this many edits */
};

struct nearest nearest_to(const char *word, size_t len);
void nearest_try(struct nearest *n, const char *candidate);

#endif
