#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A container's life, command by command, with the states in between and the words that callers look for.
. "$(dirname "$0")/lib.sh"
plan 98

pid_of() { caisson state "$1" | jq -r .pid; }
alive() { [ -d "/proc/$1" ] && [ "$(sed -n 's/^State:[[:space:]]*\(.\).*/\1/p' "/proc/$1/status")" != Z ]; }
gone() { ! alive "$1"; }
status_from() {
	"$@" > "$TMP/out" 2> "$TMP/err"
	echo $?
}

# ---- create, start, kill, delete ----

bundle '.process.args = ["/bin/sh", "-c", "echo started; sleep 300"] | .annotations = {"org.example.note": "a \"b\""}'
caisson create --bundle "$BUNDLE" --pid-file "$TMP/pid" "$ID" > "$TMP/output" 2>&1 < /dev/null
is "create succeeds" "$?" 0
is "and says nothing" "$(cat "$TMP/output")" ""
is "the pid file has no newline" "$(wc -l < "$TMP/pid" | tr -d ' ')" 0
is "and the pid that state shows" "$(cat "$TMP/pid")" "$(pid_of "$ID")"
ok "which lives" alive "$(cat "$TMP/pid")"
is "nothing else is beside it" "$(find "$TMP" -maxdepth 1 -name '.*pid*')" ""
caisson state "$ID" > "$TMP/state.json" 2> "$TMP/err"
is "state says created" "$(jq -r .status "$TMP/state.json")" created
is "and nothing on standard error" "$(cat "$TMP/err")" ""
is "its members" "$(jq -r 'keys_unsorted | join(" ")' "$TMP/state.json")" \
	"ociVersion id pid status bundle rootfs created annotations owner"
is "the id" "$(jq -r .id "$TMP/state.json")" "$ID"
is "the bundle" "$(jq -r .bundle "$TMP/state.json")" "$BUNDLE"
is "the rootfs" "$(jq -r .rootfs "$TMP/state.json")" "$BUNDLE/rootfs"
is "the version of the document" "$(jq -r .ociVersion "$TMP/state.json")" 1.0.2
is "the annotations" "$(jq -r '.annotations["org.example.note"]' "$TMP/state.json")" 'a "b"'
like "the time" "$(jq -r .created "$TMP/state.json")" '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{1,9}Z$'
is "two-space indent" "$(sed -n 2p "$TMP/state.json" | cut -c1-3)" '  "'
is "no newline at the end" "$(tail -c 1 "$TMP/state.json")" "}"
fails "the same id again is refused" "container with given ID already exists" caisson create --bundle "$BUNDLE" "$ID"
is "and the first one is as it was" "$(status_of "$ID")" created
ok "start succeeds" caisson start "$ID"
ok "the program runs" wait_for 5 grep -q started "$TMP/output"
is "state says running" "$(status_of "$ID")" running
is "with the same pid" "$(pid_of "$ID")" "$(cat "$TMP/pid")"
fails "a second start is refused" "" caisson start "$ID"
isnt "but not as if it were gone" "$(caisson start "$ID" 2>&1 | grep -c 'does not exist')" 1
fails "delete of a running container is refused" "running" caisson delete "$ID"
is "and it runs on" "$(status_of "$ID")" running
ok "signal 0 arrives" caisson kill "$ID" 0
fails "an unknown signal is refused" 'unknown signal "NONSENSE"' caisson kill "$ID" NONSENSE
ok "kill by name" caisson kill "$ID" SIGKILL
ok "the program ends" wait_for 5 gone "$(cat "$TMP/pid")"
is "state says stopped" "$(status_of "$ID")" stopped
is "and pid 0" "$(pid_of "$ID")" 0
fails "kill of a stopped container is refused" "container not running" caisson kill "$ID" KILL
fails "by default too" "container not running" caisson kill "$ID"
is "with --all it succeeds" "$(status_from caisson kill --all "$ID" 9)" 0
fails "start of a stopped container is refused" "" caisson start "$ID"
ok "delete" caisson delete "$ID"
is "then it is gone" "$(status_of "$ID")" gone
leftovers_after "nothing is left after the round"

# ---- the words for what is not there ----

for c in state start kill delete pause resume ps events "exec" update; do
	case $c in exec) set -- exec nope true ;; events) set -- events --stats nope ;; *) set -- "$c" nope ;; esac
	fails "$c of an unknown container" "container does not exist" caisson "$@"
done
ok "delete --force of an unknown container succeeds" caisson delete --force nope
fails "a bad id is refused" "invalid container ID format" caisson state ../nope
fails "and by create before anything else" "invalid container ID format" caisson create -b "$TMP/none" 'a b'
fails "a bundle that is not there is named" "open bundle" caisson create -b "$TMP/none" x
unlike "but is no absent container" "$(caisson create -b "$TMP/none" x 2>&1)" 'does not exist'

# ---- delete in every state ----

