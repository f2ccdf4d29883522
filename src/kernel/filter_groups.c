/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which calls belong together, which sets hold them, and what a call gets that its set does not hold.
 *
 * ENOSYS goes to what a program must be able to live without: calls newer than its C library needs, and subsystems that
 * a kernel may be built without. EPERM goes to what is privileged or foreign: it is the kernel's own answer there. No
 * group is ever opened by a capability alone, and one whose calls the kernel answers only to a capability is not opened without it.
 * Which groups a set holds is policy/syscall_groups.h.
 */
#include "kernel/filter_parts.h"

#include <linux/capability.h>
#include <stdbool.h>
#include <string.h>

#include "base/capname.h"
#include "base/str.h"
#include "kernel/filter_syscalls.h"
#include "policy/syscall_groups.h"

struct group {
	enum filter_answer denied;	/* what a set without it says */
	const char *calls;		/* separated by single spaces */
};

#define GROUP_NAME(id, name, set) [SYSCALL_GROUP_##id] = (name),
static const char *const group_names[] = { SYSCALL_GROUPS(GROUP_NAME) };
#undef GROUP_NAME

/* clang-format off */
static const struct group groups[SYSCALL_GROUP_COUNT] = {
	[SYSCALL_GROUP_START] = { FILTER_EPERM,
	  "execve execveat exit exit_group brk mmap mmap2 munmap mprotect mremap madvise arch_prctl set_tid_address "
	  "set_robust_list get_robust_list rseq prlimit64 getrlimit ugetrlimit setrlimit getrandom rt_sigreturn sigreturn "
	  "restart_syscall membarrier mseal map_shadow_stack riscv_hwprobe riscv_flush_icache set_thread_area "
	  "get_thread_area set_tls get_tls cacheflush uretprobe uprobe" },
	[SYSCALL_GROUP_THREAD] = { FILTER_EPERM,
	  "clone fork vfork wait4 waitid waitpid futex futex_time64 futex_waitv futex_wait futex_wake futex_requeue "
	  "sched_yield sched_getaffinity sched_getattr sched_getparam sched_getscheduler sched_get_priority_max "
	  "sched_get_priority_min sched_rr_get_interval sched_rr_get_interval_time64 sched_setaffinity gettid tgkill tkill "
	  "getcpu rseq_slice_yield" },
	/* Its flags lie in memory; the C libraries go on with clone. */
	[SYSCALL_GROUP_CLONE3] = { FILTER_ENOSYS, "clone3" },
	[SYSCALL_GROUP_IDENT] = { FILTER_EPERM,
	  "getpid getppid getpgid getpgrp getsid getuid getuid32 geteuid geteuid32 getgid getgid32 getegid getegid32 "
	  "getgroups getgroups32 getresuid getresuid32 getresgid getresgid32 capget umask setpgid setsid getpriority "
	  "getrusage times uname olduname oldolduname sysinfo prctl" },
	[SYSCALL_GROUP_SIGNAL] = { FILTER_EPERM,
	  "rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64 "
	  "rt_tgsigqueueinfo sigaltstack kill pause signalfd signalfd4 pidfd_open pidfd_send_signal sigaction sigpending "
	  "sigprocmask sigsuspend signal sgetmask ssetmask" },
	[SYSCALL_GROUP_TIME] = { FILTER_EPERM,
	  "clock_gettime clock_gettime64 clock_getres clock_getres_time64 clock_nanosleep clock_nanosleep_time64 "
	  "gettimeofday time nanosleep alarm getitimer setitimer timer_create timer_delete timer_getoverrun timer_gettime "
	  "timer_gettime64 timer_settime timer_settime64 timerfd timerfd_create timerfd_gettime timerfd_gettime64 "
	  "timerfd_settime timerfd_settime64" },
	[SYSCALL_GROUP_IO] = { FILTER_EPERM,
	  "read readv write writev pread64 preadv preadv2 pwrite64 pwritev pwritev2 lseek _llseek close close_range dup dup2 "
	  "dup3 fcntl fcntl64 ioctl pipe pipe2 eventfd eventfd2 splice tee sendfile sendfile64 copy_file_range fsync "
	  "fdatasync sync_file_range sync_file_range2 arm_sync_file_range syncfs msync fadvise64 fadvise64_64 "
	  "arm_fadvise64_64 readahead flock memfd_create cachestat mincore" },
	[SYSCALL_GROUP_POLL] = { FILTER_EPERM,
	  "poll ppoll ppoll_time64 select _newselect pselect6 pselect6_time64 epoll_create epoll_create1 epoll_ctl epoll_wait "
	  "epoll_pwait epoll_pwait2 epoll_ctl_old epoll_wait_old" },
	[SYSCALL_GROUP_FILE] = { FILTER_EPERM,
	  "open openat openat2 creat access faccessat faccessat2 stat lstat fstat newfstatat statx stat64 lstat64 fstat64 "
	  "fstatat64 oldstat oldlstat oldfstat statfs fstatfs statfs64 fstatfs64 getdents getdents64 readdir getcwd chdir "
	  "fchdir readlink readlinkat mkdir mkdirat rmdir unlink unlinkat rename renameat renameat2 link linkat symlink "
	  "symlinkat truncate truncate64 ftruncate ftruncate64 fallocate chmod fchmod fchmodat fchmodat2 utime utimes "
	  "utimensat utimensat_time64 futimesat inotify_init inotify_init1 inotify_add_watch inotify_rm_watch" },
	[SYSCALL_GROUP_XATTR_READ] = { FILTER_EPERM,
	  "getxattr lgetxattr fgetxattr listxattr llistxattr flistxattr getxattrat listxattrat" },
	[SYSCALL_GROUP_NET] = { FILTER_EPERM,
	  "socket socketpair bind listen accept accept4 connect shutdown getsockopt setsockopt getsockname getpeername send "
	  "sendto sendmsg sendmmsg recv recvfrom recvmsg recvmmsg recvmmsg_time64 socketcall" },
	[SYSCALL_GROUP_SANDBOX] = { FILTER_EPERM,
	  "seccomp landlock_create_ruleset landlock_add_rule landlock_restrict_self" },
	/* The kernel decides these by capability, finer than a filter could. */
	[SYSCALL_GROUP_SETID] = { FILTER_EPERM,
	  "setuid setuid32 setgid setgid32 setreuid setreuid32 setregid setregid32 setresuid setresuid32 setresgid "
	  "setresgid32 setgroups setgroups32 setfsuid setfsuid32 setfsgid setfsgid32 capset" },
	[SYSCALL_GROUP_CHOWN] = { FILTER_EPERM, "chown chown32 lchown lchown32 fchown fchown32 fchownat" },

	[SYSCALL_GROUP_SYSV_IPC] = { FILTER_ENOSYS,
	  "shmget shmat shmdt shmctl semget semop semctl semtimedop semtimedop_time64 msgget msgsnd msgrcv msgctl ipc" },
	[SYSCALL_GROUP_MQUEUE] = { FILTER_ENOSYS,
	  "mq_open mq_unlink mq_timedsend mq_timedsend_time64 mq_timedreceive mq_timedreceive_time64 mq_notify "
	  "mq_getsetattr" },
	[SYSCALL_GROUP_AIO] = { FILTER_ENOSYS,
	  "io_setup io_destroy io_submit io_cancel io_getevents io_pgetevents io_pgetevents_time64" },
	[SYSCALL_GROUP_MEMLOCK] = { FILTER_EPERM, "mlock mlock2 mlockall munlock munlockall" },
	[SYSCALL_GROUP_PRIORITY] = { FILTER_EPERM,
	  "setpriority nice ioprio_get ioprio_set sched_setscheduler sched_setparam sched_setattr" },
	[SYSCALL_GROUP_PKEY] = { FILTER_ENOSYS, "pkey_alloc pkey_free pkey_mprotect" },
	[SYSCALL_GROUP_XATTR_WRITE] = { FILTER_EPERM,
	  "setxattr lsetxattr fsetxattr removexattr lremovexattr fremovexattr" },
	[SYSCALL_GROUP_MISC] = { FILTER_EPERM,
	  "mknod mknodat sync process_mrelease vmsplice adjtimex clock_adjtime clock_adjtime64 remap_file_pages personality" },
	[SYSCALL_GROUP_CHROOT] = { FILTER_EPERM, "chroot" },

	[SYSCALL_GROUP_URING] = { FILTER_ENOSYS, "io_uring_setup io_uring_enter io_uring_register" },
	[SYSCALL_GROUP_DEBUG] = { FILTER_EPERM,
	  "ptrace process_vm_readv process_vm_writev kcmp pidfd_getfd process_madvise userfaultfd" },
	[SYSCALL_GROUP_NAMESPACE] = { FILTER_EPERM, "unshare setns" },
	[SYSCALL_GROUP_MOUNT] = { FILTER_EPERM, "mount umount umount2 pivot_root" },
	[SYSCALL_GROUP_MOUNT_NEW] = { FILTER_ENOSYS,
	  "open_tree open_tree_attr move_mount fsopen fsconfig fsmount fspick mount_setattr" },
	[SYSCALL_GROUP_MOUNT_VIEW] = { FILTER_ENOSYS, "statmount listmount listns" },
	[SYSCALL_GROUP_LSM] = { FILTER_ENOSYS, "lsm_get_self_attr lsm_set_self_attr lsm_list_modules" },
	[SYSCALL_GROUP_NEWER] = { FILTER_ENOSYS, "memfd_secret file_getattr file_setattr setxattrat removexattrat" },
	[SYSCALL_GROUP_NUMA] = { FILTER_EPERM,
	  "get_mempolicy set_mempolicy set_mempolicy_home_node mbind move_pages migrate_pages" },
	[SYSCALL_GROUP_KEYRING] = { FILTER_EPERM, "add_key request_key keyctl" },
	[SYSCALL_GROUP_HANDLE] = { FILTER_EPERM, "name_to_handle_at open_by_handle_at" },
	[SYSCALL_GROUP_BPF] = { FILTER_EPERM, "bpf" },
	[SYSCALL_GROUP_PERF] = { FILTER_EPERM, "perf_event_open" },
	[SYSCALL_GROUP_FANOTIFY] = { FILTER_EPERM, "fanotify_init fanotify_mark" },
	[SYSCALL_GROUP_QUOTA] = { FILTER_EPERM, "quotactl quotactl_fd" },
	[SYSCALL_GROUP_CLOCK] = { FILTER_EPERM, "clock_settime clock_settime64 settimeofday stime" },
	[SYSCALL_GROUP_MODULE] = { FILTER_EPERM,
	  "init_module finit_module delete_module create_module query_module get_kernel_syms" },
	[SYSCALL_GROUP_RAWIO] = { FILTER_EPERM,
	  "iopl ioperm modify_ldt vm86 vm86old pciconfig_iobase pciconfig_read pciconfig_write s390_pci_mmio_read "
	  "s390_pci_mmio_write rtas" },
	[SYSCALL_GROUP_ADMIN] = { FILTER_EPERM,
	  "swapon swapoff reboot kexec_load kexec_file_load acct syslog sethostname setdomainname vhangup" },
	/* Gone from the kernels, never there, or of one machine only. */
	[SYSCALL_GROUP_OLD] = { FILTER_EPERM,
	  "_sysctl afs_syscall bdflush break breakpoint cachectl ftime getpmsg gtty idle lock lookup_dcookie mpx multiplexer "
	  "nfsservctl prof profil putpmsg s390_guarded_storage s390_runtime_instr s390_sthyi security spu_create spu_run stty "
	  "subpage_prot swapcontext switch_endian syscall sysfs sysmips tuxcall ulimit uselib usr26 usr32 ustat vserver" },
};
/* clang-format on */

