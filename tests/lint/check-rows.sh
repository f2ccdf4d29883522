#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The tables of what is supported: every property of tests/data/spec-properties.txt is in spec-rows.tsv, nothing is there twice,
# each row says how it stands, and each test that a row or a flag names exists. Usage: check-rows.sh [TOP_SRCDIR]
set -u
top=${1:-$(dirname "$0")/../..}
cd "$top" || exit 2
tab=$(printf '\t')
list=$(mktemp) || exit 2
trap 'rm -f "$list"' EXIT

rows() { grep -v -e '^#' -e '^$' "$1"; }

# test_exists "FILE: NAME": a TAP test by its description, a Criterion test by its name, a folder of tests/data by its path.
test_exists() {
	file=${1%%: *} name=${1#*: }
	[ -e "$file" ] || return 1
	case $file in
	*.c) grep -Eq "^Test\([a-z_0-9]*, ${name}[,)]" "$file" ;;
	tests/data/*) return 0 ;;
	*) grep -Fq -e "\"$name\"" -e "$name|" "$file" ;;
	esac
}

{
	rows tests/data/spec-rows.tsv | cut -f 1 | LC_ALL=C sort | uniq -d | sed 's/^/spec-rows.tsv: twice: /'
	rows tests/data/cli-flags.tsv | cut -f 1,2 | LC_ALL=C sort | uniq -d | sed 's/^/cli-flags.tsv: twice: /'
	rows tests/data/spec-rows.tsv | cut -f 1 | LC_ALL=C sort > "$list.rows"
	LC_ALL=C sort tests/data/spec-properties.txt | LC_ALL=C comm -23 - "$list.rows" | sed 's/^/spec-rows.tsv: missing: /'
	rm -f "$list.rows"
	{
		rows tests/data/spec-rows.tsv
		rows tests/data/cli-flags.tsv | sed "s/$tab/ /"
	} | while IFS=$tab read -r row status tests note; do
		case $status in
		supported | refused | ignored) ;;
		partial) [ -n "$note" ] || echo "$row: partial without a note" ;;
		*) echo "$row: status '$status' is none of supported, refused, ignored, partial" ;;
		esac
		[ "$status" = supported ] || [ -n "$note" ] || echo "$row: $status without a reason"
		printf '%s\n' "$tests" | sed 's/ ; /\n/g' | while IFS= read -r t; do
			test_exists "$t" || echo "$row: no test '$t'"
		done
	done
} > "$list"
if [ -s "$list" ]; then
	cat "$list" >&2
	exit 1
fi
