#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Rows of the specification that no other file shows on a running container: every word for a mount, schedulers, limits of
# this host's cgroups, each flag of update and exec. tests/data/spec-rows.tsv and cli-flags.tsv name these tests.
# shellcheck source=tests/integration/lib.sh
. "$(dirname "$0")/lib.sh"
plan 149

bundle
cp "$BUNDLE/config.json" "$TMP/base.json"
# inside FILTER SCRIPT: what the script prints in a container of the edited document.
inside() {
	jq --arg script "$2" ".process.args = [\"/bin/sh\", \"-c\", \$script] | $1" "$TMP/base.json" > "$BUNDLE/config.json" ||
		bail "jq refused: $1"
	caisson run --bundle "$BUNDLE" "$ID" 2>&1 < /dev/null
}
# shows NAME FILTER SCRIPT WANTED (blanks and line ends count as one blank)
shows() { is "$1" "$(inside "$2" "$3" | tr -s ' \t\n' ' ' | sed 's/ $//')" "$4"; }
# refused NAME FILTER TEXT
refused() {
	jq ".process.args = [\"/bin/true\"] | $2" "$TMP/base.json" > "$BUNDLE/config.json" || bail "jq refused: $2"
	fails "$1" "$3" caisson run --bundle "$BUNDLE" "$ID"
}

# ---- every word for a mount, all in one container ----

# Sources: plain has no flag, hard has all of them, closed is read-only; each has the same again mounted below.
SRC=$TMP/src
source_of() { # NAME OPTIONS
	mkdir -p "$SRC/$1"
	mount -t tmpfs -o mode=755 "$1" "$SRC/$1"
	mkdir "$SRC/$1/sub"
	mount -t tmpfs -o mode=755 "$1" "$SRC/$1/sub"
	mount --make-rshared "$SRC/$1"
	for _d in "$SRC/$1/sub" "$SRC/$1"; do mount -o "remount,bind,$2" "$_d"; done
}
HARD=nosuid,nodev,noexec,noatime,nodiratime,nosymfollow
source_of plain rw
source_of hard $HARD
source_of closed ro
release() { umount -R "$SRC/plain" "$SRC/hard" "$SRC/closed" 2> /dev/null; _cleanup; }
trap release EXIT

