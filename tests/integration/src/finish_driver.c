/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Drives caisson-init through the finish path without a runtime: builds a record from words, starts the binary on it, and plays the
 * runtime's and `start`'s part on the sockets. What is heard is printed, one line each:
 *
 *   ready | listener | error STATUS CODE TEXT | eof | exit N | signal N
 *
 * Usage: finish_driver INIT WORD... -- ARGV...     The words are in the table at the end.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "init/finish.h"

enum { SYNC_FD = 40, GATE_FD = 41, RECORD_FD = 42, STRAY_FD = 43, SPACE = 1 << 20 };

struct blob { char bytes[SPACE]; size_t len; };

static struct driver {
	struct finish_record r;
	struct blob env, groups, rlimits, filters, hooks, options, state;
	const char *cwd, *keyring, *apparmor, *selinux;
	const char *hold;	/* shell command to run between READY and GO, with PID set */
	const char *bad_gate;	/* what to say at the gate before a right peer comes */
	bool new_pid_ns, no_seal, no_go, no_keep, in_memfd, hang_up, early_signal, pty;
	long truncate_to, poke_at, poke_value;
} d;

static void die(const char *what)
{
	perror(what);
	exit(99);
}

static void add(struct blob *b, const void *bytes, size_t len)
{
	if (b->len + len > sizeof(b->bytes))
		die("too much");
	memcpy(b->bytes + b->len, bytes, len);
	b->len += len;
}

/* ---- words ---- */

static void on_uid(const char *v) { d.r.uid = (uint32_t)strtoul(v, NULL, 0); }
static void on_gid(const char *v) { d.r.gid = (uint32_t)strtoul(v, NULL, 0); }
static void on_flags(const char *v) { d.r.flags |= (uint32_t)strtoul(v, NULL, 0); }
static void on_nnp(const char *v) { (void)v; d.r.flags |= FINISH_NO_NEW_PRIVS; }
static void on_non_root(const char *v) { (void)v; d.r.flags |= FINISH_NON_ROOT; }
static void on_pid1(const char *v) { (void)v; d.r.flags |= FINISH_PID1; }
static void on_gate(const char *v) { (void)v; d.r.flags |= FINISH_GATE_SOCKET; }
static void on_session(const char *v) { (void)v; d.r.flags |= FINISH_NEW_SESSION; }
static void on_umask(const char *v) { d.r.flags |= FINISH_HAS_UMASK; d.r.umask = (uint32_t)strtoul(v, NULL, 8); }
static void on_securebits(const char *v) { d.r.securebits = (uint32_t)strtoul(v, NULL, 0); }
static void on_env(const char *v) { add(&d.env, v, strlen(v) + 1); }
static void on_cwd(const char *v) { d.cwd = v; }
static void on_keyring(const char *v) { d.keyring = v; d.r.flags |= FINISH_NEW_KEYRING; }
static void on_apparmor(const char *v) { d.apparmor = v; }
static void on_selinux(const char *v) { d.selinux = v; }
static void on_hold(const char *v) { d.hold = v; }
static void on_option(const char *v) { add(&d.options, v, strlen(v) + 1); }
static void on_pidns(const char *v) { (void)v; d.new_pid_ns = true; }
static void on_no_seal(const char *v) { (void)v; d.no_seal = true; }
static void on_no_go(const char *v) { (void)v; d.no_go = true; }
static void on_no_keep(const char *v) { (void)v; d.no_keep = true; }
static void on_memfd(const char *v) { (void)v; d.in_memfd = true; }
static void on_hang_up(const char *v) { (void)v; d.hang_up = true; }
static void on_bad_gate(const char *v) { d.bad_gate = v; }
static void on_early_signal(const char *v) { (void)v; d.early_signal = true; }
static void on_pty(const char *v) { (void)v; d.pty = true; d.r.flags |= FINISH_TERMINAL | FINISH_NEW_SESSION; }
static void on_truncate(const char *v) { d.truncate_to = strtol(v, NULL, 0); }
static void on_kept(const char *v) { d.r.first_kept_fd = 3; d.r.n_kept_fds = (uint32_t)strtoul(v, NULL, 0); }
static void on_state(const char *v) { add(&d.state, v, strlen(v)); }
static void on_nice(const char *v) { d.r.flags |= FINISH_HAS_SCHEDULER; d.r.sched_nice = (int32_t)strtol(v, NULL, 0); }
static void on_io_prio(const char *v) { d.r.flags |= FINISH_HAS_IO_PRIO; d.r.io_prio = (int32_t)strtol(v, NULL, 0); }

