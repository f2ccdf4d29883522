/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <sys/resource.h>

#include "merge_case.h"
#include "policy/merge_step.h"

static bool warned(const struct plan *p, const char *text)
{
	for (size_t i = 0; i < p->warnings.n; i++)
		if (strstr(p->warnings.v[i], text))
			return true;
	return false;
}

static const struct reason *reason_of(const struct plan *p, const char *control, const char *rule)
{
	for (size_t i = 0; i < p->reasons.n; i++)
		if (!strcmp(p->reasons.v[i].control, control) && (!rule || strstr(p->reasons.v[i].rule, rule)))
			return &p->reasons.v[i];
	return NULL;
}

static const struct mount *mount_at(const struct plan *p, const char *at)
{
	for (size_t i = 0; i < p->mounts.n; i++)
		if (str_eq(p->mounts.v[i].destination, at))
			return &p->mounts.v[i];
	return NULL;
}

static const char *sysctl_of(const struct plan *p, const char *key)
{
	for (size_t i = 0; i < p->sysctl.n; i++)
		if (str_eq(p->sysctl.v[i].key, key))
			return p->sysctl.v[i].value;
	return NULL;
}

/* ---- refusals: how the document or the request is changed, the level, and the words ---- */

static void host_pid(struct merge_case *c) { c->spec.ns[NS_PID].mode = NS_INHERIT; }
static void host_ipc(struct merge_case *c) { c->spec.ns[NS_IPC].mode = NS_INHERIT; }
static void host_uts(struct merge_case *c) { c->spec.ns[NS_UTS].mode = NS_INHERIT; }
static void host_mount(struct merge_case *c) { c->spec.ns[NS_MOUNT].mode = NS_INHERIT; }
static void host_net(struct merge_case *c) { c->spec.ns[NS_NET].mode = NS_INHERIT; }
static void host_cgroup(struct merge_case *c) { c->spec.ns[NS_CGROUP].mode = NS_INHERIT; }
static void uid_zero(struct merge_case *c) { c->spec.process.uid = 0; }
static void gid_zero(struct merge_case *c) { c->spec.process.gid = 0; }
static void group_zero(struct merge_case *c)
{
	static const uint32_t groups[] = { 10, 0 };

	c->spec.process.groups = (struct ids){ 2, groups };
}
static void launched_root(struct merge_case *c)
{
	c->request.standalone = true;
	c->spec.process.uid = 0;
}
static void privileged(struct merge_case *c)
{
	static const struct device_rule all[] = { { false, 'a', -1, -1, true, true, true },
						  { true, 'a', -1, -1, true, true, true } };

	c->spec.has_seccomp = false;
	c->spec.masked_paths.n = c->spec.readonly_paths.n = 0;
	c->spec.process.caps = (struct capsets){ CAP_MASK_ALL, CAP_MASK_ALL, CAP_MASK_ALL, 0, 0 };
	c->spec.resources.devices.n = 2;
	c->spec.resources.devices.v = all;
}
static void cap_add_beyond(struct merge_case *c)
{
	c->request.standalone = true;
	c->request.cap_add = CAP_BIT(CAP_SYS_ADMIN);
}
static void label_beyond(struct merge_case *c)
{
	c->request.standalone = true;
	c->labels = (struct label_caps){ .found = true, .caps = CAP_BIT(CAP_NET_RAW), .from = "image label security.capabilities" };
}
static void annotate(struct merge_case *c, const char *value)
{
	static struct key_value kv;

	kv = (struct key_value){ POLICY_ANNOTATION, value };
	c->spec.annotations = (struct key_values){ 1, &kv };
}
static void annotated_unknown(struct merge_case *c) { annotate(c, "tight"); }
static void annotated_none(struct merge_case *c) { annotate(c, "none"); }
static void annotated_baseline(struct merge_case *c) { annotate(c, "baseline"); }
static void annotated_hardened_host_pid(struct merge_case *c)
{
	annotate(c, "hardened");
	host_pid(c);
}
static void with_sysctl(struct merge_case *c, const char *key)
{
	static struct key_value kv;

	kv = (struct key_value){ key, "1" };
	c->spec.sysctl = (struct key_values){ 1, &kv };
}
static void sysctl_host(struct merge_case *c) { with_sysctl(c, "vm.overcommit_memory"); }
static void sysctl_core(struct merge_case *c) { with_sysctl(c, "kernel.core_pattern"); }
static void sysctl_climbs(struct merge_case *c) { with_sysctl(c, "net/../kernel/core_pattern"); }
static void sysctl_climbs_dots(struct merge_case *c) { with_sysctl(c, "net.//.kernel.core_pattern"); }
static void sysctl_empty(struct merge_case *c) { with_sysctl(c, "net..ipv4"); }
static void sysctl_host_net(struct merge_case *c)
{
	with_sysctl(c, "net.ipv4.ip_forward");
	host_net(c);
}
static void sysctl_host_ipc(struct merge_case *c)
{
	with_sysctl(c, "kernel.shmmax");
	host_ipc(c);
}
static void sysctl_hostname(struct merge_case *c)
{
	with_sysctl(c, "kernel.hostname");
	c->spec.hostname = "h";
}
static void sysctl_domainname(struct merge_case *c)
{
	with_sysctl(c, "kernel/domainname");
	c->spec.domainname = "d";
}
static void sysctl_user(struct merge_case *c) { with_sysctl(c, "user.max_user_namespaces"); }
static void sysctl_lines(struct merge_case *c)
{
	static const struct key_value kv = { "net.ipv4.ip_forward", "1\n0" };

	c->spec.sysctl = (struct key_values){ 1, &kv };
}
static void apparmor(struct merge_case *c) { c->spec.process.apparmor = "docker-default"; }
static void selinux(struct merge_case *c) { c->spec.process.selinux = "a:b:c:s0"; }
static void mount_label(struct merge_case *c) { c->spec.mount_label = "a:b:c:s0"; }