# name | kind of mount | option words | the mount's flags and propagation | its file system's flags | those of the mount below
# Kinds: tmpfs, a new one; the others bind that source. "." is whatever it is.
cat > "$TMP/options" << 'END'
option async|tmpfs|sync async|rw,relatime|rw|.
option atime|hard|bind atime|rw,nosuid,nodev,noexec,nodiratime,relatime,nosymfollow|.|.
option bind|plain|bind|rw,relatime master|.|none
option defaults|tmpfs|defaults|rw,relatime|rw|.
option dev|hard|bind dev|rw,nosuid,noexec,noatime,nodiratime,nosymfollow|.|.
option diratime|hard|bind diratime|rw,nosuid,nodev,noexec,noatime,nosymfollow|.|.
option dirsync|tmpfs|dirsync|rw,relatime|rw,dirsync|.
option exec|hard|bind exec|rw,nosuid,nodev,noatime,nodiratime,nosymfollow|.|.
option iversion|tmpfs|iversion|rw,relatime|rw|.
option lazytime|tmpfs|lazytime|rw,relatime|rw,lazytime|.
option loud|tmpfs|silent loud|rw,relatime|rw|.
option mand|tmpfs|mand|rw,relatime|rw,mand|.
option noatime|plain|bind noatime|rw,noatime|.|.
option nodev|plain|bind nodev|rw,nodev,relatime|.|.
option nodiratime|plain|bind nodiratime|rw,nodiratime,relatime|.|.
option noexec|plain|bind noexec|rw,noexec,relatime|.|.
option noiversion|tmpfs|iversion noiversion|rw,relatime|rw|.
option nolazytime|tmpfs|lazytime nolazytime|rw,relatime|rw|.
option nomand|tmpfs|mand nomand|rw,relatime|rw|.
option norelatime|plain|bind norelatime|rw,relatime|.|.
option nostrictatime|tmpfs|strictatime nostrictatime|rw,relatime|.|.
option nosuid|plain|bind nosuid|rw,nosuid,relatime|.|.
option nosymfollow|plain|bind nosymfollow|rw,relatime,nosymfollow|.|.
option private|plain|rbind private|rw,relatime private|.|rw,relatime master
option ratime|hard|rbind ratime|rw,nosuid,nodev,noexec,nodiratime,relatime,nosymfollow|.|rw,nosuid,nodev,noexec,nodiratime,relatime,nosymfollow
option rbind|plain|rbind|rw,relatime master|.|rw,relatime master
option rdev|hard|rbind rdev|rw,nosuid,noexec,noatime,nodiratime,nosymfollow|.|rw,nosuid,noexec,noatime,nodiratime,nosymfollow
option rdiratime|hard|rbind rdiratime|rw,nosuid,nodev,noexec,noatime,nosymfollow|.|rw,nosuid,nodev,noexec,noatime,nosymfollow
option relatime|hard|bind relatime|rw,nosuid,nodev,noexec,nodiratime,relatime,nosymfollow|.|.
option rexec|hard|rbind rexec|rw,nosuid,nodev,noatime,nodiratime,nosymfollow|.|rw,nosuid,nodev,noatime,nodiratime,nosymfollow
option rnoatime|plain|rbind rnoatime|rw,noatime|.|rw,noatime
option rnodev|plain|rbind rnodev|rw,nodev,relatime|.|rw,nodev,relatime
option rnodiratime|plain|rbind rnodiratime|rw,nodiratime,relatime|.|rw,nodiratime,relatime
option rnoexec|plain|rbind rnoexec|rw,noexec,relatime|.|rw,noexec,relatime
option rnorelatime|plain|rbind rnorelatime|rw,relatime|.|rw,relatime
option rnostrictatime|plain|rbind rnostrictatime|rw,relatime|.|rw,relatime
option rnosuid|plain|rbind rnosuid|rw,nosuid,relatime|.|rw,nosuid,relatime
option rnosymfollow|plain|rbind rnosymfollow|rw,relatime,nosymfollow|.|rw,relatime,nosymfollow
option ro|plain|rbind ro|ro,relatime|rw|rw,relatime
option rprivate|plain|rbind rprivate|rw,relatime private|.|rw,relatime private
option rrelatime|hard|rbind rrelatime|rw,nosuid,nodev,noexec,nodiratime,relatime,nosymfollow|.|rw,nosuid,nodev,noexec,nodiratime,relatime,nosymfollow
option rro|plain|rbind rro|ro,relatime|rw|ro,relatime
option rrw|closed|rbind rrw|rw,relatime|.|rw,relatime
option rshared|plain|rbind rshared|rw,relatime shared master|.|rw,relatime shared master
option rslave|plain|rbind rslave|rw,relatime master|.|rw,relatime master
option rstrictatime|plain|rbind rstrictatime|rw|.|rw
option rsuid|hard|rbind rsuid|rw,nodev,noexec,noatime,nodiratime,nosymfollow|.|rw,nodev,noexec,noatime,nodiratime,nosymfollow
option rsymfollow|hard|rbind rsymfollow|rw,nosuid,nodev,noexec,noatime,nodiratime|.|rw,nosuid,nodev,noexec,noatime,nodiratime
option runbindable|plain|rbind runbindable|rw,relatime unbindable|.|rw,relatime unbindable
option rw|closed|bind rw|rw,relatime|.|.
option shared|plain|rbind shared|rw,relatime shared master|.|rw,relatime master
option silent|tmpfs|silent|rw,relatime|rw|.
option slave|plain|rbind slave|rw,relatime master|.|rw,relatime master
option strictatime|plain|bind strictatime|rw|.|.
option suid|hard|bind suid|rw,nodev,noexec,noatime,nodiratime,nosymfollow|.|.
option symfollow|hard|bind symfollow|rw,nosuid,nodev,noexec,noatime,nodiratime|.|.
option sync|tmpfs|sync|rw,relatime|rw,sync|.
option unbindable|plain|rbind unbindable|rw,relatime unbindable|.|rw,relatime master
unknown options are the file system's|tmpfs|size=64k nr_inodes=7|rw,relatime|rw,size=64k,nr_inodes=7|.
the later of two words counts|plain|bind ro noexec rw exec|rw,relatime|.|.
END
n=0
while IFS='|' read -r _ kind words _; do
	n=$((n + 1))
	jq -n --arg d "/tmp/$n" --arg kind "$kind" --arg src "$SRC" --arg words "$words" '
		{ destination: $d, options: ($words | split(" ")) } + if $kind == "tmpfs" then { type: "tmpfs", source: "t" }
		else { type: "none", source: ($src + "/" + $kind) } end'
