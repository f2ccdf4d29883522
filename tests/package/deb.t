#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The Debian package: contrib/debian builds it in a copy of the tree, lintian has no complaint, and dpkg installs, upgrades,
# removes and purges it in an empty root, where the program runs with the libraries that the package names.
here=$(dirname "$0")
top=$(cd "$here/../.." && pwd)
: "${CAISSON:=/bin/true}" # lib.sh asks for one; the one under test is in the package
export CAISSON
# shellcheck source=tests/integration/lib.sh
. "$here/../integration/lib.sh"
plan 27

# ---- build ----

# The files of the repository, which $PACKAGE_FILES lists where there is no repository; dpkg-buildpackage writes beside them.
tree=$TMP/build/caisson root=$TMP/root
mkdir -p "$tree"
if [ -n "${PACKAGE_FILES:-}" ]; then
	tar -C "$top" -cf - -T "$PACKAGE_FILES" | tar -C "$tree" -xf -
else
	git -C "$top" -c safe.directory='*' ls-files -co --exclude-standard | tar -C "$top" -cf - -T - | tar -C "$tree" -xf -
fi
[ -e "$tree/debian" ] || ln -s contrib/debian "$tree/debian" # dpkg-buildpackage looks there
build_package() { cd "$tree" && DEB_BUILD_OPTIONS="nocheck parallel=$(nproc)" dpkg-buildpackage -b -us -uc; }
(build_package) > "$TMP/build.log" 2>&1
built=$?
is "dpkg-buildpackage -b -us -uc ends well" "$built" 0
[ "$built" -eq 0 ] || { tail -n 20 "$TMP/build.log" | sed 's/^/# /'; bail "no package to look at"; }
set -- "$TMP"/build/caisson_*.deb
deb=$1
version=$(dpkg-deb -f "$deb" Version)
is "its version is that of configure.ac" "${version%-*}" "$(sed -n 's/^AC_INIT(\[caisson\], \[\(.*\)\])$/\1/p' "$top/configure.ac")"

# There is no address to write to, so the one in the package leads nowhere.
TMPDIR=$TMP lintian --allow-root --fail-on error,warning --suppress-tags bogus-mail-host,bogus-mail-host-in-debian-changelog "$deb" > "$TMP/lintian" 2>&1
is "lintian: no error, no warning" "$?:$(grep '^[EW]: ' "$TMP/lintian")" "0:"

# ---- what is in it ----

dpkg-deb -x "$deb" "$TMP/files"
is "nothing outside /usr and /etc/caisson" "$(cd "$TMP/files" && find . -mindepth 1 ! -path './usr*' ! -path './etc' ! -path './etc/caisson*')" ""
is "/etc/caisson/caisson.json is the only configuration file" "$(dpkg-deb --ctrl-tarfile "$deb" | tar -xOf - ./conffiles)" /etc/caisson/caisson.json
is "nothing runs on installation" "$(dpkg-deb --ctrl-tarfile "$deb" | tar -tf - | grep -E 'inst$|rm$|triggers$')" ""
is "nothing is set-user-ID or writable by all" "$(find "$TMP/files" ! -type l -perm /6022)" ""
is "all is root's" "$(dpkg-deb -c "$deb" | awk '$2 != "root/root"')" ""
for f in usr/libexec/caisson/caisson-unpack usr/libexec/caisson/caisson-systemd usr/share/caisson/profile.schema.json \
	usr/share/man/man8/caisson.8.gz usr/share/man/man8/caisson-strict.8.gz usr/share/man/man1/caisson-init.1.gz \
	usr/share/man/man5/caisson-policy.5.gz usr/share/man/man7/caisson-oci.7.gz; do
	ok "has $f" test -s "$TMP/files/$f"
done
like "caisson(8) has the options" "$(zcat "$TMP/files/usr/share/man/man8/caisson.8.gz")" 'seccomp'
ok "the completion is one" sh -c 'bash -n "$1" && grep -q "^complete .*caisson" "$1"' - "$TMP/files/usr/share/bash-completion/completions/caisson"
like "caisson-init is static" "$(LC_ALL=C readelf -l "$TMP/files/usr/bin/caisson-init" | grep -c INTERP)" '^0$'

# ---- in a root of its own ----

mkdir -p "$root/var/lib/dpkg/info" "$root/var/lib/dpkg/updates"
: > "$root/var/lib/dpkg/status"
# What there is but the libraries and dpkg's own files.
settings() { (cd "$root" && find . ! -type d ! -path "./lib*" ! -path "./var/*" ! -path "./usr/lib/*" | LC_ALL=C sort | tr "\n" " "); }

in_root() { dpkg --root="$root" --log=/dev/null --force-depends "$@" < /dev/null; }
ok "installs" in_root -i "$deb"

# The libraries that the package depends on, and no others; the loader comes with libc6.
libraries() {
	for p in $(dpkg-deb -f "$deb" Depends | sed 's/([^)]*)//g' | tr -d ',|'); do
		dpkg -L "$p"
	done | grep -E '/(lib[^/]*|ld-[^/]*)\.so[^/]*$'
}
libraries | while read -r f; do
	mkdir -p "$root/${f%/*}"
	cp "$f" "$root/$f"
done
[ -e "$root/lib64" ] || [ ! -e /lib64/ld-linux-x86-64.so.2 ] || { mkdir "$root/lib64" && cp -L /lib64/ld-linux-x86-64.so.2 "$root/lib64/"; }
like "caisson --version with the libraries that it depends on" "$(chroot "$root" /usr/bin/caisson --version 2>&1)" "caisson.* ${version%-*}"
like "caisson-strict is the same program" "$(chroot "$root" /usr/bin/caisson-strict --version 2>&1)" "${version%-*}"
ok "the installed policy is in order" chroot "$root" /usr/bin/caisson policy check

# The same package with another version and other settings.
mkdir "$TMP/next"
dpkg-deb -R "$deb" "$TMP/next"
sed -i "s/^Version: .*/Version: $version+next/" "$TMP/next/DEBIAN/control"
echo '{ "schema": 1, "default": "baseline" }' > "$TMP/next/etc/caisson/caisson.json"
dpkg-deb --root-owner-group -b "$TMP/next" "$TMP/next.deb" > "$TMP/next.log"
echo '{ "schema": 1, "default": "hardened" }' > "$root/etc/caisson/caisson.json"
echo '{ "schema": 1, "extends": "strict" }' > "$root/etc/caisson/profiles/mine.json"
in_root --force-confdef --force-confold -i "$TMP/next.deb" > "$TMP/upgrade.log" 2>&1
is "an upgrade keeps what the operator wrote" "$(cat "$root/etc/caisson/caisson.json")" '{ "schema": 1, "default": "hardened" }'
in_root -r caisson > "$TMP/remove.log" 2>&1
is "removing it leaves the settings" "$(settings)" \
	"./etc/caisson/caisson.json ./etc/caisson/caisson.json.dpkg-dist ./etc/caisson/profiles/mine.json "
in_root -P caisson > "$TMP/purge.log" 2>&1
is "purging leaves only the operator's own profile" "$(settings)" "./etc/caisson/profiles/mine.json "
leftovers_after
