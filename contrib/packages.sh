# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
#
# The distribution packages that building and testing need, in groups. To be sourced:
#
#   . contrib/packages.sh; packages_install build test
#
# Groups: build, test, lint, sanitize, static, cross, engines, package, bench, peers, vm, guest. Debian's names are the ones that are installed
# and tested; packages_message prints those of Fedora and Alpine for the groups build and test.

packages_of() {
	case $1 in
	build) echo gcc make autoconf automake pkg-config libc6-dev linux-libc-dev musl-tools \
		libseccomp-dev libcap-ng-dev libjansson-dev libmnl-dev libarchive-dev libsystemd-dev ;;
	test) echo libcriterion-dev busybox-static jq procps iproute2 util-linux bsdutils python3 git \
		coreutils findutils tar gzip xz-utils zstd strace runc crun uidmap ;;
	quickstart) echo busybox-static ;;
	lint) echo shellcheck clang clang-tidy cppcheck ;;
	fuzz) echo clang libclang-rt-dev ;;
	static) echo dpkg-dev musl-tools gcc make autoconf automake libtool xz-utils bzip2 patch linux-libc-dev gperf ;;
	cross) echo gcc-aarch64-linux-gnu libc6-dev-arm64-cross linux-libc-dev-arm64-cross ;;
	engines) echo containerd runc crun docker.io docker-compose podman buildah conmon catatonit containernetworking-plugins uidmap util-linux \
		python3 python3-grpcio python3-protobuf python3-websocket curl iptables iproute2 busybox-static jq procps ;;
	package) echo build-essential dpkg-dev debhelper lintian binutils libcriterion-dev \
		python3 python3-yaml containerd busybox-static ;;
	bench) echo hyperfine crun runc jq musl-tools gcc patchelf binutils ;;
	peers) echo runc crun python3 gcc libc6-dev ;;
	vm) echo qemu-system-x86 mmdebstrap e2fsprogs kmod cpio busybox-static jq xz-utils zstd ;;
	# What tests/vm puts into its guest, not onto this machine.
	guest) echo base-files base-passwd bash coreutils dash debianutils diffutils dpkg findutils grep gzip hostname libc-bin login mount \
		perl-base sed tar util-linux bsdutils systemd systemd-sysv dbus dbus-user-session libpam-systemd apparmor podman containerd \
		runc crun conmon uidmap slirp4netns fuse-overlayfs iproute2 busybox-static jq procps python3 kmod strace xz-utils zstd \
		libjansson4 libseccomp2 libcap-ng0 libmnl0 libarchive13 libsystemd0 secilc keyutils ;;
	*) echo "packages: no group named '$1'" >&2; return 1 ;;
	esac
}

packages_message() {
	cat <<'TEXT'
This script installs packages with apt-get, as root, on Debian 12 or later. Elsewhere install these first:

  Debian   gcc make autoconf automake pkg-config musl-tools libseccomp-dev libcap-ng-dev libjansson-dev libmnl-dev
           libarchive-dev libsystemd-dev busybox-static; for the tests libcriterion-dev jq procps iproute2
  Fedora   dnf install gcc make autoconf automake pkgconf-pkg-config musl-gcc libseccomp-devel libcap-ng-devel
           jansson-devel libmnl-devel libarchive-devel systemd-devel busybox; for the tests criterion-devel jq procps-ng iproute
  Alpine   apk add build-base autoconf automake pkgconf linux-headers libseccomp-dev libcap-ng-dev jansson-dev
           libmnl-dev libarchive-dev busybox-static; for the tests criterion-dev jq procps iproute2

and then: autoreconf -i && ./configure && make && make install
TEXT
}

# packages_can: true where packages_install works.
packages_can() { command -v apt-get > /dev/null 2>&1 && [ "$(id -u)" -eq 0 ]; }

# packages_missing GROUP...: the names that are not installed.
packages_missing() {
	for _group; do packages_of "$_group"; done | tr ' ' '\n' | sort -u | while read -r _name; do
		case $(dpkg-query -W -f '${Status}' "$_name" 2> /dev/null) in
		'install ok installed') ;;
		*) echo "$_name" ;;
		esac
	done
}

# packages_install GROUP...: installs what is missing; quick when nothing is.
packages_install() {
	if ! command -v dpkg-query > /dev/null 2>&1 || ! command -v apt-get > /dev/null 2>&1; then
		packages_message >&2
		return 1
	fi
	_missing=$(packages_missing "$@")
	[ -n "$_missing" ] || return 0
	if ! packages_can; then
		echo "packages: missing, and only root can install them:" >&2
		echo "$_missing" | tr '\n' ' ' >&2
		echo >&2
		return 1
	fi
	_log=$(mktemp) || return 1
	# shellcheck disable=SC2086
	if DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $_missing > "$_log" 2>&1 ||
		{ apt-get update -qq > "$_log" 2>&1 &&
			DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $_missing > "$_log" 2>&1; }; then
		rm -f "$_log"
		return 0
	fi
	echo "packages: apt-get install failed for: $_missing" | tr '\n' ' ' >&2
	echo >&2
	tail -n 15 "$_log" >&2
	rm -f "$_log"
	return 1
}
