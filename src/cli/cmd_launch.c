/* SPDX-License-Identifier: Apache-2.0 */
/* caisson launch: a hardened container from a root file system, without an engine. */
#include <errno.h>
#include <stddef.h>

#include "base/fd.h"
#include "cli/cli.h"
#include "cli/launch.h"
#include "cli/report.h"
#include "policy/explain.h"

#define AT(member) offsetof(struct launch_options, member)

/* clang-format off */
const struct cli_option launch_option_table[] = {
	{ "policy", 0, CLI_STRING, AT(policy), "NAME",
	  "none, baseline, hardened, strict or a profile (default: strict, or what caisson.json says)" },
	{ "name", 0, CLI_STRING, AT(name), "ID", "name of the container (default: launch- and eight digits)" },
	{ "detach", 'd', CLI_BOOL, AT(detach), NULL, "run in the background and print the name" },
	{ "rm", 0, CLI_BOOL, AT(rm), NULL, "with -d: delete the container when it ends (in the foreground that is always so)" },
	{ "interactive", 'i', CLI_BOOL, AT(interactive), NULL, "pass standard input on" },
	{ "tty", 't', CLI_BOOL, AT(tty), NULL, "give it a terminal" },
	{ "init", 0, CLI_BOOL, AT(init), NULL, "caisson-init is PID 1: forwards signals, reaps orphans (the default)" },
	{ "no-init", 0, CLI_BOOL, AT(no_init), NULL, "the command itself is PID 1" },
	{ "user", 'u', CLI_STRING, AT(user), "USER[:GROUP]", "names or numbers; names are looked up in the root's own files "
		"(default: the image's)" },
	{ "env", 'e', CLI_LIST, AT(env), "KEY[=VALUE]", "set a variable; KEY alone passes the caller's on" },
	{ "env-file", 0, CLI_STRING, AT(env_file), "FILE", "read variables from FILE, one KEY=VALUE a line" },
	{ "workdir", 'w', CLI_STRING, AT(workdir), "DIR", "working directory" },
	{ "entrypoint", 0, CLI_STRING, AT(entrypoint), "PROGRAM", "run PROGRAM instead of the image's entry point" },
	{ "hostname", 0, CLI_STRING, AT(hostname), "NAME", "host name (default: the container's name)" },
	{ "read-only", 0, CLI_BOOL, AT(read_only), NULL, "the root cannot be written to (the default)" },
	{ "read-write", 0, CLI_BOOL, AT(read_write), NULL, "the root can be written to (not at level strict)" },
	{ "tmpfs", 0, CLI_LIST, AT(tmpfs), "PATH[:OPTIONS]", "mount an empty tmpfs" },
	{ "volume", 'v', CLI_LIST, AT(volume), "SRC:DST[:ro]", "mount a directory or file of the host" },
	{ "mount", 0, CLI_LIST, AT(mount), "type=bind|tmpfs,src=SRC,dst=DST[,readonly]", "the same in Docker's long form" },
	{ "cap-add", 0, CLI_LIST, AT(cap_add), "CAP", "give a capability, within the ceiling of the level" },
	{ "cap-drop", 0, CLI_LIST, AT(cap_drop), "CAP", "take a capability away; ALL takes every one" },
	{ "security-opt", 0, CLI_LIST, AT(security_opt), "OPTION", "no-new-privileges[:false], seccomp=FILE|unconfined, apparmor=PROFILE, "
		"label=disable|type:T" },
	{ "userns", 0, CLI_STRING, AT(userns), "auto|host", "user ids of its own (the default at level strict where the host has "
		"some to give), or the host's" },
	{ "network", 0, CLI_STRING, AT(network), "none|host|ns:PATH", "a network with loopback only (the default), the host's, or the "
		"one at PATH" },
	{ "memory", 'm', CLI_STRING, AT(memory), "SIZE", "limit of memory in bytes, or with k, m, g" },
	{ "cpus", 0, CLI_STRING, AT(cpus), "N", "limit of processor time, such as 1.5" },
	{ "pids-limit", 0, CLI_STRING, AT(pids_limit), "N", "limit of processes; -1 for none" },
	{ "ulimit", 0, CLI_LIST, AT(ulimit), "NAME=SOFT[:HARD]", "resource limit, such as nofile=1024:4096" },
	{ "stop-signal", 0, CLI_STRING, AT(stop_signal), "SIGNAL", "what SIGTERM to launch becomes (default: the image's, or SIGTERM)" },
	{ "stop-timeout", 0, CLI_STRING, AT(stop_timeout), "SECONDS", "from SIGTERM to SIGKILL (default: 10; 0 waits for ever); with -d "
		"caisson-init counts them, and only when they are given" },
	{ "drain", 0, CLI_STRING, AT(drain), "SECONDS", "when the command has ended, SIGTERM to what it left, that long to end, then "
		"SIGKILL" },
	{ "image-config", 0, CLI_STRING, AT(image_config), "FILE", "the image's configuration: OCI, Docker's, or the output of `docker "
		"inspect`" },
	{ "scan-report", 0, CLI_STRING, AT(scan_report), "FILE", "a scanner's report about the image, where a profile requires one (trivy, grype, "
		"snyk, SARIF)" },
	{ "label", 'l', CLI_LIST, AT(label), "KEY=VALUE", "label of the container; overrides the image's" },
	{ "pid-file", 0, CLI_STRING, AT(pid_file), "FILE", "write the pid of the container's first process to FILE" },
	{ "print-spec", 0, CLI_BOOL, AT(print_spec), NULL, "print the config.json that this amounts to, and change nothing" },
	{ "dry-run", 0, CLI_BOOL, AT(dry_run), NULL, "print what would be applied and why, and change nothing" },
	{ 0 },
};
/* clang-format on */

