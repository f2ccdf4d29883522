/* SPDX-License-Identifier: Apache-2.0 */
#include "launch/record.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/ioprio.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/fd.h"
#include "base/str.h"
#include "init/finish.h"
#include "launch/init_blob.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U	/* Linux 6.3: says that this memfd is to be executed */
#endif
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

/* Spans are aligned to 8 bytes, so that the arrays in them can be read in place. */
static void begin(struct str *s, struct finish_span *span)
{
	static const char zeros[8];

	str_add_bytes(s, zeros, (8 - s->len % 8) % 8);
	span->off = (uint32_t)s->len;
}

static void end(struct str *s, struct finish_span *span)
{
	span->len = (uint32_t)s->len - span->off;
}

static void put_bytes(struct str *s, struct finish_span *span, const void *p, size_t len)
{
	if (!len)
		return;
	begin(s, span);
	str_add_bytes(s, p, len);
	end(s, span);
}

static void put_text(struct str *s, struct finish_span *span, const char *text)
{
	if (text)
		put_bytes(s, span, text, strlen(text) + 1);
}

static void add_strings(struct str *s, const struct strings *v)
{
	for (size_t i = 0; i < v->n; i++)
		str_add_bytes(s, v->v[i], strlen(v->v[i]) + 1);
}

static bool has_name(const struct strings *env, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < env->n; i++)
		if (strncmp(env->v[i], name, n) == 0 && env->v[i][n] == '=')
			return true;
	return false;
}

/* The names met so far, as an open-addressed table of positions + 1: an environment may be large and hostile. */
struct names { uint32_t *slot; size_t mask; };

static uint64_t hash_name(const char *entry)
{
	uint64_t h = UINT64_C(14695981039346656037);

	for (; *entry && *entry != '='; entry++)
		h = (h ^ (unsigned char)*entry) * UINT64_C(1099511628211);
	return h;
}

static bool same_name(const char *a, const char *b)
{
	size_t n = strcspn(a, "=");

	return strncmp(a, b, n) == 0 && b[n] == a[n];
}

static bool met_before(struct names *t, const struct strings *env, size_t at)
{
	size_t i = hash_name(env->v[at]) & t->mask;

	for (; t->slot[i]; i = (i + 1) & t->mask)
		if (same_name(env->v[at], env->v[t->slot[i] - 1]))
			return true;
	t->slot[i] = (uint32_t)at + 1;
	return false;
}

/* A later entry of the same name wins, as in runc: which ones to leave out. */
static bool *overridden(const struct strings *env)
{
	struct names t = { .mask = 15 };
	bool *out = calloc(env->n + 1, sizeof(*out));

	while (t.mask < env->n * 2)
		t.mask = t.mask * 2 + 1;
	t.slot = calloc(t.mask + 1, sizeof(*t.slot));
	for (size_t i = env->n; out && t.slot && i-- > 0;)
		out[i] = met_before(&t, env, i);
	if (!t.slot) {
		free(out);
		out = NULL;
	}
	free(t.slot);
	return out;
}

static void put_env(struct str *s, struct finish_span *span, const struct record_input *in)
{
	const struct strings *env = &in->process->env;

	auto_free bool *skip = overridden(env);

	if (!skip) {
		s->failed = true;
		return;
	}
	begin(s, span);
	for (size_t i = 0; i < env->n; i++)
		if (!skip[i])
			str_add_bytes(s, env->v[i], strlen(env->v[i]) + 1);
	if (in->home && !in->plan->exec.no_home && !has_name(env, "HOME")) {
		str_add(s, "HOME=");
		str_add_bytes(s, in->home, strlen(in->home) + 1);
	}
	end(s, span);
}

static void put_rlimits(struct str *s, struct finish_span *span, const struct rlimits *r)
{
	if (!r->n)
		return;
	begin(s, span);
	for (size_t i = 0; i < r->n; i++) {
		if (fault_skip("record: rlimit %s", r->v[i].name))
			continue;
		const struct finish_rlimit l = { (uint32_t)r->v[i].resource, 0, r->v[i].soft, r->v[i].hard };
		str_add_bytes(s, &l, sizeof(l));
	}
	end(s, span);
}

