#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Debian's containerd (not its CRI: that is cri.t) with caisson in runc's place, beside the same walk with runc. The daemon is ours: its own root, state,
# socket and configuration below $TMP, stopped at the end.
. "$(dirname "$0")/../integration/lib.sh"
need containerd ctr containerd-shim-runc-v2 python3 runc script strace
/usr/bin/python3 -B -c 'import grpc' 2> /dev/null || skip_all "python3-grpcio is not installed"

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/engines/containerd.sh
. "$(dirname "$0")/containerd.sh"
image=localhost/busybox:test
labelled=localhost/labelled:test

containerd_config
containerd --config "$TMP/containerd.toml" > "$TMP/containerd.log" 2>&1 &
daemon=$!

stop_daemon() {
	[ -n "$daemon" ] || return 0
	for _id in $(c task ls -q 2> /dev/null); do c task kill -s KILL "$_id"; c task delete -f "$_id"; done > /dev/null 2>&1
	for _id in $(c container ls -q 2> /dev/null); do c container rm "$_id"; done > /dev/null 2>&1
	kill "$daemon" 2> /dev/null
	wait "$daemon" 2> /dev/null
	daemon=
}
trap 'stop_daemon; _cleanup' EXIT
wait_for 20 c version || { sed 's/^/# /' "$TMP/containerd.log" | tail -n 20; bail "containerd does not start"; }

mkdir "$TMP/shared"
echo "from the host" > "$TMP/shared/file"
rootfs "$TMP/image"
python3 "$here/mkimage.py" "$TMP/image.tar" "$image" "$TMP/image"
python3 "$here/mkimage.py" "$TMP/labelled.tar" "$labelled" "$TMP/image" --label security.capabilities=CHOWN
c image import $import_options "$TMP/image.tar" > "$TMP/import.log" 2>&1 || bail "image import: $(cat "$TMP/import.log")"
c image import $import_options "$TMP/labelled.tar" > "$TMP/import.log" 2>&1 || bail "image import: $(cat "$TMP/import.log")"

# run BINARY FLAGS... ID CMD...
r() {
	_binary=$1
	shift
	c run --snapshotter native --fifo-dir "$TMP/fifo" --runc-binary "$_binary" --runc-root "$TMP/runc-root" "$@"
}
x() { c task exec --fifo-dir "$TMP/fifo" "$@"; }
one() {
	_key=$1
	shift
	_rc=0
	_out=$("$@" 2>&1 < /dev/null) || _rc=$?
	echo "$_key: $_rc $(echo "$_out" | tr -d '\r' | tr '\n\t' '  ' | sed 's/ *$//')"
}
# cgroup_file ID NAME...: the first of these files that the container's cgroups have (v1 or v2).
cgroup_file() {
	_id=$1
	shift
	for _f; do
		_found=$(find /sys/fs/cgroup -path "*/$MARK/$_id/$_f" 2> /dev/null | head -n 1)
		[ -z "$_found" ] || { cat "$_found"; return; }
	done
	echo none
}
limits() {
	echo "$(cgroup_file "$1" memory.limit_in_bytes memory.max) $(cgroup_file "$1" cpu.shares cpu.weight)" \
		"$(cgroup_file "$1" cpu.cfs_quota_us cpu.max) $(cgroup_file "$1" pids.max)"
}
update() { /usr/bin/python3 -B "$here/ctr_update.py" "$address" "$MARK" "$@"; }
# end ID: as an engine ends what runs.
end() {
	c task kill -s KILL "$1"
	wait_for 10 task_is "$1" STOPPED
	c task delete "$1"
	c container rm "$1"
} > /dev/null 2>&1
status() { c task ls | awk -v id="$1" '$1 == id { print $3 }'; }
task_is() { [ "$(status "$1")" = "$2" ]; }

