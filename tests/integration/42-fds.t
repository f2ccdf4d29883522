#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Which descriptors and which keyring the container's processes get: those that were asked for, and no others.
# shellcheck source=tests/integration/lib.sh
. "$(dirname "$0")/lib.sh"
here=$(cd "$(dirname "$0")" && pwd)
plan 36

echo three > "$TMP/3"
echo four > "$TMP/4"
echo five > "$TMP/5"
echo six > "$TMP/6"
# with_fds CMD...: descriptors 3 to 6 are open.
with_fds() { "$@" 3< "$TMP/3" 4< "$TMP/4" 5< "$TMP/5" 6< "$TMP/6"; }
# activated N CMD...: caisson, as systemd(1) starts a program that it has N sockets for.
activated() {
	_fds=$1
	shift
	CAISSON_TEST_MARK=$MARK LISTEN_FDS=$_fds sh -c 'LISTEN_PID=$$; export LISTEN_PID; exec "$@"' sh "$CAISSON" --root "$STATE" "$@"
}
# What the container's program finds, one line: "3=three 4=four", then the variables.
look='for f in 3 4 5 6 7 8 9 10 11 12; do [ -e /proc/self/fd/$f ] && printf "%s=%s " $f "$(cat <&$f)"; done; env | grep LISTEN_ | sort | tr "\n" " "; echo'

bundle
export look
reconfig '.process.args = ["/bin/sh", "-c", env.look]'

# ---- --preserve-fds ----
is "nothing but 0, 1 and 2 is open"            "$(with_fds caisson run -b "$BUNDLE" "$ID")" ""
is "--preserve-fds 2 passes 3 and 4"           "$(with_fds caisson run -b "$BUNDLE" --preserve-fds 2 "$ID")" "3=three 4=four "
is "--preserve-fds 4 passes 3 to 6"            "$(with_fds caisson run -b "$BUNDLE" --preserve-fds=4 "$ID")" "3=three 4=four 5=five 6=six "
is "--preserve-fds 0 passes none"              "$(with_fds caisson run -b "$BUNDLE" --preserve-fds 0 "$ID")" ""
fails "one that is not open is refused"        "unable to stat preserved-fd" caisson run -b "$BUNDLE" --preserve-fds 40 "$ID"
fails "a count that is none is refused"        "--preserve-fds" caisson run -b "$BUNDLE" --preserve-fds x "$ID"
fails "a count beyond all reason is refused"   "--preserve-fds" caisson run -b "$BUNDLE" --preserve-fds 4294967295 "$ID"
is "and nothing is left of it"                 "$(status_of "$ID")" gone

reconfig '.process.args = ["/bin/sh", "-c", env.look + "; exec sleep 100"]'
with_fds caisson create -b "$BUNDLE" --preserve-fds 1 --pid-file "$TMP/pid" "$ID" > "$TMP/created" 2>&1 < /dev/null
is "create keeps them for the program"         "$(readlink "/proc/$(cat "$TMP/pid")/fd/3")" "$TMP/3"
ok "start"                                     caisson start "$ID"
ok "which finds them"                          wait_for 5 grep -q '^3=three $' "$TMP/created"
is "exec has nothing but 0, 1 and 2"           "$(with_fds caisson exec "$ID" sh -c "$look")" ""
is "exec --preserve-fds 2"                     "$(with_fds caisson exec --preserve-fds 2 "$ID" sh -c "$look")" "3=three 4=four "
fails "exec with one that is not open is refused" "unable to stat preserved-fd" caisson exec --preserve-fds 40 "$ID" true
is "exec is not the one that LISTEN_FDS means" "$(with_fds activated 2 exec "$ID" sh -c "$look")" ""
caisson delete --force "$ID"

