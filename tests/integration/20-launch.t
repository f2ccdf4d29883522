#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# caisson launch: each flag, each refusal, in a pipe and detached.
# shellcheck disable=SC2011,SC2016,SC2086
. "$(dirname "$0")/lib.sh"
plan 86

ROOT=$TMP/root
rootfs "$ROOT"
mkdir -p "$ROOT/data" "$ROOT/srv/app" "$TMP/vol"
chown 1000:1000 "$TMP/vol"

# launch FLAGS... ROOT CMD...; warnings do not belong to the container's output.
launch() { caisson launch --userns host "$@" 2> "$TMP/.err"; }
in_root() { launch --user user "$@"; }

# ---- strict, the default ----
is "a user of the image runs by name" "$(in_root "$ROOT" id)" "uid=1000(user) gid=1000(user) groups=50(staff)"
is "the command may follow two dashes" "$(in_root "$ROOT" -- echo a -b)" "a -b"
is "numbers need no entry" "$(launch --user 65532:65531 "$ROOT" id)" "uid=65532 gid=65531"
is "a number is a group of its own" "$(launch --user 65532 "$ROOT" id)" "uid=65532 gid=65532"
is "a named group leaves the memberships out" "$(launch --user user:daemon "$ROOT" id)" "uid=1000(user) gid=1(daemon)"
is "no capability is left" "$(in_root "$ROOT" sed -n 's/^Cap[^:]*:[[:space:]]*//p' /proc/self/status | sort -u)" 0000000000000000
is "no_new_privs is on" "$(in_root "$ROOT" sed -n 's/^NoNewPrivs:[[:space:]]*//p' /proc/self/status)" 1
is "a filter is installed" "$(in_root "$ROOT" sed -n 's/^Seccomp:[[:space:]]*//p' /proc/self/status)" 2
like "the root is read-only" "$(in_root "$ROOT" sh -c 'touch /x 2>&1')" "Read-only file system"
is "/tmp can be written to" "$(in_root "$ROOT" sh -c 'echo x > /tmp/x && cat /tmp/x')" x
is "there is loopback and nothing else" "$(in_root "$ROOT" ls /sys/class/net)" lo
is "a low port needs no capability" "$(in_root "$ROOT" cat /proc/sys/net/ipv4/ip_unprivileged_port_start)" 0
like "caisson-init is PID 1" "$(in_root "$ROOT" cat /proc/1/cmdline | tr '\0' ' ')" "caisson-init"
is "--no-init makes the command PID 1" "$(in_root --no-init "$ROOT" sh -c 'echo $$')" 1
is "signals are neither blocked nor ignored" \
	"$(in_root --no-init "$ROOT" sed -n 's/^Sig\(Blk\|Ign\):[[:space:]]*//p' /proc/self/status | sort -u)" 0000000000000000
fails "uid 0 is refused with the way out" "--user 65532:65532" caisson launch --userns host "$ROOT" id
fails "gid 0 is refused too" "gid 0" caisson launch --userns host --user 1000:0 "$ROOT" id
fails "an unknown user is named" 'no user "nobody2"' caisson launch --userns host --user nobody2 "$ROOT" id
fails "a uid that wraps is refused" "4294967294" caisson launch --userns host --user 4294967296 "$ROOT" id
like "--userns host is said aloud" "$(caisson launch --userns host --user user "$ROOT" true 2>&1)" "ids are the host's"

# ---- the levels ----
is "hardened lets root start" "$(launch --policy hardened "$ROOT" id -u)" 0
is "hardened with --read-write has a root to write to" \
	"$(launch --policy hardened --read-write "$ROOT" sh -c 'touch /written && echo yes')" yes
ok "... and what was written is there" test -e "$ROOT/written"
is "the level may stand before the command" "$(caisson --policy none launch "$ROOT" sed -n 's/^CapEff:[[:space:]]*//p' \
	/proc/self/status 2> /dev/null)" 00000000a80425fb
