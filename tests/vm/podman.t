#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Debian's podman on a host with systemd, with each way of making cgroups. The long walk beside runc and crun is
# tests/engines/podman.t; here is what only such a host can show.
# shellcheck source=tests/integration/lib.sh
. "$(dirname "$0")/../integration/lib.sh"
[ -d /run/systemd/system ] || skip_all "needs a host with systemd"
need podman conmon python3
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/vm/podman.sh
. "$here/podman.sh"

cleanup_podman() {
	p systemd rm -f -a -t 0
	umount -l "$TMP/storage/overlay"
	for _d in /sys/fs/cgroup/libpod_parent/*/ /sys/fs/cgroup/libpod_parent; do rmdir "$_d"; done
} > /dev/null 2>&1
trap 'cleanup_podman; _cleanup' EXIT

plan 14
out=$(p cgroupfs load -q -i "$TMP/image.tar") || diag "$out"
is    "cgroupfs: output and status come back"  "$(p cgroupfs run --rm $image sh -c 'echo hello; exit 3'; echo $?)" "hello
3"
is    "cgroupfs: one that stays"               "$(p cgroupfs run -d --name own --memory 64m $image sleep 1000 > "$TMP/id"; echo $?)" 0
place=$(sed -n 's/^0:://p' "/proc/$(p cgroupfs inspect -f '{{.State.Pid}}' own)/cgroup")
like  "cgroupfs: it is where podman put it"    "$place $(cat "/sys/fs/cgroup$place/memory.max")" '^/libpod_parent/.* 67108864$'
p cgroupfs rm -f -t 0 own > "$TMP/out"
if has_driver; then
	walk systemd '^/machine\.slice/libpod-[0-9a-f]+\.scope'
else
	skip 10 "this caisson has no systemd driver"
fi
cleanup_podman
leftovers_after