# walk BINARY PREFIX: what an engine does with a container, one "key: outcome" line each.
walk() {
	_b=$1 _p=$2
	_out=$(r "$_b" --rm "$image" "$_p-run" /bin/sh -c 'echo hello; exit 3' 2>&1)
	echo "run: $? $_out"
	_out=$(echo input | r "$_b" --rm "$image" "$_p-stdin" /bin/head -n 1 2>&1)
	echo "stdin: $? $_out"
	_out=$(r "$_b" --rm "$image" "$_p-self" /bin/sh -c 'id -u; grep -E "^(CapEff|CapBnd|NoNewPrivs)" /proc/self/status; hostname; cat /proc/1/comm; ls /dev' 2>&1)
	echo "inside: $? $(echo "$_out" | tr '\n\t' '  ')"
	_out=$(r "$_b" --rm --read-only "$image" "$_p-ro" /bin/sh -c 'echo x > /file' 2>&1)
	echo "read-only: $? $(echo "$_out" | grep -c 'Read-only file system')"
	_out=$(r "$_b" --rm "$image" "$_p-none" /no/such/program 2>&1)
	echo "absent program: $? $(echo "$_out" | grep -ci 'no such file')"
	_out=$(script -qec "exec ctr --address $address --namespace $MARK run --snapshotter native --fifo-dir $TMP/fifo --runc-binary $_b \
		--runc-root $TMP/runc-root --rm -t $image $_p-tty /bin/sh -c 'tty; exit 4'" /dev/null < /dev/null 2>&1)
	echo "terminal: $? $(echo "$_out" | tr -d '\r' | grep -o '/dev/pts/[0-9]*\|/dev/console')"

	r "$_b" -d --memory-limit 33554432 "$image" "$_p-long" /bin/sh -c 'trap "exit 7" TERM; while :; do sleep 0.1; done' > "$TMP/long.log" 2>&1
	echo "detached: $? $(status "$_p-long")"
	echo "memory limit: $(cgroup_file "$_p-long" memory.limit_in_bytes memory.max)"
	_out=$(x --exec-id e1 "$_p-long" /bin/sh -c 'echo in; exit 5' 2>&1)
	echo "exec: $? $_out"
	_out=$(script -qec "exec ctr --address $address --namespace $MARK task exec --fifo-dir $TMP/fifo -t --exec-id e2 $_p-long /bin/sh -c 'tty; exit 6'" /dev/null < /dev/null 2>&1)
	echo "exec with a terminal: $? $(echo "$_out" | tr -d '\r' | grep -o '/dev/pts/[0-9]*\|/dev/console')"
	_out=$(x --exec-id e3 "$_p-long" /no/such/program 2>&1)
	echo "exec of an absent program: $? $(echo "$_out" | grep -ci 'no such file')"
	x --exec-id e4 --user 1000:1000 "$_p-long" /bin/sh -c 'id -u; id -g' > "$TMP/exec.log" 2>&1
	echo "exec as a user: $? $(tr '\n' ' ' < "$TMP/exec.log")"
	echo "processes: $(c task ps "$_p-long" 2> /dev/null | grep -cE '^[0-9]')" | sed 's/ [1-9][0-9]*$/ some/'
	echo "metrics: $(c task metrics "$_p-long" 2> /dev/null | grep -cE 'memory|pids')" | sed 's/ [1-9][0-9]*$/ some/'
	c task pause "$_p-long" > /dev/null 2>&1
	echo "pause: $? $(status "$_p-long")"
	c task resume "$_p-long" > /dev/null 2>&1
	echo "resume: $? $(status "$_p-long")"
	c task kill -s SIGTERM "$_p-long" > /dev/null 2>&1
	echo "kill: $?"
	wait_for 10 task_is "$_p-long" STOPPED
	echo "delete gives the exit status: $(c task delete "$_p-long" 2>&1 | grep -oE 'exit code [0-9]+')"
	c container rm "$_p-long" > /dev/null 2>&1
	echo "container removed: $?"

	r "$_b" -d "$image" "$_p-kill" /bin/sleep 1000 > "$TMP/long.log" 2>&1
	c task kill -s SIGKILL "$_p-kill" > /dev/null 2>&1
	wait_for 10 task_is "$_p-kill" STOPPED
	echo "killed: $(c task delete "$_p-kill" 2>&1 | grep -oE 'exit code [0-9]+')"
	c container rm "$_p-kill" > /dev/null 2>&1

	asked_for
	updated
	shim_killed

	rm -f "$TMP"/par.*
	_i=0
	while [ "$((_i += 1))" -le 20 ]; do
		{
			r "$_b" --rm "$image" "$_p-par$_i" /bin/sh -c "sleep 0.2; echo $_i; exit $_i" > "$TMP/par.$_i" 2>&1
			echo "status $?" >> "$TMP/par.$_i"
		} &
		eval "_w$_i=\$!"
	done
	_i=0
	while [ "$((_i += 1))" -le 20 ]; do eval "wait \$_w$_i"; done
	echo "twenty at once: $(cat "$TMP"/par.* | sort | tr '\n' ' ')"
}

