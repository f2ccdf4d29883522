/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The policy's side of a plan, against the program: what each call of the groups is told, which sockets can be made, which requests
 * a terminal takes, read from the plan once more, without the code that makes rules of it. This machine's own calls are asked for.
 */
#include "kernel/filter_check.h"

#include <errno.h>
#include <linux/audit.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/str.h"
#include "kernel/filter_parts.h"
#include "kernel/filter_syscalls.h"
#include "policy/syscall_groups.h"

#define ERRNO(n) (SECCOMP_RET_ERRNO | (n))
enum { ALLOW = SECCOMP_RET_ALLOW, FUTURE = 128, BEYOND = 63, FAR = 1000 };

/* What the plan says of single calls, by filter_call_index(). */
struct wishes {
	bool named[FILTER_MAX_CALLS], killed[FILTER_MAX_CALLS];
	int told[FILTER_MAX_CALLS];	/* an errno; 0: what its group is told */
};
struct checking {
	const struct filter_program *program;
	const struct plan_filter *plan;
	const struct plan_syscalls *own;
	uint32_t native;
	struct wishes wishes;
	int group_told[SYSCALL_GROUP_COUNT];
	struct err *e;
};

static int ask(const struct checking *k, const struct filter_call *call, const uint64_t args[6], uint32_t want)
{
	struct seccomp_data d = { .arch = k->native };
	struct filter_numbers nr;

	if (!filter_call_resolve(call, k->native, &nr) || nr.direct < 0)
		return 0;
	d.nr = nr.direct;
	if (args)
		memcpy(d.args, args, sizeof(d.args));
	return filter_ask(k->program, &d, want, k->e);
}

/* ---- arguments ---- */

/* On s390 the flags of clone come second. */
static const struct { const char *call; uint64_t args[6]; uint32_t want; } argument_cases[] = {
	{ "clone", { SIGCHLD, SIGCHLD }, ALLOW },
	{ "clone", { CLONE_NEWUSER | SIGCHLD, CLONE_NEWUSER | SIGCHLD }, ERRNO(EPERM) },
	{ "clone", { CLONE_NEWNS, CLONE_NEWNS }, ERRNO(EPERM) },
	{ "clone", { CLONE_NEWNET, CLONE_NEWNET }, ERRNO(EPERM) },
	{ "personality", { 0 }, ALLOW },
	{ "personality", { 8 }, ALLOW },
	{ "personality", { UINT32_MAX }, ALLOW },
	{ "personality", { 0x40000 }, ERRNO(EPERM) }, /* ADDR_NO_RANDOMIZE */
	{ "mknod", { 0, S_IFIFO | 0600 }, ALLOW },
	{ "mknod", { 0, S_IFBLK | 0600 }, ERRNO(EPERM) },
	{ "mknod", { 0, S_IFCHR | 0600 }, ERRNO(EPERM) },
	{ "mknodat", { 0, 0, S_IFSOCK }, ALLOW },
	{ "mknodat", { 0, 0, S_IFBLK | 0600 }, ERRNO(EPERM) },
	{ "mknodat", { 0, 0, S_IFCHR | 0600 }, ERRNO(EPERM) },
};

/* 1: there are cases for this call, and they were asked for. */
static int ask_argument_cases(const struct checking *k, const struct filter_call *call)
{
	int found = 0;

	for (size_t i = 0; i < N_ELEMENTS(argument_cases); i++) {
		if (!str_eq(argument_cases[i].call, call->name))
			continue;
		if (ask(k, call, argument_cases[i].args, argument_cases[i].want) < 0)
			return -k->e->code;
		found = 1;
	}
	return found;
}

static bool is_in(uint64_t mask, uint32_t number)
{
	return mask >> (number < BEYOND ? number : BEYOND) & 1;
}

static uint32_t socket_verdict(const struct plan_syscalls *own, uint32_t family, uint32_t protocol)
{
	if (!is_in(own->families, family))
		return ERRNO(EAFNOSUPPORT);
	return family == AF_NETLINK && !is_in(own->netlink, protocol) ? ERRNO(EPROTONOSUPPORT) : (uint32_t)ALLOW;
}

static int ask_socket(const struct checking *k, const struct filter_call *call, uint32_t family, uint32_t protocol)
{
	const uint64_t args[6] = { family, SOCK_STREAM, protocol };

	return ask(k, call, args, socket_verdict(k->own, family, protocol));
}

