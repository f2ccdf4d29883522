/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/capname.h"
#include "base/fd.h"
#include "cli/bundle.h"
#include "cli/cli.h"
#include "cli/exec.h"

enum {
	STATUS_EXEC_FAILED = 255, /* what callers take for "the process never ran" */
};

struct exec_options {
	const char *console_socket, *pidfd_socket, *cwd, *user, *process, *pid_file, *process_label,
		*apparmor;
	const char *preserve_fds;
	struct cli_list env, groups, caps, cgroups;
	bool tty, detach, no_new_privs, ignore_paused;
};

#define AT(member) offsetof(struct exec_options, member)

static const struct cli_option exec_options[] = {
	{ "process", 'p', CLI_STRING, AT(process), "FILE",
	  "read the process from a JSON file instead of the flags" },
	{ "cwd", 0, CLI_STRING, AT(cwd), "DIR", "working directory, inside the container" },
	{ "env", 'e', CLI_LIST, AT(env), "NAME=VALUE", "add to the environment" },
	{ "tty", 't', CLI_BOOL, AT(tty), NULL, "give the process a terminal" },
	{ "user", 'u', CLI_STRING, AT(user), "UID[:GID]", "run as this user" },
	{ "additional-gids", 'g', CLI_LIST, AT(groups), "GID", "further group of the process" },
	{ "detach", 'd', CLI_BOOL, AT(detach), NULL,
	  "leave the process running in the background" },
	{ "pid-file", 0, CLI_STRING, AT(pid_file), "PATH", "file to write the process's pid to" },
	{ "console-socket", 0, CLI_STRING, AT(console_socket), "PATH",
	  "unix socket that receives the terminal's master" },
	{ "pidfd-socket", 0, CLI_STRING, AT(pidfd_socket), "PATH",
	  "unix socket that receives a pidfd of the process" },
	{ "cap", 'c', CLI_LIST, AT(caps), "CAPABILITY",
	  "add a capability, as far as the container's policy allows it" },
	{ "no-new-privs", 0, CLI_BOOL, AT(no_new_privs), NULL, "no program can gain privileges" },
	{ "apparmor", 0, CLI_STRING, AT(apparmor), "PROFILE", "AppArmor profile of the process" },
	{ "process-label", 0, CLI_STRING, AT(process_label), "LABEL",
	  "SELinux label of the process" },
	{ "preserve-fds", 0, CLI_STRING, AT(preserve_fds), "N",
	  "pass N more descriptors, from 3 on" },
	{ "cgroup", 0, CLI_LIST, AT(cgroups), "[CONTROLLERS:]PATH",
	  "run in a cgroup below the container's own" },
	{ "ignore-paused", 0, CLI_BOOL, AT(ignore_paused), NULL,
	  "go on in a paused container; the process waits for its end" },
	{ 0 },
};

/* All that one exec needs; the strings belong to the arena or to argv. */
struct exec {
	const struct cli_globals *g;
	const struct exec_options *o;
	struct arena *a;
	const char *id;
	int argc; /* the program and its arguments */
	char *const *argv;
};

static int out_of_memory(struct err *e)
{
	return err_set(e, ENOMEM, "out of memory");
}

static int read_file_process(const struct exec *x, const struct process **out, struct err *e)
{
	auto_free char *text = NULL;
	size_t len = 0;
	int r = fd_read_file(AT_FDCWD, x->o->process, SPEC_MAX_BYTES, &text, &len, e);

	if (r == 0)
		r = spec_parse_process(x->a, text, len, out, e);
	return r < 0 ? err_wrap(e, "--process %s", x->o->process) : 0;
}

static int add_env(const struct exec *x, struct process *p, struct err *e)
{
	const char **v;
	size_t n = p->env.n;

	if (x->o->env.n == 0)
		return 0;
	v = arena_array(x->a, n + x->o->env.n + 1, sizeof(*v));
	if (!v)
		return out_of_memory(e);
	for (size_t i = 0; i < n; i++)
		v[i] = p->env.v[i];
	for (size_t i = 0; i < x->o->env.n; i++) {
		const char *word = x->o->env.v[i], *equals = strchr(word, '=');

		if (!equals || equals == word)
			return err_set(e, EINVAL, "--env \"%s\": must be NAME=VALUE", word);
		v[n++] = word;
	}
	p->env = (struct strings){ .n = n, .v = v };
	return 0;
}

static int set_user(const struct exec *x, struct process *p, struct err *e)
{
	const char *text = x->o->user, *colon = text ? strchr(text, ':') : NULL;
	char *uid;

	if (!text)
		return 0;
	uid = arena_memdup(x->a, text, colon ? (size_t)(colon - text) : strlen(text));
	if (!uid)
		return out_of_memory(e);
	if (str_u32(uid, &p->uid) < 0 || (colon && str_u32(colon + 1, &p->gid) < 0))
		return err_set(e, EINVAL, "--user \"%s\": must be UID or UID:GID, as numbers",
			       text);
	return 0;
}

static int add_groups(const struct exec *x, struct process *p, struct err *e)
{
	const struct cli_list *l = &x->o->groups;
	uint32_t *v;

	if (l->n == 0)
		return 0;
	v = arena_array(x->a, p->groups.n + l->n, sizeof(*v));
	if (!v)
		return out_of_memory(e);
	for (size_t i = 0; i < p->groups.n; i++)
		v[i] = p->groups.v[i];
	for (size_t i = 0; i < l->n; i++)
		if (str_u32(l->v[i], &v[p->groups.n + i]) < 0)
			return err_set(e, EINVAL, "--additional-gids \"%s\": must be a number",
				       l->v[i]);
	p->groups = (struct ids){ .n = p->groups.n + l->n, .v = v };
	return 0;
}