static void put_filters(struct str *s, struct finish_span *span, const struct filters *f)
{
	if (!f || !f->n)
		return;
	begin(s, span);
	for (size_t i = 0; i < f->n; i++) {
		if (fault_skip("record: filter %zu", i + 1))
			continue;
		const struct finish_filter h = { f->v[i].n, f->v[i].flags, f->v[i].notify, 0 };
		str_add_bytes(s, &h, sizeof(h));
		str_add_bytes(s, f->v[i].insns, f->v[i].n * sizeof(*f->v[i].insns));
	}
	end(s, span);
}

static void put_hooks(struct str *s, struct finish_span *span, const struct hooks *hooks)
{
	static const char zeros[8];

	if (!hooks->n)
		return;
	begin(s, span);
	for (size_t i = 0; i < hooks->n; i++) {
		const struct hook *h = &hooks->v[i];
		struct finish_hook head = { (uint32_t)h->args.n, (uint32_t)h->env.n, (uint32_t)h->timeout, 0 };
		size_t at = s->len;
		str_add_bytes(s, &head, sizeof(head));
		str_add_bytes(s, h->path, strlen(h->path) + 1);
		add_strings(s, &h->args);
		add_strings(s, &h->env);
		if (s->failed)
			return;
		head.text_len = (uint32_t)(s->len - at - sizeof(head));
		memcpy(s->s + at, &head, sizeof(head));
		str_add_bytes(s, zeros, (8 - s->len % 8) % 8);
	}
	end(s, span);
}

static uint32_t flags_of(const struct record_input *in)
{
	const struct process *p = in->process;
	const struct { bool on; uint32_t flag; } flags[] = {
		{ p->no_new_privs, FINISH_NO_NEW_PRIVS },
		{ true, FINISH_HAS_CAPS | FINISH_HAS_GROUPS | FINISH_NEW_SESSION },
		{ p->has_umask, FINISH_HAS_UMASK },
		{ in->plan->require_non_root && !in->idle, FINISH_NON_ROOT },
		{ in->idle, FINISH_NO_PAYLOAD },
		{ in->pid1, FINISH_PID1 },
		{ in->gate_fd >= 0, FINISH_GATE_SOCKET },
		{ p->terminal, FINISH_TERMINAL },
		{ in->keyring, FINISH_NEW_KEYRING | FINISH_KEYRING_OPTIONAL },
		{ p->scheduler.set, FINISH_HAS_SCHEDULER },
		{ p->io_priority.set, FINISH_HAS_IO_PRIO },
		{ in->plan->memory_policy.set, FINISH_HAS_MEMORY_POLICY },
		{ in->plan->deny_write_exec, FINISH_DENY_WRITE_EXEC },
		{ in->plan->has_personality, FINISH_HAS_PERSONALITY },
	};
	uint32_t out = 0;

	for (size_t i = 0; i < N_ELEMENTS(flags); i++)
		out |= flags[i].on ? flags[i].flag : 0;
	return out;
}

/* A process that may not call setgroups(2) (setgroups denied in its user namespace) has no groups to give up either. */
static bool setgroups_denied(void)
{
	char text[16];

	return fd_read_small(AT_FDCWD, "/proc/self/setgroups", text, sizeof(text)) > 0 && strcmp(text, "deny") == 0;
}