# asked_for: options of ctr run that reach the runtime.
asked_for() {
	_look="exec 2>&1; grep -E '^(Uid|CapEff|NoNewPrivs|Seccomp):' /proc/self/status"
	one "a filter" r "$_b" --rm --seccomp "$image" "$_p-f1" /bin/sh -c "$_look; unshare -U true"
	echo '{ "defaultAction": "SCMP_ACT_ALLOW", "syscalls": [ { "names": [ "mkdir", "mkdirat" ], "action": "SCMP_ACT_ERRNO" } ] }' > "$TMP/profile.json"
	one "a filter of one's own" r "$_b" --rm --seccomp --seccomp-profile "$TMP/profile.json" "$image" "$_p-f2" /bin/sh -c "$_look; mkdir /tmp/x"
	one "new privileges" r "$_b" --rm --allow-new-privs "$image" "$_p-f3" /bin/sh -c "$_look"
	one "a capability dropped, one added" r "$_b" --rm --cap-drop CAP_CHOWN --cap-add CAP_SYS_TIME "$image" "$_p-f4" /bin/sh -c "$_look"
	one "privileged" r "$_b" --rm --privileged "$image" "$_p-f5" /bin/sh -c "$_look; mount -t tmpfs t /tmp && echo mounted"
	one "a device" r "$_b" --rm --device /dev/full "$image" "$_p-f6" /bin/sh -c 'exec 2>&1; stat -c "%a %t %T" /dev/full; echo x > /dev/full'
	one "a device that nobody gave" r "$_b" --rm "$image" "$_p-f7" /bin/sh -c 'mknod /tmp/kmsg c 1 11 && head -c 1 /tmp/kmsg'
	one "another user's ids" r "$_b" --rm --uidmap 0:200000:65536 --gidmap 0:200000:65536 "$image" "$_p-f8" /bin/sh -c \
		'id -u; cat /proc/self/uid_map /proc/self/gid_map; stat -c %u /bin/busybox; touch /made && stat -c %u:%g /made; cat /proc/self/setgroups'
	one "a mount" r "$_b" --rm --mount "type=bind,src=$TMP/shared,dst=/data,options=rbind:ro" "$image" "$_p-f9" /bin/sh -c 'exec 2>&1; cat /data/file; echo x > /data/file'
	one "environment and directory" r "$_b" --rm --env A=b --cwd /tmp "$image" "$_p-f10" /bin/sh -c 'echo $A; pwd'
	one "the host's network" r "$_b" --rm --net-host "$image" "$_p-f11" /bin/sh -c "[ \$(readlink /proc/self/ns/net) = $(readlink /proc/self/ns/net) ] && echo same"
	one "a namespace to join" r "$_b" --rm --with-ns "network:/proc/$$/ns/net" "$image" "$_p-f12" /bin/sh -c "[ \$(readlink /proc/self/ns/net) = $(readlink /proc/self/ns/net) ] && echo same"
	one "a cgroup by name" r "$_b" --rm --cgroup "/$MARK/named-$_p" "$image" "$_p-f13" /bin/sh -c "exit \$(grep -c '^[0-9]*:pids:/\$' /proc/self/cgroup)"
	one "a root file system without a snapshot" r "$_b" --rm --rootfs "$TMP/image" "$_p-f14" /bin/sh -c 'echo mine'
	echo "a pid file: $(r "$_b" -d --pid-file "$TMP/pid" "$image" "$_p-f15" /bin/sleep 1000 2>&1; [ "$(cat "$TMP/pid")" = "$(c task ls | awk -v id="$_p-f15" '$1 == id { print $2 }')" ] && echo right)"
	x --exec-id hup -d "$_p-f15" /bin/sh -c 'trap "echo hup > /tmp/hup" HUP; while :; do sleep 0.1; done' > /dev/null 2>&1
	sleep 0.5
	one "a signal to an exec" c task kill -s HUP --exec-id hup "$_p-f15"
	one "it arrived" x --exec-id look "$_p-f15" /bin/sh -c 'n=0; until cat /tmp/hup 2> /dev/null || [ $((n += 1)) -gt 40 ]; do sleep 0.1; done'
	one "a signal to all" c task kill -a -s KILL "$_p-f15"
	wait_for 10 task_is "$_p-f15" STOPPED
	end "$_p-f15"
}

