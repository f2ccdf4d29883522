/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "init/fault.h"

struct sink { char *at; size_t left; };

static void sink_byte(struct sink *s, char c)
{
	if (s->left > 1) {
		*s->at++ = c;
		s->left--;
	}
}

static void sink_text(struct sink *s, const char *text)
{
	if (!text)
		text = "(null)";
	while (*text)
		sink_byte(s, *text++);
}

static void sink_number(struct sink *s, unsigned long n, unsigned int base)
{
	char digits[24];
	size_t used = 0;

	do {
		digits[used++] = "0123456789abcdef"[n % base];
		n /= base;
	} while (n);
	while (used)
		sink_byte(s, digits[--used]);
}

static void sink_signed(struct sink *s, long n)
{
	if (n < 0)
		sink_byte(s, '-');
	sink_number(s, n < 0 ? 0UL - (unsigned long)n : (unsigned long)n, 10);
}

size_t fault_vformat(char *out, size_t size, const char *fmt, va_list ap)
{
	struct sink s = { out, size };

	if (!size)
		return 0;
	for (; *fmt; fmt++) {
		if (*fmt != '%') {
			sink_byte(&s, *fmt);
			continue;
		}
		bool is_long = *++fmt == 'l';
		if (is_long)
			fmt++;
		switch (*fmt) {
		case 's': sink_text(&s, va_arg(ap, const char *)); break;
		case 'c': sink_byte(&s, (char)va_arg(ap, int)); break;
		case 'd': sink_signed(&s, is_long ? va_arg(ap, long) : va_arg(ap, int)); break;
		case 'u': sink_number(&s, is_long ? va_arg(ap, unsigned long) : va_arg(ap, unsigned int), 10); break;
		case 'x': sink_number(&s, is_long ? va_arg(ap, unsigned long) : va_arg(ap, unsigned int), 16); break;
		case '\0': fmt--; break;
		default: sink_byte(&s, *fmt); break;
		}
	}
	*s.at = '\0';
	return (size_t)(s.at - out);
}

size_t fault_format(char *out, size_t size, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	size_t len = fault_vformat(out, size, fmt, ap);
	va_end(ap);
	return len;
}

int fault_sys(struct fault *f, const char *fmt, ...)
{
	int code = errno ? errno : EIO;
	va_list ap;

	va_start(ap, fmt);
	size_t len = fault_vformat(f->text, sizeof(f->text), fmt, ap);
	va_end(ap);
	fault_format(f->text + len, sizeof(f->text) - len, ": %s", strerror(code));
	f->code = code;
	return -code;
}

int fault_set(struct fault *f, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fault_vformat(f->text, sizeof(f->text), fmt, ap);
	va_end(ap);
	f->code = code > 0 ? code : EINVAL;
	return -f->code;
}

int fault_wrap(struct fault *f, const char *fmt, ...)
{
	char inner[FAULT_TEXT];
	va_list ap;

	memcpy(inner, f->text, sizeof(inner));
	va_start(ap, fmt);
	size_t len = fault_vformat(f->text, sizeof(f->text), fmt, ap);
	va_end(ap);
	fault_format(f->text + len, sizeof(f->text) - len, ": %s", inner);
	if (f->code <= 0)
		f->code = EIO;
	return -f->code;
}

void fault_clean(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}

void fault_say(const char *fmt, ...)
{
	char line[FAULT_TEXT + 64];
	va_list ap;

	va_start(ap, fmt);
	size_t len = fault_vformat(line, sizeof(line) - 1, fmt, ap);
	va_end(ap);
	fault_clean(line);
	line[len++] = '\n';
	if (write(STDERR_FILENO, line, len) < 0)
		return;	/* standard error is gone: nobody is left to tell */
}
