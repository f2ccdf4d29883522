/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/merge.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/capname.h"
#include "policy/merge_step.h"

void merge_reason(struct merge *m, enum reason_kind kind, const char *control, const char *asked, const char *result,
		  const char *rule)
{
	if (!control || !asked || !result || !rule)
		m->no_memory = true;
	else if (m->n_reasons < MERGE_NOTES)
		m->reasons[m->n_reasons++] = (struct reason){ control, asked, result, rule, kind };
}

void merge_warn(struct merge *m, const char *fmt, ...)
{
	const char *text;
	va_list ap;

	va_start(ap, fmt);
	text = arena_vprintf(m->a, fmt, ap);
	va_end(ap);
	if (!text)
		m->no_memory = true;
	else if (m->n_warnings < MERGE_NOTES)
		m->warnings[m->n_warnings++] = text;
}

const char *merge_text(struct merge *m, const char *fmt, ...)
{
	const char *text;
	va_list ap;

	va_start(ap, fmt);
	text = arena_vprintf(m->a, fmt, ap);
	va_end(ap);
	if (!text)
		m->no_memory = true;
	return text;
}

int merge_refuse(struct merge *m, struct err *e, const char *control, const char *fmt, ...)
{
	char why[800];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(why, sizeof(why), fmt, ap); /* a longer text is cut, as err_set would */
	va_end(ap);
	return err_set(e, EPERM, "refused by level \"%s\" (%s): %s", m->p->name, control, why);
}

/* The last rule for everything decides; a document without one denies (runc's default). */
static bool allows_all_devices(const struct resources *r)
{
	bool all = false;

	for (size_t i = 0; i < r->devices.n; i++) {
		const struct device_rule *d = &r->devices.v[i];
		if (d->type == 'a' || (d->type == 0 && d->major < 0 && d->minor < 0))
			all = d->allow && d->r && d->w && d->m;
	}
	return all;
}

bool policy_is_privileged(const struct spec *s, const struct facts *f)
{
	uint64_t host = f->caps ? f->caps : CAP_MASK_ALL;
	uint64_t has = s->has_process && s->process.has_caps ? s->process.caps.bounding : 0;

	return !s->has_seccomp && !s->masked_paths.n && (has & host) == host && (has & CAP_BIT(CAP_SYS_ADMIN)) &&
	       allows_all_devices(&s->resources);
}

/* A container may ask for less than it would get: everybody may write an annotation. */
static int annotated_level(const struct spec *s, enum level *level, const char **from, struct err *e)
{
	for (size_t i = 0; i < s->annotations.n; i++) {
		int asked;
		if (!str_eq(s->annotations.v[i].key, POLICY_ANNOTATION))
			continue;
		asked = policy_level_find(s->annotations.v[i].value);
		if (asked != LEVEL_HARDENED && asked != LEVEL_STRICT)
			return err_set(e, EINVAL, "annotations[\"" POLICY_ANNOTATION "\"]: \"%.64s\" is not a level that an "
				       "annotation may choose: it can only narrow, to hardened or strict",
				       s->annotations.v[i].value);
		if (asked > (int)*level) {
			*level = (enum level)asked;
			*from = "annotation " POLICY_ANNOTATION;
		}
	}
	return 0;
}

static void copy_document(struct plan *p, const struct spec *s)
{
	p->oci_version = s->oci_version;
	p->annotations = s->annotations;
	p->has_process = s->has_process;
	p->process = s->process;
	p->devices = s->devices;
	p->net_devices = s->net_devices;
	p->mount_label = s->mount_label;
	memcpy(p->ns, s->ns, sizeof(p->ns));
	p->uid_map = s->uid_map;
	p->gid_map = s->gid_map;
	p->boottime = s->boottime;
	p->monotonic = s->monotonic;
	p->hostname = s->hostname;
	p->domainname = s->domainname;
	p->memory_policy = s->memory_policy;
	p->intel_rdt = s->intel_rdt;
	p->has_personality = s->has_personality;
	p->personality = s->personality;
	memcpy(p->hooks, s->hooks, sizeof(p->hooks));
	p->filter.has_engine = s->has_seccomp;
	p->filter.engine = s->seccomp;
}

int policy_check_labels(const struct process *p, const struct facts *f, struct err *e)
{
	if (p->apparmor && !f->apparmor && !str_eq(p->apparmor, "unconfined"))
		return err_set(e, ENOTSUP, "process.apparmorProfile: \"%s\" cannot be applied: AppArmor is not enabled on this "
			       "host", p->apparmor);
	if (p->selinux && !f->selinux)
		return err_set(e, ENOTSUP, "process.selinuxLabel: cannot be applied: SELinux is not enabled on this host");
	return 0;
}

static int check_host(const struct spec *s, const struct facts *f, struct err *e)
{
	int r = s->has_process ? policy_check_labels(&s->process, f, e) : 0;

	if (r == 0 && s->mount_label && !f->selinux)
		return err_set(e, ENOTSUP, "linux.mountLabel: cannot be applied: SELinux is not enabled on this host");
	return r;
}

