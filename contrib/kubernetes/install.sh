#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Puts caisson onto a Kubernetes node with containerd, and takes it off again:
#
#   install.sh install|rollback|uninstall|status HOST
#
# HOST is the node's root directory; what is installed is the tree in $SOURCE (/caisson), made for the prefix /opt/caisson/current.
# Each change is printed. Changed are HOST/opt/caisson, a directory per release with the link "current" to the one in use and
# "previous" to the one before it, and HOST/etc/containerd/config.toml, where three runtimes are added between two marked lines;
# config.toml.before-caisson is the file as it was. With RESTART=yes containerd is restarted when its file has changed; otherwise
# that is left to the operator. A failure changes nothing that is in use.
set -eu
umask 022

runtimes="caisson caisson-hardened caisson-strict"
begin="# begin caisson: added by its installer"
end="# end caisson"

say() { printf '%s\n' "$*"; }
die() { printf 'install.sh: %s\n' "$*" >&2; exit 1; }

[ $# -eq 2 ] || die "usage: install.sh install|rollback|uninstall|status HOST"
action=$1 host=${2%/}
[ -d "$host/etc" ] || die "$2: no root file system: it has no etc"
place=$host/opt/caisson config=$host/etc/containerd/config.toml source=${SOURCE:-/caisson}
new=$config.caisson-new
trap 'rm -rf "$new" "$new.block" "$place/releases/.new"' EXIT

# A link of the node's would be followed from here, to somewhere else than the node would follow it to.
for path in "$host/opt" "$place" "$place/releases" "$host/etc/containerd" "$config" "$config.before-caisson"; do
	[ ! -L "$path" ] || die "$path is a symbolic link: install by hand"
done

# ---- releases ----

# release_of LINK: the release that it leads to; nothing when there is none.
release_of() { [ ! -L "$place/$1" ] || basename "$(readlink "$place/$1")"; }

# point LINK RELEASE: in one step, so that containerd always finds a program.
point() {
	ln -s "releases/$2" "$place/.$1.new"
	mv -T "$place/.$1.new" "$place/$1"
	say "$place/$1 -> releases/$2"
}

add_release() {
	version=$("$source/bin/caisson" --version | sed -n '1s/^.* //p')
	case $version in '' | .* | *[!A-Za-z0-9._+-]*) die "$source/bin/caisson --version: no version: '$version'" ;; esac
	mkdir -p "$place/releases"
	rm -rf "$place/releases/.new"
	cp -R "$source" "$place/releases/.new"
	for name in $runtimes; do
		[ "$name" = caisson ] || ln -sf caisson "$place/releases/.new/bin/$name"
	done
	if [ -d "$place/releases/$version" ]; then
		diff -r "$place/releases/.new" "$place/releases/$version" > /dev/null ||
			die "$place/releases/$version is there with other contents: a release does not change; give this one another version"
		rm -rf "$place/releases/.new"
		return
	fi
	mv "$place/releases/.new" "$place/releases/$version"
	say "$place/releases/$version: added"
}

use_release() {
	was=$(release_of current)
	[ "$was" != "$1" ] || return 0
	[ -z "$was" ] || point previous "$was"
	point current "$1"
}

# Containers that caisson made still need it to be stopped.
containers() { find "$host/run/containerd/runc" -name plan.json 2> /dev/null | wc -l; }

# ---- containerd's file ----

without_block() { sed "/^$begin\$/,/^$end\$/d" "$config"; }

