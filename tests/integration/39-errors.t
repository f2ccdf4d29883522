#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a failed command says: what was done to what, what the kernel said, and what to do about it; and one record of it.
# shellcheck disable=SC2016 # scripts stay in single quotes
. "$(dirname "$0")/lib.sh"
plan 86

bundle .
cp "$BUNDLE/config.json" "$TMP/base.json"

# said FILTER: runs the edited document; what it says goes into $SAID, its status into $RC.
said() {
	jq "$1" "$TMP/base.json" > "$BUNDLE/config.json" || bail "jq refused: $1"
	RC=0
	caisson run --bundle "$BUNDLE" "$ID" > "$TMP/said" 2>&1 < /dev/null || RC=$?
	SAID=$(cat "$TMP/said")
}
# says NAME FILTER ERE: the run ends with 1 and one line that matches.
says() {
	said "$2"
	like "$1" "$RC $(wc -l < "$TMP/said" | tr -d ' ') $SAID" "^1 1 error: $3"
}

# with MOUNT: the filter that adds one mount, which becomes mounts[7]
with() { printf '.mounts += [%s]' "$1"; }
bind() { with "{destination: \"$1\", source: \"$B/$2\", options: [\"bind\"]}"; }

# ---- mounts: which, which side, which component, what the kernel said ----

B=$BUNDLE/data
mkdir -p "$B/dir/sub" "$BUNDLE/rootfs/m"
echo x > "$B/file"
ln -s loop "$B/loop"
ln -s nowhere "$B/dangling"
cp -a "$B/file" "$B/loop" "$B/dangling" "$BUNDLE/rootfs"
says "a file on a directory" "$(bind /m file)" \
	'mounts\[7\] on /m: ENOTDIR: Not a directory: the source ".*/file" is a regular file, and .* is a directory \('
says "a directory on a file" "$(bind /file dir)" \
	'mounts\[7\] on /file: ENOTDIR: Not a directory: the source ".*/dir" is a directory, and .* is a regular file \('
says "a file system on a file" "$(with '{destination: "/file", type: "tmpfs", source: "tmpfs"}')" \
	'mounts\[7\] on /file: ENOTDIR: Not a directory: .* is a regular file \(name another'
says "a source of which a component is missing" "$(bind /m no/such/dir)" \
	'mounts\[7\] on /m: bind source .*/no/such/dir: open_tree\(2\): ENOENT: No such file or directory: "[^"]*/data/no" is missing \('
says "a source of which a component is a file" "$(bind /m file/sub)" \
	'mounts\[7\] on /m: .*: ENOTDIR: Not a directory: "[^"]*/data/file" is a regular file, not a directory \('
says "a source that is a circle" "$(bind /m loop/sub)" \
	'mounts\[7\] on /m: .*: ELOOP: .*: "[^"]*/data/loop" is a symbolic link that goes in a circle'
says "a source that is a link to nothing" "$(bind /m dangling)" \
	'mounts\[7\] on /m: .*: ENOENT: .*: "[^"]*/data/dangling" is a symbolic link to "nowhere", and that leads nowhere'
says "a destination of which a component is a file" "$(bind /file/sub dir)" \
	'mounts\[7\] on /file/sub: .*openat2\(2\): ENOTDIR: .*: "/file" is a regular file, not a directory \('
says "a destination that is a circle" "$(bind /loop/sub dir)" 'mounts\[7\] on /loop/sub: .*ELOOP: .*: "/loop" is a symbolic link that goes in a circle'
says "a destination that is a link to nothing, a directory" "$(bind /dangling dir)" 'mounts\[7\] on /dangling: .*dangling" is a symbolic link to "nowhere"'
says "a destination that is a link to nothing, a file" "$(bind /dangling file)" 'mounts\[7\] on /dangling: .*: "/dangling" is a symbolic link to "nowhere"'
says "one that cannot be made" "$(with '{destination: "/m", type: "tmpfs", options: ["ro"]}, {destination: "/m/x/y", type: "tmpfs"}')" \
	'mounts\[8\] on /m/x/y: make directory "x" .*mkdirat\(2\): EROFS: Read-only file system \(.*make it in the image'
