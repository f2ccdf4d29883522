#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The validation suite of opencontainers/runtime-tools, against caisson and beside runc and crun:
#
#   CAISSON=/path/to/caisson tests/validation/run.sh CACHE [TEST...]
#
# Built once into CACHE (build.sh). Prints TAP, one line per test: caisson passes it, or no peer passes it either and
# explained.txt says why. A test that a peer passes and caisson does not is a failure unless explained.txt calls it a deviation
# or a race.
# The last lines are comments: how many each passes. VALIDATION_SECONDS (30) bounds each test, VALIDATION_LEVEL (none)
# is caisson's --policy. Needs root.
set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
[ $# -ge 1 ] || { echo "usage: tests/validation/run.sh CACHE [TEST...]" >&2; exit 2; }
[ "$(id -u)" -eq 0 ] || { echo "1..0 # SKIP needs root"; exit 0; }
[ -x "${CAISSON:-}" ] || { echo "Bail out! set CAISSON to the binary under test"; exit 1; }

# crun refuses a hybrid host whose unified tree holds controllers, so all three look at the v1 trees alone, in a mount
# namespace of our own.
if [ -z "${VALIDATION_INSIDE:-}" ]; then
	# shellcheck disable=SC2016
	VALIDATION_INSIDE=1 exec unshare --mount --propagation private bash -c '
		! mountpoint -q /sys/fs/cgroup/unified || umount -l /sys/fs/cgroup/unified
		exec bash "$@"' validation "$here/run.sh" "$@"
fi

mkdir -p "$1"
cache=$(cd "$1" && pwd)
shift
"$here/build.sh" "$cache" > "$cache.log" 2>&1 || { sed 's/^/# /' "$cache.log"; echo "Bail out! the suite cannot be built"; exit 1; }
suite=$cache/suite
work=$(mktemp -d "${TMPDIR:-/tmp}/caisson-validation.XXXXXX") || exit 1
chmod 755 "$work"

runtimes=(caisson)
for r in runc crun; do ! command -v "$r" > /dev/null || runtimes+=("$r"); done

# sweep LANE/RUNTIME: what a test leaves when it fails half way.
sweep() {
	local d
	for d in "$work/$1/state"/*/; do
		[ -d "$d" ] || continue
		TMPDIR=$work/$1/tmp timeout -k 2 10 "$work/bin/${1#*/}" delete --force "$(basename "$d")"
	done > /dev/null 2>&1
	awk -v t="$work/$1/" 'index($5, t) == 1 { print $5 }' /proc/self/mountinfo | LC_ALL=C sort -r |
		while read -r d; do umount -l "$d"; done
	rm -rf --one-file-system "$work/$1/tmp"
	mkdir -p "$work/$1/tmp" "$work/$1/state"
}

