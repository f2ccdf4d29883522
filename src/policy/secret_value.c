/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values without a known form: how random they look, what they only stand for, and the parts of them that are credentials.
 */
#include <string.h>

#include "base/str.h"
#include "policy/secret.h"

enum { RANDOM_MIN = 16, PASSWORD_MIN = 8, PASSWORD_MAX = 128, FRACTION = 16, ENTROPY_MIN = (7 << FRACTION) / 2 };

static bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
static bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_letter(char c) { return is_lower(c) || is_upper(c); }
static bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
static bool is_one_of(char c, const char *set) { return c && strchr(set, c) != NULL; }
static bool is_base64url(char c) { return is_letter(c) || is_digit(c) || c == '-' || c == '_'; }

/* ---- entropy ---- */

/* log2(n) in 1/65536: its whole part is a position, and squaring gives one more binary digit each time. */
static uint64_t log2_of(uint64_t n)
{
	unsigned whole = 63u - (unsigned)__builtin_clzll(n);
	uint64_t x = whole > 31 ? n >> (whole - 31) : n << (31 - whole), out = whole; /* 1 <= x / 2^31 < 2 */

	for (int i = 0; i < FRACTION; i++) {
		x = x * x >> 31;
		out = out << 1 | x >> 32;
		x >>= x >> 32;
	}
	return out;
}

uint32_t secret_entropy(struct secret_span v)
{
	uint64_t counts[256] = { 0 }, sum = 0;

	if (!v.len)
		return 0;
	for (size_t i = 0; i < v.len; i++)
		counts[(unsigned char)v.at[i]]++;
	for (size_t i = 0; i < N_ELEMENTS(counts); i++)
		if (counts[i])
			sum += counts[i] * log2_of(counts[i]);
	return (uint32_t)(log2_of(v.len) - sum / v.len);
}

static bool has_blank(struct secret_span v)
{
	for (size_t i = 0; i < v.len; i++)
		if ((unsigned char)v.at[i] <= ' ')
			return true;
	return false;
}

bool secret_is_random(struct secret_span v)
{
	return v.len >= RANDOM_MIN && !has_blank(v) && secret_entropy(v) > ENTROPY_MIN;
}

bool secret_is_password(struct secret_span v, unsigned kinds)
{
	bool lower = false, upper = false, digit = false, other = false;

	if (v.len < PASSWORD_MIN || v.len > PASSWORD_MAX || has_blank(v))
		return false;
	for (size_t i = 0; i < v.len; i++) {
		lower |= is_lower(v.at[i]);
		upper |= is_upper(v.at[i]);
		digit |= is_digit(v.at[i]);
		other |= !is_letter(v.at[i]) && !is_digit(v.at[i]);
	}
	return (unsigned)(lower + upper + digit + other) >= kinds;
}

/* ---- what only stands for something ---- */

static char lower_of(char c)
{
	return is_upper(c) ? (char)(c - 'A' + 'a') : c;
}

static bool same_letters(const char *a, const char *word, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (lower_of(a[i]) != word[i])
			return false;
	return true;
}

static bool begins(struct secret_span v, const char *word)
{
	size_t n = strlen(word);

	return v.len >= n && same_letters(v.at, word, n);
}

static bool holds(struct secret_span v, const char *word)
{
	size_t n = strlen(word);

	for (size_t i = 0; i + n <= v.len; i++)
		if (same_letters(v.at + i, word, n))
			return true;
	return false;
}

static bool is_placeholder(struct secret_span v)
{
	static const char *const inside[] = {
		"changeme", "change-me", "change_me", "changethis", "change-this", "change_this", "example", "placeholder", "your-", "your_", "yourpassword",
		"yoursecret", "yourtoken", "xxxx", "****", "....", "replace", "redacted", "dummy", "insert", "not-a-real", "notreal", "not_a_real", "insecure",
		"${", "$(", "{{", "<", ">", "to-be-", "to_be_", "todo", "fixme", "unset", "not-set", "not_set", "undefined",
	};
	static const char *const whole[] = { "password", "passwd", "secret", "token", "test", "testing", "default", "none", "null", "true", "false", "admin",
					     "root", "postgres", "guest", "sample", "fake", "foobar", "mysecretpassword", "secretpassword", "my-secret-pw" };

	for (size_t i = 0; i < N_ELEMENTS(inside); i++)
		if (holds(v, inside[i]))
			return true;
	for (size_t i = 0; i < N_ELEMENTS(whole); i++)
		if (v.len == strlen(whole[i]) && begins(v, whole[i]))
			return true;
	return false;
}

