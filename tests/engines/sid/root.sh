#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# root.sh DIR: a tree with Debian sid's engines and what their tests call, unpacked from packages (debroot.sh). Made once; a second call is
# quick. What the packages' scripts would have set up and is needed is put in by hand.
set -eu
dir=$1
here=$(cd "$(dirname "$0")" && pwd)
[ ! -e "$dir.complete" ] || exit 0
SUITE=sid sh "$here/../debroot.sh" "$dir" \
	base-files bash bsdutils bsdextrautils busybox-static coreutils dash debianutils diffutils findutils gawk grep gzip hostname iproute2 iptables jq \
	libc-bin login mount passwd procps sed strace tar uidmap util-linux xz-utils \
	python3 python3-grpcio python3-protobuf python3-websocket \
	containerd runc crun docker.io docker-cli containernetworking-plugins catatonit ca-certificates
for link in awk:gawk iptables:iptables-nft ip6tables:ip6tables-nft; do
	name=${link%:*} to=${link#*:}
	for bin in usr/bin usr/sbin; do
		[ ! -e "$dir/$bin/$to" ] || [ -e "$dir/$bin/$name" ] || ln -s "$to" "$dir/$bin/$name"
	done
done
mkdir -p "$dir/mnt" "$dir/root" "$dir/var/lib" "$dir/etc/containers" "$dir/etc/cni/net.d"
rm -rf "$dir/var/run"
ln -s /run "$dir/var/run"
: > "$dir/etc/resolv.conf"
echo '127.0.0.1 localhost' > "$dir/etc/hosts"
: > "$dir/etc/subuid"
: > "$dir/etc/subgid"
: > "$dir.complete"
