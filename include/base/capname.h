/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/capname.h - capability names and sets as masks (bit N = capability N, linux/capability.h).
 */
#ifndef CAISSON_BASE_CAPNAME_H
#define CAISSON_BASE_CAPNAME_H

#include <stddef.h>
#include <stdint.h>

enum { CAP_COUNT = 41 };	/* CAP_CHOWN (0) .. CAP_CHECKPOINT_RESTORE (40): Linux 5.9 */
#define CAP_MASK_ALL ((UINT64_C(1) << CAP_COUNT) - 1)
#define CAP_BIT(n)   (UINT64_C(1) << (n))

/* Any case, with or without "CAP_". Returns the number or -EINVAL. `len` bytes of s are looked at. */
int capname_find(const char *s, size_t len);
/* Upper case, without the "CAP_" prefix; NULL for an unknown number. */
const char *capname_of(int cap);
/* The known name nearest to s (for "did you mean"), or NULL if nothing is near. */
const char *capname_nearest(const char *s, size_t len);
/* "CHOWN SETUID ..." in number order, or "none". Writes at most size bytes, always terminated. */
void capname_list(uint64_t set, char *out, size_t size);

#endif
