#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Debian's Docker with caisson as a runtime, beside the same walks with runc under the same daemon: what people type at docker
# every day, then builds, docker-compose, a daemon that goes away above running containers, and one that maps users.
# The daemon lives in mount, pid and network namespaces of its own, with its own root.
. "$(dirname "$0")/../integration/lib.sh"
need dockerd docker containerd python3 runc unshare nsenter ip iptables
# shellcheck source=tests/engines/walk.sh
. "$(dirname "$0")/walk.sh"

here=$(cd "$(dirname "$0")" && pwd)
image=localhost/busybox:test
driver=vfs
! grep -qw overlay /proc/filesystems || driver=overlay2
compose=$(command -v docker-compose)
unset DOCKER_CONTEXT DOCKER_BUILDKIT
DOCKER_HOST=unix://$TMP/docker.sock
DOCKER_CONFIG=$TMP/docker-config
export here image driver compose DOCKER_HOST DOCKER_CONFIG TMP MARK

# No client waits for ever. In the foreground: it may have a terminal.
mkdir -p "$TMP/bin"
printf '#!/bin/sh\nexec timeout --foreground -k 2 60 %s "$@"\n' "$(command -v docker)" > "$TMP/bin/docker"
chmod 755 "$TMP/bin/docker"
PATH=$TMP/bin:$PATH

# The first process of the daemon's pid namespace: starts dockerd, and again when it is told to, with the arguments in "arguments".
cat > "$TMP/supervise" <<'SH'
mount -t proc proc /proc
mount -t tmpfs tmpfs /run
mkdir -p "$TMP/docker"
mount -t tmpfs tmpfs "$TMP/docker"
cp /etc/passwd /etc/group /run
echo 'mapped:x:300000:300000::/:/bin/false' >> /run/passwd
echo 'mapped:x:300000:' >> /run/group
echo 'mapped:300000:65536' | tee /run/subuid > /run/subgid
for f in passwd group subuid subgid; do
	[ ! -e "/etc/$f" ] || mount --bind "/run/$f" "/etc/$f"
done
ip link set lo up
while [ ! -e "$TMP/stop" ]; do
	rm -f "$TMP/docker.pid"
	# A containerd that answers late is told to write down where it is: into TMPDIR.
	# shellcheck disable=SC2046
	TMPDIR=$TMP dockerd --data-root "$TMP/docker" --exec-root "$TMP/docker-exec" --pidfile "$TMP/docker.pid" --host "$DOCKER_HOST" \
		--storage-driver "$driver" --live-restore --cgroup-parent "/$MARK" --exec-opt native.cgroupdriver=cgroupfs \
		--add-runtime caisson="$CAISSON" $(cat "$TMP/arguments") >> "$TMP/dockerd.log" 2>&1 &
	daemon=$!
	while kill -0 "$daemon" 2> /dev/null && [ ! -e "$TMP/stop" ] && [ ! -e "$TMP/down" ]; do sleep 0.1; done
	kill -TERM "$daemon" 2> /dev/null
	wait "$daemon"
	: > "$TMP/is-down"
	while [ -e "$TMP/down" ] && [ ! -e "$TMP/stop" ]; do sleep 0.1; done
	rm -f "$TMP/is-down"
done
SH
echo '--default-runtime caisson' > "$TMP/arguments"
unshare --mount --propagation private --pid --net --fork --kill-child "$CAISSON_INIT" -- sh "$TMP/supervise" > "$TMP/supervise.log" 2>&1 &
supervisor=$!

gone_process() { ! kill -0 "$1" 2> /dev/null; }
stop_daemon() {
	[ -n "$supervisor" ] || return 0
	docker ps -aq 2> /dev/null | xargs -r docker rm -f > /dev/null 2>&1
	touch "$TMP/stop"
	wait_for 20 gone_process "$supervisor" || kill -KILL "$supervisor" 2> /dev/null
	wait "$supervisor" 2> /dev/null
	supervisor=
}
# daemon_again ARGUMENT...: once it is down, and what is to happen then has happened.
daemon_down() { touch "$TMP/down"; wait_for 40 test -e "$TMP/is-down"; }
daemon_again() { echo "$*" > "$TMP/arguments"; rm -f "$TMP/down"; wait_for 40 docker version; }
trap 'stop_daemon; _cleanup' EXIT
wait_for 40 docker version || { tail -n 20 "$TMP/dockerd.log" | sed 's/^/# /'; skip_all "dockerd does not start here: $(grep -m 1 'failed to start' "$TMP/dockerd.log")"; }
place=$(pgrep -P "$supervisor")
export place