static void fill_numbers(struct finish_record *r, const struct record_input *in)
{
	const struct process *p = in->process;

	r->magic = FINISH_MAGIC;
	r->version = FINISH_VERSION;
	r->flags = flags_of(in);
	r->uid = p->uid;
	r->gid = p->gid;
	r->umask = p->umask;
	r->securebits = in->plan->securebits;
	r->cap_bounding = p->caps.bounding;
	r->cap_effective = p->caps.effective;
	r->cap_permitted = p->caps.permitted;
	r->cap_inheritable = p->caps.inheritable;
	r->cap_ambient = p->caps.ambient;
	r->sync_fd = in->sync_fd;
	r->gate_fd = in->gate_fd;
	r->first_kept_fd = 3;
	r->n_kept_fds = in->kept_fds;
	r->personality = in->plan->personality;
	r->sched_policy = p->scheduler.policy;
	r->sched_nice = p->scheduler.nice;
	r->sched_priority = p->scheduler.priority;
	r->sched_flags = p->scheduler.flags;
	r->sched_runtime = p->scheduler.runtime;
	r->sched_deadline = p->scheduler.deadline;
	r->sched_period = p->scheduler.period;
	r->memory_mode = in->plan->memory_policy.mode;
	r->memory_flags = in->plan->memory_policy.flags;
	r->io_prio = p->io_priority.set ? IOPRIO_PRIO_VALUE(p->io_priority.class, p->io_priority.priority) : 0;
	if (!p->groups.n && setgroups_denied()) /* in a user namespace of the caller's as well */
		r->flags &= ~(uint32_t)FINISH_HAS_GROUPS;
}

static void put_nodes(struct str *s, struct finish_span *span, const char *nodes)
{
	uint64_t bits[MEMORY_NODES_MAX / 64] = { 0 };

	if (!nodes)
		return;
	if (str_bits(nodes, bits, MEMORY_NODES_MAX) < 0)
		s->failed = true;
	put_bytes(s, span, bits, sizeof(bits));
}

static void put_landlock(struct str *s, struct finish_span *span, const struct landlock_rules *rules)
{
	static const char zeros[8];

	if (!rules->n)
		return;
	begin(s, span);
	for (size_t i = 0; i < rules->n; i++) {
		const struct landlock_rule *r = &rules->v[i];
		size_t len = r->path ? strlen(r->path) + 1 : 0;
		const struct finish_landlock head = { r->kind, (uint32_t)len, r->access, r->net };
		str_add_bytes(s, &head, sizeof(head));
		str_add_bytes(s, r->path, len);
		str_add_bytes(s, zeros, (8 - len % 8) % 8);
	}
	end(s, span);
}

static void put_init_options(struct str *s, struct finish_span *span, const struct record_input *in)
{
	if (!in->pid1 || !in->plan->init_options.n)
		return;
	begin(s, span);
	add_strings(s, &in->plan->init_options);
	end(s, span);
}

#ifdef CAISSON_FAULT_INJECTION
/* As if the line above that fills it were not there. Only what holds something counts: the rest would be no change. */
static void forget(struct finish_record *r)
{
	static const struct { const char *name; size_t at, size; } fields[] = {
#define FIELD(member) { #member, offsetof(struct finish_record, member), sizeof(((struct finish_record *)0)->member) }
		FIELD(uid), FIELD(gid), FIELD(umask), FIELD(cap_bounding), FIELD(cap_effective), FIELD(cap_permitted),
		FIELD(cap_inheritable), FIELD(cap_ambient), FIELD(groups), FIELD(rlimits), FIELD(filters), FIELD(landlock),
#undef FIELD
	};
	static const struct { const char *name; uint32_t flag; } flags[] = {
		{ "no_new_privs", FINISH_NO_NEW_PRIVS }, { "has capabilities", FINISH_HAS_CAPS },
		{ "has umask", FINISH_HAS_UMASK },	 { "has groups", FINISH_HAS_GROUPS },
		{ "session", FINISH_NEW_SESSION },	 { "deny write and execute", FINISH_DENY_WRITE_EXEC },
	};
	static const char zeros[sizeof(uint64_t)];

	for (size_t i = 0; i < N_ELEMENTS(fields); i++) {
		char *at = (char *)r + fields[i].at;
		if (memcmp(at, zeros, fields[i].size) != 0 && fault_skip("record: %s", fields[i].name))
			memset(at, 0, fields[i].size);
	}
	for (size_t i = 0; i < N_ELEMENTS(flags); i++)
		if (r->flags & flags[i].flag && fault_skip("record: %s", flags[i].name))
			r->flags &= ~flags[i].flag;
}
#else
static void forget(struct finish_record *r)
{
	(void)r;
}
#endif

