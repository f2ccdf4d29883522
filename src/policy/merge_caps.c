/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Capabilities: what was asked, met with what the host can give, the profile's ceiling, and the labels. Never more.
 */
#include <errno.h>
#include <linux/capability.h>

#include "base/capname.h"
#include "policy/merge_step.h"

enum { CAPS_TEXT = 640 };

const char *merge_caps_text(struct merge *m, uint64_t set)
{
	char text[CAPS_TEXT];

	if (set == CAP_MASK_ALL)
		return "all";
	capname_list(set, text, sizeof(text));
	return merge_text(m, "%s", text);
}

/* A new user namespace begins with every capability over itself; otherwise the caller's are all there is to give. */
static uint64_t givable(const struct merge *m)
{
	return m->plan->ns[NS_USER].mode == NS_INHERIT ? m->r->facts->caps : CAP_MASK_ALL;
}

static uint64_t ceiling(const struct merge *m)
{
	return m->p->cap_ceiling | (m->r->standalone ? m->p->cap_launch : 0);
}

static bool labelled(const struct merge *m)
{
	return m->p->label != PROFILE_LABEL_IGNORE && m->r->labels && m->r->labels->found;
}

/* What a label leaves: the operator's own --cap-add is not the label's to take. */
static uint64_t label_allows(const struct merge *m)
{
	if (labelled(m))
		return m->r->labels->caps | m->r->cap_add;
	/* Without a label a launch holds exactly what the operator named; a bundle holds an engine's default set. */
	return m->r->standalone ? CAP_MASK_ALL : m->p->cap_allow;
}

/* In a launch the label and --cap-add are the request itself: what cannot be granted is said, not dropped. */
static int refuse_over_ceiling(struct merge *m, struct err *e)
{
	uint64_t over_flag = m->r->cap_add & ~ceiling(m);
	uint64_t over_label = 0;

	if (!m->r->standalone)
		return 0;
	if (over_flag)
		return merge_refuse(m, e, PF_CAP_ALLOW, "capabilities", "--cap-add %s is above the ceiling of this level (%s); "
				    "--policy baseline has none", merge_caps_text(m, over_flag),
				    merge_caps_text(m, ceiling(m)));
	if (m->p->cap_allow != m->p->cap_ceiling && labelled(m) && m->r->labels->caps != CAP_MASK_ALL)
		over_label = m->r->labels->caps & ~ceiling(m);
	if (over_label)
		return merge_refuse(m, e, PF_CAP_ALLOW, "capabilities", "the %s asks for %s, above the ceiling of this level (%s); "
				    "run it with --policy baseline, or without the image's label",
				    m->r->labels->from, merge_caps_text(m, over_label),
				    merge_caps_text(m, ceiling(m)));
	return 0;
}

/* Takes `gone` out of *left and says who took it: each capability is named once. */
static void take(struct merge *m, uint64_t *left, uint64_t keep, const char *rule)
{
	uint64_t gone = *left & ~keep;

	if (!gone)
		return;
	merge_reason(m, REASON_NARROWED, "capabilities", merge_caps_text(m, gone), "removed", rule);
	*left &= keep;
}

/* Root loses nothing by it, and buildah asks for such sets in every step of a build: no warning then. */
static void cut_ambient(struct merge *m, struct capsets *c)
{
	uint64_t gone = c->ambient & ~(c->permitted & c->inheritable);

	c->ambient &= ~gone;
	if (gone && m->plan->process.uid == 0)
		merge_reason(m, REASON_NARROWED, "ambient capabilities", merge_caps_text(m, gone), "not needed by root",
			     "not inheritable");
	else if (gone)
		merge_warn(m, "capabilities: %s ambient but not both permitted and inheritable: left out",
			   merge_caps_text(m, gone));
}

static void cut_sets(struct merge *m, struct capsets *c, uint64_t keep)
{
	c->permitted &= keep;
	c->inheritable &= keep;
	c->effective &= keep;
	c->ambient &= keep;
	if (c->effective & ~c->permitted) {
		merge_warn(m, "capabilities: %s effective but not permitted: left out",
			   merge_caps_text(m, c->effective & ~c->permitted));
		c->effective &= c->permitted;
	}
	cut_ambient(m, c);
}

/* The host's own limits hold at every level (OCI: what cannot be granted is a warning, not a failure). */
static void fit_host(struct merge *m, struct capsets *c)
{
	uint64_t host = givable(m);
	uint64_t any = c->bounding | c->effective | c->permitted | c->inheritable | c->ambient;

	if (any & ~host)
		merge_warn(m, "capabilities: this host cannot give %s: left out", merge_caps_text(m, any & ~host));
	take(m, &c->bounding, host, "this host");
	cut_sets(m, c, host);
}