/* "$NAME", "%NAME%", "@file", "env:NAME", "vault:path", "arn:...": the secret is elsewhere. */
static bool is_reference(struct secret_span v)
{
	static const char *const heads[] = { "env:", "file:", "vault:", "arn:", "secret:", "secretref:", "secretsmanager:", "ssm:", "op://", "ref+", "sops:",
					     "kms:", "gcp-secret:", "projects/", "@sec" };
	size_t i = 1;

	for (size_t k = 0; k < N_ELEMENTS(heads); k++)
		if (begins(v, heads[k]))
			return true;
	if (v.len > 2 && v.at[0] == '%' && v.at[v.len - 1] == '%')
		return true;
	if (v.len < 2 || v.at[0] != '$' || !(is_letter(v.at[1]) || v.at[1] == '_'))
		return false;
	while (i < v.len && (is_upper(v.at[i]) || is_digit(v.at[i]) || v.at[i] == '_'))
		i++;
	return i == v.len;
}

/* With user and password a URL is more than an address, but then that is found for itself. */
static bool is_path_or_url(struct secret_span v)
{
	size_t i = 0;

	if (v.len && (v.at[0] == '/' || v.at[0] == '~'))
		return true;
	if (begins(v, "./") || begins(v, "../") || (v.len > 2 && is_letter(v.at[0]) && v.at[1] == ':' && (v.at[2] == '\\' || v.at[2] == '/')))
		return true;
	while (i < v.len && (is_letter(v.at[i]) || v.at[i] == '+' || is_digit(v.at[i])))
		i++;
	return i > 0 && v.len > i + 3 && memcmp(v.at + i, "://", 3) == 0;
}

static bool is_uuid(struct secret_span v)
{
	if (v.len != 36)
		return false;
	for (size_t i = 0; i < v.len; i++)
		if (i == 8 || i == 13 || i == 18 || i == 23 ? v.at[i] != '-' : !is_hex(v.at[i]))
			return false;
	return true;
}

/* "sha256:...", "sha512-...", "md5:..." */
static bool is_digest(struct secret_span v)
{
	static const char *const heads[] = { "sha1:", "sha1-", "sha256:", "sha256-", "sha384:", "sha384-", "sha512:", "sha512-", "md5:" };

	for (size_t i = 0; i < N_ELEMENTS(heads); i++)
		if (begins(v, heads[i]))
			return true;
	return false;
}

/* Digits and dots, with at most a short word: "v1.2.3-rc.1", "1:10.11.6+maria~ubu2204", "60s". */
static bool is_version_or_number(struct secret_span v)
{
	size_t i = 0, letters = 0, digits = 0;

	if (i < v.len && (v.at[i] == 'v' || v.at[i] == 'V' || v.at[i] == '-' || v.at[i] == '+'))
		i++;
	if (i == v.len || !is_digit(v.at[i]))
		return false;
	for (; i < v.len; i++) {
		letters += is_letter(v.at[i]);
		digits += is_digit(v.at[i]);
		if (!is_letter(v.at[i]) && !is_digit(v.at[i]) && !is_one_of(v.at[i], ".:-_+~,"))
			return false;
	}
	return letters == 0 || (memchr(v.at, '.', v.len) && letters <= 12 && digits <= 12);
}

/* "my-application-secrets", "com.example.Thing", "BillingServiceToken": letters, in words that are parted, or that begin with a capital. */
static bool is_words(struct secret_span v)
{
	size_t parts = 1, run = 0, longest = 0, upper = 0, lower = 0;

	for (size_t i = 0; i < v.len; i++) {
		char c = v.at[i];

		if (is_letter(c)) {
			bool begins_word = is_upper(c) && i && is_lower(v.at[i - 1]);

			upper += is_upper(c);
			lower += is_lower(c);
			parts += begins_word;
			run = begins_word ? 1 : run + 1;
		} else if (is_one_of(c, "-_./: ,")) {
			parts += run > 0;
			run = 0;
		} else {
			return false;
		}
		longest = run > longest ? run : longest;
	}
	/* In a random mix of both cases words begin everywhere. */
	return longest <= 20 && (upper == 0 || lower == 0 ? parts > 1 : parts * 3 < upper + lower);
}

bool secret_is_harmless(struct secret_span v)
{
	return is_placeholder(v) || is_reference(v) || is_path_or_url(v) || is_uuid(v) || is_digest(v) || is_version_or_number(v) || is_words(v);
}

/* ---- parts ---- */

static const char *find(struct secret_span v, const char *text)
{
	return v.len ? memmem(v.at, v.len, text, strlen(text)) : NULL;
}

