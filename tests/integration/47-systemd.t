#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The systemd cgroup driver against a manager of our own (src/fake_systemd.c): what is asked, word by word, and what happens when
# the manager refuses, keeps silent, or says one thing and does another. Its socket is systemd's, in a mount namespace of the test.
if [ -z "${CAISSON_TEST_OWN_RUN:-}" ]; then
	if ! unshare -m true 2> /dev/null; then echo "1..0 # SKIP needs root and a mount namespace"; exit 0; fi
	CAISSON_TEST_OWN_RUN=1 exec unshare -m --propagation private sh "$0" "$@"
fi
unset CAISSON_TEST_OWN_RUN
# shellcheck source=tests/integration/lib.sh
. "$(dirname "$0")/lib.sh"
need cc pkg-config python3
HELPER=$(dirname "$CAISSON")/caisson-systemd
[ -x "$HELPER" ] || HELPER=$(dirname "$CAISSON")/../libexec/caisson/caisson-systemd
[ -x "$HELPER" ] || skip_all "caisson-systemd was not built (it needs libsystemd)"
# shellcheck disable=SC2046
cc -O1 -o "$TMP/fake" "$(dirname "$0")/src/fake_systemd.c" $(pkg-config --cflags --libs libsystemd) 2> "$TMP/cc.log" ||
	skip_all "the manager does not compile: $(head -n 1 "$TMP/cc.log")"
version=v1
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
	version=v2 trees=/sys/fs/cgroup
elif [ -e /sys/fs/cgroup/unified/cgroup.procs ]; then
	trees="/sys/fs/cgroup/unified /sys/fs/cgroup/systemd"
else
	trees=/sys/fs/cgroup/systemd
fi
[ -w "${trees%% *}/cgroup.procs" ] || skip_all "${trees%% *} is not there to be written to"
run=/run
case $TMP in /run/*) run=/run/systemd; mkdir -p "$run" ;; esac # where our own files must stay to be seen
mount -t tmpfs -o mode=755 run "$run" || skip_all "cannot mount on $run"
mkdir -p /run/systemd
plan 89

# ---- the manager ----

FAKE=
unmanage() {
	[ -z "$FAKE" ] || { kill "$FAKE"; wait "$FAKE"; } 2> /dev/null
	FAKE=
	rm -f /run/systemd/private
}
# manager MODE: one that behaves so, with an empty log.
manager() {
	unmanage
	: > "$TMP/log"
	mkdir -p "$TMP/fake.d"
	# shellcheck disable=SC2086
	(cd "$TMP/fake.d" && CAISSON_TEST_MARK=$MARK exec "$TMP/fake" /run/systemd/private "$TMP/log" "$1" $trees) 2> "$TMP/fake.err" &
	FAKE=$!
	wait_for 5 test -S /run/systemd/private || bail "the manager does not start: $(cat "$TMP/fake.err")"
}

systemd() { caisson --systemd-cgroup "$@"; }
# With a short patience, where the build can be told so.
impatient() {
	CAISSON_SYSTEMD_WAIT_MS=700 CAISSON_TEST_MARK=$MARK timeout --foreground -k 5 30 "${CAISSON_FAULTS:-$CAISSON}" --root "$STATE" --systemd-cgroup "$@"
}
calls() { grep -c "^$1" "$TMP/log"; }
keepers() { grep -la "caisson-systemd" /proc/[0-9]*/cmdline 2> /dev/null | while read -r f; do tr '\0' ' ' < "$f"; echo; done | grep -c "^$HELPER"; }
# asked: the last calls and their properties, without the connections.
asked() { grep -v '^connected\|^disconnected\|^gone' "$TMP/log"; }
scope_of() { sed -n 's/^0:://p; s/^[0-9]*:name=systemd://p' "/proc/$1/cgroup" | grep scope | sort -u; }
pid_of() { caisson state "$ID" | jq -r .pid; }
has_gone() { grep -q "^gone" "$TMP/log"; }

