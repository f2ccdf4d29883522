#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# 10-init.t: caisson-init as the ENTRYPOINT of an image: PID 1 of a namespace of its own, real signals, real orphans.
# shellcheck disable=SC2016,SC2034,SC2059,SC2258 # patterns and scripts stay in single quotes; wrong values are meant to be wrong
. "$(dirname "$0")/lib.sh"

here=$(cd "$(dirname "$0")" && pwd)
[ -x "$CAISSON_INIT" ] || bail "set CAISSON_INIT to the caisson-init under test"
need unshare "${CC:-cc}"
unshare --pid --fork --kill-child --mount-proc true 2> /dev/null || skip_all "no pid namespaces here"

INIT=$TMP/caisson-init
cp "$CAISSON_INIT" "$INIT"
chmod 755 "$INIT"
ln -s caisson-init "$TMP/dumb-init"
ln -s caisson-init "$TMP/tini"
P=$TMP/payload
"${CC:-cc}" -std=c11 -D_GNU_SOURCE -O1 -o "$P" "$here/src/init_payload.c" || bail "init_payload.c does not compile"

plan 101

# in_ns CMD...: as PID 1; status and output as usual.
in_ns() { timeout -k 2 30 unshare --pid --fork --kill-child --mount-proc "$@"; }

# start OUT CMD...: as PID 1 in the background; PID is it, seen from here. The output goes to OUT.
start() {
	_out=$1
	shift
	: > "$_out"
	timeout -k 2 60 unshare --pid --fork --kill-child --mount-proc "$@" > "$_out" 2>&1 < /dev/null &
	JOB=$!
	PID=
	_tries=100
	while [ -z "$PID" ] && [ "$_tries" -gt 0 ]; do
		_un=$(cat "/proc/$JOB/task/$JOB/children" 2> /dev/null)
		_un=${_un%% *}
		[ -z "$_un" ] || PID=$(tr -d ' ' < "/proc/$_un/task/$_un/children" 2> /dev/null)
		[ -n "$PID" ] || sleep 0.02
		_tries=$((_tries - 1))
	done
}
said() { grep -qx -e "$2" "$1"; }
# ended: the job's status in RC.
ended() {
	RC=0
	wait "$JOB" || RC=$?
}
status_of_ns() {
	RC=0
	OUT=$(in_ns "$@" 2>&1) || RC=$?
}

# ---- exit statuses ----

status_of_ns "$INIT" -- sh -c 'exit 7'
is "it exits as its child did" "$RC" 7
status_of_ns "$INIT" true
is "without -- too" "$RC" 0
status_of_ns "$INIT" sh -c 'kill -KILL $$'
is "a child that died of a signal gives 128 and its number" "$RC" 137
# shellcheck disable=SC2016
status_of_ns "$INIT" sh -c 'echo $$ $PPID; exec sh -c "exit 0"'
is "it is PID 1 and the child is not" "$OUT" "2 1"
RC=0; "$INIT" sh -c 'exit 5' || RC=$?
is "it also works when it is not PID 1" "$RC" 5
(trap '' CHLD; "$INIT" sh -c 'exit 6') ; RC=$?
is "an ignored SIGCHLD from the parent does not lose the status" "$RC" 6

# ---- what does not start ----

