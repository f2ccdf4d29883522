#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# An ordinary user in a scope that systemd delegates to him: caisson makes cgroups there, with limits, and nowhere else.
# shellcheck source=tests/integration/lib.sh
. "$(dirname "$0")/../integration/lib.sh"
[ -d /run/systemd/system ] || skip_all "needs a host with systemd"
[ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ] || skip_all "needs a host with cgroup v2 alone"
grep -q '^plain:x:1500:' /etc/passwd || skip_all "needs the user that the guest has"
need loginctl systemd-run setpriv
# His manager stays: the guest has other tests that use it, maybe now.
loginctl enable-linger plain > "$TMP/out" 2>&1
wait_for 60 test -S /run/user/1500/bus || bail "the user's manager does not start"
plan 12

# in_scope SCRIPT: a shell of the user's, alone in a cgroup of its own below his manager.
in_scope() {
	(cd / && setpriv --reuid 1500 --regid 1500 --init-groups env HOME=/home/plain XDG_RUNTIME_DIR=/run/user/1500 CAISSON_TEST_MARK="$MARK" \
		BUNDLE="$BUNDLE" ID="$ID" BIN="$BIN" timeout -k 5 240 systemd-run --user --scope -q -p Delegate=yes sh -c "$1" 2>&1 < /dev/null)
}
BIN=$TMP/caisson
cp "$CAISSON" "$BIN"
bundle
rm "$BUNDLE/config.json"
chown -R 1500:1500 "$BUNDLE"
in_scope "\$BIN spec --rootless --bundle \$BUNDLE" > "$TMP/out"
reconfig '.process.terminal = false | .process.args = ["/bin/sleep", "100"] | .linux.resources = { memory: { limit: 33554432 }, pids: { limit: 20 },
	cpu: { quota: 20000, period: 100000 } }'
cp "$BUNDLE/config.json" "$BUNDLE/base.json"
chown 1500:1500 "$BUNDLE/config.json"

# Processes are not where controllers are handed on: the shell goes into a leaf first.
begin='set -e; own=$(sed -n "s/^0:://p" /proc/self/cgroup); mkdir /sys/fs/cgroup$own/shell; echo $$ > /sys/fs/cgroup$own/shell/cgroup.procs; set +e
	show() { for f in $1; do cat "/sys/fs/cgroup$own/box/$f"; done | xargs; }'
jq --tab '.linux.cgroupsPath = "OWN/box"' "$BUNDLE/base.json" > "$BUNDLE/template.json"
out=$(in_scope "$begin"'
	sed "s|OWN/box|$own/box|" "$BUNDLE/template.json" > "$BUNDLE/config.json" || exit 1
	$BIN run -d -b "$BUNDLE" "$ID" < /dev/null; echo "run: $?"
	echo "limits: $(show "memory.max pids.max cpu.max")"
	pid=$($BIN state "$ID" | jq -r .pid)
	echo "place: $(sed "s|^0::$own||" /proc/$pid/cgroup)"
	$BIN update --memory 48m --memory-swap 48m --pids-limit 30 "$ID"; echo "update: $?"
	echo "updated: $(show "memory.max pids.max")"
	$BIN exec "$ID" /bin/true; echo "exec: $?"
	$BIN pause "$ID"; echo "pause: $? $(grep frozen "/sys/fs/cgroup$own/box/cgroup.events")"
	$BIN resume "$ID"; echo "resume: $?"
	$BIN delete --force "$ID"; echo "delete: $?"
	test ! -d "/sys/fs/cgroup$own/box"; echo "gone: $?"')
says() { like "$1" "$out" "^$2\$"; }
says  "a container with limits starts"         "run: 0"
says  "the limits are the container's"         "limits: 33554432 20 20000 100000"
says  "it is below the scope"                  "place: /box"
says  "update"                                 "update: 0"
says  "changes them"                           "updated: 50331648 30"
says  "exec"                                   "exec: 0"
says  "pause"                                  "pause: 0 frozen 1"
says  "resume"                                 "resume: 0"
says  "delete"                                 "delete: 0"
says  "takes the cgroup away"                  "gone: 0"

jq --tab ".linux.cgroupsPath = \"/$MARK-foreign\"" "$BUNDLE/base.json" > "$BUNDLE/config.json"
like  "a cgroup that is not his is refused"    "$(in_scope "$begin"'; $BIN run -d -b "$BUNDLE" "$ID" < /dev/null; echo "run: $?"')" "ermission denied"
leftovers_after