says "an option that the file system does not know" "$(with '{destination: "/m", type: "tmpfs", options: ["sizee=3"]}')" \
	"mounts\\[7\\] on /m: option sizee: .*fsconfig\\(2\\): EINVAL: Invalid argument \\(the manual page"
says "a file system that the kernel does not know" "$(with '{destination: "/m", type: "nofs"}')" \
	'mounts\[7\] on /m: file system type "nofs" .*fsopen\(2\): ENODEV: .* \(/proc/filesystems'
says "a device that is none" "$(with "{destination: \"/m\", type: \"ext4\", source: \"$B/file\"}")" \
	'mounts\[7\] on /m: .*fsconfig\(2\): (ENOTBLK|ENODEV): '
says "a remount of what is no mount" "$(with '{destination: "/etc", options: ["remount", "ro"]}')" \
	'mounts\[7\] on /etc: set mount attributes: mount_setattr\(2\): EINVAL: .*not a mount point'
says "a place inside a procfs" "$(bind /proc/self dir)" 'mounts\[7\] on /proc/self: the target lies inside a procfs: '
says "a root that is not there" '.root.path = "no/such"' \
	'.*root file system .*/no/such: open_tree\(2\): ENOENT: .*: "[^"]*/no" is missing \(root.path must be a directory\)'
mount -t tmpfs -o mode=755 overlays "$B/dir/sub"
mkdir "$B/dir/sub/lower" "$B/dir/sub/upper" "$B/dir/sub/work" "$B/dir/sub/merged"
over="lowerdir=$B/dir/sub/lower,upperdir=$B/dir/sub/upper,workdir=$B/dir/sub/work"
if mount -t overlay -o "index=on,$over" first "$B/dir/sub/merged" 2> /dev/null; then
	says "an overlay directory in use" \
		"$(with "{destination: \"/m\", type: \"overlay\", source: \"x\", options: $(echo "index=on,$over" | jq -Rc 'split(",")')}")" \
		'mounts\[7\] on /m: .*fsconfig\(2\): EBUSY: .*\(the device, or a directory'
	umount "$B/dir/sub/merged"
else
	skip "an overlay directory in use" "no overlay file system with an index here"
fi
umount "$B/dir/sub"

# ---- hooks ----

