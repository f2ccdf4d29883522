/* SPDX-License-Identifier: Apache-2.0 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
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

static int refuse_path(const char *name, int code, struct fault *f)
{
	bool seen = code == EACCES || code == EISDIR;

	f->status = status_for(code);
	if (seen)
		return fault_set(f, code, "exec: \"%s\": %s", name, small_text(code));
	return fault_set(f, code, "exec: \"%s\": stat %s: %s", name, name, small_text(code));
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
	return fault_set(f, ENOENT, "exec: \"%s\": executable file not found in $PATH", name);
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

static void look_at_loader(int fd, const Elf64_Ehdr *e, struct program_clue *c)
{
	for (unsigned int i = 0; i < e->e_phnum && i < 64; i++) {
		Elf64_Phdr p;
		off_t at = (off_t)(e->e_phoff + i * sizeof(p));

		if (pread(fd, &p, sizeof(p), at) != (ssize_t)sizeof(p))
			return;
		if (p.p_type != PT_INTERP)
			continue;
		if (p.p_filesz < 2 || p.p_filesz >= sizeof(c->interpreter))
			return;
		if (pread(fd, c->interpreter, p.p_filesz, (off_t)p.p_offset) != (ssize_t)p.p_filesz)
			return;
		c->interpreter[p.p_filesz] = '\0';
		int code = runnable(c->interpreter);
		if (code)
			note(c, PROGRAM_NO_LOADER, code);
		return;
	}
}

static void look_at_elf(int fd, const unsigned char *head, struct program_clue *c)
{
	Elf64_Ehdr e;

	memcpy(&e, head, sizeof(e));
	c->machine = e.e_machine;	/* at the same place in both classes */
	if (e.e_ident[EI_DATA] != ELFDATA2LSB)
		c->machine = (e.e_machine >> 8 | e.e_machine << 8) & 0xffff;
	if (OWN_MACHINE == EM_NONE || (int)c->machine == OWN_SMALL_MACHINE)
		return;
	if ((int)c->machine != OWN_MACHINE)
		note(c, PROGRAM_OTHER_MACHINE, ENOEXEC);
	else if (e.e_ident[EI_CLASS] == ELFCLASS64 && e.e_phentsize == sizeof(Elf64_Phdr))
		look_at_loader(fd, &e, c);
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
			note(clue, len ? PROGRAM_NO_FORMAT : PROGRAM_EMPTY, ENOEXEC);
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
	return fault_set(f, c->code, "exec: \"%s\": its interpreter %s: %s%s", name, shown, small_text(c->code),
			 crlf ? " (the #! line ends in CR LF: save the script with Unix line ends)" : "");
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
	if (code == ENOEXEC && c->trouble == PROGRAM_OTHER_MACHINE)
		return fault_set(f, code, "exec: \"%s\": exec format error (built for %s, and this machine is %s)", name,
				 machine_name(c->machine), machine_name(OWN_MACHINE));
	if (code == ENOEXEC && c->trouble == PROGRAM_EMPTY)
		return fault_set(f, code, "exec: \"%s\": exec format error (the file is empty)", name);
	if (code == ENOEXEC && c->trouble == PROGRAM_NO_FORMAT)
		return fault_set(f, code, "exec: \"%s\": exec format error (neither an ELF program nor a script that begins "
				 "with #!)", name);
	return fault_set(f, code, "exec: \"%s\": %s", name, small_text(code));
}