done < "$TMP/options" | jq -s . > "$TMP/mounts.json"
jq --slurpfile m "$TMP/mounts.json" '.mounts += [{ destination: "/tmp", type: "tmpfs", source: "t" }] + $m[0] |
	.process.args = ["/bin/cat", "/proc/self/mountinfo"]' "$TMP/base.json" > "$BUNDLE/config.json"
caisson run -b "$BUNDLE" "$ID" > "$TMP/info" 2> "$TMP/err" < /dev/null || diag "$(cat "$TMP/err")"
# at PLACE: "flags propagation|flags of the file system" there
at() {
	awk -v d="$1" '$5 == d { p = ""; for (i = 7; $i != "-"; i++) { sub(/:.*/, "", $i); p = p " " $i }
		print $6 (p == "" ? " private" : p) "|" $(i + 3) }' "$TMP/info" | tail -n 1
}
# meets WANTED GOT: "." is anything, flags alone leave the propagation open.
meets() {
	case $1 in
	.) echo "$1" ;;
	*\ *) echo "$2" ;;
	*) echo "${2%% *}" ;;
	esac
}
n=0
while IFS='|' read -r name kind words flags super below; do
	n=$((n + 1))
	here=$(at "/tmp/$n") under=$(at "/tmp/$n/sub")
	# What a file system adds of its own (sizes, inode width) is not of interest where no word asks for it.
	fs=$(echo "${here#*|}" | sed 's/,mode=755//;s/,inode64//')
	is "$name" "$(meets "$flags" "${here%|*}")|$(meets "$super" "$fs")|$(meets "$below" "${under%|*}")" \
		"$flags|$super|$([ "$below" = none ] || echo "$below")"
done < "$TMP/options"

refused "remount leaves the file system itself alone" \
	'.mounts += [{destination: "/tmp", type: "tmpfs"}, {destination: "/tmp", options: ["remount", "sync"]}]' 'remount cannot take file system options'

# ---- id-mapped mounts ----

for _d in "$SRC/plain/f" "$SRC/plain/sub/f"; do : > "$_d" && chown 1000:1000 "$_d"; done
maps='uidMappings: [{containerID: 1000, hostID: 0, size: 1}], gidMappings: [{containerID: 1000, hostID: 0, size: 1}]'
release=$(uname -r)
if [ "${release%%.*}" -gt 6 ] || { [ "${release%%.*}" = 6 ] && [ "$(echo "$release" | cut -d. -f2)" -ge 3 ]; }; then
	shows "option idmap" ".mounts += [{destination: \"/tmp\", source: \"$SRC/plain\", options: [\"rbind\", \"idmap\"], $maps}]" \
		'stat -c %u:%g /tmp/f /tmp/sub/f' "0:0 1000:1000"
	shows "option ridmap" ".mounts += [{destination: \"/tmp\", source: \"$SRC/plain\", options: [\"rbind\", \"ridmap\"], $maps}]" \
		'stat -c %u:%g /tmp/f /tmp/sub/f' "0:0 0:0"
else
	skip 2 "before Linux 6.3 a tmpfs cannot be id-mapped"
fi
refused "uidMappings of a mount without gidMappings" \
	".mounts += [{destination: \"/tmp\", source: \"$SRC/plain\", options: [\"bind\"], uidMappings: [{containerID: 0, hostID: 0, size: 1}]}]" \
	'mounts[7].gidMappings'

# ---- a container without a process, which only start needs ----

