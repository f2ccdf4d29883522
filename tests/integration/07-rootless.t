#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# An ordinary user's container: no right on the host is needed, and no cgroup where none may be made.
. "$(dirname "$0")/lib.sh"
need setpriv unshare strace
user() { setpriv --reuid 1000 --regid 1000 --clear-groups env XDG_RUNTIME_DIR="$TMP/run" CAISSON_TEST_MARK="$MARK" "$@"; }
user unshare -U true > /dev/null 2>&1 || skip_all "ordinary users may not make user namespaces here"
plan 46

BIN=$TMP/caisson
cp "$CAISSON" "$BIN"
mkdir -m 700 "$TMP/run"
chown 1000:1000 "$TMP/run"
rl() { user timeout -k 5 30 "$BIN" "$@"; }
rl_status() { rl state "$1" 2> /dev/null | jq -r .status | grep . || echo gone; }
is_now() { [ "$(rl_status "$1")" = "$2" ]; }
status_from() {
	"$@" > "$TMP/out" 2> "$TMP/err" < /dev/null
	echo $?
}

bundle
rm "$BUNDLE/config.json"
chown -R 1000:1000 "$BUNDLE"
ok "spec --rootless" rl spec --rootless --bundle "$BUNDLE"
is "maps the user to root" "$(jq -r '.linux.uidMappings[0].hostID' "$BUNDLE/config.json")" 1000
reconfig '.process.terminal = false | .process.args = ["/bin/sh", "-c", "id -u; cat /proc/self/uid_map; exit 4"]'
is "run ends with the program's status" "$(status_from rl run -b "$BUNDLE" "$ID")" 4
is "root inside" "$(sed -n 1p "$TMP/out")" 0
is "is the user outside" "$(sed -n 2p "$TMP/out" | tr -s ' ')" " 0 1000 1"
is "nothing on standard error" "$(cat "$TMP/err")" ""
is "nothing is left" "$(rl list -q)" ""

reconfig '.process.args = ["/bin/sleep", "300"]'
ok "create" rl create -b "$BUNDLE" --pid-file "$TMP/run/pid" "$ID"
is "its state is below XDG_RUNTIME_DIR" "$(ls "$TMP/run/caisson")" "$ID"
is "created" "$(rl_status "$ID")" created
ok "start" rl start "$ID"
is "running" "$(rl_status "$ID")" running
is "the process is the user's" "$(stat -c %u "/proc/$(cat "$TMP/run/pid")")" 1000
rl exec "$ID" sh -c 'echo in; id -u' > "$TMP/out" 2>&1
is "exec" "$(tr '\n' ' ' < "$TMP/out")" "in 0 "
each='for n in /proc/1/ns/*; do [ "$(readlink "$n")" = "$(readlink "/proc/self/ns/${n##*/}")" ] || echo "${n##*/}"; done; echo end'
is "exec is in the namespaces of the container" "$(rl exec "$ID" sh -c "$each")" end
is "exec's status is the program's" "$(status_from rl exec "$ID" sh -c 'exit 3')" 3
jq '.process | .args = ["cat", "/proc/self/oom_score_adj"] | .oomScoreAdj = 500' "$BUNDLE/config.json" > "$TMP/run/process.json"
is "exec sets the OOM score" "$(rl exec --process "$TMP/run/process.json" "$ID")" 500
# The process that joins the user namespace names its child to the runtime. Made slow with that (the only sendmsg(2) here), it must still
# be the first that the runtime hears of it.
is "exec when the one that names the new process is slow" \
	"$(user timeout -k 5 60 strace -f -qq -o /dev/null -e inject=sendmsg:delay_enter=300000 "$BIN" exec "$ID" echo in 2>&1)" in
is "exec failing is 255" "$(status_from rl exec "$ID" nonexistent)" 255
is "ps as JSON has the first process" "$(rl ps -f json "$ID" | jq --arg p "$(cat "$TMP/run/pid")" 'index($p | tonumber) != null')" true
ok "kill" rl kill "$ID" KILL
ok "stopped" wait_for 5 is_now "$ID" stopped
ok "delete" rl delete "$ID"
is "gone" "$(rl_status "$ID")" gone

