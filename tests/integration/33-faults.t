#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A failure, or a kill -9, at every step of create, run, start, exec and delete leaves nothing behind.
. "$(dirname "$0")/lib.sh"
[ -n "${CAISSON_FAULTS:-}" ] || skip_all "the binary was built without --enable-fault-injection"
CAISSON=$CAISSON_FAULTS

# steps COMMAND...: the names of all the steps that a run of it passes.
steps() {
	rm -f "$TMP/steps"
	CAISSON_FAULT_LOG=$TMP/steps caisson "$@" > /dev/null 2>&1 < /dev/null
	sort -u "$TMP/steps"
}

bundle '.process.args = ["/bin/true"]
	| .hooks.prestart = [{ path: "/bin/true" }] | .hooks.createContainer = [{ path: "/bin/true" }]
	| .linux.seccomp = { defaultAction: "SCMP_ACT_ALLOW", syscalls: [{ names: ["reboot"], action: "SCMP_ACT_ERRNO" }] }'
steps run -b "$BUNDLE" "$ID" | grep -v "^delete:" > "$TMP/run-steps"
steps create -b "$BUNDLE" "$ID" > "$TMP/create-steps"
steps start "$ID" > "$TMP/start-steps"
steps delete --force "$ID" > "$TMP/delete-steps"
reconfig '.process.args = ["/bin/sleep", "100"]'
caisson run -d -b "$BUNDLE" "$ID" > /dev/null 2>&1 < /dev/null
steps exec "$ID" /bin/true > "$TMP/exec-steps"
caisson delete --force "$ID"

n=$(cat "$TMP/run-steps" "$TMP/create-steps" "$TMP/exec-steps" "$TMP/delete-steps" | wc -l)
k=$(cat "$TMP/run-steps" "$TMP/create-steps" "$TMP/exec-steps" | wc -l)
grep -v '^child:' "$TMP/create-steps" > "$TMP/runtime-steps"
c=$(wc -l < "$TMP/runtime-steps")
m=$(cat "$TMP/create-steps" "$TMP/exec-steps" | wc -l)
plan $((2 * n + 2 * k + c + 2 * m + 10))

is "run passes through more than thirty steps" "$([ "$(wc -l < "$TMP/run-steps")" -gt 30 ] && echo yes)" yes
is "create too" "$([ "$(wc -l < "$TMP/create-steps")" -gt 30 ] && echo yes)" yes
is "exec more than eight" "$([ "$(wc -l < "$TMP/exec-steps")" -gt 8 ] && echo yes)" yes

no_processes() { [ -z "$(_our_processes)" ]; }
attempt() {
	CAISSON_FAULT=$1 CAISSON_TEST_MARK=$MARK timeout -k 5 20 "$CAISSON" --root "$STATE" "$2" -b "$BUNDLE" "$ID" \
		> "$TMP/said" 2>&1 < /dev/null
}

reconfig '.process.args = ["/bin/true"]'
for cmd in run create; do
	while read -r step; do
		attempt "$step" "$cmd" && rc=0 || rc=$?
		like "$cmd failing at '$step' ends with an error that names it ($rc)" "$rc $(cat "$TMP/said")" "^1 .*$step"
		leftovers_after "and leaves nothing"
	done < "$TMP/$cmd-steps"
done

# A step that fails and says nothing is a failure all the same: it must not read as success with nothing there.
while read -r step; do
	attempt "mute:$step" create && rc=0 || rc=$?
	like "create failing at '$step' without a word is an error ($rc)" "$rc $(cat "$TMP/said")" "^1 .*(${step%%(*}|the new process).*failed without saying why"
	leftovers_after "and leaves nothing"
done < "$TMP/create-steps"

