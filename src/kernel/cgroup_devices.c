/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which devices may be opened and made: the document's rules in their order, then the devices every
 * container has. v1 takes a list of exceptions from one default, v2 a program.
 *
 * Not among the defaults, unlike with other runtimes: tun (10:200). And the host's own console
 * (5:1) neither, because a container's /dev/console is a pty.
 */
#include <asm/resource.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/fd.h"
#include "base/str.h"
#include "kernel/cgroup_internal.h"

static const struct cgroup_device default_devices[] = {
	{ 'c', -1,  -1, CGROUP_DEV_MKNOD, true },
	{ 'b', -1,  -1, CGROUP_DEV_MKNOD, true },
	{ 'c', 1,   3,  CGROUP_DEV_ALL,   true },	/* null */
	{ 'c', 1,   5,  CGROUP_DEV_ALL,   true },	/* zero */
	{ 'c', 1,   7,  CGROUP_DEV_ALL,   true },	/* full */
	{ 'c', 1,   8,  CGROUP_DEV_ALL,   true },	/* random */
	{ 'c', 1,   9,  CGROUP_DEV_ALL,   true },	/* urandom */
	{ 'c', 5,   0,  CGROUP_DEV_ALL,   true },	/* tty */
	{ 'c', 5,   2,  CGROUP_DEV_ALL,   true },	/* ptmx */
	{ 'c', 136, -1, CGROUP_DEV_ALL,   true },	/* pts */
};

int cgroup_device_rules(const struct resources *r, struct cgroup_device **out, size_t *n,
			struct err *e)
{
	size_t total = r->devices.n + N_ELEMENTS(default_devices);
	struct cgroup_device *v;

	if (r->devices.n > CGROUP_DEVICE_RULES_MAX)
		return err_set(e, E2BIG, "linux.resources.devices: has %zu rules, more than %d",
			       r->devices.n, CGROUP_DEVICE_RULES_MAX);
	v = calloc(total, sizeof(*v));
	if (!v)
		return err_set(e, ENOMEM, "linux.resources.devices: out of memory");
	for (size_t i = 0; i < r->devices.n; i++) {
		const struct device_rule *d = &r->devices.v[i];

		v[i] = (struct cgroup_device){
			.type = d->type, .major = d->major, .minor = d->minor, .allow = d->allow,
			.access = (d->r ? CGROUP_DEV_READ : 0u) | (d->w ? CGROUP_DEV_WRITE : 0u) |
				  (d->m ? CGROUP_DEV_MKNOD : 0u),
		};
	}
	memcpy(v + r->devices.n, default_devices, sizeof(default_devices));
	*out = v;
	*n = total;
	return 0;
}

void cgroup_device_text(const struct cgroup_device *d, char out[64])
{
	char major[24] = "*", minor[24] = "*";

	if (d->major >= 0)
		snprintf(major, sizeof(major), "%" PRId64, d->major);
	if (d->minor >= 0)
		snprintf(minor, sizeof(minor), "%" PRId64, d->minor);
	snprintf(out, 64, "%c %s:%s %s%s%s", d->type, major, minor,
		 d->access & CGROUP_DEV_READ ? "r" : "", d->access & CGROUP_DEV_WRITE ? "w" : "",
		 d->access & CGROUP_DEV_MKNOD ? "m" : "");
}

/* ---- v1: a default and exceptions ---- */

struct fold { bool allow; size_t n; struct cgroup_device *v; };

static bool number_within(int64_t inner, int64_t outer)
{
	return outer < 0 || inner == outer;
}

/* Is every device of a also one of b? */
static bool within(const struct cgroup_device *a, const struct cgroup_device *b)
{
	return a->type == b->type && number_within(a->major, b->major) &&
	       number_within(a->minor, b->minor);
}

static bool overlap(const struct cgroup_device *a, const struct cgroup_device *b)
{
	return a->type == b->type && (a->major < 0 || b->major < 0 || a->major == b->major) &&
	       (a->minor < 0 || b->minor < 0 || a->minor == b->minor);
}

