# shellcheck shell=sh disable=SC2034
# SPDX-License-Identifier: Apache-2.0
#
# What the integration tests share: TAP, bundles, the caisson under test, cleaning up, and the count of what was left.
#
#   . "$(dirname "$0")/lib.sh"; plan 3
#   bundle '.process.args = ["/bin/cat"]'          # a fresh $BUNDLE and $ID
#   ok    "create succeeds"                         caisson create -b "$BUNDLE" "$ID"
#   is    "state says created"                      "$(caisson state "$ID" | jq -r .status)" created
#   fails "an unknown id is refused"                "no container named"  caisson start nope
#   leftovers_after                                 # the last test of each file, counts as one
#
# From outside: CAISSON (the binary), CAISSON_INIT, CAISSON_TEST_ROOTFS (a root file system to copy; made here when
# unset), CAISSON_FAULTS (a caisson that was built with --enable-fault-injection), TMPDIR. Needs root.

PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
export PATH
umask 022

_n=0 _failed=0 _planned=0 _serial=0 _finished=

# ---- TAP ----

plan() {
	_planned=$1
	echo "1..$1"
}

bail() {
	echo "Bail out! $*"
	_failed=$((_failed + 1))
	exit 1
}

diag() { printf '%s\n' "$*" | sed 's/^/# /'; }

_pass() {
	_n=$((_n + 1))
	echo "ok $_n - $1"
}

_fail() {
	_n=$((_n + 1))
	_failed=$((_failed + 1))
	echo "not ok $_n - $1"
}

# ok NAME CMD...: passes when the command succeeds; shows its output when it does not.
ok() {
	_was=$? _name=$1
	shift
	if [ $# -eq 0 ]; then
		if [ "$_was" -eq 0 ]; then _pass "$_name"; else _fail "$_name"; diag "status $_was"; fi
		return 0
	fi
	_rc=0
	"$@" > "$TMP/.out" 2>&1 || _rc=$?
	if [ "$_rc" -eq 0 ]; then
		_pass "$_name"
	else
		_fail "$_name"
		diag "status $_rc from: $*"
		sed 's/^/# /' "$TMP/.out" | head -n 20
	fi
	return 0
}

# is NAME GOT WANTED
is() {
	if [ "$2" = "$3" ]; then
		_pass "$1"
	else
		_fail "$1"
		diag "got:    $2"
		diag "wanted: $3"
	fi
}

# isnt NAME GOT UNWANTED
isnt() {
	if [ "$2" != "$3" ]; then _pass "$1"; else _fail "$1"; diag "got: $2"; fi
}

# like NAME GOT ERE: some line of GOT matches.
like() {
	if printf '%s\n' "$2" | grep -Eq -e "$3"; then
		_pass "$1"
	else
		_fail "$1"
		diag "got:    $2"
		diag "wanted: /$3/"
	fi
}

unlike() {
	if printf '%s\n' "$2" | grep -Eq -e "$3"; then
		_fail "$1"
		diag "got:      $2"
		diag "unwanted: /$3/"
	else
		_pass "$1"
	fi
}

# fails NAME TEXT CMD...: passes when the command fails in an orderly way (no signal, no time-out) and says TEXT.
fails() {
	_name=$1 _text=$2
	shift 2
	_rc=0
	"$@" > "$TMP/.out" 2>&1 || _rc=$?
	if [ "$_rc" -eq 0 ]; then
		_fail "$_name"
		diag "it succeeded: $*"
		sed 's/^/# /' "$TMP/.out" | head -n 20
	elif [ "$_rc" -eq 124 ] || [ "$_rc" -ge 128 ] && [ "$_rc" -ne 255 ]; then
		_fail "$_name"
		diag "status $_rc (a time-out or a signal) from: $*"
		sed 's/^/# /' "$TMP/.out" | head -n 20
	elif [ -n "$_text" ] && ! grep -Fq -e "$_text" "$TMP/.out"; then
		_fail "$_name"
		diag "wanted the words: $_text"
		sed 's/^/# /' "$TMP/.out" | head -n 20
	else
		_pass "$_name"
	fi
	return 0
}

# skip REASON | skip COUNT REASON | skip NAME REASON
skip() {
	case $# in
	1) _n=$((_n + 1)); echo "ok $_n # SKIP $1" ;;
	*)
		case $1 in
		*[!0-9]* | '') _n=$((_n + 1)); echo "ok $_n - $1 # SKIP $2" ;;
		*)
			_k=$1
			while [ "$_k" -gt 0 ]; do
				_n=$((_n + 1)) _k=$((_k - 1))
				echo "ok $_n # SKIP $2"
			done ;;
		esac ;;
	esac
}

