#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Records of decisions: what is in them and what is not, where they may lie, and what happens when one cannot be written.
# shellcheck source=tests/integration/policy-place.sh
. "$(dirname "$0")/policy-place.sh"
. "$(dirname "$0")/lib.sh"
need jq python3
policy_place || skip_all "$NO_PLACE"
plan 62

out=$ETC/decisions.jsonl
with='"report": { "path": "'$out'", "journal": false }'
last() { tail -n 1 "$out" | jq -c "$1"; }
go() { caisson run -b "$BUNDLE" "$ID-$((_k = ${_k:-0} + 1))" > "$TMP/said" 2>&1; }
bundle '.process.env += ["PASSWORD=hunter2"] | .process.args = ["/bin/true", "--token=hunter2"] | .annotations = { "com.example.secret": "hunter2" }
	| .process.noNewPrivileges = false | .root.readonly = false'

# ---- what is in a record ----
config "{ \"schema\": 1, \"default\": \"hardened\", $with }"
ok "a container runs" go
is "and left one record" "$(wc -l < "$out")" 1
is "who, what, by which profile" "$(last '[.decision, .outcome, .engine, .kind, .program, .profile, .from, .floor, .mode, .caller_uid]')" \
	'["run","allowed","other","container","/bin/true","hardened","caisson.json $.default","baseline","enforce",0]'
is "its own id" "$(last .id)" "\"$ID-1\""
is "per control: asked, result, rule" "$(last '.controls[] | select(.control == "no_new_privileges") | [.asked, .result, .rule, .kind]')" '["off","on","level hardened","narrowed"]'
like "its time" "$(last .time)" '^"20[0-9-]+T[0-9:]+\.[0-9]{6}Z"$'
like "its warnings" "$(last .warnings)" 'starts as uid 0'
is "a file of root's own" "$(stat -c '%a %u' "$out")" "640 0"
reconfig '.annotations["security.capabilities"] = "KILL"'
go
is "the label and where it is from" "$(last '[.labels.capabilities, .labels.from]')" '["KILL","annotation security.capabilities"]'
BOX=$TMP/io.containerd.runtime.v2.task/ns/box
mkdir -p "$(dirname "$BOX")"
cp -a "$BUNDLE" "$BOX"
GRPC_ADDRESS=$TMP/nowhere caisson run -b "$BOX" "$ID-box" > "$TMP/said" 2>&1
is "the engine's source, and its time" "$(last '[.engine, .labels.source, .labels.answered, (.labels.milliseconds >= 0)]')" '["ctr","containerd",false,true]'
ok "a container is created" caisson create -b "$BUNDLE" "$ID"
is "create has a record of its own" "$(last '[.decision, .id]')" "[\"create\",\"$ID\"]"
caisson start "$ID"
wait_for 10 has_status "$ID" stopped
caisson delete "$ID"
reconfig '.process.args = ["/bin/sh", "-c", "sleep 100", "hunter2"]'
caisson run -d -b "$BUNDLE" "$ID-long" > "$TMP/said" 2>&1
ok "an exec" caisson exec --env TOKEN=hunter2 --cap CAP_SYS_ADMIN "$ID-long" /bin/echo hunter2
is "has one: who asked for what and got what" "$(last '[.decision, .id, .program, .profile, .asked.uid, .result.capabilities, .result.no_new_privileges]')" \
	"[\"exec\",\"$ID-long\",\"/bin/echo\",\"hardened\",0,\"KILL\",true]"
like "with what it asked for" "$(last .asked.capabilities)" 'SYS_ADMIN'
caisson exec "$ID-long" /bin/nothing > "$TMP/said" 2>&1
is "what was allowed and could not be done has a second one" "$(tail -n 2 "$out" | jq -c '[.outcome, .code]' | tr -d '\n')" '["allowed",null]["failed","ENOENT"]'
caisson delete --force "$ID-long"
caisson launch --name "$ID-launch" --policy hardened -e TOKEN=hunter2 "$BUNDLE/rootfs" -- /bin/echo hunter2 > "$TMP/said" 2>&1
is "launch has one" "$(last '[.decision, .id, .outcome, .engine, .program, .profile]')" "[\"launch\",\"$ID-launch\",\"allowed\",\"standalone\",\"/bin/echo\",\"hardened\"]"