static void on_poke(const char *v)
{
	char *end;

	d.poke_at = strtol(v, &end, 0);
	d.poke_value = strtol(end + 1, NULL, 0);
}

static void on_groups(const char *v)
{
	d.r.flags |= FINISH_HAS_GROUPS;
	while (*v) {
		char *end;
		uint32_t g = (uint32_t)strtoul(v, &end, 0);
		add(&d.groups, &g, sizeof(g));
		v = *end ? end + 1 : end;
	}
}

/* bounding,effective,permitted,inheritable,ambient */
static void on_caps(const char *v)
{
	uint64_t *const sets[] = { &d.r.cap_bounding, &d.r.cap_effective, &d.r.cap_permitted, &d.r.cap_inheritable, &d.r.cap_ambient };

	d.r.flags |= FINISH_HAS_CAPS;
	for (size_t i = 0; i < 5 && *v; i++) {
		char *end;
		*sets[i] = strtoull(v, &end, 16);
		v = *end ? end + 1 : end;
	}
}

static void on_rlimit(const char *v)
{
	struct finish_rlimit l = { 0 };
	char *end;

	l.resource = (uint32_t)strtoul(v, &end, 0);
	l.soft = strtoull(end + 1, &end, 0);
	l.hard = strtoull(end + 1, &end, 0);
	add(&d.rlimits, &l, sizeof(l));
}

static const struct { const char *name; uint32_t nr; } calls[] = {
	{ "mount", SYS_mount }, { "umount2", SYS_umount2 }, { "capset", SYS_capset }, { "setresuid", SYS_setresuid },
	{ "setresgid", SYS_setresgid }, { "setgroups", SYS_setgroups }, { "chdir", SYS_chdir }, { "accept", SYS_accept },
	{ "accept4", SYS_accept4 }, { "execve", SYS_execve }, { "sendto", SYS_sendto }, { "mkdirat", SYS_mkdirat },
	{ "seccomp", SYS_seccomp }, { "prctl", SYS_prctl },
};

static uint32_t call_number(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (strlen(calls[i].name) == len && !memcmp(calls[i].name, name, len))
			return calls[i].nr;
	fprintf(stderr, "finish_driver: no system call `%s`\n", name);
	exit(99);
}

/* NAME[:ACTION]: a program that answers this system call so (default: EPERM), and allows the others. */
static void add_filter(const char *v, uint32_t notify)
{
	const char *end = v + strcspn(v, ":");
	uint32_t nr = call_number(v, (size_t)(end - v));
	uint32_t action = notify ? 0x7fc00000 : *end ? (uint32_t)strtoul(end + 1, NULL, 0) : 0x00050001;
	const struct finish_filter head = { 4, 0, notify, 0 };
	const struct { uint16_t code; uint8_t t, f; uint32_t k; } insns[4] = {
		{ 0x20, 0, 0, 0 }, { 0x15, 0, 1, nr }, { 0x06, 0, 0, action }, { 0x06, 0, 0, 0x7fff0000 },
	};

	add(&d.filters, &head, sizeof(head));
	add(&d.filters, insns, sizeof(insns));
}
static void on_filter(const char *v) { add_filter(v, 0); }
static void on_notify(const char *v) { add_filter(v, 1); }

