#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Memory that is written and executed: denied for the container's program, what it runs and what joins later; refused, or left out with a
# warning, where the kernel cannot.
# shellcheck source=tests/integration/policy-place.sh
. "$(dirname "$0")/policy-place.sh"
. "$(dirname "$0")/lib.sh"
here=$(cd "$(dirname "$0")" && pwd)
"${CC:-cc}" -static -o "$TMP/write_exec" "$here/src/write_exec.c" 2> /dev/null || skip_all "no C compiler for write_exec.c"

policy_place || skip_all "$NO_PLACE"
printf '%s\n' '{ "schema": 1 }' > "$ETC/caisson.json"
plan 25

profile() { printf '{ "schema": 1, %s }\n' "$2" > "$ETC/profiles/$1.json"; }
run_it() { caisson --policy "$1" run -b "$BUNDLE" "$ID-$((_k = ${_k:-0} + 1))" 2>&1 | grep -v '^warning'; }
explained() { caisson --policy "$1" explain "$BUNDLE" 2>&1; }
profile guarded '"extends": "strict", "memory": { "deny_write_exec": true }'
profile early '"extends": "none", "memory": { "deny_write_exec": true }'
profile best '"extends": "guarded", "best_effort": ["mdwe"]'
profile lax '"extends": "guarded", "warn": ["memory"]'

bundle '.process.args = ["/bin/write_exec", "/bin/write_exec"] | .process.user = { uid: 1000, gid: 1000 } | .process.noNewPrivileges = false'
cp "$TMP/write_exec" "$BUNDLE/rootfs/bin/"
both='both denied, later denied'
is "without it memory may be anything" "$(run_it strict)" "both allowed, later allowed
both allowed, later allowed"
# A kernel before 6.3 has another story to tell.
if [ "$(run_it guarded | tail -n 1)" != "$both" ] && run_it guarded | grep -q 'Linux 6.3 can'; then
	caisson delete --force "$ID" > /dev/null 2>&1
	echo "# this kernel has no PR_SET_MDWE"
	skip 6 "the kernel is older than 6.3"
else
	is "it is denied to the program, and to what that runs" "$(run_it guarded)" "$both
$both"
	is "also without no_new_privileges" "$(run_it early)" "$both
$both"
	like "explain says so" "$(explained guarded)" '^write and execute +as asked +denied +guarded.json \$\.memory\.deny_write_exec'
	reconfig '.process.args = ["/bin/sleep", "60"]'
	ok "a container under it starts" caisson --policy guarded run -d -b "$BUNDLE" "$ID"
	is "what joins later has it, too" "$(caisson exec "$ID" /bin/write_exec)" "$both"
	like "posture says what it cannot know" "$(caisson posture "$ID")" '^write and execute +denied +not shown; read back before the start'
	caisson delete --force "$ID"
fi
reconfig '.process.args = ["/bin/write_exec"]'
if caisson launch --help > /dev/null 2>&1; then
	like "caisson-init as PID 1 lives with it" "$(caisson launch --rm --init --policy guarded --user 1000:1000 "$BUNDLE/rootfs" -- /bin/write_exec 2>&1)" "$both|Linux 6.3 can"
else
	skip "caisson-init as PID 1 lives with it" "no launch in this build"
fi
is "only warned about it is not done" "$(run_it lax 2>&1 | tail -n 1)" "both allowed, later allowed"
like "but said" "$(explained lax)" 'policy in warn mode: write and execute: as asked would be denied|Linux 6.3 can'

# ---- L09 ----
cp "$TMP/write_exec" "$BUNDLE/rootfs/bin/node"
reconfig '.process.args = ["/bin/node"]'
fails "L09: a program that compiles is refused with the word for its profile" \
	'launch check L09): /bin/node is Node.js, which writes code into memory and runs it; say "memory": {"deny_write_exec": false} in its profile' \
	caisson --policy guarded create -b "$BUNDLE" "$ID"
like "L09: its twin runs" "$(run_it strict)" 'both allowed'
reconfig '.process.args = ["/bin/write_exec"]'

# ---- the floor, and what may be missing ----
printf '%s\n' '{ "schema": 1, "floor": "guarded" }' > "$ETC/caisson.json"
like "a floor holds against --policy none" "$(caisson --policy none run -b "$BUNDLE" "$ID-f" 2>&1)" "$both|Linux 6.3 can"
printf '%s\n' '{ "schema": 1 }' > "$ETC/caisson.json"
fails "only a control that can be missing may be named" '$.best_effort[0]: unknown word "capabilities"' sh -c \
	'printf "%s\n" "{ \"schema\": 1, \"best_effort\": [\"capabilities\"] }" > "$1/profiles/bad.json"; exec "$2" policy check "$1/profiles/bad.json"' sh "$ETC" "$CAISSON"
rm "$ETC/profiles/bad.json"
if [ -n "${CAISSON_FAULTS:-}" ]; then
	CAISSON=$CAISSON_FAULTS
	# Every step can be left out, and something notices.
	mutant() { CAISSON_SKIP=$1 caisson --policy guarded create -b "$BUNDLE" "$ID" 2>&1; caisson delete --force "$ID" > /dev/null 2>&1; }
	if caisson --policy guarded create -b "$BUNDLE" "$ID" > /dev/null 2>&1 < /dev/null; then
		caisson delete --force "$ID"
		like "left out it is caught by the identity check" "$(mutant 'deny write and execute')" 'check the identity: memory may be written and executed'
		like "and without that by the runtime" "$(mutant 'deny write and execute,check the identity')" 'posture: memory may be written and executed'
		like "as is a record that does not ask for it" "$(mutant 'record: deny write and execute')" 'posture: memory may be written and executed'
	else
		skip 3 "the kernel is older than 6.3"
	fi
	CAISSON_FACTS=mdwe=0
	export CAISSON_FACTS
	fails "a kernel without it: refused, with what to do" 'cannot deny memory that is written and executed, Linux 6.3 can; add "mdwe" to best_effort, or leave memory.deny_write_exec out' \
		caisson --policy guarded create -b "$BUNDLE" "$ID"
	fails "the refusal names the profile's field" 'refused by guarded.json $.memory.deny_write_exec (memory)' caisson --policy guarded create -b "$BUNDLE" "$ID"
	like "best effort goes on without" "$(run_it best)" 'both allowed'
	like "with a warning" "$(explained best)" '^warning: memory that is written and executed is not denied: this kernel'
	like "and a line in explain" "$(explained best)" '^write and execute +as asked +not denied: the kernel cannot'
	printf '%s\n' '{ "schema": 1, "floor": "guarded" }' > "$ETC/caisson.json"
	fails "best effort of the profile alone does not count against the floor's" 'cannot deny memory that is written and executed' caisson --policy best create -b "$BUNDLE" "$ID"
	printf '%s\n' '{ "schema": 1, "floor": "best" }' > "$ETC/caisson.json"
	like "where nobody else asks for it, the floor's word does" "$(run_it strict)" 'both allowed'
	unset CAISSON_FACTS
else
	skip 10 "built without --enable-fault-injection"
fi
leftovers_after
