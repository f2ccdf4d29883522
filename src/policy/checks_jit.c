/* SPDX-License-Identifier: Apache-2.0 */
/* policy/checks_jit.c - programs that write code and run it: L09. Each is known by its file's name, some only with what turns it on. */
#include <errno.h>
#include <string.h>

#include "policy/checks.h"

struct compiler {
	const char *name;	/* of the file, alone or with a version behind it: "php8.2", "luajit-2.1.0" */
	const char *what;
	bool (*on)(struct merge *m, const struct check_program *p); /* NULL: always */
};

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool says(const struct strings *list, const char *text)
{
	for (size_t i = 0; i < list->n; i++)
		if (strstr(list->v[i], text))
			return true;
	return false;
}

static bool has_file(struct merge *m, const char *path)
{
	struct root_file f;
	struct err ignored = { 0 };

	return path && !check_covered(m->plan, path) && m->r->view->file(m->r->view->ctx, m->a, path, &f, &ignored) == 0;
}

/* Its compiler is a library of its own: beside the server as distributions have it, or where the official image puts it. */
static bool postgres_compiles(struct merge *m, const struct check_program *p)
{
	const char *bin = strstr(p->binary.path, "/bin/");
	int prefix = bin ? (int)(bin - p->binary.path) : 0;

	if (says(&m->plan->process.args, "jit=off"))
		return false;
	return has_file(m, merge_text(m, "%.*s/lib/llvmjit.so", prefix, p->binary.path)) ||
	       has_file(m, "/usr/local/lib/postgresql/llvmjit.so");
}

/* Off unless somebody gives it a buffer; the patterns of PCRE fall back by themselves. */
static bool php_compiles(struct merge *m, const struct check_program *p)
{
	static const char dir[] = "/usr/local/etc/php/conf.d";
	const struct root_view *v = m->r->view;
	struct err ignored = { 0 };
	struct strings names = { 0 };

	(void)p;
	if (says(&m->plan->process.args, "opcache.jit") || says(&m->plan->process.env, "opcache.jit"))
		return true;
	if (check_covered(m->plan, dir) || v->names(v->ctx, m->a, dir, &names, &ignored) < 0)
		return false;
	for (size_t i = 0; i < names.n; i++) {
		const char *path = merge_text(m, "%s/%s", dir, names.v[i]);
		struct root_file f;
		if (path && v->file(v->ctx, m->a, path, &f, &ignored) == 0 && strstr(f.head, "\nopcache.jit"))
			return true;
	}
	return false;
}

static const struct compiler compilers[] = {
	{ "node", "Node.js", NULL },	       { "nodejs", "Node.js", NULL },	   { "java", "a Java machine", NULL },
	{ "deno", "Deno", NULL },	       { "bun", "Bun", NULL },		   { "dotnet", ".NET", NULL },
	{ "luajit", "LuaJIT", NULL },	       { "haproxy", "haproxy, whose patterns are compiled", NULL },
	{ "postgres", "PostgreSQL with its LLVM compiler", postgres_compiles },
	{ "php", "PHP with opcache.jit", php_compiles },
	{ "php-fpm", "PHP with opcache.jit", php_compiles },
};

static bool is_version(const char *s)
{
	return s[strspn(s, "-.0123456789")] == '\0';
}

static const struct compiler *find(const char *path)
{
	const char *name = base_name(path);

	for (size_t i = 0; i < N_ELEMENTS(compilers); i++)
		if (str_starts(name, compilers[i].name) && is_version(name + strlen(compilers[i].name)))
			return &compilers[i];
	return NULL;
}

const char *check_compiles(struct merge *m, const struct check_program *p)
{
	const struct compiler *c = p->has_binary ? find(p->binary.path) : NULL;

	return c && (!c->on || c->on(m, p)) ? c->what : NULL;
}
