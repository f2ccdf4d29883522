/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/merge.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/capname.h"
#include "policy/env.h"
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

const char *merge_rule(struct merge *m, enum profile_field f)
{
	const char *rule = profile_rule(m->a, m->p, f);

	if (!rule)
		m->no_memory = true;
	return rule;
}

/* The level's or profile's name in quotes, as its rule has it: a floor is called one. */
const char *merge_refused_by(struct merge *m, enum profile_field f)
{
	const char *rule = m->p->rule[f];

	if (rule && !profile_builtin_named(rule))
		return rule;
	return merge_text(m, "%s \"%s\"", rule || !m->p->from_file ? "level" : "profile", rule ? rule : m->p->name);
}

int merge_refuse(struct merge *m, struct err *e, enum profile_field f, const char *control, const char *fmt, ...)
{
	const char *by = merge_refused_by(m, f);
	char why[1600];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(why, sizeof(why), fmt, ap); /* a longer text is cut, as err_set would */
	va_end(ap);
	(void)err_set(e, EPERM, "refused by %s (%s): %s", by ? by : "the policy", control, why);
	return err_class(e, "policy.refused");
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

static uint64_t host_caps(const struct facts *f)
{
	return f->caps ? f->caps : CAP_MASK_ALL;
}

static uint64_t asked_caps(const struct spec *s)
{
	return s->has_process && s->process.has_caps ? s->process.caps.bounding : 0;
}

bool merge_is_every_cap(uint64_t asked, uint64_t host)
{
	if (!(asked & CAP_BIT(CAP_SYS_ADMIN)))
		return false;
	for (unsigned end = CAP_AUDIT_READ + 1; end <= CAP_COUNT; end++)
		if ((asked & host) == (host & (CAP_BIT(end) - 1)))
			return true;
	return false;
}

bool policy_is_privileged(const struct spec *s, const struct facts *f)
{
	return !s->has_seccomp && !s->masked_paths.n && merge_is_every_cap(asked_caps(s), host_caps(f)) && allows_all_devices(&s->resources);
}

/* A container may ask for less than it would get: everybody may write an annotation. */
static int annotated_level(const struct spec *s, enum level *level, const char **from, struct err *e)
{
	for (size_t i = 0; i < s->annotations.n; i++) {
		int asked;
		if (!str_eq(s->annotations.v[i].key, POLICY_ANNOTATION))
			continue;
		asked = policy_level_find(s->annotations.v[i].value);
		if (asked != LEVEL_HARDENED && asked != LEVEL_STRICT) {
			(void)err_set(e, EINVAL, "annotations[\"" POLICY_ANNOTATION "\"]: \"%.64s\" is not a level that an "
				      "annotation may choose: it can only narrow, to hardened or strict",
				      s->annotations.v[i].value);
			return err_class(e, "policy.refused");
		}
		if (asked > (int)*level) {
			*level = (enum level)asked;
			*from = "annotation " POLICY_ANNOTATION;
		}
	}
	return 0;
}

/* A privileged container that is passed through is met with nothing. */
static bool profile_wants_labels(const struct profile *p, bool privileged)
{
	return p->label != PROFILE_LABEL_IGNORE && !(privileged && p->privileged != PROFILE_PRIVILEGED_MEET);
}

bool policy_wants_labels(const struct spec *s, const struct policy_request *r)
{
	bool privileged = !r->standalone && policy_is_privileged(s, r->facts);
	enum level level = r->level;
	const char *from = NULL;
	struct err why = { 0 };

	if (r->choice)
		return merge_wants_image(r->choice->full) || merge_wants_image(r->choice->enforced) ||
		       profile_wants_labels(r->choice->enforced, privileged) || profile_wants_labels(r->choice->full, privileged);
	return annotated_level(s, &level, &from, &why) == 0 && profile_wants_labels(profile_builtin(level), privileged);
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
		     asked == proc->no_new_privs ? m->asked_by : merge_rule(m, PF_NO_NEW_PRIVS));
	return 0;
}

