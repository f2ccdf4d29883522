/* SPDX-License-Identifier: Apache-2.0 */
#include "base/nearest.h"

#include <string.h>

enum { LONGEST = 32, MOST_EDITS = 3 };

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;

	return m < c ? m : c;
}

/* Levenshtein's distance of two short names, case-free. */
static size_t distance(const char *a, size_t la, const char *b, size_t lb)
{
	size_t row[LONGEST + 1];

	for (size_t j = 0; j <= lb; j++)
		row[j] = j;
	for (size_t i = 1; i <= la; i++) {
		size_t diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			size_t cost = (a[i - 1] | 0x20) == (b[j - 1] | 0x20) ? 0 : 1;
			size_t here = min3(row[j] + 1, row[j - 1] + 1, diagonal + cost);
			diagonal = row[j];
			row[j] = here;
		}
	}
	return row[lb];
}

struct nearest nearest_to(const char *word, size_t len)
{
	/* Two for the usual slip, two letters changed over; one of which half the letters differ is no suggestion. */
	size_t most = (len + 1) / 3 < MOST_EDITS ? (len + 1) / 3 : MOST_EDITS;

	return (struct nearest){ .word = word, .len = len, .at = most + 1 };
}

void nearest_try(struct nearest *n, const char *candidate)
{
	size_t len = strlen(candidate);

	if (n->len > LONGEST || len > LONGEST)
		return;
	size_t d = distance(n->word, n->len, candidate, len);
	if (d < n->at) {
		n->at = d;
		n->best = candidate;
	}
}