/* TIMEOUT:PATH[:ARG...]; an ARG with '=' in it is environment. */
static void on_hook(const char *v)
{
	struct finish_hook h = { 0 };
	char text[4096];
	size_t len = 0, start = d.hooks.len;
	char *end;

	h.timeout = (uint32_t)strtoul(v, &end, 0);
	for (const char *at = end; *at == ':';) {
		size_t n = strcspn(++at, ":");
		if (at > end + 1) {
			bool env = memchr(at, '=', n) != NULL;
			h.argc += !env;
			h.envc += env;
		}
		memcpy(text + len, at, n);
		text[len + n] = '\0';
		len += n + 1;
		at += n;
	}
	h.text_len = (uint32_t)len;
	add(&d.hooks, &h, sizeof(h));
	add(&d.hooks, text, len);
	while ((d.hooks.len - start) % 8)
		add(&d.hooks, "", 1);
}

static const struct { const char *word; void (*take)(const char *); } words[] = {
	{ "uid", on_uid }, { "gid", on_gid }, { "groups", on_groups }, { "umask", on_umask }, { "caps", on_caps },
	{ "nnp", on_nnp }, { "non_root", on_non_root }, { "pid1", on_pid1 }, { "gate", on_gate }, { "session", on_session },
	{ "env", on_env }, { "cwd", on_cwd }, { "rlimit", on_rlimit }, { "filter", on_filter }, { "notify", on_notify },
	{ "hook", on_hook }, { "state", on_state }, { "keyring", on_keyring }, { "apparmor", on_apparmor },
	{ "selinux", on_selinux }, { "hold", on_hold }, { "option", on_option }, { "pidns", on_pidns }, { "no_seal", on_no_seal },
	{ "no_go", on_no_go }, { "no_keep", on_no_keep }, { "memfd", on_memfd }, { "hang_up", on_hang_up }, { "bad_gate", on_bad_gate },
	{ "early_signal", on_early_signal }, { "pty", on_pty }, { "truncate", on_truncate }, { "poke", on_poke },
	{ "kept", on_kept }, { "nice", on_nice }, { "io_prio", on_io_prio }, { "flags", on_flags }, { "securebits", on_securebits },
};

static void take_word(char *word)
{
	char *value = strchr(word, '=');

	if (value)
		*value++ = '\0';
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!strcmp(words[i].word, word)) {
			words[i].take(value ? value : "");
			return;
		}
	}
	fprintf(stderr, "finish_driver: no word `%s`\n", word);
	exit(99);
}

/* ---- the record ---- */

static struct blob out;

static struct finish_span put(const void *bytes, size_t len, size_t align)
{
	struct finish_span s = { 0, 0 };

	if (!len)
		return s;
	while (out.len % align)
		add(&out, "", 1);
	s.off = (uint32_t)out.len;
	s.len = (uint32_t)len;
	add(&out, bytes, len);
	return s;
}

static struct finish_span put_text(const char *text)
{
	return put(text, text ? strlen(text) + 1 : 0, 1);
}

static int make_record(char **argv)
{
	static struct blob args;

	for (; *argv; argv++)
		add(&args, *argv, strlen(*argv) + 1);
	add(&out, &d.r, sizeof(d.r));
	d.r.magic = FINISH_MAGIC;
	d.r.version = FINISH_VERSION;
	d.r.sync_fd = SYNC_FD;
	d.r.gate_fd = d.r.flags & FINISH_GATE_SOCKET ? GATE_FD : -1;
	d.r.argv = put(args.bytes, args.len, 1);
	d.r.env = put(d.env.bytes, d.env.len, 1);
	d.r.cwd = put_text(d.cwd);
	d.r.groups = put(d.groups.bytes, d.groups.len, 4);
	d.r.rlimits = put(d.rlimits.bytes, d.rlimits.len, 8);
	d.r.apparmor = put_text(d.apparmor);
	d.r.selinux = put_text(d.selinux);
	d.r.keyring = put_text(d.keyring);
	d.r.filters = put(d.filters.bytes, d.filters.len, 8);
	d.r.hooks = put(d.hooks.bytes, d.hooks.len, 8);
	d.r.hook_state = put(d.state.bytes, d.state.len, 1);
	d.r.init_options = put(d.options.bytes, d.options.len, 1);
	d.r.size = (uint32_t)out.len;
	memcpy(out.bytes, &d.r, sizeof(d.r));
	if (d.poke_at)
		out.bytes[d.poke_at] = (char)d.poke_value;
	if (d.truncate_to)
		out.len = (size_t)d.truncate_to;

	int fd = memfd_create("finish", MFD_ALLOW_SEALING);
	if (fd < 0 || write(fd, out.bytes, out.len) != (ssize_t)out.len)
		die("record");
	if (!d.no_seal && fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0)
		die("seal");
	return fd;
}

