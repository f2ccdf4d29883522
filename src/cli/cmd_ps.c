/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "cli/cli.h"
#include "kernel/cgroup.h"

enum { PS_MAX_BYTES = 64 * 1024 * 1024 };

struct ps_options {
	const char *format;
};

static const struct cli_option ps_options[] = {
	{ "format", 'f', CLI_STRING, offsetof(struct ps_options, format), "table|json",
	  "table: what ps(1) of the host says; json: an array of pids" },
	{ 0 },
};

struct pids {
	pid_t *v;
	size_t n;
};

static int container_pids(const struct cli_globals *g, const char *id, struct pids *out,
			  struct err *e)
{
	auto_state_dir d = STATE_DIR_INIT;
	auto_arena a = { 0 };
	const struct state *s;
	ssize_t n;
	int r = cli_state(g, id, &a, &d, &s, e);

	if (r < 0)
		return r;
	if (state_status(&d, s) == STATUS_STOPPED)
		return 0;
	if (s->cgroup.mode == CGROUP_NONE) {
		/* Without a cgroup the first process is the one that is known. */
		out->v = malloc(sizeof(*out->v));
		if (!out->v)
			return err_set(e, ENOMEM, "out of memory");
		out->v[out->n++] = s->pid;
		return 0;
	}
	n = cgroup_pids(&s->cgroup, &out->v, e);
	if (n < 0)
		return (int)n;
	out->n = (size_t)n;
	return 0;
}

static int compare_pids(const void *a, const void *b)
{
	const pid_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static int print_json(const struct pids *p, struct err *e)
{
	printf("[");
	for (size_t i = 0; i < p->n; i++)
		printf("%s%d", i ? "," : "", (int)p->v[i]);
	printf("]\n");
	return cli_flush(e);
}

extern char **environ;

/* Starts the host's ps with its output in a pipe. */
static int spawn_ps(char *const *argv, int *out_fd, pid_t *out_pid, struct err *e)
{
	posix_spawn_file_actions_t actions;
	auto_fd int in = -1, out = -1;
	int pipe_fds[2], r;

	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return err_sys(e, "pipe");
	in = pipe_fds[0];
	out = pipe_fds[1];
	r = posix_spawn_file_actions_init(&actions);
	if (r == 0) {
		r = posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
		if (r == 0)
			r = posix_spawnp(out_pid, argv[0], &actions, NULL, argv, environ);
		(void)posix_spawn_file_actions_destroy(&actions); /* frees memory, cannot fail */
	}
	if (r != 0)
		return err_code(e, r, "run ps: install it (procps), or use --format json");
	*out_fd = fd_take(&in);
	return 0;
}

static int read_ps(int argc, char *const *argv, char **text, struct err *e)
{
	static char ps[] = "ps", every[] = "-ef";
	char **words = calloc((size_t)argc + 3, sizeof(*words));
	auto_fd int fd = -1;
	size_t len = 0;
	pid_t pid = 0;
	int r, status = 0;

	if (!words)
		return err_set(e, ENOMEM, "out of memory");
	words[0] = ps;
	words[1] = every;
	for (int i = 0; i < argc; i++)
		words[i + 1] = argv[i];
	r = spawn_ps(words, &fd, &pid, e);
	free(words);
	if (r < 0)
		return r;
	r = fd_read_all(fd, PS_MAX_BYTES, text, &len, e);
	fd_close(&fd);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (r < 0)
		return err_wrap(e, "read from ps");
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return err_set(e, EIO, "ps failed");
	return 0;
}

/* The words of a line of ps are told apart by blanks. Returns the number of the word "PID", or -1.
 */
static int pid_column(const char *line)
{
	int column = 0;

	for (;;) {
		size_t len;

		line += strspn(line, " \t");
		len = strcspn(line, " \t\n");
		if (len == 0)
			return -1;
		if (len == 3 && memcmp(line, "PID", 3) == 0)
			return column;
		column++;
		line += len;
	}
}

static bool line_has_pid(const char *line, int column, const struct pids *p)
{
	char *end;
	long pid;

	for (line += strspn(line, " \t"); column > 0; column--) {
		line += strcspn(line, " \t\n");
		line += strspn(line, " \t");
	}
	pid = strtol(line, &end, 10);
	for (size_t i = 0; end != line && i < p->n; i++)
		if (p->v[i] == pid)
			return true;
	return false;
}

static int print_table(const struct pids *p, int argc, char *const *argv, struct err *e)
{
	auto_free char *text = NULL;
	char *line, *next;
	int column, r = read_ps(argc, argv, &text, e);

	if (r < 0)
		return r;
	column = pid_column(text);
	if (column < 0)
		return err_set(e, EINVAL,
			       "the output of ps has no column PID: choose other options for it");
	for (line = text; *line; line = next) {
		next = line + strcspn(line, "\n");
		if (*next)
			*next++ = '\0';
		if (line == text || line_has_pid(line, column, p))
			puts(line);
	}
	return cli_flush(e);
}

static int ps_run(const struct cli_globals *g, const void *options, int argc, char *const *argv)
{
	const struct ps_options *o = options;
	bool json = str_eq(o->format, "json");
	auto_free pid_t *owned = NULL;
	struct pids p = { 0 };
	struct err e = { 0 };
	int r = 0;

	if (o->format && !json && strcmp(o->format, "table") != 0)
		r = err_set(&e, EINVAL, "--format: \"%s\" is not table or json", o->format);
	if (r == 0)
		r = container_pids(g, argv[0], &p, &e);
	owned = p.v;
	if (r == 0 && p.n > 1)
		qsort(p.v, p.n, sizeof(*p.v), compare_pids);
	if (r == 0)
		r = json ? print_json(&p, &e) : print_table(&p, argc - 1, argv + 1, &e);
	return r < 0 ? cli_fail(&e, 1) : 0;
}

const struct cli_command cmd_ps = {
	.name = "ps",
	.operands = "ID [PS OPTION...]",
	.summary = "show the processes of a container",
	.details = "As a table, ps(1) of the host is run with the options given (default: -ef).",
	.options = ps_options,
	.options_size = sizeof(struct ps_options),
	.min = 1,
	.max = -1,
	.stop_at_operand = true,
	.run = ps_run,
};