hook() { # KIND SCRIPT [MORE]: a document whose hook of that kind runs the script
	jq -nc --arg k "$1" --arg s "$2" "{(\$k): [{path: \"/bin/true\"}, {path: \"/bin/sh\", args: [\"sh\", \"-c\", \$s],
		env: [\"PATH=/bin:/usr/bin\"]${3:+, $3}}]}" | sed 's/^/.hooks = /'
}
noisy='head -c 3000000 /dev/zero | tr "\0" x; printf "\033[31m\302\2332Jred\n\0\377\303" >&2; printf "the reason" >&2; exit 3'
for kind in createRuntime createContainer startContainer; do
	says "$kind: index, path, time, status, and what it said on both streams" "$(hook $kind 'echo out; echo err >&2; exit 3')" \
		"hooks.$kind\[1\] /bin/sh \(after [0-9]+ ms\): exit status 3: out err$"
	says "$kind: a signal by name" "$(hook $kind 'echo so far; kill -TERM $$')" "hooks.$kind\[1\] .*killed by signal 15.*: so far$"
	said "$(hook $kind "$noisy")"
	like "$kind: megabytes without a line end: the last 4 KiB" "$(wc -c < "$TMP/said" | tr -d ' ') $SAID" \
		'^4[0-2][0-9]{2} error: .*exit status 3: xxxx.*the reason$'
	is "$kind: as text in one line" "$(tr -d '[:print:]' < "$TMP/said" | od -An -c | tr -d ' ')" '\n'
done
says "a hook that is late says what it said last" "$(hook prestart 'echo waiting for nobody; sleep 60' 'timeout: 1')" \
	'hooks.prestart\[1\] .*timeout of 1 s, killed.*: waiting for nobody$'
says "inside the container too" "$(hook startContainer 'echo waiting for nobody; sleep 60' 'timeout: 1')" \
	'hooks.startContainer\[1\] .*no end after 1 seconds, killed: waiting for nobody$'
printf '#!/nowhere/interpreter\n' > "$TMP/script"
chmod 755 "$TMP/script"
says "a hook whose interpreter is not there" ".hooks = {prestart: [{path: \"$TMP/script\"}]}" \
	'hooks.prestart\[0\] .*: cannot be run: No such file or directory \(the file is there: the interpreter'

# ---- poststop hooks: once, when start was tried ----

POST=$TMP/post
post='{path: "/bin/sh", args: ["sh", "-c", "echo x >> '"$POST"'"]}'
post_runs() { # FILTER COMMAND...: how often the poststop hook has run after it
	jq "$1 | .hooks.poststop = [$post]" "$TMP/base.json" > "$BUNDLE/config.json" || bail "jq refused: $1"
	: > "$POST"
	shift
	"$@" > /dev/null 2>&1 < /dev/null
	wc -l < "$POST" | tr -d ' '
}
create_start_delete() {
	caisson create -b "$BUNDLE" "$ID"
	caisson start "$ID"
	caisson delete "$ID"
	caisson delete --force "$ID"
}
run_delete() {
	caisson run -b "$BUNDLE" "$ID"
	caisson delete --force "$ID"
}
for road in run_delete create_start_delete; do
	is "$road: a program that is not there" "$(post_runs '.process.args = ["/nowhere"]' $road)" 1
	is "$road: a failing startContainer hook" "$(post_runs '.hooks.startContainer = [{path: "/bin/false"}]' $road)" 1
	is "$road: a failing poststart hook" "$(post_runs '.hooks.poststart = [{path: "/bin/false"}]' $road)" 1
	is "$road: all is well" "$(post_runs . $road)" 1
done

# ---- the program: what of it is missing, by name ----

R=$BUNDLE/rootfs
put() { # NAME TEXT [MODE]
	# shellcheck disable=SC2059 # the text is the format
	printf "$2" > "$R/$1"
	chmod "${3:-755}" "$R/$1"
}
put no-interpreter '#!/bin/nosuch -x\necho\n'
put crlf '#!/bin/sh\r\necho\r\n'
put plain-interpreter '#!/no-x\n'
put script-of-script '#!/no-interpreter\n'
put no-format 'echo hi\n'
put empty ''
put no-x '#!/bin/sh\n' 644
cp /bin/busybox "$R/arm"
printf '\267\000' | dd of="$R/arm" bs=1 seek=18 conv=notrunc 2> /dev/null
head -c 40 /bin/busybox > "$R/cut"
# A 32-bit program of 84 bytes, whose program header names a loader.
{
	printf '\177ELF\001\001\001\000\000\000\000\000\000\000\000\000\002\000\003\000\001\000\000\000\124\200\004\010\064\000\000\000'
	printf '\000\000\000\000\000\000\000\000\064\000\040\000\001\000\000\000\000\000\000\000'
	printf '\003\000\000\000\124\000\000\000\000\000\000\000\000\000\000\000\022\000\000\000\022\000\000\000\004\000\000\000\001\000\000\000'
	printf '/lib/no-loader.so\000'
} > "$R/small"
chmod 755 "$R/cut" "$R/small"
mkdir "$R/shut"
cp "$R/crlf" "$R/shut/in"
chmod 700 "$R/shut"
program() { says "$1" ".process.args = [\"$2\"]" "exec: \"$2\": $3"; }
program "a script's interpreter" /no-interpreter 'its interpreter /bin/nosuch: no such file or directory$'
program "and that of the interpreter" /script-of-script 'its interpreter /bin/nosuch: no such file or directory$'
program "an interpreter without x bit" /plain-interpreter 'its interpreter /no-x: permission denied \(it has no x bit'
program "a #! line with CR LF" /crlf 'its interpreter /bin/sh: no such file or directory \(the #! line ends in CR LF'
program "a loader of the other class" /small '(its loader /lib/no-loader.so: no such file or directory|exec format error \(built for i386)'
program "another machine" /arm 'exec format error \(built for arm64, and this machine is x86_64\)$'
program "neither ELF nor #!" /no-format 'exec format error \(neither an ELF program nor a script that begins with #!\)$'
program "an empty file" /empty 'exec format error \(the file is empty\)$'
program "a file that was cut" /cut 'exec format error \(an ELF file that ends too early'
program "no x bit" /no-x 'permission denied \(it has no x bit: chmod \+x\)$'
program "a directory" /m '.*permission denied$'
program "a link in a circle" /loop 'stat /loop: too many levels of symbolic links \(/loop is a symbolic link that leads nowhere'
program "a link to nothing" /dangling 'stat /dangling: no such file or directory \(/dangling is a symbolic link that leads nowhere'
program "a component that is a file" /file/x 'stat /file/x: not a directory \(/file is not a directory\)$'
program "a component that is missing" /no/such/x 'stat /no/such/x: no such file or directory \(/no is missing\)$'
program "not there" /none 'stat /none: no such file or directory$'
program "not in PATH, and which that is" none 'executable file not found in \$PATH \(/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\)$'
says "a mount with noexec" "$(with "{destination: \"/m\", source: \"$R/bin\", options: [\"bind\", \"noexec\"]}") | .process.args = [\"/m/busybox\"]" \
	'exec: "/m/busybox": permission denied \(it lies on a mount with noexec\)$'
says "a directory that the user may not enter" '.process.args = ["/shut/in"] | .process.user = {uid: 1000, gid: 1000}' \
	'exec: "/shut/in": permission denied \(a directory above it may not be entered'
put for-others '#!/bin/sh\n' 710
says "x bits for others" '.process.args = ["/for-others"] | .process.user = {uid: 1000, gid: 1000}' \
	'exec: "/for-others": permission denied \(its x bits are for other users'
cp "$TMP/base.json" "$BUNDLE/config.json"
reconfig '.process.args = ["/bin/sleep", "100"] | .root.readonly = false'
caisson run -d -b "$BUNDLE" "$ID" > /dev/null 2>&1 < /dev/null
for p in none /none /no-interpreter; do
	caisson exec "$ID" $p > "$TMP/said" 2>&1 < /dev/null
	like "exec of $p ends with 255 and the words that engines look for" "$? $(cat "$TMP/said")" \
		'^255 error: exec failed: exec: .*(executable file not found in \$PATH|no such file or directory)'
done
caisson delete --force "$ID"
for p in '127 none' '127 /none' '126 /no-x'; do
	caisson launch --user 65532:65532 "$R" -- "${p#* }" > "$TMP/said" 2>&1 < /dev/null
	like "launch of ${p#* } ends as a shell does" "$? $(cat "$TMP/said")" "^${p% *} "
done

# ---- memory: the limit, the peak, and what is enough ----

memory=$(ls -d /sys/fs/cgroup/memory/cgroup.procs 2> /dev/null || grep -qw memory /sys/fs/cgroup/cgroup.controllers 2> /dev/null && echo yes)
if [ -n "$memory" ]; then
	low='out of memory: the kernel killed .* its limit of 65536 bytes \(peak [0-9]+ bytes\): .*'
	says "a limit too low to start with" '.linux.resources.memory = {limit: 65536}' \
		"$low"'killed by signal 9.*\(raise linux.resources.memory.limit: a launch takes up to 524288 bytes'
	fails "create says the same" "a launch takes up to 524288 bytes" caisson create -b "$BUNDLE" "$ID"
	said '.linux.resources.memory = {limit: 524288}'
	is "what it names is enough" "$RC $SAID" "0 "
	said ".linux.resources.memory = {limit: 4194304, swap: 4194304} | .process.args = [\"/bin/sh\", \"-c\", $(printf %s "exec awk 'BEGIN { x = \"x\"; while (1) x = x x }'" | jq -Rs .)]"
	like "a program that is killed for want of memory: run says so" "$RC $SAID" '^137 warning: out of memory: .* limit of 4194304 bytes \(peak 4[0-9]+ bytes\)'
	jq '.linux.resources.memory = {limit: 4194304, swap: 4194304} | .process.args = ["/bin/sleep", "100"]' "$TMP/base.json" > "$BUNDLE/config.json"
	caisson create -b "$BUNDLE" "$ID"
	pid=$(caisson state "$ID" | jq .pid)
	kill -KILL "$pid"
	wait_for 5 has_status "$ID" stopped
	fails "one whose first process was killed before start" "its process has ended before" caisson start "$ID"
	caisson delete --force "$ID"
else
	skip 5 "no memory controller"
fi

# ---- one record, whatever happens ----

# record NAME FORMAT WANTED COMMAND...: it fails with one record of that form, the text is on standard error too.
record() {
	_name=$1 _format=$2 _want=$3
	shift 3
	rm -f "$TMP/log"
	caisson --log "$TMP/log" --log-format "$_format" "$@" > /dev/null 2> "$TMP/err" < /dev/null
	case $_format in
	json) _msg=$(jq -rs 'if length == 1 and .[0].level == "error" and (.[0].time | fromdate) > 0 then .[0].msg else "not one record" end' "$TMP/log" 2>&1) ;;
	text) _msg=$(sed -n 's/^time="[^"]*" level=error msg="\(.*\)"$/\1/p' "$TMP/log" | sed 's/\\\(.\)/\1/g') ;;
	esac
	like "$_name, $_format" "$(wc -l < "$TMP/log" | tr -d ' ')$(wc -l < "$TMP/err" | tr -d ' ') $_msg" "^11 $_want"
	is "$_name, $_format: on standard error the same" "$(cat "$TMP/err")" "$_msg"
}
cp "$TMP/base.json" "$BUNDLE/config.json"
reconfig "$(hook createContainer 'echo "a \"quoted\" \\ word"; exit 1') | .hooks.poststop = [{path: \"/bin/false\"}, {path: \"/bin/sh\", args: [\"sh\", \"-c\", \"exit 4\"]}]"
for format in json text; do
	record "a failing hook and two failing poststop hooks" $format \
		'hooks.createContainer\[1\] .*: a "quoted" \\ word \(and then: hooks.poststop\[0\] .*: and hooks.poststop\[1\] .*exit status 4\)$' create -b "$BUNDLE" "$ID"
