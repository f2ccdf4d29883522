#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# enter.sh ROOT CMD...: runs a command with another tree as /, in mount, pid and network namespaces of its own. pivot_root(2) and user
# namespaces do not work in a chroot, so this pivots for real. The tree is read-only; /run, /tmp, /var/lib and the like are new; /dev has
# the usual nodes; the directories in $KEEP are shown at the paths they have outside. What was started ends with the command.
set -eu
root=$1
shift
export root
exec unshare --mount --propagation private --pid --net --fork --kill-child sh -ec '
	mount --bind "$root" "$root"
	cd "$root"
	for d in run tmp var/tmp var/lib dev mnt; do mount -t tmpfs -o mode=755 tmpfs "$d"; done
	chmod 1777 tmp var/tmp
	mount -t proc proc proc
	mount --rbind /sys sys
	for n in null zero full random urandom tty kmsg fuse; do [ ! -e "/dev/$n" ] || cp -a "/dev/$n" dev/; done
	chmod 666 dev/null
	mkdir dev/pts dev/shm dev/mqueue run/old run/lock
	mount -t devpts -o newinstance,ptmxmode=666,mode=620,gid=5 devpts dev/pts
	mount -t tmpfs -o mode=1777 tmpfs dev/shm
	mount -t mqueue mqueue dev/mqueue
	ln -s pts/ptmx dev/ptmx
	ln -s /proc/self/fd dev/fd
	for n in 0:stdin 1:stdout 2:stderr; do ln -s "/proc/self/fd/${n%:*}" "dev/${n#*:}"; done
	for d in $KEEP; do
		mkdir -p ".$d"
		mount --bind "$d" ".$d"
	done
	mount -o remount,bind,ro .
	pivot_root . run/old
	cd /
	umount -l /run/old
	ip link set lo up
	export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/run/home LC_ALL=C.UTF-8
	mkdir -p "$HOME"
	exec "$CAISSON_INIT" -- "$@"
' enter "$@"
