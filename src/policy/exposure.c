/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The exposure figure: 24 controls, each with a weight and how bad it stands (0..1). A figure to read, not a gate: the
 * weights are judgements (policy-design section 6).
 */
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <string.h>

#include "base/capname.h"
#include "base/path.h"
#include "base/sys.h"
#include "policy/explain.h"
#include "policy/syscall_groups.h"

/* What the figure looks at, in the document and in the plan alike. */
struct view {
	const struct process *process; /* NULL: none */
	uint64_t caps;
	const struct namespace *ns;
	const struct mounts *mounts;
	const struct resources *resources;
	bool has_engine;
	const struct seccomp *engine;
	const struct plan_syscalls *own; /* NULL: none */
	bool readonly, nosuid;
	size_t masked;
};

static bool has_cap(const struct view *v, int cap)
{
	return v->caps & CAP_BIT(cap);
}

static double at_root(const struct view *v) { return v->process && v->process->uid == 0; }
static double at_user_ns(const struct view *v) { return v->ns[NS_USER].mode == NS_INHERIT; }
static double at_sys_admin(const struct view *v) { return has_cap(v, CAP_SYS_ADMIN); }
static double at_sys_ptrace(const struct view *v) { return has_cap(v, CAP_SYS_PTRACE); }
static double at_sys_module(const struct view *v) { return has_cap(v, CAP_SYS_MODULE); }
static double at_bpf(const struct view *v) { return has_cap(v, 39 /* CAP_BPF, Linux 5.8 */); }

/* Docker's fourteen weigh about a third. */
static double at_other_caps(const struct view *v)
{
	uint64_t worst = CAP_BIT(CAP_SYS_ADMIN) | CAP_BIT(CAP_SYS_PTRACE) | CAP_BIT(CAP_SYS_MODULE) | CAP_BIT(39);
	int n = 0;

	for (uint64_t left = v->caps & CAP_MASK_ALL & ~worst; left; left &= left - 1)
		n++;
	return n / (double)(CAP_COUNT - 4);
}

static double at_no_filter(const struct view *v) { return !v->has_engine && (!v->own || v->own->set <= FILTER_SET_RULES); }
static double at_no_nnp(const struct view *v) { return !v->process || !v->process->no_new_privs; }
static double at_writable_root(const struct view *v) { return !v->readonly; }
static double at_host_pid(const struct view *v) { return v->ns[NS_PID].mode == NS_INHERIT; }
static double at_host_net(const struct view *v) { return v->ns[NS_NET].mode == NS_INHERIT; }
static double at_host_ipc(const struct view *v) { return v->ns[NS_IPC].mode == NS_INHERIT; }
static double at_host_uts(const struct view *v) { return v->ns[NS_UTS].mode == NS_INHERIT; }
static double at_host_cgroup(const struct view *v) { return v->ns[NS_CGROUP].mode == NS_INHERIT; }

/* Rules that let every device through, or block devices by number. */
static double at_devices(const struct view *v)
{
	double bad = 0;

	for (size_t i = 0; i < v->resources->devices.n; i++) {
		const struct device_rule *d = &v->resources->devices.v[i];
		if (d->type == 'a' || (d->major < 0 && d->minor < 0 && (d->r || d->w)))
			bad = d->allow;
		else if (d->allow && d->type == 'b' && bad < 1)
			bad = 0.5;
	}
	return bad;
}

static bool is_writable(const struct mount *m)
{
	return !((m->attr_set | m->rattr_set) & MOUNT_ATTR_RDONLY);
}

static double at_host_binds(const struct view *v)
{
	static const char *const whole[] = { "/", "/var", "/var/lib", "/run", "/root", "/home" };
	static const char *const trees[] = { "/boot", "/dev", "/etc", "/lib", "/lib64", "/proc", "/sbin", "/bin", "/sys",
					     "/usr" };

	for (size_t i = 0; i < v->mounts->n; i++) {
		const struct mount *m = &v->mounts->v[i];
		if (!m->bind || !m->source || !is_writable(m))
			continue;
		for (size_t k = 0; k < N_ELEMENTS(whole); k++)
			if (str_eq(m->source, whole[k]))
				return 1;
		for (size_t k = 0; k < N_ELEMENTS(trees); k++)
			if (path_is_below(m->source, trees[k]))
				return 1;
	}
	return 0;
}

