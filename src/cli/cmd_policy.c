/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policy files, looked at before they are obeyed. Nothing here changes anything, or needs root.
 */
#include <errno.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/policy.h"
#include "container/policy_dir.h"
#include "container/report.h"
#include "policy/merge.h"
#include "policy/profile_fields.h"

static const struct cli_option policy_options[] = {
	{ "json", 0, CLI_BOOL, offsetof(struct policy_options, json), NULL, "print JSON (show, diff, test)" },
	{ "dir", 0, CLI_STRING, offsetof(struct policy_options, dir), "DIR",
	  "read caisson.json and profiles/ from DIR, whoever owns it, not from the installed place" },
	{ 0 },
};

void policy_place_init(const struct policy_options *o, struct policy_dir *d)
{
	policy_dir_init(d);
	if (!o->dir)
		return;
	d->etc = o->dir;
	d->caller[0] = '\0';
	d->any_owner = true;
}

/* ---- check ---- */

struct check {
	struct arena *a;
	const struct policy_dir *dir;
	struct policy_files files;
	size_t good, bad;
	struct str out;
};

static void said(struct check *c, const char *what, int err, const struct err *e)
{
	if (err < 0)
		str_addf(&c->out, "%s\n", e->text);
	else
		str_addf(&c->out, "%s: good\n", what);
	if (err < 0)
		c->bad++;
	else
		c->good++;
}

/* A child may loosen what it extends: one author speaks. It is said all the same; who the user is, is no matter of more or less. */
static int say_looser(struct check *c, const struct profile *p, struct err *e)
{
	for (size_t i = 0; i < p->extends.n; i++) {
		const struct profile *parent = NULL;
		struct profile_field_set looser;
		enum profile_field f;
		int err = 0;

		if (str_eq(p->extends.v[i], p->name))
			continue;
		err = policy_profile_load(c->a, &c->files, p->extends.v[i], &parent, e);
		if (err == 0)
			err = profile_weaker(c->a, p, parent, &looser, e);
		if (err < 0)
			return err;
		while (profile_fields_take(&looser, &f))
			if (profile_table.v[f].kind != FIELD_IDENTITY)
				str_addf(&c->out, "note: %s allows more than %s, which it extends, in %s\n", p->name,
					 parent->name, profile_field_name(f));
	}
	return 0;
}

/* An ordinary user who looks need not be able to write there. */
static int check_report(const struct policy_config *config, struct err *e)
{
	bool distrusted;
	int err = report_check(config->report.path, &distrusted, e);

	return err < 0 && (distrusted || err == -ENOENT) ? err_wrap(e, "policy: caisson.json $.report.path") : 0;
}

static void check_config(struct check *c, const char *path, const struct policy_files *files)
{
	struct policy_config config;
	struct err e = { 0 };
	bool there;
	int err = policy_config_load(c->a, files, &config, &there, &e);

	if (err == 0 && !there) {
		str_addf(&c->out, "%s: is not there: the built-in levels alone hold\n", path);
		return;
	}
	if (err == 0)
		err = policy_config_check(c->a, files, &config, &e);
	if (err == 0 && config.report.path && !c->dir->any_owner)
		err = check_report(&config, &e);
	said(c, path, err, &e);
}

static void check_callers_config(struct check *c)
{
	const char *path = arena_printf(c->a, "%s/caisson.json", c->dir->caller);
	struct policy_config operators, own;
	struct err e = { 0 };
	bool there = false;
	int err = policy_config_load(c->a, &c->files, &operators, &there, &e);

	if (err == 0)
		err = policy_config_load_callers(c->a, &c->files, &operators, &own, &there, &e);
	if (err == 0 && there)
		err = policy_config_check_callers(c->a, &c->files, &own, &e);
	if (err < 0 || there)
		said(c, path ? path : "caisson.json", err, &e);
}

static int load_at(struct check *c, enum policy_place place, const char *name, const struct profile **out, struct err *e)
{
	bool callers;

	return place == POLICY_CALLER ? policy_profile_load_any(c->a, &c->files, name, out, &callers, e)
				      : policy_profile_load(c->a, &c->files, name, out, e);
}