rootfs "$TMP/image"
python3 "$here/mkimage.py" "$TMP/image.tar" "$image" "$TMP/image"
docker load -q -i "$TMP/image.tar" > "$TMP/load.log" 2>&1 || bail "docker load: $(cat "$TMP/load.log")"
mkdir -p "$TMP/shared" "$TMP/build" "$TMP/compose"
cp "$here/term.py" "$TMP"
echo 'from the host' > "$TMP/shared/file"
echo 'KEY=value' > "$TMP/shared/env"
printf '#!/no/interpreter\n' > "$TMP/shared/script"
chmod 755 "$TMP/shared/script"
mknod "$TMP/node" c 10 229 # one that no engine gives by itself; whether its driver is there does not matter
echo '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO","errnoRet":95}]}' > "$TMP/seccomp.json"

cat > "$TMP/begin" <<'SH'
. "$here/walk.sh"
who=$1
r="--runtime $who"
run="docker run --rm --runtime $who"
box=box-$2-$who
caps='^(CapEff|CapBnd|CapPrm|CapInh|CapAmb|NoNewPrivs|Seccomp):'
SH

# ---- one container, one command ----

cat > "$TMP/walk-run" <<'SH'
. "$TMP/begin"
one "run" $run $image sh -c 'echo hello; exit 3'
one "environment, directory, user" $run -e A=b --env-file "$TMP/shared/env" -w /tmp -u 1000:50 $image sh -c 'echo $A $KEY; pwd; id -u; id -g'
one "groups" $run --group-add 7 --group-add 9 -u user $image id -G
one "entry point" $run --entrypoint /bin/echo $image given
one "standard input" sh -c "echo words | $run -i $image cat"
one "both outputs" sh -c "$run $image sh -c 'echo out; echo err >&2' 2>&1 > /dev/null"
one "terminal" term 24x80 -- $run -t $image sh -c 'tty; exit 4'
one "typed at" term 24x80 wait:sized 'type:words\n' size:30x100 wait:larger 'type:\x03' -- $run -it $image sh -c "$typed"
one "a program that is killed" $run $image sh -c 'kill -9 $$; sleep 9'
one "host name" $run --hostname box --domainname example.org $image hostname
one "names to look up" $run --dns 192.0.2.7 --dns-search example.org --add-host there:192.0.2.9 $image sh -c 'grep -v "^#" /etc/resolv.conf; grep there /etc/hosts'
one "capabilities" $run $image grep -E "$caps" /proc/self/status
one "capabilities dropped and added" $run --cap-drop ALL --cap-add NET_RAW $image grep -E "$caps" /proc/self/status
one "capabilities of another user" $run -u 1000 $image grep -E '^Cap' /proc/self/status
one "no new privileges" $run --security-opt no-new-privileges $image grep NoNewPrivs /proc/self/status
one "hardened" $run --read-only --tmpfs /tmp --cap-drop=ALL --security-opt=no-new-privileges:true $image sh -c 'grep -E "$0" /proc/self/status; echo x > /tmp/x && cat /tmp/x; exec 2>&1; echo x > /x' "$caps"
one "without a filter" $run --security-opt seccomp=unconfined $image grep -E '^Seccomp:' /proc/self/status
one "a filter of one's own" $run --security-opt "seccomp=$TMP/seccomp.json" $image sh -c 'exec 2>&1; grep ^Seccomp: /proc/self/status; mkdir /x'
one "without AppArmor" $run --security-opt apparmor=unconfined $image echo free
one "unmasked" $run --security-opt systempaths=unconfined $image sh -c 'grep -E " /(proc|sys)/" /proc/mounts | grep -vc /sys/fs/cgroup; wc -c < /proc/timer_list | grep -c "[1-9]"; test -w /proc/sys && echo writable'
one "privileged" $run --privileged $image sh -c 'grep -E "^(CapEff|Seccomp)" /proc/self/status; mkdir -p /mnt; mount -t tmpfs t /mnt && echo mounted; test -w /proc/sys/kernel && test -e /dev/loop-control -o -e /dev/full && echo open'
one "read-only" $run --read-only --tmpfs /scratch:size=1m $image sh -c 'echo x > /scratch/file && echo x > /file'
one "volume" $run -v "$TMP/shared:/data:ro" $image cat /data/file
one "a read-only volume" $run -v "$TMP/shared:/data:ro" $image sh -c 'echo x > /data/file'
one "a file" $run -v "$TMP/shared/file:/a/b/c:ro" $image cat /a/b/c
one "a named volume" $run --mount "type=volume,source=things-$who,target=/etc" $image sh -c 'echo x > /etc/new; ls /etc/passwd; cat /etc/new'
one "and again" $run -v "things-$who:/etc:ro" $image sh -c 'exec 2>&1; cat /etc/new; echo y > /etc/new'
one "a volume without a copy" $run --mount "type=volume,target=/etc,volume-nocopy" $image ls /etc
one "a bind by --mount" $run --mount "type=bind,source=$TMP/shared,target=/data,readonly" $image sh -c 'cat /data/file; grep -o " /data ro[^ ]*" /proc/self/mountinfo'
one "a bind of what is not there" $run --mount type=bind,source=$TMP/none-$who,target=/x $image true
one "a tmpfs by --mount" $run --mount type=tmpfs,target=/scratch,tmpfs-size=1m,tmpfs-mode=1770 $image sh -c 'grep -o "/scratch tmpfs.*" /proc/mounts; stat -c %a /scratch'
one "a directory on a file" $run -v "$TMP/shared:/etc/passwd" $image true
one "resource limits" $run --ulimit nofile=77:88 --ulimit core=0 --ulimit nproc=500:600 --ulimit cpu=10 $image sh -c 'ulimit -n; ulimit -Hn; ulimit -c; ulimit -t; grep -c processes.*500.*600 /proc/self/limits'
one "sysctl" $run --sysctl net.ipv4.ip_unprivileged_port_start=80 $image cat /proc/sys/net/ipv4/ip_unprivileged_port_start
one "a sysctl that is not there" $run --sysctl net.nosuch=1 $image true
one "shared memory size" $run --shm-size 1m $image sh -c 'df -k /dev/shm | tail -n 1 | tr -s " " | cut -d " " -f 2'
one "a device" $run --device /dev/full:/dev/filled:rw $image sh -c 'exec 2>&1; stat -c "%a %t %T %u" /dev/filled; echo x > /dev/filled'
one "a device for reading" $run --device "$TMP/node:/dev/node:r" $image sh -c 'exec 2>&1; (: < /dev/node) 2>&1 | grep -c "not permitted"; : > /dev/node'
one "a device that is not allowed" $run --cap-add MKNOD $image sh -c 'mknod /dev/m b 7 0 && cat /dev/m'
one "a rule for devices" $run --device-cgroup-rule 'c 1:7 rmw' $image sh -c 'mknod /full c 1 7 && echo x > /full'
one "devices" $run $image sh -c 'ls /dev; stat -c "%N %F %a" /dev/null /dev/fd /dev/ptmx'
one "no network" $run --network none $image ls /sys/class/net
one "a bridge" $run $image sh -c 'ls /sys/class/net | tr "\n" " "; ip -4 -o addr show eth0 | grep -c inet'
one "the host's network" $run --network host $image sh -c 'ls /sys/class/net | grep -vE "^(veth|br-)"'
one "the host's processes" $run --pid host $image sh -c 'test $$ -ne 1 && cat /proc/1/comm'
one "the host's users" $run --userns host $image cat /proc/self/uid_map
one "the host's names" $run --uts host --ipc host $image sh -c 'hostname | grep -c .; ls -d /dev/shm /dev/mqueue'
one "an ipc of its own" $run --ipc private $image grep -c " /dev/shm " /proc/mounts
one "no ipc" $run --ipc none $image grep -c " /dev/shm " /proc/mounts
one "a private cgroup namespace" $run --cgroupns private $image sh -c 'cut -d: -f3 /proc/self/cgroup | sort -u'
one "the host's cgroup namespace" $run --cgroupns host $image sh -c 'grep -c "$0" /proc/self/cgroup > /dev/null && echo seen' "$MARK"
one "an init" $run --init $image sh -c 'cat /proc/1/comm; exit 9'
one "a masked directory" $run $image ls /sys/firmware
one "a masked file" $run $image sh -c 'wc -c < /proc/keys'
one "a read-only path" $run $image sh -c 'echo 1 > /proc/sys/vm/swappiness'
one "oom score" $run --oom-score-adj 500 $image cat /proc/self/oom_score_adj
one "many limits" sh -c "$run --memory 64m --memory-reservation 32m --memory-swap 128m --cpu-shares 512 --cpuset-cpus 0 --pids-limit 50 $image sh -c 'cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory/memory.soft_limit_in_bytes /sys/fs/cgroup/cpu/cpu.shares /sys/fs/cgroup/cpuset/cpuset.cpus /sys/fs/cgroup/pids/pids.max || { cd /sys/fs/cgroup && cat memory.max memory.low cpu.weight cpuset.cpus pids.max; }' 2> /dev/null"
one "an absent program" $run $image /no/such
one "an absent program, by PATH" $run $image nosuch
one "a program that is none" $run $image /etc/passwd
one "a directory for a program" $run $image /etc
one "a script without its interpreter" $run -v "$TMP/shared:/data" $image /data/script
one "an unknown user" $run -u nosuch $image true
one "a directory of work that is made" $run -w /new/dir $image pwd
one "a directory of work that is a file" $run -w /etc/passwd $image true
one "a device that is not there" $run --device /dev/nosuch $image true
one "a capability that is none" $run --cap-add NOSUCH $image true
echo "end: 0"
SH

