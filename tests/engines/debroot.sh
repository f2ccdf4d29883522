#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# debroot.sh DIR PACKAGE...: unpacks Debian packages with all they depend on below DIR, as an exported image would be. Nothing
# is installed on this machine and no package script runs; the users are put in by hand. The mirror is that of apt, and so is
# the release, unless SUITE names another one.
set -eu
dir=$1
shift
wanted="${SUITE:-} $*"
[ "$(cat "$dir.ready" 2> /dev/null)" != "$wanted" ] || exit 0
apt=$dir.apt
rm -rf "$dir" "$dir.ready" "$apt"
mkdir -p "$dir" "$apt/cache/archives/partial"
: > "$apt/status"
# an empty status file: nothing counts as installed, so everything is fetched
cat > "$apt/conf" <<CONF
Dir::State::status "$apt/status";
Dir::Cache "$apt/cache";
APT::Sandbox::User "root";
CONF
export APT_CONFIG="$apt/conf" DEBIAN_FRONTEND=noninteractive
apt_get() { apt-get -qq "$@" > "$apt/log" 2>&1 || { tail -n 5 "$apt/log" >&2; exit 1; }; }
if [ -n "${SUITE:-}" ]; then
	mkdir -p "$apt/lists/partial"
	# a mirror that stands still is good enough for tests
	apt-get indextargets --format '$(REPO_URI) $(COMPONENT)' 'Created-By: Packages' | awk -v suite="$SUITE" \
		'$2 == "main" && $1 ~ /\/debian\/?$/ { print "deb [check-valid-until=no] " $1 " " suite " main"; exit }' > "$apt/sources.list"
	[ -s "$apt/sources.list" ] || { echo "debroot: apt knows no Debian mirror here" >&2; exit 1; }
	cat >> "$apt/conf" <<CONF
Dir::Etc::SourceList "$apt/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::State::Lists "$apt/lists";
CONF
	apt_get update
fi
apt_get install -y --no-install-recommends --download-only "$@"
for d in bin sbin lib lib64; do
	mkdir -p "$dir/usr/$d"
	ln -s "usr/$d" "$dir/$d"
done
for deb in "$apt"/cache/archives/*.deb; do
	dpkg-deb --fsys-tarfile "$deb" | tar -x --keep-directory-symlink -C "$dir" -f -
done
mkdir -p "$dir/proc" "$dir/sys" "$dir/dev" "$dir/tmp" "$dir/run" "$dir/var/tmp" "$dir/etc"
printf '%s\n' root:x:0:0:root:/root:/bin/sh www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin \
	redis:x:101:101::/var/lib/redis:/usr/sbin/nologin nobody:x:65534:65534:nobody:/:/usr/sbin/nologin > "$dir/etc/passwd"
printf '%s\n' root:x:0: www-data:x:33: redis:x:101: nogroup:x:65534: > "$dir/etc/group"
rm -rf "$apt"
echo "$wanted" > "$dir.ready"
