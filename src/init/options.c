/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "init/options.h"
#include "init/privs.h"

#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "0"
#endif

/* ---- values ---- */

/* Decimal digits only, up to `most`: no sign, no blank, nothing behind (CVE-2026-30892). */
static int read_number(const char *text, size_t len, uint32_t most, uint32_t *out)
{
	uint64_t n = 0;

	if (!len || len > 10)
		return -EINVAL;
	for (; len; len--, text++) {
		if (*text < '0' || *text > '9')
			return -EINVAL;
		n = n * 10 + (uint64_t)(*text - '0');
	}
	if (n > most)
		return -EINVAL;
	*out = (uint32_t)n;
	return 0;
}

static int take_rewrite(struct options *o, const char *value, struct fault *f)
{
	size_t len = strcspn(value, ":");
	int from = signals_number(value, len), to = value[len] ? signals_number(value + len + 1, strlen(value + len + 1)) : -1;

	if (from <= 0 || to < 0)
		return fault_set(f, EINVAL, "--rewrite takes SIGNAL:SIGNAL, as in 15:3 or TERM:QUIT, with 0 to swallow; not `%s`", value);
	o->pid1.rewrite[from] = (uint8_t)to;
	return 0;
}

static int take_single(struct options *o, const char *value, struct fault *f)
{
	(void)value;
	(void)f;
	o->pid1.new_session = o->pid1.to_group = o->pid1.hang_up = false;
	return 0;
}

static int take_group(struct options *o, const char *value, struct fault *f)
{
	(void)value;
	(void)f;
	o->pid1.to_group = true;
	return 0;
}

static int take_verbose(struct options *o, const char *value, struct fault *f)
{
	(void)value;
	(void)f;
	o->pid1.verbosity++;
	return 0;
}

static int take_subreaper(struct options *o, const char *value, struct fault *f)
{
	(void)value;
	(void)f;
	o->subreaper = true;
	return 0;
}

static int take_warn(struct options *o, const char *value, struct fault *f)
{
	(void)value;
	(void)f;
	o->pid1.warn_reaped = true;
	return 0;
}

static int take_parent_death(struct options *o, const char *value, struct fault *f)
{
	int sig = signals_number(value, strlen(value));

	if (sig <= 0)
		return fault_set(f, EINVAL, "-p takes a signal; not `%s`", value);
	o->parent_death = sig;
	return 0;
}

static int take_fine(struct options *o, const char *value, struct fault *f)
{
	uint32_t code;

	if (read_number(value, strlen(value), 255, &code))
		return fault_set(f, EINVAL, "-e takes an exit status from 0 to 255; not `%s`", value);
	o->pid1.fine[code / 64] |= UINT64_C(1) << (code % 64);
	return 0;
}

static int take_drain(struct options *o, const char *value, struct fault *f)
{
	if (pid1_seconds(value, &o->pid1.drain_ms))
		return fault_set(f, EINVAL, "--drain takes seconds, as in 5 or 0.5; not `%s`", value);
	return 0;
}

static int take_timeout(struct options *o, const char *value, struct fault *f)
{
	if (pid1_seconds(value, &o->pid1.timeout_ms))
		return fault_set(f, EINVAL, "--timeout takes seconds, as in 5 or 0.5; not `%s`", value);
	return 0;
}

static int take_user(struct options *o, const char *value, struct fault *f)
{
	static const uint32_t most = UINT32_MAX - 1;
	size_t len = strcspn(value, ":");
	const char *at = value + len;

	/* Numbers only: a name would be looked up in files of the image (CVE-2016-3697). */
	int bad = read_number(value, len, most, &o->uid);
	o->gid = o->uid;
	o->n_groups = 0;
	for (bool first = true; !bad && *at; first = false) {
		uint32_t gid = 0;

		len = strcspn(++at, ",");
		bad = read_number(at, len, most, &gid);
		if (first)
			o->gid = gid;
		else if (o->n_groups < OPTIONS_GROUPS)
			o->groups[o->n_groups++] = gid;
		else
			bad = -EINVAL;
		at += len;
	}
	if (bad)
		return fault_set(f, EINVAL, "--user takes numbers, UID[:GID[,GID...]]; not `%s`", value);
	o->has_user = true;
	return 0;
}

