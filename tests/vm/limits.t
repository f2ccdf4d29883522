#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Limits of cgroup v2 that the development machines do not have: each is written, read back, changed, and some are hit.
# shellcheck source=tests/integration/lib.sh
. "$(dirname "$0")/../integration/lib.sh"
[ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ] || skip_all "needs a host with cgroup v2 alone"
for c in cpu cpuset io memory hugetlb pids rdma; do
	grep -qw $c /sys/fs/cgroup/cgroup.controllers || skip_all "this cgroup v2 has no $c controller"
done
plan 54

bundle
BASE=$BUNDLE/base.json
cp "$BUNDLE/config.json" "$BASE"
next() {
	_serial=$((_serial + 1)) ID=$MARK-$_serial CG=$MARK-$_serial
	jq --tab ".linux.cgroupsPath = \"/$CG\" | .process.args = [\"/bin/sleep\", \"100\"] | ${1:-.}" "$BASE" > "$BUNDLE/config.json"
}
up() { caisson run -d -b "$BUNDLE" "$ID" < /dev/null; }
down() { caisson delete --force "$ID"; }
cg() { cat "/sys/fs/cgroup/$CG/$1"; }
json() { printf '%s' "$1" | caisson update --resources=- "$ID"; }

# ---- cpu ----

next '.linux.resources.cpu = { quota: 20000, period: 50000, burst: 10000, shares: 2048 }'
ok    "a quota with a burst"                   up
is    "the quota"                              "$(cg cpu.max)" "20000 50000"
is    "the burst"                              "$(cg cpu.max.burst)" 10000
is    "the weight of 2048 shares"              "$(cg cpu.weight)" 174
ok    "both grow in one go"                    json '{"cpu":{"quota":40000,"burst":30000}}'
is    "and have"                               "$(cg cpu.max) $(cg cpu.max.burst)" "40000 50000 30000"
ok    "both shrink in one go"                  json '{"cpu":{"quota":15000,"burst":5000}}'
is    "and have"                               "$(cg cpu.max) $(cg cpu.max.burst)" "15000 50000 5000"
fails "a burst above the quota is refused by name" "resources.cpu.burst" json '{"cpu":{"burst":16000}}'
is    "and changes nothing"                    "$(cg cpu.max) $(cg cpu.max.burst)" "15000 50000 5000"
ok    "no quota any more"                      json '{"cpu":{"quota":-1,"burst":0}}'
is    "is max"                                 "$(cg cpu.max)" "max 50000"
down
next '.linux.resources.cpu = { idle: 1 }'
ok    "idle"                                   up
is    "is set"                                 "$(cg cpu.idle)" 1
ok    "and left, with a weight"                json '{"cpu":{"idle":0,"shares":512}}'
is    "as asked"                               "$(cg cpu.idle) $(cg cpu.weight)" "0 59"
down
next '.linux.resources.cpu = { cpus: "1", mems: "0" }'
ok    "CPUs and memory nodes"                  up
is    "are set"                                "$(cg cpuset.cpus.effective) $(cg cpuset.mems.effective)" "1 0"
ok    "others"                                 json '{"cpu":{"cpus":"0"}}'
is    "take their place"                       "$(cg cpuset.cpus.effective)" 0
down

# ---- memory ----

next '.linux.resources = { memory: { limit: 33554432, swap: 33554432 }, unified: { "memory.oom.group": "1" },
	devices: [{ allow: false, access: "rwm" }] } | .process.args = ["/bin/sh", "-c", "sleep 50 & sleep 1; dd if=/dev/zero of=/dev/null bs=64M count=1; echo survived; wait"]'
like  "with memory.oom.group nobody survives"  "$(caisson run -b "$BUNDLE" "$ID" 2>&1 < /dev/null; echo "status $?")" "^status 137$"
down > /dev/null 2>&1
next '.linux.resources.memory = { limit: 33554432, swap: 33554432 } |
	.process.args = ["/bin/sh", "-c", "dd if=/dev/zero of=/dev/null bs=64M count=1; echo survived"]'
like  "without, only the one that is too large" "$(caisson run -b "$BUNDLE" "$ID" 2>&1 < /dev/null)" "^survived$"
down > /dev/null 2>&1
next '.linux.resources.memory = { limit: 67108864, swap: 67108864, reservation: 33554432 }'
ok    "a reservation"                          up
is    "is memory.low"                          "$(cg memory.low) $(cg memory.swap.max)" "33554432 0"
fails "a limit below what is in use is refused when asked to" "bytes in use" json '{"memory":{"limit":4096,"checkBeforeUpdate":true}}'
is    "and changes nothing"                    "$(cg memory.max)" 67108864
ok    "a limit above what is in use is not"    json '{"memory":{"limit":50331648,"swap":50331648,"checkBeforeUpdate":true}}'
is    "and holds"                              "$(cg memory.max)" 50331648
down