# ---- refusals ----
reconfig '.process.args = ["/bin/true", "hunter2"] | .linux.namespaces |= map(select(.type != "pid"))'
fails "what is refused" 'refused by level "hardened"' caisson --log "$TMP/log" --log-format json create -b "$BUNDLE" "$ID-no"
is "has one too, with its code" "$(last '[.decision, .outcome, .code, .profile]')" '["create","refused","policy.refused","hardened"]'
like "and its reason" "$(last .message)" 'refused by level \\"hardened\\" \(namespaces\)'
is "the log has the code" "$(tail -n 1 "$TMP/log" | jq -c '[.level, .code]')" '["error","policy.refused"]'
fails "a launch that is refused" 'beyond the ceiling' caisson launch --name "$ID-l2" --cap-add SYS_ADMIN "$BUNDLE/rootfs" -- /bin/true hunter2
is "has one" "$(last '[.decision, .id, .outcome, .code]')" "[\"launch\",\"$ID-l2\",\"refused\",\"policy.refused\"]"
like "with its reason" "$(last .message)" '--cap-add SYS_ADMIN: beyond the ceiling'
# launch_code CODE FLAG...: what the log and the record have of a launch that is refused before there is a plan.
launch_code() {
	_want=$1
	shift
	rm -f "$TMP/log"
	caisson --log "$TMP/log" --log-format json launch --name "$ID-l3" "$@" "$BUNDLE/rootfs" -- /bin/true hunter2 > "$TMP/said" 2>&1
	is "launch $*: $_want in log and record" "$(tail -n 1 "$TMP/log" | jq -r .code) $(last '[.decision, .outcome, .code]')" "$_want [\"launch\",\"refused\",\"$_want\"]"
}
profile own-ids '{ "schema": 1, "extends": "strict", "user": { "map": "require" } }'
launch_code policy.refused --read-write
launch_code policy.refused --policy own-ids --userns host
launch_code policy.refused --label security.capabilities=SYS_ADMIN
for f in /etc/subuid /etc/subgid; do [ ! -e "$f" ] || mount --bind /dev/null "$f"; done
launch_code policy.unsupported --policy own-ids --user 65532:65532
for f in /etc/subuid /etc/subgid; do [ ! -e "$f" ] || umount "$f"; done
caisson launch --name "$ID-l3" --user nobody-of-that-name "$BUNDLE/rootfs" -- /bin/true hunter2 > "$TMP/said" 2>&1
is "a launch that fails before there is a plan, and not at the policy's word, has one too" "$(last '[.decision, .id, .outcome, .code, .message]')" "[\"launch\",\"$ID-l3\",\"failed\",\"ENOENT\",null]"
before=$(wc -l < "$out")
caisson explain "$BUNDLE" > "$TMP/said" 2>&1
caisson launch --dry-run "$BUNDLE/rootfs" -- /bin/true > "$TMP/said" 2>&1
is "explaining leaves none" "$(wc -l < "$out")" "$before"
is "no secret is in any of them" "$(grep -c hunter2 "$out")" 0
is "each is JSON" "$(jq -e . "$out" > /dev/null && echo yes)" yes

# The codes of the other refusals.
code() { printf '%s\n' "$2" > "$ETC/caisson.json"; rm -f "$TMP/log"; caisson --log "$TMP/log" --log-format json create -b "$BUNDLE" "$ID-no" > "$TMP/said" 2>&1; is "code $1" "$(jq -r .code "$TMP/log")" "$1"; }
code policy.unknown-key '{ "schema": 1, "flor": "strict" }'
code policy.type '{ "schema": 1, "floor": 1 }'
code policy.range '{ "schema": 1, "labels": { "timeout_ms": 0 } }'
code policy.weaker '{ "schema": 1, "rules": [ { "match": { "argv0": "*" }, "profile": "none" } ] }'
code policy.unsupported '{ "schema": 2 }'

# ---- many at once, and files that move ----
reconfig '.linux.namespaces += [{ "type": "pid" }]'
config "{ \"schema\": 1, \"default\": \"hardened\", $with }"
: > "$out"
for i in 1 2 3 4 5 6 7 8; do caisson run -b "$BUNDLE" "$ID-p$i" > "$TMP/said" 2>&1 & done
wait
is "launches that run beside each other do not mix their lines" "$(jq -r .id "$out" 2>&1 | sort | tr '\n' ' ')" "$(for i in 1 2 3 4 5 6 7 8; do echo "$ID-p$i"; done | tr '\n' ' ')"
mv "$out" "$out.1"
go
is "a file that was moved away is begun anew" "$(wc -l < "$out") $(wc -l < "$out.1")" "1 8"
printf 'half a rec' >> "$out"
go
is "half a record of a full disk does not spoil the next" "$(wc -l < "$out") $(last .outcome)" '3 "allowed"'

