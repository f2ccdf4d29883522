/* SPDX-License-Identifier: Apache-2.0 */
/*
 * init/raw.h - system calls without libc in between.
 *
 * Two reasons. musl and glibc keep signals 32 to 34 for themselves and their wrappers take them out of every set; PID 1
 * has to see all 64. And their set*id functions bring a thread library's signal dance along, which a program of one
 * thread has no use for. No kernel header is needed, so musl-gcc builds this without further flags.
 *
 * Each returns what syscall(2) returns: -1 with errno set on failure.
 */
#ifndef CAISSON_INIT_RAW_H
#define CAISSON_INIT_RAW_H

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#ifndef SYS_openat2
#define SYS_openat2 437
#endif
#ifndef SYS_fsopen
#define SYS_fsopen 430
#define SYS_fsconfig 431
#define SYS_fsmount 432
#endif

enum { RAW_SIG_MAX = 64, RAW_CAP_MAX = 63, RAW_GROUPS_MAX = 65536 };

/* Signal n is bit n-1, as the kernel has it. */
static inline uint64_t raw_sigbit(int sig)
{
	return UINT64_C(1) << (sig - 1);
}
static inline int raw_sigmask(int how, uint64_t set, uint64_t *old)
{
	return (int)syscall(SYS_rt_sigprocmask, how, &set, old, sizeof(set));
}
static inline int raw_sigpending(uint64_t *set)
{
	return (int)syscall(SYS_rt_sigpending, set, sizeof(*set));
}
static inline int raw_sigtimedwait(uint64_t set, siginfo_t *info, const struct timespec *timeout)
{
	return (int)syscall(SYS_rt_sigtimedwait, &set, info, timeout, sizeof(set));
}
static inline int raw_signalfd(uint64_t set, int flags)
{
	return (int)syscall(SYS_signalfd4, -1, &set, sizeof(set), flags);
}
/* handler: 0 SIG_DFL, 1 SIG_IGN. The kernel's struct: handler, flags, (restorer,) mask. */
static inline int raw_sigdisposition(int sig, uintptr_t handler)
{
	const uintptr_t act[5] = { handler, 0, 0, 0, 0 };

	return (int)syscall(SYS_rt_sigaction, sig, act, NULL, sizeof(uint64_t));
}

/* fork(2) without libc's at-fork work. */
static inline pid_t raw_fork(void)
{
	return (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}
static inline int raw_close_range(unsigned int first, unsigned int last, unsigned int flags)
{
	return (int)syscall(SYS_close_range, first, last, flags);
}
/* Not libc's: it hides a path that begins with "(unreachable)", which is the thing to look for. */
static inline long raw_getcwd(char *out, size_t size)
{
	return syscall(SYS_getcwd, out, size);
}

static inline int raw_setresuid(uint32_t uid)
{
	return (int)syscall(SYS_setresuid, uid, uid, uid);
}
static inline int raw_setresgid(uint32_t gid)
{
	return (int)syscall(SYS_setresgid, gid, gid, gid);
}
static inline int raw_setgroups(size_t n, const uint32_t *groups)
{
	return (int)syscall(SYS_setgroups, n, groups);
}
static inline int raw_getgroups(size_t n, uint32_t *groups)
{
	return (int)syscall(SYS_getgroups, n, groups);
}

#define RAW_CAP_VERSION UINT32_C(0x20080522) /* _LINUX_CAPABILITY_VERSION_3 */
struct raw_cap_header { uint32_t version; int32_t pid; };
struct raw_cap_data { uint32_t effective, permitted, inheritable; };
static inline int raw_capset(const struct raw_cap_data data[2])
{
	const struct raw_cap_header header = { RAW_CAP_VERSION, 0 };

	return (int)syscall(SYS_capset, &header, data);
}
static inline int raw_capget(struct raw_cap_data data[2])
{
	const struct raw_cap_header header = { RAW_CAP_VERSION, 0 };

	return (int)syscall(SYS_capget, &header, data);
}

struct raw_insn { uint16_t code; uint8_t jt, jf; uint32_t k; };	/* struct sock_filter */
struct raw_filter { uint16_t count; const struct raw_insn *insns; }; /* struct sock_fprog */
#define RAW_SECCOMP_NEW_LISTENER (UINT32_C(1) << 3)
static inline int raw_seccomp(uint32_t flags, const struct raw_filter *filter)
{
	return (int)syscall(SYS_seccomp, 1 /* SECCOMP_SET_MODE_FILTER */, flags, filter);
}

struct raw_open_how { uint64_t flags, mode, resolve; };
enum { RAW_RESOLVE_NO_XDEV = 1, RAW_RESOLVE_NO_MAGICLINKS = 2, RAW_RESOLVE_NO_SYMLINKS = 4, RAW_RESOLVE_BENEATH = 8 };
static inline int raw_openat2(int dir, const char *path, const struct raw_open_how *how)
{
	return (int)syscall(SYS_openat2, dir, path, how, sizeof(*how));
}

#endif