# skip_all REASON: instead of plan.
skip_all() {
	echo "1..0 # SKIP $*"
	_finished=1
	exit 0
}

# need PROGRAM...: the file cannot run without them.
need() {
	for _p; do
		command -v "$_p" > /dev/null 2>&1 || skip_all "$_p is not installed"
	done
}

# wait_for SECONDS CMD...: runs it every 50 ms until it succeeds; false when the time is up.
wait_for() {
	_left=$(($1 * 20))
	shift
	until "$@" > /dev/null 2>&1; do
		_left=$((_left - 1))
		[ "$_left" -gt 0 ] || return 1
		sleep 0.05
	done
}

# ---- caisson and its bundles ----

caisson() { CAISSON_TEST_MARK=$MARK timeout --foreground -k 5 30 "$CAISSON" --root "$STATE" "$@"; }

# The status word of a container; "gone" when there is none.
status_of() { caisson state "$1" 2> /dev/null | jq -r .status 2> /dev/null | grep . || echo gone; }

# has_status ID WORD, for wait_for.
has_status() { [ "$(status_of "$1")" = "$2" ]; }

# rootfs DIR: a root file system of busybox alone.
rootfs() {
	if [ -n "${CAISSON_TEST_ROOTFS:-}" ]; then
		mkdir -p "$1"
		cp -a "$CAISSON_TEST_ROOTFS/." "$1"
		return
	fi
	_bb=
	for _p in /bin/busybox /usr/bin/busybox /bin/busybox.static; do
		[ -z "$_bb" ] && [ -x "$_p" ] && _bb=$_p
	done
	[ -n "$_bb" ] || bail "busybox is not installed (Debian: busybox-static)"
	for _p in bin dev etc proc root run sys tmp var/tmp home/user usr/bin; do mkdir -p "$1/$_p"; done
	chmod 1777 "$1/tmp" "$1/var/tmp"
	cp "$_bb" "$1/bin/busybox"
	for _p in $("$_bb" --list); do
		[ "$_p" = busybox ] || ln -sf busybox "$1/bin/$_p"
	done
	printf '%s\n' 'root:x:0:0:root:/root:/bin/sh' 'daemon:x:1:1:daemon:/:/bin/false' \
		'user:x:1000:1000:user:/home/user:/bin/sh' 'nobody:x:65534:65534:nobody:/:/bin/false' > "$1/etc/passwd"
	printf '%s\n' 'root:x:0:' 'daemon:x:1:' 'staff:x:50:user' 'user:x:1000:' 'nogroup:x:65534:' > "$1/etc/group"
	printf '127.0.0.1\tlocalhost\n' > "$1/etc/hosts"
	chown 1000:1000 "$1/home/user"
}