/* Into bounding, effective and permitted; ambient only where the process inherits the capability
 * already. */
static int add_caps(const struct exec *x, struct process *p, struct err *e)
{
	for (size_t i = 0; i < x->o->caps.n; i++) {
		const char *name = x->o->caps.v[i];
		int cap = capname_find(name, strlen(name));

		if (cap < 0) {
			const char *near = capname_nearest(name, strlen(name));

			return err_set(e, EINVAL, "--cap: unknown capability \"%s\"%s%s%s", name,
				       near ? ": did you mean " : "", near ? near : "",
				       near ? "?" : "");
		}
		p->has_caps = true;
		p->caps.bounding |= CAP_BIT(cap);
		p->caps.effective |= CAP_BIT(cap);
		p->caps.permitted |= CAP_BIT(cap);
		p->caps.ambient |= p->caps.inheritable & CAP_BIT(cap);
	}
	return 0;
}

static int read_args(const struct exec *x, struct strings *out, struct err *e)
{
	const char **v = arena_array(x->a, (size_t)x->argc + 1, sizeof(*v));

	if (!v)
		return out_of_memory(e);
	for (int i = 0; i < x->argc; i++)
		v[i] = x->argv[i];
	*out = (struct strings){ .n = (size_t)x->argc, .v = v };
	return 0;
}

/* The container's own process as it was decided, with what the flags change. */
static int make_process(const struct exec *x, const struct process **out, struct err *e)
{
	static int (*const steps[])(const struct exec *, struct process *, struct err *) = {
		add_env, set_user, add_groups, add_caps,
	};
	const struct exec_options *o = x->o;
	const struct plan *plan;
	struct strings args;
	struct process *p = arena_alloc(x->a, sizeof(*p));
	int r = p ? cli_exec_plan(x->g, x->id, x->a, &plan, e) : out_of_memory(e);

	if (r == 0)
		r = read_args(x, &args, e);
	if (r < 0)
		return r;
	if (cli_exec_process(plan, &args, p, e) < 0)
		return err_more(e, "use --process FILE");
	if (o->cwd && o->cwd[0] != '/')
		return err_set(e, EINVAL, "--cwd \"%s\": must be an absolute path", o->cwd);
	p->terminal = o->tty;
	if (o->cwd)
		p->cwd = o->cwd;
	if (o->apparmor)
		p->apparmor = *o->apparmor ? o->apparmor : NULL;
	if (o->process_label)
		p->selinux = *o->process_label ? o->process_label : NULL;
	p->no_new_privs = p->no_new_privs || o->no_new_privs;
	for (size_t i = 0; r == 0 && i < N_ELEMENTS(steps); i++)
		r = steps[i](x, p, e);
	*out = p;
	return r;
}

static int exec_process(const struct exec *x, struct err *e)
{
	const struct exec_options *o = x->o;
	struct exec_request request = {
		.state_root = x->g->root,
		.id = x->id,
		.pidfd_socket = o->pidfd_socket,
		.ignore_paused = o->ignore_paused,
		.cgroups = o->cgroups.v,
		.n_cgroups = o->cgroups.n,
	};
	struct started s = { .pidfd = -1, .console = -1 };
	int status = 0, r = state_check_id(x->id, e);

	if (r == 0)
		r = o->process ? read_file_process(x, &request.process, e)
			       : make_process(x, &request.process, e);
	if (r == 0)
		r = bundle_check_console(request.process->terminal, o->detach, o->console_socket,
					 e);
	if (r == 0)
		r = bundle_preserved_fds(o->preserve_fds, &request.preserve_fds, NULL, e);
	if (r == 0)
		r = cli_absolute(x->a, o->pid_file, &request.pid_file, e);
	if (r < 0)
		return r;
	request.stdio = (struct stdio_request){
		.console_socket = o->console_socket,
		.detach = o->detach,
		.foreground_terminal = request.process->terminal && !o->detach,
	};
	r = cli_exec_start(x->g, &request, x->a, &s, e);
	if (r < 0)
		return r;
	if (!o->detach)
		status = container_wait(&s, e);
	fd_close(&s.pidfd);
	fd_close(&s.console);
	return status;
}

static int exec_run(const struct cli_globals *g, const void *options, int argc, char *const *argv)
{
	auto_arena a = { 0 };
	struct exec x = {
		.g = g, .o = options, .a = &a, .id = argv[0], .argc = argc - 1, .argv = argv + 1
	};
	struct err e = { 0 };
	int status;

	if (x.argc > 0 && strcmp(x.argv[0], "--") == 0) {
		x.argv++;
		x.argc--;
	}
	if (!x.o->process && x.argc == 0) {
		(void)err_set(&e, EINVAL, "\"exec\" requires a program to run, or --process FILE");
		return cli_fail(&e, 1);
	}
	if (x.o->process && x.argc > 0) {
		(void)err_set(&e, EINVAL,
			      "--process FILE names the program already: \"%s\" is one too many",
			      x.argv[0]);
		return cli_fail(&e, 1);
	}
	status = exec_process(&x, &e);
	if (status >= 0)
		return status;
	(void)err_wrap(&e, "exec failed");
	return cli_fail(&e, STATUS_EXEC_FAILED);
}

const struct cli_command cmd_exec = {
	.name = "exec",
	.operands = "ID [PROGRAM [ARGUMENT...]]",
	.summary = "run a further process in a running container",
	.details =
		"The policy that the container was made with holds for the process too. In the foreground the exit status is that "
		"of the program; 255 when it could not be run.",
	.options = exec_options,
	.options_size = sizeof(struct exec_options),
	.min = 1,
	.max = -1,
	.stop_at_operand = true,
	.run = exec_run,
};
