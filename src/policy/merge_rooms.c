/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room: namespaces, root, mounts, masked and read-only paths.
 */
#include <errno.h>
#include <string.h>

#include "base/path.h"
#include "base/sys.h"
#include "policy/ids.h"
#include "policy/merge_step.h"

static const struct { enum ns_kind kind; const char *name, *type; } rooms[] = {
	{ NS_PID, "pid", "pid" }, { NS_IPC, "ipc", "ipc" },	     { NS_UTS, "uts", "uts" },
	{ NS_MOUNT, "mount", "mount" }, { NS_NET, "network", "network" }, { NS_CGROUP, "cgroup", "cgroup" },
	{ NS_USER, "user", "user" },
};

static const char *ns_asked(const struct namespace *ns)
{
	static const char *const words[] = { [NS_INHERIT] = "host", [NS_NEW] = "new", [NS_JOIN] = "joined" };

	return words[ns->mode];
}

static int meet_namespace(struct merge *m, size_t i, struct err *e)
{
	struct namespace *ns = &m->plan->ns[rooms[i].kind];
	uint64_t bit = UINT64_C(1) << rooms[i].kind;
	const char *control = merge_text(m, "%s namespace", rooms[i].name);

	if (ns->mode != NS_INHERIT || !((m->p->ns_private | m->p->ns_warn) & bit)) {
		merge_reason(m, REASON_KEPT, control, ns_asked(ns), ns_asked(ns), m->asked_by);
		return 0;
	}
	if ((m->p->ns_private & bit) && !m->r->standalone)
		return merge_refuse(m, e, PF_NS_PRIVATE, "namespaces", "the container asks for the host's %s namespace; give it one of "
				    "its own ({\"type\": \"%s\"} in linux.namespaces), or run it with --policy baseline",
				    rooms[i].name, rooms[i].type);
	if ((m->p->ns_private & bit) && !(m->r->host_ns & bit)) {
		ns->mode = NS_NEW;
		merge_reason(m, REASON_ADDED, control, "host", "new", merge_rule(m, PF_NS_PRIVATE));
		return 0;
	}
	merge_warn(m, rooms[i].kind == NS_USER ? "the container's ids are the host's: it has no %s namespace of its own"
					       : "the container uses the host's %s namespace", rooms[i].name);
	merge_reason(m, REASON_WARNED, control, "host", "host", merge_rule(m, m->p->ns_private & bit ? PF_NS_PRIVATE : PF_NS_WARN));
	return 0;
}

int merge_namespaces(struct merge *m, struct err *e)
{
	for (size_t i = 0; i < N_ELEMENTS(rooms); i++) {
		int err = meet_namespace(m, i, e);
		if (err < 0)
			return err;
	}
	return 0;
}

static const char *root_text(struct merge *m, const struct plan_root *r)
{
	return merge_text(m, "%s%s%s", r->readonly ? "ro" : "rw", r->nosuid ? " nosuid" : "", r->nodev ? " nodev" : "");
}

/* Which of the three decided: the first one that is on. */
static enum profile_field root_field(const struct merge *m)
{
	if (m->p->root.readonly && !m->s->root_readonly)
		return PF_ROOT_READONLY;
	return m->p->root.nosuid ? PF_ROOT_NOSUID : PF_ROOT_NODEV;
}

int merge_root(struct merge *m, struct err *e)
{
	struct plan_root *r = &m->plan->root;
	const char *before;
	bool same;

	(void)e;
	r->path = m->r->root_path;
	r->readonly = m->s->root_readonly;
	r->idmap = m->r->root_idmap;
	r->propagation = m->s->rootfs_propagation;
	before = root_text(m, r);
	same = (r->readonly || !m->p->root.readonly) && !m->p->root.nosuid && !m->p->root.nodev;
	r->readonly |= m->p->root.readonly;
	r->nosuid |= m->p->root.nosuid;
	r->nodev |= m->p->root.nodev;
	merge_reason(m, same ? REASON_KEPT : REASON_NARROWED, "root", before, root_text(m, r),
		     same ? m->asked_by : merge_rule(m, root_field(m)));
	return 0;
}

