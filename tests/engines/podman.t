#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Debian's podman with caisson as its runtime, beside the same walk with runc (and crun), as root and as an ordinary user.
# Each walk has namespaces, storage and configuration of its own and leaves nothing on the host.
. "$(dirname "$0")/../integration/lib.sh"
need podman conmon python3 runc script unshare setpriv ip newuidmap
# shellcheck source=tests/engines/place.sh
. "$(dirname "$0")/place.sh"

here=$(cd "$(dirname "$0")" && pwd)
rootfs "$TMP/image"
python3 "$here/mkimage.py" "$TMP/image.tar" localhost/busybox:test "$TMP/image"
python3 "$here/mkimage.py" "$TMP/labelled.tar" localhost/labelled:test "$TMP/image" --label security.capabilities=CHOWN
mkdir -p "$TMP/shared"
cp "$here/term.py" "$TMP"
echo 'from the host' > "$TMP/shared/file"
echo 'KEY=value' > "$TMP/shared/env"
printf '#!/no/interpreter\n' > "$TMP/shared/script"
chmod 755 "$TMP/shared/script"
mknod "$TMP/node" c 10 229 # one that no engine gives by itself; whether its driver is there does not matter
echo '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO","errnoRet":95}]}' > "$TMP/seccomp.json"

cat > "$TMP/begin" <<'SH'
cd "$TMP" || exit 1 # conmon leaves a file called "oom" where it was started
. "$PLACE"
image=localhost/busybox:test
who=$1
# crun refuses a host with both hierarchies; here it sees one.
[ "$who" != crun ] || { umount /sys/fs/cgroup/unified 2> /dev/null || mount -t tmpfs tmpfs /sys/fs/cgroup/unified 2> /dev/null; }
load() { timeout 60 podman load -q -i "$TMP/$1.tar" > /run/load.log 2>&1 || { cat /run/load.log; exit 1; }; }
SH

# ---- the walk as root ----

cat > "$TMP/walk" <<'SH'
. "$TMP/begin"
load image
_c="--cgroup-parent /$MARK/$who"
_r="--rm $_c"
p() { timeout -k 2 25 podman --runtime "$who" "$@"; }
export who
pod="timeout -k 2 25 podman --runtime $who"
caps='^(CapEff|CapBnd|CapPrm|CapInh|CapAmb|NoNewPrivs|Seccomp):'
setting() { find /sys/fs/cgroup -path "*/$MARK/$who/*" \( -name memory.limit_in_bytes -o -name pids.max -o -name cpu.cfs_quota_us -o -name cpu.shares \
	-o -name memory.max -o -name cpu.max \) ! -path '*/conmon/*' -exec cat {} + 2> /run/find.log | sort | tr '\n' ' '; }
inspect() { one "$1" $pod inspect -f "$2" "$3"; }

one "run" $pod run $_r $image sh -c 'echo hello; exit 3'
one "environment, directory, user" $pod run $_r -e A=b -w /tmp -u 1000:50 $image sh -c 'echo $A; pwd; id -u; id -g'
one "groups" $pod run $_r --group-add 7 -u user $image id -G
one "entry point" $pod run $_r --entrypoint /bin/echo $image given
echo "standard input: $(echo words | p run -i $_r $image cat 2>&1)"
one "both outputs" sh -c "$pod run $_r $image sh -c 'echo out; echo err >&2' 2>&1 > /dev/null"
one "terminal" script -qec "exec $pod run -it $_r $image sh -c 'tty; sleep 0.3; exit 4'" /dev/null
one "host name" $pod run $_r --hostname box $image hostname
one "capabilities" $pod run $_r $image grep -E "$caps" /proc/self/status
one "all capabilities dropped" $pod run $_r --cap-drop=ALL $image grep -E "$caps" /proc/self/status
one "capabilities dropped and added" $pod run $_r --cap-drop ALL --cap-add NET_RAW $image grep -E '^Cap' /proc/self/status
one "capabilities of another user" $pod run $_r -u 1000 $image grep -E '^Cap' /proc/self/status
one "capabilities added for another user" $pod run $_r -u 1000 --cap-add NET_RAW $image grep -E '^Cap' /proc/self/status
one "no new privileges" $pod run $_r --security-opt no-new-privileges $image grep -E "$caps" /proc/self/status
one "without a filter" $pod run $_r --security-opt seccomp=unconfined $image grep -E '^Seccomp:' /proc/self/status
one "a filter of one's own" $pod run $_r --security-opt "seccomp=$TMP/seccomp.json" $image sh -c 'exec 2>&1; grep ^Seccomp: /proc/self/status; mkdir /x'
one "without cgroups" $pod run --rm --cgroups=disabled $image echo free
one "privileged" $pod run $_r --privileged $image sh -c 'grep -E "^(CapEff|Seccomp)" /proc/self/status; test -w /proc/sys/kernel && mkdir -p /mnt && mount -t tmpfs t /mnt && echo mounted'
one "unmasked" $pod run $_r --security-opt unmask=ALL $image sh -c 'grep -E " /(proc|sys)/" /proc/mounts | grep -vc /sys/fs/cgroup; wc -c < /proc/timer_list | grep -c "[1-9]"'
one "ids of its own" $pod run $_r --uidmap 0:300000:65536 --gidmap 0:300000:65536 $image sh -c 'cat /proc/self/uid_map; stat -c %u /etc/passwd; touch /x && echo made'
one "ids given out" $pod run $_r --userns auto:size=1000 $image sh -c 'id -u; awk "{ print \$3 }" /proc/self/uid_map'
one "names in /dev" $pod run $_r $image ls /dev
one "an init" $pod run $_r --init $image sh -c 'cat /proc/1/comm; exit 9'
[ "$who" != crun ] || exit 0 # what podman or this host keeps runc from

