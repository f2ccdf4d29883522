/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The privileged shape, of a container and of an exec: known in what Docker 20.10 writes, which has no capability after AUDIT_READ, and in
 * nothing that lacks a part of it.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "merge_case.h"

#include "base/fd.h"

#define OF_DOCKER_20 (CAP_BIT(CAP_AUDIT_READ + 1) - 1)

static const struct spec *sample(struct arena *a)
{
	const char *top = getenv("CAISSON_SRCDIR");
	auto_free char *text = NULL;
	const struct spec *s = NULL;
	struct err e = { 0 };
	char path[4096];
	size_t len;

	snprintf(path, sizeof(path), "%s/tests/data/valid/engine-docker-20-privileged/config.json", top ? top : ".");
	cr_assert_eq(fd_read_file(AT_FDCWD, path, SPEC_MAX_BYTES, &text, &len, &e), 0, "%s", e.text);
	cr_assert_eq(spec_parse(a, text, len, &s, &e), 0, "%s", e.text);
	return s;
}

/* ---- a container ---- */

static const struct device_rule but_one[] = { { .allow = true, .type = 'a', .major = -1, .minor = -1, .r = true, .w = true, .m = true },
					      { .allow = false, .type = 'a', .major = -1, .minor = -1, .r = true, .w = true, .m = true } };
static const struct device_rule to_read[] = { { .allow = true, .type = 'a', .major = -1, .minor = -1, .r = true } };
static const char *const one_mask[] = { "/proc/kcore", NULL };

static void as_it_is(struct spec *s, struct facts *f) { (void)s; (void)f; }
static void smaller_host(struct spec *s, struct facts *f) { (void)s; f->caps = CAP_MASK_ALL & ~CAP_BIT(CAP_SYS_RESOURCE); }
static void newer_engine(struct spec *s, struct facts *f) { (void)f; s->process.caps.bounding = CAP_MASK_ALL; }
static void of_linux_5_8(struct spec *s, struct facts *f) { (void)f; s->process.caps.bounding = CAP_BIT(CAP_BPF + 1) - 1; }
static void filtered(struct spec *s, struct facts *f) { (void)f; s->has_seccomp = true; }
static void masked(struct spec *s, struct facts *f) { (void)f; s->masked_paths = (struct strings){ 1, one_mask }; }
static void without_one(struct spec *s, struct facts *f) { (void)f; s->process.caps.bounding &= ~CAP_BIT(CAP_NET_RAW); }
static void without_the_last(struct spec *s, struct facts *f) { (void)f; s->process.caps.bounding &= ~CAP_BIT(CAP_AUDIT_READ); }
static void with_a_gap(struct spec *s, struct facts *f) { (void)f; s->process.caps.bounding = CAP_MASK_ALL & ~CAP_BIT(CAP_BPF); }
static void fewer_than_the_host(struct spec *s, struct facts *f)
{
	f->caps = CAP_MASK_ALL & ~CAP_BIT(CAP_SYS_RESOURCE);
	s->process.caps.bounding &= ~CAP_BIT(CAP_SYS_PTRACE);
}
static void without_sys_admin(struct spec *s, struct facts *f) { f->caps = DOCKER_CAPS; s->process.caps.bounding = DOCKER_CAPS; }
static void devices_refused(struct spec *s, struct facts *f) { (void)f; s->resources.devices.n = 2; s->resources.devices.v = but_one; }
static void devices_to_read(struct spec *s, struct facts *f) { (void)f; s->resources.devices.n = 1; s->resources.devices.v = to_read; }
static void no_devices(struct spec *s, struct facts *f) { (void)f; s->resources.devices.n = 0; }
static void no_capabilities(struct spec *s, struct facts *f) { (void)f; s->process.has_caps = false; }

static const struct { const char *what; void (*change)(struct spec *s, struct facts *f); bool want; } shapes[] = {
	{ "as Docker writes it", as_it_is, true },
	{ "on a host with fewer capabilities", smaller_host, true },
	{ "by an engine that knows all", newer_engine, true },
	{ "by one of the time of Linux 5.8", of_linux_5_8, true },
	{ "with a filter", filtered, false },
	{ "with a mask", masked, false },
	{ "one capability less", without_one, false },
	{ "without AUDIT_READ", without_the_last, false },
	{ "without BPF, but with later ones", with_a_gap, false },
	{ "one less than a smaller host", fewer_than_the_host, false },
	{ "all of a host without SYS_ADMIN", without_sys_admin, false },
	{ "devices allowed, then refused", devices_refused, false },
	{ "devices for reading", devices_to_read, false },
	{ "no rule about devices", no_devices, false },
	{ "no capabilities", no_capabilities, false },
};

