#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# For each known way out of a container, or into too many rights, a test that it is closed. (The races are in 41-attack.t.)
. "$(dirname "$0")/lib.sh"
need "${CC:-cc}"
plan 141

here=$(dirname "$0")
ATTACK=$TMP/attack
"${CC:-cc}" -std=c11 -D_GNU_SOURCE -O1 -static -o "$ATTACK" "$here/src/attack.c" 2> "$TMP/cc.err" || bail "attack.c does not compile"

bundle
cp "$ATTACK" "$BUNDLE/rootfs/bin/attack"
cp "$BUNDLE/config.json" "$TMP/base.json"
ROOT=$BUNDLE/rootfs
HOST=$TMP/host
mkdir "$HOST"

document() { # FILTER ARG...
	_f=$1
	shift
	jq "$_f | .process.args = \$ARGS.positional" "$TMP/base.json" --args -- "$@" > "$BUNDLE/config.json" || bail "jq refused: $_f"
}
inside() { # FILTER SCRIPT
	document "$1" /bin/sh -c "$2"
	caisson run -b "$BUNDLE" "$ID-in" 2>&1 < /dev/null
}
# refused NAME FILTER ERE: not made, one line
refused() {
	_said=$(inside "$2" 'echo ran') && _rc=0 || _rc=$?
	if [ "$_rc" -eq 1 ] && [ "$(printf '%s\n' "$_said" | wc -l)" -eq 1 ] && printf '%s' "$_said" | grep -Eq -e "$3"; then
		_pass "$1"
	else
		_fail "$1"
		diag "status $_rc, wanted /$3/, said: $_said"
	fi
}
begin() { # FILTER: a container that stays
	document "$1" /bin/sleep 300
	caisson run -d -b "$BUNDLE" "$ID" > "$TMP/begin" 2>&1 < /dev/null || diag "$(cat "$TMP/begin")"
}
end() { caisson delete --force "$ID"; }
ex() { caisson exec "$@" < /dev/null 2>&1; }
host_is() { is "$1" "$(cd "$HOST" && find . -mindepth 1 | sort | tr '\n' ' ')" "$2"; }

# ---- user ids are numbers (CVE-2016-3697, CVE-2026-30892, CVE-2024-40635, CVE-2026-46680) ----

printf '1000:x:0:0::/:/bin/sh\n4294967295:x:0:0::/:/bin/sh\n' >> "$ROOT/etc/passwd"
is "a user that the image calls 1000 is not root" "$(inside '.process.user = {uid: 1000, gid: 1000}' 'id -u; id -g' | tr '\n' ' ')" "1000 1000 "
begin .
for case in "1000=1000 0" "1=1 0" "1:2=1 2" "0=0 0" "4294967294=4294967294 0" "65534:65534=65534 65534"; do
	is "exec -u ${case%%=*}" "$(ex -u "${case%%=*}" "$ID" sh -c 'echo $(id -u) $(id -g)')" "${case#*=}"
done
for user in 4294967295 4294967296 18446744073709551616 -1 1x :1 1: 1:2:3 "" " 1" "1 " 0x1 +1 root 1e3 1:-1 1:4294967295; do
	fails "exec -u '$user' is refused" "" caisson exec -u "$user" "$ID" id
done

# ---- inheritable and ambient sets are empty (CVE-2022-29162, CVE-2022-24769, CVE-2022-27650, CVE-2025-27612, CVE-2016-8867) ----

caps() { grep -E '^Cap(Inh|Amb)' | awk '{ print $2 }' | sort -u | tr '\n' ' '; }
is "in a container" "$(inside . 'cat /proc/self/status' | caps)" "0000000000000000 "
is "even when the document asks for inheritable ones" \
	"$(inside '.process.capabilities.inheritable = ["CAP_KILL"]' 'cat /proc/self/status' | grep CapAmb | awk '{ print $2 }')" 0000000000000000