static void fold_exception(struct fold *f, const struct cgroup_device *d)
{
	for (size_t i = 0; i < f->n; i++) {
		if (within(d, &f->v[i]) && within(&f->v[i], d)) {
			f->v[i].access |= d->access;
			return;
		}
	}
	f->v[f->n++] = *d;
}

/* A rule that says what the default says takes exceptions back; one that would split an exception
 * cannot be expressed. */
static int fold_default(struct fold *f, const struct cgroup_device *d, bool document, struct err *e)
{
	size_t kept = 0;

	for (size_t i = 0; i < f->n; i++) {
		struct cgroup_device *x = &f->v[i];
		char rule[64], wider[64];

		if (overlap(d, x) && (d->access & x->access)) {
			if (within(x, d)) {
				x->access &= ~d->access;
			} else if (document) {
				cgroup_device_text(d, rule);
				cgroup_device_text(x, wider);
				return err_set(e, EINVAL,
					       "linux.resources.devices: cgroup v1 cannot %s '%s' inside "
					       "the wider rule '%s'",
					       d->allow ? "allow" : "deny", rule, wider);
			}
		}
		if (x->access)
			f->v[kept++] = *x;
	}
	f->n = kept;
	return 0;
}

static int fold_one(struct fold *f, const struct cgroup_device *d, bool document, struct err *e)
{
	struct cgroup_device both[2] = { *d, *d };

	if (d->access == 0)
		return 0;
	if (d->type != 'a') {
		if (d->allow == f->allow)
			return fold_default(f, d, document, e);
		fold_exception(f, d);
		return 0;
	}
	if (d->major < 0 && d->minor < 0 && d->access == CGROUP_DEV_ALL) {
		f->allow = d->allow;
		f->n = 0;
		return 0;
	}
	both[0].type = 'b';
	both[1].type = 'c';
	int r = fold_one(f, &both[0], document, e);
	return r < 0 ? r : fold_one(f, &both[1], document, e);
}

int cgroup_device_fold(const struct cgroup_device *rules, size_t n, bool *default_allow,
		       struct cgroup_device **out, size_t *n_out, struct err *e)
{
	struct fold f = { .allow = false };
	size_t document = n - N_ELEMENTS(default_devices);

	f.v = calloc(n * 2 + 1, sizeof(*f.v));
	if (!f.v)
		return err_set(e, ENOMEM, "linux.resources.devices: out of memory");
	for (size_t i = 0; i < n; i++) {
		int r = fold_one(&f, &rules[i], i < document, e);

		if (r < 0) {
			free(f.v);
			return r;
		}
	}
	*default_allow = f.allow;
	*out = f.v;
	*n_out = f.n;
	return 0;
}

/* One descriptor for all lines: the kernel takes one rule in each write. */
static int write_rules(const char *dir, bool allow, const struct cgroup_device *v, size_t n,
		       struct err *e)
{
	const char *file = allow ? "devices.allow" : "devices.deny";
	char path[PATH_MAX], text[64];

	if (n == 0)
		return 0;
	snprintf(path, sizeof(path), "%s/%s", dir, file);
	auto_fd int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return cgroup_refused(-errno, "linux.resources.devices", dir, file, "", e);
	for (size_t i = 0; i < n; i++) {
		cgroup_device_text(&v[i], text);
		if (write(fd, text, strlen(text)) < 0)
			return cgroup_refused(-errno, "linux.resources.devices", dir, file, text, e);
	}
	return 0;
}

static int write_v1(const char *dir, const struct resources *res, struct err *e)
{
	static const struct cgroup_device everything = { 'a', -1, -1, CGROUP_DEV_ALL, false };
	auto_free struct cgroup_device *rules = NULL;
	auto_free struct cgroup_device *v = NULL;
	size_t n_rules, n;
	bool allow;
	int r = fault_skip("device rules") ? 1 : cgroup_device_rules(res, &rules, &n_rules, e);

	if (r == 1)
		return 0;
	if (r == 0)
		r = cgroup_device_fold(rules, n_rules, &allow, &v, &n, e);
	if (r == 0)
		r = write_rules(dir, allow, &everything, 1, e);
	if (r == 0)
		r = write_rules(dir, !allow, v, n, e);
	return r;
}