static int base64_digit(char c)
{
	if (is_upper(c))
		return c - 'A';
	if (is_lower(c))
		return c - 'a' + 26;
	if (is_digit(c))
		return c - '0' + 52;
	return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

/* As many whole bytes as there are, at most `size`. */
static size_t base64_bytes(struct secret_span v, char *out, size_t size)
{
	uint32_t bits = 0;
	size_t n = 0;
	int have = 0;

	for (size_t i = 0; i < v.len && n < size; i++) {
		int digit = base64_digit(v.at[i]);

		if (digit < 0)
			break;
		bits = (bits << 6 | (uint32_t)digit) & 0xffffff;
		have += 6;
		if (have >= 8) {
			have -= 8;
			out[n++] = (char)(bits >> have & 0xff);
		}
	}
	return n;
}

/* "-----BEGIN RSA PRIVATE KEY-----": at most this far from the dashes. */
enum { HEAD_MAX = 64 };

static bool is_private_head(struct secret_span v)
{
	static const char begin[] = "-----BEGIN ";
	struct secret_span head = { v.at, v.len < HEAD_MAX ? v.len : HEAD_MAX };
	const char *end;

	if (!begins(head, "-----begin ") || memcmp(head.at, begin, sizeof(begin) - 1) != 0)
		return false;
	end = memmem(head.at + 5, head.len - 5, "-----", 5);
	if (!end)
		return false;
	head.len = (size_t)(end - head.at);
	return find(head, "PRIVATE KEY") != NULL;
}

bool secret_private_key(struct secret_span value, struct secret_span *out)
{
	static const char plain[] = "-----BEGIN ", encoded[] = "LS0tLS1CRUdJTi"; /* the same in base 64 */
	struct secret_span rest = value;
	char head[HEAD_MAX] = "";

	for (const char *at = find(rest, plain); at; at = find(rest, plain)) {
		rest = (struct secret_span){ at, (size_t)(value.at + value.len - at) };
		if (is_private_head(rest)) {
			*out = rest;
			return true;
		}
		rest.at += 5;
		rest.len -= 5;
	}
	rest = value;
	for (const char *at = find(rest, encoded); at; at = find(rest, encoded)) {
		rest = (struct secret_span){ at, (size_t)(value.at + value.len - at) };
		if (is_private_head((struct secret_span){ head, base64_bytes(rest, head, sizeof(head)) })) {
			*out = rest;
			return true;
		}
		rest.at++;
		rest.len--;
	}
	return false;
}

/* One "://" after the other; each of them ends what belonged to the one before. */
bool secret_url_password(struct secret_span value, struct secret_span *out)
{
	struct secret_span rest = value;

	for (const char *at = find(rest, "://"); at; at = find(rest, "://")) {
		const char *end = value.at + value.len, *colon = NULL, *host = NULL;

		rest = (struct secret_span){ at + 3, (size_t)(end - at - 3) };
		for (const char *p = rest.at; p < end && !memchr("/?# \t\n\"'", *p, 9); p++) {
			if (*p == ':' && !colon)
				colon = p;
			if (*p == '@')
				host = p; /* the last one: a password may hold one that nobody encoded */
		}
		if (at == value.at || !colon || !host || host <= colon + 1)
			continue;
		*out = (struct secret_span){ colon + 1, (size_t)(host - colon - 1) };
		return true;
	}
	return false;
}

/* One part of a token: how long it is. */
static size_t part_length(const char *p, const char *end)
{
	size_t n = 0;

	while (p + n < end && is_base64url(p[n]))
		n++;
	return n;
}

/* At `p`: "eyJ...", ".", "eyJ...", ".", and a signature. *len: of all. */
static bool is_web_token(const char *p, const char *end, size_t *len)
{
	enum { PART_MIN = 12, SIGNATURE_MIN = 20 };
	size_t n[3], at = 0;

	for (size_t i = 0; i < N_ELEMENTS(n); i++) {
		if (i && (p + at >= end || p[at++] != '.'))
			return false;
		if (i < 2 && (end - p - (ptrdiff_t)at < 3 || memcmp(p + at, "eyJ", 3) != 0)) /* '{"' */
			return false;
		n[i] = part_length(p + at, end);
		at += n[i];
	}
	*len = at;
	return n[0] >= PART_MIN && n[1] >= PART_MIN && n[2] >= SIGNATURE_MIN;
}

bool secret_web_token(struct secret_span value, struct secret_span *out)
{
	const char *end = value.at + value.len;
	const char *p = value.at;

	while (p < end) {
		size_t run = part_length(p, end), len;

		if (run == 0) {
			p++;
			continue;
		}
		if (is_web_token(p, end, &len)) {
			*out = (struct secret_span){ p, len };
			return true;
		}
		p += run;
	}
	return false;
}
