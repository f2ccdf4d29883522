/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a place may be believed: each way in which it may not has its words. Needs root, because only root makes files that are
 * root's.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "container/policy_dir.h"

struct place { char top[64], etc[96], share[96]; struct policy_dir dir; struct policy_files files; struct arena a; struct err e; };

static void put(const struct place *p, const char *name, const char *text)
{
	char path[300];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", p->top, name);
	f = fopen(path, "w");
	cr_assert_not_null(f, "%s", path);
	fputs(text, f);
	fclose(f);
	chmod(path, 0644);
}

static const char *at(const struct place *p, const char *name, char path[300])
{
	snprintf(path, 300, "%s/%s", p->top, name);
	return path;
}

/* The place lies below "/", not below a directory that everybody may write to. */
static void place_init(struct place *p)
{
	char path[300];

	if (geteuid() != 0)
		cr_skip_test("needs root");
	memset(p, 0, sizeof(*p));
	umask(022);
	snprintf(p->top, sizeof(p->top), "/run/caisson-test.XXXXXX");
	if (!mkdtemp(p->top))
		cr_skip_test("/run cannot be written to");
	chmod(p->top, 0755);
	snprintf(p->etc, sizeof(p->etc), "%s/etc", p->top);
	snprintf(p->share, sizeof(p->share), "%s/share", p->top);
	mkdir(p->etc, 0755);
	mkdir(p->share, 0755);
	mkdir(at(p, "etc/profiles", path), 0755);
	mkdir(at(p, "share/profiles", path), 0755);
	mkdir(at(p, "etc/profiles/x.d", path), 0755);
	p->dir = (struct policy_dir){ .etc = p->etc, .share = p->share };
	policy_dir_files(&p->dir, &p->files);
}

static void place_done(struct place *p)
{
	char command[128];
	pid_t pid = fork();

	arena_done(&p->a);
	snprintf(command, sizeof(command), "%s", p->top);
	if (pid == 0) {
		execlp("rm", "rm", "-rf", command, (char *)NULL);
		_exit(1);
	}
}

static int config(struct place *p)
{
	struct policy_file f;

	p->e = (struct err){ 0 };
	return p->files.config(p->files.ctx, POLICY_OPERATOR, &p->a, &f, &p->e);
}

static int profile(struct place *p, const char *name)
{
	const struct profile *out;

	p->e = (struct err){ 0 };
	return policy_profile_load(&p->a, &p->files, name, &out, &p->e);
}

#define EMPTY "{\"schema\":1}"

Test(policy_dir, what_is_roots_alone_is_read)
{
	struct place p;

	place_init(&p);
	cr_expect_eq(config(&p), -ENOENT);
	put(&p, "etc/caisson.json", EMPTY);
	put(&p, "etc/profiles/x.json", EMPTY);
	put(&p, "share/profiles/y.json", EMPTY);
	put(&p, "etc/profiles/x.d/20.json", "{\"schema\":1,\"resources\":{\"pids\":20}}");
	put(&p, "etc/profiles/x.d/10.json", "{\"schema\":1,\"resources\":{\"pids\":10}}");
	put(&p, "etc/profiles/x.d/30.txt", "not a policy");
	put(&p, "etc/profiles/x.d/.40.json", "not a policy");
	cr_expect_eq(config(&p), 0, "%s", p.e.text);
	cr_expect_eq(profile(&p, "x"), 0, "%s", p.e.text);
	cr_expect_eq(profile(&p, "y"), 0, "%s", p.e.text);
	cr_expect_eq(profile(&p, "z"), -ENOENT);
	place_done(&p);
}

static void link_it(const struct place *p, const char *name)
{
	char path[300], other[300];

	put(p, "other", EMPTY);
	unlink(at(p, name, path));
	cr_assert_eq(symlink(at(p, "other", other), path), 0);
}
static void group_writes(const struct place *p, const char *name) { char path[300]; chmod(at(p, name, path), 0664); }
static void all_write(const struct place *p, const char *name) { char path[300]; chmod(at(p, name, path), 0646); }
static void other_owner(const struct place *p, const char *name) { char path[300]; cr_assert_eq(chown(at(p, name, path), 1000, 0), 0); }
static void fifo(const struct place *p, const char *name) { char path[300]; unlink(at(p, name, path)); mkfifo(path, 0644); }
static void folder(const struct place *p, const char *name) { char path[300]; unlink(at(p, name, path)); mkdir(path, 0755); }
static void huge(const struct place *p, const char *name) { char path[300]; cr_assert_eq(truncate(at(p, name, path), POLICY_FILE_MAX + 1), 0); }
static void hard_link(const struct place *p, const char *name)
{
	char path[300], other[300];

	put(p, "other", EMPTY);
	cr_assert_eq(chown(at(p, "other", other), 1000, 1000), 0);
	unlink(at(p, name, path));
	cr_assert_eq(link(other, path), 0);
}