jq 'del(.process)' "$TMP/base.json" > "$BUNDLE/config.json"
ok "create without a process" caisson --policy strict create -b "$BUNDLE" "$ID"
is "is a created container" "$(status_of "$ID")" created
is "that waits without a right" "$(grep -cE '^Cap(Inh|Prm|Eff|Bnd|Amb):.0000000000000000$' "/proc/$(caisson state "$ID" | jq .pid)/status")" 5
fails "start refuses it by the property's name" "process: is required by \`start\`" caisson start "$ID"
is "and leaves it as it was" "$(status_of "$ID")" created
jq '.process | .args = ["/bin/echo", "inside"] | .user = {uid: 1000, gid: 1000}' "$TMP/base.json" > "$TMP/process.json"
is "exec --process works in it" "$(caisson exec --process "$TMP/process.json" "$ID" < /dev/null)" inside
ok "it is deleted" caisson delete "$ID"

# ---- cgroup mounts ----

v2_inside='.mounts |= map(if .type == "cgroup" then .type = "cgroup2" else . end)'
if grep -q '^0::' /proc/self/cgroup && grep -q ' - cgroup2 ' /proc/self/mountinfo; then
	shows "cgroup2 shows the container's own cgroup" "$v2_inside" \
		'grep -c " /sys/fs/cgroup cgroup2 ro," /proc/mounts; cat /sys/fs/cgroup/cgroup.procs | head -n 1; cat /proc/self/cgroup | grep ^0' "1 1 0::/"
	shows "without a cgroup namespace too" "$v2_inside | del(.linux.namespaces[] | select(.type == \"cgroup\"))" \
		'grep -c " /sys/fs/cgroup cgroup2 ro," /proc/mounts; head -n 1 /sys/fs/cgroup/cgroup.procs' "1 1"
else
	skip 2 "no cgroup2 is mounted here"
fi

# v1 alone: what a host without the unified tree has, in a mount namespace of our own.
if mountpoint -q /sys/fs/cgroup/unified; then
	count='grep -c " /sys/fs/cgroup/[^ ]* cgroup ro,nosuid,nodev,noexec," /proc/mounts; grep -c cgroup2 /proc/mounts; cat /sys/fs/cgroup/pids/cgroup.procs | head -n 1'
	v1_only() { # FILTER
		jq --arg script "$count" ".process.args = [\"/bin/sh\", \"-c\", \$script] | $1" "$TMP/base.json" > "$BUNDLE/config.json"
		# shellcheck disable=SC2016
		CAISSON_TEST_MARK=$MARK unshare --mount --propagation private sh -c 'umount -l /sys/fs/cgroup/unified && exec timeout 30 "$@"' v1 \
			"$CAISSON" --root "$STATE" run --bundle "$BUNDLE" "$ID" 2>&1 < /dev/null | tr '\n' ' '
	}
	trees=$(grep -c ' - cgroup ' /proc/self/mountinfo)
	is "cgroup v1 alone shows every tree" "$(v1_only .)" "$trees 0 1 "
	is "without a cgroup namespace too, and that of the container" "$(v1_only 'del(.linux.namespaces[] | select(.type == "cgroup"))')" "$trees 0 1 "
	shows "a hybrid host shows both" . 'grep -c " cgroup ro," /proc/mounts; grep -c " cgroup2 ro," /proc/mounts' "$trees 1"
else
	skip 3 "this is no hybrid host"
fi

# ---- schedulers ----

policy='cut -d" " -f18,19,40,41 /proc/self/stat'
shows "SCHED_IDLE" '.process.scheduler = {policy: "SCHED_IDLE"}' "$policy" "20 $(nice) 0 5"
shows "SCHED_DEADLINE with its three times" \
	'.process.scheduler = {policy: "SCHED_DEADLINE", runtime: 1000000, deadline: 2000000, period: 2000000}' "exec $policy" "-101 $(nice) 0 6"
