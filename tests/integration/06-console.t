#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# --console-socket and --pidfd-socket: one connection, one message, one descriptor, as engines read them.
. "$(dirname "$0")/lib.sh"
need python3
plan 18

# listen SOCKET RESULT [TEXT]: takes what comes and writes one JSON object; types TEXT into the descriptor and adds the answer.
listen() {
	timeout 20 python3 - "$@" << 'PY' &
import array, json, os, select, socket, stat, sys, time
path, result = sys.argv[1:3]
s = socket.socket(socket.AF_UNIX)
s.bind(path)
s.listen(4)
s.settimeout(10)
open(path + ".ready", "w").close()
c, _ = s.accept()
data, control, flags, _ = c.recvmsg(8192, socket.CMSG_SPACE(64 * 4))
fds = array.array("i")
for level, kind, value in control:
    if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
        fds.frombytes(value[:len(value) - len(value) % 4])
out = {"bytes": len(data), "messages": len(control), "fds": len(fds), "rest": len(c.recv(10)), "tty": os.isatty(fds[0])}
out["link"] = os.readlink("/proc/self/fd/%d" % fds[0])
s.settimeout(0.3)
try:
    s.accept()
    out["again"] = True
except socket.timeout:
    out["again"] = False
if len(sys.argv) > 3:
    os.write(fds[0], sys.argv[3].encode())
    seen, end = b"", time.time() + 2
    while time.time() < end:
        ready, _, _ = select.select([fds[0]], [], [], 0.1)
        if ready:
            try:
                got = os.read(fds[0], 4096)
            except OSError:
                break
            if not got:
                break
            seen += got
    out["screen"] = seen.decode(errors="replace").replace("\r", "")
with open(result + ".new", "w") as f:
    json.dump(out, f)
os.rename(result + ".new", result)
PY
	wait_for 10 test -e "$1.ready"
}
got() { wait_for 10 test -e "$1" && jq -r "$2" "$1"; }

bundle '.process.terminal = true | .process.args = ["/bin/sh"] | .process.consoleSize = {"width": 77, "height": 33}'
listen "$TMP/a.sock" "$TMP/a.json" 'stty size; tty; exit 3
'
ok "create with a console socket" caisson create --console-socket "$TMP/a.sock" -b "$BUNDLE" "$ID"
ok "start" caisson start "$ID"
is "one message with one descriptor, then the end" "$(got "$TMP/a.json" '"\(.messages) \(.fds) \(.rest) \(.again)"')" "1 1 0 false"
like "not empty and not long" "$(got "$TMP/a.json" .bytes)" '^[1-9][0-9]{0,2}$'
is "it is a terminal" "$(got "$TMP/a.json" .tty)" true
like "which the program sits on, in the size of the document" "$(got "$TMP/a.json" .screen)" '^33 77$'
like "as its first pts" "$(got "$TMP/a.json" .screen)" '^/dev/pts/0$'
ok "the program ends" wait_for 5 has_status "$ID" stopped
caisson delete "$ID"
fails "a socket that is not there is an error" "--console-socket" caisson create --console-socket "$TMP/none.sock" -b "$BUNDLE" "$ID"
is "that leaves nothing" "$(caisson list -q)" ""

bundle '.process.args = ["/bin/sleep", "300"]'
listen "$TMP/b.sock" "$TMP/b.json"
ok "create with a pidfd socket" caisson create --pidfd-socket "$TMP/b.sock" -b "$BUNDLE" "$ID"
is "one message with one descriptor there, too" "$(got "$TMP/b.json" '"\(.messages) \(.fds) \(.rest)"')" "1 1 0"
like "it is a pidfd" "$(got "$TMP/b.json" .link)" 'pidfd'
ok "start it" caisson start "$ID"
listen "$TMP/c.sock" "$TMP/c.json" 'tty; exit
'
ok "exec --tty --detach with a console socket" caisson exec -t -d --console-socket "$TMP/c.sock" "$ID" sh
is "one message with one descriptor for exec" "$(got "$TMP/c.json" '"\(.messages) \(.fds) \(.rest) \(.tty)"')" "1 1 0 true"
like "on which the shell answers" "$(got "$TMP/c.json" .screen)" '^/dev/pts/[0-9]+$'
caisson delete --force "$ID"
leftovers_after