static bool is_type(const struct mount *mount, const char *const *types)
{
	for (; *types; types++)
		if (str_eq(mount->type, *types))
			return true;
	return false;
}

/* What is forced on this mount. Terminals must stay devices, and so must what lies in a /dev made by hand. */
static uint64_t forced_attrs(const struct merge *m, const struct mount *mount)
{
	static const char *const kernel[] = { "proc", "sysfs", "cgroup", "cgroup2", "mqueue", NULL };
	static const char *const terminals[] = { "devpts", NULL };
	const struct profile_mount_attrs *p = &m->p->attrs;
	uint64_t attrs;

	if (is_type(mount, terminals))
		return p->kernel & ~(uint64_t)MOUNT_ATTR_NODEV;
	if (is_type(mount, kernel))
		return p->kernel;
	if (mount->bind)
		attrs = p->bind;
	else
		attrs = str_eq(mount->type, "tmpfs") ? p->tmpfs : p->other;
	if (str_eq(mount->destination, "/dev"))
		attrs &= ~(uint64_t)MOUNT_ATTR_NODEV;
	return attrs;
}

static bool force_attrs(const struct merge *m, struct mount *mount)
{
	uint64_t attrs = forced_attrs(m, mount);
	uint64_t tree = mount->bind && mount->recursive ? attrs : 0;
	bool same = (mount->attr_set & attrs) == attrs && (mount->rattr_set & tree) == tree;

	mount->attr_set |= attrs;
	mount->attr_clear &= ~attrs;
	/* A recursive bind brings the mounts below it along. */
	mount->rattr_set |= tree;
	mount->rattr_clear &= ~attrs;
	return same;
}

/* True if the document already mounts something at `path` or above it. The engine's /dev is not yet a /dev/shm. */
static bool covered(const struct merge *m, const char *path)
{
	for (size_t i = 0; i < m->s->mounts.n; i++) {
		const char *at = m->s->mounts.v[i].destination;
		if (str_eq(at, "/") || (str_eq(at, "/dev") && !str_eq(path, "/dev")))
			continue;
		if (path_is_below(path, at))
			return true;
	}
	return false;
}

/* The owner of a place that belongs to the container's user: an id that the container's map knows, or root. */
static bool is_mapped(const struct merge *m, const struct id_maps *maps, uint32_t id)
{
	return m->plan->ns[NS_USER].mode == NS_INHERIT || ids_mapped(maps, id);
}

static struct mount make_tmpfs(struct merge *m, const struct profile_tmpfs *t)
{
	const struct process *p = &m->plan->process;
	const char *owner = "";

	if (t->uid.set || t->gid.set)
		owner = merge_text(m, ",uid=%u,gid=%u", t->uid.v, t->gid.v);
	else if (t->owned && m->plan->has_process && p->uid != 0 && is_mapped(m, &m->plan->uid_map, p->uid) &&
	    is_mapped(m, &m->plan->gid_map, p->gid))
		owner = merge_text(m, ",uid=%u,gid=%u", p->uid, p->gid);
	return (struct mount){
		.index = SIZE_MAX,
		.destination = t->path,
		.source = "tmpfs",
		.type = "tmpfs",
		.data = merge_text(m, "mode=%o,size=%llu%s", t->mode, (unsigned long long)t->size, owner),
		.copy_up = t->copy_up == PROFILE_COPY_UP_FILES,
		.attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | (t->exec ? 0 : MOUNT_ATTR_NOEXEC),
	};
}

/* Where the document mounts /dev itself; what the policy puts below comes right after. */
static size_t after_dev(const struct merge *m, const char *path)
{
	size_t at = 0;

	for (size_t i = 0; path_is_below(path, "/dev") && i < m->s->mounts.n; i++)
		if (str_eq(m->s->mounts.v[i].destination, "/dev"))
			at = i + 1;
	return at;
}

