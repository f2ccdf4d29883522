#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a container finds in its file system and about itself: every kind of mount, devices, hidden paths, limits, names.
. "$(dirname "$0")/lib.sh"
plan 120

bundle
cp "$BUNDLE/config.json" "$TMP/base.json"

# inside FILTER SCRIPT: what the script prints in a container of the edited document; errors come with "error:".
inside() {
	jq --arg script "$2" ".process.args = [\"/bin/sh\", \"-c\", \$script] | $1" "$TMP/base.json" > "$BUNDLE/config.json" ||
		bail "jq refused: $1"
	caisson run --bundle "$BUNDLE" "$ID" 2>&1 < /dev/null
}
# shows NAME FILTER SCRIPT WANTED (blanks and line ends count as one blank)
shows() { is "$1" "$(inside "$2" "$3" | tr -s ' \t\n' ' ' | sed 's/ $//')" "$4"; }
# refused NAME FILTER TEXT: the container is not made, in one line that says TEXT
refused() {
	_said=$(inside "$2" 'echo ran') && _rc=0 || _rc=$?
	if [ "$_rc" -eq 1 ] && [ "$(printf '%s\n' "$_said" | wc -l)" -eq 1 ] && printf '%s' "$_said" | grep -Eq -e "$3"; then
		_pass "$1"
	else
		_fail "$1"
		diag "status $_rc, wanted /$3/, said: $_said"
	fi
}
# with MOUNT: the filter that adds one mount
with() { printf '.mounts += [%s]' "$1"; }
opts='awk -v d=/m '\''$5 == d { print $6; for (i = 7; $i != "-"; i++) print $i; print $(i + 1), $(i + 3) }'\'' /proc/self/mountinfo'

# ---- tmpfs ----

mkdir -m 1770 "$BUNDLE/rootfs/m"
shows "a tmpfs takes the mode of the directory it covers" "$(with '{destination: "/m", type: "tmpfs", source: "t"}')" \
	'stat -c %a /m' 1770
shows "mode= goes first" "$(with '{destination: "/m", type: "tmpfs", source: "t", options: ["mode=0711"]}')" 'stat -c %a /m' 711
shows "size= limits it" "$(with '{destination: "/m", type: "tmpfs", source: "t", options: ["size=64k"]}')" \
	'head -c 100000 /dev/zero 2>/dev/null > /m/x; stat -c %s /m/x' 65536
shows "its source is shown" "$(with '{destination: "/m", type: "tmpfs", source: "myname", options: ["nosuid", "noexec"]}')" \
	'grep " /m " /proc/mounts | cut -d" " -f1,3' "myname tmpfs"
refused "a wrong size is refused in the kernel's words" "$(with '{destination: "/m", type: "tmpfs", options: ["size=many"]}')" \
	'mounts\[7\] on /m: option size.*size'
refused "an unknown option is refused by its name" "$(with '{destination: "/m", type: "tmpfs", options: ["sparkling"]}')" \
	'mounts\[7\] on /m: option sparkling'
refused "an unknown file system is refused by its name" "$(with '{destination: "/m", type: "nofs"}')" '"nofs" is not known'
refused "a mount without a type" "$(with '{destination: "/m"}')" 'mounts\[7\].type'
shows "a directory that is not there is made, in a read-only root too" \
	"$(with '{destination: "/new/place/here", type: "tmpfs", options: ["mode=755"]}')" 'stat -c %a /new/place/here /new/place' "755 755"
rmdir "$BUNDLE/rootfs/new/place/here" "$BUNDLE/rootfs/new/place" "$BUNDLE/rootfs/new"
shows "and says nothing about the mode of a tmpfs" "$(with '{destination: "/new/place/here", type: "tmpfs"}')" \
	'stat -c %a /new/place/here' 1777
rmdir "$BUNDLE/rootfs/new/place/here" "$BUNDLE/rootfs/new/place" "$BUNDLE/rootfs/new"
shows "one mount over another: the later is seen" \
	"$(with '{destination: "/m", type: "tmpfs", options: ["mode=700"]}, {destination: "/m", type: "tmpfs", options: ["mode=750"]}')" \
	'stat -c %a /m' 750
