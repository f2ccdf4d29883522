#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Hooks of all six kinds: when, in which order, with which input, environment and directory, and what a failing one does.
. "$(dirname "$0")/lib.sh"
plan 93

LOG=$TMP/log
HOOK=$TMP/hook
# hook KIND: writes down who it is, the state it was given, its environment and its place.
cat > "$HOOK" <<'END'
#!/bin/sh
# /path LOG KIND
PATH=/usr/bin:/bin
state=$(cat)
echo "$2" >> "$1"
printf '%s\n' "$state" > "$1.$2.state"
tr '\0' '\n' < /proc/self/environ > "$1.$2.env"
pwd > "$1.$2.pwd"
ls /proc/self/fd | tr '\n' ' ' > "$1.$2.fds"
readlink /proc/self/ns/mnt > "$1.$2.mnt"
grep -E '^(SigBlk|SigIgn)' /proc/self/status > "$1.$2.signals"
END
chmod 755 "$HOOK"

bundle '.process.args = ["/bin/sh", "-c", "echo payload; sleep 100"] | .annotations = {"org.example.key": "a value"}
	| .root.readonly = false'
for kind in prestart createRuntime createContainer poststart poststop; do
	reconfig ".hooks.$kind = [{path: \"$HOOK\", args: [\"hook\", \"$LOG\", \"$kind-0\"], env: [\"ONE=1\", \"TWO=\$ONE x\"]},
		{path: \"$HOOK\", args: [\"hook\", \"$LOG\", \"$kind-1\"]}]"
done
mkdir "$BUNDLE/rootfs/log"
chmod 777 "$BUNDLE/rootfs/log"
cp "$HOOK" "$BUNDLE/rootfs/bin/hook"
reconfig '.hooks.startContainer = [{path: "/bin/hook", args: ["hook", "/log/in", "startContainer-0"], env: ["ONE=1"]},
	{path: "/bin/hook", args: ["hook", "/log/in", "startContainer-1"]}]'
cp "$BUNDLE/config.json" "$TMP/full.json"

SECRET=must-not-be-seen
export SECRET
ok "create with hooks" caisson create -b "$BUNDLE" "$ID"
is "create runs three kinds in order" "$(tr '\n' ' ' < "$LOG")" \
	"prestart-0 prestart-1 createRuntime-0 createRuntime-1 createContainer-0 createContainer-1 "
is "and none inside yet" "$(ls "$BUNDLE/rootfs/log")" ""
ok "start" caisson start "$ID"
is "startContainer runs inside, before the program" "$(tr '\n' ' ' < "$BUNDLE/rootfs/log/in")" "startContainer-0 startContainer-1 "
is "poststart after it" "$(tail -n +7 "$LOG" | tr '\n' ' ')" "poststart-0 poststart-1 "
pid=$(caisson state "$ID" | jq -r .pid)
ok "delete --force" caisson delete --force "$ID"
is "poststop comes last" "$(tail -n +9 "$LOG" | tr '\n' ' ')" "poststop-0 poststop-1 "

state_of() { jq -r "$2" "$LOG.$1.state"; }
for kind in prestart createRuntime createContainer poststart poststop; do
	case $kind in
	poststart) status=running ;;
	poststop) status=stopped ;;
	*) status=creating ;;
	esac
	is "$kind: status" "$(state_of "$kind-0" .status)" $status
	is "$kind: id, bundle, version, annotation" \
		"$(state_of "$kind-0" '[.id, .bundle, .ociVersion, .annotations["org.example.key"]] | join(" ")')" "$ID $BUNDLE 1.0.2 a value"
	is "$kind: the environment it lists" "$(cat "$LOG.$kind-0.env")" "ONE=1
TWO=\$ONE x"
	is "$kind: and none that it does not" "$(cat "$LOG.$kind-1.env")" ""
	is "$kind: runs in the bundle" "$(cat "$LOG.$kind-0.pwd")" "$BUNDLE"
	like "$kind: no descriptor but the three" "$(cat "$LOG.$kind-0.fds")" '^0 1 (10 )?2 3 $'
	unlike "$kind: no signal blocked" "$(cat "$LOG.$kind-0.signals")" 'SigBlk.*[1-9a-f]'
	[ $kind = poststop ] || case $kind in
	createContainer) isnt "$kind: in the container's mounts" "$(cat "$LOG.$kind-0.mnt")" "$(readlink /proc/self/ns/mnt)" ;;
	*) is "$kind: in the host's mounts" "$(cat "$LOG.$kind-0.mnt")" "$(readlink /proc/self/ns/mnt)" ;;
	esac
done
for kind in prestart createRuntime poststart; do
	is "$kind: the pid" "$(state_of "$kind-0" .pid)" "$pid"
done
IN=$BUNDLE/rootfs/log/in
is "startContainer: status created" "$(jq -r .status "$IN.startContainer-0.state")" created
is "startContainer: the environment it lists" "$(cat "$IN.startContainer-0.env") $(cat "$IN.startContainer-1.env")" "ONE=1 "
is "startContainer: no descriptor but the three" "$(sed 's/10 //' "$IN.startContainer-0.fds")" "0 1 2 3 "

# ---- a failing hook of each kind ----

