/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel/filter_machine.h"

#include <string.h>

bool filter_machine_run(const struct sock_filter *v, size_t n, const struct seccomp_data *d, uint32_t *verdict)
{
	uint32_t acc = 0;

	for (size_t pc = 0; pc < n; pc++) {
		const struct sock_filter *i = &v[pc];
		bool yes;

		switch (i->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			if (i->k % sizeof(acc) || i->k >= sizeof(*d))
				return false;
			memcpy(&acc, (const char *)d + i->k, sizeof(acc));
			continue;
		case BPF_ALU | BPF_AND | BPF_K:
			acc &= i->k;
			continue;
		case BPF_RET | BPF_K:
			*verdict = i->k;
			return true;
		case BPF_JMP | BPF_JA:
			pc += i->k;
			continue;
		case BPF_JMP | BPF_JEQ | BPF_K:
			yes = acc == i->k;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			yes = acc >= i->k;
			break;
		case BPF_JMP | BPF_JGT | BPF_K:
			yes = acc > i->k;
			break;
		case BPF_JMP | BPF_JSET | BPF_K:
			yes = acc & i->k;
			break;
		default:
			return false;
		}
		pc += yes ? i->jt : i->jf;
	}
	return false;
}
