/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Level "none" is a runtime without a policy: for the documents that engines write (tests/data/valid), whatever labels and host there
 * are, the plan is the document in every field, and what is only the policy's is empty. A new field of the plan must be empty too.
 */
#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/capname.h"
#include "base/fd.h"
#include "policy/merge.h"
#include "policy/store.h"
#include "policy_random.h"

/* What the policy says of itself: taken from the plan. */
static void own_words(const struct plan *got, struct plan *out)
{
	out->level = LEVEL_NONE;
	out->profile = got->profile;
	out->level_from = got->level_from;
	out->privileged_shape = got->privileged_shape;
	out->reasons = got->reasons;
	out->cap_ceiling = CAP_MASK_ALL;
	out->filter.own = (struct plan_syscalls){ .families = FILTER_EVERY, .netlink = FILTER_EVERY, .allow_compat32 = true };
	out->filter.caps = got->filter.caps;
}

static struct plan document(const struct spec *s, const struct policy_request *q)
{
	struct plan p = {
		.id = q->id, .bundle = q->bundle, .oci_version = s->oci_version, .annotations = s->annotations,
		.has_process = s->has_process, .process = s->process,
		.root = { .path = q->root_path, .readonly = s->root_readonly, .propagation = s->rootfs_propagation },
		.mounts = s->mounts, .devices = s->devices, .net_devices = s->net_devices,
		.masked_paths = s->masked_paths, .readonly_paths = s->readonly_paths, .mount_label = s->mount_label,
		.uid_map = s->uid_map, .gid_map = s->gid_map, .boottime = s->boottime, .monotonic = s->monotonic,
		.hostname = s->hostname, .domainname = s->domainname, .sysctl = s->sysctl, .memory_policy = s->memory_policy,
		.intel_rdt = s->intel_rdt, .has_personality = s->has_personality, .personality = s->personality,
		.cgroups_path = s->cgroups_path, .resources = s->resources,
		.filter = { .has_engine = s->has_seccomp, .engine = s->seccomp },
	};

	memcpy(p.ns, s->ns, sizeof(p.ns));
	memcpy(p.hooks, s->hooks, sizeof(p.hooks));
	return p;
}

static void check(const char *name, const char *text, size_t len)
{
	for (int k = 0; k < 4; k++) {
		struct label_caps labels = { .found = k & 1, .caps = CAP_BIT(CAP_KILL), .from = "label" };
		struct facts f = { .caps = CAP_MASK_ALL, .apparmor = true, .selinux = true, .cgroup = k & 2 ? CGROUP_V2 : CGROUP_HYBRID,
				   .nofile_hard = k & 2 ? 64 : UINT64_MAX };
		struct policy_request q = { .id = "c1", .bundle = "/b", .root_path = "/b/rootfs", .level = LEVEL_NONE, .level_from = "--policy",
					    .labels = &labels, .facts = &f };
		const struct plan *got = NULL;
		const struct spec *s = NULL;
		auto_arena a = { 0 };
		struct err e = { 0 };
		struct plan want;
		const char *differs;

		cr_assert_eq(spec_parse(&a, text, len, &s, &e), 0, "%s: %s", name, e.text);
		cr_assert_eq(policy_merge(&a, s, &q, &got, &e), 0, "%s: %s", name, e.text);
		want = document(s, &q);
		own_words(got, &want);
		differs = first_difference(&store_plan_type, &want, got);
		cr_expect_null(differs, "%s: %s is not the document's", name, differs);
	}
}

Test(none, the_plan_is_the_document_for_what_engines_write)
{
	const char *src = getenv("CAISSON_SRCDIR");
	char path[4096];
	size_t n = 0;
	DIR *d;

	(void)snprintf(path, sizeof(path), "%s/tests/data/valid", src ? src : ".");
	d = opendir(path);
	cr_assert_not_null(d, "%s", path);
	for (struct dirent *at; (at = readdir(d));) {
		char file[4600];
		auto_free char *text = NULL;
		struct err e = { 0 };
		size_t len;
		if (at->d_name[0] == '.')
			continue;
		(void)snprintf(file, sizeof(file), "%s/%.255s/config.json", path, at->d_name);
		cr_assert_eq(fd_read_file(AT_FDCWD, file, SPEC_MAX_BYTES, &text, &len, &e), 0, "%s", e.text);
		check(at->d_name, text, len);
		n++;
	}
	closedir(d);
	cr_expect_gt(n, 15, "only %zu documents", n);
}
