#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What engines send and what they parse: containerd's shim, conmon, podman, CRI-O, dockerd; beside runc where that runs.
. "$(dirname "$0")/lib.sh"
plan 71

LOG=$TMP/log.json
# as containerd's shim calls it
shim() { caisson --log "$LOG" --log-format json "$@"; }
# one_error NAME TEXT CMD...: the command fails, with exactly one record, of level error, whose msg has TEXT, also on stderr.
one_error() {
	_what=$1 _words=$2
	shift 2
	rm -f "$LOG"
	if shim "$@" > "$TMP/out" 2> "$TMP/err" < /dev/null; then
		is "$_what" "it succeeded" "an error"
		return
	fi
	case $(jq -r .msg "$LOG") in *"$_words"*) _found=$_words ;; *) _found=$(cat "$LOG") ;; esac
	is "$_what" "$(jq -s -r 'length, .[].level' "$LOG" | tr '\n' ' ')$_found|$(cat "$TMP/err")" \
		"1 error $_words|$(jq -r .msg "$LOG")"
}

# ---- the log ----

bundle '.process.args = ["/bin/sleep", "300"]'
one_error "state of nothing" "container does not exist" state nope
one_error "delete of nothing" "container does not exist" delete nope
one_error "kill of nothing" "container does not exist" kill nope 9
one_error "create without a bundle" "open bundle" create --bundle "$TMP/none" x
one_error "a usage error" "flag provided but not defined: -x" create -x y
reconfig '.linux.cgroupsPath = "/a"'
one_error "systemd's cgroups" "slice:prefix:name" --systemd-cgroup create --bundle "$BUNDLE" x
reconfig 'del(.linux.cgroupsPath)'
echo '{' > "$TMP/kept"; cp "$BUNDLE/config.json" "$TMP/good.json"; cp "$TMP/kept" "$BUNDLE/config.json"
one_error "a broken document" "config.json" create --bundle "$BUNDLE" x
cp "$TMP/good.json" "$BUNDLE/config.json"
reconfig '.root.path = "no-such-root"'
one_error "an absent root" "no-such-root" create --bundle "$BUNDLE" x
unlike "is not an absent container" "$(cat "$LOG")" 'does not exist'
cp "$TMP/good.json" "$BUNDLE/config.json"
reconfig '.linux.namespaces += [{"type": "network", "path": "/no/ns"}] | .linux.namespaces |= map(select(.type != "network" or .path))'
one_error "an absent namespace" "/no/ns" create --bundle "$BUNDLE" x
cp "$TMP/good.json" "$BUNDLE/config.json"
reconfig '.process.args = ["nonexistent"]'
rm -f "$LOG"
# runc says so at create, we may at start: both are what engines translate.
if shim create --bundle "$BUNDLE" "$ID" > "$TMP/out" 2>&1; then
	one_error "an absent program" 'executable file not found in $PATH' start "$ID"
	shim delete --force "$ID"
else
	like "an absent program" "$(jq -r .msg "$LOG")" 'executable file not found in \$PATH'
fi
cp "$TMP/good.json" "$BUNDLE/config.json"
is "nothing of all that is left" "$(caisson list -q)" ""

# ---- containerd's shim ----

rm -f "$LOG"
shim create --bundle "$BUNDLE" --pid-file "$BUNDLE/init.pid" "$ID" > "$TMP/out" 2>&1 < /dev/null
is "create" "$?:$(cat "$TMP/out")" "0:"
like "the pid is a number and nothing else" "$(od -c "$BUNDLE/init.pid" | head -n 1)" '^0000000( +[0-9])+$'
ok "start" shim start "$ID"
jq .process "$BUNDLE/config.json" | jq '.args = ["/bin/sleep", "100"]' > "$TMP/process.json"
ok "exec --process --detach" shim exec --process "$TMP/process.json" --detach --pid-file "$BUNDLE/e.pid" "$ID"
is "its pid file" "$(tr -d 0-9 < "$BUNDLE/e.pid" | wc -c | tr -d ' ')" 0
is "ps is an int array, with standard error together" "$(shim ps --format json "$ID" 2>&1 | jq -c 'map(type) | unique')" '["number"]'
is "of two processes" "$(shim ps --format json "$ID" 2>&1 | jq length)" 2
is "state is one object, with standard error together" "$(shim state "$ID" 2>&1 | jq -s length)" 1
shim events --stats "$ID" > "$TMP/events" 2> "$TMP/err"
is "events --stats is one line" "$?:$(wc -l < "$TMP/events" | tr -d ' '):$(cat "$TMP/err")" "0:1:"
is "of type stats" "$(jq -r '"\(.type) \(.id)"' "$TMP/events")" "stats $ID"
like "with the pids" "$(jq -r .data.pids.current "$TMP/events")" '^[0-9]+$'
like "and the memory" "$(jq -r .data.memory.usage.usage "$TMP/events")" '^[0-9]+$'
like "and the CPU time" "$(jq -r .data.cpu.usage.total "$TMP/events")" '^[0-9]+$'
is "update --resources=-" "$(echo '{"memory":{"limit":67108864}}' | shim update --resources=- "$ID" 2>&1)" ""
is "takes effect" "$(shim events --stats "$ID" | jq .data.memory.usage.limit)" 67108864
is "update --resources - (CRI-O)" "$(echo '{"pids":{"limit":77}}' | shim update --resources - "$ID" 2>&1)" ""
is "takes effect, too" "$(shim events --stats "$ID" | jq .data.pids.limit)" 77
ok "update by options" shim update --memory 32m --pids-limit 55 "$ID"
is "takes effect as well" "$(shim events --stats "$ID" | jq -c '[.data.memory.usage.limit, .data.pids.limit]')" '[33554432,55]'
fails "update with a wrong number is refused" "--memory" caisson update --memory lots "$ID"
fails "update for Intel RDT is refused where there is none" "without linux.intelRdt" caisson update --l3-cache-schema L3:0=f "$ID"
ok "kill --all ID N" shim kill --all "$ID" 9
ok "the container ends" wait_for 5 has_status "$ID" stopped
one_error "kill after the end is not found" "container not running" kill "$ID" 9
ok "kill --all after the end succeeds" shim kill --all "$ID" 9
ok "delete" shim delete "$ID"
one_error "a second delete counts as done" "does not exist" delete "$ID"
ok "delete --force always" shim delete --force "$ID"
fails "restore with the shim's single dash" "not supported by this build" \
	caisson restore --image-path "$TMP" --work-path "$TMP" --detach --pid-file "$TMP/p" -no-subreaper --bundle "$BUNDLE" "$ID"

