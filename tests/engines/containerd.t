#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Debian's containerd with caisson in runc's place, beside the same walk with runc. The daemon is ours: its own root, state,
# socket and configuration below $TMP, stopped at the end.
. "$(dirname "$0")/../integration/lib.sh"
need containerd ctr containerd-shim-runc-v2 python3 runc script

here=$(cd "$(dirname "$0")" && pwd)
address=$TMP/containerd.sock
image=localhost/busybox:test
labelled=localhost/labelled:test

cat > "$TMP/containerd.toml" <<TOML
version = 2
root = "$TMP/containerd-root"
state = "$TMP/containerd-state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
  address = "$address"
[ttrpc]
  address = "$address.ttrpc"
TOML
containerd --config "$TMP/containerd.toml" > "$TMP/containerd.log" 2>&1 &
daemon=$!

c() { timeout -k 5 60 ctr --address "$address" --namespace "$MARK" "$@"; }
stop_daemon() {
	[ -n "$daemon" ] || return 0
	for _id in $(c task ls -q 2> /dev/null); do c task kill -s KILL "$_id"; c task delete -f "$_id"; done > /dev/null 2>&1
	for _id in $(c container ls -q 2> /dev/null); do c container rm "$_id"; done > /dev/null 2>&1
	kill "$daemon" 2> /dev/null
	wait "$daemon" 2> /dev/null
	daemon=
}
trap 'stop_daemon; _cleanup' EXIT
wait_for 20 c version || { sed 's/^/# /' "$TMP/containerd.log" | tail -n 20; bail "containerd does not start"; }

rootfs "$TMP/image"
python3 "$here/mkimage.py" "$TMP/image.tar" "$image" "$TMP/image"
python3 "$here/mkimage.py" "$TMP/labelled.tar" "$labelled" "$TMP/image" --label security.capabilities=CHOWN
c image import --snapshotter native "$TMP/image.tar" > "$TMP/import.log" 2>&1 || bail "image import: $(cat "$TMP/import.log")"
c image import --snapshotter native "$TMP/labelled.tar" > "$TMP/import.log" 2>&1 || bail "image import: $(cat "$TMP/import.log")"

# run BINARY FLAGS... ID CMD...
r() {
	_binary=$1
	shift
	c run --snapshotter native --fifo-dir "$TMP/fifo" --runc-binary "$_binary" --runc-root "$TMP/runc-root" "$@"
}
x() { c task exec --fifo-dir "$TMP/fifo" "$@"; }
status() { c task ls | awk -v id="$1" '$1 == id { print $3 }'; }
task_is() { [ "$(status "$1")" = "$2" ]; }