is "in exec" "$(ex "$ID" cat /proc/self/status | caps)" "0000000000000000 "
is "in exec --cap" "$(ex --cap CAP_KILL "$ID" cat /proc/self/status | caps)" "0000000000000000 "
is "in exec as a user" "$(ex -u 1000 "$ID" cat /proc/self/status | grep -E 'Cap(Inh|Prm|Eff|Amb)' | awk '{ print $2 }' | sort -u)" 0000000000000000
(mkdir "$TMP/spec" && cd "$TMP/spec" && caisson spec)
is "what spec writes asks for none" "$(jq '[.process.capabilities.inheritable, .process.capabilities.ambient] | map(. // []) | flatten | length' "$TMP/spec/config.json")" 0
if command -v setcap > /dev/null && cp "$ROOT/bin/busybox" "$ROOT/bin/busybox-cap" && setcap cap_kill+ei "$ROOT/bin/busybox-cap" 2> /dev/null; then
	is "a file with inheritable capabilities gains nothing" \
		"$(ex -u 1000 "$ID" /bin/busybox-cap cat /proc/self/status | grep CapEff | awk '{ print $2 }')" 0000000000000000
else
	skip "a file with inheritable capabilities gains nothing" "no setcap, or no file capabilities here"
fi

# ---- groups are exact (CVE-2022-36109, CVE-2023-25173) ----

is "no group of the caller's" "$(inside '.process.user = {uid: 1000, gid: 1000, additionalGids: [7, 50]}' 'grep ^Groups /proc/self/status' | tr -s ' \t' ' ' | sed 's/ $//')" "Groups: 7 50"
is "in exec neither" "$(ex -u 1000:1000 --additional-gids 8 "$ID" grep ^Groups /proc/self/status | tr -s ' \t' ' ' | sed 's/ $//')" "Groups: 8"
end

# ---- descriptors and the working directory (CVE-2024-21626, CVE-2016-9962) ----

# 3 is the directory that ls reads
is "a program starts with 0, 1 and 2" "$(inside . 'exec ls /proc/self/fd' 7< /etc 8< "$HOST" | tr '\n' ' ')" "0 1 2 3 "
document . /bin/ls /proc/self/fd
is "seen by itself" "$(caisson run -b "$BUNDLE" "$ID" 7< /etc < /dev/null | tr '\n' ' ')" "0 1 2 3 "
bad=
for n in 3 4 5 6 7 8 9 10 11 12 13 14 15 16 20 24 32; do
	out=$(inside ".process.cwd = \"/proc/self/fd/$n\"" 'pwd; ls /proc/1/cwd/../../../../etc/hostname /proc/1/cwd/config.json' 7< / 8< "$BUNDLE")
	case $out in *config.json | */etc/hostname) bad="$bad $n" ;; esac
	rc=0
	printf '%s' "$out" | grep -Eq '^(error:|/$|/proc)' || rc=1
	[ $rc = 0 ] || bad="$bad $n:$out"
done
is "no cwd of /proc/self/fd/N leads out at run" "$bad" ""
begin .
bad=
for n in 3 4 5 6 7 8 9 10 11 12 13 14 15 16 20 24 32; do
	out=$(ex --cwd "/proc/self/fd/$n" "$ID" sh -c 'pwd; ls /proc/self/cwd/config.json' 7< / 8< "$BUNDLE")
	case $out in *"exec failed"* | "error:"* | *[Nn]"o such file"* | *[Nn]"ot a directory"*) ;; *) bad="$bad $n:$out" ;; esac
	case $out in *self/cwd/config.json) bad="$bad $n" ;; esac
done
is "nor at exec" "$bad" ""
fails "a relative one is refused" "--cwd" caisson exec --cwd ../../x "$ID" true
is "exec starts with 0, 1 and 2" "$(caisson exec "$ID" ls /proc/self/fd 7< /etc < /dev/null | tr '\n' ' ')" "0 1 2 3 "
for n in 3 6 7 8; do
	printf '#!/proc/self/fd/%s/../../../../../../bin/sh\necho out\n' "$n" > "$ROOT/bin/script"
	chmod 755 "$ROOT/bin/script"
	fails "a script whose interpreter is behind descriptor $n" "" caisson exec "$ID" /bin/script
done
printf '#!/proc/self/exe\n' > "$ROOT/bin/script"
unlike "a script that runs /proc/self/exe gets no runtime" "$(ex "$ID" /bin/script --version)" 'caisson version'
end

