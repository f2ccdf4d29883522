#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Tests on a pure cgroup v2 host with Debian's kernel, in a guest:
#
#   tests/vm/run.sh BUILD [TEST...]     BUILD holds caisson and caisson-init; the default tests are in vm_tests below
#
# QEMU without KVM, so that it runs in any machine. The guest sees this machine's whole file system read-only (9p) below a
# writable overlay: nothing is installed there and nothing it does is left here. The kernel is Debian's, fetched once and
# unpacked into CAISSON_VM_DIR (BUILD/vm), never installed.
#
# CAISSON_VM_ACCEL   tcg (the default) or kvm
# CAISSON_VM_TIMEOUT seconds for everything (1150)
# CAISSON_VM_SHELL   set: a shell on the serial line in place of the tests
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$here/../.." && pwd)
build=$(cd "${1:?usage: run.sh BUILD [TEST...]}" && pwd)
shift
dir=${CAISSON_VM_DIR:-$build/vm}
accel=${CAISSON_VM_ACCEL:-tcg}
limit=${CAISSON_VM_TIMEOUT:-1150}

vm_tests=(
	tests/integration/03-lifecycle.t
	tests/integration/35-cgroup.t
	tests/integration/36-update.t
	tests/integration/38-events.t
	tests/vm/v2.t
)
[ $# -gt 0 ] || set -- "${vm_tests[@]}"

# In the order they must be loaded.
modules=(virtio_ring virtio virtio_pci_modern_dev virtio_pci_legacy_dev virtio_pci netfs fscache 9pnet 9pnet_virtio 9p overlay)

die() { echo "vm: $*" >&2; exit 1; }

for p in qemu-system-x86_64 cpio busybox dpkg-deb; do
	command -v "$p" > /dev/null || die "$p is not installed (Debian: qemu-system-x86 cpio busybox-static)"
done
if [ ! -x "$build/caisson" ] || [ ! -x "$build/caisson-init" ]; then die "$build: holds no caisson and caisson-init"; fi
[ "$(id -u)" -eq 0 ] || die "needs root, to show this machine's files to the guest"

# ---- the kernel ----

fetch_kernel() {
	local package deb tmp=$dir/kernel.new
	# The meta package names the current one.
	package=$(apt-cache depends linux-image-amd64 | sed -n 's/.*Depends: *\(linux-image-[0-9].*\)/\1/p' | head -n 1)
	[ -n "$package" ] || die "apt-cache knows no linux-image-amd64 (try apt-get update)"
	rm -rf "$tmp"
	mkdir -p "$tmp"
	(cd "$tmp" && apt-get download -qq "$package" 2> "$tmp/log") || { cat "$tmp/log" >&2; die "cannot fetch $package"; }
	for deb in "$tmp"/*.deb; do dpkg-deb -x "$deb" "$tmp"; done
	rm -f "$tmp"/*.deb "$tmp/log"
	rm -rf "$dir/kernel"
	mv "$tmp" "$dir/kernel"
}

mkdir -p "$dir"
[ -d "$dir/kernel/boot" ] || fetch_kernel
vmlinuz=$(find "$dir/kernel/boot" -name 'vmlinuz-*' | head -n 1)
release=${vmlinuz##*/vmlinuz-}
kernel_modules=$(find "$dir/kernel" -type d -path "*/modules/$release" | head -n 1)
if [ -z "$vmlinuz" ] || [ -z "$kernel_modules" ]; then die "$dir/kernel: no kernel was unpacked"; fi

# ---- the initial file system: busybox, a few modules, and one script ----

initramfs() {
	local root=$dir/root m file
	rm -rf "$root"
	mkdir -p "$root"/{bin,dev,proc,sys,modules,lower,rw,new}
	cp "$(command -v busybox)" "$root/bin/busybox"
	for m in "${modules[@]}"; do
		file=$(find "$kernel_modules" -name "$m.ko*" | head -n 1)
		case $file in
		'') continue ;; # built in
		*.xz) xz -dc "$file" > "$root/modules/$m.ko" ;;
		*.zst) zstd -qdc "$file" > "$root/modules/$m.ko" ;;
		*) cp "$file" "$root/modules/$m.ko" ;;
		esac
	done
	cat > "$root/init" <<SCRIPT
