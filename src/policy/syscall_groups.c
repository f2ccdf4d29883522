/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names of calls by group, and sets of them. Which groups the two built-in sets hold is policy/syscall_groups.h; what a call
 * outside of a set is told is the filter's matter.
 */
#include "policy/syscall_groups.h"

#include <string.h>

#include "base/nearest.h"

#define GROUP_NAME(id, name, set) [SYSCALL_GROUP_##id] = (name),
static const char *const group_names[] = { SYSCALL_GROUPS(GROUP_NAME) };
#undef GROUP_NAME

/* Separated by single spaces. */
/* clang-format off */
static const char *const calls_of[SYSCALL_GROUP_COUNT] = {
	[SYSCALL_GROUP_START] =
	  "execve execveat exit exit_group brk mmap mmap2 munmap mprotect mremap madvise arch_prctl set_tid_address "
	  "set_robust_list get_robust_list rseq prlimit64 getrlimit ugetrlimit setrlimit getrandom rt_sigreturn sigreturn "
	  "restart_syscall membarrier mseal map_shadow_stack riscv_hwprobe riscv_flush_icache set_thread_area "
	  "get_thread_area set_tls get_tls cacheflush getpagesize atomic_barrier atomic_cmpxchg_32 uretprobe uprobe",
	[SYSCALL_GROUP_THREAD] =
	  "clone fork vfork wait4 waitid waitpid futex futex_time64 futex_waitv futex_wait futex_wake futex_requeue "
	  "sched_yield sched_getaffinity sched_getattr sched_getparam sched_getscheduler sched_get_priority_max "
	  "sched_get_priority_min sched_rr_get_interval sched_rr_get_interval_time64 sched_setaffinity gettid tgkill tkill "
	  "getcpu rseq_slice_yield swapcontext",
	/* Its flags lie in memory; the C libraries go on with clone. */
	[SYSCALL_GROUP_CLONE3] = "clone3",
	[SYSCALL_GROUP_IDENT] =
	  "getpid getppid getpgid getpgrp getsid getuid getuid32 geteuid geteuid32 getgid getgid32 getegid getegid32 "
	  "getgroups getgroups32 getresuid getresuid32 getresgid getresgid32 capget umask setpgid setsid getpriority "
	  "getrusage times uname olduname oldolduname sysinfo prctl",
	[SYSCALL_GROUP_SIGNAL] =
	  "rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64 "
	  "rt_tgsigqueueinfo sigaltstack kill pause signalfd signalfd4 pidfd_open pidfd_send_signal sigaction sigpending "
	  "sigprocmask sigsuspend signal sgetmask ssetmask",
	[SYSCALL_GROUP_TIME] =
	  "clock_gettime clock_gettime64 clock_getres clock_getres_time64 clock_nanosleep clock_nanosleep_time64 "
	  "gettimeofday time nanosleep alarm getitimer setitimer timer_create timer_delete timer_getoverrun timer_gettime "
	  "timer_gettime64 timer_settime timer_settime64 timerfd timerfd_create timerfd_gettime timerfd_gettime64 "
	  "timerfd_settime timerfd_settime64",
	[SYSCALL_GROUP_IO] =
	  "read readv write writev pread64 preadv preadv2 pwrite64 pwritev pwritev2 lseek _llseek close close_range dup dup2 "
	  "dup3 fcntl fcntl64 ioctl pipe pipe2 eventfd eventfd2 splice tee sendfile sendfile64 copy_file_range fsync "
	  "fdatasync sync_file_range sync_file_range2 arm_sync_file_range syncfs msync fadvise64 fadvise64_64 "
	  "arm_fadvise64_64 readahead flock memfd_create cachestat mincore",
	[SYSCALL_GROUP_POLL] =
	  "poll ppoll ppoll_time64 select _newselect pselect6 pselect6_time64 epoll_create epoll_create1 epoll_ctl epoll_wait "
	  "epoll_pwait epoll_pwait2 epoll_ctl_old epoll_wait_old",
	[SYSCALL_GROUP_FILE] =
	  "open openat openat2 creat access faccessat faccessat2 stat lstat fstat newfstatat statx stat64 lstat64 fstat64 "
	  "fstatat64 oldstat oldlstat oldfstat statfs fstatfs statfs64 fstatfs64 getdents getdents64 readdir getcwd chdir "
	  "fchdir readlink readlinkat mkdir mkdirat rmdir unlink unlinkat rename renameat renameat2 link linkat symlink "
	  "symlinkat truncate truncate64 ftruncate ftruncate64 fallocate chmod fchmod fchmodat fchmodat2 utime utimes "
	  "utimensat utimensat_time64 futimesat inotify_init inotify_init1 inotify_add_watch inotify_rm_watch",
	[SYSCALL_GROUP_XATTR_READ] =
	  "getxattr lgetxattr fgetxattr listxattr llistxattr flistxattr getxattrat listxattrat",
	[SYSCALL_GROUP_NET] =
	  "socket socketpair bind listen accept accept4 connect shutdown getsockopt setsockopt getsockname getpeername send "
	  "sendto sendmsg sendmmsg recv recvfrom recvmsg recvmmsg recvmmsg_time64 socketcall",
	[SYSCALL_GROUP_SANDBOX] =
	  "seccomp landlock_create_ruleset landlock_add_rule landlock_restrict_self",
	/* The kernel decides these by capability, finer than a filter could. */
	[SYSCALL_GROUP_SETID] =
	  "setuid setuid32 setgid setgid32 setreuid setreuid32 setregid setregid32 setresuid setresuid32 setresgid "
	  "setresgid32 setgroups setgroups32 setfsuid setfsuid32 setfsgid setfsgid32 capset",
	[SYSCALL_GROUP_CHOWN] = "chown chown32 lchown lchown32 fchown fchown32 fchownat",

	[SYSCALL_GROUP_SYSV_IPC] =
	  "shmget shmat shmdt shmctl semget semop semctl semtimedop semtimedop_time64 msgget msgsnd msgrcv msgctl ipc",
	[SYSCALL_GROUP_MQUEUE] =
	  "mq_open mq_unlink mq_timedsend mq_timedsend_time64 mq_timedreceive mq_timedreceive_time64 mq_notify "
	  "mq_getsetattr",
	[SYSCALL_GROUP_AIO] =
	  "io_setup io_destroy io_submit io_cancel io_getevents io_pgetevents io_pgetevents_time64",
	[SYSCALL_GROUP_MEMLOCK] = "mlock mlock2 mlockall munlock munlockall",
	[SYSCALL_GROUP_PRIORITY] =
	  "setpriority nice ioprio_get ioprio_set sched_setscheduler sched_setparam sched_setattr",
	[SYSCALL_GROUP_PKEY] = "pkey_alloc pkey_free pkey_mprotect",
	[SYSCALL_GROUP_XATTR_WRITE] =
	  "setxattr lsetxattr fsetxattr removexattr lremovexattr fremovexattr",
	[SYSCALL_GROUP_MISC] =
	  "mknod mknodat sync process_mrelease vmsplice adjtimex clock_adjtime clock_adjtime64 remap_file_pages personality",
	[SYSCALL_GROUP_CHROOT] = "chroot",

	[SYSCALL_GROUP_URING] = "io_uring_setup io_uring_enter io_uring_register",
	[SYSCALL_GROUP_DEBUG] =
	  "ptrace process_vm_readv process_vm_writev kcmp pidfd_getfd process_madvise userfaultfd sys_debug_setcontext",
	[SYSCALL_GROUP_NAMESPACE] = "unshare setns",
	[SYSCALL_GROUP_MOUNT] = "mount umount umount2 pivot_root",
	[SYSCALL_GROUP_MOUNT_NEW] =
	  "open_tree open_tree_attr move_mount fsopen fsconfig fsmount fspick mount_setattr",
	[SYSCALL_GROUP_MOUNT_VIEW] = "statmount listmount listns",
	[SYSCALL_GROUP_LSM] = "lsm_get_self_attr lsm_set_self_attr lsm_list_modules",
	[SYSCALL_GROUP_NEWER] = "memfd_secret file_getattr file_setattr setxattrat removexattrat",
	[SYSCALL_GROUP_NUMA] =
	  "get_mempolicy set_mempolicy set_mempolicy_home_node mbind move_pages migrate_pages",
	[SYSCALL_GROUP_KEYRING] = "add_key request_key keyctl",
	[SYSCALL_GROUP_HANDLE] = "name_to_handle_at open_by_handle_at",
	[SYSCALL_GROUP_BPF] = "bpf",
	[SYSCALL_GROUP_PERF] = "perf_event_open",
	[SYSCALL_GROUP_FANOTIFY] = "fanotify_init fanotify_mark",
	[SYSCALL_GROUP_QUOTA] = "quotactl quotactl_fd",
	[SYSCALL_GROUP_CLOCK] = "clock_settime clock_settime64 settimeofday stime",
	[SYSCALL_GROUP_MODULE] =
	  "init_module finit_module delete_module create_module query_module get_kernel_syms",
	[SYSCALL_GROUP_RAWIO] =
	  "iopl ioperm modify_ldt vm86 vm86old pciconfig_iobase pciconfig_read pciconfig_write s390_pci_mmio_read "
	  "s390_pci_mmio_write rtas",
	[SYSCALL_GROUP_ADMIN] =
	  "swapon swapoff reboot kexec_load kexec_file_load acct syslog sethostname setdomainname vhangup",
	/* Gone from the kernels, never there, or of one machine only. */
	[SYSCALL_GROUP_OLD] =
	  "_sysctl afs_syscall bdflush break breakpoint cachectl ftime getpmsg gtty idle lock lookup_dcookie mpx multiplexer "
	  "nfsservctl prof profil putpmsg s390_guarded_storage s390_runtime_instr s390_sthyi security spu_create spu_run stty "
	  "subpage_prot switch_endian syscall sysfs sysmips tuxcall ulimit uselib usr26 usr32 ustat vserver",
};
/* clang-format on */