status_of_ns "$INIT" nosuchprogram
is "a name that is not in PATH gives 127" "$RC" 127
like "and says so" "$OUT" 'exec: "nosuchprogram": executable file not found in \$PATH'
status_of_ns "$INIT" /no/such/program
is "a path that is not there gives 127" "$RC" 127
like "and says which" "$OUT" 'stat /no/such/program: no such file or directory'
printf '#!/no/such/interpreter\n' > "$TMP/script"
chmod 755 "$TMP/script"
status_of_ns "$INIT" "$TMP/script"
is "a script whose interpreter is missing gives 127" "$RC" 127
like "and names the interpreter" "$OUT" '/no/such/interpreter: no such file or directory'
printf '#!/bin/sh\r\necho no\r\n' > "$TMP/crlf"
chmod 755 "$TMP/crlf"
status_of_ns "$INIT" "$TMP/crlf"
is "a script with CR LF gives 127" "$RC" 127
like "and the line end is named" "$OUT" 'interpreter /bin/sh: .*CR LF'
chmod 644 "$TMP/script"
status_of_ns "$INIT" "$TMP/script"
is "a program without its x bit gives 126" "$RC" 126
like "and says permission denied" "$OUT" 'permission denied'
status_of_ns "$INIT" "$TMP"
is "a directory gives 126" "$RC" 126
like "and says is a directory" "$OUT" 'is a directory'
printf 'echo no\n' > "$TMP/text"
chmod 755 "$TMP/text"
status_of_ns "$INIT" "$TMP/text"
is "a text without #! gives 126" "$RC" 126
like "and says what it is not" "$OUT" 'exec format error .*neither an ELF program nor a script'
: > "$TMP/empty"
chmod 755 "$TMP/empty"
status_of_ns "$INIT" "$TMP/empty"
like "an empty file is called so" "$RC $OUT" '^126 .*the file is empty'
# The machine in an ELF header changed to one that this is not.
cp "$P" "$TMP/alien"
printf '\026\000' | dd of="$TMP/alien" bs=1 seek=18 conv=notrunc 2> /dev/null
status_of_ns "$INIT" "$TMP/alien"
like "a program of another architecture is named with it" "$RC $OUT" '^126 .*built for s390x'
# The loader's name changed, in a program that has one.
if grep -q /lib64/ld-linux-x86-64.so.2 "$P"; then
	sed 's|/lib64/ld-linux-x86-64.so.2|/lib64/ld-minux-x86-64.so.2|' "$P" > "$TMP/unlinked"
	chmod 755 "$TMP/unlinked"
	status_of_ns "$INIT" "$TMP/unlinked"
	like "a missing loader is named" "$RC $OUT" '^127 .*its loader /lib64/ld-minux-x86-64.so.2: no such file or directory'
else
	skip "a missing loader is named" "not an x86_64 glibc program"
fi
status_of_ns "$INIT"
like "no command at all is refused" "$RC $OUT" '^1 .*no command given'
status_of_ns "$INIT" --nonsense true
like "an unknown option is refused by its name" "$RC $OUT" '^1 .*unknown option `--nonsense`'

# ---- signals ----

start "$TMP/log" "$INIT" -- "$P" log 1
wait_for 5 said "$TMP/log" ready
# CONT last: a stop signal takes a pending CONT away with it, and CONT takes those; that is the kernel's rule.
"$P" send "$PID" 1 17
"$P" send "$PID" 23 64
sleep 0.2
kill -CONT "$PID"
ended
wanted=$(seq 1 64 | grep -vxE "9|17|19|20|21|22" | tr "\n" " ")
is "every signal from 1 to 64 arrives" "$(grep -v ready "$TMP/log" | sort -nu | tr "\n" " ")" "$wanted"

start "$TMP/log" "$INIT" -c -- "$P" log 1
wait_for 5 said "$TMP/log" ready
for s in 20 21 22; do kill -$s "$PID"; done
sleep 0.2
kill -CONT "$PID"
ended
is "with --single-child TSTP, TTIN and TTOU too" "$(grep -v ready "$TMP/log" | tr '\n' ' ')" "20 21 22 18 "

start "$TMP/log" "$INIT" -- "$P" log 1
wait_for 5 said "$TMP/log" ready
"$P" burst "$PID" 40 500
ended
is "a burst of 500 real-time signals arrives whole" "$(grep -c '^40$' "$TMP/log")" 500

start "$TMP/log" "$INIT" --rewrite 15:3 --rewrite HUP:0 -r USR1:SIGRTMIN+2 -- "$P" log 1
wait_for 5 said "$TMP/log" ready
for s in TERM HUP USR1 USR2; do kill -$s "$PID"; done
ended
is "--rewrite changes and swallows" "$(grep -v ready "$TMP/log" | sort -n | tr '\n' ' ')" "3 12 36 "
for bad in 15 15: :15 99:1 1:99 TERM:NOPE x:y 0:3; do
	status_of_ns "$INIT" --rewrite "$bad" true
	like "--rewrite $bad is refused" "$RC $OUT" "^1 .*--rewrite takes SIGNAL:SIGNAL"
