#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The four levels from the inside, and what each refuses.
. "$(dirname "$0")/lib.sh"
plan 54

# inside LEVEL SCRIPT: runs it in a fresh container and gives its output.
inside() {
	jq --arg s "$2" '.process.args = ["/bin/sh", "-c", $s]' "$BUNDLE/config.json" > "$BUNDLE/.new" && mv "$BUNDLE/.new" "$BUNDLE/config.json"
	caisson --policy "$1" run -b "$BUNDLE" "$ID" 2>&1 < /dev/null
}
field() { printf '%s\n' "$out" | sed -n "s/^$1:[[:space:]]*//p"; }
docker_caps='["CAP_CHOWN","CAP_DAC_OVERRIDE","CAP_FSETID","CAP_FOWNER","CAP_MKNOD","CAP_NET_RAW","CAP_SETGID","CAP_SETUID",
	"CAP_SETFCAP","CAP_SETPCAP","CAP_NET_BIND_SERVICE","CAP_SYS_CHROOT","CAP_KILL","CAP_AUDIT_WRITE"]'
as_docker=".process.capabilities |= with_entries(.value = $docker_caps) | .root.readonly = false | .process.noNewPrivileges = false"

# ---- the four, seen from inside: the same document each time ----
bundle "$as_docker"
out=$(inside none 'cat /proc/self/status')
is "none: all fourteen capabilities" "$(field CapBnd)" 00000000a80425fb
is "none: new privileges as asked" "$(field NoNewPrivs)" 0
is "none: no filter where none was asked" "$(field Seccomp)" 0
out=$(inside baseline 'cat /proc/self/status')
is "baseline: all fourteen capabilities" "$(field CapBnd)" 00000000a80425fb
is "baseline: new privileges as asked" "$(field NoNewPrivs)" 0
is "baseline: no filter where the engine has none" "$(field Seccomp)" 0
out=$(inside hardened 'cat /proc/self/status' | grep -v '^warning')
is "hardened: ten of them" "$(field CapBnd)" 00000000000405fb
is "hardened: no new privileges" "$(field NoNewPrivs)" 1
is "hardened: a filter" "$(field Seccomp)" 2
reconfig '.process.user = { uid: 1000, gid: 1000 }'
out=$(inside strict 'cat /proc/self/status' | grep -v '^warning')
is "strict: no capability" "$(field CapBnd)" 0000000000000000
is "strict: no new privileges" "$(field NoNewPrivs)" 1
is "strict: a filter" "$(field Seccomp)" 2
is "strict: not root" "$(printf '%s' "$(field Uid)" | tr '\t' ' ')" "1000 1000 1000 1000"

# ---- strict: the hardening guide, whole ----
like "strict: the root cannot be written" "$(inside strict 'echo x > /home/user/x')" 'Read-only file system'
is "strict: /tmp can" "$(inside strict 'echo x > /tmp/x && cat /tmp/x' | grep -v '^warning')" x
is "strict: /run can, by the container's user" "$(inside strict 'echo x > /run/x && cat /run/x' | grep -v '^warning')" x
like "strict: nothing runs from /tmp" "$(inside strict 'cp /bin/busybox /tmp/sh && /tmp/sh true')" 'Permission denied'
like "strict: /tmp has its size" "$(inside strict 'df -k /tmp | tail -n 1')" ' 65536 '
like "strict: no core files" "$(inside strict 'ulimit -c')" '^0$'
is "strict: low ports are for everybody" "$(inside strict 'cat /proc/sys/net/ipv4/ip_unprivileged_port_start' | grep -v '^warning')" 0
like "strict: ping works for the container's groups" "$(inside strict 'cat /proc/sys/net/ipv4/ping_group_range')" '^0[[:space:]]+65535$'
like "strict: mounting is refused" "$(inside strict 'mount -t tmpfs x /tmp')" 'not permitted|denied'
like "strict: a user namespace is refused" "$(inside strict 'unshare -U true')" 'not permitted|not implemented|denied|Invalid'
is "strict: masked files are empty" "$(inside strict 'cat /proc/interrupts | wc -c' | grep -v '^warning')" 0
like "strict: /proc/sys is read-only" "$(inside strict 'echo 1 > /proc/sys/kernel/domainname')" 'Read-only|denied'
like "strict: pids are limited" "$(inside strict 'cat /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/pids.max 2> /dev/null')" '^512$'
like "strict: Landlock, derived from the mounts" "$(caisson --policy strict explain "$BUNDLE")" '^landlock +off +(derived from [0-9]+ mounts|off: version)'
unlike "hardened: no Landlock" "$(caisson --policy hardened explain "$BUNDLE")" '^landlock'

# ---- refusals: each with its rule, nothing left ----
refuses() { # NAME LEVEL WORDS JQ
	bundle "$4"
	fails "$1" "$3" caisson --policy "$2" create -b "$BUNDLE" "$ID"
}
refuses "hardened refuses the host's pid namespace" hardened "(namespaces): the container asks for the host's pid" \
	'del(.linux.namespaces[] | select(.type == "pid"))'
refuses "hardened refuses the host's ipc namespace" hardened "the host's ipc namespace" \
	'del(.linux.namespaces[] | select(.type == "ipc"))'
refuses "hardened refuses the host's uts namespace" hardened "the host's uts namespace" \
	'del(.hostname) | del(.linux.namespaces[] | select(.type == "uts"))'
