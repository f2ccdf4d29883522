/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The programs that caisson-init carries for --seccomp @NAME, as filter_emit writes them, against the filters of the levels that
 * have these sets: @container is hardened's, @service strict's. The built-in ones are for a process without capabilities, so a
 * level differs from them by what it opens to a capability that the container keeps, and by nothing else.
 */
#include "merge_case.h"
#include "test_filter_sim.h"

#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/str.h"

static const struct { const char *set; enum level level; uint64_t caps; const char *opened; } builtin_cases[] = {
	{ "container", LEVEL_HARDENED, 0, NULL },
	{ "container", LEVEL_HARDENED, DOCKER_CAPS, "chroot" },	/* with SYS_CHROOT, which is among the ten */
	{ "service", LEVEL_STRICT, 0, NULL },
	{ "service", LEVEL_STRICT, DOCKER_CAPS, NULL },
};
static const struct { const char *word; uint32_t native, compat; } builtin_archs[] = {
	{ "x86_64", AUDIT_ARCH_X86_64, AUDIT_ARCH_I386 },
	{ "aarch64", AUDIT_ARCH_AARCH64, AUDIT_ARCH_ARM },
};

/* Arguments that some rule looks at, with their neighbours and with the high halves set. */
#define HIGH (UINT64_C(1) << 32)
static const uint64_t firsts[] = { 0, AF_UNIX, AF_INET, AF_INET6, AF_NETLINK, AF_PACKET, 38 /* AF_ALG */, AF_VSOCK, 8, 0x20000, 0x20008,
				   UINT32_MAX, HIGH | AF_INET, CLONE_NEWUSER | SIGCHLD, CLONE_NEWTIME, CLONE_VM | CLONE_THREAD, CLONE_NEWNET };
static const uint64_t seconds[] = { 0, SOCK_RAW, TIOCSTI, TIOCLINUX, TIOCSETD, HIGH | TIOCSTI, TCGETS, S_IFIFO | 0600, S_IFBLK, S_IFCHR };
static const uint64_t thirds[] = { 0, 9 /* NETLINK_AUDIT */, 15, HIGH, S_IFIFO, S_IFBLK | 0600 };

static pid_t run_emitter(const char *arch, int out)
{
	const char *top = getenv("CAISSON_BUILDDIR");
	char path[4096];
	pid_t pid;

	snprintf(path, sizeof(path), "%s/filter_emit", top ? top : ".");
	pid = fork();
	if (pid == 0) {
		(void)setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
		if (dup2(out, STDOUT_FILENO) >= 0)
			(void)execl(path, path, arch, (char *)NULL);
		_exit(127);
	}
	return pid;
}

/* The program of one set from the text that filter_emit prints. */
static void emitted(const char *arch, const char *set, struct sim_program *out)
{
	char line[256], head[64];
	unsigned code, jt, jf, k;
	bool within = false;
	int ends[2], status;
	pid_t pid;
	FILE *f;

	snprintf(head, sizeof(head), " %s_program[] = {", set);
	out->n = 0;
	cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
	pid = run_emitter(arch, ends[1]);
	close(ends[1]);
	f = fdopen(ends[0], "r");
	cr_assert(pid > 0 && f);
	while (fgets(line, sizeof(line), f)) {
		if (strstr(line, head))
			within = true;
		else if (str_eq(line, "};\n"))
			within = false;
		else if (within && out->n < N_ELEMENTS(out->v) && sscanf(line, " { %x, %u, %u, %x }", &code, &jt, &jf, &k) == 4)
			out->v[out->n++] = (struct sock_filter){ (uint16_t)code, (uint8_t)jt, (uint8_t)jf, k };
	}
	fclose(f);
	cr_assert(waitpid(pid, &status, 0) == pid && status == 0, "filter_emit %s: status %d", arch, status);
	cr_assert_gt(out->n, 50, "no program for %s", set);
}

