#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What only a host with cgroup v2 shows: controllers handed down, unified keys, cgroup.kill, the device program, pressure.
# shellcheck source=tests/integration/policy-place.sh
. "$(dirname "$0")/../integration/policy-place.sh"
# shellcheck source=tests/integration/lib.sh
. "$(dirname "$0")/../integration/lib.sh"
[ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ] || skip_all "needs a host with cgroup v2 alone"
policy_place || bail "$NO_PLACE"
plan 37

bundle
BASE=$BUNDLE/base.json
cp "$BUNDLE/config.json" "$BASE"
next() {
	_serial=$((_serial + 1)) ID=$MARK-$_serial
	CG=${2:-$ID}
	jq --tab ".linux.cgroupsPath = \"/$CG\" | .process.args = [\"/bin/sleep\", \"100\"] | ${1:-.}" "$BASE" > "$BUNDLE/config.json"
}
up() { caisson run -d -b "$BUNDLE" "$ID" < /dev/null; }
down() { caisson delete --force "$ID"; }
pid() { caisson state "$ID" | jq -r .pid; }
cg() { cat "/sys/fs/cgroup/$CG/$1"; }

next . "$MARK-slice/inner"
ok    "nothing is asked for"                   up
is    "the process is there"                   "$(cat "/proc/$(pid)/cgroup")" "0::/$CG"
for c in cpu cpuset io memory pids; do
	like "the $c controller is there all the same" "$(cg cgroup.controllers)" "(^| )$c( |\$)"
done
is    "none is handed into the container unasked" "$(cg cgroup.subtree_control)" ""
ok    "a limit can be set later"               caisson update --memory 64m --pids-limit 20 "$ID"
is    "and holds"                              "$(cg memory.max) $(cg pids.max)" "67108864 20"
ok    "it is deleted"                          down
ok    "only what was shared is left"           rmdir "/sys/fs/cgroup/$MARK-slice"

next '.linux.resources.unified = { "memory.high": "50000000", "memory.oom.group": "1", "io.max": "", "pids.max": "33" } |
	del(.linux.resources.unified."io.max") | .linux.resources.pids = { limit: 5 }'
ok    "unified keys are written"               up
is    "as they stand"                          "$(cg memory.oom.group)" 1
is    "rounded to pages by the kernel alone"   "$(($(cg memory.high) / 4096))" "$((50000000 / 4096))"
is    "and last"                               "$(cg pids.max)" 33
stats=$(caisson events --stats "$ID")
is    "pressure is among the figures"          "$(printf '%s' "$stats" | jq '[.data.cpu.psi, .data.memory.psi, .data.blkio.psi] | all(.some | has("avg10"))')" true
is    "the limit is"                           "$(printf '%s' "$stats" | jq .data.pids.limit)" 33
p=$(pid)
mkdir "/sys/fs/cgroup/$CG/kid"
caisson exec -d --cgroup kid "$ID" /bin/sleep 100 < /dev/null
is    "exec goes into a cgroup below"          "$(wc -l < "/sys/fs/cgroup/$CG/kid/cgroup.procs")" 1
ok    "delete --force ends them all"           down
ok    "at once"                                test ! -d "/proc/$p"

next '.linux.resources.unified = { "nothing.max": "1" }'
fails "a key no controller knows is refused"   "resources.unified.nothing.max"  up
next '.linux.resources.unified = { "../x": "1" }'
fails "a key that is a path is refused"        "unified"                        up
next '.linux.resources.memory = { kernel: 1000000 }'
fails "kernel memory is refused by name"       "resources.memory.kernel"        up
next '.linux.resources.network = { classID: 5 }'
fails "a network class is refused by name"     "resources.network.classID"      up

mkdir "/sys/fs/cgroup/$MARK-busy"
sleep 100 &
holder=$!
echo $holder > "/sys/fs/cgroup/$MARK-busy/cgroup.procs"
next '.linux.resources.memory = { limit: 10000000 }' "$MARK-busy/inner"
fails "below a cgroup with processes the rule is told" "processes itself"       up
kill $holder
wait $holder 2> /dev/null
ok    "that cgroup is left as it was"          rmdir "/sys/fs/cgroup/$MARK-busy"

# ---- what a profile sets ----

profile room '{ "schema": 1, "resources": { "io_weight": 200 }, "oom": { "group": true } }'
# The weight, as the disk's scheduler has it or on the scale from 1 to 10000.
weight() { cat "/sys/fs/cgroup/$CG/io.bfq.weight" "/sys/fs/cgroup/$CG/io.weight" 2> /dev/null; }
next '.linux.resources.blockIO = { weight: 500 }'
ok    "under a profile with a weight and oom.group" caisson --policy room run -d -b "$BUNDLE" "$ID"
like  "the weight is the profile's"            "$(weight)" '^default (200|1920)$'
is    "and all are ended together"             "$(cg memory.oom.group)" 1
ok    "posture finds no difference"            caisson posture "$ID"
echo 0 > "/sys/fs/cgroup/$CG/memory.oom.group"
fails "and one that somebody made"             "memory.oom.group" caisson posture "$ID"
down
next '.linux.resources.blockIO = { weight: 100 }'
ok    "a document with a smaller weight"       caisson --policy room run -d -b "$BUNDLE" "$ID"
like  "keeps it"                               "$(weight)" '^default (100|910)$'
down

next
ok    "one to pause"                           up
caisson pause "$ID"
is    "pause freezes"                          "$(cg cgroup.events | grep frozen)" "frozen 1"
down
leftovers_after
