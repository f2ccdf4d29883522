#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Many at a time, many at rest, and the runtime killed wherever it happens to be: nothing hangs and nothing stays.
# STRESS is per cent of the numbers (100: 200 launches and 200 execs at a time, 1000 at rest, 500 kills).

# Mounts that other tests make are not for the comparison at the end, so this one has a mount namespace of its own.
if [ -z "${STRESS_INSIDE:-}" ] && [ "$(id -u)" -eq 0 ]; then
	STRESS_INSIDE=1 exec unshare --mount --propagation private sh "$0" "$@"
fi
. "$(dirname "$0")/../integration/lib.sh"
plan 16

many=$((2 * ${STRESS:-100})) rest=$((10 * ${STRESS:-100})) kills=$((5 * ${STRESS:-100}))
# In a file, and not in the environment, where our own helpers would carry the mark too.
marked="env CAISSON_TEST_MARK=$MARK"
runtime=$TMP/runtime
printf '#!/bin/sh\nexec %s timeout --foreground -k 5 40 %s --root %s "$@"\n' "$marked" "$CAISSON" "$STATE" > "$runtime"
chmod 755 "$runtime"
export runtime STATE MARK TMP CAISSON

mounts() { LC_ALL=C sort /proc/self/mountinfo; }
# cgroups: those of other tests are theirs.
cgroups() { find /sys/fs/cgroup -type d 2> /dev/null | grep -F "$MARK" | LC_ALL=C sort; }
states() { find "$STATE" -mindepth 1 ! -name '.*' | LC_ALL=C sort; }
zombies() { for _z in $(cat /proc/$$/task/$$/children); do sed -n 's/^State:[[:space:]]*Z.*/zombie/p' "/proc/$_z/status" 2> /dev/null; done; }
now_ms() { echo $(($(date +%s%N) / 1000000)); }

mounts > "$TMP/mounts.before"
cgroups > "$TMP/cgroups.before"

# ---- many launches at a time ----

bundle '.process.args = ["/bin/sleep", "300"]'
export BUNDLE
cat > "$TMP/launch" <<'SH'
id=$MARK-p$1
out=$TMP/launch.$1
$runtime create -b "$BUNDLE" "$id" > "$out" 2>&1 < /dev/null || { echo "$1 create: $(cat "$out")"; exit; }
$runtime start "$id" > "$out" 2>&1 || { echo "$1 start: $(cat "$out")"; exit; }
word=$($runtime state "$id" 2>&1 | jq -r .status)
[ "$word" = running ] || echo "$1 state: $word"
$runtime delete --force "$id" > "$out" 2>&1 || { echo "$1 delete: $(cat "$out")"; exit; }
$runtime state "$id" > /dev/null 2>&1 && echo "$1 is still there"
echo done >> "$TMP/launched"
SH
seq "$many" | xargs -n 1 -P "$many" sh "$TMP/launch" > "$TMP/launch.errors" 2>&1
is "$many create, start, state, delete at a time" "$(wc -l < "$TMP/launched" | tr -d ' ')" "$many"
is "and none complains" "$(head -n 5 "$TMP/launch.errors")" ""
is "no state is left of them" "$(states)" ""

# ---- many execs at a time ----

E=$MARK-e
ok "a container to exec into" caisson run -d -b "$BUNDLE" "$E" < /dev/null
cat > "$TMP/enter" <<'SH'
$runtime exec "$MARK-e" /bin/sh -c "echo number $1; exit $(($1 % 7))" > "$TMP/exec.$1" 2>&1 < /dev/null
rc=$?
[ $rc -eq $(($1 % 7)) ] && [ "$(cat "$TMP/exec.$1")" = "number $1" ] || echo "$1: status $rc: $(cat "$TMP/exec.$1")"
SH
is "$many execs at a time, each with its own output and status" \
	"$(seq "$many" | xargs -n 1 -P "$many" sh "$TMP/enter" 2>&1 | head -n 5)" ""
is "the container runs on, and holds nothing but its first process" "$(caisson ps -f json "$E" | jq length)" 1
ok "and goes" caisson delete --force "$E"

# ---- many at rest ----

reconfig '.process.args = ["/bin/sleep", "300"]'
ok "one container" caisson create -b "$BUNDLE" "$MARK-r0" < /dev/null
twenty_states() { _k=20; while [ $_k -gt 0 ]; do "$CAISSON" --root "$STATE" state "$MARK-r0" > /dev/null || return 1; _k=$((_k - 1)); done; }
twenty_states
t=$(now_ms); twenty_states; alone=$(($(now_ms) - t))
cat > "$TMP/rest" <<'SH'
$runtime create -b "$BUNDLE" "$MARK-r$1" > "$TMP/rest.$1" 2>&1 < /dev/null || echo "$1: $(cat "$TMP/rest.$1")"
SH
is "and $rest more" "$(seq "$rest" | xargs -n 1 -P 4 sh "$TMP/rest" 2>&1 | head -n 5)" ""
t=$(now_ms); listed=$(caisson list -q | grep -c "^$MARK-r"); listing=$(($(now_ms) - t))
is "list shows them all" "$listed" $((rest + 1))
t=$(now_ms); twenty_states; among=$(($(now_ms) - t))
diag "20 states: $alone ms beside none, $among ms beside $rest; one list: $listing ms"
ok "list takes less than 2 s, and state no longer than alone (thrice and 200 ms, for a busy machine)" \
	[ "$listing" -lt 2000 -a "$among" -lt $((3 * alone + 200)) ]
