#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# An ordinary user's podman on a host with systemd, whose own manager makes the cgroups.
# shellcheck source=tests/integration/lib.sh
. "$(dirname "$0")/../integration/lib.sh"
[ -d /run/systemd/system ] || skip_all "needs a host with systemd"
grep -q '^plain:x:1500:' /etc/passwd || skip_all "needs the user that the guest has"
need podman conmon python3 newuidmap loginctl
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/vm/podman.sh
. "$here/podman.sh"
has_driver || skip_all "this caisson has no systemd driver"

# His manager stays: the guest has other tests that use it, maybe now.
loginctl enable-linger plain > "$TMP/out" 2>&1
trap 'p systemd rm -f -a -t 0 > /dev/null 2>&1; _cleanup' EXIT
wait_for 60 test -S /run/user/1500/bus || bail "the user's manager does not start: $(systemctl status user@1500.service 2>&1 | tail -n 1)"
AS="setpriv --reuid 1500 --regid 1500 --init-groups env HOME=/home/plain XDG_RUNTIME_DIR=/run/user/1500 TMPDIR=/var/tmp
	DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/1500/bus"
STORAGE=/home/plain/storage.conf
printf '[storage]\ndriver = "vfs"\nrunroot = "/run/user/1500/storage"\ngraphroot = "/home/plain/storage"\n' > $STORAGE
cd / || exit 1

plan 12
out=$(p systemd load -q -i "$TMP/image.tar") || diag "$out"
like "podman has the user's manager"           "$(p systemd info -f '{{.Host.CgroupManager}} {{.Host.Security.Rootless}}')" '^systemd true$'
walk systemd '^/user\.slice/user-1500\.slice/user@1500\.service/user\.slice/(user-)?libpod-[0-9a-f]+\.scope'
leftovers_after
