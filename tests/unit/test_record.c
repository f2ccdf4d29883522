/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "init/record.h"

/* A record with something in every span, and where each lies. */
struct sample {
	_Alignas(8) unsigned char bytes[2048];
	struct finish_record *r;
	size_t size;
};

static struct finish_span put(struct sample *s, const void *bytes, size_t len, size_t align)
{
	struct finish_span span;

	s->size = (s->size + align - 1) / align * align;
	span.off = (uint32_t)s->size;
	span.len = (uint32_t)len;
	memcpy(s->bytes + s->size, bytes, len);
	s->size += len;
	return span;
}

static void fill(struct sample *s)
{
	static const uint32_t groups[] = { 5, 0, 70000 };
	static const struct finish_rlimit limits[] = { { 7, 0, 1024, 4096 }, { 4, 0, 0, UINT64_MAX } };
	static const struct { struct finish_filter head; uint64_t insns[2]; struct finish_filter head2; uint64_t insns2[1]; }
	filters = { { 2, 0, 0, 0 }, { 6, 6 }, { 1, 0, 1, 0 }, { 6 } };
	static const struct { struct finish_hook head; char text[24]; } hooks = { { 2, 1, 5, 21 }, "/bin/hook\0hook\0-a\0A=" };
	struct finish_record *r = (struct finish_record *)s->bytes;

	memset(s, 0, sizeof(*s));
	s->r = r;
	s->size = sizeof(*r);
	r->magic = FINISH_MAGIC;
	r->version = FINISH_VERSION;
	r->flags = FINISH_HAS_GROUPS | FINISH_HAS_UMASK | FINISH_HAS_CAPS | FINISH_PID1 | FINISH_GATE_SOCKET | FINISH_NEW_KEYRING |
		   FINISH_HAS_MEMORY_POLICY;
	r->uid = r->gid = 1000;
	r->umask = 022;
	r->sync_fd = 20;
	r->gate_fd = 21;
	r->first_kept_fd = 3;
	r->n_kept_fds = 2;
	r->cap_bounding = r->cap_permitted = r->cap_effective = 1;
	r->argv = put(s, "sh\0-c\0true", 11, 1);
	r->env = put(s, "PATH=/bin\0A=", 13, 1);
	r->cwd = put(s, "/", 2, 1);
	r->groups = put(s, groups, sizeof(groups), 4);
	r->rlimits = put(s, limits, sizeof(limits), 8);
	r->apparmor = put(s, "profile", 8, 1);
	r->selinux = put(s, "u:r:t:s0", 9, 1);
	r->keyring = put(s, "_ses.x", 7, 1);
	r->filters = put(s, &filters, sizeof(filters), 8);
	r->hooks = put(s, &hooks, sizeof(hooks), 8);
	r->hook_state = put(s, "{}", 2, 1);
	r->memory_nodes = put(s, "\1\0\0\0\0\0\0", 8, 8);
	r->init_options = put(s, "drain=5", 8, 1);
	r->size = (uint32_t)s->size;
}

static int check(const struct sample *s, const char **why)
{
	*why = NULL;
	return record_check(s->bytes, s->size, why);
}

Test(record, one_with_everything_is_accepted)
{
	struct sample s;
	const char *why;

	fill(&s);
	cr_assert_eq(check(&s, &why), 0, "%s", why);
}

Test(record, only_argv_is_required)
{
	_Alignas(8) unsigned char bytes[sizeof(struct finish_record) + 8] = { 0 };
	struct finish_record *r = (struct finish_record *)bytes;
	const char *why = NULL;

	*r = (struct finish_record){ .magic = FINISH_MAGIC, .version = FINISH_VERSION, .size = sizeof(bytes), .sync_fd = 3,
				     .gate_fd = -1, .argv = { sizeof(*r), 8 } };
	memcpy(bytes + sizeof(*r), "/bin/ls", 8);
	cr_expect_eq(record_check(bytes, sizeof(bytes), &why), 0, "%s", why);
	r->argv.len = 0;
	cr_expect_eq(record_check(bytes, sizeof(bytes), &why), -EINVAL);
	cr_expect(why && strstr(why, "argv"), "%s", why);
}

/* One number of the record set to something wrong. */
#define FIELD(member) #member, offsetof(struct finish_record, member), sizeof(((struct finish_record *)0)->member)