# ---- containers that stay ----

cat > "$TMP/walk-stay" <<'SH'
. "$TMP/begin"
group=/$MARK/$who-stay
state() { docker inspect -f "$1" "$box"; }
setting() { find /sys/fs/cgroup -path "*$group/*" \( -name memory.limit_in_bytes -o -name pids.max -o -name cpu.cfs_quota_us -o -name memory.max -o -name cpu.max \) \
	-exec cat {} + 2> /dev/null | sort | tr '\n' ' '; }
up='trap "echo ending; exit 7" TERM; echo up; while :; do sleep 0.1; done'

one "detached" sh -c "docker run -d --name $box $r --cgroup-parent $group --memory 64m --cpus 0.5 --pids-limit 50 $image sh -c '$up' | grep -cE '^[0-9a-f]{64}$'"
one "limits" setting
one "inspected" state '{{.State.Status}} {{.State.Running}} {{.HostConfig.Memory}} {{.HostConfig.PidsLimit}} {{.State.OOMKilled}}'
one "listed" docker ps --filter "name=^$box\$" --format '{{.Names}} {{.Image}} {{.State}}'
one "exec" docker exec $box sh -c 'echo in; exit 5'
one "exec with user, directory, environment" docker exec -u 1000 -w /tmp -e X=y $box sh -c 'id -u; pwd; echo $X'
one "exec with standard input" sh -c "echo words | docker exec -i $box cat"
one "exec with a terminal" term 24x80 -- docker exec -t $box sh -c 'tty; exit 6'
one "exec typed at" term 24x80 wait:sized 'type:words\n' size:30x100 wait:larger 'type:\x03' -- docker exec -it $box sh -c "$typed"
one "exec detached" sh -c "docker exec -d $box sh -c 'echo there > /tmp/mark' && sleep 0.5; docker exec $box cat /tmp/mark"
one "exec privileged" docker exec --privileged $box grep -E '^(CapEff|Seccomp):' /proc/self/status
one "capabilities of exec" docker exec $box grep -E "$caps" /proc/self/status
one "capabilities of exec as a user" docker exec -u 1000 $box grep -E '^Cap' /proc/self/status
one "exec killed" docker exec $box sh -c 'kill -9 $$; sleep 9'
one "exec of an absent program" docker exec $box /no/such
one "exec of an absent program, by PATH" docker exec $box nosuch
one "exec of a program that is none" docker exec $box /etc/passwd
one "exec of a directory" docker exec $box /etc
one "exec in an absent directory" docker exec -w /no/dir $box true
one "exec in a file" docker exec -w /etc/passwd $box true
one "exec as nobody known" docker exec -u nosuch $box true
one "top" sh -c "docker top $box -o pid,user,comm | sed 1d | tr -s ' ' | cut -d' ' -f2- | grep -v sleep | sort -u"
one "stats" sh -c "docker stats --no-stream --format '{{.Name}} {{.PIDs}} {{.MemUsage}} {{.CPUPerc}}' $box | sed 's/[0-9.]\{1,\}[KM]iB/N/; s/[0-9.]*%/N%/; s/ [12] / some /'"
one "copied in and out" sh -c "docker cp '$TMP/shared/file' $box:/tmp/copied > /dev/null 2>&1 && docker exec $box cat /tmp/copied && docker cp $box:/tmp/copied - | tar -xO"
one "changed files" sh -c "docker diff $box | sort | tr '\n' ' '"
one "renamed" sh -c "docker rename $box $box-new && docker exec $box-new echo there && docker rename $box-new $box"
one "a signal" sh -c "docker kill -s WINCH $box && docker kill -s NOSUCH $box"
status_only "update" docker update --memory 32m --memory-swap 64m --cpus 0.7 --pids-limit 60 $box
one "updated" setting
status_only "pause" docker pause $box
one "paused" state '{{.State.Status}}'
one "exec while paused" docker exec $box true
status_only "unpause" docker unpause $box
one "removed while it runs" sh -c "docker rm $box 2>&1 | grep -o 'cannot remove'"
status_only "restart" docker restart -t 5 $box
one "restarted" state '{{.State.Status}}'
status_only "stop" docker stop -t 5 $box
one "its exit status" state '{{.State.Status}} {{.State.ExitCode}} {{.State.OOMKilled}}'
one "logs" sh -c "docker logs $box | sort | uniq -c | tr -s ' '; docker logs --tail 1 $box"
one "exec into what has ended" docker exec $box true
one "committed" sh -c "docker commit -c 'CMD cat /tmp/copied' $box localhost/committed-$who:test > /dev/null && $run localhost/committed-$who:test"
one "exported" sh -c "docker export $box | tar -t | grep -cx -e tmp/copied -e bin/busybox"
status_only "start again" docker start $box
status_only "kill" docker kill -s KILL $box
one "killed" docker wait $box
one "what happened" until_is 'rename kill update pause unpause kill die stop start restart kill die stop start kill die ' sh -c "docker events --since 300s --until 0s --filter container=$box $(printf -- ' --filter event=%s' create start die kill stop restart pause unpause update rename) --format '{{.Action}}' | uniq | tr '\n' ' '"
status_only "remove" docker rm $box
one "nothing is left" docker ps -aq --filter "name=^$box\$"

