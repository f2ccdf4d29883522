#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016 # scripts for another shell
# The kernel's own view of a live container against its plan.
. "$(dirname "$0")/lib.sh"
plan 57

line() { printf '%s\n' "$out" | grep "^$1  "; }
pid_of() { caisson state "$1" | jq .pid; }

for level in none baseline hardened strict; do
	bundle '.process.args = ["/bin/sleep", "600"] | .process.user = { uid: 1000, gid: 1000, additionalGids: [50] }'
	caisson --policy "$level" create -b "$BUNDLE" "$ID" > /dev/null 2>&1 < /dev/null
	ok "$level: a created container is as planned" caisson posture "$ID"
	caisson start "$ID"
	wait_for 5 sh -c 'grep -q sleep "/proc/$1/comm"' sh "$(pid_of "$ID")"
	ok "$level: a running container is as planned" caisson posture "$ID"
	is "$level: the JSON counts no difference" "$(caisson posture --json "$ID" | jq -r '"\(.level) \(.differs)"')" "$level 0"
	unlike "$level: whatever explain names is read back, or it is said why not" "$(caisson posture "$ID")" 'not read back'
	[ "$level" = strict ] || caisson delete --force "$ID"
done

out=$(caisson posture "$ID")
like "the table has a head" "$out" '^control +planned +kernel +verdict$'
like "the user is checked" "$(line user)" '1000:1000 \(host 1000:1000\) +host 1000:1000 +ok$'
# One that answers, and one with the flag that makes the kernel log what it refuses.
like "the filter is counted" "$(line 'system call filters')" ' 2 +2 +ok$'
like "the root's flags are read" "$(line root)" 'ro nosuid nodev +ro nosuid nodev +ok$'
like "the policy's tmpfs are among the mounts" "$(line mounts)" '10 with their flags +10 +ok$'
like "the exposure figure closes the table" "$out" '^exposure [0-9.]+ of 10$'

like "the name of the host is read inside" "$(line hostname)" 'caisson +caisson +ok$'
like "so are the sysctls" "$(line sysctls)" '2 +2 +ok$'
like "PID 1 leads a session of its own" "$(line session)" 'own +own +ok$'

# A difference is found, whoever made it.
if nsenter -t "$(pid_of "$ID")" -u /bin/hostname other 2> /dev/null; then
	out=$(caisson posture "$ID")
	like "another name of the host is a difference" "$(line hostname)" 'caisson +other +DIFFERS$'
	nsenter -t "$(pid_of "$ID")" -u /bin/hostname caisson
else
	skip 1 "cannot enter the uts namespace"
fi
limit=$(find /sys/fs/cgroup -path "*$ID/pids.max" 2> /dev/null | head -n 1)
if [ -n "$limit" ]; then
	echo max > "$limit"
	fails "a lifted limit is a difference" "DIFFERS" caisson posture "$ID"
	caisson posture "$ID" > /dev/null 2>&1
	is "and the command exits with 1" $? 1
	is "the JSON names the control" \
		"$(caisson posture --json "$ID" | jq -r '[.controls[] | select(.verdict == "differs") | .control] | join(",")')" pids
	echo 512 > "$limit"
else
	skip 3 "no pids controller"
fi
masked=
for path in /proc/interrupts /proc/keys /proc/timer_list /proc/kcore; do [ ! -e "$path" ] || masked=$path; done
if command -v nsenter > /dev/null 2>&1 && nsenter -t "$(pid_of "$ID")" -m /bin/umount "$masked" 2> /dev/null; then
	out=$(caisson posture "$ID")
	like "an uncovered path is a difference, by name" "$(line 'masked paths')" "not so: $masked +DIFFERS"
	nsenter -t "$(pid_of "$ID")" -m /bin/mount -o remount,bind,rw none / 2> /dev/null
	out=$(caisson posture "$ID")
	like "a writable root is a difference" "$(line root)" 'DIFFERS$'
else
	skip 2 "cannot enter the mount namespace"
fi

caisson kill "$ID" KILL
wait_for 5 has_status "$ID" stopped
fails "a stopped container has no posture" "there is no process to look at" caisson posture "$ID"
ok "it is deleted" caisson delete "$ID"
fails "an unknown container is refused" "container does not exist" caisson posture "$ID"

# What is not a right of the process: where it runs, what it is charged for, and whose mounts it shares.
differing() { caisson posture --json "$ID" | jq -r '[.controls[] | select(.verdict == "differs") | .control] | join(",")'; }
bundle '.process.args = ["/bin/sleep", "600"] | .process.scheduler = { policy: "SCHED_BATCH", nice: 5 }
	| .process.ioPriority = { class: "IOPRIO_CLASS_BE", priority: 6 } | .linux.personality = { domain: "LINUX32" }
	| .linux.namespaces += [{ type: "time" }]
	| .linux.timeOffsets = { monotonic: { secs: 100, nanosecs: 5 }, boottime: { secs: -3 } }
	| .linux.resources += { memory: { limit: 67108864, reservation: 33554432 } }
	| .linux.resources.devices += [{ allow: true, type: "c", major: 10, minor: 200, access: "rw" }]
	| .mounts += [{ destination: "/srv", type: "tmpfs", source: "tmpfs" }]'