done

# A tree: the signal reaches grandchildren in the group, or only the child.
tree='trap "echo child" TERM; sh -c "trap \"echo grandchild; exit\" TERM; echo ready; while :; do sleep 0.1; done" & wait; wait'
start "$TMP/log" "$INIT" -- sh -c "$tree"
wait_for 5 said "$TMP/log" ready
kill -TERM "$PID"
ended
is "a sh -c tree gets the signal as a group" "$(grep child "$TMP/log" | sort | tr '\n' ' ')" "child grandchild "
start "$TMP/log" "$INIT" --single-child -- sh -c "$tree"
wait_for 5 said "$TMP/log" ready
kill -TERM "$PID"
wait_for 5 said "$TMP/log" child
sleep 0.3
is "with --single-child the child alone gets it" "$(grep -v ready "$TMP/log" | tr '\n' ' ')" "child "
kill -KILL "$PID"
ended

# Pending before the first instruction.
lost=0
for i in 1 2 3 4 5 6 7 8 9 10; do
	RC=0
	timeout 5 "$P" early 15 "$INIT" -- sleep 3 || RC=$?
	[ "$RC" -eq 143 ] || lost=$((lost + 1))
done
is "a signal during the start is not lost (10 tries)" "$lost" 0

# ---- a child that will not listen, or is stopped ----

start "$TMP/log" "$INIT" --timeout 0.5 -- "$P" deaf
wait_for 5 said "$TMP/log" ready
kill -TERM "$PID"
ended
is "--timeout kills a child that ignores TERM" "$RC" 137
like "and says so" "$(cat "$TMP/log")" 'still there: killing it'

start "$TMP/log" "$INIT" -- "$P" deaf
wait_for 5 said "$TMP/log" ready
kill -TERM "$PID"
sleep 0.3
ok "without it the child stays" kill -0 "$PID"
kill -KILL "$PID"
ended

start "$TMP/log" "$INIT" --timeout 0.5 -- sh -c 'echo ready; kill -STOP $$; echo on; exit 4'
wait_for 5 said "$TMP/log" ready
sleep 0.2
kill -CONT "$PID"
ended
is "a stopped child goes on with CONT" "$RC $(tail -n 1 "$TMP/log")" "4 on"
start "$TMP/log" "$INIT" --timeout 0.3 -- sh -c 'echo ready; kill -STOP $$; exit 4'
wait_for 5 said "$TMP/log" ready
sleep 0.1
kill -TERM "$PID"
ended
is "a stopped child is killed when its time is up" "$RC" 137
# SIGTSTP stops the child (as SIGSTOP: its group is an orphan).
start "$TMP/log" "$INIT" -- sh -c 'echo ready; sleep 0.4; echo on'
wait_for 5 said "$TMP/log" ready
kill -TSTP "$PID"
sleep 0.2
child=$(tr -d ' ' < "/proc/$PID/task/$PID/children")
like "SIGTSTP stops the child" "$(cat "/proc/$child/status")" '^State:[[:space:]]*T'
kill -CONT "$PID"
ended
is "and SIGCONT wakes it" "$(tail -n 1 "$TMP/log")" on

# ---- a terminal ----

cat > "$TMP/leads" <<'SH'
#!/bin/sh
read -r _ _ _ _ group session _ front _ < /proc/self/stat
[ "$group" = "$session" ] && echo session
[ "$group" = "$front" ] && echo front
exit 5
SH
chmod 755 "$TMP/leads"
if command -v script > /dev/null 2>&1; then
	RC=0
	OUT=$(timeout 10 script -qec "exec '$INIT' -v -- '$TMP/leads'" /dev/null < /dev/null | tr -d '\r') || RC=$?
	like "the child takes the terminal along into its session" "$(echo "$OUT" | tr '\n' ' ')" 'session front '
	unlike "and the hang-up that comes with letting go is not for it" "$OUT" 'SIGHUP|SIGCONT'
	OUT=$(timeout 10 script -qec "exec '$TMP/tini' -s -- '$TMP/leads'" /dev/null < /dev/null | tr -d '\r')
	is "as tini its group is in the foreground" "$(echo "$OUT" | tr '\n' ' ')" "front "
