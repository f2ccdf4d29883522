#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Policy files where they are installed: chosen, met, only warned about, refused; and the verbs that look at them.
# shellcheck source=tests/integration/policy-place.sh
. "$(dirname "$0")/policy-place.sh"
. "$(dirname "$0")/lib.sh"
policy_place || skip_all "$NO_PLACE"
plan 54

explained() { caisson "$@" explain "$BUNDLE"; }
run_it() { reconfig ".process.args = [\"/bin/sh\", \"-c\", \"$2\"]"; caisson --policy "$1" run -b "$BUNDLE" "$ID-$((_k = ${_k:-0} + 1))" 2>&1; }
field() { printf '%s\n' "$out" | sed -n "s/^$1:[[:space:]]*//p"; }
as_docker='.process.capabilities |= with_entries(.value = ["CAP_CHOWN","CAP_KILL","CAP_MKNOD","CAP_NET_RAW","CAP_SETUID","CAP_SETGID"]) | .root.readonly = false | .process.noNewPrivileges = false'
bundle "$as_docker"

# ---- nothing configured ----
like "without files the built-in level decides" "$(explained)" '^level +baseline +baseline +built-in default'
like "policy check says that there is none" "$(caisson policy check)" "$ETC/caisson.json: is not there"

# ---- the default, the floor, rules ----
config '{ "schema": 1, "default": "hardened", "rules": [ { "match": { "engine": "docker" }, "profile": "strict" },
	{ "match": { "bundle": "/nowhere/**" }, "profile": "none" } ] }'
like "the default is caisson.json's" "$(explained)" '^profile +hardened +hardened +caisson.json \$\.default'
like "a bundle that no rule matches gets it" "$(explained)" 'set @container'
like "--policy takes the place of the default" "$(explained --policy none)" '^profile +none +none +--policy'
config '{ "schema": 1, "floor": "hardened", "default": "none" }'
out=$(run_it none 'cat /proc/self/status')
is "the floor holds against --policy none" "$(field NoNewPrivs)" 1
is "the floor's capabilities, not the document's" "$(field CapBnd)" 00000000000000e1
like "explain names the floor" "$(explained)" 'floor hardened'
mkdir -p "$TMP/io.containerd.runtime.v2.task/moby"
cp -a "$BUNDLE" "$TMP/io.containerd.runtime.v2.task/moby/x"
config '{ "schema": 1, "rules": [ { "match": { "engine": "docker" }, "profile": "hardened", "why": "a test" } ] }'
like "a rule that matches chooses" "$(caisson explain "$TMP/io.containerd.runtime.v2.task/moby/x")" '^profile +hardened +hardened +caisson.json \$\.rules\[0\]'
rm -rf "$TMP/io.containerd.runtime.v2.task"

# ---- profiles ----
profile svc-x '{ "schema": 1, "extends": "hardened", "user": { "uid": 33, "gid": 33 }, "umask": "0027",
	"capabilities": { "allow": ["KILL"], "grant": [ { "cap": "NET_BIND_SERVICE", "why": "port 80" } ], "ambient": "granted",
	"securebits": ["no_root"] },
	"tmpfs": [ { "path": "/scratch", "size": "1M", "mode": "0700" } ], "paths": { "mask": { "add": ["/proc/uptime"] } },
	"syscalls": { "allow": { "remove": ["@sysv-ipc"] } }, "rlimits": { "nofile": 100 } }'
