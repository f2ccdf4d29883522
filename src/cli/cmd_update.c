/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "cli/cli.h"
#include "container/lifecycle.h"
#include "spec/spec.h"

struct update_options {
	const char *resources;
	const char *memory, *memory_reservation, *memory_swap;
	const char *cpu_period, *cpu_quota, *cpu_burst, *cpu_share, *cpu_rt_period, *cpu_rt_runtime,
		*cpu_idle;
	const char *cpuset_cpus, *cpuset_mems, *pids_limit, *blkio_weight;
	const char *l3_cache_schema, *mem_bw_schema;
};

#define AT(member) offsetof(struct update_options, member)

static const struct cli_option update_options[] = {
	{ "resources", 'r', CLI_STRING, AT(resources), "FILE|-",
	  "read all limits from a JSON file; other options are ignored then" },
	{ "memory", 0, CLI_STRING, AT(memory), "BYTES",
	  "memory limit; suffixes k m g t; -1 for none" },
	{ "memory-reservation", 0, CLI_STRING, AT(memory_reservation), "BYTES",
	  "memory that is left when memory is short" },
	{ "memory-swap", 0, CLI_STRING, AT(memory_swap), "BYTES",
	  "limit of memory and swap together; -1 for none" },
	{ "cpu-period", 0, CLI_STRING, AT(cpu_period), "USEC", "length of a CPU period" },
	{ "cpu-quota", 0, CLI_STRING, AT(cpu_quota), "USEC",
	  "CPU time per period; -1 for no limit" },
	{ "cpu-burst", 0, CLI_STRING, AT(cpu_burst), "USEC",
	  "unused CPU time that may be saved up" },
	{ "cpu-share", 0, CLI_STRING, AT(cpu_share), "N",
	  "share of CPU time beside other containers" },
	{ "cpu-rt-period", 0, CLI_STRING, AT(cpu_rt_period), "USEC",
	  "length of a real-time period" },
	{ "cpu-rt-runtime", 0, CLI_STRING, AT(cpu_rt_runtime), "USEC",
	  "real-time CPU time per period" },
	{ "cpu-idle", 0, CLI_STRING, AT(cpu_idle), "0|1",
	  "1: run only when nothing else wants the CPU" },
	{ "cpuset-cpus", 0, CLI_STRING, AT(cpuset_cpus), "LIST", "CPUs to run on, such as 0-3,6" },
	{ "cpuset-mems", 0, CLI_STRING, AT(cpuset_mems), "LIST", "memory nodes to use" },
	{ "pids-limit", 0, CLI_STRING, AT(pids_limit), "N",
	  "most processes and threads; -1 for no limit" },
	{ "blkio-weight", 0, CLI_STRING, AT(blkio_weight), "N", "share of block I/O, 10 to 1000" },
	{ "l3-cache-schema", 0, CLI_STRING, AT(l3_cache_schema), "SCHEMA",
	  "cache share of a container with linux.intelRdt" },
	{ "mem-bw-schema", 0, CLI_STRING, AT(mem_bw_schema), "SCHEMA",
	  "bandwidth share of a container with linux.intelRdt, MB:..." },
	/* The kernel has forgotten both. */
	{ "kernel-memory", 0, CLI_IGNORED, 0, "BYTES", NULL },
	{ "kernel-memory-tcp", 0, CLI_IGNORED, 0, "BYTES", NULL },
	{ 0 },
};

static int read_bytes(const char *option, const char *text, struct opt_i64 *out, struct err *e)
{
	uint64_t n;

	if (!text)
		return 0;
	if (strcmp(text, "-1") == 0) {
		*out = (struct opt_i64){ .set = true, .v = -1 };
		return 0;
	}
	if (str_size(text, &n) < 0 || n > INT64_MAX)
		return err_set(e, EINVAL, "--%s: \"%s\" is not a number of bytes, such as 512m",
			       option, text);
	*out = (struct opt_i64){ .set = true, .v = (int64_t)n };
	return 0;
}

static int read_unsigned(const char *option, const char *text, struct opt_u64 *out, struct err *e)
{
	if (!text)
		return 0;
	if (str_u64(text, &out->v) < 0)
		return err_set(e, EINVAL, "--%s: \"%s\" is not a number", option, text);
	out->set = true;
	return 0;
}