static void check_installed_profiles(struct check *c, enum policy_place place)
{
	struct strings names = { 0 };
	struct err e = { 0 };
	int err = policy_dir_list(c->dir, place, c->a, &names, &e);

	if (err < 0)
		said(c, "", err, &e);
	for (size_t i = 0; err == 0 && i < names.n; i++) {
		const struct profile *p = NULL;
		struct err why = { 0 };
		int r = 0;
		if (profile_builtin_named(names.v[i]))
			r = err_set(&why, EINVAL, "policy: profiles/%s.json: \"%s\" is built in, and cannot be shadowed; this file is "
				    "never read", names.v[i], names.v[i]);
		else
			r = load_at(c, place, names.v[i], &p, &why);
		said(c, names.v[i], r, &why);
		if (r == 0 && say_looser(c, p, &why) < 0)
			said(c, names.v[i], -why.code, &why);
	}
}

/* A file that is not installed, as if it were: what it extends comes from the installed place. */
static const char *profile_name(struct arena *a, const char *path)
{
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
	size_t n = strlen(base);

	if (n > 5 && str_eq(base + n - 5, ".json"))
		n -= 5;
	return arena_memdup(a, base, n);
}

/* Around a file that is not installed: itself, when it is caisson.json; the profiles beside it (a profile's own directory, or
 * "profiles" beside caisson.json) before the installed ones. */
struct around { struct policy_files rest; bool is_config; struct policy_file file; const char *dir; };

static int around_config(void *ctx, enum policy_place place, struct arena *a, struct policy_file *out, struct err *e)
{
	const struct around *x = ctx;

	if (!x->is_config || place == POLICY_CALLER)
		return x->rest.config(x->rest.ctx, place, a, out, e);
	*out = x->file;
	return 0;
}

static int around_profile(void *ctx, enum policy_place place, const char *name, struct arena *a, struct policy_file *out,
			  struct err *e)
{
	const struct around *x = ctx;
	const char *path = arena_printf(a, "%s/%s.json", x->dir, name);
	int err;

	if (!path)
		return err_set(e, ENOMEM, "policy: out of memory");
	/* The one that is looked at is the name's own; what extends that name means another. */
	if (place == POLICY_OPERATOR && !str_eq(path, x->file.path)) {
		err = policy_dir_read_any(path, a, out, e);
		if (err != -ENOENT)
			return err;
		*e = (struct err){ 0 };
	}
	return x->rest.profile(x->rest.ctx, place, name, a, out, e);
}

static int around_drop_ins(void *ctx, enum policy_place place, const char *name, struct arena *a, struct policy_file_list *out,
			   struct err *e)
{
	const struct around *x = ctx;

	return x->rest.drop_ins(x->rest.ctx, place, name, a, out, e);
}

static const char *dir_beside(struct arena *a, const char *path, bool is_config)
{
	const char *slash = strrchr(path, '/');
	int n = slash ? (int)(slash - path) : 1;

	return arena_printf(a, "%.*s%s", n, slash ? path : ".", is_config ? "/profiles" : "");
}

static void check_file(struct check *c, const char *path)
{
	const char *name = profile_name(c->a, path);
	const struct policy_files installed = c->files;
	struct around x = { .rest = installed, .is_config = str_eq(name, "caisson") };
	const struct profile *p = NULL;
	struct err e = { 0 };
	int err = name ? policy_dir_read_any(path, c->a, &x.file, &e) : err_set(&e, ENOMEM, "policy: out of memory");

	x.dir = dir_beside(c->a, path, x.is_config);
	if (err == 0 && !x.dir)
		err = err_set(&e, ENOMEM, "policy: out of memory");
	c->files = (struct policy_files){ .ctx = &x, .config = around_config, .profile = around_profile, .drop_ins = around_drop_ins };
	if (err == 0 && x.is_config) {
		check_config(c, path, &c->files);
	} else {
		if (err == 0)
			err = policy_profile_check(c->a, &c->files, name, &x.file, &p, &e);
		said(c, path, err, &e);
		if (err == 0 && say_looser(c, p, &e) < 0)
			said(c, path, -e.code, &e);
	}
	c->files = installed;
}

int policy_check(const struct policy_options *o, int argc, char *const *argv, struct err *e)
{
	auto_arena a = { 0 };
	struct policy_dir dir;
	struct check c = { .a = &a, .dir = &dir };
	int err;

	policy_place_init(o, &dir);
	policy_dir_files(&dir, &c.files);
	for (int i = 0; i < argc; i++)
		check_file(&c, argv[i]);
	if (argc == 0) {
		const char *path = arena_printf(&a, "%s/caisson.json", dir.etc);
		check_config(&c, path ? path : "caisson.json", &c.files);
		check_installed_profiles(&c, POLICY_OPERATOR);
		check_installed_profiles(&c, POLICY_SHIPPED);
		check_callers_config(&c);
		check_installed_profiles(&c, POLICY_CALLER);
	}
	err = c.out.failed ? err_set(e, ENOMEM, "policy: out of memory") : cli_write(c.out.s ? c.out.s : "", c.out.len, e);
	str_done(&c.out);
	if (err == 0 && c.bad)
		err = err_set(e, EINVAL, "policy: %zu of %zu files cannot be used", c.bad, c.good + c.bad);
	return err;
}