static int take_caps(struct options *o, const char *value, struct fault *f)
{
	o->has_caps = true;
	o->caps = 0;
	if (!strcmp(value, "none"))
		return 0;
	for (const char *at = value;; at++) {
		size_t len = strcspn(at, ",");
		int cap = privs_capability(at, len);

		if (cap < 0)
			return fault_set(f, EINVAL, "--caps takes capability names with commas between, or none; not `%s`", value);
		o->caps |= UINT64_C(1) << cap;
		at += len;
		if (!*at)
			return 0;
	}
}

static int take_no_new_privs(struct options *o, const char *value, struct fault *f)
{
	(void)value;
	(void)f;
	o->no_new_privs = true;
	return 0;
}

static int take_seccomp(struct options *o, const char *value, struct fault *f)
{
	(void)f;
	o->seccomp = value;
	o->no_new_privs = true;
	return 0;
}

static int take_read_only(struct options *o, const char *value, struct fault *f)
{
	(void)value;
	(void)f;
	o->read_only = true;
	return 0;
}

static int take_help(struct options *o, const char *value, struct fault *f)
{
	(void)value;
	(void)f;
	o->wish = WISH_HELP;
	return 0;
}

static int take_version(struct options *o, const char *value, struct fault *f)
{
	(void)value;
	(void)f;
	o->wish = WISH_VERSION;
	return 0;
}

static int take_licence(struct options *o, const char *value, struct fault *f)
{
	(void)value;
	(void)f;
	o->wish = WISH_LICENCE;
	return 0;
}

/* ---- the table ---- */

enum { O = DIALECT_OWN, D = DIALECT_DUMB_INIT, T = DIALECT_TINI };

/* clang-format off */
static const struct rule {
	char letter;
	unsigned char dialects;		/* of the letter; long names hold in all */
	const char *name, *takes;
	int (*take)(struct options *, const char *value, struct fault *);
	const char *help;
} rules[] = {
	{ 'c', O | D,     "single-child",  NULL,           take_single,       "no session of its own; signals go to the child alone" },
	{ 'r', O | D,     "rewrite",       "SIGNAL:SIGNAL", take_rewrite,     "send the second instead of the first; 0 swallows it" },
	{ 'g', O | T,     "group",         NULL,           take_group,        "signals go to the child's process group" },
	{ 's', O | T,     "subreaper",     NULL,           take_subreaper,    "reap orphans though not PID 1" },
	{ 'p', O | T,     "parent-death",  "SIGNAL",       take_parent_death, "be sent this when our parent dies" },
	{ 'e', O | T,     "expect",        "STATUS",       take_fine,         "exit with 0 when the child exits so; may be repeated" },
	{ 'w', O | T,     "warn",          NULL,           take_warn,         "say when an orphan is reaped" },
	{ 0,   0,         "drain",         "SECONDS",      take_drain,        "when the child has ended: TERM to the rest, wait, KILL" },
	{ 0,   0,         "timeout",       "SECONDS",      take_timeout,      "after a TERM: KILL the child if it still runs" },
	{ 0,   0,         "user",          "UID[:GID[,GID...]]", take_user,   "run as this user and these groups, and no other" },
	{ 0,   0,         "caps",          "LIST|none",    take_caps,         "keep these capabilities and no other" },
	{ 0,   0,         "no-new-privs",  NULL,           take_no_new_privs, "no program gains privileges" },
	{ 0,   0,         "seccomp",       "FILE|@NAME",   take_seccomp,      "filter system calls; sets no_new_privs" },
	{ 0,   0,         "read-only",     NULL,           take_read_only,    "refuse to run on a root file system that is writable" },
	{ 'v', O | D | T, "verbose",       NULL,           take_verbose,      "say what is done; more when repeated" },
	{ 'V', O | D,     "version",       NULL,           take_version,      "print the version" },
	{ 'l', O | T,     "license",       NULL,           take_licence,      "print the licence" },
	{ 'h', O | D | T, "help",          NULL,           take_help,         "print this" },
};
/* clang-format on */
enum { N_RULES = sizeof(rules) / sizeof(rules[0]) };

