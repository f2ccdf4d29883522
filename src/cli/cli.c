/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "base/log.h"
#include "base/nearest.h"
#include "base/path.h"
#include "kernel/host.h"
#include "spec/spec.h"

#ifndef CAISSON_VERSION
#define CAISSON_VERSION "0.0.0"
#endif
#ifndef CAISSON_COMMIT
#define CAISSON_COMMIT ""
#endif

#define AT(member) offsetof(struct cli_globals, member)

const struct cli_option cli_global_options[] = {
	{ "root", 0, CLI_STRING, AT(root), "DIR",
	  "directory of the containers' state (default: /run/caisson, or "
	  "$XDG_RUNTIME_DIR/caisson for ordinary users)" },
	{ "policy", 0, CLI_STRING, AT(policy), "NAME",
	  "none, baseline, hardened, strict or a profile (default: by the name of the "
	  "program, as in caisson-strict; else baseline)" },
	{ "log", 0, CLI_STRING, AT(log), "FILE",
	  "append log records to FILE (default: standard error)" },
	{ "log-format", 0, CLI_STRING, AT(log_format), "text|json",
	  "form of the log records (default: text)" },
	{ "log-level", 0, CLI_STRING, AT(log_level), "LEVEL", "error, warning, info or debug" },
	{ "debug", 0, CLI_BOOL, AT(debug), NULL, "log debug records too" },
	{ "rootless", 0, CLI_STRING, AT(rootless), "true|false|auto",
	  "take a missing right to make cgroups as no cgroup" },
	{ "systemd-cgroup", 0, CLI_BOOL, AT(systemd_cgroup), NULL,
	  "systemd makes the cgroups: cgroupsPath is slice:prefix:name" },
	{ "cgroup-manager", 0, CLI_STRING, AT(cgroup_manager), "cgroupfs|systemd|disabled",
	  "who makes the cgroups" },
	{ "criu", 0, CLI_IGNORED, 0, "PATH", NULL },
	{ "version", 'v', CLI_BOOL, AT(version), NULL, "print the version" },
	{ 0 },
};

const struct cli_command *const cli_commands[] = {
	&cmd_launch,     &cmd_run,     &cmd_create,     &cmd_start,    &cmd_state,   &cmd_kill,
	&cmd_delete,     &cmd_exec,    &cmd_health,     &cmd_list,     &cmd_ps,       &cmd_pause,   &cmd_resume,
	&cmd_update,     &cmd_events,  &cmd_spec,       &cmd_features, &cmd_explain, &cmd_policy, &cmd_posture,
	&cmd_checkpoint, &cmd_restore, &cmd_completion, &cmd_help,     &cmd_manual,  NULL,
};

const char *cli_version(void)
{
	return CAISSON_VERSION;
}

const char *cli_commit(void)
{
	return *CAISSON_COMMIT ? CAISSON_COMMIT : "unknown";
}

void cli_print_version(const char *program, FILE *out)
{
	const struct scmp_version *v = seccomp_version();

	/* Engines look for "runc version" in the first line when the program is configured under
	 * that name. */
	fprintf(out, "%s version %s\n", str_eq(program, "runc") ? "runc" : "caisson",
		cli_version());
	fprintf(out, "commit: %s\nspec: %s\n", cli_commit(), SPEC_OCI_VERSION_MAX);
	if (v)
		fprintf(out, "libseccomp: %u.%u.%u\n", v->major, v->minor, v->micro);
}

int cli_fail(const struct err *e, int status)
{
	log_failure(e);
	if (!log_is_stderr())
		fprintf(stderr, "%s\n", e->text);
	return status ? status : 1;
}

int cli_flush(struct err *e)
{
	if (fflush(stdout) != 0 || ferror(stdout))
		return err_sys(e, "write to standard output");
	return 0;
}

int cli_write(const char *text, size_t len, struct err *e)
{
	(void)fwrite(text, 1, len, stdout); /* ferror tells */
	return cli_flush(e);
}

int cli_print_json(json_t *doc, size_t flags, struct err *e)
{
	char *text = doc ? json_dumps(doc, JSON_INDENT(2) | flags) : NULL;
	int r;

	json_decref(doc);
	if (!text)
		return err_set(e, ENOMEM, "out of memory");
	r = cli_write(text, strlen(text), e);
	free(text);
	return r < 0 ? r : cli_write("\n", 1, e);
}

