#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Every test there is, or some parts of them:
#
#   tests/run.sh                     all the default parts, in the order below
#   tests/run.sh unit integration    these only
#
#   build        gcc, warnings are errors
#   lint         layers, banned calls, shellcheck, the whole with clang, clang-tidy, cppcheck
#   unit         Criterion: tests/unit, and tests/kernel (one mechanism against this kernel)
#   integration  the binary against this kernel (root)
#   faults       integration with points of failure (tests/integration files that ask for them), with the static core
#   stress       many at a time, many at rest, the runtime killed at any moment (root)
#   static       the static core: build, and integration with it
#   sanitize     unit tests with the address and undefined behaviour sanitizers
#   fuzz         each fuzzer for FUZZ_SECONDS (20)
#   engines      Debian's containerd, Docker, podman and buildah; nginx and redis
#   services     the shipped profiles with the services as Debian packages them, twice each, also under level hardened alone; what they
#                deny (5 min)
#   validation   the suite of opencontainers/runtime-tools, beside runc and crun
#   oracle       generated containers seen from inside, beside runc and crun
#   cross        the whole for arm64
#   distcheck    the tarball builds, installs and cleans up
#   package      the Debian package: built, looked at by lintian, installed, upgraded and purged in a root of its own; the Kubernetes installer (1 min)
#   vm           what this machine lacks (systemd, AppArmor, SELinux, cgroup v2 alone), in a guest; CAISSON_VM_FULL=1: all of integration there
#   leftovers    nothing stayed behind: processes, mounts, cgroups, files
#
# Not among the default parts:
#
#   bench        tests/bench/run.sh: times beside crun, runc and the floor
#   engines-sid  the engines' tests with Debian sid's containerd 2, Docker and runc, in a tree of their own (500 MB)
#
# As root on Debian it installs the packages it needs. Builds in $CAISSON_CACHE (kept, so that the next run is quick) or in
# a temporary directory; the source tree is only read. Prints each failure and the reason of each skip; the last line is
# "N passed, N failed, N skipped", and the status is 1 when something failed.
set -uo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=contrib/packages.sh
. "$top/contrib/packages.sh"

default_parts=(build lint unit integration faults stress static sanitize fuzz engines services validation oracle cross distcheck package vm leftovers)
parts=("$@")
[ ${#parts[@]} -gt 0 ] || parts=("${default_parts[@]}")
for p in "${parts[@]}"; do
	case " ${default_parts[*]} bench engines-sid " in
	*" $p "*) ;;
	*) echo "run.sh: no part named '$p'; there are: ${default_parts[*]} bench engines-sid" >&2; exit 2 ;;
	esac
done

if [ -n "${CAISSON_CACHE:-}" ]; then
	mkdir -p "$CAISSON_CACHE"
	work=$(cd "$CAISSON_CACHE" && pwd)
	keep=1
else
	work=$(mktemp -d "${TMPDIR:-/tmp}/caisson-run.XXXXXX") || exit 2
	keep=
fi
results=$work/results.$$
out=$work/out
rm -rf "$out"
mkdir -p "$out" "$work/tmp"
chmod 755 "$work" "$work/tmp" # mktemp gave 700, and some tests become an ordinary user in there
: > "$results"
: > "$out/began"
export TMPDIR=$work/tmp
export CAISSON_RUN=run-$$
jobs=$(nproc)
began=$SECONDS

finish() {
	rm -f "$results"
	[ -n "$keep" ] || rm -rf --one-file-system "$work"
}
trap finish EXIT
trap 'wait; exit 130' INT TERM HUP # what runs beside us (the fuzzers) has an end of its own

# ---- results: one line each in $results: word, part, name, detail ----

note() {
	printf '%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "${4:-}" >> "$results"
	case $1 in
	fail) printf 'FAIL %s: %s%s\n' "$2" "$3" "${4:+: $4}" ;;
	skip) printf 'SKIP %s: %s%s\n' "$2" "$3" "${4:+: $4}" ;;
	esac
}

