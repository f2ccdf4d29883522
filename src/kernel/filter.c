/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel/filter.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/str.h"
#include "kernel/filter_check.h"
#include "kernel/filter_compile.h"
#include "kernel/filter_parts.h"

/* clang-format off */
const char *const filter_action_words[] = {
	"SCMP_ACT_ALLOW", "SCMP_ACT_ERRNO", "SCMP_ACT_KILL", "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL_THREAD", "SCMP_ACT_LOG",
	"SCMP_ACT_NOTIFY", "SCMP_ACT_TRACE", "SCMP_ACT_TRAP", NULL,
};
const char *const filter_operator_words[] = {
	"SCMP_CMP_EQ", "SCMP_CMP_GE", "SCMP_CMP_GT", "SCMP_CMP_LE", "SCMP_CMP_LT", "SCMP_CMP_MASKED_EQ", "SCMP_CMP_NE", NULL,
};
const char *const filter_arch_words[] = {
	"SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM", "SCMP_ARCH_LOONGARCH64", "SCMP_ARCH_M68K", "SCMP_ARCH_MIPS", "SCMP_ARCH_MIPS64",
	"SCMP_ARCH_MIPS64N32", "SCMP_ARCH_MIPSEL", "SCMP_ARCH_MIPSEL64", "SCMP_ARCH_MIPSEL64N32", "SCMP_ARCH_PARISC",
	"SCMP_ARCH_PARISC64", "SCMP_ARCH_PPC", "SCMP_ARCH_PPC64", "SCMP_ARCH_PPC64LE", "SCMP_ARCH_RISCV64", "SCMP_ARCH_S390",
	"SCMP_ARCH_S390X", "SCMP_ARCH_SH", "SCMP_ARCH_SHEB", "SCMP_ARCH_X32", "SCMP_ARCH_X86", "SCMP_ARCH_X86_64", NULL,
};
const char *const filter_flag_words[] = {
	"SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW", "SECCOMP_FILTER_FLAG_TSYNC",
	"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", NULL,
};
/* clang-format on */

/* With no program at all the kernel still looks at the flags first: EINVAL for one it does not know, EFAULT then. */
static bool kernel_takes(unsigned long flags)
{
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, NULL) < 0 && errno == EFAULT;
}

uint32_t filter_kernel_flags(void)
{
	static const unsigned long alone[] = { SECCOMP_FILTER_FLAG_TSYNC, SECCOMP_FILTER_FLAG_LOG,
					       SECCOMP_FILTER_FLAG_SPEC_ALLOW };
	uint32_t mask = 0;

	for (size_t i = 0; i < N_ELEMENTS(alone); i++)
		if (kernel_takes(alone[i]))
			mask |= (uint32_t)alone[i];
	if (kernel_takes(SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV | SECCOMP_FILTER_FLAG_NEW_LISTENER))
		mask |= SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
	return mask;
}

static int engine_flags(const struct seccomp *s, bool notify, uint32_t *out, struct err *e)
{
	const uint32_t known = SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_SPEC_ALLOW |
			       SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
	uint32_t flags = s->has_flags ? s->flags : SECCOMP_FILTER_FLAG_SPEC_ALLOW;

	if (flags & ~known)
		return err_set(e, EINVAL, "flags: unknown flag 0x%x", flags & ~known);
	/* The process that installs it has one thread, so TSYNC changes nothing; with a listener the kernel refuses it. */
	if (notify)
		flags &= ~(uint32_t)SECCOMP_FILTER_FLAG_TSYNC;
	else /* only about listeners: without one the kernel refuses it */
		flags &= ~(uint32_t)SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
	if (flags & SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV & ~filter_kernel_flags())
		return err_set(e, ENOTSUP, "flags: SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV needs Linux 5.19");
	*out = flags;
	return 0;
}

static int build_engine(struct arena *a, const struct seccomp *s, struct filter_program *out, struct err *e)
{
	struct filter_input in = { 0 };
	bool notify = false;
	uint32_t flags = 0;
	int rc = filter_engine_input(a, s, &in, &notify, e);

	if (rc == 0)
		rc = engine_flags(s, notify, &flags, e);
	if (rc == 0)
		rc = filter_compile(a, &in, out, e);
	if (rc == 0)
		rc = filter_check_rows(out, &in, e);
	if (rc == 0)
		rc = filter_check_engine(out, s, e);
	filter_input_done(&in);
	if (rc < 0)
		return err_wrap(e, "linux.seccomp");
	out->flags = flags;
	out->notify = notify;
	return 0;
}

