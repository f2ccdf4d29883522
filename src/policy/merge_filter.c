/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The policy's own filter beside the engine's: which calls, sockets and terminal requests it lets through. The two are never merged
 * in user space: the kernel takes the stricter answer of both.
 */
#include <stdio.h>
#include <string.h>

#include "policy/merge_step.h"

/* The names of the single calls of a set, and of those of its groups. */
static struct strings names_of(struct merge *m, const struct syscall_set *set, bool also_groups)
{
	struct syscall_walk w = { 0 };
	const char **list;
	size_t n = 0;

	while (syscall_next(&w))
		n += syscall_set_has(set, &w);
	list = arena_array(m->a, n + 1, sizeof(*list));
	if (!list) {
		m->no_memory = true;
		return (struct strings){ 0 };
	}
	n = 0;
	w = (struct syscall_walk){ 0 };
	while (syscall_next(&w)) {
		if (!syscall_set_has(set, &w) || (!also_groups && (set->groups >> w.group & 1)))
			continue;
		list[n] = arena_memdup(m->a, w.name, w.len);
		m->no_memory |= !list[n];
		n++;
	}
	return (struct strings){ n, list };
}

/* The built-in sets have names of their own. */
static void choose_calls(struct merge *m, const struct syscall_set *calls, struct plan_syscalls *f)
{
	bool single = syscall_set_has_single(calls);

	f->set = !single && calls->groups == SYSCALLS_SERVICE	? FILTER_SET_SERVICE
		 : !single && calls->groups == SYSCALLS_CONTAINER ? FILTER_SET_CONTAINER
								    : FILTER_SET_GROUPS;
	if (f->set == FILTER_SET_GROUPS)
		f->groups = calls->groups;
	if (single)
		f->calls = names_of(m, calls, false);
	if (!syscall_set_is_empty(&m->p->syscalls_kill))
		f->kill = names_of(m, &m->p->syscalls_kill, true);
	f->answers = m->p->syscalls_errno;
}

static void choose_filter(struct merge *m, struct plan_syscalls *f)
{
	const struct profile *p = m->p;
	bool limits = profile_limits_calls(p), baseline = p->filter_baseline && m->plan->filter.has_engine;
	struct syscall_set calls = profile_syscalls(p);

	*f = (struct plan_syscalls){ .families = p->families, .netlink = p->netlink, .ioctls = p->ioctls };
	if (baseline)
		f->families &= ~PROFILE_BASELINE_FAMILIES;
	f->allow_compat32 = !limits || (p->archs & PROFILE_ARCH_COMPAT32);
	f->log = limits && p->syscalls_log;
	if (!syscall_set_is_all(&calls))
		choose_calls(m, &calls, f);
	else
		f->set = baseline ? FILTER_SET_BASELINE : limits ? FILTER_SET_RULES : FILTER_SET_NONE;
}

static const char *set_text(struct merge *m, const struct plan_syscalls *f)
{
	static const char *const sets[] = {
		[FILTER_SET_NONE] = "", [FILTER_SET_BASELINE] = "baseline rules", [FILTER_SET_RULES] = "every call",
		[FILTER_SET_CONTAINER] = "set @container", [FILTER_SET_SERVICE] = "set @service",
	};
	const char *kill = f->kill.n ? merge_text(m, ", %zu of them deadly", f->kill.n) : "";

	if (f->set != FILTER_SET_GROUPS)
		return sets[f->set];
	if (!f->calls.n)
		return merge_text(m, "%d groups of system calls%s", __builtin_popcountll(f->groups), kill);
	return merge_text(m, "%d groups of system calls and %zu single ones%s", __builtin_popcountll(f->groups), f->calls.n, kill);
}

static enum profile_field decided_by(struct merge *m, const struct plan_syscalls *f)
{
	if (f->set == FILTER_SET_BASELINE)
		return PF_SYSCALLS_BASELINE;
	if (f->set == FILTER_SET_RULES)
		return m->p->families != FILTER_EVERY	? PF_SOCKETS_FAMILIES
		       : m->p->netlink != FILTER_EVERY ? PF_SOCKETS_NETLINK
						       : PF_IOCTL_DENY;
	if (!syscall_set_is_all(&m->p->syscalls))
		return PF_SYSCALLS_ALLOW;
	return syscall_set_is_empty(&m->p->syscalls_denied) ? PF_SYSCALLS_KILL : PF_SYSCALLS_DENY;
}