is "and all of them go" "$(caisson list -q | grep "^$MARK-r" | xargs -n 1 -P 4 $runtime delete --force 2>&1 | head -n 5)" ""

# ---- killed at any moment ----

# A moment, the same in each run: the tenth step of a launch comes after as many as the first.
moment() { awk -v k="$1" 'BEGIN { srand(k); printf "%.4f", rand() * 0.025 }'; }
stays() { # what of the container is still there
	_our_processes | grep -v "^$$ "
	cgroups
	awk -v t="$TMP/" 'index($5, t) == 1 { print $5 }' /proc/self/mountinfo
	states
}
clean() { [ -z "$(stays)" ]; }
ours() { CAISSON_TEST_MARK=$MARK exec "$CAISSON" --root "$STATE" "$@" > /dev/null 2>&1 < /dev/null; }
first_child() { read -r _child _ < "/proc/$1/task/$1/children" && echo "$_child"; } 2> /dev/null

# round ID KIND: one command, and SIGKILL for it or for the process that it has just made.
round() {
	case $2 in
	create | create-child) ours create -b "$BUNDLE" "$1" & ;;
	run) ours run -d -b "$BUNDLE" "$1" & ;;
	foreground | foreground-child) ours run -b "$BUNDLE" "$1" & ;;
	no-cgroup) ours --cgroup-manager disabled create -b "$BUNDLE" "$1" & ;;
	start)
		(ours create -b "$BUNDLE" "$1")
		ours start "$1" & ;;
	delete)
		(ours run -d -b "$BUNDLE" "$1")
		ours delete --force "$1" & ;;
	exec | exec-child)
		(ours run -d -b "$BUNDLE" "$1")
		ours exec "$1" /bin/sleep 300 & ;;
	esac
	victim=$!
	sleep "$(moment "$3")"
	case $2 in
	*-child) kill -KILL "$(first_child $victim)" 2> /dev/null || kill -KILL $victim 2> /dev/null ;;
	*) kill -KILL $victim 2> /dev/null ;;
	esac
	{ wait $victim; } 2> /dev/null
	timeout 20 "$CAISSON" --root "$STATE" list > "$TMP/.list" 2>&1 || echo "$1 ($2): list: $(cat "$TMP/.list")"
	if ! timeout 20 "$CAISSON" --root "$STATE" state "$1" > "$TMP/.state" 2>&1; then
		grep -q 'does not exist' "$TMP/.state" || echo "$1 ($2): state: $(cat "$TMP/.state")"
	fi
	timeout 20 "$CAISSON" --root "$STATE" delete --force "$1" > "$TMP/.delete" 2>&1 ||
		echo "$1 ($2): delete --force: status $?: $(cat "$TMP/.delete")"
	wait_for 5 clean || { echo "$1 ($2): stays: $(stays | head -n 5 | tr '\n' ' ')"; stays | awk '/^[0-9]+ / { print $1 }' | xargs -r kill -KILL; }
}

# worker NAME FIRST: every second round, in a place of its own, so that what stays of a round is known as its.
kinds="create run delete exec foreground no-cgroup start create-child foreground-child exec-child"
worker() {
	trap - EXIT
	MARK=$MARK-$1 TMP=$TMP/$MARK-$1
	mkdir -p "$TMP/state"
	STATE=$TMP/state
	cp -a "$BUNDLE" "$TMP/bundle"
	BUNDLE=$TMP/bundle
	k=$2
	while [ "$k" -le "$kills" ]; do
		set -- $kinds
		shift $((k / 2 % $#))
		round "$MARK-k$k" "$1" "$k"
		k=$((k + 2))
	done
}

t=$(now_ms)
(worker a 1) > "$TMP/kill.errors.a" 2>&1 &
one=$!
(worker b 2) > "$TMP/kill.errors.b" 2>&1 &
wait $one $!
is "$kills times killed in the middle: list and state answer, delete --force cleans" \
	"$(cat "$TMP/kill.errors.a" "$TMP/kill.errors.b" | head -n 10)" ""
diag "$kills kills: $(($(now_ms) - t)) ms"
rm -rf --one-file-system "$TMP/$MARK-a" "$TMP/$MARK-b"

# ---- as before ----

mounts > "$TMP/mounts.after"
is "the mount table is as before" "$(diff "$TMP/mounts.before" "$TMP/mounts.after")" ""
cgroups > "$TMP/cgroups.after"
is "the cgroup tree is as before, and no child of ours is a zombie" "$(diff "$TMP/cgroups.before" "$TMP/cgroups.after"; zombies)" ""
leftovers_after
