/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a document, as a stored plan, and as a capability label: the decision is made at each level, and what it
 * promises is looked at. Built and run by tests/run.sh fuzz.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/capname.h"
#include "base/log.h"
#include "policy/explain.h"
#include "policy/labels.h"
#include "policy/merge.h"
#include "policy/store.h"
#include "spec/spec.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const struct log_options quiet = { .path = "/dev/null" };
	struct err e = { 0 };

	(void)argc;
	(void)argv;
	return log_open(&quiet, &e);
}

static void demand(bool truth)
{
	if (!truth)
		abort();
}

/* What is written can be read, and is then written in the same bytes. */
static void check_stored(struct arena *a, const struct plan *p)
{
	auto_free char *one = NULL, *two = NULL;
	const struct plan *back = NULL;
	size_t n_one, n_two;
	struct err e = { 0 };

	demand(plan_write(p, &one, &n_one, &e) == 0);
	demand(plan_read(a, one, n_one, &back, &e) == 0);
	demand(plan_write(back, &two, &n_two, &e) == 0);
	demand(n_one == n_two && memcmp(one, two, n_one) == 0);
}

static void check_level(struct arena *a, const struct spec *s, const struct label_caps *labels, enum level level)
{
	const struct facts facts = { .caps = CAP_MASK_ALL, .cgroup = CGROUP_V2, .apparmor = true, .selinux = true };
	const struct policy_request r = { .id = "c", .bundle = "/b", .root_path = "/b/r", .level = level, .labels = labels,
					  .facts = &facts };
	const struct plan *p = NULL;
	auto_str table = { 0 };
	struct err e = { 0 };
	int err = policy_merge(a, s, &r, &p, &e);

	demand((err == 0) == (p != NULL) && (err == 0 || (err == -e.code && e.text[0])));
	if (!p)
		return;
	demand(!(p->process.caps.bounding & ~s->process.caps.bounding) && !(p->process.caps.permitted & ~s->process.caps.permitted) &&
	       !(p->process.caps.ambient & ~s->process.caps.ambient));
	demand(p->level >= level && (p->process.no_new_privs || !s->process.no_new_privs));
	demand(p->masked_paths.n >= s->masked_paths.n && p->mounts.n >= s->mounts.n);
	demand(p->level < LEVEL_STRICT || !p->has_process || p->privileged_shape || (p->process.uid && p->process.gid));
	explain_table(p, s, &table);
	demand(!table.failed && !memchr(table.s, 0x1b, table.len));
	check_stored(a, p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = { .limit = 64 * 1024 * 1024 };
	const char *bytes = (const char *)data;
	struct label_caps labels = { 0 }, label = { 0 };
	const struct plan *stored = NULL;
	const struct spec *s = NULL;
	struct key_value kv = { "security.capabilities", arena_memdup(&a, bytes, size) };
	struct key_values list = { 1, &kv };
	struct err e = { 0 };

	demand(labels_meet(&a, &list, "label", &label, &e) == 0 && label.found && !(label.caps & ~CAP_MASK_ALL));
	if (plan_read(&a, bytes, size, &stored, &e) == 0)
		check_stored(&a, stored);
	if (spec_parse(&a, bytes, size, &s, &e) == 0) {
		demand(labels_meet(&a, &s->annotations, "annotation", &labels, &e) == 0);
		for (int level = 0; level < LEVELS; level++)
			check_level(&a, s, &labels, (enum level)level);
	}
	arena_done(&a);
	return 0;
}