static const struct { const char *name; size_t at, size; uint64_t value; const char *says; } field_cases[] = {
	{ FIELD(magic), 0, "magic" },
	{ FIELD(version), FINISH_VERSION + 1, "version" },
	{ FIELD(size), 100, "size" },
	{ FIELD(size), UINT32_MAX, "size" },
	{ FIELD(flags), 1 << 13 | FINISH_PID1, "flags" },
	{ FIELD(flags), UINT32_C(1) << 31, "flags" },
	{ FIELD(flags), FINISH_HAS_GROUPS | FINISH_GATE_SOCKET | FINISH_NEW_KEYRING, "init_options" },
	{ FIELD(flags), FINISH_PID1 | FINISH_GATE_SOCKET | FINISH_NEW_KEYRING | FINISH_HAS_MEMORY_POLICY, "groups" },
	{ FIELD(flags), FINISH_PID1 | FINISH_HAS_GROUPS | FINISH_NEW_KEYRING | FINISH_HAS_MEMORY_POLICY, "gate_fd" },
	{ FIELD(flags), FINISH_PID1 | FINISH_HAS_GROUPS | FINISH_GATE_SOCKET | FINISH_NEW_KEYRING, "memory_nodes" },
	{ FIELD(uid), UINT32_MAX, "uid" },
	{ FIELD(gid), UINT32_MAX, "gid" },
	{ FIELD(umask), 01000, "umask" },
	{ FIELD(cap_effective), 2, "cap_effective" },
	{ FIELD(cap_ambient), 1, "cap_ambient" },
	{ FIELD(sync_fd), 2, "sync_fd" },
	{ FIELD(sync_fd), UINT32_MAX, "sync_fd" },
	{ FIELD(sync_fd), 4, "sync_fd" },
	{ FIELD(gate_fd), 20, "gate_fd" },
	{ FIELD(gate_fd), UINT32_MAX, "gate_fd" },
	{ FIELD(gate_fd), 3, "gate_fd" },
	{ FIELD(first_kept_fd), 0, "first_kept_fd" },
	{ FIELD(n_kept_fds), UINT32_MAX, "n_kept_fds" },
	{ FIELD(argv.len), 0, "argv" },
	{ FIELD(argv.len), 10, "argv" },
	{ FIELD(argv.len), UINT32_MAX, "argv" },
	{ FIELD(argv.off), UINT32_MAX, "argv" },
	{ FIELD(argv.off), 0, "argv" },
	{ FIELD(env.off), 8, "env" },
	{ FIELD(env.len), 12, "env" },
	{ FIELD(env.len), 4096, "env" },
	{ FIELD(cwd.len), 1, "cwd" },
	{ FIELD(groups.len), 5, "groups" },
	{ FIELD(groups.len), 0x7ffffffc, "groups" },
	{ FIELD(rlimits.len), 16, "rlimits" },
	{ FIELD(apparmor.len), 7, "apparmor" },
	{ FIELD(selinux.len), 1, "selinux" },
	{ FIELD(keyring.len), 0, "keyring" },
	{ FIELD(keyring.len), 3, "keyring" },
	{ FIELD(filters.len), 8, "filters" },
	{ FIELD(filters.len), 24, "filters" },
	{ FIELD(hooks.len), 8, "hooks" },
	{ FIELD(hooks.len), 32, "hooks" },
	{ FIELD(hook_state.off), UINT32_MAX - 1, "hook_state" },
	{ FIELD(memory_nodes.len), 12, "memory_nodes" },
	{ FIELD(memory_nodes.off), 4, "memory_nodes" },
	{ FIELD(init_options.len), 3, "init_options" },
};

Test(record, a_wrong_field_is_refused_by_its_name)
{
	for (size_t i = 0; i < sizeof(field_cases) / sizeof(field_cases[0]); i++) {
		struct sample s;
		const char *why;

		fill(&s);
		memcpy(s.bytes + field_cases[i].at, &field_cases[i].value, field_cases[i].size);
		cr_expect_eq(check(&s, &why), -EINVAL, "case %zu, %s = %llu, was accepted", i, field_cases[i].name,
			     (unsigned long long)field_cases[i].value);
		cr_expect(why && strstr(why, field_cases[i].says), "case %zu, %s, said: %s", i, field_cases[i].name,
			  why ? why : "nothing");
	}
}

