#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The image of the Kubernetes installer: built as contrib/kubernetes/Containerfile says, run with the rights of installer.yaml on a
# node's root that is made here. CAISSON_RELEASE is the tree that "make install" leaves for the prefix /opt/caisson/current.
. "$(dirname "$0")/../integration/lib.sh"
need podman conmon python3 runc busybox chroot unshare ip containerd
[ -d "${CAISSON_RELEASE:-}" ] || skip_all "no static core with the installer's prefix was built (the part static does it)"
# shellcheck source=tests/engines/place.sh
. "$(dirname "$0")/place.sh"
here=$(cd "$(dirname "$0")" && pwd)

rootfs "$TMP/image"
python3 "$here/mkimage.py" "$TMP/image.tar" docker.io/library/busybox:stable "$TMP/image"
mkdir -p "$TMP/context/image/opt/caisson" "$TMP/context/contrib" "$TMP/host/etc/containerd" "$TMP/host/usr/bin" "$TMP/host/opt" "$TMP/host/run" \
	"$TMP/host/tmp" "$TMP/host/proc"
cp -R "$CAISSON_RELEASE" "$TMP/context/image/opt/caisson/current"
cp -R "$here/../../contrib/kubernetes" "$TMP/context/contrib/"
cp "$(command -v containerd)" "$TMP/host/usr/bin/"
ldd "$TMP/host/usr/bin/containerd" | grep -o '/[^ ]*' | while read -r f; do
	mkdir -p "$TMP/host/${f%/*}"
	cp -L "$f" "$TMP/host/$f"
done
printf 'version = 2\n[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]\n  runtime_type = "io.containerd.runc.v2"\n' \
	> "$TMP/host/etc/containerd/config.toml"

cat > "$TMP/walk" <<'SH'
cd "$TMP" || exit 1
. "$PLACE"
timeout 60 podman load -q -i "$TMP/image.tar" > /run/load.log 2>&1 || cat /run/load.log
status_only "build" timeout 100 podman --runtime caisson build -q --cgroup-parent "/$MARK/build" -f contrib/kubernetes/Containerfile -t caisson-installer "$TMP/context"
installer() {
	timeout 60 podman --runtime caisson run --rm --cgroup-parent "/$MARK/run" --security-opt no-new-privileges --read-only --cap-drop ALL \
		--cap-add CHOWN --cap-add DAC_OVERRIDE --cap-add FOWNER --cap-add SYS_CHROOT -v "$TMP/host:/host" caisson-installer "$1" /host
}
one "install" installer install
one "the program there" sh -c "chroot $TMP/host /opt/caisson/current/bin/caisson-hardened --version | head -n 1"
one "its profiles" sh -c "chroot $TMP/host /opt/caisson/current/bin/caisson policy show svc-nginx | sed -n 's/  */ /g; 2p'"
one "what containerd has then" sh -c "chroot $TMP/host /usr/bin/containerd --config /etc/containerd/config.toml config dump | grep -c BinaryName.*/opt/caisson/current/bin/"
one "status" installer status
one "uninstall" installer uninstall
one "what is left" ls "$TMP/host/opt"
echo "end: 0"
SH
in_place 400 "$TMP/walk" 2> "$TMP/err" > "$TMP/said"
[ ! -s "$TMP/err" ] || diag "$(head -n 5 "$TMP/err")"
said() { sed -n "s/^$1: //p" "$TMP/said"; }
plan 9
is "the image is built" "$(said build)" 0
like "it installs" "$(said install)" '^0 .*/host/opt/caisson/releases/[^ ]*: added.*/host/etc/containerd/config.toml: changed'
like "the program runs on the node, under each name" "$(said "the program there")" '^0 caisson version '
like "and finds its profiles, through the link to the release" "$(said "its profiles")" '^0 description "nginx .*svc-nginx.json'
is "containerd sees three more runtimes" "$(said "what containerd has then")" "0 3"
like "status says so" "$(said status)" '^0 current: .*has the runtimes containers: 0'
like "it uninstalls" "$(said uninstall)" '^0 .*/host/opt/caisson: removed'
is "and leaves nothing" "$(said "what is left")" "0 "
ok "no cgroup is left" place_cgroups_gone