static const struct { void (*change)(struct merge_case *c); enum level level; const char *says; } refusals[] = {
	{ host_pid, LEVEL_HARDENED, "refused by level \"hardened\" (namespaces): the container asks for the host's pid namespace; "
				    "give it one of its own ({\"type\": \"pid\"} in linux.namespaces), or run it with --policy baseline" },
	{ host_ipc, LEVEL_HARDENED, "the host's ipc namespace" },
	{ host_uts, LEVEL_HARDENED, "the host's uts namespace" },
	{ host_mount, LEVEL_HARDENED, "the host's mount namespace" },
	{ host_pid, LEVEL_STRICT, "refused by level \"strict\" (namespaces): the container asks for the host's pid namespace" },
	{ host_net, LEVEL_STRICT, "the host's network namespace" },
	{ host_cgroup, LEVEL_STRICT, "the host's cgroup namespace" },
	{ uid_zero, LEVEL_STRICT, "refused by level \"strict\" (user): the process would run with uid 0; name an ordinary user in "
				  "process.user (with an engine: --user 65532:65532), or use --policy hardened" },
	{ gid_zero, LEVEL_STRICT, "would run with gid 0;" },
	{ group_zero, LEVEL_STRICT, "would run with group 0 among its groups;" },
	{ launched_root, LEVEL_STRICT, "name an ordinary user: --user 65532:65532, or use --policy hardened" },
	{ privileged, LEVEL_HARDENED, "refused by level \"hardened\" (privileged): " },
	{ privileged, LEVEL_STRICT, "refused by level \"strict\" (privileged): " },
	{ cap_add_beyond, LEVEL_STRICT, "refused by level \"strict\" (capabilities): --cap-add SYS_ADMIN is above the ceiling" },
	{ cap_add_beyond, LEVEL_HARDENED, "refused by level \"hardened\" (capabilities): --cap-add SYS_ADMIN" },
	{ label_beyond, LEVEL_STRICT, "the image label security.capabilities asks for NET_RAW, above the ceiling" },
	{ annotated_unknown, LEVEL_BASELINE, "annotations[\"io.caisson.profile\"]: \"tight\" is not a level" },
	{ annotated_none, LEVEL_STRICT, "it can only narrow, to hardened or strict" },
	{ annotated_baseline, LEVEL_NONE, "\"baseline\" is not a level that an annotation may choose" },
	{ annotated_hardened_host_pid, LEVEL_BASELINE, "refused by level \"hardened\" (namespaces)" },
	{ sysctl_host, LEVEL_NONE, "linux.sysctl[\"vm.overcommit_memory\"]: is not a sysctl that belongs to a namespace" },
	{ sysctl_core, LEVEL_NONE, "is not a sysctl that belongs to a namespace" },
	{ sysctl_climbs, LEVEL_NONE, "is not a sysctl that belongs to a namespace" },
	{ sysctl_climbs_dots, LEVEL_NONE, "is not a sysctl that belongs to a namespace" },
	{ sysctl_empty, LEVEL_NONE, "is not a sysctl that belongs to a namespace" },
	{ sysctl_host_net, LEVEL_NONE, "belongs to the net namespace, and the container uses the host's" },
	{ sysctl_host_ipc, LEVEL_BASELINE, "belongs to the ipc namespace" },
	{ sysctl_hostname, LEVEL_NONE, "conflicts with hostname" },
	{ sysctl_domainname, LEVEL_NONE, "conflicts with domainname" },
	{ sysctl_user, LEVEL_NONE, "belongs to the user namespace" },
	{ sysctl_lines, LEVEL_NONE, "linux.sysctl[\"net.ipv4.ip_forward\"]: one line is one value" },
	{ apparmor, LEVEL_NONE, "process.apparmorProfile: \"docker-default\" cannot be applied" },
	{ selinux, LEVEL_NONE, "process.selinuxLabel: cannot be applied" },
	{ mount_label, LEVEL_NONE, "linux.mountLabel: cannot be applied" },
};

Test(merge, each_refusal_says_its_rule_and_its_way_out)
{
	for (size_t i = 0; i < N_ELEMENTS(refusals); i++) {
		auto_case c;

		refusals[i].change(case_new(&c, refusals[i].level));
		cr_expect_lt(case_merge(&c), 0, "refusal %zu was allowed: %s", i, refusals[i].says);
		cr_expect(strstr(c.e.text, refusals[i].says), "refusal %zu said: %s", i, c.e.text);
		cr_expect_null(c.plan);
	}
}

static const struct { void (*change)(struct merge_case *c); enum level level; const char *warns; } allowed[] = {
	{ host_pid, LEVEL_BASELINE, NULL }, { host_pid, LEVEL_NONE, NULL }, { host_cgroup, LEVEL_HARDENED, NULL },
	{ host_net, LEVEL_HARDENED, "the container uses the host's network namespace" },
	{ uid_zero, LEVEL_HARDENED, "the process starts as uid 0" }, { uid_zero, LEVEL_BASELINE, NULL },
	{ privileged, LEVEL_BASELINE, "privileged container" }, { privileged, LEVEL_NONE, NULL },
	{ group_zero, LEVEL_HARDENED, NULL },
};

Test(merge, what_a_level_lets_be_it_lets_be)
{
	for (size_t i = 0; i < N_ELEMENTS(allowed); i++) {
		auto_case c;

		allowed[i].change(case_new(&c, allowed[i].level));
		cr_assert_eq(case_merge(&c), 0, "case %zu: %s", i, c.e.text);
		if (allowed[i].warns)
			cr_expect(warned(c.plan, allowed[i].warns), "case %zu", i);
		else
			cr_expect_eq(c.plan->warnings.n, 0, "case %zu: %s", i, c.plan->warnings.n ? c.plan->warnings.v[0] : "");
	}
}

/* ---- capabilities ---- */

#define TEN_OF_DOCKER UINT64_C(0x405fb) /* less MKNOD, NET_RAW, AUDIT_WRITE, SETFCAP */