one "read-only" $pod run $_r --read-only --tmpfs /tmp $image sh -c 'exec 2>&1; echo x > /file; echo x > /tmp/file; cat /tmp/file'
one "read-only without its own tmpfs" $pod run $_r --read-only --read-only-tmpfs=false $image sh -c 'echo x > /tmp/file; echo x > /run/file'
one "tmpfs with options" $pod run $_r --tmpfs /scratch:size=1m,mode=700,noexec $image sh -c 'grep " /scratch " /proc/mounts; stat -c %a /scratch'
one "tmpfs with content copied up" $pod run $_r --mount type=tmpfs,destination=/etc,tmpcopyup $image ls /etc/passwd
one "volume" $pod run $_r -v "$TMP/shared:/data:ro" $image cat /data/file
one "a read-only volume" $pod run $_r -v "$TMP/shared:/data:ro" $image sh -c 'echo x > /data/file'
one "a named volume" $pod run $_r -v things:/etc $image sh -c 'echo x > /etc/new && cat /etc/new'
one "and again" $pod run $_r -v things:/etc $image cat /etc/new
one "a volume's propagation" $pod run $_r -v "$TMP/shared:/data:rshared" $image sh -c 'grep " /data " /proc/self/mountinfo | grep -c shared:'
one "a file" $pod run $_r -v "$TMP/shared/file:/a/b/c:ro" $image cat /a/b/c
one "resource limits" $pod run $_r --ulimit nofile=77:88 --ulimit core=0 --ulimit nproc=500:600 $image sh -c 'ulimit -n; ulimit -Hn; ulimit -c; grep -c processes.*500.*600 /proc/self/limits'
one "sysctl" $pod run $_r --sysctl net.ipv4.ip_unprivileged_port_start=80 $image cat /proc/sys/net/ipv4/ip_unprivileged_port_start
one "shared memory size" $pod run $_r --shm-size 1m $image sh -c 'df -k /dev/shm | tail -n 1 | tr -s " " | cut -d " " -f 2'
one "a device" $pod run $_r --device /dev/full:/dev/filled:rw $image sh -c 'stat -c "%a %t %T %u" /dev/filled; echo x > /dev/filled'
one "a device that is not allowed" $pod run $_r --cap-add MKNOD $image sh -c 'mknod /dev/m b 7 0 && cat /dev/m'
one "devices" $pod run $_r $image stat -c '%N %F %a %u %g' /dev/null /dev/fd /dev/stdin /dev/ptmx
one "no network" $pod run $_r --network none $image ls /sys/class/net
one "the host's network" $pod run $_r --network host $image ls /sys/class/net
if [ -x /usr/lib/cni/bridge ] && command -v iptables > /run/out; then
	one "a bridge" $pod run $_r --network podman $image sh -c 'ls /sys/class/net | tr "\n" " "; ip -4 -o addr show eth0 | grep -c "inet 10[.]"'
	one "a port" sh -c "$pod run -d --name web $_c --network podman -p 3000:3000 $image sh -c 'echo served | nc -l -p 3000' > /dev/null; sleep 0.5; \
		timeout 5 $TMP/image/bin/busybox nc 127.0.0.1 3000 < /dev/null; $pod rm -f -t 0 web > /dev/null"