/* With bits that the kernel does not look at. */
static int ask_socket_with_more(const struct checking *k, const struct filter_call *call, uint32_t family, uint32_t protocol)
{
	const uint64_t args[6] = { family | UINT64_C(1) << 32, SOCK_STREAM, protocol | UINT64_C(1) << 32 };

	return ask(k, call, args, socket_verdict(k->own, family, protocol));
}

static int ask_sockets(const struct checking *k, const struct filter_call *call)
{
	uint32_t protocols = is_in(k->own->families, AF_NETLINK) ? BEYOND : 0;
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i <= BEYOND; i++)
		rc = ask_socket(k, call, i, 0);
	for (uint32_t i = 0; rc == 0 && i <= protocols; i++)
		rc = ask_socket(k, call, AF_NETLINK, i);
	rc = rc < 0 ? rc : ask_socket(k, call, FAR, 0);
	rc = rc < 0 ? rc : ask_socket(k, call, AF_NETLINK, FAR);
	rc = rc < 0 ? rc : ask_socket_with_more(k, call, AF_INET, 0);
	rc = rc < 0 ? rc : ask_socket_with_more(k, call, AF_ALG, 0);
	rc = rc < 0 ? rc : ask_socket_with_more(k, call, AF_NETLINK, 0);
	return rc < 0 ? rc : ask_socket_with_more(k, call, AF_NETLINK, BEYOND - 1);
}

static int ask_ioctls(const struct checking *k, const struct filter_call *call)
{
	static const struct { uint64_t request, bit; } requests[] = {
		{ TIOCSTI, FILTER_TIOCSTI }, { TIOCLINUX, FILTER_TIOCLINUX }, { TIOCSETD, FILTER_TIOCSETD }, { TIOCGWINSZ, 0 },
	};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < N_ELEMENTS(requests); i++) {
		const uint64_t args[6] = { 0, requests[i].request }, high[6] = { 0, requests[i].request | UINT64_C(1) << 32 };
		uint32_t want = k->own->ioctls & requests[i].bit ? ERRNO(EPERM) : (uint32_t)ALLOW;

		rc = ask(k, call, args, want);
		rc = rc < 0 ? rc : ask(k, call, high, want);
	}
	return rc;
}

static bool is_socket(const struct filter_call *call)
{
	return str_eq(call->name, "socket") || str_eq(call->name, "socketpair");
}

static int ask_let_through(const struct checking *k, const struct filter_call *call)
{
	if (is_socket(call))
		return ask_sockets(k, call);
	return str_eq(call->name, "ioctl") ? ask_ioctls(k, call) : ask(k, call, NULL, ALLOW);
}

/* ---- a list of what is allowed ---- */

static void mark(bool marks[FILTER_MAX_CALLS], const struct strings *names)
{
	for (size_t i = 0; i < names->n; i++) {
		const struct filter_call *call = filter_call_find(names->v[i], strlen(names->v[i]));

		if (call)
			marks[filter_call_index(call)] = true;
	}
}

static void read_answers(struct checking *k)
{
	for (size_t i = 0; i < k->own->answers.n; i++) {
		const struct key_value *a = &k->own->answers.v[i];
		const struct filter_call *call = filter_call_find(a->key, strlen(a->key));

		if (call && err_number(a->value) > 0)
			k->wishes.told[filter_call_index(call)] = err_number(a->value);
		for (int g = 0; g < SYSCALL_GROUP_COUNT; g++)
			if (str_eq(a->key, syscall_group_name((enum syscall_group)g)) && err_number(a->value) > 0)
				k->group_told[g] = err_number(a->value);
	}
}

static bool is_open(const struct checking *k, const struct syscall_walk *w, size_t at)
{
	uint64_t groups = k->own->set == FILTER_SET_SERVICE   ? SYSCALLS_SERVICE :
			  k->own->set == FILTER_SET_CONTAINER ? SYSCALLS_CONTAINER :
								k->own->groups;

	return filter_group_opens(w->group, k->plan->caps) && ((groups >> w->group & 1) || k->wishes.named[at]);
}

static uint32_t refusal(const struct checking *k, const struct syscall_walk *w, size_t at)
{
	if (k->wishes.told[at])
		return ERRNO((uint32_t)k->wishes.told[at]);
	if (k->group_told[w->group])
		return ERRNO((uint32_t)k->group_told[w->group]);
	return ERRNO((uint32_t)(filter_group_is_missing(w->group) ? ENOSYS : EPERM));
}

