#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Landlock: derived from the mounts and listed by a profile, for the container and for what joins it, where the kernel has it and where not.
# shellcheck source=tests/integration/policy-place.sh
. "$(dirname "$0")/policy-place.sh"
. "$(dirname "$0")/lib.sh"

policy_place || skip_all "$NO_PLACE"
printf '%s\n' '{ "schema": 1 }' > "$ETC/caisson.json"

profile() { printf '{ "schema": 1, %s }\n' "$2" > "$ETC/profiles/$1.json"; }
run_it() { reconfig ".process.args = [\"/bin/sh\", \"-c\", \"$2\"]"; caisson --policy "$1" run -b "$BUNDLE" "$ID-$((_k = ${_k:-0} + 1))" 2>&1 | grep -v '^warning'; }
explained() { caisson --policy "$1" explain "$BUNDLE" 2>&1; }
profile derived '"extends": "none", "landlock": "derive"'
profile listed '"extends": "none", "landlock": { "write": ["/tmp"], "execute": ["/bin"] }'
profile ports '"extends": "none", "landlock": { "bind": [8001], "connect": [] }'
profile linked '"extends": "none", "landlock": { "write": ["/link"] }'
profile best '"extends": "derived", "best_effort": ["landlock"]'
profile lax '"extends": "none", "landlock": "derive", "warn": ["landlock"]'
bundle '.root.readonly = false | .mounts += [{ destination: "/data", type: "tmpfs", source: "tmpfs", options: ["nosuid"] },
	{ destination: "/fixed", type: "tmpfs", source: "tmpfs", options: ["ro"] }]'
mkdir -p "$BUNDLE/rootfs/data" "$BUNDLE/rootfs/fixed" "$BUNDLE/rootfs/tmp" "$BUNDLE/rootfs/opt"
ln -s /data "$BUNDLE/rootfs/link"
cp "$BUNDLE/rootfs/bin/busybox" "$BUNDLE/rootfs/opt/echo"
if explained derived | grep -q "this kernel's Landlock is version"; then
	skip_all "this kernel's Landlock is too old"
fi
plan 35

# ---- derived ----
is "the root can be written to without it" "$(run_it none 'echo x > /tmp/x && cat /tmp/x')" x
like "with it nobody writes there, root and all" "$(run_it derived 'id -u; echo y > /tmp/x')" "can't create /tmp/x: Permission denied"
is "a mount that is writable stays so" "$(run_it derived 'echo x > /data/x && cat /data/x')" x
is "files move between its directories" "$(run_it derived 'mkdir /data/a /data/b && echo x > /data/a/x && mv /data/a/x /data/b/y && ln /data/b/y /data/z && cat /data/z')" x
like "a mount that is not is not" "$(run_it derived 'echo x > /fixed/x')" "Read-only|denied"
is "devices are written to" "$(run_it derived 'echo x > /dev/null && head -c 1 /dev/zero | wc -c && echo x > /dev/shm/x && echo shm')" "1
shm"
is "a program may open its output again" "$(run_it derived 'echo x > /dev/stdout; echo y > /proc/self/fd/2')" "x
y"
reconfig '.process.args = ["/bin/sh", "-c", "echo again > /dev/stdout"]'
caisson --policy derived run -b "$BUNDLE" "$ID-file" > "$TMP/file" 2> /dev/null
is "also where that is a file of the host's" "$(cat "$TMP/file")" again
is "a program of the root runs" "$(run_it derived '/opt/echo ran')" ran
like "explain says it" "$(explained derived)" '^landlock +off +derived from [0-9]+ mounts +derived.json \$\.landlock'
unlike "nothing without it" "$(explained none)" '^landlock'

# ---- listed ----
is "what is listed can be written to" "$(run_it listed 'echo x > /tmp/x && cat /tmp/x')" x
like "and nothing else" "$(run_it listed 'echo x > /data/x')" "can't create /data/x: Permission denied"
like "what is not listed cannot be run" "$(run_it listed '/opt/echo ran')" '/opt/echo: Permission denied'
is "devices are written to all the same" "$(run_it listed 'echo x > /dev/null && echo good')" good
reconfig '.process.args = ["/bin/true"]'
fails "a place behind a link of the image's is refused" 'restrict paths: /link is reached through a symbolic link: name the place that it leads to' \
	caisson --policy linked run -b "$BUNDLE" "$ID-l"
like "a port that is not listed cannot be bound" "$(run_it ports 'timeout 2 nc -l -p 8002 < /dev/null; true')" 'bind: Permission denied|nc: .*denied'
unlike "one that is can be" "$(run_it ports 'timeout 2 nc -l -p 8001 < /dev/null; true')" 'denied'
like "no port can be connected to" "$(run_it ports 'timeout 5 nc 127.0.0.1 8003 < /dev/null; true')" 'denied'

# ---- what joins later ----
reconfig '.process.args = ["/bin/sleep", "60"]'
ok "a container under it starts" caisson --policy derived run -d -b "$BUNDLE" "$ID"
fails "what joins later is held as well" "can't create /tmp/y: Permission denied" caisson exec "$ID" /bin/sh -c 'echo y > /tmp/y'
is "and may do what the container may" "$(caisson exec "$ID" /bin/sh -c 'echo x > /data/y && cat /data/y')" x
like "posture says what it cannot know" "$(caisson posture "$ID")" '^landlock +1 layers, [0-9]+ rules +not shown; applied before the start'
caisson delete --force "$ID"

# ---- only warned about, and kernels without it ----
is "only warned about it is not done" "$(run_it lax 'echo x > /tmp/x && cat /tmp/x')" x
like "but said" "$(explained lax)" 'policy in warn mode: landlock: off would be derived from'
if [ -n "${CAISSON_FAULTS:-}" ]; then
	CAISSON=$CAISSON_FAULTS
	reconfig '.process.args = ["/bin/true"]'
	mutant() { CAISSON_SKIP=$1 caisson --policy derived create -b "$BUNDLE" "$ID" 2>&1; caisson delete --force "$ID" > /dev/null 2>&1; }
	like "left out it is caught by the identity check" "$(mutant 'restrict paths')" 'check the identity: no Landlock layer holds'
	like "and without that by the runtime" "$(mutant 'restrict paths,check the identity')" 'posture: 0 Landlock layers, and should be 1'
	like "as is a record that does not ask for it" "$(mutant 'record: landlock')" 'posture: 0 Landlock layers, and should be 1'
	CAISSON_FACTS=landlock=0
	export CAISSON_FACTS
	fails "a kernel without it: refused, with what to do" "this kernel's Landlock is version 0, and 3 is needed (Linux 6.2); add \"landlock\" to best_effort" \
		caisson --policy derived create -b "$BUNDLE" "$ID"
	is "best effort goes on" "$(run_it best 'echo x > /tmp/x && cat /tmp/x')" x
	like "and explain says what there is not" "$(explained best)" '^landlock +off +off: version 0 here, 3 is needed +best.json'
	like "and warns" "$(explained best)" '^warning: landlock is not applied: this kernel has version 0 of it, and 3 is needed .Linux 6\.2.'
	CAISSON_FACTS=landlock=2
	like "a kernel that has some of it: that much, in part" "$(explained best)" '^landlock +off +derived from [0-9]+ mounts, as version 2 can'
	unlike "which is no warning" "$(explained best)" '^warning: landlock'
	unset CAISSON_FACTS
else
	skip 9 "built without --enable-fault-injection"
fi
leftovers_after
