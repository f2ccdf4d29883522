#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Tests on a host with systemd, AppArmor and nothing but cgroup v2, in a guest with Debian's cloud kernel:
#
#   tests/vm/run.sh BUILD [TEST...]     BUILD holds caisson and caisson-init; the default tests are in the tables below
#
# QEMU without KVM, so that it runs in any machine. Root file system and kernel are made once, in CAISSON_VM_DIR (BUILD/vm);
# each run changes a copy that is thrown away. Nothing is installed on this machine.
#
# CAISSON_VM_FULL    set: every integration test; else those that a kernel, cgroup v2 or systemd can change
# CAISSON_VM_KERNEL  host (the default) or another release of Debian, for instance sid
# CAISSON_VM_ACCEL   tcg (the default) or kvm
# CAISSON_VM_TIMEOUT seconds for the guest (1200)
# CAISSON_VM_SHELL   set: a shell on the serial line in place of the tests
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$here/../.." && pwd)
build=$(cd "${1:?usage: run.sh BUILD [TEST...]}" && pwd)
shift
dir=${CAISSON_VM_DIR:-$build/vm}
accel=${CAISSON_VM_ACCEL:-tcg}
limit=${CAISSON_VM_TIMEOUT:-1200}
suite=${CAISSON_VM_KERNEL:-host}

die() { echo "vm: $*" >&2; exit 1; }

for p in qemu-system-x86_64 mmdebstrap mke2fs depmod cpio busybox dpkg-deb; do
	command -v "$p" > /dev/null || die "$p is not installed (the packages of contrib/packages.sh, group vm)"
done
if [ ! -x "$build/caisson" ] || [ ! -x "$build/caisson-init" ]; then die "$build: holds no caisson and caisson-init"; fi

# ---- which tests ----

