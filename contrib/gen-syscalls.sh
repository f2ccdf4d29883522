#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The names and numbers of system calls that the seccomp compiler uses. contrib/syscalls.txt holds them for people, one row a name
# and one column a numbering; the table in C is made from it:
#
#	contrib/gen-syscalls.sh > src/kernel/filter_syscalls_table.h
#
# The text is made from the kernel's own headers. Debian's linux-libc-dev (Linux 6.11 and later) has those of every
# architecture; name the newest first, then older ones for what later kernels took away (s390's 31-bit calls ended after 6.18):
#
#	apt-get download linux-libc-dev && dpkg-deb -x linux-libc-dev_*.deb new
#	contrib/gen-syscalls.sh read new/usr old/usr > contrib/syscalls.txt
#
# `numbers FILE` prints the pairs of one header, for tests/lint/check-syscalls.sh. Needs: sed, awk, sort.
set -eu
export LC_ALL=C

text=$(dirname "$0")/syscalls.txt

# Column and header below lib/linux/uapi. The order is enum filter_column's. In the text a number is the one in the header, without
# the base of its ABI (x32, MIPS); arm's private calls have the offset that their header gives them.
columns='
x86_64      x86/asm/unistd_64.h
x32         x86/asm/unistd_x32.h
i386        x86/asm/unistd_32.h
aarch64     arm64/asm/unistd_64.h
arm         arm/asm/unistd-eabi.h
riscv64     riscv/asm/unistd_64.h
loongarch64 loongarch/asm/unistd_64.h
s390x       s390/asm/unistd_64.h
s390        s390/asm/unistd_32.h
ppc64       powerpc/asm/unistd_64.h
ppc         powerpc/asm/unistd_32.h
mips        mips/asm/unistd_o32.h
mips64      mips/asm/unistd_n64.h
mips64n32   mips/asm/unistd_n32.h
parisc      parisc/asm/unistd_32.h
parisc64    parisc/asm/unistd_64.h
m68k        m68k/asm/unistd_32.h
sh          sh/asm/unistd_32.h
'

# "name number" of each call in a header; places that a table only keeps free are no calls.
numbers_of() {
	sed -nE 's/^#define[[:space:]]+__NR_([a-z_][a-z0-9_]*)[[:space:]]+\(?(__[A-Za-z0-9_]+[[:space:]]*\+[[:space:]]*)?([0-9]+)\)?$/\1 \3/p' "$1" |
		grep -vE '^((reserved|unused)[0-9]+|syscalls) ' || true
}

# What arm has beside its list: calls from 0xf0000 on, and a second name.
arm_numbers() {
	sed -nE 's/^#define[[:space:]]+__ARM_NR_([a-z0-9_]+)[[:space:]]+\(__ARM_NR_BASE\+([0-9]+)\)$/\1 \2/p' "$1" |
		while read -r name number; do echo "$name $((0xf0000 + number))"; done
	sed -nE 's/^#define[[:space:]]+__NR_([a-z0-9_]+)[[:space:]]+__NR_([a-z0-9_]+)$/\1 \2/p' "$1" |
		while read -r name other; do numbers_of "$2" | sed -n "s/^$other /$name /p"; done
}

# "column name number" for each call of one tree.
read_tree() {
	echo "$columns" | while read -r column file; do
		path=$1/lib/linux/uapi/$file
		if [ -z "$column" ] || [ ! -e "$path" ]; then continue; fi
		numbers_of "$path" | sed "s/^/$column /"
		[ "$column" != arm ] || arm_numbers "${path%-eabi.h}.h" "$path" | sed "s/^/$column /"
	done
}

# "mux name number": 100 + n is call n of socketcall(2), 200 + n of ipc(2).
read_multiplexed() {
	sed -nE 's/^#define[[:space:]]+SYS_([A-Z0-9]+)[[:space:]]+([0-9]+)[[:space:]].*/\1 \2/p' "$1/include/linux/net.h" |
		tr '[:upper:]' '[:lower:]' | while read -r name n; do echo "mux $name $((100 + n))"; done
	sed -nE 's/^#define[[:space:]]+((SEM|MSG|SHM)[A-Z]+)[[:space:]]+([0-9]+)$/\1 \3/p' "$1/include/linux/ipc.h" |
		tr '[:upper:]' '[:lower:]' | while read -r name n; do echo "mux $name $((200 + n))"; done
}

# Of two trees the first one counts. From 424 on a number means the same call everywhere, so a column whose headers
# ended earlier than the others' gets the later ones from s390x, its 64-bit form.
make_text() {
	echo "# Made by contrib/gen-syscalls.sh read; -: no such call."
	echo "$columns" | awk 'NF { head = head " " $1 } END { print "name mux" head }'
	{
		read_multiplexed "$1"
		for tree; do read_tree "$tree"; done
	} | awk -v cols="$(echo "$columns" | awk 'NF { printf "%s ", $1 }')" '
		BEGIN { n = split(cols, col, " ") }
		!(($1, $2) in nr) { nr[$1, $2] = $3; if ($1 != "mux") names[$2] = 1 }
		$1 == "s390" && $3 > s390_end { s390_end = $3 }
		END {
			for (name in names) {
				if (!(("s390", name) in nr) && ("s390x", name) in nr && s390_end >= 424 && nr["s390x", name] > s390_end)
					nr["s390", name] = nr["s390x", name]
				line = name " " (("mux", name) in nr ? nr["mux", name] : "-")
				for (i = 1; i <= n; i++)
					line = line " " ((col[i], name) in nr ? nr[col[i], name] : "-")
				print line
			}
		}
	' | sort
}

# A C array holds 16-bit numbers: arm's private ones, from 0xf0000 on, are moved to 0x7000.
make_table() {
	cat <<'END'
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Made by contrib/gen-syscalls.sh from contrib/syscalls.txt; do not edit. Sorted by name (strcmp order).
 */
END
	awk '
		/^#/ { next }
		$1 == "name" { for (i = 3; i <= NF; i++) if ($i == "aarch64") common = i; next }
		{
			if ($common + 0 > newest) newest = $common + 0
			line = "\t{ \"" $1 "\", " ($2 == "-" ? 0 : $2) ", {"
			for (i = 3; i <= NF; i++) {
				v = $i == "-" ? -1 : $i + 0
				line = line (i > 3 ? ", " : " ") (v >= 983040 ? v - 983040 + 28672 : v)
			}
			row[++n] = line " } },"
		}
		END {
			print "#define FILTER_NEWEST_CALL " newest
			print "/* clang-format off */"
			print "static const struct filter_call filter_calls[] = {"
			for (i = 1; i <= n; i++) print row[i]
			print "};"
			print "/* clang-format on */"
		}
	' "$text"
}

case ${1-} in
read) shift; make_text "$@" ;;
numbers) numbers_of "$2" ;;
"") make_table ;;
*) echo "usage: gen-syscalls.sh [read USR... | numbers FILE]" >&2; exit 2 ;;
esac