static const struct {
	const char *what;
	enum level level;
	bool standalone, found;
	uint64_t asked, label, cap_add, host, want;
} caps_cases[] = {
	{ "none keeps all", LEVEL_NONE, false, false, DOCKER_CAPS, 0, 0, CAP_MASK_ALL, DOCKER_CAPS },
	{ "none ignores the label", LEVEL_NONE, false, true, DOCKER_CAPS, 1, 0, CAP_MASK_ALL, DOCKER_CAPS },
	{ "the host's limits hold in none", LEVEL_NONE, false, false, DOCKER_CAPS, 0, 0, 0xff, DOCKER_CAPS & 0xff },
	{ "baseline keeps all", LEVEL_BASELINE, false, false, DOCKER_CAPS, 0, 0, CAP_MASK_ALL, DOCKER_CAPS },
	{ "baseline meets the label", LEVEL_BASELINE, false, true, DOCKER_CAPS, 0x3, 0, CAP_MASK_ALL, 0x3 },
	{ "a label never adds", LEVEL_BASELINE, false, true, 0x3, CAP_MASK_ALL, 0, CAP_MASK_ALL, 0x3 },
	{ "the empty label takes all", LEVEL_BASELINE, false, true, DOCKER_CAPS, 0, 0, CAP_MASK_ALL, 0 },
	{ "hardened has a ceiling", LEVEL_HARDENED, false, false, DOCKER_CAPS, 0, 0, CAP_MASK_ALL, TEN_OF_DOCKER },
	{ "hardened meets the label", LEVEL_HARDENED, false, true, DOCKER_CAPS, 0x2001, 0, CAP_MASK_ALL, 0x1 },
	{ "strict gives nothing unnamed", LEVEL_STRICT, false, false, DOCKER_CAPS, 0, 0, CAP_MASK_ALL, 0 },
	{ "strict gives what the label names", LEVEL_STRICT, false, true, DOCKER_CAPS, 0xc0, 0, CAP_MASK_ALL, 0xc0 },
	{ "strict label within the ceiling", LEVEL_STRICT, false, true, DOCKER_CAPS, 0x2040, 0, CAP_MASK_ALL, 0x40 },
	{ "launch holds what was named", LEVEL_STRICT, true, false, 0x400, 0, 0x400, CAP_MASK_ALL, 0x400 },
	{ "cap-add stands beside the label", LEVEL_STRICT, true, true, 0x401, 0x1, 0x400, CAP_MASK_ALL, 0x401 },
	{ "a label cuts what is not added", LEVEL_STRICT, true, true, 0x403, 0x1, 0x400, CAP_MASK_ALL, 0x401 },
};

Test(merge, capabilities_are_asked_met_with_ceiling_label_and_host)
{
	for (size_t i = 0; i < N_ELEMENTS(caps_cases); i++) {
		const struct process *p;
		auto_case c;

		case_new(&c, caps_cases[i].level);
		c.request.standalone = caps_cases[i].standalone;
		c.request.cap_add = caps_cases[i].cap_add;
		c.facts.caps = caps_cases[i].host;
		c.labels = (struct label_caps){ .found = caps_cases[i].found, .caps = caps_cases[i].label, .from = "label" };
		c.spec.process.caps = (struct capsets){ caps_cases[i].asked, caps_cases[i].asked, caps_cases[i].asked,
							caps_cases[i].asked, caps_cases[i].asked };
		cr_assert_eq(case_merge(&c), 0, "%s: %s", caps_cases[i].what, c.e.text);
		p = &c.plan->process;
		cr_expect_eq(p->caps.bounding, caps_cases[i].want, "%s: %llx", caps_cases[i].what,
			     (unsigned long long)p->caps.bounding);
		cr_expect_eq(p->caps.permitted, caps_cases[i].want, "%s", caps_cases[i].what);
		cr_expect_eq(p->caps.effective, caps_cases[i].want, "%s", caps_cases[i].what);
		cr_expect_eq(p->caps.inheritable, caps_cases[i].want, "%s", caps_cases[i].what);
		cr_expect_eq(p->caps.ambient, caps_cases[i].want, "%s", caps_cases[i].what);
		cr_expect_eq(c.plan->filter.caps, caps_cases[i].want, "%s", caps_cases[i].what);
	}
}

Test(merge, ambient_stays_within_permitted_and_inheritable)
{
	auto_case c;

	case_new(&c, LEVEL_BASELINE);
	c.spec.process.caps = (struct capsets){ .bounding = 0xff, .permitted = 0x0f, .effective = 0x1f, .inheritable = 0x3c, .ambient = 0xff };
	cr_assert_eq(case_merge(&c), 0, "%s", c.e.text);
	cr_expect_eq(c.plan->process.caps.ambient, 0x0c);
	cr_expect_eq(c.plan->process.caps.effective, 0x0f);
	cr_expect(warned(c.plan, "ambient but not both permitted and inheritable"));
	cr_expect(warned(c.plan, "effective but not permitted"));
}

Test(merge, root_is_not_warned_of_ambient_capabilities_it_does_not_need)
{
	auto_case c;

	case_new(&c, LEVEL_BASELINE);
	c.spec.process.uid = 0;
	c.spec.process.caps = (struct capsets){ .bounding = 0xff, .permitted = 0xff, .effective = 0xff, .ambient = 0xff };
	cr_assert_eq(case_merge(&c), 0, "%s", c.e.text);
	cr_expect_eq(c.plan->process.caps.ambient, 0);
	cr_expect_not(warned(c.plan, "ambient"));
}

Test(merge, what_the_host_lacks_is_left_out_with_a_warning_by_name)
{
	auto_case c;

	case_new(&c, LEVEL_BASELINE);
	c.facts.caps = CAP_MASK_ALL & ~CAP_BIT(CAP_SYS_RESOURCE);
	c.spec.process.caps = (struct capsets){ CAP_MASK_ALL, CAP_MASK_ALL, CAP_MASK_ALL, 0, 0 };
	cr_assert_eq(case_merge(&c), 0, "%s", c.e.text);
	cr_expect_eq(c.plan->process.caps.bounding, c.facts.caps);
	cr_expect_eq(c.plan->cap_ceiling, c.facts.caps);
	cr_expect(warned(c.plan, "this host cannot give SYS_RESOURCE"));
	cr_expect_not_null(reason_of(c.plan, "capabilities", "this host"));
}

Test(merge, a_user_namespace_of_its_own_has_every_capability_to_give)
{
	static const struct id_map map[] = { { 0, 100000, 65536 } };
	auto_case c;

	case_new(&c, LEVEL_BASELINE);
	c.facts.caps = 0;
	c.spec.ns[NS_USER].mode = NS_NEW;
	c.spec.uid_map = c.spec.gid_map = (struct id_maps){ 1, map };
	cr_assert_eq(case_merge(&c), 0, "%s", c.e.text);
	cr_expect_eq(c.plan->process.caps.bounding, DOCKER_CAPS);
	cr_expect_eq(c.plan->warnings.n, 0);
}

Test(merge, each_removed_capability_has_one_rule)
{
	auto_case c;

	case_new(&c, LEVEL_HARDENED);
	c.facts.caps = CAP_MASK_ALL & ~CAP_BIT(CAP_MKNOD);
	c.labels = (struct label_caps){ .found = true, .caps = CAP_BIT(CAP_CHOWN), .from = "annotation security.capabilities" };
	cr_assert_eq(case_merge(&c), 0, "%s", c.e.text);
	cr_expect_str_eq(reason_of(c.plan, "capabilities", "this host")->asked, "MKNOD");
	cr_expect_str_eq(reason_of(c.plan, "capabilities", "level hardened")->asked, "NET_RAW AUDIT_WRITE SETFCAP");
	cr_expect(strstr(reason_of(c.plan, "capabilities", "annotation security.capabilities")->asked, "SETUID"));
	cr_expect_eq(c.plan->label_caps_set, true);
	cr_expect_eq(c.plan->label_caps, CAP_BIT(CAP_CHOWN));
}