one "health" sh -c "docker run -d --name $box $r --health-cmd 'echo looking; test -e /tmp/well' --health-interval 300ms --health-retries 1 $image sleep 1000 > /dev/null"
one "unhealthy" until_is unhealthy docker inspect -f '{{.State.Health.Status}}' $box
docker exec $box touch /tmp/well
one "healthy" until_is healthy docker inspect -f '{{.State.Health.Status}}' $box
one "what the check said" docker inspect -f '{{(index .State.Health.Log 0).Output}}' $box
status_only "removed by force" docker rm -f $box
echo "end: 0"
SH

# ---- how containers begin, meet and end ----

cat > "$TMP/walk-ways" <<'SH'
. "$TMP/begin"
exit_of="docker inspect -f '{{.State.ExitCode}} {{.State.OOMKilled}}' $box; docker rm -f $box > /dev/null"
loop='while :; do sleep 0.1; done'
port=3000
[ "$who" = caisson ] || port=3001
client="nsenter -t $place -n timeout 10 $TMP/image/bin/busybox nc"

one "created, started, attached" sh -c "docker create --name $box $r $image sh -c 'echo words; exit 8' > /dev/null; docker start -a $box; echo \$?; $exit_of"
one "created, started with input" sh -c "docker create -i --name $box $r $image cat > /dev/null; echo words | docker start -ai $box; $exit_of"
# Docker's client may lose what is said while it attaches, and the last words.
one "attached later" sh -c "docker run -d -i --name $box $r $image sh -c 'read x; sleep 0.5; echo \"<\$x>\"; sleep 1; exit 6' > /dev/null; echo words | docker attach $box; docker wait $box; $exit_of"
one "attached with a terminal" sh -c "docker run -d -it --name $box $r $image sh -c 'read x; $typed' > /dev/null; python3 $TMP/term.py 24x80 'type:begin\n' wait:sized 'type:words\n' size:30x100 wait:larger 'type:\x03' -- docker attach $box | grep -v '^begin'; $exit_of"
# --foreground: timeout would signal its group as well, and the client, which has then been told more than once, may give up.
one "signals go through the client" sh -c "timeout --foreground -s TERM 3 docker run --name $box $r $image sh -c 'trap \"echo told; exit 4\" TERM; $loop'; docker wait $box; $exit_of"
one "a stop signal of its own" sh -c "docker run -d --name $box $r --stop-signal USR1 $image sh -c 'trap \"exit 9\" USR1; $loop' > /dev/null; docker stop -t 9 $box > /dev/null; $exit_of"
one "stopped by force" sh -c "docker run -d --name $box $r --stop-timeout 1 $image sh -c 'trap \"\" TERM; $loop' > /dev/null; docker stop $box > /dev/null; $exit_of"
one "an init passes the signal on" sh -c "docker run -d --init --name $box $r $image sh -c 'trap \"exit 9\" TERM; $loop' > /dev/null; docker stop -t 9 $box > /dev/null; $exit_of"
one "killed while paused" sh -c "docker run -d --name $box $r $image sleep 1000 > /dev/null; docker pause $box > /dev/null; docker kill $box > /dev/null; docker wait $box; $exit_of"
one "out of memory" sh -c "docker run --name $box $r --memory 16m --memory-swap 16m $image tail /dev/zero; echo \$?; $exit_of"
one "an absent program, created" sh -c "docker create --name $box $r $image /no/such > /dev/null; docker start $box > /dev/null 2>&1; echo \$?; docker inspect -f '{{.State.Status}} {{.State.Error}}' $box; $exit_of"
one "five at once" sh -c "for i in 1 2 3 4 5; do $run $image echo \$i & done | sort | tr '\n' ' '"

