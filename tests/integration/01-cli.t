#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The command line itself: help, version, what is refused and in which words, where errors go.
. "$(dirname "$0")/lib.sh"
plan 81

stdout_of() { "$@" 2> /dev/null; }
stderr_of() { { "$@" > /dev/null; } 2>&1; }
status_from() {
	"$@" > /dev/null 2>&1
	echo $?
}

# ---- help and version ----

is "without a command the overview is shown" "$(status_from caisson)" 0
is "--help succeeds" "$(status_from caisson --help)" 0
like "the overview lists the commands" "$(stdout_of caisson --help)" '^ +create +'
unlike "hidden commands are not listed" "$(stdout_of caisson --help)" '^ +manual +'
is "an overview says nothing on standard error" "$(stderr_of caisson --help)" ""
for c in create run start state kill delete list exec ps pause resume spec features events update checkpoint restore; do
	is "$c --help succeeds" "$(status_from caisson "$c" --help)" 0
done
like "the help of a command shows its options" "$(stdout_of caisson create --help)" '--pid-file PATH'
unlike "hidden options are not shown" "$(stdout_of caisson kill --help)" '--all'
is "help COMMAND is the same as COMMAND --help" "$(stdout_of caisson help exec)" "$(stdout_of caisson exec --help)"

ln -s "$CAISSON" "$TMP/runc"
ln -s "$CAISSON" "$TMP/caisson-strict"
ln -s "$CAISSON" "$TMP/caisson-hardned"
like "--version names caisson in its first line" "$(stdout_of caisson --version | head -n 1)" '^caisson version [0-9]'
like "-v is the same" "$(stdout_of caisson -v | head -n 1)" '^caisson version [0-9]'
like "called as runc it names runc" "$("$TMP/runc" --version | head -n 1)" '^runc version [0-9]'
like "then comes the commit" "$("$TMP/runc" --version | sed -n 2p)" '^commit: .'
is "then the specification's version" "$("$TMP/runc" --version | sed -n 3p)" "spec: 1.3.0"
like "and libseccomp's" "$("$TMP/runc" --version)" '^libseccomp: 2\.'

# ---- wrong command lines ----

is "an unknown command ends with 1" "$(status_from caisson nonsense)" 1
like "and is named on standard error" "$(stderr_of caisson nonsense)" 'unknown command "nonsense"'
is "a wrong option ends with 1" "$(status_from caisson state --nonsense x)" 1
like "usage errors begin so on standard output" "$(stdout_of caisson state --nonsense x | head -n 1)" '^Incorrect Usage'
like "followed by the help" "$(stdout_of caisson state --nonsense x)" '^USAGE:'
like "and the reason is on standard error" "$(stderr_of caisson state --nonsense x)" 'flag provided but not defined: -nonsense'
like "a wrong global option too" "$(stderr_of caisson --nonsense state x)" 'flag provided but not defined: -nonsense'
fails "an option without its value is refused" "flag needs an argument: --pid-file" caisson create --pid-file
fails "restore is probed in this way" "flag needs an argument: --lsm-mount-context" caisson restore --lsm-mount-context
fails "no operand is refused" '"state" requires exactly 1 argument' caisson state
fails "too many operands are refused" '"start" requires exactly 1 argument' caisson start a b
fails "an operand where none is due is refused" '"features" requires exactly 0 arguments' caisson features x
fails "a slip in a command leads to the one that was meant" 'did you mean `start`?' caisson strat x
fails "in an option too" "(did you mean --bundle?)" caisson create --bundel x y
fails "in a global one too" "(did you mean --log-format?)" caisson --log-fromat json list
fails "a command that resembles none gets no suggestion" 'lists them' caisson inspect x
unlike "none at all" "$(cat "$TMP/.out")" 'did you mean'
fails "a word that is not one of few is told which they are" "(it is one of text, json)" caisson --log-format xml list
fails "an unknown log format is refused" "invalid log-format: yaml" caisson --log-format yaml state x
fails "an unknown word for --rootless is refused" "invalid rootless: maybe" caisson --rootless maybe list
fails "an unknown cgroup manager is refused" "invalid cgroup-manager: none" caisson --cgroup-manager none list
fails "the file system's root is no state root" '--root: "/"' "$CAISSON" --root / list
fails "nor is it by another spelling" '--root: "/../."' "$CAISSON" --root /../. list
fails "checkpoint says that it is missing" "not supported by this build" caisson checkpoint x
fails "a log file that cannot be opened is an error" "open log file" caisson --log "$TMP/no/where" list
fails "an unknown level is refused" 'there is no profile "paranoid"' caisson --policy paranoid create -b "$TMP" x
fails "a program name with a misspelt level is refused" 'there is no profile "hardned": did you mean hardened?' "$TMP/caisson-hardned" --root "$STATE" create x

