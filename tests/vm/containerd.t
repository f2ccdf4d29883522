#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Debian's containerd on a host with systemd: cgroups made by caisson itself and by systemd, AppArmor's profile as containerd asks for it.
# shellcheck source=tests/integration/lib.sh
. "$(dirname "$0")/../integration/lib.sh"
[ -d /run/systemd/system ] || skip_all "needs a host with systemd"
need containerd ctr containerd-shim-runc-v2 python3
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/engines/containerd.sh
. "$(dirname "$0")/../engines/containerd.sh"
image=localhost/busybox:test

containerd_config
# A unit of its own, as a daemon has: systemd's tree is left as a packaged containerd would see it.
systemd-run -q --unit "$MARK-containerd" -p Delegate=yes -p KillMode=process -E PATH="$PATH" containerd --config "$TMP/containerd.toml" || bail "containerd does not start"
stop_daemon() {
	for _id in $(c task ls -q 2> /dev/null); do c task kill -s KILL "$_id"; c task delete -f "$_id"; done
	for _id in $(c container ls -q 2> /dev/null); do c container rm "$_id"; done
	systemctl stop "$MARK-containerd.service"
	find /sys/fs/cgroup -depth -type d -name "$MARK" -exec rmdir {} \;
} > /dev/null 2>&1
trap 'stop_daemon; _cleanup' EXIT
wait_for 60 c version || bail "containerd does not answer: $(journalctl -u "$MARK-containerd" --no-pager | tail -n 5)"
rootfs "$TMP/image"
python3 "$here/../engines/mkimage.py" "$TMP/image.tar" "$image" "$TMP/image"
c image import $import_options "$TMP/image.tar" > "$TMP/import.log" 2>&1 || bail "image import: $(cat "$TMP/import.log")"

r() { c run --snapshotter native --fifo-dir "$TMP/fifo" --runc-binary "$CAISSON" --runc-root "$TMP/runc-root" "$@" 2>&1 < /dev/null; }
x() { c task exec --fifo-dir "$TMP/fifo" "$@" 2>&1 < /dev/null; }
status() { c task ls | awk -v id="$1" '$1 == id { print $3 }'; }
task_is() { [ "$(status "$1")" = "$2" ]; }

# walk NAME WHERE FLAGS...: nine tests.
walk() {
	_way=$1 _where=$2
	shift 2
	is    "$_way: output and status come back"     "$(r --rm "$@" "$image" "$_way-run" /bin/sh -c 'echo hello; exit 3'; echo $?)" "hello
3"
	is    "$_way: one that stays"                  "$(r -d --memory-limit 33554432 "$@" "$image" "$_way-long" /bin/sleep 1000 > "$TMP/long.log"; echo "$? $(status "$_way-long")")" "0 RUNNING"
	pid=$(c task ls | awk -v id="$_way-long" '$1 == id { print $2 }')
	place=$(sed -n 's/^0:://p' "/proc/$pid/cgroup")
	like  "$_way: it is where it was to be"        "$place" "$_where"
	is    "$_way: its limit holds"                 "$(cat "/sys/fs/cgroup$place/memory.max")" 33554432
	is    "$_way: exec"                            "$(x --exec-id e1 "$_way-long" /bin/sh -c 'echo in; exit 5'; echo $?)" "in
5"
	like  "$_way: metrics"                         "$(c task metrics "$_way-long" 2>&1)" 'memory|pids'
	c task pause "$_way-long" > /dev/null 2>&1
	is    "$_way: pause"                           "$(status "$_way-long")" PAUSED
	c task resume "$_way-long" > /dev/null 2>&1
	c task kill -s SIGKILL "$_way-long" > /dev/null 2>&1
	wait_for 20 task_is "$_way-long" STOPPED
	like  "$_way: it ends"                         "$(c task delete "$_way-long" 2>&1)" 'exit code 137'
	c container rm "$_way-long" > /dev/null 2>&1
	ok    "$_way: its cgroup is gone"              wait_for 5 test ! -d "/sys/fs/cgroup$place"
}

driver=
bundle
reconfig ".linux.cgroupsPath = \"system.slice:test:$ID\""
case $(caisson --systemd-cgroup run -b "$BUNDLE" "$ID" 2>&1 < /dev/null) in
*"not supported by this build"*) ;;
*) driver=1 ;;
esac
caisson delete --force "$ID" > /dev/null 2>&1

plan 22
walk cgroupfs "^/$MARK/cgroupfs-long\$"
if [ -n "$driver" ]; then
	walk systemd '^/system\.slice/caisson-systemd-long\.scope$' --runc-systemd-cgroup --cgroup system.slice:caisson:systemd-long
else
	skip 9 "this caisson has no systemd driver"
fi
if [ "$(cat /sys/module/apparmor/parameters/enabled 2> /dev/null)" = Y ] && command -v apparmor_parser > /dev/null; then
	is    "containerd's own AppArmor profile"    "$(r --rm --apparmor-default-profile "$MARK-default" "$image" aa /bin/cat /proc/self/attr/current)" "$MARK-default (enforce)"
	like  "and it holds"                         "$(r --rm --privileged --apparmor-default-profile "$MARK-default" "$image" aa2 /bin/sh -c 'mount -t tmpfs t /tmp')" '[Pp]ermission denied'
	aa=$(mktemp)
	echo "profile $MARK-default { }" > "$aa"
	apparmor_parser -R "$aa" > /dev/null 2>&1
	rm -f "$aa"
else
	skip 2 "AppArmor is not enabled here"
fi
is "no state is left in the runtime's root" "$(find "$TMP/runc-root" -mindepth 2 ! -path '*/.@filters*' 2> /dev/null | head -n 3)" ""
stop_daemon
leftovers_after
