#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Limits of a running container change together or not at all.
# shellcheck source=tests/integration/lib.sh
. "$(dirname "$0")/lib.sh"; plan 29

case $(stat -f -c %T /sys/fs/cgroup) in
cgroup2fs) mode=v2 ;;
tmpfs) mode=v1 ;;
*) skip_all "no cgroups are mounted at /sys/fs/cgroup" ;;
esac
if [ "$mode" = v2 ]; then
	for c in memory pids cpu cpuset; do
		grep -qw $c /sys/fs/cgroup/cgroup.controllers || skip_all "this cgroup v2 has no $c controller"
	done
fi

# now CONTROLLER FILE-V1 FILE-V2
now() { if [ "$mode" = v2 ]; then cat "/sys/fs/cgroup/$ID/$3"; else cat "/sys/fs/cgroup/$1/$ID/$2"; fi; }
memory() { now memory memory.limit_in_bytes memory.max; }
pids() { now pids pids.max pids.max; }
# Swap alone, as v2 counts it.
swap() { if [ "$mode" = v2 ]; then now memory "" memory.swap.max; else echo $(($(now memory memory.memsw.limit_in_bytes x) - $(memory))); fi; }
quota() { if [ "$mode" = v2 ]; then now cpu "" cpu.max | cut -d' ' -f1; else now cpu cpu.cfs_quota_us x; fi; }
json() { printf '%s' "$1" | caisson update --resources=- "$ID"; }

bundle '.process.args = ["/bin/sleep", "100"] | .linux.resources += { memory: { limit: 67108864, swap: 67108864 }, pids: { limit: 50 } }'
reconfig ".linux.cgroupsPath = \"/$ID\""
caisson run -d -b "$BUNDLE" "$ID" < /dev/null || bail "no container to update"

devices=$(jq '.resources.devices | length' "$STATE/$ID/plan.json")
ok    "update by options"                      caisson update --pids-limit 60 --cpu-quota 40000 --cpu-period 80000 "$ID"
is    "the number of processes changed"        "$(pids)" 60
is    "the quota changed"                      "$(quota)" 40000
is    "what was not named stays"               "$(memory)" 67108864
ok    "both memory limits grow in one go"      caisson update --memory 128m --memory-swap 160m "$ID"
is    "memory grew"                            "$(memory)" 134217728
is    "swap grew"                              "$(swap)" 33554432
ok    "both shrink in one go"                  caisson update --memory 32m --memory-swap 48m "$ID"
is    "memory shrank"                          "$(memory)" 33554432
is    "swap shrank"                            "$(swap)" 16777216
ok    "update from standard input"             json '{"memory":{"limit":41943040,"swap":41943040},"pids":{"limit":70}}'
is    "memory follows the document"            "$(memory)" 41943040
is    "pids follow the document"               "$(pids)" 70
echo '{"pids":{"limit":-1}}' > "$TMP/r.json"
ok    "a document in a file"                   caisson update -r "$TMP/r.json" "$ID"
is    "-1 is max"                              "$(pids)" max
fails "a CPU that does not exist is refused"   "resources.cpu.cpus" json '{"pids":{"limit":80},"memory":{"limit":25165824,"swap":25165824},"cpu":{"cpus":"4000"}}'
is    "and nothing else has changed"           "$(memory) $(pids)" "41943040 max"
fails "a limit below what is in use is refused when asked to" "bytes in use" json '{"memory":{"limit":4096,"checkBeforeUpdate":true}}'
fails "not JSON is refused"                    "resources" json '{"pids":'
fails "an unknown container is refused"        "container does not exist" caisson update --pids-limit 5 "$MARK-nobody"
stored() { jq -c ".resources.$1" "$STATE/$ID/plan.json"; }
is    "the stored plan has what was set last"  "$(stored pids_limit.v) $(stored '"memory.limit".v')" "-1 41943040"
is    "and what was set before"                "$(stored '"cpu.quota".v') $(stored '"cpu.period".v')" "40000 80000"
is    "device rules are not among it"          "$(stored 'devices | length')" "$devices"
ok    "posture finds no difference"            caisson posture "$ID"
ok    "update once more"                       caisson update --pids-limit 44 "$ID"
like  "posture compares with the new limit"    "$(caisson posture "$ID")" "44"
if [ "$mode" = v1 ]; then echo 45 > "/sys/fs/cgroup/pids/$ID/pids.max"; else echo 45 > "/sys/fs/cgroup/$ID/pids.max"; fi
fails "and says when it is another"            "DIFFERS" caisson posture "$ID"
ok    "the container still runs"               has_status "$ID" running
caisson delete --force "$ID"
leftovers_after