static int merge_switches(struct merge *m, struct err *e)
{
	struct process *proc = &m->plan->process;
	bool asked = proc->no_new_privs;

	(void)e;
	if (!m->plan->has_process)
		return 0;
	proc->no_new_privs |= m->p->no_new_privs;
	merge_reason(m, asked == proc->no_new_privs ? REASON_KEPT : REASON_NARROWED, "no_new_privileges",
		     asked ? "on" : "off", proc->no_new_privs ? "on" : "off",
		     asked == proc->no_new_privs ? m->asked_by : m->rule);
	return 0;
}

static int merge_filter(struct merge *m, struct err *e)
{
	static const char *const sets[] = {
		[FILTER_SET_NONE] = "", [FILTER_SET_BASELINE] = "baseline rules",
		[FILTER_SET_CONTAINER] = "set @container", [FILTER_SET_SERVICE] = "set @service",
	};
	struct plan_filter *f = &m->plan->filter;
	const char *engine = f->has_engine ? merge_text(m, "the document's filter, %zu rules", f->engine.rules.n)
					   : "no filter";
	const char *native;

	(void)e;
	f->set = m->p->filter_with_engine && !f->has_engine ? FILTER_SET_NONE : m->p->filter;
	f->allow_compat32 = !m->p->native_only;
	if (f->set == FILTER_SET_NONE) {
		if (m->p->filter != FILTER_SET_NONE)
			merge_reason(m, REASON_KEPT, "system calls", engine,
				     "no filter (with one, the baseline rules would join it)", m->asked_by);
		else
			merge_reason(m, REASON_KEPT, "system calls", engine, engine, m->asked_by);
		return 0;
	}
	native = f->allow_compat32 ? "" : ", native calls only";
	merge_reason(m, REASON_NARROWED, "system calls", engine,
		     merge_text(m, "%s%s%s%s", f->has_engine ? engine : "", f->has_engine ? ", then " : "", sets[f->set],
				native), m->rule);
	return 0;
}

/* In order: what comes later looks at what came before (namespaces decide what capabilities and sysctls mean). */
static int (*const steps[])(struct merge *m, struct err *e) = {
	merge_namespaces, merge_capabilities, merge_switches, merge_user, merge_root,
	merge_mounts, merge_paths, merge_sysctls, merge_limits, merge_filter,
};

static int take_notes(struct merge *m, struct err *e)
{
	struct reason *reasons = arena_array(m->a, m->n_reasons + 1, sizeof(*reasons));
	const char **warnings = arena_array(m->a, m->n_warnings + 1, sizeof(*warnings));

	if (!reasons || !warnings)
		return err_set(e, ENOMEM, "policy: out of memory");
	memcpy(reasons, m->reasons, m->n_reasons * sizeof(*reasons));
	memcpy(warnings, m->warnings, m->n_warnings * sizeof(*warnings));
	m->plan->reasons.v = reasons;
	m->plan->reasons.n = m->n_reasons;
	m->plan->warnings.v = warnings;
	m->plan->warnings.n = m->n_warnings;
	return 0;
}

/* Which profile meets the document: the level's own, or nothing for a privileged container at a level that lets it be. */
static int choose_profile(struct merge *m, struct err *e)
{
	bool privileged = !m->r->standalone && policy_is_privileged(m->s, m->r->facts);

	m->rule = merge_text(m, "level %s", m->p->name);
	merge_reason(m, REASON_KEPT, "level", policy_level_name(m->r->level), m->p->name, m->plan->level_from);
	m->plan->privileged_shape = privileged;
	if (!privileged)
		return 0;
	if (m->p->refuses_privileged)
		return merge_refuse(m, e, "privileged", "the container asks for every capability and device, with no system "
				    "call filter and no masked path; ask for less, or run it with --policy baseline");
	if (m->p->level != LEVEL_NONE) {
		merge_warn(m, "a privileged container: passed through without any hardening");
		merge_reason(m, REASON_WARNED, "privileged", "yes", "passed through", m->rule);
	}
	m->p = profile_builtin(LEVEL_NONE);
	return 0;
}

int policy_merge(struct arena *a, const struct spec *s, const struct policy_request *r, const struct plan **out,
		 struct err *e)
{
	struct merge m = { .a = a, .s = s, .r = r, .asked_by = r->standalone ? "launch" : "config.json" };
	struct plan *plan = arena_alloc(a, sizeof(*plan));
	enum level level = r->level;
	const char *from = r->level_from;
	int err = annotated_level(s, &level, &from, e);

	if (err < 0)
		return err;
	if (!plan)
		return err_set(e, ENOMEM, "policy: out of memory");
	err = check_host(s, r->facts, e);
	if (err < 0)
		return err;
	plan->id = r->id;
	plan->bundle = r->bundle;
	plan->level = level;
	plan->level_from = from ? from : "built-in default";
	plan->init = r->init;
	copy_document(plan, s);
	if (!r->facts->apparmor)
		plan->process.apparmor = NULL; /* at most "unconfined", which everything is then */
	m.plan = plan;
	m.p = profile_builtin(level);
	err = choose_profile(&m, e);
	for (size_t i = 0; err == 0 && i < N_ELEMENTS(steps); i++) {
		err = steps[i](&m, e);
		if (err == 0 && m.no_memory)
			err = err_set(e, ENOMEM, "policy: out of memory");
	}
	if (err == 0)
		err = take_notes(&m, e);
	if (err == 0)
		*out = plan;
	return err;
}
