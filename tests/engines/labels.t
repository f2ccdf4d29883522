#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The capability label of an image under Debian's podman (as root and as an ordinary user), containerd and Docker: what is inside
# equals the intersection, an exec gets no more, also a privileged one, and an image without a label is as it was. What image.require asks
# of an image, and the privileged shape, under containerd and Docker. About 60 s.
# shellcheck source=tests/integration/policy-place.sh
. "$(dirname "$0")/../integration/policy-place.sh"
. "$(dirname "$0")/../integration/lib.sh"
policy_place || skip_all "$NO_PLACE"
need podman conmon python3 unshare setpriv ip newuidmap dockerd docker containerd ctr jq
# shellcheck source=tests/engines/place.sh
. "$(dirname "$0")/place.sh"
plan 50

here=$(cd "$(dirname "$0")" && pwd)
rootfs "$TMP/image"
img() { _out=$1; shift; python3 "$here/mkimage.py" "$TMP/$_out.tar" "localhost/$_out:test" "$TMP/image" "$@"; }
img plain
img labelled --label 'security.capabilities=NET_BIND_SERVICE,CHOWN,SETUID,SETGID'
img hostile --label "security.capabilities=ALL,NO_SUCH
CHOWN" --label 'io.containers.capabilities=CHOWN,SYS_ADMIN' --label io.caisson.profile=none
img empty --label security.capabilities=none
img blank --label security.capabilities=
img whole --user 1000:1000 --health CMD --health /bin/true --label org.opencontainers.image.version=1

# A profile for each thing that may be required of an image, and one for all; a runtime that applies it: "with-NAME".
require() {
	profile "$1" "{ \"schema\": 1, \"image\": { \"require\": { $2 } } }"
	printf '#!/bin/sh\nexec "%s" --policy "%s" "$@"\n' "$CAISSON" "$1" > "$TMP/with-$1"
	chmod 755 "$TMP/with-$1"
}
whole=sha256:$(tar -xOf "$TMP/whole.tar" manifest.json | jq -r '.[0].Config | rtrimstr(".json")')
plain=sha256:$(tar -xOf "$TMP/plain.tar" manifest.json | jq -r '.[0].Config | rtrimstr(".json")')
require user '"user": true'
require health '"healthcheck": true'
require digest '"digest": ["'"$whole"'"]'
require label '"label": ["org.opencontainers.image.version"]'
require all '"user": true, "healthcheck": true, "digest": ["'"$whole"'"], "label": ["org.opencontainers.image.version"]'
# required ENGINE: as it says in run_with RUNTIME IMAGE.
required() {
	is "$1: an image that shows all that is required runs" "$(run_with all localhost/whole:test)" ran
	like "$1: one without a user does not" "$(run_with user localhost/plain:test)" 'user.json \$.image.require.user \(image\): the image names no user; build it with USER'
	like "$1: nor one without a health check" "$(run_with health localhost/plain:test)" 'health.json \$.image.require.healthcheck \(image\): the image has no health check; build it with HEALTHCHECK'
	like "$1: nor one that is not named" "$(run_with digest localhost/plain:test)" "digest.json \\\$.image.require.digest \\(image\\): $plain is not among the images"
	like "$1: nor one without the label" "$(run_with label localhost/plain:test)" 'label.json \$.image.require.label \(image\): the image has no label org.opencontainers.image.version'
}

# ---- podman ----

cat > "$TMP/podman-walk" <<'SH'
cd "$TMP" || exit 1
. "$PLACE"
p() { timeout -k 2 25 podman --runtime /run/bin/caisson "$@"; }
who=root
[ "$1" = root ] || { who=plain; p() { plain timeout -k 2 25 podman --runtime /run/bin/caisson "$@"; }; }
in_it() { sed -n "s/^CapBnd:[[:space:]]*//p"; }
[ "$who" = root ] && group="--cgroup-parent /$MARK/labels" || group=--cgroups=disabled
for i in plain labelled hostile empty; do
	p load -q -i "$TMP/$i.tar" > /run/load.log 2>&1 || cat /run/load.log
	echo "$i: $(p run --rm $group localhost/$i:test cat /proc/self/status 2>&1 | in_it)"