static int ask_call(const struct checking *k, const struct syscall_walk *w, bool unshares)
{
	const struct filter_call *call = filter_call_find(w->name, w->len);
	size_t at = call ? filter_call_index(call) : 0;
	int rc;

	if (!call)
		return 0;
	if (k->wishes.killed[at])
		return ask(k, call, NULL, SECCOMP_RET_KILL_PROCESS);
	if (!is_open(k, w, at))
		return ask(k, call, NULL, refusal(k, w, at));
	/* Who may unshare may clone into new namespaces too. */
	if (unshares && str_eq(call->name, "clone"))
		return ask(k, call, argument_cases[1].args, ALLOW);
	rc = ask_argument_cases(k, call);
	return rc ? (rc < 0 ? rc : 0) : ask_let_through(k, call);
}

static int ask_set(struct checking *k)
{
	struct syscall_walk w = { 0 }, unshare;
	bool unshares;
	int rc = 0;

	mark(k->wishes.named, &k->own->calls);
	mark(k->wishes.killed, &k->own->kill);
	read_answers(k);
	unshares = syscall_find("unshare", strlen("unshare"), &unshare) &&
		   is_open(k, &unshare, filter_call_index(filter_call_find("unshare", strlen("unshare"))));
	while (rc == 0 && syscall_next(&w))
		rc = ask_call(k, &w, unshares);
	return rc;
}

/* ---- every call but for what is limited ---- */

/* A list of the engine that names next to nothing says nothing about newer calls. */
static int64_t oldest_unknown(const struct checking *k)
{
	int64_t highest = k->plan->has_engine ? filter_engine_highest(&k->plan->engine, k->native) : -1;

	for (size_t i = 0; k->own->set == FILTER_SET_BASELINE && i < N_ELEMENTS(filter_limited_calls); i++) {
		const char *name = filter_limited_calls[i].name;
		struct filter_numbers nr;

		if (filter_limits(k->own, filter_limited_calls[i].limit) &&
		    filter_call_resolve(filter_call_find(name, strlen(name)), k->native, &nr) && nr.direct >= 0)
			return highest >= nr.direct ? highest + 1 : INT64_MAX;
	}
	return INT64_MAX;
}

static int ask_every_call(const struct checking *k)
{
	int64_t unknown = oldest_unknown(k), newest = (int64_t)filter_call_newest() + FUTURE;
	const struct filter_call *call;
	struct seccomp_data d = { .arch = k->native };
	struct filter_numbers nr;
	int rc = 0;

	for (size_t i = 0; rc == 0 && (call = filter_call_at(i)) != NULL; i++) {
		if (!filter_call_resolve(call, k->native, &nr) || nr.direct < 0)
			continue;
		rc = nr.direct < unknown ? ask_let_through(k, call) : ask(k, call, NULL, nr.direct > newest ? (uint32_t)ALLOW : ERRNO(ENOSYS));
	}
	for (int64_t n = unknown; rc == 0 && n <= newest; n++) {
		d.nr = (int)n;
		rc = filter_ask(k->program, &d, ERRNO(ENOSYS), k->e);
	}
	return rc;
}

/* ---- other architectures ---- */

static int ask_others(const struct checking *k)
{
	static const uint32_t archs[] = { SCMP_ARCH_X86, SCMP_ARCH_ARM, SCMP_ARCH_X86_64, SCMP_ARCH_AARCH64, AUDIT_ARCH_S390X };
	bool set = k->own->set > FILTER_SET_RULES, compat = k->own->allow_compat32;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < N_ELEMENTS(archs); i++) {
		const struct seccomp_data d = { .nr = 1, .arch = archs[i] };

		/* What is allowed beside the machine's own has rows, which filter_check_rows() knows. */
		if (archs[i] != k->native && !(set && compat && !(archs[i] & __AUDIT_ARCH_64BIT)))
			rc = filter_ask(k->program, &d, !set && compat ? (uint32_t)ALLOW : SECCOMP_RET_KILL_PROCESS, k->e);
	}
	if (rc == 0 && k->native == SCMP_ARCH_X86_64) {
		const struct seccomp_data x32 = { .nr = FILTER_X32_BIT, .arch = k->native };
		rc = filter_ask(k->program, &x32, !set && compat ? (uint32_t)ALLOW : SECCOMP_RET_KILL_PROCESS, k->e);
	}
	return rc;
}

int filter_check_policy(const struct filter_program *p, const struct plan_filter *plan, const struct plan_syscalls *own, struct err *e)
{
	struct checking k = { .program = p, .plan = plan, .own = own, .native = filter_native_arch(), .e = e };
	int rc = own->set > FILTER_SET_RULES ? ask_set(&k) : ask_every_call(&k);

	return rc < 0 ? rc : ask_others(&k);
}