static void say_calls(struct merge *m, const struct plan_syscalls *f)
{
	const struct plan_filter *all = &m->plan->filter;
	const char *engine = all->has_engine ? merge_text(m, "the document's filter, %zu rules", all->engine.rules.n) : "no filter";

	if (f->set == FILTER_SET_NONE) {
		merge_reason(m, REASON_KEPT, "system calls", engine,
			     m->p->filter_baseline ? "no filter (with one, the baseline rules would join it)" : engine, m->asked_by);
		return;
	}
	merge_reason(m, REASON_NARROWED, "system calls", engine,
		     merge_text(m, "%s%s%s%s", all->has_engine ? engine : "", all->has_engine ? ", then " : "", set_text(m, f),
				f->allow_compat32 ? "" : ", native calls only"), merge_rule(m, decided_by(m, f)));
}

/* The words of a mask, or those that it lacks. */
static const char *words_text(struct merge *m, enum profile_field field, uint64_t mask)
{
	bool open = mask & FILTER_BEYOND;
	char text[640] = "";
	size_t used = 0;

	for (int i = 0; i < 63; i++) {
		uint64_t bit = UINT64_C(1) << i;
		const struct field_word *w = profile_table.v[field].words;

		if (!(mask & bit) == !open)
			continue;
		while (w->word && w->value != bit)
			w++;
		if (used < sizeof(text) && w->word)
			used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", used ? " " : "", w->word);
		else if (used < sizeof(text) && !open)
			used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%d", used ? " " : "", i);
	}
	return merge_text(m, "%s%s", open ? "all but " : used ? "" : "none", text);
}

static void say_sockets(struct merge *m, const struct plan_syscalls *f)
{
	bool netlink = m->p->netlink != FILTER_EVERY && (f->families >> 16 & 1);

	if (m->p->families != FILTER_EVERY)
		merge_reason(m, REASON_NARROWED, "sockets", "any family", words_text(m, PF_SOCKETS_FAMILIES, f->families),
			     merge_rule(m, PF_SOCKETS_FAMILIES));
	if (netlink)
		merge_reason(m, REASON_NARROWED, "netlink", "any protocol", words_text(m, PF_SOCKETS_NETLINK, f->netlink),
			     merge_rule(m, PF_SOCKETS_NETLINK));
	if (f->allow_compat32 && (m->p->families != FILTER_EVERY || netlink))
		merge_warn(m, "32-bit system calls are allowed: through socketcall(2) an x86 program reaches sockets that sockets.families leaves "
			   "out; take \"compat32\" out of syscalls.architectures, or do not count on that list");
}

static void say_ioctls(struct merge *m, const struct plan_syscalls *f)
{
	if (f->ioctls)
		merge_reason(m, REASON_NARROWED, "ioctl", "any request",
			     merge_text(m, "without%s%s%s", f->ioctls & FILTER_TIOCSTI ? " TIOCSTI" : "",
					f->ioctls & FILTER_TIOCLINUX ? " TIOCLINUX" : "", f->ioctls & FILTER_TIOCSETD ? " TIOCSETD" : ""),
			     merge_rule(m, PF_IOCTL_DENY));
}

static bool allows_exec(const struct plan_syscalls *f)
{
	return f->set != FILTER_SET_GROUPS || (f->groups >> SYSCALL_GROUP_START & 1) || str_in(&f->calls, "execve");
}

int merge_filter(struct merge *m, struct err *e)
{
	struct plan_syscalls *f = &m->plan->filter.own;

	choose_filter(m, f);
	say_calls(m, f);
	say_sockets(m, f);
	say_ioctls(m, f);
	if (f->set > FILTER_SET_RULES && !allows_exec(f))
		return merge_refuse(m, e, decided_by(m, f), "syscalls", "without execve no program could be started; allow execve, or @start");
	return 0;
}

static bool same_names(const struct strings *a, const struct strings *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!str_eq(a->v[i], b->v[i]))
			return false;
	return true;
}

/* What a refused call is told is no difference in what is refused. */
bool merge_same_syscalls(const struct plan_syscalls *a, const struct plan_syscalls *b)
{
	return a->set == b->set && a->groups == b->groups && a->families == b->families && a->netlink == b->netlink &&
	       a->ioctls == b->ioctls && a->allow_compat32 == b->allow_compat32 && same_names(&a->calls, &b->calls) &&
	       same_names(&a->kill, &b->kill);
}