static double at_engine_socket(const struct view *v)
{
	static const char *const sockets[] = { "docker.sock", "containerd.sock", "crio.sock", "podman.sock",
					       "buildkitd.sock", "cri-dockerd.sock" };

	for (size_t i = 0; i < v->mounts->n; i++) {
		const char *source = v->mounts->v[i].source;
		const char *base = source ? strrchr(source, '/') : NULL;
		for (size_t k = 0; base && k < N_ELEMENTS(sockets); k++)
			if (str_eq(base + 1, sockets[k]))
				return 1;
	}
	return 0;
}

static double at_no_pids_limit(const struct view *v)
{
	return !v->resources->pids_limit.set || v->resources->pids_limit.v <= 0;
}

static double at_no_memory_limit(const struct view *v)
{
	return !v->resources->memory.limit.set || v->resources->memory.limit.v <= 0;
}

/* Can the container make this call, as far as the filters say? */
static bool lets_call(const struct view *v, const char *name, enum syscall_group group)
{
	if (v->own && v->own->set > FILTER_SET_RULES && !(v->own->groups >> group & 1) && !str_in(&v->own->calls, name))
		return false;
	if (!v->has_engine)
		return true;
	for (size_t i = 0; i < v->engine->rules.n; i++) {
		const struct syscall_rule *r = &v->engine->rules.v[i];
		if (str_in(&r->names, name))
			return r->action == SECCOMP_RET_ALLOW || r->action == SECCOMP_RET_LOG;
	}
	return v->engine->default_action == SECCOMP_RET_ALLOW || v->engine->default_action == SECCOMP_RET_LOG;
}

static double at_io_uring(const struct view *v) { return lets_call(v, "io_uring_setup", SYSCALL_GROUP_URING); }
static double at_inner_users(const struct view *v) { return lets_call(v, "unshare", SYSCALL_GROUP_NAMESPACE); }
static double at_unmasked(const struct view *v) { return v->masked == 0; }
static double at_set_uid(const struct view *v) { return at_no_nnp(v) > 0 && !v->nosuid; }

static const struct { const char *control; double weight; double (*badness)(const struct view *v); } controls[] = {
	{ "runs as uid 0", 10, at_root },
	{ "shares the host's user namespace", 8, at_user_ns },
	{ "SYS_ADMIN", 10, at_sys_admin },
	{ "SYS_PTRACE", 10, at_sys_ptrace },
	{ "SYS_MODULE", 10, at_sys_module },
	{ "BPF", 10, at_bpf },
	{ "other capabilities", 2, at_other_caps },
	{ "no system call filter", 10, at_no_filter },
	{ "may gain privileges", 6, at_no_nnp },
	{ "writable root", 4, at_writable_root },
	{ "host pid namespace", 6, at_host_pid },
	{ "host network", 6, at_host_net },
	{ "host ipc namespace", 6, at_host_ipc },
	{ "host uts namespace", 6, at_host_uts },
	{ "host cgroup namespace", 6, at_host_cgroup },
	{ "device access", 6, at_devices },
	{ "writable bind of a system path", 6, at_host_binds },
	{ "engine socket", 10, at_engine_socket },
	{ "no pids limit", 2, at_no_pids_limit },
	{ "no memory limit", 2, at_no_memory_limit },
	{ "io_uring", 3, at_io_uring },
	{ "user namespaces inside", 4, at_inner_users },
	{ "kernel paths not masked", 4, at_unmasked },
	{ "set-uid programs", 3, at_set_uid },
};

static double figure(const struct view *v)
{
	double sum = 0, weights = 0;

	for (size_t i = 0; i < N_ELEMENTS(controls); i++) {
		sum += controls[i].weight * controls[i].badness(v);
		weights += controls[i].weight;
	}
	return 10 * sum / weights;
}

double explain_exposure(const struct plan *p)
{
	struct view v = {
		.process = p->has_process ? &p->process : NULL,
		.caps = p->has_process ? p->process.caps.bounding : 0,
		.ns = p->ns, .mounts = &p->mounts, .resources = &p->resources,
		.has_engine = p->filter.has_engine, .engine = &p->filter.engine, .own = &p->filter.own,
		.readonly = p->root.readonly, .nosuid = p->root.nosuid, .masked = p->masked_paths.n,
	};

	return figure(&v);
}

double explain_exposure_asked(const struct spec *s)
{
	struct view v = {
		.process = s->has_process ? &s->process : NULL,
		.caps = s->has_process ? s->process.caps.bounding : 0,
		.ns = s->ns, .mounts = &s->mounts, .resources = &s->resources,
		.has_engine = s->has_seccomp, .engine = &s->seccomp,
		.readonly = s->root_readonly, .masked = s->masked_paths.n,
	};

	return figure(&v);
}