one "restarts on failure" sh -c "docker run -d --name $box $r --restart on-failure:2 $image sh -c 'echo again; exit 3' > /dev/null"
one "as often as it may" until_is "2 exited 3" docker inspect -f '{{.RestartCount}} {{.State.Status}} {{.State.ExitCode}}' $box
one "and its logs" sh -c "docker logs $box | sort | uniq -c | tr -s ' '; docker rm -f $box > /dev/null"
one "restarts always" sh -c "docker run -d --name $box $r --restart always $image sleep 1000 > /dev/null"
nsenter -t "$place" -p kill -KILL "$(docker inspect -f '{{.State.Pid}}' $box)"
one "after its end" until_is "1 running" docker inspect -f '{{.RestartCount}} {{.State.Status}}' $box
one "but not after a stop" sh -c "docker stop -t 0 $box > /dev/null; sleep 0.5; docker inspect -f '{{.State.Status}}' $box; docker rm $box > /dev/null"

one "a port" sh -c "docker run -d --name $box $r -p $port:3000 $image sh -c 'while :; do echo served | nc -l -p 3000; done' > /dev/null; docker port $box | head -n 1 | sed 's/[0-9]*$//'"
one "is served" until_is served $client 127.0.0.1 $port
one "another's network and processes" $run --network container:$box --pid container:$box $image sh -c 'cat /proc/1/comm; ls /sys/class/net | tr "\n" " "; netstat -ltn | grep -c :3000'
docker rm -f $box > /dev/null 2>&1
one "a network by name" sh -c "docker network create net-$who > /dev/null; docker run -d --name $box --network net-$who --network-alias here $r $image sh -c 'while :; do echo found | nc -l -p 80; done' > /dev/null"
one "is found by name" until_is found $run --network net-$who $image timeout 5 nc here 80
one "a network added" sh -c "docker network create more-$who > /dev/null; docker network connect more-$who $box; docker exec $box ls /sys/class/net | tr '\n' ' '"
one "and taken away" sh -c "docker network disconnect more-$who $box; docker exec $box ls /sys/class/net | tr '\n' ' '; docker rm -f $box > /dev/null; docker network rm more-$who net-$who > /dev/null"
one "shared memory that is shared" sh -c "docker run -d --name $box --ipc shareable $r $image sleep 1000 > /dev/null; docker exec $box sh -c 'echo words > /dev/shm/f'; $run --ipc container:$box $image cat /dev/shm/f; docker rm -f $box > /dev/null"
one "volumes of another" sh -c "docker create --name $box -v /things $r $image true > /dev/null; $run --volumes-from $box $image sh -c 'echo x > /things/x'; $run --volumes-from $box:ro $image sh -c 'cat /things/x; exec 2>&1; echo y > /things/x'; docker rm -fv $box > /dev/null"
echo "end: 0"
SH