# ---- LISTEN_FDS ----
reconfig '.process.args = ["/bin/sh", "-c", env.look]'
is "LISTEN_FDS passes its descriptors, and says so inside" "$(with_fds activated 2 run -b "$BUNDLE" "$ID")" "3=three 4=four LISTEN_FDS=2 LISTEN_PID=1 "
is "--preserve-fds counts after them"          "$(with_fds activated 2 run -b "$BUNDLE" --preserve-fds 1 "$ID")" "3=three 4=four 5=five LISTEN_FDS=2 LISTEN_PID=1 "
is "LISTEN_FDS for another process is not for us" "$(LISTEN_PID=1 LISTEN_FDS=2 with_fds caisson run -b "$BUNDLE" "$ID")" ""
is "LISTEN_FDS without LISTEN_PID is for nobody"  "$(LISTEN_FDS=2 with_fds caisson run -b "$BUNDLE" "$ID")" ""
fails "LISTEN_FDS that is no number is refused"   "LISTEN_FDS" activated x run -b "$BUNDLE" "$ID"
fails "LISTEN_FDS beyond what is open is refused" "unable to stat preserved-fd" activated 30 run -b "$BUNDLE" "$ID"
reconfig '.process.env += ["LISTEN_FDS=9", "LISTEN_PID=77"]'
is "the runtime's word goes over the document's" "$(with_fds activated 1 run -b "$BUNDLE" "$ID")" "3=three LISTEN_FDS=1 LISTEN_PID=1 "

# ---- descriptors of the caller that nobody asked for ----
bundle '.process.args = ["/bin/sleep", "100"]'
with_fds caisson create -b "$BUNDLE" --pid-file "$TMP/pid" "$ID" < /dev/null > /dev/null 2>&1
pid=$(cat "$TMP/pid")
is "before start no file of the caller's is open"  "$(find "/proc/$pid/fd" -mindepth 1 -lname "$TMP/*" | wc -l)" 0
ok "start"                                     caisson start "$ID"
ok "after it 0, 1 and 2 alone"                 wait_for 5 sh -c "[ \"\$(ls /proc/$pid/fd | tr '\n' ' ')\" = '0 1 2 ' ]"
caisson delete --force "$ID"

# ---- keyrings ----
bundle '.process.args = ["/bin/session_keyring"] | del(.linux.seccomp)'
K=$TMP/session_keyring
if ! "${CC:-cc}" -static -o "$K" "$here/src/session_keyring.c" 2> /dev/null; then
	skip 10 "no C compiler for session_keyring.c"
elif ! "$K" "$MARK-mine" true 2> /dev/null; then
	skip 10 "keyctl(2) is not for us here"
else
	# The caller holds a session keyring with a name of its own.
	mine() { CAISSON_TEST_MARK=$MARK timeout 30 "$K" "$MARK-mine" "$CAISSON" --root "$STATE" --policy none "$@" < /dev/null 2>&1; }
	cp "$K" "$BUNDLE/rootfs/bin/session_keyring"
	like "the container has a session keyring of its own" "$(mine run -b "$BUNDLE" "$ID")" ";_ses\.$ID\$"
	like "--no-new-keyring leaves it the caller's" "$(mine run --no-new-keyring -b "$BUNDLE" "$ID")" ";$MARK-mine\$"

	reconfig '.process.args = ["/bin/sh", "-c", "session_keyring; exec sleep 100"]'
	mine create -b "$BUNDLE" "$ID" > "$TMP/keys"
	ok "start" mine start "$ID"
	ok "create and start: the program has the container's" wait_for 5 grep -q ";_ses\.$ID\$" "$TMP/keys"
	like "exec joins the container's"              "$(mine exec "$ID" session_keyring)" ";_ses\.$ID\$"
	like "as another user too"                     "$(mine exec -u 1000:1000 "$ID" session_keyring)" ";_ses\.$ID\$"
	caisson delete --force "$ID"
	mine run -d --no-new-keyring -b "$BUNDLE" "$ID" > /dev/null
	like "after --no-new-keyring exec makes none"  "$(mine exec "$ID" session_keyring)" ";$MARK-mine\$"
	caisson delete --force "$ID"

	reconfig '.linux.namespaces += [{ type: "user" }] | .linux.uidMappings = [{ containerID: 0, hostID: 100000, size: 65536 }] | .linux.gidMappings = .linux.uidMappings'
	chmod 755 "$TMP" "$BUNDLE"
	chown -R 100000:100000 "$BUNDLE/rootfs"
	mine run -d -b "$BUNDLE" "$ID" > "$TMP/keys"
	ok "in a user namespace"                       wait_for 5 grep -q ";_ses\.$ID\$" "$TMP/keys"
	like "where exec joins it"                     "$(mine exec "$ID" session_keyring)" ";_ses\.$ID\$"
	is "both are the same" "$(mine exec "$ID" session_keyring)" "$(cat "$TMP/keys")"
	caisson delete --force "$ID"
fi
leftovers_after
