#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Builds opencontainers/runtime-tools' validation programs from Debian's packages:
#
#   tests/validation/build.sh DIR
#
# DIR/suite/NAME are the tests, DIR/suite/runtimetest what they start inside. The -dev package holds the libraries but not
# the programs, so their source package is fetched too, through lists of our own below DIR (as in
# contrib/build-static-deps.sh). Kept: the second time nothing is done. Needs root for the packages.
set -euo pipefail

[ $# -eq 1 ] || { echo "usage: tests/validation/build.sh DIR" >&2; exit 2; }
mkdir -p "$1"
dir=$(cd "$1" && pwd)
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
name=golang-github-opencontainers-runtime-tools
stamp=$(sha256sum "$here/build.sh" | cut -d ' ' -f 1)
[ "$(cat "$dir/.stamp" 2> /dev/null || true)" != "$stamp" ] || exit 0

. "$here/../../contrib/packages.sh"
wanted=(golang-go "$name-dev" golang-github-google-uuid-dev golang-github-mrunalp-fileutils-dev golang-github-hashicorp-go-multierror-dev dpkg-dev xz-utils curl)
log=$dir/log
missing=()
for p in "${wanted[@]}"; do dpkg-query -W -f '${Status}' "$p" 2> /dev/null | grep -q 'install ok installed' || missing+=("$p"); done
if [ ${#missing[@]} -gt 0 ]; then
	packages_can || { echo "validation: missing, and only root can install them: ${missing[*]}" >&2; exit 1; }
	export DEBIAN_FRONTEND=noninteractive
	{ apt-get install -qq -y --no-install-recommends "${missing[@]}" ||
		{ apt-get update -qq && apt-get install -qq -y --no-install-recommends "${missing[@]}"; }; } > "$log" 2>&1 ||
		{ tail -n 10 "$log" >&2; exit 1; }
fi

# ---- the source ----

rm -rf "${dir:?}/suite" "$dir/apt" "$dir/go"
mkdir -p "$dir/suite" "$dir/apt/lists/partial" "$dir/apt/cache/archives/partial" "$dir/go/src/github.com/opencontainers" \
	"$dir/go/src/github.com/mndrix/tap-go"
mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2> /dev/null | tr -s '[:space:]' '\n' | grep -E '^https?://.*/debian/?$' | head -n 1 || true)
[ -n "$mirror" ] || { echo "validation: apt knows no Debian mirror here" >&2; exit 1; }
cd "$dir/apt"
apt_get() {
	apt-get -qq -o Dir::Etc::SourceList="$dir/apt/sources.list" -o Dir::Etc::SourceParts=/dev/null \
		-o Dir::State::Lists="$dir/apt/lists" -o Dir::Cache="$dir/apt/cache" -o APT::Sandbox::User=root "$@"
}
# Of this release, or of a later one where the mirror has lost this one's: the file's address and checksum come from apt.
fetch() {
	local uri file sum
	echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $1 main" > "$dir/apt/sources.list"
	apt_get update &&
		read -r uri file _ sum < <(apt_get -o APT::Get::Only-Source=true --print-uris source "$name" | grep '\.orig\.tar\.') || return 1
	uri=${uri//\'/}
	echo "$uri"
	curl -fsS --max-time 120 -o "$dir/apt/orig.tar" "$uri" && echo "${sum#SHA256:}  $dir/apt/orig.tar" | sha256sum -c -
}
from=
for release in $(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release) trixie sid; do
	if fetch "$release" > "$log" 2>&1; then from=$release; break; fi
done
[ -n "$from" ] || { echo "validation: the source package of $name cannot be had:" >&2; tail -n 5 "$log" >&2; exit 1; }
tree=$dir/go/src/github.com/opencontainers/runtime-tools
mkdir "$tree"
tar -C "$tree" --strip-components=1 -xf "$dir/apt/orig.tar"
# FileLabel went from go-selinux' package label to its main one before Debian's version of it.
sed -i 's|^\([[:space:]]*\)"github.com/opencontainers/selinux/go-selinux/label"|\1label "github.com/opencontainers/selinux/go-selinux"|' \
	"$tree/cmd/runtimetest/main.go"
# The printer of TAP that the suite imports is in no package.
cp "$here/tap.go.txt" "$dir/go/src/github.com/mndrix/tap-go/tap.go"

# ---- the programs ----

export GOPATH=$dir/go:/usr/share/gocode GO111MODULE=off GOFLAGS='' GOCACHE=$dir/gocache CGO_ENABLED=0 GOPROXY=off
cd "$tree"
go build -tags 'netgo osusergo' -o "$dir/suite/runtimetest" ./cmd/runtimetest > "$log" 2>&1 || { tail -n 10 "$log" >&2; exit 1; }
built=0
for d in validation/*/; do
	n=$(basename "$d")
	[ "$n" != util ] || continue
	go build -o "$dir/suite/$n" "./validation/$n/$n.go" >> "$log" 2>&1 || { echo "validation: $n does not build" >&2; tail -n 5 "$log" >&2; exit 1; }
	built=$((built + 1))
done
# Their root file system; the suite looks for it where it runs.
cp "$tree/rootfs-amd64.tar.gz" "$dir/suite/" 2> /dev/null || true
rm -rf "$dir/apt" "$dir/gocache"
echo "$built tests built, source of $from"
echo "$stamp" > "$dir/.stamp"
