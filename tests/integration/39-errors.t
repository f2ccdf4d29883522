#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a failed command says: what was done to what, what the kernel said, and what to do about it; and one record of it.
# shellcheck disable=SC2016 # scripts stay in single quotes
. "$(dirname "$0")/lib.sh"
plan 24

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
	'hooks.prestart\[1\] .*timeout of 1 s, killed: waiting for nobody$'
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

leftovers_after