#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
for m in ${modules[*]}; do [ ! -f /modules/\$m.ko ] || insmod /modules/\$m.ko; done
mount -t 9p -o trans=virtio,version=9p2000.L,ro,cache=loose,msize=512000 host /lower || poweroff -f
mount -t tmpfs -o mode=755 rw /rw
mkdir /rw/upper /rw/work
mount -t overlay -o lowerdir=/lower,upperdir=/rw/upper,workdir=/rw/work overlay /new || poweroff -f
umount /sys
mount --move /proc /new/proc
mount --move /dev /new/dev
exec switch_root /new /bin/sh $here/guest.sh
SCRIPT
	chmod 755 "$root/init"
	(cd "$root" && find . | cpio -o -H newc -R 0:0 --quiet) > "$dir/initramfs.cpio"
	rm -rf "$root"
}
initramfs

# The tests copy this one; making it, link by link, would take the guest longer than all the rest.
rootfs() {
	local p root=$dir/rootfs
	rm -rf "$root"
	for p in bin dev etc proc root run sys tmp var/tmp home/user usr/bin; do mkdir -p "$root/$p"; done
	chmod 1777 "$root/tmp" "$root/var/tmp"
	cp "$(command -v busybox)" "$root/bin/busybox"
	busybox --list | grep -vx busybox | while read -r p; do ln -s busybox "$root/bin/$p"; done
	printf '%s\n' 'root:x:0:0:root:/root:/bin/sh' 'user:x:1000:1000:user:/home/user:/bin/sh' > "$root/etc/passwd"
	printf '%s\n' 'root:x:0:' 'user:x:1000:' > "$root/etc/group"
	printf '127.0.0.1\tlocalhost\n' > "$root/etc/hosts"
	chown 1000:1000 "$root/home/user"
}
rootfs

# ---- the guest ----

{
	printf 'CAISSON=%q\nCAISSON_INIT=%q\nCAISSON_TOP=%q\n' "$build/caisson" "$build/caisson-init" "$top"
	printf 'CAISSON_VM_MODULES=%q\nCAISSON_VM_SHELL=%q\n' "${kernel_modules%/*}" "${CAISSON_VM_SHELL:-}"
	printf 'CAISSON_TEST_ROOTFS=%q\nCAISSON_VM_TESTS=%q\n' "$dir/rootfs" "$*"
} > "$dir/guest.env"

# shellcheck disable=SC2054 # the commas are qemu's
qemu=(qemu-system-x86_64 -M q35 -accel "$accel" -cpu max -smp 2 -m 2048 -nodefaults -no-user-config -no-reboot -display none
	-kernel "$vmlinuz" -initrd "$dir/initramfs.cpio"
	-append "console=ttyS0 quiet loglevel=3 panic=-1 mitigations=off random.trust_cpu=on caisson.env=$dir/guest.env"
	-fsdev local,id=host,path=/,security_model=none,readonly=on,multidevs=remap
	-device virtio-9p-pci,fsdev=host,mount_tag=host)
if [ -n "${CAISSON_VM_SHELL:-}" ]; then
	exec "${qemu[@]}" -serial mon:stdio
fi

log=$dir/serial.log
: > "$log"
began=$SECONDS
rc=0
timeout -k 5 "$limit" "${qemu[@]}" -serial stdio < /dev/null 2> "$dir/qemu.log" | tr -d '\r' | tee "$log" | grep -v '^@@' || rc=${PIPESTATUS[0]}
[ "$rc" -ne 124 ] || die "the guest did not end within $limit s (see $log)"
if ! grep -q '^@@ done' "$log"; then
	tail -n 20 "$dir/qemu.log" >&2
	die "the guest ended before its tests (see $log)"
fi
passed=$(grep -c '^ok' "$log" || true)
failed=$(grep -c '^not ok' "$log" || true)
bad=$(sed -n 's/^@@ failed //p' "$log")
echo "# vm: kernel $release, cgroup v2: $passed passed, $failed failed, $((SECONDS - began)) s"
if [ "$failed" -ne 0 ] || [ -n "$bad" ]; then die "failed: ${bad:-some tests}"; fi