rt='.linux.resources.cpu = {realtimeRuntime: 5000, realtimePeriod: 100000} |'
if [ -e /sys/fs/cgroup/cpu/cpu.rt_runtime_us ] || [ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ]; then
	[ -e /sys/fs/cgroup/cpu/cpu.rt_runtime_us ] || rt=
	shows "SCHED_FIFO with its priority" "$rt .process.scheduler = {policy: \"SCHED_FIFO\", priority: 7}" "exec $policy" "-8 $(nice) 7 1"
	shows "SCHED_RR, which a child does not inherit with SCHED_FLAG_RESET_ON_FORK" \
		"$rt .process.scheduler = {policy: \"SCHED_RR\", priority: 5, flags: [\"SCHED_FLAG_RESET_ON_FORK\"]}" \
		'cut -d" " -f18,41 /proc/$$/stat; cut -d" " -f18,41 /proc/self/stat; :' "-6 2 20 0"
else
	skip 2 "this kernel has no real-time groups and no cgroup v2"
fi
shows "nice below zero" '.process.scheduler = {policy: "SCHED_OTHER", nice: -5}' "$policy" "15 -5 0 0"
refused "SCHED_ISO, which Linux does not have" '.process.scheduler = {policy: "SCHED_ISO"}' 'process.scheduler.policy: SCHED_ISO is not supported'
shows "IOPRIO_CLASS_RT" '.process.ioPriority = {class: "IOPRIO_CLASS_RT", priority: 3}' 'ionice -p $$' "realtime: prio 3"
shows "IOPRIO_CLASS_IDLE" '.process.ioPriority = {class: "IOPRIO_CLASS_IDLE"}' 'ionice -p $$' idle
shows "personality LINUX is the usual one" '.linux.personality = {domain: "LINUX"}' 'uname -m' "$(uname -m)"

# ---- labels where nothing reads them ----

aa=$(cat /sys/module/apparmor/parameters/enabled 2> /dev/null)
if [ "$aa" != Y ]; then
	refused "an AppArmor profile without AppArmor" '.process.apparmorProfile = "mine"' 'process.apparmorProfile: "mine" cannot be applied'
	shows "unconfined is what everything is then" '.process.apparmorProfile = "unconfined"' 'echo runs' runs
else
	skip 2 "AppArmor is enabled here"
fi
if ! grep -q selinuxfs /proc/mounts; then
	refused "a SELinux label without SELinux" '.process.selinuxLabel = "a:b:c:d"' 'process.selinuxLabel: cannot be applied'
	refused "a mount label without SELinux" '.linux.mountLabel = "a:b:c:d"' 'linux.mountLabel: cannot be applied'
else
	skip 2 "SELinux is enabled here"
fi

# ---- limits as this host's version has them ----

case $(stat -f -c %T /sys/fs/cgroup) in cgroup2fs) mode=v2 ;; *) mode=v1 ;; esac
# file CONTROLLER V1-FILE V2-FILE: its path
file() { if [ $mode = v2 ]; then echo "/sys/fs/cgroup/$ID/$3"; else echo "/sys/fs/cgroup/$1/$ID/$2"; fi; }
# holds NAME WANT-V1 WANT-V2 CONTROLLER V1-FILE V2-FILE
holds() {
	_f=$(file "$4" "$5" "$6")
	if [ $mode = v2 ]; then _w=$3; else _w=$2; fi
	if [ -z "$_w" ] || [ ! -e "$_f" ]; then skip "$1" "no $_f here"; else is "$1" "$(cat "$_f")" "$_w"; fi
}
# limited NAME RESOURCES: a running container with these, or an error that names the property.
limited() {
	jq ".process.args = [\"/bin/sleep\", \"100\"] | .linux.cgroupsPath = \"/$ID\" | .linux.resources += $2" "$TMP/base.json" > "$BUNDLE/config.json"
	caisson run -d -b "$BUNDLE" "$ID" > "$TMP/err" 2>&1 < /dev/null
	_rc=$?
	if [ $_rc -eq 0 ]; then
		_pass "$1 is applied, or refused by name"
	else
		like "$1 is applied, or refused by name" "$(cat "$TMP/err")" "resources\\.$1[:.]"
	fi
}
off() { caisson delete --force "$ID" > /dev/null 2>&1; }

