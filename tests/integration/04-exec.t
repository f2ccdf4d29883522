#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run in the foreground and in the background, exec, their exit statuses and what they are refused for.
. "$(dirname "$0")/lib.sh"
plan 83

status_from() {
	"$@" > "$TMP/out" 2> "$TMP/err" < /dev/null
	echo $?
}
pid_of() { caisson state "$1" | jq -r .pid; }

# ---- run ----

bundle '.process.args = ["/bin/sh", "-c", "echo out; echo err >&2; exit 42"]'
is "run ends with the program's status" "$(status_from caisson run -b "$BUNDLE" "$ID")" 42
is "its output comes through" "$(cat "$TMP/out")" out
is "its errors too, and nothing else" "$(cat "$TMP/err")" err
is "and the container is gone" "$(status_of "$ID")" gone
reconfig '.process.args = ["/bin/sleep", "300"]'
caisson run -b "$BUNDLE" "$ID" > "$TMP/out" 2>&1 < /dev/null &
ok "run stays in the foreground" wait_for 5 has_status "$ID" running
caisson kill "$ID" KILL
wait $!
is "a signal is 128+n" "$?" 137
reconfig '.process.args = ["/bin/cat"]'
is "standard input comes through" "$(echo hello | caisson run -b "$BUNDLE" "$ID" 2>&1)" hello
reconfig '.process.args = ["/bin/true"]'
is "run --keep" "$(status_from caisson run --keep -b "$BUNDLE" "$ID")" 0
is "leaves the container stopped" "$(status_of "$ID")" stopped
caisson delete "$ID"
reconfig '.process.args = ["nonexistent"]'
is "a program that is not there ends with 1" "$(status_from caisson run -b "$BUNDLE" "$ID")" 1
like "in the words that engines know" "$(cat "$TMP/err")" 'executable file not found in \$PATH'
is "and leaves nothing" "$(status_of "$ID")" gone
reconfig '.process.args = ["/etc/passwd"]'
is "a file without x ends with 1" "$(status_from caisson run -b "$BUNDLE" "$ID")" 1
like "and permission denied" "$(cat "$TMP/err")" '[Pp]ermission denied'
reconfig '.process.args = ["/no/such/file"]'
is "a path that is not there ends with 1" "$(status_from caisson run -b "$BUNDLE" "$ID")" 1
like "and no such file or directory" "$(cat "$TMP/err")" '[Nn]o such file or directory'
unlike "not as an absent container" "$(cat "$TMP/err")" 'does not exist'
reconfig 'del(.process)'
fails "run without a process is refused" "process: is required" caisson run -b "$BUNDLE" "$ID"
reconfig '.process = {"args": ["/bin/sleep", "300"], "cwd": "/", "user": {"uid": 0, "gid": 0}, "terminal": true}'
fails "a terminal in the background needs a console socket" "--console-socket" caisson run -d -b "$BUNDLE" "$ID"
fails "for create too" "--console-socket" caisson create -b "$BUNDLE" "$ID"
fails "in the foreground it is refused" "--console-socket" caisson run --console-socket "$TMP/s" -b "$BUNDLE" "$ID"
reconfig '.process.terminal = false'
fails "and without a terminal" "--console-socket" caisson create --console-socket "$TMP/s" -b "$BUNDLE" "$ID"
fails "a descriptor that is not open is named" "unable to stat preserved-fd" \
	caisson create --preserve-fds 7 -b "$BUNDLE" "$ID"
fails "a number that is none is refused" "--preserve-fds" caisson create --preserve-fds many -b "$BUNDLE" "$ID"
reconfig '.linux.cgroupsPath = "/a/b"'
fails "a path of the cgroupfs driver is refused by the systemd driver" \
	'expected cgroupsPath to be of format "slice:prefix:name" for systemd cgroups, got "/a/b" instead' \
	caisson --systemd-cgroup create -b "$BUNDLE" "$ID"

# ---- descriptors ----

echo "from three" > "$TMP/three"
echo "from four" > "$TMP/four"
reconfig '.process.args = ["/bin/sh", "-c", "cat <&3; cat <&4; echo $LISTEN_FDS $LISTEN_PID"] |
	.process.env = ["PATH=/bin"]'
is "--preserve-fds passes descriptors from 3 on" \
	"$(caisson run --preserve-fds 2 -b "$BUNDLE" "$ID" 3< "$TMP/three" 4< "$TMP/four" 2>&1 | tr '\n' ' ')" "from three from four  "