/* Any of these capabilities: without one of them the group is not opened; 0: none is needed. */
static const uint64_t needs[SYSCALL_GROUP_COUNT] = {
	[SYSCALL_GROUP_CHROOT] = CAP_BIT(CAP_SYS_CHROOT),
	[SYSCALL_GROUP_MOUNT] = CAP_BIT(CAP_SYS_ADMIN),
	[SYSCALL_GROUP_MOUNT_NEW] = CAP_BIT(CAP_SYS_ADMIN),
	[SYSCALL_GROUP_BPF] = CAP_BIT(CAP_BPF) | CAP_BIT(CAP_SYS_ADMIN),
	[SYSCALL_GROUP_PERF] = CAP_BIT(CAP_PERFMON) | CAP_BIT(CAP_SYS_ADMIN),
	[SYSCALL_GROUP_QUOTA] = CAP_BIT(CAP_SYS_ADMIN),
	[SYSCALL_GROUP_CLOCK] = CAP_BIT(CAP_SYS_TIME),
	[SYSCALL_GROUP_MODULE] = CAP_BIT(CAP_SYS_MODULE),
};

/* Calls that are allowed by their arguments. */
static const char *const by_arguments[] = { "socket", "clone", "ioctl", "personality", "mknod", "mknodat" };

bool filter_group_next(size_t *group, size_t *offset, struct filter_member *out)
{
	const char *s;

	if (*group == N_ELEMENTS(groups))
		return false;
	s = groups[*group].calls + *offset;
	*out = (struct filter_member){ .group = group_names[*group], .name = s, .len = strcspn(s, " ") };
	if (s[out->len] == '\0') {
		*group += 1;
		*offset = 0;
	} else {
		*offset += out->len + 1;
	}
	return true;
}

