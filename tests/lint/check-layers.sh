#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Reads the include lines: a layer may reach only what its row allows. Usage: check-layers.sh [TOP_SRCDIR]
set -u
top=${1:-$(dirname "$0")/../..}
cd "$top" || exit 2

# layer: prefixes it may include (a prefix ending in '/' is a layer, anything else one header)
allowed() {
	case $1 in
	base)      echo 'base/' ;;
	spec)      echo 'spec/ base/' ;;
	policy)    echo 'policy/ spec/ base/' ;;
	kernel)    echo 'kernel/ base/ policy/plan.h policy/facts.h policy/syscall_groups.h policy/glob.h spec/types.h' ;;
	launch)    echo 'launch/ kernel/ base/ policy/plan.h policy/facts.h spec/types.h init/finish.h' ;;
	container) echo 'container/ launch/ kernel/ policy/ spec/ base/ init/finish.h helpers/systemd.h' ;;
	cli)       echo 'cli/ container/ launch/ kernel/ policy/ spec/ base/ init/finish.h' ;;
	init)      echo 'init/' ;;
	helpers)   echo 'helpers/ base/' ;;
	tools)     echo 'kernel/ policy/ spec/ base/ init/' ;; # run while building, not installed
	*)         echo '' ;;
	esac
}

list=$(mktemp) || exit 2
trap 'rm -f "$list"' EXIT
find src include -name '*.[chS]' -type f | LC_ALL=C sort | while read -r file; do
	layer=${file#*/}
	layer=${layer%%/*}
	sed -n 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*"\([^"]*\)".*/\1/p' "$file" | while read -r inc; do
		case $inc in
		*..*) echo "$file: \"$inc\": no relative includes"; continue ;;
		*/*) ;;
		*) [ -f "$(dirname "$file")/$inc" ] || echo "$file: \"$inc\": names no layer"; continue ;;
		esac
		good=
		for p in $(allowed "$layer"); do
			case $p in
			*/) [ "${inc#"$p"}" != "$inc" ] && good=1 ;;
			*) [ "$inc" = "$p" ] && good=1 ;;
			esac
		done
		[ -n "$good" ] || echo "$file: \"$inc\": $layer/ may not include this"
	done
done > "$list"
if [ -s "$list" ]; then
	cat "$list" >&2
	exit 1
fi
exit 0
