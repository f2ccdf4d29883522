#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Many at a time, many at rest, and the runtime killed wherever it happens to be: nothing hangs and nothing stays.
# STRESS scales the numbers (1: 60 launches, 60 execs, 100 at rest, 40 kills).

# Mounts that other tests make are not for the comparison at the end, so this one has a mount namespace of its own.
if [ -z "${STRESS_INSIDE:-}" ] && [ "$(id -u)" -eq 0 ]; then
	STRESS_INSIDE=1 exec unshare --mount --propagation private sh "$0" "$@"
fi
. "$(dirname "$0")/lib.sh"
plan 16

many=$((60 * ${STRESS:-1})) rest=$((100 * ${STRESS:-1})) kills=$((40 * ${STRESS:-1}))
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

# A moment in milliseconds, the same in each run: the tenth step of a launch comes after as many as the first.
moment() { awk -v k="$1" 'BEGIN { srand(k); printf "%.4f", rand() * 0.02 }'; }
stays() { # what of the container is still there
	_our_processes | grep -v "^$$ "
	cgroups
	awk -v t="$TMP/" 'index($5, t) == 1 { print $5 }' /proc/self/mountinfo
	states
}
clean() { [ -z "$(stays)" ]; }

: > "$TMP/kill.errors"
round=0
while [ $round -lt $kills ]; do
	round=$((round + 1))
	id=$MARK-k$round
	case $((round % 4)) in
	0) $marked "$CAISSON" --root "$STATE" create -b "$BUNDLE" "$id" > /dev/null 2>&1 < /dev/null & ;;
	1) $marked "$CAISSON" --root "$STATE" run -d -b "$BUNDLE" "$id" > /dev/null 2>&1 < /dev/null & ;;
	2) caisson run -d -b "$BUNDLE" "$id" > /dev/null 2>&1 < /dev/null
		$marked "$CAISSON" --root "$STATE" delete --force "$id" > /dev/null 2>&1 & ;;
	3) caisson run -d -b "$BUNDLE" "$id" > /dev/null 2>&1 < /dev/null
		$marked "$CAISSON" --root "$STATE" exec "$id" /bin/sleep 300 > /dev/null 2>&1 < /dev/null & ;;
	esac
	victim=$!
	sleep "$(moment $round)"
	kill -KILL $victim 2> /dev/null
	{ wait $victim; } 2> /dev/null
	timeout 10 "$CAISSON" --root "$STATE" list > "$TMP/.list" 2>&1 || echo "$round: list: $(cat "$TMP/.list")" >> "$TMP/kill.errors"
	if ! timeout 10 "$CAISSON" --root "$STATE" state "$id" > "$TMP/.state" 2>&1; then
		grep -q 'does not exist' "$TMP/.state" || echo "$round: state: $(cat "$TMP/.state")" >> "$TMP/kill.errors"
	fi
	timeout 20 "$CAISSON" --root "$STATE" delete --force "$id" > "$TMP/.delete" 2>&1 ||
		echo "$round: delete --force: status $?: $(cat "$TMP/.delete")" >> "$TMP/kill.errors"
	wait_for 3 clean || { echo "$round: stays: $(stays | head -n 5 | tr '\n' ' ')"; stays | awk '/^[0-9]+ / { print $1 }' | xargs -r kill -KILL; } >> "$TMP/kill.errors"
done
is "$kills times killed in the middle: list and state answer, delete --force cleans" "$(head -n 10 "$TMP/kill.errors")" ""

# ---- as before ----

mounts > "$TMP/mounts.after"
is "the mount table is as before" "$(diff "$TMP/mounts.before" "$TMP/mounts.after")" ""
cgroups > "$TMP/cgroups.after"
is "the cgroup tree is as before, and no child of ours is a zombie" "$(diff "$TMP/cgroups.before" "$TMP/cgroups.after"; zombies)" ""
leftovers_after
