#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every step of enforcement is left out in turn (include/base/fault.h, CAISSON_SKIP): something must notice, every time. The lines that
# begin with # say who did: the questions to a compiled filter, caisson-init's identity check, the runtime's look before the start
# gate, a later step that could not go on, or `posture`, before the start or after it. About 20 seconds.
. "$(dirname "$0")/lib.sh"
[ -n "${CAISSON_FAULTS:-}" ] || skip_all "the binary was built without --enable-fault-injection"
CAISSON=$CAISSON_FAULTS

# A mutant may give the host a new name: that host must be one of ours alone. A mount namespace is never left out, for the same reason.
if [ -z "${MUTANTS_APART:-}" ]; then
	unshare -mnui true 2> /dev/null || skip_all "no namespaces of its own for the mutants"
	rm -rf "$TMP"
	MUTANTS_APART=1 exec unshare -mnui sh "$0"
fi
sources=$(cd "$(dirname "$0")/../../src/kernel" && pwd)
CAISSON_TEST_OWN_MOUNTS=1
. "$(dirname "$0")/policy-place.sh"
policy_place || skip_all "$NO_PLACE"
config '{"schema":1}'

run_for() { CAISSON_SKIP=$1 caisson --policy "$LEVEL" create -b "$BUNDLE" "$ID" > "$TMP/said" 2>&1 < /dev/null; }
differing() { caisson posture --json "$ID" 2> /dev/null | jq -r '[.controls[] | select(.verdict == "differs") | .control] | join(", ")'; }
runs_payload() { grep -q sleep "/proc/$1/comm"; }

# who_catches NAMES: one line.
who_catches() {
	if ! run_for "$1"; then
		case $(cat "$TMP/said") in
		*"a fault of caisson, so nothing was started"*) echo "the questions to the filter" ;;
		*"check the identity"*) echo "the identity check" ;;
		*posture:*) echo "the runtime" ;;
		*) echo "a later step: $(tail -n 1 "$TMP/said" | cut -c 1-120)" ;;
		esac
		return
	fi
	_by=$(differing)
	if [ -n "$_by" ]; then
		echo "posture: $_by"
	elif ! caisson start "$ID" > "$TMP/said" 2>&1; then
		echo "the start"
	else
		wait_for 5 runs_payload "$(caisson state "$ID" | jq .pid)"
		_by=$(differing)
		echo "${_by:+posture of the running container: }${_by:-nobody}"
	fi
	caisson delete --force "$ID" > /dev/null 2>&1
}

# walk NAME WANTED [AND]: each line of $TMP/names, and with it what AND says. WANTED: a pattern of who must be the one.
walk() {
	while read -r _name; do
		_who=$(who_catches "$_name${3:+,$3}")
		like "$1: what is done without '$_name'${3:+ and without $3} is caught" "by $_who" "^by ($2)"
		diag "$1: $_name${3:+, $3}: $_who"
	done < "$TMP/names"
}

# The names of the points that a create passes.
points() {
	rm -f "$TMP/points"
	CAISSON_SKIP_LOG=$TMP/points run_for ""
	caisson delete --force "$ID" > /dev/null 2>&1
	sort -u "$TMP/points" | grep -vx "look before the gate"
}

nothing_differs() {
	run_for "" || diag "$(cat "$TMP/said")"
	is "$1: with nothing left out nothing differs" "$(status_of "$ID") $(differing)" "created "
	caisson delete --force "$ID" > /dev/null 2>&1
}

anybody='the identity check|the runtime|a later step|posture'
prlimit --core=unlimited:unlimited --pid $$ # so that a limit that is not set shows

# ---- strict: no rights, every flag, every limit ----

# A mount that other namespaces are peers of, which those of a container must not become.
mkdir "$TMP/shared"
mount -t tmpfs shared "$TMP/shared" && mount --make-shared "$TMP/shared" || bail "no shared mount"
shared=$TMP/shared
# Not on every kernel.
numa=null
[ ! -e /proc/self/numa_maps ] || numa='{ mode: "MPOL_INTERLEAVE", nodes: "0" }'

