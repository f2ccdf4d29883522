/* SPDX-License-Identifier: Apache-2.0 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "init/program.h"

#if defined(__x86_64__)
enum { OWN_MACHINE = EM_X86_64, OWN_SMALL_MACHINE = EM_386 };
#elif defined(__aarch64__)
enum { OWN_MACHINE = EM_AARCH64, OWN_SMALL_MACHINE = EM_ARM };
#else
enum { OWN_MACHINE = EM_NONE, OWN_SMALL_MACHINE = EM_NONE };
#endif

/* ---- finding ---- */

enum { PROGRAM_BLAME = 256, PATH_SHOWN = 300 };

/* 0 when it can be run, or the errno that says why not. */
static int runnable(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return errno;
	if (S_ISDIR(st.st_mode))
		return EISDIR;
	/* Also EACCES for a mount with noexec. Real ids are our ids: they were set together. */
	return access(path, X_OK) < 0 ? errno : 0;
}

/* As Go spells them: engines compare. */
static const char *small_text(int code)
{
	switch (code) {
	case ENOENT: return "no such file or directory";
	case ENOTDIR: return "not a directory";
	case EACCES: return "permission denied";
	case EISDIR: return "is a directory: permission denied";	/* Docker 20.10 makes 126 of the latter alone */
	case ENOEXEC: return "exec format error";
	case ELOOP: return "too many levels of symbolic links";
	case ENAMETOOLONG: return "file name too long";
	case EPERM: return "operation not permitted";
	case E2BIG: return "argument list too long";
	default: return strerror(code);
	}
}

static int status_for(int code)
{
	return code == ENOENT || code == ENOTDIR ? FAULT_NOT_FOUND : FAULT_NOT_EXECUTABLE;
}

/* Why access(2) said EACCES for a file that is there. */
static const char *no_access(const char *path)
{
	struct statvfs fs;
	struct stat st;

	if (stat(path, &st) < 0)
		return "a directory above it may not be entered by this user";
	if (!S_ISREG(st.st_mode))
		return "it is not a regular file";
	if (!(st.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)))
		return "it has no x bit: chmod +x";
	if (statvfs(path, &fs) == 0 && (fs.f_flag & ST_NOEXEC))
		return "it lies on a mount with noexec";
	return "its x bits are for other users";
}

/* The first component of `path` that is to blame for ENOENT, ENOTDIR or ELOOP, as a text behind the error; "" when it is the last
 * one that is just missing. */
static void blame(const char *path, char *out, size_t size)
{
	char part[PROGRAM_PATH];
	struct stat st;

	out[0] = '\0';
	for (size_t i = 1; i < sizeof(part) && path[i - 1]; i++) {
		if ((path[i] && path[i] != '/') || path[i - 1] == '/')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		if (stat(part, &st) == 0) {
			if (!path[i] || S_ISDIR(st.st_mode))
				continue;
			fault_format(out, size, " (%s is not a directory)", part);
		} else if (lstat(part, &st) == 0 && S_ISLNK(st.st_mode)) {
			fault_format(out, size, " (%s is a symbolic link that leads nowhere in this root file system)", part);
		} else if (path[i]) {
			fault_format(out, size, " (%s is missing)", part);
		}
		return;
	}
}

static int refuse_path(const char *name, int code, struct fault *f)
{
	char why[PROGRAM_BLAME];

	f->status = status_for(code);
	if (code == EISDIR)
		return fault_set(f, code, "exec: \"%s\": %s", name, small_text(code));
	if (code == EACCES)
		return fault_set(f, code, "exec: \"%s\": %s (%s)", name, small_text(code), no_access(name));
	blame(name, why, sizeof(why));
	return fault_set(f, code, "exec: \"%s\": stat %s: %s%s", name, name, small_text(code), why);
}

static int search(const char *name, const char *dirs, char *path, struct fault *f)
{
	size_t name_len = strlen(name);
	int denied = 0;

	for (const char *dir = dirs;; dir++) {
		size_t len = strcspn(dir, ":");
		const char *in = len ? dir : ".";	/* POSIX: nothing means here */
		size_t in_len = len ? len : 1;

		if (in_len + 1 + name_len < PROGRAM_PATH) {
			memcpy(path, in, in_len);
			path[in_len] = '/';
			memcpy(path + in_len + 1, name, name_len + 1);
			int code = runnable(path);
			if (!code)
				return 0;
			if (code == EACCES)
				denied = code;
		}
		dir += len;
		if (!*dir)
			break;
	}
	if (denied) {
		f->status = FAULT_NOT_EXECUTABLE;
		return fault_set(f, EACCES, "exec: \"%s\": permission denied (it is in $PATH, but not executable)", name);
	}
	f->status = FAULT_NOT_FOUND;
	char shown[PATH_SHOWN];
	size_t cut = fault_format(shown, sizeof(shown), "%s", dirs);
	return fault_set(f, ENOENT, "exec: \"%s\": executable file not found in $PATH (%s%s)", name, shown, dirs[cut] ? "..." : "");
}