/* ---- from the tables ---- */

static int print_schema(const char *what, struct err *e)
{
	json_t *doc = NULL;

	if (str_eq(what, "config"))
		doc = fields_schema(&config_table, "caisson.json");
	else if (str_eq(what, "profile"))
		doc = fields_schema(&profile_table, "A profile of caisson");
	else
		return err_set(e, EINVAL, "policy schema: want config or profile");
	return cli_print_json(doc, 0, e);
}

static int print_manual(const char *what, struct err *e)
{
	auto_str out = { 0 };

	fields_manual(str_eq(what, "config") ? &config_table : &profile_table, &out);
	return out.failed ? err_set(e, ENOMEM, "policy: out of memory") : cli_write(out.s, out.len, e);
}

/* ---- the verbs ---- */

static int run_check(const struct policy_options *o, int argc, char *const *argv, struct err *e)
{
	return policy_check(o, argc, argv, e);
}

static int run_show(const struct policy_options *o, int argc, char *const *argv, struct err *e)
{
	(void)argc;
	return policy_show(o, argv[0], e);
}

static int run_diff(const struct policy_options *o, int argc, char *const *argv, struct err *e)
{
	(void)argc;
	return policy_diff(o, argv[0], argv[1], e);
}

static int run_test(const struct policy_options *o, int argc, char *const *argv, struct err *e)
{
	int failed = 0;

	for (int i = 0; i < argc; i++) {
		int r = policy_test(o, argv[i], e);
		if (r < 0)
			return r;
		failed |= r;
	}
	return failed;
}

static int run_schema(const struct policy_options *o, int argc, char *const *argv, struct err *e)
{
	(void)o;
	(void)argc;
	return print_schema(argv[0], e);
}

static int run_manual(const struct policy_options *o, int argc, char *const *argv, struct err *e)
{
	(void)o;
	(void)argc;
	return print_manual(argv[0], e);
}

static const struct {
	const char *name, *operands;
	int min, max; /* operands; max -1 = any */
	int (*run)(const struct policy_options *o, int argc, char *const *argv, struct err *e);
} verbs[] = {
	{ "check", "[FILE...]", 0, -1, run_check }, { "show", "NAME", 1, 1, run_show },
	{ "diff", "NAME NAME", 2, 2, run_diff },    { "test", "CASES...", 1, -1, run_test },
	{ "schema", "config|profile", 1, 1, run_schema }, { "manual", "config|profile", 1, 1, run_manual },
};

static int policy_run(const struct cli_globals *g, const void *options, int argc, char *const *argv)
{
	struct err e = { 0 };
	int err;

	(void)g;
	for (size_t i = 0; i < N_ELEMENTS(verbs); i++) {
		if (!str_eq(verbs[i].name, argv[0]))
			continue;
		if (argc - 1 < verbs[i].min || (verbs[i].max >= 0 && argc - 1 > verbs[i].max)) {
			(void)err_set(&e, EINVAL, "usage: caisson policy %s %s", verbs[i].name, verbs[i].operands); /* below */
			return cli_fail(&e, 1);
		}
		err = verbs[i].run(options, argc - 1, argv + 1, &e);
		return err < 0 ? cli_fail(&e, 1) : err;
	}
	(void)err_set(&e, EINVAL, "policy: there is no verb \"%.64s\": check, show, diff or test", argv[0]); /* below */
	return cli_fail(&e, 1);
}

const struct cli_command cmd_policy = {
	.name = "policy",
	.operands = "check [FILE...] | show NAME | diff NAME NAME | test CASES...",
	.summary = "check, show, compare and test policy files",
	.details = "check reads files as they would be obeyed and says what is wrong with them; without a FILE, everything that is "
		   "installed. show prints a profile with all that it inherits, and where each value comes from. diff compares two "
		   "profiles. test runs a file of cases, each a document, a profile and what must come out. Changes nothing and "
		   "needs no root.",
	.options = policy_options,
	.options_size = sizeof(struct policy_options),
	.min = 1,
	.max = -1,
	.run = policy_run,
};