# ---- an ordinary user ----

cp "$CAISSON" "$TMP/caisson"
nobody() { setpriv --reuid 65534 --regid 65534 --clear-groups env -u XDG_RUNTIME_DIR "$@"; }
if command -v setpriv > /dev/null 2>&1; then
	fails "without a place for the state it is said what to do" "XDG_RUNTIME_DIR" nobody "$TMP/caisson" list
	fails "empty counts as absent" "XDG_RUNTIME_DIR" nobody env XDG_RUNTIME_DIR= "$TMP/caisson" list
	fails "by every command" "--root DIR" nobody "$TMP/caisson" state x
	ok "what needs no state works" nobody "$TMP/caisson" features
	mkdir "$TMP/run"
	is "XDG_RUNTIME_DIR is the place" "$(nobody env XDG_RUNTIME_DIR="$TMP/run" "$TMP/caisson" list -f json)" null
	mkdir -m 700 "$STATE/foreign"
	chown 65534 "$STATE/foreign"
	fails "a container that somebody else put there is refused" "belongs to user 65534" caisson state foreign
	rmdir "$STATE/foreign"
else
	skip 6 "setpriv is not installed"
fi

# ---- what old and other callers send ----

is "--criu is accepted" "$(status_from caisson --criu /usr/sbin/criu list)" 0
is "--systemd-cgroup is accepted where no cgroup is made" "$(status_from caisson --systemd-cgroup list)" 0
is "--cgroup-manager is accepted" "$(status_from caisson --cgroup-manager=disabled list)" 0
is "--rootless=false is accepted" "$(status_from caisson --rootless=false list)" 0
is "--log-level is accepted" "$(status_from caisson --log-level debug list)" 0
is "a single dash before a long name is accepted" "$(status_from caisson -rootless false -log-format=json list)" 0

# ---- where errors go ----

caisson --log "$TMP/log.json" --log-format json state nope > "$TMP/out" 2> "$TMP/err"
is "an error leaves one record in the log" "$(wc -l < "$TMP/log.json" | tr -d ' ')" 1
is "at level error" "$(jq -r .level "$TMP/log.json")" error
like "with the message" "$(jq -r .msg "$TMP/log.json")" 'container does not exist'
like "and a time" "$(jq -r .time "$TMP/log.json")" '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}'
is "and the same bare text on standard error" "$(cat "$TMP/err")" "$(jq -r .msg "$TMP/log.json")"
caisson --log "$TMP/log.json" --log-format json state --nonsense x > /dev/null 2>&1
is "usage errors are logged as well, appended" "$(jq -r .level "$TMP/log.json" | tr '\n' ' ')" "error error "

# ---- texts made from the tables ----

caisson completion > "$TMP/completion"
caisson manual > "$TMP/manual"
if command -v bash > /dev/null 2>&1; then
	cat > "$TMP/complete.bash" << 'BASH'
. "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
_caisson
echo "${COMPREPLY[*]}"
BASH
	is "bash completes commands" "$(bash "$TMP/complete.bash" "$TMP/completion" caisson --root /x cre)" create
	is "and options" "$(bash "$TMP/complete.bash" "$TMP/completion" caisson exec --no)" --no-new-privs
else
	skip 2 "bash is not installed"
fi
is "the manual has every command" "$(grep -c '^\.SS ' "$TMP/manual")" "$(stdout_of caisson --help | sed -n '/^COMMANDS/,/^$/p' | grep -c '^ ')"
like "and its options" "$(cat "$TMP/manual")" '^.fB.-.-pid.-file.fR .fIPATH'
is "no line of it is an instruction by accident" "$(grep -cvE '^(\.(SH|SS|TP|PP)|[^.'"'"'])' "$TMP/manual")" 0
