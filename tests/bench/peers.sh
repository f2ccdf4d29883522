#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# peers.sh DIR: Debian sid's crun with the libraries it is built for, unpacked below DIR (nothing is installed) and
# pointed at them: DIR/root/usr/bin/crun. Kept; quick the second time. Uses the mirror that apt is set up with.
set -eu
dir=$1
[ ! -x "$dir/root/.ready" ] || exit 0
command -v patchelf > /dev/null || { echo "peers: patchelf is not installed" >&2; exit 1; }
rm -rf "$dir"
mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial" "$dir/root"
mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2> /dev/null | tr -s '[:space:]' '\n' | grep -E '^https?://.*/debian/?$' | head -n 1)
[ -n "$mirror" ] || { echo "peers: apt knows no Debian mirror here" >&2; exit 1; }
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror sid main" > "$dir/sources.list"
: > "$dir/status"
apt() {
	apt-get -qq -o Dir::Etc::SourceList="$dir/sources.list" -o Dir::Etc::SourceParts=/dev/null -o Dir::State::Lists="$dir/lists" \
		-o Dir::Cache="$dir/cache" -o Dir::State::status="$dir/status" -o APT::Sandbox::User=root "$@"
}
apt update
apt install -y --no-install-recommends --download-only crun > /dev/null
for deb in "$dir"/cache/archives/*.deb; do dpkg -x "$deb" "$dir/root"; done
libs=$dir/root/usr/lib/$(gcc -dumpmachine 2> /dev/null || echo x86_64-linux-gnu)
loader=$(find "$dir/root/usr/lib" "$dir/root/lib" "$dir/root/lib64" "$dir/root/usr/lib64" -name 'ld-linux-*.so.*' 2> /dev/null | head -n 1)
patchelf --set-interpreter "$loader" --force-rpath --set-rpath "$libs" "$dir/root/usr/bin/crun"
"$dir/root/usr/bin/crun" --version > "$dir/root/version"
install -m 755 /dev/null "$dir/root/.ready"
