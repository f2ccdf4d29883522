/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What counts, and how much of it is needed; and names. The parts of a value are looked for in secret_value.c and secret_token.c.
 */
#include "policy/secret.h"

#include <string.h>

#include "base/sha256.h"
#include "base/str.h"

enum { NAME_MAX_BYTES = 256 };

/* Between '_' and '_', or at an end. */
static const char *const telling[] = {
	"PASS", "PASSWORD", "PASSWD", "PWD", "PASSPHRASE", "SECRET", "SECRETS", "TOKEN", "API_KEY", "APIKEY", "PRIVATE_KEY", "ACCESS_KEY", "SECRET_KEY",
	"SIGNING_KEY", "ENCRYPTION_KEY", "MASTER_KEY", "AUTH_KEY", "CREDENTIAL", "CREDENTIALS", "SHARED_KEY", "ACCOUNT_KEY", "PAT",
};
/* What a name ends with that is about a secret and holds none. */
static const char *const about[] = {
	"_FILE", "_PATH", "_DIR", "_URL", "_URI", "_ENDPOINT", "_HOST", "_ADDR", "_ADDRESS", "_NAME", "_NAMESPACE", "_ID", "_ARN", "_REF",
	"_TTL", "_TYPE", "_TIMEOUT", "_EXPIRY", "_EXPIRATION", "_ISSUER", "_AUDIENCE", "_ALGORITHM", "_ALG", "_HEADER", "_PREFIX",
	"_LENGTH", "_PROVIDER", "_CLASS", "_ENABLED", "_REQUIRED", "_POLICY", "_VERSION", "_KEYRING", "_PUBLIC_KEY", "_FINGERPRINT",
	"_SHA256", "_SHA512", "_SHA1", "_MD5", "_CHECKSUM", "_DIGEST", "_HASH_ALGORITHM", "_HEADER_NAME", "_FORMAT", "_BACKEND", "_STORE", "_MODE",
	"_COUNT", "_SIZE", "_INTERVAL", "_SERVICE", "_SERVER",
};
/* Whole names, and those that are public whatever they end with. */
static const char *const public_names[] = { "PWD", "OLDPWD", "GPG_KEY", "GPG_KEYS" };
static const char *const public_parts[] = { "PUBLIC_KEY", "PUBKEY", "GPG_KEY", "GPG_KEYS", "KEYRING" };

/* The name in capitals, with '_' for what else parts words. False: too long to be a name. */
static bool in_capitals(const char *name, size_t len, char out[NAME_MAX_BYTES])
{
	if (len == 0 || len >= NAME_MAX_BYTES)
		return false;
	for (size_t i = 0; i < len; i++) {
		char c = name[i];

		if (c >= 'a' && c <= 'z')
			c = (char)(c - 'a' + 'A');
		out[i] = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ? c : '_';
	}
	out[len] = '\0';
	return true;
}

/* `part` between '_' and '_', or at an end. */
static bool has_part(const char *name, const char *part)
{
	size_t n = strlen(part);

	for (const char *at = strstr(name, part); at; at = strstr(at + 1, part))
		if ((at == name || at[-1] == '_') && (at[n] == '\0' || at[n] == '_'))
			return true;
	return false;
}

static bool ends_with(const char *name, const char *end)
{
	size_t n = strlen(name), k = strlen(end);

	return n > k && memcmp(name + n - k, end, k) == 0;
}

static bool has_any_part(const char *name, const char *const *parts, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (has_part(name, parts[i]))
			return true;
	return false;
}

static bool is_public(const char *name)
{
	for (size_t i = 0; i < N_ELEMENTS(public_names); i++)
		if (str_eq(name, public_names[i]))
			return true;
	for (size_t i = 0; i < N_ELEMENTS(about); i++)
		if (ends_with(name, about[i]))
			return true;
	return has_any_part(name, public_parts, N_ELEMENTS(public_parts));
}

bool secret_name(const char *name, size_t len)
{
	char capitals[NAME_MAX_BYTES];

	return in_capitals(name, len, capitals) && !is_public(capitals) && has_any_part(capitals, telling, N_ELEMENTS(telling));
}

static bool found(const char *id, struct secret_span value, struct secret_span at, struct secret *out)
{
	uint8_t sum[SHA256_SIZE];
	struct sha256 state;

	sha256_init(&state);
	sha256_add(&state, at.at, at.len);
	sha256_end(&state, sum);
	*out = (struct secret){ .id = id, .position = (size_t)(at.at - value.at), .length = at.len };
	memcpy(out->sum, sum, sizeof(out->sum));
	return true;
}

/* Blanks and quotes around a value are none of it. */
static struct secret_span trim(struct secret_span v)
{
	static const char around[] = " \t\r\n\"'";

	while (v.len && memchr(around, v.at[0], sizeof(around) - 1)) {
		v.at++;
		v.len--;
	}
	while (v.len && memchr(around, v.at[v.len - 1], sizeof(around) - 1))
		v.len--;
	return v;
}

bool secret_in_variable(const char *variable, struct secret *out)
{
	const char *equals = strchr(variable, '='), *id = NULL;
	struct secret_span value, core, part;
	bool named;

	if (!equals || !equals[1])
		return false;
	value = (struct secret_span){ equals + 1, strlen(equals + 1) };
	if (secret_private_key(value, &part))
		return found("private-key", value, part, out);
	if (secret_token(value, &id, &part))
		return found(id, value, part, out);
	named = secret_name(variable, (size_t)(equals - variable));
	core = trim(value);
	if (secret_web_token(core, &part) && (named || secret_is_random(part)))
		return found("json-web-token", value, part, out);
	if (secret_url_password(core, &part) && !secret_is_harmless(part) && (named || secret_is_password(part, 2) || secret_is_random(part)))
		return found("url-password", value, part, out);
	if (!named || secret_is_harmless(core))
		return false;
	if (secret_is_random(core))
		return found("named-random", value, core, out);
	return secret_is_password(core, 3) ? found("named-password", value, core, out) : false;
}