/* The same program with other verdicts: `one` alone, or every one but ALLOW (0), becomes `to`. */
static int with_verdict(struct arena *a, struct filter_program *io, uint32_t one, uint32_t to, struct err *e)
{
	struct sock_filter *insns = arena_array(a, io->n, sizeof(*insns));

	if (!insns)
		return err_set(e, ENOMEM, "out of memory");
	for (size_t i = 0; i < io->n; i++) {
		insns[i] = io->insns[i];
		if (insns[i].code == (BPF_RET | BPF_K) && (one ? insns[i].k == one : insns[i].k != SECCOMP_RET_ALLOW))
			insns[i].k = to;
	}
	io->insns = insns;
	return 0;
}

/* The flag that makes the kernel log is one for a whole program, of all that say the same the last one's counts. What is answered with
 * ENOSYS is no refusal, and some of it comes with every thread that is made: so that it is not logged, the program is there twice, and
 * only the second one, which lets those calls through, has the flag.
 *
 * Of a profile that only warns the kernel logs what it would refuse, and lets it through. A LOG never widens what another program
 * refuses. */
static int make_copy(struct arena *a, enum filter_copy copy, struct filter_program *io, struct err *e)
{
	if (copy == FILTER_LOGGED)
		io->flags |= SECCOMP_FILTER_FLAG_LOG;
	if (copy == FILTER_LOGGED && !fault_skip("filter: verdicts of the logged copy"))
		return with_verdict(a, io, SECCOMP_RET_ERRNO | ENOSYS, SECCOMP_RET_ALLOW, e);
	if (copy == FILTER_WARNED && !fault_skip("filter: verdicts of the warning copy"))
		return with_verdict(a, io, 0, SECCOMP_RET_LOG, e);
	return 0;
}

/* What becomes of one of a plan's two sets of rules. */
struct policy_programs {
	const struct plan_filter *plan;
	const struct plan_syscalls *own;
	unsigned int copies;		/* 1 << enum filter_copy */
};

static int add_copies(struct arena *a, const struct policy_programs *p, const struct filter_program *checked, struct filters *io,
		      struct err *e)
{
	int rc = 0;

	for (int copy = 0; rc == 0 && copy < FILTER_COPIES; copy++) {
		struct filter_program *out = &io->v[io->n];

		if (!(p->copies >> copy & 1))
			continue;
		*out = *checked;
		rc = make_copy(a, (enum filter_copy)copy, out, e);
		if (rc == 0)
			rc = filter_check_copy(out, (enum filter_copy)copy, checked, e);
		io->n++;
	}
	return rc;
}

static int build_policy(struct arena *a, const struct policy_programs *p, struct filters *io, struct err *e)
{
	struct filter_program compiled = { 0 };
	struct filter_input in = { 0 };
	int rc;

	if (p->own->set == FILTER_SET_NONE)
		return 0;
	rc = filter_policy_input(a, p->plan, p->own, filter_native_arch(), &in, e);
	if (rc == 0)
		rc = filter_compile(a, &in, &compiled, e);
	if (rc == 0)
		rc = filter_check_rows(&compiled, &in, e);
	if (rc == 0)
		rc = filter_check_policy(&compiled, p->plan, p->own, e);
	/* Without it old kernels slow the whole container down; the engine's own flags decide that, not we. */
	compiled.flags = SECCOMP_FILTER_FLAG_SPEC_ALLOW;
	if (rc == 0)
		rc = add_copies(a, p, &compiled, io, e);
	filter_input_done(&in);
	return rc < 0 ? err_wrap(e, "policy filter") : 0;
}

int filter_build(struct arena *a, const struct plan_filter *p, struct filters *out, struct err *e)
{
	const struct policy_programs all[] = {
		{ p, &p->own, 1U << FILTER_AS_IS | (p->own.log ? 1U << FILTER_LOGGED : 0) },
		{ p, &p->would, 1U << FILTER_WARNED },
	};
	struct filters built = { 0 };
	int rc = 0;

	if (p->has_engine)
		rc = build_engine(a, &p->engine, &built.v[built.n++], e);
	for (size_t i = 0; rc == 0 && i < N_ELEMENTS(all); i++)
		rc = build_policy(a, &all[i], &built, e);
	if (rc == 0)
		*out = built;
	return rc;
}
