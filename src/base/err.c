/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

/* What a hostile name or a hook's output holds must not forge a second line in a log, nor steer a terminal. */
static void err_printable(struct err *e)
{
	for (char *p = e->text; *p; p++)
		if (*p == '\t' || *p == '\n' || *p == '\r')
			*p = ' ';
	str_printable(e->text, strlen(e->text), "");
}

/* A text that was cut must not end in half a character (UTF-8). */
static void err_whole_characters(struct err *e)
{
	size_t n = strlen(e->text), back = 0;

	if (n < sizeof(e->text) - 1)
		return;
	while (back < 3 && back + 1 < n && ((unsigned char)e->text[n - 1 - back] & 0xc0) == 0x80)
		back++;
	if (str_character(e->text + n - 1 - back) != back + 1)
		e->text[n - 1 - back] = '\0';
}

static void err_tidy(struct err *e)
{
	err_whole_characters(e);
	err_printable(e);
}

__attribute__((format(printf, 4, 0)))
static int err_put(struct err *e, int code, int with_reason, const char *fmt, va_list ap)
{
	int n = vsnprintf(e->text, sizeof(e->text), fmt, ap);
	size_t at = n < 0 ? 0 : (size_t)n;

	if (with_reason && at < sizeof(e->text) - 1)
		snprintf(e->text + at, sizeof(e->text) - at, ": %s", strerror(code));
	e->code = code > 0 ? code : EINVAL;
	e->class[0] = '\0';
	err_tidy(e);
	return -e->code;
}

int err_told(struct err *e, const char *doing)
{
	return e->code > 0 ? -e->code : err_set(e, EIO, "%s: failed without saying why", doing);
}

int err_class(struct err *e, const char *class)
{
	(void)snprintf(e->class, sizeof(e->class), "%s", class); /* a literal of ours, which fits */
	return -e->code;
}

int err_sys(struct err *e, const char *fmt, ...)
{
	int code = errno;
	va_list ap;

	va_start(ap, fmt);
	int r = err_put(e, code, 1, fmt, ap);
	va_end(ap);
	return r;
}

int err_code(struct err *e, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	int r = err_put(e, code, 1, fmt, ap);
	va_end(ap);
	return r;
}

int err_call(struct err *e, int code, const char *call, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	err_put(e, code, 0, fmt, ap);
	va_end(ap);
	return err_more(e, "%s(2): %s: %s", call, err_name(code), strerror(code));
}

int err_set(struct err *e, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	int r = err_put(e, code, 0, fmt, ap);
	va_end(ap);
	return r;
}

/* Puts ": inner" behind the first `at` bytes; what does not fit is cut. */
static void err_append(struct err *e, size_t at, const char *inner)
{
	const char *parts[] = { ": ", inner };

	for (size_t i = 0; i < 2; i++)
		for (const char *p = parts[i]; *p && at < sizeof(e->text) - 1; p++)
			e->text[at++] = *p;
	if (at < sizeof(e->text))
		e->text[at] = '\0';
}

int err_wrap(struct err *e, const char *fmt, ...)
{
	char inner[sizeof(e->text)];
	va_list ap;

	memcpy(inner, e->text, sizeof(inner));
	va_start(ap, fmt);
	int n = vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	if (n >= 0)
		err_append(e, (size_t)n, inner);
	if (e->code <= 0)
		e->code = EINVAL;
	err_tidy(e);
	return -e->code;
}

/* Formats behind what is there, between `open` and `close`; what does not fit is cut, `close` is not. */
__attribute__((format(printf, 3, 0)))
static int err_put_behind(struct err *e, const char *open, const char *fmt, const char *close, va_list ap)
{
	size_t at = strlen(e->text), room = sizeof(e->text) - at, ends = strlen(open) + strlen(close);

	if (room > ends + 1) {
		memcpy(e->text + at, open, strlen(open) + 1);
		at += strlen(open);
		(void)vsnprintf(e->text + at, room - ends, fmt, ap);
		at += strlen(e->text + at);
		memcpy(e->text + at, close, strlen(close) + 1);
	}
	if (e->code <= 0)
		e->code = EINVAL;
	err_tidy(e);
	return -e->code;
}

int err_more(struct err *e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	int r = err_put_behind(e, ": ", fmt, "", ap);
	va_end(ap);
	return r;
}

int err_hint(struct err *e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	int r = err_put_behind(e, " (", fmt, ")", ap);
	va_end(ap);
	return r;
}