# Both say the same behind these words of runc's.
# walk NAME RUNTIME
walk() { sh "$TMP/walk-$1" "$2" "$1" 2> "$TMP/$2.$1.err" | same_words "$2" > "$TMP/$2.$1"; }
both() { # NAME: the walk with each of them, side by side
	walk "$1" runc &
	_with_runc=$!
	walk "$1" caisson
	wait "$_with_runc"
}
{ both stay; both ways; } &
others=$!
both run
wait "$others"

# ---- builds, with the daemon's default runtime; docker-compose ----

cat > "$TMP/build/Dockerfile" <<FILE
FROM $image AS first
ARG WORD=default
WORKDIR /srv/place
RUN pwd > /where && echo "\$WORD" > words && id -u > /who && chown 1000:50 words && chmod 4755 words
RUN grep -E '^(CapEff|CapBnd|NoNewPrivs|Seccomp):' /proc/self/status > /caps
USER 1000:50
RUN ["sh", "-c", "id -u > /tmp/user; touch /srv/place/x 2> /dev/null || echo denied >> /tmp/user"]
FROM $image
COPY --from=first /srv/place /srv/place
COPY --from=first /where /who /caps /tmp/user /out/
COPY file /out/
RUN stat -c '%n %a %u %g' /srv/place/* > /out/stats && ls /sys/class/net > /out/net
USER 1000
CMD cat /out/* /srv/place/words
FILE
printf 'FROM %s\nRUN echo words >&2; exit 7\n' "$image" > "$TMP/build/Failing"
printf 'FROM %s\nRUN ["/no/such"]\n' "$image" > "$TMP/build/Absent"
echo 'from the context' > "$TMP/build/file"
cat > "$TMP/walk-build" <<'SH'
. "$TMP/begin"
cd "$TMP/build" || exit 1
one "build" sh -c "docker build -q --no-cache --build-arg WORD=given -t localhost/built-$who:test . | grep -c ^sha256:"
one "what was built" $run localhost/built-$who:test
one "build without a network" sh -c "docker build -q --no-cache --network none -t localhost/built-$who:test . > /dev/null; $run localhost/built-$who:test cat /out/net"
one "a step that fails" sh -c "docker build --force-rm --no-cache -f Failing . 2>&1 | grep -oE '^words|returned a non-zero code: [0-9]+'"
one "a step without its program" sh -c "docker build --force-rm --no-cache -f Absent . 2>&1 | tail -n 1"
one "nothing of a build is left" docker ps -aq --filter status=created --filter status=exited
echo "end: 0"
SH
cat > "$TMP/compose/compose.yml" <<'FILE'
services:
  server:
    image: localhost/busybox:test
    runtime: ${RUNTIME}
    command: sh -c 'while :; do echo "$$WORD" | nc -l -p 80; done'
    environment: { WORD: composed }
    read_only: true
    tmpfs: [ /tmp ]
    cap_drop: [ ALL ]
    cap_add: [ NET_BIND_SERVICE ]
    security_opt: [ "no-new-privileges:true" ]
    mem_limit: 64m
    pids_limit: 50
    init: true
    healthcheck: { test: "true", interval: 300ms }
  client:
    image: localhost/busybox:test
    runtime: ${RUNTIME}
    depends_on: { server: { condition: service_healthy } }
    command: sh -c 'timeout 10 nc server 80 > /data/heard'
    volumes: [ "data:/data" ]
volumes: { data: {} }
FILE
cat > "$TMP/walk-compose" <<'SH'
. "$TMP/begin"
cd "$TMP/compose" || exit 1
export RUNTIME=$who
c="timeout -k 2 60 $compose -p made-by-$who -f compose.yml"
status_only "compose up" $c up -d
one "its client ends" until_is 0 sh -c "docker wait \$($c ps -aq client)"
one "and has heard" $run -v "made-by-${who}_data:/data" $image cat /data/heard
one "compose exec" $c exec -T server grep -E "$caps" /proc/self/status
one "compose run" sh -c "$c run --rm --no-deps -T client echo words 2> /dev/null"
status_only "compose stop" $c stop -t 5
status_only "compose down" $c down -v
one "nothing of the composed is left" docker ps -aq --filter "label=com.docker.compose.project=made-by-$who"
echo "end: 0"
SH
if [ -n "$compose" ]; then both compose; fi
walk build caisson

# ---- the daemon goes away above running containers, and comes back with the other runtime as default ----

for w in runc caisson; do
	docker run -d --name "survivor-$w" --runtime $w "$image" sh -c 'trap "echo ending; exit 7" TERM; while :; do date +%s > /new; mv /new /now; sleep 0.1; done'
	docker run -d --name "ending-$w" --runtime $w "$image" sh -c 'while [ ! -e /end ]; do sleep 0.1; done; echo last words; exit 3'
	docker run -d --name "always-$w" --runtime $w --restart always "$image" sleep 1000
	docker run -d --name "stopped-$w" --runtime $w --restart unless-stopped "$image" sleep 1000
	docker stop -t 0 "stopped-$w"
	docker inspect -f '{{.State.Pid}}' "survivor-$w" > "$TMP/survivor-$w"
	docker inspect -f '{{.State.Pid}}' "always-$w" > "$TMP/always-$w"
	docker inspect -f '{{.State.Pid}}' "ending-$w" > "$TMP/ending-$w"
done > "$TMP/survivors.log" 2>&1
daemon_down
for w in runc caisson; do
	nsenter -t "$place" -p kill -KILL "$(cat "$TMP/always-$w")"
	nsenter -t "$place" -p -m touch "/proc/$(cat "$TMP/ending-$w")/root/end"
done
sleep 0.5
daemon_again --default-runtime runc
cat > "$TMP/walk-restore" <<'SH'
. "$TMP/begin"
state() { docker inspect -f "$1" "$2-$who"; }
one "one that ran on" state '{{.State.Status}} {{.RestartCount}}' survivor
one "as the process it was" sh -c "test \$(docker inspect -f '{{.State.Pid}}' survivor-$who) = \$(cat $TMP/survivor-$who) && echo same"
one "it still works" sh -c "docker exec survivor-$who sh -c 'test \$(($(date +%s) - \$(cat /now))) -lt 20 && echo working'"
one "it is stopped" sh -c "docker stop -t 5 survivor-$who > /dev/null; docker inspect -f '{{.State.ExitCode}}' survivor-$who; docker logs survivor-$who"
one "and starts again" sh -c "docker start survivor-$who > /dev/null && docker exec survivor-$who echo alive"
one "one that ended meanwhile" state '{{.State.Status}} {{.State.ExitCode}}' ending
one "what it said meanwhile" docker logs ending-$who
one "one that was killed and starts always" until_is running docker inspect -f '{{.State.Status}}' always-$who
one "one that had been stopped" state '{{.State.Status}}' stopped
one "all removed" sh -c "docker rm -f survivor-$who ending-$who always-$who stopped-$who | wc -l"
echo "end: 0"
SH
both restore
walk build runc

# ---- a daemon that maps users ----

daemon_down
daemon_again --default-runtime caisson --userns-remap mapped
docker load -q -i "$TMP/image.tar" > "$TMP/load.log" 2>&1
chmod 777 "$TMP/shared"
cat > "$TMP/walk-users" <<'SH'
. "$TMP/begin"
one "users mapped" $run $image sh -c 'cat /proc/self/uid_map /proc/self/gid_map; id -u; stat -c %u /etc/passwd'
one "capabilities of a mapped root" $run $image grep -E "$caps" /proc/self/status
one "a file of a mapped root" sh -c "$run -v $TMP/shared:/data $image touch /data/made-by-$who; stat -c '%u %g' $TMP/shared/made-by-$who"
one "another mapped user" $run -u 1000:50 $image sh -c 'exec 2>&1; id -u; id -g; touch /x || touch /tmp/x && stat -c %u /tmp/x'
one "hardened and mapped" $run --read-only --tmpfs /tmp --cap-drop=ALL --security-opt=no-new-privileges:true $image sh -c 'grep -E "$0" /proc/self/status; echo x > /tmp/x && cat /tmp/x; exec 2>&1; echo x > /x' "$caps"
one "devices, mapped" $run $image sh -c 'ls /dev; echo x > /dev/null && echo written'
one "a sysctl, mapped" $run --sysctl net.ipv4.ip_unprivileged_port_start=80 $image cat /proc/sys/net/ipv4/ip_unprivileged_port_start
one "the mapped, and the host's network" $run --network host $image true
one "the host's users all the same" $run --userns host $image cat /proc/self/uid_map
one "privileged among the host's users" $run --privileged --userns host $image sh -c 'grep Seccomp: /proc/self/status'
one "privileged and mapped" $run --privileged $image true
one "a mapped one stays" sh -c "docker run -d --name $box $r $image sleep 1000 > /dev/null && docker exec $box sh -c 'cat /proc/self/uid_map; id -u; exit 4'"
one "its exec privileged" docker exec --privileged $box true
one "copied in" sh -c "docker cp $TMP/shared/file $box:/tmp/copied > /dev/null 2>&1; docker exec $box stat -c '%u %n' /tmp/copied"
one "an absent program, mapped" $run $image /no/such
one "removed" sh -c "docker rm -f $box | wc -l"
echo "end: 0"
SH
both users

# ---- side by side ----

cat > "$TMP/explained" <<'TABLE'
privileged | ^0 CapEff: 0*[1-9a-f][0-9a-f]* Seccomp: 0 .*mounted open$ | runc asks for capabilities that this machine has not to give, ours goes without them
exec privileged | ^0 CapEff: 0*[1-9a-f][0-9a-f]* | runc asks for capabilities that this machine has not to give, ours goes without them
privileged among the host's users | ^0 Seccomp: 0$ | runc asks for capabilities that this machine has not to give, ours goes without them
a directory for a program | ^126 .*exec: "/etc": is a directory: permission denied | ours says why
exec of a directory | ^126 .*exec: "/etc": is a directory: permission denied | ours says why
a script without its interpreter | ^127 .*exec: "/data/script": its interpreter /no/interpreter: no such file or directory | runc starts it and calls it a program's own status 1
a directory on a file | ^12[5-7] .*on /etc/passwd: .*Not a directory | in the words of each
a sysctl that is not there | ^12[57] .*linux.sysctl: set net.nosuch to "1": No such file or directory | in the words of each
exec in an absent directory | ^12[67] .*exec failed: chdir to cwd .*/no/dir.*: No such file or directory | the error is spelled as libc does
exec in a file | ^12[67] .*exec failed: chdir to cwd .*/etc/passwd.*: Not a directory | the error is spelled as libc does
TABLE
walks='run stay ways build restore users'
[ -z "$compose" ] || walks="$walks compose"
: > "$TMP/runc.walk"
: > "$TMP/caisson.walk"
for w in $walks; do
	for who in runc caisson; do
		sed "s/^end:/end of $w:/" "$TMP/$who.$w" >> "$TMP/$who.walk"
		[ ! -s "$TMP/$who.$w.err" ] || diag "$who, $w: $(head -n 5 "$TMP/$who.$w.err")"
	done