cp "$BUNDLE/config.json" "$TMP/config.json"
mkdir "$BUNDLE/locked"
mount -t tmpfs -o noexec,nosuid,mode=755 locked "$BUNDLE/locked"
reconfig ".mounts = [{destination: \"/tmp\", type: \"bind\", source: \"$BUNDLE/locked\", options: [\"bind\", \"nosuid\", \"exec\"]}]"
status_from rl run -b "$BUNDLE" "$ID" > /dev/null
like "a flag that the host has locked is named, with the option that asks for less" "$(cat "$TMP/err")" \
	'mounts\[0\] on /tmp: set mount attributes: mount_setattr\(2\): EPERM: .*\(the source is mounted noexec, .*leave "exec" out'
umount "$BUNDLE/locked"
mv "$TMP/config.json" "$BUNDLE/config.json"

# Limits, in a cgroup that was handed to the user.
given=/sys/fs/cgroup/$MARK-given
if [ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ] && mkdir "$given" "$given/runtime" 2> /dev/null; then
	# As the runtime does when root asks it for a limit.
	grep -qw pids "$given/cgroup.controllers" || echo +pids > /sys/fs/cgroup/cgroup.subtree_control
	echo +pids > "$given/cgroup.subtree_control"
	chown 1000:1000 "$given" "$given/cgroup.procs" "$given/cgroup.subtree_control" "$given/cgroup.threads" \
		"$given/runtime" "$given/runtime/cgroup.procs"
	cp "$BUNDLE/config.json" "$TMP/kept.json"
	reconfig ".linux.resources = { pids: { limit: 20 } } | .linux.cgroupsPath = \"$MARK-mine\" | .process.args = [\"/bin/sleep\", \"100\"]"
	# The caller is in the part that was given: only there may it move processes.
	# shellcheck disable=SC2016
	as_given() { sh -c 'echo $$ > "$0/runtime/cgroup.procs" && exec "$@"' "$given" setpriv --reuid 1000 --regid 1000 --clear-groups \
		env XDG_RUNTIME_DIR="$TMP/run" CAISSON_TEST_MARK="$MARK" timeout -k 5 30 "$BIN" "$@"; }
	ok "a container with a limit in a delegated cgroup" as_given run -d -b "$BUNDLE" "$ID"
	is "has it" "$(cat "$given/$MARK-mine/pids.max")" 20
	ok "it is deleted" as_given delete --force "$ID"
	ok "and so is its cgroup" test ! -d "$given/$MARK-mine"
	cp "$TMP/kept.json" "$BUNDLE/config.json"
	rmdir "$given/runtime" "$given"
else
	skip 4 "only cgroup v2 can be delegated"
fi

# As podman calls: the root of a user namespace that an ordinary user made.
cp "$BUNDLE/config.json" "$TMP/config.json"
reconfig '(.linux.uidMappings[0], .linux.gidMappings[0]).hostID = 0 | .process.args = ["/bin/sleep", "300"]'
within() { user unshare -Ur --kill-child timeout -k 5 30 "$BIN" "$@"; }
ok "create in a user namespace, as its root" within create -b "$BUNDLE" "$ID"
is "its state is below XDG_RUNTIME_DIR too" "$(ls "$TMP/run/caisson")" "$ID"
within delete --force "$ID" > "$TMP/out" 2>&1 || diag "$(cat "$TMP/out")"
reconfig '.linux.namespaces |= map(select(.type != "user")) | del(.linux.uidMappings, .linux.gidMappings)'
cat > "$TMP/run/all" <<'SH'
"$1" create -b "$2" "$3" < /dev/null && "$1" start "$3" && "$1" exec "$3" sh -c 'echo in; echo /proc/[0-9]*'
"$1" delete --force "$3"
SH
is "exec where only the user namespace is its own" "$(user unshare -Urm timeout -k 5 30 sh "$TMP/run/all" "$BIN" "$BUNDLE" "$ID" 2>&1 | tr '\n' ' ')" \
	"in /proc/1 /proc/2 "
cp "$TMP/config.json" "$BUNDLE/config.json"

reconfig '.linux.resources = {"memory": {"limit": 33554432}}'
fails "a limit that cannot be set is an error, not silence" "" rl create -b "$BUNDLE" "$ID"
is "that leaves nothing" "$(rl list -q)" ""
reconfig 'del(.linux.resources) | .linux.namespaces |= map(select(.type != "user"))'
fails "without a user namespace it is an error" "" rl create -b "$BUNDLE" "$ID"
reconfig '.linux.namespaces += [{"type": "user"}]'
cp "$BUNDLE/config.json" "$TMP/config.json"