mkdir -p "$BUNDLE/rootfs/up/sub"
echo content > "$BUNDLE/rootfs/up/file"
chown -h 7:8 "$BUNDLE/rootfs/up/file" "$BUNDLE/rootfs/up/sub"
chmod 4755 "$BUNDLE/rootfs/up/file"
ln -s /etc/passwd "$BUNDLE/rootfs/up/link"
mkfifo "$BUNDLE/rootfs/up/pipe"
shows "tmpcopyup starts with what is there" "$(with '{destination: "/up", type: "tmpfs", options: ["tmpcopyup"]}')" \
	'cd /up; ls; stat -c "%a %u:%g" file; stat -c %u:%g sub; readlink link; cat file; echo w > new && cat new' \
	"file link sub 4755 7:8 7:8 /etc/passwd content w"
is "and the image keeps its own" "$(ls "$BUNDLE/rootfs/up" | tr '\n' ' ')" "file link pipe sub "
refused "tmpcopyup is for tmpfs alone" "$(with '{destination: "/up", type: "bind", source: "/etc", options: ["bind", "tmpcopyup"]}')" tmpcopyup

# ---- binds ----

mkdir -p "$BUNDLE/data/sub" "$TMP/other"
echo hello > "$BUNDLE/data/file"
mount -t tmpfs -o mode=755 under "$BUNDLE/data/sub"
echo deep > "$BUNDLE/data/sub/deep"
B=$BUNDLE/data
shows "bind of a directory" "$(with "{destination: \"/m\", type: \"bind\", source: \"$B\", options: [\"bind\"]}")" \
	'cat /m/file; ls /m/sub; echo x > /m/written; cat /m/written' "hello x"
is "writes arrive" "$(cat "$B/written")" x
shows "rbind takes what is mounted below" "$(with "{destination: \"/m\", source: \"$B\", options: [\"rbind\"]}")" 'cat /m/sub/deep' deep
shows "a relative source is below the bundle" "$(with '{destination: "/m", source: "data", options: ["bind"]}')" 'cat /m/file' hello
shows "a file is mounted on a file that is made for it" \
	"$(with "{destination: \"/run/here/file\", source: \"$B/file\", options: [\"bind\", \"ro\"]}")" \
	'cat /run/here/file; echo x 2>/dev/null > /run/here/file || echo ro' \
	"hello ro"
shows "ro is for the mount itself, not what is below" "$(with "{destination: \"/m\", source: \"$B\", options: [\"rbind\", \"ro\"]}")" \
	'touch /m/x 2>/dev/null || echo ro; touch /m/sub/x && echo rw' "ro rw"
shows "rro is for all of it" "$(with "{destination: \"/m\", source: \"$B\", options: [\"rbind\", \"rro\"]}")" \
	'touch /m/x 2>/dev/null || echo ro; touch /m/sub/x 2>/dev/null || echo ro' "ro ro"
shows "nosuid, nodev, noexec, noatime" \
	"$(with "{destination: \"/m\", source: \"$B\", options: [\"bind\", \"nosuid\", \"nodev\", \"noexec\", \"noatime\"]}")" \
	"$opts | head -n 1" "rw,nosuid,nodev,noexec,noatime"
mount -o remount,nosuid,nodev,noexec "$B/sub"
shows "suid, dev, exec clear what the source has" \
	"$(with "{destination: \"/m\", source: \"$B/sub\", options: [\"bind\", \"suid\", \"dev\", \"exec\"]}")" "$opts | head -n 1" "rw,relatime"
shows "without a word it keeps them" "$(with "{destination: \"/m\", source: \"$B/sub\", options: [\"bind\"]}")" \
	"$opts | head -n 1" "rw,nosuid,nodev,noexec,relatime"
shows "the later word counts" "$(with "{destination: \"/m\", source: \"$B\", options: [\"bind\", \"ro\", \"rw\", \"exec\", \"noexec\"]}")" \
	"$opts | head -n 1" "rw,noexec,relatime"
shows "rnoexec reaches below" "$(with "{destination: \"/m\", source: \"$B\", options: [\"rbind\", \"rnosuid\", \"rexec\"]}")" \
	'grep -c " /m.*nosuid" /proc/mounts' 2
shows "nosymfollow" "$(with "{destination: \"/m\", source: \"$B\", options: [\"bind\", \"nosymfollow\"]}")" \
	"$opts | head -n 1" "rw,relatime,nosymfollow"