is "LISTEN_FDS comes first, and the variables are the container's" "$(STATE=$STATE BUNDLE=$BUNDLE ID=$ID CAISSON=$CAISSON \
	sh -c 'LISTEN_PID=$$ LISTEN_FDS=1 exec "$CAISSON" --root "$STATE" run --preserve-fds 1 -b "$BUNDLE" "$ID"' \
	3< "$TMP/three" 4< "$TMP/four" 2>&1 | tr '\n' ' ')" "from three from four 1 1 "
reconfig '.process.args = ["/bin/sh", "-c", "ls /proc/$$/fd; echo $LISTEN_FDS"]'
unlike "LISTEN_FDS that is meant for another process is left alone" \
	"$(LISTEN_PID=1 LISTEN_FDS=1 caisson run -b "$BUNDLE" "$ID" 3< "$TMP/three" 2>&1)" '^3$'
reconfig '.process.args = ["/bin/sleep", "300"]'

# ---- the level ----

fails "--policy strict refuses root" "strict" caisson --policy strict create -b "$BUNDLE" "$ID"
ln -s "$CAISSON" "$TMP/caisson-strict"
fails "so does the name of the program" "strict" timeout 30 "$TMP/caisson-strict" --root "$STATE" create -b "$BUNDLE" "$ID"
is "and nothing is made" "$(caisson list -q)" ""

# ---- run --detach and exec ----

reconfig '.process.env = ["PATH=/bin", "A=spec"]'
cd "$TMP" || exit 1
is "run --detach returns" "$(status_from caisson run --detach --pid-file run.pid -b "$BUNDLE" "$ID")" 0
cd / || exit 1
is "a relative pid file is the caller's" "$(cat "$TMP/run.pid")" "$(pid_of "$ID")"
is "the container runs" "$(status_of "$ID")" running
is "exec ends with the program's status" "$(status_from caisson exec "$ID" sh -c 'exit 3')" 3
is "128+n for a signal" "$(status_from caisson exec "$ID" sh -c 'kill -TERM $$')" 143
is "its output comes through" "$(caisson exec "$ID" echo one -d two 2>&1)" "one -d two"
is "its input too" "$(echo in | caisson exec "$ID" cat)" in
is "a lone -- before the program is left out" "$(caisson exec "$ID" -- echo three)" three
is "the environment is the container's" "$(caisson exec "$ID" sh -c 'echo $A')" spec
is "-e adds to it" "$(caisson exec -e A=flag -e B=more "$ID" sh -c 'echo $A $B')" "flag more"
is "--cwd" "$(caisson exec --cwd /tmp "$ID" pwd)" /tmp
is "--user" "$(caisson exec --user 1000:50 "$ID" sh -c 'id -u; id -g' | tr '\n' ' ')" "1000 50 "
is "--additional-gids" "$(caisson exec -u 1000:50 -g 7 -g 8 "$ID" sh -c 'grep Groups /proc/self/status' | tr -s '\t ' ' ')" \
	"Groups: 7 8 "
like "--no-new-privs" "$(caisson exec --no-new-privs "$ID" grep NoNewPrivs /proc/self/status)" '1$'
is "exec is in the container's pid namespace" "$(caisson exec "$ID" readlink /proc/self/ns/pid)" \
	"$(readlink "/proc/$(pid_of "$ID")/ns/pid")"
is "and in its cgroup" "$(caisson exec "$ID" sh -c 'cat /proc/self/cgroup' | sort)" \
	"$(caisson exec "$ID" cat /proc/1/cgroup | sort)"
unlike "no descriptor of the runtime gets through" "$(caisson exec "$ID" sh -c 'ls -l /proc/$$/fd' | awk '$9 > 2')" \
	'[0-9] -> .*(memfd|state|socket|pidfd)'
cap_eff() { caisson exec "$@" grep CapEff /proc/self/status | tr -s '\t' ' ' | cut -d' ' -f2; }
is "--cap adds a capability (baseline, no label: as engines' privileged exec)" "$(cap_eff --cap SYS_ADMIN "$ID")" 0000000000200000

# --process
cat > "$TMP/process.json" << 'JSON'
{ "args": ["/bin/sh", "-c", "echo $P; exit 9"], "env": ["PATH=/bin", "P=from file"], "cwd": "/tmp",
  "user": {"uid": 1000, "gid": 1000} }
JSON
is "exec --process ends with the program's status" "$(status_from caisson exec --process "$TMP/process.json" "$ID")" 9
is "and ran what the file says" "$(cat "$TMP/out")" "from file"
fails "a program besides is refused" "one too many" caisson exec --process "$TMP/process.json" "$ID" true
echo '{ "args": "sh", "cwd": "/" }' > "$TMP/bad.json"
fails "a bad file is refused with the path in it" "process.args" caisson exec --process "$TMP/bad.json" "$ID"
is "with status 255" "$(status_from caisson exec --process "$TMP/bad.json" "$ID")" 255

