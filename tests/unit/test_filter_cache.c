/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kept programs: what takes part in their name, which files are used, and how many stay. A file that is used stays as it is; one that
 * is not is replaced, which shows in its number.
 */
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "container/filter_cache.h"
#include "policy/store.h"
#include "policy_random.h"

/* ---- names ---- */

enum { RANDOM_FILTERS = 200 };

struct walk {
	const struct plan_filter *filter;
	struct filter_key before;
	size_t changed;
};

static void expect_another(struct walk *w, const char *type, const char *field, const char *how)
{
	struct filter_key now;

	cr_assert_eq(filter_cache_key(w->filter, &now), 0);
	cr_expect(memcmp(now.digest, w->before.digest, sizeof(now.digest)) != 0, "%s.%s, %s: the same key", type, field ? field : "",
		  how);
	w->changed++;
}

static void change_each(struct walk *w, const struct store_type *t, char *at);

static void change_text(struct walk *w, const struct store_type *t, const struct store_field *f, char *at)
{
	static const char *const others[] = { NULL, "", "another" };
	const char *text;

	memcpy(&text, at, sizeof(text));
	for (size_t i = 0; i < N_ELEMENTS(others); i++) {
		if (str_eq(text, others[i]))
			continue;
		memcpy(at, &others[i], sizeof(text));
		expect_another(w, t->name, f->name, "another text");
	}
	memcpy(at, &text, sizeof(text));
}

static void change_list(struct walk *w, const struct store_type *t, const struct store_field *f, char *at)
{
	static const char zeros[256];
	struct any_list list, shorter;

	memcpy(&list, at, sizeof(list));
	cr_assert_leq(f->type->size, sizeof(zeros));
	shorter = list.n ? (struct any_list){ list.n - 1, list.v } : (struct any_list){ 1, zeros };
	memcpy(at, &shorter, sizeof(shorter));
	expect_another(w, t->name, f->name, "another length");
	memcpy(at, &list, sizeof(list));
	for (size_t i = 0; i < list.n; i++)
		change_each(w, f->type, (char *)(uintptr_t)list.v + i * f->type->size);
}

/* Every bit of a number: one that is cut off would not show. */
static void change_number(struct walk *w, const struct store_type *t, const struct store_field *f, char *at)
{
	size_t bits = f->kind == STORE_BOOL ? 1 : f->size * 8;

	for (size_t i = 0; i < bits; i++) {
		at[i / 8] = (char)(at[i / 8] ^ 1 << i % 8);
		expect_another(w, t->name, f->name, "another number");
		at[i / 8] = (char)(at[i / 8] ^ 1 << i % 8);
	}
}

static void change_each(struct walk *w, const struct store_type *t, char *at)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct store_field *f = &t->fields[i];
		char *member = at + f->offset;

		switch (f->kind) {
		case STORE_TEXT:
			change_text(w, t, f, member);
			break;
		case STORE_STRUCT:
			change_each(w, f->type, member);
			break;
		case STORE_LIST:
			change_list(w, t, f, member);
			break;
		case STORE_ARRAY:
			for (size_t k = 0; k < f->limit; k++)
				change_each(w, f->type, member + k * f->type->size);
			break;
		default:
			change_number(w, t, f, member);
		}
	}
}

Test(filter_cache, any_change_of_any_member_gives_another_name)
{
	uint64_t r = UINT64_C(0x2545f4914f6cdd1d);
	size_t changed = 0;

	for (int i = 0; i < RANDOM_FILTERS; i++) {
		auto_arena a = { 0 };
		struct plan_filter f = { 0 };
		struct walk w = { .filter = &f };

		fill_random(&store_filter_type, &r, &a, &f);
		cr_assert_eq(filter_cache_key(&f, &w.before), 0);
		change_each(&w, &store_filter_type, (char *)&f);
		changed += w.changed;
	}
	cr_expect_gt(changed, 100 * RANDOM_FILTERS);
}