# The node's own runc says whether the kubelet has systemd make the cgroups; all of a node's runtimes must agree.
block() {
	case $1 in
	2) plugin=io.containerd.grpc.v1.cri ;;
	3) plugin=io.containerd.cri.v1.runtime ;;
	*) die "$config: version '$1': only 2 and 3 are known (containerd config migrate)" ;;
	esac
	systemd=$(without_block | sed -nE 's/^[[:space:]]*SystemdCgroup[[:space:]]*=[[:space:]]*(true|false).*/\1/p' | head -n 1)
	say "$begin"
	for name in $runtimes; do
		table="plugins.\"$plugin\".containerd.runtimes.$name"
		say "[$table]"
		say '  runtime_type = "io.containerd.runc.v2"'
		for kind in pod container; do
			say "  ${kind}_annotations = [\"security.capabilities\", \"io.containers.capabilities\", \"io.caisson.*\"]"
		done
		say "[$table.options]"
		say "  BinaryName = \"/opt/caisson/current/bin/$name\""
		say "  SystemdCgroup = ${systemd:-false}"
	done
	say "$end"
}

# The node's containerd, which must understand the new file before it gets it.
check_config() {
	for program in /usr/bin/containerd /usr/local/bin/containerd; do
		[ -x "$host$program" ] || continue
		dump=$(chroot "$host" "$program" --config "${new#"$host"}" config dump) || die "$program does not take the new config.toml"
		for name in $runtimes; do
			case $1:$dump in
			with:*/opt/caisson/current/bin/$name\"* | with:*/opt/caisson/current/bin/$name\'*) ;;
			with:*) die "$program does not see the runtime $name in the new config.toml" ;;
			esac
		done
		return 0
	done
	say "no containerd in $host/usr/bin or $host/usr/local/bin: the new config.toml is not checked"
}

# prepare with|without: the file as it is to be, checked, in $new.
prepare() {
	[ -f "$config" ] || die "$config is not there: see contrib/containerd"
	cp -p "$config" "$new"
	without_block > "$new"
	if [ "$1" = with ]; then
		if grep -q 'runtimes\.["'\'']\{0,1\}caisson' "$new"; then
			die "$config has a runtime caisson that was not added here: remove it first"
		fi
		[ -z "$(tail -c 1 "$new")" ] || echo >> "$new"
		block "$(sed -n 's/^version[[:space:]]*=[[:space:]]*\([0-9]*\).*/\1/p' "$new" | head -n 1)" > "$new.block"
		cat "$new.block" >> "$new"
	fi
	check_config "$1"
}

put_config() {
	if cmp -s "$new" "$config"; then
		say "$config: as it was"
		return
	fi
	if [ ! -e "$config.before-caisson" ]; then
		cp -p "$config" "$config.before-caisson"
		say "$config.before-caisson: the file as it was"
	fi
	mv "$new" "$config"
	say "$config: changed"
	if [ "${RESTART:-no}" = yes ]; then
		chroot "$host" /bin/sh -c 'PATH=/usr/sbin:/usr/bin:/sbin:/bin exec systemctl restart containerd' ||
			die "$config is changed, but containerd does not restart: systemctl status containerd on the node"
		say "containerd: restarted"
	else
		say "containerd is not restarted: the change holds once it is (systemctl restart containerd)"
	fi
}

# ---- actions ----

do_install() {
	prepare with
	add_release
	use_release "$version"
	put_config
}

do_rollback() {
	was=$(release_of previous)
	[ -n "$was" ] || die "$place/previous is not there: no release to go back to"
	[ -x "$place/releases/$was/bin/caisson" ] || die "$place/releases/$was is not complete"
	use_release "$was"
}

do_uninstall() {
	if [ -f "$config" ]; then
		prepare without
		put_config
	fi
	[ -d "$place" ] || { say "$place: not there"; return; }
	count=$(containers)
	[ "$count" -eq 0 ] || die "$place stays: $count containers on this node were made by it; delete their pods and uninstall again"
	rm -rf "$place" "$config.before-caisson"
	say "$place: removed"
}

do_status() {
	say "current: $(release_of current)"
	say "previous: $(release_of previous)"
	if grep -qx "$begin" "$config" 2> /dev/null; then say "$config: has the runtimes"; else say "$config: has no runtime of ours"; fi
	say "containers: $(containers)"
}

case $action in
install | rollback | uninstall | status) "do_$action" ;;
*) die "no action '$action': install, rollback, uninstall, status" ;;
esac