const char *syscall_group_name(enum syscall_group g)
{
	return (unsigned)g < SYSCALL_GROUP_COUNT ? group_names[g] : NULL;
}

bool syscall_next(struct syscall_walk *io)
{
	const char *s;

	if (io->name)
		io->at++;
	s = io->name ? io->name + io->len : calls_of[0];
	while (*s == '\0') {
		if (++io->group == SYSCALL_GROUP_COUNT)
			return false;
		s = calls_of[io->group];
	}
	s += *s == ' ';
	io->name = s;
	io->len = strcspn(s, " ");
	return true;
}

bool syscall_find(const char *name, size_t len, struct syscall_walk *out)
{
	struct syscall_walk w = { 0 };

	while (syscall_next(&w))
		if (w.len == len && memcmp(w.name, name, len) == 0) {
			*out = w;
			return true;
		}
	return false;
}

const char *syscall_nearest(const char *name, char room[SYSCALL_NAME_ROOM])
{
	struct nearest near = nearest_to(name, strlen(name));
	struct syscall_walk w = { 0 };
	char candidate[SYSCALL_NAME_ROOM];
	const char *before = NULL;

	for (int g = 0; g < SYSCALL_GROUP_COUNT; g++)
		nearest_try(&near, group_names[g]);
	before = near.best;
	while (syscall_next(&w) && w.len < sizeof(candidate)) {
		memcpy(candidate, w.name, w.len);
		candidate[w.len] = 0;
		nearest_try(&near, candidate);
		if (near.best != before) {
			memcpy(room, candidate, w.len + 1);
			near.best = before = room;
		}
	}
	return near.best;
}

