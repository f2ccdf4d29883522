#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Namespaces: new, joined by path, or the caller's; user namespaces and their ids; what exec joins.
. "$(dirname "$0")/lib.sh"
need unshare readlink
plan 73

bundle
cp "$BUNDLE/config.json" "$TMP/base.json"
chmod 755 "$BUNDLE" "$BUNDLE/rootfs"

inside() { # FILTER SCRIPT
	jq --arg script "$2" ".process.args = [\"/bin/sh\", \"-c\", \$script] | $1" "$TMP/base.json" > "$BUNDLE/config.json" ||
		bail "jq refused: $1"
	caisson run --bundle "$BUNDLE" "$ID" 2>&1 < /dev/null
}
shows() { is "$1" "$(inside "$2" "$3" | tr -s ' \t\n' ' ' | sed 's/^ //;s/ $//')" "$4"; }
refused() { # NAME FILTER ERE
	_said=$(inside "$2" 'echo ran') && _rc=0 || _rc=$?
	if [ "$_rc" -eq 1 ] && [ "$(printf '%s\n' "$_said" | wc -l)" -eq 1 ] && printf '%s' "$_said" | grep -Eq -e "$3"; then
		_pass "$1"
	else
		_fail "$1"
		diag "status $_rc, wanted /$3/, said: $_said"
	fi
}
file_of() { case $1 in network) echo net ;; mount) echo mnt ;; *) echo "$1" ;; esac; }
host_ns() { readlink "/proc/self/ns/$(file_of "$1")"; }
drop() { printf 'del(.linux.namespaces[] | select(.type == "%s"))' "$1"; }
at() { printf '.linux.namespaces |= map(if .type == "%s" then .path = "%s" else . end)' "$1" "$2"; }

# ---- each kind: new, inherited, joined ----

unshare -n -i -u -C sleep 300 &
holder=$!
unshare -p -f sh -c 'exec sleep 300' 2> /dev/null &
pid_holder=$!
wait_for 3 sh -c "[ \"\$(readlink /proc/$holder/ns/net)\" != '$(host_ns network)' ] && [ -n \"\$(cat /proc/$pid_holder/task/$pid_holder/children)\" ]"
in_pid_ns=$(tr -d ' ' < "/proc/$pid_holder/task/$pid_holder/children")

for kind in network ipc uts cgroup; do
	f=$(file_of "$kind")
	inherit=$(drop $kind)
	[ $kind != uts ] || inherit="$inherit | del(.hostname)"
	isnt "a new $kind namespace" "$(inside . "readlink /proc/self/ns/$f")" "$(host_ns "$kind")"
	is "the caller's $kind namespace" "$(inside "$inherit" "readlink /proc/self/ns/$f")" "$(host_ns "$kind")"
	join=$(at $kind "/proc/$holder/ns/$f")
	is "a $kind namespace joined by its path" "$(inside "$join" "readlink /proc/self/ns/$f")" "$(readlink "/proc/$holder/ns/$f")"
done
isnt "a new mount namespace" "$(inside . 'readlink /proc/self/ns/mnt')" "$(host_ns mount)"
isnt "a new pid namespace" "$(inside . 'readlink /proc/self/ns/pid')" "$(host_ns pid)"
shows "with pid 1" . 'echo $$' 1
is "the caller's pid namespace" "$(inside "$(drop pid)" 'readlink /proc/self/ns/pid')" "$(host_ns pid)"
is "a pid namespace joined by its path" "$(inside "$(at pid "/proc/$in_pid_ns/ns/pid")" 'readlink /proc/self/ns/pid')" \
	"$(readlink "/proc/$in_pid_ns/ns/pid")"
isnt "with another pid than 1" "$(inside "$(at pid "/proc/$in_pid_ns/ns/pid")" 'echo $$')" 1
is "a bind of a namespace is a path too" "$(: > "$TMP/netns"; mount --bind "/proc/$holder/ns/net" "$TMP/netns"
	inside "$(at network "$TMP/netns")" 'readlink /proc/self/ns/net'; umount "$TMP/netns")" "$(readlink "/proc/$holder/ns/net")"
is "the hostname goes into the joined namespace" "$(inside "$(at uts "/proc/$holder/ns/uts") | .hostname = \"joined\"" hostname
	nsenter -u -t $holder hostname)" "joined
joined"

