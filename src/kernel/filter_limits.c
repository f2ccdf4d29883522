/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules that come out of the plan's own lists: families of sockets, protocols of netlink, requests to terminals. As in
 * kernel/filter_args.c only the low half of an int is compared, because the kernel sees no more of it.
 *
 * The answers are those of a kernel that was built without the family or the protocol: libraries go on without it. (Of a netlink
 * socket for audit, any other answer ends the session of sshd and cron.)
 */
#include <errno.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/socket.h>

#include "base/fault.h"
#include "base/str.h"
#include "kernel/filter_parts.h"

enum { ALLOW = SECCOMP_RET_ALLOW, BITS = 63 };
#define ERRNO(n) (SECCOMP_RET_ERRNO | (n))

/* socketpair(2) makes two sockets of its family before it asks whether that family knows pairs. */
const struct filter_limited_call filter_limited_calls[FILTER_LIMITED_CALLS] = {
	{ "socket", FILTER_LIMIT_SOCKETS }, { "socketpair", FILTER_LIMIT_SOCKETS }, { "ioctl", FILTER_LIMIT_IOCTLS },
};

bool filter_limits(const struct plan_syscalls *p, enum filter_limit limit)
{
	if (limit == FILTER_LIMIT_IOCTLS)
		return p->ioctls != 0;
	return p->families != FILTER_EVERY || p->netlink != FILTER_EVERY;
}

/* A list under construction: its room is fixed, since a mask has 64 bits. */
struct list {
	struct arena *arena;
	bool no_memory;
	size_t n;
	struct filter_rule *v;
};

static void add_rule(struct list *l, uint32_t verdict, size_t n, const struct syscall_arg *args)
{
	l->no_memory |= n && !args;
	l->v[l->n++] = (struct filter_rule){ verdict, n, args };
}

static struct syscall_arg is_int(uint32_t index, uint32_t value)
{
	return (struct syscall_arg){ .index = index, .op = SCMP_CMP_MASKED_EQ, .value = UINT32_MAX, .value_two = value };
}

static void add_if(struct list *l, uint32_t verdict, uint32_t index, uint32_t value)
{
	struct syscall_arg *args = arena_array(l->arena, 1, sizeof(*args));

	if (args)
		args[0] = is_int(index, value);
	add_rule(l, verdict, 1, args);
}

static void add_netlink(struct list *l, uint32_t verdict, uint32_t protocol)
{
	struct syscall_arg *args = arena_array(l->arena, 2, sizeof(*args));

	if (args) {
		args[0] = is_int(0, AF_NETLINK);
		args[1] = is_int(2, protocol);
	}
	add_rule(l, verdict, 2, args);
}

/* The numbers in `mask` get `in`, or those that are not in it `out`, whichever are fewer to say; the rest is what comes after. */
static void add_numbers(struct list *l, uint64_t mask, uint32_t out, uint32_t skip, void (*add)(struct list *, uint32_t, uint32_t))
{
	bool open = mask & FILTER_BEYOND;

	for (uint32_t i = 0; i < BITS; i++)
		if (i != skip && !(mask >> i & 1) == open)
			add(l, open ? out : (uint32_t)ALLOW, i);
}

static void add_family(struct list *l, uint32_t verdict, uint32_t family)
{
	add_if(l, verdict, 0, family);
}

static void sockets(struct list *l, const struct plan_syscalls *p)
{
	uint64_t families = p->families, protocols = p->netlink;

	if (families != FILTER_EVERY && fault_skip("filter: socket families"))
		families = FILTER_EVERY;
	bool netlink = families >> AF_NETLINK & 1;

	if (netlink && protocols != FILTER_EVERY && fault_skip("filter: netlink protocols"))
		protocols = FILTER_EVERY;
	add_numbers(l, families, ERRNO(EAFNOSUPPORT), netlink ? AF_NETLINK : BITS, add_family);
	if (netlink) {
		add_numbers(l, protocols, ERRNO(EPROTONOSUPPORT), BITS, add_netlink);
		add_if(l, protocols & FILTER_BEYOND ? (uint32_t)ALLOW : ERRNO(EPROTONOSUPPORT), 0, AF_NETLINK);
	}
	add_rule(l, families & FILTER_BEYOND ? (uint32_t)ALLOW : ERRNO(EAFNOSUPPORT), 0, NULL);
}

static bool is_mips(uint32_t arch)
{
	static const uint32_t all[] = { SCMP_ARCH_MIPS, SCMP_ARCH_MIPSEL, SCMP_ARCH_MIPS64, SCMP_ARCH_MIPSEL64, SCMP_ARCH_MIPS64N32,
					SCMP_ARCH_MIPSEL64N32 };

	for (size_t i = 0; i < N_ELEMENTS(all); i++)
		if (all[i] == arch)
			return true;
	return false;
}

static void ioctls(struct list *l, const struct plan_syscalls *p, uint32_t arch)
{
	static const struct { uint64_t bit; uint32_t request, mips; } requests[] = { /* asm/ioctls.h */
		{ FILTER_TIOCSTI, 0x5412, 0x5472 }, { FILTER_TIOCLINUX, 0x541c, 0x5483 }, { FILTER_TIOCSETD, 0x5423, 0x7401 },
	};

	for (size_t i = 0; i < N_ELEMENTS(requests); i++)
		if ((p->ioctls & requests[i].bit) && !fault_skip("filter: requests to terminals"))
			add_if(l, ERRNO(EPERM), 1, is_mips(arch) ? requests[i].mips : requests[i].request);
	add_rule(l, ALLOW, 0, NULL);
}

int filter_limit_rules(struct arena *a, const struct plan_syscalls *p, uint32_t arch, enum filter_limit limit, struct filter_rules *out,
		       struct err *e)
{
	struct list l = { .arena = a, .v = arena_array(a, 2 * BITS + 2, sizeof(*l.v)) };

	*out = (struct filter_rules){ 0 };
	if (!filter_limits(p, limit))
		return 0;
	if (!l.v)
		return err_set(e, ENOMEM, "out of memory");
	if (limit == FILTER_LIMIT_IOCTLS)
		ioctls(&l, p, arch);
	else
		sockets(&l, p);
	if (l.no_memory)
		return err_set(e, ENOMEM, "out of memory");
	*out = (struct filter_rules){ l.n, l.v };
	return 0;
}