Test(merge, root_that_cannot_step_down_is_said_to_stay_root)
{
	static const struct { uint64_t caps; bool says; } cases[] = {
		{ CAP_BIT(CAP_SETUID) | CAP_BIT(CAP_SETGID), false }, { CAP_BIT(CAP_SETUID), true },
		{ CAP_BIT(CAP_SETGID), true }, { 0, true },
	};

	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		auto_case c;
		case_new(&c, LEVEL_HARDENED);
		c.spec.process.uid = 0;
		c.spec.process.caps = (struct capsets){ cases[i].caps, cases[i].caps, cases[i].caps, 0, 0 };
		cr_assert_eq(case_merge(&c), 0, "%s", c.e.text);
		cr_expect_eq(warned(c.plan, "it will stay root"), cases[i].says, "case %zu", i);
	}
}

Test(merge, a_document_without_capabilities_has_none)
{
	auto_case c;

	case_new(&c, LEVEL_BASELINE);
	c.spec.process.has_caps = false;
	c.spec.process.caps = (struct capsets){ 0 };
	cr_assert_eq(case_merge(&c), 0, "%s", c.e.text);
	cr_expect(c.plan->process.has_caps);
	cr_expect_eq(c.plan->process.caps.bounding, 0);
}

/* ---- privileged, annotation, switches, filter ---- */

Test(merge, privileged_is_known_by_its_whole_shape)
{
	auto_case c;

	privileged(case_new(&c, LEVEL_BASELINE));
	cr_expect(policy_is_privileged(&c.spec, &c.facts));
	c.facts.caps &= ~CAP_BIT(CAP_SYS_RESOURCE);
	c.spec.process.caps.bounding = c.facts.caps;
	cr_expect(policy_is_privileged(&c.spec, &c.facts), "all that the host has is all");
	c.spec.process.caps.bounding &= ~CAP_BIT(CAP_BPF);
	cr_expect(!policy_is_privileged(&c.spec, &c.facts), "one capability less");
	privileged(case_new(&c, LEVEL_BASELINE));
	c.spec.has_seccomp = true;
	cr_expect(!policy_is_privileged(&c.spec, &c.facts), "with a filter");
	privileged(case_new(&c, LEVEL_BASELINE));
	c.spec.masked_paths = (struct strings){ 2, case_masks };
	cr_expect(!policy_is_privileged(&c.spec, &c.facts), "with masks");
	privileged(case_new(&c, LEVEL_BASELINE));
	c.spec.resources.devices.n = 1;
	cr_expect(!policy_is_privileged(&c.spec, &c.facts), "without all devices");
	privileged(case_new(&c, LEVEL_BASELINE));
	c.facts.caps = 0;
	c.spec.process.caps.bounding = DOCKER_CAPS;
	cr_expect(!policy_is_privileged(&c.spec, &c.facts), "an ordinary user's container");
}

Test(merge, baseline_passes_privileged_through_untouched)
{
	auto_case c;

	privileged(case_new(&c, LEVEL_BASELINE));
	c.labels = (struct label_caps){ .found = true, .caps = 0, .from = "label" };
	cr_assert_eq(case_merge(&c), 0, "%s", c.e.text);
	cr_expect(c.plan->privileged_shape);
	cr_expect_eq(c.plan->level, LEVEL_BASELINE);
	cr_expect_eq(c.plan->process.caps.bounding, CAP_MASK_ALL);
	cr_expect_eq(c.plan->filter.own.set, FILTER_SET_NONE);
	cr_expect_eq(c.plan->masked_paths.n, 0);
	cr_expect_eq(c.plan->cap_ceiling, CAP_MASK_ALL);
}

Test(merge, an_annotation_raises_the_level_and_never_lowers_it)
{
	static const struct { enum level level; const char *value; enum level want; } cases[] = {
		{ LEVEL_NONE, "hardened", LEVEL_HARDENED },	{ LEVEL_BASELINE, "hardened", LEVEL_HARDENED },
		{ LEVEL_BASELINE, "strict", LEVEL_STRICT },	{ LEVEL_HARDENED, "strict", LEVEL_STRICT },
		{ LEVEL_STRICT, "hardened", LEVEL_STRICT },	{ LEVEL_HARDENED, "hardened", LEVEL_HARDENED },
	};

	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		auto_case c;
		annotate(case_new(&c, cases[i].level), cases[i].value);
		cr_assert_eq(case_merge(&c), 0, "%s", c.e.text);
		cr_expect_eq(c.plan->level, cases[i].want, "case %zu", i);
		cr_expect_str_eq(c.plan->level_from, cases[i].want > cases[i].level ? "annotation io.caisson.profile"
										      : "--policy");
	}
}

Test(merge, switches_and_filters_follow_the_level)
{
	static const struct { enum level level; bool engine, nnp, compat; enum filter_set set; } cases[] = {
		{ LEVEL_NONE, true, false, true, FILTER_SET_NONE },
		{ LEVEL_BASELINE, true, false, true, FILTER_SET_BASELINE },
		{ LEVEL_BASELINE, false, false, true, FILTER_SET_NONE },
		{ LEVEL_HARDENED, true, true, false, FILTER_SET_CONTAINER },
		{ LEVEL_HARDENED, false, true, false, FILTER_SET_CONTAINER },
		{ LEVEL_STRICT, false, true, false, FILTER_SET_SERVICE },
	};

	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		auto_case c;
		case_new(&c, cases[i].level)->spec.has_seccomp = cases[i].engine;
		cr_assert_eq(case_merge(&c), 0, "%s", c.e.text);
		cr_expect_eq(c.plan->process.no_new_privs, cases[i].nnp, "case %zu", i);
		cr_expect_eq(c.plan->filter.own.set, cases[i].set, "case %zu", i);
		cr_expect_eq(c.plan->filter.has_engine, cases[i].engine, "case %zu", i);
		cr_expect_eq(c.plan->filter.own.allow_compat32, cases[i].compat, "case %zu", i);
	}
}

/* ---- the room ---- */

Test(merge, a_launch_gets_the_private_namespaces_it_did_not_name)
{
	auto_case c;

	case_new(&c, LEVEL_STRICT);
	for (int i = 0; i < NS_KINDS; i++)
		c.spec.ns[i].mode = NS_INHERIT;
	c.request.standalone = true;
	cr_assert_eq(case_merge(&c), 0, "%s", c.e.text);
	for (int i = 0; i < NS_KINDS; i++)
		cr_expect_eq(c.plan->ns[i].mode, i == NS_USER || i == NS_TIME ? NS_INHERIT : NS_NEW, "kind %d", i);
	cr_expect(warned(c.plan, "the container's ids are the host's"));
}