# The document that "caisson spec" and its peers start from, without a terminal.
_config() {
	cat <<'JSON'
{
	"ociVersion": "1.0.2",
	"process": {
		"terminal": false,
		"user": { "uid": 0, "gid": 0 },
		"args": [ "/bin/true" ],
		"env": [ "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm" ],
		"cwd": "/",
		"capabilities": {
			"bounding": [ "CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE" ],
			"effective": [ "CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE" ],
			"permitted": [ "CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE" ]
		},
		"rlimits": [ { "type": "RLIMIT_NOFILE", "hard": 1024, "soft": 1024 } ],
		"noNewPrivileges": true
	},
	"root": { "path": "rootfs", "readonly": true },
	"hostname": "caisson",
	"mounts": [
		{ "destination": "/proc", "type": "proc", "source": "proc" },
		{ "destination": "/dev", "type": "tmpfs", "source": "tmpfs",
		  "options": [ "nosuid", "strictatime", "mode=755", "size=65536k" ] },
		{ "destination": "/dev/pts", "type": "devpts", "source": "devpts",
		  "options": [ "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5" ] },
		{ "destination": "/dev/shm", "type": "tmpfs", "source": "shm",
		  "options": [ "nosuid", "noexec", "nodev", "mode=1777", "size=65536k" ] },
		{ "destination": "/dev/mqueue", "type": "mqueue", "source": "mqueue",
		  "options": [ "nosuid", "noexec", "nodev" ] },
		{ "destination": "/sys", "type": "sysfs", "source": "sysfs",
		  "options": [ "nosuid", "noexec", "nodev", "ro" ] },
		{ "destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup",
		  "options": [ "nosuid", "noexec", "nodev", "relatime", "ro" ] }
	],
	"linux": {
		"resources": { "devices": [ { "allow": false, "access": "rwm" } ] },
		"namespaces": [ { "type": "pid" }, { "type": "network" }, { "type": "ipc" }, { "type": "uts" },
				{ "type": "mount" }, { "type": "cgroup" } ],
		"maskedPaths": [ "/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
				 "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/sys/firmware",
				 "/proc/scsi" ],
		"readonlyPaths": [ "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger" ]
	}
}
JSON
}

# bundle [JQ FILTER]: a fresh bundle in $BUNDLE with an id for it in $ID.
bundle() {
	_serial=$((_serial + 1))
	ID=$MARK-$_serial
	BUNDLE=$TMP/bundle-$_serial
	mkdir -p "$BUNDLE"
	rootfs "$BUNDLE/rootfs"
	_config | jq --tab "${1:-.}" > "$BUNDLE/config.json" || bail "bundle: jq refused: ${1:-.}"
}

# reconfig JQ FILTER: edits the current bundle's config.json.
reconfig() {
	jq --tab "$1" "$BUNDLE/config.json" > "$BUNDLE/.config.new" || bail "reconfig: jq refused: $1"
	mv "$BUNDLE/.config.new" "$BUNDLE/config.json"
}

# ---- what is left behind ----

_our_cgroups() { find /sys/fs/cgroup -depth -type d -name "*$MARK*" 2> /dev/null; }
_our_mounts() { awk -v t="$TMP/" 'index($5, t) == 1 { print $5 }' /proc/self/mountinfo; }
# Processes in a cgroup of ours, with our mark in their environment (a runtime or a hook that stayed), or on a root of ours.
_our_processes() {
	{
		_our_cgroups | while read -r _d; do cat "$_d/cgroup.procs" 2> /dev/null; done
		grep -laF "CAISSON_TEST_MARK=$MARK" /proc/[0-9]*/environ 2> /dev/null |
			sed 's|/proc/\([0-9]*\)/environ|\1|'
		grep -lE "^[0-9]+ [0-9]+ [0-9:]+ [^ ]*/${TMP##*/}/[^ ]* / " /proc/[0-9]*/mountinfo 2> /dev/null |
			sed 's|/proc/\([0-9]*\)/mountinfo|\1|'
	} | sort -un | while read -r _p; do
		[ "$_p" != "$$" ] || continue
		case $(sed -n 's/^State:[[:space:]]*\(.\).*/\1/p' "/proc/$_p/status" 2> /dev/null) in
		'' | Z | X) ;;
		*) echo "$_p $(tr '\0' ' ' < "/proc/$_p/cmdline" 2> /dev/null)" ;;
		esac
	done
}
_our_states() { find "$STATE" -mindepth 1 -maxdepth 1 -type d ! -name '.*' 2> /dev/null; }