/* A rule that cannot be enforced is an error, but for a rootless caller: there the devices are
 * those it may open anyway. */
static int forgive(const struct cgroup *cg, int r, struct err *e)
{
	if (!cg->rootless || (r != -EPERM && r != -EACCES))
		return r;
	*e = (struct err){ 0 };
	return 0;
}

int cgroup_v1_devices(struct cgroup_job *j, struct err *e)
{
	const char *dir = cgroup_dir_of(j->cg, "devices");

	if (!dir)
		return j->cg->rootless
			       ? 0
			       : cgroup_no_controller(j->cg, "linux.resources.devices", "devices", e);
	return forgive(j->cg, write_v1(dir, j->r, e), e);
}

/* ---- v2: a program ---- */

enum {
	REG_VERDICT = 0,
	REG_CONTEXT = 1,
	REG_WANTED = 2,
	REG_TYPE = 3,
	REG_MAJOR = 4,
	REG_MINOR = 5,
	INSNS_A_RULE = 8
};

struct program { size_t n; struct bpf_insn *v; };

static void emit(struct program *p, __u8 code, unsigned dst, unsigned src, short off, int imm)
{
	p->v[p->n++] = (struct bpf_insn){
		.code = code,
		.dst_reg = (__u8)(dst & 15),
		.src_reg = (__u8)(src & 15),
		.off = off,
		.imm = imm,
	};
}