cleanup() {
	local r
	for r in "${runtimes[@]}"; do sweep "cgroups/$r"; sweep "others/$r"; done
	# crun leaves its cgroups in the tree of systemd, and directories where no tree is mounted.
	find /sys/fs/cgroup/systemd /sys/fs/cgroup/unified -mindepth 1 -depth -newer "$work/empty" \
		\( -path '*/testdir*' -o -path '*/cgrouptest*' -o -path '*/????????-????-????-????-????????????*' \) -delete 2> /dev/null
	rm -rf --one-file-system "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP

# ---- one command each, with a state of its own, kept from the terminal ----

# Not from /dev/null, which crun would give to the container's user.
mkdir -p "$work/bin" "$work/result"
: > "$work/empty"
for r in "${runtimes[@]}"; do
	program=$(command -v "$r") options=
	[ "$r" != caisson ] || { program=$(readlink -f "$CAISSON") options="--policy ${VALIDATION_LEVEL:-none}"; }
	# killsig sends its signals before the shell inside can have set a trap, and the quicker runtime would lose: kill waits.
	printf '#!/bin/sh\n[ "${TEST_NAME:-}.$1" != killsig.kill ] || sleep 0.5\nexec %s --root "${TMPDIR%%/*}/state" %s "$@" < %s\n' "$program" "$options" "$work/empty" > "$work/bin/$r"
	chmod 755 "$work/bin/$r"
done

# verdict FILE STATUS: pass, skip or fail, and the first failing line. Some tests of the suite only print when something is
# wrong, a block with an "error" in it, and plan 0 or nothing at all.
verdict() {
	awk -v status="$2" '
		/^1\.\.[0-9]+/ { planned = substr($1, 4) + 0 }
		/^ok / { n++; if (/# SKIP/) { skipped++; sub(/.*# SKIP /, ""); why = $0 } }
		/^not ok / { n++; if (!/# TODO/) { bad++; if (first == "") first = $0 } }
		/^    "error": "./ && error == "" { error = $0 }
		END {
			if (status == 124 || status == 137) print "fail\tno end in time"
			else if (bad) print "fail\t" first
			else if (status) print "fail\tstatus " status
			else if (planned && n != planned) print "fail\tplanned " planned ", ran " n + 0
			else if (!n && error != "") print "fail\t" error
			else if (n && skipped == n) print "skip\t" why
			else print "pass\t"
		}' "$1"
}

# one LANE TEST RUNTIME
one() {
	local out=$work/result/$2.$3 rc=0
	(cd "$suite" && exec timeout -k 5 "${VALIDATION_SECONDS:-30}" env TEST_NAME="$2" RUNTIME="$work/bin/$3" TMPDIR="$work/$1/$3/tmp" "./$2" \
		> "$out.tap" 2> "$out.err" < /dev/null) || rc=$?
	verdict "$out.tap" $rc > "$out"
	sweep "$1/$3"
}

# lane NAME "RUNTIMES" TEST...: one after the other; most of a test's time is sleep.
lane() {
	local lane=$1 list=$2 t r
	shift 2
	for r in $list; do sweep "$lane/$r"; done
	for t; do
		for r in $list; do one "$lane" "$t" "$r"; done
	done
}

if [ $# -gt 0 ]; then
	tests=("$@")
else
	mapfile -t tests < <(cd "$suite" && find . -type f -perm /100 ! -name runtimetest -printf '%P\n' | LC_ALL=C sort)
fi
cgroups=() others=()
for t in "${tests[@]}"; do
	case $t in *cgroups* | *resources*) cgroups+=("$t") ;; *) others+=("$t") ;; esac
done
# The tests of cgroups share a name for theirs, whatever the runtime.
lane cgroups "${runtimes[*]}" ${cgroups[@]+"${cgroups[@]}"} &
for r in "${runtimes[@]}"; do lane others "$r" ${others[@]+"${others[@]}"} & done
wait

# ---- the table ----

# explained TEST: the words of explained.txt, which is "TEST KIND REASON"; kinds: deviation, race, host, suite.
explained() { awk -v t="$1" '$1 == t { sub(/^[^[:space:]]+[[:space:]]+/, ""); print; exit }' "$here/explained.txt"; }

echo "1..${#tests[@]}"
n=0 failed=0
declare -A passed
for t in "${tests[@]}"; do
	n=$((n + 1))
	peers='' beside=''
	for r in "${runtimes[@]}"; do
		word=$(cut -f 1 "$work/result/$t.$r")
		[ "$word" != pass ] || passed[$r]=$((${passed[$r]:-0} + 1))
		[ "$r" = caisson ] || { beside+=", $r: $word"; [ "$word" != pass ] || peers+=" $r"; }
	done
	word=$(cut -f 1 "$work/result/$t.caisson") detail=$(cut -f 2 "$work/result/$t.caisson")
	why=$(explained "$t")
	if [ "$word" = pass ]; then
		echo "ok $n - $t (caisson: pass$beside)"
	elif [ -n "$why" ] && { [ -z "$peers" ] || [[ ${why%% *} =~ ^(deviation|race)$ ]]; }; then
		echo "ok $n - $t (caisson: $word$beside) # SKIP $why"
	else
		failed=$((failed + 1))
		echo "not ok $n - $t (caisson: $word$beside)"
		echo "# $detail"
		[ -n "$peers" ] || echo "# explained.txt does not say why"
		grep -A 12 '^not ok' "$work/result/$t.caisson.tap" | head -n 30 | sed 's/^/#   /'
		head -n 8 "$work/result/$t.caisson.err" | sed 's/^/#   /'
	fi
done
for r in "${runtimes[@]}"; do
	version=$("$work/bin/$r" --version | sed -n '1s/.* //p')
	echo "# $r $version passes ${passed[$r]:-0} of ${#tests[@]}"
done
[ -z "${VALIDATION_KEEP:-}" ] || cp -r "$work/result" "$VALIDATION_KEEP"
[ "$failed" -eq 0 ]