# ---- the runtime's own program (CVE-2019-5736) ----

sum=$(sha256sum "$CAISSON")
document . /bin/true
caisson create -b "$BUNDLE" "$ID" > /dev/null 2>&1 < /dev/null
pid=$(caisson state "$ID" | jq -r .pid)
like "a waiting init is a memfd" "$(readlink "/proc/$pid/exe")" '^/memfd:.*deleted'
is "sealed against every change" "$(cp "/proc/$pid/exe" "$TMP/copy" && (echo x >> "/proc/$pid/exe") 2> /dev/null || echo refused)" refused
is "root may not truncate it" "$( (: > "/proc/$pid/exe") 2> /dev/null || echo refused)" refused
is "nor map it for writing" "$(timeout 5 "$ATTACK" self | grep -c written)" 0
rm -f "$TMP/copy"
caisson delete --force "$ID"
printf '#!/proc/self/exe\n' > "$ROOT/bin/entry"
chmod 755 "$ROOT/bin/entry"
document '.linux.resources.pids = {limit: 50}' /bin/entry
caisson run -b "$BUNDLE" "$ID" > "$TMP/out" 2>&1 < /dev/null
is "an entry point of /proc/self/exe leaves the program as it is" "$(sha256sum "$CAISSON")" "$sum"
is "and ends, instead of starting itself for ever" "$(cat "$TMP/out")" \
	"caisson-init: run through /proc/self/exe: this copy belongs to the launch of the container"
document . /bin/attack self
is "a program cannot write itself through /proc" "$(caisson run -b "$BUNDLE" "$ID" 2>&1 < /dev/null | grep -cE 'opened|written')" 0

# ---- what is mounted where the image says so (CVE-2019-16884, CVE-2019-19921, CVE-2023-27561, CVE-2023-28642, CVE-2025-54867) ----

aside() { mv "$ROOT/$1" "$ROOT/.$1"; }
back() { rm -rf "${ROOT:?}/$1"; mv "$ROOT/.$1" "$ROOT/$1"; }
for d in proc sys; do
	for target in /tmp "$HOST" ../../../../../.. /nowhere; do
		aside $d
		ln -s "$target" "$ROOT/$d"
		refused "/$d as a link to $(basename "$target")" . "mounts\[[0-9]\] on /$d.*link"
		back $d
	done
done
aside proc
ln -s tmp "$ROOT/proc"
refused "two mounts and a link" '.mounts = [{destination: "/tmp", type: "tmpfs"}] + .mounts' 'on /proc'
back proc
refused "a tmpfs on /proc" '.mounts = [{destination: "/proc", type: "tmpfs"}] + .mounts[1:]' 'on /proc'
mkdir -p "$HOST/attr"
refused "a directory bound on /proc" ".mounts = [{destination: \"/proc\", source: \"$HOST\", options: [\"bind\"]}] + .mounts[1:]" 'on /proc'
refused "a tmpfs on /proc/self/attr" '.mounts += [{destination: "/proc/self/attr", type: "tmpfs"}]' 'procfs'
refused "a file on /proc/self/attr/current" ".mounts += [{destination: \"/proc/self/attr/current\", source: \"/etc/passwd\", options: [\"bind\"]}]" 'procfs'
refused "a file on /proc/version" ".mounts += [{destination: \"/proc/version\", source: \"/etc/passwd\", options: [\"bind\"]}]" 'procfs'
refused "a file on /proc/sys/kernel/core_pattern" ".mounts += [{destination: \"/proc/sys/kernel/core_pattern\", source: \"/etc/passwd\", options: [\"bind\"]}]" 'procfs'
rmdir "$HOST/attr"

# ---- /dev of the image's making (CVE-2026-41579, CVE-2026-47766, CVE-2026-88264, CVE-2026-88265, CVE-2025-31133) ----

