/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/sha256.h - SHA-256 (FIPS 180-4): to tell whether bytes are those that a digest names.
 *
 * Our own, because it is the whole need: a library would be one more to load at every launch and to build for the static core.
 * Nothing here is secret-dependent; it is no building block for signatures.
 */
#ifndef CAISSON_BASE_SHA256_H
#define CAISSON_BASE_SHA256_H

#include <stddef.h>
#include <stdint.h>

enum { SHA256_SIZE = 32, SHA256_HEX = 64 };

struct sha256 {
	uint32_t state[8];
	uint64_t len; /* bytes so far */
	uint8_t block[64];
};

void sha256_init(struct sha256 *s);
void sha256_add(struct sha256 *s, const void *bytes, size_t len);
/* Ends it; *s is of no more use. */
void sha256_end(struct sha256 *s, uint8_t out[SHA256_SIZE]);
/* Lower case, with a NUL: of a digest; of bytes. */
void sha256_text(const uint8_t digest[SHA256_SIZE], char out[SHA256_HEX + 1]);
void sha256_hex(const void *bytes, size_t len, char out[SHA256_HEX + 1]);

#endif