failing() { # KIND COMMAND: the document with a good hook and then one that runs the command
	jq --arg c "$2" ".hooks = {\"$1\": [{path: \"/bin/true\"}, {path: \"/bin/sh\", args: [\"sh\", \"-c\", \$c], env: [\"PATH=/bin:/usr/bin\"]}],
		poststop: [{path: \"$HOOK\", args: [\"hook\", \"$LOG\", \"poststop\"]}]}" "$TMP/full.json" > "$BUNDLE/config.json"
	: > "$LOG"
}
status_from() {
	"$@" > "$TMP/out" 2> "$TMP/err" < /dev/null
	echo $?
}
for kind in prestart createRuntime createContainer; do
	failing $kind 'echo sad words; exit 3'
	is "$kind fails: create fails" "$(status_from caisson create -b "$BUNDLE" "$ID")" 1
	like "naming kind, index, path, status and words" "$(cat "$TMP/err")" "hooks.$kind\[1\] /bin/sh .*exit status 3: sad words"
	is "in one line" "$(wc -l < "$TMP/err" | tr -d ' ')" 1
	leftovers_after "nothing is left"
	failing $kind 'kill -9 $$'
	fails "$kind killed: says so" "killed by signal 9" caisson create -b "$BUNDLE" "$ID"
done
failing startContainer 'echo sad words; exit 3'
is "startContainer fails: create is fine" "$(status_from caisson create -b "$BUNDLE" "$ID")" 0
is "start fails" "$(status_from caisson start "$ID")" 1
like "naming kind and index" "$(cat "$TMP/err")" "startContainer.*1.*(status|exit).*3"
is "the program does not run" "$(status_of "$ID")" stopped
caisson delete --force "$ID"
failing poststart 'echo sad words; exit 3'
is "poststart fails: run fails" "$(status_from caisson run -d -b "$BUNDLE" "$ID")" 1
like "in the same words" "$(cat "$TMP/err")" "hooks.poststart\[1\] /bin/sh .*exit status 3: sad words"
is "and poststop hooks are run" "$(cat "$LOG")" poststop
leftovers_after "nothing is left after a failing poststart"
jq ".hooks = {poststop: [{path: \"/bin/false\"}, {path: \"$HOOK\", args: [\"hook\", \"$LOG\", \"second\"]}]}" "$TMP/full.json" > "$BUNDLE/config.json"
: > "$LOG"
caisson run -d -b "$BUNDLE" "$ID" < /dev/null > /dev/null 2>&1
is "poststop fails: delete succeeds" "$(status_from caisson delete --force "$ID")" 0
like "with a warning" "$(cat "$TMP/err")" "warning.*hooks.poststop\[0\] /bin/false .*exit status 1"
is "and the next one runs" "$(cat "$LOG")" second

# ---- time, and what a hook may leave running ----

jq '.hooks = {prestart: [{path: "/bin/sh", args: ["sh", "-c", "sleep 77 & sleep 77"], env: ["PATH=/bin:/usr/bin"], timeout: 1}]}' "$TMP/full.json" > "$BUNDLE/config.json"
began=$(date +%s)
is "a hook that is late" "$(status_from caisson create -b "$BUNDLE" "$ID")" 1
like "is named with its timeout" "$(cat "$TMP/err")" "hooks.prestart\[0\] /bin/sh .*timeout of 1 s"
is "after about that time" "$(($(date +%s) - began < 5))" 1
leftovers_after "it is gone with what it started"
jq '.hooks = {prestart: [{path: "/bin/sh", args: ["sh", "-c", "yes & echo $! > '"$TMP/yes.pid"'"], env: ["PATH=/bin:/usr/bin"]}]}' "$TMP/full.json" > "$BUNDLE/config.json"
is "a daemon that writes for ever does not hold the launch up" "$(status_from timeout 10 "$CAISSON" --root "$STATE" create -b "$BUNDLE" "$ID")" 0
kill "$(cat "$TMP/yes.pid")" 2> /dev/null
caisson delete --force "$ID"
failing prestart 'head -c 300000 /dev/zero | tr "\0" x; printf "\\033[31mred\\nline\\n"; exit 1'
is "a hook that says much" "$(status_from caisson create -b "$BUNDLE" "$ID")" 1
is "gives one line" "$(wc -l < "$TMP/err" | tr -d ' ')" 1
unlike "without control characters" "$(cat "$TMP/err")" "$(printf '\033')"
jq '.hooks = {prestart: [{path: "/nowhere/hook"}]}' "$TMP/full.json" > "$BUNDLE/config.json"
fails "a hook that is not there" "cannot be run: No such file or directory (the path of this hook is one of the host" caisson create -b "$BUNDLE" "$ID"
jq '.hooks = {prestart: [{path: "/etc/passwd"}]}' "$TMP/full.json" > "$BUNDLE/config.json"
fails "a hook that cannot be run" "Permission denied" caisson create -b "$BUNDLE" "$ID"
jq '.hooks = {prestart: [{path: "/bin/sh", args: ["sh", "-c", "dd if=/dev/zero of=/dev/null bs=1k count=1 < /dev/null; exit 0"]}]}' "$TMP/full.json" > "$BUNDLE/config.json"
is "a hook need not read its input" "$(status_from caisson create -b "$BUNDLE" "$ID")" 0
caisson delete --force "$ID"

# ---- the image has no say ----

jq '.process.env += ["LD_PRELOAD=/evil.so"] | .hooks = {createContainer: [{path: "'"$HOOK"'", args: ["hook", "'"$LOG"'", "clean"]}]}' "$TMP/full.json" > "$BUNDLE/config.json"
is "an image with LD_PRELOAD in its environment" "$(status_from caisson create -b "$BUNDLE" "$ID")" 0
is "does not reach a hook" "$(cat "$LOG.clean.env")" ""
caisson delete --force "$ID"
leftovers_after
