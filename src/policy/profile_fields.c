/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/profile_fields.h"

#include <errno.h>
#include <string.h>

#include "policy/syscall_groups.h"

enum { WORD_BITS = 64 };

void profile_fields_add(struct profile_field_set *io, enum profile_field f)
{
	io->word[f / WORD_BITS] |= UINT64_C(1) << f % WORD_BITS;
}

bool profile_fields_has(const struct profile_field_set *s, enum profile_field f)
{
	return s->word[f / WORD_BITS] >> f % WORD_BITS & 1;
}

bool profile_fields_take(struct profile_field_set *io, enum profile_field *out)
{
	for (unsigned i = 0; i < PROFILE_FIELDS_MAX / WORD_BITS; i++) {
		if (!io->word[i])
			continue;
		*out = i * WORD_BITS + (unsigned)__builtin_ctzll(io->word[i]);
		io->word[i] &= io->word[i] - 1;
		return true;
	}
	return false;
}

static const struct field *field_of(enum profile_field f)
{
	return &profile_table.v[f];
}

static void *member(struct profile *p, enum profile_field f)
{
	return (char *)p + field_of(f)->offset;
}

static const void *member_of(const struct profile *p, enum profile_field f)
{
	return (const char *)p + field_of(f)->offset;
}

static bool is_of_the_file(enum profile_field f)
{
	return f == PF_SCHEMA || f == PF_NAME || f == PF_DESCRIPTION || f == PF_EXTENDS;
}

static void set_field(struct profile *io, const struct profile *from, enum profile_field f)
{
	memcpy(member(io, f), member_of(from, f), field_size(field_of(f)));
	io->rule[f] = from->rule[f] ? from->rule[f] : from->name;
}

void profile_lay(struct profile *io, const struct profile *other)
{
	const struct profile *none = profile_builtin(LEVEL_NONE);

	for (int f = 0; f < PROFILE_FIELDS; f++)
		if (!is_of_the_file(f) && (other->rule[f] || !field_same(field_of(f), member_of(other, f), member_of(none, f))))
			set_field(io, other, f);
	if (other->level > io->level)
		io->level = other->level;
}

static void note_seen(void *ctx, size_t field)
{
	profile_fields_add(ctx, (enum profile_field)field);
}

static const struct strings no_texts;
static const struct glob_lists nowhere = { 1, &no_texts };

/* What follows from a field that the file says, so that no restriction of a file depends on what it inherited. */
static void follow(struct profile *io, const struct profile_field_set *seen)
{
	io->fits = true;
	if (!profile_fields_has(seen, PF_PRIVILEGED) && io->privileged == PROFILE_PRIVILEGED_PASS)
		io->privileged = PROFILE_PRIVILEGED_MEET;
	if (!profile_fields_has(seen, PF_CAP_LABEL) && io->label == PROFILE_LABEL_IGNORE)
		io->label = PROFILE_LABEL_USE;
	if ((profile_fields_has(seen, PF_MASK) || profile_fields_has(seen, PF_READONLY)) && !profile_fields_has(seen, PF_MASK_ALWAYS))
		io->mask_always = true;
	if (io->noexec_writable && !io->exec_mounts.n && !profile_fields_has(seen, PF_MOUNTS_EXEC))
		io->exec_mounts = nowhere;
	if (profile_fields_has(seen, PF_CAP_ALLOW)) {
		io->cap_launch = 0;
		io->rule[PF_CAP_LAUNCH] = io->rule[PF_CAP_ALLOW];
		if (!profile_fields_has(seen, PF_CAP_LABEL_ALLOW)) {
			io->cap_ceiling = io->cap_allow;
			io->rule[PF_CAP_LABEL_ALLOW] = io->rule[PF_CAP_ALLOW];
		}
	}
	io->cap_ceiling |= io->cap_allow;
	/* Nothing can be named where no label counts; met with a profile that counts them, it must not come back. */
	if (io->label == PROFILE_LABEL_IGNORE)
		io->cap_ceiling = io->cap_allow;
}

static int check_profile(const struct jread_at *at, const struct profile_text *t, const struct profile_field_set *seen, struct profile *io,
			 struct err *e)
{
	struct jread_at name = jread_key(at, "name"), extends = jread_key(at, "extends"), syscalls = jread_key(at, "syscalls");
	struct jread_at archs = jread_key(&syscalls, "architectures"), caps = jread_key(at, "capabilities");
	struct jread_at label_allow = jread_key(&caps, "label_allow");

