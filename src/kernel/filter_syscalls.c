/* SPDX-License-Identifier: Apache-2.0 */
#include <endian.h>
#include <seccomp.h>
#include <string.h>

#include "base/str.h"
#include "base/sys.h"
#include "kernel/filter_syscalls.h"

#include "filter_syscalls_table.h"

enum { ARM_PRIVATE = 0xf0000 };	/* __ARM_NR_BASE */

/* Each architecture's numbers are a column and a base. */
/* clang-format off */
static const struct numbering { uint32_t token; enum filter_column column; int32_t base; } numberings[] = {
	{ AUDIT_ARCH_X86_64,      FILTER_X86_64,      0 },
	{ SCMP_ARCH_X32,          FILTER_X32,         FILTER_X32_BIT },
	{ AUDIT_ARCH_I386,        FILTER_I386,        0 },
	{ AUDIT_ARCH_AARCH64,     FILTER_AARCH64,     0 },
	{ AUDIT_ARCH_ARM,         FILTER_ARM,         0 },
	{ AUDIT_ARCH_RISCV64,     FILTER_RISCV64,     0 },
	{ AUDIT_ARCH_LOONGARCH64, FILTER_LOONGARCH64, 0 },
	{ AUDIT_ARCH_S390X,       FILTER_S390X,       0 },
	{ AUDIT_ARCH_S390,        FILTER_S390,        0 },
	{ AUDIT_ARCH_PPC64LE,     FILTER_PPC64,       0 },
	{ AUDIT_ARCH_PPC64,       FILTER_PPC64,       0 },
	{ AUDIT_ARCH_PPC,         FILTER_PPC,         0 },
	{ AUDIT_ARCH_MIPS,        FILTER_MIPS,        4000 },
	{ AUDIT_ARCH_MIPSEL,      FILTER_MIPS,        4000 },
	{ AUDIT_ARCH_MIPS64,      FILTER_MIPS64,      5000 },
	{ AUDIT_ARCH_MIPSEL64,    FILTER_MIPS64,      5000 },
	{ AUDIT_ARCH_MIPS64N32,   FILTER_MIPS64N32,   6000 },
	{ AUDIT_ARCH_MIPSEL64N32, FILTER_MIPS64N32,   6000 },
	{ AUDIT_ARCH_PARISC,      FILTER_PARISC,      0 },
	{ AUDIT_ARCH_PARISC64,    FILTER_PARISC64,    0 },
	{ AUDIT_ARCH_M68K,        FILTER_M68K,        0 },
	{ AUDIT_ARCH_SHEL,        FILTER_SH,          0 },
	{ AUDIT_ARCH_SH,          FILTER_SH,          0 },
};
/* clang-format on */

static const struct numbering *numbering_of(uint32_t arch)
{
	for (size_t i = 0; i < N_ELEMENTS(numberings); i++)
		if (numberings[i].token == arch)
			return &numberings[i];
	return NULL;
}

/* -1 when there is no such call. */
static int32_t number_of(const struct filter_call *call, const struct numbering *by)
{
	int32_t nr = call->nr[by->column];

	if (nr < 0)
		return -1;
	return nr < FILTER_ARM_PRIVATE ? by->base + nr : nr - FILTER_ARM_PRIVATE + ARM_PRIVATE;
}

/* Bytes as a number that is ordered as they are. */
static uint64_t word_at(const char *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof(word));
	return be64toh(word);
}

/* As memcmp(3) of two names, which are padded with NULs: eight bytes at a time, since one filter needs hundreds of searches. The last
 * word begins within the one before it. */
static int order_of(const char *a, const char *b)
{
	static const size_t at[] = { 0, 8, 16, sizeof(filter_calls[0].name) - sizeof(uint64_t) };

	for (size_t i = 0; i < N_ELEMENTS(at); i++) {
		uint64_t one = word_at(a + at[i]), other = word_at(b + at[i]);
		if (one != other)
			return one < other ? -1 : 1;
	}
	return 0;
}
_Static_assert(sizeof(filter_calls[0].name) >= 24 && sizeof(filter_calls[0].name) <= 32, "order_of looks at all of it");

const struct filter_call *filter_call_find(const char *name, size_t len)
{
	char key[sizeof(filter_calls[0].name)] = "";
	size_t low = 0, high = N_ELEMENTS(filter_calls);

	if (len == 0 || len >= sizeof(key))
		return NULL;
	memcpy(key, name, len);
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = order_of(key, filter_calls[mid].name);

		if (order == 0)
			return &filter_calls[mid];
		if (order < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return NULL;
}

const struct filter_call *filter_call_at(size_t i)
{
	return i < N_ELEMENTS(filter_calls) ? &filter_calls[i] : NULL;
}

size_t filter_call_index(const struct filter_call *call)
{
	return (size_t)(call - filter_calls);
}

uint32_t filter_call_newest(void)
{
	return FILTER_NEWEST_CALL;
}

bool filter_call_resolve(const struct filter_call *call, uint32_t arch, struct filter_numbers *out)
{
	const struct numbering *by = numbering_of(arch);
	const char *through;

	*out = (struct filter_numbers){ .direct = -1, .shared = -1 };
	if (!call || !by)
		return false;
	out->direct = number_of(call, by);
	if (call->mux) {
		through = call->mux < FILTER_MUX_IPC ? "socketcall" : "ipc"; /* which not every architecture has */
		out->shared = number_of(filter_call_find(through, strlen(through)), by);
		out->shared_call = call->mux % FILTER_MUX_SOCKET;
	}
	return out->direct >= 0 || out->shared >= 0;
}