/* Each member by hand, which no table can leave out. */
Test(filter_cache, each_member_takes_part)
{
	static const char *const name[] = { "read", NULL };
	static const struct syscall_rule rule = { .names = { 1, name }, .action = SECCOMP_RET_ALLOW };
	static const uint32_t arch = 0xc000003e;
	static const struct key_value answer = { "read", "EPERM" };
	const struct strings one = { 1, name };
	const struct plan_filter all[] = {
		{ .has_engine = false },
		{ .has_engine = true },
		{ .caps = 1 },
		{ .engine = { .default_action = 1 } },
		{ .engine = { .has_default_errno = true } },
		{ .engine = { .default_errno = 1 } },
		{ .engine = { .archs = { 1, &arch } } },
		{ .engine = { .has_flags = true } },
		{ .engine = { .flags = 1 } },
		{ .engine = { .listener_path = "/x" } },
		{ .engine = { .listener_metadata = "/x" } },
		{ .engine = { .rules = { 1, &rule } } },
		{ .own = { .set = FILTER_SET_RULES } },
		{ .own = { .groups = 1 } },
		{ .own = { .calls = one } },
		{ .own = { .kill = one } },
		{ .own = { .answers = { 1, &answer } } },
		{ .own = { .families = 1 } },
		{ .own = { .netlink = 1 } },
		{ .own = { .ioctls = 1 } },
		{ .own = { .allow_compat32 = true } },
		{ .own = { .log = true } },
		{ .would = { .set = FILTER_SET_RULES } },
		{ .would = { .families = 1 } },
		{ .would = { .log = true } },
	};
	struct filter_key keys[N_ELEMENTS(all)];

	for (size_t i = 0; i < N_ELEMENTS(all); i++) {
		cr_assert_eq(filter_cache_key(&all[i], &keys[i]), 0);
		for (size_t k = 0; k < i; k++)
			cr_expect_str_neq(keys[i].name, keys[k].name, "cases %zu and %zu", i, k);
	}
}

Test(filter_cache, texts_are_not_run_together)
{
	static const char *const one[] = { "ab", "c", NULL }, *const other[] = { "a", "bc", NULL }, *const joined[] = { "abc", NULL };
	const struct plan_filter f = { .own.calls = { 2, one } }, g = { .own.calls = { 2, other } }, h = { .own.calls = { 1, joined } },
				 kill = { .own.kill = { 2, one } };
	const struct plan_filter *const all[] = { &f, &g, &h, &kill };
	struct filter_key keys[N_ELEMENTS(all)];

	for (size_t i = 0; i < N_ELEMENTS(all); i++) {
		cr_assert_eq(filter_cache_key(all[i], &keys[i]), 0);
		for (size_t k = 0; k < i; k++)
			cr_expect_str_neq(keys[i].name, keys[k].name, "%zu and %zu", i, k);
	}
}

Test(filter_cache, equal_content_elsewhere_has_the_same_name)
{
	uint64_t r = UINT64_C(0x9e3779b97f4a7c15);

	for (int i = 0; i < RANDOM_FILTERS; i++) {
		auto_arena a = { 0 };
		struct plan in = { 0 };
		const struct plan *out = NULL;
		auto_free char *text = NULL;
		struct filter_key one, other;
		struct err e = { 0 };
		size_t len;

		fill_random(&store_filter_type, &r, &a, &in.filter);
		cr_assert_eq(plan_write(&in, &text, &len, &e), 0, "%s", e.text);
		cr_assert_eq(plan_read(&a, text, len, &out, &e), 0, "%s", e.text);
		cr_assert_eq(filter_cache_key(&in.filter, &one), 0);
		cr_assert_eq(filter_cache_key(&out->filter, &other), 0);
		cr_expect_str_eq(one.name, other.name);
	}
}

/* ---- files ---- */

struct place { char root[64], dir[96], file[192]; struct plan_filter plan; struct filter_key key; };

static struct plan_filter plan_of(uint64_t n)
{
	return (struct plan_filter){ .caps = n, .own = { .set = FILTER_SET_SERVICE, .families = 6, .netlink = 1, .ioctls = 7, .log = true } };
}

static struct place place_new(uint64_t n)
{
	struct place p = { .plan = plan_of(n) };

	snprintf(p.root, sizeof(p.root), "/tmp/caisson-filters-XXXXXX");
	cr_assert_not_null(mkdtemp(p.root));
	cr_assert_eq(filter_cache_key(&p.plan, &p.key), 0);
	snprintf(p.dir, sizeof(p.dir), "%s/" FILTER_CACHE_DIR, p.root);
	snprintf(p.file, sizeof(p.file), "%s/%s", p.dir, p.key.name);
	return p;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st, (void)type, (void)at;
	return remove(path);
}

