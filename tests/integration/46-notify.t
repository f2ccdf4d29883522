#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# NOTIFY_SOCKET: the program says READY=1 to a socket of the container's own, and the runtime tells the service manager.
# shellcheck source=tests/integration/lib.sh
. "$(dirname "$0")/lib.sh"
here=$(cd "$(dirname "$0")" && pwd)
need python3
"${CC:-cc}" -static -o "$TMP/notify_send" "$here/src/notify_send.c" 2> /dev/null || skip_all "no C compiler for notify_send.c"
plan 32

# manager: what systemd is for us. Writes each datagram to $TMP/heard, and closes the barrier's descriptor after a moment.
manager() {
	rm -f "$TMP/manager" "$TMP/heard"
	timeout 60 python3 - "$TMP/manager" "$TMP/heard" << 'PY' &
import os, socket, sys, time
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
with open(sys.argv[2], "w") as out:
    while True:
        data, control, _, _ = s.recvmsg(4096, socket.CMSG_SPACE(64))
        out.write(data.decode().strip() + (" +fd" if control else "") + "\n")
        out.flush()
        for level, kind, value in control:
            time.sleep(0.2)
            os.close(int.from_bytes(value[:4], sys.byteorder))
            out.write("done\n")
            out.flush()
PY
	MANAGER=$!
	wait_for 5 test -S "$TMP/manager"
}
quiet() { kill "$MANAGER"; wait "$MANAGER" 2> /dev/null; }
asked() { NOTIFY_SOCKET=$TMP/manager caisson "$@"; }
heard() { tr '\n' ' ' < "$TMP/heard"; }

bundle
cp "$TMP/notify_send" "$BUNDLE/rootfs/bin/"
reconfig '.process.args = ["/bin/sh", "-c", "echo $NOTIFY_SOCKET; stat -c %a /run/notify /run/notify/notify.sock; touch /run/notify/x 2>&1; notify_send STATUS=early MAINPID=1 \"FDSTORE=1\nREADY=1\"; exec sleep 100"]'

# ---- create and start ----
manager
asked create -b "$BUNDLE" --pid-file "$TMP/pid" "$ID" > "$TMP/out" 2>&1 < /dev/null
is "create"                                    "$?" 0
is "create says nothing to the manager"        "$(heard)" ""
ok "start returns when the program is ready"   asked start "$ID"
is "the manager heard READY, the main process, a barrier and nothing else" "$(heard)" "READY=1 MAINPID=$(cat "$TMP/pid") BARRIER=1 +fd done "
is "inside it is a socket of the container's own" "$(sed -n 1p "$TMP/out")" /run/notify/notify.sock
is "in a directory that all may enter"         "$(sed -n 2,3p "$TMP/out" | tr '\n' ' ')" "755 777 "
like "but not write to"                        "$(sed -n 4p "$TMP/out")" "Read-only file system"
is "the container runs"                        "$(status_of "$ID")" running
like "its mount is nosuid, nodev, noexec, ro"  "$(grep ' /run/notify ' "/proc/$(cat "$TMP/pid")/mountinfo")" ' /run/notify ro,nosuid,nodev,noexec'
is "the manager's path is not seen inside"     "$(caisson exec "$ID" sh -c "ls -d $TMP/manager; tr '\\\\0' '\\\\n' < /proc/1/environ | grep -c manager" 2> /dev/null)" 0
ok "delete"                                    asked delete --force "$ID"
quiet

# ---- a program that never gets ready ----
manager
reconfig '.process.args = ["/bin/sh", "-c", "notify_send STATUS=x READY1; exit 3"]'
ok "create" asked create -b "$BUNDLE" "$ID"
ok "start returns when the program has ended"  asked start "$ID"
is "and the manager heard nothing"             "$(heard)" ""
asked delete "$ID"
reconfig '.process.args = ["/bin/sleep", "100"]'
asked create -b "$BUNDLE" "$ID" > /dev/null 2>&1 < /dev/null
asked start "$ID" &
START=$!
ok "while start waits"                         wait_for 5 has_status "$ID" running
ok "others may delete the container"           caisson delete --force "$ID"
ok "which ends start"                          wait "$START"

# ---- run ----
reconfig '.process.args = ["/bin/sh", "-c", "notify_send READY=1; exec sleep 100"]'
ok "run -d" asked run -d -b "$BUNDLE" --pid-file "$TMP/pid" "$ID" < /dev/null
is "returns after the manager has heard"       "$(heard)" "READY=1 MAINPID=$(cat "$TMP/pid") BARRIER=1 +fd done "
asked delete --force "$ID"
quiet
manager
reconfig '.process.args = ["/bin/sh", "-c", "notify_send READY=1; sleep 1; exit 5"]'
asked run -b "$BUNDLE" "$ID" < /dev/null > "$TMP/out" 2>&1
is "run in the foreground ends with the program's status" "$?:$(cat "$TMP/out")" "5:"
is "and passes READY on: the runtime is the main process itself" "$(heard)" "READY=1 "
quiet

# ---- other users, other namespaces ----
manager
reconfig '.process.user = { uid: 1000, gid: 1000 } | .process.args = ["/bin/sh", "-c", "notify_send READY=1; exec sleep 100"]'
ok "an ordinary user inside" asked run -d -b "$BUNDLE" "$ID" < /dev/null
like "is heard"                                "$(heard)" "^READY=1 MAINPID="
asked delete --force "$ID"
quiet
manager
chmod 755 "$TMP" "$BUNDLE"
chown -R 100000:100000 "$BUNDLE/rootfs"
reconfig '.linux.namespaces += [{ type: "user" }] | .linux.uidMappings = [{ containerID: 0, hostID: 100000, size: 65536 }] | .linux.gidMappings = .linux.uidMappings'
ok "in a user namespace" asked run -d -b "$BUNDLE" "$ID" < /dev/null
like "it is heard too"                         "$(heard)" "^READY=1 MAINPID="
asked delete --force "$ID"
quiet

# ---- without, and wrong ----
bundle '.process.args = ["/bin/sh", "-c", "echo \"[$NOTIFY_SOCKET]\"; ls -d /run/notify 2> /dev/null"]'
is "without NOTIFY_SOCKET there is none inside" "$(caisson run -b "$BUNDLE" "$ID" | tr '\n' ' ')" "[] "
is "empty counts as absent"                    "$(NOTIFY_SOCKET='' caisson run -b "$BUNDLE" "$ID" | tr '\n' ' ')" "[] "
# shellcheck disable=SC2034
fails "a relative path is refused"             "NOTIFY_SOCKET" env NOTIFY_SOCKET=notify timeout 20 "$CAISSON" --root "$STATE" run -b "$BUNDLE" "$ID"
fails "one that is too long too"               "NOTIFY_SOCKET" env "NOTIFY_SOCKET=/$(printf '%0200d' 0)" timeout 20 "$CAISSON" --root "$STATE" run -b "$BUNDLE" "$ID"
cp "$TMP/notify_send" "$BUNDLE/rootfs/bin/"
reconfig '.process.args = ["/bin/notify_send", "READY=1"]'
NOTIFY_SOCKET=$TMP/nobody caisson run -b "$BUNDLE" "$ID" < /dev/null > "$TMP/out" 2>&1
is "a manager that is gone does not fail the container" "$?" 0
like "but is said"                             "$(cat "$TMP/out")" "warning: NOTIFY_SOCKET: connect to $TMP/nobody"
leftovers_after