static void set_answer(uint8_t answers[FILTER_MAX_CALLS], const char *name, size_t len, enum filter_answer answer)
{
	const struct filter_call *call = filter_call_find(name, len);

	if (call && filter_call_index(call) < FILTER_MAX_CALLS)
		answers[filter_call_index(call)] = (uint8_t)answer;
}

static bool opens(size_t group, uint64_t allowed, uint64_t caps)
{
	return (allowed >> group & 1) && (!needs[group] || (needs[group] & caps));
}

void filter_group_answers(uint64_t allowed, uint64_t caps, uint8_t answers[FILTER_MAX_CALLS])
{
	struct filter_member m;
	size_t group = 0, offset = 0, at;

	memset(answers, FILTER_EPERM, FILTER_MAX_CALLS);
	while (at = group, filter_group_next(&group, &offset, &m))
		set_answer(answers, m.name, m.len, opens(at, allowed, caps) ? FILTER_ALLOW : groups[at].denied);
	for (size_t i = 0; i < N_ELEMENTS(by_arguments); i++) {
		const struct filter_call *call = filter_call_find(by_arguments[i], strlen(by_arguments[i]));
		/* Who may unshare may clone into new namespaces too. */
		bool whole = str_eq(by_arguments[i], "clone") && opens(SYSCALL_GROUP_NAMESPACE, allowed, caps);

		if (call && answers[filter_call_index(call)] == FILTER_ALLOW && !whole)
			answers[filter_call_index(call)] = FILTER_ARGS;
	}
}
