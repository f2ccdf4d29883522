/* SPDX-License-Identifier: Apache-2.0 */
/*
 * init/finish.h - the finish record: all that caisson-init is told as the last stage of a launch.
 *
 * The runtime writes it into a sealed memfd; caisson-init finds it on the descriptor that its argv names:
 *
 *     argv = { "caisson-init", "\1finish", "<fd>" }
 *
 * One fixed header, then a blob that spans point into. No pointers. caisson-init checks every byte: magic, version, that
 * size is the file's size, that each span lies within it, is aligned where it holds numbers, and that text spans end in
 * NUL. Numbers are in the machine's byte order: both sides are the same build.
 *
 * Order in caisson-init (design.md section 3): rlimits; session, terminal and stdio; keyring; LSM label; seccomp early
 * (no_new_privs off); bounding set, groups, gid, uid, umask, capabilities, securebits, no_new_privs, ambient;
 * identity check; READY on the sync socket; the gate; startContainer hooks; seccomp late (no_new_privs on); exec.
 */
#ifndef CAISSON_INIT_FINISH_H
#define CAISSON_INIT_FINISH_H

#include <stdint.h>

#define FINISH_MAGIC   UINT32_C(0x31534943) /* "CIS1" */
#define FINISH_VERSION UINT32_C(3)
#define FINISH_ARGV1   "\1finish"
enum { FINISH_MAX_SIZE = 8 * 1024 * 1024 };

struct finish_span { uint32_t off, len; };	/* bytes from the start of the record; len 0 = absent */

/* A line of `landlock`: this header, then text_len bytes of an absolute path with its NUL, padded with zeros to 8. LAYER first, then its rules. */
enum finish_landlock_kind {
	FINISH_LANDLOCK_LAYER,	/* access, net: what the layer handles */
	FINISH_LANDLOCK_NAMED,	/* the path as it is, past no symbolic link */
	FINISH_LANDLOCK_MOUNT,	/* only if a mount's root is there, and not the container's root */
	FINISH_LANDLOCK_DEVICE,	/* only if it is a device, or a directory of them */
	FINISH_LANDLOCK_PORT,	/* access: the port, net: what is allowed */
	FINISH_LANDLOCK_KINDS,
};
struct finish_landlock { uint32_t kind, text_len; uint64_t access, net; };

enum finish_flag {
	FINISH_NO_NEW_PRIVS  = 1 << 0,
	FINISH_HAS_CAPS	     = 1 << 1,	/* the five sets hold; otherwise capabilities are left alone */
	FINISH_HAS_UMASK     = 1 << 2,
	FINISH_HAS_GROUPS    = 1 << 3,	/* call setgroups(2), with 0 groups too */
	FINISH_NON_ROOT	     = 1 << 4,	/* identity check: no id may be 0 after the switch */
	FINISH_PID1	     = 1 << 5,	/* stay as PID 1: fork the payload, forward signals, reap */
	FINISH_GATE_SOCKET   = 1 << 6,	/* gate_fd is a listening unix socket; else the sync socket is the gate */
	FINISH_NEW_SESSION   = 1 << 7,	/* setsid(2) */
	FINISH_TERMINAL	     = 1 << 8,	/* stdin is a terminal: TIOCSCTTY after setsid */
	FINISH_NEW_KEYRING   = 1 << 9,	/* keyctl JOIN_SESSION_KEYRING with the name in `keyring` */
	FINISH_HAS_SCHEDULER = 1 << 10,
	FINISH_HAS_IO_PRIO   = 1 << 11,
	FINISH_HAS_PERSONALITY = 1 << 12,
	FINISH_KEYRING_OPTIONAL = 1 << 14, /* ENOSYS, EDQUOT and EPERM from keyctl are not errors */
	FINISH_HAS_MEMORY_POLICY = 1 << 15,
	FINISH_DENY_WRITE_EXEC = 1 << 17, /* PR_SET_MDWE: no memory is written and executed, for the payload and what it runs */
	FINISH_NO_PAYLOAD    = 1 << 16,	/* a container without a process: argv is not looked for, and GO is an error */
};

struct finish_rlimit { uint32_t resource, zero; uint64_t soft, hard; };

/* One seccomp program in `filters`: this header, then count struct sock_filter (8 bytes each). Programs follow each other
 * without gaps and are installed in order. */
struct finish_filter {
	uint32_t count, flags;	/* flags: SECCOMP_FILTER_FLAG_* without NEW_LISTENER */
	uint32_t notify;	/* 1: install with NEW_LISTENER and send the descriptor over the sync socket (FINISH_MSG_LISTENER)
				 * and close it. Only one program may */
	uint32_t zero;
};

