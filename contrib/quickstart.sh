#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# From a clean Debian 12 or later to a hardened container in one command, as root:
#
#   contrib/quickstart.sh
#
# Installs what is missing with apt-get, builds in build/, makes a root file system from Debian's busybox-static, launches
# a small service in it with the strict level, and prints what the kernel says about it. Nothing is installed outside
# build/ but the packages. Run it again and only the launch is left to do.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
build=${CAISSON_BUILD:-$top/build}
# shellcheck source=contrib/packages.sh
. "$top/contrib/packages.sh"

say() { printf '\n== %s\n' "$*"; }

if [ "$(id -u)" -ne 0 ]; then
	echo "quickstart: run it as root (it installs packages and launches a container)" >&2
	exit 1
fi
if ! command -v apt-get > /dev/null 2>&1; then
	packages_message >&2
	exit 1
fi

say "packages"
packages_install build quickstart
echo "all there"

say "build in $build"
mkdir -p "$build"
if [ ! -x "$top/configure" ] || [ -n "$(find "$top/configure.ac" "$top/Makefile.am" -newer "$top/configure")" ]; then
	(cd "$top" && autoreconf -i > "$build/autoreconf.log" 2>&1) || { cat "$build/autoreconf.log" >&2; exit 1; }
fi
cd "$build"
if [ ! -f Makefile ]; then
	"$top/configure" -q --without-criterion --prefix=/usr/local > configure.log 2>&1 || { tail -n 20 configure.log >&2; exit 1; }
fi
make -s -j"$(nproc)" > make.log 2>&1 || { tail -n 30 make.log >&2; exit 1; }
ls -l caisson caisson-init
caisson=$build/caisson

say "a root file system of busybox in $build/rootfs"
if [ ! -x rootfs/bin/busybox ]; then
	rm -rf rootfs.new
	mkdir -p rootfs.new/bin rootfs.new/dev rootfs.new/etc rootfs.new/proc rootfs.new/sys rootfs.new/tmp rootfs.new/run rootfs.new/www
	cp "$(command -v busybox)" rootfs.new/bin/busybox
	for applet in $(busybox --list); do
		[ "$applet" = busybox ] || ln -s busybox "rootfs.new/bin/$applet"
	done
	printf 'root:x:0:0:root:/:/bin/sh\nweb:x:1000:1000:web:/:/bin/sh\n' > rootfs.new/etc/passwd
	printf 'root:x:0:\nweb:x:1000:\n' > rootfs.new/etc/group
	echo 'a page from inside' > rootfs.new/www/index.html
	mv rootfs.new rootfs
fi
echo "$(find rootfs/bin | wc -l) files in /bin"

say "launch: busybox httpd as uid 1000, level strict, read-only, no network"
name=quickstart
state=$build/state
"$caisson" --root "$state" delete --force "$name" > /dev/null 2>&1 || true
trap '"$caisson" --root "$state" delete --force "$name" > /dev/null 2>&1 || true' EXIT INT TERM
set -- --root "$state" launch -d --name "$name" --user 1000:1000 rootfs -- /bin/httpd -f -p 8080 -h /www
echo "caisson $*"
"$caisson" "$@"
tries=0
until "$caisson" --root "$state" exec "$name" /bin/wget -q -O - http://127.0.0.1:8080/ 2> /dev/null; do
	tries=$((tries + 1))
	[ "$tries" -lt 20 ] || { echo "quickstart: the service does not answer" >&2; exit 1; }
	sleep 0.1
done

say "what the kernel says about it: caisson posture $name"
"$caisson" --root "$state" posture "$name"

say "it works; the container is removed again. Read on in README.md"