done
echo "runc: $(timeout -k 2 25 podman --runtime runc run --rm --cgroup-parent "/$MARK/labels" localhost/plain:test cat /proc/self/status 2>&1 | in_it)"
echo "asked for less: $(p run --rm $group --cap-drop CHOWN localhost/labelled:test cat /proc/self/status 2>&1 | in_it)"
p run -d --name box $group localhost/labelled:test sleep 100 > /run/box.log 2>&1 || cat /run/box.log
echo "exec: $(p exec box cat /proc/self/status 2>&1 | in_it)"
echo "privileged exec: $(p exec --privileged box cat /proc/self/status 2>&1 | in_it)"
p rm -f -t 0 box > /run/box.log 2>&1
SH
has() { line "$TMP/$1" "$2" | sed 's/^[^:]*: //'; }
in_place 60 "$TMP/podman-walk" root > "$TMP/podman" 2> "$TMP/podman.err"
in_place 60 "$TMP/podman-walk" plain > "$TMP/rootless" 2> "$TMP/rootless.err"
is "podman: an image without a label is as with runc" "$(has podman plain)" "$(has podman runc)"
isnt "rootless podman: an image without a label has more than one with it" "$(has rootless plain)" "$(has rootless labelled)"
four=00000000000004c1
for f in podman rootless; do
	is "$f: what is inside is the label's" "$(has $f labelled)" $four
	is "$f: hostile labels only narrow" "$(has $f hostile)" 0000000000000001
	is "$f: a label of none leaves none" "$(has $f empty)" 0000000000000000
	is "$f: less than the label stays less" "$(has $f "asked for less")" 00000000000004c0
	is "$f: an exec has no more" "$(has $f exec)" $four
	is "$f: nor has a privileged exec" "$(has $f "privileged exec")" $four
done

# ---- containerd ----

# shellcheck source=tests/engines/containerd.sh
. "$(dirname "$0")/containerd.sh"
containerd_config
containerd --config "$TMP/containerd.toml" > "$TMP/containerd.log" 2>&1 &
containerd=$!
c_gone() { c task kill -s KILL "$1"; wait_for 10 c task delete -f "$1"; c container rm "$1"; }
stop_containerd() {
	[ -n "$containerd" ] || return 0
	kill -CONT "$containerd" 2> /dev/null
	c_gone box > /dev/null 2>&1
	kill "$containerd" 2> /dev/null
	wait "$containerd" 2> /dev/null
	containerd=
}
trap 'stop_containerd; _cleanup' EXIT
if wait_for 20 c version; then
	for i in plain labelled hostile blank whole; do c image import $import_options "$TMP/$i.tar" > "$TMP/import.log" 2>&1 || diag "$(cat "$TMP/import.log")"; done
	_box=0
	bound() { _box=$((_box + 1)); _binary=$1; shift; c run --rm --snapshotter native --fifo-dir "$TMP/fifo" --runc-binary "$_binary" --runc-root "$TMP/runc-root" "$@" "b$_box-$(basename "$_binary")" cat /proc/self/status 2>&1 | sed -n 's/^CapBnd:[[:space:]]*//p'; }
	is "containerd: an image without a label is as with runc" "$(bound "$CAISSON" localhost/plain:test)" "$(bound runc localhost/plain:test)"
	is "containerd: what is inside is the label's" "$(bound "$CAISSON" localhost/labelled:test)" $four
	is "containerd: an empty label, which its record loses, leaves none" "$(bound "$CAISSON" localhost/blank:test)" 0000000000000000
	is "containerd: hostile labels only narrow" "$(bound "$CAISSON" localhost/hostile:test)" 0000000000000001
	run_with() { _box=$((_box + 1)); c run --rm --snapshotter native --fifo-dir "$TMP/fifo" --runc-binary "$TMP/with-$1" --runc-root "$TMP/runc-root" "$2" "r$_box" echo ran 2>&1; }
	required containerd
	c run -d --snapshotter native --fifo-dir "$TMP/fifo" --runc-binary "$CAISSON" --runc-root "$TMP/runc-root" localhost/labelled:test box sleep 100 > "$TMP/box.log" 2>&1 || diag "$(cat "$TMP/box.log")"
	is "containerd: an exec has no more" "$(c task exec --fifo-dir "$TMP/fifo" --exec-id e box cat /proc/self/status | sed -n 's/^CapBnd:[[:space:]]*//p')" $four
	bundle=$TMP/containerd-state/io.containerd.runtime.v2.task/$MARK/box
	explain() { GRPC_ADDRESS=$address timeout 20 "$CAISSON" explain --json "$bundle" 2> /dev/null; }
	explain > "$TMP/said"
	is "containerd: the source and its time are told" "$(jq -c '.labels | [.source, .answered]' "$TMP/said")" '["containerd",true]'
	diag "it took $(jq .labels.milliseconds "$TMP/said") ms"
	kill -STOP "$containerd"
	explain > "$TMP/said"
	kill -CONT "$containerd"
	is "containerd: one that is stuck costs the deadline" "$(jq -c '.labels | [.answered, .milliseconds >= 2000, .milliseconds < 10000]' "$TMP/said")" '[false,true,true]'
	like "containerd: one that is gone is a warning" "$(address=$TMP/nowhere; explain | jq -r ".warnings[]")" 'the labels of ctr cannot be read: '
	stop_containerd
else
	skip 13 "containerd does not start here"
	stop_containerd
fi

# ---- docker ----

