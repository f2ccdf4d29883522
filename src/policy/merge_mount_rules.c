/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the profile says about mounts one by one, after those of the policy are among them: no programs where something can be written,
 * how far mounts propagate, and what a procfs shows.
 */
#include <errno.h>
#include <string.h>

#include "base/path.h"
#include "base/sys.h"
#include "policy/merge_step.h"

enum { KINDS = MS_SHARED | MS_SLAVE | MS_PRIVATE | MS_UNBINDABLE };

struct changes { size_t noexec, propagation, procs; };

/* A list names a mount by its place, or by a directory above it. */
static bool may_hold_programs(const struct glob_lists *exec, const char *at)
{
	for (size_t i = 0; i < exec->n; i++) {
		bool named = false;
		for (size_t k = 0; k < exec->v[i].n && !named; k++)
			named = path_is_below(at, exec->v[i].v[k]);
		if (!named)
			return false;
	}
	return true;
}

/* Of a recursive bind what lies below it counts as well. */
static bool can_be_written(const struct mount *mount)
{
	bool tree = mount->rattr_set & MOUNT_ATTR_RDONLY;

	if (mount->bind && mount->recursive)
		return !tree;
	return !(tree || mount->attr_set & MOUNT_ATTR_RDONLY || mount->sb_flags & MS_RDONLY);
}

static void forbid_programs(const struct merge *m, struct mount *mount, struct changes *c)
{
	const uint64_t noexec = MOUNT_ATTR_NOEXEC;

	if (!m->p->noexec_writable || !can_be_written(mount) || may_hold_programs(&m->p->exec_mounts, mount->destination))
		return;
	c->noexec += !(mount->attr_set & noexec);
	mount->attr_set |= noexec;
	mount->attr_clear &= ~noexec;
	mount->rattr_set |= mount->bind && mount->recursive ? noexec : 0;
	mount->rattr_clear &= ~noexec;
}

/* The most of `asked` that the profile lets through. */
static unsigned long limited(uint32_t most, unsigned long asked)
{
	if (most == PROFILE_PROPAGATION_SLAVE && asked & MS_SHARED)
		return (asked & ~(unsigned long)KINDS) | MS_SLAVE;
	if (most == PROFILE_PROPAGATION_PRIVATE && asked & (MS_SHARED | MS_SLAVE))
		return (asked & ~(unsigned long)KINDS) | MS_PRIVATE;
	return asked;
}

static void limit_propagation(const struct merge *m, struct mount *mount, struct changes *c)
{
	unsigned long asked = mount->propagation;

	mount->propagation = limited(m->p->propagation, asked);
	/* A copy of the host's mount hears of the host's until it is told not to. */
	if (m->p->propagation == PROFILE_PROPAGATION_PRIVATE && mount->bind && !mount->remount)
		mount->propagation = (mount->propagation & KINDS ? mount->propagation : MS_PRIVATE) | (mount->recursive ? MS_REC : 0);
	c->propagation += mount->propagation != asked;
}

static void limit_root(struct merge *m, struct changes *c)
{
	unsigned long *root = &m->plan->root.propagation, asked = *root;

	*root = m->p->propagation == PROFILE_PROPAGATION_PRIVATE ? MS_PRIVATE | MS_REC : limited(m->p->propagation, asked);
	c->propagation += *root != asked;
}

/* The option words are of Linux 5.8, as is a procfs that has options of its own. */
static int restrict_proc(struct merge *m, struct mount *mount, struct changes *c, struct err *e)
{
	const struct facts *f = m->r->facts;
	bool hide = m->p->proc_hidepid == PROFILE_PROC_INVISIBLE, pids = m->p->proc_subset == PROFILE_PROC_PIDS;
	enum profile_field by = hide ? PF_PROC_HIDEPID : PF_PROC_SUBSET;
	const char *data = mount->data ? mount->data : "";

	if (!hide && !pids)
		return 0;
	if (mount->bind && str_eq(mount->destination, "/proc"))
		return merge_refuse(m, e, by, "proc", "mounts[%zu] on /proc brings another's procfs, whose options cannot be changed; mount one "
				    "of type proc", mount->index);
	if (!str_eq(mount->type, "proc"))
		return 0;
	if (f->kernel_major < 5 || (f->kernel_major == 5 && f->kernel_minor < 8))
		return merge_refuse(m, e, by, "proc", "Linux %u.%u has no procfs with options of its own (5.8 has); use a profile that leaves "
				    "%s as asked", f->kernel_major, f->kernel_minor, profile_field_name(by));
	if (hide && !strstr(data, "hidepid=ptraceable") && !strstr(data, "hidepid=4"))
		data = merge_text(m, "%s%shidepid=invisible", data, data[0] ? "," : "");
	if (data && pids)
		data = merge_text(m, "%s%ssubset=pid", data, data[0] ? "," : "");
	c->procs++;
	mount->data = data;
	return 0;
}

static void say(struct merge *m, const struct changes *c)
{
	static const char *const words[] = {
		[PROFILE_PROPAGATION_ANY] = "any", [PROFILE_PROPAGATION_SLAVE] = "private or slave", [PROFILE_PROPAGATION_PRIVATE] = "private",
	};

	if (c->noexec)
		merge_reason(m, REASON_NARROWED, "programs", "as mounted", merge_text(m, "none from %zu writable mounts", c->noexec),
			     merge_rule(m, PF_NOEXEC_WRITABLE));
	if (c->propagation)
		merge_reason(m, REASON_NARROWED, "mount propagation", "as asked", words[m->p->propagation], merge_rule(m, PF_PROPAGATION));
	if (c->procs && m->p->proc_hidepid == PROFILE_PROC_INVISIBLE)
		merge_reason(m, REASON_NARROWED, "proc", "as asked", "others' processes invisible", merge_rule(m, PF_PROC_HIDEPID));
	if (c->procs && m->p->proc_subset == PROFILE_PROC_PIDS)
		merge_reason(m, REASON_NARROWED, "proc", "as asked", "processes alone", merge_rule(m, PF_PROC_SUBSET));
}

int merge_mount_rules(struct merge *m, struct err *e)
{
	struct mounts *all = &m->plan->mounts;
	struct changes c = { 0 };
	struct mount *v;
	int err = 0;

	if (!m->p->noexec_writable && !m->p->propagation && !m->p->proc_hidepid && !m->p->proc_subset)
		return 0;
	v = arena_array(m->a, all->n + 1, sizeof(*v));
	if (!v)
		return err_set(e, ENOMEM, "policy: out of memory");
	if (all->n)
		memcpy(v, all->v, all->n * sizeof(*v));
	for (size_t i = 0; err == 0 && i < all->n; i++) {
		forbid_programs(m, &v[i], &c);
		limit_propagation(m, &v[i], &c);
		err = restrict_proc(m, &v[i], &c, e);
	}
	if (err < 0)
		return err;
	limit_root(m, &c);
	all->v = v;
	say(m, &c);
	return 0;
}