# Two at a time; the long ones first.
vm_tests=(
	tests/vm/podman.t
	tests/vm/podman-user.t
	tests/vm/apparmor.t
	tests/vm/containerd.t
	tests/integration/03-lifecycle.t
	tests/vm/limits.t
	tests/integration/04-exec.t
	tests/integration/35-cgroup.t
	tests/integration/07-rootless.t
	tests/vm/delegated.t
	tests/integration/36-update.t
	tests/integration/38-events.t
	tests/vm/v2.t
)
# In a second start of the guest.
selinux_tests=(tests/vm/selinux.t)
# A kernel that nothing else here was tried with: that it starts, stops, limits and restricts.
kernel_tests=(
	tests/integration/03-lifecycle.t
	tests/integration/31-mounts.t
	tests/integration/35-cgroup.t
	tests/integration/37-seccomp.t
	tests/vm/v2.t
	tests/vm/apparmor.t
)
if [ -n "${CAISSON_VM_FULL:-}" ]; then
	mapfile -t vm_tests < <(cd "$top" && ls tests/integration/[0-9]*.t tests/vm/*.t | grep -v selinux)
elif [ "$suite" != host ]; then
	vm_tests=("${kernel_tests[@]}")
	selinux_tests=()
fi
if [ $# -gt 0 ]; then
	mapfile -t vm_tests < <(printf '%s\n' "$@" | grep -v /selinux)
	mapfile -t selinux_tests < <(printf '%s\n' "$@" | grep /selinux)
fi

# ---- what the guest is made of ----

began=$SECONDS
mkdir -p "$dir"
bash "$here/kernel.sh" "$dir/kernel-$suite" "$suite" &
fetching=$!
bash "$here/root.sh" "$dir/root.img" || { wait "$fetching"; exit 1; }
wait "$fetching" || exit 1
kernel=$dir/kernel-$suite

# The tests copy this one; making it, link by link, would take the guest longer than all the rest.
rootfs() {
	rm -rf "$1"
	(unset CAISSON_TEST_ROOTFS
		CAISSON=/bin/true sh -c '. "$0/tests/integration/lib.sh"; _finished=1; rootfs "$1"; rm -rf "$TMP"' "$top" "$1" < /dev/null)
}

# The project, as a tar file that the guest reads from its third disk.
make_load() {
	local load=$dir/load f
	rm -rf "$load"
	mkdir -p "$load/build"
	rootfs "$load/rootfs"
	for f in caisson caisson-init caisson-unpack caisson-systemd; do
		[ ! -x "$build/$f" ] || cp "$build/$f" "$load/build/$f"
	done
	cp -r "$top/tests" "$top/include" "$top/profiles" "$load/"
	{
		echo CAISSON=/caisson/build/caisson CAISSON_INIT=/caisson/build/caisson-init CAISSON_SRCDIR=/caisson
		echo CAISSON_BUILDDIR=/caisson/build CAISSON_TEST_ROOTFS=/caisson/rootfs
		printf 'CAISSON_VM_TESTS=%q\nCAISSON_VM_SHELL=%q\n' "$*" "${CAISSON_VM_SHELL:-}"
		printf 'CAISSON_VM_JOBS=%q\nCAISSON_VM_FILE_SECONDS=%q\n' "${CAISSON_VM_JOBS:-2}" "${CAISSON_VM_FILE_SECONDS:-600}"
	} > "$load/guest.env"
	tar -C "$load" --owner=0 --group=0 -cf "$dir/load.tar" .
	rm -rf "$load"
}

# ---- the guest ----

passed=0 failed=0 bad=

# boot LSM TEST...: one guest, from its start to its end.
boot() {
	local lsm=$1 log=$dir/serial-$1.log rc=0 qemu
	shift
	make_load "$@"
	# shellcheck disable=SC2054 # the commas are qemu's
	qemu=(qemu-system-x86_64 -M q35 -accel "$accel" -cpu max -smp 2 -m 2048 -nodefaults -no-user-config -no-reboot -display none
		-kernel "$kernel/vmlinuz" -initrd "$kernel/initramfs"
		-append "console=ttyS0 quiet loglevel=3 panic=-1 mitigations=off random.trust_cpu=on security=$lsm $lsm=1
			systemd.unified_cgroup_hierarchy=1 systemd.unit=guest.target systemd.firstboot=off"
		-drive "file=$dir/root.img,format=raw,if=virtio,snapshot=on"
		-drive "file=$kernel/modules,format=raw,if=virtio,readonly=on"
		-drive "file=$dir/load.tar,format=raw,if=virtio,readonly=on")
	if [ -n "${CAISSON_VM_SHELL:-}" ]; then
		exec "${qemu[@]}" -serial mon:stdio
	fi
	: > "$log"
	timeout -k 5 "$limit" "${qemu[@]}" -serial stdio < /dev/null 2> "$dir/qemu.log" | stdbuf -o0 tr -d '\r' | tee "$log" | grep --line-buffered -v '^@@' ||
		rc=${PIPESTATUS[0]}
	[ "$rc" -ne 124 ] || die "the guest did not end within $limit s (see $log)"
	if ! grep -q '^@@ done' "$log"; then
		tail -n 20 "$dir/qemu.log" >&2
		die "the guest ended before its tests (see $log)"
	fi
	passed=$((passed + $(grep -c '^ok' "$log" || true)))
	failed=$((failed + $(grep -c '^not ok' "$log" || true)))
	bad="$bad$(sed -n 's/^@@ failed //p' "$log")"
}

made=$((SECONDS - began))
[ ${#vm_tests[@]} -eq 0 ] || boot apparmor "${vm_tests[@]}"
[ ${#selinux_tests[@]} -eq 0 ] || boot selinux "${selinux_tests[@]}"
echo "# vm: kernel $(cat "$kernel/release"), systemd, cgroup v2: $passed passed, $failed failed," \
	"$((SECONDS - began)) s, $made of them to make the guest"
if [ "$failed" -ne 0 ] || [ -n "$bad" ]; then die "failed: ${bad:-some tests}"; fi
