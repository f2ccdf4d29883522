/* SPDX-License-Identifier: Apache-2.0 */
/* policy/checks_program.c - what would be run, from the first and the last bytes of its file. */
#include <elf.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/path.h"
#include "policy/checks.h"
#include "policy/config.h"

bool check_covered(const struct plan *p, const char *path)
{
	for (size_t i = 0; i < p->mounts.n; i++) {
		const char *at = p->mounts.v[i].destination;
		if (!str_eq(at, "/") && path_is_below(path, at))
			return true;
	}
	return false;
}

/* -ENOENT also for what a mount hides: the view sees the root alone. */
static int look(struct merge *m, const char *path, struct root_file *out, struct err *e)
{
	const struct root_view *v = m->r->view;
	int err;

	if (check_covered(m->plan, path))
		return -ENOENT;
	err = v->file(v->ctx, m->a, path, out, e);
	return err == 0 && check_covered(m->plan, out->path) ? -ENOENT : err;
}

static const char *path_variable(const struct strings *env)
{
	for (size_t i = 0; i < env->n; i++)
		if (str_starts(env->v[i], "PATH="))
			return env->v[i] + strlen("PATH=");
	return "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
}

static int look_below(struct merge *m, const char *dir, int len, const char *name, struct root_file *out, struct err *e)
{
	const char *joined = arena_printf(m->a, "%.*s/%s", len, dir, name);
	char clean[PATH_MAX];

	if (!joined)
		return err_set(e, ENOMEM, "policy: out of memory");
	return path_clean(joined, clean, sizeof(clean)) < 0 ? -ENOENT : look(m, clean, out, e);
}

static int find(struct merge *m, const char *name, struct root_file *out, struct err *e)
{
	const struct process *p = &m->plan->process;
	int err = -ENOENT;

	if (name[0] == '/')
		return look_below(m, "", 0, name, out, e);
	if (strchr(name, '/'))
		return look_below(m, p->cwd, (int)strlen(p->cwd), name, out, e);
	for (const char *dir = path_variable(&p->env); err == -ENOENT && *dir; dir += *dir == ':') {
		size_t len = strcspn(dir, ":");
		if (len && len < PATH_MAX)
			err = look_below(m, dir, (int)len, name, out, e);
		dir += len;
	}
	return err;
}

static int find_interpreter(struct merge *m, const struct root_file *script, struct root_file *out, struct err *e)
{
	const char *from = script->head + 2 + strspn(script->head + 2, " \t");
	size_t len = strcspn(from, " \t\n");

	return *from == '/' && len < PATH_MAX ? look_below(m, "", 0, arena_printf(m->a, "%.*s", (int)len, from), out, e) : -ENOENT;
}

int check_program_find(struct merge *m, struct check_program *out, struct err *e)
{
	const struct strings *args = &m->plan->process.args;
	struct check_program p = { 0 };
	size_t at = subject_program_index(args);
	int err;

	*out = p;
	p.behind_init = at > 0;
	if (at >= args->n || !args->v[at][0] || !m->r->view)
		return 0;
	err = find(m, args->v[at], &p.file, e);
	if (err < 0)
		return err == -ENOENT ? 0 : err;
	p.found = true;
	p.script = str_starts(p.file.head, "#!");
	p.binary = p.file;
	err = p.script ? find_interpreter(m, &p.file, &p.binary, e) : 0;
	if (err < 0 && err != -ENOENT)
		return err;
	p.has_binary = err == 0;
	*out = p;
	return 0;
}

bool check_is_compat32(const struct root_file *f)
{
	Elf32_Ehdr head;

	if (f->head_len < sizeof(head))
		return false;
	memcpy(&head, f->head, sizeof(head));
	if (memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 || head.e_ident[EI_CLASS] != ELFCLASS32)
		return false;
	/* A program of another family runs under an emulator, whose calls are native. */
#if defined(__x86_64__)
	return head.e_machine == EM_386 || head.e_machine == EM_X86_64;
#elif defined(__aarch64__)
	return head.e_machine == EM_ARM;
#else
	return false;
#endif
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* PyInstaller's cookie, followed by at most the section headers of the program that carries the archive. */
static bool is_pyinstaller(const struct root_file *f)
{
	static const char cookie[8] = { 'M', 'E', 'I', 014, 013, 012, 013, 016 };

	return memmem(f->tail, f->tail_len, cookie, sizeof(cookie)) != NULL;
}

const char *check_unpacks(const struct check_program *p)
{
	if (!p->found)
		return NULL;
	if (str_eq(base_name(p->file.path), "java"))
		return "a Java machine";
	return !p->script && is_pyinstaller(&p->file) ? "a PyInstaller program" : NULL;
}

static bool is_word_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' ||
	       c == '/';
}

/* The length of the next word of a shell text from *at on, which becomes its place; comments, from a # that begins a word to the end of the line, are left out. */
static size_t next_word(const char *text, const char **at)
{
	const char *s = *at;
	size_t n = 0;

	while (*s && !is_word_byte(*s)) {
		if (*s == '#' && (s == text || s[-1] == ' ' || s[-1] == '\t' || s[-1] == '\n'))
			s += strcspn(s, "\n");
		else
			s++;
	}
	while (s[n] && is_word_byte(s[n]))
		n++;
	*at = s;
	return n;
}

static bool is_named(const char *word, size_t len, const char *name)
{
	size_t n = strlen(name);

	return len >= n && memcmp(word + len - n, name, n) == 0 && (len == n || word[len - n - 1] == '/');
}

const char *check_text_names(const char *text, const char *const *words)
{
	size_t n;

	for (const char *at = text; (n = next_word(text, &at)) > 0; at += n)
		for (size_t i = 0; words[i]; i++)
			if (is_named(at, n, words[i]))
				return words[i];
	return NULL;
}