# step PART NAME SECONDS CMD...: one thing that passes or fails; its output is shown when it fails.
step() {
	local part=$1 name=$2 limit=$3 log=$out/$1-${2//[^A-Za-z0-9]/_}.log rc=0
	shift 3
	timeout -k 10 "$limit" "$@" > "$log" 2>&1 < /dev/null || rc=$?
	if [ $rc -eq 0 ]; then
		note pass "$part" "$name"
		return 0
	fi
	[ $rc -eq 124 ] && echo "(no end within $limit s)" >> "$log"
	note fail "$part" "$name" "status $rc"
	tail -n 25 "$log" | sed 's/^/    /'
	return 1
}

# tap PART NAME FILE STATUS: counts what a TAP file says; a file that breaks off is a failure.
tap() {
	awk -v part="$1" -v name="$2" -v status="$4" '
		function put(word, what, detail) { printf "%s\t%s\t%s: %s\t%s\n", word, part, name, what, detail }
		function reason(line) { sub(/^.*#[[:space:]]*[Ss][Kk][Ii][Pp][A-Za-z]*[[:space:]]*/, "", line); return line }
		/^1\.\.0/ { put("skip", "the whole file", reason($0)); whole = 1; next }
		/^1\.\.[0-9]+/ { planned = substr($1, 4) + 0; next }
		/^[[:space:]]*Bail out!/ { put("fail", $0, ""); bad++; next }
		/^ok / { n++; line = $0; sub(/^ok[[:space:]]+[0-9]*[[:space:]]*-?[[:space:]]*/, "", line)
			if (line ~ /#[[:space:]]*[Ss][Kk][Ii][Pp]/) { what = line; sub(/[[:space:]]*#.*$/, "", what); put("skip", what == "" ? "test " n : what, reason(line)) }
			else put("pass", line, "")
			next }
		/^not ok / { n++; line = $0; sub(/^not ok[[:space:]]+[0-9]*[[:space:]]*-?[[:space:]]*/, "", line); put("fail", line, ""); bad++; next }
		END {
			if (!whole && planned == "" ) { put("fail", "no plan: it broke off", "status " status); bad++ }
			else if (!whole && n != planned) { put("fail", "planned " planned " tests, ran " n + 0, "status " status); bad++ }
			if (!bad && status != 0) put("fail", "ended with status " status, "")
		}' "$3" > "$3.results"
	while IFS=$'\t' read -r word _ what detail; do note "$word" "$1" "$what" "$detail"; done < "$3.results"
	if grep -q '^fail' "$3.results"; then
		grep -A 12 -E '^(not ok|Bail out)' "$3" | grep -vE '^ok ' | head -n 60 | sed 's/^/    /'
		[ ! -s "${3%.tap}.err" ] || tail -n 15 "${3%.tap}.err" | sed 's/^/    /'
	fi
}

# tap_run PART SECONDS PARALLEL FILE...
tap_run() {
	local part=$1 limit=$2 parallel=$3
	shift 3
	printf '%s\0' "$@" | xargs -0 -r -n 1 -P "$parallel" bash -c '
		b=$(basename "$2" .t); rc=0
		timeout -k 10 "$1" sh "$2" > "$0/$b.tap" 2> "$0/$b.err" < /dev/null || rc=$?
		echo "$SECONDS $b" >> "$0/took"
		echo $rc > "$0/$b.rc"' "$out/$part" "$limit"
}

# tap_files PART SECONDS PARALLEL FILE...: runs TAP scripts. One that fails beside others runs once more, alone, and that counts: the
# deadlines in it are those of an idle machine. What failed the first time is printed, so that a test that often needs it is seen.
tap_files() {
	local part=$1 limit=$2 parallel=$3 f b
	shift 3
	mkdir -p "$out/$part"
	tap_run "$part" "$limit" "$parallel" "$@"
	for f; do
		b=$(basename "$f" .t)
		if [ "$(cat "$out/$part/$b.rc" 2> /dev/null)" != 0 ] || grep -qE '^(not ok|Bail out)' "$out/$part/$b.tap"; then
			echo "NOTE $part: $b failed the first time and runs again alone:"
			grep -A 4 -E '^(not ok|Bail out)' "$out/$part/$b.tap" | head -n 20 | sed 's/^/    /'
			tap_run "$part" "$limit" 1 "$f"
		fi
		tap "$part" "$b" "$out/$part/$b.tap" "$(cat "$out/$part/$b.rc" 2> /dev/null || echo 99)"
	done
	LC_ALL=C sort -rn "$out/$part/took" | awk '{ all += $1 } NR <= 8 { slow = slow " " $2 " " $1 " s," } END { print "   longest:" slow " all " all " s" }'
}

# need_packages PART GROUP...: false, with a note, when they cannot be had.
need_packages() {
	local part=$1 log=$out/packages.log
	shift
	if packages_install "$@" 2> "$log"; then return 0; fi
	note fail "$part" "packages of: $*" "$(tail -n 1 "$log")"
	return 1
}

# ---- the source, once; build directories ----

src=$work/src
have_source=
source_tree() {
	[ -z "$have_source" ] || return 0
	need_packages build build test || return 1
	mkdir -p "$src"
	local list=$out/files
	if git -C "$top" rev-parse --is-inside-work-tree > /dev/null 2>&1; then
		git -C "$top" -c safe.directory='*' ls-files -co --exclude-standard > "$list"
	else
		(cd "$top" && find . -type f ! -path './.git/*' ! -path './build/*' ! -path './autom4te.cache/*' | sed 's|^\./||') > "$list"
	fi
	(cd "$top" && while read -r f; do [ ! -e "$f" ] || echo "$f"; done < "$list") > "$list.there"
	(cd "$src" && find . -type f -print | sed 's|^\./||' | grep -E '^(src|include|tests|profiles|contrib)/' | LC_ALL=C sort) > "$list.old"
	LC_ALL=C sort "$list.there" | LC_ALL=C comm -13 - "$list.old" | (cd "$src" && while read -r f; do rm -f "$f"; done)
	tar -C "$top" -cf - -T "$list.there" | tar -C "$src" -xf - || return 1
	if [ ! -x "$src/configure" ] || [ -n "$(find "$src" -newer "$src/configure" \( -name '*.am' -o -name configure.ac \))" ]; then
		step build autoreconf 300 bash -c 'cd "$0" && autoreconf -i' "$src" || return 1
	fi
	have_source=1
}

# build PART DIR CONFIGURE-ARGUMENTS...: configure and make; the targets are in $targets.
targets=all
build() {
	local part=$1 dir=$work/$2
	shift 2
	mkdir -p "$dir"
	if [ ! -f "$dir/Makefile" ] || [ "$src/configure" -nt "$dir/config.status" ] || [ "$(cat "$dir/.args" 2> /dev/null)" != "$*" ]; then
		rm -rf "$dir"
		mkdir -p "$dir"
		step "$part" "configure $(basename "$dir")" 300 bash -c 'cd "$0" && exec "$@"' "$dir" "$src/configure" -q "$@" || return 1
		echo "$*" > "$dir/.args"
	fi
	# shellcheck disable=SC2086
	step "$part" "make $(basename "$dir")" 900 make -s -C "$dir" -j"$jobs" $targets
}

have_plain=
plain_build() {
	[ -z "$have_plain" ] || return 0
	# Tests that cover the place of policy files need one that Debian has.
	source_tree && build build plain --enable-werror --prefix=/usr --sysconfdir=/usr/local/etc && have_plain=1
}

# The integration tests' root file system, made once.
test_rootfs() {
	local dir=$work/rootfs
	if [ ! -e "$dir/.made" ]; then
		rm -rf "$dir"
		(unset CAISSON_TEST_ROOTFS; CAISSON=/bin/true; export CAISSON
			sh -c '. "$0/tests/integration/lib.sh"; _finished=1; rootfs "$1"; rm -rf "$TMP"' "$src" "$dir" < /dev/null) || return 1
		touch "$dir.made" && mv "$dir.made" "$dir/.made"
	fi
	export CAISSON_TEST_ROOTFS=$dir
}

# integration PART DIR FILE...: the scripts against the build in DIR.
integration() {
	local part=$1 dir=$work/$2
	shift 2
	if [ "$(id -u)" -ne 0 ]; then
		note skip "$part" "all of it" "needs root"
		return
	fi
	test_rootfs || { note fail "$part" "making a root file system"; return; }
	export CAISSON=$dir/caisson CAISSON_INIT=$dir/caisson-init CAISSON_SRCDIR=$src CAISSON_BUILDDIR=$dir
	tap_files "$part" "${TEST_SECONDS:-240}" "${TEST_JOBS:-$jobs}" "$@"
}

# unit PART DIR: every Criterion program, each within its time, one result for each test.
unit() {
	local part=$1 dir=$work/$2 t name rc try
	mkdir -p "$out/$part"
	export CAISSON_SRCDIR=$src CAISSON_BUILDDIR=$dir
	for t in "$src"/tests/unit/test_*.c "$src"/tests/kernel/test_*.c; do
		[ -f "$t" ] || continue
		t=${t#"$src"/}
		t=${t%.c}
		name=${t##*/}
		if [ ! -x "$dir/$t" ]; then
			note fail "$part" "$t" "was not built: is it in tests/unit/tests.am?"
			continue
		fi
		# Criterion itself hangs, seldom, when a test ends by a signal on purpose, and some tests of the kernel's work race on a busy
		# machine: a program that fails is tried once more, and that is said.
		for try in 1 2; do
			rc=0
			(cd "$dir" && timeout -k 10 120 "./$t" --tap="$out/$part/$name.tap" --jobs "$jobs" \
				> "$out/$part/$name.err" 2>&1 < /dev/null) || rc=$?
			[ $rc -ne 0 ] || break
			echo "NOTE $part: $name ended with $rc, try $try (124: not within 120 s)"
			grep -A 4 '^not ok' "$out/$part/$name.tap" 2> /dev/null | head -n 10 | sed 's/^/    /'
		done
		[ -f "$out/$part/$name.tap" ] || : > "$out/$part/$name.tap"
		tap "$part" "$name" "$out/$part/$name.tap" $rc
	done
}

# ---- the parts ----

part_build() {
	plain_build || return
	step build "make install" 120 make -s -C "$work/plain" install DESTDIR="$work/tmp/dest"
	local f
	for f in usr/bin/caisson usr/bin/caisson-init usr/libexec/caisson/caisson-unpack usr/libexec/caisson/caisson-systemd; do
		if [ -x "$work/tmp/dest/$f" ]; then note pass build "installs $f"; else note fail build "installs $f"; fi
	done
	for f in usr/share/man/man1/caisson-init.1 usr/share/man/man5/caisson-policy.5 usr/share/man/man7/caisson-oci.7 usr/share/caisson/profiles/svc-nginx.json \
		usr/share/man/man8/caisson.8 usr/share/caisson/profile.schema.json usr/share/bash-completion/completions/caisson; do
		if [ -s "$work/tmp/dest/$f" ]; then note pass build "installs $f"; else note fail build "installs $f"; fi
	done
	rm -rf "$work/tmp/dest"
}

part_lint() {
	source_tree && need_packages lint lint || return
	step lint layers 60 sh "$src/tests/lint/check-layers.sh" "$src"
	step lint "tables of what is supported" 120 sh "$src/tests/lint/check-rows.sh" "$src"
	step lint "system call table" 60 sh "$src/tests/lint/check-syscalls.sh" "$src"
	step lint "banned calls" 60 sh "$src/tests/lint/check-banned.sh" "$src"
	local scripts
	mapfile -t scripts < <(cd "$src" && find . \( -name '*.sh' -o -name '*.t' -o -path ./.ci/run \) -type f | LC_ALL=C sort)
	# -S warning: style is not a reason to fail; SC1091 would ask for each sourced file on the command line
	step lint shellcheck 300 bash -c 'cd "$0" && exec shellcheck -S warning -e SC1007,SC1091,SC2010,SC2034,SC2089,SC2090,SC2154,SC2283,SC3043,SC3045 "$@"' "$src" "${scripts[@]}"
	build lint clang --enable-werror CC=clang || return
	step lint clang-tidy 600 sh "$src/tests/lint/check-analysis.sh" "$src" "$work/clang" clang-tidy "$jobs"
	step lint cppcheck 300 sh "$src/tests/lint/check-analysis.sh" "$src" "$work/clang" cppcheck "$jobs"
}

part_unit() {
	plain_build || return
	step unit "make the unit tests" 900 bash -c 'make -s -k -C "$0" -j"$1" $(make -s -C "$0" print-check-programs)' "$work/plain" "$jobs"
	step unit "the profiles that ship" 60 bash -c '"$0" policy check "$@"' "$work/plain/caisson" "$src"/profiles/svc-*.json
	unit unit plain
}

# Those that need points of failure have a part, and a build, of their own.
ordinary_tests() { grep -L 'need_faults\|CAISSON_FAULTS' "$src"/tests/integration/[0-9]*.t; }

part_integration() {
	plain_build || return
	local files
	mapfile -t files < <(ordinary_tests)
	integration integration plain "${files[@]}"
}

# static_build PART DIR CONFIGURE-ARGUMENTS...: with the prefix of the Kubernetes installer, whose image the engines' part builds.
static_build() {
	local part=$1 dir=$2
	shift 2
	source_tree && step "$part" "the four libraries, static" 600 "$src/contrib/build-static-deps.sh" "$work/static-deps" &&
		build "$part" "$dir" --enable-werror --enable-static-core --with-static-deps="$work/static-deps" --prefix=/opt/caisson/current \
			--sysconfdir=/usr/local/etc "$@"
}

# With the static core: the same code, and one build less.
part_faults() {
	static_build faults static-faulty --enable-fault-injection --without-criterion || return
	local files
	mapfile -t files < <(grep -l CAISSON_FAULT "$src"/tests/integration/[0-9]*.t)
	export CAISSON_FAULTS=$work/static-faulty/caisson
	integration faults static-faulty "${files[@]}"
	unset CAISSON_FAULTS
}

part_stress() {
	plain_build || return
	TEST_SECONDS=${STRESS_SECONDS:-900} integration stress plain "$src"/tests/stress/*.t
	grep -h '^# .* ms' "$out"/stress/*.tap | sed 's/^#/  /'
}

part_static() {
	static_build static static-core || return
	if LC_ALL=C readelf -l "$work/static-core/caisson" | grep -q INTERP; then
		note fail static "caisson is static"
	else
		note pass static "caisson is static"
	fi
	local files
	mapfile -t files < <(ordinary_tests)
	integration static static-core "${files[@]}"
	rm -rf "$work/installer"
	step static "make install for the installer" 120 make -s -C "$work/static-core" install DESTDIR="$work/installer"
}

part_sanitize() {
	source_tree || return
	build sanitize sanitized --enable-sanitizers CFLAGS="-g -O1" || return
	step sanitize "make the unit tests" 900 bash -c 'make -s -k -C "$0" -j"$1" $(make -s -C "$0" print-check-programs)' \
		"$work/sanitized" "$jobs"
	rm -f "$out"/asan.*
	# Criterion calls a leaking test passed, so the logs decide. Some tests expect a fault: Criterion is to see it, not ASan.
	export ASAN_OPTIONS=log_path=$out/asan:detect_leaks=1:handle_segv=0 UBSAN_OPTIONS=print_stacktrace=1:log_path=$out/asan
	unit sanitize sanitized
	unset ASAN_OPTIONS UBSAN_OPTIONS
	local f found=
	for f in "$out"/asan.*; do
		[ -f "$f" ] || continue
		found=1
		note fail sanitize "a sanitizer complained" "$(grep -m 1 -E 'ERROR|runtime error|SUMMARY' "$f")"
		head -n 25 "$f" | sed 's/^/    /'
	done
	[ -n "$found" ] || note pass sanitize "no sanitizer complained"
}

# fuzz_one FILE: built and run.
fuzz_one() {
	local name dir=$work/fuzzed corpus args
	name=$(basename "$1" .c)
	step fuzz "build $name" 180 bash -c 'cd "$0" && exec clang -std=c11 -D_GNU_SOURCE -g -O1 -fsanitize=fuzzer,address,undefined \
		-fno-sanitize-recover=undefined -I"$1/include" -o "$2" "$3" libcontainer.a libkernel.a libpolicy.a libspec.a libbase.a libinit.a \
		-ljansson -lseccomp -lcap-ng -lmnl' "$dir" "$src" "$name" "$1" || return
	corpus=$work/corpus/$name
	mkdir -p "$corpus"
	args=("$corpus")
	[ ! -d "$src/tests/fuzz/corpus/${name#fuzz_}" ] || args+=("$src/tests/fuzz/corpus/${name#fuzz_}")
	[ ! -d "$src/tests/fuzz/corpus/$name" ] || args+=("$src/tests/fuzz/corpus/$name")
	step fuzz "$name, ${FUZZ_SECONDS:-20} s" $((${FUZZ_SECONDS:-20} + 60)) "$dir/$name" -max_total_time="${FUZZ_SECONDS:-20}" \
		-timeout=10 -rss_limit_mb=2048 -max_len=65536 -print_final_stats=0 -artifact_prefix="$out/" "${args[@]}"
}

part_fuzz() {
	source_tree && need_packages fuzz fuzz || return
	local fuzzers f running=0
	mapfile -t fuzzers < <(find "$src/tests/fuzz" -name 'fuzz_*.c' | LC_ALL=C sort)
	if [ ${#fuzzers[@]} -eq 0 ]; then
		note skip fuzz "all of it" "no fuzzer in tests/fuzz"
		return
	fi
	targets="libbase.a libspec.a libpolicy.a libkernel.a libcontainer.a libinit.a" \
		build fuzz fuzzed --without-criterion --without-libarchive --without-systemd CC=clang INIT_CC=clang \
		CFLAGS="-g -O1 -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined" || return
	for f in "${fuzzers[@]}"; do
		fuzz_one "$f" &
		[ $((++running)) -lt "$jobs" ] || wait -n
	done
	wait
}

part_engines() {
	plain_build || return
	if [ "$(id -u)" -ne 0 ]; then
		note skip engines "all of it" "needs root"
		return
	fi
	need_packages engines engines || return
	export CAISSON=$work/plain/caisson CAISSON_INIT=$work/plain/caisson-init CAISSON_SRCDIR=$src
	export CAISSON_RELEASE=$work/installer/opt/caisson/current
	test_rootfs || return
	tap_files engines "${ENGINE_SECONDS:-600}" 1 "$src"/tests/engines/*.t
}

part_services() {
	plain_build || return
	export SERVICES_ROOT=$work/profiles-root
	[ "$(id -u)" -ne 0 ] || step services "a root of Debian's packages" 900 sh "$src/tests/services/root.sh" "$SERVICES_ROOT" || return
	TEST_SECONDS=${SERVICE_SECONDS:-900} integration services plain "$src"/tests/services/*.t
}

# The newest engines with the static core, which runs in any tree. Their tests are the same files.
part_engines-sid() {
	if [ "$(id -u)" -ne 0 ]; then
		note skip engines-sid "all of it" "needs root"
		return
	fi
	static_build engines-sid static-core || return
	step engines-sid "a tree of sid's packages" 900 sh "$src/tests/engines/sid/root.sh" "$work/sid" || return
	local t
	mkdir -p "$out/engines-sid"
	for t in containerd cri docker; do
		printf '#!/bin/sh\nunset CAISSON_TEST_ROOTFS\nexec sh "%s" "%s" sh "%s"\n' "$src/tests/engines/sid/enter.sh" "$work/sid" "$src/tests/engines/$t.t" > "$out/engines-sid/sid-$t.t"
	done
	export CAISSON=$work/static-core/caisson CAISSON_INIT=$work/static-core/caisson-init CAISSON_SRCDIR=$src
	KEEP="$src $work/static-core $TMPDIR" tap_files engines-sid "${ENGINE_SECONDS:-600}" 1 "$out"/engines-sid/sid-*.t
}

part_cross() {
	source_tree || return
	if [ "$(uname -m)" != x86_64 ]; then
		note skip cross "all of it" "only from x86_64"
		return
	fi
	need_packages cross cross || return
	step cross "the four libraries for arm64" 600 env HOST=aarch64-linux-gnu CC=aarch64-linux-gnu-gcc \
		"$src/contrib/build-static-deps.sh" "$work/static-deps-arm64" || return
	build cross arm64 --enable-werror --host=aarch64-linux-gnu --enable-static-core --without-libarchive --without-systemd \
		--with-static-deps="$work/static-deps-arm64" CC=aarch64-linux-gnu-gcc || return
	local f
	for f in caisson caisson-init; do
		if LC_ALL=C readelf -h "$work/arm64/$f" | grep -q AArch64; then note pass cross "$f is for arm64"; else note fail cross "$f is for arm64"; fi
	done
	note skip cross "running it" "no arm64 machine here: compiled and linked only"
}

part_distcheck() {
	plain_build || return
	# Its unit tests run in the parts unit and sanitize.
	step distcheck "make distcheck" 1200 make -s -C "$work/plain" -j"$jobs" distcheck DISTCHECK_CONFIGURE_FLAGS=--without-criterion
}

part_package() {
	source_tree && need_packages package build package || return
	if [ "$(id -u)" -ne 0 ]; then
		note skip package "all of it" "needs root"
		return
	fi
	export PACKAGE_FILES=$out/files.there
	tap_files package 600 1 "$src"/tests/package/*.t
	unset PACKAGE_FILES
}

part_vm() {
	if [ ! -f "$top/tests/vm/run.sh" ]; then
		note skip vm "all of it" "tests/vm/run.sh is not there"
		return
	fi
	plain_build && need_packages vm vm || return
	local log=$out/vm.log rc=0
	CAISSON_VM_DIR=$work/vm timeout -k 10 "${VM_SECONDS:-1500}" bash "$src/tests/vm/run.sh" "$work/plain" > "$log" 2>&1 < /dev/null || rc=$?
	# The guest's console: one TAP stream after the other. The script's own status says whether each was complete.
	awk '
		function name(line) { sub(/^(not )?ok[[:space:]]+[0-9]*[[:space:]]*-?[[:space:]]*/, "", line); return line }
		/^1\.\.0/ { r = $0; sub(/^.*SKIP[[:space:]]*/, "", r); print "skip\ta whole file\t" r; next }
		/^ok .*#[[:space:]]*SKIP/ { r = $0; sub(/^.*SKIP[[:space:]]*/, "", r); print "skip\t" name($0) "\t" r; next }
		/^ok / { print "pass\t" name($0) "\t" }
		/^not ok / { print "fail\t" name($0) "\t" }' "$log" > "$log.results"
	while IFS=$'\t' read -r word what detail; do note "$word" vm "$what" "$detail"; done < "$log.results"
	if [ $rc -ne 0 ]; then
		note fail vm "tests/vm/run.sh" "status $rc"
		grep -A 6 '^not ok' "$log" | head -n 60 | sed 's/^/    /'
		tail -n 5 "$log" | sed 's/^/    /'
	fi
}

part_bench() {
	need_packages bench bench || return
	source_tree || return
	bash "$src/tests/bench/run.sh" "$work"
}

part_validation() {
	if [ ! -f "$top/tests/validation/run.sh" ]; then
		note skip validation "all of it" "tests/validation/run.sh is not there"
		return
	fi
	plain_build && need_packages validation peers || return
	mkdir -p "$out/validation"
	local rc=0
	CAISSON=$work/plain/caisson CAISSON_INIT=$work/plain/caisson-init timeout -k 10 "${VALIDATION_LIMIT:-1500}" \
		bash "$src/tests/validation/run.sh" "$work/validation" > "$out/validation/suite.tap" 2> "$out/validation/suite.err" < /dev/null || rc=$?
	tap validation suite "$out/validation/suite.tap" $rc
	grep '^#' "$out/validation/suite.tap" | tail -n 4
}

part_oracle() {
	plain_build && need_packages oracle peers || return
	mkdir -p "$out/oracle"
	local rc=0
	CAISSON=$work/plain/caisson CAISSON_INIT=$work/plain/caisson-init timeout -k 10 "${ORACLE_LIMIT:-600}" \
		bash "$src/tests/oracle/run.sh" > "$out/oracle/inside.tap" 2> "$out/oracle/inside.err" < /dev/null || rc=$?
	tap oracle inside "$out/oracle/inside.tap" $rc
	grep '^# seed' "$out/oracle/inside.tap"
}

part_leftovers() {
	local list=$out/leftovers
	{
		awk -v t="$work/" 'index($5, t) == 1 { print "mount: " $5 }' /proc/self/mountinfo
		find /sys/fs/cgroup -type d -name '*cst-*' -newer "$out/began" 2> /dev/null | while read -r d; do
			p=${d##*cst-}
			p=${p%%[!0-9]*}
			[ -d "/proc/$p" ] || echo "cgroup: $d" # of a test script that is no longer there
		done
		find "$work/tmp" -mindepth 1 -maxdepth 1 | sed 's/^/file: /'
		for p in $(env -u CAISSON_RUN grep -laF "CAISSON_RUN=$CAISSON_RUN" /proc/[0-9]*/environ 2> /dev/null | tr -dc '0-9\n'); do
			[ "$(tr '\0' '\n' 2> /dev/null < "/proc/$p/environ" | grep -c '^CAISSON_RUN=')" -gt 0 ] || continue
			pp=$(awk '/^PPid:/ { print $2 }' "/proc/$p/status" 2> /dev/null)
			[ -n "$pp" ] && [ "$pp" != $$ ] && [ "$pp" != "$BASHPID" ] || continue
			echo "process: $p $(tr '\0' ' ' < "/proc/$p/cmdline")"
		done 2> /dev/null
	} > "$list"
	if [ -s "$list" ]; then
		note fail leftovers "nothing stayed behind" "$(wc -l < "$list") things did"
		head -n 30 "$list" | sed 's/^/    /'
	else
		note pass leftovers "nothing stayed behind"
	fi
}

main() {
	local part_name part_began
	for part_name in "${parts[@]}"; do
		part_began=$SECONDS
		echo "== $part_name"
		"part_$part_name"
		awk -F '\t' -v p="$part_name" -v t=$((SECONDS - part_began)) '$2 == p { n[$1]++ }
			END { printf "   %s: %d passed, %d failed, %d skipped; %d s\n", p, n["pass"], n["fail"], n["skip"], t }' "$results"
	done

	count() { grep -c "^$1	" "$results"; }
	failed=$(count fail)
	if [ "$failed" -gt 0 ]; then
		echo
		echo "What failed:"
		awk -F '\t' '$1 == "fail" { print "  " $2 ": " $3 ($4 != "" ? ": " $4 : "") }' "$results"
	fi
	echo
	echo "$((SECONDS - began)) s"
	echo "$(count pass) passed, $failed failed, $(count skip) skipped"
	[ "$failed" -eq 0 ] && [ "$(count pass)" -gt 0 ]
}

main; exit # one line, already read: this file may change while it runs
