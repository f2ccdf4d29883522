#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
#   tests/vm/root.sh IMAGE      the guest's root: Debian with systemd, engines and AppArmor, as an ext4 image
#
# Made with mmdebstrap from the mirrors and in the release that this machine's apt is set up with, so that what was built here
# runs there. Made once: IMAGE.recipe says from what. Nothing of it is installed on this machine.
set -euo pipefail

image=${1:?usage: root.sh IMAGE}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$here/../.." && pwd)
# shellcheck source=contrib/packages.sh
. "$top/contrib/packages.sh"
# shellcheck source=tests/vm/mirror.sh
. "$here/mirror.sh"

die() { echo "vm: $*" >&2; exit 1; }

exec 9> "$image.lock"
flock 9 # two runs that share a cache
names=$(packages_of guest)
recipe=$(mirror_sources; echo "$names"; cat "${BASH_SOURCE[0]}")
if [ -s "$image" ] && [ "$(cat "$image.recipe" 2> /dev/null)" = "$recipe" ]; then exit 0; fi
[ "$(id -u)" -eq 0 ] || die "needs root, to make the guest's root file system"
suite=$(mirror_suite)
[ -n "$suite" ] || die "apt knows no Debian mirror here"

tree=$image.tree
log=$image.log
trap 'rm -rf --one-file-system "$tree"' EXIT
rm -rf "$tree" "$image" "$image.recipe"
mirror_sources | unshare --mount --propagation private mmdebstrap --quiet --mode=root --variant=custom --include="${names// /,}" \
	--dpkgopt=force-unsafe-io --aptopt='APT::Install-Recommends "false"' --skip=cleanup/reproducible \
	"$suite" "$tree" - > "$log" 2>&1 || { tail -n 15 "$log" >&2; die "mmdebstrap failed"; }

# ---- what this guest adds ----

install -D -m 644 "$here/guest.service" "$tree/etc/systemd/system/guest.service"
install -D -m 644 "$here/guest.target" "$tree/etc/systemd/system/guest.target"
rm -f "$tree/etc/fstab" # the initial file system has mounted everything
echo guest > "$tree/etc/hostname"
echo '127.0.0.1 localhost guest' > "$tree/etc/hosts"
: > "$tree/etc/machine-id"
mkdir -p "$tree/caisson" "$tree/lib/modules" "$tree/etc/systemd/system.conf.d" "$tree/etc/systemd/journald.conf.d"
# Controllers stay enabled at the root of the tree, whichever units come and go beside the tests.
printf '%s\n' '[Manager]' DefaultCPUAccounting=yes DefaultIOAccounting=yes DefaultMemoryAccounting=yes DefaultTasksAccounting=yes \
	ShowStatus=no > "$tree/etc/systemd/system.conf.d/guest.conf"
printf '%s\n' '[Journal]' Storage=volatile > "$tree/etc/systemd/journald.conf.d/guest.conf"
# The user of the rootless tests, with a manager of its own.
echo 'plain:x:1500:1500:plain:/home/plain:/bin/sh' >> "$tree/etc/passwd"
echo 'plain:x:1500:' >> "$tree/etc/group"
echo 'plain:*:20000:0:99999:7:::' >> "$tree/etc/shadow"
echo 'plain:200000:65536' | tee "$tree/etc/subuid" > "$tree/etc/subgid"
install -d -m 700 -o 1500 -g 1500 "$tree/home/plain"
mkdir -p "$tree/etc/systemd/system/user@.service.d"
printf '%s\n' '[Service]' 'Delegate=cpu cpuset io memory pids' > "$tree/etc/systemd/system/user@.service.d/delegate.conf"
rm -rf "$tree"/var/cache/apt/* "$tree"/var/lib/apt/lists/* "$tree"/etc/systemd/system/*.wants "$tree"/usr/share/{doc,man,locale}

mke2fs -q -t ext4 -O ^has_journal -m 0 -d "$tree" "$image.new" 3072M > "$log" 2>&1 || { tail -n 5 "$log" >&2; die "mke2fs failed"; }
mv "$image.new" "$image"
printf '%s\n' "$recipe" > "$image.recipe"
rm -f "$log"
