#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Builds the four libraries of the core (libseccomp, libcap-ng, jansson, libmnl) statically against musl, from Debian's
# source packages, for ./configure --enable-static-core --with-static-deps=DIR:
#
#   contrib/build-static-deps.sh DIR
#
# With HOST and CC in the environment it builds for another machine and its own libc:
#
#   HOST=aarch64-linux-gnu CC=aarch64-linux-gnu-gcc contrib/build-static-deps.sh DIR
#
# The sources come from the mirrors that this machine's apt is set up with, through lists of our own in DIR; the
# machine's apt is not changed. Done once: DIR/.stamp says which versions.
set -eu

[ $# -eq 1 ] || { echo "usage: build-static-deps.sh DIR" >&2; exit 2; }
mkdir -p "$1"
dir=$(cd "$1" && pwd)
top=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=contrib/packages.sh
. "$top/contrib/packages.sh"

CC=${CC:-musl-gcc}
export CC
recipe="recipe 2, $CC, $(cat "$top/contrib/static-mnl.c" "$top/contrib/small-copy.h" | cksum)" # raise the number when the way of building changes
if [ "$(head -n 1 "$dir/.stamp" 2> /dev/null)" = "$recipe" ]; then
	exit 0
fi
packages_install static
for d in src apt lib include; do rm -rf "${dir:?}/$d"; done
mkdir -p "$dir/src" "$dir/apt/lists/partial" "$dir/apt/cache/archives/partial" "$dir/lib" "$dir/include"

# ---- apt with source lists: every deb entry of this machine, once more as deb-src ----

sources=$dir/apt/sources.list
: > "$sources"
for f in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
	[ -f "$f" ] || continue
	sed -n 's/^[[:space:]]*deb[[:space:]]/deb-src /p' "$f"
done | grep -E '[[:space:]](main)([[:space:]]|$)' | grep -E '/debian(-security)?/?[[:space:]]' >> "$sources" || true
for f in /etc/apt/sources.list.d/*.sources; do
	[ -f "$f" ] || continue
	awk 'function flush(  i, j, n, m, u, s) {
			n = split(uris, u, " "); m = split(suites, s, " ")
			for (i = 1; i <= n; i++) for (j = 1; j <= m; j++)
				if (u[i] ~ /\/debian(-security)?\/?$/)
					print "deb-src " (key != "" ? "[signed-by=" key "] " : "") u[i] " " s[j] " " parts
			uris = suites = parts = key = ""
		}
		/^[[:space:]]*$/ { flush(); next }
		/^#/ { next }
		tolower($1) == "uris:" { $1 = ""; uris = $0 }
		tolower($1) == "suites:" { $1 = ""; suites = $0 }
		tolower($1) == "components:" { $1 = ""; parts = $0 }
		tolower($1) == "signed-by:" { key = $2 }
		END { flush() }' "$f" >> "$sources"
done
if [ ! -s "$sources" ]; then
	echo "build-static-deps: apt knows no Debian mirror here; give the libraries yourself (DIR/lib, DIR/include)" >&2
	exit 1
fi

apt_get() {
	apt-get -qq -o Dir::Etc::SourceList="$sources" -o Dir::Etc::SourceParts=/dev/null -o Dir::State::Lists="$dir/apt/lists" \
		-o Dir::Cache="$dir/apt/cache" -o APT::Sandbox::User=root -o APT::Get::Only-Source=true "$@"
}
log=$dir/log
apt_get update > "$log" 2>&1 || { tail -n 10 "$log" >&2; exit 1; }
cd "$dir/src"
for package in libseccomp libcap-ng jansson; do
	apt_get source "$package" > "$log" 2>&1 || { tail -n 10 "$log" >&2; exit 1; }
done
mnl=source
apt_get source libmnl > "$log" 2>&1 || mnl=own

# ---- musl-gcc that sees the kernel's headers ----

mkdir -p "$dir/kernel"
CFLAGS="-O3 -g0 -fPIC -fstack-protector-strong -ffunction-sections -fdata-sections"
echo '#include <linux/types.h>' > probe.c
for name in linux asm asm-generic; do
	found=$(gcc -E -M probe.c | tr -c 'A-Za-z0-9_./+-' '\n' | grep "/$name/[^/]*\$" | head -n 1)
	[ -n "$found" ] || { echo "build-static-deps: $name/ is missing (linux-libc-dev)" >&2; exit 1; }
	ln -sfn "${found%/*}" "$dir/kernel/$name"
done
rm -f probe.c
case $CC in
*musl*) CFLAGS="$CFLAGS -isystem $dir/kernel" ;;
esac
export CFLAGS

build=$(gcc -dumpmachine)
HOST=${HOST:-$build}
[ "$HOST" != "$build" ] || HOST=$(echo "$build" | sed 's/-gnu$/-musl/') # other than the build machine: no test runs

# make_library NAME CONFIGURE-ARGUMENTS...: in the one directory called NAME-*.
make_library() {
	name=$1
	shift
	cd "$dir/src/$name"-*/
	log=$dir/$name.log
	{
		{ [ -x configure ] || autoreconf -fi; } &&
		./configure --host="$HOST" --build="$build" --prefix="$dir" --libdir="$dir/lib" \
			--enable-static --disable-shared --disable-dependency-tracking "$@" &&
		make -j"$(nproc)" CFLAGS="$make_cflags" && make install CFLAGS="$make_cflags"
	} > "$log" 2>&1 || { echo "build-static-deps: $name failed; the end of $log:" >&2; tail -n 25 "$log" >&2; exit 1; }
	cd "$dir/src"
}

make_cflags="$CFLAGS -include $top/contrib/small-copy.h" # for make alone: configure's probes declare memcpy themselves
make_library jansson
make_cflags=$CFLAGS
if [ "$mnl" = source ]; then
	make_library libmnl
else
	echo "build-static-deps: the mirror has no source of libmnl; contrib/static-mnl.c stands in" >&2
	packages_install build
	mkdir -p "$dir/include/libmnl"
	cp "$(pkg-config --variable=includedir libmnl)/libmnl/libmnl.h" "$dir/include/libmnl/"
	# shellcheck disable=SC2086
	$CC $CFLAGS -D_GNU_SOURCE -isystem "$dir/include" -c -o static-mnl.o "$top/contrib/static-mnl.c"
	ar crD "$dir/lib/libmnl.a" static-mnl.o
fi
make_library libcap-ng --without-python --without-python3 --with-capability_header="$dir/kernel/linux/capability.h"
make_library libseccomp --disable-python

for f in libjansson.a libmnl.a libcap-ng.a libseccomp.a; do
	[ -s "$dir/lib/$f" ] || { echo "build-static-deps: $f was not made" >&2; exit 1; }
done
versions=$(find "$dir/src" -mindepth 1 -maxdepth 1 -type d -exec basename {} \; | LC_ALL=C sort)
rm -rf "$dir/src" "$dir/apt" "$dir/log" "$dir"/*.log
printf '%s\n%s\n' "$recipe" "$versions" > "$dir/.stamp"