static void ceiling_for_exec(struct merge *m, uint64_t result)
{
	uint64_t most = result;

	if (!m->p->exec_within_result)
		most |= ceiling(m) & (labelled(m) ? label_allows(m) : CAP_MASK_ALL) & givable(m);
	m->plan->cap_ceiling = most;
}

/* Each profile that was met takes its own, so that every capability that is gone has one who took it. */
static void take_ceilings(struct merge *m, uint64_t *left)
{
	const struct policy_choice *c = m->r->choice;

	for (size_t i = 0; c && !m->trial && i < c->n_parts; i++) {
		const struct profile *p = c->parts[i].profile;
		uint64_t most = p->cap_ceiling | (m->r->standalone ? p->cap_launch : 0);
		const char *rule = profile_rule(m->a, p, PF_CAP_ALLOW);
		if (m->p->cap_ceiling & ~most) /* it is only warned about */
			continue;
		take(m, left, most, merge_text(m, "%s%s%s", c->parts[i].role ? c->parts[i].role : "",
					       c->parts[i].role ? " " : "", rule ? rule : ""));
	}
	take(m, left, ceiling(m), merge_rule(m, PF_CAP_ALLOW));
}

/* What the operator grants whatever the document asks for, as far as the host has it. */
static void add_grants(struct merge *m, struct capsets *c)
{
	for (size_t i = 0; i < m->p->grant.n; i++) {
		const struct profile_grant *g = &m->p->grant.v[i];
		if (!(g->cap & givable(m))) {
			merge_warn(m, "capabilities: this host cannot give %s, which the profile grants: left out",
				   merge_caps_text(m, g->cap));
			continue;
		}
		if (!(~c->bounding & g->cap) && !(~c->effective & g->cap))
			continue;
		c->bounding |= g->cap;
		c->permitted |= g->cap;
		c->effective |= g->cap;
		merge_reason(m, REASON_ADDED, "capabilities", "-", merge_text(m, "%s: %s", merge_caps_text(m, g->cap), g->why),
			     merge_rule(m, PF_CAP_GRANT));
	}
}

/* Raised to ambient, the effective set outlives the exec of a user other than root; kept from it, nothing does. Either way no word is
 * stricter than one that comes after it: what was asked for stays where more is granted. */
static void meet_ambient(struct merge *m, struct capsets *c)
{
	uint64_t before = c->ambient;

	if (m->p->ambient == PROFILE_AMBIENT_NONE)
		c->ambient = 0;
	if (m->p->ambient == PROFILE_AMBIENT_GRANTED && m->plan->process.uid != 0) {
		c->ambient |= c->effective & c->permitted;
		c->inheritable |= c->ambient;
	}
	if (c->ambient != before)
		merge_reason(m, c->ambient & ~before ? REASON_ADDED : REASON_NARROWED, "ambient capabilities",
			     merge_caps_text(m, before), merge_caps_text(m, c->ambient), merge_rule(m, PF_CAP_AMBIENT));
}

static int require_label(struct merge *m, struct err *e)
{
	if (m->p->label != PROFILE_LABEL_REQUIRE)
		return 0;
	/* What did answer may be the container author's own word alone. */
	if (m->r->labels && m->r->labels->unanswered)
		return merge_refuse(m, e, PF_CAP_LABEL, "capabilities", "a capability label is required, and %s",
				    m->r->labels->unanswered);
	if (labelled(m))
		return 0;
	return merge_refuse(m, e, PF_CAP_LABEL, "capabilities", "the container has no capability label; give its image one "
			    "(LABEL security.capabilities=\"...\", or \"none\"), or a profile that does not require it");
}