/* In order: what comes later looks at what came before (namespaces and the user decide what capabilities and sysctls mean). */
static int (*const steps[])(struct merge *m, struct err *e) = {
	merge_image,
	merge_joins, merge_namespaces, merge_user_map, merge_identity, merge_capabilities, merge_switches, merge_user, merge_root,
	merge_mounts, merge_mount_rules, merge_sources, merge_paths, merge_sysctls, merge_memory, merge_limits, merge_devices,
	merge_landlock, merge_hooks, merge_labels, merge_exec_allowed, merge_filter, merge_service, merge_env,
	merge_checks,
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

/* Which profile meets the document: the given one, or nothing for a privileged container where that lets it be. */
static int choose_profile(struct merge *m, struct err *e)
{
	bool privileged = !m->r->standalone && policy_is_privileged(m->s, m->r->facts);

	m->plan->privileged_shape = privileged && m->p->privileged != PROFILE_PRIVILEGED_MEET;
	if (!privileged)
		return 0;
	if (m->p->privileged == PROFILE_PRIVILEGED_REFUSE)
		return merge_refuse(m, e, PF_PRIVILEGED, "privileged", "the container asks for every capability and device, with no system "
				    "call filter and no masked path; ask for less, or run it with --policy baseline");
	if (m->p->privileged == PROFILE_PRIVILEGED_MEET)
		return 0;
	if (m->p->level != LEVEL_NONE || m->p->from_file) {
		merge_warn(m, "a privileged container: passed through without any hardening");
		merge_reason(m, REASON_WARNED, "privileged", "yes", "passed through", merge_rule(m, PF_PRIVILEGED));
	}
	m->p = profile_builtin(LEVEL_NONE);
	return 0;
}

static int keep_for_exec(struct merge *m)
{
	const struct profile *p = m->p;
	uint64_t host = host_caps(m->r->facts);
	/* An engine asks for the container's own set again at each exec: where that is every capability, it says nothing. */
	bool told = p->privileged == PROFILE_PRIVILEGED_REFUSE && !merge_is_every_cap(asked_caps(m->s), host);

	m->plan->exec = (struct plan_exec){
		.env_deny = p->env_deny, .no_home = env_is_denied(&p->env_deny, "HOME"), .env_secrets = p->env_secrets,
		.privileged_caps = told ? host : 0, .no_new_privs = p->no_new_privs, .within_result = p->exec_within_result, .fits = p->fits, .allow = p->exec_allow,
		.own_label = (p->apparmor && !str_eq(p->apparmor, "as-asked")) || (p->selinux && !str_eq(p->selinux, "as-asked")),
	};
	if (p->exec_allow != PROFILE_EXEC_INHERIT)
		m->plan->exec.allow_rule = merge_rule(m, PF_EXEC_ALLOW);
	return merge_keep_rlimits(m, &m->plan->exec.limits);
}

static int run_steps(struct merge *m, struct err *e)
{
	int err = choose_profile(m, e);

	if (err == -EPERM && m->trial) {
		merge_warn(m, "policy in warn mode: would be %s", e->text);
		*e = (struct err){ 0 };
		err = 0;
	}
	if (err == 0 && keep_for_exec(m) < 0)
		err = err_set(e, ENOMEM, "policy: out of memory");
	for (size_t i = 0; err == 0 && i < N_ELEMENTS(steps); i++) {
		err = steps[i](m, e);
		if (err == -EPERM && m->trial) {
			merge_warn(m, "policy in warn mode: would be %s", e->text);
			*e = (struct err){ 0 };
			err = 0;
		}
		if (err == 0 && m->no_memory)
			err = err_set(e, ENOMEM, "policy: out of memory");
	}
	return err;
}

static void begin(struct merge *m, const struct profile *p, struct plan *plan)
{
	m->p = p;
	m->plan = plan;
	plan->id = m->r->id;
	plan->bundle = m->r->bundle;
	plan->init = m->r->init;
	plan->init_options = m->r->init_options;
	plan->level = p->level;
	copy_document(plan, m->s);
	if (!m->r->facts->apparmor)
		plan->process.apparmor = NULL; /* at most "unconfined", which everything is then */
}

/* ---- what only warns ---- */

static bool has_reason(const struct merge *m, const struct reason *r)
{
	for (size_t i = 0; i < m->n_reasons; i++)
		if (str_eq(m->reasons[i].control, r->control) && str_eq(m->reasons[i].asked, r->asked) &&
		    str_eq(m->reasons[i].result, r->result))
			return true;
	return false;
}

/* The same decision with everything enforced: each control that comes out differently is said, and the system calls that would be
 * refused are logged by the kernel. */
static int try_full(struct merge *m, struct err *e)
{
	struct merge *t = arena_alloc(m->a, sizeof(*t));
	struct plan *plan = arena_alloc(m->a, sizeof(*plan));
	struct plan_filter *f = &m->plan->filter;
	int err;

	if (!t || !plan)
		return err_set(e, ENOMEM, "policy: out of memory");
	*t = (struct merge){ .a = m->a, .s = m->s, .r = m->r, .asked_by = m->asked_by, .trial = true };
	begin(t, m->r->choice->full, plan);
	err = run_steps(t, e);
	if (err < 0)
		return err;
	for (size_t i = 0; i < t->n_reasons; i++) {
		const struct reason *r = &t->reasons[i];
		if (r->kind == REASON_KEPT || has_reason(m, r))
			continue;
		merge_reason(m, REASON_WARNED, r->control, r->asked, merge_text(m, "would be: %s", r->result), r->rule);
		merge_warn(m, "policy in warn mode: %s: %s would be %s (%s)", r->control, r->asked, r->result, r->rule);
	}
	for (size_t i = 0; i < t->n_warnings; i++)
		if (str_starts(t->warnings[i], "policy in warn mode"))
			merge_warn(m, "%s", t->warnings[i]);
	if (!merge_same_syscalls(&plan->filter.own, &f->own))
		f->would = plan->filter.own;
	return m->no_memory ? err_set(e, ENOMEM, "policy: out of memory") : 0;
}

/* ---- where the profile comes from ---- */

static void say_choice(struct merge *m)
{
	static const char *const modes[] = { [PROFILE_ENFORCE] = "enforce", [PROFILE_WARN] = "warn", [PROFILE_OFF] = "off" };
	const struct policy_choice *c = m->r->choice;

	m->plan->profile = c->name;
	m->plan->level_from = c->from;
	merge_reason(m, REASON_KEPT, "profile", c->name, c->mode == PROFILE_OFF ? "left out" : c->name, c->from);
	merge_reason(m, REASON_KEPT, "floor", c->floor, c->floor, c->floor_from);
	if (c->annotation)
		merge_reason(m, c->annotation_warns ? REASON_WARNED : REASON_NARROWED, "profile", c->annotation,
			     c->annotation_warns ? "only computed" : "met with it", "annotation");
	if (c->caller.name)
		merge_reason(m, c->caller.mode == PROFILE_ENFORCE ? REASON_NARROWED : REASON_WARNED, "profile", c->caller.name,
			     c->caller.mode == PROFILE_ENFORCE ? "met with it" : c->caller.mode == PROFILE_WARN ? "only computed" : "left out",
			     c->caller.from);
	if (c->mode != PROFILE_ENFORCE)
		merge_reason(m, REASON_WARNED, "mode", "enforce", modes[c->mode], c->from);
}

static int begin_level(struct merge *m, struct plan *plan, struct err *e)
{
	enum level level = m->r->level;
	const char *from = m->r->level_from;
	int err = annotated_level(m->s, &level, &from, e);

	if (err < 0)
		return err;
	begin(m, profile_builtin(level), plan);
	plan->profile = m->p->name;
	plan->level_from = from ? from : "built-in default";
	merge_reason(m, REASON_KEPT, "level", policy_level_name(m->r->level), m->p->name, plan->level_from);
	return 0;
}

int policy_merge(struct arena *a, const struct spec *s, const struct policy_request *r, const struct plan **out,
		 struct err *e)
{
	struct merge m = { .a = a, .s = s, .r = r, .asked_by = r->standalone ? "launch" : "config.json" };
	struct plan *plan = arena_alloc(a, sizeof(*plan));
	int err;

	if (!plan)
		return err_set(e, ENOMEM, "policy: out of memory");
	if (r->choice) {
		begin(&m, r->choice->enforced, plan);
		say_choice(&m);
		err = 0;
	} else {
		err = begin_level(&m, plan, e);
	}
	if (err == 0)
		err = check_host(s, r->facts, e);
	if (err == 0)
		err = run_steps(&m, e);
	if (err == 0 && r->choice && r->choice->full != r->choice->enforced)
		err = try_full(&m, e);
	if (err == 0)
		err = take_notes(&m, e);
	if (err == 0)
		*out = plan;
	else if (!e->class[0] && err == -ENOTSUP)
		return err_class(e, "policy.unsupported");
	return err;
}