Test(merge, a_launch_keeps_the_hosts_network_when_the_operator_asked_for_it)
{
	auto_case c;

	case_new(&c, LEVEL_STRICT);
	c.spec.ns[NS_NET].mode = NS_INHERIT;
	c.request.standalone = true;
	c.request.host_ns = 1u << NS_NET;
	cr_assert_eq(case_merge(&c), 0, "%s", c.e.text);
	cr_expect_eq(c.plan->ns[NS_NET].mode, NS_INHERIT);
	cr_expect(warned(c.plan, "the host's network namespace"));
	cr_expect_null(sysctl_of(c.plan, "net.ipv4.ip_unprivileged_port_start"), "the host's sysctls stay the host's");
}

Test(merge, root_and_mounts_get_their_flags)
{
	static const uint64_t ns2 = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, ns3 = ns2 | MOUNT_ATTR_NOEXEC;
	static const struct { const char *at; uint64_t baseline, hardened, strict; } cases[] = {
		{ "/proc", 0, ns3, ns3 },
		{ "/dev", MOUNT_ATTR_NOSUID, MOUNT_ATTR_NOSUID, MOUNT_ATTR_NOSUID },
		{ "/dev/pts", 0, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC },
		{ "/dev/shm", 0, ns2, ns2 },
		{ "/data", 0, 0, ns2 },
		{ "/scratch", 0, ns2, ns2 },
	};

	for (int level = LEVEL_BASELINE; level < LEVELS; level++) {
		auto_case c;
		case_new(&c, level);
		cr_assert_eq(case_merge(&c), 0, "%s", c.e.text);
		for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
			uint64_t want = level == LEVEL_BASELINE ? cases[i].baseline
					: level == LEVEL_HARDENED ? cases[i].hardened : cases[i].strict;
			cr_expect_eq(mount_at(c.plan, cases[i].at)->attr_set, want, "%s at level %d: %llx", cases[i].at, level,
				     (unsigned long long)mount_at(c.plan, cases[i].at)->attr_set);
		}
		cr_expect_eq(c.plan->root.readonly, level == LEVEL_STRICT);
		cr_expect_eq(c.plan->root.nosuid, level >= LEVEL_HARDENED);
		cr_expect_eq(c.plan->root.nodev, level >= LEVEL_HARDENED);
	}
}

Test(merge, a_bind_cannot_ask_its_way_out_of_nosuid)
{
	const struct mount *m;
	auto_case c;

	case_new(&c, LEVEL_STRICT);
	cr_assert_eq(case_merge(&c), 0, "%s", c.e.text);
	m = mount_at(c.plan, "/data");
	cr_expect_eq(m->attr_clear & MOUNT_ATTR_NOSUID, 0);
	cr_expect_eq(m->rattr_set & MOUNT_ATTR_NOSUID, MOUNT_ATTR_NOSUID, "nor do the mounts that a recursive bind brings");
}

Test(merge, strict_adds_its_tmpfs_where_the_document_has_nothing)
{
	static const struct { const char *mounts[3]; const char *want[5]; } cases[] = {
		{ { NULL }, { "/tmp", "/run", "/var/tmp", "/dev/shm" } },
		{ { "/tmp" }, { "/run", "/var/tmp", "/dev/shm" } },
		{ { "/var" }, { "/tmp", "/run", "/dev/shm" } },
		{ { "/run/secrets" }, { "/tmp", "/run", "/var/tmp", "/dev/shm" } },
		{ { "/dev" }, { "/tmp", "/run", "/var/tmp", "/dev/shm" } },
		{ { "/dev", "/dev/shm" }, { "/tmp", "/run", "/var/tmp" } },
		{ { "/tmpx", "/runs" }, { "/tmp", "/run", "/var/tmp", "/dev/shm" } },
	};

	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct mount mounts[3] = { 0 };
		size_t n = 0, added = 0;
		auto_case c;

		for (; n < 3 && cases[i].mounts[n]; n++)
			mounts[n] = (struct mount){ .index = n, .destination = cases[i].mounts[n], .type = "tmpfs", .data = "" };
		case_new(&c, LEVEL_STRICT);
		c.spec.mounts = (struct mounts){ n, mounts };
		cr_assert_eq(case_merge(&c), 0, "%s", c.e.text);
		for (size_t k = 0; k < c.plan->mounts.n; k++)
			added += c.plan->mounts.v[k].index == SIZE_MAX;
		for (n = 0; cases[i].want[n]; n++) {
			const struct mount *m = mount_at(c.plan, cases[i].want[n]);
			cr_assert_not_null(m, "case %zu: %s", i, cases[i].want[n]);
			cr_expect_eq(m->index, SIZE_MAX);
			cr_expect_eq(m->attr_set, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
		}
		cr_expect_eq(added, n, "case %zu: %zu added", i, added);
	}
}

Test(merge, the_policys_tmpfs_hide_nothing_of_the_documents)
{
	static const struct mount mounts[] = {
		{ .index = 0, .destination = "/var/run/secrets", .bind = true, .source = "/s", .data = "" },
		{ .index = 1, .destination = "/dev", .type = "tmpfs", .data = "" },
	};
	size_t run = 0, secrets = 0, dev = 0, shm = 0;
	auto_case c;

	case_new(&c, LEVEL_STRICT);
	c.spec.mounts = (struct mounts){ 2, mounts };
	cr_assert_eq(case_merge(&c), 0, "%s", c.e.text);
	for (size_t i = 0; i < c.plan->mounts.n; i++) {
		const char *at = c.plan->mounts.v[i].destination;
		run = str_eq(at, "/run") ? i : run;
		secrets = str_eq(at, "/var/run/secrets") ? i : secrets;
		dev = str_eq(at, "/dev") ? i : dev;
		shm = str_eq(at, "/dev/shm") ? i : shm;
	}
	cr_expect_lt(run, secrets, "/var/run is a link to /run in most images");
	cr_expect_lt(dev, shm);
}

