/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy/checks.c - what would surprise at run time, found before anything exists (policy-design section 5). A finding that can
 * only fail refuses; any other is a warning with its fix. L02, L12, L13 and L14 are where their controls are.
 */
#include <errno.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "base/capname.h"
#include "base/path.h"
#include "base/sys.h"
#include "policy/checks.h"
#include "policy/syscall_groups.h"

struct checked {
	struct merge *m;
	const struct plan *plan;
	const struct process *p;
	uint64_t caps;			/* what the process can have */
	struct check_program program;
};

static const char *const droppers[] = { "gosu", "su-exec", "setpriv", NULL };

static void found(struct checked *c, const char *id, const char *what, const char *fix)
{
	if (!what)
		return; /* no memory: merge_text has noted it */
	merge_warn(c->m, "launch check %s: %s; %s", id, what, fix);
	merge_reason(c->m, REASON_WARNED, merge_text(c->m, "launch check %s", id), what, fix, "launch check");
}

static bool has_host_ids(const struct checked *c)
{
	return c->plan->ns[NS_USER].mode == NS_INHERIT && !c->m->r->facts->in_user_namespace;
}

/* The kernel refuses to run a program whose file demands more than the bounding set holds, even for root. */
static int file_caps(struct checked *c, struct err *e)
{
	const struct root_file *f = &c->program.binary;
	uint64_t lost = f->caps & ~c->p->caps.bounding;

	if (!c->program.has_binary || !f->caps_effective || !lost || c->plan->root.nosuid || !has_host_ids(c))
		return 0;
	return err_set(e, EPERM, "launch check L01: %.256s cannot be run: its file demands %s, which the container does not get; remove the "
		       "file's capabilities (setcap -r), allow them, or use a profile with \"rootfs\": {\"nosuid\": true}, which ignores them",
		       f->path, merge_caps_text(c->m, lost));
}

static bool can_step_down(const struct checked *c)
{
	return (c->caps & CAP_BIT(CAP_SETUID)) && (c->caps & CAP_BIT(CAP_SETGID));
}

static int bounding_set(struct checked *c, struct err *e)
{
	static const char *const tool[] = { "setpriv", NULL }, *const option[] = { "--bounding-set", NULL };
	const char *text = c->program.file.head;

	(void)e;
	if (c->program.script && c->p->uid == 0 && can_step_down(c) && !(c->caps & CAP_BIT(CAP_SETPCAP)) &&
	    check_text_names(text, tool) && check_text_names(text, option))
		found(c, "L03", merge_text(c->m, "%s calls setpriv --bounding-set, which fails without SETPCAP", c->program.file.path),
		      "allow SETPCAP beside SETUID and SETGID, or start as the service's own user");
	return 0;
}

static const char *dropper(const struct checked *c)
{
	const char *name = c->program.script ? check_text_names(c->program.file.head, droppers) : NULL;

	for (size_t i = 0; !name && i < c->p->args.n; i++)
		name = check_text_names(c->p->args.v[i], droppers);
	return name;
}

/* An init that may not signal another user's process cannot pass SIGTERM on. */
static int init_signals(struct checked *c, struct err *e)
{
	const char *name;

	(void)e;
	if (!(c->plan->init || c->program.behind_init) || c->p->uid != 0 || (c->caps & CAP_BIT(CAP_KILL)))
		return 0;
	name = dropper(c);
	if (name)
		found(c, "L04", merge_text(c->m, "the init stays root without KILL and %s makes the program another user's: a stop waits "
					   "until its timeout", name),
		      "allow KILL, start as the service's own user, or run without an init");
	return 0;
}

static bool in_groups(const struct process *p, uint32_t gid)
{
	for (size_t i = 0; i < p->groups.n; i++)
		if (p->groups.v[i] == gid)
			return true;
	return p->gid == gid;
}

/* As the kernel decides for a process without the two capabilities that override. */
static bool is_shut(const struct process *p, const struct root_owner *o)
{
	if (o->uid == p->uid)
		return false;
	return !(o->mode & (in_groups(p, o->gid) ? 010 : 001));
}

/* First start makes such a directory; what comes back later finds it shut. */
static int volumes(struct checked *c, struct err *e)
{
	const struct root_view *v = c->m->r->view;
	const uint64_t override = CAP_BIT(CAP_DAC_OVERRIDE) | CAP_BIT(CAP_DAC_READ_SEARCH);

	(void)e;
	if (!v || c->p->uid != 0 || (c->caps & override) || !has_host_ids(c))
		return 0;
	for (size_t i = 0; i < c->plan->mounts.n; i++) {
		const struct mount *mount = &c->plan->mounts.v[i];
		struct root_owner o;
		if (!mount->bind || mount->idmap || !mount->source || mount->source[0] != '/' ||
		    v->owner(v->ctx, mount->source, &o) < 0 || !is_shut(c->p, &o))
			continue;
		found(c, "L05", merge_text(c->m, "root without DAC_OVERRIDE cannot enter the volume %s of uid %u (mode %04o): a first start "
					   "may work, a restart fails", mount->destination, o.uid, o.mode & 07777),
		      "start as that user, or allow DAC_OVERRIDE");
	}
	return 0;
}

