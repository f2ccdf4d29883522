/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"

/* One option word, taken apart. */
struct word {
	const char *dashes; /* "-" or "--", as in the error texts */
	const char *name;
	size_t len;        /* of the name, without "=value" */
	const char *value; /* after '=', or NULL */
};

struct parser {
	const struct cli_option *options;
	int argc, at; /* at: the word being read */
	char **argv;
	char *out; /* the command's own struct */
	bool help;
};

static bool cli_option_takes_value(const struct cli_option *o)
{
	return o->type == CLI_STRING || o->type == CLI_LIST || o->type == CLI_IGNORED;
}

static const struct cli_option *find_long(const struct cli_option *o, const char *name, size_t len)
{
	for (; o->name; o++)
		if (strlen(o->name) == len && memcmp(o->name, name, len) == 0)
			return o;
	return NULL;
}

static const struct cli_option *find_letter(const struct cli_option *o, char letter)
{
	for (; o->name; o++)
		if (o->letter == letter)
			return o;
	return NULL;
}

static int list_add(struct cli_list *l, const char *value, struct err *e)
{
	/* The strings stay where they are, in argv; only the array of pointers is ours. */
	const char **grown = realloc(l->v, (l->n + 2) * sizeof(*grown));

	if (!grown)
		return err_set(e, ENOMEM, "out of memory");
	l->v = grown;
	l->v[l->n++] = value;
	l->v[l->n] = NULL;
	return 0;
}

static int read_bool(const char *text, bool *out)
{
	static const struct {
		const char *word;
		bool v;
	} words[] = {
		{ "true", true },   { "1", true },  { "t", true },  { "yes", true },
		{ "false", false }, { "0", false }, { "f", false }, { "no", false },
	};

	for (size_t i = 0; i < N_ELEMENTS(words); i++) {
		if (strcasecmp(text, words[i].word) != 0)
			continue;
		*out = words[i].v;
		return 0;
	}
	return -EINVAL;
}

static int store(struct parser *p, const struct cli_option *o, const char *value, struct err *e)
{
	void *slot = p->out + o->offset;
	bool on = true;

	switch (o->type) {
	case CLI_BOOL:
	case CLI_IGNORED_BOOL:
		if (value && read_bool(value, &on) < 0)
			return err_set(
				e, EINVAL,
				"invalid boolean value \"%s\" for flag --%s: use true or false",
				value, o->name);
		if (o->type == CLI_BOOL)
			*(bool *)slot = on;
		return 0;
	case CLI_STRING:
		*(const char **)slot = value;
		return 0;
	case CLI_LIST:
		return list_add(slot, value, e);
	case CLI_IGNORED:
		return 0;
	}
	return 0;
}

/* The value of an option that needs one: what came after '=', or the next word whatever it looks
 * like. */
static int take_value(struct parser *p, const struct cli_option *o, const char *given,
		      struct err *e)
{
	if (!given) {
		if (p->at + 1 >= p->argc)
			return err_set(e, EINVAL, "flag needs an argument: --%s", o->name);
		given = p->argv[++p->at];
	}
	return store(p, o, given, e);
}

/* The first words are what runc's callers look for. */
static int unknown_option(const struct parser *p, const struct word *w, struct err *e)
{
	struct nearest n = nearest_to(w->name, w->len);

	for (const struct cli_option *o = p->options; o->name; o++)
		if (o->help)
			nearest_try(&n, o->name);
	err_set(e, EINVAL, "flag provided but not defined: -%.*s", (int)w->len, w->name);
	return n.best ? err_hint(e, "did you mean --%s?", n.best) : -EINVAL;
}

/* "-abc", "-nVALUE", "-n=VALUE". */
static int read_letters(struct parser *p, const struct word *w, struct err *e)
{
	for (const char *c = w->name; *c; c++) {
		const struct cli_option *o = find_letter(p->options, *c);

		if (!o && *c == 'h') {
			p->help = true;
			continue;
		}
		if (!o)
			return unknown_option(p, w, e);
		if (cli_option_takes_value(o)) {
			const char *rest = c[1] == '=' ? c + 2 : c[1] ? c + 1 : NULL;

			return take_value(p, o, rest, e);
		}
		if (c[1] == '=')
			return store(p, o, c + 2, e);
		int r = store(p, o, NULL, e);

		if (r < 0)
			return r;
	}
	return 0;
}

static int read_word(struct parser *p, const char *text, struct err *e)
{
	const char *equals;
	struct word w = { .dashes = text[1] == '-' ? "--" : "-" };
	const struct cli_option *o;

	w.name = text + strlen(w.dashes);
	equals = strchr(w.name, '=');
	w.len = equals ? (size_t)(equals - w.name) : strlen(w.name);
	w.value = equals ? equals + 1 : NULL;

	o = find_long(p->options, w.name, w.len);
	if (!o && w.len == 1 && w.name[0] != 'h')
		o = find_letter(p->options, w.name[0]);
	if (!o && w.len == 4 && memcmp(w.name, "help", 4) == 0) {
		p->help = true;
		return 0;
	}
	if (!o && w.dashes[1] == '\0')
		return read_letters(p, &w, e);
	if (!o)
		return unknown_option(p, &w, e);
	return cli_option_takes_value(o) ? take_value(p, o, w.value, e) : store(p, o, w.value, e);
}

int cli_parse(const struct cli_option *options, bool stop_at_operand, int argc, char **argv,
	      void *out, struct strings *operands, struct err *e)
{
	struct parser p = { .options = options, .argc = argc, .argv = argv, .out = out };
	int kept = 0;

	for (; p.at < argc; p.at++) {
		char *word = argv[p.at];

		if (strcmp(word, "--") == 0) {
			p.at++;
			break;
		}
		/* A lone "-" is an operand (standard input, as a rule). */
		if (word[0] == '-' && word[1] != '\0') {
			int r = read_word(&p, word, e);

			if (r < 0)
				return r;
			continue;
		}
		if (stop_at_operand)
			break;
		/* kept <= at: only words already read are overwritten. */
		argv[kept++] = word;
	}
	while (p.at < argc)
		argv[kept++] = argv[p.at++];
	if (kept < argc)
		argv[kept] = NULL;

	operands->n = (size_t)kept;
	operands->v = (const char *const *)argv;
	return p.help ? CLI_HELP_ASKED : 0;
}

void cli_options_done(const struct cli_option *options, void *out)
{
	for (; options->name; options++) {
		struct cli_list *l = (void *)((char *)out + options->offset);

		if (options->type != CLI_LIST)
			continue;
		free(l->v);
		*l = (struct cli_list){ 0 };
	}
}