static void add_tmpfs(struct merge *m, const struct profile_tmpfs *t, struct mount *v, size_t *n)
{
	v[*n] = make_tmpfs(m, t);
	(*n)++;
	merge_reason(m, REASON_ADDED, "writable places", "-",
		     merge_text(m, "tmpfs %s %lluM", t->path, (unsigned long long)(t->size >> 20)), merge_rule(m, PF_TMPFS));
}

/* One rule for the whole line: that of the first kind of mount about which something is said. */
static enum profile_field attrs_field(const struct merge *m)
{
	const struct profile_mount_attrs *p = &m->p->attrs;

	return p->tmpfs ? PF_MOUNTS_TMPFS : p->bind ? PF_MOUNTS_BIND : p->kernel ? PF_MOUNTS_KERNEL : PF_MOUNTS_OTHER;
}

int merge_mounts(struct merge *m, struct err *e)
{
	const struct mounts *asked = &m->s->mounts;
	struct mount *v = arena_array(m->a, asked->n + m->p->tmpfs.n + 1, sizeof(*v));
	size_t n = 0, changed = 0;

	if (!v)
		return err_set(e, ENOMEM, "policy: out of memory");
	/* The policy's tmpfs come first: a mount of the document's below one of them (also by way of a link such as /var/run)
	 * must end up on top. */
	for (size_t i = 0; i <= asked->n; i++) {
		for (size_t t = 0; t < m->p->tmpfs.n; t++)
			if (after_dev(m, m->p->tmpfs.v[t].path) == i && !covered(m, m->p->tmpfs.v[t].path))
				add_tmpfs(m, &m->p->tmpfs.v[t], v, &n);
		if (i == asked->n)
			break;
		v[n] = asked->v[i];
		changed += force_attrs(m, &v[n++]) ? 0 : 1;
	}
	m->plan->mounts.v = v;
	m->plan->mounts.n = n;
	merge_reason(m, changed ? REASON_NARROWED : REASON_KEPT, "mounts", merge_text(m, "%zu", asked->n),
		     changed ? merge_text(m, "%zu, %zu with flags added", n, changed) : merge_text(m, "%zu", n),
		     changed ? merge_rule(m, attrs_field(m)) : m->asked_by);
	return 0;
}

static int unite(struct merge *m, const struct strings *asked, const struct strings *ours, struct strings *out,
		 struct err *e)
{
	const char **v = arena_array(m->a, asked->n + ours->n + 1, sizeof(*v));
	size_t n = 0;

	if (!v)
		return err_set(e, ENOMEM, "policy: out of memory");
	for (size_t i = 0; i < asked->n; i++)
		v[n++] = asked->v[i];
	for (size_t i = 0; i < ours->n; i++)
		if (!str_in(asked, ours->v[i]))
			v[n++] = ours->v[i];
	out->v = v;
	out->n = n;
	return 0;
}

static void paths_reason(struct merge *m, const char *control, size_t before, size_t after, enum profile_field f)
{
	bool same = before == after;

	merge_reason(m, same ? REASON_KEPT : REASON_ADDED, control, merge_text(m, "%zu", before),
		     merge_text(m, "%zu", after), same ? m->asked_by : merge_rule(m, f));
}

int merge_paths(struct merge *m, struct err *e)
{
	static const struct strings none;
	const struct spec *s = m->s;
	bool ours = m->p->mask_always || s->masked_paths.n || s->readonly_paths.n;
	int err = unite(m, &s->masked_paths, ours ? &m->p->mask : &none, &m->plan->masked_paths, e);

	if (err == 0)
		err = unite(m, &s->readonly_paths, ours ? &m->p->readonly : &none, &m->plan->readonly_paths, e);
	if (err < 0)
		return err;
	paths_reason(m, "masked paths", s->masked_paths.n, m->plan->masked_paths.n, PF_MASK);
	paths_reason(m, "read-only paths", s->readonly_paths.n, m->plan->readonly_paths.n, PF_READONLY);
	return 0;
}