# With the host's network nobody but its owner may mount a sysfs.
reconfig '.mounts |= map(select(.destination | startswith("/sys") | not)) + [{destination: "/sys", type: "sysfs", source: "sysfs", options: ["nosuid", "noexec", "nodev", "ro"]}]'
reconfig '.linux.namespaces |= map(select(.type != "network")) | .process.args = ["/bin/sh", "-c", "ls -d /sys/class; cat /proc/mounts"]'
rl run -b "$BUNDLE" "$ID" > "$TMP/out" 2>&1 < /dev/null
like "without a network of its own the host's /sys is shown" "$(cat "$TMP/out")" '^/sys/class$'
is "read-only, nosuid, nodev and noexec, all of it" "$(grep ' /sys[ /]' "$TMP/out" | grep -v ' ro,nosuid,nodev,noexec')" ""
cp "$TMP/config.json" "$BUNDLE/config.json"
reconfig '.linux.namespaces |= map(select(.type != "pid")) | .process.args = ["/bin/true"]'
fails "a procfs of the host's processes is refused" "/proc" rl run -b "$BUNDLE" "$ID"

# Ranges of ids, through the setuid helpers; the users they know are this test's own.
cp "$TMP/config.json" "$BUNDLE/config.json"
ranges() { # CMD...: with a passwd and sub-ids in which uid 1000 exists
	# shellcheck disable=SC2016
	unshare -m --propagation private sh -c 'for f in passwd subuid subgid; do mount --bind "$0/$f" "/etc/$f" || exit 9; done; exec "$@"' "$TMP/ids" "$@"
}
mkdir "$TMP/ids"
printf 'root:x:0:0::/root:/bin/sh\nranger:x:1000:1000::/:/bin/sh\n' > "$TMP/ids/passwd"
echo ranger:500000:65536 | tee "$TMP/ids/subuid" > "$TMP/ids/subgid"
for f in passwd subuid subgid; do [ -e /etc/$f ] || f=missing; done
if [ "$f" = missing ] || ! command -v newuidmap > /dev/null || ! [ -u "$(command -v newuidmap)" ]; then
	skip 4 "newuidmap is not installed setuid (Debian: uidmap)"
else
	range='[{containerID: 0, hostID: 1000, size: 1}, {containerID: 1, hostID: 500000, size: 1000}]'
	reconfig ".linux.uidMappings = $range | .linux.gidMappings = $range"
	reconfig '.process.user = {uid: 33, gid: 44, additionalGids: [55]} | .process.args = ["/bin/sh", "-c", "id; cat /proc/self/uid_map; exec sleep 100"]'
	CAISSON_TEST_MARK=$MARK XDG_RUNTIME_DIR=$TMP/run ranges setpriv --reuid 1000 --regid 1000 --clear-groups \
		timeout -k 5 30 "$BIN" run -d --pid-file "$TMP/run/range.pid" -b "$BUNDLE" "$ID" > "$TMP/out" 2>&1 < /dev/null
	wait_for 5 grep -q 500000 "$TMP/out"
	like "a range of ids through newuidmap" "$(cat "$TMP/out")" '^ +1 +500000 +1000$'
	like "with users and groups of the range inside" "$(cat "$TMP/out")" 'uid=33 gid=44 groups=(44,)?55'
	is "who are the sub-ids outside" "$(stat -c %u:%g "/proc/$(cat "$TMP/run/range.pid")")" 500032:500043
	rl delete --force "$ID"
	reconfig '.linux.uidMappings[1].hostID = 900000'
	_env="CAISSON_TEST_MARK=$MARK XDG_RUNTIME_DIR=$TMP/run"
	# shellcheck disable=SC2086
	fails "a range that is somebody else's is refused" "/etc/subuid" ranges env $_env setpriv --reuid 1000 --regid 1000 --clear-groups \
		timeout -k 5 30 "$BIN" run -b "$BUNDLE" "$ID"
fi
cp "$TMP/config.json" "$BUNDLE/config.json"
is "nothing is left of all that" "$(rl list -q)" ""
rootfs "$TMP/run/root"
chown -R 1000:1000 "$TMP/run/root"
is "launch is strict for an ordinary user too" "$(rl launch --user 1000:1000 "$TMP/run/root" -- id -u 2> /dev/null)" 1000
is "... with no capability at all" "$(rl launch --user 1000:1000 "$TMP/run/root" -- sed -n 's/^Cap\(Eff\|Amb\|Bnd\):[^0-9]*//p' \
	/proc/self/status 2> /dev/null | xargs)" "0000000000000000 0000000000000000 0000000000000000"
leftovers_after