done
cp "$TMP/base.json" "$BUNDLE/config.json"
reconfig "$(hook createRuntime 'kill -KILL "$(sed "s/.*\"pid\": *\\([0-9]*\\).*/\\1/" | tr -dc 0-9)"')"
record "the new process killed while it is made" json \
	'(launch: |)the new process ended without a word: it was killed by signal 9 \(Killed\)$' create -b "$BUNDLE" "$ID"
cp "$TMP/base.json" "$BUNDLE/config.json"
mkfifo "$BUNDLE/rootfs/begun"
reconfig "$(hook startContainer 'echo > /begun; sleep 60')"
caisson create -b "$BUNDLE" "$ID" > /dev/null 2>&1 < /dev/null
pid=$(caisson state "$ID" | jq .pid)
{ read -r _ && kill -KILL "$pid"; } < "$BUNDLE/rootfs/begun" &
record "caisson-init killed during start" json "the new process ended without a word" start "$ID"
wait
is "is seen as stopped" "$(status_of "$ID")" stopped
caisson delete --force "$ID"
caisson run -d -b "$BUNDLE" "$ID" > /dev/null 2>&1 < /dev/null &
read -r _ < "$BUNDLE/rootfs/begun"
kill -KILL "$(caisson state "$ID" | jq .pid)"
wait
is "killed during run, nothing is left to delete" "$(status_of "$ID")" gone
rm "$BUNDLE/rootfs/begun"
record "an unknown container" json 'container "none": container does not exist$' start none

leftovers_after "nothing is left behind"