refused "a path of another kind" "$(at network "/proc/$holder/ns/ipc")" '(net|network).*another kind'
refused "a path that is no namespace" "$(at network /etc/passwd)" 'not a namespace'
refused "a path that is not there" "$(at ipc /no/such/ns)" 'ipc.*/no/such/ns'
mkfifo "$TMP/pipe"
refused "a pipe" "$(at uts "$TMP/pipe")" 'not a namespace'
refused "a relative path" "$(at uts ns)" 'linux.namespaces\[3\].path'
refused "a kind twice" '.linux.namespaces += [{type: "uts"}]' 'linux.namespaces\[6\]'
refused "no mount namespace" "$(drop mount)" 'mount'
shows "loopback is up in a new network namespace" . 'ip addr show dev lo | grep -o -E "LOWER_UP|127.0.0.1/8"' "LOWER_UP 127.0.0.1/8"
shows "and nothing else is there" . 'grep -c : /proc/net/dev' 1

# ---- user namespaces ----

users='.linux.namespaces += [{type: "user"}]
	| .linux.uidMappings = [{containerID: 0, hostID: 200000, size: 1000}, {containerID: 1000, hostID: 300000, size: 10}]
	| .linux.gidMappings = [{containerID: 0, hostID: 200000, size: 1000}, {containerID: 1000, hostID: 300000, size: 10}]'
isnt "a new user namespace" "$(inside "$users" 'readlink /proc/self/ns/user')" "$(host_ns user)"
shows "with the maps that were asked for" "$users" 'cat /proc/self/uid_map /proc/self/gid_map' \
	"0 200000 1000 1000 300000 10 0 200000 1000 1000 300000 10"
shows "root inside" "$users" 'id -u; id -g' "0 0"
shows "with a tmpfs that is its own" "$users" 'stat -c %u:%g /dev /dev/shm /dev/pts/ptmx; touch /dev/shm/x && stat -c %u:%g /dev/shm/x' "0:0 0:0 0:0 0:0"
shows "and devices that work" "$users" 'echo x > /dev/zero && head -c 2 /dev/zero | wc -c; stat -c %t:%T /dev/null' "2 1:3"
shows "the image's files belong to nobody there" "$users" 'stat -c %u /etc/passwd' 65534
mkdir "$TMP/vol"
chown 200000:200000 "$TMP/vol"
inside "$users | .mounts += [{destination: \"/tmp\", source: \"$TMP/vol\", options: [\"bind\"]}]" 'touch /tmp/made' > /dev/null
is "files made in a volume belong to the mapped id" "$(stat -c %u:%g "$TMP/vol/made")" 200000:200000
inside "$users | .process.user = {uid: 1003, gid: 1004, additionalGids: [7]} | .mounts += [{destination: \"/tmp\", source: \"$TMP/vol\", options: [\"bind\"]}]" \
	'id; :' > "$TMP/out"
like "a user of the second range" "$(cat "$TMP/out")" 'uid=1003.*gid=1004.*groups=.*7'
mkdir "$BUNDLE/rootfs/up"
echo x > "$BUNDLE/rootfs/up/f"
chmod 6755 "$BUNDLE/rootfs/up/f"
shows "tmpcopyup makes unknown owners' files root's, without setuid" "$users | .mounts += [{destination: \"/up\", type: \"tmpfs\", options: [\"tmpcopyup\"]}]" \
	'stat -c "%u:%g %a" /up /up/f' "0:0 755 0:0 755"
refused "a user without a mapping" "$users | .process.user.uid = 5000" \
	'process.user.uid: 5000 has no mapping in the container.s user namespace: linux.uidMappings holds 0 to 999, 1000 to 1009'
refused "a group without a mapping" "$users | .process.user.additionalGids = [7, 5000]" \
	'process.user.additionalGids\[1\]: 5000 has no mapping .* linux.gidMappings holds 0 to'
refused "mappings that overlap" "$users | .linux.uidMappings[1].hostID = 200500" 'linux.uidMappings|map'
refused "a user namespace without mappings" '.linux.namespaces += [{type: "user"}]' 'linux.uidMappings|map'
refused "mappings without a user namespace" '.linux.uidMappings = [{containerID: 0, hostID: 0, size: 1}] | .linux.gidMappings = .linux.uidMappings' 'user namespace|Mappings'
shows "sysctls of its network" "$users | .linux.sysctl = {\"net.ipv4.ip_forward\": \"1\"}" 'cat /proc/sys/net/ipv4/ip_forward' 1
shows "loopback is up there too" "$users" 'ip addr show dev lo | grep -c 127.0.0.1/8' 1
shows "/dev/mqueue belongs to its root" "$users" 'stat -c "%u:%g %a" /dev/mqueue' "0:0 1777"
shows "capabilities are those asked for" "$users" 'grep CapEff /proc/self/status' "CapEff: 0000000020000420"
shows "limits" "$users | .process.rlimits = [{type: \"RLIMIT_NOFILE\", soft: 64, hard: 128}]" 'ulimit -Sn; ulimit -Hn' "64 128"
idmapped=$(inside "$users | .mounts += [{destination: \"/tmp\", source: \"$BUNDLE\", options: [\"rbind\", \"idmap\"]}]" 'stat -c %u /tmp/config.json')
is "a bind with idmap shows root's files as root's" "$idmapped" 0

