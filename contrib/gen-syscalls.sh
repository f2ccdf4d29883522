#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Writes the table of system call names and numbers that the seccomp compiler uses:
#
#	contrib/gen-syscalls.sh > src/kernel/filter_syscalls_table.h
#
# The numbers of calls up to Linux 5.17 come from the installed libseccomp; the later ones from the list below. From 424
# on every architecture uses the same numbers, so a new call is one line here: its number and its name.
# Needs: cc, libseccomp-dev.
set -eu

newer='
335 uretprobe x86_64
336 uprobe x86_64
424 pidfd_send_signal
425 io_uring_setup
426 io_uring_enter
427 io_uring_register
428 open_tree
429 move_mount
430 fsopen
431 fsconfig
432 fsmount
433 fspick
434 pidfd_open
435 clone3
436 close_range
437 openat2
438 pidfd_getfd
439 faccessat2
440 process_madvise
441 epoll_pwait2
442 mount_setattr
443 quotactl_fd
444 landlock_create_ruleset
445 landlock_add_rule
446 landlock_restrict_self
447 memfd_secret -arm
448 process_mrelease
449 futex_waitv
450 set_mempolicy_home_node
451 cachestat
452 fchmodat2
453 map_shadow_stack -x32
454 futex_wake
455 futex_wait
456 futex_requeue
457 statmount
458 listmount
459 lsm_get_self_attr
460 lsm_set_self_attr
461 lsm_list_modules
462 mseal
463 setxattrat
464 getxattrat
465 listxattrat
466 removexattrat
467 open_tree_attr
468 file_getattr
469 file_setattr
470 listns
471 rseq_slice_yield
'

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

cat > "$dir/names.c" <<'END'
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>

static const uint32_t archs[] = { SCMP_ARCH_X86_64, SCMP_ARCH_X32, SCMP_ARCH_X86, SCMP_ARCH_AARCH64, SCMP_ARCH_ARM };
enum { N_ARCHS = sizeof(archs) / sizeof(archs[0]) };

/* Calls behind socketcall(2) resolve to a pseudo number even where a direct one exists: the row that found the name by its
 * number knows better. */
static void known_by(int at, int from, int to)
{
	uint32_t arch = archs[at];

	for (int nr = from; nr < to; nr++) {
		char *name = seccomp_syscall_resolve_num_arch(arch, nr);
		if (!name)
			continue;
		printf("%s", name);
		for (int i = 0; i < N_ARCHS; i++)
			printf(" %d", i == at ? nr : seccomp_syscall_resolve_name_arch(archs[i], name));
		printf("\n");
		free(name);
	}
}

int main(void)
{
	for (int i = 0; i < N_ARCHS; i++) {
		int base = archs[i] == SCMP_ARCH_X32 ? 0x40000000 : 0;
		known_by(i, base, base + 1024);
		known_by(i, -20000, 0);
	}
	known_by(N_ARCHS - 1, 0xf0000, 0xf0010);
	return 0;
}
END
"${CC:-cc}" -o "$dir/names" "$dir/names.c" -lseccomp
"$dir/names" | sort -u > "$dir/old"
printf '%s\n' "$newer" > "$dir/new"

cat <<'END'
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Made by contrib/gen-syscalls.sh; do not edit. Sorted by name (strcmp order). Numbers: x86_64, x32 (with bit 30), i386,
 * aarch64, arm; -1 where the call does not exist. mux: 100 + n is call n of socketcall(2), 200 + n of ipc(2), on the
 * architectures that have them.
 */
END
LC_ALL=C awk '
BEGIN { split("x86_64 x32 i386 aarch64 arm", col, " ") }
FNR == NR {
	mux = 0
	for (i = 2; i <= 6; i++) {
		v = $i + 0
		if (v <= -101 && v >= -120 || v <= -201 && v >= -224)
			mux = -v
		if (v < 0) v = -1
		if (!(($1, i - 1) in nr) || v > nr[$1, i - 1]) nr[$1, i - 1] = v
	}
	if (!($1 in seen) || mux) muxes[$1] = mux
	seen[$1] = 1
	next
}
NF >= 2 {
	if ($1 + 0 > newest) newest = $1 + 0
	for (i = 1; i <= 5; i++) {
		here = $3 == "" || $3 == col[i] || (substr($3, 1, 1) == "-" && substr($3, 2) != col[i])
		want = !here ? -1 : (col[i] == "x32" ? 1073741824 + $1 : $1 + 0)
		if (($2 in seen) && nr[$2, i] >= 0 && nr[$2, i] != want && here) {
			print "disagrees: " $2 > "/dev/stderr"; exit 1
		}
		if (!($2 in seen) || nr[$2, i] < 0) nr[$2, i] = want
	}
	late[$2] = 1
}
END {
	for (n in seen) all[n] = 1
	for (n in late) all[n] = 1
	printf "#define FILTER_NEWEST_CALL %d\n", newest
	for (n in all)
		printf "\t{ \"%s\", %d, { %d, %d, %d, %d, %d } },\n", n, muxes[n] + 0,
		       nr[n, 1], nr[n, 2], nr[n, 3], nr[n, 4], nr[n, 5] | "LC_ALL=C sort -t\\\" -k2,2"
}' "$dir/old" "$dir/new" > "$dir/table"
grep '^#define' "$dir/table"
cat <<'END'
/* clang-format off */
static const struct filter_call filter_calls[] = {
END
grep -v '^#define' "$dir/table"
cat <<'END'
};
/* clang-format on */
END