# A runtime that is killed cannot clean up; delete --force must be able to, at any step.
for cmd in run create; do
	while read -r step; do
		attempt "kill:$step" "$cmd" && rc=0 || rc=$?
		ok "after a kill at '$step' of $cmd (status $rc) the id can be deleted" caisson delete --force "$ID"
		leftovers_after "and nothing is left"
	done < "$TMP/$cmd-steps"
done

# Without a cgroup nothing but the record knows the process: it must go with a runtime that dies before there is one.
while read -r step; do
	CAISSON_FAULT=kill:$step caisson --cgroup-manager disabled create -b "$BUNDLE" "$ID" > "$TMP/said" 2>&1 < /dev/null
	wait_for 3 no_processes || :
	is "a kill at '$step' of create without a cgroup leaves no process" "$(_our_processes)" ""
	caisson delete --force "$ID" > /dev/null 2>&1
done < "$TMP/runtime-steps"

# The new process may die alone, at any step: the runtime then has the one record to write.
grep "^child: " "$TMP/run-steps" | while read -r step; do
	rm -f "$TMP/log"
	CAISSON_FAULT=kill:$step caisson --log "$TMP/log" --log-format json run -b "$BUNDLE" "$ID" > /dev/null 2>&1 < /dev/null
	jq -rs 'map(.level + " " + .msg) | join("|")' "$TMP/log" | grep -Eqx "error .*(killed by signal 9|exited with status 137).*" || echo "$step: $(cat "$TMP/log")"
done > "$TMP/unsaid"
is "a process that is killed at any step leaves one record that says so" "$(cat "$TMP/unsaid")" ""

reconfig '.process.args = ["/bin/sleep", "1000"]'
caisson run -d -b "$BUNDLE" "$ID" > /dev/null 2>&1 < /dev/null
leftovers_before
while read -r step; do
	CAISSON_FAULT=$step caisson exec "$ID" /bin/true > "$TMP/said" 2>&1 < /dev/null && rc=0 || rc=$?
	like "exec failing at '$step' ends with 255 and its name" "$rc $(cat "$TMP/said")" "^255 .*$step"
	leftovers_after "and leaves the container as it was"
done < "$TMP/exec-steps"
while read -r step; do
	CAISSON_FAULT=mute:$step caisson exec "$ID" /bin/true > "$TMP/said" 2>&1 < /dev/null && rc=0 || rc=$?
	like "exec failing at '$step' without a word is an error" "$rc $(cat "$TMP/said")" "^255 .*failed without saying why"
	leftovers_after "and leaves the container as it was"
done < "$TMP/exec-steps"
while read -r step; do
	CAISSON_FAULT=kill:$step caisson exec "$ID" /bin/true > "$TMP/said" 2>&1 < /dev/null && rc=0 || rc=$?
	isnt "exec killed at '$step' does not claim success" "$rc" 0
	leftovers_after "and leaves the container as it was"
done < "$TMP/exec-steps"
is "the container still runs" "$(status_of "$ID")" running

while read -r step; do
	CAISSON_FAULT=$step caisson delete --force "$ID" > "$TMP/said" 2>&1 && rc=0 || rc=$?
	like "delete failing at '$step' says so" "$rc $(cat "$TMP/said")" "^1 .*$step"
	ok "and can be done again" caisson state "$ID"
done < "$TMP/delete-steps"
ok "delete then succeeds" caisson delete --force "$ID"

reconfig '.process.args = ["/bin/true"]'
caisson create -b "$BUNDLE" "$ID" > /dev/null 2>&1 < /dev/null
step=$(head -n 1 "$TMP/start-steps")
isnt "start has a step" "$step" ""
CAISSON_FAULT=$step caisson start "$ID" > "$TMP/said" 2>&1 && rc=0 || rc=$?
like "start failing at '$step' says so" "$rc $(cat "$TMP/said")" "^1 .*$step"
ok "and a second start succeeds" caisson start "$ID"
caisson delete --force "$ID" > /dev/null 2>&1
: > "$TMP/.before"
leftovers_after "nothing is left at the end"