# walk BINARY PREFIX: what an engine does with a container, one "key: outcome" line each.
walk() {
	_b=$1 _p=$2
	_out=$(r "$_b" --rm "$image" "$_p-run" /bin/sh -c 'echo hello; exit 3' 2>&1)
	echo "run: $? $_out"
	_out=$(echo input | r "$_b" --rm "$image" "$_p-stdin" /bin/head -n 1 2>&1)
	echo "stdin: $? $_out"
	_out=$(r "$_b" --rm "$image" "$_p-self" /bin/sh -c 'id -u; grep -E "^(CapEff|CapBnd|NoNewPrivs)" /proc/self/status; hostname; cat /proc/1/comm; ls /dev' 2>&1)
	echo "inside: $? $(echo "$_out" | tr '\n\t' '  ')"
	_out=$(r "$_b" --rm --read-only "$image" "$_p-ro" /bin/sh -c 'echo x > /file' 2>&1)
	echo "read-only: $? $(echo "$_out" | grep -c 'Read-only file system')"
	_out=$(r "$_b" --rm "$image" "$_p-none" /no/such/program 2>&1)
	echo "absent program: $? $(echo "$_out" | grep -ci 'no such file')"
	_out=$(script -qec "exec ctr --address $address --namespace $MARK run --snapshotter native --fifo-dir $TMP/fifo --runc-binary $_b \
		--runc-root $TMP/runc-root --rm -t $image $_p-tty /bin/sh -c 'tty; exit 4'" /dev/null < /dev/null 2>&1)
	echo "terminal: $? $(echo "$_out" | tr -d '\r' | grep -o '/dev/pts/[0-9]*\|/dev/console')"

	r "$_b" -d --memory-limit 33554432 "$image" "$_p-long" /bin/sh -c 'trap "exit 7" TERM; while :; do sleep 0.1; done' > "$TMP/long.log" 2>&1
	echo "detached: $? $(status "$_p-long")"
	echo "memory limit: $(find /sys/fs/cgroup -path "*/$MARK/$_p-long/memory.limit_in_bytes" -exec cat {} + -o -path "*/$MARK/$_p-long/memory.max" -exec cat {} +)"
	_out=$(x --exec-id e1 "$_p-long" /bin/sh -c 'echo in; exit 5' 2>&1)
	echo "exec: $? $_out"
	_out=$(script -qec "exec ctr --address $address --namespace $MARK task exec --fifo-dir $TMP/fifo -t --exec-id e2 $_p-long /bin/sh -c 'tty; exit 6'" /dev/null < /dev/null 2>&1)
	echo "exec with a terminal: $? $(echo "$_out" | tr -d '\r' | grep -o '/dev/pts/[0-9]*\|/dev/console')"
	_out=$(x --exec-id e3 "$_p-long" /no/such/program 2>&1)
	echo "exec of an absent program: $? $(echo "$_out" | grep -ci 'no such file')"
	x --exec-id e4 --user 1000:1000 "$_p-long" /bin/sh -c 'id -u; id -g' > "$TMP/exec.log" 2>&1
	echo "exec as a user: $? $(tr '\n' ' ' < "$TMP/exec.log")"
	echo "processes: $(c task ps "$_p-long" 2> /dev/null | grep -cE '^[0-9]')" | sed 's/ [1-9][0-9]*$/ some/'
	echo "metrics: $(c task metrics "$_p-long" 2> /dev/null | grep -cE 'memory|pids')" | sed 's/ [1-9][0-9]*$/ some/'
	c task pause "$_p-long" > /dev/null 2>&1
	echo "pause: $? $(status "$_p-long")"
	c task resume "$_p-long" > /dev/null 2>&1
	echo "resume: $? $(status "$_p-long")"
	c task kill -s SIGTERM "$_p-long" > /dev/null 2>&1
	echo "kill: $?"
	wait_for 10 task_is "$_p-long" STOPPED
	echo "delete gives the exit status: $(c task delete "$_p-long" 2>&1 | grep -oE 'exit code [0-9]+')"
	c container rm "$_p-long" > /dev/null 2>&1
	echo "container removed: $?"

	r "$_b" -d "$image" "$_p-kill" /bin/sleep 1000 > "$TMP/long.log" 2>&1
	c task kill -s SIGKILL "$_p-kill" > /dev/null 2>&1
	wait_for 10 task_is "$_p-kill" STOPPED
	echo "killed: $(c task delete "$_p-kill" 2>&1 | grep -oE 'exit code [0-9]+')"
	c container rm "$_p-kill" > /dev/null 2>&1

	rm -f "$TMP"/par.*
	for _i in 1 2 3 4 5; do
		r "$_b" --rm "$image" "$_p-par$_i" /bin/sh -c "sleep 0.2; echo $_i" > "$TMP/par.$_i" 2>&1 &
		eval "_w$_i=\$!"
	done
	wait "$_w1" "$_w2" "$_w3" "$_w4" "$_w5"
	echo "five at once: $(cat "$TMP"/par.? | sort | tr '\n' ' ')"
}

walk "$(command -v runc)" runc > "$TMP/runc.walk"
walk "$CAISSON" ours > "$TMP/ours.walk"
sed -e 's/ours-/NAME-/g' "$TMP/ours.walk" > "$TMP/ours.lines"
sed -e 's/runc-/NAME-/g' "$TMP/runc.walk" > "$TMP/runc.lines"

plan $(($(wc -l < "$TMP/runc.lines") + 8))
while IFS= read -r line; do
	key=${line%%:*}
	is "as with runc: $key" "$(grep "^$key:" "$TMP/ours.lines")" "$line"
done < "$TMP/runc.lines"
like "a program's output and exit status come back" "$(cat "$TMP/ours.walk")" '^run: 3 hello$'
like "a terminal is given" "$(cat "$TMP/ours.walk")" '^terminal: 4 /dev/(pts/[0-9]+|console)$'
like "SIGTERM reaches the payload" "$(cat "$TMP/ours.walk")" '^delete gives the exit status: exit code 7$'

caps='grep ^CapEff /proc/self/status'
is "an annotation security.capabilities narrows to what it names" \
	"$(r "$CAISSON" --rm --annotation security.capabilities=CHOWN "$image" label1 /bin/sh -c "$caps" 2>&1 | tr -d '[:space:]')" \
	"CapEff:0000000000000001"
is "an annotation cannot add what was not asked for" \
	"$(r "$CAISSON" --rm --annotation security.capabilities=CHOWN,SYS_ADMIN "$image" label2 /bin/sh -c "$caps" 2>&1 | tr -d '[:space:]')" \
	"CapEff:0000000000000001"
is "exec gets the narrowed set too" "$(
	r "$CAISSON" -d --annotation security.capabilities=CHOWN "$image" label3 /bin/sleep 1000 > /dev/null 2>&1
	x --exec-id e1 label3 /bin/sh -c "$caps" 2>&1 | tr -d '[:space:]'
	c task kill -s KILL label3 > /dev/null 2>&1
	wait_for 10 task_is label3 STOPPED
	c task delete label3 > /dev/null 2>&1
	c container rm label3 > /dev/null 2>&1
)" "CapEff:0000000000000001"

is "no state is left in the runtime's root" "$(find "$TMP/runc-root" -mindepth 2 2> /dev/null | head -n 3)" ""
stop_daemon
# The parent of the containers' cgroups carries the namespace's name; runtimes leave it to the engine.
find /sys/fs/cgroup -type d -name "$MARK" -exec rmdir {} \; 2> /dev/null
leftovers_after "no process, mount or cgroup is left behind"