else
	skip 3 "script is not installed"
fi

# ---- orphans ----

start "$TMP/log" "$INIT" -- "$P" orphans 10000
wait_for 30 said "$TMP/log" 'made 10000'
sleep 0.3
is "10 000 orphans leave no zombie" "$(tr ' ' '\n' < "/proc/$PID/task/$PID/children" | grep -c .)" 1
kill -TERM "$PID"
ended
is "and the child's status is still the one that counts" "$RC" 0
status_of_ns "$INIT" -w sh -c 'sh -c "sleep 0.1 & exit 0"; sleep 0.4'
like "-w says when an orphan is reaped" "$OUT" 'reaped orphan [0-9]+'
status_of_ns "$INIT" sh -c 'sh -c "sleep 0.1 & exit 0"; sleep 0.4'
is "without it nothing is said" "$OUT" ""
OUT=$("$INIT" -s -w sh -c 'sh -c "sleep 0.1 & exit 0"; sleep 0.4' 2>&1)
like "-s reaps orphans without being PID 1" "$OUT" 'reaped orphan [0-9]+'

# ---- drain ----

rm -f "$TMP/daemon"
status_of_ns "$INIT" --drain 5 -- sh -c "'$P' daemon '$TMP/daemon'; sleep 0.3; exit 9"
is "--drain: the daemon gets TERM when the main child ends" "$(tr '\n' ' ' < "$TMP/daemon")" "up term "
is "and the status is the main child's" "$RC" 9
rm -f "$TMP/daemon"
status_of_ns "$INIT" -- sh -c "'$P' daemon '$TMP/daemon'; sleep 0.3; exit 9"
is "without --drain a daemon is not told" "$(tr '\n' ' ' < "$TMP/daemon")" "up "
began=$(date +%s)
status_of_ns "$INIT" --drain 1 -- sh -c "'$P' deaf & sleep 0.2; exit 8"
took=$(($(date +%s) - began))
is "--drain kills what ignores TERM" "$RC" 8
ok "after its seconds" test "$took" -ge 1 -a "$took" -le 4
began=$(date +%s)
status_of_ns "$INIT" --drain 20 -- sh -c "sh -c 'kill -STOP \$\$' & sleep 0.2; exit 8"
took=$(($(date +%s) - began))
ok "--drain wakes what is stopped" test "$RC" -eq 8 -a "$took" -le 4
status_of_ns "$INIT" --drain 20 -- sh -c 'exit 3'
is "--drain has nothing to wait for when nobody is left" "$RC" 3
RC=0
timeout 10 "$INIT" -s --drain 1 -- sh -c "sh -c '\"$P\" deaf > /dev/null & exit 0'; sleep 0.2; exit 8" || RC=$?
is "--drain works for a subreaper too" "$RC" 8
for bad in -1 x 1x '' 99999999 1.x; do
	status_of_ns "$INIT" --drain "$bad" true
	like "--drain '$bad' is refused" "$RC $OUT" '^1 .*--drain takes seconds'
done

# ---- by the names of others ----