	if (t->drop_in && profile_fields_has(seen, PF_NAME))
		return field_refuse(&name, e, "a drop-in has no name of its own");
	if (t->drop_in && profile_fields_has(seen, PF_EXTENDS))
		return field_refuse(&extends, e, "a drop-in extends nothing but the profile it belongs to");
	if (profile_fields_has(seen, PF_NAME) && !str_eq(io->name, t->name))
		return field_refuse(&name, e, "\"%s\" is not the file's name, \"%s\"", io->name, t->name);
	if (profile_fields_has(seen, PF_CAP_LABEL_ALLOW) && io->label == PROFILE_LABEL_IGNORE)
		return field_refuse(&label_allow, e, "has no effect while $.capabilities.label is \"ignore\"");
	if (!(io->archs & PROFILE_ARCH_NATIVE))
		return field_refuse(&archs, e, "without \"native\" nothing could run");
	if (profile_fields_has(seen, PF_SYSCALLS_ARCHS) && io->archs == PROFILE_ARCH_NATIVE && !profile_limits_calls(io))
		return field_refuse(&archs, e, "has no effect while $.syscalls.allow is \"all\"; say which calls are allowed");
	return 0;
}

int profile_read(struct arena *a, const struct profile_text *t, const struct jread_doc *doc, struct profile *io, struct err *e)
{
	const struct jread_at at = { .doc = doc };
	struct profile_field_set seen = { 0 };
	const struct field_reader r = { .arena = a, .seen = note_seen, .ctx = &seen };
	int err;

	err = fields_read(&r, &at, doc->root, &profile_table, io, e);
	if (err < 0)
		return err;
	for (int f = 0; f < PROFILE_FIELDS; f++) {
		if (!profile_fields_has(&seen, f))
			continue;
		io->rule[f] = arena_printf(a, "%s $.%s", t->label, field_of(f)->name);
		if (!io->rule[f])
			return err_set(e, ENOMEM, "out of memory");
	}
	io->from_file = true;
	follow(io, &seen);
	err = check_profile(&at, t, &seen, io, e);
	io->name = t->name;
	return err;
}

static const char *with_role(struct arena *a, const char *role, const char *rule)
{
	return role ? arena_printf(a, "%s %s", role, rule) : rule;
}

const char *profile_rule(struct arena *a, const struct profile *p, enum profile_field f)
{
	const char *rule = p->rule[f];

	if (!rule)
		return arena_printf(a, p->from_file ? "profile %s" : "level %s", p->name);
	return profile_builtin_named(rule) ? arena_printf(a, "level %s", rule) : rule;
}

/* Places of both; one that both have gets the smaller size, and only what both allow. */
static int meet_tmpfs(struct arena *a, struct profile *io, const struct profile *other, bool *changed, struct err *e)
{
	struct profile_tmpfs *v = arena_array(a, io->tmpfs.n + other->tmpfs.n + 1, sizeof(*v));
	size_t n = io->tmpfs.n;

	if (!v)
		return err_set(e, ENOMEM, "policy: out of memory");
	for (size_t i = 0; i < n; i++)
		v[i] = io->tmpfs.v[i];
	for (size_t k = 0; k < other->tmpfs.n; k++) {
		const struct profile_tmpfs *o = &other->tmpfs.v[k];
		size_t i = 0;
		while (i < io->tmpfs.n && !str_eq(v[i].path, o->path))
			i++;
		if (i == io->tmpfs.n) {
			v[n++] = *o;
			*changed = true;
			continue;
		}
		*changed |= o->size < v[i].size || (v[i].exec && !o->exec);
		v[i].size = o->size < v[i].size ? o->size : v[i].size;
		v[i].exec &= o->exec;
	}
	io->tmpfs.v = v;
	io->tmpfs.n = n;
	return 0;
}

/* An identity that nobody has chosen yet; what the operator chose stays. */
static void meet_identity(struct profile *io, const struct profile *other)
{
	if (io->uid.set || io->gid.set || io->groups.set || !(other->uid.set || other->gid.set || other->groups.set))
		return;
	set_field(io, other, PF_UID);
	set_field(io, other, PF_GID);
	set_field(io, other, PF_GROUPS);
	io->identity_if_root = true;
}

