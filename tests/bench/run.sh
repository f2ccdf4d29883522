#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# How fast, beside whom:
#
#   tests/bench/run.sh BUILD...
#
# "run" of a static true, with a full and a minimal config.json, by the caisson of each BUILD directory, crun and runc as
# installed, Debian sid's crun (fetched beside, when the mirror has it) and the floor (floor.c: the kernel's work alone).
# All in one go, so that the ratios mean something; the milliseconds are those of this machine. "warm" is a tight loop,
# "isolated" idles 60 ms before each run, as in life. Then what a container that waits for start keeps in memory.
#
# BUILD may be the directory of tests/run.sh: its plain and static-core are taken. BENCH_RUNS (100), BENCH_ISOLATED (40).
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$here/../.." && pwd)
[ $# -gt 0 ] || { echo "usage: tests/bench/run.sh BUILD..." >&2; exit 2; }
[ "$(id -u)" -eq 0 ] || { echo "bench: needs root" >&2; exit 1; }

# crun refuses a hybrid host whose unified tree holds controllers, so all of us look at the v1 trees alone, in a mount
# namespace of our own.
if [ -z "${BENCH_INSIDE:-}" ]; then
	# shellcheck disable=SC2016
	BENCH_INSIDE=1 exec unshare --mount --propagation private bash -c '
		! mountpoint -q /sys/fs/cgroup/unified || umount -l /sys/fs/cgroup/unified
		exec bash "$@"' bench "$here/run.sh" "$@"
fi

work=$(mktemp -d "${TMPDIR:-/tmp}/caisson-bench.XXXXXX")
mark=bench-$$
cleanup() {
	find /sys/fs/cgroup -depth -type d -name "$mark*" -exec rmdir {} + 2> /dev/null || true
	rm -rf --one-file-system "$work"
}
trap cleanup EXIT

# ---- who takes part: names[i], and programs[i] ----

names=() programs=()
add() { [ ! -x "$2" ] || { names+=("$1"); programs+=("$2"); }; }
plain=
for b; do
	if [ -x "$b/plain/caisson" ]; then
		plain=$b/plain
		add caisson "$b/plain/caisson"
		add caisson-static "$b/static-core/caisson"
	elif [ -x "$b/caisson" ]; then
		name=caisson
		if ! LC_ALL=C readelf -l "$b/caisson" | grep -q INTERP; then name=caisson-static; else plain=$b; fi
		add "$name" "$b/caisson"
	else
		echo "bench: no caisson in $b" >&2
		exit 1
	fi
done
peers=${CAISSON_CACHE:-$work}/peers
if "$here/peers.sh" "$peers" > "$work/peers.log" 2>&1; then
	add "crun-$(sed -n '1s/.* //p' "$peers/root/version")" "$peers/root/usr/bin/crun"
else
	echo "skipped: Debian sid's crun ($(tail -n 1 "$work/peers.log"))"
fi
! command -v crun > /dev/null || add "crun-$(crun --version | sed -n '1s/.* //p')" "$(command -v crun)"
! command -v runc > /dev/null || add "runc-$(runc --version | sed -n '1s/.* //p')" "$(command -v runc)"

# ---- the payload, the bundles, the floor ----

mkdir -p "$work/rootfs"/{bin,proc,dev,sys,tmp,run} "$work/full" "$work/min" "$work/state"
# The static true: what is measured is the runtime, so the payload is as small as a program gets.
printf 'int main(void) { return 0; }\n' > "$work/true.c"
cc=gcc
! command -v musl-gcc > /dev/null || cc=musl-gcc
$cc -O2 -static -o "$work/rootfs/bin/true" "$work/true.c"
printf '#include <unistd.h>\nint main(void) { return pause(); }\n' > "$work/wait.c"
$cc -O2 -static -o "$work/rootfs/bin/wait" "$work/wait.c"
for shape in full min; do
	"$here/config.sh" $shape "$work/rootfs" "/$mark" "$here/seccomp.json" /bin/true > "$work/$shape/config.json"
done
mkdir "$work/kernel"
for d in linux asm asm-generic; do
	f=$(echo '#include <linux/types.h>' | gcc -E -M -x c - | tr -c 'A-Za-z0-9_./+-' '\n' | grep "/$d/[^/]*\$" | head -n 1)
	ln -s "${f%/*}" "$work/kernel/$d"
done
$cc -std=c11 -D_GNU_SOURCE -O2 -static -isystem "$work/kernel" -I"$top/include" -o "$work/floor" "$here/floor.c"
filter=-
if [ -n "$plain" ] && gcc -std=c11 -D_GNU_SOURCE -O2 -I"$top/include" -o "$work/filter" "$here/filter.c" "$plain"/lib{kernel,policy,spec,base}.a \
	-ljansson -lseccomp -lcap-ng -lmnl && "$work/filter" < "$work/full/config.json" > "$work/filter.bpf"; then
	filter=$work/filter.bpf
else
	echo "note: the floor runs without a filter"
fi

# ---- run ----

# measure SHAPE KIND: one hyperfine over all; medians in milliseconds go to $work/SHAPE.KIND as "name median".
measure() {
	local shape=$1 kind=$2 args=() i
	if [ "$kind" = isolated ]; then
		args=(--warmup 3 --runs "${BENCH_ISOLATED:-40}" --prepare 'sleep 0.06')
	else
		args=(--warmup 10 --runs "${BENCH_RUNS:-100}")
	fi
	local commands=(-n floor "$work/floor $work/rootfs $mark $shape $([ "$shape" = full ] && echo "$filter" || echo -) /bin/true")
	for i in "${!names[@]}"; do
		mkdir -p "$work/state/${names[i]}"
		commands+=(-n "${names[i]}" "${programs[i]} --root $work/state/${names[i]} run -b $work/$shape $mark")
	done
	hyperfine -N --style none "${args[@]}" --export-json "$work/$shape.$kind.json" "${commands[@]}" > /dev/null 2> "$work/hyperfine.log" ||
		{ cat "$work/hyperfine.log" >&2; return 1; }
	jq -r '.results[] | "\(.command) \(.median * 1000)"' "$work/$shape.$kind.json" > "$work/$shape.$kind"
}

for shape in full min; do
	for kind in warm isolated; do measure $shape $kind; done
done

median() { awk -v n="$1" '$1 == n { print $2 }' "$work/$2"; }
base=${names[0]}
for i in "${names[@]}"; do [ "$i" != caisson-static ] || base=$i; done

echo
echo "run to completion, median ms, and in brackets how many times the floor"
printf '%-16s %18s %18s %18s %18s %10s\n' '' 'full, warm' 'full, isolated' 'min, warm' 'min, isolated' 'binary kB'
for n in floor "${names[@]}"; do
	printf '%-16s' "$n"
	for c in full.warm full.isolated min.warm min.isolated; do
		awk -v a="$(median "$n" $c)" -v f="$(median floor $c)" 'BEGIN { printf " %9.2f (%5.2f)", a, a / f }'
	done
	p=$work/floor
	for i in "${!names[@]}"; do [ "${names[i]}" != "$n" ] || p=${programs[i]}; done
	printf ' %10d\n' $(($(stat -L -c %s "$p") / 1024))
done
echo
echo "how many times the time of $base they take"
for n in "${names[@]}"; do
	printf '%-16s' "$n"
	for c in full.warm full.isolated min.warm min.isolated; do
		awk -v a="$(median "$n" $c)" -v f="$(median "$base" $c)" 'BEGIN { printf " %18.2f", a / f }'
	done
	echo
done

echo
echo "a container that waits for start: memory of its first process, kB"
printf '%-16s %8s %8s\n' '' RSS PSS
for i in "${!names[@]}"; do
	id=$mark-w
	if "${programs[i]}" --root "$work/state/${names[i]}" create -b "$work/full" --pid-file "$work/pid" "$id" > "$work/create.log" 2>&1 < /dev/null; then
		pid=$(cat "$work/pid")
		printf '%-16s %8s %8s\n' "${names[i]}" "$(awk '/^Rss:/ { print $2 }' "/proc/$pid/smaps_rollup")" \
			"$(awk '/^Pss:/ { print $2 }' "/proc/$pid/smaps_rollup")"
		"${programs[i]}" --root "$work/state/${names[i]}" delete --force "$id" > /dev/null 2>&1 || true
	else
		printf '%-16s create failed: %s\n' "${names[i]}" "$(tail -n 1 "$work/create.log")"
	fi
done