bundle '.process.args = ["/bin/sleep", "300"]'
ok "create for delete" caisson create -b "$BUNDLE" "$ID"
pid=$(pid_of "$ID")
ok "delete of a created container" caisson delete "$ID"
ok "takes its process along" wait_for 5 gone "$pid"
ok "create and" caisson create -b "$BUNDLE" "$ID"
ok "start, for delete --force" caisson start "$ID"
pid=$(pid_of "$ID")
ok "delete --force of a running container" caisson delete --force "$ID"
ok "takes its process along, too" wait_for 5 gone "$pid"
mkdir -m 700 "$STATE/half-made"
fails "a half-made container does not exist yet" "container does not exist" caisson state half-made
unlike "and is not listed" "$(caisson list -q)" half-made
fails "delete removes it and says so" "container does not exist" caisson delete half-made
ok "it is removed" test ! -e "$STATE/half-made"

# ---- several at once ----

bundle '.process.args = ["/bin/sleep", "300"]'
# shellcheck disable=SC2034
for i in 1 2 3 4; do
	(caisson create -b "$BUNDLE" "$ID" > "$TMP/create.$i" 2>&1 < /dev/null; echo "status $?" >> "$TMP/create.$i") &
done
wait
is "of four creates of one id exactly one succeeds" "$(cat "$TMP"/create.? | grep -c '^status 0$')" 1
is "the others say that it exists" "$(cat "$TMP"/create.? | grep -c 'container with given ID already exists')" 3
is "and the one works" "$(caisson start "$ID" 2>&1; status_of "$ID")" running
for i in 1 2 3 4; do
	(caisson delete --force "$ID" > "$TMP/delete.$i" 2>&1 < /dev/null; echo "status $?" >> "$TMP/delete.$i") &
done
wait
is "four forced deletes at once all succeed" "$(cat "$TMP"/delete.? | sort | uniq -c | tr -s ' ')" " 4 status 0"
is "and it is gone" "$(status_of "$ID")" gone
# A create that comes late must not take another's directory for its own, and not take it away: that shows in some rounds of a hundred.
_left=
for _round in $(seq 60); do
	for i in 1 2 3 4 5 6; do
		caisson create -b "$BUNDLE" "$ID" > /dev/null 2>&1 < /dev/null &
		caisson delete --force "$ID" > /dev/null 2>&1 < /dev/null &
	done
	wait
	caisson delete --force "$ID"
	[ "$(status_of "$ID")" = gone ] || _left="$_left state:$_round"
	[ -z "$(_our_cgroups)" ] || _left="$_left cgroup:$_round"
done
is "create and delete crosswise end in nothing" "$_left" ""
leftovers_after "nothing is left after all that"

# ---- the signal arrives ----

bundle '.process.args = ["/bin/sh", "-c", "trap \"echo got usr1; exit 7\" USR1; echo ready; while :; do sleep 0.05; done"]'
caisson create -b "$BUNDLE" "$ID" > "$TMP/output" 2>&1 && caisson start "$ID"
ok "a shell is ready" wait_for 5 grep -q ready "$TMP/output"
ok "kill with a lower-case name" caisson kill "$ID" usr1
ok "reaches it" wait_for 5 grep -q 'got usr1' "$TMP/output"
ok "and it stops" wait_for 5 has_status "$ID" stopped
caisson delete "$ID"

# ---- pause, resume, list, ps ----

bundle '.process.args = ["/bin/sleep", "300"]'
caisson create -b "$BUNDLE" "$ID" && caisson start "$ID"
pid=$(pid_of "$ID")
is "ps --format json is an array on one line" "$(caisson ps --format json "$ID" 2>&1)" "[$pid]"
is "ps -f=json too" "$(caisson ps -f=json "$ID" 2>&1)" "[$pid]"
like "ps shows a header" "$(caisson ps "$ID" | head -n 1)" '(^| )PID( |$)'
is "and the one process" "$(caisson ps "$ID" | wc -l | tr -d ' ')" 2
like "options go to the host's ps" "$(caisson ps "$ID" -o pid,comm | tail -n 1)" "^ *$pid sleep"
fails "an unknown format is refused" "not table or json" caisson ps -f xml "$ID"
ok "pause" caisson pause "$ID"
is "state says paused" "$(status_of "$ID")" paused
fails "exec in a paused container is refused" "paused" caisson exec "$ID" true
ok "resume" caisson resume "$ID"
is "state says running again" "$(status_of "$ID")" running
fails "resume of what is not paused is refused" "container not paused" caisson resume "$ID"
like "list shows a table" "$(caisson list | head -n 1)" '^ID +PID +STATUS +BUNDLE +CREATED +OWNER$'
like "with the container" "$(caisson list)" "^$ID +$pid +running +$BUNDLE +[0-9TZ:.-]+ +root$"
is "list -q its id alone" "$(caisson list -q)" "$ID"
is "list as JSON" "$(caisson list --format json | jq -r '.[0] | "\(.id) \(.pid) \(.status) \(.owner)"')" "$ID $pid running root"
ok "delete --force" caisson delete -f "$ID"
is "an empty list is null" "$(caisson list -f json)" null
mkdir -p "$TMP/pids/.pid.tmp"
echo mine > "$TMP/pids/pid"
fails "a pid file that cannot be replaced ends create" "--pid-file" caisson create --pid-file "$TMP/pids/pid" -b "$BUNDLE" "$ID"
is "and what was there stays" "$(cat "$TMP/pids/pid")" mine
leftovers_after
