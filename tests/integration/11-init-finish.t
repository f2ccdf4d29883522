#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# 11-init-finish.t: caisson-init as the last stage of a launch, driven by a program that plays the runtime.
# shellcheck disable=SC2016 # scripts and patterns stay in single quotes
. "$(dirname "$0")/lib.sh"

here=$(cd "$(dirname "$0")" && pwd)
[ -x "$CAISSON_INIT" ] || bail "set CAISSON_INIT to the caisson-init under test"
need "${CC:-cc}"
D=$TMP/driver
"${CC:-cc}" -std=c11 -D_GNU_SOURCE -O1 -I"$here/../../include" -o "$D" "$here/src/finish_driver.c" ||
	bail "finish_driver.c does not compile"
"${CC:-cc}" -std=c11 -D_GNU_SOURCE -O1 -o "$TMP/payload" "$here/src/init_payload.c" || bail "init_payload.c does not compile"

plan 87

# drive WORDS... -- ARGV...: everything that is said, in OUT. What the init or payload writes to stderr too.
drive() { OUT=$(TMPDIR=$TMP timeout -k 2 30 "$D" "$CAISSON_INIT" "$@" 2>&1 < /dev/null); }
field() { printf '%s\n' "$OUT" | sed -n "s/^$1:[[:space:]]*//p" | tr '\t' ' ' | sed 's/ *$//'; }
PATH_ENV=env=PATH=$PATH

# ---- who it is afterwards ----

drive uid=1000 gid=1001 groups=5,0,70000 umask=027 -- grep . /proc/self/status
is "uid, effective, saved and file system" "$(field Uid)" "1000 1000 1000 1000"
is "gid likewise" "$(field Gid)" "1001 1001 1001 1001"
is "the groups are exactly those" "$(field Groups)" "0 5 70000"
is "the umask" "$(field Umask)" 0027
is "no capability survives the change of user" "$(field CapEff)$(field CapPrm)" 00000000000000000000000000000000
is "no signal is blocked or ignored" "$(field SigBlk) $(field SigIgn)" "0000000000000000 0000000000000000"
drive groups= -- grep Groups /proc/self/status
is "an empty list of groups empties it" "$(field Groups)" ""
drive uid=1000 gid=1000 caps=421,1,401,401,401 -- grep . /proc/self/status
is "the bounding set" "$(field CapBnd)" 0000000000000421
is "ambient capabilities make permitted and effective ones" "$(field CapPrm) $(field CapEff)" "0000000000000401 0000000000000401"
is "inheritable and ambient" "$(field CapInh) $(field CapAmb)" "0000000000000401 0000000000000401"
drive caps=420,20,420,0,0 -- grep . /proc/self/status
is "root keeps its bounding set and no more" "$(field CapPrm) $(field CapEff) $(field CapInh)" \
	"0000000000000420 0000000000000420 0000000000000000"
drive nnp -- grep . /proc/self/status
is "no_new_privs" "$(field NoNewPrivs)" 1
drive -- grep . /proc/self/status
is "and not when it was not asked for" "$(field NoNewPrivs)" 0
drive caps=1ff,1ff,1ff,0,0 securebits=0x3 -- sh -c 'grep Cap /proc/self/status'
is "secure bits: with noroot root gains nothing at exec" "$(field CapPrm)" 0000000000000000
drive caps=1,1,1,0,1 -- true
like "an ambient capability that is not inheritable is refused" "$OUT" 'finish record: cap_ambient'

# ---- the identity check ----

drive non_root uid=1000 gid=1000 groups=5 -- echo ran
like "a user that is not root passes" "$OUT" '^ran$'
drive non_root -- echo ran
like "uid 0 is refused" "$OUT" '^error 255 1 check the identity: the user is uid 0'
drive non_root uid=5 -- echo ran
like "gid 0 is refused" "$OUT" '^error 255 1 check the identity: the group is gid 0'
drive non_root uid=5 gid=5 groups=7,0 -- echo ran
like "a supplementary group 0 is refused" "$OUT" '^error 255 1 check the identity: group 0'
unlike "and nothing has run" "$OUT" '^ran$'
drive caps=80000000001,1,1,0,0 -- echo ran
like "a capability that this kernel lacks is not passed over" "$OUT" '^error 255 1 check the identity: the bounding'

# ---- the rest of the record ----