DOCKER_HOST=unix://$TMP/docker.sock
driver=vfs
! grep -qw overlay /proc/filesystems || driver=overlay2
export DOCKER_HOST driver TMP MARK
cat > "$TMP/daemon" <<'SH'
mount -t proc proc /proc
mount -t tmpfs tmpfs /run
mkdir -p "$TMP/data"
mount -t tmpfs -o mode=711 tmpfs "$TMP/data"
ip link set lo up
TMPDIR=$TMP exec dockerd --data-root "$TMP/data" --exec-root "$TMP/exec" --pidfile "$TMP/docker.pid" --host "$DOCKER_HOST" --storage-driver "$driver" \
	--iptables=false --bridge none --cgroup-parent "/$MARK" --exec-opt native.cgroupdriver=cgroupfs --add-runtime caisson="$CAISSON" --add-runtime hardened="$TMP/caisson-hardened" \
	$(for n in user health digest label all; do echo "--add-runtime $n=$TMP/with-$n"; done) > "$TMP/dockerd.log" 2>&1
SH
ln -s "$CAISSON" "$TMP/caisson-hardened"
unshare --mount --propagation private --pid --net --fork --kill-child "$CAISSON_INIT" -- sh "$TMP/daemon" > "$TMP/daemon.log" 2>&1 &
daemon=$!
d() { timeout -k 2 25 docker "$@" 2>&1; }
gone_daemon() { ! kill -0 "$daemon" 2> /dev/null; }
# unshare(1) takes no TERM while it waits; its child, the first process in there, hands it on.
stop_daemon() {
	d rm -f box > /dev/null
	read -r _first _ < "/proc/$daemon/task/$daemon/children" && kill -TERM "$_first"
	wait_for 20 gone_daemon || kill -KILL "$daemon" 2> /dev/null
	wait "$daemon" 2> /dev/null
}
trap '_was=$?; stop_daemon; (exit $_was); _cleanup' EXIT
if ! wait_for 30 docker version; then
	tail -n 5 "$TMP/dockerd.log" | sed 's/^/# /'
	skip 23 "dockerd does not start here"
	exit
fi
for i in plain labelled hostile empty blank whole; do d load -q -i "$TMP/$i.tar" > "$TMP/load.log" || diag "$(cat "$TMP/load.log")"; done
r() { d run --rm --network none --runtime caisson "$@" cat /proc/self/status | sed -n 's/^CapBnd:[[:space:]]*//p'; }
is "docker: an image without a label is as with runc" "$(r localhost/plain:test)" "$(r --runtime runc localhost/plain:test)"
is "docker: what is inside is the label's" "$(r localhost/labelled:test)" $four
is "docker: hostile labels only narrow" "$(r localhost/hostile:test)" 0000000000000001
is "docker: a label of none leaves none" "$(r localhost/empty:test)" 0000000000000000
is "docker: and so does an empty one" "$(r localhost/blank:test)" 0000000000000000
is "docker: a label on the command line takes nothing back" "$(r --label security.capabilities=ALL localhost/labelled:test)" $four
is "docker: and narrows further" "$(r --label security.capabilities=CHOWN localhost/labelled:test)" 0000000000000001
d run -d --name box --network none --runtime caisson localhost/labelled:test sleep 100 > "$TMP/box.log" || diag "$(cat "$TMP/box.log")"
is "docker: an exec has no more" "$(d exec box cat /proc/self/status | sed -n 's/^CapBnd:[[:space:]]*//p')" $four
is "docker: nor has a privileged exec" "$(d exec --privileged box cat /proc/self/status | sed -n 's/^CapBnd:[[:space:]]*//p')" $four
is "docker: all five sets" "$(d exec --privileged box sh -c 'grep ^Cap /proc/self/status' | tr -s '\t\n' ' ')" "CapInh: 0000000000000000 CapPrm: $four CapEff: $four CapBnd: $four CapAmb: 0000000000000000 "
d rm -f box > /dev/null

run_with() { d run --rm --network none --runtime "$1" "$2" echo ran; }
required docker

privileged() { r --privileged "$@"; }
is "docker: a privileged container has what the host has, whatever its label" "$(privileged localhost/labelled:test)" "$(privileged localhost/plain:test)"
isnt "docker: which is more than the label" "$(privileged localhost/plain:test)" $four
d run -d --name box --privileged --network none --runtime caisson localhost/labelled:test sleep 100 > "$TMP/box.log" || diag "$(cat "$TMP/box.log")"
is "docker: so has its exec" "$(d exec box cat /proc/self/status | sed -n 's/^CapBnd:[[:space:]]*//p')" "$(privileged localhost/plain:test)"
d rm -f box > /dev/null
like "docker: a privileged container is refused from hardened up" "$(d run --rm --privileged --network none --runtime hardened localhost/plain:test true)" \
	'refused by level "hardened" \(privileged\): the container asks for every capability and device'
d run -d --name box --network none --runtime hardened localhost/plain:test sleep 100 > "$TMP/box.log" || diag "$(cat "$TMP/box.log")"
is "docker: one that is not runs there, and so does its exec" "$(d exec box echo ran)" ran
like "docker: but no privileged exec" "$(d exec --privileged box true)" 'refused by level "hardened" \(privileged\): exec asks for every capability'
stop_daemon
trap _cleanup EXIT
ok "no cgroup is left behind" place_cgroups_gone
leftovers_after "no process, mount or cgroup is left behind"