updated() {
	r "$_b" -d --memory-limit 67108864 --cpu-shares 512 "$image" "$_p-up" /bin/sleep 1000 > /dev/null 2>&1
	echo "limits: $(limits "$_p-up")"
	one "update" update "$_p-up" '{ "memory": { "limit": 50331648 }, "cpu": { "shares": 256, "quota": 30000, "period": 100000 }, "pids": { "limit": 77 } }'
	echo "limits after it: $(limits "$_p-up")"
	update "$_p-up" '{ "cpu": { "cpus": "4000" } }' > /dev/null 2>&1
	echo "an update that cannot be: $?"
	echo "and after that: $(status "$_p-up") $(limits "$_p-up")"
	echo "metrics after it: $(c task metrics --format json "$_p-up" | jq -r '.memory.usage.limit // .usage_limit')"
	end "$_p-up"
}

# A shim that is killed: containerd notices, and has the runtime clear away.
shim_killed() {
	r "$_b" -d "$image" "$_p-shim" /bin/sleep 1000 > /dev/null 2>&1
	_main=$(c task ls | awk -v id="$_p-shim" '$1 == id { print $2 }')
	kill -KILL "$(pgrep -f "containerd-shim.*-namespace $MARK -id $_p-shim ")"
	wait_for 10 without_task "$_p-shim"
	echo "the shim was killed: $? $(c task ls | grep -c "$_p-shim")"
	wait_for 10 gone "$_main"
	echo "its process: $?"
	one "its container can be removed" c container rm "$_p-shim"
}
without_task() { [ -z "$(status "$1")" ]; }
gone() { ! kill -0 "$1" 2> /dev/null; }

walk "$(command -v runc)" runc > "$TMP/runc.walk"
walk "$CAISSON" ours > "$TMP/ours.walk"
sed -e 's/ours-/NAME-/g' "$TMP/ours.walk" > "$TMP/ours.lines"
sed -e 's/runc-/NAME-/g' "$TMP/runc.walk" > "$TMP/runc.lines"

plan $(($(wc -l < "$TMP/runc.lines") + 13))
while IFS= read -r line; do
	key=${line%%:*}
	is "as with runc: $key" "$(grep "^$key:" "$TMP/ours.lines")" "$line"
done < "$TMP/runc.lines"
like "a program's output and exit status come back" "$(cat "$TMP/ours.walk")" '^run: 3 hello$'
like "a terminal is given" "$(cat "$TMP/ours.walk")" '^terminal: 4 /dev/(pts/[0-9]+|console)$'
like "SIGTERM reaches the payload" "$(cat "$TMP/ours.walk")" '^delete gives the exit status: exit code 7$'

caps='grep ^CapEff /proc/self/status'
is "an annotation security.capabilities narrows to what it names" \
	"$(r "$CAISSON" --rm --annotation security.capabilities=CHOWN "$image" label1 /bin/sh -c "$caps" 2>&1 | tr -d '[:space:]')" \
	"CapEff:0000000000000001"
is "an annotation cannot add what was not asked for" \
	"$(r "$CAISSON" --rm --annotation security.capabilities=CHOWN,SYS_ADMIN "$image" label2 /bin/sh -c "$caps" 2>&1 | tr -d '[:space:]')" \
	"CapEff:0000000000000001"