/* One startContainer hook in `hooks`: this header, then text_len bytes: path NUL, argc strings NUL-terminated, envc strings
 * NUL-terminated; padded with zeros to 8 bytes. */
struct finish_hook { uint32_t argc, envc, timeout /* seconds, 0 = none */, text_len; };

struct finish_record {
	uint32_t magic, version, size, flags;
	uint32_t uid, gid, umask, securebits;
	uint64_t cap_bounding, cap_effective, cap_permitted, cap_inheritable, cap_ambient;
	int32_t sync_fd;	/* connected SOCK_SEQPACKET to the runtime; closed before the payload runs */
	int32_t gate_fd;	/* FINISH_GATE_SOCKET, else -1 */
	uint32_t first_kept_fd, n_kept_fds; /* --preserve-fds, LISTEN_FDS: 3 .. stay open; everything else is closed */
	uint64_t personality;
	int32_t sched_policy, sched_nice, sched_priority, io_prio; /* io_prio: value for ioprio_set(2) */
	uint64_t sched_flags, sched_runtime, sched_deadline, sched_period;
	uint32_t memory_mode, memory_flags;	/* MPOL_*, MPOL_F_* */
	struct finish_span argv;	/* NUL-terminated strings, at least one */
	struct finish_span env;		/* NUL-terminated strings */
	struct finish_span cwd;		/* one string */
	struct finish_span groups;	/* uint32_t */
	struct finish_span rlimits;	/* struct finish_rlimit */
	struct finish_span apparmor, selinux; /* one string: written to /proc/self/attr/apparmor/exec (or attr/exec) */
	struct finish_span keyring;	/* one string */
	struct finish_span filters;	/* struct finish_filter + programs */
	struct finish_span hooks;	/* struct finish_hook + text */
	struct finish_span hook_state;	/* JSON for the hooks' standard input, no NUL needed */
	struct finish_span memory_nodes;/* uint64_t: bits */
	struct finish_span landlock;	/* struct finish_landlock + text */
	struct finish_span init_options;/* FINISH_PID1: "drain=SECONDS" etc., NUL-terminated strings; may be absent */
};

/*
 * Messages on the sync socket (SOCK_SEQPACKET, one packet each). From caisson-init:
 *   READY     struct finish_ready: every step is done and the identity check has held; the runtime reads the kernel's view back,
 *             and takes from here what the kernel tells to nobody but the process itself
 *   LISTENER  with one descriptor: the seccomp listener; comes before READY (early) or between GO and the exec (late)
 *   ERROR     struct finish_error, as much of it as its text fills; init then exits with `status`, which is what the command should exit with when
 *             nothing else rules: 127 not found, 126 not executable, 255 otherwise
 *   EXEC      the last thing before the late filter and the exec
 * To caisson-init, one byte: KEEP with FINISH_GATE_SOCKET, GO when the sync socket is the gate.
 * End of file after EXEC, without ERROR: the exec happened (close-on-exec).
 *
 * With FINISH_GATE_SOCKET, init waits after READY for KEEP, with which the runtime says that all is written down and that it goes:
 * a runtime that dies before takes the process with it, which nobody would know of. Then the sync socket is closed, and `start`
 * connects to the gate; init accepts, takes only a peer whose SO_PEERCRED uid is 0 or the uid that owns the socket's other end as the kernel shows it
 * inside (a user namespace shows the overflow uid: allowed too, the socket's directory guards it), reads GO, runs the
 * startContainer hooks, and execs. What it says then, EXEC and ERROR, goes over the connection. With
 * LISTENER due late it is sent over the connection.
 */
enum finish_msg {
	FINISH_MSG_READY = 'R',
	FINISH_MSG_LISTENER = 'L',
	FINISH_MSG_ERROR = 'E',
	FINISH_MSG_GO = 'G',
	FINISH_MSG_KEEP = 'K',
	FINISH_MSG_EXEC = 'X',
};
struct finish_ready {
	uint8_t msg;		/* FINISH_MSG_READY */
	uint8_t deny_write_exec;/* 1: PR_GET_MDWE says that it is on */
	uint8_t landlock_layers; /* enforced */
	uint8_t zero;
};
enum { FINISH_ERROR_TEXT = 5116 };
struct finish_error {
	uint8_t msg;		/* FINISH_MSG_ERROR */
	uint8_t status;
	uint16_t zero;
	int32_t code;		/* errno */
	char text[FINISH_ERROR_TEXT]; /* one line; the packet ends with it, a NUL is not needed */
};

#endif
