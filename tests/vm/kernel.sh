#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
#   tests/vm/kernel.sh DIR SUITE    Debian's cloud kernel: DIR/vmlinuz, DIR/initramfs, DIR/modules (an ext4 image), DIR/release
#
# SUITE "host" is the release of this machine's apt; any other (sid) is read through package lists of our own in DIR, from the
# same mirror. Fetched once; nothing is installed.
set -euo pipefail

dir=${1:?usage: kernel.sh DIR SUITE}
suite=${2:?usage: kernel.sh DIR SUITE}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/vm/mirror.sh
. "$here/mirror.sh"

die() { echo "vm: $*" >&2; exit 1; }

recipe=$suite,$(cksum < "${BASH_SOURCE[0]}")
[ "$(cat "$dir/recipe" 2> /dev/null)" != "$recipe" ] || exit 0
rm -rf "$dir"
mkdir -p "$dir/apt/lists/partial" "$dir/apt/cache/archives/partial" "$dir/tree"
dir=$(cd "$dir" && pwd)
log=$dir/log

apt=(-qq -o APT::Sandbox::User=root)
if [ "$suite" != host ]; then
	uri=$(mirror_uri)
	[ -n "$uri" ] || die "apt knows no Debian mirror here"
	keys=/usr/share/keyrings/debian-archive-keyring.gpg
	echo "deb $([ ! -e "$keys" ] || echo "[signed-by=$keys]") $uri $suite main" > "$dir/apt/sources.list"
	apt+=(-o Dir::Etc::SourceList="$dir/apt/sources.list" -o Dir::Etc::SourceParts=/dev/null -o Dir::State::Lists="$dir/apt/lists"
		-o Dir::Cache="$dir/apt/cache" -o Acquire::Languages=none)
	apt-get "${apt[@]}" update > "$log" 2>&1 || { tail -n 10 "$log" >&2; die "cannot read the package lists of $suite"; }
fi

# The meta package names the current one.
package=$(apt-cache "${apt[@]}" depends linux-image-cloud-amd64 | sed -n 's/.*Depends: *\(linux-\(image\|base\|modules\|binary\)-[0-9].*\)/\1/p')
[ -n "$package" ] || die "apt knows no linux-image-cloud-amd64 in $suite (try apt-get update)"
more=$(for p in $package; do apt-cache "${apt[@]}" depends "$p"; done | sed -n 's/.*Depends: *\(linux-\(modules\|binary\)-[0-9].*\)/\1/p')
# shellcheck disable=SC2086
(cd "$dir/apt" && apt-get "${apt[@]}" download $package $more > "$log" 2>&1) || { tail -n 5 "$log" >&2; die "cannot fetch $package"; }
mkdir -p "$dir/tree/usr/lib"
ln -s usr/lib "$dir/tree/lib" # older packages have /lib, newer ones /usr/lib
for deb in "$dir"/apt/*.deb; do dpkg-deb --fsys-tarfile "$deb" | tar -x --keep-directory-symlink -C "$dir/tree" -f -; done
vmlinuz=$(find "$dir/tree" -name "vmlinuz*" -print -quit)
release=$(ls "$dir/tree/usr/lib/modules")
if [ -z "$vmlinuz" ] || [ -z "$release" ]; then die "$package holds no kernel"; fi
mv "$vmlinuz" "$dir/vmlinuz"
depmod -b "$dir/tree" "$release" 2> "$log" # newer packages do not list what is built in, and it says so

# ---- the initial file system: busybox, what reads the disk, and one script ----

root=$dir/initramfs.d
mkdir -p "$root"/{bin,dev,proc,sys,modules,new}
cp "$(command -v busybox)" "$root/bin/busybox"
n=100
for m in virtio_pci virtio_blk ext4; do
	modprobe --set-version "$release" -d "$dir/tree" --ignore-install --show-depends "$m" 2> /dev/null || true
done | sed -n 's/^insmod \([^ ]*\).*/\1/p' | awk '!seen[$0]++' | while read -r file; do
	n=$((n + 1)) # in the order they must be loaded
	case $file in
	*.xz) xz -dc "$file" ;;
	*.zst) zstd -qdc "$file" ;;
	*) cat "$file" ;;
	esac > "$root/modules/$n.ko"
done
cat > "$root/init" <<'SCRIPT'
#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t devtmpfs dev /dev
for m in /modules/*.ko; do [ ! -f "$m" ] || insmod "$m"; done
n=0
until [ -b /dev/vda ] || [ $n -ge 100 ]; do sleep 0.1; n=$((n + 1)); done
mount -t ext4 -o noatime /dev/vda /new || { echo "no root"; poweroff -f; }
mount -t ext4 -o ro /dev/vdb /new/lib/modules
umount /proc
mount --move /dev /new/dev
exec switch_root /new /lib/systemd/systemd
SCRIPT
chmod 755 "$root/init"
(cd "$root" && find . | cpio -o -H newc -R 0:0 --quiet) > "$dir/initramfs"
mke2fs -q -t ext4 -O ^has_journal -m 0 -d "$dir/tree/usr/lib/modules" "$dir/modules" 256M > "$log" 2>&1 || { tail -n 5 "$log" >&2; die "mke2fs failed"; }
echo "$release" > "$dir/release"
rm -rf "$root" "$dir/tree" "$dir/apt" "$log"
echo "$recipe" > "$dir/recipe"
