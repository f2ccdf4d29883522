#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Without the mount API of Linux 5.12: the same container, made with mount(2) alone.
. "$(dirname "$0")/lib.sh"
need cc
cc -O1 -o "$TMP/enosys" "$(dirname "$0")/src/enosys.c" 2> "$TMP/cc.log" || skip_all "the helper does not compile: $(head -n 1 "$TMP/cc.log")"
plan 22

old() { CAISSON_TEST_MARK=$MARK timeout --foreground -k 5 30 "$TMP/enosys" "$CAISSON" --root "$STATE" "$@"; }
# What a container is made of: mount point, options of the mount, type.
view='awk "{ print \$5, \$6, \$(NF-2) }" /proc/self/mountinfo | sort'

bundle ".process.args = [\"/bin/sh\", \"-c\", \"$(printf '%s' "$view" | sed 's/\\/\\\\/g; s/"/\\"/g')\"]"
mkdir -p "$TMP/dir" "$TMP/dir/sub"
echo content > "$TMP/file"
echo inside > "$TMP/dir/name"
reconfig ".mounts += [
	{ destination: \"/data\", source: \"$TMP/dir\", options: [\"bind\", \"ro\", \"nosuid\"] },
	{ destination: \"/etc/file\", source: \"$TMP/file\", options: [\"bind\"] },
	{ destination: \"/tmp\", type: \"tmpfs\", source: \"tmpfs\", options: [\"nosuid\", \"nodev\", \"noexec\", \"size=8192k\"] }]"
caisson run -b "$BUNDLE" "$ID" > "$TMP/new" 2>&1
old run -b "$BUNDLE" "$ID" > "$TMP/old" 2>&1
is "the new API is really away" "$("$TMP/enosys" "$CAISSON" --version > /dev/null; echo $?)" 0
is "every mount is there, with the same flags" "$(diff "$TMP/new" "$TMP/old")" ""
is "which are many" "$([ "$(wc -l < "$TMP/new")" -gt 15 ] && echo yes)" yes

inside() { reconfig ".process.args = [\"/bin/sh\", \"-c\", \"$1\"]"; old run -b "$BUNDLE" "$ID" 2>&1; }
is "a read-only bind shows its content" "$(inside 'cat /data/name')" inside
like "and cannot be written to" "$(inside 'echo x > /data/new')" "Read-only file system"
is "a file onto a missing target" "$(inside 'cat /etc/file')" content
like "the root is read-only" "$(inside 'echo x > /new')" "Read-only file system"
is "a masked file is empty" "$(inside 'wc -c < /proc/keys' | xargs)" 0
is "a masked file is the null device" "$(inside 'stat -c %t:%T /proc/keys')" 1:3
is "a masked directory is empty" "$(inside 'ls /sys/firmware')" ""
like "a read-only path" "$(inside 'echo x > /proc/sys/kernel/domainname')" "Read-only file system"
like "a noexec tmpfs" "$(inside 'cp /bin/busybox /tmp/b && /tmp/b true')" "Permission denied"
is "devices" "$(inside 'stat -c %t:%T /dev/null /dev/zero' | xargs)" "1:3 1:5"
is "nothing of the stage is left to see" "$(inside 'ls -d /0 2> /dev/null; ls -d /bin')" /bin
reconfig '.process.terminal = true | .process.args = ["/bin/sh", "-c", "stat -c %t /dev/console; tty"]'
if command -v script > /dev/null; then
	like "a terminal" "$(script -qec "$TMP/enosys $CAISSON --root $STATE run -b $BUNDLE $ID" /dev/null < /dev/null | tr -d '\r')" "/dev/pts/0|/dev/console"
else
	skip "a terminal" "script(1) is not installed"
fi
reconfig '.process.terminal = false'

reconfig '.linux.namespaces += [{ type: "user" }]
	| .linux.uidMappings = [{ containerID: 0, hostID: 100000, size: 65536 }] | .linux.gidMappings = .linux.uidMappings
	| .mounts |= map(select(.type != "cgroup"))'
is "in a user namespace too" "$(inside 'cat /etc/file; id -u' | xargs)" "content 0"
reconfig '.mounts |= map(if .destination == "/data" then .options += ["idmap"] else . end)'
fails "an id-mapped mount is refused by its name" "mounts[" old run -b "$BUNDLE" "$ID"
reconfig 'del(.linux.uidMappings, .linux.gidMappings) | .linux.namespaces |= map(select(.type != "user"))
	| .mounts |= map(if .destination == "/data" then .options = ["rbind", "rro"] else . end)'
fails "a recursive attribute is refused, not forgotten" "Linux 5.12" old run -b "$BUNDLE" "$ID"
reconfig '.mounts |= map(if .destination == "/data" then .options = ["bind"] else . end)'
reconfig '.process.args = ["/bin/sleep", "100"]'
old create -b "$BUNDLE" "$ID" > /dev/null 2>&1 < /dev/null
is "create" "$(status_of "$ID")" created
ok "start" old start "$ID"
is "exec" "$(old exec "$ID" cat /etc/file)" content
caisson delete --force "$ID"
leftovers_after