static const struct { void (*spoil)(const struct place *, const char *); const char *says; } file_attacks[] = {
	{ link_it, "symbolic link" }, { group_writes, "can be written by its group" }, { all_write, "can be written by others" },
	{ other_owner, "belongs to uid 1000" }, { fifo, "is not a regular file" }, { folder, "is not a regular file" },
	{ huge, "is larger than 1 MiB" }, { hard_link, "belongs to uid 1000" },
};

Test(policy_dir, files_that_others_could_have_made_are_refused, .timeout = 30)
{
	for (size_t i = 0; i < N_ELEMENTS(file_attacks); i++) {
		struct place p;

		place_init(&p);
		put(&p, "etc/caisson.json", EMPTY);
		file_attacks[i].spoil(&p, "etc/caisson.json");
		cr_expect_lt(config(&p), 0, "attack %zu", i);
		cr_expect(p.e.code && strstr(p.e.text, file_attacks[i].says), "attack %zu: %s", i, p.e.text);
		put(&p, "etc/profiles/x.json", EMPTY);
		put(&p, "etc/profiles/x.d/1.json", EMPTY);
		file_attacks[i].spoil(&p, "etc/profiles/x.d/1.json");
		cr_expect_lt(profile(&p, "x"), 0, "attack %zu on a drop-in", i);
		cr_expect(strstr(p.e.text, file_attacks[i].says), "attack %zu on a drop-in: %s", i, p.e.text);
		place_done(&p);
	}
}

Test(policy_dir, directories_that_others_could_write_to_are_refused)
{
	static const char *const dirs[] = { "", "etc", "etc/profiles" };

	for (size_t i = 0; i < N_ELEMENTS(dirs); i++) {
		struct place p;
		char path[300];

		place_init(&p);
		put(&p, "etc/caisson.json", EMPTY);
		put(&p, "etc/profiles/x.json", EMPTY);
		chmod(at(&p, dirs[i], path), 0777);
		cr_expect_lt(profile(&p, "x"), 0, "%s", dirs[i]);
		cr_expect(strstr(p.e.text, "can be written by others"), "%s: %s", dirs[i], p.e.text);
		chmod(path, 0755);
		cr_assert_eq(chown(path, 1000, 1000), 0);
		cr_expect_lt(profile(&p, "x"), 0, "%s", dirs[i]);
		cr_expect(strstr(p.e.text, "belongs to uid 1000"), "%s: %s", dirs[i], p.e.text);
		place_done(&p);
	}
}

Test(policy_dir, a_place_behind_a_symbolic_link_is_not_taken_for_no_place)
{
	struct place p;
	char path[300], moved[300];

	place_init(&p);
	put(&p, "etc/caisson.json", EMPTY);
	cr_assert_eq(rename(at(&p, "etc", path), at(&p, "moved", moved)), 0);
	cr_assert_eq(symlink(moved, path), 0);
	cr_expect_lt(config(&p), 0);
	cr_expect(p.e.code && strstr(p.e.text, "symbolic links are not followed"), "%s", p.e.text);
	cr_assert_eq(unlink(path), 0);
	cr_assert_eq(symlink("nowhere", path), 0);
	cr_expect_lt(config(&p), 0);
	cr_expect(p.e.code, "a dangling link is not \"no policy\"");
	place_done(&p);
}

Test(policy_dir, a_place_that_is_only_looked_at_may_be_anybodys)
{
	struct place p;
	char path[300];

	place_init(&p);
	put(&p, "etc/caisson.json", EMPTY);
	cr_assert_eq(chown(at(&p, "etc/caisson.json", path), 1000, 1000), 0);
	p.dir.any_owner = true;
	cr_expect_eq(config(&p), 0, "%s", p.e.text);
	place_done(&p);
}

/* "share" becomes a link to a release beside it, as the Kubernetes installer makes it. */
static void release(struct place *p, const char *target)
{
	char path[300], moved[300];

	place_init(p);
	put(p, "share/profiles/y.json", EMPTY);
	mkdir(at(p, "releases", moved), 0755);
	cr_assert_eq(rename(at(p, "share", path), at(p, "releases/1", moved)), 0);
	cr_assert_eq(symlink(target ? target : moved, path), 0);
}