static void place_done(const struct place *p)
{
	cr_expect_eq(nftw(p->root, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

/* The programs are those of the compiler, wherever they come from. */
static void use(const struct place *p)
{
	auto_arena a = { 0 };
	struct filters got = { 0 }, want = { 0 };
	struct err e = { 0 };

	cr_assert_eq(filter_build(&a, &p->plan, &want, &e), 0, "%s", e.text);
	cr_assert_eq(filter_cache_build(p->root, &a, &p->plan, &got, &e), 0, "%s", e.text);
	cr_assert_eq(got.n, want.n);
	for (size_t i = 0; i < want.n; i++) {
		cr_expect_eq(got.v[i].n, want.v[i].n);
		cr_expect_eq(got.v[i].flags, want.v[i].flags);
		cr_expect_eq(got.v[i].notify, want.v[i].notify);
		cr_expect_arr_eq(got.v[i].insns, want.v[i].insns, want.v[i].n * sizeof(*want.v[i].insns));
	}
}

/* 0: there is none. */
static ino_t number_of(const char *file)
{
	struct stat st;

	return lstat(file, &st) == 0 ? st.st_ino : 0;
}

static size_t count(const char *dir)
{
	DIR *d = opendir(dir);
	size_t n = 0;

	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n ? n - 2 : 0;
}

Test(filter_cache, a_second_use_takes_what_the_first_left)
{
	struct place p = place_new(0);
	struct stat st;
	ino_t first;

	use(&p);
	cr_assert_eq(stat(p.dir, &st), 0);
	cr_expect_eq(st.st_mode & 07777, 0700);
	cr_assert_eq(lstat(p.file, &st), 0);
	cr_expect_eq(st.st_mode, S_IFREG | 0600);
	first = st.st_ino;
	use(&p);
	cr_expect_eq(number_of(p.file), first);
	cr_expect_eq(count(p.dir), 1);
	place_done(&p);
}

Test(filter_cache, a_plan_without_filters_leaves_nothing)
{
	struct place p = place_new(0);

	p.plan = (struct plan_filter){ .caps = 5 };
	use(&p);
	cr_expect_eq(number_of(p.dir), 0);
	place_done(&p);
}

static void reopen(const struct place *p, int flags, const char *bytes, off_t at)
{
	auto_fd int fd = open(p->file, flags);

	cr_assert(fd >= 0);
	cr_assert_eq(pwrite(fd, bytes, strlen(bytes), at), (ssize_t)strlen(bytes));
}

static void truncated(const struct place *p) { cr_assert_eq(truncate(p->file, 500), 0); }
static void emptied(const struct place *p) { cr_assert_eq(truncate(p->file, 0), 0); }
static void longer(const struct place *p)
{
	struct stat st;

	cr_assert_eq(stat(p->file, &st), 0);
	cr_assert_eq(truncate(p->file, st.st_size + 8), 0);
}
static void far_too_long(const struct place *p) { cr_assert_eq(truncate(p->file, 64 << 20), 0); }
static void of_another_form(const struct place *p) { reopen(p, O_WRONLY, "CAIFILT0", 0); }
static void of_another_name(const struct place *p) { reopen(p, O_WRONLY, "aaaaaaaa", 8); }
static void with_other_flags(const struct place *p) { reopen(p, O_WRONLY, "\x7f", 52); }
static void with_another_instruction(const struct place *p) { reopen(p, O_WRONLY, "\x7f", 300); }
static void group_readable(const struct place *p) { cr_assert_eq(chmod(p->file, 0640), 0); }
static void group_writable(const struct place *p) { cr_assert_eq(chmod(p->file, 0620), 0); }
static void world_writable(const struct place *p) { cr_assert_eq(chmod(p->file, 0602), 0); }
static void foreign(const struct place *p)
{
	if (geteuid() == 0)
		cr_assert_eq(chown(p->file, 1000, 1000), 0);
	else
		emptied(p);
}
static void a_link(const struct place *p)
{
	char elsewhere[256];

	snprintf(elsewhere, sizeof(elsewhere), "%s/elsewhere", p->root);
	cr_assert_eq(rename(p->file, elsewhere), 0);
	cr_assert_eq(symlink(elsewhere, p->file), 0);
}
static void a_fifo(const struct place *p)
{
	cr_assert_eq(unlink(p->file), 0);
	cr_assert_eq(mkfifo(p->file, 0600), 0);
}
static void of_another_plan(const struct place *p)
{
	struct place other = *p;

	other.plan.own.families = 2;
	use(&other);
	cr_assert_eq(filter_cache_key(&other.plan, &other.key), 0);
	snprintf(other.file, sizeof(other.file), "%s/%s", p->dir, other.key.name);
	cr_assert_eq(rename(other.file, p->file), 0);
}

#define SPOILT(f) { #f, f }
static const struct { const char *name; void (*spoil)(const struct place *); } spoilt[] = {
	SPOILT(truncated), SPOILT(emptied), SPOILT(longer), SPOILT(far_too_long), SPOILT(of_another_form), SPOILT(of_another_name),
	SPOILT(with_other_flags), SPOILT(with_another_instruction), SPOILT(group_readable), SPOILT(group_writable), SPOILT(world_writable),
	SPOILT(foreign), SPOILT(a_link), SPOILT(a_fifo), SPOILT(of_another_plan),
};

Test(filter_cache, a_file_that_others_could_have_made_or_that_is_not_whole_is_replaced)
{
	for (size_t i = 0; i < N_ELEMENTS(spoilt); i++) {
		struct place p = place_new(i);
		struct stat st;
		ino_t was;

		use(&p);
		spoilt[i].spoil(&p);
		was = number_of(p.file);
		use(&p);
		cr_expect_neq(number_of(p.file), was, "%s: it was used", spoilt[i].name);
		cr_assert_eq(lstat(p.file, &st), 0, "%s", spoilt[i].name);
		cr_expect_eq(st.st_mode, S_IFREG | 0600, "%s", spoilt[i].name);
		was = st.st_ino;
		use(&p);
		cr_expect_eq(number_of(p.file), was, "%s: and the new one is not used", spoilt[i].name);
		place_done(&p);
	}
}

/* A change anywhere shows: each byte of the file in turn. */
Test(filter_cache, every_byte_counts)
{
	struct place p = place_new(0);
	auto_free char *whole = NULL;
	struct err e = { 0 };
	size_t len;

	use(&p);
	cr_assert_eq(fd_read_file(AT_FDCWD, p.file, 1 << 20, &whole, &len, &e), 0, "%s", e.text);
	for (size_t i = 0; i < len; i += 7) {
		ino_t was;

		whole[i] = (char)~whole[i];
		cr_assert_eq(fd_replace_file(AT_FDCWD, p.file, 0600, whole, len, &e), 0, "%s", e.text);
		whole[i] = (char)~whole[i];
		was = number_of(p.file);
		use(&p);
		cr_expect_neq(number_of(p.file), was, "byte %zu", i);
	}
	place_done(&p);
}

static void readable_dir(const struct place *p) { cr_assert_eq(chmod(p->dir, 0755), 0); }
static void writable_dir(const struct place *p) { cr_assert_eq(chmod(p->dir, 0770), 0); }
static void foreign_dir(const struct place *p) { cr_assert_eq(geteuid() == 0 ? chown(p->dir, 1000, 1000) : chmod(p->dir, 0777), 0); }
static void linked_dir(const struct place *p)
{
	char elsewhere[256];

	snprintf(elsewhere, sizeof(elsewhere), "%s/elsewhere", p->root);
	cr_assert_eq(rename(p->dir, elsewhere), 0);
	cr_assert_eq(symlink(elsewhere, p->dir), 0);
}
static void no_dir(const struct place *p)
{
	cr_assert_eq(unlink(p->file), 0);
	cr_assert_eq(rmdir(p->dir), 0);
	cr_assert_eq(symlink("/dev/null", p->dir), 0);
}
static void full_of_a_dir(const struct place *p)
{
	cr_assert_eq(unlink(p->file), 0);
	cr_assert_eq(mkdir(p->file, 0700), 0);
}

static const struct { const char *name; void (*spoil)(const struct place *); } bad_places[] = {
	SPOILT(readable_dir), SPOILT(writable_dir), SPOILT(foreign_dir), SPOILT(linked_dir), SPOILT(no_dir), SPOILT(full_of_a_dir),
};

Test(filter_cache, a_directory_that_others_could_have_made_is_left_alone)
{
	for (size_t i = 0; i < N_ELEMENTS(bad_places); i++) {
		struct place p = place_new(0);
		ino_t was;

		use(&p);
		bad_places[i].spoil(&p);
		was = number_of(p.file);
		cr_assert(was == 0 || truncate(p.file, 16) == 0 || errno == EISDIR); /* so that a use would replace it */
		use(&p);
		cr_expect_eq(number_of(p.file), was, "%s: it was written into", bad_places[i].name);
		place_done(&p);
	}
}

Test(filter_cache, a_state_root_that_is_not_there_is_no_error)
{
	struct place p = place_new(0);

	snprintf(p.root + strlen(p.root), sizeof(p.root) - strlen(p.root), "/none");
	use(&p);
	*strrchr(p.root, '/') = '\0';
	place_done(&p);
}

Test(filter_cache, no_more_than_the_newest_stay)
{
	struct place p = place_new(0);
	char first[sizeof(p.file)], junk[256];

	use(&p);
	snprintf(first, sizeof(first), "%s", p.file);
	/* What a command that was ended left counts like any other. */
	snprintf(junk, sizeof(junk), "%s/%s.1", p.dir, p.key.name);
	close(open(junk, O_WRONLY | O_CREAT, 0600));
	cr_assert_eq(utimensat(AT_FDCWD, first, (const struct timespec[2]){ { 1, 0 }, { 2, 0 } }, 0), 0);
	cr_assert_eq(utimensat(AT_FDCWD, junk, (const struct timespec[2]){ { 1, 0 }, { 1, 0 } }, 0), 0);
	for (uint64_t i = 1; i < FILTER_CACHE_MAX - 1; i++) {
		p.plan = plan_of(i);
		use(&p);
	}
	cr_expect_eq(count(p.dir), FILTER_CACHE_MAX);
	cr_expect(number_of(first) && number_of(junk));
	p.plan = plan_of(1000);
	use(&p);
	cr_expect(number_of(first) && !number_of(junk), "the oldest goes first");
	p.plan = plan_of(1001);
	use(&p);
	cr_expect(!number_of(first), "then the second");
	for (uint64_t i = 2000; i < 2100; i++) {
		p.plan = plan_of(i);
		use(&p);
		cr_assert_leq(count(p.dir), FILTER_CACHE_MAX);
	}
	place_done(&p);
}

enum { AT_ONCE = 6, TIMES = 40, PLANS = 5 };

Test(filter_cache, those_who_run_at_once_do_not_disturb_each_other)
{
	struct place p = place_new(0);
	pid_t pids[AT_ONCE];

	for (int k = 0; k < AT_ONCE; k++) {
		pids[k] = fork();
		if (pids[k] != 0)
			continue;
		for (int i = 0; i < TIMES; i++) {
			auto_arena a = { 0 };
			struct filters got = { 0 }, want = { 0 };
			struct err e = { 0 };
			struct plan_filter plan = plan_of((uint64_t)(i + k) % PLANS);

			if (filter_build(&a, &plan, &want, &e) < 0 || filter_cache_build(p.root, &a, &plan, &got, &e) < 0 ||
			    got.n != want.n || memcmp(got.v[0].insns, want.v[0].insns, want.v[0].n * sizeof(*want.v[0].insns)) != 0)
				_exit(1);
			if (i % 8 == 7) {
				struct filter_key key;
				char file[256];

				(void)filter_cache_key(&plan, &key);
				snprintf(file, sizeof(file), "%s/%s", p.dir, key.name);
				(void)unlink(file); /* so that they write again and again */
			}
		}
		_exit(0);
	}
	for (int k = 0; k < AT_ONCE; k++) {
		int status = -1;

		cr_expect_eq(waitpid(pids[k], &status, 0), pids[k]);
		cr_expect_eq(status, 0);
	}
	cr_expect_leq(count(p.dir), PLANS, "no half-written file stays");
	place_done(&p);
}