Test(merge, run_belongs_to_the_containers_user_where_its_map_has_it)
{
	static const struct id_map small[] = { { 0, 100000, 10 } };
	auto_case c;

	case_new(&c, LEVEL_STRICT);
	cr_assert_eq(case_merge(&c), 0, "%s", c.e.text);
	cr_expect_str_eq(mount_at(c.plan, "/run")->data, "mode=755,size=16777216,uid=1000,gid=1000");
	cr_expect_str_eq(mount_at(c.plan, "/tmp")->data, "mode=1777,size=67108864");
	case_done(&c);
	case_new(&c, LEVEL_STRICT);
	c.spec.ns[NS_USER].mode = NS_NEW;
	c.spec.uid_map = c.spec.gid_map = (struct id_maps){ 1, small };
	cr_assert_eq(case_merge(&c), 0, "%s", c.e.text);
	cr_expect_str_eq(mount_at(c.plan, "/run")->data, "mode=755,size=16777216");
}

Test(merge, masks_are_united_and_baseline_waits_for_the_engine)
{
	for (int level = 0; level < LEVELS; level++) {
		for (int engine = 0; engine < 2; engine++) {
			bool ours = level >= LEVEL_HARDENED || (level == LEVEL_BASELINE && engine);
			auto_case c;
			if (!engine)
				case_new(&c, level)->spec.masked_paths.n = 0;
			else
				case_new(&c, level);
			cr_assert_eq(case_merge(&c), 0, "%s", c.e.text);
			/* "/proc/own" is the document's alone, "/proc/kcore" is in both. */
			cr_expect_eq(c.plan->masked_paths.n, (ours ? 12u : 0u) + (engine ? ours ? 1u : 2u : 0u), "level %d", level);
			cr_expect_eq(c.plan->readonly_paths.n, ours ? 5 : 0, "level %d", level);
			cr_expect_eq(str_in(&c.plan->masked_paths, "/sys/firmware"), ours, "level %d", level);
		}
	}
}

Test(merge, sysctls_of_a_network_of_its_own)
{
	static const struct id_map map[] = { { 0, 100000, 1000 } };
	static const struct key_value own[] = { { "net/ipv4/ip_unprivileged_port_start", "1024" } };
	auto_case c;

	case_new(&c, LEVEL_HARDENED);
	cr_assert_eq(case_merge(&c), 0, "%s", c.e.text);
	cr_expect_str_eq(sysctl_of(c.plan, "net.ipv4.ip_unprivileged_port_start"), "0");
	cr_expect_null(sysctl_of(c.plan, "net.ipv4.ping_group_range"));
	case_done(&c);

	case_new(&c, LEVEL_STRICT);
	cr_assert_eq(case_merge(&c), 0, "%s", c.e.text);
	cr_expect_str_eq(sysctl_of(c.plan, "net.ipv4.ping_group_range"), "0 65535");
	case_done(&c);

	case_new(&c, LEVEL_STRICT);
	c.spec.ns[NS_USER].mode = NS_NEW;
	c.spec.uid_map = c.spec.gid_map = (struct id_maps){ 1, map };
	cr_assert_eq(case_merge(&c), 0, "%s", c.e.text);
	cr_expect_str_eq(sysctl_of(c.plan, "net.ipv4.ping_group_range"), "0 999", "no further than the map goes");
	case_done(&c);

	case_new(&c, LEVEL_HARDENED)->spec.sysctl = (struct key_values){ 1, own };
	cr_assert_eq(case_merge(&c), 0, "%s", c.e.text);
	cr_expect_eq(c.plan->sysctl.n, 1, "what the document sets, it sets");
	case_done(&c);

	case_new(&c, LEVEL_HARDENED)->spec.ns[NS_NET] = (struct namespace){ NS_JOIN, "/run/netns/x" };
	cr_assert_eq(case_merge(&c), 0, "%s", c.e.text);
	cr_expect_eq(c.plan->sysctl.n, 0, "a joined network is somebody else's");
}

/* ---- limits ---- */

static uint64_t hard_of(const struct plan *p, int resource)
{
	for (size_t i = 0; i < p->process.rlimits.n; i++)
		if (p->process.rlimits.v[i].resource == resource)
			return p->process.rlimits.v[i].hard;
	return UINT64_MAX - 1; /* absent */
}
#define ABSENT (UINT64_MAX - 1)

static const struct {
	enum level level;
	uint64_t asked; /* ABSENT: no such row */
	uint64_t host;
	bool sys_resource;
	uint64_t want;
} nofile_cases[] = {
	{ LEVEL_NONE, UINT64_MAX, 1024, false, UINT64_MAX },
	{ LEVEL_BASELINE, 4096, 1024, true, 4096 },
	{ LEVEL_BASELINE, 4096, 1024, false, 1024 },
	{ LEVEL_BASELINE, ABSENT, UINT64_MAX, true, ABSENT },
	{ LEVEL_HARDENED, UINT64_MAX, UINT64_MAX, true, 1048576 },
	{ LEVEL_HARDENED, 2097152, 20000, false, 20000 },
	{ LEVEL_HARDENED, 512, 20000, false, 512 },
	{ LEVEL_HARDENED, ABSENT, 20000, false, ABSENT },
	{ LEVEL_HARDENED, ABSENT, 1073741816, true, 1048576 },
	{ LEVEL_STRICT, 1048576, 1048576, true, 65536 },
	{ LEVEL_STRICT, ABSENT, 1048576, true, 65536 },
	{ LEVEL_STRICT, ABSENT, 20000, true, ABSENT },
};

Test(merge, open_files_are_at_most_what_level_and_host_give)
{
	for (size_t i = 0; i < N_ELEMENTS(nofile_cases); i++) {
		struct process_rlimit row = { RLIMIT_NOFILE, "RLIMIT_NOFILE", nofile_cases[i].asked, nofile_cases[i].asked };
		auto_case c;

		case_new(&c, nofile_cases[i].level);
		if (nofile_cases[i].asked != ABSENT)
			c.spec.process.rlimits = (struct rlimits){ 1, &row };
		c.facts.nofile_hard = nofile_cases[i].host;
		if (!nofile_cases[i].sys_resource)
			c.facts.caps &= ~CAP_BIT(CAP_SYS_RESOURCE);
		cr_assert_eq(case_merge(&c), 0, "%s", c.e.text);
		cr_expect_eq(hard_of(c.plan, RLIMIT_NOFILE), nofile_cases[i].want, "case %zu: %llu", i,
			     (unsigned long long)hard_of(c.plan, RLIMIT_NOFILE));
		for (size_t k = 0; k < c.plan->process.rlimits.n; k++)
			cr_expect_leq(c.plan->process.rlimits.v[k].soft, c.plan->process.rlimits.v[k].hard);
	}
}