fi
one "another's network" sh -c "$pod run -d --name net $_c $image sleep 100 > /dev/null; $pod run $_r --network container:net --pid container:net $image sh -c 'cat /proc/1/comm'; $pod rm -f -t 0 net > /dev/null"
one "the host's processes" $pod run $_r --pid host $image sh -c 'test $$ -ne 1 && cat /proc/1/comm'
one "the host's names" $pod run $_r --uts host --ipc host $image sh -c 'test "$(hostname)" && echo named'
one "systemd's mounts" $pod run $_r --systemd=always $image sh -c 'grep -cE " (/run|/run/lock|/tmp|/var/log/journal) tmpfs" /proc/mounts; cat /proc/1/environ | tr "\0" "\n" | grep ^container='
one "masked by name" $pod run $_r --security-opt mask=/etc/hosts:/home $image sh -c 'cat /etc/hosts; ls /home'
one "a masked directory" $pod run $_r $image ls /sys/firmware
one "a masked file" $pod run $_r $image sh -c 'wc -c < /proc/keys'
one "a read-only path" $pod run $_r $image sh -c 'echo 1 > /proc/sys/vm/swappiness'
one "oom score" $pod run $_r --oom-score-adj 500 $image cat /proc/self/oom_score_adj
one "umask" $pod run $_r --umask 0077 $image sh -c 'umask'
one "a private cgroup namespace" $pod run $_r --cgroupns private $image sh -c 'sed -n "s/.*memory://p" /proc/self/cgroup'
one "the host's cgroup namespace" $pod run $_r --cgroupns host $image sh -c "grep -c /$MARK/ /proc/self/cgroup > /dev/null && echo seen"
one "descriptors kept" sh -c "exec 3< '$TMP/shared/file'; $pod run --preserve-fds 1 $_r $image sh -c 'cat <&3'"
one "descriptors" $pod run $_r $image sh -c 'ls /proc/self/fd | wc -l'
one "a time limit" $pod run $_r --timeout 1 $image sleep 20
one "a secret" sh -c "echo hush | $pod secret create s - > /dev/null; $pod run --secret s $_r $image cat /run/secrets/s"
status_only "an absent program" $pod run $_r $image /no/such
status_only "a program that is none" $pod run $_r $image /etc/passwd
status_only "an absent directory of work" $pod run $_r -w /etc/passwd $image true
one "what an absent program says" sh -c "$pod run $_r $image /no/such 2>&1 | grep -ioE 'no such file or directory|not found' | head -n 1 | tr A-Z a-z"

# One that stays.
one "detached" sh -c "$pod run -d --name box $_c --memory 64m --cpus 0.5 --pids-limit 50 --health-cmd 'test -e /tmp/well' --health-interval disable $image \
	sh -c 'trap \"echo ending; exit 7\" TERM; echo up; while :; do sleep 0.1; done' > /dev/null"