fails "strict refuses --read-write" "level strict keeps the root read-only" caisson launch --read-write --user user "$ROOT" true
fails "an unknown level is refused" '--policy: there is no profile "loose"' caisson launch --policy loose --user user "$ROOT" true

# ---- capabilities ----
is "what --cap-add names survives the exec of an ordinary user" \
	"$(in_root --cap-add NET_BIND_SERVICE "$ROOT" sed -n 's/^CapEff:[[:space:]]*//p' /proc/self/status)" 0000000000000400
is "so does what the label asks for" "$(in_root --label security.capabilities=chown,CAP_KILL "$ROOT" \
	sed -n 's/^CapEff:[[:space:]]*//p' /proc/self/status)" 0000000000000021
is "--cap-drop takes it away again" "$(in_root --label security.capabilities=chown,CAP_KILL --cap-drop kill "$ROOT" \
	sed -n 's/^CapEff:[[:space:]]*//p' /proc/self/status)" 0000000000000001
fails "beyond the ceiling the way out is named" "--policy baseline" \
	caisson launch --user user --cap-add SYS_ADMIN "$ROOT" true
fails "a label beyond the ceiling stops the launch" "NET_RAW" \
	caisson launch --user user --label security.capabilities=NET_RAW "$ROOT" true
is "... but not with the flags it names" "$(launch --user user --policy baseline --label security.capabilities=NET_RAW \
	--cap-add NET_RAW "$ROOT" sed -n 's/^CapEff:[[:space:]]*//p' /proc/self/status)" 0000000000002000
is "--policy none without new privileges off" "$(launch --policy none --security-opt no-new-privileges=false "$ROOT" \
	sed -n 's/^NoNewPrivs:[[:space:]]*//p' /proc/self/status)" 0

# ---- the process ----
is "-e sets a variable" "$(in_root -e A=b "$ROOT" sh -c 'echo $A')" b
is "-e without a value passes the caller's on" "$(FROM_OUTSIDE=yes in_root -e FROM_OUTSIDE "$ROOT" sh -c 'echo $FROM_OUTSIDE')" yes
printf '# comment\n\nX=1 2\nA=file\n' > "$TMP/env"
is "--env-file is read and -e wins" "$(in_root --env-file "$TMP/env" -e A=flag "$ROOT" sh -c 'echo "$X $A"')" "1 2 flag"
is "HOME comes from the image" "$(in_root "$ROOT" sh -c 'echo $HOME')" /home/user
is "nothing of the caller's environment gets in" "$(SECRET=x in_root "$ROOT" env | grep -c SECRET)" 0
is "-w sets the directory" "$(in_root -w /srv/app "$ROOT" pwd)" /srv/app
is "--hostname names the host" "$(in_root --hostname box "$ROOT" hostname)" box
is "--name is the host name by default" "$(in_root --name "$MARK-h" "$ROOT" hostname)" "$MARK-h"
is "--ulimit limits" "$(in_root --ulimit nofile=100:200 "$ROOT" sh -c 'ulimit -n; ulimit -Hn' | xargs)" "100 200"
is "the exit status is the command's" "$(in_root "$ROOT" sh -c 'exit 7'; echo $?)" 7
is "a signal is 128 and its number" "$(in_root "$ROOT" sh -c 'kill -KILL $$'; echo $?)" 137
is "a missing program is 127" "$(in_root "$ROOT" /bin/nosuch; echo $?)" 127
is "one that is not executable is 126" "$(in_root "$ROOT" /etc/passwd; echo $?)" 126
like "a quick death under a read-only root is explained" "$(in_root "$ROOT" sh -c 'echo > /x'; cat "$TMP/.err")" "--tmpfs PATH"

# ---- mounts ----
is "--tmpfs makes a place to write to" "$(in_root --tmpfs /data:size=1m "$ROOT" sh -c 'echo x > /data/x; grep " /data " /proc/mounts |
	cut -d" " -f3,4' | tr ',' '\n' | grep -cE 'tmpfs|nosuid|nodev|noexec|size=1024k')" 5