static int preview(struct launch *l, struct err *e)
{
	const struct spec *spec;
	const struct plan *plan;
	auto_free char *document = NULL;
	auto_str table = { 0 };
	size_t len;
	int r = launch_preview(l, &document, &len, e);

	if (r == 0 && l->o->print_spec) {
		r = cli_write(document, len, e);
		return r < 0 ? r : cli_write("\n", 1, e);
	}
	if (r == 0)
		r = launch_decide(l, document, len, &spec, &plan, e);
	if (r < 0)
		return r;
	explain_table(plan, spec, &table);
	return table.failed ? err_set(e, ENOMEM, "out of memory")
			    : cli_write(table.s, table.len, e);
}

/* What stops a launch before there is a plan is a decision too, where the policy made it. */
static void report_refusal(const struct launch *l, const struct err *e)
{
	struct decision d = launch_decision(l, NULL);

	if (l->policy.config && !l->o->print_spec && !l->o->dry_run)
		cli_report_failure(l->policy.config, &d, DECISION_REFUSED, e);
}

static int launch(const struct cli_globals *g, const void *options, int argc, char *const *argv)
{
	auto_arena a = { 0 };
	auto_launch l = { .root_fd = -1 };
	struct err e = { 0 };
	int r = launch_read(g, options, argc, argv, &a, &l, &e);

	if (r < 0)
		report_refusal(&l, &e);
	else
		r = l.o->print_spec || l.o->dry_run ? preview(&l, &e) : launch_run(g, &l, &e);
	/* As a shell shows it: 127 when there is no such program, 126 when it cannot be run. */
	if (r < 0 && str_starts(e.text, "exec: "))
		return cli_fail(&e, e.code == ENOENT ? 127 : 126);
	return r < 0 ? cli_fail(&e, 1) : r;
}

const struct cli_command cmd_launch = {
	.name = "launch",
	.operands = "ROOTFS [--] [COMMAND...]",
	.summary = "launch a hardened container from a root file system, without an engine",
	.details = "ROOTFS is a directory, which is used as it is, or a tar made by `docker "
		   "export` (plain, gzip, xz or zstd).\n"
		   "An archive is unpacked to /var/lib/caisson/roots/ID (as an ordinary user to\n"
		   "~/.local/share/caisson/roots/ID), and removed with the container.\n"
		   "Without COMMAND the image's entry point and command run (--image-config).\n",
	.options = launch_option_table,
	.options_size = sizeof(struct launch_options),
	.min = 1,
	.max = -1,
	.stop_at_operand = true,
	.run = launch,
};