_leftovers() {
	_our_states | sed 's/^/state directory: /'
	_our_cgroups | sed 's/^/cgroup: /'
	_our_mounts | sed 's/^/mount: /'
	_our_processes | sed 's/^/process: /'
}

# leftovers_before: from here on a difference counts (call it after a set-up that is meant to stay).
leftovers_before() { _leftovers | LC_ALL=C sort > "$TMP/.before"; }

_nothing_new() {
	_leftovers | LC_ALL=C sort > "$TMP/.after"
	LC_ALL=C comm -13 "$TMP/.before" "$TMP/.after" > "$TMP/.new"
	[ ! -s "$TMP/.new" ]
}

# leftovers_after [NAME]: one test; waits a moment for what is on its way out.
leftovers_after() {
	if wait_for 10 _nothing_new; then
		_pass "${1:-nothing is left behind}"
	else
		_fail "${1:-nothing is left behind}"
		sed 's/^/# /' "$TMP/.new" | head -n 20
	fi
}

_cleanup() {
	_status=$?
	trap - EXIT
	trap '' INT TERM HUP
	if [ -d "$STATE" ]; then
		for _d in "$STATE"/*/; do
			[ -d "$_d" ] && timeout -k 2 10 "$CAISSON" --root "$STATE" delete --force "$(basename "$_d")"
		done > /dev/null 2>&1
	fi
	_our_cgroups | while read -r _d; do
		for _f in freezer.state cgroup.freeze; do
			[ -w "$_d/$_f" ] || continue
			case $_f in freezer.state) echo THAWED ;; *) echo 0 ;; esac > "$_d/$_f"
		done 2> /dev/null
		while read -r _p; do kill -KILL "$_p"; done < "$_d/cgroup.procs"
	done 2> /dev/null
	_our_processes | while read -r _p _; do kill -KILL "$_p" 2> /dev/null; done
	_k=20
	while [ "$_k" -gt 0 ] && [ -n "$(_our_cgroups)" ]; do
		_our_cgroups | while read -r _d; do rmdir "$_d" 2> /dev/null; done
		_k=$((_k - 1))
		[ -z "$(_our_cgroups)" ] || sleep 0.1
	done
	_our_mounts | LC_ALL=C sort -r | while read -r _d; do umount -l "$_d" 2> /dev/null; done
	[ -n "$(_our_mounts)" ] || rm -rf --one-file-system "$TMP"
	# The tests decide, not the last command: a file may have a trap of its own that calls this one.
	if [ -z "$_finished" ] && [ "$_status" -lt 128 ]; then
		_status=0
		[ "$_failed" -eq 0 ] || _status=1
		if [ "$_n" -ne "$_planned" ] || [ "$_planned" -eq 0 ]; then
			echo "# planned $_planned tests but ran $_n"
			_status=1
		fi
	fi
	exit "$_status"
}

# ---- beginning ----

[ "$(id -u)" -eq 0 ] || skip_all "needs root"
for _p in jq timeout; do
	command -v "$_p" > /dev/null 2>&1 || bail "$_p is not installed"
done
if [ -z "${CAISSON:-}" ]; then
	for _p in ./caisson "$(dirname "$0")/../../caisson" "$(dirname "$0")/../../build/caisson"; do
		[ -x "$_p" ] && CAISSON=$_p && break
	done
fi
[ -x "${CAISSON:-}" ] || bail "set CAISSON to the binary under test"
CAISSON=$(readlink -f "$CAISSON")
CAISSON_INIT=${CAISSON_INIT:-$(dirname "$CAISSON")/caisson-init}
export CAISSON CAISSON_INIT

TMP=$(mktemp -d "${TMPDIR:-/tmp}/caisson-test.XXXXXX") || exit 1
chmod 755 "$TMP"
STATE=$TMP/state
mkdir -m 700 "$STATE"
MARK=cst-$$
: > "$TMP/.before"
trap _cleanup EXIT
trap 'exit 130' INT TERM HUP
