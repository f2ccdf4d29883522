/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel/filter_check.h"

#include <errno.h>
#include <seccomp.h>
#include <stdio.h>

#include "base/str.h"
#include "kernel/filter_machine.h"
#include "kernel/filter_syscalls.h"

/* ---- one question ---- */

struct verdict_text { char s[40]; };

static struct verdict_text text_of(uint32_t verdict)
{
	static const struct { uint32_t action; const char *word; } words[] = {
		{ SECCOMP_RET_ALLOW, "allow" }, { SECCOMP_RET_LOG, "log" }, { SECCOMP_RET_KILL_PROCESS, "kill the process" },
		{ SECCOMP_RET_KILL_THREAD, "kill the thread" }, { SECCOMP_RET_TRAP, "trap" }, { SECCOMP_RET_USER_NOTIF, "notify" },
	};
	const char *name = err_name((int)(verdict & SECCOMP_RET_DATA));
	struct verdict_text out;

	(void)snprintf(out.s, sizeof(out.s), "0x%x", verdict);
	for (size_t i = 0; i < N_ELEMENTS(words); i++)
		if (words[i].action == verdict)
			(void)snprintf(out.s, sizeof(out.s), "%s", words[i].word);
	if ((verdict & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO && name)
		(void)snprintf(out.s, sizeof(out.s), "%s", name);
	return out;
}

static const char *name_of(uint32_t arch, uint32_t nr)
{
	uint32_t token = arch == SCMP_ARCH_X86_64 && nr & FILTER_X32_BIT ? SCMP_ARCH_X32 : arch;
	const struct filter_call *call;
	struct filter_numbers have;

	for (size_t i = 0; (call = filter_call_at(i)) != NULL; i++)
		if (filter_call_resolve(call, token, &have) && have.direct == (int32_t)nr)
			return call->name;
	return "a call without a name";
}

/* Cold: kept out of the loops that ask. */
static int refuse(const struct seccomp_data *d, const char *got, const char *want, struct err *e)
{
	uint32_t nr = (uint32_t)d->nr;

	return err_set(e, ENOTRECOVERABLE,
		       "the compiled program says \"%s\" to %s (number %u, architecture 0x%x, arguments 0x%llx 0x%llx 0x%llx) and should say "
		       "\"%s\": a fault of caisson, so nothing was started; please report it with what `caisson explain --json` says",
		       got, name_of(d->arch, nr), nr, d->arch, (unsigned long long)d->args[0], (unsigned long long)d->args[1],
		       (unsigned long long)d->args[2], want);
}

int filter_ask(const struct filter_program *p, const struct seccomp_data *d, uint32_t want, struct err *e)
{
	uint32_t got;

	if (!filter_machine_run(p->insns, p->n, d, &got))
		return refuse(d, "nothing", text_of(want).s, e);
	return got == want ? 0 : refuse(d, text_of(got).s, text_of(want).s, e);
}

/* ---- copies ---- */

static uint32_t in_copy(enum filter_copy copy, uint32_t verdict)
{
	if (copy == FILTER_LOGGED && verdict == (SECCOMP_RET_ERRNO | ENOSYS))
		return SECCOMP_RET_ALLOW;
	if (copy == FILTER_WARNED && verdict != SECCOMP_RET_ALLOW)
		return SECCOMP_RET_LOG;
	return verdict;
}

int filter_check_copy(const struct filter_program *p, enum filter_copy copy, const struct filter_program *of, struct err *e)
{
	bool same = p->n == of->n;

	for (size_t i = 0; same && i < p->n; i++) {
		const struct sock_filter *one = &p->insns[i], *other = &of->insns[i];
		bool ends = other->code == (BPF_RET | BPF_K);

		same = one->code == other->code && one->jt == other->jt && one->jf == other->jf &&
		       one->k == (ends ? in_copy(copy, other->k) : other->k);
	}
	return same ? 0 : err_set(e, ENOTRECOVERABLE,
				  "the program that %s what is refused is no copy of the one that refuses: a fault of caisson, so nothing was "
				  "started; please report it with what `caisson explain --json` says",
				  copy == FILTER_WARNED ? "only warns of" : "logs");
}

/* ---- conditions ---- */

static bool holds(const struct syscall_arg *c, uint64_t width, const uint64_t args[6])
{
	uint64_t arg = args[c->index] & width, value = c->value & width;

	switch (c->op) {
	case SCMP_CMP_EQ:
		return arg == value;
	case SCMP_CMP_NE:
		return arg != value;
	case SCMP_CMP_MASKED_EQ:
		return (arg & value) == (c->value_two & value);
	case SCMP_CMP_GT:
		return arg > value;
	case SCMP_CMP_GE:
		return arg >= value;
	case SCMP_CMP_LE:
		return arg <= value;
	case SCMP_CMP_LT:
		return arg < value;
	}
	return false;
}

bool filter_conditions_hold(const struct filter_conditions *c, const uint64_t args[6])
{
	for (size_t i = 0; i < c->n; i++)
		if (!holds(&c->v[i], c->wide ? UINT64_MAX : UINT32_MAX, args))
			return false;
	return true;
}

void filter_conditions_meet(const struct filter_conditions *c, uint64_t args[6])
{
	for (size_t i = 0; i < c->n; i++) {
		const struct syscall_arg *one = &c->v[i];
		uint64_t *arg = &args[one->index];

		switch (one->op) {
		case SCMP_CMP_MASKED_EQ:
			*arg = (*arg & ~one->value) | (one->value_two & one->value);
			break;
		case SCMP_CMP_NE:
		case SCMP_CMP_GT:
			*arg = one->value + 1;
			break;
		case SCMP_CMP_LT:
			*arg = one->value - 1;
			break;
		default:
			*arg = one->value;
		}
	}
}