echo "limits: $(setting)"
inspect "inspected" '{{.State.Status}} {{.State.Running}} {{.HostConfig.Memory}} {{.HostConfig.PidsLimit}}' box
one "listed" sh -c "$pod ps --format '{{.Names}} {{.Image}} {{.State}}' | sed 's/Up .*/Up/'"
one "exec" $pod exec box sh -c 'echo in; exit 5'
one "exec with user, directory, environment" $pod exec -u 1000 -w /tmp -e X=y box sh -c 'id -u; pwd; echo $X'
echo "exec with standard input: $(echo words | p exec -i box cat 2>&1)"
one "exec with a terminal" script -qec "exec $pod exec -it box sh -c 'tty; sleep 0.3; exit 6'" /dev/null
one "capabilities of exec" $pod exec box grep -E "$caps" /proc/self/status
one "exec privileged" $pod exec --privileged box grep CapEff /proc/self/status
one "exec as a user has no capability" $pod exec -u 1000 box grep -E '^Cap' /proc/self/status
one "exec detached" sh -c "$pod exec -d box sh -c 'echo there > /tmp/mark' > /dev/null; sleep 0.5; $pod exec box cat /tmp/mark"
status_only "exec of an absent program" $pod exec box /no/such
status_only "exec of a program that is none" $pod exec box /etc/passwd
status_only "unwell" $pod healthcheck run box
status_only "made well" $pod exec box touch /tmp/well
status_only "well" $pod healthcheck run box
one "top" sh -c "$pod top box pid user comm | sed -n 2p | tr -s ' '"
one "top with the host's ps" sh -c "$pod top box -eo pid,comm | grep -c sh > /dev/null && echo some"
one "stats" sh -c "$pod stats --no-stream --format '{{.Name}} {{.PIDs}}' box | sed 's/ [1-9][0-9]*\$/ some/'"
one "changed files" sh -c "$pod diff box | grep -c /tmp/well"
one "copied in and out" sh -c "$pod cp '$TMP/shared/file' box:/tmp/copied && $pod exec box cat /tmp/copied && $pod cp box:/tmp/copied - | tar -xO"
status_only "update" $pod update --cpus 0.7 --memory 32m --memory-swap 64m box
echo "updated: $(setting)"
status_only "pause" $pod pause box
inspect "paused" '{{.State.Status}}' box
status_only "exec while paused" $pod exec box true
status_only "unpause" $pod unpause box
inspect "unpaused" '{{.State.Status}}' box
status_only "a signal" $pod kill -s WINCH box
status_only "a signal for nobody" $pod kill -s TERM nobody
status_only "restart" $pod restart -t 3 box
inspect "restarted" '{{.State.Status}} {{.RestartCount}}' box
status_only "stop" $pod stop -t 5 box
inspect "its exit status" '{{.State.Status}} {{.State.ExitCode}} {{.State.OOMKilled}}' box
one "logs" sh -c "$pod logs box | sort | uniq -c | tr -s ' '"
status_only "start again" $pod start box
one "waited for" sh -c "$pod wait --condition running box > /dev/null; echo \$?"
status_only "kill" $pod kill -s KILL box
one "killed" $pod wait box
status_only "exec into what has ended" $pod exec box true
one "committed" sh -c "$pod commit -q box localhost/committed:test > /dev/null && $pod run $_r localhost/committed:test cat /tmp/copied"
status_only "remove" $pod rm box
one "stop by force" sh -c "$pod run -d --name stubborn $_c $image sh -c 'trap \"\" TERM; while :; do sleep 0.1; done' > /dev/null; $pod stop -t 1 stubborn > /dev/null 2>&1; $pod inspect -f '{{.State.ExitCode}}' stubborn; $pod rm -f -t 0 stubborn > /dev/null"
status_only "created, initialised" sh -c "$pod create --name made $_c $image sh -c 'exit 8' > /dev/null && $pod init made > /dev/null"
inspect "initialised" '{{.State.Status}}' made
one "started and attached" $pod start -a made
status_only "removed" $pod rm made
status_only "removed while it runs" sh -c "$pod run -d --name quick $_c $image sleep 100 > /dev/null && $pod rm -f -t 0 quick"
status_only "removed while paused" sh -c "$pod run -d --name still $_c $image sleep 100 > /dev/null && $pod pause still && $pod rm -f -t 0 still"
one "out of memory" sh -c "$pod run --name hungry $_c --memory 16m --memory-swap 16m $image sh -c 'x=; tail /dev/zero' > /dev/null 2>&1; echo \$?; $pod rm -f hungry > /dev/null"
one "five at once" sh -c "for i in 1 2 3 4 5; do $pod run $_r $image echo \$i & done | sort | tr '\n' ' '"

# A pod.
status_only "a pod" $pod pod create --name pod $_c --share net,ipc,uts --hostname podhost --infra-command '/bin/sleep 1000' --infra-image $image
one "a container of the pod" $pod run --rm --pod pod $image sh -c 'hostname; echo from the pod > /dev/shm/f'
one "another of the pod" $pod run --rm --pod pod $image sh -c 'cat /dev/shm/f; readlink /proc/self/ns/net > /dev/null'
status_only "one that stays in the pod" $pod run -d --name podded --pod pod $image sleep 1000
one "the pod's state" $pod pod inspect -f '{{.State}} {{.NumContainers}}' pod
one "top of the pod" sh -c "$pod pod top pod comm | sed 1d | sort -u | tr '\n' ' '"
status_only "pause of the pod" $pod pod pause pod
status_only "unpause of the pod" $pod pod unpause pod
status_only "stop of the pod" $pod pod stop -t 1 pod
one "the pod after stop" $pod pod inspect -f '{{.State}}' pod
status_only "start of the pod" $pod pod start pod
status_only "removal of the pod" $pod pod rm -f -t 0 pod
one "nothing is listed" $pod ps -aq
one "build" sh -c "mkdir -p /run/build && printf 'FROM $image\nRUN echo built > /made && id -u > /who\nUSER 1000\nCMD cat /made /who\n' > /run/build/Dockerfile && $pod build -q --cgroup-parent /$MARK/$who-build -t localhost/built:test /run/build > /dev/null && $pod run $_r localhost/built:test"
echo "end: 0"
SH

