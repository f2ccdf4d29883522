#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Races: somebody inside exchanges names, or hunts new processes, while the runtime is at work. Each runs for some seconds.
. "$(dirname "$0")/lib.sh"
need "${CC:-cc}"
plan 26

here=$(dirname "$0")
ATTACK=$TMP/attack
"${CC:-cc}" -std=c11 -D_GNU_SOURCE -O1 -static -o "$ATTACK" "$here/src/attack.c" 2> "$TMP/cc.err" || bail "attack.c does not compile"
SECONDS_EACH=${ATTACK_SECONDS:-3}

bundle '.root.readonly = false'
cp "$ATTACK" "$BUNDLE/rootfs/bin/attack"
cp "$BUNDLE/config.json" "$TMP/base.json"
ROOT=$BUNDLE/rootfs
HOST=$TMP/host
VOL=$TMP/vol
mkdir "$HOST" "$VOL" "$HOST/b"
echo kept > "$HOST/file"
chmod 600 "$HOST/file"
mounts_before=$(grep -c " $TMP" /proc/self/mountinfo)
pattern=$(cat /proc/sys/kernel/core_pattern)

document() { # FILTER ARG...
	_f=$1
	shift
	jq "$_f | .process.args = \$ARGS.positional" "$TMP/base.json" --args -- "$@" > "$BUNDLE/config.json" || bail "jq refused: $_f"
}
swap() {
	CAISSON_TEST_MARK=$MARK "$ATTACK" swap "$1" "$2" &
	SWAP=$!
}
stop() {
	kill -KILL "$SWAP" 2> /dev/null
	wait "$SWAP" 2> /dev/null
}
# tries: runs the current document again and again; counts what succeeded and what was refused; $TMP/said has all output
tries() {
	: > "$TMP/said"
	good=0 bad=0 odd=
	_end=$(($(date +%s) + SECONDS_EACH))
	tried=0
	while [ "$(date +%s)" -lt "$_end" ] && [ $tried -lt 200 ]; do
		tried=$((tried + 1))
		CAISSON_TEST_MARK=$MARK timeout -k 2 20 "$CAISSON" --root "$STATE" run -b "$BUNDLE" "$ID" >> "$TMP/said" 2>&1 < /dev/null && _rc=0 || _rc=$?
		case $_rc in 0) good=$((good + 1)) ;; 1) bad=$((bad + 1)) ;; *) odd="$odd $_rc" ;; esac
	done
	diag "$tried tries: $good succeeded, $bad refused"
}
untouched() { # NAME
	is "$1" "$(cd "$HOST" && find . -mindepth 1 | sort | tr '\n' ' ')$(cat "$HOST/file") $(stat -c '%a %u' "$HOST/file") $(grep -c " $TMP" /proc/self/mountinfo)" \
		"./b ./file kept 600 0 $mounts_before"
}

# ---- a part of a mount's destination becomes a link (CVE-2021-30465, CVE-2024-45310, CVE-2018-15664) ----

mkdir "$VOL/a" "$VOL/a/b"
ln -s "$HOST" "$VOL/link"
document ".mounts += [{destination: \"/vol\", source: \"$VOL\", options: [\"rbind\"]}, {destination: \"/vol/a/b\", type: \"tmpfs\", source: \"here\"}]" \
	/bin/sh -c 'awk '\''$2 ~ /vol/ { print "mount", $2 }'\'' /proc/mounts'
swap "$VOL/a" "$VOL/link"
tries
stop
untouched "a destination that is exchanged with a link to the host: nothing is mounted or made there"
is "and no odd ending" "$odd" ""
is "what is mounted is mounted inside" "$(grep ^mount "$TMP/said" | grep -v -E "^mount (/vol|/vol/a/b|/vol/[a-z/]*|$HOST/b)\$" | sort -u)" ""
rm -rf "${ROOT:?}$TMP"

