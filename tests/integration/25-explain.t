#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016 # scripts for another shell
# What explain says before anything exists, and that it is what create then does.
. "$(dirname "$0")/lib.sh"
plan 30

# row CONTROL: the first line of the table for this control.
row() { printf '%s\n' "$out" | grep "^$1  " | head -n 1; }

bundle '.process.user = { uid: 1000, gid: 1000 }'
out=$(caisson explain "$BUNDLE")
like "the table has a head" "$out" '^control +asked +result +rule$'
like "without a word baseline applies" "$(row level)" 'baseline +built-in default'
like "what is kept names the document" "$(row no_new_privileges)" 'on +on +config.json'
like "masks are united" "$(row 'masked paths')" '10 +12 +level baseline'
like "the exposure figure closes the table" "$out" '^exposure [0-9]+\.[0-9] of 10 \(asked [0-9.]+\)$'

out=$(caisson explain --policy strict "$BUNDLE" 2>&1)
like "strict takes unnamed capabilities" "$out" '^capabilities +KILL NET_BIND_SERVICE +removed +level strict \(no label names them\)'
like "strict closes the root" "$(row root)" 'ro +ro nosuid nodev +level strict'
like "strict adds writable places" "$out" '^writable places +- +tmpfs /run 16M +level strict$'
like "strict says what the filter will be" "$(row 'system calls')" 'set @service, native'
like "a global --policy counts too" "$(caisson --policy hardened explain "$BUNDLE")" '^level +hardened +hardened +--policy$'

reconfig '.annotations = { "security.capabilities": "NET_BIND_SERVICE,SYS_ADMIN,NONSENSE" }'
out=$(caisson explain "$BUNDLE" 2>&1)
like "a label narrows and is named" "$out" '^capabilities +KILL AUDIT_WRITE +removed +annotation security\.capabilities'
like "an unknown capability is named" "$out" 'unknown capability "NONSENSE"'
unlike "a label never adds" "$(printf '%s\n' "$out" | grep '^capabilities')" 'SYS_ADMIN'

printf '%s' '{ "config": { "Labels": { "security.capabilities": "KILL" } } }' > "$TMP/image.json"
out=$(caisson explain --image-config "$TMP/image.json" --json "$BUNDLE" 2> /dev/null)
is "labels of every source are intersected" "$(printf '%s' "$out" | jq -r '.plan.process.caps.bounding // "0x0"')" 0x0
is "the JSON names the level" "$(printf '%s' "$out" | jq -r '.level + " " + .levelFrom')" "baseline built-in default"
ok "every control of the JSON has its four texts" sh -c 'printf "%s" "$1" | jq -e "
	[.controls[] | select((.control and .asked and .result and .rule and .kind) | not)] == [] and (.controls | length > 10)"' \
	sh "$out"

# The decision is one: what explain shows is what create stores.
reconfig '.annotations = {}'
ok "a hardened container is created" caisson --policy hardened create -b "$BUNDLE" "$ID"
caisson --policy hardened explain --json "$BUNDLE" 2> /dev/null | jq -S '.plan | del(.id)' > "$TMP/explained"
jq -S 'del(.id)' "$STATE/$ID/plan.json" > "$TMP/stored"
ok "explain's plan is the stored plan" cmp "$TMP/explained" "$TMP/stored"
ok "it is deleted" caisson delete --force "$ID"

reconfig 'del(.linux.namespaces[] | select(.type == "pid"))'
fails "explain refuses what create refuses" 'refused by level "hardened" (namespaces): the container asks for the host'"'"'s pid' \
	caisson explain --policy hardened "$BUNDLE"
fails "create refuses it in the same words" 'refused by level "hardened" (namespaces): the container asks for the host'"'"'s pid' \
	caisson --policy hardened create -b "$BUNDLE" "$ID"

fails "an unknown level is refused" 'there is no profile "tight"' caisson explain --policy tight "$BUNDLE"
fails "a missing bundle is named" "$TMP/nowhere" caisson explain "$TMP/nowhere"
fails "explain takes one bundle" "explain takes one bundle" caisson explain "$BUNDLE" "$BUNDLE"

bundle
out=$(caisson explain launch --user 65532:65532 "$BUNDLE/rootfs" -- /bin/true 2>&1)
like "launch is explained with its flags" "$(row level)" 'strict'
like "launch's user is checked" "$(row user)" '65532:65532 +65532:65532, checked before exec'
fails "launch as root is refused with the fix" "--user 65532:65532" caisson explain launch "$BUNDLE/rootfs" -- /bin/true

# No root needed: the binary, as nobody.
cp "$CAISSON" "$TMP/caisson"
ok "an ordinary user may ask" chroot --userspec=65534:65534 / "$TMP/caisson" explain "$BUNDLE"

if command -v strace > /dev/null 2>&1; then
	strace -f -qq -o "$TMP/trace" -e trace=mount,umount2,mkdir,mkdirat,unlink,unlinkat,rename,renameat2,clone3,unshare,setns,chmod,fchmod \
		"$CAISSON" --root "$STATE" explain "$BUNDLE" > /dev/null 2>&1
	is "explain makes no call that changes anything" "$(grep -cv 'exited with' "$TMP/trace")" 0
else
	skip "explain makes no call that changes anything" "strace is not installed"
fi
leftovers_after
