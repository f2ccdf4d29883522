#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Kubernetes' way to a runtime: containerd's CRI plugin with caisson as a runtime class beside runc's, pods and containers walked through
# with both. The daemon has mount, pid and network namespaces of its own; the pods' network is CNI's bridge.
. "$(dirname "$0")/../integration/lib.sh"
here=$(cd "$(dirname "$0")" && pwd)
. "$here/place.sh"
need containerd ctr containerd-shim-runc-v2 runc unshare ip setpriv
[ -x /usr/lib/cni/bridge ] || skip_all "CNI's plugins are not installed"
/usr/bin/python3 -B -c 'import grpc, google.protobuf, websocket' 2> /dev/null || skip_all "python3-grpcio, python3-protobuf or python3-websocket is not installed"

cat > "$TMP/daemon" <<'SH'
# Runs containerd, again whenever it has gone, until $TMP/stop is there.
while [ ! -e "$TMP/stop" ]; do
	containerd --config /run/containerd.toml >> "$TMP/containerd.log" 2>&1 &
	echo $! > /run/containerd.pid
	wait $!
	sleep 0.2
done
SH

cat > "$TMP/walks" <<'SH'
. "$PLACE"
cat > /etc/cni/net.d/10-bridge.conflist <<-'JSON'
	{ "cniVersion": "0.4.0", "name": "pods", "plugins": [ { "type": "bridge", "bridge": "pods0", "isGateway": true,
	  "ipam": { "type": "host-local", "ranges": [ [ { "subnet": "10.88.0.0/16" } ] ] } } ] }
JSON
cp "$CONTAINERD_TOML" /run/containerd.toml
mkdir /run/shared
mount -t tmpfs tmpfs /run/shared
mount --make-shared /run/shared
for walk in runc.walk caisson.walk caisson.ours; do : > "$TMP/$walk"; done
sh "$TMP/daemon" &
c() { timeout -k 5 60 ctr --address /run/containerd.sock --namespace k8s.io "$@"; }
n=0
until c version > /dev/null 2>&1; do
	n=$((n + 1))
	[ $n -lt 100 ] || { echo "containerd does not start" >&2; tail -n 5 "$TMP/containerd.log" >&2; exit 1; }
	sleep 0.2
done
for image in busybox pause; do c image import $import_options "$TMP/$image.tar" || exit; done > "$TMP/import.log" 2>&1
for handler in runc caisson; do
	timeout -k 5 200 /usr/bin/python3 -B "$here/cri_walk.py" /run/containerd.sock "$handler" "$TMP/logs" /run/containerd.pid > "$TMP/$handler.walk" 2> "$TMP/$handler.err"
done
ln -s caisson /run/bin/caisson-hardened
timeout -k 5 60 /usr/bin/python3 -B "$here/cri_walk.py" /run/containerd.sock caisson "$TMP/logs" /run/containerd.pid ours > "$TMP/caisson.ours" 2> "$TMP/caisson.ours.err"
for state in /run/containerd/runc/k8s.io/*/; do
	[ -e "$state/state.json" ] || continue
	runtime=runc
	[ ! -e "$state/plan.json" ] || runtime=caisson
	echo $runtime
	PATH=/run/bin:$PATH $runtime --root /run/containerd/runc/k8s.io delete --force "$(basename "$state")" >&2
done > "$TMP/forgotten"
{
	find /run/containerd/runc -mindepth 2 ! -path '*/.@filters*' # which are no container's
	ls -d /run/netns/*
	find /sys/fs/cgroup -type d -path "*/$MARK/*/*"
	grep -l containerd-shim /proc/[0-9]*/comm
} > "$TMP/left" 2> /dev/null
touch "$TMP/stop"
kill "$(cat /run/containerd.pid)"
wait
SH

# What is shipped for merging, with caisson beside runc instead of in its place; containerd 2 has the same settings in other places.
case $(containerd --version) in
*/v2\ *)
	shipped=config-2.toml plugin=io.containerd.cri.v1.runtime containerd_table=
	forgotten="caisson runc" # of a shim with two containers that is killed it clears away one
	import_options="--snapshotter native --local" # its daemon unpacks for one snapshotter only
	more='restrict_oom_score_adj = true
		[plugins."io.containerd.cri.v1.images"]
		  snapshotter = "native"
		[plugins."io.containerd.cri.v1.images".pinned_images]
		  sandbox = "localhost/pause:test"'
	;;