int merge_capabilities(struct merge *m, struct err *e)
{
	struct process *proc = &m->plan->process;
	struct capsets *c = &proc->caps;
	uint64_t asked = c->bounding;
	const char *label_rule = merge_text(m, "%s (no label names them)", merge_rule(m, PF_CAP_ALLOW));
	int err = refuse_over_ceiling(m, e);

	if (err == 0)
		err = require_label(m, e);
	if (err < 0)
		return err;
	if (m->p->label != PROFILE_LABEL_IGNORE && m->r->labels)
		for (size_t i = 0; i < m->r->labels->warnings.n; i++)
			merge_warn(m, "%s", m->r->labels->warnings.v[i]);
	if (labelled(m)) {
		m->plan->label_caps_set = true;
		m->plan->label_caps = label_allows(m);
		label_rule = merge_text(m, "%s", m->r->labels->from);
	}
	if (m->plan->has_process) {
		fit_host(m, c);
		take_ceilings(m, &c->bounding);
		take(m, &c->bounding, label_allows(m), label_rule);
		if (m->p->fits) {
			cut_sets(m, c, c->bounding);
			proc->has_caps = true;
		}
		add_grants(m, c);
		meet_ambient(m, c);
		m->plan->securebits |= (uint32_t)m->p->securebits;
		merge_reason(m, c->bounding == asked ? REASON_KEPT : REASON_NARROWED, "capabilities",
			     merge_caps_text(m, asked), merge_caps_text(m, c->bounding),
			     c->bounding == asked ? m->asked_by : merge_rule(m, PF_CAP_ALLOW));
	}
	ceiling_for_exec(m, c->bounding);
	m->plan->filter.caps = m->plan->has_process ? c->bounding : m->plan->cap_ceiling;
	return 0;
}

static bool can_step_down(uint64_t caps)
{
	return (caps & CAP_BIT(CAP_SETUID)) && (caps & CAP_BIT(CAP_SETGID));
}

/* L02: root that cannot change its ids stays root, and some servers do so without a word. */
static void warn_root(struct merge *m)
{
	const struct process *p = &m->plan->process;

	merge_warn(m, "the process starts as uid 0; name an ordinary user where the image allows it");
	if (!can_step_down(p->caps.permitted & p->caps.effective))
		merge_warn(m, "the process starts as uid 0 without SETUID and SETGID: it will stay root");
}

static bool has_group_zero(const struct ids *groups)
{
	for (size_t i = 0; i < groups->n; i++)
		if (groups->v[i] == 0)
			return true;
	return false;
}

/* The profile's identity in the place of the document's. One that an annotation chose only steps down from root. */
int merge_identity(struct merge *m, struct err *e)
{
	const struct profile *p = m->p;
	struct process *proc = &m->plan->process;
	const char *before = merge_text(m, "%u:%u", proc->uid, proc->gid);

	(void)e;
	if (!m->plan->has_process)
		return 0;

	if (p->umask.set) {
		proc->has_umask = true;
		proc->umask = p->umask.v;
		merge_reason(m, REASON_NARROWED, "umask", "-", merge_text(m, "%04o", proc->umask), merge_rule(m, PF_UMASK));
	}
	if (!(p->uid.set || p->gid.set || p->groups.set) || (p->identity_if_root && proc->uid != 0))
		return 0;
	if (p->uid.set)
		proc->uid = p->uid.v;
	if (p->gid.set)
		proc->gid = p->gid.v;
	if (p->groups.set)
		proc->groups = p->groups.list;
	merge_reason(m, REASON_NARROWED, "user", before, merge_text(m, "%u:%u", proc->uid, proc->gid),
		     merge_rule(m, p->uid.set ? PF_UID : p->gid.set ? PF_GID : PF_GROUPS));
	return 0;
}

int merge_user(struct merge *m, struct err *e)
{
	const struct process *p = &m->plan->process;
	const char *ids;

	m->plan->require_non_root = m->p->user == PROFILE_USER_NON_ROOT;
	if (!m->plan->has_process)
		return 0;
	ids = merge_text(m, "%u:%u", p->uid, p->gid);
	if (m->plan->require_non_root) {
		const char *what = p->uid == 0 ? "uid 0" : p->gid == 0 ? "gid 0" : "group 0 among its groups";
		if (p->uid == 0 || p->gid == 0 || has_group_zero(&p->groups))
			return merge_refuse(m, e, PF_NON_ROOT, "user", "the process would run with %s; %s, or use --policy hardened",
					    what, m->r->standalone
					    ? "name an ordinary user: --user 65532:65532"
					    : "name an ordinary user in process.user (with an engine: --user 65532:65532)");
		merge_reason(m, REASON_KEPT, "user", ids, merge_text(m, "%s, checked before exec", ids),
			     merge_rule(m, PF_NON_ROOT));
		return 0;
	}
	if (m->p->user == PROFILE_USER_WARN_ROOT && p->uid == 0) {
		warn_root(m);
		merge_reason(m, REASON_WARNED, "user", ids, ids, merge_rule(m, PF_NON_ROOT));
		return 0;
	}
	merge_reason(m, REASON_KEPT, "user", ids, ids, m->asked_by);
	return 0;
}
