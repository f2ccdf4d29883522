#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Debian's Docker with caisson as a runtime, beside the same walk with runc. The daemon runs in mount, pid and network
# namespaces of its own, with its own root, and is told to restart in the middle (live restore).
. "$(dirname "$0")/../integration/lib.sh"
need dockerd docker containerd python3 runc script unshare ip

here=$(cd "$(dirname "$0")" && pwd)
image=localhost/busybox:test
socket=$TMP/docker.sock
unset DOCKER_HOST DOCKER_CONTEXT
export DOCKER_CONFIG="$TMP/docker-config"

# The first process of the daemon's pid namespace: starts dockerd, and again when it is told to.
cat > "$TMP/supervise" <<'SH'
mount -t proc proc /proc
mount -t tmpfs tmpfs /run
ip link set lo up
while [ ! -e "$TMP/stop" ]; do
	rm -f "$TMP/docker.pid"
	dockerd --data-root "$TMP/docker" --exec-root "$TMP/docker-exec" --pidfile "$TMP/docker.pid" --host "unix://$socket" \
		--storage-driver vfs --iptables=false --ip6tables=false --live-restore --cgroup-parent "/$MARK" --exec-opt native.cgroupdriver=cgroupfs \
		--add-runtime caisson="$CAISSON" --default-runtime caisson >> "$TMP/dockerd.log" 2>&1 &
	daemon=$!
	while kill -0 "$daemon" 2> /dev/null && [ ! -e "$TMP/stop" ] && [ ! -e "$TMP/restart" ]; do sleep 0.1; done
	kill -TERM "$daemon" 2> /dev/null
	wait "$daemon"
	rm -f "$TMP/restart"
done
SH
export TMP socket MARK
unshare --mount --propagation private --pid --net --fork --kill-child "$CAISSON_INIT" -- sh "$TMP/supervise" > "$TMP/supervise.log" 2>&1 &
supervisor=$!

d() { timeout -k 5 90 docker --host "unix://$socket" "$@"; }
stop_daemon() {
	[ -n "$supervisor" ] || return 0
	d ps -aq 2> /dev/null | while read -r _id; do d rm -f "$_id"; done > /dev/null 2>&1
	touch "$TMP/stop"
	wait_for 20 gone_process "$supervisor" || kill -KILL "$supervisor" 2> /dev/null
	wait "$supervisor" 2> /dev/null
	supervisor=
}
gone_process() { ! kill -0 "$1" 2> /dev/null; }
trap 'stop_daemon; _cleanup' EXIT
wait_for 40 d version || { tail -n 20 "$TMP/dockerd.log" | sed 's/^/# /'; skip_all "dockerd does not start here: $(grep -m 1 'failed to start' "$TMP/dockerd.log")"; }

rootfs "$TMP/image"
python3 "$here/mkimage.py" "$TMP/image.tar" "$image" "$TMP/image"
d load -q -i "$TMP/image.tar" > "$TMP/load.log" 2>&1 || bail "docker load: $(cat "$TMP/load.log")"
mkdir -p "$TMP/shared" "$TMP/build"
echo 'from the host' > "$TMP/shared/file"

# one KEY CMD...: the outcome of a command as one line.
one() {
	_key=$1
	shift
	_rc=0
	_out=$("$@" 2>&1 < /dev/null) || _rc=$?
	echo "$_key: $_rc $(echo "$_out" | tr -d '\r' | tr '\n\t' '  ' | sed 's/ *$//')"
}
# status_only KEY CMD...
status_only() {
	_key=$1
	shift
	_rc=0
	"$@" > "$TMP/.status.log" 2>&1 < /dev/null || _rc=$?
	echo "$_key: $_rc"
}

