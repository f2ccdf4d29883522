/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/resolve.h"

#include <errno.h>
#include <string.h>

#include "base/nearest.h"
#include "policy/config_check.h"
#include "policy/profile_fields.h"

static int no_memory(struct err *e)
{
	return err_set(e, ENOMEM, "policy: out of memory");
}

/* ---- one document ---- */

static bool is_deeper(const struct jnode *v, int left)
{
	if (v->type != JARRAY && v->type != JOBJECT)
		return false;
	if (left == 0)
		return true;
	jnode_each(m, v)
		if (is_deeper(m, left - 1))
			return true;
	return false;
}

static int load_document(struct jread_doc *doc, const struct policy_file *f, struct err *e)
{
	int err;

	if (f->len > POLICY_FILE_MAX)
		return err_set(e, EFBIG, "%s: is larger than 1 MiB", f->path);
	err = jread_load(doc, f->path, f->text, f->len, e);
	if (err < 0)
		return err;
	if (doc->root->type != JOBJECT)
		err = err_set(e, EINVAL, "%s: $: must be an object", f->path);
	else if (is_deeper(doc->root, POLICY_DEPTH_MAX))
		err = err_set(e, EINVAL, "%s: $: is deeper than %d", f->path, POLICY_DEPTH_MAX);
	if (err < 0)
		jread_done(doc);
	return err;
}

/* ---- profiles ---- */

/* The files on the way to one profile: a loop is printed as it goes. */
struct chain {
	const struct chain *up;
	const char *name;
	enum policy_place place;
	enum policy_place from;		/* where its name was looked for first */
	int depth;
};

/* first: where a name that no other file says is looked for. */
struct resolver { struct arena *a; const struct policy_files *files; enum policy_place first; };

static int lay_profile(const struct resolver *r, const struct chain *up, const char *name, struct profile *io, struct err *e);

static int refuse_loop(const struct chain *at, struct err *e)
{
	auto_str text = { 0 };

	for (const struct chain *c = at; c; c = c->up)
		str_addf(&text, "%s%s", text.len ? " <- " : "", c->name);
	return err_set(e, ELOOP, "policy: profile \"%s\": extends itself: %s", at->name, text.failed ? "" : text.s);
}

static int check_chain(const struct chain *at, struct err *e)
{
	for (const struct chain *c = at->up; c; c = c->up)
		if (str_eq(c->name, at->name) && c->place == at->place)
			return refuse_loop(at, e);
	if (at->depth > POLICY_EXTENDS_MAX)
		return err_set(e, ELOOP, "policy: profile \"%s\": extends more than %d deep", at->name, POLICY_EXTENDS_MAX);
	return 0;
}

/* What a document extends, before anything else of it is read: one name or an array of them. Whatever is wrong with the value is
 * said when the fields are read. */