int program_find(const char *name, const char *search_path, char *path, struct fault *f)
{
	size_t len = strlen(name);

	if (!len)
		return search("", "", path, f);
	if (!strchr(name, '/'))
		return search(name, search_path ? search_path : PROGRAM_DEFAULT_PATH, path, f);
	if (len >= PROGRAM_PATH)
		return refuse_path(name, ENAMETOOLONG, f);
	memcpy(path, name, len + 1);
	int code = runnable(path);
	return code ? refuse_path(name, code, f) : 0;
}

/* ---- explaining ---- */

static void note(struct program_clue *c, enum program_trouble trouble, int code)
{
	c->trouble = trouble;
	c->code = code;
}

/* Where the program headers are, in a file of either class. */
struct headers { uint64_t at; unsigned int n, size; bool small; };

/* The span of a header if it is PT_INTERP, else len 0. False: the file ends before. */
static bool read_header(int fd, const struct headers *h, unsigned int i, uint64_t *off, uint64_t *len)
{
	union { Elf64_Phdr big; Elf32_Phdr small; } p;

	*len = 0;
	if (pread(fd, &p, h->size, (off_t)(h->at + (uint64_t)i * h->size)) != (ssize_t)h->size)
		return false;
	if (h->small && p.small.p_type == PT_INTERP) {
		*off = p.small.p_offset;
		*len = p.small.p_filesz;
	} else if (!h->small && p.big.p_type == PT_INTERP) {
		*off = p.big.p_offset;
		*len = p.big.p_filesz;
	}
	return true;
}

static void look_at_loader(int fd, const struct headers *h, struct program_clue *c)
{
	uint64_t off = 0, len;

	for (unsigned int i = 0; i < h->n && i < 64; i++) {
		if (!read_header(fd, h, i, &off, &len)) {
			note(c, PROGRAM_CUT, ENOEXEC);
			return;
		}
		if (!len)
			continue;
		if (len < 2 || len >= sizeof(c->interpreter))
			return;
		if (pread(fd, c->interpreter, len, (off_t)off) != (ssize_t)len) {
			note(c, PROGRAM_CUT, ENOEXEC);
			return;
		}
		c->interpreter[len] = '\0';
		int code = runnable(c->interpreter);
		if (code)
			note(c, PROGRAM_NO_LOADER, code);
		return;
	}
}

static void look_at_elf(int fd, const unsigned char *head, struct program_clue *c)
{
	Elf64_Ehdr e;
	Elf32_Ehdr s;

	memcpy(&e, head, sizeof(e));
	memcpy(&s, head, sizeof(s));
	c->machine = e.e_machine;	/* at the same place in both classes */
	if (e.e_ident[EI_DATA] != ELFDATA2LSB)
		c->machine = (e.e_machine >> 8 | e.e_machine << 8) & 0xffff;
	if (OWN_MACHINE == EM_NONE)
		return;
	/* A small program runs where the kernel was built for it, and is of another machine where it was not. */
	if ((int)c->machine != OWN_MACHINE)
		note(c, PROGRAM_OTHER_MACHINE, ENOEXEC);
	if ((int)c->machine == OWN_MACHINE && e.e_phentsize == sizeof(Elf64_Phdr))
		look_at_loader(fd, &(struct headers){ e.e_phoff, e.e_phnum, sizeof(Elf64_Phdr), false }, c);
	else if ((int)c->machine == OWN_SMALL_MACHINE && e.e_ident[EI_CLASS] == ELFCLASS32 && s.e_phentsize == sizeof(Elf32_Phdr))
		look_at_loader(fd, &(struct headers){ s.e_phoff, s.e_phnum, sizeof(Elf32_Phdr), true }, c);
}

/* The word after #!, as the kernel takes it. */
static bool script_interpreter(const unsigned char *head, size_t len, struct program_clue *c)
{
	size_t at = 2, n = 0;

	while (at < len && (head[at] == ' ' || head[at] == '\t'))
		at++;
	while (at < len && head[at] != ' ' && head[at] != '\t' && head[at] != '\n' && head[at] &&
	       n + 1 < sizeof(c->interpreter))
		c->interpreter[n++] = (char)head[at++];
	c->interpreter[n] = '\0';
	return n > 0;
}

