/* SPDX-License-Identifier: Apache-2.0 */
/* A document, a request and facts that tests change one thing of. */
#ifndef CAISSON_TEST_MERGE_CASE_H
#define CAISSON_TEST_MERGE_CASE_H

#include <linux/capability.h>
#include <linux/seccomp.h>

#include "base/capname.h"
#include "base/sys.h"
#include "policy/merge.h"

/* What Docker gives: its fourteen. */
#define DOCKER_CAPS UINT64_C(0xa80425fb)

struct merge_case {
	struct spec spec;
	struct policy_request request;
	struct facts facts;
	struct label_caps labels;
	struct arena arena;
	struct err e;
	const struct plan *plan;
};

static const struct mount case_mounts[] = {
	{ .destination = "/proc", .source = "proc", .type = "proc", .data = "" },
	{ .destination = "/dev", .source = "tmpfs", .type = "tmpfs", .data = "mode=755", .attr_set = MOUNT_ATTR_NOSUID },
	{ .destination = "/dev/pts", .source = "devpts", .type = "devpts", .data = "newinstance" },
	{ .destination = "/dev/shm", .source = "shm", .type = "tmpfs", .data = "size=64k" },
	{ .destination = "/data", .source = "/srv/data", .bind = true, .recursive = true,
	  .attr_clear = MOUNT_ATTR_NOSUID, .data = "" },
	{ .destination = "/scratch", .source = "tmpfs", .type = "tmpfs", .data = "" },
};
static const char *const case_args[] = { "/bin/true", NULL };
static const char *const case_masks[] = { "/proc/kcore", "/proc/own", NULL };

static inline struct merge_case *case_new(struct merge_case *c, enum level level)
{
	*c = (struct merge_case){ 0 };
	c->facts = (struct facts){ .kernel_major = 6, .caps = CAP_MASK_ALL, .cgroup = CGROUP_V2, .nofile_hard = 1024, .mdwe = true, .landlock_abi = 7 };
	c->request = (struct policy_request){
		.id = "c1", .bundle = "/b", .root_path = "/b/rootfs", .level = level, .level_from = "--policy",
		.facts = &c->facts, .labels = &c->labels,
	};
	c->spec.oci_version = "1.0.2";
	c->spec.root_path = "rootfs";
	c->spec.has_process = true;
	c->spec.process = (struct process){
		.args = { 1, case_args }, .cwd = "/", .uid = 1000, .gid = 1000,
		.has_caps = true,
		.caps = { .bounding = DOCKER_CAPS, .effective = DOCKER_CAPS, .permitted = DOCKER_CAPS },
	};
	for (int i = 0; i < NS_TIME; i++)
		c->spec.ns[i].mode = i == NS_USER ? NS_INHERIT : NS_NEW;
	c->spec.mounts.n = N_ELEMENTS(case_mounts);
	c->spec.mounts.v = case_mounts;
	c->spec.masked_paths = (struct strings){ 2, case_masks };
	c->spec.has_seccomp = true;
	c->spec.seccomp.default_action = SECCOMP_RET_ERRNO;
	return c;
}

static inline int case_merge(struct merge_case *c)
{
	c->e = (struct err){ 0 };
	c->plan = NULL;
	return policy_merge(&c->arena, &c->spec, &c->request, &c->plan, &c->e);
}

static inline void case_done(struct merge_case *c)
{
	arena_done(&c->arena);
}
#define auto_case __attribute__((cleanup(case_done))) struct merge_case

#endif