mkdir "$BUNDLE/rootfs/scratch"
out=$(run_it svc-x 'cat /proc/self/status; umask; ulimit -n; wc -c < /proc/uptime; echo x > /scratch/y && ls -ld /scratch; ipcs -m 2>&1')
is "a profile's user" "$(field Uid | tr '\t' ' ')" "33 33 33 33"
is "what it allows and what it grants" "$(field CapBnd)" 0000000000000420
is "what is raised to ambient outlives exec" "$(field CapEff)" 0000000000000420
like "its umask" "$out" '^0027$'
like "its limit of open files" "$out" '^100$'
like "its mask" "$out" '^0$'
like "its tmpfs belongs to its user" "$out" 'drwx------ .* 33 +33 '
unlike "its filter without System V" "$out" 'shmid'
bundle "$as_docker | .process.args = [\"/bin/sleep\", \"100\"]"
mkdir "$BUNDLE/rootfs/scratch"
ok "a container under a profile of its own starts" caisson --policy svc-x run -d -b "$BUNDLE" "$ID"
out=$(caisson exec --cap CAP_SYS_ADMIN --user 33:33 "$ID" cat /proc/self/status 2>&1)
is "exec stays within what the container got" "$(field CapBnd)" 0000000000000420
is "exec has no new privileges either" "$(field NoNewPrivs)" 1
ok "the kernel agrees with the plan" caisson posture "$ID"
like "posture names the profile" "$(caisson posture "$ID")" '^profile svc-x; 0 of'
caisson delete --force "$ID"
mkdir "$ETC/profiles/svc-x.d"
printf '%s\n' '{ "schema": 1, "rlimits": { "nofile": 50 } }' > "$ETC/profiles/svc-x.d/10-less.json"
like "a drop-in comes last" "$(caisson policy show svc-x)" '^rlimits.nofile +50 +10-less.json \$\.rlimits\.nofile'

# ---- annotations ----
bundle "$as_docker | .annotations = {\"io.caisson.profile\": \"svc-x\"}"
like "an annotation narrows" "$(explained)" '^capabilities .*removed +annotation svc-x.json'
unlike "an annotation is granted nothing" "$(explained)" 'port 80'
reconfig '.annotations = {"io.caisson.profile": "none"}'
fails "an annotation cannot choose what is not listed" 'is not among the profiles that an annotation may choose' explained
reconfig 'del(.annotations)'

# ---- launch ----
config '{ "schema": 1, "standalone": "svc-x", "rules": [ { "match": { "engine": "standalone", "argv0": "/bin/id" }, "profile": "hardened" } ] }'
launched() { caisson launch --rm "$@" 2>&1 | grep -v '^warning'; }
like "launch gets what standalone names" "$(launched "$BUNDLE/rootfs" -- /bin/busybox id)" '^uid=33 gid=33'
like "a rule sees launch's program" "$(launched "$BUNDLE/rootfs" -- /bin/id)" '^uid=0'
like "launch --policy chooses outright" "$(launched --policy svc-x "$BUNDLE/rootfs" -- /bin/id)" '^uid=33 gid=33'
fails "launch --cap-add stays below a profile's ceiling" '--cap-add SYS_ADMIN: beyond the ceiling of profile svc-x' \
	caisson launch --cap-add SYS_ADMIN "$BUNDLE/rootfs" -- /bin/x

# ---- only warning ----
config '{ "schema": 1, "floor": "none", "default": "strict", "mode": "warn" }'
caisson --log "$TMP/log" run -b "$BUNDLE" "$ID" > "$TMP/out" 2>&1
is "warn mode runs what it would refuse" "$?" 0
like "warn mode says what it would have done" "$(explained)" 'warning: policy in warn mode: would be refused by level "strict" \(user\)'
like "warn mode says it in the log" "$(cat "$TMP/log")" 'policy in warn mode'
reconfig '.process.args = ["/bin/sh", "-c", "cat /proc/self/status; unshare -U true && echo allowed"]'
out=$(caisson run -b "$BUNDLE" "$ID" 2>&1)
is "warn mode: a filter that only logs" "$(field Seccomp)" 2
like "warn mode: what the filter would refuse works" "$out" '^allowed'

# ---- in a user namespace root's files are nobody's ----
config '{ "schema": 1, "default": "hardened" }'
if command -v setpriv > /dev/null 2>&1 && setpriv --reuid 1000 --regid 1000 --clear-groups unshare -r "$CAISSON" --version > /dev/null 2>&1; then
	like "an ordinary user's namespace reads the host's policy" \
		"$(setpriv --reuid 1000 --regid 1000 --clear-groups unshare -r "$CAISSON" policy check 2>&1)" 'caisson.json: good'