is "-v is a bind that can be written to" "$(in_root -v "$TMP/vol:/data" "$ROOT" sh -c 'echo in > /data/f; cat /data/f')" in
is "... on the host" "$(cat "$TMP/vol/f")" in
like "-v :ro cannot be written to" "$(in_root -v "$TMP/vol:/data:ro" "$ROOT" sh -c 'touch /data/g 2>&1')" "Read-only"
like "--mount is the long form" "$(in_root --mount "type=bind,src=$TMP/vol,dst=/data,readonly" "$ROOT" \
	sh -c 'cat /data/f; touch /data/g 2>&1' | xargs)" "^in .*Read-only"
fails "a source that is not there is not made" "No such file" caisson launch --user user -v "$TMP/none:/data" "$ROOT" true
fails "nothing may be mounted over /proc" "over /proc" caisson launch --user user -v "$TMP/vol:/proc" "$ROOT" true

# ---- limits, networks ----
like "--memory, --cpus and --pids-limit reach the document" "$(caisson launch --print-spec --user user --memory 64m --cpus 0.5 \
	--pids-limit 9 "$ROOT" true 2> /dev/null | jq -c .linux.resources)" '"limit":67108864.*"quota":50000.*"limit":9'
is "--pids-limit is felt" "$(in_root --pids-limit 5 "$ROOT" sh -c 'for i in 1 2 3 4 5 6 7 8; do sleep 1 & done; wait' > /dev/null 2>&1
	grep -c fork "$TMP/.err")" 1
is "--network host shows the host's devices" "$(in_root --network host "$ROOT" ls /sys/class/net | xargs)" \
	"$(ls /sys/class/net | xargs)"
if unshare -n true 2> /dev/null; then
	unshare -n sleep 30 &
	holder=$!
	wait_for 3 sh -c "[ \"\$(readlink /proc/$holder/ns/net)\" != \"\$(readlink /proc/self/ns/net)\" ]"
	is "--network ns:PATH joins it" "$(in_root --network "ns:/proc/$holder/ns/net" "$ROOT" readlink /proc/self/ns/net)" \
		"$(readlink /proc/$holder/ns/net)"
	kill $holder
else
	skip "--network ns:PATH joins it" "unshare is not allowed here"
fi
fails "a bridge is not there yet" "--network bridge" caisson launch --user user --network bridge "$ROOT" true

# ---- security options, image config ----
printf '%s' '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO","errnoRet":38}]}' \
	> "$TMP/seccomp.json"
like "seccomp=FILE is a filter of its own" "$(in_root --security-opt "seccomp=$TMP/seccomp.json" "$ROOT" mkdir /tmp/d 2>&1
	cat "$TMP/.err")" "not implemented"
fails "a broken profile is refused by name" "$TMP/env" caisson launch --user user --security-opt "seccomp=$TMP/env" "$ROOT" true
cat > "$TMP/image.json" <<'JSON'
[ { "Config": { "User": "user", "Env": [ "FROM=image", "PATH=/bin" ], "Entrypoint": [ "sh", "-c" ],
	"Cmd": [ "echo $FROM $(pwd) $(id -u) $0" ], "WorkingDir": "/srv", "StopSignal": "SIGUSR1",
	"Labels": { "security.capabilities": "CHOWN" }, "Volumes": { "/data": {} } } } ]
JSON
is "--image-config gives user, environment, command and directory" "$(launch --image-config "$TMP/image.json" "$ROOT")" \
	"image /srv 1000 sh"
is "a command replaces the image's, not its entry point" "$(launch --image-config "$TMP/image.json" "$ROOT" 'echo other')" other
is "--entrypoint replaces both" "$(launch --image-config "$TMP/image.json" --entrypoint echo "$ROOT" mine)" mine
is "the image's volume is a place of the user's own" "$(launch --image-config "$TMP/image.json" "$ROOT" 'touch /data/x && stat -c %u /data')" 1000
is "the label of the image asks" "$(launch --image-config "$TMP/image.json" "$ROOT" "sed -n 's/^CapEff:[[:space:]]*//p' /proc/self/status")" \
	0000000000000001