Test(merge, a_limit_that_the_host_cannot_give_is_a_warning)
{
	struct process_rlimit row = { RLIMIT_NOFILE, "RLIMIT_NOFILE", 1048576, 1048576 };
	auto_case c;

	case_new(&c, LEVEL_HARDENED)->spec.process.rlimits = (struct rlimits){ 1, &row };
	c.facts.caps &= ~CAP_BIT(CAP_SYS_RESOURCE);
	c.facts.nofile_hard = 20000;
	cr_assert_eq(case_merge(&c), 0, "%s", c.e.text);
	cr_expect(warned(c.plan, "open files: this host gives at most 20000, not 1048576"));
}

Test(merge, strict_has_no_core_files_and_little_locked_memory)
{
	auto_case c;

	case_new(&c, LEVEL_STRICT);
	cr_assert_eq(case_merge(&c), 0, "%s", c.e.text);
	cr_expect_eq(hard_of(c.plan, RLIMIT_CORE), 0);
	cr_expect_eq(hard_of(c.plan, RLIMIT_MEMLOCK), 8 << 20);
	case_done(&c);
	case_new(&c, LEVEL_STRICT)->facts.caps &= ~CAP_BIT(CAP_SYS_RESOURCE);
	cr_assert_eq(case_merge(&c), 0, "%s", c.e.text);
	cr_expect_eq(hard_of(c.plan, RLIMIT_CORE), 0, "lowering to nothing needs no right");
	cr_expect_eq(hard_of(c.plan, RLIMIT_MEMLOCK), ABSENT, "a value that could be a raise is not asked for");
}

static const struct { enum level level; struct opt_i64 pids, memory; int64_t want_pids, want_memory; } amounts[] = {
	{ LEVEL_BASELINE, { 0, 0 }, { 0, 0 }, 0, 0 },
	{ LEVEL_HARDENED, { 0, 0 }, { 0, 0 }, 4096, 0 },
	{ LEVEL_HARDENED, { true, -1 }, { true, -1 }, 4096, -1 },
	{ LEVEL_HARDENED, { true, 100 }, { 0, 0 }, 100, 0 },
	{ LEVEL_HARDENED, { true, 5000 }, { true, 1 << 20 }, 4096, 1 << 20 },
	{ LEVEL_STRICT, { 0, 0 }, { 0, 0 }, 512, 1 << 30 },
	{ LEVEL_STRICT, { true, 0 }, { true, -1 }, 512, 1 << 30 },
	{ LEVEL_STRICT, { true, 512 }, { true, INT64_C(1) << 33 }, 512, INT64_C(1) << 33 },
};

Test(merge, pids_and_memory_have_limits)
{
	for (size_t i = 0; i < N_ELEMENTS(amounts); i++) {
		auto_case c;
		case_new(&c, amounts[i].level);
		c.spec.resources.pids_limit = amounts[i].pids;
		c.spec.resources.memory.limit = amounts[i].memory;
		cr_assert_eq(case_merge(&c), 0, "%s", c.e.text);
		cr_expect_eq(c.plan->resources.pids_limit.v, amounts[i].want_pids, "case %zu", i);
		cr_expect_eq(c.plan->resources.memory.limit.v, amounts[i].want_memory, "case %zu", i);
	}
}

Test(merge, without_a_cgroup_the_missing_limits_are_said)
{
	for (int how = 0; how < 4; how++) {
		auto_case c;
		case_new(&c, LEVEL_STRICT);
		c.request.no_cgroup = how == 0;
		c.facts.cgroup_closed = how == 3;
		if (how == 1)
			c.facts.cgroup = CGROUP_NONE;
		if (how == 2) {
			c.facts.cgroup = CGROUP_V1;
			c.facts.uid = 1000;
		}
		cr_assert_eq(case_merge(&c), 0, "%s", c.e.text);
		cr_expect(!c.plan->resources.pids_limit.set);
		cr_expect(!c.plan->resources.memory.limit.set);
		cr_expect(warned(c.plan, "no cgroup to limit the container with"), "case %d", how);
	}
}

Test(merge, a_closed_cgroup_matters_only_where_it_would_be_made)
{
	for (int how = 0; how < 2; how++) {
		auto_case c;
		case_new(&c, LEVEL_STRICT);
		c.facts.cgroup_closed = true;
		c.request.systemd = how == 0;
		if (how == 1)
			c.spec.cgroups_path = "/open";
		cr_assert_eq(case_merge(&c), 0, "%s", c.e.text);
		cr_expect(c.plan->resources.pids_limit.set, "case %d", how);
	}
}

/* ---- reasons ---- */

Test(merge, every_control_has_a_reason)
{
	static const char *const controls[] = {
		"level", "pid namespace", "ipc namespace", "uts namespace", "mount namespace", "network namespace",
		"cgroup namespace", "user namespace", "capabilities", "no_new_privileges", "user", "root", "mounts",
		"masked paths", "read-only paths", "pids", "memory", "system calls",
	};

	for (int level = 0; level < LEVELS; level++) {
		auto_case c;
		case_new(&c, level);
		cr_assert_eq(case_merge(&c), 0, "%s", c.e.text);
		for (size_t i = 0; i < N_ELEMENTS(controls); i++)
			cr_expect_not_null(reason_of(c.plan, controls[i], NULL), "%s at level %d", controls[i], level);
		for (size_t i = 0; level == LEVEL_NONE && i < c.plan->reasons.n; i++)
			cr_expect_eq(c.plan->reasons.v[i].kind, REASON_KEPT, "none changes %s", c.plan->reasons.v[i].control);
	}
}

/* ---- exec ---- */

static const struct {
	const char *what;
	enum level level;
	bool found;
	uint64_t label, asked, want;
	bool nnp;
} execs[] = {
	{ "none: as asked", LEVEL_NONE, false, 0, CAP_MASK_ALL, CAP_MASK_ALL, false },
	{ "baseline: exec --privileged works", LEVEL_BASELINE, false, 0, CAP_MASK_ALL, CAP_MASK_ALL, false },
	{ "baseline: the label holds for exec", LEVEL_BASELINE, true, 0x3, CAP_MASK_ALL, 0x3, false },
	{ "hardened: never more than the container", LEVEL_HARDENED, false, 0, CAP_MASK_ALL & ~CAP_BIT(CAP_BPF), TEN_OF_DOCKER, true },
	{ "hardened: less is less", LEVEL_HARDENED, false, 0, 0x1, 0x1, true },
	{ "strict: what the container has", LEVEL_STRICT, true, 0x40, CAP_MASK_ALL & ~CAP_BIT(CAP_BPF), 0x40, true },
};