else
	skip "an ordinary user's namespace reads the host's policy" "no setpriv, or no user namespaces here"
fi

# ---- refusals ----
config '{ "schema": 1, "flor": "strict" }'
fails "a misspelt key refuses everything" "$ETC/caisson.json: \$: unknown key \"flor\"; did you mean floor?" caisson create -b "$BUNDLE" "$ID"
fails "policy check says the same, and fails" 'did you mean floor?' caisson policy check
config '{ "schema": 1, "rules": [ { "match": { "argv0": "*" }, "profile": "none" } ] }'
fails "a rule at the author's word cannot weaken" 'is weaker than "baseline"' caisson create -b "$BUNDLE" "$ID"
config '{ "schema": 1 }'
chmod 666 "$ETC/caisson.json"
fails "a file that others can write to is refused" 'can be written by others' caisson create -b "$BUNDLE" "$ID"
rm "$ETC/caisson.json" && ln -s /dev/null "$ETC/caisson.json"
fails "a link is refused" 'caisson.json' caisson create -b "$BUNDLE" "$ID"
rm "$ETC/caisson.json"
fails "an unknown profile is refused" '--policy: there is no profile "svc-y"' caisson --policy svc-y create -b "$BUNDLE" "$ID"

# ---- the verbs ----
mkdir -p "$TMP/d/profiles"
printf '%s\n' '{ "schema": 1, "extends": "strict", "syscalls": { "allow": { "add": ["@aio"] } } }' > "$TMP/d/profiles/a.json"
like "check notes what is looser than its parent" "$(caisson policy check --dir "$TMP/d")" 'note: a allows more than strict, which it extends, in syscalls.allow'
is "diff says which way" "$(caisson policy diff --json --dir "$TMP/d" strict a | jq -r '.fields[] | .field + " " + .verdict')" 'syscalls.allow looser'
is "show is JSON" "$(caisson policy show --json --dir "$TMP/d" a | jq -r '.fields["rootfs.read_only"] | "\(.value) \(.from)"')" 'true level strict'
ok "check of a single file" caisson policy check "$TMP/d/profiles/a.json"
printf '%s\n' '{ "schema": 1, "extends": "a", "syscalls": { "allow": { "$comment": "less", "x-who": 1, "remove": ["@aio"] } } }' > "$TMP/d/profiles/b.json"
ok "what it extends is found beside it, and edits have comments" caisson policy check "$TMP/d/profiles/b.json"
is "also from its own directory" "$(cd "$TMP/d/profiles" && caisson policy check b.json)" "b.json: good"
printf '%s\n' '{ "schema": 1, "default": "b" }' > "$TMP/d/caisson.json"
ok "a caisson.json finds the profiles beside it" caisson policy check "$TMP/d/caisson.json"
printf '%s\n' '{ "schema": 1, "extends": "b" }' > "$TMP/d/profiles/b.json"
fails "a file that extends itself means an installed one" 'there is no profile "b"' caisson policy check "$TMP/d/profiles/b.json"
rm "$TMP/d/caisson.json" "$TMP/d/profiles/b.json"
jq -n --slurpfile c "$BUNDLE/config.json" '{schema: 1, cases: [
	{name: "strict takes everything", profile: "strict", config: ($c[0] | .process.user = {uid: 5, gid: 5}), expect: {capabilities: "none"}},
	{name: "strict refuses root", profile: "strict", config: $c[0], expect: {refused: "(user)"}},
	{name: "wrong on purpose", profile: "strict", config: $c[0], expect: {capabilities: "none"}}]}' > "$TMP/cases.json"
out=$(caisson policy test "$TMP/cases.json")
is "test fails when a case does" "$?" 1
like "test says which" "$out" '^FAILED +wrong on purpose: refused'
like "test passes what is as expected" "$out" '^passed +strict refuses root'
leftovers_after
