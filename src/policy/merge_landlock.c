/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Landlock (landlock(7)): which places may be read, written to and run, whatever the ids, the capabilities and the mounts say. What is
 * derived from the mounts and what a profile lists are layers of their own, and the kernel allows what each of them allows.
 *
 * A layer that says anything of files also says that they may be moved between directories anywhere (REFER), because without that word
 * the kernel refuses it everywhere. Scopes (ABI 6) are not used: a process that joins later is in a domain of its own, and could
 * neither signal the container's nor reach its abstract sockets.
 */
#include <errno.h>
#include <string.h>

#include "base/path.h"
#include "base/sys.h"
#include "policy/landlock.h"
#include "policy/merge_step.h"

#define FS(n) (UINT64_C(1) << (n))
/* linux/landlock.h, by number: headers may be older than the kernel. */
enum { EXECUTE, WRITE_FILE, READ_FILE, READ_DIR, REMOVE_DIR, REMOVE_FILE, MAKE_CHAR, MAKE_DIR, MAKE_REG, MAKE_SOCK, MAKE_FIFO, MAKE_BLOCK,
       MAKE_SYM, REFER, TRUNCATE, IOCTL_DEV };
#define READS  (FS(READ_FILE) | FS(READ_DIR))
#define NODES  (FS(MAKE_CHAR) | FS(MAKE_BLOCK))
#define WRITES                                                                                                                \
	(FS(WRITE_FILE) | FS(REMOVE_DIR) | FS(REMOVE_FILE) | FS(MAKE_DIR) | FS(MAKE_REG) | FS(MAKE_SOCK) | FS(MAKE_FIFO) | \
	 FS(MAKE_SYM) | NODES | FS(TRUNCATE) | FS(IOCTL_DEV))
#define DEVICE (FS(READ_FILE) | FS(WRITE_FILE) | FS(TRUNCATE) | FS(IOCTL_DEV))
enum { NET_BIND = 1, NET_CONNECT = 2 };

/* What each version knows, and the kernel that brought it. Without REFER nothing could be moved between directories. */
enum { ABI_FILES = 2, ABI_WHOLE_FILES = 3, ABI_PORTS = 4 };
static const struct { int abi; uint64_t fs; const char *kernel; } versions[] = {
	{ 1, FS(MAKE_SYM + 1) - 1, "5.13" }, { 2, FS(REFER + 1) - 1, "5.19" },	 { 3, FS(TRUNCATE + 1) - 1, "6.2" },
	{ 4, FS(TRUNCATE + 1) - 1, "6.7" },  { 5, FS(IOCTL_DEV + 1) - 1, "6.10" }, { 6, FS(IOCTL_DEV + 1) - 1, "6.12" },
	{ 7, FS(IOCTL_DEV + 1) - 1, "6.15" },
};

uint64_t landlock_known(int abi)
{
	uint64_t fs = 0;

	for (size_t i = 0; i < N_ELEMENTS(versions) && versions[i].abi <= abi; i++)
		fs = versions[i].fs;
	return fs;
}

static const char *kernel_of(int abi)
{
	return versions[abi - 1].kernel;
}

size_t landlock_layers(const struct landlock_rules *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++)
		n += r->v[i].kind == LANDLOCK_LAYER;
	return n;
}

struct making {
	struct merge *m;
	struct landlock_rule *v;
	size_t n, most;
	uint64_t handled;	/* of the layer at hand */
};

static void add(struct making *k, uint32_t kind, const char *path, uint64_t access, uint64_t net)
{
	if (k->n == k->most)
		k->m->no_memory = true;
	else if (kind == LANDLOCK_LAYER || kind == LANDLOCK_PORT || (access & k->handled))
		k->v[k->n++] = (struct landlock_rule){ kind, path, kind == LANDLOCK_PORT ? access : access & k->handled, net };
}

/* Into what every container writes, whatever else it may. */
static void add_devices(struct making *k, uint64_t access)
{
	const struct devices *d = &k->m->plan->devices;

	add(k, LANDLOCK_DEVICE, "/dev", access, 0);
	for (size_t i = 0; i < d->n; i++)
		if (!path_is_below(d->v[i].path, "/dev"))
			add(k, LANDLOCK_DEVICE, d->v[i].path, access, 0);
}

/* The root stays writable where that it is not only warns. */
static bool root_only_warns(const struct merge *m)
{
	const struct policy_choice *c = m->r->choice;

	return c && !m->trial && c->full->root.readonly && !m->p->root.readonly;
}

static void derive(struct making *k, uint64_t known)
{
	const struct plan *p = k->m->plan;

	k->handled = (READS | WRITES | FS(EXECUTE) | FS(REFER)) & known;
	add(k, LANDLOCK_LAYER, NULL, k->handled, 0);
	add(k, LANDLOCK_NAMED, "/", READS | FS(EXECUTE) | FS(REFER) | (root_only_warns(k->m) ? WRITES : 0), 0);
	add_devices(k, DEVICE);
	for (size_t i = 0; i < p->mounts.n; i++) {
		const struct mount *mount = &p->mounts.v[i];
		uint64_t attrs = mount->attr_set | mount->rattr_set;
		if (!(attrs & MOUNT_ATTR_RDONLY) && !str_eq(mount->destination, "/"))
			add(k, LANDLOCK_MOUNT, mount->destination, attrs & MOUNT_ATTR_NODEV ? WRITES & ~NODES : WRITES, 0);
	}
}

