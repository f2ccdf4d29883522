#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Figures and out-of-memory events, in the form that engines read.
# shellcheck source=tests/integration/lib.sh
. "$(dirname "$0")/lib.sh"; plan 20

case $(stat -f -c %T /sys/fs/cgroup) in
cgroup2fs)
	grep -qw memory /sys/fs/cgroup/cgroup.controllers || skip_all "this cgroup v2 has no memory controller" ;;
tmpfs) ;;
*) skip_all "no cgroups are mounted at /sys/fs/cgroup" ;;
esac

bundle '.process.args = ["/bin/sleep", "100"] | .linux.resources += { memory: { limit: 67108864, swap: 67108864 }, pids: { limit: 50 } }'
caisson run -d -b "$BUNDLE" "$ID" < /dev/null || bail "no container to look at"
stats=$(caisson events --stats "$ID")
get() { printf '%s\n' "$stats" | jq -c "$1"; }

is    "one line"                               "$(printf '%s\n' "$stats" | wc -l)" 1
is    "its type"                               "$(get .type)" '"stats"'
is    "its id"                                 "$(get .id)" "\"$ID\""
is    "the parts engines know"                 "$(get '.data | keys')" \
	'["blkio","cpu","cpuset","hugetlb","intel_rdt","memory","network_interfaces","pids"]'
is    "one process is counted"                 "$(get .data.pids.current)" 1
is    "the limit of processes"                 "$(get .data.pids.limit)" 50
is    "the limit of memory"                    "$(get .data.memory.usage.limit)" 67108864
is    "memory and swap are summed up"          "$(get .data.memory.swap.limit)" 67108864
is    "memory is in use"                       "$(get '.data.memory.usage.usage > 0')" true
is    "the raw figures are numbers"            "$(get '.data.memory.raw | to_entries | all(.value | type == "number")')" true
is    "CPU time was used"                      "$(get '.data.cpu.usage.total > 0')" true
is    "CPU time has its two kinds"             "$(get '.data.cpu.usage | has("kernel") and has("user")')" true
is    "throttling is there"                    "$(get '.data.cpu.throttling | type')" '"object"'
is    "CPUs are listed"                        "$(get '.data.cpuset.cpus | length > 0')" true
is    "no interfaces"                          "$(get .data.network_interfaces)" null

caisson events --interval 100ms "$ID" > "$TMP/events" 2>&1 &
follower=$!
ok    "figures come at every interval"         wait_for 5 sh -c "[ \$(grep -c stats '$TMP/events') -ge 3 ]"
caisson delete --force "$ID"
ok    "following ends with the container"      wait_for 5 sh -c "! kill -0 $follower 2> /dev/null"
wait $follower 2> /dev/null

bundle '.process.args = ["/bin/sh", "-c", "sleep 1; dd if=/dev/zero of=/dev/null bs=64M count=1; sleep 100"] |
	.linux.resources.memory = { limit: 16777216, swap: 16777216 }'
caisson run -d -b "$BUNDLE" "$ID" < /dev/null > /dev/null 2>&1 || bail "no container to look at"
caisson events --interval 60s "$ID" > "$TMP/events" 2>&1 &
follower=$!
ok    "running out of memory is told"          wait_for 8 grep -q '"oom"' "$TMP/events"
caisson delete --force "$ID"
wait $follower 2> /dev/null
fails "an unknown container is refused"        "container does not exist"  caisson events --stats "$MARK-nobody"
leftovers_after