static int lay_parents(const struct resolver *r, const struct chain *at, const struct jnode *root, struct profile *io, struct err *e)
{
	jnode_each(m, root) {
		if (!str_eq(m->key, "extends"))
			continue;
		if (m->type == JSTRING)
			return lay_profile(r, at, m->text, io, e);
		if (m->type != JARRAY || m->len > POLICY_EXTENDS_MAX)
			return 0;
		jnode_each(name, m) {
			int err = name->type == JSTRING ? lay_profile(r, at, name->text, io, e) : 0;
			if (err < 0)
				return err;
		}
	}
	return 0;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Where a caller's own file says what counts in the chosen profile alone, it would be said for nothing. */
static int check_callers(const struct policy_file *f, const struct profile *p, struct err *e)
{
	static const enum profile_field operators[] = { PF_CAP_GRANT, PF_CAP_AMBIENT, PF_UMASK, PF_APPARMOR, PF_SELINUX };
	size_t n = strlen(f->path);

	for (size_t i = 0; i < N_ELEMENTS(operators); i++) {
		const char *rule = p->rule[operators[i]];
		if (!rule || strncmp(rule, f->path, n) != 0 || rule[n] != ' ')
			continue;
		(void)err_set(e, EPERM, "$.%s: is for the operator's profiles alone; a profile of one's own only narrows",
			      profile_field_name(operators[i]));
		return err_class(e, "policy.refused");
	}
	return 0;
}

static int lay_file(const struct resolver *r, const struct chain *at, const struct policy_file *f, bool drop_in,
		    struct profile *io, struct err *e)
{
	const bool callers = at->place == POLICY_CALLER;
	const struct profile_text text = { .label = callers ? f->path : base_name(f->path), .name = at->name, .drop_in = drop_in };
	struct jread_doc doc = { .arena = r->a };
	int err = load_document(&doc, f, e);

	if (err < 0)
		return err_wrap(e, "policy");
	io->extends = (struct strings){ 0 };
	err = drop_in ? 0 : lay_parents(r, at, doc.root, io, e);
	if (err < 0) {
		jread_done(&doc);
		return strncmp(e->text, "policy: ", 8) == 0 && err != -ENOENT ? err : err_wrap(e, "policy: %s: $.extends", f->path);
	}
	err = profile_read(r->a, &text, &doc, io, e);
	if (err == 0 && callers)
		err = check_callers(f, io, e);
	jread_done(&doc);
	return err < 0 ? err_wrap(e, "policy: %s", f->path) : 0;
}

static int lay_drop_ins(const struct resolver *r, const struct chain *at, enum policy_place place, struct profile *io, struct err *e)
{
	const struct chain of = { .up = at->up, .name = at->name, .place = place, .depth = at->depth };
	struct policy_file_list list = { 0 };
	struct strings extends = io->extends;
	int err = r->files->drop_ins(r->files->ctx, place, at->name, r->a, &list, e);

	for (size_t i = 0; err == 0 && i < list.n; i++)
		err = lay_file(r, &of, &list.v[i], true, io, e);
	io->extends = extends;
	return err;
}

static bool is_name(const char *s)
{
	static const char first[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	size_t n = strlen(s);

	return n > 0 && n <= 64 && strchr(first, s[0]) && strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789._-") == n;
}

static int unknown(const char *name, struct err *e)
{
	struct nearest near = nearest_to(name, strlen(name));

	for (int level = 0; level < LEVELS; level++)
		nearest_try(&near, profile_builtin(level)->name);
	return err_set(e, ENOENT, "there is no profile \"%s\": %s%s%snone, baseline, hardened, strict, or a file of that name",
		       jread_quote(name).s, near.best ? "did you mean " : "", near.best ? near.best : "", near.best ? "? There are " : "");
}

/* Drop-ins belong to a name: they come once, after the last file of that name. A shipped profile's are the operator's. */
static int lay_all_drop_ins(const struct resolver *r, const struct chain *at, struct profile *io, struct err *e)
{
	const bool last = !at->up || !str_eq(at->up->name, at->name);
	int err = 0;

	if (at->place != POLICY_CALLER && (last || at->up->place == POLICY_CALLER))
		err = lay_drop_ins(r, at, POLICY_OPERATOR, io, e);
	if (err == 0 && at->from == POLICY_CALLER && last)
		err = lay_drop_ins(r, at, POLICY_CALLER, io, e);
	return err;
}

/* A file that extends its own name means the one that it stands before: an operator's the shipped one. */
static int find_file(const struct resolver *r, struct chain *at, struct policy_file *f, struct err *e)
{
	const struct chain *up = at->up;
	int err = -ENOENT;

	if (!is_name(at->name))
		return unknown(at->name, e);
	at->from = !up ? r->first : up->place == POLICY_CALLER ? POLICY_CALLER : POLICY_OPERATOR;
	for (int place = at->from; err == -ENOENT && place <= POLICY_SHIPPED; place++) {
		if (up && str_eq(up->name, at->name) && up->place != POLICY_SHIPPED && place <= (int)up->place)
			continue;
		at->place = (enum policy_place)place;
		err = r->files->profile(r->files->ctx, at->place, at->name, r->a, f, e);
	}
	if (err == -ENOENT)
		return unknown(at->name, e);
	return err < 0 ? err_wrap(e, "policy") : 0;
}

static int lay_profile(const struct resolver *r, const struct chain *up, const char *name, struct profile *io, struct err *e)
{
	struct chain at = { .up = up, .name = arena_strdup(r->a, name), .depth = up ? up->depth + 1 : 0 };
	const struct profile *builtin = profile_builtin_named(name);
	struct policy_file f = { 0 };
	int err;

	if (!at.name)
		return no_memory(e);
	if (builtin) {
		profile_lay(io, builtin);
		return 0;
	}
	err = find_file(r, &at, &f, e);
	if (err == 0)
		err = check_chain(&at, e);
	if (err == 0)
		err = lay_file(r, &at, &f, false, io, e);
	return err < 0 ? err : lay_all_drop_ins(r, &at, io, e);
}

int policy_profile_load_from(struct arena *a, const struct policy_files *files, enum policy_place first, const char *name,
			     const struct profile **out, struct err *e)
{
	const struct resolver r = { a, files, first };
	struct profile *p;
	int err;

	*out = profile_builtin_named(name);
	if (*out)
		return 0;
	p = arena_alloc(a, sizeof(*p));
	if (!p)
		return no_memory(e);
	*p = *profile_builtin(LEVEL_NONE);
	err = lay_profile(&r, NULL, name, p, e);
	if (err == 0)
		*out = p;
	return err;
}

int policy_profile_load(struct arena *a, const struct policy_files *files, const char *name, const struct profile **out,
			struct err *e)
{
	return policy_profile_load_from(a, files, POLICY_OPERATOR, name, out, e);
}

int policy_profile_load_any(struct arena *a, const struct policy_files *files, const char *name, const struct profile **out,
			    bool *callers, struct err *e)
{
	struct policy_file f = { 0 };
	struct err unused = { 0 };

	/* Nobody's own stands before a profile of the operator's: not even one that cannot be read. */
	*callers = !profile_builtin_named(name) && is_name(name);
	for (int place = POLICY_OPERATOR; *callers && place <= POLICY_SHIPPED; place++)
		*callers = files->profile(files->ctx, (enum policy_place)place, name, a, &f, &unused) == -ENOENT;
	if (*callers)
		*callers = files->profile(files->ctx, POLICY_CALLER, name, a, &f, &unused) != -ENOENT;
	return policy_profile_load_from(a, files, *callers ? POLICY_CALLER : POLICY_OPERATOR, name, out, e);
}

int policy_profile_check(struct arena *a, const struct policy_files *files, const char *name, const struct policy_file *file,
			 const struct profile **out, struct err *e)
{
	const struct resolver r = { a, files, POLICY_OPERATOR };
	const struct chain at = { .name = name, .place = POLICY_OPERATOR };
	struct profile *p = arena_alloc(a, sizeof(*p));
	int err;

	if (!p)
		return no_memory(e);
	if (!is_name(name) || profile_builtin_named(name))
		return err_set(e, EINVAL, "policy: %s: \"%s\" cannot be the name of a profile's file", file->path, jread_quote(name).s);
	*p = *profile_builtin(LEVEL_NONE);
	err = lay_file(&r, &at, file, false, p, e);
	if (err == 0)
		*out = p;
	return err;
}

/* ---- caisson.json ---- */

int policy_config_load(struct arena *a, const struct policy_files *files, struct policy_config *out, bool *there, struct err *e)
{
	struct jread_doc doc = { .arena = a };
	struct policy_file f = { 0 };
	int err = files->config(files->ctx, POLICY_OPERATOR, a, &f, e);

	config_defaults(out);
	out->fallback = out->floor;
	*there = err != -ENOENT;
	if (err < 0)
		return err == -ENOENT ? 0 : err_wrap(e, "policy");
	err = load_document(&doc, &f, e);
	if (err < 0)
		return err_wrap(e, "policy");
	err = config_read(a, &doc, out, e);
	jread_done(&doc);
	return err < 0 ? err_wrap(e, "policy: %s", f.path) : 0;
}

int policy_config_load_callers(struct arena *a, const struct policy_files *files, const struct policy_config *operators,
			       struct policy_config *out, bool *there, struct err *e)
{
	struct jread_doc doc = { .arena = a };
	struct policy_file f = { 0 };
	int err = files->config(files->ctx, POLICY_CALLER, a, &f, e);

	config_callers_defaults(out, operators);
	out->fallback = out->standalone = out->floor;
	*there = err != -ENOENT;
	if (err < 0)
		return err == -ENOENT ? 0 : err_wrap(e, "policy");
	err = load_document(&doc, &f, e);
	if (err < 0)
		return err_wrap(e, "policy");
	err = config_read_callers(a, &doc, operators, out, e);
	jread_done(&doc);
	out->file = f.path;
	return err < 0 ? err_wrap(e, "policy: %s", f.path) : 0;
}