/* ---- the command line ---- */

static const struct rule *find_letter(const struct options *o, char letter)
{
	for (size_t i = 0; i < N_RULES; i++)
		if (rules[i].letter == letter && (rules[i].dialects & o->dialect))
			return &rules[i];
	return NULL;
}

static const struct rule *find_name(const char *name, size_t len)
{
	for (size_t i = 0; i < N_RULES; i++)
		if (!strncmp(rules[i].name, name, len) && !rules[i].name[len])
			return &rules[i];
	return NULL;
}

/* One "--name", "--name=value" or "--name value"; *used counts the arguments taken. */
static int parse_long(struct options *o, char *const argv[], int *used, struct fault *f)
{
	const char *name = argv[0] + 2, *value = NULL;
	size_t len = strcspn(name, "=");
	const struct rule *r = find_name(name, len);

	*used = 1;
	if (!r)
		return fault_set(f, EINVAL, "unknown option `%s`", argv[0]);
	if (name[len] == '=')
		value = name + len + 1;
	if (value && !r->takes)
		return fault_set(f, EINVAL, "option `--%s` takes no value", r->name);
	if (!value && r->takes) {
		value = argv[1];
		*used = 2;
	}
	if (r->takes && !value)
		return fault_set(f, EINVAL, "option `--%s` needs a value: %s", r->name, r->takes);
	return r->take(o, value, f);
}

/* "-vvg", "-p TERM", "-pTERM". */
static int parse_short(struct options *o, char *const argv[], int *used, struct fault *f)
{
	*used = 1;
	for (const char *at = argv[0] + 1; *at; at++) {
		const struct rule *r = find_letter(o, *at);
		const char *value = NULL;

		if (!r)
			return fault_set(f, EINVAL, "unknown option `-%c`", *at);
		if (r->takes) {
			value = at[1] ? at + 1 : argv[1];
			*used = at[1] ? 1 : 2;
			if (!value)
				return fault_set(f, EINVAL, "option `-%c` needs a value: %s", *at, r->takes);
		}
		int rc = r->take(o, value, f);
		if (rc || r->takes)
			return rc;
	}
	return 0;
}

static enum options_dialect dialect_of(const char *name)
{
	/* clang-format off */
	static const struct { const char *name; enum options_dialect dialect; } names[] = {
		{ "dumb-init", DIALECT_DUMB_INIT },
		{ "tini", DIALECT_TINI }, { "tini-static", DIALECT_TINI }, { "docker-init", DIALECT_TINI },
	};
	/* clang-format on */

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(name, names[i].name))
			return names[i].dialect;
	return DIALECT_OWN;
}

static void start_from_dialect(struct options *o)
{
	struct pid1 *p = &o->pid1;

	p->verbosity = 1;
	if (o->dialect == DIALECT_TINI)
		p->new_group = true;
	else
		p->new_session = p->to_group = p->hang_up = p->suspend = true;
}

