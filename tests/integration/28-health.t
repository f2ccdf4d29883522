#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# caisson health: which command asks, what it answers, and that it is an exec like any other: bounded in time and in what it prints, with
# the rights of the container's own process.
# shellcheck disable=SC2016 source=tests/integration/policy-place.sh
. "$(dirname "$0")/policy-place.sh"
. "$(dirname "$0")/lib.sh"
need python3 setpriv unshare
policy_place || skip_all "$NO_PLACE"
plan 60

ROOT=$TMP/root
rootfs "$ROOT"
profile svc-h '{ "schema": 1, "extends": "strict", "service": { "health": ["sh", "/tmp/check"] } }'
profile svc-deny '{ "schema": 1, "extends": "svc-h", "exec": { "allow": "deny" } }'
profile svc-missing '{ "schema": 1, "extends": "strict", "service": { "health": ["/bin/no-such-check"] } }'
config '{ "schema": 1, "report": { "path": "'"$ETC"'/report", "journal": false } }'
C=$MARK-c
# launch NAME PROFILE [OPTION...]: a container that says to /tmp/main what the kernel says of a program of its own.
rights='grep -E "^(Cap|NoNewPrivs|Seccomp|Uid|Gid|Groups)" /proc/self/status'
launch() {
	_name=$1 _profile=$2
	shift 2
	caisson launch -d --name "$_name" --userns host --user 1000:1000 --policy "$_profile" "$@" "$ROOT" sh -c "$rights > /tmp/main; exec sleep 1000" > /dev/null 2> "$TMP/launch.err" || diag "launch: $(cat "$TMP/launch.err")"
}
# check SCRIPT: what the next checks run.
check() { printf '%s\n' "$1" | caisson exec "$C" sh -c 'cat > /tmp/check'; }
# ask [OPTION...]: the answer in $out and $err, the exit status in $st.
ask() {
	st=0
	caisson health "$@" > "$TMP/ask.out" 2> "$TMP/ask.err" || st=$?
	out=$(cat "$TMP/ask.out") err=$(cat "$TMP/ask.err")
}
explained() { caisson explain launch --userns host --user 1000:1000 "$@" "$ROOT" true 2> /dev/null; }

# ---- the answers ----
launch "$C" svc-h
check 'echo all is well'
ask "$C"
is "healthy: one word, status 0, and no more" "$st $out$err" "0 healthy"
check 'echo "first line"; echo last words >&2; exit 7'
ask "$C"
is "unhealthy: status 1" "$st" 1
is "... and that of the check" "$out" "unhealthy: exit status 7"
is "... with what it printed, marked" "$err" "| first line
| last words"
check 'kill -KILL $$'
ask "$C"
is "a check that is killed is no healthy one" "$st $out" "1 unhealthy: exit status 137"
check 'echo; echo "a \"quoted\" word"; exit 3'
ask --json "$C"
is "as JSON: the same" "$st $(printf '%s' "$out" | jq -c '[.id, .status, .exitCode, .output, (.durationMs | type), keys_unsorted]')" \
	"1 [\"$C\",\"unhealthy\",3,\"\\na \\\"quoted\\\" word\\n\",\"number\",[\"id\",\"status\",\"exitCode\",\"durationMs\",\"output\"]]"
check 'echo fine; sleep 0.2'
ask --json "$C"
is "... also of a healthy one, with its output" "$st $(printf '%s' "$out" | jq -c '[.status, .exitCode, .output, .durationMs >= 200 and .durationMs < 10000]')$err" '0 ["healthy",0,"fine\n",true]'

# ---- the time ----
alone() { [ "$(caisson ps --format json "$C" | jq length)" = "$before" ]; }
before=$(caisson ps --format json "$C" | jq length)
check 'echo waiting; sleep 1000 & sleep 1000'
ask --timeout 1s "$C"
is "no answer in time: status 1" "$st" 1
is "... which is said" "$out" "unhealthy: no answer within 1 s"
is "... with what it printed until then" "$err" "| waiting"
ok "... and neither it nor what it started is left" wait_for 5 alone
ask --timeout 1 --json "$C"
is "as JSON there is no status then" "$(printf '%s' "$out" | jq -c '[.status, .exitCode, .durationMs >= 1000 and .durationMs < 9000]')" '["unhealthy",null,true]'
check 'trap "" TERM; sleep 1000 & wait; sleep 1000'
CAISSON_TEST_MARK=$MARK "$CAISSON" --root "$STATE" health "$C" > "$TMP/told.out" 2>&1 &
told=$!
ok "a check is under way" wait_for 5 eval '! alone'
kill -TERM "$told"
wait "$told"
is "told to end, it has not asked" "$?" 255
like "... says so" "$(cat "$TMP/told.out")" 'told to end before the check did'
ok "... and leaves nothing" wait_for 5 alone
check 'sleep 1000 & echo started'
ask --json "$C"
is "nobody waits for what it leaves in the background" "$(printf '%s' "$out" | jq -c '[.status, .output, .durationMs < 5000]')" '["healthy","started\n",true]'
caisson exec "$C" pkill -f 'sleep 1000$' > /dev/null 2>&1
caisson delete --force "$C"
launch "$C" svc-h
for t in 0 0s x 25h 90000 -1 '1 s' ''; do
	ask --timeout "$t" "$C"
	is "--timeout '$t' is refused" "$st $(printf '%s' "$err" | grep -c -e '--timeout .*: want seconds')" "255 1"
