#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Static analysis of the sources: clang-tidy with .clang-tidy, and cppcheck. Any finding is a failure.
# Usage: check-analysis.sh TOP_SRCDIR BUILDDIR TOOL [JOBS], where TOOL is clang-tidy or cppcheck and BUILDDIR is configured.
set -eu
src=$(cd "$1" && pwd)/src
jobs=${4:-2}
cd "$2" # the flags have paths from there
flags=$(make -s print-cppflags)

case $3 in
clang-tidy)
	# -w: the compilers' own warnings have a check of their own (--enable-werror). What is counted and not shown is left out.
	# shellcheck disable=SC2016
	find "$src" -name '*.c' -print0 | LC_ALL=C sort -z | xargs -0 -r -n 8 -P "$jobs" sh -c '
		flags=$1; shift; rc=0
		said=$(eval "clang-tidy --quiet \"\$@\" -- -std=c11 -w $flags" 2>&1) || rc=$?
		printf "%s\n" "$said" | grep -vE "^([0-9]+ warnings? generated\.)?\$"
		exit $rc' tidy "$flags" ;;
cppcheck)
	# memleak: it does not know the cleanup attribute (auto_free). uninitvar: nor that who returns 0 has set what it was given. comparePointers: the two ends of a linked-in blob.
	# internalAstError: braces of a compound literal in a conditional, which it cannot read.
	eval "set -- $flags"
	for f; do
		shift
		case $f in -D* | -I*) set -- "$@" "$f" ;; esac
	done
	cppcheck -q -j "$jobs" --std=c11 --error-exitcode=1 --enable=warning,performance,portability "$@" \
		--suppress=missingIncludeSystem --suppress=memleak --suppress=uninitvar --suppress=comparePointers --suppress=internalAstError "$src" ;;
*)
	echo "check-analysis.sh: no tool named '$3': clang-tidy or cppcheck" >&2
	exit 2 ;;
esac