int cli_absolute(struct arena *a, const char *path, const char **out, struct err *e)
{
	char cwd[PATH_MAX];

	if (!path) {
		*out = NULL;
		return 0;
	}
	if (path[0] == '\0')
		return err_set(e, EINVAL, "a path on the command line is empty");
	if (path[0] == '/') {
		*out = path;
		return 0;
	}
	if (!getcwd(cwd, sizeof(cwd)))
		return err_sys(e, "working directory");
	*out = arena_printf(a, "%s/%s", cwd, path);
	return *out ? 0 : err_set(e, ENOMEM, "out of memory");
}

bool cli_rootless(const struct cli_globals *g)
{
	if (str_eq(g->rootless, "true"))
		return true;
	return !str_eq(g->rootless, "false") && (geteuid() != 0 || host_in_user_namespace());
}

enum unit_manager cli_unit_manager(const struct cli_globals *g)
{
	if (!g->systemd_cgroup && !str_eq(g->cgroup_manager, "systemd"))
		return UNIT_NONE;
	return cli_rootless(g) ? UNIT_USER : UNIT_SYSTEM;
}

int cli_state(const struct cli_globals *g, const char *id, struct arena *a, struct state_dir *d,
	      const struct state **s, struct err *e)
{
	int r = state_dir_open(g->root, id, false, d, e);

	if (r < 0)
		return r;
	r = state_read(d, a, s, e);
	if (r == -ENODATA)
		return err_set(
			e, ENOENT,
			"container \"%s\" is half made, so for now the container does not exist",
			id);
	return r;
}

/* ---- the road to a command ---- */

static int check_word(const char *option, const char *given, const char *const *allowed,
		      struct err *e)
{
	auto_str words = { 0 };

	if (!given)
		return 0;
	for (size_t i = 0; allowed[i]; i++) {
		if (strcmp(allowed[i], given) == 0)
			return 0;
		str_addf(&words, "%s%s", i ? ", " : "", allowed[i]);
	}
	err_set(e, EINVAL, "invalid %s: %s", option, given);
	return words.failed ? -EINVAL : err_hint(e, "it is one of %s", words.s);
}

static int check_globals(const struct cli_globals *g, struct err *e)
{
	static const char *const formats[] = { "text", "json", NULL };
	static const char *const levels[] = { "error", "warning", "warn", "info", "debug", NULL };
	static const char *const rootless[] = { "true", "false", "auto", NULL };
	static const char *const managers[] = { "cgroupfs", "systemd", "disabled", NULL };
	const struct {
		const char *option, *given;
		const char *const *allowed;
	} words[] = {
		{ "log-format", g->log_format, formats },
		{ "log-level", g->log_level, levels },
		{ "rootless", g->rootless, rootless },
		{ "cgroup-manager", g->cgroup_manager, managers },
	};

	for (size_t i = 0; i < N_ELEMENTS(words); i++) {
		int r = check_word(words[i].option, words[i].given, words[i].allowed, e);

		if (r < 0)
			return r;
	}
	return 0;
}

/* The state root: absolute, and not the file system's own root, where containers' names would be
 * directories of the host. */
static int settle_root(struct cli_globals *g, char *out, size_t size, struct err *e)
{
	char joined[2 * PATH_MAX], cwd[PATH_MAX];
	int n;

	if (!g->root) {
		g->root = out;
		return state_default_root(out, size, e);
	}
	if (g->root[0] != '/' && !getcwd(cwd, sizeof(cwd)))
		return err_sys(e, "working directory");
	n = snprintf(joined, sizeof(joined), "%s%s%s", g->root[0] == '/' ? "" : cwd,
		     g->root[0] == '/' ? "" : "/", g->root);
	if (n < 0 || (size_t)n >= sizeof(joined) || path_clean(joined, out, size) < 0)
		return err_set(e, ENAMETOOLONG, "--root: the path is too long");
	if (strcmp(out, "/") == 0 || g->root[0] == '\0')
		return err_set(
			e, EINVAL,
			"--root: \"%s\" cannot hold the containers' state: name a directory of its own",
			g->root);
	g->root = out;
	return 0;
}

static const struct cli_command *find_command(const char *name)
{
	for (size_t i = 0; cli_commands[i]; i++)
		if (strcmp(cli_commands[i]->name, name) == 0)
			return cli_commands[i];
	return NULL;
}

int cli_unknown_command(const char *name, struct err *e)
{
	struct nearest n = nearest_to(name, strlen(name));

	for (size_t i = 0; cli_commands[i]; i++)
		if (!cli_commands[i]->hidden)
			nearest_try(&n, cli_commands[i]->name);
	err_set(e, EINVAL, "unknown command \"%s\": `caisson --help` lists them", name);
	return n.best ? err_hint(e, "did you mean `%s`?", n.best) : -EINVAL;
}