refused "a source that is not there" "$(with "{destination: \"/m\", source: \"$B/none\", options: [\"bind\"]}")" 'mounts\[7\] on /m: .*none'
refused "a directory on a file" "$(with "{destination: \"/etc/passwd\", source: \"$B\", options: [\"bind\"]}")" 'mounts\[7\] on /etc/passwd'
refused "a file on a directory" "$(with "{destination: \"/m\", source: \"$B/file\", options: [\"bind\"]}")" 'mounts\[7\] on /m'
refused "an unknown option" "$(with "{destination: \"/m\", source: \"$B\", options: [\"bind\", \"nosiud\"]}")" 'mounts\[7\].options: .*nosiud'
refused "no source" "$(with '{destination: "/m", options: ["bind"]}')" 'mounts\[7\].source'
ln -s /m "$BUNDLE/rootfs/to-m"
ln -s "$TMP/other" "$BUNDLE/rootfs/out"
ln -s ../../../../../../.. "$BUNDLE/rootfs/up-and-out"
shows "a link in the destination is followed inside the root" \
	"$(with "{destination: \"/to-m\", source: \"$B\", options: [\"bind\"]}")" 'cat /m/file' hello
inside "$(with "{destination: \"/up-and-out$TMP/other/made\", source: \"$B\", options: [\"bind\"]}")" true > /dev/null
is "no link leads out of it" "$(ls "$TMP/other")" ""
rm -rf "${BUNDLE:?}/rootfs/tmp/"*

# ---- propagation and remount ----

for word in private slave shared unbindable; do
	case $word in
	private) want='' ;; slave) want='master:' ;; shared) want='shared:' ;; unbindable) want=unbindable ;;
	esac
	mount --make-shared "$B/sub"
	got=$(inside "$(with "{destination: \"/m\", source: \"$B/sub\", options: [\"bind\", \"$word\"]}")" "$opts | sed -n '2{/tmpfs/d;s/[0-9]*\$//;p;}'")
	case $word in
	slave) like "a mount made $word" "$got" '^(master:)?$' ;;
	*) is "a mount made $word" "$got" "$want" ;;
	esac
	mount --make-private "$B/sub"
done
shows "remount restricts what is mounted" \
	"$(with '{destination: "/m", type: "tmpfs"}, {destination: "/m", options: ["remount", "ro", "noexec"]}')" "$opts | head -n 1" "ro,noexec,relatime"
shows "remount with bind, as engines write it" \
	"$(with "{destination: \"/m\", source: \"$B\", options: [\"bind\"]}, {destination: \"/m\", source: \"$B\", options: [\"bind\", \"remount\", \"ro\"]}")" \
	"$opts | head -n 1" "ro,relatime"
refused "remount of what is no mount" "$(with '{destination: "/etc", options: ["remount", "ro"]}')" 'mounts\[7\] on /etc'
refused "remount of what is not there" "$(with '{destination: "/nothing", options: ["remount", "ro"]}')" 'mounts\[7\] on /nothing'

for p in private slave shared unbindable rprivate rslave rshared runbindable; do
	case $p in *private) want='' ;; *slave) want='' ;; *shared) want='shared:' ;; *unbindable) want=unbindable ;; esac
	got=$(inside ".linux.rootfsPropagation = \"$p\"" 'awk '\''$5 == "/" && $7 != "-" { print $7 }'\'' /proc/self/mountinfo | tail -n 1 | sed "s/[0-9]*$//"')
	case $p in
	*slave) like "rootfsPropagation $p" "$got" '^(master:)?$' ;;
	*) is "rootfsPropagation $p" "$got" "$want" ;;
	esac
done
before=$(grep -c . /proc/self/mountinfo)
inside '.linux.rootfsPropagation = "rshared" | .process.capabilities.bounding += ["CAP_SYS_ADMIN"] | .process.capabilities.effective += ["CAP_SYS_ADMIN"] | .process.capabilities.permitted += ["CAP_SYS_ADMIN"]' \
	'mount -t tmpfs x /m && echo mounted' > "$TMP/out"
is "a mount inside a shared root" "$(cat "$TMP/out")" mounted
is "does not appear on the host" "$(grep -c . /proc/self/mountinfo)" "$before"

# ---- proc, sys and the like ----

shows "proc with hidepid and subset" '.mounts[0].options = ["hidepid=invisible", "subset=pid"]' \
	'ls /proc/cpuinfo 2>/dev/null; grep " /proc " /proc/self/mounts | grep -c "hidepid=invisible.*subset=pid"' 1
