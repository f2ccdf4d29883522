/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the filter tests share: the machine that programs are run in, profiles read from tests/data/seccomp, libseccomp as the
 * oracle.
 */
#ifndef CAISSON_TEST_FILTER_SIM_H
#define CAISSON_TEST_FILTER_SIM_H

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fd.h"
#include "kernel/filter.h"
#include "kernel/filter_machine.h"
#include "kernel/filter_parts.h"
#include "kernel/filter_syscalls.h"
#include "spec/spec.h"

enum { SIM_BAD = 0x12345678 };	/* no return value of any filter here */

/* Runs the program; SIM_BAD when it leaves its bounds or uses what the kernel would refuse. */
__attribute__((unused)) static uint32_t sim_run(const struct sock_filter *v, size_t n, const struct seccomp_data *d)
{
	uint32_t verdict;

	return filter_machine_run(v, n, d, &verdict) ? verdict : (uint32_t)SIM_BAD;
}

__attribute__((unused)) static struct seccomp_data sim_call(uint32_t arch, uint32_t nr, const uint64_t args[6])
{
	struct seccomp_data d = { .nr = (int)nr, .arch = arch };

	if (args)
		memcpy(d.args, args, sizeof(d.args));
	return d;
}

__attribute__((unused)) static double sim_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

__attribute__((unused)) static const struct seccomp *sim_profile(struct arena *a, const char *name)
{
	const char *top = getenv("CAISSON_SRCDIR");
	char path[512];
	auto_free char *bytes = NULL;
	const struct spec *spec = NULL;
	struct err e = { 0 };
	size_t len;

	snprintf(path, sizeof(path), "%s/tests/data/seccomp/%s.json", top ? top : ".", name);
	cr_assert(fd_read_file(AT_FDCWD, path, 1 << 20, &bytes, &len, &e) >= 0, "%s", e.text);
	cr_assert(spec_parse(a, bytes, len, &spec, &e) >= 0, "%s: %s", path, e.text);
	cr_assert(spec->has_seccomp);
	return &spec->seccomp;
}

struct sim_program { size_t n; struct sock_filter v[8192]; };

__attribute__((unused)) static void oracle_rule(scmp_filter_ctx ctx, const struct syscall_rule *r, uint32_t verdict,
						const char *name)
{
	struct scmp_arg_cmp args[6];
	int nr = seccomp_syscall_resolve_name(name), rc;

	if (nr == __NR_SCMP_ERROR)
		return;
	for (size_t i = 0; i < r->args.n; i++)
		args[i] = (struct scmp_arg_cmp){ .arg = r->args.v[i].index, .op = (enum scmp_compare)r->args.v[i].op,
						 .datum_a = r->args.v[i].value, .datum_b = r->args.v[i].value_two };
	rc = seccomp_rule_add_array(ctx, verdict, nr, (unsigned)r->args.n, args);
	cr_assert(rc == 0 || rc == -EEXIST, "%s: %d", name, rc);
}

__attribute__((unused)) static uint32_t oracle_verdict(uint32_t action, bool has_errno, uint32_t number)
{
	if (action == SECCOMP_RET_ERRNO || action == SECCOMP_RET_TRACE)
		return action | (has_errno ? number : EPERM);
	return action;
}