done

# ---- what it prints is hostile ----
check 'printf "\033[31mred\001\302\233 \377 \303\244\r\000end\nhealthy\n"; exit 1'
ask "$C"
is "what steers a terminal does not reach it" "$err" "| ?[31mred??? ? ä??end
| healthy"
ask --json "$C"
is "nor in JSON" "$(printf '%s' "$out" | jq -r .output)" "?[31mred??? ? ä??end
healthy"
check 'head -c 3000000 /dev/zero | tr "\0" x; printf "%s" the-end; exit 1'
ask --json "$C"
is "of megabytes the last 4 KiB are kept" "$(printf '%s' "$out" | jq -c '[.exitCode, (.output | length), .output[-7:]]')" '[1,4096,"the-end"]'
check 'exec yes'
ask --timeout 1s --json "$C"
is "output without an end ends with the time" "$(printf '%s' "$out" | jq -c '[.status, .exitCode, (.output | length)]')" '["unhealthy",null,4096]'
check 'exec > /dev/null 2>&1; exit 4'
ask "$C"
is "none at all is as good" "$st $out$err" "1 unhealthy: exit status 4"

# ---- its rights are those of exec ----
check "$rights"'; exit 1'
ask "$C"
is "user, capabilities, no_new_privs and filters are those of exec" "$err" "$(caisson exec "$C" sh -c "$rights" | sed 's/^/| /')"
is "... and of the container's own process" "$err" "$(caisson exec "$C" cat /tmp/main | sed 's/^/| /')"
like "... which are few" "$err" 'CapBnd:.0000000000000000'
check 'test -t 0 || test -t 1 || test -t 2 && exit 9; read x && exit 8; test $(ls /proc/self/fd | wc -l) -le 4 || exit 7; cat /proc/self/cgroup > /tmp/cgroup; exit 0'
out=$(echo input | caisson health "$C")
is "no terminal, no input, no other descriptor" "$out" healthy
is "in the container's cgroup" "$(caisson exec "$C" sh -c 'cmp /tmp/cgroup /proc/1/cgroup && echo same')" same
is "a record is left, as of any exec" "$(jq -c 'select(.decision == "exec") | [.id, .outcome, .process.program]' "$ETC/report" 2> /dev/null | tail -n 1 | grep -c "$C")" 1
profile svc-tty '{ "schema": 1, "extends": "hardened", "service": { "health": ["sh", "-c", "test -t 0 || test -t 1 && exit 3; exit 0"] } }'
bundle '.process.terminal = true | .process.user = { "uid": 1000, "gid": 1000 } | .process.args = ["/bin/sleep", "1000"]'
python3 -c 'import socket, sys, time
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
s.listen(1)
c, _ = s.accept()
held = c.recvmsg(4096, 64)
time.sleep(60)' "$TMP/tty.sock" &
holder=$!
wait_for 10 test -S "$TMP/tty.sock"
caisson --policy svc-tty run -d --console-socket "$TMP/tty.sock" -b "$BUNDLE" "$ID"
ask "$ID"
is "none either where the container's own process has one" "$st $out$err" "0 healthy"
caisson delete --force "$ID"
kill "$holder"
wait "$holder" 2> /dev/null