static void list(struct making *k, uint64_t known, bool with_ports)
{
	static const uint64_t means[LANDLOCK_PLACES] = { READS, WRITES, FS(EXECUTE) };
	const struct profile_landlock *l = &k->m->p->landlock;
	uint64_t net = 0;

	k->handled = 0;
	for (size_t i = 0; i < LANDLOCK_PLACES; i++)
		k->handled |= l->places[i].set ? means[i] : 0;
	k->handled = (k->handled ? k->handled | FS(REFER) : 0) & known;
	for (size_t i = 0; with_ports && i < LANDLOCK_PORTS; i++)
		net |= l->ports[i].set ? (uint64_t)NET_BIND << i : 0;
	if (!k->handled && !net)
		return;
	add(k, LANDLOCK_LAYER, NULL, k->handled, net);
	add(k, LANDLOCK_NAMED, "/", FS(REFER), 0);
	add_devices(k, DEVICE);
	for (size_t i = 0; i < LANDLOCK_PLACES; i++)
		for (size_t n = 0; n < l->places[i].list.n; n++)
			add(k, LANDLOCK_NAMED, l->places[i].list.v[n], means[i], 0);
	for (size_t i = 0; net && i < LANDLOCK_PORTS; i++)
		for (size_t n = 0; n < l->ports[i].list.n; n++)
			add(k, LANDLOCK_PORT, NULL, l->ports[i].list.v[n], (uint64_t)NET_BIND << i);
}

static size_t most_rules(const struct merge *m)
{
	const struct profile_landlock *l = &m->p->landlock;
	size_t n = 8 + m->plan->mounts.n + 2 * m->plan->devices.n;

	for (size_t i = 0; i < LANDLOCK_PLACES; i++)
		n += l->places[i].list.n;
	for (size_t i = 0; i < LANDLOCK_PORTS; i++)
		n += l->ports[i].list.n;
	return n;
}

static bool wants_files(const struct profile_landlock *l)
{
	bool wants = l->derive;

	for (size_t i = 0; i < LANDLOCK_PLACES; i++)
		wants |= l->places[i].set;
	return wants;
}

/* The version that the profile's words need. */
static int needed(const struct profile_landlock *l)
{
	return l->ports[0].set || l->ports[1].set ? ABI_PORTS : ABI_WHOLE_FILES;
}

static int check_kernel(struct merge *m, int abi, struct err *e)
{
	int want = needed(&m->p->landlock);

	if (abi >= want || (m->p->best_effort & PROFILE_BEST_LANDLOCK))
		return 0;
	return merge_refuse(m, e, PF_LANDLOCK, "landlock", "this kernel's Landlock is version %d, and %d is needed (Linux %s); add "
			    "\"landlock\" to best_effort, or say \"landlock\": \"off\"", abi, want, kernel_of(want));
}

/* A host that lacks some of it lacks it for every container: that is explained, and no warning at each launch. Nothing of it at all is
 * one. */
static void explain(struct merge *m, const struct landlock_rules *made, int abi)
{
	const struct profile_landlock *l = &m->p->landlock;
	int want = needed(l);
	const char *how = l->derive ? merge_text(m, "derived from %zu mounts", m->plan->mounts.n) : "as listed";

	if (abi < want)
		how = made->n ? merge_text(m, "%s, as version %d can", how, abi) : merge_text(m, "off: version %d here, %d is needed", abi, want);
	if (!made->n)
		merge_warn(m, "landlock is not applied: this kernel has version %d of it, and %d is needed (Linux %s)", abi, want, kernel_of(want));
	merge_reason(m, made->n ? REASON_NARROWED : REASON_WARNED, "landlock", "off", how, merge_rule(m, made->n ? PF_LANDLOCK : PF_BEST_EFFORT));
}

int merge_landlock(struct merge *m, struct err *e)
{
	const struct profile_landlock *l = &m->p->landlock;
	struct making k = { .m = m, .most = most_rules(m) };
	int abi = (int)m->r->facts->landlock_abi, err;
	uint64_t known = abi < ABI_FILES ? 0 : landlock_known(abi);

	if (!profile_landlock_is_on(l) || !m->plan->has_process)
		return 0;
	err = check_kernel(m, abi, e);
	if (err < 0)
		return err;
	k.v = arena_array(m->a, k.most + 1, sizeof(*k.v));
	if (!k.v)
		return err_set(e, ENOMEM, "policy: out of memory");
	if (l->derive && known)
		derive(&k, known);
	list(&k, wants_files(l) ? known : 0, abi >= ABI_PORTS);
	m->plan->landlock = (struct landlock_rules){ k.n, k.v };
	explain(m, &m->plan->landlock, abi);
	return 0;
}