drive rlimit=7:123:456 rlimit=4:0:0 -- sh -c 'grep -E "open files|core file" /proc/self/limits'
like "rlimits" "$(echo "$OUT" | tr -s ' ')" 'Max open files 123 456'
drive rlimit=7:10:99999999999 uid=0 caps=0,0,0,0,0 -- true
like "one that the kernel refuses is an error" "$OUT" '^error 255 1 apply limits: rlimit 7'
drive session -- sh -c 'echo "$(cut -d" " -f6 /proc/self/stat) $PPID $$" | { read -r s _ me; [ "$s" = "$me" ] && echo leads; }'
like "a new session" "$OUT" '^leads$'
drive pty -- sh -c 'tty; echo to-tty > /dev/tty; grep -q . /dev/null; ps -o tty= -p $$'
like "the terminal is the controlling one" "$OUT" '^to-tty'
drive nice=7 -- sh -c 'cut -d" " -f19 /proc/self/stat'
like "the scheduler's attributes" "$OUT" '^7$'
drive io_prio=$(((3 << 13) | 0)) -- ionice
like "the io priority" "$OUT" '^idle'
drive keyring=_ses.test -- sh -c 'grep -c "_ses.test" /proc/keys'
if [ -r /proc/keys ]; then
	unlike "a session keyring of its own" "$OUT" '^(error|0$)'
else
	skip "a session keyring of its own" "no /proc/keys"
fi
mkdir -m 700 "$TMP/private"
chown 1000 "$TMP/private"
drive uid=1000 gid=1000 cwd="$TMP/private" -- pwd
like "the working directory is entered as the user" "$OUT" "^$TMP/private\$"
drive uid=1001 gid=1001 cwd="$TMP/private" -- pwd
like "not as root" "$OUT" "^error 255 13 chdir to cwd \(\"$TMP/private\"\)"
drive cwd=/no/such/dir -- pwd
like "one that is not there is named, and not made" "$OUT" '^error 255 2 chdir to cwd \("/no/such/dir"\)'
drive -- ls /proc/self/fd
is "nothing is open but the standard three" "$(echo "$OUT" | grep -cE '^[0-9]+$')" 4
drive kept=2 -- ls /proc/self/fd
is "kept descriptors stay open" "$(echo "$OUT" | grep -E '^[0-9]+$' | tr '\n' ' ')" "0 1 2 3 4 5 "
drive apparmor=x hold='true' -- echo ran
if [ -e /sys/kernel/security/apparmor ] || [ -e /proc/self/attr/apparmor ]; then
	skip "a label that cannot be written is an error" "AppArmor is here"
else
	like "a label that cannot be written is an error" "$OUT" '^error 255 [0-9]+ label the exec: (open|write)'
fi
unlike "and nothing has run then" "$OUT" '^ran$'

# ---- finding the program ----

drive "$PATH_ENV" -- nosuchprogram
like "not in PATH" "$OUT" '^error 127 2 exec: "nosuchprogram": executable file not found in \$PATH \(.*/bin.*\)$'
like "is known before READY, and the status is 127" "$(echo "$OUT" | tr '\n' ' ')" '^error .*exit 127 $'
drive -- "$TMP/none"
like "not there" "$OUT" '^error 127 2 exec: "/.*/none": stat /.*/none: no such file or directory'
drive -- /etc/passwd
like "not executable" "$OUT" '^error 126 13 exec: "/etc/passwd": permission denied \(it has no x bit: chmod \+x\)$'
drive -- /etc
like "a directory" "$OUT" '^error 126 21 exec: "/etc": is a directory: permission denied$'
drive -- ''
like "an empty name" "$OUT" '^error 127 2 exec: "": executable file not found'
mkdir "$TMP/bin"
printf '#!/bin/sh\necho mine\n' > "$TMP/bin/mine"
chmod 755 "$TMP/bin/mine"
drive env=PATH=/nowhere env=PATH="$TMP/bin" -- mine
like "PATH is the record's, the last one" "$OUT" '^mine$'
chmod 700 "$TMP/bin/mine"
drive uid=1000 gid=1000 env=PATH="$TMP/bin" -- mine
like "and looked through as the user" "$OUT" '^error 126 13 exec: "mine": permission denied'
printf '#!/no/such/interpreter\n' > "$TMP/bin/script"
chmod 755 "$TMP/bin/script"
drive -- "$TMP/bin/script"
like "a missing interpreter is named" "$OUT" '^error 127 2 exec: ".*/script": its interpreter /no/such/interpreter: no such file'
drive env=A=1 env=B=two\ words -- env
like "the environment is the record's alone" "$(echo "$OUT" | grep -E '^[A-Z_]+=' | tr '\n' ';')" '^A=1;B=two words;$'

# ---- seccomp ----

