/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last stage of a launch: from the runtime's child to the payload, in the order of the table below.
 *
 * Until the last line this process is one that the container can see, so it has nothing in it: no heap of the runtime, no
 * descriptor but those named in the record, and the kernel is told not to let anybody look inside.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "init/label.h"
#include "init/pid1.h"
#include "init/privs.h"
#include "init/raw.h"
#include "init/record.h"
#include "init/skip.h"
#include "init/stage.h"

enum { F_GET_SEALS_ = 1034, SEALS = 0x2 | 0x4 | 0x8 /* SHRINK, GROW, WRITE */, CLOSE_ON_EXEC = 4 };

static bool has(const struct stage *s, uint32_t flag)
{
	return (s->record->flags & flag) != 0;
}

/* ---- the record ---- */

static int parse_fd(const char *text)
{
	int n = 0;

	if (!*text)
		return -EINVAL;
	for (; *text; text++) {
		if (*text < '0' || *text > '9' || n > 100000000)
			return -EINVAL;
		n = n * 10 + (*text - '0');
	}
	return n;
}

static int open_record(struct stage *s, const char *fd_text, struct fault *f)
{
	const char *why = "";
	struct stat st;

	int fd = parse_fd(fd_text);
	if (fd < 3)
		return fault_set(f, EINVAL, "finish record: `%s` is no descriptor", fd_text);
	if (fstat(fd, &st) < 0)
		return fault_sys(f, "finish record: descriptor %d", fd);
	/* Unsealed it could change or shrink after it has been checked. */
	int seals = fcntl(fd, F_GET_SEALS_);
	if (!S_ISREG(st.st_mode) || seals < 0 || (seals & SEALS) != SEALS)
		return fault_set(f, EPERM, "finish record: descriptor %d is not a sealed memfd", fd);
	if (st.st_size < (off_t)sizeof(struct finish_record) || st.st_size > FINISH_MAX_SIZE)
		return fault_set(f, EINVAL, "finish record: %ld bytes", (long)st.st_size);

	const void *map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		return fault_sys(f, "finish record: map it");
	(void)close(fd);
	if (record_check(map, (size_t)st.st_size, &why))
		return fault_set(f, EINVAL, "finish record: %s", why);
	s->record = map;
	s->channel = s->record->sync_fd;
	s->gate = has(s, FINISH_GATE_SOCKET) ? s->record->gate_fd : -1;
	return 0;
}

/* ---- descriptors ---- */

/* Kernels before 5.9 have no close_range(2); what `flags` may ask for came with 5.11. */
static void close_one_by_one(unsigned int first, unsigned int last, unsigned int flags)
{
	enum { HIGHEST = 1 << 16 };

	for (unsigned int fd = first; fd <= last && fd < HIGHEST; fd++) {
		if (flags)
			(void)fcntl((int)fd, F_SETFD, FD_CLOEXEC);
		else
			(void)close((int)fd);
	}
}

static void close_span(unsigned int first, unsigned int last, unsigned int flags)
{
	if (first <= last && raw_close_range(first, last, flags) < 0)
		close_one_by_one(first, last, flags);
}

/* Everything from 3 up, but the kept range and the two named. */
static void close_others(const struct stage *s, int one, int two, unsigned int flags)
{
	const struct finish_record *r = s->record;
	unsigned int next = 3;

	while (next) {
		/* The lowest thing to keep from `next` up, and what follows it. */
		unsigned int keep = ~0U, after = 0;

		if (one >= 0 && (unsigned int)one >= next && (unsigned int)one < keep)
			keep = (unsigned int)one, after = keep + 1;
		if (two >= 0 && (unsigned int)two >= next && (unsigned int)two < keep)
			keep = (unsigned int)two, after = keep + 1;
		if (r->n_kept_fds && r->first_kept_fd >= next && r->first_kept_fd < keep)
			keep = r->first_kept_fd, after = keep + r->n_kept_fds;
		if (keep > next)
			close_span(next, after ? keep - 1 : ~0U, flags);
		next = after;
	}
}