unshare -U sleep 300 &
user_holder=$!
wait_for 3 sh -c "[ \"\$(readlink /proc/$user_holder/ns/user)\" != '$(host_ns user)' ]"
echo "0 400000 2000" > "/proc/$user_holder/uid_map"
echo "0 400000 2000" > "/proc/$user_holder/gid_map"
joined=".linux.namespaces += [{type: \"user\", path: \"/proc/$user_holder/ns/user\"}]"
chown 400000:400000 "$TMP/vol"
is "a user namespace joined by its path" "$(inside "$joined" 'readlink /proc/self/ns/user')" "$(readlink "/proc/$user_holder/ns/user")"
shows "with its maps" "$joined" 'cat /proc/self/uid_map; id -u' "0 400000 2000 0"
inside "$joined | .mounts += [{destination: \"/tmp\", source: \"$TMP/vol\", options: [\"bind\"]}]" 'touch /tmp/joined' > /dev/null
is "and files owned so" "$(stat -c %u:%g "$TMP/vol/joined" 2>&1)" 400000:400000
shows "pid 1 there as well" "$joined" 'echo $$' 1
refused "a joined one that is of another kind" ".linux.namespaces += [{type: \"user\", path: \"/proc/$holder/ns/net\"}]" 'user.*another kind'

# ---- time ----

if [ -e /proc/self/ns/time ]; then
	shows "time offsets" '.linux.namespaces += [{type: "time"}] | .linux.timeOffsets = {boottime: {secs: 1000000}, monotonic: {secs: 500}}' \
		'cat /proc/self/timens_offsets; [ $(cut -d. -f1 /proc/uptime) -gt 1000000 ] && echo shifted' \
		"monotonic 500 0 boottime 1000000 0 shifted"
	isnt "in a namespace of its own" "$(inside '.linux.namespaces += [{type: "time"}]' 'readlink /proc/self/ns/time')" "$(readlink /proc/self/ns/time)"
	refused "offsets without the namespace" '.linux.timeOffsets = {boottime: {secs: 10}}' 'linux.timeOffsets'
	refused "an offset before the boot" '.linux.namespaces += [{type: "time"}] | .linux.timeOffsets = {boottime: {secs: -1000000000}}' 'timeOffsets'
else
	skip 4 "this kernel has no time namespaces"
fi

# ---- exec joins all of them ----

kinds="cgroup ipc mnt net pid user uts"
[ ! -e /proc/self/ns/time ] || kinds="$kinds time"
jq "$users | .linux.namespaces += [{type: \"time\"}] | .process.args = [\"/bin/sleep\", \"300\"]" "$TMP/base.json" > "$BUNDLE/config.json"
[ -e /proc/self/ns/time ] || reconfig 'del(.linux.namespaces[] | select(.type == "time"))'
ok "a container with every namespace" caisson run -d -b "$BUNDLE" "$ID"
for k in $kinds; do
	is "exec joins $k" "$(caisson exec "$ID" readlink "/proc/self/ns/$k" < /dev/null)" "$(caisson exec "$ID" readlink "/proc/1/ns/$k" < /dev/null)"
done
[ -e /proc/self/ns/time ] || skip "this kernel has no time namespaces"
is "none of them is the host's" "$(for k in $kinds; do
	[ "$(caisson exec "$ID" readlink "/proc/self/ns/$k" < /dev/null)" = "$(readlink "/proc/self/ns/$k")" ] && echo "$k"; done)" ""
is "as root of it" "$(caisson exec "$ID" id -u < /dev/null)" 0
is "as another user of it" "$(caisson exec -u 1001:1002 "$ID" id -u < /dev/null)" 1001
fails "not as one that is not mapped" "process.user.uid: 5000 has no mapping" caisson exec -u 5000 "$ID" id -u
pid=$(caisson state "$ID" | jq -r .pid)
is "on the host it is the mapped one" "$(stat -c %u "/proc/$pid")" 200000
caisson delete --force "$ID"

kill -KILL $holder $user_holder "$in_pid_ns"
wait $holder $user_holder $pid_holder 2> /dev/null
leftovers_after