static int encode(const struct record_input *in, struct str *s, struct err *e)
{
	struct finish_record r = { 0 };
	const struct process *p = in->process;
	const struct hooks none = { 0 };

	fill_numbers(&r, in);
	str_add_bytes(s, &r, sizeof(r));
	begin(s, &r.argv);
	add_strings(s, &p->args);
	end(s, &r.argv);
	put_env(s, &r.env, in);
	put_text(s, &r.cwd, p->cwd);
	put_bytes(s, &r.groups, p->groups.v, p->groups.n * sizeof(*p->groups.v));
	put_rlimits(s, &r.rlimits, &p->rlimits);
	put_text(s, &r.apparmor, p->apparmor);
	put_text(s, &r.selinux, p->selinux);
	put_text(s, &r.keyring, in->keyring);
	put_filters(s, &r.filters, in->filters);
	put_nodes(s, &r.memory_nodes, in->plan->memory_policy.nodes);
	put_hooks(s, &r.hooks, in->hook_state ? &in->plan->hooks[HOOK_START_CONTAINER] : &none);
	put_landlock(s, &r.landlock, &in->plan->landlock);
	put_init_options(s, &r.init_options, in);
	if (in->hook_state)
		put_bytes(s, &r.hook_state, in->hook_state, strlen(in->hook_state));
	if (s->failed)
		return err_code(e, ENOMEM, "finish record");
	if (s->len > FINISH_MAX_SIZE)
		return err_set(e, E2BIG, "process: arguments, environment and filters together are larger than %d MiB",
			       FINISH_MAX_SIZE >> 20);
	r.size = (uint32_t)s->len;
	forget(&r);
	memcpy(s->s, &r, sizeof(r));
	return 0;
}

static int sealed_memfd(const char *name, const void *p, size_t len, unsigned flags, struct err *e)
{
	auto_fd int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | flags);

	/* Before Linux 6.3 the exec flags are not known. */
	if (fd < 0 && errno == EINVAL)
		fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return err_sys(e, "memfd %s", name);
	int r = fd_write_all(fd, p, len);
	if (r < 0)
		return err_code(e, -r, "write memfd %s", name);
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
		return err_sys(e, "seal memfd %s", name);
	return fd_take(&fd);
}

int record_write(const struct record_input *in, struct err *e)
{
	auto_str s = { 0 };
	int r = encode(in, &s, e);

	if (r < 0)
		return r;
	int fd = sealed_memfd("caisson-record", s.s, s.len, MFD_NOEXEC_SEAL, e);
	explicit_bzero(s.s, s.len); /* the environment may hold secrets */
	return fd;
}

int record_init_memfd(struct err *e)
{
	return sealed_memfd("caisson-init", caisson_init_blob, (size_t)(caisson_init_blob_end - caisson_init_blob), MFD_EXEC, e);
}

/* Where 0 is not mapped in a user namespace, an exec takes every capability from the process that made the namespace: unless they
 * are ambient. caisson-init clears that set first thing. */
static int keep_caps_over_exec(struct err *e)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (geteuid() == 0)
		return 0;
	if (syscall(SYS_capget, &head, data) < 0)
		return err_sys(e, "read our capabilities");
	for (int i = 0; i < 2; i++)
		data[i].inheritable = data[i].permitted;
	if (syscall(SYS_capset, &head, data) < 0)
		return err_sys(e, "keep our capabilities over the exec of caisson-init");
	for (unsigned cap = 0; cap < 64; cap++)
		if ((data[cap / 32].permitted >> (cap % 32) & 1) &&
		    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0)
			return err_sys(e, "keep capability %u over the exec of caisson-init", cap);
	return 0;
}

int record_exec(int init_fd, int record_fd, struct err *e)
{
	char number[16];
	char name[] = "caisson-init", mode[] = FINISH_ARGV1;
	char *const argv[] = { name, mode, number, NULL };
	char *const no_env[] = { fault_skip_variable(), NULL };

	snprintf(number, sizeof(number), "%d", record_fd);
	if (fcntl(record_fd, F_SETFD, 0) < 0)
		return err_sys(e, "hand over the finish record");
	int r = keep_caps_over_exec(e);
	if (r < 0)
		return r;
	syscall(SYS_execveat, init_fd, "", argv, no_env, AT_EMPTY_PATH);
	return err_sys(e, "become caisson-init");
}