drive nnp filter=mount -- sh -c 'grep -E "^Seccomp:" /proc/self/status; mount -t tmpfs x /mnt || echo refused'
like "late: with no_new_privs" "$OUT" '^refused'
is "the filter is on" "$(field Seccomp)" 2
all=$(sed -n 's/^CapBnd:[^0-9a-f]*//p' /proc/self/status)
drive caps="$all,$all,$all,0,0" filter=mount filter=umount2 -- sh -c 'grep -E "^(Seccomp|NoNew)" /proc/self/status'
is "early: without, while CAP_SYS_ADMIN is there" "$(field Seccomp) $(field NoNewPrivs) $(field Seccomp_filters)" "2 0 2"
# Everything but what may still be called afterwards: a filter of several, each killing one thing that init needs before.
kill=0x80000000
drive nnp gate uid=1000 gid=1000 caps=0,0,0,0,0 groups= hook=2:/bin/true \
	filter=capset:$kill filter=setresuid:$kill filter=setresgid:$kill filter=setgroups:$kill filter=chdir:$kill filter=accept:$kill filter=accept4:$kill -- echo ran
like "late is late: capset, setresuid, chdir, accept come before" "$OUT" '^ran$'
drive nnp filter=execve -- true
like "an exec that the filter refuses comes back as an error" "$OUT" '^error 126 1 exec: "true": operation not permitted'
drive nnp filter=execve filter=sendto:$kill -- true
unlike "(sendto must be allowed for that, or write)" "$OUT" '^ran$'
drive nnp filter=seccomp filter=mount -- sh -c 'grep Seccomp_filters /proc/self/status; mount -t tmpfs x /mnt || echo refused'
like "a filter that forbids seccomp(2) does not keep the next one off" "$OUT" '^refused'
is "both are on" "$(field Seccomp_filters)" 2
drive nnp filter=seccomp filter=prctl filter=mount -- echo ran
like "when nothing lets it on, that is an error" "$OUT" '^error 255 1 filter system calls: install a seccomp program'
drive nnp notify=mkdirat -- true
like "late: the listener is handed over after GO" "$(echo "$OUT" | tr '\n' ' ')" '^ready listener eof exit 0'
drive notify=mkdirat -- true
like "early: the listener comes before READY" "$(echo "$OUT" | tr '\n' ' ')" '^listener ready eof exit 0'
drive nnp gate notify=mkdirat -- true
like "at the gate: over the connection" "$(echo "$OUT" | tr '\n' ' ')" '^ready listener eof exit 0'

# ---- the gate ----

drive gate hold='sleep 0.2; tr "\0" " " < /proc/$PID/cmdline | grep -c caisson-init' -- echo ran
like "nothing runs before GO" "$(echo "$OUT" | tr '\n' ' ')" "^ready 1 (eof ran|ran eof) exit 0 "
drive gate bad_gate=X -- echo ran
like "a peer that does not say GO is passed over" "$OUT" '^ran$'
drive gate bad_gate= -- echo ran
like "one that says nothing too" "$OUT" '^ran$'
drive hang_up -- echo ran
unlike "without a runtime nothing runs" "$OUT" '^ran$'
drive gate no_keep -- echo ran
like "a runtime that ends before it said KEEP takes the process with it" "$OUT" '^exit 255$'
drive gate no_go hold='kill -TERM $PID' -- echo ran
like "a created container ends with TERM" "$OUT" '^exit 143$'
drive early_signal gate no_go -- echo ran
like "one that came before is not lost" "$OUT" '^exit 143$'
drive gate uid=1000 gid=1000 hold='for f in environ maps; do setpriv --reuid 1000 --regid 1000 --clear-groups cat /proc/$PID/$f > /dev/null 2>&1 && echo seen; done' -- true
unlike "nobody with its uid looks into it" "$OUT" '^seen$'

# ---- hooks ----

printf '#!/bin/sh\ntr "\\0" " " < /proc/self/environ\nexit 1\n' > "$TMP/say-env"
chmod 755 "$TMP/say-env"