/* What the merge of a document without rights of its own gives, at that level, to a container that keeps these capabilities. */
static void of_level(struct merge_case *c, enum level level, uint64_t caps, uint32_t native, struct filter_program *out)
{
	struct filter_input in = { 0 };

	case_new(c, level)->spec.process.caps = (struct capsets){ .bounding = caps, .effective = caps, .permitted = caps };
	cr_assert_eq(case_merge(c), 0, "%s", c->e.text);
	cr_assert_eq(filter_policy_input(&c->arena, &c->plan->filter, &c->plan->filter.own, native, &in, &c->e), 0, "%s", c->e.text);
	cr_assert_eq(filter_compile(&c->arena, &in, out, &c->e), 0, "%s", c->e.text);
	filter_input_done(&in);
}

/* Every combination of arguments; the number of those with different answers. */
static size_t differences(const struct sim_program *ours, const struct filter_program *level, uint32_t arch, uint32_t nr)
{
	size_t n = 0;

	for (size_t i = 0; i < N_ELEMENTS(firsts); i++)
		for (size_t j = 0; j < N_ELEMENTS(seconds); j++)
			for (size_t k = 0; k < N_ELEMENTS(thirds); k++) {
				const struct seccomp_data d = sim_call(arch, nr, (const uint64_t[6]){ firsts[i], seconds[j], thirds[k] });
				uint32_t one = sim_run(ours->v, ours->n, &d), other = sim_run(level->insns, level->n, &d);

				n += one != other || one == SIM_BAD;
			}
	return n;
}

static void compare_calls(const struct sim_program *ours, const struct filter_program *level, uint32_t native, const char *opened,
			  const char *what)
{
	const struct filter_call *call;
	struct filter_numbers nr;
	size_t compared = 0;

	for (size_t i = 0; (call = filter_call_at(i)) != NULL; i++) {
		size_t n;

		if (!filter_call_resolve(call, native, &nr) || nr.direct < 0)
			continue;
		n = differences(ours, level, native, (uint32_t)nr.direct);
		if (opened && str_eq(opened, call->name))
			cr_expect_eq(n, N_ELEMENTS(firsts) * N_ELEMENTS(seconds) * N_ELEMENTS(thirds), "%s: %s is opened", what, opened);
		else
			cr_expect_eq(n, 0, "%s: %s differs for %zu arguments", what, call->name, n);
		compared++;
	}
	cr_expect_gt(compared, 300, "%s", what);
}

/* Numbers that no call has, those of x32, and other architectures. */
static void compare_others(const struct sim_program *ours, const struct filter_program *level, uint32_t native, uint32_t compat,
			   const char *what)
{
	static const uint32_t numbers[] = { 0, 59, 336, 423, 471, 472, 599, 600, 1024, FILTER_X32_BIT, FILTER_X32_BIT + 520, INT32_MAX,
					    UINT32_MAX };

	for (size_t i = 0; i < N_ELEMENTS(numbers); i++) {
		cr_expect_eq(differences(ours, level, native, numbers[i]), 0, "%s: number %u", what, numbers[i]);
		cr_expect_eq(differences(ours, level, compat, numbers[i]), 0, "%s: number %u of the 32-bit one", what, numbers[i]);
		cr_expect_eq(differences(ours, level, 0xdead, numbers[i]), 0, "%s: number %u of no architecture", what, numbers[i]);
	}
}

Test(filter_builtin, the_sets_of_init_answer_as_the_levels_do)
{
	static struct sim_program ours;
	struct filter_program level;
	char what[64];

	for (size_t i = 0; i < N_ELEMENTS(builtin_cases); i++)
		for (size_t j = 0; j < N_ELEMENTS(builtin_archs); j++) {
			auto_case c;

			snprintf(what, sizeof(what), "@%s on %s, case %zu", builtin_cases[i].set, builtin_archs[j].word, i);
			emitted(builtin_archs[j].word, builtin_cases[i].set, &ours);
			of_level(&c, builtin_cases[i].level, builtin_cases[i].caps, builtin_archs[j].native, &level);
			compare_calls(&ours, &level, builtin_archs[j].native, builtin_cases[i].opened, what);
			compare_others(&ours, &level, builtin_archs[j].native, builtin_archs[j].compat, what);
		}
}