# --detach
is "exec --detach returns" "$(status_from caisson exec -d --pid-file "$TMP/exec.pid" "$ID" sleep 200)" 0
is "the pid file has no newline" "$(wc -l < "$TMP/exec.pid" | tr -d ' ')" 0
like "the process runs" "$(tr '\0' ' ' < "/proc/$(cat "$TMP/exec.pid")/cmdline")" '^sleep 200'
like "ps shows it" "$(caisson ps -f json "$ID")" "[[,]$(cat "$TMP/exec.pid")[],]"
kill -KILL "$(cat "$TMP/exec.pid")"

# ---- what exec fails with ----

rm -f "$TMP/exec.pid"
is "a program that is not there is 255" "$(status_from caisson exec --pid-file "$TMP/exec.pid" "$ID" nonexistent)" 255
like "in exec's words" "$(cat "$TMP/err")" 'exec failed: .*executable file not found in \$PATH'
is "the pid file is not written" "$(ls "$TMP/exec.pid" 2> /dev/null)" ""
is "with --detach too" "$(status_from caisson exec -d --pid-file "$TMP/exec.pid" "$ID" nonexistent)" 255
is "and no pid file" "$(ls "$TMP/exec.pid" 2> /dev/null)" ""
is "a file without x is 255" "$(status_from caisson exec "$ID" /etc/passwd)" 255
like "and permission denied" "$(cat "$TMP/err")" 'exec failed: .*[Pp]ermission denied'
is "a working directory that is not there is 255" "$(status_from caisson exec --cwd /nowhere "$ID" true)" 255
fails "a terminal in the background needs a console socket" "--console-socket" caisson exec -t -d "$ID" true
fails "an unknown capability is refused, with a hint" "did you mean" caisson exec --cap NET_BIND_SERVICES "$ID" true
fails "a user by name is refused" "--user" caisson exec --user root "$ID" true
fails "an environment without = is refused" "--env" caisson exec -e NOVALUE "$ID" true
fails "exec without a program is refused" "requires a program" caisson exec "$ID"
caisson kill "$ID" KILL
wait_for 5 has_status "$ID" stopped
fails "exec in a stopped container is refused" "exec failed: " caisson exec "$ID" true
is "with status 255" "$(status_from caisson exec "$ID" true)" 255
caisson delete "$ID"

# ---- the container's policy holds for exec ----

reconfig '.annotations = {"security.capabilities": "KILL"} | .process.capabilities =
	(["CAP_KILL", "CAP_CHOWN"] | {bounding: ., effective: ., permitted: .})'
caisson run -d -b "$BUNDLE" "$ID" > /dev/null 2>&1 < /dev/null
is "the label cut the container's own process" "$(cap_eff "$ID")" 0000000000000020
is "and --cap cannot go over it" "$(cap_eff --cap CHOWN --cap SYS_ADMIN "$ID")" 0000000000000020
jq '.process | .args = ["/bin/grep", "CapBnd", "/proc/self/status"]' "$BUNDLE/config.json" > "$TMP/process.json"
like "nor can --process" "$(caisson exec --process "$TMP/process.json" "$ID")" '0000000000000020$'
caisson delete --force "$ID"
reconfig 'del(.annotations)'
caisson --policy hardened run -d -b "$BUNDLE" "$ID" > /dev/null 2>&1 < /dev/null
unlike "hardened: --cap cannot go over the result" "$(cap_eff --cap SYS_ADMIN "$ID")" '[2367abef].....$'
like "hardened: an exec cannot gain privileges" "$(caisson exec "$ID" grep NoNewPrivs /proc/self/status)" '1$'
caisson delete --force "$ID"

# ---- on which CPUs ----

reconfig '.'
caisson run -d -b "$BUNDLE" "$ID" > /dev/null 2>&1 < /dev/null
last=$(caisson exec "$ID" sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' /proc/self/status | sed 's/.*[-,]//')
on_cpus() {
	jq --argjson a "$1" '.process | .args = ["sed", "-n", "s/^Cpus_allowed_list:[[:space:]]*//p", "/proc/self/status"] | .execCPUAffinity = $a' \
		"$BUNDLE/config.json" > "$TMP/process.json"
	caisson exec --process "$TMP/process.json" "$ID" 2>&1
}
is "execCPUAffinity.final holds" "$(on_cpus "{\"initial\": \"0\", \"final\": \"$last\"}")" "$last"
ok "execCPUAffinity.initial alone" on_cpus '{"initial": "0"}'
fails "final on a CPU that is not there is an error" "process.execCPUAffinity.final" on_cpus '{"final": "60000"}'
fails "initial too" "process.execCPUAffinity.initial" on_cpus '{"initial": "60000"}'
caisson delete --force "$ID"
leftovers_after