shows "proc shows the container's processes alone" . 'echo /proc/[0-9]*' /proc/1
shows "sysfs is read-only" . 'touch /sys/kernel/x 2>/dev/null || grep " /sys " /proc/mounts | cut -d" " -f3,4' "sysfs ro,nosuid,nodev,noexec,relatime"
shows "mqueue" . 'stat -f -c %T /dev/mqueue 2>/dev/null; grep " /dev/mqueue " /proc/mounts | cut -d" " -f3' \
	"$(inside . 'stat -f -c %T /dev/mqueue 2>/dev/null' | tr -d '\n' | sed 's/$/ /')mqueue"
shows "devpts is an instance of its own" . 'ls /dev/pts; stat -c "%a %t:%T" /dev/pts/ptmx' "ptmx 666 5:2"
shows "cgroup, in a namespace: its own is the root" . \
	'c=$(ls -d /sys/fs/cgroup/pids /sys/fs/cgroup/cgroup.procs 2>/dev/null | head -n 1); cat ${c%/cgroup.procs}/cgroup.procs | head -n 1; cut -d: -f3 /proc/self/cgroup | sort -u' \
	"1 /"
shows "cgroup is read-only" . 'mkdir /sys/fs/cgroup/x 2>/dev/null || echo ro; for d in /sys/fs/cgroup/*/; do mkdir $d/x 2>/dev/null && echo $d; done' ro
shows "cgroup, without a namespace" 'del(.linux.namespaces[] | select(.type == "cgroup"))' \
	'c=$(ls -d /sys/fs/cgroup/pids /sys/fs/cgroup/cgroup.procs 2>/dev/null | head -n 1); ls ${c%/cgroup.procs} | grep -c "^$(cat /etc/hostname 2>/dev/null)cgroup.procs"; mkdir ${c%/cgroup.procs}/x 2>/dev/null || echo ro' \
	"1 ro"
refused "a tmpfs on /proc" 'del(.mounts[0])| .mounts += [{destination: "/proc", type: "tmpfs"}]' '/proc'
refused "a tmpfs over a directory of /proc" "$(with '{destination: "/proc/self", type: "tmpfs"}')" 'procfs'
shows "a file on /proc/meminfo, as lxcfs does" "$(with "{destination: \"/proc/meminfo\", source: \"$B/file\", options: [\"bind\"]}")" 'cat /proc/meminfo' hello

# ---- hidden and read-only paths ----

echo secret > "$BUNDLE/rootfs/etc/secret"
mkdir "$BUNDLE/rootfs/etc/hidden"
echo secret > "$BUNDLE/rootfs/etc/hidden/secret"
ln -s /etc/secret "$BUNDLE/rootfs/etc/secret-link"
shows "a masked file is empty" '.linux.maskedPaths = ["/etc/secret"]' 'cat /etc/secret; stat -c %t:%T /etc/secret' "1:3"
shows "what is written there is lost" '.linux.maskedPaths = ["/etc/secret"] | .root.readonly = false' 'echo x > /etc/secret; cat /etc/secret; chmod 0 /etc/secret 2>/dev/null || echo ro' ro
is "and the file is as it was" "$(cat "$BUNDLE/rootfs/etc/secret") $(stat -c %a "$BUNDLE/rootfs/etc/secret")" "secret 644"
shows "a masked directory is empty and read-only" '.linux.maskedPaths = ["/etc/hidden"] | .root.readonly = false' \
	'ls -A /etc/hidden; touch /etc/hidden/x 2>/dev/null || echo ro' ro
shows "masked through a link" '.linux.maskedPaths = ["/etc/secret-link"]' 'cat /etc/secret-link; cat /etc/secret; echo .' .
shows "masked paths that are not there" '.linux.maskedPaths = ["/nowhere", "/etc/passwd/x"]' 'echo fine' fine
refused "the root itself as a masked path" '.linux.maskedPaths = ["//."]' 'linux.maskedPaths\[0\]: must not be the root'
refused "or as a read-only one" '.linux.readonlyPaths = ["/etc/.."]' 'linux.readonlyPaths\[0\]: must not be the root'
refused "or under a mount" "$(with '{destination: "/", type: "tmpfs"}')" 'mounts\[7\] on /: the root itself'
shows "masked twice, and below a masked one" '.linux.maskedPaths = ["/etc/hidden", "/etc/hidden", "/etc/hidden/secret"]' 'ls -A /etc/hidden; echo fine' fine
shows "the device nodes of the host are not in the way" '.linux.maskedPaths = ["/etc/secret"]' 'echo x > /dev/null && echo fine' fine
shows "read-only paths" '.root.readonly = false | .linux.readonlyPaths = ["/etc", "/nowhere"]' \
	'touch /etc/x 2>/dev/null || echo ro; touch /m/x && rm /m/x && echo rw' "ro rw"
