#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Where a container's processes are put, what limits hold there, and that nothing of it stays.
# shellcheck source=tests/integration/lib.sh
. "$(dirname "$0")/lib.sh"; plan 55

case $(stat -f -c %T /sys/fs/cgroup) in
cgroup2fs) mode=v2 ;;
tmpfs) mode=v1 ;;
*) skip_all "no cgroups are mounted at /sys/fs/cgroup" ;;
esac

# dir CONTROLLER: the directory of the current container; the same for all on v2.
dir() { if [ "$mode" = v2 ]; then echo "/sys/fs/cgroup/$CG"; else echo "/sys/fs/cgroup/$1/$CG"; fi; }

# value NAME WANT-V1 CONTROLLER FILE-V1 WANT-V2 FILE-V2: compares one limit; skips where the kernel has no such file.
value() {
	if [ "$mode" = v2 ]; then _f=$(dir "$3")/$6 _w=$5; else _f=$(dir "$3")/$4 _w=$2; fi
	if [ -z "$_w" ] || [ ! -e "$_f" ]; then skip "$1" "no $_f here"; else is "$1" "$(cat "$_f")" "$_w"; fi
}

bundle
BASE=$BUNDLE/base.json
cp "$BUNDLE/config.json" "$BASE"
# next FILTER: another container of the same bundle, with a cgroup of its own name.
next() {
	_serial=$((_serial + 1)) ID=$MARK-$_serial CG=$MARK-$_serial
	jq --tab ".linux.cgroupsPath = \"/$CG\" | .process.args = [\"/bin/sleep\", \"100\"] | ${1:-.}" "$BASE" > "$BUNDLE/config.json"
}
up() { caisson run -d -b "$BUNDLE" "$ID" < /dev/null; }
down() { caisson delete --force "$ID"; }
pid() { caisson state "$ID" | jq -r .pid; }

# ---- limits ----

next '.linux.resources += { memory: { limit: 67108864, swap: 100663296, reservation: 33554432 }, pids: { limit: 50 },
	cpu: { shares: 512, quota: 50000, period: 100000, cpus: "0" } }'
ok    "a container with limits starts"         up
value "memory.limit"        67108864  memory memory.limit_in_bytes       67108864 memory.max
value "memory.swap"         100663296 memory memory.memsw.limit_in_bytes 33554432 memory.swap.max
value "memory.reservation"  33554432  memory memory.soft_limit_in_bytes  33554432 memory.low
value "pids.limit"          50        pids   pids.max                    50       pids.max
value "cpu.shares"          512       cpu    cpu.shares                  59       cpu.weight
value "cpu.quota"           50000     cpu    cpu.cfs_quota_us "50000 100000"      cpu.max
value "cpu.cpus"            0         cpuset cpuset.cpus                 0        cpuset.cpus
is    "the process is in every hierarchy"      "$(grep -vc ":/$CG\$" "/proc/$(pid)/cgroup")" 0
ok    "it is deleted"                          down
ok    "its cgroups are gone"                   test -z "$(find /sys/fs/cgroup -name "$CG")"

next '.ociVersion = "1.3.0" | .linux.resources.pids = { limit: 0 }'
ok    "pids.limit 0 starts"                    up
value "pids.limit 0 is 0, not unlimited" 0 pids pids.max 0 pids.max
down > /dev/null 2>&1
next '.ociVersion = "1.2.1" | .linux.resources.pids = { limit: 0 }'
ok    "pids.limit 0 of a document before 1.3 starts" up
value "and is none, as podman up to 5.4 means it" max pids pids.max max pids.max
down > /dev/null

next '.linux.resources.pids = { limit: -1 } | .linux.resources.memory = { limit: -1 }'
ok    "unlimited is taken"                     up
value "pids.limit -1 is max"  max pids pids.max max pids.max
down > /dev/null

next '.linux.resources.pids = { limit: 8 } | .process.args = ["/bin/sh", "-c",
	"for i in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 5 & done; echo all"]'
like  "more processes than the limit cannot be made" "$(caisson run -b "$BUNDLE" "$ID" 2>&1 < /dev/null)" "[Rr]esource temporarily"
down > /dev/null 2>&1

next '.linux.resources.memory = { limit: 16777216, swap: 16777216 } | .process.args = ["/bin/sh", "-c", "dd if=/dev/zero of=/dev/null bs=64M count=1"]'
caisson run -b "$BUNDLE" "$ID" > /dev/null 2>&1 < /dev/null
rc=$?
if [ "$mode" = v1 ] || grep -qw memory /sys/fs/cgroup/cgroup.controllers; then
	is "more memory than the limit is not to be had" $rc 137
else
	skip "no memory controller here"
fi
down > /dev/null 2>&1

# ---- devices ----

# kmsg asks for CAP_SYSLOG too, so that what refuses it here is the rules.
devices='.process.capabilities |= map_values(. + ["CAP_MKNOD", "CAP_SYSLOG"])'
# mknods NUMBERS: makes a character device inside and opens it.
mknods() {
	_filter=$devices
	[ -z "${2:-}" ] || _filter="$devices | $2"
	next "$_filter | .process.args = [\"/bin/sh\", \"-c\", \"mknod /dev/x c $1 && : < /dev/x\"]"
	caisson run -b "$BUNDLE" "$ID" < /dev/null
	_mknods=$?
	down > /dev/null 2>&1
	return $_mknods
}
ok    "null can be made and opened"            mknods "1 3"
fails "kmsg can be made but not opened"        "Operation not permitted"  mknods "1 11"
fails "tun is not among the defaults"          "Operation not permitted"  mknods "10 200"
ok    "a rule of the document opens it"        mknods "1 11" '.linux.resources.devices += [{allow: true, type: "c", major: 1, minor: 11, access: "rwm"}]'
fails "a later rule closes it again"           "Operation not permitted"  mknods "1 11" \
	'.linux.resources.devices = [{allow: true, access: "rwm"}, {allow: false, access: "rwm"}]'