# ---- streams and signals ----
is "without -i there is no input" "$(echo hello | in_root "$ROOT" cat)" ""
is "with -i there is" "$(echo hello | in_root -i "$ROOT" cat)" hello
is "in a pipe all of it arrives" "$(head -c 300000 /dev/zero | in_root -i "$ROOT" wc -c)" 300000

# signalled SIGNAL FLAGS -- SCRIPT: sends it to launch once the script is ready; prints what it said, then the status.
signalled() {
	sig=$1
	shift
	rm -f "$TMP/sig"
	"$CAISSON" --root "$STATE" launch --userns host --user user --name "$MARK-sig" "$@" > "$TMP/sig" 2> /dev/null &
	pid=$!
	wait_for 5 grep -q ready "$TMP/sig" || echo "never ready"
	kill "-$sig" $pid
	rc=0
	wait $pid || rc=$?
	echo "$(grep -v ready "$TMP/sig" | xargs) $rc"
}
is "SIGTERM ends a command that does not care" "$(signalled TERM "$ROOT" sh -c 'echo ready; sleep 20')" " 143"
is "other signals are forwarded" "$(signalled USR1 "$ROOT" sh -c 'trap "echo usr1; exit 4" USR1; echo ready; while :; do sleep 0.1; done')" "usr1 4"
is "SIGTERM becomes the stop signal" "$(signalled TERM --stop-signal QUIT "$ROOT" sh -c 'trap "echo quit; exit 3" QUIT; echo ready
	while :; do sleep 0.1; done')" "quit 3"
is "who ignores it is killed in the end" "$(signalled TERM --stop-timeout 1 "$ROOT" sh -c 'trap "" TERM; echo ready
	while :; do sleep 0.1; done')" " 137"

# ---- what the command leaves ----
left='(trap "sleep 1; echo late; exit" TERM; echo up; : > /tmp/up; while :; do sleep 0.05; done) & while [ ! -e /tmp/up ]; do sleep 0.05; done; exit 7'
is "what the command leaves is killed" "$(launch --user user "$ROOT" sh -c "$left"; echo $?)" "up
7"
is "with --drain it has the time to end, and the status is the command's" "$(launch --drain 5 --user user "$ROOT" sh -c "$left"; echo $?)" "up
late
7"
fails "--drain takes seconds" "--drain soon: want seconds" caisson launch --drain soon "$ROOT" true
stays='trap "" TERM; while :; do sleep 0.05; done'
launch -d --stop-timeout 1 --user user --name "$MARK-t" "$ROOT" sh -c "$stays" > /dev/null
sleep 0.3
ok "-d --stop-timeout: a SIGTERM that is ignored" caisson kill "$MARK-t" TERM
ok "... ends it in time" wait_for 10 has_status "$MARK-t" stopped
caisson delete --force "$MARK-t"

# ---- detached ----
is "-d prints the name and holds no stream" "$(launch -d --user user --name "$MARK-d" "$ROOT" sleep 60)" "$MARK-d"
is "... and the container runs" "$(status_of "$MARK-d")" running
fails "its name is taken" "exists" caisson launch --userns host --user user --name "$MARK-d" "$ROOT" true
ok "... until it is deleted" caisson delete --force "$MARK-d"
launch -d --rm --user user --name "$MARK-r" "$ROOT" sleep 0.5 > /dev/null
ok "with --rm it goes by itself" wait_for 5 has_status "$MARK-r" gone
is "with --rm a launch that fails says so" "$(launch -d --rm --user user --name "$MARK-r" "$ROOT" /bin/nosuch; echo "$?$(grep -c nosuch "$TMP/.err")")" 1271

# ---- without doing it ----
like "--dry-run shows the decision" "$(caisson launch --dry-run "$ROOT" --user user true 2>&1; caisson launch --dry-run --user user "$ROOT" true 2> /dev/null)" \
	"^root +ro +ro nosuid nodev"
leftovers_after