own_dev='.mounts |= map(select(.destination | startswith("/dev") | not))'
echo kept > "$HOST/ptmx"
aside dev
ln -s "$HOST" "$ROOT/dev"
for readonly in true false; do
	inside "$own_dev | .root.readonly = $readonly | .linux.maskedPaths = []" true > /dev/null 2>&1
	host_is "/dev as a link, readonly $readonly: nothing is made on the host" "./ptmx "
	is "readonly $readonly: nothing is removed there" "$(cat "$HOST/ptmx")" kept
done
inside . 'true' > /dev/null 2>&1
host_is "/dev as a link, with the usual mounts" "./ptmx "
back dev
rm -rf "${ROOT:?}$TMP"
need_python=
command -v python3 > /dev/null && need_python=yes
for readonly in true false; do
	ln -sf "$HOST/made" "$ROOT/dev/console"
	document "$own_dev | .root.readonly = $readonly | .process.terminal = true | .linux.maskedPaths = [] | .mounts += [{destination: \"/dev/pts\", type: \"devpts\", options: [\"newinstance\", \"ptmxmode=0666\", \"mode=0620\"]}]" /bin/true
	if [ -n "$need_python" ]; then
		timeout 20 python3 -c 'import os, pty, sys
status = pty.spawn(sys.argv[1:], lambda fd: os.read(fd, 1024))' "$CAISSON" --root "$STATE" run -b "$BUNDLE" "$ID" > "$TMP/out" 2>&1 < /dev/null
		host_is "/dev/console as a link, readonly $readonly: the host's file is not made" "./ptmx "
	else
		skip "/dev/console as a link, readonly $readonly" "python3 is not installed: no terminal to run it on"
	fi
	rm -f "$ROOT/dev/console"
	caisson delete --force "$ID"
	find "$ROOT/dev" -mindepth 1 -delete
done
echo plain > "$ROOT/dev/null"
chown 1234:1234 "$ROOT/dev/null"
refused "/dev/null as a file" "$own_dev" 'null'
is "the file is as it was" "$(cat "$ROOT/dev/null") $(stat -c %u "$ROOT/dev/null")" "plain 1234"
rm "$ROOT/dev/null"
ln -s /proc/sys/kernel/core_pattern "$ROOT/dev/null"
pattern=$(cat /proc/sys/kernel/core_pattern)
refused "/dev/null as a link into /proc" "$own_dev" 'null'
rm "$ROOT/dev/null"
mkdir "$TMP/dev"
ln -s /proc/sys/kernel/core_pattern "$TMP/dev/null"
refused "a bound /dev whose null is a link" ".mounts |= map(select(.destination | startswith(\"/dev/\") | not)) | .mounts |= map(if .destination == \"/dev\" then {destination: \"/dev\", source: \"$TMP/dev\", options: [\"bind\"]} else . end)" 'null'
rm "$TMP/dev/null"
refused "a bound /dev without null: masks are not left out" ".mounts |= map(select(.destination | startswith(\"/dev/\") | not)) | .mounts |= map(if .destination == \"/dev\" then {destination: \"/dev\", source: \"$TMP/dev\", options: [\"bind\"]} else . end)" 'null'
mknod "$TMP/dev/null" c 1 5
refused "a bound /dev whose null is another device" ".mounts |= map(select(.destination | startswith(\"/dev/\") | not)) | .mounts |= map(if .destination == \"/dev\" then {destination: \"/dev\", source: \"$TMP/dev\", options: [\"bind\"]} else . end)" 'null'
is "core_pattern is as it was" "$(cat /proc/sys/kernel/core_pattern)" "$pattern"
before=$(stat -c '%u:%g %a' /dev/null)
inside '.process.user = {uid: 1000, gid: 1000}' true > /dev/null
is "the host's /dev/null keeps its owner and mode" "$(stat -c '%u:%g %a' /dev/null)" "$before"
: > "$HOST/stdio"
document '.process.user = {uid: 1000, gid: 1000}' /bin/true
caisson run -b "$BUNDLE" "$ID" < "$HOST/stdio" > "$HOST/stdio" 2>&1
is "so does a file given as output" "$(stat -c %u "$HOST/stdio")" 0
rm "$HOST/stdio"

# ---- destinations stay inside (CVE-2019-18837, CVE-2021-30465, CVE-2022-23648, CVE-2024-45310) ----

