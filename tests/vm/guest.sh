#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What guest.service runs: the tests, one TAP file after the other on the serial line, and systemd powers off after it.
# Lines that start with @@ are for run.sh.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
HOME=/root TERM=dumb LC_ALL=C.UTF-8 TMPDIR=/tmp
export PATH HOME TERM LC_ALL TMPDIR
umask 022
cd /caisson || exit 1
# shellcheck source=/dev/null
. ./guest.env
export CAISSON CAISSON_INIT CAISSON_FAULTS CAISSON_TEST_ROOTFS CAISSON_SRCDIR CAISSON_BUILDDIR
stty -F /dev/ttyS0 -opost 2> /dev/null

mount -t tmpfs -o mode=1777 test "$TMPDIR"
ip link set lo up 2> /dev/null
mount -t bpf bpf /sys/fs/bpf 2> /dev/null

if [ -n "$CAISSON_VM_SHELL" ]; then
	setsid -c /bin/sh < /dev/ttyS0 > /dev/ttyS0 2>&1
	exit 0
fi

# one FILE: its output goes out in one piece, for two run at a time.
# shellcheck disable=SC2016
one='
t=$0 began=$(cut -d . -f 1 /proc/uptime) rc=0
out=$(mktemp "$TMPDIR/out.XXXXXX")
if [ -e "$t" ]; then timeout -k 5 "$CAISSON_VM_FILE_SECONDS" sh "$t" > "$out" 2>&1 < /dev/null || rc=$?; else rc="no such file"; fi
{
	flock 9
	echo "# $t: $(($(cut -d . -f 1 /proc/uptime) - began)) s"
	cat "$out"
	[ "$rc" = 0 ] || echo "@@ failed $t (status $rc)"
} 9> "$TMPDIR/lock"
rm -f "$out"'
export CAISSON_VM_FILE_SECONDS

echo "# guest: $(uname -r), $(cat /sys/kernel/security/lsm), $(cat /sys/fs/cgroup/cgroup.controllers), up $(cut -d ' ' -f 1 /proc/uptime) s"
# shellcheck disable=SC2086
printf '%s\n' $CAISSON_VM_TESTS | xargs -n 1 -P "$CAISSON_VM_JOBS" sh -c "$one"
echo "# up $(cut -d ' ' -f 1 /proc/uptime) s"
echo "@@ done"
sleep 0.3 # the serial line is slow