LEVEL=strict
bundle '.process.args = ["/bin/sleep", "600"] | .process.user = { uid: 1000, gid: 1000, additionalGids: [50], umask: 23 }
	| .process.oomScoreAdj = 500 | .domainname = "inside"
	| .process.scheduler = { policy: "SCHED_BATCH", nice: 5 } | .process.ioPriority = { class: "IOPRIO_CLASS_BE", priority: 6 }
	| .linux.personality = { domain: "LINUX32" } | .linux.memoryPolicy = '"$numa"' | .linux.rootfsPropagation = "unbindable"
	| .mounts += [{ destination: "/srv/shared", source: "'"$shared"'", options: ["bind"] },
		{ destination: "/srv/private", source: "'"$shared"'", options: ["bind", "private"] }]
	| .process.rlimits = [{ type: "RLIMIT_NOFILE", hard: 200, soft: 200 }, { type: "RLIMIT_MEMLOCK", hard: 4096, soft: 4096 }]
	| .linux.sysctl = { "net.ipv4.ip_default_ttl": "77", "kernel.shm_rmid_forced": "1" }
	| .linux.resources += { pids: { limit: 50 }, memory: { limit: 67108864 }, cpu: { quota: 50000, period: 90000, shares: 300, cpus: "0" } }
	| .linux.seccomp = { defaultAction: "SCMP_ACT_ALLOW", syscalls: [{ names: ["reboot"], action: "SCMP_ACT_ERRNO" }] }'
points > "$TMP/all"
grep -v '^filter: ' "$TMP/all" > "$TMP/strict"
printf '%s\n' "bounding set" "capability sets" groups gid uid umask no_new_privs "drop privileges" > "$TMP/strict-init"
printf '%s\n' "apply limits" "start a session" "late filter" scheduler "io priority" personality "root propagation" > "$TMP/strict-late"
[ "$numa" = null ] || echo "memory policy" >> "$TMP/strict-late"
echo "join a new keyring" > "$TMP/strict-ring"
strict=$BUNDLE strict_id=$ID

# ---- filters: a policy for each kind of rule; each line of the list below is a policy and what it leaves out ----

filter_points() { points | sed -n "s/^filter: /$LEVEL:&/p" >> "$TMP/filters"; }
grep '^filter: ' "$TMP/all" | sed 's/^/strict:/' > "$TMP/filters"
profile calls '{"schema":1,"extends":"none","syscalls":{"allow":["@service","@misc","ptrace"],"kill":["keyctl"],
	"errno":{"bpf":"ENOTTY","@perf":"EACCES"},"architectures":["native"]}}'
profile warned '{"schema":1,"extends":"strict","mode":"warn"}'
profile open '{"schema":1,"extends":"none","sockets":{"families":{"remove":["can"]},"netlink":{"remove":["audit"]}},"ioctl":{"deny":["TIOCSTI"]}}'
bundle '.process.args = ["/bin/sleep", "600"] | .process.user = { uid: 1000, gid: 1000 }'
for LEVEL in calls warned open; do filter_points; done
# Where no call is answered with ENOSYS the two copies are the same.
sed -i '/^open:.*logged copy$/d' "$TMP/filters"
# A list that names next to nothing says nothing about newer calls; an engine's names hundreds.
bundle '.process.args = ["/bin/sleep", "600"] | .linux.seccomp = { defaultAction: "SCMP_ACT_ERRNO", architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"],
	syscalls: [{ names: ["read", "write", "execve", "socket", "exit_group", "faccessat2"], action: "SCMP_ACT_ALLOW" }] }'
engine=$BUNDLE engine_id=$ID
LEVEL=baseline
filter_points

# ---- none: some rights in all five sets, root, and filters that come early ----

LEVEL=none
bundle '.process.args = ["/bin/sleep", "600"] | .process.user = { uid: 0, gid: 7, additionalGids: [50] } | .process.noNewPrivileges = false
	| .linux.namespaces += [{ type: "time" }] | .linux.timeOffsets = { monotonic: { secs: 100 }, boottime: { secs: 200 } }
	| .process.capabilities.ambient = ["CAP_KILL"] | .process.capabilities.inheritable = ["CAP_KILL"]
	| .linux.seccomp = { defaultAction: "SCMP_ACT_ALLOW", syscalls: [{ names: ["reboot"], action: "SCMP_ACT_ERRNO" }] }'