/* Nobody in the container traces us or opens /proc/<us>/fd. The payload's execve(2) undoes it. */
static int hide(struct fault *f)
{
	if (!skip_here("hide") && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return fault_sys(f, "PR_SET_DUMPABLE");
	return 0;
}

static int finish_close_inherited(struct stage *s, struct fault *f)
{
	close_others(s, s->channel, s->gate, 0);
	if (fcntl(s->channel, F_SETFD, FD_CLOEXEC) < 0)
		return fault_sys(f, "the sync socket, descriptor %d", s->channel);
	if (s->gate >= 0 && fcntl(s->gate, F_SETFD, FD_CLOEXEC) < 0)
		return fault_sys(f, "the gate, descriptor %d", s->gate);
	(void)prctl(PR_SET_NAME, "caisson-init", 0, 0, 0);	/* for ps(1): the kernel took the memfd's */
	return hide(f);
}

/* ---- limits, session, scheduling ---- */

static int finish_limits(struct stage *s, struct fault *f)
{
	const struct finish_rlimit *l = record_at(s->record, s->record->rlimits);

	for (size_t n = s->record->rlimits.len / sizeof(*l); n; n--, l++) {
		const uint64_t limit[2] = { l->soft, l->hard };

		if (syscall(SYS_prlimit64, 0, l->resource, limit, NULL) < 0)
			return fault_sys(f, "rlimit %u to %lu, %lu", l->resource, (unsigned long)l->soft,
					 (unsigned long)l->hard);
	}
	return 0;
}

static int finish_session(struct stage *s, struct fault *f)
{
	if (has(s, FINISH_NEW_SESSION) && setsid() < 0 && getsid(0) != getpid())
		return fault_sys(f, "setsid");
	if (has(s, FINISH_TERMINAL) && ioctl(STDIN_FILENO, TIOCSCTTY, 0) < 0)
		return fault_sys(f, "make standard input the controlling terminal");
	return 0;
}

static int finish_scheduling(struct stage *s, struct fault *f)
{
	const struct finish_record *r = s->record;
	/* struct sched_attr, second version (Linux 5.3), without which the UTIL_CLAMP flags are refused. OCI has no values for
	 * these; 0 is what runc and crun give. */
	const struct {
		uint32_t size, policy;
		uint64_t flags;
		int32_t nice;
		uint32_t priority;
		uint64_t runtime, deadline, period;
		uint32_t util_min, util_max;
	} attr = { 56, (uint32_t)r->sched_policy, r->sched_flags, r->sched_nice, (uint32_t)r->sched_priority, r->sched_runtime,
		   r->sched_deadline, r->sched_period, 0, 0 };

	if (has(s, FINISH_HAS_PERSONALITY) && !skip_here("personality") && syscall(SYS_personality, (unsigned long)r->personality) < 0)
		return fault_sys(f, "personality 0x%lx", (unsigned long)r->personality);
	if (has(s, FINISH_HAS_SCHEDULER) && !skip_here("scheduler") && syscall(SYS_sched_setattr, 0, &attr, 0) < 0)
		return fault_sys(f, "scheduler: policy %d, nice %d, priority %d", r->sched_policy, r->sched_nice, r->sched_priority);
	if (has(s, FINISH_HAS_IO_PRIO) && !skip_here("io priority") && syscall(SYS_ioprio_set, 1 /* IOPRIO_WHO_PROCESS */, 0, r->io_prio) < 0)
		return fault_sys(f, "io priority %d", r->io_prio);
	return 0;
}

static int finish_memory_policy(struct stage *s, struct fault *f)
{
	const struct finish_record *r = s->record;
	const unsigned long bits = (unsigned long)r->memory_nodes.len * 8;

	if (!has(s, FINISH_HAS_MEMORY_POLICY) || skip_here("memory policy"))
		return 0;
	/* The kernel takes one bit less than it is told. */
	if (syscall(SYS_set_mempolicy, (long)(r->memory_mode | r->memory_flags), bits ? record_at(r, r->memory_nodes) : NULL,
		    bits ? bits + 1 : 0) < 0)
		return fault_sys(f, "linux.memoryPolicy: mode %u, flags 0x%x (a mode that this kernel does not know, or no such "
				 "node is online or allowed by the cpuset)", r->memory_mode, r->memory_flags);
	return 0;
}

/* ---- keyring ---- */

/* "keyring;uid;gid;PERM;name" */
static uint32_t described_permissions(const char *text)
{
	uint32_t n = 0;
	int fields = 0;

	for (; *text && fields < 3; text++)
		fields += *text == ';';
	for (; *text && *text != ';'; text++) {
		char c = *text;
		n = n << 4 | (uint32_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
	}
	return n;
}

static int join_keyring(const char *name)
{
	enum { JOIN = 1, SETPERM = 5, DESCRIBE = 6, USER_SEARCH = 0x80000 };
	char text[256] = "";

	long ring = syscall(SYS_keyctl, JOIN, name);
	if (ring < 0)
		return -1;
	/* The payload's user may look for keys in it; the ring itself belongs to whoever we were. */
	if (syscall(SYS_keyctl, DESCRIBE, ring, text, sizeof(text) - 1) < 0)
		return -1;
	return (int)syscall(SYS_keyctl, SETPERM, ring, described_permissions(text) | USER_SEARCH);
}

/* With a label the ring has the payload's own: another domain's would be closed to it. */
static int finish_keyring(struct stage *s, struct fault *f)
{
	if (!has(s, FINISH_NEW_KEYRING))
		return 0;
	const char *name = record_text(s->record, s->record->keyring);
	bool labelled = s->record->selinux.len;
	int rc = labelled ? label_keys(record_text(s->record, s->record->selinux), f) : 0;
	if (rc)
		return rc;
	if (join_keyring(name) == 0)
		return labelled ? label_keys("\n", f) : 0;
	if (has(s, FINISH_KEYRING_OPTIONAL) && (errno == ENOSYS || errno == EDQUOT || errno == EPERM)) {
		s->no_keyring = true;
		return 0;
	}
	return fault_sys(f, "session keyring %s", name);
}

/* Nobody else can see which ring a process has, and the filter to come may well forbid to ask. "keyring;uid;gid;PERM;name" */
static int finish_check_keyring(struct stage *s, struct fault *f)
{
	enum { DESCRIBE = 6, SESSION = -3 };
	const char *name = record_text(s->record, s->record->keyring);
	char text[2048] = "";

	if (!has(s, FINISH_NEW_KEYRING) || s->no_keyring)
		return 0;
	long n = syscall(SYS_keyctl, DESCRIBE, SESSION, text, sizeof(text) - 1);
	if (n < 0 && errno != ENOKEY)
		return 0; /* a security module that lets nobody look */
	long at = n - (long)s->record->keyring.len; /* both count the NUL */
	if (at > 0 && text[at - 1] == ';' && strcmp(text + at, name) == 0)
		return 0;
	return fault_set(f, EPERM, "the session keyring is not the container's own");
}

/* ---- label, filters, privileges ---- */

static int finish_label(struct stage *s, struct fault *f)
{
	const struct finish_record *r = s->record;

	if (!r->apparmor.len && !r->selinux.len)
		return 0;
	return label_exec(r->apparmor.len ? record_text(r, r->apparmor) : NULL,
			  r->selinux.len ? record_text(r, r->selinux) : NULL, f);
}

/* Without no_new_privs a filter needs CAP_SYS_ADMIN, which is about to go. */
static int finish_filter_early(struct stage *s, struct fault *f)
{
	return has(s, FINISH_NO_NEW_PRIVS) ? 0 : filters_install(s, f);
}

static struct privs privs_of(const struct finish_record *r)
{
	return (struct privs){
		.has_ids = true,
		.has_groups = (r->flags & FINISH_HAS_GROUPS) != 0,
		.has_caps = (r->flags & FINISH_HAS_CAPS) != 0,
		.has_umask = (r->flags & FINISH_HAS_UMASK) != 0,
		.no_new_privs = (r->flags & FINISH_NO_NEW_PRIVS) != 0,
		.non_root = (r->flags & FINISH_NON_ROOT) != 0,
		.uid = r->uid,
		.gid = r->gid,
		.umask = r->umask,
		.securebits = r->securebits,
		.groups = record_at(r, r->groups),
		.n_groups = r->groups.len / sizeof(uint32_t),
		.bounding = r->cap_bounding,
		.effective = r->cap_effective,
		.permitted = r->cap_permitted,
		.inheritable = r->cap_inheritable,
		.ambient = r->cap_ambient,
	};
}

static int finish_drop_privileges(struct stage *s, struct fault *f)
{
	const struct privs p = privs_of(s->record);
	int rc = privs_apply(&p, f);

	/* A change of user sets it to what fs.suid_dumpable says. */
	return rc ? rc : hide(f);
}

static int finish_check_identity(struct stage *s, struct fault *f)
{
	const struct privs p = privs_of(s->record);
	int rc = privs_check(&p, f);

	if (!rc && has(s, FINISH_DENY_WRITE_EXEC) && !memory_is_guarded())
		rc = fault_set(f, EPERM, "memory may be written and executed, and should not");
	if (!rc && s->record->landlock.len && !s->landlock_layers)
		rc = fault_set(f, EPERM, "no Landlock layer holds, and one should");
	return !rc && prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 1 ? fault_set(f, EPERM, "others may still look into this process") : rc;
}

/* ---- where and what ---- */

/* "(unreachable)/...": a descriptor that leads out of the container (CVE-2024-21626). */
static bool is_inside(const char *cwd)
{
	return cwd[0] == '/';
}

/* Before a filter that may refuse getcwd(2), and still with every right; what is wrong here is said by finish_enter_cwd. */
static int finish_look_at_cwd(struct stage *s, struct fault *f)
{
	char now[PROGRAM_PATH];
	struct stat st;

	(void)f;
	if (has(s, FINISH_NO_NEW_PRIVS) || !s->record->cwd.len || chdir(record_text(s->record, s->record->cwd)) < 0 ||
	    raw_getcwd(now, sizeof(now)) < 0 || !is_inside(now) || stat(".", &st) < 0)
		return 0;
	s->have_cwd = true;
	s->cwd_dev = st.st_dev;
	s->cwd_ino = st.st_ino;
	return 0;
}

static bool is_seen_cwd(const struct stage *s)
{
	struct stat st;

	return s->have_cwd && stat(".", &st) == 0 && st.st_dev == s->cwd_dev && st.st_ino == s->cwd_ino;
}

static int finish_enter_cwd(struct stage *s, struct fault *f)
{
	char now[PROGRAM_PATH];

	if (!s->record->cwd.len)
		return 0;
	const char *cwd = record_text(s->record, s->record->cwd);
	if (chdir(cwd) < 0)
		return fault_sys(f, "chdir to cwd (\"%s\") set in config.json failed", cwd);
	long len = raw_getcwd(now, sizeof(now));
	if (len < 0)
		return is_seen_cwd(s) ? 0 : fault_sys(f, "cwd %s: where is it", cwd);
	if (!is_inside(now))
		return fault_set(f, EPERM, "cwd %s is outside of the container's root", cwd);
	return 0;
}

/* The last one, as bash and runc have it. */
static const char *search_path_of(const struct finish_record *r)
{
	const char *found = NULL, *at = record_text(r, r->env), *end = at + r->env.len;

	for (; at < end; at += strlen(at) + 1)
		if (!strncmp(at, "PATH=", 5))
			found = at + 5;
	return found;
}

static int finish_find_program(struct stage *s, struct fault *f)
{
	const struct finish_record *r = s->record;

	if (has(s, FINISH_NO_PAYLOAD))
		return 0;
	return program_find(record_text(r, r->argv), search_path_of(r), s->path, f);
}

/* ---- the end ---- */

union vector { const char **strings; char *const *exec; };
struct words { union vector argv, env; size_t size; };

static const char **point(const char **out, const struct finish_record *r, struct finish_span span)
{
	const char *at = record_text(r, span), *end = at + span.len;

	for (; at < end; at += strlen(at) + 1)
		*out++ = at;
	*out++ = NULL;
	return out;
}

/* NULL, with f set, when there is no memory. */
static const char **make_words(const struct stage *s, struct words *w, struct fault *f)
{
	const struct finish_record *r = s->record;
	size_t n = record_count_strings(record_text(r, r->argv), r->argv.len);

	n += r->env.len ? record_count_strings(record_text(r, r->env), r->env.len) : 0;
	w->size = (n + 2) * sizeof(char *);
	const char **at = mmap(NULL, w->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (at == MAP_FAILED) {
		(void)fault_sys(f, "memory for %lu words", (unsigned long)n);
		return NULL;
	}
	w->argv.strings = at;
	w->env.strings = point(at, r, r->argv);
	(void)point(w->env.strings, r, r->env);
	return at;
}

/* Comes back only when it fails. From the filter on: write or sendto, execve, exit_group. */
static int exec_payload(struct stage *s, const struct words *w, struct fault *f)
{
	struct program_clue clue;

	program_look(s->path, &clue);
	if (gate_say_exec(s, f))
		return -f->code;
	close_others(s, -1, -1, CLOSE_ON_EXEC);
	signals_reset(0);
	if (has(s, FINISH_NO_NEW_PRIVS) && !skip_here("late filter")) {
		int rc = filters_install(s, f);
		if (rc)
			return fault_wrap(f, "filter system calls");
	}
	execve(s->path, w->argv.exec, w->env.exec);
	return program_explain(w->argv.strings[0], errno, &clue, f);
}

static int read_options(const struct stage *s, struct pid1 *p, struct fault *f)
{
	const struct finish_record *r = s->record;
	const char *at = record_text(r, r->init_options), *end = at + r->init_options.len;
	int rc = 0;

	pid1_init(p, "caisson-init");
	p->new_session = p->to_group = p->hang_up = true;
	p->rewrite[SIGTSTP] = p->rewrite[SIGTTIN] = p->rewrite[SIGTTOU] = SIGSTOP;
	for (; at < end && !rc; at += strlen(at) + 1)
		rc = pid1_option(p, at, f);
	return rc;
}

/* The payload's environment is no business of PID 1, and its pages count. */
static void forget(struct stage *s, const struct words *w)
{
	union { const struct finish_record *in; void *out; } record = { s->record };

	(void)munmap(w->argv.strings, w->size);
	(void)munmap(record.out, s->record->size);
	s->record = NULL;
}

/* PID 1 stays: it holds the same ids and capabilities as the payload, no descriptor but the standard three. */
static int stay_as_pid1(struct stage *s, const struct words *w, struct fault *f)
{
	struct pid1 p;

	int rc = read_options(s, &p, f);
	if (rc)
		return rc;
	pid_t child = pid1_fork(&p, f);
	if (child < 0)
		return child;
	if (child == 0) {
		(void)exec_payload(s, w, f);	/* came back: f says why */
		gate_report(s, f);
		_exit(f->status ? f->status : FAULT_OTHER);
	}
	close_span(3, ~0U, 0);
	s->channel = -1;
	/*
	 * Not under the payload's filter, which may forbid what we live on. So the payload must not be able to steer us
	 * with ptrace(2): we stay undumpable, unless there is no late filter to get around.
	 */
	if (!s->record->filters.len || !has(s, FINISH_NO_NEW_PRIVS))
		(void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	forget(s, w);
	_exit(pid1_watch(&p, child));
}

static int finish_become_payload(struct stage *s, struct fault *f)
{
	struct words w = { .argv = { NULL } };

	if (!make_words(s, &w, f))
		return -f->code;
	return has(s, FINISH_PID1) ? stay_as_pid1(s, &w, f) : exec_payload(s, &w, f);
}

/* clang-format off */
static const struct {
	const char *doing;	/* put in front of what went wrong; NULL: the text is a whole */
	int (*run)(struct stage *, struct fault *);
} finish_steps[] = {
	{ "close what was inherited",	 finish_close_inherited },
	{ "apply limits",		 finish_limits          },	/* while CAP_SYS_RESOURCE is still ours */
	{ "start a session",		 finish_session         },
	{ "set the scheduling",		 finish_scheduling      },	/* CAP_SYS_NICE */
	{ NULL,				 finish_memory_policy   },
	{ "join a new keyring",		 finish_keyring         },
	{ "check the keyring",		 finish_check_keyring   },
	{ "label the exec",		 finish_label           },
	{ NULL,				 finish_look_at_cwd     },
	{ "restrict paths",		 landlock_restrict      },	/* what it names is found while all rights are ours */
	{ "deny write and execute",	 memory_guard           },	/* before a filter that may know no prctl(2) */
	{ "filter system calls",	 finish_filter_early    },	/* without no_new_privs: CAP_SYS_ADMIN */
	{ "drop privileges",		 finish_drop_privileges },
	{ "check the identity",		 finish_check_identity  },
	{ NULL,				 finish_enter_cwd       },	/* as the user; texts that engines know */
	{ NULL,				 finish_find_program    },
	{ "say ready",			 gate_ready             },
	{ "wait for start",		 gate_wait              },
	{ NULL,				 starthooks_run         },
	{ NULL,				 finish_become_payload  },	/* with no_new_privs the filter is its last act */
};
/* clang-format on */

int finish_main(char *argv[])
{
	struct stage s = { .channel = -1, .gate = -1 };
	struct fault f = { 0 };

	int rc = open_record(&s, argv[2], &f);
	/* What ps(1) shows of PID 1 is then the name alone. */
	memset(argv[1], 0, strlen(argv[1]));
	memset(argv[2], 0, strlen(argv[2]));
	for (size_t i = 0; i < sizeof(finish_steps) / sizeof(finish_steps[0]) && !rc && s.record; i++) {
		if (finish_steps[i].doing && skip_here(finish_steps[i].doing))
			continue;
		rc = finish_steps[i].run(&s, &f);
		if (rc && f.text[0] && finish_steps[i].doing)
			(void)fault_wrap(&f, "%s", finish_steps[i].doing);
	}
	gate_report(&s, &f);
	return f.status ? f.status : FAULT_OTHER;
}