Test(policy_dir, what_is_installed_may_be_behind_a_link_of_roots)
{
	struct place p;
	char path[300], other[300];

	release(&p, NULL);
	cr_expect_eq(profile(&p, "y"), 0, "absolute: %s", p.e.text);
	place_done(&p);
	release(&p, "./releases/../releases/1");
	cr_expect_eq(profile(&p, "y"), 0, "relative: %s", p.e.text);
	cr_assert_eq(lchown(at(&p, "share", path), 1000, 1000), 0);
	cr_expect_lt(profile(&p, "y"), 0);
	cr_expect(strstr(p.e.text, "share: belongs to uid 1000"), "%s", p.e.text);
	cr_assert_eq(lchown(path, 0, 0), 0);
	cr_assert_eq(chown(at(&p, "releases", other), 1000, 1000), 0);
	cr_expect_lt(profile(&p, "y"), 0);
	cr_expect(strstr(p.e.text, "releases: belongs to uid 1000"), "%s", p.e.text);
	place_done(&p);
	release(&p, "share");
	cr_expect_lt(profile(&p, "y"), 0);
	cr_expect(strstr(p.e.text, "too many symbolic links"), "%s", p.e.text);
	place_done(&p);
}

Test(policy_dir, but_not_a_file_of_it)
{
	struct place p;

	release(&p, "releases/1");
	link_it(&p, "releases/1/profiles/y.json");
	cr_expect_lt(profile(&p, "y"), 0);
	cr_expect(strstr(p.e.text, "is a symbolic link"), "%s", p.e.text);
	place_done(&p);
}

/* ---- an ordinary user's own ---- */

enum { USER = 1000 };

/* As that user: what there is to read, or the error. */
static int callers(struct place *p)
{
	struct policy_file f;
	int err;

	p->e = (struct err){ 0 };
	cr_assert_eq(seteuid(USER), 0);
	err = p->files.config(p->files.ctx, POLICY_CALLER, &p->a, &f, &p->e);
	cr_assert_eq(seteuid(0), 0);
	return err;
}

static void own_init(struct place *p)
{
	char path[300];

	place_init(p);
	snprintf(p->dir.caller, sizeof(p->dir.caller), "%s/home/caisson", p->top);
	mkdir(at(p, "home", path), 0755);
	cr_assert_eq(chown(path, USER, USER), 0);
}

static void own_fill(struct place *p)
{
	char path[300];

	mkdir(at(p, "home/caisson", path), 0755);
	cr_assert_eq(chown(path, USER, USER), 0);
	put(p, "home/caisson/caisson.json", EMPTY);
	cr_assert_eq(chown(at(p, "home/caisson/caisson.json", path), USER, USER), 0);
}

Test(policy_dir, an_ordinary_users_own_files_are_his_or_roots)
{
	char path[300];
	struct place p;

	own_init(&p);
	cr_expect_eq(callers(&p), -ENOENT);
	own_fill(&p);
	cr_expect_eq(callers(&p), 0, "%s", p.e.text);
	cr_assert_eq(chown(at(&p, "home/caisson/caisson.json", path), 0, 0), 0);
	cr_expect_eq(callers(&p), 0, "%s", p.e.text);
	cr_assert_eq(chown(path, 1001, 1001), 0);
	cr_expect_eq(callers(&p), -EPERM);
	cr_expect(strstr(p.e.text, "belongs to uid 1001; what policy is read from must be root's or the caller's own"), "%s", p.e.text);
	place_done(&p);
}

/* What is his own is believed in his own place alone. */
Test(policy_dir, an_ordinary_users_files_are_nobodys_in_the_operators_place)
{
	char path[300];
	struct place p;

	own_init(&p);
	put(&p, "etc/caisson.json", EMPTY);
	cr_assert_eq(chown(at(&p, "etc/caisson.json", path), USER, USER), 0);
	cr_assert_eq(seteuid(USER), 0);
	cr_expect_eq(config(&p), -EPERM);
	cr_assert_eq(seteuid(0), 0);
	cr_expect(strstr(p.e.text, "belongs to uid 1000; what policy is read from must be root's"), "%s", p.e.text);
	place_done(&p);
}

static const struct { void (*spoil)(const struct place *, const char *); const char *name, *says; } own_attacks[] = {
	{ link_it, "home/caisson/caisson.json", "symbolic link" }, { group_writes, "home/caisson/caisson.json", "can be written by its group" },
	{ all_write, "home/caisson/caisson.json", "can be written by others" }, { fifo, "home/caisson/caisson.json", "is not a regular file" },
	{ huge, "home/caisson/caisson.json", "is larger than 1 MiB" }, { group_writes, "home/caisson", "can be written by its group" },
};