int profile_meet(struct arena *a, struct profile *io, const struct profile *other, const char *role, struct err *e)
{
	io->best_effort = best_effort_meet(io, other); /* which depends on what each asks for */
	for (int f = 0; f < PROFILE_FIELDS; f++) {
		bool changed = false;
		int err = 0;

		if (field_of(f)->kind == FIELD_INFO || field_of(f)->kind == FIELD_GRANT || field_of(f)->kind == FIELD_IDENTITY)
			continue;
		if (f == PF_TMPFS)
			err = meet_tmpfs(a, io, other, &changed, e);
		else
			err = field_meet(field_of(f), a, member(io, f), member_of(other, f), &changed, e);
		if (err < 0)
			return err;
		if (changed)
			io->rule[f] = with_role(a, role, other->rule[f] ? other->rule[f] : other->name);
		if (changed && !io->rule[f])
			return err_set(e, ENOMEM, "policy: out of memory");
	}
	meet_identity(io, other);
	if (other->level > io->level)
		io->level = other->level;
	return 0;
}

void profile_forget(struct profile *io, uint64_t controls)
{
	const struct profile *none = profile_builtin(LEVEL_NONE);
	bool all = controls == profile_controls_all();

	for (int f = 0; f < PROFILE_FIELDS; f++)
		if ((profile_control_of(f) & controls) || (all && field_of(f)->hidden))
			memcpy(member(io, f), member_of(none, f), field_size(field_of(f)));
	/* Nor are those checks made that come with a level. */
	if (all)
		io->level = none->level;
}

static bool grants_more(const struct profile *p, const struct profile *than)
{
	uint64_t has = 0, may = 0;

	for (size_t i = 0; i < p->grant.n; i++)
		has |= p->grant.v[i].cap;
	for (size_t i = 0; i < than->grant.n; i++)
		may |= than->grant.v[i].cap;
	return (has & ~may) || p->ambient < than->ambient;
}

/* What the rules of baseline refuse, a list of calls without the two families refuses too. */
static bool holds_baseline(const struct profile *p)
{
	struct syscall_set calls = profile_syscalls(p);

	return !syscall_set_is_all(&calls) && !(p->families & PROFILE_BASELINE_FAMILIES);
}

/* A warning is no restriction, and what only built-in profiles can say is no file's matter. */
static bool is_no_step(const struct profile *p, enum profile_field f)
{
	return field_of(f)->hidden || f == PF_NS_WARN || (f == PF_SYSCALLS_BASELINE && holds_baseline(p));
}

int profile_weaker(struct arena *a, const struct profile *p, const struct profile *than, struct profile_field_set *out,
		   struct err *e)
{
	struct profile met = *p;

	*out = (struct profile_field_set){ 0 };
	if (grants_more(p, than))
		profile_fields_add(out, PF_CAP_GRANT);
	if (best_effort_weaker(p, than))
		profile_fields_add(out, PF_BEST_EFFORT);
	for (int f = 0; f < PROFILE_FIELDS; f++) {
		bool changed = false;
		int err = 0;

		if (is_no_step(p, f))
			continue;
		switch (field_of(f)->kind) {
		case FIELD_CEILING:
		case FIELD_ON:
			err = field_meet(field_of(f), a, member(&met, f), member_of(than, f), &changed, e);
			break;
		case FIELD_IDENTITY:
			/* Whether it brings one, or leaves out the other's. */
			changed = !field_same(field_of(f), member_of(p, f), member_of(than, f));
			break;
		default:
			break;
		}
		if (err < 0)
			return err;
		if (changed)
			profile_fields_add(out, f);
	}
	return 0;
}

const char *profile_field_name(enum profile_field f)
{
	return field_of(f)->name;
}

struct syscall_set profile_syscalls(const struct profile *p)
{
	struct syscall_set calls = p->syscalls;

	syscall_set_remove(&calls, &p->syscalls_denied);
	syscall_set_remove(&calls, &p->syscalls_kill);
	return calls;
}

bool profile_limits_calls(const struct profile *p)
{
	struct syscall_set calls = profile_syscalls(p);

	return !syscall_set_is_all(&calls) || p->families != FILTER_EVERY || p->netlink != FILTER_EVERY || p->ioctls;
}
