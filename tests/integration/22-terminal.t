#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# caisson launch -t: a terminal between the caller and the container. script(1) is the caller's terminal.
# shellcheck disable=SC2016
. "$(dirname "$0")/lib.sh"
need script
plan 12

ROOT=$TMP/root
rootfs "$ROOT"

# on_terminal FLAGS-AND-COMMAND: runs launch on a terminal of 33 by 77 with our standard input typed into it; prints what the
# screen showed. The status is launch's.
on_terminal() {
	# shellcheck disable=SC2086
	script -qec "stty rows 33 cols 77; exec '$CAISSON' --root '$STATE' launch --userns host --user user --name $MARK-t $1 2> '$TMP/.err'" \
		/dev/null 2> /dev/null | tr -d '\r\000'
}
# Types each argument after a pause, and keeps the terminal open for a while.
typed() {
	for word; do
		sleep 0.5
		printf '%b' "$word"
	done
	sleep 0.7
}

is "the container has a terminal of its own" "$(typed | on_terminal "-it $ROOT sh -c 'test -t 0 && test -t 1 && tty'" | tail -n 1)" /dev/pts/0
is "it is the controlling one" "$(typed | on_terminal "-it $ROOT sh -c 'echo yes > /dev/tty'" | tail -n 1)" yes
is "its size is the caller's" "$(typed | on_terminal "-it $ROOT stty size" | tail -n 1)" "33 77"
is "without -i and -t the caller's is not handed in" "$(typed | on_terminal "$ROOT sh -c 'test -t 0 || echo none'" | tail -n 1)" none
like "what is typed arrives, and comes back once" "$(typed 'echo one\\\\two\n' 'exit\n' | on_terminal "-it $ROOT sh")" '^one.two$'
like "Ctrl-C interrupts the command inside, not launch" \
	"$(typed 'sleep 20\n' '\003' 'echo still $?\n' 'exit\n' | on_terminal "-it $ROOT sh")" "^still 130"
like "Ctrl-D ends the input" "$(typed 'a\n' '\004' | on_terminal "-it $ROOT sh -c 'cat; echo over'")" "^over"
status=0
typed | script -qec "'$CAISSON' --root '$STATE' launch --userns host --user user -it $ROOT sh -c 'exit 9'" /dev/null > /dev/null 2>&1 || status=$?
is "the status comes through" "$status" 9
is "the caller's terminal is as it was" "$(typed | script -qec "stty -g > '$TMP/before'
	'$CAISSON' --root '$STATE' launch --userns host --user user -it $ROOT true
	stty -g > '$TMP/after'" /dev/null > /dev/null 2>&1; cmp "$TMP/before" "$TMP/after" && echo same)" same
is "all that was written is shown" "$(typed | on_terminal "-it $ROOT sh -c 'seq 1 20000'" | grep -c '^[0-9]')" 20000
(
	typed 'while :; do stty size; sleep 0.2; done\n'
	sleep 1
	for p in /proc/[0-9]*; do
		# The caller's terminal changes its size.
		if { tr '\0' ' ' < "$p/cmdline"; } 2> /dev/null | grep -q "launch .*--name $MARK-t .*-it"; then
			stty -F "$p/fd/0" rows 11 cols 22 2> /dev/null
		fi
	done
	typed '\003' 'exit\n'
) | on_terminal "-it $ROOT sh" > "$TMP/sizes"
like "a new size is passed on" "$(cat "$TMP/sizes")" "^11 22"
leftovers_after
