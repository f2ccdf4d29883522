/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool str_room(struct str *s, size_t more)
{
	if (s->failed || more > SIZE_MAX / 4 || s->len > SIZE_MAX / 4) {
		s->failed = true;
		return false;
	}
	size_t need = s->len + more + 1;
	if (need <= s->size)
		return true;
	size_t size = s->size ? s->size : 128;
	while (size < need)
		size *= 2;
	char *p = realloc(s->s, size);
	if (!p) {
		s->failed = true;
		return false;
	}
	s->s = p;
	s->size = size;
	return true;
}

void str_add_bytes(struct str *s, const void *p, size_t len)
{
	if (!str_room(s, len))
		return;
	if (len)
		memcpy(s->s + s->len, p, len);
	s->len += len;
	s->s[s->len] = '\0';
}

void str_add(struct str *s, const char *text)
{
	str_add_bytes(s, text, strlen(text));
}

void str_addf(struct str *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	int n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0) {
		s->failed = true;
		return;
	}
	if (!str_room(s, (size_t)n))
		return;
	va_start(ap, fmt);
	vsnprintf(s->s + s->len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	s->len += (size_t)n;
}

void str_done(struct str *s)
{
	free(s->s);
	*s = (struct str){ 0 };
}

bool str_eq(const char *a, const char *b)
{
	if (!a || !b)
		return a == b;
	return strcmp(a, b) == 0;
}

bool str_starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool str_in(const struct strings *list, const char *s)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->v[i], s) == 0)
			return true;
	return false;
}

size_t str_character(const char *s)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t n = p[0] < 0x80 ? 1 : (p[0] & 0xe0) == 0xc0 ? 2 : (p[0] & 0xf0) == 0xe0 ? 3 : (p[0] & 0xf8) == 0xf0 ? 4 : 0;

	for (size_t i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((n == 2 && p[0] < 0xc2) || (n == 3 && p[0] == 0xe0 && p[1] < 0xa0) || (n == 3 && p[0] == 0xed && p[1] > 0x9f) ||
	    (n == 4 && p[0] == 0xf0 && p[1] < 0x90) || (n == 4 && (p[0] > 0xf4 || (p[0] == 0xf4 && p[1] > 0x8f))))
		return 0;
	return n;
}

void str_printable(char *s, size_t len, const char *kept)
{
	for (size_t i = 0, n; i < len; i += n ? n : 1) {
		unsigned char c = (unsigned char)s[i], next = (unsigned char)s[i + 1];

		n = str_character(s + i);
		if (c && strchr(kept, c))
			continue;
		if (n == 0 || c < 0x20 || c == 0x7f)
			s[i] = '?';
		else if (n == 2 && c == 0xc2 && next < 0xa0) /* C1: a control sequence begins with one, too */
			s[i] = s[i + 1] = '?';
	}
}

/* Reads digits up to the first other byte; at least one. */
static int digits(const char **s, uint64_t *out)
{
	uint64_t v = 0;
	const char *p = *s;

	if (*p < '0' || *p > '9')
		return -EINVAL;
	for (; *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, (uint64_t)(*p - '0'), &v))
			return -ERANGE;
	*s = p;
	*out = v;
	return 0;
}

int str_u64(const char *s, uint64_t *out)
{
	uint64_t v;
	int r = digits(&s, &v);

	if (r < 0)
		return r;
	if (*s)
		return -EINVAL;
	*out = v;
	return 0;
}

int str_i64(const char *s, int64_t *out)
{
	bool minus = *s == '-';
	uint64_t v;
	int r = str_u64(s + minus, &v);

	if (r < 0)
		return r;
	if (v > (uint64_t)INT64_MAX + minus)
		return -ERANGE;
	*out = minus ? (int64_t)(0 - v) : (int64_t)v;
	return 0;
}

int str_u32(const char *s, uint32_t *out)
{
	uint64_t v;
	int r = str_u64(s, &v);

	if (r < 0)
		return r;
	if (v > UINT32_MAX)
		return -ERANGE;
	*out = (uint32_t)v;
	return 0;
}

int str_size(const char *s, uint64_t *out)
{
	static const char units[] = "bkmgt";
	uint64_t v;
	int r = digits(&s, &v);

	if (r < 0)
		return r;
	if (*s) {
		char c = *s | 0x20;
		const char *u = strchr(units, c);
		if (!u || !c)
			return -EINVAL;
		s++;
		if (*s && c != 'b' && strcasecmp(s, "b") != 0 && strcasecmp(s, "ib") != 0)
			return -EINVAL;
		if (*s && c == 'b')
			return -EINVAL;
		for (; u > units; u--)
			if (__builtin_mul_overflow(v, 1024, &v))
				return -ERANGE;
	}
	*out = v;
	return 0;
}

int str_seconds(const char *s, uint64_t *out)
{
	static const struct { char unit; uint64_t seconds; } units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 } };
	const char *start = s;
	uint64_t v;
	int r = digits(&s, &v);

	if (r < 0 || s - start > 7 || !s[0] || s[1])
		return -EINVAL;
	for (size_t i = 0; i < N_ELEMENTS(units); i++)
		if (units[i].unit == *s) {
			*out = v * units[i].seconds;
			return 0;
		}
	return -EINVAL;
}

static const char *skip_blanks(const char *s)
{
	return s + strspn(s, " ");
}

/* A number below n; NULL when there is none, or -ERANGE in *r. */
static const char *take_number(const char *s, size_t n, size_t *out, int *r)
{
	size_t digits = strspn(s, "0123456789"), v = 0;

	if (!digits) {
		*r = -EINVAL;
		return NULL;
	}
	for (size_t i = 0; i < digits && v < n; i++)
		v = v * 10 + (size_t)(s[i] - '0');
	if (v >= n) {
		*r = -ERANGE;
		return NULL;
	}
	*out = v;
	return skip_blanks(s + digits);
}

int str_bits(const char *s, uint64_t *out, size_t n)
{
	int r = -EINVAL;

	memset(out, 0, n / 8);
	do {
		size_t first, last;
		s = take_number(skip_blanks(s), n, &first, &r);
		last = first;
		if (s && *s == '-')
			s = take_number(skip_blanks(s + 1), n, &last, &r);
		if (!s)
			return r;
		if (last < first || (*s && *s != ','))
			return -EINVAL;
		for (size_t i = first; i <= last; i++)
			out[i / 64] |= UINT64_C(1) << i % 64;
	} while (*s++ == ',');
	return 0;
}

void free_p(void *p)
{
	void *what;

	memcpy(&what, p, sizeof(what)); /* p is a pointer to any kind of pointer */
	free(what);
}