# ---- more forms, and what is said when something is wrong ----

cat > "$TMP/forms" <<'SH'
. "$TMP/begin"
load image
_c="--cgroup-parent /$MARK/$who-forms"
pod="timeout -k 2 25 podman --runtime $who"
run="$pod run --rm $_c"
box=box
exit_of="$pod inspect -f '{{.State.ExitCode}} {{.State.OOMKilled}}' $box; $pod rm -f -t 0 $box > /dev/null"
loop='while :; do sleep 0.1; done'
set -- 24x80 wait:sized 'type:words\n' size:30x100 wait:larger 'type:\x03'

one "typed at" term "$@" -- $run -it $image sh -c "$typed"
one "a bind by --mount" $run --mount "type=bind,source=$TMP/shared,target=/data,readonly" $image sh -c 'cat /data/file; grep -o " /data ro[^ ]*" /proc/self/mountinfo'
one "a tmpfs by --mount" $run --mount type=tmpfs,target=/scratch,tmpfs-size=1m,tmpfs-mode=1770 $image sh -c 'grep -o "/scratch tmpfs.*" /proc/mounts; stat -c %a /scratch'
one "a volume by --mount" $run --mount type=volume,source=more,target=/etc $image ls /etc/passwd
one "an image by --mount" $run --mount "type=image,source=$image,target=/image" $image ls /image/etc/passwd
one "a file of variables" $run --env-file "$TMP/shared/env" $image sh -c 'echo $KEY'
one "a rule for devices" $run --cap-add MKNOD --device-cgroup-rule 'c 10:229 m' $image sh -c 'exec 2>&1; mknod /node c 10 229 && echo made; : < /node'
one "a device for reading" $run --device "$TMP/node:/dev/node:r" $image sh -c 'exec 2>&1; (: < /dev/node) 2>&1 | grep -c "not permitted"; : > /dev/node'
one "many limits" sh -c "$run --memory 64m --memory-reservation 32m --memory-swap 128m --cpu-shares 512 --cpuset-cpus 0 --pids-limit 50 $image sh -c 'cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory/memory.soft_limit_in_bytes /sys/fs/cgroup/cpu/cpu.shares /sys/fs/cgroup/cpuset/cpuset.cpus /sys/fs/cgroup/pids/pids.max || { cd /sys/fs/cgroup && cat memory.max memory.low cpu.weight cpuset.cpus pids.max; }' 2> /dev/null"
one "a limit of -1 processes is none" sh -c "$run --pids-limit -1 $image sh -c 'cat /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/pids.max 2> /dev/null; (echo forked)'"
one "names to look up" $run --network private --dns 192.0.2.7 --dns-search example.org --add-host there:192.0.2.9 $image sh -c 'grep -v "^#" /etc/resolv.conf; grep there /etc/hosts'
one "a program that is killed" $run $image sh -c 'kill -9 $$; sleep 9'
one "an absent program" $run $image /no/such
one "an absent program, by PATH" $run $image nosuch
one "a program that is none" $run $image /etc/passwd
one "a directory for a program" $run $image /etc
one "a script without its interpreter" $run -v "$TMP/shared:/data" $image /data/script
one "a directory on a file" $run -v "$TMP/shared:/bin/busybox" $image true
one "a bind of what is not there" $run --mount "type=bind,source=$TMP/none,target=/x" $image true
one "a directory of work that is a file" $run -w /etc/passwd $image true
one "an unknown user" $run -u nosuch $image true
one "a sysctl that is not there" $run --sysctl net.nosuch=1 $image true
one "a device that is not there" $run --device /dev/nosuch $image true
one "a capability that is none" $run --cap-add NOSUCH $image true

