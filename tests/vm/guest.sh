#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# PID 1 of the guest that tests/vm/run.sh starts: a host with nothing but cgroup v2, which runs the tests and powers off.
# Lines that start with @@ are for run.sh.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
HOME=/root TERM=dumb LC_ALL=C.UTF-8
export PATH HOME TERM LC_ALL
umask 022

off() {
	sync
	echo "@@ done"
	busybox sleep 0.2 # the serial line is slow
	busybox poweroff -f
}

mount -t sysfs sysfs /sys
mount -t tmpfs -o mode=755 run /run
mount -t cgroup2 -o nsdelegate,memory_recursiveprot cgroup2 /sys/fs/cgroup
mount -t securityfs securityfs /sys/kernel/security 2> /dev/null
mount -t bpf bpf /sys/fs/bpf 2> /dev/null
mkdir -p /dev/pts /dev/shm /dev/mqueue /run/test
mount -t devpts -o newinstance,ptmxmode=666,mode=620,gid=5 devpts /dev/pts
mount -t tmpfs -o mode=1777 shm /dev/shm
mount -t mqueue mqueue /dev/mqueue
mount -t tmpfs -o mode=1777 test /run/test
ln -sf /proc/self/fd /dev/fd
ip link set lo up 2> /dev/null || busybox ip link set lo up
hostname guest 2> /dev/null

env=$(sed -n 's/.*caisson\.env=\([^ ]*\).*/\1/p' /proc/cmdline)
# shellcheck source=/dev/null
. "$env"
export CAISSON CAISSON_INIT CAISSON_TEST_ROOTFS TMPDIR=/run/test
mkdir -p /lib/modules
mount --bind "$CAISSON_VM_MODULES" /lib/modules

if [ -n "$CAISSON_VM_SHELL" ]; then
	setsid -c /bin/sh < /dev/ttyS0 > /dev/ttyS0 2>&1
	off
fi

# As under systemd: the root of the tree holds no processes that matter, the tests have a cgroup of their own.
mkdir -p /sys/fs/cgroup/test.slice/runner
echo $$ > /sys/fs/cgroup/test.slice/runner/cgroup.procs

cd "$CAISSON_TOP" || off
echo "# guest: $(uname -r), $(cat /sys/fs/cgroup/cgroup.controllers)"
for t in $CAISSON_VM_TESTS; do
	if [ ! -e "$t" ]; then
		echo "@@ failed $t (no such file)"
		continue
	fi
	echo "# $t"
	case $t in
	*.t) sh "$t" 2>&1 ;;
	*) "$t" --tap 2>&1 ;;
	esac
	rc=$?
	[ "$rc" -eq 0 ] || echo "@@ failed $t (status $rc)"
done < /dev/null
off