Test(merge, exec_meets_the_stored_plan)
{
	for (size_t i = 0; i < N_ELEMENTS(execs); i++) {
		struct process asked = { .uid = 1000, .gid = 1000, .has_caps = true };
		const struct process *out = NULL;
		auto_case c;

		case_new(&c, execs[i].level)->labels = (struct label_caps){ .found = execs[i].found, .caps = execs[i].label, .from = "label" };
		cr_assert_eq(case_merge(&c), 0, "%s", c.e.text);
		asked.caps = (struct capsets){ execs[i].asked, execs[i].asked, execs[i].asked, execs[i].asked, execs[i].asked };
		cr_assert_eq(policy_merge_exec(&c.arena, c.plan, &asked, &out, &c.e), 0, "%s", c.e.text);
		cr_expect_eq(out->caps.bounding, execs[i].want, "%s: %llx", execs[i].what,
			     (unsigned long long)out->caps.bounding);
		cr_expect_eq(out->caps.ambient, execs[i].want, "%s", execs[i].what);
		cr_expect_eq(out->no_new_privs, execs[i].nnp, "%s", execs[i].what);
	}
}

Test(merge, exec_as_root_is_refused_where_the_container_may_not_be_root)
{
	static const uint32_t zero[] = { 0 };
	static const struct { struct process asked; const char *says; } cases[] = {
		{ { .uid = 0, .gid = 1 }, "refused by level \"strict\" (user): exec asks for uid 0" },
		{ { .uid = 1, .gid = 0 }, "exec asks for gid 0" },
		{ { .uid = 1, .gid = 1, .groups = { 1, zero } }, "exec asks for group 0" },
	};

	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		const struct process *out = NULL;
		auto_case c;
		case_new(&c, LEVEL_STRICT);
		cr_assert_eq(case_merge(&c), 0, "%s", c.e.text);
		cr_expect_eq(policy_merge_exec(&c.arena, c.plan, &cases[i].asked, &out, &c.e), -EPERM);
		cr_expect(strstr(c.e.text, cases[i].says), "%s", c.e.text);
		cr_expect_null(out);
	}
}

Test(merge, exec_without_capabilities_gets_the_containers_own)
{
	struct process asked = { .uid = 1000, .gid = 1000 };
	const struct process *out = NULL;
	auto_case c;

	case_new(&c, LEVEL_HARDENED);
	cr_assert_eq(case_merge(&c), 0, "%s", c.e.text);
	cr_assert_eq(policy_merge_exec(&c.arena, c.plan, &asked, &out, &c.e), 0, "%s", c.e.text);
	cr_expect(out->has_caps);
	cr_expect_eq(out->caps.bounding, TEN_OF_DOCKER);
}

Test(merge, exec_without_a_label_gets_the_containers_own)
{
	static const struct { enum level level; const char *stored, *asked, *want; } labels[] = {
		{ LEVEL_NONE, "held", NULL, "held" },
		{ LEVEL_NONE, "held", "other", "other" },
		{ LEVEL_NONE, "held", "unconfined", "unconfined" },
		{ LEVEL_NONE, NULL, "other", "other" },
		{ LEVEL_NONE, NULL, NULL, NULL },
		{ LEVEL_STRICT, "held", "other", "held" },
	};

	for (size_t i = 0; i < N_ELEMENTS(labels); i++) {
		struct process asked = { .uid = 1, .gid = 1, .apparmor = labels[i].asked, .selinux = labels[i].asked };
		const struct process *out = NULL;
		auto_case c;

		case_new(&c, labels[i].level);
		c.facts.apparmor = c.facts.selinux = true;
		c.spec.process.apparmor = c.spec.process.selinux = labels[i].stored;
		cr_assert_eq(case_merge(&c), 0, "%s", c.e.text);
		cr_assert_eq(policy_merge_exec(&c.arena, c.plan, &asked, &out, &c.e), 0, "%s", c.e.text);
		cr_expect(str_eq(out->apparmor, labels[i].want), "case %zu: %s", i, out->apparmor);
		cr_expect(str_eq(out->selinux, labels[i].want), "case %zu: %s", i, out->selinux);
	}
}

Test(merge, exec_cannot_raise_its_limits)
{
	struct process_rlimit row = { RLIMIT_NOFILE, "RLIMIT_NOFILE", UINT64_MAX, UINT64_MAX };
	struct process asked = { .uid = 1, .gid = 1, .rlimits = { 1, &row } };
	const struct process *out = NULL;
	auto_case c;

	case_new(&c, LEVEL_STRICT);
	cr_assert_eq(case_merge(&c), 0, "%s", c.e.text);
	cr_assert_eq(policy_merge_exec(&c.arena, c.plan, &asked, &out, &c.e), 0, "%s", c.e.text);
	cr_expect_eq(out->rlimits.v[0].hard, 65536);
	/* What it does not name is the container's own. */
	cr_assert_eq(out->rlimits.n, 3);
	cr_expect(out->rlimits.v[1].resource == RLIMIT_CORE && out->rlimits.v[1].hard == 0);
	cr_expect(out->rlimits.v[2].resource == RLIMIT_MEMLOCK && out->rlimits.v[2].hard == 8 << 20);
}

/* ---- sysctl names ---- */

Test(merge, sysctl_names_belong_to_their_namespace_or_to_none)
{
	static const struct { const char *key; int want; } names[] = {
		{ "net.ipv4.ip_forward", NS_NET }, { "net/ipv4/conf/eth0.1/forwarding", NS_NET },
		{ "kernel.shmmax", NS_IPC }, { "kernel.msgmnb", NS_IPC }, { "kernel.sem", NS_IPC },
		{ "kernel.shm_rmid_forced", NS_IPC }, { "fs.mqueue.msg_max", NS_IPC }, { "kernel.hostname", NS_UTS },
		{ "kernel.domainname", NS_UTS }, { "user.max_pid_namespaces", NS_USER }, { "net", -EINVAL },
		{ "kernel.semaphore", -EINVAL }, { "kernel.hostname.x", -EINVAL }, { "kernel", -EINVAL }, { "", -EINVAL },
		{ ".net.ipv4", -EINVAL }, { "net.", -EINVAL }, { "vm.swappiness", -EINVAL }, { "fs.file-max", -EINVAL },
		{ "net/./x", -EINVAL }, { "net/../vm/x", -EINVAL }, { "net.ipv4.x\n", -EINVAL }, { "../net/x", -EINVAL },
	};

	for (size_t i = 0; i < N_ELEMENTS(names); i++)
		cr_expect_eq(sysctl_namespace(names[i].key), names[i].want, "%s", names[i].key);
}