static bool engine_allows(const struct seccomp *s, const char *call)
{
	bool named = false;

	for (size_t i = 0; i < s->rules.n; i++) {
		if (!str_in(&s->rules.v[i].names, call))
			continue;
		named = true;
		if (s->rules.v[i].action == SECCOMP_RET_ALLOW || s->rules.v[i].action == SECCOMP_RET_LOG)
			return true;
	}
	return !named && (s->default_action == SECCOMP_RET_ALLOW || s->default_action == SECCOMP_RET_LOG);
}

static bool opens_handles(const struct plan_filter *f)
{
	bool ours = f->own.set <= FILTER_SET_RULES || (f->own.groups >> SYSCALL_GROUP_HANDLE & 1) ||
		    str_in(&f->own.calls, "open_by_handle_at");

	return ours && (!f->has_engine || engine_allows(&f->engine, "open_by_handle_at"));
}

/* Together they read any file of the host's file system, outside of the root too. */
static int handles(struct checked *c, struct err *e)
{
	if (!(c->p->caps.bounding & CAP_BIT(CAP_DAC_READ_SEARCH)) || !opens_handles(&c->plan->filter))
		return 0;
	return merge_refuse(c->m, e, PF_SYSCALLS_ALLOW, "launch check L06", "DAC_READ_SEARCH with open_by_handle_at reads every file of "
			    "the host's; take DAC_OVERRIDE in its place, or leave @handle out of syscalls.allow");
}

/* What lies in `dir` and is not there only to be mounted upon. */
static bool is_lost(const struct plan *p, const char *dir, const char *name)
{
	size_t n = strlen(dir);

	for (size_t i = 0; i < p->mounts.n; i++) {
		const char *at = p->mounts.v[i].destination;
		if (strncmp(at, dir, n) == 0 && at[n] == '/' && str_starts(at + n + 1, name) &&
		    (at[n + 1 + strlen(name)] == '/' || at[n + 1 + strlen(name)] == '\0'))
			return false;
	}
	return true;
}

/* The view is that of the root alone: below another mount it shows something else. */
static bool is_on_root(const struct plan *p, const struct mount *mount)
{
	for (size_t i = 0; i < p->mounts.n; i++) {
		const struct mount *other = &p->mounts.v[i];
		if (other != mount && !str_eq(other->destination, "/") && path_is_below(mount->destination, other->destination))
			return false;
	}
	return true;
}

static int hidden_by(struct checked *c, const struct mount *mount, struct err *e)
{
	const struct root_view *v = c->m->r->view;
	struct strings names = { 0 };
	const char *list = "";
	int err = v->names(v->ctx, c->m->a, mount->destination, &names, e);

	if (err < 0)
		return err == -ENOENT ? 0 : err;
	for (size_t i = 0; list && i < names.n; i++)
		if (is_lost(c->plan, mount->destination, names.v[i]))
			list = merge_text(c->m, "%s %.64s", list, names.v[i]);
	if (list && list[0])
		found(c, "L07", merge_text(c->m, "the tmpfs on %s hides what the image has there:%s", mount->destination, list),
		      "copy it up (\"copy_up\": \"files\" in a profile's tmpfs, the option tmpcopyup in a document), or mount elsewhere");
	return 0;
}

/* /dev is filled by the runtime. */
static int tmpfs(struct checked *c, struct err *e)
{
	int err = 0;

	for (size_t i = 0; c->m->r->view && err == 0 && i < c->plan->mounts.n; i++) {
		const struct mount *mount = &c->plan->mounts.v[i];
		if (str_eq(mount->type, "tmpfs") && !mount->copy_up && !path_is_below(mount->destination, "/dev") &&
		    is_on_root(c->plan, mount))
			err = hidden_by(c, mount, e);
	}
	return err;
}

static int compat32(struct checked *c, struct err *e)
{
	if (c->plan->filter.own.allow_compat32 || !c->program.has_binary ||
	    !check_is_compat32(&c->program.binary))
		return 0;
	return merge_refuse(c->m, e, PF_SYSCALLS_ARCHS, "launch check L08", "%.256s is a 32-bit program, and only native system calls are "
			    "let through; add \"compat32\" to syscalls.architectures of its profile", c->program.binary.path);
}

