#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a profile says about the room: the sources of binds, each time with a twin that is allowed.
if [ -z "${CAISSON_TEST_OWN_MOUNTS:-}" ] && [ "$(id -u)" -eq 0 ]; then
	# The places of policy files and of engines' sockets are covered by some of our own, in a mount namespace that ends with this file.
	CAISSON_TEST_OWN_MOUNTS=1 exec unshare -m --propagation private sh "$0" "$@"
fi
. "$(dirname "$0")/lib.sh"
need python3 jq

ETC=$("$CAISSON" policy check 2>&1 | sed -n 's|^\(.*: \)*\(/.*\)/caisson\.json: .*|\2|p' | head -n 1)
UP=$(dirname "${ETC:-/}")
if [ ! -d "$UP" ] || [ "$UP" = / ]; then
	skip_all "the place of policy files ($ETC) cannot be covered here: $UP is not there"
fi
cp -a "$UP/." "$TMP/up" || skip_all "$UP cannot be copied"
mount -t tmpfs -o mode=755 tmpfs "$UP" || skip_all "nothing can be mounted at $UP"
cp -a "$TMP/up/." "$UP"
rm -rf "$ETC"
mkdir -p "$ETC/profiles"
mount -t tmpfs -o mode=755 tmpfs /run || skip_all "nothing can be mounted at /run"
plan 23

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
leftovers_after