Test(policy_dir, an_ordinary_users_own_files_are_refused_where_another_could_have_made_them)
{
	for (size_t i = 0; i < N_ELEMENTS(own_attacks); i++) {
		char path[300];
		struct place p;

		own_init(&p);
		own_fill(&p);
		own_attacks[i].spoil(&p, own_attacks[i].name);
		if (str_eq(own_attacks[i].name, "home/caisson"))
			cr_assert_eq(chmod(at(&p, "home/caisson", path), 0775), 0); /* to be searched */
		else
			cr_assert_eq(lchown(at(&p, own_attacks[i].name, path), USER, USER), 0);
		cr_expect_lt(callers(&p), 0, "attack %zu", i);
		cr_expect(strstr(p.e.text, own_attacks[i].says), "attack %zu: %s", i, p.e.text);
		place_done(&p);
	}
}

/* A home behind a link, as on many hosts, is none of our business as long as nothing lies there. */
Test(policy_dir, links_matter_to_an_ordinary_user_only_where_there_is_something)
{
	char path[300], real[300];
	struct place p;

	own_init(&p);
	snprintf(p.dir.caller, sizeof(p.dir.caller), "%s/link/caisson", p.top);
	cr_assert_eq(symlink(at(&p, "home", real), at(&p, "link", path)), 0);
	cr_expect_eq(callers(&p), -ENOENT);
	own_fill(&p);
	cr_expect_lt(callers(&p), 0);
	cr_expect(strstr(p.e.text, "symbolic links are not followed"), "%s", p.e.text);
	place_done(&p);
	own_init(&p);
	cr_assert_eq(symlink("nowhere", at(&p, "home/caisson", path)), 0);
	cr_expect_lt(callers(&p), 0);
	cr_expect(p.e.code, "a dangling link is not \"no policy\"");
	place_done(&p);
}

/* What is not to be seen, and an environment of nothing. */
static const struct { uid_t uid; const char *config, *home, *want; } homes[] = {
	{ USER, "/x", "/h", "/x/caisson" }, { USER, "", "/h", "/h/.config/caisson" }, { USER, NULL, "/h", "/h/.config/caisson" },
	{ USER, NULL, "h", "" }, { USER, NULL, NULL, "" }, { USER, "x", "/h", "x/caisson" }, { 0, "/x", "/h", "" },
};

Test(policy_dir, only_an_ordinary_user_has_a_place_of_his_own)
{
	for (size_t i = 0; i < N_ELEMENTS(homes); i++) {
		struct policy_dir d;

		if (geteuid() != 0)
			cr_skip_test("needs root");
		cr_assert_eq(homes[i].config ? setenv("XDG_CONFIG_HOME", homes[i].config, 1) : unsetenv("XDG_CONFIG_HOME"), 0);
		cr_assert_eq(homes[i].home ? setenv("HOME", homes[i].home, 1) : unsetenv("HOME"), 0);
		cr_assert_eq(setresuid(homes[i].uid, homes[i].uid, 0), 0);
		policy_dir_init(&d);
		cr_assert_eq(setresuid(0, 0, 0), 0);
		cr_expect_str_eq(d.caller, homes[i].want, "case %zu: %s", i, d.caller);
	}
}

Test(policy_dir, a_relative_place_is_refused_and_not_looked_for)
{
	struct place p;

	own_init(&p);
	setenv("XDG_CONFIG_HOME", "x", 1);
	snprintf(p.dir.caller, sizeof(p.dir.caller), "x/caisson");
	cr_expect_eq(callers(&p), -EINVAL);
	cr_expect(strstr(p.e.text, "XDG_CONFIG_HOME: \"x\" is not an absolute path"), "%s", p.e.text);
	place_done(&p);
}

/* An absolute place has nothing to do with where the caller is, even if the caller may not be there. */
Test(policy_dir, places_are_found_from_a_directory_that_is_closed)
{
	struct place p;
	char path[300];
	struct policy_file f;
	int err;

	place_init(&p);
	put(&p, "etc/caisson.json", EMPTY);
	mkdir(at(&p, "closed", path), 0700);
	cr_assert_eq(chdir(path), 0);
	cr_assert_eq(seteuid(USER), 0);
	err = p.files.config(p.files.ctx, POLICY_OPERATOR, &p.a, &f, &p.e);
	cr_assert_eq(seteuid(0), 0);
	cr_expect_eq(err, 0, "%s", p.e.text);
	place_done(&p);
}