$pod run -d --name box $_c $image sh -c "trap 'exit 7' TERM; $loop" > /run/out 2>&1 || cat /run/out
one "exec typed at" term "$@" -- $pod exec -it box sh -c "$typed"
one "exec killed" $pod exec box sh -c 'kill -9 $$; sleep 9'
one "exec of an absent program" $pod exec box /no/such
one "exec of an absent program, by PATH" $pod exec box nosuch
one "exec of a program that is none" $pod exec box /etc/passwd
one "exec of a directory" $pod exec box /etc
one "exec in an absent directory" $pod exec -w /no/dir box true
one "exec as nobody known" $pod exec -u nosuch box true
one "exec with variables" $pod exec --env-file "$TMP/shared/env" -e A=b box sh -c 'echo $KEY $A'
one "renamed" sh -c "$pod rename box other && $pod exec other echo there && $pod rename other box"
one "exported" sh -c "$pod export box | tar -t | grep -cx bin/busybox"
one "what happened" sh -c "$pod events --stream=false --filter container=box --format '{{.Status}}' | grep -vE 'exec|mount|sync' | uniq | tr '\n' ' '"
one "stopped" sh -c "$pod stop -t 5 box > /dev/null; $exit_of"
one "a stop signal of its own" sh -c "$pod run -d --name box $_c --stop-signal USR1 $image sh -c 'trap \"exit 9\" USR1; $loop' > /dev/null; $pod stop -t 9 box > /dev/null; $exit_of"
one "an init passes the signal on" sh -c "$pod run -d --init --name box $_c $image sh -c 'trap \"exit 9\" TERM; $loop' > /dev/null; $pod stop -t 9 box > /dev/null; $exit_of"
one "attached later" sh -c "$pod run -d -i --name box $_c $image sh -c 'read x; sleep 0.5; echo \"<\$x>\"; sleep 1; exit 6' > /dev/null; echo words | $pod attach box; $pod wait box; $exit_of"
one "created, started with input" sh -c "$pod create -i --name box $_c $image cat > /dev/null; echo words | $pod start -ai box; $exit_of"
one "restarts on failure" sh -c "$pod run -d --name box $_c --restart on-failure:2 $image sh -c 'echo again; sleep 0.2; exit 3' > /dev/null"
one "as often as it may" until_is "2 exited 3" $pod inspect -f '{{.RestartCount}} {{.State.Status}} {{.State.ExitCode}}' box
one "and its logs" sh -c "$pod logs box | sort | uniq -c | tr -s ' '; $pod rm -f -t 0 box > /dev/null"
one "nothing is listed" $pod ps -aq
echo "end: 0"
SH

# ---- what can do without the peers' cgroups ----

cat > "$TMP/plainwalk" <<'SH'
. "$TMP/begin"
pod="plain timeout -k 2 25 podman --runtime $who"
caps='^(CapEff|CapBnd|CapPrm|NoNewPrivs|Seccomp):'
chmod 755 "$TMP"
cp "$TMP/image.tar" /run/plain/image.tar
plain timeout 60 podman load -q -i /run/plain/image.tar > /run/load.log 2>&1 || { cat /run/load.log; exit 1; }

one "run" $pod run --rm $image sh -c 'id -u; echo hello; exit 3'
one "ids" $pod run --rm $image sh -c 'cat /proc/self/uid_map; stat -c %u /etc/passwd /home/user'
one "a user inside" $pod run --rm -u 1000:50 $image sh -c 'id -u; id -g; grep -E "^(CapEff|CapBnd)" /proc/self/status'
one "the user's own id kept" $pod run --rm --userns keep-id $image sh -c 'id -u; cat /proc/self/uid_map | head -n 3'
one "no other ids" $pod run --rm --userns nomap $image sh -c 'cat /proc/self/uid_map | head -n 3'
one "capabilities" $pod run --rm $image grep -E "$caps" /proc/self/status
one "all capabilities dropped" $pod run --rm --cap-drop=ALL $image grep -E "$caps" /proc/self/status
one "no new privileges" $pod run --rm --security-opt no-new-privileges $image grep -E "$caps" /proc/self/status
one "read-only" $pod run --rm --read-only --tmpfs /tmp $image sh -c 'exec 2>&1; echo x > /file; echo x > /tmp/file; cat /tmp/file'
one "no network" $pod run --rm --network none $image ls /sys/class/net
one "the host's network" $pod run --rm --network host $image ls /sys/class/net
one "the host's processes" $pod run --rm --pid host $image sh -c 'test $$ -ne 1 && cat /proc/1/comm'
one "privileged" $pod run --rm --privileged $image sh -c 'grep -E "^(Seccomp):" /proc/self/status; mkdir -p /mnt && mount -t tmpfs t /mnt && echo mounted'
one "terminal" script -qec "exec setpriv --reuid 1500 --regid 1500 --init-groups env HOME=/run/plain XDG_RUNTIME_DIR=/run/user/1500 TMPDIR=/var/tmp \
	timeout -k 2 25 podman --runtime $who run --rm -it $image sh -c 'tty; sleep 0.3; exit 4'" /dev/null
