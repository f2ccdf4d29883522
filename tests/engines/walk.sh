# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
#
# A walk is a list of commands with what came of each, one a line; two walks, ours and runc's, are held side by side.
#
#   one KEY CMD...            prints "KEY: STATUS OUTPUT" on one line
#   status_only KEY CMD...    prints "KEY: STATUS"
#   until_is WORDS CMD...     what the command says last: when that is WORDS, or after 20 s
#   term SIZE STEP... -- CMD  the same as term.py, of which the caller puts a copy into $TMP
#   line FILE KEY             that line of a walk
#   same_words RUNTIME        a filter: the words that both must have
#   compare NAME OURS RUNC TABLE [CRUN]
#                             one test for each line of RUNC: ours is the same, or the same as crun's, or TABLE explains it; and
#                             one more: TABLE explains nothing that the walk does not have
#
# A line of TABLE is "KEY | EXTENDED REGULAR EXPRESSION | WHY": what ours has to say where the two differ.

one() {
	_key=$1
	shift
	_rc=0
	_out=$("$@" 2>&1 < /dev/null) || _rc=$?
	# A terminal may echo the end of input that script(1) sends.
	echo "$_key: $_rc $(echo "$_out" | tr -d '\r' | tr '\n\t' '  ' | sed 's/\^@//g; s/\^D//g; s/ *$//')"
}

status_only() {
	_key=$1
	shift
	_rc=0
	"$@" > /dev/null 2>&1 < /dev/null || _rc=$?
	echo "$_key: $_rc"
}

until_is() {
	_want=$1 _end=$(($(date +%s) + 20))
	shift
	until _said=$("$@" 2>&1) && [ "$_said" = "$_want" ]; do
		[ "$(date +%s)" -lt "$_end" ] || break
		sleep 0.05
	done
	echo "$_said"
}

term() { python3 "$TMP/term.py" "$@"; }

# What somebody at a terminal and the program there say to each other: the window's size, a line, another size, the interrupt.
# With the steps: 24x80 wait:sized 'type:words\n' size:30x100 wait:larger 'type:\x03'
# shellcheck disable=SC2034
typed='until [ "$(stty size 2> /dev/null)" = "24 80" ]; do sleep 0.05; done; echo sized; read w; echo "<$w>"
	until [ "$(stty size 2> /dev/null)" = "30 100" ]; do sleep 0.05; done; trap "echo broken; exit 5" INT; echo larger; while :; do sleep 0.05; done'

# Names of boxes and ids are their own; runc puts its name and a stage in front, ours says why in brackets behind; docker's client
# may say that it gave up waiting for what did not start, and podman passes a signal on to what has just ended.
same_words() {
	sed -E "s/-$1\\b//g; s/[0-9a-f]{64}/ID/g; s/ time=\"[^\"]*\" level=error msg=\"error waiting for container: context canceled\"//
		s/\\b$1: //g; s/runc create failed: unable to start container process: //; s/exec failed: unable to start container process: /exec failed: /
		s/error during container init: //; s/(exec: \"[^\"]*\": [^()]*) \([^()]*\)/\1/g; s/ (error: |time=\"[^\"]*\" level=error msg=\")container not running\"?$//"
}

line() { awk -v k="$2: " 'index($0, k) == 1 { print; exit }' "$1"; }

compare() {
	while IFS= read -r _line; do
		_key=${_line%%: *}
		_ours=$(line "$2" "$_key")
		_wanted=$(awk -F ' [|] ' -v k="$_key" '$1 == k { print $2; exit }' "$4")
		if [ "$_ours" = "$_line" ]; then
			_pass "$1, as with runc: $_key"
		elif [ -n "${5:-}" ] && [ "$_ours" = "$(line "$5" "$_key")" ]; then
			_pass "$1, as with crun: $_key"
			diag "runc: $_line"
		elif [ -n "$_wanted" ] && printf '%s\n' "${_ours#"$_key: "}" | grep -Eq -e "$_wanted"; then
			_pass "$1, $(awk -F ' [|] ' -v k="$_key" '$1 == k { print $3; exit }' "$4"): $_key"
			diag "ours: $_ours"
			diag "runc: $_line"
		else
			is "$1, as with runc: $_key" "$_ours" "$_line"
		fi
	done < "$3"
	is "$1: what is explained is there" "$(sed 's/ | .*//' "$4" | while IFS= read -r _key; do
		[ -n "$(line "$3" "$_key")" ] || echo "$_key"
	done)" ""
}