limited cpu '{cpu: {burst: 1000, quota: 50000, period: 100000, mems: "0"}}'
holds "cpu.burst" 1000 1000 cpu cpu.cfs_burst_us cpu.max.burst
holds "cpu.period" 100000 "50000 100000" cpu cpu.cfs_period_us cpu.max
holds "cpu.mems" 0 0 cpuset cpuset.mems cpuset.mems
off
limited cpu.idle '{cpu: {idle: 1}}'
holds "cpu.idle" 1 1 cpu cpu.idle cpu.idle
off
limited cpu.realtimeRuntime '{cpu: {realtimeRuntime: 2000, realtimePeriod: 200000}}'
holds "cpu.realtimeRuntime" 2000 "" cpu cpu.rt_runtime_us ""
holds "cpu.realtimePeriod" 200000 "" cpu cpu.rt_period_us ""
off
limited memory.swappiness '{memory: {swappiness: 17}}'
holds "memory.swappiness" 17 "" memory memory.swappiness ""
off
limited memory.disableOOMKiller '{memory: {disableOOMKiller: true}}'
if [ $mode = v1 ]; then like "memory.disableOOMKiller" "$(cat "$(file memory memory.oom_control x)")" '^oom_kill_disable 1$'
else skip "memory.disableOOMKiller" "cgroup v2 has none"; fi
off
limited memory.useHierarchy '{memory: {useHierarchy: true}}'
off
limited memory.kernel '{memory: {kernel: 10485760}}'
off
limited memory.kernelTCP '{memory: {kernelTCP: 10485760}}'
holds "memory.kernelTCP" 10485760 "" memory memory.kmem.tcp.limit_in_bytes ""
off
limited blockIO.weight '{blockIO: {weight: 200}}'
off
limited blockIO.leafWeight '{blockIO: {leafWeight: 200}}'
off
disk=$(awk 'NR > 2 && $1 < 259 { print $1 ":" $2; exit }' /proc/partitions)
if [ -z "$disk" ]; then
	skip 9 "there is no disk to limit"
else
	device="{major: ${disk%:*}, minor: ${disk#*:}, rate: 1048576}"
	limited blockIO.weightDevice "{blockIO: {weightDevice: [{major: ${disk%:*}, minor: ${disk#*:}, weight: 100}]}}"
	off
	for p in throttleReadBpsDevice:read_bps throttleWriteBpsDevice:write_bps throttleReadIOPSDevice:read_iops throttleWriteIOPSDevice:write_iops; do
		k=${p%:*}
		limited "blockIO.$k" "{blockIO: {$k: [$device]}}"
		[ $mode = v2 ] || holds "blockIO.$k" "$disk 1048576" "" blkio "blkio.throttle.${p#*:}_device" ""
		[ $mode = v1 ] || holds "blockIO.$k" "" "" blkio "" io.max
		off
	done
fi
limited hugepageLimits '{hugepageLimits: [{pageSize: "2MB", limit: 4194304}]}'
holds "hugepageLimits limits reservations" "" 4194304 hugetlb "" hugetlb.2MB.rsvd.max
holds "hugepageLimits limits faults too" "" 4194304 hugetlb "" hugetlb.2MB.max
off
limited network '{network: {classID: 1048577, priorities: [{name: "lo", priority: 3}]}}'
off
limited rdma '{rdma: {mlx5_0: {hcaHandles: 3, hcaObjects: 10000}}}'
off
limited unified '{unified: {"memory.high": "50003968"}}'
holds "unified" "" 50003968 memory "" memory.high
off

# ---- update, flag by flag ----

