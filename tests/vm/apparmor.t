#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A profile of AppArmor: applied to the container's process and to those of exec, read back, and holding.
# shellcheck source=tests/integration/policy-place.sh
. "$(dirname "$0")/../integration/policy-place.sh"
# shellcheck source=tests/integration/lib.sh
. "$(dirname "$0")/../integration/lib.sh"
[ "$(cat /sys/module/apparmor/parameters/enabled 2> /dev/null)" = Y ] || skip_all "AppArmor is not enabled here"
need apparmor_parser
policy_place || bail "$NO_PLACE"
plan 40

like_docker=$MARK-docker other=$MARK-other
# The rules that engines load by default, and one file of our own that is closed.
cat > "$TMP/profiles" <<AA
profile $like_docker flags=(attach_disconnected,mediate_deleted) {
  network, capability, file, umount,
  signal (receive) peer=unconfined,
  signal (send, receive) peer=$like_docker,
  ptrace (trace, read, tracedby, readby) peer=$like_docker,
  deny /proc/* w,
  deny /proc/{[^1-9],[^1-9][^0-9],[^1-9s][^0-9y][^0-9s],[^1-9][^0-9][^0-9][^0-9]*}/** w,
  deny /proc/sys/[^k]** w,
  deny /proc/sys/kernel/{?,??,[^s][^h][^m]**} w,
  deny /proc/sysrq-trigger rwklx,
  deny /proc/kcore rwklx,
  deny mount,
  deny /sys/[^f]*/** wklx,
  deny /sys/firmware/** rwklx,
  deny /sys/kernel/security/** rwklx,
}
profile $other flags=(attach_disconnected,mediate_deleted) {
  network, capability, file, umount, mount, signal, ptrace,
  deny /etc/hosts r,
}
AA
unload() { apparmor_parser -R "$TMP/profiles" > /dev/null 2>&1; }
trap 'unload; _cleanup' EXIT
apparmor_parser -K -r "$TMP/profiles" > "$TMP/parser.log" 2>&1 || bail "the profiles do not load: $(cat "$TMP/parser.log")"

bundle
BASE=$BUNDLE/base.json
cp "$BUNDLE/config.json" "$BASE"
# next FILTER: the same bundle, another container.
next() {
	_serial=$((_serial + 1)) ID=$MARK-$_serial
	jq --tab "${1:-.}" "$BASE" > "$BUNDLE/config.json"
}
# sh_as PROFILE SCRIPT [FILTER]: what a shell under the profile prints; its privileges are those that the profile is to take.
sh_as() {
	next ".process.apparmorProfile = \"$1\" | .process.noNewPrivileges = false | .linux.maskedPaths = [] | .linux.readonlyPaths = []
		| .process.capabilities |= map_values(. + [\"CAP_SYS_ADMIN\", \"CAP_SYS_PTRACE\"]) | ${3:-.}"
	jq --tab --arg s "$2" '.process.args = ["/bin/sh", "-c", $s]' "$BUNDLE/config.json" > "$BUNDLE/c" && mv "$BUNDLE/c" "$BUNDLE/config.json"
	caisson run -b "$BUNDLE" "$ID" 2>&1 < /dev/null
}
label='cat /proc/self/attr/current'

# ---- it is there ----

is    "the process has the profile"            "$(sh_as "$like_docker" "$label")" "$like_docker (enforce)"
is    "with no_new_privs too"                  "$(sh_as "$like_docker" "$label" '.process.noNewPrivileges = true')" "$like_docker (enforce)"
is    "with a user namespace too"              "$(sh_as "$like_docker" "$label" '.linux.namespaces += [{type: "user"}]
	| .linux.uidMappings = [{containerID: 0, hostID: 0, size: 2000}] | .linux.gidMappings = .linux.uidMappings')" "$like_docker (enforce)"
is    "unconfined is unconfined"               "$(sh_as unconfined "$label")" unconfined
is    "none asked for: unconfined"             "$(sh_as "" "$label")" unconfined
is    "its children have it as well"           "$(sh_as "$like_docker" "/bin/sh -c '$label'; :")" "$like_docker (enforce)"

# ---- it holds ----

denied() { like "$1" "$(sh_as "$like_docker" "$2")" '[Pp]ermission denied|not permitted'; }
allowed() { is "$1" "$(sh_as unconfined "$2")" "done"; }
for what in \
	"a mount|mount -t tmpfs t /tmp && echo done" \
	"reading /proc/kcore|: < /proc/kcore && echo done" \
	"reading below /sys/firmware|ls /sys/firmware/acpi > /dev/null && echo done" \
	"writing a sysctl of the kernel|echo x > /proc/sys/kernel/domainname && echo done"; do
	script=${what#*|}
	denied "denied: ${what%%|*}" "$script"
	case $what in
	*kcore*) skip "without the profile it is not" "/proc/kcore wants CAP_SYS_RAWIO" ;;
	*) allowed "without the profile it is not" "$script" ;;
	esac
done
like  "a file that a profile closes is closed" "$(sh_as "$other" 'cat /etc/hosts')" '[Pp]ermission denied'
like  "and others are not"                     "$(sh_as "$other" 'head -n 1 /etc/passwd')" '^root:'

# ---- exec ----

next ".process.apparmorProfile = \"$like_docker\" | .process.args = [\"/bin/sleep\", \"100\"]"
ok    "a container that stays"                 caisson run -d -b "$BUNDLE" "$ID"
is    "its process, from outside"              "$(cat "/proc/$(caisson state "$ID" | jq -r .pid)/attr/current")" "$like_docker (enforce)"
ok    "posture finds no difference"            caisson posture "$ID"
like  "and names the profile"                  "$(caisson posture "$ID")" "$like_docker"
current() { caisson exec "$@" 2>&1 < /dev/null; }
is    "exec has the container's profile"       "$(current "$ID" /bin/cat /proc/self/attr/current)" "$like_docker (enforce)"
is    "exec --apparmor has that one"           "$(current --apparmor "$other" "$ID" /bin/cat /proc/self/attr/current)" "$other (enforce)"
is    "exec --apparmor \"\" changes nothing"   "$(current --apparmor "" "$ID" /bin/cat /proc/self/attr/current)" "$like_docker (enforce)"
process() { jq "{args: [\"/bin/cat\", \"/proc/self/attr/current\"], cwd: \"/\", user: {uid: 0, gid: 0}, env: []} + $1" -n > "$TMP/process.json"; }
process '{}'
is    "a process document without one has the container's" "$(current -p "$TMP/process.json" "$ID")" "$like_docker (enforce)"
process "{apparmorProfile: \"$other\"}"
is    "one that names another has that"        "$(current -p "$TMP/process.json" "$ID")" "$other (enforce)"
process '{apparmorProfile: "unconfined"}'
is    "unconfined has to be asked for"         "$(current -p "$TMP/process.json" "$ID")" unconfined
fails "exec with a profile that is not loaded is refused by its name" "AppArmor profile \`$MARK-none\` is not loaded" \
	caisson exec --apparmor "$MARK-none" "$ID" /bin/true
ok    "the container is not disturbed"         has_status "$ID" running
caisson delete --force "$ID"

# ---- the one that a profile of ours names ----

profile closed '{ "schema": 1, "lsm": { "apparmor": "'"$like_docker"'" } }'
next ".process.apparmorProfile = \"$other\" | .process.args = [\"/bin/sleep\", \"100\"]"
ok    "a container under a profile that names one" caisson --policy closed run -d -b "$BUNDLE" "$ID"
is    "has it in place of the document's"      "$(cat "/proc/$(caisson state "$ID" | jq -r .pid)/attr/current")" "$like_docker (enforce)"
ok    "posture finds no difference there"      caisson posture "$ID"
process '{apparmorProfile: "unconfined"}'
is    "and exec cannot leave it"               "$(current -p "$TMP/process.json" "$ID")" "$like_docker (enforce)"
caisson delete --force "$ID"
profile absent '{ "schema": 1, "lsm": { "apparmor": "'"$MARK-none"'" } }'
next ".process.apparmorProfile = \"$other\""
fails "one that is not loaded is refused"      "AppArmor profile \`$MARK-none\` is not loaded" caisson --policy absent run -b "$BUNDLE" "$ID"
profile selinux '{ "schema": 1, "lsm": { "selinux": "system_u:system_r:container_t:s0" } }'
if grep -q selinux /sys/kernel/security/lsm; then
	skip "a label for SELinux is refused without it" "SELinux is enabled"
else
	fails "a label for SELinux is refused without it" 'SELinux is not enabled on this host' caisson --policy selinux run -b "$BUNDLE" "$ID"
fi

# ---- refusals ----

next ".process.apparmorProfile = \"$MARK-none\""
fails "a profile that is not loaded is refused by its name" "AppArmor profile \`$MARK-none\` is not loaded" caisson run -b "$BUNDLE" "$ID"
is    "and leaves nothing"                     "$(status_of "$ID")" gone
next ".process.apparmorProfile = \"$like_docker\n\""
fails "a name with a line break is refused"    "attr/apparmor/exec holds" caisson run -b "$BUNDLE" "$ID"
if grep -q selinux /sys/kernel/security/lsm; then
	skip 2 "SELinux is enabled"
else
	next '.linux.mountLabel = "system_u:object_r:container_file_t:s0"'
	fails "a mount label without SELinux is refused" "linux.mountLabel: cannot be applied: SELinux" caisson run -b "$BUNDLE" "$ID"
	next '.process.selinuxLabel = "system_u:system_r:container_t:s0"'
	fails "a process label without SELinux is refused" "process.selinuxLabel: cannot be applied: SELinux" caisson run -b "$BUNDLE" "$ID"
fi
leftovers_after