ok    "allow all allows all"                   mknods "1 11" '.linux.resources.devices = [{allow: true, access: "rwm"}]'
next 'del(.linux.resources)'
jq --tab "$devices | .process.args = [\"/bin/sh\", \"-c\", \"mknod /dev/x c 1 11 && : < /dev/x\"]" "$BUNDLE/config.json" > "$BUNDLE/c" && mv "$BUNDLE/c" "$BUNDLE/config.json"
fails "no rules at all is deny all"            "Operation not permitted"  caisson run -b "$BUNDLE" "$ID"
down > /dev/null 2>&1

# ---- places ----

next ".linux.cgroupsPath = \"/$MARK-parent/inner\""
CG=$MARK-parent/inner
ok    "a nested path is made"                  up
ok    "it is where it was asked"               test -d "$(dir devices)"
down > /dev/null
ok    "it is gone afterwards"                  test ! -d "$(dir devices)"
rmdir /sys/fs/cgroup/"$MARK-parent" /sys/fs/cgroup/*/"$MARK-parent" 2> /dev/null

next 'del(.linux.cgroupsPath)'
ok    "no cgroupsPath: one is made from the id" up
like  "and it is named after the id"           "$(cat "/proc/$(pid)/cgroup")" "/caisson-$ID\$"
down > /dev/null

next ".linux.cgroupsPath = \"$MARK-rel\""
CG=$MARK-rel
ok    "a relative path is taken"               up
like  "it is in the tree"                      "$(cat "/proc/$(pid)/cgroup")" "/$MARK-rel\$"
down > /dev/null

next '.linux.cgroupsPath = "/../x"'
fails "a path with .. is refused"              "linux.cgroupsPath"  up
next '.linux.cgroupsPath = "/"'
fails "the root is refused"                    "linux.cgroupsPath"  up

# ---- refusals ----

next '.linux.resources.memory = { limit: 1000000, swap: 999999 }'
fails "swap below the limit is refused"        "resources.memory.swap"  up
next '.linux.resources.memory = { swap: 999999 }'
fails "swap without a limit is refused"        "resources.memory.swap"  up
next '.linux.resources.hugepageLimits = [{ pageSize: "3MB", limit: 1 }]'
fails "huge pages that do not exist are refused" "hugepageLimits"       up
next '.linux.resources.cpu = { cpus: "4000" }'
fails "CPUs that do not exist are refused"     "resources.cpu.cpus"     up
if [ "$mode" = v2 ]; then
	next '.linux.resources.memory = { swappiness: 10 }'
	fails "what only v1 has is refused by name" "memory.swappiness" up
else
	next '.linux.resources.unified = { "memory.high": "1000000" }'
	fails "what only v2 has is refused by name" "unified.memory.high" up
fi
ok    "a refused container leaves no cgroup"   test -z "$(find /sys/fs/cgroup -name "$MARK*")"

next
first=$ID
ok    "a first container"                      up
ID=$first-b
fails "a cgroup in use is refused"             "cgroup is not empty"  up
ID=$first
is    "the first is not disturbed"             "$(status_of "$ID")" running

# ---- ownership ----

owner='.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 200000, size: 1000}] |
	.linux.gidMappings = .linux.uidMappings | .mounts |= map(if .type == "cgroup" then .options -= ["ro"] else . end)'
chmod 755 "$BUNDLE"
kept=$ID
next "$owner | .process.args = [\"/bin/sh\", \"-c\", \"mkdir /sys/fs/cgroup/kid && rmdir /sys/fs/cgroup/kid && echo made; sleep 100\"]"
if [ "$mode" = v2 ]; then
	caisson run -d -b "$BUNDLE" "$ID" > "$TMP/out" 2>&1 < /dev/null
	wait_for 10 grep -q . "$TMP/out"
	is "a writable cgroup is the container's to manage"   "$(cat "$TMP/out")" made
	is "its user has what the kernel lists, and no limit" "$(stat -c %u "$(dir x)" "$(dir x)/cgroup.procs" "$(dir x)/pids.max" | tr '\n' ' ')" "200000 200000 0 "
	down
	next "$owner | .linux.namespaces |= map(select(.type != \"cgroup\"))"
	up && is "without a cgroup namespace it stays the host's" "$(stat -c %u "$(dir x)")" 0
	down
else
	skip 3 "cgroup v1 is never handed over"
fi
ID=$kept CG=$kept

# ---- exec ----

caisson exec -d "$ID" /bin/sleep 100 < /dev/null
is    "exec joins the container's cgroup"      "$(caisson ps --format json "$ID" | jq length)" 2
fails "exec --cgroup stays below"              "--cgroup"  caisson exec --cgroup ../x "$ID" /bin/true
fails "exec --cgroup takes no absolute path"   "--cgroup"  caisson exec --cgroup /x "$ID" /bin/true
fails "exec --cgroup wants one that exists"    "No such file"  caisson exec --cgroup nowhere "$ID" /bin/true

# ---- pause, and removing ----

ok    "it is paused"                           caisson pause "$ID"
is    "its state says so"                      "$(status_of "$ID")" paused
mkdir -p "$(dir devices)/kid/grandchild"
ok    "a paused container with cgroups below is deleted" down
leftovers_after