points | grep -E '^(record: |namespace |time offsets)' > "$TMP/none"
printf '%s\n' "bounding set" "ambient set" groups gid > "$TMP/none-init"
# A right that is missing is no difference to posture: a program may give its own up.
grep -vx "ambient set" "$TMP/none-init" > "$TMP/none-thrice"
none=$BUNDLE none_id=$ID

grep -vx umask "$TMP/strict-init" > "$TMP/strict-twice" # which is none of the runtime's

cd "$TMP" || bail "no directory to work in"
n=$(cat strict strict-init strict-late strict-ring none none-init filters | wc -l)
again=$(cat strict-twice strict-twice strict-init none-init none-thrice | wc -l)
plan $((n + again + 8))
is "that is more than a hundred mutants" "$([ "$n" -gt 100 ] && echo yes || echo "$n")" yes

LEVEL=strict BUNDLE=$strict ID=$strict_id
nothing_differs strict
cp "$TMP/strict" "$TMP/names"
walk strict "$anybody"
cp "$TMP/strict-late" "$TMP/names"
walk strict posture
cp "$TMP/strict-ring" "$TMP/names"
walk strict "a later step"
cp "$TMP/strict-init" "$TMP/names"
walk strict "the identity check"
cut -d : -f 2- "$TMP/filters" | sort -u > "$TMP/kinds"
is "every kind of rule of a filter is among them" "$(tr '\n' ',' < "$TMP/kinds")" "$(sed -n 's/^	*\(filter: .*\)$/\1/p' << 'KINDS' | sort | tr '\n' ','
	filter: arguments of clone
	filter: arguments of mknod
	filter: arguments of mknodat
	filter: arguments of personality
	filter: chosen errors
	filter: engine rules
	filter: groups
	filter: killing calls
	filter: netlink protocols
	filter: newer calls of the engine
	filter: newer calls of the policy
	filter: other architectures of the engine
	filter: other architectures of the policy
	filter: requests to terminals
	filter: single calls
	filter: socket families
	filter: verdicts of the logged copy
	filter: verdicts of the warning copy
KINDS
)"
is "and of the source" "$(sed -n 's/.*fault_skip("\(filter: [^"%]*\).*/\1/p' "$sources"/filter*.c | sort -u | wc -l)" 15
# Each look must do without those before it.
cp "$TMP/strict-twice" "$TMP/names"
walk strict "the runtime" "check the identity"
walk strict posture "check the identity,look before the gate"

# exec is looked at in the same way.
caisson --policy strict run -d -b "$BUNDLE" "$ID" > /dev/null 2>&1 < /dev/null
while read -r name; do
	fails "exec without '$name' is caught" "check the identity" env CAISSON_SKIP="$name" "$CAISSON" --root "$STATE" exec "$ID" /bin/true
done < "$TMP/strict-init"
caisson delete --force "$ID"

LEVEL=none BUNDLE=$none ID=$none_id
nothing_differs none
cp "$TMP/none" "$TMP/names"
walk none "$anybody"
echo "filter system calls" > "$TMP/names"
walk none "the runtime"
cp "$TMP/none-init" "$TMP/names"
walk none "the identity check"
walk none "the runtime" "check the identity"
cp "$TMP/none-thrice" "$TMP/names"
walk none posture "check the identity,look before the gate"
# Any change of user or group hides the process as well, so there must be none.
reconfig '.process.user = { uid: 0, gid: 0 }'
echo hide > "$TMP/names"
walk none "the identity check"
umount "$shared"
# Filters: what is compiled answers for its plan before anything is started, and a mutant's program is not kept for others.
while IFS=: read -r LEVEL name; do
	BUNDLE=$strict ID=$strict_id
	[ "$LEVEL" != baseline ] || BUNDLE=$engine ID=$engine_id
	is "$LEVEL: what is compiled without '$name' is caught" "$(who_catches "$name")" "the questions to the filter"
done < "$TMP/filters"
leftovers_after "and nothing is left"