scope() { SCOPE=$MARK-${ID##*-}.scope; reconfig ".linux.cgroupsPath = \"-.slice:$MARK:${ID##*-}\""; }

# ---- what is asked ----

limits='.linux.resources.memory = { limit: 104857600, reservation: 52428800, swap: 209715200 } |
	.linux.resources.cpu = { shares: 512, quota: 25500, period: 50000, cpus: "0" } | .linux.resources.pids = { limit: 1 } |
	.process.args = ["/bin/sleep", "300"]'
bundle "$limits"
scope
reconfig '.annotations = { "org.systemd.property.KillSignal": "15", "org.systemd.property.TimeoutStopUSec": "uint64 10000000",
	"org.systemd.property.After": "['"'crio.service', \\\"b.target\\\"]"'", "io.kubernetes.x": "y" }'
expected() {
	printf '%s\n' "StartTransientUnit $SCOPE fail" "  PIDs au 0" "  Description s caisson container $ID" "  Slice s -.slice" \
		"  Delegate b true" "  DefaultDependencies b false" "  CollectMode s inactive-or-failed" "  MemoryAccounting b true" \
		"  CPUAccounting b true" "  TasksAccounting b true"
	if [ $version = v2 ]; then
		printf '%s\n' "  IOAccounting b true" "  MemoryMax t 104857600" "  MemoryLow t 52428800" "  MemorySwapMax t 104857600" \
			"  AllowedCPUs ay 01" "  CPUWeight t 59"
	else
		printf '%s\n' "  BlockIOAccounting b true" "  MemoryLimit t 104857600" "  CPUShares t 512"
	fi
	printf '%s\n' "  CPUQuotaPeriodUSec t 50000" "  CPUQuotaPerSecUSec t 510000" "  TasksMax t 1"
	[ $version = v2 ] || printf '%s\n' "  DevicePolicy s strict" "  DeviceAllow a(ss) char-*=m block-*=m /dev/char/1:3=rwm \
/dev/char/1:5=rwm /dev/char/1:7=rwm /dev/char/1:8=rwm /dev/char/1:9=rwm /dev/char/5:0=rwm /dev/char/5:2=rwm char-pts=rwm"
	printf '%s\n' "  After as crio.service b.target" "  KillSignal i 15" "  TimeoutStopUSec t 10000000"
}
manager ok
ok "create succeeds" systemd create -b "$BUNDLE" "$ID"
is "one call is made, with these properties" "$(asked | grep -v '^Get Version' | LC_ALL=C sort)" "$(expected | LC_ALL=C sort)"
is "at most one more, for the version" "$(calls Get)" 1
is "one connection" "$(calls connected)" 1
is "the container is in the scope" "$(scope_of "$(pid_of)")" "/$SCOPE"
is "alone" "$(cat "${trees%% *}/$SCOPE/cgroup.procs")" "$(pid_of)"
is "no helper is left" "$(keepers)" 0
is "the limit of one process is there" "$(cat "$(find /sys/fs/cgroup -path "*/$SCOPE/pids.max")")" 1
is "and the memory's" "$(cat "$(find /sys/fs/cgroup -path "*/$SCOPE/memory.max" -o -path "*/$SCOPE/memory.limit_in_bytes")")" 104857600
is "the state says who made the cgroup" "$(jq -r '.cgroup | .unit + " " + .manager' "$STATE/$ID/state.json")" "$SCOPE system"
: > "$TMP/log"
ok "start" systemd start "$ID"
is "state" "$(status_of "$ID")" running
ok "pause" caisson pause "$ID"
is "is seen" "$(status_of "$ID")" paused
ok "resume" caisson resume "$ID"
reconfig '.'
caisson update --pids-limit 20 "$ID" > "$TMP/out" 2>&1
is "update says nothing" "$(cat "$TMP/out")" ""
if [ $version = v2 ]; then
	want="  MemoryMax t 104857600|  MemoryLow t 52428800|  MemorySwapMax t 104857600|  AllowedCPUs ay 01|  CPUWeight t 59|"
else
	want="  MemoryLimit t 104857600|  CPUShares t 512|"
fi
is "it makes one call, and tells all limits but no devices" "$(asked | grep -v '^Get Version' | tr '\n' '|')" \
	"SetUnitProperties $SCOPE runtime|$want  CPUQuotaPeriodUSec t 50000|  CPUQuotaPerSecUSec t 510000|  TasksMax t 20|"
is "and writes them" "$(cat "$(find /sys/fs/cgroup -path "*/$SCOPE/pids.max")")" 20
like "exec is in the scope" "$(caisson exec "$ID" cat /proc/self/cgroup)" "^0::/$|name=systemd:/$"
touch "$TMP/fake.d/refuse-set"
fails "an update that the manager refuses fails" "SetUnitProperties of $SCOPE: No change today" caisson update --pids-limit 30 "$ID"
rm "$TMP/fake.d/refuse-set"
is "and is taken back" "$(cat "$(find /sys/fs/cgroup -path "*/$SCOPE/pids.max")")" 20
: > "$TMP/log"
ok "delete" caisson delete -f "$ID"
is "asks for nothing" "$(asked)" ""
is "and waits until the manager has seen the end" "$(calls gone)" 1
is "nothing of the scope is left" "$(find /sys/fs/cgroup -name "$SCOPE")" ""

# ---- an older systemd; a run in the foreground ----

bundle "$limits"
scope
reconfig '.process.args = ["/bin/true"]'
FAKE_VERSION="239 (239-82.el8)"
export FAKE_VERSION
manager ok
unset FAKE_VERSION
ok "run against an old systemd" systemd run -b "$BUNDLE" "$ID"
is "what it does not know is not sent" "$(grep -c 'CPUQuotaPeriodUSec\|AllowedCPUs' "$TMP/log")" 0
is "the rest is" "$(grep -c 'CPUQuotaPerSecUSec\|TasksMax' "$TMP/log")" 2
is "one call" "$(calls StartTransientUnit)" 1

bundle '.process.args = ["/bin/true"]'
scope
manager ok
ok "run without limits" caisson --cgroup-manager systemd run -b "$BUNDLE" "$ID"
is "asks for no version" "$(calls Get)" 0

# ---- slices ----

bundle '.process.args = ["/bin/true"]'
reconfig ".linux.cgroupsPath = \"$MARK-b.slice:x:$ID\""
manager ok
ok "a slice in a slice" systemd run -b "$BUNDLE" "$ID"
like "is where its name says" "$(cat "$TMP/log")" "^gone /cst.slice/$MARK.slice/$MARK-b.slice/x-$ID.scope"
find /sys/fs/cgroup -depth -type d \( -name "$MARK*.slice" -o -name cst.slice \) -exec rmdir {} + 2> /dev/null

manager ok
for bad in /a/b a:b a:b:c:d "a.slice:b:" "::" ":"; do
	reconfig ".linux.cgroupsPath = \"$bad\""
	fails "\"$bad\" is refused" "expected cgroupsPath to be of format \"slice:prefix:name\"" systemd create -b "$BUNDLE" "$ID"
done
for bad in machine a--b.slice -a.slice a-.slice a/b.slice; do
	reconfig ".linux.cgroupsPath = \"$bad:b:c\""
	fails "the slice \"$bad\" is refused" "invalid slice name: \"$bad\"" systemd create -b "$BUNDLE" "$ID"
done
reconfig '.linux.cgroupsPath = "a.slice:b:c/d"'
fails "a name with a slash is refused" "cannot be the name of a systemd unit" systemd create -b "$BUNDLE" "$ID"
is "and nobody was asked" "$(cat "$TMP/log")" ""

# ---- annotations ----

scope
for bad in ExecStartPre Wants User DeviceAllow MemoryMax Slice Delegate PIDs; do
	reconfig ".annotations = { \"org.systemd.property.$bad\": \"'x'\" }"
	fails "the property $bad is refused by name" "annotations[\"org.systemd.property.$bad\"]: this property is not one that a container may set" \
		systemd create -b "$BUNDLE" "$ID"
done
is "and nobody was asked" "$(cat "$TMP/log")" ""

# ---- managers that are not well ----

left() { echo "$(find /sys/fs/cgroup -name "$SCOPE" 2> /dev/null) $(keepers) $(_our_states)"; }
is_clean() { [ "$(left)" = " 0 " ]; }
# refused MODE TEXT: and nothing is left.
refused() {
	manager "$1"
	fails "a manager that is $1" "$2" impatient create -b "$BUNDLE" "$ID"
	is "nothing of it is left" "$(wait_for 3 is_clean; left)" " 0 "
}
reconfig 'del(.annotations)'
unmanage
fails "no manager" "no systemd answers at /run/systemd/private" systemd create -b "$BUNDLE" "$ID"
refused refuse "StartTransientUnit of $SCOPE: Not today, says the manager"
if [ -n "${CAISSON_FAULTS:-}" ]; then
	refused silent "no answer"
	refused mute "no answer from systemd within 1 s"
	refused garbage "no answer within 1 s"
	refused nojob "the job did not end within 1 s"
else
	skip 8 "needs a build with points of failure (CAISSON_FAULTS), whose patience can be shortened"
fi
refused failed "the job ended with \"failed\""
refused badreply "names no job"
refused elsewhere "its process is in"
refused taken "the unit $SCOPE exists and is in use"

# ---- a name that was used before ----

manager leftover
ok "a unit whose processes have ended is stopped" systemd run -b "$BUNDLE" "$ID"
is "once" "$(asked | grep -c '^StopUnit\|^StartTransientUnit')" 3
manager deadunit
ok "one that has failed is reset" systemd run -b "$BUNDLE" "$ID"
is "and not stopped" "$(calls StopUnit) $(calls ResetFailedUnit)" "0 1"
manager keep
ok "one that stays when it is empty is stopped at the end" systemd run -b "$BUNDLE" "$ID"
is "by delete" "$(calls StopUnit)" 1

# ---- the runtime that dies ----

reconfig '.process.args = ["/bin/sleep", "300"]'
if [ -n "${CAISSON_FAULTS:-}" ]; then
	for step in "create: announce" "create: launch" "create: read back"; do
		manager ok
		CAISSON_FAULT="kill:$step" impatient create -b "$BUNDLE" "$ID" > /dev/null 2>&1
		is "killed at \"$step\": no helper stays" "$(sleep 0.2; keepers)" 0
		caisson delete -f "$ID" > /dev/null 2>&1
		is "and nothing of the scope" "$(wait_for 3 has_gone; find /sys/fs/cgroup -name "$SCOPE")" ""
	done
else
	skip 6 "needs a build with points of failure (CAISSON_FAULTS)"
fi

# ---- the helper alone ----

is "started by hand it ends at once" "$("$HELPER" < /dev/null > /dev/null 2>&1; echo $?)" 1

unmanage
is "the helper has no power but what systemd asks for, before it reads" "$(python3 - "$HELPER" <<'PY'
import re, socket, subprocess, sys, time
ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
helper = subprocess.Popen([sys.argv[1]], stdin=its)
for _ in range(500):
    text = open(f"/proc/{helper.pid}/status").read()
    if "NoNewPrivs:\t1" in text and re.search(r"CapPrm:\t0+200000\n", text):
        break
    time.sleep(0.01)
print(*re.findall(r"(?:CapPrm|NoNewPrivs):\t(\w+)", text))
ours.close()
helper.wait()
PY
)" "0000000000200000 1"
leftovers_after "nothing is left behind"