refuses "strict refuses the host's network" strict "the host's network namespace" \
	'.process.user = { uid: 1, gid: 1 } | del(.linux.namespaces[] | select(.type == "network"))'
refuses "strict refuses the host's cgroup namespace" strict "the host's cgroup namespace" \
	'.process.user = { uid: 1, gid: 1 } | del(.linux.namespaces[] | select(.type == "cgroup"))'
refuses "strict refuses root, with the fix" strict "--user 65532:65532" '.'
refuses "strict refuses group 0" strict "would run with gid 0" '.process.user = { uid: 1, gid: 0 }'
refuses "a sysctl of the host is refused" none 'linux.sysctl["vm.overcommit_memory"]: is not a sysctl that belongs' \
	'.linux.sysctl = { "vm.overcommit_memory": "1" }'
refuses "a sysctl without its namespace is refused" none "belongs to the net namespace" \
	'.linux.sysctl = { "net.ipv4.ip_forward": "1" } | del(.linux.namespaces[] | select(.type == "network"))'
all=$(caps=$(sed -n 's/^CapBnd:[[:space:]]*//p' /proc/self/status); printf '%d' "0x$caps")
names=$(n=0; for name in CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE \
	NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE \
	SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL \
	SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE; do
	[ $((all >> n & 1)) -eq 0 ] || printf '"CAP_%s",' "$name"
	n=$((n + 1))
done)
privileged=".process.capabilities |= with_entries(.value = [${names%,}]) | del(.linux.maskedPaths, .linux.readonlyPaths)
	| .linux.resources.devices = [{ allow: true, access: \"rwm\" }] | .process.noNewPrivileges = false"
refuses "hardened refuses a privileged container" hardened 'refused by level "hardened" (privileged)' "$privileged"
bundle "$privileged"
out=$(inside baseline 'cat /proc/self/status')
is "baseline passes a privileged container through" "$(printf '%d' "0x$(field CapBnd)")" "$all"
like "and says so" "$out" 'privileged container: passed through'

# ---- labels and annotations ----
bundle "$as_docker | .annotations = { \"security.capabilities\": \"chown,CAP_KILL\" }"
out=$(inside baseline 'cat /proc/self/status')
is "a label cuts the bounding set" "$(field CapBnd)" 0000000000000021
is "and the effective one" "$(field CapEff)" 0000000000000021
out=$(inside none 'cat /proc/self/status')
is "none does not look at labels" "$(field CapBnd)" 00000000a80425fb

bundle "$as_docker | .annotations = { \"security.capabilities\": \"chown,CAP_KILL\" } | .process.args = [\"/bin/sleep\", \"60\"]"
caisson run -d -b "$BUNDLE" "$ID" > /dev/null 2>&1 < /dev/null
jq '.process | .args = ["/bin/cat", "/proc/self/status"]' "$BUNDLE/config.json" > "$TMP/process.json"
out=$(caisson exec -p "$TMP/process.json" "$ID" 2>&1)
is "exec meets the label again" "$(field CapBnd)" 0000000000000021
caisson delete --force "$ID"

bundle "$as_docker"
printf '%s' '[{ "Config": { "Labels": { "io.containers.capabilities": "none" } } }]' > "$TMP/inspect.json"
reconfig '.process.args = ["/bin/cat", "/proc/self/status"]'
out=$(caisson run -b "$BUNDLE" --image-config "$TMP/inspect.json" "$ID" 2>&1 < /dev/null)
is "the label of an image config takes everything" "$(field CapBnd)" 0000000000000000

bundle "$as_docker | .annotations = { \"io.caisson.profile\": \"hardened\" }"
out=$(inside baseline 'cat /proc/self/status')
is "an annotation raises the level" "$(field NoNewPrivs)" 1
refuses "an annotation cannot lower it" strict "it can only narrow, to hardened or strict" \
	'.process.user = { uid: 1, gid: 1 } | .annotations = { "io.caisson.profile": "none" }'

# ---- exec at strict ----
bundle '.process.args = ["/bin/sleep", "60"] | .process.user = { uid: 1000, gid: 1000 }'
caisson --policy strict run -d -b "$BUNDLE" "$ID" > /dev/null 2>&1 < /dev/null
fails "exec as root is refused at strict" 'refused by level "strict" (user): exec asks for uid 0' \
	caisson exec --user 0:0 "$ID" /bin/id
is "exec as the container's user works" "$(caisson exec "$ID" /bin/id -u 2>&1)" 1000
out=$(caisson exec "$ID" /bin/cat /proc/self/status 2>&1)
is "exec has the filter" "$(field Seccomp)" 2
is "exec has no new privileges" "$(field NoNewPrivs)" 1
caisson delete --force "$ID"

# ---- the program's name chooses the level ----
bundle "$as_docker"
ln -s "$CAISSON" "$TMP/caisson-hardened"
reconfig '.process.args = ["/bin/cat", "/proc/self/status"]'
out=$("$TMP/caisson-hardened" --root "$STATE" run -b "$BUNDLE" "$ID" 2>&1 < /dev/null)
is "called as caisson-hardened it hardens" "$(field NoNewPrivs)" 1
ln -s "$CAISSON" "$TMP/caisson-hardend"
fails "a misspelt level in the name does not fall back" 'there is no profile "hardend"' \
	"$TMP/caisson-hardend" --root "$STATE" run -b "$BUNDLE" "$ID"
leftovers_after
