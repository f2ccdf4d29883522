/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"

#include <string.h>

/* "--name PATH, -n" as the help shows it. Returns its width. */
static int print_names(FILE *out, const struct cli_option *o)
{
	int n = fprintf(out, "   --%s", o->name);

	if (o->letter)
		n += fprintf(out, ", -%c", o->letter);
	if (o->value)
		n += fprintf(out, " %s", o->value);
	return n;
}

static void print_options(FILE *out, const struct cli_option *o)
{
	enum { COLUMN = 34 };

	for (; o->name; o++) {
		if (!o->help)
			continue;
		int width = print_names(out, o);

		if (width >= COLUMN - 1)
			fprintf(out, "\n%*s", COLUMN, "");
		else
			fprintf(out, "%*s", COLUMN - width, "");
		fprintf(out, "%s%s\n", o->help, o->type == CLI_LIST ? " (may be repeated)" : "");
	}
	fprintf(out, "   %-*s%s\n", COLUMN - 3, "--help, -h", "show this help");
}

/* Indented, line by line. */
static void print_details(const char *text)
{
	printf("\nDESCRIPTION:\n");
	while (*text) {
		size_t len = strcspn(text, "\n");

		printf("   %.*s\n", (int)len, text);
		text += len + (text[len] == '\n');
	}
}

void cli_print_help(const struct cli_command *c)
{
	const char *operands = c->operands ? c->operands : "";

	printf("NAME:\n   caisson %s - %s\n\n", c->name, c->summary);
	printf("USAGE:\n   caisson [global options] %s [options]%s%s\n", c->name,
	       *operands ? " " : "", operands);
	if (c->details)
		print_details(c->details);
	printf("\nOPTIONS:\n");
	print_options(stdout, c->options);
}

void cli_print_overview(FILE *out)
{
	fprintf(out,
		"NAME:\n   caisson - run containers, hardened\n\n"
		"USAGE:\n   caisson [global options] COMMAND [options] [operands]\n\nVERSION:\n   %s\n\nCOMMANDS:\n",
		cli_version());
	for (size_t i = 0; cli_commands[i]; i++)
		if (!cli_commands[i]->hidden)
			fprintf(out, "   %-12s %s\n", cli_commands[i]->name,
				cli_commands[i]->summary);
	fprintf(out, "\nGLOBAL OPTIONS:\n");
	print_options(out, cli_global_options);
}

/* roff: a backslash, or a dot or quote at the beginning of a line, would be instructions; a hyphen
 * would become a typographic one; an empty line would be a gap. */
static void roff_text(FILE *out, const char *s)
{
	for (char before = '\n'; *s; before = *s++) {
		if (before == '\n' && (*s == '.' || *s == '\''))
			fputs("\\&", out);
		if (*s == '-' || *s == '\\')
			fprintf(out, *s == '-' ? "\\-" : "\\e");
		else if (*s != '\n' || (before != '\n' && s[1] != '\0'))
			fputc(*s, out);
	}
}

static void roff_options(FILE *out, const struct cli_option *o)
{
	for (; o->name; o++) {
		if (!o->help)
			continue;
		fputs(".TP\n\\fB\\-\\-", out);
		roff_text(out, o->name);
		fputs("\\fR", out);
		if (o->letter)
			fprintf(out, ", \\fB\\-%c\\fR", o->letter);
		if (o->value) {
			fputs(" \\fI", out);
			roff_text(out, o->value);
			fputs("\\fR", out);
		}
		fputc('\n', out);
		roff_text(out, o->help);
		fputs(o->type == CLI_LIST ? " (may be repeated).\n" : ".\n", out);
	}
}

void cli_print_manual(FILE *out)
{
	fputs(".SH GLOBAL OPTIONS\n", out);
	roff_options(out, cli_global_options);
	fputs(".SH COMMANDS\n", out);
	for (size_t i = 0; cli_commands[i]; i++) {
		const struct cli_command *c = cli_commands[i];

		if (c->hidden)
			continue;
		fprintf(out, ".SS \"%s", c->name);
		fprintf(out, "%s%s\"\n", c->operands && *c->operands ? " " : "",
			c->operands ? c->operands : "");
		roff_text(out, c->summary);
		fputs(".\n", out);
		if (c->details) {
			fputs(".PP\n", out);
			roff_text(out, c->details);
			fputc('\n', out);
		}
		roff_options(out, c->options);
	}
}

static void completion_words(FILE *out, const struct cli_option *o, bool only_with_value)
{
	const char *space = "";

	for (; o->name; o++) {
		if (!o->help || (only_with_value && !o->value))
			continue;
		fprintf(out, "%s--%s", space, o->name);
		space = only_with_value ? "|" : " ";
		if (o->letter && only_with_value)
			fprintf(out, "|-%c", o->letter);
	}
}

static bool any_value(const struct cli_option *o)
{
	for (; o->name; o++)
		if (o->help && o->value)
			return true;
	return false;
}

/* Is the first operand the id of a container? Then the completion offers those that exist. */
static bool takes_id(const struct cli_command *c)
{
	return c->operands && strncmp(c->operands, "ID", 2) == 0 &&
	       strcmp(c->name, "create") != 0 && strcmp(c->name, "run") != 0;
}

static void completion_command(FILE *out, const struct cli_command *c)
{
	fprintf(out, "\t%s)\n\t\twords=\"", c->name);
	completion_words(out, c->options, false);
	fprintf(out, " --help\"\n");
	if (any_value(c->options)) {
		fputs("\t\tcase $prev in ", out);
		completion_words(out, c->options, true);
		fputs(") COMPREPLY=($(compgen -f -- \"$cur\")); return ;; esac\n", out);
	}
	if (takes_id(c))
		fputs("\t\t[[ $cur == -* ]] || words=$(\"${COMP_WORDS[0]}\" list -q 2>/dev/null)\n",
		      out);
	fputs("\t\t;;\n", out);
}

void cli_print_completion(FILE *out)
{
	fputs("# bash completion for caisson; made by `caisson completion`\n"
	      "_caisson()\n{\n"
	      "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command='' words i\n"
	      "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	      "\t\tcase ${COMP_WORDS[i]} in ",
	      out);
	completion_words(out, cli_global_options, true);
	fputs(") ((i++)) ;; -*) ;; *) command=${COMP_WORDS[i]}; break ;; esac\n"
	      "\tdone\n"
	      "\tcase $command in\n"
	      "\t'')\n\t\twords=\"",
	      out);
	completion_words(out, cli_global_options, false);
	for (size_t i = 0; cli_commands[i]; i++)
		if (!cli_commands[i]->hidden)
			fprintf(out, " %s", cli_commands[i]->name);
	fputs("\"\n\t\tcase $prev in ", out);
	completion_words(out, cli_global_options, true);
	fputs(") COMPREPLY=($(compgen -f -- \"$cur\")); return ;; esac\n\t\t;;\n", out);
	for (size_t i = 0; cli_commands[i]; i++)
		if (!cli_commands[i]->hidden)
			completion_command(out, cli_commands[i]);
	fputs("\tesac\n\tCOMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n}\ncomplete -o default -F _caisson caisson\n",
	      out);
}
