#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Labels of SELinux on the process, on mounts and on the session keyring, under a policy that has three types and allows everything.
# shellcheck source=tests/integration/policy-place.sh
. "$(dirname "$0")/../integration/policy-place.sh"
# shellcheck source=tests/integration/lib.sh
. "$(dirname "$0")/../integration/lib.sh"
grep -qw selinux /sys/kernel/security/lsm 2> /dev/null || skip_all "SELinux is not enabled here"
need secilc keyctl
here=$(cd "$(dirname "$0")" && pwd)
[ -e /sys/fs/selinux/load ] || mount -t selinuxfs selinuxfs /sys/fs/selinux || bail "no selinuxfs"
secilc -c "$(cat /sys/fs/selinux/policyvers)" -o "$TMP/policy" -f /dev/null "$here/selinux.cil" > "$TMP/secilc.log" 2>&1 ||
	secilc -c 31 -o "$TMP/policy" -f /dev/null "$here/selinux.cil" > "$TMP/secilc.log" 2>&1 || bail "$(cat "$TMP/secilc.log")"
cat "$TMP/policy" > /sys/fs/selinux/load || bail "the policy does not load: $(dmesg | grep -i selinux | tail -n 3)"
policy_place || bail "$NO_PLACE"
plan 24

label=system_u:system_r:container_t:s0:c1,c2
mount=system_u:object_r:container_file_t:s0:c1,c2
bundle
BASE=$BUNDLE/base.json
cp "$BUNDLE/config.json" "$BASE"
next() {
	_serial=$((_serial + 1)) ID=$MARK-$_serial
	jq --tab "${1:-.}" "$BASE" > "$BUNDLE/config.json"
}
# inside SCRIPT [FILTER]
inside() {
	next ".process.selinuxLabel = \"$label\" | ${2:-.}"
	jq --tab --arg s "$1" '.process.args = ["/bin/sh", "-c", $s]' "$BUNDLE/config.json" > "$BUNDLE/c" && mv "$BUNDLE/c" "$BUNDLE/config.json"
	caisson run -b "$BUNDLE" "$ID" 2>&1 < /dev/null | tr -d '\0'
}
current='cat /proc/self/attr/current'

is    "the process has the label"              "$(inside "$current")" "$label"
is    "without no_new_privs too"               "$(inside "$current" '.process.noNewPrivileges = false')" "$label"
is    "with a user namespace too"              "$(inside "$current" '.linux.namespaces += [{type: "user"}]
	| .linux.uidMappings = [{containerID: 0, hostID: 0, size: 2000}] | .linux.gidMappings = .linux.uidMappings')" "$label"
is    "categories in another order are the same" "$(inside "$current" ".process.selinuxLabel = \"system_u:system_r:container_t:s0:c2,c1\"")" "$label"
is    "what it makes next is the kernel's choice" "$(inside 'cat /proc/self/attr/keycreate /proc/self/attr/exec')" ""

mounts() { inside "grep ' $1 ' /proc/mounts" ".linux.mountLabel = \"$mount\""; }
for m in /dev /dev/shm /dev/pts; do
	like "the mount label is on $m"            "$(mounts $m)" "context=\"?$mount"
done
unlike "not on /proc"                          "$(mounts /proc)" "context="
next ".process.selinuxLabel = \"$label\" | .process.args = [\"/bin/sleep\", \"100\"]"
ok    "a container that stays"                 caisson run -d -b "$BUNDLE" "$ID"
pid=$(caisson state "$ID" | jq -r .pid)
is    "its process, from outside"              "$(tr -d '\0' < "/proc/$pid/attr/current")" "$label"
ok    "posture finds no difference"            caisson posture "$ID"
current() { caisson exec "$@" 2>&1 < /dev/null | tr -d '\0'; }
is    "exec has the container's label"         "$(current "$ID" /bin/cat /proc/self/attr/current)" "$label"
is    "exec --process-label has that one"      "$(current --process-label system_u:system_r:container_t:s0:c3 "$ID" /bin/cat /proc/self/attr/current)" \
	"system_u:system_r:container_t:s0:c3"
# Root may look at what it owns, in whoever's session it is.
ring=$(awk -v id="$ID" 'index($0, id) { print "0x" $1; exit }' /proc/keys)
isnt  "it has a session keyring of its own"    "$ring" ""
is    "with the payload's label"               "$(keyctl security "$ring" 2>&1)" "$label"
fails "a label that the policy does not know is refused" "no_such_t" \
	caisson exec --process-label system_u:system_r:no_such_t:s0 "$ID" /bin/true
caisson delete --force "$ID"
profile own '{ "schema": 1, "lsm": { "selinux": "'"$label"'" } }'
next '.process.selinuxLabel = "system_u:system_r:container_t:s0:c3" | .process.args = ["/bin/sleep", "100"]'
ok    "a container under a profile that names a label" caisson --policy own run -d -b "$BUNDLE" "$ID"
is    "has it in place of the document's"      "$(tr -d '\0' < "/proc/$(caisson state "$ID" | jq -r .pid)/attr/current")" "$label"
ok    "posture finds no difference there"      caisson posture "$ID"
is    "and exec cannot leave it"               "$(current --process-label system_u:system_r:container_t:s0:c3 "$ID" /bin/cat /proc/self/attr/current)" "$label"
caisson delete --force "$ID"
next '.process.selinuxLabel = "system_u:system_r:no_such_t:s0"'
fails "for the container too"                  "no_such_t"  caisson run -b "$BUNDLE" "$ID"
next '.linux.mountLabel = "system_u:object_r:no_such_t:s0"'
fails "and for its mounts"                     "Invalid argument"  caisson run -b "$BUNDLE" "$ID"
leftovers_after