ln -s "$HOST" "$ROOT/abs"
ln -s ../../../../../../../../../..$HOST "$ROOT/rel"
ln -s /proc/1/root "$ROOT/magic"
for d in /abs/x/y /rel/x/y /abs/../../x "../../../../../../../..$HOST/x" /magic/x; do
	inside ".mounts += [{destination: \"$d\", type: \"tmpfs\"}] | .root.readonly = false" true > /dev/null 2>&1
	inside ".mounts += [{destination: \"$d\", source: \"/etc/passwd\", options: [\"bind\"]}] | .root.readonly = false" true > /dev/null 2>&1
done
host_is "no destination leads to the host" "./ptmx "
is "nor a mount" "$(grep -c " $HOST" /proc/self/mountinfo)" 0
inside '.process.cwd = "/abs/made" | .root.readonly = false' true > /dev/null 2>&1
host_is "nor a working directory" "./ptmx "
inside '.linux.devices = [{path: "/abs/dev", type: "c", major: 1, minor: 3}] | .root.readonly = false' true > /dev/null 2>&1
host_is "nor a device" "./ptmx "
mkdir -p "$TMP/ext"
inside ".mounts += [{destination: \"/abs\", type: \"tmpfs\", options: [\"tmpcopyup\"]}] | .root.readonly = false" 'ls /abs' > "$TMP/out" 2>&1
unlike "nor what tmpcopyup copies" "$(cat "$TMP/out")" '^ptmx'
rm -rf "${ROOT:?}${TMP}"

# ---- masks ----

for path in /proc/kcore /proc/keys /proc/timer_list /proc/sched_debug /proc/scsi /proc/acpi /sys/firmware /proc/interrupts /sys/devices/virtual/powercap /sys/devices/system/cpu/cpu0/thermal_throttle; do
	[ -e $path ] || { skip "$path is hidden" "this host has none"; continue; }
	is "$path is hidden" "$(inside . "if [ -d $path ]; then ls -A $path; else cat $path; fi")" ""
done
is "masks cannot be taken off" "$(inside . 'umount /proc/kcore 2>/dev/null; umount /proc/keys 2>/dev/null; mount -o remount,rw /proc/sys 2>/dev/null; cat /proc/keys; (echo x > /proc/sys/kernel/domainname) 2>/dev/null || echo ro')" ro

# ---- names and lengths (CVE-2021-43784, CVE-2022-0811, the unified keys) ----

refused "a namespace path of 70 kB drops no namespace" '.linux.namespaces |= map(if .type == "ipc" then .path = ("/" + "a" * 70000) else . end)' 'ipc'
refused "unified: up and out" '.linux.resources.unified = {"../../x": "1"}' 'linux.resources.unified'
refused "unified: absolute" '.linux.resources.unified = {"/etc/x": "1"}' 'linux.resources.unified'
refused "unified: a directory below" '.linux.resources.unified = {"a/b": "1"}' 'linux.resources.unified'
refused "cgroupsPath: up and out" '.linux.cgroupsPath = "/../../../etc/x"' 'linux.cgroupsPath'
refused "a sysctl with a second one in its value" '.linux.sysctl = {"kernel.shm_rmid_forced": "1\nkernel.core_pattern=x"}' 'sysctl'
inside '.linux.sysctl = {"kernel.shm_rmid_forced": "1+kernel.core_pattern=|/bin/x"}' true > /dev/null 2>&1
is "nor with a plus" "$(cat /proc/sys/kernel/core_pattern)" "$pattern"
document . /bin/true
for id in .. . "" a/b ../x "a b" "$(printf 'a\nb')" "$(head -c 2000 /dev/zero | tr '\0' a)"; do
	fails "the id '$(printf '%s' "$id" | tr '\n' ' ' | cut -c1-10)'" "" caisson create -b "$BUNDLE" -- "$id"
done
begin .
for cgroup in ../.. ../../x /../x "/etc" ../../../../etc; do
	fails "exec --cgroup $cgroup" "" caisson exec --cgroup "$cgroup" "$ID" true