/* ---- the two sides ---- */

static void start_init(const char *init, int record, int sync, int gate)
{
	char number[16];
	char *argv[] = { (char[]){ "caisson-init" }, (char[]){ FINISH_ARGV1 }, number, NULL };
	sigset_t all;

	snprintf(number, sizeof(number), "%d", RECORD_FD);
	if (dup2(record, RECORD_FD) < 0 || dup2(sync, SYNC_FD) < 0 || (gate >= 0 && dup2(gate, GATE_FD) < 0))
		die("dup2");
	if (dup2(STDERR_FILENO, STRAY_FD) < 0)	/* one that must not reach the payload */
		die("dup2");
	for (int fd = 3; fd < SYNC_FD; fd++)
		close(fd);
	for (uint32_t i = 0; i < d.r.n_kept_fds; i++)
		if (dup2(STDERR_FILENO, 3 + (int)i) < 0)
			die("dup2");
	if (d.early_signal) {
		/* As the runtime does: blocked over the exec, so that it is not lost. */
		sigfillset(&all);
		sigprocmask(SIG_BLOCK, &all, NULL);
		raise(SIGTERM);
	}
	if (d.in_memfd) {
		int from = open(init, O_RDONLY), to = memfd_create("init", MFD_CLOEXEC | MFD_ALLOW_SEALING);
		static char bytes[4 << 20];
		ssize_t n = read(from, bytes, sizeof(bytes));
		if (n <= 0 || write(to, bytes, (size_t)n) != n)
			die("memfd");
		fcntl(to, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
		close(from);
		fexecve(to, argv, environ);
	}
	execv(init, argv);
	die(init);
}

static int make_gate(char *path, size_t size)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	snprintf(path, size, "%s/finish-driver-%d.sock", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp", (int)getpid());
	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(fd, 4) < 0)
		die("gate");
	return fd;
}

static int connect_gate(const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof(at)) < 0)
		die("connect");
	return fd;
}

/* One message, printed. 0 at the end. */
static char hear(int fd)
{
	union { struct finish_error error; char bytes[sizeof(struct finish_error)]; } m = { 0 };
	char control[CMSG_SPACE(sizeof(int))];
	struct iovec data = { &m, sizeof(m) };
	struct msghdr msg = { .msg_iov = &data, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control) };
	struct pollfd on = { .fd = fd, .events = POLLIN };

	if (poll(&on, 1, 20000) != 1) {
		printf("silence\n");
		return 0;
	}
	ssize_t n = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC);
	if (n <= 0) {
		printf("eof\n");
	} else if (m.bytes[0] == FINISH_MSG_EXEC && n == 1) {
		/* said by every launch that gets so far */
	} else if (m.bytes[0] == FINISH_MSG_READY && n == sizeof(struct finish_ready)) {
		printf("ready\n");
	} else if (m.bytes[0] == FINISH_MSG_LISTENER && n == 1) {
		printf("listener%s\n", CMSG_FIRSTHDR(&msg) ? "" : " without a descriptor");
	} else if (m.bytes[0] == FINISH_MSG_ERROR && n >= (ssize_t)offsetof(struct finish_error, text)) {
		m.error.text[sizeof(m.error.text) - 1] = '\0';
		printf("error %d %d %s\n", m.error.status, m.error.code, m.error.text);
	} else {
		printf("strange message of %zd bytes\n", n);
	}
	fflush(stdout);
	return n > 0 ? m.bytes[0] : 0;
}