void program_look(const char *path, struct program_clue *clue)
{
	enum { DEEPEST = 5 };	/* the kernel follows so many scripts of scripts */
	unsigned char head[256];

	clue->trouble = PROGRAM_NO_TROUBLE;
	for (int depth = 0; depth < DEEPEST; depth++) {
		int fd = open(depth ? clue->interpreter : path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
		if (fd < 0)
			return;	/* may be run and not read: nothing to tell */
		ssize_t len = read(fd, head, sizeof(head));
		bool script = len >= 2 && head[0] == '#' && head[1] == '!';
		if (len >= (ssize_t)sizeof(Elf64_Ehdr) && !memcmp(head, ELFMAG, SELFMAG))
			look_at_elf(fd, head, clue);
		else if (len >= 0 && !script)
			note(clue, !len ? PROGRAM_EMPTY : len >= SELFMAG && !memcmp(head, ELFMAG, SELFMAG) ? PROGRAM_CUT
										      : PROGRAM_NO_FORMAT, ENOEXEC);
		(void)close(fd);
		if (!script)
			return;
		if (!script_interpreter(head, (size_t)len, clue)) {
			note(clue, PROGRAM_NO_FORMAT, ENOEXEC);
			return;
		}
		int code = runnable(clue->interpreter);
		if (code) {
			note(clue, PROGRAM_NO_INTERPRETER, code);
			clue->why = code == EACCES ? no_access(clue->interpreter) : "";
			return;
		}
	}
}

static const char *machine_name(unsigned int machine)
{
	/* clang-format off */
	static const struct { unsigned int machine; const char *name; } names[] = {
		{ EM_X86_64, "x86_64" }, { EM_AARCH64, "arm64" }, { EM_386, "i386" },	  { EM_ARM, "arm" },
		{ EM_PPC64, "ppc64" },	 { EM_S390, "s390x" },	  { EM_RISCV, "riscv64" }, { EM_MIPS, "mips" },
		{ 258, "loongarch64" },
	};
	/* clang-format on */

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].machine == machine)
			return names[i].name;
	return "another machine";
}

static int explain_interpreter(const char *name, const struct program_clue *c, struct fault *f)
{
	char shown[PROGRAM_INTERPRETER + 1];
	size_t len = strlen(c->interpreter);
	bool crlf = len && c->interpreter[len - 1] == '\r';

	memcpy(shown, c->interpreter, len + 1);
	if (crlf)
		shown[len - 1] = '\0';
	f->status = status_for(c->code);
	const char *why = c->code == EACCES ? c->why : "";
	return fault_set(f, c->code, "exec: \"%s\": its interpreter %s: %s%s%s%s%s", name, shown, small_text(c->code),
			 *why ? " (" : "", why, *why ? ")" : "", crlf ? " (the #! line ends in CR LF: save the script with Unix line ends)" : "");
}

static const char *hint_for(int code, enum program_trouble trouble)
{
	if (code == E2BIG)
		return " (one string takes at most 128 kB, all arguments and variables a quarter of the stack limit)";
	if (code == ETXTBSY)
		return " (it is open for writing)";
	if (code == EACCES)
		return " (something on the way to it, its mount, or a security module forbids it)";
	if (code != ENOEXEC)
		return "";
	switch (trouble) {
	case PROGRAM_EMPTY: return " (the file is empty)";
	case PROGRAM_NO_FORMAT: return " (neither an ELF program nor a script that begins with #!)";
	case PROGRAM_CUT: return " (an ELF file that ends too early: was it copied whole?)";
	default: return " (the kernel does not take its ELF headers)";
	}
}

int program_explain(const char *name, int code, const struct program_clue *c, struct fault *f)
{
	f->status = status_for(code);
	/* ENOENT and EACCES for a program that was just found: it is about what the program needs. */
	if (c->trouble == PROGRAM_NO_INTERPRETER && code != ENOEXEC)
		return explain_interpreter(name, c, f);
	if (c->trouble == PROGRAM_NO_LOADER && code != ENOEXEC) {
		f->status = status_for(c->code);
		return fault_set(f, c->code, "exec: \"%s\": its loader %s: %s (it is linked against a C library that this "
				 "root file system lacks)", name, c->interpreter, small_text(c->code));
	}
	/* A kernel may refuse small programs that it was built for, as under a hypervisor that has no room for them. */
	bool foreign = c->trouble == PROGRAM_OTHER_MACHINE || (c->trouble == PROGRAM_NO_LOADER && (int)c->machine != OWN_MACHINE);
	if (code == ENOEXEC && foreign)
		return fault_set(f, code, "exec: \"%s\": exec format error (built for %s, and this machine is %s)", name,
				 machine_name(c->machine), machine_name(OWN_MACHINE));
	const char *why = hint_for(code, c->trouble);
	return fault_set(f, code, "exec: \"%s\": %s%s", name, small_text(code), why);
}
