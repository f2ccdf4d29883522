#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What each shipped profile and the two levels below them deny is tried, from inside, errno by errno.
. "$(dirname "$0")/lib.sh"
stock_root
plan $(($(ls "$profiles"/svc-*.json | wc -l) + 3))

cat > "$TMP/denied" <<'LIST'
raw socket: EPERM
packet socket: EAFNOSUPPORT
AF_ALG: EAFNOSUPPORT
AF_VSOCK: EAFNOSUPPORT
netlink audit: EPROTONOSUPPORT
TIOCSTI: EPERM
remount: EPERM
block device: EPERM
user namespace: EPERM
namespace of another: EPERM
ptrace: EPERM
host name: EPERM
set-uid file: EPERM
write to /: EROFS
write to /usr/bin: EROFS
write to /proc/sys: EROFS
exec from /tmp: EACCES
write and run memory: allowed
exec from /dev/shm: EACCES
become another: EPERM
keyctl: EPERM
bpf: EPERM
perf_event_open: EPERM
userfaultfd: EPERM
io_uring_setup: ENOSYS
open_tree: ENOSYS
clone3: ENOSYS
memfd_secret: ENOSYS
number 600: ENOSYS
LIST
# What differs, and why.
differs() {
	case $1 in
	svc-*-root | svc-sshd | svc-cron) printf '%s' 's/^\(become another\): .*/\1: allowed/' ;;
	svc-java) printf '%s' 's/^\(exec from .tmp\): .*/\1: allowed/' ;;
	esac
}
# Only the profiles of programs that compile nothing as they run deny memory that is written and then run, where the kernel can (6.3).
mdwe='s/^\(write and run memory\): .*/\1: EACCES/'
python3 -c 'from ctypes import CDLL, c_ulong as n; raise SystemExit(CDLL(None).prctl(65, n(1), n(0), n(0), n(0)) != 0)' || mdwe=
for f in "$profiles"/svc-*.json; do
	p=$(basename "$f" .json)
	no_mdwe=$mdwe
	jq -e '.memory.deny_write_exec' "$f" > /dev/null || no_mdwe=
	sed -e "$(differs "$p")" -e "$no_mdwe" "$TMP/denied" > "$TMP/wanted"
	caisson launch --policy "$p" "$root" -- /usr/bin/python3 /srv/probe.py > "$TMP/got" 2> "$TMP/got.err"
	ok "$p: what it denies is denied" diff "$TMP/wanted" "$TMP/got"
done

caisson launch --policy strict --user 4000:4000 "$root" -- /usr/bin/python3 /srv/probe.py > "$TMP/got" 2> "$TMP/got.err"
ok "strict: what it denies is denied" diff "$TMP/denied" "$TMP/got"
# as root, on a root that can be written to
sed 's/^\(write to .\|write to .usr.bin\|exec from .tmp\|become another\): .*/\1: allowed/' "$TMP/denied" > "$TMP/wanted"
caisson launch --policy hardened --read-write "$TMP/stock" -- /usr/bin/python3 /srv/probe.py > "$TMP/got" 2> "$TMP/got.err"
ok "hardened: what it denies is denied" diff "$TMP/wanted" "$TMP/got"

leftovers_after