done
end
is "annotations of other runtimes have no power" "$(inside '.annotations = {"org.systemd.property.ExecStartPre": "[]", "run.oci.handler": "krun",
	"run.oci.hooks.stdout": "/etc/x", "run.oci.systemd.subgroup": "../x", "run.oci.mount_context_type": "x"}' 'echo ran' | tail -n 1)" ran
is "nor does the image write files for the runtime" "$(find "$ROOT" -name "*krun*")" ""

# ---- who sees the state (CVE-2020-15257, CVE-2021-41103, CVE-2024-25621) ----

for mask in 0000 0022 0077; do
	document . /bin/sleep 300
	(umask $mask; CAISSON_TEST_MARK=$MARK timeout 30 "$CAISSON" --root "$TMP/root-$mask" run -d -b "$BUNDLE" "$ID" > /dev/null 2>&1 < /dev/null)
	is "under umask $mask the container's directory is 0700" "$(stat -c %a "$TMP/root-$mask/$ID")" 700
	is "and nothing in it is for others" "$(find "$TMP/root-$mask/$ID" -mindepth 1 -perm /077 ! -type l ! -type s)" ""
	is "and umask in the container is its own" "$(timeout 30 "$CAISSON" --root "$TMP/root-$mask" exec "$ID" sh -c umask < /dev/null)" 0022
	like "and the root is for root alone" "$(stat -c %a "$TMP/root-$mask")" '^7[0-1][0-1]$'
	timeout 30 "$CAISSON" --root "$TMP/root-$mask" delete --force "$ID"
done
document 'del(.linux.namespaces[] | select(.type == "network"))' /bin/sleep 300
caisson create -b "$BUNDLE" "$ID" > /dev/null 2>&1 < /dev/null
is "no abstract socket, for a neighbour in the host's network" "$(grep -c '@.*caisson' /proc/net/unix)" 0
end

# ---- nothing of the image is opened by the runtime, but /etc/passwd (CVE-2018-15664, CVE-2019-14271, CVE-2026-40226) ----

if command -v strace > /dev/null && strace -f -o "$TMP/trace" true 2> /dev/null; then
	document '.process.env += ["LD_PRELOAD=/evil.so", "LD_LIBRARY_PATH=/lib"]' /bin/true
	for f in etc/nsswitch.conf etc/ld.so.preload etc/ld.so.cache etc/group etc/caisson.json; do : > "$ROOT/$f"; done
	CAISSON_TEST_MARK=$MARK timeout 60 strace -f -qq -e trace=open,openat,openat2,execve,pivot_root -o "$TMP/trace" "$CAISSON" --root "$STATE" run -b "$BUNDLE" "$ID" > /dev/null 2>&1 < /dev/null
	like "the trace has the program's start" "$(cat "$TMP/trace")" 'execve\("/bin/true"'
	sed '1,/pivot_root(/d;/execve("\/bin\/true"/,$d' "$TMP/trace" > "$TMP/between"
	like "and what comes before it, in the image's root" "$(cat "$TMP/between")" 'execve|open'
	is "no library, cache, name service or setting of the image is opened" \
		"$(grep -E 'nsswitch|ld\.so|gconv|locale|\.so\.|etc/group|caisson\.json' "$TMP/between")" ""
else
	skip 3 "strace is not installed, or may not trace here"
fi

# ---- the rest ----

is "a reader that goes away leaves no container" "$(document . /bin/true; for n in 1 2 3 4 5; do
	caisson --policy hardened run -b "$BUNDLE" "$ID" 2>&1 < /dev/null | head -n 1 > /dev/null; done; caisson list -q)" ""
is "the core dump of a set-up process: none, it is not dumpable" "$(document . /bin/true; caisson create -b "$BUNDLE" "$ID" > /dev/null 2>&1 < /dev/null
	stat -c %u "/proc/$(caisson state "$ID" | jq -r .pid)/environ")" 0
is "a waiting init has nothing of the caller's environment" "$(tr '\0' '\n' < "/proc/$(caisson state "$ID" | jq -r .pid)/environ" | grep -c CAISSON_TEST)" 0
end
is "a session of its own" "$(inside . 'cut -d" " -f5,6 /proc/1/stat')" "1 1"
leftovers_after