# ---- no pipe is kept, no process stays ----

mkfifo "$TMP/fifo"
cat "$TMP/fifo" > "$TMP/from-fifo" &
reader=$!
shim create --bundle "$BUNDLE" "$ID" > "$TMP/fifo" 2>&1 < /dev/null
shim start "$ID"
shim kill "$ID" KILL
ok "the caller's pipe ends with the container" wait_for 5 sh -c "! kill -0 $reader"
shim delete "$ID"
shim create --bundle "$BUNDLE" "$ID" > /dev/null 2>&1 < /dev/null
is "after create only the container's process is there" "$(_our_processes | wc -l | tr -d ' ')" \
	"$(shim ps -f json "$ID" | jq length)"
shim delete --force "$ID"

# ---- conmon, podman, CRI-O ----

ok "conmon's create" caisson --cgroup-manager disabled create --bundle "$BUNDLE" --pid-file "$TMP/c.pid" --no-new-keyring "$ID"
unlike "--cgroup-manager disabled makes no cgroup" "$(cat "/proc/$(cat "$TMP/c.pid")/cgroup")" "$ID"
is "delete without a cgroup" "$(caisson delete "$ID" 2>&1)" ""
is "CRI-O: features with standard error together is JSON" "$("$CAISSON" features 2>&1 | jq -r .ociVersionMin)" 1.0.0
is "podman: the checkpoint probe" "$(caisson checkpoint --help > /dev/null 2>&1; echo $?)" 0
like "podman: the restore probe" "$(caisson restore --lsm-mount-context 2>&1)" 'flag needs an argument'
caisson run -d -b "$BUNDLE" "$ID" > /dev/null 2>&1
like "CRI-O: kill ID KILL" "$(caisson kill "$ID" KILL; echo "$?")" '^0$'
wait_for 5 has_status "$ID" stopped
like "CRI-O: the words after the end, in this case" "$(caisson kill "$ID" TERM 2>&1)" 'container not running'
caisson delete "$ID"

# ---- beside runc ----

runc_works() { timeout 20 runc --root "$TMP/runc-state" run --bundle "$BUNDLE" "$MARK-probe" < /dev/null; }
cp "$TMP/good.json" "$BUNDLE/config.json"
reconfig '.process.args = ["/bin/true"]'
if ! command -v runc > /dev/null 2>&1; then
	skip 19 "runc is not installed"
elif ! runc_works > "$TMP/out" 2>&1; then
	skip 19 "runc does not run here: $(tail -n 1 "$TMP/out")"