drive gate hook=0:/bin/sh:sh:-c:'cat; exit 1' state='{"id":"x"}' -- echo ran
like "a startContainer hook reads the state, and what it prints is reported when it fails" "$OUT" 'exit status 1: \{"id":"x"\}'
drive gate hook=0:/bin/true -- echo ran
like "then the payload runs" "$OUT" 'ran$'
drive gate env=SECRET=1 "hook=0:$TMP/say-env:say-env:A=1" -- true
like "a hook has its own environment and no other" "$OUT" 'exit status 1: A=1$'
drive gate hook=0:/bin/true hook=0:/bin/sh:sh:-c:"exit 3" -- echo ran
like "one that fails is named, with its status" "$OUT" '^error 255 [0-9]+ hooks.startContainer\[1\] /bin/sh \(after [0-9]+ ms\): exit status 3$'
unlike "and the payload does not run" "$OUT" '^ran$'
drive gate hook=0:/no/hook -- echo ran
like "one that is not there fails too" "$OUT" '^error 255 [0-9]+ hooks.startContainer\[0\] /no/hook .*No such file or directory'
began=$(date +%s)
drive gate hook=1:/bin/sleep:sleep:20 -- echo ran
like "one that takes too long is killed" "$OUT" '^error 255 [0-9]+ hooks.startContainer\[0\] /bin/sleep .*: no end after 1 seconds'
ok "when its time is up" test $(($(date +%s) - began)) -le 4
drive gate uid=1000 gid=1000 hook=0:/bin/sh:sh:-c:'kill -KILL $$' -- echo ran
like "one that dies is named, with the signal" "$OUT" 'hooks.startContainer\[0\] /bin/sh .*killed by signal 9'

# ---- staying PID 1 ----

drive pid1 pidns gate uid=1000 gid=1000 nnp filter=mount caps=0,0,0,0,0 -- sh -c 'echo $$; exit 6'
like "it forks the payload, and exits as that does" "$(echo "$OUT" | tr '\n' ' ')" "^ready (eof 2|2 eof) exit 6 "
drive pid1 pidns gate -- "$TMP/bin/script"
like "an exec that fails comes back, as without" "$(echo "$OUT" | tr '\n' ' ')" '^ready error 127 2 exec: .*its interpreter.* exit 127 '
drive pid1 pidns uid=1000 gid=1000 nnp filter=mount -- sh -c 'sh -c "sleep 0.2 & exit 0"; kill -TERM 1; sleep 5'
like "a signal to PID 1 reaches the payload" "$OUT" '^exit 143$'
drive pid1 pidns nnp filter=mount caps=0,0,0,0,0 -- sh -c 'mount -t proc p /proc 2> /dev/null; grep -E "^(CapEff|NoNewPrivs)" /proc/1/status > /dev/null; cat /proc/1/environ > /dev/null 2>&1 && echo seen; exit 0'
like "with a late filter PID 1 cannot be looked into" "$OUT" '^exit 0$'
rm -f "$TMP/daemon"
drive pid1 pidns option=drain=5 -- sh -c "'$TMP/payload' daemon '$TMP/daemon'; sleep 0.3; exit 9"
is "its options hold: drain" "$(tr '\n' ' ' < "$TMP/daemon") $(echo "$OUT" | tail -n 1)" "up term  exit 9"
drive pid1 pidns option=nonsense=5 -- echo ran
like "an unknown option is refused" "$OUT" 'init option `nonsense=5`'
drive pid1 pidns pty -- sh -c 'read -r _ _ _ _ group session _ front _ < /proc/self/stat; [ "$group" = "$session" ] && [ "$front" = "$group" ] && echo leads'
like "with a terminal the payload leads its foreground" "$OUT" '^leads'

# ---- records that are not right ----

drive no_seal -- echo ran
like "an unsealed record is refused" "$OUT" 'not a sealed memfd'
drive truncate=200 -- echo ran
like "a short one" "$OUT" 'finish record: 200 bytes'
drive poke=1:1 -- echo ran
like "one with another magic" "$OUT" 'finish record: magic'
OUT=$("$CAISSON_INIT" "$(printf '\001finish')" x 2>&1) || :
like "no descriptor at all" "$OUT" 'is no descriptor'

# ---- memory ----

# small NAME KB
small() {
	if [ "$(stat -c %s "$CAISSON_INIT")" -gt 300000 ]; then
		skip "$1" "built with glibc: $2 kB"
	else
		diag "$1: $2 kB"
		ok "$1" test "${2:-999}" -lt 100
	fi
}
drive gate memfd uid=1000 gid=1000 nnp groups= caps=0,0,0,0,0 filter=mount env=A="$(seq 1 9000 | tr '\n' ' ')" \
	hold='sleep 0.1; sed -n "s/^VmRSS:[^0-9]*\([0-9]*\).*/rss \1/p" /proc/$PID/status' -- true
small "the process that waits for start keeps under 100 kB" "$(echo "$OUT" | sed -n 's/^rss //p')"
drive gate memfd pid1 nnp filter=mount env=A="$(seq 1 9000 | tr '\n' ' ')" -- \
	sh -c 'sleep 0.1; sed -n "s/^VmRSS:[^0-9]*\([0-9]*\).*/rss \1/p" /proc/$PPID/status'
small "and so does PID 1 in a launch" "$(echo "$OUT" | sed -n 's/^rss //p')"