/* ---- sets ---- */

static bool has_bit(const struct syscall_set *s, size_t at)
{
	return s->calls[at / 64] >> at % 64 & 1;
}

bool syscall_set_has(const struct syscall_set *s, const struct syscall_walk *call)
{
	return (s->groups >> call->group & 1) || has_bit(s, call->at);
}

bool syscall_set_is_all(const struct syscall_set *s)
{
	return s->groups == SYSCALLS_ALL;
}

bool syscall_set_is_empty(const struct syscall_set *s)
{
	return !s->groups && !syscall_set_has_single(s);
}

bool syscall_set_has_single(const struct syscall_set *s)
{
	uint64_t any = 0;

	for (int i = 0; i < SYSCALL_SET_WORDS; i++)
		any |= s->calls[i];
	return any != 0;
}

void syscall_set_put(struct syscall_set *io, const struct syscall_walk *call)
{
	io->calls[call->at / 64] |= UINT64_C(1) << call->at % 64;
}

/* From a bit for each call to the normal form. */
static struct syscall_set normal(const struct syscall_set *bits)
{
	struct syscall_set out = { 0 };
	struct syscall_walk w = { 0 };
	uint64_t missing = 0;

	while (syscall_next(&w))
		if (!has_bit(bits, w.at))
			missing |= UINT64_C(1) << w.group;
	out.groups = SYSCALLS_EVERY & ~missing;
	w = (struct syscall_walk){ 0 };
	while (syscall_next(&w))
		if (has_bit(bits, w.at) && !(out.groups >> w.group & 1))
			syscall_set_put(&out, &w);
	return out;
}

/* A bit for each call of both: of all the calls there are, those that `one` has, with what `two` does to them. */
static struct syscall_set combine(const struct syscall_set *one, const struct syscall_set *two, bool (*keep)(bool, bool))
{
	struct syscall_set bits = { 0 };
	struct syscall_walk w = { 0 };

	while (syscall_next(&w))
		if (keep(syscall_set_has(one, &w), syscall_set_has(two, &w)))
			syscall_set_put(&bits, &w);
	return normal(&bits);
}

static bool either(bool one, bool two) { return one || two; }
static bool both(bool one, bool two) { return one && two; }
static bool only_first(bool one, bool two) { return one && !two; }

/* Nearly every set is one of groups alone. */
static bool groups_alone(const struct syscall_set *one, const struct syscall_set *two)
{
	return !syscall_set_has_single(one) && !syscall_set_has_single(two);
}

void syscall_set_add(struct syscall_set *io, const struct syscall_set *other)
{
	if (syscall_set_is_all(io))
		return;
	if (syscall_set_is_all(other))
		*io = *other;
	else if (groups_alone(io, other))
		io->groups |= other->groups;
	else
		*io = combine(io, other, either);
}

void syscall_set_meet(struct syscall_set *io, const struct syscall_set *other)
{
	if (syscall_set_is_all(other))
		return;
	if (syscall_set_is_all(io))
		*io = *other;
	else if (groups_alone(io, other))
		io->groups &= other->groups;
	else
		*io = combine(io, other, both);
}

void syscall_set_remove(struct syscall_set *io, const struct syscall_set *other)
{
	if (syscall_set_is_empty(other))
		return;
	if (syscall_set_is_all(other))
		*io = (struct syscall_set){ 0 };
	if (syscall_set_is_all(io))
		io->groups = SYSCALLS_EVERY;
	if (groups_alone(io, other))
		io->groups &= ~other->groups;
	else
		*io = combine(io, other, only_first);
}