# ---- io ----

disk=$(cat /sys/block/vda/dev 2> /dev/null || echo 0:0)
major=${disk%:*} minor=${disk#*:}
if [ "$major" = 0 ]; then
	skip 7 "no disk here"
else
	next ".linux.resources.blockIO = { weight: 500, throttleReadBpsDevice: [{ major: $major, minor: $minor, rate: 1048576 }],
		throttleWriteIOPSDevice: [{ major: $major, minor: $minor, rate: 100 }] }"
	ok    "weight and throttles of a disk"     up
	like  "the weight"                         "$(cat "/sys/fs/cgroup/$CG/io.bfq.weight" "/sys/fs/cgroup/$CG/io.weight" 2> /dev/null)" '^default (500|4950)$'
	is    "the throttles"                      "$(cg io.max)" "$disk rbps=1048576 wbps=max riops=max wiops=100"
	ok    "a throttle is lifted"               json "{\"blockIO\":{\"throttleReadBpsDevice\":[{\"major\":$major,\"minor\":$minor,\"rate\":0}]}}"
	is    "and that alone"                     "$(cg io.max)" "$disk rbps=max wbps=max riops=max wiops=100"
	down
	next ".linux.resources.blockIO = { throttleReadBpsDevice: [{ major: 250, minor: 250, rate: 1 }] }"
	fails "a disk that does not exist is refused by name" "resources.blockIO.throttleReadBpsDevice" up
	next ".linux.resources.blockIO = { leafWeight: 500 }"
	fails "a leaf weight is refused by name"   "resources.blockIO.leafWeight" up
fi

# ---- huge pages, rdma ----

next '.linux.resources.hugepageLimits = [{ pageSize: "2MB", limit: 4194304 }]'
ok    "a limit of huge pages"                  up
is    "of use and of reservation"              "$(cg hugetlb.2MB.max) $(cg hugetlb.2MB.rsvd.max)" "4194304 4194304"
ok    "another"                                json '{"hugepageLimits":[{"pageSize":"2MB","limit":2097152}]}'
is    "takes its place"                        "$(cg hugetlb.2MB.max)" 2097152
down
next '.linux.resources.rdma = { mlx5_0: { hcaHandles: 3 } }'
fails "an RDMA device that does not exist is refused by name" "resources.rdma" up
ok    "and leaves no cgroup"                   test ! -d "/sys/fs/cgroup/$CG"

# ---- pids ----

next '.linux.resources.pids = { limit: -1 }'
ok    "pids.limit -1"                          up
is    "is unlimited"                           "$(cg pids.max)" max
ok    "pids.limit 0 on a running container"    json '{"pids":{"limit":0}}'
is    "is 0, not unlimited"                    "$(cg pids.max)" 0
fails "nothing is born there any more"         "resources.pids" caisson exec "$ID" /bin/true
down
next '.ociVersion = "1.3.0" | .linux.resources.pids = { limit: 0 }'
ok    "pids.limit 0 from the start"            up
is    "is 0 too"                               "$(cg pids.max)" 0
down

# ---- devices: the program is the container's ----

next '.process.capabilities |= map_values(. + ["CAP_MKNOD"])'
ok    "a container with the default devices"   up
inside() { caisson exec "$ID" /bin/sh -c "$1" 2>&1 < /dev/null; }
is    "null can be opened"                     "$(inside ': < /dev/null && echo opened')" opened
like  "a disk can be made but not opened"             "$(inside "rm -f /dev/disk; mknod /dev/disk b $major $minor && : < /dev/disk")" 'not permitted'
json '{"pids":{"limit":30}}'
like  "nor after an update"                    "$(inside "rm -f /dev/disk; mknod /dev/disk b $major $minor && : < /dev/disk")" 'not permitted'
mkdir "/sys/fs/cgroup/$CG/kid"
like  "nor in a cgroup below"                  "$(caisson exec --cgroup kid "$ID" /bin/sh -c "rm -f /dev/disk; mknod /dev/disk b $major $minor && : < /dev/disk" 2>&1 < /dev/null)" 'not permitted'
down
leftovers_after