# ---- who says what is run ----
like "explain shows it, and who says so" "$(explained --policy svc-h)" '^health +- +sh /tmp/check +svc-h.json \$\.service\.health'
image() { printf '{ "config": { "Healthcheck": { "Test": %s } } }' "$1" > "$TMP/image.json"; }
image '["CMD", "/bin/echo", "from the image", ""]'
like "the image's HEALTHCHECK" "$(explained --image-config "$TMP/image.json")" '^health +/bin/echo from the image +/bin/echo from the image +image'
like "the profile's before it" "$(explained --policy svc-h --image-config "$TMP/image.json")" '^health +/bin/echo from the image +sh /tmp/check +svc-h.json'
image '["CMD-SHELL", "echo from $0; exit 5"]'
launch "$MARK-image" strict --image-config "$TMP/image.json"
ask "$MARK-image"
is "CMD-SHELL is a line of the shell" "$st $out $err" "1 unhealthy: exit status 5 | from /bin/sh"
caisson delete --force "$MARK-image"
image '["NONE"]'
launch "$MARK-none" strict --image-config "$TMP/image.json"
ask "$MARK-none"
is "without any it cannot be asked" "$st$out" 255
like "... and what to do is said" "$err" 'has no health command: give service.health in its profile, or HEALTHCHECK in the image'
caisson delete --force "$MARK-none"
image '["CMD", ""]'
fails "an empty program is refused" "config.Healthcheck.Test[1]: must not be empty" caisson launch --userns host --user 1000 --image-config "$TMP/image.json" "$ROOT" true
check 'exit 0'
profile svc-h '{ "schema": 1, "extends": "strict", "service": { "health": ["false"] } }'
ask "$C"
is "the plan holds, whatever became of the profile" "$st $out" "0 healthy"
bundle '.process.args = ["/bin/sleep", "1000"] | .process.user = { "uid": 1000, "gid": 1000 }'
caisson --policy svc-h create -b "$BUNDLE" "$ID" > /dev/null
ask "$ID"
is "before its start it cannot be asked" "$st $(printf '%s' "$err" | grep -c 'is not running: it is created')" "255 1"
caisson start "$ID"
ask "$ID"
is "a bundle's container has one by its profile too" "$st $out" "1 unhealthy: exit status 1"
caisson delete --force "$ID"

# ---- it cannot be asked ----
caisson pause "$C"
ask "$C"
is "of a paused one" "$st $(printf '%s' "$err" | grep -c 'is not running: it is paused')" "255 1"
caisson resume "$C"
caisson kill "$C" KILL
wait_for 5 has_status "$C" stopped
ask "$C"
is "of a stopped one" "$st $(printf '%s' "$err" | grep -c 'is not running: it is stopped')" "255 1"
ask nobody
is "of none" "$st $(printf '%s' "$err" | grep -c 'does not exist')" "255 1"
ask
is "without a name" "$st" 255
ask --jsn "$C"
is "with a misspelt option" "$st" 255
launch "$MARK-deny" svc-deny
ask "$MARK-deny"
is "where nobody may join" "$st $(printf '%s' "$err" | grep -c 'exec.allow')" "255 1"
launch "$MARK-missing" svc-missing
ask "$MARK-missing"
is "where its program is not there" "$st $(printf '%s' "$err" | grep -c '/bin/no-such-check')" "255 1"
for c in "$C" "$MARK-deny" "$MARK-missing"; do caisson delete --force "$c"; done

# ---- an ordinary user asks ----
user() { setpriv --reuid 1000 --regid 1000 --clear-groups env XDG_RUNTIME_DIR="$TMP/run" CAISSON_TEST_MARK="$MARK" timeout -k 5 30 "$TMP/caisson" "$@"; }
if setpriv --reuid 1000 --regid 1000 --clear-groups unshare -U true 2> /dev/null; then
	profile svc-late '{ "schema": 1, "extends": "baseline", "service": { "health": ["sh", "-c", "sleep 1001 & sleep 1001"] } }'
	cp "$CAISSON" "$TMP/caisson"
	mkdir -m 700 "$TMP/run"
	bundle
	rm "$BUNDLE/config.json"
	chown -R 1000:1000 "$TMP/run" "$BUNDLE"
	user spec --rootless --bundle "$BUNDLE"
	reconfig '.process.terminal = false | .process.args = ["/bin/sleep", "1000"]'
	user --policy svc-late run -d -b "$BUNDLE" "$ID" > /dev/null 2>&1 < /dev/null
	is "no answer in time" "$(user health --timeout 1s "$ID" 2>&1)" "unhealthy: no answer within 1 s"
	late() { ! user exec "$ID" ps 2> /dev/null | grep -q '[s]leep 1001'; }
	ok "... and nothing of it is left" wait_for 5 late
	user delete --force "$ID"
else
	skip 2 "ordinary users may not make user namespaces here"
fi

# ---- the field ----
says() { profile svc-bad "{ \"schema\": 1, \"service\": { \"health\": $1 } }"; caisson policy check "$ETC/profiles/svc-bad.json" 2>&1; }
like "a relative path is refused" "$(says '["./check"]')" '\$\.service\.health\[0\]: "./check" is neither an absolute path nor a name'
like "an empty list too" "$(says '[]')" '\$\.service\.health: must have 1 to 64 members: a program and its arguments'
is "the design's own example is taken" "$(says '["pg_isready", "-q", "-h", "/run/postgresql"]' | head -n 1)" "$ETC/profiles/svc-bad.json: good"
leftovers_after