Test(privileged, the_shape_is_known_when_all_of_it_is_there)
{
	auto_arena a = { 0 };
	const struct spec *docker = sample(&a);

	cr_assert_eq(docker->process.caps.bounding, OF_DOCKER_20);
	for (size_t i = 0; i < N_ELEMENTS(shapes); i++) {
		struct facts f = { .caps = CAP_MASK_ALL };
		struct spec s = *docker;

		shapes[i].change(&s, &f);
		cr_expect_eq(policy_is_privileged(&s, &f), shapes[i].want, "%s", shapes[i].what);
	}
}

/* Whatever the image's label says: with it only what is not the whole shape is narrowed. */
Test(privileged, it_passes_baseline_untouched_and_no_level_above)
{
	static const struct { enum level level; bool masked; int rc; uint64_t caps; } cases[] = {
		{ LEVEL_NONE, false, 0, OF_DOCKER_20 }, { LEVEL_BASELINE, false, 0, OF_DOCKER_20 }, { LEVEL_BASELINE, true, 0, 0x4c1 },
		{ LEVEL_HARDENED, false, -EPERM, 0 },   { LEVEL_STRICT, false, -EPERM, 0 },
	};

	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		auto_case c;

		case_new(&c, cases[i].level);
		c.spec = *sample(&c.arena);
		c.labels = (struct label_caps){ .found = true, .caps = 0x4c1, .from = "image label security.capabilities" };
		if (cases[i].masked)
			masked(&c.spec, &c.facts);
		cr_expect_eq(case_merge(&c), cases[i].rc, "case %zu: %s", i, c.e.text);
		if (cases[i].rc < 0) {
			cr_expect(strstr(c.e.text, "(privileged): the container asks for every capability and device"), "%s", c.e.text);
			continue;
		}
		cr_expect_eq(c.plan->process.caps.bounding, cases[i].caps, "case %zu", i);
		cr_expect_eq(c.plan->privileged_shape, !cases[i].masked, "case %zu", i);
	}
}

/* ---- an exec into a container that is not privileged, or is ---- */

#define ALL_BUT_RESOURCE (CAP_MASK_ALL & ~CAP_BIT(CAP_SYS_RESOURCE))

static const struct { const char *what; enum level level; uint64_t own, label, host, asked, want; bool refused; } execs[] = {
	{ "baseline lets it be", LEVEL_BASELINE, DOCKER_CAPS, 0, CAP_MASK_ALL, CAP_MASK_ALL, CAP_MASK_ALL, false },
	{ "but for the label", LEVEL_BASELINE, DOCKER_CAPS, 0x4c1, CAP_MASK_ALL, OF_DOCKER_20, 0x4c1, false },
	{ "hardened refuses it", LEVEL_HARDENED, DOCKER_CAPS, 0, CAP_MASK_ALL, CAP_MASK_ALL, 0, true },
	{ "as an older engine asks", LEVEL_HARDENED, DOCKER_CAPS, 0, CAP_MASK_ALL, OF_DOCKER_20, 0, true },
	{ "on a smaller host", LEVEL_HARDENED, DOCKER_CAPS, 0, ALL_BUT_RESOURCE, CAP_MASK_ALL, 0, true },
	{ "strict refuses it", LEVEL_STRICT, DOCKER_CAPS, 0x1, CAP_MASK_ALL, CAP_MASK_ALL, 0, true },
	{ "one less is cut as ever", LEVEL_HARDENED, DOCKER_CAPS, 0x1, CAP_MASK_ALL, CAP_MASK_ALL & ~CAP_BIT(CAP_KILL), 0x1, false },
	/* It asked for all of them with a filter: its execs ask for the same again. */
	{ "the container's own request is no other", LEVEL_HARDENED, CAP_MASK_ALL, 0x1, CAP_MASK_ALL, CAP_MASK_ALL, 0x1, false },
};

Test(privileged, exec_is_refused_from_hardened_up)
{
	for (size_t i = 0; i < N_ELEMENTS(execs); i++) {
		struct process asked = { .uid = 1000, .gid = 1000, .has_caps = true, .caps = { .bounding = execs[i].asked } };
		const struct process *out = NULL;
		auto_case c;
		int rc;

		case_new(&c, execs[i].level);
		c.spec.process.caps.bounding = execs[i].own;
		c.facts.caps = execs[i].host;
		if (execs[i].label)
			c.labels = (struct label_caps){ .found = true, .caps = execs[i].label, .from = "label" };
		cr_assert_eq(case_merge(&c), 0, "%s: %s", execs[i].what, c.e.text);
		rc = policy_merge_exec(&c.arena, c.plan, &asked, &out, &c.e);
		cr_expect_eq(rc, execs[i].refused ? -EPERM : 0, "%s: %s", execs[i].what, c.e.text);
		if (execs[i].refused)
			cr_expect(strstr(c.e.text, "(privileged): exec asks for every capability; leave --privileged out"), "%s", c.e.text);
		else if (out)
			cr_expect_eq(out->caps.bounding, execs[i].want, "%s: %llx", execs[i].what, (unsigned long long)out->caps.bounding);
	}
}