caisson create -b "$BUNDLE" "$ID" > "$TMP/create.log" 2>&1 < /dev/null || diag "$(cat "$TMP/create.log")"
is "nothing of it differs" "$(differing)" ""
out=$(caisson posture "$ID")
like "the scheduler is read" "$(line scheduler)" 'batch, nice 5 +batch, nice 5 +ok$'
like "so is the io priority" "$(line 'io priority')" 'best effort, 6 +best effort, 6 +ok$'
like "and the personality" "$(line personality)" '0x8 +0x8 +ok$'
like "the clocks of the time namespace" "$(line 'monotonic clock')" '100.000000005 s +100.000000005 s +ok$'
like "both of them" "$(line 'boottime clock')" '-3.000000000 s +-3.000000000 s +ok$'
like "propagation, the root's among them" "$(line propagation)" '9 mounts +9 +ok$'
like "a session keyring is nobody's to look at" "$(line keyring)" 'own +not shown'
pid=$(pid_of "$ID")
renice 0 "$pid" > /dev/null 2>&1
is "another niceness before the start is a difference" "$(differing)" scheduler
caisson start "$ID"
wait_for 5 sh -c 'grep -q sleep "/proc/$1/comm"' sh "$pid"
is "after it, it may be the program's own" "$(differing)" ""
if nsenter -t "$pid" -m true 2> /dev/null; then
	nsenter -t "$pid" -m /bin/mount --make-shared /srv 2> /dev/null || nsenter -t "$pid" -m mount --make-shared /srv
	is "a mount that the program shares with itself is its own matter" "$(differing)" ""
else
	skip 1 "cannot enter the mount namespace"
fi
group=$(find /sys/fs/cgroup -path "*$ID/devices.list" 2> /dev/null | head -n 1)
if [ -n "$group" ]; then
	out=$(caisson posture "$ID")
	like "the rules for devices are read" "$(line 'device rules')" ' ok$'
	echo "c 1:11 r" > "${group%/*}/devices.allow" # the kernel's log
	is "one more device is a difference" "$(differing)" "device rules"
	like "and said" "$(caisson posture "$ID" | grep '^device rules')" 'DIFFERS'
	echo "c 1:11 r" > "${group%/*}/devices.deny"
else
	skip 3 "no devices controller of version 1"
fi
soft=$(find /sys/fs/cgroup \( -path "*$ID/memory.soft_limit_in_bytes" -o -path "*$ID/memory.low" \) 2> /dev/null | head -n 1)
if [ -n "$soft" ]; then
	out=$(caisson posture "$ID")
	like "limits without a line of their own are read" "$(line 'further limits')" '1 +1 +ok$'
	echo 0 > "$soft"
	is "one that was changed is a difference" "$(differing)" "further limits"
	like "and said by its file" "$(caisson posture "$ID" | grep '^further')" "1 +0; ${soft##*/}: 0 +DIFFERS"
else
	skip 3 "no memory controller"
fi
caisson delete --force "$ID"

# Ids are compared as the host shows them.
bundle '.process.args = ["/bin/sleep", "600"] | .process.user = { uid: 7, gid: 8 } | .linux.namespaces += [{ type: "user" }]
	| .linux.uidMappings = [{ containerID: 0, hostID: 300000, size: 1000 }]
	| .linux.gidMappings = [{ containerID: 0, hostID: 400000, size: 1000 }] | .root.readonly = false
	| .mounts |= map(select(.type != "cgroup"))'
chown -R 300000:400000 "$BUNDLE/rootfs"
if caisson run -d -b "$BUNDLE" "$ID" > "$TMP/run.log" 2>&1 < /dev/null; then
	wait_for 5 sh -c 'grep -q sleep "/proc/$1/comm"' sh "$(pid_of "$ID")"
	out=$(caisson posture "$ID")
	like "a mapped user shows as the host's id" "$(line user)" '7:8 \(host 300007:400008\) +host 300007:400008 +ok$'
	like "the map is compared" "$(line 'uid map')" '0 at 300000, 1000 ids +0 at 300000, 1000 ids +ok$'
	like "the name of the host is read in a user namespace too" "$(line hostname)" 'caisson +caisson +ok$'
	like "the user namespace is its own" "$(line 'user namespace')" 'own +own +ok$'
	caisson delete --force "$ID"
else
	skip 4 "no user namespace: $(tail -n 1 "$TMP/run.log")"
fi

# Root that becomes somebody else does what it is for; the look says so and counts no difference.
bundle '.process.args = ["/bin/busybox", "start-stop-daemon", "-S", "-c", "user", "-x", "/bin/sleep", "--", "600"]
	| .process.capabilities.bounding += ["CAP_SETUID", "CAP_SETGID"]
	| .process.capabilities.effective += ["CAP_SETUID", "CAP_SETGID"]
	| .process.capabilities.permitted += ["CAP_SETUID", "CAP_SETGID"]'
caisson --policy hardened run -d -b "$BUNDLE" "$ID" > /dev/null 2>&1 < /dev/null
wait_for 5 sh -c 'grep -q "^Uid:.1000" "/proc/$1/status"' sh "$(pid_of "$ID")"
out=$(caisson posture "$ID")
like "a server that steps down is in order" "$(line user)" 'stepped down +ok$'
caisson delete --force "$ID"
leftovers_after