static void run_hold(pid_t pid)
{
	char number[16];

	snprintf(number, sizeof(number), "%d", (int)pid);
	setenv("PID", number, 1);
	pid_t shell = fork();
	if (shell == 0) {
		execl("/bin/sh", "sh", "-c", d.hold, (char *)NULL);
		_exit(99);
	}
	waitpid(shell, NULL, 0);
}

/* The runtime's part up to GO; returns where answers come from afterwards, or -1. */
static int lead(int sync, const char *path, pid_t pid)
{
	char got;

	if (d.hang_up) {
		close(sync);
		return -1;
	}
	while ((got = hear(sync)) == FINISH_MSG_LISTENER)
		;
	if (got != FINISH_MSG_READY)
		return -1;
	const char keep = FINISH_MSG_KEEP;
	if ((d.r.flags & FINISH_GATE_SOCKET) && !d.no_keep && send(sync, &keep, 1, MSG_NOSIGNAL) != 1)
		printf("nobody hears KEEP\n");
	if (d.hold)
		run_hold(pid);
	if (d.no_go || d.no_keep)
		return -1;
	int to = sync;
	if (d.r.flags & FINISH_GATE_SOCKET) {
		if (d.bad_gate) {
			to = connect_gate(path);
			if (*d.bad_gate && write(to, d.bad_gate, strlen(d.bad_gate)) < 0)
				die("write");
			close(to);
		}
		to = connect_gate(path);
	}
	const char go = FINISH_MSG_GO;
	if (send(to, &go, 1, MSG_NOSIGNAL) != 1)
		printf("nobody hears GO\n");
	return to;
}

/* What the payload writes to its terminal, until all is over. */
static void copy_terminal(int tty)
{
	char bytes[4096];
	ssize_t n;

	while ((n = read(tty, bytes, sizeof(bytes))) > 0)
		if (write(STDOUT_FILENO, bytes, (size_t)n) < 0)
			return;
}

int main(int argc, char **argv)
{
	char path[128] = "";
	int pair[2], status, at = 2, tty = -1, gate = -1;

	if (argc < 4)
		return 99;
	d.r.uid = d.r.gid = 0;
	for (; at < argc && strcmp(argv[at], "--"); at++)
		take_word(argv[at]);
	if (at + 1 >= argc)
		return 99;
	int record = make_record(argv + at + 1);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		die("socketpair");
	if (d.r.flags & FINISH_GATE_SOCKET)
		gate = make_gate(path, sizeof(path));
	if (d.pty) {
		tty = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
		if (tty < 0 || grantpt(tty) < 0 || unlockpt(tty) < 0)
			die("pty");
	}
	if (d.new_pid_ns && unshare(CLONE_NEWPID) < 0)
		die("unshare");
	pid_t pid = fork();
	if (pid == 0) {
		close(pair[0]);
		if (d.pty) {
			int slave = open(ptsname(tty), O_RDWR | O_NOCTTY);
			for (int fd = 0; fd < 3; fd++)
				if (dup2(slave, fd) < 0)
					die("dup2");
		}
		start_init(argv[1], record, pair[1], gate);
	}
	close(pair[1]);
	close(record);
	if (gate >= 0)
		close(gate);
	int to = lead(pair[0], path, pid);
	while (to >= 0 && hear(to))
		;
	if (tty >= 0)
		copy_terminal(tty);
	if (path[0])
		unlink(path);
	close(pair[0]);
	if (waitpid(pid, &status, 0) != pid)
		die("wait");
	if (WIFSIGNALED(status))
		printf("signal %d\n", WTERMSIG(status));
	else
		printf("exit %d\n", WEXITSTATUS(status));
	return 0;
}