done
plan $(($(wc -l < "$TMP/runc.walk") + 2 + 7))
compare docker "$TMP/caisson.walk" "$TMP/runc.walk" "$TMP/explained"
is "every walk went to its end" "$(grep -c '^end of ' "$TMP/caisson.walk")" "$(echo "$walks" | wc -w)"
like "a program's output and exit status come back" "$(cat "$TMP/caisson.walk")" '^run: 3 hello$'
like "docker stop gives the program its TERM" "$(cat "$TMP/caisson.walk")" '^its exit status: 0 exited 7 false$'
like "an absent program is 127" "$(cat "$TMP/caisson.walk")" '^an absent program: 127 '
like "a published port is served" "$(cat "$TMP/caisson.walk")" '^is served: 0 served$'
like "a build's steps run" "$(cat "$TMP/caisson.walk")" '^what was built: 0 .*given$'
if [ -n "$compose" ]; then
	like "docker-compose's services find each other" "$(cat "$TMP/caisson.walk")" '^and has heard: 0 composed$'
else
	skip "docker-compose's services find each other" "docker-compose is not installed"
fi
stop_daemon
find /sys/fs/cgroup -depth -type d -path "*/$MARK*" -exec rmdir {} \; 2> /dev/null
leftovers_after "no process, mount or cgroup is left behind"