/* The same list through libseccomp, as runc gives it to it. */
__attribute__((unused)) static void oracle_build(const struct seccomp *s, struct sim_program *out)
{
	uint32_t other = oracle_verdict(s->default_action, s->has_default_errno, s->default_errno);
	scmp_filter_ctx ctx = seccomp_init(other);
	int fd = memfd_create("oracle", MFD_CLOEXEC);
	ssize_t len;

	cr_assert(ctx && fd >= 0);
	for (size_t i = 0; i < s->archs.n; i++) {
		int rc = seccomp_arch_add(ctx, s->archs.v[i]);

		cr_assert(rc == 0 || rc == -EEXIST, "arch 0x%x: %d", s->archs.v[i], rc);
	}
	for (size_t i = 0; i < s->rules.n; i++) {
		const struct syscall_rule *r = &s->rules.v[i];
		uint32_t verdict = oracle_verdict(r->action, r->has_errno, r->errno_ret);

		for (size_t j = 0; verdict != other && j < r->names.n; j++)
			oracle_rule(ctx, r, verdict, r->names.v[j]);
	}
	cr_assert_eq(seccomp_export_bpf(ctx, fd), 0);
	seccomp_release(ctx);
	len = pread(fd, out->v, sizeof(out->v), 0);
	close(fd);
	cr_assert(len > 0 && (size_t)len < sizeof(out->v));
	out->n = (size_t)len / sizeof(out->v[0]);
}

__attribute__((unused)) static bool reached_through(const struct strings *names, uint32_t arch, int nr)
{
	for (size_t i = 0; arch == SCMP_ARCH_X86 && i < names->n; i++) {
		int pseudo = seccomp_syscall_resolve_name_arch(arch, names->v[i]);

		if ((nr == 102 && pseudo <= -101 && pseudo >= -120) || (nr == 117 && pseudo <= -201 && pseudo >= -224))
			return true;
	}
	return false;
}

/* The highest number that libseccomp itself connects with one of the names, -1 when none. */
__attribute__((unused)) static int64_t oracle_highest(const struct seccomp *s, uint32_t arch)
{
	int from = arch == SCMP_ARCH_X32 ? FILTER_X32_BIT + 600 : arch == SCMP_ARCH_ARM ? 0xf0010 : 600;

	for (int nr = from; nr >= 0; nr = nr == 0xf0000 ? 600 : nr - 1) {
		char *name = seccomp_syscall_resolve_num_arch(arch, nr);
		bool named = false;

		for (size_t i = 0; name && i < s->rules.n; i++)
			named = named || str_in(&s->rules.v[i].names, name) ||
				reached_through(&s->rules.v[i].names, arch, nr);
		free(name);
		if (named)
			return nr;
		if (nr == FILTER_X32_BIT)
			break;
	}
	return -1;
}

/* The oldest libseccomp has not heard of some names, and lacks the numbers that single architectures gave to others later. */
__attribute__((unused)) static bool oracle_knows(const char *name, uint32_t arch)
{
	struct filter_numbers nr;
	auto_free char *known = NULL;

	if (seccomp_syscall_resolve_name(name) == __NR_SCMP_ERROR)
		return false;
	if (!filter_call_resolve(filter_call_find(name, strlen(name)), arch, &nr) || nr.direct < 0)
		return true;
	known = seccomp_syscall_resolve_num_arch(arch, nr.direct);
	return known != NULL;
}

__attribute__((unused)) static bool oracle_knows_everywhere(const char *name, const struct seccomp *s)
{
	bool knows = oracle_knows(name, filter_native_arch());

	for (size_t i = 0; i < s->archs.n; i++)
		knows = knows && oracle_knows(name, s->archs.v[i]);
	return knows;
}

/* The list without the names that this libseccomp does not know as well as we do. */
__attribute__((unused)) static struct seccomp oracle_known(struct arena *a, const struct seccomp *s)
{
	struct seccomp out = *s;
	struct syscall_rule *rules = arena_array(a, s->rules.n + 1, sizeof(*rules));

	cr_assert(rules);
	for (size_t i = 0; i < s->rules.n; i++) {
		const char **names = arena_array(a, s->rules.v[i].names.n + 1, sizeof(*names));
		size_t n = 0;

		cr_assert(names);
		for (size_t j = 0; j < s->rules.v[i].names.n; j++)
			if (oracle_knows_everywhere(s->rules.v[i].names.v[j], s))
				names[n++] = s->rules.v[i].names.v[j];
		rules[i] = s->rules.v[i];
		rules[i].names.n = n;
		rules[i].names.v = names;
	}
	out.rules.v = rules;
	return out;
}

#endif