walk() {
	_r="--runtime $1"
	_box=$2
	# shellcheck disable=SC2086
	{
	one "run" d run --rm $_r $image sh -c 'echo hello; exit 3'
	one "environment, directory, user" d run --rm $_r -e A=b -w /tmp -u 1000:50 $image sh -c 'echo $A; pwd; id -u; id -g'
	one "groups" d run --rm $_r --group-add 7 -u user $image id -G
	one "entry point" d run --rm $_r --entrypoint /bin/echo $image given
	echo "standard input: $(echo words | d run --rm -i $_r $image cat 2>&1)"
	one "terminal" script -qec "exec docker --host unix://$socket run --rm -t $_r $image sh -c 'tty; exit 4'" /dev/null
	one "host name" d run --rm $_r --hostname box --domainname example.org $image hostname
	one "capabilities" d run --rm $_r $image grep -E '^(CapEff|CapBnd|CapPrm|CapInh|CapAmb|NoNewPrivs|Seccomp):' /proc/self/status
	one "capabilities dropped and added" d run --rm $_r --cap-drop ALL --cap-add NET_RAW $image grep -E '^Cap' /proc/self/status
	one "capabilities of another user" d run --rm $_r -u 1000 $image grep -E '^Cap' /proc/self/status
	one "no new privileges" d run --rm $_r --security-opt no-new-privileges $image grep NoNewPrivs /proc/self/status
	one "without a filter" d run --rm $_r --security-opt seccomp=unconfined $image grep -E '^Seccomp:' /proc/self/status
	one "read-only" d run --rm $_r --read-only --tmpfs /scratch:size=1m $image sh -c 'echo x > /scratch/file && echo x > /file'
	one "volume" d run --rm $_r -v "$TMP/shared:/data:ro" $image cat /data/file
	one "a read-only volume" d run --rm $_r -v "$TMP/shared:/data:ro" $image sh -c 'echo x > /data/file'
	one "resource limit" d run --rm $_r --ulimit nofile=77:88 $image sh -c 'ulimit -n; ulimit -Hn'
	one "sysctl" d run --rm $_r --sysctl net.ipv4.ip_unprivileged_port_start=80 $image cat /proc/sys/net/ipv4/ip_unprivileged_port_start
	one "shared memory size" d run --rm $_r --shm-size 1m $image sh -c 'df -k /dev/shm | tail -n 1 | tr -s " " | cut -d " " -f 2'
	one "a device" d run --rm $_r --device /dev/full:/dev/filled:rw $image stat -c "%a %t %T %u" /dev/filled
	one "devices" d run --rm $_r $image ls /dev
	one "no network" d run --rm $_r --network none $image ls /sys/class/net
	one "a bridge" d run --rm $_r $image sh -c 'ls /sys/class/net | tr "\n" " "; ip -4 -o addr show eth0 | grep -c inet'
	one "the host's network" d run --rm $_r --network host $image sh -c 'ls /sys/class/net'
	one "the host's processes" d run --rm $_r --pid host $image sh -c 'test $$ -ne 1 && echo many'
	one "an init" d run --rm $_r --init $image sh -c 'cat /proc/1/comm; exit 9'
	one "privileged" d run --rm $_r --privileged $image sh -c 'grep -E "^(CapEff|Seccomp)" /proc/self/status; test -w /proc/sys/kernel && mount -t tmpfs t /mnt 2> /dev/null || mkdir -p /mnt && mount -t tmpfs t /mnt && echo mounted'
	one "a masked directory" d run --rm $_r $image ls /sys/firmware
	one "a masked file" d run --rm $_r $image sh -c 'wc -c < /proc/keys'
	one "a read-only path" d run --rm $_r $image sh -c 'echo 1 > /proc/sys/vm/swappiness'
	one "oom score" d run --rm $_r --oom-score-adj 500 $image cat /proc/self/oom_score_adj
	status_only "an absent program" d run --rm $_r $image /no/such
	status_only "a program that is none" d run --rm $_r $image /etc/passwd

	one "detached" sh -c "docker --host unix://$socket run -d --name $_box $_r --memory 64m --cpus 0.5 --pids-limit 50 $image sh -c 'trap \"exit 7\" TERM; while :; do sleep 0.1; done' > /dev/null"
	one "limits" sh -c "find /sys/fs/cgroup -path '*/$MARK/*' \( -name memory.limit_in_bytes -o -name pids.max -o -name cpu.cfs_quota_us -o -name memory.max -o -name cpu.max \) -exec cat {} + 2> /dev/null | sort | tr '\n' ' '"
	one "exec" d exec $_box sh -c 'echo in; exit 5'
	one "exec with user, directory, environment" d exec -u 1000 -w /tmp -e X=y $_box sh -c 'id -u; pwd; echo $X'
	one "exec with a terminal" script -qec "exec docker --host unix://$socket exec -t $_box sh -c 'tty; exit 6'" /dev/null
	one "exec privileged" d exec --privileged $_box grep CapEff /proc/self/status
	status_only "exec of an absent program" d exec $_box /no/such
	echo "top: $(d top $_box 2> /dev/null | grep -c 'sleep\|trap')" | sed 's/: [1-9][0-9]*$/: some/'
	echo "stats: $(d stats --no-stream --format '{{.PIDs}}' $_box 2> /dev/null | grep -cE '^[1-9]')"
	status_only "pause" d pause $_box
	one "paused" d inspect -f '{{.State.Status}}' $_box
	status_only "unpause" d unpause $_box
	status_only "update" d update --memory 32m --memory-swap 64m --cpus 0.7 $_box
	one "updated" sh -c "find /sys/fs/cgroup -path '*/$MARK/*' \( -name memory.limit_in_bytes -o -name cpu.cfs_quota_us -o -name memory.max -o -name cpu.max \) -exec cat {} + 2> /dev/null | sort | tr '\n' ' '"
	status_only "restart" d restart $_box
	one "restarted" d inspect -f '{{.State.Status}}' $_box
	status_only "stop" d stop -t 5 $_box
	one "its exit status" d inspect -f '{{.State.ExitCode}} {{.State.OOMKilled}}' $_box
	status_only "start again" d start $_box
	status_only "kill" d kill -s KILL $_box
	one "killed" d wait $_box
	status_only "remove" d rm $_box
	}
}