static int usage_status(const struct cli_command *c)
{
	return c && c->usage_status ? c->usage_status : 1;
}

/* Help on standard output and the error where errors go: what runc's callers expect of a wrong
 * command line. */
static int usage_error(const struct cli_command *c, const struct err *e)
{
	printf("Incorrect Usage.\n\n");
	if (c)
		cli_print_help(c);
	else
		cli_print_overview(stdout);
	(void)fflush(stdout); /* the error below is what counts */
	return cli_fail(e, usage_status(c));
}

static int check_operands(const struct cli_command *c, size_t n, struct err *e)
{
	if ((int)n >= c->min && (c->max < 0 || (int)n <= c->max))
		return 0;
	if (c->min == c->max)
		return err_set(e, EINVAL, "\"%s\" requires exactly %d argument%s, not %zu", c->name,
			       c->min, c->min == 1 ? "" : "s", n);
	if (c->max < 0)
		return err_set(e, EINVAL, "\"%s\" requires at least %d argument%s", c->name, c->min,
			       c->min == 1 ? "" : "s");
	return err_set(e, EINVAL, "\"%s\" requires from %d to %d arguments, not %zu", c->name,
		       c->min, c->max, n);
}

static int run_command(const struct cli_command *c, const struct cli_globals *g, int argc,
		       char **argv)
{
	void *options = calloc(1, c->options_size + 1);
	struct strings operands;
	struct err e = { 0 };
	int r, status;

	if (!options) {
		(void)err_set(&e, ENOMEM, "out of memory");
		return cli_fail(&e, 1);
	}
	r = cli_parse(c->options, c->stop_at_operand, argc, argv, options, &operands, &e);
	if (r == CLI_HELP_ASKED) {
		cli_print_help(c);
		status = cli_flush(&e) < 0 ? cli_fail(&e, 1) : 0;
	} else if (r < 0 || check_operands(c, operands.n, &e) < 0) {
		status = usage_error(c, &e);
	} else {
		status = c->run(g, options, (int)operands.n, argv);
	}
	cli_options_done(c->options, options);
	free(options);
	return status;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* The log comes first: an error in the rest of the command line belongs into it already. */
static int open_log(const struct cli_globals *g, struct err *e)
{
	const struct log_options o = {
		.path = g->log && *g->log ? g->log : NULL,
		.json = str_eq(g->log_format, "json"),
		.debug = g->debug || str_eq(g->log_level, "debug"),
	};

	return log_open(&o, e);
}

/* 0, 1, 2 must be something: a file opened later would land there and be taken for a stream. */
static int hold_streams(struct err *e)
{
	for (int fd = 0; fd <= 2; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		if (open("/dev/null", O_RDWR) != fd)
			return err_sys(e, "open /dev/null in place of a closed standard stream");
	}
	return 0;
}

/* Documents are hostile, so their hash tables need a seed nobody can guess. The kernel has put one
 * into every process already. */
static void seed_hashes(void)
{
	const void *random = (const void *)getauxval(AT_RANDOM);
	size_t seed = 0;

	if (random)
		memcpy(&seed, random, sizeof(seed));
	if (seed)
		json_object_seed(seed);
}

int cli_main(int argc, char **argv)
{
	struct cli_globals g = { .program = argc > 0 ? base_name(argv[0]) : "caisson" };
	const struct cli_command *c;
	struct strings rest;
	struct err e = { 0 }, log_err = { 0 };
	char root[PATH_MAX];
	int r;

	if (hold_streams(&e) < 0)
		return 1;
	seed_hashes();
	r = cli_parse(cli_global_options, true, argc - 1, argv + 1, &g, &rest, &e);
	if (open_log(&g, &log_err) < 0)
		return cli_fail(&log_err, 1);
	if (r < 0)
		return usage_error(NULL, &e);
	if (g.version || r == CLI_HELP_ASKED || rest.n == 0) {
		if (g.version)
			cli_print_version(g.program, stdout);
		else
			cli_print_overview(stdout);
		return cli_flush(&e) < 0 ? cli_fail(&e, 1) : 0;
	}
	c = find_command(rest.v[0]);
	if (check_globals(&g, &e) < 0)
		return cli_fail(&e, usage_status(c));
	if (!c) {
		(void)cli_unknown_command(rest.v[0], &e);
		return usage_error(NULL, &e);
	}
	/* Commands that need no state must work without a place for it, too. */
	if (settle_root(&g, root, sizeof(root), &e) < 0) {
		if (g.root != root)
			return cli_fail(&e, usage_status(c));
		root[0] = '\0'; /* container/state refuses it by name */
	}
	return run_command(c, &g, (int)rest.n - 1, argv + 2);
}