jq ".process.args = [\"/bin/sleep\", \"300\"] | .linux.cgroupsPath = \"/$ID\"" "$TMP/base.json" > "$BUNDLE/config.json"
caisson run -d -b "$BUNDLE" "$ID" > "$TMP/err" 2>&1 < /dev/null || diag "$(cat "$TMP/err")"
# updates FLAG VALUE WANT-V1 WANT-V2 CONTROLLER V1-FILE V2-FILE
updates() {
	_flag=$1
	if caisson update "$1" "$2" "$ID" > "$TMP/err" 2>&1; then
		shift 2
		holds "update $_flag" "$@"
	else
		like "update $_flag" "$(cat "$TMP/err")" 'resources\.[a-zA-Z.]*:'
	fi
}
updates --cpu-share 512 512 59 cpu cpu.shares cpu.weight
updates --cpu-period 50000 50000 "max 50000" cpu cpu.cfs_period_us cpu.max
updates --cpu-quota 20000 20000 "20000 50000" cpu cpu.cfs_quota_us cpu.max
updates --cpu-burst 1000 1000 1000 cpu cpu.cfs_burst_us cpu.max.burst
updates --cpu-rt-period 500000 500000 "" cpu cpu.rt_period_us ""
updates --cpu-rt-runtime 1000 1000 "" cpu cpu.rt_runtime_us ""
updates --cpu-idle 1 1 1 cpu cpu.idle cpu.idle
updates --cpuset-cpus 0 0 0 cpuset cpuset.cpus cpuset.cpus
updates --cpuset-mems 0 0 0 cpuset cpuset.mems cpuset.mems
updates --memory 64m 67108864 67108864 memory memory.limit_in_bytes memory.max
updates --memory-reservation 10m 10485760 10485760 memory memory.soft_limit_in_bytes memory.low
updates --memory-swap 96m 100663296 33554432 memory memory.memsw.limit_in_bytes memory.swap.max
updates --pids-limit 44 44 44 pids pids.max pids.max
updates --blkio-weight 200 200 "" blkio blkio.bfq.weight ""
ok "update --kernel-memory and --kernel-memory-tcp are taken from old callers" \
	caisson update --kernel-memory 10m --kernel-memory-tcp 10m "$ID"

# ---- exec, flag by flag ----

is "exec --additional-gids" "$(caisson exec -g 77 --additional-gids 78 -u 5:6 "$ID" id -G < /dev/null)" "6 77 78"
[ "$aa" = Y ] && skip "exec --apparmor without AppArmor" "AppArmor is enabled here" ||
	fails "exec --apparmor without AppArmor" "process.apparmorProfile" caisson exec --apparmor mine "$ID" true
grep -q selinuxfs /proc/mounts && skip "exec --process-label without SELinux" "SELinux is enabled here" ||
	fails "exec --process-label without SELinux" "process.selinuxLabel" caisson exec --process-label a:b:c:d "$ID" true
if [ $mode = v1 ]; then
	mkdir "/sys/fs/cgroup/pids/$ID/kid" "/sys/fs/cgroup/cpu/$ID/kid"
	where='grep -E ":(pids|cpu):" /proc/self/cgroup | sort -t: -k2 | cut -d: -f2,3 | tr "\n" " "'
	is "exec --cgroup CONTROLLER:PATH moves that one alone" "$(caisson exec --cgroup pids:kid "$ID" sh -c "$where" < /dev/null)" "cpu:/ pids:/kid "
	is "and more than one may be given" "$(caisson exec --cgroup pids:kid --cgroup cpu:kid "$ID" sh -c "$where" < /dev/null)" "cpu:/kid pids:/kid "
	fails "a controller that the container does not have" "no controller 'nonesuch'" caisson exec --cgroup nonesuch:kid "$ID" true
else
	skip 3 "cgroup v2 has one tree"
fi
if command -v script > /dev/null; then
	SHELL=/bin/sh timeout 20 script -qec "'$CAISSON' --root '$STATE' exec --tty '$ID' sh -c 'tty; stty size; exit 5'" /dev/null > "$TMP/tty" 2>&1 < /dev/null
	is "exec --tty in the foreground has a terminal, and the status" "$?:$(grep -o -m 1 /dev/pts/0 "$TMP/tty")" "5:/dev/pts/0"
else
	skip "script(1) is not installed"
fi
caisson pause "$ID"
CAISSON_TEST_MARK=$MARK timeout 20 "$CAISSON" --root "$STATE" exec --ignore-paused "$ID" echo thawed > "$TMP/thawed" 2>&1 < /dev/null &
waiting=$!
sleep 0.3
is "exec --ignore-paused waits while the container is paused" "$(cat "$TMP/thawed")" ""
caisson resume "$ID"
wait $waiting
is "and runs after that" "$?:$(cat "$TMP/thawed")" "0:thawed"
off

umount -R "$SRC/plain" "$SRC/hard" "$SRC/closed"
leftovers_after