static void emit_return(struct program *p, int verdict)
{
	emit(p, BPF_ALU64 | BPF_MOV | BPF_K, REG_VERDICT, 0, 0, verdict);
	emit(p, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

static void emit_start(struct program *p)
{
	const __u8 load = BPF_LDX | BPF_W | BPF_MEM;

	/* struct bpf_cgroup_dev_ctx: access_type = wanted << 16 | type; major; minor. */
	emit(p, load, REG_WANTED, REG_CONTEXT, 0, 0);
	emit(p, BPF_ALU64 | BPF_MOV | BPF_X, REG_TYPE, REG_WANTED, 0, 0);
	emit(p, BPF_ALU64 | BPF_AND | BPF_K, REG_TYPE, 0, 0, 0xffff);
	emit(p, BPF_ALU64 | BPF_RSH | BPF_K, REG_WANTED, 0, 0, 16);
	emit(p, load, REG_MAJOR, REG_CONTEXT, 4, 0);
	emit(p, load, REG_MINOR, REG_CONTEXT, 8, 0);
}

/*
 * What a rule does with the bits it names and that no later rule has decided: a denied bit ends it;
 * allowed bits are crossed off and when none is left, the access is granted. Returns true when
 * nothing can come after.
 */
static bool emit_rule(struct program *p, const struct cgroup_device *d)
{
	size_t test[3], tests = 0, body;

	if (d->type != 'a') {
		test[tests++] = p->n;
		emit(p, BPF_JMP | BPF_JNE | BPF_K, REG_TYPE, 0, 0,
		     d->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR);
	}
	if (d->major >= 0) {
		test[tests++] = p->n;
		emit(p, BPF_JMP | BPF_JNE | BPF_K, REG_MAJOR, 0, 0, (int)d->major);
	}
	if (d->minor >= 0) {
		test[tests++] = p->n;
		emit(p, BPF_JMP | BPF_JNE | BPF_K, REG_MINOR, 0, 0, (int)d->minor);
	}
	body = p->n;
	if (d->access != CGROUP_DEV_ALL && d->allow) {
		emit(p, BPF_ALU64 | BPF_AND | BPF_K, REG_WANTED, 0, 0,
		     (int)(CGROUP_DEV_ALL & ~d->access));
		emit(p, BPF_JMP | BPF_JNE | BPF_K, REG_WANTED, 0, 2, 0);
	} else if (d->access != CGROUP_DEV_ALL) {
		emit(p, BPF_JMP | BPF_JSET | BPF_K, REG_WANTED, 0, 1, (int)d->access);
		emit(p, BPF_JMP | BPF_JA, 0, 0, 2, 0);
	}
	emit_return(p, d->allow);
	for (size_t i = 0; i < tests; i++)
		p->v[test[i]].off = (short)(p->n - test[i] - 1);
	return body + 2 == p->n && tests == 0;
}

int cgroup_device_program(const struct cgroup_device *rules, size_t n, struct bpf_insn **out,
			  size_t *n_out, struct err *e)
{
	struct program p = { 0 };
	bool ended = false;

	p.v = calloc(n * INSNS_A_RULE + 8, sizeof(*p.v));
	if (!p.v)
		return err_set(e, ENOMEM, "linux.resources.devices: out of memory");
	emit_start(&p);
	for (size_t i = n; i-- > 0 && !ended;) {
		/* Numbers that no device can have match nothing. */
		if (rules[i].access && rules[i].major <= INT32_MAX && rules[i].minor <= INT32_MAX)
			ended = emit_rule(&p, &rules[i]);
	}
	if (!ended)
		emit_return(&p, 0);
	*out = p.v;
	*n_out = p.n;
	return 0;
}

static int sys_bpf(int cmd, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

/* struct rlimit64 of prlimit64(2). */
struct memlock { uint64_t soft, hard; };

int cgroup_device_load(const struct bpf_insn *v, size_t n)
{
	union bpf_attr attr = { 0 };
	static const struct memlock unlimited = { UINT64_MAX, UINT64_MAX };
	struct memlock old;
	int fd;

	attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	attr.insns = (uintptr_t)v;
	attr.insn_cnt = (__u32)n;
	attr.license = (uintptr_t)"Apache-2.0";
	memcpy(attr.prog_name, "caisson_devices", sizeof("caisson_devices"));
	fd = sys_bpf(BPF_PROG_LOAD, &attr);
	if (fd >= 0)
		return fd;
	int error = errno;
	/* Before Linux 5.11 programs were charged to RLIMIT_MEMLOCK. */
	if (error == EPERM && syscall(SYS_prlimit64, 0, RLIMIT_MEMLOCK, &unlimited, &old) == 0) {
		fd = sys_bpf(BPF_PROG_LOAD, &attr);
		error = errno;
		(void)syscall(SYS_prlimit64, 0, RLIMIT_MEMLOCK, &old,
			      NULL); /* lowering always succeeds */
	}
	return fd < 0 ? -error : fd;
}

static int attach(const char *dir, const struct bpf_insn *v, size_t n, struct err *e)
{
	union bpf_attr attr = { 0 };
	auto_fd int program = cgroup_device_load(v, n);
	auto_fd int target = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (program < 0)
		return err_code(e, -program,
				"linux.resources.devices: load the device program (%zu instructions)", n);
	if (target < 0)
		return err_sys(e, "linux.resources.devices: open %s", dir);
	/* The cgroup keeps the program for as long as it lives. */
	attr.target_fd = (__u32)target;
	attr.attach_bpf_fd = (__u32)program;
	attr.attach_type = BPF_CGROUP_DEVICE;
	attr.attach_flags = BPF_F_ALLOW_MULTI;
	if (sys_bpf(BPF_PROG_ATTACH, &attr) < 0)
		return err_sys(e, "linux.resources.devices: attach the device program to %s", dir);
	return 0;
}

int cgroup_v2_devices(struct cgroup_job *j, struct err *e)
{
	auto_free struct cgroup_device *rules = NULL;
	auto_free struct bpf_insn *v = NULL;
	size_t n_rules, n;
	int r = cgroup_device_rules(j->r, &rules, &n_rules, e);

	if (r == 0)
		r = cgroup_device_program(rules, n_rules, &v, &n, e);
	if (r < 0 || fault_skip("device rules"))
		return r;
	return forgive(j->cg, attach(cgroup_unified_dir(j->cg), v, n, e), e);
}
