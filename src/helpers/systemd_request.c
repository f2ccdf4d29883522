/* SPDX-License-Identifier: Apache-2.0 */
/* The request: from lines to a message's properties. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "helpers/systemd_parts.h"

enum { WAIT_MAX_MS = 600 * 1000, BYTES_MAX = 4096 };

/* ---- lines ---- */

/* Cuts the first word off a line and returns it; what follows the blank stays in *line. */
static char *take_word(char **line)
{
	char *word = *line;
	size_t n = strcspn(word, " ");

	*line = word + n + (word[n] == ' ');
	word[n] = '\0';
	return word;
}

static const char *const verb_words[VERBS] = { [VERB_START] = "start", [VERB_SET] = "set", [VERB_STOP] = "stop" };

static int read_verb(struct request *r, const char *word, const char *rest)
{
	if (r->unit || !*rest)
		return -EINVAL;
	while (!str_eq(word, verb_words[r->verb]))
		r->verb++;
	r->unit = rest;
	return 0;
}

static int read_wait(struct request *r, const char *word, const char *rest)
{
	(void)word;
	return str_u32(rest, &r->wait_ms) < 0 || r->wait_ms > WAIT_MAX_MS ? -EINVAL : 0;
}

static int read_manager(struct request *r, const char *word, const char *rest)
{
	if (r->n_managers == N_ELEMENTS(r->managers) || *rest != '/')
		return -E2BIG;
	r->managers[r->n_managers++] = (struct manager){ rest, str_eq(word, "bus") };
	return 0;
}

static int read_property(struct request *r, char *type, char *rest)
{
	struct property *p = &r->v[r->n];
	char *at = strchr(type, '@');

	if (r->n == N_ELEMENTS(r->v))
		return -E2BIG;
	if (at)
		*at = '\0';
	if (at && str_u32(at + 1, &p->version) < 0)
		return -EINVAL;
	p->type = type;
	p->name = take_word(&rest);
	p->value = rest;
	r->n++;
	return *p->name ? 0 : -EINVAL;
}

static const struct { const char *word; int (*read)(struct request *, const char *, const char *); } heads[] = {
	{ "start", read_verb }, { "set", read_verb }, { "stop", read_verb }, { "wait", read_wait },
	{ "private", read_manager }, { "bus", read_manager },
};

static int read_line(struct request *r, char *line)
{
	char *word = take_word(&line);

	for (size_t i = 0; i < N_ELEMENTS(heads); i++)
		if (str_eq(word, heads[i].word))
			return heads[i].read(r, word, line);
	return read_property(r, word, line);
}

int request_parse(char *text, struct request *out, struct err *e)
{
	struct request r = { 0 };
	char *save = NULL;
	unsigned n = 0;

	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		n++;
		if (read_line(&r, line) < 0)
			return err_set(e, EPROTO, "request: line %u is not understood", n);
	}
	if (!r.unit || !r.wait_ms || !r.n_managers)
		return err_set(e, EPROTO, "request: a unit, a time and a manager are needed");
	*out = r;
	return 0;
}

/* ---- values ---- */

static int append_bool(sd_bus_message *m, const char *text)
{
	return sd_bus_message_append(m, "v", "b", (int)str_eq(text, "1"));
}

static int append_int(sd_bus_message *m, const char *text)
{
	int64_t v;

	if (str_i64(text, &v) < 0 || v < INT32_MIN || v > INT32_MAX)
		return -EINVAL;
	return sd_bus_message_append(m, "v", "i", (int32_t)v);
}

static int append_u64(sd_bus_message *m, const char *text)
{
	uint64_t v;

	return str_u64(text, &v) < 0 ? -EINVAL : sd_bus_message_append(m, "v", "t", v);
}

static int append_text(sd_bus_message *m, const char *text)
{
	return sd_bus_message_append(m, "v", "s", text);
}

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int append_bytes(sd_bus_message *m, const char *text)
{
	unsigned char bytes[BYTES_MAX];
	size_t n = strlen(text) / 2;

	if (strlen(text) % 2 || n > sizeof(bytes))
		return -EINVAL;
	for (size_t i = 0; i < n; i++) {
		int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);
		if (high < 0 || low < 0)
			return -EINVAL;
		bytes[i] = (unsigned char)(high << 4 | low);
	}
	int r = sd_bus_message_open_container(m, 'v', "ay");
	if (r >= 0)
		r = sd_bus_message_append_array(m, 'y', bytes, n);
	return r < 0 ? r : sd_bus_message_close_container(m);
}

/* Words one by one, or in pairs. */
static int append_words(sd_bus_message *m, const char *text, bool pairs)
{
	auto_free char *copy = strdup(text);
	const char *contents = pairs ? "(ss)" : "s";
	char *save = NULL;
	int r = copy ? sd_bus_message_open_container(m, 'v', pairs ? "a(ss)" : "as") : -ENOMEM;

	if (r >= 0)
		r = sd_bus_message_open_container(m, 'a', contents);
	if (r < 0)
		return r;
	for (char *word = strtok_r(copy, " ", &save); word && r >= 0; word = strtok_r(NULL, " ", &save)) {
		char *second = pairs ? strtok_r(NULL, " ", &save) : NULL;

		if (pairs)
			r = second ? sd_bus_message_append(m, "(ss)", word, second) : -EINVAL;
		else
			r = sd_bus_message_append(m, "s", word);
	}
	if (r >= 0)
		r = sd_bus_message_close_container(m);
	return r < 0 ? r : sd_bus_message_close_container(m);
}

static int append_strings(sd_bus_message *m, const char *text)
{
	return append_words(m, text, false);
}

static int append_pairs(sd_bus_message *m, const char *text)
{
	return append_words(m, text, true);
}

static const struct { const char *type; int (*append)(sd_bus_message *, const char *); } types[] = {
	{ "b", append_bool }, { "i", append_int }, { "t", append_u64 }, { "s", append_text },
	{ "ay", append_bytes }, { "as", append_strings }, { "a(ss)", append_pairs },
};

static int append_value(sd_bus_message *m, const struct property *p)
{
	for (size_t i = 0; i < N_ELEMENTS(types); i++)
		if (str_eq(p->type, types[i].type))
			return types[i].append(m, p->value);
	return -EINVAL;
}

int request_append(sd_bus_message *m, const struct request *r, uint32_t version, struct err *e)
{
	for (size_t i = 0; i < r->n; i++) {
		const struct property *p = &r->v[i];
		int s;

		if (version < p->version)
			continue;
		s = sd_bus_message_open_container(m, 'r', "sv");
		if (s >= 0)
			s = sd_bus_message_append(m, "s", p->name);
		if (s >= 0)
			s = append_value(m, p);
		if (s >= 0)
			s = sd_bus_message_close_container(m);
		if (s < 0)
			return err_code(e, -s, "request: property %s", p->name);
	}
	return 0;
}