shows "with what is mounted below" "$(with '{destination: "/m", type: "tmpfs"}') | .root.readonly = false | .linux.readonlyPaths = [\"/m\"]" \
	'touch /m/x 2>/dev/null || echo ro' ro
shows "/proc/sys is read-only" . '(echo 1 > /proc/sys/kernel/shm_rmid_forced) 2>&1 | grep -o "Read-only.*"' "Read-only file system"
shows "a read-only root" . 'touch /x 2>/dev/null || echo ro; touch /dev/x && echo rw' "ro rw"
shows "a root that can be written" '.root.readonly = false' 'touch /x && echo rw; rm /x' rw

# ---- devices ----

shows "the default devices" . 'cd /dev; stat -c "%n %F %a %u:%g %t:%T" null zero full random urandom tty | sed "s/character special file/c/"' \
	"null c 666 0:0 1:3 zero c 666 0:0 1:5 full c 666 0:0 1:7 random c 666 0:0 1:8 urandom c 666 0:0 1:9 tty c 666 0:0 5:0"
shows "the usual links" . 'cd /dev; for l in fd stdin stdout stderr ptmx; do readlink $l; done' \
	"/proc/self/fd /proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2 pts/ptmx"
shows "they work" . 'echo a > /dev/null; head -c 3 /dev/zero | wc -c; echo full 2>/dev/null > /dev/full || echo enospc; echo out > /dev/stdout' \
	"3 enospc out"
shows "a listed device" '.linux.devices = [{path: "/dev/mine", type: "c", major: 1, minor: 5, fileMode: 416, uid: 3, gid: 4}] | .process.user.umask = 63' \
	'stat -c "%F %a %u:%g %t:%T" /dev/mine' "character special file 640 3:4 1:5"
shows "in a directory that is made" '.linux.devices = [{path: "/dev/a/b/mine", type: "b", major: 7, minor: 200}]' \
	'stat -c "%F %a %t:%T" /dev/a/b/mine' "block special file 666 7:c8"
shows "a pipe" '.linux.devices = [{path: "/dev/pipe", type: "p", fileMode: 384}]' 'stat -c "%F %a" /dev/pipe' "fifo 600"
shows "a default one with another mode" '.linux.devices = [{path: "/dev/null", type: "c", major: 1, minor: 3, fileMode: 432}]' 'stat -c %a /dev/null' 660
shows "setuid bits have no place, but what is asked is done" '.linux.devices = [{path: "/dev/mine", type: "c", major: 1, minor: 3, fileMode: 438, uid: 0, gid: 5}]' \
	'stat -c "%a %u:%g" /dev/mine' "666 0:5"
refused "a file that is in the way" '.linux.devices = [{path: "/etc/passwd", type: "c", major: 1, minor: 3}]' 'linux.devices.*/etc/passwd.*exists'
refused "another device in the way" \
	'.linux.devices = [{path: "/dev/d", type: "c", major: 1, minor: 3}, {path: "/dev/d", type: "c", major: 1, minor: 5}]' '/dev/d'
shows "devices are not made in a /dev that the host binds" \
	"$(with '{destination: "/dev", source: "/dev", type: "bind", options: ["rbind", "ro"]}') | .mounts |= map(select(.destination | startswith(\"/dev/\") | not) | select(.type != \"tmpfs\"))" \
	'stat -c %t:%T /dev/null' 1:3

# ---- the process ----

shows "a cwd that is not there is made" '.process.cwd = "/some/where" | .root.readonly = false' 'pwd; stat -c %a .' "/some/where 755"
refused "a cwd that is a file" '.process.cwd = "/etc/passwd"' 'cwd|[Nn]ot a directory'
shows "umask" '.process.user.umask = 23' umask 0027
shows "the usual umask" . umask 0022
shows "additional groups, those and no others" '.process.user.additionalGids = [50, 1000, 4294967294]' 'id -G; grep Groups: /proc/self/status' \
	"0 50 1000 4294967294 Groups: 50 1000 4294967294"
shows "no groups of the caller's" '.process.user = {uid: 1000, gid: 50}' 'grep -E "^(Uid|Gid|Groups)" /proc/self/status' \
	"Uid: 1000 1000 1000 1000 Gid: 50 50 50 50 Groups:"