/* One byte of a span set to something wrong. */
static const struct { size_t span, at; unsigned char byte; const char *says; } byte_cases[] = {
	{ offsetof(struct finish_record, argv), 10, 'x', "argv" },
	{ offsetof(struct finish_record, env), 12, 'x', "env" },
	{ offsetof(struct finish_record, cwd), 0, 'x', "cwd" },
	{ offsetof(struct finish_record, cwd), 0, '\0', "cwd" },
	{ offsetof(struct finish_record, cwd), 1, 'x', "cwd" },
	{ offsetof(struct finish_record, apparmor), 2, '\0', "apparmor" },
	{ offsetof(struct finish_record, selinux), 8, 'x', "selinux" },
	{ offsetof(struct finish_record, rlimits), 0, 16, "rlimits" },
	{ offsetof(struct finish_record, rlimits), 4, 1, "rlimits" },
	{ offsetof(struct finish_record, rlimits), 11, 1, "rlimits" },	/* soft */
	{ offsetof(struct finish_record, filters), 0, 0, "filters" },	/* count */
	{ offsetof(struct finish_record, filters), 0, 200, "filters" },
	{ offsetof(struct finish_record, filters), 2, 1, "filters" },
	{ offsetof(struct finish_record, filters), 4, 8, "filters" },	/* NEW_LISTENER */
	{ offsetof(struct finish_record, filters), 8, 2, "filters" },	/* notify */
	{ offsetof(struct finish_record, filters), 8, 1, "only one" },
	{ offsetof(struct finish_record, filters), 12, 1, "filters" },
	{ offsetof(struct finish_record, hooks), 0, 3, "hooks" },	/* argc */
	{ offsetof(struct finish_record, hooks), 3, 255, "hooks" },
	{ offsetof(struct finish_record, hooks), 7, 255, "hooks" },
	{ offsetof(struct finish_record, hooks), 12, 25, "hooks" },	/* text_len */
	{ offsetof(struct finish_record, hooks), 12, 20, "hooks" },
	{ offsetof(struct finish_record, hooks), 15, 255, "hooks" },
	{ offsetof(struct finish_record, hooks), 16, 'x', "hooks" },	/* path */
	{ offsetof(struct finish_record, hooks), 39, 'x', "hooks" },	/* padding */
};

Test(record, a_wrong_byte_in_a_span_is_refused_by_its_name)
{
	for (size_t i = 0; i < sizeof(byte_cases) / sizeof(byte_cases[0]); i++) {
		struct finish_span span;
		struct sample s;
		const char *why;

		fill(&s);
		memcpy(&span, s.bytes + byte_cases[i].span, sizeof(span));
		s.bytes[span.off + byte_cases[i].at] = byte_cases[i].byte;
		cr_expect_eq(check(&s, &why), -EINVAL, "case %zu was accepted", i);
		cr_expect(why && strstr(why, byte_cases[i].says), "case %zu said: %s", i, why ? why : "nothing");
	}
}

Test(record, an_id_of_all_ones_is_no_group)
{
	struct sample s;
	const char *why;

	fill(&s);
	memset(s.bytes + s.r->groups.off + 4, 0xff, 4);
	cr_expect_eq(check(&s, &why), -EINVAL);
	cr_expect(strstr(why, "groups"), "%s", why);
}

Test(record, numbers_off_their_alignment_are_refused)
{
	static const size_t spans[] = { offsetof(struct finish_record, groups), offsetof(struct finish_record, rlimits),
					offsetof(struct finish_record, filters), offsetof(struct finish_record, hooks) };

	for (size_t i = 0; i < sizeof(spans) / sizeof(spans[0]); i++) {
		struct finish_span span;
		struct sample s;
		const char *why;

		fill(&s);
		memcpy(&span, s.bytes + spans[i], sizeof(span));
		span.off -= 2;
		memcpy(s.bytes + spans[i], &span, sizeof(span));
		cr_expect_eq(check(&s, &why), -EINVAL, "case %zu was accepted", i);
	}
}

Test(record, every_truncation_is_refused)
{
	struct sample s;
	fill(&s);

	for (size_t size = 0; size < s.size; size++) {
		/* Exactly this many bytes, so that a sanitizer sees a read past them. */
		unsigned char *copy = malloc(size ? size : 1);
		const char *why = NULL;

		cr_assert_not_null(copy);
		memcpy(copy, s.bytes, size);
		cr_expect_eq(record_check(copy, size, &why), -EINVAL, "%zu bytes were accepted", size);
		cr_expect_not_null(why);
		/* And with a size that says so, whatever the answer is. */
		if (size >= sizeof(struct finish_record)) {
			((struct finish_record *)copy)->size = (uint32_t)size;
			(void)record_check(copy, size, &why);
		}
		free(copy);
	}
}

Test(record, no_single_byte_makes_it_crash)
{
	struct sample s;
	fill(&s);
	unsigned char *copy = malloc(s.size);
	cr_assert_not_null(copy);

	for (size_t at = 0; at < s.size; at++) {
		for (unsigned int value = 0; value < 256; value++) {
			const char *why = NULL;

			memcpy(copy, s.bytes, s.size);
			copy[at] = (unsigned char)value;
			int rc = record_check(copy, s.size, &why);
			cr_assert(rc == 0 || (rc == -EINVAL && why), "byte %zu = %u gave %d", at, value, rc);
		}
	}
	free(copy);
}