one "volume" $pod run --rm -v /run/plain:/data $image sh -c 'echo x > /data/made && stat -c %u /data/made'
one "outside it is the user's" stat -c '%u %g' /run/plain/made
one "an init" $pod run --rm --init $image sh -c 'cat /proc/1/comm; exit 9'
one "without cgroups" $pod run --rm --cgroups=disabled $image echo free
one "detached" $pod run -d --name box $image sh -c 'trap "exit 7" TERM; while :; do sleep 0.1; done' | sed 's/[0-9a-f]\{64\}/ID/'
one "exec" $pod exec -u 1000 -w /tmp -e X=y box sh -c 'id -u; pwd; echo $X; exit 5'
one "capabilities of exec" $pod exec box grep -E "$caps" /proc/self/status
one "inspected" $pod inspect -f '{{.State.Status}}' box
echo "top: $($pod top box pid user comm | tr -s ' ' | grep -E '^(PID|1) ' | tr '\n' ' ')"
status_only "stop" $pod stop -t 5 box
one "its exit status" $pod inspect -f '{{.State.Status}} {{.State.ExitCode}}' box
status_only "start again" $pod start box
status_only "kill" $pod kill -s KILL box
one "killed" $pod wait box
status_only "remove" $pod rm box
status_only "a pod" $pod pod create --name pod --share net,ipc,uts --infra-command '/bin/sleep 1000' --infra-image $image
one "a container of the pod" $pod run --rm --pod pod $image sh -c 'echo within'
status_only "removal of the pod" $pod pod rm -f -t 0 pod
one "nothing is listed" $pod ps -aq
echo "end: 0"
SH

# ---- what caisson adds ----

cat > "$TMP/ours" <<'SH'
. "$TMP/begin"
load image
ln -s caisson /run/bin/caisson-hardened
_c="--cgroup-parent /$MARK/ours"
run() { _key=$1; shift; one "$_key" timeout -k 2 25 podman --runtime caisson run --rm $_c "$@"; }
look='/^Cap(Prm|Eff|Bnd):/ { print $2 }'
run "an annotation narrows" --annotation security.capabilities=CHOWN $image awk "$look" /proc/self/status
run "it adds nothing" --annotation '"security.capabilities=CHOWN,SYS_ADMIN"' $image awk "$look" /proc/self/status
run "a privileged one" --privileged --annotation security.capabilities=CHOWN $image awk "$look" /proc/self/status
run "an empty one takes all" --annotation security.capabilities= $image awk "$look" /proc/self/status
run "as another user" -u 1000 --annotation security.capabilities=CHOWN $image awk "$look" /proc/self/status
podman --runtime caisson run -d --name box $_c --annotation security.capabilities=CHOWN $image sleep 1000 > /run/out 2>&1 || cat /run/out
one "exec" timeout 25 podman exec box awk "$look" /proc/self/status
one "exec privileged" timeout 25 podman exec --privileged box awk "$look" /proc/self/status
mkdir /run/build && printf 'FROM %s\nRUN true\n' $image > /run/build/Dockerfile
timeout 40 podman --runtime caisson build -q --cgroup-parent "/$MARK/ours-build" --annotation security.capabilities=CHOWN -t localhost/annotated:test \
	/run/build > /run/out 2>&1 || cat /run/out
run "an image's annotation" localhost/annotated:test awk "$look" /proc/self/status
one "hardened by name" timeout 25 podman --runtime /run/bin/caisson-hardened run --rm $_c $image sh -c 'grep -E "^(NoNewPrivs|Seccomp):" /proc/self/status'
one "its exec" sh -c "podman --runtime /run/bin/caisson-hardened run -d --name hard $_c $image sleep 1000 > /dev/null; podman exec hard grep ^NoNewPrivs: /proc/self/status"
find /run/caisson -mindepth 1 -maxdepth 1 -type d ! -name '.*' | wc -l | sed 's/^/states: /'
timeout 25 podman rm -af -t 0 > /dev/null 2>&1
find /run/caisson -mindepth 1 -maxdepth 1 -type d ! -name '.*' | sed 's/^/left: /'
echo "end: 0"
SH