shows "limits" '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 100, hard: 200}, {type: "RLIMIT_CORE", soft: 0, hard: 512}]' \
	'ulimit -Sn; ulimit -Hn; ulimit -Sc; ulimit -Hc' "100 200 0 1"
shows "oomScoreAdj" '.process.oomScoreAdj = 500' 'cat /proc/self/oom_score_adj' 500
if (echo -500 > /proc/self/oom_score_adj) 2> /dev/null; then
	shows "lower than the caller's" '.process.oomScoreAdj = -500' 'cat /proc/self/oom_score_adj' -500
else
	refused "lower than the caller may" '.process.oomScoreAdj = -500' 'process.oomScoreAdj'
fi
shows "nice, by the scheduler" '.process.scheduler = {policy: "SCHED_OTHER", nice: 5}' 'cut -d" " -f19 /proc/self/stat' 5
shows "SCHED_BATCH" '.process.scheduler = {policy: "SCHED_BATCH"}' 'cut -d" " -f41 /proc/self/stat' 3
shows "ioPriority" '.process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 6}' 'ionice -p $$ 2>/dev/null || echo none' "best-effort: prio 6"
shows "personality" '.linux.personality = {domain: "LINUX32"}' 'uname -m' i686
shows "HOME from the image's passwd" '.process.user = {uid: 1000, gid: 1000}' 'echo $HOME' /home/user
shows "HOME that is given stays" '.process.env += ["HOME=/given"]' 'echo $HOME' /given
shows "HOME of nobody in particular" '.process.user = {uid: 4711, gid: 1}' 'echo $HOME' /
shows "the environment, and no more" '.process.env = ["A=b", "PATH=/bin"]' 'env | grep -v -E "^(PWD|SHLVL|HOME|OLDPWD|_)=" | sort' "A=b PATH=/bin"
shows "hostname and domainname" '.hostname = "box" | .domainname = "example.org"' 'hostname; cat /proc/sys/kernel/domainname' "box example.org"
is "the host's stays" "$(hostname | grep -c '^box$')" 0
refused "a hostname without a namespace" 'del(.linux.namespaces[] | select(.type == "uts"))' 'hostname|uts'
shows "sysctls of the network and of shared memory" \
	'.linux.sysctl = {"net.ipv4.ip_forward": "1", "kernel.shm_rmid_forced": "1", "net.ipv4.ip_local_port_range": "2000 3000"}' \
	'cd /proc/sys; cat net/ipv4/ip_forward kernel/shm_rmid_forced net/ipv4/ip_local_port_range' "1 1 2000 3000"
refused "a sysctl that is not there" '.linux.sysctl = {"net.ipv4.nothing": "1"}' 'net.ipv4.nothing'
refused "a value that the kernel refuses" '.linux.sysctl = {"kernel.shm_rmid_forced": "many"}' 'kernel.shm_rmid_forced'
refused "a sysctl of the host" '.linux.sysctl = {"vm.overcommit_memory": "1"}' 'vm.overcommit_memory'
refused "a network sysctl without a network namespace" \
	'.linux.sysctl = {"net.ipv4.ip_forward": "1"} | del(.linux.namespaces[] | select(.type == "network"))' 'net.ipv4.ip_forward'
refused "a sysctl that climbs" '.linux.sysctl = {"net/../kernel/core_pattern": "x"}' 'sysctl'
refused "a sysctl with a line end in its value" '.linux.sysctl = {"kernel.shmmax": "1\n+kernel.core_pattern=x"}' 'sysctl'

# ---- id-mapped mounts ----

mkdir -p "$TMP/owned"
echo x > "$TMP/owned/f"
chown 1000:1000 "$TMP/owned/f"
shows "an id-mapped bind with maps of its own" \
	"$(with "{destination: \"/m\", source: \"$TMP/owned\", options: [\"bind\", \"idmap\"], uidMappings: [{containerID: 1000, hostID: 0, size: 1}], gidMappings: [{containerID: 1000, hostID: 0, size: 1}]}")" \
	'stat -c %u:%g /m/f' 0:0
refused "the word without maps or a user namespace" "$(with "{destination: \"/m\", source: \"$TMP/owned\", options: [\"bind\", \"idmap\"]}")" 'mounts\[7\].options'

umount "$B/sub"
leftovers_after
