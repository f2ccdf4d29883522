#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Nothing waits for ever: for a process that is stopped, a lock that is kept, a socket that nobody serves. The error says for whom,
# and how that process is; nothing stays. The deadlines are shortened, so the build must have points of failure.
. "$(dirname "$0")/lib.sh"
[ -n "${CAISSON_FAULTS:-}" ] || skip_all "the binary was built without --enable-fault-injection"
need python3
CAISSON=$CAISSON_FAULTS
plan 24

soon() { CAISSON_DEADLINE=1000 caisson "$@"; }
# stop ID: its first process, whose number is then in $pid.
stop() {
	pid=$(caisson state "$1" | jq .pid)
	[ "${pid:-0}" -gt 1 ] || bail "no process to stop in $1"
	kill -STOP "$pid"
}
said() { "$@" 2>&1 < /dev/null; }

# full SOCKET: a listener that accepts nobody, and whose queue is full. An existing socket is only filled up.
full() {
	cat > "$TMP/full.py" << 'PY'
import os, socket, sys, time
path, kind = sys.argv[1], getattr(socket, sys.argv[2])
listener = None
if not os.path.exists(path):
    listener = socket.socket(socket.AF_UNIX, kind)
    listener.bind(path)
    listener.listen(0)
os.chdir(os.path.dirname(path))
waiting = []
try:
    for _ in range(64):
        s = socket.socket(socket.AF_UNIX, kind)
        s.setblocking(False)
        s.connect(os.path.basename(path))
        waiting.append(s)
except BlockingIOError:
    pass
open(sys.argv[3], "w").close()
time.sleep(60)
PY
	rm -f "$TMP/is-full"
	python3 "$TMP/full.py" "$1" "$2" "$TMP/is-full" &
	_full=$!
	wait_for 10 test -e "$TMP/is-full" || bail "full: $1 does not fill up"
}
not_full() { kill $_full 2> /dev/null; wait $_full 2> /dev/null; }

# ---- a process that was stopped ----

bundle '.process.args = ["/bin/sleep", "100"]'
caisson create -b "$BUNDLE" "$ID" > /dev/null 2>&1 < /dev/null
stop "$ID"
like "start of a stopped process names it and what it was to do" "$(said soon start "$ID")" \
	"was to run the program and gave no answer.*process $pid \\(caisson-init\\): stopped"
is "and does not leave it to run later" "$(status_of "$ID")" stopped
ok "the container can be deleted" caisson delete "$ID"

reconfig '.hooks.createRuntime = [{ path: "/bin/sh", args: ["sh", "-c", "kill -STOP $(jq .pid)"], env: ["PATH=/usr/bin:/bin"] }]'
like "create with a process that stops half-way names it" "$(said soon create -b "$BUNDLE" "$ID")" \
	"was to build the container and gave no answer.*process [0-9]+ \\([^)]*\\): stopped"
leftovers_after "and leaves nothing"
like "run too" "$(said soon run -b "$BUNDLE" "$ID")" "was to build the container and gave no answer.*: stopped"
leftovers_after "and leaves nothing"

reconfig 'del(.hooks)'
caisson create -b "$BUNDLE" "$ID" > /dev/null 2>&1 < /dev/null
stop "$ID"
ok "a stopped process can be killed" caisson kill "$ID" KILL
wait_for 5 has_status "$ID" stopped
caisson delete "$ID"
caisson create -b "$BUNDLE" "$ID" > /dev/null 2>&1 < /dev/null
stop "$ID"
ok "and delete --force does not wait for it" caisson delete --force "$ID"

# ---- a hook ----

reconfig '.hooks.prestart = [{ path: "/bin/sleep", args: ["sleep", "100"], timeout: 1 }]'
like "a hook that is late is named with what it does" "$(said caisson create -b "$BUNDLE" "$ID")" \
	"hooks.prestart\\[0\\] /bin/sleep .*timeout of 1 s, killed \\(process [0-9]+ \\(sleep\\): waiting"
leftovers_after "and is not left"
reconfig 'del(.hooks)'

# ---- a lock that is kept ----

caisson create -b "$BUNDLE" "$ID" > /dev/null 2>&1 < /dev/null
flock -F "$STATE/$ID/lock" sleep 60 &
keeper=$!
wait_for 5 sh -c "! flock -n '$STATE/$ID/lock' true"
like "a command that finds the lock taken names who has it" "$(said soon start "$ID")" \
	"has held the lock.*it is process $keeper \\(sleep\\): waiting"
is "state does not need it" "$(status_of "$ID")" created
ok "kill neither" caisson kill "$ID" KILL
kill "$keeper"
wait "$keeper" 2> /dev/null
wait_for 5 has_status "$ID" stopped
ok "then it can be deleted" caisson delete "$ID"

# ---- a gate that nobody opens ----

caisson create -b "$BUNDLE" "$ID" > /dev/null 2>&1 < /dev/null
stop "$ID"
full "$STATE/$ID/start.sock" SOCK_SEQPACKET
like "start at a gate that takes nobody says so" "$(said soon start "$ID")" "start gate: not open within.*process $pid \\(caisson-init\\): stopped"
is "and leaves the container as it was" "$(status_of "$ID")" created
not_full
kill -CONT "$pid"
ok "the next start succeeds" caisson start "$ID"
ok "and the container goes" caisson delete --force "$ID"

# ---- sockets of others ----

reconfig '.process.terminal = true'
full "$TMP/console.sock" SOCK_STREAM
like "a console socket that accepts nobody is given up" "$(said soon create -b "$BUNDLE" --console-socket "$TMP/console.sock" "$ID")" \
	"console-socket: connect to socket .*has accepted nobody"
leftovers_after "and nothing is left"
not_full
reconfig '.process.terminal = false | .linux.seccomp = { defaultAction: "SCMP_ACT_ALLOW", listenerPath: "'"$TMP"'/agent.sock",
	syscalls: [{ names: ["mkdir"], action: "SCMP_ACT_NOTIFY" }] }'
full "$TMP/agent.sock" SOCK_STREAM
like "a seccomp agent that accepts nobody too" "$(said soon run -b "$BUNDLE" "$ID")" "listenerPath: connect to socket .*has accepted nobody"
not_full

# ---- a pipe where a file should be ----

mv "$BUNDLE/config.json" "$BUNDLE/config.real"
mkfifo "$BUNDLE/config.json"
fails "a config.json that is a pipe is refused" "config.json: is not a regular file" caisson create -b "$BUNDLE" "$ID"
leftovers_after
