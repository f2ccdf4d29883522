/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "init/builtin.h"
#include "init/image.h"
#include "init/options.h"
#include "init/privs.h"
#include "init/program.h"
#include "init/raw.h"

enum { MAX_INSNS = 4096, STATUS_REFUSED = 1 };

/* ---- seccomp ---- */

static int find_builtin(const char *name, struct raw_filter *out, struct fault *f)
{
	for (const struct init_builtin_filter *b = init_builtin_filters; b->name; b++) {
		if (!strcmp(b->name, name)) {
			*out = (struct raw_filter){ (uint16_t)b->count, b->insns };
			return 0;
		}
	}
	return fault_set(f, ENOENT, "--seccomp: no filter named @%s is built in", name);
}

static int load_filter(const char *from, struct raw_filter *out, struct fault *f)
{
	struct stat st = { 0 };
	int rc = 0;

	if (*from == '@')
		return find_builtin(from + 1, out, f);
	int fd = open(from, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return fault_sys(f, "--seccomp %s", from);
	if (fstat(fd, &st) < 0)
		rc = fault_sys(f, "--seccomp %s", from);
	else if (!S_ISREG(st.st_mode) || st.st_size <= 0 || st.st_size % 8 || st.st_size / 8 > MAX_INSNS)
		rc = fault_set(f, EINVAL, "--seccomp %s: not a compiled filter (1 to %d instructions of 8 bytes)", from, MAX_INSNS);
	/* A copy: the kernel checks the program, but we should not be killed by a file that shrinks. */
	void *to = rc ? MAP_FAILED :
			mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (!rc && to == MAP_FAILED)
		rc = fault_sys(f, "--seccomp %s: memory", from);
	if (!rc && read(fd, to, (size_t)st.st_size) != st.st_size)
		rc = fault_set(f, EIO, "--seccomp %s: cannot be read whole", from);
	(void)close(fd);
	if (!rc)
		*out = (struct raw_filter){ (uint16_t)(st.st_size / 8), to };
	return rc;
}

/* ---- before the fork ---- */

static int check_read_only(const struct options *o, struct fault *f)
{
	struct statvfs fs;

	if (!o->read_only)
		return 0;
	if (statvfs("/", &fs) < 0)
		return fault_sys(f, "--read-only: /");
	if (!(fs.f_flag & ST_RDONLY))
		return fault_set(f, EROFS, "--read-only: the root file system is writable; start the container with --read-only");
	return 0;
}

static int check_caps_are_ours(uint64_t want, struct fault *f)
{
	struct raw_cap_data now[2];

	if (raw_capget(now) < 0)
		return fault_sys(f, "--caps: read our own");
	uint64_t missing = want & ~((uint64_t)now[1].permitted << 32 | now[0].permitted);
	for (int cap = 0; cap <= RAW_CAP_MAX; cap++)
		if (missing >> cap & 1)
			return fault_set(f, EPERM, "--caps: capability %d is not ours to keep; the container was started without it", cap);
	return 0;
}

/* We hold what the child holds and no more: the rest is for nobody. */
static int drop_privileges(const struct options *o, struct fault *f)
{
	struct privs p = {
		.has_ids = o->has_user,
		.has_groups = o->has_user,
		.has_caps = o->has_caps,
		.no_new_privs = o->no_new_privs,
		.uid = o->uid,
		.gid = o->gid,
		.groups = o->groups,
		.n_groups = o->n_groups,
		.bounding = o->caps,
		.effective = o->caps,
		.permitted = o->caps,
	};

	/* Root regains the bounding set at exec; another user needs the ambient set for that. */
	if (o->has_caps && (o->has_user ? o->uid : getuid()) != 0)
		p.inheritable = p.ambient = o->caps;
	int rc = o->has_caps ? check_caps_are_ours(o->caps, f) : 0;
	if (!rc)
		rc = privs_apply(&p, f);
	if (!rc)
		rc = privs_check(&p, f);
	return rc;
}

static int prepare(const struct options *o, struct raw_filter *filter, struct fault *f)
{
	int rc = check_read_only(o, f);

	if (!rc && o->seccomp)
		rc = load_filter(o->seccomp, filter, f);
	if (!rc && o->subreaper && prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		rc = fault_sys(f, "become a subreaper");
	if (!rc)
		rc = drop_privileges(o, f);
	/* The child could undo its filter through us, with ptrace(2). */
	if (!rc && o->seccomp && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		rc = fault_sys(f, "PR_SET_DUMPABLE");
	/* After the switch of user, which clears it. */
	if (!rc && o->parent_death && prctl(PR_SET_PDEATHSIG, o->parent_death, 0, 0, 0) < 0)
		rc = fault_sys(f, "parent-death signal %d", o->parent_death);
	return rc;
}

/* ---- the child ---- */

static void child_exec(const struct options *o, const struct raw_filter *filter)
{
	extern char **environ;
	struct program_clue clue;
	char path[PROGRAM_PATH];
	struct fault f = { 0 };

	int rc = program_find(o->command[0], getenv("PATH"), path, &f);
	if (!rc) {
		program_look(path, &clue);
		(void)raw_sigmask(SIG_SETMASK, o->pid1.mask, NULL);
		if (filter->count && raw_seccomp(0, filter) < 0) {
			(void)fault_sys(&f, "--seccomp %s", o->seccomp);
		} else {
			execve(path, o->command, environ);
			(void)program_explain(o->command[0], errno, &clue, &f);
		}
	}
	fault_say("[%s] %s", o->name, f.text);
	_exit(f.status ? f.status : FAULT_NOT_EXECUTABLE);
}

int image_main(char *const argv[], uint64_t mask)
{
	struct raw_filter filter = { 0, NULL };
	struct options o;
	struct fault f = { 0 };
	pid_t child = -1;

	int rc = options_parse(&o, argv, &f);
	if (!rc && o.wish != WISH_RUN) {
		options_answer(&o);
		return 0;
	}
	if (!rc)
		rc = options_from_environment(&o, &f);
	/* dumb-init unblocks everything for its child; tini hands on what it was given. */
	o.pid1.mask = o.dialect == DIALECT_TINI ? mask : 0;
	if (!rc && getpid() != 1 && !o.subreaper && o.dialect == DIALECT_TINI && o.pid1.verbosity >= 1)
		fault_say("[%s] neither PID 1 nor a subreaper (-s): orphans go elsewhere and are not reaped here", o.name);
	if (!rc)
		rc = prepare(&o, &filter, &f);
	if (!rc)
		child = pid1_fork(&o.pid1, &f);
	if (rc || child < 0) {
		fault_say("[%s] %s", o.name, f.text);
		return STATUS_REFUSED;
	}
	if (child == 0)
		child_exec(&o, &filter);
	return pid1_watch(&o.pid1, child);
}
