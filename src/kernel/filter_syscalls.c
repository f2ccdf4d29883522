/* SPDX-License-Identifier: Apache-2.0 */
#include <endian.h>
#include <seccomp.h>
#include <string.h>

#include "base/str.h"
#include "kernel/filter_syscalls.h"

#include "filter_syscalls_table.h"

static const uint32_t column_tokens[FILTER_COLUMNS] = {
	[FILTER_X86_64] = SCMP_ARCH_X86_64,   [FILTER_X32] = SCMP_ARCH_X32, [FILTER_I386] = SCMP_ARCH_X86,
	[FILTER_AARCH64] = SCMP_ARCH_AARCH64, [FILTER_ARM] = SCMP_ARCH_ARM,
};

int filter_column_of(uint32_t arch)
{
	for (int i = 0; i < FILTER_COLUMNS; i++)
		if (column_tokens[i] == arch)
			return i;
	return -1;
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

/* Where the numbers of the common space start: the MIPS tables are shifted, each ABI by its own amount. */
static int32_t first_number(uint32_t arch)
{
	switch (arch) {
	case SCMP_ARCH_MIPS:
	case SCMP_ARCH_MIPSEL:
		return 4000;
	case SCMP_ARCH_MIPS64:
	case SCMP_ARCH_MIPSEL64:
		return 5000;
	case SCMP_ARCH_MIPS64N32:
	case SCMP_ARCH_MIPSEL64N32:
		return 6000;
	}
	return 0;
}

/* The architectures on which socket and ipc calls came through one number each, and still may. */
static bool has_multiplexers(uint32_t arch)
{
	switch (arch) {
	case SCMP_ARCH_X86:
	case SCMP_ARCH_S390:
	case SCMP_ARCH_S390X:
	case SCMP_ARCH_PPC:
	case SCMP_ARCH_PPC64:
	case SCMP_ARCH_PPC64LE:
		return true;
	}
	return false;
}

static int32_t ask_libseccomp(const struct filter_call *call, const char *name, uint32_t arch)
{
	int32_t nr = seccomp_syscall_resolve_name_arch(arch, name);

	/* Newer than the library: from 424 on the number is the same everywhere. */
	if (nr == __NR_SCMP_ERROR && call && call->nr[FILTER_X86_64] >= 424)
		return first_number(arch) + call->nr[FILTER_X86_64];
	if (nr >= -120 && nr <= -101) /* socketcall's pseudo numbers hide the direct ones of s390 and others */
		return seccomp_syscall_resolve_name_rewrite(arch, name);
	return nr;
}

bool filter_call_resolve(const struct filter_call *call, const char *name, uint32_t arch, struct filter_numbers *out)
{
	int column = filter_column_of(arch);
	const char *by;

	*out = (struct filter_numbers){ .direct = -1, .shared = -1 };
	if (column >= 0)
		out->direct = call ? call->nr[column] : -1;
	else
		out->direct = ask_libseccomp(call, name, arch);
	if (out->direct < 0)
		out->direct = -1;
	if (call && call->mux && has_multiplexers(arch)) {
		by = call->mux < 200 ? "socketcall" : "ipc";
		out->shared = column >= 0 ? filter_call_find(by, strlen(by))->nr[column] :
					    seccomp_syscall_resolve_name_arch(arch, by);
		if (out->shared < 0)
			out->shared = -1;
		out->shared_call = (uint32_t)call->mux % 100;
	}
	return out->direct >= 0 || out->shared >= 0;
}
