/* SPDX-License-Identifier: Apache-2.0 */
/*
 * filter_emit - writes the C file with the seccomp programs that caisson-init carries (include/init/builtin.h).
 *
 *	filter_emit [x86_64|aarch64] > builtin_filters.c
 *
 * Runs while caisson is built and is not installed. Without an argument: for the machine that it runs on. The sets are
 * @service and @container with no capability and native calls only.
 */
#include <linux/netlink.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/str.h"
#include "kernel/filter.h"
#include "kernel/filter_compile.h"
#include "kernel/filter_parts.h"

static const struct { const char *name; enum filter_set set; } sets[] = {
	{ "service", FILTER_SET_SERVICE },
	{ "container", FILTER_SET_CONTAINER },
};

static int emit(const char *name, enum filter_set set, uint32_t arch, struct err *e)
{
	/* As the levels have it: SERVER_FILTER in policy/levels.c (tests/unit/test_filter_builtin.c). */
	const struct plan_filter plan = { .own = {
		.set = set,
		.families = UINT64_C(1) << AF_UNIX | UINT64_C(1) << AF_INET | UINT64_C(1) << AF_INET6 | UINT64_C(1) << AF_NETLINK,
		.netlink = UINT64_C(1) << NETLINK_ROUTE,
		.ioctls = FILTER_TIOCSTI | FILTER_TIOCLINUX | FILTER_TIOCSETD,
	} };
	struct filter_input in = { 0 };
	struct filter_program p = { 0 };
	auto_arena a = { 0 };
	int rc = filter_policy_input(&a, &plan, &plan.own, arch, &in, e);

	if (rc == 0)
		rc = filter_compile(&a, &in, &p, e);
	filter_input_done(&in);
	if (rc < 0)
		return err_wrap(e, "@%s", name);
	printf("\nstatic const struct raw_insn %s_program[] = {\n", name);
	for (uint16_t i = 0; i < p.n; i++)
		printf("\t{ 0x%02x, %u, %u, 0x%08x },\n", p.insns[i].code, p.insns[i].jt, p.insns[i].jf, p.insns[i].k);
	printf("};\n");
	return 0;
}

static uint32_t arch_of(const char *name)
{
	if (!name)
		return filter_native_arch();
	if (str_eq(name, "x86_64"))
		return SCMP_ARCH_X86_64;
	if (str_eq(name, "aarch64") || str_eq(name, "arm64"))
		return SCMP_ARCH_AARCH64;
	return 0;
}

int main(int argc, char **argv)
{
	uint32_t arch = arch_of(argc > 1 ? argv[1] : NULL);
	struct err e = { 0 };

	if (!arch) {
		fprintf(stderr, "filter_emit: unknown architecture '%s': use x86_64 or aarch64\n", argv[1]);
		return EXIT_FAILURE;
	}
	printf("/* SPDX-License-Identifier: Apache-2.0 */\n/* Made by filter_emit; do not edit. */\n#include \"init/builtin.h\"\n");
	for (size_t i = 0; i < N_ELEMENTS(sets); i++)
		if (emit(sets[i].name, sets[i].set, arch, &e) < 0) {
			fprintf(stderr, "filter_emit: %s\n", e.text);
			return EXIT_FAILURE;
		}
	printf("\nconst struct init_builtin_filter init_builtin_filters[] = {\n");
	for (size_t i = 0; i < N_ELEMENTS(sets); i++)
		printf("\t{ \"%s\", %s_program, sizeof(%s_program) / sizeof(%s_program[0]) },\n", sets[i].name, sets[i].name,
		       sets[i].name, sets[i].name);
	printf("\t{ NULL, NULL, 0 },\n};\n");
	return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
