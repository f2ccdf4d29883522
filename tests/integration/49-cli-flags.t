#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# tests/data/cli-flags.tsv against what caisson, runc and crun themselves say in --help: nothing that runc has is missing.
# shellcheck source=tests/integration/lib.sh
. "$(dirname "$0")/lib.sh"
need python3
TABLE=$(dirname "$0")/../data/cli-flags.tsv
plan 12
grep -v -e '^#' -e '^$' "$TABLE" | cut -f 1-3 > "$TMP/table"
known() { cut -f 1,2 "$TMP/table" | LC_ALL=C sort -u; }

# flags_of COMMAND: "COMMAND<tab>--flag" for each option that a help text on standard input lists.
flags_of() {
	sed -n 's/^ *\(-.*\)$/\1/p' | sed 's/   .*//; s/, /\n/g' | grep -oE -e '^--?[a-zA-Z][a-z0-9-]*' | sed "s/^/$1$(printf '\t')/" |
		grep -v -e "$(printf '\t')--help\$" -e "$(printf '\t')-h\$" -e "$(printf '\t')--usage\$" -e "$(printf '\t')-[?V]\$"
}
commands='create run start state kill delete exec list ps pause resume events update checkpoint restore spec features'
# each_help PROGRAM: the flags of all its commands.
each_help() {
	"$1" --help 2> /dev/null | sed -n '/^GLOBAL OPTIONS/,$p' | flags_of caisson
	for c in $commands; do "$1" "$c" --help 2> /dev/null | sed -n '/^OPTIONS/,$p' | flags_of "$c"; done
}

each_help "$CAISSON" | LC_ALL=C sort -u > "$TMP/ours"
is "every flag of --help is in the table" "$(known | LC_ALL=C comm -13 - "$TMP/ours")" ""
# In a directory of its own: --log=true makes a file.
wrong=$(cd "$TMP" || exit; while IFS=$(printf '\t') read -r command flag status; do
	[ "$command" = caisson ] && set -- || set -- "$command"
	case $flag in
	--help | -h | --version | -v) "$CAISSON" "$@" "$flag" > /dev/null 2>&1 || echo "$command $flag: not taken" ; continue ;;
	esac
	# A flag that is known is taken with a value before --help; "true" is one for both kinds.
	said=$("$CAISSON" "$@" "$flag=true" --help 2>&1) && rc=0 || rc=$?
	case $status:$command:$rc in
	refused:checkpoint:0 | refused:restore:0 | supported:*:0 | ignored:*:0) ;;
	refused:*:1) case $said in *"flag provided but not defined"*) ;; *) echo "$command $flag: $said" ;; esac ;;
	*) echo "$command $flag: $status, but the status is $rc" ;;
	esac
done < "$TMP/table")
is "every flag of the table is accepted, or refused where it says so" "$wrong" ""
fails "what crun alone has is refused by its name" "flag provided but not defined: -config" caisson create --config=x y

if command -v runc > /dev/null; then
	each_help runc | LC_ALL=C sort -u > "$TMP/runc"
	ok "runc says what it has" test "$(wc -l < "$TMP/runc")" -gt 60
	is "every flag of runc is in the table" "$(known | LC_ALL=C comm -13 - "$TMP/runc")" ""
	is "and none is refused, but those of checkpoint and restore" \
		"$(awk -F '\t' '$3 == "refused" && $1 != "checkpoint" && $1 != "restore" { print $1 "\t" $2 }' "$TMP/table" |
			LC_ALL=C sort | LC_ALL=C comm -12 - "$TMP/runc")" ""
	is "every command of runc is there" "$(runc --help | sed -n '/^COMMANDS/,/^GLOBAL/s/^   \([a-z]*\).*/\1/p' | while read -r c; do
		[ "$c" = help ] || "$CAISSON" "$c" --help > /dev/null 2>&1 || echo "$c"; done)" ""
else
	skip 4 "runc is not installed"
fi
if command -v crun > /dev/null; then
	{
		crun --help 2> /dev/null | sed -n '/^ *--cgroup-manager/,$p' | flags_of caisson
		for c in create run start state kill delete exec list ps pause resume update spec; do
			crun "$c" --help 2> /dev/null | grep -E '^ *-' | flags_of "$c"
		done
	} | LC_ALL=C sort -u > "$TMP/crun"
	is "every flag of crun is in the table" "$(known | LC_ALL=C comm -13 - "$TMP/crun")" ""
else
	skip "crun is not installed"
fi

# ---- flags that no other file tries ----

bundle '.process.args = ["/bin/sh", "-c", "ls -d /bin /home; ls /proc/1/root/boot 2>/dev/null; touch /x 2>/dev/null || echo ro"]'
is "--no-pivot enters the root without pivot_root" "$(caisson run --no-pivot -b "$BUNDLE" "$ID" 2>&1 < /dev/null | tr '\n' ' ')" "/bin /home ro "
is "run --no-subreaper is taken" "$(caisson run --no-subreaper -b "$BUNDLE" "$ID" 2>&1 < /dev/null | head -n 1)" /bin

reconfig '.process.args = ["/bin/sleep", "100"]'
caisson run -d -b "$BUNDLE" "$ID" > /dev/null 2>&1 < /dev/null
timeout 20 python3 - "$TMP/p.sock" "$TMP/p.link" << 'PY' &
import array, os, socket, sys
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
s.listen(1)
open(sys.argv[1] + ".ready", "w").close()
c, _ = s.accept()
_, control, _, _ = c.recvmsg(4096, socket.CMSG_SPACE(16))
fd = array.array("i", control[0][2])[0]
pid = [line.split()[1] for line in open(f"/proc/self/fdinfo/{fd}") if line.startswith("Pid:")][0]
open(sys.argv[2], "w").write(pid)
PY
listener=$!
wait_for 10 test -e "$TMP/p.sock.ready"
caisson exec --detach --pid-file "$TMP/p.pid" --pidfd-socket "$TMP/p.sock" "$ID" sleep 100 < /dev/null
wait $listener
is "exec --pidfd-socket gets the pidfd of the process" "$(cat "$TMP/p.link")" "$(cat "$TMP/p.pid")"
caisson delete --force "$ID"
leftovers_after