start "$TMP/log" "$TMP/tini" -- sh -c "$tree"
wait_for 5 said "$TMP/log" ready
kill -TERM "$PID"
wait_for 5 said "$TMP/log" child
sleep 0.3
is "as tini the child alone gets the signal" "$(grep -v ready "$TMP/log" | tr '\n' ' ')" "child "
kill -KILL "$PID"
ended
start "$TMP/log" "$TMP/tini" -g -- sh -c "$tree"
wait_for 5 said "$TMP/log" ready
kill -TERM "$PID"
ended
is "as tini -g the whole group" "$(grep child "$TMP/log" | sort | tr '\n' ' ')" "child grandchild "
start "$TMP/log" env TINI_KILL_PROCESS_GROUP=1 "$TMP/tini" -- sh -c "$tree"
wait_for 5 said "$TMP/log" ready
kill -TERM "$PID"
ended
is "as with TINI_KILL_PROCESS_GROUP" "$(grep child "$TMP/log" | sort | tr '\n' ' ')" "child grandchild "
status_of_ns "$TMP/tini" -e 143 -e 5 -- sh -c 'kill -TERM $$'
is "tini -e makes a status fine" "$RC" 0
status_of_ns "$TMP/tini" -e 143 -- sh -c 'exit 5'
is "and no other" "$RC" 5
OUT=$("$TMP/tini" true 2>&1)
like "tini warns when orphans would go elsewhere" "$OUT" 'neither PID 1 nor a subreaper'
OUT=$(TINI_SUBREAPER='' "$TMP/tini" true 2>&1)
is "and not with TINI_SUBREAPER" "$OUT" ""
status_of_ns env TINI_VERBOSITY=2 "$TMP/tini" true
like "TINI_VERBOSITY makes it talk" "$OUT" 'process [0-9]+ ended with status 0'
OUT=$(sh -c "'$TMP/tini' -s -p TERM -- sleep 20 & sleep 0.3; kill -KILL \$\$" 2> /dev/null)
sleep 0.3
OUT=$(pgrep -f "^$TMP/tini -s -p TERM" || true)
is "tini -p: it ends with its parent" "$OUT" ""
status_of_ns "$TMP/tini" --version
like "tini --version" "$RC $OUT" '^0 tini version 0'
status_of_ns "$TMP/tini" -l
like "tini -l" "$RC $OUT" '^0 .*Apache License'
status_of_ns "$TMP/tini" -c true
like "tini has no -c" "$RC $OUT" '^1 .*unknown option `-c`'
status_of_ns "$TMP/dumb-init" -V
like "dumb-init -V" "$RC $OUT" '^0 dumb-init v1'
status_of_ns "$TMP/dumb-init" -v -c -r 15:0 true
like "dumb-init -v" "$RC $OUT" 'process [0-9]+ ended with status 0'
start "$TMP/log" env DUMB_INIT_SETSID=0 "$TMP/dumb-init" sh -c "$tree"
wait_for 5 said "$TMP/log" ready
kill -TERM "$PID"
wait_for 5 said "$TMP/log" child
sleep 0.3
is "DUMB_INIT_SETSID=0 is --single-child" "$(grep -v ready "$TMP/log" | tr '\n' ' ')" "child "
kill -KILL "$PID"
ended
status_of_ns "$INIT" --help
like "--help names every option" "$(echo "$OUT" | tr '\n' ' ')" 'single-child.*rewrite.*drain.*user.*seccomp.*read-only'

# ---- hardening from inside ----

status_of_ns "$INIT" --user 1000:1001,5,6 -- sh -c 'grep -E "^(Uid|Gid|Groups|CapEff|CapPrm)" /proc/self/status | tr "\t" " "'
is "--user sets uid, gid and groups, and the capabilities go" "$(echo "$OUT" | tr -s ' ' | sed 's/ $//' | tr '\n' ';')" \
	"Uid: 1000 1000 1000 1000;Gid: 1001 1001 1001 1001;Groups: 5 6;CapPrm: 0000000000000000;CapEff: 0000000000000000;"
for bad in root 1000x -1 4294967295 4294967296 '' 1: 1:2, 1:2:3; do
	status_of_ns "$INIT" --user "$bad" true
	[ "$RC" -eq 1 ] && case $OUT in *'--user takes numbers'*) continue ;; esac
	break