is "exec gets the narrowed set too" "$(
	r "$CAISSON" -d --annotation security.capabilities=CHOWN "$image" label3 /bin/sleep 1000 > /dev/null 2>&1
	x --exec-id e1 label3 /bin/sh -c "$caps" 2>&1 | tr -d '[:space:]'
	c task kill -s KILL label3 > /dev/null 2>&1
	wait_for 10 task_is label3 STOPPED
	c task delete label3 > /dev/null 2>&1
	c container rm label3 > /dev/null 2>&1
)" "CapEff:0000000000000001"

# ---- the runtime is killed in the middle ----

# The first call of $TMP/verb ends with SIGKILL at its system call number $TMP/at, where it has as many.
cat > "$TMP/dying" <<SH
#!/bin/sh
for word; do
	case \$word in create | start | exec | delete | kill | pause) break ;; esac
done
if [ "\$word" = "\$(cat "$TMP/verb")" ] && mkdir "$TMP/died" 2> /dev/null; then
	exec strace -qqq -o /dev/null -e trace=none -e inject=all:signal=KILL:when="\$(cat "$TMP/at")" "$CAISSON" "\$@"
fi
exec "$CAISSON" "\$@"
SH
chmod 755 "$TMP/dying"

# what_is_left ID: of a container that containerd no longer knows.
what_is_left() {
	find "$TMP/runc-root" -mindepth 2 -name "$1"
	find /sys/fs/cgroup -type d -path "*/$MARK/$1" 2> /dev/null
	pgrep -f "containerd-shim.* -id $1 "
	pgrep -f "sleep 86$1"
}
nothing_left() { [ -z "$(what_is_left "$1")" ]; }

# dies VERB AT...: a container's life with that verb killed at each of these system calls; "clean N" when nothing is left of N lives.
dies() {
	echo "$1" > "$TMP/verb"
	_verb=$1 _lives=0 _killed=0
	shift
	for _at; do
		_id=die$_verb$_at
		echo "$_at" > "$TMP/at"
		rm -rf "$TMP/died"
		r "$TMP/dying" -d "$image" "$_id" /bin/sleep "86$_id" > "$TMP/die.log" 2>&1
		_rc=$?
		if [ "$_verb" = exec ]; then x --exec-id e "$_id" /bin/sleep 0.1 > "$TMP/die.log" 2>&1 || _rc=$?; fi
		c task kill -s KILL "$_id" > "$TMP/die.log" 2>&1 || _rc=$?
		wait_for 3 task_is "$_id" STOPPED
		c task delete -f "$_id" > "$TMP/die.log" 2>&1 || _rc=$?
		c task delete -f "$_id" > "$TMP/die.log" 2>&1
		c container rm "$_id" > "$TMP/die.log" 2>&1
		[ $_rc -eq 0 ] || _killed=$((_killed + 1))
		if wait_for 5 nothing_left "$_id"; then
			_lives=$((_lives + 1))
		else
			echo "after $_verb was killed at $_at: $(what_is_left "$_id" | tr '\n' ' ')"
		fi
	done
	echo "clean $_lives, told $_killed"
}
like "create is killed at four points: each is told, nothing is left" "$(dies create 40 110 180 250)" '^clean 4, told [1-4]$'
like "start is killed" "$(dies start 20 60)" '^clean 2, told [12]$'
like "exec is killed" "$(dies exec 60 100)" '^clean 2, told [12]$'
like "kill is killed" "$(dies kill 20)" '^clean 1, told 1$'
like "delete is killed" "$(dies delete 50 80)" '^clean 2, told [12]$'

is "no state is left in the runtime's root" "$(find "$TMP/runc-root" -mindepth 2 ! -path '*/.@filters*' 2> /dev/null | head -n 3)" ""
stop_daemon
# The parent of the containers' cgroups carries the namespace's name; runtimes leave it to the engine.
find /sys/fs/cgroup -type d -name "$MARK" -exec rmdir {} \; 2> /dev/null
leftovers_after "no process, mount or cgroup is left behind"
