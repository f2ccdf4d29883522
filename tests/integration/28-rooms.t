#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a profile says about the room: mounts and their sources, devices, namespaces, procfs, sysctls, hooks; each time with a twin that
# is allowed, and posture's look at the live container.
# shellcheck source=tests/integration/policy-place.sh
. "$(dirname "$0")/policy-place.sh"
. "$(dirname "$0")/lib.sh"
need python3 jq

policy_place || skip_all "$NO_PLACE"
mount -t tmpfs -o mode=755 tmpfs /run || skip_all "nothing can be mounted at /run"
plan 67

profile() { printf '%s\n' "$2" > "$ETC/profiles/$1.json"; }
explained() { caisson "$@" explain "$BUNDLE"; }
run_it() { caisson --policy "$1" run -b "$BUNDLE" "$ID-$((_k = ${_k:-0} + 1))" 2>&1; }
# with SOURCE: the bundle's one bind, at /x or, when it is no directory, /f.
with() {
	_at=/x
	[ -d "$1" ] || _at=/f
	reconfig "(.mounts |= map(select(.type != \"bind\"))) | .mounts += [{destination: \"$_at\", type: \"bind\", source: \"$1\", options: [\"bind\", \"ro\"]}]
		| .process.args = [\"/bin/sh\", \"-c\", \"[ -e $_at ] && echo there\"]"
}
last() { run_it "$1" | grep -v "^warning: "; }
listen_at() { python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$1"; }
skipping() { CAISSON_SKIP=$1 CAISSON=$CAISSON_FAULTS run_it "$2"; }
as_docker='.process.capabilities |= with_entries(.value = ["CAP_CHOWN","CAP_KILL","CAP_MKNOD","CAP_NET_RAW","CAP_SETUID","CAP_SETGID"]) | .root.readonly = false | .process.noNewPrivileges = false'
bundle "$as_docker"

# ---- sources of binds ----
mkdir -p "$TMP/data/sub" /run/containerd /run/other
listen_at /run/docker.sock
listen_at /run/containerd/containerd.sock
listen_at /run/other/own.sock
ln -s /run/docker.sock "$TMP/data/link"
ln /run/docker.sock /run/other/hard
with "$TMP/data"
is "an ordinary directory is a source at hardened" "$(last hardened)" there
with /etc
fails "the host's /etc itself is none" 'refused by level "hardened" (mounts): mounts[' run_it hardened
fails "and it is said what to do" 'the bind source /etc is denied ("/etc"); bind what is needed from below it' run_it hardened
is "the twin: at baseline it is" "$(last baseline)" there
with /etc/passwd
is "the twin: a file below it is" "$(last hardened)" there
with /run/docker.sock
fails "L13: an engine's socket is refused" 'refused by level "hardened" (launch check L13)' run_it hardened
like "L13: explain says why" "$(explained --policy hardened 2>&1)" "who can talk to an engine commands the host; leave it out"
with /run/other/own.sock
is "the twin: another socket is a source" "$(last hardened)" there
with "$TMP/data/link"
fails "a link to it fools nobody" "$TMP/data/link, which is /run/docker.sock, is a socket that is denied" run_it hardened
with /run/other/hard
fails "nor does another name" '(launch check L13)' run_it hardened
with /run/containerd
fails "nor the directory that holds one" 'the bind source /run/containerd holds the socket /run/containerd/containerd.sock' run_it hardened
mkdir "$TMP/alias"
mount --bind /run/containerd "$TMP/alias"
with "$TMP/alias"
fails "nor that directory from another mount" 'holds the socket /run/containerd/containerd.sock' run_it hardened
umount "$TMP/alias"
mknod "$TMP/data/disk" b 240 77
mknod "$TMP/data/null" c 1 3
with "$TMP/data/disk"
fails "L13: a device node is refused" "is a block device; put it into linux.devices" run_it hardened
with "$TMP/data/null"
is "the twin: one that every container has is a source" "$(last hardened)" there

profile svc-a '{ "schema": 1, "extends": "baseline", "mounts": { "sources": { "allow": ["'"$TMP"'/data/**", "/run/**"], "deny": ["/run/other/*"] } } }'
with "$TMP/data/sub"
is "what a profile allows is a source" "$(last svc-a)" there
with "$TMP/data"
fails "what it does not is none" 'refused by svc-a.json $.mounts.sources.allow (mounts)' run_it svc-a
with /run/other/own.sock
fails "deny goes before allow" 'is denied ("/run/other/*")' run_it svc-a
profile svc-b '{ "schema": 1, "extends": "svc-a", "mode": "warn" }'
is "in warn mode it is a source" "$(last svc-b)" there
like "and it is said" "$(explained --policy svc-b)" 'policy in warn mode: would be refused by .*is denied'
profile svc-c '{ "schema": 1, "mounts": { "sources": { "allow": ["data"] } } }'
fails "a pattern is absolute" '$.mounts.sources.allow[0]: "data" is not a pattern of absolute paths' run_it svc-c
if [ -n "${CAISSON_FAULTS:-}" ]; then
	with "$TMP/data/link"
	fails "without the look ahead the opening refuses" 'refused by level "hardened" (mounts)' skipping "look at the source" hardened
	fails "and without that the look ahead" 'L13' skipping "judge the source" hardened
else
	skip 2 "the binary was built without --enable-fault-injection"
fi

# ---- no programs where something can be written; propagation; procfs ----
say() { reconfig ".process.args = [\"/bin/sh\", \"-c\", \"$1\"]"; }
# look PROFILE: what posture finds different in a container that only sleeps.
look() {
	_id=$ID-look-$((_k = ${_k:-0} + 1))
	reconfig '.process.args = ["/bin/sleep", "100"]'
	caisson --policy "$1" run -d -b "$BUNDLE" "$_id" > "$TMP/said" 2>&1 < /dev/null || { cat "$TMP/said"; return; }
	caisson posture --json "$_id" 2> /dev/null | jq -r '[.controls[] | select(.verdict == "differs") | .control + ": " + .kernel] | join(", ") | if . == "" then "nothing" else . end'
	caisson delete --force "$_id" > /dev/null 2>&1
}
without() { (export CAISSON_SKIP="$1"; CAISSON=$CAISSON_FAULTS; look "$2"); }
mkdir -p "$TMP/opt/below" "$TMP/ro"
cp /bin/true "$TMP/ro/true" && cp "$BUNDLE/rootfs/bin/busybox" "$TMP/opt/true" && cp "$TMP/opt/true" "$TMP/ro/true"
room='(.mounts |= map(select(.type != "bind"))) | .mounts += [{destination: "/opt", type: "bind", source: "'"$TMP"'/opt", options: ["bind", "rw"]},
	{destination: "/ro", type: "bind", source: "'"$TMP"'/ro", options: ["bind", "ro"]}]'
bundle "$as_docker | $room"
profile svc-n '{ "schema": 1, "extends": "baseline", "mounts": { "noexec_writable": true } }'
profile svc-e '{ "schema": 1, "extends": "svc-n", "mounts": { "exec": ["/opt"] } }'
say '/opt/true true && echo ran'
like "a program on a writable mount does not run" "$(run_it svc-n)" '/opt/true: Permission denied'
is "the twin: without the profile it does" "$(last baseline)" ran
is "the twin: it does where exec names the mount" "$(last svc-e)" ran
say '/ro/true true && echo ran'
is "the twin: it does on a mount that cannot be written to" "$(last svc-n)" ran
like "explain says how many" "$(explained --policy svc-n)" '^programs +as mounted +none from [0-9]+ writable mounts +svc-n.json \$.mounts.noexec_writable'
is "posture finds it so" "$(look svc-n)" nothing

mkdir "$TMP/shared"
mount --bind "$TMP/shared" "$TMP/shared" && mount --make-shared "$TMP/shared"
mount -t tmpfs tmpfs "$TMP/shared" && umount "$TMP/shared" 
shared='(.mounts |= map(select(.type != "bind"))) | .mounts += [{destination: "/s", type: "bind", source: "'"$TMP"'/shared", options: ["rbind", "rshared"]}]
	| .linux.rootfsPropagation = "rshared"'
reconfig "$shared"
profile svc-s '{ "schema": 1, "extends": "baseline", "mounts": { "propagation": "private-or-slave" } }'
profile svc-p '{ "schema": 1, "extends": "baseline", "mounts": { "propagation": "private" } }'
say 'grep -c shared: /proc/self/mountinfo; grep -c master: /proc/self/mountinfo'
isnt "a document may ask for shared mounts" "$(run_it baseline | sed -n 1p)" 0
is "at most a slave: nothing is shared" "$(run_it svc-s | sed -n 1p)" 0
isnt "the twin: it is still a slave" "$(run_it svc-s | sed -n 2p)" 0
is "private: nothing is shared or a slave" "$(run_it svc-p | tr '\n' ' ')" '0 0 '
is "posture finds it so" "$(look svc-p)" nothing

reconfig "(.mounts |= map(select(.type != \"bind\"))) | del(.linux.rootfsPropagation) | .process.user = {uid: 1000, gid: 1000}"
profile svc-h '{ "schema": 1, "extends": "baseline", "proc": { "hidepid": "invisible" } }'
profile svc-u '{ "schema": 1, "extends": "baseline", "proc": { "subset": "pid" } }'
say 'ls -d /proc/meminfo; grep -o hidepid=[a-z0-9]* /proc/self/mounts | sort -u'
is "hidepid is on" "$(last svc-h)" "/proc/meminfo
hidepid=invisible"
is "the twin: it is not asked" "$(last baseline)" /proc/meminfo
like "subset leaves processes alone" "$(run_it svc-u)" "/proc/meminfo: No such file"
is "posture finds hidepid" "$(look svc-h)" nothing
is "posture finds subset" "$(look svc-u)" nothing
reconfig '(.mounts[] | select(.destination == "/proc")) |= {destination: "/proc", type: "bind", source: "/proc", options: ["rbind"]}'
fails "another's procfs is refused" 'refused by svc-h.json $.proc.hidepid (proc): mounts[' run_it svc-h

# ---- devices ----
bundle "$as_docker"'| .linux.devices = [{path: "/dev/one", type: "c", major: 10, minor: 229, fileMode: 438}, {path: "/dev/two", type: "c", major: 10, minor: 237, fileMode: 438}]
	| .linux.resources.devices = [{allow: false, access: "rwm"}, {allow: true, type: "c", major: 10, access: "rwm"}]'
profile svc-d '{ "schema": 1, "extends": "baseline", "devices": { "allow": ["c 10:229 rw"] } }'
profile svc-0 '{ "schema": 1, "extends": "baseline", "devices": { "allow": [] } }'
say 'cd /dev; ls -d one two null 2> /dev/null; echo x > null && echo good'
is "a device that is not allowed is not there" "$(run_it svc-d | tr '\n' ' ')" "null one good "
is "the twin: without the profile it is" "$(run_it baseline | tr '\n' ' ')" "null one two good "
is "the devices of every container remain" "$(run_it svc-0 | tr '\n' ' ')" "null good "
like "explain says what is left" "$(explained --policy svc-d)" '^devices +2 nodes, 2 rules +1 nodes, 2 rules +svc-d.json \$.devices.allow'
say 'mknod /tmp/two c 10 237; exec 2>&1; : < /tmp/two'
like "a node made inside cannot be opened" "$(run_it svc-d)" "two: Operation not permitted"
profile svc-f '{ "schema": 1, "extends": "baseline", "devices": { "allow": ["/dev/full", "/dev/nowhere"] } }'
reconfig '.linux.devices = [{path: "/dev/full", type: "c", major: 8, minor: 0}]'
say 'cat /dev/full | head -c 1 | wc -c'
like "a name means the host's device, not the document's" "$(explained --policy svc-f)" '^devices +1 nodes, 2 rules +0 nodes'
is "posture reads the rules back" "$(look svc-d)" nothing
profile svc-w '{ "schema": 1, "devices": { "allow": ["/etc/x"] } }'
fails "what is no device is refused" '$.devices.allow[0]: "/etc/x" is not a device: write "/dev/NAME"' run_it svc-w

# ---- namespaces by path ----
bundle "$as_docker"
unshare -nu sleep 100 &
other=$!
wait_for 5 sh -c "[ \$(readlink /proc/$other/ns/net) != \$(readlink /proc/self/ns/net) ]"
touch "$TMP/netns" && mount --bind "/proc/$other/ns/net" "$TMP/netns"
join() { reconfig "(.linux.namespaces[] | select(.type == \"$1\")) |= {type: \"$1\", path: \"$2\"}"; say 'echo there'; }
profile svc-j '{ "schema": 1, "extends": "baseline", "namespaces": { "join": "engine" } }'
profile svc-k '{ "schema": 1, "extends": "baseline", "namespaces": { "join": "none" } }'
join network "/proc/$other/ns/net"
is "engine: a process's namespace is joined" "$(last svc-j)" there
fails "none: it is not" "refused by svc-k.json \$.namespaces.join (namespaces): the container joins the network namespace at /proc/$other/ns/net" run_it svc-k
join network "$TMP/netns"
fails "engine: any other place is refused" 'which is no place where engines keep those of their containers' run_it svc-j
is "the twin: without the profile it is joined" "$(last baseline)" there
join network "/proc/$$/ns/net"
fails "engine: the host's own is refused" "which is the host's own" run_it svc-j
fails "strict: the host's own is not private" "/proc/$$/ns/net is the host's network namespace; give the container one of its own" run_it strict
umount "$TMP/netns"
kill "$other"
wait "$other" 2> /dev/null

# ---- sysctls ----
bundle "$as_docker"' | .linux.sysctl = {"net.ipv4.ip_default_ttl": "77"}'
profile svc-t '{ "schema": 1, "extends": "baseline", "sysctls": { "allow": ["net.ipv4.*"], "set": { "net.ipv4.ip_default_ttl": "5", "net.ipv4.tcp_syncookies": "0" } } }'
say 'cat /proc/sys/net/ipv4/ip_default_ttl /proc/sys/net/ipv4/tcp_syncookies'
is "what the document sets stays, and the rest is added" "$(run_it svc-t | tr '\n' ' ')" '77 0 '
reconfig '.linux.sysctl = {"kernel.shm_rmid_forced": "1"}'
fails "a sysctl that is not allowed is refused" 'refused by svc-t.json $.sysctls.allow (sysctls): linux.sysctl["kernel.shm_rmid_forced"]: is not among those that may be set' run_it svc-t
reconfig 'del(.linux.sysctl) | .linux.namespaces |= map(select(.type != "network"))'
fails "none is set in the host's namespace" 'sysctls.set has net.ipv4.ip_default_ttl, and the container makes no net namespace of its own' run_it svc-t
profile svc-v '{ "schema": 1, "sysctls": { "set": { "kernel.panic": "1" } } }'
fails "nor one that belongs to none" '"kernel.panic" is not a sysctl that belongs to a namespace' run_it svc-v

# ---- hooks ----
printf '#!/bin/sh\nexec 1>&2\necho ran > "%s"\n' "$TMP/hook-ran" > "$TMP/hook"
cp "$TMP/hook" "$TMP/hook-two"
chmod 755 "$TMP/hook" "$TMP/hook-two"
ln -s hook "$TMP/hook-link"
bundle "$as_docker"
hook() { reconfig ".hooks = {prestart: [{path: \"$1\"}]}"; say 'echo there'; }
profile svc-o '{ "schema": 1, "extends": "baseline", "hooks": { "allow": ["'"$TMP"'/hook"] } }'
hook "$TMP/hook-link"
is "a link to a program that may be a hook" "$(last svc-o) $(cat "$TMP/hook-ran")" "there ran"
hook "$TMP/hook-two"
fails "any other is refused" "refused by svc-o.json \$.hooks.allow (hooks): hooks.prestart[0]: $TMP/hook-two is not among the programs that may be hooks" run_it svc-o
ln -sf hook-two "$TMP/hook-link"
hook "$TMP/hook-link"
fails "nor does a link help" "$TMP/hook-link, which is $TMP/hook-two, is not among" run_it svc-o
is "the twin: without the profile it runs" "$(last baseline)" there

# ---- left out on purpose ----
if [ -n "${CAISSON_FAULTS:-}" ]; then
	bundle "$as_docker | $room"
	like "posture: a mount that was not made noexec" "$(without "noexec /opt" svc-n)" '/opt: noexec'
	reconfig "$shared | del(.linux.rootfsPropagation) | .mounts[-1].options = [\"rbind\", \"rprivate\"]"
	is "a private mount is one" "$(look baseline)" nothing
	like "posture: a mount that stayed a slave" "$(without "propagation /s" baseline)" '/s: a slave of others'
	umount "$TMP/shared"
	reconfig "(.mounts |= map(select(.type != \"bind\"))) | del(.linux.rootfsPropagation)"
	like "posture: a procfs without its options" "$(without "options /proc" svc-h)" 'hidepid=invisible'
	like "posture: devices without their rules" "$(without "device rules" svc-d)" 'device rules: others'
else
	umount "$TMP/shared"
	skip 5 "the binary was built without --enable-fault-injection"
fi
leftovers_after
