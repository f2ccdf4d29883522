#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The systemd cgroup driver with the systemd of this host, where there is one: what it shows of a container, and that neither
# daemon-reload nor anything else of it undoes a limit or a device.
# shellcheck source=tests/integration/lib.sh
. "$(dirname "$0")/lib.sh"
[ -d /run/systemd/system ] || skip_all "this host does not run systemd"
need systemctl
[ -x "$(dirname "$CAISSON")/caisson-systemd" ] || [ -x "$(dirname "$CAISSON")/../libexec/caisson/caisson-systemd" ] ||
	skip_all "caisson-systemd was not built (it needs libsystemd)"
[ -e /sys/fs/cgroup/cgroup.controllers ] || skip_all "systemd here is not on cgroup v2"
plan 35

systemd() { caisson --systemd-cgroup "$@"; }
show() { systemctl show "$SCOPE" -p "$1" --value; }
in_scope() { cat "/sys/fs/cgroup/system.slice/$SCOPE/$1"; }
loaded() { systemctl show "$SCOPE" -p LoadState --value; }
is_unloaded() { [ "$(loaded)" = not-found ]; }
pid_of() { caisson state "$ID" | jq -r .pid; }

bundle '.process.args = ["/bin/sleep", "300"] | .linux.resources.memory = { limit: 104857600, reservation: 52428800, swap: 209715200 } |
	.linux.resources.cpu = { shares: 512, quota: 25500, period: 50000, cpus: "0" } | .linux.resources.pids = { limit: 5 } |
	.linux.resources.devices += [ { allow: true, type: "c", major: 10, minor: 229, access: "rw" } ] |
	.linux.devices = [ { path: "/dev/fuse", type: "c", major: 10, minor: 229, fileMode: 438, uid: 0, gid: 0 },
		{ path: "/dev/denied", type: "c", major: 10, minor: 200, fileMode: 438, uid: 0, gid: 0 } ] |
	.annotations = { "org.systemd.property.KillSignal": "10", "org.systemd.property.TimeoutStopUSec": "uint64 10000000" }'
SCOPE=$MARK-1.scope
reconfig ".linux.cgroupsPath = \"system.slice:$MARK:1\""
ok "create" systemd create -b "$BUNDLE" "$ID"
ok "start" caisson start "$ID"
is "the scope is active" "$(show ActiveState)" active
is "and holds the container alone" "$(in_scope cgroup.procs)" "$(pid_of)"
is "KillSignal of the annotation" "$(show KillSignal)" 10
is "TimeoutStopUSec of the annotation" "$(show TimeoutStopUSec)" 10s
is "the cgroup is delegated" "$(show Delegate)" yes
is "a scope that has failed is forgotten" "$(show CollectMode)" inactive-or-failed
limits() { for f in memory.max memory.low memory.swap.max cpu.weight cpu.max cpuset.cpus pids.max; do [ ! -e "/sys/fs/cgroup/system.slice/$SCOPE/$f" ] || echo "$f=$(in_scope $f)"; done; }
limits > "$TMP/before"
like "the limits are those of the document" "$(cat "$TMP/before")" "^pids.max=5$"
like "the memory's too" "$(cat "$TMP/before")" "^memory.max=104857600$"
is "systemd knows them" "$(show MemoryMax) $(show TasksMax) $(show CPUWeight) $(show AllowedCPUs)" "104857600 5 59 0"
# What may be opened: a device that is denied gives EPERM, one without a driver ENXIO or ENODEV.
# shellcheck disable=SC2016
devices() { caisson exec "$ID" sh -c 'for d in null zero fuse denied; do dd if=/dev/$d of=/dev/null bs=1 count=0 2>&1 | grep -o "not permitted" || echo "$d may"; done'; }
devices > "$TMP/devices"
is "devices may be opened" "$(grep -c may "$TMP/devices")" 3
is "and others not" "$(grep -c "not permitted" "$TMP/devices")" 1
ok "daemon-reload" systemctl daemon-reload
sleep 0.5
is "changes no limit" "$(limits)" "$(cat "$TMP/before")"
is "and no device" "$(devices)" "$(cat "$TMP/devices")"
ok "update" caisson update --memory 209715200 --memory-swap 209715200 --pids-limit 20 --cpu-quota 30000 --cpu-period 100000 "$ID"
limits > "$TMP/updated"
like "writes it" "$(cat "$TMP/updated")" "^memory.max=209715200$"
is "systemd knows it" "$(show MemoryMax) $(show TasksMax) $(show CPUQuotaPerSecUSec)" "209715200 20 300ms"
systemctl daemon-reload
sleep 0.5
is "a daemon-reload does not take it back" "$(limits)" "$(cat "$TMP/updated")"
is "nor a device" "$(devices)" "$(cat "$TMP/devices")"
ok "pause" caisson pause "$ID"
is "is seen" "$(status_of "$ID")" paused
ok "resume" caisson resume "$ID"
is "exec is in the scope" "$(caisson exec "$ID" cat /proc/self/cgroup)" "0::/"
fails "another container cannot have the scope" "the unit $SCOPE exists and is in use" systemd create -b "$BUNDLE" "$ID-2"
is "and leaves it alone" "$(show ActiveState)" active
ok "delete" caisson delete -f "$ID"
is "the scope has gone" "$(wait_for 5 is_unloaded; loaded)" not-found

again() { for _ in 1 2 3 4; do systemd run -d -b "$BUNDLE" "$ID" && caisson delete -f "$ID" || return 1; done; }
ok "the same name again and again" again
ended() { systemd run -b "$BUNDLE" "$ID" && systemd run -b "$BUNDLE" "$ID"; }
reconfig '.process.args = ["/bin/true"] | .linux.resources.pids.limit = 1'
ok "also of one that ends by itself, with a limit of one process" ended
reconfig '.process.args = ["/bin/sleep", "300"]'
systemd run -d -b "$BUNDLE" "$ID"
ok "systemctl stop ends a container" systemctl stop "$SCOPE"
is "which is seen" "$(status_of "$ID")" stopped
ok "and deleted" caisson delete "$ID"
leftovers_after "nothing is left behind"