else
	rt() {
		_rt=$1
		shift
		case $_rt in
		runc) timeout -k 5 30 runc --root "$TMP/runc-state" --log "$TMP/runc.log" --log-format json "$@" ;;
		*) caisson --log "$LOG" --log-format json "$@" ;;
		esac
	}
	statuses() {
		_of=$1
		{
			for _args in "state nope" "delete nope" "delete --force nope" "kill nope" "start nope" "exec nope true" \
				"state" "state a b" "create --nonsense x" "kill $ID NONSENSE" "delete $ID" "start $ID" "resume $ID" \
				"exec $ID true" "exec $ID false" "exec $ID /nonexistent" "exec $ID nonexistent" "exec $ID /etc/passwd" \
				"ps --format json $ID" "state $ID" "kill $ID 0" "list" "list -q" "features" "--version" "--help"; do
				# shellcheck disable=SC2086
				rt "$_of" $_args < /dev/null > /dev/null 2>&1
				echo "$_args: $?"
			done
		} | sed "s/$ID/ID/"
	}
	reconfig '.process.args = ["/bin/sleep", "300"]'
	for r in runc caisson; do
		rt $r create --bundle "$BUNDLE" --pid-file "$TMP/$r.pid" "$ID" > /dev/null 2>&1 < /dev/null
		rt $r state "$ID" > "$TMP/$r.created"
		rt $r start "$ID"
		rt $r state "$ID" > "$TMP/$r.running"
		rt $r list > "$TMP/$r.list"
		rt $r list --format json > "$TMP/$r.list.json"
		rt $r ps --format json "$ID" > "$TMP/$r.ps.json"
		rt $r ps "$ID" > "$TMP/$r.ps"
		rt $r events --stats "$ID" > "$TMP/$r.events"
		statuses $r > "$TMP/$r.statuses"
		rt $r pause "$ID" && rt $r state "$ID" | jq -r .status > "$TMP/$r.paused" && rt $r resume "$ID"
		rt $r kill "$ID" KILL
		wait_for 5 sh -c "! kill -0 $(cat "$TMP/$r.pid")"
		rt $r state "$ID" > "$TMP/$r.stopped"
		rt $r kill "$ID" KILL > "$TMP/$r.kill" 2>&1
		echo $? >> "$TMP/$r.kill"
		rt $r delete "$ID"
		rt $r delete "$ID" > "$TMP/$r.delete" 2>&1
		echo $? >> "$TMP/$r.delete"
	done
	shape='to_entries | map("\(.key):\(.value | type)") | join(" ")'
	same='.pid = 0 | .created = "" | .ociVersion = ""'
	is "state has runc's members in runc's order" "$(jq -r "$shape" "$TMP/caisson.running")" "$(jq -r "$shape" "$TMP/runc.running")"
	for s in created running stopped; do
		is "state: $s" "$(jq -c "$same" "$TMP/caisson.$s")" "$(jq -c "$same" "$TMP/runc.$s")"
	done
	is "state: paused" "$(cat "$TMP/caisson.paused")" "$(cat "$TMP/runc.paused")"
	is "state: pid of the stopped" "$(jq .pid "$TMP/caisson.stopped")" "$(jq .pid "$TMP/runc.stopped")"
	is "state: the same bytes at the end" "$(tail -c 1 "$TMP/caisson.created" | od -c)" "$(tail -c 1 "$TMP/runc.created" | od -c)"
	is "list has runc's header" "$(head -n 1 "$TMP/caisson.list" | tr -s ' ')" "$(head -n 1 "$TMP/runc.list" | tr -s ' ')"
	is "list has runc's columns" "$(sed -n 2p "$TMP/caisson.list" | awk '{ print NF, $1, $3, $4, $6 }')" \
		"$(sed -n 2p "$TMP/runc.list" | awk '{ print NF, $1, $3, $4, $6 }')"
	is "the id column is as wide" "$(sed -n 2p "$TMP/caisson.list" | sed 's/[0-9]* *running.*//' | wc -c)" \
		"$(sed -n 2p "$TMP/runc.list" | sed 's/[0-9]* *running.*//' | wc -c)"
	is "list --format json has runc's members" "$(jq -r ".[0] | $shape" "$TMP/caisson.list.json")" \
		"$(jq -r ".[0] | $shape" "$TMP/runc.list.json")"
	is "ps --format json has runc's shape" "$(sed 's/[0-9]\{1,\}/N/g' "$TMP/caisson.ps.json")" \
		"$(sed 's/[0-9]\{1,\}/N/g' "$TMP/runc.ps.json")"
	is "ps has runc's shape" "$(awk '{ print NF }' "$TMP/caisson.ps")" "$(awk '{ print NF }' "$TMP/runc.ps")"
	for k in cpu memory pids; do
		is "events: every key of runc's data.$k" \
			"$(jq -r --slurpfile c "$TMP/caisson.events" "[(.data.$k | keys[])] - (\$c[0].data.$k | keys) | join(\" \")" "$TMP/runc.events")" ""
	done
	is "exit statuses" "$(cat "$TMP/caisson.statuses")" "$(cat "$TMP/runc.statuses")"
	is "kill of the stopped: runc's status, its words within ours" \
		"$(tail -n 1 "$TMP/caisson.kill")$(grep -o 'container not running' "$TMP/caisson.kill")" \
		"$(tail -n 1 "$TMP/runc.kill")$(grep -o 'container not running' "$TMP/runc.kill")"
	is "delete of the deleted: runc's status, its words within ours" \
		"$(tail -n 1 "$TMP/caisson.delete")$(grep -o 'container does not exist' "$TMP/caisson.delete")" \
		"$(tail -n 1 "$TMP/runc.delete")$(grep -o 'container does not exist' "$TMP/runc.delete")"
fi
leftovers_after