int options_parse(struct options *o, char *const argv[], struct fault *f)
{
	int used = 0, rc = 0;

	memset(o, 0, sizeof(*o));
	o->name = "caisson-init";
	if (argv[0]) {
		const char *slash = strrchr(argv[0], '/');
		o->name = slash ? slash + 1 : argv[0];
		argv++;
	}
	o->dialect = dialect_of(o->name);
	pid1_init(&o->pid1, o->name);
	start_from_dialect(o);

	for (; *argv && argv[0][0] == '-' && argv[0][1] && !rc && o->wish == WISH_RUN; argv += used) {
		if (!strcmp(*argv, "--")) {
			argv++;
			break;
		}
		rc = argv[0][1] == '-' ? parse_long(o, argv, &used, f) : parse_short(o, argv, &used, f);
	}
	o->command = *argv ? argv : NULL;
	if (!rc && o->wish == WISH_RUN && !o->command)
		rc = fault_set(f, EINVAL, "no command given; try `%s --help`", o->name);
	return rc;
}

int options_from_environment(struct options *o, struct fault *f)
{
	struct pid1 *p = &o->pid1;

	if (o->dialect != DIALECT_TINI) {
		const char *debug = getenv("DUMB_INIT_DEBUG"), *session = getenv("DUMB_INIT_SETSID");
		if (debug && !strcmp(debug, "1"))
			p->verbosity = 2;
		if (session && !strcmp(session, "0"))
			(void)take_single(o, NULL, f);
	}
	if (o->dialect != DIALECT_DUMB_INIT) {
		const char *verbosity = getenv("TINI_VERBOSITY");
		uint32_t n = 0;
		if (verbosity && read_number(verbosity, strlen(verbosity), 9, &n))
			return fault_set(f, EINVAL, "TINI_VERBOSITY is no number: `%s`", verbosity);
		if (verbosity)
			p->verbosity = (int)n;
		o->subreaper = o->subreaper || getenv("TINI_SUBREAPER");
		p->to_group = p->to_group || getenv("TINI_KILL_PROCESS_GROUP");
	}
	/* In a session of its own the child's group is an orphan, and the kernel drops these there: only SIGSTOP stops it. */
	static const uint8_t stops[] = { SIGTSTP, SIGTTIN, SIGTTOU };
	for (size_t i = 0; i < sizeof(stops) && p->new_session; i++)
		if (p->rewrite[stops[i]] == stops[i])
			p->rewrite[stops[i]] = SIGSTOP;
	return 0;
}

/* ---- answers ---- */

static void put(const char *text)
{
	if (write(STDOUT_FILENO, text, strlen(text)) < 0)
		return;	/* nobody reads it */
}

static void put_help(const struct options *o)
{
	enum { COLUMN = 36 };
	char line[256];

	fault_format(line, sizeof(line), "Usage: %s [OPTION...] [--] COMMAND [ARGUMENT...]\n\n"
		     "Runs COMMAND as its child: forwards signals, reaps orphans, exits as it does.\n\n", o->name);
	put(line);
	for (const struct rule *r = rules; r < rules + N_RULES; r++) {
		size_t len = r->dialects & o->dialect ? fault_format(line, sizeof(line), "  -%c, --%s%s%s", r->letter, r->name,
								     r->takes ? " " : "", r->takes ? r->takes : "") :
							fault_format(line, sizeof(line), "      --%s%s%s", r->name,
								     r->takes ? " " : "", r->takes ? r->takes : "");
		while (len < COLUMN)
			line[len++] = ' ';
		fault_format(line + len, sizeof(line) - len, " %s\n", r->help);
		put(line);
	}
	put("\nCalled dumb-init or tini (docker-init), it has their short options and defaults.\n");
}

void options_answer(const struct options *o)
{
	switch (o->wish) {
	case WISH_HELP: put_help(o); break;
	case WISH_LICENCE: put("caisson-init is licensed under the Apache License, Version 2.0.\n"); break;
	case WISH_VERSION:
		put(o->dialect == DIALECT_DUMB_INIT ? "dumb-init v1.2.5 (caisson-init " PACKAGE_VERSION ")\n" :
		    o->dialect == DIALECT_TINI	    ? "tini version 0.19.0 (caisson-init " PACKAGE_VERSION ")\n" :
						      "caisson-init version " PACKAGE_VERSION "\n");
		break;
	case WISH_RUN: break;
	}
}
