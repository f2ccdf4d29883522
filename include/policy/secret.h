/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy/secret.h - does a variable of an environment look like a secret?
 *
 * Looks at one NAME=VALUE at a time, never at free text, where such a search drowns in false alarms. A finding needs two of: a name
 * that speaks of a secret, a value that looks random (or like a strong password), credentials in a URL, a JSON web token; a known
 * prefix of tokens, or the head of a private key, is enough alone. What is only a reference (a path, a ${VARIABLE}), public by its
 * name (a digest, a public key) or a placeholder is none.
 *
 * Pure, without allocation, and linear in the length of the value whatever its bytes are: nothing in here goes back. A finding never
 * holds any of the value: where it is, how long it is, and the first four bytes of its SHA-256, by which two of them can be told
 * apart.
 */
#ifndef CAISSON_POLICY_SECRET_H
#define CAISSON_POLICY_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct secret {
	const char *id;			/* "github-token", "private-key", "url-password", "json-web-token", "named-random", ... */
	size_t position, length;	/* bytes within the value */
	uint8_t sum[4];			/* of its SHA-256 */
};

/* "NAME=VALUE"; without "=" it is all name. False: nothing, and *out is untouched. */
bool secret_in_variable(const char *variable, struct secret *out);

/* ---- between the files of secret and their tests only ---- */

struct secret_span { const char *at; size_t len; };

/* The name speaks of a secret, and of the secret itself, not of a file, an address or a public part. */
bool secret_name(const char *name, size_t len);
/* A known token anywhere in the value; `id` and the span of it. */
bool secret_token(struct secret_span value, const char **id, struct secret_span *out);
/* The head of a private key, in the clear or in base 64. */
bool secret_private_key(struct secret_span value, struct secret_span *out);
/* The password in scheme://user:password@host. */
bool secret_url_password(struct secret_span value, struct secret_span *out);
/* Three parts in base 64, of which two are JSON objects. */
bool secret_web_token(struct secret_span value, struct secret_span *out);
/* 16 bytes or more with more than 3.5 bits of entropy in each. */
bool secret_is_random(struct secret_span v);
/* 8 to 128 bytes, without blanks, of at least so many kinds: small and capital letters, digits, others. */
bool secret_is_password(struct secret_span v, unsigned kinds);
/* What stands for something else: a reference, a placeholder, a path, a version, a UUID, words. */
bool secret_is_harmless(struct secret_span v);
/* Entropy in 1/65536 bits for each byte. */
uint32_t secret_entropy(struct secret_span v);

#endif
