/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as caisson.json and as a profile: they are refused with words, or they meet a document and keep what profiles promise.
 * Built and run by tests/run.sh fuzz.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/capname.h"
#include "base/log.h"
#include "policy/glob.h"
#include "policy/merge.h"
#include "policy/profile_fields.h"
#include "policy/resolve.h"

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

/* The bytes are caisson.json, or the profile "x", or a drop-in of "y", which "x" may extend. */
struct bytes { struct policy_file config, x, drop_in, callers; };

static int give(const struct policy_file *f, struct policy_file *out)
{
	if (!f->text)
		return -ENOENT;
	*out = *f;
	return 0;
}

static int config(void *ctx, enum policy_place place, struct arena *a, struct policy_file *out, struct err *e)
{
	const struct bytes *b = ctx;

	(void)a;
	(void)e;
	return give(place == POLICY_CALLER ? &b->callers : &b->config, out);
}

static int profile(void *ctx, enum policy_place place, const char *name, struct arena *a, struct policy_file *out, struct err *e)
{
	static const struct policy_file y = { "y.json", "{\"schema\":1,\"extends\":\"strict\"}", 31 };

	(void)a;
	(void)e;
	if (str_eq(name, "y"))
		return give(&y, out);
	return place == POLICY_OPERATOR && str_eq(name, "x") ? give(&((struct bytes *)ctx)->x, out) : -ENOENT;
}

static int drop_ins(void *ctx, enum policy_place place, const char *name, struct arena *a, struct policy_file_list *out, struct err *e)
{
	(void)a;
	(void)e;
	out->v = &((struct bytes *)ctx)->drop_in;
	out->n = place == POLICY_OPERATOR && str_eq(name, "y") && out->v->text ? 1 : 0;
	return 0;
}

static const char *const args[] = { "/bin/x", NULL };

static void check_merge(struct arena *a, const struct policy_choice *choice)
{
	static const struct facts facts = { .caps = CAP_MASK_ALL, .cgroup = CGROUP_V2 };
	const struct policy_request r = { .id = "c", .bundle = "/b", .root_path = "/b/r", .choice = choice, .facts = &facts };
	struct spec s = { .oci_version = "1.0.0", .root_path = "r", .has_process = true };
	uint64_t granted = 0;
	const struct plan *p = NULL;
	struct err e = { 0 };
	int err;

	s.process = (struct process){ .args = { 1, args }, .cwd = "/", .has_caps = true };
	s.process.caps.bounding = s.process.caps.permitted = s.process.caps.effective = UINT64_C(0xa80425fb);
	for (int i = 0; i < NS_TIME; i++)
		s.ns[i].mode = i == NS_USER ? NS_INHERIT : NS_NEW;
	err = policy_merge(a, &s, &r, &p, &e);
	demand((err == 0) == (p != NULL) && (err == 0 || (err == -e.code && e.text[0])));
	if (!p)
		return;
	for (size_t i = 0; i < choice->enforced->grant.n; i++)
		granted |= choice->enforced->grant.v[i].cap;
	demand(!(p->process.caps.bounding & ~(s.process.caps.bounding | granted)));
	demand(!choice->enforced->no_new_privs || p->process.no_new_privs);
	demand(!choice->enforced->root.readonly || p->root.readonly);
	demand(p->masked_paths.n >= choice->enforced->mask.n || !choice->enforced->mask_always);
}

static void try_as(struct bytes *b, const char *named, const char *text)
{
	const struct policy_files files = { b, config, profile, drop_ins };
	const struct policy_ask ask = { .named = named, .named_from = "--policy" };
	const struct key_value kv = { "io.caisson.profile", "strict" };
	const struct key_values annotations = { 1, &kv };
	const struct policy_subject s = { .engine = text, .kind = "container", .bundle = "/run/x/y", .argv0 = text, .hostname = text,
					  .annotations = &annotations };
	struct arena a = { .limit = 64 * 1024 * 1024 };
	const struct policy_choice *choice = NULL;
	struct err e = { 0 };
	int err = policy_choose(&a, &files, &ask, &s, &choice, &e);

	demand(err == 0 || (err < 0 && e.text[0]));
	if (choice)
		check_merge(&a, choice);
	arena_done(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = malloc(size + 1);
	struct policy_file f = { "x.json", copy, size };
	struct bytes as_config = { .config = f }, as_profile = { .x = f }, as_drop_in = { .drop_in = f }, as_callers = { .callers = f };

	if (!copy)
		return 0;
	memcpy(copy, data, size);
	copy[size] = '\0';
	try_as(&as_config, NULL, "nginx");
	try_as(&as_profile, "x", "nginx");
	try_as(&as_drop_in, "y", "nginx");
	try_as(&as_callers, NULL, "nginx");
	(void)glob_match(copy, "/usr/sbin/nginx/x"); /* any answer will do, in a bounded time */
	(void)glob_match("a*b**c[a-z]?*", copy);
	free(copy);
	return 0;
}