walk() { in_place 150 "$TMP/$1" "$2" 2> "$TMP/$2.$1.err" | same_words "$2" > "$TMP/$2.$1"; }
walk walk runc &
walk walk caisson
wait
walk walk crun &
walk plainwalk runc
walk plainwalk caisson
walk ours caisson
wait
walk forms runc &
walk forms caisson
wait

cat > "$TMP/explained" <<'TABLE'
without cgroups | ^0 free$ | where podman lets only crun
TABLE
cat > "$TMP/explained.forms" <<'TABLE'
a directory for a program | ^126 .*exec: "/etc": is a directory: permission denied | ours says why
exec of a directory | ^126 .*exec: "/etc": is a directory: permission denied | ours says why
a script without its interpreter | ^126 .*exec: "/data/script": its interpreter /no/interpreter: no such file or directory | runc starts it and calls it a program's own status 1
a directory on a file | ^126 .*on /bin/busybox: .*Not a directory | in the words of each
a sysctl that is not there | ^127 .*linux.sysctl: set net.nosuch to "1": No such file or directory | in the words of each
exec in an absent directory | ^127 .*exec failed: chdir to cwd .*/no/dir.*: No such file or directory | the error is spelled as libc does
TABLE
plan $(($(wc -l < "$TMP/runc.walk") + $(wc -l < "$TMP/runc.plainwalk") + $(wc -l < "$TMP/runc.forms") + 3 + 25))
for f in runc.walk caisson.walk runc.plainwalk caisson.plainwalk runc.forms caisson.forms caisson.ours; do
	is "the walk was gone to its end: $f" "$(tail -n 1 "$TMP/$f")" "end: 0"
	[ ! -s "$TMP/$f.err" ] || diag "$(head -n 5 "$TMP/$f.err")"
done
compare root "$TMP/caisson.walk" "$TMP/runc.walk" "$TMP/explained" "$TMP/crun.walk"
compare "ordinary user" "$TMP/caisson.plainwalk" "$TMP/runc.plainwalk" "$TMP/explained"
compare "more forms" "$TMP/caisson.forms" "$TMP/runc.forms" "$TMP/explained.forms"

ours() { is "$1" "$(line "$TMP/caisson.ours" "$2")" "$2: $3"; }
none=0000000000000000 chown=0000000000000001
all=$(awk '/^CapPrm:/ { print $2 }' /proc/self/status)
ours "an annotation security.capabilities narrows to what it names" "an annotation narrows" "0 $chown $chown $chown"
ours "it cannot add what was not asked for" "it adds nothing" "0 $chown $chown $chown"
ours "a privileged container is passed through as it is" "a privileged one" "0 $all $all $all"
ours "an empty one leaves nothing" "an empty one takes all" "0 $none $none $none"
ours "another user has them in the bounding set alone" "as another user" "0 $none $none $chown"
ours "exec gets the narrowed set" "exec" "0 $chown $chown $chown"
ours "a privileged exec as well" "exec privileged" "0 $chown $chown $chown"
ours "an annotation of the image narrows as the operator's does" "an image's annotation" "0 $chown $chown $chown"
like "hardened by name" "$(line "$TMP/caisson.ours" "hardened by name")" ': 0 .*NoNewPrivs: 1 Seccomp: 2$'
ours "and its exec" "its exec" "0 NoNewPrivs: 1"
skip "an image's label narrows" "podman hands no label of an image to a runtime"
ours "states are kept for what runs" states 2
is "and for nothing else" "$(grep '^left: ' "$TMP/caisson.ours")" ""
like "a program's output and exit status come back" "$(cat "$TMP/caisson.walk")" '^run: 3 hello$'
like "podman stop gives the program its TERM" "$(cat "$TMP/caisson.walk")" '^its exit status: 0 exited 7 false$'
if grep -q '^a port: ' "$TMP/runc.walk"; then
	like "a published port is served" "$(cat "$TMP/caisson.walk")" '^a port: 0 served$'
else
	skip "a published port is served" "the CNI plugins or iptables are not installed"
fi
ok "no cgroup is left behind" place_cgroups_gone
leftovers_after "no process, mount or cgroup is left behind"