static int read_signed(const char *option, const char *text, struct opt_i64 *out, struct err *e)
{
	if (!text)
		return 0;
	if (str_i64(text, &out->v) < 0)
		return err_set(e, EINVAL, "--%s: \"%s\" is not a number", option, text);
	out->set = true;
	return 0;
}

static int from_flags(const struct update_options *o, struct resources *r, struct err *e)
{
	const struct {
		const char *option, *text;
		struct opt_i64 *out;
	} bytes[] = {
		{ "memory", o->memory, &r->memory.limit }, { "memory-reservation", o->memory_reservation, &r->memory.reservation },
		{ "memory-swap", o->memory_swap, &r->memory.swap },
	}, numbers[] = {
		{ "cpu-quota", o->cpu_quota, &r->cpu.quota }, { "cpu-rt-runtime", o->cpu_rt_runtime, &r->cpu.realtime_runtime },
		{ "cpu-idle", o->cpu_idle, &r->cpu.idle }, { "pids-limit", o->pids_limit, &r->pids_limit },
	};
	const struct {
		const char *option, *text;
		struct opt_u64 *out;
	} counts[] = {
		{ "cpu-period", o->cpu_period, &r->cpu.period },
		{ "cpu-burst", o->cpu_burst, &r->cpu.burst },
		{ "cpu-share", o->cpu_share, &r->cpu.shares },
		{ "cpu-rt-period", o->cpu_rt_period, &r->cpu.realtime_period },
		{ "blkio-weight", o->blkio_weight, &r->blkio.weight },
	};
	int result = 0;

	for (size_t i = 0; result == 0 && i < N_ELEMENTS(bytes); i++)
		result = read_bytes(bytes[i].option, bytes[i].text, bytes[i].out, e);
	for (size_t i = 0; result == 0 && i < N_ELEMENTS(numbers); i++)
		result = read_signed(numbers[i].option, numbers[i].text, numbers[i].out, e);
	for (size_t i = 0; result == 0 && i < N_ELEMENTS(counts); i++)
		result = read_unsigned(counts[i].option, counts[i].text, counts[i].out, e);
	r->cpu.cpus = o->cpuset_cpus;
	r->cpu.mems = o->cpuset_mems;
	return result;
}

static int from_file(struct arena *a, const char *file, const struct resources **out, struct err *e)
{
	auto_free char *text = NULL;
	size_t len = 0;
	int r = strcmp(file, "-") == 0
			? fd_read_all(STDIN_FILENO, SPEC_MAX_BYTES, &text, &len, e)
			: fd_read_file(AT_FDCWD, file, SPEC_MAX_BYTES, &text, &len, e);

	if (r == 0)
		r = spec_parse_resources(a, text, len, out, e);
	return r < 0 ? err_wrap(e, "--resources %s", file) : 0;
}

static int update(const struct cli_globals *g, const struct update_options *o, const char *id,
		  struct err *e)
{
	auto_arena a = { 0 };
	struct resources flags = { 0 };
	const struct resources *asked = &flags;
	int r;

	const struct intel_rdt rdt = { .set = true, .l3_schema = o->l3_cache_schema, .mb_schema = o->mem_bw_schema };
	const char *wrong;

	wrong = o->l3_cache_schema ? spec_rdt_cache(o->l3_cache_schema) : NULL;
	if (wrong)
		return err_set(e, EINVAL, "--l3-cache-schema: %s", wrong);
	wrong = o->mem_bw_schema ? spec_rdt_bandwidth(o->mem_bw_schema) : NULL;
	if (wrong)
		return err_set(e, EINVAL, "--mem-bw-schema: %s", wrong);
	r = o->resources ? from_file(&a, o->resources, &asked, e) : from_flags(o, &flags, e);
	return r < 0 ? r : container_update(g->root, id, asked, rdt.l3_schema || rdt.mb_schema ? &rdt : NULL, e);
}

static int update_run(const struct cli_globals *g, const void *options, int argc, char *const *argv)
{
	struct err e = { 0 };

	(void)argc;
	return update(g, options, argv[0], &e) < 0 ? cli_fail(&e, 1) : 0;
}

const struct cli_command cmd_update = {
	.name = "update",
	.operands = "ID",
	.summary = "change the limits of a container",
	.options = update_options,
	.options_size = sizeof(struct update_options),
	.min = 1,
	.max = 1,
	.run = update_run,
};
