#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a failed command says: what was done to what, what the kernel said, and what to do about it; and one record of it.
# shellcheck disable=SC2016 # scripts stay in single quotes
. "$(dirname "$0")/lib.sh"
plan 59

bundle
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

leftovers_after
