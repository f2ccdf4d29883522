# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
#
# A containerd of our own below $TMP, without its CRI: containerd_config writes its configuration and sets $address and
# $import_options; c is ctr with it. Sourced after integration/lib.sh.

address=$TMP/containerd.sock
import_options="--snapshotter native"
case $(containerd --version) in */v2\ *) import_options="$import_options --local" ;; esac # its daemon unpacks for one snapshotter only

containerd_config() {
	cat > "$TMP/containerd.toml" << TOML
version = 2
root = "$TMP/containerd-root"
state = "$TMP/containerd-state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
  address = "$address"
[ttrpc]
  address = "$address.ttrpc"
TOML
}
c() { timeout -k 5 90 ctr --address "$address" --namespace "$MARK" "$@"; }