ln -sfn ../../../../../../../../../..$HOST "$VOL/link"
document ".mounts += [{destination: \"/vol\", source: \"$VOL\", options: [\"rbind\"]}, {destination: \"/vol/a/new/dir\", type: \"tmpfs\"},
	{destination: \"/vol/a/new/file\", source: \"/etc/passwd\", options: [\"bind\"]}]" /bin/true
swap "$VOL/a" "$VOL/link"
tries
stop
untouched "one whose missing parts are made: none is made on the host"
is "and no odd ending" "$odd" ""
rm -rf "${ROOT:?}$TMP" "${VOL:?}/a" "${VOL:?}/link"

# ---- a device's directory becomes a link; its mode is set by number, not by name ----

mkdir "$VOL/a"
ln -s "$HOST" "$VOL/link"
document ".mounts += [{destination: \"/vol\", source: \"$VOL\", options: [\"rbind\"]}]
	| .linux.devices = [range(8) | {path: \"/vol/a/node\(.)\", type: \"c\", major: 1, minor: 3, fileMode: 511, uid: 5, gid: 5}]" /bin/sh -c 'rm -f /vol/*/node*'
swap "$VOL/a" "$VOL/link"
tries
stop
untouched "a device's directory that is exchanged: no node on the host, and no mode or owner changed"
is "and no odd ending" "$odd" ""
rm -rf "${VOL:?}/a" "${VOL:?}/link" "${ROOT:?}$TMP"
ln -s "$HOST/file" "$VOL/link"
: > "$VOL/other"
document ".mounts += [{destination: \"/vol\", source: \"$VOL\", options: [\"rbind\"]}]
	| .linux.devices = [{path: \"/vol/node\", type: \"c\", major: 1, minor: 3, fileMode: 511, uid: 5, gid: 5}]" /bin/true
(
	while :; do
		ln -s "$HOST/file" "$VOL/.n" 2> /dev/null
		mv -f "$VOL/.n" "$VOL/node" 2> /dev/null
		rm -f "$VOL/node"
	done
) &
SWAP=$!
tries
stop
untouched "a node that is replaced by a link once it is made: the link's target is left alone"
rm -rf "${VOL:?}"/* "${ROOT:?}$TMP"

# ---- /proc becomes a link (CVE-2019-19921, CVE-2023-27561, CVE-2025-52881) ----

ln -s tmp "$ROOT/.link"
# Wherever its procfs is by now, what was to be hidden there is hidden.
document . /bin/sh -c 'for d in /proc /.link; do (echo 1 > $d/sys/kernel/shm_rmid_forced) 2> /dev/null && echo WRITABLE; [ -s $d/keys ] && echo KEYS; done; true' 2> /dev/null
swap "$ROOT/proc" "$ROOT/.link"
tries
stop
is "/proc that is exchanged with a link: no procfs without its masks" "$(grep -E 'WRITABLE|KEYS' "$TMP/said" | sort | uniq -c)" ""
is "and no odd ending" "$odd" ""
if [ -L "$ROOT/proc" ]; then rm "$ROOT/proc"; mv "$ROOT/.link" "$ROOT/proc"; else rm -f "$ROOT/.link"; fi

# ---- /dev/null becomes a link, or another file, under the masks (CVE-2025-31133) ----

DEV=$TMP/dev
mkdir "$DEV"
mknod "$DEV/null" c 1 3
ln -s /proc/sys/kernel/core_pattern "$DEV/link"
echo secret > "$ROOT/etc/secret"
document ".mounts |= map(select(.destination | startswith(\"/dev/\") | not))
	| .mounts |= map(if .destination == \"/dev\" then {destination: \"/dev\", source: \"$DEV\", options: [\"bind\"]} else . end)
	| .linux.maskedPaths = [\"/etc/secret\", \"/proc/keys\"]" \
	/bin/sh -c 'for f in /etc/secret /proc/keys; do stat -c "%n %F %t:%T" $f; done; echo got > /etc/secret; (echo "|x" > /proc/sys/kernel/core_pattern) 2> /dev/null && echo WRITTEN; true'
for other in link file zero; do
	echo plain > "$DEV/file"
	[ -e "$DEV/zero" ] || mknod "$DEV/zero" c 1 5
	swap "$DEV/null" "$DEV/$other"
	tries
	stop
	is "/dev/null exchanged ($other): every mask is the null device" \
		"$(grep -v "can't create" "$TMP/said" | grep -v -E '^(error:.*|(/etc/secret|/proc/keys) character special file 1:3)$' | sort -u)" ""
	[ "$(stat -c %t:%T "$DEV/null")" = 1:3 ] || { mv "$DEV/null" "$DEV/.x"; mv "$DEV/$other" "$DEV/null"; mv "$DEV/.x" "$DEV/$other"; }
done
is "core_pattern is as it was" "$(cat /proc/sys/kernel/core_pattern)" "$pattern"
is "the hidden file too" "$(cat "$ROOT/etc/secret")" secret

# ---- a working directory and a read-only path that change ----

mkdir -p "$VOL/w" "$VOL/x"
ln -sfn "$HOST" "$VOL/link"
document ".mounts += [{destination: \"/vol\", source: \"$VOL\", options: [\"rbind\"]}] | .process.cwd = \"/vol/w/in\" | .linux.readonlyPaths = [\"/vol/w\"]" \
	/bin/sh -c 'pwd; ls ../file ./b 2> /dev/null; true'
swap "$VOL/w" "$VOL/link"
tries
stop
untouched "a working directory that is exchanged: nothing is made on the host"
is "and no program starts there" "$(grep -c -E "^(\.\./file|\./b)" "$TMP/said")" 0
rm -rf "${VOL:?}"/* "${ROOT:?}$TMP"

# ---- exec under watch (CVE-2016-9962) ----

watched() { # NAME FILTER
	document "$2" /bin/attack prey
	rm -f "$TMP/prey"
	CAISSON_TEST_MARK=$MARK timeout 60 "$CAISSON" --root "$STATE" run -d -b "$BUNDLE" "$ID" > "$TMP/prey" 2>&1 < /dev/null
	wait_for 5 grep -q ready "$TMP/prey" || diag "$(cat "$TMP/prey")"
	_end=$(($(date +%s) + SECONDS_EACH)) tried=0
	while [ "$(date +%s)" -lt "$_end" ] && [ $tried -lt 200 ]; do
		tried=$((tried + 1))
		CAISSON_TEST_MARK=$MARK timeout -k 2 20 "$CAISSON" --root "$STATE" exec "$ID" /bin/true > /dev/null 2>&1 < /dev/null
	done
	diag "$tried tries"
	is "$1" "$(grep -v ready "$TMP/prey" | sed 's/ of [0-9]*//' | sort | uniq -c | head -n 5)" ""
	caisson delete --force "$ID"
}
watched "root of a container cannot attach to, or look into, a process on its way in" .
watched "nor with a user namespace of its own" '.linux.namespaces += [{type: "user"}]
	| .linux.uidMappings = [{containerID: 0, hostID: 200000, size: 1000}] | .linux.gidMappings = .linux.uidMappings'
watched "nor as an ordinary user" '.process.user = {uid: 1000, gid: 1000} | .process.capabilities = {}'

# ---- exec into a container that moves its root's parts ----

mkdir -p "$ROOT/etc/real"
document '.process.cwd = "/"' /bin/sh -c 'cd /etc; while :; do mv passwd p; ln -s /proc/1/environ passwd; rm -f passwd; mkfifo passwd; rm -f passwd; mv p passwd; done'
caisson run -d -b "$BUNDLE" "$ID" > /dev/null 2>&1 < /dev/null
_end=$(($(date +%s) + SECONDS_EACH)) n=0 late=0
while [ "$(date +%s)" -lt "$_end" ] && [ $n -lt 200 ]; do
	n=$((n + 1))
	timeout -k 2 10 "$CAISSON" --root "$STATE" exec "$ID" /bin/true > /dev/null 2>&1 < /dev/null && rc=0 || rc=$?
	[ $rc = 0 ] || late=$((late + 1))
done
diag "$n tries"
is "a passwd that changes into a pipe or a link does not hold exec up" "$late" 0
caisson delete --force "$ID"

# ---- all the names of processes: a pid that is used again is not ours ----

document . /bin/sleep 300
caisson run -d -b "$BUNDLE" "$ID" > /dev/null 2>&1 < /dev/null
jq --argjson p $$ '.pid = $p' "$STATE/$ID/state.json" > "$TMP/forged.json" && cat "$TMP/forged.json" > "$STATE/$ID/state.json"
is "a pid of another process, with another start time, is not taken for the container's" "$(status_of "$ID")" stopped
fails "nor killed" "not running" caisson kill "$ID" KILL
ok "deletion ends the container all the same" caisson delete --force "$ID"
is "the program is as it was" "$("$CAISSON" --version | head -n 1 | cut -d' ' -f1)" caisson
leftovers_after