done
is "--user refuses what is no number" "$bad $RC" "1:2:3 1"
status_of_ns "$INIT" --caps none -- grep -E '^Cap(Eff|Prm|Bnd|Amb|Inh)' /proc/self/status
is "--caps none leaves nothing, root or not" "$(echo "$OUT" | cut -f2 | sort -u)" 0000000000000000
status_of_ns "$INIT" --caps CAP_NET_BIND_SERVICE,chown --user 33 -- grep -E '^Cap(Eff|Prm|Bnd|Amb)' /proc/self/status
is "--caps reach another user too" "$(echo "$OUT" | cut -f2 | sort -u)" 0000000000000401
status_of_ns "$INIT" --caps NOPE true
like "--caps refuses an unknown name" "$RC $OUT" '^1 .*--caps takes capability names'
status_of_ns "$INIT" --no-new-privs -- grep NoNewPrivs /proc/self/status
is "--no-new-privs" "$(echo "$OUT" | cut -f2)" 1
# mkdir and mkdirat fail with EPERM: load nr; jeq mkdirat; jeq mkdir; allow; errno 1.
case $(uname -m) in
x86_64) mkdirat='\002\001' mkdir='\123\000' ;;
*) mkdirat='\042\000' mkdir='\042\000' ;;
esac
{
	printf '\040\000\000\000\000\000\000\000'
	printf "\\025\\000\\002\\000${mkdirat}\\000\\000"
	printf "\\025\\000\\001\\000${mkdir}\\000\\000"
	printf '\006\000\000\000\000\000\377\177'
	printf '\006\000\000\000\001\000\005\000'
} > "$TMP/filter"
status_of_ns "$INIT" --seccomp "$TMP/filter" -- sh -c "grep -E '^(Seccomp|NoNew)' /proc/self/status | cut -f2 | head -n 2 | tr '\n' ' '; mkdir '$TMP/x' && echo made"
like "--seccomp: the filter holds for the child, with no_new_privs" "$OUT" '^1 2 '
unlike "and does what it says" "$OUT" '^made'
head -c 12 "$TMP/filter" > "$TMP/short"
status_of_ns "$INIT" --seccomp "$TMP/short" true
like "--seccomp refuses what is no filter" "$RC $OUT" '^1 .*not a compiled filter'
status_of_ns "$INIT" --seccomp @nosuch true
like "--seccomp @NAME: an unknown name is refused" "$RC $OUT" '^1 .*@nosuch'
for set in service container; do
	status_of_ns "$INIT" --seccomp @$set -- sh -c 'grep Seccomp: /proc/self/status; unshare -m true && echo unshared'
	case $OUT in
	*'no filter named'*) skip "--seccomp @$set" "built without the sets" ;;
	*) is "--seccomp @$set" "$(echo "$OUT" | tr '\t' ' ' | grep -E '^(Seccomp|unshared)')" "Seccomp: 2" ;;
	esac
done
status_of_ns "$INIT" --read-only -- echo ran
if findmnt -no OPTIONS / 2> /dev/null | grep -qE '^ro,|^ro$'; then
	is "--read-only runs on a read-only root" "$RC $OUT" "0 ran"
else
	like "--read-only refuses a writable root" "$RC $OUT" '^1 .*root file system is writable'
fi
mkdir "$TMP/ro"
cp "$INIT" "$TMP/ro/init"
cp /bin/busybox "$TMP/ro/busybox" 2> /dev/null
RC=0
OUT=$(timeout 10 unshare --mount sh -c "mount --bind -o ro '$TMP/ro' '$TMP/ro' && mount -o remount,bind,ro '$TMP/ro' && chroot '$TMP/ro' /init --read-only /busybox echo ran" 2>&1) || RC=$?
is "and runs on one that is not" "$RC $OUT" "0 ran"

# ---- size and memory ----

size=$(stat -c %s "$INIT")
start "$TMP/log" "$INIT" -- sleep 30
sleep 0.3
rss=$(sed -n 's/^VmRSS:[[:space:]]*\([0-9]*\).*/\1/p' "/proc/$PID/status")
kill -KILL "$PID"
ended
diag "caisson-init: $size bytes, $rss kB resident as a waiting PID 1"
if [ "$size" -gt 300000 ]; then
	skip "the program is under 100 kB" "built with glibc: $size bytes"
	skip "a waiting PID 1 keeps under 100 kB" "built with glibc: $rss kB"
else
	ok "the program is under 100 kB" test "$size" -lt 100000
	ok "a waiting PID 1 keeps under 100 kB" test "$rss" -lt 100
fi