static bool mentions(const struct strings *list, const char *text)
{
	for (size_t i = 0; i < list->n; i++)
		if (strstr(list->v[i], text))
			return true;
	return false;
}

static bool is_noexec(const struct plan *p, const char *path)
{
	bool noexec = false;

	for (size_t i = 0; i < p->mounts.n; i++) {
		const struct mount *mount = &p->mounts.v[i];
		if (path_is_below(path, mount->destination))
			noexec = (mount->attr_set | mount->rattr_set) & MOUNT_ATTR_NOEXEC;
	}
	return noexec;
}

static int unpacks(struct checked *c, struct err *e)
{
	const char *what = check_unpacks(&c->program);

	(void)e;
	if (!what || !is_noexec(c->plan, "/tmp") || mentions(&c->p->args, "java.io.tmpdir=") ||
	    mentions(&c->p->env, "java.io.tmpdir=") || mentions(&c->p->env, "TMPDIR="))
		return 0;
	found(c, "L10", merge_text(c->m, "%s is %s, which may unpack code into /tmp and run it there: /tmp is noexec", c->program.file.path,
				   what),
	      "give the profile a tmpfs with {\"path\": \"/tmp\", \"exec\": true}, or a directory of its own for temporary files");
	return 0;
}

/* It starts, passes every simple test, and fails at the first thing that is worth compiling. */
static int compiles(struct checked *c, struct err *e)
{
	const char *what = c->plan->deny_write_exec ? check_compiles(c->m, &c->program) : NULL;

	if (!what)
		return 0;
	return merge_refuse(c->m, e, PF_DENY_WRITE_EXEC, "launch check L09", "%.256s is %s, which writes code into memory and runs it; say "
			    "\"memory\": {\"deny_write_exec\": false} in its profile", c->program.binary.path, what);
}

/* "80/tcp"; 0 for what is no port. */
static unsigned long port_of(const char *text)
{
	char *end;
	unsigned long port = strtoul(text, &end, 10);

	return *end == '\0' || *end == '/' ? port : 0;
}

/* The first port that is kept for root: the image's, then the profile's. 0: none. */
static unsigned long first_low_port(const struct checked *c)
{
	const struct strings *image = c->m->r->ports;
	const struct ids *own = &c->m->p->service.ports.list;
	unsigned long end = c->m->r->facts->low_port_end;

	for (size_t i = 0; image && i < image->n; i++)
		if (port_of(image->v[i]) && port_of(image->v[i]) < end)
			return port_of(image->v[i]);
	for (size_t i = 0; i < own->n; i++)
		if (own->v[i] < end)
			return own->v[i];
	return 0;
}

static int low_ports(struct checked *c, struct err *e)
{
	unsigned long port = first_low_port(c);

	(void)e;
	if (port == 0 || c->p->uid == 0 || c->plan->ns[NS_NET].mode != NS_INHERIT ||
	    (c->p->caps.ambient & CAP_BIT(CAP_NET_BIND_SERVICE)))
		return 0;
	found(c, "L11", merge_text(c->m, "the %s listens on port %lu, which uid %u may not take in the host's network",
				   c->m->r->ports && c->m->r->ports->n ? "image" : "service", port, c->p->uid),
	      "give it a network of its own, another port, or capabilities.grant of NET_BIND_SERVICE with ambient \"granted\"");
	return 0;
}

/* From which level on each is looked at. */
static const struct { enum level from; int (*run)(struct checked *c, struct err *e); } checks[] = {
	{ LEVEL_BASELINE, file_caps }, { LEVEL_HARDENED, bounding_set }, { LEVEL_HARDENED, init_signals },
	{ LEVEL_HARDENED, volumes },   { LEVEL_HARDENED, handles },	 { LEVEL_HARDENED, tmpfs },
	{ LEVEL_BASELINE, compat32 },  { LEVEL_HARDENED, unpacks },	 { LEVEL_HARDENED, low_ports },
	{ LEVEL_HARDENED, compiles },
};

int merge_checks(struct merge *m, struct err *e)
{
	struct checked c = { .m = m, .plan = m->plan, .p = &m->plan->process };
	int err;

	if (!m->plan->has_process || m->p->level == LEVEL_NONE)
		return 0;
	c.caps = c.p->caps.permitted & c.p->caps.bounding;
	err = check_program_find(m, &c.program, e);
	for (size_t i = 0; err == 0 && i < N_ELEMENTS(checks); i++)
		if (m->p->level >= checks[i].from)
			err = checks[i].run(&c, e);
	return err;
}