# ---- where it may lie ----
config '{ "schema": 1, "report": { "path": "decisions.jsonl" } }'
fails "not at a relative path" '$.report.path: "decisions.jsonl" is not an absolute path' caisson create -b "$BUNDLE" "$ID-no"
config '{ "schema": 1, "report": { "path": "/tmp/decisions.jsonl" } }'
fails "not where others may write" 'policy: caisson.json $.report.path: /tmp: can be written by others' caisson create -b "$BUNDLE" "$ID-no"
fails "and policy check says so before" 'caisson.json $.report.path: /tmp: can be written by others' caisson policy check
config "{ \"schema\": 1, $with }"
mv "$out" "$ETC/real" && ln -s real "$out"
fails "not through a link" 'is a symbolic link' caisson create -b "$BUNDLE" "$ID-no"
rm "$out" && mkfifo "$out"
fails "not in a pipe" 'is not a regular file' caisson create -b "$BUNDLE" "$ID-no"
rm "$out"
is "nothing was started" "$(status_of "$ID-no")" gone

# ---- a disk that is full ----
mkdir "$ETC/full"
mount -t tmpfs -o size=4k,mode=755 tmpfs "$ETC/full"
head -c 8192 /dev/zero > "$ETC/full/x" 2> /dev/null
config "{ \"schema\": 1, \"report\": { \"path\": \"$ETC/full/d.jsonl\", \"journal\": false } }"
ok "a full disk stops nothing" go
like "and is said" "$(cat "$TMP/said")" 'caisson.json \$\.report\.path: .*No space left'
config "{ \"schema\": 1, \"report\": { \"path\": \"$ETC/full/d.jsonl\", \"required\": true, \"journal\": false } }"
fails "unless records are required" 'nothing is started without its record' caisson run -b "$BUNDLE" "$ID-no"
umount "$ETC/full"

# ---- a record that is not where it was written (base/fault.h) ----
no_record() { CAISSON_SKIP="append the record" "$CAISSON_FAULTS" --root "$STATE" run -b "$BUNDLE" "$ID-no" 2>&1; }
if [ -n "${CAISSON_FAULTS:-}" ]; then
	config "{ \"schema\": 1, $with }"
	go
	lines=$(wc -l < "$out")
	config "{ \"schema\": 1, \"report\": { \"path\": \"$out\", \"required\": true, \"journal\": false } }"
	fails "a record that is left out stops the launch where records are required" \
		'the record that was written is not there: nothing is started without its record' no_record
	is "and nothing is started" "$(status_of "$ID-no")" gone
	config "{ \"schema\": 1, $with }"
	like "otherwise it is said" "$(no_record)" 'the record that was written is not there'
	is "it was left out in truth" "$(wc -l < "$out")" "$lines"
else
	skip 4 "the binary was built without --enable-fault-injection"
fi

# ---- the journal ----
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/systemd/journal
python3 -c 'import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind("/run/systemd/journal/socket"); s.settimeout(30)
open(sys.argv[1] + ".ready", "w").close()
out = open(sys.argv[1], "wb", buffering=0)
while True: out.write(s.recv(1 << 20) + b"--\n")' "$TMP/journal" 2> /dev/null &
trap 'kill "$journal" 2> /dev/null; _cleanup' EXIT
journal=$!
wait_for 10 test -e "$TMP/journal.ready"
heard() { grep -c '^--$' "$TMP/journal"; }
has_heard() { [ "$(heard)" = "$1" ]; }
rm "$ETC/caisson.json"
go
ok "without a configuration a container that gets something else than it asked for is in the journal" wait_for 5 has_heard 1
is "by its name" "$(sed -n 's/^CAISSON_ID=//p' "$TMP/journal")" "$ID-$_k"
is "with its record" "$(sed -n 's/^CAISSON_RECORD=//p' "$TMP/journal" | jq -r '.outcome + " " + .profile')" "allowed baseline"
like "and a line for people" "$(cat "$TMP/journal")" "^MESSAGE=run $ID-$_k: allowed under baseline, [0-9]+ controls differ"
caisson --policy none run -b "$BUNDLE" "$ID-none" > "$TMP/said" 2>&1
caisson --policy strict run -b "$BUNDLE" "$ID-no" > "$TMP/said" 2>&1
ok "one that gets what it asked for is not, one that is refused is" wait_for 5 has_heard 2
is "as a warning" "$(sed -n 's/^PRIORITY=//p' "$TMP/journal" | tail -n 1) $(sed -n 's/^CAISSON_CODE=//p' "$TMP/journal")" "4 policy.refused"
config '{ "schema": 1, "report": { "journal": false } }'
go
sleep 0.2
is "report.journal false: nothing" "$(heard)" 2
is "no secret is in it" "$(grep -c hunter2 "$TMP/journal")" 0
kill "$journal"
leftovers_after