walk runc one > "$TMP/runc.walk"
walk caisson one > "$TMP/ours.walk"

plan $(($(wc -l < "$TMP/runc.walk") + 9))
while IFS= read -r line; do
	key=${line%%: *}
	case $line in
	*'unable to apply caps'*)
		# Debian's runc asks for every capability it knows, also those that this machine's own bounding set lacks.
		like "where runc fails for want of capabilities: $key" "$(grep "^$key: " "$TMP/ours.walk")" "^$key: 0 "
		continue ;;
	esac
	is "as with runc: $key" "$(grep "^$key: " "$TMP/ours.walk")" "$line"
done < "$TMP/runc.walk"
like "a program's output and exit status come back" "$(cat "$TMP/ours.walk")" '^run: 3 hello$'
like "docker stop gives the program its TERM" "$(cat "$TMP/ours.walk")" '^its exit status: 0 7 false$'
like "an absent program is 127" "$(cat "$TMP/ours.walk")" '^an absent program: 127$'

# ---- build, and a daemon that restarts under a running container ----

printf 'FROM %s\nRUN echo built > /made && chown 1000 /made && id -u > /who\nUSER 1000\nCMD cat /made /who\n' "$image" > "$TMP/build/Dockerfile"
ok "docker build runs its steps" d build -q -t localhost/built:test "$TMP/build"
is "and what it made runs" "$(d run --rm localhost/built:test 2>&1 | tr '\n' ' ')" "built 0 "

ok "a container to live on" d run -d --name survivor "$image" sleep 1000
touch "$TMP/restart"
restarted() { [ ! -e "$TMP/restart" ] && d version; }
wait_for 40 restarted
is "live restore: it runs on under the new daemon" "$(d inspect -f '{{.State.Running}}' survivor 2>&1)" true
is "and takes an exec" "$(d exec survivor echo alive 2>&1)" alive
d rm -f survivor > /dev/null 2>&1

stop_daemon
find /sys/fs/cgroup -depth -type d -path "*/$MARK*" -exec rmdir {} \; 2> /dev/null
leftovers_after "no process, mount or cgroup is left behind"
