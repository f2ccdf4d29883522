#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The table of system calls is what contrib/gen-syscalls.sh makes of contrib/syscalls.txt, and the text says what the kernel headers
# on this machine say: linux-libc-dev's, and those for cross compilers that are installed; newer ones may know more. Usage: check-syscalls.sh [TOP_SRCDIR]
set -u
top=${1:-$(dirname "$0")/../..}
cd "$top" || exit 2
dir=$(mktemp -d) || exit 2
trap 'rm -rf "$dir"' EXIT

# Column and header of each installed one; a header that is a list by conditions cannot be read as text, and is not named here.
headers() {
	for include in /usr/include/*-linux-gnu /usr/*-linux-gnu*/include; do
		case $include in
		*x86_64-*) echo "x86_64 unistd_64.h
x32 unistd_x32.h
i386 unistd_32.h" ;;
		*s390x-*) echo "s390x unistd_64.h
s390 unistd_32.h" ;;
		*powerpc64*) echo "ppc64 unistd_64.h
ppc unistd_32.h" ;;
		*mips*) echo "mips unistd_o32.h
mips64 unistd_n64.h
mips64n32 unistd_n32.h" ;;
		*arm-*) echo "arm unistd-eabi.h" ;;
		esac | while read -r column file; do
			[ -e "$include/asm/$file" ] && echo "$column $include/asm/$file"
		done
	done
}

{
	sh contrib/gen-syscalls.sh > "$dir/table" || echo "contrib/gen-syscalls.sh fails"
	cmp -s "$dir/table" src/kernel/filter_syscalls_table.h ||
		echo "src/kernel/filter_syscalls_table.h is not what contrib/gen-syscalls.sh makes: run it"
	headers > "$dir/headers"
	while read -r column file; do
		sh contrib/gen-syscalls.sh numbers "$file" | awk -v column="$column" -v file="$file" '
			FNR == NR { if ($1 == "name") for (i = 3; i <= NF; i++) if ($i == column) at = i; nr[$1] = $at; next }
			nr[$1] ~ /^[0-9]/ ? nr[$1] != $2 : $2 < 424 { print file ": " $1 " is " $2 "; contrib/syscalls.txt says " ($1 in nr ? nr[$1] : "nothing") }
		' contrib/syscalls.txt -
	done < "$dir/headers"
} > "$dir/wrong"
cat "$dir/wrong" >&2
[ ! -s "$dir/wrong" ]
