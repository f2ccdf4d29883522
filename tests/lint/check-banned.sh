#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Calls that have no place here, each with what to use instead. Usage: check-banned.sh [TOP_SRCDIR]
set -u
top=${1:-$(dirname "$0")/../..}
cd "$top" || exit 2

status=0
while read -r name instead; do
	hits=$(find src include tests -name '*.[ch]' -type f -exec grep -nE "(^|[^A-Za-z0-9_.>])${name}[[:space:]]*\(" {} + |
		grep -vE '^[^:]*:[0-9]+:[[:space:]]*(\*|/\*|//)')
	if [ -n "$hits" ]; then
		printf '%s\n' "$hits" | sed "s|\$|   [$name: $instead]|" >&2
		status=1
	fi
done <<'LIST'
strcpy snprintf, or str_add
strcat str_add
sprintf snprintf, or str_addf
vsprintf vsnprintf
strncpy memcpy with a checked length
strtok strchr or strcspn
atoi str_u32
atol str_i64
atoll str_i64
alloca a bounded array or an arena
system fork and exec with an argument list
popen fork and exec with an argument list
mktemp mkstemp
tmpnam mkstemp
gets getline
LIST
exit $status
