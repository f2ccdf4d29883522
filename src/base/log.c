/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"

/* The one writable state below cli/ (style.md section 1). */
static struct { int fd; bool json, debug; } sink = { .fd = STDERR_FILENO };

int log_open(const struct log_options *o, struct err *e)
{
	int fd = STDERR_FILENO;

	if (o->path) {
		fd = open(o->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0644);
		if (fd < 0)
			return err_sys(e, "open log file %s", o->path);
	}
	sink.fd = fd;
	sink.json = o->json;
	sink.debug = o->debug;
	return 0;
}

bool log_is_stderr(void)
{
	return sink.fd == STDERR_FILENO;
}

/* Engines give up on a log with one byte that is not JSON: what is not UTF-8 becomes the replacement character. */
static void add_json_text(struct str *s, const char *text)
{
	for (const unsigned char *p = (const unsigned char *)text; *p;) {
		size_t n = str_character((const char *)p);
		if (*p == '"' || *p == '\\')
			str_addf(s, "\\%c", *p);
		else if (*p < 0x20 || *p == 0x7f)
			str_addf(s, "\\u%04x", *p);
		else if (n)
			str_add_bytes(s, p, n);
		else
			str_add(s, "\\ufffd");
		p += n ? n : 1;
	}
}

__attribute__((format(printf, 3, 0)))
static void log_put(const char *level, const char *class, const char *fmt, va_list ap)
{
	char text[ERR_TEXT + 1024], when[32];
	time_t now = time(NULL);
	struct tm tm;
	auto_str line = { 0 };

	vsnprintf(text, sizeof(text), fmt, ap);
	gmtime_r(&now, &tm);
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);
	if (sink.json) {
		str_addf(&line, "{\"level\":\"%s\",\"msg\":\"", level);
		add_json_text(&line, text);
		if (class[0])
			str_addf(&line, "\",\"code\":\"%s", class);
		str_addf(&line, "\",\"time\":\"%s\"}\n", when);
	} else if (sink.fd == STDERR_FILENO) {
		str_addf(&line, "%s: %s\n", level, text);
	} else {
		str_addf(&line, "time=\"%s\" level=%s msg=\"", when, level);
		add_json_text(&line, text);
		str_add(&line, "\"\n");
	}
	if (!line.failed)
		(void)fd_write_all(sink.fd, line.s, line.len); /* a log that cannot be written has nobody to tell */
}

void log_error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_put("error", "", fmt, ap);
	va_end(ap);
}

__attribute__((format(printf, 2, 3)))
static void log_classed(const char *class, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_put("error", class, fmt, ap);
	va_end(ap);
}

void log_failure(const struct err *e)
{
	log_classed(e->class, "%s", e->text);
}

void log_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_put("warning", "", fmt, ap);
	va_end(ap);
}

void log_debug(const char *fmt, ...)
{
	va_list ap;

	if (!sink.debug)
		return;
	va_start(ap, fmt);
	log_put("debug", "", fmt, ap);
	va_end(ap);
}