*)
	shipped=config.toml plugin=io.containerd.grpc.v1.cri containerd_table='snapshotter = "native"'
	forgotten=
	import_options="--snapshotter native"
	more='restrict_oom_score_adj = true
		sandbox_image = "localhost/pause:test"'
	;;
esac
sed -e "s|default_runtime_name = .*|$containerd_table|" -e 's|"/usr/bin/|"/run/bin/|' \
	-e '/^version/a root = "/var/lib/containerd"\nstate = "/run/containerd"' "$here/../../contrib/containerd/$shipped" > "$TMP/containerd.toml"
cat >> "$TMP/containerd.toml" <<TOML
[plugins."$plugin".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
[plugins."$plugin".cni]
  bin_dir = "/usr/lib/cni"
[grpc]
  address = "/run/containerd.sock"
[plugins."$plugin"]
  $more
TOML
export here import_options CONTAINERD_TOML="$TMP/containerd.toml"
rootfs "$TMP/image"
python3 "$here/mkimage.py" "$TMP/busybox.tar" localhost/busybox:test "$TMP/image"
python3 "$here/mkimage.py" "$TMP/pause.tar" localhost/pause:test "$TMP/image" --cmd /bin/sleep --cmd 100000
in_place 500 "$TMP/walks" > "$TMP/walks.log" 2>&1 || diag "the place ended with $?: $(tail -n 5 "$TMP/walks.log")"

line() { awk -v k="$2: " 'index($0, k) == 1 { print; exit }' "$1"; }
mounts=$(line "$TMP/runc.walk" mounts)
# What differs from runc, with the line that caisson prints then; $mounts has what runc shows and the mask that caisson adds.
mounts="${mounts%%/proc/irq*}/proc/interrupts tmpfs /proc/irq${mounts#*/proc/irq}"
explained() {
	case $1=$2 in
	"mounts=$mounts") why="with a mask more" ;;
	'privileged writes to /sys='*': 0 rw - sysfs sysfs rw') why="where the first sysfs of a pod makes it read-only for all with runc" ;;
	*) false ;;
	esac
}

plan $(($(wc -l < "$TMP/runc.walk") + 16))
for f in runc.walk caisson.walk caisson.ours; do
	is "the walk was gone to its end: $f" "$(tail -n 1 "$TMP/$f")" "end: 0"
	[ ! -s "${TMP}/${f%.walk}.err" ] || diag "$(tail -n 8 "$TMP/${f%.walk}.err")"
done
while IFS= read -r l; do
	key=${l%%: *}
	got=$(line "$TMP/caisson.walk" "$key")
	if [ "$got" != "$l" ] && explained "$key" "$got"; then
		_pass "$why: $key"
	else
		is "as with runc: $key" "$got" "$l"
	fi
done < "$TMP/runc.walk"
like "a container that the kernel killed is said to be OOMKilled" "$(line "$TMP/caisson.walk" "the main process out of memory")" ': exited 137 OOMKilled$'
like "a program's end by TERM comes back" "$(line "$TMP/caisson.walk" "stopped by TERM")" ': exited 7 Error$'
like "exec over the streaming server has a terminal" "$(line "$TMP/caisson.walk" terminal)" '/dev/pts/N.*40 90.*4'
like "a container survives a daemon that was killed" "$(line "$TMP/caisson.walk" "a daemon that was killed finds it")" ': running 0 here$'
ours() { is "$1" "$(line "$TMP/caisson.ours" "$2")" "$2: $3"; }
chown=0000000000000001
ours "a pod's security.capabilities narrows its containers" "the pod's annotation narrows" "exited 0 Completed | stdout F $chown stdout F $chown"
ours "a container's security.capabilities narrows to what it names" "an annotation narrows" "exited 0 Completed | stdout F $chown stdout F $chown"
ours "it cannot add what was not asked for" "it adds nothing" "exited 0 Completed | stdout F $chown stdout F $chown"
ours "exec gets the narrowed set" exec "0 $chown $chown"
ours "a second runtime class hardens by the program's name" "hardened by name" "0 NoNewPrivs: 1 Seccomp: 2"
ours "its exec as well" "its exec" "0 NoNewPrivs: 1 Seccomp: 2"
is "what the engine forgets of killed shims, it forgets of runc's too; delete --force takes it" "$(sort "$TMP/forgotten" | xargs)" "$forgotten"
is "no state, network, cgroup or shim is left" "$(cat "$TMP/left")" ""
ok "the parents of the pods' cgroups can go" place_cgroups_gone
